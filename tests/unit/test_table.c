/* CSV tables: numbers are read back exactly, a restart keeps the rows of the earlier run, and
   failures are reported on all ranks. */
#define _XOPEN_SOURCE 700
#include "tests/unit/io_test.h"

#include <math.h>
#include <sys/resource.h>
#include <unistd.h>

#include "io/file/table.h"

static const char *const Names[3] = {"step", "time", "a, \"quoted\" probe"};

#define HEADER "step,time,\"a, \"\"quoted\"\" probe\"\n"

/* Write the rows of steps first to last, whose values follow from the step; resume after step
   `resume`, or begin a new table for -1. */
static PetscErrorCode WriteRows(const char *path, PetscInt64 resume, PetscInt64 first,
                                PetscInt64 last)
{
  HeatTable *table;

  PetscFunctionBeginUser;
  PetscCall(HeatTableCreate(PETSC_COMM_WORLD, path, 3, Names, resume, &table));
  for (PetscInt64 step = first; step <= last; step++) {
    const PetscReal values[2] = {0.5 * (double)step, (double)step / 3.0};

    PetscCall(HeatTableAppend(table, step, values));
  }
  PetscCall(HeatTableFlush(table));
  PetscCall(HeatTableDestroy(&table));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static void rows_are_the_shortest_numbers_that_read_back(void **state)
{
  const double values[] = {0.1, 1.0 / 3.0, 12.0, -0.0, 1e300, 5e-324, 293.15, 0.1 + 0.2};
  char         buffer[32], text[1024];

  (void)state;
  for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
    assert_true(strtod(HeatShortestDecimal(values[i], buffer), NULL) == values[i]);
  }
  assert_string_equal(HeatShortestDecimal(0.1, buffer), "0.1");
  assert_string_equal(HeatShortestDecimal(0.1 + 0.2, buffer), "0.30000000000000004");
  assert_string_equal(HeatShortestDecimal(NAN, buffer), "nan");
  assert_string_equal(HeatShortestDecimal(-INFINITY, buffer), "-inf");
  HeatTestFolder("table");
  OK(WriteRows("table/a.csv", -1, 1, 2));
  assert_string_equal(HeatTestGet("table/a.csv", text, sizeof(text)),
                      HEADER "1,0.5,0.3333333333333333\n2,1,0.6666666666666666\n");
}

static void resumed_table_equals_an_uninterrupted_one(void **state)
{
  (void)state;
  HeatTestFolder("table");
  OK(WriteRows("table/whole.csv", -1, 1, 30));
  OK(WriteRows("table/parts.csv", -1, 1,
               17)); /* killed after step 17; its checkpoint is of step 10 */
  OK(WriteRows("table/parts.csv", 10, 11, 30));
  HeatTestBarrier();
  assert_true(HeatTestSame("table/whole.csv", "table/parts.csv"));
}

/* Return the digest of a table with two columns of numbers after a resumption at step `last`. */
static uint64_t DigestOf(const char *text, PetscInt n, const char *const *names, PetscInt64 last)
{
  HeatTable        *table;
  HeatTableContents contents;

  HeatTestPut("table/digest.csv", text);
  OK(HeatTableCreate(PETSC_COMM_WORLD, "table/digest.csv", n, names, last, &table));
  contents = HeatTableGetContents(table);
  OK(HeatTableDestroy(&table));
  return contents.digest;
}

