/** The cost of heat2d's kernels (calibrate.h).
 *
 *  Each rank has a grid of its own, n x n cells on the unit square, so that nothing is sent, and
 *  calls the steppers and the linear solver of a run.  Costs of parts that cannot be called
 *  alone are differences of times that are measured in turns:
 *
 *      a step in a sweep     (sweep of 32 - sweep of 4)/28;   pass: sweep of 4 - 4 steps
 *      a stage of rkl2       (15 stages - 5 stages)/10;       pass: 5 stages - 5 times that
 *      an iteration          (solve with 6 - solve with 2 iterations)/4
 *          finest level      with a mass that outweighs the conductances: there is one level
 *          coarse levels     with a small mass, so that there are all levels, minus the finest one
 *      a solve               a step of backward Euler - its iterations */
#include <math.h>

#include "app/calibrate/calibrate.h"
#include "app/calibrate/calibration_case.h"
#include "solver/base/monotonic.h"
#include "solver/measure/diagnostics.h"
#include "solver/measure/energy.h"

/* Grids of 32 x 32 cells and, each twice as wide, up to 2048 x 2048: in the second-level cache, and
   larger than most last-level caches of a core.  The budget can end the list earlier. */
enum { SMALLEST = 32, SIZES = 7 };

enum { SHORT_SWEEP = 4, LONG_SWEEP = 32, FEW_STAGES = 5, MANY_STAGES = 15 };
enum { FEW_ITERATIONS = 2, MANY_ITERATIONS = 6 };

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

