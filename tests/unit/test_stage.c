/* The stage equation: its solution in linear and nonlinear problems, when Newton's method stops,
   and steady states. */
#include "solver_test.h"

#include "solver/stepper/stepper.h"

#include "solver/implicit/stage.h"

typedef struct {
  const char *conductivity; /* NULL: 2 */
  PetscBool   radiates;
  PetscReal   tolerance;
} Problem;

static HeatCase *Make(const void *context)
{
  const Problem *q = context;
  HeatCase      *c = HeatTestCase(9, 7, 0.9, 1.4, (HeatTestMaterial){2.0, 2.0, 3.0, 4.0});

  c->time.scheme      = HEAT_SCHEME_BACKWARD_EULER;
  c->solver.tolerance = q->tolerance;
  OK(PetscFree(c->solver.preconditioner));
  OK(PetscStrallocpy("jacobi", &c->solver.preconditioner));
  HeatTestTemperature(c, HEAT_LEFT, "400 + 20*y");
  if (q->radiates) HeatTestRadiation(c, HEAT_RIGHT, "0.8", "300");
  for (int axis = 0; axis < 2 && q->conductivity; axis++)
    HeatTestText(&c->materials[0].conductivity[axis], q->conductivity);
  HeatTestText(&c->source, "1000*x*(1 + t)");
  return c;
}

static Vec NoisyVec(const HeatGrid *g, PetscReal level, PetscReal width, int seed)
{
  PetscReal *values = HeatTestNoiseArray(g, seed);
  Vec        v;

  for (size_t k = 0; k < HeatGridLocalCells(g); k++) values[k] = level + width * values[k];
  v = HeatTestVec(g, values);
  OK(PetscFree(values));
  return v;
}

/* Return the norm of the residual sigma C (T - base) - N(T) - extra, from the operator alone. */
static PetscReal ResidualNorm(HeatProblem *p, const HeatStageEquation *eq, Vec T)
{
  const PetscReal *values, *base, *extra;
  PetscReal       *net = HeatTestArray(p->g), norm;
  PetscBool        valid;

  OK(HeatOperatorSetTime(p->op, eq->t));
  OK(VecGetArrayRead(T, &values));
  OK(VecGetArrayRead(eq->base, &base));
  OK(VecGetArrayRead(eq->extra, &extra));
  OK(HeatOperatorUpdate(p->op, values, &valid));
  OK(HeatOperatorNet(p->op, values, net));
  for (size_t k = 0; k < HeatGridLocalCells(p->g); k++)
    net[k] = eq->sigma * HeatOperatorCapacityAt(p->op, k) * (values[k] - base[k]) - net[k] -
             extra[k];
  norm = sqrt(HeatTestDot(p->g, net, net));
  OK(VecRestoreArrayRead(eq->extra, &extra));
  OK(VecRestoreArrayRead(eq->base, &base));
  OK(VecRestoreArrayRead(T, &values));
  OK(PetscFree(net));
  return valid ? norm : INFINITY;
}

/* Solve a stage and return its residual relative to that of the guess. */
static PetscReal ResidualLeft(HeatProblem *p)
{
  const Problem    *q    = p->context;
  Vec               base = NoisyVec(p->g, 350.0, 20.0, 1), extra = NoisyVec(p->g, 0.0, 50.0, 2);
  Vec               T     = NoisyVec(p->g, 360.0, 30.0, 3);
  HeatStageEquation eq    = {.t = 0.5, .sigma = 2.0, .base = base, .extra = extra};
  HeatSolveInfo     info  = {0};
  const PetscReal   first = ResidualNorm(p, &eq, T);
  PetscReal         left;
  HeatStage        *stage;
  PetscBool         solved;

  OK(HeatStageCreate(p->op, 1.0, &stage));
  OK(VecDestroy(&T));
  T = NoisyVec(p->g, 360.0, 30.0, 3);
  (void)ResidualNorm(p, &eq, T); /* updates the operator to the guess */
  OK(HeatStagePrepare(stage, eq.sigma));
  OK(HeatStageSolve(stage, &eq, T, &info, &solved));
  left = ResidualNorm(p, &eq, T) / first;
  if (!solved || info.iterations < 1 || !(info.residual <= q->tolerance)) left = INFINITY;
  if ((info.newton > 0) == (q->conductivity == NULL && !q->radiates)) left = INFINITY;
  OK(HeatStageDestroy(&stage));
  OK(VecDestroy(&T));
  OK(VecDestroy(&base));
  OK(VecDestroy(&extra));
  return left;
}

