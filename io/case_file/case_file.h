/** The case file: strict reading of YAML into a HeatCase.
 *
 *  Rank 0 reads the file and broadcasts its bytes.  Every rank parses the same text with the same
 *  overrides, so every rank holds the same case and finds the same errors.  An unknown, repeated or
 *  missing key, a value of the wrong type, NaN and infinity raise HEAT_ERR_INPUT with file and
 *  line, or with "--set" where an override is at fault.
 */
#ifndef HEAT_IO_CASE_FILE_H
#define HEAT_IO_CASE_FILE_H

#include "solver/case/case.h"

/** Read a case from a file, without validating it: call HeatCaseValidate next.  Collective on comm.
 *  @param[in]  path        name of the file; also gives the default title and output folder; a
 *                          record of an earlier run (results.json) is read, too (case_record.h)
 *  @param[in]  n_set, set  [n_set] overrides "KEY=VALUE", VALUE in YAML, applied in their order
 *                          before the keys are checked
 *  @param[in]  directory   replaces output.directory; NULL: the case has it
 *  @param[out] c           destroy with HeatCaseDestroy; NULL after an error
 *  Errors: HEAT_ERR_INPUT when the file cannot be read or its content is at fault; HEAT_ERR_FILE
 *  for a table of boundary values that the case names. */
PetscErrorCode HeatCaseRead(MPI_Comm comm, const char *path, PetscInt n_set, const char *const *set,
                            const char *directory, HeatCase **c);

/** Read a case from a text in memory, without validating it: call HeatCaseValidate next.
 *  Collective on comm.
 *  @param[in]  name        stands for the file's name, in messages, for the default title and
 *                          output folder, and for the folder in which files named by the case are
 *                          sought
 *  @param[in]  text        YAML, NUL-terminated, the same on every rank
 *  @param[in]  n_set, set  [n_set] overrides "KEY=VALUE", as in HeatCaseRead
 *  @param[out] c           destroy with HeatCaseDestroy; NULL after an error
 *  Errors: HEAT_ERR_INPUT when the text is at fault; HEAT_ERR_FILE for a table of boundary values
 *  that the case names. */
PetscErrorCode HeatCaseReadText(MPI_Comm comm, const char *name, const char *text, PetscInt n_set,
                                const char *const *set, HeatCase **c);

/** Store the measured speeds of the ranks in a case with `decomposition.weights: measure`.  Not
 *  collective; the same speeds on all ranks.
 *  @param[in] speeds    [n], in the launcher's order
 *  @param[in] describe  also write them in the place of the word into the effective case, for the
 *                       record: on the rank that writes it, since the text has 24 bytes for each
 *                       rank of the run */
PetscErrorCode HeatCaseSetSpeeds(HeatCase *c, PetscInt n, const PetscReal *speeds,
                                 PetscBool describe);

#endif
