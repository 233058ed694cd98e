/** Helpers for the tests of the solver: cases made in C, one claim checked on every layout of
 *  the ranks, and assertions on which all ranks agree, so that no rank waits for one that has
 *  failed.
 *
 *  A claim about a grid is a function that returns its largest deviation on this rank.  It runs
 *  on the first two ranks and on all ranks, in every process grid that fits the cells.  Fields
 *  are functions of the global cell index alone, so each rank can compute the values that it
 *  should find.
 */
#ifndef HEAT_TESTS_SOLVER_TEST_H
#define HEAT_TESTS_SOLVER_TEST_H

#include "case_test.h"

#include <math.h>
#include <stdlib.h>

#include "solver/implicit/linear.h"

/* ------- assertions on which all ranks agree ------- */

/* Return the largest value over all ranks, or infinity if it is NaN on any rank. */
static inline PetscReal HeatTestWorst(PetscReal value)
{
  PetscReal mine = value == value ? value : INFINITY, worst;

  MPI_Allreduce(&mine, &worst, 1, MPIU_REAL, MPI_MAX, PETSC_COMM_WORLD);
  return worst;
}

/* Assert that a condition holds on all ranks.  Collective. */
#define ALL(condition)                                                                             \
  do {                                                                                             \
    if (HeatTestWorst((condition) ? 0.0 : 1.0) > 0.0)                                              \
      fail_msg("not on all ranks: %s", #condition);                                                \
  } while (0)

/* Assert that the largest value over all ranks is at most the bound.  Collective. */
#define AT_MOST(value, bound)                                                                      \
  do {                                                                                             \
    const PetscReal worst_ = HeatTestWorst(value), bound_ = (bound);                               \
    if (!(worst_ <= bound_)) fail_msg("%s: found %.3e, at most %.3e", #value, worst_, bound_);     \
  } while (0)

/* Assert that a call raises `code` exactly once on every rank, with `words` in its message. */
#define RAISES(code, words, call)                                                                  \
  do {                                                                                             \
    HeatRaised raised_ = {0, ""};                                                                  \
    OK(PetscPushErrorHandler(HeatRecord, &raised_));                                               \
    const PetscErrorCode code_ = (call);                                                           \
    OK(PetscPopErrorHandler());                                                                    \
    const int right_ = code_ == (code) && raised_.count == 1 && strstr(raised_.message, (words));  \
    if (HeatTestWorst(right_ ? 0.0 : 1.0) > 0.0) {                                                 \
      fail_msg("expected one error %d with \"%s\", got code %d, %d raised, last \"%s\"",           \
               (int)(code), (words), (int)code_, raised_.count, raised_.message);                  \
    }                                                                                              \
  } while (0)

/* Return the larger value, or infinity if either is NaN.  The macro PetscMax is no alternative:
   it evaluates one argument twice, so a collective one a different number of times on each rank,
   and it loses a NaN. */
static inline PetscReal HeatTestMax(PetscReal a, PetscReal b)
{
  if (a != a || b != b) return INFINITY;
  return a > b ? a : b;
}

/* ------- cases ------- */

typedef struct {
  PetscReal kx, ky, density, specific_heat; /* [W/(m K)], [kg/m3], [J/(kg K)] */
} HeatTestMaterial;

/* Append a material; the one with number n is named "mN", such as "m0". */
static inline void HeatTestAddMaterial(HeatCase *c, HeatTestMaterial m)
{
  char name[16];
  HeatMaterial *new;

  OK(PetscRealloc((size_t)(c->n_materials + 1) * sizeof *c->materials, &c->materials));
  new = &c->materials[c->n_materials];
  snprintf(name, sizeof name, "m%d", (int)c->n_materials++);
  *new = (HeatMaterial){
      NULL, {{PETSC_TRUE, m.kx, NULL}, {PETSC_TRUE, m.ky, NULL}}, m.density, m.specific_heat};
  OK(PetscStrallocpy(name, &new->name));
}

/* Append a region of a shape that paints only the material with this number, or nothing for -1. */
static inline HeatRegion *HeatTestAddRegion(HeatCase *c, HeatShape shape, int material)
{
  char name[16];
  HeatRegion *new;

  OK(PetscRealloc((size_t)(c->n_regions + 1) * sizeof *c->regions, &c->regions));
  new = &c->regions[c->n_regions++];
  memset(new, 0, sizeof *new);
  new->shape    = shape;
  new->material = -1;
  snprintf(name, sizeof name, "m%d", material);
  if (material >= 0) OK(PetscStrallocpy(name, &new->material_name));
  return new;
}

static inline HeatRegion *HeatTestRectangle(HeatCase *c, int material, PetscReal x0, PetscReal x1,
                                            PetscReal y0, PetscReal y1)
{
  HeatRegion *r = HeatTestAddRegion(c, HEAT_SHAPE_RECTANGLE, material);

  r->x[0] = x0;
  r->x[1] = x1;
  r->y[0] = y0;
  r->y[1] = y1;
  return r;
}

static inline void HeatTestNumber(HeatFormula *f, PetscReal value)
{
  OK(PetscFree(f->text));
  *f = (HeatFormula){PETSC_TRUE, value, NULL};
}

static inline void HeatTestText(HeatFormula *f, const char *text)
{
  OK(PetscFree(f->text));
  f->given = PETSC_TRUE;
  OK(PetscStrallocpy(text, &f->text));
}

static inline void HeatTestTemperature(HeatCase *c, HeatSide side, const char *value)
{
  c->boundary[side].segments[0].type = HEAT_BC_TEMPERATURE;
  HeatTestText(&c->boundary[side].segments[0].value, value);
}

static inline void HeatTestFlux(HeatCase *c, HeatSide side, const char *value)
{
  c->boundary[side].segments[0].type = HEAT_BC_FLUX;
  HeatTestText(&c->boundary[side].segments[0].value, value);
}

static inline void HeatTestConvection(HeatCase *c, HeatSide side, const char *coefficient,
                                      const char *ambient)
{
  c->boundary[side].segments[0].type = HEAT_BC_CONVECTION;
  HeatTestText(&c->boundary[side].segments[0].coefficient, coefficient);
  HeatTestText(&c->boundary[side].segments[0].ambient, ambient);
}

static inline void HeatTestRadiation(HeatCase *c, HeatSide side, const char *emissivity,
                                     const char *ambient)
{
  c->boundary[side].segments[0].type = HEAT_BC_RADIATION;
  HeatTestText(&c->boundary[side].segments[0].emissivity, emissivity);
  HeatTestText(&c->boundary[side].segments[0].ambient, ambient);
}

/* Add a contact resistance [m2 K/W] between touching cells of the materials numbered a and b. */
static inline void HeatTestContact(HeatCase *c, int a, int b, PetscReal resistance)
{
  HeatContact *new;
  char name[16];

  OK(PetscRealloc((size_t)(c->n_contacts + 1) * sizeof *c->contacts, &c->contacts));
  new  = &c->contacts[c->n_contacts++];
  *new = (HeatContact){.resistance = resistance};
  snprintf(name, sizeof name, "m%d", a);
  OK(PetscStrallocpy(name, &new->names[0]));
  snprintf(name, sizeof name, "m%d", b);
  OK(PetscStrallocpy(name, &new->names[1]));
}

static inline void HeatTestPeriodic(HeatCase *c, int axis)
{
  c->boundary[2 * axis].segments[0].type = c->boundary[2 * axis + 1].segments[0].type =
      HEAT_BC_PERIODIC;
}

/* Make a case of nx x ny cells on [0, width] x [0, height]: insulated, one material "m0", one
   step of 1 s with ftcs. */
static inline HeatCase *HeatTestCase(PetscInt nx, PetscInt ny, PetscReal width, PetscReal height,
                                     HeatTestMaterial m)
{
  HeatCase *c;

  OK(HeatCaseCreate(&c));
  c->grid.cells[0] = nx;
  c->grid.cells[1] = ny;
  c->grid.x[1]     = width;
  c->grid.y[1]     = height;
  c->time.scheme   = HEAT_SCHEME_FTCS;
  c->time.step     = 1.0;
  c->time.steps    = 1;
  HeatTestAddMaterial(c, m);
  HeatTestAddRegion(c, HEAT_SHAPE_ALL, 0);
  HeatTestNumber(&c->initial.temperature, 0.0);
  OK(PetscStrallocpy("out", &c->output.directory));
  return c;
}

/* Set the domain to [0.5, 2] x [-1, 1] and paint each cell by a rectangle of its own with the
   material of number of(i, j). */
static inline void HeatTestPatchwork(HeatCase *c, int (*of)(PetscInt i, PetscInt j))
{
  const PetscInt  nx = c->grid.cells[0], ny = c->grid.cells[1];
  const PetscReal hx = 1.5 / (PetscReal)nx, hy = 2.0 / (PetscReal)ny;

  c->grid.x[0] = 0.5;
  c->grid.x[1] = 2.0;
  c->grid.y[0] = -1.0;
  c->grid.y[1] = 1.0;
  for (PetscInt j = 0; j < ny; j++) {
    for (PetscInt i = 0; i < nx; i++) {
      HeatTestRectangle(c, of(i, j), 0.5 + hx * (PetscReal)i, 0.5 + hx * (PetscReal)(i + 1),
                        -1.0 + hy * (PetscReal)j, -1.0 + hy * (PetscReal)(j + 1));
    }
  }
}

/* Return one of three material numbers, pseudo-random in each cell. */
static inline int HeatTestMaterialOf(PetscInt i, PetscInt j);

/* ------- problems ------- */

typedef struct {
  const void   *context; /* from which the case was made */
  HeatCase     *c;
  HeatGrid     *g;
  HeatOperator *op;
} HeatProblem;

/* Create the grid of a case, without an operator.  The problem takes ownership of the case. */
static inline HeatProblem HeatTestSetUpGrid(MPI_Comm comm, HeatCase *c)
{
  HeatProblem p = {NULL, c, NULL, NULL};
  PetscMPIInt size;

  MPI_Comm_size(comm, &size);
  OK(HeatCaseValidate(comm, c, size));
  OK(HeatGridCreate(comm, c, &p.g));
  return p;
}

/* Create grid and operator of a case.  The problem takes ownership of the case. */
static inline HeatProblem HeatTestSetUp(MPI_Comm comm, HeatCase *c)
{
  HeatProblem p = HeatTestSetUpGrid(comm, c);

  OK(HeatOperatorCreate(p.g, c, NULL, &p.op));
  return p;
}

static inline void HeatTestTearDown(HeatProblem *p)
{
  OK(HeatOperatorDestroy(&p->op));
  OK(HeatGridDestroy(&p->g));
  OK(HeatCaseDestroy(&p->c));
}

static inline PetscMPIInt HeatTestSize(void)
{
  PetscMPIInt size;

  MPI_Comm_size(PETSC_COMM_WORLD, &size);
  return size;
}

typedef HeatCase *(*HeatTestMake)(const void *context); /* makes a case; the caller owns it */
typedef PetscReal (*HeatTestClaim)(HeatProblem *p); /* returns the largest deviation, own rank */

/* One case or several (their contexts differ), each on several layouts of the ranks. */
typedef struct {
  int          n;
  HeatProblem *list; /* the problems in which this rank takes part */
} HeatProblems;

/* Append the case made from `context` in every process grid of the ranks of comm that leaves each
   block at least one cell. */
static inline void HeatTestAddLayoutsOf(MPI_Comm comm, HeatProblems *all, PetscBool with_operator,
                                        HeatTestMake make, const void *context)
{
  PetscMPIInt size;

  MPI_Comm_size(comm, &size);
  for (PetscInt px = 1; px <= size; px++) {
    HeatCase *c = make(context);

    if (size % px || px > c->grid.cells[0] || size / px > c->grid.cells[1]) {
      OK(HeatCaseDestroy(&c));
      continue;
    }
    c->decomposition.processes[0] = px;
    c->decomposition.processes[1] = size / px;
    OK(PetscRealloc((size_t)(all->n + 1) * sizeof *all->list, &all->list));
    all->list[all->n] = with_operator ? HeatTestSetUp(comm, c) : HeatTestSetUpGrid(comm, c);
    all->list[all->n++].context = context;
  }
}

/* Append all layouts of the first two ranks and of all ranks.  Two ranks are tested because they
   are neighbours of each other on both sides where the domain is periodic. */
static inline void HeatTestAddLayouts(HeatProblems *all, PetscBool with_operator, HeatTestMake make,
                                      const void *context)
{
  const PetscMPIInt size = HeatTestSize();
  PetscMPIInt       rank;

  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  for (PetscMPIInt n = 1; n <= size; n++) {
    MPI_Comm comm;

    if (n != 2 && n != size) continue;
    MPI_Comm_split(PETSC_COMM_WORLD, rank < n ? 0 : MPI_UNDEFINED, rank, &comm);
    if (comm == MPI_COMM_NULL) continue;
    HeatTestAddLayoutsOf(comm, all, with_operator, make, context);
    MPI_Comm_free(&comm);
  }
}

static inline void HeatTestDestroyProblems(HeatProblems *all)
{
  for (int k = 0; k < all->n; k++) HeatTestTearDown(&all->list[k]);
  OK(PetscFree(all->list));
  all->n = 0;
}

/* Return this rank's largest deviation of a claim over all layouts; -1 if the grid has fewer cells
   than ranks in every layout, so that nothing is tested. */
static inline PetscReal HeatTestOverLayouts(PetscBool with_operator, HeatTestMake make,
                                            HeatTestClaim claim, const void *context)
{
  HeatProblems all   = {0, NULL};
  PetscReal    worst = 0.0;

  HeatTestAddLayouts(&all, with_operator, make, context);
  if (all.n == 0) return -1.0;
  for (int k = 0; k < all.n; k++) worst = HeatTestMax(worst, claim(&all.list[k]));
  HeatTestDestroyProblems(&all);
  return worst;
}

/* Return this rank's largest deviation of a claim about an operator over all layouts. */
static inline PetscReal HeatTestLayouts(HeatTestMake make, HeatTestClaim claim, const void *context)
{
  return HeatTestOverLayouts(PETSC_TRUE, make, claim, context);
}

/* Return this rank's largest deviation of a claim about a grid, with no operator, over all
   layouts. */
static inline PetscReal HeatTestGridLayouts(HeatTestMake make, HeatTestClaim claim,
                                            const void *context)
{
  return HeatTestOverLayouts(PETSC_FALSE, make, claim, context);
}

/* Cases made from an array of contexts, on all layouts.  They are set up once, because the set-up
   takes longer than any claim about them.  The first test that needs them does it, not the set-up
   function of a group: cmocka's exit code does not report a failure there. */
typedef struct {
  PetscBool    with_operator;
  HeatTestMake make;
  const void  *contexts; /* [n] */
  size_t       size;     /* of a context [bytes] */
  int          n, complete;
  HeatProblems problems;
} HeatTestSet;

/* Return this rank's largest deviation of a claim over the contexts first to end - 1. */
static inline PetscReal HeatTestWorstOf(HeatTestSet *set, int first, int end, HeatTestClaim claim)
{
  const char *contexts = set->contexts;
  PetscReal   worst    = 0.0;

  for (int k = 0; k < set->n && !set->complete; k++)
    HeatTestAddLayouts(&set->problems, set->with_operator, set->make,
                       contexts + (size_t)k * set->size);
  set->complete = 1;
  for (int k = 0; k < set->problems.n; k++) {
    HeatProblem *p = &set->problems.list[k];

    if ((const char *)p->context < contexts + (size_t)first * set->size) continue;
    if ((const char *)p->context < contexts + (size_t)end * set->size)
      worst = HeatTestMax(worst, claim(p));
  }
  return worst;
}

static inline void HeatTestDestroySet(HeatTestSet *set)
{
  HeatTestDestroyProblems(&set->problems);
  set->complete = 0;
}

/* ------- fields ------- */

/* Return a pseudo-random number in [-1, 1) that depends on the arguments alone, so it is the
   same on every rank.  Source: splitmix64, S. Vigna, public domain. */
static inline PetscReal HeatTestNoise(PetscInt i, PetscInt j, int seed)
{
  uint64_t z = (uint64_t)i * 0x9E3779B97F4A7C15u + (uint64_t)j * 0xD1B54A32D192ED03u +
               (uint64_t)seed * 0x8CB92BA72F3D8DD7u;

  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  z = z ^ (z >> 31);
  return (PetscReal)(z >> 11) / 4503599627370496.0 - 1.0; /* 53 bits over 2^52 */
}

static inline int HeatTestMaterialOf(PetscInt i, PetscInt j)
{
  return (int)(1.5 * (HeatTestNoise(i, j, 77) + 1.0));
}

static inline PetscReal *HeatTestArray(const HeatGrid *g)
{
  PetscReal *array;

  OK(PetscCalloc1(HeatGridLocalCells(g), &array));
  return array;
}

static inline PetscReal *HeatTestNoiseArray(const HeatGrid *g, int seed)
{
  PetscReal *array = HeatTestArray(g);

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      array[j * g->nxl + i] = HeatTestNoise(g->xs + i, g->ys + j, seed);
    }
  }
  return array;
}

