/* The schemes.
 *
 * ftcs:  T_new = T + dt/C N(T, t).
 * theta: (C/(theta dt) - L) D = N(T, t + dt) + (1/theta - 1) N(T, t),  T_new = T + D.  theta = 1 is
 *        backward Euler, 1/2 Crank-Nicolson.  Solving for the
 *        increment makes the right-hand side the initial residual, so the relative tolerance means
 *        the same however close the field is to rest.
 * steady: the same with C/dt left out: one solve from the initial field. */
#include "solver/stepper.h"

#include <stdio.h>

typedef struct {
  PetscReal theta;
  PetscErrorCode (*setup)(HeatStepper *, PetscReal dt);
  PetscErrorCode (*advance)(HeatStepper *, PetscReal t, PetscReal dt, Vec *T, HeatStepInfo *info);
} Scheme;

struct HeatStepper {
  HeatOperator *op;
  const Scheme *scheme;
  HeatLinear   *linear; /* owned; implicit schemes */
  Vec           work;   /* owned: the new temperature (explicit), the increment (implicit) */
  Vec           net;    /* owned: right-hand side (implicit) */
};

/* Explicit. */

static PetscErrorCode SetUpExplicit(HeatStepper *s, PetscReal dt)
{
  const HeatCase *c = HeatOperatorCase(s->op);
  PetscReal       limit;

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorStableStep(s->op, &limit));
  HeatCaseCheckKey(
      dt <= limit * (1.0 + 1e-12), HeatOperatorGrid(s->op)->comm, c, "time.step",
      "%g s is unstable for ftcs on this grid: the largest stable step is %.6g s; take that, "
      "`step: auto`, or an implicit scheme such as backward-euler",
      (double)dt, (double)limit);
  PetscCall(DMCreateGlobalVector(HeatOperatorGrid(s->op)->da, &s->work));
  PetscFunctionReturn(0);
}

static PetscErrorCode AdvanceExplicit(HeatStepper *s, PetscReal t, PetscReal dt, Vec *T,
                                      HeatStepInfo *info)
{
  const PetscReal *old;
  PetscReal *new;
  const Vec swap = *T;

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorSetTime(s->op, t));
  PetscCall(VecGetArrayRead(*T, &old));
  PetscCall(VecGetArrayWrite(s->work, &new));
  PetscCall(HeatOperatorFlows(s->op, old, &info->flows));
  PetscCall(HeatOperatorStep(s->op, dt, old, new));
  PetscCall(VecRestoreArrayWrite(s->work, &new));
  PetscCall(VecRestoreArrayRead(*T, &old));
  *T      = s->work;
  s->work = swap;
  PetscFunctionReturn(0);
}

/* Implicit. */

static PetscErrorCode CreateImplicit(HeatStepper *s, PetscReal mass)
{
  PetscFunctionBeginUser;
  PetscCall(DMCreateGlobalVector(HeatOperatorGrid(s->op)->da, &s->net));
  PetscCall(VecDuplicate(s->net, &s->work));
  PetscCall(HeatLinearCreate(s->op, mass, &s->linear));
  PetscFunctionReturn(0);
}

static PetscErrorCode SetUpTheta(HeatStepper *s, PetscReal dt)
{
  PetscFunctionBeginUser;
  PetscCall(CreateImplicit(s, 1.0 / (s->scheme->theta * dt)));
  PetscFunctionReturn(0);
}

/* net = N(T) at the operator's time, plus weight times what it was. */
static PetscErrorCode AddNetHeat(HeatStepper *s, Vec T, PetscReal weight)
{
  const PetscReal *old;
  PetscReal       *net;

  PetscFunctionBeginUser;
  if (weight != 0.0) PetscCall(VecCopy(s->net, s->work));
  PetscCall(VecGetArrayRead(T, &old));
  PetscCall(VecGetArrayWrite(s->net, &net));
  PetscCall(HeatOperatorNet(s->op, old, net));
  PetscCall(VecRestoreArrayWrite(s->net, &net));
  PetscCall(VecRestoreArrayRead(T, &old));
  if (weight != 0.0) PetscCall(VecAXPY(s->net, weight, s->work));
  PetscFunctionReturn(0);
}

