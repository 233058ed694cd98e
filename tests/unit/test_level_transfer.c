/* The layout of multigrid levels and the transfer of cells between ranks.  The value of a cell
   encodes its global index, so each place of an array shows whether it holds the right cell; all
   other places hold a mark that must not change.  Grids are made here without the library, so
   that blocks can have any widths, including zero. */
#include "solver_test.h"

#include "solver/multigrid/level_transfer.h"

/* ------- distributions made by hand ------- */

typedef enum { EVEN, THIN_FIRST, THIN_LAST, EVERY_OTHER_EMPTY, NOISY, CUTS } Cuts;

/* Store the starts of blocks, which may be empty; all ranks compute the same. */
static void Cut(Cuts cuts, PetscInt n, PetscInt parts, PetscInt *start)
{
  for (PetscInt k = 0; k <= parts; k++) {
    const PetscInt from_end = n - (parts - k);

    if (cuts == EVEN) start[k] = k * n / parts;
    else if (cuts == THIN_FIRST) start[k] = PetscMin(k, n);
    else if (cuts == THIN_LAST) start[k] = PetscMax(from_end, 0);
    else if (cuts == EVERY_OTHER_EMPTY) start[k] = PetscMin(k / 2 * 2 * n / parts, n);
    else start[k] = (PetscInt)((PetscReal)n * 0.5 * (1.0 + HeatTestNoise(k, n, 3)));
    if (k == 0) start[k] = 0;
    if (k == parts) start[k] = n;
  }
  for (PetscInt k = 1; k <= parts; k++) start[k] = PetscMax(start[k], start[k - 1]);
}

typedef struct {
  PetscInt  n[2];
  PetscBool periodic[2];
  Cuts      cuts[2];
} Cells;

/* Distribute cells over px x py ranks of PETSC_COMM_WORLD. */
static HeatDistribution Distribute(const Cells *cells, PetscInt px, PetscInt py)
{
  PetscInt        *x, *y;
  PetscMPIInt      rank;
  HeatGrid         g = {.comm = PETSC_COMM_WORLD};
  HeatDistribution d;

  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  OK(PetscMalloc2(px + 1, &x, py + 1, &y));
  Cut(cells->cuts[0], cells->n[0], px, x);
  Cut(cells->cuts[1], cells->n[1], py, y);
  g.nx          = cells->n[0];
  g.ny          = cells->n[1];
  g.periodic[0] = cells->periodic[0];
  g.periodic[1] = cells->periodic[1];
  g.px          = px;
  g.py          = py;
  g.ip          = rank % px;
  g.jp          = rank / px;
  g.x_start     = x;
  g.y_start     = y;
  g.layout      = (HeatLayout){.nx       = g.nx,
                               .ny       = g.ny,
                               .px       = px,
                               .py       = py,
                               .size     = px * py,
                               .per_node = px * py,
                               .n_nodes  = 1,
                               .tile     = {px, py}};
  OK(HeatDistributionCreate(&g, &d));
  OK(PetscFree2(x, y));
  return d;
}

/* ------- shapes ------- */

/* Make a distribution of 3 x 3 blocks of which this rank has the middle one: `width` columns from
   column `first` on, rows 2 to 4. */
static HeatDistribution MiddleOfThree(PetscInt first, PetscInt width, PetscBool periodic)
{
  const PetscInt   n   = first + width + 3;
  PetscInt         x[] = {0, first, first + width, n}, y[] = {0, 2, 5, 6};
  HeatGrid         g = {.comm    = PETSC_COMM_SELF,
                        .nx      = n,
                        .ny      = 6,
                        .px      = 3,
                        .py      = 3,
                        .ip      = 1,
                        .jp      = 1,
                        .x_start = x,
                        .y_start = y};
  HeatDistribution d;

  g.periodic[0] = periodic;
  OK(HeatDistributionCreate(&g, &d));
  return d;
}

/* Count cells whose place is also another cell's, or lies where the array must have zeros: within
   HEAT_LANES of the ends of the array, or outside of the cell's half row. */
