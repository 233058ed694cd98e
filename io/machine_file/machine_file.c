/** Reading machine files (machine_file.h).
 *
 *  The reader of case files is used with the table of keys below.  It records the lines of keys
 *  in a HeatCase, of which nothing else is used here. */
#include "io/machine_file/machine_file.h"

#include <string.h>

#include "io/case_file/case_reader.h"
#include "io/file/text_file.h"

/* The table of keys. */

static const HeatCaseKey keys[] = {
    {"name", "text", "required", "name of the machine"},
    {"source", "text", "required", "where the numbers come from"},
    {"nodes", "whole number >= 1", "required", "nodes of the machine"},
    {"cores_per_node", "whole number >= 1", "required", "cores of a node"},
    {"memory_per_node", "number > 0", "required", "memory of a node [B]"},
    {"cache_per_node", "number >= 0", "0", "last-level caches of a node together [B]"},
    {"memory_bandwidth", "[[ranks, value], ...]", "required",
     "memory bandwidth of a node [B/s] by ranks in use, as STREAM triad counts it"},
    {"within.latency", "number > 0", "required",
     "time of the smallest message within a node, from program to program [s]"},
    {"within.bandwidth", "[[bytes, value], ...]", "required",
     "bandwidth of a message within a node [B/s] by its size [B], both ways at once, without the "
     "latency"},
    {"between.latency", "number > 0", "required unless between is null",
     "time of the smallest message between two nodes, from program to program [s]"},
    {"between.bandwidth", "[[bytes, value], ...]", "required unless between is null",
     "bandwidth of a node's link [B/s] by size of a message [B], both ways at once, without the "
     "latency"},
    {"exchange", "number >= 0", "required",
     "time of an exchange of heat2d beside its messages: packing, starting, waiting [s]"},
    {"allreduce.within", "[[ranks, value], ...]", "required unless null",
     "time of an allreduce of one number [s] by ranks of one node"},
    {"allreduce.between", "[[nodes, value], ...]", "required unless null",
     "time of an allreduce of one number [s] by nodes, with one rank on each"},
    {"filesystem.write", "number > 0", "required",
     "bandwidth of writing and syncing files, all nodes together [B/s]"},
    {"filesystem.read", "number > 0", "required",
     "bandwidth of reading files, all nodes together [B/s]"},
    {"filesystem.file", "number > 0", "required",
     "time to create, sync and rename a small file [s]"},
    {"kernels[].kernel", "ftcs | ftcs_sweep | ftcs_pass | rkl2 | rkl2_sweep | ...", "required",
     "kernel of heat2d; every kernel is required for uniform and for varying coefficients"},
    {"kernels[].coefficients", "uniform | varying", "required",
     "coefficients that are equal along rows of cells, or vary from cell to cell"},
    {"kernels[].bytes", "number >= 0", "required",
     "memory traffic of a cell [B], by which ranks share the bandwidth of a node"},
    {"kernels[].seconds", "[[cells, value], ...]", "required",
     "time of a cell [s] by the cells of a rank, while one rank of the node is at work"},
    {"kernels[].together", "[[cells, value], ...]", "not known",
     "the same while as many ranks are at work as the last point of memory_bandwidth has"},
    {"kernels[].row", "number >= 0", "0",
     "time of a row of cells beside the cells [s]; `seconds` and `together` are of as many rows as "
     "columns"},
    {NULL, NULL, NULL, NULL},
};

const HeatCaseKey *HeatMachineKeys(void) { return keys; }

/* Values. */

