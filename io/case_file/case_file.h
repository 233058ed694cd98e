/** The case file: YAML to HeatCase, strictly.
 *
 *  Rank 0 reads the file; its bytes are broadcast and every rank parses the same text with the same
 *  overrides, so every rank holds the same case and finds the same errors.  An unknown, repeated or
 *  missing key, a value of the wrong type, NaN or infinity: HEAT_ERR_INPUT with file and line.
 */
#ifndef HEAT_IO_CASE_FILE_H
#define HEAT_IO_CASE_FILE_H

#include "solver/case/case.h"

/** Read a case.  Collective on comm; *c is the caller's.
 *  @param[in] n_set, set  overrides "KEY=VALUE", VALUE in YAML, applied in order before checking
 *  Errors: HEAT_ERR_INPUT, for its content and also when the file cannot be read; HEAT_ERR_FILE for
 *  a table of boundary values that it names.
 *  The case is not validated yet: call HeatCaseValidate. */
PetscErrorCode HeatCaseRead(MPI_Comm comm, const char *path, PetscInt n_set, const char *const *set,
                            HeatCase **c);

/** Likewise from memory, every rank the same text; `name` stands for the file in messages and
 *  gives the default title and folder. */
PetscErrorCode HeatCaseReadText(MPI_Comm comm, const char *name, const char *text, PetscInt n_set,
                                const char *const *set, HeatCase **c);

#endif
