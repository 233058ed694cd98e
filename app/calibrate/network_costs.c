/** Messages and reductions (calibrate.h).
 *
 *  Ranks in pairs exchange messages of the same size, both ways at once and all pairs at once, as
 *  in a halo exchange: messages of several pairs share memory, switches and, where there are more
 *  ranks than cores, the cores.  The time of the slowest pair counts.  The time of the smallest
 *  message is the latency.  The bandwidth for a larger message is its size over its time minus the
 *  latency. */
#include "app/calibrate/calibrate.h"
#include "solver/base/monotonic.h"

/* Smallest message [B], and the sizes whose bandwidth is measured [B].  Chosen: from a hundred
   cells to more than the side of a large block. */
static const PetscMPIInt Small   = 8;
static const PetscMPIInt Sizes[] = {1024, 4096, 16384, 65536, 262144, 1048576, 4194304};

/* Larger sizes are not measured after an exchange that took longer than this [s].  Chosen for slow
   links. */
static const double TooLong = 0.2;

typedef struct {
  MPI_Comm    comm;  /* of all pairs, or of the ranks of a reduction */
  PetscMPIInt other; /* the rank at the other end; MPI_PROC_NULL: none */
  PetscMPIInt bytes;
  char       *out, *in;
} Channel;

static PetscErrorCode Exchange(void *context)
{
  Channel    *t = context;
  MPI_Request requests[2];

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Irecv(t->in, t->bytes, MPI_BYTE, t->other, 0, t->comm, &requests[0]));
  PetscCallMPI(MPI_Isend(t->out, t->bytes, MPI_BYTE, t->other, 0, t->comm, &requests[1]));
  PetscCallMPI(MPI_Waitall(2, requests, MPI_STATUSES_IGNORE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Reduce(void *context)
{
  Channel *t   = context;
  double   one = 1.0, sum;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Allreduce(&one, &sum, 1, MPI_DOUBLE, MPI_SUM, t->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Measure the links between ranks 0 and 1, 2 and 3, ... of a communicator.  The last one of an odd
   number of ranks sends nothing. */
static PetscErrorCode MeasurePairs(const HeatJob *job, MPI_Comm comm, HeatLink *link)
{
  const double      slice = job->budget / 200.0;
  const PetscMPIInt most  = Sizes[PETSC_STATIC_ARRAY_LENGTH(Sizes) - 1];
  Channel           t     = {.comm = comm, .bytes = Small};
  HeatTimed         timed = {.call = Exchange, .context = &t};
  PetscMPIInt       rank, size;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  t.other = rank % 2 ? rank - 1 : rank + 1 < size ? rank + 1 : MPI_PROC_NULL;
  PetscCall(PetscCalloc2((size_t)most, &t.out, (size_t)most, &t.in));
  PetscCall(HeatJobTime(job, comm, slice, 1, &timed));
  link->latency = timed.seconds;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(Sizes) && (k == 0 || timed.seconds < TooLong);
       k++) {
    t.bytes = Sizes[k];
    PetscCall(HeatJobTime(job, comm, slice, 1, &timed));
    /* At least a tenth of the time, since noise can make a short message cheaper than the smallest
       one. */
    HeatCurveAdd(&link->bandwidth, (double)t.bytes,
                 (double)t.bytes / PetscMax(timed.seconds - link->latency, 0.1 * timed.seconds));
  }
  PetscCall(PetscFree2(t.out, t.in));
  link->given = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Measure the links between the ranks of comm; comm is MPI_COMM_NULL on ranks outside of it. */
static PetscErrorCode MeasureLink(const HeatJob *job, MPI_Comm comm, HeatLink *link)
{
  PetscFunctionBeginUser;
  if (comm != MPI_COMM_NULL) PetscCall(MeasurePairs(job, comm, link));
  PetscCallMPI(MPI_Bcast(link, (PetscMPIInt)sizeof *link, MPI_BYTE, 0, job->world));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Measure allreduces of the first 2, 4, 8, ... and of all `size` ranks of comm. */
static PetscErrorCode MeasureReductions(const HeatJob *job, MPI_Comm comm, PetscMPIInt size,
                                        HeatCurve *curve)
{
  PetscFunctionBeginUser;
  for (PetscMPIInt n = 2; n / 2 < size; n *= 2) {
    const PetscMPIInt part  = PetscMin(n, size);
    Channel           t     = {.comm = MPI_COMM_NULL};
    HeatTimed         timed = {.call = Reduce, .context = &t};
    PetscMPIInt       rank;

    if (comm != MPI_COMM_NULL) {
      PetscCallMPI(MPI_Comm_rank(comm, &rank));
      PetscCallMPI(MPI_Comm_split(comm, rank < part ? 0 : MPI_UNDEFINED, rank, &t.comm));
    }
    if (t.comm != MPI_COMM_NULL) {
      PetscCall(HeatJobTime(job, t.comm, job->budget / 200.0, 1, &timed));
      PetscCallMPI(MPI_Comm_free(&t.comm));
    }
    PetscCallMPI(MPI_Bcast(&timed.seconds, 1, MPI_DOUBLE, 0, job->world));
    HeatCurveAdd(curve, (double)part, timed.seconds);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Assume a link within nodes that have one rank each, since a machine file must have one.  A
   message within a node is two copies in memory, each of which reads and writes: a third of the
   triad's bandwidth is assumed. */
static PetscErrorCode AssumeWithin(HeatMachine *m)
{
  PetscFunctionBeginUser;
  m->within.given   = PETSC_TRUE;
  m->within.latency = 1e-6; /* chosen: of the order of shared memory */
  HeatCurveAdd(&m->within.bandwidth, 1024.0, m->memory_bandwidth.value[0] / 3.0);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCalibrateNetwork(const HeatJob *job, HeatMachine *m)
{
  PetscMPIInt node_of_first = job->rank; /* the first rank of this node; 0 on rank 0's node, which
                                            measures for all nodes */
  MPI_Comm    first;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Bcast(&node_of_first, 1, MPI_INT, 0, job->node));
  PetscCallMPI(
      MPI_Comm_split(job->world, node_of_first == 0 ? 0 : MPI_UNDEFINED, job->rank, &first));
  if (job->per_node > 1) {
    PetscCall(MeasureLink(job, first, &m->within));
    PetscCall(MeasureReductions(job, first, job->per_node, &m->reduce_within));
  } else PetscCall(AssumeWithin(m));
  if (job->nodes > 1) {
    PetscCall(MeasureLink(job, job->leaders, &m->between));
    PetscCall(MeasureReductions(job, job->leaders, job->nodes, &m->reduce_between));
  }
  if (first != MPI_COMM_NULL) PetscCallMPI(MPI_Comm_free(&first));
  PetscFunctionReturn(PETSC_SUCCESS);
}
