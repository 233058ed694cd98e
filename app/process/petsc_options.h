/** PETSc's options: initialise PETSc with those of the command line and the environment, add those
 *  of the case, and refuse those that no part of the run reads.
 *
 *  PETSc also reads .petscrc in the working folder and in the home folder.  heat2d does not: a file
 *  in a folder that belongs to somebody else could load any library. */
#ifndef HEAT_APP_PETSC_OPTIONS_H
#define HEAT_APP_PETSC_OPTIONS_H

#include "app/process/options.h"
#include "app/process/petsc_files.h"

/** Initialise PETSc and MPI with the options of the command line, without any .petscrc.  Return 0,
 *  or the exit code after printing one message; if an error may have hit this rank alone, end the
 *  job with this message and exit code.
 *  @param[in] files  that PETSc opens; noted, and watched afterwards, or left as they were after a
 *                    failure (HeatPetscFilesRestore) */
int HeatPetscStart(HeatOptions *options, const HeatPetscFiles *files);

/** Print a message about options that PETSc cannot use, once, and return the exit code.  If not all
 *  ranks call this within a second, since PETSc has failed on this rank alone, end the job with
 *  message and exit code, as HeatErrorEndJob does.  Not collective. */
int HeatPetscRefuse(int exit_code, const char *message);

/** Read PETSC_OPTIONS and PETSC_OPTIONS_YAML of rank 0, as PETSc does, and other variables that
 *  decide about a run, so that they need no messages of their own.  Collective on comm; after
 *  HeatPetscStart.
 *  @param[out] environment  free it with HeatEnvironmentClear */
PetscErrorCode HeatEnvironmentRead(MPI_Comm comm, HeatEnvironment *environment);

/** Free texts and names.  Not collective. */
PetscErrorCode HeatEnvironmentClear(HeatEnvironment *environment);

/** Put two groups of options into PETSc's options database: those of the case's `petsc` section,
 *  and, if the record of an earlier run is run again, the command-line options of that run, as far
 *  as a case may give them.  Of an option that is given several times, the value on the command
 *  line or in the environment counts, else the record's, else the case's.  Temporary options are
 *  added for HeatOptionsCheckUsed ("witnesses", explained in petsc_options.c), which removes them.
 *  Print one note for each .petscrc that is not read.  Collective on comm; before the solvers are
 *  set up.
 *  @param[in] c  NULL: there is no case */
PetscErrorCode HeatOptionsInsertPetsc(MPI_Comm comm, const HeatOptions *options, const HeatCase *c);

/** Raise HEAT_ERR_INPUT for a PETSc option of the case, the environment or the command line that
 *  nothing has read.  Call it after everything that reads options and before any work.  Collective
 *  on comm.
 *  @param[in] c  NULL: there is no case */
PetscErrorCode HeatOptionsCheckUsed(MPI_Comm comm, const HeatOptions *options, const HeatCase *c);

/** Collect PETSc's options that were given beside the case: on the command line, in the
 *  environment, and by the record that is run again.  Not collective.
 *  @param[out] found  [*n] free it with HeatOptionsFreePetsc */
PetscErrorCode HeatOptionsCollectPetsc(const HeatOptions *options, const HeatCase *c, PetscInt *n,
                                       HeatPetscOption **found);
PetscErrorCode HeatOptionsFreePetsc(PetscInt n, HeatPetscOption **options);

/** Find the command-line options of an earlier run that are not taken over when its record is run
 *  again: those that no case may give and that the user has not given anew.  Write their names into
 *  text, and return their number.  Not collective. */
PetscInt HeatOptionsRefusedOfRecord(const HeatOptions *options, const HeatCase *c, char *text,
                                    size_t size);

#endif
