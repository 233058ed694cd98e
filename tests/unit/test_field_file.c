/* The field file: what is written is read back on any layout of blocks, and a faulty file is
   refused by all ranks. */
#define _XOPEN_SOURCE 700
#include "tests/unit/io_test.h"

#include <hdf5.h>
#include <sys/resource.h>

#include "io/field_file/disk_probe.h"
#include "io/field_file/field_file.h"

#define NX 37
#define NY 23

static const char *const Names[3] = {"steel", "cold ply", "copper"};

/* Write two fields: temperature, of doubles, and material, of integers. */
static PetscErrorCode WriteTwo(const HeatGrid *grid, const char *path, HeatCompression compression,
                               HeatFileStats *stats)
{
  double                    *T         = HeatTestBlock(grid);
  int32_t                   *material  = HeatTestIntegers(grid);
  const HeatFileField        fields[2] = {{.name      = "temperature",
                                           .units     = "K",
                                           .long_name = "temperature",
                                           .element   = HEAT_ELEMENT_DOUBLE,
                                           .block     = T},
                                          {.name       = "material",
                                           .units      = "1",
                                           .long_name  = "material",
                                           .element    = HEAT_ELEMENT_INT32,
                                           .block      = material,
                                           .n_meanings = 3,
                                           .meanings   = Names}};
  const HeatFieldFileOptions options   = {
        .kind        = "snapshot",
        .title       = "two fields",
        .step        = 12,
        .time        = 0.1,
        .compression = compression,
        .verify = compression == HEAT_COMPRESSION_NONE ? HEAT_READ_BACK_FULL : HEAT_READ_BACK_NONE};
  PetscErrorCode code = HeatFieldFileWrite(grid, path, &options, 2, fields, stats);

  OK(PetscFree(T));
  OK(PetscFree(material));
  return code;
}

/* Read both fields of WriteTwo and assert that every cell is as written. */
static void ExpectTwo(const HeatGrid *grid, const char *path)
{
  const size_t cells    = HeatGridLocalCells(grid);
  double      *T        = HeatTestBlock(grid), *read_T;
  int32_t     *material = HeatTestIntegers(grid), *read_material;

  OK(PetscCalloc2(cells, &read_T, cells, &read_material));
  OK(HeatFieldFileRead(grid, path, "/temperature", HEAT_ELEMENT_DOUBLE, read_T));
  OK(HeatFieldFileRead(grid, path, "material", HEAT_ELEMENT_INT32, read_material));
  assert_memory_equal(T, read_T, cells * sizeof(double));
  assert_memory_equal(material, read_material, cells * sizeof(int32_t));
  OK(PetscFree2(read_T, read_material));
  OK(PetscFree(T));
  OK(PetscFree(material));
}

/* Assert that the files which all ranks write, in every layout, equal the one that one rank
   writes. */
static void SameBytes(const char *dir, HeatCompression compression)
{
  char      one[256], all[256];
  HeatGrid *grid;

  HeatTestFolder(dir);
  snprintf(one, sizeof(one), "%s/one.h5", dir);
  snprintf(all, sizeof(all), "%s/all.h5", dir);
  if (HeatTestRank() == 0) {
    grid = HeatTestGrid(PETSC_COMM_SELF, NX, NY, 1);
    OK(WriteTwo(grid, one, compression, NULL));
    OK(HeatGridDestroy(&grid));
  }
  HeatTestBarrier();
  for (PetscInt px = HeatTestNextLayout(NX, NY, 0); px; px = HeatTestNextLayout(NX, NY, px)) {
    grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, px);
    OK(WriteTwo(grid, all, compression, NULL));
    HeatTestBarrier();
    assert_true(HeatTestSame(one, all));
    ExpectTwo(grid, all);
    HeatTestBarrier();
    OK(HeatGridDestroy(&grid));
  }
}

static void file_is_the_same_bytes_on_any_ranks_and_layout(void **state)
{
  (void)state;
  SameBytes("same_plain", HEAT_COMPRESSION_NONE);
}

static void compressed_file_is_the_same_bytes_on_any_ranks_and_layout(void **state)
{
  (void)state;
  SameBytes("same_deflate", HEAT_COMPRESSION_DEFLATE);
}

/* Each chunk has several rows, so it extends over slabs of two ranks; the last chunk is only partly
   filled by the grid. */
