/** The ranks that take part in a calibration, and the measurement of a repeated call. */
#ifndef HEAT_APP_JOB_H
#define HEAT_APP_JOB_H

#include "solver/base/error.h"

/** Ranks and nodes.  Communicators are owned. */
typedef struct {
  MPI_Comm    world;    /* borrowed: all ranks */
  MPI_Comm    node;     /* the ranks of this node */
  MPI_Comm    leaders;  /* the first rank of each node; MPI_COMM_NULL on other ranks */
  PetscMPIInt rank;     /* in world */
  PetscMPIInt on_node;  /* rank in node */
  PetscMPIInt per_node; /* ranks of the node with fewest; as many take part on every node */
  PetscMPIInt nodes;
  double      began;  /* [s] monotonic time */
  double      budget; /* [s] that the calibration may take, roughly */
  PetscBool   least;  /* take the least of the samples of a time instead of their lower quartile */
} HeatJob;

/** Find the nodes.  Collective on comm; destroy with HeatJobDestroy. */
PetscErrorCode HeatJobCreate(MPI_Comm comm, double budget, PetscBool least, HeatJob *job);

/** Free the communicators.  Collective. */
PetscErrorCode HeatJobDestroy(HeatJob *job);

/** Create a communicator of the first n ranks of each node, ordered by world; MPI_COMM_NULL on
 *  other ranks.  Collective on world. */
PetscErrorCode HeatJobFirst(const HeatJob *job, PetscMPIInt n, MPI_Comm *comm);

enum { HEAT_SAMPLES = 64 /* most samples of a time: chosen, far more than a quarter needs */ };

/** A function whose time is measured.  Set `call` and `context`; the other members start as 0. */
typedef struct {
  PetscErrorCode (*call)(void *context);
  void    *context;
  PetscInt calls;                 /* of a sample: so many that they take two milliseconds */
  PetscInt n;                     /* number of samples taken */
  double   samples[HEAT_SAMPLES]; /* [s] of a call, on the slowest rank */
  double   seconds;               /* [s] result: lower quartile or least of the samples */
} HeatTimed;

/** Call a function twice, once to set it up and once to choose from its time how many calls make a
 *  sample.  Neither call is a sample.  Collective on comm.
 *  @param[out] seconds  [s] that a sample will take, about */
PetscErrorCode HeatTimedStart(MPI_Comm comm, HeatTimed *timed, double *seconds);

/** Take one more sample, if there is room.  Collective on comm. */
PetscErrorCode HeatTimedSample(MPI_Comm comm, HeatTimed *timed);

/** Store the result of the samples, which are sorted.  Whatever disturbs a machine only adds time,
 *  and at times for seconds: the lower quartile is that of the undisturbed machine as long as a
 *  quarter of the samples is.  Unlike the least sample, it does not depend on the number of
 *  samples, nor favour short ones, which fit between disturbances.  Not collective. */
void HeatTimedFinish(const HeatJob *job, HeatTimed *timed);

/** Call functions in turns, again and again, and store the time of each.  In turns, a slow
 *  period of the machine falls on all of them, so that their differences stay meaningful.
 *  Collective on comm.
 *  @param[in]     slice  [s] that the measurement should take for each function; at least three
 *                        samples are taken
 *  @param[in]     n      number of functions
 *  @param[in,out] timed  [n] */
PetscErrorCode HeatJobTime(const HeatJob *job, MPI_Comm comm, double slice, PetscInt n,
                           HeatTimed *timed);

#endif
