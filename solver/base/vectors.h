/** Vectors of doubles, as wide as the processor's instructions: HEAT_VECTOR values, 8 with AVX-512,
 *  4 with AVX2, 2 with SSE2.  On other processors a vector is one value, and a loop over vectors,
 *  marked `omp simd`, is left to the compiler.
 *
 *  Vectors are added, subtracted and multiplied by the operators of C, each value with the bits of
 *  a double.  A loop over n values handles whole vectors with HEAT_ALL_LANES, and the rest with
 *  HeatFirstLanes.  No function is collective. */
#ifndef HEAT_SOLVER_VECTORS_H
#define HEAT_SOLVER_VECTORS_H

#include <stdint.h>

#if defined(__SSE2__)
  #include <immintrin.h>
#endif

/** A function that is compiled into its caller, whose arguments may be constants there. */
#define HEAT_INLINED static inline __attribute__((always_inline))

/* What depends on the width.  HeatLoadAll and HeatStoreAll take any address, HeatStreamValues one
   that is a multiple of the vector's size.  HeatLoadSome and HeatStoreSome read and write some
   lanes alone, also of memory that ends with them. */
#if defined(__AVX512F__)

typedef __m512d  HeatValues;
typedef __mmask8 HeatLanes; /* one bit for each value */

enum { HEAT_VECTOR = 8, HEAT_ALL_LANES = 0xff };

HEAT_INLINED HeatLanes  HeatFirstLanes(long n) { return (HeatLanes)((1U << n) - 1U); }
HEAT_INLINED HeatValues HeatSetValues(double x) { return _mm512_set1_pd(x); }
HEAT_INLINED HeatValues HeatLoadAll(const double *p) { return _mm512_loadu_pd(p); }
HEAT_INLINED void       HeatStoreAll(double *p, HeatValues x) { _mm512_storeu_pd(p, x); }
HEAT_INLINED void       HeatStreamValues(double *p, HeatValues x) { _mm512_stream_pd(p, x); }

HEAT_INLINED HeatValues HeatLoadSome(const double *p, HeatLanes lanes)
{
  return _mm512_maskz_loadu_pd(lanes, p);
}

HEAT_INLINED void HeatStoreSome(double *p, HeatLanes lanes, HeatValues x)
{
  _mm512_mask_storeu_pd(p, lanes, x);
}

#elif defined(__AVX2__)

typedef __m256d HeatValues;
typedef long    HeatLanes; /* how many values */

enum { HEAT_VECTOR = 4, HEAT_ALL_LANES = HEAT_VECTOR };

HEAT_INLINED HeatLanes  HeatFirstLanes(long n) { return n; }
HEAT_INLINED HeatValues HeatSetValues(double x) { return _mm256_set1_pd(x); }
HEAT_INLINED HeatValues HeatLoadAll(const double *p) { return _mm256_loadu_pd(p); }
HEAT_INLINED void       HeatStoreAll(double *p, HeatValues x) { _mm256_storeu_pd(p, x); }
HEAT_INLINED void       HeatStreamValues(double *p, HeatValues x) { _mm256_stream_pd(p, x); }

/* Return a mask whose first lanes have all bits set. */
HEAT_INLINED __m256i HeatLanesMask(HeatLanes lanes)
{
  static const int64_t masks[2 * HEAT_VECTOR] = {-1, -1, -1, -1, 0, 0, 0, 0};

  return _mm256_loadu_si256((const __m256i *)(masks + HEAT_VECTOR - lanes));
}

HEAT_INLINED HeatValues HeatLoadSome(const double *p, HeatLanes lanes)
{
  return _mm256_maskload_pd(p, HeatLanesMask(lanes));
}

HEAT_INLINED void HeatStoreSome(double *p, HeatLanes lanes, HeatValues x)
{
  _mm256_maskstore_pd(p, HeatLanesMask(lanes), x);
}

#elif defined(__SSE2__)

typedef __m128d HeatValues;
typedef long    HeatLanes; /* how many values */

enum { HEAT_VECTOR = 2, HEAT_ALL_LANES = HEAT_VECTOR };

HEAT_INLINED HeatLanes  HeatFirstLanes(long n) { return n; }
HEAT_INLINED HeatValues HeatSetValues(double x) { return _mm_set1_pd(x); }
HEAT_INLINED HeatValues HeatLoadAll(const double *p) { return _mm_loadu_pd(p); }
HEAT_INLINED void       HeatStoreAll(double *p, HeatValues x) { _mm_storeu_pd(p, x); }
HEAT_INLINED void       HeatStreamValues(double *p, HeatValues x) { _mm_stream_pd(p, x); }

HEAT_INLINED HeatValues HeatLoadSome(const double *p, HeatLanes lanes)
{
  (void)lanes; /* one */
  return _mm_load_sd(p);
}

HEAT_INLINED void HeatStoreSome(double *p, HeatLanes lanes, HeatValues x)
{
  (void)lanes;
  _mm_store_sd(p, x);
}

#else

typedef double HeatValues;
typedef long   HeatLanes; /* how many values */

enum { HEAT_VECTOR = 1, HEAT_ALL_LANES = HEAT_VECTOR };

HEAT_INLINED HeatLanes  HeatFirstLanes(long n) { return n; }
HEAT_INLINED HeatValues HeatSetValues(double x) { return x; }
HEAT_INLINED HeatValues HeatLoadAll(const double *p) { return *p; }
HEAT_INLINED void       HeatStoreAll(double *p, HeatValues x) { *p = x; }
HEAT_INLINED void       HeatStreamValues(double *p, HeatValues x) { *p = x; }

/* Never called: there is no rest of less than one value. */
HEAT_INLINED HeatValues HeatLoadSome(const double *p, HeatLanes lanes)
{
  (void)lanes;
  return *p;
}

HEAT_INLINED void HeatStoreSome(double *p, HeatLanes lanes, HeatValues x)
{
  (void)lanes;
  *p = x;
}

#endif

/** Load a vector, or some of its values; the others are 0. */
HEAT_INLINED HeatValues HeatLoadValues(const double *p, HeatLanes lanes)
{
  return lanes == HEAT_ALL_LANES ? HeatLoadAll(p) : HeatLoadSome(p, lanes);
}

/** Store a vector, or some of its values. */
HEAT_INLINED void HeatStoreValues(double *p, HeatLanes lanes, HeatValues x)
{
  if (lanes == HEAT_ALL_LANES) HeatStoreAll(p, x);
  else HeatStoreSome(p, lanes, x);
}

#endif
