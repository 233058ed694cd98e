/* The stencil on every layout.  It is compared with the heat balance of solver/README.md,
   evaluated cell by cell for a patchwork of materials; then properties are tested: heat is
   conserved, the matrix is symmetric and positive definite, and explicit steps have the same
   bits on any layout. */
#include "solver_test.h"

/* A variant is a case on [0.5, 2] x [-1, 1] whose cells are painted one by one with one of
   these. */
static const HeatTestMaterial Materials[3] = {
    {1.0, 1.0, 1.0, 1.0}, {30.0, 4.0, 2.0, 3.0}, {0.2, 0.7, 5.0, 0.5}};

typedef enum { INSULATED, TEMPERATURE, FLUX, CONVECTION, PERIODIC } Kind;

typedef struct {
  PetscInt        nx, ny;
  Kind            side[HEAT_SIDES];
  HeatFaceAverage average;
} Variant;

static const Variant Variants[] = {
    {9, 8, {TEMPERATURE, CONVECTION, FLUX, INSULATED}, HEAT_FACE_HARMONIC},
    {8, 9, {FLUX, TEMPERATURE, CONVECTION, TEMPERATURE}, HEAT_FACE_ARITHMETIC},
    {7, 9, {PERIODIC, PERIODIC, PERIODIC, PERIODIC}, HEAT_FACE_HARMONIC},
    {8, 7, {PERIODIC, PERIODIC, CONVECTION, TEMPERATURE}, HEAT_FACE_ARITHMETIC},
    {7, 8, {CONVECTION, FLUX, PERIODIC, PERIODIC}, HEAT_FACE_HARMONIC},
    {1, 1, {PERIODIC, PERIODIC, PERIODIC, PERIODIC}, HEAT_FACE_HARMONIC},
    {1, 3, {PERIODIC, PERIODIC, PERIODIC, PERIODIC}, HEAT_FACE_HARMONIC},
    {2, 1, {PERIODIC, PERIODIC, INSULATED, TEMPERATURE}, HEAT_FACE_HARMONIC},
    {2, 2, {PERIODIC, PERIODIC, PERIODIC, PERIODIC}, HEAT_FACE_ARITHMETIC},
    {3, 2, {PERIODIC, PERIODIC, PERIODIC, PERIODIC}, HEAT_FACE_HARMONIC},
    {1, 1, {TEMPERATURE, CONVECTION, FLUX, INSULATED}, HEAT_FACE_HARMONIC},
};
enum {
  N_VARIANTS = sizeof Variants / sizeof Variants[0],
  N_SHORT    = 5 /* the first variants, without tiny grids */
};

static void FillSide(HeatCase *c, HeatSide side, Kind kind)
{
  if (kind == TEMPERATURE) HeatTestTemperature(c, side, "3 + x - 2*y");
  else if (kind == FLUX) HeatTestFlux(c, side, "5 - 4*x*y");
  else if (kind == CONVECTION) HeatTestConvection(c, side, "2 + x + y*y", "7 + y");
  else if (kind == PERIODIC) c->boundary[side].segments[0].type = HEAT_BC_PERIODIC;
}

