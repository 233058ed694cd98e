/** Set-up of the heat sources: the cells where each source and power of the case acts, and which of
 *  the three layers (source.c) it belongs to. */
#include <math.h>
#include <stdio.h>

#include "solver/physics/source_impl.h"

const HeatFormula *HeatSourceFormula(const HeatSource *s, const HeatSourceTerm *term)
{
  const HeatRegion *r = term->region < 0 ? NULL : &s->c->regions[term->region];

  return !r ? &s->c->source : r->power.given ? &r->power : &r->source;
}

/* Append a run to a term; the array doubles as it grows. */
static PetscErrorCode AddRun(HeatSourceTerm *term, PetscInt j, PetscInt begin, PetscInt end)
{
  PetscFunctionBeginUser;
  if (term->n_runs == term->capacity) {
    term->capacity = 2 * term->capacity + 16;
    PetscCall(PetscRealloc((size_t)term->capacity * sizeof(HeatSourceRun), &term->runs));
  }
  term->runs[term->n_runs++] = (HeatSourceRun){j, begin, end};
  term->n_cells += end - begin;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append to a term the runs of own cells whose entry in map[nyl][nxl] is `region`; all own cells
   for map = NULL. */
static PetscErrorCode FindRuns(const HeatGrid *g, const uint16_t *map, uint16_t region,
                               HeatSourceTerm *term)
{
  PetscFunctionBeginUser;
  for (PetscInt j = 0; j < g->nyl; j++) {
    const uint16_t *row = map ? map + (size_t)j * (size_t)g->nxl : NULL;

    for (PetscInt i = 0; i < g->nxl;) {
      PetscInt begin = i;

      if (row) {
        while (begin < g->nxl && row[begin] != region) begin++;
        for (i = begin; i < g->nxl && row[i] == region;) i++;
      } else {
        i = g->nxl;
      }
      if (begin < i) PetscCall(AddRun(term, j, begin, i));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add a source of the case, or the power of a region: to the base layer if it depends on neither t
   nor T, else as a term.
   @param[in]     region  index of the region; -1: the top-level source, in all cells
   @param[in]     map     [nyl][nxl] region whose source or power each cell has
   @param[in,out] fault   notes values that are not finite */
static PetscErrorCode AddFormula(HeatSource *s, PetscInt region, const uint16_t *map,
                                 HeatFault *fault)
{
  const HeatRegion  *r        = region < 0 ? NULL : &s->c->regions[region];
  const PetscBool    power    = (PetscBool)(r && r->power.given);
  const int          all      = HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_TIME | HEAT_VAR_TEMPERATURE;
  HeatSourceTerm     term     = {.region = region, .share = power ? s->power_cells[region] : 0};
  const HeatFormula *f        = HeatSourceFormula(s, &term);
  char               path[64] = "source", message[256];

  PetscFunctionBeginUser;
  if (r)
    (void)snprintf(path, sizeof path, "regions[%" PetscInt_FMT "].%s", region,
                   power ? "power" : "source");
  PetscCall(HeatExpressionCreate(f, power ? HEAT_VAR_TIME : all, &term.expression, message,
                                 sizeof message));
  HeatCaseCheckKey(term.expression, s->grid->comm, s->c, path, "%s", message);
  PetscCall(FindRuns(s->grid, r ? map : NULL, (uint16_t)region, &term));
  const int variables = HeatExpressionVariables(term.expression);

  term.depends_on_T = (variables & HEAT_VAR_TEMPERATURE) ? PETSC_TRUE : PETSC_FALSE;
  term.uniform      = variables == HEAT_VAR_TIME ? PETSC_TRUE : PETSC_FALSE;
  if (term.depends_on_T) s->has_T_terms = PETSC_TRUE;
  else if (variables & HEAT_VAR_TIME) s->has_time_terms = PETSC_TRUE;
  if (variables & (HEAT_VAR_TIME | HEAT_VAR_TEMPERATURE)) {
    s->terms[s->n_terms++] = term;
  } else {
    PetscCall(HeatSourceAddTerm(s, &term, (HeatMoment){0.0, 0.0}, s->base, fault));
    PetscCall(HeatExpressionDestroy(&term.expression));
    PetscCall(PetscFree(term.runs));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Count the cells of all ranks that carry the power of each region, where some region has one.
   Collective.
   @param[in] map  [nyl][nxl] region whose source or power each cell has */
static PetscErrorCode CountPowerCells(HeatSource *s, const uint16_t *map)
{
  const HeatCase *c    = s->c;
  PetscBool       some = PETSC_FALSE;

  PetscFunctionBeginUser;
  for (PetscInt r = 0; r < c->n_regions; r++) some = (PetscBool)(some || c->regions[r].power.given);
  if (!some) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscCalloc1(c->n_regions, &s->power_cells));
  for (size_t cell = 0; cell < HeatGridLocalCells(s->grid); cell++) {
    if (map[cell] != HEAT_NO_REGION && c->regions[map[cell]].power.given)
      s->power_cells[map[cell]]++;
  }
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, s->power_cells, (PetscMPIInt)c->n_regions, MPIU_INT64,
                             MPI_SUM, s->grid->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Raise HEAT_ERR_INPUT about the first region whose power no cell carries, unless the case allows
   it.  Collective. */
static PetscErrorCode CheckPowerCells(const HeatSource *s)
{
  const HeatCase *c = s->c;

  PetscFunctionBeginUser;
  for (PetscInt r = 0; r < c->n_regions; r++) {
    char path[64];

    if (!c->regions[r].power.given || s->power_cells[r] > 0) continue;
    (void)snprintf(path, sizeof path, "regions[%" PetscInt_FMT "].power", r);
    HeatCaseCheckKey(
        c->solver.empty_regions == HEAT_EMPTY_ALLOW, s->grid->comm, c, path,
        "no cell carries it: all cells of the region have the source or power of later "
        "regions; leave some of them free, move the region behind the others, or write "
        "solver.empty_regions: allow to run without this power");
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add the sources and powers of the regions, each in the cells where no later region gives one.
   Collective. */
static PetscErrorCode AddRegions(HeatSource *s, const HeatCellInputs *inputs, HeatFault *fault)
{
  const HeatCase *c = s->c;
  uint16_t       *map;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(HeatGridLocalCells(s->grid), &map));
  PetscCall(HeatPaintSources(s->grid, c, inputs, map));
  PetscCall(CountPowerCells(s, map));
  PetscCall(CheckPowerCells(s));
  for (PetscInt r = 0; r < c->n_regions; r++) {
    const PetscBool lost = (PetscBool)(c->regions[r].power.given && s->power_cells[r] == 0);

    if (HeatRegionHasSource(&c->regions[r]) && !lost) PetscCall(AddFormula(s, r, map, fault));
  }
  PetscCall(PetscFree(map));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether the case gives a source or a power anywhere. */
static PetscBool HasSource(const HeatCase *c)
{
  for (PetscInt r = 0; r < c->n_regions; r++)
    if (HeatRegionHasSource(&c->regions[r])) return PETSC_TRUE;
  return c->source.given;
}

PetscErrorCode HeatSourceCreate(const HeatGrid *g, const HeatCase *c, const HeatCellInputs *inputs,
                                HeatSource **source)
{
  HeatSource  *s;
  HeatFault    fault = {0};
  const size_t n     = HeatGridLocalCells(g);

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&s));
  *source = s;
  s->grid = g;
  s->c    = c;
  if (!HasSource(c)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscCalloc1(n, &s->base));
  PetscCall(PetscCalloc1(c->n_regions + 1, &s->terms));
  PetscCall(PetscMalloc3(g->nxl, &s->x, g->nxl, &s->y, g->nxl, &s->value));
  for (PetscInt i = 0; i < g->nxl; i++) s->x[i] = HeatGridX(g, g->xs + i);
  if (c->source.given) PetscCall(AddFormula(s, -1, NULL, &fault));
  PetscCall(AddRegions(s, inputs, &fault));
  s->timed = s->base;
  if (s->has_time_terms) {
    PetscCall(PetscMalloc1(n, &s->timed));
    for (PetscInt k = 0; k < s->n_terms; k++)
      s->terms[k].value = s->terms[k].time =
          NAN; /* unequal to all, so the first SetTime sees a change */
    PetscCall(HeatSourceSplitTerms(s, &fault));
  }
  s->cells = s->timed;
  if (s->has_T_terms) {
    PetscCall(PetscCalloc1(n, &s->cells));
    PetscCall(PetscCalloc1(n, &s->slope));
    PetscCall(PetscMalloc1(g->nxl, &s->slopes));
  }
  PetscCall(HeatSourceSetTime(s, (HeatMoment){0.0, 0.0}, &fault));
  if (s->has_T_terms) PetscCall(PetscArraycpy(s->cells, s->timed, n));
  if (!s->factored) HeatSourceSumCells(s);
  PetscCall(HeatFaultRaise(g->comm, c, HEAT_ERR_INPUT, "", &fault));
  PetscFunctionReturn(PETSC_SUCCESS);
}
