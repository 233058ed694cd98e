/** bdf2: the backward differentiation formula of second order, for steps of any length.
 *
 *  With w = dt/gap, gap being the time from T_old to T:
 *      a0 T_new - a1 T + a2 T_old = dt/C N(T_new, t + dt)
 *      a0 = (1 + 2 w)/(1 + w),  a1 = 1 + w,  a2 = w^2/(1 + w)
 *  which is a stage equation with sigma = a0/dt and T_base = T + (a2/a0) (T - T_old).  The heat
 *  that entered in the step follows the same recurrence, with dS_old the heat that came in over the
 *  gap and h the heat flow:
 *      dS_new = (a2/a0) dS_old + (dt/a0) h(T_new)
 *  The first step is a backward Euler step.  Its local error is of second order in dt.
 *
 *  T_old is the field one step back, or two steps back after a short step (before an output time):
 *
 *      ----+-----------------+---------------------+---------------------> time
 *        old[TWO_BACK]     old[ONE_BACK]           T          T_new
 *          |- gap[TWO_BACK] -|--- gap[ONE_BACK] ---|--- dt ---|
 *          |-heat[TWO_BACK] -|-- heat[ONE_BACK] ---|
 *
 *  After a short step this avoids an extrapolation from a tiny gap and keeps w below 1 + sqrt(2),
 *  beyond which growing steps are unstable; only a single step after two short ones can exceed it.
 *  Source: E. Hairer, S. Norsett, G. Wanner, Solving Ordinary Differential Equations I, 2nd ed.,
 *  ch. III.5.
 *
 *  The error, where the step is controlled, is the difference from the parabola through the last
 *  three fields, times the ratio of the error constants of formula and parabola (W. Milne's
 *  device).  For the second step it is the difference from the line through the last two fields,
 *  for the first step it follows from the change of the rate.  Both count as errors of order 2,
 *  which overestimates the error of the second step. */
#include "solver/stepper/stepper_impl.h"

enum { ONE_BACK, TWO_BACK, FIELDS };

/* Drawn above. */
typedef struct {
  PetscInt  n;                        /* earlier fields known, 0 to 2 */
  Vec       old[FIELDS];              /* [K] owned; T one and two steps ago */
  PetscReal gap[FIELDS];              /* [s] from old[0] to T; from old[1] to old[0] */
  PetscReal heat[FIELDS][HEAT_FLOWS]; /* [J/m] that came in over each gap, all ranks */
  PetscReal w;                        /* dt/gap of the present attempt; 0: backward Euler */
  Vec       base;                     /* [K] owned; T_base */
} Bdf2;

/* Largest w = dt/gap before T_old is taken two steps back.  Chosen just below the limit 1 + sqrt(2)
   = 2.414: a larger value is unstable for growing steps, a smaller one takes the wider, less
   accurate gap more often. */
static const PetscReal LargestRatio = 2.4;

static PetscErrorCode Create(HeatStepper *s, PetscReal dt)
{
  Bdf2 *b;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&b));
  s->data = b;
  PetscCall(HeatStepperCreateStage(s, 1.5, dt));
  PetscCall(VecDuplicate(s->next, &b->base));
  for (int k = 0; k < FIELDS; k++) PetscCall(VecDuplicate(s->next, &b->old[k]));
  if (s->control.tolerance > 0.0) PetscCall(VecDuplicate(s->next, &s->net));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return T_old for a step of dt, its gap [s], and the heat [J/m] that came in over the gap. */
static Vec ChooseOldField(const Bdf2 *b, PetscReal dt, PetscReal *gap, PetscReal heat[HEAT_FLOWS])
{
  const PetscBool far = b->n == FIELDS && dt > LargestRatio * b->gap[ONE_BACK] ? PETSC_TRUE
                                                                               : PETSC_FALSE;

  *gap = b->gap[ONE_BACK] + (far ? b->gap[TWO_BACK] : 0.0);
  for (int k = 0; k < HEAT_FLOWS; k++)
    heat[k] = b->heat[ONE_BACK][k] + (far ? b->heat[TWO_BACK][k] : 0.0);
  return b->old[far ? TWO_BACK : ONE_BACK];
}

