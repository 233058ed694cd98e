/** One name for each type or call that has different names in PETSc 3.18 to 3.25. */
#ifndef HEAT_SOLVER_PETSC_VERSIONS_H
#define HEAT_SOLVER_PETSC_VERSIONS_H

#include <petscksp.h>

#include "solver/base/error.h"

/** The argument of a function that reads options: a pointer to a struct before PETSc 3.23, and
 *  then a handle. */
#if PETSC_VERSION_LT(3, 23, 0)
typedef PetscOptionItems *HeatOptionItems;
#else
typedef PetscOptionItems HeatOptionItems;
#endif

#endif
