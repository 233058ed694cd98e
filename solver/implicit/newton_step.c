/** Newton's method with steps in Kirchhoff's variable, and with full steps where its line search
 *  fails.
 *
 *  The net heat is monotone, and its Jacobian an M-matrix, as far as conduction is concerned
 *  (solver/README.md section 3).  Newton's method then converges with full steps although the norm
 *  of F may grow on the way, which a line search does not let it do.  Without that property, as
 *  with a source that grows with T, full steps may diverge: they come second. */
#include "solver/implicit/newton_step.h"

/* What helps where no step reduces ||F||, and where the iterations ran out. */
#define ADVICE_JUMP                                                                                \
  "a conductivity, source or side that jumps with the temperature may leave no solution: spread "  \
  "the jump over some kelvin"
#define ADVICE_START                                                                               \
  "where ||F|| hardly falls, more of them do not help: a start near the solution does, such as "   \
  "the end of a transient run, or the mean of a conductivity that oscillates with the temperature"

/* Bend the step Y of a line search (HeatOperatorBendStep).  SNES goes from T to T - Y, hence the
   sign. */
static PetscErrorCode BendStep(SNESLineSearch search, Vec T, Vec Y, PetscBool *changed,
                               void *context)
{
  HeatOperator    *op = context;
  const PetscReal *values;
  PetscReal       *step;

  PetscFunctionBeginUser;
  (void)search;
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(VecGetArray(Y, &step));
  PetscCall(HeatOperatorBendStep(op, values, -1.0, step));
  PetscCall(VecRestoreArray(Y, &step));
  PetscCall(VecRestoreArrayRead(T, &values));
  *changed = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatNewtonBendSteps(SNES snes, HeatOperator *op)
{
  SNESLineSearch search;

  PetscFunctionBeginUser;
  if (HeatOperatorIsSymmetric(op)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(SNESGetLineSearch(snes, &search));
  PetscCall(SNESLineSearchSetPreCheck(search, BendStep, op));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Run Newton's method from T, and add its iterations. */
static PetscErrorCode Run(SNES snes, Vec T, HeatNewtonRun *run)
{
  PetscInt more;

  PetscFunctionBeginUser;
  PetscCall(SNESSolve(snes, NULL, T));
  PetscCall(SNESGetConvergedReason(snes, &run->reason));
  PetscCall(SNESGetIterationNumber(snes, &more));
  run->newton += more;
  PetscCall(SNESGetLinearSolveIterations(snes, &more));
  run->linear += more;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Run Newton's method from T with full steps, then restore the line search of `snes`. */
static PetscErrorCode RunWithFullSteps(SNES snes, Vec T, HeatNewtonRun *run)
{
  SNESLineSearch     search;
  SNESLineSearchType type;
  char               before[64];

  PetscFunctionBeginUser;
  PetscCall(SNESGetLineSearch(snes, &search));
  PetscCall(SNESLineSearchGetType(search, &type));
  PetscCall(PetscStrncpy(before, type, sizeof before));
  PetscCall(SNESLineSearchSetType(search, SNESLINESEARCHBASIC));
  PetscCall(Run(snes, T, run));
  PetscCall(SNESLineSearchSetType(search, before));
  PetscCall(SNESLineSearchSetFromOptions(search)); /* SetType has reset the options to defaults */
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatNewtonSolve(SNES snes, HeatOperator *op, Vec T, HeatNewtonRun *run)
{
  const HeatNewtonRun none = {0};
  SNESLineSearch      search;
  PetscBool           searches; /* the method has a line search */
  Vec                 guess;

  PetscFunctionBeginUser;
  *run = none;
  PetscCall(PetscObjectTypeCompare((PetscObject)snes, SNESNEWTONLS, &searches));
  if (HeatOperatorIsSymmetric(op) || !searches) {
    PetscCall(Run(snes, T, run));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(VecDuplicate(T, &guess));
  PetscCall(VecCopy(T, guess));
  PetscCall(Run(snes, T, run));
  PetscCall(SNESGetLineSearch(snes, &search));
  PetscCall(PetscObjectTypeCompare((PetscObject)search, SNESLINESEARCHBASIC, &run->full));
  if (!run->full &&
      (run->reason == SNES_DIVERGED_LINE_SEARCH || run->reason == SNES_DIVERGED_MAX_IT)) {
    PetscCall(VecCopy(guess, T));
    PetscCall(RunWithFullSteps(snes, T, run));
    run->full = PETSC_TRUE;
  }
  PetscCall(VecDestroy(&guess));
  PetscFunctionReturn(PETSC_SUCCESS);
}

const char *HeatNewtonAdvice(const HeatNewtonRun *run)
{
  switch (run->reason) {
  case SNES_DIVERGED_LINE_SEARCH:
    return run->full ? "no part of the step reduces ||F||, nor did full steps; " ADVICE_JUMP
                     : "no part of the step reduces ||F||; " ADVICE_JUMP;
  case SNES_DIVERGED_MAX_IT:
    return run->full ? "the iterations ran out, also with full steps; " ADVICE_START
                     : "the iterations ran out; " ADVICE_START;
  case SNES_DIVERGED_LINEAR_SOLVE:
    return "a linear system was not solved: solver.preconditioner, or more linear iterations";
  case SNES_DIVERGED_FNORM_NAN:
  case SNES_DIVERGED_FUNCTION_DOMAIN:
    return "a conductivity is not positive, or a source or side not finite, at temperatures on the "
           "way: the formulas must hold wherever the iterates get to";
  case SNES_DIVERGED_DTOL:
    return "||F|| grew without bound: a source that grows with the temperature may have no steady "
           "state";
  default: return "-snes_monitor prints ||F|| of each iteration";
  }
}
