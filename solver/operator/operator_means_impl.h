/** Conductances of faces between cells: shared by operator_faces.c, operator_means.c and
 *  operator_interfaces.c, and included nowhere else. */
#ifndef HEAT_SOLVER_OPERATOR_MEANS_IMPL_H
#define HEAT_SOLVER_OPERATOR_MEANS_IMPL_H

#include "solver/operator/operator_impl.h"

/** A line of cells along x, own cells or ghost cells, contiguous in memory. */
typedef struct {
  const PetscReal *k;     /* conductivity across the faces [W/(m K)] */
  const PetscReal *slope; /* dk/dT [W/(m K2)]; NULL: no equation needs it */
  const PetscReal *T;     /* temperature [K]; NULL at set-up */
  PetscInt         i, j;  /* global column and row of the first cell, perhaps beyond a side */
} HeatFaceCells;

/** Return the line of own cells from (j, i) on.
 *  @param[in] T  [nyl][nxl] [K]; NULL at set-up */
HeatFaceCells HeatOperatorOwnLine(const HeatOperator *op, int axis, const PetscReal *T, PetscInt j,
                                  PetscInt i);

/** Return the line of ghost cells beyond a side, from entry `first` of its strip on. */
HeatFaceCells HeatOperatorGhostLine(const HeatOperator *op, HeatSide side, PetscInt first);

/** Compute the conductances of n faces between the cells of lines a (west or south) and b from the
 *  conductivities of the cells (solver/README.md eq. (3)), and where conductivities depend on T
 *  their low and high (eq. (8)).  Not collective.
 *  @param[in] first  index of the first face in gx (axis 0) or gy (axis 1) */
void HeatOperatorFaceLine(HeatOperator *op, int axis, PetscInt n, size_t first,
                          const HeatFaceCells *a, const HeatFaceCells *b);

/** Fetch the conductivities of the cells beyond each side of the block, and where T is given also
 *  dk/dT and T.  Collective. */
PetscErrorCode HeatOperatorFetchGhosts(HeatOperator *op, const PetscReal *T);

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
