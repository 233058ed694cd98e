/** The parts of the field file's writer and reader.  Private to io/field_file: field_file*.c, and
 *  disk_probe.c for HeatPieceRows.
 *
 *  Unless a function returns a PetscErrorCode, it is not collective and acts on this rank alone.
 *  Functions note a failure in the HeatFileError; after an earlier failure they do no more than
 *  close what is open. */
#ifndef HEAT_IO_FIELD_FILE_PARTS_H
#define HEAT_IO_FIELD_FILE_PARTS_H

#include "io/field_file/field_file_types.h"
#include "io/field_file/hdf5_util.h"
#include "io/field_file/seal.h"

/** Return the size of an element in bytes, its HDF5 type in the file (little-endian), its HDF5 type
 *  in memory, and its MPI type. */
size_t       HeatElementBytes(HeatElement element);
hid_t        HeatElementFileType(HeatElement element);
hid_t        HeatElementMemoryType(HeatElement element);
MPI_Datatype HeatElementMPIType(HeatElement element);

/** Return the number of rows in a chunk of a compressed field of nx columns.  It depends on the
 *  grid alone, so that a file's bytes do not depend on the number of ranks. */
PetscInt HeatChunkRows(PetscInt nx);

/** Name of the attribute of files that a run with --break-halo wrote. */
#define HEAT_BROKEN_HALO "broken_halo"

/** Return the EVERY of the run with --break-halo that wrote an open file; 0: it was healthy, or
 *  heat2d did not write the file.  Not collective. */
PetscInt64 HeatBrokenHaloRead(hid_t file, HeatFileError *error);

/** Create the file `part` with everything except the fields' values and their checksums:
 *  attributes, axes, empty datasets.  Disk space for all of it is reserved before HDF5 writes
 *  anything.  Called on rank 0 alone; uses HDF5's serial driver.  Return the open file, or -1.
 *  @param[out] descriptor  of the file, by which it is reserved, trimmed and synced; the caller
 *                          closes it, also after a failure; -1 if there is none */
hid_t HeatSkeletonCreate(const HeatGrid *grid, const char *part,
                         const HeatFieldFileOptions *options, PetscInt n_fields,
                         const HeatFileField *fields, int *descriptor, HeatFileError *error);

/** Close a file that rank 0 has written through the serial driver, and set *file to -1.  HDF5 1.10
 *  crashes at exit when H5Fclose itself could not write.  Therefore the file is flushed first, and
 *  a file that cannot be flushed is left open (its contents are lost). */
void HeatSkeletonClose(hid_t *file, HeatFileError *error);

/** Return the number of rows of nx cells that are redistributed, and written or read, at once: as
 *  many rows of doubles as fit into HEAT_STREAM_BYTES, at least one, whatever the element.  The
 *  same on all ranks. */
PetscInt HeatPieceRows(PetscInt nx);

/** Read rows [first, first + n) of a two-dimensional dataset of nx columns, in pieces of
 *  at most HEAT_CALL_BYTES.
 *  @param[in] memory  HDF5 type of an element in memory, of `bytes` bytes
 *  @param     rows    [n][nx] */
void HeatRowsRead(hid_t dataset, hid_t memory, PetscInt first, PetscInt n, PetscInt nx,
                  size_t bytes, void *rows, HeatFileError *error);

/** Write or read entries [first, first + n) of the dataset /integrity/NAME, the row checksums of
 *  the field NAME. */
void HeatSumsWrite(hid_t file, const char *name, PetscInt first, PetscInt n, const uint64_t *sums,
                   HeatFileError *error);
void HeatSumsRead(hid_t file, const char *name, PetscInt first, PetscInt n, uint64_t *sums,
                  HeatFileError *error);

/** Compare row checksums [n] of rows [first, first + n) with those computed from rows [n][nx] in
 *  memory, with those stored in /integrity/NAME, or with those of another array.  A difference is a
 *  failure that names the rows. */
void HeatRowsCompare(size_t bytes, const void *rows, PetscInt first, PetscInt n, PetscInt nx,
                     const uint64_t *sums, const char *name, HeatFileError *error);
void HeatSumsCompare(hid_t file, const char *name, PetscInt first, PetscInt n, const uint64_t *sums,
                     HeatFileError *error);
void HeatSumsCompareArrays(const uint64_t *a, const uint64_t *b, PetscInt first, PetscInt n,
                           const char *name, HeatFileError *error);

/** Note the failure that `damaged` rows of the field `name` are damaged, the lowest of them being
 *  row `low` and the highest row `high`.  0 damaged rows are not a failure. */
void HeatFailDamaged(const char *name, PetscInt damaged, PetscInt low, PetscInt high,
                     HeatFileError *error);

/** Return where in the closed, uncompressed file the values and the row checksums of each field
 *  begin.
 *  @param[out] offsets  [n_fields][2], in bytes from the start of the file */
void HeatFieldFileOffsets(const char *part, PetscInt n_fields, const HeatFileField *fields,
                          int64_t *offsets, HeatFileError *error);

/** Append the seal (io/field_file/seal.h) to the closed file.  It covers everything except the
 *  fields' values and row checksums. */
void HeatFieldFileSeal(const char *part, PetscInt n_fields, const HeatFileField *fields,
                       HeatSeal *seal, HeatFileError *error);

/** Read the header of a file that heat2d wrote.  Its seal is checked before HDF5 parses the
 *  file. */
void HeatInfoRead(const char *path, HeatFieldFileInfo *info, HeatFileError *error);

/** Compare the checksums of the axes (x, y, x_edges, y_edges) of an open file. */
void HeatAxesVerify(hid_t file, HeatFileError *error);

/** Compress the fields on all ranks, and let rank 0 write the chunks and the row checksums into the
 *  open skeleton.  Collective on grid->comm.  The ranks do not agree on the outcome: a failed rank
 *  continues to send and receive, and its failure stays in its own `error`.
 *  @param[in]     descriptor, file  the skeleton on rank 0; -1 on the other ranks
 *  @param[in]     sums   [n_fields][n], row checksums of this rank's slab of n rows
 *  @param[in,out] stats  the times of compression and writing are added */
PetscErrorCode HeatDeflateWrite(const HeatGrid *grid, int descriptor, hid_t file, PetscInt n_fields,
                                const HeatFileField *fields, const uint64_t *sums,
                                HeatFileStats *stats, HeatFileError *error);

#endif
