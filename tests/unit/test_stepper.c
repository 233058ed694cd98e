/* Single steps of the schemes: discrete modes are compared with their closed form, and the
   report of a step, its failures and steady states are tested. */
#include "solver_test.h"

#include "solver/stepper/stepper.h"

/* Make 8 x 10 cells of 0.1 x 0.2 m with kx = 2, ky = 0.5, density 3, specific heat 4. */
static HeatCase *Blank(HeatScheme scheme)
{
  HeatCase *c = HeatTestCase(8, 10, 0.8, 2.0, (HeatTestMaterial){2.0, 0.5, 3.0, 4.0});

  c->time.scheme      = scheme;
  c->solver.tolerance = 1e-14;
  OK(PetscFree(c->solver.preconditioner));
  OK(PetscStrallocpy("none", &c->solver.preconditioner));
  if (scheme == HEAT_SCHEME_STEADY) {
    c->time.step  = 0.0;
    c->time.steps = -1;
  }
  return c;
}

/* ------- modes ------- */

typedef struct {
  HeatScheme scheme;
  enum { COSINE, SINE, WAVE } mode; /* for sides that are insulated, held at zero, periodic */
  PetscReal dt;
} Mode;

static HeatCase *MakeMode(const void *context)
{
  const Mode *m = context;
  HeatCase   *c = Blank(m->scheme);

  if (m->mode == WAVE) {
    HeatTestPeriodic(c, 0);
    HeatTestPeriodic(c, 1);
  }
  for (int s = 0; s < HEAT_SIDES && m->mode == SINE; s++) HeatTestTemperature(c, (HeatSide)s, "0");
  return c;
}

static PetscReal ModeAt(const Mode *m, PetscInt i, PetscInt j)
{
  const PetscReal x = ((PetscReal)i + 0.5) / 8.0, y = ((PetscReal)j + 0.5) / 10.0;

  if (m->mode == COSINE) return cos(PETSC_PI * 2.0 * x) * cos(PETSC_PI * 3.0 * y);
  if (m->mode == SINE) return sin(PETSC_PI * 2.0 * x) * sin(PETSC_PI * 3.0 * y);
  return cos(2.0 * PETSC_PI * x + 0.3) * cos(4.0 * PETSC_PI * y);
}

/* Return the decay rate of the mode, the sum over both axes of 4 k/(density specific_heat h^2)
   sin^2(half the phase per cell). */
static PetscReal Rate(const Mode *m)
{
  const PetscReal p = m->mode == WAVE ? 2.0 : 2.0, q = m->mode == WAVE ? 4.0 : 3.0;
  const PetscReal sx = sin(PETSC_PI * p / 16.0), sy = sin(PETSC_PI * q / 20.0);

  return 4.0 * (2.0 / 0.01 * sx * sx + 0.5 / 0.04 * sy * sy) / 12.0;
}

static PetscReal Factor(const Mode *m)
{
  const PetscReal z = Rate(m) * m->dt;

  if (m->scheme == HEAT_SCHEME_FTCS) return 1.0 - z;
  if (m->scheme == HEAT_SCHEME_BACKWARD_EULER) return 1.0 / (1.0 + z);
  return (1.0 - 0.5 * z) / (1.0 + 0.5 * z);
}

static PetscReal OneStep(HeatProblem *p)
{
  const Mode     *m       = p->context;
  const HeatGrid *g       = p->g;
  PetscReal      *initial = HeatTestArray(g), worst;
  HeatStepper    *stepper;
  HeatStepInfo    info;

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      initial[j * g->nxl + i] = 100.0 * ModeAt(m, g->xs + i, g->ys + j);
    }
  }
  Vec T = HeatTestVec(g, initial);
  OK(HeatStepperCreate(p->op, m->dt, &stepper));
  OK(HeatStepperAdvance(stepper, 0.0, m->dt, &T, &info));
  for (size_t k = 0; k < HeatGridLocalCells(g); k++) initial[k] *= Factor(m);
  worst = HeatTestVecApart(g, T, initial) / 100.0;
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  OK(PetscFree(initial));
  return worst;
}

/* The bound is 1e-12 of the amplitude: the solver's tolerance is 1e-14, and the rest is
   rounding. */
