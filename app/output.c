/* Outputs of a run in progress.
 *
 * Probes are sampled every step but summed over the ranks only when a history row is due or the
 * buffer is full, so that a probe costs no message of its own. */
#include "app/output.h"

#include "io/output_dir.h"

enum { PROBE_BUFFER_ROWS = 256 };

/* Snapshots. */

typedef struct {
  HeatFileField fields[2 * HEAT_FIELDS];
  PetscInt      n;
  void         *owned[2 * HEAT_FIELDS];
  PetscInt      n_owned;
} FieldList;

static PetscErrorCode AddField(FieldList *list, const char *name, const char *units,
                               const char *long_name, HeatElement element, const void *block)
{
  PetscFunctionBeginUser;
  list->fields[list->n++] = (HeatFileField){
      .name = name, .units = units, .long_name = long_name, .element = element, .block = block};
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* An array of the block's size that lives until the list is freed. */
static PetscErrorCode NewBlock(FieldList *list, size_t n, size_t size, void **block)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMalloc(n * size, block));
  list->owned[list->n_owned++] = *block;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AddConductivity(HeatSimulation *sim, FieldList *list)
{
  static const char *const names[2]      = {"conductivity_x", "conductivity_y"};
  static const char *const long_names[2] = {"thermal conductivity in x",
                                            "thermal conductivity in y"};
  const size_t             n             = HeatGridLocalCells(sim->grid);

  PetscFunctionBeginUser;
  for (int axis = 0; axis < 2; axis++) {
    PetscReal *k;

    PetscCall(NewBlock(list, n, sizeof *k, (void **)&k));
    for (size_t cell = 0; cell < n; cell++) k[cell] = HeatOperatorConductivity(sim->op, axis, cell);
    PetscCall(AddField(list, names[axis], "W m-1 K-1", long_names[axis], HEAT_ELEMENT_DOUBLE, k));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AddFlux(HeatSimulation *sim, const PetscReal *T, FieldList *list)
{
  const size_t n = HeatGridLocalCells(sim->grid);
  PetscReal   *qx, *qy;

  PetscFunctionBeginUser;
  PetscCall(NewBlock(list, n, sizeof *qx, (void **)&qx));
  PetscCall(NewBlock(list, n, sizeof *qy, (void **)&qy));
  PetscCall(HeatOperatorSetSurfaceTime(sim->op, HeatSimulationTime(sim, sim->step)));
  PetscCall(HeatOperatorFlux(sim->op, T, qx, qy));
  PetscCall(AddField(list, "heat_flux_x", "W m-2", "heat flux in x", HEAT_ELEMENT_DOUBLE, qx));
  PetscCall(AddField(list, "heat_flux_y", "W m-2", "heat flux in y", HEAT_ELEMENT_DOUBLE, qy));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AddMaterial(HeatSimulation *sim, FieldList *list, const char ***names)
{
  const uint16_t *material = HeatOperatorMaterial(sim->op);
  const size_t    n        = HeatGridLocalCells(sim->grid);
  int32_t        *codes;

  PetscFunctionBeginUser;
  PetscCall(NewBlock(list, n, sizeof *codes, (void **)&codes));
  for (size_t cell = 0; cell < n; cell++) codes[cell] = material[cell];
  PetscCall(AddField(list, "material", "1", "material", HEAT_ELEMENT_INT32, codes));
  PetscCall(PetscMalloc1(sim->c->n_materials, names));
  for (PetscInt m = 0; m < sim->c->n_materials; m++) (*names)[m] = sim->c->materials[m].name;
  list->fields[list->n - 1].n_meanings = sim->c->n_materials;
  list->fields[list->n - 1].meanings   = *names;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AddOwner(HeatSimulation *sim, FieldList *list)
{
  const size_t n = HeatGridLocalCells(sim->grid);
  int32_t     *owner;

  PetscFunctionBeginUser;
  PetscCall(NewBlock(list, n, sizeof *owner, (void **)&owner));
  for (size_t cell = 0; cell < n; cell++) owner[cell] = sim->grid->rank;
  PetscCall(AddField(list, "owner", "1", "rank that owns the cell", HEAT_ELEMENT_INT32, owner));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode WriteSnapshot(HeatSimulation *sim)
{
  const PetscBool *wanted = sim->c->output.fields;
  const PetscReal *T;
  const char     **names = NULL;
  FieldList        list  = {.n = 0};

  PetscFunctionBeginUser;
  HeatPhaseBegin(&sim->phases);
  PetscCall(VecGetArrayRead(sim->T, &T));
  if (wanted[HEAT_FIELD_TEMPERATURE]) {
    PetscCall(AddField(&list, "temperature", sim->c->output.temperature_unit, "temperature",
                       HEAT_ELEMENT_DOUBLE, T));
  }
  if (wanted[HEAT_FIELD_CONDUCTIVITY]) PetscCall(AddConductivity(sim, &list));
  if (wanted[HEAT_FIELD_HEAT_FLUX]) PetscCall(AddFlux(sim, T, &list));
  if (wanted[HEAT_FIELD_MATERIAL]) PetscCall(AddMaterial(sim, &list, &names));
  if (wanted[HEAT_FIELD_OWNER]) PetscCall(AddOwner(sim, &list));
  PetscCall(HeatSnapshotsWrite(sim->snapshots, sim->step, HeatSimulationTime(sim, sim->step),
                               list.n, list.fields));
  PetscCall(VecRestoreArrayRead(sim->T, &T));
  for (PetscInt k = 0; k < list.n_owned; k++) PetscCall(PetscFree(list.owned[k]));
  PetscCall(PetscFree(names));
  sim->last_snapshot_step = sim->step;
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_SNAPSHOT);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* By steps, or by simulated time: the first step at or after each multiple of the interval. */
static PetscBool SnapshotDue(HeatSimulation *sim)
{
  const PetscReal time     = HeatSimulationTime(sim, sim->step),
                  interval = sim->c->output.snapshots_interval;

  if (sim->c->output.snapshots_every > 0) {
    return sim->step % sim->c->output.snapshots_every == 0 ? PETSC_TRUE : PETSC_FALSE;
  }
  if (interval <= 0.0 || time < sim->next_snapshot - 1e-9 * sim->dt) return PETSC_FALSE;
  while (sim->next_snapshot <= time + 1e-9 * sim->dt) sim->next_snapshot += interval;
  return PETSC_TRUE;
}

/* Probes. */

/* Sum the buffered rows over the ranks and append them; they end with the present step. */
static PetscErrorCode FlushProbes(HeatSimulation *sim)
{
  const PetscInt n = sim->c->output.n_probes, rows = sim->probe_rows;
  PetscReal     *sums, *line;

  PetscFunctionBeginUser;
  if (rows == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc2(rows * n, &sums, n + 1, &line));
  PetscCallMPI(MPI_Reduce(sim->probe_shares, sums, (PetscMPIInt)(rows * n), MPIU_REAL, MPI_SUM, 0,
                          sim->grid->comm));
  for (PetscInt k = 0; k < rows && sim->grid->rank == 0; k++) {
    const PetscInt64 step = sim->step - (rows - 1 - k);

    line[0] = HeatSimulationTime(sim, step);
    PetscCall(PetscArraycpy(line + 1, sums + k * n, n));
    PetscCall(HeatTableAppend(sim->probe_table, step, line));
  }
  PetscCall(PetscFree2(sums, line));
  sim->probe_rows = 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SampleProbes(HeatSimulation *sim)
{
  const PetscInt   n = sim->c->output.n_probes;
  const PetscReal *T;

  PetscFunctionBeginUser;
  if (n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatOperatorSetSurfaceTime(sim->op, HeatSimulationTime(sim, sim->step)));
  PetscCall(VecGetArrayRead(sim->T, &T));
  PetscCall(HeatProbesSample(sim->probes, T, sim->probe_shares + sim->probe_rows * n));
  PetscCall(VecRestoreArrayRead(sim->T, &T));
  if (++sim->probe_rows == sim->probe_capacity) PetscCall(FlushProbes(sim));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* History. */

static const char *const history_columns[] = {
    "step",       "time",        "dt",       "iterations",  "residual",
    "min",        "max",         "mean",     "stored",      "heat_left",
    "heat_right", "heat_bottom", "heat_top", "heat_source", "energy_error"};

/* Sums over the field; a field that is not finite ends the run. */
static PetscErrorCode Survey(HeatSimulation *sim, const PetscReal *T)
{
  const PetscBool steady = sim->c->time.scheme == HEAT_SCHEME_STEADY ? PETSC_TRUE : PETSC_FALSE;

  PetscFunctionBeginUser;
  PetscCall(HeatDiagnosticsSummary(sim->op, T, &sim->summary));
  HeatCheck(sim->summary.non_finite == 0, sim->grid->comm, HEAT_ERR_NUMERICS,
            "step %" PetscInt64_FMT " (t = %g s): %" PetscInt64_FMT
            " cells are not finite; the state cannot be "
            "used or checkpointed",
            sim->step, (double)HeatSimulationTime(sim, sim->step), sim->summary.non_finite);
  PetscCall(HeatEnergyClose(&sim->energy, sim->op, T, steady, &sim->account));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode WriteHistoryRow(HeatSimulation *sim)
{
  const PetscReal  time = HeatSimulationTime(sim, sim->step);
  const PetscReal *T;
  PetscReal        heat[HEAT_SIDES], source;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(sim->T, &T));
  PetscCall(Survey(sim, T));
  PetscCall(HeatOperatorSetTime(sim->op, time));
  source = HeatSourceLocalTotal(HeatOperatorSource(sim->op));
  PetscCall(HeatDiagnosticsSideHeat(sim->op, T, time, heat));
  PetscCall(VecRestoreArrayRead(sim->T, &T));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &source, 1, MPIU_REAL, MPI_SUM, sim->grid->comm));
  const PetscReal row[] = {time,
                           sim->step == 0 ? 0.0 : sim->dt,
                           (PetscReal)sim->last_step.solve.iterations,
                           sim->last_step.solve.residual,
                           sim->summary.min,
                           sim->summary.max,
                           sim->summary.mean,
                           sim->account.stored,
                           heat[HEAT_LEFT],
                           heat[HEAT_RIGHT],
                           heat[HEAT_BOTTOM],
                           heat[HEAT_TOP],
                           source,
                           sim->account.relative};
  PetscCall(HeatTableAppend(sim->history, sim->step, row));
  PetscCall(HeatTableFlush(sim->history));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Checkpoints. */

static PetscErrorCode FillState(HeatSimulation *sim, HeatCheckpointState *state)
{
  PetscReal                sums[HEAT_ENERGY_SUMS];
  const HeatSnapshotEntry *entries;

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(state, sizeof *state));
  state->step      = sim->step;
  state->time      = HeatSimulationTime(sim, sim->step);
  state->step_size = sim->dt;
  PetscCall(
      PetscStrncpy(state->scheme, HeatSchemeNames[sim->c->time.scheme], sizeof state->scheme));
  PetscCall(HeatEnergySave(&sim->energy, sim->op, sums));
  for (int k = 0; k < HEAT_ENERGY_SUMS; k++) {
    PetscCall(HeatCheckpointStateSetSum(state, HeatEnergySumNames[k], sums[k]));
  }
  PetscCall(HeatCheckpointStateSetSum(state, "base_step", (double)sim->base_step));
  PetscCall(HeatCheckpointStateSetSum(state, "base_time", sim->base_time));
  HeatSnapshotsGetList(sim->snapshots, &state->n_snapshots, &entries);
  state->snapshots = (HeatSnapshotEntry *)entries; /* borrowed for the write */
  state->case_text = sim->c->text;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputCheckpoint(HeatSimulation *sim, PetscBool *written)
{
  HeatCheckpointState state;
  HeatFileStats       stats = {0};
  const PetscReal    *T;

  PetscFunctionBeginUser;
  if (sim->last_checkpoint_step == sim->step) {
    if (written) *written = PETSC_TRUE;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  HeatPhaseBegin(&sim->phases);
  PetscCall(FlushProbes(sim));
  if (sim->probe_table) PetscCall(HeatTableFlush(sim->probe_table));
  PetscCall(HeatTableFlush(sim->history));
  PetscCall(FillState(sim, &state));
  PetscCall(VecGetArrayRead(sim->T, &T));
  PetscCall(HeatCheckpointWrite(sim->grid, sim->c->output.directory, sim->c->checkpoint.keep,
                                sim->c->title, &state, T, written, &stats));
  PetscCall(VecRestoreArrayRead(sim->T, &T));
  HeatFileStatsAdd(&sim->checkpoint_stats, &stats);
  HeatStopCheckpointed(&sim->stop, stats.seconds);
  if (!written || *written) sim->last_checkpoint_step = sim->step;
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_CHECKPOINT);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The step's end. */

static PetscErrorCode RecordStep(HeatSimulation *sim, PetscBool row_due)
{
  PetscFunctionBeginUser;
  HeatPhaseBegin(&sim->phases);
  PetscCall(SampleProbes(sim));
  if (row_due) {
    PetscCall(FlushProbes(sim));
    PetscCall(WriteHistoryRow(sim));
  }
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_DIAGNOSTICS);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputStep(HeatSimulation *sim, PetscBool last)
{
  const HeatCase *c          = sim->c;
  const PetscBool due        = SnapshotDue(sim);
  const PetscBool snapshot   = (due || last) && sim->last_snapshot_step != sim->step ? PETSC_TRUE
                                                                                     : PETSC_FALSE;
  const PetscBool checkpoint = (c->checkpoint.every > 0 && sim->step > 0 &&
                                sim->step % c->checkpoint.every == 0) ||
                                       sim->stop.checkpoint
                                   ? PETSC_TRUE
                                   : PETSC_FALSE;
  const PetscBool row        = last || snapshot || checkpoint || sim->stop.stop ||
                                sim->step % sim->history_every == 0
                                   ? PETSC_TRUE
                                   : PETSC_FALSE;

  PetscFunctionBeginUser;
  PetscCall(RecordStep(sim, row));
  if (snapshot) PetscCall(WriteSnapshot(sim));
  if (checkpoint && sim->last_checkpoint_step != sim->step) {
    PetscBool written;

    PetscCall(HeatOutputCheckpoint(sim, &written));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputNothingLeft(HeatSimulation *sim)
{
  const PetscReal *T;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(sim->T, &T));
  PetscCall(Survey(sim, T));
  PetscCall(VecRestoreArrayRead(sim->T, &T));
  if (sim->last_snapshot_step != sim->step) PetscCall(WriteSnapshot(sim));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Opening and closing. */

static PetscErrorCode OpenTable(HeatSimulation *sim, const char *name, PetscInt n,
                                const char *const *columns, HeatTable **table)
{
  char path[PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(path, sizeof path, "%s/%s", sim->c->output.directory, name));
  PetscCall(HeatTableCreate(sim->grid->comm, path, n, columns,
                            sim->restarted_from[0] ? sim->step : -1, table));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode OpenProbeTable(HeatSimulation *sim)
{
  const PetscInt n = sim->c->output.n_probes;
  const char   **columns;

  PetscFunctionBeginUser;
  if (n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(n + 2, &columns));
  columns[0] = "step";
  columns[1] = "time";
  for (PetscInt k = 0; k < n; k++) columns[k + 2] = sim->c->output.probes[k].name;
  PetscCall(OpenTable(sim, "probes.csv", n + 2, columns, &sim->probe_table));
  PetscCall(PetscFree(columns));
  sim->probe_capacity = PROBE_BUFFER_ROWS;
  PetscCall(PetscMalloc1(sim->probe_capacity * n, &sim->probe_shares));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputOpen(HeatSimulation *sim, const HeatCheckpointState *state)
{
  const HeatCase          *c = sim->c;
  const HeatSnapshotEntry *entries;
  PetscInt                 n;

  PetscFunctionBeginUser;
  PetscCall(HeatSnapshotsCreate(sim->grid, c->output.directory, c->title, c->output.compression,
                                &sim->snapshots));
  if (state) {
    PetscCall(HeatOutputDirectoryRewind(sim->grid->comm, c->output.directory, sim->step));
    PetscCall(HeatSnapshotsResume(sim->snapshots, state->n_snapshots, state->snapshots));
    HeatSnapshotsGetList(sim->snapshots, &n, &entries);
    if (n) sim->last_snapshot_step = entries[n - 1].step;
    (void)SnapshotDue(sim); /* moves the next time of an interval past the checkpoint */
  }
  PetscCall(OpenTable(sim, "history.csv",
                      (PetscInt)(sizeof history_columns / sizeof history_columns[0]),
                      history_columns, &sim->history));
  PetscCall(OpenProbeTable(sim));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputClose(HeatSimulation *sim)
{
  PetscFunctionBeginUser;
  PetscCall(FlushProbes(sim));
  PetscCall(HeatTableDestroy(&sim->probe_table));
  PetscCall(HeatTableDestroy(&sim->history));
  PetscFunctionReturn(PETSC_SUCCESS);
}
