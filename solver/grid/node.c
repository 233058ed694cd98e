/** The nodes of a communicator (node.h). */
#include "solver/grid/node.h"

#include "solver/base/error.h"
#include "solver/base/reduction.h"

/* Set `local` and `first` by the numbers that the ranks of the node have in comm. */
static PetscErrorCode FindOwn(HeatNode *node, MPI_Comm comm)
{
  MPI_Group    here, all;
  PetscMPIInt *own, *there, rank;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCall(PetscMalloc2(node->size, &own, node->size, &there));
  for (PetscMPIInt k = 0; k < node->size; k++) own[k] = k;
  PetscCallMPI(MPI_Comm_group(node->comm, &here));
  PetscCallMPI(MPI_Comm_group(comm, &all));
  PetscCallMPI(MPI_Group_translate_ranks(here, node->size, own, all, there));
  PetscCallMPI(MPI_Group_free(&here));
  PetscCallMPI(MPI_Group_free(&all));
  node->local = 0;
  node->first = rank;
  for (PetscMPIInt k = 0; k < node->size; k++) {
    node->local += there[k] < rank ? 1 : 0;
    node->first = PetscMin(node->first, there[k]);
  }
  PetscCall(PetscFree2(own, there));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set what a single node, which has all ranks of comm, is known to be. */
static void SetOnlyNode(HeatNode *node)
{
  node->n     = 1;
  node->index = 0;
  node->most  = node->size;
  node->even = node->successive = PETSC_TRUE;
}

/* Set `index` where the ranks of the nodes are mixed: the number of first ranks below this node's.
   Collective on comm. */
static PetscErrorCode CountBelow(HeatNode *node, MPI_Comm comm)
{
  const int   is_first = node->local == 0 ? 1 : 0;
  int         below    = 0; /* undefined by MPI on rank 0, which leaves it */
  PetscMPIInt rank;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Exscan(&is_first, &below, 1, MPI_INT, MPI_SUM, comm));
  if (rank == 0) below = 0;
  PetscCallMPI(MPI_Bcast(&below, 1, MPI_INT, 0, node->comm)); /* its rank 0 has local 0 */
  node->index = below;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set the numbers of all nodes and the index of this one.  Collective on comm. */
static PetscErrorCode CompareNodes(HeatNode *node, MPI_Comm comm)
{
  HeatReduction *r;
  PetscMPIInt    rank;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  const PetscInt64 is_first = node->local == 0 ? 1 : 0;
  const PetscBool  follows  = (PetscBool)(rank - node->first == node->local &&
                                        node->first % node->size == 0);
  const PetscReal  own[]    = {node->size, -node->size, follows ? 0.0 : 1.0};
  PetscReal        most[3]; /* ranks, their negative, whether ranks of some node are mixed */
  PetscInt64       nodes;

  PetscCall(HeatReductionCreate(comm, &r));
  PetscCall(HeatReductionAddCounts(r, 1, &is_first, &nodes));
  PetscCall(HeatReductionAddMaxima(r, 3, own, most));
  PetscCall(HeatReductionRun(r));
  PetscCall(HeatReductionDestroy(&r));
  node->n          = (PetscInt)nodes;
  node->most       = (PetscInt)most[0];
  node->even       = most[0] == -most[1] ? PETSC_TRUE : PETSC_FALSE;
  node->successive = (PetscBool)(node->even && most[2] == 0.0);
  if (node->successive) node->index = node->first / node->size;
  else PetscCall(CountBelow(node, comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatNodeFind(MPI_Comm comm, HeatNode *node)
{
  PetscMPIInt rank, size;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  PetscCallMPI(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &node->comm));
  PetscCallMPI(MPI_Comm_size(node->comm, &node->size));
  PetscCall(FindOwn(node, comm));
  if (node->size == size) SetOnlyNode(node);
  else PetscCall(CompareNodes(node, comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatNodeRenumber(HeatNode *node, MPI_Comm comm, PetscBool successive)
{
  PetscFunctionBeginUser;
  PetscCall(FindOwn(node, comm));
  node->successive = successive;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatNodeClear(HeatNode *node)
{
  PetscFunctionBeginUser;
  if (node->size > 0) PetscCallMPI(MPI_Comm_free(&node->comm));
  node->size = 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}
