/** The largest magnitude and the norm of a vector in one reduction (largest_and_norm.h).
 *
 *  The sum of squares is a number to the base 2^BITS.  Digit i counts multiples of Q_i =
 *  2^(BITS i), and a square is cut into multiples of the units of three successive digits:
 *
 *      digit of the sum     0            1            2            3
 *      unit                 Q_(top+1)    Q_top        Q_(top-1)    Q_(top-2)
 *      largest square                    |---BITS---- ----BITS---- ----BITS----| dropped
 *      carries              <------------/<----------/<-----------/
 *
 *  Multiples of the units are the same numbers for all vectors and ranks.  Each rank keeps the
 *  digits that its own largest square requires.  What it drops lies below the digits that the
 *  largest square of all ranks requires, too, so that the ranks need not agree on the largest
 *  square before they sum.
 *  Source: J. Demmel, H. D. Nguyen, Parallel reproducible summation, IEEE Trans. Comput. 64 (2015)
 *  2060. */
#include "solver/base/largest_and_norm.h"

#include <math.h>

#include "solver/base/error.h"
#include "solver/base/reduce_whole.h"

enum {
  DIGITS = 4,
  /* Chosen: more bits make blocks shorter, fewer drop more of the small elements. */
  BITS = 30,
  /* Elements whose pieces, of up to 2^BITS units, add up exactly in double precision, 52 bits. */
  BLOCK = 1 << (52 - BITS)
};

/* The sum of some ranks, as MPI reduces it.  2^23 ranks can add digits below 2^BITS exactly. */
typedef struct {
  double largest;       /* magnitude */
  double top;           /* index of the highest unit of a square */
  double digit[DIGITS]; /* multiples of the units */
} Part;

/* MPI_User_function: *into += *from, each an array of `n` parts. */
static void AddParts(void *from, void *into, int *n, MPI_Datatype *type)
{
  (void)type;
  for (int k = 0; k < *n; k++) {
    const Part two[2] = {((const Part *)from)[k], ((const Part *)into)[k]};
    Part sum = {PetscMax(two[0].largest, two[1].largest), PetscMax(two[0].top, two[1].top), {0.0}};

    for (int p = 0; p < 2; p++) {
      const double shift = sum.top - two[p].top;

      for (int d = 0; d + shift < DIGITS; d++) sum.digit[d + (int)shift] += two[p].digit[d];
    }
    ((Part *)into)[k] = sum;
  }
}

/* Carry such that all digits but the first are in [0, 2^BITS). */
static void Carry(double digit[DIGITS])
{
  for (int d = DIGITS - 1; d > 0; d--) {
    const double carry = floor(ldexp(digit[d], -BITS));

    digit[d] -= ldexp(carry, BITS);
    digit[d - 1] += carry;
  }
}

PetscReal HeatLargestMagnitude(size_t n, const PetscReal *x)
{
  PetscReal largest = 0.0, sum = 0.0;

  _Pragma("omp simd reduction(max : largest) reduction(+ : sum)") for (size_t k = 0; k < n; k++)
  {
    largest = PetscMax(largest, PetscAbsReal(x[k]));
    sum += x[k] * 0.0; /* NaN if x is not finite; a maximum would ignore NaN */
  }
  return sum == 0.0 ? largest : INFINITY;
}

/* Add the squares of n <= BLOCK elements, in units of Q_top = factor^-2.  (t + big) - big is t
   rounded to a multiple of u if big = 1.5 2^52 u. */
static void AddBlock(size_t n, const PetscReal *x, double factor, double digit[DIGITS])
{
  const double big = 0x1.8p52, big_1 = ldexp(big, -BITS), big_2 = ldexp(big, -2 * BITS);
  double       sum = 0.0, sum_1 = 0.0, sum_2 = 0.0;

  _Pragma("omp simd reduction(+ : sum, sum_1, sum_2)") for (size_t k = 0; k < n; k++)
  {
    const double y = x[k] * factor, square = y * y;
    const double piece = (square + big) - big, rest = square - piece;
    const double piece_1 = (rest + big_1) - big_1, rest_1 = rest - piece_1;

    sum += piece;
    sum_1 += piece_1;
    sum_2 += (rest_1 + big_2) - big_2;
  }
  digit[1] += sum;
  digit[2] += ldexp(sum_1, BITS);
  digit[3] += ldexp(sum_2, 2 * BITS);
  Carry(digit);
}

static Part Sum(size_t n, const PetscReal *x)
{
  /* Chosen: keeps the factor, 2^(-BITS/2 top), in the range of doubles.  Squares of elements below
     2^-960 then lose bits. */
  const int least = -64;
  Part      p     = {.largest = HeatLargestMagnitude(n, x), .top = least};

  if (p.largest > 0.0 && p.largest <= PETSC_MAX_REAL) {
    /* The largest square is below 2^(2 e + 2) <= Q_(top + 1). */
    p.top = PetscMax(least, ceil((2.0 * ilogb(p.largest) + 2.0) / BITS) - 1.0);
    for (size_t k = 0; k < n; k += BLOCK)
      AddBlock(PetscMin(n - k, (size_t)BLOCK), x + k, ldexp(1.0, -BITS / 2 * (int)p.top), p.digit);
  }
  return p;
}

/* Carries make the digits independent of the distribution: a square near Q_top may be one unit of
   digit 1 and a negative remainder on one rank, and 2^BITS units of digit 2 less that remainder on
   another. */
static PetscReal Norm(Part *p)
{
  double sum = 0.0;

  Carry(p->digit);
  for (int d = DIGITS - 1; d >= 0; d--) sum = ldexp(sum, -BITS) + p->digit[d];
  return PetscMax(ldexp(sqrt(sum), BITS / 2 * ((int)p->top + 1)), p->largest);
}

PetscErrorCode HeatLargestAndNorm(MPI_Comm comm, size_t n, const PetscReal *x, PetscReal *largest,
                                  PetscReal *norm)
{
  Part part = Sum(n, x);

  PetscFunctionBeginUser;
  PetscCall(HeatReduceWhole(comm, sizeof part, &part, AddParts));
  *largest = part.largest;
  *norm    = part.largest <= PETSC_MAX_REAL ? Norm(&part) : INFINITY;
  PetscFunctionReturn(PETSC_SUCCESS);
}
