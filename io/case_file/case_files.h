/** The files that a case names: where they are, and the checksums of their bytes. */
#ifndef HEAT_IO_CASE_FILES_H
#define HEAT_IO_CASE_FILES_H

#include "solver/case/case.h"

/** Find the file that the case lists under a name, or list the name with the path `path`, and mark
 *  it as used.  Not collective.
 *  @param[in]  name, path  copied
 *  @param[out] file        owned by the case; valid until the next call */
PetscErrorCode HeatCaseFindFile(HeatCase *c, const char *name, const char *path,
                                HeatCaseFile **file);

/** Compute the checksums of the used files, and make their paths absolute on rank 0, which reads
 *  each file once.  A file that cannot be read gets no checksum and raises no error; whoever needs
 *  its contents raises it.  Collective on comm. */
PetscErrorCode HeatCaseSumFiles(MPI_Comm comm, HeatCase *c);

#endif
