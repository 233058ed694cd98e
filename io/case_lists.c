/* The sections of a case file that are lists: materials, regions, probes, checks; and petsc, whose
 * keys are free.  Types and shapes of values are checked here; whether they make sense together is
 * HeatCaseValidate's. */
#include "io/case_reader.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A list of at most `most` entries, and how many it has. */
static PetscErrorCode ReadListLength(const HeatReader *r, const HeatYamlNode *list, PetscInt most,
                                     PetscInt *n)
{
  PetscFunctionBeginUser;
  *n = 0;
  PetscCall(HeatReadList(r, list));
  if (!list) PetscFunctionReturn(PETSC_SUCCESS);
  HeatReaderCheck(list->count <= most, r, list,
                  "found %" PetscInt_FMT " entries; at most %" PetscInt_FMT " are possible",
                  list->count, most);
  *n = list->count;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Materials. */

static PetscErrorCode ReadConductivity(const HeatReader *r, const HeatYamlNode *node,
                                       PetscReal k[2])
{
  HeatFormula    formula = {0};
  PetscErrorCode code;

  PetscFunctionBeginUser;
  if (node->kind == HEAT_YAML_LIST) {
    PetscCall(HeatReadRealPair(r, node, k));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  code                 = HeatReadFormula(r, node, &formula);
  const PetscBool text = (PetscBool)(formula.text != NULL);
  k[0] = k[1] = formula.value;
  PetscCall(PetscFree(formula.text));
  PetscCall(code);
  HeatReaderCheck(!text, r, node,
                  "found an expression; a conductivity that depends on temperature or place is not "
                  "available in this version: give a number or [kx, ky]");
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadMaterials(const HeatReader *r, const HeatYamlNode *root)
{
  HeatYamlNode *list, *node;
  PetscInt      n;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderRequire(r, root, "materials", &list));
  PetscCall(ReadListLength(r, list, HEAT_MAX_MATERIALS, &n));
  HeatReaderCheck(n > 0, r, list, "is empty; there must be at least one material");
  PetscCall(PetscCalloc1(n, &r->c->materials));
  r->c->n_materials = n;
  HeatMaterial *m   = r->c->materials;
  for (const HeatYamlNode *item = list->first; item; item = item->next, m++) {
    PetscCall(HeatReaderRequire(r, item, "name", &node));
    PetscCall(HeatReadString(r, node, &m->name));
    PetscCall(HeatReaderRequire(r, item, "conductivity", &node));
    PetscReal k[2];
    PetscCall(ReadConductivity(r, node, k));
    for (int axis = 0; axis < 2; axis++)
      m->conductivity[axis] = (HeatFormula){PETSC_TRUE, k[axis], NULL};
    PetscCall(HeatReaderRequire(r, item, "density", &node));
    PetscCall(HeatReadReal(r, node, HEAT_ANY, &m->density));
    PetscCall(HeatReaderRequire(r, item, "specific_heat", &node));
    PetscCall(HeatReadReal(r, node, HEAT_ANY, &m->specific_heat));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Regions. */

static PetscErrorCode ReadVertices(const HeatReader *r, const HeatYamlNode *list,
                                   HeatRegion *region)
{
  char     path[160];
  PetscInt n;

  PetscFunctionBeginUser;
  PetscCall(ReadListLength(r, list, PETSC_MAX_INT, &n));
  PetscCall(PetscMalloc1(n, &region->vertices));
  for (const HeatYamlNode *item = list->first; item; item = item->next) {
    HeatYamlNode vertex = *item; /* with a path, which elements of lists of lists have only here */

    snprintf(path, sizeof path, "%s[%" PetscInt_FMT "]", list->path, region->n_vertices);
    vertex.path = path;
    PetscCall(HeatReadRealPair(r, &vertex, region->vertices[region->n_vertices]));
    region->n_vertices++;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Exactly the keys of its shape are there. */
static PetscErrorCode CheckShapeKeys(const HeatReader *r, const HeatYamlNode *item, HeatShape shape)
{
  static const struct {
    const char *key;
    HeatShape   shape;
  } owners[] = {{"x", HEAT_SHAPE_RECTANGLE},
                {"y", HEAT_SHAPE_RECTANGLE},
                {"centre", HEAT_SHAPE_CIRCLE},
                {"radius", HEAT_SHAPE_CIRCLE},
                {"vertices", HEAT_SHAPE_POLYGON}};

  PetscFunctionBeginUser;
  for (size_t i = 0; i < PETSC_STATIC_ARRAY_LENGTH(owners); i++) {
    HeatYamlNode *node = HeatReaderKey(item, owners[i].key);

    if (owners[i].shape == shape) PetscCall(HeatReaderRequire(r, item, owners[i].key, &node));
    else if (node) {
      HeatReaderCheck(HeatReaderKey(item, "shape"), r, node, "given without a shape; add shape: %s",
                      HeatShapeNames[owners[i].shape]);
      HeatReaderCheck(PETSC_FALSE, r, node, "has no meaning for shape %s; remove it",
                      HeatShapeNames[shape]);
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ReadRegion(const HeatReader *r, const HeatYamlNode *item, HeatRegion *region)
{
  const HeatYamlNode *vertices = HeatReaderKey(item, "vertices");
  int                 shape    = HEAT_SHAPE_ALL;

  PetscFunctionBeginUser;
  region->material = -1;
  PetscCall(HeatReadChoice(r, HeatReaderKey(item, "shape"), HeatShapeNames, &shape));
  region->shape = (HeatShape)shape;
  PetscCall(CheckShapeKeys(r, item, region->shape));
  PetscCall(HeatReadRealPair(r, HeatReaderKey(item, "x"), region->x));
  PetscCall(HeatReadRealPair(r, HeatReaderKey(item, "y"), region->y));
  PetscCall(HeatReadRealPair(r, HeatReaderKey(item, "centre"), region->centre));
  PetscCall(HeatReadReal(r, HeatReaderKey(item, "radius"), HEAT_ANY, &region->radius));
  if (vertices) PetscCall(ReadVertices(r, vertices, region));
  PetscCall(HeatReadString(r, HeatReaderKey(item, "material"), &region->material_name));
  PetscCall(HeatReadFormula(r, HeatReaderKey(item, "temperature"), &region->temperature));
  PetscCall(HeatReadFormula(r, HeatReaderKey(item, "source"), &region->source));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Without a list, one region covers all with the first material. */
PetscErrorCode HeatReadRegions(const HeatReader *r, const HeatYamlNode *root)
{
  const HeatYamlNode *list = HeatReaderKey(root, "regions");
  PetscInt            n;

  PetscFunctionBeginUser;
  PetscCall(ReadListLength(r, list, HEAT_MAX_REGIONS, &n));
  if (!list) {
    PetscCall(PetscCalloc1(1, &r->c->regions));
    PetscCall(PetscStrallocpy(r->c->materials[0].name, &r->c->regions[0].material_name));
    r->c->n_regions = 1;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  HeatReaderCheck(n > 0, r, list,
                  "is empty; remove the key, or give a first region that covers the domain");
  PetscCall(PetscCalloc1(n, &r->c->regions));
  r->c->n_regions = n;
  n               = 0;
  for (const HeatYamlNode *item = list->first; item; item = item->next) {
    PetscCall(ReadRegion(r, item, &r->c->regions[n++]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Probes and checks. */

PetscErrorCode HeatReadProbes(const HeatReader *r, const HeatYamlNode *output)
{
  const HeatYamlNode *list = HeatReaderKey(output, "probes");
  HeatYamlNode       *node;
  PetscInt            n;

  PetscFunctionBeginUser;
  PetscCall(ReadListLength(r, list, PETSC_MAX_INT, &n));
  if (n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscCalloc1(n, &r->c->output.probes));
  r->c->output.n_probes = n;
  HeatProbe *probe      = r->c->output.probes;
  for (const HeatYamlNode *item = list->first; item; item = item->next, probe++) {
    PetscCall(HeatReaderRequire(r, item, "name", &node));
    PetscCall(HeatReadString(r, node, &probe->name));
    PetscCall(HeatReaderRequire(r, item, "at", &node));
    PetscCall(HeatReadRealPair(r, node, probe->at));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ReadCheck(const HeatReader *r, const HeatYamlNode *item, HeatCaseCheck *check)
{
  static const char *const integrands[] = {"temperature", "HeatIntegrand", "HEAT_OF_", NULL};
  const HeatYamlNode      *of = HeatReaderKey(item, "of"), *weight = HeatReaderKey(item, "weight");
  HeatYamlNode            *quantity;
  int                      choice = 0;

  PetscFunctionBeginUser;
  HeatCaseCheckInit(check);
  PetscCall(HeatReaderRequire(r, item, "quantity", &quantity));
  PetscCall(HeatReadChoice(r, quantity, HeatCheckQuantityNames, &choice));
  check->quantity = (HeatCheckQuantity)choice;
  PetscCall(HeatReadRealPair(r, HeatReaderKey(item, "at"), check->at));
  PetscCall(HeatReadFormula(r, HeatReaderKey(item, "exact"), &check->exact));
  PetscCall(HeatReadChoice(r, of, integrands, &choice));
  HeatReaderCheck(!of || check->quantity == HEAT_CHECK_INTEGRAL, r, of,
                  "has no meaning for a check of %s; remove it",
                  HeatCheckQuantityNames[check->quantity]);
  choice = HEAT_WEIGHT_NONE;
  PetscCall(HeatReadChoice(r, weight, HeatWeightNames, &choice));
  check->weight = (HeatWeight)choice;
  choice        = HEAT_SIDES;
  PetscCall(HeatReadChoice(r, HeatReaderKey(item, "side"), HeatSideNames, &choice));
  check->side = (HeatSide)choice;
  PetscCall(HeatReadReal(r, HeatReaderKey(item, "value"), HEAT_ANY, &check->value));
  PetscCall(
      HeatReadReal(r, HeatReaderKey(item, "tolerance"), HEAT_NOT_NEGATIVE, &check->tolerance));
  PetscCall(HeatReadReal(r, HeatReaderKey(item, "relative"), HEAT_NOT_NEGATIVE, &check->relative));
  PetscCall(HeatReadReal(r, HeatReaderKey(item, "below"), HEAT_NOT_NEGATIVE, &check->below));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadChecks(const HeatReader *r, const HeatYamlNode *root)
{
  const HeatYamlNode *list = HeatReaderKey(root, "check");
  PetscInt            n;

  PetscFunctionBeginUser;
  PetscCall(ReadListLength(r, list, PETSC_MAX_INT, &n));
  PetscCall(PetscCalloc1(n, &r->c->checks));
  r->c->n_checks = n;
  n              = 0;
  for (const HeatYamlNode *item = n < r->c->n_checks ? list->first : NULL; item;
       item                     = item->next) {
    PetscCall(ReadCheck(r, item, &r->c->checks[n++]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Petsc. */

static const char *OptionName(const HeatYamlNode *node)
{
  return node->key + (node->key[0] == '-');
}

static int CompareOptions(const void *a, const void *b)
{
  const HeatYamlNode *p = *(const HeatYamlNode *const *)a, *q = *(const HeatYamlNode *const *)b;
  const int           order = strcmp(OptionName(p), OptionName(q));

  return order ? order : (p->line > q->line) - (p->line < q->line);
}

static PetscErrorCode ReadOption(const HeatReader *r, const HeatYamlNode *node,
                                 HeatPetscOption *option)
{
  const char *name = OptionName(node);
  char        found[HEAT_FOUND];

  PetscFunctionBeginUser;
  HeatReaderCheck(isalpha((unsigned char)name[0]) && !strpbrk(name, " \t\n\r"), r, node,
                  "is not the name of a PETSc option; it begins with a letter and has no space");
  HeatReaderCheck(node->kind == HEAT_YAML_SCALAR, r, node,
                  "found %s; the value of an option is a text, a number, or nothing for a flag",
                  HeatReaderFound(node, found));
  PetscCall(PetscStrallocpy(name, &option->key));
  PetscCall(PetscStrallocpy(HeatReaderIsNull(node) ? "" : node->text, &option->value));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Repeated options are looked for here, in sorted order: there is no table of them. */
static PetscErrorCode CheckRepeatedOptions(const HeatReader *r, const HeatYamlNode **sorted,
                                           PetscInt n)
{
  PetscFunctionBeginUser;
  if (n > 0) qsort(sorted, (size_t)n, sizeof *sorted, CompareOptions);
  for (PetscInt i = 1; i < n; i++) {
    if (strcmp(OptionName(sorted[i - 1]), OptionName(sorted[i])) == 0) {
      PetscCall(HeatReaderRaiseRepeated(r, sorted[i], sorted[i - 1]));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadPetscOptions(const HeatReader *r, const HeatYamlNode *root)
{
  const HeatYamlNode *map = HeatReaderKey(root, "petsc"), **sorted;
  PetscInt            n   = 0;
  PetscErrorCode      code;

  PetscFunctionBeginUser;
  PetscCall(HeatReadMap(r, map));
  if (!map || map->count == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscCalloc1(map->count, &r->c->petsc));
  r->c->n_petsc = map->count;
  for (const HeatYamlNode *node = map->first; node; node = node->next) {
    PetscCall(ReadOption(r, node, &r->c->petsc[n++]));
  }
  PetscCall(PetscMalloc1(n, &sorted));
  n = 0;
  for (const HeatYamlNode *node = map->first; node; node = node->next) sorted[n++] = node;
  code = CheckRepeatedOptions(r, sorted, n);
  PetscCall(PetscFree(sorted));
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}
