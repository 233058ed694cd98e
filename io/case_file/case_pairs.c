/** Lists of a bounded length, and pairs of values.
 *
 *  An element of a pair has no path of its own.  A message about it names the pair: the element is
 *  copied and the copy gets the pair's path.
 */
#include "io/case_file/case_reader.h"

PetscErrorCode HeatReadListLength(const HeatReader *r, const HeatYamlNode *list, PetscInt most,
                                  PetscInt *n)
{
  PetscFunctionBeginUser;
  *n = 0;
  PetscCall(HeatReaderCheckList(r, list));
  if (!list) PetscFunctionReturn(PETSC_SUCCESS);
  HeatReaderCheck(list->count <= most, r, list,
                  "found %" PetscInt_FMT " entries; at most %" PetscInt_FMT " are possible",
                  list->count, most);
  *n = list->count;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check that a node is a list of two. */
static PetscErrorCode CheckPair(const HeatReader *r, const HeatYamlNode *node)
{
  char found[HEAT_FOUND_BYTES];

  PetscFunctionBeginUser;
  HeatReaderCheck(node->kind == HEAT_YAML_LIST, r, node,
                  "found %s; it must be a list of two, [a, b]", HeatReaderDescribe(node, found));
  HeatReaderCheck(node->count == 2, r, node,
                  "found a list of %" PetscInt_FMT "; it must be a list of two, [a, b]%s",
                  node->count, node->count > 2 ? " (decimals take a point)" : "");
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadRealPair(const HeatReader *r, const HeatYamlNode *node, PetscReal value[2])
{
  PetscFunctionBeginUser;
  if (!node) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CheckPair(r, node));
  for (const HeatYamlNode *child = node->first; child; child = child->next) {
    HeatYamlNode element = *child;

    element.path = node->path;
    PetscCall(HeatReadReal(r, &element, HEAT_ANY, value++));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadIntPair(const HeatReader *r, const HeatYamlNode *node, PetscInt least,
                               PetscInt value[2])
{
  PetscFunctionBeginUser;
  if (!node) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CheckPair(r, node));
  for (const HeatYamlNode *child = node->first; child; child = child->next) {
    HeatYamlNode element = *child;

    element.path = node->path;
    PetscCall(HeatReadInt(r, &element, least, value++));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadStringPair(const HeatReader *r, const HeatYamlNode *node, char *value[2])
{
  PetscFunctionBeginUser;
  if (!node) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CheckPair(r, node));
  for (const HeatYamlNode *child = node->first; child; child = child->next) {
    HeatYamlNode element = *child;

    element.path = node->path;
    PetscCall(HeatReadString(r, &element, value++));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadFormulaPair(const HeatReader *r, const HeatYamlNode *node,
                                   HeatFormula value[2])
{
  PetscFunctionBeginUser;
  if (!node) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CheckPair(r, node));
  for (const HeatYamlNode *child = node->first; child; child = child->next) {
    HeatYamlNode element = *child;

    element.path = node->path;
    PetscCall(HeatReadFormula(r, &element, value++));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
