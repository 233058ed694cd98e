/* The case file: an example with most keys is understood, and a faulty file is refused with one
   message that names the place.  Rank 0 writes the files into the test's own folder. */
#include "case_file_test.h"

static const char smallest[] =
    "grid: {cells: [8, 4], x: [0, 2], y: [0, 1]}\n"
    "materials:\n"
    "  - {name: steel, conductivity: 45, density: 7850, specific_heat: 490}\n"
    "time: {scheme: backward-euler, step: 0.5, end: 60}\n";

/* An example with most sections; comments count the lines, on which messages are tested. */
static const char example[] =
    "title: Heated bar in a cold block\n" /* 1 */
    "grid:\n"
    "  cells: [512, 256]            # nx, ny\n"
    "  x: [0.0, 1.0]\n"
    "  y: [0.0, 0.5]\n" /* 5 */
    "decomposition:\n"
    "  processes: auto\n"
    "  mapping: node-blocks\n"
    "materials:\n"
    "  - {name: steel,  conductivity: 45.0, density: 7850.0, specific_heat: 490.0}\n" /* 10 */
    "  - {name: ply,    conductivity: [0.17, 0.09], density: 600.0, specific_heat: 1600.0}\n"
    "regions:\n"
    "  - {material: steel, temperature: 293.0}\n"
    "  - {shape: rectangle, x: [0.2, 0.4], y: [0.1, 0.4], material: ply, temperature: 400.0,\n"
    "     source: 1.0e6}\n" /* 15 */
    "  - {shape: circle, centre: [0.7, 0.25], radius: 0.1, material: ply}\n"
    "  - {shape: polygon, vertices: [[0.8, 0.1], [0.9, 0.1], [0.85, 0.2]], material: ply}\n"
    "initial: {temperature: \"293 + 10*sin(pi*x)\"}\n"
    "source: \"1e5*exp(-((x-0.5)^2+(y-0.25)^2)/0.01)*(t<10)\"\n"
    "boundary:\n" /* 20 */
    "  left:   {type: temperature, value: 373.0}\n"
    "  right:  {type: flux, value: 500.0}\n"
    "  bottom: {type: insulated}\n"
    "  top:    {type: convection, coefficient: 25.0, ambient: 293.0}\n"
    "time:\n" /* 25 */
    "  scheme: backward-euler\n"
    "  step: 0.5\n"
    "  end: 60.0\n"
    "solver:\n"
    "  tolerance: 1e-10\n" /* 30 */
    "  preconditioner: multigrid\n"
    "  face_average: harmonic\n"
    "  reproducible: false\n"
    "  paint: centre\n"
    "output:\n" /* 35 */
    "  directory: out\n"
    "  snapshots: {every: 20}\n"
    "  fields: [temperature, owner]\n"
    "  probes: [{name: centre, at: [0.5, 0.25]}]\n"
    "  compression: none\n" /* 40 */
    "checkpoint: {every: 50, wall_interval: 900, keep: 2}\n"
    "limits: {wall_time: 3600}\n"
    "check:\n"
    "  - {quantity: temperature, at: [0.6, 0.2], value: 291.4, tolerance: 0.05}\n"
    "  - {quantity: error_l2, exact: \"exp(-t)*sin(pi*x)\", below: 1e-4}\n" /* 45 */
    "  - {quantity: integral, of: temperature, weight: density, value: 95.4623, relative: 1e-5}\n"
    "  - {quantity: heat_flow, side: left, value: 9.5, tolerance: 0.1}\n"
    "  - {quantity: energy_balance, below: 1e-10}\n"
    "petsc: {ksp_type: cg, -ksp_monitor: }\n";

/* ------- what is accepted ------- */

