/** The parts of HeatCaseValidate, one function for each part of the case, for the files
 *  case_validate*.c only.
 *
 *  All functions are collective on k->comm, which has the same case on all ranks, and raise
 *  HEAT_ERR_INPUT about the key that violates a rule.  Call them in the order below: the names of
 *  materials must be known when `regions` is checked, and the names of materials and regions when
 *  `check` is checked. */
#ifndef HEAT_SOLVER_CASE_VALIDATE_H
#define HEAT_SOLVER_CASE_VALIDATE_H

#include "solver/case/case_validate_rules.h"

/** Check the list `materials` and fill k->materials. */
PetscErrorCode HeatValidateMaterials(HeatValidation *k);

/** Check the list `regions`, fill k->regions, and set the regions' material indices. */
PetscErrorCode HeatValidateRegions(HeatValidation *k);

/** Check the list `contacts` and set its material indices. */
PetscErrorCode HeatValidateContacts(const HeatValidation *k);

/** Check the section `time`. */
PetscErrorCode HeatValidateTime(const HeatValidation *k);

/** Check `initial`, `source`, `properties` and `exchange`. */
PetscErrorCode HeatValidateFields(const HeatValidation *k);

/** Check the section `boundary`. */
PetscErrorCode HeatValidateBoundary(const HeatValidation *k);

/** Check the sections `output`, `checkpoint` and `limits`; set the interfaces' material indices. */
PetscErrorCode HeatValidateOutput(const HeatValidation *k);

/** Check the list `check` and set its region and material indices. */
PetscErrorCode HeatValidateChecks(const HeatValidation *k);

#endif
