/* What makes the lists of a case valid: materials, regions, probes, checks.  Lists may be long
 * (65535 materials and regions), so names are compared and looked up in sorted order. */
#include "solver/case_validate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "solver/expression.h"

enum { PATH = 128 };

/* Names. */

typedef struct {
  const char *name;
  PetscInt    index;
} Name;

static int CompareNames(const void *a, const void *b)
{
  const Name *p = a, *q = b;
  const int   order = strcmp(p->name, q->name);

  return order ? order : (p->index > q->index) - (p->index < q->index);
}

/* Sorts; *again is the first entry (in the user's order) whose name came before, or -1. */
static void SortNames(Name *names, PetscInt n, PetscInt *again, PetscInt *before)
{
  *again = *before = -1;
  if (n > 0) qsort(names, (size_t)n, sizeof *names, CompareNames);
  for (PetscInt i = 1; i < n; i++) {
    if (strcmp(names[i - 1].name, names[i].name) == 0 && (*again < 0 || names[i].index < *again)) {
      *again  = names[i].index;
      *before = names[i - 1].index;
    }
  }
}

static PetscInt FindName(const Name *names, PetscInt n, const char *name)
{
  PetscInt low = 0, high = n;

  while (low < high) {
    const PetscInt middle = low + (high - low) / 2;

    if (strcmp(names[middle].name, name) < 0) low = middle + 1;
    else high = middle;
  }
  return low < n && strcmp(names[low].name, name) == 0 ? names[low].index : -1;
}

/* Materials and regions. */

