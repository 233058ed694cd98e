/** The cost of heat2d's kernels (calibrate.h).
 *
 *  Each rank has a grid of its own, n x n cells on the unit square, so that nothing is sent, and
 *  calls the steppers and the linear solver of a run.  Costs of parts that cannot be called alone
 *  are differences of times that are measured in turns.  t(...) is a measured time; a pass is what
 *  a sweep costs in addition to its steps or stages:
 *
 *      step of ftcs in a sweep    s = (t(sweep of 32) - t(sweep of 4))/28
 *      pass of ftcs               t(sweep of 4) - 4 s
 *      stage of rkl2 in a sweep   s = (t(step of 15 stages) - t(step of 5 stages))/10
 *      pass of rkl2               t(step of 5 stages) - 5 s
 *      iteration, one level       i = (t(solve of 6 iterations) - t(solve of 2))/4, with a mass
 *                                 that outweighs the conductances: the multigrid has one level
 *      coarse levels              the same difference with a small mass, hence all levels, minus i
 *      solve                      t(step of backward Euler) - its iterations */
#include <math.h>

#include "app/calibrate/calibrate.h"
#include "app/calibrate/calibration_case.h"
#include "solver/base/monotonic.h"
#include "solver/measure/diagnostics.h"
#include "solver/measure/energy.h"

/* Grids of 32 x 32, 64 x 64, ..., 2048 x 2048 cells.  Chosen: the fields of the smallest fit into a
   first-level cache, those of the largest exceed most cores' share of the last-level cache.  The
   budget can end the list earlier. */
enum { SMALLEST = 32, SIZES = 7 };

/* Steps of a sweep, stages of a step and iterations of a solve.  Chosen: within what runs take, and
   far enough apart that their difference stands out of the noise. */
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
  HeatEnergy    energy; /* an account without entries, closed as for a row of history.csv */
} Problem;

/* A call that is measured: one step, several steps in a sweep, or a solve. */
typedef struct {
  Problem    *p;
  PetscReal   dt;    /* [s] of a step */
  PetscInt    steps; /* taken in one sweep; 1: an ordinary step */
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
} GridCosts;

/* Split the times of a few and of many equal parts, which share one beginning and end: store the
   cost of a part, and in *pass that of beginning and end.  A difference that noise made negative is
   replaced by a thousandth of the time. */
static void Split(double few, double t_few, double many, double t_many, double *part, double *pass)
{
  *part = PetscMax((t_many - t_few) / (many - few), 1e-3 * t_many / many);
  *pass = PetscMax(t_few - few * *part, 1e-3 * t_few);
}

static PetscErrorCode MeasureFtcs(GridCosts *s)
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

/* Return the length [s] of a step of rkl2 that takes `stages` stages (solver/README.md, section 4).
   0.999: rounding must not add a stage. */
static PetscReal DtOf(const Problem *p, PetscInt stages)
{
  const PetscReal s = (PetscReal)stages;

  return 0.999 * p->limit * (s * s + s - 2.0) / 4.0;
}

/* Create a problem whose stages of rkl2 are taken one by one (`alone`), or in sweeps. */
static PetscErrorCode CreateRkl2(const GridCosts *s, PetscBool alone, Problem *p)
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

static PetscErrorCode MeasureRkl2(GridCosts *s)
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

/* Create a problem with a stepper, a solver whose multigrid has one level, and one that has all
   levels.  The four conductances of a cell are together at most 4 x 1.4 = 5.6 W/(m K), and its
   capacity is h^2 J/(m K).  With dt = h^2/8 the mass term C/dt = 8 W/(m K) outweighs them, so that
   no cells are joined; with dt = 1 s, the time of diffusion through the domain, it is negligible.
   @param[out] dt  [s] of the stepper */
static PetscErrorCode CreateImplicit(const GridCosts *s, Problem *p, PetscReal *dt)
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

static PetscErrorCode MeasureImplicit(GridCosts *s)
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

