/** The discrete heat balance of every cell: conductances, capacities, and the one stencil.
 *
 *  Cell-centred finite volumes, per metre of depth.  With N the net heat that enters a cell [W/m]:
 *      C dT/dt = N(T, t) = sum over faces G_f (T_neighbour - T) + sum over boundary faces F_f + Q
 *      C = density * specific_heat * hx * hy  [J/(m K)],   G_f = k_f * A_f / h  [W/(m K)]
 *  k_f is the harmonic or arithmetic mean of the two cells' conductivities, in series with a
 *  contact resistance where the case gives one between their materials.  A face's heat has
 *  exactly the same bits, with opposite signs, in both its cells: nothing is lost between them.
 *  Source: solver/README.md eq. (1)-(4).
 */
#ifndef HEAT_SOLVER_OPERATOR_H
#define HEAT_SOLVER_OPERATOR_H

#include "solver/base/exact_sum.h"
#include "solver/grid/halo.h"
#include "solver/physics/boundary.h"
#include "solver/physics/paint.h"
#include "solver/physics/source.h"

typedef struct HeatOperator HeatOperator;

/** Paints materials, computes face conductances.  Collective on grid->comm; grid and case must
 *  outlive the operator.  Owned by the caller.
 *  @param[in] inputs  what the case's files hold; NULL when it names none; not needed afterwards */
PetscErrorCode HeatOperatorCreate(const HeatGrid *grid, const HeatCase *c,
                                  const HeatCellInputs *inputs, HeatOperator **op);

/** Whether N is linear in T: no conductivity, side or source depends on the temperature by more
 *  than a factor; else the coefficients below are those at the field of the last Update. */
PetscBool HeatOperatorIsLinear(const HeatOperator *op);

/** Whether the Jacobian dN/dT is symmetric: no conductivity depends on T. */
PetscBool HeatOperatorIsSymmetric(const HeatOperator *op);

/** Bring what depends on the temperature to the field T at the present time: conductivities and
 *  with them the conductances, radiating sides, sources, and their derivatives.  Nothing to do for
 *  a linear operator; for others nothing has a meaning before the first Update.  Collective;
 *  exchanges halos.
 *  @param[out] valid  false, on all ranks, where a conductivity is not positive or something is not
 *                     finite: the coefficients then have no meaning */
PetscErrorCode HeatOperatorUpdate(HeatOperator *op, const PetscReal *T, PetscBool *valid);

/** Bring sources, boundary values and ambient temperatures to time t [s].  Not collective.  Where
 *  the operator is not linear an Update must follow before anything else is asked. */
PetscErrorCode HeatOperatorSetTime(HeatOperator *op, PetscReal t);

/** Bring the operator to time t [s] and the field T: SetTime, then Update where it is not linear.
 *  Collective.
 *  @param[in]  T      [nyl][nxl]; may be NULL where the operator is linear
 *  @param[out] valid  as HeatOperatorUpdate's; always true where the operator is linear */
PetscErrorCode HeatOperatorTryBring(HeatOperator *op, PetscReal t, const PetscReal *T,
                                    PetscBool *valid);

/** HeatOperatorTryBring, which raises an error where the coefficients are undefined.  Collective.
 *  @param[in] code  HEAT_ERR_INPUT where T is the case's own initial field, else HEAT_ERR_NUMERICS
 *  @param[in] when  begins the message: "step 7", "the initial field" */
PetscErrorCode HeatOperatorBring(HeatOperator *op, PetscReal t, const PetscReal *T,
                                 PetscErrorCode code, const char *when);

/** Raise `code` for coefficients that are undefined, with the message of HeatOperatorBring.
 *  Collective. */
PetscErrorCode HeatOperatorRaiseUndefined(const HeatOperator *op, PetscErrorCode code,
                                          const char *when);

/** Bring the boundary values alone to time t [s], for reading the field at its sides: the next step
 *  must set its own time.  Not collective. */
PetscErrorCode HeatOperatorSetSurfaceTime(HeatOperator *op, PetscReal t);

