/* The multigrid cycle: it is a linear, symmetric and positive definite map, its bits do not
   depend on the layout of the ranks, and its coarse levels have the right conductances and
   masses.  Bits are compared with those of one rank that has the whole problem. */
#include "multigrid_test.h"

#include "solver/multigrid/heat_petsc.h"
#include "solver/multigrid/multigrid_interpolation_impl.h"

/* Bound of a cycle's rounding errors: some hundred operations a cell in single precision;
   confirmed by measurement. */
static const PetscReal Single = 1e-5;

/* ------- the cycle as a matrix ------- */

typedef struct {
  HeatProblem    p;
  HeatMultigrid *mg;
} Cycle;

static Cycle CycleOn(MPI_Comm comm, const HeatTestGridProblem *problem)
{
  Cycle c = {HeatTestGridProblemOn(comm, problem), NULL};

  OK(HeatMultigridCreate(c.p.op, &c.mg));
  OK(HeatMultigridSetUp(c.mg, problem->mass));
  return c;
}

static void DestroyCycle(Cycle *c)
{
  OK(HeatMultigridDestroy(&c->mg));
  HeatTestTearDown(&c->p);
}

/* Return M r, the result of a cycle; the caller frees it. */
static PetscReal *Apply(const Cycle *c, const PetscReal *r)
{
  PetscReal *z = HeatTestArray(c->p.g);

  OK(HeatMultigridApply(c->mg, r, z));
  return z;
}

/* Return |(M x, y) - (x, M y)|/(||M x|| ||y||) for noise x and y. */
static PetscReal Asymmetry(const HeatTestGridProblem *problem)
{
  Cycle           c = CycleOn(PETSC_COMM_SELF, problem);
  const HeatGrid *g = c.p.g;
  PetscReal      *x = HeatTestNoiseArray(g, 1), *y = HeatTestNoiseArray(g, 2);
  PetscReal      *mx = Apply(&c, x), *my = Apply(&c, y), apart;

  apart = fabs(HeatTestDot(g, mx, y) - HeatTestDot(g, x, my)) /
          sqrt(HeatTestDot(g, mx, mx) * HeatTestDot(g, y, y));
  OK(PetscFree(x));
  OK(PetscFree(y));
  OK(PetscFree(mx));
  OK(PetscFree(my));
  DestroyCycle(&c);
  return apart;
}

static void cycle_is_symmetric(void **state)
{
  (void)state;
  for (int k = 0; k < HEAT_TEST_PROBLEMS; k++) {
    const PetscReal apart = Asymmetry(&HeatTestProblems[k]);

    if (!(apart <= Single)) print_message("  %s\n", HeatTestProblems[k].name);
    AT_MOST(apart, Single);
  }
}

/* Return the least (M x, x)/(||M x|| ||x||) for noise, a smooth field and single cells; minus
   infinity if one is NaN. */
static PetscReal LeastProduct(const HeatTestGridProblem *problem)
{
  Cycle           c       = CycleOn(PETSC_COMM_SELF, problem);
  const HeatGrid *g       = c.p.g;
  PetscReal       largest = -INFINITY; /* of the negatives */

  for (int kind = 0; kind < 6; kind++) {
    PetscReal *x = HeatTestNoiseArray(g, kind), *z;

    if (kind == 1)
      for (size_t k = 0; k < HeatGridLocalCells(g); k++) x[k] = 1.0;
    if (kind > 1) {
      OK(PetscArrayzero(x, HeatGridLocalCells(g)));
      x[(size_t)kind * HeatGridLocalCells(g) / 7] = -1.0;
    }
    z       = Apply(&c, x);
    largest = HeatTestMax(largest, -HeatTestDot(g, x, z) /
                                       sqrt(HeatTestDot(g, x, x) * HeatTestDot(g, z, z)));
    OK(PetscFree(x));
    OK(PetscFree(z));
  }
  DestroyCycle(&c);
  return -largest;
}

/* M is positive definite: the angle of x and M x stays below a right angle.  The bound is half of
   the least cosine that was measured, 1.3e-3. */
static void cycle_is_positive(void **state)
{
  (void)state;
  for (int k = 0; k < HEAT_TEST_PROBLEMS; k++) {
    const PetscReal least = LeastProduct(&HeatTestProblems[k]);

    if (getenv("SHOW")) print_message("  %s: %.3e\n", HeatTestProblems[k].name, least);
    ALL(least > 6e-4);
  }
}

