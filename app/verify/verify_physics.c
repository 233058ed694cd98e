/** Entries `contact`, `exchange`, `radiation`, `kirchhoff` and `segments`: physics beyond linear
 * conduction between uniform sides, each in a steady state with a solution in closed form. */
#include <math.h>
#include <stdio.h>

#include "app/verify/verify_entries.h"

static const char axis_name[2] = {'x', 'y'};

/* Copy a formula with "x" or "y" in place of every @, so that one formula serves both axes. */
static void SubstituteAxis(int axis, const char *formula, char *text, size_t size)
{
  size_t k = 0;

  for (; formula[k] && k + 1 < size; k++)
    text[k] = formula[k] == '@' ? axis_name[axis] : formula[k];
  text[k] = '\0';
}

/* Set the condition on the low (end = 0) or high (end = 1) side of an axis. */
static PetscErrorCode SetSide(HeatVerify *v, int axis, int end, const char *condition)
{
  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "boundary.%s=%s", HeatSideNames[2 * axis + end], condition));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Contact: layers of 0.5 m with conductivities 1 and 1000 W/(m K) and a contact resistance of 0.3
   m2 K/W between them, 1 K across all.  The flux is 1/(0.5 + 0.3 + 0.0005) W/m2; the temperature is
   linear in each layer and jumps at the contact (solver/README.md eq. (3)). */
static const char contact_case[] =
    "grid: {cells: [10, 10], x: [0.0, 1.0], y: [0.0, 1.0]}\n"
    "materials:\n"
    "  - {name: slow, conductivity: 1.0, density: 1.0, specific_heat: 1.0}\n"
    "  - {name: fast, conductivity: 1000.0, density: 1.0, specific_heat: 1.0}\n"
    "contacts: [{between: [fast, slow], resistance: 0.3}]\n"
    "regions: [{material: slow}, {shape: rectangle, x: [0.0, 1.0], y: [0.0, 1.0], material: "
    "fast}]\n"
    "time: {scheme: steady}\n"
    "solver: {tolerance: 1e-13}\n";

