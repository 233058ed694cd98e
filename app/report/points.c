/** Probes and profiles (points.h).
 *
 *  A buffered row stores its time, because the times of shortened and of free steps cannot be
 *  computed from the number of the step.  The step of a row follows from its place: the last
 *  buffered row is that of the present step, and there is one for every step. */
#include "app/report/points.h"

#include <stdio.h>

#include "solver/measure/probes.h"

/* Rows of the buffer of probes.  Chosen: 256 steps share one reduction, and a probe takes 256 x 14
   x 8 bytes = 28 KiB (14: HEAT_PROBE_TERMS).  With a larger buffer, rows appear later in the
   file. */
enum { BUFFER_ROWS = 256 };

/* Rows for which there is room: those of several steps come at once. */
enum { CAPACITY = BUFFER_ROWS + HEAT_MOST_AT_ONCE };

struct HeatPoints {
  HeatProbes    *probes;
  HeatTable     *table;  /* probes.csv; NULL: no probes, or not open */
  PetscReal     *terms;  /* [CAPACITY][n_probes][HEAT_PROBE_TERMS] this rank's, of buffered rows */
  PetscReal     *times;  /* [CAPACITY] [s] of buffered rows */
  PetscInt       rows;   /* buffered rows */
  HeatCellRecord record; /* cells of the probes; its T is owned; NULL: no record */

  PetscInt     n_profiles;
  HeatProbes **profiles;       /* [n_profiles] */
  HeatTable  **profile_tables; /* [n_profiles] profile_NAME.csv; NULL: not open */
};

/* Compute point k of a profile [m]; return its distance from the first point [m]. */
static PetscReal ProfilePoint(const HeatProfile *p, PetscInt k, PetscReal at[2])
{
  const PetscReal part = (PetscReal)k / (PetscReal)(p->points - 1);
  const PetscReal d[2] = {p->to[0] - p->from[0], p->to[1] - p->from[1]};

  for (int axis = 0; axis < 2; axis++)
    at[axis] = k == p->points - 1 ? p->to[axis] : p->from[axis] + part * d[axis];
  return part * PetscSqrtReal(d[0] * d[0] + d[1] * d[1]);
}

