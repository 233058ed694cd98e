/** Internals of the heat sources, which source.c, source_setup.c and source_factor.c share. */
#ifndef HEAT_SOLVER_SOURCE_IMPL_H
#define HEAT_SOLVER_SOURCE_IMPL_H

#include "solver/base/exact_sum.h"
#include "solver/case/expression.h"
#include "solver/physics/source.h"

/** The cells of one row where a term acts (paint.h draws runs). */
typedef struct {
  PetscInt j, begin, end; /* local row; local columns [begin, end) */
} HeatSourceRun;

/** A source expression that changes with t or T, and where it acts. */
typedef struct {
  HeatExpression *expression; /* owned; source of x y t T [W/m3], or power of t [W/m] */
  PetscInt        region;     /* index into the case's regions; -1: the top-level source */
  PetscInt64      share;      /* power: number of cells among which it is divided; 0: a source */
  PetscBool       uniform;    /* depends on t alone: one value for all cells */
  HeatExpression *factor;     /* owned; of t: the source is shape times factor; NULL: it is no
                                   such product, or uniform */
  PetscReal      *shape;      /* owned [n_cells] shape of a term with a factor [W/m], in the
                                   order of its runs; NULL: uniform, or no such product */
  PetscReal       largest;    /* max |shape| [W/m] */
  HeatExactSum    total;    /* sum of the shape over own cells [W/m]; of a uniform term, n_cells */
  HeatExactSum    turnover; /* sum of |shape| */
  PetscBool       depends_on_T; /* evaluated by Update, not by SetTime */
  PetscInt        n_runs;       /* runs in use */
  PetscInt        capacity;     /* runs allocated */
  HeatSourceRun  *runs;         /* owned [capacity] */
  PetscInt64      n_cells;      /* own cells of the runs */
  PetscReal       time;         /* [s] at which the terms of time in `timed` were evaluated, for a
                                   term that is neither uniform nor has a factor; NAN: the next
                                   SetTime evaluates it in any case */
  PetscReal       value;        /* at the last SetTime: of a uniform term per cell [W/m]; of one
                                   with a factor, the factor */
} HeatSourceTerm;

/** The sources.  base, timed and cells are the three layers that source.c draws; each contains the
 *  one before it.  HEAT_SOURCE_LAYERS are others: layers of terms, by their place in the case. */
struct HeatSource {
  const HeatGrid *grid;         /* borrowed */
  const HeatCase *c;            /* borrowed */
  PetscInt64     *power_cells;  /* owned [n_regions] cells of all ranks that carry a region's power;
                                     NULL: no region has one */
  PetscReal      *base;         /* owned [nyl][nxl] terms of neither t nor T [W/m]; NULL like
                                     the next two where the case has no source */
  PetscReal      *timed;        /* [nyl][nxl] base and terms of t [W/m]; owned where
                                     has_time_terms, else it is base */
  PetscReal      *cells;        /* [nyl][nxl] Q, timed and terms of T [W/m]; owned where
                                     has_T_terms, else it is timed */
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
  PetscBool       factored;           /* all terms are uniform or have a factor */
  HeatExactSum    base_total, base_turnover; /* sums of base and |base| [W/m]; where factored */
  HeatExactSum    total;                     /* sum of `cells` [W/m] */
  HeatExactSum    turnover;                  /* sum of |cells| [W/m]; where factored, of |base| and
                                                of the magnitudes of all terms */
};

/** Add a term without T to cells[nyl][nxl] [W/m].  Not collective.
 *  @param[in,out] fault  notes values that are not finite */
PetscErrorCode HeatSourceAddTerm(HeatSource *source, const HeatSourceTerm *term, HeatMoment when,
                                 PetscReal *cells, HeatFault *fault);

/** Evaluate a term without T along a run into value[run length], heat of the cells [W/m].  Not
 *  collective.
 *  @param[in,out] fault  notes values that are not finite */
PetscErrorCode HeatSourceEvaluateRun(HeatSource *source, const HeatSourceTerm *term,
                                     const HeatSourceRun *run, HeatMoment when, PetscReal *value,
                                     HeatFault *fault);

/** Evaluate a uniform term into *heat, of each of its cells [W/m].  Not collective.
 *  @param[in,out] fault  notes a value that is not finite */
PetscErrorCode HeatSourceEvaluateOnce(const HeatSource *source, const HeatSourceTerm *term,
                                      HeatMoment when, PetscReal *heat, HeatFault *fault);

/** Evaluate the value of a uniform term, or the factor of a term; set *changed to true if it
 *  differs from the stored value.  Not collective.
 *  @param[in,out] fault  notes values that are not finite */
PetscErrorCode HeatSourceUpdateValue(HeatSource *source, HeatSourceTerm *term, HeatMoment when,
                                     PetscBool *changed, HeatFault *fault);

/** Compute total and turnover from `cells`.  Not collective. */
void HeatSourceSumCells(HeatSource *source);

/** Compute total and turnover, where factored, from the sums of base and shapes.  Not
 *  collective. */
void HeatSourceSumTerms(HeatSource *source);

/** Return the formula of a term. */
const HeatFormula *HeatSourceFormula(const HeatSource *source, const HeatSourceTerm *term);

/** Split the terms of time into shapes and factors, where all are uniform or such products, and sum
 *  base and shapes.  Not collective; call at set-up, when `base` is complete.
 *  @param[in,out] fault  notes shapes that are not finite */
PetscErrorCode HeatSourceSplitTerms(HeatSource *source, HeatFault *fault);

#endif
