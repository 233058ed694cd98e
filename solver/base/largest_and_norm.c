/** The largest magnitude and the norm of a vector in one reduction (largest_and_norm.h).
 *
 *  The sum of squares is a number to the base 2^BITS.  Its digits count multiples of the units
 *  Q_i = 2^(BITS i), and a square is cut into multiples of the units of DIGITS successive digits:
 *
 *      digit of the sum              0            1            2
 *      unit                          Q_top        Q_(top-1)    Q_(top-2)
 *      largest square                |---BITS---- ----BITS---- ----BITS----| dropped
 *      carries of the digit          <-----0      <-----1      <-----2
 *
 *  Multiples of the units are the same numbers for all vectors and ranks.  A vector is summed in
 *  chunks.  Chunks and ranks keep the digits that the largest square so far requires, and drop
 *  digits when a larger square raises `top`, so that they need not agree on the largest square
 *  before they sum.  The carries of a digit are kept beside it and are dropped with it: all squares
 *  then contribute what they have in units of Q_(top-2), rounded to nearest for each square, to the
 *  digits that remain, whoever has added them.
 *  Source: J. Demmel, H. D. Nguyen, Parallel reproducible summation, IEEE Trans. Comput. 64 (2015)
 *  2060. */
#include "solver/base/largest_and_norm.h"

#include <math.h>

#include "solver/base/error.h"
#include "solver/base/reduce_whole.h"

enum {
  DIGITS = 3,
  /* Chosen: more bits leave room for fewer squares in a digit, fewer drop more of the small
     elements. */
  BITS = 30,
  /* Elements that are searched for the largest, and then summed, while the level-1 cache holds
     them.  Chosen: 16 KB.  At most 2^(52 - BITS), so that pieces of up to 2^BITS units add up
     exactly in double precision. */
  CHUNK = 2048
};

/* The sum of some elements, as MPI reduces it.  2^23 ranks can add digits below 2^BITS exactly. */
typedef struct {
  double largest;       /* magnitude */
  double top;           /* index of the highest unit of a square */
  double digit[DIGITS]; /* multiples of the units */
  double carry[DIGITS]; /* carries of the digits, multiples of 2^BITS units */
} Part;

/* Drop the digits that a part with this highest unit does not have. */
static void RaiseTop(Part *p, double top)
{
  const double shift = PetscMin(top - p->top, (double)DIGITS);

  for (int d = DIGITS - 1; d >= 0 && shift > 0.0; d--) {
    const int from = d - (int)shift;

    p->digit[d] = from >= 0 ? p->digit[from] : 0.0;
    p->carry[d] = from >= 0 ? p->carry[from] : 0.0;
  }
  p->top = PetscMax(p->top, top);
}

/* MPI_User_function: *into += *from, each an array of `n` parts. */
static void AddParts(void *from, void *into, int *n, MPI_Datatype *type)
{
  (void)type;
  for (int k = 0; k < *n; k++) {
    Part one = ((const Part *)from)[k], *sum = (Part *)into + k;

    RaiseTop(&one, sum->top);
    RaiseTop(sum, one.top);
    sum->largest = PetscMax(sum->largest, one.largest);
    for (int d = 0; d < DIGITS; d++) {
      sum->digit[d] += one.digit[d];
      sum->carry[d] += one.carry[d];
    }
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

/* Add the squares of n <= CHUNK elements, in units of Q_top = factor^-2.  (t + big) - big is t
   rounded to a multiple of u if big = 1.5 2^52 u. */
static void AddChunk(size_t n, const PetscReal *x, double factor, Part *p)
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
  const double sums[DIGITS] = {sum, ldexp(sum_1, BITS), ldexp(sum_2, 2 * BITS)};

  for (int d = 0; d < DIGITS; d++) {
    const double digit = p->digit[d] + sums[d], carry = floor(ldexp(digit, -BITS));

    p->digit[d] = digit - ldexp(carry, BITS);
    p->carry[d] += carry;
  }
}

static Part Sum(size_t n, const PetscReal *x)
{
  /* Chosen: keeps the factor, 2^(-BITS/2 top), in the range of doubles.  Squares of elements below
     2^-960 then lose bits. */
  const int least = -64;
  Part      p     = {.top = least};

  for (size_t k = 0; k < n && p.largest <= PETSC_MAX_REAL; k += CHUNK) {
    const size_t    length  = PetscMin(n - k, (size_t)CHUNK);
    const PetscReal largest = HeatLargestMagnitude(length, x + k);

    p.largest = PetscMax(p.largest, largest);
    if (largest == 0.0 || p.largest > PETSC_MAX_REAL) continue;
    /* The largest square is below 2^(2 e + 2) <= Q_(top + 1). */
    RaiseTop(&p, ceil((2.0 * ilogb(largest) + 2.0) / BITS) - 1.0);
    AddChunk(length, x + k, ldexp(1.0, -BITS / 2 * (int)p.top), &p);
  }
  return p;
}

/* Carry all the way, such that all digits but the first are in [0, 2^BITS), and round the sum. */
static PetscReal Norm(const Part *p)
{
  double digit[DIGITS + 1] = {p->carry[0]}, sum = 0.0;

  for (int d = 0; d < DIGITS; d++)
    digit[d + 1] = p->digit[d] + (d + 1 < DIGITS ? p->carry[d + 1] : 0.0);
  for (int d = DIGITS; d > 0; d--) {
    const double carry = floor(ldexp(digit[d], -BITS));

    digit[d] -= ldexp(carry, BITS);
    digit[d - 1] += carry;
  }
  for (int d = DIGITS; d >= 0; d--) sum = ldexp(sum, -BITS) + digit[d];
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
