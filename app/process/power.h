/** The electric energy of a run and the clock frequency of its processors, as the kernel reports
 *  them.
 *
 *  The energy comes from RAPL, counters of the processors that Linux shows in /sys/class/powercap.
 *  Most systems let only the administrator read them.  They count the energy of a whole package or
 *  of its memory, whoever uses it: the energy is that of the nodes, not of the ranks.  On each node
 *  the first rank reads them.
 *
 *  A counter starts again from 0 after some 2^38 microjoules (a quarter of an hour at 300 W) or
 *  sooner, so it must be read more often than that.  A thread does so, whatever the run is busy
 *  with: it sleeps for a minute, or for as long as the smallest counter takes at 1 kW, and reads
 *  for some ten microseconds.  There is a thread only where there are counters. */
#ifndef HEAT_APP_POWER_H
#define HEAT_APP_POWER_H

#include "solver/base/error.h"
#include "solver/base/reduction.h"

/** Largest number of counters of a node.  Chosen: packages and memory of eight sockets. */
enum { HEAT_POWER_COUNTERS = 16 };

/** The thread that reads the counters. */
typedef struct HeatPowerReader HeatPowerReader;

/** The counters of this rank.  While the thread runs it must stay where it is, and its members are
 *  the thread's. */
typedef struct {
  int n; /* counters of this node; 0 on all ranks of a node but the first, and where none can be
               read */
  struct {
    char   path[256]; /* of the counter's file */
    double last;      /* [J] reading */
    double range;     /* [J] at which it starts again from 0 */
  } counter[HEAT_POWER_COUNTERS];
  double start;  /* [s] monotonic time of HeatPowerStart, on every rank */
  double joules; /* [J] since then */
  char   reason
      [HEAT_REDUCTION_TEXT]; /* why the energy is not known, in part or whole; "": it is known */

  HeatPowerReader *reader; /* owned; NULL: no thread runs */
} HeatPower;

/** Find the counters, read them for the first time, and start the thread.  Not collective.
 *  @param[in] root    "" or the folder that takes the place of the root folder, for tests
 *  @param[in] first   whether this is the first rank of its node */
void HeatPowerStart(const char *root, PetscBool first, HeatPower *power);

/** End the thread, before *power is freed; do nothing where none runs.  Not collective. */
void HeatPowerStop(HeatPower *power);

/** The energy of all nodes. */
typedef struct {
  double joules;                      /* [J] since HeatPowerStart; see HeatPowerGet */
  char   reason[HEAT_REDUCTION_TEXT]; /* why it is not known, of the first such node; "": it is */
} HeatPowerTotals;

/** End the thread, read the counters and add this rank's energy to a reduction.  Not collective.
 *  @param[out] totals  borrowed until the reduction's Run; then call HeatPowerGet */
PetscErrorCode HeatPowerAdd(HeatReduction *r, HeatPower *power, HeatPowerTotals *totals);

/** Return the energy of all nodes [J]; NaN if that of some node is not known.  Not collective. */
double HeatPowerGet(const HeatPowerTotals *totals);

/** Return the present clock frequency [Hz] of the processor on which this rank runs, NaN if it is
 *  not known, and the policy by which the kernel sets it, "" if it is not known.  Not collective.
 *  @param[in]  root      as above
 *  @param[out] governor  [32] */
double HeatClockFrequency(const char *root, char governor[32]);

#endif
