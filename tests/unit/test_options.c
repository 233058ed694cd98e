/* Parsing of the command line into command, case file, overrides and PETSc's options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/process/options.h"

#define PARSE(options, ...)                                                                        \
  char *argv_[] = {(char *)"heat2d", __VA_ARGS__, NULL};                                           \
  assert_int_equal(HeatOptionsParse((int)(sizeof argv_ / sizeof argv_[0]) - 1, argv_, (options)), 0)

static void a_bare_case_means_run(void **state)
{
  HeatOptions o;

  (void)state;
  PARSE(&o, (char *)"case.yaml");
  assert_string_equal(o.command, "run");
  assert_int_equal(o.n_operands, 1);
  assert_string_equal(o.operands[0], "case.yaml");
  HeatOptionsFree(&o);
}

static void a_command_is_recognised_only_in_front(void **state)
{
  HeatOptions o;

  (void)state;
  PARSE(&o, (char *)"run", (char *)"plan");
  assert_string_equal(o.command, "run");
  assert_string_equal(o.operands[0], "plan");
  HeatOptionsFree(&o);
}

static void overrides_keep_their_order(void **state)
{
  HeatOptions o;

  (void)state;
  PARSE(&o, (char *)"c.yaml", (char *)"--set", (char *)"a=1", (char *)"--set=b=2");
  assert_int_equal(o.n_set, 2);
  assert_string_equal(o.set[0], "a=1");
  assert_string_equal(o.set[1], "b=2");
  HeatOptionsFree(&o);
}

static void single_dash_options_go_to_petsc_with_their_values(void **state)
{
  HeatOptions o;

  (void)state;
  PARSE(&o, (char *)"c.yaml", (char *)"-ksp_type", (char *)"cg", (char *)"-shift", (char *)"-1.5",
        (char *)"-log_view", (char *)"--quiet");
  assert_int_equal(o.petsc_argc, 6);
  assert_string_equal(o.petsc_argv[0], "heat2d");
  assert_string_equal(o.petsc_argv[2], "cg");
  assert_string_equal(o.petsc_argv[4], "-1.5");
  assert_true(o.quiet);
  assert_int_equal(o.n_operands, 1);
  HeatOptionsFree(&o);
}

static void an_unknown_double_dash_option_is_noted(void **state)
{
  HeatOptions o;

  (void)state;
  PARSE(&o, (char *)"c.yaml", (char *)"--setting");
  assert_non_null(o.problem);
  assert_string_equal(o.culprit, "--setting");
  HeatOptionsFree(&o);
}

static void an_option_without_its_value_is_noted(void **state)
{
  HeatOptions o;

  (void)state;
  PARSE(&o, (char *)"c.yaml", (char *)"--output");
  assert_non_null(o.problem);
  assert_string_equal(o.culprit, "--output");
  HeatOptionsFree(&o);
}

static void break_halo_takes_a_value(void **state)
{
  HeatOptions o;

  (void)state;
  PARSE(&o, (char *)"c.yaml", (char *)"--break-halo", (char *)"2");
  assert_string_equal(o.break_halo, "2");
  assert_int_equal(o.n_operands, 1);
  HeatOptionsFree(&o);
}

static void break_halo_takes_a_value_behind_an_equals_sign(void **state)
{
  HeatOptions o;

  (void)state;
  PARSE(&o, (char *)"c.yaml", (char *)"--break-halo=10");
  assert_string_equal(o.break_halo, "10");
  HeatOptionsFree(&o);
}

static void break_halo_is_not_given_by_default(void **state)
{
  HeatOptions o;

  (void)state;
  PARSE(&o, (char *)"c.yaml");
  assert_null(o.break_halo);
  HeatOptionsFree(&o);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_bare_case_means_run),
      cmocka_unit_test(a_command_is_recognised_only_in_front),
      cmocka_unit_test(overrides_keep_their_order),
      cmocka_unit_test(single_dash_options_go_to_petsc_with_their_values),
      cmocka_unit_test(an_unknown_double_dash_option_is_noted),
      cmocka_unit_test(an_option_without_its_value_is_noted),
      cmocka_unit_test(break_halo_takes_a_value),
      cmocka_unit_test(break_halo_takes_a_value_behind_an_equals_sign),
      cmocka_unit_test(break_halo_is_not_given_by_default),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
