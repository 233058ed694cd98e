/** The section `output` of a case file: what a run writes, where and when.
 *
 *  Types and forms of the values are checked here, their combination by HeatCaseValidate.
 */
#include <stdio.h>

#include "io/case_file/case_reader.h"

/* Read the list of fields in a snapshot.  If it is given, it replaces the default. */
static PetscErrorCode ReadFields(const HeatReader *r, const HeatYamlNode *list)
{
  int field = 0, i = 0;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderCheckList(r, list));
  if (!list) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscArrayzero(r->c->output.fields, HEAT_FIELDS));
  for (const HeatYamlNode *item = list->first; item; item = item->next, i++) {
    char               path[HEAT_ELEMENT_PATH_BYTES];
    const HeatYamlNode element = HeatReaderElement(list, item, i, path);

    PetscCall(HeatReadChoice(r, &element, HeatFieldKindNames, &field));
    HeatReaderCheck(!r->c->output.fields[field], r, &element, "%s is in the list twice; keep one",
                    item->text);
    r->c->output.fields[field] = PETSC_TRUE;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read the probes: name and place. */
static PetscErrorCode ReadProbes(const HeatReader *r, const HeatYamlNode *output)
{
  const HeatYamlNode *list = HeatReaderKey(output, "probes");
  HeatYamlNode       *node;
  PetscInt            n;

  PetscFunctionBeginUser;
  PetscCall(HeatReadListLength(r, list, PETSC_MAX_INT, &n));
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

/* Read the profiles: name, both ends of the line, number of points. */
static PetscErrorCode ReadProfiles(const HeatReader *r, const HeatYamlNode *output)
{
  const HeatYamlNode *list = HeatReaderKey(output, "profiles");
  HeatYamlNode       *node;
  PetscInt            n;

  PetscFunctionBeginUser;
  PetscCall(HeatReadListLength(r, list, PETSC_MAX_INT, &n));
  if (n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscCalloc1(n, &r->c->output.profiles));
  r->c->output.n_profiles = n;
  HeatProfile *profile    = r->c->output.profiles;
  for (const HeatYamlNode *item = list->first; item; item = item->next, profile++) {
    PetscCall(HeatReaderRequire(r, item, "name", &node));
    PetscCall(HeatReadString(r, node, &profile->name));
    PetscCall(HeatReaderRequire(r, item, "from", &node));
    PetscCall(HeatReadRealPair(r, node, profile->from));
    PetscCall(HeatReaderRequire(r, item, "to", &node));
    PetscCall(HeatReadRealPair(r, node, profile->to));
    profile->points = 101; /* default, chosen: 100 intervals */
    PetscCall(HeatReadInt(r, HeatReaderKey(item, "points"), 2, &profile->points));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read the interfaces, pairs of names of materials.  HeatCaseValidate sets their indices. */
static PetscErrorCode ReadInterfaces(const HeatReader *r, const HeatYamlNode *output)
{
  const HeatYamlNode *list = HeatReaderKey(output, "interfaces");
  char                path[HEAT_ELEMENT_PATH_BYTES];
  PetscInt            n, i = 0;

  PetscFunctionBeginUser;
  PetscCall(HeatReadListLength(r, list, PETSC_MAX_INT, &n));
  if (n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscCalloc1(n, &r->c->output.interfaces));
  r->c->output.n_interfaces = n;
  for (const HeatYamlNode *item = list->first; item; item = item->next, i++) {
    const HeatYamlNode pair = HeatReaderElement(list, item, i, path);

    r->c->output.interfaces[i].material[0] = r->c->output.interfaces[i].material[1] = -1;
    PetscCall(HeatReadStringPair(r, &pair, r->c->output.interfaces[i].names));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read hints for MPI-IO, words of the form name=value with blanks between them.  Names and values
 * must be shorter than MPI's limits. */
static PetscErrorCode ReadHints(const HeatReader *r, const HeatYamlNode *node)
{
  char found[HEAT_FOUND_BYTES];

  PetscFunctionBeginUser;
  PetscCall(HeatReadString(r, node, &r->c->output.hints));
  for (const char *word = r->c->output.hints; word && *word;) {
    const size_t length = strcspn(word, " "), name = strcspn(word, "= ");

    HeatReaderCheck(name > 0 && name + 1 < length, r, node,
                    "found %s; write names and values with blanks between them: "
                    "\"striping_factor=8 romio_ds_write=disable\"",
                    HeatReaderDescribe(node, found));
    HeatReaderCheck(name < MPI_MAX_INFO_KEY && length - name < MPI_MAX_INFO_VAL, r, node,
                    "a hint is longer than MPI takes");
    word += length + strspn(word + length, " ");
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read the alignment [bytes] of datasets: a multiple of 8, the largest size of a cell's value, and
 * at most 2^30.  The limit is chosen; a larger alignment could leave larger gaps between
 * datasets. */
static PetscErrorCode ReadAlignment(const HeatReader *r, const HeatYamlNode *node)
{
  const PetscInt most = 1073741824;

  PetscFunctionBeginUser;
  PetscCall(HeatReadInt(r, node, 8, &r->c->output.alignment));
  HeatReaderCheck(!node || (r->c->output.alignment % 8 == 0 && r->c->output.alignment <= most), r,
                  node, "found %" PetscInt_FMT "; it must be a multiple of 8, at most 2^30 bytes",
                  r->c->output.alignment);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read which ranks write files: a word, or a mapping with the number of them on each node. */
static PetscErrorCode ReadWriters(const HeatReader *r, const HeatYamlNode *node)
{
  const PetscBool word = (PetscBool)(node && node->kind == HEAT_YAML_SCALAR);
  HeatYamlNode   *per_node;
  char            found[HEAT_FOUND_BYTES];

  PetscFunctionBeginUser;
  if (node && node->kind == HEAT_YAML_MAP) {
    PetscCall(HeatReaderRequire(r, node, "per_node", &per_node));
    PetscCall(HeatReadInt(r, per_node, 1, &r->c->output.writers_per_node));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (word && strcmp(node->text, "all") == 0) r->c->output.writers = HEAT_WRITERS_ALL;
  else
    HeatReaderCheck(!node || (word && strcmp(node->text, "auto") == 0), r, node,
                    "found %s; it must be auto, all or {per_node: N}",
                    HeatReaderDescribe(node, found));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadOutput(const HeatReader *r, const HeatYamlNode *root)
{
  const HeatYamlNode *section   = HeatReaderKey(root, "output");
  const HeatYamlNode *snapshots = HeatReaderKey(section, "snapshots");
  const HeatYamlNode *history   = HeatReaderKey(section, "history");
  const HeatYamlNode *unit      = HeatReaderKey(section, "temperature_unit");
  HeatCase           *c         = r->c;
  int                 choice    = c->output.compression;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderCheckMap(r, section));
  PetscCall(HeatReaderCheckMap(r, snapshots));
  PetscCall(HeatReaderCheckMap(r, history));
  PetscCall(HeatReadString(r, HeatReaderKey(section, "directory"), &c->output.directory));
  PetscCall(HeatReadString(r, unit, &c->output.temperature_unit));
  c->output.unit_given = unit ? PETSC_TRUE : PETSC_FALSE;
  PetscCall(HeatReadInt(r, HeatReaderKey(snapshots, "every"), 0, &c->output.snapshots_every));
  PetscCall(HeatReadReal(r, HeatReaderKey(snapshots, "interval"), HEAT_NOT_NEGATIVE,
                         &c->output.snapshots_interval));
  PetscCall(HeatReadInt(r, HeatReaderKey(history, "every"), 0, &c->output.history_every));
  PetscCall(HeatReadReal(r, HeatReaderKey(history, "interval"), HEAT_NOT_NEGATIVE,
                         &c->output.history_interval));
  PetscCall(ReadFields(r, HeatReaderKey(section, "fields")));
  PetscCall(ReadProbes(r, section));
  PetscCall(ReadProfiles(r, section));
  PetscCall(ReadInterfaces(r, section));
  PetscCall(
      HeatReadChoice(r, HeatReaderKey(section, "compression"), HeatCompressionNames, &choice));
  PetscCall(ReadHints(r, HeatReaderKey(section, "hints")));
  PetscCall(ReadAlignment(r, HeatReaderKey(section, "alignment")));
  PetscCall(ReadWriters(r, HeatReaderKey(section, "writers")));
  c->output.compression = (HeatCompression)choice;
  PetscFunctionReturn(PETSC_SUCCESS);
}
