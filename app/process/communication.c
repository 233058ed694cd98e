/** Counting messages (see communication.h).
 *
 *  A destination is a rank of some communicator.  Whether it is on this node is looked up in the
 *  sorted list of those ranks of the communicator that share the node, which is made at the first
 *  message and kept as an attribute of the communicator, so that MPI frees it with the
 *  communicator.  The list of the last communicator is remembered.  A list has at most as many
 *  entries as the node has ranks, so its size does not depend on the number of nodes.
 *
 *  Persistent sends are kept in a hash table whose key is the request.  Requests are opaque handles
 *  (an int or a pointer), so their bytes are hashed.  Entries of one hash form a chain.
 *
 *  The counts are a file-static variable, like the kind in solver/base/traffic.c: MPI's functions
 *  get no pointer of ours.  Errors cannot be returned from here; without memory a destination
 *  counts as being on another node, and a persistent send is not counted. */
#include "app/process/communication.h"

#include <stdlib.h>
#include <string.h>

#include "solver/base/error.h"

const char *const HeatTrafficNames[HEAT_TRAFFIC_KINDS] = {"halo", "multigrid", "reduction",
                                                          "output", "setup"};

/* The ranks of a communicator that are on this node, in ascending order. */
typedef struct {
  int n;
  int ranks[];
} Neighbours;

/* A persistent send: what one start of it sends. */
typedef struct Persistent Persistent;
struct Persistent {
  Persistent *next; /* of the same chain; owned */
  MPI_Request request;
  int         off_node; /* 1: to another node */
  PetscInt64  bytes;
};

enum { CHAINS = 1024 }; /* chosen: some hundred persistent sends in chains of one or two */

static struct {
  HeatTraffic       traffic[HEAT_TRAFFIC_KINDS];
  int               started;
  MPI_Group         node; /* the processes of this node */
  int               key;  /* of the attribute that holds the list of a communicator */
  MPI_Comm          last; /* communicator of the last message, and its list */
  const Neighbours *neighbours;
  Persistent       *chains[CHAINS];
} my;

/* Nodes. */

static int CompareRanks(const void *a, const void *b)
{
  const int x = *(const int *)a, y = *(const int *)b;

  return (x > y) - (x < y);
}

/* Return the ranks in `group` of the processes of this node, or NULL without memory. */
static Neighbours *FindNeighbours(MPI_Group group)
{
  Neighbours *list = NULL;
  int         n, *here;

  (void)PMPI_Group_size(my.node, &n);
  here = malloc((size_t)n * sizeof *here);
  if (here) list = malloc(sizeof *list + (size_t)n * sizeof list->ranks[0]);
  if (list) {
    for (int k = 0; k < n; k++) here[k] = k;
    (void)PMPI_Group_translate_ranks(my.node, n, here, group, list->ranks);
    list->n = 0;
    for (int k = 0; k < n; k++) {
      if (list->ranks[k] != MPI_UNDEFINED) list->ranks[list->n++] = list->ranks[k];
    }
    qsort(list->ranks, (size_t)list->n, sizeof list->ranks[0], CompareRanks);
  }
  free(here);
  return list;
}

/* Free the list of a communicator that is being freed. */
static int FreeNeighbours(MPI_Comm comm, int key, void *list, void *extra)
{
  (void)comm;
  (void)key;
  (void)extra;
  my.last = MPI_COMM_NULL;
  free(list);
  return MPI_SUCCESS;
}

/* Return the list of a communicator; of an intercommunicator, of its remote group, to which its
   messages go. */
static const Neighbours *GetNeighbours(MPI_Comm comm)
{
  Neighbours *list;
  MPI_Group   group;
  int         found, inter;

  (void)PMPI_Comm_get_attr(comm, my.key, (void *)&list, &found);
  if (found) return list;
  (void)PMPI_Comm_test_inter(comm, &inter);
  (void)(inter ? PMPI_Comm_remote_group(comm, &group) : PMPI_Comm_group(comm, &group));
  list = FindNeighbours(group);
  (void)PMPI_Group_free(&group);
  if (list) (void)PMPI_Comm_set_attr(comm, my.key, list);
  return list;
}

/* Return 1 if `rank` of comm is on another node, else 0. */
static int IsOffNode(int rank, MPI_Comm comm)
{
  if (comm != my.last) {
    my.neighbours = GetNeighbours(comm);
    my.last       = comm;
  }
  if (!my.neighbours) return 1;
  return !bsearch(&rank, my.neighbours->ranks, (size_t)my.neighbours->n, sizeof rank, CompareRanks);
}

