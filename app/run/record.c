/* Filling HeatResults. */
#define _DEFAULT_SOURCE /* getrusage's ru_maxrss */
#include "app/run/record.h"

#include <math.h>
#include <sys/resource.h>

#include "app/process/provenance.h"
#include "app/run/survey.h"
#include "solver/multigrid/heat_petsc.h"

static PetscErrorCode FillDecomposition(HeatSimulation *sim, HeatResults *r)
{
  const HeatGrid          *g      = sim->grid;
  const HeatHaloCounts     counts = HeatOperatorHaloCounts(sim->op);
  const HeatDeepHaloCounts deep   = HeatOperatorDeepHaloCounts(sim->op);
  PetscInt64               sums[4];

  PetscFunctionBeginUser;
  for (int k = 0; k < 2; k++) {
    sums[k]                           = counts.messages[k] + deep.sent.messages[k];
    sums[2 + k]                       = counts.bytes[k] + deep.sent.bytes[k];
    r->decomposition.deep_messages[k] = deep.messages[k];
    r->decomposition.deep_bytes[k]    = deep.bytes[k];
  }
  r->decomposition.deep           = deep.sent.exchanges ? deep.depth : 0;
  r->decomposition.deep_exchanges = deep.sent.exchanges;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, sums, 4, MPIU_INT64, MPI_SUM, g->comm));
  r->ranks                                = g->size;
  r->nodes                                = g->n_nodes;
  r->decomposition.px                     = g->px;
  r->decomposition.py                     = g->py;
  r->decomposition.mapping                = HeatMappingNames[sim->c->decomposition.mapping];
  r->decomposition.cells_min              = g->cells_min;
  r->decomposition.cells_max              = g->cells_max;
  r->decomposition.exchanges              = counts.exchanges;
  r->decomposition.messages_between       = g->messages_between;
  r->decomposition.messages_within        = g->messages_within;
  r->decomposition.bytes_between          = g->bytes_between;
  r->decomposition.bytes_within           = g->bytes_within;
  r->decomposition.total_messages_within  = sums[0];
  r->decomposition.total_messages_between = sums[1];
  r->decomposition.total_bytes_within     = sums[2];
  r->decomposition.total_bytes_between    = sums[3];
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FillSolver(HeatSimulation *sim, HeatResults *r)
{
  const HeatIterations *it = &sim->iterations;
  KSPType               ksp_type;
  PCType                pc_type;
  PC                    pc;
  PetscBool             ours;
  HeatLinearTimes       times;

  PetscFunctionBeginUser;
  if (!HeatStepperLinear(sim->stepper)) PetscFunctionReturn(PETSC_SUCCESS);
  times = HeatLinearGetTimes(HeatStepperLinear(sim->stepper));
  PetscCall(KSPGetType(HeatLinearKSP(HeatStepperLinear(sim->stepper)), &ksp_type));
  PetscCall(KSPGetPC(HeatLinearKSP(HeatStepperLinear(sim->stepper)), &pc));
  PetscCall(PCGetType(pc, &pc_type));
  r->solver.ksp              = ksp_type;
  r->solver.pc               = pc_type;
  r->solver.solves           = it->solves;
  r->solver.iterations_min   = it->min;
  r->solver.iterations_max   = it->max;
  r->solver.iterations_total = it->total;
  r->solver.newton           = HeatOperatorIsLinear(sim->op) ? -1 : it->newton;
  r->solver.iterations_mean  = it->solves ? (double)it->total / (double)it->solves : NAN;
  r->solver.final_residual   = it->last_residual;
  r->solver.at_rounding      = it->at_rounding;
  r->solver.set_ups          = times.set_ups;
  r->solver.set_up_seconds   = times.set_up;
  if (HeatOperatorIsLinear(sim->op)) r->solver.solve_seconds = times.solve;
  if (HeatOperatorIsLinear(sim->op)) {
    r->solver.true_residual  = it->last_true;
    r->solver.worst_residual = it->worst_true;
  }
  PetscCall(PetscStrcmp(pc_type, PCHEATMG, &ours));
  if (!ours) PetscFunctionReturn(PETSC_SUCCESS);
  r->solver.w_cycles  = it->rescued[HEAT_RESCUE_W];
  r->solver.algebraic = it->rescued[HEAT_RESCUE_STRONG] + it->rescued[HEAT_RESCUE_ALL] +
                        it->rescued[HEAT_RESCUE_JACOBI];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A step's length means something unless there is none: a steady state. */
static void FillTime(const HeatSimulation *sim, const char *scheme, HeatResults *r)
{
  const HeatClock *clock = &sim->clock;
  const PetscBool  none  = clock->steady || clock->longest == 0.0 ? PETSC_TRUE : PETSC_FALSE;

  r->time.scheme   = scheme;
  r->time.step     = clock->steady ? NAN : clock->dt;
  r->time.steps    = clock->step;
  r->time.end      = clock->time;
  r->time.step_min = none ? NAN : clock->shortest;
  r->time.step_max = none ? NAN : clock->longest;
  r->time.rejected = clock->free ? clock->rejected : -1;
}

static void FillState(const HeatSimulation *sim, HeatResults *r)
{
  r->title = sim->c->title;
  r->nx    = sim->grid->nx;
  r->ny    = sim->grid->ny;
  for (int k = 0; k < 2; k++) {
    r->x[k] = sim->c->grid.x[k];
    r->y[k] = sim->c->grid.y[k];
  }
  r->energy.stored_initial = sim->account.stored_initial;
  r->energy.stored_final   = sim->account.stored;
  for (int s = 0; s < HEAT_SIDES; s++) r->energy.sides[s] = sim->account.side[s];
  r->energy.sources          = sim->account.source;
  r->energy.exchange         = sim->account.exchange;
  r->energy.balance_error    = sim->account.error;
  r->energy.balance_relative = sim->account.relative;
  r->checkpoints             = sim->checkpoint_stats;
  r->checkpoint_mode         = HeatCheckpointModeNames[sim->c->checkpoint.mode];
  r->disk                    = sim->disk;
  r->restart_bytes           = sim->restart_bytes;
  r->restart_seconds         = sim->restart_seconds;
  if (sim->stop.checkpoint_interval > 0.0) r->checkpoint_interval = sim->stop.checkpoint_interval;
  if (sim->stop.wall_limit > 0.0) r->limits.wall_time = sim->stop.wall_limit;
  r->limits.slurm_job  = sim->stop.job[0] ? sim->stop.job : NULL;
  r->limits.slurm_left = sim->stop.job_left;
  if (sim->snapshots) HeatSnapshotsGetStats(sim->snapshots, &r->snapshots);
  HeatFileStatsAdd(&r->snapshots, &sim->snapshot_stats);
}

/* Arrays that a record borrows. */
typedef struct {
  HeatResultsPhase      phases[HEAT_PHASES];
  HeatResultsCheck     *checks;
  HeatResultsSegment   *segments;
  HeatResultsInterface *interfaces;
  HeatResultsRegion    *regions;
} Arrays;

static PetscErrorCode FillSegments(HeatSimulation *sim, const PetscReal *T, HeatResults *r,
                                   Arrays *arrays)
{
  const HeatCase *c = sim->c;
  const PetscInt  n = HeatDiagnosticsSegments(c);
  PetscReal      *heat;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(n, &heat));
  PetscCall(PetscMalloc1(n, &arrays->segments));
  PetscCall(HeatDiagnosticsSegmentHeat(sim->op, T, heat));
  for (int side = 0; side < HEAT_SIDES; side++) {
    const PetscInt first = HeatDiagnosticsFirstSegment(c, (HeatSide)side);

    for (PetscInt k = 0; k < c->boundary[side].n && c->boundary[side].n > 1; k++) {
      arrays->segments[r->energy.n_segments++] = (HeatResultsSegment){(HeatSide)side, k,
                                                                      heat[first + k]};
    }
  }
  r->energy.segments = arrays->segments;
  PetscCall(PetscFree(heat));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FillInterfaces(HeatSimulation *sim, const PetscReal *T, HeatResults *r,
                                     Arrays *arrays)
{
  const HeatInterface *pairs = sim->c->output.interfaces;
  const PetscInt       n     = sim->c->output.n_interfaces;
  PetscReal           *heat;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(n, &heat));
  PetscCall(PetscMalloc1(n, &arrays->interfaces));
  PetscCall(HeatDiagnosticsInterfaceHeat(sim->op, T, n, pairs, heat));
  for (PetscInt k = 0; k < n; k++)
    arrays->interfaces[k] = (HeatResultsInterface){pairs[k].names[0], pairs[k].names[1], heat[k]};
  r->energy.n_interfaces = n;
  r->energy.interfaces   = arrays->interfaces;
  PetscCall(PetscFree(heat));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FillRegions(HeatSimulation *sim, const PetscReal *T, HeatResults *r,
                                  Arrays *arrays)
{
  const PetscInt n = HeatZonesCount(sim->zones);
  HeatSummary   *zones;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(n, &zones));
  PetscCall(PetscMalloc1(n, &arrays->regions));
  PetscCall(HeatZonesSummary(sim->zones, T, zones));
  for (PetscInt k = 0; k < n; k++) {
    arrays->regions[k] = (HeatResultsRegion){sim->c->regions[HeatZonesRegion(sim->zones, k)].name,
                                             zones[k].min, zones[k].mean, zones[k].max};
  }
  r->n_regions = n;
  r->regions   = arrays->regions;
  PetscCall(PetscFree(zones));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What the final field says of segments, interfaces and regions; after an error nobody can know. */
static PetscErrorCode FillPlaces(HeatSimulation *sim, HeatResults *r, Arrays *arrays)
{
  const PetscReal *T;

  PetscFunctionBeginUser;
  if (r->status == HEAT_STATUS_ERROR) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecGetArrayRead(sim->T, &T));
  PetscCall(HeatSurveyPrepare(sim, T));
  PetscCall(FillSegments(sim, T, r, arrays));
  PetscCall(FillInterfaces(sim, T, r, arrays));
  PetscCall(FillRegions(sim, T, r, arrays));
  PetscCall(VecRestoreArrayRead(sim->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FreeArrays(Arrays *arrays)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(arrays->checks));
  PetscCall(PetscFree(arrays->segments));
  PetscCall(PetscFree(arrays->interfaces));
  PetscCall(PetscFree(arrays->regions));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FillTiming(HeatSimulation *sim, HeatResults *r,
                                 HeatResultsPhase phases[HEAT_PHASES])
{
  HeatPhaseSpread spread[HEAT_PHASES];
  const double    cells = (double)sim->grid->nx * (double)sim->grid->ny;
  const PetscReal steps = (PetscReal)(sim->clock.step - sim->first_step);
  struct rusage   usage;
  double          memory[2];

  PetscFunctionBeginUser;
  PetscCall(HeatPhasesReduce(sim->grid->comm, &sim->phases, spread));
  for (int k = 0; k < HEAT_PHASES; k++) {
    phases[k] = (HeatResultsPhase){HeatPhaseNames[k], spread[k].min, spread[k].mean, spread[k].max,
                                   spread[k].calls};
  }
  r->n_phases = HEAT_PHASES;
  r->phases   = phases;
  r->seconds  = spread[HEAT_PHASE_STEP].max;
  if (steps > 0.0 && r->seconds > 0.0) r->fom = cells * steps / r->seconds;
  memory[0] = getrusage(RUSAGE_SELF, &usage) == 0 ? 1024.0 * (double)usage.ru_maxrss : -1.0;
  memory[1] = memory[0];
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &memory[0], 1, MPI_DOUBLE, MPI_MAX, sim->grid->comm));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &memory[1], 1, MPI_DOUBLE, MPI_SUM, sim->grid->comm));
  r->memory_max  = (PetscInt64)memory[0];
  r->memory_mean = (PetscInt64)(memory[1] / sim->grid->size);
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatRecordProvenance(const HeatProvenance *p, double began, HeatResults *r)
{
  r->provenance.version       = HeatVersion();
  r->provenance.git_commit    = HeatGitCommit();
  r->provenance.compiler      = HeatCompiler();
  r->provenance.flags         = HeatCompilerFlags();
  r->provenance.build_type    = HeatBuildType();
  r->provenance.mpi           = p->mpi;
  r->provenance.petsc         = p->petsc;
  r->provenance.index_bits    = 8 * (PetscInt)sizeof(PetscInt);
  r->provenance.n_hosts       = p->n_hosts;
  r->provenance.hosts         = (const char *const *)p->hosts;
  r->provenance.binding       = (const char *const *)p->binding;
  r->provenance.command_line  = p->command_line;
  r->provenance.petsc_options = p->petsc_options;
  r->provenance.started       = p->started;
  r->provenance.elapsed       = MPI_Wtime() - began;
}