/* Return ||M (a x + b y) - a M x - b M y|| relative to the terms. */
static PetscReal Nonlinearity(const HeatTestGridProblem *problem)
{
  const PetscReal a = 3.7, b = -0.2;
  Cycle           c = CycleOn(PETSC_COMM_SELF, problem);
  const HeatGrid *g = c.p.g;
  PetscReal      *x = HeatTestNoiseArray(g, 1), *y = HeatTestNoiseArray(g, 2);
  PetscReal      *both = HeatTestArray(g), *mx = Apply(&c, x), *my = Apply(&c, y), *m, size, apart;

  for (size_t k = 0; k < HeatGridLocalCells(g); k++) both[k] = a * x[k] + b * y[k];
  m    = Apply(&c, both);
  size = HeatTestDot(g, m, m);
  for (size_t k = 0; k < HeatGridLocalCells(g); k++) m[k] -= a * mx[k] + b * my[k];
  apart = sqrt(HeatTestDot(g, m, m) / size);
  OK(PetscFree(x));
  OK(PetscFree(y));
  OK(PetscFree(both));
  OK(PetscFree(mx));
  OK(PetscFree(my));
  OK(PetscFree(m));
  DestroyCycle(&c);
  return apart;
}

static void cycle_is_linear(void **state)
{
  (void)state;
  for (int k = 0; k < HEAT_TEST_PROBLEMS; k++) {
    const PetscReal apart = Nonlinearity(&HeatTestProblems[k]);

    if (!(apart <= Single)) print_message("  %s\n", HeatTestProblems[k].name);
    AT_MOST(apart, Single);
  }
}

/* A right-hand side scaled by a power of two gives a result that is scaled by it bit for bit. */
static void powers_of_two_leave_the_bits(void **state)
{
  const HeatTestGridProblem *problem = &HeatTestProblems[5];
  Cycle                      c       = CycleOn(PETSC_COMM_SELF, problem);
  PetscReal                 *x = HeatTestNoiseArray(c.p.g, 1), *z = Apply(&c, x), wrong = 0.0;

  (void)state;
  assert_true(HeatTestDot(c.p.g, z, z) > 0.0);
  for (int e = -900; e <= 900; e += 600) {
    PetscReal *scaled = HeatTestArray(c.p.g), *out;

    for (size_t k = 0; k < HeatGridLocalCells(c.p.g); k++) scaled[k] = ldexp(x[k], e);
    out = Apply(&c, scaled);
    for (size_t k = 0; k < HeatGridLocalCells(c.p.g); k++) wrong += out[k] != ldexp(z[k], e);
    OK(PetscFree(scaled));
    OK(PetscFree(out));
  }
  OK(PetscFree(x));
  OK(PetscFree(z));
  DestroyCycle(&c);
  AT_MOST(wrong, 0.0);
}

/* ------- bits ------- */

/* Return z = M r over the whole grid, computed by one rank; visits: 1 V-cycle, 2 W-cycle. */
static PetscReal *WholeCycle(const HeatTestGridProblem *problem, int visits)
{
  Cycle      c = CycleOn(PETSC_COMM_SELF, problem);
  PetscReal *r = HeatTestNoiseArray(c.p.g, 4), *z;

  HeatMultigridSetCycle(c.mg, visits);
  z = Apply(&c, r);
  OK(PetscFree(r));
  DestroyCycle(&c);
  return z;
}

static PetscReal CycleBitsApart(HeatProblem *p, int visits)
{
  const HeatTestGridProblem *problem = p->context;
  PetscReal                 *whole = WholeCycle(problem, visits), *r = HeatTestNoiseArray(p->g, 4);
  PetscReal                 *z = HeatTestArray(p->g), wrong;
  HeatMultigrid             *mg;

  HeatTestAddOperator(p, problem);
  OK(HeatMultigridCreate(p->op, &mg));
  HeatMultigridSetCycle(mg, visits);
  OK(HeatMultigridSetUp(mg, problem->mass));
  OK(HeatMultigridApply(mg, r, z));
  wrong = HeatTestBitsApart(p->g, whole, z);
  OK(HeatMultigridDestroy(&mg));
  OK(PetscFree(whole));
  OK(PetscFree(r));
  OK(PetscFree(z));
  return wrong;
}