static void an_example_with_most_keys_is_understood(void **state)
{
  HeatCase *c = Accept(example, NULL);

  (void)state;
  assert_string_equal(c->title, "Heated bar in a cold block");
  assert_string_equal(c->file, FILE_NAME);
  assert_string_equal(c->text, example);
  assert_int_equal(c->grid.cells[0], 512);
  assert_true(c->grid.y[1] == 0.5);
  assert_int_equal(c->n_materials, 2);
  assert_true(c->materials[0].conductivity[0].value == 45.0 &&
              c->materials[0].conductivity[1].value == 45.0);
  assert_true(c->materials[1].conductivity[0].value == 0.17 &&
              c->materials[1].conductivity[1].value == 0.09);
  assert_int_equal(c->n_regions, 4);
  assert_int_equal(c->regions[0].shape, HEAT_SHAPE_ALL);
  assert_int_equal(c->regions[1].material, 1);
  assert_true(c->regions[1].source.value == 1e6 && c->regions[1].y[1] == 0.4);
  assert_true(c->regions[2].radius == 0.1 && c->regions[2].centre[0] == 0.7);
  assert_int_equal(c->regions[3].n_vertices, 3);
  assert_true(c->regions[3].vertices[2][0] == 0.85);
  assert_string_equal(c->initial.temperature.text, "293 + 10*sin(pi*x)");
  assert_int_equal(c->boundary[HEAT_TOP].segments[0].type, HEAT_BC_CONVECTION);
  assert_true(c->boundary[HEAT_TOP].segments[0].coefficient.value == 25.0);
  assert_int_equal(c->time.scheme, HEAT_SCHEME_BACKWARD_EULER);
  assert_true(c->time.end == 60.0 && c->time.steps == -1);
  assert_int_equal(c->output.snapshots_every, 20);
  assert_int_equal(c->output.fields[HEAT_FIELD_OWNER], PETSC_TRUE);
  assert_int_equal(c->output.fields[HEAT_FIELD_MATERIAL], PETSC_FALSE);
  assert_string_equal(c->output.probes[0].name, "centre");
  assert_int_equal(c->checkpoint.every, 50);
  assert_true(c->limits.wall_time == 3600.0);
  assert_int_equal(c->n_checks, 5);
  assert_true(c->checks[0].tolerance == 0.05 && c->checks[0].relative < 0.0);
  assert_int_equal(c->checks[2].weight, HEAT_WEIGHT_DENSITY);
  assert_int_equal(c->checks[3].side, HEAT_LEFT);
  assert_int_equal(c->n_petsc, 2);
  assert_string_equal(c->petsc[0].key, "ksp_type");
  assert_string_equal(c->petsc[0].value, "cg");
  assert_string_equal(c->petsc[1].key, "ksp_monitor");
  assert_string_equal(c->petsc[1].value, "");
  OK(HeatCaseDestroy(&c));
}

static void what_is_left_out_has_its_default(void **state)
{
  HeatCase *c = Accept(smallest, NULL);

  (void)state;
  assert_string_equal(c->title, "test_case_file");
  assert_string_equal(c->output.directory, "out/test_case_file");
  assert_int_equal(c->n_regions, 1);
  assert_int_equal(c->regions[0].material, 0);
  assert_int_equal(c->boundary[HEAT_LEFT].segments[0].type, HEAT_BC_INSULATED);
  assert_int_equal(c->n_checks, 0);
  OK(HeatCaseDestroy(&c));
}

static void a_byte_order_mark_and_windows_line_ends_do_no_harm(void **state)
{
  char      text[1024] = "\xef\xbb\xbf";
  size_t    n          = 3;
  HeatCase *c;

  (void)state;
  for (const char *s = smallest; *s; s++) {
    if (*s == '\n') text[n++] = '\r';
    text[n++] = *s;
  }
  text[n] = '\0';
  c       = Accept(text, NULL);
  assert_true(c->time.end == 60.0);
  OK(HeatCaseDestroy(&c));
}

