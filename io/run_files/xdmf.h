/** XDMF: a small XML file that describes heat2d's HDF5 files to ParaView and VisIt.
 *
 *  It holds a temporal collection of grids.  Each grid is a 2DRectMesh whose VXVY edges and
 *  cell-centred attributes are datasets of its own HDF5 file.  ParaView's Xdmf2 and Xdmf3 readers
 *  both read this form correctly (io/README.md names forms that they do not).  File names are
 *  relative to the XDMF file. */
#ifndef HEAT_IO_XDMF_H
#define HEAT_IO_XDMF_H

#include "io/field_file/field_file.h"

/** A snapshot of the series. */
typedef struct {
  PetscInt64 step;
  PetscReal  time; /* [s] */
} HeatSnapshotEntry;

/** A field of a snapshot. */
typedef struct {
  char        name[64];
  HeatElement element;
} HeatXdmfField;

/** The fields of a snapshot, in the order of the file. */
typedef struct {
  PetscInt      n;
  HeatXdmfField fields[HEAT_MAX_FILE_FIELDS]; /* [n] */
} HeatXdmfFields;

/** Write the XDMF file, replacing an earlier one as a whole.  Not collective: rank 0 calls it.
 *  @param[in] nx, ny   cells
 *  @param[in] entries  [n] in order of time; the file of a snapshot is snapshot_<step>.h5 beside
 *                      `path`
 *  @param[in] fields   [n] fields of each snapshot; a snapshot without fields is left out
 *  Failures to write are noted in `error`.
 *  Errors: PETSC_ERR_MEM when there is no memory for the text. */
PetscErrorCode HeatXdmfWrite(const char *path, const char *title, PetscInt nx, PetscInt ny,
                             PetscInt n, const HeatSnapshotEntry *entries,
                             const HeatXdmfFields *fields, HeatFileError *error);

#endif