static PetscErrorCode CreateProbes(const HeatRunState *state, HeatProbes **probes)
{
  const PetscInt n = state->c->output.n_probes;
  PetscReal(*at)[2];

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(n, &at));
  for (PetscInt k = 0; k < n; k++) {
    at[k][0] = state->c->output.probes[k].at[0];
    at[k][1] = state->c->output.probes[k].at[1];
  }
  PetscCall(HeatProbesCreate(state->op, n, (const PetscReal(*)[2])at, probes));
  PetscCall(PetscFree(at));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CreateProfile(const HeatRunState *state, const HeatProfile *p,
                                    HeatProbes **probes)
{
  PetscReal(*at)[2];

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(p->points, &at));
  for (PetscInt k = 0; k < p->points; k++) (void)ProfilePoint(p, k, at[k]);
  PetscCall(HeatProbesCreate(state->op, p->points, (const PetscReal(*)[2])at, probes));
  PetscCall(PetscFree(at));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPointsCreate(const HeatRunState *state, HeatPoints **points)
{
  const PetscInt n = state->c->output.n_profiles;
  HeatPoints    *p;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&p));
  *points       = p;
  p->n_profiles = n;
  PetscCall(CreateProbes(state, &p->probes));
  PetscCall(PetscCalloc1(n, &p->profiles));
  for (PetscInt k = 0; k < n; k++)
    PetscCall(CreateProfile(state, &state->c->output.profiles[k], &p->profiles[k]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Tables. */

/* What the tables of a run have in common. */
typedef struct {
  const HeatRunState *state;
  PetscInt64          resume_step; /* as HeatTableCreate's */
} Folder;

/* Write the name of table k into `name`: probes.csv, then those of the profiles. */
static void TableName(const HeatCase *c, PetscInt k, char *name, size_t size)
{
  if (k == 0) (void)snprintf(name, size, "probes.csv");
  else (void)snprintf(name, size, "profile_%s.csv", c->output.profiles[k - 1].name);
}

static PetscErrorCode TablePath(const HeatCase *c, PetscInt k, char path[PETSC_MAX_PATH_LEN])
{
  char name[128];

  PetscFunctionBeginUser;
  TableName(c, k, name, sizeof name);
  PetscCall(PetscSNPrintf(path, PETSC_MAX_PATH_LEN, "%s/%s", c->output.directory, name));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode OpenTable(const Folder *folder, PetscInt k, PetscInt n,
                                const char *const *columns, HeatTable **table)
{
  const HeatRunState *state = folder->state;
  char                path[PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  PetscCall(TablePath(state->c, k, path));
  PetscCall(HeatTableCreate(state->grid->comm, path, n, columns, folder->resume_step, table));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPointsCheck(const HeatPoints *p, const HeatRunState *state, PetscBool resume)
{
  char path[PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  for (PetscInt k = state->c->output.n_probes ? 0 : 1; k < HeatPointsTables(p); k++) {
    PetscCall(TablePath(state->c, k, path));
    PetscCall(HeatTableCheck(state->grid->comm, path, resume));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscInt HeatPointsTables(const HeatPoints *p) { return 1 + p->n_profiles; }

const HeatTable *HeatPointsTable(const HeatPoints *p, const HeatCase *c, PetscInt k, char *name,
                                 size_t size)
{
  TableName(c, k, name, size);
  if (k == 0) return p->table;
  return p->profile_tables ? p->profile_tables[k - 1] : NULL;
}

static PetscErrorCode OpenProbeTable(HeatPoints *p, const Folder *folder)
{
  const HeatCase *c = folder->state->c;
  const PetscInt  n = c->output.n_probes;
  const char    **columns;

  PetscFunctionBeginUser;
  if (n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(n + 2, &columns));
  columns[0] = "step";
  columns[1] = "time";
  for (PetscInt k = 0; k < n; k++) columns[k + 2] = c->output.probes[k].name;
  PetscCall(OpenTable(folder, 0, n + 2, columns, &p->table));
  PetscCall(PetscFree(columns));
  PetscCall(PetscMalloc1((size_t)CAPACITY * (size_t)n * HEAT_PROBE_TERMS, &p->terms));
  PetscCall(PetscMalloc1(CAPACITY, &p->times));
  if (!HeatOperatorIsLinear(folder->state->op)) PetscFunctionReturn(PETSC_SUCCESS);
  HeatProbesCells(p->probes, &p->record.n, &p->record.cell);
  PetscCall(PetscMalloc1((size_t)HEAT_MOST_AT_ONCE * (size_t)(p->record.n + 1), &p->record.T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPointsOpen(HeatPoints *p, const HeatRunState *state, PetscInt64 resume_step)
{
  static const char *const columns[] = {"step", "time", "distance", "x", "y", "temperature"};
  const PetscInt           n         = PETSC_STATIC_ARRAY_LENGTH(columns);
  const Folder             folder    = {state, resume_step};

  PetscFunctionBeginUser;
  PetscCall(OpenProbeTable(p, &folder));
  PetscCall(PetscCalloc1(p->n_profiles, &p->profile_tables));
  for (PetscInt k = 0; k < p->n_profiles; k++) {
    PetscCall(OpenTable(&folder, k + 1, n, columns, &p->profile_tables[k]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Rows. */

PetscErrorCode HeatPointsFlush(HeatPoints *p, const HeatRunState *state)
{
  const PetscInt n    = state->c->output.n_probes;
  const PetscInt rows = p->rows;
  PetscReal     *values, *line;

  PetscFunctionBeginUser;
  if (rows == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc2((size_t)rows * (size_t)n, &values, n + 1, &line));
  PetscCall(HeatProbesReduce(state->grid->comm, rows * n, p->terms, values));
  for (PetscInt k = 0; k < rows && state->grid->rank == 0; k++) {
    line[0] = p->times[k];
    PetscCall(PetscArraycpy(line + 1, values + (size_t)k * (size_t)n, n));
    PetscCall(HeatTableAppend(p->table, state->clock.step - (rows - 1 - k), line));
  }
  PetscCall(PetscFree2(values, line));
  p->rows = 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the terms of the row that is buffered next, of n probes. */
static PetscReal *NextRow(const HeatPoints *p, PetscInt n)
{
  return p->terms + (size_t)p->rows * (size_t)n * HEAT_PROBE_TERMS;
}

const HeatCellRecord *HeatPointsRecord(const HeatPoints *p)
{
  return p->record.T ? &p->record : NULL;
}

PetscErrorCode HeatPointsSampleRecord(HeatPoints *p, const HeatRunState *state, PetscInt n,
                                      const PetscReal *times)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < n - 1 && p->record.T; k++) {
    PetscCall(HeatOperatorSetSurfaceTime(state->op, times[k + 1]));
    PetscCall(HeatProbesSampleCells(p->probes, p->record.T + (size_t)k * (size_t)p->record.n,
                                    NextRow(p, state->c->output.n_probes)));
    p->times[p->rows++] = times[k + 1];
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPointsSample(HeatPoints *p, const HeatRunState *state, HeatSurvey *survey,
                                const PetscReal *T)
{
  const PetscInt n = state->c->output.n_probes;

  PetscFunctionBeginUser;
  if (n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatSurveyPrepareSides(survey, state, T));
  PetscCall(HeatProbesSample(p->probes, T, NextRow(p, n)));
  p->times[p->rows] = state->clock.time;
  if (++p->rows >= BUFFER_ROWS) PetscCall(HeatPointsFlush(p, state));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode WriteProfile(HeatPoints *p, PetscInt k, const HeatRunState *state,
                                   const PetscReal *T)
{
  const HeatProfile *line = &state->c->output.profiles[k];
  PetscReal         *terms, *values;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc2((size_t)line->points * HEAT_PROBE_TERMS, &terms, line->points, &values));
  PetscCall(HeatProbesSample(p->profiles[k], T, terms));
  PetscCall(HeatProbesReduce(state->grid->comm, line->points, terms, values));
  for (PetscInt q = 0; q < line->points && state->grid->rank == 0; q++) {
    PetscReal       at[2];
    const PetscReal distance = ProfilePoint(line, q, at);
    const PetscReal row[]    = {state->clock.time, distance, at[0], at[1], values[q]};

    PetscCall(HeatTableAppend(p->profile_tables[k], state->clock.step, row));
  }
  PetscCall(HeatTableFlush(p->profile_tables[k]));
  PetscCall(PetscFree2(terms, values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPointsWriteProfiles(HeatPoints *p, const HeatRunState *state, HeatSurvey *survey,
                                       const PetscReal *T)
{
  PetscFunctionBeginUser;
  if (p->n_profiles > 0) PetscCall(HeatSurveyPrepareSides(survey, state, T));
  for (PetscInt k = 0; k < p->n_profiles; k++) PetscCall(WriteProfile(p, k, state, T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPointsSync(HeatPoints *p, const HeatRunState *state)
{
  PetscFunctionBeginUser;
  PetscCall(HeatPointsFlush(p, state));
  if (p->table) PetscCall(HeatTableSync(p->table));
  for (PetscInt k = 0; k < p->n_profiles; k++) PetscCall(HeatTableSync(p->profile_tables[k]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatPointsDiscard(HeatPoints *p) { p->rows = 0; }

/* The end. */

PetscErrorCode HeatPointsClose(HeatPoints *p, const HeatRunState *state)
{
  PetscFunctionBeginUser;
  PetscCall(HeatPointsFlush(p, state));
  PetscCall(HeatTableDestroy(&p->table));
  for (PetscInt k = 0; k < p->n_profiles; k++) PetscCall(HeatTableDestroy(&p->profile_tables[k]));
  PetscCall(PetscFree(p->profile_tables));
  PetscCall(PetscFree(p->terms));
  PetscCall(PetscFree(p->times));
  PetscCall(PetscFree(p->record.T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPointsDestroy(HeatPoints **points)
{
  HeatPoints *p = *points;

  PetscFunctionBeginUser;
  if (!p) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatProbesDestroy(&p->probes));
  for (PetscInt k = 0; k < p->n_profiles && p->profiles; k++)
    PetscCall(HeatProbesDestroy(&p->profiles[k]));
  PetscCall(HeatTableAbandon(&p->table));
  for (PetscInt k = 0; k < p->n_profiles && p->profile_tables; k++)
    PetscCall(HeatTableAbandon(&p->profile_tables[k]));
  PetscCall(PetscFree(p->profiles));
  PetscCall(PetscFree(p->profile_tables));
  PetscCall(PetscFree(p->terms));
  PetscCall(PetscFree(p->times));
  PetscCall(PetscFree(p->record.T));
  PetscCall(PetscFree(*points));
  PetscFunctionReturn(PETSC_SUCCESS);
}
