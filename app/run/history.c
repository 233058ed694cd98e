/* history.csv.
 *
 * The first columns are always the same and in the same places; what the case asks for besides
 * follows: the exchange, the segments of the sides that have several, the interfaces, the named
 * regions. */
#include "app/run/history.h"

#include <stdio.h>

#include "app/run/survey.h"

enum { ROWS = 1000, NAME = 160 }; /* rows of a run, about, unless the case says otherwise */

static const char *const fixed_columns[] = {"step",     "time",        "dt",          "iterations",
                                            "residual", "min",         "max",         "mean",
                                            "stored",   "heat_left",   "heat_right",  "heat_bottom",
                                            "heat_top", "heat_source", "energy_error"};

enum { FIXED = PETSC_STATIC_ARRAY_LENGTH(fixed_columns) };

/* Columns. */

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

static void AddColumns(const HeatSimulation *sim, Columns *columns)
{
  const HeatCase *c = sim->c;

  for (size_t k = 0; k < FIXED; k++) AddColumn(columns, fixed_columns[k], "", "");
  if (c->exchange.coefficient.given) AddColumn(columns, "heat_exchange", "", "");
  AddSegmentColumns(c, columns);
  for (PetscInt k = 0; k < c->output.n_interfaces; k++) {
    char pair[NAME];

    (void)snprintf(pair, sizeof pair, "%.70s_%.70s", c->output.interfaces[k].names[0],
                   c->output.interfaces[k].names[1]);
    AddColumn(columns, "heat_", pair, "");
  }
  for (PetscInt k = 0; k < HeatZonesCount(sim->zones); k++) {
    const char *name = c->regions[HeatZonesRegion(sim->zones, k)].name;

    AddColumn(columns, "min_", name, "");
    AddColumn(columns, "mean_", name, "");
    AddColumn(columns, "max_", name, "");
  }
}

/* Rows by steps, or by simulated time where the number of steps is not known; the intervals of the
   case are the clock's business. */
static void ChooseRows(HeatSimulation *sim)
{
  const HeatClock *clock = &sim->clock;
  HeatHistory     *h     = &sim->history;
  PetscReal        steps = 0.0;

  h->every = sim->c->output.history_every;
  h->width = 0.0;
  if (h->every > 0 || clock->interval[HEAT_EVENT_HISTORY] > 0.0) return;
  if (clock->steps >= 0) steps = (PetscReal)clock->steps;
  else if (!clock->free) steps = clock->end / clock->dt * (1.0 - 1e-9);
  if (steps > 0.0) h->every = PetscMax((PetscInt64)PetscCeilReal(steps / ROWS), 1);
  else h->width = clock->end / ROWS;
}

