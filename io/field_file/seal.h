/** The seal: a checksum of a field file's bookkeeping, stored behind the end of the file that HDF5
 *  knows, so that a damaged file is refused before HDF5 parses a byte of it.
 *
 *  Bookkeeping means every byte in front of the seal that is neither a value of a field nor a
 *  checksum of a row: HDF5's metadata (superblock, object headers with their attributes, heaps,
 *  chunk indexes), the small datasets (axes, /state) and the gaps left by alignment.
 *
 *      byte 0                                                      length   size of the file
 *      |                                                           |        |
 *      +-------------+----------+-------------+-----------+--------+--------+
 *      | bookkeeping |  values  | bookkeeping |    row    |  ...   |  seal  |
 *      |             |  of a    |             | checksums |        |        |
 *      |             |  field   |             |           |        |        |
 *      +-------------+----------+-------------+-----------+--------+--------+
 *      |<------------------- known to HDF5 ----------------------->|
 *
 *      bookkeeping    covered by the checksum in the seal
 *      values         an extent that the seal leaves out: covered by the row checksums
 *      row checksums  an extent that the seal leaves out: compared with the values
 *      seal           list of the extents, checksum of the bookkeeping, checksum of the seal
 *
 *  The byte format is documented in seal.c and io/README.md.  HDF5 and every reader on top of it
 *  ignore what follows the end of the file that HDF5 has recorded.  A file without a seal (written
 *  by an older heat2d, or rewritten by another program) is not a failure.
 *
 *  Nothing here is collective.  Failures are noted in the HeatFileError.
 */
#ifndef HEAT_IO_SEAL_H
#define HEAT_IO_SEAL_H

#include <stdint.h>

#include "io/file/file_util.h"

/** A range of bytes of the file that the seal leaves out, because it has checksums of its own. */
typedef struct {
  uint64_t start, bytes;
} HeatExtent;

/** The content of a valid seal.  length 0: the file has no seal. */
typedef struct {
  uint64_t length;   /* [bytes] of the file without the seal */
  uint64_t checksum; /* of the bookkeeping */
} HeatSeal;

/** Compute the checksum of a file's bookkeeping and append the seal.  The file must be complete and
 *  closed.
 *  @param[in,out] extents  [n] in any order; sorted, and merged where they touch
 *  @param[out]    seal     the content of the appended seal; zeros after an earlier failure
 *  Failures: the file cannot be opened, read or written; no memory. */
void HeatSealAppend(const char *path, PetscInt n, HeatExtent *extents, HeatSeal *seal,
                    HeatFileError *error);

/** Compare a file's bookkeeping with its seal.
 *  @param[out] seal  the content of the seal; zeros when the file has none, cannot be opened
 *                    (opening it with HDF5 reports the reason), or is damaged
 *  Failures: the seal or the bookkeeping is damaged, the seal is of a newer version, no memory. */
void HeatSealCheck(const char *path, HeatSeal *seal, HeatFileError *error);

#endif
