/** The time in MPI (mpi_time.h).
 *
 *  On small grids a step of a quarter of a millisecond calls MPI a hundred times, so a reading of
 *  the clock must cost little.  The processor's own counter takes a fraction of the time of the
 *  monotonic clock (measured by tests/benchmark/metrics.py).  It is used where it ticks at a
 *  constant rate in all states of power: on x86 if the processor says so, on 64-bit ARM always.
 *  Elsewhere a tick is a nanosecond of the monotonic clock.
 *
 *  The length of a tick follows from the monotonic clock, read at HeatMpiTimeStart and when seconds
 *  are asked for. */
#include "app/process/mpi_time.h"

#include "solver/base/monotonic.h"

#ifdef __x86_64__
  #include <cpuid.h>
#endif

static struct {
  HeatMpiTimes times;
  int          counter; /* whether HeatMpiTicks reads the processor's counter */
  uint64_t     ticks;   /* reading at HeatMpiTimeStart */
  double       seconds; /* [s] monotonic time then */
} my;

/* Return whether the processor has a counter of constant rate. */
static int HasCounter(void)
{
#if defined(__x86_64__)
  unsigned a, b, c, d;

  /* Advanced power management information: bit 8 of EDX, "invariant TSC". */
  return __get_cpuid(0x80000007U, &a, &b, &c, &d) && (d & (1U << 8));
#elif defined(__aarch64__)
  return 1;
#else
  return 0;
#endif
}

void HeatMpiTimeStart(void)
{
  my.counter = HasCounter();
  my.ticks   = HeatMpiTicks();
  my.seconds = HeatMonotonicTime();
}

uint64_t HeatMpiTicks(void)
{
#if defined(__x86_64__)
  if (my.counter) return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  uint64_t ticks;

  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#endif
  return (uint64_t)(1e9 * HeatMonotonicTime());
}

/* Add the time since `begin` to a part.  A counter that has gone back, on another socket whose
   counter is behind, adds nothing. */
static void AddTo(int part, uint64_t begin)
{
  const uint64_t end = HeatMpiTicks();

  if (HeatTrafficIsCoarse()) part = HEAT_MPI_COARSE;
  if (end > begin) my.times.part[part] += end - begin;
}

void HeatMpiTimeAdd(uint64_t begin) { AddTo((int)HeatTrafficNow(), begin); }

void HeatMpiTimeAddCollective(uint64_t begin)
{
  const HeatTrafficKind kind = HeatTrafficNow();

  AddTo(kind == HEAT_TRAFFIC_HALO || kind == HEAT_TRAFFIC_MULTIGRID ? HEAT_TRAFFIC_REDUCTION
                                                                    : (int)kind,
        begin);
}

HeatMpiTimes HeatMpiTimeNow(void) { return my.times; }

void HeatMpiTimeAddBetween(const HeatMpiTimes *begin, const HeatMpiTimes *end, HeatMpiTimes *sum)
{
  for (int k = 0; k < HEAT_MPI_PARTS; k++) sum->part[k] += end->part[k] - begin->part[k];
}

double HeatMpiSeconds(uint64_t ticks)
{
  const double seconds = HeatMonotonicTime() - my.seconds;
  const double passed  = (double)(HeatMpiTicks() - my.ticks);

  return passed > 0.0 ? (double)ticks * seconds / passed : 0.0;
}
