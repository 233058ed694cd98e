/* JSON files that readers of JSON would read differently are refused. */
#define _POSIX_C_SOURCE 200809L
#include "io/file/json.h"

#include <math.h>

#include "tests/unit/io_test.h"

/* Return the member "a" of the object in a file of n bytes: NaN if the file is refused. */
static double MemberA(const char *bytes, size_t n)
{
  char      path[64];
  FILE     *file;
  HeatJson *json;
  double    a;

  snprintf(path, sizeof(path), "json.%d", (int)getpid());
  file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, n, file), n);
  fclose(file);
  json = HeatJsonRead(path);
  a    = HeatJsonGetNumber(json, "a");
  HeatJsonDestroy(&json);
  remove(path);
  return a;
}

#define MEMBER_A(text) MemberA(text, sizeof(text) - 1)

static void an_object_has_each_name_once(void **state)
{
  (void)state;
  assert_true(MEMBER_A("{\"a\": 1, \"b\": [{\"a\": 2}, {\"a\": 3}], \"A\": 4}\n") == 1.0);
  assert_true(isnan(MEMBER_A("{\"a\": 1, \"b\": 2, \"a\": 1}")));
  assert_true(isnan(MEMBER_A("{\"a\": 1, \"b\": [0, {\"c\": {\"d\": 1, \"\\u0064\": 2}}]}")));
}

static void nothing_follows_the_value(void **state)
{
  (void)state;
  assert_true(MEMBER_A("{\"a\": 1} \n\t") == 1.0);
  assert_true(isnan(MEMBER_A("{\"a\": 1} {\"a\": 2}")));
  assert_true(isnan(MEMBER_A("{\"a\": 1}\0")));
  assert_true(isnan(MEMBER_A("{\"a\": 1}\0{\"a\": 2}")));
  assert_true(isnan(MEMBER_A("")));
}

/* cJSON ends a name at a NUL character; the same letters after a backslash are no escape. */
static void a_nul_character_is_refused(void **state)
{
  (void)state;
  assert_true(isnan(MEMBER_A("{\"a\\u0000b\": 1}")));
  assert_true(MEMBER_A("{\"a\": 1, \"b\": \"\\\\u0000\"}") == 1.0);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(an_object_has_each_name_once),
    cmocka_unit_test(nothing_follows_the_value),
    cmocka_unit_test(a_nul_character_is_refused),
};

HEAT_TEST_MAIN(Tests)
