/** What a user sees on the terminal, on rank 0: header, progress with the time left, closing table.
 * */
#ifndef HEAT_APP_SCREEN_H
#define HEAT_APP_SCREEN_H

#include "app/run/simulation_data.h"

/** Case, grid, decomposition, scheme.  Collective. */
PetscErrorCode HeatScreenHeader(HeatSimulation *sim);

/** After each step; prints about ten times a second on a terminal, else a line every tenth of the
 *  run or every 30 s.  Not collective. */
PetscErrorCode HeatScreenProgress(HeatSimulation *sim);

/** After each step that solved something: that a solve had to go further than V-cycles, or that its
 *  tolerance is below what can be resolved; each once a run.  Not collective. */
void HeatScreenSolver(const HeatSimulation *sim);

/** Time per phase, throughput, energy, checks, files.  Collective. */
PetscErrorCode HeatScreenSummary(HeatSimulation *sim, HeatStatus status);

/** After a checkpoint: the interval that Daly's formula gives, once it is known.  Not collective. */
void HeatScreenInterval(const HeatSimulation *sim);

#endif
