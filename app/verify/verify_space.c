/** Entries `space` and `layers`.
 *
 * Order in space, by manufactured solutions T = 2 + S(x, y) (1 + t^2).  Crank-Nicolson is exact for
 * t^2, so only the error in space remains, which must fall by four when the cells are halved.  The
 * source and the temperatures, fluxes and ambient temperatures of the sides are computed from T.
 *
 * Layers: steady one-dimensional conduction through a jump of the conductivity is exact with the
 * harmonic mean (solver/README.md eq. (3)). */
#include <math.h>

#include "app/verify/verify_entries.h"

/* S, its derivatives by x and y, the factor 1 + t^2, and T, as expressions of the case file. */
#define S    "sin(1.3*x+0.4)*cos(0.9*y-0.2)"
#define S_X  "(1.3*cos(1.3*x+0.4)*cos(0.9*y-0.2))"
#define S_Y  "(-0.9*sin(1.3*x+0.4)*sin(0.9*y-0.2))"
#define GROW "(1+t^2)"
#define T_XY "2+" S "*" GROW

/* rho c = 3, kx = 2, ky = 0.7; the source is rho c dT/dt - kx d2T/dx2 - ky d2T/dy2. */
static const char smooth_case[] =
    "grid: {cells: [10, 15], x: [0.0, 1.0], y: [0.0, 1.2]}\n"
    "materials: [{name: m, conductivity: [2.0, 0.7], density: 1.5, specific_heat: 2.0}]\n"
    "initial: {temperature: \"2+" S "\"}\n"
    "source: \"" S "*(3.0*2*t+(1.69*2.0+0.81*0.7)*" GROW ")\"\n"
    "time: {scheme: crank-nicolson, step: 0.1, end: 0.5}\n"
    "solver: {tolerance: 1e-12, preconditioner: jacobi}\n";

/* Conditions of a side.  k: conductivity normal to the side, with the sign of the outward normal;
   S_N: derivative of S by the coordinate normal to the side.  The flux into the domain is
   k S_N (1 + t^2); the ambient of a film of coefficient 3 is T plus a third of it. */
#define TEMPERATURE  "{type: temperature, value: \"" T_XY "\"}"
#define FLUX(k, S_N) "{type: flux, value: \"" k "*" S_N "*" GROW "\"}"
#define CONVECTION(k, S_N)                                                                         \
  "{type: convection, coefficient: 3.0, ambient: \"" T_XY "+" k "*" S_N "*" GROW "/3\"}"

/* All three conditions on one side.  The segments end where cells end, on every grid. */
#define SEGMENTS(first, second, k, S_N)                                                            \
  "[{to: " first ", type: convection, coefficient: 3.0, ambient: \"" T_XY "+" k "*" S_N "*" GROW   \
  "/3\"}, {to: " second ", type: temperature, value: \"" T_XY "\"}, " FLUX(k, S_N) "]"

typedef struct {
  const char *name;
  const char *sides[HEAT_SIDES]; /* left, right, bottom, top, in YAML */
} Sides;

static const Sides smooth_sides[] = {
    {"temperatures", {TEMPERATURE, TEMPERATURE, TEMPERATURE, TEMPERATURE}},
    {"flux left, top", {FLUX("-2.0", S_X), TEMPERATURE, TEMPERATURE, FLUX("0.7", S_Y)}},
    {"flux right, bottom", {TEMPERATURE, FLUX("2.0", S_X), FLUX("-0.7", S_Y), TEMPERATURE}},
    {"convection",
     {CONVECTION("-2.0", S_X), CONVECTION("2.0", S_X), CONVECTION("-0.7", S_Y),
      CONVECTION("0.7", S_Y)}},
    {"segments",
     {SEGMENTS("0.4", "0.8", "-2.0", S_X), SEGMENTS("0.4", "0.8", "2.0", S_X),
      SEGMENTS("0.3", "0.7", "-0.7", S_Y), SEGMENTS("0.3", "0.7", "0.7", S_Y)}},
};

/* T = sin(2 pi x + 1) cos(3 y) (1 + t^2), periodic in x only.  With conductivities 1 and 2 the
   Laplacian gives the factor 1 (2 pi)^2 + 2 3^2 = 4 pi^2 + 18. */