static void digest_of_a_resumed_table_is_that_of_the_rows_as_they_were_written(void **state)
{
  HeatTable        *table;
  HeatTableContents contents;
  PetscMPIInt       rank;

  (void)state;
  HeatTestFolder("table");
  OK(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  OK(HeatTableCreate(PETSC_COMM_WORLD, "table/a.csv", 3, Names, -1, &table));
  for (PetscInt64 step = 0; step < 20; step++) {
    const PetscReal values[2] = {(double)step / 3.0, step % 2 ? (double)NAN : 1e9};

    OK(HeatTableAppend(table, step, values));
  }
  contents = HeatTableGetContents(table);
  OK(HeatTableDestroy(&table));
  OK(HeatTableCreate(PETSC_COMM_WORLD, "table/a.csv", 3, Names, 19, &table));
  if (rank == 0) {
    assert_int_equal(HeatTableGetContents(table).rows, 20);
    assert_true(contents.digest != 0 && HeatTableGetContents(table).digest == contents.digest);
  }
  OK(HeatTableDestroy(&table));
}

static void digest_sees_any_changed_value_and_no_columns_that_a_restart_adds(void **state)
{
  static const char *const ab[] = {"step", "a", "b"}, *const bca[] = {"step", "b", "c", "a"};
  static const char *const changed[] = {
      "step,a,b\n0,0.5,7\n1,0.25,8\n2,1,9\n",   "step,a,b\n0,0.5,7\n1,0.35,nan\n2,1,9\n",
      "step,a,b\n0,7,0.5\n1,0.25,nan\n2,1,9\n", "step,a,b\n0,0.5,7\n2,0.25,nan\n2,1,9\n",
      "step,a,b\n1,0.25,nan\n0,0.5,7\n2,1,9\n", "step,a,b\n0,0.5,7\n1,.25,nan\n2,1,9\n",
      "step,b,a\n0,0.5,7\n1,0.25,nan\n2,1,9\n", "step,a,b\n0,0.5,7\n1,0.25,nan\n2,nan,9\n"};
  PetscMPIInt rank;

  (void)state;
  HeatTestFolder("table");
  OK(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  const uint64_t digest = DigestOf("step,a,b\n0,0.5,7\n1,0.25,nan\n2,1,9\n", 3, ab, 2);

  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(changed); k++) {
    const uint64_t other = DigestOf(changed[k], 3, ab, 2);

    if (rank == 0 && other == digest) fail_msg("the digest does not see %s", changed[k]);
  }
  const uint64_t later = DigestOf("step,a,b\n0,0.5,7\n1,0.25,nan\n2,1,9\n3,4,4\n4,1", 3, ab, 2);
  const uint64_t more = DigestOf("step,b,c,a\n0,7,nan,0.5\n1,nan,nan,0.25\n2,9,nan,1\n", 4, bca, 2);
  const uint64_t added = DigestOf("step,a,b\n0,0.5,7\n1,0.25,nan\n2,1,9\n", 4, bca, 2);

  if (rank == 0) assert_true(later == digest && more == digest && added == digest);
}

/* A profile has several rows for each step. */
static void rows_of_one_step_stay_or_go_together(void **state)
{
  const PetscReal values[2] = {0.0, 1.0};
  HeatTable      *table;
  char            text[1024];

  (void)state;
  HeatTestFolder("table");
  HeatTestPut("table/a.csv", HEADER "5,0,1\n5,0,2\n6,0,1\n6,0,2\n");
  OK(HeatTableCreate(PETSC_COMM_WORLD, "table/a.csv", 3, Names, 5, &table));
  for (int row = 0; row < 2; row++) OK(HeatTableAppend(table, 7, values));
  OK(HeatTableDestroy(&table));
  assert_string_equal(HeatTestGet("table/a.csv", text, sizeof(text)),
                      HEADER "5,0,1\n5,0,2\n7,0,1\n7,0,1\n");
}

static void half_a_row_of_a_killed_run_is_dropped(void **state)
{
  char text[1024];

  (void)state;
  HeatTestFolder("table");
  HeatTestPut("table/a.csv", HEADER "1,0.5,1\n2,0.");
  OK(WriteRows("table/a.csv", 5, 6, 6));
  assert_string_equal(HeatTestGet("table/a.csv", text, sizeof(text)), HEADER "1,0.5,1\n6,3,2\n");
}

static void missing_table_is_begun_anew_at_a_restart(void **state)
{
  char text[1024];

  (void)state;
  HeatTestFolder("table");
  OK(WriteRows("table/a.csv", 5, 6, 6));
  assert_string_equal(HeatTestGet("table/a.csv", text, sizeof(text)), HEADER "6,3,2\n");
}

static void columns_that_one_of_two_runs_lacks_are_nan(void **state)
{
  char text[1024];

  (void)state;
  HeatTestFolder("table");
  HeatTestPut("table/a.csv", "step,time,other\n1,0.5,1\n2,1,0.25\n3,1.5,8\n");
  OK(WriteRows("table/a.csv", 2, 6, 6));
  assert_string_equal(HeatTestGet("table/a.csv", text, sizeof(text)),
                      "step,time,\"a, \"\"quoted\"\" probe\",other\n"
                      "1,0.5,nan,1\n2,1,nan,0.25\n6,3,2,nan\n");
  HeatTestBarrier(); /* every rank has read it */
  OK(WriteRows("table/a.csv", 6, 7, 7));
  assert_string_equal(HeatTestGet("table/a.csv", text, sizeof(text)),
                      "step,time,\"a, \"\"quoted\"\" probe\",other\n"
                      "1,0.5,nan,1\n2,1,nan,0.25\n6,3,2,nan\n7,3.5,2.3333333333333335,nan\n");
}

static void file_that_is_no_table_is_refused_and_untouched(void **state)
{
  const char *const texts[] = {"notes\n", "time,step\n1,2\n", "step", "\"step\",time\n"};
  char              text[1024];

  (void)state;
  HeatTestFolder("table");
  for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++) {
    HeatTestPut("table/a.csv", texts[k]);
    FAILS_WITH("not the header", WriteRows("table/a.csv", 5, 6, 6));
    FAILS_WITH("not the header", HeatTableCheck(PETSC_COMM_WORLD, "table/a.csv", PETSC_TRUE));
    OK(HeatTableCheck(PETSC_COMM_WORLD, "table/a.csv", PETSC_FALSE));
    assert_string_equal(HeatTestGet("table/a.csv", text, sizeof(text)), texts[k]);
    assert_false(HeatTestExists("table/.a.csv.part"));
  }
}

