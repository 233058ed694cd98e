/** The problem `field` (definition.h): steps are timed, and checked while the clock is off.
 *
 *  A cycle is
 *
 *      draw its initial field; clock on; steps 1 ... s - 1; clock off; keep the field;
 *      clock on; step s; clock off; commit to both fields, evaluate the residual of the step;
 *      clock on; steps s + 1 ... HEAT_BENCH_CYCLE; clock off; check range and energy account
 *
 *  with s drawn from the nonce.  A barrier of all ranks precedes each reading of the clock.  Cycles
 *  are run until the timed steps have lasted as long as the request says.  The field after the last
 *  step of all is committed to and written to a file (bench_last.h). */
#include <math.h>

#include "app/bench/bench_last.h"
#include "app/bench/draw.h"
#include "app/state/run_memory.h"
#include "solver/base/monotonic.h"

typedef struct {
  HeatBenchProblem       *p;
  const HeatBenchRequest *q;
  HeatProof              *proof;
  HeatBenchResult        *r;
  Vec                     before;  /* [K] field before the committed step */
  double                  started; /* [s] when the clock was switched on */
  double                  seconds; /* [s] of this cycle so far */
  HeatTimeWindow          window;  /* of the timed steps of all cycles */
  HeatStepTimes          *times;   /* owned; of the timed steps of all cycles */
  HeatMpiTimes            mpi;     /* time in MPI when the clock was switched on */
  double                  coarse;  /* [s] on coarse levels then */
  HeatTrafficKind         kind;    /* kind of communication then */
} Run;

static PetscErrorCode ClockOn(Run *run)
{
  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Barrier(run->p->grid->comm));
  run->started  = HeatMonotonicTime();
  run->mpi      = HeatMpiTimeNow();
  run->coarse   = HeatTrafficCoarseSeconds();
  run->kind     = HeatTrafficSet(HEAT_TRAFFIC_REDUCTION);
  run->p->times = run->times;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ClockOff(Run *run)
{
  HeatMpiTimes mpi;
  double       seconds;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Barrier(run->p->grid->comm));
  seconds = HeatMonotonicTime() - run->started;
  mpi     = HeatMpiTimeNow();
  run->seconds += seconds;
  run->window.seconds += seconds;
  run->window.coarse += HeatTrafficCoarseSeconds() - run->coarse;
  HeatMpiTimeAddBetween(&run->mpi, &mpi, &run->window.mpi);
  run->p->times = NULL;
  (void)HeatTrafficSet(run->kind);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the larger of two values; NaN if one of them is. */
static double Worse(double a, double b) { return isnan(a) || a > b ? a : b; }

/* Draw the initial field of a cycle, and restart the stepper and the energy account from it. */
static PetscErrorCode BeginCycle(Run *run, uint32_t cycle)
{
  HeatBenchProblem *p = run->p;
  const HeatGrid   *g = p->grid;
  PetscReal        *T, dt;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayWrite(p->T, &T));
  for (PetscInt j = 0; j < g->nyl; j++)
    for (PetscInt i = 0; i < g->nxl; i++)
      T[(size_t)j * (size_t)g->nxl + (size_t)i] = HeatDrawTemperature(run->q->id.nonce, cycle,
                                                                      g->xs + i, g->ys + j);
  PetscCall(HeatEnergyStart(&p->energy, p->op, T));
  PetscCall(VecRestoreArrayWrite(p->T, &T));
  PetscCall(HeatStepperBeginAnew(p->stepper, 0.0, p->T, &dt));
  p->step      = 0;
  run->seconds = 0.0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute ||b - A x|| / ||b|| of a step: the norm of (C/dt) (after - before) - N over the norm of
   (C/dt) before, with N the net heat that enters each cell. */
