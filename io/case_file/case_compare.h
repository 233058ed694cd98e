/** What was given in a case, and how two of them differ: for a restart, which may go on with another
 *  case than the one that wrote its checkpoint. */
#ifndef HEAT_IO_CASE_COMPARE_H
#define HEAT_IO_CASE_COMPARE_H

#include "io/case_file/yaml_tree.h"

/** The keys of a tree that decide how the field goes on, and their values, a line "key: value" each:
 *  "materials[0].density: 7850".  That is materials, properties, contacts, regions, sources, sides, the
 *  step, the solver.  Left out is what a restart does not look at (the initial state) or may change
 *  freely (names, the layout of ranks, the end, output, checkpoints, limits, checks), and the grid and
 *  the scheme, which are looked at apart.  Not collective.
 *  @param[out] text  freed with PetscFree */
PetscErrorCode HeatCaseListKeys(const HeatYamlNode *root, char **text);

/** A key with two values; a value is NULL where the key was not given. */
typedef struct {
  const char *key, *then, *now;
} HeatCaseDifference;

/** The keys of two such texts whose values differ; numbers are compared as such.  Not collective.
 *  @param[in,out] then, now    cut into their parts, to which the differences point
 *  @param[out]    differences  [*n] in order of key; freed by the caller with PetscFree */
PetscErrorCode HeatCaseCompare(char *then, char *now, PetscInt *n,
                               HeatCaseDifference **differences);

#endif