static void solution_meets_the_tolerance_whatever_depends_on_the_temperature(void **state)
{
  const Problem problems[4] = {{NULL, PETSC_FALSE, 1e-9},
                               {NULL, PETSC_TRUE, 1e-9},
                               {"1 + 0.01*T", PETSC_FALSE, 1e-9},
                               {"1 + 1e-5*T^2", PETSC_TRUE, 1e-9}};

  (void)state;
  for (int k = 0; k < 4; k++) AT_MOST(HeatTestLayouts(Make, ResidualLeft, &problems[k]), 1.1e-9);
}

/* A tolerance of 1e-16 is below the rounding of the residual; Newton's method must stop there. */
static void newtons_method_does_not_work_on_rounding(void **state)
{
  const Problem     q    = {"1 + 0.01*T", PETSC_TRUE, 1e-16};
  HeatProblem       p    = HeatTestSetUp(PETSC_COMM_WORLD, Make(&q));
  Vec               T    = NoisyVec(p.g, 360.0, 30.0, 3), guess;
  HeatStageEquation eq   = {.t = 0.0, .sigma = 2.0};
  HeatSolveInfo     info = {0};
  HeatStage        *stage;
  PetscBool         solved;

  (void)state;
  OK(HeatStageCreate(p.op, 2.0, &stage));
  eq.extra = NoisyVec(p.g, 0.0, 0.0, 1);
  eq.base  = NoisyVec(p.g, 360.0, 30.0, 3);
  (void)ResidualNorm(&p, &eq, T);
  OK(HeatStagePrepare(stage, 2.0));
  OK(HeatStageSolve(stage, &eq, T, &info, &solved));
  ALL(solved && info.newton >= 2 && info.newton <= 10);
  OK(VecDuplicate(T, &guess));
  OK(VecCopy(T, guess));
  info = (HeatSolveInfo){0}; /* the guess is the solution: no iteration is needed */
  OK(HeatStageSolve(stage, &eq, T, &info, &solved));
  ALL(solved && info.newton == 0 && info.iterations == 0);
  OK(HeatStageDestroy(&stage));
  OK(VecDestroy(&guess));
  OK(VecDestroy(&eq.base));
  OK(VecDestroy(&eq.extra));
  OK(VecDestroy(&T));
  HeatTestTearDown(&p);
}

/* Full Newton steps would make the conductivity negative; the line search takes shorter ones. */
static void line_search_stays_where_conductivities_are_positive(void **state)
{
  const Problem     q    = {"0.02*(T - 290)", PETSC_FALSE, 1e-9};
  HeatCase         *c    = Make(&q);
  HeatSolveInfo     info = {0};
  HeatStageEquation eq   = {.t = 0.0, .sigma = 0.01};
  HeatStage        *stage;
  PetscBool         solved;

  (void)state;
  HeatTestText(&c->source, "-300*(x > 0.6)");
  HeatProblem p = HeatTestSetUp(PETSC_COMM_WORLD, c);
  Vec         T = NoisyVec(p.g, 400.0, 5.0, 3);
  eq.base       = NoisyVec(p.g, 400.0, 5.0, 3);
  eq.extra      = NoisyVec(p.g, 0.0, 0.0, 1);
  OK(HeatStageCreate(p.op, eq.sigma, &stage));
  (void)ResidualNorm(&p, &eq, T);
  OK(HeatStagePrepare(stage, eq.sigma));
  OK(HeatStageSolve(stage, &eq, T, &info, &solved));
  ALL(solved && info.newton > 1);
  AT_MOST(ResidualNorm(&p, &eq, T) * 0.0, 0.0); /* NaN if a conductivity is not positive */
  OK(HeatStageDestroy(&stage));
  OK(VecDestroy(&eq.base));
  OK(VecDestroy(&eq.extra));
  OK(VecDestroy(&T));
  HeatTestTearDown(&p);
}

