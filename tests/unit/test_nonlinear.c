/* Coefficients that depend on the temperature.  The Jacobian is compared with difference
   quotients of the net heat, for patchworks of materials with all that a case may contain; then
   its properties are tested: symmetry, conservation, equal bits on all layouts, exact solutions. */
#include "solver_test.h"

/* A variant is a case on [0.5, 2] x [-1, 1] whose cells are painted one by one with one of three
   materials; ROUND paints a disc and a triangle over them. */
typedef enum { INSULATED, TEMPERATURE, FLUX, CONVECTION, RADIATION, PERIODIC } Kind;

enum { K_OF_T = 1, SOURCE_OF_T = 2, EXCHANGE = 4, CONTACTS = 8, GROWING = 16, ROUND = 32 };

typedef struct {
  PetscInt        nx, ny;
  Kind            side[HEAT_SIDES];
  HeatFaceAverage average;
  int             with;
} Variant;

static const Variant Variants[] = {
    {7, 6, {RADIATION, CONVECTION, TEMPERATURE, FLUX}, HEAT_FACE_HARMONIC, K_OF_T},
    {6, 7, {TEMPERATURE, RADIATION, INSULATED, CONVECTION}, HEAT_FACE_ARITHMETIC, K_OF_T},
    {6,
     6,
     {RADIATION, RADIATION, RADIATION, TEMPERATURE},
     HEAT_FACE_HARMONIC,
     K_OF_T | SOURCE_OF_T | EXCHANGE | CONTACTS},
    {7, 5, {PERIODIC, PERIODIC, PERIODIC, PERIODIC}, HEAT_FACE_ARITHMETIC, K_OF_T | CONTACTS},
    {9,
     11,
     {RADIATION, TEMPERATURE, INSULATED, CONVECTION},
     HEAT_FACE_HARMONIC,
     K_OF_T | CONTACTS | ROUND},
    {1, 6, {PERIODIC, PERIODIC, RADIATION, FLUX}, HEAT_FACE_HARMONIC, K_OF_T | EXCHANGE},
    {2, 2, {PERIODIC, PERIODIC, PERIODIC, PERIODIC}, HEAT_FACE_HARMONIC, K_OF_T | SOURCE_OF_T},
    /* from here on the Jacobian is symmetric */
    {7, 6, {RADIATION, CONVECTION, RADIATION, FLUX}, HEAT_FACE_HARMONIC, 0},
    {6, 6, {INSULATED, RADIATION, PERIODIC, PERIODIC}, HEAT_FACE_HARMONIC, SOURCE_OF_T | CONTACTS},
    {6, 5, {TEMPERATURE, FLUX, INSULATED, CONVECTION}, HEAT_FACE_ARITHMETIC, GROWING | EXCHANGE},
    {9,
     11,
     {RADIATION, TEMPERATURE, PERIODIC, PERIODIC},
     HEAT_FACE_HARMONIC,
     SOURCE_OF_T | CONTACTS | ROUND},
    /* from here on the operator is linear */
    {6, 7, {TEMPERATURE, FLUX, CONVECTION, INSULATED}, HEAT_FACE_HARMONIC, EXCHANGE | CONTACTS},
    {6, 6, {PERIODIC, PERIODIC, PERIODIC, PERIODIC}, HEAT_FACE_ARITHMETIC, EXCHANGE},
};
enum { N_VARIANTS = sizeof Variants / sizeof Variants[0], FIRST_SYMMETRIC = 7, FIRST_LINEAR = 11 };

static void FillSide(HeatCase *c, HeatSide side, Kind kind)
{
  if (kind == TEMPERATURE) HeatTestTemperature(c, side, "300 + 10*x - 20*y");
  else if (kind == FLUX) HeatTestFlux(c, side, "50 - 40*x*y");
  else if (kind == CONVECTION) HeatTestConvection(c, side, "2 + x + y*y", "270 + y");
  else if (kind == RADIATION) HeatTestRadiation(c, side, "0.5 + 0.2*y*(y<1)", "500 + 100*x");
  else if (kind == PERIODIC) c->boundary[side].segments[0].type = HEAT_BC_PERIODIC;
}