PetscErrorCode HeatHistoryOpen(HeatSimulation *sim)
{
  const HeatCase *c    = sim->c;
  const PetscInt  most = FIXED + 1 + HeatDiagnosticsSegments(c) + c->output.n_interfaces +
                        3 * HeatZonesCount(sim->zones);
  Columns      columns = {0, NULL};
  const char **names;
  char         path[PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  ChooseRows(sim);
  PetscCall(PetscMalloc1(most, &columns.names));
  PetscCall(PetscMalloc1(most, &names));
  AddColumns(sim, &columns);
  for (PetscInt k = 0; k < columns.n; k++) names[k] = columns.names[k];
  sim->history.n_columns = columns.n - 1;
  PetscCall(PetscSNPrintf(path, sizeof path, "%s/history.csv", c->output.directory));
  PetscCall(HeatTableCreate(sim->grid->comm, path, columns.n, names,
                            sim->restarted_from[0] ? sim->clock.step : -1, &sim->history.table));
  PetscCall(PetscFree(names));
  PetscCall(PetscFree(columns.names));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool HeatHistoryIsDue(const HeatSimulation *sim, const HeatClock *clock)
{
  const HeatHistory *h = &sim->history;

  if (HeatClockIsDue(clock, HEAT_EVENT_HISTORY)) return PETSC_TRUE;
  if (h->every > 0) return clock->step % h->every == 0 ? PETSC_TRUE : PETSC_FALSE;
  return h->width > 0.0 && HeatClockPassed(clock, h->width) ? PETSC_TRUE : PETSC_FALSE;
}

/* Rows. */

/* Numbers of the fixed columns behind the step, and the exchange; returns how many. */
static PetscErrorCode FixedNumbers(HeatSimulation *sim, const PetscReal *T, PetscReal *row,
                                   PetscInt *n)
{
  PetscReal heat[HEAT_FLOWS];

  PetscFunctionBeginUser;
  PetscCall(HeatDiagnosticsFlows(sim->op, T, heat));
  const PetscReal numbers[FIXED - 1] = {sim->clock.time,
                                        sim->clock.last,
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
                                        heat[HEAT_FLOW_SOURCE],
                                        sim->account.relative};

  PetscCall(PetscArraycpy(row, numbers, FIXED - 1));
  *n = FIXED - 1;
  if (sim->c->exchange.coefficient.given) row[(*n)++] = heat[HEAT_FLOW_EXCHANGE];
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SegmentNumbers(HeatSimulation *sim, const PetscReal *T, PetscReal *row,
                                     PetscInt *n)
{
  const HeatCase *c = sim->c;
  PetscReal      *heat;

  PetscFunctionBeginUser;
  if (HeatDiagnosticsSegments(c) == HEAT_SIDES) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(HeatDiagnosticsSegments(c), &heat));
  PetscCall(HeatDiagnosticsSegmentHeat(sim->op, T, heat));
  for (int side = 0; side < HEAT_SIDES; side++) {
    const PetscInt first = HeatDiagnosticsFirstSegment(c, (HeatSide)side);

    for (PetscInt k = 0; k < c->boundary[side].n && c->boundary[side].n > 1; k++)
      row[(*n)++] = heat[first + k];
  }
  PetscCall(PetscFree(heat));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ZoneNumbers(HeatSimulation *sim, const PetscReal *T, PetscReal *row,
                                  PetscInt *n)
{
  HeatSummary *zones;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(HeatZonesCount(sim->zones), &zones));
  PetscCall(HeatZonesSummary(sim->zones, T, zones));
  for (PetscInt k = 0; k < HeatZonesCount(sim->zones); k++) {
    row[(*n)++] = zones[k].min;
    row[(*n)++] = zones[k].mean;
    row[(*n)++] = zones[k].max;
  }
  PetscCall(PetscFree(zones));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHistoryWrite(HeatSimulation *sim, const PetscReal *T)
{
  const HeatCase *c = sim->c;
  PetscReal      *row;
  PetscInt        n = 0;

  PetscFunctionBeginUser;
  PetscCall(HeatSurveyPrepare(sim, T));
  PetscCall(PetscMalloc1(sim->history.n_columns, &row));
  PetscCall(FixedNumbers(sim, T, row, &n));
  PetscCall(SegmentNumbers(sim, T, row, &n));
  PetscCall(HeatDiagnosticsInterfaceHeat(sim->op, T, c->output.n_interfaces, c->output.interfaces,
                                         row + n));
  n += c->output.n_interfaces;
  PetscCall(ZoneNumbers(sim, T, row, &n));
  PetscCheck(n == sim->history.n_columns, PETSC_COMM_SELF, PETSC_ERR_PLIB,
             "history.csv: %" PetscInt_FMT " numbers for %" PetscInt_FMT " columns", n,
             sim->history.n_columns);
  PetscCall(HeatTableAppend(sim->history.table, sim->clock.step, row));
  PetscCall(HeatTableFlush(sim->history.table));
  PetscCall(PetscFree(row));
  PetscFunctionReturn(PETSC_SUCCESS);
}
