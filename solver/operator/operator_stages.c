/** Takes the stages of rkl2 (HeatOperatorTakeStages): several in one sweep, or one by one, with the
 *  same bits.
 *
 *  The unknowns of a stage are increments d_j = Y_j - Y_0 since the beginning of the step.  So
 *  no digits are lost where temperatures are large against their differences, and a stage reads
 *  neither sources nor Y_0: N(Y_0), which contains the sources, is stored as the rate Q = N(Y_0)/C.
 *  The values beyond the domain's sides are T_b less T_b at the beginning of the step, where T_b is
 *  the temperature that a side prescribes or its ambient temperature.
 *
 *  A step takes as few sweeps as the frame's depth allows, of nearly equal numbers of stages.  A
 *  single sweep reads no field but T and writes none but T_new.  Several sweeps pass Q and two
 *  increments on through memory, with deep halos.  The energy account needs Y_{j-1} along the
 *  domain's sides: Y_0 plus the increments that the sweep records there.  With an ambient exchange
 *  the stages add to op->exchange_heat, which is restored where a step is abandoned on its way. */
#include "solver/operator/operator_steps_impl.h"

/* A step under way. */
typedef struct {
  HeatOperator       *op;
  PetscInt            n;
  const HeatRklStage *stages; /* [n] */
  const PetscReal    *T;      /* Y_0 [K], [nyl][nxl] */
  PetscReal          *T_new;  /* [nyl][nxl] */
  PetscReal          *heat;   /* [nyl][nxl] of op->exchange_heat; NULL: not summed */
  const PetscReal    *kept;   /* [nyl][nxl] copy of `heat` at the step's beginning; NULL: none */
  HeatFlows          *flows;
  PetscReal          *base[HEAT_SIDES]; /* [length] T_b at the beginning of the step [K] */
  PetscReal          *cells;            /* [max(nxl, nyl)] temperatures along a side [K] */
} Step;

