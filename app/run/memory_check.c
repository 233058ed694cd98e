/** Whether the memory suffices (see memory_check.h).
 *
 *  The need of a rank is computed for the largest block, since blocks differ by a row and a column
 *  at most, or, where speeds of ranks make blocks unequal, for its own block.  A rank that writes
 *  files for others (output.writers) needs more than the others, so that there are two needs, of a
 *  writer and of any other rank; the need of a node is the sum over its ranks.  Memory that a
 *  process already has when the check is made (program, libraries, MPI) is part of its need, but
 *  the limits have already counted it; it is therefore subtracted from the need.
 *
 *  The message is about the rank or node that lacks the most memory. */
#include "app/run/memory_check.h"

#include <math.h>
#include <stdio.h>

#include "app/process/memory_have.h"
#include "app/state/run_memory.h"

/* The nodes, as one rank sees them. */
typedef struct {
  PetscMPIInt number, local; /* this rank's number on its node; the number of ranks on the node */
  PetscMPIInt writers;       /* number of ranks of this node that write files */
  PetscInt    most;          /* the most ranks of any node */
  PetscBool   even;          /* whether all nodes have the same number of ranks */
  double      share;         /* ranks per writer, over all nodes; 1: all ranks are writers */
  PetscBool   one_field;     /* ranks hold one field and its file, and take no steps */
} Place;

/* What a rank needs. */
typedef struct {
  HeatNeed writer, other; /* a rank that writes files, and one that does not */
} Needs;

/* The memory that is needed under a limit, and the memory that the limit leaves. */
typedef struct {
  double         need; /* [bytes] by one rank, or by all ranks of a node */
  HeatMemoryHave have;
  PetscMPIInt    ranks; /* that share the limit: 1, or the ranks of the node */
  Place          place;
  char           host[MPI_MAX_PROCESSOR_NAME];
} Balance;

/* The decomposition. */

/* Describe this node and the others, and count the writers.  Collective, except where all nodes
   have as many ranks. */
static PetscErrorCode FindPlace(MPI_Comm comm, const HeatCase *c, const HeatNode *node,
                                Place *place)
{
  PetscMPIInt size, writers;
  PetscInt    per_node;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(comm, &size));
  place->number  = node->local;
  place->local   = node->size;
  place->most    = node->most;
  place->even    = node->even;
  per_node       = HeatWritersPerNode(c, size, node->n);
  place->writers = per_node == 0 ? node->size
                                 : (PetscMPIInt)PetscMin(per_node, (PetscInt)node->size);
  writers        = (PetscMPIInt)node->n * place->writers;
  if (!node->even) {
    writers = place->number < place->writers;
    PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &writers, 1, MPI_INT, MPI_SUM, comm));
  }
  place->share = (double)size / (double)writers;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Replace the need of a run by that of one field and its file. */
static void KeepOneField(PetscInt64 nx, PetscInt64 ny, HeatNeed *need)
{
  const double process = need->part[HEAT_NEED_PROCESS];

  *need                         = (HeatNeed){{0}, 0.0};
  need->part[HEAT_NEED_PROCESS] = process;
  need->part[HEAT_NEED_FIELDS]  = sizeof(PetscReal) * (double)nx * (double)ny;
  need->part[HEAT_NEED_FILES]   = HEAT_FILE_BUFFERS;
  for (int k = 0; k < HEAT_NEED_PARTS; k++) need->total += need->part[k];
}

