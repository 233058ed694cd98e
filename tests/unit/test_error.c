/* An error is one message, printed once, and one code on every rank.  stderr is redirected to a
   file, from which the tests read what was printed. */
#define _POSIX_C_SOURCE 200809L
#include "case_test.h"

#include <unistd.h>

static PetscErrorCode Inner(MPI_Comm comm)
{
  return HeatRaiseHere(comm, HEAT_ERR_NUMERICS, "residual %g after %d iterations", 0.5, 7);
}

static PetscErrorCode Middle(MPI_Comm comm)
{
  PetscFunctionBeginUser;
  PetscCall(Inner(comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Outer(MPI_Comm comm)
{
  PetscFunctionBeginUser;
  PetscCall(Middle(comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Foreign(MPI_Comm comm)
{
  PetscFunctionBeginUser;
  SETERRQ(comm, PETSC_ERR_ARG_WRONG, "a broken invariant");
}

/* Call `call` with heat2d's error handler, store what it prints on stderr and return its code. */
static PetscErrorCode Printed(PetscErrorCode (*call)(MPI_Comm), char *text, size_t size)
{
  FILE          *stand_in = tmpfile();
  const int      saved    = dup(STDERR_FILENO);
  PetscErrorCode code;

  assert_non_null(stand_in);
  fflush(stderr);
  dup2(fileno(stand_in), STDERR_FILENO);
  OK(HeatErrorInstall());
  code = call(PETSC_COMM_WORLD);
  OK(PetscPopErrorHandler());
  fflush(stderr);
  dup2(saved, STDERR_FILENO);
  close(saved);
  rewind(stand_in);
  text[fread(text, 1, size - 1, stand_in)] = '\0';
  fclose(stand_in);
  return code;
}

static PetscMPIInt Rank(void)
{
  PetscMPIInt rank;

  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  return rank;
}

static PetscMPIInt Size(void)
{
  PetscMPIInt size;

  MPI_Comm_size(PETSC_COMM_WORLD, &size);
  return size;
}

static void an_error_is_one_line_on_rank_0_however_deep_it_was_raised(void **state)
{
  char text[4096];

  (void)state;
  assert_int_equal(Printed(Outer, text, sizeof text), HEAT_ERR_NUMERICS);
  assert_string_equal(text, Rank() ? "" : "heat2d: error: residual 0.5 after 7 iterations\n");
}

static HeatCapture kept;

static PetscErrorCode KeepOuterTwice(MPI_Comm comm)
{
  PetscErrorCode code;

  OK(HeatCaptureBeginPrinting(&kept));
  code = Outer(comm);
  assert_int_equal(HeatRaiseHere(comm, HEAT_ERR_FILE, "a second one"), HEAT_ERR_FILE);
  OK(HeatCaptureStop());
  return code;
}

static void the_first_error_is_kept_on_all_ranks_and_printed_as_without_keeping(void **state)
{
  char text[4096];

  (void)state;
  assert_int_equal(Printed(KeepOuterTwice, text, sizeof text), HEAT_ERR_NUMERICS);
  assert_string_equal(kept.message, "residual 0.5 after 7 iterations");
  assert_string_equal(text, Rank() ? ""
                                   : "heat2d: error: residual 0.5 after 7 iterations\n"
                                     "heat2d: error: a second one\n");
}

static PetscErrorCode DropOuter(MPI_Comm comm)
{
  HeatCapture    dropped;
  PetscErrorCode code;

  OK(HeatCaptureBegin(&dropped));
  code = Outer(comm);
  OK(HeatCaptureStop());
  return code;
}

static void an_error_that_is_dropped_prints_nothing(void **state)
{
  char text[4096];

  (void)state;
  assert_int_equal(Printed(DropOuter, text, sizeof text), HEAT_ERR_NUMERICS);
  assert_string_equal(text, "");
}

static void an_error_that_is_not_ours_is_traced_by_each_rank_that_meets_it(void **state)
{
  char text[16384];

  (void)state;
  assert_int_equal(Printed(Foreign, text, sizeof text), PETSC_ERR_ARG_WRONG);
  assert_non_null(strstr(text, "a broken invariant"));
  assert_non_null(strstr(text, "Foreign"));
}

static void exit_codes_are_those_of_the_contract(void **state)
{
  (void)state;
  assert_int_equal(HeatErrorExitCode((PetscErrorCode)0), 0);
  assert_int_equal(HeatErrorExitCode(HEAT_ERR_INPUT), 2);
  assert_int_equal(HeatErrorExitCode(HEAT_ERR_NUMERICS), 3);
  assert_int_equal(HeatErrorExitCode(HEAT_ERR_FILE), 4);
  assert_int_equal(HeatErrorExitCode((PetscErrorCode)PETSC_ERR_MEM), HEAT_EXIT_INTERNAL);
}

static void ranks_agree_on_the_largest_code(void **state)
{
  PetscErrorCode code = Rank() == Size() - 1 ? HEAT_ERR_FILE : (PetscErrorCode)0;

  (void)state;
  OK(HeatErrorAgree(PETSC_COMM_WORLD, &code));
  assert_int_equal(code, HEAT_ERR_FILE);
  code = (PetscErrorCode)0;
  OK(HeatErrorAgree(PETSC_COMM_WORLD, &code));
  assert_int_equal(code, 0);
}

static PetscErrorCode ForeignOnLastRank(void)
{
  PetscFunctionBeginUser;
  if (Rank() == Size() - 1) PetscCall(Foreign(PETSC_COMM_SELF));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode UserCallOfForeign(void)
{
  PetscFunctionBeginUser;
  HeatUserCall(PETSC_COMM_WORLD, "reading the options", ForeignOnLastRank());
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode UserCallOfOurs(void)
{
  PetscFunctionBeginUser;
  HeatUserCall(PETSC_COMM_WORLD, "solving", Outer(PETSC_COMM_WORLD));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode UserCallThatWorks(int *calls)
{
  PetscFunctionBeginUser;
  HeatUserCall(PETSC_COMM_WORLD, "counting", (++*calls, (PetscErrorCode)0));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static void a_petsc_error_on_one_rank_becomes_an_input_error_on_all(void **state)
{
  (void)state;
  REFUSES("reading the options: PETSc says: a broken invariant", UserCallOfForeign());
}

static void a_user_call_keeps_an_error_of_ours(void **state)
{
  HeatRaised raised = {0, ""};

  (void)state;
  OK(PetscPushErrorHandler(HeatRecord, &raised));
  assert_int_equal(UserCallOfOurs(), HEAT_ERR_NUMERICS);
  OK(PetscPopErrorHandler());
  assert_int_equal(raised.count, 1);
  assert_string_equal(raised.message, "residual 0.5 after 7 iterations");
}

static void a_user_call_that_works_runs_once_and_leaves_the_handlers_alone(void **state)
{
  int calls = 0;

  (void)state;
  OK(UserCallThatWorks(&calls));
  assert_int_equal(calls, 1);
  an_error_is_one_line_on_rank_0_however_deep_it_was_raised(state);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_error_is_one_line_on_rank_0_however_deep_it_was_raised),
      cmocka_unit_test(the_first_error_is_kept_on_all_ranks_and_printed_as_without_keeping),
      cmocka_unit_test(an_error_that_is_dropped_prints_nothing),
      cmocka_unit_test(an_error_that_is_not_ours_is_traced_by_each_rank_that_meets_it),
      cmocka_unit_test(exit_codes_are_those_of_the_contract),
      cmocka_unit_test(ranks_agree_on_the_largest_code),
      cmocka_unit_test(a_petsc_error_on_one_rank_becomes_an_input_error_on_all),
      cmocka_unit_test(a_user_call_keeps_an_error_of_ours),
      cmocka_unit_test(a_user_call_that_works_runs_once_and_leaves_the_handlers_alone),
  };

  return RUN_TESTS(tests);
}
