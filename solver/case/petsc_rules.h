/** Which of PETSc's options a case may give, and with which values.
 *
 *  A case file may come from a stranger, and PETSc's options can do much more than choose a solver:
 *  -ksp_view writes any file, -ksp_monitor_python runs a command, -dll_append loads a library.
 *  Therefore a case may give the options of a closed list, whose values are numbers, truth values
 *  or names of closed lists.  No value is free text, so that nothing in it can name a file, a
 *  viewer, a library or a command.  The command line may give every option.
 *
 *  Nothing here is collective. */
#ifndef HEAT_SOLVER_PETSC_RULES_H
#define HEAT_SOLVER_PETSC_RULES_H

#include <petscsys.h>

enum {
  /* [bytes] Buffer for the reason of a refusal.  Chosen: it holds the longest list of names. */
  HEAT_REASON_BYTES = 900
};

/** Return whether a case may give an option.  The name must be written as PETSc's manual writes it,
 *  in small letters; prefixes of PETSc's sub-solvers, such as sub_ and mg_levels_2_, may stand in
 *  front of it.
 *  @param[in]  name    without the leading '-'
 *  @param[in]  value   "" for an option without a value
 *  @param[out] reason  [size] why not, as a message; "" if it may */
PetscBool HeatPetscOptionCheck(const char *name, const char *value, char *reason, size_t size);

/** Return the names of preconditioners, or of time integrators after "ts:", that a case may give,
 *  separated by blanks.  Those that call Python or need a callback of a program are left out.
 *  Static storage. */
const char *HeatPetscPreconditioners(void);
const char *HeatPetscIntegrators(void);

/** Return why a time integrator that PETSc 3.18 registers is not among HeatPetscIntegrators, and
 *  what to take instead; NULL for any other word.  Static storage. */
const char *HeatPetscIntegratorRefused(const char *type);

/** Return whether a time integrator, where its steps are controlled, estimates the error from
 *  earlier steps, so that a continued run takes other steps than an uninterrupted one. */
PetscBool HeatPetscIntegratorEstimates(const char *type);

/** Return whether a time integrator computes a step from earlier steps, which PETSc keeps to
 *  itself, so that no checkpoint holds them. */
PetscBool HeatPetscIntegratorRemembers(const char *type);

/** Return whether `word` is one of the names in a list whose names are separated by blanks. */
PetscBool HeatPetscListHas(const char *list, const char *word);

#endif
