/* Physics in the case file: materials that depend on T, files, contacts, ambient exchange,
   segments, tables, schemes, adaptive steps, output and checks are understood, or refused with a
   message. */
#define _XOPEN_SOURCE 700
#include "case_file_test.h"

#include <math.h>
#include <sys/stat.h>

static const char rich[] =
    "grid: {cells: [8, 4], x: [0, 2], y: [0, 1]}\n" /* 1 */
    "materials:\n"
    "  - {name: steel, conductivity: \"14 + 0.016*T\", density: 7850, specific_heat: 490}\n"
    "  - {name: ply, conductivity: [0.17, \"0.09 + 0.01*x\"], density: 600, specific_heat: "
    "1600}\n"
    "  - {name: air, conductivity: 0.02, density: 1, specific_heat: 1000}\n" /* 5 */
    "properties:\n"
    "  conductivity_x: {file: k.h5}\n"
    "  density: {file: /data/rho.h5, dataset: /fields/rho}\n"
    "contacts:\n"
    "  - {between: [steel, ply], resistance: 1e-4}\n" /* 10 */
    "  - {between: [air, steel], resistance: 0}\n"
    "regions:\n"
    "  - {material: steel, source: \"1e3*T\"}\n"
    "  - {name: inset, shape: circle, centre: [1, 0.5], radius: 0.2}\n"
    "  - {name: map, file: map.h5}\n" /* 15 */
    "  - {file: map.h5, dataset: /ids, temperature: 300}\n"
    "initial: {file: start.h5}\n"
    "source: \"t*T\"\n"
    "exchange: {coefficient: \"1+x\", ambient: \"293+t\"}\n"
    "boundary:\n" /* 20 */
    "  left: {type: temperature, value: 293}\n"
    "  bottom: {type: radiation, emissivity: \"0.5+0.1*x\", ambient: \"293+t\"}\n"
    "  top:\n"
    "    - {type: insulated, to: 0.5}\n"
    "    - {type: convection, to: 1.5, coefficient: 5, table: test_table.csv}\n" /* 25 */
    "    - {type: flux, table: test_table.csv}\n"
    "time:\n"
    "  scheme: esdirk\n"
    "  step: 0.5\n"
    "  end: 60\n" /* 30 */
    "  adaptive: {tolerance: 1e-3, min_step: 1e-3, max_step: 5}\n"
    "solver: {max_newton: 7}\n"
    "output:\n"
    "  history: {interval: 2.5}\n"
    "  profiles: [{name: a, from: [0, 0], to: [2, 1]}, {name: b-2, from: [0, 1], to: [2, "
    "1],\n" /* 35 */
    "             points: 5}]\n"
    "  interfaces: [[steel, ply], [ply, air]]\n"
    "check:\n"
    "  - {quantity: mean, region: inset, value: 300, tolerance: 1}\n"
    "  - {quantity: heat_flow, side: top, segment: 2, value: 1, tolerance: 1}\n" /* 40 */
    "  - {quantity: heat_flow, between: [ply, steel], value: 1, tolerance: 1}\n";

/* One insulated material with backward Euler: only what a test adds can be wrong. */
static const char plain[] =
    "grid: {cells: [8, 4], x: [0, 2], y: [0, 1]}\n"
    "materials: [{name: steel, conductivity: 45, density: 7850, specific_heat: 490}]\n"
    "time: {scheme: backward-euler, step: 0.5, end: 60}\n";

static void PutFile(const char *path, const char *text)
{
  PetscMPIInt rank;

  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  MPI_Barrier(PETSC_COMM_WORLD);
  if (rank == 0) {
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
  }
  MPI_Barrier(PETSC_COMM_WORLD);
}

static int MakeTable(void **state)
{
  (void)state;
  PutFile("test_table.csv", "time,value\n0,293\n60,300\n");
  return 0;
}