void HeatCommunicationStart(void)
{
  MPI_Comm node;

  my.last = MPI_COMM_NULL;
  (void)PMPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  (void)PMPI_Comm_group(node, &my.node);
  (void)PMPI_Comm_free(&node);
  (void)PMPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, FreeNeighbours, &my.key, NULL);
  my.started = 1;
}

/* Messages. */

static PetscInt64 Bytes(PetscInt64 count, MPI_Datatype type)
{
  int size = 0;

  if (count <= 0) return 0;
  (void)PMPI_Type_size(type, &size);
  return count * size;
}

static void Add(int off_node, PetscInt64 bytes)
{
  HeatTraffic *traffic = &my.traffic[HeatTrafficNow()];

  traffic->messages[off_node] += 1;
  traffic->bytes[off_node] += bytes;
}

void HeatCommunicationMessage(PetscInt64 count, MPI_Datatype type, int rank, MPI_Comm comm)
{
  if (!my.started || rank == MPI_PROC_NULL) return;
  Add(IsOffNode(rank, comm), Bytes(count, type));
}

void HeatCommunicationRemote(PetscInt64 count, MPI_Datatype type, int rank, MPI_Win win)
{
  MPI_Group group;
  int       here;

  if (!my.started || rank == MPI_PROC_NULL) return;
  (void)PMPI_Win_get_group(win, &group);
  (void)PMPI_Group_translate_ranks(group, 1, &rank, my.node, &here);
  (void)PMPI_Group_free(&group);
  Add(here == MPI_UNDEFINED, Bytes(count, type));
}

/* A solve consists of halo exchanges and cycles, but its dot products and norms are reductions. */
void HeatCommunicationCollective(MPI_Comm comm)
{
  HeatTrafficKind kind = HeatTrafficNow();
  int             size;

  if (!my.started) return;
  (void)PMPI_Comm_size(comm, &size);
  if (size < 2) return;
  if (kind == HEAT_TRAFFIC_HALO || kind == HEAT_TRAFFIC_MULTIGRID) kind = HEAT_TRAFFIC_REDUCTION;
  my.traffic[kind].collectives += 1;
}

/* Persistent sends. */

/* Return the link that points to the entry of a request, or to the NULL at the end of its chain. */
static Persistent **FindRequest(MPI_Request request)
{
  unsigned char bytes[sizeof request];
  unsigned long hash = 2166136261UL; /* FNV-1a, 32 bits: offset basis and prime */
  Persistent  **link;

  memcpy(bytes, &request, sizeof request);
  for (size_t k = 0; k < sizeof request; k++) hash = ((hash ^ bytes[k]) * 16777619UL) & 0xffffffff;
  link = &my.chains[hash % CHAINS];
  while (*link && (*link)->request != request) link = &(*link)->next;
  return link;
}

void HeatCommunicationRemember(MPI_Request request, PetscInt64 count, MPI_Datatype type, int rank,
                               MPI_Comm comm)
{
  Persistent **link, *p;

  if (!my.started || rank == MPI_PROC_NULL) return;
  p = malloc(sizeof *p);
  if (!p) return;
  link = FindRequest(request);
  *p   = (Persistent){*link ? (*link)->next : NULL, request, IsOffNode(rank, comm),
                    Bytes(count, type)};
  free(*link);
  *link = p;
}

void HeatCommunicationStarted(int n, const MPI_Request *requests)
{
  for (int k = 0; k < n; k++) {
    const Persistent *p = *FindRequest(requests[k]);

    if (p) Add(p->off_node, p->bytes);
  }
}

void HeatCommunicationForget(MPI_Request request)
{
  Persistent **link = FindRequest(request), *p = *link;

  if (!p) return;
  *link = p->next;
  free(p);
}

/* Reports. */

void HeatCommunicationSave(HeatTraffic kinds[HEAT_TRAFFIC_KINDS])
{
  memcpy(kinds, my.traffic, sizeof my.traffic);
}

void HeatCommunicationRestore(const HeatTraffic kinds[HEAT_TRAFFIC_KINDS])
{
  memcpy(my.traffic, kinds, sizeof my.traffic);
}

PetscBool HeatCommunicationIsCounted(void) { return my.started ? PETSC_TRUE : PETSC_FALSE; }

PetscErrorCode HeatCommunicationAdd(HeatReduction *r, HeatCommunication *total)
{
  const PetscInt n = HEAT_TRAFFIC_KINDS * sizeof(HeatTraffic) /
                     sizeof(PetscInt64); /* all members */

  PetscFunctionBeginUser;
  total->counted = HeatCommunicationIsCounted();
  PetscCall(
      HeatReductionAddCounts(r, n, (const PetscInt64 *)my.traffic, (PetscInt64 *)total->kinds));
  PetscFunctionReturn(PETSC_SUCCESS);
}
