/** Write results.json, one small function for each part of the record.
 *
 *  The order of the calls is the order of the keys in the file.  io/README.md lists the keys.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/run_files/results.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/file/hints.h"
#include "io/file/json.h"
#include "io/run_files/manifest.h"

static const char *const StatusNames[] = {"ok", "check-failed", "stopped", "error"};
static const char *const SideNames[]   = {"left", "right", "bottom", "top"};

static void PutGrid(HeatJson *root, const HeatResults *r)
{
  HeatJson *grid = HeatJsonAddObject(root, "grid");

  HeatJsonPutNumbers(grid, "cells", 2, (const double[]){(double)r->nx, (double)r->ny});
  HeatJsonPutNumbers(grid, "x", 2, (const double[]){r->x[0], r->x[1]});
  HeatJsonPutNumbers(grid, "y", 2, (const double[]){r->y[0], r->y[1]});
}

/* Put the traffic of one kind (messages or bytes, between or within nodes): predicted for one halo
   exchange, for one deep halo exchange and for all of both, and counted. */
static void PutTraffic(HeatJson *parent, const HeatResults *r, const char *key, PetscInt64 each,
                       PetscInt64 each_deep, PetscInt64 counted)
{
  const PetscInt64 n       = r->decomposition.exchanges;
  HeatJson        *traffic = HeatJsonAddObject(parent, key);

  HeatJsonPutCount(traffic, "per_exchange", each);
  HeatJsonPutCount(traffic, "per_deep_exchange", r->decomposition.deep ? each_deep : -1);
  HeatJsonPutCount(traffic, "predicted",
                   each < 0 || n < 0 ? -1 : each * n + each_deep * r->decomposition.deep_exchanges);
  HeatJsonPutCount(traffic, "counted", counted);
}

static void PutDecomposition(HeatJson *root, const HeatResults *r)
{
  HeatJson *d = HeatJsonAddObject(root, "decomposition"), *messages, *bytes;

  HeatJsonPutNumbers(d, "processes", 2,
                     (const double[]){(double)r->decomposition.px, (double)r->decomposition.py});
  HeatJsonPutText(d, "mapping", r->decomposition.mapping);
  HeatJsonPutCount(d, "cells_min", r->decomposition.cells_min);
  HeatJsonPutCount(d, "cells_max", r->decomposition.cells_max);
  HeatJsonPutCount(d, "halo_exchanges", r->decomposition.exchanges);
  HeatJsonPutCount(d, "deep_exchanges", r->decomposition.deep_exchanges);
  HeatJsonPutCount(d, "deep_cells", r->decomposition.deep ? r->decomposition.deep : -1);
  messages = HeatJsonAddObject(d, "messages");
  PutTraffic(messages, r, "between_nodes", r->decomposition.messages_between,
             r->decomposition.deep_messages[1], r->decomposition.total_messages_between);
  PutTraffic(messages, r, "within_nodes", r->decomposition.messages_within,
             r->decomposition.deep_messages[0], r->decomposition.total_messages_within);
  bytes = HeatJsonAddObject(d, "bytes");
  PutTraffic(bytes, r, "between_nodes", r->decomposition.bytes_between,
             r->decomposition.deep_bytes[1], r->decomposition.total_bytes_between);
  PutTraffic(bytes, r, "within_nodes", r->decomposition.bytes_within,
             r->decomposition.deep_bytes[0], r->decomposition.total_bytes_within);
}

/* Put messages and bytes within or between nodes. */
static void PutNodes(HeatJson *parent, const char *key, const HeatResultsTraffic *t, int between)
{
  HeatJson *nodes = HeatJsonAddObject(parent, key);

  HeatJsonPutCount(nodes, "messages", t->messages[between]);
  HeatJsonPutCount(nodes, "bytes", t->bytes[between]);
}

static void PutAllTraffic(HeatJson *parent, const HeatResultsTraffic *t)
{
  PutNodes(parent, "within_nodes", t, 0);
  PutNodes(parent, "between_nodes", t, 1);
  HeatJsonPutCount(parent, "collectives", t->collectives);
}

static void PutCommunication(HeatJson *root, const HeatResults *r)
{
  HeatJson *all = HeatJsonAddObject(root, "communication");

  for (PetscInt k = 0; k < r->n_communication; k++) {
    const HeatResultsCommunication *of   = &r->communication[k];
    HeatJson                       *kind = HeatJsonAddObject(all, of->kind);

    PutAllTraffic(kind, &of->counted);
    PutAllTraffic(HeatJsonAddObject(kind, "predicted"), &of->predicted);
  }
}

