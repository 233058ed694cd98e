/** history.csv (history.h).
 *
 *  AddColumns and the functions under "Rows" go through the columns in the same order;
 *  HeatHistoryWrite checks that both count the same number of them. */
#include "app/report/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY = 48 /* bytes of a key such as output.interfaces[12] */ };

struct HeatHistory {
  HeatTable *table;     /* NULL while no file is open */
  PetscInt   n_columns; /* number of columns after `step` */
  PetscInt64 every;     /* steps between rows; 0: rows do not depend on the number of steps */
  PetscReal  width;     /* [s] a row is due when a multiple of it is reached; 0: no rule by time */
};

static const char *const fixed_columns[] = {"step",     "time",        "dt",          "iterations",
                                            "residual", "min",         "max",         "mean",
                                            "stored",   "heat_left",   "heat_right",  "heat_bottom",
                                            "heat_top", "heat_source", "energy_error"};

enum { FIXED = PETSC_STATIC_ARRAY_LENGTH(fixed_columns) };

/* Columns. */

/* The columns as they are collected. */
typedef struct {
  PetscInt n;
  char   **names;    /* [n] owned */
  char (*keys)[KEY]; /* [n] owned; key of the case that adds the column, for messages; "": none */
} Columns;

/* Add the column whose name consists of the three texts in this order. */
static PetscErrorCode AddColumn(Columns *columns, const char *key, const char *first,
                                const char *second, const char *third)
{
  char  *name;
  size_t size = 1;

  PetscFunctionBeginUser;
  for (int k = 0; k < 3; k++) size += strlen(k == 0 ? first : k == 1 ? second : third);
  PetscCall(PetscMalloc1(size, &name));
  (void)snprintf(name, size, "%s%s%s", first, second, third);
  (void)snprintf(columns->keys[columns->n], KEY, "%s", key);
  columns->names[columns->n++] = name;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AddSegmentColumns(const HeatCase *c, Columns *columns)
{
  PetscFunctionBeginUser;
  for (int side = 0; side < HEAT_SIDES; side++) {
    for (PetscInt k = 0; k < c->boundary[side].n && c->boundary[side].n > 1; k++) {
      char number[24];

      (void)snprintf(number, sizeof number, "_%" PetscInt_FMT, k);
      PetscCall(AddColumn(columns, "boundary", "heat_", HeatSideNames[side], number));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add heat_FROM_TO for each interface. */
static PetscErrorCode AddInterfaceColumns(const HeatCase *c, Columns *columns)
{
  char key[KEY];

  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < c->output.n_interfaces; k++) {
    const HeatInterface *pair = &c->output.interfaces[k];
    char                *from;
    const size_t         size = strlen(pair->names[0]) + 6;

    (void)snprintf(key, sizeof key, "output.interfaces[%" PetscInt_FMT "]", k);
    PetscCall(PetscMalloc1(size, &from));
    (void)snprintf(from, size, "heat_%s", pair->names[0]);
    PetscCall(AddColumn(columns, key, from, "_", pair->names[1]));
    PetscCall(PetscFree(from));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AddColumns(const HeatRunState *state, Columns *columns)
{
  const HeatCase *c = state->c;
  char            key[KEY];

  PetscFunctionBeginUser;
  for (size_t k = 0; k < FIXED; k++) PetscCall(AddColumn(columns, "", fixed_columns[k], "", ""));
  if (c->exchange.coefficient.given)
    PetscCall(AddColumn(columns, "exchange", "heat_exchange", "", ""));
  PetscCall(AddSegmentColumns(c, columns));
  PetscCall(AddInterfaceColumns(c, columns));
  for (PetscInt k = 0; k < HeatZonesCount(state->zones); k++) {
    const PetscInt region = HeatZonesRegion(state->zones, k);
    const char    *name   = c->regions[region].name;

    (void)snprintf(key, sizeof key, "regions[%" PetscInt_FMT "].name", region);
    PetscCall(AddColumn(columns, key, "min_", name, ""));
    PetscCall(AddColumn(columns, key, "mean_", name, ""));
    PetscCall(AddColumn(columns, key, "max_", name, ""));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Collect all columns; free them with FreeColumns. */
static PetscErrorCode CollectColumns(const HeatRunState *state, Columns *columns)
{
  const HeatCase *c    = state->c;
  const PetscInt  most = FIXED + 1 + HeatDiagnosticsSegments(c) + c->output.n_interfaces +
                        3 * HeatZonesCount(state->zones);

  PetscFunctionBeginUser;
  columns->n = 0;
  PetscCall(PetscMalloc1(most, &columns->names));
  PetscCall(PetscMalloc1(most, &columns->keys));
  PetscCall(AddColumns(state, columns));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FreeColumns(Columns *columns)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < columns->n; k++) PetscCall(PetscFree(columns->names[k]));
  PetscCall(PetscFree(columns->names));
  PetscCall(PetscFree(columns->keys));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Order columns by name, equal names by their place. */
static int CompareColumns(const void *a, const void *b)
{
  char *const *left = *(char **const *)a, *const *right = *(char **const *)b;
  const int    order = strcmp(*left, *right);

  return order ? order : (left > right) - (left < right);
}

/* Fail if two columns have the same name. */
static PetscErrorCode CheckUnique(const HeatRunState *state, const Columns *columns)
{
  char   **twice = NULL;
  char  ***order;
  PetscInt first = 0, again = 0;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(columns->n, &order));
  for (PetscInt k = 0; k < columns->n; k++) order[k] = &columns->names[k];
  qsort(order, (size_t)columns->n, sizeof *order, CompareColumns);
  for (PetscInt k = 1; k < columns->n && !twice; k++) {
    if (strcmp(*order[k], *order[k - 1]) != 0) continue;
    twice = order[k];
    again = (PetscInt)(order[k] - columns->names);
    first = (PetscInt)(order[k - 1] - columns->names);
  }
  PetscCall(PetscFree(order));
  HeatCaseCheckKey(!twice, state->grid->comm, state->c, columns->keys[again],
                   "would give history.csv the column '%.80s' that %s gives it, too; rename one of "
                   "the materials or regions",
                   columns->names[again],
                   columns->keys[first][0] ? columns->keys[first] : "every run");
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode TablePath(const HeatCase *c, char path[PETSC_MAX_PATH_LEN])
{
  return PetscSNPrintf(path, PETSC_MAX_PATH_LEN, "%s/history.csv", c->output.directory);
}

PetscErrorCode HeatHistoryCheck(const HeatRunState *state, PetscBool resume)
{
  Columns        columns;
  char           path[PETSC_MAX_PATH_LEN];
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(CollectColumns(state, &columns));
  code = CheckUnique(state, &columns);
  PetscCall(FreeColumns(&columns));
  PetscCall(code);
  PetscCall(TablePath(state->c, path));
  if (resume) PetscCall(HeatTableCheck(state->grid->comm, path, PETSC_TRUE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Choose the rule for rows: by steps, or by simulated time where the number of steps is not known.
   Rows at an interval that the case gives are events of the clock (HEAT_OUTPUT_HISTORY). */
static void ChooseRows(HeatHistory *h, const HeatRunState *state)
{
  const HeatClock *clock = &state->clock;
  PetscReal        steps = 0.0;

  h->every = state->c->output.history_every;
  h->width = 0.0;
  if (h->every > 0 || clock->interval[HEAT_OUTPUT_HISTORY] > 0.0) return;
  /* 1e-9: the clock takes no step for a remainder below this part of a step (clock.c). */
  if (clock->steps >= 0) steps = (PetscReal)clock->steps;
  else if (!clock->free) steps = clock->end / clock->dt * (1.0 - 1e-9);
  if (steps > 0.0) h->every = HeatTimeGridRowEvery(steps);
  else h->width = clock->end / HEAT_HISTORY_ROWS;
}

PetscErrorCode HeatHistoryCreate(HeatHistory **history)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(history));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHistoryOpen(HeatHistory *h, const HeatRunState *state, PetscInt64 resume_step)
{
  Columns        columns;
  char           path[PETSC_MAX_PATH_LEN];
  PetscErrorCode code;

  PetscFunctionBeginUser;
  ChooseRows(h, state);
  PetscCall(CollectColumns(state, &columns));
  h->n_columns = columns.n - 1;
  PetscCall(TablePath(state->c, path));
  code = HeatTableCreate(state->grid->comm, path, columns.n, (const char *const *)columns.names,
                         resume_step, &h->table);
  PetscCall(FreeColumns(&columns));
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}

const HeatTable *HeatHistoryTable(const HeatHistory *h) { return h->table; }

PetscBool HeatHistoryIsDue(const HeatHistory *h, const HeatClock *clock)
{
  if (HeatClockIsDue(clock, HEAT_OUTPUT_HISTORY)) return PETSC_TRUE;
  if (h->every > 0) return clock->step % h->every == 0 ? PETSC_TRUE : PETSC_FALSE;
  return h->width > 0.0 && HeatClockPassed(clock, h->width) ? PETSC_TRUE : PETSC_FALSE;
}

/* Rows. */

/* Append the numbers of the fixed columns after `step`, and of the ambient exchange. */
static PetscErrorCode FixedNumbers(const HeatRunState *state, const HeatSurvey *survey,
                                   const PetscReal heat[HEAT_FLOWS], PetscReal *row, PetscInt *n)
{
  const HeatSolveInfo    *solve   = &state->last_step.solve;
  const HeatSummary      *summary = HeatSurveySummary(survey);
  const HeatEnergyReport *account = HeatSurveyAccount(survey);

  PetscFunctionBeginUser;
  const PetscReal numbers[FIXED - 1] = {
      state->clock.time,      state->clock.last, (PetscReal)solve->iterations,
      solve->residual,        summary->min,      summary->max,
      summary->mean,          account->stored,   heat[HEAT_LEFT],
      heat[HEAT_RIGHT],       heat[HEAT_BOTTOM], heat[HEAT_TOP],
      heat[HEAT_FLOW_SOURCE], account->relative};

  PetscCall(PetscArraycpy(row, numbers, FIXED - 1));
  *n = FIXED - 1;
  if (state->c->exchange.coefficient.given) row[(*n)++] = heat[HEAT_FLOW_EXCHANGE];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append the heats of the sides' segments, where a side has several. */
static void SegmentNumbers(const HeatCase *c, const PetscReal *heat, PetscReal *row, PetscInt *n)
{
  for (int side = 0; side < HEAT_SIDES; side++) {
    const PetscInt first = HeatDiagnosticsFirstSegment(c, (HeatSide)side);

    for (PetscInt k = 0; k < c->boundary[side].n && c->boundary[side].n > 1; k++)
      row[(*n)++] = heat[first + k];
  }
}

static PetscErrorCode ZoneNumbers(const HeatRunState *state, HeatSurvey *survey, const PetscReal *T,
                                  PetscReal *row, PetscInt *n)
{
  const HeatSummary *zones;

  PetscFunctionBeginUser;
  PetscCall(HeatSurveyZones(survey, state, T, &zones));
  for (PetscInt k = 0; k < HeatZonesCount(state->zones); k++) {
    row[(*n)++] = zones[k].min;
    row[(*n)++] = zones[k].mean;
    row[(*n)++] = zones[k].max;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fill in a row [n_columns] and write it. */
static PetscErrorCode WriteRow(HeatHistory *h, const HeatRunState *state, HeatSurvey *survey,
                               const PetscReal *T, PetscReal *row)
{
  const HeatCase          *c = state->c;
  const HeatSurveyedFlows *flows;
  PetscInt                 n = 0;

  PetscFunctionBeginUser;
  PetscCall(HeatSurveyFlows(survey, state, T, &flows));
  PetscCall(FixedNumbers(state, survey, flows->heat, row, &n));
  SegmentNumbers(c, flows->segments, row, &n);
  PetscCall(PetscArraycpy(row + n, flows->interfaces, c->output.n_interfaces));
  n += c->output.n_interfaces;
  PetscCall(ZoneNumbers(state, survey, T, row, &n));
  PetscCheck(n == h->n_columns, PETSC_COMM_SELF, PETSC_ERR_PLIB,
             "history.csv: %" PetscInt_FMT " numbers for %" PetscInt_FMT " columns", n,
             h->n_columns);
  PetscCall(HeatTableAppend(h->table, state->clock.step, row));
  PetscCall(HeatTableWrite(h->table));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHistoryWrite(HeatHistory *h, const HeatRunState *state, HeatSurvey *survey,
                                const PetscReal *T)
{
  PetscErrorCode code;
  PetscReal     *row;

  PetscFunctionBeginUser;
  PetscCall(HeatSurveyPrepare(survey, state, T));
  PetscCall(PetscMalloc1(h->n_columns, &row));
  code = WriteRow(h, state, survey, T, row);
  PetscCall(PetscFree(row));
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool HeatHistoryHasFailed(const HeatHistory *h) { return HeatTableHasFailed(h->table); }

PetscErrorCode HeatHistoryAgree(HeatHistory *h)
{
  PetscFunctionBeginUser;
  PetscCall(HeatTableAgree(h->table));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHistorySync(HeatHistory *h)
{
  PetscFunctionBeginUser;
  PetscCall(HeatTableSync(h->table));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHistoryClose(HeatHistory *h)
{
  PetscFunctionBeginUser;
  PetscCall(HeatTableDestroy(&h->table));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHistoryDestroy(HeatHistory **history)
{
  PetscFunctionBeginUser;
  if (*history) PetscCall(HeatTableAbandon(&(*history)->table));
  PetscCall(PetscFree(*history));
  PetscFunctionReturn(PETSC_SUCCESS);
}
