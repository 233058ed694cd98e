/** The times at which a formula switches.
 *
 *  A formula of t may jump, as (t > 400)*(t < 410), floor(t/60) or t < 10 ? 1 : 0 do, or have a
 *  kink, as max(0, 1 - abs(t - 100)) does.  A time step must not span such a time.  Comparisons,
 *  floor, sign, abs, min and max whose arguments depend on t alone are found in the formula's
 *  syntax tree, and so are poles, at which functions such as atan(1/(t - 5)) or
 *  atan2(sin(t), cos(t)) jump.  Bisection finds the times at which their results change.  Interval
 *  arithmetic excludes the intervals of time without a change, so that two changes are both found
 *  unless less than 1e-14 of the searched time lies between them.  Nothing here is collective. */
#ifndef HEAT_SOLVER_SWITCHES_H
#define HEAT_SOLVER_SWITCHES_H

#include "solver/case/interval.h"

typedef struct HeatSwitches HeatSwitches;

/** Return whether operation k of a formula can switch at a time: a comparison, floor, sign, abs,
 *  min, max, tan or atan2 whose arguments depend on t, or a quotient whose denominator does.
 *  HeatSwitchesNext finds its times if they depend on t alone, and shared_switches.h those that
 *  many places share; the user gives the times of other operations, such as T < t, in
 *  time.events. */
PetscBool HeatSwitchesCan(const HeatExpressionTree *tree, int k);

/** Return whether operation k can switch at times that depend on the place, and not on T: a
 *  comparison, floor, sign, abs, min or max whose arguments depend on t and on x or y.  The kink of
 *  abs, min or max within another such operation, as in abs(x - t) < 0.1, does not count. */
PetscBool HeatSwitchesMove(const HeatExpressionTree *tree, int k);

/** Return whether operation k, which HeatSwitchesCan accepts, may switch within an interval of
 *  time.
 *  @param[in] results  enclosures of the operations on which it depends, over that time */
PetscBool HeatSwitchesMay(const HeatExpressionTree *tree, int k, const HeatEnclosure results[]);

/** Find what switches in a formula that expression.c accepts.
 *  @param[in]  poles     whether poles count: zeros of denominators, and jumps of tan and atan2
 *  @param[out] switches  NULL where nothing does; owned by the caller */
PetscErrorCode HeatSwitchesCreate(const char *text, PetscBool poles, HeatSwitches **switches);

/** Find which operations of a formula accepted by HeatSwitchesMove switch at the place (x, y) [m].
 *  @param[out] switches  as HeatSwitchesCreate's */
PetscErrorCode HeatSwitchesCreateAt(const char *text, PetscReal x, PetscReal y,
                                    HeatSwitches **switches);

/** Find whether a formula has operations that HeatSwitchesMove accepts.
 *  @param[in] text  a formula that expression.c accepts */
PetscErrorCode HeatSwitchesDependOnPlace(const char *text, PetscBool *depend);

/** Find whether a formula jumps at times that depend on the temperature, which nothing searches: a
 *  comparison, floor or sign whose arguments depend on both t and T, as t < (T > 0 ? 3.3 : 2).  One
 *  of T alone, as T < 300, is no event in time.
 *  @param[in] text  a formula that expression.c accepts */
PetscErrorCode HeatSwitchesDependOnField(const char *text, PetscBool *depend);

/** Return the effort of all searches so far, in operations of the formula. */
PetscReal HeatSwitchesWork(const HeatSwitches *switches);

/** Find the first switch in (after, until].  Switches within HeatSwitchesMargin of `after` do not
 *  count: such a switch is the one at which the step begins.
 *  @param[out] time   [s]; PETSC_MAX_REAL: there is none up to *known
 *  @param[out] known  [s] time up to which the answer holds; below `until` where the formula is too
 *                     involved to be searched further in a call of bounded length */
void HeatSwitchesNext(HeatSwitches *switches, PetscReal after, PetscReal until, PetscReal *time,
                      PetscReal *known);

/** Exclude from all further searches the operation that limited *known of the last answer, so that
 *  switches of the formula's other operations are still found.  Return whether any operation is
 *  left. */
PetscBool HeatSwitchesGiveUp(HeatSwitches *switches);

/** Return the distance [s] below which two times near t count as one switch: 64 roundings of t. */
PetscReal HeatSwitchesMargin(PetscReal t);

/** Free the switches and set *switches to NULL; *switches may be NULL. */
PetscErrorCode HeatSwitchesDestroy(HeatSwitches **switches);

#endif
