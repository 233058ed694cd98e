/** Between the files case_validate*.c only: the parts of HeatCaseValidate.  All are collective on
 *  k->comm and raise HEAT_ERR_INPUT about a key. */
#ifndef HEAT_SOLVER_CASE_VALIDATE_H
#define HEAT_SOLVER_CASE_VALIDATE_H

#include "solver/case.h"
#include "solver/case_names.h"
#include "solver/expression.h"

#define FIX PetscInt_FMT

enum { HEAT_VAR_XY = HEAT_VAR_X | HEAT_VAR_Y, HEAT_VAR_XYT = HEAT_VAR_XY | HEAT_VAR_T };

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

/** Indices of two different materials. */
PetscErrorCode HeatValidatePair(const HeatValidation *k, const char *path, char *const names[2],
                                PetscInt material[2]);

/** A point is in the domain or on its boundary. */
PetscErrorCode HeatValidatePlace(const HeatValidation *k, const char *path, const PetscReal at[2]);

PetscErrorCode HeatValidateMaterials(HeatValidation *k);
PetscErrorCode HeatValidateRegions(HeatValidation *k);
PetscErrorCode HeatValidateContacts(const HeatValidation *k);
PetscErrorCode HeatValidateTime(const HeatValidation *k);
PetscErrorCode HeatValidateFields(const HeatValidation *k);
PetscErrorCode HeatValidateBoundary(const HeatValidation *k);
PetscErrorCode HeatValidateOutput(const HeatValidation *k);
PetscErrorCode HeatValidateChecks(const HeatValidation *k);

#endif