static PetscReal VBitsApart(HeatProblem *p) { return CycleBitsApart(p, 1); }
static PetscReal WBitsApart(HeatProblem *p) { return CycleBitsApart(p, 2); }

static void cycle_has_the_same_bits_on_all_layouts(void **state)
{
  PetscReal worst = 0.0;

  (void)state;
  for (int k = 0; k < HEAT_TEST_PROBLEMS; k++)
    worst = HeatTestMax(worst, HeatTestOverProblem(&HeatTestProblems[k], VBitsApart));
  AT_MOST(worst, 0.0);
}

static void w_cycle_has_the_same_bits_on_all_layouts(void **state)
{
  PetscReal worst = 0.0;

  (void)state;
  for (int k = 0; k < HEAT_TEST_PROBLEMS; k += 3)
    worst = HeatTestMax(worst, HeatTestOverProblem(&HeatTestProblems[k], WBitsApart));
  AT_MOST(worst, 0.0);
}

/* ------- conjugate gradients in three calls ------- */

/* The result of three iterations with fixed alpha and beta: x, and all norms and products. */
typedef struct {
  PetscReal *x;
  PetscReal  scalars[10];
} Iterations;

/* Return noise whose magnitudes cover nine orders, so that rounded sums of it depend on their
   order. */
static PetscReal *WideArray(const HeatGrid *g)
{
  PetscReal *b = HeatTestNoiseArray(g, 4), *e = HeatTestNoiseArray(g, 5);

  for (size_t k = 0; k < HeatGridLocalCells(g); k++) b[k] *= exp(10.0 * e[k]);
  OK(PetscFree(e));
  return b;
}

/* @param[in] postponed  bit k: the norm of iteration k is reduced with the products of the next
                         one; 0 for the last iteration, 2 */
static Iterations IterateOn(HeatProblem *p, HeatMultigrid *mg, int postponed)
{
  Iterations          it     = {HeatTestArray(p->g), {0.0}};
  PetscReal          *b      = WideArray(p->g);
  HeatMultigridUpdate update = {.alpha = 0.7, .beta = 0.0, .x = it.x, .cycle = PETSC_TRUE};

  OK(HeatMultigridLoad(mg, b, &it.scalars[0]));
  OK(HeatMultigridDown(mg, NULL, NULL));
  for (int k = 0; k < 3; k++) {
    PetscReal *norm = &it.scalars[3 * k];

    OK(HeatMultigridUp(mg, k && postponed >> (k - 1) & 1 ? norm : NULL, norm + 1, norm + 2));
    OK(HeatMultigridDown(mg, &update, postponed >> k & 1 ? NULL : norm + 3));
    update.beta = 0.125;
  }
  OK(HeatMultigridFinish(mg, it.x));
  OK(PetscFree(b));
  return it;
}

static PetscReal IterationBitsApart(HeatProblem *p)
{
  const HeatTestGridProblem *problem = p->context;
  Cycle                      c       = CycleOn(PETSC_COMM_SELF, problem);
  HeatMultigrid             *mg;
  Iterations                 whole = IterateOn(&c.p, c.mg, 2), own;
  PetscReal                  wrong;

  HeatTestAddOperator(p, problem);
  OK(HeatMultigridCreate(p->op, &mg));
  OK(HeatMultigridSetUp(mg, problem->mass));
  own   = IterateOn(p, mg, 2);
  wrong = HeatTestBitsApart(p->g, whole.x, own.x);
  wrong += memcmp(whole.scalars, own.scalars, sizeof own.scalars) != 0;
  for (int s = 0; s < 10; s++) wrong += !isfinite(own.scalars[s]) || own.scalars[s] == 0.0;
  OK(HeatMultigridDestroy(&mg));
  OK(PetscFree(own.x));
  OK(PetscFree(whole.x));
  DestroyCycle(&c);
  return wrong;
}

static void iterations_and_their_sums_have_the_same_bits_on_all_layouts(void **state)
{
  PetscReal worst = 0.0;

  (void)state;
  for (int k = 0; k < HEAT_TEST_PROBLEMS; k++)
    worst = HeatTestMax(worst, HeatTestOverProblem(&HeatTestProblems[k], IterationBitsApart));
  AT_MOST(worst, 0.0);
}

/* x and the norms have the same bits whether or not a norm waits for the products of the next
   iteration.  The products are rounded to other quanta, since their predictions differ: they agree
   to 1e-7, the roundings of single precision. */
