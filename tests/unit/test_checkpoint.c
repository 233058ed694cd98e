/* Checkpoints and snapshots: what is written is read back on any layout of blocks, and only
   complete and undamaged files are used. */
#define _XOPEN_SOURCE 700
#include "tests/unit/io_test.h"

#include <sys/resource.h>

#include "io/field_file/field_file.h"
#include "io/run_files/checkpoint.h"

#define NX 19
#define NY 31

static const char CaseText[] = "title: a case\ngrid: {cells: [19, 31]}\n";

static void FillState(HeatCheckpointState *state, PetscInt64 step, HeatSnapshotEntry *list)
{
  memset(state, 0, sizeof(*state));
  state->step      = step;
  state->time      = 0.1 * (double)step;
  state->step_size = 0.1;
  snprintf(state->scheme, sizeof(state->scheme), "crank-nicolson");
  OK(HeatCheckpointStateSetSum(state, "stored_initial", 1.0 / 3.0));
  OK(HeatCheckpointStateSetSum(state, "side_left", -7.25e300));
  list[0]            = (HeatSnapshotEntry){.step = 0, .time = 0.0};
  list[1]            = (HeatSnapshotEntry){.step = 20, .time = 2.0000000000000004};
  state->n_snapshots = 2;
  state->snapshots   = list;
  state->case_text   = (char *)CaseText;
}

/* Write the checkpoint of a step, with the state of FillState and the field of HeatTestBlock. */
static PetscErrorCode Write(const HeatGrid *grid, const char *dir, PetscInt keep, PetscInt64 step,
                            PetscBool *written)
{
  HeatCheckpointState state;
  HeatSnapshotEntry   list[2];
  double             *T = HeatTestBlock(grid);
  PetscErrorCode      code;

  const HeatCheckpointOptions how = {
      .keep = {keep, 20}, .verify = HEAT_READ_BACK_FULL, .title = "a case", .program = "test"};

  FillState(&state, step, list);
  code = HeatCheckpointWrite(grid, dir, &how, &state, T, written, NULL);
  OK(PetscFree(T));
  return code;
}

/* Return whether state and temperature are those that Write has written. */
static int IsWhole(const HeatGrid *grid, const HeatCheckpointState *read, const double *T,
                   PetscInt64 step)
{
  HeatCheckpointState state;
  HeatSnapshotEntry   list[2];
  double             *expected = HeatTestBlock(grid);
  int                 same;

  FillState(&state, step, list);
  same = read->step == step && read->time == state.time && read->step_size == state.step_size &&
         strcmp(read->scheme, state.scheme) == 0 && read->n_sums == 2 &&
         HeatCheckpointStateGetSum(read, "stored_initial", 0) == 1.0 / 3.0 &&
         HeatCheckpointStateGetSum(read, "side_left", 0) == -7.25e300 && read->n_snapshots == 2 &&
         read->snapshots[1].step == 20 && read->snapshots[1].time == list[1].time &&
         strcmp(read->case_text, CaseText) == 0 &&
         memcmp(T, expected, HeatGridLocalCells(grid) * sizeof(double)) == 0;
  OK(PetscFree(expected));
  return same;
}

/* Read the newest undamaged checkpoint of a folder and assert that it is complete. */
static PetscErrorCode ReadLatest(const HeatGrid *grid, const char *dir,
                                 char path[PETSC_MAX_PATH_LEN])
{
  HeatCheckpointState state;
  double             *T;
  PetscErrorCode      code;

  OK(PetscCalloc1(HeatGridLocalCells(grid), &T));
  code = HeatCheckpointReadLatest(grid, dir, path, PETSC_MAX_PATH_LEN, &state, T);
  if (!code) assert_true(IsWhole(grid, &state, T, state.step));
  OK(HeatCheckpointStateClear(&state));
  OK(PetscFree(T));
  return code;
}