/* What is done with a problem in one measurement. */
typedef struct {
  Problem    *p;
  PetscReal   dt;    /* [s] of a step */
  PetscInt    steps; /* at once */
  HeatLinear *linear;
  PetscInt    iterations;
} Task;

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
static PetscErrorCode Create(PetscInt n, HeatCoefficients coefficients, const char *time,
                             Problem *p)
{
  PetscReal *values;

  PetscFunctionBeginUser;
  *p = (Problem){0};
  PetscCall(HeatCalibrationCase(PETSC_COMM_SELF, n, n, coefficients, time, &p->c));
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
  const Task *t                 = context;
  Problem    *p                 = t->p;
  PetscReal   times[LONG_SWEEP] = {0.0}; /* nothing depends on time */

  PetscFunctionBeginUser;
  if (t->steps > 1)
    PetscCall(HeatStepperAdvanceSeveral(p->stepper, t->steps, times, t->dt, NULL, &p->T, &p->info));
  else PetscCall(HeatStepperAdvance(p->stepper, 0.0, t->dt, &p->T, &p->info));
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

/* Measuring. */

/* The measurements on one size of grid, by one set of ranks. */
typedef struct {
  const HeatJob   *job;
  MPI_Comm         comm;  /* of the ranks that are at work */
  double           slice; /* [s] of one measurement */
  PetscInt         n;     /* cells along each axis */
  HeatCoefficients coefficients;
  double           seconds[HEAT_KERNELS]; /* [s] of all cells; of HEAT_KERNEL_COARSE: of all coarse
                                             levels of an iteration */
} Sheet;

/* Store the cost of a part, and of what begins and ends a number of parts, from the times of a few
   and of many.  A difference that noise has made negative becomes a thousandth of the time. */
static void Split(double few, double t_few, double many, double t_many, double *part, double *pass)
{
  *part = PetscMax((t_many - t_few) / (many - few), 1e-3 * t_many / many);
  *pass = PetscMax(t_few - few * *part, 1e-3 * t_few);
}

static PetscErrorCode MeasureFtcs(Sheet *s)
{
  const PetscInt steps[] = {1, SHORT_SWEEP, LONG_SWEEP};
  Task           tasks[3];
  HeatTimed      timed[3];
  PetscInt       most;
  Problem        p;

  PetscFunctionBeginUser;
  PetscCall(Create(s->n, s->coefficients, "scheme: ftcs, step: auto", &p));
  PetscCall(HeatStepperCreate(p.op, 0.9 * p.limit, &p.stepper));
  PetscCall(HeatStepperMostAtOnce(p.stepper, &most)); /* the first call sets sweeps up */
  for (int k = 0; k < 3; k++) {
    tasks[k] = (Task){.p = &p, .dt = 0.9 * p.limit, .steps = steps[k]};
    timed[k] = (HeatTimed){.call = Advance, .context = &tasks[k]};
  }
  PetscCall(HeatJobTime(s->job, s->comm, s->slice, 3, timed));
  s->seconds[HEAT_KERNEL_FTCS] = timed[0].seconds;
  Split(SHORT_SWEEP, timed[1].seconds, LONG_SWEEP, timed[2].seconds,
        &s->seconds[HEAT_KERNEL_FTCS_SWEEP], &s->seconds[HEAT_KERNEL_FTCS_PASS]);
  PetscCall(Destroy(&p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return a step that takes so many stages of rkl2 (section 4 of solver/README.md). */
static PetscReal DtOf(const Problem *p, PetscInt stages)
{
  const PetscReal s = (PetscReal)stages;

  return 0.999 * p->limit * (s * s + s - 2.0) / 4.0;
}

/* Create a problem whose stages are taken in sweeps, or one by one. */
static PetscErrorCode CreateRkl2(const Sheet *s, PetscBool alone, Problem *p)
{
  Task           task = {.p = p, .steps = 1};
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(Create(s->n, s->coefficients, "scheme: rkl2, step: auto", p));
  task.dt = DtOf(p, FEW_STAGES);
  PetscCall(HeatStepperCreate(p->op, task.dt, &p->stepper));
  if (!alone) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscOptionsSetValue(NULL, "-heat_steps_at_once", "1")); /* the first step reads it */
  code = Advance(&task);
  PetscCall(PetscOptionsClearValue(NULL, "-heat_steps_at_once"));
  PetscFunctionReturn(code);
}

static PetscErrorCode MeasureRkl2(Sheet *s)
{
  Problem   alone, sweeps;
  Task      tasks[3];
  HeatTimed timed[3];

  PetscFunctionBeginUser;
  PetscCall(CreateRkl2(s, PETSC_TRUE, &alone));
  PetscCall(CreateRkl2(s, PETSC_FALSE, &sweeps));
  for (int k = 0; k < 3; k++) {
    Problem *p = k ? &sweeps : &alone;

    tasks[k] = (Task){.p = p, .dt = DtOf(p, k == 2 ? MANY_STAGES : FEW_STAGES), .steps = 1};
    timed[k] = (HeatTimed){.call = Advance, .context = &tasks[k]};
  }
  PetscCall(HeatJobTime(s->job, s->comm, s->slice, 3, timed));
  s->seconds[HEAT_KERNEL_RKL2] = timed[0].seconds / FEW_STAGES;
  Split(FEW_STAGES, timed[1].seconds, MANY_STAGES, timed[2].seconds,
        &s->seconds[HEAT_KERNEL_RKL2_SWEEP], &s->seconds[HEAT_KERNEL_RKL2_PASS]);
  PetscCall(Destroy(&alone));
  PetscCall(Destroy(&sweeps));
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
   capacity is h^2: the mass h^2/dt = 8 outweighs them, and a step of 1 s, as long as diffusion
   through the whole domain, leaves none.
   @param[out] dt  [s] of the stepper */
static PetscErrorCode CreateImplicit(const Sheet *s, Problem *p, PetscReal *dt)
{
  const PetscReal h = 1.0 / (PetscReal)s->n;

  PetscFunctionBeginUser;
  PetscCall(Create(s->n, s->coefficients, "scheme: backward-euler, step: 1.0", p));
  *dt = h * h / 8.0;
  PetscCall(VecDuplicate(p->T, &p->b));
  PetscCall(VecDuplicate(p->T, &p->x));
  PetscCall(FillRightSide(p->b));
  PetscCall(HeatLinearCreate(p->op, 1.0 / *dt, &p->linear[0]));
  PetscCall(HeatLinearCreate(p->op, 1.0, &p->linear[1]));
  PetscCall(HeatStepperCreate(p->op, *dt, &p->stepper));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MeasureImplicit(Sheet *s)
{
  enum { ONE_FEW, ONE_MANY, ALL_FEW, ALL_MANY, STEP, ROW, TASKS };
  Task      tasks[TASKS];
  HeatTimed timed[TASKS];
  double    all, finest, rest, *seconds = s->seconds;
  PetscReal dt;
  Problem   p;

  PetscFunctionBeginUser;
  PetscCall(CreateImplicit(s, &p, &dt));
  for (int k = 0; k < TASKS; k++) {
    tasks[k] = (Task){.p          = &p,
                      .dt         = dt,
                      .steps      = 1,
                      .linear     = p.linear[k < ALL_FEW ? 0 : 1],
                      .iterations = k % 2 ? MANY_ITERATIONS : FEW_ITERATIONS};
    timed[k] = (HeatTimed){.call    = k < STEP    ? Iterate
                                      : k == STEP ? Advance
                                                  : Report,
                           .context = &tasks[k]};
  }
  PetscCall(HeatJobTime(s->job, s->comm, s->slice, TASKS, timed));
  Split(FEW_ITERATIONS, timed[ONE_FEW].seconds, MANY_ITERATIONS, timed[ONE_MANY].seconds, &finest,
        &rest);
  Split(FEW_ITERATIONS, timed[ALL_FEW].seconds, MANY_ITERATIONS, timed[ALL_MANY].seconds, &all,
        &rest);
  seconds[HEAT_KERNEL_ITERATION] = finest;
  seconds[HEAT_KERNEL_COARSE]    = PetscMax(all - finest, 0.0);
  seconds[HEAT_KERNEL_ROW]       = timed[ROW].seconds;
  seconds[HEAT_KERNEL_SOLVE]     = timed[STEP].seconds -
                               (double)p.info.solve.iterations * seconds[HEAT_KERNEL_ITERATION];
  seconds[HEAT_KERNEL_SOLVE] = PetscMax(seconds[HEAT_KERNEL_SOLVE], 0.02 * timed[STEP].seconds);
  PetscCall(Destroy(&p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Measure(Sheet *s)
{
  PetscFunctionBeginUser;
  PetscCall(MeasureFtcs(s));
  PetscCall(MeasureRkl2(s));
  PetscCall(MeasureImplicit(s));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The machine's numbers. */

/* Fit the cost a + b m of a coarse level of m cells to the times of all coarse levels of several
   grids: for n x n cells, log2(n) levels with n^2/3 cells together.  Least squares, relative to the
   time of an iteration on the finest level; neither a nor b is negative. */
static void FitCoarse(PetscInt n, const Sheet *sheets[], double *a, double *b)
{
  double ll = 0.0, lm = 0.0, mm = 0.0, lt = 0.0, mt = 0.0; /* products of levels, cells, times */

  for (PetscInt k = 0; k < n; k++) {
    const double side = (double)sheets[k]->n, all = sheets[k]->seconds[HEAT_KERNEL_ITERATION];
    const double level = log2(side) / all, cells = side * side / 3.0 / all;
    const double time = sheets[k]->seconds[HEAT_KERNEL_COARSE] / all;

    ll += level * level;
    lm += level * cells;
    mm += cells * cells;
    lt += level * time;
    mt += cells * time;
  }
  *a = ll * mm > lm * lm * (1.0 + 1e-12) ? (lt * mm - mt * lm) / (ll * mm - lm * lm) : 0.0;
  *b = (mt - *a * lm) / mm;
  if (*a < 0.0) {
    *a = 0.0;
    *b = mt / mm;
  }
  if (*b < 0.0) {
    *b = 0.0;
    *a = lt / ll;
  }
}

/* Store the costs of the coarse levels that the grids have. */
static void StoreCoarse(PetscInt n, const Sheet *sheets[], HeatMachine *m)
{
  HeatCurve *curve = &m->kernel[sheets[0]->coefficients][HEAT_KERNEL_COARSE].seconds;
  double     a, b;

  FitCoarse(n, sheets, &a, &b);
  for (PetscInt side = SMALLEST / 8; side < sheets[n - 1]->n; side *= 2) {
    const double cells = (double)side * (double)side;

    HeatCurveAdd(curve, cells, PetscMax(a / cells + b, 1e-15));
  }
}

static void StoreCosts(const Sheet *s, HeatMachine *m)
{
  const double cells = (double)s->n * (double)s->n;

  for (int k = 0; k < HEAT_KERNELS; k++)
    if (k != HEAT_KERNEL_COARSE)
      HeatCurveAdd(&m->kernel[s->coefficients][k].seconds, cells, s->seconds[k] / cells);
}

/* Store how many bytes a cell moves, from the times of all ranks at once: so many that each rank's
   share of the bandwidth takes that time.  The cost of a coarse level is not known for all ranks at
   once; it is taken to grow like that of the finest level. */
static void StoreBytes(const Sheet *s, const Sheet *alone, PetscMPIInt ranks, HeatMachine *m)
{
  const double cells  = (double)s->n * (double)s->n;
  const double share  = HeatCurveAt(&m->memory_bandwidth, (double)ranks) / (double)ranks;
  const double slower = s->seconds[HEAT_KERNEL_ITERATION] / alone->seconds[HEAT_KERNEL_ITERATION];

  for (int k = 0; k < HEAT_KERNELS; k++) {
    HeatKernelCost *cost = &m->kernel[s->coefficients][k];
    const double    last = cost->seconds.value[cost->seconds.n - 1];

    cost->bytes = (k == HEAT_KERNEL_COARSE ? last * slower : s->seconds[k] / cells) * share;
  }
}

/* Measure on the ranks of comm, which may be MPI_COMM_NULL; the others wait.  Store the result of
   rank 0 on all ranks. */
static PetscErrorCode MeasureOn(const HeatJob *job, MPI_Comm comm, Sheet *s)
{
  PetscFunctionBeginUser;
  s->comm = comm;
  if (comm != MPI_COMM_NULL) PetscCall(Measure(s));
  PetscCallMPI(MPI_Bcast(s->seconds, HEAT_KERNELS, MPI_DOUBLE, 0, job->world));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Decide whether the next size, which takes four times as long as this one that began at `start`,
   and twice that if all ranks measure it, too, fits into nine tenths of the budget. */
static PetscErrorCode HasTime(const HeatJob *job, double start, PetscBool *more)
{
  const double now = HeatMonotonicTime();

  PetscFunctionBeginUser;
  *more = now + 8.0 * (now - start) < job->began + 0.9 * job->budget ? PETSC_TRUE : PETSC_FALSE;
  PetscCallMPI(MPI_Bcast(more, 1, MPIU_BOOL, 0, job->world));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether a grid of n x n cells on each rank takes at most half of a node's memory.  The
   bytes a cell are those of backward Euler (solver/MEASURED.md, memory) three times, because as
   many solvers exist at a time. */
static PetscBool HasMemory(const HeatJob *job, const HeatMachine *m, PetscInt n)
{
  const double bytes = 3.0 * 120.0;

  return (PetscBool)(bytes * (double)n * (double)n * job->per_node <= 0.5 * m->memory_per_node);
}

PetscErrorCode HeatCalibrateKernels(const HeatJob *job, HeatMachine *m)
{
  Sheet     sheets[SIZES][HEAT_COEFFICIENTS];
  Sheet     crowd; /* all ranks at once */
  MPI_Comm  all;
  PetscInt  last = 0;
  PetscBool more = PETSC_TRUE;

  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < SIZES && more; k++) {
    const double start = HeatMonotonicTime();

    if (k > 0 && !HasMemory(job, m, SMALLEST << k)) break;
    for (int c = 0; c < HEAT_COEFFICIENTS; c++) {
      Sheet *s = &sheets[k][c];

      *s = (Sheet){.job = job, .slice = job->budget / 400.0, .n = SMALLEST << k, .coefficients = c};
      PetscCall(MeasureOn(job, job->leaders, s));
      StoreCosts(s, m);
    }
    last = k;
    PetscCall(HasTime(job, start, &more));
  }
  PetscCall(HeatJobFirst(job, job->per_node, &all));
  for (int c = 0; c < HEAT_COEFFICIENTS; c++) {
    const Sheet *list[SIZES];

    for (PetscInt k = 0; k <= last; k++) list[k] = &sheets[k][c];
    StoreCoarse(last + 1, list, m);
    crowd = sheets[last][c];
    if (job->per_node > 1) PetscCall(MeasureOn(job, all, &crowd));
    StoreBytes(&crowd, &sheets[last][c], job->per_node, m);
  }
  if (all != MPI_COMM_NULL) PetscCallMPI(MPI_Comm_free(&all));
  PetscFunctionReturn(PETSC_SUCCESS);
}
