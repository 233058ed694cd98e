/** Files that PETSc writes at the wish of its options before a run is accepted or after it is
 *  refused.
 *
 *  PETSc opens the files of -history, -info and -log_trace while it is initialised, before heat2d
 *  has read the case, and writes those of -log_view :FILE and others while it ends.  A run that is
 *  refused adds nothing to these files: the file of -history is cut to its former length, those of
 *  -info and -log_trace, which PETSc has emptied, are empty, a file that was not there is removed,
 *  and options that write at the end are dropped.  The file of -history, to which several programs
 *  may append, stays as it is if it has grown by more or fewer bytes than this process has written:
 *  the lines of another program are never cut off.  Nothing here is collective. */
#ifndef HEAT_APP_PETSC_FILES_H
#define HEAT_APP_PETSC_FILES_H

#include "app/process/options.h"

enum { HEAT_PETSC_FILES = 3 };

/** A file that PETSc opens while it is initialised. */
typedef struct {
  char       path[PETSC_MAX_PATH_LEN]; /* "": none */
  PetscInt64 bytes;                    /* to be kept of it; -1: it did not exist */
} HeatPetscFile;

/** The files that this rank opens. */
typedef struct {
  HeatPetscFile file[HEAT_PETSC_FILES];
} HeatPetscFiles;

/** Note which files the options of the command line and of PETSC_OPTIONS name, and how long they
 *  are.  Call it before PETSc is initialised. */
void HeatPetscFilesNote(const HeatOptions *options, HeatPetscFiles *files);

/** Check that this rank can open the noted files as PETSc will; PETSc 3.18 does not check it.
 *  Files that do not exist are created.  Return true if it can; otherwise remove what was created,
 *  and write the option, the file and the reason. */
PetscBool HeatPetscFilesCanOpen(const HeatPetscFiles *files, char *text, size_t size);

/** Count what is written to the file of -history from now on, by the function that PetscVFPrintf is
 *  at this time.  Call it before PETSc is initialised, and again whenever PetscVFPrintf has been
 *  replaced.
 *  @param[in] files  noted; must stay valid while PETSc prints */
void HeatPetscFilesWatch(const HeatPetscFiles *files);

/** Drop the options that write files while PETSc ends.  Call it before PetscFinalize. */
PetscErrorCode HeatPetscFilesDropLate(void);

/** Remove from the noted files what PETSc has written, and remove those that did not exist.  Call
 *  it after PetscFinalize.  Anything but a regular file, such as a terminal, is left alone, and so
 *  is the file that stdout or stderr is redirected to. */
void HeatPetscFilesRestore(const HeatPetscFiles *files);

#endif
