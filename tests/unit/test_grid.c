/* The decomposition: which rank owns which cells, which ranks are neighbours, and how the
   process grid is chosen. */
#include "solver_test.h"

#include "solver/base/divisors.h"

typedef struct {
  PetscInt  nx, ny;
  PetscBool periodic[2];
} Shape;

static const Shape Shapes[] = {
    {9, 8, {PETSC_FALSE, PETSC_FALSE}}, {7, 9, {PETSC_TRUE, PETSC_TRUE}},
    {8, 7, {PETSC_TRUE, PETSC_FALSE}},  {2, 2, {PETSC_TRUE, PETSC_TRUE}},
    {1, 3, {PETSC_FALSE, PETSC_TRUE}},  {29, 7, {PETSC_FALSE, PETSC_TRUE}},
    {1, 1, {PETSC_FALSE, PETSC_FALSE}},
};
enum { N_SHAPES = sizeof Shapes / sizeof Shapes[0] };

static HeatCase *Make(const void *context)
{
  const Shape *s = context;
  HeatCase    *c = HeatTestCase(s->nx, s->ny, 4.0, 3.0, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});

  c->grid.x[0] = -2.0;
  c->grid.y[0] = 1.0;
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

/* ------- ownership ------- */

static PetscReal CoversOnce(HeatProblem *p)
{
  const HeatGrid *g     = p->g;
  const int       n     = (int)(g->nx * g->ny);
  PetscReal       wrong = 0.0;
  int            *owners;

  OK(PetscCalloc1(n, &owners));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) owners[(g->ys + j) * g->nx + g->xs + i]++;
  }
  MPI_Allreduce(MPI_IN_PLACE, owners, n, MPI_INT, MPI_SUM, g->comm);
  for (int k = 0; k < n; k++) wrong += owners[k] != 1;
  OK(PetscFree(owners));
  return wrong;
}

static void every_cell_has_exactly_one_owner(void **state)
{
  (void)state;
  AT_MOST(WorstOfShapes(CoversOnce), 0.0);
}

static PetscReal LayoutIsTheOneAsked(HeatProblem *p)
{
  const HeatGrid *g     = p->g;
  PetscReal       wrong = 0.0;

  wrong += g->px != p->c->decomposition.processes[0] || g->py != p->c->decomposition.processes[1];
  wrong += g->rank != g->jp * g->px + g->ip;
  wrong += g->px * g->py != g->size;
  wrong += g->xs != g->x_start[g->ip] || g->nxl != g->x_start[g->ip + 1] - g->xs;
  wrong += g->ys != g->y_start[g->jp] || g->nyl != g->y_start[g->jp + 1] - g->ys;
  wrong += g->x_start[g->px] != g->nx || g->y_start[g->py] != g->ny;
  wrong += g->nxl < 1 || g->nyl < 1;
  return wrong;
}

static void ranks_stand_in_the_process_grid_that_was_asked_for(void **state)
{
  (void)state;
  AT_MOST(WorstOfShapes(LayoutIsTheOneAsked), 0.0);
}

static PetscReal BlocksAreEven(HeatProblem *p)
{
  const HeatGrid *g     = p->g;
  PetscInt        cells = (PetscInt)HeatGridLocalCells(g), least, most;
  PetscReal       wrong = 0.0;

  wrong += g->nxl != g->nx / g->px && g->nxl != g->nx / g->px + 1;
  wrong += g->nyl != g->ny / g->py && g->nyl != g->ny / g->py + 1;
  MPI_Allreduce(&cells, &least, 1, MPIU_INT, MPI_MIN, g->comm);
  MPI_Allreduce(&cells, &most, 1, MPIU_INT, MPI_MAX, g->comm);
  wrong += g->cells_min != least || g->cells_max != most;
  return wrong;
}

static void blocks_differ_by_a_row_and_a_column_at_most(void **state)
{
  (void)state;
  AT_MOST(WorstOfShapes(BlocksAreEven), 0.0);
}

