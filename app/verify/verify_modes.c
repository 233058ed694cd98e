/* Modes: fields that the discrete equations only scale.
 *
 * With n cells of width h, cos or sin of the phase (i + 1/2) theta is an eigenvector of the second
 * difference with eigenvalue (4/h^2) sin^2(theta/2): between insulated sides for cosines with
 * theta = k pi/n (the mirror image beyond the side is the cell itself), between sides of
 * temperature zero for sines (the half-cell conductance 2k/h is a mirror image of the other sign),
 * between one of each for theta = (k - 1/2) pi/n, and on a ring for theta = 2 k pi/n.  Every scheme
 * multiplies such a field by a number that depends on z = dt * eigenvalue alone, so after any
 * number of steps the answer is known to rounding and the solver's tolerance, for any step and any
 * grid. */
#include <math.h>

#include "app/verify/verify_entries.h"

static const char modes_case[] =
    "grid: {cells: [30, 14], x: [0.0, 2.0], y: [0.0, 1.0]}\n"
    "materials: [{name: m, conductivity: [3.0, 0.5], density: 2.0, specific_heat: 5.0}]\n"
    "time: {scheme: backward-euler, step: 0.01, steps: 20}\n"
    "solver: {tolerance: 1e-12, preconditioner: jacobi}\n";

enum { CELLS_X = 30, CELLS_Y = 14, STEPS = 20 };

typedef struct {
  const char *name, *mode, *sides[HEAT_SIDES]; /* left right bottom top */
  PetscReal   phase_x, phase_y;                /* theta times n, over pi */
} Mode;

#define INSULATED "{type: insulated}"
#define COLD      "{type: temperature, value: 0.0}"
#define PERIODIC  "{type: periodic}"

static const Mode modes[] = {
    {"insulated", "cos(3*pi*x/2)*cos(2*pi*y)", {INSULATED, INSULATED, INSULATED, INSULATED}, 3, 2},
    {"cold", "sin(2*pi*x/2)*sin(3*pi*y)", {COLD, COLD, COLD, COLD}, 2, 3},
    {"cold left, top", "sin(3*pi*x/4)*cos(pi*y/2)", {COLD, INSULATED, INSULATED, COLD}, 1.5, 0.5},
    {"cold right, bottom",
     "cos(pi*x/4)*sin(3*pi*y/2)",
     {INSULATED, COLD, COLD, INSULATED},
     0.5,
     1.5},
    {"periodic", "sin(pi*x+0.3)*cos(4*pi*y-1)", {PERIODIC, PERIODIC, PERIODIC, PERIODIC}, 2, 4},
};

static PetscReal Eigenvalue(PetscReal h, PetscReal theta)
{
  const PetscReal s = sin(0.5 * theta);

  return 4.0 / (h * h) * s * s;
}

/* rkl2 of s stages: 1 - b + b P_s(1 - 4 z/(s^2 + s - 2)), b = (s^2 + s - 2)/(2 s (s + 1)), with
   Legendre's polynomial by its recurrence. */
static PetscReal Rkl2Factor(PetscReal z, PetscInt stages)
{
  const PetscReal s = (PetscReal)stages, b = (s * s + s - 2.0) / (2.0 * s * (s + 1.0));
  const PetscReal x      = 1.0 - 4.0 * z / (s * s + s - 2.0);
  PetscReal       before = 1.0, P = x;

  for (PetscInt j = 2; j <= stages; j++) {
    const PetscReal k = (PetscReal)j, next = ((2.0 * k - 1.0) * x * P - (k - 1.0) * before) / k;

    before = P;
    P      = next;
  }
  return 1.0 - b + b * P;
}

/* esdirk: five implicit stages of gamma = 1/4, of order four, zero for infinite steps.  That leaves
   one function: e^-z (1 + z/4)^5, its series cut after z^4, over (1 + z/4)^5. */
static PetscReal EsdirkFactor(PetscReal z)
{
  static const PetscReal exponential[5] = {1.0, -1.0, 1.0 / 2.0, -1.0 / 6.0, 1.0 / 24.0};
  static const PetscReal power[5]       = {1.0, 5.0 / 4.0, 10.0 / 16.0, 10.0 / 64.0, 5.0 / 256.0};
  PetscReal              sum            = 0.0;

  for (int n = 4; n >= 0; n--) {
    PetscReal coefficient = 0.0;

    for (int k = 0; k <= n; k++) coefficient += exponential[k] * power[n - k];
    sum = sum * z + coefficient;
  }
  return sum / pow(1.0 + 0.25 * z, 5.0);
}

