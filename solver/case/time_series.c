/* Tables of time: a binary search, then the straight line between two entries. */
#include "solver/case/time_series.h"

PetscReal HeatSeriesAt(const HeatSeries *s, PetscReal t)
{
  PetscInt low = 0, high = s->n - 1; /* t[low] <= t < t[high] */

  if (t <= s->t[low]) return s->value[low];
  if (t >= s->t[high]) return s->value[high];
  while (high - low > 1) {
    const PetscInt middle = low + (high - low) / 2;

    if (s->t[middle] <= t) low = middle;
    else high = middle;
  }
  return s->value[low] +
         (s->value[high] - s->value[low]) * ((t - s->t[low]) / (s->t[high] - s->t[low]));
}
