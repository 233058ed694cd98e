/* The case file: bytes to tree to case.
 *
 * Rank 0 reads the bytes, because a file opened by every rank of a large job is a burden on the
 * file system; what it found, content or failure, is broadcast, and from there on all ranks do
 * the same work and so agree on every error.  The order is: syntax, --set, the names of all keys,
 * then the values section by section. */
#include "io/case_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "io/case_reader.h"

enum { MOST_BYTES = 16 * 1024 * 1024, FIRST_BYTES = 65536 };

/* Bytes. */

/* All of a file, with a NUL behind it; *failed is errno, or -1 when larger than MOST_BYTES. */
static PetscErrorCode ReadBytes(const char *path, char **text, size_t *length, int *failed)
{
  size_t size = FIRST_BYTES;
  FILE  *file = fopen(path, "rb");

  PetscFunctionBeginUser;
  *length = 0;
  *failed = file ? 0 : errno;
  PetscCall(PetscMalloc1(size, text));
  while (file && !*failed) {
    errno = 0;
    *length += fread(*text + *length, 1, size - 1 - *length, file);
    if (ferror(file)) *failed = errno ? errno : EIO;
    else if (*length > MOST_BYTES) *failed = -1;
    else if (*length < size - 1) break; /* the end */
    else {
      size *= 2;
      PetscCall(PetscRealloc(size, text));
    }
  }
  if (file) fclose(file);
  (*text)[*length] = '\0';
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Collective: every rank gets the text, in c->text, or raises. */
static PetscErrorCode ShareBytes(MPI_Comm comm, const char *path, HeatCase *c, size_t *length)
{
  PetscInt64  header[2] = {0, 0}; /* failure, length */
  PetscMPIInt rank;
  int         failed = 0;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    PetscCall(ReadBytes(path, &c->text, length, &failed));
    header[0] = failed;
    header[1] = (PetscInt64)*length;
  }
  PetscCallMPI(MPI_Bcast(header, 2, MPIU_INT64, 0, comm));
  HeatCheck(header[0] != -1, comm, HEAT_ERR_INPUT,
            "%s: larger than %d MiB; this is not a case file", path, MOST_BYTES / (1024 * 1024));
  HeatCheck(header[0] == 0, comm, HEAT_ERR_INPUT,
            "%s: cannot be read: %s; give the name of a case file", path, strerror((int)header[0]));
  *length = (size_t)header[1];
  if (rank != 0) PetscCall(PetscMalloc1(*length + 1, &c->text));
  PetscCallMPI(MPI_Bcast(c->text, (int)*length + 1, MPI_CHAR, 0, comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Sections. */

static PetscErrorCode ReadGrid(const HeatReader *r, const HeatYamlNode *root)
{
  HeatYamlNode *grid, *node;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderRequire(r, root, "grid", &grid));
  PetscCall(HeatReadMap(r, grid));
  PetscCall(HeatReaderRequire(r, grid, "cells", &node));
  PetscCall(HeatReadIntPair(r, node, 1, r->c->grid.cells));
  PetscCall(HeatReaderRequire(r, grid, "x", &node));
  PetscCall(HeatReadRealPair(r, node, r->c->grid.x));
  PetscCall(HeatReaderRequire(r, grid, "y", &node));
  PetscCall(HeatReadRealPair(r, node, r->c->grid.y));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscBool IsWord(const HeatYamlNode *node, const char *word)
{
  return (PetscBool)(node && node->kind == HEAT_YAML_SCALAR && strcmp(node->text, word) == 0);
}

static PetscErrorCode ReadDecomposition(const HeatReader *r, const HeatYamlNode *root)
{
  const HeatYamlNode *section   = HeatReaderKey(root, "decomposition");
  const HeatYamlNode *processes = HeatReaderKey(section, "processes");
  int                 mapping   = r->c->decomposition.mapping;
  char                found[HEAT_FOUND];

  PetscFunctionBeginUser;
  PetscCall(HeatReadMap(r, section));
  if (processes && !IsWord(processes, "auto")) {
    HeatReaderCheck(processes->kind == HEAT_YAML_LIST, r, processes,
                    "found %s; it must be auto or [px, py]", HeatReaderFound(processes, found));
    PetscCall(HeatReadIntPair(r, processes, 1, r->c->decomposition.processes));
  }
  PetscCall(HeatReadChoice(r, HeatReaderKey(section, "mapping"), HeatMappingNames, &mapping));
  r->c->decomposition.mapping = (HeatMapping)mapping;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ReadInitialAndSource(const HeatReader *r, const HeatYamlNode *root)
{
  const HeatYamlNode *section = HeatReaderKey(root, "initial");

  PetscFunctionBeginUser;
  PetscCall(HeatReadMap(r, section));
  PetscCall(HeatReadFormula(r, HeatReaderKey(section, "temperature"), &r->c->initial.temperature));
  PetscCall(HeatReadString(r, HeatReaderKey(section, "file"), &r->c->initial.file));
  PetscCall(HeatReadString(r, HeatReaderKey(section, "dataset"), &r->c->initial.dataset));
  if (r->c->initial.file && !r->c->initial.dataset) {
    PetscCall(PetscStrallocpy("/temperature", &r->c->initial.dataset));
  }
  PetscCall(HeatReadFormula(r, HeatReaderKey(root, "source"), &r->c->source));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ReadBoundary(const HeatReader *r, const HeatYamlNode *root)
{
  const HeatYamlNode *section = HeatReaderKey(root, "boundary");

  PetscFunctionBeginUser;
  PetscCall(HeatReadMap(r, section));
  for (int side = 0; section && side < HEAT_SIDES; side++) {
    const HeatYamlNode *node = HeatReaderKey(section, HeatSideNames[side]);
    HeatSegment        *b    = &r->c->boundary[side].segments[0];
    HeatYamlNode       *type;
    int                 choice = HEAT_BC_INSULATED;

    PetscCall(HeatReadMap(r, node));
    if (!node) continue;
    PetscCall(HeatReaderRequire(r, node, "type", &type));
    HeatReaderCheck(
        !IsWord(type, "radiation"), r, type,
        "radiation is not available in this version; a convection with its linearised coefficient, "
        "4 emissivity sigma T^3, comes near for small differences of temperature");
    PetscCall(HeatReadChoice(r, type, HeatBoundaryTypeNames, &choice));
    b->type = (HeatBoundaryType)choice;
    PetscCall(HeatReadFormula(r, HeatReaderKey(node, "value"), &b->value));
    PetscCall(HeatReadFormula(r, HeatReaderKey(node, "coefficient"), &b->coefficient));
    PetscCall(HeatReadFormula(r, HeatReaderKey(node, "ambient"), &b->ambient));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The contract has more schemes than this version. */
static PetscBool IsLaterScheme(const HeatYamlNode *node)
{
  static const char *const later[] = {"rkl2", "bdf2", "esdirk"};

  for (size_t i = 0; i < PETSC_STATIC_ARRAY_LENGTH(later); i++) {
    if (IsWord(node, later[i])) return PETSC_TRUE;
  }
  return (PetscBool)(node->kind == HEAT_YAML_SCALAR && strncmp(node->text, "ts:", 3) == 0);
}

static PetscErrorCode ReadTime(const HeatReader *r, const HeatYamlNode *root)
{
  HeatYamlNode *section, *scheme;
  int           choice = 0;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderRequire(r, root, "time", &section));
  PetscCall(HeatReadMap(r, section));
  PetscCall(HeatReaderRequire(r, section, "scheme", &scheme));
  HeatReaderCheck(!IsLaterScheme(scheme), r, scheme,
                  "%.20s is not available in this version; choose ftcs, backward-euler, "
                  "crank-nicolson or steady",
                  scheme->text);
  PetscCall(HeatReadChoice(r, scheme, HeatSchemeNames, &choice));
  r->c->time.scheme = (HeatScheme)choice;

  const HeatYamlNode *step = HeatReaderKey(section, "step");
  if (IsWord(step, "auto")) r->c->time.step_auto = PETSC_TRUE;
  else PetscCall(HeatReadReal(r, step, HEAT_POSITIVE, &r->c->time.step));
  PetscCall(HeatReadReal(r, HeatReaderKey(section, "end"), HEAT_POSITIVE, &r->c->time.end));
  PetscCall(HeatReadInt(r, HeatReaderKey(section, "steps"), 1, &r->c->time.steps));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ReadSolver(const HeatReader *r, const HeatYamlNode *root)
{
  const HeatYamlNode *section = HeatReaderKey(root, "solver");
  int                 face = r->c->solver.face_average, paint = r->c->solver.paint;

  PetscFunctionBeginUser;
  PetscCall(HeatReadMap(r, section));
  PetscCall(
      HeatReadReal(r, HeatReaderKey(section, "tolerance"), HEAT_ANY, &r->c->solver.tolerance));
  PetscCall(
      HeatReadInt(r, HeatReaderKey(section, "max_iterations"), 1, &r->c->solver.max_iterations));
  PetscCall(
      HeatReadString(r, HeatReaderKey(section, "preconditioner"), &r->c->solver.preconditioner));
  PetscCall(HeatReadChoice(r, HeatReaderKey(section, "face_average"), HeatFaceAverageNames, &face));
  PetscCall(HeatReadBool(r, HeatReaderKey(section, "reproducible"), &r->c->solver.reproducible));
  PetscCall(HeatReadChoice(r, HeatReaderKey(section, "paint"), HeatPaintRuleNames, &paint));
  r->c->solver.face_average = (HeatFaceAverage)face;
  r->c->solver.paint        = (HeatPaintRule)paint;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ReadFields(const HeatReader *r, const HeatYamlNode *list)
{
  char path[64];
  int  field = 0, i = 0;

  PetscFunctionBeginUser;
  PetscCall(HeatReadList(r, list));
  if (!list) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscArrayzero(r->c->output.fields, HEAT_FIELDS));
  for (const HeatYamlNode *item = list->first; item; item = item->next, i++) {
    HeatYamlNode element = *item;

    snprintf(path, sizeof path, "%s[%d]", list->path, i);
    element.path = path;
    PetscCall(HeatReadChoice(r, &element, HeatFieldKindNames, &field));
    HeatReaderCheck(!r->c->output.fields[field], r, &element, "%s is in the list twice; keep one",
                    item->text);
    r->c->output.fields[field] = PETSC_TRUE;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ReadOutput(const HeatReader *r, const HeatYamlNode *root)
{
  const HeatYamlNode *section   = HeatReaderKey(root, "output");
  const HeatYamlNode *snapshots = HeatReaderKey(section, "snapshots");
  const HeatYamlNode *history   = HeatReaderKey(section, "history");
  HeatCase           *c         = r->c;
  int                 choice    = c->output.compression;

  PetscFunctionBeginUser;
  PetscCall(HeatReadMap(r, section));
  PetscCall(HeatReadMap(r, snapshots));
  PetscCall(HeatReadMap(r, history));
  PetscCall(HeatReadString(r, HeatReaderKey(section, "directory"), &c->output.directory));
  PetscCall(
      HeatReadString(r, HeatReaderKey(section, "temperature_unit"), &c->output.temperature_unit));
  PetscCall(HeatReadInt(r, HeatReaderKey(snapshots, "every"), 0, &c->output.snapshots_every));
  PetscCall(HeatReadReal(r, HeatReaderKey(snapshots, "interval"), HEAT_NOT_NEGATIVE,
                         &c->output.snapshots_interval));
  PetscCall(HeatReadInt(r, HeatReaderKey(history, "every"), 0, &c->output.history_every));
  PetscCall(ReadFields(r, HeatReaderKey(section, "fields")));
  PetscCall(HeatReadProbes(r, section));
  PetscCall(
      HeatReadChoice(r, HeatReaderKey(section, "compression"), HeatCompressionNames, &choice));
  c->output.compression = (HeatCompression)choice;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ReadCheckpointAndLimits(const HeatReader *r, const HeatYamlNode *root)
{
  const HeatYamlNode *checkpoint = HeatReaderKey(root, "checkpoint"),
                     *limits     = HeatReaderKey(root, "limits");
  HeatCase *c                    = r->c;

  PetscFunctionBeginUser;
  PetscCall(HeatReadMap(r, checkpoint));
  PetscCall(HeatReadMap(r, limits));
  PetscCall(HeatReadInt(r, HeatReaderKey(checkpoint, "every"), 0, &c->checkpoint.every));
  PetscCall(HeatReadReal(r, HeatReaderKey(checkpoint, "wall_interval"), HEAT_NOT_NEGATIVE,
                         &c->checkpoint.wall_interval));
  PetscCall(HeatReadInt(r, HeatReaderKey(checkpoint, "keep"), 1, &c->checkpoint.keep));
  PetscCall(
      HeatReadReal(r, HeatReaderKey(limits, "wall_time"), HEAT_NOT_NEGATIVE, &c->limits.wall_time));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The whole. */

/* "heated-bar" of "inputs/heated-bar.yaml": for the title and the output folder. */
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

static PetscErrorCode ReadTree(const HeatReader *r, HeatYamlNode *root, const char *path)
{
  PetscFunctionBeginUser;
  PetscCall(HeatReaderCheckKeys(r, root));
  PetscCall(ReadTitle(r, root, path));
  PetscCall(ReadGrid(r, root));
  PetscCall(ReadDecomposition(r, root));
  PetscCall(HeatReadMaterials(r, root));
  PetscCall(HeatReadRegions(r, root));
  PetscCall(ReadInitialAndSource(r, root));
  PetscCall(ReadBoundary(r, root));
  PetscCall(ReadTime(r, root));
  PetscCall(ReadSolver(r, root));
  PetscCall(ReadOutput(r, root));
  PetscCall(ReadCheckpointAndLimits(r, root));
  PetscCall(HeatReadChecks(r, root));
  PetscCall(HeatReadPetscOptions(r, root));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ParseAndRead(const HeatReader *r, HeatYamlTree *tree, size_t length,
                                   const char *path, PetscInt n_set, const char *const *set)
{
  HeatYamlNode   *root;
  HeatYamlProblem problem;

  PetscFunctionBeginUser;
  PetscCall(HeatYamlParse(tree, r->c->text, length, PETSC_FALSE, &root, &problem));
  HeatCheck(!problem.message[0], r->comm, HEAT_ERR_INPUT, "%s:%d: %s", path,
            PetscMax(problem.line, 1), problem.message);
  HeatCheck(root && !HeatReaderIsNull(root), r->comm, HEAT_ERR_INPUT,
            "%s:1: the file holds no case; it needs at least grid, materials and time", path);
  for (PetscInt i = 0; i < n_set; i++) PetscCall(HeatReaderSet(r, tree, root, set[i]));
  PetscCall(ReadTree(r, root, path));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ReadInto(const HeatReader *r, const char *path, PetscInt n_set,
                               const char *const *set)
{
  HeatYamlTree  *tree;
  size_t         length = 0;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(PetscStrallocpy(path, &r->c->file));
  PetscCall(ShareBytes(r->comm, path, r->c, &length));
  PetscCall(HeatYamlCreate(&tree));
  code = ParseAndRead(r, tree, length, path, n_set, set);
  PetscCall(HeatYamlDestroy(&tree));
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCaseRead(MPI_Comm comm, const char *path, PetscInt n_set, const char *const *set,
                            HeatCase **c)
{
  HeatReader     r = {.comm = comm};
  PetscErrorCode code;

  PetscFunctionBeginUser;
  *c = NULL;
  PetscCall(HeatCaseCreate(&r.c));
  code = ReadInto(&r, path, n_set, set);
  if (code != PETSC_SUCCESS) PetscCall(HeatCaseDestroy(&r.c));
  PetscCall(code);
  *c = r.c;
  PetscFunctionReturn(PETSC_SUCCESS);
}
