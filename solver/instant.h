/** The time, or weighted mean of two times, at which a step sees sources and boundary values. */
#ifndef HEAT_SOLVER_INSTANT_H
#define HEAT_SOLVER_INSTANT_H

#include <petscsys.h>

typedef struct {
  PetscInt  n;         /* 1 or 2 */
  PetscReal t[2];      /* [s] */
  PetscReal weight[2]; /* add up to one */
} HeatInstant;

static inline HeatInstant HeatInstantAt(PetscReal t)
{
  const HeatInstant instant = {1, {t, 0.0}, {1.0, 0.0}};

  return instant;
}

/** (1 - theta) * value(t0) + theta * value(t1), without evaluating what has no weight. */
static inline HeatInstant HeatInstantBetween(PetscReal t0, PetscReal t1, PetscReal theta)
{
  const HeatInstant instant = {2, {t0, t1}, {1.0 - theta, theta}};

  return theta == 0.0 ? HeatInstantAt(t0) : theta == 1.0 ? HeatInstantAt(t1) : instant;
}

#endif
