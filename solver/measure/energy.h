/** The energy account of a run: what entered through the sides, what sources released, what the
 *  ambient exchange brought, and what is stored.
 *
 *  Each step adds its heat to exact sums of this rank; nothing is communicated until the account is
 *  read.  The result then has the same bits on any number of ranks.  Heat of the ambient exchange
 *  that the operator has not settled yet (HeatExchangeHeat) is added when the account is read.  The
 *  account closes when stored(t) - stored(0) equals the heat that came in.  Its relative error
 *  divides the difference by the turnover: the magnitudes of all heat that crossed boundary faces
 *  or was released, plus the initial content above the coldest cell.  It does not depend on the
 *  zero of the temperature scale.  For a steady state the heat flows themselves must balance.  All
 *  heat is per metre of depth.
 *  Source: solver/README.md, section 5.
 */
#ifndef HEAT_SOLVER_ENERGY_H
#define HEAT_SOLVER_ENERGY_H

#include "solver/base/reduction.h"
#include "solver/stepper/stepper.h"

/** The sums that a restart needs, and their names.  A checkpoint stores and finds each sum by its
 *  name.
 *
 *      0 heat_left   2 heat_bottom   4 heat_source   6 stored_initial    8 heat_exchange
 *      1 heat_right  3 heat_top      5 turnover      7 content_initial
 *
 *  The rests of the seven sums of heat flows follow from 9 on, in the order of HEAT_FLOW_....  An
 *  exact sum is stored as four doubles: the sum rounded to double, then three rests, each of which
 *  is the rounded difference of the exact sum and the doubles before it.  With them a continued
 *  account has the bits of an uninterrupted one, but for the last rest where terms span more than
 *  the 212 bits of four doubles.  Three is chosen: products of a step and of the heat of faces span
 *  some 200, and more only where faces carry next to no heat. */
enum { HEAT_ENERGY_RESTS = 3, HEAT_ENERGY_SUMS = 9 + 7 * HEAT_ENERGY_RESTS };
extern const char *const HeatEnergySumNames[HEAT_ENERGY_SUMS];

/** The account: the heat of this rank since the start of the process, on rank 0 with the heat of
 *  all ranks before it, and the sums of all ranks at that start.  Plain data. */
typedef struct {
  HeatFlows heat;                     /* [J/m] this rank's part; rank 0 has what came before */
  PetscReal before[HEAT_ENERGY_SUMS]; /* [J/m] sums of all ranks at the start of the process */
} HeatEnergy;

/** The account of all ranks since t = 0.  [J/m], or [W/m] for a steady state. */
typedef struct {
  PetscReal stored, stored_initial; /* [J/m] sum of C T, now and at t = 0 */
  PetscReal side[HEAT_SIDES];       /* heat that entered through each side */
  PetscReal source;                 /* heat that the sources released */
  PetscReal exchange;               /* heat that the ambient exchange brought; negative: lost */
  PetscReal error;    /* stored - stored_initial - heat that came in; steady: heat that came in */
  PetscReal turnover; /* divisor of `relative`: the turnover, or |stored| if it is 0 */
  PetscReal relative; /* |error|/turnover */
} HeatEnergyReport;

/** The account's reduced numbers. */
typedef struct {
  PetscReal heat[HEAT_FLOWS]; /* [J/m] since the start of the process */
  PetscReal stored;           /* [J/m] sum of C T */
} HeatEnergyTotals;

/** Names under which a checkpoint stores the unsettled heat of the ambient exchange: the members
 *  cells, terms and dt of HeatExchangeHeat. */
#define HEAT_ENERGY_EXCHANGE       "exchange_heat"
#define HEAT_ENERGY_EXCHANGE_TERMS "exchange_terms"
#define HEAT_ENERGY_EXCHANGE_DT    "exchange_dt"

/** Start the account with the initial field T [K], [nyl][nxl].  Collective. */
PetscErrorCode HeatEnergyStart(HeatEnergy *e, const HeatOperator *op, const PetscReal *T);

/** Add a step of length dt [s] with the mean flows [W/m] of this rank.  For a steady state dt is 1,
 *  and the sums are heat flows [W/m].  Not collective. */
void HeatEnergyAdd(HeatEnergy *e, const HeatFlows *flows, PetscReal dt);

/** Add what entered in one step, or in several steps at once, of length info->dt: its flows and
 *  the heat that was settled in it.  Not collective. */
void HeatEnergyAddStep(HeatEnergy *e, const HeatStepInfo *info);

/** Compute the account at the present field T [K], [nyl][nxl].  Collective.
 *  @param[in] steady  whether the run is steady, so that stored heat plays no part in the
 *                     balance */
PetscErrorCode HeatEnergyClose(const HeatEnergy *e, const HeatOperator *op, const PetscReal *T,
                               PetscBool steady, HeatEnergyReport *report);

/** Add this rank's part of the account at the present field T [K], [nyl][nxl], to a reduction.  Not
 *  collective.
 *  @param[out] totals  borrowed until the reduction's Run stores them; then call HeatEnergyGet */
PetscErrorCode HeatEnergyAddTotals(const HeatEnergy *e, const HeatOperator *op, const PetscReal *T,
                                   HeatReduction *r, HeatEnergyTotals *totals);

/** Return the account with these totals; `steady` as in HeatEnergyClose.  Not collective. */
HeatEnergyReport HeatEnergyGet(const HeatEnergy *e, const HeatEnergyTotals *totals,
                               PetscBool steady);

/** Replace the turnover and the relative error in the account of a steady state whose heat flows
 *  are nothing but rounding errors, as those of a uniform field.  Such flows are differences of
 *  terms G T, so that the norm of these terms, ||d T|| (HeatOperatorRounding), takes the place of
 *  the turnover.  Other accounts stay as they are.  Collective.
 *  @param[in]     T       [K], [nyl][nxl]
 *  @param[in,out] report  the account at T [W/m] */
PetscErrorCode HeatEnergyWidenToRounding(const HeatOperator *op, const PetscReal *T,
                                         HeatEnergyReport *report);

/** Add this rank's part of the stored heat, sum of C T [J/m], to a reduction.  Not collective. */
PetscErrorCode HeatEnergyAddStored(const HeatOperator *op, const PetscReal *T, HeatReduction *r,
                                   PetscReal *stored);

/** Compute the account as sums over all ranks, the same on all ranks, for a checkpoint.  Unsettled
 *  heat of the ambient exchange is not in them.  Collective. */
PetscErrorCode HeatEnergySave(const HeatEnergy *e, const HeatOperator *op,
                              PetscReal sums[HEAT_ENERGY_SUMS]);

/** Continue the account from the sums of HeatEnergySave; rests that an earlier version has not
 *  saved are 0.  Not collective. */
void HeatEnergyLoad(HeatEnergy *e, const HeatOperator *op, const PetscReal sums[HEAT_ENERGY_SUMS]);

/** Continue with the unsettled heat of the ambient exchange that a checkpoint holds.  Where the
 *  scheme does not sum such heat, it is added to the account.  Not collective.
 *  @param[in] cells  [nyl][nxl] [W/m]; NULL: none */
PetscErrorCode HeatEnergyLoadExchange(HeatEnergy *e, HeatOperator *op, const PetscReal *cells,
                                      PetscInt terms, PetscReal dt);

#endif
