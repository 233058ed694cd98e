/** Lines on the terminal about regions and segments whose size on the grid differs from the true
 *  size. */
#ifndef HEAT_APP_SCREEN_SIZES_H
#define HEAT_APP_SCREEN_SIZES_H

#include "app/report/warnings.h"
#include "app/state/run_state.h"

/** Print, on stdout, the regions and segments whose painted size differs from the true one by more
 *  than 2 %: those that differ most, then the number of the others.  Not collective; call it on
 *  rank 0. */
void HeatScreenSizes(const HeatRunState *state);

/** Print, on stderr, a note about regions and segments that cover nothing, and about contacts,
 *  interfaces and checks between materials that touch nowhere, and a warning about
 *  powers that no cell carries, which `solver.empty_regions: allow` permits: the first ones, then
 *  the number of the others.  Not collective; call it on rank 0. */
PetscErrorCode HeatScreenEmpty(const HeatRunState *state, HeatWarnings *warnings);

#endif
