/** The operator's inside, shared by the files that implement it (operator*.c) and by no others. */
#ifndef HEAT_SOLVER_OPERATOR_IMPL_H
#define HEAT_SOLVER_OPERATOR_IMPL_H

#include "solver/operator/operator.h"
#include "solver/physics/ambient_exchange.h"
#include "solver/physics/conductivity.h"
#include "solver/physics/contacts.h"

/** What is known of the neighbours' cells along one side besides their temperature; [length] each,
 *  owned; NULL where nothing needs it. */
typedef struct {
  PetscReal *k, *slope, *T;
  uint16_t  *material;
} HeatGhostCells;

/** What several explicit steps at once need (operator_steps.c). */
typedef struct HeatOperatorSteps HeatOperatorSteps;

struct HeatOperator {
  const HeatGrid      *grid;
  const HeatCase      *c;
  HeatHalo            *halo; /* owned, like everything below */
  HeatBoundaries      *boundaries;
  HeatSource          *source;
  HeatAmbientExchange *ambient_exchange; /* NULL: none */
  HeatContacts        *contacts;         /* NULL: none */
  HeatConductivity    *conductivity;
  HeatGhostCells       ghosts[HEAT_SIDES];
  PetscBool            linear;
  uint16_t            *material; /* [nyl][nxl] */
  PetscReal           *density;  /* [nyl][nxl] where a file gives it; NULL: the materials' */
  PetscReal           *capacity; /* [nyl][nxl] C [J/(m K)] */
  PetscReal *gx; /* [nyl][nxl + 1] conductance of vertical faces, west of each cell first */
  PetscReal *gy; /* [nyl + 1][nxl] of horizontal faces, south of each cell first */
  PetscReal *low[2], *high[2]; /* like gx and gy: the heat through a face towards its lower cell,
                                  linearised, is high T_high - low T_low; NULL: both are gx, gy */
  PetscReal *shift_owned;      /* [nyl][nxl]; NULL where shift is another's, or none */
  const PetscReal   *shift; /* [nyl][nxl] what -dN/dT has on its diagonal beyond the faces'; NULL */
  PetscReal         *zeros; /* [max(nxl, nyl)] */
  PetscReal         *q_owned; /* [nyl][nxl] Q + F; NULL where no side has a prescribed flux */
  const PetscReal   *q;       /* q_owned, or the source's cells */
  HeatOperatorSteps *steps;   /* NULL: nobody asked yet */
};

/** Paints materials, sets up all coefficients that do not depend on T.  Collective. */
PetscErrorCode HeatOperatorSetUpCoefficients(HeatOperator *op, const HeatCellInputs *inputs);

/** Conductances of the faces between cells, as far as they do not depend on T.  Collective. */
PetscErrorCode HeatOperatorSetUpFaces(HeatOperator *op);

/** Conductances of the faces between cells from the present conductivities; with T [nyl][nxl] also
 *  low and high.  Collective; exchanges halos. */
PetscErrorCode HeatOperatorUpdateFaces(HeatOperator *op, const PetscReal *T);

/** q = Q + F: sources, and prescribed fluxes through the faces of edge cells.  Not collective. */
PetscErrorCode HeatOperatorCombineSources(HeatOperator *op);

/** Add the heat that enters through a side at the present time, from its cells' temperatures
 *  [length].  Not collective. */
void HeatOperatorAddSideHeat(const HeatOperator *op, HeatSide side, const PetscReal *cells,
                             HeatFlows *flows);

/** *steps may be NULL. */
PetscErrorCode HeatOperatorStepsDestroy(HeatOperatorSteps **steps);

#endif