static PetscErrorCode CheckPositive(HeatValidation k, PetscInt i, const char *key, PetscReal value)
{
  char path[PATH];

  PetscFunctionBeginUser;
  snprintf(path, sizeof path, "materials[%" FIX "].%s", i, key);
  HeatCaseCheckKey(isfinite(value) && value > 0.0, k.comm, k.c, path,
                   "found %g; it must be greater than 0", value);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ValidateMaterials(HeatValidation k, Name *names)
{
  const HeatCase *c = k.c;
  PetscInt        again, before;
  char            path[PATH];

  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < c->n_materials; i++) {
    const HeatMaterial *m = &c->materials[i];

    snprintf(path, sizeof path, "materials[%" FIX "].name", i);
    HeatCaseCheckKey(m->name && m->name[0], k.comm, c, path, "a material needs a name");
    PetscCall(CheckPositive(k, i, "conductivity",
                            PetscMin(m->conductivity[0].value, m->conductivity[1].value)));
    PetscCall(CheckPositive(k, i, "conductivity",
                            PetscMax(m->conductivity[0].value, m->conductivity[1].value)));
    PetscCall(CheckPositive(k, i, "density", m->density));
    PetscCall(CheckPositive(k, i, "specific_heat", m->specific_heat));
    names[i] = (Name){m->name, i};
  }
  SortNames(names, c->n_materials, &again, &before);
  snprintf(path, sizeof path, "materials[%" FIX "].name", again);
  HeatCaseCheckKey(again < 0, k.comm, c, path,
                   "'%.60s' is already the name of materials[%" FIX "]; names must differ",
                   c->materials[again].name, before);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* "steel, ply, ..." for a message. */
static void ListMaterials(const HeatCase *c, char *out, size_t size)
{
  size_t used = 0;

  out[0] = '\0';
  for (PetscInt i = 0; i < c->n_materials && used + 48 < size; i++) {
    used += (size_t)snprintf(out + used, size - used, "%s%.40s", i ? ", " : "",
                             c->materials[i].name);
    if (used + 48 >= size && i + 1 < c->n_materials) snprintf(out + used, size - used, ", ...");
  }
}

/* Every vertex within rounding of the line from the first to the farthest: nothing inside. */
static PetscBool IsDegenerate(PetscInt n, PetscReal (*v)[2])
{
  PetscReal dx = 0.0, dy = 0.0, off = 0.0;

  for (PetscInt i = 1; i < n; i++) {
    if (hypot(v[i][0] - v[0][0], v[i][1] - v[0][1]) > hypot(dx, dy)) {
      dx = v[i][0] - v[0][0];
      dy = v[i][1] - v[0][1];
    }
  }
  for (PetscInt i = 1; i < n; i++) {
    off = PetscMax(off, fabs((v[i][0] - v[0][0]) * dy - (v[i][1] - v[0][1]) * dx));
  }
  return (PetscBool)(!(off > 1e-13 * (dx * dx + dy * dy)));
}

static PetscErrorCode ValidateShape(HeatValidation k, PetscInt i)
{
  const HeatRegion *r = &k.c->regions[i];
  char              path[PATH];

  PetscFunctionBeginUser;
  if (r->shape == HEAT_SHAPE_RECTANGLE) {
    snprintf(path, sizeof path, "regions[%" FIX "].x", i);
    HeatCaseCheckKey(r->x[0] < r->x[1], k.comm, k.c, path,
                     "found [%g, %g]; the first number must be less than the second", r->x[0],
                     r->x[1]);
    snprintf(path, sizeof path, "regions[%" FIX "].y", i);
    HeatCaseCheckKey(r->y[0] < r->y[1], k.comm, k.c, path,
                     "found [%g, %g]; the first number must be less than the second", r->y[0],
                     r->y[1]);
  } else if (r->shape == HEAT_SHAPE_CIRCLE) {
    snprintf(path, sizeof path, "regions[%" FIX "].radius", i);
    HeatCaseCheckKey(r->radius > 0.0, k.comm, k.c, path, "found %g; it must be greater than 0",
                     r->radius);
  } else if (r->shape == HEAT_SHAPE_POLYGON) {
    snprintf(path, sizeof path, "regions[%" FIX "].vertices", i);
    HeatCaseCheckKey(r->n_vertices >= 3, k.comm, k.c, path,
                     "found %" FIX "; a polygon has at least 3 vertices", r->n_vertices);
    HeatCaseCheckKey(!IsDegenerate(r->n_vertices, r->vertices), k.comm, k.c, path,
                     "the vertices lie on one line, so that nothing is inside; move one off it");
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ValidateRegion(HeatValidation k, PetscInt i, HeatRegion *r, const Name *names)
{
  const HeatCase *c = k.c;
  char            path[PATH], known[300];

  PetscFunctionBeginUser;
  PetscCall(ValidateShape(k, i));
  r->material = -1;
  snprintf(path, sizeof path, "regions[%" FIX "].material", i);
  if (r->material_name) {
    r->material = FindName(names, c->n_materials, r->material_name);
    if (r->material < 0) ListMaterials(c, known, sizeof known);
    HeatCaseCheckKey(r->material >= 0, k.comm, c, path,
                     "no material is called '%.60s'; the materials are: %s", r->material_name,
                     known);
  } else if (i == 0) {
    HeatCaseCheckKey(c->n_materials == 1, k.comm, c, path,
                     "missing; the first region covers the domain and must name one of the %" FIX
                     " materials",
                     c->n_materials);
    r->material = 0;
  }
  snprintf(path, sizeof path, "regions[%" FIX "]", i);
  HeatCaseCheckKey(i == 0 || r->material_name || r->temperature.given || r->source.given, k.comm, c,
                   path,
                   "paints nothing; give it a material, a temperature or a source, or remove it");
  snprintf(path, sizeof path, "regions[%" FIX "].temperature", i);
  PetscCall(
      HeatValidateFormula(k, path, &r->temperature, HEAT_VAR_X | HEAT_VAR_Y, PETSC_NINFINITY));
  snprintf(path, sizeof path, "regions[%" FIX "].source", i);
  PetscCall(HeatValidateFormula(k, path, &r->source, HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_T,
                                PETSC_NINFINITY));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ValidatePaint(HeatValidation k, HeatCase *c, Name *names)
{
  PetscFunctionBeginUser;
  PetscCall(ValidateMaterials(k, names));
  HeatCaseCheckKey(
      c->regions[0].shape == HEAT_SHAPE_ALL, k.comm, c, "regions[0].shape",
      "found %s; the first region covers the whole domain: put one without a shape before it, "
      "e.g. {material: %.40s}",
      HeatShapeNames[c->regions[0].shape], c->materials[0].name);
  for (PetscInt i = 0; i < c->n_regions; i++)
    PetscCall(ValidateRegion(k, i, &c->regions[i], names));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatValidateMaterialsAndRegions(HeatValidation k, HeatCase *c)
{
  Name          *names;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  HeatCaseCheckKey(c->n_materials >= 1 && c->n_materials <= HEAT_MAX_MATERIALS, k.comm, c,
                   "materials", "found %" FIX " materials; there must be 1 to %d", c->n_materials,
                   HEAT_MAX_MATERIALS);
  HeatCaseCheckKey(c->n_regions >= 1 && c->n_regions <= HEAT_MAX_REGIONS, k.comm, c, "regions",
                   "found %" FIX " regions; there must be 1 to %d", c->n_regions, HEAT_MAX_REGIONS);
  PetscCall(PetscMalloc1(c->n_materials, &names));
  code = ValidatePaint(k, c, names);
  PetscCall(PetscFree(names));
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Probes. */

static PetscErrorCode CheckInside(HeatValidation k, const char *path, const PetscReal at[2])
{
  const HeatCase *c = k.c;

  PetscFunctionBeginUser;
  HeatCaseCheckKey(at[0] >= c->grid.x[0] && at[0] <= c->grid.x[1] && at[1] >= c->grid.y[0] &&
                       at[1] <= c->grid.y[1],
                   k.comm, c, path,
                   "found [%g, %g], which is outside the domain [%g, %g] x [%g, %g]", at[0], at[1],
                   c->grid.x[0], c->grid.x[1], c->grid.y[0], c->grid.y[1]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A probe's name heads a column of probes.csv, after those of the step and the time. */
static PetscErrorCode CheckProbeName(HeatValidation k, const char *path, const char *name)
{
  PetscFunctionBeginUser;
  HeatCaseCheckKey(name && name[0], k.comm, k.c, path, "a probe needs a name");
  for (const char *s = name; *s; s++) {
    HeatCaseCheckKey(
        *s != ',' && *s != '"' && (unsigned char)*s >= ' ', k.comm, k.c, path,
        "'%.60s' holds a comma, a quote or a control character; the name heads a column of "
        "probes.csv: use letters, digits, _ and -",
        name);
  }
  HeatCaseCheckKey(strcmp(name, "step") != 0 && strcmp(name, "time") != 0, k.comm, k.c, path,
                   "'%s' is the name of another column of probes.csv; choose another", name);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatValidateProbes(HeatValidation k)
{
  const HeatCase *c = k.c;
  const PetscInt  n = c->output.n_probes;
  PetscInt        again, before;
  Name           *names;
  char            path[PATH];

  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < n; i++) {
    snprintf(path, sizeof path, "output.probes[%" FIX "].name", i);
    PetscCall(CheckProbeName(k, path, c->output.probes[i].name));
    snprintf(path, sizeof path, "output.probes[%" FIX "].at", i);
    PetscCall(CheckInside(k, path, c->output.probes[i].at));
  }
  PetscCall(PetscMalloc1(n, &names));
  for (PetscInt i = 0; i < n; i++) names[i] = (Name){c->output.probes[i].name, i};
  SortNames(names, n, &again, &before);
  PetscCall(PetscFree(names));
  snprintf(path, sizeof path, "output.probes[%" FIX "].name", again);
  HeatCaseCheckKey(again < 0, k.comm, c, path,
                   "'%.60s' is already the name of output.probes[%" FIX "]; names must differ",
                   c->output.probes[again].name, before);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Checks. */

enum { HAS_AT = 1, HAS_EXACT = 2, HAS_WEIGHT = 4, HAS_SIDE = 8, HAS_VALUE = 16, HAS_BELOW = 32 };

/* What each quantity needs (weight, which has a default, is only allowed); a value comes with a
   tolerance or a relative one. */
static int CheckNeeds(HeatCheckQuantity quantity)
{
  switch (quantity) {
  case HEAT_CHECK_TEMPERATURE: return HAS_AT | HAS_VALUE;
  case HEAT_CHECK_ERROR_L2:
  case HEAT_CHECK_ERROR_MAX: return HAS_EXACT | HAS_BELOW;
  case HEAT_CHECK_INTEGRAL: return HAS_WEIGHT | HAS_VALUE;
  case HEAT_CHECK_HEAT_FLOW: return HAS_SIDE | HAS_VALUE;
  case HEAT_CHECK_ENERGY_BALANCE: return HAS_BELOW;
  case HEAT_CHECK_MINIMUM:
  case HEAT_CHECK_MAXIMUM:
  case HEAT_CHECK_MEAN: break;
  }
  return HAS_VALUE;
}

static PetscErrorCode ValidateCheckKeys(HeatValidation k, PetscInt i)
{
  const HeatCaseCheck *q     = &k.c->checks[i];
  const char          *name  = HeatCheckQuantityNames[q->quantity];
  const int            needs = CheckNeeds(q->quantity);
  const int            bound = needs & HAS_VALUE;
  const struct {
    const char *key;
    int         needed, allowed;
    PetscBool   given;
  } keys[] = {
      {"at", needs & HAS_AT, needs & HAS_AT, (PetscBool)!isnan(q->at[0])},
      {"exact", needs & HAS_EXACT, needs & HAS_EXACT, q->exact.given},
      {"weight", 0, needs & HAS_WEIGHT, (PetscBool)(q->weight != HEAT_WEIGHT_NONE)},
      {"side", needs & HAS_SIDE, needs & HAS_SIDE, (PetscBool)(q->side != HEAT_SIDES)},
      {"value", bound, bound, (PetscBool)!isnan(q->value)},
      {"tolerance", 0, bound, (PetscBool)(q->tolerance >= 0.0)},
      {"relative", 0, bound, (PetscBool)(q->relative >= 0.0)},
      {"below", needs & HAS_BELOW, needs & HAS_BELOW, (PetscBool)(q->below >= 0.0)},
  };
  char path[PATH];

  PetscFunctionBeginUser;
  for (size_t j = 0; j < PETSC_STATIC_ARRAY_LENGTH(keys); j++) {
    snprintf(path, sizeof path, "check[%" FIX "].%s", i, keys[j].key);
    HeatCaseCheckKey(keys[j].given || !keys[j].needed, k.comm, k.c, path,
                     "missing; a check of %s needs it", name);
    HeatCaseCheckKey(!keys[j].given || keys[j].allowed, k.comm, k.c, path,
                     "has no meaning for a check of %s; remove it", name);
  }
  snprintf(path, sizeof path, "check[%" FIX "]", i);
  HeatCaseCheckKey(!bound || (q->tolerance >= 0.0) != (q->relative >= 0.0), k.comm, k.c, path,
                   "a check of %s needs exactly one of tolerance and relative", name);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatValidateChecks(HeatValidation k)
{
  char path[PATH];

  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < k.c->n_checks; i++) {
    const HeatCaseCheck *q = &k.c->checks[i];

    PetscCall(ValidateCheckKeys(k, i));
    snprintf(path, sizeof path, "check[%" FIX "].at", i);
    if (q->quantity == HEAT_CHECK_TEMPERATURE) PetscCall(CheckInside(k, path, q->at));
    snprintf(path, sizeof path, "check[%" FIX "].exact", i);
    PetscCall(HeatValidateFormula(k, path, &q->exact, HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_T,
                                  PETSC_NINFINITY));
    snprintf(path, sizeof path, "check[%" FIX "].relative", i);
    HeatCaseCheckKey(!(q->relative >= 0.0 && q->value == 0.0), k.comm, k.c, path,
                     "relative to the value 0 nothing passes; use tolerance");
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
