/** The field file: one HDF5 format, one writer and one reader, for snapshots and checkpoints.
 *
 *  io/README.md documents the format (version 1).  The promise of the writer: the file appears
 *  under its name only when it is complete, synced to the disk and (checkpoints) read back; a
 *  failure on any rank reaches every rank, leaves no temporary file, and is one message with the
 *  system's reason; uncompressed files are byte-identical for any number of ranks and any layout
 *  of blocks.
 */
#ifndef HEAT_IO_FIELD_FILE_H
#define HEAT_IO_FIELD_FILE_H

#include "io/field_file/field_file_types.h"

/** Add b to a. */
void HeatFileStatsAdd(HeatFileStats *a, const HeatFileStats *b);

/** Write a field file.  Collective on grid->comm.
 *  @param[in]  path   final name; the temporary one is .NAME.part in the same folder
 *  @param[out] stats  may be NULL
 *  Errors: HEAT_ERR_FILE; then an earlier file of that name is untouched. */
PetscErrorCode HeatFieldFileWrite(const HeatGrid *grid, const char *path,
                                  const HeatFieldFileOptions *options, PetscInt n_fields,
                                  const HeatFileField *fields, HeatFileStats *stats);

/** Likewise, but a failure to write is returned in `error`, the same on every rank, not raised. */
PetscErrorCode HeatFieldFileTryWrite(const HeatGrid *grid, const char *path,
                                     const HeatFieldFileOptions *options, PetscInt n_fields,
                                     const HeatFileField *fields, HeatFileStats *stats,
                                     HeatFileError *error);

/** A field file being written behind the computation's back. */
typedef struct HeatFieldFileJob HeatFieldFileJob;

/** Memory for the copies of rows: kept from file to file, because to get it anew from the system takes
 *  longer than to fill it.  Begin with {0}. */
typedef struct {
  void  *memory[HEAT_MAX_FILE_FIELDS];
  size_t bytes[HEAT_MAX_FILE_FIELDS];
} HeatFieldFileCopies;

/** Give the memory back; no job may use it.  Not collective. */
PetscErrorCode HeatFieldFileCopiesClear(HeatFieldFileCopies *copies);

/** Begin to write a field file, uncompressed: when this returns, the fields may change.  A thread of each
 *  rank writes copies of its rows, which takes that much memory again, syncs them, and reads back those
 *  of another rank.  Collective on grid->comm.
 *  @param[in]  options  as of HeatFieldFileWrite; borrowed for this call, as its context is
 *  @param[in,out] copies  in use until the job has ended, then free for the next one
 *  @param[out] job      end it with HeatFieldFileEnd; NULL after a failure, which is in `error`, the same
 *                       on every rank */
PetscErrorCode HeatFieldFileBegin(const HeatGrid *grid, const char *path,
                                  const HeatFieldFileOptions *options, PetscInt n_fields,
                                  const HeatFileField *fields, HeatFieldFileCopies *copies,
                                  HeatFieldFileJob **job, HeatFileError *error);

/** Is there nothing left to do but to end it?  Costs one reduction.  Collective on grid->comm.
 *  @param[in] wait  until it is so */
PetscErrorCode HeatFieldFileTest(HeatFieldFileJob *job, PetscBool wait, PetscBool *ready);

/** Wait for the threads, give the file its name.  Collective on grid->comm.
 *  @param[out] stats  may be NULL; `seconds` is the time for which the computation waited
 *  @param[out] error  a failure, the same on every rank; then no temporary file is left */
PetscErrorCode HeatFieldFileEnd(HeatFieldFileJob **job, HeatFileStats *stats, HeatFileError *error);

/** Read one dataset of any HDF5 file: [ny][nx], integer or floating point of any width,
 *  contiguous or chunked with HDF5's own filters; stored in the file itself (no links, no
 *  external files).  Values are converted to `element`.  Where heat2d's checksums are present
 *  they are compared.
 *  Collective on grid->comm.
 *  @param[in]  dataset  "/temperature"; a leading slash may be missing
 *  @param[out] block    [nyl][nxl], x fastest, unpadded
 *  Errors: HEAT_ERR_FILE with the found and the expected shape, the damaged rows, or the reason. */
PetscErrorCode HeatFieldFileRead(const HeatGrid *grid, const char *path, const char *dataset,
                                 HeatElement element, void *block);

/** HeatFieldFileRead, but a failure to read is returned in `error`, the same on every rank. */
PetscErrorCode HeatFieldFileTryRead(const HeatGrid *grid, const char *path, const char *dataset,
                                    HeatElement element, void *block, HeatFileError *error);

/** Header of a file of ours.  Collective on comm: rank 0 reads and broadcasts.
 *  Errors: HEAT_ERR_FILE (absent, not HDF5, not ours, newer version, damaged). */
PetscErrorCode HeatFieldFileReadInfo(MPI_Comm comm, const char *path, HeatFieldFileInfo *info);

/** HeatFieldFileReadInfo, then read all data and compare the checksums, in parallel, with a bounded
 *  buffer, on any number of ranks.  Damaged rows are reported in `info`, not raised. */
PetscErrorCode HeatFieldFileVerify(MPI_Comm comm, const char *path, HeatFieldFileInfo *info);

/** HeatFieldFileReadInfo without raising: the reason goes to `error`, the same on every rank. */
PetscErrorCode HeatFieldFileTryInfo(MPI_Comm comm, const char *path, HeatFieldFileInfo *info,
                                    HeatFileError *error);

/** Version of the HDF5 library in use, e.g. "1.10.8". */
PetscErrorCode HeatFieldFileLibraryVersion(char *buffer, size_t size);

#endif
