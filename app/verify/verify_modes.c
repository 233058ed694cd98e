/** Entry `modes`: fields that a step of any scheme only multiplies by a number.
 *
 * With n cells of width h, cos or sin of (i + 1/2) theta, i = 0 ... n - 1, is an eigenvector of the
 * (negative) second difference,
 *     (2 u_i - u_(i-1) - u_(i+1)) / h^2 = lambda u_i,     lambda = (4/h^2) sin^2(theta/2),
 * if it satisfies the conditions at the two sides:
 *     insulated     cosines, theta = k pi/n: the mirror image beyond the side is the cell itself
 *     temperature 0 sines, theta = k pi/n: the half-cell conductance 2k/h makes a mirror image of
 *                   the opposite sign
 *     one of each   theta = (k - 1/2) pi/n
 *     periodic      theta = 2 k pi/n
 * Every scheme multiplies such a field, in each step, by a number that depends only on
 * z = dt (kx lambda_x + ky lambda_y)/(rho c).  So the field after any number of steps is known to
 * rounding and the solver's tolerance, for any step and any grid. */
#include <math.h>

#include "app/verify/verify_entries.h"

static const char modes_case[] =
    "grid: {cells: [30, 14], x: [0.0, 2.0], y: [0.0, 1.0]}\n"
    "materials: [{name: m, conductivity: [3.0, 0.5], density: 2.0, specific_heat: 5.0}]\n"
    "time: {scheme: backward-euler, step: 0.01, steps: 20}\n"
    "solver: {tolerance: 1e-12, preconditioner: jacobi}\n";

enum { CELLS_X = 30, CELLS_Y = 14, STEPS = 20 }; /* as in modes_case */

typedef struct {
  const char *name;
  const char *mode;              /* initial temperature [K], an expression of x and y */
  const char *sides[HEAT_SIDES]; /* left, right, bottom, top, in YAML */
  PetscReal   phase_x, phase_y;  /* theta n/pi along x and y */
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

/* lambda = (4/h^2) sin^2(theta/2) [1/m2]. */
static PetscReal Eigenvalue(PetscReal h, PetscReal theta)
{
  const PetscReal s = sin(0.5 * theta);

  return 4.0 / (h * h) * s * s;
}

/* rkl2 with s stages: the factor of a step is
       1 - b + b P_s(1 - 4 z/(s^2 + s - 2)),     b = (s^2 + s - 2)/(2 s (s + 1)),
   with Legendre's polynomial P_s by its recurrence j P_j = (2j - 1) x P_(j-1) - (j - 1) P_(j-2). */
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

/* esdirk: five implicit stages with gamma = 1/4, order four, and factor zero for infinite steps.
   Only one function has these properties: the series of e^-z (1 + z/4)^5 up to z^4, divided by
   (1 + z/4)^5. */
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

/* bdf2 with equal steps, the first one by backward Euler: (3 + 2 z) u_(k+1) = 4 u_k - u_(k-1). */
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

/* Return the amplitude after n steps of a mode that begins with amplitude 1. */
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

/* Compute ||T - amplitude * initial|| / ||amplitude * initial||.  `initial` is overwritten. */
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

/* Run a mode with a scheme and compute its relative error after STEPS steps. */
static PetscErrorCode MeasureMode(HeatVerify *v, HeatScheme scheme, const Mode *mode,
                                  PetscReal *error)
{
  HeatVerifyProblem *p;
  PetscReal          decay;
  Vec                initial;

  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "initial.temperature=\"%s\"", mode->mode));
  PetscCall(HeatVerifySet(v, "time.scheme=%s", HeatSchemeNames[scheme]));
  /* The step of ftcs lies below its stability limit, that of the others above it. */
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
    /* The bound is 10 times this error per step.  A step of ftcs rounds some ten operations on
       numbers of the size of the field, rkl2 as many in each of its five stages; a solve leaves an
       error of the size of its tolerance. */
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
