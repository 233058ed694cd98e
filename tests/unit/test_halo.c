/* The halo exchange on every layout: the values of the ghost cells, sides without ghost cells,
   and the counts of messages and bytes; and the surroundings of a block, deeper than the block is
   thick. */
#include "solver_test.h"

#include "solver/grid/deep_halo.h"

typedef struct {
  PetscInt  nx, ny;
  PetscBool periodic[2];
} Shape;

static const Shape Shapes[] = {
    {9, 8, {PETSC_FALSE, PETSC_FALSE}}, {7, 9, {PETSC_TRUE, PETSC_TRUE}},
    {8, 7, {PETSC_TRUE, PETSC_FALSE}},  {8, 7, {PETSC_FALSE, PETSC_TRUE}},
    {2, 2, {PETSC_TRUE, PETSC_TRUE}},   {1, 3, {PETSC_TRUE, PETSC_TRUE}},
    {1, 1, {PETSC_TRUE, PETSC_TRUE}},
};
enum { N_SHAPES = sizeof Shapes / sizeof Shapes[0] };

static HeatCase *Make(const void *context)
{
  const Shape *s = context;
  HeatCase    *c = HeatTestCase(s->nx, s->ny, 1.0, 2.0, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});

  for (int axis = 0; axis < 2; axis++) {
    if (s->periodic[axis]) HeatTestPeriodic(c, axis);
  }
  return c;
}

static HeatTestSet Set = {PETSC_FALSE, Make, Shapes, sizeof(Shape), N_SHAPES, 0, {0, NULL}};

static int TearDown(void **state)
{
  (void)state;
  HeatTestDestroySet(&Set);
  return 0;
}

static PetscReal WorstOfShapes(HeatTestClaim claim)
{
  return HeatTestWorstOf(&Set, 0, N_SHAPES, claim);
}

static PetscInt StripLength(const HeatGrid *g, int side)
{
  return side < HEAT_BOTTOM ? g->nyl : g->nxl;
}

/* Count the ghost cells that do not hold the value of the cell beyond the side (around the domain
   where it is periodic). */
static PetscReal WrongGhosts(const HeatGrid *g, const HeatHalo *halo, int seed)
{
  PetscReal wrong = 0.0;

  for (int side = 0; side < HEAT_SIDES; side++) {
    const PetscReal *ghost = HeatHaloGhost(halo, (HeatSide)side);

    if (g->boundary[side]) continue;
    if (!ghost) return INFINITY;
    for (PetscInt k = 0; k < StripLength(g, side); k++) {
      const PetscInt i = side == HEAT_LEFT    ? g->xs - 1
                         : side == HEAT_RIGHT ? g->xs + g->nxl
                                              : g->xs + k;
      const PetscInt j = side == HEAT_BOTTOM ? g->ys - 1
                         : side == HEAT_TOP  ? g->ys + g->nyl
                                             : g->ys + k;

      wrong += ghost[k] != HeatTestNoise((i + g->nx) % g->nx, (j + g->ny) % g->ny, seed);
    }
  }
  return wrong;
}

static PetscReal GhostsAreNeighbours(HeatProblem *p)
{
  HeatHalo  *halo;
  PetscReal *u     = HeatTestNoiseArray(p->g, 1);
  PetscReal  wrong = 0.0;

  OK(HeatHaloCreate(p->g, &halo));
  for (int round = 1; round <= 3; round++) {
    PetscReal *fresh = HeatTestNoiseArray(p->g, round);

    memcpy(u, fresh, HeatGridLocalCells(p->g) * sizeof *u);
    OK(HeatHaloBegin(halo, u));
    OK(HeatHaloEnd(halo));
    wrong += WrongGhosts(p->g, halo, round);
    wrong += memcmp(u, fresh, HeatGridLocalCells(p->g) * sizeof *u) != 0;
    OK(PetscFree(fresh));
  }
  OK(HeatHaloDestroy(&halo));
  OK(PetscFree(u));
  return wrong;
}

/* Three halo exchanges with different values; none may change the field itself. */
static void ghosts_hold_the_cells_beyond_each_side(void **state)
{
  (void)state;
  AT_MOST(WorstOfShapes(GhostsAreNeighbours), 0.0);
}

/* Exchange the halo of one array, then of another: the persistent requests are bound to the
   strips of the halo, not to the field's array. */
static PetscReal AnotherArray(HeatProblem *p)
{
  HeatHalo  *halo;
  PetscReal *a = HeatTestNoiseArray(p->g, 4), *b = HeatTestNoiseArray(p->g, 5), wrong;

  OK(HeatHaloCreate(p->g, &halo));
  OK(HeatHaloBegin(halo, a));
  OK(HeatHaloEnd(halo));
  wrong = WrongGhosts(p->g, halo, 4);
  OK(HeatHaloBegin(halo, b));
  OK(HeatHaloEnd(halo));
  wrong += WrongGhosts(p->g, halo, 5);
  OK(HeatHaloDestroy(&halo));
  OK(PetscFree(a));
  OK(PetscFree(b));
  return wrong;
}

static void field_may_stand_in_another_array_each_time(void **state)
{
  (void)state;
  AT_MOST(WorstOfShapes(AnotherArray), 0.0);
}