static void PutTime(HeatJson *root, const HeatResults *r)
{
  HeatJson *time = HeatJsonAddObject(root, "time");

  HeatJsonPutText(time, "scheme", r->time.scheme);
  HeatJsonPutNumber(time, "step", r->time.step);
  HeatJsonPutCount(time, "steps", r->time.steps);
  HeatJsonPutNumber(time, "end", r->time.end);
  HeatJsonPutNumber(time, "step_min", r->time.step_min);
  HeatJsonPutNumber(time, "step_max", r->time.step_max);
  HeatJsonPutCount(time, "rejected", r->time.rejected);
}

static void PutEvents(HeatJson *root, const HeatResults *r)
{
  HeatJson *events = HeatJsonAddObject(root, "events");

  HeatJsonPutCount(events, "reached", r->events.reached);
  HeatJsonPutNumbers(events, "times", (int)r->events.n, r->events.times);
  HeatJsonPutText(events, "unsearched", r->events.unsearched);
}

static void PutSolver(HeatJson *root, const HeatResults *r)
{
  HeatJson *solver, *iterations;

  if (!r->solver.ksp) {
    HeatJsonPutText(root, "solver", NULL);
    return;
  }
  solver = HeatJsonAddObject(root, "solver");
  HeatJsonPutText(solver, "ksp", r->solver.ksp);
  HeatJsonPutText(solver, "pc", r->solver.pc);
  HeatJsonPutCount(solver, "solves", r->solver.solves);
  iterations = HeatJsonAddObject(solver, "iterations");
  HeatJsonPutCount(iterations, "min", r->solver.iterations_min);
  HeatJsonPutNumber(iterations, "mean", r->solver.iterations_mean);
  HeatJsonPutCount(iterations, "max", r->solver.iterations_max);
  HeatJsonPutCount(iterations, "total", r->solver.iterations_total);
  HeatJsonPutNumber(solver, "final_residual", r->solver.final_residual);
  HeatJsonPutNumber(solver, "true_residual", r->solver.true_residual);
  HeatJsonPutNumber(solver, "worst_residual", r->solver.worst_residual);
  HeatJsonPutCount(solver, "w_cycles", r->solver.w_cycles);
  HeatJsonPutCount(solver, "algebraic", r->solver.algebraic);
  HeatJsonPutCount(solver, "at_rounding", r->solver.at_rounding);
  HeatJsonPutCount(solver, "newton", r->solver.newton);
  HeatJsonPutCount(solver, "set_ups", r->solver.set_ups);
  HeatJsonPutNumber(solver, "set_up_seconds", r->solver.set_up_seconds);
  HeatJsonPutNumber(solver, "solve_seconds", r->solver.solve_seconds);
}

static void PutTiming(HeatJson *root, const HeatResults *r)
{
  HeatJson *timing = HeatJsonAddArray(root, "timing");

  for (PetscInt i = 0; i < r->n_phases; i++) {
    HeatJson *phase = HeatJsonCreate();

    HeatJsonPutText(phase, "name", r->phases[i].name);
    HeatJsonPutNumber(phase, "min", r->phases[i].min);
    HeatJsonPutNumber(phase, "mean", r->phases[i].mean);
    HeatJsonPutNumber(phase, "max", r->phases[i].max);
    HeatJsonPutCount(phase, "calls", r->phases[i].calls);
    HeatJsonAppend(timing, phase);
  }
}

static void PutFom(HeatJson *root, const HeatResults *r)
{
  HeatJson *fom = HeatJsonAddObject(root, "fom"), *memory;

  HeatJsonPutNumber(fom, "value", r->fom);
  HeatJsonPutText(fom, "unit", "cell-steps/s");
  HeatJsonPutNumber(fom, "seconds", r->seconds);
  memory = HeatJsonAddObject(root, "memory");
  HeatJsonPutCount(memory, "bytes_max", r->memory_max);
  HeatJsonPutCount(memory, "bytes_mean", r->memory_mean);
  HeatJsonPutCount(memory, "bytes_predicted", r->memory_predicted);
}

/* Return the bandwidth [bytes/s]; NaN: not known. */
static double Bandwidth(PetscInt64 bytes, double seconds)
{
  return bytes > 0 && seconds > 0 ? (double)bytes / seconds : NAN;
}

