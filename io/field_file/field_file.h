/** The field file: one HDF5 format, one writer and one reader, for snapshots and checkpoints.
 *
 *  io/README.md documents the format (version 1).  The writer guarantees:
 *  - A file has its final name only when it is complete, synced to the disk and (checkpoints) read
 *    back.
 *  - A failure on any rank reaches every rank, leaves no temporary file, and is one message with
 *    the operating system's reason.
 *  - The bytes are the same for any number of ranks and any layout of blocks; those of a compressed
 *    file also depend on zlib's version.
 */
#ifndef HEAT_IO_FIELD_FILE_H
#define HEAT_IO_FIELD_FILE_H

#include "io/field_file/field_file_types.h"

/** Add the counts and times of b to a; a takes the hints of b where b has some.
 *  Not collective. */
void HeatFileStatsAdd(HeatFileStats *a, const HeatFileStats *b);

/** Write a field file.  Collective on grid->comm.
 *  @param[in]  path   final name; the file is written as .NAME.part in the same folder
 *  @param[out] stats  may be NULL
 *  Errors: HEAT_ERR_FILE when the file cannot be written or reads back wrongly; an earlier file of
 *  that name is then untouched.  One exception: when only the sync of the folder fails, after the
 *  rename, the new file is in place, and the message says so. */
PetscErrorCode HeatFieldFileWrite(const HeatGrid *grid, const char *path,
                                  const HeatFieldFileOptions *options, PetscInt n_fields,
                                  const HeatFileField *fields, HeatFileStats *stats);

/** Write a field file as HeatFieldFileWrite does, but return a failure to write in `error`, the
 *  same on every rank, instead of raising it.  Collective on grid->comm. */
PetscErrorCode HeatFieldFileTryWrite(const HeatGrid *grid, const char *path,
                                     const HeatFieldFileOptions *options, PetscInt n_fields,
                                     const HeatFileField *fields, HeatFileStats *stats,
                                     HeatFileError *error);

/** A field file that threads write while the computation continues. */
typedef struct HeatFieldFileJob HeatFieldFileJob;

/** Memory for the copies of rows that an asynchronous write needs, one array for each field.  It is
 *  kept from file to file, because getting it from the system again takes longer than filling it.
 *  Initialise with {0}. */
typedef struct {
  void  *memory[HEAT_MAX_FILE_FIELDS]; /* owned, or NULL */
  size_t bytes[HEAT_MAX_FILE_FIELDS];  /* allocated */
} HeatFieldFileCopies;

/** Free the memory of the copies.  No job may be using it.  Not collective. */
PetscErrorCode HeatFieldFileCopiesClear(HeatFieldFileCopies *copies);

/** Begin to write an uncompressed field file asynchronously.  When this returns, the fields may
 *  change: a thread of each rank writes copies of its rows, which take as much memory again, syncs
 *  them, and then reads back the rows of another rank.  The file has the same bytes as one that
 *  HeatFieldFileWrite makes.  Collective on grid->comm.
 *  @param[in]     options  as for HeatFieldFileWrite; borrowed, with its context, for this call
 *  @param[in,out] copies   in use until HeatFieldFileEnd, then free for the next job
 *  @param[out]    job      ended with HeatFieldFileEnd; NULL after a failure
 *  @param[out]    error    a failure, the same on every rank; then no temporary file is left */
PetscErrorCode HeatFieldFileBegin(const HeatGrid *grid, const char *path,
                                  const HeatFieldFileOptions *options, PetscInt n_fields,
                                  const HeatFileField *fields, HeatFieldFileCopies *copies,
                                  HeatFieldFileJob **job, HeatFileError *error);

/** Test the progress of a job: when the threads of all ranks have finished the current phase, start
 *  the next one.  Costs one reduction while the threads work.  Collective on grid->comm.
 *  @param[in]  wait   wait for the threads until the job is ready
 *  @param[out] ready  no phase is left, so that HeatFieldFileEnd would not wait for threads; the
 *                     same on every rank */
