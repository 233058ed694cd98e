/** A run that leaves halo exchanges out on purpose: --break-halo EVERY, for teaching.
 *
 *  Such a run shows what a forgotten message does.  It counts as failed whatever its checks say: a
 *  test at its end, with numbers of cells as values, names the pairs of ranks that miss each
 *  other's data. */
#ifndef HEAT_APP_BROKEN_HALO_H
#define HEAT_APP_BROKEN_HALO_H

#include "app/process/options.h"
#include "app/state/run_state.h"
#include "io/run_files/results.h"

/** What a run with --break-halo found.  {0} stands for a healthy run. */
typedef struct {
  PetscInt             n_pairs;
  HeatResultsHaloPair *pairs; /* [n_pairs] owned, on rank 0; NULL elsewhere and before the test */
} HeatBrokenHaloTest;

/** Break the halo exchange of the state's operator as --break-halo asks; do nothing without the
 *  option.  Collective.
 *  Errors: HEAT_ERR_INPUT for a number that is not whole or below 1, for a run on one rank, which
 *  exchanges nothing, and for a steady case, whose exchanges are those of the linear solver. */
PetscErrorCode HeatBrokenHaloStart(const HeatOptions *options, HeatRunState *state);

/** Test the halo exchange between all pairs of ranks at the end of a run; do nothing in a healthy
 *  run.  Collective.
 *  @param[out] test  free it with HeatBrokenHaloClear */
PetscErrorCode HeatBrokenHaloRunTest(const HeatRunState *state, HeatBrokenHaloTest *test);

/** Return the member `broken_halo` of the record; its pairs are borrowed from the test. */
HeatResultsBrokenHalo HeatBrokenHaloReport(const HeatRunState       *state,
                                           const HeatBrokenHaloTest *test);

/** Free the pairs.  Not collective. */
PetscErrorCode HeatBrokenHaloClear(HeatBrokenHaloTest *test);

#endif