static void postponed_norms_are_those_reduced_at_once(void **state)
{
  (void)state;
  for (int k = 0; k < HEAT_TEST_PROBLEMS; k++) {
    Cycle      c   = CycleOn(PETSC_COMM_SELF, &HeatTestProblems[k]);
    Iterations now = IterateOn(&c.p, c.mg, 0), later = IterateOn(&c.p, c.mg, 3);
    PetscReal  apart = HeatTestBitsApart(c.p.g, now.x, later.x);

    for (int s = 0; s < 10; s++) {
      const PetscReal difference = fabs(later.scalars[s] / now.scalars[s] - 1.0);

      if (!(difference <= (s % 3 == 0 ? 0.0 : 1e-7))) apart += 1.0;
    }
    if (!(apart <= 0.0)) print_message("  %s\n", HeatTestProblems[k].name);
    AT_MOST(apart, 0.0);
    OK(PetscFree(now.x));
    OK(PetscFree(later.x));
    DestroyCycle(&c);
  }
}

/* Compare ||r|| and the ratio (r, z)/(z, A z) of the first iteration with rounded sums of these
   vectors.  Only the ratio, which is alpha, is compared: both products have a scale of the
   multigrid's own. */
static PetscReal SumsApart(const HeatTestGridProblem *problem)
{
  Cycle           c = CycleOn(PETSC_COMM_SELF, problem);
  const HeatGrid *g = c.p.g;
  PetscReal      *r = HeatTestNoiseArray(g, 4), *z = Apply(&c, r), *az = HeatTestArray(g);
  PetscReal       norm, rz, zAz, apart;

  OK(HeatMultigridLoad(c.mg, r, &norm));
  OK(HeatMultigridDown(c.mg, NULL, NULL));
  OK(HeatMultigridUp(c.mg, NULL, &rz, &zAz));
  OK(HeatOperatorApply(c.p.op, problem->mass, z, az));
  apart = fabs(norm / sqrt(HeatTestDot(g, r, r)) - 1.0);
  apart = HeatTestMax(apart,
                      fabs((rz / zAz) / (HeatTestDot(g, r, z) / HeatTestDot(g, z, az)) - 1.0));
  OK(PetscFree(r));
  OK(PetscFree(z));
  OK(PetscFree(az));
  DestroyCycle(&c);
  return apart;
}

static void sums_are_those_of_the_vectors_to_rounding(void **state)
{
  (void)state;
  for (int k = 0; k < HEAT_TEST_PROBLEMS; k++) {
    const PetscReal apart = SumsApart(&HeatTestProblems[k]);

    if (!(apart <= 1e-6)) print_message("  %s\n", HeatTestProblems[k].name);
    AT_MOST(apart, 1e-6); /* the terms of the sums are in single precision */
  }
}

/* Compare ||b - A x|| after three iterations with the norm that the multigrid returned.  The
   bound is the rounding of b to 48 bits plus that of a norm whose terms are in single precision. */
static PetscReal ResidualApart(const HeatTestGridProblem *problem)
{
  Cycle           c  = CycleOn(PETSC_COMM_SELF, problem);
  const HeatGrid *g  = c.p.g;
  Iterations      it = IterateOn(&c.p, c.mg, 0);
  PetscReal      *b = WideArray(g), *ax = HeatTestArray(g), apart, norm;

  OK(HeatOperatorApply(c.p.op, problem->mass, it.x, ax));
  for (size_t k = 0; k < HeatGridLocalCells(g); k++) ax[k] -= b[k];
  norm  = sqrt(HeatTestDot(g, ax, ax));
  apart = fabs(norm - it.scalars[9]) / (1e-11 * sqrt(HeatTestDot(g, b, b)) + 1e-6 * norm);
  OK(PetscFree(b));
  OK(PetscFree(ax));
  OK(PetscFree(it.x));
  DestroyCycle(&c);
  return apart;
}

static void residual_stays_that_of_x(void **state)
{
  (void)state;
  for (int k = 0; k < HEAT_TEST_PROBLEMS; k++) {
    const PetscReal apart = ResidualApart(&HeatTestProblems[k]);

    if (!(apart <= 1.0)) print_message("  %s\n", HeatTestProblems[k].name);
    AT_MOST(apart, 1.0);
  }
}

/* ------- levels ------- */

