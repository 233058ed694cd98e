/** The time in MPI (mpi_time.h).
 *
 *  On small grids a step of a quarter of a millisecond calls MPI a hundred times, so a reading of
 *  the clock must cost little (measured by tests/benchmark/metrics.py).  The processor's own
 *  counter is read, which takes a fraction of the time of the monotonic clock.  It ticks at a
 *  constant rate in all states of power on 64-bit ARM and on x86 processors since about 2008.
 *
 *  The length of a tick follows from the monotonic clock, read at HeatMpiTimeStart and when seconds
 *  are asked for. */
#include "app/process/mpi_time.h"

static struct {
  HeatMpiTimes times;
  uint64_t     ticks;   /* reading at HeatMpiTimeStart */
  double       seconds; /* [s] monotonic time then */
} my;

void HeatMpiTimeStart(void)
{
  my.ticks   = HeatMpiTicks();
  my.seconds = HeatMonotonicTime();
}

/* Add the time since `begin` to a part, `times` times.  A counter that has gone back, on another
   socket whose counter is behind, adds nothing. */
static void AddTo(int part, uint64_t begin, unsigned times)
{
  const uint64_t end = HeatMpiTicks();

  if (end > begin) my.times.part[part] += times * (end - begin);
}

void HeatMpiTimeAdd(uint64_t begin, unsigned times) { AddTo(HeatTrafficPart(), begin, times); }

void HeatMpiTimeAddCollective(uint64_t begin)
{
  const int part = HeatTrafficPart();

  AddTo(part == HEAT_TRAFFIC_HALO || part == HEAT_TRAFFIC_MULTIGRID ? HEAT_TRAFFIC_REDUCTION : part,
        begin, 1);
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
