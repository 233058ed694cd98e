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
 *      skeleton, reserve disk space,  wait                           HeatWriterBookkeeping
 *        seal, check of the header
 *      ==============================================================
 *      open the file for itself       the same, with rows            field_file.c
 *      ==============================================================
 *      for each field and piece:                                     field_file.c
 *        blocks to slab, write rows   the same                       HeatWriterPutRows
 *        write row checksums          the same                       HeatWriterPutSums
 *      fsync                          the same, with rows
 *      ==============================================================
 *      read back rows of another rank the same                       HeatWriterPeerSums,
 *      close                          the same                       HeatWriterReadBack
 *      ==============================================================
 *      rename, fsync of the folder;   wait                           HeatWriterPublish
 *        after a failure: delete it
 *      ==============================================================
 *      statistics of all ranks        the same                       HeatWriterStats
 *      free                           the same                       HeatWriterEnd
 *
 *  A compressed write lets all ranks compress and rank 0 write (field_file_deflate.c); rank 0 seals
 *  and syncs the file after that.  In an asynchronous write, threads write, sync and read back the
 *  rows (the diagram in field_file_async.c).
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
  void                       *rows;  /* owned: room for a piece of doubles; NULL: compressed file */
  uint64_t                   *sums;  /* owned: [n_fields][n] row checksums, from the blocks */
  int64_t offsets[2 * HEAT_MAX_FILE_FIELDS]; /* [bytes] of each field: values, row checksums */
  HeatFileStats  stats;                      /* of this rank, until HeatWriterStats */
  HeatFileError *error;
} HeatWriter;

/** Create the slab and the buffers, and choose the temporary name.  Not collective.
 *  Errors: PETSC_ERR_ARG_OUTOFRANGE when there are more than HEAT_MAX_FILE_FIELDS fields. */
PetscErrorCode HeatWriterBegin(HeatWriter *w, const char *path);

/** Free what HeatWriterBegin allocated.  The file is not touched.  Not collective. */
PetscErrorCode HeatWriterEnd(HeatWriter *w);

/** Compute the row checksums of all fields from the blocks, into w->sums.
 *  Collective on grid->comm. */
PetscErrorCode HeatWriterSums(HeatWriter *w);

/** Get the checksums of the rows that this writer will read back.  They come by message from the
 *  writer that owns these rows.  Collective on grid->comm.
 *  @param[out] sums  [n_fields][peer_n], freed by the caller with PetscFree; NULL on a rank that is
 *                    no writer */
PetscErrorCode HeatWriterPeerSums(HeatWriter *w, uint64_t **sums);

/** Let rank 0 write all of the bookkeeping of an uncompressed file: write and close the skeleton,
 *  reserve the disk space of the data, seal it and, unless options->verify is none, read it back.
 *  Then broadcast where the values lie, into w->offsets.  From then on the bookkeeping does not
 *  change.  Collective on grid->comm; every rank returns with the same w->error. */
PetscErrorCode HeatWriterBookkeeping(HeatWriter *w);

/** Return the bytes of a row of field f. */
size_t HeatWriterRowBytes(const HeatWriter *w, PetscInt f);

/** Write rows [from, from + n) of this rank's slab of field f, or the checksums of all its rows, to
 *  their places in the open, uncompressed file.  These two and HeatWriterReadBack are not
 *  collective and call neither HDF5 nor MPI, so that a thread can use them.
 *  @param[in] rows  [n][nx] */
void HeatWriterPutRows(HeatWriter *w, int file, PetscInt f, PetscInt from, PetscInt n,
                       const void *rows);
void HeatWriterPutSums(HeatWriter *w, int file, PetscInt f);

/** Read back the rows of another rank from the open, uncompressed file: all of them, or with
 *  options->verify `sample` 64 rows of each field, evenly spaced, the first and the last among
 *  them.  Compare with peer_sums both the checksums of the rows and the checksums in the file.
 *  @param[in] peer_sums  from HeatWriterPeerSums */
void HeatWriterReadBack(HeatWriter *w, int file, const uint64_t *peer_sums);

/** Append the seal to the closed file, and store size and checksum in w->stats.  Called on rank 0
 *  alone. */
void HeatWriterSeal(HeatWriter *w);

/** Read back the header, the axes and what options->extra wrote, and compare them with what was
 *  asked for.  The file is closed.  Called on rank 0 alone. */
void HeatWriterCheckHeader(const HeatWriter *w);

/** Give the file its final name and sync the folder; after a failure delete the temporary file.
 *  Collective on grid->comm; every rank returns with the same w->error. */
PetscErrorCode HeatWriterPublish(HeatWriter *w, const char *path);

/** Reduce the statistics over the ranks: the largest of each time, the sum of the row checksums;
 *  the size is rank 0's.  Collective on grid->comm.
 *  @param[in]  seconds  [s] of the whole write, on this rank
 *  @param[out] stats    may be NULL */
PetscErrorCode HeatWriterStats(HeatWriter *w, double seconds, HeatFileStats *stats);

#endif
