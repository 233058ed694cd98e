/* The choice of the step: by the error, by the stability limit, and after a solve that fails. */
#include "schemes_test.h"

#include "solver/stepper/step_control.h"

/* ------- error-controlled steps ------- */

typedef struct {
  int       steps, rejected;
  PetscReal worst; /* largest error of an accepted step, relative to the tolerance */
  PetscReal error; /* error of the field at the end, relative to tolerance * spread */
  PetscReal first; /* first step [s] */
} Controlled;

/* Run to t = 1 from the exact solution at 0: the mode decays by a factor of e^10, while the source
   changes slowly.  With clip > 0, steps are shortened to end at all multiples of clip. */
static Controlled RunControlled(const HeatTestRun *run, PetscReal clip)
{
  HeatProblem  p  = HeatTestSetUp(PETSC_COMM_WORLD, HeatTestRunCase(run));
  PetscReal   *T0 = HeatTestExactAt(p.g, 0.0), *exact = HeatTestExactAt(p.g, 1.0), t = 0.0, dt;
  Vec          T = HeatTestVec(p.g, T0);
  HeatStepper *stepper;
  Controlled   r = {0, 0, 0.0, 0.0, 0.0};

  OK(HeatStepperCreate(p.op, 0.0, &stepper));
  ALL(HeatStepperIsAdaptive(stepper));
  OK(HeatStepperFirstStep(stepper, t, T, &dt));
  r.first = dt;
  while (t < 1.0 && r.steps < 5000) {
    const PetscReal next_stop = clip > 0.0 ? clip * (floor(t / clip * (1.0 + 1e-12)) + 1.0) : 1.0;
    HeatStepInfo    info;

    OK(HeatStepperAdvance(stepper, t, PetscMin(dt, PetscMin(next_stop, 1.0) - t), &T, &info));
    t += info.dt;
    if (fabs(t - next_stop) < 1e-12) t = next_stop;
    dt = info.next;
    r.steps++;
    r.rejected += (int)info.rejected;
    r.worst = HeatTestMax(r.worst, info.error);
  }
  r.error = HeatTestWorst(HeatTestVecApart(p.g, T, exact)) / (run->adaptive * 200.0);
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  OK(PetscFree(exact));
  OK(PetscFree(T0));
  HeatTestTearDown(&p);
  return r;
}

/* The tolerance bounds the error of one step.  As errors decay with the mode, the error at the
   end is that of a few steps. */
static void controlled_steps_meet_their_tolerance(void **state)
{
  const PetscReal tolerances[3] = {1e-3, 1e-4, 1e-5};
  HeatTestRun     runs[2]       = {OURS(BDF2, 2), OURS(ESDIRK, 4)};

  (void)state;
  SKIP_IN_PARALLEL();
  for (int k = 0; k < 2; k++) {
    int before = 0;

    for (int m = 0; m < 3; m++) {
      Controlled r;

      runs[k].adaptive = tolerances[m];
      r                = RunControlled(&runs[k], 0.0);
      AT_MOST(r.worst, 1.0);
      AT_MOST(r.error, 10.0);
      ALL(r.error > 1e-4); /* steps are not needlessly short */
      ALL(r.steps > before && r.steps < 300 && r.rejected * 5 <= r.steps);
      before = r.steps;
    }
  }
}

static void steps_of_petsc_are_controlled_too(void **state)
{
  const char *const types[4] = {"rosw", "arkimex", "bdf", "rk"};

  (void)state;
  SKIP_IN_PARALLEL();
  for (int k = 0; k < 4; k++) {
    HeatTestRun run = PETSCS(types[k], 3);
    Controlled  r;

    run.adaptive = 1e-4;
    r            = RunControlled(&run, 0.0);
    AT_MOST(r.error, 30.0);
    ALL(r.steps > 4 && r.steps < 1000);
  }
}

/* Steps that are shortened to end at 20 output times add at most one step for each. */
static void clipped_steps_do_not_shorten_the_next(void **state)
{
  HeatTestRun runs[2] = {OURS(BDF2, 2), OURS(ESDIRK, 4)};

  (void)state;
  SKIP_IN_PARALLEL();
  for (int k = 0; k < 2; k++) {
    Controlled whole, clipped;

    runs[k].adaptive = 1e-4;
    whole            = RunControlled(&runs[k], 0.0);
    clipped          = RunControlled(&runs[k], 0.05);
    ALL(clipped.steps <= whole.steps + 20);
    AT_MOST(clipped.error, 10.0);
  }
}

/* The body is at rest, so steps grow, until a source is switched on at 0.5 s; then steps must be
   rejected. */