/* Put hints, lines "name=value", as an object of texts. */
static void PutHints(HeatJson *io, const char *lines)
{
  HeatJson *hints = HeatJsonAddObject(io, "hints");
  HeatHint  hint;

  while (HeatHintNext(&lines, '\n', &hint)) HeatJsonPutText(hints, hint.name, hint.value);
}

/* Put the bandwidths of checkpoints: apparent, until the system had taken the bytes, and durable,
   until they were synced; beside them those of a plain file (the probe) and of reading a
   checkpoint. */
static void PutDisk(HeatJson *io, HeatJson *checkpoints, const HeatResults *r)
{
  const HeatFileStats *s        = &r->checkpoints;
  const double         apparent = s->seconds_open + s->seconds_exchange + s->seconds_write;
  const double         durable = Bandwidth(s->bytes, apparent + s->seconds_close + s->seconds_sync);
  const double         plain   = Bandwidth(r->disk.bytes, r->disk.write);
  const double         reads   = Bandwidth(r->restart_bytes, r->restart_seconds);
  HeatJson *probe = HeatJsonAddObject(io, "probe"), *restart = HeatJsonAddObject(io, "restart");

  PutHints(io, r->checkpoints.hints[0] ? r->checkpoints.hints : r->snapshots.hints);
  HeatJsonPutText(checkpoints, "mode", r->checkpoint_mode);
  HeatJsonPutNumber(checkpoints, "apparent_bandwidth", Bandwidth(s->bytes, apparent));
  HeatJsonPutNumber(checkpoints, "durable_bandwidth", durable);
  HeatJsonPutNumber(checkpoints, "probe_ratio", durable / plain);
  HeatJsonPutCount(probe, "bytes", r->disk.bytes);
  HeatJsonPutNumber(probe, "write_bandwidth", plain);
  HeatJsonPutNumber(probe, "read_bandwidth", Bandwidth(r->disk.bytes, r->disk.read));
  HeatJsonPutCount(restart, "bytes", r->restart_bytes);
  HeatJsonPutNumber(restart, "bandwidth", reads);
  HeatJsonPutNumber(restart, "probe_ratio", reads / Bandwidth(r->disk.bytes, r->disk.read));
}

/* Put the statistics of snapshots or checkpoints, and return the object, for more keys. */
static HeatJson *PutFiles(HeatJson *io, const char *key, const HeatFileStats *stats)
{
  HeatJson *files = HeatJsonAddObject(io, key), *phases;

  HeatJsonPutCount(files, "files", stats->files);
  HeatJsonPutCount(files, "bytes", stats->bytes);
  HeatJsonPutNumber(files, "seconds", stats->seconds);
  HeatJsonPutNumber(files, "bandwidth", Bandwidth(stats->bytes, stats->seconds));
  phases = HeatJsonAddObject(files, "phases");
  HeatManifestPutPhases(phases, stats);
  return files;
}

static void PutSegments(HeatJson *energy, const HeatResults *r)
{
  HeatJson *segments = HeatJsonAddArray(energy, "segments");

  for (PetscInt i = 0; i < r->energy.n_segments; i++) {
    HeatJson *segment = HeatJsonCreate();

    HeatJsonPutText(segment, "side", SideNames[r->energy.segments[i].side]);
    HeatJsonPutCount(segment, "segment", r->energy.segments[i].segment);
    HeatJsonPutNumber(segment, "heat", r->energy.segments[i].heat);
    HeatJsonAppend(segments, segment);
  }
}

static void PutInterfaces(HeatJson *energy, const HeatResults *r)
{
  HeatJson *interfaces = HeatJsonAddArray(energy, "interfaces");

  for (PetscInt i = 0; i < r->energy.n_interfaces; i++) {
    HeatJson *interface = HeatJsonCreate();

    HeatJsonPutText(interface, "from", r->energy.interfaces[i].from);
    HeatJsonPutText(interface, "to", r->energy.interfaces[i].to);
    HeatJsonPutNumber(interface, "heat", r->energy.interfaces[i].heat);
    HeatJsonAppend(interfaces, interface);
  }
}

