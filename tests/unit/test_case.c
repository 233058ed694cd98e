/* The case, made without a file: defaults, the table of line numbers, and the rules of validation
   that depend on the number of ranks or concern a case that cannot be written as a file. */
#include "case_test.h"

#include <math.h>

#include "solver/case/case.h"

/* Make a valid case: 8 x 4 cells of one material, ftcs with four steps.  A second material is
   allocated but not counted. */
static HeatCase *Small(void)
{
  HeatCase *c;

  OK(HeatCaseCreate(&c));
  c->grid.cells[0] = 8;
  c->grid.cells[1] = 4;
  c->time.scheme   = HEAT_SCHEME_FTCS;
  c->time.step     = 0.25;
  c->time.end      = 1.0;
  OK(PetscCalloc1(2, &c->materials));
  c->n_materials = 1;
  for (int i = 0; i < 2; i++) {
    OK(PetscStrallocpy(i ? "ply" : "steel", &c->materials[i].name));
    c->materials[i].conductivity[0] = c->materials[i].conductivity[1] = (HeatFormula){PETSC_TRUE,
                                                                                      1.0, NULL};
    c->materials[i].density = c->materials[i].specific_heat = 1.0;
  }
  OK(PetscCalloc1(2, &c->regions));
  c->n_regions           = 1;
  c->initial.temperature = (HeatFormula){PETSC_TRUE, 0.0, NULL};
  OK(PetscStrallocpy("out", &c->output.directory));
  return c;
}

static void DestroySmall(HeatCase *c)
{
  if (c->n_materials < 2) c->n_materials = 2; /* so that both names are freed */
  OK(HeatCaseDestroy(&c));
  assert_null(c);
}

static PetscErrorCode Validate(HeatCase *c) { return HeatCaseValidate(PETSC_COMM_WORLD, c, 2); }

static void defaults_are_those_of_the_contract(void **state)
{
  HeatCase *c;

  (void)state;
  OK(HeatCaseCreate(&c));
  assert_true(c->solver.tolerance == 1e-10);
  assert_int_equal(c->solver.max_iterations, 10000);
  assert_string_equal(c->solver.preconditioner, "multigrid");
  assert_int_equal(c->solver.face_average, HEAT_FACE_HARMONIC);
  assert_int_equal(c->solver.paint, HEAT_PAINT_CENTRE);
  assert_int_equal(c->solver.reproducible, PETSC_FALSE);
  assert_int_equal(c->decomposition.mapping, HEAT_MAPPING_NODE_BLOCKS);
  assert_int_equal(c->decomposition.processes[0], 0);
  for (int side = 0; side < HEAT_SIDES; side++) {
    assert_int_equal(c->boundary[side].segments[0].type, HEAT_BC_INSULATED);
  }
  assert_int_equal(c->checkpoint.keep, 2);
  assert_int_equal(c->checkpoint.every, 0);
  assert_int_equal(c->output.fields[HEAT_FIELD_TEMPERATURE], PETSC_TRUE);
  assert_int_equal(c->output.fields[HEAT_FIELD_OWNER], PETSC_FALSE);
  assert_true(c->time.end < 0.0 && c->time.steps == -1);
  OK(HeatCaseDestroy(&c));
  OK(HeatCaseDestroy(&c));
}

static void name_arrays_match_their_enumerations(void **state)
{
  (void)state;
  assert_string_equal(HeatSideNames[HEAT_TOP], "top");
  assert_string_equal(HeatSideNames[HEAT_SIDES], "HeatSide");
  assert_string_equal(HeatShapeNames[HEAT_SHAPE_POLYGON], "polygon");
  assert_string_equal(HeatBoundaryTypeNames[HEAT_BC_PERIODIC], "periodic");
  assert_string_equal(HeatSchemeNames[HEAT_SCHEME_STEADY], "steady");
  assert_string_equal(HeatFaceAverageNames[HEAT_FACE_ARITHMETIC], "arithmetic");
  assert_string_equal(HeatPaintRuleNames[HEAT_PAINT_TEALEAF], "tealeaf");
  assert_string_equal(HeatMappingNames[HEAT_MAPPING_LINEAR], "linear");
  assert_string_equal(HeatCompressionNames[HEAT_COMPRESSION_DEFLATE], "deflate");
  assert_string_equal(HeatFieldKindNames[HEAT_FIELD_OWNER], "owner");
  assert_string_equal(HeatFieldKindNames[HEAT_FIELDS], "HeatFieldKind");
  assert_string_equal(HeatCheckQuantityNames[HEAT_CHECK_MAXIMUM], "maximum");
  assert_string_equal(HeatWeightNames[HEAT_WEIGHT_HEAT_CAPACITY], "heat_capacity");
}

