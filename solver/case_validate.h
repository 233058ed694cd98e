/** Between case_validate.c and case_validate_lists.c only: the parts of HeatCaseValidate. */
#ifndef HEAT_SOLVER_CASE_VALIDATE_H
#define HEAT_SOLVER_CASE_VALIDATE_H

#include "solver/case.h"

#define FIX PetscInt_FMT

typedef struct {
  MPI_Comm        comm;
  const HeatCase *c;
} HeatValidation;

/** A formula compiles with the variables allowed (HEAT_VAR_* bits) and, when it is a constant, is
 *  finite and at least `least`; in a steady case it does not depend on t.  Collective. */
PetscErrorCode HeatValidateFormula(HeatValidation k, const char *path, const HeatFormula *f,
                                   int allowed, PetscReal least);

/** Also resolves the names of materials in the regions, which is why it takes the case itself. */
PetscErrorCode HeatValidateMaterialsAndRegions(HeatValidation k, HeatCase *c);
PetscErrorCode HeatValidateProbes(HeatValidation k);
PetscErrorCode HeatValidateChecks(HeatValidation k);

#endif
