/** results.json, by cJSON.
 *
 *  One small function for each part of the record.  A number that is not finite, a string that is
 *  not there, and a count of -1 become null: "not known" never looks like a value.  Numbers are
 *  handed over as text, because cJSON's own printing drops the last bit.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/results.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/table.h"

#define LARGEST_RESULTS 67108864 /* bytes: a larger results.json is not one of ours */

static const char *const StatusNames[] = {"ok", "check-failed", "stopped", "error"};
static const char *const SideNames[]   = {"left", "right", "bottom", "top"};

/* The shortest text that reads back as the same double. */
static cJSON *NumberItem(double v)
{
  char text[32];

  return isfinite(v) ? cJSON_CreateRaw(HeatShortestDecimal(v, text)) : cJSON_CreateNull();
}

static void PutNumber(cJSON *object, const char *key, double v)
{
  cJSON_AddItemToObject(object, key, NumberItem(v));
}

/* A count: -1 is "not known". */
static void PutCount(cJSON *object, const char *key, PetscInt64 n)
{
  char text[32];

  snprintf(text, sizeof(text), "%" PRId64, (int64_t)n);
  cJSON_AddItemToObject(object, key, n < 0 ? cJSON_CreateNull() : cJSON_CreateRaw(text));
}

/* Bytes of the UTF-8 character at `c`, 0 if it is not one. */
static int CharacterLength(const unsigned char *c)
{
  const int length = c[0] < 0x80                   ? 1
                     : c[0] >= 0xC2 && c[0] < 0xE0 ? 2
                     : (c[0] & 0xF0) == 0xE0       ? 3
                     : c[0] >= 0xF0 && c[0] < 0xF5 ? 4
                                                   : 0;

  for (int i = 1; i < length; ++i) {
    if ((c[i] & 0xC0) != 0x80) return 0;
  }
  return length;
}

/* A string as JSON needs it: bytes that are not UTF-8 become '?'.  NULL gives null. */
static cJSON *TextItem(const char *text)
{
  char  *clean = text ? strdup(text) : NULL;
  cJSON *item;

  for (char *c = clean; c && *c;) {
    const int length = CharacterLength((const unsigned char *)c);

    if (length == 0) *c = '?';
    c += length ? length : 1;
  }
  item = clean ? cJSON_CreateString(clean) : cJSON_CreateNull();
  free(clean);
  return item;
}

static void PutText(cJSON *object, const char *key, const char *text)
{
  cJSON_AddItemToObject(object, key, TextItem(text));
}

static void PutBoolean(cJSON *object, const char *key, PetscBool value)
{
  cJSON_AddBoolToObject(object, key, value ? 1 : 0);
}

static void PutNumbers(cJSON *object, const char *key, int n, const double *v)
{
  cJSON *array = cJSON_AddArrayToObject(object, key);

  for (int i = 0; i < n; ++i) cJSON_AddItemToArray(array, NumberItem(v[i]));
}

static void PutTexts(cJSON *object, const char *key, PetscInt n, const char *const *v)
{
  cJSON *array;

  if (!v) {
    cJSON_AddNullToObject(object, key);
    return;
  }
  array = cJSON_AddArrayToObject(object, key);
  for (PetscInt i = 0; i < n; ++i) cJSON_AddItemToArray(array, TextItem(v[i]));
}

static void PutGrid(cJSON *root, const HeatResults *r)
{
  cJSON *grid = cJSON_AddObjectToObject(root, "grid");

  PutNumbers(grid, "cells", 2, (const double[]){(double)r->nx, (double)r->ny});
  PutNumbers(grid, "x", 2, (const double[]){r->x[0], r->x[1]});
  PutNumbers(grid, "y", 2, (const double[]){r->y[0], r->y[1]});
}