static const char periodic_case[] =
    "grid: {cells: [10, 15], x: [0.0, 1.0], y: [0.0, 1.0]}\n"
    "materials: [{name: m, conductivity: [1.0, 2.0], density: 1.0, specific_heat: 1.0}]\n"
    "initial: {temperature: \"sin(2*pi*x+1)*cos(3*y)\"}\n"
    "source: \"sin(2*pi*x+1)*cos(3*y)*(2*t+(4*pi^2+18)*" GROW ")\"\n"
    "boundary: {left: {type: periodic}, right: {type: periodic},\n"
    "  bottom: {type: temperature, value: \"sin(2*pi*x+1)*" GROW "\"},\n"
    "  top: {type: temperature, value: \"sin(2*pi*x+1)*cos(3)*" GROW "\"}}\n"
    "time: {scheme: crank-nicolson, step: 0.1, end: 0.5}\n"
    "solver: {tolerance: 1e-12, preconditioner: jacobi}\n";

/* k = (1 + x/2 + 3 y/10) (1 + T/10) and the T of smooth_case.  The source is
   rho c dT/dt - div(k grad T). */
#define K_XY "(1+0.5*x+0.3*y)"
#define K_T  "(1+0.1*(" T_XY "))"

static const char nonlinear_case[] =
    "grid: {cells: [10, 15], x: [0.0, 1.0], y: [0.0, 1.2]}\n"
    "materials: [{name: m, conductivity: \"(1+0.5*x+0.3*y)*(1+0.1*T)\", density: 1.5,\n"
    "  specific_heat: 2.0}]\n"
    "initial: {temperature: \"2+" S "\"}\n"
    "source: \"3.0*" S "*2*t+2.5*" K_XY "*" K_T "*" S "*" GROW "-" K_T "*(0.5*" S_X "+0.3*" S_Y
    ")*" GROW "-0.1*" K_XY "*(" S_X "^2+" S_Y "^2)*" GROW "^2\"\n"
    "time: {scheme: crank-nicolson, step: 0.1, end: 0.5}\n"
    "solver: {tolerance: 1e-10, preconditioner: jacobi}\n";

static const char *const nonlinear_sides[HEAT_SIDES] = {TEMPERATURE, TEMPERATURE, TEMPERATURE,
                                                        TEMPERATURE};

/* T = 2 + sin(2.5 (x - 1/2)) cos(pi y)/k, with k = 1 for x < 1/2 and 1000 beyond: T and the flux
   are continuous at x = 1/2, where the conductivity jumps. */
static const char jump_case[] =
    "grid: {cells: [10, 10], x: [0.0, 1.0], y: [0.0, 1.0]}\n"
    "materials:\n"
    "  - {name: slow, conductivity: 1.0, density: 1.0, specific_heat: 1.0}\n"
    "  - {name: fast, conductivity: 1000.0, density: 1.0, specific_heat: 1.0}\n"
    "regions:\n"
    "  - {material: slow}\n"
    "  - {shape: rectangle, x: [0.5, 1.0], y: [0.0, 1.0], material: fast}\n"
    "source: \"(6.25+pi^2)*sin(2.5*(x-0.5))*cos(pi*y)\"\n"
    "boundary:\n"
    "  left: {type: temperature, value: \"2+sin(2.5*(x-0.5))*cos(pi*y)\"}\n"
    "  right: {type: temperature, value: \"2+sin(2.5*(x-0.5))*cos(pi*y)/1000\"}\n"
    "time: {scheme: steady}\n"
    "solver: {tolerance: 1e-13}\n";

/* Return the one of the two observed orders that is further from 2. */
static PetscReal WorseOrder(const PetscReal error[3])
{
  const PetscReal first = log2(error[0] / error[1]), second = log2(error[1] / error[2]);

  return !(PetscAbsReal(first - 2.0) <= PetscAbsReal(second - 2.0)) ? first : second;
}

/* Measure the order on three grids: nx by ny cells, twice and four times as many along each axis.
   0.2 around 2 allows for terms of higher order on these grids.
   @param[in] sides  NULL: the text of the case has them */