/* Adds weight times the heat that enters at the operator's time. */
static PetscErrorCode AddFlows(HeatStepper *s, Vec T, PetscReal weight, HeatFlows *sum)
{
  const PetscReal *values;
  HeatFlows        flows;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(HeatOperatorFlows(s->op, values, &flows));
  PetscCall(VecRestoreArrayRead(T, &values));
  for (int k = 0; k < HEAT_SIDES; k++) sum->side[k] += weight * flows.side[k];
  sum->source += weight * flows.source;
  sum->exchange += weight * flows.exchange;
  sum->turnover += weight * flows.turnover;
  PetscFunctionReturn(0);
}

static PetscErrorCode AdvanceTheta(HeatStepper *s, PetscReal t, PetscReal dt, Vec *T,
                                   HeatStepInfo *info)
{
  const PetscReal theta = s->scheme->theta, before = 1.0 / theta - 1.0;
  char            what[64];

  PetscFunctionBeginUser;
  (void)snprintf(what, sizeof what, "the step from t = %g s", (double)t);
  if (before > 0.0) {
    PetscCall(HeatOperatorSetTime(s->op, t));
    PetscCall(AddNetHeat(s, *T, 0.0));
    PetscCall(AddFlows(s, *T, 1.0 - theta, &info->flows));
  }
  PetscCall(HeatOperatorSetTime(s->op, t + dt));
  PetscCall(AddNetHeat(s, *T, before));
  PetscCall(HeatLinearSetMass(s->linear, 1.0 / (theta * dt)));
  PetscCall(HeatLinearSolve(s->linear, s->net, s->work, what, &info->solve));
  PetscCall(VecAXPY(*T, 1.0, s->work));
  PetscCall(AddFlows(s, *T, theta, &info->flows));
  PetscFunctionReturn(0);
}

/* Where no side fixes the level, sources and fluxes must cancel: there is a steady state only
   then. */
static PetscErrorCode CheckSteadyExists(HeatStepper *s)
{
  const HeatCase *c       = HeatOperatorCase(s->op);
  PetscReal       sums[2] = {0.0, 0.0};

  PetscFunctionBeginUser;
  if (HeatBoundariesFixLevel(c)) PetscFunctionReturn(0);
  sums[0] = HeatSourceLocalTotal(HeatOperatorSource(s->op));
  sums[1] = HeatSourceLocalTurnover(HeatOperatorSource(s->op));
  for (int side = 0; side < HEAT_SIDES; side++) {
    const HeatBoundaryFaces faces = HeatBoundariesGet(HeatOperatorBoundaries(s->op),
                                                      (HeatSide)side);

    for (PetscInt k = 0; k < faces.length; k++) {
      sums[0] += faces.F[k];
      sums[1] += PetscAbsReal(faces.F[k]);
    }
  }
  PetscCallMPI(
      MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPIU_REAL, MPI_SUM, HeatOperatorGrid(s->op)->comm));
  HeatCaseCheckKey(
      PetscAbsReal(sums[0]) <= 1e-9 * sums[1], HeatOperatorGrid(s->op)->comm, c, "boundary",
      "there is no steady state: %g W/m enter and no side lets them out; give one side a "
      "temperature or convection",
      (double)sums[0]);
  PetscFunctionReturn(0);
}

static PetscErrorCode SetUpSteady(HeatStepper *s, PetscReal dt)
{
  PetscFunctionBeginUser;
  (void)dt;
  PetscCall(CheckSteadyExists(s));
  PetscCall(CreateImplicit(s, 0.0));
  PetscFunctionReturn(0);
}

/* The increment of a field that no side holds: shifted such that the stored heat stays what it
   was. */