static HeatCase *Make(const void *context)
{
  const Variant *v = context;
  HeatCase      *c = HeatTestCase(v->nx, v->ny, 2.0, 1.0, Materials[0]);

  HeatTestAddMaterial(c, Materials[1]);
  HeatTestAddMaterial(c, Materials[2]);
  HeatTestPatchwork(c, HeatTestMaterialOf);
  for (int s = 0; s < HEAT_SIDES; s++) FillSide(c, (HeatSide)s, v->side[s]);
  HeatTestText(&c->source, "10*x - y");
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

static PetscReal WorstOfRange(int first, int end, HeatTestClaim claim)
{
  return HeatTestWorstOf(&Set, first, end, claim);
}

static PetscReal WorstOf(int n, HeatTestClaim claim) { return WorstOfRange(0, n, claim); }

/* ------- the balance of one cell, equations (2) to (4) of solver/README.md ------- */

typedef PetscReal (*Field)(PetscInt i, PetscInt j);

static PetscReal NoiseField(PetscInt i, PetscInt j) { return 10.0 * HeatTestNoise(i, j, 5); }

static PetscReal Conductivity(PetscInt i, PetscInt j, int axis)
{
  const HeatTestMaterial *m = &Materials[HeatTestMaterialOf(i, j)];

  return axis == 0 ? m->kx : m->ky;
}

static PetscReal CapacityOf(const Variant *v, PetscInt i, PetscInt j)
{
  const HeatTestMaterial *m = &Materials[HeatTestMaterialOf(i, j)];

  return m->density * m->specific_heat * (1.5 / (PetscReal)v->nx) * (2.0 / (PetscReal)v->ny);
}

/* Return the heat that enters cell (i, j) through a face on the boundary.  With `linear`,
   prescribed values are taken as zero: what remains is linear in T. */
static PetscReal BoundaryHeat(const Variant *v, PetscInt i, PetscInt j, int side, PetscReal T,
                              PetscBool linear)
{
  const PetscReal hx = 1.5 / (PetscReal)v->nx, hy = 2.0 / (PetscReal)v->ny;
  const PetscReal h = side < HEAT_BOTTOM ? hx : hy, face = side < HEAT_BOTTOM ? hy : hx;
  const PetscReal x = side == HEAT_LEFT    ? 0.5
                      : side == HEAT_RIGHT ? 2.0
                                           : 0.5 + ((PetscReal)i + 0.5) * hx;
  const PetscReal y = side == HEAT_BOTTOM ? -1.0
                      : side == HEAT_TOP  ? 1.0
                                          : -1.0 + ((PetscReal)j + 0.5) * hy;
  const PetscReal k = Conductivity(i, j, side / 2), half = k * face / (h / 2.0);

  switch (v->side[side]) {
  case TEMPERATURE: return half * ((linear ? 0.0 : 3.0 + x - 2.0 * y) - T);
  case FLUX: return linear ? 0.0 : (5.0 - 4.0 * x * y) * face;
  case CONVECTION:
    return ((linear ? 0.0 : 7.0 + y) - T) / (1.0 / half + 1.0 / ((2.0 + x + y * y) * face));
  default: return 0.0;
  }
}

/* Return the heat that enters cell (i, j) through the face on a side of it. */
static PetscReal FaceHeat(const Variant *v, Field T, PetscInt i, PetscInt j, int side,
                          PetscBool linear)
{
  const PetscReal hx = 1.5 / (PetscReal)v->nx, hy = 2.0 / (PetscReal)v->ny;
  const PetscInt  to_i    = i + (side == HEAT_RIGHT) - (side == HEAT_LEFT);
  const PetscInt  to_j    = j + (side == HEAT_TOP) - (side == HEAT_BOTTOM);
  const int       outside = to_i < 0 || to_j < 0 || to_i >= v->nx || to_j >= v->ny;

  if (outside && v->side[side] != PERIODIC) return BoundaryHeat(v, i, j, side, T(i, j), linear);
  const PetscInt  ni = (to_i + v->nx) % v->nx, nj = (to_j + v->ny) % v->ny;
  const PetscReal a = Conductivity(i, j, side / 2), b = Conductivity(ni, nj, side / 2);
  const PetscReal k = v->average == HEAT_FACE_HARMONIC ? 2.0 / (1.0 / a + 1.0 / b) : (a + b) / 2.0;

  return k * (side < HEAT_BOTTOM ? hy / hx : hx / hy) * (T(ni, nj) - T(i, j));
}

static PetscReal NetOf(const Variant *v, Field T, PetscInt i, PetscInt j, PetscBool linear)
{
  const PetscReal hx = 1.5 / (PetscReal)v->nx, hy = 2.0 / (PetscReal)v->ny;
  const PetscReal x = 0.5 + ((PetscReal)i + 0.5) * hx, y = -1.0 + ((PetscReal)j + 0.5) * hy;
  PetscReal       net = linear ? 0.0 : (10.0 * x - y) * hx * hy;

  for (int side = 0; side < HEAT_SIDES; side++) net += FaceHeat(v, T, i, j, side, linear);
  return net;
}

static PetscReal *FieldArray(const HeatGrid *g, Field T)
{
  PetscReal *array = HeatTestArray(g);

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) array[j * g->nxl + i] = T(g->xs + i, g->ys + j);
  }
  return array;
}

/* Conductances reach 300 W/(m K) and temperatures 10, so heats are of order 1e3 and their rounding
   errors of order 1e-12. */
#define ROUNDING 1e-11

/* ------- net heat and the matrix ------- */

static PetscReal NetIsThatOfTheHeader(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  PetscReal      *T = FieldArray(g, NoiseField), *net = HeatTestArray(g), worst = 0.0;

  OK(HeatOperatorNet(p->op, T, net));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const PetscReal exact = NetOf(p->context, NoiseField, g->xs + i, g->ys + j, PETSC_FALSE);

      worst = HeatTestMax(worst, fabs(net[j * g->nxl + i] - exact));
      if (net[j * g->nxl + i] != net[j * g->nxl + i]) worst = INFINITY;
    }
  }
  OK(PetscFree(T));
  OK(PetscFree(net));
  return worst;
}

static void net_heat_is_the_balance_of_the_header(void **state)
{
  (void)state;
  AT_MOST(WorstOf(N_VARIANTS, NetIsThatOfTheHeader), ROUNDING);
}

static PetscReal CapacityIsThatOfTheHeader(HeatProblem *p)
{
  const HeatGrid *g     = p->g;
  PetscReal       worst = 0.0;

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const PetscReal exact = CapacityOf(p->context, g->xs + i, g->ys + j);
      const int       m     = HeatOperatorMaterial(p->op)[j * g->nxl + i];

      worst = HeatTestMax(
          worst, fabs(HeatOperatorCapacityAt(p->op, (size_t)(j * g->nxl + i)) / exact - 1.0));
      if (m != HeatTestMaterialOf(g->xs + i, g->ys + j)) worst = INFINITY;
    }
  }
  return worst;
}