static void petscs_options_reach_newtons_method(void **state)
{
  const Problem q     = {"1 + 0.01*T", PETSC_FALSE, 1e-9};
  HeatProblem   p     = HeatTestSetUp(PETSC_COMM_WORLD, Make(&q));
  HeatStage    *stage = NULL;
  KSPType       type;

  (void)state;
  OK(HeatStageCreate(p.op, 2.0, &stage));
  OK(KSPGetType(HeatLinearKSP(HeatStageLinear(stage)), &type));
  ALL(strcmp(type, KSPGMRES) == 0); /* because the Jacobian is not symmetric */
  OK(HeatStageDestroy(&stage));
  OK(PetscOptionsSetValue(NULL, "-snes_type", "nosuchtype"));
  RAISES(HEAT_ERR_INPUT, "nosuchtype", HeatStageCreate(p.op, 2.0, &stage));
  OK(PetscOptionsClearValue(NULL, "-snes_type"));
  OK(HeatStageDestroy(&stage));
  HeatTestTearDown(&p);
}

static void radiation_alone_leaves_conjugate_gradients(void **state)
{
  const Problem q     = {NULL, PETSC_TRUE, 1e-9};
  HeatProblem   p     = HeatTestSetUp(PETSC_COMM_WORLD, Make(&q));
  HeatStage    *stage = NULL;
  KSPType       type;

  (void)state;
  OK(HeatStageCreate(p.op, 2.0, &stage));
  OK(KSPGetType(HeatLinearKSP(HeatStageLinear(stage)), &type));
  ALL(strcmp(type, KSPCG) == 0);
  OK(HeatStageDestroy(&stage));
  HeatTestTearDown(&p);
}

/* ------- steady states ------- */

/* Make a bar 0.8 m long with k = 2 that is held at 1000 K on the left and radiates as a black
   body to 300 K on the right.  The surface temperature T_s on the right obeys 2/0.8 (1000 - T_s)
   = 5.670374419e-8 (T_s^4 - 300^4). */
static HeatCase *MakeRadiating(const void *context)
{
  HeatCase *c = HeatTestCase(8, 3, 0.8, 0.6, (HeatTestMaterial){2.0, 2.0, 3.0, 4.0});

  (void)context;
  c->time.scheme      = HEAT_SCHEME_STEADY;
  c->time.step        = 0.0;
  c->time.steps       = -1;
  c->solver.tolerance = 1e-12;
  HeatTestTemperature(c, HEAT_LEFT, "1000");
  HeatTestRadiation(c, HEAT_RIGHT, "1", "300");
  return c;
}

/* Return T_s by bisection; the left-hand side falls with T_s, the right-hand side rises. */
static PetscReal SurfaceByBisection(void)
{
  PetscReal low = 300.0, high = 1000.0;

  for (int k = 0; k < 60; k++) {
    const PetscReal T = 0.5 * (low + high);

    if (2.5 * (1000.0 - T) > 5.670374419e-8 * (pow(T, 4) - pow(300.0, 4))) low = T;
    else high = T;
  }
  return low;
}

static PetscReal RadiatingBar(HeatProblem *p)
{
  const PetscReal surface = SurfaceByBisection(), flow = 0.6 * 2.5 * (1000.0 - surface);
  PetscReal      *T0    = HeatTestLinearArray(p->g, 500.0, 0.0, 0.0), worst;
  PetscReal      *exact = HeatTestLinearArray(p->g, 1000.0, -(1000.0 - surface) / 0.8, 0.0);
  Vec             T     = HeatTestVec(p->g, T0);
  HeatStepper    *stepper;
  HeatStepInfo    info;

  OK(HeatStepperCreate(p->op, 0.0, &stepper));
  OK(HeatStepperAdvance(stepper, 0.0, 1.0, &T, &info));
  worst = HeatTestVecApart(p->g, T, exact) / 1000.0;
  worst = HeatTestMax(
      worst, fabs(HeatTestReduceExact(p->g->comm, &info.flows.sum[HEAT_LEFT]) / flow - 1.0));
  worst = HeatTestMax(
      worst, fabs(HeatTestReduceExact(p->g->comm, &info.flows.sum[HEAT_RIGHT]) / flow + 1.0));
  if (info.solve.newton < 2) worst = INFINITY;
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  OK(PetscFree(T0));
  OK(PetscFree(exact));
  return worst;
}