PetscErrorCode HeatOperatorTakesStages(HeatOperator *op, PetscBool *takes)
{
  PetscFunctionBeginUser;
  PetscCall(HeatOperatorSetUpSteps(op, PETSC_TRUE));
  *takes = op->steps->fixed;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscInt HeatOperatorStageSweeps(const HeatOperator *op, PetscInt n)
{
  return op->steps->frame.depth ? HeatStageSweeps(n, op->steps->frame.depth) : 0;
}

/* Sides. */

static HeatBoundaryFaces Faces(const Step *step, int side)
{
  return HeatBoundariesGet(step->op->boundaries, (HeatSide)side);
}

/* Evaluate the boundary values at stage l, counted from 0, and remember those of stage 0. */
static PetscErrorCode SetSides(const Step *step, PetscInt l)
{
  PetscFunctionBeginUser;
  PetscCall(HeatOperatorSetTime(step->op, step->stages[l].time));
  for (int side = 0; side < HEAT_SIDES && l == 0; side++)
    PetscCall(PetscArraycpy(step->base[side], Faces(step, side).T, Faces(step, side).length));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store the values beyond the faces of a side at stage l: T_b at stage 0, later its change since
   stage 0.  The boundary values of stage l must be evaluated. */
static void StoreBeyond(const Step *step, PetscInt l, int side, PetscReal *beyond)
{
  const HeatBoundaryFaces faces = Faces(step, side);

  for (PetscInt k = 0; k < faces.length; k++)
    beyond[k] = l == 0 ? faces.T[k] : faces.T[k] - step->base[side][k];
}

/* Add the heat that enters at stage l from sources and through each side for which d[side] is
   given: the increments d_{j-1} of the cells along the side, which are not read at stage 0.  The
   boundary values of stage l must be evaluated. */
static void AddFlows(const Step *step, PetscInt l, const PetscReal *const d[HEAT_SIDES])
{
  const HeatOperator *op  = step->op;
  HeatFlows           sum = {0};

  sum.sum[HEAT_FLOW_SOURCE]   = *HeatSourceLocalTotal(op->source);
  sum.sum[HEAT_FLOW_TURNOVER] = *HeatSourceLocalTurnover(op->source);
  for (int side = 0; side < HEAT_SIDES; side++) {
    for (PetscInt k = 0; d[side] && k < Faces(step, side).length; k++) {
      const PetscReal T = step->T[HeatBoundaryCell(op->grid, (HeatSide)side, k)];

      step->cells[k] = l == 0 ? T : T + d[side][k];
    }
    if (d[side]) HeatOperatorAddSideHeat(op, (HeatSide)side, step->cells, &sum);
  }
  HeatFlowsAdd(step->flows, step->stages[l].share, &sum);
}

/* Several stages in one sweep. */

/* Point the own cells of a field to an array [nyl][nxl]; its strips of ghost cells stay. */
static void SetOwn(const HeatOperatorSteps *s, const PetscReal *own, HeatFrameField *field)
{
  field->own    = own;
  field->stride = (size_t)s->frame.grid->nxl;
}

/* Provide memory for the rate and the two increments that one sweep passes on to the next. */
static PetscErrorCode SetUpKept(const Step *step, PetscReal *keep[HEAT_KEPT])
{
  HeatOperatorSteps *s = step->op->steps;

  PetscFunctionBeginUser;
  for (int k = 0; k < 2; k++) {
    if (!s->work[k]) PetscCall(PetscMalloc1(HeatGridLocalCells(s->frame.grid), &s->work[k]));
  }
  keep[HEAT_KEPT_RATE]   = s->work[0];
  keep[HEAT_KEPT_LAST]   = step->T_new;
  keep[HEAT_KEPT_BEFORE] = s->work[1];
  for (int k = 0; k < HEAT_KEPT; k++) {
    if (!s->kept[k].stride) PetscCall(HeatFrameFieldCreate(&s->frame, &s->kept[k]));
    SetOwn(s, keep[k], &s->kept[k]);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store the values beyond the domain's sides at n stages from stage `begin` on. */
static PetscErrorCode SetBeyond(const Step *step, PetscInt begin, PetscInt n)
{
  HeatOperatorSteps *s = step->op->steps;

  PetscFunctionBeginUser;
  for (PetscInt l = 0; l < n; l++) {
    PetscCall(SetSides(step, begin + l));
    for (int side = 0; side < HEAT_SIDES; side++) {
      if (!s->beyond[side]) continue;
      StoreBeyond(step, begin + l, side,
                  s->beyond[side] + HeatBeyondPlace(&s->frame, (HeatSide)side, l));
    }
  }
  PetscCall(HeatOperatorExtendBeyond(step->op, n));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add the heat that entered in n stages from stage `begin` on, from the recorded edges. */
static PetscErrorCode AddSweepFlows(const Step *step, PetscInt begin, PetscInt n)
{
  const HeatOperatorSteps *s = step->op->steps;

  PetscFunctionBeginUser;
  for (PetscInt l = 0; l < n; l++) {
    const PetscReal *d[HEAT_SIDES];

    for (int side = 0; side < HEAT_SIDES; side++)
      d[side] = s->edge[side] ? s->edge[side] + (size_t)l * (size_t)Faces(step, side).length : NULL;
    PetscCall(SetSides(step, begin + l));
    AddFlows(step, begin + l, d);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fill the deep halos that the `first` sweep, the `second` one or a later one reads.  The rate is
   exchanged before the second sweep only, since it does not change during a step. */
static PetscErrorCode ExchangeHalos(HeatOperator *op, PetscBool first, PetscBool second)
{
  HeatOperatorSteps *s = op->steps;

  PetscFunctionBeginUser;
  if (first) PetscCall(HeatOperatorExchangeDeepHalo(op, HEAT_STRIPS_DEEP_T, &s->field));
  for (int k = 0; k < HEAT_KEPT && !first; k++) {
    if (k == HEAT_KEPT_RATE && !second) continue;
    PetscCall(
        HeatOperatorExchangeDeepHalo(op, (HeatStrips)(HEAT_STRIPS_DEEP_KEPT + k), &s->kept[k]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Take all stages in as few sweeps as possible. */
static PetscErrorCode TakeSweeps(const Step *step)
{
  HeatOperatorSteps  *s = step->op->steps;
  HeatWavefrontSides  sides;
  HeatWavefrontStages group = {.T = &s->field, .T_new = step->T_new};
  PetscInt            sweeps;

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorSetUpSweep(step->op, 1.0));
  sweeps = HeatStageSweeps(step->n, s->frame.depth);
  SetOwn(s, step->T, &s->field);
  group.heat = step->heat;
  if (sweeps > 1) PetscCall(SetUpKept(step, group.keep));
  for (int k = 0; k < HEAT_KEPT; k++) group.kept[k] = &s->kept[k];
  sides = HeatOperatorSweepSides(step->op);
  for (PetscInt k = 0, begin = 0; k < sweeps; k++, begin += group.n) {
    group.n     = (step->n - begin) / (sweeps - k);
    group.stage = step->stages + begin;
    group.first = k == 0 ? PETSC_TRUE : PETSC_FALSE;
    group.last  = k == sweeps - 1 ? PETSC_TRUE : PETSC_FALSE;
    PetscCall(SetBeyond(step, begin, group.n));
    PetscCall(ExchangeHalos(step->op, group.first, k == 1 ? PETSC_TRUE : PETSC_FALSE));
    PetscCall(HeatInterruptPollOrReturn(step->op->interrupt));
    PetscCall(HeatWavefrontRunStages(s->wavefront, &group, &sides));
    PetscCall(AddSweepFlows(step, begin, group.n));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Stages one by one. */

/* Add the heat that enters at stage l through all sides, with d_{j-1} in all own cells. */
static PetscErrorCode AddSingleFlows(const Step *step, PetscInt l, const PetscReal *d)
{
  const PetscReal *along[HEAT_SIDES];
  PetscReal       *own[HEAT_SIDES];

  PetscFunctionBeginUser;
  for (int side = 0; side < HEAT_SIDES; side++) {
    const PetscInt length = Faces(step, side).length;

    PetscCall(PetscMalloc1(length, &own[side]));
    for (PetscInt k = 0; k < length && l > 0; k++)
      own[side][k] = d[HeatBoundaryCell(step->op->grid, (HeatSide)side, k)];
    along[side] = own[side];
  }
  AddFlows(step, l, along);
  for (int side = 0; side < HEAT_SIDES; side++) PetscCall(PetscFree(own[side]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Take stage l, with d_{j-2} in `out` on entry and d_j on return. */
static PetscErrorCode TakeStage(const Step *step, PetscInt l, const PetscReal *rate,
                                const PetscReal *d, PetscReal *out)
{
  const PetscReal *beyond[HEAT_SIDES];
  PetscReal       *own[HEAT_SIDES];

  PetscFunctionBeginUser;
  for (int side = 0; side < HEAT_SIDES; side++) {
    PetscCall(PetscMalloc1(Faces(step, side).length, &own[side]));
    StoreBeyond(step, l, side, own[side]);
    beyond[side] = own[side];
  }
  PetscCall(HeatOperatorStage(step->op, &step->stages[l], rate, beyond, d, out, step->heat));
  for (int side = 0; side < HEAT_SIDES; side++) PetscCall(PetscFree(own[side]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Take all stages one by one.  The increment of the last stage is in T_new. */
static PetscErrorCode TakeSingles(const Step *step)
{
  const size_t       cells = HeatGridLocalCells(step->op->grid);
  HeatOperatorSteps *s     = step->op->steps;
  PetscReal         *d, *out, *swap;

  PetscFunctionBeginUser;
  for (int k = 0; k < 2; k++) {
    if (!s->work[k]) PetscCall(PetscMalloc1(cells, &s->work[k]));
  }
  d   = step->n % 2 ? step->T_new : s->work[1];
  out = step->n % 2 ? s->work[1] : step->T_new;
  PetscCall(SetSides(step, 0));
  PetscCall(AddSingleFlows(step, 0, NULL));
  PetscCall(HeatOperatorRate(step->op, step->T, s->work[0], step->heat));
  for (size_t i = 0; i < cells; i++) d[i] = step->stages[0].net * s->work[0][i];
  PetscCall(PetscArrayzero(out, cells));
  for (PetscInt l = 1; l < step->n; l++) {
    PetscCall(HeatInterruptPollOrReturn(step->op->interrupt));
    PetscCall(SetSides(step, l));
    PetscCall(AddSingleFlows(step, l, d));
    PetscCall(TakeStage(step, l, s->work[0], d, out));
    swap = d;
    d    = out;
    out  = swap;
  }
  for (size_t i = 0; i < cells; i++) step->T_new[i] = step->T[i] + step->T_new[i];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The heat of the ambient exchange. */

/* Find step->heat, and copy it where the step can be abandoned after it has changed. */
static PetscErrorCode KeepHeat(Step *step)
{
  HeatOperatorSteps *s = step->op->steps;
  const size_t       n = HeatGridLocalCells(s->frame.grid);

  PetscFunctionBeginUser;
  step->heat = step->op->exchange_heat ? step->op->exchange_heat->cells : NULL;
  if (!step->heat || !step->op->interrupt || HeatOperatorStageSweeps(step->op, step->n) == 1)
    PetscFunctionReturn(PETSC_SUCCESS);
  if (!s->work[2]) PetscCall(PetscMalloc1(n, &s->work[2]));
  PetscCall(PetscArraycpy(s->work[2], step->heat, n));
  step->kept = s->work[2];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Restore step->heat after a step that was abandoned; else count the stages' terms.
   @param[in] code  what taking the stages returned */
static PetscErrorCode EndHeat(const Step *step, PetscErrorCode code)
{
  const size_t n = HeatGridLocalCells(step->op->grid);

  PetscFunctionBeginUser;
  if (code == PETSC_SUCCESS) HeatExchangeEnd(step->op, step->n);
  else if (step->kept) PetscCall(PetscArraycpy(step->heat, step->kept, n));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorTakeStages(HeatOperator *op, PetscInt n, const HeatRklStage *stages,
                                      PetscReal dt, const PetscReal *T, PetscReal *T_new,
                                      HeatFlows *flows)
{
  Step step = {.op = op, .n = n, .stages = stages, .T = T, .T_new = T_new, .flows = flows};
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorSetUpSteps(op, PETSC_TRUE));
  PetscCall(PetscMemzero(flows, sizeof *flows));
  PetscCall(PetscMalloc1(PetscMax(op->grid->nxl, op->grid->nyl), &step.cells));
  for (int side = 0; side < HEAT_SIDES; side++)
    PetscCall(PetscMalloc1(Faces(&step, side).length, &step.base[side]));
  HeatExchangeBegin(op, dt);
  PetscCall(KeepHeat(&step));
  code = op->steps->frame.depth ? TakeSweeps(&step) : TakeSingles(&step);
  PetscCall(EndHeat(&step, code));
  for (int side = 0; side < HEAT_SIDES; side++) PetscCall(PetscFree(step.base[side]));
  PetscCall(PetscFree(step.cells));
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}
