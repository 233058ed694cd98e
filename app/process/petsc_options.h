/** PETSc's options: initialise PETSc with those of the command line and the environment, add those
 *  of the case, and refuse those that no part of the run reads.
 *
 *  PETSc also reads .petscrc in the working folder and in the home folder.  heat2d does not: a file
 *  in a folder that belongs to somebody else could load any library. */
#ifndef HEAT_APP_PETSC_OPTIONS_H
#define HEAT_APP_PETSC_OPTIONS_H

#include "app/process/options.h"

/** Initialise PETSc and MPI with the options of the command line, without any .petscrc.  Return 0,
 *  or the exit code after printing one message. */
int HeatPetscStart(HeatOptions *options);

/** Read PETSC_OPTIONS and PETSC_OPTIONS_YAML of rank 0, as PETSc does.  Collective on comm; after
 *  HeatPetscStart.
 *  @param[out] environment  free it with HeatEnvironmentClear */
PetscErrorCode HeatEnvironmentRead(MPI_Comm comm, HeatEnvironment *environment);

/** Free texts and names.  Not collective. */
PetscErrorCode HeatEnvironmentClear(HeatEnvironment *environment);

/** Put the options of the case's `petsc` section, and those of a record of an earlier run that a
 *  case may give, into PETSc's options database.  An option that the command line or the
 *  environment gives, too, keeps that value; one of the record goes before one of the case.
 *  Temporary options are added for HeatOptionsCheckUsed ("witnesses", explained in
 *  petsc_options.c), which removes them.  Print one note for each .petscrc that is not read.
 *  Collective on comm; before the solvers are set up.
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

/** Write the names of the options of a record that no case may give, and that the user does not
 *  repeat, into text, and return their number.  Not collective. */
PetscInt HeatOptionsRefusedOfRecord(const HeatOptions *options, const HeatCase *c, char *text,
                                    size_t size);

#endif
