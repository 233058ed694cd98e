/** Plain data of the field file: what callers pass to the writer, and what the reader returns. */
#ifndef HEAT_IO_FIELD_FILE_TYPES_H
#define HEAT_IO_FIELD_FILE_TYPES_H

#include "io/file/file_util.h"
#include "solver/grid/grid.h"

/** The version of the format that is written; files of versions 1 to this one are read. */
#define HEAT_FIELD_FILE_VERSION 1

/** The largest number of fields in one file.  Chosen: a snapshot has at most 7, a checkpoint at
 *  most 5.  A larger value only makes the arrays below larger; below 7 snapshots are refused. */
#define HEAT_MAX_FILE_FIELDS 16

typedef enum { HEAT_ELEMENT_DOUBLE, HEAT_ELEMENT_INT32 } HeatElement;

/** A field to write.  All pointers are borrowed for the call. */
typedef struct {
  const char        *name;          /* of the dataset, e.g. "temperature" */
  const char        *units;         /* UDUNITS text: "K", "W m-2", "1" */
  const char        *long_name;     /* for axis labels */
  const char        *standard_name; /* of the CF conventions, or NULL */
  HeatElement        element;
  const void        *block;      /* [nyl][nxl], x fastest, unpadded: double or int32_t */
  PetscInt           n_meanings; /* number of codes that have a meaning, e.g. materials; or 0 */
  const char *const *meanings;   /* [n_meanings], none empty: the meaning of value v */
} HeatFileField;

/** Statistics of one write, or sums over several.  Each time is the largest over ranks; all members
 *  are the same on every rank, except those marked "rank 0". */
typedef struct {
  PetscInt64 files;            /* 1 after a write; HeatFileStatsAdd adds them up */
  PetscInt64 bytes;            /* size of the file, or of all files */
  double     seconds;          /* [s] of the whole call; async: time the computation was blocked */
  double     seconds_open;     /* [s] skeleton, reservation of disk space, opening by each rank */
  double     seconds_exchange; /* [s] blocks to slabs, checksums, compression, copies (async) */
  double     seconds_write;    /* [s] raw data */
  double     seconds_close;    /* [s] flush and close by each rank */
  double     seconds_sync;     /* [s] seal, fsync, rename */
  double     seconds_verify;   /* [s] reading back */
  char       hints[512];       /* that MPI-IO reports to be in force, lines "name=value"; rank 0 */
  uint64_t   bookkeeping;      /* checksum of the bookkeeping of one file (seal.h); rank 0 */
  uint64_t   values;           /* sum of all row checksums of one file, modulo 2^64 */
} HeatFileStats;

/** A function that adds attributes and small datasets to a file before it is closed, or compares
 *  them with what was added.  Called on rank 0 only; failures are noted in `error`.
 *  @param[in] file     an hid_t; the type keeps HDF5 out of this header
 *  @param[in] context  of HeatFieldFileOptions */
typedef void (*HeatFieldFileExtra)(int64_t file, void *context, HeatFileError *error);

/** How a field file is written.  All pointers are borrowed for the call. */
typedef struct {
  const char        *kind;  /* "snapshot" or "checkpoint" */
  const char        *title; /* NULL counts as "" */
  PetscInt64         step;
  PetscReal          time;        /* [s] */
  PetscInt64         broken_halo; /* EVERY of a run with --break-halo; 0: a healthy run */
  HeatCompression    compression;
  const char        *hints;     /* for MPI-IO, "name=value name=value", or NULL.  Rank 0 creates the
                                   file with them, which decides the striping; values are written
                                   by POSIX calls */
  PetscInt           alignment; /* [bytes] of large datasets; 0: HEAT_FILE_ALIGNMENT */
  HeatReadBack       verify;    /* how many rows are read back, each by another rank than wrote it,
                                   and compared with their checksums before the file gets its final
                                   name; of a compressed file the header alone is read back */
  HeatFieldFileExtra extra;     /* called while the skeleton is written; or NULL */
  HeatFieldFileExtra extra_check; /* called when the header is read back, with the file open for
                                     reading, to compare what `extra` wrote; or NULL */
  void              *context;     /* passed to both of them */
  PetscInt64         extra_bytes; /* [bytes] of datasets that `extra` writes, for the reservation */
} HeatFieldFileOptions;

/** One field of a file, as HeatFieldFileReadInfo and HeatFieldFileVerify find it. */
typedef struct {
  char        name[64], units[32], long_name[96];
  HeatElement element;
  PetscBool   has_sums; /* row checksums are stored */

  /* Set by HeatFieldFileVerify alone. */
  PetscInt   damaged_rows;                /* rows whose checksum does not match */
  PetscInt   first_damaged, last_damaged; /* counted from 0; both 0 where no row is damaged */
  double     minimum, maximum;            /* of the finite values, in `units` */
  PetscInt64 not_finite;                  /* number of cells that are NaN or infinite */
} HeatFieldInfo;

/** The header of a file, and, after HeatFieldFileVerify, the state of its data. */
typedef struct {
  char          kind[32], title[256];
  PetscInt      format_version;
  PetscInt64    step;
  PetscReal     time;        /* [s] */
  PetscInt64    broken_halo; /* EVERY of a run with --break-halo; 0: a healthy run */
  PetscInt      nx, ny;      /* cells */
  PetscReal     x[2], y[2];  /* extents [m] */
  PetscInt64    bytes;       /* size of the file */
  PetscBool     sealed;      /* the file has a seal, and it matches */
  uint64_t      bookkeeping; /* checksum of the bookkeeping; 0 without a seal */
  PetscBool     has_values;  /* `values` is known: set by HeatFieldFileVerify */
  uint64_t      values;      /* sum of all row checksums, modulo 2^64 */
  PetscInt      n_fields;
  HeatFieldInfo fields[HEAT_MAX_FILE_FIELDS]; /* in order of name */
} HeatFieldFileInfo;

#endif
