/* CSV tables of time and value: which texts are read, and which are refused with their line. */
#include "tests/unit/io_test.h"

#include "io/case_file/series.h"

static PetscErrorCode Read(const char *text, HeatSeries *series)
{
  *series = (HeatSeries){0};
  HeatTestPut("series/t.csv", text);
  return HeatSeriesRead(PETSC_COMM_WORLD, "series/t.csv", series);
}

static PetscErrorCode Free(HeatSeries *series)
{
  OK(PetscFree(series->t));
  OK(PetscFree(series->value));
  return PETSC_SUCCESS;
}

static void values_are_read_on_every_rank(void **state)
{
  static const char *const texts[] = {
      "0,293\n10,300.5\n1e3,-4e-1\n",
      "time,temperature\n0,293\n10,300.5\n1e3,-4e-1\n",
      "# measured\n\n  # twice\nt [s], T [K]\n 0 , 293 \n\n10\t,\t300.5\n+1000,-.4",
      "\xef\xbb\xbf"
      "0,293\r\n10,300.5\r\n1e3,-4e-1\r\n",
  };

  (void)state;
  HeatTestFolder("series");
  for (size_t i = 0; i < PETSC_STATIC_ARRAY_LENGTH(texts); i++) {
    HeatSeries series;

    OK(Read(texts[i], &series));
    assert_int_equal(series.n, 3);
    assert_true(series.t[0] == 0.0 && series.value[0] == 293.0);
    assert_true(series.t[1] == 10.0 && series.value[1] == 300.5);
    assert_true(series.t[2] == 1000.0 && series.value[2] == -0.4);
    OK(Free(&series));
  }
}

static void a_faulty_line_is_refused_with_its_number(void **state)
{
  static const struct {
    const char *text, *words;
  } faults[] = {
      {"0,1\n1,2,3\n", "series/t.csv:2: found '1,2,3'"},
      {"0,1\n\n# c\n1;2\n", "series/t.csv:4: found '1;2'"},
      {"0,1\n1,\n", "series/t.csv:2: found '1,'"},
      {"0,1\ntime,value\n", "series/t.csv:2: found 'time,value'"},
      {"O,293\n1,2\n", "series/t.csv:1: found 'O,293'"},
      {"0,nan\n", "series/t.csv:1: found '0,nan'"},
      {"0,1e999\n", "series/t.csv:1: found '0,1e999'"},
      {"0,0x10\n", "series/t.csv:1: found '0,0x10'"},
      {"0,1\n1 2,3\n", "series/t.csv:2: found '1 2,3'"},
      {"0,1\n0,2\n", "series/t.csv:2: the time 0 s does not come after 0 s"},
      {"0,1\n5,2\n4,2\n", "series/t.csv:3: the time 4 s does not come after 5 s"},
      {"", "series/t.csv: holds no values"},
      {"# nothing\ntime,value\n", "series/t.csv: holds no values"},
  };

  (void)state;
  HeatTestFolder("series");
  for (size_t i = 0; i < PETSC_STATIC_ARRAY_LENGTH(faults); i++) {
    HeatSeries series;

    FAILS_WITH(faults[i].words, Read(faults[i].text, &series));
    OK(Free(&series));
  }
}

static void a_table_that_cannot_be_read_is_an_error_on_every_rank(void **state)
{
  HeatSeries series = {0};

  (void)state;
  HeatTestFolder("series");
  FAILS_WITH("series/none.csv: cannot be read: No such file or directory",
             HeatSeriesRead(PETSC_COMM_WORLD, "series/none.csv", &series));
  FAILS_WITH("series: cannot be read: Is a directory",
             HeatSeriesRead(PETSC_COMM_WORLD, "series", &series));
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(values_are_read_on_every_rank),
    cmocka_unit_test(a_faulty_line_is_refused_with_its_number),
    cmocka_unit_test(a_table_that_cannot_be_read_is_an_error_on_every_rank),
};

HEAT_TEST_MAIN(Tests)