static void capacity_is_density_times_specific_heat_times_area(void **state)
{
  (void)state;
  AT_MOST(WorstOf(N_SHORT, CapacityIsThatOfTheHeader), 1e-14);
}

static PetscReal ApplyIsThatOfTheHeader(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  PetscReal      *x = FieldArray(g, NoiseField), *y = HeatTestArray(g), worst = 0.0;

  OK(HeatOperatorApply(p->op, 7.0, x, y));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const PetscInt  gi = g->xs + i, gj = g->ys + j;
      const PetscReal exact = 7.0 * CapacityOf(p->context, gi, gj) * NoiseField(gi, gj) -
                              NetOf(p->context, NoiseField, gi, gj, PETSC_TRUE);

      worst = HeatTestMax(worst, fabs(y[j * g->nxl + i] - exact));
      if (y[j * g->nxl + i] != y[j * g->nxl + i]) worst = INFINITY;
    }
  }
  OK(PetscFree(x));
  OK(PetscFree(y));
  return worst;
}

static void matrix_free_product_leaves_out_sources_and_boundary_values(void **state)
{
  (void)state;
  AT_MOST(WorstOf(N_VARIANTS, ApplyIsThatOfTheHeader), ROUNDING);
}

/* Return a body of 12 x 10 cells of one material; with a context, a rectangle of another one. */
static HeatCase *MakeAlikeRows(const void *context)
{
  HeatCase *c = HeatTestCase(12, 10, 1.0, 1.0, (HeatTestMaterial){2.0, 3.0, 1.0, 1.0});

  HeatTestTemperature(c, HEAT_LEFT, "1");
  if (!context) return c;
  HeatTestAddMaterial(c, (HeatTestMaterial){20.0, 10.0, 1.0, 3.0});
  HeatTestRectangle(c, 1, 0.0, 1.0, 0.0, 0.3);
  return c;
}

/* Count the rows in memory of conductances across x (axis 0) and y (axis 1), and of capacities
   (2). */
static PetscInt StoredRows(HeatProblem *p, int axis)
{
  const PetscReal *last = NULL;
  PetscInt         n    = 0;

  for (PetscInt j = 0; j < p->g->nyl + (axis == 1 ? 1 : 0); j++) {
    const PetscReal *row = axis < 2 ? HeatOperatorConductances(p->op, axis, j)
                                    : HeatOperatorCapacity(p->op, j);

    if (row != last) n++;
    last = row;
  }
  return n;
}

/* Across y, the rows on the bottom and the top are boundary faces.  The rectangle has three rows,
   the third of which shares its upper faces with other material. */
static void rows_that_are_alike_are_stored_once(void **state)
{
  const PetscInt alone[3] = {1, 3, 1}, two[3] = {2, 5, 2};
  HeatProblem    alike = HeatTestSetUp(PETSC_COMM_SELF, MakeAlikeRows(NULL));
  HeatProblem    other = HeatTestSetUp(PETSC_COMM_SELF, MakeAlikeRows(&Variants[0]));

  (void)state;
  for (int axis = 0; axis < 3; axis++) {
    ALL(StoredRows(&alike, axis) == alone[axis]);
    ALL(StoredRows(&other, axis) == two[axis]);
  }
  HeatTestTearDown(&alike);
  HeatTestTearDown(&other);
}

static PetscReal AssembledIsMatrixFree(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  PetscReal      *x = FieldArray(g, NoiseField), *y = HeatTestArray(g), worst = 0.0;
  Mat             A;
  Vec             in = HeatTestVec(g, x), out;

  OK(HeatGridCreateMatrix(g, &A));
  OK(VecDuplicate(in, &out));
  for (int round = 0; round < 2; round++) { /* the second one replaces the entries */
    const PetscReal mass = round ? 0.0 : 3.0;

    OK(HeatOperatorApply(p->op, mass, x, y));
    OK(HeatOperatorAssemble(p->op, mass, A));
    OK(MatMult(A, in, out));
    worst = HeatTestMax(worst, HeatTestVecApart(g, out, y));
  }
  OK(MatDestroy(&A));
  OK(VecDestroy(&in));
  OK(VecDestroy(&out));
  OK(PetscFree(x));
  OK(PetscFree(y));
  return worst;
}

static void assembled_matrix_is_the_matrix_free_product(void **state)
{
  (void)state;
  AT_MOST(WorstOf(N_VARIANTS, AssembledIsMatrixFree), ROUNDING);
}

static PetscReal DiagonalIsThatOfTheMatrix(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  PetscReal      *d = HeatTestArray(g), worst;
  Mat             A;
  Vec             diagonal;

  OK(HeatGridCreateMatrix(g, &A));
  OK(HeatGridCreateVec(g, &diagonal));
  OK(HeatOperatorAssemble(p->op, 3.0, A));
  OK(HeatOperatorDiagonal(p->op, 3.0, d));
  OK(MatGetDiagonal(A, diagonal));
  worst = HeatTestVecApart(g, diagonal, d);
  OK(MatDestroy(&A));
  OK(VecDestroy(&diagonal));
  OK(PetscFree(d));
  return worst;
}