static void steps_that_meet_a_jump_are_rejected(void **state)
{
  HeatTestRun runs[2] = {OURS(BDF2, 2), OURS(ESDIRK, 4)};

  (void)state;
  for (int k = 0; k < 2; k++) {
    runs[k].adaptive = 1e-4;
    HeatCase *c      = HeatTestBlankRun(&runs[k]);
    HeatTestText(&c->source, "1200*(t > 0.5)*x");
    HeatTestTemperature(c, HEAT_LEFT, "300");
    HeatProblem  p  = HeatTestSetUp(PETSC_COMM_WORLD, c);
    PetscReal   *T0 = HeatTestLinearArray(p.g, 300.0, 10.0, 0.0), t = 0.0, dt, before = 0.0;
    Vec          T = HeatTestVec(p.g, T0);
    HeatStepper *stepper;
    PetscInt     rejected = 0;

    OK(HeatStepperCreate(p.op, 0.0, &stepper));
    OK(HeatStepperFirstStep(stepper, t, T, &dt));
    while (t < 0.6) {
      HeatStepInfo info;

      OK(HeatStepperAdvance(stepper, t, dt, &T, &info));
      ALL(info.error <= 1.0 && info.dt <= dt);
      if (info.rejected > 0) before = HeatTestMax(before, dt / info.dt);
      t += info.dt;
      dt = info.next;
      rejected += info.rejected;
    }
    ALL(rejected > 0 && before > 2.0);
    OK(HeatStepperDestroy(&stepper));
    OK(VecDestroy(&T));
    OK(PetscFree(T0));
    HeatTestTearDown(&p);
  }
}

/* A rate that is not a number is no small one: the first step is the largest stable one, here less
   than a thousandth of the run, and not that of the other cells, whose rate is about 1e-9 K/s. */
static void first_step_does_not_ignore_a_rate_that_is_not_a_number(void **state)
{
  HeatTestRun run = OURS(ESDIRK, 4);

  (void)state;
  run.adaptive       = 1e-4;
  HeatCase *c        = HeatTestBlankRun(&run);
  c->time.end        = 1e6;
  HeatProblem     p  = HeatTestSetUp(PETSC_COMM_WORLD, c);
  PetscReal      *T0 = HeatTestLinearArray(p.g, 300.0, 1e-9, 0.0), dt, stable;
  HeatStepControl control;

  OK(HeatOperatorStableStep(p.op, &stable));
  for (int k = 0; k < 2; k++) {
    HeatStepControlInit(&control, p.c, 2.0);
    if (k == 1) T0[0] = NAN;
    OK(HeatStepControlFirstStep(&control, p.op, 0.0, T0, 4, &dt));
    ALL(k == 0 || fabs(dt / stable - 1.0) < 1e-12);
    ALL(dt > 0.0 && isfinite(dt));
  }
  OK(PetscFree(T0));
  HeatTestTearDown(&p);
}

static void bounds_of_the_step_are_kept(void **state)
{
  HeatTestRun run = OURS(ESDIRK, 4);

  (void)state;
  run.adaptive         = 1e-4;
  HeatCase *c          = HeatTestRunCase(&run);
  c->time.adaptive.max = 0.004;
  HeatProblem  p       = HeatTestSetUp(PETSC_COMM_WORLD, c);
  PetscReal   *T0      = HeatTestExactAt(p.g, 0.0), dt;
  Vec          T       = HeatTestVec(p.g, T0);
  HeatStepper *stepper;
  HeatStepInfo info;
  OK(HeatStepperCreate(p.op, 0.0, &stepper));
  OK(HeatStepperFirstStep(stepper, 0.0, T, &dt));
  ALL(dt <= 0.004);
  OK(HeatStepperAdvance(stepper, 0.0, 0.1, &T, &info));
  ALL(info.dt == 0.004 && info.next <= 0.004 && info.rejected == 0);
  p.c->time.adaptive.min = 0.5;
  p.c->time.adaptive.max = 0.0;
  OK(HeatStepperDestroy(&stepper));
  OK(HeatStepperCreate(p.op, 0.0, &stepper));
  OK(PetscFree(T0));
  T0 = HeatTestCopy(p.g, T);
  RAISES(HEAT_ERR_NUMERICS, "time.adaptive.min_step",
         HeatStepperAdvance(stepper, 0.004, 0.5, &T, &info));
  AT_MOST(HeatTestVecApart(p.g, T, T0), 0.0);
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  OK(PetscFree(T0));
  HeatTestTearDown(&p);
}

/* ------- solves that fail ------- */

/* Take one step from a noisy field around 30 K, and assert that a step that fails leaves T and its
   handle as they were. */