static void compressed_chunks_may_cross_slabs(void **state)
{
  const PetscInt nx = 1000, ny = 61; /* a chunk has 8 rows */
  HeatGrid      *grid;

  (void)state;
  HeatTestFolder("deflate");
  for (PetscInt px = HeatTestNextLayout(nx, ny, 0); px; px = HeatTestNextLayout(nx, ny, px)) {
    grid = HeatTestGrid(PETSC_COMM_WORLD, nx, ny, px);
    OK(WriteTwo(grid, "deflate/a.h5", HEAT_COMPRESSION_DEFLATE, NULL));
    ExpectTwo(grid, "deflate/a.h5");
    OK(HeatGridDestroy(&grid));
  }
  assert_true(HeatTestBytes("deflate/a.h5") < (long)(nx * ny * 12));
}

static void header_holds_what_was_written(void **state)
{
  HeatGrid         *grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, 1);
  HeatFieldFileInfo info;
  HeatFileStats     stats;

  (void)state;
  HeatTestFolder("header");
  OK(WriteTwo(grid, "header/a.h5", HEAT_COMPRESSION_NONE, &stats));
  OK(HeatFieldFileVerify(PETSC_COMM_WORLD, "header/a.h5", &info));
  assert_string_equal(info.kind, "snapshot");
  assert_string_equal(info.title, "two fields");
  assert_true(info.step == 12 && info.time == 0.1 && info.nx == NX && info.ny == NY);
  assert_true(info.x[0] == 0.0 && info.x[1] == 2.0 && info.y[0] == 1.0 && info.y[1] == 4.0);
  assert_true(info.bytes == stats.bytes && info.bytes == HeatTestBytes("header/a.h5"));
  assert_int_equal(info.n_fields, 2);
  assert_string_equal(info.fields[1].name, "temperature");
  assert_true(info.fields[1].maximum == HeatTestValue(NX - 1, 0));
  assert_true(info.fields[1].minimum == HeatTestValue(0, NY - 1));
  assert_true(info.fields[0].damaged_rows == 0 && info.fields[1].damaged_rows == 0);
  assert_false(HeatTestExists("header/.a.h5.part"));
  OK(HeatGridDestroy(&grid));
}

/* Return the offset in the file of a cell's temperature [bytes]. */
static long OffsetOf(const char *path, PetscInt i, PetscInt j)
{
  const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT),
              set  = H5Dopen2(file, "temperature", H5P_DEFAULT);
  const long at    = (long)H5Dget_offset(set);

  H5Dclose(set);
  H5Fclose(file);
  return at + (long)(j * NX + i) * 8;
}

static void damaged_row_is_named(void **state)
{
  HeatGrid         *grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, 1);
  double           *T    = HeatTestBlock(grid);
  HeatFieldFileInfo info;

  (void)state;
  HeatTestFolder("damage");
  OK(WriteTwo(grid, "damage/a.h5", HEAT_COMPRESSION_NONE, NULL));
  HeatTestFlip("damage/a.h5", OffsetOf("damage/a.h5", 5, 17), 1);
  FAILS_WITH("row 17 of temperature is damaged",
             HeatFieldFileRead(grid, "damage/a.h5", "temperature", HEAT_ELEMENT_DOUBLE, T));
  OK(HeatFieldFileVerify(PETSC_COMM_WORLD, "damage/a.h5", &info));
  assert_int_equal(info.fields[1].damaged_rows, 1);
  assert_int_equal(info.fields[1].first_damaged, 17);
  assert_int_equal(info.fields[1].last_damaged, 17);
  assert_int_equal(info.fields[0].damaged_rows, 0);
  OK(PetscFree(T));
  OK(HeatGridDestroy(&grid));
}

/* Write a file as another program would: a field that is float32, chunked and compressed, and
   datasets that are no fields of the grid. */
