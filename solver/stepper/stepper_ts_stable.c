/** The largest stable step of PETSc's explicit integrators.
 *
 *  One step of a method for y' = -x y multiplies y by R(-x).  Heat decays with real rates, so that
 *  a step dt is stable where |R(-x)| <= 1 for all x up to dt times the largest rate, which
 *  HeatOperatorStableStep bounds by 2/dt_ftcs.  R is measured with PETSc's own method, so that any
 *  table of coefficients and number of stages is covered. */
#include "solver/stepper/stepper_ts_impl.h"

static PetscErrorCode Decay(TS ts, PetscReal t, Vec y, Vec rate, void *x)
{
  PetscFunctionBeginUser;
  (void)ts, (void)t;
  PetscCall(VecCopy(y, rate));
  PetscCall(VecScale(rate, -*(const PetscReal *)x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create an integrator of one number with the type and the parameters of `like`. */
static PetscErrorCode CreateLike(TS like, PetscReal *x, TS *ts)
{
  TSType    type;
  TSRKType  table;
  TSSSPType family;
  PetscInt  stages;
  PetscBool is_rk, is_ssp;
  TSAdapt   adapt;

  PetscFunctionBeginUser;
  PetscCall(TSGetType(like, &type));
  PetscCall(PetscStrcmp(type, TSRK, &is_rk));
  PetscCall(PetscStrcmp(type, TSSSP, &is_ssp));
  PetscCall(TSCreate(PETSC_COMM_SELF, ts));
  PetscCall(TSSetType(*ts, type));
  if (is_rk) {
    PetscCall(TSRKGetType(like, &table));
    PetscCall(TSRKSetType(*ts, table));
  } else if (is_ssp) {
    PetscCall(TSSSPGetType(like, &family));
    PetscCall(TSSSPGetNumStages(like, &stages));
    PetscCall(TSSSPSetType(*ts, family));
    PetscCall(TSSSPSetNumStages(*ts, stages));
  }
  PetscCall(TSSetRHSFunction(*ts, NULL, Decay, x));
  PetscCall(TSSetExactFinalTime(*ts, TS_EXACTFINALTIME_STEPOVER));
  PetscCall(TSSetMaxSteps(*ts, PETSC_MAX_INT - 1));
  PetscCall(TSGetAdapt(*ts, &adapt));
  PetscCall(TSAdaptSetType(adapt, TSADAPTNONE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store in *stable whether |R(-x)| <= 1, with the x that CreateLike was given.  1e-9 allows for
   rounding at x = 0, where R = 1. */
static PetscErrorCode IsStable(TS ts, Vec y, PetscBool *stable)
{
  PetscReal size;

  PetscFunctionBeginUser;
  PetscCall(VecSet(y, 1.0));
  PetscCall(TSSetSolution(ts, y));
  PetscCall(TSSetTime(ts, 0.0));
  PetscCall(TSSetTimeStep(ts, 1.0));
  PetscCall(TSRestartStep(ts)); /* some tables take a stage from the step before */
  PetscCall(TSSetConvergedReason(ts, TS_CONVERGED_ITERATING));
  PetscCall(TSStep(ts));
  PetscCall(VecNorm(y, NORM_INFINITY, &size));
  *stable = size <= 1.0 + 1e-9 ? PETSC_TRUE : PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Find the first x at which |R(-x)| exceeds 1, on a grid, then by bisection to 1e-8.  Chosen: a
   grid of 0.01, far finer than the unstable ranges to be expected of a polynomial R, whose degree
   is at most the number of stages; 1000 ends the search, since no method of so few stages is stable
   beyond. */
static PetscErrorCode FindInterval(TS ts, Vec y, PetscReal *x)
{
  const PetscReal grid = 0.01, most = 1000.0;
  PetscReal       low = 0.0, high = 0.0;
  PetscBool       stable = PETSC_TRUE;

  PetscFunctionBeginUser;
  while (stable && high < most) {
    low = high;
    *x = high = low + grid;
    PetscCall(IsStable(ts, y, &stable));
  }
  while (high - low > 1e-8) {
    *x = 0.5 * (low + high);
    PetscCall(IsStable(ts, y, &stable));
    if (stable) low = *x;
    else high = *x;
  }
  *x = low;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStepperTsInterval(TS like, PetscReal *interval)
{
  PetscReal x = 0.0;
  TS        ts;
  Vec       y;

  PetscFunctionBeginUser;
  PetscCall(CreateLike(like, &x, &ts));
  PetscCall(VecCreateSeq(PETSC_COMM_SELF, 1, &y));
  PetscCall(FindInterval(ts, y, &x));
  PetscCall(VecDestroy(&y));
  PetscCall(TSDestroy(&ts));
  *interval = x;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Relative excess over a limit that is accepted.  Chosen above the accuracy of the interval. */
static const PetscReal LimitSlack = 1e-6;

/* Store the largest stable step [s] of an explicit type: dt_ftcs, the limit of ftcs, is 2 over a
   bound of the largest rate.  Collective. */
static PetscErrorCode LargestStep(HeatStepper *s, PetscReal interval, PetscReal *limit)
{
  PetscReal ftcs;

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorStableStep(s->op, &ftcs));
  *limit = ftcs < PETSC_MAX_REAL ? 0.5 * interval * ftcs : ftcs;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStepperTsCheckStable(HeatStepper *s, PetscReal interval, PetscReal dt)
{
  const HeatCase *c = HeatOperatorCase(s->op);
  PetscReal       limit;

  PetscFunctionBeginUser;
  if (interval == 0.0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(LargestStep(s, interval, &limit));
  HeatCaseCheckKey(
      dt <= limit * (1.0 + LimitSlack), HeatOperatorGrid(s->op)->comm, c, "time.step",
      "%g s is unstable for ts:%s on this grid: the largest stable step is %.6g s; take "
      "that, time.adaptive, or an implicit scheme such as backward-euler",
      (double)dt, c->time.ts_type, (double)limit);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStepperTsFollowLimit(HeatStepper *s, PetscReal interval, PetscReal t,
                                        PetscReal dt)
{
  const HeatCase *c = HeatOperatorCase(s->op);
  PetscReal       limit;
  char            what[64];

  PetscFunctionBeginUser;
  if (interval == 0.0 || HeatOperatorIsLinear(s->op)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(LargestStep(s, interval, &limit));
  HeatStepperFormatStep(t, what, sizeof what);
  HeatCheck(
      dt <= limit * (1.0 + LimitSlack), HeatOperatorGrid(s->op)->comm, HEAT_ERR_NUMERICS,
      "%s: %g s is unstable for ts:%s with the temperatures reached: the largest stable step is "
      "%.6g s now; take shorter steps, time.adaptive, or an implicit scheme such as "
      "backward-euler",
      what, (double)dt, c->time.ts_type, (double)limit);
  PetscFunctionReturn(PETSC_SUCCESS);
}
