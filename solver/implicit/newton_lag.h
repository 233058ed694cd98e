/** When the preconditioner of Newton's linear solves is set up again.
 *
 *  A set-up costs as much as some iterations.  A preconditioner that was set up at an earlier
 *  iterate, where conductances were others, costs iterations instead: the excess over what the
 *  first solve after the set-up took for a decimal digit of the residual.  The set-up is repeated
 *  when the excess since the last one has reached its cost.  So set-ups and excess together cost
 *  at most twice what the best choice of set-ups would have cost (the rule of renting or buying
 *  skis: R. Karp, IFIP Congress 1992).
 *
 *  The rule knows the solves of the present step alone, so that a continued run decides as an
 *  uninterrupted one does. */
#ifndef HEAT_SOLVER_NEWTON_LAG_H
#define HEAT_SOLVER_NEWTON_LAG_H

#include <petscsys.h>

/** The solves since the last set-up.  {0} is none.  Plain data, the same on all ranks. */
typedef struct {
  PetscInt  solves;    /* number of them */
  PetscReal per_digit; /* iterations of the first one for a decimal digit of the residual */
  PetscReal excess;    /* iterations of the others beyond that */
} HeatNewtonLag;

/** Record a solve that multiplied the residual by `reduction` in `iterations` iterations.  Not
 *  collective. */
void HeatNewtonLagAdd(HeatNewtonLag *lag, PetscInt iterations, PetscReal reduction);

/** Return whether the next solve should begin with a set-up.  Not collective. */
PetscBool HeatNewtonLagIsDue(const HeatNewtonLag *lag);

/** Return the largest number of iterations that the next solve may take to multiply the residual by
 *  `reduction`.  It is `most` directly after a set-up; with a preconditioner that was set up at an
 *  earlier iterate it is the number at which the excess reaches several times the cost of a set-up.
 *  A solve that needs more is abandoned, and repeated after a set-up.  Not collective. */
PetscInt HeatNewtonLagLimit(const HeatNewtonLag *lag, PetscReal reduction, PetscInt most);

#endif
