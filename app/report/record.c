/** Fill HeatResults, section by section of results.json, from the sources of a report.
 *
 *  HeatResults borrows its arrays; Arrays owns them until the record is written.  The order of the
 *  sections matters where they communicate: the halo exchanges of the run are counted before
 *  HeatRecordPlacesFill may do further ones.  After it everything that the record needs of other
 *  ranks is one reduction (Totals). */
#include "app/report/record.h"

#include <math.h>

#include "app/process/petsc_options.h"
#include "app/report/predictions.h"
#include "app/report/record_places.h"
#include "app/state/run_memory.h"
#include "solver/base/monotonic.h"
#include "solver/multigrid/heat_petsc.h"

/* Events that the record lists.  Chosen: enough to see the pattern of a duty cycle. */
enum { MOST_EVENTS = 100 };

/* What is reduced over the ranks. */
typedef struct {
  PetscInt64           halos[4]; /* messages within and between nodes, and their bytes */
  HeatSpreadTotals     phases;
  PetscReal            times[2]; /* [s] largest until the first step, largest of `busy` */
  PetscReal            busy;     /* [s] sum of the times in which the ranks compute in steps */
  HeatTimeWindow       window;   /* of this rank */
  HeatMetricsTotals    metrics;
  HeatCoefficientsRead read[HEAT_PASSES];
} Totals;

/* Fill in the decomposition, and count this rank's halo exchanges in halos = {messages within and
   between nodes, their bytes}. */
static void FillDecomposition(const HeatRunState *state, PetscInt64 halos[4], HeatResults *r)
{
  const HeatGrid          *g      = state->grid;
  const HeatHaloCounts     counts = HeatOperatorHaloCounts(state->op);
  const HeatDeepHaloCounts deep   = HeatOperatorDeepHaloCounts(state->op);

  for (int k = 0; k < 2; k++) {
    halos[k]                          = counts.messages[k] + deep.sent.messages[k];
    halos[2 + k]                      = counts.bytes[k] + deep.sent.bytes[k];
    r->decomposition.deep_messages[k] = deep.messages[k];
    r->decomposition.deep_bytes[k]    = deep.bytes[k];
  }
  r->decomposition.deep             = deep.sent.exchanges ? deep.depth : 0;
  r->decomposition.deep_exchanges   = deep.sent.exchanges;
  r->ranks                          = g->size;
  r->nodes                          = g->n_nodes;
  r->decomposition.px               = g->px;
  r->decomposition.py               = g->py;
  r->decomposition.mapping          = HeatMappingNames[state->c->decomposition.mapping];
  r->decomposition.cells_min        = g->cells_min;
  r->decomposition.cells_max        = g->cells_max;
  r->decomposition.exchanges        = counts.exchanges;
  r->decomposition.messages_between = g->messages_between;
  r->decomposition.messages_within  = g->messages_within;
  r->decomposition.bytes_between    = g->bytes_between;
  r->decomposition.bytes_within     = g->bytes_within;
}

/* Fill in the halo exchanges of all ranks, and the load balance: of the blocks, and, for an
   explicit scheme, that of the times in which the ranks compute in steps, which is all that they do
   there beside exchanging halos. */
static void FillBalance(const HeatReportSources *from, const Totals *t, HeatResults *r)
{
  const HeatRunState *state = from->state;
  const HeatGrid     *g     = state->grid;

  r->decomposition.total_messages_within  = t->halos[0];
  r->decomposition.total_messages_between = t->halos[1];
  r->decomposition.total_bytes_within     = t->halos[2];
  r->decomposition.total_bytes_between    = t->halos[3];

  r->decomposition.weights      = HeatWeightsNames[state->c->decomposition.weights];
  r->decomposition.load_balance = g->load_balance;
  if (!HeatStepperLinear(state->stepper) && t->times[1] > 0.0)
    r->decomposition.measured_balance = t->busy / (PetscReal)g->size / t->times[1];
}

/* Fill in the messages of all ranks, and predict them.  No point-to-point message is sent between
   the reduction and this. */
