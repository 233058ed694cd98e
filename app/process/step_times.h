/** The distribution of the wall times of steps, in a histogram of fixed size.
 *
 *  Steps that are taken in one sweep over the field count as that many steps of equal time.  The
 *  bins are logarithmic, HEAT_STEP_BINS_PER_OCTAVE in each factor of two, so that a percentile is
 *  accurate to HeatStepTimesResolution(), 0.54 %, for steps of 2^-30 s (1 ns) to 2^18 s (three
 *  days); shorter and longer ones count in the outermost bins.  The largest time is exact.
 *
 *  Plain data of this rank, zero at the start.  Not collective. */
#ifndef HEAT_APP_STEP_TIMES_H
#define HEAT_APP_STEP_TIMES_H

#include <petscsys.h>

enum {
  HEAT_STEP_BINS_PER_OCTAVE = 64, /* chosen: 0.5 %, finer than steps repeat; 24 kB */
  HEAT_STEP_OCTAVES         = 48, /* factors of two */
  HEAT_STEP_LOWEST          = -30 /* exponent of the lowest one */
};

typedef struct {
  PetscInt64 bins[HEAT_STEP_OCTAVES * HEAT_STEP_BINS_PER_OCTAVE]; /* steps in each bin */
  PetscInt64 steps;                                               /* of all bins */
  PetscInt64 sweeps;                                              /* in which they were taken */
  PetscInt64 singles;      /* sweeps of one step, that is steps taken by themselves */
  double     max;          /* [s] longest step */
  PetscInt   most_at_once; /* steps of the largest sweep */
} HeatStepTimes;

/** Add n >= 1 steps that took `seconds` [s] together, in one sweep. */
void HeatStepTimesAdd(HeatStepTimes *times, double seconds, PetscInt n);

/** Return the time [s] that a part of the steps, 0 < part <= 1, does not exceed: 0.5 gives the
 *  median.  NaN without steps. */
double HeatStepTimesPercentile(const HeatStepTimes *times, double part);

/** Return the largest relative error of a percentile: half the width of a bin. */
double HeatStepTimesResolution(void);

#endif
