/** Entry `time`: every scheme has its order in time.
 *
 * The discretisation in space is exact for these solutions, so only the error of the scheme
 * remains.  With F(t) = 1 + sin(3 t) they are
 *     T = x F(t)           linear in space, driven from the right side (three types of sides)
 *     T = F(t)             uniform, driven by a uniform source
 *     T = cos(pi x) F(t)   an eigenmode of the discrete equations with a known decay rate, driven
 *                          by a source of x and t
 * The observed order is log2 of the ratio of the errors with a step and with half of it. */
#include <math.h>

#include "app/verify/verify_entries.h"

static const char time_case[] =
    "grid: {cells: [8, 8], x: [0.0, 1.0], y: [0.0, 1.0]}\n"
    "materials: [{name: m, conductivity: 1.0, density: 1.0, specific_heat: 1.0}]\n"
    "initial: {temperature: \"x\"}\n"
    "source: \"x*3*cos(3*t)\"\n"
    "boundary: {left: {type: temperature, value: 0.0}}\n"
    "time: {scheme: backward-euler, step: 0.05, end: 0.6}\n"
    "solver: {tolerance: 1e-13, preconditioner: jacobi}\n";

#define F "(1+sin(3*t))"

static const char *const right[] = {
    "{type: temperature, value: \"" F "\"}",
    "{type: flux, value: \"" F "\"}",
    "{type: convection, coefficient: 2.0, ambient: \"1.5*" F "\"}",
};

enum { SIDE_TEMPERATURE, SIDE_FLUX, SIDE_CONVECTION, SOURCE_UNIFORM, SOURCE_MODE, DRIVES };

static const char *const solution[DRIVES] = {"x*" F, "x*" F, "x*" F, F, "cos(pi*x)*" F};

/* Set the side, or the source and the initial field, of a solution.  `decay` [1/s] is the
   eigenvalue of the discrete mode, (4/h^2) sin^2(pi h/2) with h = 1/8. */
static PetscErrorCode SetDrive(HeatVerify *v, int drive)
{
  const PetscReal s = sin(0.5 * PETSC_PI / 8.0), decay = 4.0 * 64.0 * s * s;

  PetscFunctionBeginUser;
  if (drive <= SIDE_CONVECTION) {
    PetscCall(HeatVerifySet(v, "boundary.right=%s", right[drive]));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatVerifySet(v, "boundary.left={type: insulated}"));
  if (drive == SOURCE_UNIFORM) {
    PetscCall(HeatVerifySet(v, "initial.temperature=1.0"));
    PetscCall(HeatVerifySet(v, "source=\"3*cos(3*t)\""));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatVerifySet(v, "initial.temperature=\"cos(pi*x)\""));
  PetscCall(HeatVerifySet(v, "source=\"cos(pi*x)*(3*cos(3*t)+%.17g*" F ")\"", (double)decay));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Errors below this are rounding: where a scheme integrates a drive exactly, as rkl2 does a uniform
   source, no order can be observed. */
#define ROUNDING 1e-11

/* Compute from two runs, with `steps` steps and with twice as many, by how much the observed order
   differs from `expected`; 0 where both errors are rounding. */
static PetscErrorCode OrderDeviation(HeatVerify *v, HeatScheme scheme, PetscInt steps, int drive,
                                     PetscReal expected, PetscReal *deviation)
{
  PetscReal error[2], max;

  PetscFunctionBeginUser;
  for (int half = 0; half < 2; half++) {
    HeatVerifyProblem *p;

    PetscCall(SetDrive(v, drive));
    PetscCall(HeatVerifySet(v, "time.scheme=%s", HeatSchemeNames[scheme]));
    PetscCall(HeatVerifySet(v, "time.step=%.17g", 0.6 / (double)(half ? 2 * steps : steps)));
    PetscCall(HeatVerifySolve(v, time_case, &p));
    PetscCall(HeatVerifyError(p, solution[drive], &error[half], &max));
    PetscCall(HeatVerifyClose(v, &p));
  }
  if (error[0] <= ROUNDING && error[1] <= ROUNDING) *deviation = 0.0;
  else *deviation = log2(error[0] / error[1]) - expected;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyTimeOrder(HeatVerify *v)
{
  /* Steps of the coarser run to t = 0.6 s.  For ftcs they are below its stability limit (0.0039 s);
     for the others so short that terms of higher order are small, and for esdirk so short that
     stiffness no longer reduces its order. */
  static const struct {
    HeatScheme scheme;
    PetscReal  order;
    PetscInt   steps;
  } schemes[] = {{HEAT_SCHEME_FTCS, 1, 200},          {HEAT_SCHEME_RKL2, 2, 96},
                 {HEAT_SCHEME_BACKWARD_EULER, 1, 24}, {HEAT_SCHEME_CRANK_NICOLSON, 2, 24},
                 {HEAT_SCHEME_BDF2, 2, 96},           {HEAT_SCHEME_ESDIRK, 4, 96}};

  PetscFunctionBeginUser;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(schemes); k++) {
    PetscReal worst = 0.0;

    for (int drive = 0; drive < DRIVES; drive++) {
      PetscReal deviation;

      PetscCall(OrderDeviation(v, schemes[k].scheme, schemes[k].steps, drive, schemes[k].order,
                               &deviation));
      if (!(PetscAbsReal(deviation) <= PetscAbsReal(worst))) worst = deviation;
    }
    /* 0.2 allows for terms of the next order at these steps. */
    PetscCall(HeatVerifyBetween(v, schemes[k].order + worst, schemes[k].order - 0.2,
                                schemes[k].order + 0.2, "%s: order, worst of sides and sources",
                                HeatSchemeNames[schemes[k].scheme]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
