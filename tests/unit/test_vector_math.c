/* Elementary functions of arrays: accuracy, special arguments, and bits that depend on the argument
   only. */
#include "case_test.h"

#include <float.h>
#include <math.h>

#include "solver/formula/vector_math.h"

/* vector_math.c compiled without vectors and for the oldest machine of the architecture (see
   TestList.cmake). */
void NarrowVectorExp(int n, const double *a, double *out);
void NarrowVectorLog(int n, const double *a, double *out);
void NarrowVectorSin(int n, const double *a, double *out);
void NarrowVectorCos(int n, const double *a, double *out);
void NarrowVectorPow(int n, const double *a, const double *b, double *out);

/* N is no multiple of the length of a vector. */
enum { N = 253, ROUNDS = 400, FUNCTIONS = 4 };

typedef void (*Unary)(int n, const double *a, double *out);

static const struct {
  const char *name;
  Unary       wide, narrow;
  double (*libm)(double);
  long double (*exact)(long double);
} functions[FUNCTIONS] = {{"exp", HeatVectorExp, NarrowVectorExp, exp, expl},
                          {"log", HeatVectorLog, NarrowVectorLog, log, logl},
                          {"sin", HeatVectorSin, NarrowVectorSin, sin, sinl},
                          {"cos", HeatVectorCos, NarrowVectorCos, cos, cosl}};

/* Return a number from 0 to 1. */
static double Draw(uint64_t *seed)
{
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (double)(*seed >> 11) * 0x1p-53;
}

/* Return an argument: of any size, small, near 1, or near a multiple of pi/2. */
static double DrawArgument(int f, uint64_t *seed)
{
  const double u = Draw(seed), v = Draw(seed);

  switch ((int)(4.0 * Draw(seed))) {
  case 0: return f == 0 ? 1420.0 * (u - 0.5) : f == 1 ? exp2(2148.0 * (u - 0.5)) : 3e6 * (u - 0.5);
  case 1: return f == 1 ? 1.0 + (u - 0.5) * exp2(-50.0 * v) : (u - 0.5) * exp2(-60.0 * v);
  case 2: return f < 2 ? 10.0 * u : rint(u * exp2(20.0 * v)) * 1.5707963267948966;
  default: return f == 1 ? 1e4 * u : 50.0 * (u - 0.5);
  }
}

/* Return the error of y in units of the last place of the exact value. */
static double Ulps(double y, long double exact)
{
  int exponent;

  if (y == (double)exact) return 0.0;
  (void)frexp((double)exact, &exponent);
  if ((double)exact == 0.0) exponent = -1074;
  return (double)(fabsl((long double)y - exact) /
                  ldexpl(1.0L, exponent > -1021 ? exponent - 53 : -1074));
}

/* Return whether long double is more precise than double; valgrind computes it as double. */
static int HasLongDouble(void)
{
  volatile long double one = 1.0L, least = LDBL_EPSILON;

  return LDBL_MANT_DIG >= 64 && one + least != one;
}

/* The measured errors are below 0.83 ulp; those of long double are 1/2048 ulp where it is that of
   x87 and less elsewhere. */
static void vector_math_is_within_one_ulp(void **state)
{
  uint64_t seed = 1;
  double   a[N], b[N], out[N];

  (void)state;
  if (!HasLongDouble()) skip();
  for (int round = 0; round < ROUNDS; round++) {
    for (int f = 0; f < FUNCTIONS; f++) {
      for (int i = 0; i < N; i++) a[i] = DrawArgument(f, &seed);
      functions[f].wide(N, a, out);
      for (int i = 0; i < N; i++) {
        if (!(Ulps(out[i], functions[f].exact((long double)a[i])) < 1.0))
          fail_msg("%s(%.17g) = %.17g", functions[f].name, a[i], out[i]);
      }
    }
    for (int i = 0; i < N; i++) {
      a[i] = DrawArgument(1, &seed);
      b[i] = round % 2 ? 20.0 * (Draw(&seed) - 0.5) : exp2(80.0 * Draw(&seed));
    }
    HeatVectorPow(N, a, b, out);
    for (int i = 0; i < N; i++) {
      const long double exact = powl((long double)a[i], (long double)b[i]);

      if (exact > DBL_MAX || !(Ulps(out[i], exact) >= 1.0)) continue;
      fail_msg("%.17g^%.17g = %.17g", a[i], b[i], out[i]);
    }
  }
}

