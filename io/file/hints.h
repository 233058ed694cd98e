/** Hints for MPI-IO as text: "name=value name=value" in a case, lines "name=value" as MPI has them in force
 *  (their values may hold blanks). */
#ifndef HEAT_IO_HINTS_H
#define HEAT_IO_HINTS_H

#include <petscsys.h>

/** A pair of its text. */
typedef struct {
  char name[MPI_MAX_INFO_KEY + 1], value[MPI_MAX_INFO_VAL + 1];
} HeatHint;

/** Take the next pair off the text, which moves on; false: there is none.  Not collective.
 *  @param[in] separator  ' ' or '\n'; several count as one */
PetscBool HeatHintNext(const char **text, char separator, HeatHint *hint);

/** The pair of that name out of lines; false: it is not there. */
PetscBool HeatHintFind(const char *lines, const char *name, HeatHint *hint);

#endif
