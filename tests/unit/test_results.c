/* results.json, and how the output folder is prepared for a fresh run and for a restart. */
#define _XOPEN_SOURCE 700
#include "tests/unit/io_test.h"

#include <cjson/cJSON.h>
#include <math.h>

#include "io/run_files/output_dir.h"
#include "io/run_files/results.h"

static cJSON *Load(const char *path)
{
  static const size_t size = 65536;
  char               *text;
  cJSON              *root;

  OK(PetscMalloc1(size, &text));
  root = cJSON_Parse(HeatTestGet(path, text, size));
  OK(PetscFree(text));
  assert_non_null(root);
  return root;
}

/* Return the item at a path of keys and indices, such as "checks.0.pass". */
static const cJSON *At(const cJSON *item, const char *path)
{
  char key[64];

  while (*path) {
    const size_t length = strcspn(path, ".");

    snprintf(key, sizeof(key), "%.*s", (int)length, path);
    item = cJSON_IsArray(item) ? cJSON_GetArrayItem(item, (int)strtol(key, NULL, 10))
                               : cJSON_GetObjectItemCaseSensitive(item, key);
    if (!item) fail_msg("%s is not in results.json", key);
    path += length + (path[length] == '.');
  }
  return item;
}

static void Fill(HeatResults *r)
{
  static const char *const      hosts[]  = {"node1", "node2"};
  static const HeatResultsPhase phases[] = {{"solve", 1.0, 1.5, 2.0, 10, 0}};
  static const HeatResultsCheck checks[] = {
      {"temperature", "temperature at (0.6, 0.2)", 291.4, 291.5, 0.05, PETSC_FALSE},
      {"energy_balance", "energy balance", 1e-14, NAN, 1e-10, PETSC_TRUE}};
  static const HeatResultsSegment   segments[]   = {{HEAT_TOP, 1, -2.5}};
  static const HeatResultsInterface interfaces[] = {{"steel", "ply", 3.5}};
  static const HeatResultsRegion    regions[]    = {
            {3, "core", "circle", 0.25, 0.2, 1, {{"source", 0.15, 0.125}}, 5.0, 1.0, 2.0, NAN}};
  static const HeatResultsSegmentSize segment_sizes[] = {{HEAT_RIGHT, 2, "flux", 0.5, 0.4}};
  static const HeatResultsRestart     restarts[]      = {{"out/checkpoint_000050.h5", 50}};

  static const HeatResultsRollback rollbacks[] = {{70, 60, "a flipped bit"}};

  HeatResultsInit(r);
  r->n_rollbacks                          = 1;
  r->rollbacks                            = rollbacks;
  r->status                               = HEAT_STATUS_CHECK_FAILED;
  r->title                                = "bar \xff \xc3\xa9 \"x\"\n"; /* one byte is not UTF-8 */
  r->nx                                   = 512;
  r->ny                                   = 256;
  r->ranks                                = 4;
  r->decomposition.exchanges              = 100;
  r->decomposition.messages_between       = 6;
  r->decomposition.total_messages_between = 600;
  r->n_phases                             = 1;
  r->phases                               = phases;
  r->fom                                  = INFINITY;
  r->checkpoints           = (HeatFileStats){.files = 2, .bytes = 4000000000LL, .seconds = 2.0};
  r->n_checks              = 2;
  r->checks                = checks;
  r->n_restarts            = 1;
  r->restarts              = restarts;
  r->energy.n_segments     = 1;
  r->energy.segments       = segments;
  r->energy.n_interfaces   = 1;
  r->energy.interfaces     = interfaces;
  r->energy.exchange       = -4.0;
  r->n_regions             = 1;
  r->regions               = regions;
  r->n_segments            = 1;
  r->segments              = segment_sizes;
  r->time.step_min         = 0.25;
  r->time.rejected         = 3;
  r->solver.ksp            = "cg";
  r->solver.pc             = "heatmg";
  r->solver.iterations_max = 9;
  r->provenance.n_hosts    = 2;
  r->provenance.hosts      = hosts;
  r->provenance.case_text  = "grid: {cells: [512, 256]}\n";
}

