/** Numbers as words on the terminal (app/report/screen_text.h). */
#include "app/report/screen_text.h"

#include "case_test.h"

static void duration_is_rounded_before_its_unit_is_chosen(void **state)
{
  static const struct {
    double      seconds;
    const char *text;
  } rows[] = {{0.0, "0 ms"},          {0.0124, "12 ms"},      {0.9994, "999 ms"},
              {0.9996, "1.0 s"},      {59.94, "59.9 s"},      {59.97, "1 min 00 s"},
              {61.4, "1 min 01 s"},   {119.6, "2 min 00 s"},  {3599.4, "59 min 59 s"},
              {3599.6, "1 h 00 min"}, {7170.0, "2 h 00 min"}, {172759.0, "47 h 59 min"},
              {172790.0, "2 days"},   {7.0e7, "2.22 years"}};
  char text[32];

  (void)state;
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
    assert_string_equal(HeatTextDuration(rows[k].seconds, text, sizeof text), rows[k].text);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(duration_is_rounded_before_its_unit_is_chosen),
};

int main(void) { return RUN_TESTS(Tests); }