static PetscErrorCode FillCommunication(const HeatReportSources *from, HeatResults *r,
                                        HeatResultsCommunication kinds[HEAT_TRAFFIC_KINDS])
{
  HeatResultsTraffic predicted[HEAT_TRAFFIC_KINDS];

  PetscFunctionBeginUser;
  if (!from->communication->counted) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatPredictCommunication(from, predicted));
  for (int k = 0; k < HEAT_TRAFFIC_KINDS; k++) {
    const HeatTraffic *sum = &from->communication->kinds[k];

    kinds[k] = (HeatResultsCommunication){
        HeatTrafficNames[k],
        {{sum->messages[0], sum->messages[1]}, {sum->bytes[0], sum->bytes[1]}, sum->collectives},
        predicted[k]};
  }
  r->n_communication = HEAT_TRAFFIC_KINDS;
  r->communication   = kinds;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set *ours to whether the preconditioner is heatmg. */
static PetscErrorCode HasOurs(HeatLinear *linear, PetscBool *ours)
{
  PC pc;

  PetscFunctionBeginUser;
  PetscCall(KSPGetPC(HeatLinearKSP(linear), &pc));
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, PCHEATMG, ours));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Find the solver that has solved all equations, among those with a model of memory traffic. */
static PetscErrorCode FindTrafficSolver(const HeatRunState *state, const HeatIterations *it,
                                        HeatTrafficSolver *solver)
{
  HeatLinear *linear  = HeatStepperLinear(state->stepper);
  PetscBool   ours    = PETSC_FALSE;
  PetscInt64  rescued = 0;
  KSPType     type;

  PetscFunctionBeginUser;
  *solver = HEAT_TRAFFIC_OF_OTHERS;
  if (!linear) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HasOurs(linear, &ours));
  PetscCall(KSPGetType(HeatLinearKSP(linear), &type));
  for (int k = HEAT_RESCUE_STRONG; k < HEAT_RESCUES; k++) rescued += it->rescued[k];
  if (!ours || rescued > 0) PetscFunctionReturn(PETSC_SUCCESS);
  if (HeatOperatorIsLinear(state->op)) {
    if (!strcmp(type, KSPHEATCG)) *solver = HEAT_TRAFFIC_OF_HEATCG;
  } else if (HeatOperatorIsSymmetric(state->op)) {
    if (!strcmp(type, KSPCG)) *solver = HEAT_TRAFFIC_OF_CG;
  } else if (!strcmp(type, KSPFGMRES)) *solver = HEAT_TRAFFIC_OF_FGMRES;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fill in what the linear solves took; an explicit scheme leaves the section as it is. */
