/** Whether the memory suffices (see memory_check.h).
 *
 *  All ranks count with the largest block: blocks differ by a row and a column at most.  What a
 *  process has already when the check is made (program, libraries, MPI) is a part of its need and
 *  of what the limits have in use, and is subtracted from both.
 *
 *  The message is about the rank or node that lacks the most memory. */
#include "app/run/memory_check.h"

#include <math.h>
#include <stdio.h>

#include "app/process/memory_have.h"
#include "app/state/run_memory.h"
#include "solver/grid/grid.h"

/* What is asked of a limit, and what the limit has. */
typedef struct {
  double         need; /* [bytes] by one rank, or by all ranks of a node */
  HeatMemoryHave have;
  PetscMPIInt    ranks; /* that share the limit: 1, or the ranks of the node */
  PetscMPIInt    local; /* number of ranks of the node */
  char           host[MPI_MAX_PROCESSOR_NAME];
} Balance;

/* The decomposition. */

/* Find this rank's number on its node, how many ranks the node has, and whether all nodes have as
   many (*per_node, else 0).  Collective. */
static PetscErrorCode FindNode(MPI_Comm comm, PetscMPIInt *number, PetscMPIInt *local,
                               PetscInt *per_node)
{
  MPI_Comm    node;
  PetscMPIInt rank, extremes[2];

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &node));
  PetscCallMPI(MPI_Comm_rank(node, number));
  PetscCallMPI(MPI_Comm_size(node, local));
  PetscCallMPI(MPI_Comm_free(&node));
  extremes[0] = *local;
  extremes[1] = -*local;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, extremes, 2, MPI_INT, MPI_MAX, comm));
  *per_node = extremes[0] == -extremes[1] ? *local : 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the cells of the largest block, 0 x 0 if the cells cannot be cut into `size` blocks. */
static void LargestBlock(const HeatCase *c, PetscInt size, PetscInt per_node, PetscInt block[2])
{
  const PetscInt *n           = c->grid.cells;
  const PetscBool periodic[2] = {
      c->boundary[HEAT_LEFT].segments[0].type == HEAT_BC_PERIODIC ? PETSC_TRUE : PETSC_FALSE,
      c->boundary[HEAT_BOTTOM].segments[0].type == HEAT_BC_PERIODIC ? PETSC_TRUE : PETSC_FALSE};
  PetscInt p[2] = {c->decomposition.processes[0], c->decomposition.processes[1]}, tile[2];

  if (c->decomposition.mapping == HEAT_MAPPING_LINEAR) per_node = 0;
  if (p[0] == 0)
    HeatGridChooseProcesses(n[0], n[1], periodic, size, per_node, &p[0], &p[1], &tile[0], &tile[1]);
  for (int axis = 0; axis < 2; axis++)
    block[axis] = p[0] > 0 ? (n[axis] + p[axis] - 1) / p[axis] : 0;
}

/* The number of nodes that would suffice. */

/* Set *fits: whether the cells on `nodes` nodes of `local` ranks each, in square blocks, fit the
   limit. */
