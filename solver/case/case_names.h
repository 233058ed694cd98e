/** A sorted table of the names of a list of the case, so that a name is found by binary search: a
 *  list may have 65535 entries.  No function here is collective. */
#ifndef HEAT_SOLVER_CASE_NAMES_H
#define HEAT_SOLVER_CASE_NAMES_H

#include "solver/base/error.h"

/** A name and the index of the list's entry that has it. */
typedef struct {
  const char *name;  /* borrowed */
  PetscInt    index; /* from 0 */
} HeatName;

/** A table of names.  The caller owns it and frees it with HeatNamesDestroy. */
typedef struct {
  PetscInt  n;     /* number of names */
  HeatName *names; /* owned [n]; sorted by name after HeatNamesSort */
} HeatNames;

/** Create an empty table with room for `most` names. */
PetscErrorCode HeatNamesCreate(PetscInt most, HeatNames *names);

/** Free the table's memory and make it empty. */
PetscErrorCode HeatNamesDestroy(HeatNames *names);

/** Append a name; the table must have room for it.
 *  @param[in] name  must outlive the table */
void HeatNamesAdd(HeatNames *names, const char *name, PetscInt index);

/** Sort the table by name and find the first entry of the list whose name is already taken.
 *  @param[out] duplicate, original  index of that entry, and of the entry with the same name before
 *                                   it; -1 and -1 if all names differ */
void HeatNamesSort(HeatNames *names, PetscInt *duplicate, PetscInt *original);

/** Return the index of a name in a sorted table, -1 if it is not there. */
PetscInt HeatNamesFind(const HeatNames *names, const char *name);

/** Write the names in order of index, "steel, ply, ...", into buffer, for a message.  Names that do
 *  not fit are replaced by "...".  Returns buffer. */
const char *HeatNamesList(const HeatNames *names, char *buffer, size_t size);

#endif
