/** The parts that make up the field file's writer and reader; for io/field_file/field_file*.c only. */
#ifndef HEAT_IO_FIELD_FILE_PARTS_H
#define HEAT_IO_FIELD_FILE_PARTS_H

#include "io/field_file/field_file_types.h"
#include "io/field_file/hdf5_util.h"
#include "io/field_file/seal.h"

/** Bytes of an element, its type in the file, in memory, and in messages. */
size_t       HeatElementBytes(HeatElement element);
hid_t        HeatElementFileType(HeatElement element);
hid_t        HeatElementMemoryType(HeatElement element);
MPI_Datatype HeatElementMPIType(HeatElement element);

/** Rows of a chunk of a compressed field of nx columns: fixed by the grid alone. */
PetscInt HeatChunkRows(PetscInt nx);

/** Make the file `part` with everything but the fields' values and checksums: attributes, axes,
 *  empty datasets; disk space for the whole is reserved before HDF5 writes anything.  Rank 0
 *  alone, serial driver.  Returns the open file, or -1. */
hid_t HeatSkeletonCreate(const HeatGrid *grid, const char *part,
                         const HeatFieldFileOptions *options, PetscInt n_fields,
                         const HeatFileField *fields, HeatFileError *error);

/** Close a file that rank 0 has written through the serial driver.  HDF5 1.10 crashes at exit when
 *  H5Fclose itself could not write; so it is flushed first, and a file that cannot even be flushed
 *  stays open (and is lost) instead. */
void HeatSkeletonClose(hid_t *file, HeatFileError *error);

/** Rows that travel at once, of `row` bytes each: the ranks of a row of blocks agree on it. */
PetscInt HeatPieceRows(size_t row);

/** Transfer rows [first, first + n) of a two-dimensional dataset (write or read), in pieces.
 *  With the MPI-IO driver the transfer is independent. */
void HeatRowsWrite(hid_t dataset, hid_t memory, PetscInt first, PetscInt n, PetscInt nx,
                   size_t bytes, const void *rows, HeatFileError *error);
void HeatRowsRead(hid_t dataset, hid_t memory, PetscInt first, PetscInt n, PetscInt nx,
                  size_t bytes, void *rows, HeatFileError *error);

/** Entries [first, first + n) of /integrity/NAME. */
void HeatSumsWrite(hid_t file, const char *name, PetscInt first, PetscInt n, const uint64_t *sums,
                   HeatFileError *error);
void HeatSumsRead(hid_t file, const char *name, PetscInt first, PetscInt n, uint64_t *sums,
                  HeatFileError *error);

/** Compare rows in memory, or the file's /integrity/NAME, with checksums [n]: a failure names the
 *  rows. */
void HeatRowsCompare(size_t bytes, const void *rows, PetscInt first, PetscInt n, PetscInt nx,
                     const uint64_t *sums, const char *name, HeatFileError *error);
void HeatSumsCompare(hid_t file, const char *name, PetscInt first, PetscInt n, const uint64_t *sums,
                     HeatFileError *error);
void HeatSumsCompareArrays(const uint64_t *a, const uint64_t *b, PetscInt first, PetscInt n,
                           const char *name, HeatFileError *error);

/** Note how many rows of which range are damaged; none is no failure. */
void HeatFailDamaged(const char *name, PetscInt damaged, PetscInt low, PetscInt high,
                     HeatFileError *error);

/** Where in the closed file a field's values and its checksums lie: offsets [n_fields][2].  On this rank
 *  alone. */
void HeatFieldFileOffsets(const char *part, PetscInt n_fields, const HeatFileField *fields,
                          int64_t *offsets, HeatFileError *error);

/** Append the seal (io/field_file/seal.h) to the closed file: all but the fields' values and checksums is under
 *  it.  On this rank alone. */
void HeatFieldFileSeal(const char *part, PetscInt n_fields, const HeatFileField *fields,
                       HeatSeal *seal, HeatFileError *error);

/** The header of a file of ours, whose seal is checked before anything of it is parsed; on this rank
 *  alone. */
void HeatInfoRead(const char *path, HeatFieldFileInfo *info, HeatFileError *error);

/** The checksums of the axes of an open file. */
void HeatAxesVerify(hid_t file, HeatFileError *error);

/** Compress the fields in parallel and let rank 0 write them and their checksums into the open
 *  skeleton, `file` (-1 elsewhere).  Collective on grid->comm, not agreed: a failed rank goes on
 *  receiving and sending, and its failure stays in `error`.
 *  @param[in] sums  [n_fields][n] row checksums of this rank's slab */
PetscErrorCode HeatDeflateWrite(const HeatGrid *grid, const char *part, hid_t file,
                                PetscInt n_fields, const HeatFileField *fields,
                                const uint64_t *sums, HeatFileStats *stats, HeatFileError *error);

#endif