static void PutRegions(HeatJson *root, const HeatResults *r)
{
  HeatJson *regions = HeatJsonAddArray(root, "regions");

  for (PetscInt i = 0; i < r->n_regions; i++) {
    HeatJson *region = HeatJsonCreate();

    HeatJsonPutCount(region, "region", r->regions[i].region);
    HeatJsonPutText(region, "name", r->regions[i].name);
    HeatJsonPutText(region, "shape", r->regions[i].shape);
    HeatJsonPutNumber(region, "painted", r->regions[i].painted);
    HeatJsonPutNumber(region, "true", r->regions[i].exact);
    HeatJsonPutNumber(region, "power", r->regions[i].power);
    HeatJsonPutNumber(region, "min", r->regions[i].min);
    HeatJsonPutNumber(region, "mean", r->regions[i].mean);
    HeatJsonPutNumber(region, "max", r->regions[i].max);
    HeatJsonAppend(regions, region);
  }
}

static void PutSegmentSizes(HeatJson *root, const HeatResults *r)
{
  HeatJson *segments = HeatJsonAddArray(root, "segments");

  for (PetscInt i = 0; i < r->n_segments; i++) {
    HeatJson *segment = HeatJsonCreate();

    HeatJsonPutText(segment, "side", SideNames[r->segments[i].side]);
    HeatJsonPutCount(segment, "segment", r->segments[i].segment);
    HeatJsonPutText(segment, "type", r->segments[i].type);
    HeatJsonPutNumber(segment, "painted", r->segments[i].painted);
    HeatJsonPutNumber(segment, "true", r->segments[i].exact);
    HeatJsonAppend(segments, segment);
  }
}

static void PutEnergy(HeatJson *root, const HeatResults *r)
{
  HeatJson *energy = HeatJsonAddObject(root, "energy"), *sides;

  HeatJsonPutNumber(energy, "stored_initial", r->energy.stored_initial);
  HeatJsonPutNumber(energy, "stored_final", r->energy.stored_final);
  sides = HeatJsonAddObject(energy, "through_sides");
  for (int s = 0; s < HEAT_SIDES; s++) HeatJsonPutNumber(sides, SideNames[s], r->energy.sides[s]);
  HeatJsonPutNumber(energy, "sources", r->energy.sources);
  HeatJsonPutNumber(energy, "exchange", r->energy.exchange);
  HeatJsonPutNumber(energy, "balance_error", r->energy.balance_error);
  HeatJsonPutNumber(energy, "balance_error_relative", r->energy.balance_relative);
  PutSegments(energy, r);
  PutInterfaces(energy, r);
}

static void PutChecks(HeatJson *root, const HeatResults *r)
{
  HeatJson *checks = HeatJsonAddArray(root, "checks");

  for (PetscInt i = 0; i < r->n_checks; i++) {
    HeatJson *check = HeatJsonCreate();

    HeatJsonPutText(check, "quantity", r->checks[i].quantity);
    HeatJsonPutText(check, "description", r->checks[i].description);
    HeatJsonPutNumber(check, "value", r->checks[i].value);
    HeatJsonPutNumber(check, "expected", r->checks[i].expected);
    HeatJsonPutNumber(check, "tolerance", r->checks[i].tolerance);
    HeatJsonPutBoolean(check, "pass", r->checks[i].pass);
    HeatJsonAppend(checks, check);
  }
}

static void PutRestarts(HeatJson *root, const HeatResults *r)
{
  HeatJson *restarts = HeatJsonAddArray(root, "restarts");

  for (PetscInt i = 0; i < r->n_restarts; i++) {
    HeatJson *restart = HeatJsonCreate();

    HeatJsonPutText(restart, "file", r->restarts[i].file);
    HeatJsonPutCount(restart, "step", r->restarts[i].step);
    HeatJsonAppend(restarts, restart);
  }
}

static void PutRollbacks(HeatJson *root, const HeatResults *r)
{
  HeatJson *rollbacks = HeatJsonAddArray(root, "rollbacks");

  for (PetscInt i = 0; i < r->n_rollbacks; i++) {
    HeatJson *rollback = HeatJsonCreate();

    HeatJsonPutCount(rollback, "step", r->rollbacks[i].step);
    HeatJsonPutCount(rollback, "to_step", r->rollbacks[i].to_step);
    HeatJsonPutText(rollback, "reason", r->rollbacks[i].reason);
    HeatJsonAppend(rollbacks, rollback);
  }
}

/* Put what running the case again needs (io/case_file/case_record.h): the effective case, the files
   that it names, and the options of PETSc that were given beside it. */
