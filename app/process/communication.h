/** Counts of the messages that this process sends, by kind (solver/base/traffic.h), within and
 *  between nodes, and of the collective operations in which it takes part.
 *
 *  mpi_wrappers.c, which is linked into the executable alone, calls the functions that count.  So
 *  every message is counted where it is sent, whoever sends it: heat2d, PETSc or HDF5.  What MPI
 *  sends inside of an operation (the messages that make up a collective, MPI-IO's, rendezvous
 *  protocols) does not pass through its interface and is not counted.  In a program without the
 *  wrappers nothing is counted. */
#ifndef HEAT_APP_COMMUNICATION_H
#define HEAT_APP_COMMUNICATION_H

#include <petscsys.h>

#include "solver/base/reduction.h"
#include "solver/base/traffic.h"

/** What was sent of one kind. */
typedef struct {
  PetscInt64 messages[2]; /* point-to-point: [0] within a node, [1] between nodes */
  PetscInt64 bytes[2];    /* [bytes] of these messages */
  PetscInt64 collectives; /* calls on communicators of several ranks; each rank counts its own */
} HeatTraffic;

/** Names of the kinds on the terminal and in results.json. */
extern const char *const HeatTrafficNames[HEAT_TRAFFIC_KINDS];

/* For mpi_wrappers.c.  These call MPI by its profiling interface (PMPI_), so that a profiler does
   not see them. */

/** Start to count: find out which ranks share this node.  Collective on MPI_COMM_WORLD; call it
 *  after the initialisation of MPI. */
void HeatCommunicationStart(void);

/** Count a message of `count` values of a type to `rank` of comm.  MPI_PROC_NULL counts nothing. */
void HeatCommunicationMessage(PetscInt64 count, MPI_Datatype type, int rank, MPI_Comm comm);

/** Count a one-sided message (MPI_Put, MPI_Get, MPI_Accumulate).  `rank` is a rank of the window's
 *  group. */
void HeatCommunicationRemote(PetscInt64 count, MPI_Datatype type, int rank, MPI_Win win);

/** Count a collective operation.  A communicator of one rank counts nothing. */
void HeatCommunicationCollective(MPI_Comm comm);

/** Remember the persistent send of a request, count a message for each request of a list that is a
 *  persistent send, and forget a request.  Other requests may be passed and are ignored. */
void HeatCommunicationRemember(MPI_Request request, PetscInt64 count, MPI_Datatype type, int rank,
                               MPI_Comm comm);
void HeatCommunicationStarted(int n, const MPI_Request *requests);
void HeatCommunicationForget(MPI_Request request);

/* For work before a run whose messages are not counted as the run's (measure_speeds.h). */

/** Copy the counts of this rank, or set them to what they were.  Not collective. */
void HeatCommunicationSave(HeatTraffic kinds[HEAT_TRAFFIC_KINDS]);
void HeatCommunicationRestore(const HeatTraffic kinds[HEAT_TRAFFIC_KINDS]);

/* For the reports. */

/** Return whether this program has the wrappers, so that messages are counted and the time in MPI
 *  is measured (mpi_time.h).  Not collective. */
PetscBool HeatCommunicationIsCounted(void);

/** The sum over the ranks. */
typedef struct {
  PetscBool   counted; /* whether this program counts, that is, has the wrappers */
  HeatTraffic kinds[HEAT_TRAFFIC_KINDS];
} HeatCommunication;

/** Add the counts of this rank so far to a reduction, which is itself not among them.  Not
 *  collective.
 *  @param[out] total  `counted` now; `kinds` are borrowed until the reduction's Run stores them */
PetscErrorCode HeatCommunicationAdd(HeatReduction *r, HeatCommunication *total);

#endif
