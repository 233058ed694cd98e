/** Rules for materials, contacts and regions.  Lists may be long (65535 materials and regions), so
 *  duplicate names and pairs are found by sorting, not by comparing each with each. */
#include "solver/case/case_validate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "solver/base/number_text.h"
#include "solver/case/polygon.h"

/* Materials. */

/* Check that a number of material i is finite and greater than 0. */
static PetscErrorCode CheckPositive(const HeatValidation *k, PetscInt i, const char *key,
                                    PetscReal value)
{
  char path[HEAT_KEY_PATH];

  PetscFunctionBeginUser;
  snprintf(path, sizeof path, "materials[%" PetscInt_FMT "].%s", i, key);
  HeatCaseCheckKey(isfinite(value) && value > 0.0, k->comm, k->c, path,
                   "found %g; it must be greater than 0", value);
  HeatCaseCheckKey(HeatIsPositive(value), k->comm, k->c, path,
                   "found %g; it must be between %g and %g", value, 1.0 / HEAT_LARGEST,
                   HEAT_LARGEST);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatValidateMaterials(HeatValidation *k)
{
  const HeatCase *c = k->c;
  char            path[HEAT_KEY_PATH];

  PetscFunctionBeginUser;
  HeatCaseCheckKey(c->n_materials >= 1 && c->n_materials <= HEAT_MAX_MATERIALS, k->comm, c,
                   "materials", "found %" PetscInt_FMT " materials; there must be 1 to %d",
                   c->n_materials, HEAT_MAX_MATERIALS);
  PetscCall(HeatNamesCreate(c->n_materials, &k->materials));
  for (PetscInt i = 0; i < c->n_materials; i++) {
    const HeatMaterial *m = &c->materials[i];

    snprintf(path, sizeof path, "materials[%" PetscInt_FMT "].name", i);
    HeatCaseCheckKey(m->name && m->name[0], k->comm, c, path, "a material needs a name");
    PetscCall(HeatValidateName(k, path, m->name));
    snprintf(path, sizeof path, "materials[%" PetscInt_FMT "].conductivity", i);
    for (int axis = 0; axis < 2; axis++) {
      PetscCall(HeatValidateFormula(k, path, &m->conductivity[axis],
                                    HEAT_ABOVE_0(HEAT_VAR_XY | HEAT_VAR_TEMPERATURE)));
    }
    PetscCall(CheckPositive(k, i, "density", m->density));
    PetscCall(CheckPositive(k, i, "specific_heat", m->specific_heat));
    HeatNamesAdd(&k->materials, m->name, i);
  }
  PetscCall(HeatValidateUnique(k, "materials", &k->materials));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Pairs of materials. */

PetscErrorCode HeatValidateContacts(const HeatValidation *k)
{
  const PetscInt n = k->c->n_contacts;
  PetscInt       duplicate, original;
  char           path[HEAT_KEY_PATH];
  HeatPair      *pairs;

  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < n; i++) {
    HeatContact *contact = &k->c->contacts[i];

    snprintf(path, sizeof path, "contacts[%" PetscInt_FMT "].between", i);
    PetscCall(HeatValidatePair(k, path, contact->names, contact->material));
    snprintf(path, sizeof path, "contacts[%" PetscInt_FMT "].resistance", i);
    HeatCaseCheckKey(isfinite(contact->resistance) && contact->resistance >= 0.0, k->comm, k->c,
                     path, "found %g; it must be at least 0", contact->resistance);
  }
  PetscCall(PetscMalloc1(n, &pairs));
  for (PetscInt i = 0; i < n; i++) {
    const PetscInt *m = k->c->contacts[i].material;

    pairs[i] = (HeatPair){{PetscMin(m[0], m[1]), PetscMax(m[0], m[1])}, i};
  }
  HeatFindEqualPair(n, pairs, &duplicate, &original);
  PetscCall(PetscFree(pairs));
  snprintf(path, sizeof path, "contacts[%" PetscInt_FMT "].between", duplicate);
  HeatCaseCheckKey(duplicate < 0, k->comm, k->c, path,
                   "the same two materials as in contacts[%" PetscInt_FMT
                   "]; a pair has one resistance",
                   original);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Regions. */

/* Check that a polygon encloses an area and does not cross itself. */
static PetscErrorCode ValidatePolygon(const HeatValidation *k, const char *path,
                                      const HeatRegion *r)
{
  HeatCrossing crossing;

  PetscFunctionBeginUser;
  HeatCaseCheckKey(r->n_vertices >= 3, k->comm, k->c, path,
                   "found %" PetscInt_FMT "; a polygon has at least 3 vertices", r->n_vertices);
  PetscCall(HeatPolygonCrossing(r->n_vertices, r->vertices, &crossing));
  if (crossing.from[0] >= 0) {
    char edge[2][160];

    for (int e = 0; e < 2; e++) {
      const PetscReal *a = r->vertices[crossing.from[e]], *b = r->vertices[crossing.to[e]];

      snprintf(edge[e], sizeof edge[e],
               "from vertex %" PetscInt_FMT " [%s, %s] to vertex %" PetscInt_FMT " [%s, %s]",
               crossing.from[e], HeatNumber(a[0]), HeatNumber(a[1]), crossing.to[e],
               HeatNumber(b[0]), HeatNumber(b[1]));
    }
    HeatCaseCheckKey(PETSC_FALSE, k->comm, k->c, path,
                     "the polygon crosses itself at [%.6g, %.6g]: the edge %s and the edge %s "
                     "(vertices counted from 0); give the vertices in order along the outline, or "
                     "split the shape into several regions",
                     (double)crossing.at[0], (double)crossing.at[1], edge[0], edge[1]);
  }
  HeatCaseCheckKey(!HeatPolygonIsEmpty(r->n_vertices, r->vertices), k->comm, k->c, path,
                   "the vertices lie on one line, or the outline runs back along itself, so that "
                   "nothing is inside; move a vertex");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check the numbers that describe the shape of region i. */
static PetscErrorCode ValidateShape(const HeatValidation *k, PetscInt i)
{
  const HeatRegion *r = &k->c->regions[i];
  char              path[HEAT_KEY_PATH];

  PetscFunctionBeginUser;
  if (r->shape == HEAT_SHAPE_RECTANGLE) {
    snprintf(path, sizeof path, "regions[%" PetscInt_FMT "].x", i);
    HeatCaseCheckKey(r->x[0] < r->x[1], k->comm, k->c, path,
                     "found [%s, %s]; the first number must be less than the second",
                     HeatNumber(r->x[0]), HeatNumber(r->x[1]));
    snprintf(path, sizeof path, "regions[%" PetscInt_FMT "].y", i);
    HeatCaseCheckKey(r->y[0] < r->y[1], k->comm, k->c, path,
                     "found [%s, %s]; the first number must be less than the second",
                     HeatNumber(r->y[0]), HeatNumber(r->y[1]));
  } else if (r->shape == HEAT_SHAPE_CIRCLE) {
    snprintf(path, sizeof path, "regions[%" PetscInt_FMT "].radius", i);
    HeatCaseCheckKey(r->radius > 0.0, k->comm, k->c, path, "found %g; it must be greater than 0",
                     r->radius);
  } else if (r->shape == HEAT_SHAPE_POLYGON) {
    snprintf(path, sizeof path, "regions[%" PetscInt_FMT "].vertices", i);
    PetscCall(ValidatePolygon(k, path, r));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check region i and set its material index. */
static PetscErrorCode ValidateRegion(const HeatValidation *k, PetscInt i, HeatRegion *r)
{
  const HeatCase *c = k->c;
  char            path[HEAT_KEY_PATH];

  PetscFunctionBeginUser;
  PetscCall(ValidateShape(k, i));
  r->material = -1;
  snprintf(path, sizeof path, "regions[%" PetscInt_FMT "].material", i);
  if (r->material_name) {
    PetscCall(HeatValidateMaterialName(k, path, r->material_name, &r->material));
  } else if (i == 0) {
    HeatCaseCheckKey(
        c->n_materials == 1, k->comm, c, path,
        "missing; the first region covers the domain and must name one of the %" PetscInt_FMT
        " materials",
        c->n_materials);
    r->material = 0;
  }
  snprintf(path, sizeof path, "regions[%" PetscInt_FMT "]", i);
  HeatCaseCheckKey(
      i == 0 || r->name || r->shape == HEAT_SHAPE_MAP || r->material_name || r->temperature.given ||
          HeatRegionHasSource(r),
      k->comm, c, path,
      "paints nothing; give it a material, a temperature, a source or a power, a name for "
      "checks and results, or remove it");
  snprintf(path, sizeof path, "regions[%" PetscInt_FMT "].temperature", i);
  PetscCall(HeatValidateFormula(k, path, &r->temperature, HEAT_TEMPERATURE(HEAT_VAR_XY)));
  snprintf(path, sizeof path, "regions[%" PetscInt_FMT "].source", i);
  PetscCall(HeatValidateFormula(k, path, &r->source,
                                HEAT_ANY_OF(HEAT_VAR_XY_TIME | HEAT_VAR_TEMPERATURE)));
  snprintf(path, sizeof path, "regions[%" PetscInt_FMT "].power", i);
  HeatCaseCheckKey(!r->power.given || !r->source.given, k->comm, c, path,
                   "given together with source; a region releases heat by its volume [W/m3] or in "
                   "all [W/m]: give one of the two");
  PetscCall(HeatValidateFormula(k, path, &r->power, HEAT_ANY_OF(HEAT_VAR_TIME)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatValidateRegions(HeatValidation *k)
{
  HeatCase *c = k->c;
  char      path[HEAT_KEY_PATH];

  PetscFunctionBeginUser;
  HeatCaseCheckKey(c->n_regions >= 1 && c->n_regions <= HEAT_MAX_REGIONS, k->comm, c, "regions",
                   "found %" PetscInt_FMT " regions; there must be 1 to %d", c->n_regions,
                   HEAT_MAX_REGIONS);
  const HeatRegion *first = &c->regions[0];
  HeatCaseCheckKey(first->shape == HEAT_SHAPE_ALL, k->comm, c,
                   first->shape == HEAT_SHAPE_MAP ? "regions[0].file" : "regions[0].shape",
                   "found %s; the first region covers the whole domain: put one without a shape "
                   "before it, e.g. {material: %.40s}",
                   first->shape == HEAT_SHAPE_MAP ? "a map" : HeatShapeNames[first->shape],
                   c->materials[0].name);
  PetscCall(HeatNamesCreate(c->n_regions, &k->regions));
  for (PetscInt i = 0; i < c->n_regions; i++) {
    PetscCall(ValidateRegion(k, i, &c->regions[i]));
    snprintf(path, sizeof path, "regions[%" PetscInt_FMT "].name", i);
    HeatCaseCheckKey(!c->regions[i].name || c->regions[i].name[0], k->comm, c, path,
                     "is empty; give the region a name or remove the key");
    if (c->regions[i].name) PetscCall(HeatValidateName(k, path, c->regions[i].name));
    if (c->regions[i].name) HeatNamesAdd(&k->regions, c->regions[i].name, i);
  }
  PetscCall(HeatValidateUnique(k, "regions", &k->regions));
  PetscFunctionReturn(PETSC_SUCCESS);
}