PetscErrorCode HeatVerifyContact(HeatVerify *v)
{
  PetscFunctionBeginUser;
  for (int axis = 0; axis < 2; axis++) {
    HeatVerifyProblem *p;
    PetscReal          l2, max;
    char               exact[128];

    PetscCall(HeatVerifySet(v, "regions[1].%c=[0.5,1.0]", axis_name[axis]));
    PetscCall(SetSide(v, axis, 0, "{type: temperature, value: 1.0}"));
    PetscCall(SetSide(v, axis, 1, "{type: temperature, value: 0.0}"));
    PetscCall(HeatVerifySolve(v, contact_case, &p));
    SubstituteAxis(axis, "(@<0.5?1-@/0.8005:(1-@)/800.5)", exact, sizeof exact);
    PetscCall(HeatVerifyError(p, exact, &l2, &max));
    /* 1e-10 allows for a residual of 1e-13 with a matrix whose condition is below 1e5. */
    PetscCall(HeatVerifyBelow(v, max, 1e-10, "along %c: largest error", axis_name[axis]));
    PetscCall(HeatVerifyClose(v, &p));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Ambient exchange: a sheet, hot at one end, loses heat along its length: k T'' = h (T - T_a), with
   h the coefficient of `exchange` [W/(m3 K)].  With theta such that 4 sinh^2(theta/2) = h dx^2/k,
   the discrete solution is
       T_i = T_a + A cosh(theta (n - i - 1/2)),
   symmetric about the insulated end; A follows from the hot end, half a cell beyond the first
   centre, where (T_-1 + T_0)/2 = T_b. */
static const char exchange_case[] =
    "grid: {cells: [20, 4], x: [0.0, 1.0], y: [0.0, 0.2]}\n"
    "materials: [{name: m, conductivity: 2.0, density: 1.0, specific_heat: 1.0}]\n"
    "initial: {temperature: 50.0}\n"
    "exchange: {coefficient: 30.0, ambient: 20.0}\n"
    "boundary: {left: {type: temperature, value: 100.0}}\n"
    "time: {scheme: steady}\n"
    "solver: {tolerance: 1e-13}\n";

PetscErrorCode HeatVerifyAmbientExchange(HeatVerify *v)
{
  const PetscReal    n = 20.0, theta = 2.0 * asinh(0.5 * sqrt(30.0 / 2.0) / n);
  const PetscReal    A = 80.0 / (cosh(theta * n) * cosh(0.5 * theta));
  HeatVerifyProblem *p;
  PetscReal          l2, max, entered;
  char               exact[128];

  PetscFunctionBeginUser;
  PetscCall(HeatVerifySolve(v, exchange_case, &p));
  (void)snprintf(exact, sizeof exact, "20+%.17g*cosh(%.17g*(1-x))", (double)A, (double)(theta * n));
  PetscCall(HeatVerifyError(p, exact, &l2, &max));
  /* 1e-9 K, of a difference of 80 K, allows for rounding and for a solve to 1e-13 with condition
     100. */
  PetscCall(HeatVerifyBelow(v, max, 1e-9, "largest error"));
  PetscCall(HeatVerifyAccount(p));
  /* The heat that enters at the hot end, 0.2 m wide: k 0.2 (T_b - T_0)/(dx/2).  It leaves by
     exchange with the ambient, with the opposite sign. */
  entered = 2.0 * 2.0 * 0.2 * n * (80.0 - A * cosh(theta * (n - 0.5)));
  PetscCall(HeatVerifyBelow(v, PetscAbsReal(p->account.exchange / entered + 1.0), 1e-10,
                            "relative error of the heat lost to the ambient"));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Radiation: a bar of length L = 1 m, 1000 K at one end, radiates from the other to 300 K.  Its
   surface temperature T_s solves
       k (1000 - T_s)/L = emissivity sigma (T_s^4 - 300^4),
   and the temperature is linear along the bar (solver/README.md eq. (6)). */
static const char radiation_case[] =
    "grid: {cells: [10, 10], x: [0.0, 1.0], y: [0.0, 1.0]}\n"
    "materials: [{name: m, conductivity: 20.0, density: 1.0, specific_heat: 1.0}]\n"
    "initial: {temperature: 1000.0}\n"
    "time: {scheme: steady}\n"
    "solver: {tolerance: 1e-13}\n";

/* Return T_s [K] by Newton's method from 1000 K, above the root, where the function is convex.  50
   iterations are chosen; they are far more than it needs. */
static PetscReal RadiatingSurface(void)
{
  const PetscReal c    = 0.8 * 5.670374419e-8,
                  rest = 20.0 * 1000.0 + c * 300.0 * 300.0 * 300.0 * 300.0;
  PetscReal T          = 1000.0;

  for (int k = 0; k < 50; k++)
    T -= (c * T * T * T * T + 20.0 * T - rest) / (4.0 * c * T * T * T + 20.0);
  return T;
}

PetscErrorCode HeatVerifyRadiation(HeatVerify *v)
{
  const PetscReal surface = RadiatingSurface();

  PetscFunctionBeginUser;
  for (int side = 0; side < HEAT_SIDES; side++) {
    const int          axis = side / 2, end = side % 2;
    HeatVerifyProblem *p;
    PetscReal          l2, max;
    char               formula[96], exact[96];

    PetscCall(SetSide(v, axis, end, "{type: radiation, emissivity: 0.8, ambient: 300.0}"));
    PetscCall(SetSide(v, axis, 1 - end, "{type: temperature, value: 1000.0}"));
    PetscCall(HeatVerifySolve(v, radiation_case, &p));
    (void)snprintf(formula, sizeof formula, end ? "1000-%.17g*@" : "1000-%.17g*(1-@)",
                   (double)(1000.0 - surface));
    SubstituteAxis(axis, formula, exact, sizeof exact);
    PetscCall(HeatVerifyError(p, exact, &l2, &max));
    /* 1e-7 K, of 1000 K, allows for rounding and for a Newton solve to 1e-13 with condition 100. */
    PetscCall(HeatVerifyBelow(v, max, 1e-7, "%s side: largest error", HeatSideNames[side]));
    PetscCall(HeatVerifyClose(v, &p));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Kirchhoff's transform: the heat through a bar between two temperatures is the integral of k over
   the temperature between them, divided by the length.  A face conducts with the mean of k between
   its two cells, which is that integral, so that the heat is exact on any grid even where k is
   steep or jumps.  The bars reach from 0 to 100 along 1 m. */
static const char kirchhoff_case[] =
    "grid: {cells: [20, 20], x: [0.0, 1.0], y: [0.0, 1.0]}\n"
    "materials: [{name: m, conductivity: 1.0, density: 1.0, specific_heat: 1.0}]\n"
    "initial: {temperature: 50.0}\n"
    "time: {scheme: steady}\n"
    "solver: {tolerance: 1e-11, preconditioner: jacobi}\n";

/* The second is linear over one degree, and the third jumps, at places that no cell centre has. */
static const struct {
  const char *name, *k;
  PetscReal   heat; /* [W/m] the integral of k from 0 to 100 */
} kirchhoff_bars[] = {{"linear k", "10+0.1*T", 1500.0},
                      {"steep k", "2-min(1,max(0,T-37.2))", 2.0 * 37.2 + 1.5 + 61.8},
                      {"jumping k", "0.6+1.6*(T<43.15)", 2.2 * 43.15 + 0.6 * 56.85}};

/* Measure the heat through one bar along an axis, and where k is linear the field. */
static PetscErrorCode VerifyKirchhoffBar(HeatVerify *v, int bar, int axis)
{
  HeatVerifyProblem *p;
  PetscReal          l2, max;
  char               exact[64];

  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "materials[0].conductivity=%s", kirchhoff_bars[bar].k));
  PetscCall(SetSide(v, axis, 0, "{type: temperature, value: 0.0}"));
  PetscCall(SetSide(v, axis, 1, "{type: temperature, value: 100.0}"));
  PetscCall(HeatVerifySolve(v, kirchhoff_case, &p));
  PetscCall(HeatVerifyAccount(p));
  /* The bound allows for the quadrature, 1e-9 at most, and the solver's tolerance. */
  PetscCall(HeatVerifyBelow(
      v, PetscAbsReal(p->account.side[2 * axis + 1] / kirchhoff_bars[bar].heat - 1.0), 1e-9,
      "%s along %c: relative error of the heat", kirchhoff_bars[bar].name, axis_name[axis]));
  if (bar == 0) {
    SubstituteAxis(axis, "-100+sqrt(10000+30000*@)", exact, sizeof exact);
    PetscCall(HeatVerifyError(p, exact, &l2, &max));
    /* 1e-10 of the difference between the sides. */
    PetscCall(HeatVerifyBelow(v, max, 1e-8, "linear k along %c: error of T", axis_name[axis]));
  }
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyKirchhoff(HeatVerify *v)
{
  PetscFunctionBeginUser;
  for (int bar = 0; bar < 3; bar++)
    for (int axis = 0; axis < 2; axis++) PetscCall(VerifyKirchhoffBar(v, bar, axis));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Segments: across the bars the conductivity is 1e-14, so each row of cells is a bar of its own,
   and the heat of a segment is k (T - 0) width/length. */
static const char segments_case[] =
    "grid: {cells: [20, 20], x: [0.0, 1.0], y: [0.0, 1.0]}\n"
    "materials: [{name: m, conductivity: [2.0, 2.0], density: 1.0, specific_heat: 1.0}]\n"
    "time: {scheme: steady}\n"
    "solver: {tolerance: 1e-13}\n";

/* Compute the largest relative error of the heat through the three segments of a side.  2 W/(m K)
   and 1 m give 2 T width [W/m]. */
static PetscErrorCode SegmentError(HeatVerifyProblem *p, int side, PetscReal *error)
{
  static const PetscReal expected[3] = {2.0 * 1.0 * 0.3, 2.0 * 3.0 * 0.45, 2.0 * 5.0 * 0.25};
  PetscReal              heat[HEAT_SIDES + 2];
  const PetscReal       *T;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(p->T, &T));
  PetscCall(HeatDiagnosticsSegmentHeat(p->op, T, heat));
  PetscCall(VecRestoreArrayRead(p->T, &T));
  *error = 0.0;
  for (int k = 0; k < 3; k++) { /* heat[side + k]: the sides before it have one segment each */
    const PetscReal e = PetscAbsReal(heat[side + k] / expected[k] - 1.0);

    if (!(e <= *error)) *error = e;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifySegments(HeatVerify *v)
{
  PetscFunctionBeginUser;
  for (int side = 0; side < HEAT_SIDES; side++) {
    const int          axis = side / 2;
    HeatVerifyProblem *p;
    PetscReal          error, sum;

    PetscCall(HeatVerifySet(v, "materials[0].conductivity[%d]=1e-14", 1 - axis));
    PetscCall(SetSide(v, axis, side % 2,
                      "[{to: 0.3, type: temperature, value: 1.0}, {to: 0.75, type: temperature, "
                      "value: 3.0}, {type: temperature, value: 5.0}]"));
    PetscCall(SetSide(v, axis, 1 - side % 2, "{type: temperature, value: 0.0}"));
    PetscCall(HeatVerifySolve(v, segments_case, &p));
    PetscCall(SegmentError(p, side, &error));
    /* 1e-10 allows for the conduction between rows, 1e-14 of the rest, and the solver's
       tolerance. */
    PetscCall(HeatVerifyBelow(v, error, 1e-10, "%s side: relative error of a segment's heat",
                              HeatSideNames[side]));
    PetscCall(HeatVerifyAccount(p));
    sum = 2.0 * (1.0 * 0.3 + 3.0 * 0.45 + 5.0 * 0.25);
    PetscCall(HeatVerifyBelow(v, PetscAbsReal(p->account.side[side] / sum - 1.0), 1e-10,
                              "%s side: relative error of the total heat", HeatSideNames[side]));
    PetscCall(HeatVerifyClose(v, &p));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