/** Net heat of each cell [W/m] at the present time.  Collective; exchanges the halo of T.  Where
 *  the operator is not linear T must be the field of the last Update.
 *  @param[in]  T    temperature, [nyl][nxl]
 *  @param[out] net  likewise; must not alias T */
PetscErrorCode HeatOperatorNet(HeatOperator *op, const PetscReal *T, PetscReal *net);

/** One explicit Euler step: T_new = T + dt/C * N(T).  Collective; T_new must not alias T. */
PetscErrorCode HeatOperatorStep(HeatOperator *op, PetscReal dt, const PetscReal *T,
                                PetscReal *T_new);

/** Heat that enters from outside, by kind: through each side, then these. */
enum {
  HEAT_FLOW_SOURCE = HEAT_SIDES, /* released by the sources */
  HEAT_FLOW_EXCHANGE,            /* from the ambient of `exchange`; negative: lost */
  HEAT_FLOW_TURNOVER,            /* sum of all magnitudes, face by face and cell by cell */
  HEAT_FLOWS
};

/** That of this rank's faces and cells [W/m]; {0}: none. */
typedef struct {
  HeatExactSum sum[HEAT_FLOWS];
} HeatFlows;

/** How many explicit steps TakeSteps can take at once: 1 where it can take none.  That is so where
 *  coefficients change with time or temperature, with an exchange, and on blocks too small for it.
 *  The first call is collective; the same on all ranks. */
PetscErrorCode HeatOperatorMostSteps(HeatOperator *op, PetscInt *most);

/** `steps` explicit Euler steps in place, with the bits that as many calls of Step would give.  Brings
 *  the boundary values to the times itself.  Collective; one exchange for all.
 *  @param[in]     times  [steps] at which each step begins [s]
 *  @param[in,out] T      [nyl][nxl]
 *  @param[out]    flows  the heat that enters, summed over the steps */
PetscErrorCode HeatOperatorTakeSteps(HeatOperator *op, PetscInt steps, PetscReal dt,
                                     const PetscReal *times, PetscReal *T, HeatFlows *flows);

/** y = mass * C x - J x, J = dN/dT at the field of the last Update; for a linear operator its
 *  linear part: no sources, boundary values zero.  Symmetric where HeatOperatorIsSymmetric; for a
 *  linear operator positive definite when mass > 0 or some side fixes the level.  Collective.
 *  @param[in]  mass   [1/s]: a multiple of 1/dt, or 0 for a steady state
 *  @param[out] y      [nyl][nxl]; must not alias x */
PetscErrorCode HeatOperatorApply(HeatOperator *op, PetscReal mass, const PetscReal *x,
                                 PetscReal *y);

/** ||b - A x|| for that matrix A of a linear operator.  Where it is at most `bound` (> 0) its bits do
 *  not depend on the layout of blocks; where it is larger it says only that.  Collective.
 *  @param[in] x, b  [nyl][nxl] */
PetscErrorCode HeatOperatorDefect(HeatOperator *op, PetscReal mass, const PetscReal *x,
                                  const PetscReal *b, PetscReal bound, PetscReal *norm);

/** The diagonal of that matrix, [nyl][nxl]: the true one, which a source that grows with T can make
 *  negative.  Not collective. */
PetscErrorCode HeatOperatorDiagonal(const HeatOperator *op, PetscReal mass, PetscReal *d);

/** Norm below which a residual of that matrix is rounding: 4 epsilon ||d T||, d its diagonal.  The norm
 *  is the square root of an exact sum, the same for any layout of blocks.  Collective.
 *  @param[in]  rates  divide by the capacities: for residuals in K/s instead of W/m
 *  @param[in]  T      [nyl][nxl]
 *  @param[out] norm   [W/m], or [K/s] */
PetscErrorCode HeatOperatorRounding(const HeatOperator *op, PetscReal mass, PetscBool rates,
                                    const PetscReal *T, PetscReal *norm);

/** A matrix for preconditioners: that one, but with the conductances held fixed where they depend
 *  on T, and without what would weaken its diagonal, so that it is always symmetric and positive
 *  (semi-)definite.  The same matrix where the operator is linear.
 *  A must come from DMCreateMatrix; its entries are replaced.  Collective. */