static void materials_regions_and_files_are_understood(void **state)
{
  HeatCase *c = Accept(rich, NULL);

  (void)state;
  for (int axis = 0; axis < 2; axis++)
    assert_string_equal(c->materials[0].conductivity[axis].text, "14 + 0.016*T");
  assert_true(c->materials[1].conductivity[0].value == 0.17);
  assert_null(c->materials[1].conductivity[0].text);
  assert_string_equal(c->materials[1].conductivity[1].text, "0.09 + 0.01*x");
  assert_true(c->materials[2].conductivity[1].given &&
              c->materials[2].conductivity[1].value == 0.02);
  assert_null(c->properties[HEAT_PROPERTY_CONDUCTIVITY].file);
  assert_string_equal(c->properties[HEAT_PROPERTY_CONDUCTIVITY_X].file, "k.h5");
  assert_string_equal(c->properties[HEAT_PROPERTY_CONDUCTIVITY_X].dataset, "/conductivity_x");
  assert_string_equal(c->properties[HEAT_PROPERTY_DENSITY].file, "/data/rho.h5");
  assert_string_equal(c->properties[HEAT_PROPERTY_DENSITY].dataset, "/fields/rho");
  assert_int_equal(c->n_contacts, 2);
  assert_int_equal(c->contacts[0].material[1], 1);
  assert_int_equal(c->contacts[1].material[0], 2);
  assert_true(c->contacts[0].resistance == 1e-4 && c->contacts[1].resistance == 0.0);
  assert_int_equal(c->n_regions, 4);
  assert_string_equal(c->regions[1].name, "inset");
  assert_int_equal(c->regions[2].shape, HEAT_SHAPE_MAP);
  assert_string_equal(c->regions[2].map.dataset, "/material");
  assert_string_equal(c->regions[3].map.dataset, "/ids");
  assert_int_equal(c->regions[3].material, -1);
  assert_true(c->regions[3].temperature.value == 300.0);
  assert_string_equal(c->initial.file, "start.h5");
  assert_string_equal(c->initial.dataset, "/temperature");
  assert_string_equal(c->source.text, "t*T");
  assert_string_equal(c->exchange.coefficient.text, "1+x");
  assert_string_equal(c->exchange.ambient.text, "293+t");
  OK(HeatCaseDestroy(&c));
}

static void segments_and_tables_are_understood(void **state)
{
  HeatCase           *c   = Accept(rich, NULL);
  const HeatBoundary *top = &c->boundary[HEAT_TOP];

  (void)state;
  assert_int_equal(c->boundary[HEAT_LEFT].n, 1);
  assert_true(isnan(c->boundary[HEAT_LEFT].segments[0].to));
  assert_int_equal(c->boundary[HEAT_BOTTOM].segments[0].type, HEAT_BC_RADIATION);
  assert_string_equal(c->boundary[HEAT_BOTTOM].segments[0].emissivity.text, "0.5+0.1*x");
  assert_int_equal(top->n, 3);
  assert_int_equal(top->segments[0].type, HEAT_BC_INSULATED);
  assert_true(top->segments[0].to == 0.5 && top->segments[1].to == 1.5);
  assert_true(isnan(top->segments[2].to));
  assert_true(top->segments[1].coefficient.value == 5.0);
  for (int i = 1; i < 3; i++) {
    assert_string_equal(top->segments[i].table.file, "test_table.csv");
    assert_int_equal(top->segments[i].table.n, 2);
    assert_true(top->segments[i].table.t[1] == 60.0 && top->segments[i].table.value[1] == 300.0);
  }
  OK(HeatCaseDestroy(&c));
}

static void time_output_and_checks_are_understood(void **state)
{
  HeatCase *c = Accept(rich, NULL);

  (void)state;
  assert_int_equal(c->time.scheme, HEAT_SCHEME_ESDIRK);
  assert_true(c->time.step == 0.5 && !c->time.step_auto);
  assert_true(c->time.adaptive.tolerance == 1e-3);
  assert_true(c->time.adaptive.min == 1e-3 && c->time.adaptive.max == 5.0);
  assert_int_equal(c->solver.max_newton, 7);
  assert_true(c->output.history_interval == 2.5);
  assert_int_equal(c->output.n_profiles, 2);
  assert_int_equal(c->output.profiles[0].points, 101);
  assert_int_equal(c->output.profiles[1].points, 5);
  assert_string_equal(c->output.profiles[1].name, "b-2");
  assert_true(c->output.profiles[1].from[1] == 1.0 && c->output.profiles[1].to[0] == 2.0);
  assert_int_equal(c->output.n_interfaces, 2);
  assert_int_equal(c->output.interfaces[1].material[0], 1);
  assert_int_equal(c->output.interfaces[1].material[1], 2);
  assert_int_equal(c->checks[0].quantity, HEAT_CHECK_MEAN);
  assert_int_equal(c->checks[0].region, 1);
  assert_int_equal(c->checks[1].segment, 2);
  assert_int_equal(c->checks[1].region, -1);
  assert_int_equal(c->checks[2].side, HEAT_SIDES);
  assert_int_equal(c->checks[2].between.material[0], 1);
  assert_int_equal(c->checks[2].between.material[1], 0);
  OK(HeatCaseDestroy(&c));
}