static void set_overrides_adds_and_appends(void **state)
{
  HeatCase *c = Accept(smallest, "grid.cells=[16, 32]");

  (void)state;
  assert_int_equal(c->grid.cells[1], 32);
  OK(HeatCaseDestroy(&c));
  c = Accept(smallest, "boundary.left={type: temperature, value: 3*y}");
  assert_string_equal(c->boundary[HEAT_LEFT].segments[0].value.text, "3*y");
  OK(HeatCaseDestroy(&c));
  c = Accept(example, "materials.1.conductivity=7");
  assert_true(c->materials[1].conductivity[0].value == 7.0 &&
              c->materials[1].conductivity[1].value == 7.0);
  OK(HeatCaseDestroy(&c));
  c = Accept(smallest, "output.probes[0]={name: p, at: [1, 0.5]}");
  assert_int_equal(c->output.n_probes, 1);
  OK(HeatCaseDestroy(&c));
  c = Accept(smallest, "output.directory=a=b");
  assert_string_equal(c->output.directory, "a=b");
  OK(HeatCaseDestroy(&c));
  c = Accept(smallest, "solver.tolerance=1e-4");
  assert_true(c->solver.tolerance == 1e-4);
  OK(HeatCaseDestroy(&c));
}

static void many_regions_are_read(void **state)
{
  enum { N = 4000, SIZE = N * 96 + 1024 };
  char     *text = test_malloc(SIZE);
  size_t    used = (size_t)snprintf(text, SIZE, "%sregions:\n  - {material: steel}\n", smallest);
  HeatCase *c;

  (void)state;
  for (int i = 1; i < N; i++) {
    used += (size_t)snprintf(text + used, SIZE - used,
                             "  - {shape: circle, centre: [1, 0.5], radius: %d, source: %d}\n", i,
                             i);
  }
  c = Accept(text, NULL);
  test_free(text);
  assert_int_equal(c->n_regions, N);
  assert_true(c->regions[N - 1].source.value == N - 1);
  OK(HeatCaseDestroy(&c));
}

/* ------- what is refused ------- */

static void an_error_names_file_line_and_key(void **state)
{
  (void)state;
  static const Fault faults[] = {
      {"source: [1]\n", "5: source: found a list; it must be a number or an expression"},
      {"solver:\n  tolerance: 0\n", "6: solver.tolerance: found 0"},
      {"output:\n  probes:\n    - {name: a, at: [0, 0]}\n    - name: b\n",
       "8: output.probes[1].at: missing"},
      {"boundary:\n  left:\n    type: flux\n", "6: boundary.left.value: missing"},
      {"check:\n- quantity: maximum\n  value: 1\n",
       "6: check[0]: a check of maximum needs exactly one of"},
  };

  REFUSE_TEXTS(smallest, faults);
}

static void a_text_that_is_not_yaml_is_refused_with_its_line(void **state)
{
  (void)state;
  static const Fault faults[] = {
      {"", "1: the file holds no case"},
      {"# nothing\n", "1: the file holds no case"},
      {"---\n...\n", "1: the file holds no case"},
      {"- 1\n", "1: found a list; it must be a mapping"},
      {"just words\n", "1: found just words; it must be a mapping"},
      {"grid: [1, 2\n", "2: not valid YAML"},
      {"title: a\n\tgrid: 1\n", "2: not valid YAML: the line is indented with a tab; use spaces"},
      {"title: \"a\n", "1: not valid YAML"},
      {"title: a\n---\ntitle: b\n", "2: a second document begins here"},
      {"title: &a b\n", "1: anchors (&name) and aliases (*name) are not accepted"},
      {"source: *x\n", "1: anchors (&name) and aliases (*name) are not accepted"},
      {"title: !!str b\n", "1: tags (!name) are not accepted"},
      {"time:\n  <<: {end: 3}\n", "2: merge keys (<<) are not accepted"},
      {"? [a]\n: 1\n", "1: a key must be a word"},
      {"title: \"a\\0b\"\n", "1: a text holds the character \\0"},
      {"title: \xff\n", "1: byte 0xff is not UTF-8"},
      {"title: \x01\n", "1: control character 0x01"},
      {"title: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
       "1: nested more than"},
  };
  static const char nul[] = "title: a\n\0";

  REFUSE_TEXTS("", faults);
  WriteBytes(nul, sizeof nul - 1);
  REFUSES(FILE_NAME ":2: control character 0x00", ReadCaseFile(NULL, NULL));
}

