/** Entries `conservation` and `maximum`: two properties of the discrete equations.
 *
 * Conservation: heat that leaves a cell enters its neighbour, so the stored heat changes by exactly
 * what crosses the sides and is released (solver/README.md, section 5).  Maximum principle: without
 * sources, backward Euler leaves no temperature outside the range of the field and the sides, for
 * any step. */
#include <math.h>
#include <stdio.h>

#include "app/verify/verify_entries.h"

/* Conductivities from 0.002 to 200, a rectangle, a circle and a polygon, convection, temperature,
   flux and insulated sides, and sources that oscillate or are switched off at t = 0.0101 s. */
const char HeatVerifyJumpCase[] =
    "grid: {cells: [24, 20], x: [0.0, 1.2], y: [-0.3, 0.5]}\n"
    "materials:\n"
    "  - {name: a, conductivity: [1.0, 0.2], density: 3.0, specific_heat: 2.0}\n"
    "  - {name: b, conductivity: 200.0, density: 40.0, specific_heat: 9.0}\n"
    "  - {name: c, conductivity: 0.002, density: 0.7, specific_heat: 5.0}\n"
    "regions:\n"
    "  - {material: a, temperature: 290.0}\n"
    "  - {shape: rectangle, x: [0.1, 0.5], y: [-0.2, 0.3], material: b, temperature: 400.0,\n"
    "     source: \"900*(t<0.0101)\"}\n"
    "  - {shape: circle, centre: [0.8, 0.1], radius: 0.2, material: c, temperature: \"250+90*x\"}\n"
    "  - {shape: polygon, vertices: [[0.6, -0.3], [1.2, -0.3], [1.2, 0.0]], material: b,\n"
    "     source: -300.0}\n"
    "source: \"500*sin(7*x+5*y)*cos(40*t)\"\n"
    "boundary:\n"
    "  left: {type: convection, coefficient: \"20+10*y\", ambient: \"280+50*sin(30*t)\"}\n"
    "  right: {type: temperature, value: \"300+40*y+1000*t\"}\n"
    "  bottom: {type: flux, value: \"800*cos(50*t+x)\"}\n"
    "  top: {type: insulated}\n"
    "time: {scheme: backward-euler, step: 0.0005, steps: 40}\n"
    "solver: {tolerance: 1e-13, preconditioner: jacobi}\n";

/* Measure the error of the energy account at the end of the case with the pending overrides. */
static PetscErrorCode MeasureAccount(HeatVerify *v, const char *name)
{
  HeatVerifyProblem *p;

  PetscFunctionBeginUser;
  PetscCall(HeatVerifySolve(v, HeatVerifyJumpCase, &p));
  PetscCall(HeatVerifyAccount(p));
  /* The sums are exact; the rounding of the steps and the residuals of the solves remain, relative
     to the heat turned over.  1e-11 is the bound of the reference workload. */
  PetscCall(
      HeatVerifyBelow(v, p->account.relative, 1e-11, "%s: relative energy account error", name));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Measure the stored heat of a steady state between insulated sides.  No side fixes the level of
   the temperature there, and the steady state must have the stored heat of the initial field. */
static PetscErrorCode MeasureStoredHeat(HeatVerify *v)
{
  HeatVerifyProblem *p;

  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "time={scheme: steady}"));
  PetscCall(HeatVerifySet(v, "regions[1].source=0.0"));
  PetscCall(HeatVerifySet(v, "regions[3].source=0.0"));
  PetscCall(HeatVerifySet(v, "source=\"500*cos(pi*x/1.2)\"")); /* its integral is zero */
  for (int s = 0; s < HEAT_SIDES; s++)
    PetscCall(HeatVerifySet(v, "boundary.%s={type: insulated}", HeatSideNames[s]));
  PetscCall(HeatVerifySolve(v, HeatVerifyJumpCase, &p));
  PetscCall(HeatVerifyAccount(p));
  /* 1e-12 allows for rounding. */
  PetscCall(HeatVerifyBelow(v, PetscAbsReal(p->account.stored / p->account.stored_initial - 1.0),
                            1e-12, "steady, insulated: relative change of the stored heat"));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Make the case non-linear and add what it lacks: a conductivity and a source that depend on the
   temperature, a contact resistance, ambient exchange, and a top in two segments, one of which
   radiates. */