/* Count what differs between the grid's Vecs and the DMDA's: type, sizes, the rows of this rank. */
static PetscReal VecsDiffer(const HeatGrid *g, DM da)
{
  PetscInt  rows[2][2], sizes[2];
  VecType   types[2];
  Vec       v[2];
  PetscReal wrong = 0.0;

  OK(HeatGridCreateVec(g, &v[0]));
  OK(DMCreateGlobalVector(da, &v[1]));
  for (int k = 0; k < 2; k++) {
    OK(VecGetOwnershipRange(v[k], &rows[k][0], &rows[k][1]));
    OK(VecGetSize(v[k], &sizes[k]));
    OK(VecGetType(v[k], &types[k]));
    wrong += (size_t)(rows[k][1] - rows[k][0]) != HeatGridLocalCells(g);
  }
  wrong += rows[0][0] != rows[1][0] || sizes[0] != sizes[1] || strcmp(types[0], types[1]) != 0;
  for (int k = 0; k < 2; k++) OK(VecDestroy(&v[k]));
  return wrong;
}

static PetscReal DmdaAgrees(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  PetscInt        xs, ys, nx, ny;
  DM              da;
  PetscReal       wrong = 0.0;

  OK(HeatGridGetDMDA(g, &da));
  OK(DMDAGetCorners(da, &xs, &ys, NULL, &nx, &ny, NULL));
  wrong += xs != g->xs || ys != g->ys || nx != g->nxl || ny != g->nyl;
  return wrong + VecsDiffer(g, da);
}

static void petsc_sees_the_same_ownership(void **state)
{
  (void)state;
  AT_MOST(WorstOfShapes(DmdaAgrees), 0.0);
}

static PetscReal RowComm(HeatProblem *p)
{
  PetscMPIInt rank, size;
  MPI_Comm    row;

  OK(HeatGridGetRowComm(p->g, &row));
  MPI_Comm_rank(row, &rank);
  MPI_Comm_size(row, &size);
  return (rank != p->g->ip) + (size != p->g->px);
}

static void row_communicator_holds_a_row_of_blocks_in_order_of_x(void **state)
{
  (void)state;
  AT_MOST(WorstOfShapes(RowComm), 0.0);
}

static void rank_zero_stays_rank_zero(void **state)
{
  HeatProblem p = HeatTestSetUpGrid(PETSC_COMM_WORLD, Make(&Shapes[0]));
  PetscMPIInt rank;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  ALL(rank != 0 || p.g->rank == 0);
  HeatTestTearDown(&p);
}

/* ------- neighbours ------- */

/* Count the wrong neighbours of this rank: the neighbour across a side must be at the next place of
   the process grid, and must have this rank as its neighbour across the opposite side.  Each rank
   contributes 6 numbers to `all`: its place (ip, jp) and its four neighbours. */
static PetscReal NeighboursAreMutual(HeatProblem *p)
{
  const HeatGrid *g       = p->g;
  const int       step[4] = {-1, 1, -1, 1};
  int             mine[6] = {(int)g->ip, (int)g->jp}, *all;
  PetscReal       wrong   = 0.0;

  for (int s = 0; s < HEAT_SIDES; s++) mine[2 + s] = g->neighbour[s];
  OK(PetscMalloc1(6 * g->size, &all));
  MPI_Allgather(mine, 6, MPI_INT, all, 6, MPI_INT, g->comm);
  for (int s = 0; s < HEAT_SIDES; s++) {
    const int      axis    = s / 2;
    const PetscInt parts   = axis == 0 ? g->px : g->py;
    const PetscInt next    = mine[axis] + step[s];
    const int      outside = next < 0 || next >= parts;

    wrong += (g->boundary[s] == PETSC_TRUE) != (outside && !g->periodic[axis]);
    if (g->boundary[s]) {
      wrong += g->neighbour[s] != MPI_PROC_NULL;
      continue;
    }
    if (g->neighbour[s] < 0 || g->neighbour[s] >= g->size) return INFINITY;
    const int *other = all + 6 * (ptrdiff_t)g->neighbour[s];

    wrong += other[axis] != (next + parts) % parts || other[1 - axis] != mine[1 - axis];
    wrong += other[2 + (s ^ 1)] != g->rank;
  }
  OK(PetscFree(all));
  return wrong;
}

static void neighbours_are_mutual_and_wrap_where_periodic(void **state)
{
  (void)state;
  AT_MOST(WorstOfShapes(NeighboursAreMutual), 0.0);
}

