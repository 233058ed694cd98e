/** Exact sums: carries, blocks of arrays, scaling and rounding (the header describes the format).
 *
 *  After a carry the chunks are digits to the base 2^32 in the balanced range [-2^31, 2^31).  This
 *  has three consequences: each number has one representation only; negating a number negates its
 *  digits; and 2^31 ranks can add their digits in 64-bit integers.  Neal's digits are not balanced;
 *  otherwise the accumulator is his.  The code assumes that PetscReal is an IEEE 754 double and
 *  that the compiler shifts negative integers arithmetically. */
#include "solver/base/exact_sum.h"

#include <math.h>

#include "solver/base/error.h"

#if !defined(PETSC_USE_REAL_DOUBLE)
  #error "exact sums take PETSc's reals apart as doubles"
#endif

/* LAST is the index of the last chunk, INTEGERS the size of a sum in 64-bit integers: MPI adds all
   members of the structs. */
enum { LAST = HEAT_EXACT_CHUNKS - 1, INTEGERS = sizeof(HeatExactSum) / sizeof(int64_t) };

static const int64_t Base = INT64_C(1) << 32; /* of the digits: a chunk has 32 bits */

/* Carry so that all digits are in [-half, Base - half).  The last chunk keeps what is left. */
static void Carry(HeatExactSum *sum, int64_t half)
{
  for (int k = 0; k < LAST; k++) {
    const int64_t carry = (sum->chunk[k] + half) >> 32; /* rounds down: the shift is arithmetic */

    sum->chunk[k] -= carry * Base;
    sum->chunk[k + 1] += carry;
  }
  sum->load = 1; /* the digit counts as one term, since it is less than 2^52 */
}

void HeatExactSumCarry(HeatExactSum *sum) { Carry(sum, Base / 2); }

/* Arrays are added in blocks of 2^8 values, by loops that the compiler can vectorise.
 *
 * Let S = 1.5 2^p.  Then (x + S) - S is x rounded to a multiple of 2^(p - 52), and the remainder of
 * x is a double of magnitude at most 2^(p - 53).  A block whose magnitudes are all below 2^e uses
 * p = e + 8, because then 2^8 such multiples add up exactly in double precision.  Splitting the
 * remainders a second time, with p smaller by 53 - 8 = 45, covers all bits of the values whose
 * magnitude is at least 2^(e - 37).  What then remains of smaller values is added value by value.
 * The whole block is added value by value if it contains an infinity or a NaN, only zeros, or
 * values near the ends of the range of doubles.
 * Source: S. Rump, T. Ogita, S. Oishi, SIAM J. Sci. Comput. 31 (2008) 189, sec. 3.
 *
 * BLOCK_BITS is chosen: a larger one makes larger blocks, but the two splits then cover fewer bits
 * of each value.  FOLDED is derived above: each split takes that many leading bits off the values.
 * LANES is chosen: that many partial sums are independent of one another, as many as an AVX-512
 * register has doubles, so that the compiler can vectorise the loops. */
enum { BLOCK_BITS = 8, BLOCK = 1 << BLOCK_BITS, FOLDED = 53 - BLOCK_BITS, LANES = 8 };

/* Return the largest magnitude.  A NaN is ignored; Fold detects it. */
static PetscReal Largest(const PetscReal x[BLOCK])
{
  PetscReal lane[LANES] = {0.0}, largest = 0.0;

  for (int i = 0; i < BLOCK; i += LANES) {
    for (int l = 0; l < LANES; l++) lane[l] = PetscMax(lane[l], PetscAbsReal(x[i + l]));
  }
  for (int l = 0; l < LANES; l++) largest = PetscMax(largest, lane[l]);
  return largest;
}

/* Split each value at S = splitter: return the sum of the multiples, which is exact, and store the
   remainders.  The sum is NaN if a value is NaN.  x and rest may be the same array. */
static PetscReal Fold(PetscReal splitter, const PetscReal x[BLOCK], PetscReal rest[BLOCK])
{
  PetscReal lane[LANES] = {0.0}, sum = 0.0;

  for (int i = 0; i < BLOCK; i += LANES) {
    for (int l = 0; l < LANES; l++) {
      const PetscReal multiple = (x[i + l] + splitter) - splitter;

      rest[i + l] = x[i + l] - multiple;
      lane[l] += multiple;
    }
  }
  for (int l = 0; l < LANES; l++) sum += lane[l];
  return sum;
}