static void set_reaches_a_side_and_its_segments(void **state)
{
  HeatCase *c = Accept(rich, "boundary.top[1].to=0.7");
  char      text[512];

  (void)state;
  assert_true(c->boundary[HEAT_TOP].segments[1].to == 0.7);
  OK(HeatCaseDestroy(&c));
  c = Accept(rich, "boundary.top.2={type: flux, value: 8}");
  assert_true(c->boundary[HEAT_TOP].segments[2].value.value == 8.0);
  OK(HeatCaseDestroy(&c));
  c = Accept(rich, "boundary.left.value=400");
  assert_true(c->boundary[HEAT_LEFT].segments[0].value.value == 400.0);
  OK(HeatCaseDestroy(&c));
  c = Accept(rich, "boundary.left=[{type: insulated, to: 0.5}, {type: flux, to: 1, value: 1}]");
  assert_int_equal(c->boundary[HEAT_LEFT].n, 2);
  OK(HeatCaseDestroy(&c));
  snprintf(text, sizeof text, "%sboundary: {top: [{type: insulated, to: 1}, {type: insulated}]}\n",
           plain);
  c = Accept(text, "boundary.top={type: insulated}");
  assert_int_equal(c->boundary[HEAT_TOP].n, 1);
  OK(HeatCaseDestroy(&c));
  c = Accept(rich, "properties.density.file=r.h5");
  assert_string_equal(c->properties[HEAT_PROPERTY_DENSITY].file, "r.h5");
  OK(HeatCaseDestroy(&c));
  c = Accept(rich, "time.adaptive.tolerance=0.1");
  assert_true(c->time.adaptive.tolerance == 0.1);
  OK(HeatCaseDestroy(&c));
}

static void every_scheme_is_known_by_its_name(void **state)
{
  static const struct {
    const char *set, *name;
    HeatScheme  scheme;
  } cases[] = {
      {"time={scheme: ftcs, step: 1, end: 2}", "ftcs", HEAT_SCHEME_FTCS},
      {"time={scheme: rkl2, step: auto, end: 2}", "rkl2", HEAT_SCHEME_RKL2},
      {"time={scheme: rkl2, step: auto, steps: 2}", "rkl2", HEAT_SCHEME_RKL2},
      {"time={scheme: backward-euler, step: 0.3, end: 1}", "backward-euler",
       HEAT_SCHEME_BACKWARD_EULER},
      {"time={scheme: bdf2, step: 1, steps: 3}", "bdf2", HEAT_SCHEME_BDF2},
      {"time={scheme: esdirk, step: 1, steps: 3}", "esdirk", HEAT_SCHEME_ESDIRK},
      {"time={scheme: ts:rosw, step: 1, steps: 3}", "ts:rosw", HEAT_SCHEME_TS},
  };

  (void)state;
  for (size_t i = 0; i < PETSC_STATIC_ARRAY_LENGTH(cases); i++) {
    HeatCase *c = Accept(plain, cases[i].set);
    char      name[32];

    assert_int_equal(c->time.scheme, cases[i].scheme);
    assert_string_equal(HeatCaseSchemeName(c, name, sizeof name), cases[i].name);
    assert_true(c->time.adaptive.tolerance == 0.0);
    OK(HeatCaseDestroy(&c));
  }
}