static void an_unknown_repeated_or_missing_key_is_refused(void **state)
{
  (void)state;
  static const Fault faults[] = {
      {"tilte: a\n", "5: tilte: unknown key; did you mean 'title'? Known here: title, grid,"},
      {"time: {end: 3}\n", "5: time: repeated key; keep one (the other is in line 4)"},
      {"solver:\n  paint: centre\n  paint: centre\n", "7: solver.paint: repeated key"},
      {"output: {snapshots: {evry: 3}}\n",
       "5: output.snapshots.evry: unknown key; did you mean 'every'?"},
      {"boundary: {north: {type: flux}}\n",
       "5: boundary.north: unknown key; did you mean 'top'? Known here: left, right"},
      {"boundary: {left: {type: flux, valeu: 1}}\n",
       "5: boundary.left.valeu: unknown key; did you mean 'value'?"},
      {"grid.x: 3\n", "5: grid.x: unknown key; keys are nested"},
      {"\"\": 3\n", "5: unknown key"},
      {"petsc: {-ksp_type: cg, ksp_type: cg}\n", "5: petsc.ksp_type: repeated key"},
      {"initial: {file: a.h5, temperature: 3}\n",
       "5: initial.temperature: given together with initial.file"},
  };
  static const Fault missing[] = {
      {"title: a\n", "1: grid: missing"},
      {"grid: {x: [0, 1], y: [0, 1]}\n", "1: grid.cells: missing"},
      {"grid: {cells: [1, 1], x: [0, 1], y: [0, 1]}\n", "1: materials: missing"},
      {"grid: {cells: [1, 1], x: [0, 1], y: [0, 1]}\nmaterials: []\n", "2: materials: is empty"},
      {"grid: {cells: [1, 1], x: [0, 1], y: [0, 1]}\nmaterials:\n- name: a\n",
       "3: materials[0].conductivity: missing"},
      {"grid: {cells: [1, 1], x: [0, 1], y: [0, 1]}\n"
       "materials: [{name: a, conductivity: 1, density: 1, specific_heat: 1}]\n",
       "1: time: missing"},
  };

  REFUSE_TEXTS(smallest, faults);
  REFUSE_TEXTS("", missing);
}

static void a_value_of_the_wrong_type_is_refused(void **state)
{
  (void)state;
  static const Fault faults[] = {
      {"grid.cells=5", "--set: grid.cells: found 5; it must be a list of two, [a, b]"},
      {"grid.cells=[1, 2, 3]", "grid.cells: found a list of 3; it must be a list of two"},
      {"grid.cells=[1e3, 8]",
       "grid.cells: found 1e3; it must be a whole number, in digits only: write 1000"},
      {"grid.cells=[12.5, 8]", "grid.cells: found 12.5; it must be a whole number, in digits only"},
      {"grid.cells=[0x10, 8]", "grid.cells: found 0x10; it must be a whole number"},
      {"grid.cells=[99999999999999999999, 8]", "does not fit"},
      {"grid.cells=[eight, 8]", "found eight"},
      {"grid.x=[0, .inf]", "grid.x: found .inf; it must be finite"},
      {"grid.x=[0, 1e999]", "grid.x: found 1e999, which is too large"},
      {"grid.x={a: 1}", "grid.x: found a mapping"},
      {"grid=", "grid: found nothing; it must be a mapping"},
      {"materials[0].density=.nan", "found .nan; it must be finite"},
      {"materials[0].density=dense", "found dense; it must be a number"},
      {"materials[0].density=", "found nothing; it must be a number"},
      {"materials=5", "materials: found 5; it must be a list"},
      {"materials=[5]", "materials[0]: found 5; it must be a mapping"},
      {"regions[1].material=[a]", "found a list; it must be a text"},
      {"source={a: 1}", "found a mapping; it must be a number or an expression"},
      {"source=", "found nothing; it must be a number or an expression"},
      {"solver.reproducible=yes", "found yes; it must be true or false"},
      {"time.scheme=backward-eule", "did you mean 'backward-euler'?"},
      {"output.fields=[temperature, temperature]", "temperature is in the list twice"},
      {"output.fields=temperature", "output.fields: found temperature; it must be a list"},
      {"petsc=5", "petsc: found 5; it must be a mapping"},
      {"petsc={a b: 1}", "is not the name of a PETSc option"},
      {"petsc={a: [1]}", "petsc.a: found a list"},
      {"check[0].value=x", "check[0].value: found x; it must be a number"},
      {"check[2].of=heat", "check[2].of: found heat; it must be temperature"},
  };

  REFUSE_SETS(example, faults);
}

