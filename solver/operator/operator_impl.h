/** Internals of the operator, shared by the files that implement it (operator*.c) and included
 *  nowhere else. */
#ifndef HEAT_SOLVER_OPERATOR_IMPL_H
#define HEAT_SOLVER_OPERATOR_IMPL_H

#include "solver/grid/deep_halo.h"
#include "solver/operator/operator.h"
#include "solver/physics/ambient_exchange.h"
#include "solver/physics/conductivity.h"

/** Strips of the neighbour blocks' cells along one side, copied from the halo, because the halo
 *  holds one field at a time; [length] each, owned; length is nyl (left, right) or nxl (bottom,
 *  top).  A pointer is NULL where nothing needs the strip, or the side lies on the domain's
 *  boundary. */
typedef struct {
  PetscReal *k;     /* conductivity across the side [W/(m K)]; freed after set-up where no
                       conductivity depends on T */
  PetscReal *slope; /* its dk/dT [W/(m K2)]; where a conductivity depends on T */
  PetscReal *T;     /* temperature at the last Update [K]; where a conductivity depends on T */
} HeatGhostCells;

/** The faces across one axis that have a contact resistance; nothing is stored for others. */
typedef struct {
  size_t     n;
  size_t    *face;       /* owned [n], ascending; index into gx (axis 0) or gy (axis 1) */
  PetscReal *resistance; /* owned [n], R/|n.e| of solver/README.md eq. (3) [m2 K/W], > 0 */
} HeatContactFaces;

/** The sets of ghost strips whose exchange may be left out on purpose. */
typedef enum {
  HEAT_STRIPS_T,         /* of temperatures, one cell deep */
  HEAT_STRIPS_INCREMENT, /* of increments of rkl2's stages, one cell deep */
  HEAT_STRIPS_DEEP_T,    /* of temperatures, several cells deep */
  HEAT_STRIPS_DEEP_KEPT, /* of what stages keep between sweeps, the first of HEAT_KEPT such sets */
  HEAT_STRIPS_MOST = 8   /* at least as many as there are */
} HeatStrips;

/** Which halo exchanges are left out on purpose, and what was received before (operator_broken.c).
 *  Strips one cell deep are copied here, because those of the halo may meanwhile hold another
 *  field, such as conductivities. */
typedef struct {
  PetscInt64     every;                      /* as HeatOperatorBreakHalo; at least 1 */
  PetscInt64     turn;                       /* exchanges so far, made or left out */
  PetscBool      received[HEAT_STRIPS_MOST]; /* whether each set of strips was filled before */
  HeatBrokenHalo left_out;
  PetscReal     *last[2][HEAT_SIDES]; /* owned [nyl] or [nxl]; by HEAT_STRIPS_T and _INCREMENT; NULL
                                         where the side lies on the domain's boundary */
} HeatHaloFault;

/** What HeatOperatorTakeSteps needs (operator_steps.c). */
typedef struct HeatOperatorSteps HeatOperatorSteps;

/** What HeatOperatorUpdateFaces needs (operator_means.c). */
typedef struct HeatFaceMeans HeatFaceMeans;

/** The coefficients of the stencil.  Around a block of nxl x nyl cells, here 3 x 2, gx has a column
 *  and gy a row more than there are cells; each face is stored once.  Faces shared with a neighbour
 *  block are stored by both ranks, with the same bits.
 *
 *                        ghosts[HEAT_TOP]  [0]        [1]        [2]
 *
 *                                  +-gy[2][0]-+-gy[2][1]-+-gy[2][2]-+
 *                                  |          |          |          |
 *      ghosts[HEAT_LEFT] [1]   gx[1][0]   gx[1][1]   gx[1][2]   gx[1][3]   [1] ghosts[HEAT_RIGHT]
 *                                  |   1, 0   |   1, 1   |   1, 2   |
 *                                  +-gy[1][0]-+-gy[1][1]-+-gy[1][2]-+
 *                                  |          |          |          |
 *      ghosts[HEAT_LEFT] [0]   gx[0][0]   gx[0][1]   gx[0][2]   gx[0][3]   [0] ghosts[HEAT_RIGHT]
 *                                  |   0, 0   |   0, 1   |   0, 2   |
 *                                  +-gy[0][0]-+-gy[0][1]-+-gy[0][2]-+
 *
 *                     ghosts[HEAT_BOTTOM]  [0]        [1]        [2]           cells j, i
 *
 *  Cell j, i has gx[j][i] on its west face, gx[j][i + 1] east, gy[j][i] south, gy[j + 1][i] north.
 *  On the domain's boundary the outermost values of gx and gy are the conductances G of the
 *  boundary faces, and T_b takes the place of the neighbour's temperature, so that the stencil is
 *  the same in every cell.  low[0] and high[0] have the layout of gx, low[1] and high[1] of gy.  A
 *  face has a lower cell a (west or south) and a higher cell b (east or north), and
 *  solver/README.md eq. (8) is
 *
 *          a  |  b         heat towards a, linearised at the last Update: high x_b - low x_a */