static void diagonal_is_that_of_the_matrix(void **state)
{
  (void)state;
  AT_MOST(WorstOf(N_SHORT, DiagonalIsThatOfTheMatrix), ROUNDING);
}

static int SelfNeighbours(const Variant *v)
{
  return (v->nx == 1 && v->side[HEAT_LEFT] == PERIODIC) ||
         (v->ny == 1 && v->side[HEAT_BOTTOM] == PERIODIC);
}

static PetscReal DiagonalOfUnitVectors(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  PetscReal      *e = HeatTestArray(g), *y = HeatTestArray(g), *d = HeatTestArray(g), worst = 0.0;

  OK(HeatOperatorDiagonal(p->op, 2.0, d));
  for (PetscInt cell = 0; cell < g->nx * g->ny; cell++) {
    const PetscInt i = cell % g->nx - g->xs, j = cell / g->nx - g->ys;
    const int      own = i >= 0 && j >= 0 && i < g->nxl && j < g->nyl;

    if (own) e[j * g->nxl + i] = 1.0;
    OK(HeatOperatorApply(p->op, 2.0, e, y));
    if (!own) continue;
    worst             = HeatTestMax(worst, fabs(y[j * g->nxl + i] - d[j * g->nxl + i]));
    e[j * g->nxl + i] = 0.0;
  }
  OK(PetscFree(e));
  OK(PetscFree(y));
  OK(PetscFree(d));
  return worst;
}

/* Tiny periodic grids, where two cells can be neighbours on both sides. */
static void diagonal_is_that_of_the_matrix_free_product(void **state)
{
  (void)state;
  for (int k = N_SHORT; k < N_VARIANTS; k++) {
    if (!SelfNeighbours(&Variants[k])) {
      AT_MOST(WorstOfRange(k, k + 1, DiagonalOfUnitVectors), ROUNDING);
    }
  }
}

/* A cell that is alone along a periodic axis is its own neighbour; no heat flows through that
   face. */
static void diagonal_leaves_out_the_face_of_a_cell_with_itself(void **state)
{
  (void)state;
  for (int k = N_SHORT; k < N_VARIANTS; k++) {
    if (SelfNeighbours(&Variants[k])) {
      AT_MOST(WorstOfRange(k, k + 1, DiagonalOfUnitVectors), ROUNDING);
    }
  }
}

/* ------- properties of the balance ------- */

static PetscReal HeatIsConserved(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  PetscReal      *T = FieldArray(g, NoiseField), *net = HeatTestArray(g), sum = 0.0;
  HeatFlows       flows;

  OK(HeatOperatorNet(p->op, T, net));
  OK(HeatOperatorFlows(p->op, T, &flows));
  for (size_t k = 0; k < HeatGridLocalCells(g); k++) sum += net[k];
  OK(PetscFree(T));
  OK(PetscFree(net));
  return fabs(HeatTestSum(g->comm, sum) - HeatTestEntered(g->comm, &flows));
}

static void net_heat_adds_up_to_sides_and_sources(void **state)
{
  (void)state;
  AT_MOST(WorstOf(N_VARIANTS, HeatIsConserved), 10.0 * ROUNDING);
}

static PetscReal SidesAreThoseOfTheHeader(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  const Variant  *v = p->context;
  PetscReal      *T = FieldArray(g, NoiseField), worst = 0.0, magnitudes = 0.0;
  HeatFlows       flows;

  OK(HeatOperatorFlows(p->op, T, &flows));
  for (int s = 0; s < HEAT_SIDES; s++) {
    PetscReal      exact = 0.0;
    const PetscInt n     = s < HEAT_BOTTOM ? g->ny : g->nx;

    for (PetscInt k = 0; k < n; k++) {
      const PetscInt  i    = s == HEAT_LEFT ? 0 : s == HEAT_RIGHT ? g->nx - 1 : k;
      const PetscInt  j    = s == HEAT_BOTTOM ? 0 : s == HEAT_TOP ? g->ny - 1 : k;
      const PetscReal face = BoundaryHeat(v, i, j, s, NoiseField(i, j), PETSC_FALSE);

      exact += face;
      magnitudes += fabs(face);
    }
    worst = HeatTestMax(worst, fabs(HeatTestReduceExact(g->comm, &flows.sum[s]) - exact));
  }
  magnitudes += HeatTestReduceExact(g->comm, HeatSourceLocalTurnover(HeatOperatorSource(p->op)));
  worst = HeatTestMax(
      worst, fabs(HeatTestReduceExact(g->comm, &flows.sum[HEAT_FLOW_TURNOVER]) - magnitudes));
  OK(PetscFree(T));
  return worst;
}

static void heat_of_a_side_is_the_sum_over_its_faces(void **state)
{
  (void)state;
  AT_MOST(WorstOf(N_SHORT, SidesAreThoseOfTheHeader), 10.0 * ROUNDING);
}