static void ExpectWhole(const HeatGrid *grid, const char *path, PetscInt64 step)
{
  HeatCheckpointState state;
  double             *T;

  OK(PetscCalloc1(HeatGridLocalCells(grid), &T));
  OK(HeatCheckpointRead(grid, path, &state, T));
  assert_true(IsWhole(grid, &state, T, step));
  assert_true(HeatCheckpointStateGetSum(&state, "no_such_sum", -1.0) == -1.0);
  OK(HeatCheckpointStateClear(&state));
  OK(PetscFree(T));
}

static void state_and_field_come_back_on_every_layout(void **state)
{
  HeatGrid *grid;

  (void)state;
  HeatTestFolder("layouts");
  for (PetscInt px = HeatTestNextLayout(NX, NY, 0); px; px = HeatTestNextLayout(NX, NY, px)) {
    grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, px);
    OK(Write(grid, "layouts", 2, 40, NULL));
    OK(HeatGridDestroy(&grid));
    for (PetscInt qx = HeatTestNextLayout(NX, NY, 0); qx; qx = HeatTestNextLayout(NX, NY, qx)) {
      grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, qx);
      ExpectWhole(grid, "layouts/checkpoint_000040.h5", 40);
      OK(HeatGridDestroy(&grid));
    }
  }
}

/* Write a checkpoint with a second field, the negative of the temperature. */
static PetscErrorCode WriteWithField(const HeatGrid *grid, const char *dir)
{
  HeatCheckpointState state;
  HeatSnapshotEntry   list[2];
  double             *T = HeatTestBlock(grid), *rate = HeatTestBlock(grid);
  PetscErrorCode      code;

  const HeatCheckpointOptions how = {
      .keep = {.newest = 2}, .verify = HEAT_READ_BACK_FULL, .title = "a case"};

  for (size_t i = 0; i < HeatGridLocalCells(grid); i++) rate[i] = -T[i];
  FillState(&state, 40, list);
  OK(HeatCheckpointStateSetField(&state, "rate", T));
  OK(HeatCheckpointStateSetField(&state, "rate", rate)); /* replaces it */
  code = HeatCheckpointWrite(grid, dir, &how, &state, T, NULL, NULL);
  OK(PetscFree(T));
  OK(PetscFree(rate));
  return code;
}

static void named_fields_come_back_on_every_layout(void **state)
{
  const char *path = "named/checkpoint_000040.h5";
  HeatGrid   *grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, HeatTestNextLayout(NX, NY, 0));

  (void)state;
  HeatTestFolder("named");
  OK(WriteWithField(grid, "named"));
  OK(HeatGridDestroy(&grid));
  for (PetscInt px = HeatTestNextLayout(NX, NY, 0); px; px = HeatTestNextLayout(NX, NY, px)) {
    HeatCheckpointState read;
    const double       *rate;
    double             *T;

    grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, px);
    T    = HeatTestBlock(grid);
    OK(HeatCheckpointRead(grid, path, &read, T));
    assert_true(IsWhole(grid, &read, T, 40));
    assert_int_equal(read.n_fields, 1);
    assert_null(HeatCheckpointStateGetField(&read, "no_such_field"));
    rate = HeatCheckpointStateGetField(&read, "rate");
    assert_non_null(rate);
    for (size_t i = 0; i < HeatGridLocalCells(grid); i++) assert_true(rate[i] == -T[i]);
    OK(HeatCheckpointStateClear(&read));
    OK(PetscFree(T));
    OK(HeatGridDestroy(&grid));
  }
}

static void file_does_not_depend_on_ranks_or_layout(void **state)
{
  HeatGrid *grid;

  (void)state;
  HeatTestFolder("one");
  HeatTestFolder("all");
  if (HeatTestRank() == 0) {
    grid = HeatTestGrid(PETSC_COMM_SELF, NX, NY, 1);
    OK(Write(grid, "one", 2, 40, NULL));
    OK(HeatGridDestroy(&grid));
  }
  for (PetscInt px = HeatTestNextLayout(NX, NY, 0); px; px = HeatTestNextLayout(NX, NY, px)) {
    grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, px);
    OK(Write(grid, "all", 2, 40, NULL));
    HeatTestBarrier();
    assert_true(HeatTestSame("one/checkpoint_000040.h5", "all/checkpoint_000040.h5"));
    HeatTestBarrier();
    OK(HeatGridDestroy(&grid));
  }
}