static PetscReal Collisions(const HeatLevelShape *s)
{
  char     *taken;
  PetscReal wrong = 0.0;

  OK(PetscCalloc1(s->size, &taken));
  for (PetscInt j = s->all.lo[1] - 1; j <= s->all.hi[1]; j++) {
    for (PetscInt i = s->all.lo[0]; i < s->all.hi[0]; i++) {
      const size_t at  = HeatLevelShapeCell(s, i, j);
      const size_t row = HeatLevelShapeRow(s, j) + ((i & 1) ? s->odd : 0);

      if (at < HEAT_LANES || at + HEAT_LANES >= s->size || taken[at]++) wrong += 1.0;
      if (at < row || at >= row + (size_t)s->half) wrong += 1.0;
    }
  }
  for (PetscInt j = s->all.lo[1] - 1; j <= s->all.hi[1]; j++) {
    for (int parity = 0; parity < 2; parity++) {
      const size_t row = HeatLevelShapeRow(s, j) + (parity ? s->odd : 0);

      for (size_t k = 1; k <= HEAT_LANES; k++) {
        wrong += taken[row - k];
        wrong += taken[row + (size_t)s->half + k - 1];
      }
    }
  }
  OK(PetscFree(taken));
  return wrong;
}

/* Count the columns in [lo, hi) that are not at the places which HeatLevelShapePlaces returns for
   their parity. */
static PetscReal PlacesApart(const HeatLevelShape *s, PetscInt lo, PetscInt hi)
{
  PetscReal wrong = 0.0;

  for (int parity = 0; parity < 2; parity++) {
    PetscInt begin, end;

    HeatLevelShapePlaces(s, lo, hi, parity, &begin, &end);
    for (PetscInt i = lo; i < hi; i++) {
      if ((i & 1) != parity) continue;
      const size_t at = HeatLevelShapeRow(s, s->own.lo[1]) + (parity ? s->odd : 0) + (size_t)begin;

      wrong += at != HeatLevelShapeCell(s, i, s->own.lo[1]);
      begin++;
    }
    wrong += begin != end;
  }
  return wrong;
}

static void cells_have_places_of_their_own_between_zeros(void **state)
{
  PetscReal wrong = 0.0;

  (void)state;
  for (PetscInt first = 0; first < 5; first++) {
    for (PetscInt width = 1; width < 40; width++) {
      for (PetscInt halo = 0; halo < 12; halo++) {
        HeatDistribution     d = MiddleOfThree(first, width, halo & 1);
        const HeatLevelShape s = HeatLevelShapeMake(&d, halo);

        wrong += s.half % HEAT_LANES != 0;
        wrong += Collisions(&s);
        OK(HeatDistributionDestroy(&d));
      }
    }
  }
  AT_MOST(wrong, 0.0);
}

static void places_of_columns_are_those_of_their_cells(void **state)
{
  PetscReal wrong = 0.0;

  (void)state;
  for (PetscInt first = 0; first < 4; first++) {
    for (PetscInt halo = 0; halo < 8; halo++) { /* first columns are odd and even, also below 0 */
      HeatDistribution     d = MiddleOfThree(first, 9, PETSC_TRUE);
      const HeatLevelShape s = HeatLevelShapeMake(&d, halo);

      wrong += (s.origin & 1) != 0 || s.origin > s.all.lo[0] || s.all.lo[0] != first - halo;
      for (PetscInt lo = s.all.lo[0]; lo <= s.all.hi[0]; lo++)
        for (PetscInt hi = lo; hi <= s.all.hi[0]; hi++) wrong += PlacesApart(&s, lo, hi);
      OK(HeatDistributionDestroy(&d));
    }
  }
  AT_MOST(wrong, 0.0);
}

static void arrays_are_zero_and_apart(void **state)
{
  HeatDistribution     d = MiddleOfThree(3, 7, PETSC_TRUE);
  const HeatLevelShape s = HeatLevelShapeMake(&d, 3);
  float               *a[4], **arrays[] = {&a[0], &a[1], &a[2], &a[3]};
  void                *memory;
  PetscReal            wrong = 0.0;

  (void)state;
  OK(HeatLevelShapeAllocate(&s, 4, arrays, &memory));
  for (int k = 0; k < 4; k++) {
    for (size_t i = 0; i < s.size; i++) wrong += a[k][i] != 0.0F;
    for (size_t i = 0; i < s.size; i++) a[k][i] = (float)(k + 1);
  }
  for (int k = 0; k < 4; k++)
    for (size_t i = 0; i < s.size; i++) wrong += a[k][i] != (float)(k + 1);
  OK(HeatLevelShapeFree(&memory));
  OK(HeatDistributionDestroy(&d));
  AT_MOST(wrong, 0.0);
}