static HeatCase *MakeTwoCells(const void *context)
{
  HeatCase *c = HeatTestCase(2, 1, 1.0, 1.0, (HeatTestMaterial){0.3, 1.0, 1.0, 1.0});

  HeatTestAddMaterial(c, (HeatTestMaterial){0.7, 1.0, 3.0, 1.0});
  HeatTestRectangle(c, 1, 0.5, 1.0, 0.0, 1.0);
  (void)context;
  return c;
}

static PetscReal OppositeBits(HeatProblem *p)
{
  PetscReal *T = HeatTestNoiseArray(p->g, 9), *net = HeatTestArray(p->g), sum = 0.0;

  OK(HeatOperatorNet(p->op, T, net));
  for (size_t k = 0; k < HeatGridLocalCells(p->g); k++) sum += net[k];
  OK(PetscFree(T));
  OK(PetscFree(net));
  return fabs(HeatTestSum(p->g->comm, sum));
}

/* The heats of the two cells are exactly opposite, also when two ranks own them. */
static void face_gives_one_cell_exactly_what_it_takes_from_the_other(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeTwoCells, OppositeBits, NULL), 0.0);
}

static PetscReal ProductIsSymmetric(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  PetscReal      *x = HeatTestNoiseArray(g, 1), *y = HeatTestNoiseArray(g, 2);
  PetscReal      *Ax = HeatTestArray(g), *Ay = HeatTestArray(g), apart;

  OK(HeatOperatorApply(p->op, 0.3, x, Ax));
  OK(HeatOperatorApply(p->op, 0.3, y, Ay));
  apart = fabs(HeatTestDot(g, x, Ay) - HeatTestDot(g, Ax, y));
  OK(PetscFree(x));
  OK(PetscFree(y));
  OK(PetscFree(Ax));
  OK(PetscFree(Ay));
  return apart;
}

static void product_is_symmetric(void **state)
{
  (void)state;
  AT_MOST(WorstOf(N_VARIANTS, ProductIsSymmetric), ROUNDING);
}

/* Return -<x, A x>/<x, x>, which is positive if the product is not positive definite. */
static PetscReal NegativeQuotient(HeatProblem *p, PetscReal mass, const PetscReal *x)
{
  PetscReal *y = HeatTestArray(p->g), quotient;

  OK(HeatOperatorApply(p->op, mass, x, y));
  quotient = HeatTestDot(p->g, x, y) / HeatTestDot(p->g, x, x);
  OK(PetscFree(y));
  return -quotient;
}

static PetscReal NotPositive(HeatProblem *p)
{
  const Variant *v = p->context;
  PetscReal *noise = HeatTestNoiseArray(p->g, 3), *one = HeatTestLinearArray(p->g, 1.0, 0.0, 0.0);
  PetscBool  fixed = PETSC_FALSE;
  PetscReal  worst;

  for (int s = 0; s < HEAT_SIDES; s++) {
    if (v->side[s] == TEMPERATURE || v->side[s] == CONVECTION) fixed = PETSC_TRUE;
  }
  worst = HeatTestMax(NegativeQuotient(p, 0.1, noise), NegativeQuotient(p, 0.1, one));
  if (fixed) worst = HeatTestMax(worst, NegativeQuotient(p, 0.0, noise));
  if (fixed) worst = HeatTestMax(worst, NegativeQuotient(p, 0.0, one));
  OK(PetscFree(noise));
  OK(PetscFree(one));
  return worst < 0.0 ? 0.0 : 1.0;
}

static void product_is_positive_definite_with_mass_or_a_held_side(void **state)
{
  (void)state;
  AT_MOST(WorstOf(N_VARIANTS, NotPositive), 0.0);
}

static HeatCase *MakeResting(const void *context)
{
  HeatCase *c = HeatTestCase(8, 7, 1.0, 1.0, Materials[1]);

  (void)context;
  HeatTestPeriodic(c, 0);
  HeatTestTemperature(c, HEAT_BOTTOM, "293.15");
  HeatTestConvection(c, HEAT_TOP, "4", "293.15");
  return c;
}

static void field_at_the_temperature_of_its_surroundings_rests_exactly(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeResting, HeatTestNetAtRest, NULL), 0.0);
}

/* ------- explicit steps ------- */

/* Return the field after explicit steps on the whole grid, computed by one rank. */
static PetscReal *StepsAlone(const void *context, int steps, PetscReal dt)
{
  HeatProblem p = HeatTestSetUp(PETSC_COMM_SELF, Make(context));
  PetscReal  *T = FieldArray(p.g, NoiseField), *new = HeatTestArray(p.g);

  for (int k = 0; k < steps; k++) {
    OK(HeatOperatorStep(p.op, dt, T, new));
    memcpy(T, new, HeatGridLocalCells(p.g) * sizeof *T);
  }
  OK(PetscFree(new));
  HeatTestTearDown(&p);
  return T;
}