static void a_key_is_located_by_its_line_or_the_nearest_enclosing_one(void **state)
{
  HeatCase *c;
  char      buffer[64];

  (void)state;
  OK(HeatCaseCreate(&c));
  assert_string_equal(HeatCaseLocate(c, "grid", buffer, sizeof buffer), "case: ");
  OK(PetscStrallocpy("a.yaml", &c->file));
  OK(HeatCaseAddWhere(c, "", 1));
  OK(HeatCaseAddWhere(c, "regions", 3));
  OK(HeatCaseAddWhere(c, "regions[1]", 5));
  OK(HeatCaseAddWhere(c, "regions[1].radius", 6));
  OK(HeatCaseAddWhere(c, "regions[1].radius", 0));
  OK(HeatCaseAddWhere(c, "regions[10]", 9));
  assert_string_equal(HeatCaseLocate(c, "regions[1].radius", buffer, sizeof buffer), "--set: ");
  assert_string_equal(HeatCaseLocate(c, "regions[1].centre", buffer, sizeof buffer), "a.yaml:5: ");
  assert_string_equal(HeatCaseLocate(c, "regions[10].x[0]", buffer, sizeof buffer), "a.yaml:9: ");
  assert_string_equal(HeatCaseLocate(c, "regions[2]", buffer, sizeof buffer), "a.yaml:3: ");
  assert_string_equal(HeatCaseLocate(c, "time.end", buffer, sizeof buffer), "a.yaml:1: ");
  REFUSES("a.yaml:5: regions[1].centre: found 7",
          HeatCaseRaise(PETSC_COMM_WORLD, "f", "f.c", 1, c, "regions[1].centre", "found %d", 7));
  OK(HeatCaseDestroy(&c));
}

static void a_valid_case_gets_its_names_resolved(void **state)
{
  HeatCase *c = Small();

  (void)state;
  OK(Validate(c));
  assert_int_equal(c->regions[0].material, 0);
  c->n_materials = c->n_regions = 2;
  OK(PetscStrallocpy("steel", &c->regions[0].material_name));
  OK(PetscStrallocpy("ply", &c->regions[1].material_name));
  OK(Validate(c));
  assert_int_equal(c->regions[0].material, 0);
  assert_int_equal(c->regions[1].material, 1);
  OK(PetscFree(c->regions[1].material_name));
  c->regions[1].temperature = (HeatFormula){.given = PETSC_TRUE, .value = 3.0};
  OK(Validate(c));
  assert_int_equal(c->regions[1].material, -1);
  DestroySmall(c);
}

static void every_rank_needs_a_cell_of_some_factorisation(void **state)
{
  HeatCase *c = Small(); /* 8 x 4 */

  (void)state;
  OK(HeatCaseValidate(PETSC_COMM_WORLD, c, 32));
  REFUSES("fewer than the 33 ranks", HeatCaseValidate(PETSC_COMM_WORLD, c, 33));
  REFUSES("cannot be cut into 11 blocks", HeatCaseValidate(PETSC_COMM_WORLD, c, 11));
  c->decomposition.processes[0] = 4;
  c->decomposition.processes[1] = 2;
  OK(HeatCaseValidate(PETSC_COMM_WORLD, c, 8));
  REFUSES("the number of ranks is 6", HeatCaseValidate(PETSC_COMM_WORLD, c, 6));
  c->decomposition.processes[0] = 1;
  c->decomposition.processes[1] = 8;
  REFUSES("each block needs at least one cell", HeatCaseValidate(PETSC_COMM_WORLD, c, 8));
  DestroySmall(c);
}

