/** Flushing of denormal numbers to zero on this rank's processor.
 *
 *  Denormal (subnormal) numbers are the numbers below 2^-126 in single and 2^-1022 in double
 *  precision.  Arithmetic on them costs about a hundred times as much as other arithmetic on some
 *  processors, and fields that decay towards zero are full of them.  Between HeatFlushDenormals and
 *  HeatRestoreDenormals an x86 processor takes denormal operands and results as zero.  The error is
 *  far below the rounding of all other numbers, and every rank makes the same one as long as all
 *  processors are alike.  On processors without SSE2 both functions do nothing.  Not collective. */
#ifndef HEAT_SOLVER_DENORMALS_H
#define HEAT_SOLVER_DENORMALS_H

#if defined(__SSE2__)
  #include <xmmintrin.h>

/** Start to flush denormals to zero.  Returns the processor's previous mode, for
 *  HeatRestoreDenormals. */
static inline unsigned HeatFlushDenormals(void)
{
  /* Bits of the MXCSR register: 0x8000 flushes results (FTZ), 0x0040 flushes operands (DAZ). */
  const unsigned before = _mm_getcsr(), flush_and_zero = 0x8040U;

  _mm_setcsr(before | flush_and_zero);
  return before;
}

/** Restore the mode that HeatFlushDenormals returned. */
static inline void HeatRestoreDenormals(unsigned before) { _mm_setcsr(before); }
#else
static inline unsigned HeatFlushDenormals(void) { return 0; }
static inline void     HeatRestoreDenormals(unsigned before) { (void)before; }
#endif

#endif
