/* Elementary functions without branches (vector_math.h), which the compiler vectorises.
 *
 * Each function is an argument reduction, a polynomial and a reconstruction, for one number; loops
 * over arrays call it.  Selections (c ? a : b) evaluate both sides.  Rare arguments for which a
 * reduction does not hold are evaluated again by libm, one by one, after the loop.
 *
 * The algorithms and the coefficients of log, sin and cos come from FreeBSD's msun (e_log.c,
 * k_sin.c, k_cos.c, e_rem_pio2.c; Copyright 1993 Sun Microsystems, freely granted).  The
 * exponential has the reduction of e_exp.c, and a polynomial in place of its rational function.
 * The power computes the logarithm and its product with the exponent as unevaluated sums of two
 * doubles (T. J. Dekker, A floating-point technique for extending the available precision, Numer.
 * Math. 18, 1971). */
#include "solver/formula/vector_math.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* The sum of a number below 2^51 and this one is rounded to an integer; the low bits hold it. */
static const double Round = 0x1.8p52;

/* ln 2 as a sum of two parts.  Products of the first part with integers below 2^20 are exact. */
static const double Ln2High = 6.93147180369123816490e-01, Ln2Low = 1.90821492927058770002e-10;

/* In a build for any machine (HEAT2D_NATIVE off), each function is compiled for several widths of
   vectors, one of which is chosen when the program starts.  All have the same bits. */
#if defined(HEAT2D_HAVE_CLONES)
  #define WIDTHS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
  #define WIDTHS
#endif

static inline uint64_t Bits(double a)
{
  uint64_t bits;

  memcpy(&bits, &a, sizeof bits);
  return bits;
}

static inline double FromBits(uint64_t bits)
{
  double a;

  memcpy(&a, &bits, sizeof a);
  return a;
}

/* ------- exponential ------- */

/* Return 2^n for an integer n from -1022 to 1023. */
static inline double PowerOfTwo(double n) { return FromBits(Bits(n + (Round + 1023.0)) << 52); }

/* Return exp(x + tail) for |tail| far below 1: x = n ln 2 + r, exp(x) = 2^n exp(r), |r| <= ln(2)/2.
   The polynomial for (exp(r) - 1 - r)/r^2 begins with 1/2 + r/6; its other coefficients were found
   by interpolation at Chebyshev's points, with a relative error of 1.4e-18 in exp(r).  2^n may be
   subnormal, and is therefore applied as two factors.  Beyond 710 and -746 the result is infinite
   and 0. */
static inline double ExpOfSum(double x, double tail)
{
  const double above = x > 710.0 ? 710.0 : x, a = above < -746.0 ? -746.0 : above;
  const double n  = (a * 1.44269504088896338700e+00 + Round) - Round;
  const double hi = a - n * Ln2High, lo = n * Ln2Low - tail;
  const double r = hi - lo, c = (hi - r) - lo, r2 = r * r, r4 = r2 * r2;
  const double p01 = 0.5 + r * (1.0 / 6),
               p23 = 4.16666666666666644e-02 + r * 8.33333333333215534e-03;
  const double p45 = 1.38888888888880481e-03 + r * 1.98412698543386110e-04;
  const double p67 = 2.48015873109206865e-05 + r * 2.75572800670169807e-06;
  const double p89 = 2.75572912586669049e-07 + r * 2.50955546771111189e-08;
  const double low = (p01 + r2 * p23) + r4 * (p45 + r2 * p67);
  const double p   = low + (r4 * r4) * (p89 + r2 * 2.09077867241243768e-09);
  const double e   = 1.0 + (r + (c + (c * r + r2 * p)));
  const double n1 = (0.5 * n + Round) - Round, n2 = n - n1;

  return (e * PowerOfTwo(n1)) * PowerOfTwo(n2);
}

WIDTHS void HeatVectorExp(int n, const double *restrict a, double *restrict out)
{
  _Pragma("omp simd") for (int i = 0; i < n; i++) out[i] = ExpOfSum(a[i], 0.0);
}

/* ------- logarithm ------- */

