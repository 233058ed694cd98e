/** rkl2: Runge-Kutta-Legendre super-time-stepping, an explicit scheme of second order with s
 *  stages, s odd.  With M(Y) = N(Y)/C and Y_0 = T,
 *
 *      Y_1 = Y_0 + m~_1 dt M(Y_0)
 *      Y_j = m_j Y_{j-1} + n_j Y_{j-2} + (1 - m_j - n_j) Y_0
 *            + m~_j dt M(Y_{j-1}) + g~_j dt M(Y_0),       j = 2 ... s
 *      T_new = Y_s
 *
 *  It is monotone, and stable for dt <= dt_ftcs (s^2 + s - 2)/4, dt_ftcs being the limit of ftcs.
 *  The recurrence is coded for the increments Y_j - Y_0, so that no digits are lost to temperatures
 *  that are large against their differences.  The mean heat flow of the step is the sum of the
 *  stages' heat flows with the weights that T_new gives to the M(Y_j).
 *
 *  Where the limit changes with T, it is computed again in each stage and at the end.  A step
 *  that left the stable range on its way is repeated with more stages, or with `step: auto`
 *  shorter.  The margin LimitMargin makes that rare.  Source: C. Meyer, D. Balsara, T. Aslam, J.
 *  Comput. Phys. 257 (2014) 594, eq. (16)-(22). */
#include <stdio.h>

#include "solver/stepper/stepper_impl.h"

/* Data of the scheme. */
typedef struct {
  PetscReal     limit;  /* [s] largest stable step of ftcs, when last computed */
  Vec           even;   /* [K] Y_2, Y_4, ...; Y_1, Y_3, ..., Y_s are in s->next */
  Vec           net;    /* [W/m] N(Y_{j-1}) of the present stage; N(Y_0) is in s->net */
  PetscInt      stages; /* number s for which `share` was computed */
  PetscReal    *share;  /* owned [stages + 2]; see FindShares */
  PetscBool     fixed;  /* the operator takes all stages of a step; `even` and `net` are NULL */
  HeatRklStage *plan;   /* owned [stages]; see TakeFixedStages */
} Rkl2;

/* Part of the limit that is used where the limit changes with T: the limit may fall to this part
   within a step before the step has to be repeated.  Chosen: a larger value repeats more steps, a
   smaller one takes more stages or shorter steps. */
static const PetscReal LimitMargin = 0.8;

/* Largest number of stages.  Chosen: beyond it the recurrence's rounding matters, and a step takes
   very long; a smaller value refuses steps that could be taken. */
static const PetscInt MostStages = 1000000;

/* Return how many of ftcs's largest steps fit into one stable step of rkl2: (s^2 + s - 2)/4. */
static PetscReal StableSteps(PetscInt stages)
{
  const PetscReal s = (PetscReal)stages;

  return (s * s + s - 2.0) / 4.0;
}

/* A step is stable where s^2 + s - 2 >= 4 dt/limit.  The factor 1 - 1e-12 removes the rounding of
   the square root, so that a result of exactly 9 does not become 11, the next odd number. */
PetscInt HeatRkl2Stages(PetscReal dt, PetscReal limit)
{
  const PetscReal exact  = 0.5 * (PetscSqrtReal(9.0 + 16.0 * dt / limit) - 1.0);
  PetscInt        stages = 3;

  if (!(exact < (PetscReal)MostStages)) return 0;
  if (exact > 3.0) stages = (PetscInt)PetscCeilReal(exact * (1.0 - 1e-12));
  if (stages % 2 == 0) stages++;
  return stages <= MostStages ? stages : 0;
}

