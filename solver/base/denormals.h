/** Numbers too small for full precision cost a hundred times the others on some processors; fields
 *  that decay to nothing are full of them.  Where the processor can, they count as zero between
 *  these two calls: the same on every rank, and far below the rounding of anything else.  Elsewhere
 *  these do nothing.  Not collective. */
#ifndef HEAT_SOLVER_DENORMALS_H
#define HEAT_SOLVER_DENORMALS_H

#if defined(__SSE2__)
  #include <xmmintrin.h>

static inline unsigned HeatFlushDenormals(void)
{
  const unsigned before = _mm_getcsr(), flush_and_zero = 0x8040U;

  _mm_setcsr(before | flush_and_zero);
  return before;
}

static inline void HeatRestoreDenormals(unsigned before) { _mm_setcsr(before); }
#else
static inline unsigned HeatFlushDenormals(void) { return 0; }
static inline void     HeatRestoreDenormals(unsigned before) { (void)before; }
#endif

#endif