/* The bound is the solver's tolerance times the condition number of a bar of eight cells. */
static void steady_bar_that_radiates_has_the_surface_found_by_bisection(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeRadiating, RadiatingBar, NULL), 1e-9);
}

/* Make a bar with k = 1 + T/100 held at 100 and 400.  Kirchhoff's transform T + T^2/200 of the
   solution is linear, also of the discrete one: with the arithmetic mean of the conductivities,
   the heat through a face is exactly the difference of the transform. */
static HeatCase *MakeKirchhoff(const void *context)
{
  HeatCase *c = HeatTestCase(8, 3, 0.8, 0.6, (HeatTestMaterial){2.0, 2.0, 3.0, 4.0});

  (void)context;
  c->time.scheme      = HEAT_SCHEME_STEADY;
  c->time.step        = 0.0;
  c->time.steps       = -1;
  c->solver.tolerance = 1e-12;
  HeatTestTemperature(c, HEAT_LEFT, "100");
  HeatTestTemperature(c, HEAT_RIGHT, "400");
  c->solver.face_average = HEAT_FACE_ARITHMETIC;
  for (int axis = 0; axis < 2; axis++)
    HeatTestText(&c->materials[0].conductivity[axis], "1 + T/100");
  return c;
}

static PetscReal KirchhoffIsLinear(HeatProblem *p)
{
  PetscReal       *T0 = HeatTestLinearArray(p->g, 250.0, 0.0, 0.0), worst = 0.0;
  Vec              T = HeatTestVec(p->g, T0);
  const PetscReal *now;
  HeatStepper     *stepper;
  HeatStepInfo     info;

  OK(HeatStepperCreate(p->op, 0.0, &stepper));
  OK(HeatStepperAdvance(stepper, 0.0, 1.0, &T, &info));
  OK(VecGetArrayRead(T, &now));
  for (PetscInt k = 0; k < p->g->nxl; k++) { /* second differences of the transform */
    const PetscReal u = now[k] + now[k] * now[k] / 200.0;

    if (k < 2) continue;
    worst = HeatTestMax(worst, fabs(u - 2.0 * (now[k - 1] + now[k - 1] * now[k - 1] / 200.0) +
                                    (now[k - 2] + now[k - 2] * now[k - 2] / 200.0)));
  }
  OK(VecRestoreArrayRead(T, &now));
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  OK(PetscFree(T0));
  return worst / 900.0;
}

static void steady_bar_whose_conductivity_rises_has_a_linear_transform(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeKirchhoff, KirchhoffIsLinear, NULL), 1e-9);
}

static void steady_conductivity_of_the_temperature_needs_a_level(void **state)
{
  HeatCase    *c       = MakeKirchhoff(NULL);
  HeatStepper *stepper = NULL;

  (void)state;
  for (int side = HEAT_LEFT; side <= HEAT_RIGHT; side++) HeatTestFlux(c, (HeatSide)side, "0");
  HeatProblem p = HeatTestSetUp(PETSC_COMM_WORLD, c);
  RAISES(HEAT_ERR_INPUT, "level", HeatStepperCreate(p.op, 0.0, &stepper));
  OK(HeatStepperDestroy(&stepper));
  HeatTestTearDown(&p);
}

static void nothing_can_be_destroyed(void **state)
{
  HeatStage *stage = NULL;

  (void)state;
  OK(HeatStageDestroy(&stage));
  assert_null(stage);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(solution_meets_the_tolerance_whatever_depends_on_the_temperature),
    cmocka_unit_test(newtons_method_does_not_work_on_rounding),
    cmocka_unit_test(line_search_stays_where_conductivities_are_positive),
    cmocka_unit_test(petscs_options_reach_newtons_method),
    cmocka_unit_test(radiation_alone_leaves_conjugate_gradients),
    cmocka_unit_test(steady_bar_that_radiates_has_the_surface_found_by_bisection),
    cmocka_unit_test(steady_bar_whose_conductivity_rises_has_a_linear_transform),
    cmocka_unit_test(steady_conductivity_of_the_temperature_needs_a_level),
    cmocka_unit_test(nothing_can_be_destroyed),
};

int main(void) { return RUN_TESTS(Tests); }
