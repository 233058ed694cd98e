/** The sections of a case file that describe fields and what acts on them: properties of cells, the
 *  initial temperature, the heat source, the ambient exchange, and the sides with their segments.
 *
 *  Types and forms of the values are checked here, their combination by HeatCaseValidate.  Files of
 *  cell data are only named here and read later; tables of boundary values are read at once.
 */
#include <stdio.h>
#include <string.h>

#include "io/case_file/case_reader.h"
#include "io/case_file/series.h"

/* Read `properties`: a file and a dataset for each property that is given cell by cell.  The
 * default dataset has the property's name. */
static PetscErrorCode ReadProperties(const HeatReader *r, const HeatYamlNode *root)
{
  const HeatYamlNode *section = HeatReaderKey(root, "properties");
  char                dataset[40];

  PetscFunctionBeginUser;
  PetscCall(HeatReaderCheckMap(r, section));
  for (int p = 0; section && p < HEAT_PROPERTIES; p++) {
    const HeatYamlNode *node = HeatReaderKey(section, HeatPropertyNames[p]);
    HeatYamlNode       *file;

    if (!node) continue;
    PetscCall(HeatReaderCheckMap(r, node));
    PetscCall(HeatReaderRequire(r, node, "file", &file));
    snprintf(dataset, sizeof dataset, "/%s", HeatPropertyNames[p]);
    PetscCall(HeatReadDataset(r, node, dataset, &r->c->properties[p]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadFields(const HeatReader *r, const HeatYamlNode *root)
{
  const HeatYamlNode *initial  = HeatReaderKey(root, "initial"),
                     *exchange = HeatReaderKey(root, "exchange");
  HeatCase      *c             = r->c;
  HeatDataset    from          = {c->initial.file, c->initial.dataset};
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(ReadProperties(r, root));
  PetscCall(HeatReaderCheckMap(r, initial));
  PetscCall(HeatReadFormula(r, HeatReaderKey(initial, "temperature"), &c->initial.temperature));
  code               = HeatReadDataset(r, initial, "/temperature", &from);
  c->initial.file    = from.file; /* also after an error, the case owns the strings */
  c->initial.dataset = from.dataset;
  PetscCall(code);
  PetscCall(HeatReadFormula(r, HeatReaderKey(root, "source"), &c->source));
  PetscCall(HeatReaderCheckMap(r, exchange));
  PetscCall(HeatReadFormula(r, HeatReaderKey(exchange, "coefficient"), &c->exchange.coefficient));
  PetscCall(HeatReadFormula(r, HeatReaderKey(exchange, "ambient"), &c->exchange.ambient));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Sides. */

/* Read the condition on one segment of a side, with the table that it names. */
static PetscErrorCode ReadSegment(const HeatReader *r, const HeatYamlNode *node, HeatSegment *s)
{
  const HeatYamlNode *table  = HeatReaderKey(node, "table");
  int                 choice = HEAT_BC_INSULATED;
  HeatYamlNode       *type;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderCheckMap(r, node));
  PetscCall(HeatReaderRequire(r, node, "type", &type));
  PetscCall(HeatReadChoice(r, type, HeatBoundaryTypeNames, &choice));
  s->type = (HeatBoundaryType)choice;
  PetscCall(HeatReadReal(r, HeatReaderKey(node, "to"), HEAT_ANY, &s->to));
  PetscCall(HeatReadFormula(r, HeatReaderKey(node, "value"), &s->value));
  PetscCall(HeatReadFormula(r, HeatReaderKey(node, "coefficient"), &s->coefficient));
  PetscCall(HeatReadFormula(r, HeatReaderKey(node, "emissivity"), &s->emissivity));
  PetscCall(HeatReadFormula(r, HeatReaderKey(node, "ambient"), &s->ambient));
  PetscCall(HeatReadPath(r, table, &s->table.file));
  if (table) PetscCall(HeatSeriesRead(r->comm, s->table.file, &s->table));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadBoundary(const HeatReader *r, const HeatYamlNode *root)
{
  const HeatYamlNode *section = HeatReaderKey(root, "boundary");

  PetscFunctionBeginUser;
  PetscCall(HeatReaderCheckMap(r, section));
  for (int side = 0; section && side < HEAT_SIDES; side++) {
    const HeatYamlNode *node = HeatReaderKey(section, HeatSideNames[side]);
    HeatBoundary       *b    = &r->c->boundary[side];
    PetscInt            n    = 0;

    if (!node) continue;
    if (node->kind != HEAT_YAML_LIST) {
      PetscCall(ReadSegment(r, node, &b->segments[0]));
      continue;
    }
    HeatReaderCheck(node->count > 0, r, node,
                    "is empty; give it a condition for each segment, or remove the key");
    PetscCall(HeatCaseSetSegments(r->c, (HeatSide)side, node->count));
    for (const HeatYamlNode *item = node->first; item; item = item->next) {
      PetscCall(ReadSegment(r, item, &b->segments[n++]));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
