/** Wrappers of MPI's functions.  Those that send are wrapped to count each message where it is sent
 *  (communication.h); these and those that receive and wait, to measure the time in MPI
 *  (mpi_time.h).
 *
 *  This file belongs to the executable alone: a program that links the libraries of solver and io
 *  keeps MPI as it is.  The executable exports these functions, and the loader looks up a symbol in
 *  the executable first, so that the calls of PETSc and HDF5 pass through them, too.  A wrapper
 *  calls the next function of its name in the loader's order: a preloaded profiler's, which thus
 *  sees every call exactly once, or else MPI's.  Where there is no next one, because MPI is linked
 *  statically, it calls the PMPI_ function.
 *
 *  Wrapped are the functions that send: point-to-point, persistent, one-sided, and collective ones;
 *  where MPI has them (MPI 4), also those with large counts, MPI_Isend_c, which PETSc prefers.  The
 *  functions that manage communicators, windows and files, and MPI 4's persistent collectives and
 *  partitioned messages, which neither heat2d nor its libraries use, are not counted.  Those that
 *  receive and wait are wrapped for their time alone.
 *
 *  MPI_Finalize is wrapped, too: see finalize.c. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <mpi.h>
#include <string.h>

#include "app/process/communication.h"
#include "app/process/finalize.h"
#include "app/process/mpi_time.h"

/* Add the time of a call.  tests/benchmark/metrics.py measures the cost of doing so: it compares
   this program with one that does it HEAT_TIMES_REPEATED times more. */
#ifdef HEAT_TIMES_REPEATED
  #define ADD_TIME(add)                                                                            \
    do {                                                                                           \
      for (int k = 0; k < HEAT_TIMES_REPEATED; k++) {                                              \
        add;                                                                                       \
        begin = HeatMpiTicks();                                                                    \
      }                                                                                            \
      add;                                                                                         \
    } while (0)
#else
  #define ADD_TIME(add) add
#endif

/* Define MPI_name, which runs `before`, calls the next MPI_name, adds the time of the call, and
   runs `after`.  The converted pointer is copied because ISO C has no cast from void * to a
   function.  The name is in parentheses because petsclog.h has macros of such names.
   @param decide  statement that reads the clock into `begin`
   @param add     statement that adds the time since `begin` */
