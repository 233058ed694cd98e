/** Faces whose conductivity depends on T: shared by operator_means.c and operator_interfaces.c, and
 *  included nowhere else. */
#ifndef HEAT_SOLVER_OPERATOR_MEANS_IMPL_H
#define HEAT_SOLVER_OPERATOR_MEANS_IMPL_H

#include "solver/operator/operator_impl.h"

/** A cell next to an interface. */
typedef struct {
  HeatExpression *e;    /* its conductivity across the face; NULL where that does not depend on T */
  PetscReal       x, y; /* centre [m] */
  PetscReal       T, k; /* [K], k(T) [W/(m K)] */
} HeatCellPoint;

/** Compute the conductance, low and high of a face between cells of two materials.  Changes nothing
 *  where neither k depends on T.  Not collective.
 *  @param[in]     face   index into gx or gy, which hold the conductance for the k of the cells
 *  @param[in]     a, b   the lower and the higher cell
 *  @param[out] valid  false if a k is not positive between the cells */
PetscErrorCode HeatInterfaceUpdate(HeatOperator *op, int axis, size_t face, const HeatCellPoint *a,
                                   const HeatCellPoint *b, PetscBool *valid);

#endif