/* ------- coarse and agglomerated distributions ------- */

/* Return the block along an axis that has column or row i. */
static PetscInt BlockOf(const HeatDistribution *d, int axis, PetscInt i)
{
  PetscInt block = 0;

  while (d->start[axis][block + 1] <= i) block++;
  return block;
}

static PetscMPIInt OwnerOf(const HeatDistribution *d, PetscInt i, PetscInt j)
{
  return HeatDistributionRank(d, BlockOf(d, 0, i), BlockOf(d, 1, j));
}

static void coarse_cell_is_where_its_first_fine_cell_is(void **state)
{
  const PetscMPIInt size  = HeatTestSize();
  PetscReal         wrong = 0.0;

  (void)state;
  for (int cuts = 0; cuts < CUTS; cuts++) {
    for (int joins = 0; joins < 4; joins++) {
      const PetscBool  along[2] = {joins & 1, joins >> 1};
      const Cells      cells    = {{13, 8}, {PETSC_FALSE, PETSC_TRUE}, {cuts, (cuts + 1) % CUTS}};
      HeatDistribution fine     = Distribute(&cells, size, 1), coarse;

      OK(HeatDistributionCoarsen(&fine, along, &coarse));
      wrong += coarse.n[0] != (along[0] ? 7 : 13) || coarse.n[1] != (along[1] ? 4 : 8);
      for (PetscInt j = 0; j < coarse.n[1]; j++)
        for (PetscInt i = 0; i < coarse.n[0]; i++)
          wrong += OwnerOf(&coarse, i, j) !=
                   OwnerOf(&fine, along[0] ? 2 * i : i, along[1] ? 2 * j : j);
      OK(HeatDistributionDestroy(&fine));
      OK(HeatDistributionDestroy(&coarse));
    }
  }
  AT_MOST(wrong, 0.0);
}

/* Blocks are joined repeatedly, until one rank has all cells. */
static void agglomeration_joins_blocks_on_the_rank_of_the_first(void **state)
{
  const PetscMPIInt size     = HeatTestSize();
  const PetscBool   along[2] = {PETSC_TRUE, PETSC_FALSE};
  const Cells       cells    = {{23, 8}, {PETSC_FALSE, PETSC_FALSE}, {NOISY, EVEN}};
  HeatDistribution  d        = Distribute(&cells, size, 1), fewer;
  PetscReal         wrong = 0.0, own = 0.0;

  (void)state;
  for (PetscInt by = 2; d.parts[0] > 1; by *= 2) {
    OK(HeatDistributionAgglomerate(&d, along, &fewer));
    for (PetscInt i = 0; i < 23; i++) wrong += OwnerOf(&fewer, i, 0) != OwnerOf(&d, i, 0) / by * by;
    OK(HeatDistributionDestroy(&d));
    d = fewer;
  }
  const HeatBox box = HeatDistributionOwn(&d);
  own               = (PetscReal)((box.hi[0] - box.lo[0]) * (box.hi[1] - box.lo[1]));
  AT_MOST(wrong, 0.0);
  AT_MOST(fabs(HeatTestSum(PETSC_COMM_WORLD, own) - 23 * 8), 0.0);
  ALL(d.place[0] == 0 || HeatBoxIsEmpty(&box));
  OK(HeatDistributionDestroy(&d));
}

/* Nine columns of blocks on nodes of three, most of them 12 cells wide: a node's blocks join first,
   so that no block is of two nodes; a block that is wide enough stays alone. */