PetscErrorCode HeatFieldFileTest(HeatFieldFileJob *job, PetscBool wait, PetscBool *ready);

/** Wait for the threads, give the file its final name, free the job and set *job to NULL.
 *  Collective on grid->comm.
 *  @param[out] stats  may be NULL; `seconds` is the time for which the computation was blocked
 *  @param[out] error  a failure, the same on every rank; then no temporary file is left */
PetscErrorCode HeatFieldFileEnd(HeatFieldFileJob **job, HeatFileStats *stats, HeatFileError *error);

/** Read one dataset of any HDF5 file: [ny][nx], of integers or floating-point numbers of up to 16
 *  bytes, contiguous or chunked with HDF5's own filters, stored in the file itself (no links, no
 *  external files).  Values are converted to `element`.  Where the file has heat2d's checksums for
 *  the dataset, they are compared.  Collective on grid->comm.
 *  @param[in]  dataset  "/temperature"; a leading slash may be missing
 *  @param[in]  element  HEAT_ELEMENT_INT32 accepts integers only
 *  @param[out] block    [nyl][nxl], x fastest, unpadded
 *  Errors: HEAT_ERR_FILE with the found and the expected shape, the damaged rows, or the reason;
 *  HEAT_ERR_INPUT for a file of a run with --break-halo. */
PetscErrorCode HeatFieldFileRead(const HeatGrid *grid, const char *path, const char *dataset,
                                 HeatElement element, void *block);

/** Read one cell of a dataset of integers as it is in the file, for a message.  (HeatFieldFileRead
 *  converts to int32_t, and values above INT32_MAX become INT32_MAX.)  The dataset must have passed
 *  HeatFieldFileRead, and the value must be greater than 0.  Collective on grid->comm.
 *  @param[in]  cell   index j*nx + i of the cell
 *  @param[out] value  the value, the same on every rank
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatFieldFileReadInteger(const HeatGrid *grid, const char *path, const char *dataset,
                                        PetscInt64 cell, uint64_t *value);

/** Return whether the header of a file can be read, and set *has to whether HeatFieldFileRead
 *  compares the checksums of a dataset.  Not collective. */
PetscBool HeatFieldFileHasSums(const char *path, const char *dataset, HeatElement element,
                               PetscBool *has);

/** Read one dataset as HeatFieldFileRead does, but return a failure to read in `error`, the same on
 *  every rank, instead of raising it; `block` is then undefined.  A file of a run with --break-halo
 *  is read.  Collective on grid->comm. */
PetscErrorCode HeatFieldFileTryRead(const HeatGrid *grid, const char *path, const char *dataset,
                                    HeatElement element, void *block, HeatFileError *error);

/** Read the header of a file that heat2d wrote.  Rank 0 reads and broadcasts; collective on comm.
 *  Errors: HEAT_ERR_FILE when the file does not exist, is not HDF5, was not written by heat2d, has
 *  a newer version of the format, or is damaged. */
PetscErrorCode HeatFieldFileReadInfo(MPI_Comm comm, const char *path, HeatFieldFileInfo *info);

/** Read the header, then all data, and compare the checksums.  The ranks share the rows evenly, on
 *  any number of ranks, through a buffer of bounded size (16 MiB, or one row).
 *  Damaged rows are reported in `info`, not raised.  Collective on comm.
 *  Errors: as for HeatFieldFileReadInfo. */
PetscErrorCode HeatFieldFileVerify(MPI_Comm comm, const char *path, HeatFieldFileInfo *info);

/** Read the header as HeatFieldFileReadInfo does, but return a failure in `error`, the same on
 *  every rank, instead of raising it.  Collective on comm. */
PetscErrorCode HeatFieldFileTryInfo(MPI_Comm comm, const char *path, HeatFieldFileInfo *info,
                                    HeatFileError *error);

/** Write the version of the HDF5 library in use into buffer, e.g. "1.10.8".  Not collective.
 *  Errors: PETSC_ERR_LIB when HDF5 does not report it. */
PetscErrorCode HeatFieldFileLibraryVersion(char *buffer, size_t size);

#endif