static void FillMaterials(HeatCase *c, int with)
{
  HeatTestAddMaterial(c, (HeatTestMaterial){30.0, 4.0, 2.0, 3.0});
  HeatTestAddMaterial(c, (HeatTestMaterial){0.2, 0.7, 5.0, 0.5});
  if (with & K_OF_T) {
    HeatTestText(&c->materials[0].conductivity[0], "2 + 0.01*(T - 300)");
    HeatTestText(&c->materials[0].conductivity[1], "1 + 1e-5*(T - 250)^2 + 0.1*x");
    HeatTestText(&c->materials[2].conductivity[0], "exp(T/300)");
    HeatTestText(&c->materials[2].conductivity[1], "exp(T/300)");
  }
  if (with & CONTACTS) {
    HeatTestContact(c, 1, 0, 0.05);
    HeatTestContact(c, 1, 2, 0.3);
  }
}

/* Interfaces that no axis is parallel to. */
static void PaintRound(HeatCase *c)
{
  const PetscReal v[3][2] = {{1.1, -0.9}, {1.9, -0.6}, {1.5, 0.3}};
  HeatRegion     *disc    = HeatTestAddRegion(c, HEAT_SHAPE_CIRCLE, 1), *triangle;

  disc->centre[0] = 1.1;
  disc->centre[1] = 0.3;
  disc->radius    = 0.5;
  triangle        = HeatTestAddRegion(c, HEAT_SHAPE_POLYGON, 2);
  OK(PetscMalloc1(3, &triangle->vertices));
  triangle->n_vertices = 3;
  memcpy(triangle->vertices, v, sizeof v);
}

static HeatCase *Make(const void *context)
{
  const Variant *v = context;
  HeatCase      *c = HeatTestCase(v->nx, v->ny, 2.0, 1.0, (HeatTestMaterial){1.0, 2.0, 1.0, 1.0});

  FillMaterials(c, v->with);
  HeatTestPatchwork(c, HeatTestMaterialOf);
  if (v->with & ROUND) PaintRound(c);
  for (int s = 0; s < HEAT_SIDES; s++) FillSide(c, (HeatSide)s, v->side[s]);
  HeatTestText(&c->source, v->with & GROWING       ? "0.05*T^2"
                           : v->with & SOURCE_OF_T ? "100*x - 1e-3*(T - 290)^2*y"
                                                   : "100*x - y");
  if (v->with & SOURCE_OF_T)
    HeatTestText(&HeatTestRectangle(c, -1, 1.0, 1.5, -0.5, 1.0)->source, "-3*T");
  if (v->with & EXCHANGE) {
    HeatTestText(&c->exchange.coefficient, "20 + x");
    HeatTestText(&c->exchange.ambient, "280 + y");
  }
  c->solver.face_average = v->average;
  return c;
}

static HeatTestSet Set = {PETSC_TRUE, Make, Variants, sizeof(Variant), N_VARIANTS, 0, {0, NULL}};

static int TearDown(void **state)
{
  (void)state;
  HeatTestDestroySet(&Set);
  return 0;
}

static PetscReal WorstOf(int first, int end, HeatTestClaim claim)
{
  return HeatTestWorstOf(&Set, first, end, claim);
}

/* Return a noisy field between 250 and 400 K. */
static PetscReal *Warm(const HeatGrid *g)
{
  PetscReal *T = HeatTestNoiseArray(g, 5);

  for (size_t k = 0; k < HeatGridLocalCells(g); k++) T[k] = 325.0 + 75.0 * T[k];
  return T;
}

static void Update(HeatOperator *op, const PetscReal *T)
{
  PetscBool valid;

  OK(HeatOperatorUpdate(op, T, &valid));
  assert_true(valid);
}

/* Store net = N(T + step x), with all coefficients evaluated at that field. */
static void NetBeside(HeatProblem *p, const PetscReal *T, PetscReal step, const PetscReal *x,
                      PetscReal *net)
{
  PetscReal *beside = HeatTestArray(p->g);

  for (size_t k = 0; k < HeatGridLocalCells(p->g); k++) beside[k] = T[k] + step * x[k];
  Update(p->op, beside);
  OK(HeatOperatorNet(p->op, beside, net));
  OK(PetscFree(beside));
}

/* Return the largest deviation of the product with the Jacobian from the central difference of
   the net heat in the direction x, relative to the largest entry.  With a step of 1e-3 K, heats
   of 1e4 W/m and products of order 1 the rounding of the differences is 1e-16*1e4/1e-3 = 1e-9;
   the truncation errors of the difference and of dk/dT are smaller. */
