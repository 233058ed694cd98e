/** The problems of one grid (kernel_sheet.h). */
#include "app/calibrate/kernel_sheet.h"

#include <math.h>

#include "app/calibrate/calibration_case.h"
#include "solver/measure/diagnostics.h"
#include "solver/measure/energy.h"

/* A problem of one rank. */
typedef struct {
  HeatCase     *c;
  HeatGrid     *g;
  HeatOperator *op;
  HeatStepper  *stepper;
  HeatLinear   *linear[2]; /* with one level, with all levels; or NULL */
  Vec           T, b, x;
  PetscReal     limit;  /* [s] largest stable step of ftcs */
  HeatStepInfo  info;   /* of the last step */
  HeatEnergy    energy; /* empty */
} Problem;

enum { FTCS, RKL2_ALONE, RKL2_SWEEPS, IMPLICIT, PROBLEMS };

/* What is done with a problem in one measurement. */
typedef struct {
  Problem    *p;
  PetscReal   dt;     /* [s] of a step */
  PetscInt    steps;  /* at once */
  PetscInt    sweeps; /* in which the last call took the steps, or stages; 0: one by one */
  HeatLinear *linear;
  PetscInt    iterations;
} Task;

struct HeatSheet {
  PetscInt         nx, ny; /* cells */
  HeatCoefficients coefficients;
  Problem          problems[PROBLEMS];
  Task             tasks[HEAT_RAWS];
  HeatTimed        timed[HEAT_CREWS][HEAT_RAWS];
};

