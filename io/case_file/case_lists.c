/** The sections of a case file that are lists (materials, contacts, regions, checks), and petsc,
 *  whose keys may be any name.
 *
 *  Types and forms of the values are checked here, their combination by HeatCaseValidate.
 */
#include "io/case_file/case_reader.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Materials. */

/* Read a conductivity: one formula for both directions, which is copied, or a pair [kx, ky]. */
static PetscErrorCode ReadConductivity(const HeatReader *r, const HeatYamlNode *node,
                                       HeatFormula k[2])
{
  PetscFunctionBeginUser;
  if (node->kind == HEAT_YAML_LIST) {
    PetscCall(HeatReadFormulaPair(r, node, k));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatReadFormula(r, node, &k[0]));
  k[1] = (HeatFormula){k[0].given, k[0].value, NULL};
  PetscCall(PetscStrallocpy(k[0].text, &k[1].text));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadMaterials(const HeatReader *r, const HeatYamlNode *root)
{
  HeatYamlNode *list, *node;
  PetscInt      n;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderRequire(r, root, "materials", &list));
  PetscCall(HeatReadListLength(r, list, HEAT_MAX_MATERIALS, &n));
  HeatReaderCheck(n > 0, r, list, "is empty; there must be at least one material");
  PetscCall(PetscCalloc1(n, &r->c->materials));
  r->c->n_materials = n;
  HeatMaterial *m   = r->c->materials;
  for (const HeatYamlNode *item = list->first; item; item = item->next, m++) {
    PetscCall(HeatReaderRequire(r, item, "name", &node));
    PetscCall(HeatReadString(r, node, &m->name));
    PetscCall(HeatReaderRequire(r, item, "conductivity", &node));
    PetscCall(ReadConductivity(r, node, m->conductivity));
    PetscCall(HeatReaderRequire(r, item, "density", &node));
    PetscCall(HeatReadReal(r, node, HEAT_ANY, &m->density));
    PetscCall(HeatReaderRequire(r, item, "specific_heat", &node));
    PetscCall(HeatReadReal(r, node, HEAT_ANY, &m->specific_heat));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadContacts(const HeatReader *r, const HeatYamlNode *root)
{
  const HeatYamlNode *list = HeatReaderKey(root, "contacts");
  HeatYamlNode       *node;
  PetscInt            n;

  PetscFunctionBeginUser;
  PetscCall(HeatReadListLength(r, list, PETSC_MAX_INT, &n));
  if (n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscCalloc1(n, &r->c->contacts));
  r->c->n_contacts     = n;
  HeatContact *contact = r->c->contacts;
  for (const HeatYamlNode *item = list->first; item; item = item->next, contact++) {
    contact->material[0] = contact->material[1] = -1;
    PetscCall(HeatReaderRequire(r, item, "between", &node));
    PetscCall(HeatReadStringPair(r, node, contact->names));
    PetscCall(HeatReaderRequire(r, item, "resistance", &node));
    PetscCall(HeatReadReal(r, node, HEAT_NOT_NEGATIVE, &contact->resistance));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Regions. */

/* Read the vertices of a polygon, a list of pairs [x, y]. */
static PetscErrorCode ReadVertices(const HeatReader *r, const HeatYamlNode *list,
                                   HeatRegion *region)
{
  PetscInt n;

  PetscFunctionBeginUser;
  PetscCall(HeatReadListLength(r, list, PETSC_MAX_INT, &n));
  PetscCall(PetscMalloc1(n, &region->vertices));
  for (const HeatYamlNode *item = list->first; item; item = item->next) {
    char               path[HEAT_ELEMENT_PATH_BYTES];
    const HeatYamlNode vertex = HeatReaderElement(list, item, region->n_vertices, path);

    PetscCall(HeatReadRealPair(r, &vertex, region->vertices[region->n_vertices]));
    region->n_vertices++;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check that a region with a map from a file has neither the keys of a shape nor a material. */
static PetscErrorCode CheckMapKeys(const HeatReader *r, const HeatYamlNode *item)
{
  static const char *const others[] = {"shape",  "x",        "y",       "centre",
                                       "radius", "vertices", "material"};

  PetscFunctionBeginUser;
  for (size_t i = 0; i < PETSC_STATIC_ARRAY_LENGTH(others); i++) {
    const HeatYamlNode *node = HeatReaderKey(item, others[i]);

    HeatReaderCheck(!node, r, node,
                    "given together with file, whose dataset says which cells are of which "
                    "material; remove one of the two");
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check that a region has all keys of its shape and no key of another shape. */
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
  PetscCall(HeatReadString(r, HeatReaderKey(item, "name"), &region->name));
  PetscCall(HeatReadDataset(r, item, "/material", &region->map));
  if (region->map.file) {
    shape = HEAT_SHAPE_MAP;
    PetscCall(CheckMapKeys(r, item));
  } else {
    PetscCall(HeatReadChoice(r, HeatReaderKey(item, "shape"), HeatShapeNames, &shape));
    PetscCall(CheckShapeKeys(r, item, (HeatShape)shape));
  }
  region->shape = (HeatShape)shape;
  PetscCall(HeatReadRealPair(r, HeatReaderKey(item, "x"), region->x));
  PetscCall(HeatReadRealPair(r, HeatReaderKey(item, "y"), region->y));
  PetscCall(HeatReadRealPair(r, HeatReaderKey(item, "centre"), region->centre));
  PetscCall(HeatReadReal(r, HeatReaderKey(item, "radius"), HEAT_ANY, &region->radius));
  if (vertices) PetscCall(ReadVertices(r, vertices, region));
  PetscCall(HeatReadString(r, HeatReaderKey(item, "material"), &region->material_name));
  PetscCall(HeatReadFormula(r, HeatReaderKey(item, "temperature"), &region->temperature));
  PetscCall(HeatReadFormula(r, HeatReaderKey(item, "source"), &region->source));
  PetscCall(HeatReadFormula(r, HeatReaderKey(item, "power"), &region->power));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read the regions.  If the section is missing, create one region that covers the domain with the
 * first material. */
PetscErrorCode HeatReadRegions(const HeatReader *r, const HeatYamlNode *root)
{
  const HeatYamlNode *list = HeatReaderKey(root, "regions");
  PetscInt            n;

  PetscFunctionBeginUser;
  PetscCall(HeatReadListLength(r, list, HEAT_MAX_REGIONS, &n));
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

/* Checks. */

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
  PetscCall(HeatReadInt(r, HeatReaderKey(item, "segment"), 0, &check->segment));
  PetscCall(HeatReadStringPair(r, HeatReaderKey(item, "between"), check->between.names));
  PetscCall(HeatReadString(r, HeatReaderKey(item, "region"), &check->region_name));
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
  PetscCall(HeatReadListLength(r, list, PETSC_MAX_INT, &n));
  PetscCall(PetscCalloc1(n, &r->c->checks));
  r->c->n_checks = n;
  n              = 0;
  for (const HeatYamlNode *item = n < r->c->n_checks ? list->first : NULL; item;
       item                     = item->next) {
    PetscCall(ReadCheck(r, item, &r->c->checks[n++]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* PETSc's options. */

/* Return the name of an option without a leading '-'. */
static const char *OptionName(const HeatYamlNode *node)
{
  return node->key + (node->key[0] == '-');
}

/* Order options by name, then by line. */
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
  char        found[HEAT_FOUND_BYTES], path[300];

  PetscFunctionBeginUser;
  HeatReaderCheck(isalpha((unsigned char)name[0]) && !strpbrk(name, " \t\n\r"), r, node,
                  "is not the name of a PETSc option; it begins with a letter and has no space");
  HeatReaderCheck(node->kind == HEAT_YAML_SCALAR, r, node,
                  "found %s; the value of an option is a text, a number, or nothing for a flag",
                  HeatReaderDescribe(node, found));
  (void)snprintf(path, sizeof path, "petsc.%s", name); /* the path without '-', for messages */
  PetscCall(HeatCaseAddWhere(r->c, path, node->line));
  PetscCall(PetscStrallocpy(name, &option->key));
  PetscCall(PetscStrallocpy(HeatReaderIsNull(node) ? "" : node->text, &option->value));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check that no option is repeated; `-a` and `a` are the same option, which HeatReaderCheckKeys
 * does not know.  Sorting keeps the cost of many options low. */
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
  PetscCall(HeatReaderCheckMap(r, map));
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