static PetscErrorCode SetNonlinear(HeatVerify *v)
{
  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "materials[1].conductivity=\"200+0.2*(T-300)\""));
  PetscCall(HeatVerifySet(v, "regions[3].source=\"-300+2*(300-T)\""));
  PetscCall(HeatVerifySet(v, "contacts=[{between: [a, b], resistance: 0.01}]"));
  PetscCall(HeatVerifySet(v, "exchange={coefficient: \"30*(x<0.6)\", ambient: \"290+10*y\"}"));
  PetscCall(HeatVerifySet(v, "boundary.top=[{to: 0.5, type: radiation, emissivity: 0.9, "
                             "ambient: \"900*(1+t)\"}, {type: temperature, value: 300}]"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyConservation(HeatVerify *v)
{
  static const HeatScheme schemes[] = {HEAT_SCHEME_FTCS,           HEAT_SCHEME_RKL2,
                                       HEAT_SCHEME_BACKWARD_EULER, HEAT_SCHEME_CRANK_NICOLSON,
                                       HEAT_SCHEME_BDF2,           HEAT_SCHEME_ESDIRK};

  PetscFunctionBeginUser;
  for (size_t s = 0; s < PETSC_STATIC_ARRAY_LENGTH(schemes); s++) {
    PetscCall(HeatVerifySet(v, "time.scheme=%s", HeatSchemeNames[schemes[s]]));
    PetscCall(MeasureAccount(v, HeatSchemeNames[schemes[s]]));
  }
  for (size_t s = 1; s < PETSC_STATIC_ARRAY_LENGTH(schemes); s++) {
    char name[48];

    (void)snprintf(name, sizeof name, "%s, non-linear", HeatSchemeNames[schemes[s]]);
    PetscCall(HeatVerifySet(v, "time.scheme=%s", HeatSchemeNames[schemes[s]]));
    PetscCall(HeatVerifySet(v, "time.steps=10"));
    PetscCall(HeatVerifySet(v, "solver.tolerance=1e-12"));
    PetscCall(SetNonlinear(v));
    PetscCall(MeasureAccount(v, name));
  }
  for (int s = 0; s < HEAT_SIDES; s++)
    PetscCall(HeatVerifySet(v, "boundary.%s={type: periodic}", HeatSideNames[s]));
  PetscCall(MeasureAccount(v, "periodic"));
  PetscCall(HeatVerifySet(v, "time={scheme: steady}"));
  PetscCall(HeatVerifySet(v, "source=\"500*sin(7*x+5*y)\""));
  PetscCall(HeatVerifySet(v, "regions[1].source=900"));
  PetscCall(HeatVerifySet(v, "boundary.left.ambient=280"));
  PetscCall(HeatVerifySet(v, "boundary.right.value=\"300+40*y\""));
  PetscCall(HeatVerifySet(v, "boundary.bottom.value=\"800*cos(x)\""));
  PetscCall(MeasureAccount(v, "steady"));
  PetscCall(MeasureStoredHeat(v));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A checkered pattern of 0 and 1, conductivities 1 and 10^6, and steps of four million times the
   explicit limit (2.4e-10 s inside the circle). */
static const char maximum_case[] =
    "grid: {cells: [32, 32], x: [0.0, 1.0], y: [0.0, 1.0]}\n"
    "materials:\n"
    "  - {name: slow, conductivity: 1.0, density: 1.0, specific_heat: 1.0}\n"
    "  - {name: fast, conductivity: 1000000.0, density: 1.0, specific_heat: 1.0}\n"
    "regions:\n"
    "  - {material: slow}\n"
    "  - {shape: circle, centre: [0.4, 0.55], radius: 0.3, material: fast}\n"
    "initial: {temperature: \"(sin(37*x)*sin(53*y)>0?1:0)\"}\n"
    "boundary:\n"
    "  left: {type: temperature, value: 0.0}\n"
    "  top: {type: convection, coefficient: 5.0, ambient: 1.0}\n"
    "time: {scheme: backward-euler, step: 1e-3, steps: 12}\n"
    "solver: {tolerance: 1e-13, preconditioner: jacobi}\n";

/* Compute lowest and highest temperature of the present field. */
static PetscErrorCode Summarise(HeatVerifyProblem *p, HeatSummary *summary)
{
  const PetscReal *T;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(p->T, &T));
  PetscCall(HeatDiagnosticsSummary(p->op, T, summary));
  PetscCall(VecRestoreArrayRead(p->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Measure by how much the field leaves an earlier range, and record the largest value of all steps.
   With sides at 0 and 1 the earlier range is the range of the initial field; between insulated
   sides it is the range of the field before each step. */
static PetscErrorCode MeasureOvershoot(HeatVerify *v, PetscBool insulated, const char *name)
{
  HeatVerifyProblem *p;
  HeatSummary        before, after;
  PetscReal          over = 0.0;

  PetscFunctionBeginUser;
  PetscCall(HeatVerifyOpen(v, maximum_case, &p));
  PetscCall(Summarise(p, &before));
  for (int step = 0; step < 12; step++) {
    PetscCall(HeatVerifyAdvance(p, 1));
    PetscCall(Summarise(p, &after));
    over = PetscMax(over, PetscMax(before.min - after.min, after.max - before.max));
    if (after.non_finite > 0) over = NAN;
    if (insulated) before = after; /* no side prescribes 0 or 1: the range may only shrink */
  }
  /* The scheme itself does not overshoot.  1e-9 allows for the solver's tolerance, 1e-13 of a
     residual with conductances of 10^6. */
  PetscCall(HeatVerifyBelow(v, over, 1e-9, "%s: overshoot beyond the earlier range", name));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Measure the growth of a checkerboard, the roughest field on a grid, in 20 steps of the largest
   length that ftcs allows.  It must not grow. */
static PetscErrorCode MeasureGrowth(HeatVerify *v)
{
  HeatVerifyProblem *p;
  PetscReal          before, after;

  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "time={scheme: ftcs, step: auto, steps: 20}"));
  PetscCall(HeatVerifySet(v, "initial.temperature=\"cos(32*pi*(x-1/64))*cos(32*pi*(y-1/64))\""));
  PetscCall(HeatVerifySet(v, "regions=[{material: slow}]"));
  PetscCall(HeatVerifySet(v, "boundary={left: {type: insulated}}"));
  PetscCall(HeatVerifyOpen(v, maximum_case, &p));
  PetscCall(VecNorm(p->T, NORM_2, &before));
  PetscCall(HeatVerifyAdvance(p, PETSC_DEFAULT));
  PetscCall(VecNorm(p->T, NORM_2, &after));
  PetscCall(
      HeatVerifyBelow(v, after / before, 1.0, "ftcs, largest step: growth of a checkerboard"));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyMaximumPrinciple(HeatVerify *v)
{
  PetscFunctionBeginUser;
  PetscCall(MeasureOvershoot(v, PETSC_FALSE, "prescribed sides"));
  PetscCall(HeatVerifySet(v, "boundary={left: {type: insulated}}"));
  PetscCall(MeasureOvershoot(v, PETSC_TRUE, "insulated"));
  PetscCall(MeasureGrowth(v));
  PetscFunctionReturn(PETSC_SUCCESS);
}
