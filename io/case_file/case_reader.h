/** Typed, strict access to the tree of a case file: what the files that know its keys share.
 *
 *  A reader never guesses: a value of another type than asked for is HEAT_ERR_INPUT, said with
 *  file, line and dotted path.  A node that is NULL is a key that is not there: the value keeps its
 *  default.  All ranks read the same tree, so every function here raises collectively without
 *  communicating.
 */
#ifndef HEAT_IO_CASE_READER_H
#define HEAT_IO_CASE_READER_H

#include "io/case_file/yaml_tree.h"
#include "solver/case/case.h"

typedef struct {
  MPI_Comm  comm;
  HeatCase *c; /* being filled; owns the table of lines */
} HeatReader;

typedef enum { HEAT_ANY, HEAT_NOT_NEGATIVE, HEAT_POSITIVE } HeatRange;

/** Raise HEAT_ERR_INPUT about a node, unless the condition holds. */
#define HeatReaderCheck(condition, r, node, ...)                                                   \
  do {                                                                                             \
    if (PetscUnlikely(!(condition))) {                                                             \
      PetscCall(HeatCaseAddWhere((r)->c, (node)->path, (node)->line));                             \
      return HeatCaseRaise((r)->comm, PETSC_FUNCTION_NAME, __FILE__, __LINE__, (r)->c,             \
                           (node)->path, __VA_ARGS__);                                             \
    }                                                                                              \
  } while (0)

enum { HEAT_FOUND_BYTES = 80 };

/** What a node holds, for a message: its text, `nothing`, `a list` or `a mapping`. */
const char *HeatReaderDescribe(const HeatYamlNode *node, char buffer[HEAT_FOUND_BYTES]);

/** A scalar without quotes that is empty, ~ or null. */
PetscBool HeatReaderIsNull(const HeatYamlNode *node);

/** The member of a mapping, NULL when absent (or when map is NULL). */
HeatYamlNode *HeatReaderKey(const HeatYamlNode *map, const char *key);

/** Likewise; absent is an error. */
PetscErrorCode HeatReaderRequire(const HeatReader *r, const HeatYamlNode *map, const char *key,
                                 HeatYamlNode **node);

/** The node is a mapping, a list; or NULL. */
PetscErrorCode HeatReaderCheckMap(const HeatReader *r, const HeatYamlNode *node);
PetscErrorCode HeatReaderCheckList(const HeatReader *r, const HeatYamlNode *node);

/** A finite number. */
PetscErrorCode HeatReadReal(const HeatReader *r, const HeatYamlNode *node, HeatRange range,
                            PetscReal *value);
/** A whole number, digits only, >= least. */
PetscErrorCode HeatReadInt(const HeatReader *r, const HeatYamlNode *node, PetscInt least,
                           PetscInt *value);
PetscErrorCode HeatReadBool(const HeatReader *r, const HeatYamlNode *node, PetscBool *value);

/** Text; numbers too are text.  Replaces *value, which the caller owns. */
PetscErrorCode HeatReadString(const HeatReader *r, const HeatYamlNode *node, char **value);

/** Likewise the name of a file: relative to the folder of the case file, unless it is absolute. */
PetscErrorCode HeatReadPath(const HeatReader *r, const HeatYamlNode *node, char **value);

/** The keys `file` and `dataset` of a mapping; without the latter it is `fallback`. */
PetscErrorCode HeatReadDataset(const HeatReader *r, const HeatYamlNode *map, const char *fallback,
                               HeatDataset *value);

/** One of the names of a PetscEnum-style array; *value is its index. */
PetscErrorCode HeatReadChoice(const HeatReader *r, const HeatYamlNode *node,
                              const char *const names[], int *value);
/** A number, or the text of an expression (which is not compiled here). */
PetscErrorCode HeatReadFormula(const HeatReader *r, const HeatYamlNode *node, HeatFormula *formula);

/** A list of at most `most` entries, and how many it has. */
PetscErrorCode HeatReadListLength(const HeatReader *r, const HeatYamlNode *list, PetscInt most,
                                  PetscInt *n);

/** A list of exactly two. */
PetscErrorCode HeatReadRealPair(const HeatReader *r, const HeatYamlNode *node, PetscReal value[2]);
PetscErrorCode HeatReadIntPair(const HeatReader *r, const HeatYamlNode *node, PetscInt least,
                               PetscInt value[2]);

PetscErrorCode HeatReadStringPair(const HeatReader *r, const HeatYamlNode *node, char *value[2]);
PetscErrorCode HeatReadFormulaPair(const HeatReader *r, const HeatYamlNode *node,
                                   HeatFormula value[2]);

/** Raise that `node` repeats the key of `other`. */
PetscErrorCode HeatReaderRaiseRepeated(const HeatReader *r, const HeatYamlNode *node,
                                       const HeatYamlNode *other);

/** "; did you mean 'x'?" when a candidate is near to text, else "".  Candidates end with NULL. */
const char *HeatReaderSuggest(const char *text, const char *const candidates[], char *buffer,
                              size_t size);

/** Every key of the tree is in the table, and once; gives each its path and line (case_keys.c). */
PetscErrorCode HeatReaderCheckKeys(const HeatReader *r, HeatYamlNode *root);

/** Apply one KEY=VALUE to the tree (case_set.c).  Errors: HEAT_ERR_INPUT. */
PetscErrorCode HeatReaderSet(const HeatReader *r, HeatYamlTree *tree, HeatYamlNode *root,
                             const char *assignment);

/** The sections that are lists, and petsc (case_lists.c): from the tree's root into the case. */
PetscErrorCode HeatReadMaterials(const HeatReader *r, const HeatYamlNode *root);
PetscErrorCode HeatReadRegions(const HeatReader *r, const HeatYamlNode *root);
PetscErrorCode HeatReadContacts(const HeatReader *r, const HeatYamlNode *root);
PetscErrorCode HeatReadChecks(const HeatReader *r, const HeatYamlNode *root);
PetscErrorCode HeatReadPetscOptions(const HeatReader *r, const HeatYamlNode *root);

/** properties, initial, source, exchange; boundary, with its tables (case_fields.c). */
PetscErrorCode HeatReadFields(const HeatReader *r, const HeatYamlNode *root);
PetscErrorCode HeatReadBoundary(const HeatReader *r, const HeatYamlNode *root);

/** The section output (case_output.c). */
PetscErrorCode HeatReadOutput(const HeatReader *r, const HeatYamlNode *root);

#endif
