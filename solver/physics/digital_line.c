/** Digital straight segments, recognised step by step.
 *
 *  The corners of the cells along a segment are points (x, y) of a lattice with
 *
 *      mu <= a x - b y < mu + a + b                       (a standard digital line of slope a/b)
 *
 *  where x counts the steps of one direction, that of the first step, and y those of the other one.
 *  Points with the remainder a x - b y = mu are upper leaning points, those with mu + a + b - 1
 *  lower ones.  A step keeps the segment straight if the remainder of its end is in range, or
 *  misses the range by one; in the latter case the slope changes to that of the leaning points'
 *  chord.  All numbers are integers, so that nothing depends on rounding.
 *  Source: I. Debled-Rennesson, J.-P. Reveilles, A linear algorithm for segmentation of digital
 *  curves, Int. J. Pattern Recognition and Artificial Intelligence 9 (1995) 635. */
#include "solver/physics/digital_line.h"

#include <math.h>

typedef struct {
  PetscInt x, y;
} Point;

/* A digital straight segment and its characteristics, named as above. */
typedef struct {
  HeatStep  along, across; /* the two directions of its steps, x and y of the points */
  PetscBool has_across;    /* a step across has occurred; `across` is undefined before */
  PetscInt  a, b, mu;
  Point     end;                     /* of the last step; the first step begins at 0, 0 */
  Point     upper_first, upper_last; /* leaning points */
  Point     lower_first, lower_last;
} Segment;

/* Return the segment of a single step. */
static Segment StartSegment(HeatStep step)
{
  const Point origin = {0, 0}, end = {1, 0};

  return (Segment){step, step, PETSC_FALSE, 0, 1, 0, end, origin, end, origin, end};
}

/* Move *end by a step.  Return false for a third direction, which no straight segment has. */
static PetscBool MoveEnd(Segment *s, HeatStep step, Point *end)
{
  if (step == s->along) {
    end->x++;
    return PETSC_TRUE;
  }
  if (!s->has_across) {
    s->across     = step;
    s->has_across = PETSC_TRUE;
  }
  end->y++;
  return step == s->across && ((step ^ s->along) & 1) ? PETSC_TRUE : PETSC_FALSE;
}

/* Append a step to the segment.  Return false if no straight line contains both; the segment is
   then undefined. */
static PetscBool AppendStep(Segment *s, HeatStep step)
{
  Point end = s->end;

  if (!MoveEnd(s, step, &end)) return PETSC_FALSE;
  const PetscInt r = s->a * end.x - s->b * end.y, width = s->a + s->b;

  if (r < s->mu - 1 || r > s->mu + width) return PETSC_FALSE;
  s->end = end;
  if (r <= s->mu) s->upper_last = end;
  if (r >= s->mu + width - 1) s->lower_last = end;
  if (r == s->mu - 1) {
    s->a           = end.y - s->upper_first.y;
    s->b           = end.x - s->upper_first.x;
    s->lower_first = s->lower_last;
    s->mu          = s->a * end.x - s->b * end.y;
  } else if (r == s->mu + width) {
    s->a           = end.y - s->lower_first.y;
    s->b           = end.x - s->lower_first.x;
    s->upper_first = s->upper_last;
    s->mu          = s->a * end.x - s->b * end.y - s->a - s->b + 1;
  }
  return PETSC_TRUE;
}

/* Add length times the unit vector of a step to a vector. */
static void AddStep(HeatStep step, PetscReal length, PetscReal hx, PetscReal hy,
                    PetscReal vector[2])
{
  const PetscReal sign = step == HEAT_STEP_EAST || step == HEAT_STEP_NORTH ? 1.0 : -1.0;

  if (step == HEAT_STEP_EAST || step == HEAT_STEP_WEST) vector[0] += sign * length * hx;
  else vector[1] += sign * length * hy;
}

/* Add weight times the segment's direction to a vector. */
static void AddDirection(const Segment *s, PetscReal weight, PetscReal hx, PetscReal hy,
                         PetscReal sum[2])
{
  PetscReal chord[2] = {0.0, 0.0};

  AddStep(s->along, (PetscReal)s->b, hx, hy, chord);
  if (s->has_across) AddStep(s->across, (PetscReal)s->a, hx, hy, chord);
  const PetscReal length = hypot(chord[0], chord[1]);
  for (int k = 0; k < 2; k++) sum[k] += weight * (chord[k] / length);
}

/* Return whether a run in the direction `step` ends at a corner: the curve ends there, or the
   second step beyond the run, at k, does not take the run's direction again. */
static PetscBool IsCorner(PetscInt n, const HeatStep *steps, PetscInt k, HeatStep step)
{
  return k < 0 || k >= n || steps[k] != step ? PETSC_TRUE : PETSC_FALSE;
}

/* Return whether the run that contains a step is flat.
   @param[out] reach  the smaller number of steps of the run before and after the step */
static PetscBool IsFlat(PetscInt n, const HeatStep *steps, PetscInt at, PetscInt *reach)
{
  PetscInt first = at, last = at;

  while (first > 0 && steps[first - 1] == steps[at]) first--;
  while (last < n - 1 && steps[last + 1] == steps[at]) last++;
  *reach = PetscMin(at - first, last - at);
  if (!IsCorner(n, steps, first - 2, steps[at]) || !IsCorner(n, steps, last + 2, steps[at]))
    return PETSC_FALSE;
  if (first < last || n == 1) return PETSC_TRUE;
  return first > 0 && last < n - 1 && steps[first - 1] != steps[last + 1] ? PETSC_TRUE
                                                                          : PETSC_FALSE;
}

/* Return the longest digital straight segment from step `first` on.
   @param[out] last  its last step */
static Segment LongestSegment(PetscInt n, const HeatStep *steps, PetscInt first, PetscInt *last)
{
  Segment longer = StartSegment(steps[first]), s = longer;

  for (*last = first; *last + 1 < n && AppendStep(&longer, steps[*last + 1]); *last += 1)
    s = longer;
  return s;
}

PetscInt HeatDigitalDirection(PetscInt n, const HeatStep *steps, PetscInt at, PetscReal hx,
                              PetscReal hy, PetscReal direction[2])
{
  PetscReal sum[2]  = {0.0, 0.0};
  PetscInt  reached = -1, reach;

  direction[0] = direction[1] = 0.0;
  if (IsFlat(n, steps, at, &reach)) {
    AddStep(steps[at], 1.0, 1.0, 1.0, direction);
    return reach;
  }
  reach = 0;
  for (PetscInt first = 0; first <= at; first++) {
    PetscInt      last;
    const Segment s = LongestSegment(n, steps, first, &last);

    if (last > reached && last >= at) { /* it cannot be made longer at its first step either */
      const PetscReal place = ((PetscReal)(at - first) + 0.5) / (PetscReal)(last - first + 1);

      AddDirection(&s, PetscSqr(place * (1.0 - place)), hx, hy, sum);
      reach = PetscMax(reach, PetscMin(at - first, last - at));
    }
    reached = PetscMax(reached, last);
  }
  const PetscReal length = hypot(sum[0], sum[1]);
  for (int k = 0; k < 2; k++) direction[k] = sum[k] / length;
  return reach;
}
