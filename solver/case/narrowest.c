/** Widths of peaks and dips (narrowest.h).
 *
 *  Between two neighbouring knots the formula rises or falls, so that its values just inside of
 *  both ends of each piece show all its ups and downs:
 *
 *    T       low   knot 0   knot 1   high
 *    values    0   1    2   3    4   5        a piece has two values; a jump lies between 1 and 2
 *
 *  A value from which the formula falls on both sides is a peak, whose height is the smaller of the
 *  two falls; a dip is a peak of the negative formula. */
#include "solver/case/narrowest.h"

#include <math.h>

/* Peaks lower than this part of the formula's value do not count.  Chosen: missing one changes a
   mean by less than this part. */
static const PetscReal least_height = 1e-3;

/* Largest number of values on one slope of a peak that are considered.  Chosen; a peak whose slope
   has more wiggles counts as lower, and so as narrower, than it is. */
enum { MOST_BESIDE = 64 };

/* The formula at one place, and its values at the ends of its pieces. */
typedef struct {
  const HeatExpressionTree *tree;
  PetscReal                 x, y, sign; /* sign -1: the negative formula */
  PetscReal                *scratch;    /* [tree->n] */
  PetscInt                  n;
  PetscReal                *T, *value; /* [n] */
} Profile;

static PetscReal ValueAt(const Profile *p, PetscReal T)
{
  const PetscReal point[4] = {p->x, p->y, 0.0, T};

  return p->sign * HeatExpressionTreeAt(p->tree, p->tree->n - 1, point, p->scratch);
}

/* Return how far the formula falls beside value i, in one direction (-1 or 1), before it rises
   above that value. */
static PetscReal Fall(const Profile *p, PetscInt i, int direction)
{
  PetscReal least = p->value[i];

  for (PetscInt k = 1; k <= MOST_BESIDE; k++) {
    const PetscInt j = i + direction * k;

    if (j < 0 || j >= p->n || p->value[j] > p->value[i]) break;
    least = PetscMin(least, p->value[j]);
  }
  return p->value[i] - least;
}

/* Return the temperature beside value i, in one direction, at which the formula falls to
   `level`. */
static PetscReal Crossing(const Profile *p, PetscInt i, int direction, PetscReal level)
{
  PetscInt j = i + direction;

  while (p->value[j] > level) j += direction;
  PetscReal inside = p->T[j - direction], outside = p->T[j];

  for (int halving = 0; halving < 60; halving++) { /* to the rounding of a double */
    const PetscReal middle = 0.5 * (inside + outside);

    if (ValueAt(p, middle) > level) inside = middle;
    else outside = middle;
  }
  return 0.5 * (inside + outside);
}

/* Return whether a temperature is within some margins of a known knot. */
static PetscBool IsKnown(HeatTemperatures known, PetscReal T)
{
  const PetscReal near = 8.0 * known.margin; /* chosen: a knot's values lie one margin away */
  PetscInt        low = 0, high = known.n;

  while (low < high) {
    const PetscInt middle = low + (high - low) / 2;

    if (known.T[middle] < T - near) low = middle + 1;
    else high = middle;
  }
  return low < known.n && known.T[low] <= T + near ? PETSC_TRUE : PETSC_FALSE;
}

/* Extend `all` by the peaks of a profile. */
static void AddPeaks(const Profile *p, HeatTemperatures known, HeatFeatures *all)
{
  for (PetscInt i = 1; i < p->n - 1; i++) {
    const PetscReal height = PetscMin(Fall(p, i, -1), Fall(p, i, 1));
    PetscReal       left, right;

    if (!(height > least_height * PetscAbsReal(p->value[i])) || IsKnown(known, p->T[i])) continue;
    left       = Crossing(p, i, -1, p->value[i] - 0.5 * height);
    right      = Crossing(p, i, 1, p->value[i] - 0.5 * height);
    all->width = PetscMin(all->width, right - left);
    all->low   = PetscMin(all->low, left);
    all->high  = PetscMax(all->high, right);
  }
}

PetscErrorCode HeatFeaturesAdd(const HeatExpressionTree *tree, PetscReal x, PetscReal y,
                               PetscReal low, PetscReal high, HeatTemperatures knots,
                               HeatTemperatures known, HeatFeatures *all)
{
  Profile p = {.tree = tree, .x = x, .y = y, .sign = 1.0};

  PetscFunctionBeginUser;
  PetscCall(
      PetscMalloc3(tree->n, &p.scratch, 2 * (knots.n + 1), &p.T, 2 * (knots.n + 1), &p.value));
  for (PetscInt k = 0; k <= knots.n; k++) {
    p.T[p.n++] = k == 0 ? low : knots.T[k - 1] + knots.margin;
    p.T[p.n++] = k == knots.n ? high : knots.T[k] - knots.margin;
  }
  for (int turn = 0; turn < 2; turn++, p.sign = -1.0) {
    for (PetscInt i = 0; i < p.n; i++) p.value[i] = ValueAt(&p, p.T[i]);
    AddPeaks(&p, known, all);
  }
  PetscCall(PetscFree3(p.scratch, p.T, p.value));
  PetscFunctionReturn(PETSC_SUCCESS);
}
