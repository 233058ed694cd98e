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

#include "io/file_util.h"
#include "solver/grid.h"

#define HEAT_FIELD_FILE_VERSION 1
#define HEAT_MAX_FILE_FIELDS    16 /* in one file */

typedef enum { HEAT_ELEMENT_DOUBLE, HEAT_ELEMENT_INT32 } HeatElement;

/** A field to write.  Everything is borrowed for the call. */
typedef struct {
  const char        *name;          /* of the dataset, e.g. "temperature" */
  const char        *units;         /* UDUNITS text: "K", "W m-2", "1" */
  const char        *long_name;     /* for axis labels */
  const char        *standard_name; /* CF's, or NULL */
  HeatElement        element;
  const void        *block;      /* [nyl][nxl], x fastest, unpadded: double or int32_t */
  PetscInt           n_meanings; /* 0; for codes such as material: values 0 ... n-1 mean ... */
  const char *const *meanings;   /* ... these names (n_meanings of them, non-empty) */
} HeatFileField;

/** Seconds are the largest over ranks of each phase; the same on every rank. */
typedef struct {
  PetscInt64 files;            /* added up by users; 1 after a write */
  PetscInt64 bytes;            /* size of the file(s) */
  double     seconds;          /* the whole call */
  double     seconds_open;     /* skeleton, reservation, parallel open [s] */
  double     seconds_exchange; /* blocks to slabs, checksums, compression */
  double     seconds_write;    /* raw data */
  double     seconds_close;    /* flush and close, each rank */
  double     seconds_sync;     /* seal, fsync, rename */
  double     seconds_verify;   /* read back */
  char       hints[512];       /* that MPI-IO says are in force, lines "name=value"; rank 0 */
  uint64_t   bookkeeping;      /* the seal's checksum of one file; rank 0 */
  uint64_t   values;           /* sum of all checksums of rows of one file */
} HeatFileStats;

/** Add b to a. */
void HeatFileStatsAdd(HeatFileStats *a, const HeatFileStats *b);

/** What rank 0 may add to the file before it is closed: attributes and small datasets; or compare with
 *  what was added.  `file` is an hid_t.  Failures are noted in `error`. */
typedef void (*HeatFieldFileExtra)(int64_t file, void *context, HeatFileError *error);

typedef struct {
  const char        *kind; /* "snapshot" or "checkpoint" */
  const char        *title;
  PetscInt64         step;
  PetscReal          time; /* [s] */
  HeatCompression    compression;
  const char        *hints; /* for MPI-IO, "name=value name=value", or NULL; uncompressed files */
  PetscInt           alignment; /* [bytes] of large datasets; 0: the usual */
  HeatReadBack       verify;    /* rows that are read back, each by another rank than wrote it, and
                                compared with their checksums before the file gets its name;
                                compressed: the header only */
  HeatFieldFileExtra extra;     /* or NULL; called on rank 0 only */
  HeatFieldFileExtra extra_check; /* likewise, with the file open for reading: what `extra` wrote is
                                     there; called when anything is read back */
  void              *context;
} HeatFieldFileOptions;

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
typedef struct _HeatFieldFileJob HeatFieldFileJob;

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

typedef struct {
  char        name[64], units[32], long_name[96];
  HeatElement element;
  PetscBool   has_sums;                               /* checksums are stored */
  PetscInt damaged_rows, first_damaged, last_damaged; /* set by HeatFieldFileVerify; rows from 0 */
  double   minimum, maximum; /* of the finite values; set by HeatFieldFileVerify */
  PetscInt64 not_finite;     /* likewise: cells that are NaN or infinite */
} HeatFieldInfo;

typedef struct {
  char          kind[32], title[256];
  PetscInt      format_version;
  PetscInt64    step;
  PetscReal     time; /* [s] */
  PetscInt      nx, ny;
  PetscReal     x[2], y[2]; /* extents [m] */
  PetscInt64    bytes;      /* size of the file */
  PetscBool     sealed;     /* its bookkeeping is under a checksum of its own */
  uint64_t      bookkeeping; /* that one; 0 without a seal */
  PetscBool     has_values;  /* set by HeatFieldFileVerify */
  uint64_t      values;      /* likewise: sum of all checksums of rows */
  PetscInt      n_fields;
  HeatFieldInfo fields[HEAT_MAX_FILE_FIELDS]; /* in order of name */
} HeatFieldFileInfo;

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
