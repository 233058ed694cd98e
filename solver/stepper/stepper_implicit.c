/** The implicit schemes that are one stage equation a step (stage.h).
 *
 *  theta:   C/(theta dt) (T_new - T) = N(T_new, t + dt) + (1/theta - 1) N(T, t)
 *           theta = 1 is backward-euler, theta = 1/2 is crank-nicolson.
 *  steady:  0 = N(T, t)
 *           Where no side fixes the level of T, a solution exists only if the heat that enters
 *           cancels. */
#include "solver/stepper/stepper_impl.h"

static PetscErrorCode CreateTheta(HeatStepper *s, PetscReal dt)
{
  PetscFunctionBeginUser;
  PetscCall(HeatStepperCreateStage(s, 1.0 / s->method->theta, dt));
  if (s->method->theta < 1.0) PetscCall(VecDuplicate(s->next, &s->net));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Solve the stage equation of the file's head; the heat flows are weighted by theta and 1 -
   theta. */
static PetscErrorCode AttemptTheta(HeatStepper *s, PetscReal t, PetscReal dt, Vec T,
                                   HeatStepInfo *info, HeatAttempt *attempt)
{
  const PetscReal   theta = s->method->theta;
  HeatStageEquation eq    = {.t = t + dt, .sigma = 1.0 / (theta * dt)};

  PetscFunctionBeginUser;
  if (theta < 1.0 || !HeatOperatorIsLinear(s->op)) PetscCall(HeatStepperBring(s, t, T));
  if (theta < 1.0) {
    PetscCall(HeatStepperNet(s, T, s->net, 1.0 - theta, &info->flows));
    PetscCall(VecScale(s->net, 1.0 / theta - 1.0));
    eq.extra = s->net;
  }
  PetscCall(HeatStagePrepare(s->stage, eq.sigma));
  PetscCall(VecCopy(T, s->next));
  PetscCall(HeatStageSolve(s->stage, &eq, s->next, &info->solve, &attempt->solved));
  info->stages += 1;
  if (attempt->solved) PetscCall(HeatStepperAddFlows(s, s->next, theta, &info->flows));
  PetscFunctionReturn(PETSC_SUCCESS);
}

const HeatMethod HeatMethodBackwardEuler = {
    .theta = 1.0, .create = CreateTheta, .attempt = AttemptTheta};
const HeatMethod HeatMethodCrankNicolson = {
    .theta = 0.5, .create = CreateTheta, .attempt = AttemptTheta};

/* Steady. */

/* Refuse a case without a steady state.  Where no side fixes the level of T, sources and fluxes
   must cancel; and nothing may depend on T, since the steady state would then depend on its level,
   which is not determined.

   The heat may differ from 0 by 1e-9 of the sum of its magnitudes.  Chosen: the sums are exact, but
   their terms come from numbers that the user rounded.  A larger value accepts cases that have
   no steady state, a smaller one refuses cases for the rounding of their numbers. */
static PetscErrorCode CheckSteadyExists(HeatStepper *s)
{
  const HeatCase   *c       = HeatOperatorCase(s->op);
  const HeatSource *source  = HeatOperatorSource(s->op);
  HeatExactSum      sums[2] = {*HeatSourceLocalTotal(source), *HeatSourceLocalTurnover(source)};
  PetscReal         heat[2];

  PetscFunctionBeginUser;
  if (HeatBoundariesFixLevel(c)) PetscFunctionReturn(PETSC_SUCCESS);
  HeatCaseCheckKey(
      HeatOperatorIsLinear(s->op), HeatOperatorGrid(s->op)->comm, c, "boundary",
      "no side fixes the level of the temperature, and a conductivity, a source or a side "
      "depends on it: give one side a temperature, convection or radiation, or choose "
      "a transient scheme");
  for (int side = 0; side < HEAT_SIDES; side++) {
    const HeatBoundaryFaces faces = HeatBoundariesGet(HeatOperatorBoundaries(s->op),
                                                      (HeatSide)side);

    for (PetscInt k = 0; k < faces.length; k++) {
      HeatExactSumAdd(&sums[0], faces.F[k]);
      HeatExactSumAdd(&sums[1], PetscAbsReal(faces.F[k]));
    }
  }
  PetscCall(HeatExactSumReduce(HeatOperatorGrid(s->op)->comm, 2, sums, heat));
  HeatCaseCheckKey(
      PetscAbsReal(heat[0]) <= 1e-9 * heat[1], HeatOperatorGrid(s->op)->comm, c, "boundary",
      "there is no steady state: %g W/m enter and no side lets them out; give one side a "
      "temperature or convection",
      (double)heat[0]);
  HeatCaseCheckKey(HeatCaseHasInitial(c), HeatOperatorGrid(s->op)->comm, c, "initial.temperature",
                   "missing; no side fixes the level of the temperature, so that of the steady "
                   "state is the mean of the initial one: give it, or give one side a temperature, "
                   "convection or radiation");
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CreateSteady(HeatStepper *s, PetscReal dt)
{
  PetscFunctionBeginUser;
  (void)dt;
  PetscCall(CheckSteadyExists(s));
  PetscCall(HeatStageCreate(s->op, 0.0, &s->stage));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Shift s->next by a constant such that its stored heat equals the stored heat of T.  Where no side
   fixes the level, this chooses among the solutions, which differ by a constant. */
static PetscErrorCode KeepStoredHeat(HeatStepper *s, Vec T)
{
  const HeatGrid  *g = HeatOperatorGrid(s->op);
  const PetscReal *old, *new;
  HeatExactSum     sums[2] = {0};
  PetscReal        heat[2]; /* [J/m] stored heat gained; [J/(m K)] heat capacity of the domain */

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &old));
  PetscCall(VecGetArrayRead(s->next, &new));
  for (size_t cell = 0; cell < HeatGridLocalCells(g); cell++) {
    const PetscReal C = HeatOperatorCapacityAt(s->op, cell);

    HeatExactSumAdd(&sums[0], C * (new[cell] - old[cell]));
    HeatExactSumAdd(&sums[1], C);
  }
  PetscCall(VecRestoreArrayRead(s->next, &new));
  PetscCall(VecRestoreArrayRead(T, &old));
  PetscCall(HeatExactSumReduce(g->comm, 2, sums, heat));
  PetscCall(VecShift(s->next, -heat[0] / heat[1]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Replace *T by the steady state at time t. */
static PetscErrorCode AdvanceSteady(HeatStepper *s, PetscReal t, PetscReal dt, Vec *T,
                                    HeatStepInfo *info)
{
  const HeatStageEquation eq = {.t = t};
  Vec                     swap;
  PetscBool               solved;

  PetscFunctionBeginUser;
  (void)dt;
  PetscCall(HeatStepperBring(s, t, *T));
  PetscCall(HeatStagePrepare(s->stage, 0.0));
  PetscCall(VecCopy(*T, s->next));
  PetscCall(HeatStageSolve(s->stage, &eq, s->next, &info->solve, &solved));
  if (!solved) PetscCall(HeatStageRaise(s->stage, "the steady state", ""));
  if (!HeatBoundariesFixLevel(HeatOperatorCase(s->op))) PetscCall(KeepStoredHeat(s, *T));
  swap         = *T;
  *T           = s->next;
  s->next      = swap;
  info->stages = 1;
  PetscCall(HeatStepperAddFlows(s, *T, 1.0, &info->flows));
  PetscFunctionReturn(PETSC_SUCCESS);
}

const HeatMethod HeatMethodSteady = {.create = CreateSteady, .advance = AdvanceSteady};