static PetscReal TrafficIsCounted(HeatProblem *p)
{
  const HeatGrid *g        = p->g;
  PetscReal       messages = 0.0, bytes = 0.0, wrong = 0.0;

  for (int s = 0; s < HEAT_SIDES; s++) {
    if (g->boundary[s] || g->neighbour[s] == g->rank) continue;
    messages += 1.0;
    bytes += 8.0 * (PetscReal)(s < HEAT_BOTTOM ? g->nyl : g->nxl);
  }
  wrong += HeatTestSum(g->comm, messages) != (PetscReal)(g->messages_within + g->messages_between);
  wrong += HeatTestSum(g->comm, bytes) != (PetscReal)(g->bytes_within + g->bytes_between);
  if (g->n_nodes == 1) wrong += g->messages_between != 0 || g->bytes_between != 0;
  return wrong;
}

static void traffic_is_one_message_a_shared_edge_and_eight_bytes_a_cell(void **state)
{
  (void)state;
  AT_MOST(WorstOfShapes(TrafficIsCounted), 0.0);
}

/* ------- geometry ------- */

static PetscReal CentresAreCentred(HeatProblem *p)
{
  const HeatGrid *g     = p->g;
  const PetscReal hx    = 6.0 / (PetscReal)g->nx;
  const PetscReal hy    = 2.0 / (PetscReal)g->ny;
  PetscReal       worst = fabs(g->hx - hx) + fabs(g->hy - hy);

  worst = HeatTestMax(worst, fabs(HeatGridX(g, 0) - (-2.0 + 0.5 * hx)));
  worst = HeatTestMax(worst, fabs(HeatGridX(g, g->nx - 1) - (4.0 - 0.5 * hx)));
  worst = HeatTestMax(worst, fabs(HeatGridY(g, 0) - (1.0 + 0.5 * hy)));
  return HeatTestMax(worst, fabs(HeatGridY(g, g->ny - 1) - (3.0 - 0.5 * hy)));
}

/* Coordinates are of order one, so 1e-14 is a few tens of roundings. */
static void cells_are_centred_between_the_sides(void **state)
{
  (void)state;
  AT_MOST(WorstOfShapes(CentresAreCentred), 1e-14);
}

/* ------- the choice of the process grid ------- */

/* Return the length [cells] of the edges between `parts` blocks along an axis. */
static PetscInt64 EdgeCells(PetscInt parts, PetscBool periodic, PetscInt length)
{
  if (parts == 1) return 0;
  return (PetscInt64)(periodic ? parts : parts - 1) * length;
}

/* Return the least number of cells along edges between nodes, or -1 if rectangles of per_node
   ranks do not tile px x py. */
static PetscInt64 BetweenNodes(const Shape *s, PetscInt px, PetscInt py, PetscInt per_node)
{
  PetscInt64 best = -1;

  for (PetscInt tx = 1; tx <= per_node; tx++) {
    if (per_node % tx || px % tx || py % (per_node / tx)) continue;
    const PetscInt64 cells = EdgeCells(px / tx, s->periodic[0], s->ny) +
                             EdgeCells(py / (per_node / tx), s->periodic[1], s->nx);

    if (best < 0 || cells < best) best = cells;
  }
  return best;
}

/* Assert that the chosen process grid has the least traffic between nodes of all factorisations,
   and the least traffic in total among those that are equal in this. */
static void ChoiceIsBest(Shape s, PetscInt size, PetscInt per_node)
{
  PetscInt px, py, tx, ty;

  HeatGridChooseProcesses(s.nx, s.ny, s.periodic, size, per_node, &px, &py, &tx, &ty);
  assert_int_equal(px * py, size);
  assert_true(px <= s.nx && py <= s.ny);
  const PetscInt64 between = per_node ? BetweenNodes(&s, px, py, per_node) : 0;
  const PetscInt64 total = EdgeCells(px, s.periodic[0], s.ny) + EdgeCells(py, s.periodic[1], s.nx);

  if (per_node) {
    assert_int_equal(tx * ty, per_node);
    assert_int_equal(
        EdgeCells(px / tx, s.periodic[0], s.ny) + EdgeCells(py / ty, s.periodic[1], s.nx), between);
  } else {
    assert_true(tx == 1 && ty == 1);
  }
  for (PetscInt qx = 1; qx <= size; qx++) {
    if (size % qx || qx > s.nx || size / qx > s.ny) continue;
    const PetscInt64 other = per_node ? BetweenNodes(&s, qx, size / qx, per_node) : 0;
    const PetscInt64 all   = EdgeCells(qx, s.periodic[0], s.ny) +
                           EdgeCells(size / qx, s.periodic[1], s.nx);

    if (other < 0) continue;
    assert_true(between < other || (between == other && total <= all));
  }
}