static void an_error_controlled_step_has_a_tolerance(void **state)
{
  HeatCase *c = Accept(plain, "time={scheme: bdf2, step: auto, end: 2}");

  (void)state;
  assert_true(c->time.step_auto && c->time.adaptive.tolerance == 1e-4);
  OK(HeatCaseDestroy(&c));
  c = Accept(plain, "time={scheme: ts:bdf, end: 2, adaptive: {tolerance: 1e-2}}");
  assert_true(c->time.step_auto && c->time.adaptive.tolerance == 1e-2);
  OK(HeatCaseDestroy(&c));
  c = Accept(plain, "time={scheme: esdirk, step: auto, end: 2, adaptive: {max_step: 0.5}}");
  assert_true(c->time.step_auto && c->time.adaptive.tolerance == 1e-4);
  assert_true(c->time.adaptive.max == 0.5);
  OK(HeatCaseDestroy(&c));
  c = Accept(plain, "time={scheme: rkl2, step: auto, end: 2}");
  assert_true(c->time.step_auto && c->time.adaptive.tolerance == 0.0);
  OK(HeatCaseDestroy(&c));
}

static void files_are_sought_beside_the_case_file(void **state)
{
  char        text[1024];
  PetscMPIInt rank;
  HeatCase   *c;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  if (rank == 0) mkdir("beside", 0777);
  PutFile("beside/t.csv", "0,1\n60,2\n");
  snprintf(text, sizeof text,
           "%sboundary: {left: {type: temperature, table: t.csv}}\ninitial: {file: a/b.h5}\n"
           "properties: {density: {file: /abs.h5}}\n",
           plain);
  PutFile("beside/case.yaml", text);
  OK(HeatCaseRead(PETSC_COMM_WORLD, "beside/case.yaml", 0, NULL, NULL, &c));
  assert_string_equal(c->boundary[HEAT_LEFT].segments[0].table.file, "beside/t.csv");
  assert_string_equal(c->initial.file, "beside/a/b.h5");
  assert_string_equal(c->properties[HEAT_PROPERTY_DENSITY].file, "/abs.h5");
  OK(HeatCaseDestroy(&c));
}

static void faulty_materials_and_files_are_refused(void **state)
{
  static const Fault faults[] = {
      {"materials[0].conductivity=14+t",
       "materials[0].conductivity: 't' cannot be used here, only x, y, T and pi"},
      {"materials[0].conductivity=1-1", "materials[0].conductivity: found 0; it must be greater"},
      {"materials[1].conductivity=[1, 2, 3]", "found a list of 3; it must be a list of two"},
      {"materials[1].conductivity=[1, foo]", "materials[1].conductivity: unknown name 'foo'"},
      {"materials[1].conductivity=[1, -2]", "materials[1].conductivity: found -2"},
      {"materials[0].density=T", "materials[0].density: found T; it must be a number"},
      {"properties.conductivity={file: k.h5}",
       "properties.conductivity_x: given together with properties.conductivity"},
      {"properties.density={dataset: /rho}", "properties.density.file: missing"},
      {"properties.densty={file: k.h5}",
       "properties.densty: unknown key; did you mean 'density'? Known here: conductivity,"},
      {"properties.density.fil=3", "properties.density.fil: unknown key; did you mean 'file'?"},
      {"properties.density=3", "properties.density: found 3; it must be a mapping"},
      {"contacts[0].between=[steel, stele]",
       "contacts[0].between: no material is called 'stele'; the materials are: steel, ply, air"},
      {"contacts[0].between=[steel, steel]",
       "contacts[0].between: found 'steel' twice; name two different materials"},
      {"contacts[0].between=steel", "contacts[0].between: found steel; it must be a list of two"},
      {"contacts[0].resistance=-1", "contacts[0].resistance: found -1; it must be at least 0"},
      {"contacts[0]={between: [steel, ply]}", "contacts[0].resistance: missing"},
      {"contacts[1].between=[ply, steel]",
       "contacts[1].between: the same two materials as in contacts[0]; a pair has one resistance"},
      {"regions[1].name=map", "regions[2].name: 'map' is already the name of regions[1]"},
      {"regions[1].name=", "regions[1].name: found nothing; it must be a text"},
      {"regions[2].material=steel", "regions[2].material: given together with file"},
      {"regions[2].shape=circle", "regions[2].shape: given together with file"},
      {"regions[1].dataset=/material", "regions[1].dataset: given without file"},
      {"regions[0]={file: map.h5}",
       "regions[0].file: found a map; the first region covers the whole domain"},
      {"regions[1]={shape: circle, centre: [0, 0], radius: 1}", "regions[1]: paints nothing"},
      {"regions[1].temperature=T", "'T' cannot be used here, only x, y and pi"},
      {"initial={dataset: /T}", "initial.dataset: given without file"},
      {"exchange.coefficient=-1", "exchange.coefficient: found -1; it must be at least 0"},
      {"exchange.coefficient=t", "'t' cannot be used here, only x, y and pi"},
      {"exchange={coefficient: 1}", "exchange.ambient: missing"},
      {"exchange={ambient: 1}", "exchange.coefficient: missing"},
      {"exchange.ambient=T", "exchange.ambient: 'T' cannot be used here, only x, y, t and pi"},
  };

  (void)state;
  REFUSE_SETS(rich, faults);
}