static void a_value_that_makes_no_sense_is_refused(void **state)
{
  (void)state;
  static const Fault faults[] = {
      {"grid.cells=[0, 4]", "--set: grid.cells: found 0; it must be at least 1"},
      {"grid.x=[1, 1]", "grid.x: found [1, 1]; the first number must be less"},
      {"materials[0].density=-1", "materials[0].density: found -1; it must be greater than 0"},
      {"materials[1].conductivity=[1, 0]", "materials[1].conductivity: found 0"},
      {"materials[1].name=steel", "'steel' is already the name of materials[0]"},
      {"regions[1].material=stel", "no material is called 'stel'; the materials are: steel, ply"},
      {"regions[0]={temperature: 1}", "regions[0].material: missing; the first region covers"},
      {"regions[0]={shape: circle, centre: [0, 0], radius: 1, material: steel}",
       "regions[0].shape: found circle; the first region covers the whole domain"},
      {"regions[1]={shape: circle, centre: [0, 0], radius: 1}", "regions[1]: paints nothing"},
      {"regions[2].radius=0", "regions[2].radius: found 0; it must be greater than 0"},
      {"regions[2].x=[0, 1]", "regions[2].x: has no meaning for shape circle"},
      {"regions[1]={x: [0, 1], material: ply}", "given without a shape; add shape: rectangle"},
      {"regions[3].vertices=[[0, 0], [1, 1]]", "a polygon has at least 3 vertices"},
      {"regions[3].vertices=[[0, 0], [1, a], [1, 2]]", "regions[3].vertices[1]: found a"},
      {"boundary.left={type: periodic}", "found periodic, but right is flux"},
      {"boundary.left.coefficient=1", "has no meaning for a side of type temperature"},
      {"boundary.top.coefficient=-1", "found -1; it must be at least 0"},
      {"boundary.left.value=1/0", "its value is inf; it must be finite"},
      {"boundary.left.value=2*T", "'T' cannot be used here, only x, y, t and pi"},
      {"boundary.top.coefficient=t", "'t' cannot be used here, only x, y and pi"},
      {"initial.temperature=3*foo", "unknown name 'foo'"},
      {"time.steps=5", "time.steps: given together with time.end"},
      {"time.step=0", "time.step: found 0; it must be greater than 0"},
      {"solver.tolerance=1", "solver.tolerance: found 1; it must be between 0 and 1"},
      {"output.snapshots.interval=1", "given together with every"},
      {"output.probes[0].at=[1.0000000001, 0.5]",
       "found [1.0000000001, 0.5], which is outside the domain [0, 1] x [0, 0.5]"},
      {"output.probes[0].at=[2, 0]", "outside the domain [0, 1] x [0, 0.5]"},
      {"output.probes[0].name=\"a,b\"", "holds a comma or a quote"},
      {"output.probes[0].name=\"\\u202egpj\"", "changes the order or the line of what follows"},
      {"output.probes[0].name=\"a\\u2028b\"", "changes the order or the line of what follows"},
      {"output.probes[0].name=\"a\\u0085b\"", "holds the control character U+0085 in place 2"},
      {"output.probes[0].name=time", "the name of another column"},
      {"output.probes[1]={name: centre, at: [0, 0]}", "already the name of output.probes[0]"},
      {"check[0].below=1", "check[0].below: has no meaning for a check of temperature"},
      {"check[0].relative=1", "exactly one of tolerance and relative"},
      {"check[1].tolerance=1", "check[1].tolerance: has no meaning for a check of error_l2"},
      {"check[1]={quantity: error_l2, below: 1}", "check[1].exact: missing"},
      {"check[2].value=0", "relative to the value 0 nothing passes"},
      {"check[3]={quantity: heat_flow, value: 1, tolerance: 1}", "check[3].side: missing"},
      {"check[4].of=temperature", "check[4].of: has no meaning"},
      {"checkpoint.keep=0", "checkpoint.keep: found 0; it must be at least 1"},
  };

  REFUSE_SETS(example, faults);
}