static PetscErrorCode FillChecks(const HeatSimulation *sim, HeatResults *r,
                                 HeatResultsCheck **checks)
{
  PetscFunctionBeginUser;
  *checks = NULL;
  if (!sim->checks) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(sim->c->n_checks, checks));
  for (PetscInt k = 0; k < sim->c->n_checks; k++) {
    const HeatCheckResult *from = &sim->checks[k];

    (*checks)[k] = (HeatResultsCheck){HeatCheckQuantityNames[sim->c->checks[k].quantity],
                                      from->description,
                                      from->value,
                                      from->expected,
                                      from->tolerance,
                                      from->pass};
  }
  r->n_checks = sim->c->n_checks;
  r->checks   = *checks;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRecordWrite(HeatSimulation *sim, HeatStatus status, const char *error)
{
  HeatResults               r;
  Arrays                    arrays = {0};
  HeatProvenance            p;
  char                      scheme[64];
  const HeatResultsRestart  restart  = {sim->restarted_from, sim->first_step};
  const HeatResultsRollback rollback = {sim->health.step, sim->health.to_step, sim->health.reason};

  PetscFunctionBeginUser;
  HeatResultsInit(&r);
  r.status = status;
  r.error  = error;
  FillState(sim, &r);
  FillTime(sim, HeatCaseSchemeName(sim->c, scheme, sizeof scheme), &r);
  PetscCall(FillDecomposition(sim, &r));
  PetscCall(FillSolver(sim, &r));
  PetscCall(FillPlaces(sim, &r, &arrays));
  PetscCall(FillTiming(sim, &r, arrays.phases));
  PetscCall(FillChecks(sim, &r, &arrays.checks));
  if (sim->restarted_from[0]) {
    r.n_restarts = 1;
    r.restarts   = &restart;
  }
  r.n_rollbacks = sim->health.n_rollbacks;
  r.rollbacks   = &rollback;
  PetscCall(HeatProvenanceCollect(sim->grid->comm, &p));
  HeatRecordProvenance(&p, sim->began, &r);
  r.provenance.case_file = sim->c->file;
  r.provenance.case_text = sim->c->text;
  PetscCall(HeatResultsWrite(sim->grid->comm, sim->c->output.directory, &r));
  PetscCall(HeatProvenanceClear(&p));
  PetscCall(FreeArrays(&arrays));
  PetscFunctionReturn(PETSC_SUCCESS);
}