static void ModesDecayByTheirFactor(HeatScheme scheme, PetscReal dt)
{
  for (int mode = COSINE; mode <= WAVE; mode++) {
    const Mode m = {scheme, mode, dt};

    AT_MOST(HeatTestLayouts(MakeMode, OneStep, &m), 1e-12);
  }
}

static void ftcs_step_multiplies_a_mode_by_one_minus_z(void **state)
{
  (void)state;
  ModesDecayByTheirFactor(HEAT_SCHEME_FTCS, 0.02);
}

static void backward_euler_step_divides_a_mode_by_one_plus_z(void **state)
{
  (void)state;
  ModesDecayByTheirFactor(HEAT_SCHEME_BACKWARD_EULER, 0.7);
}

static void crank_nicolson_step_turns_a_mode_by_its_quotient(void **state)
{
  (void)state;
  ModesDecayByTheirFactor(HEAT_SCHEME_CRANK_NICOLSON, 0.7);
}

static void step_may_differ_from_the_one_set_up(void **state)
{
  const Mode   m  = {HEAT_SCHEME_BACKWARD_EULER, COSINE, 0.3};
  HeatProblem  p  = HeatTestSetUp(PETSC_COMM_WORLD, MakeMode(&m));
  PetscReal   *T0 = HeatTestArray(p.g);
  HeatStepper *stepper;
  HeatStepInfo info;

  (void)state;
  for (PetscInt k = 0; k < p.g->nxl * p.g->nyl; k++) {
    T0[k] = ModeAt(&m, p.g->xs + k % p.g->nxl, p.g->ys + k / p.g->nxl);
  }
  Vec T = HeatTestVec(p.g, T0);
  OK(HeatStepperCreate(p.op, 5.0, &stepper));
  OK(HeatStepperAdvance(stepper, 0.0, m.dt, &T, &info));
  for (size_t k = 0; k < HeatGridLocalCells(p.g); k++) T0[k] *= Factor(&m);
  AT_MOST(HeatTestVecApart(p.g, T, T0), 1e-12);
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  OK(PetscFree(T0));
  HeatTestTearDown(&p);
}

/* ------- time-dependent sources ------- */

static HeatCase *MakeHeated(const void *context)
{
  HeatCase *c = Blank(*(const HeatScheme *)context);

  HeatTestText(&c->source, "120*t");
  return c;
}

/* In a uniform, insulated body T grows by dt/12 times the source at the start of the step, at
   its end, or the mean of both. */
static PetscReal HeatedStep(HeatProblem *p)
{
  const HeatScheme scheme   = *(const HeatScheme *)p->context;
  const PetscReal  dt       = 0.01;
  const PetscReal  when     = scheme == HEAT_SCHEME_FTCS             ? 1.0
                              : scheme == HEAT_SCHEME_BACKWARD_EULER ? 1.0 + dt
                                                                     : 1.0 + 0.5 * dt;
  PetscReal       *expected = HeatTestLinearArray(p->g, 0.0, 0.0, 0.0), worst;
  Vec              T        = HeatTestVec(p->g, expected);
  HeatStepper     *stepper;
  HeatStepInfo     info;

  OK(HeatStepperCreate(p->op, dt, &stepper));
  OK(HeatStepperAdvance(stepper, 1.0, dt, &T, &info));
  for (size_t k = 0; k < HeatGridLocalCells(p->g); k++) expected[k] = dt * 120.0 * when / 12.0;
  worst = HeatTestVecApart(p->g, T, expected);
  worst = HeatTestMax(worst,
                      fabs(HeatTestReduceExact(p->g->comm, &info.flows.sum[HEAT_FLOW_SOURCE]) /
                               (120.0 * when * 1.6) -
                           1.0));
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  OK(PetscFree(expected));
  return worst;
}

static void each_scheme_sees_sources_at_its_own_time(void **state)
{
  const HeatScheme schemes[3] = {HEAT_SCHEME_FTCS, HEAT_SCHEME_BACKWARD_EULER,
                                 HEAT_SCHEME_CRANK_NICOLSON};

  (void)state;
  for (int k = 0; k < 3; k++) AT_MOST(HeatTestLayouts(MakeHeated, HeatedStep, &schemes[k]), 1e-13);
}

/* ------- what a step reports ------- */

