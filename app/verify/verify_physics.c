/* What is more than plain conduction, each against a solution in closed form. */
#include <math.h>
#include <stdio.h>

#include "app/verify/verify_entries.h"

static const char axis_name[2] = {'x', 'y'};

/* "x" or "y" in place of every @: formulas along either axis. */
static void Along(int axis, const char *formula, char *text, size_t size)
{
  size_t k = 0;

  for (; formula[k] && k + 1 < size; k++)
    text[k] = formula[k] == '@' ? axis_name[axis] : formula[k];
  text[k] = '\0';
}

/* The condition on the low (0) or high (1) side of an axis. */
static PetscErrorCode SetSide(HeatVerify *v, int axis, int end, const char *condition)
{
  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "boundary.%s=%s", HeatSideNames[2 * axis + end], condition));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Contact: 1 and 1000 with a layer of 0.3 m2 K/W between, which lets 1/(0.5 + 0.3 + 0.0005) W/m2
   through; linear on either side, with a jump. */
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
    Along(axis, "(@<0.5?1-@/0.8005:(1-@)/800.5)", exact, sizeof exact);
    PetscCall(HeatVerifyError(p, exact, &l2, &max));
    /* A residual of 1e-13, through a matrix of condition 1e5 at most. */
    PetscCall(HeatVerifyBelow(v, max, 1e-10, "along %c: largest error", axis_name[axis]));
    PetscCall(HeatVerifyClose(v, &p));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Exchange: k T'' = h (T - T_a) on a sheet that is hot at one end.  With theta such that
   4 sinh^2(theta/2) = h dx^2/k the cells have T_a + A cosh(theta (n - i - 1/2)): the insulated end is
   its mirror, and the hot one, half a cell away, has (T_-1 + T_0)/2 = T_b. */
static const char exchange_case[] =
    "grid: {cells: [20, 4], x: [0.0, 1.0], y: [0.0, 0.2]}\n"
    "materials: [{name: m, conductivity: 2.0, density: 1.0, specific_heat: 1.0}]\n"
    "initial: {temperature: 50.0}\n"
    "exchange: {coefficient: 30.0, ambient: 20.0}\n"
    "boundary: {left: {type: temperature, value: 100.0}}\n"
    "time: {scheme: steady}\n"
    "solver: {tolerance: 1e-13}\n";

