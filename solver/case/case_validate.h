/** The parts of HeatCaseValidate, one for each section of the case; for the files case_validate*.c only.
 *  All are collective on k->comm and raise HEAT_ERR_INPUT about a key. */
#ifndef HEAT_SOLVER_CASE_VALIDATE_H
#define HEAT_SOLVER_CASE_VALIDATE_H

#include "solver/case/case_validate_rules.h"

PetscErrorCode HeatValidateMaterials(HeatValidation *k);
PetscErrorCode HeatValidateRegions(HeatValidation *k);
PetscErrorCode HeatValidateContacts(const HeatValidation *k);
PetscErrorCode HeatValidateTime(const HeatValidation *k);
PetscErrorCode HeatValidateFields(const HeatValidation *k);
PetscErrorCode HeatValidateBoundary(const HeatValidation *k);
PetscErrorCode HeatValidateOutput(const HeatValidation *k);
PetscErrorCode HeatValidateChecks(const HeatValidation *k);

#endif
