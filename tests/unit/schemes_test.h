/** Helpers for the tests of the schemes: runs of every scheme, each described by a short struct,
 *  and an exact solution of the semi-discrete problem. */
#ifndef HEAT_TESTS_SCHEMES_TEST_H
#define HEAT_TESTS_SCHEMES_TEST_H

#include "solver_test.h"

#include "solver/stepper/stepper.h"

typedef struct {
  HeatScheme  scheme;
  const char *ts;             /* type of the PETSc TS, for HEAT_SCHEME_TS */
  int         order;          /* of the error at a given time, in the step */
  const char *preconditioner; /* NULL: jacobi */
  const char *conductivity;   /* NULL: 2 and 0.5 along x and y */
  PetscReal   adaptive;       /* tolerance of the error control; 0: fixed steps */
  PetscBool   mixed;          /* two materials, all kinds of sides, data that depend on time */
} HeatTestRun;

#define OURS(scheme, order)                                                                        \
  {                                                                                                \
    HEAT_SCHEME_##scheme, NULL, order, NULL, NULL, 0.0, PETSC_FALSE                                \
  }
#define PETSCS(type, order)                                                                        \
  {                                                                                                \
    HEAT_SCHEME_TS, type, order, NULL, NULL, 0.0, PETSC_FALSE                                      \
  }

static const HeatTestRun HeatTestEvery[] = {
    OURS(FTCS, 1),      OURS(RKL2, 2),     OURS(BACKWARD_EULER, 1), OURS(CRANK_NICOLSON, 2),
    OURS(BDF2, 2),      OURS(ESDIRK, 4),   PETSCS("beuler", 1),     PETSCS("cn", 2),
    PETSCS("bdf", 2),   PETSCS("rosw", 3), PETSCS("arkimex", 3),    PETSCS("rk", 3),
    PETSCS("euler", 1), PETSCS("ssp", 2),
};
enum { N_EVERY = sizeof HeatTestEvery / sizeof HeatTestEvery[0], N_OURS = 6 };

/* Make 8 x 10 insulated cells of 0.1 x 0.2 m with kx = 2, ky = 0.5, density 3, specific heat 4. */
static inline HeatCase *HeatTestBlankRun(const HeatTestRun *run)
{
  HeatCase *c = HeatTestCase(8, 10, 0.8, 2.0, (HeatTestMaterial){2.0, 0.5, 3.0, 4.0});

  c->time.scheme             = run->scheme;
  c->time.adaptive.tolerance = run->adaptive;
  c->solver.tolerance        = 1e-13;
  if (run->adaptive > 0.0) {
    c->time.step  = 1e-3;
    c->time.steps = -1;
    c->time.end   = 1.0;
  }
  if (run->ts) OK(PetscStrallocpy(run->ts, &c->time.ts_type));
  OK(PetscFree(c->solver.preconditioner));
  OK(PetscStrallocpy(run->preconditioner ? run->preconditioner : "jacobi",
                     &c->solver.preconditioner));
  for (int axis = 0; axis < 2 && run->conductivity; axis++)
    HeatTestText(&c->materials[0].conductivity[axis], run->conductivity);
  return c;
}

static inline HeatCase *HeatTestRunCase(const void *context)
{
  const HeatTestRun *run = context;
  HeatCase          *c   = HeatTestBlankRun(run);

  if (!run->mixed) {
    HeatTestText(&c->source, "120*cos(3*t)");
    return c;
  }
  HeatTestAddMaterial(c, (HeatTestMaterial){20.0, 10.0, 1.0, 3.0});
  HeatTestRectangle(c, 1, 0.2, 0.6, 0.3, 1.1);
  HeatTestTemperature(c, HEAT_LEFT, "5 + y + 3*t");
  HeatTestFlux(c, HEAT_RIGHT, "3 - t");
  HeatTestConvection(c, HEAT_TOP, "4", "7 + 10*t");
  HeatTestText(&c->source, "20*x - 30*y*t");
  HeatTestNumber(&c->exchange.coefficient, 3.0);
  HeatTestText(&c->exchange.ambient, "5 + t");
  return c;
}

/* Skip a test that takes many steps and does not depend on the layout of the ranks. */
#define SKIP_IN_PARALLEL()                                                                         \
  do {                                                                                             \
    if (HeatTestSize() > 1) skip();                                                                \
  } while (0)

/* ------- the exact solution of the semi-discrete problem ------- */

static inline PetscReal HeatTestModeAt(PetscInt i, PetscInt j)
{
  return cos(PETSC_PI * 2.0 * ((PetscReal)i + 0.5) / 8.0) *
         cos(PETSC_PI * 3.0 * ((PetscReal)j + 0.5) / 10.0);
}

/* Return the decay rate of the mode, the sum over both axes of 4 k/(density specific_heat h^2)
   sin^2(half the phase per cell): about 10.6 1/s. */
static inline PetscReal HeatTestDecayRate(void)
{
  const PetscReal sx = sin(PETSC_PI * 2.0 / 16.0), sy = sin(PETSC_PI * 3.0 / 20.0);

  return 4.0 * (2.0 / 0.01 * sx * sx + 0.5 / 0.04 * sy * sy) / 12.0;
}

/* Return the exact solution of the semi-discrete problem: the mode decays, and the source heats all
   cells with 10 cos(3 t) K/s. */
static inline PetscReal *HeatTestExactAt(const HeatGrid *g, PetscReal t)
{
  const PetscReal left = 100.0 * exp(-HeatTestDecayRate() * t);
  PetscReal      *T    = HeatTestArray(g);

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      T[j * g->nxl + i] = 300.0 + left * HeatTestModeAt(g->xs + i, g->ys + j) +
                          10.0 / 3.0 * sin(3.0 * t);
    }
  }
  return T;
}

/* Store the lengths of n steps to `end`: equal ones, or pseudo-random ones with ratios up to 4. */
static inline void HeatTestStepLengths(int n, PetscReal end, PetscBool even, PetscReal *dt)
{
  PetscReal sum = 0.0;

  for (int k = 0; k < n; k++) {
    dt[k] = even ? 1.0 : 1.0 + 0.6 * HeatTestNoise(k, 1, 7);
    sum += dt[k];
  }
  for (int k = 0; k < n; k++) dt[k] *= end / sum;
}
/* Return a copy of this rank's cells of T. */
static inline PetscReal *HeatTestCopy(const HeatGrid *g, Vec T)
{
  PetscReal       *array = HeatTestArray(g);
  const PetscReal *values;

  OK(VecGetArrayRead(T, &values));
  memcpy(array, values, HeatGridLocalCells(g) * sizeof *array);
  OK(VecRestoreArrayRead(T, &values));
  return array;
}

#endif
