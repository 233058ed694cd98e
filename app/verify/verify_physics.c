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

/* Contact between layers: 0.5 m each with conductivities 1 and 1000 W/(m K) and a contact
   resistance of 0.3 m2 K/W between them, 1 K across all.  The flux is 1/(0.5 + 0.3 + 0.0005) W/m2;
   the temperature is linear in each layer and jumps at the contact (solver/README.md eq. (3)). */
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

static PetscErrorCode ContactOfLayers(HeatVerify *v, int axis)
{
  HeatVerifyProblem *p;
  PetscReal          l2, max;
  char               exact[128];

  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "regions[1].%c=[0.5,1.0]", axis_name[axis]));
  PetscCall(SetSide(v, axis, 0, "{type: temperature, value: 1.0}"));
  PetscCall(SetSide(v, axis, 1, "{type: temperature, value: 0.0}"));
  PetscCall(HeatVerifySolve(v, contact_case, &p));
  SubstituteAxis(axis, "(@<0.5?1-@/0.8005:(1-@)/800.5)", exact, sizeof exact);
  PetscCall(HeatVerifyError(p, exact, &l2, &max));
  /* 1e-10 allows for a residual of 1e-13 with a matrix whose condition is below 1e5. */
  PetscCall(HeatVerifyBelow(v, max, 1e-10, "along %c: largest error", axis_name[axis]));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Contact on a slant: a material below the line with the unit normal (-0.6, 0.8), the same
   conductivity above, and 0.4 m2 K/W between them.  10 W/m2 flow along the normal, so that the
   temperature is linear on either side and jumps by 4 K.  The staircase of cells makes no error,
   since each of its faces passes the flux through its part of the line. */
static const char slant_case[] =
    "grid: {cells: [10, 14], x: [0.0, 1.0], y: [0.0, 2.0]}\n"
    "materials:\n"
    "  - {name: upper, conductivity: 2.0, density: 1.0, specific_heat: 1.0}\n"
    "  - {name: lower, conductivity: 2.0, density: 1.0, specific_heat: 1.0}\n"
    "contacts: [{between: [lower, upper], resistance: 0.4}]\n"
    "regions:\n"
    "  - {material: upper}\n"
    "  - {shape: polygon, vertices: [[-3.5, -9.0], [4.5, -9.0], [4.5, 4.0171], [-3.5, -1.9829]],\n"
    "     material: lower}\n"
    "boundary:\n"
    "  left: {type: flux, value: -6.0}\n"
    "  right: {type: flux, value: 6.0}\n"
    "  bottom: {type: temperature, value: \"-5*(0.8*(y - 1.0171) - 0.6*(x - 0.5))\"}\n"
    "  top: {type: temperature, value: \"-4 - 5*(0.8*(y - 1.0171) - 0.6*(x - 0.5))\"}\n"
    "time: {scheme: steady}\n"
    "solver: {tolerance: 1e-13}\n";

static PetscErrorCode ContactOnSlant(HeatVerify *v)
{
  const char exact[] = "(0.8*(y - 1.0171) - 0.6*(x - 0.5) > 0 ? -4 : 0) - 5*(0.8*(y - 1.0171) - "
                       "0.6*(x - 0.5))";
  HeatVerifyProblem *p;
  PetscReal          l2, max;

  PetscFunctionBeginUser;
  PetscCall(HeatVerifySolve(v, slant_case, &p));
  PetscCall(HeatVerifyError(p, exact, &l2, &max));
  /* 1e-9 allows for a residual of 1e-13 and temperatures of 10 K. */
  PetscCall(HeatVerifyBelow(v, max, 1e-9, "on a slant: largest error"));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Contact around a disc: radius 0.1 m, conductivity 3 in 1 W/(m K), and 0.5 m2 K/W around it.  The
   source 625 (1 - r^2/0.08^2) W/m3 within r < 0.08 m releases 2 pi W/m, so that the temperature
   falls by 5 K at the contact, and beyond it by ln(0.3/0.1) K to 0 at r = 0.3 m:
       r < 0.08:  T_c - (625/3) (r^2/4 - r^4/(16 0.08^2)),   T_c from T(0.08)
       r < 0.1:   ln(3) + 5 - ln(r/0.1)/3
       r > 0.1:   -ln(r/0.3) */
static const char disc_case[] =
    "grid: {cells: [50, 40], x: [-0.2, 0.2], y: [-0.2, 0.2]}\n"
    "materials:\n"
    "  - {name: block, conductivity: 1.0, density: 1.0, specific_heat: 1.0}\n"
    "  - {name: disc, conductivity: 3.0, density: 1.0, specific_heat: 1.0}\n"
    "contacts: [{between: [block, disc], resistance: 0.5}]\n"
    "regions: [{material: block}, {shape: circle, centre: [0.0, 0.0], radius: 0.1, material: "
    "disc}]\n"
    "source: \"x^2 + y^2 < 0.0064 ? 625*(1 - (x^2 + y^2)/0.0064) : 0\"\n"
    "boundary:\n"
    "  left: {type: temperature, value: \"-log(sqrt(x^2 + y^2)/0.3)\"}\n"
    "  right: {type: temperature, value: \"-log(sqrt(x^2 + y^2)/0.3)\"}\n"
    "  bottom: {type: temperature, value: \"-log(sqrt(x^2 + y^2)/0.3)\"}\n"
    "  top: {type: temperature, value: \"-log(sqrt(x^2 + y^2)/0.3)\"}\n"
    "time: {scheme: steady}\n"
    "solver: {tolerance: 1e-12}\n";

static PetscErrorCode ContactAroundDisc(HeatVerify *v)
{
  const PetscReal    at_edge = log(3.0) + 5.0 - log(0.8) / 3.0;
  const PetscReal    centre  = at_edge + 625.0 / 3.0 * (0.0016 - 0.0004);
  HeatVerifyProblem *p;
  PetscReal          l2, max;
  char               exact[512];

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(exact, sizeof exact,
                          "x^2 + y^2 < 0.0064 ? %.17g - 625/3*((x^2 + y^2)/4 - (x^2 + "
                          "y^2)^2/0.1024) : (x^2 + y^2 < 0.01 ? %.17g - log(sqrt(x^2 + "
                          "y^2)/0.1)/3 : -log(sqrt(x^2 + y^2)/0.3))",
                          (double)centre, (double)(log(3.0) + 5.0)));
  PetscCall(HeatVerifySolve(v, disc_case, &p));
  PetscCall(HeatVerifyError(p, exact, &l2, &max));
  /* 0.02 is twice the measured error of this grid.  If the contact were as long as the staircase of
     faces, which is longer than the circle, it would be 0.45. */
  PetscCall(HeatVerifyBelow(v, l2, 0.02, "around a disc: root mean square error"));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyContact(HeatVerify *v)
{
  PetscFunctionBeginUser;
  for (int axis = 0; axis < 2; axis++) PetscCall(ContactOfLayers(v, axis));
  PetscCall(ContactOnSlant(v));
  PetscCall(ContactAroundDisc(v));
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

/* The second k falls linearly over one degree and the third jumps, both at temperatures that no
   cell has in the solution. */
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
