/* The tasks of a calibration are what their names say: steps and stages one by one, or in one
   sweep. */
#include "app/calibrate/kernel_sheet.h"

#include "tests/unit/solver_test.h"

/* Return the options of PETSc as a text, owned by the caller. */
static char *Options(void)
{
  char *text;

  OK(PetscOptionsGetAll(NULL, &text));
  return text;
}

/* Start all tasks on 32 x 32 cells, and compare the sweeps of explicit schemes. */
static void CheckSweeps(HeatCoefficients coefficients)
{
  static const struct {
    HeatRaw  raw;
    PetscInt sweeps;
  } tasks[] = {{HEAT_RAW_FTCS, 0}, {HEAT_RAW_FTCS_SHORT, 1}, {HEAT_RAW_FTCS_LONG, 1},
               {HEAT_RAW_RKL2, 0}, {HEAT_RAW_RKL2_FEW, 1},   {HEAT_RAW_RKL2_MANY, 1}};
  HeatSheet *sheet;
  double     seconds;

  OK(HeatSheetCreate(32, 32, coefficients, &sheet));
  OK(HeatSheetStart(sheet, PETSC_COMM_SELF, HEAT_CREW_ALONE, &seconds));
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(tasks); k++)
    assert_int_equal(HeatSheetSweeps(sheet, tasks[k].raw), tasks[k].sweeps);
  OK(HeatSheetDestroy(&sheet));
}

static void stages_one_by_one_are_timed_one_by_one_and_others_in_one_sweep(void **state)
{
  char *before = Options(), *after;

  (void)state;
  CheckSweeps(HEAT_UNIFORM);
  CheckSweeps(HEAT_VARYING);
  after = Options();
  assert_string_equal(before, after);
  OK(PetscFree(before));
  OK(PetscFree(after));
}

static void an_option_of_the_user_does_not_change_what_is_timed(void **state)
{
  (void)state;
  OK(PetscOptionsSetValue(NULL, "-heat_steps_at_once", "4"));
  CheckSweeps(HEAT_UNIFORM);
  OK(PetscOptionsClearValue(NULL, "-heat_steps_at_once"));
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(stages_one_by_one_are_timed_one_by_one_and_others_in_one_sweep),
    cmocka_unit_test(an_option_of_the_user_does_not_change_what_is_timed),
};

int main(void)
{
  if (PetscInitializeNoArguments() || HeatErrorInstall()) return 1;
  return HeatTestFinish(cmocka_run_group_tests(Tests, NULL, NULL));
}