static PetscReal SameBits(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  PetscReal       dt, differ = 0.0;
  PetscReal      *T = FieldArray(g, NoiseField), *new = HeatTestArray(g), *alone;

  OK(HeatOperatorStableStep(p->op, &dt));
  dt *= 0.5;
  alone = StepsAlone(p->context, 5, dt);
  for (int k = 0; k < 5; k++) {
    OK(HeatOperatorStep(p->op, dt, T, new));
    memcpy(T, new, HeatGridLocalCells(g) * sizeof *T);
  }
  for (PetscInt j = 0; j < g->nyl; j++) {
    differ += memcmp(T + j * g->nxl, alone + (g->ys + j) * g->nx + g->xs,
                     (size_t)g->nxl * sizeof *T) != 0;
  }
  OK(PetscFree(T));
  OK(PetscFree(new));
  OK(PetscFree(alone));
  return differ;
}

static void explicit_steps_have_the_same_bits_on_any_layout(void **state)
{
  (void)state;
  AT_MOST(WorstOf(N_VARIANTS, SameBits), 0.0);
}

static PetscReal StepIsEuler(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  PetscReal      *T = FieldArray(g, NoiseField), *net = HeatTestArray(g), *new = HeatTestArray(g);
  PetscReal       worst = 0.0;

  OK(HeatOperatorNet(p->op, T, net));
  OK(HeatOperatorStep(p->op, 1e-3, T, new));
  for (size_t k = 0; k < HeatGridLocalCells(g); k++) {
    const PetscReal exact = T[k] + 1e-3 * net[k] / HeatOperatorCapacityAt(p->op, k);

    worst = HeatTestMax(worst, fabs(new[k] - exact));
  }
  OK(PetscFree(T));
  OK(PetscFree(net));
  OK(PetscFree(new));
  return worst;
}

static void explicit_step_adds_net_heat_over_capacity(void **state)
{
  (void)state;
  AT_MOST(WorstOf(N_SHORT, StepIsEuler), ROUNDING);
}

/* Return by how much three steps of half the stable length fall below 0, the minimum of the
   field.  With such a step each new temperature is a mean of old ones with weights that are not
   negative. */
static PetscReal BelowZero(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  PetscReal      *T = HeatTestNoiseArray(g, 8), *new = HeatTestArray(g);
  PetscReal       low = 0.0, dt;

  for (size_t k = 0; k < HeatGridLocalCells(g); k++) T[k] = T[k] > 0.5 ? 1.0 : 0.0;
  OK(HeatOperatorStableStep(p->op, &dt));
  for (int step = 0; step < 3; step++) {
    OK(HeatOperatorStep(p->op, 0.5 * dt, T, new));
    memcpy(T, new, HeatGridLocalCells(g) * sizeof *T);
    for (size_t k = 0; k < HeatGridLocalCells(g); k++) low = HeatTestMax(low, -T[k]);
  }
  OK(PetscFree(T));
  OK(PetscFree(new));
  return low;
}

static HeatCase *MakeUnforced(const void *context)
{
  HeatCase *c = Make(context);

  HeatTestNumber(&c->source, 0.0);
  for (int s = 0; s < HEAT_SIDES; s++) {
    if (c->boundary[s].segments[0].type == HEAT_BC_TEMPERATURE)
      HeatTestNumber(&c->boundary[s].segments[0].value, 0.0);
    if (c->boundary[s].segments[0].type == HEAT_BC_FLUX)
      HeatTestNumber(&c->boundary[s].segments[0].value, 0.0);
    if (c->boundary[s].segments[0].type == HEAT_BC_CONVECTION)
      HeatTestNumber(&c->boundary[s].segments[0].ambient, 0.0);
  }
  return c;
}

static void half_the_stable_step_makes_no_new_minimum(void **state)
{
  (void)state;
  for (int k = 0; k < N_SHORT; k++) {
    AT_MOST(HeatTestLayouts(MakeUnforced, BelowZero, &Variants[k]), 1e-15);
  }
}

/* ------- the stable step ------- */

static HeatCase *MakeUniform(const void *context)
{
  HeatCase *c = HeatTestCase(8, 10, 0.8, 0.5, (HeatTestMaterial){2.0, 0.5, 3.0, 4.0});

  if (context) {
    HeatTestPeriodic(c, 0);
    HeatTestPeriodic(c, 1);
  }
  return c;
}

/* Compare the stable step with 2 over the largest eigenvalue, 4 (kx/hx^2 + ky/hy^2)/(density *
   specific_heat), with hx = 0.1 and hy = 0.05. */
static PetscReal StableStepIsAnalytic(HeatProblem *p)
{
  PetscReal dt;

  OK(HeatOperatorStableStep(p->op, &dt));
  return fabs(dt / (2.0 * 12.0 / (4.0 * (2.0 / 0.01 + 0.5 / 0.0025))) - 1.0);
}

static void stable_step_of_a_uniform_material_is_the_textbooks(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeUniform, StableStepIsAnalytic, NULL), 1e-12);
  AT_MOST(HeatTestLayouts(MakeUniform, StableStepIsAnalytic, ""), 1e-12);
}