static void a_steady_case_has_no_time(void **state)
{
  (void)state;
  static const Fault faults[] = {
      {"source=x*t", "source: depends on the time t, and a steady case has none"},
      {"time.end=3", "time.end: has no meaning for scheme steady"},
      {"time.step=auto", "time.step: has no meaning for scheme steady"},
  };
  static const char steady[] =
      "grid: {cells: [8, 4], x: [0, 2], y: [0, 1]}\n"
      "materials: [{name: m, conductivity: 4, density: 1, specific_heat: 1}]\n"
      "boundary: {left: {type: temperature, value: 3}}\n"
      "time: {scheme: steady}\n";
  HeatCase *c = Accept(steady, NULL);

  OK(HeatCaseDestroy(&c));
  for (size_t i = 0; i < PETSC_STATIC_ARRAY_LENGTH(faults); i++) {
    REFUSES(faults[i].words, ReadCaseFile(faults[i].what, NULL));
  }
}

static void a_set_that_fits_nowhere_is_refused(void **state)
{
  (void)state;
  static const Fault faults[] = {
      {"grid.cells", "--set grid.cells: write it as KEY=VALUE"},
      {"=5", "--set =5: write it as KEY=VALUE"},
      {"grid..x=1", "--set grid..x=1: a part of the key is empty"},
      {"grid.=1", "a part of the key is empty"},
      {"materials[5].density=1", "there is no element [5]: the list has 2, and [2] adds one"},
      {"materials[x].density=1", "an index is a number"},
      {"materials[0=1", "an index is a number"},
      {"materials[0]density=1", "must follow an index"},
      {"materials.steel.density=1", "name an element by its number"},
      {"title.x=1", "which has no keys"},
      {"title=[", "--set title=[: the value is not valid YAML"},
      {"grid.cels=1", "--set: grid.cels: unknown key; did you mean 'cells'?"},
  };

  REFUSE_SETS(example, faults);
}

static void a_file_that_cannot_be_read_is_refused_on_every_rank(void **state)
{
  HeatCase *c;

  (void)state;
  REFUSES("no_such_file.yaml: cannot be read",
          HeatCaseRead(PETSC_COMM_WORLD, "no_such_file.yaml", 0, NULL, NULL, &c));
  assert_null(c);
  REFUSES(".: cannot be read", HeatCaseRead(PETSC_COMM_WORLD, ".", 0, NULL, NULL, &c));
  REFUSES("larger than 16 MiB", HeatCaseRead(PETSC_COMM_WORLD, "/dev/zero", 0, NULL, NULL, &c));
}

static void the_table_of_keys_has_no_holes_and_no_repetition(void **state)
{
  const HeatCaseKey *keys = HeatCaseKeys();

  (void)state;
  for (const HeatCaseKey *row = keys; row->path; row++) {
    assert_true(row->type[0] && row->fallback[0] && row->help[0]);
    for (const HeatCaseKey *other = keys; other != row; other++) {
      assert_string_not_equal(row->path, other->path);
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_example_with_most_keys_is_understood),
      cmocka_unit_test(what_is_left_out_has_its_default),
      cmocka_unit_test(a_byte_order_mark_and_windows_line_ends_do_no_harm),
      cmocka_unit_test(set_overrides_adds_and_appends),
      cmocka_unit_test(many_regions_are_read),
      cmocka_unit_test(an_error_names_file_line_and_key),
      cmocka_unit_test(a_text_that_is_not_yaml_is_refused_with_its_line),
      cmocka_unit_test(an_unknown_repeated_or_missing_key_is_refused),
      cmocka_unit_test(a_value_of_the_wrong_type_is_refused),
      cmocka_unit_test(a_value_that_makes_no_sense_is_refused),
      cmocka_unit_test(a_steady_case_has_no_time),
      cmocka_unit_test(a_set_that_fits_nowhere_is_refused),
      cmocka_unit_test(a_file_that_cannot_be_read_is_refused_on_every_rank),
      cmocka_unit_test_teardown(the_table_of_keys_has_no_holes_and_no_repetition, RemoveFile),
  };

  return RUN_TESTS(tests);
}
