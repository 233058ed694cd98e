/** The warnings of a plan: properties that make a run slow or impossible, and remedies. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/plan/plan.h"
#include "solver/grid/factors.h"

/* Warn if the number of ranks has no factors for nearly square blocks. */
static PetscErrorCode WarnOfFactors(HeatPlan *p)
{
  char text[HEAT_FACTORS_TEXT];

  PetscFunctionBeginUser;
  if (HeatFactorsAdvise(p->c, &p->layout, text, sizeof text))
    PetscCall(HeatWarningsAdd(&p->warnings, "%s", text));
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
  const PetscInt    halo = p->multigrid ? HEAT_HALO : 1; /* of the finest level */
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

/* Warn if there are so many blocks that the plan does not count their messages. */
static PetscErrorCode WarnOfCounts(HeatPlan *p)
{
  const HeatLayout *l = &p->layout;

  PetscFunctionBeginUser;
  if (HeatLayoutCanCount(l)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatWarningsAdd(&p->warnings,
                            "%s messages of %" PetscInt_FMT " x %" PetscInt_FMT " blocks%s are "
                            "not counted, since that would take long; take a number of ranks "
                            "with other factors",
                            HeatLayoutCanCountHalo(l) ? "the multigrid's" : "the", l->px, l->py,
                            HeatLayoutHasTiles(l) ? "" : ", of which nodes own no rectangles,"));
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
  PetscCall(HeatWarningsAdd(&p->warnings,
                            "memory is short: a node needs %s, and %s has %s (%s); %s",
                            HeatPlanBytes(p->per_node, size[0]),
                            p->request.machine ? "one of the machine" : "this machine",
                            HeatPlanBytes(p->have, size[1]), p->have_name, remedy));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Time. */

/* Warn of what the machine file does not know, and of a machine that is too small. */
static PetscErrorCode WarnOfMachine(HeatPlan *p)
{
  const HeatMachine *m     = p->request.machine;
  const PetscInt     ranks = PetscMin(p->layout.per_node, p->layout.size);
  const double       most  = m->memory_bandwidth.at[m->memory_bandwidth.n - 1];

  PetscFunctionBeginUser;
  if (p->layout.start[0])
    PetscCall(HeatWarningsAdd(&p->warnings,
                              "predicted times are those of the slowest rank, by its block and "
                              "decomposition.weights; the machine file describes the fastest "
                              "ranks, and the table of scaling has equal ones"));
  if (p->layout.n_nodes > m->nodes)
    PetscCall(HeatWarningsAdd(&p->warnings,
                              "%" PetscInt_FMT " nodes are planned, and %s has %" PetscInt_FMT,
                              p->layout.n_nodes, p->have_name, m->nodes));
  if (ranks > m->cores_per_node)
    PetscCall(HeatWarningsAdd(&p->warnings,
                              "ranks share cores: a node has %" PetscInt_FMT
                              " ranks and %" PetscInt_FMT
                              " cores; predicted times count turns, and waiting for messages takes "
                              "longer than predicted",
                              ranks, m->cores_per_node));
  else if ((double)ranks > most)
    PetscCall(HeatWarningsAdd(&p->warnings,
                              "the machine file knows the memory bandwidth of up to %g ranks of a "
                              "node; that of %" PetscInt_FMT " is taken to be the same",
                              most, ranks));
  if (p->layout.n_nodes > 1 && !m->between.given)
    PetscCall(HeatWarningsAdd(&p->warnings,
                              "the machine file has nothing about messages between nodes; those "
                              "within a node are taken instead"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Warn of what predicted times leave out, since a calibration has no such kernel. */
static PetscErrorCode WarnOfUncounted(HeatPlan *p)
{
  const PetscBool stages   = p->steps.stages > 0 ? PETSC_TRUE : PETSC_FALSE;
  const char     *parts[3] = {
          p->steps.timed ? "the evaluation of sources that change with time" : NULL,
      stages && p->steps.alone ? "a field that stages of rkl2 with sources or fluxes of time read "
                                 "and write in addition"
                               : NULL,
      p->c->exchange.coefficient.given ? "the terms of exchange with an ambient" : NULL};
  char text[256] = "";

  PetscFunctionBeginUser;
  for (int k = 0; k < 3; k++) {
    const size_t used = strlen(text);

    if (parts[k])
      (void)snprintf(text + used, sizeof text - used, "%s%s", used ? ", " : "", parts[k]);
  }
  if (text[0])
    PetscCall(HeatWarningsAdd(
        &p->warnings, "predicted times leave out %s: steps take longer than predicted", text));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Warn if a checkpoint takes longer than the time to the next one. */
static PetscErrorCode WarnOfCheckpoints(HeatPlan *p)
{
  const HeatPlanTime *t = &p->time;

  PetscFunctionBeginUser;
  if (!(t->checkpoint > t->interval)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatWarningsAdd(&p->warnings,
                            "a checkpoint takes %.3g s, longer than its interval of %.3g s; write "
                            "checkpoints more rarely (checkpoint.every, checkpoint.wall_interval)",
                            t->checkpoint, t->interval));
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
  PetscCall(WarnOfCounts(p));
  PetscCall(WarnOfMemory(p));
  if (p->request.machine) {
    PetscCall(WarnOfMachine(p));
    PetscCall(WarnOfUncounted(p));
    PetscCall(WarnOfCheckpoints(p));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
