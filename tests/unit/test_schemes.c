/* The schemes over several steps: order of accuracy, stability, energy account, error-controlled
   steps, continued runs, and steps that fail. */
#include "solver_test.h"

#include "solver/stepper/stepper.h"
#include "solver/stepper/stepper_esdirk.h"

typedef struct {
  HeatScheme  scheme;
  const char *ts;             /* type of the PETSc TS, for HEAT_SCHEME_TS */
  int         order;          /* of the error at a given time, in the step */
  const char *preconditioner; /* NULL: jacobi */
  const char *conductivity;   /* NULL: 2 and 0.5 along x and y */
  PetscReal   adaptive;       /* tolerance of the error control; 0: fixed steps */
  PetscBool   mixed;          /* two materials, all kinds of sides, data that depend on time */
} Run;

#define OURS(scheme, order)                                                                        \
  {                                                                                                \
    HEAT_SCHEME_##scheme, NULL, order, NULL, NULL, 0.0, PETSC_FALSE                                \
  }
#define PETSCS(type, order)                                                                        \
  {                                                                                                \
    HEAT_SCHEME_TS, type, order, NULL, NULL, 0.0, PETSC_FALSE                                      \
  }

static const Run Every[] = {
    OURS(FTCS, 1),      OURS(RKL2, 2),     OURS(BACKWARD_EULER, 1), OURS(CRANK_NICOLSON, 2),
    OURS(BDF2, 2),      OURS(ESDIRK, 4),   PETSCS("beuler", 1),     PETSCS("cn", 2),
    PETSCS("bdf", 2),   PETSCS("rosw", 3), PETSCS("arkimex", 3),    PETSCS("rk", 3),
    PETSCS("euler", 1), PETSCS("ssp", 2),
};
enum { N_EVERY = sizeof Every / sizeof Every[0], N_OURS = 6 };

/* Make 8 x 10 insulated cells of 0.1 x 0.2 m with kx = 2, ky = 0.5, density 3, specific heat 4. */
static HeatCase *Blank(const Run *run)
{
  HeatCase *c = HeatTestCase(8, 10, 0.8, 2.0, (HeatTestMaterial){2.0, 0.5, 3.0, 4.0});

  c->time.scheme             = run->scheme;
  c->time.adaptive.tolerance = run->adaptive;
  c->solver.tolerance        = 1e-13;
  if (run->adaptive > 0.0) {
    c->time.step  = 1e-3;
    c->time.steps = -1;
    c->time.end   = 1.0;
  }
  if (run->ts) OK(PetscStrallocpy(run->ts, &c->time.ts_type));
  OK(PetscFree(c->solver.preconditioner));
  OK(PetscStrallocpy(run->preconditioner ? run->preconditioner : "jacobi",
                     &c->solver.preconditioner));
  for (int axis = 0; axis < 2 && run->conductivity; axis++)
    HeatTestText(&c->materials[0].conductivity[axis], run->conductivity);
  return c;
}

static HeatCase *Make(const void *context)
{
  const Run *run = context;
  HeatCase  *c   = Blank(run);

  if (!run->mixed) {
    HeatTestText(&c->source, "120*cos(3*t)");
    return c;
  }
  HeatTestAddMaterial(c, (HeatTestMaterial){20.0, 10.0, 1.0, 3.0});
  HeatTestRectangle(c, 1, 0.2, 0.6, 0.3, 1.1);
  HeatTestTemperature(c, HEAT_LEFT, "5 + y + 3*t");
  HeatTestFlux(c, HEAT_RIGHT, "3 - t");
  HeatTestConvection(c, HEAT_TOP, "4", "7 + 10*t");
  HeatTestText(&c->source, "20*x - 30*y*t");
  HeatTestNumber(&c->exchange.coefficient, 3.0);
  HeatTestText(&c->exchange.ambient, "5 + t");
  return c;
}