static void process_grid_has_the_least_traffic(void **state)
{
  const PetscInt sizes[] = {1, 2, 4, 6, 12, 16, 24, 64}, per_node[] = {0, 1, 2, 4};

  (void)state;
  for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
    for (size_t n = 0; n < 4; n++) {
      if (per_node[n] && sizes[k] % per_node[n]) continue;
      ChoiceIsBest((Shape){100, 100, {PETSC_FALSE, PETSC_FALSE}}, sizes[k], per_node[n]);
      ChoiceIsBest((Shape){1000, 70, {PETSC_FALSE, PETSC_FALSE}}, sizes[k], per_node[n]);
      ChoiceIsBest((Shape){70, 1000, {PETSC_TRUE, PETSC_FALSE}}, sizes[k], per_node[n]);
      ChoiceIsBest((Shape){99, 101, {PETSC_FALSE, PETSC_TRUE}}, sizes[k], per_node[n]);
    }
  }
}

/* Count the messages of writers one by one: each of n sends one value n/2 ahead and n/2 behind. */
static HeatLayoutTraffic WritersByHand(PetscInt size, PetscInt per_node, PetscInt asked)
{
  HeatLayoutTraffic traffic = {{0, 0}, {0, 0}};
  PetscInt          node[64], n = 0;

  for (PetscInt r = 0; r < size; r++)
    if (asked == 0 || r % per_node < asked) node[n++] = r / per_node;
  for (PetscInt w = 0; w < n && n > 1; w++) {
    const PetscInt ahead = (w + n / 2) % n, behind = (w + n - n / 2) % n;

    traffic.messages[node[w] != node[ahead]]++;
    traffic.messages[node[w] != node[behind]]++;
  }
  for (int k = 0; k < 2; k++) traffic.values[k] = traffic.messages[k];
  return traffic;
}

static void messages_of_writers_follow_from_a_formula(void **state)
{
  (void)state;
  for (PetscInt size = 1; size <= 24; size++) {
    for (PetscInt per_node = 1; per_node <= size; per_node++) {
      for (PetscInt asked = 0; asked <= 4; asked++) {
        const HeatLayout l = {
            .size = size, .per_node = per_node, .n_nodes = (size - 1) / per_node + 1};
        const HeatLayoutTraffic by_hand = WritersByHand(size, per_node, asked);
        HeatLayoutTraffic       traffic;

        OK(HeatLayoutWriters(&l, asked, &traffic));
        for (int k = 0; k < 2; k++) {
          assert_int_equal(traffic.messages[k], by_hand.messages[k]);
          assert_int_equal(traffic.values[k], by_hand.values[k]);
        }
      }
    }
  }
}

/* Cuts that are given are visited one by one, and even ones follow from formulas. */
static void halo_messages_of_even_blocks_follow_from_a_formula(void **state)
{
  const PetscInt tiles[][2] = {{1, 1}, {2, 3}, {6, 6}, {3, 1}, {4, 4}};

  (void)state;
  for (int k = 0; k < 5 * 4; k++) {
    PetscInt   cuts[2][7];
    HeatLayout l = {.nx = 100, .ny = 83, .px = 6, .py = 6, .size = 36};

    for (int axis = 0; axis < 2; axis++) {
      l.tile[axis]     = tiles[k / 4][axis];
      l.periodic[axis] = (PetscBool)(k >> axis & 1);
      for (PetscInt p = 0; p <= 6; p++)
        cuts[axis][p] = HeatLayoutStart(axis == 0 ? l.nx : l.ny, 6, p);
    }
    HeatLayout given = l;
    given.start[0]   = cuts[0];
    given.start[1]   = cuts[1];
    HeatLayoutTraffic even, visited;

    OK(HeatLayoutSurroundings(&l, &even));
    OK(HeatLayoutSurroundings(&given, &visited));
    assert_memory_equal(&even, &visited, sizeof even);
    for (PetscInt depth = 1; depth <= 4; depth += 3) {
      OK(HeatLayoutHalo(&l, depth, (PetscBool)(depth > 1), &even));
      OK(HeatLayoutHalo(&given, depth, (PetscBool)(depth > 1), &visited));
      assert_memory_equal(&even, &visited, sizeof even);
    }
  }
}