#define WRAP_TIMED(name, parameters, arguments, before, after, decide, add)                        \
  int(MPI_##name) parameters                                                                       \
  {                                                                                                \
    static int(*next) parameters;                                                                  \
    uint64_t begin;                                                                                \
    int      code;                                                                                 \
                                                                                                   \
    if (!next) {                                                                                   \
      void *found = dlsym(RTLD_NEXT, "MPI_" #name);                                                \
                                                                                                   \
      next = PMPI_##name;                                                                          \
      if (found) memcpy(&next, &found, sizeof next);                                               \
    }                                                                                              \
    decide;                                                                                        \
    before;                                                                                        \
    code = next arguments;                                                                         \
    after;                                                                                         \
    add;                                                                                           \
    return code;                                                                                   \
  }

#define BEGIN begin = HeatMpiTicks()

#define WRAP(name, parameters, arguments, before, after)                                           \
  WRAP_TIMED(name, parameters, arguments, before, after, BEGIN, ADD_TIME(HeatMpiTimeAdd(begin, 1)))

/* Functions that wait for no other rank are most of the calls, and short.  One call in SAMPLE is
   measured and counts SAMPLE times.  8: chosen, the clock then costs less than the counting.  The
   calls are drawn, because a fixed stride could meet the same call of every step.  The draw is the
   linear congruential generator of Numerical Recipes (Press et al., "quick and dirty", modulus
   2^32), whose leading bits are the most random ones. */
enum { SAMPLE = 8, SAMPLE_BITS = 3 };

#define DECIDE                                                                                     \
  static uint32_t draw;                                                                            \
  int             measured;                                                                        \
  draw     = 1664525U * draw + 1013904223U;                                                        \
  measured = draw >> (32 - SAMPLE_BITS) == 0;                                                      \
  begin    = measured ? HeatMpiTicks() : 0
#define WRAP_LOCAL(name, parameters, arguments, before, after)                                     \
  WRAP_TIMED(name, parameters, arguments, before, after, DECIDE,                                   \
             if (measured) ADD_TIME(HeatMpiTimeAdd(begin, SAMPLE)))

#define NOTHING (void)0

/* Initialisation. */

#define START                                                                                      \
  HeatMpiTimeStart();                                                                              \
  begin = HeatMpiTicks();                                                                          \
  if (code == MPI_SUCCESS) HeatCommunicationStart()

WRAP(Init, (int *argc, char ***argv), (argc, argv), NOTHING, START)
WRAP(Init_thread, (int *argc, char ***argv, int required, int *provided),
     (argc, argv, required, provided), NOTHING, START)

/* The end. */

WRAP(Finalize, (void), (), HeatFinalizePrepare(), NOTHING)

/* The families below are defined for counts of type int and, with the suffix _c, of MPI_Count.
   Parameters: the suffix, the type of a count, and the type of a displacement. */

/* Point-to-point. */

#define SEND_PARAMETERS(Count)                                                                     \
  const void *buffer, Count count, MPI_Datatype type, int to, int tag, MPI_Comm comm
#define SEND_ARGUMENTS buffer, count, type, to, tag, comm
#define MESSAGE        HeatCommunicationMessage(count, type, to, comm)

#define WRAP_SENDS(S, Count)                                                                       \
  WRAP(Send##S, (SEND_PARAMETERS(Count)), (SEND_ARGUMENTS), MESSAGE, NOTHING)                      \
  WRAP(Bsend##S, (SEND_PARAMETERS(Count)), (SEND_ARGUMENTS), MESSAGE, NOTHING)                     \
  WRAP(Ssend##S, (SEND_PARAMETERS(Count)), (SEND_ARGUMENTS), MESSAGE, NOTHING)                     \
  WRAP(Rsend##S, (SEND_PARAMETERS(Count)), (SEND_ARGUMENTS), MESSAGE, NOTHING)                     \
  WRAP_LOCAL(Isend##S, (SEND_PARAMETERS(Count), MPI_Request * request), (SEND_ARGUMENTS, request), \
             MESSAGE, NOTHING)                                                                     \
  WRAP_LOCAL(Ibsend##S, (SEND_PARAMETERS(Count), MPI_Request * request),                           \
             (SEND_ARGUMENTS, request), MESSAGE, NOTHING)                                          \
  WRAP_LOCAL(Issend##S, (SEND_PARAMETERS(Count), MPI_Request * request),                           \
             (SEND_ARGUMENTS, request), MESSAGE, NOTHING)                                          \
  WRAP_LOCAL(Irsend##S, (SEND_PARAMETERS(Count), MPI_Request * request),                           \
             (SEND_ARGUMENTS, request), MESSAGE, NOTHING)                                          \
  WRAP(Sendrecv##S,                                                                                \
       (const void *buffer, Count count, MPI_Datatype type, int to, int tag, void *in, Count n_in, \
        MPI_Datatype type_in, int from, int tag_in, MPI_Comm comm, MPI_Status *status),            \
       (buffer, count, type, to, tag, in, n_in, type_in, from, tag_in, comm, status), MESSAGE,     \
       NOTHING)                                                                                    \
  WRAP(Sendrecv_replace##S,                                                                        \
       (void *buffer, Count count, MPI_Datatype type, int to, int tag, int from, int tag_in,       \
        MPI_Comm comm, MPI_Status *status),                                                        \
       (buffer, count, type, to, tag, from, tag_in, comm, status), MESSAGE, NOTHING)

/* Persistent. */

#define REMEMBER                                                                                   \
  if (code == MPI_SUCCESS) HeatCommunicationRemember(*request, count, type, to, comm)

#define WRAP_PERSISTENT(S, Count)                                                                  \
  WRAP(Send_init##S, (SEND_PARAMETERS(Count), MPI_Request * request), (SEND_ARGUMENTS, request),   \
       NOTHING, REMEMBER)                                                                          \
  WRAP(Bsend_init##S, (SEND_PARAMETERS(Count), MPI_Request * request), (SEND_ARGUMENTS, request),  \
       NOTHING, REMEMBER)                                                                          \
  WRAP(Ssend_init##S, (SEND_PARAMETERS(Count), MPI_Request * request), (SEND_ARGUMENTS, request),  \
       NOTHING, REMEMBER)                                                                          \
  WRAP(Rsend_init##S, (SEND_PARAMETERS(Count), MPI_Request * request), (SEND_ARGUMENTS, request),  \
       NOTHING, REMEMBER)

WRAP_LOCAL(Start, (MPI_Request * request), (request), HeatCommunicationStarted(1, request), NOTHING)
WRAP_LOCAL(Startall, (int n, MPI_Request requests[]), (n, requests),
           HeatCommunicationStarted(n, requests), NOTHING)
WRAP(Request_free, (MPI_Request * request), (request), HeatCommunicationForget(*request), NOTHING)

/* Receiving and waiting: nothing to count. */

#define RECEIVE_PARAMETERS(Count)                                                                  \
  void *buffer, Count count, MPI_Datatype type, int from, int tag, MPI_Comm comm
#define RECEIVE_ARGUMENTS buffer, count, type, from, tag, comm

#define WRAP_RECEIVES(S, Count)                                                                    \
  WRAP(Recv##S, (RECEIVE_PARAMETERS(Count), MPI_Status * status), (RECEIVE_ARGUMENTS, status),     \
       NOTHING, NOTHING)                                                                           \
  WRAP_LOCAL(Irecv##S, (RECEIVE_PARAMETERS(Count), MPI_Request * request),                         \
             (RECEIVE_ARGUMENTS, request), NOTHING, NOTHING)

WRAP(Probe, (int from, int tag, MPI_Comm comm, MPI_Status *status), (from, tag, comm, status),
     NOTHING, NOTHING)
WRAP(Iprobe, (int from, int tag, MPI_Comm comm, int *flag, MPI_Status *status),
     (from, tag, comm, flag, status), NOTHING, NOTHING)
WRAP(Wait, (MPI_Request * request, MPI_Status *status), (request, status), NOTHING, NOTHING)
WRAP(Waitall, (int n, MPI_Request requests[], MPI_Status *statuses), (n, requests, statuses),
     NOTHING, NOTHING)
WRAP(Waitany, (int n, MPI_Request requests[], int *index, MPI_Status *status),
     (n, requests, index, status), NOTHING, NOTHING)
WRAP(Waitsome, (int n, MPI_Request requests[], int *m, int indices[], MPI_Status *statuses),
     (n, requests, m, indices, statuses), NOTHING, NOTHING)
WRAP(Test, (MPI_Request * request, int *flag, MPI_Status *status), (request, flag, status), NOTHING,
     NOTHING)
WRAP(Testall, (int n, MPI_Request requests[], int *flag, MPI_Status *statuses),
     (n, requests, flag, statuses), NOTHING, NOTHING)
WRAP(Testany, (int n, MPI_Request requests[], int *index, int *flag, MPI_Status *status),
     (n, requests, index, flag, status), NOTHING, NOTHING)
WRAP(Testsome, (int n, MPI_Request requests[], int *m, int indices[], MPI_Status *statuses),
     (n, requests, m, indices, statuses), NOTHING, NOTHING)
WRAP(Win_fence, (int assertion, MPI_Win win), (assertion, win), NOTHING, NOTHING)

/* One-sided.  What MPI_Get brings counts as a message of the rank that asks for it. */

#define REMOTE_PARAMETERS(qualifier, Count)                                                        \
  qualifier void *buffer, Count count, MPI_Datatype type, int to, MPI_Aint offset, Count n_target, \
      MPI_Datatype target_type
#define REMOTE_ARGUMENTS buffer, count, type, to, offset, n_target, target_type
#define REMOTE           HeatCommunicationRemote(count, type, to, win)

#define WRAP_REMOTE(S, Count)                                                                      \
  WRAP(Put##S, (REMOTE_PARAMETERS(const, Count), MPI_Win win), (REMOTE_ARGUMENTS, win), REMOTE,    \
       NOTHING)                                                                                    \
  WRAP(Get##S, (REMOTE_PARAMETERS(, Count), MPI_Win win), (REMOTE_ARGUMENTS, win), REMOTE,         \
       NOTHING)                                                                                    \
  WRAP(Accumulate##S, (REMOTE_PARAMETERS(const, Count), MPI_Op op, MPI_Win win),                   \
       (REMOTE_ARGUMENTS, op, win), REMOTE, NOTHING)                                               \
  WRAP(Rput##S, (REMOTE_PARAMETERS(const, Count), MPI_Win win, MPI_Request * request),             \
       (REMOTE_ARGUMENTS, win, request), REMOTE, NOTHING)                                          \
  WRAP(Rget##S, (REMOTE_PARAMETERS(, Count), MPI_Win win, MPI_Request * request),                  \
       (REMOTE_ARGUMENTS, win, request), REMOTE, NOTHING)                                          \
  WRAP(Raccumulate##S,                                                                             \
       (REMOTE_PARAMETERS(const, Count), MPI_Op op, MPI_Win win, MPI_Request * request),           \
       (REMOTE_ARGUMENTS, op, win, request), REMOTE, NOTHING)

/* Collective: each blocking function, and the one that begins with I and has a request. */

#define UNPACK(...) __VA_ARGS__
#define COLLECTIVE  HeatCommunicationCollective(comm)
#define WRAP_COLLECTIVE(name, iname, parameters, arguments)                                        \
  WRAP_TIMED(name, (UNPACK parameters MPI_Comm comm), (UNPACK arguments comm), COLLECTIVE,         \
             NOTHING, BEGIN, ADD_TIME(HeatMpiTimeAddCollective(begin)))                            \
  WRAP_TIMED(iname, (UNPACK parameters MPI_Comm comm, MPI_Request * request),                      \
             (UNPACK arguments comm, request), COLLECTIVE, NOTHING, BEGIN,                         \
             ADD_TIME(HeatMpiTimeAddCollective(begin)))

/* Parameters of functions that reduce n values from a to b; that pass n values of type t from a,
   and m values of type u to b; and that pass numbers of values for each rank. */
#define REDUCE(Count) const void *a, void *b, Count n, MPI_Datatype t, MPI_Op op,
#define PASS(Count)   const void *a, Count n, MPI_Datatype t, void *b, Count m, MPI_Datatype u,
#define PASS_TO_EACH(Count, Offset)                                                                \
  const void *a, Count n, MPI_Datatype t, void *b, const Count m[], const Offset at[],             \
      MPI_Datatype u,
#define PASS_EACH(Count, Offset)                                                                   \
  const void *a, const Count n[], const Offset from[], MPI_Datatype t, void *b, const Count m[],   \
      const Offset at[], MPI_Datatype u,
#define PASS_TYPES(Count, Offset)                                                                  \
  const void *a, const Count n[], const Offset from[], const MPI_Datatype t[], void *b,            \
      const Count m[], const Offset at[], const MPI_Datatype u[],

#define WRAP_REDUCTIONS(S, Count)                                                                  \
  WRAP_COLLECTIVE(Bcast##S, Ibcast##S, (void *b, Count n, MPI_Datatype t, int root, ),             \
                  (b, n, t, root, ))                                                               \
  WRAP_COLLECTIVE(Allreduce##S, Iallreduce##S, (REDUCE(Count)), (a, b, n, t, op, ))                \
  WRAP_COLLECTIVE(Reduce##S, Ireduce##S, (REDUCE(Count) int root, ), (a, b, n, t, op, root, ))     \
  WRAP_COLLECTIVE(Scan##S, Iscan##S, (REDUCE(Count)), (a, b, n, t, op, ))                          \
  WRAP_COLLECTIVE(Exscan##S, Iexscan##S, (REDUCE(Count)), (a, b, n, t, op, ))                      \
  WRAP_COLLECTIVE(Reduce_scatter_block##S, Ireduce_scatter_block##S, (REDUCE(Count)),              \
                  (a, b, n, t, op, ))                                                              \
  WRAP_COLLECTIVE(Reduce_scatter##S, Ireduce_scatter##S,                                           \
                  (const void *a, void *b, const Count n[], MPI_Datatype t, MPI_Op op, ),          \
                  (a, b, n, t, op, ))

#define WRAP_EXCHANGES(S, Count, Offset)                                                           \
  WRAP_COLLECTIVE(Gather##S, Igather##S, (PASS(Count) int root, ), (a, n, t, b, m, u, root, ))     \
  WRAP_COLLECTIVE(Scatter##S, Iscatter##S, (PASS(Count) int root, ), (a, n, t, b, m, u, root, ))   \
  WRAP_COLLECTIVE(Allgather##S, Iallgather##S, (PASS(Count)), (a, n, t, b, m, u, ))                \
  WRAP_COLLECTIVE(Alltoall##S, Ialltoall##S, (PASS(Count)), (a, n, t, b, m, u, ))                  \
  WRAP_COLLECTIVE(Neighbor_allgather##S, Ineighbor_allgather##S, (PASS(Count)),                    \
                  (a, n, t, b, m, u, ))                                                            \
  WRAP_COLLECTIVE(Neighbor_alltoall##S, Ineighbor_alltoall##S, (PASS(Count)),                      \
                  (a, n, t, b, m, u, ))                                                            \
  WRAP_COLLECTIVE(Gatherv##S, Igatherv##S, (PASS_TO_EACH(Count, Offset) int root, ),               \
                  (a, n, t, b, m, at, u, root, ))                                                  \
  WRAP_COLLECTIVE(Scatterv##S, Iscatterv##S,                                                       \
                  (const void *a, const Count n[], const Offset from[], MPI_Datatype t, void *b,   \
                   Count m, MPI_Datatype u, int root, ),                                           \
                  (a, n, from, t, b, m, u, root, ))                                                \
  WRAP_COLLECTIVE(Allgatherv##S, Iallgatherv##S, (PASS_TO_EACH(Count, Offset)),                    \
                  (a, n, t, b, m, at, u, ))                                                        \
  WRAP_COLLECTIVE(Neighbor_allgatherv##S, Ineighbor_allgatherv##S, (PASS_TO_EACH(Count, Offset)),  \
                  (a, n, t, b, m, at, u, ))                                                        \
  WRAP_COLLECTIVE(Alltoallv##S, Ialltoallv##S, (PASS_EACH(Count, Offset)),                         \
                  (a, n, from, t, b, m, at, u, ))                                                  \
  WRAP_COLLECTIVE(Neighbor_alltoallv##S, Ineighbor_alltoallv##S, (PASS_EACH(Count, Offset)),       \
                  (a, n, from, t, b, m, at, u, ))                                                  \
  WRAP_COLLECTIVE(Alltoallw##S, Ialltoallw##S, (PASS_TYPES(Count, Offset)),                        \
                  (a, n, from, t, b, m, at, u, ))                                                  \
  WRAP_COLLECTIVE(Neighbor_alltoallw##S, Ineighbor_alltoallw##S, (PASS_TYPES(Count, MPI_Aint)),    \
                  (a, n, from, t, b, m, at, u, ))

WRAP_COLLECTIVE(Barrier, Ibarrier, (), ())

#define WRAP_ALL(S, Count, Offset)                                                                 \
  WRAP_SENDS(S, Count)                                                                             \
  WRAP_PERSISTENT(S, Count)                                                                        \
  WRAP_RECEIVES(S, Count)                                                                          \
  WRAP_REMOTE(S, Count)                                                                            \
  WRAP_REDUCTIONS(S, Count)                                                                        \
  WRAP_EXCHANGES(S, Count, Offset)

WRAP_ALL(, int, int)
#if MPI_VERSION >= 4
WRAP_ALL(_c, MPI_Count, MPI_Aint)
#endif