static float At(const HeatLevel *l, const HeatRows *rows, PetscInt i, PetscInt j)
{
  return HeatRowsAt(rows, l, j)[HeatLevelShapeCell(&l->s, i, j) - HeatLevelShapeRow(&l->s, j)];
}

/* Return the largest relative deviation of a level's conductances and masses from those of a
   grid with as many cells.  The conductivity is uniform, and numbers of cells are even on all
   finer levels.  Infinite if there is no such level, or none of its cells is inside. */
static PetscReal LevelApart(const HeatMultigrid *mg, const HeatTestGridProblem *p, PetscInt level)
{
  const HeatLevel *l     = &mg->levels[level];
  const PetscReal  hx    = HeatTestOrDefault(p->width, (PetscReal)p->n[0]) / (PetscReal)l->d.n[0];
  const PetscReal  hy    = HeatTestOrDefault(p->height, (PetscReal)p->n[1]) / (PetscReal)l->d.n[1];
  const PetscReal  scale = ldexp(1.0, mg->scale_A), ky = HeatTestOrDefault(p->ky, 1.0);
  PetscReal        apart = 0.0;

  if (level >= HeatMultigridLevels(mg) || l->d.n[0] < 3 || l->d.n[1] < 3) return INFINITY;
  for (PetscInt j = 1; j < l->d.n[1] - 1; j++) {
    for (PetscInt i = 1; i < l->d.n[0] - 1; i++) {
      apart = HeatTestMax(apart, fabs(At(l, &l->gx, i, j) / (scale * hy / hx) - 1.0));
      apart = HeatTestMax(apart, fabs(At(l, &l->gy, i, j) / (scale * ky * hx / hy) - 1.0));
      apart = HeatTestMax(apart, fabs(At(l, &l->m, i, j) / (scale * p->mass * hx * hy) - 1.0));
    }
  }
  return apart;
}

static void coarse_levels_of_a_uniform_body_are_those_of_coarser_grids(void **state)
{
  const HeatTestGridProblem problems[] = {
      {"square", {64, 32}, .mass = 1e-4},
      {"flat", {64, 32}, .width = 64.0, .height = 4.0, .mass = 1e-4},
      {"along x", {64, 64}, .mass = 1e-5, .ky = 0.02}};

  (void)state;
  for (int k = 0; k < 3; k++) {
    Cycle c = CycleOn(PETSC_COMM_SELF, &problems[k]);

    ALL(HeatMultigridLevels(c.mg) >= 4);
    for (PetscInt level = 0; level < 4; level++)
      AT_MOST(LevelApart(c.mg, &problems[k], level), 1e-6);
    DestroyCycle(&c);
  }
}

/* Return the relative deviation of the masses beside the left side.  They contain the
   conductance of the side: half a coarse cell where the side is held, in series with the film of
   all its fine faces where it has one. */
static PetscReal SideApart(HeatTestSides sides, PetscInt level)
{
  const HeatTestGridProblem problem = {"side", {32, 32}, .mass = 1e-4, .sides = sides};
  const PetscReal           film    = 2.0;
  Cycle                     c       = CycleOn(PETSC_COMM_SELF, &problem);
  const HeatLevel          *l       = &c.mg->levels[level];
  const PetscReal           h = ldexp(1.0, (int)level), half = 2.0;
  const PetscReal           side  = sides == HELD ? half : half * film * h / (half + film * h);
  PetscReal                 apart = 0.0;

  if (level >= HeatMultigridLevels(c.mg)) apart = INFINITY;
  for (PetscInt j = 1; j < l->d.n[1] - 1; j++)
    apart = HeatTestMax(apart,
                        fabs(At(l, &l->m, 0, j) / ldexp(side + 1e-4 * h * h, c.mg->scale_A) - 1.0));
  DestroyCycle(&c);
  return apart;
}

static void coarse_sides_are_half_a_coarse_cell_and_all_its_film(void **state)
{
  (void)state;
  for (PetscInt level = 0; level < 4; level++) {
    AT_MOST(SideApart(HELD, level), 1e-6);
    AT_MOST(SideApart(STRONG_FILM, level), 1e-6);
  }
}

/* Return the largest relative deviation of a level's total mass from that of the finest level, and
   add the number of levels below the finest. */
