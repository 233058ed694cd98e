/** Machine files: the description of a machine from which `heat2d plan` predicts times, as YAML.
 *  inputs/machines/README.md explains the keys. */
#ifndef HEAT_IO_MACHINE_FILE_H
#define HEAT_IO_MACHINE_FILE_H

#include "io/case_file/case_keys.h"
#include "io/file/file_util.h"
#include "solver/model/machine.h"

/** Return the table of the keys of a machine file; a row whose path is NULL ends it.  Static
 *  storage.  Not collective. */
const HeatCaseKey *HeatMachineKeys(void);

/** Read a machine file, as strictly as a case file.  Collective on comm: rank 0 reads the file.
 *  @param[out] machine  the same on all ranks; undefined after an error
 *  Errors: HEAT_ERR_INPUT "FILE:LINE: KEY: ..." for the first fault. */
PetscErrorCode HeatMachineRead(MPI_Comm comm, const char *path, HeatMachine *machine);

/** Write a machine file that HeatMachineRead reads as the same numbers, to six digits.  The file is
 *  either complete or absent.  Not collective.
 *  @param[out] error  see file_util.h */
void HeatMachineWrite(const char *path, const HeatMachine *machine, HeatFileError *error);

#endif