static PetscErrorCode Fits(const HeatCase *c, const Balance *b, double resident, PetscInt64 nodes,
                           PetscBool *fits)
{
  const double cells = (double)c->grid.cells[0] * (double)c->grid.cells[1];
  const double ranks = (double)nodes * (double)b->local;
  const double side  = ceil(sqrt(cells / ranks));
  HeatNeed     need;

  PetscFunctionBeginUser;
  PetscCall(HeatRunMemoryNeed(c, (PetscInt64)side, (PetscInt64)side, (PetscInt64)ranks, &need));
  *fits = (need.total - resident) * b->ranks <= b->have.bytes ? PETSC_TRUE : PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Find the least number of nodes like this one, with as many ranks each, that have enough memory;
   0 if a rank is too large even without cells. */
static PetscErrorCode CountNodes(const HeatCase *c, const Balance *b, double resident,
                                 PetscInt64 *nodes)
{
  const PetscInt64 most = 1 << 30; /* chosen: more than any machine has */
  PetscInt64       low = 0, high = 1;
  PetscBool        fits;

  PetscFunctionBeginUser;
  for (;;) {
    PetscCall(Fits(c, b, resident, high, &fits));
    if (fits || high >= most) break;
    low = high;
    high *= 2;
  }
  while (fits && high - low > 1) {
    const PetscInt64 middle = low + (high - low) / 2;
    PetscBool        enough;

    PetscCall(Fits(c, b, resident, middle, &enough));
    if (enough) high = middle;
    else low = middle;
  }
  *nodes = fits ? high : 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The message. */

/* Write a number of bytes with a decimal unit; return buffer. */
static const char *Size(double bytes, char buffer[32])
{
  static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  int                      k       = 0;

  for (; bytes >= 999.5 && k < 6; k++) bytes /= 1000.0;
  (void)snprintf(buffer, 32, "%.3g %s", bytes, units[k]);
  return buffer;
}

/* Raise that the memory does not suffice.  Collective, with equal arguments on all ranks. */
static PetscErrorCode Refuse(MPI_Comm comm, const HeatCase *c, const Balance *b,
                             const HeatNeed *need, double resident)
{
  char       size[3][32], nodes[96] = "no number of nodes like this one would do", who[64];
  PetscInt64 n;
  int        largest = 0;

  PetscFunctionBeginUser;
  PetscCall(CountNodes(c, b, resident, &n));
  if (n > 0)
    (void)snprintf(nodes, sizeof nodes, "%" PetscInt64_FMT " node%s of this kind would do", n,
                   n > 1 ? "s" : "");
  for (int k = 1; k < HEAT_NEED_PARTS; k++)
    if (need->part[k] > need->part[largest]) largest = k;
  (void)snprintf(who, sizeof who, b->ranks == 1 ? "a rank" : "the %d ranks", b->ranks);
  HeatCaseCheckKey(
      PETSC_FALSE, comm, c, "grid.cells",
      "not enough memory for %" PetscInt_FMT " x %" PetscInt_FMT
      " cells: %s on %s need%s %s more (a rank in all %s, most of it for: %s), and %s is left by "
      "%s; take more nodes (with %d rank%s each, %s) or fewer cells, or raise the limit; where the "
      "limit is misread, limits.memory: ignore runs without this test",
      c->grid.cells[0], c->grid.cells[1], who, b->host, b->ranks == 1 ? "s" : "",
      Size(b->need, size[0]), Size(need->total, size[1]), HeatNeedNames[largest],
      Size(b->have.bytes, size[2]), b->have.name, b->local, b->local > 1 ? "s" : "", nodes);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read the limits of this rank, and on the first rank of a node the limits of the node, and store
   the limit that leaves the least memory for a rank. */
static PetscErrorCode Read(double need, PetscMPIInt number, PetscMPIInt local, Balance *b)
{
  HeatMemoryHave node;
  PetscMPIInt    length;

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(b, sizeof *b));
  PetscCallMPI(MPI_Get_processor_name(b->host, &length));
  b->local = local;
  b->ranks = 1;
  b->need  = need;
  HeatMemoryHaveProcess("", &b->have);
  if (number > 0) PetscFunctionReturn(PETSC_SUCCESS);
  HeatMemoryHaveNode("", &node);
  if (node.bytes / local < b->have.bytes) {
    b->have  = node;
    b->ranks = local;
    b->need  = need * local;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMemoryCheck(MPI_Comm comm, const HeatCase *c)
{
  struct {
    double      ratio;
    PetscMPIInt rank;
  } worst;
  HeatNeed    need;
  Balance     balance;
  PetscInt    block[2], per_node;
  PetscMPIInt size, number, local;
  double      resident;

  PetscFunctionBeginUser;
  if (c->limits.memory == HEAT_MEMORY_IGNORE) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCallMPI(MPI_Comm_size(comm, &size));
  PetscCallMPI(MPI_Comm_rank(comm, &worst.rank));
  PetscCall(FindNode(comm, &number, &local, &per_node));
  LargestBlock(c, size, per_node, block);
  if (block[0] == 0) PetscFunctionReturn(PETSC_SUCCESS); /* HeatGridCreate refuses it */
  PetscCall(HeatRunMemoryNeed(c, block[0], block[1], size, &need));
  resident = PetscMin(HeatMemoryResident(""), need.total);
  PetscCall(Read(need.total - resident, number, local, &balance));
  worst.ratio = balance.need > balance.have.bytes ? balance.need / PetscMax(balance.have.bytes, 1.0)
                                                  : 0.0;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &worst, 1, MPI_DOUBLE_INT, MPI_MAXLOC, comm));
  if (worst.ratio == 0.0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCallMPI(MPI_Bcast(&balance, (int)sizeof balance, MPI_BYTE, worst.rank, comm));
  PetscCallMPI(MPI_Bcast(&resident, 1, MPI_DOUBLE, worst.rank, comm));
  PetscCall(Refuse(comm, c, &balance, &need, resident));
  PetscFunctionReturn(PETSC_SUCCESS);
}