/* Return the array of a + b x + c y at the centres of own cells. */
static inline PetscReal *HeatTestLinearArray(const HeatGrid *g, PetscReal a, PetscReal b,
                                             PetscReal c)
{
  PetscReal *array = HeatTestArray(g);

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      array[j * g->nxl + i] = a + b * (g->x0 + ((PetscReal)(g->xs + i) + 0.5) * g->hx) +
                              c * (g->y0 + ((PetscReal)(g->ys + j) + 0.5) * g->hy);
    }
  }
  return array;
}

static inline PetscReal HeatTestSum(MPI_Comm comm, PetscReal value)
{
  PetscReal sum;

  MPI_Allreduce(&value, &sum, 1, MPIU_REAL, MPI_SUM, comm);
  return sum;
}

/* Return the value of an exact sum over all ranks. */
static inline PetscReal HeatTestReduceExact(MPI_Comm comm, const HeatExactSum *sum)
{
  PetscReal value;

  OK(HeatExactSumReduce(comm, 1, sum, &value));
  return value;
}

/* Return the heat that enters the domain over all ranks: sides, sources and ambient exchange. */
static inline PetscReal HeatTestEntered(MPI_Comm comm, const HeatFlows *flows)
{
  PetscReal heat[HEAT_FLOWS], entered = 0.0;

  OK(HeatExactSumReduce(comm, HEAT_FLOWS, flows->sum, heat));
  for (int k = 0; k < HEAT_FLOW_TURNOVER; k++) entered += heat[k];
  return entered;
}

