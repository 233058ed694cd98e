/** MPI-IO hints as text: a scan for separators, without a copy of the text. */
#include "io/file/hints.h"

#include <stdio.h>
#include <string.h>

PetscBool HeatHintNext(const char **text, char separator, HeatHint *hint)
{
  const char separators[2] = {separator, '\0'}, equals[3] = {separator, '=', '\0'};
  size_t     length, name;

  *text += strspn(*text, separators);
  if (!**text) return PETSC_FALSE;
  length = strcspn(*text, separators);
  name   = strcspn(*text, equals);
  (void)snprintf(hint->name, sizeof hint->name, "%.*s", (int)name, *text);
  (void)snprintf(hint->value, sizeof hint->value, "%.*s",
                 (int)(length > name ? length - name - 1 : 0), *text + name + (length > name));
  *text += length;
  return PETSC_TRUE;
}

PetscBool HeatHintFind(const char *lines, const char *name, HeatHint *hint)
{
  while (HeatHintNext(&lines, '\n', hint)) {
    if (strcmp(hint->name, name) == 0) return PETSC_TRUE;
  }
  return PETSC_FALSE;
}
