/** The `check` section of a case: quantities of the final state compared with expected values. */
#ifndef HEAT_APP_CHECKS_H
#define HEAT_APP_CHECKS_H

#include "app/report/survey.h"

/** The result of one check; the same on all ranks. */
typedef struct {
  char      description[160]; /* for the user: "temperature at (0.6, 0.2)" */
  PetscReal value;     /* computed; in the unit of the quantity, as `expected` and `tolerance` */
  PetscReal expected;  /* NaN for a check of the form `below` */
  PetscReal tolerance; /* absolute bound of |value - expected|, or of |value| for `below` */
  PetscBool pass;      /* never true for a value that is NaN */
} HeatCheckResult;

/** Require that the exact solutions of the checks are numbers in every cell at the end of the run,
 *  where its time is known in advance.  Collective; no message where no check has one.
 *  Errors: HEAT_ERR_INPUT, with the key, the place and the time. */
PetscErrorCode HeatChecksRequire(const HeatGrid *grid, const HeatCase *c);

/** Evaluate all checks of the case at the present state, which was surveyed.  Collective.
 *  @param[out] results   [c->n_checks]; the caller frees it with PetscFree
 *  @param[out] all_pass  true where there are no checks
 *  Errors: HEAT_ERR_NUMERICS as HeatSurveyPrepare. */
PetscErrorCode HeatChecksEvaluate(const HeatRunState *state, HeatSurvey *survey,
                                  HeatCheckResult **results, PetscBool *all_pass);

#endif