struct HeatOperator {
  const HeatGrid      *grid;      /* borrowed */
  const HeatCase      *c;         /* borrowed */
  HeatInterrupt       *interrupt; /* borrowed; NULL: no step is abandoned */
  HeatHalo            *halo;      /* owned, like everything below unless stated otherwise */
  HeatBoundaries      *boundaries;
  HeatSource          *source;
  HeatAmbientExchange *ambient_exchange; /* NULL: none */
  HeatExchangeHeat    *exchange_heat;    /* NULL: not summed */
  HeatContactFaces     contacts[2];      /* by axis */
  HeatConductivity    *conductivity;
  HeatGhostCells       ghosts[HEAT_SIDES];
  PetscReal    step_from, step_to; /* [s] as HeatOperatorSetStep gave them; equal: no step */
  HeatTimeRule rule;
  PetscBool    linear;   /* as HeatOperatorIsLinear */
  uint16_t    *material; /* [nyl][nxl] index into case->materials */
  PetscReal   *density;  /* [nyl][nxl] from a file [kg/m3]; NULL: use the materials' */
  /* C [J/(m K)], and conductances of faces across x and y [W/(m K)].  Row j of capacity begins at
     capacity + capacity_row[j] and has nxl values; row j of gx at gx + gx_row[j], nxl + 1 values;
     row j of gy, 0 to nyl, at gy + gy_row[j], nxl values.  A row of C, or of a linear operator's
     conductances, that equals the row below it is stored once.  Otherwise gx is [nyl][nxl + 1] and
     gy [nyl + 1][nxl]. */
  PetscReal *capacity, *gx, *gy;
  size_t    *capacity_row, *gx_row, *gy_row; /* [nyl], [nyl], [nyl + 1] */
  PetscReal *low[2], *high[2]; /* factors of eq. (8), by axis [W/(m K)]; G itself on boundary faces;
                                  NULL where no conductivity depends on T */
  PetscReal *shift_owned;      /* NULL where the operator is linear */
  const PetscReal   *shift;    /* [nyl][nxl] D = E - dQ/dT + excess of boundary faces, which is the
                                  diagonal of -J besides the faces' conductances [W/(m K)];
                                  shift_owned, or E of ambient_exchange; NULL: zero */
  PetscReal         *zeros;    /* [max(nxl, nyl)] zeros: values beyond the domain for A x */
  PetscReal         *q_owned;  /* [nyl][nxl]; NULL where this rank has no prescribed flux */
  const PetscReal   *q;        /* [nyl][nxl] Q + F of boundary faces [W/m]; q_owned, or the cells
                                  of `source`; NULL where both are zero in all own cells */
  HeatFault          fault;    /* of the last Update */
  HeatFault          time_fault; /* of the last SetTime; the next Update reports it, too */
  HeatFault          past_fault; /* of the SetTime with the earliest time that had a fault */
  PetscReal          past_time;  /* [s] time of past_fault */
  PetscBool          raised; /* an error about a formula was raised, so that past_fault is not */
  HeatFaceMeans     *means;  /* NULL before the first Update of conductivities that depend on T */
  PetscInt           most_steps; /* as HeatOperatorLimitSteps; 0: no limit was given */
  HeatOperatorSteps *steps;      /* NULL before the first call of HeatOperatorMostSteps */
  HeatHaloFault     *broken;     /* NULL: no halo exchange is left out */
};

/** Paint the materials, and compute all coefficients that do not depend on T.  Collective.
 *  Errors: those of HeatOperatorCreate. */
PetscErrorCode HeatOperatorSetUpCoefficients(HeatOperator *op, const HeatCellInputs *inputs);

/** Store the conductances of boundary faces across an axis in the outermost places of gx (axis 0)
 *  or gy, and of low and high.  Not collective; rows must not be shared yet. */
void HeatOperatorStoreBoundaryConductances(HeatOperator *op, int axis);

/** Let consecutive equal rows share their memory: move the rows that differ to the front of
 *  *values, and free the rest.  Not collective.
 *  @param[in]     rows, n  number of rows, and of values in each
 *  @param[in,out] values   [rows][n] on entry
 *  @param[out]    place    [rows] where each row begins in *values */
PetscErrorCode HeatOperatorShareRows(PetscInt rows, size_t n, PetscReal **values, size_t *place);

/** Find the faces between cells that have a contact resistance.  Collective. */
PetscErrorCode HeatOperatorSetUpContacts(HeatOperator *op, const HeatCellInputs *inputs);

/** Return the place in `faces` of the first face whose index is at least `face`; faces->n where no
 *  such face has a contact.  Not collective. */
size_t HeatContactFacesFrom(const HeatContactFaces *faces, size_t face);

/** Free the lists of faces.  Not collective. */
PetscErrorCode HeatOperatorContactsDestroy(HeatOperator *op);

/** Allocate the conductances of faces, and compute them where no conductivity depends on T; equal
 *  rows of a linear operator then share their memory.  Call it when boundary conditions exist and
 *  op->linear is known.  Collective. */
PetscErrorCode HeatOperatorSetUpFaces(HeatOperator *op);