static inline PetscReal HeatTestDot(const HeatGrid *g, const PetscReal *x, const PetscReal *y)
{
  PetscReal sum = 0.0;

  for (size_t k = 0; k < HeatGridLocalCells(g); k++) sum += x[k] * y[k];
  return HeatTestSum(g->comm, sum);
}

/* Create a Vec of the grid that holds a copy of the array. */
static inline Vec HeatTestVec(const HeatGrid *g, const PetscReal *values)
{
  Vec        v;
  PetscReal *array;

  OK(HeatGridCreateVec(g, &v));
  OK(VecGetArrayWrite(v, &array));
  memcpy(array, values, HeatGridLocalCells(g) * sizeof *array);
  OK(VecRestoreArrayWrite(v, &array));
  return v;
}

/* Return the largest absolute difference of a Vec from an array over own cells. */
static inline PetscReal HeatTestVecApart(const HeatGrid *g, Vec v, const PetscReal *values)
{
  const PetscReal *array;
  PetscReal        worst = 0.0;

  OK(VecGetArrayRead(v, &array));
  for (size_t k = 0; k < HeatGridLocalCells(g); k++) {
    const PetscReal apart = fabs(array[k] - values[k]);

    if (!(apart <= worst)) worst = apart;
  }
  OK(VecRestoreArrayRead(v, &array));
  return worst;
}

/* Return the largest absolute net heat of own cells for a uniform field of 293.15 K. */
static inline PetscReal HeatTestNetAtRest(HeatProblem *p)
{
  PetscReal *T = HeatTestLinearArray(p->g, 293.15, 0.0, 0.0), *net = HeatTestArray(p->g);
  PetscReal  worst = 0.0;

  OK(HeatOperatorNet(p->op, T, net));
  for (size_t k = 0; k < HeatGridLocalCells(p->g); k++) worst = HeatTestMax(worst, fabs(net[k]));
  OK(PetscFree(T));
  OK(PetscFree(net));
  return worst;
}

#endif
