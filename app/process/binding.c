/** Hosts and binding (see binding.h).
 *
 *  Every rank reads its own mask of processors; the first rank of a host gathers the masks of its
 *  host and turns processors into cores with hwloc, because two processors may be one core's
 *  hardware threads.  A topology costs 10 to 100 ms, so that only one rank of a host loads it. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "app/process/binding.h"

#include <hwloc.h>
#include <hwloc/glibc-sched.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

/* [bytes] Length of one rank's mask as text.  Chosen: a larger one lists more ranges of processors
   before it is cut, but rank 0 receives this much from every rank. */
enum { MASK_LENGTH = 64 };

/* Most processors that Linux can be configured for (CONFIG_NR_CPUS of x86-64 and arm64).  glibc's
   cpu_set_t has 1024, and the kernel refuses a set that is too small for the machine. */
enum { PROCESSORS = 8192 };

/* A set of processors, for the functions of sched.h that take a size. */
typedef union {
  cpu_set_t set;
  char      bytes[PROCESSORS / 8];
} Mask;

/* Write the processors of a mask as "0-3,8".  A list that does not fit ends with ",...".  16 bytes
   hold the longest entry, ",8190-8191", with ",..." and the terminating zero. */
static void DescribeMask(const Mask *mask, char text[MASK_LENGTH])
{
  size_t used = 0;

  text[0] = '\0';
  for (int cpu = 0; cpu < PROCESSORS; cpu++) {
    int last = cpu;

    if (!CPU_ISSET_S(cpu, sizeof *mask, &mask->set)) continue;
    while (last + 1 < PROCESSORS && CPU_ISSET_S(last + 1, sizeof *mask, &mask->set)) last++;
    if (used + 16 > MASK_LENGTH) {
      (void)snprintf(text + used, MASK_LENGTH - used, ",...");
      return;
    }
    used += (size_t)snprintf(text + used, MASK_LENGTH - used, last > cpu ? "%s%d-%d" : "%s%d",
                             used ? "," : "", cpu, last);
    cpu = last;
  }
}

/* Cores, and how the masks of a host's ranks share them. */

/* Replace a set of processors by the set of the cores, by number, to which they belong. */
static void ToCores(hwloc_topology_t topology, const Mask *set, hwloc_bitmap_t cores)
{
  const int      n    = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE);
  hwloc_bitmap_t mask = hwloc_bitmap_alloc();

  hwloc_bitmap_zero(cores);
  (void)hwloc_cpuset_from_glibc_sched_affinity(topology, mask, &set->set, sizeof *set);
  for (int k = 0; k < n; k++) {
    const hwloc_obj_t core = hwloc_get_obj_by_type(topology, HWLOC_OBJ_CORE, (unsigned)k);

    if (hwloc_bitmap_intersects(core->cpuset, mask)) (void)hwloc_bitmap_set(cores, (unsigned)k);
  }
  hwloc_bitmap_free(mask);
}

/* Store a set of cores in *host as the most crowded one, if the ranks confined to it outnumber its
   cores by more than in the set stored so far. */
static void ConsiderCrowd(hwloc_const_bitmap_t set, const hwloc_bitmap_t *cores, HeatHost *host)
{
  const int has   = hwloc_bitmap_weight(set);
  int       ranks = 0;

  for (int r = 0; r < host->ranks; r++) ranks += hwloc_bitmap_isincluded(cores[r], set);
  if (has == 0 || ranks <= has || ranks - has <= host->crowded - host->crowd_has) return;
  host->crowded    = ranks;
  host->crowd_has  = has;
  host->crowd_core = hwloc_bitmap_first(set);
}

/* Find out whether ranks share cores although there is one for each.  Ranks do share cores if
   those confined to a set outnumber it (Hall's theorem).  Launchers make masks that are
   disjoint, equal or within one another; then the sets to look at are the masks and all of them
   together. */
static void FindCrowd(const hwloc_bitmap_t *cores, HeatHost *host)
{
  hwloc_bitmap_t all = hwloc_bitmap_alloc();

  if (host->ranks <= host->cores) {
    for (int r = 0; r < host->ranks; r++) {
      ConsiderCrowd(cores[r], cores, host);
      (void)hwloc_bitmap_or(all, all, cores[r]);
    }
    ConsiderCrowd(all, cores, host);
  }
  hwloc_bitmap_free(all);
}