static void thin_blocks_join_within_their_node_first(void **state)
{
  const PetscInt   x[] = {0, 12, 24, 36, 48, 60, 72, 100, 104, 108}, y[] = {0, 40};
  const PetscInt   start[] = {0, 36, 72, 108}, owner[] = {0, 3, 6};
  HeatLayout       l = {.nx       = 108,
                        .ny       = 40,
                        .px       = 9,
                        .py       = 1,
                        .size     = 9,
                        .per_node = 3,
                        .n_nodes  = 3,
                        .tile     = {3, 1},
                        .start    = {x, y}};
  HeatDistribution d, fewer;
  PetscBool        moved;
  PetscReal        wrong = 0.0;

  (void)state;
  OK(HeatDistributionPlan(&l, &d));
  OK(HeatDistributionJoinThin(&d, &fewer, &moved));
  ALL(moved && fewer.parts[0] == 3 && fewer.parts[1] == 1);
  for (int k = 0; k < 3; k++) {
    wrong += fewer.start[0][k] != start[k];
    wrong += fewer.owner[0][k] != owner[k];
  }
  AT_MOST(wrong, 0.0);
  OK(HeatDistributionDestroy(&fewer));
  OK(HeatDistributionDestroy(&d));
  l.tile[0] = l.tile[1] = 0; /* two nodes, of which neither has whole tiles */
  l.per_node            = 9;
  l.node_of             = (const int[]){0, 0, 0, 0, 0, 1, 1, 1, 1};
  OK(HeatDistributionPlan(&l, &d));
  OK(HeatDistributionJoinThin(&d, &fewer, &moved));
  ALL(fewer.parts[0] == 3 && fewer.owner[0][2] == 5); /* 0 1, 2 3 4, 5 6 7 8 */
  OK(HeatDistributionDestroy(&fewer));
  OK(HeatDistributionDestroy(&d));
}

/* ------- transfers ------- */

static const float Mark = -7.0F;

static PetscInt Wrap(PetscInt i, PetscInt n) { return ((i % n) + n) % n; }

/* Return the index of a cell as a number that is exact in single precision and differs from run to
   run. */
static float Code(const PetscInt n[2], PetscInt i, PetscInt j, int run)
{
  return (float)(1 + Wrap(i, n[0]) + 1000 * Wrap(j, n[1]) + 200000 * run);
}

static void FillBox(const HeatDistribution *d, const HeatLevelShape *s, const HeatBox *box, int run,
                    float *array)
{
  for (PetscInt j = box->lo[1]; j < box->hi[1]; j++)
    for (PetscInt i = box->lo[0]; i < box->hi[0]; i++)
      array[HeatLevelShapeCell(s, i, j)] = Code(d->n, i, j, run);
}

/* Return this rank's cells with a halo, clipped at sides that are not periodic.  An empty block
   has a halo, too; a rank without a block has none. */
static HeatBox Surroundings(const HeatDistribution *d, PetscInt halo)
{
  HeatBox box = HeatDistributionOwn(d);

  if (HeatDistributionBlock(d, 0) < 0 || HeatDistributionBlock(d, 1) < 0) return box;
  for (int axis = 0; axis < 2; axis++) {
    box.lo[axis] -= halo;
    box.hi[axis] += halo;
    if (d->periodic[axis]) continue;
    box.lo[axis] = PetscMax(box.lo[axis], 0);
    box.hi[axis] = PetscMin(box.hi[axis], d->n[axis]);
  }
  return box;
}

static float *Marked(const HeatLevelShape *s)
{
  float *array;

  OK(PetscMalloc1(s->size, &array));
  for (size_t k = 0; k < s->size; k++) array[k] = Mark;
  return array;
}

/* Return the bytes that this rank must receive from other ranks for its cells and halo. */
static PetscReal BytesFromOthers(const HeatDistribution *from, const HeatDistribution *to,
                                 PetscInt halo)
{
  const HeatBox box = Surroundings(to, halo);
  PetscMPIInt   rank;
  PetscReal     cells = 0.0;

  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  for (PetscInt j = box.lo[1]; j < box.hi[1]; j++)
    for (PetscInt i = box.lo[0]; i < box.hi[0]; i++)
      cells += OwnerOf(from, Wrap(i, from->n[0]), Wrap(j, from->n[1])) != rank;
  return cells * (PetscReal)sizeof(float);
}

/* Return by how much the counts of bytes differ from the expected ones, and by how much the
   messages exceed one for each other rank and run; and by how much the predicted messages and
   bytes of all ranks differ from the counted ones. */
