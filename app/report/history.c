/** history.csv (history.h).
 *
 *  AddColumns and the functions under "Rows" go through the columns in the same order;
 *  HeatHistoryWrite checks that both count the same number of them. */
#include "app/report/history.h"

#include <stdio.h>

#include "io/file/table.h"

enum {
  ROWS = 1000, /* rows of a run unless the case asks for others: chosen, enough for a smooth curve;
                  each row costs a survey of the state and interrupts steps taken at once */
  NAME = 160   /* bytes of the name of a column; longer names are cut */
};

struct HeatHistory {
  HeatTable *table;     /* NULL while no file is open */
  PetscInt   n_columns; /* columns behind `step` */
  PetscInt64 every;     /* steps from row to row; 0: rows do not depend on the number of steps */
  PetscReal  width;     /* [s] simulated time from row to row, about; 0: no rule by time */
};

static const char *const fixed_columns[] = {"step",     "time",        "dt",          "iterations",
                                            "residual", "min",         "max",         "mean",
                                            "stored",   "heat_left",   "heat_right",  "heat_bottom",
                                            "heat_top", "heat_source", "energy_error"};

enum { FIXED = PETSC_STATIC_ARRAY_LENGTH(fixed_columns) };

/* Columns. */

/* The names of the columns as they are collected. */
typedef struct {
  PetscInt n;
  char (*names)[NAME];
} Columns;

static void AddColumn(Columns *columns, const char *first, const char *second, const char *third)
{
  (void)snprintf(columns->names[columns->n++], NAME, "%s%s%s", first, second, third);
}

static void AddSegmentColumns(const HeatCase *c, Columns *columns)
{
  for (int side = 0; side < HEAT_SIDES; side++) {
    for (PetscInt k = 0; k < c->boundary[side].n && c->boundary[side].n > 1; k++) {
      char number[24];

      (void)snprintf(number, sizeof number, "_%" PetscInt_FMT, k);
      AddColumn(columns, "heat_", HeatSideNames[side], number);
    }
  }
}

static void AddColumns(const HeatRunState *state, Columns *columns)
{
  const HeatCase *c = state->c;

  for (size_t k = 0; k < FIXED; k++) AddColumn(columns, fixed_columns[k], "", "");
  if (c->exchange.coefficient.given) AddColumn(columns, "heat_exchange", "", "");
  AddSegmentColumns(c, columns);
  for (PetscInt k = 0; k < c->output.n_interfaces; k++) {
    char pair[NAME];

    (void)snprintf(pair, sizeof pair, "%.70s_%.70s", c->output.interfaces[k].names[0],
                   c->output.interfaces[k].names[1]);
    AddColumn(columns, "heat_", pair, "");
  }
  for (PetscInt k = 0; k < HeatZonesCount(state->zones); k++) {
    const char *name = c->regions[HeatZonesRegion(state->zones, k)].name;

    AddColumn(columns, "min_", name, "");
    AddColumn(columns, "mean_", name, "");
    AddColumn(columns, "max_", name, "");
  }
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
  /* 1e-9: the part of a step for which the clock takes none (clock.c). */
  if (clock->steps >= 0) steps = (PetscReal)clock->steps;
  else if (!clock->free) steps = clock->end / clock->dt * (1.0 - 1e-9);
  if (steps > 0.0) h->every = PetscMax((PetscInt64)PetscCeilReal(steps / ROWS), 1);
  else h->width = clock->end / ROWS;
}

