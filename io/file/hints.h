/** MPI-IO hints as text.
 *
 *  A case gives hints as words "name=value name=value".  The hints that MPI-IO reports as in force
 *  are stored as lines "name=value\nname=value\n", because their values may contain blanks.
 *  Nothing here is collective.
 */
#ifndef HEAT_IO_HINTS_H
#define HEAT_IO_HINTS_H

#include <petscsys.h>

/** A hint, as two NUL-terminated strings. */
typedef struct {
  char name[MPI_MAX_INFO_KEY + 1], value[MPI_MAX_INFO_VAL + 1];
} HeatHint;

/** Copy the next hint of *text into *hint and advance *text past it.  A hint without '=' gets the
 *  value "".  Names and values longer than MPI allows are truncated.
 *  @param[in,out] text       rest of the text; at its end on a return of PETSC_FALSE
 *  @param[in]     separator  ' ' or '\n'; several in a row count as one
 *  Return PETSC_FALSE when no hint is left; *hint is then unchanged. */
PetscBool HeatHintNext(const char **text, char separator, HeatHint *hint);

/** Copy the first hint called `name` of the lines "name=value" into *hint.
 *  Return PETSC_FALSE when there is none; *hint is then undefined. */
PetscBool HeatHintFind(const char *lines, const char *name, HeatHint *hint);

#endif
