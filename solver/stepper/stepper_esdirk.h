/** The tableau of scheme esdirk, for its tests. */
#ifndef HEAT_SOLVER_STEPPER_ESDIRK_H
#define HEAT_SOLVER_STEPPER_ESDIRK_H

#include <petscsys.h>

enum { HEAT_ESDIRK_STAGES = 6 };

/** Butcher's: stage times c, weights a; the last row of a is b, since the method is stiffly
 *  accurate; b_embedded belongs to the solution of third order. */
typedef struct {
  PetscReal c[HEAT_ESDIRK_STAGES];
  PetscReal a[HEAT_ESDIRK_STAGES][HEAT_ESDIRK_STAGES];
  PetscReal b_embedded[HEAT_ESDIRK_STAGES];
} HeatTableau;

const HeatTableau *HeatEsdirkTableau(void);

#endif