/* Compute the needs of ranks with a block of nx x ny cells. */
static PetscErrorCode FindNeeds(const HeatCase *c, const Place *place, PetscInt64 nx, PetscInt64 ny,
                                PetscInt64 size, Needs *needs)
{
  PetscFunctionBeginUser;
  PetscCall(HeatRunMemoryNeed(c, nx, ny, size, place->share, &needs->writer));
  PetscCall(HeatRunMemoryNeed(c, nx, ny, size, 0.0, &needs->other));
  if (place->one_field) {
    KeepOneField(nx, ny, &needs->writer);
    KeepOneField(nx, ny, &needs->other);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return what all ranks of a node with equal blocks need beyond what they have already [bytes].
   @param[in] resident  [bytes] that each of them is taken to have */
static double NodeNeed(const Place *place, const Needs *needs, double resident)
{
  return place->writers * needs->writer.total +
         (place->local - place->writers) * needs->other.total - place->local * resident;
}

/* Set the cells in x and y of the largest block, or of this rank's block if blocks are unequal; 0
   if HeatGridCreate refuses the case.
   @param[in] grid  or NULL: equal blocks */
static void FindBlock(const HeatCase *c, const HeatGrid *grid, const Place *place, PetscInt size,
                      PetscInt block[2])
{
  const HeatLayout layout = grid ? grid->layout : HeatLayoutMake(c, size, place->most, place->even);

  block[0] = block[1] = 0;
  for (int axis = 0; axis < 2 && layout.px > 0; axis++)
    block[axis] = HeatLayoutWidth(&layout, axis, 0);
  if (!layout.start[0]) return;
  block[0] = grid->nxl;
  block[1] = grid->nyl;
}

/* Compute what all ranks of this node need beyond what they have already [bytes].  Where blocks are
   equal, the ranks are taken to have as much as this one, since they have done the same so far;
   elsewhere this is collective on the ranks of the node. */
static PetscErrorCode FindNodeNeed(const HeatNode *node, const Place *place, const Needs *needs,
                                   double resident, PetscBool equal, double *need)
{
  PetscFunctionBeginUser;
  *need = NodeNeed(place, needs, resident);
  if (equal) PetscFunctionReturn(PETSC_SUCCESS);
  *need = (place->number < place->writers ? needs->writer : needs->other).total - resident;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, need, 1, MPI_DOUBLE, MPI_SUM, node->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The number of nodes that would suffice. */

/* Set *fits: whether the cells on `nodes` nodes of `local` ranks each, in square blocks, fit the
   limit. */
static PetscErrorCode Fits(const HeatCase *c, const Balance *b, double resident, PetscInt64 nodes,
                           PetscBool *fits)
{
  const double cells = (double)c->grid.cells[0] * (double)c->grid.cells[1];
  const double ranks = (double)nodes * (double)b->place.local;
  const double side  = ceil(sqrt(cells / ranks));
  double       need;
  Needs        needs;

  PetscFunctionBeginUser;
  PetscCall(FindNeeds(c, &b->place, (PetscInt64)side, (PetscInt64)side, (PetscInt64)ranks, &needs));
  need  = b->ranks == 1 ? needs.writer.total - resident : NodeNeed(&b->place, &needs, resident);
  *fits = need <= b->have.bytes ? PETSC_TRUE : PETSC_FALSE;
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

/* Raise the error that the memory does not suffice.  Collective; arguments equal on all ranks. */
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
      Size(b->have.bytes, size[2]), b->have.name, b->place.local, b->place.local > 1 ? "s" : "",
      nodes);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read the limits of this rank, and on the first rank of a node also the limits of the node.  Store
   the limit with the least memory in relation to the need.  The need of this rank is that of a
   writer, which is the larger one.
   @param[in] node_need  [bytes] of all ranks of the node, beyond what they have already */
static PetscErrorCode Read(const Place *place, const Needs *needs, double resident,
                           double node_need, Balance *b)
{
  HeatMemoryHave node;
  PetscMPIInt    length;
  const double   rank_need = needs->writer.total - resident;

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(b, sizeof *b));
  PetscCallMPI(MPI_Get_processor_name(b->host, &length));
  b->place = *place;
  b->ranks = 1;
  b->need  = rank_need;
  HeatMemoryHaveProcess("", &b->have);
  if (place->number > 0) PetscFunctionReturn(PETSC_SUCCESS);
  HeatMemoryHaveNode("", &node);
  if (node.bytes * rank_need < b->have.bytes * node_need) {
    b->have  = node;
    b->ranks = place->local;
    b->need  = node_need;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* HeatMemoryCheck with the nodes of comm. */
static PetscErrorCode Check(MPI_Comm comm, const HeatCase *c, const HeatGrid *grid,
                            const HeatNode *node, PetscBool one_field)
{
  struct {
    double      ratio;
    PetscMPIInt rank;
  } worst;
  Needs       needs;
  Place       place;
  Balance     balance;
  PetscMPIInt size;
  PetscInt    block[2];
  double      resident, node_need;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(comm, &size));
  PetscCallMPI(MPI_Comm_rank(comm, &worst.rank));
  PetscCall(FindPlace(comm, c, node, &place));
  place.one_field = one_field;
  FindBlock(c, grid, &place, size, block);
  if (block[0] == 0) PetscFunctionReturn(PETSC_SUCCESS); /* HeatGridCreate refuses it */
  PetscCall(FindNeeds(c, &place, block[0], block[1], size, &needs));
  resident = PetscMin(HeatMemoryResident(""), needs.other.total);
  PetscCall(FindNodeNeed(node, &place, &needs, resident,
                         (PetscBool)(!grid || !grid->layout.start[0]), &node_need));
  PetscCall(Read(&place, &needs, resident, node_need, &balance));
  worst.ratio = balance.need > balance.have.bytes ? balance.need / PetscMax(balance.have.bytes, 1.0)
                                                  : 0.0;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &worst, 1, MPI_DOUBLE_INT, MPI_MAXLOC, comm));
  if (worst.ratio == 0.0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCallMPI(MPI_Bcast(&balance, (int)sizeof balance, MPI_BYTE, worst.rank, comm));
  PetscCallMPI(MPI_Bcast(&resident, 1, MPI_DOUBLE, worst.rank, comm));
  PetscCall(Refuse(comm, c, &balance, &needs.writer, resident));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* HeatMemoryCheck with equal blocks on the nodes of comm. */
static PetscErrorCode CheckEqual(MPI_Comm comm, const HeatCase *c, PetscBool one_field)
{
  HeatNode       node;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(HeatNodeFind(comm, &node));
  code = Check(comm, c, NULL, &node, one_field);
  PetscCall(HeatNodeClear(&node));
  PetscFunctionReturn(code);
}

PetscErrorCode HeatMemoryCheck(MPI_Comm comm, const HeatCase *c, const HeatGrid *grid)
{
  PetscFunctionBeginUser;
  if (c->limits.memory == HEAT_MEMORY_IGNORE) PetscFunctionReturn(PETSC_SUCCESS);
  if (grid) PetscCall(Check(comm, c, grid, &grid->node, PETSC_FALSE));
  else PetscCall(CheckEqual(comm, c, PETSC_FALSE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMemoryCheckField(MPI_Comm comm, const HeatCase *c)
{
  PetscFunctionBeginUser;
  PetscCall(CheckEqual(comm, c, PETSC_TRUE));
  PetscFunctionReturn(PETSC_SUCCESS);
}
