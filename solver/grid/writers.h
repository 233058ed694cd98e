/** The ranks that open, write, sync and read back the files of fields: all ranks, or a few of each
 *  node.
 *
 *  A server of metadata handles each open of a file by itself, so that a checkpoint of 10^5 ranks
 *  that all open it waits for 10^5 requests.  With a few writers on each node the other ranks send
 *  their cells to the writers and do not touch the file.
 *
 *  The writers of a node are spread evenly over its ranks, here two of eight on each of two nodes
 *  (tiles of 2 x 4 blocks), the writers in brackets:
 *
 *        +-----------+-----------+
 *        |  12    13 |  14    15 |
 *        | [ 8]    9 | [10]   11 |
 *        |   4     5 |   6     7 |
 *        | [ 0]    1 | [ 2]    3 |
 *        +-----------+-----------+
 *           node A      node B
 *
 *  Rank 0 is the first rank of its node and therefore always a writer. */
#ifndef HEAT_SOLVER_WRITERS_H
#define HEAT_SOLVER_WRITERS_H

#include "solver/case/case.h"

typedef struct {
  PetscMPIInt  n;        /* number of writers */
  PetscInt     per_node; /* largest number of writers on one node */
  PetscMPIInt *ranks;    /* owned [n], ascending; NULL: every rank is a writer */
  PetscBool    is_one;   /* this rank is a writer */

  /* The writers whose rows this writer reads back, and which reads back the rows of this one.  They
     are on other nodes where there are several nodes of equal size.  Undefined unless is_one. */
  PetscMPIInt reads, read_by;
} HeatWriters;

/** Return the number of writers on each node that output.writers of a case asks for; 0: all ranks
 *  are writers.  Where `auto` is asked for, all ranks are writers up to 4096 ranks; beyond that,
 *  there are as many on each node as make at most 4096 in all, but no fewer than 2 on a node.
 *  Not collective.
 *  @param[in] size   number of ranks
 *  @param[in] nodes  number of nodes */
PetscInt HeatWritersPerNode(const HeatCase *c, PetscInt64 size, PetscInt64 nodes);

/** Return whether the rank with number `local` of the `ranks` ranks of a node is a writer, if there
 *  are to be `per_node` writers on each node (0: all ranks).  Not collective. */
PetscBool HeatWritersHas(PetscInt per_node, PetscInt local, PetscInt ranks);

/** Choose the writers.  Collective on comm.
 *  @param[in]  per_node  writers on each node; 0: all ranks.  A node that has fewer ranks than that
 *                        has as many writers as ranks
 *  @param[out] writers   freed with HeatWritersClear; their ranks are those of comm */
PetscErrorCode HeatWritersChoose(MPI_Comm comm, PetscInt per_node, HeatWriters *writers);

/** Return the number of a rank among the writers, counted upwards from 0, or -1 if it is no writer.
 *  Not collective. */
PetscInt HeatWritersIndex(const HeatWriters *writers, PetscMPIInt rank);

/** Free the list of ranks.  Not collective. */
PetscErrorCode HeatWritersClear(HeatWriters *writers);

#endif