/* Add weight * heat to *flows on rank 0 alone, since heat is a sum over all ranks and flows are
   summed over them later. */
static void AddHeat(const HeatStepper *s, PetscReal weight, const PetscReal heat[HEAT_FLOWS],
                    HeatFlows *flows)
{
  if (HeatOperatorGrid(s->op)->rank != 0) return;
  for (int k = 0; k < HEAT_FLOWS; k++) HeatExactSumAdd(&flows->sum[k], weight * heat[k]);
}

/* Compute b->base = T + factor (T - old), and the guess s->next = T + w (T - old), or T for a
   non-linear operator, whose coefficients may be undefined at an extrapolated temperature. */
static PetscErrorCode Extrapolate(HeatStepper *s, Vec T, Vec old, PetscReal factor, PetscReal w)
{
  const Bdf2      *b      = s->data;
  const size_t     n      = HeatGridLocalCells(HeatOperatorGrid(s->op));
  const PetscReal  beyond = HeatOperatorIsLinear(s->op) ? w : 0.0;
  const PetscReal *now, *before;
  PetscReal       *base, *guess;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &now));
  PetscCall(VecGetArrayRead(old, &before));
  PetscCall(VecGetArrayWrite(b->base, &base));
  PetscCall(VecGetArrayWrite(s->next, &guess));
  for (size_t i = 0; i < n; i++) {
    base[i]  = now[i] + factor * (now[i] - before[i]);
    guess[i] = now[i] + beyond * (now[i] - before[i]);
  }
  PetscCall(VecRestoreArrayWrite(s->next, &guess));
  PetscCall(VecRestoreArrayWrite(b->base, &base));
  PetscCall(VecRestoreArrayRead(old, &before));
  PetscCall(VecRestoreArrayRead(T, &now));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Error estimates: the largest of own cells [K].  HeatStepControlMeasure finds fields that are not
   finite. */

/* Estimate the error of a backward Euler step, dt/2 times the change of the rate of T:
       e = |(T_new - T) - dt N(T, t)/C|/2,   with N(T, t) in s->net */
static PetscErrorCode ErrorOfFirstStep(HeatStepper *s, PetscReal dt, Vec T, PetscReal *error)
{
  const HeatGrid  *g = HeatOperatorGrid(s->op);
  const PetscReal *now, *new, *net;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &now));
  PetscCall(VecGetArrayRead(s->next, &new));
  PetscCall(VecGetArrayRead(s->net, &net));
  *error = 0.0;
  for (PetscInt j = 0; j < g->nyl; j++) {
    const PetscReal *C     = HeatOperatorCapacity(s->op, j);
    const size_t     first = (size_t)j * (size_t)g->nxl;

    for (PetscInt i = 0; i < g->nxl; i++) {
      const size_t    k = first + (size_t)i;
      const PetscReal e = 0.5 * PetscAbsReal((new[k] - now[k]) - dt * net[k] / C[i]);

      if (!(e <= *error)) *error = e;
    }
  }
  PetscCall(VecRestoreArrayRead(s->net, &net));
  PetscCall(VecRestoreArrayRead(s->next, &new));
  PetscCall(VecRestoreArrayRead(T, &now));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Estimate the error as `share` times the difference of T_new from the polynomial through the
   fields known, in Newton's form, with h1, h2 the gaps one and two steps back:
       e  = share |(T_new - T) - (dt d1 + curvature (d1 - d2))|
       d1 = (T - T_1)/h1,   d2 = (T_1 - T_2)/h2,   curvature = dt (dt + h1)/(h1 + h2)
   T_1 and T_2 being the temperatures one and two steps back.  With one earlier field the curvature
   is 0. */