static PetscErrorCode Destroy(Problem *p)
{
  PetscFunctionBeginUser;
  for (int k = 0; k < 2; k++) PetscCall(HeatLinearDestroy(&p->linear[k]));
  PetscCall(HeatStepperDestroy(&p->stepper));
  PetscCall(VecDestroy(&p->T));
  PetscCall(VecDestroy(&p->b));
  PetscCall(VecDestroy(&p->x));
  PetscCall(HeatOperatorDestroy(&p->op));
  PetscCall(HeatGridDestroy(&p->g));
  PetscCall(HeatCaseDestroy(&p->c));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create a problem with the members `time` of the case, without a stepper. */
static PetscErrorCode Create(const HeatSheet *s, const char *time, Problem *p)
{
  PetscReal *values;

  PetscFunctionBeginUser;
  *p = (Problem){0};
  PetscCall(HeatCalibrationCase(PETSC_COMM_SELF, s->nx, s->ny, s->coefficients, time, &p->c));
  PetscCall(HeatGridCreate(PETSC_COMM_SELF, p->c, &p->g));
  PetscCall(HeatOperatorCreate(p->g, p->c, NULL, &p->op));
  PetscCall(HeatGridCreateVec(p->g, &p->T));
  PetscCall(VecGetArrayWrite(p->T, &values));
  PetscCall(HeatOperatorInitialField(p->op, NULL, PETSC_FALSE, values));
  PetscCall(VecRestoreArrayWrite(p->T, &values));
  PetscCall(HeatOperatorSetTime(p->op, 0.0));
  PetscCall(HeatOperatorStableStep(p->op, &p->limit));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What is timed. */

/* Take one step, or several in a sweep. */
static PetscErrorCode Advance(void *context)
{
  Task     *t                      = context;
  Problem  *p                      = t->p;
  PetscReal times[HEAT_LONG_SWEEP] = {0.0}; /* nothing depends on time */

  PetscFunctionBeginUser;
  if (t->steps > 1)
    PetscCall(HeatStepperAdvanceSeveral(p->stepper, t->steps, times, t->dt, NULL, &p->T, &p->info));
  else PetscCall(HeatStepperAdvance(p->stepper, 0.0, t->dt, &p->T, &p->info));
  t->sweeps = t->steps > 1 ? 1 : p->info.sweeps;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Solve with a fixed number of iterations. */
static PetscErrorCode Iterate(void *context)
{
  const Task *t   = context;
  KSP         ksp = HeatLinearKSP(t->linear);

  PetscFunctionBeginUser;
  PetscCall(KSPSetTolerances(ksp, 1e-20, 1e-50, 1e50, t->iterations)); /* never converges */
  PetscCall(KSPSolve(ksp, t->p->b, t->p->x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute what a row of history.csv holds. */
static PetscErrorCode Report(void *context)
{
  Problem         *p = ((const Task *)context)->p;
  const PetscReal *T;
  PetscReal        heat[HEAT_FLOWS];
  HeatSummary      summary;
  HeatEnergyReport report;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(p->T, &T));
  PetscCall(HeatDiagnosticsSummary(p->op, T, &summary));
  PetscCall(HeatEnergyClose(&p->energy, p->op, T, PETSC_FALSE, &report));
  PetscCall(HeatDiagnosticsFlows(p->op, T, heat));
  PetscCall(VecRestoreArrayRead(p->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The problems of a grid.  What is swept at once does not depend on the option -heat_steps_at_once,
   since the fit knows how many steps and stages a task takes in a sweep (cost_fit.h). */

_Static_assert((int)HEAT_LONG_SWEEP <= (int)HEAT_STEPS_AT_ONCE &&
                   (int)HEAT_MANY_STAGES <= (int)HEAT_STAGES_AT_ONCE,
               "a task would take more than one sweep");

static PetscErrorCode CreateFtcs(HeatSheet *s)
{
  const PetscInt steps[] = {1, HEAT_SHORT_SWEEP, HEAT_LONG_SWEEP};
  Problem       *p       = &s->problems[FTCS];
  PetscInt       most;

  PetscFunctionBeginUser;
  PetscCall(Create(s, "scheme: ftcs, step: auto", p));
  PetscCall(HeatOperatorLimitSteps(p->op, HEAT_STEPS_AT_ONCE));
  PetscCall(HeatStepperCreate(p->op, 0.9 * p->limit, &p->stepper));
  PetscCall(HeatStepperMostAtOnce(p->stepper, &most)); /* the first call sets sweeps up */
  for (int k = 0; k < 3; k++)
    s->tasks[HEAT_RAW_FTCS + k] = (Task){.p = p, .dt = 0.9 * p->limit, .steps = steps[k]};
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return a step that takes so many stages of rkl2 (section 4 of solver/README.md). */
static PetscReal DtOf(const Problem *p, PetscInt stages)
{
  const PetscReal s = (PetscReal)stages;

  return 0.999 * p->limit * (s * s + s - 2.0) / 4.0;
}

/* Create a problem whose stages are taken in sweeps, or one by one. */
static PetscErrorCode CreateRkl2(HeatSheet *s, PetscBool alone, Problem *p)
{
  Task task = {.p = p, .steps = 1};

  PetscFunctionBeginUser;
  PetscCall(Create(s, "scheme: rkl2, step: auto", p));
  PetscCall(HeatOperatorLimitSteps(p->op, alone ? 1 : HEAT_STAGES_AT_ONCE));
  task.dt = DtOf(p, HEAT_FEW_STAGES);
  PetscCall(HeatStepperCreate(p->op, task.dt, &p->stepper));
  s->tasks[alone ? HEAT_RAW_RKL2 : HEAT_RAW_RKL2_FEW] = task;
  task.dt                                             = DtOf(p, HEAT_MANY_STAGES);
  if (!alone) s->tasks[HEAT_RAW_RKL2_MANY] = task;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fill a right-hand side that has all frequencies. */
static PetscErrorCode FillRightSide(Vec b)
{
  PetscReal *values;
  PetscInt   n;

  PetscFunctionBeginUser;
  PetscCall(VecGetLocalSize(b, &n));
  PetscCall(VecGetArrayWrite(b, &values));
  for (PetscInt i = 0; i < n; i++) values[i] = sin(12.9898 * (double)i);
  PetscCall(VecRestoreArrayWrite(b, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create a problem with a stepper and a solver whose multigrid has one level, and a solver with all
   levels.  With conductivities of 0.6 to 1.4 a cell's conductances are at most 5.6 W/(m K), and its
   capacity is h^2.  With the first solver the mass h^2/dt = 8 outweighs them, so that no cells are
   joined; with the second one the step of 1 s, as long as diffusion through the whole domain takes,
   makes the mass negligible. */
static PetscErrorCode CreateImplicit(HeatSheet *s)
{
  const PetscReal h = 1.0 / (PetscReal)s->nx, dt = h * h / 8.0;
  Problem        *p = &s->problems[IMPLICIT];

  PetscFunctionBeginUser;
  PetscCall(Create(s, "scheme: backward-euler, step: 1.0", p));
  PetscCall(VecDuplicate(p->T, &p->b));
  PetscCall(VecDuplicate(p->T, &p->x));
  PetscCall(FillRightSide(p->b));
  PetscCall(HeatLinearCreate(p->op, 1.0 / dt, &p->linear[0]));
  PetscCall(HeatLinearCreate(p->op, 1.0, &p->linear[1]));
  PetscCall(HeatStepperCreate(p->op, dt, &p->stepper));
  for (int k = 0; k < 4; k++)
    s->tasks[HEAT_RAW_ONE_FEW + k] = (Task){.p          = p,
                                            .linear     = p->linear[k / 2],
                                            .iterations = k % 2 ? HEAT_MANY_ITERATIONS
                                                                : HEAT_FEW_ITERATIONS};
  s->tasks[HEAT_RAW_STEP] = s->tasks[HEAT_RAW_ROW] = (Task){.p = p, .dt = dt, .steps = 1};
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSheetCreate(PetscInt nx, PetscInt ny, HeatCoefficients coefficients,
                               HeatSheet **sheet)
{
  HeatSheet *s;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&s));
  s->nx           = nx;
  s->ny           = ny;
  s->coefficients = coefficients;
  PetscCall(CreateFtcs(s));
  PetscCall(CreateRkl2(s, PETSC_TRUE, &s->problems[RKL2_ALONE]));
  PetscCall(CreateRkl2(s, PETSC_FALSE, &s->problems[RKL2_SWEEPS]));
  PetscCall(CreateImplicit(s));
  for (int crew = 0; crew < HEAT_CREWS; crew++) {
    for (int k = 0; k < HEAT_RAWS; k++) {
      const PetscBool solves = k >= HEAT_RAW_ONE_FEW && k <= HEAT_RAW_ALL_MANY ? PETSC_TRUE
                                                                               : PETSC_FALSE;

      s->timed[crew][k] = (HeatTimed){.call    = k == HEAT_RAW_ROW ? Report
                                                 : solves          ? Iterate
                                                                   : Advance,
                                      .context = &s->tasks[k]};
    }
  }
  *sheet = s;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSheetDestroy(HeatSheet **sheet)
{
  PetscFunctionBeginUser;
  if (!*sheet) PetscFunctionReturn(PETSC_SUCCESS);
  for (int k = 0; k < PROBLEMS; k++) PetscCall(Destroy(&(*sheet)->problems[k]));
  PetscCall(PetscFree(*sheet));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSheetStart(HeatSheet *s, MPI_Comm comm, HeatCrew crew, double *seconds)
{
  PetscFunctionBeginUser;
  *seconds = 0.0;
  for (int k = 0; k < HEAT_RAWS; k++) {
    double one;

    PetscCall(HeatTimedStart(comm, &s->timed[crew][k], &one));
    *seconds += one;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether a task is the first of those that use the same fields. */
static PetscBool IsFirst(int raw)
{
  return raw != HEAT_RAW_FTCS_SHORT && raw != HEAT_RAW_FTCS_LONG && raw != HEAT_RAW_RKL2_MANY &&
                 raw != HEAT_RAW_ONE_MANY && raw != HEAT_RAW_ALL_MANY
             ? PETSC_TRUE
             : PETSC_FALSE;
}

PetscErrorCode HeatSheetSample(HeatSheet *s, MPI_Comm comm, HeatCrew crew)
{
  PetscFunctionBeginUser;
  for (int k = 0; k < HEAT_RAWS; k++) {
    HeatTimed *timed = &s->timed[crew][k];

    if (IsFirst(k)) PetscCall(timed->call(timed->context));
    PetscCall(HeatTimedSample(comm, timed));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscInt HeatSheetSweeps(const HeatSheet *s, HeatRaw raw) { return s->tasks[raw].sweeps; }

void HeatSheetFinish(const HeatJob *job, HeatSheet *s, HeatCrew crew, HeatRawTimes *raw)
{
  *raw = (HeatRawTimes){.nx         = (double)s->nx,
                        .ny         = (double)s->ny,
                        .iterations = (double)s->problems[IMPLICIT].info.solve.iterations};
  for (int k = 0; k < HEAT_RAWS; k++) {
    HeatTimedFinish(job, &s->timed[crew][k]);
    raw->seconds[k] = s->timed[crew][k].seconds;
  }
}