static void record_holds_what_was_filled_in_and_null_for_the_unknown(void **state)
{
  HeatResults results;
  cJSON      *root;
  char        status[32];

  (void)state;
  HeatTestFolder("record");
  Fill(&results);
  OK(HeatResultsWrite(PETSC_COMM_WORLD, "record", &results));
  root = Load("record/results.json");
  assert_string_equal(At(root, "schema")->valuestring, "heat2d results 1");
  assert_string_equal(At(root, "status")->valuestring, "check-failed");
  assert_string_equal(At(root, "title")->valuestring, "bar ? \xc3\xa9 \"x\"\n");
  assert_true(At(root, "grid.cells.1")->valuedouble == 256);
  assert_true(At(root, "decomposition.messages.between_nodes.predicted")->valuedouble == 600);
  assert_true(At(root, "decomposition.messages.between_nodes.counted")->valuedouble == 600);
  assert_true(cJSON_IsNull(At(root, "decomposition.bytes.within_nodes.counted")));
  assert_true(cJSON_IsNull(At(root, "fom.value")));
  assert_true(cJSON_IsNull(At(root, "checks.1.expected")));
  assert_true(cJSON_IsFalse(At(root, "checks.0.pass")));
  assert_true(At(root, "io.checkpoints.bandwidth")->valuedouble == 2e9);
  assert_true(At(root, "solver.iterations.max")->valuedouble == 9);
  assert_true(cJSON_IsNull(At(root, "solver.newton")));
  assert_true(At(root, "time.step_min")->valuedouble == 0.25);
  assert_true(cJSON_IsNull(At(root, "time.step_max")));
  assert_true(At(root, "time.rejected")->valuedouble == 3);
  assert_true(At(root, "energy.exchange")->valuedouble == -4.0);
  assert_string_equal(At(root, "energy.segments.0.side")->valuestring, "top");
  assert_true(At(root, "energy.segments.0.segment")->valuedouble == 1);
  assert_true(At(root, "energy.segments.0.heat")->valuedouble == -2.5);
  assert_string_equal(At(root, "energy.interfaces.0.from")->valuestring, "steel");
  assert_string_equal(At(root, "energy.interfaces.0.to")->valuestring, "ply");
  assert_true(At(root, "energy.interfaces.0.heat")->valuedouble == 3.5);
  assert_string_equal(At(root, "regions.0.name")->valuestring, "core");
  assert_true(At(root, "regions.0.mean")->valuedouble == 2.0);
  assert_true(cJSON_IsNull(At(root, "regions.0.max")));
  assert_true(At(root, "regions.0.region")->valuedouble == 3);
  assert_string_equal(At(root, "regions.0.shape")->valuestring, "circle");
  assert_true(At(root, "regions.0.painted")->valuedouble == 0.25);
  assert_true(At(root, "regions.0.true")->valuedouble == 0.2);
  assert_true(At(root, "regions.0.attributes.source.painted")->valuedouble == 0.15);
  assert_true(At(root, "regions.0.attributes.source.true")->valuedouble == 0.125);
  assert_true(At(root, "regions.0.power")->valuedouble == 5.0);
  assert_string_equal(At(root, "segments.0.side")->valuestring, "right");
  assert_true(At(root, "segments.0.segment")->valuedouble == 2);
  assert_string_equal(At(root, "segments.0.type")->valuestring, "flux");
  assert_true(At(root, "segments.0.painted")->valuedouble == 0.5);
  assert_true(At(root, "segments.0.true")->valuedouble == 0.4);
  assert_true(At(root, "restarts.0.step")->valuedouble == 50);
  assert_true(At(root, "rollbacks.0.step")->valuedouble == 70);
  assert_true(At(root, "rollbacks.0.to_step")->valuedouble == 60);
  assert_string_equal(At(root, "rollbacks.0.reason")->valuestring, "a flipped bit");
  assert_string_equal(At(root, "provenance.hosts.1")->valuestring, "node2");
  assert_string_equal(At(root, "provenance.case_text")->valuestring, results.provenance.case_text);
  assert_true(cJSON_IsString(At(root, "provenance.hdf5")));
  cJSON_Delete(root);
  OK(HeatResultsReadStatus("record", status, sizeof(status)));
  assert_string_equal(status, "check-failed");
  OK(HeatResultsReadStatus("no_such_folder", status, sizeof(status)));
  assert_string_equal(status, "");
}

static void record_without_a_folder_is_an_error_on_every_rank(void **state)
{
  HeatResults results;

  (void)state;
  HeatTestFolder("record");
  Fill(&results);
  FAILS_WITH("No such file", HeatResultsWrite(PETSC_COMM_WORLD, "record/none", &results));
}

/* Make a folder with the files of an earlier run, and with some files that heat2d did not write.
   With status NULL there is no results.json, as after a kill. */
static void MakeEarlierRun(const char *dir, const char *status)
{
  static const char *const names[] = {"snapshot_000020.h5",
                                      "checkpoint_000050.h5",
                                      "checkpoint_000100.h5",
                                      ".checkpoint_000150.h5.part",
                                      "snapshots.xdmf",
                                      "history.csv",
                                      "probes.csv",
                                      "profile_a.csv",
                                      "notes.txt",
                                      "checkpoint_1.h5",
                                      "my_checkpoint_000050.h5"};
  char                     path[256], text[64];

  HeatTestFolder(dir);
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
    HeatTestPut(path, "x");
  }
  if (!status) return;
  snprintf(path, sizeof(path), "%s/results.json", dir);
  snprintf(text, sizeof(text), "{\"status\": \"%s\"}", status);
  HeatTestPut(path, text);
}

