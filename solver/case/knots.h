/** Knots: the temperatures at which a formula of T jumps, has a kink, or turns from rising to
 *  falling or back.
 *
 *  Between two neighbouring knots a formula is smooth and either rises or falls, so that its values
 *  at a few places show how it behaves.  An integral over temperatures that is split at the knots
 *  therefore misses no feature, however narrow: not a peak of k(T) of a tenth of a kelvin between
 *  two cells that differ by 30 K.  The knots are found as the times of switches and turns are
 *  (switches.h, turns.h), with T in place of t.
 *
 *  The knots of parts that also depend on x or y, as in exp(-(T - 800 - 10*x)^2), move with the
 *  place.  They are found at some places, and the width of the narrowest peak or dip there is
 *  measured.  The temperatures that such features pass get equidistant knots, several within each
 *  feature, so that none is missed.  Nothing here is collective. */
#ifndef HEAT_SOLVER_KNOTS_H
#define HEAT_SOLVER_KNOTS_H

#include "solver/case/case.h"

/** The knots of one formula.  {0} has none. */
typedef struct {
  PetscInt   n;
  PetscReal *T;      /* [n] [K], ascending; owned */
  PetscReal  margin; /* [K] the formula switches within this distance of a knot */
  char problem[200]; /* why means of the formula over temperatures cannot be computed; "": they
                              can */
} HeatKnots;

/** Find the knots of a formula of x, y and T of a validated case.  The searched temperatures are
 *  those that the case gives as numbers, and a margin of their spread, but at least 1000 K, on both
 *  sides.  A formula with more than 16384 knots there, such as sin(100*T), or with features that
 *  move with the place and would need more than 262144 knots, has a `problem` and no knots.
 *  @param[in]  text   a formula that expression.c accepts, without t
 *  @param[out] knots  free it with HeatKnotsClear */
PetscErrorCode HeatKnotsFind(const HeatCase *c, const char *text, HeatKnots *knots);

/** Free the knots and set *knots to {0}. */
PetscErrorCode HeatKnotsClear(HeatKnots *knots);

#endif