static void MakeForeign(const char *path)
{
  const hsize_t shape[2] = {NY, NX}, chunk[2] = {5, 11};
  float         values[NY][NX];
  hid_t         file, space, list, set;

  HeatTestBarrier();
  if (HeatTestRank() == 0) {
    for (int j = 0; j < NY; j++) {
      for (int i = 0; i < NX; i++) values[j][i] = (float)(i + 100 * j);
    }
    file  = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    space = H5Screate_simple(2, shape, NULL);
    list  = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 2, chunk);
    H5Pset_deflate(list, 6);
    set = H5Dcreate2(file, "T", H5T_IEEE_F32BE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    assert_true(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(set);
    H5Pclose(list);
    H5Sclose(space);
    H5Lcreate_external("elsewhere.h5", "/T", file, "away", H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(H5Gcreate2(file, "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Fclose(file);
  }
  HeatTestBarrier();
}

static void field_of_another_program_is_read_and_converted(void **state)
{
  HeatGrid *grid;
  double   *T;

  (void)state;
  HeatTestFolder("foreign");
  MakeForeign("foreign/f.h5");
  for (PetscInt px = HeatTestNextLayout(NX, NY, 0); px; px = HeatTestNextLayout(NX, NY, px)) {
    grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, px);
    T    = HeatTestBlock(grid);
    OK(HeatFieldFileRead(grid, "foreign/f.h5", "/T", HEAT_ELEMENT_DOUBLE, T));
    for (PetscInt j = 0; j < grid->nyl; j++) {
      for (PetscInt i = 0; i < grid->nxl; i++) {
        assert_true(T[j * grid->nxl + i] == (double)(grid->xs + i + 100 * (grid->ys + j)));
      }
    }
    OK(PetscFree(T));
    OK(HeatGridDestroy(&grid));
  }
}

static void what_is_not_a_field_of_the_grid_is_refused_with_the_reason(void **state)
{
  HeatGrid         *grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY + 1, 1);
  double           *T    = HeatTestBlock(grid);
  HeatFieldFileInfo info;

  (void)state;
  HeatTestFolder("refused");
  MakeForeign("refused/f.h5");
  HeatTestPut("refused/text.h5", "not HDF5 at all\n");
  FAILS_WITH("T is [23][37], and the grid needs [ny][nx] = [24][37]",
             HeatFieldFileRead(grid, "refused/f.h5", "/T", HEAT_ELEMENT_DOUBLE, T));
  FAILS_WITH("it has no dataset U (it holds: T away group)",
             HeatFieldFileRead(grid, "refused/f.h5", "/U", HEAT_ELEMENT_DOUBLE, T));
  FAILS_WITH("T does not hold integers",
             HeatFieldFileRead(grid, "refused/f.h5", "/T", HEAT_ELEMENT_INT32, T));
  FAILS_WITH("away is a link",
             HeatFieldFileRead(grid, "refused/f.h5", "/away", HEAT_ELEMENT_DOUBLE, T));
  FAILS_WITH("not a dataset",
             HeatFieldFileRead(grid, "refused/f.h5", "/group", HEAT_ELEMENT_DOUBLE, T));
  FAILS_WITH("No such file or directory",
             HeatFieldFileRead(grid, "refused/g.h5", "/T", HEAT_ELEMENT_DOUBLE, T));
  FAILS_WITH("refused/text.h5 cannot be read",
             HeatFieldFileRead(grid, "refused/text.h5", "/T", HEAT_ELEMENT_DOUBLE, T));
  FAILS_WITH("not one that heat2d wrote",
             HeatFieldFileReadInfo(PETSC_COMM_WORLD, "refused/f.h5", &info));
  OK(PetscFree(T));
  OK(HeatGridDestroy(&grid));
}

static void folder_that_is_none_is_an_error_on_every_rank(void **state)
{
  HeatGrid *grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, 1);

  (void)state;
  HeatTestFolder("none");
  HeatTestPut("none/file", "a file where a folder is needed\n");
  FAILS_WITH("Not a directory", WriteTwo(grid, "none/file/a.h5", HEAT_COMPRESSION_NONE, NULL));
  FAILS_WITH("Not a directory", WriteTwo(grid, "none/file/a.h5", HEAT_COMPRESSION_DEFLATE, NULL));
  FAILS_WITH("No such file or directory",
             WriteTwo(grid, "none/such/a.h5", HEAT_COMPRESSION_NONE, NULL));
  OK(HeatGridDestroy(&grid));
}

/* A limit of the file size of 4 kB makes the write of the last rank fail, then of all ranks, as
   a full disk does.  The other ranks must not hang, the earlier file must stay, and no temporary
   file may be left. */
static void one_ranks_failed_write_is_an_error_on_every_rank(void **state)
{
  HeatGrid     *grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, 1);
  struct rlimit before, limit;

  (void)state;
  HeatTestFolder("limit");
  OK(WriteTwo(grid, "limit/a.h5", HEAT_COMPRESSION_NONE, NULL));
  OK(WriteTwo(grid, "limit/b.h5", HEAT_COMPRESSION_NONE, NULL));
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  for (int all = 0; all <= 1; all++) {
    limit = before;
    if (all || HeatTestRank() == HeatTestSize() - 1) limit.rlim_cur = 4096;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    FAILS_WITH("File too large", WriteTwo(grid, "limit/b.h5", HEAT_COMPRESSION_NONE, NULL));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(HeatTestExists("limit/.b.h5.part"));
    assert_true(HeatTestSame("limit/a.h5", "limit/b.h5"));
    HeatTestBarrier(); /* before the next write, all ranks have compared the files */
  }
  OK(HeatGridDestroy(&grid));
}