static PetscErrorCode FillSolver(const HeatRunState *state, const HeatIterations *it,
                                 HeatResults *r)
{
  HeatLinear     *linear = HeatStepperLinear(state->stepper);
  KSPType         ksp_type;
  PCType          pc_type;
  PC              pc;
  PetscBool       ours;
  HeatLinearTimes times;

  PetscFunctionBeginUser;
  if (!linear) PetscFunctionReturn(PETSC_SUCCESS);
  times = HeatLinearGetTimes(linear);
  PetscCall(KSPGetType(HeatLinearKSP(linear), &ksp_type));
  PetscCall(KSPGetPC(HeatLinearKSP(linear), &pc));
  PetscCall(PCGetType(pc, &pc_type));
  r->solver.ksp              = ksp_type;
  r->solver.pc               = pc_type;
  r->solver.solves           = it->solves;
  r->solver.iterations_min   = it->min;
  r->solver.iterations_max   = it->max;
  r->solver.iterations_total = it->total;
  r->solver.newton           = HeatOperatorIsLinear(state->op) ? -1 : it->newton;
  r->solver.iterations_mean  = it->solves ? (double)it->total / (double)it->solves : NAN;
  r->solver.final_residual   = it->last_residual;
  r->solver.at_rounding      = it->at_rounding;
  r->solver.set_ups          = times.set_ups;
  r->solver.set_up_seconds   = times.set_up;
  if (HeatOperatorIsLinear(state->op)) {
    r->solver.solve_seconds  = times.solve;
    r->solver.true_residual  = it->last_true;
    r->solver.worst_residual = it->worst_true;
  }
  PetscCall(HasOurs(linear, &ours));
  if (!ours) PetscFunctionReturn(PETSC_SUCCESS);
  r->solver.w_cycles  = it->rescued[HEAT_RESCUE_W];
  r->solver.algebraic = it->rescued[HEAT_RESCUE_STRONG] + it->rescued[HEAT_RESCUE_ALL] +
                        it->rescued[HEAT_RESCUE_JACOBI];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fill in scheme, steps and times.  The lengths of steps are undefined for a steady case and before
   the first step. */
static void FillTime(const HeatClock *clock, const char *scheme, HeatResults *r)
{
  const PetscBool none = clock->steady || clock->longest == 0.0 ? PETSC_TRUE : PETSC_FALSE;

  r->time.scheme   = scheme;
  r->time.step     = clock->steady ? NAN : clock->dt;
  r->time.steps    = clock->step;
  r->time.end      = clock->time;
  r->time.step_min = none ? NAN : clock->shortest;
  r->time.step_max = none ? NAN : clock->longest;
  r->time.rejected = clock->free ? clock->rejected : -1;
}

/* Fill in the first events between t = 0 and the present time. */
static void FillEvents(const HeatRunState *state, HeatResults *r, PetscReal times[MOST_EVENTS])
{
  const HeatClock *clock = &state->clock;
  PetscInt         n     = 0;
  PetscReal        time  = 0.0;

  if (!state->events) return; /* the set-up failed */
  for (; n < MOST_EVENTS; n++) {
    time = HeatEventsNext(state->events, time, clock->time);
    if (time > clock->time) break;
    times[n] = time;
  }
  r->events.reached    = clock->n_events;
  r->events.n          = n;
  r->events.times      = times;
  r->events.unsearched = HeatEventsUnsearched(state->events);
}

static void FillCase(const HeatRunState *state, HeatResults *r)
{
  const HeatCase *c = state->c;

  r->title = c->title;
  r->nx    = state->grid->nx;
  r->ny    = state->grid->ny;
  for (int k = 0; k < 2; k++) {
    r->x[k] = c->grid.x[k];
    r->y[k] = c->grid.y[k];
  }
  r->provenance.case_file = c->file;
  r->provenance.case_text = c->text;
  r->case_json            = c->effective;
}

/* Arrays that HeatResults borrows; each is NULL until it is filled. */
typedef struct {
  HeatResultsPhase   phases[HEAT_PHASES];
  HeatResultsCheck  *checks;
  HeatResultsRestart restart;
  PetscReal          events[MOST_EVENTS];

  HeatRecordPlaces   places;
  HeatResultsFile   *files;
  HeatResultsOption *options; /* their texts are those of `given` */
  PetscInt           n_given;
  HeatPetscOption   *given;
} Arrays;

/* Fill in the files that the case names, and the options that were given beside it. */
static PetscErrorCode FillInputs(const HeatReportSources *from, HeatResults *r, Arrays *arrays)
{
  const HeatCase *c = from->state->c;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1((size_t)c->n_files + 1, &arrays->files));
  for (PetscInt k = 0; k < c->n_files; k++) {
    const HeatCaseFile *file = &c->files[k];

    if (file->used)
      arrays->files[r->n_case_files++] = (HeatResultsFile){file->name, file->path, file->summed,
                                                           file->checksum};
  }
  r->case_files = arrays->files;
  PetscCall(HeatOptionsCollectPetsc(from->options, c, &arrays->n_given, &arrays->given));
  PetscCall(PetscMalloc1((size_t)arrays->n_given + 1, &arrays->options));
  for (PetscInt k = 0; k < arrays->n_given; k++)
    arrays->options[k] = (HeatResultsOption){arrays->given[k].key, arrays->given[k].value};
  r->n_case_options         = arrays->n_given;
  r->case_options           = arrays->options;
  r->provenance.n_overrides = from->options->n_set;
  r->provenance.overrides   = from->options->set;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static void FillEnergy(const HeatEnergyReport *account, HeatResults *r)
{
  r->energy.stored_initial = account->stored_initial;
  r->energy.stored_final   = account->stored;
  for (int s = 0; s < HEAT_SIDES; s++) r->energy.sides[s] = account->side[s];
  r->energy.sources          = account->source;
  r->energy.exchange         = account->exchange;
  r->energy.balance_error    = account->error;
  r->energy.balance_relative = account->relative;
}

/* Fill in the files of the run and the limits of its time. */
static void FillFiles(const HeatReportSources *from, HeatResults *r)
{
  const HeatStop *stop = from->stop;

  r->writers          = from->state->grid->writers.n;
  r->writers_per_node = from->state->grid->writers.per_node;

  r->checkpoints     = from->checkpoints;
  r->checkpoint_mode = HeatCheckpointModeNames[from->state->c->checkpoint.mode];
  r->disk            = from->disk;
  r->restart_bytes   = from->restart.bytes;
  r->restart_seconds = from->restart.seconds;
  HeatOutputGetSnapshotStats(from->output, &r->snapshots);
  if (stop->checkpoint_interval > 0.0) r->checkpoint_interval = stop->checkpoint_interval;
  if (stop->wall_limit > 0.0) r->limits.wall_time = stop->wall_limit;
  r->limits.slurm_job  = stop->job[0] ? stop->job : NULL;
  r->limits.slurm_left = stop->job_left;
}

static PetscErrorCode FreeArrays(Arrays *arrays)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(arrays->checks));
  PetscCall(HeatRecordPlacesFree(&arrays->places));
  PetscCall(PetscFree(arrays->files));
  PetscCall(PetscFree(arrays->options));
  PetscCall(HeatOptionsFreePetsc(arrays->n_given, &arrays->given));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return what this rank measured in the window: the steps and the decisions between them. */
