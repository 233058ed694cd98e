/* Filling HeatResults. */
#define _DEFAULT_SOURCE /* getrusage's ru_maxrss */
#include "app/record.h"

#include <sys/resource.h>

#include "app/provenance.h"

static PetscErrorCode FillDecomposition(HeatSimulation *sim, HeatResults *r)
{
  const HeatGrid      *g      = sim->grid;
  const HeatHaloCounts counts = HeatOperatorHaloCounts(sim->op);
  PetscInt64 sums[4] = {counts.messages[0], counts.messages[1], counts.bytes[0], counts.bytes[1]};

  PetscFunctionBeginUser;
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

  PetscFunctionBeginUser;
  if (!HeatStepperLinear(sim->stepper)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(KSPGetType(HeatLinearKSP(HeatStepperLinear(sim->stepper)), &ksp_type));
  PetscCall(KSPGetPC(HeatLinearKSP(HeatStepperLinear(sim->stepper)), &pc));
  PetscCall(PCGetType(pc, &pc_type));
  r->solver.ksp              = ksp_type;
  r->solver.pc               = pc_type;
  r->solver.solves           = it->solves;
  r->solver.iterations_min   = it->min;
  r->solver.iterations_max   = it->max;
  r->solver.iterations_total = it->total;
  r->solver.iterations_mean  = it->solves ? (double)it->total / (double)it->solves : NAN;
  r->solver.final_residual   = it->last_residual;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static void FillState(const HeatSimulation *sim, HeatResults *r)
{
  const PetscBool steady = sim->c->time.scheme == HEAT_SCHEME_STEADY ? PETSC_TRUE : PETSC_FALSE;

  r->title = sim->c->title;
  r->nx    = sim->grid->nx;
  r->ny    = sim->grid->ny;
  for (int k = 0; k < 2; k++) {
    r->x[k] = sim->c->grid.x[k];
    r->y[k] = sim->c->grid.y[k];
  }
  r->time.scheme           = HeatSchemeNames[sim->c->time.scheme];
  r->time.step             = steady ? NAN : sim->dt;
  r->time.steps            = sim->step;
  r->time.end              = HeatSimulationTime(sim, sim->step);
  r->energy.stored_initial = sim->account.stored_initial;
  r->energy.stored_final   = sim->account.stored;
  for (int s = 0; s < HEAT_SIDES; s++) r->energy.sides[s] = sim->account.side[s];
  r->energy.sources          = sim->account.source;
  r->energy.balance_error    = sim->account.error;
  r->energy.balance_relative = sim->account.relative;
  r->checkpoints             = sim->checkpoint_stats;
  if (sim->snapshots) HeatSnapshotsGetStats(sim->snapshots, &r->snapshots);
}

static PetscErrorCode FillTiming(HeatSimulation *sim, HeatResults *r,
                                 HeatResultsPhase phases[HEAT_PHASES])
{
  HeatPhaseSpread spread[HEAT_PHASES];
  const double    cells = (double)sim->grid->nx * (double)sim->grid->ny;
  const PetscReal steps = (PetscReal)(sim->step - sim->first_step);
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
  r->seconds  = sim->seconds;
  if (steps > 0.0 && spread[HEAT_PHASE_STEP].max > 0.0)
    r->fom = cells * steps / spread[HEAT_PHASE_STEP].max;
  memory[0] = getrusage(RUSAGE_SELF, &usage) == 0 ? 1024.0 * (double)usage.ru_maxrss : -1.0;
  memory[1] = memory[0];
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &memory[0], 1, MPI_DOUBLE, MPI_MAX, sim->grid->comm));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &memory[1], 1, MPI_DOUBLE, MPI_SUM, sim->grid->comm));
  r->memory_max  = (PetscInt64)memory[0];
  r->memory_mean = (PetscInt64)(memory[1] / sim->grid->size);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static void FillProvenance(const HeatSimulation *sim, const HeatProvenance *p, HeatResults *r)
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
  r->provenance.case_file     = sim->c->file;
  r->provenance.case_text     = sim->c->text;
  r->provenance.started       = p->started;
  r->provenance.elapsed       = MPI_Wtime() - sim->began;
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
  HeatResults              r;
  HeatResultsPhase         phases[HEAT_PHASES];
  HeatResultsCheck        *checks;
  HeatProvenance           p;
  const HeatResultsRestart restart = {sim->restarted_from, sim->first_step};

  PetscFunctionBeginUser;
  HeatResultsInit(&r);
  r.status = status;
  r.error  = error;
  FillState(sim, &r);
  PetscCall(FillDecomposition(sim, &r));
  PetscCall(FillSolver(sim, &r));
  PetscCall(FillTiming(sim, &r, phases));
  PetscCall(FillChecks(sim, &r, &checks));
  if (sim->restarted_from[0]) {
    r.n_restarts = 1;
    r.restarts   = &restart;
  }
  PetscCall(HeatProvenanceCollect(sim->grid->comm, &p));
  FillProvenance(sim, &p, &r);
  PetscCall(HeatResultsWrite(sim->grid->comm, sim->c->output.directory, &r));
  PetscCall(HeatProvenanceClear(&p));
  PetscCall(PetscFree(checks));
  PetscFunctionReturn(PETSC_SUCCESS);
}
