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

#define HEAT_VECTOR_FUNCTION static inline __attribute__((always_inline))

#if defined(__AVX512F__)

typedef __m512d  HeatValues;
typedef __mmask8 HeatLanes; /* the values that are read or written; others are read as 0 */

enum { HEAT_VECTOR = 8, HEAT_ALL_LANES = 0xff };

/** Return the first n lanes, n < HEAT_VECTOR. */
HEAT_VECTOR_FUNCTION HeatLanes HeatFirstLanes(long n) { return (HeatLanes)((1U << n) - 1U); }

/** Return a vector of equal values. */
HEAT_VECTOR_FUNCTION HeatValues HeatSetValues(double x) { return _mm512_set1_pd(x); }

/** Load from any address. */
HEAT_VECTOR_FUNCTION HeatValues HeatLoadValues(const double *p, HeatLanes lanes)
{
  return lanes == HEAT_ALL_LANES ? _mm512_loadu_pd(p) : _mm512_maskz_loadu_pd(lanes, p);
}

/** Store to any address. */
HEAT_VECTOR_FUNCTION void HeatStoreValues(double *p, HeatLanes lanes, HeatValues x)
{
  if (lanes == HEAT_ALL_LANES) _mm512_storeu_pd(p, x);
  else _mm512_mask_storeu_pd(p, lanes, x);
}

/** Store past the cache, to an address that is a multiple of the vector's size.  All vectors of a
 *  line of the cache, 64 bytes, should be stored so, one after another. */
HEAT_VECTOR_FUNCTION void HeatStreamValues(double *p, HeatValues x) { _mm512_stream_pd(p, x); }

#elif defined(__AVX2__)

typedef __m256d HeatValues;
typedef int     HeatLanes; /* how many values are read or written */

enum { HEAT_VECTOR = 4, HEAT_ALL_LANES = 4 };

HEAT_VECTOR_FUNCTION HeatLanes HeatFirstLanes(long n) { return (HeatLanes)n; }

/* The mask of the first lanes, for instructions with masks. */
HEAT_VECTOR_FUNCTION __m256i HeatLanesMask(HeatLanes lanes)
{
  static const int64_t masks[] = {-1, -1, -1, -1, 0, 0, 0, 0};

  return _mm256_loadu_si256((const __m256i *)(masks + HEAT_VECTOR - lanes));
}

HEAT_VECTOR_FUNCTION HeatValues HeatSetValues(double x) { return _mm256_set1_pd(x); }

HEAT_VECTOR_FUNCTION HeatValues HeatLoadValues(const double *p, HeatLanes lanes)
{
  return lanes == HEAT_ALL_LANES ? _mm256_loadu_pd(p) : _mm256_maskload_pd(p, HeatLanesMask(lanes));
}

HEAT_VECTOR_FUNCTION void HeatStoreValues(double *p, HeatLanes lanes, HeatValues x)
{
  if (lanes == HEAT_ALL_LANES) _mm256_storeu_pd(p, x);
  else _mm256_maskstore_pd(p, HeatLanesMask(lanes), x);
}

HEAT_VECTOR_FUNCTION void HeatStreamValues(double *p, HeatValues x) { _mm256_stream_pd(p, x); }

#elif defined(__SSE2__)

typedef __m128d HeatValues;
typedef int     HeatLanes; /* how many values are read or written */

enum { HEAT_VECTOR = 2, HEAT_ALL_LANES = 2 };

HEAT_VECTOR_FUNCTION HeatLanes HeatFirstLanes(long n) { return (HeatLanes)n; }

HEAT_VECTOR_FUNCTION HeatValues HeatSetValues(double x) { return _mm_set1_pd(x); }

HEAT_VECTOR_FUNCTION HeatValues HeatLoadValues(const double *p, HeatLanes lanes)
{
  return lanes == HEAT_ALL_LANES ? _mm_loadu_pd(p) : _mm_load_sd(p);
}

HEAT_VECTOR_FUNCTION void HeatStoreValues(double *p, HeatLanes lanes, HeatValues x)
{
  if (lanes == HEAT_ALL_LANES) _mm_storeu_pd(p, x);
  else _mm_store_sd(p, x);
}

HEAT_VECTOR_FUNCTION void HeatStreamValues(double *p, HeatValues x) { _mm_stream_pd(p, x); }

#else

typedef double HeatValues;
typedef int    HeatLanes;

enum { HEAT_VECTOR = 1, HEAT_ALL_LANES = 1 };

HEAT_VECTOR_FUNCTION HeatLanes HeatFirstLanes(long n) { return (HeatLanes)n; }

HEAT_VECTOR_FUNCTION HeatValues HeatSetValues(double x) { return x; }

HEAT_VECTOR_FUNCTION HeatValues HeatLoadValues(const double *p, HeatLanes lanes)
{
  (void)lanes;
  return *p;
}

HEAT_VECTOR_FUNCTION void HeatStoreValues(double *p, HeatLanes lanes, HeatValues x)
{
  (void)lanes;
  *p = x;
}

HEAT_VECTOR_FUNCTION void HeatStreamValues(double *p, HeatValues x) { *p = x; }

#endif

/** Return a vector of values at any address. */
HEAT_VECTOR_FUNCTION HeatValues HeatAllValues(const double *p)
{
  return HeatLoadValues(p, HEAT_ALL_LANES);
}

#endif