static PetscReal JacobianApart(HeatProblem *p)
{
  const PetscReal step = 1e-3, mass = 0.7;
  const size_t    n = HeatGridLocalCells(p->g);
  PetscReal      *T = Warm(p->g), *x = HeatTestNoiseArray(p->g, 6);
  PetscReal      *y = HeatTestArray(p->g), *up = HeatTestArray(p->g), *down = HeatTestArray(p->g);
  PetscReal       worst = 0.0, largest = 0.0;

  NetBeside(p, T, step, x, up);
  NetBeside(p, T, -step, x, down);
  Update(p->op, T);
  OK(HeatOperatorApply(p->op, mass, x, y));
  for (size_t k = 0; k < n; k++) {
    const PetscReal exact = mass * HeatOperatorCapacityAt(p->op, k) * x[k] -
                            (up[k] - down[k]) / (2.0 * step);

    worst   = HeatTestMax(worst, fabs(y[k] - exact));
    largest = HeatTestMax(largest, fabs(exact));
  }
  OK(PetscFree(T));
  OK(PetscFree(x));
  OK(PetscFree(y));
  OK(PetscFree(up));
  OK(PetscFree(down));
  return worst / largest;
}

static void product_is_the_derivative_of_the_net_heat(void **state)
{
  (void)state;
  for (int k = 0; k < N_VARIANTS; k++) AT_MOST(WorstOf(k, k + 1, JacobianApart), 1e-8);
}

static PetscReal DiagonalApart(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  PetscReal      *T = Warm(g), *e = HeatTestArray(g), *y = HeatTestArray(g), *d = HeatTestArray(g);
  PetscReal       worst = 0.0;

  Update(p->op, T);
  OK(HeatOperatorDiagonal(p->op, 2.0, d));
  for (PetscInt cell = 0; cell < g->nx * g->ny; cell++) {
    const PetscInt i = cell % g->nx - g->xs, j = cell / g->nx - g->ys;
    const int      own = i >= 0 && j >= 0 && i < g->nxl && j < g->nyl;

    if (own) e[j * g->nxl + i] = 1.0;
    OK(HeatOperatorApply(p->op, 2.0, e, y));
    if (!own) continue;
    worst             = HeatTestMax(worst, fabs(y[j * g->nxl + i] / d[j * g->nxl + i] - 1.0));
    e[j * g->nxl + i] = 0.0;
  }
  OK(PetscFree(T));
  OK(PetscFree(e));
  OK(PetscFree(y));
  OK(PetscFree(d));
  return worst;
}

static void diagonal_is_that_of_the_product(void **state)
{
  (void)state;
  AT_MOST(WorstOf(0, N_VARIANTS, DiagonalApart), 1e-12);
}

/* Compare the stable step with Gershgorin's bound, 2 over the largest row sum of magnitudes
   divided by C.  The row sums are computed from the matrix's columns. */
static PetscReal StableStepApart(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  PetscReal *T = Warm(g), *e = HeatTestArray(g), *y = HeatTestArray(g), *sum = HeatTestArray(g);
  PetscReal  bound = 0.0, dt;

  Update(p->op, T);
  for (PetscInt cell = 0; cell < g->nx * g->ny; cell++) {
    const PetscInt i = cell % g->nx - g->xs, j = cell / g->nx - g->ys;
    const int      own = i >= 0 && j >= 0 && i < g->nxl && j < g->nyl;

    if (own) e[j * g->nxl + i] = 1.0;
    OK(HeatOperatorApply(p->op, 0.0, e, y));
    if (own) e[j * g->nxl + i] = 0.0;
    for (size_t k = 0; k < HeatGridLocalCells(g); k++) sum[k] += fabs(y[k]);
  }
  for (size_t k = 0; k < HeatGridLocalCells(g); k++)
    bound = HeatTestMax(bound, sum[k] / HeatOperatorCapacityAt(p->op, k));
  MPI_Allreduce(MPI_IN_PLACE, &bound, 1, MPIU_REAL, MPI_MAX, g->comm);
  OK(HeatOperatorStableStep(p->op, &dt));
  OK(PetscFree(T));
  OK(PetscFree(e));
  OK(PetscFree(y));
  OK(PetscFree(sum));
  return fabs(dt * bound / 2.0 - 1.0);
}

static void stable_step_is_gershgorins_of_the_true_jacobian(void **state)
{
  (void)state;
  for (int k = 0; k < N_VARIANTS; k++) {
    /* With two periodic columns a cell has the same neighbour on both sides, and the two entries
       may cancel in the matrix but not in the bound. */
    const int twice = Variants[k].nx == 2;

    if (!twice) AT_MOST(WorstOf(k, k + 1, StableStepApart), 1e-12);
  }
}

