/** Plain data of the field file: what the writer, the reader and their parts exchange. */
#ifndef HEAT_IO_FIELD_FILE_TYPES_H
#define HEAT_IO_FIELD_FILE_TYPES_H

#include "io/file/file_util.h"
#include "solver/grid/grid.h"

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
  PetscReal     x[2], y[2];  /* extents [m] */
  PetscInt64    bytes;       /* size of the file */
  PetscBool     sealed;      /* its bookkeeping is under a checksum of its own */
  uint64_t      bookkeeping; /* that one; 0 without a seal */
  PetscBool     has_values;  /* set by HeatFieldFileVerify */
  uint64_t      values;      /* likewise: sum of all checksums of rows */
  PetscInt      n_fields;
  HeatFieldInfo fields[HEAT_MAX_FILE_FIELDS]; /* in order of name */
} HeatFieldFileInfo;

#endif
