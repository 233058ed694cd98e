/** Names of a case's lists, sorted, so that long lists (65535 materials) need no long search. */
#ifndef HEAT_SOLVER_CASE_NAMES_H
#define HEAT_SOLVER_CASE_NAMES_H

#include "solver/base/error.h"

typedef struct {
  const char *name; /* not owned */
  PetscInt    index;
} HeatName;

/** Owned: HeatNamesDestroy.  Nothing here is collective. */
typedef struct {
  PetscInt  n;
  HeatName *names; /* owned, sorted after HeatNamesSort */
} HeatNames;

/** Room for at most `most` names, and none yet. */
PetscErrorCode HeatNamesCreate(PetscInt most, HeatNames *names);
PetscErrorCode HeatNamesDestroy(HeatNames *names);

/** Add a name, which must outlive the table. */
void HeatNamesAdd(HeatNames *names, const char *name, PetscInt index);

/** Sort by name.
 *  @param[out] again, before  indices of the first entry whose name came before, and of the entry
 *                             that had it; -1 -1 when all differ */
void HeatNamesSort(HeatNames *names, PetscInt *again, PetscInt *before);

/** Index of a name, -1: there is none. */
PetscInt HeatNamesFind(const HeatNames *names, const char *name);

/** "steel, ply, ..." in order of index, for a message.  Writes into buffer, returns it. */
const char *HeatNamesList(const HeatNames *names, char *buffer, size_t size);

#endif
