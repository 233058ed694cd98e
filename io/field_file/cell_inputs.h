/** Read what files give cell by cell: maps of materials and fields of material properties. */
#ifndef HEAT_IO_CELL_INPUTS_H
#define HEAT_IO_CELL_INPUTS_H

#include "solver/physics/paint.h"

/** Read the maps of the case's regions and the fields of its properties; each rank keeps its own
 *  cells.  The files may be any HDF5 files; the datasets are [ny][nx], integers for maps, numbers
 *  for properties.  Where a file was written by heat2d, its checksums are compared
 *  (io/field_file/field_file.h).  Collective on grid->comm.
 *  @param[in]  c       a validated case
 *  @param[out] inputs  [nyl][nxl] arrays, properties in their SI units; cleared with
 *                      HeatCellInputsClear; already cleared when an error is raised
 *  Errors: HEAT_ERR_FILE, naming file and dataset, when a dataset is missing, unreadable, damaged
 *  or of another shape, when a material number of a map is not below c->n_materials, or when a
 *  property is not finite and positive; the message counts such cells and gives the first. */
PetscErrorCode HeatCellInputsRead(const HeatGrid *grid, const HeatCase *c, HeatCellInputs *inputs);

/** Free what HeatCellInputsRead allocated and set the pointers to NULL.  Not collective. */
PetscErrorCode HeatCellInputsClear(const HeatCase *c, HeatCellInputs *inputs);

/** Describe the cells of a field that are not finite: "not finite in 3 of its cells, first in
 *  [j][i] = [1][2]"; "" where there is none.  Collective on grid->comm.
 *  @param[in]  block  [nyl][nxl]
 *  @param[out] text   `size` bytes, the same on every rank */
PetscErrorCode HeatCellInputsFindNonFinite(const HeatGrid *grid, const PetscReal *block, char *text,
                                           size_t size);

#endif
