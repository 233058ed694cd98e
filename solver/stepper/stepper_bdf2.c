/* bdf2: the backward differentiation formula of second order for steps of any length.
 *
 * With w = dt/gap, gap the time from T_old to T:
 *     a0 T_new - a1 T + a2 T_old = dt/C N(T_new, t + dt)
 *     a0 = (1 + 2 w)/(1 + w),  a1 = 1 + w,  a2 = w^2/(1 + w)
 * which is a stage equation with sigma = a0/dt and T_base = T + (a2/a0) (T - T_old).  The heat that
 * crossed the sides in the step follows the same recurrence,
 *     dS_new = (a2/a0) dS_old + (dt/a0) h(T_new),   dS_old what came in over the gap.
 * T_old is the field of the step before; but after a short step (an output time) it is the one
 * before that, so that nothing is extrapolated from a tiny gap, and w stays below 1 + sqrt(2),
 * beyond which steps that keep growing are unstable, but for a single step after two short ones.
 * The first step is backward Euler's, whose error of one step is of second order.
 * Source: E. Hairer, S. Norsett, G. Wanner, Solving Ordinary Differential Equations I, 2nd ed.,
 * ch. III.5.
 *
 * Error, where the step is controlled: the difference from the parabola through the last three
 * fields, times the ratio of the two methods' error constants (W. Milne's device); after the first
 * step from the line through the last two, and of the first step from the change of the rate, both
 * as errors of first-order steps, which overestimates that of the second. */
#include "solver/stepper/stepper_impl.h"

enum { BEFORE, BEFORE_THAT, FIELDS };

typedef struct {
  PetscInt  n;                        /* fields known */
  Vec       old[FIELDS];              /* T one and two steps ago */
  PetscReal gap[FIELDS];              /* from old[0] to T, from old[1] to old[0] [s] */
  PetscReal heat[FIELDS][HEAT_FLOWS]; /* that came in over them, all ranks [J/m] */
  PetscReal w;                        /* of the present attempt; 0: backward Euler */
  Vec       base;
} Bdf2;

static const PetscReal LargestRatio = 2.4; /* below 1 + sqrt(2) */

static PetscErrorCode Create(HeatStepper *s, PetscReal dt)
{
  Bdf2 *b;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&b));
  s->own = b;
  PetscCall(HeatStepperCreateStage(s, 1.5, dt));
  PetscCall(VecDuplicate(s->next, &b->base));
  for (int k = 0; k < FIELDS; k++) PetscCall(VecDuplicate(s->next, &b->old[k]));
  if (s->control.tolerance > 0.0) PetscCall(VecDuplicate(s->next, &s->net));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The field and the gap that a step of dt goes back to, and the heat that came in since. */
static Vec Behind(const Bdf2 *b, PetscReal dt, PetscReal *gap, PetscReal heat[HEAT_FLOWS])
{
  const PetscBool far = b->n == FIELDS && dt > LargestRatio * b->gap[BEFORE] ? PETSC_TRUE
                                                                             : PETSC_FALSE;

  *gap = b->gap[BEFORE] + (far ? b->gap[BEFORE_THAT] : 0.0);
  for (int k = 0; k < HEAT_FLOWS; k++)
    heat[k] = b->heat[BEFORE][k] + (far ? b->heat[BEFORE_THAT][k] : 0.0);
  return b->old[far ? BEFORE_THAT : BEFORE];
}

/* flows += weight * heat, which is of all ranks: on the first one. */
static void AddHeat(const HeatStepper *s, PetscReal weight, const PetscReal heat[HEAT_FLOWS],
                    HeatFlows *flows)
{
  if (HeatOperatorGrid(s->op)->rank != 0) return;
  for (int k = 0; k < HEAT_FLOWS; k++) HeatExactSumAdd(&flows->sum[k], weight * heat[k]);
}

/* base = T + factor (T - old); the guess T + w (T - old), or where there is no telling whether that
   is a temperature at all, T. */
static PetscErrorCode Extrapolate(HeatStepper *s, Vec T, Vec old, PetscReal factor, PetscReal w)
{
  const Bdf2      *b      = s->own;
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

/* Errors: the largest of own cells. */

/* Backward Euler: dt/2 times the change of the rate.  N(T) is in s->net. */
static PetscErrorCode ErrorOfFirst(HeatStepper *s, PetscReal dt, Vec T, PetscReal *error)
{
  const size_t     n = HeatGridLocalCells(HeatOperatorGrid(s->op));
  const PetscReal *C = HeatOperatorCapacity(s->op);
  const PetscReal *now, *new, *net;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &now));
  PetscCall(VecGetArrayRead(s->next, &new));
  PetscCall(VecGetArrayRead(s->net, &net));
  *error = 0.0;
  for (size_t i = 0; i < n; i++) {
    const PetscReal e = 0.5 * PetscAbsReal((new[i] - now[i]) - dt * net[i] / C[i]);

    if (!(e <= *error)) *error = e;
  }
  PetscCall(VecRestoreArrayRead(s->net, &net));
  PetscCall(VecRestoreArrayRead(s->next, &new));
  PetscCall(VecRestoreArrayRead(T, &now));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The difference from the polynomial through the fields known, times `share`. */
