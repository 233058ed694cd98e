/** Typed, strict access to the tree of a case file; shared by the files that know its keys.
 *
 *  A value of another type than the one asked for raises HEAT_ERR_INPUT with file, line and dotted
 *  path; nothing is converted or guessed.
 *
 *  Every function HeatRead... takes the node of a value.  A node that is NULL stands for an absent
 *  key: the function succeeds and leaves the value unchanged, so that the value keeps its default.
 *
 *  All ranks read the same tree, so they raise the same errors at the same place: every function
 *  here is collective on r->comm, in that sense, but only HeatReadBoundary communicates, when it
 *  reads a table of values.
 */
#ifndef HEAT_IO_CASE_READER_H
#define HEAT_IO_CASE_READER_H

#include "io/case_file/yaml_tree.h"
#include "solver/case/case.h"

struct HeatCaseKey; /* case_keys.h */

/** What all readers need. */
typedef struct {
  MPI_Comm    comm; /* borrowed */
  HeatCase   *c;    /* borrowed; the case that is being filled; its table `where` locates keys */
  const char *directory;          /* borrowed; replaces output.directory, or NULL */
  const struct HeatCaseKey *keys; /* borrowed; keys of another kind of file; NULL: of a case */
} HeatReader;

/** Which finite numbers HeatReadReal accepts: all, those >= 0, those > 0. */
typedef enum { HEAT_ANY, HEAT_NOT_NEGATIVE, HEAT_POSITIVE } HeatRange;

/** Raise HEAT_ERR_INPUT "FILE:LINE: PATH: message" about a node, unless the condition holds.  The
 *  node must have a path. */
#define HeatReaderCheck(condition, r, node, ...)                                                   \
  do {                                                                                             \
    if (PetscUnlikely(!(condition))) {                                                             \
      PetscCall(HeatCaseAddWhere((r)->c, (node)->path, (node)->line));                             \
      return HeatCaseRaise((r)->comm, PETSC_FUNCTION_NAME, __FILE__, __LINE__, (r)->c,             \
                           (node)->path, __VA_ARGS__);                                             \
    }                                                                                              \
  } while (0)

/* [bytes] Buffer for a description of a node: 60 bytes of its text, quotes, "..." and the NUL. */
enum { HEAT_FOUND_BYTES = 80 };

/** Describe what a node holds, for messages "found ...": the first 60 bytes of its text, "nothing",
 *  "a list" or "a mapping".  Return the description, which may lie in `buffer`. */
const char *HeatReaderDescribe(const HeatYamlNode *node, char buffer[HEAT_FOUND_BYTES]);

/* [bytes] Dotted path of an element of a list; a longer one is truncated.  Chosen. */
enum { HEAT_ELEMENT_PATH_BYTES = 160 };

/** Return a copy of `item`, element `i` of a list of scalars or pairs, with the dotted path that
 *  messages need.  The path is stored in `path`.  HeatReaderCheckKeys sets no paths for such
 *  elements. */
HeatYamlNode HeatReaderElement(const HeatYamlNode *list, const HeatYamlNode *item, PetscInt i,
                               char path[HEAT_ELEMENT_PATH_BYTES]);

/** Return whether a node is null in YAML: a scalar without quotes that is empty, ~ or null. */
PetscBool HeatReaderIsNull(const HeatYamlNode *node);

/** Return the member `key` of a mapping; NULL if it is absent or `map` is NULL. */
HeatYamlNode *HeatReaderKey(const HeatYamlNode *map, const char *key);

/** Find the member `key` of a mapping.  Errors: HEAT_ERR_INPUT if it is absent. */
PetscErrorCode HeatReaderRequire(const HeatReader *r, const HeatYamlNode *map, const char *key,
                                 HeatYamlNode **node);

/** Raise HEAT_ERR_INPUT unless the node is NULL or a mapping, or a list respectively. */
PetscErrorCode HeatReaderCheckMap(const HeatReader *r, const HeatYamlNode *node);
PetscErrorCode HeatReaderCheckList(const HeatReader *r, const HeatYamlNode *node);

/** Read a finite decimal number within `range`, with or without quotes. */
PetscErrorCode HeatReadReal(const HeatReader *r, const HeatYamlNode *node, HeatRange range,
                            PetscReal *value);

/** Read an integer >= `least`: digits only, after an optional sign. */
PetscErrorCode HeatReadInt(const HeatReader *r, const HeatYamlNode *node, PetscInt least,
                           PetscInt *value);

/** Read true or false (also True, TRUE, False, FALSE). */
PetscErrorCode HeatReadBool(const HeatReader *r, const HeatYamlNode *node, PetscBool *value);

/** Read a text, which may look like a number.  Free the old *value; the caller owns the new one. */
PetscErrorCode HeatReadString(const HeatReader *r, const HeatYamlNode *node, char **value);

/** Read a file name and store the path of the file.  A relative name is relative to the folder of
 *  the case file; if the case comes from a record that lists the name, the path is that of the
 *  record.  Add the file to the files of the case.  Free the old *value; the caller owns the new
 *  one. */
PetscErrorCode HeatReadPath(const HeatReader *r, const HeatYamlNode *node, char **value);

