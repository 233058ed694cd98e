/** Rules that several parts of HeatCaseValidate share (case_validate_rules.h describes them).  A
 *  message gives what was found, the rule, and a remedy. */
#include "solver/case/case_validate_rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "solver/base/number_text.h"
#include "solver/base/printable.h"

PetscErrorCode HeatValidateFormula(const HeatValidation *k, const char *path, const HeatFormula *f,
                                   HeatFormulaRule rule)
{
  HeatExpression *e;
  char            message[700];
  int             variables;
  PetscReal       value = 0.0;

  PetscFunctionBeginUser;
  if (!f->given) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatExpressionCreate(f, rule.variables, &e, message, sizeof message));
  HeatCaseCheckKey(e, k->comm, k->c, path, "%s", message);
  variables = HeatExpressionVariables(e);
  if (!variables) PetscCall(HeatExpressionAt(e, 0.0, 0.0, 0.0, &value));
  PetscCall(HeatExpressionDestroy(&e));
  HeatCaseCheckKey(!(variables & HEAT_VAR_TIME && k->c->time.scheme == HEAT_SCHEME_STEADY), k->comm,
                   k->c, path,
                   "depends on the time t, and a steady case has none; write it without t, or "
                   "choose another time.scheme");
  if (variables) PetscFunctionReturn(PETSC_SUCCESS);
  HeatCaseCheckKey(isfinite(value), k->comm, k->c, path, "its value is %g; it must be finite",
                   value);
  HeatCaseCheckKey(HeatIsNumber(value), k->comm, k->c, path,
                   "found %g; its magnitude must be at most %g", value, HEAT_LARGEST);
  HeatCaseCheckKey(!rule.temperature || value >= k->zero, k->comm, k->c, path,
                   "found %s; it must be at least %s, the absolute zero: %s", HeatNumber(value),
                   HeatNumber(k->zero), k->zero_reason);
  HeatCaseCheckKey(!rule.positive || value > 0.0, k->comm, k->c, path,
                   "found %g; it must be greater than 0", value);
  HeatCaseCheckKey(!rule.positive || HeatIsPositive(value), k->comm, k->c, path,
                   "found %g; it must be at least %g", value, 1.0 / HEAT_LARGEST);
  HeatCaseCheckKey(rule.most == PETSC_INFINITY || (value >= rule.least && value <= rule.most),
                   k->comm, k->c, path, "found %s; it must be between %s and %s", HeatNumber(value),
                   HeatNumber(rule.least), HeatNumber(rule.most));
  HeatCaseCheckKey(value >= rule.least, k->comm, k->c, path, "found %s; it must be at least %s",
                   HeatNumber(value), HeatNumber(rule.least));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatValidateUnique(const HeatValidation *k, const char *list, HeatNames *names)
{
  PetscInt duplicate, original;
  char     path[HEAT_KEY_PATH];

  PetscFunctionBeginUser;
  HeatNamesSort(names, &duplicate, &original);
  if (duplicate < 0) PetscFunctionReturn(PETSC_SUCCESS);
  snprintf(path, sizeof path, "%s[%" PetscInt_FMT "].name", list, duplicate);
  for (PetscInt i = 0; i < names->n; i++) {
    HeatCaseCheckKey(names->names[i].index != duplicate, k->comm, k->c, path,
                     "'%.60s' is already the name of %s[%" PetscInt_FMT "]; names must differ",
                     names->names[i].name, list, original);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatValidateMaterialName(const HeatValidation *k, const char *path, const char *name,
                                        PetscInt *material)
{
  char known[300];

  PetscFunctionBeginUser;
  *material = HeatNamesFind(&k->materials, name);
  HeatCaseCheckKey(*material >= 0, k->comm, k->c, path,
                   "no material is called '%.60s'; the materials are: %s", name,
                   HeatNamesList(&k->materials, known, sizeof known));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatValidatePair(const HeatValidation *k, const char *path, char *const names[2],
                                PetscInt material[2])
{
  PetscFunctionBeginUser;
  for (int i = 0; i < 2; i++) PetscCall(HeatValidateMaterialName(k, path, names[i], &material[i]));
  HeatCaseCheckKey(material[0] != material[1], k->comm, k->c, path,
                   "found '%.60s' twice; name two different materials", names[0]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static int ComparePairs(const void *a, const void *b)
{
  const HeatPair *p = a, *q = b;

  for (int k = 0; k < 2; k++)
    if (p->material[k] != q->material[k]) return p->material[k] < q->material[k] ? -1 : 1;
  return (p->index > q->index) - (p->index < q->index);
}

void HeatFindEqualPair(PetscInt n, HeatPair *pairs, PetscInt *duplicate, PetscInt *original)
{
  *duplicate = *original = -1;
  if (n > 0) qsort(pairs, (size_t)n, sizeof *pairs, ComparePairs);
  for (PetscInt i = 1; i < n; i++) {
    if (pairs[i - 1].material[0] != pairs[i].material[0] ||
        pairs[i - 1].material[1] != pairs[i].material[1])
      continue;
    *original  = pairs[i - 1].index;
    *duplicate = pairs[i].index;
    return;
  }
}

PetscErrorCode HeatValidateName(const HeatValidation *k, const char *path, const char *name)
{
  const size_t         length = strlen(name);
  const unsigned char *bytes  = (const unsigned char *)name;

  PetscFunctionBeginUser;
  for (size_t i = 0; i < length; i++) {
    /* UTF-8 writes U+0080 to U+00BF as the byte 0xc2 and a second byte equal to the code point. */
    const unsigned char second = bytes[i] == 0xc2 ? bytes[i + 1] : 0xff;

    HeatCaseCheckKey(second >= 0xa0, k->comm, k->c, path,
                     "holds the control character U+%04X in place %zu; names appear in tables and "
                     "messages: leave it out",
                     second, i + 1);
    HeatCaseCheckKey(!HeatPrintableReorders(name + i), k->comm, k->c, path,
                     "holds a character in place %zu that changes the order or the line of what "
                     "follows (U+2028 to U+202E, U+2066 to U+2069); names appear in tables and "
                     "messages: leave it out",
                     i + 1);
    HeatCaseCheckKey(bytes[i] >= ' ' && bytes[i] != 127, k->comm, k->c, path,
                     "holds the control character 0x%02x in place %zu (a line end or tab?); names "
                     "appear in tables and messages: leave it out",
                     bytes[i], i + 1);
  }
  HeatCaseCheckKey(length == 0 || (name[0] != ' ' && name[length - 1] != ' '), k->comm, k->c, path,
                   "'%.60s' begins or ends with a blank; leave it out", name);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatValidatePlace(const HeatValidation *k, const char *path, PetscReal at[2])
{
  const HeatCase  *c         = k->c;
  const PetscReal *extent[2] = {c->grid.x, c->grid.y};
  PetscBool        inside    = PETSC_TRUE;

  PetscFunctionBeginUser;
  for (int axis = 0; axis < 2; axis++) {
    const PetscReal low = extent[axis][0], high = extent[axis][1];
    const PetscReal rounding = HeatCaseRounding(extent[axis]);

    if (!(at[axis] >= low - rounding && at[axis] <= high + rounding)) inside = PETSC_FALSE;
  }
  HeatCaseCheckKey(inside, k->comm, c, path,
                   "found [%s, %s], which is outside the domain [%s, %s] x [%s, %s]",
                   HeatNumber(at[0]), HeatNumber(at[1]), HeatNumber(c->grid.x[0]),
                   HeatNumber(c->grid.x[1]), HeatNumber(c->grid.y[0]), HeatNumber(c->grid.y[1]));
  for (int axis = 0; axis < 2; axis++)
    at[axis] = PetscClipInterval(at[axis], extent[axis][0], extent[axis][1]);
  PetscFunctionReturn(PETSC_SUCCESS);
}
