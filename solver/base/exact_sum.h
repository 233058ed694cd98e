/** Sums of doubles that are exact and rounded once, at the end: they depend neither on the order of
 *  their terms nor on which rank adds which.
 *
 *  A sum is a fixed-point number that has room for every bit of every double, cut into chunks of 32
 *  bits.  Each chunk lies in an integer of 64 bits, so that an addition touches two of them and
 *  carries can wait.  Infinities and NaN are counted.  A sum takes half a kilobyte, a term about
 *  2 ns.  Source: R. Neal, Fast exact summation using small and large superaccumulators,
 *  arXiv:1505.05571, sec. 3. */
#ifndef HEAT_SOLVER_EXACT_SUM_H
#define HEAT_SOLVER_EXACT_SUM_H

#include <petscsys.h>

#include <stdint.h>
#include <string.h>

enum {
  HEAT_EXACT_CHUNKS = 67,  /* 2^-1074 to 2^1024, and room for 2^62 terms */
  HEAT_EXACT_LOAD   = 2047 /* terms, each below 2^52, that a chunk bears before a carry */
};

/** Own part; {0} is the sum of nothing. */
typedef struct {
  int64_t chunk[HEAT_EXACT_CHUNKS]; /* the sum of chunk[k] 2^(32 k - 1074) */
  int64_t infinite[2], nan;         /* terms that are +infinity, -infinity, NaN */
  int64_t load;                     /* terms since the last carry; 0: nothing was ever added */
} HeatExactSum;

/** Carry what a chunk cannot keep to the one above. */
void HeatExactSumCarry(HeatExactSum *sum);

/** sum += value. */
static inline void HeatExactSumAdd(HeatExactSum *sum, PetscReal value)
{
  uint64_t bits;

  memcpy(&bits, &value, sizeof bits);
  const int64_t  minus    = -(int64_t)(bits >> 63); /* 0, or all ones: (x ^ minus) - minus is -x */
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

/** sum += all values. */
void HeatExactSumAddArray(HeatExactSum *sum, size_t n, const PetscReal *values);

/** sum += all x[i] y[i], each product rounded to a double. */
void HeatExactSumAddProducts(HeatExactSum *sum, size_t n, const PetscReal *x, const PetscReal *y);

/** sum += factor * other, exactly as long as no bit of the product falls below 2^-1074. */
void HeatExactSumAddScaled(HeatExactSum *sum, PetscReal factor, const HeatExactSum *other);

/** Forget the terms that are not finite; returns how many there were. */
int64_t HeatExactSumDropNonFinite(HeatExactSum *sum);

/** The own part, rounded to the nearest double, ties to even; 0 is +0, and too large infinite.
 *  Infinities of both signs make NaN. */
PetscReal HeatExactSumValue(const HeatExactSum *sum);

/** Likewise the sums over all ranks, n of them in one message.  Collective. */
PetscErrorCode HeatExactSumReduce(MPI_Comm comm, PetscInt n, const HeatExactSum *sums,
                                  PetscReal *values);

#endif