static PetscErrorCode ErrorOfPrediction(HeatStepper *s, PetscReal dt, Vec T, PetscReal share,
                                        PetscReal *error)
{
  const Bdf2      *b  = s->data;
  const size_t     n  = HeatGridLocalCells(HeatOperatorGrid(s->op));
  const PetscReal  h1 = b->gap[ONE_BACK], h2 = b->gap[TWO_BACK];
  const PetscReal  curvature = b->n < FIELDS ? 0.0 : dt * (dt + h1) / (h1 + h2);
  const PetscReal *now, *new, *one, *two;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &now));
  PetscCall(VecGetArrayRead(s->next, &new));
  PetscCall(VecGetArrayRead(b->old[ONE_BACK], &one));
  PetscCall(VecGetArrayRead(b->old[TWO_BACK], &two));
  *error = 0.0;
  for (size_t i = 0; i < n; i++) {
    const PetscReal d1 = (now[i] - one[i]) / h1;
    const PetscReal d2 = curvature > 0.0 ? (one[i] - two[i]) / h2 : d1;
    const PetscReal e = share * PetscAbsReal((new[i] - now[i]) - (dt * d1 + curvature * (d1 - d2)));

    if (!(e <= *error)) *error = e;
  }
  PetscCall(VecRestoreArrayRead(b->old[TWO_BACK], &two));
  PetscCall(VecRestoreArrayRead(b->old[ONE_BACK], &one));
  PetscCall(VecRestoreArrayRead(s->next, &new));
  PetscCall(VecRestoreArrayRead(T, &now));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Estimate the error of the attempt, whose field is in s->next, and store its order k. */
