/* The schemes over several steps: order of accuracy, stability, and types of PETSc
   that are refused. */
#include "schemes_test.h"

#include "solver/stepper/stepper_esdirk.h"

/* ------- order ------- */

/* Take the steps first to first + n - 1. */
static void Advance(HeatStepper *stepper, const PetscReal *dt, int first, int n, Vec *T)
{
  PetscReal t = 0.0;

  for (int k = 0; k < first + n; k++) {
    HeatStepInfo info;

    if (k >= first) {
      OK(HeatStepperAdvance(stepper, t, dt[k], T, &info));
      ALL(info.dt == dt[k] && info.rejected == 0);
    }
    t += dt[k];
  }
}

enum { MOST = 400 };
static const PetscReal End = 0.2;

/* Return the largest difference from `exact` at the end of n steps that begin with the exact
   solution at t = 0. */
static PetscReal ErrorAfter(HeatProblem *p, int n, PetscBool even, const PetscReal *exact)
{
  PetscReal    dt[MOST], *T0 = HeatTestExactAt(p->g, 0.0), error;
  Vec          T = HeatTestVec(p->g, T0);
  HeatStepper *stepper;

  HeatTestStepLengths(n, End, even, dt);
  OK(HeatStepperCreate(p->op, dt[0], &stepper));
  Advance(stepper, dt, 0, n, &T);
  error = HeatTestWorst(HeatTestVecApart(p->g, T, exact));
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  OK(PetscFree(T0));
  return error;
}

/* Return the difference between the observed order, log2 of the ratio of the errors of n and 2 n
   steps, and the scheme's order. */
static PetscReal OrderApart(const HeatTestRun *run, int n, PetscBool even)
{
  HeatProblem p      = HeatTestSetUp(PETSC_COMM_WORLD, HeatTestRunCase(run));
  PetscReal  *exact  = HeatTestExactAt(p.g, End);
  PetscReal   coarse = ErrorAfter(&p, n, even, exact), fine = ErrorAfter(&p, 2 * n, even, exact);

  OK(PetscFree(exact));
  HeatTestTearDown(&p);
  return fabs(log2(coarse / fine) - run->order);
}

/* The observed order is within a quarter of the scheme's: with steps long enough for rounding
   not to matter, the term of the next order still contributes. */
static void error_falls_with_the_order_of_the_scheme(void **state)
{
  (void)state;
  SKIP_IN_PARALLEL();
  for (int k = 0; k < N_EVERY; k++) AT_MOST(OrderApart(&HeatTestEvery[k], 16, PETSC_TRUE), 0.25);
}

/* The ratios of steps differ between n and 2 n steps, which changes the error by a factor of about
   one; so the order is measured over three halvings together. */
static void order_survives_steps_of_random_ratios(void **state)
{
  const HeatTestRun runs[4] = {OURS(RKL2, 2), OURS(BDF2, 2), OURS(ESDIRK, 4),
                               OURS(CRANK_NICOLSON, 2)};

  (void)state;
  SKIP_IN_PARALLEL();
  for (int k = 0; k < 4; k++) {
    HeatProblem     p      = HeatTestSetUp(PETSC_COMM_WORLD, HeatTestRunCase(&runs[k]));
    PetscReal      *exact  = HeatTestExactAt(p.g, End);
    const PetscReal coarse = ErrorAfter(&p, 16, PETSC_FALSE, exact);
    const PetscReal fine   = ErrorAfter(&p, 128, PETSC_FALSE, exact);

    AT_MOST(fabs(log2(coarse / fine) / 3.0 - runs[k].order), 0.3);
    OK(PetscFree(exact));
    HeatTestTearDown(&p);
  }
}

