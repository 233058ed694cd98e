/** Read maps of materials and fields of properties, and check their values.
 *
 *  An invalid value is found here, before any computation.  The message names the first such cell
 *  in the order of the file, as [j][i], so that numpy's array[j, i] shows it.
 */
#include "io/field_file/cell_inputs.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/field_file/field_file.h"

/* The cells of a dataset whose value is invalid. */
typedef struct {
  PetscInt64 count;
  PetscInt64 first; /* index j*nx + i, in the grid, of the first of them */
  double     value; /* of that cell */
} Faults;

/* Count an invalid value; `cell` is the index in this rank's block.  Cells are noted in ascending
   order. */
static void NoteFault(Faults *faults, const HeatGrid *grid, size_t cell, double value)
{
  const PetscInt64 i = grid->xs + (PetscInt64)(cell % (size_t)grid->nxl);
  const PetscInt64 j = grid->ys + (PetscInt64)(cell / (size_t)grid->nxl);

  if (faults->count++ > 0) return; /* not the first one of this block */
  faults->first = j * (PetscInt64)grid->nx + i;
  faults->value = value;
}

/* Reduce the invalid cells of all ranks.  Collective on grid->comm. */
static PetscErrorCode ReduceFaults(const HeatGrid *grid, Faults *faults)
{
  PetscInt64 first = faults->count ? faults->first : INT64_MAX, least;
  double     value;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &faults->count, 1, MPIU_INT64, MPI_SUM, grid->comm));
  if (faults->count == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCallMPI(MPI_Allreduce(&first, &least, 1, MPIU_INT64, MPI_MIN, grid->comm));
  value = first == least ? faults->value : 0.0; /* one rank owns that cell */
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_SUM, grid->comm));
  faults->first = least;
  faults->value = value;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Raise HEAT_ERR_FILE if there are invalid cells.  Collective on grid->comm.
   @param[in] faults  the invalid cells of all ranks, from ReduceFaults
   @param[in] value   the value of the first of these cells, for the message
   @param[in] what    what the cells hold, for the message
   @param[in] rule    what they should hold, for the message */
static PetscErrorCode RaiseFaults(const HeatGrid *grid, const HeatDataset *from,
                                  const Faults *faults, const char *value, const char *what,
                                  const char *rule)
{
  PetscFunctionBeginUser;
  HeatCheck(faults->count == 0, grid->comm, HEAT_ERR_FILE,
            "%s: dataset %s holds %s in %lld of its cells, first %s in [j][i] = [%lld][%lld]; %s",
            from->file, from->dataset, what, (long long)faults->count, value,
            (long long)(faults->first / grid->nx), (long long)(faults->first % grid->nx), rule);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read a map of material numbers; negative ones leave a cell out of the region. */
static PetscErrorCode ReadMap(const HeatGrid *grid, const HeatCase *c, const HeatDataset *from,
                              int32_t *map)
{
  const size_t cells  = HeatGridLocalCells(grid);
  Faults       faults = {0};
  char         rule[160], text[32];
  uint64_t     value;

  PetscFunctionBeginUser;
  PetscCall(HeatFieldFileRead(grid, from->file, from->dataset, HEAT_ELEMENT_INT32, map));
  for (size_t cell = 0; cell < cells; cell++) {
    if (map[cell] >= c->n_materials) NoteFault(&faults, grid, cell, map[cell]);
  }
  PetscCall(ReduceFaults(grid, &faults));
  if (faults.count == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatFieldFileReadInteger(grid, from->file, from->dataset, faults.first, &value));
  snprintf(text, sizeof text, "%" PRIu64, value);
  snprintf(rule, sizeof rule,
           "numbers go from 0 to %" PetscInt_FMT
           ", in the order of the case's materials; a negative one leaves the cell out",
           c->n_materials - 1);
  PetscCall(RaiseFaults(grid, from, &faults, text, "numbers of no material", rule));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read a field of a material property, which must be finite and positive everywhere. */
static PetscErrorCode ReadProperty(const HeatGrid *grid, HeatProperty property,
                                   const HeatDataset *from, PetscReal *values)
{
  const size_t cells  = HeatGridLocalCells(grid);
  Faults       faults = {0};
  char         what[80], text[32];

  PetscFunctionBeginUser;
  PetscCall(HeatFieldFileRead(grid, from->file, from->dataset, HEAT_ELEMENT_DOUBLE, values));
  for (size_t cell = 0; cell < cells; cell++) {
    if (!(isfinite(values[cell]) && values[cell] > 0.0))
      NoteFault(&faults, grid, cell, values[cell]);
  }
  PetscCall(ReduceFaults(grid, &faults));
  snprintf(text, sizeof text, "%.10g", faults.value);
  snprintf(what, sizeof what, "no valid %s", HeatPropertyNames[property]);
  PetscCall(RaiseFaults(grid, from, &faults, text, what, "it must be finite and greater than 0"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCellInputsFindNonFinite(const HeatGrid *grid, const PetscReal *block, char *text,
                                           size_t size)
{
  const size_t cells  = HeatGridLocalCells(grid);
  Faults       faults = {0};

  PetscFunctionBeginUser;
  text[0] = '\0';
  for (size_t cell = 0; cell < cells; cell++) {
    if (!isfinite(block[cell])) NoteFault(&faults, grid, cell, 0.0);
  }
  PetscCall(ReduceFaults(grid, &faults));
  if (faults.count > 0)
    snprintf(text, size, "not finite in %lld of its cells, first in [j][i] = [%lld][%lld]",
             (long long)faults.count, (long long)(faults.first / grid->nx),
             (long long)(faults.first % grid->nx));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ReadAll(const HeatGrid *grid, const HeatCase *c, HeatCellInputs *inputs)
{
  const size_t cells = HeatGridLocalCells(grid);

  PetscFunctionBeginUser;
  PetscCall(PetscCalloc1((size_t)c->n_regions, &inputs->maps));
  for (PetscInt r = 0; r < c->n_regions; r++) {
    const HeatDataset *from = &c->regions[r].map;

    if (!from->file) continue;
    PetscCall(PetscMalloc1(cells, &inputs->maps[r]));
    PetscCall(ReadMap(grid, c, from, inputs->maps[r]));
  }
  for (int p = 0; p < HEAT_PROPERTIES; p++) {
    if (!c->properties[p].file) continue;
    PetscCall(PetscMalloc1(cells, &inputs->properties[p]));
    PetscCall(ReadProperty(grid, (HeatProperty)p, &c->properties[p], inputs->properties[p]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCellInputsRead(const HeatGrid *grid, const HeatCase *c, HeatCellInputs *inputs)
{
  PetscErrorCode code;

  PetscFunctionBeginUser;
  memset(inputs, 0, sizeof *inputs);
  code = ReadAll(grid, c, inputs);
  if (code != PETSC_SUCCESS) PetscCall(HeatCellInputsClear(c, inputs));
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCellInputsClear(const HeatCase *c, HeatCellInputs *inputs)
{
  PetscFunctionBeginUser;
  for (PetscInt r = 0; inputs->maps && r < c->n_regions; r++) PetscCall(PetscFree(inputs->maps[r]));
  PetscCall(PetscFree(inputs->maps));
  for (int p = 0; p < HEAT_PROPERTIES; p++) PetscCall(PetscFree(inputs->properties[p]));
  PetscFunctionReturn(PETSC_SUCCESS);
}