/* ------- properties ------- */

static PetscReal KindApart(HeatProblem *p)
{
  const Variant *v         = p->context;
  const int      symmetric = !(v->with & K_OF_T), linear = v - Variants >= FIRST_LINEAR;

  return (HeatOperatorIsSymmetric(p->op) != (PetscBool)symmetric) +
         (HeatOperatorIsLinear(p->op) != (PetscBool)linear);
}

static void operator_knows_whether_it_is_linear_and_symmetric(void **state)
{
  (void)state;
  AT_MOST(WorstOf(0, N_VARIANTS, KindApart), 0.0);
}

static PetscReal Asymmetry(HeatProblem *p)
{
  PetscReal *T = Warm(p->g), *x = HeatTestNoiseArray(p->g, 1), *y = HeatTestNoiseArray(p->g, 2);
  PetscReal *Ax = HeatTestArray(p->g), *Ay = HeatTestArray(p->g), apart;

  Update(p->op, T);
  OK(HeatOperatorApply(p->op, 0.3, x, Ax));
  OK(HeatOperatorApply(p->op, 0.3, y, Ay));
  apart = fabs(HeatTestDot(p->g, x, Ay) - HeatTestDot(p->g, Ax, y));
  OK(PetscFree(T));
  OK(PetscFree(x));
  OK(PetscFree(y));
  OK(PetscFree(Ax));
  OK(PetscFree(Ay));
  return apart;
}

/* Conductances reach 100 W/(m K), so roundings are 1e-14 times some tens of terms. */
static void product_is_symmetric_where_no_conductivity_depends_on_temperature(void **state)
{
  (void)state;
  AT_MOST(WorstOf(FIRST_SYMMETRIC, N_VARIANTS, Asymmetry), 1e-11);
}

static PetscReal LostHeat(HeatProblem *p)
{
  PetscReal *T = Warm(p->g), *net = HeatTestArray(p->g), sum = 0.0;
  HeatFlows  flows;

  Update(p->op, T);
  OK(HeatOperatorNet(p->op, T, net));
  OK(HeatOperatorFlows(p->op, T, &flows));
  for (size_t k = 0; k < HeatGridLocalCells(p->g); k++) sum += net[k];
  OK(PetscFree(T));
  OK(PetscFree(net));
  return fabs(HeatTestSum(p->g->comm, sum) - HeatTestEntered(p->g->comm, &flows)) /
         (HeatTestReduceExact(p->g->comm, &flows.sum[HEAT_FLOW_TURNOVER]) + 1.0);
}

static void net_heat_adds_up_to_sides_sources_and_exchange(void **state)
{
  (void)state;
  AT_MOST(WorstOf(0, N_VARIANTS, LostHeat), 1e-12);
}

/* Return the net heat of the whole grid, computed by one rank. */
static PetscReal *NetAlone(const void *context)
{
  HeatProblem p = HeatTestSetUp(PETSC_COMM_SELF, Make(context));
  PetscReal  *T = Warm(p.g), *net = HeatTestArray(p.g);

  Update(p.op, T);
  OK(HeatOperatorNet(p.op, T, net));
  OK(PetscFree(T));
  HeatTestTearDown(&p);
  return net;
}

static PetscReal BitsDiffer(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  PetscReal      *T = Warm(g), *net = HeatTestArray(g), *alone = NetAlone(p->context);
  PetscReal       differ = 0.0;

  Update(p->op, T);
  OK(HeatOperatorNet(p->op, T, net));
  for (PetscInt j = 0; j < g->nyl; j++) {
    differ += memcmp(net + j * g->nxl, alone + (g->ys + j) * g->nx + g->xs,
                     (size_t)g->nxl * sizeof *net) != 0;
  }
  OK(PetscFree(T));
  OK(PetscFree(net));
  OK(PetscFree(alone));
  return differ;
}

static void net_heat_has_the_same_bits_on_any_layout(void **state)
{
  (void)state;
  AT_MOST(WorstOf(0, N_VARIANTS, BitsDiffer), 0.0);
}

/* Count the differences between the net heat at a field that differs from T in one cell of one
   rank, after an Update with T, and after Updates with fields that differ everywhere, of which one
   has a cell where coefficients are undefined. */