/* The checkerboard is the fastest mode of a periodic grid; a stable step changes its sign. */
static PetscReal CheckerboardChangesSign(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  PetscReal      *T = HeatTestArray(g), *new = HeatTestArray(g), dt, worst = 0.0;

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      T[j * g->nxl + i] = (g->xs + i + g->ys + j) % 2 ? -1.0 : 1.0;
    }
  }
  OK(HeatOperatorStableStep(p->op, &dt));
  OK(HeatOperatorStep(p->op, dt, T, new));
  for (size_t k = 0; k < HeatGridLocalCells(g); k++)
    worst = HeatTestMax(worst, fabs(new[k] + T[k]));
  OK(PetscFree(T));
  OK(PetscFree(new));
  return worst;
}

static void fastest_mode_neither_grows_nor_decays_with_the_stable_step(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeUniform, CheckerboardChangesSign, ""), 1e-13);
}

static HeatCase *MakeHeldCell(const void *context)
{
  HeatCase *c = HeatTestCase(1, 1, 0.1, 0.1, (HeatTestMaterial){2.0, 2.0, 3.0, 4.0});

  (void)context;
  for (int s = 0; s < HEAT_SIDES; s++) HeatTestTemperature(c, (HeatSide)s, "0");
  return c;
}

/* A single cell with all sides held at 0 obeys C dT/dt = -8 k T, so the stable step is 2 C/(8 k)
   and changes the sign of T. */
static PetscReal HeldCellChangesSign(HeatProblem *p)
{
  PetscReal T = 1.0, new, dt;

  OK(HeatOperatorStableStep(p->op, &dt));
  OK(HeatOperatorStep(p->op, dt, &T, &new));
  return HeatTestMax(fabs(dt / (2.0 * 12.0 * 0.01 / 16.0) - 1.0), fabs(new + 1.0));
}

static void stable_step_counts_the_faces_on_held_sides(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeHeldCell, HeldCellChangesSign, NULL), 1e-14);
}

/* Return the factor by which one of 20 stable steps makes the norm sum C T^2 grow, or 0 if none
   does. */
static PetscReal Growth(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  PetscReal      *T = HeatTestNoiseArray(g, 4), *new = HeatTestArray(g), dt, before, after;

  OK(HeatOperatorStableStep(p->op, &dt));
  for (int step = 0;; step++) {
    after = 0.0;
    for (size_t k = 0; k < HeatGridLocalCells(g); k++)
      after += HeatOperatorCapacityAt(p->op, k) * T[k] * T[k];
    after = HeatTestSum(g->comm, after);
    if (step > 0 && !(after <= before * (1.0 + 1e-13))) break;
    if (step == 20) break;
    before = after;
    OK(HeatOperatorStep(p->op, dt, T, new));
    memcpy(T, new, HeatGridLocalCells(g) * sizeof *T);
  }
  OK(PetscFree(T));
  OK(PetscFree(new));
  return after <= before * (1.0 + 1e-13) ? 0.0 : after / before;
}

static void stable_step_lets_nothing_grow_in_a_patchwork(void **state)
{
  (void)state;
  for (int k = 0; k < N_SHORT; k++) {
    AT_MOST(HeatTestLayouts(MakeUnforced, Growth, &Variants[k]), 0.0);
  }
}

/* ------- heat flux ------- */

static HeatCase *MakeLinear(const void *context)
{
  HeatCase *c = HeatTestCase(9, 8, 1.5, 0.7, (HeatTestMaterial){2.0, 0.5, 3.0, 4.0});

  (void)context;
  HeatTestTemperature(c, HEAT_LEFT, "10 + 3*x - 5*y");
  HeatTestTemperature(c, HEAT_BOTTOM, "10 + 3*x - 5*y");
  HeatTestFlux(c, HEAT_RIGHT, "6");
  HeatTestFlux(c, HEAT_TOP, "-2.5");
  return c;
}

/* The flux of T = 10 + 3 x - 5 y is qx = -3 kx = -6 and qy = 5 ky = 2.5 everywhere, up to sides
   with a temperature and sides with a flux. */
static PetscReal FluxIsConstant(HeatProblem *p)
{
  const HeatGrid *g  = p->g;
  PetscReal      *T  = HeatTestLinearArray(g, 10.0, 3.0, -5.0);
  PetscReal      *qx = HeatTestArray(g), *qy = HeatTestArray(g), worst = 0.0;

  OK(HeatOperatorFlux(p->op, T, qx, qy));
  for (size_t k = 0; k < HeatGridLocalCells(g); k++) {
    worst = HeatTestMax(worst, HeatTestMax(fabs(qx[k] + 6.0), fabs(qy[k] - 2.5)));
    if (qx[k] != qx[k] || qy[k] != qy[k]) worst = INFINITY;
  }
  OK(PetscFree(T));
  OK(PetscFree(qx));
  OK(PetscFree(qy));
  return worst;
}

static void heat_flux_of_a_linear_field_is_exact_up_to_the_sides(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeLinear, FluxIsConstant, NULL), 1e-11);
}