static HeatCase *MakeMixed(const void *context)
{
  HeatCase *c = Blank(*(const HeatScheme *)context);

  HeatTestAddMaterial(c, (HeatTestMaterial){20.0, 10.0, 1.0, 3.0});
  HeatTestRectangle(c, 1, 0.2, 0.6, 0.3, 1.1);
  HeatTestTemperature(c, HEAT_LEFT, "5 + y + t");
  HeatTestFlux(c, HEAT_RIGHT, "3 - t");
  HeatTestConvection(c, HEAT_TOP, "4", "7 + 10*t");
  HeatTestText(&c->source, "x - y*t");
  return c;
}

/* Return the largest deviation, in two steps, of the change of the stored heat from the heat
   that the step reports as entered or released. */
static PetscReal StepAccount(HeatProblem *p)
{
  const HeatGrid  *g = p->g;
  const PetscReal *now;
  PetscReal       *T0 = HeatTestNoiseArray(g, 3), dt = 0.01, worst = 0.0;
  Vec              T = HeatTestVec(g, T0);
  HeatStepper     *stepper;

  if (p->c->time.scheme == HEAT_SCHEME_FTCS) OK(HeatOperatorStableStep(p->op, &dt));
  OK(HeatStepperCreate(p->op, dt, &stepper));
  for (int step = 0; step < 2; step++) {
    HeatStepInfo info;
    PetscReal    error = 0.0;

    OK(HeatStepperAdvance(stepper, step * dt, dt, &T, &info));
    OK(VecGetArrayRead(T, &now));
    for (size_t k = 0; k < HeatGridLocalCells(g); k++)
      error += HeatOperatorCapacityAt(p->op, k) * (now[k] - T0[k]);
    memcpy(T0, now, HeatGridLocalCells(g) * sizeof *T0);
    OK(VecRestoreArrayRead(T, &now));
    error = HeatTestSum(g->comm, error) - dt * HeatTestEntered(g->comm, &info.flows);
    worst = HeatTestMax(worst, fabs(error));
    if (!(HeatTestReduceExact(g->comm, &info.flows.sum[HEAT_FLOW_TURNOVER]) > 0.0))
      worst = INFINITY;
  }
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  OK(PetscFree(T0));
  return worst;
}

/* The bound covers the rounding of heats of order 1 J/m and the solver's tolerance, 1e-14 times
   a net heat of order 1e3 W/m times dt. */
static void stored_heat_changes_by_what_the_step_reports(void **state)
{
  const HeatScheme schemes[3] = {HEAT_SCHEME_FTCS, HEAT_SCHEME_BACKWARD_EULER,
                                 HEAT_SCHEME_CRANK_NICOLSON};

  (void)state;
  for (int k = 0; k < 3; k++) AT_MOST(HeatTestLayouts(MakeMixed, StepAccount, &schemes[k]), 1e-12);
}

static void explicit_scheme_has_no_solver_and_no_iterations(void **state)
{
  const HeatScheme ftcs = HEAT_SCHEME_FTCS;
  HeatProblem      p    = HeatTestSetUp(PETSC_COMM_WORLD, MakeMixed(&ftcs));
  PetscReal       *zero = HeatTestArray(p.g);
  Vec              T    = HeatTestVec(p.g, zero);
  HeatStepper     *stepper;
  HeatStepInfo     info;

  (void)state;
  OK(HeatStepperCreate(p.op, 1e-4, &stepper));
  OK(HeatStepperAdvance(stepper, 0.0, 1e-4, &T, &info));
  ALL(HeatStepperLinear(stepper) == NULL && info.solve.iterations == 0);
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  OK(PetscFree(zero));
  HeatTestTearDown(&p);
}

/* ------- failures ------- */

static void failed_step_leaves_the_temperature_to_the_last_bit(void **state)
{
  const HeatScheme schemes[3] = {HEAT_SCHEME_BACKWARD_EULER, HEAT_SCHEME_CRANK_NICOLSON,
                                 HEAT_SCHEME_STEADY};

  (void)state;
  for (int k = 0; k < 3; k++) {
    HeatCase    *c = Blank(schemes[k]);
    HeatStepper *stepper;
    HeatStepInfo info;

    HeatTestTemperature(c, HEAT_LEFT, "5 + y");
    c->solver.max_iterations = 1;
    HeatProblem p            = HeatTestSetUp(PETSC_COMM_WORLD, c);
    PetscReal  *T0           = HeatTestNoiseArray(p.g, 3);
    Vec         T = HeatTestVec(p.g, T0), handle = T;
    OK(HeatStepperCreate(p.op, 10.0, &stepper));
    RAISES(HEAT_ERR_NUMERICS, schemes[k] == HEAT_SCHEME_STEADY ? "steady" : "t = 20",
           HeatStepperAdvance(stepper, 20.0, 10.0, &T, &info));
    ALL(T == handle);
    AT_MOST(HeatTestVecApart(p.g, T, T0), 0.0);
    OK(HeatStepperDestroy(&stepper));
    OK(VecDestroy(&T));
    OK(PetscFree(T0));
    HeatTestTearDown(&p);
  }
}