static void divisors_ascend(void **state)
{
  HeatDivisors d;

  (void)state;
  for (PetscInt n = 1; n <= 400; n++) {
    PetscInt k = 0;

    HeatDivisorsFind(n, &d);
    for (PetscInt p = 1; p <= n; p++)
      if (n % p == 0) assert_int_equal(d.divisor[k++], p);
    assert_int_equal(d.n, k);
  }
  HeatDivisorsFind(2147483647, &d); /* a prime number */
  assert_int_equal(d.n, 2);
  HeatDivisorsFind(2095133040, &d);
  assert_int_equal(d.n, HEAT_MOST_DIVISORS);
}

static void square_on_four_ranks_is_cut_two_by_two(void **state)
{
  const PetscBool none[2] = {PETSC_FALSE, PETSC_FALSE};
  PetscInt        px, py, tx, ty;

  (void)state;
  HeatGridChooseProcesses(512, 512, none, 4, 4, &px, &py, &tx, &ty);
  assert_true(px == 2 && py == 2 && tx == 2 && ty == 2);
}

static void long_bar_is_cut_across(void **state)
{
  const PetscBool none[2] = {PETSC_FALSE, PETSC_FALSE};
  PetscInt        px, py, tx, ty;

  (void)state;
  HeatGridChooseProcesses(1000, 10, none, 4, 0, &px, &py, &tx, &ty);
  assert_true(px == 4 && py == 1);
}

static void no_process_grid_is_zero_by_zero(void **state)
{
  const PetscBool none[2] = {PETSC_FALSE, PETSC_FALSE};
  PetscInt        px, py, tx, ty;

  (void)state;
  HeatGridChooseProcesses(6, 6, none, 7, 0, &px, &py, &tx, &ty);
  assert_true(px == 0 && py == 0);
}

static void more_ranks_than_blocks_are_refused(void **state)
{
  HeatCase *c = Make(&Shapes[N_SHAPES - 1]);
  HeatGrid *g = NULL;

  (void)state;
  if (HeatTestSize() == 1) {
    OK(HeatCaseDestroy(&c));
    skip();
  }
  RAISES(HEAT_ERR_INPUT, "grid.cells", HeatGridCreate(PETSC_COMM_WORLD, c, &g));
  OK(HeatCaseDestroy(&c));
}

static void nothing_can_be_destroyed(void **state)
{
  HeatGrid *g = NULL;

  (void)state;
  OK(HeatGridDestroy(&g));
  assert_null(g);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(every_cell_has_exactly_one_owner),
    cmocka_unit_test(ranks_stand_in_the_process_grid_that_was_asked_for),
    cmocka_unit_test(blocks_differ_by_a_row_and_a_column_at_most),
    cmocka_unit_test(petsc_sees_the_same_ownership),
    cmocka_unit_test(row_communicator_holds_a_row_of_blocks_in_order_of_x),
    cmocka_unit_test(rank_zero_stays_rank_zero),
    cmocka_unit_test(neighbours_are_mutual_and_wrap_where_periodic),
    cmocka_unit_test(traffic_is_one_message_a_shared_edge_and_eight_bytes_a_cell),
    cmocka_unit_test(cells_are_centred_between_the_sides),
    cmocka_unit_test(process_grid_has_the_least_traffic),
    cmocka_unit_test(messages_of_writers_follow_from_a_formula),
    cmocka_unit_test(halo_messages_of_even_blocks_follow_from_a_formula),
    cmocka_unit_test(divisors_ascend),
    cmocka_unit_test(square_on_four_ranks_is_cut_two_by_two),
    cmocka_unit_test(long_bar_is_cut_across),
    cmocka_unit_test(no_process_grid_is_zero_by_zero),
    cmocka_unit_test(more_ranks_than_blocks_are_refused),
    cmocka_unit_test(nothing_can_be_destroyed),
};

int main(void)
{
  if (PetscInitializeNoArguments() || HeatErrorInstall()) return 1;
  return HeatTestFinish(cmocka_run_group_tests(Tests, NULL, TearDown));
}
