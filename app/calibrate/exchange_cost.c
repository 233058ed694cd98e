/** What an exchange of heat2d costs beside its messages (calibrate.h).
 *
 *  All ranks solve with the multigrid on a small grid, so that exchanges take most of the time.
 *  The model of time (solver/model/time_model.h), with this cost set to zero, explains a part of
 *  the measured time.  The rest, divided by the number of exchanges that the model counts, is the
 *  cost of an exchange: packing, starting, and waiting, also for slower ranks.  In turns with this
 *  solve, each rank solves alone on a grid of its own.  The measured time of that solve over its
 *  predicted time shows whether the machine is slower or faster at this moment, and corrects the
 *  explained part by this factor. */
#include "app/calibrate/calibrate.h"
#include "app/calibrate/calibration_case.h"
#include "solver/model/time_model.h"
#include "solver/stepper/stepper.h"

/* Cells along each axis of each rank's block.  Chosen: small, so that exchanges dominate, but wide
   enough that more than one level is distributed over several ranks. */
enum { SIDE = 32 };

enum { FEW_ITERATIONS = 2, MANY_ITERATIONS = 6 };

/* The cost of an exchange [s] where one rank cannot measure it.  Chosen: the order of magnitude of
   measured values (inputs/machines). */
static const double AssumedExchange = 2e-6;

typedef struct {
  HeatCase     *c;
  HeatGrid     *g;
  HeatOperator *op;
  HeatLinear   *linear;
  Vec           b, x;
  PetscInt      iterations;
} Solve;

/* Solve with a fixed number of iterations. */
static PetscErrorCode Iterate(void *context)
{
  const Solve *p   = context;
  KSP          ksp = HeatLinearKSP(p->linear);

  PetscFunctionBeginUser;
  PetscCall(KSPSetTolerances(ksp, 1e-20, 1e-50, 1e50, p->iterations)); /* never converges */
  PetscCall(KSPSolve(ksp, p->b, p->x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create the problem of the ranks of comm, each with SIDE x SIDE cells, in as square a grid as
   their number allows. */
static PetscErrorCode CreateSolve(MPI_Comm comm, Solve *p)
{
  PetscMPIInt size;
  PetscReal  *values;
  PetscInt    n, rows = 1;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(comm, &size));
  for (PetscInt k = 2; k * k <= size; k++)
    if (size % k == 0) rows = k;
  PetscCall(HeatCalibrationCase(comm, size / rows * SIDE, rows * SIDE, HEAT_UNIFORM,
                                "scheme: backward-euler, step: 1.0", &p->c));
  PetscCall(HeatGridCreate(comm, p->c, &p->g));
  PetscCall(HeatOperatorCreate(p->g, p->c, NULL, &p->op));
  PetscCall(HeatOperatorSetTime(p->op, 0.0));
  PetscCall(HeatLinearCreate(p->op, 1.0, &p->linear));
  PetscCall(HeatGridCreateVec(p->g, &p->b));
  PetscCall(VecDuplicate(p->b, &p->x));
  PetscCall(VecGetLocalSize(p->b, &n));
  PetscCall(VecGetArrayWrite(p->b, &values));
  for (PetscInt i = 0; i < n; i++) values[i] = (PetscReal)(i * 7 % 13) - 6.0;
  PetscCall(VecRestoreArrayWrite(p->b, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode DestroySolve(Solve *p)
{
  PetscFunctionBeginUser;
  PetscCall(VecDestroy(&p->b));
  PetscCall(VecDestroy(&p->x));
  PetscCall(HeatLinearDestroy(&p->linear));
  PetscCall(HeatOperatorDestroy(&p->op));
  PetscCall(HeatGridDestroy(&p->g));
  PetscCall(HeatCaseDestroy(&p->c));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Measure an iteration of both problems in turns on the ranks of comm [s]. */
static PetscErrorCode MeasureIterations(const HeatJob *job, MPI_Comm comm, const Solve p[2],
                                        double seconds[2])
{
  Solve     tasks[4] = {p[0], p[0], p[1], p[1]};
  HeatTimed timed[4];

  PetscFunctionBeginUser;
  for (int k = 0; k < 4; k++) {
    tasks[k].iterations = k % 2 ? MANY_ITERATIONS : FEW_ITERATIONS;
    timed[k]            = (HeatTimed){.call = Iterate, .context = &tasks[k]};
  }
  PetscCall(HeatJobTime(job, comm, job->budget / 60.0, 4, timed));
  for (int k = 0; k < 2; k++)
    seconds[k] = (timed[2 * k + 1].seconds - timed[2 * k].seconds) /
                 (MANY_ITERATIONS - FEW_ITERATIONS);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the predicted time of an iteration [s] if an exchange costs `exchange` [s]. */
static double Predict(const HeatTimeInput *input, const HeatMachine *m, double exchange)
{
  HeatMachine   other = *m;
  HeatTimeInput with  = *input, without;
  HeatTime      one, none;

  other.exchange     = exchange;
  with.machine       = &other;
  with.iterations    = 1.0;
  without            = with;
  without.iterations = 0.0;
  one                = HeatTimeOfStep(&with);
  none               = HeatTimeOfStep(&without);
  return HeatTimeSum(&one) - HeatTimeSum(&none);
}

/* Predict an iteration of a problem without the cost of exchanges [s], and count its exchanges. */
static PetscErrorCode Explain(const Solve *p, const HeatMachine *m, double *explained,
                              double *exchanges)
{
  const HeatModelSteps steps = {.known = PETSC_TRUE, .steps = 1, .solves = 1};
  const double         unit  = 1e-6;
  HeatTimeInput        input = {.layout = &p->g->layout, .steps = &steps};
  HeatLevelPlan       *levels;
  HeatModelBody        body;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(HEAT_MAX_LEVELS, &levels));
  PetscCall(HeatModelBodyCreate(p->c, &body));
  PetscCall(HeatModelLevels(p->c, &body, &p->g->layout, 1.0, &input.n_levels, levels));
  PetscCall(HeatModelBodyDestroy(&body));
  input.levels = levels;
  *explained   = Predict(&input, m, 0.0);
  *exchanges   = (Predict(&input, m, unit) - *explained) / unit;
  PetscCall(PetscFree(levels));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCalibrateExchange(const HeatJob *job, HeatMachine *m)
{
  Solve  p[2] = {{0}, {0}}; /* together, and each rank alone */
  double seconds[2], explained[2], exchanges, none;

  PetscFunctionBeginUser;
  m->exchange = AssumedExchange;
  if (job->nodes == 1 && job->per_node == 1) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CreateSolve(job->world, &p[0]));
  PetscCall(CreateSolve(PETSC_COMM_SELF, &p[1]));
  PetscCall(MeasureIterations(job, job->world, p, seconds));
  PetscCall(Explain(&p[0], m, &explained[0], &exchanges));
  PetscCall(Explain(&p[1], m, &explained[1], &none));
  m->exchange = PetscMax((seconds[0] - explained[0] * seconds[1] / explained[1]) / exchanges, 0.0);
  for (int k = 0; k < 2; k++) PetscCall(DestroySolve(&p[k]));
  PetscCallMPI(MPI_Bcast(&m->exchange, 1, MPI_DOUBLE, 0, job->world));
  PetscFunctionReturn(PETSC_SUCCESS);
}