/* Find out whether every rank may run on all of several NUMA nodes. */
static void FindUnbound(hwloc_topology_t topology, const Mask *sets, HeatHost *host)
{
  hwloc_bitmap_t mask = hwloc_bitmap_alloc();

  host->unbound = host->ranks > 1 && host->numa_nodes > 1;
  for (int r = 0; r < host->ranks && host->unbound; r++) {
    (void)hwloc_cpuset_from_glibc_sched_affinity(topology, mask, &sets[r].set, sizeof sets[r]);
    for (int k = 0; k < host->numa_nodes; k++) {
      const hwloc_obj_t node = hwloc_get_obj_by_type(topology, HWLOC_OBJ_NUMANODE, (unsigned)k);

      if (!hwloc_bitmap_iszero(node->cpuset) && !hwloc_bitmap_intersects(node->cpuset, mask))
        host->unbound = 0;
    }
  }
  hwloc_bitmap_free(mask);
}

/* Return the size of all caches of the highest level that the host has [bytes]. */
static double CacheBytes(hwloc_topology_t topology)
{
  static const hwloc_obj_type_t levels[] = {HWLOC_OBJ_L4CACHE, HWLOC_OBJ_L3CACHE,
                                            HWLOC_OBJ_L2CACHE};
  double                        bytes    = 0.0;

  for (int level = 0; level < 3 && bytes == 0.0; level++) {
    const int n = hwloc_get_nbobjs_by_type(topology, levels[level]);

    for (int k = 0; k < n; k++)
      bytes +=
          (double)hwloc_get_obj_by_type(topology, levels[level], (unsigned)k)->attr->cache.size;
  }
  return bytes;
}

/* Describe the host of this rank, and find out whether the masks of its ranks slow the run down.
   Where hwloc fails, the numbers stay 0. */
static PetscErrorCode Examine(const Mask *sets, HeatHost *host)
{
  hwloc_topology_t topology;
  hwloc_bitmap_t  *cores;

  PetscFunctionBeginUser;
  if (hwloc_topology_init(&topology) != 0) PetscFunctionReturn(PETSC_SUCCESS);
  /* Also count the cores that a control group does not let this run use. */
  (void)hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
  if (hwloc_topology_load(topology) == 0) {
    host->cores      = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE);
    host->numa_nodes = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_NUMANODE);
    host->cache      = CacheBytes(topology);
    PetscCall(PetscMalloc1(host->ranks, &cores));
    for (int r = 0; r < host->ranks; r++) {
      cores[r] = hwloc_bitmap_alloc();
      ToCores(topology, &sets[r], cores[r]);
    }
    FindCrowd(cores, host);
    FindUnbound(topology, sets, host);
    for (int r = 0; r < host->ranks; r++) hwloc_bitmap_free(cores[r]);
    PetscCall(PetscFree(cores));
  }
  hwloc_topology_destroy(topology);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The ranks of all hosts. */

/* What rank 0 receives of each rank. */
typedef struct {
  HeatHost host;              /* `ranks` is 0 on all ranks of a host but the first */
  char     mask[MASK_LENGTH]; /* as text */
} Part;

/* Gather the masks of a host's ranks on its first rank, and describe the host there.  Collective on
   `node`, the ranks of the host.
   @param[out] sets_out  [host->ranks] masks on the first rank, freed with PetscFree; else NULL */
static PetscErrorCode DescribeHost(MPI_Comm node, const Mask *mine, Mask **sets_out, HeatHost *host)
{
  char        name[MPI_MAX_PROCESSOR_NAME] = {0};
  Mask       *sets                         = NULL;
  PetscMPIInt local, ranks, length;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Get_processor_name(name, &length));
  PetscCallMPI(MPI_Comm_rank(node, &local));
  PetscCallMPI(MPI_Comm_size(node, &ranks));
  if (local == 0) PetscCall(PetscMalloc1(ranks, &sets));
  PetscCallMPI(MPI_Gather(mine, sizeof *mine, MPI_BYTE, sets, sizeof *mine, MPI_BYTE, 0, node));
  if (local == 0) {
    host->ranks = ranks;
    (void)snprintf(host->name, sizeof host->name, "%.*s", (int)sizeof host->name - 1, name);
    PetscCall(Examine(sets, host));
  }
  *sets_out = sets;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fill `all` [size] on rank 0.  On one host, its first rank, rank 0, has all masks already; several
   hosts are gathered.  Collective on comm.
   @param[in] sets  what DescribeHost has gathered */
