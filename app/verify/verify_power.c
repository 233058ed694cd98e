/** Entry `power`: the `power` of a region [W/m] is released exactly on any grid and in any scheme.
 *
 *  An insulated body with rho c = 2 J/(m3 K) starts at 0 K.  The circle's power is partly covered
 *  by the rectangle's, so that fewer cells than its shape covers carry it; the triangle has a power
 *  that grows with time.  After 2 s the body holds the heat (70 + 30) 2 + 4 2^2/2 = 208 J/m,
 *  which is the integral of rho T where c = 1.  A `source` of the same nominal heat differs by as
 *  much as the painted area differs from the true one, several percent on these grids. */
#include "app/verify/verify_entries.h"

static const char power_case[] =
    "grid: {cells: [33, 21], x: [0.0, 1.0], y: [0.0, 0.7]}\n"
    "materials: [{name: m, conductivity: 1.0, density: 2.0, specific_heat: 1.0}]\n"
    "regions:\n"
    "  - {material: m}\n"
    "  - {shape: circle, centre: [0.4, 0.3], radius: 0.17, power: 70.0}\n"
    "  - {shape: rectangle, x: [0.4, 0.7], y: [0.2, 0.4], power: 30.0}\n"
    "  - {shape: polygon, vertices: [[0.1, 0.5], [0.8, 0.52], [0.3, 0.66]], power: \"4*t\"}\n"
    "initial: {temperature: 0.0}\n"
    "time: {scheme: crank-nicolson, step: 1.0, end: 2.0}\n"
    "solver: {tolerance: 1e-13, preconditioner: jacobi}\n";

/* Measure how far the heat in the body is from the exact one, relative to it. */
static PetscErrorCode MeasureHeat(HeatVerify *v, const char *cells, const char *scheme,
                                  PetscReal *error)
{
  HeatVerifyProblem *p;
  const PetscReal   *T;
  PetscReal          heat;

  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "grid.cells=%s", cells));
  PetscCall(HeatVerifySet(v, "time.scheme=%s", scheme));
  PetscCall(HeatVerifySolve(v, power_case, &p));
  PetscCall(VecGetArrayRead(p->T, &T));
  PetscCall(HeatDiagnosticsIntegral(p->op, T, HEAT_WEIGHT_DENSITY, &heat));
  PetscCall(VecRestoreArrayRead(p->T, &T));
  *error = PetscAbsReal(heat - 208.0) / 208.0;
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyPower(HeatVerify *v)
{
  static const char *const grids[]   = {"[33, 21]", "[20, 13]", "[7, 9]"};
  static const char *const schemes[] = {"rkl2", "crank-nicolson", "esdirk", "backward-euler",
                                        "bdf2"};
  const size_t             means     = 3; /* the first ones, which are exact for the power 4 t */

  PetscFunctionBeginUser;
  /* 1e-10 allows for the solver's tolerance.  Backward Euler and bdf2 evaluate a power at the end
     of a step, so they get a constant third power with the same heat after 2 s: 4 2 = 8 J/m. */
  for (size_t s = 0; s < PETSC_STATIC_ARRAY_LENGTH(schemes); s++) {
    PetscReal worst = 0.0;

    for (size_t g = 0; g < PETSC_STATIC_ARRAY_LENGTH(grids); g++) {
      PetscReal error;

      if (s >= means) PetscCall(HeatVerifySet(v, "regions[3].power=4"));
      PetscCall(MeasureHeat(v, grids[g], schemes[s], &error));
      if (!(error <= worst)) worst = error;
    }
    PetscCall(HeatVerifyBelow(v, worst, 1e-10, "%s: relative error of the heat", schemes[s]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