static PetscErrorCode Create(HeatStepper *s, PetscReal dt)
{
  Rkl2 *e;

  PetscFunctionBeginUser;
  (void)dt;
  PetscCall(PetscNew(&e));
  s->data = e;
  if (HeatOperatorIsLinear(s->op))
    PetscCall(HeatOperatorLinearStableStep(s->op, PETSC_TRUE, &e->limit));
  PetscCall(HeatOperatorTakesStages(s->op, &e->fixed));
  if (e->fixed) {
    PetscCall(HeatOperatorSumExchange(s->op));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(VecDuplicate(s->next, &s->net));
  PetscCall(VecDuplicate(s->next, &e->net));
  PetscCall(VecDuplicate(s->next, &e->even));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The coefficients of one stage; see the file's head and CoefficientsOf. */
typedef struct {
  PetscReal m, n, mt, gt; /* m_j, n_j, m~_j, g~_j */
} Coefficients;

/* Return b_j = (j^2 + j - 2)/(2 j (j + 1)), and 1/3 for j = 0 and 1. */
static PetscReal B(PetscInt j)
{
  const PetscReal x = (PetscReal)j;

  return j < 2 ? 1.0 / 3.0 : (x * x + x - 2.0) / (2.0 * x * (x + 1.0));
}

/* Return the coefficients of stage j; with w = 4/(s^2 + s - 2) they are
       m_j  = (2 j - 1)/j b_j/b_{j-1},      n_j  = -(j - 1)/j b_j/b_{j-2}
       m~_j = m_j w,                        g~_j = -(1 - b_{j-1}) m~_j
   and for j = 1: m_1 = 1, m~_1 = b_1 w. */
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

/* One stage of a step.  The Vecs hold [K]; `out` holds Y_{j-2} on entry of Combine and Y_j
   afterwards. */
typedef struct {
  PetscInt     j;      /* 1 to s */
  PetscReal    dt;     /* [s] of the whole step */
  Coefficients k;      /* of stage j */
  Vec          T;      /* Y_0 */
  Vec          before; /* Y_{j-1} */
  Vec          out;    /* Y_{j-2}, then Y_j */
} Stage;

/* Compute Y_j, with N(Y_{j-1}) in e->net and N(Y_0) in s->net:
       Y_j = Y_0 + m_j (Y_{j-1} - Y_0) + n_j (Y_{j-2} - Y_0)
             + dt/C (m~_j N(Y_{j-1}) + g~_j N(Y_0)) */
static PetscErrorCode Combine(HeatStepper *s, const Stage *stage)
{
  const HeatGrid    *g  = HeatOperatorGrid(s->op);
  const Coefficients k  = stage->k;
  const PetscReal    dt = stage->dt;
  const PetscReal   *T, *Y, *net, *net0;
  PetscReal         *out;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(stage->T, &T));
  PetscCall(VecGetArrayRead(s->net, &net0));
  PetscCall(VecGetArray(stage->out, &out));
  if (stage->j == 1) {
    for (PetscInt j = 0; j < g->nyl; j++) {
      const PetscReal *C     = HeatOperatorCapacity(s->op, j);
      const size_t     first = (size_t)j * (size_t)g->nxl;

      for (PetscInt column = 0; column < g->nxl; column++) {
        const size_t i = first + (size_t)column;

        out[i] = T[i] + k.mt * dt / C[column] * net0[i];
      }
    }
  } else {
    PetscCall(VecGetArrayRead(stage->before, &Y));
    PetscCall(VecGetArrayRead(((Rkl2 *)s->data)->net, &net));
    for (PetscInt j = 0; j < g->nyl; j++) {
      const PetscReal *C     = HeatOperatorCapacity(s->op, j);
      const size_t     first = (size_t)j * (size_t)g->nxl;

      for (PetscInt column = 0; column < g->nxl; column++) {
        const size_t    i          = first + (size_t)column;
        const PetscReal two_before = stage->j == 2 ? 0.0 : out[i] - T[i];

        out[i] = T[i] + ((k.m * (Y[i] - T[i]) + k.n * two_before) +
                         dt / C[column] * (k.mt * net[i] + k.gt * net0[i]));
      }
    }
    PetscCall(VecRestoreArrayRead(((Rkl2 *)s->data)->net, &net));
    PetscCall(VecRestoreArrayRead(stage->before, &Y));
  }
  PetscCall(VecRestoreArray(stage->out, &out));
  PetscCall(VecRestoreArrayRead(s->net, &net0));
  PetscCall(VecRestoreArrayRead(stage->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the weights of the stages' heat flows for s = `stages`, by the recurrence run backwards.
   For j = 1 ... s, share[j] = dY_s/dY_j is the part of a change of Y_j that remains in Y_s:
       share[s] = 1,   share[j] = m_{j+1} share[j+1] + n_{j+2} share[j+2]
   so that N(Y_{j-1}) enters T_new with the weight share[j] m~_j, which is known before the stage is
   computed.  share[0] is the weight of N(Y_0): the sum of share[j] g~_j over j > 1, plus share[1]
   m~_1. */
static PetscErrorCode FindShares(Rkl2 *e, PetscInt stages)
{
  Coefficients after = {0}, after_that = {0}; /* of stages j + 1 and j + 2 */

  PetscFunctionBeginUser;
  if (stages == e->stages) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFree(e->share));
  PetscCall(PetscFree(e->plan));
  PetscCall(PetscCalloc1(stages + 2, &e->share));
  PetscCall(PetscCalloc1(stages, &e->plan));
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

/* One run through all stages of a step: their number, and the lowest limit of ftcs [s] at any of
   them; 0: the coefficients were undefined at a stage. */
typedef struct {
  PetscInt  stages;
  PetscReal lowest;
} StageRun;

/* Raise the error of a step for which no allowed number of stages is stable. */
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

/* Bring the operator to time t and a stage or the end of the step, and where the limit changes with
   T lower run->lowest to the limit there. */
static PetscErrorCode BringToStage(HeatStepper *s, PetscReal t, Vec T, StageRun *run)
{
  Rkl2     *e = s->data;
  PetscBool valid;

  PetscFunctionBeginUser;
  PetscCall(HeatStepperTryBring(s, t, T, &valid));
  if (HeatOperatorIsLinear(s->op)) PetscFunctionReturn(PETSC_SUCCESS);
  if (valid) PetscCall(HeatOperatorStableStep(s->op, &e->limit));
  run->lowest = valid ? PetscMin(run->lowest, e->limit) : 0.0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute all stages of a step of info->dt, or stop where the coefficients become undefined
   (run->lowest = 0).  On entry the operator is at T, N(T) is in s->net, and `first` holds the heat
   flows at T. */
static PetscErrorCode RunStages(HeatStepper *s, PetscReal t, Vec T, const HeatFlows *first,
                                HeatStepInfo *info, StageRun *run)
{
  const PetscReal dt   = info->dt;
  const HeatFlows none = {0};
  Rkl2           *e    = s->data;
  PetscReal       time = 0.0, time_two = 0.0; /* of Y_{j-1} and Y_{j-2}, in units of dt */

  PetscFunctionBeginUser;
  PetscCall(FindShares(e, run->stages));
  info->flows = none;
  HeatFlowsAdd(&info->flows, e->share[0], first);
  for (PetscInt j = 1; j <= run->stages; j++) {
    const Coefficients k        = CoefficientsOf(j, run->stages);
    const PetscBool    odd      = j % 2 ? PETSC_TRUE : PETSC_FALSE;
    const Stage        stage    = {.j      = j,
                                   .dt     = dt,
                                   .k      = k,
                                   .T      = T,
                                   .before = odd ? e->even : s->next,
                                   .out    = odd ? s->next : e->even};
    const PetscReal    time_new = j == 1 ? k.mt : k.m * time + k.n * time_two + k.mt + k.gt;

    PetscCall(HeatInterruptPollOrReturn(HeatOperatorInterrupt(s->op)));
    if (j > 1) {
      PetscCall(BringToStage(s, t + time * dt, stage.before, run));
      if (run->lowest == 0.0) PetscFunctionReturn(PETSC_SUCCESS);
      PetscCall(HeatStepperNet(s, stage.before, e->net, e->share[j] * k.mt, &info->flows));
    }
    info->stages += 1;
    info->sweeps = -1;
    PetscCall(Combine(s, &stage));
    time_two = time;
    time     = time_new;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Take a step whose coefficients are fixed, in increments Y_j - Y_0 (HeatRklStage): g~_j N(Y_0) and
   the part m~_j N(Y_0) of m~_j N(Y_{j-1}) are one term there. */
static PetscErrorCode TakeFixedStages(HeatStepper *s, PetscReal t, PetscInt stages, Vec T,
                                      HeatStepInfo *info)
{
  Rkl2            *e    = s->data;
  const PetscReal  dt   = info->dt;
  PetscReal        time = 0.0, time_two = 0.0; /* of Y_{j-1} and Y_{j-2}, in units of dt */
  const PetscReal *old;
  PetscReal *new;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(FindShares(e, stages));
  for (PetscInt j = 1; j <= stages; j++) {
    const Coefficients k        = CoefficientsOf(j, stages);
    const PetscReal    time_new = j == 1 ? k.mt : k.m * time + k.n * time_two + k.mt + k.gt;

    e->plan[j - 1] = (HeatRklStage){.m     = k.m,
                                    .n     = k.n,
                                    .net   = k.mt * dt,
                                    .rate  = (k.mt + k.gt) * dt,
                                    .time  = t + time * dt,
                                    .share = j == 1 ? e->share[0] : e->share[j] * k.mt};
    time_two       = time;
    time           = time_new;
  }
  PetscCall(VecGetArrayRead(T, &old));
  PetscCall(VecGetArrayWrite(s->next, &new));
  code = HeatOperatorTakeStages(s->op, stages, e->plan, dt, old, new, &info->flows);
  PetscCall(VecRestoreArrayWrite(s->next, &new));
  PetscCall(VecRestoreArrayRead(T, &old));
  PetscCall(code); /* the step may have been abandoned */
  HeatOperatorTakeSettled(s->op, &info->settled);
  info->stages += stages;
  info->sweeps += HeatOperatorStageSweeps(s->op, stages);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Raise the error of a step whose last attempt left the stable range: that of the coefficients
   where they became undefined. */
static PetscErrorCode GiveUp(HeatStepper *s, PetscReal t, PetscReal limit, const HeatStepInfo *info,
                             const StageRun *run)
{
  char what[64];

  PetscFunctionBeginUser;
  if (run->lowest > 0.0) PetscCall(RaiseUnstable(s, t, info->dt, limit));
  HeatStepperFormatStep(t, what, sizeof what);
  PetscCall(HeatOperatorRaiseUndefined(s->op, HEAT_ERR_NUMERICS, what));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Choose the next attempt after one that left the stable range: with `step: auto` a shorter step,
   else more stages.  The step shrinks at most to a quarter, and the stages at most double, because
   the limit measured on a field that has grown unstable is lower than the next attempt needs.

   The numbers are chosen.  0.9: the step shrinks by at least a tenth.  20 attempts: by 0.9 each
   they shorten the step to 0.12, by 0.25 each to 1e-12; fewer end a run that a shorter step would
   continue, more delay the error where no step is stable. */
static PetscErrorCode PlanNextAttempt(HeatStepper *s, PetscReal t, PetscReal limit,
                                      HeatStepInfo *info, StageRun *run)
{
  enum { MOST = 20 };
  PetscInt wanted;

  PetscFunctionBeginUser;
  if (info->rejected == MOST) PetscCall(GiveUp(s, t, limit, info, run));
  info->rejected += 1;
  if (HeatOperatorCase(s->op)->time.step_auto) {
    const PetscReal fits = StableSteps(HEAT_RKL2_AUTO_STAGES) * LimitMargin * run->lowest;

    info->dt    = PetscMax(PetscMin(0.9 * info->dt, fits), 0.25 * info->dt);
    run->stages = HEAT_RKL2_AUTO_STAGES;
  } else {
    wanted      = run->lowest > 0.0 ? HeatRkl2Stages(info->dt, LimitMargin * run->lowest) : 0;
    wanted      = PetscMax(wanted, run->stages + 2);
    run->stages = run->lowest > 0.0 ? PetscMin(wanted, 2 * run->stages + 1) : 2 * run->stages + 1;
  }
  if (run->stages == 0 || run->stages > MostStages) PetscCall(GiveUp(s, t, limit, info, run));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute s->next with as many stages as the step needs, and repeat the step where its limit fell
   below what it needs. */
static PetscErrorCode Attempt(HeatStepper *s, PetscReal t, PetscReal dt, Vec T, HeatStepInfo *info,
                              HeatAttempt *attempt)
{
  const PetscBool limit_varies = HeatOperatorIsLinear(s->op) ? PETSC_FALSE : PETSC_TRUE;
  Rkl2           *e            = s->data;
  HeatFlows       first;
  PetscReal       limit;
  StageRun        run;

  PetscFunctionBeginUser;
  (void)attempt, (void)dt;
  PetscCall(HeatStepperBring(s, t, T));
  if (limit_varies) PetscCall(HeatOperatorStableStep(s->op, &e->limit));
  limit      = e->limit;
  run.stages = HeatRkl2Stages(info->dt, limit_varies ? LimitMargin * limit : limit);
  if (run.stages == 0) PetscCall(RaiseUnstable(s, t, info->dt, limit));
  if (e->fixed) {
    PetscCall(TakeFixedStages(s, t, run.stages, T, info));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  for (;;) {
    const HeatFlows none = {0};

    first      = none;
    run.lowest = limit;
    PetscCall(HeatStepperNet(s, T, s->net, 1.0, &first));
    PetscCall(RunStages(s, t, T, &first, info, &run));
    if (!limit_varies) break;
    if (run.lowest > 0.0) PetscCall(BringToStage(s, t + info->dt, s->next, &run));
    if (info->dt <= StableSteps(run.stages) * run.lowest) break;
    PetscCall(PlanNextAttempt(s, t, limit, info, &run));
    HeatOperatorSetStep(s->op, t, t + info->dt, s->method->rule); /* the step may be shorter */
    PetscCall(HeatStepperBring(s, t, T));
  }
  if (limit_varies && HeatOperatorCase(s->op)->time.step_auto)
    info->next = e->limit < PETSC_MAX_REAL
                     ? StableSteps(HEAT_RKL2_AUTO_STAGES) * LimitMargin * e->limit
                     : 0.0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store in *dt the step that HEAT_RKL2_AUTO_STAGES stages reach, or MAX_REAL where every step is
   stable; keep a step of the case, which any number of stages can follow. */
static PetscErrorCode FirstStep(HeatStepper *s, PetscReal t, Vec T, PetscReal *dt)
{
  PetscFunctionBeginUser;
  if (*dt > 0.0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatStepperBring(s, t, T));
  if (HeatOperatorIsLinear(s->op)) *dt = ((Rkl2 *)s->data)->limit;
  else PetscCall(HeatOperatorStableStep(s->op, dt));
  if (*dt < PETSC_MAX_REAL)
    *dt *= StableSteps(HEAT_RKL2_AUTO_STAGES) * (HeatOperatorIsLinear(s->op) ? 1.0 : LimitMargin);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Destroy(HeatStepper *s)
{
  Rkl2 *e = s->data;

  PetscFunctionBeginUser;
  PetscCall(VecDestroy(&e->even));
  PetscCall(VecDestroy(&e->net));
  PetscCall(PetscFree(e->share));
  PetscCall(PetscFree(e->plan));
  PetscFunctionReturn(PETSC_SUCCESS);
}

const HeatMethod HeatMethodRkl2 = {.rule       = HEAT_TIME_ON_LINES,
                                   .create     = Create,
                                   .attempt    = Attempt,
                                   .first_step = FirstStep,
                                   .destroy    = Destroy};
