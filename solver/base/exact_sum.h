/** Exact sums of doubles: sums that are rounded only once, at the end.  Their bits depend neither
 *  on the order of the terms nor on which rank adds which term.
 *
 *  A sum is a fixed-point number that is wide enough for every bit of every double.  It is cut into
 *  chunks of 32 bits, and each chunk is stored in a 64-bit integer, so that adding a term changes
 *  two chunks only and carries from chunk to chunk can be postponed.  Infinities and NaN are
 *  counted separately.  One sum takes 568 bytes.  Measured cost (solver/MEASURED.md, Exact sums):
 *  2.5 ns for a term that is added alone, 1.0 ns for a term of an array.
 *  Source: R. Neal, Fast exact summation using small and large superaccumulators,
 *  arXiv:1505.05571, sec. 3. */
#ifndef HEAT_SOLVER_EXACT_SUM_H
#define HEAT_SOLVER_EXACT_SUM_H

#include <petscsys.h>

#include <stdint.h>
#include <string.h>

enum {
  /* Derived: doubles span 2^-1074 to 2^1024, and 2^62 terms need 62 bits above that.  The last of
     67 chunks has the unit 2^(32 66 - 1074) = 2^1038 and holds 63 bits of it: 2^1101 > 2^1086. */
  HEAT_EXACT_CHUNKS = 67,
  /* Number of terms between two carries.  Derived: a term adds less than 2^52 to a chunk, and
     2047 2^52 + 2^32 is less than the 2^63 at which a chunk overflows. */
  HEAT_EXACT_LOAD = 2047
};

/** The part of a sum that this rank has added.  {0} is the empty sum.
 *
 *  A term is a mantissa of 53 bits, shifted to its place.  Its bits below 2^32 units of chunk k are
 *  added to chunk k, all others, at most 52 bits, to chunk k + 1:
 *
 *      chunk       66       ...     k + 1      k        ...     1        0
 *               |--------|--------|--------|--------|--------|--------|--------|
 *      unit      2^1038                                       2^-1042  2^-1074
 *      term                   mmmm mmmmmmmm mmm
 *                            `-- to k + 1 -'`-- to k
 */
typedef struct {
  int64_t chunk[HEAT_EXACT_CHUNKS]; /* the value is the sum over k of chunk[k] 2^(32 k - 1074) */
  int64_t infinite[2];              /* number of terms that are +infinity, -infinity */
  int64_t nan;                      /* number of terms that are NaN */
  int64_t load;                     /* terms since the last carry; 0 only for an empty sum */
} HeatExactSum;

/** Carry from each chunk to the next, so that all chunks but the last fit into 32 bits. */
void HeatExactSumCarry(HeatExactSum *sum);

/** Add one value: sum += value. */
static inline void HeatExactSumAdd(HeatExactSum *sum, PetscReal value)
{
  uint64_t bits;

  memcpy(&bits, &value, sizeof bits);
  const int64_t  minus    = -(int64_t)(bits >> 63); /* 0 or -1; (x ^ minus) - minus is x or -x */
  const int      exponent = (int)(bits >> 52) & 0x7ff, normal = exponent > 0;
  const uint64_t mantissa = (bits & 0xfffffffffffff) | (uint64_t)normal << 52;
  const int      position = exponent - normal, k = position >> 5, shift = position & 31;

  if (sum->load == HEAT_EXACT_LOAD) HeatExactSumCarry(sum);
  sum->load++;
  if (exponent == 0x7ff) {
    if (value != value) sum->nan++;
    else sum->infinite[bits >> 63]++;
    return;
  }
  sum->chunk[k] += ((int64_t)((mantissa << shift) & 0xffffffff) ^ minus) - minus;
  sum->chunk[k + 1] += ((int64_t)(mantissa >> (32 - shift)) ^ minus) - minus;
}

/** Add n values: sum += values[0] + ... + values[n - 1]. */
void HeatExactSumAddArray(HeatExactSum *sum, size_t n, const PetscReal *values);

/** Add n values to one sum and their magnitudes to another.  A block of values that have one sign,
 *  which is the usual case for sources and exchanged heat, costs little more than
 *  HeatExactSumAddArray alone; other blocks cost twice as much. */
void HeatExactSumAddWithMagnitudes(HeatExactSum *sum, HeatExactSum *magnitudes, size_t n,
                                   const PetscReal *values);

/** Add n products: sum += x[0] y[0] + ... + x[n - 1] y[n - 1], each product rounded to a double. */
void HeatExactSumAddProducts(HeatExactSum *sum, size_t n, const PetscReal *x, const PetscReal *y);

/** Add a multiple of another sum: sum += factor * other.  Exact as long as no bit of the product
 *  is below 2^-1074. */
void HeatExactSumAddScaled(HeatExactSum *sum, PetscReal factor, const HeatExactSum *other);

/** Remove the infinite and NaN terms from the sum.  Returns the number of terms removed. */
int64_t HeatExactSumDropNonFinite(HeatExactSum *sum);

/** Return this rank's part, rounded to the nearest double, ties to even.  Zero is returned as +0
 *  and a sum beyond the largest double as an infinity.  The value is NaN if a term is NaN or if
 *  there are infinite terms of both signs.  Not collective. */
PetscReal HeatExactSumValue(const HeatExactSum *sum);

/** Compute n sums over all ranks in one reduction, and round each as HeatExactSumValue does.
 *  Collective on comm, with the same n on all ranks.
 *  @param[in]  sums    [n] this rank's parts
 *  @param[out] values  [n] the totals, with the same bits on all ranks */
PetscErrorCode HeatExactSumReduce(MPI_Comm comm, PetscInt n, const HeatExactSum *sums,
                                  PetscReal *values);

#endif
