/** Fault injection for tests: the environment variable
 *      HEAT2D_INJECT=STEP:I:J:VALUE[:TIMES[:MEMORY]]
 *  writes VALUE (a number, nan or inf) into cell (I, J) after step STEP, each time that step is
 *  taken, up to TIMES times (default 1).  MEMORY, counted from 0, selects one of the fields that
 *  the scheme remembers instead of the temperature.  A line on stderr notes the injection.  Rank
 *  0's environment decides (HeatEnvironment). */
#ifndef HEAT_APP_INJECT_H
#define HEAT_APP_INJECT_H

#include "app/state/run_state.h"

/** The fault to inject; the same on all ranks.  Only the functions below change it. */
typedef struct {
  PetscInt64 step;    /* after which to inject; 0: none */
  PetscInt   cell[2]; /* i, j of the grid */
  PetscInt   times;   /* injections still to come */
  PetscInt   memory;  /* field that the scheme remembers; negative: the temperature */
  PetscReal  value;   /* to write */
} HeatInject;

/** Parse the variable, and print the note on rank 0.  Collective on grid->comm; sends no message.
 *  @param[in] text  value of the variable, the same on all ranks; NULL: it is not set
 *  Errors: HEAT_ERR_INPUT for a value that cannot be parsed. */
PetscErrorCode HeatInjectStart(HeatInject *inject, const HeatGrid *grid, const char *text);

/** Return whether a fault is to be injected after this step, so that steps taken at once must end
 *  there.  Not collective. */
PetscBool HeatInjectIsAt(const HeatInject *inject, PetscInt64 step);

/** Inject the fault if it belongs after the step that was just taken.  Collective. */
PetscErrorCode HeatInjectStep(HeatInject *inject, HeatRunState *state);

#endif
