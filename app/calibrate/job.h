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
  PetscBool   least;  /* take the least of the samples of a time instead of their median */
} HeatJob;

/** Find the nodes.  Collective on comm; destroy with HeatJobDestroy. */
PetscErrorCode HeatJobCreate(MPI_Comm comm, double budget, PetscBool least, HeatJob *job);

/** Free the communicators.  Collective. */
PetscErrorCode HeatJobDestroy(HeatJob *job);

/** Create a communicator of the first n ranks of each node, ordered by world; MPI_COMM_NULL on
 *  other ranks.  Collective on world. */
PetscErrorCode HeatJobFirst(const HeatJob *job, PetscMPIInt n, MPI_Comm *comm);

/** Create a communicator of two ranks of the first node, or, with one rank a node, of two nodes;
 *  MPI_COMM_NULL on other ranks.  Collective on world. */
PetscErrorCode HeatJobPair(const HeatJob *job, MPI_Comm *pair);

/** A function whose time is measured. */
typedef struct {
  PetscErrorCode (*call)(void *context);
  void  *context;
  double seconds; /* [s] result: median or least time of a call, on the slowest rank */
} HeatTimed;

enum { HEAT_TIMED = 8 /* largest number of functions that HeatJobTime takes */ };

/** Call functions in turns, again and again, and store the time of each.  In turns, a slow
 *  period of the machine falls on all of them, so that their differences stay meaningful.
 *  Collective on comm.
 *  @param[in]     slice  [s] that the measurement should take for each function.  A sample is one
 *                        call, or as many as last two milliseconds; at least three are taken
 *  @param[in]     n      number of functions, up to HEAT_TIMED
 *  @param[in,out] timed  [n] */
PetscErrorCode HeatJobTime(const HeatJob *job, MPI_Comm comm, double slice, PetscInt n,
                           HeatTimed *timed);

#endif