static PetscReal CountsApart(const HeatTransfer *t, int runs, const HeatDistribution *from,
                             const HeatDistribution *to, PetscInt halo)
{
  HeatLayoutTraffic predicted = {{0, 0}, {0, 0}};
  PetscInt64        messages, bytes;

  HeatTransferCounts(t, &messages, &bytes);
  HeatTransferPredict(t, HeatTrafficNow(), &predicted);
  return fabs(HeatTestSum(PETSC_COMM_WORLD, (PetscReal)messages) -
              (PetscReal)(predicted.messages[0] + predicted.messages[1])) +
         fabs(HeatTestSum(PETSC_COMM_WORLD, (PetscReal)bytes) -
              (PetscReal)sizeof(float) * (PetscReal)(predicted.values[0] + predicted.values[1])) +
         fabs(HeatTestSum(PETSC_COMM_WORLD, (PetscReal)bytes) -
              HeatTestSum(PETSC_COMM_WORLD, runs * BytesFromOthers(from, to, halo))) +
         PetscMax(0.0, (PetscReal)(messages - runs * (HeatTestSize() - 1)));
}

/* Count the places of the array that are wrong after each of two runs of a transfer, and add the
   deviation of its counts. */
static PetscReal TransferApart(const HeatDistribution *from, PetscInt from_halo,
                               const HeatDistribution *to, PetscInt to_halo, PetscInt halo,
                               PetscBool in_place)
{
  const HeatLevelShape read  = HeatLevelShapeMake(from, from_halo);
  const HeatLevelShape write = HeatLevelShapeMake(to, to_halo);
  const HeatBox        box = Surroundings(to, halo), own = HeatDistributionOwn(from);
  HeatTransfer        *t;
  PetscReal            wrong = 0.0;

  OK(HeatTransferCreate(from, &read, to, &write, halo, in_place, &t));
  for (int run = 0; run < 2; run++) {
    float *in = Marked(&read), *out = in_place ? in : Marked(&write), *right = Marked(&write);

    FillBox(from, &read, &own, run, in);
    FillBox(to, &write, &box, run, right);
    OK(HeatTransferRun(t, in, out));
    for (size_t k = 0; k < write.size; k++) wrong += out[k] != right[k];
    if (!in_place) OK(PetscFree(out));
    OK(PetscFree(in));
    OK(PetscFree(right));
  }
  wrong += CountsApart(t, 2, from, to, halo);
  OK(HeatTransferDestroy(&t));
  return wrong;
}

/* A claim returns its largest deviation on this rank. */
typedef PetscReal (*Claim)(const HeatDistribution *d);

/* Return the largest deviation of a claim over all process grids and all kinds of cuts in x,
   each with one kind in y. */
static PetscReal OverCuts(PetscInt nx, PetscInt ny, int periodic, Claim claim)
{
  const PetscMPIInt size  = HeatTestSize();
  PetscReal         worst = 0.0;

  for (PetscInt px = 1; px <= size; px++) {
    if (size % px) continue;
    for (int cuts = 0; cuts < CUTS; cuts++) {
      const Cells cells  = {{nx, ny}, {periodic & 1, periodic >> 1}, {cuts, (cuts + px) % CUTS}};
      HeatDistribution d = Distribute(&cells, px, size / px);

      worst = HeatTestMax(worst, claim(&d));
      OK(HeatDistributionDestroy(&d));
    }
  }
  return worst;
}

static PetscReal HalosApart(const HeatDistribution *d)
{
  return HeatTestMax(TransferApart(d, 9, d, 9, 9, PETSC_TRUE),
                     TransferApart(d, 10, d, 10, 3, PETSC_TRUE)); /* 3 of the 10 halo cells */
}

static void halos_hold_the_values_of_their_global_indices(void **state)
{
  (void)state;
  AT_MOST(OverCuts(23, 16, 0, HalosApart), 0.0);
}

static void periodic_halos_hold_the_images(void **state)
{
  (void)state;
  AT_MOST(OverCuts(22, 16, 1, HalosApart), 0.0);
  AT_MOST(OverCuts(16, 22, 2, HalosApart), 0.0);
  AT_MOST(OverCuts(22, 16, 3, HalosApart), 0.0);
}

/* With an odd number of columns, the image of an even column has an odd index. */
static void odd_periodic_halos_hold_the_images(void **state)
{
  (void)state;
  AT_MOST(OverCuts(23, 15, 1, HalosApart), 0.0);
  AT_MOST(OverCuts(15, 23, 2, HalosApart), 0.0);
  AT_MOST(OverCuts(23, 15, 3, HalosApart), 0.0);
}

