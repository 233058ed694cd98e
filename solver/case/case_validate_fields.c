/** Rules for fields and sides: formulas, properties from files, the initial field, sources, the
 *  ambient exchange, and the segments of the sides. */
#include <math.h>
#include <stdio.h>

#include "solver/base/number_text.h"
#include "solver/case/case_validate.h"

static PetscErrorCode ValidateProperties(const HeatValidation *k)
{
  const HeatDataset *p = k->c->properties;

  PetscFunctionBeginUser;
  for (int axis = 0; axis < 2; axis++) {
    const int   of_axis = axis ? HEAT_PROPERTY_CONDUCTIVITY_Y : HEAT_PROPERTY_CONDUCTIVITY_X;
    const char *path    = axis ? "properties.conductivity_y" : "properties.conductivity_x";

    HeatCaseCheckKey(!(p[HEAT_PROPERTY_CONDUCTIVITY].file && p[of_axis].file), k->comm, k->c, path,
                     "given together with properties.conductivity, which is that of both axes; "
                     "give conductivity, or conductivity_x and conductivity_y");
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ValidateExchange(const HeatValidation *k)
{
  const HeatFormula *coefficient = &k->c->exchange.coefficient, *ambient = &k->c->exchange.ambient;

  PetscFunctionBeginUser;
  HeatCaseCheckKey(coefficient->given || !ambient->given, k->comm, k->c, "exchange.coefficient",
                   "missing; an exchange needs it beside ambient");
  HeatCaseCheckKey(ambient->given || !coefficient->given, k->comm, k->c, "exchange.ambient",
                   "missing; an exchange needs it beside coefficient");
  PetscCall(
      HeatValidateFormula(k, "exchange.coefficient", coefficient, HEAT_AT_LEAST_0(HEAT_VAR_XY)));
  PetscCall(
      HeatValidateFormula(k, "exchange.ambient", ambient, HEAT_TEMPERATURE(HEAT_VAR_XY_TIME)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatValidateFields(const HeatValidation *k)
{
  const HeatCase *c = k->c;

  PetscFunctionBeginUser;
  HeatCaseCheckKey(!(c->initial.file && c->initial.temperature.given), k->comm, c,
                   "initial.temperature",
                   "given together with initial.file; the initial temperature has one origin");
  PetscCall(HeatValidateFormula(k, "initial.temperature", &c->initial.temperature,
                                HEAT_TEMPERATURE(HEAT_VAR_XY)));
  PetscCall(HeatValidateFormula(k, "source", &c->source,
                                HEAT_ANY_OF(HEAT_VAR_XY_TIME | HEAT_VAR_TEMPERATURE)));
  PetscCall(ValidateProperties(k));
  PetscCall(ValidateExchange(k));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Sides. */

/* A segment and its place.  s[-1] is the segment before it, where i > 0. */
typedef struct {
  const HeatSegment *s;    /* element i of the side's segments */
  HeatSide           side; /* the side that it belongs to */
  PetscInt           i, n; /* index of the segment, number of segments of the side */
} PlacedSegment;

/* Write the path of a segment's key, "boundary.top.type", or "boundary.top[1].type" if the side has
   several segments.  Returns path, a buffer of HEAT_KEY_PATH characters. */
static const char *SegmentPath(const PlacedSegment *b, const char *key, char *path)
{
  const char *dot = key[0] ? "." : "";

  if (b->n == 1) snprintf(path, HEAT_KEY_PATH, "boundary.%s%s%s", HeatSideNames[b->side], dot, key);
  else
    snprintf(path, HEAT_KEY_PATH, "boundary.%s[%" PetscInt_FMT "]%s%s", HeatSideNames[b->side],
             b->i, dot, key);
  return path;
}

/* Check `to` [m]: a segment ends beyond its beginning and before the end of the side, and the last
   one at the end of the side.  Coordinates that differ by less than HeatCaseRounding count as
   equal. */
static PetscErrorCode ValidateTo(const HeatValidation *k, const PlacedSegment *b)
{
  const PetscReal *extent = b->side == HEAT_LEFT || b->side == HEAT_RIGHT ? k->c->grid.y
                                                                          : k->c->grid.x;
  const PetscReal  to = b->s->to, begin = b->i ? b->s[-1].to : extent[0];
  const PetscReal  rounding = HeatCaseRounding(extent);
  char             path[HEAT_KEY_PATH];

  PetscFunctionBeginUser;
  SegmentPath(b, "to", path);
  if (b->i == b->n - 1) {
    HeatCaseCheckKey(isnan(to) || fabs(to - extent[1]) <= rounding, k->comm, k->c, path,
                     "found %s, but the last segment goes to the end of the side, at %s; remove "
                     "the key, or add a segment behind it",
                     HeatNumber(to), HeatNumber(extent[1]));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  HeatCaseCheckKey(!isnan(to), k->comm, k->c, path,
                   "missing; only the last segment of a side may omit it");
  HeatCaseCheckKey(to > begin + rounding, k->comm, k->c, path,
                   "found %s; it must be greater than %s, where the segment begins", HeatNumber(to),
                   HeatNumber(begin));
  HeatCaseCheckKey(to < extent[1] - rounding, k->comm, k->c, path,
                   "found %s; it must be less than %s, where the side ends and the last segment "
                   "with it",
                   HeatNumber(to), HeatNumber(extent[1]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check that a segment's table covers the run, from 0 to `end` [s], and that the temperatures in it
   are not below the absolute zero.  The first time may exceed 0, and the last one fall below `end`,
   by 1e-9 of `end`, so that a rounded time is accepted.  1e-9 is chosen; a larger tolerance would
   accept tables that begin visibly later or end visibly earlier. */
static PetscErrorCode ValidateTable(const HeatValidation *k, const PlacedSegment *b)
{
  const HeatCase   *c     = k->c;
  const HeatSeries *table = &b->s->table;
  const PetscReal end = c->time.end >= 0.0 ? c->time.end : (PetscReal)c->time.steps * c->time.step;
  char            path[HEAT_KEY_PATH];

  PetscFunctionBeginUser;
  SegmentPath(b, "table", path);
  HeatCaseCheckKey(c->time.scheme != HEAT_SCHEME_STEADY, k->comm, c, path,
                   "depends on the time, and a steady case has none; give a number or an "
                   "expression of x y, or choose another time.scheme");
  HeatCaseCheckKey(c->time.end >= 0.0 || !c->time.step_auto, k->comm, c, path,
                   "must cover the run, whose end is not known in advance with step: auto and "
                   "steps; give time.end");
  HeatCaseCheckKey(
      table->n > 0 && table->t[0] <= end * 1e-9 && table->t[table->n - 1] >= end * (1 - 1e-9),
      k->comm, c, path, "%.200s goes from %s s to %s s; it must cover the run, from 0 s to %s s",
      table->file, HeatNumber(table->n ? table->t[0] : 0.0),
      HeatNumber(table->n ? table->t[table->n - 1] : 0.0), HeatNumber(end));
  for (PetscInt i = 0; i < table->n && b->s->type != HEAT_BC_FLUX; i++) {
    HeatCaseCheckKey(table->value[i] >= k->zero, k->comm, c, path,
                     "%.200s holds %s at %s s; it must be at least %s, the absolute zero: %s",
                     table->file, HeatNumber(table->value[i]), HeatNumber(table->t[i]),
                     HeatNumber(k->zero), k->zero_reason);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check that a segment has the keys of its type and no others, and that its formulas are valid. */
static PetscErrorCode ValidateSegmentKeys(const HeatValidation *k, const PlacedSegment *b)
{
  const HeatSegment     *s      = b->s;
  const HeatBoundaryType type   = s->type;
  const PetscBool        tabled = (PetscBool)(s->table.file != NULL);
  const PetscBool        valued = (PetscBool)(type == HEAT_BC_TEMPERATURE || type == HEAT_BC_FLUX);
  const PetscBool        radiates = (PetscBool)(type == HEAT_BC_RADIATION),
                  convects        = (PetscBool)(type == HEAT_BC_CONVECTION);
  const PetscBool surrounded      = (PetscBool)(radiates || convects);
  const struct {
    const char        *key;
    const HeatFormula *formula;
    PetscBool          has_meaning, or_table;
    HeatFormulaRule    rule;
  } keys[] = {
      {"value", &s->value, valued, PETSC_TRUE,
       type == HEAT_BC_TEMPERATURE ? HEAT_TEMPERATURE(HEAT_VAR_XY_TIME)
                                   : HEAT_ANY_OF(HEAT_VAR_XY_TIME)},
      {"coefficient", &s->coefficient, convects, PETSC_FALSE, HEAT_AT_LEAST_0(HEAT_VAR_XY)},
      {"emissivity", &s->emissivity, radiates, PETSC_FALSE, HEAT_FROM_0_TO_1(HEAT_VAR_XY)},
      {"ambient", &s->ambient, surrounded, PETSC_TRUE, HEAT_TEMPERATURE(HEAT_VAR_XY_TIME)},
  };
  const char *name = HeatBoundaryTypeNames[type];
  char        path[HEAT_KEY_PATH];

  PetscFunctionBeginUser;
  for (size_t i = 0; i < PETSC_STATIC_ARRAY_LENGTH(keys); i++) {
    SegmentPath(b, keys[i].key, path);
    HeatCaseCheckKey(keys[i].has_meaning || !keys[i].formula->given, k->comm, k->c, path,
                     "has no meaning for a side of type %s; remove it or change the type", name);
    HeatCaseCheckKey(!(tabled && keys[i].or_table && keys[i].formula->given), k->comm, k->c, path,
                     "given together with table, which stands in its place; give one of the two");
    HeatCaseCheckKey(!keys[i].has_meaning || keys[i].formula->given || (tabled && keys[i].or_table),
                     k->comm, k->c, path, "missing; a side of type %s needs it%s", name,
                     keys[i].or_table ? ", or table" : "");
    PetscCall(HeatValidateFormula(k, path, keys[i].formula, keys[i].rule));
  }
  HeatCaseCheckKey(!tabled || valued || surrounded, k->comm, k->c, SegmentPath(b, "table", path),
                   "has no meaning for a side of type %s; remove it or change the type", name);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ValidateSegment(const HeatValidation *k, const PlacedSegment *b)
{
  const char *unit = k->c->output.temperature_unit;
  char        path[HEAT_KEY_PATH];

  PetscFunctionBeginUser;
  PetscCall(ValidateTo(k, b));
  HeatCaseCheckKey(b->s->type != HEAT_BC_PERIODIC || b->n == 1, k->comm, k->c,
                   SegmentPath(b, "type", path),
                   "found periodic, which joins whole sides; it must be the only condition of its "
                   "side");
  PetscCall(ValidateSegmentKeys(k, b));
  HeatCaseCheckKey(b->s->type != HEAT_BC_RADIATION || (unit[0] == 'K' && !unit[1]), k->comm, k->c,
                   "output.temperature_unit",
                   "found %.40s, but %s is of type radiation, which needs absolute temperatures: "
                   "give all of them in kelvin and write K",
                   unit, SegmentPath(b, "", path));
  if (b->s->table.file) PetscCall(ValidateTable(k, b));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatValidateBoundary(const HeatValidation *k)
{
  const HeatCase *c = k->c;
  char            path[HEAT_KEY_PATH];

  PetscFunctionBeginUser;
  for (int side = 0; side < HEAT_SIDES; side++) {
    for (PetscInt i = 0; i < c->boundary[side].n; i++) {
      const PlacedSegment b = {&c->boundary[side].segments[i], (HeatSide)side, i,
                               c->boundary[side].n};

      PetscCall(ValidateSegment(k, &b));
    }
  }
  for (int side = 0; side < HEAT_SIDES; side++) {
    const int           opposite = side ^ 1; /* left right, bottom top */
    const HeatBoundary *other    = &c->boundary[opposite];

    snprintf(path, sizeof path, "boundary.%s.type", HeatSideNames[side]);
    HeatCaseCheckKey(
        c->boundary[side].segments[0].type != HEAT_BC_PERIODIC ||
            other->segments[0].type == HEAT_BC_PERIODIC,
        k->comm, c, path, "found periodic, but %s is %s; opposite sides are periodic together",
        HeatSideNames[opposite],
        other->n > 1 ? "cut into segments" : HeatBoundaryTypeNames[other->segments[0].type]);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