/* Rank 0 fails in the middle of writing the compressed chunks.  The values do not compress, so the
   file exceeds the limit of 2 MB. */
static void failed_compressed_write_is_an_error_on_every_rank(void **state)
{
  HeatGrid            *grid  = HeatTestGrid(PETSC_COMM_WORLD, 900, 700, 1);
  const size_t         cells = HeatGridLocalCells(grid);
  double              *noise;
  HeatFileField        field   = {.name = "temperature", .units = "K", .long_name = "noise"};
  HeatFieldFileOptions options = {
      .kind = "snapshot", .title = "noise", .compression = HEAT_COMPRESSION_DEFLATE};
  struct rlimit before, limit;

  (void)state;
  HeatTestFolder("limit");
  OK(PetscMalloc1(cells, &noise));
  for (size_t i = 0; i < cells; i++) noise[i] = drand48();
  field.block = noise;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  limit          = before;
  limit.rlim_cur = 2000000;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  FAILS_WITH("File too large", HeatFieldFileWrite(grid, "limit/a.h5", &options, 1, &field, NULL));
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_false(HeatTestExists("limit/.a.h5.part"));
  assert_false(HeatTestExists("limit/a.h5"));
  OK(PetscFree(noise));
  OK(HeatGridDestroy(&grid));
}

static void grid_of_one_cell_can_be_written(void **state)
{
  HeatGrid *grid;

  (void)state;
  HeatTestFolder("tiny");
  if (HeatTestRank() == 0) {
    grid = HeatTestGrid(PETSC_COMM_SELF, 1, 1, 1);
    OK(WriteTwo(grid, "tiny/a.h5", HEAT_COMPRESSION_NONE, NULL));
    ExpectTwo(grid, "tiny/a.h5");
    OK(WriteTwo(grid, "tiny/b.h5", HEAT_COMPRESSION_DEFLATE, NULL));
    ExpectTwo(grid, "tiny/b.h5");
    OK(HeatGridDestroy(&grid));
  }
  HeatTestBarrier();
}

static void failed_probe_of_the_disk_measures_nothing(void **state)
{
  HeatGrid     *grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, 1);
  HeatDiskProbe probe;

  (void)state;
  HeatTestFolder("probe");
  OK(HeatDiskProbeRun(grid, "probe", 2, &probe));
  assert_true(probe.bytes == 16 * NX * NY && probe.write > 0.0 && probe.read > 0.0);
  OK(HeatDiskProbeRun(grid, "probe/none", 2, &probe)); /* a warning, no error */
  assert_true(probe.bytes == 0 && probe.write == 0.0 && probe.read == 0.0);
  OK(HeatGridDestroy(&grid));
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(file_is_the_same_bytes_on_any_ranks_and_layout),
    cmocka_unit_test(compressed_file_is_the_same_bytes_on_any_ranks_and_layout),
    cmocka_unit_test(compressed_chunks_may_cross_slabs),
    cmocka_unit_test(header_holds_what_was_written),
    cmocka_unit_test(damaged_row_is_named),
    cmocka_unit_test(field_of_another_program_is_read_and_converted),
    cmocka_unit_test(what_is_not_a_field_of_the_grid_is_refused_with_the_reason),
    cmocka_unit_test(folder_that_is_none_is_an_error_on_every_rank),
    cmocka_unit_test(one_ranks_failed_write_is_an_error_on_every_rank),
    cmocka_unit_test(failed_compressed_write_is_an_error_on_every_rank),
    cmocka_unit_test(grid_of_one_cell_can_be_written),
    cmocka_unit_test(failed_probe_of_the_disk_measures_nothing),
};

HEAT_TEST_MAIN(Tests)
