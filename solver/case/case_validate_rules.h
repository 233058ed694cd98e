/** Rules that several parts of HeatCaseValidate share; for the files case_validate*.c only.  All are
 *  collective on k->comm and raise HEAT_ERR_INPUT about a key. */
#ifndef HEAT_SOLVER_CASE_VALIDATE_RULES_H
#define HEAT_SOLVER_CASE_VALIDATE_RULES_H

#include "solver/case/case.h"
#include "solver/case/case_names.h"
#include "solver/case/expression.h"

enum {
  HEAT_KEY_PATH = 128
}; /* characters of the longest dotted path of a key, and some to spare */

enum { HEAT_VAR_XY = HEAT_VAR_X | HEAT_VAR_Y, HEAT_VAR_XY_TIME = HEAT_VAR_XY | HEAT_VAR_TIME };

typedef struct {
  MPI_Comm  comm;
  HeatCase *c;
  HeatNames materials, regions; /* filled by the functions that validate them */
} HeatValidation;

/** What a formula may be: its variables (HEAT_VAR_* bits), and the bounds of a constant. */
typedef struct {
  int       variables;
  PetscReal least, most;
  PetscBool positive; /* more than 0; then least and most do not count */
} HeatFormulaRule;

#define HEAT_RULE(v, ...)   ((HeatFormulaRule){.variables = (v), __VA_ARGS__})
#define HEAT_ANY_OF(v)      HEAT_RULE(v, .least = PETSC_NINFINITY, .most = PETSC_INFINITY)
#define HEAT_AT_LEAST_0(v)  HEAT_RULE(v, .most = PETSC_INFINITY)
#define HEAT_FROM_0_TO_1(v) HEAT_RULE(v, .most = 1.0)
#define HEAT_ABOVE_0(v)     HEAT_RULE(v, .most = PETSC_INFINITY, .positive = PETSC_TRUE)

/** A formula compiles with the variables allowed and, when it is a constant, is finite and within
 *  its bounds; in a steady case it does not depend on t. */
PetscErrorCode HeatValidateFormula(const HeatValidation *k, const char *path, const HeatFormula *f,
                                   HeatFormulaRule rule);

/** Sort names and refuse that two entries of `list` ("materials") have the same. */
PetscErrorCode HeatValidateUnique(const HeatValidation *k, const char *list, HeatNames *names);

/** Look up a material by name.  @param[out] material  its index */
PetscErrorCode HeatValidateMaterialName(const HeatValidation *k, const char *path, const char *name,
                                        PetscInt *material);

/** Indices of two different materials. */
PetscErrorCode HeatValidatePair(const HeatValidation *k, const char *path, char *const names[2],
                                PetscInt material[2]);

/** A point is in the domain or on its boundary. */
PetscErrorCode HeatValidatePlace(const HeatValidation *k, const char *path, const PetscReal at[2]);

#endif