static PetscErrorCode FailingStep(HeatProblem *p, PetscReal dt, HeatStepInfo *info)
{
  PetscReal     *T0 = HeatTestNoiseArray(p->g, 3);
  HeatStepper   *stepper;
  PetscErrorCode code;

  for (size_t k = 0; k < HeatGridLocalCells(p->g); k++) T0[k] = 30.0 + 20.0 * T0[k];
  Vec T = HeatTestVec(p->g, T0), handle = T;
  OK(HeatStepperCreate(p->op, dt, &stepper));
  code = HeatStepperAdvance(stepper, 20.0, dt, &T, info);
  if (code) {
    ALL(T == handle);
    AT_MOST(HeatTestVecApart(p->g, T, T0), 0.0);
  }
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  OK(PetscFree(T0));
  return code;
}

static void failed_step_reports_the_norms_and_leaves_the_temperature(void **state)
{
  const HeatTestRun runs[6] = {OURS(BACKWARD_EULER, 1), OURS(CRANK_NICOLSON, 2),
                               OURS(BDF2, 2),           OURS(ESDIRK, 4),
                               PETSCS("beuler", 1),     PETSCS("arkimex", 3)};

  (void)state;
  for (int k = 0; k < 6; k++) {
    HeatTestRun  run = runs[k];
    HeatStepInfo info;

    run.conductivity     = "1 + 0.001*T^2";
    HeatCase *c          = HeatTestRunCase(&run);
    c->solver.max_newton = 1;
    HeatProblem p        = HeatTestSetUp(PETSC_COMM_WORLD, c);
    RAISES(HEAT_ERR_NUMERICS, "t = 20 s", FailingStep(&p, 1.0, &info));
    RAISES(HEAT_ERR_NUMERICS, run.ts ? "||F||" : "||F_0||", FailingStep(&p, 1.0, &info));
    HeatTestTearDown(&p);
  }
}

/* When Newton's method does not converge in a few iterations, the step is rejected and a shorter
   one is tried, down to the shortest one allowed. */
static void controlled_scheme_takes_a_shorter_step_when_a_solve_fails(void **state)
{
  const HeatTestRun runs[2] = {OURS(BDF2, 2), OURS(ESDIRK, 4)};

  (void)state;
  for (int k = 0; k < 2; k++) {
    HeatTestRun  run = runs[k];
    HeatStepInfo info;

    run.conductivity     = "1 + 0.001*T^2";
    run.adaptive         = 1e3; /* accepts any error: only failed solves reject a step */
    HeatCase *c          = HeatTestRunCase(&run);
    c->solver.max_newton = 3;
    c->time.adaptive.min = 0.0;
    HeatProblem p        = HeatTestSetUp(PETSC_COMM_WORLD, c);
    OK(FailingStep(&p, 10.0, &info));
    ALL(info.rejected > 0 && info.dt < 10.0);
    p.c->time.adaptive.min = 5.0;
    RAISES(HEAT_ERR_NUMERICS, "shortest", FailingStep(&p, 10.0, &info));
    HeatTestTearDown(&p);
  }
}

static void ftcs_follows_the_limit_that_changes_with_the_field(void **state)
{
  HeatTestRun  run = OURS(FTCS, 1);
  HeatStepInfo info;

  (void)state;
  run.conductivity = "0.1*T"; /* up to 5 W/(m K): a step of 0.5 s is unstable */
  HeatProblem p    = HeatTestSetUp(PETSC_COMM_WORLD, HeatTestRunCase(&run));
  RAISES(HEAT_ERR_NUMERICS, "largest stable step", FailingStep(&p, 0.5, &info));
  p.c->time.step_auto = PETSC_TRUE;
  OK(FailingStep(&p, 0.5, &info));
  ALL(info.dt < 0.5 && info.dt == info.next);
  HeatTestTearDown(&p);
}

/* Return the highest temperature at any time in a cold bar of conductivity 1 + 4 T that is
   heated from the left with 40 W/m2 for 0.05 s.  Meanwhile the stability limit falls by a factor
   of about 15, most of it in the first steps. */
static PetscReal HeatedBar(PetscReal step, PetscInt *rejected)
{
  HeatCase    *c = HeatTestCase(40, 4, 1.0, 0.1, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});
  HeatStepper *stepper;
  PetscReal    t = 0.0, dt = step, highest = 0.0, end = 0.05;

  for (int axis = 0; axis < 2; axis++) HeatTestText(&c->materials[0].conductivity[axis], "1 + 4*T");
  HeatTestFlux(c, HEAT_LEFT, "40");
  HeatTestTemperature(c, HEAT_RIGHT, "0");
  c->time.scheme    = HEAT_SCHEME_RKL2;
  c->time.step      = step;
  c->time.step_auto = step == 0.0 ? PETSC_TRUE : PETSC_FALSE;
  c->time.steps     = -1;
  c->time.end       = end;
  HeatProblem p     = HeatTestSetUp(PETSC_COMM_WORLD, c);
  PetscReal  *zero  = HeatTestArray(p.g);
  Vec         T     = HeatTestVec(p.g, zero);
  OK(HeatStepperCreate(p.op, step, &stepper));
  if (step == 0.0) OK(HeatStepperFirstStep(stepper, 0.0, T, &dt));
  *rejected = 0;
  while (t < end * (1.0 - 1e-12)) {
    HeatStepInfo info;
    PetscReal    now, gap;

    OK(HeatStepperAdvance(stepper, t, PetscMin(dt, end - t), &T, &info));
    t += info.dt;
    *rejected += info.rejected;
    if (step == 0.0) dt = info.next;
    OK(VecNorm(T, NORM_INFINITY, &now));
    highest = HeatTestMax(highest, now);
    /* A cell has a capacity of 1/1600; 40 W/m2 enter on 0.1 m, and at first no heat leaves. */
    OK(VecSum(T, &gap));
    if (t < 5e-3) AT_MOST(fabs(gap / 1600.0 - 4.0 * t), 1e-6);
  }
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  OK(PetscFree(zero));
  HeatTestTearDown(&p);
  return highest;
}

