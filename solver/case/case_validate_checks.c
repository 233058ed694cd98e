/** Rules for the list `check`: each check has the keys that its quantity needs and no others, and
 *  the places, segments, materials and regions that it names exist. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "solver/case/case_validate.h"

/* Keys of a check, as bits. */
enum {
  HAS_AT      = 1,
  HAS_EXACT   = 2,
  HAS_WEIGHT  = 4,
  HAS_SIDE    = 8,  /* side, with segment if wanted; or between */
  HAS_VALUE   = 16, /* value, with tolerance or relative */
  HAS_BELOW   = 32,
  HAS_REGION  = 64,
  IS_OPTIONAL = HAS_WEIGHT | HAS_REGION
};

/* Return the keys of a check of a quantity.  All are required except those of IS_OPTIONAL. */
static int CheckKeys(HeatCheckQuantity quantity)
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
  return HAS_REGION | HAS_VALUE;
}

/* Check that check i has the keys of its quantity and no others. */
static PetscErrorCode ValidateCheckKeys(const HeatValidation *k, PetscInt i)
{
  const HeatCaseCheck *q       = &k->c->checks[i];
  const char          *name    = HeatCheckQuantityNames[q->quantity];
  const int            allowed = CheckKeys(q->quantity), needed = allowed & ~IS_OPTIONAL;
  const int            flows = allowed & HAS_SIDE, bound = allowed & HAS_VALUE;
  const PetscBool      between = (PetscBool)(q->between.names[0] != NULL);
  const struct {
    const char *key;
    int         needed, allowed;
    PetscBool   given;
  } keys[] = {
      {"at", needed & HAS_AT, allowed & HAS_AT, (PetscBool)!isnan(q->at[0])},
      {"exact", needed & HAS_EXACT, allowed & HAS_EXACT, q->exact.given},
      {"weight", 0, allowed & HAS_WEIGHT, (PetscBool)(q->weight != HEAT_WEIGHT_NONE)},
      {"between", 0, flows, between},
      {"side", flows && !between, flows && !between, (PetscBool)(q->side != HEAT_SIDES)},
      {"segment", 0, flows && !between, (PetscBool)(q->segment >= 0)},
      {"region", 0, allowed & HAS_REGION, (PetscBool)(q->region_name != NULL)},
      {"value", bound, bound, (PetscBool)!isnan(q->value)},
      {"tolerance", 0, bound, (PetscBool)(q->tolerance >= 0.0)},
      {"relative", 0, bound, (PetscBool)(q->relative >= 0.0)},
      {"below", needed & HAS_BELOW, allowed & HAS_BELOW, (PetscBool)(q->below >= 0.0)},
  };
  const char *both = flows && between ? " between materials" : "";
  char        path[HEAT_KEY_PATH];

  PetscFunctionBeginUser;
  for (size_t j = 0; j < PETSC_STATIC_ARRAY_LENGTH(keys); j++) {
    snprintf(path, sizeof path, "check[%" PetscInt_FMT "].%s", i, keys[j].key);
    HeatCaseCheckKey(keys[j].given || !keys[j].needed, k->comm, k->c, path,
                     "missing; a check of %s needs it%s", name,
                     strcmp(keys[j].key, "side") == 0 ? ", or between" : "");
    HeatCaseCheckKey(!keys[j].given || keys[j].allowed, k->comm, k->c, path,
                     "has no meaning for a check of %s%s; remove it", name, both);
  }
  snprintf(path, sizeof path, "check[%" PetscInt_FMT "]", i);
  HeatCaseCheckKey(!bound || (q->tolerance >= 0.0) != (q->relative >= 0.0), k->comm, k->c, path,
                   "a check of %s needs exactly one of tolerance and relative", name);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check that what check i names exists: its point, segment, materials and region.  Set its
   indices. */
static PetscErrorCode ValidateCheckNames(const HeatValidation *k, PetscInt i)
{
  HeatCaseCheck *q = &k->c->checks[i];
  char           path[HEAT_KEY_PATH], known[300];

  PetscFunctionBeginUser;
  snprintf(path, sizeof path, "check[%" PetscInt_FMT "].at", i);
  if (q->quantity == HEAT_CHECK_TEMPERATURE) PetscCall(HeatValidatePlace(k, path, q->at));
  snprintf(path, sizeof path, "check[%" PetscInt_FMT "].segment", i);
  HeatCaseCheckKey(q->segment < 0 || q->segment < k->c->boundary[q->side].n, k->comm, k->c, path,
                   "found %" PetscInt_FMT ", but boundary.%s has %" PetscInt_FMT
                   " segments, counted from 0",
                   q->segment, HeatSideNames[q->side], k->c->boundary[q->side].n);
  snprintf(path, sizeof path, "check[%" PetscInt_FMT "].between", i);
  if (q->between.names[0])
    PetscCall(HeatValidatePair(k, path, q->between.names, q->between.material));
  q->region = -1;
  if (!q->region_name) PetscFunctionReturn(PETSC_SUCCESS);
  snprintf(path, sizeof path, "check[%" PetscInt_FMT "].region", i);
  q->region = HeatNamesFind(&k->regions, q->region_name);
  HeatCaseCheckKey(q->region >= 0 || k->regions.n > 0, k->comm, k->c, path,
                   "no region has a name; give the one that is meant the key name: %.60s",
                   q->region_name);
  HeatCaseCheckKey(q->region >= 0, k->comm, k->c, path,
                   "no region is called '%.60s'; the regions with a name are: %s", q->region_name,
                   HeatNamesList(&k->regions, known, sizeof known));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatValidateChecks(const HeatValidation *k)
{
  char path[HEAT_KEY_PATH];

  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < k->c->n_checks; i++) {
    const HeatCaseCheck *q = &k->c->checks[i];

    PetscCall(ValidateCheckKeys(k, i));
    PetscCall(ValidateCheckNames(k, i));
    snprintf(path, sizeof path, "check[%" PetscInt_FMT "].exact", i);
    PetscCall(HeatValidateFormula(k, path, &q->exact, HEAT_ANY_OF(HEAT_VAR_XY_TIME)));
    snprintf(path, sizeof path, "check[%" PetscInt_FMT "].relative", i);
    HeatCaseCheckKey(!(q->relative >= 0.0 && q->value == 0.0), k->comm, k->c, path,
                     "relative to the value 0 nothing passes; use tolerance");
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