/* A header may have line ends in quoted names. */
static void row_with_another_number_of_values_is_dropped(void **state)
{
  char text[1024];

  (void)state;
  HeatTestFolder("table");
  HeatTestPut("table/a.csv", "step,time,\"two\nlines\"\n1,0.5,1\n2,1\n2,1,1,1\n3,1,7\n");
  OK(WriteRows("table/a.csv", 5, 6, 6));
  assert_string_equal(HeatTestGet("table/a.csv", text, sizeof(text)),
                      "step,time,\"a, \"\"quoted\"\" probe\",\"two\nlines\"\n"
                      "1,0.5,nan,1\n3,1,nan,7\n6,3,2,nan\n");
}

static void removed_file_is_written_anew_with_all_rows(void **state)
{
  const PetscReal values[2] = {1.0, 2.0};
  HeatTable      *table;
  char            text[1024];

  (void)state;
  HeatTestFolder("table");
  OK(HeatTableCreate(PETSC_COMM_WORLD, "table/a.csv", 3, Names, -1, &table));
  OK(HeatTableAppend(table, 1, values));
  OK(HeatTableFlush(table));
  HeatTestBarrier();
  (void)unlink("table/a.csv");
  HeatTestBarrier();
  OK(HeatTableAppend(table, 2, values));
  OK(HeatTableSync(table));
  assert_string_equal(HeatTestGet("table/a.csv", text, sizeof(text)), HEADER "1,1,2\n2,1,2\n");
  HeatTestBarrier(); /* every rank has read it */
  OK(HeatTableAppend(table, 3, values));
  OK(HeatTableDestroy(&table));
  assert_string_equal(HeatTestGet("table/a.csv", text, sizeof(text)),
                      HEADER "1,1,2\n2,1,2\n3,1,2\n");
}

static void table_in_no_folder_is_an_error_on_every_rank(void **state)
{
  (void)state;
  HeatTestFolder("table");
  HeatTestPut("table/file", "");
  FAILS_WITH("Not a directory", WriteRows("table/file/a.csv", -1, 1, 1));
  FAILS_WITH("Not a directory", WriteRows("table/file/a.csv", 0, 1, 1));
}

/* Rank 0 fails to write in the middle of the table, as on a full disk; the next flush raises the
   error on every rank. */
static void failed_row_is_raised_by_the_next_flush(void **state)
{
  struct rlimit before, limit;

  (void)state;
  HeatTestFolder("table");
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  limit          = before;
  limit.rlim_cur = 20000;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  FAILS_WITH("File too large", WriteRows("table/a.csv", -1, 1, 5000));
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(rows_are_the_shortest_numbers_that_read_back),
    cmocka_unit_test(resumed_table_equals_an_uninterrupted_one),
    cmocka_unit_test(digest_of_a_resumed_table_is_that_of_the_rows_as_they_were_written),
    cmocka_unit_test(digest_sees_any_changed_value_and_no_columns_that_a_restart_adds),
    cmocka_unit_test(rows_of_one_step_stay_or_go_together),
    cmocka_unit_test(half_a_row_of_a_killed_run_is_dropped),
    cmocka_unit_test(missing_table_is_begun_anew_at_a_restart),
    cmocka_unit_test(columns_that_one_of_two_runs_lacks_are_nan),
    cmocka_unit_test(file_that_is_no_table_is_refused_and_untouched),
    cmocka_unit_test(row_with_another_number_of_values_is_dropped),
    cmocka_unit_test(removed_file_is_written_anew_with_all_rows),
    cmocka_unit_test(table_in_no_folder_is_an_error_on_every_rank),
    cmocka_unit_test(failed_row_is_raised_by_the_next_flush),
};

HEAT_TEST_MAIN(Tests)