static PetscErrorCode CreateAndDestroy(HeatProblem *p, PetscReal dt)
{
  HeatStepper         *stepper = NULL;
  const PetscErrorCode code    = HeatStepperCreate(p->op, dt, &stepper);

  OK(HeatStepperDestroy(&stepper));
  return code;
}

/* The largest stable step of the case is 2*12/(4 (200 + 12.5)) = 0.0282353 s. */
static void ftcs_step_that_can_grow_is_refused_and_the_limit_named(void **state)
{
  HeatProblem p = HeatTestSetUp(PETSC_COMM_WORLD, Blank(HEAT_SCHEME_FTCS));

  (void)state;
  RAISES(HEAT_ERR_INPUT, "time.step", CreateAndDestroy(&p, 0.03));
  RAISES(HEAT_ERR_INPUT, "0.02823", CreateAndDestroy(&p, 0.03));
  HeatTestTearDown(&p);
}

static void ftcs_step_at_the_limit_is_taken(void **state)
{
  HeatProblem p = HeatTestSetUp(PETSC_COMM_WORLD, Blank(HEAT_SCHEME_FTCS));
  PetscReal   dt;

  (void)state;
  OK(HeatOperatorStableStep(p.op, &dt));
  OK(CreateAndDestroy(&p, dt));
  HeatTestTearDown(&p);
}

/* ------- steady ------- */

static HeatCase *MakeBar(const void *context)
{
  HeatCase *c = Blank(HEAT_SCHEME_STEADY);

  (void)context;
  HeatTestTemperature(c, HEAT_LEFT, "300");
  HeatTestTemperature(c, HEAT_RIGHT, "380");
  return c;
}

static PetscReal BarIsLinear(HeatProblem *p)
{
  PetscReal   *T0    = HeatTestNoiseArray(p->g, 3);
  PetscReal   *exact = HeatTestLinearArray(p->g, 300.0, 100.0, 0.0), worst;
  Vec          T     = HeatTestVec(p->g, T0);
  HeatStepper *stepper;
  HeatStepInfo info;

  OK(HeatStepperCreate(p->op, 0.0, &stepper));
  OK(HeatStepperAdvance(stepper, 0.0, 1.0, &T, &info));
  worst = HeatTestVecApart(p->g, T, exact);
  /* 2 W/(m K) times 100 K/m flow through 2 m. */
  worst = HeatTestMax(worst,
                      fabs(HeatTestReduceExact(p->g->comm, &info.flows.sum[HEAT_RIGHT]) - 400.0));
  worst = HeatTestMax(worst,
                      fabs(HeatTestReduceExact(p->g->comm, &info.flows.sum[HEAT_LEFT]) + 400.0));
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  OK(PetscFree(T0));
  OK(PetscFree(exact));
  return worst;
}

static void steady_bar_between_two_temperatures_is_linear(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeBar, BarIsLinear, NULL), 1e-8);
}

/* Make a body of two capacities into which as much heat flows on the left as leaves on the
   right, and whose level no side fixes. */
static HeatCase *MakeThrough(const void *context)
{
  HeatCase *c = Blank(HEAT_SCHEME_STEADY);

  (void)context;
  HeatTestAddMaterial(c, (HeatTestMaterial){2.0, 0.5, 9.0, 5.0});
  HeatTestRectangle(c, 1, 0.4, 0.8, 0.0, 2.0);
  HeatTestFlux(c, HEAT_LEFT, "20");
  HeatTestFlux(c, HEAT_RIGHT, "-20");
  c->solver.tolerance = 1e-12;
  return c;
}