/* Read a curve: a list of pairs of positive numbers whose first ones ascend. */
static PetscErrorCode ReadCurve(const HeatReader *r, const HeatYamlNode *list, HeatCurve *curve)
{
  PetscInt n, i = 0;

  PetscFunctionBeginUser;
  PetscCall(HeatReadListLength(r, list, HEAT_CURVE_POINTS, &n));
  HeatReaderCheck(n > 0, r, list, "found an empty list; it must have at least one pair");
  for (const HeatYamlNode *item = list->first; item; item = item->next, i++) {
    char               path[HEAT_ELEMENT_PATH_BYTES];
    const HeatYamlNode element = HeatReaderElement(list, item, i, path);
    PetscReal          pair[2];

    PetscCall(HeatReadRealPair(r, &element, pair));
    HeatReaderCheck(pair[0] > 0.0 && pair[1] > 0.0, r, &element,
                    "found [%g, %g]; both numbers must be greater than 0", (double)pair[0],
                    (double)pair[1]);
    HeatReaderCheck(i == 0 || pair[0] > curve->at[i - 1], r, &element,
                    "found [%g, ...] after [%g, ...]; the first numbers must ascend",
                    (double)pair[0], i ? curve->at[i - 1] : 0.0);
    HeatCurveAdd(curve, (double)pair[0], (double)pair[1]);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RequireCurve(const HeatReader *r, const HeatYamlNode *map, const char *key,
                                   HeatCurve *curve)
{
  HeatYamlNode *node;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderRequire(r, map, key, &node));
  PetscCall(ReadCurve(r, node, curve));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RequireReal(const HeatReader *r, const HeatYamlNode *map, const char *key,
                                  HeatRange range, double *value)
{
  HeatYamlNode *node;
  PetscReal     real = 0.0;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderRequire(r, map, key, &node));
  PetscCall(HeatReadReal(r, node, range, &real));
  *value = (double)real;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RequireCount(const HeatReader *r, const HeatYamlNode *map, const char *key,
                                   PetscInt *value)
{
  HeatYamlNode *node;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderRequire(r, map, key, &node));
  PetscCall(HeatReadInt(r, node, 1, value));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read a text of less than `size` bytes. */
static PetscErrorCode RequireText(const HeatReader *r, const HeatYamlNode *map, const char *key,
                                  char *value, size_t size)
{
  HeatYamlNode *node;
  char         *text = NULL;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderRequire(r, map, key, &node));
  PetscCall(HeatReadString(r, node, &text));
  PetscCall(PetscStrncpy(value, text, size));
  PetscCall(PetscFree(text));
  HeatReaderCheck(strlen(node->text) < size, r, node,
                  "found a text of %zu bytes; at most %zu are possible", strlen(node->text),
                  size - 1);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Find the member `key` of a mapping, which is required; *node is NULL where its value is null. */
static PetscErrorCode RequireMapOrNull(const HeatReader *r, const HeatYamlNode *map,
                                       const char *key, HeatYamlNode **node)
{
  PetscFunctionBeginUser;
  PetscCall(HeatReaderRequire(r, map, key, node));
  if (HeatReaderIsNull(*node)) *node = NULL;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Sections. */

static PetscErrorCode ReadLink(const HeatReader *r, const HeatYamlNode *node, HeatLink *link)
{
  PetscFunctionBeginUser;
  if (!node) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatReaderCheckMap(r, node));
  link->given = PETSC_TRUE;
  PetscCall(RequireReal(r, node, "latency", HEAT_POSITIVE, &link->latency));
  PetscCall(RequireCurve(r, node, "bandwidth", &link->bandwidth));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read the times of allreduces; leave the curve empty where the list is null.  One rank has nothing
   to reduce, so the first number of ranks or nodes must be 2 or more. */
static PetscErrorCode ReadReductions(const HeatReader *r, const HeatYamlNode *node, const char *key,
                                     HeatCurve *curve)
{
  HeatYamlNode *list;

  PetscFunctionBeginUser;
  PetscCall(RequireMapOrNull(r, node, key, &list));
  if (!list) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(ReadCurve(r, list, curve));
  HeatReaderCheck(curve->at[0] >= 2.0, r, list, "found %g first; an allreduce needs 2 at least",
                  curve->at[0]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ReadMessages(const HeatReader *r, const HeatYamlNode *root, HeatMachine *m)
{
  HeatYamlNode *node;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderRequire(r, root, "within", &node));
  PetscCall(ReadLink(r, node, &m->within));
  PetscCall(RequireMapOrNull(r, root, "between", &node));
  PetscCall(ReadLink(r, node, &m->between));
  PetscCall(RequireReal(r, root, "exchange", HEAT_NOT_NEGATIVE, &m->exchange));
  PetscCall(HeatReaderRequire(r, root, "allreduce", &node));
  PetscCall(HeatReaderCheckMap(r, node));
  PetscCall(ReadReductions(r, node, "within", &m->reduce_within));
  PetscCall(ReadReductions(r, node, "between", &m->reduce_between));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ReadFilesystem(const HeatReader *r, const HeatYamlNode *root, HeatMachine *m)
{
  HeatYamlNode *node;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderRequire(r, root, "filesystem", &node));
  PetscCall(HeatReaderCheckMap(r, node));
  PetscCall(RequireReal(r, node, "write", HEAT_POSITIVE, &m->write));
  PetscCall(RequireReal(r, node, "read", HEAT_POSITIVE, &m->read));
  PetscCall(RequireReal(r, node, "file", HEAT_POSITIVE, &m->file));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read one element of `kernels`. */
static PetscErrorCode ReadKernel(const HeatReader *r, const HeatYamlNode *item, HeatMachine *m)
{
  HeatYamlNode   *node, *name;
  HeatKernelCost *cost;
  int             kernel = 0, coefficients = 0;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderRequire(r, item, "kernel", &name));
  PetscCall(HeatReadChoice(r, name, HeatKernelNames, &kernel));
  PetscCall(HeatReaderRequire(r, item, "coefficients", &node));
  PetscCall(HeatReadChoice(r, node, HeatCoefficientsNames, &coefficients));
  cost = &m->kernel[coefficients][kernel];
  HeatReaderCheck(cost->seconds.n == 0, r, name, "%s with %s coefficients is given twice; keep one",
                  HeatKernelNames[kernel], HeatCoefficientsNames[coefficients]);
  PetscCall(RequireReal(r, item, "bytes", HEAT_NOT_NEGATIVE, &cost->bytes));
  PetscCall(RequireCurve(r, item, "seconds", &cost->seconds));
  if (HeatReaderKey(item, "row"))
    PetscCall(RequireReal(r, item, "row", HEAT_NOT_NEGATIVE, &cost->row));
  if (HeatReaderKey(item, "together"))
    PetscCall(RequireCurve(r, item, "together", &cost->together));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ReadKernels(const HeatReader *r, const HeatYamlNode *root, HeatMachine *m)
{
  HeatYamlNode *list;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderRequire(r, root, "kernels", &list));
  PetscCall(HeatReaderCheckList(r, list));
  for (const HeatYamlNode *item = list->first; item; item = item->next)
    PetscCall(ReadKernel(r, item, m));
  for (int c = 0; c < HEAT_COEFFICIENTS; c++) {
    for (int k = 0; k < HEAT_KERNELS; k++) {
      HeatReaderCheck(m->kernel[c][k].seconds.n > 0, r, list,
                      "%s with %s coefficients is missing; every kernel is required for both",
                      HeatKernelNames[k], HeatCoefficientsNames[c]);
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The whole file. */

static PetscErrorCode ReadTree(const HeatReader *r, HeatYamlNode *root, HeatMachine *m)
{
  HeatYamlNode *cache;
  PetscReal     bytes = 0.0;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderCheckKeys(r, root));
  PetscCall(RequireText(r, root, "name", m->name, sizeof m->name));
  PetscCall(RequireText(r, root, "source", m->source, sizeof m->source));
  PetscCall(RequireCount(r, root, "nodes", &m->nodes));
  PetscCall(RequireCount(r, root, "cores_per_node", &m->cores_per_node));
  PetscCall(RequireReal(r, root, "memory_per_node", HEAT_POSITIVE, &m->memory_per_node));
  cache = HeatReaderKey(root, "cache_per_node");
  PetscCall(HeatReadReal(r, cache, HEAT_NOT_NEGATIVE, &bytes));
  m->cache_per_node = (double)bytes;
  PetscCall(RequireCurve(r, root, "memory_bandwidth", &m->memory_bandwidth));
  PetscCall(ReadMessages(r, root, m));
  PetscCall(ReadFilesystem(r, root, m));
  PetscCall(ReadKernels(r, root, m));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Parse the text of the case's member `text` and read the machine from it. */
static PetscErrorCode ParseAndRead(const HeatReader *r, HeatYamlTree *tree, size_t length,
                                   HeatMachine *m)
{
  HeatYamlNode   *root;
  HeatYamlProblem problem;

  PetscFunctionBeginUser;
  PetscCall(HeatYamlParse(tree, r->c->text, length, PETSC_FALSE, &root, &problem));
  HeatCheck(!problem.message[0], r->comm, HEAT_ERR_INPUT, "%s:%d: %s", r->c->file,
            PetscMax(problem.line, 1), problem.message);
  HeatCheck(root && !HeatReaderIsNull(root), r->comm, HEAT_ERR_INPUT,
            "%s:1: the file holds no machine; heat2d plan --calibrate FILE writes one", r->c->file);
  PetscCall(ReadTree(r, root, m));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMachineRead(MPI_Comm comm, const char *path, HeatMachine *machine)
{
  HeatReader     r = {.comm = comm, .keys = keys};
  HeatYamlTree  *tree;
  size_t         length = 0;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(machine, sizeof *machine));
  PetscCall(HeatCaseCreate(&r.c));
  PetscCall(HeatYamlCreate(&tree));
  code = PetscStrallocpy(path, &r.c->file);
  if (!code) code = HeatTextRead(comm, path, HEAT_ERR_INPUT, "a machine file", &r.c->text, &length);
  if (!code) code = ParseAndRead(&r, tree, length, machine);
  PetscCall(HeatYamlDestroy(&tree));
  PetscCall(HeatCaseDestroy(&r.c));
  PetscFunctionReturn(code);
}
