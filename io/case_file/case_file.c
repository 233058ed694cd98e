/** The case file, from bytes to a tree of nodes to a HeatCase.
 *
 *  All ranks get the same bytes and do the same work, so they find the same errors.  The order of
 *  the checks is: the syntax, the overrides of --set, the names of all keys, then the values,
 *  section by section.  So a misspelt key is reported before the value that it would have set.
 *
 *  Sections that are lists, fields or sides, and the section output, are read in files of their
 *  own.
 */
#include "io/case_file/case_file.h"

#include <stdio.h>
#include <string.h>

#include "io/case_file/case_compare.h"
#include "io/case_file/case_reader.h"
#include "io/case_file/case_record.h"
#include "io/file/text_file.h"

/* Sections. */

static PetscErrorCode ReadGrid(const HeatReader *r, const HeatYamlNode *root)
{
  HeatYamlNode *grid, *node;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderRequire(r, root, "grid", &grid));
  PetscCall(HeatReaderCheckMap(r, grid));
  PetscCall(HeatReaderRequire(r, grid, "cells", &node));
  PetscCall(HeatReadIntPair(r, node, 1, r->c->grid.cells));
  PetscCall(HeatReaderRequire(r, grid, "x", &node));
  PetscCall(HeatReadRealPair(r, node, r->c->grid.x));
  PetscCall(HeatReaderRequire(r, grid, "y", &node));
  PetscCall(HeatReadRealPair(r, node, r->c->grid.y));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether a node is the scalar `word`; a NULL node is not. */
static PetscBool IsWord(const HeatYamlNode *node, const char *word)
{
  return (PetscBool)(node && node->kind == HEAT_YAML_SCALAR && strcmp(node->text, word) == 0);
}