/* Skip a test that takes many steps and does not depend on the layout of the ranks. */
#define SKIP_IN_PARALLEL()                                                                         \
  do {                                                                                             \
    if (HeatTestSize() > 1) skip();                                                                \
  } while (0)

/* ------- the exact solution of the semi-discrete problem ------- */

static PetscReal ModeAt(PetscInt i, PetscInt j)
{
  return cos(PETSC_PI * 2.0 * ((PetscReal)i + 0.5) / 8.0) *
         cos(PETSC_PI * 3.0 * ((PetscReal)j + 0.5) / 10.0);
}

/* Return the decay rate of the mode, the sum over both axes of 4 k/(density specific_heat h^2)
   sin^2(half the phase per cell): about 10.6 1/s. */
static PetscReal Rate(void)
{
  const PetscReal sx = sin(PETSC_PI * 2.0 / 16.0), sy = sin(PETSC_PI * 3.0 / 20.0);

  return 4.0 * (2.0 / 0.01 * sx * sx + 0.5 / 0.04 * sy * sy) / 12.0;
}

/* Return the exact solution of the semi-discrete problem: the mode decays, and the source heats all
   cells with 10 cos(3 t) K/s. */
static PetscReal *ExactAt(const HeatGrid *g, PetscReal t)
{
  PetscReal *T = HeatTestArray(g);

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      T[j * g->nxl + i] = 300.0 + 100.0 * exp(-Rate() * t) * ModeAt(g->xs + i, g->ys + j) +
                          10.0 / 3.0 * sin(3.0 * t);
    }
  }
  return T;
}

/* ------- running ------- */

/* Store the lengths of n steps to `end`: equal ones, or pseudo-random ones with ratios up to 4. */
static void StepLengths(int n, PetscReal end, PetscBool even, PetscReal *dt)
{
  PetscReal sum = 0.0;

  for (int k = 0; k < n; k++) {
    dt[k] = even ? 1.0 : 1.0 + 0.6 * HeatTestNoise(k, 1, 7);
    sum += dt[k];
  }
  for (int k = 0; k < n; k++) dt[k] *= end / sum;
}

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
  PetscReal    dt[MOST], *T0 = ExactAt(p->g, 0.0), error;
  Vec          T = HeatTestVec(p->g, T0);
  HeatStepper *stepper;

  StepLengths(n, End, even, dt);
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
static PetscReal OrderApart(const Run *run, int n, PetscBool even)
{
  HeatProblem p      = HeatTestSetUp(PETSC_COMM_WORLD, Make(run));
  PetscReal  *exact  = ExactAt(p.g, End);
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
  for (int k = 0; k < N_EVERY; k++) AT_MOST(OrderApart(&Every[k], 16, PETSC_TRUE), 0.25);
}

/* The ratios of steps differ between n and 2 n steps, which changes the error by a factor of about
   one; so the order is measured over three halvings together. */
