/** Write results.json, one small function for each part of the record; results_cost.c has the parts
 *  about the cost of a run.
 *
 *  The calls are in the order of the keys in the file, which io/README.md lists.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/run_files/results.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/file/json.h"
#include "io/run_files/results_impl.h"

static const char *const StatusNames[] = {"ok", "check-failed", "stopped", "error"};
static const char *const SideNames[]   = {"left", "right", "bottom", "top"};

static void PutGrid(HeatJson *root, const HeatResults *r)
{
  HeatJson *grid = HeatJsonAddObject(root, "grid");

  HeatJsonPutNumbers(grid, "cells", 2, (const double[]){(double)r->nx, (double)r->ny});
  HeatJsonPutNumbers(grid, "x", 2, (const double[]){r->x[0], r->x[1]});
  HeatJsonPutNumbers(grid, "y", 2, (const double[]){r->y[0], r->y[1]});
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

/* Put what was left out of the halo exchanges on purpose; null for a healthy run. */
static void PutBrokenHalo(HeatJson *root, const HeatResults *r)
{
  const HeatResultsBrokenHalo *from = &r->broken_halo;
  HeatJson                    *broken, *pairs;

  if (from->every == 0) {
    HeatJsonPutText(root, "broken_halo", NULL);
    return;
  }
  broken = HeatJsonAddObject(root, "broken_halo");
  HeatJsonPutCount(broken, "every", from->every);
  HeatJsonPutCount(broken, "skipped", from->skipped);
  pairs = HeatJsonAddArray(broken, "pairs");
  for (PetscInt i = 0; i < from->n_pairs; i++) {
    const HeatResultsHaloPair *pair = &from->pairs[i];
    HeatJson                  *item = HeatJsonCreate();

    HeatJsonPutNumbers(item, "ranks", 2,
                       (const double[]){(double)pair->ranks[0], (double)pair->ranks[1]});
    HeatJsonPutCount(item, "wrong", pair->wrong);
    HeatJsonPutCount(item, "of", pair->of);
    HeatJsonAppend(pairs, item);
  }
}

/* Put the data from which the case can be run again (io/case_file/case_record.h): the effective
   case, the files that it names, and the options of PETSc given in addition. */
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

/* Return the record of a benchmark. */
static HeatJson *BenchRecord(const HeatResults *r)
{
  HeatJson *root = HeatJsonCreate();

  HeatJsonPutText(root, "schema", HEAT_RESULTS_SCHEMA);
  HeatJsonPutText(root, "status", StatusNames[r->status]);
  HeatJsonPutText(root, "title", r->title);
  HeatJsonPutText(root, "error", r->error);
  HeatJsonPutCount(root, "ranks", r->ranks);
  HeatJsonPutCopy(root, "bench", r->bench);
  HeatResultsPutMemory(root, r);
  HeatResultsPutMetrics(root, r);
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
  HeatResultsPutDecomposition(root, r);
  HeatResultsPutCommunication(root, r);
  PutTime(root, r);
  PutEvents(root, r);
  HeatJsonPutTexts(root, "warnings", r->n_warnings, r->warnings);
  PutSolver(root, r);
  HeatResultsPutTiming(root, r);
  HeatResultsPutFom(root, r);
  HeatResultsPutMemory(root, r);
  HeatResultsPutMetrics(root, r);
  io = HeatJsonAddObject(root, "io");
  (void)HeatResultsPutFiles(io, "snapshots", &r->snapshots);
  checkpoints = HeatResultsPutFiles(io, "checkpoints", &r->checkpoints);
  HeatJsonPutNumber(checkpoints, "interval", r->checkpoint_interval);
  HeatResultsPutDisk(io, checkpoints, r);
  PutLimits(root, r);
  PutEnergy(root, r);
  HeatResultsPutRegions(root, r);
  PutSegmentSizes(root, r);
  PutChecks(root, r);
  PutRestarts(root, r);
  PutRollbacks(root, r);
  PutBrokenHalo(root, r);
  PutCase(root, r);
  PutProvenance(root, r);
  return root;
}

void HeatResultsInit(HeatResults *r)
{
  memset(r, 0, sizeof(*r));
  r->decomposition.exchanges    = -1;
  r->decomposition.load_balance = r->decomposition.measured_balance = NAN;
  r->decomposition.total_messages_between = r->decomposition.total_messages_within = -1;
  r->decomposition.total_bytes_between = r->decomposition.total_bytes_within = -1;
  r->time.step = r->time.end = r->time.step_min = r->time.step_max = NAN;
  r->time.rejected = r->solver.newton = -1;
  r->solver.final_residual = r->solver.iterations_mean = NAN;
  r->solver.true_residual = r->solver.worst_residual = r->solver.solve_seconds = NAN;
  r->solver.w_cycles = r->solver.algebraic = -1;
  r->seconds = r->fom = r->to_first_step = NAN;
  r->memory_predicted                    = -1;
  HeatResultsMetricsInit(&r->metrics);
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
    HeatJson *root = results->bench          ? BenchRecord(results)
                     : results->n_verify > 0 ? VerifyRecord(results)
                                             : RunRecord(results);

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