static PetscReal MassApart(const HeatTestGridProblem *problem, PetscInt *coarse)
{
  Cycle     c     = CycleOn(PETSC_COMM_SELF, problem);
  PetscReal first = 0.0, apart = 0.0;

  *coarse += HeatMultigridLevels(c.mg) - 1;

  for (PetscInt k = 0; k < HeatMultigridLevels(c.mg); k++) {
    const HeatLevel *l   = &c.mg->levels[k];
    PetscReal        sum = 0.0;

    for (PetscInt j = 0; j < l->d.n[1]; j++)
      for (PetscInt i = 0; i < l->d.n[0]; i++) sum += (PetscReal)At(l, &l->m, i, j);
    if (k == 0) first = sum;
    apart = HeatTestMax(apart, fabs(sum / first - 1.0));
  }
  DestroyCycle(&c);
  return apart;
}

static void every_level_of_an_insulated_body_has_the_whole_mass(void **state)
{
  PetscInt coarse = 0;

  (void)state;
  for (int k = 0; k < HEAT_TEST_PROBLEMS; k++) {
    const HeatTestGridProblem *p = &HeatTestProblems[k];

    if (p->sides == INSULATED && p->mass > 0.0) AT_MOST(MassApart(p, &coarse), 1e-6);
  }
  ALL(coarse > HEAT_TEST_PROBLEMS);
}

static void rough_bodies_interpolate_and_shapes_do_not(void **state)
{
  const HeatTestGridProblem
      rough[]  = {{"specks", {64, 64}, .mass = 1e-4, .texture = SPECKS, .jump = 50.0},
                  {"blocks", {128, 128}, .mass = 1e-4, .texture = BLOCKS, .jump = 1e3},
                  {"band", {64, 64}, .mass = 1e-4, .texture = BAND, .jump = 30.0}},
      shapes[] = {{"alike", {64, 64}, .mass = 1e-4},
                  {"flat", {64, 32}, .width = 64.0, .height = 3.2, .mass = 1e-4},
                  {"pipes", {128, 128}, .mass = 1e-4, .texture = PIPES, .jump = 1e4}};

  (void)state;
  for (int k = 0; k < 3; k++) {
    Cycle a = CycleOn(PETSC_COMM_SELF, &rough[k]), b = CycleOn(PETSC_COMM_SELF, &shapes[k]);

    ALL(a.mg->levels[0].interpolates && a.mg->levels[1].interpolates);
    ALL(!b.mg->levels[0].interpolates && !b.mg->levels[1].interpolates);
    DestroyCycle(&a);
    DestroyCycle(&b);
  }
}

/* A third of the cells are strong along x alone: they decide. */
static void part_that_conducts_along_one_axis_is_joined_along_it(void **state)
{
  const HeatTestGridProblem band = {"band", {64, 96}, .mass = 1e-4, .texture = BAND, .jump = 30.0};
  Cycle                     c    = CycleOn(PETSC_COMM_SELF, &band);
  HeatMultigridLevel        l    = HeatMultigridGetLevel(c.mg, 0);

  (void)state;
  ALL(l.joins[0] && !l.joins[1]);
  l = HeatMultigridGetLevel(c.mg, 1); /* the ratio is 30/4 here */
  ALL(l.joins[0] && l.joins[1]);
  DestroyCycle(&c);
}

/* Return the largest relative deviation of the projected coefficients of level 1 from those of the
   same level, eq. (12), two cells away from the sides.  The body is uniform. */
static PetscReal ProjectionApart(const HeatTestGridProblem *problem)
{
  Cycle           c = CycleOn(PETSC_COMM_SELF, problem);
  HeatLevel      *l = &c.mg->levels[0], *coarse = l + 1;
  float          *M, *Gx, *Gy, **arrays[] = {&M, &Gx, &Gy};
  const HeatRows *rows[] = {&coarse->m, &coarse->gx, &coarse->gy};
  void           *memory;
  PetscReal       apart = 0.0;

  OK(HeatLevelShapeAllocate(&coarse->s, 3, arrays, &memory));
  OK(HeatInterpolationProject(l, l->m.array, coarse, M, Gx, Gy));
  for (PetscInt j = 2; j < coarse->d.n[1] - 2; j++)
    for (PetscInt i = 2; i < coarse->d.n[0] - 2; i++)
      for (int k = 0; k < 3; k++)
        apart = HeatTestMax(apart, fabs((*arrays[k])[HeatLevelShapeCell(&coarse->s, i, j)] /
                                            At(coarse, rows[k], i, j) -
                                        1.0));
  OK(HeatLevelShapeFree(&memory));
  DestroyCycle(&c);
  return apart;
}