static void PutCase(HeatJson *root, const HeatResults *r)
{
  HeatJson *files, *options;

  HeatJsonPutRaw(root, "case", r->case_json);
  files = HeatJsonAddArray(root, "case_files");
  for (PetscInt i = 0; i < r->n_case_files; i++) {
    HeatJson *file = HeatJsonCreate();

    HeatJsonPutText(file, "name", r->case_files[i].name);
    HeatJsonPutText(file, "path", r->case_files[i].path);
    if (r->case_files[i].summed) HeatJsonPutBits(file, "checksum", r->case_files[i].checksum);
    else HeatJsonPutText(file, "checksum", NULL);
    HeatJsonAppend(files, file);
  }
  options = HeatJsonAddObject(root, "case_options");
  for (PetscInt i = 0; i < r->n_case_options; i++)
    HeatJsonPutText(options, r->case_options[i].name,
                    r->case_options[i].value[0] ? r->case_options[i].value : NULL);
}

/* Write what each host has. */
static void PutHosts(HeatJson *p, const HeatResults *r)
{
  HeatJson *array = HeatJsonAddArray(p, "host_list");

  for (PetscInt k = 0; k < r->provenance.n_hosts && r->provenance.host_list; k++) {
    const HeatResultsHost *host = &r->provenance.host_list[k];
    HeatJson              *h    = HeatJsonCreate();

    HeatJsonPutText(h, "name", host->name);
    HeatJsonPutCount(h, "ranks", host->ranks);
    HeatJsonPutCount(h, "cores", host->cores > 0 ? host->cores : -1);
    HeatJsonPutCount(h, "numa_nodes", host->numa_nodes > 0 ? host->numa_nodes : -1);
    HeatJsonAppend(array, h);
  }
}

static void PutProvenance(HeatJson *root, const HeatResults *r)
{
  HeatJson *p        = HeatJsonAddObject(root, "provenance");
  char      hdf5[32] = "";

  if (!r->provenance.hdf5) (void)HeatFieldFileLibraryVersion(hdf5, sizeof(hdf5));
  HeatJsonPutText(p, "version", r->provenance.version);
  HeatJsonPutText(p, "git_commit", r->provenance.git_commit);
  HeatJsonPutText(p, "compiler", r->provenance.compiler);
  HeatJsonPutText(p, "flags", r->provenance.flags);
  HeatJsonPutText(p, "build_type", r->provenance.build_type);
  HeatJsonPutText(p, "mpi", r->provenance.mpi);
  HeatJsonPutText(p, "petsc", r->provenance.petsc);
  HeatJsonPutCount(p, "index_bits", r->provenance.index_bits);
  HeatJsonPutText(p, "hdf5", r->provenance.hdf5 ? r->provenance.hdf5 : hdf5);
  HeatJsonPutTexts(p, "hosts", r->provenance.n_hosts, r->provenance.hosts);
  PutHosts(p, r);
  HeatJsonPutTexts(p, "binding", r->ranks, r->provenance.binding);
  HeatJsonPutText(p, "command_line", r->provenance.command_line);
  HeatJsonPutTexts(p, "overrides", r->provenance.n_overrides, r->provenance.overrides);
  HeatJsonPutText(p, "petsc_options", r->provenance.petsc_options);
  HeatJsonPutText(p, "case_file", r->provenance.case_file);
  HeatJsonPutText(p, "case_text", r->provenance.case_text);
  HeatJsonPutText(p, "started", r->provenance.started);
  HeatJsonPutNumber(p, "elapsed", r->provenance.elapsed);
}

/* Return the record of a verification, which has no grid and no run. */
static HeatJson *VerifyRecord(const HeatResults *r)
{
  HeatJson *root = HeatJsonCreate(), *list;

  HeatJsonPutText(root, "schema", HEAT_RESULTS_SCHEMA);
  HeatJsonPutText(root, "status", StatusNames[r->status]);
  HeatJsonPutText(root, "title", r->title);
  HeatJsonPutText(root, "error", r->error);
  HeatJsonPutCount(root, "ranks", r->ranks);
  list = HeatJsonAddArray(root, "verify");
  for (PetscInt i = 0; i < r->n_verify; i++) {
    const HeatResultsVerify *from = &r->verify[i];
    HeatJson                *item = HeatJsonCreate();

    HeatJsonPutText(item, "name", from->name);
    HeatJsonPutText(item, "quantity", from->quantity);
    HeatJsonPutNumber(item, "value", from->value);
    HeatJsonPutNumber(item, "low", from->low);
    HeatJsonPutNumber(item, "bound", from->high);
    HeatJsonPutBoolean(item, "pass", from->pass);
    HeatJsonPutNumber(item, "seconds", from->seconds);
    HeatJsonPutCount(item, "ranks", from->ranks);
    HeatJsonPutText(item, "message", from->message);
    HeatJsonAppend(list, item);
  }
  PutProvenance(root, r);
  return root;
}