static PetscReal FluxIsThatOfTheHeader(HeatProblem *p)
{
  const HeatGrid *g  = p->g;
  const Variant  *v  = p->context;
  PetscReal      *T  = FieldArray(g, NoiseField);
  PetscReal      *qx = HeatTestArray(g), *qy = HeatTestArray(g), worst = 0.0;

  OK(HeatOperatorFlux(p->op, T, qx, qy));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      PetscReal heat[HEAT_SIDES];

      for (int s = 0; s < HEAT_SIDES; s++) {
        heat[s] = FaceHeat(v, NoiseField, g->xs + i, g->ys + j, s, PETSC_FALSE);
      }
      const PetscReal x = (heat[HEAT_LEFT] - heat[HEAT_RIGHT]) / (2.0 * g->hy);
      const PetscReal y = (heat[HEAT_BOTTOM] - heat[HEAT_TOP]) / (2.0 * g->hx);

      worst = HeatTestMax(worst, fabs(qx[j * g->nxl + i] - x));
      worst = HeatTestMax(worst, fabs(qy[j * g->nxl + i] - y));
    }
  }
  OK(PetscFree(T));
  OK(PetscFree(qx));
  OK(PetscFree(qy));
  return worst;
}

static void heat_flux_is_the_mean_of_two_faces(void **state)
{
  (void)state;
  AT_MOST(WorstOf(N_VARIANTS, FluxIsThatOfTheHeader), 100.0 * ROUNDING);
}

/* ------- times ------- */

static HeatCase *MakeChanging(const void *context)
{
  HeatCase *c = HeatTestCase(8, 7, 0.8, 0.7, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});

  (void)context;
  HeatTestText(&c->source, "100*t");
  HeatTestFlux(c, HEAT_LEFT, "10*t*t");
  return c;
}

/* Return the largest deviation of the net heat for T = 0: each cell has its source, and cells on
   the left also the flux; hx = hy = 0.1. */
static PetscReal NetAtTime(HeatProblem *p, PetscReal source, PetscReal flux)
{
  const HeatGrid *g = p->g;
  PetscReal      *T = HeatTestArray(g), *net = HeatTestArray(g), worst = 0.0;

  OK(HeatOperatorNet(p->op, T, net));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const PetscReal exact = 0.01 * source + (g->xs + i == 0 ? 0.1 * flux : 0.0);

      worst = HeatTestMax(worst, fabs(net[j * g->nxl + i] - exact));
    }
  }
  OK(PetscFree(T));
  OK(PetscFree(net));
  return worst;
}

static PetscReal TimesAreFollowed(HeatProblem *p)
{
  PetscReal worst = NetAtTime(p, 0.0, 0.0);

  OK(HeatOperatorSetTime(p->op, 2.0));
  worst = HeatTestMax(worst, NetAtTime(p, 200.0, 40.0));
  OK(HeatOperatorSetTime(p->op, 2.0));
  OK(HeatOperatorSetSurfaceTime(p->op, 5.0)); /* as for a probe */
  OK(HeatOperatorSetTime(p->op, 2.0));
  return HeatTestMax(worst, NetAtTime(p, 200.0, 40.0));
}

static void sources_and_fluxes_are_those_of_the_time(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeChanging, TimesAreFollowed, NULL), 1e-13);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(net_heat_is_the_balance_of_the_header),
    cmocka_unit_test(capacity_is_density_times_specific_heat_times_area),
    cmocka_unit_test(matrix_free_product_leaves_out_sources_and_boundary_values),
    cmocka_unit_test(rows_that_are_alike_are_stored_once),
    cmocka_unit_test(assembled_matrix_is_the_matrix_free_product),
    cmocka_unit_test(diagonal_is_that_of_the_matrix),
    cmocka_unit_test(diagonal_is_that_of_the_matrix_free_product),
    cmocka_unit_test(diagonal_leaves_out_the_face_of_a_cell_with_itself),
    cmocka_unit_test(net_heat_adds_up_to_sides_and_sources),
    cmocka_unit_test(heat_of_a_side_is_the_sum_over_its_faces),
    cmocka_unit_test(face_gives_one_cell_exactly_what_it_takes_from_the_other),
    cmocka_unit_test(product_is_symmetric),
    cmocka_unit_test(product_is_positive_definite_with_mass_or_a_held_side),
    cmocka_unit_test(field_at_the_temperature_of_its_surroundings_rests_exactly),
    cmocka_unit_test(explicit_steps_have_the_same_bits_on_any_layout),
    cmocka_unit_test(explicit_step_adds_net_heat_over_capacity),
    cmocka_unit_test(half_the_stable_step_makes_no_new_minimum),
    cmocka_unit_test(stable_step_of_a_uniform_material_is_the_textbooks),
    cmocka_unit_test(fastest_mode_neither_grows_nor_decays_with_the_stable_step),
    cmocka_unit_test(stable_step_counts_the_faces_on_held_sides),
    cmocka_unit_test(stable_step_lets_nothing_grow_in_a_patchwork),
    cmocka_unit_test(heat_flux_of_a_linear_field_is_exact_up_to_the_sides),
    cmocka_unit_test(heat_flux_is_the_mean_of_two_faces),
    cmocka_unit_test(sources_and_fluxes_are_those_of_the_time),
};

int main(void)
{
  if (PetscInitializeNoArguments() || HeatErrorInstall()) return 1;
  return HeatTestFinish(cmocka_run_group_tests(Tests, NULL, TearDown));
}
