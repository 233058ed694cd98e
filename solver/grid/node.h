/** The nodes (shared-memory domains) of a communicator, as one of its ranks sees them.
 *
 *  They are found once, when the grid is created, and are the grid's: the decomposition, the choice
 *  of writers, the test of memory and the report of hosts use them.  What follows from the ranks of
 *  the own node is found without a message, because MPI translates numbers of ranks from one
 *  communicator to another locally. */
#ifndef HEAT_SOLVER_NODE_H
#define HEAT_SOLVER_NODE_H

#include <petscsys.h>

typedef struct {
  MPI_Comm    comm;  /* owned: the ranks of this node, in the order of the communicator in which the
                        nodes were found */
  PetscMPIInt local; /* this rank's number among the ranks of its node */
  PetscMPIInt size;  /* number of ranks of this node */
  PetscMPIInt first; /* the lowest rank of this node */

  PetscInt  n;          /* number of nodes */
  PetscInt  index;      /* of this node; nodes are ordered by their lowest ranks */
  PetscInt  most;       /* largest number of ranks on a node */
  PetscBool even;       /* all nodes have that number */
  PetscBool successive; /* even, and the ranks of each node follow one another: rank/most is the
                           index of a rank's node */
} HeatNode;

/** Find the nodes of comm.  Collective on comm.  On one node this is the splitting of comm alone,
 *  on several nodes one reduction more, and two more calls where `successive` is not found.
 *  @param[out] node  free it with HeatNodeClear */
PetscErrorCode HeatNodeFind(MPI_Comm comm, HeatNode *node);

/** Change `first` to the number of the rank in another communicator of the same ranks, in which the
 *  ranks of a node have the same order; nodes keep their numbers.  Not collective.
 *  @param[in] successive  whether the ranks of each node follow one another there, too */
PetscErrorCode HeatNodeRenumber(HeatNode *node, MPI_Comm comm, PetscBool successive);

/** Free the communicator of the node, if there is one.  Collective on the ranks of the node. */
PetscErrorCode HeatNodeClear(HeatNode *node);

#endif
