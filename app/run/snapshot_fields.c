/* The fields of a snapshot, put together and handed to io. */
#include "app/run/snapshot_fields.h"

#include "app/run/survey.h"

typedef struct {
  HeatFileField fields[2 * HEAT_FIELDS];
  PetscInt      n;
  void         *owned[2 * HEAT_FIELDS];
  PetscInt      n_owned;
} FieldList;

static PetscErrorCode AddField(FieldList *list, const char *name, const char *units,
                               const char *long_name, HeatElement element, const void *block)
{
  PetscFunctionBeginUser;
  list->fields[list->n++] = (HeatFileField){
      .name = name, .units = units, .long_name = long_name, .element = element, .block = block};
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* An array of the block's size that lives until the list is freed. */
static PetscErrorCode NewBlock(FieldList *list, size_t n, size_t size, void **block)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMalloc(n * size, block));
  list->owned[list->n_owned++] = *block;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AddConductivity(HeatSimulation *sim, FieldList *list)
{
  static const char *const names[2]      = {"conductivity_x", "conductivity_y"};
  static const char *const long_names[2] = {"thermal conductivity in x",
                                            "thermal conductivity in y"};
  const size_t             n             = HeatGridLocalCells(sim->grid);

  PetscFunctionBeginUser;
  for (int axis = 0; axis < 2; axis++) {
    PetscReal *k;

    PetscCall(NewBlock(list, n, sizeof *k, (void **)&k));
    for (size_t cell = 0; cell < n; cell++) k[cell] = HeatOperatorConductivity(sim->op, axis, cell);
    PetscCall(AddField(list, names[axis], "W m-1 K-1", long_names[axis], HEAT_ELEMENT_DOUBLE, k));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AddFlux(HeatSimulation *sim, const PetscReal *T, FieldList *list)
{
  const size_t n = HeatGridLocalCells(sim->grid);
  PetscReal   *qx, *qy;

  PetscFunctionBeginUser;
  PetscCall(NewBlock(list, n, sizeof *qx, (void **)&qx));
  PetscCall(NewBlock(list, n, sizeof *qy, (void **)&qy));
  PetscCall(HeatOperatorFlux(sim->op, T, qx, qy));
  PetscCall(AddField(list, "heat_flux_x", "W m-2", "heat flux in x", HEAT_ELEMENT_DOUBLE, qx));
  PetscCall(AddField(list, "heat_flux_y", "W m-2", "heat flux in y", HEAT_ELEMENT_DOUBLE, qy));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AddMaterial(HeatSimulation *sim, FieldList *list, const char ***names)
{
  const uint16_t *material = HeatOperatorMaterial(sim->op);
  const size_t    n        = HeatGridLocalCells(sim->grid);
  int32_t        *codes;

  PetscFunctionBeginUser;
  PetscCall(NewBlock(list, n, sizeof *codes, (void **)&codes));
  for (size_t cell = 0; cell < n; cell++) codes[cell] = material[cell];
  PetscCall(AddField(list, "material", "1", "material", HEAT_ELEMENT_INT32, codes));
  PetscCall(PetscMalloc1(sim->c->n_materials, names));
  for (PetscInt m = 0; m < sim->c->n_materials; m++) (*names)[m] = sim->c->materials[m].name;
  list->fields[list->n - 1].n_meanings = sim->c->n_materials;
  list->fields[list->n - 1].meanings   = *names;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AddOwner(HeatSimulation *sim, FieldList *list)
{
  const size_t n = HeatGridLocalCells(sim->grid);
  int32_t     *owner;

  PetscFunctionBeginUser;
  PetscCall(NewBlock(list, n, sizeof *owner, (void **)&owner));
  for (size_t cell = 0; cell < n; cell++) owner[cell] = sim->grid->rank;
  PetscCall(AddField(list, "owner", "1", "rank that owns the cell", HEAT_ELEMENT_INT32, owner));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSnapshotFieldsWrite(HeatSimulation *sim, const PetscReal *T)
{
  const PetscBool *wanted = sim->c->output.fields;
  const char     **names  = NULL;
  FieldList        list   = {.n = 0};

  PetscFunctionBeginUser;
  if (wanted[HEAT_FIELD_CONDUCTIVITY] || wanted[HEAT_FIELD_HEAT_FLUX])
    PetscCall(HeatSurveyPrepare(sim, T));
  if (wanted[HEAT_FIELD_TEMPERATURE]) {
    PetscCall(AddField(&list, "temperature", sim->c->output.temperature_unit, "temperature",
                       HEAT_ELEMENT_DOUBLE, T));
  }
  if (wanted[HEAT_FIELD_CONDUCTIVITY]) PetscCall(AddConductivity(sim, &list));
  if (wanted[HEAT_FIELD_HEAT_FLUX]) PetscCall(AddFlux(sim, T, &list));
  if (wanted[HEAT_FIELD_MATERIAL]) PetscCall(AddMaterial(sim, &list, &names));
  if (wanted[HEAT_FIELD_OWNER]) PetscCall(AddOwner(sim, &list));
  PetscCall(
      HeatSnapshotsWrite(sim->snapshots, sim->clock.step, sim->clock.time, list.n, list.fields));
  for (PetscInt k = 0; k < list.n_owned; k++) PetscCall(PetscFree(list.owned[k]));
  PetscCall(PetscFree(names));
  PetscFunctionReturn(PETSC_SUCCESS);
}