static void rkl2_stays_stable_where_its_limit_falls_within_a_step(void **state)
{
  PetscInt        rejected;
  const PetscReal fine = HeatedBar(5e-5, &rejected);

  (void)state;
  ALL(fine > 3.0 && fine < 4.5); /* in the steady state 2 T^2 + T = 40, T = 4.23 */
  AT_MOST(fabs(HeatedBar(0.0, &rejected) / fine - 1.0), 1e-3);
  ALL(rejected > 0 && rejected < 20); /* only at the start */
  AT_MOST(fabs(HeatedBar(0.01, &rejected) / fine - 1.0), 2e-2);
  ALL(rejected > 0);
}

/* One stable step heats the body from 0 to 10 K, where the conductivity 5 - T is negative. */
static void step_of_petsc_to_a_negative_conductivity_leaves_the_temperature(void **state)
{
  const HeatTestRun run = PETSCS("euler", 1);
  HeatCase         *c   = HeatTestBlankRun(&run);
  HeatStepper      *stepper;
  HeatStepInfo      info;

  (void)state;
  for (int axis = 0; axis < 2; axis++) HeatTestText(&c->materials[0].conductivity[axis], "5 - T");
  HeatTestNumber(&c->source, 15360.0);
  HeatProblem p    = HeatTestSetUp(PETSC_COMM_WORLD, c);
  PetscReal  *zero = HeatTestArray(p.g);
  Vec         T    = HeatTestVec(p.g, zero);
  OK(HeatStepperCreate(p.op, 0.0078125, &stepper));
  RAISES(HEAT_ERR_NUMERICS, "conductivity: a step (t = 0.0078125 s): k is -5 W/(m K) at T = 10",
         HeatStepperAdvance(stepper, 0.0, 0.0078125, &T, &info));
  AT_MOST(HeatTestVecApart(p.g, T, zero), 0.0);
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  OK(PetscFree(zero));
  HeatTestTearDown(&p);
}

/* s stages are stable up to (s^2 + s - 2)/4 steps of ftcs. */
static void stages_of_rkl2_are_odd_and_at_most_a_million(void **state)
{
  (void)state;
  ALL(HeatRkl2Stages(1.0, 1.0) == 3);
  ALL(HeatRkl2Stages(22.0, 1.0) == 9);
  ALL(HeatRkl2Stages(22.01, 1.0) == 11);
  ALL(HeatRkl2Stages(0.25 * (999999.0 * 1000000.0 - 2.0), 1.0) == 999999);
  ALL(HeatRkl2Stages(0.25 * (999999.5 * 1000000.5 - 2.0), 1.0) == 0);
  ALL(HeatRkl2Stages(1e30, 1.0) == 0 && HeatRkl2Stages(1.0, 0.0) == 0);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(stages_of_rkl2_are_odd_and_at_most_a_million),
    cmocka_unit_test(controlled_steps_meet_their_tolerance),
    cmocka_unit_test(steps_of_petsc_are_controlled_too),
    cmocka_unit_test(clipped_steps_do_not_shorten_the_next),
    cmocka_unit_test(steps_that_meet_a_jump_are_rejected),
    cmocka_unit_test(first_step_does_not_ignore_a_rate_that_is_not_a_number),
    cmocka_unit_test(bounds_of_the_step_are_kept),
    cmocka_unit_test(failed_step_reports_the_norms_and_leaves_the_temperature),
    cmocka_unit_test(controlled_scheme_takes_a_shorter_step_when_a_solve_fails),
    cmocka_unit_test(ftcs_follows_the_limit_that_changes_with_the_field),
    cmocka_unit_test(rkl2_stays_stable_where_its_limit_falls_within_a_step),
    cmocka_unit_test(step_of_petsc_to_a_negative_conductivity_leaves_the_temperature),
};

int main(void) { return RUN_TESTS(Tests); }