/* The reference is esdirk with 128 steps, whose error is below 1e-8 of the errors measured. */
static void order_survives_a_conductivity_of_the_temperature(void **state)
{
  const char *const k_of_T = "0.02*(T - 200)";
  HeatTestRun       runs[N_EVERY], fine = OURS(ESDIRK, 4);
  PetscReal        *reference;

  (void)state;
  SKIP_IN_PARALLEL();
  memcpy(runs, HeatTestEvery, sizeof runs);
  fine.conductivity  = k_of_T;
  HeatProblem      p = HeatTestSetUp(PETSC_COMM_WORLD, HeatTestRunCase(&fine));
  PetscReal        dt[MOST], *T0 = HeatTestExactAt(p.g, 0.0);
  Vec              T = HeatTestVec(p.g, T0);
  HeatStepper     *stepper;
  const PetscReal *values;
  HeatTestStepLengths(128, End, PETSC_TRUE, dt);
  OK(HeatStepperCreate(p.op, dt[0], &stepper));
  Advance(stepper, dt, 0, 128, &T);
  OK(HeatStepperDestroy(&stepper));
  reference = HeatTestArray(p.g);
  OK(VecGetArrayRead(T, &values));
  memcpy(reference, values, HeatGridLocalCells(p.g) * sizeof *reference);
  OK(VecRestoreArrayRead(T, &values));
  OK(VecDestroy(&T));
  OK(PetscFree(T0));
  HeatTestTearDown(&p);
  for (int k = 0; k < N_EVERY; k++) {
    HeatProblem q;
    PetscReal   coarse, half;
    const int   n = runs[k].order == 3 ? 48 : 24;

    if (runs[k].ts && !strcmp(runs[k].ts, "euler"))
      continue; /* these steps reach its stability limit */
    runs[k].conductivity = k_of_T;
    q                    = HeatTestSetUp(PETSC_COMM_WORLD, HeatTestRunCase(&runs[k]));
    coarse               = ErrorAfter(&q, n, PETSC_TRUE, reference);
    half                 = ErrorAfter(&q, 2 * n, PETSC_TRUE, reference);
    AT_MOST(fabs(log2(coarse / half) - runs[k].order), 0.25);
    HeatTestTearDown(&q);
  }
  OK(PetscFree(reference));
}

/* ------- esdirk's tableau ------- */

/* Return the deviation of an order condition, sum over stages i of b_i x_i y_i, from its exact
   value. */
static PetscReal Condition(const PetscReal *b, const PetscReal *x, const PetscReal *y, PetscReal is)
{
  PetscReal sum = 0.0;

  for (int i = 0; i < HEAT_ESDIRK_STAGES; i++) sum += b[i] * x[i] * y[i];
  return fabs(sum - is);
}

/* Return the largest deviation from J. Butcher's order conditions: eight for order 4, the first
   four of them for order 3. */
static PetscReal OrderConditions(const HeatTableau *t, const PetscReal *b, int order)
{
  enum { S = HEAT_ESDIRK_STAGES };
  PetscReal one[S], c2[S], Ac[S] = {0.0}, Ac2[S] = {0.0}, AAc[S] = {0.0}, worst;

  for (int i = 0; i < S; i++) {
    one[i] = 1.0;
    c2[i]  = t->c[i] * t->c[i];
    for (int j = 0; j <= i; j++) {
      Ac[i] += t->a[i][j] * t->c[j];
      Ac2[i] += t->a[i][j] * t->c[j] * t->c[j];
    }
    for (int j = 0; j <= i; j++) AAc[i] += t->a[i][j] * Ac[j];
  }
  worst = Condition(b, one, one, 1.0);
  worst = HeatTestMax(worst, Condition(b, t->c, one, 1.0 / 2.0));
  worst = HeatTestMax(worst, Condition(b, c2, one, 1.0 / 3.0));
  worst = HeatTestMax(worst, Condition(b, Ac, one, 1.0 / 6.0));
  if (order == 3) return worst;
  worst = HeatTestMax(worst, Condition(b, c2, t->c, 1.0 / 4.0));
  worst = HeatTestMax(worst, Condition(b, t->c, Ac, 1.0 / 8.0));
  worst = HeatTestMax(worst, Condition(b, Ac2, one, 1.0 / 12.0));
  return HeatTestMax(worst, Condition(b, AAc, one, 1.0 / 24.0));
}

/* Row sums, stage order 2 and the order conditions hold to rounding.  The embedded solution has
   order 3 but not 4, as it must to estimate the error. */
static void tableau_of_esdirk_meets_its_conditions(void **state)
{
  const HeatTableau *t = HeatEsdirkTableau();

  (void)state;
  for (int i = 0; i < HEAT_ESDIRK_STAGES; i++) {
    PetscReal sum = 0.0, second = 0.0;

    for (int j = 0; j < HEAT_ESDIRK_STAGES; j++) {
      sum += t->a[i][j];
      second += t->a[i][j] * t->c[j];
      if (j > i) assert_true(t->a[i][j] == 0.0);
    }
    AT_MOST(fabs(sum - t->c[i]), 1e-15);
    AT_MOST(fabs(second - 0.5 * t->c[i] * t->c[i]), 1e-15);
  }
  AT_MOST(OrderConditions(t, t->a[HEAT_ESDIRK_STAGES - 1], 4), 1e-15);
  AT_MOST(OrderConditions(t, t->b_embedded, 3), 1e-15);
  assert_true(OrderConditions(t, t->b_embedded, 4) > 1e-4);
}

