/** The choice of the ranks that write files (see writers.h).
 *
 *  The writers are found without a list of all ranks: a communicator of the writers alone, ordered
 *  node by node, gives each of them the list, and the first rank of a node broadcasts it within the
 *  node.  Where all ranks are writers, and are numbered node by node, it is the grid's.  Each of n
 *  writers reads back the rows of the writer n/2 places ahead in this order, which is on another
 *  node if there are several nodes of equal size. */
#include "solver/grid/writers.h"

#include <stdlib.h>

#include "solver/base/error.h"

/* Most writers of a run.  Chosen: if a metadata server handles 10^4 opens a second, 4096 opens take
   less than half a second; with more, the opens would be a visible part of a checkpoint. */
#define MOST_WRITERS 4096

/* Least number of writers on a node.  Chosen: one writer streams 1 to 1.5 GB/s (io/README.md,
   Speed), about a node's share of a large file system when all nodes write.  A second writer writes
   while the first waits for its cells. */
#define FEWEST_PER_NODE 2

PetscInt HeatWritersPerNode(const HeatCase *c, PetscInt64 size, PetscInt64 nodes)
{
  if (c->output.writers_per_node > 0) return c->output.writers_per_node;
  if (c->output.writers == HEAT_WRITERS_ALL || size <= MOST_WRITERS) return 0;
  return (PetscInt)PetscMax(FEWEST_PER_NODE, MOST_WRITERS / nodes);
}

/* Writer k of a node has the number k ranks / per_node, rounded down. */
PetscBool HeatWritersHas(PetscInt per_node, PetscInt local, PetscInt ranks)
{
  PetscInt64 k;

  if (per_node == 0 || per_node >= ranks) return PETSC_TRUE;
  k = ((PetscInt64)local * per_node + ranks - 1) / ranks;
  return k < per_node && k * ranks / per_node == local ? PETSC_TRUE : PETSC_FALSE;
}

static int CompareRanks(const void *a, const void *b)
{
  const PetscMPIInt x = *(const PetscMPIInt *)a, y = *(const PetscMPIInt *)b;

  return (x > y) - (x < y);
}

/* Set w->n, w->reads and w->read_by.  Collective on the communicator of the writers, which is
   ordered node by node; `rank` is this rank's number in the grid. */
static PetscErrorCode PairUp(MPI_Comm comm, PetscMPIInt rank, HeatWriters *w)
{
  PetscMPIInt me, size;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &me));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  w->n     = size;
  w->reads = w->read_by = rank;
  if (size == 1) PetscFunctionReturn(PETSC_SUCCESS);
  const PetscMPIInt ahead = (me + size / 2) % size, behind = (me + size - size / 2) % size;

  PetscCallMPI(MPI_Sendrecv(&rank, 1, MPI_INT, behind, 0, &w->reads, 1, MPI_INT, ahead, 0, comm,
                            MPI_STATUS_IGNORE));
  PetscCallMPI(MPI_Sendrecv(&rank, 1, MPI_INT, ahead, 1, &w->read_by, 1, MPI_INT, behind, 1, comm,
                            MPI_STATUS_IGNORE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* List the ranks of the writers on all ranks, ascending.  Collective on the ranks of a node, whose
   first rank is a writer, and on the writers.
   @param[in] comm  communicator of the writers; MPI_COMM_NULL on other ranks */
static PetscErrorCode List(MPI_Comm comm, MPI_Comm node, PetscMPIInt rank, HeatWriters *w)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1((size_t)w->n, &w->ranks));
  if (comm != MPI_COMM_NULL) {
    PetscCallMPI(MPI_Allgather(&rank, 1, MPI_INT, w->ranks, 1, MPI_INT, comm));
    qsort(w->ranks, (size_t)w->n, sizeof *w->ranks, CompareRanks);
  }
  PetscCallMPI(MPI_Bcast(w->ranks, w->n, MPI_INT, 0, node));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Choose the writers by a communicator of their own, node by node.  Collective on comm. */
static PetscErrorCode SplitAndPair(MPI_Comm comm, const HeatNode *node, PetscMPIInt rank,
                                   HeatWriters *w)
{
  MPI_Comm    among;
  PetscMPIInt size;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(comm, &size));
  PetscCallMPI(MPI_Comm_split(comm, w->is_one ? 0 : MPI_UNDEFINED, node->first, &among));
  if (w->is_one) PetscCall(PairUp(among, rank, w));
  PetscCallMPI(MPI_Bcast(&w->n, 1, MPI_INT, 0, node->comm));
  if (w->n < size) PetscCall(List(among, node->comm, rank, w));
  if (w->is_one) PetscCallMPI(MPI_Comm_free(&among));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatWritersChoose(MPI_Comm comm, const HeatNode *node, PetscInt per_node,
                                 HeatWriters *w)
{
  const PetscInt most = per_node == 0 ? node->most : PetscMin(per_node, node->most);
  PetscMPIInt    rank;

  PetscFunctionBeginUser;
  *w = (HeatWriters){.ranks = NULL};
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  w->per_node = most;
  w->is_one   = HeatWritersHas(per_node, node->local, node->size);
  if (most == node->most && node->successive) PetscCall(PairUp(comm, rank, w));
  else PetscCall(SplitAndPair(comm, node, rank, w));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscInt HeatWritersIndex(const HeatWriters *w, PetscMPIInt rank)
{
  const PetscMPIInt *found;

  if (!w->ranks) return rank;
  found = bsearch(&rank, w->ranks, (size_t)w->n, sizeof *w->ranks, CompareRanks);
  return found ? (PetscInt)(found - w->ranks) : -1;
}

PetscErrorCode HeatWritersClear(HeatWriters *w)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(w->ranks));
  PetscFunctionReturn(PETSC_SUCCESS);
}
