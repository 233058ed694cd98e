/* Maps and properties from files: each rank gets the values of its own cells, whatever the
   layout of blocks and the types in the file; invalid values are refused, and the message names
   the cell. */
#include "tests/unit/io_test.h"

#include <hdf5.h>
#include <math.h>

#include "io/field_file/cell_inputs.h"
#include "io/field_file/field_file.h"

enum { NX = 13, NY = 11 };

/* Values of the cells in the file: a map of two materials with holes (-1), and a conductivity. */
static int    Map(int i, int j) { return (i + 2 * j) % 3 - 1; }
static double Conductivity(int i, int j) { return 1.0 + i + 100.0 * j; }

/* Write a dataset of the given type as another program would, with `value` in the cell of index
   `odd`, or in none for -1. */
static void PutDataset(hid_t file, const char *name, hid_t type, PetscBool map, int odd,
                       double value)
{
  const hsize_t shape[2] = {NY, NX};
  const hid_t   space    = H5Screate_simple(2, shape, NULL);
  const hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  double      values[NY * NX];

  for (int j = 0; j < NY; j++) {
    for (int i = 0; i < NX; i++) values[j * NX + i] = map ? Map(i, j) : Conductivity(i, j);
  }
  if (odd >= 0) values[odd] = value;
  assert_true(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  H5Dclose(dataset);
  H5Sclose(space);
}

static void MakeFile(const char *path)
{
  HeatTestBarrier();
  if (HeatTestRank() == 0) {
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);

    PutDataset(file, "material", H5T_STD_I8LE, PETSC_TRUE, -1, 0);
    PutDataset(file, "wide", H5T_STD_I64BE, PETSC_TRUE, -1, 0);
    PutDataset(file, "single", H5T_IEEE_F32LE, PETSC_FALSE, -1, 0);
    PutDataset(file, "conductivity", H5T_IEEE_F64LE, PETSC_FALSE, -1, 0);
    PutDataset(file, "counted", H5T_STD_U16LE, PETSC_FALSE, -1, 0);
    PutDataset(file, "of_no_material", H5T_STD_I64LE, PETSC_TRUE, 5 * NX + 7, 4294967296.0 + 1);
    PutDataset(file, "of_material_2", H5T_STD_I32LE, PETSC_TRUE, 10 * NX + 12, 2);
    PutDataset(file, "zero", H5T_IEEE_F64LE, PETSC_FALSE, 3 * NX, 0.0);
    PutDataset(file, "nan", H5T_IEEE_F64LE, PETSC_FALSE, 4 * NX + 2, NAN);
    H5Fclose(file);
  }
  HeatTestBarrier();
}

static void SetDataset(HeatDataset *d, const char *file, const char *dataset)
{
  OK(PetscFree(d->file));
  OK(PetscFree(d->dataset));
  OK(PetscStrallocpy(file, &d->file));
  OK(PetscStrallocpy(dataset, &d->dataset));
}

/* Make a case with two materials whose region 1 is a map. */
static HeatCase *MakeCase(const char *file, const char *map, HeatProperty property,
                          const char *dataset)
{
  HeatCase *c;

  OK(HeatCaseCreate(&c));
  OK(PetscCalloc1(2, &c->materials));
  OK(PetscCalloc1(2, &c->regions));
  c->n_materials = c->n_regions = 2;
  c->regions[1].shape           = HEAT_SHAPE_MAP;
  if (map) SetDataset(&c->regions[1].map, file, map);
  if (dataset) SetDataset(&c->properties[property], file, dataset);
  return c;
}

static void ExpectInputs(const char *map, const char *dataset)
{
  HeatCase *c = MakeCase("inputs/f.h5", map, HEAT_PROPERTY_CONDUCTIVITY_Y, dataset);

  for (PetscInt px = HeatTestNextLayout(NX, NY, 0); px; px = HeatTestNextLayout(NX, NY, px)) {
    HeatGrid      *grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, px);
    HeatCellInputs inputs;

    OK(HeatCellInputsRead(grid, c, &inputs));
    assert_null(inputs.maps[0]);
    assert_null(inputs.properties[HEAT_PROPERTY_DENSITY]);
    for (PetscInt j = 0; j < grid->nyl; j++) {
      for (PetscInt i = 0; i < grid->nxl; i++) {
        const PetscInt cell = j * grid->nxl + i;
        const int      x = (int)(grid->xs + i), y = (int)(grid->ys + j);

        assert_int_equal(inputs.maps[1][cell], Map(x, y));
        assert_true(inputs.properties[HEAT_PROPERTY_CONDUCTIVITY_Y][cell] == Conductivity(x, y));
      }
    }
    OK(HeatCellInputsClear(c, &inputs));
    assert_null(inputs.maps);
    OK(HeatGridDestroy(&grid));
  }
  OK(HeatCaseDestroy(&c));
}

static void inputs_of_any_type_reach_their_cells_on_every_layout(void **state)
{
  (void)state;
  HeatTestFolder("inputs");
  MakeFile("inputs/f.h5");
  ExpectInputs("/material", "/conductivity");
  ExpectInputs("wide", "single");
  ExpectInputs("/material", "counted");
}

