/** Knots of a formula of T (knots.h): the formula is written with (low + t) in place of T, and the
 *  searches for switches and turns in time go through the temperatures from `low` on.  For the
 *  knots at one place, numbers are written in place of x and y, too. */
#include "solver/case/knots.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "solver/case/narrowest.h"
#include "solver/case/switches.h"
#include "solver/case/turns.h"

/* All chosen.  MOST is the largest number of knots that are searched: floor(T) over 3600 K has
   fewer, and they are found in less than a second.  MOST_EQUIDISTANT knots take 2 MB.  A search is
   resumed MOST_RESUMED times where the formula is too involved, which takes a tenth of a second.
   Features that move are measured at PLACES x PLACES places, and get IN_FEATURE knots within the
   narrowest. */
enum { MOST = 16384, MOST_EQUIDISTANT = 262144, MOST_RESUMED = 10, PLACES = 5, IN_FEATURE = 4 };

/* Store the temperatures between which knots are searched [K].  1000: chosen; sources can heat a
   body beyond the temperatures that the case gives. */
static void SearchedTemperatures(const HeatCase *c, PetscReal *low, PetscReal *high)
{
  PetscReal beyond;

  HeatCaseTemperatureRange(c, low, high);
  if (!(*low <= *high)) *low = *high = 0.0;
  beyond = PetscMax(*high - *low, 1000.0);
  *low -= beyond;
  *high += beyond;
}

/* Numbers in place of the variables of a formula; x and y are replaced where `places`. */
typedef struct {
  PetscReal low;    /* [K] temperature of t = 0 */
  PetscBool places; /* x and y are replaced, too */
  PetscReal x, y;   /* [m] */
} Point;

/* Return the formula with "(low+t)" in place of the variable T, and numbers in place of x and y; to
   be freed with PetscFree. */