static void faulty_sides_are_refused(void **state)
{
  static const Fault faults[] = {
      {"boundary.top[0].to=0", "boundary.top[0].to: found 0; it must be greater than 0, where"},
      {"boundary.top[1].to=0.5", "boundary.top[1].to: found 0.5; it must be greater than 0.5"},
      {"boundary.top[1].to=2",
       "boundary.top[1].to: found 2; it must be less than 2, where the side"},
      {"boundary.top[2].to=1.9", "boundary.top[2].to: found 1.9, but the last segment goes to"},
      {"boundary.top[0]={type: insulated}", "boundary.top[0].to: missing; only the last segment"},
      {"boundary.top[0].to=x", "boundary.top[0].to: found x; it must be a number"},
      {"boundary.left.to=0.5", "boundary.left.to: found 0.5, but the last segment goes to"},
      {"boundary.top[0].type=periodic", "boundary.top[0].type: found periodic, which joins whole"},
      {"boundary.bottom={type: periodic}", "found periodic, but top is cut into segments"},
      {"boundary.top[0].value=1", "boundary.top[0].value: has no meaning for a side of type insul"},
      {"boundary.top[1]={type: convection, to: 1, coefficient: 1}",
       "boundary.top[1].ambient: missing; a side of type convection needs it, or table"},
      {"boundary.top[1].ambient=3", "boundary.top[1].ambient: given together with table"},
      {"boundary.top[2].value=3", "boundary.top[2].value: given together with table"},
      {"boundary.top[0].table=test_table.csv", "boundary.top[0].table: has no meaning"},
      {"boundary.top[1].valeu=3", "boundary.top[1].valeu: unknown key; did you mean 'value'?"},
      {"boundary.top.value=3", "'value' is in a list of 3; name an element by its number"},
      {"boundary.top[4].value=3", "there is no element [4]"},
      {"boundary.top=[]", "boundary.top: is empty; give it a condition for each segment"},
      {"boundary.top=[3]", "boundary.top[0]: found 3; it must be a mapping"},
      {"boundary.top[0]={to: 0.5}", "boundary.top[0].type: missing"},
      {"boundary.left={type: flux}",
       "boundary.left.value: missing; a side of type flux needs it, or"},
      {"boundary.bottom.emissivity=1.5", "emissivity: found 1.5; it must be between 0 and 1"},
      {"boundary.bottom.emissivity=T", "'T' cannot be used here, only x, y and pi"},
      {"boundary.bottom.ambient=-20", "boundary.bottom.ambient: found -20; it must be at least 0"},
      {"boundary.bottom={type: radiation, ambient: 3}", "boundary.bottom.emissivity: missing"},
      {"boundary.left.emissivity=0.5",
       "boundary.left.emissivity: has no meaning for a side of type"},
      {"output.temperature_unit=degC", "output.temperature_unit: found degC, but boundary.bottom "
                                       "is of type radiation, which needs"},
      {"time.end=61", "boundary.top[1].table: test_table.csv goes from 0 s to 60 s; it must cover"},
      {"time={scheme: rkl2, step: auto, steps: 2}", "the run, whose end is not known in advance"},
      {"time={scheme: bdf2, step: 1, steps: 61}", "must cover the run, from 0 s to 61 s"},
  };

  (void)state;
  REFUSE_SETS(rich, faults);
}

