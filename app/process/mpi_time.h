/** The time that this process spends in MPI, by kind of communication (solver/base/traffic.h).
 *
 *  mpi_wrappers.c, which is linked into the executable alone, measures each call of MPI that sends,
 *  receives or waits.  A program without the wrappers measures nothing, and all times stay 0.
 *
 *  Only the thread that calls MPI may use these functions.  Not collective. */
#ifndef HEAT_APP_MPI_TIME_H
#define HEAT_APP_MPI_TIME_H

#include <stdint.h>

#include "solver/base/monotonic.h"
#include "solver/base/traffic.h"

/** The parts of the time in MPI: the kinds of communication, in which collective operations of
 *  solves and halo exchanges are reductions, and everything on the coarse levels of the
 *  multigrid. */
enum { HEAT_MPI_COARSE = HEAT_TRAFFIC_KINDS, HEAT_MPI_PARTS };

/** Ticks of HeatMpiTicks by part.  Differences of two readings can be added up. */
typedef struct {
  uint64_t part[HEAT_MPI_PARTS];
} HeatMpiTimes;

/** Prepare the clock.  Call it once, before the first measured call. */
void HeatMpiTimeStart(void);

/** Return the time since an unspecified moment in ticks of the processor's counter; in nanoseconds
 *  on processors other than x86-64 and 64-bit ARM. */
static inline uint64_t HeatMpiTicks(void)
{
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  uint64_t ticks;

  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#else
  return (uint64_t)(1e9 * HeatMonotonicTime());
#endif
}

/** Add the time since `begin` to the present part: after a call that sends, receives or waits, and
 *  after a collective operation.
 *  @param[in] times  number of calls that this one represents, itself and those not measured */
void HeatMpiTimeAdd(uint64_t begin, unsigned times);
void HeatMpiTimeAddCollective(uint64_t begin);

/** Return the time in MPI so far. */
HeatMpiTimes HeatMpiTimeNow(void);

/** Add to *sum the time from `begin` to `end`, two readings of HeatMpiTimeNow. */
void HeatMpiTimeAddBetween(const HeatMpiTimes *begin, const HeatMpiTimes *end, HeatMpiTimes *sum);

/** Return a number of ticks in seconds. */
double HeatMpiSeconds(uint64_t ticks);

#endif