/* bdf2, begun with a step of backward Euler. */
static PetscReal Bdf2Amplitude(PetscReal z, PetscInt n)
{
  PetscReal before = 1.0, now = 1.0 / (1.0 + z);

  for (PetscInt k = 1; k < n; k++) {
    const PetscReal next = (4.0 * now - before) / (3.0 + 2.0 * z);

    before = now;
    now    = next;
  }
  return now;
}

/* What n steps make of the amplitude 1. */
static PetscReal Amplitude(HeatScheme scheme, PetscReal z, PetscInt n, PetscInt stages)
{
  switch (scheme) {
  case HEAT_SCHEME_FTCS: return pow(1.0 - z, (double)n);
  case HEAT_SCHEME_RKL2: return pow(Rkl2Factor(z, stages), (double)n);
  case HEAT_SCHEME_BACKWARD_EULER: return pow(1.0 / (1.0 + z), (double)n);
  case HEAT_SCHEME_CRANK_NICOLSON: return pow((1.0 - 0.5 * z) / (1.0 + 0.5 * z), (double)n);
  case HEAT_SCHEME_BDF2: return Bdf2Amplitude(z, n);
  case HEAT_SCHEME_ESDIRK: return pow(EsdirkFactor(z), (double)n);
  default: return NAN;
  }
}

/* ||T - amplitude * initial|| / ||amplitude * initial||; changes `initial`. */
static PetscErrorCode RelativeError(Vec T, PetscReal amplitude, Vec initial, PetscReal *error)
{
  PetscReal size;

  PetscFunctionBeginUser;
  PetscCall(VecScale(initial, amplitude));
  PetscCall(VecNorm(initial, NORM_2, &size));
  PetscCall(VecAXPY(initial, -1.0, T));
  PetscCall(VecNorm(initial, NORM_2, error));
  *error /= size;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MeasureMode(HeatVerify *v, HeatScheme scheme, const Mode *mode,
                                  PetscReal *error)
{
  HeatVerifyProblem *p;
  PetscReal          decay;
  Vec                initial;

  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "initial.temperature=\"%s\"", mode->mode));
  PetscCall(HeatVerifySet(v, "time.scheme=%s", HeatSchemeNames[scheme]));
  /* Below the stability limit of ftcs for it, beyond for the others. */
  PetscCall(HeatVerifySet(v, "time.step=%g", scheme == HEAT_SCHEME_FTCS ? 0.001 : 0.02));
  for (int s = 0; s < HEAT_SIDES; s++)
    PetscCall(HeatVerifySet(v, "boundary.%s=%s", HeatSideNames[s], mode->sides[s]));
  PetscCall(HeatVerifyOpen(v, modes_case, &p));
  PetscCall(VecDuplicate(p->T, &initial));
  PetscCall(VecCopy(p->T, initial));
  PetscCall(HeatVerifyAdvance(p, STEPS));
  decay = (3.0 * Eigenvalue(2.0 / CELLS_X, PETSC_PI * mode->phase_x / CELLS_X) +
           0.5 * Eigenvalue(1.0 / CELLS_Y, PETSC_PI * mode->phase_y / CELLS_Y)) /
          (2.0 * 5.0);
  PetscCall(
      RelativeError(p->T, Amplitude(scheme, p->dt * decay, STEPS, p->last.stages), initial, error));
  PetscCall(VecDestroy(&initial));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyModes(HeatVerify *v)
{
  static const HeatScheme schemes[] = {HEAT_SCHEME_FTCS,           HEAT_SCHEME_RKL2,
                                       HEAT_SCHEME_BACKWARD_EULER, HEAT_SCHEME_CRANK_NICOLSON,
                                       HEAT_SCHEME_BDF2,           HEAT_SCHEME_ESDIRK};

  PetscFunctionBeginUser;
  for (size_t s = 0; s < PETSC_STATIC_ARRAY_LENGTH(schemes); s++) {
    /* A step rounds some ten operations on numbers of the field's size, and rkl2's as many in each
       of five stages; a solve leaves its tolerance. */
    const PetscReal each = schemes[s] == HEAT_SCHEME_FTCS   ? PETSC_MACHINE_EPSILON
                           : schemes[s] == HEAT_SCHEME_RKL2 ? 5.0 * PETSC_MACHINE_EPSILON
                                                            : 1e-12;

    for (size_t m = 0; m < PETSC_STATIC_ARRAY_LENGTH(modes); m++) {
      PetscReal error;

      PetscCall(MeasureMode(v, schemes[s], &modes[m], &error));
      PetscCall(HeatVerifyBelow(v, error, 10.0 * STEPS * each, "%s, %s: relative error",
                                HeatSchemeNames[schemes[s]], modes[m].name));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
