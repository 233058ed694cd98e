/** The steps of writing one field file that synchronous writing (field_file.c) and asynchronous
 *  writing (field_file_async.c) share; private to these two.
 *
 *  A synchronous, uncompressed write, from top to bottom in time.  A double line is a meeting
 *  point: a call of HeatFileShare, after which all ranks know of a failure on any of them.  Between
 *  two meeting points a rank that has failed skips its file operations but takes part in the MPI
 *  calls (checksums, redistribution), and no HDF5 call is collective over several ranks.  That is
 *  why a full disk does not hang the job.
 *
 *      rank 0                         other ranks                    function
 *      ---------------------------    ---------------------------    ---------------------
 *      slab, buffers, temporary name  the same                       HeatWriterBegin
 *      row checksums from the blocks  the same                       HeatWriterSums
 *      skeleton, reserve disk space   wait                           HeatWriterSkeleton
 *      ==============================================================
 *      open the file for itself       the same                       field_file.c
 *      ==============================================================
 *      for each field and piece:                                     field_file.c
 *        blocks to slab, write rows   the same
 *        write row checksums          the same
 *      ==============================================================
 *      flush and close                the same                       field_file.c
 *      ==============================================================
 *      append the seal, fsync         wait                           HeatWriterSeal
 *      ==============================================================
 *      check the header               wait                           HeatWriterCheckHeader
 *      read back rows of another rank the same                       HeatWriterPeerSums,
 *                                                                    HeatWriterReadBackRange
 *      ==============================================================
 *      rename, fsync of the folder;   wait                           HeatWriterPublish
 *        after a failure: delete it
 *      ==============================================================
 *      statistics of all ranks        the same                       HeatWriterStats
 *      free                           the same                       HeatWriterEnd
 *
 *  A compressed write has other steps between the first and the fourth of these double lines
 *  (field_file_deflate.c).  An asynchronous write makes skeleton, seal and check of the header
 *  first, and threads write and read back the rows (the diagram in field_file_async.c).
 */
#ifndef HEAT_IO_FIELD_FILE_WRITER_H
#define HEAT_IO_FIELD_FILE_WRITER_H

#include "io/field_file/field_file_parts.h"
#include "io/field_file/slab.h"

/** The data of one write; each rank has its own.  The caller sets grid, options, n_fields, fields
 *  and error, all borrowed, and zeroes the rest; HeatWriterBegin fills it. */
typedef struct {
  const HeatGrid             *grid;
  const HeatFieldFileOptions *options;
  PetscInt                    n_fields;
  const HeatFileField        *fields;
  char                        part[PETSC_MAX_PATH_LEN]; /* the temporary name */
  int                         descriptor;         /* of the temporary file, on rank 0; -1: none */
  HeatSlab                   *slab;               /* owned */
  PetscInt                    first, n;           /* rows of this rank's slab */
  PetscInt                    peer_first, peer_n; /* rows of another rank, to read back */
  PetscInt                    piece; /* rows that are redistributed and written at once */
  void                       *rows;  /* owned: [piece][nx] of doubles; NULL: compressed file */
  uint64_t                   *sums;  /* owned: [n_fields][n] row checksums, from the blocks */
  HeatFileStats               stats; /* of this rank, until HeatWriterStats */
  HeatFileError              *error;
} HeatWriter;

/** Create the slab and the buffers, and choose the temporary name.  Not collective.
 *  Errors: PETSC_ERR_ARG_OUTOFRANGE when there are more than HEAT_MAX_FILE_FIELDS fields. */
PetscErrorCode HeatWriterBegin(HeatWriter *w, const char *path);

/** Free what HeatWriterBegin allocated.  The file is not touched.  Not collective. */
PetscErrorCode HeatWriterEnd(HeatWriter *w);

/** Compute the row checksums of all fields from the blocks, into w->sums.
 *  Collective on grid->comm. */
PetscErrorCode HeatWriterSums(HeatWriter *w);

/** Fetch the checksums of the rows that this rank reads back from the rank that writes them.
 *  Collective on grid->comm.
 *  @param[out] sums  [n_fields][peer_n], freed by the caller with PetscFree */
PetscErrorCode HeatWriterPeerSums(HeatWriter *w, uint64_t **sums);

/** Let rank 0 write the skeleton, close it, and reserve the disk space of the data.
 *  Collective on grid->comm; every rank returns with the same w->error. */
PetscErrorCode HeatWriterSkeleton(HeatWriter *w);

/** Append the seal to the closed file, and store size and checksum in w->stats.  Called on rank 0
 *  alone. */
void HeatWriterSeal(HeatWriter *w);

/** Read back the header, the axes and what options->extra wrote, and compare them with what was
 *  asked for.  The file is closed.  Called on rank 0 alone. */
void HeatWriterCheckHeader(const HeatWriter *w);

/** Return which rows of the other rank's slab are read back in the k-th turn, k = 0, 1, ...: rows
 *  [*j, *j + *n) of peer_n.  Return false when there is no k-th turn.
 *  @param[in] full  true: the turns are pieces that make up all rows; false: one row each, the
 *                   first, the last, and others evenly spaced between them, 64 rows at most */
PetscBool HeatWriterReadBackRange(const HeatWriter *w, PetscBool full, PetscInt k, PetscInt *j,
                                  PetscInt *n);

/** Give the file its final name and sync the folder; after a failure delete the temporary file.
 *  Collective on grid->comm; every rank returns with the same w->error. */
PetscErrorCode HeatWriterPublish(HeatWriter *w, const char *path);

/** Reduce the statistics over the ranks: the largest of each time, the sum of the row checksums;
 *  the size is rank 0's.  Collective on grid->comm.
 *  @param[in]  seconds  [s] of the whole write, on this rank
 *  @param[out] stats    may be NULL */
PetscErrorCode HeatWriterStats(HeatWriter *w, double seconds, HeatFileStats *stats);

#endif
