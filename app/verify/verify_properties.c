/* Conservation and the maximum principle. */
#include <math.h>
#include <stdio.h>

#include "app/verify/verify_entries.h"

/* Materials that jump by 10^5, every shape, every kind of side, sources that switch. */
const char HeatVerifyJumpyCase[] =
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

static PetscErrorCode MeasureAccount(HeatVerify *v, const char *name)
{
  HeatVerifyProblem *p;

  PetscFunctionBeginUser;
  PetscCall(HeatVerifySolve(v, HeatVerifyJumpyCase, &p));
  PetscCall(HeatVerifyAccount(p));
  /* The sums are compensated; what is left are rounded steps and the residual of the solves, each
     relative to the heat turned over.  1e-11 is the bound of the reference workload. */
  PetscCall(
      HeatVerifyBelow(v, p->account.relative, 1e-11, "%s: relative error of the account", name));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Where no side holds the level, the steady state is the one with the heat that was there. */
static PetscErrorCode MeasureKeptHeat(HeatVerify *v)
{
  HeatVerifyProblem *p;

  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "time={scheme: steady}"));
  PetscCall(HeatVerifySet(v, "regions[1].source=0.0"));
  PetscCall(HeatVerifySet(v, "regions[3].source=0.0"));
  PetscCall(HeatVerifySet(v, "source=\"500*cos(pi*x/1.2)\"")); /* integrates to nothing */
  for (int s = 0; s < HEAT_SIDES; s++)
    PetscCall(HeatVerifySet(v, "boundary.%s={type: insulated}", HeatSideNames[s]));
  PetscCall(HeatVerifySolve(v, HeatVerifyJumpyCase, &p));
  PetscCall(HeatVerifyAccount(p));
  /* Rounding of the sums. */
  PetscCall(HeatVerifyBelow(v, PetscAbsReal(p->account.stored / p->account.stored_initial - 1.0),
                            1e-12, "steady, insulated: relative change of the stored heat"));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Conductivities and a source of the temperature, radiation, exchange, a contact, segments. */
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

    (void)snprintf(name, sizeof name, "%s, not linear", HeatSchemeNames[schemes[s]]);
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
  PetscCall(MeasureKeptHeat(v));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Checkers of 0 and 1, conductivities 1 and 10^6, steps of a hundred thousand times the explicit
   limit. */
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

static PetscErrorCode Extremes(HeatVerifyProblem *p, HeatSummary *summary)
{
  const PetscReal *T;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(p->T, &T));
  PetscCall(HeatDiagnosticsSummary(p->op, T, summary));
  PetscCall(VecRestoreArrayRead(p->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* By how much a step left what field and sides spanned before it, over all steps. */
static PetscErrorCode MeasureOvershoot(HeatVerify *v, PetscBool insulated, const char *name)
{
  HeatVerifyProblem *p;
  HeatSummary        before, after;
  PetscReal          over = 0.0;

  PetscFunctionBeginUser;
  PetscCall(HeatVerifyOpen(v, maximum_case, &p));
  PetscCall(Extremes(p, &before));
  for (int step = 0; step < 12; step++) {
    PetscCall(HeatVerifyAdvance(p, 1));
    PetscCall(Extremes(p, &after));
    over = PetscMax(over, PetscMax(before.min - after.min, after.max - before.max));
    if (after.non_finite > 0) over = NAN;
    if (insulated) before = after; /* no side prescribes 0 or 1: the span may only shrink */
  }
  /* The scheme has none; the solver leaves 1e-13 of a residual that holds conductances of 10^6. */
  PetscCall(HeatVerifyBelow(v, over, 1e-9, "%s: overshoot over the span", name));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The roughest field there is, at the largest step that ftcs allows: it must not grow. */
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
  PetscCall(HeatVerifyBelow(v, after / before, 1.0, "ftcs, largest step: growth of checkers"));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyMaximum(HeatVerify *v)
{
  PetscFunctionBeginUser;
  PetscCall(MeasureOvershoot(v, PETSC_FALSE, "held sides"));
  PetscCall(HeatVerifySet(v, "boundary={left: {type: insulated}}"));
  PetscCall(MeasureOvershoot(v, PETSC_TRUE, "insulated"));
  PetscCall(MeasureGrowth(v));
  PetscFunctionReturn(PETSC_SUCCESS);
}
