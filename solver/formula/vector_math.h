/** Elementary functions of arrays: out[i] = f(a[i]).
 *
 *  The bits of a result depend on its argument only: not on the number of elements, their place
 *  in the array, the width of the machine's vectors, or the machine.  The reason is that a
 *  result takes additions, subtractions, multiplications, divisions and shifts in a fixed order,
 *  each rounded as IEEE 754 prescribes, and no fused multiply-add.  Exceptions are arguments of
 *  sine and cosine above HEAT_LARGEST_ANGLE, and powers of bases that are not positive and
 *  normal or whose result is near the limits of the range: they are left to libm, whose bits
 *  depend on the machine.
 *
 *  Errors are below 1 unit in the last place (ulp), see vector_math_is_within_one_ulp in
 *  tests/unit/test_vector_math.c.  Arrays must not overlap.  Results for infinities, NaN and
 *  zeros are those of C11 Annex F; the sign and the payload of a NaN are not defined.  Nothing
 *  here is collective. */
#ifndef HEAT_SOLVER_VECTOR_MATH_H
#define HEAT_SOLVER_VECTOR_MATH_H

/** [rad] Largest absolute argument of sine and cosine that is reduced here. */
#define HEAT_LARGEST_ANGLE 1.5e6

void HeatVectorExp(int n, const double *a, double *out);
void HeatVectorLog(int n, const double *a, double *out);
void HeatVectorSin(int n, const double *a, double *out);
void HeatVectorCos(int n, const double *a, double *out);

/** Compute a[i] to the power b[i]. */
void HeatVectorPow(int n, const double *a, const double *b, double *out);

#endif