PetscErrorCode HeatHistoryCreate(HeatHistory **history)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(history));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHistoryOpen(HeatHistory *h, const HeatRunState *state, PetscInt64 resume_step)
{
  const HeatCase *c    = state->c;
  const PetscInt  most = FIXED + 1 + HeatDiagnosticsSegments(c) + c->output.n_interfaces +
                        3 * HeatZonesCount(state->zones);
  Columns      columns = {0, NULL};
  const char **names;
  char         path[PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  ChooseRows(h, state);
  PetscCall(PetscMalloc1(most, &columns.names));
  PetscCall(PetscMalloc1(most, &names));
  AddColumns(state, &columns);
  for (PetscInt k = 0; k < columns.n; k++) names[k] = columns.names[k];
  h->n_columns = columns.n - 1;
  PetscCall(PetscSNPrintf(path, sizeof path, "%s/history.csv", c->output.directory));
  PetscCall(HeatTableCreate(state->grid->comm, path, columns.n, names, resume_step, &h->table));
  PetscCall(PetscFree(names));
  PetscCall(PetscFree(columns.names));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool HeatHistoryIsDue(const HeatHistory *h, const HeatClock *clock)
{
  if (HeatClockIsDue(clock, HEAT_OUTPUT_HISTORY)) return PETSC_TRUE;
  if (h->every > 0) return clock->step % h->every == 0 ? PETSC_TRUE : PETSC_FALSE;
  return h->width > 0.0 && HeatClockPassed(clock, h->width) ? PETSC_TRUE : PETSC_FALSE;
}

/* Rows. */

/* Append the numbers of the fixed columns behind `step`, and of the ambient exchange. */
static PetscErrorCode FixedNumbers(const HeatRunState *state, const HeatSurvey *survey,
                                   const PetscReal *T, PetscReal *row, PetscInt *n)
{
  const HeatSolveInfo    *solve   = &state->last_step.solve;
  const HeatSummary      *summary = HeatSurveySummary(survey);
  const HeatEnergyReport *account = HeatSurveyAccount(survey);
  PetscReal               heat[HEAT_FLOWS];

  PetscFunctionBeginUser;
  PetscCall(HeatDiagnosticsFlows(state->op, T, heat));
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

static PetscErrorCode SegmentNumbers(const HeatRunState *state, const PetscReal *T, PetscReal *row,
                                     PetscInt *n)
{
  const HeatCase *c = state->c;
  PetscReal      *heat;

  PetscFunctionBeginUser;
  if (HeatDiagnosticsSegments(c) == HEAT_SIDES) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(HeatDiagnosticsSegments(c), &heat));
  PetscCall(HeatDiagnosticsSegmentHeat(state->op, T, heat));
  for (int side = 0; side < HEAT_SIDES; side++) {
    const PetscInt first = HeatDiagnosticsFirstSegment(c, (HeatSide)side);

    for (PetscInt k = 0; k < c->boundary[side].n && c->boundary[side].n > 1; k++)
      row[(*n)++] = heat[first + k];
  }
  PetscCall(PetscFree(heat));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ZoneNumbers(const HeatRunState *state, const PetscReal *T, PetscReal *row,
                                  PetscInt *n)
{
  HeatSummary *zones;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(HeatZonesCount(state->zones), &zones));
  PetscCall(HeatZonesSummary(state->zones, T, zones));
  for (PetscInt k = 0; k < HeatZonesCount(state->zones); k++) {
    row[(*n)++] = zones[k].min;
    row[(*n)++] = zones[k].mean;
    row[(*n)++] = zones[k].max;
  }
  PetscCall(PetscFree(zones));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHistoryWrite(HeatHistory *h, const HeatRunState *state, HeatSurvey *survey,
                                const PetscReal *T)
{
  const HeatCase *c = state->c;
  PetscReal      *row;
  PetscInt        n = 0;

  PetscFunctionBeginUser;
  PetscCall(HeatSurveyPrepare(survey, state, T));
  PetscCall(PetscMalloc1(h->n_columns, &row));
  PetscCall(FixedNumbers(state, survey, T, row, &n));
  PetscCall(SegmentNumbers(state, T, row, &n));
  PetscCall(HeatDiagnosticsInterfaceHeat(state->op, T, c->output.n_interfaces, c->output.interfaces,
                                         row + n));
  n += c->output.n_interfaces;
  PetscCall(ZoneNumbers(state, T, row, &n));
  PetscCheck(n == h->n_columns, PETSC_COMM_SELF, PETSC_ERR_PLIB,
             "history.csv: %" PetscInt_FMT " numbers for %" PetscInt_FMT " columns", n,
             h->n_columns);
  PetscCall(HeatTableAppend(h->table, state->clock.step, row));
  PetscCall(HeatTableFlush(h->table));
  PetscCall(PetscFree(row));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHistoryFlush(HeatHistory *h)
{
  PetscFunctionBeginUser;
  PetscCall(HeatTableFlush(h->table));
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
  PetscCall(PetscFree(*history));
  PetscFunctionReturn(PETSC_SUCCESS);
}