/* A halo of 9 cells wraps nine times around an axis of one cell. */
static void halos_go_several_times_round_a_short_axis(void **state)
{
  (void)state;
  for (PetscInt n = 1; n <= 4; n++) {
    AT_MOST(OverCuts(n, 7, 1, HalosApart), 0.0);
    AT_MOST(OverCuts(7, n, 2, HalosApart), 0.0);
    AT_MOST(OverCuts(n, n + 1, 3, HalosApart), 0.0);
  }
}

/* Transfer cells to fewer ranks and back, with halos of different widths; blocks are joined twice,
   along x, along y, and along both. */
static PetscReal AgglomerationApart(const HeatDistribution *d)
{
  PetscReal worst = 0.0;

  for (int joins = 1; joins < 4; joins++) {
    const PetscBool  along[2] = {joins & 1, joins >> 1};
    HeatDistribution fewer, fewest;

    OK(HeatDistributionAgglomerate(d, along, &fewer));
    OK(HeatDistributionAgglomerate(&fewer, along, &fewest));
    worst = HeatTestMax(worst, TransferApart(d, 2, &fewer, 9, 9, PETSC_FALSE));
    worst = HeatTestMax(worst, TransferApart(d, 9, &fewest, 6, 5, PETSC_FALSE));
    worst = HeatTestMax(worst, TransferApart(&fewest, 9, d, 9, 5, PETSC_FALSE));
    OK(HeatDistributionDestroy(&fewer));
    OK(HeatDistributionDestroy(&fewest));
  }
  return worst;
}

static void agglomerated_levels_and_back_hold_the_right_cells(void **state)
{
  (void)state;
  AT_MOST(OverCuts(23, 16, 0, AgglomerationApart), 0.0);
  AT_MOST(OverCuts(23, 16, 3, AgglomerationApart), 0.0);
  AT_MOST(OverCuts(2, 3, 3, AgglomerationApart), 0.0);
}

/* Transfer cells of a coarse level.  Its blocks may start at any cell, because blocks of a fine
   level may start at odd cells; a fine block of one cell can become empty, but still needs its
   halo. */
static PetscReal CoarseApart(const HeatDistribution *d)
{
  const PetscBool  along[2] = {PETSC_TRUE, PETSC_TRUE};
  HeatDistribution coarse, fewer;
  PetscReal        worst;

  OK(HeatDistributionCoarsen(d, along, &coarse));
  OK(HeatDistributionAgglomerate(&coarse, along, &fewer));
  worst = HalosApart(&coarse);
  worst = HeatTestMax(worst, TransferApart(&coarse, 10, &fewer, 10, 10, PETSC_FALSE));
  worst = HeatTestMax(worst, TransferApart(&fewer, 10, &coarse, 10, 5, PETSC_FALSE));
  OK(HeatDistributionDestroy(&coarse));
  OK(HeatDistributionDestroy(&fewer));
  return worst;
}

static void coarse_levels_hold_the_right_cells(void **state)
{
  (void)state;
  AT_MOST(OverCuts(23, 16, 0, CoarseApart), 0.0);
  AT_MOST(OverCuts(22, 14, 3, CoarseApart), 0.0);
}

static void nothing_can_be_destroyed(void **state)
{
  HeatTransfer *none = NULL;

  (void)state;
  OK(HeatTransferDestroy(&none));
  assert_null(none);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(cells_have_places_of_their_own_between_zeros),
    cmocka_unit_test(places_of_columns_are_those_of_their_cells),
    cmocka_unit_test(arrays_are_zero_and_apart),
    cmocka_unit_test(coarse_cell_is_where_its_first_fine_cell_is),
    cmocka_unit_test(agglomeration_joins_blocks_on_the_rank_of_the_first),
    cmocka_unit_test(thin_blocks_join_within_their_node_first),
    cmocka_unit_test(halos_hold_the_values_of_their_global_indices),
    cmocka_unit_test(periodic_halos_hold_the_images),
    cmocka_unit_test(odd_periodic_halos_hold_the_images),
    cmocka_unit_test(halos_go_several_times_round_a_short_axis),
    cmocka_unit_test(agglomerated_levels_and_back_hold_the_right_cells),
    cmocka_unit_test(coarse_levels_hold_the_right_cells),
    cmocka_unit_test(nothing_can_be_destroyed),
};

int main(void) { return RUN_TESTS(Tests); }
