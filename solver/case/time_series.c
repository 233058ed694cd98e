/** The value of a table over time: a binary search for the two entries around t, then linear
 *  interpolation,
 *
 *      value(t) = v[k] + (v[k + 1] - v[k]) (t - t[k])/(t[k + 1] - t[k])
 *
 *  with t[k] <= t < t[k + 1]. */
#include "solver/case/time_series.h"

PetscReal HeatSeriesAt(const HeatSeries *s, PetscReal t)
{
  PetscInt low = 0, high = s->n - 1; /* t[low] <= t < t[high] in the loop */

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
