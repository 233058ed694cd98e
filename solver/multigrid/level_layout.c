/* Distributions of levels over the ranks, shapes of their arrays, and the memory of these arrays.
 *
 * A distribution is the product of two lists of cuts, one along each axis, which every rank holds
 * in full: px + py numbers, so that the owner of any block is known without a message.  Coarsening
 * halves the cuts, rounded up: a coarse cell then lies in the block of its first fine cell. */
#define _DEFAULT_SOURCE /* madvise */
#include "solver/multigrid/level_layout.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "solver/multigrid/level_joins.h"

/* Allocate the list of owners along an axis, of a distribution with the blocks of the grid. */
static PetscErrorCode CreateOwners(HeatDistribution *d, int axis)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(d->parts[axis], &d->owner[axis]));
  for (PetscInt p = 0; p < d->parts[axis]; p++) d->owner[axis][p] = p;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatDistributionCreate(const HeatGrid *g, HeatDistribution *d)
{
  PetscFunctionBeginUser;
  d->comm        = g->comm;
  d->n[0]        = g->nx;
  d->n[1]        = g->ny;
  d->periodic[0] = g->periodic[0];
  d->periodic[1] = g->periodic[1];
  d->parts[0]    = g->px;
  d->parts[1]    = g->py;
  d->columns     = g->px;
  d->place[0]    = g->ip;
  d->place[1]    = g->jp;
  d->layout      = g->layout;
  for (int axis = 0; axis < 2; axis++) {
    PetscCall(PetscMalloc1(d->parts[axis] + 1, &d->start[axis]));
    PetscCall(CreateOwners(d, axis));
    PetscCall(
        PetscArraycpy(d->start[axis], axis == 0 ? g->x_start : g->y_start, d->parts[axis] + 1));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatDistributionPlan(const HeatLayout *l, HeatDistribution *d)
{
  const HeatDistribution none = {.comm     = MPI_COMM_NULL,
                                 .n        = {l->nx, l->ny},
                                 .periodic = {l->periodic[0], l->periodic[1]},
                                 .parts    = {l->px, l->py},
                                 .columns  = l->px,
                                 .layout   = *l};

  PetscFunctionBeginUser;
  *d = none;
  for (int axis = 0; axis < 2; axis++) {
    PetscCall(PetscMalloc1(d->parts[axis] + 1, &d->start[axis]));
    PetscCall(CreateOwners(d, axis));
    for (PetscInt p = 0; p <= d->parts[axis]; p++) d->start[axis][p] = HeatLayoutCut(l, axis, p);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatDistributionCoarsen(const HeatDistribution *fine, const PetscBool along[2],
                                       HeatDistribution *coarse)
{
  PetscFunctionBeginUser;
  *coarse = *fine;
  for (int axis = 0; axis < 2; axis++) {
    coarse->n[axis] = HeatJoinedCells(fine->n[axis], along[axis]);
    PetscCall(PetscMalloc1(fine->parts[axis] + 1, &coarse->start[axis]));
    PetscCall(PetscMalloc1(fine->parts[axis], &coarse->owner[axis]));
    PetscCall(PetscArraycpy(coarse->owner[axis], fine->owner[axis], fine->parts[axis]));
    for (PetscInt p = 0; p <= fine->parts[axis]; p++)
      coarse->start[axis][p] = HeatJoinedCells(fine->start[axis][p], along[axis]);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatDistributionAgglomerate(const HeatDistribution *d, const PetscBool along[2],
                                           HeatDistribution *fewer)
{
  PetscFunctionBeginUser;
  *fewer = *d;
  for (int axis = 0; axis < 2; axis++) {
    const PetscInt by = along[axis] ? 2 : 1;

    fewer->parts[axis] = (d->parts[axis] + by - 1) / by;
    PetscCall(PetscMalloc1(fewer->parts[axis] + 1, &fewer->start[axis]));
    PetscCall(PetscMalloc1(fewer->parts[axis], &fewer->owner[axis]));
    for (PetscInt p = 0; p < fewer->parts[axis]; p++)
      fewer->owner[axis][p] = d->owner[axis][p * by];
    for (PetscInt p = 0; p <= fewer->parts[axis]; p++)
      fewer->start[axis][p] = d->start[axis][PetscMin(p * by, d->parts[axis])];
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

enum {
  /* Cells of a block below which blocks are joined on fewer ranks.  Chosen above HEAT_HALO, so that
     halos reach no further than the next block.  Larger: more ranks idle, on levels with more
     cells.  Smaller: halos become wider than blocks, and a rank needs more than eight messages. */
  THINNEST = 16
};

/* Return whether columns (axis 0) or rows (axis 1) a <= b of blocks of the grid are known to be on
   the same nodes: with tiles, if both are in one column or row of tiles; without, if each consists
   of one block, and both blocks are on one node. */
static PetscBool OnSameNodes(const HeatLayout *l, int axis, PetscInt a, PetscInt b)
{
  if (HeatLayoutHasTiles(l))
    return a / l->tile[axis] == b / l->tile[axis] ? PETSC_TRUE : PETSC_FALSE;
  if (HeatLayoutParts(l, !axis) > 1 || l->per_node == 0) return PETSC_FALSE;
  return HeatLayoutNode(l, axis == 0 ? a : 0, axis == 0 ? 0 : a) ==
                 HeatLayoutNode(l, axis == 0 ? b : 0, axis == 0 ? 0 : b)
             ? PETSC_TRUE
             : PETSC_FALSE;
}

/* Join thin blocks along an axis with blocks before or after them.  In ascending order, a block
   takes the following ones until it is wide enough; one that remains thin, as the last of its node,
   joins the block before it.
   @param[in] within  whether only blocks of one node may join */
static void JoinThin(HeatDistribution *d, int axis, PetscBool within)
{
  PetscInt *start = d->start[axis], *owner = d->owner[axis], n = 0; /* n: blocks so far */

  for (PetscInt p = 0; p <= d->parts[axis]; p++) {
    const PetscInt  first = start[p];
    const PetscBool thin  = n > 0 && first - start[n - 1] < THINNEST ? PETSC_TRUE : PETSC_FALSE;
    const PetscBool end   = p == d->parts[axis] ? PETSC_TRUE : PETSC_FALSE;

    if (thin && !end && (!within || OnSameNodes(&d->layout, axis, owner[n - 1], owner[p])))
      continue;
    if (thin && n > 1 && (!within || OnSameNodes(&d->layout, axis, owner[n - 2], owner[n - 1])))
      n--;
    start[n] = first;
    if (!end) owner[n++] = owner[p];
  }
  d->parts[axis] = n;
}

PetscErrorCode HeatDistributionJoinThin(const HeatDistribution *landing, HeatDistribution *d,
                                        PetscBool *moved)
{
  PetscFunctionBeginUser;
  PetscCall(HeatDistributionAgglomerate(landing, (PetscBool[2]){PETSC_FALSE, PETSC_FALSE}, d));
  *moved = PETSC_FALSE;
  for (int axis = 0; axis < 2; axis++) {
    JoinThin(d, axis, PETSC_TRUE);
    JoinThin(d, axis, PETSC_FALSE);
    if (d->parts[axis] < landing->parts[axis]) *moved = PETSC_TRUE;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool HeatDistributionIsStepwise(const HeatDistribution *d)
{
  for (int axis = 0; axis < 2; axis++)
    if (d->periodic[axis] && d->n[axis] % 2 && d->n[axis] > 1) return PETSC_TRUE;
  return PETSC_FALSE;
}

PetscErrorCode HeatDistributionDestroy(HeatDistribution *d)
{
  PetscFunctionBeginUser;
  for (int axis = 0; axis < 2; axis++) {
    PetscCall(PetscFree(d->start[axis]));
    PetscCall(PetscFree(d->owner[axis]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscInt HeatDistributionBlock(const HeatDistribution *d, int axis)
{
  PetscInt low = 0, high = d->parts[axis]; /* owner[low] <= place < owner[high] */

  while (high - low > 1) {
    const PetscInt middle = low + (high - low) / 2;

    if (d->owner[axis][middle] <= d->place[axis]) low = middle;
    else high = middle;
  }
  return d->owner[axis][low] == d->place[axis] ? low : -1;
}

/* Return whether this rank has a block, with or without cells. */
static PetscBool HasBlock(const HeatDistribution *d)
{
  return HeatDistributionBlock(d, 0) >= 0 && HeatDistributionBlock(d, 1) >= 0 ? PETSC_TRUE
                                                                              : PETSC_FALSE;
}

HeatBox HeatDistributionOwn(const HeatDistribution *d)
{
  HeatBox own = {{0, 0}, {0, 0}};

  for (int axis = 0; axis < 2 && HasBlock(d); axis++) {
    const PetscInt block = HeatDistributionBlock(d, axis);

    own.lo[axis] = d->start[axis][block];
    own.hi[axis] = d->start[axis][block + 1];
  }
  return own;
}

HeatLevelShape HeatLevelShapeMake(const HeatDistribution *d, PetscInt halo)
{
  HeatLevelShape s = {.own = HeatDistributionOwn(d)};

  s.all = s.own;
  if (!HasBlock(d)) return s;
  for (int axis = 0; axis < 2; axis++) {
    s.all.lo[axis] -= halo;
    s.all.hi[axis] += halo;
    if (d->periodic[axis]) continue;
    s.all.lo[axis] = PetscMax(s.all.lo[axis], 0);
    s.all.hi[axis] = PetscMin(s.all.hi[axis], d->n[axis]);
  }
  s.origin = s.all.lo[0] - (s.all.lo[0] & 1);
  s.half   = (s.all.hi[0] - s.origin + 1) / 2;
  s.half   = (s.half + HEAT_LANES - 1) / HEAT_LANES * HEAT_LANES;
  s.odd    = (size_t)s.half + 2 * HEAT_LANES;
  s.row    = 2 * s.odd;
  s.size   = (size_t)(s.all.hi[1] - s.all.lo[1] + 2) * s.row + 2 * HEAT_LANES;
  return s;
}

/* Allocate memory in large pages where the system grants them.  A pass reads some twenty arrays at
   once; with pages of 4 KiB each thousand cells would cost twenty look-ups of a page's address. */
static void *AllocatePages(size_t size, size_t page)
{
  void *memory = aligned_alloc(page, (size + page - 1) / page * page);

#ifdef MADV_HUGEPAGE
  if (memory) (void)madvise(memory, size, MADV_HUGEPAGE);
#endif
  return memory;
}

enum {
  SMALL_PAGE = 4096,    /* bytes: a page of x86-64; arrays are staggered relative to it */
  LARGE_PAGE = 2097152, /* bytes: a large page of x86-64 */

  /* Bytes by which each array starts further into a page than the array before it.  A page has 64
     cache lines; without a stagger, the same cell of all arrays would compete for the same sets of
     the level-1 cache.  13 lines are chosen: an odd number gives 64 arrays 64 different offsets,
     and a smaller one leaves fewer lines between the same cell of two neighbouring arrays. */
  STAGGER = 13 * 64
};

/* Every array starts at a whole cache line, which is a whole vector. */
PetscErrorCode HeatLevelShapeAllocate(const HeatLevelShape *s, int n, float **arrays[],
                                      void **memory)
{
  const size_t pages = (s->size * sizeof(float) + SMALL_PAGE - 1) / SMALL_PAGE;
  const size_t each  = pages * SMALL_PAGE + STAGGER;
  const size_t all   = (size_t)n * each;

  PetscFunctionBeginUser;
  *memory = NULL;
  for (int k = 0; k < n; k++) *arrays[k] = NULL;
  if (s->size == 0) PetscFunctionReturn(PETSC_SUCCESS);
  *memory = AllocatePages(all, all < LARGE_PAGE ? SMALL_PAGE : LARGE_PAGE);
  PetscCheck(*memory, PETSC_COMM_SELF, PETSC_ERR_MEM, "%zu bytes for a level of the multigrid",
             all);
  PetscCall(PetscMemzero(*memory, all));
  for (int k = 0; k < n; k++) *arrays[k] = (float *)((char *)*memory + (size_t)k * each);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLevelShapeFree(void **memory)
{
  PetscFunctionBeginUser;
  free(*memory);
  *memory = NULL;
  PetscFunctionReturn(PETSC_SUCCESS);
}