static PetscErrorCode EstimateError(HeatStepper *s, PetscReal dt, Vec T, HeatAttempt *attempt)
{
  const Bdf2     *b  = s->data;
  const PetscReal w  = b->w;
  const PetscReal h1 = b->gap[ONE_BACK], h2 = b->gap[TWO_BACK];

  PetscFunctionBeginUser;
  attempt->order = b->n < FIELDS ? 2 : 3;
  if (b->n == 0) {
    PetscCall(ErrorOfFirstStep(s, dt, T, &attempt->error));
  } else if (b->n < FIELDS) {
    PetscCall(ErrorOfPrediction(s, dt, T, dt / (dt + h1), &attempt->error));
  } else { /* error constants: factors of dt^3 T''' in the errors of formula and parabola */
    const PetscReal formula    = PetscSqr(1.0 + w) / (6.0 * w * (1.0 + 2.0 * w));
    const PetscReal prediction = (dt + h1) * (dt + h1 + h2) / (6.0 * dt * dt);

    PetscCall(ErrorOfPrediction(s, dt, T, formula / (formula + prediction), &attempt->error));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The step. */

static PetscErrorCode Attempt(HeatStepper *s, PetscReal t, PetscReal dt, Vec T, HeatStepInfo *info,
                              HeatAttempt *attempt)
{
  Bdf2             *b  = s->data;
  HeatStageEquation eq = {.t = t + dt, .sigma = 1.0 / dt};
  PetscReal         heat[HEAT_FLOWS], gap, a0 = 1.0, a2 = 0.0;

  PetscFunctionBeginUser;
  /* Only the preconditioner of a non-linear operator and the estimate of the first step need N at
     t. */
  if (b->n == 0 || !HeatOperatorIsLinear(s->op)) PetscCall(HeatStepperBring(s, t, T));
  b->w = 0.0;
  if (b->n == 0) {
    if (s->control.tolerance > 0.0) PetscCall(HeatStepperNet(s, T, s->net, 0.0, NULL));
    PetscCall(VecCopy(T, s->next));
  } else {
    Vec old = ChooseOldField(b, dt, &gap, heat);

    b->w     = dt / gap;
    a0       = (1.0 + 2.0 * b->w) / (1.0 + b->w);
    a2       = PetscSqr(b->w) / (1.0 + b->w);
    eq.sigma = a0 / dt;
    eq.base  = b->base;
    PetscCall(Extrapolate(s, T, old, a2 / a0, b->w));
    AddHeat(s, a2 / (a0 * dt), heat, &info->flows);
  }
  PetscCall(HeatStagePrepare(s->stage, eq.sigma));
  PetscCall(HeatStageSolve(s->stage, &eq, s->next, &info->solve, &attempt->solved));
  info->stages += 1;
  if (!attempt->solved) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatStepperAddFlows(s, s->next, 1.0 / a0, &info->flows));
  if (s->control.tolerance > 0.0) PetscCall(EstimateError(s, dt, T, attempt));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Shift the memory by one step: T becomes old[ONE_BACK]. */
static PetscErrorCode Accept(HeatStepper *s, PetscReal dt, Vec T, const HeatStepInfo *info)
{
  Bdf2     *b     = s->data;
  const Vec spare = b->old[TWO_BACK];

  PetscFunctionBeginUser;
  b->old[TWO_BACK] = b->old[ONE_BACK];
  b->gap[TWO_BACK] = b->gap[ONE_BACK];
  PetscCall(PetscArraycpy(b->heat[TWO_BACK], b->heat[ONE_BACK], HEAT_FLOWS));
  b->old[ONE_BACK] = spare;
  b->gap[ONE_BACK] = dt;
  PetscCall(HeatExactSumReduce(HeatOperatorGrid(s->op)->comm, HEAT_FLOWS, info->flows.sum,
                               b->heat[ONE_BACK]));
  for (int k = 0; k < HEAT_FLOWS; k++) b->heat[ONE_BACK][k] *= dt;
  PetscCall(VecCopy(T, spare));
  b->n = PetscMin(b->n + 1, FIELDS);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Memory. */

/* Return the heat that came in over a gap [J/m], the sum over sides, source and ambient
   exchange. */
static PetscReal HeatOverGap(const Bdf2 *b, PetscInt gap)
{
  PetscReal sum = 0.0;

  for (int k = 0; k < HEAT_FLOWS; k++) sum += k == HEAT_FLOW_TURNOVER ? 0.0 : b->heat[gap][k];
  return sum;
}

static PetscErrorCode Save(HeatStepper *s, HeatStepperMemory *memory)
{
  const Bdf2 *b       = s->data;
  PetscReal  *numbers = memory->numbers + HEAT_MEMORY_METHOD;

  PetscFunctionBeginUser;
  memory->n_fields = b->n;
  for (PetscInt k = 0; k < b->n; k++) {
    memory->fields[k]  = b->old[k];
    memory->came_in[k] = HeatOverGap(b, k) + (k > 0 ? memory->came_in[k - 1] : 0.0);
    *numbers++         = b->gap[k];
    PetscCall(PetscArraycpy(numbers, b->heat[k], HEAT_FLOWS));
    numbers += HEAT_FLOWS;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Load(HeatStepper *s, const HeatStepperMemory *memory)
{
  Bdf2            *b       = s->data;
  const PetscReal *numbers = memory->numbers + HEAT_MEMORY_METHOD;

  PetscFunctionBeginUser;
  b->n = memory->n_fields;
  for (PetscInt k = 0; k < b->n; k++) {
    PetscCall(VecCopy(memory->fields[k], b->old[k]));
    b->gap[k] = *numbers++;
    PetscCall(PetscArraycpy(b->heat[k], numbers, HEAT_FLOWS));
    numbers += HEAT_FLOWS;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Forget(HeatStepper *s)
{
  PetscFunctionBeginUser;
  ((Bdf2 *)s->data)->n = 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Destroy(HeatStepper *s)
{
  Bdf2 *b = s->data;

  PetscFunctionBeginUser;
  for (int k = 0; k < FIELDS; k++) PetscCall(VecDestroy(&b->old[k]));
  PetscCall(VecDestroy(&b->base));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A controlled step grows by at most 2: chosen, so that w stays below LargestRatio and T_old is one
   step back while steps grow. */
const HeatMethod HeatMethodBdf2 = {.growth      = 2.0,
                                   .first_order = 2,
                                   .create      = Create,
                                   .attempt     = Attempt,
                                   .accept      = Accept,
                                   .forget      = Forget,
                                   .save        = Save,
                                   .load        = Load,
                                   .destroy     = Destroy};
