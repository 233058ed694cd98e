/** Hosts and binding: where the ranks run, and which processors each may use, as the ranks
 *  themselves see it.
 *
 *  Two bindings make a run several times slower than it could be, and are warned of:
 *
 *    - Ranks share cores although their host has a core for each: a launcher or a batch system
 *      has confined them.  A host with fewer cores than ranks is no reason to warn, since
 *      whoever starts four ranks on a laptop with two cores knows that they take turns.
 *    - No rank of a host with several NUMA nodes is bound, so that the kernel may move ranks
 *      away from their memory.  A host with one NUMA node, such as a laptop, needs no binding. */
#ifndef HEAT_APP_BINDING_H
#define HEAT_APP_BINDING_H

#include "solver/base/error.h"

/** One host, and what is wrong with the binding of its ranks. */
typedef struct {
  char   name[128];          /* cut at 127 bytes */
  int    ranks;              /* of this run */
  int    cores, numa_nodes;  /* of the host, also those that the run may not use; 0: not known */
  double cache;              /* [bytes] of all last-level caches of the host; 0: not known */
  int    crowded, crowd_has; /* `crowded` ranks must share `crowd_has` cores; 0, 0: none */
  int    crowd_core;         /* number of the first of these cores, by hwloc */
  int    unbound;            /* 1: every rank may run on all NUMA nodes */
} HeatHost;

/** Arrays are owned; free them with HeatBindingClear. */
typedef struct {
  int          n_hosts; /* length of hosts; 0 on all ranks but 0 */
  HeatHost    *hosts;   /* [n_hosts] in order of their lowest rank */
  const char **names;   /* [n_hosts] of the hosts; they point into hosts */
  int          local;   /* this rank's number on its host; 0: the first */
  int          n_ranks; /* length of masks; 0 on all ranks but 0 */
  char       **masks;   /* [n_ranks] processors that each rank may run on, as "0-3,8" */
} HeatBinding;

/** Collect hosts and binding on rank 0.  Collective on comm: one gather, or two with several hosts.
 *  The first one gathers the masks of a host's ranks on the host's first rank, which asks the
 *  operating system for the cores; in the second one rank 0 receives a HeatHost and 64 bytes of
 *  each rank.
 *  @param[in] node  the ranks of this rank's host in the order of comm, borrowed; MPI_COMM_NULL:
 *                   they are found, by one more collective call */
PetscErrorCode HeatBindingCollect(MPI_Comm comm, MPI_Comm node, HeatBinding *b);

/** Write a warning about the first host whose binding makes the run slow.  Not collective.
 *  @param[out] text  "": there is no such host */
void HeatBindingWarning(const HeatBinding *b, char text[512]);

/** Free the arrays.  Not collective. */
PetscErrorCode HeatBindingClear(HeatBinding *b);

#endif
