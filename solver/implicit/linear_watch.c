/** Ending a linear solve when its time step is abandoned (solver/base/interrupt.h).
 *
 *  The convergence test is the one function that every Krylov method calls in each iteration on all
 *  ranks.  A test that polls the interrupt first is wrapped around it.  A solve that is to be
 *  abandoned then ends as one that did not converge, so that PETSc restores all arrays that it
 *  holds; linear_solve.c and stage.c return HEAT_STOPPED after it. */
#include "solver/base/petsc_versions.h"
#include "solver/implicit/linear_impl.h"

/* A convergence test of PETSc's, and the solver whose iterations it ends. */
typedef struct {
  HeatLinear *linear; /* borrowed */
  PetscErrorCode (*test)(KSP, PetscInt, PetscReal, KSPConvergedReason *, void *);
  PetscErrorCode (*destroy)(HeatContextArgument);
  void *context; /* of `test`; owned */
} Watch;

/* End the solve where the step is to be abandoned, otherwise apply the test that was there before.
   */
static PetscErrorCode ConvergedOrStopped(KSP ksp, PetscInt it, PetscReal norm,
                                         KSPConvergedReason *reason, void *context)
{
  Watch    *watch = context;
  PetscBool stop;

  PetscFunctionBeginUser;
  PetscCall(HeatInterruptPoll(HeatOperatorInterrupt(watch->linear->op), &stop));
  if (stop) *reason = KSP_DIVERGED_ITS;
  else PetscCall(watch->test(ksp, it, norm, reason, watch->context));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode WatchDestroy(HeatContextArgument argument)
{
  Watch *watch = HeatContextOf(argument);

  PetscFunctionBeginUser;
  if (watch->destroy) PetscCall(watch->destroy(HeatContextArgumentOf(&watch->context)));
  PetscCall(PetscFree(watch));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLinearWatch(HeatLinear *l, KSP ksp)
{
  Watch *watch;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&watch));
  watch->linear = l;
  PetscCall(KSPGetConvergenceTest(ksp, &watch->test, &watch->context, &watch->destroy));
  if (watch->test == ConvergedOrStopped) {
    PetscCall(PetscFree(watch));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(KSPGetAndClearConvergenceTest(ksp, &watch->test, &watch->context, &watch->destroy));
  PetscCall(KSPSetConvergenceTest(ksp, ConvergedOrStopped, watch, WatchDestroy));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLinearWatchAgain(HeatLinear *l)
{
  PetscFunctionBeginUser;
  PetscCall(HeatLinearWatch(l, l->ksp));
  PetscFunctionReturn(PETSC_SUCCESS);
}
