/** The warnings of a plan: properties that make a run slow or impossible, and remedies. */
#include <math.h>
#include <unistd.h>

#include "app/plan/plan.h"

/* Halo cells. */

/* Return the cells that all ranks send in a halo exchange one cell deep. */
static double HaloCells(const HeatLayout *l)
{
  const double x = l->px == 1 ? 0.0 : (double)(l->px - (l->periodic[0] ? 0 : 1));
  const double y = l->py == 1 ? 0.0 : (double)(l->py - (l->periodic[1] ? 0 : 1));

  return 2.0 * (x * (double)l->ny + y * (double)l->nx);
}

/* Return the cells that all ranks would send if their blocks were squares and no side periodic. */
static double SquareHaloCells(const HeatLayout *l, PetscInt size)
{
  const double cells = (double)l->nx * (double)l->ny;

  return 4.0 * (sqrt(cells * (double)size) - sqrt(cells));
}

/* Largest ratio of the halo cells to those of square blocks without a warning.  Chosen: blocks with
   sides of 1 to 4 have a ratio of 1.25; a smaller limit would warn about good layouts. */
static const double TooMany = 1.5;

static PetscBool IsPrime(PetscInt n)
{
  for (PetscInt k = 2; k * k <= n; k++)
    if (n % k == 0) return PETSC_FALSE;
  return n > 1 ? PETSC_TRUE : PETSC_FALSE;
}

/* Return the largest number of ranks below l->size that gives a good layout; with several nodes,
   only whole nodes are tried.  Return 0 if none of the `most` largest candidates gives one.  Trying
   a candidate costs a loop over its number of ranks. */
static PetscInt BetterSize(const HeatPlan *p)
{
  const HeatLayout *l    = &p->layout;
  const PetscInt    unit = l->n_nodes > 1 ? l->per_node : 1;
  const PetscInt    most = PetscMax(2, 20000000 / l->size); /* chosen: a tenth of a second */
  PetscInt          size = (l->size - 1) / unit * unit;

  for (PetscInt k = 0; k < most && size > 0; k++, size -= unit) {
    const PetscInt   per_node = l->n_nodes > 1 ? l->per_node : size;
    const HeatLayout other    = HeatLayoutMake(p->c, size, per_node, PETSC_TRUE);

    if (other.px > 0 && HaloCells(&other) <= TooMany * SquareHaloCells(&other, size)) return size;
  }
  return 0;
}