static void order_survives_steps_of_random_ratios(void **state)
{
  const Run runs[4] = {OURS(RKL2, 2), OURS(BDF2, 2), OURS(ESDIRK, 4), OURS(CRANK_NICOLSON, 2)};

  (void)state;
  SKIP_IN_PARALLEL();
  for (int k = 0; k < 4; k++) {
    HeatProblem     p      = HeatTestSetUp(PETSC_COMM_WORLD, Make(&runs[k]));
    PetscReal      *exact  = ExactAt(p.g, End);
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
  Run               runs[N_EVERY], fine = OURS(ESDIRK, 4);
  PetscReal        *reference;

  (void)state;
  SKIP_IN_PARALLEL();
  memcpy(runs, Every, sizeof runs);
  fine.conductivity  = k_of_T;
  HeatProblem      p = HeatTestSetUp(PETSC_COMM_WORLD, Make(&fine));
  PetscReal        dt[MOST], *T0 = ExactAt(p.g, 0.0);
  Vec              T = HeatTestVec(p.g, T0);
  HeatStepper     *stepper;
  const PetscReal *values;
  StepLengths(128, End, PETSC_TRUE, dt);
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
    q                    = HeatTestSetUp(PETSC_COMM_WORLD, Make(&runs[k]));
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
static PetscReal LeftAfter(const Run *run, PetscReal dt, PetscInt *stages)
{
  HeatCase *c = Blank(run);

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
  const Run euler = OURS(BACKWARD_EULER, 1), bdf2 = OURS(BDF2, 2), esdirk = OURS(ESDIRK, 4);
  const Run crank = OURS(CRANK_NICOLSON, 2);

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
  const Run       run      = OURS(RKL2, 2);
  const PetscReal steps[4] = {0.5, 2.5, 22.0, 22.1};
  const PetscInt  odd[4]   = {3, 3, 9, 11};

  (void)state;
  for (int k = 0; k < 4; k++) {
    HeatCase *c = Blank(&run);
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
  const Run       runs[2]     = {OURS(FTCS, 1), OURS(RKL2, 2)};
  const PetscReal expected[2] = {24.0 / 850.0, 22.0 * 24.0 / 850.0};

  (void)state;
  for (int k = 0; k < 2; k++) {
    HeatCase *c       = Blank(&runs[k]);
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
  const Run run = OURS(RKL2, 2);

  (void)state;
  SKIP_IN_PARALLEL();
  for (PetscReal factor = 10.0; factor < 2e5; factor *= 10.0) {
    HeatProblem      p  = HeatTestSetUp(PETSC_COMM_WORLD, Blank(&run));
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

/* ------- the energy account ------- */

/* Return the stored heat of T minus that of the array, over all ranks. */
static PetscReal StoredApart(const HeatProblem *p, Vec T, const PetscReal *before)
{
  const PetscReal *C   = HeatOperatorCapacity(p->op), *now;
  PetscReal        sum = 0.0;

  OK(VecGetArrayRead(T, &now));
  for (size_t k = 0; k < HeatGridLocalCells(p->g); k++) sum += C[k] * (now[k] - before[k]);
  OK(VecRestoreArrayRead(T, &now));
  return HeatTestSum(p->g->comm, sum);
}

/* Return the largest gap of the account in one of eight steps of pseudo-random length, relative
   to the turnover of all steps. */
static PetscReal AccountGap(HeatProblem *p)
{
  enum { N = 8 };
  PetscReal    dt[N], *T0 = HeatTestNoiseArray(p->g, 3), gap = 0.0, turnover = 0.0, t = 0.0;
  Vec          T = HeatTestVec(p->g, T0);
  HeatStepper *stepper;

  StepLengths(N, p->c->time.scheme == HEAT_SCHEME_FTCS ? 0.002 : 0.2, PETSC_FALSE, dt);
  OK(HeatStepperCreate(p->op, dt[0], &stepper));
  for (int k = 0; k < N; k++) {
    HeatStepInfo     info;
    const PetscReal *now;

    OK(HeatStepperAdvance(stepper, t, dt[k], &T, &info));
    t += info.dt;
    gap = HeatTestMax(
        gap, fabs(StoredApart(p, T, T0) - info.dt * HeatTestEntered(p->g->comm, &info.flows)));
    turnover += info.dt * HeatTestReduceExact(p->g->comm, &info.flows.sum[HEAT_FLOW_TURNOVER]);
    OK(VecGetArrayRead(T, &now));
    memcpy(T0, now, HeatGridLocalCells(p->g) * sizeof *T0);
    OK(VecRestoreArrayRead(T, &now));
  }
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  OK(PetscFree(T0));
  return gap / turnover;
}

/* The gap is rounding and what the solves leave at their tolerance of 1e-13. */
static void flows_of_our_schemes_change_the_stored_heat_exactly(void **state)
{
  (void)state;
  for (int k = 0; k < N_OURS; k++) {
    Run run = Every[k];

    run.mixed = PETSC_TRUE;
    AT_MOST(HeatTestLayouts(Make, AccountGap, &run), 1e-12);
  }
}

/* Newton's method stops at 1e-13 of the first residual, or at the rounding of the residual. */
static void
flows_change_the_stored_heat_exactly_where_conductivity_depends_on_temperature(void **state)
{
  (void)state;
  for (int k = 0; k < N_OURS; k++) {
    Run run = Every[k];

    run.mixed        = PETSC_TRUE;
    run.conductivity = "1 + 0.1*T";
    AT_MOST(HeatTestLayouts(Make, AccountGap, &run), 2e-12);
  }
}

/* The trapezoidal rule of the flows before and after a step has an error of second order. */
static void flows_of_petscs_schemes_change_the_stored_heat_approximately(void **state)
{
  Run run = PETSCS("arkimex", 3);

  (void)state;
  run.mixed = PETSC_TRUE;
  AT_MOST(HeatTestLayouts(Make, AccountGap, &run), 0.05);
}

/* ------- continued runs ------- */

static PetscReal *Copy(const HeatGrid *g, Vec T)
{
  PetscReal       *array = HeatTestArray(g);
  const PetscReal *values;

  OK(VecGetArrayRead(T, &values));
  memcpy(array, values, HeatGridLocalCells(g) * sizeof *array);
  OK(VecRestoreArrayRead(T, &values));
  return array;
}

/* Compare ten steps of one stepper with five of it followed by five of a new stepper that was
   loaded with the first one's memory: the fields, and the heat that entered in the last step. */
static PetscReal ContinuedDiffers(HeatProblem *p, PetscBool even)
{
  enum { N = 10 };
  PetscReal    dt[N], *T0 = HeatTestNoiseArray(p->g, 3), *whole, apart, entered[2];
  HeatStepInfo info;

  for (size_t k = 0; k < HeatGridLocalCells(p->g); k++) T0[k] += 30.0;
  StepLengths(N, p->c->time.scheme == HEAT_SCHEME_FTCS ? 0.002 : 0.2, even, dt);
  for (int parts = 1; parts <= 2; parts++) {
    Vec          T = HeatTestVec(p->g, T0);
    HeatStepper *stepper;
    PetscReal    t = 0.0;

    OK(HeatStepperCreate(p->op, dt[0], &stepper));
    for (int k = 0; k < N; k++) {
      if (parts == 2 && k == N / 2) {
        HeatStepper      *fresh;
        HeatStepperMemory memory;

        OK(HeatStepperSave(stepper, &memory));
        OK(HeatStepperCreate(p->op, dt[0], &fresh));
        OK(HeatStepperLoad(fresh, &memory));
        OK(HeatStepperDestroy(&stepper));
        stepper = fresh;
      }
      OK(HeatStepperAdvance(stepper, t, dt[k], &T, &info));
      t += dt[k];
    }
    if (parts == 1) whole = Copy(p->g, T);
    else apart = HeatTestVecApart(p->g, T, whole);
    entered[parts - 1] = HeatTestEntered(p->g->comm, &info.flows);
    OK(HeatStepperDestroy(&stepper));
    OK(VecDestroy(&T));
  }
  OK(PetscFree(whole));
  OK(PetscFree(T0));
  apart = HeatTestMax(apart, fabs(entered[0] - entered[1]) / fabs(entered[0]) > 1e-13);
  return HeatTestWorst(apart);
}

/* Continued runs have the same bits with the multigrid, whose set-ups depend on earlier steps, with
   conductivities that depend on T, and with equal and unequal steps. */
static void continued_run_has_the_same_bits(void **state)
{
  (void)state;
  for (int k = 0; k < N_OURS; k++) {
    for (int of_T = 0; of_T < 2; of_T++) {
      Run run = Every[k];

      run.mixed          = PETSC_TRUE;
      run.preconditioner = "multigrid";
      run.conductivity   = of_T ? "1 + 0.01*T" : NULL;
      HeatProblem p      = HeatTestSetUp(PETSC_COMM_WORLD, Make(&run));
      if (!of_T) AT_MOST(ContinuedDiffers(&p, PETSC_TRUE), 0.0);
      AT_MOST(ContinuedDiffers(&p, PETSC_FALSE), 0.0);
      HeatTestTearDown(&p);
    }
  }
}

static void one_step_schemes_of_petsc_continue_with_the_same_bits_too(void **state)
{
  Run run = PETSCS("arkimex", 3);

  (void)state;
  run.mixed     = PETSC_TRUE;
  HeatProblem p = HeatTestSetUp(PETSC_COMM_WORLD, Make(&run));
  AT_MOST(ContinuedDiffers(&p, PETSC_FALSE), 0.0);
  HeatTestTearDown(&p);
}

/* ------- error-controlled steps ------- */

typedef struct {
  int       steps, rejected;
  PetscReal worst; /* largest error of an accepted step, relative to the tolerance */
  PetscReal error; /* error of the field at the end, relative to tolerance * spread */
  PetscReal first; /* first step [s] */
} Controlled;

/* Run to t = 1 from the exact solution at 0: the mode decays by a factor of e^10, while the source
   changes slowly.  With clip > 0, steps are shortened to end at all multiples of clip. */
static Controlled RunControlled(const Run *run, PetscReal clip)
{
  HeatProblem  p  = HeatTestSetUp(PETSC_COMM_WORLD, Make(run));
  PetscReal   *T0 = ExactAt(p.g, 0.0), *exact = ExactAt(p.g, 1.0), t = 0.0, dt;
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
  Run             runs[2]       = {OURS(BDF2, 2), OURS(ESDIRK, 4)};

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
    Run        run = PETSCS(types[k], 3);
    Controlled r;

    run.adaptive = 1e-4;
    r            = RunControlled(&run, 0.0);
    AT_MOST(r.error, 30.0);
    ALL(r.steps > 4 && r.steps < 1000);
  }
}

/* Steps that are shortened to end at 20 output times add at most one step for each. */
static void clipped_steps_do_not_shorten_the_next(void **state)
{
  Run runs[2] = {OURS(BDF2, 2), OURS(ESDIRK, 4)};

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
  Run runs[2] = {OURS(BDF2, 2), OURS(ESDIRK, 4)};

  (void)state;
  for (int k = 0; k < 2; k++) {
    runs[k].adaptive = 1e-4;
    HeatCase *c      = Blank(&runs[k]);
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

static void bounds_of_the_step_are_kept(void **state)
{
  Run run = OURS(ESDIRK, 4);

  (void)state;
  run.adaptive         = 1e-4;
  HeatCase *c          = Make(&run);
  c->time.adaptive.max = 0.004;
  HeatProblem  p       = HeatTestSetUp(PETSC_COMM_WORLD, c);
  PetscReal   *T0      = ExactAt(p.g, 0.0), dt;
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
  T0 = Copy(p.g, T);
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
  const Run runs[6] = {OURS(BACKWARD_EULER, 1), OURS(CRANK_NICOLSON, 2), OURS(BDF2, 2),
                       OURS(ESDIRK, 4),         PETSCS("beuler", 1),     PETSCS("arkimex", 3)};

  (void)state;
  for (int k = 0; k < 6; k++) {
    Run          run = runs[k];
    HeatStepInfo info;

    run.conductivity     = "1 + 0.001*T^2";
    HeatCase *c          = Make(&run);
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
  const Run runs[2] = {OURS(BDF2, 2), OURS(ESDIRK, 4)};

  (void)state;
  for (int k = 0; k < 2; k++) {
    Run          run = runs[k];
    HeatStepInfo info;

    run.conductivity     = "1 + 0.001*T^2";
    run.adaptive         = 1e3; /* accepts any error: only failed solves reject a step */
    HeatCase *c          = Make(&run);
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
  Run          run = OURS(FTCS, 1);
  HeatStepInfo info;

  (void)state;
  run.conductivity = "0.1*T"; /* up to 5 W/(m K): a step of 0.5 s is unstable */
  HeatProblem p    = HeatTestSetUp(PETSC_COMM_WORLD, Make(&run));
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

/* One step heats the body from 0 to 10 K, where the conductivity 5 - T is negative. */
static void step_of_petsc_to_a_negative_conductivity_leaves_the_temperature(void **state)
{
  const Run    run = PETSCS("euler", 1);
  HeatCase    *c   = Blank(&run);
  HeatStepper *stepper;
  HeatStepInfo info;

  (void)state;
  for (int axis = 0; axis < 2; axis++) HeatTestText(&c->materials[0].conductivity[axis], "5 - T");
  HeatTestNumber(&c->source, 120.0);
  HeatProblem p    = HeatTestSetUp(PETSC_COMM_WORLD, c);
  PetscReal  *zero = HeatTestArray(p.g);
  Vec         T    = HeatTestVec(p.g, zero);
  OK(HeatStepperCreate(p.op, 1.0, &stepper));
  RAISES(HEAT_ERR_NUMERICS, "conductivity: a step (t = 1 s): k is -5 W/(m K) at T = 10",
         HeatStepperAdvance(stepper, 0.0, 1.0, &T, &info));
  AT_MOST(HeatTestVecApart(p.g, T, zero), 0.0);
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  OK(PetscFree(zero));
  HeatTestTearDown(&p);
}

static void types_that_are_wrong_or_unknown_are_refused_with_their_key(void **state)
{
  static const char *const types[] = {"glee", "pseudo", "glle", "nosuchtype"};

  (void)state;
  for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
    Run       run = PETSCS(types[k], 1);
    HeatCase *c   = Make(&run);
    char      words[64];

    (void)snprintf(words, sizeof words, "time.scheme: found ts:%s", types[k]);
    RAISES(HEAT_ERR_INPUT, words, HeatCaseValidate(PETSC_COMM_WORLD, c, 1));
    OK(HeatCaseDestroy(&c));
  }
}

/* -ts_type on the command line would leave the scheme that the case names, unnoticed. */
static void type_of_an_option_is_refused(void **state)
{
  Run          run     = PETSCS("rk", 1);
  HeatProblem  p       = HeatTestSetUp(PETSC_COMM_WORLD, Make(&run));
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
    cmocka_unit_test(flows_of_our_schemes_change_the_stored_heat_exactly),
    cmocka_unit_test(
        flows_change_the_stored_heat_exactly_where_conductivity_depends_on_temperature),
    cmocka_unit_test(flows_of_petscs_schemes_change_the_stored_heat_approximately),
    cmocka_unit_test(continued_run_has_the_same_bits),
    cmocka_unit_test(one_step_schemes_of_petsc_continue_with_the_same_bits_too),
    cmocka_unit_test(controlled_steps_meet_their_tolerance),
    cmocka_unit_test(steps_of_petsc_are_controlled_too),
    cmocka_unit_test(clipped_steps_do_not_shorten_the_next),
    cmocka_unit_test(steps_that_meet_a_jump_are_rejected),
    cmocka_unit_test(bounds_of_the_step_are_kept),
    cmocka_unit_test(failed_step_reports_the_norms_and_leaves_the_temperature),
    cmocka_unit_test(controlled_scheme_takes_a_shorter_step_when_a_solve_fails),
    cmocka_unit_test(ftcs_follows_the_limit_that_changes_with_the_field),
    cmocka_unit_test(rkl2_stays_stable_where_its_limit_falls_within_a_step),
    cmocka_unit_test(step_of_petsc_to_a_negative_conductivity_leaves_the_temperature),
    cmocka_unit_test(types_that_are_wrong_or_unknown_are_refused_with_their_key),
    cmocka_unit_test(type_of_an_option_is_refused),
};

int main(void) { return RUN_TESTS(Tests); }
