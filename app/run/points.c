/* Probes and profiles.
 *
 * Probes are sampled every step but brought together only when a history row is due or the
 * buffer is full, so that a probe costs no message of its own.  A row remembers its time, as cut
 * and error-controlled steps cannot be computed back. */
#include "app/run/points.h"

#include "app/run/survey.h"

enum { BUFFER_ROWS = 256 };

/* Point k of a profile, and its distance from the first. */
static PetscReal ProfilePoint(const HeatProfile *p, PetscInt k, PetscReal at[2])
{
  const PetscReal part = (PetscReal)k / (PetscReal)(p->points - 1);
  const PetscReal d[2] = {p->to[0] - p->from[0], p->to[1] - p->from[1]};

  for (int axis = 0; axis < 2; axis++)
    at[axis] = k == p->points - 1 ? p->to[axis] : p->from[axis] + part * d[axis];
  return part * PetscSqrtReal(d[0] * d[0] + d[1] * d[1]);
}

static PetscErrorCode CreateProbes(HeatSimulation *sim)
{
  const PetscInt n = sim->c->output.n_probes;
  PetscReal(*at)[2];

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(n, &at));
  for (PetscInt k = 0; k < n; k++) {
    at[k][0] = sim->c->output.probes[k].at[0];
    at[k][1] = sim->c->output.probes[k].at[1];
  }
  PetscCall(HeatProbesCreate(sim->op, n, (const PetscReal(*)[2])at, &sim->points.probes));
  PetscCall(PetscFree(at));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CreateProfile(HeatSimulation *sim, const HeatProfile *p, HeatProbes **probes)
{
  PetscReal(*at)[2];

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(p->points, &at));
  for (PetscInt k = 0; k < p->points; k++) (void)ProfilePoint(p, k, at[k]);
  PetscCall(HeatProbesCreate(sim->op, p->points, (const PetscReal(*)[2])at, probes));
  PetscCall(PetscFree(at));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPointsCreate(HeatSimulation *sim)
{
  const PetscInt n = sim->c->output.n_profiles;

  PetscFunctionBeginUser;
  PetscCall(CreateProbes(sim));
  PetscCall(PetscCalloc1(n, &sim->points.profiles));
  for (PetscInt k = 0; k < n; k++)
    PetscCall(CreateProfile(sim, &sim->c->output.profiles[k], &sim->points.profiles[k]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Tables. */

static PetscErrorCode OpenTable(HeatSimulation *sim, const char *name, const char *suffix,
                                PetscInt n, const char *const *columns, HeatTable **table)
{
  char path[PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  PetscCall(
      PetscSNPrintf(path, sizeof path, "%s/%s%s.csv", sim->c->output.directory, name, suffix));
  PetscCall(HeatTableCreate(sim->grid->comm, path, n, columns,
                            sim->restarted_from[0] ? sim->clock.step : -1, table));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode OpenProbeTable(HeatSimulation *sim)
{
  const PetscInt n = sim->c->output.n_probes;
  HeatPoints    *p = &sim->points;
  const char   **columns;

  PetscFunctionBeginUser;
  if (n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(n + 2, &columns));
  columns[0] = "step";
  columns[1] = "time";
  for (PetscInt k = 0; k < n; k++) columns[k + 2] = sim->c->output.probes[k].name;
  PetscCall(OpenTable(sim, "probes", "", n + 2, columns, &p->table));
  PetscCall(PetscFree(columns));
  p->capacity = BUFFER_ROWS;
  PetscCall(PetscMalloc1((size_t)p->capacity * (size_t)n * HEAT_PROBE_TERMS, &p->terms));
  PetscCall(PetscMalloc1(p->capacity, &p->times));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPointsOpen(HeatSimulation *sim)
{
  static const char *const columns[] = {"step", "time", "distance", "x", "y", "temperature"};
  const PetscInt           n         = sim->c->output.n_profiles;

  PetscFunctionBeginUser;
  PetscCall(OpenProbeTable(sim));
  PetscCall(PetscCalloc1(n, &sim->points.profile_tables));
  for (PetscInt k = 0; k < n; k++) {
    PetscCall(OpenTable(sim, "profile_", sim->c->output.profiles[k].name,
                        PETSC_STATIC_ARRAY_LENGTH(columns), columns,
                        &sim->points.profile_tables[k]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Rows. */

PetscErrorCode HeatPointsFlush(HeatSimulation *sim)
{
  const PetscInt n    = sim->c->output.n_probes;
  HeatPoints    *p    = &sim->points;
  const PetscInt rows = p->rows;
  PetscReal     *values, *line;

  PetscFunctionBeginUser;
  if (rows == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc2((size_t)rows * (size_t)n, &values, n + 1, &line));
  PetscCall(HeatProbesReduce(sim->grid->comm, rows * n, p->terms, values));
  for (PetscInt k = 0; k < rows && sim->grid->rank == 0; k++) {
    line[0] = p->times[k];
    PetscCall(PetscArraycpy(line + 1, values + (size_t)k * (size_t)n, n));
    PetscCall(HeatTableAppend(p->table, sim->clock.step - (rows - 1 - k), line));
  }
  PetscCall(PetscFree2(values, line));
  p->rows = 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPointsSample(HeatSimulation *sim, const PetscReal *T)
{
  const PetscInt n = sim->c->output.n_probes;
  HeatPoints    *p = &sim->points;

  PetscFunctionBeginUser;
  if (n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatSurveyPrepareSides(sim, T));
  PetscCall(
      HeatProbesSample(p->probes, T, p->terms + (size_t)p->rows * (size_t)n * HEAT_PROBE_TERMS));
  p->times[p->rows] = sim->clock.time;
  if (++p->rows == p->capacity) PetscCall(HeatPointsFlush(sim));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode WriteProfile(HeatSimulation *sim, PetscInt k, const PetscReal *T)
{
  const HeatProfile *p = &sim->c->output.profiles[k];
  PetscReal         *terms, *values;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc2((size_t)p->points * HEAT_PROBE_TERMS, &terms, p->points, &values));
  PetscCall(HeatProbesSample(sim->points.profiles[k], T, terms));
  PetscCall(HeatProbesReduce(sim->grid->comm, p->points, terms, values));
  for (PetscInt q = 0; q < p->points && sim->grid->rank == 0; q++) {
    PetscReal       at[2];
    const PetscReal distance = ProfilePoint(p, q, at);
    const PetscReal row[]    = {sim->clock.time, distance, at[0], at[1], values[q]};

    PetscCall(HeatTableAppend(sim->points.profile_tables[k], sim->clock.step, row));
  }
  PetscCall(HeatTableFlush(sim->points.profile_tables[k]));
  PetscCall(PetscFree2(terms, values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPointsWriteProfiles(HeatSimulation *sim, const PetscReal *T)
{
  PetscFunctionBeginUser;
  if (sim->c->output.n_profiles > 0) PetscCall(HeatSurveyPrepareSides(sim, T));
  for (PetscInt k = 0; k < sim->c->output.n_profiles; k++) PetscCall(WriteProfile(sim, k, T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPointsSync(HeatSimulation *sim)
{
  PetscFunctionBeginUser;
  PetscCall(HeatPointsFlush(sim));
  if (sim->points.table) PetscCall(HeatTableFlush(sim->points.table));
  for (PetscInt k = 0; k < sim->c->output.n_profiles; k++)
    PetscCall(HeatTableFlush(sim->points.profile_tables[k]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The end. */

PetscErrorCode HeatPointsClose(HeatSimulation *sim)
{
  PetscFunctionBeginUser;
  PetscCall(HeatPointsFlush(sim));
  PetscCall(HeatTableDestroy(&sim->points.table));
  for (PetscInt k = 0; k < sim->c->output.n_profiles; k++)
    PetscCall(HeatTableDestroy(&sim->points.profile_tables[k]));
  PetscCall(PetscFree(sim->points.profile_tables));
  PetscCall(PetscFree(sim->points.terms));
  PetscCall(PetscFree(sim->points.times));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPointsDestroy(HeatSimulation *sim)
{
  HeatPoints *p = &sim->points;

  PetscFunctionBeginUser;
  PetscCall(HeatProbesDestroy(&p->probes));
  for (PetscInt k = 0; k < sim->c->output.n_profiles && p->profiles; k++)
    PetscCall(HeatProbesDestroy(&p->profiles[k]));
  PetscCall(PetscFree(p->profiles));
  PetscCall(PetscFree(p->profile_tables));
  PetscCall(PetscFree(p->terms));
  PetscCall(PetscFree(p->times));
  PetscFunctionReturn(PETSC_SUCCESS);
}
