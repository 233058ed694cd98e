/* Redistribution of blocks to row slabs and back, for every layout of the ranks, with every rank as
   an owner of rows and with some of them. */
#define _POSIX_C_SOURCE 200809L
#include "tests/unit/io_test.h"

#include "io/field_file/slab.h"
#include "io/file/checksum.h"

/* Numbers of cells for which the rows divide unevenly, and for which some ranks get no row. */
static const PetscInt Grids[][2] = {{13, 11}, {29, 7}, {7, 30}, {64, 2}};

#define N_GRIDS (sizeof(Grids) / sizeof(Grids[0]))

typedef void (*Claim)(const HeatGrid *grid, const HeatWriters *owners, HeatSlab *slab);

static void CheckWith(Claim claim, const HeatGrid *grid, const HeatWriters *owners)
{
  HeatSlab *slab;

  OK(HeatSlabCreate(grid, owners, &slab));
  claim(grid, owners, slab);
  OK(HeatSlabDestroy(&slab));
  assert_null(slab);
}

/* Check a claim with all ranks as owners, then with every step-th rank from rank `first` on. */
static void CheckWithOwners(Claim claim, const HeatGrid *grid)
{
  PetscMPIInt ranks[64];

  assert_true(grid->size <= 64);
  CheckWith(claim, grid, NULL);
  CheckWith(claim, grid, &grid->writers);
  for (PetscMPIInt step = 1; step <= 3; step++) {
    for (PetscMPIInt first = 0; first < PetscMin(step, grid->size); first++) {
      HeatWriters some = {.ranks = ranks};

      for (PetscMPIInt r = first; r < grid->size; r += step) ranks[some.n++] = r;
      CheckWith(claim, grid, &some);
    }
  }
  ranks[0] = grid->size - 1;
  CheckWith(claim, grid, &(HeatWriters){.n = 1, .ranks = ranks});
}

/* Check a claim for all grids and layouts. */
static void ForAllLayouts(Claim claim)
{
  for (size_t k = 0; k < N_GRIDS; k++) {
    const PetscInt nx = Grids[k][0], ny = Grids[k][1];

    for (PetscInt px = HeatTestNextLayout(nx, ny, 0); px; px = HeatTestNextLayout(nx, ny, px)) {
      HeatGrid *grid = HeatTestGrid(PETSC_COMM_WORLD, nx, ny, px);

      CheckWithOwners(claim, grid);
      OK(HeatGridDestroy(&grid));
    }
  }
}

static void RowsAreWhole(const HeatGrid *grid, const HeatWriters *owners, HeatSlab *slab)
{
  double  *block = HeatTestBlock(grid), *rows;
  PetscInt first, n;

  (void)owners;
  HeatSlabGetRows(slab, &first, &n);
  OK(PetscMalloc1((size_t)n * (size_t)grid->nx, &rows));
  OK(HeatSlabToRows(slab, MPI_DOUBLE, block, rows));
  for (PetscInt j = 0; j < n; j++) {
    for (PetscInt i = 0; i < grid->nx; i++) {
      assert_true(rows[j * grid->nx + i] == HeatTestValue(i, first + j));
    }
  }
  OK(PetscFree(rows));
  OK(PetscFree(block));
}

static void slab_holds_whole_rows_of_the_field(void **state)
{
  (void)state;
  ForAllLayouts(RowsAreWhole);
}

static void RoundTrip(const HeatGrid *grid, const HeatWriters *owners, HeatSlab *slab)
{
  const size_t cells = HeatGridLocalCells(grid);
  int32_t     *block = HeatTestIntegers(grid), *rows, *again;
  PetscInt     first, n;

  (void)owners;
  HeatSlabGetRows(slab, &first, &n);
  OK(PetscMalloc1((size_t)n * (size_t)grid->nx, &rows));
  OK(PetscCalloc1(cells, &again));
  OK(HeatSlabToRows(slab, MPI_INT32_T, block, rows));
  OK(HeatSlabPutPiece(slab, MPI_INT32_T, rows, 0, HeatSlabMostRows(slab), again));
  assert_memory_equal(block, again, cells * sizeof(int32_t));
  OK(PetscFree(again));
  OK(PetscFree(rows));
  OK(PetscFree(block));
}

static void block_to_rows_and_back_is_the_same_block(void **state)
{
  (void)state;
  ForAllLayouts(RoundTrip);
}

