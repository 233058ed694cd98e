/** Texts that can be printed on a terminal (solver/base/printable.h). */
#include "solver/base/printable.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "case_test.h"
#include "solver/base/number_text.h"

static void Becomes(const char *text, const char *expected)
{
  char copy[100];

  assert_string_equal(HeatPrintableCopy(text, copy, sizeof copy), expected);
}

static void control_characters_are_replaced(void **state)
{
  (void)state;
  Becomes("a\x1b[31mb\x07", "a?[31mb?");
  Becomes("a\nb\tc\rd", "a b c d");
  Becomes("\x7f\x08", "??");
  Becomes("a\xc2\x9b"
          "31m\xc2\x85",
          "a??31m??");
  Becomes("a\x9b"
          "31m\x80",
          "a?31m?");
  Becomes("\xc3\xa9\x9b"
          "31m\xff\x9b",
          "\xc3\xa9?31m\xff?");
}

static void order_and_lines_are_not_changed(void **state)
{
  (void)state;
  Becomes("a\xe2\x80\xae"
          "b",
          "a???b");
  Becomes("\xe2\x80\xa8"
          "a\xe2\x81\xa6\xe2\x81\xa9",
          "???a??????");
  Becomes("\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa",
          "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa");
  Becomes("a\xe2\x80", "a\xe2?"); /* a character that is cut */
}

static void letters_of_any_language_are_kept(void **state)
{
  static const char *const texts[] = {"",
                                      "plain",
                                      "W\xc3\xa4rme",
                                      "\xc2\xb0"
                                      "C",
                                      "\xe2\x82\xac",
                                      "\xf0\x9f\x94\xa5",
                                      "\xc3\x9f\xc3\x80",
                                      "\xe6\x80\x9b"};

  (void)state;
  for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) Becomes(texts[k], texts[k]);
}

static void a_message_keeps_the_lines_of_an_expression(void **state)
{
  char text[] = "bad\x1b\nheat2d: error: forged\n    1 +\n    ^";

  (void)state;
  assert_string_equal(HeatPrintableMessage(text), "bad? heat2d: error: forged\n    1 +\n    ^");
}

static void a_text_that_is_cut_stays_a_text(void **state)
{
  char copy[4];

  (void)state;
  assert_string_equal(HeatPrintableCopy("abcdef", copy, sizeof copy), "abc");
  assert_string_equal(HeatPrintableCopy("ab\xc2\x9b", copy, sizeof copy), "ab\xc2");
}

static void petsc_prints_long_texts_whole_and_without_escapes(void **state)
{
  enum { LENGTH = 30000 };
  char *text, *printed;
  FILE *file = tmpfile();

  (void)state;
  assert_non_null(file);
  OK(PetscCalloc2(LENGTH + 1, &text, LENGTH + 10, &printed));
  memset(text, 'x', LENGTH);
  text[LENGTH - 1] = '\x1b';
  HeatPrintableInstall();
  OK(PetscFPrintf(PETSC_COMM_SELF, file, "%s\n", text));
  rewind(file);
  assert_int_equal(fread(printed, 1, LENGTH + 9, file), LENGTH + 1);
  assert_int_equal(printed[LENGTH - 2], 'x');
  assert_string_equal(printed + LENGTH - 1, "?\n");
  fclose(file);
  OK(PetscFree2(text, printed));
}

static void numbers_have_as_many_digits_as_tell_them_apart(void **state)
{
  static const double values[] = {
      1.0, 0.1, 1.0000000001, 0.1 + 0.2, -1.7976931348623157e308, 123456789.0, 1e-5, 0.0};
  static const char *const texts[] = {"1",
                                      "0.1",
                                      "1.0000000001",
                                      "0.30000000000000004",
                                      "-1.7976931348623157e+308",
                                      "123456789",
                                      "1e-05",
                                      "0"};

  (void)state;
  for (int k = 0; k < 8; k++) assert_string_equal(HeatNumber(values[k]), texts[k]);
  assert_string_equal(HeatNumber((PetscReal)INFINITY), "inf");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(control_characters_are_replaced),
      cmocka_unit_test(order_and_lines_are_not_changed),
      cmocka_unit_test(letters_of_any_language_are_kept),
      cmocka_unit_test(a_message_keeps_the_lines_of_an_expression),
      cmocka_unit_test(a_text_that_is_cut_stays_a_text),
      cmocka_unit_test(numbers_have_as_many_digits_as_tell_them_apart),
      cmocka_unit_test(petsc_prints_long_texts_whole_and_without_escapes),
  };

  return RUN_TESTS(tests);
}
