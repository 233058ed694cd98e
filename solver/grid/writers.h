/** The ranks that open, write, sync and read back the files of fields: all ranks, or a few of each
 *  node.
 *
 *  A metadata server of a parallel file system handles the opens of a file one after the other, so
 *  that a checkpoint that 10^5 ranks open waits for 10^5 requests.  With a few writers on each
 *  node, the other ranks send their cells to the writers and do not open the file.
 *
 *  The writers of a node are spread evenly over its ranks.  Here, two of the eight ranks of each of
 *  two nodes (tiles of 2 x 4 blocks) are writers, which are in brackets:
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
#include "solver/grid/node.h"

/** The writers, the same on all ranks but for is_one, reads and read_by. */
typedef struct {
  PetscMPIInt  n;        /* number of writers */
  PetscInt     per_node; /* largest number of writers on one node */
  PetscMPIInt *ranks;    /* owned [n], ascending; NULL: every rank is a writer */
  PetscBool    is_one;   /* this rank is a writer */

  /* The writer whose rows this writer reads back, and the writer that reads back this one's rows.
     They are on other nodes if there are several nodes of equal size.  Undefined unless is_one. */
  PetscMPIInt reads, read_by;
} HeatWriters;

/** Return the number of writers on each node that output.writers of a case asks for; 0: all ranks
 *  are writers.  For `auto`, all ranks are writers up to 4096 ranks; with more ranks, each node has
 *  as many writers as make at most 4096 in all, but at least 2.
 *  Not collective.
 *  @param[in] size   number of ranks
 *  @param[in] nodes  number of nodes */
PetscInt HeatWritersPerNode(const HeatCase *c, PetscInt64 size, PetscInt64 nodes);

/** Return whether the rank with number `local` of the `ranks` ranks of a node is a writer, if there
 *  are to be `per_node` writers on each node (0: all ranks).  Not collective. */
PetscBool HeatWritersHas(PetscInt per_node, PetscInt local, PetscInt ranks);

/** Choose the writers.  Collective on comm; no collective call where all ranks are writers and the
 *  ranks of each node follow one another.
 *  @param[in]  node      of this rank, with ranks as numbered in comm
 *  @param[in]  per_node  writers on each node; 0: all ranks.  All ranks of a node with fewer ranks
 *                        are writers
 *  @param[out] writers   freed with HeatWritersClear; their ranks are those of comm */
PetscErrorCode HeatWritersChoose(MPI_Comm comm, const HeatNode *node, PetscInt per_node,
                                 HeatWriters *writers);

/** Return the index of a rank in the ascending list of writers, or -1 if the rank is no writer.
 *  Not collective. */
PetscInt HeatWritersIndex(const HeatWriters *writers, PetscMPIInt rank);

/** Free the list of ranks.  Not collective. */
PetscErrorCode HeatWritersClear(HeatWriters *writers);

#endif