static PetscReal BitsDifferAfterOthers(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  const size_t    n = HeatGridLocalCells(g);
  PetscReal      *T = Warm(g), *other = Warm(g), *far = Warm(g);
  PetscReal      *expected = HeatTestArray(g), *found = HeatTestArray(g), differ = 0.0;
  PetscBool       valid;

  for (size_t i = 0; i < n; i++) far[i] += 10.0;
  for (size_t turn = 0; turn < 5; turn++) {
    const size_t place = (n - 1) * turn / 4;

    if (g->rank == 0) other[place] += 1.0;
    Update(p->op, far);
    Update(p->op, other);
    OK(HeatOperatorNet(p->op, other, expected));
    if (g->rank == 0) far[place] = NAN;
    OK(HeatOperatorUpdate(p->op, far, &valid)); /* valid where k of that cell is a number */
    OK(HeatOperatorUpdate(p->op, far, &valid));
    Update(p->op, T);
    Update(p->op, T);
    Update(p->op, other);
    OK(HeatOperatorNet(p->op, other, found));
    differ += memcmp(found, expected, n * sizeof *found) != 0;
    if (g->rank == 0) far[place] = T[place] + 10.0;
    if (g->rank == 0) other[place] = T[place];
  }
  OK(PetscFree(T));
  OK(PetscFree(other));
  OK(PetscFree(far));
  OK(PetscFree(expected));
  OK(PetscFree(found));
  return differ;
}

static void update_follows_a_field_that_changes_on_one_rank_only(void **state)
{
  (void)state;
  AT_MOST(WorstOf(0, N_VARIANTS, BitsDifferAfterOthers), 0.0);
}

static PetscReal StepApart(HeatProblem *p)
{
  const PetscReal dt = 1e-3;
  PetscReal      *T = Warm(p->g), *net = HeatTestArray(p->g), *new = HeatTestArray(p->g);
  PetscReal       worst = 0.0;

  Update(p->op, T);
  OK(HeatOperatorNet(p->op, T, net));
  OK(HeatOperatorStep(p->op, dt, T, new));
  for (size_t k = 0; k < HeatGridLocalCells(p->g); k++) {
    worst = HeatTestMax(worst, fabs(new[k] - T[k] - dt *net[k] / HeatOperatorCapacityAt(p->op, k)));
  }
  OK(PetscFree(T));
  OK(PetscFree(net));
  OK(PetscFree(new));
  return worst;
}

/* Temperatures of some hundred kelvin have rounding errors of 1e-13. */
static void explicit_step_adds_net_heat_over_capacity(void **state)
{
  (void)state;
  AT_MOST(WorstOf(0, N_VARIANTS, StepApart), 1e-12);
}

/* ------- the assembled matrix ------- */

/* Count positive entries off the diagonal and rows whose sum is negative beyond rounding: an
   M-matrix has none. */
static PetscReal NotAnMMatrix(Mat A)
{
  PetscInt  first, end;
  PetscReal wrong = 0.0;

  OK(MatGetOwnershipRange(A, &first, &end));
  for (PetscInt row = first; row < end; row++) {
    const PetscInt    *columns;
    const PetscScalar *values;
    PetscInt           n;
    PetscReal          sum = 0.0, size = 0.0;

    OK(MatGetRow(A, row, &n, &columns, &values));
    for (PetscInt k = 0; k < n; k++) {
      sum += values[k];
      size += fabs(values[k]);
      if (columns[k] != row && values[k] > 0.0) wrong += 1.0;
    }
    if (!(sum >= -1e-14 * size)) wrong += 1.0;
    OK(MatRestoreRow(A, row, &n, &columns, &values));
  }
  return wrong;
}