/* What one exchange should send, what all should, and what was counted. */
static void PutTraffic(cJSON *parent, const HeatResults *r, const char *key, PetscInt64 each,
                       PetscInt64 each_deep, PetscInt64 counted)
{
  const PetscInt64 n       = r->decomposition.exchanges;
  cJSON           *traffic = cJSON_AddObjectToObject(parent, key);

  PutCount(traffic, "per_exchange", each);
  PutCount(traffic, "per_deep_exchange", r->decomposition.deep ? each_deep : -1);
  PutCount(traffic, "predicted",
           each < 0 || n < 0 ? -1 : each * n + each_deep * r->decomposition.deep_exchanges);
  PutCount(traffic, "counted", counted);
}

static void PutDecomposition(cJSON *root, const HeatResults *r)
{
  cJSON *d = cJSON_AddObjectToObject(root, "decomposition"), *messages, *bytes;

  PutNumbers(d, "processes", 2,
             (const double[]){(double)r->decomposition.px, (double)r->decomposition.py});
  PutText(d, "mapping", r->decomposition.mapping);
  PutCount(d, "cells_min", r->decomposition.cells_min);
  PutCount(d, "cells_max", r->decomposition.cells_max);
  PutCount(d, "halo_exchanges", r->decomposition.exchanges);
  PutCount(d, "deep_exchanges", r->decomposition.deep_exchanges);
  PutCount(d, "deep_cells", r->decomposition.deep ? r->decomposition.deep : -1);
  messages = cJSON_AddObjectToObject(d, "messages");
  PutTraffic(messages, r, "between_nodes", r->decomposition.messages_between,
             r->decomposition.deep_messages[1], r->decomposition.total_messages_between);
  PutTraffic(messages, r, "within_nodes", r->decomposition.messages_within,
             r->decomposition.deep_messages[0], r->decomposition.total_messages_within);
  bytes = cJSON_AddObjectToObject(d, "bytes");
  PutTraffic(bytes, r, "between_nodes", r->decomposition.bytes_between,
             r->decomposition.deep_bytes[1], r->decomposition.total_bytes_between);
  PutTraffic(bytes, r, "within_nodes", r->decomposition.bytes_within,
             r->decomposition.deep_bytes[0], r->decomposition.total_bytes_within);
}

static void PutTime(cJSON *root, const HeatResults *r)
{
  cJSON *time = cJSON_AddObjectToObject(root, "time");

  PutText(time, "scheme", r->time.scheme);
  PutNumber(time, "step", r->time.step);
  PutCount(time, "steps", r->time.steps);
  PutNumber(time, "end", r->time.end);
  PutNumber(time, "step_min", r->time.step_min);
  PutNumber(time, "step_max", r->time.step_max);
  PutCount(time, "rejected", r->time.rejected);
}

static void PutSolver(cJSON *root, const HeatResults *r)
{
  cJSON *solver, *iterations;

  if (!r->solver.ksp) {
    cJSON_AddNullToObject(root, "solver");
    return;
  }
  solver = cJSON_AddObjectToObject(root, "solver");
  PutText(solver, "ksp", r->solver.ksp);
  PutText(solver, "pc", r->solver.pc);
  PutCount(solver, "solves", r->solver.solves);
  iterations = cJSON_AddObjectToObject(solver, "iterations");
  PutCount(iterations, "min", r->solver.iterations_min);
  PutNumber(iterations, "mean", r->solver.iterations_mean);
  PutCount(iterations, "max", r->solver.iterations_max);
  PutCount(iterations, "total", r->solver.iterations_total);
  PutNumber(solver, "final_residual", r->solver.final_residual);
  PutNumber(solver, "true_residual", r->solver.true_residual);
  PutNumber(solver, "worst_residual", r->solver.worst_residual);
  PutCount(solver, "w_cycles", r->solver.w_cycles);
  PutCount(solver, "algebraic", r->solver.algebraic);
  PutCount(solver, "at_rounding", r->solver.at_rounding);
  PutCount(solver, "newton", r->solver.newton);
  PutCount(solver, "set_ups", r->solver.set_ups);
  PutNumber(solver, "set_up_seconds", r->solver.set_up_seconds);
  PutNumber(solver, "solve_seconds", r->solver.solve_seconds);
}