/* Two sums that take the same values: `sum` as they are, `other`, unless it is NULL, times `sign`.
   */
typedef struct {
  HeatExactSum *sum, *other;
  PetscReal     sign; /* 1 or -1 */
} Targets;

static void AddValue(const Targets *to, PetscReal value)
{
  HeatExactSumAdd(to->sum, value);
  if (to->other) HeatExactSumAdd(to->other, to->sign * value);
}

static void AddEach(const Targets *to, size_t n, const PetscReal *x)
{
  for (size_t i = 0; i < n; i++) AddValue(to, x[i]);
}

static void AddBlock(const Targets *to, const PetscReal x[BLOCK])
{
  const PetscReal largest = Largest(x);
  PetscReal       rest[BLOCK], high, low;
  int             e;

  /* Chosen, with a margin: the second split needs 2^(e - 89) >= 2^-1074, S needs e + 8 < 1024. */
  if (!(largest > 0x1p-900 && largest < 0x1p+1000)) {
    AddEach(to, BLOCK, x);
    return;
  }
  (void)frexp(largest, &e);
  high = Fold(ldexp(1.5, e + BLOCK_BITS), x, rest);
  if (high != high) {
    AddEach(to, BLOCK, x);
    return;
  }
  low = Fold(ldexp(1.5, e - FOLDED + BLOCK_BITS), rest, rest);
  AddValue(to, high);
  AddValue(to, low);
  if (Largest(rest) == 0.0) return;
  for (int i = 0; i < BLOCK; i++) {
    if (rest[i] != 0.0) AddValue(to, rest[i]); /* the largest values have no rest */
  }
}

void HeatExactSumAddArray(HeatExactSum *sum, size_t n, const PetscReal *values)
{
  const Targets to     = {.sum = sum};
  const size_t  blocks = n / BLOCK;

  for (size_t k = 0; k < blocks; k++) AddBlock(&to, values + k * BLOCK);
  AddEach(&to, n % BLOCK, values + blocks * BLOCK);
}

/* Return 1 if no value is negative, -1 if none is positive, and 0 otherwise, also if one is NaN. */
static int SignOf(size_t n, const PetscReal *x)
{
  int some_negative = 0, some_positive = 0;

  _Pragma("omp simd reduction(| : some_negative, some_positive)") for (size_t i = 0; i < n; i++)
  {
    some_negative |= !(x[i] >= 0.0);
    some_positive |= !(x[i] <= 0.0);
  }
  return !some_negative ? 1 : !some_positive ? -1 : 0;
}

void HeatExactSumAddWithMagnitudes(HeatExactSum *sum, HeatExactSum *magnitudes, size_t n,
                                   const PetscReal *values)
{
  for (size_t begin = 0; begin < n; begin += BLOCK) {
    const PetscReal *x    = values + begin;
    const size_t     now  = PetscMin(n - begin, (size_t)BLOCK);
    const int        sign = SignOf(now, x);

    if (sign) {
      const Targets to = {.sum = sum, .other = magnitudes, .sign = (PetscReal)sign};

      if (now == BLOCK) AddBlock(&to, x);
      else AddEach(&to, now, x);
    } else {
      PetscReal magnitude[BLOCK];

      for (size_t i = 0; i < now; i++) magnitude[i] = PetscAbsReal(x[i]);
      HeatExactSumAddArray(sum, now, x);
      HeatExactSumAddArray(magnitudes, now, magnitude);
    }
  }
}

void HeatExactSumAddProducts(HeatExactSum *sum, size_t n, const PetscReal *x, const PetscReal *y)
{
  PetscReal product[BLOCK];

  for (size_t begin = 0; begin < n; begin += BLOCK) {
    const size_t now = PetscMin(n - begin, (size_t)BLOCK);

    for (size_t i = 0; i < now; i++) product[i] = x[begin + i] * y[begin + i];
    HeatExactSumAddArray(sum, now, product);
  }
}