static void a_table_covers_a_run_of_steps_up_to_rounding(void **state)
{
  HeatCase *c = Accept(rich, "time={scheme: bdf2, step: 0.1, steps: 600}");

  (void)state;
  OK(HeatCaseDestroy(&c));
}

static void faulty_time_is_refused(void **state)
{
  static const Fault faults[] = {
      {"time.steps=5", "time.steps: has no meaning for an error-controlled step"},
      {"time.adaptive.tolerance=0", "time.adaptive.tolerance: found 0; it must be greater than 0"},
      {"time.adaptive.max_step=1e-4",
       "time.adaptive.max_step: found 0.0001, which is less than min_step, 0.001"},
      {"time.adaptive.min_step=-1", "time.adaptive.min_step: found -1; it must be greater than 0"},
      {"time.step=10", "time.step: found 10; the first step must lie between"},
      {"time.adaptive={min_step: 1}", "time.adaptive.tolerance: missing"},
      {"time.adaptive=1e-3", "time.adaptive: found 1e-3; it must be a mapping"},
      {"time.adaptive.tol=1", "time.adaptive.tol: unknown key"},
      {"time.scheme=ftcs", "time.adaptive: has no meaning for scheme ftcs; bdf2, esdirk and ts:"},
      {"time.scheme=crank-nicolson", "time.adaptive: has no meaning for scheme crank-nicolson"},
      {"time={scheme: backward-euler, step: auto, end: 1}",
       "time.step: auto has no meaning for scheme backward-euler, which neither has a stability"},
      {"time={scheme: rkl2, end: 1}", "scheme rkl2 needs a time step in seconds, or auto"},
      {"time={scheme: bdf2, end: 1}", "needs a time step in seconds, auto, or time.adaptive"},
      {"time={scheme: bdf2, step: auto, steps: 3}", "time.steps: has no meaning for an error-"},
      {"time.scheme=bdf3", "time.scheme: found bdf3; it must be one of ftcs, rkl2, backward-euler, "
                           "crank-nicolson, bdf2, esdirk, steady, ts:TYPE; did you mean 'bdf2'?"},
      {"time.scheme='ts:'", "time.scheme: found ts:; write ts: and the name of a PETSc TS"},
      {"solver.max_newton=0", "solver.max_newton: found 0; it must be at least 1"},
  };

  (void)state;
  REFUSE_SETS(rich, faults);
}

static void a_steady_case_has_neither_tables_nor_steps(void **state)
{
  static const char steady[] =
      "grid: {cells: [8, 4], x: [0, 2], y: [0, 1]}\n"
      "materials: [{name: m, conductivity: 4+T, density: 1, specific_heat: 1}]\n"
      "boundary: {left: {type: temperature, value: 3}}\n"
      "time: {scheme: steady}\n";
  static const Fault faults[] = {
      {"time.adaptive={tolerance: 1}", "time.adaptive: has no meaning for scheme steady"},
      {"boundary.left={type: temperature, table: test_table.csv}",
       "boundary.left.table: depends on the time, and a steady case has none"},
      {"exchange={coefficient: 1, ambient: t}", "exchange.ambient: depends on the time t"},
  };
  HeatCase *c = Accept(steady, "source=x*T");

  (void)state;
  OK(HeatCaseDestroy(&c));
  REFUSE_SETS(steady, faults);
}