static PetscReal LevelStays(HeatProblem *p)
{
  const HeatGrid  *g = p->g;
  const PetscReal *now;
  PetscReal       *T0 = HeatTestNoiseArray(g, 3), stored = 0.0, all = 0.0, worst = 0.0;
  Vec              T;
  HeatStepper     *stepper;
  HeatStepInfo     info;

  for (size_t k = 0; k < HeatGridLocalCells(g); k++) T0[k] += 300.0;
  T = HeatTestVec(g, T0);
  OK(HeatStepperCreate(p->op, 0.0, &stepper));
  OK(HeatStepperAdvance(stepper, 0.0, 1.0, &T, &info));
  OK(VecGetArrayRead(T, &now));
  for (size_t k = 0; k < HeatGridLocalCells(g); k++) {
    stored += HeatOperatorCapacityAt(p->op, k) * (now[k] - T0[k]);
    all += HeatOperatorCapacityAt(p->op, k) * T0[k];
  }
  for (PetscInt j = 0; j < g->nyl; j++) { /* the slope is -10 K/m in both layers */
    for (PetscInt i = 1; i < g->nxl; i++) {
      worst = HeatTestMax(worst, fabs(now[j * g->nxl + i] - now[j * g->nxl + i - 1] + 1.0));
    }
  }
  OK(VecRestoreArrayRead(T, &now));
  stored = fabs(HeatTestSum(g->comm, stored)) / HeatTestSum(g->comm, all);
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  OK(PetscFree(T0));
  return HeatTestMax(worst * 1e-4, stored); /* slopes to 1e-8, stored heat to 1e-12 */
}

static void steady_state_that_no_side_holds_keeps_the_stored_heat(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeThrough, LevelStays, NULL), 1e-12);
}

static void case_without_a_steady_state_is_refused(void **state)
{
  HeatCase *c = Blank(HEAT_SCHEME_STEADY);

  (void)state;
  HeatTestFlux(c, HEAT_LEFT, "20");
  HeatProblem p = HeatTestSetUp(PETSC_COMM_WORLD, c);
  RAISES(HEAT_ERR_INPUT, "steady state", CreateAndDestroy(&p, 0.0));
  HeatTestTearDown(&p);
  c = Blank(HEAT_SCHEME_STEADY);
  HeatTestPeriodic(c, 0);
  HeatTestText(&c->source, "1 + x");
  p = HeatTestSetUp(PETSC_COMM_WORLD, c);
  RAISES(HEAT_ERR_INPUT, "steady state", CreateAndDestroy(&p, 0.0));
  HeatTestTearDown(&p);
}

static void source_that_a_flux_carries_off_has_a_steady_state(void **state)
{
  HeatCase *c = Blank(HEAT_SCHEME_STEADY);

  (void)state;
  HeatTestText(&c->source, "10");        /* 10 W/m3 on 1.6 m2 */
  HeatTestFlux(c, HEAT_BOTTOM, "-10*2"); /* -20 W/m2 on 0.8 m */
  HeatProblem p = HeatTestSetUp(PETSC_COMM_WORLD, c);
  OK(CreateAndDestroy(&p, 0.0));
  HeatTestTearDown(&p);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(ftcs_step_multiplies_a_mode_by_one_minus_z),
    cmocka_unit_test(backward_euler_step_divides_a_mode_by_one_plus_z),
    cmocka_unit_test(crank_nicolson_step_turns_a_mode_by_its_quotient),
    cmocka_unit_test(step_may_differ_from_the_one_set_up),
    cmocka_unit_test(each_scheme_sees_sources_at_its_own_time),
    cmocka_unit_test(stored_heat_changes_by_what_the_step_reports),
    cmocka_unit_test(explicit_scheme_has_no_solver_and_no_iterations),
    cmocka_unit_test(failed_step_leaves_the_temperature_to_the_last_bit),
    cmocka_unit_test(ftcs_step_that_can_grow_is_refused_and_the_limit_named),
    cmocka_unit_test(ftcs_step_at_the_limit_is_taken),
    cmocka_unit_test(steady_bar_between_two_temperatures_is_linear),
    cmocka_unit_test(steady_state_that_no_side_holds_keeps_the_stored_heat),
    cmocka_unit_test(case_without_a_steady_state_is_refused),
    cmocka_unit_test(source_that_a_flux_carries_off_has_a_steady_state),
};

int main(void) { return RUN_TESTS(Tests); }