/* Special arguments and those of libm's fallback have libm's results. */
static void special_arguments_have_the_results_of_libm(void **state)
{
  static const double special[] = {0.0,    -0.0,   1.0,    -1.0,    INFINITY, -INFINITY, NAN, 710.0,
                                   -745.2, -746.0, 1e-320, -1e-320, 1e300,    -1e300,    3.0, -3.0,
                                   0.5,    2e6,    1e9,    1e19,    0.18,     4e18};
  enum { SPECIAL = sizeof special / sizeof *special };
  double y;

  (void)state;
  for (int f = 0; f < FUNCTIONS; f++) {
    for (int i = 0; i < SPECIAL; i++) {
      const double libm = functions[f].libm(special[i]);

      functions[f].wide(1, &special[i], &y);
      if (isnan(libm)
              ? !isnan(y)
              : fabs(y - libm) > 4e-16 * fabs(libm) + DBL_TRUE_MIN || !signbit(y) != !signbit(libm))
        if (!(isinf(libm) && y == libm))
          fail_msg("%s(%g) = %g, libm %g", functions[f].name, special[i], y, libm);
    }
  }
  for (int i = 0; i < SPECIAL; i++) {
    for (int j = 0; j < SPECIAL; j++) {
      const double libm = pow(special[i], special[j]);

      HeatVectorPow(1, &special[i], &special[j], &y);
      if (isnan(libm) ? !isnan(y) : y != libm && !(fabs(y - libm) <= 4e-16 * fabs(libm)))
        fail_msg("%g^%g = %g, libm %g", special[i], special[j], y, libm);
    }
  }
}

static void Same(const char *name, const double *a, const double *b, int n)
{
  for (int i = 0; i < n; i++)
    if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i])))
      fail_msg("%s: %.17g and %.17g at %d of %d", name, a[i], b[i], i, n);
}

/* Arguments include those that are left to libm. */
static void bits_depend_on_the_argument_only(void **state)
{
  uint64_t seed = 2;
  double   a[N], b[N], all[N], part[N];

  (void)state;
  for (int round = 0; round < ROUNDS; round++) {
    const int from = (int)(N * Draw(&seed)), n = (int)((N - from) * Draw(&seed)) + 1;

    for (int f = 0; f < FUNCTIONS; f++) {
      for (int i = 0; i < N; i++) a[i] = DrawArgument(f, &seed) * (Draw(&seed) < 0.01 ? -1e3 : 1.0);
      functions[f].wide(N, a, all);
      functions[f].wide(n, a + from, part);
      Same(functions[f].name, all + from, part, n);
      functions[f].narrow(N, a, part);
      Same(functions[f].name, all, part, N);
    }
    for (int i = 0; i < N; i++) {
      a[i] = DrawArgument(1, &seed) * (Draw(&seed) < 0.01 ? -1.0 : 1.0);
      b[i] = 20.0 * (Draw(&seed) - 0.5);
    }
    HeatVectorPow(N, a, b, all);
    HeatVectorPow(n, a + from, b + from, part);
    Same("pow", all + from, part, n);
    NarrowVectorPow(N, a, b, part);
    Same("pow", all, part, N);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(vector_math_is_within_one_ulp),
      cmocka_unit_test(special_arguments_have_the_results_of_libm),
      cmocka_unit_test(bits_depend_on_the_argument_only),
  };

  return RUN_TESTS(tests);
}