static void projection_of_a_uniform_body_gives_the_coarser_grid(void **state)
{
  const HeatTestGridProblem problems[] = {{"square", {64, 32}, .mass = 1e-4},
                                          {"along x", {64, 64}, .mass = 1e-5, .ky = 0.02},
                                          {"along y", {64, 64}, .mass = 1e-5, .ky = 50.0}};

  (void)state;
  for (int k = 0; k < 3; k++) AT_MOST(ProjectionApart(&problems[k]), 1e-6);
}

/* Cells are joined along the direction of strong coupling alone until both couplings are equal. */
static void flat_cells_are_joined_along_the_short_side(void **state)
{
  const HeatTestGridProblem problem = {
      "flat", {64, 64}, .width = 64.0, .height = 8.0, .mass = 1e-6};
  Cycle              c = CycleOn(PETSC_COMM_WORLD, &problem);
  HeatMultigridLevel l;

  (void)state;
  for (PetscInt k = 0; k < 3; k++) { /* cells of 1 x 1/8, 1 x 1/4, 1 x 1/2; level 3: 1 x 1 */
    l = HeatMultigridGetLevel(c.mg, k);
    ALL(l.n[0] == 64 && l.n[1] == 64 >> k && !l.joins[0] && l.joins[1]);
  }
  l = HeatMultigridGetLevel(c.mg, 3);
  ALL(l.n[0] == 64 && l.n[1] == 8 && l.joins[0] && l.joins[1]);
  DestroyCycle(&c);
}

/* Where the mass of every cell exceeds half the sum of its conductances, 4 here, coarse levels are
   not needed. */
static void short_step_needs_one_level(void **state)
{
  const HeatTestGridProblem shorter = {"short", {64, 64}, .mass = 2.01},
                            longer  = {"longer", {64, 64}, .mass = 1.99};
  Cycle a = CycleOn(PETSC_COMM_WORLD, &shorter), b = CycleOn(PETSC_COMM_WORLD, &longer);

  (void)state;
  ALL(HeatMultigridLevels(a.mg) == 1 && HeatMultigridLevels(b.mg) > 1);
  DestroyCycle(&a);
  DestroyCycle(&b);
}

/* ------- set-up again ------- */

/* Count differing bits between a cycle that was set up for other masses before and a new one. */
static PetscReal AgainApart(HeatProblem *p)
{
  const PetscReal            masses[] = {1e3, 1e-6, 0.05, 1e-3};
  const HeatTestGridProblem *problem  = p->context;
  PetscReal                 *r = HeatTestNoiseArray(p->g, 4), *again = HeatTestArray(p->g);
  PetscReal                 *fresh = HeatTestArray(p->g), wrong = 0.0;
  HeatMultigrid             *mg, *new;

  HeatTestAddOperator(p, problem);
  OK(HeatMultigridCreate(p->op, &mg));
  for (int k = 0; k < 4; k++) {
    OK(HeatMultigridSetUp(mg, masses[k]));
    OK(HeatMultigridApply(mg, r, again));
    OK(HeatMultigridCreate(p->op, &new));
    OK(HeatMultigridSetUp(new, masses[k]));
    OK(HeatMultigridApply(new, r, fresh));
    wrong += HeatMultigridLevels(mg) != HeatMultigridLevels(new);
    for (size_t i = 0; i < HeatGridLocalCells(p->g); i++) wrong += again[i] != fresh[i];
    OK(HeatMultigridDestroy(&new));
  }
  OK(HeatMultigridDestroy(&mg));
  OK(PetscFree(r));
  OK(PetscFree(again));
  OK(PetscFree(fresh));
  return wrong;
}

static void another_mass_gives_the_bits_of_a_fresh_set_up(void **state)
{
  PetscReal worst = 0.0;

  (void)state;
  for (int k = 0; k < HEAT_TEST_PROBLEMS; k += 2)
    worst = HeatTestMax(worst, HeatTestOverProblem(&HeatTestProblems[k], AgainApart));
  AT_MOST(worst, 0.0);
}

/* Return the material number: 0 in the lower third, 1 above, where the density is a million
   times as large and the conductivity is largest along the other axis.  With a large mass the
   conductances matter in the light third only, with a small mass everywhere, so cells are joined
   along other axes. */