/* Each digit times the factor is the sum of two doubles: the rounded product and its rounding
   error, which a fused multiply-add computes exactly. */
void HeatExactSumAddScaled(HeatExactSum *sum, PetscReal factor, const HeatExactSum *other)
{
  HeatExactSum digits = *other;

  if (other->load == 0) return;
  HeatExactSumCarry(&digits);
  for (int k = 0; k < HEAT_EXACT_CHUNKS; k++) {
    if (digits.chunk[k] == 0) continue;
    const PetscReal digit = (PetscReal)digits.chunk[k], product = factor * digit;

    HeatExactSumAdd(sum, ldexp(product, 32 * k - 1074));
    HeatExactSumAdd(sum, ldexp(fma(factor, digit, -product), 32 * k - 1074));
  }
  if (digits.infinite[0]) HeatExactSumAdd(sum, factor * INFINITY);
  if (digits.infinite[1]) HeatExactSumAdd(sum, factor * -INFINITY);
  if (digits.nan) HeatExactSumAdd(sum, NAN);
}

int64_t HeatExactSumDropNonFinite(HeatExactSum *sum)
{
  const int64_t dropped = sum->infinite[0] + sum->infinite[1] + sum->nan;

  sum->infinite[0] = sum->infinite[1] = sum->nan = 0;
  return dropped;
}

/* Rounding. */

/* Return the index of the highest chunk that is not zero, 0 if all chunks are zero. */
static int Highest(const HeatExactSum *sum)
{
  int k = LAST;

  while (k > 0 && sum->chunk[k] == 0) k--;
  return k;
}

/* Round a sum whose digits are all in [0, Base).  The first 64 significant bits are collected, and
   the last of them is set if any bit after them is set (a sticky bit).  Converting this integer to
   double then rounds the sum correctly.  The scaling by ldexp rounds nothing: below 2^-1022, where
   doubles have fewer bits, no bit of the sum lies below the last bit of a double. */
static PetscReal Round(const HeatExactSum *sum)
{
  const int k        = Highest(sum);
  uint64_t  bits     = (uint64_t)sum->chunk[k] << 32 | (uint64_t)(k > 0 ? sum->chunk[k - 1] : 0);
  uint32_t  next     = (uint32_t)(k > 1 ? sum->chunk[k - 2] : 0);
  int       exponent = 32 * (k - 1) - 1074;

  if (bits == 0) return 0.0;
  for (; !(bits >> 63); exponent--) {
    bits = bits << 1 | next >> 31;
    next <<= 1;
  }
  for (int below = k - 3; below >= 0; below--) next |= sum->chunk[below] != 0;
  return ldexp((PetscReal)(bits | (next != 0)), exponent);
}

PetscReal HeatExactSumValue(const HeatExactSum *sum)
{
  HeatExactSum digits = *sum;
  PetscReal    sign;

  if (sum->nan || (sum->infinite[0] && sum->infinite[1])) return NAN;
  if (sum->infinite[0]) return INFINITY;
  if (sum->infinite[1]) return -INFINITY;
  HeatExactSumCarry(&digits);
  sign = digits.chunk[Highest(&digits)] < 0 ? -1.0 : 1.0;
  for (int k = 0; k < HEAT_EXACT_CHUNKS && sign < 0.0; k++) digits.chunk[k] = -digits.chunk[k];
  Carry(&digits, 0);
  return sign * Round(&digits);
}

PetscErrorCode HeatExactSumReduce(MPI_Comm comm, PetscInt n, const HeatExactSum *sums,
                                  PetscReal *values)
{
  HeatExactSum *all;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(n, &all));
  PetscCall(PetscArraycpy(all, sums, n));
  for (PetscInt k = 0; k < n; k++) HeatExactSumCarry(&all[k]);
  PetscCallMPI(
      MPI_Allreduce(MPI_IN_PLACE, all, (PetscMPIInt)(n * INTEGERS), MPI_INT64_T, MPI_SUM, comm));
  for (PetscInt k = 0; k < n; k++) values[k] = HeatExactSumValue(&all[k]);
  PetscCall(PetscFree(all));
  PetscFunctionReturn(PETSC_SUCCESS);
}
