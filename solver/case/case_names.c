/** Sorting and binary search of names.  Entries with equal names are sorted by index, so that
 *  duplicates are adjacent and reported in the order of the list. */
#include "solver/case/case_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

PetscErrorCode HeatNamesCreate(PetscInt most, HeatNames *names)
{
  PetscFunctionBeginUser;
  names->n = 0;
  PetscCall(PetscMalloc1(most, &names->names));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatNamesDestroy(HeatNames *names)
{
  PetscFunctionBeginUser;
  names->n = 0;
  PetscCall(PetscFree(names->names));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatNamesAdd(HeatNames *names, const char *name, PetscInt index)
{
  names->names[names->n++] = (HeatName){name, index};
}

static int CompareNames(const void *a, const void *b)
{
  const HeatName *p = a, *q = b;
  const int       order = strcmp(p->name, q->name);

  return order ? order : (p->index > q->index) - (p->index < q->index);
}

void HeatNamesSort(HeatNames *names, PetscInt *duplicate, PetscInt *original)
{
  const HeatName *list = names->names;

  *duplicate = *original = -1;
  if (names->n > 0) qsort(names->names, (size_t)names->n, sizeof *list, CompareNames);
  for (PetscInt i = 1; i < names->n; i++) {
    if (strcmp(list[i - 1].name, list[i].name) == 0 &&
        (*duplicate < 0 || list[i].index < *duplicate)) {
      *duplicate = list[i].index;
      *original  = list[i - 1].index;
    }
  }
}

PetscInt HeatNamesFind(const HeatNames *names, const char *name)
{
  PetscInt low = 0, high = names->n;

  while (low < high) {
    const PetscInt middle = low + (high - low) / 2;

    if (strcmp(names->names[middle].name, name) < 0) low = middle + 1;
    else high = middle;
  }
  return low < names->n && strcmp(names->names[low].name, name) == 0 ? names->names[low].index : -1;
}

/* Return the entry with the smallest index above `above`, NULL if there is none.  This linear
   search is repeated only for the few names that fit into a message. */
static const HeatName *NextByIndex(const HeatNames *names, PetscInt above)
{
  const HeatName *next = NULL;

  for (PetscInt i = 0; i < names->n; i++) {
    const HeatName *entry = &names->names[i];

    if (entry->index > above && (!next || entry->index < next->index)) next = entry;
  }
  return next;
}

const char *HeatNamesList(const HeatNames *names, char *buffer, size_t size)
{
  const HeatName *entry = NextByIndex(names, -1);
  size_t          used  = 0;

  /* An entry takes at most ", " and the 40 characters of "%.40s"; 48 leaves room for ", ..." as
     well. */
  buffer[0] = '\0';
  while (entry && used + 48 < size) {
    used += (size_t)snprintf(buffer + used, size - used, "%s%.40s", used ? ", " : "", entry->name);
    entry = NextByIndex(names, entry->index);
  }
  if (entry) snprintf(buffer + used, size - used, ", ...");
  return buffer;
}