static void PutLimits(HeatJson *root, const HeatResults *r)
{
  HeatJson *limits = HeatJsonAddObject(root, "limits");

  HeatJsonPutNumber(limits, "wall_time", r->limits.wall_time);
  HeatJsonPutText(limits, "slurm_job", r->limits.slurm_job);
  HeatJsonPutNumber(limits, "slurm_left", r->limits.slurm_left);
}

/* Return the record of a run. */
static HeatJson *RunRecord(const HeatResults *r)
{
  HeatJson *root = HeatJsonCreate(), *io, *checkpoints;

  HeatJsonPutText(root, "schema", HEAT_RESULTS_SCHEMA);
  HeatJsonPutText(root, "status", StatusNames[r->status]);
  HeatJsonPutText(root, "title", r->title);
  HeatJsonPutText(root, "error", r->error);
  PutGrid(root, r);
  HeatJsonPutCount(root, "ranks", r->ranks);
  HeatJsonPutCount(root, "nodes", r->nodes);
  PutDecomposition(root, r);
  PutCommunication(root, r);
  PutTime(root, r);
  PutEvents(root, r);
  HeatJsonPutTexts(root, "warnings", r->n_warnings, r->warnings);
  PutSolver(root, r);
  PutTiming(root, r);
  PutFom(root, r);
  io = HeatJsonAddObject(root, "io");
  (void)PutFiles(io, "snapshots", &r->snapshots);
  checkpoints = PutFiles(io, "checkpoints", &r->checkpoints);
  HeatJsonPutNumber(checkpoints, "interval", r->checkpoint_interval);
  PutDisk(io, checkpoints, r);
  PutLimits(root, r);
  PutEnergy(root, r);
  PutRegions(root, r);
  PutSegmentSizes(root, r);
  PutChecks(root, r);
  PutRestarts(root, r);
  PutRollbacks(root, r);
  PutCase(root, r);
  PutProvenance(root, r);
  return root;
}

void HeatResultsInit(HeatResults *r)
{
  memset(r, 0, sizeof(*r));
  r->decomposition.exchanges              = -1;
  r->decomposition.total_messages_between = r->decomposition.total_messages_within = -1;
  r->decomposition.total_bytes_between = r->decomposition.total_bytes_within = -1;
  r->time.step = r->time.end = r->time.step_min = r->time.step_max = NAN;
  r->time.rejected = r->solver.newton = -1;
  r->solver.final_residual = r->solver.iterations_mean = NAN;
  r->solver.true_residual = r->solver.worst_residual = r->solver.solve_seconds = NAN;
  r->solver.w_cycles = r->solver.algebraic = -1;
  r->seconds = r->fom = NAN;
  r->memory_max = r->memory_mean = r->memory_predicted = -1;
  r->energy.stored_initial = r->energy.stored_final = r->energy.sources = r->energy.exchange = NAN;
  r->energy.balance_error = r->energy.balance_relative = NAN;
  for (int s = 0; s < HEAT_SIDES; s++) r->energy.sides[s] = NAN;
  r->provenance.elapsed  = NAN;
  r->checkpoint_interval = NAN;
  r->limits.wall_time    = NAN;
  r->limits.slurm_left   = NAN;
}

PetscErrorCode HeatResultsWrite(MPI_Comm comm, const char *dir, const HeatResults *results)
{
  char          path[PETSC_MAX_PATH_LEN];
  HeatFileError error = {0};
  PetscMPIInt   rank;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  snprintf(path, sizeof(path), "%s/results.json", dir);
  if (rank == 0) {
    HeatJson *root = results->n_verify > 0 ? VerifyRecord(results) : RunRecord(results);

    HeatJsonWrite(path, root, &error);
    HeatJsonDestroy(&root);
  }
  PetscCall(HeatFileAgree(comm, path, "written", &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatResultsReadStatus(const char *dir, char *status, size_t size)
{
  char      path[PETSC_MAX_PATH_LEN];
  HeatJson *root;

  PetscFunctionBeginUser;
  snprintf(path, sizeof(path), "%s/results.json", dir);
  root = HeatJsonRead(path);
  HeatJsonGetText(root, "status", status, size);
  HeatJsonDestroy(&root);
  PetscFunctionReturn(PETSC_SUCCESS);
}