static void the_number_of_cells_fits_the_index_type(void **state)
{
  HeatCase      *c    = Small();
  const PetscInt fits = (PetscInt)floor(
      sqrt((double)PETSC_MAX_INT)); /* 46340 (32 bits) or 3037000499 (64) */

  (void)state;
  c->grid.cells[0] = c->grid.cells[1] = fits;
  OK(Validate(c));
  c->grid.cells[0] = c->grid.cells[1] = fits + 1;
  REFUSES(sizeof(PetscInt) == 4 ? "--with-64-bit-indices" : "do not fit the 64-bit indices",
          Validate(c));
  c->grid.cells[0] = 0;
  REFUSES("grid.cells: found 0; it must be at least 1", Validate(c));
  DestroySmall(c);
}

static void a_cell_is_not_lost_in_the_rounding_of_its_place(void **state)
{
  HeatCase *c = Small();

  (void)state;
  c->grid.x[0] = 1e16;
  c->grid.x[1] = 1e16 + 8;
  REFUSES("a cell is lost in rounding", Validate(c));
  c->grid.x[0] = NAN;
  REFUSES("grid.x", Validate(c));
  DestroySmall(c);
}

static void end_need_not_be_a_whole_number_of_steps(void **state)
{
  HeatCase *c = Small();

  (void)state;
  c->time.step = 0.1;
  c->time.end  = 0.35;
  OK(Validate(c));
  c->time.end = 0.01;
  OK(Validate(c));
  c->time.end = 1e90;
  REFUSES("take longer steps", Validate(c));
  c->time.end = -1.0;
  REFUSES("neither end nor steps", Validate(c));
  c->time.steps = 7;
  OK(Validate(c));
  c->time.step = INFINITY;
  REFUSES("time.step", Validate(c));
  DestroySmall(c);
}

static void names_of_materials_differ_however_many_there_are(void **state)
{
  enum { N = 20000 };
  HeatCase     *c     = Small();
  HeatMaterial *first = c->materials;

  (void)state;
  OK(PetscCalloc1(N, &c->materials));
  c->n_materials = N;
  for (int i = 0; i < N; i++) {
    char name[16];

    snprintf(name, sizeof name, "m%d", i == N - 1 ? 77 : i);
    c->materials[i] = first[0];
    OK(PetscStrallocpy(name, &c->materials[i].name));
  }
  for (int i = 0; i < 2; i++) OK(PetscFree(first[i].name));
  OK(PetscFree(first));
  REFUSES("materials[19999].name: 'm77' is already the name of materials[77]", Validate(c));
  DestroySmall(c);
}

static void a_polygon_encloses_something(void **state)
{
  HeatCase   *c = Small();
  HeatRegion *r = &c->regions[1];

  (void)state;
  c->n_regions   = 2;
  r->shape       = HEAT_SHAPE_POLYGON;
  r->temperature = (HeatFormula){.given = PETSC_TRUE, .value = 3.0};
  OK(PetscCalloc1(4, &r->vertices));
  r->n_vertices = 2;
  REFUSES("at least 3 vertices", Validate(c));
  r->n_vertices = 4;
  REFUSES("on one line", Validate(c)); /* all vertices at one point */
  for (int i = 0; i < 4; i++) r->vertices[i][0] = r->vertices[i][1] = 0.1 * i;
  REFUSES("on one line", Validate(c));
  r->vertices[2][1] = 0.7;
  OK(Validate(c)); /* the last edge runs along the first one */
  r->vertices[3][1] = 0.9;
  REFUSES("regions[1].vertices: the polygon crosses itself at [0.166667, 0.5]", Validate(c));
  DestroySmall(c);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults_are_those_of_the_contract),
      cmocka_unit_test(name_arrays_match_their_enumerations),
      cmocka_unit_test(a_key_is_located_by_its_line_or_the_nearest_enclosing_one),
      cmocka_unit_test(a_valid_case_gets_its_names_resolved),
      cmocka_unit_test(every_rank_needs_a_cell_of_some_factorisation),
      cmocka_unit_test(the_number_of_cells_fits_the_index_type),
      cmocka_unit_test(a_cell_is_not_lost_in_the_rounding_of_its_place),
      cmocka_unit_test(end_need_not_be_a_whole_number_of_steps),
      cmocka_unit_test(names_of_materials_differ_however_many_there_are),
      cmocka_unit_test(a_polygon_encloses_something),
  };

  return RUN_TESTS(tests);
}