static void PutTiming(cJSON *root, const HeatResults *r)
{
  cJSON *timing = cJSON_AddArrayToObject(root, "timing");

  for (PetscInt i = 0; i < r->n_phases; ++i) {
    cJSON *phase = cJSON_CreateObject();

    PutText(phase, "name", r->phases[i].name);
    PutNumber(phase, "min", r->phases[i].min);
    PutNumber(phase, "mean", r->phases[i].mean);
    PutNumber(phase, "max", r->phases[i].max);
    PutCount(phase, "calls", r->phases[i].calls);
    cJSON_AddItemToArray(timing, phase);
  }
}

static void PutFom(cJSON *root, const HeatResults *r)
{
  cJSON *fom = cJSON_AddObjectToObject(root, "fom"), *memory;

  PutNumber(fom, "value", r->fom);
  PutText(fom, "unit", "cell-steps/s");
  PutNumber(fom, "seconds", r->seconds);
  memory = cJSON_AddObjectToObject(root, "memory");
  PutCount(memory, "bytes_max", r->memory_max);
  PutCount(memory, "bytes_mean", r->memory_mean);
}

static void PutFiles(cJSON *io, const char *key, const HeatFileStats *stats)
{
  cJSON *files = cJSON_AddObjectToObject(io, key), *phases;

  PutCount(files, "files", stats->files);
  PutCount(files, "bytes", stats->bytes);
  PutNumber(files, "seconds", stats->seconds);
  PutNumber(files, "bandwidth", stats->seconds > 0 ? (double)stats->bytes / stats->seconds : NAN);
  phases = cJSON_AddObjectToObject(files, "phases");
  PutNumber(phases, "open", stats->seconds_open);
  PutNumber(phases, "exchange", stats->seconds_exchange);
  PutNumber(phases, "write", stats->seconds_write);
  PutNumber(phases, "close", stats->seconds_close);
}

static void PutSegments(cJSON *energy, const HeatResults *r)
{
  cJSON *segments = cJSON_AddArrayToObject(energy, "segments");

  for (PetscInt i = 0; i < r->energy.n_segments; ++i) {
    cJSON *segment = cJSON_CreateObject();

    PutText(segment, "side", SideNames[r->energy.segments[i].side]);
    PutCount(segment, "segment", r->energy.segments[i].segment);
    PutNumber(segment, "heat", r->energy.segments[i].heat);
    cJSON_AddItemToArray(segments, segment);
  }
}

static void PutInterfaces(cJSON *energy, const HeatResults *r)
{
  cJSON *interfaces = cJSON_AddArrayToObject(energy, "interfaces");

  for (PetscInt i = 0; i < r->energy.n_interfaces; ++i) {
    cJSON *interface = cJSON_CreateObject();

    PutText(interface, "from", r->energy.interfaces[i].from);
    PutText(interface, "to", r->energy.interfaces[i].to);
    PutNumber(interface, "heat", r->energy.interfaces[i].heat);
    cJSON_AddItemToArray(interfaces, interface);
  }
}

static void PutRegions(cJSON *root, const HeatResults *r)
{
  cJSON *regions = cJSON_AddArrayToObject(root, "regions");

  for (PetscInt i = 0; i < r->n_regions; ++i) {
    cJSON *region = cJSON_CreateObject();

    PutText(region, "name", r->regions[i].name);
    PutNumber(region, "min", r->regions[i].min);
    PutNumber(region, "mean", r->regions[i].mean);
    PutNumber(region, "max", r->regions[i].max);
    cJSON_AddItemToArray(regions, region);
  }
}

static void PutEnergy(cJSON *root, const HeatResults *r)
{
  cJSON *energy = cJSON_AddObjectToObject(root, "energy"), *sides;

  PutNumber(energy, "stored_initial", r->energy.stored_initial);
  PutNumber(energy, "stored_final", r->energy.stored_final);
  sides = cJSON_AddObjectToObject(energy, "through_sides");
  for (int s = 0; s < HEAT_SIDES; ++s) PutNumber(sides, SideNames[s], r->energy.sides[s]);
  PutNumber(energy, "sources", r->energy.sources);
  PutNumber(energy, "exchange", r->energy.exchange);
  PutNumber(energy, "balance_error", r->energy.balance_error);
  PutNumber(energy, "balance_error_relative", r->energy.balance_relative);
  PutSegments(energy, r);
  PutInterfaces(energy, r);
}