/* Split a positive, finite, normal x = 2^k m with m from sqrt(1/2) to sqrt(2); return m. */
static inline double SplitExponent(double x, double *k)
{
  const uint64_t low   = 0x3fe6a09e00000000u; /* sqrt(1/2) */
  const uint64_t moved = Bits(x) + (0x3ff0000000000000u - low);

  *k = FromBits((moved >> 52) | 0x4330000000000000u) - (0x1p52 + 1023.0);
  return FromBits((moved & 0x000fffffffffffffu) + low);
}

/* Return ln(x) = k ln(2) + ln(m), with x = 2^k m and ln(m) = 2 artanh(s), s = (m - 1)/(m + 1). */
static inline double Log(double x)
{
  const double big = x < 0x1p-1022 ? x * 0x1p54 : x, shift = x < 0x1p-1022 ? 54.0 : 0.0;
  double       e;
  const double f = SplitExponent(big, &e) - 1.0, k = e - shift;
  const double s = f / (2.0 + f), z = s * s, w = z * z, h = 0.5 * f * f;
  const double even = w * (3.999999999940941908e-01 +
                           w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  const double odd  = z * (6.666666666666735130e-01 +
                          w * (2.857142874366239149e-01 +
                               w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
  const double y    = k * Ln2High - ((h - (s * (h + (even + odd)) + k * Ln2Low)) - f);
  const double top  = x < INFINITY ? y : x; /* infinity is its own logarithm */

  return x > 0.0 ? top : x == 0.0 ? -INFINITY : NAN;
}

WIDTHS void HeatVectorLog(int n, const double *restrict a, double *restrict out)
{
  _Pragma("omp simd") for (int i = 0; i < n; i++) out[i] = Log(a[i]);
}

/* ------- sine and cosine ------- */

/* Return sin(x + shift pi/2): x = n pi/2 + (r + tail), |r| <= pi/4.  pi/2 is a sum of four parts;
   products of n with the first three are exact, and so are the first two differences together with
   their rounding error `lost`. */
static inline double SineOf(double x, uint64_t shift)
{
  const double q  = (x * 6.36619772367581382433e-01 + Round);
  const double n  = q - Round;
  const double r0 = x - n * 1.57079632673412561417e+00, w = n * 6.07710050630396597660e-11;
  const double r1 = r0 - w, back = r1 - r0, lost = (r0 - (r1 - back)) - (w + back);
  const double rest = lost - n * 2.02226624871116645580e-21;
  const double r    = r1 + rest;
  const double tail = ((r1 - r) + rest) - n * 8.47842766036889956997e-32;
  const double z = r * r, w2 = z * z, v = z * r, half = 0.5 * z, one = 1.0 - half;
  const double ps = 8.33333333332248946124e-03 +
                    z * (-1.98412698298579493134e-04 + z * 2.75573137070700676789e-06) +
                    z * w2 * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10);
  const double sine = r - ((z * (0.5 * tail - v * ps) - tail) - v * -1.66666666666666324348e-01);
  const double pc   = z * (4.16666666666666019037e-02 +
                         z * (-1.38888888888741095749e-03 + z * 2.48015872894767294178e-05)) +
                    w2 * w2 *
                        (-2.75573143513906633035e-07 +
                         z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11));
  const double   cosine  = one + (((1.0 - one) - half) + (z * pc - r * tail));
  const uint64_t quarter = Bits(q) + shift, odd = 0 - (quarter & 1);
  const uint64_t y = (Bits(cosine) & odd) | (Bits(sine) & ~odd);

  return FromBits(y ^ ((quarter & 2) << 62));
}

/* Return sin(x).  A tiny argument and -0 are their own sine. */
static inline double Sine(double x)
{
  const double y = SineOf(x, 0);

  return fabs(x) < 0x1p-26 ? x : y;
}

/* Evaluate elements with a large or non-finite argument again, by libm. */
static void RepairAngles(int n, const double *a, double (*f)(double), double *out)
{
  int large = 0;

  _Pragma("omp simd reduction(| : large)") for (int i = 0; i < n; i++)
  {
    large |= !(fabs(a[i]) <= HEAT_LARGEST_ANGLE);
  }
  for (int i = 0; large && i < n; i++)
    if (!(fabs(a[i]) <= HEAT_LARGEST_ANGLE)) out[i] = f(a[i]);
}

WIDTHS void HeatVectorSin(int n, const double *restrict a, double *restrict out)
{
  _Pragma("omp simd") for (int i = 0; i < n; i++) out[i] = Sine(a[i]);
  RepairAngles(n, a, sin, out);
}

WIDTHS void HeatVectorCos(int n, const double *restrict a, double *restrict out)
{
  _Pragma("omp simd") for (int i = 0; i < n; i++) out[i] = SineOf(a[i], 1);
  RepairAngles(n, a, cos, out);
}

/* ------- power ------- */

/* Return the rounded product a b, and store its rounding error in *low (Dekker's product). */
static inline double Product(double a, double b, double *low)
{
  const double split = 0x1p27 + 1.0, ca = split * a, cb = split * b;
  const double ah = ca - (ca - a), al = a - ah, bh = cb - (cb - b), bl = b - bh, p = a * b;

  *low = ((ah * bh - p) + ah * bl + al * bh) + al * bl;
  return p;
}

/* Return ln(x) as a sum of two doubles, the result and *low, for a positive, finite, normal x, by
   2 artanh(s) = 2 s (1 + s^2/3 + s^4/5 + ...).  The first two terms are computed in two doubles.
   The relative error is about 2^-64. */
static inline double LogAsSum(double x, double *low)
{
  double       k, zl, pl, ul, ql;
  const double f = SplitExponent(x, &k) - 1.0, d = 2.0 + f, dl = f - (d - 2.0), inverse = 1.0 / d;
  const double s = f * inverse, q = Product(s, d, &ql);
  const double sl = (((f - q) - ql) - s * dl) * inverse;
  const double z = Product(s, s, &zl), z2 = z * z, z4 = z2 * z2;
  const double p0 = 1.0 / 5 + z * (1.0 / 7), p1 = 1.0 / 9 + z * (1.0 / 11);
  const double p2 = 1.0 / 13 + z * (1.0 / 15), p3 = 1.0 / 17 + z * (1.0 / 19);
  const double p4   = 1.0 / 21 + z * (1.0 / 23 + z * (1.0 / 25));
  const double more = z2 * ((p0 + z2 * p1) + z4 * ((p2 + z2 * p3) + z4 * p4));
  /* 1/3 as a sum of two doubles; the second is 1.85e-17 */
  const double third = Product(z, 1.0 / 3, &pl), p = third + more;
  const double p_low = ((third - p) + more) +
                       (pl + z * 1.850371707708594e-17 + (zl + 2.0 * s * sl) * (1.0 / 3));
  const double u = Product(s, p, &ul);
  const double l = s + u, l_low = ((s - l) + u) + (ul + s * p_low + sl * p + sl);
  const double kh = k * Ln2High, m = 2.0 * l, sum = kh + m, back = sum - kh;
  const double lost = (kh - (sum - back)) + (m - back);
  const double rest = lost + (2.0 * l_low + k * Ln2Low), high = sum + rest;

  *low = (sum - high) + rest;
  return high;
}

/* Return a^b = exp(b ln(a)), with the product in two doubles. */
static inline double Power(double a, double b)
{
  double       log_low, low;
  const double l = LogAsSum(a, &log_low), e = Product(b, l, &low);

  /* If the product is so large that the result is 0 or infinite, its low part may be large, too,
     and is left out. */
  return ExpOfSum(e, fabs(e) < 720.0 ? low + b * log_low : 0.0);
}

/* Return whether the result of Power(a, b) is accurate: a is normal, positive and finite, no part
   of a sum overflowed, and the result is neither near the limits of the range nor NaN.  1e100 and
   1e300 are chosen within the range of doubles, about 1e308; the C library computes the others. */
static inline int PowerHolds(double a, double b, double result)
{
  return (a >= 0x1p-1022) & (a < INFINITY) & (fabs(b) < 1e100) & (result > 1e-300) &
         (result < 1e300);
}

WIDTHS void HeatVectorPow(int n, const double *restrict a, const double *restrict b,
                          double *restrict out)
{
  int all = 1;

  _Pragma("omp simd") for (int i = 0; i < n; i++) out[i] = Power(a[i], b[i]);
  _Pragma("omp simd reduction(& : all)") for (int i = 0; i < n; i++)
  {
    all &= PowerHolds(a[i], b[i], out[i]);
  }
  for (int i = 0; !all && i < n; i++)
    if (!PowerHolds(a[i], b[i], out[i])) out[i] = pow(a[i], b[i]);
}