/** Read the members `file` and `dataset` of a mapping.  If only `file` is given, the dataset is
 *  `fallback`.  The caller owns the strings in *value.  Errors: HEAT_ERR_INPUT if only `dataset` is
 *  given. */
PetscErrorCode HeatReadDataset(const HeatReader *r, const HeatYamlNode *map, const char *fallback,
                               HeatDataset *value);

/** Read one of the names of an array that is laid out as for a PetscEnum: the names, the type's
 *  name, its prefix, NULL.
 *  @param[out] value  index of the name */
PetscErrorCode HeatReadChoice(const HeatReader *r, const HeatYamlNode *node,
                              const char *const names[], int *value);

/** Read a number, or the text of an expression, which is not compiled here.  The caller owns the
 *  text. */
PetscErrorCode HeatReadFormula(const HeatReader *r, const HeatYamlNode *node, HeatFormula *formula);

/** Store the number of elements of a list in *n, 0 if `list` is NULL.  Errors: HEAT_ERR_INPUT if
 *  it is not a list, or has more than `most` elements. */
PetscErrorCode HeatReadListLength(const HeatReader *r, const HeatYamlNode *list, PetscInt most,
                                  PetscInt *n);

/** Read a list of exactly two numbers, integers >= `least`, texts or formulas. */
PetscErrorCode HeatReadRealPair(const HeatReader *r, const HeatYamlNode *node, PetscReal value[2]);
PetscErrorCode HeatReadIntPair(const HeatReader *r, const HeatYamlNode *node, PetscInt least,
                               PetscInt value[2]);
PetscErrorCode HeatReadStringPair(const HeatReader *r, const HeatYamlNode *node, char *value[2]);
PetscErrorCode HeatReadFormulaPair(const HeatReader *r, const HeatYamlNode *node,
                                   HeatFormula value[2]);

/** Raise HEAT_ERR_INPUT: `node` repeats the key of `other`. */
PetscErrorCode HeatReaderRaiseRepeated(const HeatReader *r, const HeatYamlNode *node,
                                       const HeatYamlNode *other);

/** Write "; did you mean 'x'?" into `buffer` of `size` bytes, where x is the candidate for which
 *  textbooks or other programs use the name `text`, or else the candidate with the smallest edit
 *  distance to `text`.  Write "" if that distance is above 1 and above a third of the length of
 *  `text`.  Return `buffer`.
 *  @param[in] candidates  names, ended by NULL */
const char *HeatReaderSuggest(const char *text, const char *const candidates[], char *buffer,
                              size_t size);

/** Check that every key of the tree is in the table of keys and occurs once (case_keys.c); repeated
 *  keys below `petsc` are found by HeatReadPetscOptions instead.  Set the path of each member of a
 *  mapping and of each element of a list of mappings, and store its line in the case.
 *  Errors: HEAT_ERR_INPUT. */
PetscErrorCode HeatReaderCheckKeys(const HeatReader *r, HeatYamlNode *root);

/** Apply an override "KEY=VALUE" of --set to the tree (case_set.c).  Errors: HEAT_ERR_INPUT. */
PetscErrorCode HeatReaderSet(const HeatReader *r, HeatYamlTree *tree, HeatYamlNode *root,
                             const char *assignment);

/** Read the section materials, regions, contacts, check or petsc from the root of a tree that
 *  passed HeatReaderCheckKeys into r->c (case_lists.c).  Call HeatReadMaterials before
 *  HeatReadRegions.
 *  Errors: HEAT_ERR_INPUT. */
PetscErrorCode HeatReadMaterials(const HeatReader *r, const HeatYamlNode *root);
PetscErrorCode HeatReadRegions(const HeatReader *r, const HeatYamlNode *root);
PetscErrorCode HeatReadContacts(const HeatReader *r, const HeatYamlNode *root);
PetscErrorCode HeatReadChecks(const HeatReader *r, const HeatYamlNode *root);
PetscErrorCode HeatReadPetscOptions(const HeatReader *r, const HeatYamlNode *root);

/** Read the sections properties, initial, source and exchange from the root of a tree that passed
 *  HeatReaderCheckKeys into r->c (case_fields.c).  Errors: HEAT_ERR_INPUT. */
PetscErrorCode HeatReadFields(const HeatReader *r, const HeatYamlNode *root);

/** Read the section boundary, and the tables of values that it names, from the root of a tree that
 *  passed HeatReaderCheckKeys into r->c (case_fields.c).  Collective on r->comm; communicates for
 *  each table.  Errors: HEAT_ERR_INPUT; HEAT_ERR_FILE for a table. */
PetscErrorCode HeatReadBoundary(const HeatReader *r, const HeatYamlNode *root);

/** Read decomposition.weights into r->c (case_weights.c).  `node` may be NULL.
 *  Errors: HEAT_ERR_INPUT. */
PetscErrorCode HeatReadWeights(const HeatReader *r, const HeatYamlNode *node);

/** Read the section output from the root of a tree that passed HeatReaderCheckKeys into r->c
 *  (case_output.c).  Errors: HEAT_ERR_INPUT. */
PetscErrorCode HeatReadOutput(const HeatReader *r, const HeatYamlNode *root);

#endif
