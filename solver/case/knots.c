/** Knots of a formula of T (knots.h): the formula is written with (low + t) in place of T, and the
 *  searches for switches and turns in time go through the temperatures from `low` on. */
#include "solver/case/knots.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "solver/case/switches.h"
#include "solver/case/turns.h"

/* Largest number of knots.  Chosen: floor(T) over 3600 K has fewer; they are found in less than a
   second. */
enum { MOST = 16384 };

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

/* Return the formula with "(low+t)" in place of the variable T; to be freed with PetscFree. */
static PetscErrorCode OverTime(const char *text, PetscReal low, char **out)
{
  char   variable[40];
  size_t n, used = 0;

  PetscFunctionBeginUser;
  n = (size_t)snprintf(variable, sizeof variable, "(%.17g+t)", (double)low);
  PetscCall(PetscMalloc1(strlen(text) * n + 1, out));
  for (const char *p = text; *p; p++) {
    const PetscBool begins = p == text || !(isalnum((unsigned char)p[-1]) || p[-1] == '_');
    const PetscBool ends   = !(isalnum((unsigned char)p[1]) || p[1] == '_');

    if (*p == 'T' && begins && ends) {
      memcpy(*out + used, variable, n);
      used += n;
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

static PetscErrorCode AddSwitches(const char *text, PetscReal low, PetscReal length,
                                  HeatKnots *knots)
{
  HeatSwitches *switches;
  PetscReal     at = 0.0, next, known;

  PetscFunctionBeginUser;
  PetscCall(HeatSwitchesCreate(text, &switches));
  while (switches) {
    HeatSwitchesNext(switches, at, length, &next, &known);
    if (next < PETSC_MAX_REAL) {
      if (!Add(knots, low + next)) break;
      at = next;
    } else if (known >= length || !HeatSwitchesGiveUp(switches)) break;
  }
  PetscCall(HeatSwitchesDestroy(&switches));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AddTurns(const char *text, PetscReal low, PetscReal length, HeatKnots *knots)
{
  HeatTurns *turns;
  PetscReal  next = 0.0, known;

  PetscFunctionBeginUser;
  PetscCall(HeatTurnsCreate(text, length, &turns));
  while (turns) {
    HeatTurnsNext(turns, next, length, &next, &known);
    if (next == PETSC_MAX_REAL || !Add(knots, low + next)) break;
  }
  PetscCall(HeatTurnsDestroy(&turns));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static int CompareKnots(const void *a, const void *b)
{
  const PetscReal s = *(const PetscReal *)a, t = *(const PetscReal *)b;

  return (s > t) - (s < t);
}

PetscErrorCode HeatKnotsFind(const HeatCase *c, const char *text, HeatKnots *knots)
{
  const HeatKnots none = {0};
  PetscReal       low, high;
  char           *of_time;

  PetscFunctionBeginUser;
  *knots = none;
  SearchedTemperatures(c, &low, &high);
  /* 32 roundings: chosen; switches are found to 15 digits of the distance from `low`, within 23. */
  knots->margin = 32.0 * PETSC_MACHINE_EPSILON *
                  PetscMax(high - low, PetscMax(PetscAbsReal(low), PetscAbsReal(high)));
  PetscCall(PetscMalloc1(MOST, &knots->T));
  PetscCall(OverTime(text, low, &of_time));
  PetscCall(AddSwitches(of_time, low, high - low, knots));
  if (knots->n < MOST) PetscCall(AddTurns(of_time, low, high - low, knots));
  PetscCall(PetscFree(of_time));
  if (knots->n >= MOST) knots->n = 0;
  PetscCall(PetscRealloc((size_t)PetscMax(knots->n, 1) * sizeof *knots->T, &knots->T));
  qsort(knots->T, (size_t)knots->n, sizeof *knots->T, CompareKnots);
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