static void PutChecks(cJSON *root, const HeatResults *r)
{
  cJSON *checks = cJSON_AddArrayToObject(root, "checks");

  for (PetscInt i = 0; i < r->n_checks; ++i) {
    cJSON *check = cJSON_CreateObject();

    PutText(check, "quantity", r->checks[i].quantity);
    PutText(check, "description", r->checks[i].description);
    PutNumber(check, "value", r->checks[i].value);
    PutNumber(check, "expected", r->checks[i].expected);
    PutNumber(check, "tolerance", r->checks[i].tolerance);
    PutBoolean(check, "pass", r->checks[i].pass);
    cJSON_AddItemToArray(checks, check);
  }
}

static void PutRestarts(cJSON *root, const HeatResults *r)
{
  cJSON *restarts = cJSON_AddArrayToObject(root, "restarts");

  for (PetscInt i = 0; i < r->n_restarts; ++i) {
    cJSON *restart = cJSON_CreateObject();

    PutText(restart, "file", r->restarts[i].file);
    PutCount(restart, "step", r->restarts[i].step);
    cJSON_AddItemToArray(restarts, restart);
  }
}

static void PutProvenance(cJSON *root, const HeatResults *r)
{
  cJSON *p        = cJSON_AddObjectToObject(root, "provenance");
  char   hdf5[32] = "";

  if (!r->provenance.hdf5) (void)HeatFieldFileLibraryVersion(hdf5, sizeof(hdf5));
  PutText(p, "version", r->provenance.version);
  PutText(p, "git_commit", r->provenance.git_commit);
  PutText(p, "compiler", r->provenance.compiler);
  PutText(p, "flags", r->provenance.flags);
  PutText(p, "build_type", r->provenance.build_type);
  PutText(p, "mpi", r->provenance.mpi);
  PutText(p, "petsc", r->provenance.petsc);
  PutCount(p, "index_bits", r->provenance.index_bits);
  PutText(p, "hdf5", r->provenance.hdf5 ? r->provenance.hdf5 : hdf5);
  PutTexts(p, "hosts", r->provenance.n_hosts, r->provenance.hosts);
  PutTexts(p, "binding", r->ranks, r->provenance.binding);
  PutText(p, "command_line", r->provenance.command_line);
  PutText(p, "petsc_options", r->provenance.petsc_options);
  PutText(p, "case_file", r->provenance.case_file);
  PutText(p, "case_text", r->provenance.case_text);
  PutText(p, "started", r->provenance.started);
  PutNumber(p, "elapsed", r->provenance.elapsed);
}

/* The record of a verification: no grid, no run. */
static cJSON *VerifyRecord(const HeatResults *r)
{
  cJSON *root = cJSON_CreateObject(), *list;

  PutText(root, "schema", HEAT_RESULTS_SCHEMA);
  PutText(root, "status", StatusNames[r->status]);
  PutText(root, "title", r->title);
  PutText(root, "error", r->error);
  PutCount(root, "ranks", r->ranks);
  list = cJSON_AddArrayToObject(root, "verify");
  for (PetscInt i = 0; i < r->n_verify; ++i) {
    const HeatResultsVerify *from = &r->verify[i];
    cJSON                   *item = cJSON_CreateObject();

    PutText(item, "name", from->name);
    PutText(item, "quantity", from->quantity);
    PutNumber(item, "value", from->value);
    PutNumber(item, "low", from->low);
    PutNumber(item, "bound", from->high);
    PutBoolean(item, "pass", from->pass);
    PutNumber(item, "seconds", from->seconds);
    PutCount(item, "ranks", from->ranks);
    PutText(item, "message", from->message);
    cJSON_AddItemToArray(list, item);
  }
  PutProvenance(root, r);
  return root;
}