static PetscErrorCode OverTime(const char *text, const Point *point, char **out)
{
  enum { LONGEST = 40 };
  size_t used = 0;
  char   of_T[LONGEST], of_x[LONGEST], of_y[LONGEST];

  PetscFunctionBeginUser;
  (void)snprintf(of_T, sizeof of_T, "(%.17g+t)", (double)point->low);
  (void)snprintf(of_x, sizeof of_x, "(%.17g)", (double)point->x);
  (void)snprintf(of_y, sizeof of_y, "(%.17g)", (double)point->y);
  PetscCall(PetscMalloc1(strlen(text) * LONGEST + 1, out));
  for (const char *p = text; *p; p++) {
    const PetscBool begins = p == text || !(isalnum((unsigned char)p[-1]) || p[-1] == '_');
    const PetscBool ends   = !(isalnum((unsigned char)p[1]) || p[1] == '_');
    const char     *with   = *p == 'T'                    ? of_T
                             : *p == 'x' && point->places ? of_x
                             : *p == 'y' && point->places ? of_y
                                                          : NULL;

    if (with && begins && ends) {
      memcpy(*out + used, with, strlen(with));
      used += strlen(with);
    } else {
      (*out)[used++] = *p;
    }
  }
  (*out)[used] = '\0';
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append a knot if there is room, count it, and return whether there is room for another. */
static PetscBool Add(HeatKnots *knots, PetscReal T)
{
  if (knots->n < MOST) knots->T[knots->n] = T;
  return ++knots->n < MOST;
}

/* Add the switches of a formula of t; *complete is set to false where some may be missing. */
static PetscErrorCode AddSwitches(const char *text, PetscReal low, PetscReal length,
                                  HeatKnots *knots, PetscBool *complete)
{
  HeatSwitches *switches;
  PetscReal     at      = 0.0, next, known;
  int           resumed = 0;

  PetscFunctionBeginUser;
  PetscCall(HeatSwitchesCreate(text, PETSC_FALSE, &switches));
  while (switches) {
    HeatSwitchesNext(switches, at, length, &next, &known);
    if (next < PETSC_MAX_REAL) {
      if (!Add(knots, low + next)) break;
      at = next;
    } else if (known >= length) {
      break;
    } else if (known > at && resumed++ < MOST_RESUMED) {
      at = known;
    } else {
      *complete = PETSC_FALSE;
      if (!HeatSwitchesGiveUp(switches)) break;
    }
  }
  PetscCall(HeatSwitchesDestroy(&switches));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add the turns of a formula of t; *complete is set to false where some may be missing. */
static PetscErrorCode AddTurns(const char *text, PetscReal low, PetscReal length, HeatKnots *knots,
                               PetscBool *complete)
{
  HeatTurns *turns;
  PetscReal  at      = 0.0, next, known;
  int        resumed = 0;

  PetscFunctionBeginUser;
  PetscCall(HeatTurnsCreate(text, length, &turns));
  while (turns) {
    HeatTurnsNext(turns, at, length, &next, &known);
    if (next < PETSC_MAX_REAL) {
      if (!Add(knots, low + next)) break;
      at = next;
    } else if (known > at && known < length && resumed++ < MOST_RESUMED) {
      at = known;
    } else {
      if (known < length) *complete = PETSC_FALSE;
      break;
    }
  }
  PetscCall(HeatTurnsDestroy(&turns));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static int CompareKnots(const void *a, const void *b)
{
  const PetscReal s = *(const PetscReal *)a, t = *(const PetscReal *)b;

  return (s > t) - (s < t);
}

/* Search the temperatures from point->low to `high`.  The knots are in ascending order; knots->n is
   MOST where there are more than knots->T has room for. */
static PetscErrorCode Search(const char *text, const Point *point, PetscReal high, HeatKnots *knots,
                             PetscBool *complete)
{
  const HeatKnots none = {0};
  const PetscReal low  = point->low;
  char           *of_time;

  PetscFunctionBeginUser;
  *knots    = none;
  *complete = PETSC_TRUE;
  /* 32 roundings are chosen: a switch is rounded to 15 decimal digits of its distance from `low`,
     which moves it by up to 23 roundings. */
  knots->margin = 32.0 * PETSC_MACHINE_EPSILON *
                  PetscMax(high - low, PetscMax(PetscAbsReal(low), PetscAbsReal(high)));
  PetscCall(PetscMalloc1(MOST, &knots->T));
  PetscCall(OverTime(text, point, &of_time));
  PetscCall(AddSwitches(of_time, low, high - low, knots, complete));
  if (knots->n < MOST) PetscCall(AddTurns(of_time, low, high - low, knots, complete));
  PetscCall(PetscFree(of_time));
  PetscCall(PetscRealloc((size_t)PetscMax(knots->n, 1) * sizeof *knots->T, &knots->T));
  qsort(knots->T, (size_t)knots->n, sizeof *knots->T, CompareKnots);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static HeatTemperatures Temperatures(const HeatKnots *knots)
{
  return (HeatTemperatures){knots->n, knots->T, knots->margin};
}

/* Measure the features that move with the place.
   @param[out] many  whether some place has more knots than can be searched */
static PetscErrorCode MeasureMoving(const HeatCase *c, const char *text, PetscReal low,
                                    PetscReal high, const HeatKnots *fixed, HeatFeatures *moving,
                                    PetscBool *many)
{
  const HeatFeatures none = {PETSC_MAX_REAL, PETSC_MAX_REAL, PETSC_MIN_REAL};
  HeatExpressionTree tree;
  const char        *problem;
  size_t             position;

  PetscFunctionBeginUser;
  *moving = none;
  *many   = PETSC_FALSE;
  PetscCall(HeatExpressionTreeCreate(text, &tree, &problem, &position));
  const int       place   = tree.n > 0 ? tree.operations[tree.n - 1].variables : 0;
  const PetscBool moves[] = {(PetscBool)((place & HEAT_VAR_X) != 0),
                             (PetscBool)((place & HEAT_VAR_Y) != 0)};

  for (int k = 0; k < PLACES * PLACES && (moves[0] || moves[1]); k++) {
    const PetscReal part[] = {(PetscReal)(k % PLACES) / (PLACES - 1),
                              (PetscReal)(k / PLACES) / (PLACES - 1)};
    const Point point = {low, PETSC_TRUE, c->grid.x[0] + part[0] * (c->grid.x[1] - c->grid.x[0]),
                         c->grid.y[0] + part[1] * (c->grid.y[1] - c->grid.y[0])};
    PetscBool   complete;
    HeatKnots   knots;

    if ((!moves[0] && part[0] > 0.0) || (!moves[1] && part[1] > 0.0)) continue;
    PetscCall(Search(text, &point, high, &knots, &complete));
    if (knots.n >= MOST) *many = PETSC_TRUE;
    else
      PetscCall(HeatFeaturesAdd(&tree, point.x, point.y, low, high, Temperatures(&knots),
                                Temperatures(fixed), moving));
    PetscCall(HeatKnotsClear(&knots));
  }
  PetscCall(HeatExpressionTreeDestroy(&tree));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add equidistant knots from `low` to `high` and sort all. */
static PetscErrorCode AddEquidistant(HeatKnots *knots, PetscReal low, PetscReal high, PetscInt n)
{
  PetscFunctionBeginUser;
  PetscCall(PetscRealloc((size_t)(knots->n + n) * sizeof *knots->T, &knots->T));
  for (PetscInt k = 0; k < n; k++)
    knots->T[knots->n++] = low + (high - low) * ((PetscReal)k / (PetscReal)(n - 1));
  qsort(knots->T, (size_t)knots->n, sizeof *knots->T, CompareKnots);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add knots for the features that move with the place, or set knots->problem.  The knots cover the
   temperatures of the features at the measured places and, since features may lie beyond them at
   other places, half that range and four widths more on either side. */
static PetscErrorCode AddMoving(const HeatFeatures *moving, HeatKnots *knots)
{
  const PetscReal beyond = 0.5 * (moving->high - moving->low) + 4.0 * moving->width;
  const PetscReal low = moving->low - beyond, high = moving->high + beyond;
  const PetscReal n = PetscCeilReal((high - low) / moving->width * IN_FEATURE) + 1.0;

  PetscFunctionBeginUser;
  if (!(n <= MOST_EQUIDISTANT))
    (void)snprintf(knots->problem, sizeof knots->problem,
                   "has a peak or dip %.3g K wide at a temperature that depends on the place, from "
                   "%g to %g K; it must be at least %.3g K wide",
                   (double)moving->width, (double)moving->low, (double)moving->high,
                   (double)((high - low) * IN_FEATURE / MOST_EQUIDISTANT));
  else PetscCall(AddEquidistant(knots, low, high, (PetscInt)n));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatKnotsFind(const HeatCase *c, const char *text, HeatKnots *knots)
{
  Point        point = {0};
  PetscReal    high;
  PetscBool    complete, many;
  HeatFeatures moving;

  PetscFunctionBeginUser;
  SearchedTemperatures(c, &point.low, &high);
  PetscCall(Search(text, &point, high, knots, &complete));
  many = (PetscBool)(knots->n >= MOST);
  if (!many) {
    PetscCall(MeasureMoving(c, text, point.low, high, knots, &moving, &many));
    if (!complete) PetscCall(AddEquidistant(knots, point.low, high, MOST));
    if (!many && moving.width < PETSC_MAX_REAL) PetscCall(AddMoving(&moving, knots));
  }
  if (many)
    (void)snprintf(knots->problem, sizeof knots->problem,
                   "jumps, bends or turns at more than %d temperatures from %g to %g K, which are "
                   "those of the case and a margin; take a smoother formula, such as its mean",
                   MOST, (double)point.low, (double)high);
  if (knots->problem[0]) knots->n = 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatKnotsClear(HeatKnots *knots)
{
  const HeatKnots none = {0};

  PetscFunctionBeginUser;
  PetscCall(PetscFree(knots->T));
  *knots = none;
  PetscFunctionReturn(PETSC_SUCCESS);
}