static PetscErrorCode MeasureOrder(HeatVerify *v, const char *text, const char *name,
                                   const char *const sides[HEAT_SIDES], PetscInt nx, PetscInt ny,
                                   const char *exact)
{
  PetscReal error[3], max;

  PetscFunctionBeginUser;
  for (int grid = 0; grid < 3; grid++) {
    HeatVerifyProblem *p;

    PetscCall(HeatVerifySet(v, "grid.cells=[%d,%d]", (int)nx << grid, (int)ny << grid));
    for (int s = 0; sides && s < HEAT_SIDES; s++)
      PetscCall(HeatVerifySet(v, "boundary.%s=%s", HeatSideNames[s], sides[s]));
    PetscCall(HeatVerifySolve(v, text, &p));
    PetscCall(HeatVerifyError(p, exact, &error[grid], &max));
    PetscCall(HeatVerifyClose(v, &p));
  }
  PetscCall(HeatVerifyBetween(v, WorseOrder(error), 1.8, 2.2, "%s: order, %d to %d cells", name,
                              (int)nx, (int)nx << 2));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifySpaceOrder(HeatVerify *v)
{
  const PetscInt n = v->quick ? 10 : 20;

  PetscFunctionBeginUser;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(smooth_sides); k++) {
    PetscCall(MeasureOrder(v, smooth_case, smooth_sides[k].name, smooth_sides[k].sides, n,
                           n + n / 2, T_XY));
  }
  PetscCall(MeasureOrder(v, periodic_case, "periodic", NULL, n, n + n / 2,
                         "sin(2*pi*x+1)*cos(3*y)*" GROW));
  PetscCall(MeasureOrder(v, nonlinear_case, "conductivity of x, y, T", nonlinear_sides, n,
                         n + n / 2, T_XY));
  PetscCall(MeasureOrder(v, jump_case, "jump of 1000", NULL, n, n,
                         "2+sin(2.5*(x-0.5))*cos(pi*y)/(x<0.5?1:1000)"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* 1 K on the hot side, 0 K on the other, conductivity 1 in one half and 1000 in the other: T is
   linear in each half. */
static const char layers_case[] =
    "grid: {cells: [10, 10], x: [0.0, 1.0], y: [0.0, 1.0]}\n"
    "materials:\n"
    "  - {name: slow, conductivity: 1.0, density: 1.0, specific_heat: 1.0}\n"
    "  - {name: fast, conductivity: 1000.0, density: 1.0, specific_heat: 1.0}\n"
    "regions: [{material: slow}, {shape: rectangle, x: [0.0, 1.0], y: [0.0, 1.0], material: "
    "fast}]\n"
    "time: {scheme: steady}\n"
    "solver: {tolerance: 1e-13}\n";

PetscErrorCode HeatVerifyLayers(HeatVerify *v)
{
  /* The flux is 1/(0.5/1 + 0.5/1000) = 2000/1001 W/m2. */
  static const char *const exact[2] = {"(x<0.5?1-2000/1001*x:2/1001*(1-x))",
                                       "(y<0.5?1-2000/1001*y:2/1001*(1-y))"};
  static const char        axis[2]  = {'x', 'y'};

  PetscFunctionBeginUser;
  for (int a = 0; a < 2; a++) {
    HeatVerifyProblem *p;
    PetscReal          l2, max, interface;

    PetscCall(HeatVerifySet(v, "regions[1].%c=[0.5,1.0]", axis[a]));
    PetscCall(
        HeatVerifySet(v, "boundary.%s={type: temperature, value: 1.0}", HeatSideNames[2 * a]));
    PetscCall(
        HeatVerifySet(v, "boundary.%s={type: temperature, value: 0.0}", HeatSideNames[2 * a + 1]));
    PetscCall(HeatVerifySolve(v, layers_case, &p));
    PetscCall(HeatVerifyError(p, exact[a], &l2, &max));
    /* 1e-10 allows for a residual of 1e-13 with a matrix whose condition is below 1e5. */
    PetscCall(HeatVerifyBelow(v, max, 1e-10, "along %c: largest error", axis[a]));
    PetscCall(HeatVerifyPoint(p, a == 0 ? 0.5 : 0.3, a == 0 ? 0.3 : 0.5, &interface));
    PetscCall(HeatVerifyBelow(v, PetscAbsReal(interface - 1.0 / 1001.0), 1e-10,
                              "along %c: error at a point of the interface", axis[a]));
    PetscCall(HeatVerifyClose(v, &p));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
