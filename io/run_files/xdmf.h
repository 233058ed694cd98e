/** XDMF: the small XML file that tells ParaView and VisIt what is in our HDF5 files.
 *
 *  A temporal collection; each grid is a 2DRectMesh whose VXVY edges are datasets of its own file,
 *  with cell-centred attributes.  That form is right in ParaView's Xdmf2 and Xdmf3 readers (see
 *  io/README.md for the forms that are not).  File names are relative to the XDMF file.
 */
#ifndef HEAT_IO_XDMF_H
#define HEAT_IO_XDMF_H

#include "io/field_file/field_file.h"

/** A snapshot of the series. */
typedef struct {
  PetscInt64 step;
  PetscReal  time; /* [s] */
} HeatSnapshotEntry;

typedef struct {
  char        name[64];
  HeatElement element;
} HeatXdmfField;

/** Replace `path` as a whole.  Not collective: rank 0 calls it.
 *  @param[in] nx, ny   cells
 *  @param[in] entries  [n] in order of time; each file is snapshot_<step>.h5 beside `path` */
PetscErrorCode HeatXdmfWrite(const char *path, const char *title, PetscInt nx, PetscInt ny,
                             PetscInt n_fields, const HeatXdmfField *fields, PetscInt n,
                             const HeatSnapshotEntry *entries, HeatFileError *error);

#endif
