/** The energy account of a run: what crossed the sides, what the sources released, what is stored.
 *
 *  Each step adds to exact sums of the rank's own; nothing is communicated until somebody asks, and
 *  what one is told then has the same bits on any number of ranks.  The account closes when
 *  stored(t) - stored(0) equals what came in; the relative error divides by the heat that was
 *  turned over: all that crossed faces of the boundary or was released, by magnitude, plus the
 *  initial content above the coldest cell.  That does not depend on the zero of the temperature
 *  scale.  For a steady state the heat flows themselves must balance. */
#ifndef HEAT_SOLVER_ENERGY_H
#define HEAT_SOLVER_ENERGY_H

#include "solver/stepper/stepper.h"

enum { HEAT_ENERGY_SUMS = 9 }; /* what a restart needs, see HeatEnergySave */
extern const char *const HeatEnergySumNames[HEAT_ENERGY_SUMS];

/** Own part since the start of this process; plain data. */
typedef struct {
  HeatFlows heat;                     /* [J/m] */
  PetscReal before[HEAT_ENERGY_SUMS]; /* all ranks, from before a restart [J/m] */
} HeatEnergy;

/** All ranks. */
typedef struct {
  PetscReal stored, stored_initial;             /* sum of C T [J/m], relative to T = 0 */
  PetscReal side[HEAT_SIDES], source, exchange; /* since t = 0 [J/m]; [W/m] for a steady state */
  PetscReal error;    /* stored - stored_initial - all that came in [J/m] or [W/m] */
  PetscReal turnover; /* what `relative` divides by [J/m] or [W/m] */
  PetscReal relative; /* |error| / turnover */
} HeatEnergyReport;

/** Start the account with the initial field.  Collective. */
PetscErrorCode HeatEnergyStart(HeatEnergy *e, const HeatOperator *op, const PetscReal *T);

/** Add a step of length dt (1 for a steady state) with these mean flows.  Not collective. */
void HeatEnergyAdd(HeatEnergy *e, const HeatFlows *flows, PetscReal dt);

/** The account now.  Collective.  @param[in] steady  whether stored heat plays no part */
PetscErrorCode HeatEnergyClose(const HeatEnergy *e, const HeatOperator *op, const PetscReal *T,
                               PetscBool steady, HeatEnergyReport *report);

/** The account as global sums, the same on all ranks, and back.  Save is collective, Load is not.
 * */
PetscErrorCode HeatEnergySave(const HeatEnergy *e, const HeatOperator *op,
                              PetscReal sums[HEAT_ENERGY_SUMS]);
void           HeatEnergyLoad(HeatEnergy *e, const PetscReal sums[HEAT_ENERGY_SUMS]);

#endif