/* Checkpoints whose step is a multiple of 20 are kept besides the newest ones. */
static void the_newest_are_kept_and_every_kth_and_later_steps_are_not_counted(void **state)
{
  HeatGrid *grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, 1);

  (void)state;
  HeatTestFolder("keep");
  for (PetscInt64 step = 10; step <= 50; step += 10) OK(Write(grid, "keep", 2, step, NULL));
  assert_false(HeatTestExists("keep/checkpoint_000010.h5"));
  assert_true(HeatTestExists("keep/checkpoint_000020.h5"));
  assert_false(HeatTestExists("keep/checkpoint_000030.h5"));
  assert_true(HeatTestExists("keep/checkpoint_000040.h5"));
  assert_true(HeatTestExists("keep/checkpoint_000050.h5"));
  OK(Write(grid, "keep", 1, 25, NULL));
  OK(Write(grid, "keep", 1, 35, NULL));
  assert_true(HeatTestExists("keep/checkpoint_000020.h5"));
  assert_false(HeatTestExists("keep/checkpoint_000025.h5"));
  assert_true(HeatTestExists("keep/checkpoint_000035.h5"));
  assert_true(HeatTestExists("keep/checkpoint_000050.h5"));
  OK(HeatGridDestroy(&grid));
}

static void latest_passes_over_damaged_ones(void **state)
{
  HeatGrid *grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, 1);
  char      path[PETSC_MAX_PATH_LEN];
  long      bytes;

  (void)state;
  HeatTestFolder("latest");
  for (PetscInt64 step = 10; step <= 50; step += 10) OK(Write(grid, "latest", 9, step, NULL));
  OK(ReadLatest(grid, "latest", path));
  assert_string_equal(path, "latest/checkpoint_000050.h5");
  bytes = HeatTestBytes("latest/checkpoint_000050.h5");
  HeatTestFlip("latest/checkpoint_000050.h5",
               HeatTestFind("latest/checkpoint_000050.h5", HeatTestValue(3, 8)), 4);
  if (HeatTestRank() == 0) assert_int_equal(truncate("latest/checkpoint_000040.h5", bytes / 2), 0);
  HeatTestPut("latest/checkpoint_000030.h5", "");
  HeatTestFlip("latest/checkpoint_000020.h5", 60, 255); /* in HDF5's own bookkeeping */
  OK(ReadLatest(grid, "latest", path));
  assert_string_equal(path, "latest/checkpoint_000010.h5");
  ExpectWhole(grid, path, 10);
  OK(HeatGridDestroy(&grid));
}

static void damage_of_a_named_field_is_found(void **state)
{
  const char         *path = "field/checkpoint_000040.h5";
  HeatGrid           *grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, 1);
  double             *T    = HeatTestBlock(grid);
  HeatCheckpointState read;
  char                found[PETSC_MAX_PATH_LEN];

  (void)state;
  HeatTestFolder("field");
  OK(WriteWithField(grid, "field"));
  HeatTestBarrier();
  HeatTestFlip(path, HeatTestFind(path, -HeatTestValue(3, 8)), 4);
  FAILS_WITH("row 8 of rate is damaged", HeatCheckpointRead(grid, path, &read, T));
  assert_int_equal(read.n_fields, 0); /* no part of it is returned */
  FAILS_WITH("none of the 1 checkpoints", ReadLatest(grid, "field", found));
  OK(PetscFree(T));
  OK(HeatGridDestroy(&grid));
}

static void no_usable_checkpoint_is_an_error(void **state)
{
  HeatGrid *grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, 1);
  char      path[PETSC_MAX_PATH_LEN];

  (void)state;
  HeatTestFolder("empty");
  FAILS_WITH("there is no checkpoint in empty", ReadLatest(grid, "empty", path));
  FAILS_WITH("there is no checkpoint in none_such", ReadLatest(grid, "none_such", path));
  HeatTestPut("empty/checkpoint_000030.h5", "x");
  FAILS_WITH("none of the 1 checkpoints", ReadLatest(grid, "empty", path));
  OK(HeatGridDestroy(&grid));
}