PetscErrorCode HeatVerifyExchange(HeatVerify *v)
{
  const PetscReal    n = 20.0, theta = 2.0 * asinh(0.5 * sqrt(30.0 / 2.0) / n);
  const PetscReal    A = 80.0 / (cosh(theta * n) * cosh(0.5 * theta));
  HeatVerifyProblem *p;
  PetscReal          l2, max, lost;
  char               exact[128];

  PetscFunctionBeginUser;
  PetscCall(HeatVerifySolve(v, exchange_case, &p));
  (void)snprintf(exact, sizeof exact, "20+%.17g*cosh(%.17g*(1-x))", (double)A, (double)(theta * n));
  PetscCall(HeatVerifyError(p, exact, &l2, &max));
  /* Of 80 K; rounding and 1e-13 of a solve of condition 100. */
  PetscCall(HeatVerifyBelow(v, max, 1e-9, "largest error"));
  PetscCall(HeatVerifyAccount(p));
  /* What enters at the hot end: k A/(h/2) (T_b - T_0), 0.2 m wide. */
  lost = 2.0 * 2.0 * 0.2 * n * (80.0 - A * cosh(theta * (n - 0.5)));
  PetscCall(HeatVerifyBelow(v, PetscAbsReal(p->account.exchange / lost + 1.0), 1e-10,
                            "relative error of the heat lost"));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Radiation: k (1000 - T_s)/L = emissivity sigma (T_s^4 - T_a^4), linear between. */
static const char radiation_case[] =
    "grid: {cells: [10, 10], x: [0.0, 1.0], y: [0.0, 1.0]}\n"
    "materials: [{name: m, conductivity: 20.0, density: 1.0, specific_heat: 1.0}]\n"
    "initial: {temperature: 1000.0}\n"
    "time: {scheme: steady}\n"
    "solver: {tolerance: 1e-13}\n";

/* The surface's temperature, by Newton's method from above, where the function is convex. */
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
    Along(axis, formula, exact, sizeof exact);
    PetscCall(HeatVerifyError(p, exact, &l2, &max));
    /* Of 1000 K: rounding, and 1e-13 of a Newton solve of condition 100. */
    PetscCall(HeatVerifyBelow(v, max, 1e-7, "%s side: largest error", HeatSideNames[side]));
    PetscCall(HeatVerifyClose(v, &p));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Kirchhoff: with k = 10 + T/10 the quantity 10 T + T^2/20 is linear between the sides, from 0 to
   1500 at T = 100. */
static const char kirchhoff_case[] =
    "grid: {cells: [20, 20], x: [0.0, 1.0], y: [0.0, 1.0]}\n"
    "materials: [{name: m, conductivity: \"10+0.1*T\", density: 1.0, specific_heat: 1.0}]\n"
    "initial: {temperature: 50.0}\n"
    "time: {scheme: steady}\n"
    "solver: {tolerance: 1e-11, preconditioner: jacobi}\n";

PetscErrorCode HeatVerifyKirchhoff(HeatVerify *v)
{
  PetscFunctionBeginUser;
  for (int axis = 0; axis < 2; axis++) {
    PetscReal error[2], max;
    char      exact[64];

    for (int half = 0; half < 2; half++) {
      HeatVerifyProblem *p;

      PetscCall(HeatVerifySet(v, "grid.cells=[%d,%d]", 20 << half, 20 << half));
      PetscCall(SetSide(v, axis, 0, "{type: temperature, value: 0.0}"));
      PetscCall(SetSide(v, axis, 1, "{type: temperature, value: 100.0}"));
      PetscCall(HeatVerifySolve(v, kirchhoff_case, &p));
      Along(axis, "-100+sqrt(10000+30000*@)", exact, sizeof exact);
      PetscCall(HeatVerifyError(p, exact, &error[half], &max));
      PetscCall(HeatVerifyClose(v, &p));
    }
    PetscCall(HeatVerifyBetween(v, log2(error[0] / error[1]), 1.8, 2.2,
                                "along %c: order, 20 to 40 cells", axis_name[axis]));
    /* A thousandth of the difference of the sides. */
    PetscCall(HeatVerifyBelow(v, error[1], 0.1, "along %c: error with 40 cells", axis_name[axis]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Segments: rows that exchange next to nothing, so each is a bar of its own; the heat of a segment
   is k (T - 0) width/length. */
static const char segments_case[] =
    "grid: {cells: [20, 20], x: [0.0, 1.0], y: [0.0, 1.0]}\n"
    "materials: [{name: m, conductivity: [2.0, 2.0], density: 1.0, specific_heat: 1.0}]\n"
    "time: {scheme: steady}\n"
    "solver: {tolerance: 1e-13}\n";

/* The heat of the three segments of a side, over all ranks, over what it should be; worst error. */
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
  for (int k = 0; k < 3; k++) { /* the sides before it have one segment each */
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
    /* What rows exchange, 1e-14 of the rest, and the solver's tolerance. */
    PetscCall(HeatVerifyBelow(v, error, 1e-10, "%s side: relative error of a segment's heat",
                              HeatSideNames[side]));
    PetscCall(HeatVerifyAccount(p));
    sum = 2.0 * (1.0 * 0.3 + 3.0 * 0.45 + 5.0 * 0.25);
    PetscCall(HeatVerifyBelow(v, PetscAbsReal(p->account.side[side] / sum - 1.0), 1e-10,
                              "%s side: relative error of the whole", HeatSideNames[side]));
    PetscCall(HeatVerifyClose(v, &p));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