/* ------- stability ------- */

/* Return the largest magnitude of a noisy field after one step between sides held at zero,
   relative to the largest before it. */
static PetscReal LeftAfter(const HeatTestRun *run, PetscReal dt, PetscInt *stages)
{
  HeatCase *c = HeatTestBlankRun(run);

  for (int s = 0; s < HEAT_SIDES; s++) HeatTestTemperature(c, (HeatSide)s, "0");
  HeatProblem  p    = HeatTestSetUp(PETSC_COMM_WORLD, c);
  PetscReal   *T0   = HeatTestNoiseArray(p.g, 5);
  PetscReal   *zero = HeatTestArray(p.g), left;
  Vec          T    = HeatTestVec(p.g, T0);
  HeatStepper *stepper;
  HeatStepInfo info;

  left = 1.0 / HeatTestWorst(HeatTestVecApart(p.g, T, zero));
  OK(HeatStepperCreate(p.op, dt, &stepper));
  OK(HeatStepperAdvance(stepper, 0.0, dt, &T, &info));
  left *= HeatTestWorst(HeatTestVecApart(p.g, T, zero));
  if (stages) *stages = info.stages;
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  OK(PetscFree(T0));
  OK(PetscFree(zero));
  HeatTestTearDown(&p);
  return left;
}

/* After one step of 1e6 s, some 1e6 time constants of the slowest mode, an L-stable scheme
   leaves only what the tolerance of the solves leaves. */
static void l_stable_schemes_damp_whatever_is_stiff(void **state)
{
  const HeatTestRun euler = OURS(BACKWARD_EULER, 1), bdf2 = OURS(BDF2, 2), esdirk = OURS(ESDIRK, 4);
  const HeatTestRun crank = OURS(CRANK_NICOLSON, 2);

  (void)state;
  AT_MOST(LeftAfter(&euler, 1e6, NULL), 1e-6);
  AT_MOST(LeftAfter(&bdf2, 1e6, NULL), 1e-6);
  AT_MOST(LeftAfter(&esdirk, 1e6, NULL), 1e-5);
  ALL(LeftAfter(&crank, 1e6, NULL) > 0.9); /* not L-stable */
}

/* For a step of N stable steps of ftcs, rkl2 needs the smallest odd number of stages s with
   (s^2 + s - 2)/4 >= N. */
static void rkl2_takes_as_few_stages_as_are_stable(void **state)
{
  const HeatTestRun run      = OURS(RKL2, 2);
  const PetscReal   steps[4] = {0.5, 2.5, 22.0, 22.1};
  const PetscInt    odd[4]   = {3, 3, 9, 11};

  (void)state;
  for (int k = 0; k < 4; k++) {
    HeatCase *c = HeatTestBlankRun(&run);
    PetscReal exact;
    PetscInt  stages;

    for (int s = 0; s < HEAT_SIDES; s++) HeatTestTemperature(c, (HeatSide)s, "0");
    HeatProblem p = HeatTestSetUp(PETSC_COMM_WORLD, c);
    OK(HeatOperatorStableStep(p.op, &exact));
    HeatTestTearDown(&p);
    (void)LeftAfter(&run, steps[k] * exact, &stages);
    ALL(stages == odd[k]);
  }
}

/* With `step: auto` ftcs takes its largest stable step, 2*12/(4 (200 + 12.5)) s, and rkl2 22 times
   this step. */
static void automatic_steps_follow_from_stability(void **state)
{
  const HeatTestRun runs[2]     = {OURS(FTCS, 1), OURS(RKL2, 2)};
  const PetscReal   expected[2] = {24.0 / 850.0, 22.0 * 24.0 / 850.0};

  (void)state;
  for (int k = 0; k < 2; k++) {
    HeatCase *c       = HeatTestBlankRun(&runs[k]);
    c->time.step      = 0.0;
    c->time.step_auto = PETSC_TRUE;
    HeatProblem  p    = HeatTestSetUp(PETSC_COMM_WORLD, c);
    PetscReal   *zero = HeatTestArray(p.g), dt;
    Vec          T    = HeatTestVec(p.g, zero);
    HeatStepper *stepper;
    OK(HeatStepperCreate(p.op, 0.0, &stepper));
    ALL(!HeatStepperIsAdaptive(stepper));
    OK(HeatStepperFirstStep(stepper, 0.0, T, &dt));
    AT_MOST(fabs(dt / expected[k] - 1.0), 1e-12);
    OK(HeatStepperDestroy(&stepper));
    OK(VecDestroy(&T));
    OK(PetscFree(zero));
    HeatTestTearDown(&p);
  }
}

