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

/** The argument of a function that destroys a context: the context before PETSc 3.24, and then the
 *  address of the pointer to it, which 3.25 declares as void *. */
#if PETSC_VERSION_LT(3, 24, 0) || !PETSC_VERSION_LT(3, 25, 0)
typedef void *HeatContextArgument;
#else
typedef void           **HeatContextArgument;
#endif

/** Return the context that the argument of such a function stands for. */
static inline void *HeatContextOf(HeatContextArgument argument)
{
#if PETSC_VERSION_LT(3, 24, 0)
  return argument;
#else
  return *(void **)argument;
#endif
}

/** Return the argument for a context. */
static inline HeatContextArgument HeatContextArgumentOf(void **context)
{
#if PETSC_VERSION_LT(3, 24, 0)
  return *context;
#else
  return (HeatContextArgument)context;
#endif
}

#endif