static PetscErrorCode ErrorOfPrediction(HeatStepper *s, PetscReal dt, Vec T, PetscReal share,
                                        PetscReal *error)
{
  const Bdf2      *b  = s->own;
  const size_t     n  = HeatGridLocalCells(HeatOperatorGrid(s->op));
  const PetscReal  h1 = b->gap[BEFORE], h2 = b->gap[BEFORE_THAT];
  const PetscReal  bend = b->n < FIELDS ? 0.0 : dt * (dt + h1) / (h1 + h2);
  const PetscReal *now, *new, *one, *two;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &now));
  PetscCall(VecGetArrayRead(s->next, &new));
  PetscCall(VecGetArrayRead(b->old[BEFORE], &one));
  PetscCall(VecGetArrayRead(b->old[BEFORE_THAT], &two));
  *error = 0.0;
  for (size_t i = 0; i < n; i++) {
    const PetscReal d1 = (now[i] - one[i]) / h1;
    const PetscReal d2 = bend > 0.0 ? (one[i] - two[i]) / h2 : d1;
    const PetscReal e  = share * PetscAbsReal((new[i] - now[i]) - (dt * d1 + bend * (d1 - d2)));

    if (!(e <= *error)) *error = e;
  }
  PetscCall(VecRestoreArrayRead(b->old[BEFORE_THAT], &two));
  PetscCall(VecRestoreArrayRead(b->old[BEFORE], &one));
  PetscCall(VecRestoreArrayRead(s->next, &new));
  PetscCall(VecRestoreArrayRead(T, &now));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode EstimateError(HeatStepper *s, PetscReal dt, Vec T, HeatAttempt *attempt)
{
  const Bdf2     *b  = s->own;
  const PetscReal w  = b->w;
  const PetscReal h1 = b->gap[BEFORE], h2 = b->gap[BEFORE_THAT];

  PetscFunctionBeginUser;
  attempt->order = b->n < FIELDS ? 2 : 3;
  if (b->n == 0) {
    PetscCall(ErrorOfFirst(s, dt, T, &attempt->error));
  } else if (b->n < FIELDS) {
    PetscCall(ErrorOfPrediction(s, dt, T, dt / (dt + h1), &attempt->error));
  } else { /* constants of dt^3 T''' */
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
  Bdf2             *b  = s->own;
  HeatStageEquation eq = {.t = t + dt, .sigma = 1.0 / dt};
  PetscReal         heat[HEAT_FLOWS], gap, a0 = 1.0, a2 = 0.0;

  PetscFunctionBeginUser;
  /* For the preconditioner, and the first step's estimate; else nothing is evaluated at t. */
  if (b->n == 0 || !HeatOperatorIsLinear(s->op)) PetscCall(HeatStepperBring(s, t, T));
  b->w = 0.0;
  if (b->n == 0) {
    if (s->control.tolerance > 0.0) PetscCall(HeatStepperNet(s, T, s->net, 0.0, NULL));
    PetscCall(VecCopy(T, s->next));
  } else {
    Vec old = Behind(b, dt, &gap, heat);

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

static PetscErrorCode Accept(HeatStepper *s, PetscReal dt, Vec T, const HeatStepInfo *info)
{
  Bdf2     *b     = s->own;
  const Vec spare = b->old[BEFORE_THAT];

  PetscFunctionBeginUser;
  b->old[BEFORE_THAT] = b->old[BEFORE];
  b->gap[BEFORE_THAT] = b->gap[BEFORE];
  PetscCall(PetscArraycpy(b->heat[BEFORE_THAT], b->heat[BEFORE], HEAT_FLOWS));
  b->old[BEFORE] = spare;
  b->gap[BEFORE] = dt;
  PetscCall(HeatExactSumReduce(HeatOperatorGrid(s->op)->comm, HEAT_FLOWS, info->flows.sum,
                               b->heat[BEFORE]));
  for (int k = 0; k < HEAT_FLOWS; k++) b->heat[BEFORE][k] *= dt;
  PetscCall(VecCopy(T, spare));
  b->n = PetscMin(b->n + 1, FIELDS);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Memory. */

/* The heat that came in over a gap, all kinds together. */
static PetscReal CameIn(const Bdf2 *b, PetscInt gap)
{
  PetscReal sum = 0.0;

  for (int k = 0; k < HEAT_FLOWS; k++) sum += k == HEAT_FLOW_TURNOVER ? 0.0 : b->heat[gap][k];
  return sum;
}

static PetscErrorCode Save(HeatStepper *s, HeatStepperMemory *memory)
{
  const Bdf2 *b       = s->own;
  PetscReal  *numbers = memory->numbers + HEAT_MEMORY_OWN;

  PetscFunctionBeginUser;
  memory->n_fields = b->n;
  for (PetscInt k = 0; k < b->n; k++) {
    memory->fields[k]  = b->old[k];
    memory->came_in[k] = CameIn(b, k) + (k > 0 ? memory->came_in[k - 1] : 0.0);
    *numbers++         = b->gap[k];
    PetscCall(PetscArraycpy(numbers, b->heat[k], HEAT_FLOWS));
    numbers += HEAT_FLOWS;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Load(HeatStepper *s, const HeatStepperMemory *memory)
{
  Bdf2            *b       = s->own;
  const PetscReal *numbers = memory->numbers + HEAT_MEMORY_OWN;

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

static PetscErrorCode Destroy(HeatStepper *s)
{
  Bdf2 *b = s->own;

  PetscFunctionBeginUser;
  for (int k = 0; k < FIELDS; k++) PetscCall(VecDestroy(&b->old[k]));
  PetscCall(VecDestroy(&b->base));
  PetscFunctionReturn(PETSC_SUCCESS);
}

const HeatMethod HeatMethodBdf2 = {.growth      = 2.0,
                                   .first_order = 2,
                                   .create      = Create,
                                   .attempt     = Attempt,
                                   .accept      = Accept,
                                   .save        = Save,
                                   .load        = Load,
                                   .destroy     = Destroy};
