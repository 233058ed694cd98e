/** Entry `painting`: regions cover the right number of cells, with edges that pass through cell
 * centres on purpose.
 *
 * The grid has ten by ten cells with centres at 0.05, 0.15, ...  A cell whose centre lies on a left
 * or lower edge belongs to the region, one on a right or upper edge does not.  The density of the
 * region is twice that of the background, 200 and 100 on cells of 0.01 m2, so the mass beyond 100
 * kg/m is the number of cells. */
#include "app/verify/verify_entries.h"

static const char painting_case[] =
    "grid: {cells: [10, 10], x: [0.0, 1.0], y: [0.0, 1.0]}\n"
    "materials:\n"
    "  - {name: thin, conductivity: 1.0, density: 100.0, specific_heat: 1.0}\n"
    "  - {name: thick, conductivity: 1.0, density: 200.0, specific_heat: 1.0}\n"
    "initial: {temperature: 1.0}\n"
    "time: {scheme: ftcs, step: auto, steps: 1}\n";

typedef struct {
  const char *name;
  const char *shape; /* in YAML */
  PetscReal   cells; /* that it covers */
} Painted;

static const Painted painted[] = {
    {"rectangle", "{shape: rectangle, x: [0.25, 0.55], y: [0.15, 0.45], material: thick}", 9},
    {"polygon",
     "{shape: polygon, vertices: [[0.25, 0.15], [0.55, 0.15], [0.55, 0.45], [0.25, 0.45]], "
     "material: thick}",
     9},
    /* Its rows have 7, 5, 3 and 1 cells. */
    {"triangle",
     "{shape: polygon, vertices: [[0.12, 0.1], [0.92, 0.1], [0.5, 0.5]], material: thick}", 16},
    /* Around a corner of cells 4 centres lie at a distance of 0.071, 8 at 0.158, the next 4 at
       0.212. */
    {"circle", "{shape: circle, centre: [0.5, 0.5], radius: 0.2, material: thick}", 12},
};

/* Measure the number of cells that a shape covers. */
static PetscErrorCode MeasureCells(HeatVerify *v, const char *name, const char *shape,
                                   PetscReal cells)
{
  HeatVerifyProblem *p;
  const PetscReal   *T;
  PetscReal          mass;

  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "regions=[{material: thin}, %s]", shape));
  PetscCall(HeatVerifyOpen(v, painting_case, &p));
  PetscCall(VecGetArrayRead(p->T, &T));
  PetscCall(HeatDiagnosticsIntegral(p->op, T, HEAT_WEIGHT_DENSITY, &mass));
  PetscCall(VecRestoreArrayRead(p->T, &T));
  /* 1e-9 of a cell allows for the rounding of the mass. */
  PetscCall(
      HeatVerifyBetween(v, mass - 100.0, cells - 1e-9, cells + 1e-9, "%s: cells painted", name));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyPainting(HeatVerify *v)
{
  PetscFunctionBeginUser;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(painted); k++)
    PetscCall(MeasureCells(v, painted[k].name, painted[k].shape, painted[k].cells));
  /* By TeaLeaf's rule every cell that the rectangle touches belongs to it: columns 2 to 5, rows 1
     to 4. */
  PetscCall(HeatVerifySet(v, "solver.paint=tealeaf"));
  PetscCall(MeasureCells(v, "rectangle, TeaLeaf's rule", painted[0].shape, 16));
  PetscFunctionReturn(PETSC_SUCCESS);
}