static PetscReal AssembledApart(HeatProblem *p)
{
  const Variant *v = p->context;
  PetscReal     *T = Warm(p->g), *x = HeatTestNoiseArray(p->g, 1), *y = HeatTestNoiseArray(p->g, 2);
  PetscReal     *Ax = HeatTestArray(p->g), worst, xAy, yAx, xAx;
  Mat            A;
  Vec            X = HeatTestVec(p->g, x), Y = HeatTestVec(p->g, y), out;

  Update(p->op, T);
  OK(HeatGridCreateMatrix(p->g, &A));
  OK(VecDuplicate(X, &out));
  OK(HeatOperatorAssemble(p->op, 0.1, A));
  worst = NotAnMMatrix(A);
  OK(MatMult(A, Y, out));
  OK(VecDot(X, out, &xAy));
  OK(MatMult(A, X, out));
  OK(VecDot(Y, out, &yAx));
  OK(VecDot(X, out, &xAx));
  worst = HeatTestMax(worst, fabs(xAy - yAx) > 1e-11);
  worst = HeatTestMax(worst, !(xAx > 0.0));
  if (v - Variants >= FIRST_LINEAR) {
    OK(HeatOperatorApply(p->op, 0.1, x, Ax));
    worst = HeatTestMax(worst, HeatTestVecApart(p->g, out, Ax) > 1e-11);
  }
  OK(MatDestroy(&A));
  OK(VecDestroy(&X));
  OK(VecDestroy(&Y));
  OK(VecDestroy(&out));
  OK(PetscFree(T));
  OK(PetscFree(x));
  OK(PetscFree(y));
  OK(PetscFree(Ax));
  return worst;
}

static void assembled_matrix_is_symmetric_positive_and_the_product_where_linear(void **state)
{
  (void)state;
  AT_MOST(WorstOf(0, N_VARIANTS, AssembledApart), 0.0);
}

/* ------- updates ------- */

static PetscReal HaloExchangesOfAnUpdate(HeatProblem *p)
{
  PetscReal       *T      = Warm(p->g);
  const PetscInt64 before = HeatOperatorHaloCounts(p->op).exchanges;

  Update(p->op, T);
  OK(PetscFree(T));
  return (PetscReal)(HeatOperatorHaloCounts(p->op).exchanges - before);
}

static void update_of_a_linear_operator_sends_nothing(void **state)
{
  (void)state;
  AT_MOST(WorstOf(FIRST_LINEAR, N_VARIANTS, HaloExchangesOfAnUpdate), 0.0);
}

/* Return 1 if an update does not report that coefficients are invalid when the last cell of the
   domain has the given temperature, or still reports it when the cell is valid again; else 0. */
static PetscReal Undetected(HeatProblem *p, PetscReal temperature)
{
  const HeatGrid *g    = p->g;
  PetscReal      *T    = Warm(g);
  const int       last = g->xs + g->nxl == g->nx && g->ys + g->nyl == g->ny;
  PetscBool       valid;

  if (last) T[HeatGridLocalCells(g) - 1] = temperature;
  OK(HeatOperatorUpdate(p->op, T, &valid));
  OK(PetscFree(T));
  if (valid) return 1.0;
  T = Warm(g);
  OK(HeatOperatorUpdate(p->op, T, &valid));
  OK(PetscFree(T));
  return valid ? 0.0 : 1.0;
}

static HeatCase *MakeDoubtful(const void *context)
{
  HeatCase *c = HeatTestCase(6, 6, 1.0, 1.0, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});

  HeatTestText(&c->materials[0].conductivity[0], context ? "2" : "1 + 0.01*(T - 100)");
  HeatTestText(&c->materials[0].conductivity[1], context ? "3" : "5");
  if (context) HeatTestText(&c->source, context);
  return c;
}

static PetscReal ColdUndetected(HeatProblem *p) { return Undetected(p, 0.0); }
static PetscReal NanUndetected(HeatProblem *p) { return Undetected(p, NAN); }
static PetscReal HotUndetected(HeatProblem *p) { return Undetected(p, 500.0); }

static void conductivity_that_is_not_positive_anywhere_is_known_to_all_ranks(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeDoubtful, ColdUndetected, NULL), 0.0);
  AT_MOST(HeatTestLayouts(MakeDoubtful, NanUndetected, NULL), 0.0);
}

static void source_that_is_not_finite_anywhere_is_known_to_all_ranks(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeDoubtful, HotUndetected, "sqrt(450 - T)"), 0.0);
}

static HeatCase *MakeHotSide(const void *context)
{
  HeatCase *c = HeatTestCase(6, 6, 1.0, 1.0, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});

  (void)context;
  HeatTestRadiation(c, HEAT_TOP, "0.5", "300");
  return c;
}

static void
temperature_that_is_no_number_behind_a_radiating_side_is_known_to_all_ranks(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeHotSide, NanUndetected, NULL), 0.0);
}

/* ------- exact solutions ------- */