static int LightBelow(PetscInt i, PetscInt j)
{
  (void)i;
  return j < 16 ? 0 : 1;
}

static HeatCase *LightAndDense(const void *context)
{
  HeatCase *c = HeatTestCase(24, 48, 1.0, 1.0, (HeatTestMaterial){1.0, 10.0, 1.0, 1.0});

  (void)context;
  HeatTestAddMaterial(c, (HeatTestMaterial){10.0, 0.1, 1e6, 1.0});
  HeatTestPatchwork(c, LightBelow);
  return c;
}

typedef struct {
  PetscBool joins[2];
} Joins;

static Joins JoinsFor(HeatMultigrid *mg, PetscReal mass)
{
  HeatMultigridLevel l;

  OK(HeatMultigridSetUp(mg, mass));
  l = HeatMultigridGetLevel(mg, 0);
  return (Joins){{l.joins[0], l.joins[1]}};
}

static PetscReal OtherJoinsApart(HeatProblem *p)
{
  const PetscReal masses[] = {1e-9, 1.0, 1e-9};
  PetscReal      *r = HeatTestNoiseArray(p->g, 4), *again = HeatTestArray(p->g);
  PetscReal      *fresh = HeatTestArray(p->g), wrong = 0.0;
  HeatMultigrid  *mg, *new;
  Joins           joins[3];

  OK(HeatMultigridCreate(p->op, &mg));
  for (int k = 0; k < 3; k++) {
    joins[k] = JoinsFor(mg, masses[k]);
    OK(HeatMultigridApply(mg, r, again));
    OK(HeatMultigridCreate(p->op, &new));
    OK(HeatMultigridSetUp(new, masses[k]));
    OK(HeatMultigridApply(new, r, fresh));
    for (size_t i = 0; i < HeatGridLocalCells(p->g); i++) wrong += again[i] != fresh[i];
    OK(HeatMultigridDestroy(&new));
  }
  if (memcmp(&joins[0], &joins[1], sizeof joins[0]) == 0) wrong = INFINITY; /* tests nothing */
  OK(HeatMultigridDestroy(&mg));
  OK(PetscFree(r));
  OK(PetscFree(again));
  OK(PetscFree(fresh));
  return wrong;
}

static void other_joins_give_the_bits_of_a_fresh_set_up(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(LightAndDense, OtherJoinsApart, NULL), 0.0);
}

static void nothing_can_be_destroyed(void **state)
{
  HeatMultigrid *none = NULL;

  (void)state;
  OK(HeatMultigridDestroy(&none));
  assert_null(none);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(cycle_is_symmetric),
    cmocka_unit_test(cycle_is_positive),
    cmocka_unit_test(cycle_is_linear),
    cmocka_unit_test(powers_of_two_leave_the_bits),
    cmocka_unit_test(cycle_has_the_same_bits_on_all_layouts),
    cmocka_unit_test(w_cycle_has_the_same_bits_on_all_layouts),
    cmocka_unit_test(iterations_and_their_sums_have_the_same_bits_on_all_layouts),
    cmocka_unit_test(postponed_norms_are_those_reduced_at_once),
    cmocka_unit_test(sums_are_those_of_the_vectors_to_rounding),
    cmocka_unit_test(residual_stays_that_of_x),
    cmocka_unit_test(coarse_levels_of_a_uniform_body_are_those_of_coarser_grids),
    cmocka_unit_test(coarse_sides_are_half_a_coarse_cell_and_all_its_film),
    cmocka_unit_test(every_level_of_an_insulated_body_has_the_whole_mass),
    cmocka_unit_test(rough_bodies_interpolate_and_shapes_do_not),
    cmocka_unit_test(part_that_conducts_along_one_axis_is_joined_along_it),
    cmocka_unit_test(projection_of_a_uniform_body_gives_the_coarser_grid),
    cmocka_unit_test(flat_cells_are_joined_along_the_short_side),
    cmocka_unit_test(short_step_needs_one_level),
    cmocka_unit_test(another_mass_gives_the_bits_of_a_fresh_set_up),
    cmocka_unit_test(other_joins_give_the_bits_of_a_fresh_set_up),
    cmocka_unit_test(nothing_can_be_destroyed),
};

int main(void) { return RUN_TESTS(Tests); }
