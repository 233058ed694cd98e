/** The conductivity of a rank's own cells: a number of the material, an expression of x y T, or
 *  given cell by cell by a file, which wins.
 *
 *  The fields are there while the operator is set up.  After that they are kept only where a cell's
 *  conductivity is not its material's number; where some of it depends on T, with its slope. */
#ifndef HEAT_SOLVER_CONDUCTIVITY_H
#define HEAT_SOLVER_CONDUCTIVITY_H

#include "solver/physics/paint.h"

typedef struct HeatConductivity HeatConductivity;

/** Collective on grid->comm; grid, case and material must outlive it.
 *  @param[in] material  of own cells, [nyl][nxl]
 *  Errors: HEAT_ERR_INPUT where a conductivity that does not depend on T is not positive. */
PetscErrorCode HeatConductivityCreate(const HeatGrid *grid, const HeatCase *c,
                                      const HeatCellInputs *inputs, const uint16_t *material,
                                      HeatConductivity **conductivity);

/** Whether some conductivity of the case depends on T; the same on all ranks. */
PetscBool HeatConductivityVaries(const HeatConductivity *conductivity);

/** The end of set-up: gives up fields that the materials' numbers can replace. */
PetscErrorCode HeatConductivityTrim(HeatConductivity *conductivity);

/** Bring k and dk/dT to the field T [nyl][nxl], row by row as runs of cells of one material: the
 *  expressions are evaluated where T matters only.  Not collective.
 *  @param[in,out] valid  set to false where k is not positive or something is not finite */
PetscErrorCode HeatConductivityUpdate(HeatConductivity *conductivity, const PetscReal *T,
                                      PetscBool *valid);

/** Along x (0) or y (1), [nyl][nxl]: k [W/(m K)], 0 before the first Update where it depends on T,
 *  and dk/dT [W/(m K2)].  Both axes may share an array.  NULL after Trim, and where nothing depends
 *  on T. */
const PetscReal *HeatConductivityField(const HeatConductivity *conductivity, int axis);
const PetscReal *HeatConductivitySlope(const HeatConductivity *conductivity, int axis);

/** Of one own cell, also after Trim [W/(m K)]. */
PetscReal HeatConductivityAt(const HeatConductivity *conductivity, int axis, size_t cell);

/** *conductivity may be NULL. */
PetscErrorCode HeatConductivityDestroy(HeatConductivity **conductivity);

#endif