static void checkpoint_of_another_case_is_refused_with_both_numbers(void **state)
{
  HeatGrid            *grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, 1);
  HeatCheckpointState  read;
  HeatFileField        field   = {.name = "temperature", .units = "K", .long_name = "T"};
  HeatFieldFileOptions options = {.kind = "snapshot", .title = "t"};
  double              *T;

  (void)state;
  HeatTestFolder("other");
  OK(Write(grid, "other", 2, 40, NULL));
  field.block = T = HeatTestBlock(grid);
  OK(HeatFieldFileWrite(grid, "other/snapshot_000001.h5", &options, 1, &field, NULL));
  FAILS_WITH("it is a snapshot, not a checkpoint",
             HeatCheckpointRead(grid, "other/snapshot_000001.h5", &read, T));
  OK(PetscFree(T));
  OK(HeatGridDestroy(&grid));
  grid = HeatTestGrid(PETSC_COMM_WORLD, NX + 1, NY, 1);
  T    = HeatTestBlock(grid);
  FAILS_WITH("[19, 31] cells, and the case has [20, 31]",
             HeatCheckpointRead(grid, "other/checkpoint_000040.h5", &read, T));
  OK(HeatGridDestroy(&grid));
  grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, 1);
  grid->hx *= 2;
  FAILS_WITH("its domain is x [0, 2], y [1, 4] m, and the case's is x [0, 4]",
             HeatCheckpointRead(grid, "other/checkpoint_000040.h5", &read, T));
  OK(PetscFree(T));
  OK(HeatGridDestroy(&grid));
}

/* A failed write is reported in *written where the caller asks for it, and is an error
   otherwise; the earlier checkpoint stays, undamaged.  A limit of the file size makes the last
   rank's write fail. */
static void failed_write_leaves_the_earlier_checkpoint(void **state)
{
  HeatGrid     *grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, 1);
  struct rlimit before, limit;
  PetscBool     written = PETSC_FALSE;
  char          path[PETSC_MAX_PATH_LEN];

  (void)state;
  HeatTestFolder("failed");
  OK(Write(grid, "failed", 1, 10, &written));
  assert_true(written);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  limit = before;
  if (HeatTestRank() == HeatTestSize() - 1) limit.rlim_cur = 4096;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  OK(Write(grid, "failed", 1, 20, &written));
  assert_false(written);
  FAILS_WITH("File too large", Write(grid, "failed", 1, 20, NULL));
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_false(HeatTestExists("failed/checkpoint_000020.h5"));
  assert_false(HeatTestExists("failed/.checkpoint_000020.h5.part"));
  OK(ReadLatest(grid, "failed", path));
  assert_string_equal(path, "failed/checkpoint_000010.h5");
  OK(HeatGridDestroy(&grid));
}

/* Invert one bit (at odd offsets) or all bits (at even ones) of a byte of a checkpoint: reading
   it must fail, or return exactly what was written.  Only every 41st byte is changed, because
   all would take too long; HEAT_TEST_STRIDE=1 in the environment changes every byte. */