static PetscErrorCode Measure(GridCosts *s)
{
  PetscFunctionBeginUser;
  PetscCall(MeasureFtcs(s));
  PetscCall(MeasureRkl2(s));
  PetscCall(MeasureImplicit(s));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The machine's numbers. */

/* Fit the cost a + b m [s] of a coarse level of m cells.  A grid of n x n cells has log2(n) coarse
   levels with n^2/3 cells together, which take a log2(n) + b n^2/3.  Least squares over the grids,
   with residuals relative to an iteration on the finest level; neither a nor b is negative. */
static void FitCoarse(PetscInt n, const GridCosts *by_size[], double *a, double *b)
{
  double ll = 0.0, lm = 0.0, mm = 0.0, lt = 0.0, mt = 0.0; /* products of levels, cells, times */

  for (PetscInt k = 0; k < n; k++) {
    const double side = (double)by_size[k]->n, all = by_size[k]->seconds[HEAT_KERNEL_ITERATION];
    const double level = log2(side) / all, cells = side * side / 3.0 / all;
    const double time = by_size[k]->seconds[HEAT_KERNEL_COARSE] / all;

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

/* Store the cost of a cell of a coarse level, for the sizes of coarse levels that the grids
   have. */
static void StoreCoarse(PetscInt n, const GridCosts *by_size[], HeatMachine *m)
{
  HeatCurve *curve = &m->kernel[by_size[0]->coefficients][HEAT_KERNEL_COARSE].seconds;
  double     a, b;

  FitCoarse(n, by_size, &a, &b);
  for (PetscInt side = SMALLEST / 8; side < by_size[n - 1]->n; side *= 2) {
    const double cells = (double)side * (double)side;

    HeatCurveAdd(curve, cells, PetscMax(a / cells + b, 1e-15));
  }
}

static void StoreCosts(const GridCosts *s, HeatMachine *m)
{
  const double cells = (double)s->n * (double)s->n;

  for (int k = 0; k < HEAT_KERNELS; k++)
    if (k != HEAT_KERNEL_COARSE)
      HeatCurveAdd(&m->kernel[s->coefficients][k].seconds, cells, s->seconds[k] / cells);
}

/* Store the memory traffic of a cell [B], from times with all ranks at work: what a rank's share of
   the node's bandwidth moves in that time.  Coarse levels are not fitted with all ranks at work;
   their cost is assumed to grow by the same factor as that of the finest level. */
static void StoreBytes(const GridCosts *s, const GridCosts *alone, PetscMPIInt ranks,
                       HeatMachine *m)
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

/* Measure on the ranks of comm; on the other ranks, where comm is MPI_COMM_NULL, wait.  Store the
   result of rank 0 on all ranks. */
static PetscErrorCode MeasureOn(const HeatJob *job, MPI_Comm comm, GridCosts *s)
{
  PetscFunctionBeginUser;
  s->comm = comm;
  if (comm != MPI_COMM_NULL) PetscCall(Measure(s));
  PetscCallMPI(MPI_Bcast(s->seconds, HEAT_KERNELS, MPI_DOUBLE, 0, job->world));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Decide whether there is time for the next size.  The present one began at `start`; the next one
   takes four times as long, and twice that because all ranks at once measure the last size again.
   A tenth of the budget is left for the exchange. */
static PetscErrorCode HasTime(const HeatJob *job, double start, PetscBool *more)
{
  const double now = HeatMonotonicTime();

  PetscFunctionBeginUser;
  *more = now + 8.0 * (now - start) < job->began + 0.9 * job->budget ? PETSC_TRUE : PETSC_FALSE;
  PetscCallMPI(MPI_Bcast(more, 1, MPIU_BOOL, 0, job->world));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether a grid of n x n cells on each rank takes at most half of a node's memory.  120 B a
   cell are those of backward Euler (solver/MEASURED.md, memory); three solvers exist at a time. */
static PetscBool HasMemory(const HeatJob *job, const HeatMachine *m, PetscInt n)
{
  const double bytes = 3.0 * 120.0;

  return (PetscBool)(bytes * (double)n * (double)n * job->per_node <= 0.5 * m->memory_per_node);
}

PetscErrorCode HeatCalibrateKernels(const HeatJob *job, HeatMachine *m)
{
  GridCosts by_size[SIZES][HEAT_COEFFICIENTS];
  GridCosts crowd; /* all ranks at once */
  MPI_Comm  all;
  PetscInt  last = 0;
  PetscBool more = PETSC_TRUE;

  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < SIZES && more; k++) {
    const double start = HeatMonotonicTime();

    if (k > 0 && !HasMemory(job, m, SMALLEST << k)) break;
    for (int c = 0; c < HEAT_COEFFICIENTS; c++) {
      GridCosts *s = &by_size[k][c];

      *s = (GridCosts){
          .job = job, .slice = job->budget / 400.0, .n = SMALLEST << k, .coefficients = c};
      PetscCall(MeasureOn(job, job->leaders, s));
      StoreCosts(s, m);
    }
    last = k;
    PetscCall(HasTime(job, start, &more));
  }
  PetscCall(HeatJobFirst(job, job->per_node, &all));
  for (int c = 0; c < HEAT_COEFFICIENTS; c++) {
    const GridCosts *list[SIZES];

    for (PetscInt k = 0; k <= last; k++) list[k] = &by_size[k][c];
    StoreCoarse(last + 1, list, m);
    crowd = by_size[last][c];
    if (job->per_node > 1) PetscCall(MeasureOn(job, all, &crowd));
    StoreBytes(&crowd, &by_size[last][c], job->per_node, m);
  }
  if (all != MPI_COMM_NULL) PetscCallMPI(MPI_Comm_free(&all));
  PetscFunctionReturn(PETSC_SUCCESS);
}