static PetscErrorCode GatherParts(MPI_Comm comm, PetscMPIInt size, const Part *mine,
                                  const Mask *sets, PetscBool one_host, Part *all)
{
  PetscFunctionBeginUser;
  if (!one_host)
    PetscCallMPI(MPI_Gather(mine, sizeof *mine, MPI_BYTE, all, sizeof *mine, MPI_BYTE, 0, comm));
  for (int k = 0; one_host && all && k < size; k++) {
    all[k].host = k == 0 ? mine->host : (HeatHost){.ranks = 0};
    DescribeMask(&sets[k], all[k].mask);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store what rank 0 has received of n ranks: the hosts, in order of their first ranks, and all
   masks. */
static PetscErrorCode Store(int n, const Part *parts, HeatBinding *b)
{
  PetscFunctionBeginUser;
  for (int k = 0; k < n; k++) b->n_hosts += parts[k].host.ranks > 0 ? 1 : 0;
  b->n_ranks = n;
  PetscCall(PetscMalloc1(b->n_hosts, &b->hosts));
  PetscCall(PetscMalloc1(b->n_hosts, &b->names));
  PetscCall(PetscCalloc1(n, &b->masks));
  for (int k = 0, h = 0; k < n; k++) {
    PetscCall(PetscStrallocpy(parts[k].mask, &b->masks[k]));
    if (parts[k].host.ranks == 0) continue;
    b->hosts[h] = parts[k].host;
    b->names[h] = b->hosts[h].name;
    h++;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* HeatBindingCollect with the ranks of this rank's host. */
static PetscErrorCode Collect(MPI_Comm comm, MPI_Comm node, HeatBinding *b)
{
  Part        mine, *all = NULL;
  Mask        set, *sets;
  PetscMPIInt rank, size, ranks;

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(&mine, sizeof mine));
  PetscCall(PetscMemzero(&set, sizeof set)); /* the kernel fills in as many bytes as it has */
  (void)sched_getaffinity(0, sizeof set, &set.set);
  PetscCallMPI(MPI_Comm_rank(node, &b->local));
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  PetscCallMPI(MPI_Comm_size(node, &ranks));
  PetscCall(DescribeHost(node, &set, &sets, &mine.host));
  DescribeMask(&set, mine.mask);
  if (rank == 0) PetscCall(PetscMalloc1(size, &all));
  PetscCall(GatherParts(comm, size, &mine, sets, (PetscBool)(ranks == size), all));
  if (rank == 0) PetscCall(Store(size, all, b));
  PetscCall(PetscFree(all));
  PetscCall(PetscFree(sets));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBindingCollect(MPI_Comm comm, MPI_Comm node, HeatBinding *b)
{
  MPI_Comm    own = node;
  PetscMPIInt rank;

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(b, sizeof *b));
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (node == MPI_COMM_NULL)
    PetscCallMPI(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &own));
  PetscCall(Collect(comm, own, b));
  if (node == MPI_COMM_NULL) PetscCallMPI(MPI_Comm_free(&own));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatBindingWarning(const HeatBinding *b, char text[512])
{
  static const char cure[] = "mpiexec -bind-to core (MPICH), mpiexec --bind-to core (Open MPI), "
                             "srun --cpu-bind=cores with --cpus-per-task=1";

  text[0] = '\0';
  for (int k = 0; k < b->n_hosts && !text[0]; k++) {
    const HeatHost *h = &b->hosts[k];

    if (h->crowded > 0)
      (void)snprintf(
          text, 512,
          "%d ranks on %.64s share %d core%s (from core %d on) of its %d, and take turns; "
          "give each rank a core: %s",
          h->crowded, h->name, h->crowd_has, h->crowd_has == 1 ? "" : "s", h->crowd_core, h->cores,
          cure);
    else if (h->unbound)
      (void)snprintf(text, 512,
                     "the %d ranks on %.64s may run on all of its %d NUMA nodes, and so move away "
                     "from their memory; bind them: %s",
                     h->ranks, h->name, h->numa_nodes, cure);
  }
}

PetscErrorCode HeatBindingClear(HeatBinding *b)
{
  PetscFunctionBeginUser;
  for (int k = 0; k < b->n_ranks; k++) PetscCall(PetscFree(b->masks[k]));
  PetscCall(PetscFree(b->masks));
  PetscCall(PetscFree(b->names));
  PetscCall(PetscFree(b->hosts));
  b->n_ranks = b->n_hosts = 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}