static void no_changed_byte_goes_unnoticed(void **state)
{
  const char *stride_text = getenv("HEAT_TEST_STRIDE");
  const long  stride      = stride_text ? atol(stride_text) : 41;

  (void)state;
  HeatTestFolder("bytes");
  if (HeatTestRank() == 0) {
    HeatGrid   *grid = HeatTestGrid(PETSC_COMM_SELF, NX, NY, 1);
    const char *path = "bytes/checkpoint_000040.h5";
    FILE       *file;
    struct stat status;
    double     *T;

    OK(PetscCalloc1(HeatGridLocalCells(grid), &T));
    OK(Write(grid, "bytes", 1, 40, NULL));
    assert_int_equal(stat(path, &status), 0);
    file = fopen(path, "r+b");
    for (long at = 0; at < (long)status.st_size; at += stride) {
      HeatCheckpointState read;
      PetscErrorCode      code;
      int                 byte;

      fseek(file, at, SEEK_SET);
      byte = fgetc(file);
      fseek(file, at, SEEK_SET);
      fputc(at % 2 ? byte ^ (1 << at % 8) : ~byte & 255, file);
      fflush(file);
      OK(PetscPushErrorHandler(HeatTestCapture, NULL));
      code = HeatCheckpointRead(grid, path, &read, T);
      OK(PetscPopErrorHandler());
      if (code) assert_int_equal(code, HEAT_ERR_FILE);
      else if (!IsWhole(grid, &read, T, 40))
        fail_msg("a changed byte at offset %ld is not detected", at);
      OK(HeatCheckpointStateClear(&read));
      fseek(file, at, SEEK_SET);
      fputc(byte, file);
      fflush(file);
    }
    fclose(file);
    ExpectWhole(grid, path, 40);
    OK(PetscFree(T));
    OK(HeatGridDestroy(&grid));
  }
  HeatTestBarrier();
}

static void snapshots_are_listed_in_the_xdmf_file(void **state)
{
  HeatGrid           *grid  = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, 1);
  double             *T     = HeatTestBlock(grid);
  const HeatFileField field = {.name = "temperature", .units = "K", .long_name = "T", .block = T};
  HeatSnapshots      *snapshots;
  const HeatSnapshotEntry *list;
  const HeatSnapshotEntry  earlier[3] = {{0, 0.0}, {20, 2.0}, {30, 3.0}};
  char                     text[4096];
  PetscInt                 n;

  (void)state;
  HeatTestFolder("series");
  OK(HeatSnapshotsCreate(grid, "series", "a < b & c", HEAT_COMPRESSION_NONE, &snapshots));
  OK(HeatSnapshotsWrite(snapshots, 0, 0.0, 1, &field));
  OK(HeatSnapshotsWrite(snapshots, 20, 2.0, 1, &field));
  OK(HeatSnapshotsDestroy(&snapshots));
  OK(HeatSnapshotsCreate(grid, "series", "a < b & c", HEAT_COMPRESSION_NONE, &snapshots));
  OK(HeatSnapshotsResume(snapshots, 3, earlier)); /* the file of step 30 does not exist */
  OK(HeatSnapshotsWrite(snapshots, 40, 4.0, 1, &field));
  HeatSnapshotsGetList(snapshots, &n, &list);
  assert_int_equal(n, 3);
  assert_true(list[2].step == 40 && list[2].time == 4.0);
  HeatTestGet("series/snapshots.xdmf", text, sizeof(text));
  assert_non_null(strstr(text, "a &lt; b &amp; c"));
  assert_non_null(strstr(text, "<Time Value=\"2\"/>"));
  assert_non_null(strstr(text, "Dimensions=\"31 19\""));
  assert_non_null(strstr(text, "snapshot_000040.h5:/temperature"));
  assert_null(strstr(text, "snapshot_000030"));
  OK(HeatSnapshotsDestroy(&snapshots));
  OK(PetscFree(T));
  OK(HeatGridDestroy(&grid));
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(state_and_field_come_back_on_every_layout),
    cmocka_unit_test(named_fields_come_back_on_every_layout),
    cmocka_unit_test(damage_of_a_named_field_is_found),
    cmocka_unit_test(file_does_not_depend_on_ranks_or_layout),
    cmocka_unit_test(the_newest_are_kept_and_every_kth_and_later_steps_are_not_counted),
    cmocka_unit_test(latest_passes_over_damaged_ones),
    cmocka_unit_test(no_usable_checkpoint_is_an_error),
    cmocka_unit_test(checkpoint_of_another_case_is_refused_with_both_numbers),
    cmocka_unit_test(failed_write_leaves_the_earlier_checkpoint),
    cmocka_unit_test(no_changed_byte_goes_unnoticed),
    cmocka_unit_test(snapshots_are_listed_in_the_xdmf_file),
};

HEAT_TEST_MAIN(Tests)