/* Store x = A^-1 b in b, by elimination with pivoting; A is n x n by rows and is overwritten. */
static void SolveDense(int n, PetscReal *A, PetscReal *b)
{
  for (int k = 0; k < n; k++) {
    int pivot = k;

    for (int i = k + 1; i < n; i++) {
      if (fabs(A[i * n + k]) > fabs(A[pivot * n + k])) pivot = i;
    }
    for (int j = 0; j < n; j++) {
      const PetscReal swap = A[k * n + j];

      A[k * n + j]     = A[pivot * n + j];
      A[pivot * n + j] = swap;
    }
    const PetscReal swap = b[k];
    b[k]                 = b[pivot];
    b[pivot]             = swap;
    for (int i = k + 1; i < n; i++) {
      const PetscReal factor = A[i * n + k] / A[k * n + k];

      for (int j = k; j < n; j++) A[i * n + j] -= factor * A[k * n + j];
      b[i] -= factor * b[k];
    }
  }
  for (int k = n - 1; k >= 0; k--) {
    for (int j = k + 1; j < n; j++) b[k] -= A[k * n + j] * b[j];
    b[k] /= A[k * n + k];
  }
}

/* Store the steady state of a bar of n cells, by Newton's method from T = 1, and return the
   number of steps until the increment is below 1e-12. */
static int SteadyBar(HeatProblem *p, PetscReal *T)
{
  const int  n = (int)p->g->nx;
  PetscReal *A = NULL, *column = HeatTestArray(p->g), *e = HeatTestArray(p->g),
            *net    = HeatTestArray(p->g);
  PetscReal largest = INFINITY;
  int       steps   = 0;

  OK(PetscMalloc1(n * n, &A));
  for (int i = 0; i < n; i++) T[i] = 1.0;
  for (; steps < 30 && largest > 1e-12; steps++) {
    Update(p->op, T);
    OK(HeatOperatorNet(p->op, T, net));
    for (int j = 0; j < n; j++) {
      e[j] = 1.0;
      OK(HeatOperatorApply(p->op, 0.0, e, column));
      e[j] = 0.0;
      for (int i = 0; i < n; i++) A[i * n + j] = column[i];
    }
    SolveDense(n, A, net);
    largest = 0.0;
    for (int i = 0; i < n; i++) {
      T[i] += net[i];
      largest = HeatTestMax(largest, fabs(net[i]));
    }
  }
  OK(PetscFree(A));
  OK(PetscFree(column));
  OK(PetscFree(e));
  OK(PetscFree(net));
  return steps;
}

/* Return the largest error for k = 1 + T with T = 0 and 2 at the ends of [0, 1].  Kirchhoff's
   transform of the exact solution is linear: T + T^2/2 = 4 x. */
static PetscReal KirchhoffError(PetscInt n, HeatFaceAverage average)
{
  HeatCase   *c = HeatTestCase(n, 1, 1.0, 1.0, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});
  HeatProblem p;
  PetscReal  *T, worst = 0.0;

  HeatTestText(&c->materials[0].conductivity[0], "1 + T");
  HeatTestText(&c->materials[0].conductivity[1], "1 + T");
  HeatTestTemperature(c, HEAT_LEFT, "0");
  HeatTestTemperature(c, HEAT_RIGHT, "2");
  c->solver.face_average = average;
  p                      = HeatTestSetUp(PETSC_COMM_SELF, c);
  T                      = HeatTestArray(p.g);
  if (SteadyBar(&p, T) > 8) worst = INFINITY; /* an inexact Jacobian does not converge so fast */
  for (PetscInt i = 0; i < n; i++) {
    const PetscReal exact = sqrt(1.0 + 8.0 * HeatGridX(p.g, i)) - 1.0;

    worst = HeatTestMax(worst, fabs(T[i] - exact));
  }
  OK(PetscFree(T));
  HeatTestTearDown(&p);
  return worst;
}

/* Faces and half cells conduct with the mean of k over the temperatures between their ends, which
   is exact for any k(T); the bound is some thousand roundings of T, which is 2 at most. */
static void bar_with_conductivity_of_temperature_is_exact(void **state)
{
  (void)state;
  for (int average = 0; average < 2; average++)
    AT_MOST(KirchhoffError(40, (HeatFaceAverage)average), 1e-12);
}

/* A bar is held at 1000 K on the left and radiates to 300 K on the right.  Its flux is q = 5
   (1000 - T_s) = 0.8 sigma (T_s^4 - 300^4), with the surface temperature T_s found by bisection.
   The field is linear, so it is exact on any grid. */