/* Warn if the number of ranks has no factors for nearly square blocks. */
static PetscErrorCode WarnOfFactors(HeatPlan *p)
{
  const HeatLayout *l     = &p->layout;
  const double      times = HaloCells(l) / SquareHaloCells(l, l->size);
  PetscInt          better;
  char              remedy[80] = "";

  PetscFunctionBeginUser;
  if (l->size < 5 || p->c->decomposition.processes[0] > 0 || !(times > TooMany))
    PetscFunctionReturn(PETSC_SUCCESS);
  better = BetterSize(p);
  if (better)
    PetscCall(
        PetscSNPrintf(remedy, sizeof remedy, "; %" PetscInt_FMT " ranks would be better", better));
  PetscCall(HeatWarningsAdd(&p->warnings,
                            "%" PetscInt_FMT " ranks %s %" PetscInt_FMT " x %" PetscInt_FMT
                            " blocks, whose halos have %.1f times the cells of those of square "
                            "blocks%s",
                            l->size,
                            IsPrime(l->size) ? "are a prime number and leave only" : "give", l->px,
                            l->py, times, remedy));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Warn if the nodes do not have equally many ranks.  If each has R, nodes always own rectangles: R
   divides px py, hence gcd(R, px) by R/gcd(R, px) blocks tile the process grid. */
static PetscErrorCode WarnOfNodes(HeatPlan *p)
{
  const HeatLayout *l = &p->layout;

  PetscFunctionBeginUser;
  if (l->size % l->per_node == 0 || p->c->decomposition.mapping == HEAT_MAPPING_LINEAR)
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatWarningsAdd(&p->warnings,
                            "the last of %" PetscInt_FMT " nodes has %" PetscInt_FMT
                            " ranks instead of %" PetscInt_FMT ": ranks keep their order, and "
                            "nodes own strips of blocks; take a multiple of %" PetscInt_FMT,
                            l->n_nodes, l->size % l->per_node, l->per_node, l->per_node));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Blocks. */

/* Warn if blocks are narrower than their halo, or have fewer cells than it. */
static PetscErrorCode WarnOfSmallBlocks(HeatPlan *p)
{
  const HeatLayout *l    = &p->layout;
  const PetscInt    halo = p->multigrid ? 9 : 1; /* HEAT_HALO of the multigrid's finest level */
  PetscInt          nx, ny, widest;

  HeatLayoutWidths(l, 0, &nx, &widest);
  HeatLayoutWidths(l, 1, &ny, &widest);
  const double own    = (double)nx * (double)ny;
  const double around = (double)(nx + (l->px > 1 ? 2 * halo : 0)) *
                            (double)(ny + (l->py > 1 ? 2 * halo : 0)) -
                        own;

  PetscFunctionBeginUser;
  if ((l->px > 1 && nx < halo) || (l->py > 1 && ny < halo))
    PetscCall(HeatWarningsAdd(&p->warnings,
                              "blocks of %" PetscInt_FMT " x %" PetscInt_FMT " cells are narrower "
                              "than the halo of %" PetscInt_FMT " cells, so that ranks need cells "
                              "from beyond their neighbours; use fewer ranks",
                              nx, ny, halo));
  else if (around > own)
    PetscCall(HeatWarningsAdd(&p->warnings,
                              "blocks of %" PetscInt_FMT " x %" PetscInt_FMT " cells have more "
                              "cells in their halo (%.0f) than inside (%.0f); use fewer ranks",
                              nx, ny, around, own));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Warn if the arrays of a rank fit into its cache. */
static PetscErrorCode WarnOfCache(HeatPlan *p)
{
  const long   cache = sysconf(_SC_LEVEL2_CACHE_SIZE);
  const double set   = p->need.total - p->need.part[HEAT_NEED_PROCESS];
  char         size[2][32];

  PetscFunctionBeginUser;
  if (p->layout.size == 1 || cache <= 0 || set > (double)cache) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatWarningsAdd(&p->warnings,
                            "the working set of a rank, %s, fits into this machine's level-2 cache "
                            "of %s: messages will take most of the time; use fewer ranks",
                            HeatPlanBytes(set, size[0]), HeatPlanBytes((double)cache, size[1])));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Warn if 32-bit indices cannot count the cells. */
static PetscErrorCode WarnOfIndices(HeatPlan *p)
{
  const double cells = (double)p->layout.nx * (double)p->layout.ny;

  PetscFunctionBeginUser;
  if (cells <= 2147483647.0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatWarningsAdd(&p->warnings,
                            "%g cells need a PETSc with 64-bit indices (--with-64-bit-indices); "
                            "this heat2d has %d-bit ones",
                            cells, (int)(8 * sizeof(PetscInt))));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Memory. */

/* Warn if a node needs more memory than this machine has.  The number of nodes that would suffice
   has a margin of 2 %, chosen, for blocks of unequal size. */
static PetscErrorCode WarnOfMemory(HeatPlan *p)
{
  const double fixed = p->need.part[HEAT_NEED_PROCESS], rest = p->need.total - fixed;
  const double ranks = (double)PetscMin(p->layout.per_node, p->layout.size);
  const double room  = p->have - fixed * ranks;
  char         size[2][32], remedy[96] = "use fewer ranks on a node";

  PetscFunctionBeginUser;
  if (p->per_node <= p->have) PetscFunctionReturn(PETSC_SUCCESS);
  if (room > 0.0)
    PetscCall(PetscSNPrintf(remedy, sizeof remedy, "%.0f nodes like this one would do",
                            ceil(1.02 * rest * (double)p->layout.size / room)));
  PetscCall(HeatWarningsAdd(
      &p->warnings, "memory is short: a node needs %s, and this machine has %s (%s); %s",
      HeatPlanBytes(p->per_node, size[0]), HeatPlanBytes(p->have, size[1]), p->have_name, remedy));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPlanWarn(HeatPlan *p)
{
  PetscFunctionBeginUser;
  PetscCall(WarnOfFactors(p));
  PetscCall(WarnOfNodes(p));
  PetscCall(WarnOfSmallBlocks(p));
  PetscCall(WarnOfCache(p));
  PetscCall(WarnOfIndices(p));
  PetscCall(WarnOfMemory(p));
  PetscFunctionReturn(PETSC_SUCCESS);
}