static void ExpectForeignUntouched(const char *dir)
{
  static const char *const names[] = {"notes.txt", "checkpoint_1.h5", "my_checkpoint_000050.h5"};
  char                     path[256];

  for (size_t i = 0; i < 3; i++) {
    snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
    assert_true(HeatTestExists(path));
  }
}

static void fresh_run_removes_the_files_of_a_finished_one(void **state)
{
  (void)state;
  MakeEarlierRun("finished", "ok");
  OK(HeatOutputDirectoryPrepare(PETSC_COMM_WORLD, "finished", PETSC_FALSE));
  assert_false(HeatTestExists("finished/snapshot_000020.h5"));
  assert_false(HeatTestExists("finished/checkpoint_000100.h5"));
  assert_false(HeatTestExists("finished/.checkpoint_000150.h5.part"));
  assert_false(HeatTestExists("finished/results.json"));
  assert_false(HeatTestExists("finished/profile_a.csv"));
  assert_false(HeatTestExists("finished/unfinished_001"));
  ExpectForeignUntouched("finished");
}

static void fresh_run_moves_an_unfinished_one_aside(void **state)
{
  (void)state;
  MakeEarlierRun("killed", NULL);
  OK(HeatOutputDirectoryPrepare(PETSC_COMM_WORLD, "killed", PETSC_FALSE));
  assert_false(HeatTestExists("killed/checkpoint_000100.h5"));
  assert_true(HeatTestExists("killed/unfinished_001/checkpoint_000050.h5"));
  assert_true(HeatTestExists("killed/unfinished_001/checkpoint_000100.h5"));
  assert_true(HeatTestExists("killed/unfinished_001/snapshot_000020.h5"));
  ExpectForeignUntouched("killed");
  HeatTestPut("killed/checkpoint_000010.h5", "x");
  HeatTestPut("killed/results.json", "{\"status\": \"stopped\"}");
  OK(HeatOutputDirectoryPrepare(PETSC_COMM_WORLD, "killed", PETSC_FALSE));
  assert_true(HeatTestExists("killed/unfinished_002/checkpoint_000010.h5"));
  assert_true(HeatTestExists("killed/unfinished_001/checkpoint_000100.h5"));
}

static void restart_keeps_the_files_and_rewinds_to_its_step(void **state)
{
  (void)state;
  MakeEarlierRun("again", "stopped");
  HeatTestPut("again/snapshot_000060.h5", "x");
  OK(HeatOutputDirectoryPrepare(PETSC_COMM_WORLD, "again", PETSC_TRUE));
  assert_true(HeatTestExists("again/checkpoint_000100.h5"));
  assert_true(HeatTestExists("again/history.csv"));
  assert_false(HeatTestExists("again/.checkpoint_000150.h5.part"));
  OK(HeatOutputDirectoryRewind(PETSC_COMM_WORLD, "again", 50));
  assert_true(HeatTestExists("again/checkpoint_000050.h5"));
  assert_true(HeatTestExists("again/snapshot_000020.h5"));
  assert_false(HeatTestExists("again/snapshot_000060.h5"));
  assert_false(HeatTestExists("again/checkpoint_000100.h5"));
  assert_true(HeatTestExists("again/abandoned_001/checkpoint_000100.h5"));
  OK(HeatOutputDirectoryRewind(PETSC_COMM_WORLD, "again", 50));
  assert_false(HeatTestExists("again/abandoned_002"));
  ExpectForeignUntouched("again");
}

static void folder_is_made_with_its_parents_or_refused(void **state)
{
  (void)state;
  HeatTestFolder("made");
  OK(HeatOutputDirectoryPrepare(PETSC_COMM_WORLD, "made/a/b//c/", PETSC_FALSE));
  assert_true(HeatTestExists("made/a/b/c"));
  HeatTestPut("made/file", "");
  FAILS_WITH("made/file cannot be used as the output folder: it exists and is not a folder",
             HeatOutputDirectoryPrepare(PETSC_COMM_WORLD, "made/file", PETSC_FALSE));
  FAILS_WITH("Not a directory",
             HeatOutputDirectoryPrepare(PETSC_COMM_WORLD, "made/file/sub", PETSC_FALSE));
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(record_holds_what_was_filled_in_and_null_for_the_unknown),
    cmocka_unit_test(record_without_a_folder_is_an_error_on_every_rank),
    cmocka_unit_test(fresh_run_removes_the_files_of_a_finished_one),
    cmocka_unit_test(fresh_run_moves_an_unfinished_one_aside),
    cmocka_unit_test(restart_keeps_the_files_and_rewinds_to_its_step),
    cmocka_unit_test(folder_is_made_with_its_parents_or_refused),
};

HEAT_TEST_MAIN(Tests)