static PetscErrorCode KeepStoredHeat(HeatStepper *s)
{
  const HeatGrid  *g = HeatOperatorGrid(s->op);
  const PetscReal *C = HeatOperatorCapacity(s->op);
  const PetscReal *increment;
  PetscReal        sums[2] = {0.0, 0.0};

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(s->work, &increment));
  for (size_t cell = 0; cell < HeatGridLocalCells(g); cell++) {
    sums[0] += C[cell] * increment[cell];
    sums[1] += C[cell];
  }
  PetscCall(VecRestoreArrayRead(s->work, &increment));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPIU_REAL, MPI_SUM, g->comm));
  PetscCall(VecShift(s->work, -sums[0] / sums[1]));
  PetscFunctionReturn(0);
}

static PetscErrorCode AdvanceSteady(HeatStepper *s, PetscReal t, PetscReal dt, Vec *T,
                                    HeatStepInfo *info)
{
  PetscFunctionBeginUser;
  (void)dt;
  PetscCall(HeatOperatorSetTime(s->op, t));
  PetscCall(AddNetHeat(s, *T, 0.0));
  PetscCall(HeatLinearSolve(s->linear, s->net, s->work, "the steady state", &info->solve));
  if (!HeatBoundariesFixLevel(HeatOperatorCase(s->op))) PetscCall(KeepStoredHeat(s));
  PetscCall(VecAXPY(*T, 1.0, s->work));
  PetscCall(AddFlows(s, *T, 1.0, &info->flows));
  PetscFunctionReturn(0);
}

/* The table. */

static const Scheme schemes[] = {
    [HEAT_SCHEME_FTCS]           = {0.0, SetUpExplicit, AdvanceExplicit},
    [HEAT_SCHEME_BACKWARD_EULER] = {1.0, SetUpTheta, AdvanceTheta},
    [HEAT_SCHEME_CRANK_NICOLSON] = {0.5, SetUpTheta, AdvanceTheta},
    [HEAT_SCHEME_STEADY]         = {1.0, SetUpSteady, AdvanceSteady},
};

PetscErrorCode HeatStepperCreate(HeatOperator *op, PetscReal dt, HeatStepper **stepper)
{
  HeatStepper *s;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&s));
  *stepper  = s;
  s->op     = op;
  s->scheme = &schemes[HeatOperatorCase(op)->time.scheme];
  PetscCall(s->scheme->setup(s, dt));
  PetscFunctionReturn(0);
}

PetscErrorCode HeatStepperAdvance(HeatStepper *s, PetscReal t, PetscReal dt, Vec *T,
                                  HeatStepInfo *info)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(info, sizeof *info));
  info->dt = dt;
  PetscCall(s->scheme->advance(s, t, dt, T, info));
  PetscFunctionReturn(0);
}

PetscBool HeatStepperIsAdaptive(const HeatStepper *s)
{
  (void)s;
  return PETSC_FALSE;
}

PetscErrorCode HeatStepperFirstStep(HeatStepper *s, PetscReal t, Vec T, PetscReal *dt)
{
  (void)s;
  (void)t;
  (void)T;
  *dt = 0.0;
  return PETSC_SUCCESS;
}

PetscErrorCode HeatStepperSave(HeatStepper *s, HeatStepperMemory *memory)
{
  (void)s;
  return PetscMemzero(memory, sizeof *memory);
}

PetscErrorCode HeatStepperLoad(HeatStepper *s, const HeatStepperMemory *memory)
{
  (void)s;
  (void)memory;
  return PETSC_SUCCESS;
}

HeatLinear *HeatStepperLinear(HeatStepper *s) { return s->linear; }

PetscErrorCode HeatStepperDestroy(HeatStepper **stepper)
{
  HeatStepper *s = *stepper;

  PetscFunctionBeginUser;
  if (!s) PetscFunctionReturn(0);
  PetscCall(HeatLinearDestroy(&s->linear));
  PetscCall(VecDestroy(&s->work));
  PetscCall(VecDestroy(&s->net));
  PetscCall(PetscFree(*stepper));
  PetscFunctionReturn(0);
}