static void a_case_without_files_reads_none(void **state)
{
  HeatCase      *c    = MakeCase("", NULL, HEAT_PROPERTY_DENSITY, NULL);
  HeatGrid      *grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, 1);
  HeatCellInputs inputs;

  (void)state;
  OK(HeatCellInputsRead(grid, c, &inputs));
  for (int r = 0; r < 2; r++) assert_null(inputs.maps[r]);
  for (int p = 0; p < HEAT_PROPERTIES; p++) assert_null(inputs.properties[p]);
  OK(HeatCellInputsClear(c, &inputs));
  OK(HeatGridDestroy(&grid));
  OK(HeatCaseDestroy(&c));
}

static void values_that_make_no_sense_are_refused_with_their_place(void **state)
{
  static const struct {
    const char *map, *property, *words;
  } faults[] = {
      {"/of_no_material", NULL,
       "inputs/f.h5: dataset /of_no_material holds numbers of no material in 1 of its cells, first "
       "4294967297 in [j][i] = [5][7]; numbers go from 0 to 1"},
      {"/of_material_2", NULL, "in 1 of its cells, first 2 in [j][i] = [10][12]"},
      {NULL, "/zero",
       "inputs/f.h5: dataset /zero holds no valid density in 1 of its cells, first 0 in [j][i] = "
       "[3][0]; it must be finite and greater than 0"},
      {NULL, "/nan", "no valid density in 1 of its cells, first nan in [j][i] = [4][2]"},
      {NULL, "/wide", "no valid density in 95 of its cells, first -1 in [j][i] = [0][0]"},
      {"/conductivity", NULL, "dataset conductivity does not hold integers"},
      {"/materiel", NULL, "it has no dataset materiel (it holds: conductivity counted material"},
  };
  HeatGrid *grid = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, 1);

  (void)state;
  HeatTestFolder("inputs");
  MakeFile("inputs/f.h5");
  for (size_t i = 0; i < PETSC_STATIC_ARRAY_LENGTH(faults); i++) {
    HeatCase *c = MakeCase("inputs/f.h5", faults[i].map, HEAT_PROPERTY_DENSITY, faults[i].property);
    HeatCellInputs inputs;

    FAILS_WITH(faults[i].words, HeatCellInputsRead(grid, c, &inputs));
    assert_null(inputs.maps);
    OK(HeatCaseDestroy(&c));
  }
  OK(HeatGridDestroy(&grid));
}

static void a_file_that_does_not_fit_is_refused(void **state)
{
  HeatGrid      *grid = HeatTestGrid(PETSC_COMM_WORLD, NX + 1, NY, 1);
  HeatCase      *c;
  HeatCellInputs inputs;

  (void)state;
  HeatTestFolder("inputs");
  MakeFile("inputs/f.h5");
  c = MakeCase("inputs/f.h5", "/material", HEAT_PROPERTY_DENSITY, NULL);
  FAILS_WITH("dataset material is [11][13], and the grid needs [ny][nx] = [11][14]",
             HeatCellInputsRead(grid, c, &inputs));
  OK(HeatCaseDestroy(&c));
  c = MakeCase("inputs/none.h5", "/material", HEAT_PROPERTY_DENSITY, NULL);
  FAILS_WITH("inputs/none.h5 cannot be read: ", HeatCellInputsRead(grid, c, &inputs));
  OK(HeatCaseDestroy(&c));
  OK(HeatGridDestroy(&grid));
}

/* The checksums of a file written by heat2d are compared while it is read. */
static void a_damaged_file_of_ours_is_refused(void **state)
{
  HeatGrid                  *grid    = HeatTestGrid(PETSC_COMM_WORLD, NX, NY, 1);
  double                    *block   = HeatTestBlock(grid);
  const HeatFieldFileOptions options = {.kind = "snapshot", .title = "t"};
  HeatFileField              field = {.name = "density", .units = "kg m-3", .long_name = "density"};
  HeatCase                  *c = MakeCase("inputs/s.h5", NULL, HEAT_PROPERTY_DENSITY, "/density");
  HeatCellInputs             inputs;
  const double               odd = 12345.678;

  (void)state;
  HeatTestFolder("inputs");
  for (size_t cell = 0; cell < HeatGridLocalCells(grid); cell++) block[cell] = odd;
  field.block = block;
  OK(HeatFieldFileWrite(grid, "inputs/s.h5", &options, 1, &field, NULL));
  OK(HeatCellInputsRead(grid, c, &inputs));
  assert_true(inputs.properties[HEAT_PROPERTY_DENSITY][0] == odd);
  OK(HeatCellInputsClear(c, &inputs));
  HeatTestFlip("inputs/s.h5", HeatTestFind("inputs/s.h5", odd), 4);
  FAILS_WITH("density", HeatCellInputsRead(grid, c, &inputs));
  OK(PetscFree(block));
  OK(HeatCaseDestroy(&c));
  OK(HeatGridDestroy(&grid));
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(inputs_of_any_type_reach_their_cells_on_every_layout),
    cmocka_unit_test(a_case_without_files_reads_none),
    cmocka_unit_test(values_that_make_no_sense_are_refused_with_their_place),
    cmocka_unit_test(a_file_that_does_not_fit_is_refused),
    cmocka_unit_test(a_damaged_file_of_ours_is_refused),
};

HEAT_TEST_MAIN(Tests)