/** Compute, for the field T, the conductivities that depend on T, and the conductances of faces
 *  between cells with their low and high.  Collective; exchanges halos.
 *  @param[in]     T      [K], [nyl][nxl]
 *  @param[in,out] fault  notes conductivities, and means of them between cells, that are not
 *                        positive and finite */
PetscErrorCode HeatOperatorUpdateFaces(HeatOperator *op, const PetscReal *T, HeatFault *fault);

/** Free *means, which may be NULL, and set it to NULL.  Not collective. */
PetscErrorCode HeatOperatorMeansDestroy(HeatFaceMeans **means);

/** Compute N/C at the present time [K/s], for an operator that HeatOperatorTakesStages.
 *  Collective; exchanges the halo of T.
 *  @param[in]     T     [K], [nyl][nxl]
 *  @param[out]    rate  [nyl][nxl]; must not alias T
 *  @param[in,out] heat  [nyl][nxl] increased by E (T_amb - T) [W/m]; NULL: not wanted */
PetscErrorCode HeatOperatorRate(HeatOperator *op, const PetscReal *T, PetscReal *rate,
                                PetscReal *heat);

/** Compute the increment of a stage of rkl2 other than the first.  Collective; exchanges the halo
 *  of d.
 *  @param[in]     Q       rate at the beginning of the step [K/s], [nyl][nxl]
 *  @param[in]     beyond  changes of T_b since the beginning of the step [K], by side,
 *                         [nyl] or [nxl]
 *  @param[in]     d       d_{j-1} [K], [nyl][nxl]
 *  @param[in,out] before  d_{j-2} on entry, d_j on return [K]; must not alias d
 *  @param[in,out] heat    [nyl][nxl] decreased by the stage's share of E d [W/m]; NULL: not
 *                         wanted */
PetscErrorCode HeatOperatorStage(HeatOperator *op, const HeatRklStage *stage, const PetscReal *Q,
                                 const PetscReal *const beyond[HEAT_SIDES], const PetscReal *d,
                                 PetscReal *before, PetscReal *heat);

/** Before steps of dt [s] add to op->exchange_heat, settle what steps of another length brought.
 *  Does nothing where the heat is not summed.  Not collective. */
void HeatExchangeBegin(HeatOperator *op, PetscReal dt);

/** Note at the end of a step that n terms were added to op->exchange_heat, and settle it if it is
 *  full.  Not collective. */
void HeatExchangeEnd(HeatOperator *op, PetscInt n);

/** Return after which of n steps of ftcs to come op->exchange_heat is full, from 1 on; 0: it will
 *  not be, or is not summed.  Not collective. */
PetscInt HeatExchangeFull(const HeatOperator *op, PetscInt n);

/** Free op->exchange_heat.  Not collective. */
PetscErrorCode HeatExchangeDestroy(HeatOperator *op);

/** Add the prescribed fluxes F of all sides to cells [nyl][nxl] [W/m].  Not collective. */
void HeatOperatorAddFluxes(const HeatOperator *op, PetscReal *cells);

/** Compute q = Q + F from the present sources and prescribed fluxes.  Not collective. */
PetscErrorCode HeatOperatorCombineSources(HeatOperator *op);

/** Add the heat that enters through a side at the present time to *flows.  Not collective.
 *  @param[in] cells  [length] temperatures of the own cells along the side [K] */
void HeatOperatorAddSideHeat(const HeatOperator *op, HeatSide side, const PetscReal *cells,
                             HeatFlows *flows);

/** Return whether heat can enter through some of this rank's faces of a side at the present time.
 *  Not collective. */
PetscBool HeatOperatorSideConducts(const HeatOperator *op, HeatSide side);

/** Keep in op->past_fault a fault at time t [s] if no earlier one is kept.  Not collective. */
void HeatOperatorRememberFault(HeatOperator *op, const HeatFault *fault, PetscReal t);

/** Evaluate the boundary values at a moment, and keep a value without physical meaning in
 *  op->past_fault.  Not collective. */
PetscErrorCode HeatOperatorSetSidesTime(HeatOperator *op, HeatMoment when);

/** Return whether the next halo exchange is to be left out, and count it.  Not collective; equal on
 *  all ranks. */
PetscBool HeatHaloFaultLeavesOut(HeatHaloFault *fault, HeatStrips strips);

/** Keep the ghost strips that the operator's halo has just received, as HEAT_STRIPS_T or
 *  HEAT_STRIPS_INCREMENT.  Not collective. */
PetscErrorCode HeatHaloFaultKeep(const HeatOperator *op, HeatHaloFault *fault, HeatStrips strips);

/** Exchange the deep halo of a field of op->steps, unless this exchange is left out on purpose.
 *  Collective.
 *  @param[in] strips  the set of strips that the field has */
PetscErrorCode HeatOperatorExchangeDeepHalo(HeatOperator *op, HeatStrips strips,
                                            HeatFrameField *field);

/** Free *fault, which may be NULL, and set it to NULL.  Not collective. */
PetscErrorCode HeatHaloFaultDestroy(HeatHaloFault **fault);

/** Free *steps, which may be NULL, and set it to NULL.  Not collective. */
PetscErrorCode HeatOperatorStepsDestroy(HeatOperatorSteps **steps);

#endif