static PetscErrorCode Residual(Run *run, const PetscReal *before, const PetscReal *after,
                               double *relative)
{
  const HeatGrid *g       = run->p->grid;
  double          sums[2] = {0.0, 0.0};
  PetscReal      *net;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(HeatGridLocalCells(g), &net));
  PetscCall(HeatOperatorNet(run->p->op, run->q->id.workload == HEAT_BENCH_EXPLICIT ? before : after,
                            net));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const size_t at       = (size_t)j * (size_t)g->nxl + (size_t)i;
      const double rate     = HeatBenchCapacity(&run->q->id, g->xs + i, g->ys + j) / run->p->dt;
      const double residual = rate * (after[at] - before[at]) - net[at];

      sums[0] += residual * residual;
      sums[1] += rate * before[at] * rate * before[at];
    }
  }
  PetscCall(PetscFree(net));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_DOUBLE, MPI_SUM, g->comm));
  *relative = sqrt(sums[0] / sums[1]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Commit to the fields before and after a step and evaluate its residual. */
static PetscErrorCode CheckStep(Run *run, uint32_t cycle)
{
  const PetscReal *fields[HEAT_COMMITTED];
  HeatCommitment   c = {
        .problem = HEAT_BENCH_PROBLEM_FIELD, .cycle = cycle, .step = (PetscInt)run->p->step};
  double residual;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(run->before, &fields[HEAT_BEFORE]));
  PetscCall(VecGetArrayRead(run->p->T, &fields[HEAT_AFTER]));
  PetscCall(HeatProofCommit(run->proof, run->p->grid, &c, fields, HeatBenchWindows(cycle)));
  PetscCall(Residual(run, fields[HEAT_BEFORE], fields[HEAT_AFTER], &residual));
  PetscCall(VecRestoreArrayRead(run->p->T, &fields[HEAT_AFTER]));
  PetscCall(VecRestoreArrayRead(run->before, &fields[HEAT_BEFORE]));
  run->r->field.residuals[cycle] = residual;
  run->r->field.roots[cycle]     = c.root[HEAT_AFTER];
  run->r->field.worst            = Worse(run->r->field.worst, residual);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check the range of the field and the energy account at the end of a cycle. */
static PetscErrorCode CheckCycle(Run *run)
{
  HeatBenchProblem *p = run->p;
  HeatBenchResult  *r = run->r;
  HeatEnergyReport  account;
  const PetscReal  *T;
  PetscReal         low, high;
  double            out;

  PetscFunctionBeginUser;
  PetscCall(VecMin(p->T, NULL, &low));
  PetscCall(VecMax(p->T, NULL, &high));
  out                = PetscMax(HeatBenchRange[0] - low, high - HeatBenchRange[1]);
  r->field.overshoot = Worse(r->field.overshoot, out);
  PetscCall(VecGetArrayRead(p->T, &T));
  PetscCall(HeatEnergyClose(&p->energy, p->op, T, PETSC_FALSE, &account));
  PetscCall(VecRestoreArrayRead(p->T, &T));
  r->field.balance = Worse(r->field.balance, account.relative);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RunCycle(Run *run, uint32_t cycle)
{
  const PetscInt committed = HeatBenchCommittedStep(&run->q->id, cycle);

  PetscFunctionBeginUser;
  PetscCall(HeatBenchReserve(run->r));
  PetscCall(BeginCycle(run, cycle));
  PetscCall(ClockOn(run));
  PetscCall(HeatBenchAdvance(run->p, committed - 1));
  PetscCall(ClockOff(run));
  PetscCall(VecCopy(run->p->T, run->before));
  PetscCall(ClockOn(run));
  PetscCall(HeatBenchAdvance(run->p, 1));
  PetscCall(ClockOff(run));
  PetscCall(CheckStep(run, cycle));
  PetscCall(ClockOn(run));
  PetscCall(HeatBenchAdvance(run->p, HEAT_BENCH_CYCLE - committed));
  PetscCall(ClockOff(run));
  PetscCall(CheckCycle(run));
  PetscCallMPI(
      MPI_Allreduce(MPI_IN_PLACE, &run->seconds, 1, MPI_DOUBLE, MPI_MAX, run->p->grid->comm));
  run->r->times[run->r->cycles++] = run->seconds;
  run->r->seconds += run->seconds;
  run->r->steps += HEAT_BENCH_CYCLE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set up and take the untimed first steps.  The time of the set-up ends with the first step. */
static PetscErrorCode SetUp(MPI_Comm comm, Run *run)
{
  double seconds;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Barrier(comm));
  seconds = HeatMonotonicTime();
  PetscCall(HeatBenchOpenField(comm, run->q, &run->p));
  PetscCall(BeginCycle(run, 0));
  PetscCall(HeatBenchAdvance(run->p, 1));
  PetscCallMPI(MPI_Barrier(comm));
  seconds = HeatMonotonicTime() - seconds;
  PetscCallMPI(MPI_Allreduce(&seconds, &run->r->setup, 1, MPI_DOUBLE, MPI_MAX, comm));
  PetscCall(HeatBenchAdvance(run->p, HEAT_BENCH_WARM_UP - 1));
  PetscCall(VecDuplicate(run->p->T, &run->before));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compare the results of the cycles with their bounds. */
static void Judge(const HeatBenchRequest *q, HeatBenchResult *r)
{
  const double bound = HeatBenchResidualBound(q->id.workload);

  if (!(r->field.worst <= bound))
    HeatBenchInvalid(r, "field: the residual of a step is %.3g of its right-hand side, above %.3g",
                     r->field.worst, bound);
  if (!(r->field.balance <= HeatBenchBalance))
    HeatBenchInvalid(r, "field: the energy account is off by %.3g, above %.3g", r->field.balance,
                     HeatBenchBalance);
  if (!(r->field.overshoot <= HeatBenchOvershoot))
    HeatBenchInvalid(r, "field: the temperature leaves the range of its start by %.3g K",
                     r->field.overshoot);
  HeatBenchJudgeDuration(r);
}

/* Fill in the use of the machine in the timed steps. */
static PetscErrorCode FillMetrics(const Run *run, const HeatBinding *binding,
                                  HeatResultsMetrics *metrics)
{
  const HeatGrid      *g    = run->p->grid;
  const HeatStepTimes *t    = run->times;
  HeatMemoryWork       work = {.steps      = run->r->steps,
                               .passes     = {t->singles, t->sweeps - t->singles},
                               .iterations = run->p->iterations,
                               .solver     = HEAT_TRAFFIC_OF_HEATCG};
  HeatNeed             need;
  HeatMetricsTotals    totals;
  HeatReduction       *r;

  PetscFunctionBeginUser;
  PetscCall(HeatRunMemoryNeed(run->p->c, g->x_start[1], g->y_start[1], g->size, 0.0, &need));
  PetscCall(HeatReductionCreate(g->comm, &r));
  PetscCall(HeatMetricsAddWindow(r, &run->window, &totals));
  PetscCall(HeatMetricsAddSteps(r, run->times, &totals));
  PetscCall(HeatOperatorAddCoefficientsRead(run->p->op, r, work.read));
  PetscCall(HeatReductionRun(r));
  PetscCall(HeatReductionDestroy(&r));
  HeatMetricsGetWindow(&totals, g->size, &run->window, metrics);
  HeatMetricsGetSteps(&totals, run->times, metrics);
  PetscCall(HeatMetricsFillBandwidth(run->p->c, &work, run->r->seconds,
                                     need.total - need.part[HEAT_NEED_PROCESS], binding, metrics));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Commit to the field after the last step of the last cycle, and write it to a file. */
static PetscErrorCode KeepLast(Run *run)
{
  const PetscReal *T;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(run->p->T, &T));
  PetscCall(HeatBenchKeepLast(run->q, run->p->c, run->p->grid, T, run->proof, run->r));
  PetscCall(VecRestoreArrayRead(run->p->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBenchRunField(MPI_Comm comm, const HeatBenchRequest *q,
                                 const HeatBinding *binding, HeatProof *proof, HeatBenchResult *r,
                                 HeatResultsMetrics *metrics)
{
  Run run = {.q = q, .proof = proof, .r = r, .window = {.output = NAN}};

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&run.times));
  r->field.balance = r->field.worst = 0.0;
  r->field.overshoot                = -INFINITY;
  PetscCall(SetUp(comm, &run));
  run.p->iterations = 0;
  while (r->seconds < q->duration) PetscCall(RunCycle(&run, r->cycles));
  r->iterations = run.p->iterations;
  PetscCall(FillMetrics(&run, binding, metrics));
  PetscCall(PetscFree(run.times));
  PetscCall(VecDestroy(&run.before));
  PetscCall(KeepLast(&run));
  PetscCall(HeatBenchClose(&run.p));
  Judge(q, r);
  PetscFunctionReturn(PETSC_SUCCESS);
}
