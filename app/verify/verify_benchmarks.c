/** Entries `nafems` and `tealeaf`: published benchmarks with published results. */
#include "app/verify/verify_entries.h"

/* NAFEMS, "The Standard NAFEMS Benchmarks", TNSB Rev. 3 (1990), tests T3 (a bar with a sinusoidal
   temperature at one end) and T4 (a plate with convection).  Temperatures in degrees Celsius. */
static const char t3_case[] =
    "grid: {cells: [200, 2], x: [0.0, 0.1], y: [0.0, 0.001]}\n"
    "materials: [{name: bar, conductivity: 35.0, density: 7200.0, specific_heat: 440.5}]\n"
    "initial: {temperature: 0.0}\n"
    "boundary:\n"
    "  left: {type: temperature, value: 0.0}\n"
    "  right: {type: temperature, value: \"100*sin(pi*t/40)\"}\n"
    "time: {scheme: crank-nicolson, step: 0.1, end: 32.0}\n"
    "solver: {tolerance: 1e-10, preconditioner: jacobi}\n";

static const char t4_case[] =
    "grid: {cells: [240, 400], x: [0.0, 0.6], y: [0.0, 1.0]}\n"
    "materials: [{name: plate, conductivity: 52.0, density: 7850.0, specific_heat: 460.0}]\n"
    "boundary:\n"
    "  bottom: {type: temperature, value: 100.0}\n"
    "  left: {type: insulated}\n"
    "  right: {type: convection, coefficient: 750.0, ambient: 0.0}\n"
    "  top: {type: convection, coefficient: 750.0, ambient: 0.0}\n"
    "time: {scheme: steady}\n";

PetscErrorCode HeatVerifyNafems(HeatVerify *v)
{
  HeatVerifyProblem *p;
  PetscReal          T;

  PetscFunctionBeginUser;
  PetscCall(HeatVerifySolve(v, t3_case, &p));
  PetscCall(HeatVerifyPoint(p, 0.08, 0.0005, &T));
  /* The bound is one unit of the last published digit; for T4 half a unit. */
  PetscCall(HeatVerifyBetween(v, T, 36.60 - 0.01, 36.60 + 0.01,
                              "T3: degC at 0.08 m after 32 s, published 36.60"));
  PetscCall(HeatVerifyClose(v, &p));
  PetscCall(HeatVerifySolve(v, t4_case, &p));
  PetscCall(HeatVerifyPoint(p, 0.6, 0.2, &T));
  PetscCall(HeatVerifyBetween(v, T, 18.3 - 0.05, 18.3 + 0.05,
                              "T4: degC at (0.6, 0.2) m, published 18.3"));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Decks tea_bm_1 to tea_bm_4 of UK-MAC/TeaLeaf_ref.  TeaLeaf's density rho and energy e become
   material and temperature: conductivity 1/rho, rho c = 1, T = rho e. */
static const char tealeaf_case[] =
    "grid: {cells: [10, 10], x: [0.0, 10.0], y: [0.0, 10.0]}\n"
    "materials:\n"
    "  - {name: background, conductivity: 0.01, density: 100.0, specific_heat: 0.01}\n"
    "  - {name: pipe, conductivity: 10.0, density: 0.1, specific_heat: 10.0}\n"
    "regions:\n"
    "  - {material: background, temperature: 0.01}\n"
    "  - {shape: rectangle, x: [0.0, 1.0], y: [1.0, 2.0], material: pipe, temperature: 2.5}\n"
    "  - {shape: rectangle, x: [1.0, 6.0], y: [1.0, 2.0], material: pipe, temperature: 0.01}\n"
    "  - {shape: rectangle, x: [5.0, 6.0], y: [1.0, 8.0], material: pipe, temperature: 0.01}\n"
    "  - {shape: rectangle, x: [5.0, 10.0], y: [7.0, 8.0], material: pipe, temperature: 0.01}\n"
    "time: {scheme: backward-euler, step: 0.004, steps: 10}\n"
    "solver: {tolerance: 1e-12, face_average: arithmetic, paint: tealeaf}\n";

PetscErrorCode HeatVerifyTealeaf(HeatVerify *v)
{
  static const struct {
    int       cells;
    PetscReal answer;
  } decks[]       = {{10, 157.55084183279294},
                     {250, 106.27221178646569},
                     {500, 99.955877498324000},
                     {1000, 97.277332050749976}};
  const int count = v->quick ? 2 : 4;

  PetscFunctionBeginUser;
  for (int k = 0; k < count; k++) {
    HeatVerifyProblem *p;
    const PetscReal   *T;
    PetscReal          integral;

    PetscCall(HeatVerifySet(v, "grid.cells=[%d,%d]", decks[k].cells, decks[k].cells));
    PetscCall(HeatVerifySolve(v, tealeaf_case, &p));
    PetscCall(VecGetArrayRead(p->T, &T));
    PetscCall(HeatDiagnosticsIntegral(p->op, T, HEAT_WEIGHT_DENSITY, &integral));
    PetscCall(VecRestoreArrayRead(p->T, &T));
    /* Solves to 1e-12 agree with TeaLeaf's, which are to 1e-15, within about 1e-11. */
    PetscCall(HeatVerifyBelow(v, PetscAbsReal(integral / decks[k].answer - 1.0), 1e-9,
                              "deck %d, %d^2 cells: relative error of the result", k + 1,
                              decks[k].cells));
    PetscCall(HeatVerifyClose(v, &p));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
