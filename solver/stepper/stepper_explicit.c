/* Explicit schemes.
 *
 * ftcs:  T_new = T + dt/C N(T, t).
 *
 * rkl2:  Runge-Kutta-Legendre super-time-stepping of second order with s stages, odd:
 *            Y_0 = T,  Y_1 = Y_0 + m1~ dt M(Y_0),   M = N/C
 *            Y_j = m_j Y_{j-1} + n_j Y_{j-2} + (1 - m_j - n_j) Y_0
 *                  + m_j~ dt M(Y_{j-1}) + g_j~ dt M(Y_0),     T_new = Y_s
 *        stable for dt <= dt_expl (s^2 + s - 2)/4, dt_expl being ftcs's limit, and monotone.  Written
 *        for the increments Y_j - Y_0, which loses nothing to a large zero of the scale.  The heat
 *        that crossed the sides is the same sum of the stages' heats as T_new is of the M(Y_j).
 *        Where the limit changes with the field, it is looked at again in each stage and at the end:
 *        a step that left the stable range on its way is repeated, with more stages, or with
 *        `step: auto` shorter.  A margin makes that rare.
 *        Source: C. Meyer, D. Balsara, T. Aslam, J. Comput. Phys. 257 (2014) 594, eq. (16)-(22). */
#include <stdio.h>

#include "solver/stepper/stepper_impl.h"

typedef struct {
  PetscReal  limit;  /* ftcs's [s] for the operator of the last look */
  Vec        even;   /* rkl2: stages 2, 4, ...; the odd ones, and so the last, lie in s->next */
  Vec        net;    /* rkl2: of the present stage */
  PetscInt   stages; /* rkl2: those that the shares are for */
  PetscReal *share;  /* rkl2: [stages + 2] owned; see FindShares */
} Explicit;

static PetscErrorCode CreateLimit(HeatStepper *s)
{
  Explicit *e;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&e));
  s->own = e;
  if (HeatOperatorIsLinear(s->op)) PetscCall(HeatOperatorStableStep(s->op, &e->limit));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* ftcs. */

