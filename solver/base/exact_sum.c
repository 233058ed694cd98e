/* Exact sums (see the header).
 *
 * After a carry the chunks are digits to the base 2^32, in [-2^31, 2^31), so that no number has two
 * representations, a negative one is its positive one mirrored, and 2^31 ranks can add theirs.
 * Neal's digits are not balanced; his accumulator is otherwise the same. */
#include "solver/base/exact_sum.h"

#include <math.h>

#include "solver/base/error.h"

#if !defined(PETSC_USE_REAL_DOUBLE)
  #error "exact sums take PETSc's reals apart as doubles"
#endif

enum { LAST = HEAT_EXACT_CHUNKS - 1, NUMBERS = sizeof(HeatExactSum) / sizeof(int64_t) };

static const int64_t Base = INT64_C(1) << 32;

/* Digits in [-half, Base - half); the last chunk keeps the rest. */
static void Carry(HeatExactSum *sum, int64_t half)
{
  for (int k = 0; k < LAST; k++) {
    const int64_t carry = (sum->chunk[k] + half) >> 32; /* rounds down: the shift is arithmetic */

    sum->chunk[k] -= carry * Base;
    sum->chunk[k + 1] += carry;
  }
  sum->load = 1; /* a digit is less than any term may be */
}

void HeatExactSumCarry(HeatExactSum *sum) { Carry(sum, Base / 2); }

/* Blocks of an array go through registers.  With S = 1.5 2^p, (x + S) - S is x rounded to a multiple
 * of 2^(p - 52), and the rest of x is a double, at most 2^(p - 53).  p = e + 8, where all |x| < 2^e,
 * lets 2^8 such multiples add up exactly.  The same again with the rests has all bits of terms that
 * are not smaller than 2^(e - 37); what is left of others is added one by one, and so is a block that
 * holds something not finite, only zeros, or numbers near the ends of the range.
 * Source: S. Rump, T. Ogita, S. Oishi, SIAM J. Sci. Comput. 31 (2008) 189, sec. 3. */
enum { BLOCK_BITS = 8, BLOCK = 1 << BLOCK_BITS, FOLDED = 53 - BLOCK_BITS, LANES = 8 };

static PetscReal Largest(const PetscReal x[BLOCK])
{
  PetscReal lane[LANES] = {0.0}, largest = 0.0;

  for (int i = 0; i < BLOCK; i += LANES) {
    for (int l = 0; l < LANES; l++) lane[l] = PetscMax(lane[l], PetscAbsReal(x[i + l]));
  }
  for (int l = 0; l < LANES; l++) largest = PetscMax(largest, lane[l]);
  return largest;
}

/* The sum of the multiples, and their rests; NaN where some term is. */
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

static void AddEach(HeatExactSum *sum, size_t n, const PetscReal *x)
{
  for (size_t i = 0; i < n; i++) HeatExactSumAdd(sum, x[i]);
}

static void AddBlock(HeatExactSum *sum, const PetscReal x[BLOCK])
{
  const PetscReal largest = Largest(x);
  PetscReal       rest[BLOCK], high, low;
  int             e;

  if (!(largest > 0x1p-900 && largest < 0x1p+1000)) {
    AddEach(sum, BLOCK, x);
    return;
  }
  (void)frexp(largest, &e);
  high = Fold(ldexp(1.5, e + BLOCK_BITS), x, rest);
  if (high != high) {
    AddEach(sum, BLOCK, x);
    return;
  }
  low = Fold(ldexp(1.5, e - FOLDED + BLOCK_BITS), rest, rest);
  HeatExactSumAdd(sum, high);
  HeatExactSumAdd(sum, low);
  if (Largest(rest) > 0.0) AddEach(sum, BLOCK, rest);
}

void HeatExactSumAddArray(HeatExactSum *sum, size_t n, const PetscReal *values)
{
  const size_t blocks = n / BLOCK;

  for (size_t k = 0; k < blocks; k++) AddBlock(sum, values + k * BLOCK);
  AddEach(sum, n % BLOCK, values + blocks * BLOCK);
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

/* Each digit times the factor is the sum of two doubles, the product and its rounding error. */
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

/* The highest chunk that is not zero; 0 where none is. */
static int Highest(const HeatExactSum *sum)
{
  int k = LAST;

  while (k > 0 && sum->chunk[k] == 0) k--;
  return k;
}

/* Of digits in [0, Base): the first 64 bits, of which the last is set where something follows, make
   a double by the rounding of the conversion.  Below 2^-1022, where doubles are shorter, nothing
   follows their last bit. */
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
      MPI_Allreduce(MPI_IN_PLACE, all, (PetscMPIInt)(n * NUMBERS), MPI_INT64_T, MPI_SUM, comm));
  for (PetscInt k = 0; k < n; k++) values[k] = HeatExactSumValue(&all[k]);
  PetscCall(PetscFree(all));
  PetscFunctionReturn(PETSC_SUCCESS);
}
