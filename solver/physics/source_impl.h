/** Internals of the heat sources, shared by source.c and source_setup.c and included nowhere else.
 *  */
#ifndef HEAT_SOLVER_SOURCE_IMPL_H
#define HEAT_SOLVER_SOURCE_IMPL_H

#include "solver/case/expression.h"
#include "solver/physics/source.h"

/** The cells of one row where a term acts (paint.h draws runs). */
typedef struct {
  PetscInt j, begin, end; /* local row; local columns [begin, end) */
} HeatSourceRun;

/** A source expression that changes with t or T, and where it acts. */
typedef struct {
  HeatExpression *expression;   /* owned; source of x y t T [W/m3], or power of t [W/m] */
  PetscInt        region;       /* index into the case's regions; -1: the top-level source */
  PetscInt64      share;        /* power: number of cells among which it is divided; 0: a source */
  PetscBool       uniform;      /* depends on t alone: one value for all cells */
  PetscBool       depends_on_T; /* evaluated by Update, not by SetTime */
  PetscInt        n_runs;       /* runs in use */
  PetscInt        capacity;     /* runs allocated */
  HeatSourceRun  *runs;         /* owned [capacity] */
  PetscInt64      n_cells;      /* own cells of the runs */
  PetscReal       value;        /* of a uniform term at the last SetTime, per cell [W/m] */
} HeatSourceTerm;

struct HeatSource {
  const HeatGrid *grid;         /* borrowed */
  const HeatCase *c;            /* borrowed */
  PetscInt64     *power_cells;  /* owned [n_regions] cells of all ranks that carry a region's power;
                                     NULL: no region has one */
  PetscReal      *base;         /* owned [nyl][nxl] first layer [W/m]; NULL like the other layers
                                     where the case has no source */
  PetscReal      *timed;        /* [nyl][nxl] second layer [W/m]; owned where has_time_terms */
  PetscReal      *cells;        /* [nyl][nxl] third layer, Q [W/m]; owned where has_T_terms */
  PetscReal      *slope;        /* owned [nyl][nxl] dQ/dT [W/(m K)]; NULL: no term contains T */
  HeatMoment      when;         /* of the last SetTime or SetTimeOnLine */
  PetscReal      *mean, *trend; /* owned [nyl][nxl] lines over a step of all terms without T [W/m]
                                     and [W/(m s)]; NULL before the first SetTimeOnLine */
  PetscReal       line_from, line_to; /* [s] the step that they are for */
  PetscInt        n_terms;            /* at most one for each region, and the top-level source */
  HeatSourceTerm *terms;              /* owned [n_terms] */
  PetscBool       has_time_terms;     /* some term contains t and not T */
  PetscBool       has_T_terms;        /* some term contains T */
  PetscReal      *x, *y;              /* owned [nxl] cell centres of one row [m]; x is constant */
  PetscReal      *value;              /* owned [nxl] one row of an expression's values */
  PetscReal      *slopes;             /* owned [nxl] slopes of a run; where has_T_terms */
  HeatExactSum    total;              /* sum of `cells` [W/m] */
  HeatExactSum    turnover;           /* sum of |cells| [W/m] */
};

/** Add a term without T to cells[nyl][nxl] [W/m].  Not collective.
 *  @param[in,out] fault  notes values that are not finite */
PetscErrorCode HeatSourceAddTerm(HeatSource *source, const HeatSourceTerm *term, HeatMoment when,
                                 PetscReal *cells, HeatFault *fault);

/** Compute total and turnover from `cells`.  Not collective. */
void HeatSourceSumCells(HeatSource *source);

#endif