/* A step of the case that can grow is refused before the run. */
static PetscErrorCode CheckStable(HeatStepper *s, PetscReal dt, PetscReal limit)
{
  PetscFunctionBeginUser;
  HeatCaseCheckKey(
      dt <= limit * (1.0 + 1e-12), HeatOperatorGrid(s->op)->comm, HeatOperatorCase(s->op),
      "time.step",
      "%g s is unstable for ftcs on this grid: the largest stable step is %.6g s; take that, "
      "`step: auto`, or an implicit scheme such as backward-euler",
      (double)dt, (double)limit);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CreateFtcs(HeatStepper *s, PetscReal dt)
{
  PetscFunctionBeginUser;
  PetscCall(CreateLimit(s));
  if (HeatOperatorIsLinear(s->op)) PetscCall(CheckStable(s, dt, ((const Explicit *)s->own)->limit));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Where the limit changes with the field: with `step: auto` the step follows it, else it is an
   error when the step lies above. */
static PetscErrorCode FollowLimit(HeatStepper *s, PetscReal t, HeatStepInfo *info)
{
  Explicit *e = s->own;
  char      text[3][32];

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorStableStep(s->op, &e->limit));
  if (HeatOperatorCase(s->op)->time.step_auto) {
    if (e->limit < PETSC_MAX_REAL) info->next = e->limit;
    info->dt = PetscMin(info->dt, e->limit);
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  (void)snprintf(text[0], sizeof text[0], "%g", (double)t);
  (void)snprintf(text[1], sizeof text[1], "%g", (double)info->dt);
  (void)snprintf(text[2], sizeof text[2], "%.6g", (double)e->limit);
  HeatCheck(info->dt <= e->limit * (1.0 + 1e-12), HeatOperatorGrid(s->op)->comm, HEAT_ERR_NUMERICS,
            "the step from t = %s s: %s s is unstable for ftcs with the temperatures reached: the "
            "largest stable step is %s s now; take shorter steps, `step: auto`, or an implicit "
            "scheme such as backward-euler",
            text[0], text[1], text[2]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AttemptFtcs(HeatStepper *s, PetscReal t, PetscReal dt, Vec T,
                                  HeatStepInfo *info, HeatAttempt *attempt)
{
  const PetscReal *old;
  PetscReal *new;

  PetscFunctionBeginUser;
  (void)attempt, (void)dt;
  PetscCall(HeatStepperBring(s, t, T));
  if (!HeatOperatorIsLinear(s->op)) PetscCall(FollowLimit(s, t, info));
  PetscCall(VecGetArrayRead(T, &old));
  PetscCall(VecGetArrayWrite(s->next, &new));
  PetscCall(HeatOperatorFlows(s->op, old, &info->flows));
  PetscCall(HeatOperatorStep(s->op, info->dt, old, new));
  PetscCall(VecRestoreArrayWrite(s->next, &new));
  PetscCall(VecRestoreArrayRead(T, &old));
  info->stages = 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MostFtcs(HeatStepper *s, PetscInt *most)
{
  PetscFunctionBeginUser;
  PetscCall(HeatOperatorMostSteps(s->op, most));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SeveralFtcs(HeatStepper *s, PetscInt steps, const PetscReal *times,
                                  PetscReal dt, Vec T, HeatStepInfo *info)
{
  PetscReal *values;

  PetscFunctionBeginUser;
  PetscCall(VecGetArray(T, &values));
  PetscCall(HeatOperatorTakeSteps(s->op, steps, dt, times, values, &info->flows));
  PetscCall(VecRestoreArray(T, &values));
  info->stages = 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The limit; or the step asked for, which must not lie above it. */
static PetscErrorCode FirstStepFtcs(HeatStepper *s, PetscReal t, Vec T, PetscReal *dt)
{
  PetscReal limit;

  PetscFunctionBeginUser;
  PetscCall(HeatStepperBring(s, t, T));
  PetscCall(HeatOperatorStableStep(s->op, &limit));
  if (*dt == 0.0) *dt = limit;
  PetscCall(CheckStable(s, *dt, limit));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode DestroyExplicit(HeatStepper *s)
{
  Explicit *e = s->own;

  PetscFunctionBeginUser;
  PetscCall(VecDestroy(&e->even));
  PetscCall(VecDestroy(&e->net));
  PetscCall(PetscFree(e->share));
  PetscFunctionReturn(PETSC_SUCCESS);
}

const HeatMethod HeatMethodFtcs = {.create     = CreateFtcs,
                                   .attempt    = AttemptFtcs,
                                   .most       = MostFtcs,
                                   .several    = SeveralFtcs,
                                   .first_step = FirstStepFtcs,
                                   .destroy    = DestroyExplicit};

/* rkl2. */

enum { AUTO_STAGES = 9 }; /* of `step: auto`: 22 of ftcs's steps for 9 evaluations */

/* Of a limit that changes with the field: what it may fall by within a step without a second try. */
static const PetscReal Margin = 0.8;

/* Beyond which the recurrence's rounding matters, and patience. */
static const PetscInt MostStages = 1000000;

static PetscReal StableSteps(PetscInt stages)
{
  const PetscReal s = (PetscReal)stages;

  return (s * s + s - 2.0) / 4.0;
}

/* The fewest, odd, at least 3. */
static PetscInt Stages(PetscReal dt, PetscReal limit)
{
  const PetscReal exact  = 0.5 * (PetscSqrtReal(9.0 + 16.0 * dt / limit) - 1.0);
  PetscInt        stages = 3;

  if (!(exact < (PetscReal)MostStages)) return 0;
  if (exact > 3.0) stages = (PetscInt)PetscCeilReal(exact * (1.0 - 1e-12)); /* 9 is not 10 */
  if (stages % 2 == 0) stages++;
  return stages;
}

static PetscErrorCode CreateRkl2(HeatStepper *s, PetscReal dt)
{
  Explicit *e;

  PetscFunctionBeginUser;
  (void)dt;
  PetscCall(CreateLimit(s));
  e = s->own;
  PetscCall(VecDuplicate(s->next, &s->net));
  PetscCall(VecDuplicate(s->next, &e->net));
  PetscCall(VecDuplicate(s->next, &e->even));
  PetscFunctionReturn(PETSC_SUCCESS);
}

typedef struct {
  PetscReal m, n, mt, gt; /* m_j, n_j, m_j~, g_j~ */
} Coefficients;

static PetscReal B(PetscInt j)
{
  const PetscReal x = (PetscReal)j;

  return j < 2 ? 1.0 / 3.0 : (x * x + x - 2.0) / (2.0 * x * (x + 1.0));
}

static Coefficients CoefficientsOf(PetscInt j, PetscInt stages)
{
  const PetscReal x = (PetscReal)j, w = 1.0 / StableSteps(stages);
  Coefficients    k;

  if (j == 1) return (Coefficients){.m = 1.0, .mt = B(1) * w};
  k.m  = (2.0 * x - 1.0) / x * B(j) / B(j - 1);
  k.n  = -(x - 1.0) / x * B(j) / B(j - 2);
  k.mt = k.m * w;
  k.gt = -(1.0 - B(j - 1)) * k.mt;
  return k;
}

typedef struct {
  PetscInt     j;
  PetscReal    dt;
  Coefficients k;
  Vec          T, before, out; /* Y_0, Y_{j-1}; Y_{j-2}, which becomes Y_j */
} Stage;

/* Y_j, with N(Y_{j-1}) in e->net and N(Y_0) in s->net. */
static PetscErrorCode Combine(HeatStepper *s, const Stage *stage)
{
  const size_t       n  = HeatGridLocalCells(HeatOperatorGrid(s->op));
  const PetscReal   *C  = HeatOperatorCapacity(s->op);
  const Coefficients k  = stage->k;
  const PetscReal    dt = stage->dt;
  const PetscReal   *T, *Y, *net, *net0;
  PetscReal         *out;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(stage->T, &T));
  PetscCall(VecGetArrayRead(s->net, &net0));
  PetscCall(VecGetArray(stage->out, &out));
  if (stage->j == 1) {
    for (size_t i = 0; i < n; i++) out[i] = T[i] + k.mt * dt / C[i] * net0[i];
  } else {
    PetscCall(VecGetArrayRead(stage->before, &Y));
    PetscCall(VecGetArrayRead(((Explicit *)s->own)->net, &net));
    for (size_t i = 0; i < n; i++) {
      const PetscReal two_before = stage->j == 2 ? 0.0 : out[i] - T[i];

      out[i] = T[i] + ((k.m * (Y[i] - T[i]) + k.n * two_before) +
                       dt / C[i] * (k.mt * net[i] + k.gt * net0[i]));
    }
    PetscCall(VecRestoreArrayRead(((Explicit *)s->own)->net, &net));
    PetscCall(VecRestoreArrayRead(stage->before, &Y));
  }
  PetscCall(VecRestoreArray(stage->out, &out));
  PetscCall(VecRestoreArrayRead(s->net, &net0));
  PetscCall(VecRestoreArrayRead(stage->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What is left in Y_s of one that is added to Y_j: the recurrence of the temperature run backwards.
   So each stage's heat has its weight when it is known, and N(Y_0)'s is share[0]. */
static PetscErrorCode FindShares(Explicit *e, PetscInt stages)
{
  Coefficients after = {0}, after_that = {0}; /* of stages j + 1 and j + 2 */

  PetscFunctionBeginUser;
  if (stages == e->stages) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFree(e->share));
  PetscCall(PetscCalloc1(stages + 2, &e->share));
  e->stages        = stages;
  e->share[stages] = 1.0;
  for (PetscInt j = stages; j > 0; j--) {
    const Coefficients k = CoefficientsOf(j, stages);

    if (j < stages) e->share[j] = after.m * e->share[j + 1] + after_that.n * e->share[j + 2];
    e->share[0] += e->share[j] * (j == 1 ? k.mt : k.gt);
    after_that = after;
    after      = k;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The stages of a run: what they were made for, and the lowest limit that they met. */
typedef struct {
  PetscInt  stages;
  PetscReal lowest; /* [s]; 0: the coefficients lost their meaning */
} Course;

static PetscErrorCode RaiseUnstable(HeatStepper *s, PetscReal t, PetscReal dt, PetscReal limit)
{
  char text[3][32];

  PetscFunctionBeginUser;
  (void)snprintf(text[0], sizeof text[0], "%g", (double)t);
  (void)snprintf(text[1], sizeof text[1], "%g", (double)dt);
  (void)snprintf(text[2], sizeof text[2], "%g", (double)limit);
  return HeatRaiseHere(
      HeatOperatorGrid(s->op)->comm, HEAT_ERR_NUMERICS,
      "the step from t = %s s: %s s would take rkl2 more than a million stages, or no number of "
      "them is stable, since the largest step of ftcs is %s s; take shorter steps, or an implicit "
      "scheme such as bdf2",
      text[0], text[1], text[2]);
}

/* The operator to a stage, or to the end of the step; where the limit follows the field, that too. */
static PetscErrorCode Look(HeatStepper *s, PetscReal t, Vec T, Course *course)
{
  Explicit *e = s->own;
  PetscBool valid;

  PetscFunctionBeginUser;
  PetscCall(HeatStepperTryBring(s, t, T, &valid));
  if (HeatOperatorIsLinear(s->op)) PetscFunctionReturn(PETSC_SUCCESS);
  if (valid) PetscCall(HeatOperatorStableStep(s->op, &e->limit));
  course->lowest = valid ? PetscMin(course->lowest, e->limit) : 0.0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* All stages of a step of info->dt, until the coefficients lose their meaning.  The operator is at
   T, and N(T) in s->net. */
static PetscErrorCode RunStages(HeatStepper *s, PetscReal t, Vec T, const HeatFlows *first,
                                HeatStepInfo *info, Course *course)
{
  const PetscReal dt   = info->dt;
  const HeatFlows none = {0};
  Explicit       *e    = s->own;
  PetscReal       time = 0.0, time_two = 0.0; /* of stages j-1 and j-2, in dt */

  PetscFunctionBeginUser;
  PetscCall(FindShares(e, course->stages));
  info->flows = none;
  HeatFlowsAdd(&info->flows, e->share[0], first);
  for (PetscInt j = 1; j <= course->stages; j++) {
    const Coefficients k        = CoefficientsOf(j, course->stages);
    const PetscBool    odd      = j % 2 ? PETSC_TRUE : PETSC_FALSE;
    const Stage        stage    = {.j      = j,
                                   .dt     = dt,
                                   .k      = k,
                                   .T      = T,
                                   .before = odd ? e->even : s->next,
                                   .out    = odd ? s->next : e->even};
    const PetscReal    time_new = j == 1 ? k.mt : k.m * time + k.n * time_two + k.mt + k.gt;

    if (j > 1) {
      PetscCall(Look(s, t + time * dt, stage.before, course));
      if (course->lowest == 0.0) PetscFunctionReturn(PETSC_SUCCESS);
      PetscCall(HeatStepperNet(s, stage.before, e->net, e->share[j] * k.mt, &info->flows));
    }
    info->stages += 1;
    PetscCall(Combine(s, &stage));
    time_two = time;
    time     = time_new;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* After a try that left the stable range.  A field that grew has a limit far too low, so that the
   step shrinks to a quarter, or its stages double, at most. */
static PetscErrorCode TryOtherwise(HeatStepper *s, PetscReal t, PetscReal limit, HeatStepInfo *info,
                                   Course *course)
{
  enum { MOST = 20 };
  PetscInt wanted;

  PetscFunctionBeginUser;
  if (info->rejected == MOST) PetscCall(RaiseUnstable(s, t, info->dt, limit));
  info->rejected += 1;
  if (HeatOperatorCase(s->op)->time.step_auto) {
    const PetscReal fits = StableSteps(AUTO_STAGES) * Margin * course->lowest;

    info->dt       = PetscMax(PetscMin(0.9 * info->dt, fits), 0.25 * info->dt);
    course->stages = AUTO_STAGES;
  } else {
    wanted         = course->lowest > 0.0 ? Stages(info->dt, Margin * course->lowest) : 0;
    wanted         = PetscMax(wanted, course->stages + 2);
    course->stages = course->lowest > 0.0 ? PetscMin(wanted, 2 * course->stages + 1)
                                          : 2 * course->stages + 1;
  }
  if (course->stages == 0 || course->stages > MostStages)
    PetscCall(RaiseUnstable(s, t, info->dt, limit));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AttemptRkl2(HeatStepper *s, PetscReal t, PetscReal dt, Vec T,
                                  HeatStepInfo *info, HeatAttempt *attempt)
{
  const PetscBool follows = HeatOperatorIsLinear(s->op) ? PETSC_FALSE : PETSC_TRUE;
  Explicit       *e       = s->own;
  HeatFlows       first   = {0};
  PetscReal       limit;
  Course          course;

  PetscFunctionBeginUser;
  (void)attempt, (void)dt;
  PetscCall(HeatStepperBring(s, t, T));
  if (follows) PetscCall(HeatOperatorStableStep(s->op, &e->limit));
  limit         = e->limit;
  course.stages = Stages(info->dt, follows ? Margin * limit : limit);
  if (course.stages == 0) PetscCall(RaiseUnstable(s, t, info->dt, limit));
  PetscCall(HeatStepperNet(s, T, s->net, 1.0, &first));
  for (;;) {
    course.lowest = limit;
    PetscCall(RunStages(s, t, T, &first, info, &course));
    if (!follows) break;
    if (course.lowest > 0.0) PetscCall(Look(s, t + info->dt, s->next, &course));
    if (info->dt <= StableSteps(course.stages) * course.lowest) break;
    PetscCall(TryOtherwise(s, t, limit, info, &course));
  }
  if (follows && HeatOperatorCase(s->op)->time.step_auto)
    info->next = e->limit < PETSC_MAX_REAL ? StableSteps(AUTO_STAGES) * Margin * e->limit : 0.0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FirstStepRkl2(HeatStepper *s, PetscReal t, Vec T, PetscReal *dt)
{
  PetscFunctionBeginUser;
  if (*dt > 0.0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(FirstStepFtcs(s, t, T, dt));
  if (*dt < PETSC_MAX_REAL)
    *dt *= StableSteps(AUTO_STAGES) * (HeatOperatorIsLinear(s->op) ? 1.0 : Margin);
  PetscFunctionReturn(PETSC_SUCCESS);
}

const HeatMethod HeatMethodRkl2 = {.create     = CreateRkl2,
                                   .attempt    = AttemptRkl2,
                                   .first_step = FirstStepRkl2,
                                   .destroy    = DestroyExplicit};
