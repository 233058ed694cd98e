/** The fields of a snapshot (snapshot_fields.h): a list of descriptions for io, each with a block
 *  of the rank's cells.  The temperature's block is borrowed, the blocks of the other fields are
 *  computed into memory that lives until the snapshot is written. */
#include "app/report/snapshot_fields.h"

/* A kind of field gives one dataset, or one for each axis. */
enum { MOST_FIELDS = 2 * HEAT_FIELDS };

typedef struct {
  HeatFileField fields[MOST_FIELDS]; /* [n] what io writes */
  PetscInt      n;
  void         *owned[MOST_FIELDS]; /* [n_owned] blocks to free after the write */
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

/* Allocate n elements of `size` bytes, which HeatSnapshotFieldsWrite frees. */
static PetscErrorCode NewBlock(FieldList *list, size_t n, size_t size, void **block)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMalloc(n * size, block));
  list->owned[list->n_owned++] = *block;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AddConductivity(const HeatRunState *state, FieldList *list)
{
  static const char *const names[2]      = {"conductivity_x", "conductivity_y"};
  static const char *const long_names[2] = {"thermal conductivity in x",
                                            "thermal conductivity in y"};
  const size_t             n             = HeatGridLocalCells(state->grid);

  PetscFunctionBeginUser;
  for (int axis = 0; axis < 2; axis++) {
    PetscReal *k;

    PetscCall(NewBlock(list, n, sizeof *k, (void **)&k));
    for (size_t cell = 0; cell < n; cell++)
      k[cell] = HeatOperatorConductivity(state->op, axis, cell);
    PetscCall(AddField(list, names[axis], "W m-1 K-1", long_names[axis], HEAT_ELEMENT_DOUBLE, k));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AddFlux(const HeatRunState *state, const PetscReal *T, FieldList *list)
{
  const size_t n = HeatGridLocalCells(state->grid);
  PetscReal   *qx, *qy;

  PetscFunctionBeginUser;
  PetscCall(NewBlock(list, n, sizeof *qx, (void **)&qx));
  PetscCall(NewBlock(list, n, sizeof *qy, (void **)&qy));
  PetscCall(HeatOperatorFlux(state->op, T, qx, qy));
  PetscCall(AddField(list, "heat_flux_x", "W m-2", "heat flux in x", HEAT_ELEMENT_DOUBLE, qx));
  PetscCall(AddField(list, "heat_flux_y", "W m-2", "heat flux in y", HEAT_ELEMENT_DOUBLE, qy));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add the material of each cell as a number, with the names of all materials as its meanings.
   @param[out] names  [n_materials]; the caller frees it after the write */
static PetscErrorCode AddMaterial(const HeatRunState *state, FieldList *list, const char ***names)
{
  const uint16_t *material = HeatOperatorMaterial(state->op);
  const size_t    n        = HeatGridLocalCells(state->grid);
  int32_t        *codes;

  PetscFunctionBeginUser;
  PetscCall(NewBlock(list, n, sizeof *codes, (void **)&codes));
  for (size_t cell = 0; cell < n; cell++) codes[cell] = material[cell];
  PetscCall(AddField(list, "material", "1", "material", HEAT_ELEMENT_INT32, codes));
  PetscCall(PetscMalloc1(state->c->n_materials, names));
  for (PetscInt m = 0; m < state->c->n_materials; m++) (*names)[m] = state->c->materials[m].name;
  list->fields[list->n - 1].n_meanings = state->c->n_materials;
  list->fields[list->n - 1].meanings   = *names;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AddOwner(const HeatRunState *state, FieldList *list)
{
  const size_t n = HeatGridLocalCells(state->grid);
  int32_t     *owner;

  PetscFunctionBeginUser;
  PetscCall(NewBlock(list, n, sizeof *owner, (void **)&owner));
  for (size_t cell = 0; cell < n; cell++) owner[cell] = state->grid->rank;
  PetscCall(AddField(list, "owner", "1", "rank that owns the cell", HEAT_ELEMENT_INT32, owner));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSnapshotFieldsWrite(HeatSnapshots *snapshots, const HeatRunState *state,
                                       HeatSurvey *survey, const PetscReal *T)
{
  const PetscBool *wanted = state->c->output.fields;
  const char     **names  = NULL;
  FieldList        list   = {.n = 0};

  PetscFunctionBeginUser;
  if (wanted[HEAT_FIELD_CONDUCTIVITY] || wanted[HEAT_FIELD_HEAT_FLUX])
    PetscCall(HeatSurveyPrepare(survey, state, T));
  if (wanted[HEAT_FIELD_TEMPERATURE]) {
    PetscCall(AddField(&list, "temperature", state->c->output.temperature_unit, "temperature",
                       HEAT_ELEMENT_DOUBLE, T));
  }
  if (wanted[HEAT_FIELD_CONDUCTIVITY]) PetscCall(AddConductivity(state, &list));
  if (wanted[HEAT_FIELD_HEAT_FLUX]) PetscCall(AddFlux(state, T, &list));
  if (wanted[HEAT_FIELD_MATERIAL]) PetscCall(AddMaterial(state, &list, &names));
  if (wanted[HEAT_FIELD_OWNER]) PetscCall(AddOwner(state, &list));
  PetscCall(
      HeatSnapshotsWrite(snapshots, state->clock.step, state->clock.time, list.n, list.fields));
  for (PetscInt k = 0; k < list.n_owned; k++) PetscCall(PetscFree(list.owned[k]));
  PetscCall(PetscFree(names));
  PetscFunctionReturn(PETSC_SUCCESS);
}