static void faulty_output_and_checks_are_refused(void **state)
{
  static const Fault faults[] = {
      {"output.history.every=2", "output.history.interval: given together with every"},
      {"output.history.interval=-1", "output.history.interval: found -1; it must be at least 0"},
      {"output.profiles[0].name=a/b", "output.profiles[0].name: 'a/b' becomes part of the name of"},
      {"output.profiles[0].name=b-2", "output.profiles[1].name: 'b-2' is already the name of"},
      {"output.profiles[0].to=[0, 0]",
       "output.profiles[0].to: found [0, 0], where the line begins"},
      {"output.profiles[0].to=[3, 0]", "output.profiles[0].to: found [3, 0], which is outside"},
      {"output.profiles[0].from=[-1, 0]", "output.profiles[0].from: found [-1, 0], which is outs"},
      {"output.profiles[0].points=1", "output.profiles[0].points: found 1; it must be at least 2"},
      {"output.profiles[0].points=2000000", "found 2000000; it must be 2 to 1000000"},
      {"output.profiles[2]={name: c, from: [0, 0]}", "output.profiles[2].to: missing"},
      {"output.interfaces[1]=[ply, stone]", "output.interfaces[1]: no material is called 'stone'"},
      {"output.interfaces[1]=[ply, ply]", "output.interfaces[1]: found 'ply' twice"},
      {"output.interfaces[1]=[steel, ply]",
       "output.interfaces[1]: is already output.interfaces[0]"},
      {"output.interfaces[1]=ply", "output.interfaces[1]: found ply; it must be a list of two"},
      {"check[0].region=outset",
       "check[0].region: no region is called 'outset'; the regions with a name are: inset, map"},
      {"check[0].segment=1", "check[0].segment: has no meaning for a check of mean"},
      {"check[1].segment=3", "check[1].segment: found 3, but boundary.top has 3 segments, counted"},
      {"check[1].segment=-1", "check[1].segment: found -1; it must be at least 0"},
      {"check[1].region=inset", "check[1].region: has no meaning for a check of heat_flow"},
      {"check[1].between=[steel, ply]",
       "check[1].side: has no meaning for a check of heat_flow between materials"},
      {"check[1]={quantity: heat_flow, value: 1, tolerance: 1}",
       "check[1].side: missing; a check of heat_flow needs it, or between"},
      {"check[2].between=[steel, stone]", "check[2].between: no material is called 'stone'"},
      {"check[2].segment=0", "check[2].segment: has no meaning for a check of heat_flow between"},
      {"check[0].between=[steel, ply]", "check[0].between: has no meaning for a check of mean"},
  };

  (void)state;
  REFUSE_SETS(rich, faults);
}

static void a_region_must_have_a_name_to_be_checked(void **state)
{
  (void)state;
  WriteBytes(plain, strlen(plain));
  REFUSES("check[0].region: no region has a name; give the one that is meant the key name: a",
          ReadCaseFile("check=[{quantity: maximum, region: a, value: 1, tolerance: 1}]", NULL));
}

static void an_error_names_file_and_line(void **state)
{
  static const Fault faults[] = {
      {"contacts:\n  - between: [steel, wood]\n    resistance: 1\n",
       "5: contacts[0].between: no material is called 'wood'"},
      {"boundary:\n  top:\n    - {type: insulated, to: 1}\n    - type: flux\n",
       "7: boundary.top[1].value: missing"},
      {"boundary:\n  top:\n    - {type: insulated,\n       to: 7}\n    - {type: insulated}\n",
       "7: boundary.top[0].to: found 7"},
      {"output:\n  interfaces:\n    - [steel, wood]\n", "5: output.interfaces[0]: no material"},
      {"properties:\n  density: {file: a.h5}\n  density: {file: b.h5}\n",
       "6: properties.density: repeated key"},
      {"boundary:\n  top:\n  - type: flux\n    value: 1\n    value: 2\n",
       "8: boundary.top[0].value: repeated key"},
  };

  (void)state;
  REFUSE_TEXTS(plain, faults);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(materials_regions_and_files_are_understood, MakeTable),
      cmocka_unit_test(segments_and_tables_are_understood),
      cmocka_unit_test(time_output_and_checks_are_understood),
      cmocka_unit_test(set_reaches_a_side_and_its_segments),
      cmocka_unit_test(every_scheme_is_known_by_its_name),
      cmocka_unit_test(an_error_controlled_step_has_a_tolerance),
      cmocka_unit_test(files_are_sought_beside_the_case_file),
      cmocka_unit_test(faulty_materials_and_files_are_refused),
      cmocka_unit_test(faulty_sides_are_refused),
      cmocka_unit_test(a_table_covers_a_run_of_steps_up_to_rounding),
      cmocka_unit_test(faulty_time_is_refused),
      cmocka_unit_test(a_steady_case_has_neither_tables_nor_steps),
      cmocka_unit_test(faulty_output_and_checks_are_refused),
      cmocka_unit_test(a_region_must_have_a_name_to_be_checked),
      cmocka_unit_test_teardown(an_error_names_file_and_line, RemoveFile),
  };

  return RUN_TESTS(tests);
}