/* Pieces of any length give the rows of the whole slab, and give back the block. */
static void PiecesMakeUpTheSlab(const HeatGrid *grid, const HeatWriters *owners, HeatSlab *slab)
{
  const size_t cells = HeatGridLocalCells(grid);
  double      *block = HeatTestBlock(grid), *again, *buffer;
  PetscInt     first, n_rows;

  (void)owners;
  HeatSlabGetRows(slab, &first, &n_rows);
  OK(PetscMalloc1((size_t)HeatSlabMostRows(slab) * (size_t)grid->nx, &buffer));
  for (PetscInt most = 1; most <= HeatSlabMostRows(slab) + 1; most += 1 + most / 2) {
    PetscInt seen = 0;

    OK(PetscCalloc1(cells, &again));
    for (PetscInt from = 0; from < HeatSlabMostRows(slab); from += most) {
      const void *piece;
      PetscInt    n;

      OK(HeatSlabGetPiece(slab, MPI_DOUBLE, block, from, PetscMin(most, HeatSlabMostRows(slab)),
                          buffer, &n, &piece));
      for (PetscInt j = 0; j < n; j++) {
        for (PetscInt i = 0; i < grid->nx; i++)
          assert_true(((const double *)piece)[j * grid->nx + i] ==
                      HeatTestValue(i, first + from + j));
      }
      OK(HeatSlabPutPiece(slab, MPI_DOUBLE, piece, from, most, again));
      seen += n;
    }
    assert_int_equal(seen, n_rows);
    assert_memory_equal(block, again, cells * sizeof(double));
    OK(PetscFree(again));
  }
  OK(PetscFree(buffer));
  OK(PetscFree(block));
}

static void a_slab_can_be_filled_and_emptied_in_pieces(void **state)
{
  (void)state;
  ForAllLayouts(PiecesMakeUpTheSlab);
}

/* All rows are dealt evenly to some ranks, or the rows of each row of blocks to its ranks. */
static void RowsAscendAndAreEven(const HeatGrid *grid, const HeatWriters *owners, HeatSlab *slab)
{
  const PetscBool few  = owners && owners->ranks ? PETSC_TRUE : PETSC_FALSE;
  PetscInt        next = 0, first, n, mine, n_mine;

  for (PetscMPIInt r = 0, k = 0; r < grid->size; r++) {
    const PetscInt jp   = r / grid->px;
    const PetscInt rows = few ? grid->ny : grid->y_start[jp + 1] - grid->y_start[jp];
    const PetscInt each = rows / (few ? owners->n : grid->px);

    HeatSlabRowsOf(grid, owners, r, &first, &n);
    if (few && (k == owners->n || owners->ranks[k] != r)) {
      assert_int_equal(n, 0);
      continue;
    }
    k++;
    assert_int_equal(first, next);
    assert_true(n == each || n == each + 1);
    next = first + n;
  }
  assert_int_equal(next, grid->ny);
  HeatSlabRowsOf(grid, owners, grid->rank, &first, &n);
  HeatSlabGetRows(slab, &mine, &n_mine);
  assert_true(first == mine && n == n_mine);
}

static void rows_are_dealt_evenly_in_the_order_of_ranks(void **state)
{
  (void)state;
  ForAllLayouts(RowsAscendAndAreEven);
}

static void SumsAreOfWholeRows(const HeatGrid *grid, const HeatWriters *owners, HeatSlab *slab)
{
  double   *block = HeatTestBlock(grid), *row;
  uint64_t *sums;
  PetscInt  first, n;

  (void)owners;
  HeatSlabGetRows(slab, &first, &n);
  OK(PetscMalloc1((size_t)n, &sums));
  OK(PetscMalloc1((size_t)grid->nx, &row));
  OK(HeatSlabRowSums(slab, sizeof(double), block, sums));
  for (PetscInt j = 0; j < n; j++) {
    for (PetscInt i = 0; i < grid->nx; i++) row[i] = HeatTestValue(i, first + j);
    assert_true(sums[j] ==
                HeatChecksum(sizeof(double), row, (PetscInt64)(first + j) * grid->nx, grid->nx));
  }
  OK(PetscFree(row));
  OK(PetscFree(sums));
  OK(PetscFree(block));
}

static void row_checksums_do_not_depend_on_the_layout(void **state)
{
  (void)state;
  ForAllLayouts(SumsAreOfWholeRows);
}

static void checksum_notices_a_bit_and_a_swap(void **state)
{
  double         row[3] = {1.0, 2.0, 3.0};
  const uint64_t sum    = HeatChecksum(8, row, 10, 3);

  (void)state;
  row[1] = 2.0000000000000004; /* one bit more */
  assert_true(HeatChecksum(8, row, 10, 3) != sum);
  row[1] = 3.0;
  row[2] = 2.0;
  assert_true(HeatChecksum(8, row, 10, 3) != sum);
}

/* io/README.md documents the checksum with this value, so that others can write readers of the
   files. */
static void checksum_is_the_documented_one(void **state)
{
  const double one = 1.0;

  (void)state;
  assert_true(HeatChecksum(8, &one, 0, 1) == UINT64_C(0xBCABCB2A8DAE6591));
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(slab_holds_whole_rows_of_the_field),
    cmocka_unit_test(block_to_rows_and_back_is_the_same_block),
    cmocka_unit_test(a_slab_can_be_filled_and_emptied_in_pieces),
    cmocka_unit_test(rows_are_dealt_evenly_in_the_order_of_ranks),
    cmocka_unit_test(row_checksums_do_not_depend_on_the_layout),
    cmocka_unit_test(checksum_notices_a_bit_and_a_swap),
    cmocka_unit_test(checksum_is_the_documented_one),
};

HEAT_TEST_MAIN(Tests)
