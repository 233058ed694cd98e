/** The histogram of step times (step_times.h). */
#include "app/process/step_times.h"

#include <math.h>

enum { BINS = HEAT_STEP_OCTAVES * HEAT_STEP_BINS_PER_OCTAVE };

/* Return the bin of a time [s]. */
static int BinOf(double seconds)
{
  const double at = seconds > 0.0 ? (log2(seconds) - HEAT_STEP_LOWEST) * HEAT_STEP_BINS_PER_OCTAVE
                                  : 0.0;

  return (int)PetscClipInterval(at, 0.0, BINS - 1.0);
}

void HeatStepTimesAdd(HeatStepTimes *t, double seconds, PetscInt n)
{
  const double each = seconds / (double)n;

  t->bins[BinOf(each)] += n;
  t->steps += n;
  t->sweeps += 1;
  t->singles += n == 1 ? 1 : 0;
  t->max          = PetscMax(t->max, each);
  t->most_at_once = PetscMax(t->most_at_once, n);
}

/* The middle of a bin is the geometric one; it may not exceed the longest step. */
double HeatStepTimesPercentile(const HeatStepTimes *t, double part)
{
  const double wanted = part * (double)t->steps;
  PetscInt64   below  = 0;
  int          bin    = 0;

  if (t->steps == 0) return NAN;
  for (; bin < BINS - 1; bin++) {
    below += t->bins[bin];
    if (below > 0 && (double)below >= wanted) break;
  }
  return PetscMin(t->max, exp2((bin + 0.5) / HEAT_STEP_BINS_PER_OCTAVE + HEAT_STEP_LOWEST));
}

double HeatStepTimesResolution(void) { return exp2(0.5 / HEAT_STEP_BINS_PER_OCTAVE) - 1.0; }