static void radiating_bar_is_exact(void **state)
{
  HeatCase   *c = HeatTestCase(7, 1, 1.0, 1.0, (HeatTestMaterial){5.0, 5.0, 1.0, 1.0});
  HeatProblem p;
  PetscReal  *T, low = 300.0, high = 1000.0;

  (void)state;
  HeatTestTemperature(c, HEAT_LEFT, "1000");
  HeatTestRadiation(c, HEAT_RIGHT, "0.8", "300");
  p = HeatTestSetUp(PETSC_COMM_SELF, c);
  T = HeatTestArray(p.g);
  SteadyBar(&p, T);
  for (int k = 0; k < 100; k++) {
    const PetscReal s = 0.5 * (low + high);

    if (5.0 * (1000.0 - s) > 0.8 * 5.670374419e-8 * (pow(s, 4) - pow(300.0, 4))) low = s;
    else high = s;
  }
  for (PetscInt i = 0; i < 7; i++) {
    const PetscReal exact = 1000.0 + (low - 1000.0) * HeatGridX(p.g, i);

    AT_MOST(fabs(T[i] - exact), 1e-9); /* 1e-12 of the temperatures */
  }
  OK(PetscFree(T));
  HeatTestTearDown(&p);
}

/* ------- time ------- */

static HeatCase *MakeChanging(const void *context)
{
  HeatCase *c = HeatTestCase(6, 5, 0.6, 0.5, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});

  (void)context;
  HeatTestText(&c->source, "t*T");
  HeatTestText(&HeatTestRectangle(c, -1, 0.0, 0.3, 0.0, 0.5)->source, "10*t");
  HeatTestRadiation(c, HEAT_LEFT, "1", "100*t");
  return c;
}

/* T = 200 everywhere is in equilibrium with the side at t = 2; hx = hy = 0.1. */
static PetscReal TimesApart(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  PetscReal      *T = HeatTestLinearArray(g, 200.0, 0.0, 0.0), *net = HeatTestArray(g);
  PetscReal       worst = 0.0;

  for (int round = 0; round < 2; round++) { /* the time also goes back */
    OK(HeatOperatorSetTime(p->op, 5.0));
    Update(p->op, T);
    OK(HeatOperatorSetTime(p->op, 2.0));
    Update(p->op, T);
    OK(HeatOperatorNet(p->op, T, net));
    for (PetscInt j = 0; j < g->nyl; j++) {
      for (PetscInt i = 0; i < g->nxl; i++) {
        const PetscReal exact = 0.01 * (2.0 * 200.0 + (g->xs + i < 3 ? 20.0 : 0.0));

        worst = HeatTestMax(worst, fabs(net[j * g->nxl + i] - exact));
      }
    }
  }
  OK(PetscFree(T));
  OK(PetscFree(net));
  return worst;
}

static void update_follows_the_time_that_was_set(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeChanging, TimesApart, NULL), 1e-13);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(product_is_the_derivative_of_the_net_heat),
    cmocka_unit_test(diagonal_is_that_of_the_product),
    cmocka_unit_test(stable_step_is_gershgorins_of_the_true_jacobian),
    cmocka_unit_test(operator_knows_whether_it_is_linear_and_symmetric),
    cmocka_unit_test(product_is_symmetric_where_no_conductivity_depends_on_temperature),
    cmocka_unit_test(net_heat_adds_up_to_sides_sources_and_exchange),
    cmocka_unit_test(net_heat_has_the_same_bits_on_any_layout),
    cmocka_unit_test(update_follows_a_field_that_changes_on_one_rank_only),
    cmocka_unit_test(explicit_step_adds_net_heat_over_capacity),
    cmocka_unit_test(assembled_matrix_is_symmetric_positive_and_the_product_where_linear),
    cmocka_unit_test(update_of_a_linear_operator_sends_nothing),
    cmocka_unit_test(conductivity_that_is_not_positive_anywhere_is_known_to_all_ranks),
    cmocka_unit_test(source_that_is_not_finite_anywhere_is_known_to_all_ranks),
    cmocka_unit_test(temperature_that_is_no_number_behind_a_radiating_side_is_known_to_all_ranks),
    cmocka_unit_test(bar_with_conductivity_of_temperature_is_exact),
    cmocka_unit_test(radiating_bar_is_exact),
    cmocka_unit_test(update_follows_the_time_that_was_set),
};

int main(void)
{
  if (PetscInitializeNoArguments() || HeatErrorInstall()) return 1;
  return HeatTestFinish(cmocka_run_group_tests(Tests, NULL, TearDown));
}