static void PutLimits(cJSON *root, const HeatResults *r)
{
  cJSON *limits = cJSON_AddObjectToObject(root, "limits");

  PutNumber(limits, "wall_time", r->limits.wall_time);
  PutText(limits, "slurm_job", r->limits.slurm_job);
  PutNumber(limits, "slurm_left", r->limits.slurm_left);
}

static cJSON *Record(const HeatResults *r)
{
  cJSON *root = cJSON_CreateObject(), *io;

  PutText(root, "schema", HEAT_RESULTS_SCHEMA);
  PutText(root, "status", StatusNames[r->status]);
  PutText(root, "title", r->title);
  PutText(root, "error", r->error);
  PutGrid(root, r);
  PutCount(root, "ranks", r->ranks);
  PutCount(root, "nodes", r->nodes);
  PutDecomposition(root, r);
  PutTime(root, r);
  PutSolver(root, r);
  PutTiming(root, r);
  PutFom(root, r);
  io = cJSON_AddObjectToObject(root, "io");
  PutFiles(io, "snapshots", &r->snapshots);
  PutFiles(io, "checkpoints", &r->checkpoints);
  PutNumber(cJSON_GetObjectItemCaseSensitive(io, "checkpoints"), "interval",
            r->checkpoint_interval);
  PutLimits(root, r);
  PutEnergy(root, r);
  PutRegions(root, r);
  PutChecks(root, r);
  PutRestarts(root, r);
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
  r->memory_max = r->memory_mean = -1;
  r->energy.stored_initial = r->energy.stored_final = r->energy.sources = r->energy.exchange = NAN;
  r->energy.balance_error = r->energy.balance_relative = NAN;
  for (int s = 0; s < HEAT_SIDES; ++s) r->energy.sides[s] = NAN;
  r->provenance.elapsed   = NAN;
  r->checkpoint_interval  = NAN;
  r->limits.wall_time     = NAN;
  r->limits.slurm_left    = NAN;
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
    cJSON *root = results->n_verify > 0 ? VerifyRecord(results) : Record(results);
    char  *text = cJSON_Print(root), *lines;

    if (text) {
      const size_t length = strlen(text) + 1; /* with the last line's end */

      PetscCall(PetscMalloc1(length + 1, &lines));
      snprintf(lines, length + 1, "%s\n", text);
      HeatFileReplace(path, lines, length, &error);
      PetscCall(PetscFree(lines));
    } else {
      HeatFileFail(&error, "no memory for its text");
    }
    cJSON_free(text);
    cJSON_Delete(root);
  }
  PetscCall(HeatFileAgree(comm, path, "written", &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The whole file as a string, or NULL; freed with PetscFree. */
static PetscErrorCode ReadWhole(const char *path, char **text)
{
  struct stat status;
  FILE       *in = NULL;

  PetscFunctionBeginUser;
  *text = NULL;
  if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size < LARGEST_RESULTS)
    in = fopen(path, "r");
  if (!in) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscCalloc1((size_t)status.st_size + 1, text));
  if (fread(*text, 1, (size_t)status.st_size, in) != (size_t)status.st_size) (*text)[0] = '\0';
  fclose(in);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatResultsReadStatus(const char *dir, char *status, size_t size)
{
  char         path[PETSC_MAX_PATH_LEN], *text;
  cJSON       *root;
  const cJSON *item;

  PetscFunctionBeginUser;
  status[0] = '\0';
  snprintf(path, sizeof(path), "%s/results.json", dir);
  PetscCall(ReadWhole(path, &text));
  if (!text) PetscFunctionReturn(PETSC_SUCCESS);
  root = cJSON_Parse(text);
  item = cJSON_GetObjectItemCaseSensitive(root, "status");
  if (cJSON_IsString(item)) snprintf(status, size, "%s", item->valuestring);
  cJSON_Delete(root);
  PetscCall(PetscFree(text));
  PetscFunctionReturn(PETSC_SUCCESS);
}
