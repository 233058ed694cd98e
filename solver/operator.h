/** The discrete heat balance of every cell: conductances, capacities, and the one stencil.
 *
 *  Cell-centred finite volumes, per metre of depth.  With N the net heat that enters a cell [W/m]:
 *      C dT/dt = N(T, t) = sum over faces G_f (T_neighbour - T) + sum over boundary faces F_f + Q
 *      C = density * specific_heat * hx * hy  [J/(m K)],   G_f = k_f * A_f / h  [W/(m K)]
 *  k_f is the harmonic or arithmetic mean of the two cells' conductivities.  A face's heat has
 *  exactly the same bits, with opposite signs, in both its cells: nothing is lost between them.
 *  Source: solver/README.md eq. (1)-(4).
 */
#ifndef HEAT_SOLVER_OPERATOR_H
#define HEAT_SOLVER_OPERATOR_H

#include "solver/boundary.h"
#include "solver/halo.h"
#include "solver/source.h"

typedef struct HeatOperator HeatOperator;

/** Paints materials, computes face conductances.  Collective on grid->comm; grid and case must
 *  outlive the operator.  Owned by the caller. */
PetscErrorCode HeatOperatorCreate(const HeatGrid *grid, const HeatCase *c, HeatOperator **op);

/** Bring sources and boundary values to an instant.  Not collective. */
PetscErrorCode HeatOperatorSetInstant(HeatOperator *op, HeatInstant instant);

/** Bring the boundary values alone to an instant, for reading the field at its sides: the next step
 *  must set its own instant.  Not collective. */
PetscErrorCode HeatOperatorSetSurfaceInstant(HeatOperator *op, HeatInstant instant);

/** Net heat of each cell [W/m] at the present instant.  Collective; exchanges the halo of T.
 *  @param[in]  T    temperature, [nyl][nxl]
 *  @param[out] net  likewise; must not alias T */
PetscErrorCode HeatOperatorNet(HeatOperator *op, const PetscReal *T, PetscReal *net);

/** One explicit Euler step: T_new = T + dt/C * N(T).  Collective; T_new must not alias T. */
PetscErrorCode HeatOperatorStep(HeatOperator *op, PetscReal dt, const PetscReal *T,
                                PetscReal *T_new);

/** y = mass * C x - theta * L x, L the linear part of N: no sources, boundary values zero.
 *  Symmetric; positive definite when mass > 0, or when some side fixes the level.  Collective.
 *  @param[in]  mass   [1/s]: 1/dt, or 0 for a steady state
 *  @param[out] y      [nyl][nxl]; must not alias x */
PetscErrorCode HeatOperatorApply(HeatOperator *op, PetscReal mass, PetscReal theta,
                                 const PetscReal *x, PetscReal *y);

/** The diagonal of that matrix, [nyl][nxl].  Not collective. */
PetscErrorCode HeatOperatorDiagonal(const HeatOperator *op, PetscReal mass, PetscReal theta,
                                    PetscReal *d);

/** That matrix assembled, on the layout of grid->da, natural for every PETSc preconditioner.
 *  A must come from DMCreateMatrix; its entries are replaced.  Collective. */
PetscErrorCode HeatOperatorAssemble(const HeatOperator *op, PetscReal mass, PetscReal theta, Mat A);

/** The largest explicit step that cannot grow [s]: 2 over Gershgorin's bound of the largest
 *  eigenvalue of C^-1 L.  Collective. */
PetscErrorCode HeatOperatorStableStep(const HeatOperator *op, PetscReal *dt);

/** Heat that enters through each side at the present instant, own faces only [W/m], and the sum of
 *  its magnitudes face by face.  Not collective. */
PetscErrorCode HeatOperatorSideHeat(const HeatOperator *op, const PetscReal *T,
                                    PetscReal heat[HEAT_SIDES], PetscReal *turnover);

/** Heat flux density at own cell centres [W/m2], mean of the two faces; each [nyl][nxl].
 *  Collective; exchanges the halo of T.  Source: qx = (heat through west + east face) / (2 hy). */
PetscErrorCode HeatOperatorFlux(HeatOperator *op, const PetscReal *T, PetscReal *qx, PetscReal *qy);

/* What the operator is made of; all arrays are [nyl][nxl], owned by the operator. */
const HeatGrid       *HeatOperatorGrid(const HeatOperator *op);
const HeatCase       *HeatOperatorCase(const HeatOperator *op);
const PetscReal      *HeatOperatorCapacity(const HeatOperator *op); /* C [J/(m K)] */
const uint16_t       *HeatOperatorMaterial(const HeatOperator *op); /* index into case->materials */
const HeatBoundaries *HeatOperatorBoundaries(const HeatOperator *op);
const HeatSource     *HeatOperatorSource(const HeatOperator *op);
HeatHaloCounts        HeatOperatorHaloCounts(const HeatOperator *op);

/** *op may be NULL.  Collective. */
PetscErrorCode HeatOperatorDestroy(HeatOperator **op);

#endif
