/* Painting: how many cells a region takes, with edges that pass through cell centres on purpose.
 *
 * Ten by ten cells, centres at 0.05, 0.15, ...: a left or lower edge through centres takes them, a
 * right or upper one does not.  The painted density is twice the background's, so the mass counts
 * the cells. */
#include "app/verify/verify_entries.h"

static const char painting_case[] =
    "grid: {cells: [10, 10], x: [0.0, 1.0], y: [0.0, 1.0]}\n"
    "materials:\n"
    "  - {name: thin, conductivity: 1.0, density: 100.0, specific_heat: 1.0}\n"
    "  - {name: thick, conductivity: 1.0, density: 200.0, specific_heat: 1.0}\n"
    "initial: {temperature: 1.0}\n"
    "time: {scheme: ftcs, step: auto, steps: 1}\n";

typedef struct {
  const char *name, *shape;
  PetscReal   cells;
} Painted;

static const Painted painted[] = {
    {"rectangle", "{shape: rectangle, x: [0.25, 0.55], y: [0.15, 0.45], material: thick}", 9},
    {"polygon",
     "{shape: polygon, vertices: [[0.25, 0.15], [0.55, 0.15], [0.55, 0.45], [0.25, 0.45]], "
     "material: thick}",
     9},
    /* Rows of 7, 5, 3 and 1 cells. */
    {"triangle",
     "{shape: polygon, vertices: [[0.12, 0.1], [0.92, 0.1], [0.5, 0.5]], material: thick}", 16},
    /* The centres within 0.2 of a corner of cells: 4 of 0.071, 8 of 0.158; next are 4 of 0.212. */
    {"circle", "{shape: circle, centre: [0.5, 0.5], radius: 0.2, material: thick}", 12},
};

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
  /* 1e-9 of a cell: the rounding of the sum. */
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
  /* TeaLeaf's rule takes every cell that the rectangle touches: columns 2 to 5, rows 1 to 4. */
  PetscCall(HeatVerifySet(v, "solver.paint=tealeaf"));
  PetscCall(MeasureCells(v, "rectangle, TeaLeaf's rule", painted[0].shape, 16));
  PetscFunctionReturn(PETSC_SUCCESS);
}
