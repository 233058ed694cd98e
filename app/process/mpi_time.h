/** The time that this process spends in MPI, by kind of communication (solver/base/traffic.h).
 *
 *  mpi_wrappers.c, which is linked into the executable alone, measures each call of MPI that sends,
 *  receives or waits.  A program without the wrappers measures nothing, and all times stay 0.
 *
 *  Only the thread that calls MPI may use these functions.  Not collective. */
#ifndef HEAT_APP_MPI_TIME_H
#define HEAT_APP_MPI_TIME_H

#include <stdint.h>

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

/** Return the time in ticks of the fastest clock of the processor, since an unknown moment. */
uint64_t HeatMpiTicks(void);

/** Add the time since `begin` to the present part: after a call that sends, receives or waits, and
 *  after a collective operation. */
void HeatMpiTimeAdd(uint64_t begin);
void HeatMpiTimeAddCollective(uint64_t begin);

/** Return the time in MPI so far. */
HeatMpiTimes HeatMpiTimeNow(void);

/** Add to *sum the time from `begin` to `end`, two readings of HeatMpiTimeNow. */
void HeatMpiTimeAddBetween(const HeatMpiTimes *begin, const HeatMpiTimes *end, HeatMpiTimes *sum);

/** Return a number of ticks in seconds. */
double HeatMpiSeconds(uint64_t ticks);

#endif
