/** The Butcher tableau of scheme esdirk, for programs that check it, such as its unit test. */
#ifndef HEAT_SOLVER_STEPPER_ESDIRK_H
#define HEAT_SOLVER_STEPPER_ESDIRK_H

#include <petscsys.h>

enum { HEAT_ESDIRK_STAGES = 6 };

/** A Butcher tableau.  The method is stiffly accurate, so that the last row of a is b.
 *
 *      c_1 | a_11
 *      ... |  ...  ...
 *      c_6 | a_61  ...  a_66
 *      ----+-----------------
 *          | b_1   ...  b_6       order 4; equal to row 6
 *          | b^_1  ...  b^_6      order 3, embedded: for the error estimate
 */
typedef struct {
  PetscReal c[HEAT_ESDIRK_STAGES];                     /* stage times, in dt */
  PetscReal a[HEAT_ESDIRK_STAGES][HEAT_ESDIRK_STAGES]; /* weights of N_j in stage i: a[i][j] */
  PetscReal b_embedded[HEAT_ESDIRK_STAGES];            /* weights b^ of the embedded solution */
} HeatTableau;

/** Return the tableau; static storage. */
const HeatTableau *HeatEsdirkTableau(void);

#endif