static PetscErrorCode MeasuredWindow(const HeatReportSources *from, HeatTimeWindow *w)
{
  static const HeatPhase steps[]  = {HEAT_PHASE_STEP, HEAT_PHASE_DIAGNOSTICS};
  static const HeatPhase output[] = {HEAT_PHASE_SNAPSHOT, HEAT_PHASE_CHECKPOINT, HEAT_PHASE_FILES};
  const HeatMpiTimes     zero     = {{0}};
  const HeatPhases      *p        = from->phases;
  HeatLinear            *linear   = HeatStepperLinear(from->state->stepper);
  PetscBool              known    = PETSC_TRUE;

  PetscFunctionBeginUser;
  *w = (HeatTimeWindow){0};
  for (int k = 0; k < 2; k++) {
    w->seconds += p->seconds[steps[k]];
    w->coarse += p->coarse[steps[k]];
    HeatMpiTimeAddBetween(&zero, &p->mpi[steps[k]], &w->mpi);
  }
  for (int k = 0; k < 3; k++) w->output += p->seconds[output[k]];
  if (linear) PetscCall(HasOurs(linear, &known));
  if (!known) w->coarse = NAN; /* the levels of PETSc's preconditioners are not timed */
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Reduce everything that the record needs of other ranks.  After this nothing is measured.
   @param[in,out] t  on entry: `halos` of this rank */
static PetscErrorCode Reduce(const HeatReportSources *from, Totals *t)
{
  const HeatPhases   *p       = from->phases;
  HeatMetricsSources *m       = from->metrics;
  const PetscReal     busy    = p->seconds[HEAT_PHASE_STEP] - p->step_wait;
  const PetscReal     times[] = {p->to_first_step, busy};
  HeatExactSum        sum     = {0};
  HeatReduction      *r;

  PetscFunctionBeginUser;
  HeatExactSumAdd(&sum, busy);
  PetscCall(MeasuredWindow(from, &t->window));
  PetscCall(HeatReductionCreate(from->state->grid->comm, &r));
  PetscCall(HeatReductionAddCounts(r, 4, t->halos, t->halos));
  PetscCall(HeatReductionAddMaxima(r, 2, times, t->times));
  PetscCall(HeatReductionAddSums(r, 1, &sum, &t->busy));
  PetscCall(HeatPhasesAdd(r, p, &t->phases));
  PetscCall(HeatMetricsAddWindow(r, &t->window, &t->metrics));
  PetscCall(HeatMetricsAddSteps(r, &m->steps, &t->metrics));
  PetscCall(HeatMetricsAddMachine(r, &m->power, &m->texts, &t->metrics));
  PetscCall(HeatOperatorAddCoefficientsRead(from->state->op, r, t->read));
  PetscCall(HeatCommunicationAdd(r, from->communication));
  PetscCall(HeatReductionRun(r));
  PetscCall(HeatReductionDestroy(&r));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fill in the use of the machine. */
static PetscErrorCode FillMetrics(const HeatReportSources *from, const Totals *t, HeatResults *r)
{
  const HeatRunState *state = from->state;
  HeatMetricsSources *m     = from->metrics;
  PetscInt            narrowest[2], widest[2];
  HeatNeed            need;
  HeatMemoryWork      work = {.steps  = m->steps.steps,
                              .passes = {m->steps.singles, m->steps.sweeps - m->steps.singles}};

  PetscFunctionBeginUser;
  for (int axis = 0; axis < 2; axis++)
    HeatLayoutWidths(&state->grid->layout, axis, &narrowest[axis], &widest[axis]);
  PetscCall(HeatRunMemoryNeed(state->c, widest[0], widest[1], state->grid->size,
                              (double)state->grid->size / (double)state->grid->writers.n, &need));
  r->memory_predicted = (PetscInt64)need.total;
  work.iterations     = from->iterations->total;
  work.newton         = from->iterations->newton;
  work.stages         = m->stages;
  work.solves         = m->solves;
  PetscCall(FindTrafficSolver(state, from->iterations, &work.solver));
  work.of_T = HeatOperatorIsSymmetric(state->op) ? PETSC_FALSE : PETSC_TRUE;
  PetscCall(PetscArraycpy(work.read, t->read, HEAT_PASSES));
  HeatMetricsGetWindow(&t->metrics, state->grid->size, &t->window, &m->found);
  HeatMetricsGetSteps(&t->metrics, &m->steps, &m->found);
  PetscCall(HeatMetricsFillBandwidth(state->c, &work, r->seconds,
                                     need.total - need.part[HEAT_NEED_PROCESS], from->binding,
                                     &m->found));
  HeatMetricsGetMachine(&t->metrics, state->grid->size, &m->power, &m->texts, &m->found);
  r->metrics = m->found;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FillTiming(const HeatReportSources *from, const Totals *t, HeatResults *r,
                                 HeatResultsPhase phases[HEAT_PHASES])
{
  const HeatRunState *state  = from->state;
  const double        cells  = (double)state->grid->nx * (double)state->grid->ny;
  const PetscReal     steps  = (PetscReal)(state->clock.step - state->first_step);
  HeatPhaseSpread    *spread = from->metrics->phases;

  PetscFunctionBeginUser;
  HeatPhasesGet(from->phases, &t->phases, state->grid->size, spread);
  for (int k = 0; k < HEAT_PHASES; k++) {
    const HeatSpread *of = &spread[k].seconds;

    phases[k] = (HeatResultsPhase){HeatPhaseNames[k], of->min,         of->mean,
                                   of->max,           spread[k].calls, of->rank};
  }
  r->n_phases      = HEAT_PHASES;
  r->phases        = phases;
  r->seconds       = spread[HEAT_PHASE_STEP].seconds.max;
  r->to_first_step = t->times[0] == 0.0 ? NAN : t->times[0];
  if (steps > 0.0 && r->seconds > 0.0) r->fom = cells * steps / r->seconds;
  PetscCall(FillMetrics(from, t, r));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatRecordProvenance(const HeatProvenance *p, const HeatProcessStart *start, HeatResults *r)
{
  r->provenance.version       = HeatVersion();
  r->provenance.git_commit    = HeatGitCommit();
  r->provenance.compiler      = HeatCompiler();
  r->provenance.flags         = HeatCompilerFlags();
  r->provenance.build_type    = HeatBuildType();
  r->provenance.mpi           = p->mpi;
  r->provenance.petsc         = p->petsc;
  r->provenance.index_bits    = 8 * (PetscInt)sizeof(PetscInt);
  r->provenance.command_line  = p->command_line;
  r->provenance.petsc_options = p->petsc_options;
  r->provenance.started       = start->date;
  r->provenance.elapsed       = HeatMonotonicTime() - start->time;
}

PetscErrorCode HeatRecordBinding(const HeatBinding *b, HeatResults *r, HeatResultsHost **list)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(b->n_hosts, list));
  for (int k = 0; k < b->n_hosts; k++) {
    const HeatHost *h = &b->hosts[k];

    (*list)[k] = (HeatResultsHost){h->name, h->ranks, h->cores, h->numa_nodes};
  }
  r->provenance.n_hosts   = b->n_hosts;
  r->provenance.hosts     = b->names;
  r->provenance.host_list = *list;
  r->provenance.binding   = (const char *const *)b->masks;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FillChecks(const HeatCase *c, const HeatCheckResult *results, HeatResults *r,
                                 Arrays *arrays)
{
  PetscFunctionBeginUser;
  if (!results) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(c->n_checks, &arrays->checks));
  for (PetscInt k = 0; k < c->n_checks; k++) {
    arrays->checks[k] = (HeatResultsCheck){HeatCheckQuantityNames[c->checks[k].quantity],
                                           results[k].description,
                                           results[k].value,
                                           results[k].expected,
                                           results[k].tolerance,
                                           results[k].pass};
  }
  r->n_checks = c->n_checks;
  r->checks   = arrays->checks;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fill in the checkpoint that the run continued from, and the rollback. */
static void FillRecovery(const HeatReportSources *from, Arrays *arrays, HeatResults *r)
{
  if (from->restart.file) {
    arrays->restart = (HeatResultsRestart){from->restart.file, from->state->first_step};
    r->n_restarts   = 1;
    r->restarts     = &arrays->restart;
  }
  r->n_rollbacks = from->n_rollbacks;
  r->rollbacks   = &from->rollback;
  r->broken_halo = from->broken_halo;
}

static PetscErrorCode WriteWithProvenance(const HeatReportSources *from, HeatResults *r)
{
  const HeatRunState      *state = from->state;
  HeatResultsCommunication kinds[HEAT_TRAFFIC_KINDS];
  HeatProvenance           p;
  HeatResultsHost         *hosts;

  PetscFunctionBeginUser;
  PetscCall(HeatProvenanceCollect(&p));
  PetscCall(FillCommunication(from, r, kinds));
  HeatRecordProvenance(&p, from->start, r);
  PetscCall(HeatRecordBinding(from->binding, r, &hosts));
  PetscCall(HeatResultsWrite(state->grid->comm, state->c->output.directory, r));
  PetscCall(PetscFree(hosts));
  PetscCall(HeatProvenanceClear(&p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRecordWrite(const HeatReportSources *from, HeatStatus status, const char *error)
{
  const HeatRunState *state  = from->state;
  Arrays              arrays = {0};
  HeatResults         r;
  Totals              totals;
  char                scheme[64];

  PetscFunctionBeginUser;
  (void)HeatTrafficSet(HEAT_TRAFFIC_OUTPUT);
  HeatResultsInit(&r);
  r.status = status;
  r.error  = error;
  FillCase(state, &r);
  FillTime(&state->clock, HeatCaseSchemeName(state->c, scheme, sizeof scheme), &r);
  FillEvents(state, &r, arrays.events);
  r.n_warnings = from->warnings->n;
  r.warnings   = (const char *const *)from->warnings->text;
  FillEnergy(HeatSurveyAccount(from->survey), &r);
  FillFiles(from, &r);
  FillRecovery(from, &arrays, &r);
  FillDecomposition(state, totals.halos, &r);
  PetscCall(FillSolver(state, from->iterations, &r));
  PetscCall(HeatRecordPlacesFill(from, &r, &arrays.places));
  PetscCall(Reduce(from, &totals));
  PetscCall(FillTiming(from, &totals, &r, arrays.phases));
  FillBalance(from, &totals, &r);
  PetscCall(FillChecks(state->c, from->checks, &r, &arrays));
  PetscCall(FillInputs(from, &r, &arrays));
  PetscCall(WriteWithProvenance(from, &r));
  PetscCall(FreeArrays(&arrays));
  PetscFunctionReturn(PETSC_SUCCESS);
}