static PetscErrorCode ReadDecomposition(const HeatReader *r, const HeatYamlNode *root)
{
  const HeatYamlNode *section   = HeatReaderKey(root, "decomposition");
  const HeatYamlNode *processes = HeatReaderKey(section, "processes");
  int                 mapping   = r->c->decomposition.mapping;
  char                found[HEAT_FOUND_BYTES];

  PetscFunctionBeginUser;
  PetscCall(HeatReaderCheckMap(r, section));
  if (processes && !IsWord(processes, "auto")) {
    HeatReaderCheck(processes->kind == HEAT_YAML_LIST, r, processes,
                    "found %s; it must be auto or [px, py]", HeatReaderDescribe(processes, found));
    PetscCall(HeatReadIntPair(r, processes, 1, r->c->decomposition.processes));
  }
  PetscCall(HeatReadChoice(r, HeatReaderKey(section, "mapping"), HeatMappingNames, &mapping));
  r->c->decomposition.mapping = (HeatMapping)mapping;
  PetscCall(HeatReadWeights(r, HeatReaderKey(section, "weights")));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read a scheme: a name of HeatSchemeNames, or ts:TYPE with the type of a PETSc TS.  For the
 * message, "ts:TYPE" is inserted in the list of names where HEAT_SCHEME_TS stands in the
 * enumeration. */
static PetscErrorCode ReadScheme(const HeatReader *r, const HeatYamlNode *node)
{
  const char *names[HEAT_SCHEME_TS + 4] = {NULL};
  int         choice                    = 0;

  PetscFunctionBeginUser;
  if (node->kind == HEAT_YAML_SCALAR && strncmp(node->text, "ts:", 3) == 0) {
    HeatReaderCheck(node->text[3] && !strpbrk(node->text + 3, " \t\n\r"), r, node,
                    "found %.40s; write ts: and the name of a PETSc TS, e.g. ts:rosw", node->text);
    r->c->time.scheme = HEAT_SCHEME_TS;
    PetscCall(PetscStrallocpy(node->text + 3, &r->c->time.ts_type));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  for (int i = 0; i < HEAT_SCHEME_TS + 2; i++)
    names[i + (i >= HEAT_SCHEME_TS)] = HeatSchemeNames[i];
  names[HEAT_SCHEME_TS] = "ts:TYPE";
  PetscCall(HeatReadChoice(r, node, names, &choice));
  r->c->time.scheme = (HeatScheme)choice;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read time.adaptive, in which the tolerance is required unless the case has `step: auto`.  A
 * scheme that controls its error has two defaults: with `step: auto`, the tolerance is
 * HEAT_STEP_TOLERANCE; with `adaptive` but without a step, the scheme chooses its first step
 * (step_auto).  In the case that is read, steps are adaptive exactly if the tolerance is > 0. */
static PetscErrorCode ReadAdaptive(const HeatReader *r, const HeatYamlNode *time)
{
  const HeatYamlNode *section    = HeatReaderKey(time, "adaptive");
  HeatCase           *c          = r->c;
  const PetscBool     controlled = HeatSchemeControlsError(c->time.scheme);
  HeatYamlNode       *tolerance  = HeatReaderKey(section, "tolerance");

  PetscFunctionBeginUser;
  PetscCall(HeatReaderCheckMap(r, section));
  if (section && !c->time.step_auto) {
    PetscCall(HeatReaderRequire(r, section, "tolerance", &tolerance));
  }
  if (controlled && c->time.step_auto) c->time.adaptive.tolerance = HEAT_STEP_TOLERANCE;
  PetscCall(HeatReadReal(r, tolerance, HEAT_POSITIVE, &c->time.adaptive.tolerance));
  PetscCall(
      HeatReadReal(r, HeatReaderKey(section, "min_step"), HEAT_POSITIVE, &c->time.adaptive.min));
  PetscCall(
      HeatReadReal(r, HeatReaderKey(section, "max_step"), HEAT_POSITIVE, &c->time.adaptive.max));
  PetscCall(HeatReadReal(r, HeatReaderKey(section, "absolute"), HEAT_POSITIVE,
                         &c->time.adaptive.absolute));
  if (controlled && section && c->time.step == 0.0) c->time.step_auto = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read time.events, a list of times. */
static PetscErrorCode ReadEvents(const HeatReader *r, const HeatYamlNode *list)
{
  HeatCase *c = r->c;
  PetscInt  i = 0;

  PetscFunctionBeginUser;
  PetscCall(HeatReadListLength(r, list, PETSC_MAX_INT, &c->time.n_events));
  PetscCall(PetscMalloc1(c->time.n_events, &c->time.events));
  for (const HeatYamlNode *item = list ? list->first : NULL; item; item = item->next, i++) {
    char               path[HEAT_ELEMENT_PATH_BYTES];
    const HeatYamlNode element = HeatReaderElement(list, item, i, path);

    PetscCall(HeatReadReal(r, &element, HEAT_NOT_NEGATIVE, &c->time.events[i]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ReadTime(const HeatReader *r, const HeatYamlNode *root)
{
  HeatYamlNode *section, *scheme;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderRequire(r, root, "time", &section));
  PetscCall(HeatReaderCheckMap(r, section));
  PetscCall(HeatReaderRequire(r, section, "scheme", &scheme));
  PetscCall(ReadScheme(r, scheme));

  const HeatYamlNode *step = HeatReaderKey(section, "step");
  if (IsWord(step, "auto")) r->c->time.step_auto = PETSC_TRUE;
  else PetscCall(HeatReadReal(r, step, HEAT_POSITIVE, &r->c->time.step));
  PetscCall(HeatReadReal(r, HeatReaderKey(section, "end"), HEAT_POSITIVE, &r->c->time.end));
  PetscCall(HeatReadInt(r, HeatReaderKey(section, "steps"), 1, &r->c->time.steps));
  PetscCall(ReadAdaptive(r, section));
  PetscCall(ReadEvents(r, HeatReaderKey(section, "events")));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ReadSolver(const HeatReader *r, const HeatYamlNode *root)
{
  const HeatYamlNode *section = HeatReaderKey(root, "solver");
  int                 face = r->c->solver.face_average, paint = r->c->solver.paint,
      empty = r->c->solver.empty_regions;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderCheckMap(r, section));
  PetscCall(
      HeatReadReal(r, HeatReaderKey(section, "tolerance"), HEAT_ANY, &r->c->solver.tolerance));
  PetscCall(
      HeatReadInt(r, HeatReaderKey(section, "max_iterations"), 1, &r->c->solver.max_iterations));
  PetscCall(HeatReadInt(r, HeatReaderKey(section, "max_newton"), 1, &r->c->solver.max_newton));
  PetscCall(
      HeatReadString(r, HeatReaderKey(section, "preconditioner"), &r->c->solver.preconditioner));
  PetscCall(HeatReadChoice(r, HeatReaderKey(section, "face_average"), HeatFaceAverageNames, &face));
  PetscCall(HeatReadBool(r, HeatReaderKey(section, "reproducible"), &r->c->solver.reproducible));
  PetscCall(HeatReadChoice(r, HeatReaderKey(section, "paint"), HeatPaintRuleNames, &paint));
  PetscCall(
      HeatReadChoice(r, HeatReaderKey(section, "empty_regions"), HeatEmptyRegionsNames, &empty));
  r->c->solver.face_average  = (HeatFaceAverage)face;
  r->c->solver.paint         = (HeatPaintRule)paint;
  r->c->solver.empty_regions = (HeatEmptyRegions)empty;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ReadCheckpointAndLimits(const HeatReader *r, const HeatYamlNode *root)
{
  const HeatYamlNode *checkpoint = HeatReaderKey(root, "checkpoint"),
                     *limits     = HeatReaderKey(root, "limits");
  const HeatYamlNode *interval   = HeatReaderKey(checkpoint, "interval");
  const HeatYamlNode *balance    = HeatReaderKey(limits, "balance");
  const char *const   names[]    = {"daly", "", "", NULL}; /* laid out as for a PetscEnum */
  HeatCase           *c          = r->c;
  int choice, verify = c->checkpoint.verify, mode = c->checkpoint.mode, memory = c->limits.memory;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderCheckMap(r, checkpoint));
  PetscCall(HeatReaderCheckMap(r, limits));
  PetscCall(HeatReadInt(r, HeatReaderKey(checkpoint, "every"), 0, &c->checkpoint.every));
  PetscCall(HeatReadReal(r, HeatReaderKey(checkpoint, "wall_interval"), HEAT_NOT_NEGATIVE,
                         &c->checkpoint.wall_interval));
  PetscCall(HeatReadInt(r, HeatReaderKey(checkpoint, "keep"), 1, &c->checkpoint.keep));
  PetscCall(HeatReadInt(r, HeatReaderKey(checkpoint, "keep_every"), 0, &c->checkpoint.keep_every));
  PetscCall(HeatReadChoice(r, interval, names, &choice));
  c->checkpoint.daly = interval ? PETSC_TRUE : PETSC_FALSE;
  PetscCall(HeatReadReal(r, HeatReaderKey(checkpoint, "mtbf"), HEAT_POSITIVE, &c->checkpoint.mtbf));
  PetscCall(HeatReadChoice(r, HeatReaderKey(checkpoint, "verify"), HeatReadBackNames, &verify));
  PetscCall(HeatReadChoice(r, HeatReaderKey(checkpoint, "mode"), HeatCheckpointModeNames, &mode));
  PetscCall(HeatReadBool(r, HeatReaderKey(checkpoint, "probe"), &c->checkpoint.probe));
  c->checkpoint.verify = (HeatReadBack)verify;
  c->checkpoint.mode   = (HeatCheckpointMode)mode;
  PetscCall(
      HeatReadReal(r, HeatReaderKey(limits, "wall_time"), HEAT_NOT_NEGATIVE, &c->limits.wall_time));
  PetscCall(HeatReadReal(r, HeatReaderKey(limits, "stall"), HEAT_NOT_NEGATIVE, &c->limits.stall));
  PetscCall(HeatReadBool(r, HeatReaderKey(limits, "slurm"), &c->limits.slurm));
  if (!IsWord(balance, "auto"))
    PetscCall(HeatReadReal(r, balance, HEAT_NOT_NEGATIVE, &c->limits.balance));
  PetscCall(HeatReadBool(r, HeatReaderKey(limits, "extremes"), &c->limits.extremes));
  PetscCall(HeatReadChoice(r, HeatReaderKey(limits, "memory"), HeatMemoryRuleNames, &memory));
  c->limits.memory = (HeatMemoryRule)memory;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The whole case. */

/* Read the title.  Its default is the stem of the file name, "heated-bar" for
 * "inputs/heated-bar.yaml", or "case" if the stem is empty; the default output folder is
 * out/STEM. */
static PetscErrorCode ReadTitle(const HeatReader *r, const HeatYamlNode *root, const char *path)
{
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path,
             *dot     = strrchr(name, '.');
  const size_t length = dot ? (size_t)(dot - name) : strlen(name);
  char         stem[200], directory[220];

  PetscFunctionBeginUser;
  snprintf(stem, sizeof stem, "%.*s", length ? (int)PetscMin(length, sizeof stem - 1) : 4,
           length ? name : "case");
  snprintf(directory, sizeof directory, "out/%s", stem);
  PetscCall(PetscStrallocpy(stem, &r->c->title));
  PetscCall(PetscStrallocpy(directory, &r->c->output.directory));
  PetscCall(HeatReadString(r, HeatReaderKey(root, "title"), &r->c->title));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check the keys of the tree, then read all sections.  Regions need the materials. */
static PetscErrorCode ReadTree(const HeatReader *r, HeatYamlNode *root, const char *path)
{
  PetscFunctionBeginUser;
  PetscCall(HeatReaderCheckKeys(r, root));
  PetscCall(ReadTitle(r, root, path));
  PetscCall(ReadGrid(r, root));
  PetscCall(ReadDecomposition(r, root));
  PetscCall(HeatReadMaterials(r, root));
  PetscCall(HeatReadRegions(r, root));
  PetscCall(HeatReadContacts(r, root));
  PetscCall(HeatReadFields(r, root));
  PetscCall(HeatReadBoundary(r, root));
  PetscCall(ReadTime(r, root));
  PetscCall(ReadSolver(r, root));
  PetscCall(HeatReadOutput(r, root));
  PetscCall(ReadCheckpointAndLimits(r, root));
  PetscCall(HeatReadChecks(r, root));
  PetscCall(HeatReadPetscOptions(r, root));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Parse r->c->text, apply the overrides, and read the case from the tree. */
static PetscErrorCode ParseAndRead(const HeatReader *r, HeatYamlTree *tree, size_t length,
                                   const char *path, PetscInt n_set, const char *const *set)
{
  HeatYamlNode   *root;
  HeatYamlProblem problem;
  const PetscBool record = HeatRecordBegins(r->c->text);

  PetscFunctionBeginUser;
  PetscCall(HeatYamlParse(tree, r->c->text, length, PETSC_FALSE, &root, &problem));
  HeatCheck(!problem.message[0], r->comm, HEAT_ERR_INPUT, "%s:%d: %s%s", path,
            PetscMax(problem.line, 1), problem.message,
            record ? "; this record of a run is damaged or cut short" : "");
  HeatCheck(root && !HeatReaderIsNull(root), r->comm, HEAT_ERR_INPUT,
            "%s:1: the file holds no case; it needs at least grid, materials and time", path);
  PetscCall(HeatRecordOpen(r, &root));
  for (PetscInt i = 0; i < n_set; i++) PetscCall(HeatReaderSet(r, tree, root, set[i]));
  PetscCall(ReadTree(r, root, path));
  PetscCall(HeatCaseListKeys(root, &r->c->keys));
  if (r->directory) {
    PetscCall(PetscFree(r->c->output.directory));
    PetscCall(PetscStrallocpy(r->directory, &r->c->output.directory));
  }
  PetscCall(HeatRecordDescribe(r, tree, root));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read a case into r->c: from `text`, or from the file `path` if text is NULL.  The tree is
 * destroyed also after an error. */
static PetscErrorCode ReadInto(const HeatReader *r, const char *path, const char *text,
                               PetscInt n_set, const char *const *set)
{
  HeatYamlTree  *tree;
  size_t         length = text ? strlen(text) : 0;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(PetscStrallocpy(path, &r->c->file));
  if (text) PetscCall(PetscStrallocpy(text, &r->c->text));
  else PetscCall(HeatTextRead(r->comm, path, HEAT_ERR_INPUT, "a case file", &r->c->text, &length));
  PetscCall(HeatYamlCreate(&tree));
  code = ParseAndRead(r, tree, length, path, n_set, set);
  PetscCall(HeatYamlDestroy(&tree));
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create the case of a reader and read it with ReadInto; *c is NULL after an error. */
static PetscErrorCode CreateAndRead(HeatReader *r, const char *path, const char *text,
                                    PetscInt n_set, const char *const *set, HeatCase **c)
{
  PetscErrorCode code;

  PetscFunctionBeginUser;
  *c = NULL;
  PetscCall(HeatCaseCreate(&r->c));
  code = ReadInto(r, path, text, n_set, set);
  if (code != PETSC_SUCCESS) PetscCall(HeatCaseDestroy(&r->c));
  PetscCall(code);
  *c = r->c;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCaseReadText(MPI_Comm comm, const char *name, const char *text, PetscInt n_set,
                                const char *const *set, HeatCase **c)
{
  HeatReader r = {.comm = comm};

  return CreateAndRead(&r, name, text, n_set, set, c);
}

PetscErrorCode HeatCaseRead(MPI_Comm comm, const char *path, PetscInt n_set, const char *const *set,
                            const char *directory, HeatCase **c)
{
  HeatReader r = {.comm = comm, .directory = directory};

  return CreateAndRead(&r, path, NULL, n_set, set, c);
}
