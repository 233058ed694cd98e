/** The operator's creation, its present time and field, the faults of the case's formulas, and its
 *  accessors.  The stencil is in operator_stencil.c. */
#include "solver/operator/operator.h"

#include <math.h>
#include <stdio.h>

#include "solver/operator/operator_impl.h"

PetscErrorCode HeatOperatorCreate(const HeatGrid *g, const HeatCase *c,
                                  const HeatCellInputs *inputs, HeatOperator **out)
{
  HeatOperator *op;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&op));
  *out     = op;
  op->grid = g;
  op->c    = c;
  PetscCall(PetscCalloc1(PetscMax(g->nxl, g->nyl), &op->zeros));
  PetscCall(HeatHaloCreate(g, &op->halo));
  PetscCall(HeatOperatorSetUpCoefficients(op, inputs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatOperatorSetStep(HeatOperator *op, PetscReal from, PetscReal to, HeatTimeRule rule)
{
  op->step_from = from;
  op->step_to   = to;
  op->rule      = rule;
}

/* Evaluate everything that depends on time and not on T, by its best lines over the step. */
static PetscErrorCode SetTimeOnLine(HeatOperator *op, PetscReal t, HeatFault *fault)
{
  const HeatTimeLine line = HeatTimeLineOver(op->step_from, op->step_to);

  PetscFunctionBeginUser;
  PetscCall(HeatSourceSetTimeOnLine(op->source, &line, t, fault));
  PetscCall(HeatBoundariesSetTimeOnLine(op->boundaries, &line, t, fault));
  if (op->ambient_exchange)
    PetscCall(HeatAmbientExchangeSetTimeOnLine(op->ambient_exchange, &line, t, fault));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetTimeAt(HeatOperator *op, HeatMoment when, HeatFault *fault)
{
  PetscFunctionBeginUser;
  PetscCall(HeatSourceSetTime(op->source, when, fault));
  PetscCall(HeatBoundariesSetTime(op->boundaries, when, fault));
  if (op->ambient_exchange)
    PetscCall(HeatAmbientExchangeSetTime(op->ambient_exchange, when, fault));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatOperatorRememberFault(HeatOperator *op, const HeatFault *fault, PetscReal t)
{
  if (fault->count == 0 || (op->past_fault.count && op->past_time <= t)) return;
  op->past_fault = *fault;
  op->past_time  = t;
}

PetscErrorCode HeatOperatorSetTime(HeatOperator *op, PetscReal t)
{
  HeatFault *fault = &op->time_fault;

  PetscFunctionBeginUser;
  fault->count = 0;
  if (op->rule == HEAT_TIME_ON_LINES) PetscCall(SetTimeOnLine(op, t, fault));
  else PetscCall(SetTimeAt(op, HeatMomentInStep(op->step_from, op->step_to, t), fault));
  HeatOperatorRememberFault(op, fault, t);
  if (HeatSourceVaries(op->source) || HeatBoundariesFluxVaries(op->boundaries))
    PetscCall(HeatOperatorCombineSources(op));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorTryBring(HeatOperator *op, PetscReal t, const PetscReal *T,
                                    PetscBool *valid)
{
  PetscFunctionBeginUser;
  *valid = PETSC_TRUE;
  PetscCall(HeatOperatorSetTime(op, t));
  if (!op->linear) PetscCall(HeatOperatorUpdate(op, T, valid));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorRaiseUndefined(HeatOperator *op, PetscErrorCode code, const char *when)
{
  HeatFault fault = op->fault;

  PetscFunctionBeginUser;
  op->raised = PETSC_TRUE;
  PetscCall(HeatFaultRaise(op->grid->comm, op->c, code, when, &fault));
  /* No formula is at fault: the field itself, or a sum of finite terms, is not finite. */
  return HeatRaiseHere(op->grid->comm, code,
                       "%s: the net heat of some cell is not finite at these temperatures%s", when,
                       code == HEAT_ERR_NUMERICS ? "; take shorter steps" : "");
}

PetscBool HeatOperatorHasFault(const HeatOperator *op)
{
  return op->past_fault.count > 0 ? PETSC_TRUE : PETSC_FALSE;
}

PetscErrorCode HeatOperatorCheckFormulas(HeatOperator *op)
{
  HeatFault fault = op->past_fault;
  PetscReal mine  = fault.count ? op->past_time : PETSC_MAX_REAL, first;

  PetscFunctionBeginUser;
  if (op->raised) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCallMPI(MPI_Allreduce(&mine, &first, 1, MPIU_REAL, MPIU_MIN, op->grid->comm));
  if (first == PETSC_MAX_REAL) PetscFunctionReturn(PETSC_SUCCESS);
  if (mine > first) fault.count = 0;
  op->raised = PETSC_TRUE;
  PetscCall(HeatFaultRaise(op->grid->comm, op->c, HEAT_ERR_NUMERICS, "", &fault));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorBring(HeatOperator *op, PetscReal t, const PetscReal *T,
                                 PetscErrorCode code, const char *when)
{
  PetscBool valid;
  char      when_and_time[100];

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorTryBring(op, t, T, &valid));
  (void)snprintf(when_and_time, sizeof when_and_time, "%s (t = %g s)", when, (double)t);
  if (!valid) PetscCall(HeatOperatorRaiseUndefined(op, code, when_and_time));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorSetSidesTime(HeatOperator *op, HeatMoment when)
{
  HeatFault fault = {0};

  PetscFunctionBeginUser;
  PetscCall(HeatBoundariesSetTime(op->boundaries, when, &fault));
  HeatOperatorRememberFault(op, &fault, when.t);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorSetSurfaceTime(HeatOperator *op, PetscReal t)
{
  PetscFunctionBeginUser;
  PetscCall(HeatOperatorSetSidesTime(op, (HeatMoment){t, 0.0}));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool HeatOperatorIsLinear(const HeatOperator *op) { return op->linear; }

PetscBool HeatOperatorIsSymmetric(const HeatOperator *op)
{
  return HeatConductivityVaries(op->conductivity) ? PETSC_FALSE : PETSC_TRUE;
}

PetscReal HeatOperatorConductivity(const HeatOperator *op, int axis, size_t cell)
{
  return HeatConductivityAt(op->conductivity, axis, cell);
}

PetscReal HeatOperatorContactResistance(const HeatOperator *op, int axis, size_t cell)
{
  const HeatContactFaces *faces = &op->contacts[axis];
  const size_t            face  = axis == 0 ? cell + cell / (size_t)op->grid->nxl : cell;
  const size_t            k     = HeatContactFacesFrom(faces, face);

  return k < faces->n && faces->face[k] == face ? faces->resistance[k] : 0.0;
}

PetscErrorCode HeatOperatorDestroy(HeatOperator **out)
{
  HeatOperator *op = *out;

  PetscFunctionBeginUser;
  if (!op) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatBoundariesDestroy(&op->boundaries));
  PetscCall(HeatSourceDestroy(&op->source));
  PetscCall(HeatAmbientExchangeDestroy(&op->ambient_exchange));
  PetscCall(HeatExchangeDestroy(op));
  PetscCall(HeatOperatorContactsDestroy(op));
  PetscCall(HeatConductivityDestroy(&op->conductivity));
  PetscCall(HeatOperatorMeansDestroy(&op->means));
  PetscCall(HeatOperatorStepsDestroy(&op->steps));
  PetscCall(HeatHaloFaultDestroy(&op->broken));
  PetscCall(HeatHaloDestroy(&op->halo));
  for (int side = 0; side < HEAT_SIDES; side++) {
    PetscCall(PetscFree(op->ghosts[side].k));
    PetscCall(PetscFree(op->ghosts[side].slope));
    PetscCall(PetscFree(op->ghosts[side].T));
  }
  for (int axis = 0; axis < 2; axis++) {
    PetscCall(PetscFree(op->low[axis]));
    PetscCall(PetscFree(op->high[axis]));
  }
  PetscCall(PetscFree(op->shift_owned));
  PetscCall(PetscFree(op->material));
  PetscCall(PetscFree(op->density));
  PetscCall(PetscFree(op->capacity));
  PetscCall(PetscFree(op->gx));
  PetscCall(PetscFree(op->gy));
  PetscCall(PetscFree(op->capacity_row));
  PetscCall(PetscFree(op->gx_row));
  PetscCall(PetscFree(op->gy_row));
  PetscCall(PetscFree(op->zeros));
  PetscCall(PetscFree(op->q_owned));
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatOperatorSetInterrupt(HeatOperator *op, HeatInterrupt *interrupt)
{
  op->interrupt = interrupt;
}

const HeatGrid  *HeatOperatorGrid(const HeatOperator *op) { return op->grid; }
const HeatCase  *HeatOperatorCase(const HeatOperator *op) { return op->c; }
HeatInterrupt   *HeatOperatorInterrupt(const HeatOperator *op) { return op->interrupt; }
const PetscReal *HeatOperatorCapacity(const HeatOperator *op, PetscInt j)
{
  return op->capacity + op->capacity_row[j];
}
const uint16_t       *HeatOperatorMaterial(const HeatOperator *op) { return op->material; }
const HeatBoundaries *HeatOperatorBoundaries(const HeatOperator *op) { return op->boundaries; }
const HeatSource     *HeatOperatorSource(const HeatOperator *op) { return op->source; }
HeatHaloCounts        HeatOperatorHaloCounts(const HeatOperator *op)
{
  return HeatHaloGetCounts(op->halo);
}