/* A jump between 0 and 1 stays between them, for steps of up to 1e5 times ftcs's. */
static void rkl2_is_monotone_with_many_stages(void **state)
{
  const HeatTestRun run = OURS(RKL2, 2);

  (void)state;
  SKIP_IN_PARALLEL();
  for (PetscReal factor = 10.0; factor < 2e5; factor *= 10.0) {
    HeatProblem      p  = HeatTestSetUp(PETSC_COMM_WORLD, HeatTestBlankRun(&run));
    PetscReal       *T0 = HeatTestArray(p.g), dt, out = 0.0;
    const PetscReal *now;
    HeatStepper     *stepper;
    HeatStepInfo     info;

    for (PetscInt k = 0; k < p.g->nxl * p.g->nyl; k++)
      T0[k] = p.g->xs + k % p.g->nxl < 3 ? 1.0 : 0.0;
    Vec T = HeatTestVec(p.g, T0);
    OK(HeatOperatorStableStep(p.op, &dt));
    OK(HeatStepperCreate(p.op, factor * dt, &stepper));
    OK(HeatStepperAdvance(stepper, 0.0, factor * dt, &T, &info));
    OK(VecGetArrayRead(T, &now));
    for (PetscInt k = 0; k < p.g->nxl * p.g->nyl; k++)
      out = HeatTestMax(out, HeatTestMax(-now[k], now[k] - 1.0));
    OK(VecRestoreArrayRead(T, &now));
    AT_MOST(out, 1e-12); /* the rounding of several hundred stages */
    OK(HeatStepperDestroy(&stepper));
    OK(VecDestroy(&T));
    OK(PetscFree(T0));
    HeatTestTearDown(&p);
  }
}
/* ------- types of PETSc ------- */

static void types_that_are_wrong_or_unknown_are_refused_with_their_key(void **state)
{
  static const char *const types[] = {"glee", "pseudo", "glle", "nosuchtype"};

  (void)state;
  for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
    HeatTestRun run = PETSCS(types[k], 1);
    HeatCase   *c   = HeatTestRunCase(&run);
    char        words[64];

    (void)snprintf(words, sizeof words, "time.scheme: found ts:%s", types[k]);
    RAISES(HEAT_ERR_INPUT, words, HeatCaseValidate(PETSC_COMM_WORLD, c, 1));
    OK(HeatCaseDestroy(&c));
  }
}

/* -ts_type on the command line would leave the scheme that the case names, unnoticed. */
static void type_of_an_option_is_refused(void **state)
{
  HeatTestRun  run     = PETSCS("rk", 1);
  HeatProblem  p       = HeatTestSetUp(PETSC_COMM_WORLD, HeatTestRunCase(&run));
  HeatStepper *stepper = NULL;

  (void)state;
  OK(PetscOptionsSetValue(NULL, "-ts_type", "euler"));
  RAISES(HEAT_ERR_INPUT, "-ts_type", HeatStepperCreate(p.op, 0.1, &stepper));
  OK(PetscOptionsClearValue(NULL, "-ts_type"));
  OK(HeatStepperDestroy(&stepper));
  HeatTestTearDown(&p);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(error_falls_with_the_order_of_the_scheme),
    cmocka_unit_test(order_survives_steps_of_random_ratios),
    cmocka_unit_test(order_survives_a_conductivity_of_the_temperature),
    cmocka_unit_test(tableau_of_esdirk_meets_its_conditions),
    cmocka_unit_test(l_stable_schemes_damp_whatever_is_stiff),
    cmocka_unit_test(rkl2_takes_as_few_stages_as_are_stable),
    cmocka_unit_test(automatic_steps_follow_from_stability),
    cmocka_unit_test(rkl2_is_monotone_with_many_stages),
    cmocka_unit_test(types_that_are_wrong_or_unknown_are_refused_with_their_key),
    cmocka_unit_test(type_of_an_option_is_refused),
};

int main(void) { return RUN_TESTS(Tests); }
