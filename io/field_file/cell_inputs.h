/** What files give cell by cell: maps of materials and fields of properties. */
#ifndef HEAT_IO_CELL_INPUTS_H
#define HEAT_IO_CELL_INPUTS_H

#include "solver/physics/paint.h"

/** Read the maps of the case's regions and its properties, each rank its own cells.  Datasets of
 *  any HDF5 file, [ny][nx], integers for maps, numbers for properties; heat2d's own are verified
 *  (io/field_file/field_file.h).  Collective on grid->comm.
 *  @param[in]  c       validated
 *  @param[out] inputs  to be cleared with HeatCellInputsClear; cleared when an error is raised
 *  Errors: HEAT_ERR_FILE, with file and dataset: not readable, another shape, missing, damaged; a
 *  material number that is not below c->n_materials, a property that is not finite and positive,
 *  with how many cells and the first of them. */
PetscErrorCode HeatCellInputsRead(const HeatGrid *grid, const HeatCase *c, HeatCellInputs *inputs);

/** Free what HeatCellInputsRead allocated and zero the struct.  Not collective. */
PetscErrorCode HeatCellInputsClear(const HeatCase *c, HeatCellInputs *inputs);

#endif