static PetscReal NoGhostOutside(HeatProblem *p)
{
  HeatHalo *halo;
  PetscReal wrong = 0.0;

  OK(HeatHaloCreate(p->g, &halo));
  for (int side = 0; side < HEAT_SIDES; side++) {
    wrong += (HeatHaloGhost(halo, (HeatSide)side) == NULL) != (p->g->boundary[side] == PETSC_TRUE);
  }
  OK(HeatHaloDestroy(&halo));
  return wrong;
}

static void nothing_lies_beyond_the_boundary_of_the_domain(void **state)
{
  (void)state;
  AT_MOST(WorstOfShapes(NoGhostOutside), 0.0);
}

/* Compare the sums of the ranks' counts after three halo exchanges with three times the grid's
   prediction for one. */
static PetscReal CountsMatchGrid(HeatProblem *p)
{
  HeatHalo  *halo;
  PetscReal *u = HeatTestNoiseArray(p->g, 1), wrong = 0.0;

  OK(HeatHaloCreate(p->g, &halo));
  for (int k = 0; k < 3; k++) {
    OK(HeatHaloBegin(halo, u));
    OK(HeatHaloEnd(halo));
  }
  const HeatHaloCounts counts = HeatHaloGetCounts(halo);
  const MPI_Comm       comm   = p->g->comm;

  wrong += counts.exchanges != 3;
  wrong += !(counts.wait >= 0.0);
  wrong += HeatTestSum(comm, (PetscReal)counts.messages[0]) != 3.0 * p->g->messages_within;
  wrong += HeatTestSum(comm, (PetscReal)counts.messages[1]) != 3.0 * p->g->messages_between;
  wrong += HeatTestSum(comm, (PetscReal)counts.bytes[0]) != 3.0 * (PetscReal)p->g->bytes_within;
  wrong += HeatTestSum(comm, (PetscReal)counts.bytes[1]) != 3.0 * (PetscReal)p->g->bytes_between;
  OK(HeatHaloDestroy(&halo));
  OK(PetscFree(u));
  return wrong;
}

static void counted_messages_and_bytes_are_those_the_grid_predicts(void **state)
{
  (void)state;
  AT_MOST(WorstOfShapes(CountsMatchGrid), 0.0);
}

/* ------- surroundings ------- */

/* The number of a cell of the whole grid. */
static uint16_t Number(const HeatGrid *g, PetscInt i, PetscInt j)
{
  return (uint16_t)(7 + j * g->nx + i);
}

/* Count the cells around the block that are neither those of the grid, wrapped around, nor marked
   as beyond its sides. */
static PetscReal WrongSurroundings(HeatProblem *p)
{
  static const PetscInt depths[] = {1, 2, 5, 23};
  const HeatGrid       *g        = p->g;
  PetscReal             wrong    = 0.0;
  uint16_t             *own, *all;

  OK(PetscMalloc1(HeatGridLocalCells(g), &own));
  for (PetscInt k = 0; k < g->nxl * g->nyl; k++)
    own[k] = Number(g, g->xs + k % g->nxl, g->ys + k / g->nxl);
  for (size_t n = 0; n < PETSC_STATIC_ARRAY_LENGTH(depths); n++) {
    const PetscInt d = depths[n], width = g->nxl + 2 * d;

    OK(PetscMalloc1(HeatSurroundingsSize(g, d), &all));
    OK(HeatSurroundingsFetch(g, own, d, 3, all));
    for (PetscInt k = 0; k < width * (g->nyl + 2 * d); k++) {
      const PetscInt  i = g->xs - d + k % width, j = g->ys - d + k / width;
      const PetscBool outside = (PetscBool)((!g->periodic[0] && (i < 0 || i >= g->nx)) ||
                                            (!g->periodic[1] && (j < 0 || j >= g->ny)));
      const uint16_t  right   = Number(g, (i + 100 * g->nx) % g->nx, (j + 100 * g->ny) % g->ny);

      wrong += all[k] != (outside ? 3 : right);
    }
    OK(PetscFree(all));
  }
  OK(PetscFree(own));
  return wrong;
}

static void surroundings_reach_across_blocks_thinner_than_they_are(void **state)
{
  (void)state;
  AT_MOST(WorstOfShapes(WrongSurroundings), 0.0);
}

static void nothing_can_be_destroyed_twice(void **state)
{
  HeatHalo *halo = NULL;

  (void)state;
  OK(HeatHaloDestroy(&halo));
  assert_null(halo);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(ghosts_hold_the_cells_beyond_each_side),
    cmocka_unit_test(field_may_stand_in_another_array_each_time),
    cmocka_unit_test(nothing_lies_beyond_the_boundary_of_the_domain),
    cmocka_unit_test(counted_messages_and_bytes_are_those_the_grid_predicts),
    cmocka_unit_test(surroundings_reach_across_blocks_thinner_than_they_are),
    cmocka_unit_test(nothing_can_be_destroyed_twice),
};

int main(void)
{
  if (PetscInitializeNoArguments() || HeatErrorInstall()) return 1;
  return HeatTestFinish(cmocka_run_group_tests(Tests, NULL, TearDown));
}
