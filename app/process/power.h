/** The electric energy of a run and the clock frequency of its processors, as the kernel reports
 *  them.
 *
 *  The energy comes from RAPL, counters of the processors that Linux shows in /sys/class/powercap.
 *  Most systems let only the administrator read them.  They count the energy of a whole package or
 *  of its memory, whoever uses it: the energy is that of the nodes, not of the ranks.  On each node
 *  the first rank reads them.
 *
 *  A counter starts again from 0 after some 2^38 microjoules (a quarter of an hour at 300 W), so it
 *  must be read more often than that: HeatPowerPoll. */
#ifndef HEAT_APP_POWER_H
#define HEAT_APP_POWER_H

#include "solver/base/error.h"

/** Largest number of counters of a node.  Chosen: packages and memory of eight sockets. */
enum { HEAT_POWER_COUNTERS = 16 };

/** Plain data of this rank. */
typedef struct {
  int n; /* counters of this node; 0 on all ranks of a node but the first, and where none can be
               read */
  struct {
    char   path[256]; /* of the counter's file */
    double last;      /* [J] reading */
    double range;     /* [J] at which it starts again from 0 */
  } counter[HEAT_POWER_COUNTERS];
  double start;       /* [s] monotonic time of HeatPowerStart, on every rank */
  double joules;      /* [J] since then */
  double next;        /* [s] monotonic time of the next reading */
  char   reason[128]; /* why the energy is not known, in part or whole; "": it is known */
} HeatPower;

/** Find the counters and read them for the first time.  Not collective.
 *  @param[in] root    "" or the folder that takes the place of the root folder, for tests
 *  @param[in] first   whether this is the first rank of its node */
void HeatPowerStart(const char *root, PetscBool first, HeatPower *power);

/** Read the counters if the last reading is more than a minute old.  Cheap otherwise.  Not
 *  collective.  `power` may be NULL.
 *  @param[in] now  [s] monotonic time */
void HeatPowerPoll(HeatPower *power, double now);

/** Read the counters and add up the energy of all nodes [J].  If the energy of a node is not known,
 *  *joules is NaN and *reason is that of the first such node.  Collective on comm.
 *  @param[out] reason  [128] */
PetscErrorCode HeatPowerSum(MPI_Comm comm, HeatPower *power, double *joules, char reason[128]);

/** Return the present clock frequency [Hz] of the processor on which this rank runs, NaN if it is
 *  not known, and the policy by which the kernel sets it, "" if it is not known.  Not collective.
 *  @param[in]  root      as above
 *  @param[out] governor  [32] */
double HeatClockFrequency(const char *root, char governor[32]);

#endif
