/** Comparison of two cases by their keys: a restart may use another case than the run that wrote
 *  the checkpoint, and reports the differences that change the results.
 */
#ifndef HEAT_IO_CASE_COMPARE_H
#define HEAT_IO_CASE_COMPARE_H

#include "io/case_file/yaml_tree.h"
#include "solver/case/case.h"

/** List the keys of a case that affect the evolution of the temperature, with their values: one
 *  line "key: value" for each scalar, such as "materials[0].density: 7850".  These are the keys of
 *  the materials, properties, contacts, regions, the source, the ambient exchange, the sides,
 *  time.step, time.adaptive and time.events, the solver, and PETSc's options.
 *
 *  Left out are keys that a restart does not use (the initial state) or that may change freely (the
 *  title, the names of regions, the decomposition, the end, output, checkpoints, limits, checks),
 *  and the grid and the scheme, which the restart compares itself.  Not collective.
 *  @param[out] text  lines in the order of the tree; free with PetscFree */
PetscErrorCode HeatCaseListKeys(const HeatYamlNode *root, char **text);

/* How a line about the contents of a file begins. */
#define HEAT_CASE_CONTENTS "contents of "

/** Append to c->keys a line "contents of KEY (NAME): checksum 0x..." for each of these keys that
 *  names a file (tables, maps, properties) whose checksum is known (case_files.h).  Not
 *  collective. */
PetscErrorCode HeatCaseListContents(HeatCase *c);

/** A key with its value in the checkpoint's case (`then`) and in this one (`now`); a value is NULL
 *  where the key is not given. */
typedef struct {
  const char *key, *then, *now;
} HeatCaseDifference;

/** Compare two texts of HeatCaseListKeys.  The contents of a file are compared where both texts
 *  have its checksum.  Two values that are both numbers are equal if the numbers are: 1e3 equals
 *  1000.  Not collective.
 *  @param[in,out] then, now    are cut into strings, to which the differences point
 *  @param[out]    n            number of keys whose values differ
 *  @param[out]    differences  [*n], sorted by key; free with PetscFree */
PetscErrorCode HeatCaseCompare(char *then, char *now, PetscInt *n,
                               HeatCaseDifference **differences);

#endif
