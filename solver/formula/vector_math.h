/** Elementary functions of arrays: out[i] = f(a[i]).
 *
 *  The bits of a result depend on its argument only: not on the number of elements, their place
 *  in the array, the width of the machine's vectors, or the machine.  A result is computed by
 *  additions, subtractions, multiplications, divisions and shifts in a fixed order, each rounded as
 *  IEEE 754 prescribes, and by no fused multiply-add.  There are two exceptions, which are left to
 *  libm, whose bits depend on the machine: sine and cosine of arguments beyond
 *  HEAT_LARGEST_ANGLE, and powers of bases that are not positive and normal, or whose result is
 *  near the limits of the range.
 *
 *  Errors are below 1 unit in the last place (ulp), see vector_math_is_within_one_ulp in
 *  tests/unit/test_vector_math.c.  Arrays must not overlap.  Infinities, NaN and zeros give the
 *  results of C11 Annex F; the sign and the payload of a NaN are not defined.  Nothing here is
 *  collective. */
#ifndef HEAT_SOLVER_VECTOR_MATH_H
#define HEAT_SOLVER_VECTOR_MATH_H

/** [rad] Largest absolute argument of sine and cosine that is reduced here.  Chosen: its quotient
 *  by pi/2 is below 2^20, so that products with parts of 33 bits are exact. */
#define HEAT_LARGEST_ANGLE 1.5e6

/** Compute exp, the natural logarithm, sine or cosine of each element. */
void HeatVectorExp(int n, const double *a, double *out);
void HeatVectorLog(int n, const double *a, double *out);
void HeatVectorSin(int n, const double *a, double *out);
void HeatVectorCos(int n, const double *a, double *out);

/** Compute a[i] to the power b[i]. */
void HeatVectorPow(int n, const double *a, const double *b, double *out);

#endif
