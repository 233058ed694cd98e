/** Warnings about the results of a run: what a user should know although it is no error.  Each is
 *  printed once, also with --quiet, and kept for results.json. */
#ifndef HEAT_APP_WARNINGS_H
#define HEAT_APP_WARNINGS_H

#include "solver/base/error.h"

/* Warnings of one run that are kept; more are neither printed nor kept.  Chosen: each stands for a
   kind of trouble, and no run has as many kinds. */
enum { HEAT_MOST_WARNINGS = 20 };

/** The warnings of a run.  {0} has none. */
typedef struct {
  PetscBool prints;                   /* this rank prints */
  int       n;                        /* number of warnings so far */
  char     *text[HEAT_MOST_WARNINGS]; /* [n] owned */
} HeatWarnings;

/** Print and keep a warning unless the run had it before.  Not collective: what rank 0 adds is
 *  printed and gets into results.json. */
PetscErrorCode HeatWarningsAdd(HeatWarnings *warnings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Free the texts. */
PetscErrorCode HeatWarningsClear(HeatWarnings *warnings);

#endif