PetscErrorCode HeatOperatorAssemble(const HeatOperator *op, PetscReal mass, Mat A);

/** What that matrix is made of: the conductances of vertical faces [nyl][nxl + 1] (axis 0, west of
 *  each cell first), of horizontal ones [nyl + 1][nxl] (axis 1), those on the boundary included; and
 *  of own row j what its diagonal has besides, [nxl].  Not collective. */
const PetscReal *HeatOperatorConductances(const HeatOperator *op, int axis);
void HeatOperatorMassRow(const HeatOperator *op, PetscReal mass, PetscInt j, PetscReal *row);

/** The largest explicit step that cannot grow [s]: 2 over Gershgorin's bound of the largest
 *  eigenvalue of C^-1 J, at the field of the last Update.  Collective. */
PetscErrorCode HeatOperatorStableStep(const HeatOperator *op, PetscReal *dt);

/** sum += weight * flows. */
void HeatFlowsAdd(HeatFlows *sum, PetscReal weight, const HeatFlows *flows);

/** The heat that enters at the present time, from T; the coefficients are those of the last Update.
 *  Not collective. */
PetscErrorCode HeatOperatorFlows(const HeatOperator *op, const PetscReal *T, HeatFlows *flows);

/** Likewise through each segment of the sides, added to heat: left's first, then right's, bottom's
 *  and top's, as many as the case has.  Not collective. */
PetscErrorCode HeatOperatorSegmentHeat(const HeatOperator *op, const PetscReal *T,
                                       HeatExactSum *heat);

/** Called with the heat that goes from a cell of material `from` to one of material `to` [W/m]. */
typedef void (*HeatFaceVisitor)(PetscInt from, PetscInt to, PetscReal heat, void *context);

/** Visit every face between two cells once over all ranks, each on one of them, at the present
 *  time.  Collective; exchanges halos.  Where the operator is not linear T must be the field of the
 *  last Update. */
PetscErrorCode HeatOperatorVisitFaces(HeatOperator *op, const PetscReal *T, HeatFaceVisitor visit,
                                      void *context);

/** Heat flux density at own cell centres [W/m2], mean of the two faces; each [nyl][nxl].
 *  Collective; exchanges the halo of T.  Source: qx = (heat through west + east face) / (2 hy). */
PetscErrorCode HeatOperatorFlux(HeatOperator *op, const PetscReal *T, PetscReal *qx, PetscReal *qy);

/* What the operator is made of; all arrays are [nyl][nxl], owned by the operator. */
const HeatGrid  *HeatOperatorGrid(const HeatOperator *op);
const HeatCase  *HeatOperatorCase(const HeatOperator *op);
const PetscReal *HeatOperatorCapacity(const HeatOperator *op); /* C [J/(m K)] */
/** Conductivity of an own cell along x (0) or y (1) [W/(m K)], at the last Update. */
PetscReal HeatOperatorConductivity(const HeatOperator *op, int axis, size_t cell);
/** Density of an own cell [kg/m3]. */
PetscReal HeatOperatorDensity(const HeatOperator *op, size_t cell);
/** Resistance of the layer between two touching cells of materials a and b [m2 K/W]; 0: none. */
PetscReal             HeatOperatorContactResistance(const HeatOperator *op, PetscInt a, PetscInt b);
const uint16_t       *HeatOperatorMaterial(const HeatOperator *op); /* index into case->materials */
const HeatBoundaries *HeatOperatorBoundaries(const HeatOperator *op);
const HeatSource     *HeatOperatorSource(const HeatOperator *op);
HeatHaloCounts        HeatOperatorHaloCounts(const HeatOperator *op);

/** The exchanges of TakeSteps. */
typedef struct {
  PetscInt       depth;                 /* cells; 0: nobody asked for several steps */
  HeatHaloCounts sent;                  /* by this rank */
  PetscInt64     messages[2], bytes[2]; /* of one exchange, over all ranks: within nodes, between */
} HeatDeepHaloCounts;
HeatDeepHaloCounts HeatOperatorDeepHaloCounts(const HeatOperator *op);

/** *op may be NULL.  Collective. */
PetscErrorCode HeatOperatorDestroy(HeatOperator **op);

#endif
