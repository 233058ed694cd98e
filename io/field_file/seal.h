/** The seal: a checksum of a field file's bookkeeping, kept behind the end of what HDF5 knows of, so
 *  that a damaged file is found before HDF5 parses a byte of it.
 *
 *  io/README.md documents its bytes.  HDF5 and every reader on top of it take no notice of what
 *  follows their end of the file.  A file without a seal (an older heat2d's, or another program's)
 *  is no failure.  Nothing here is collective.
 */
#ifndef HEAT_IO_SEAL_H
#define HEAT_IO_SEAL_H

#include <stdint.h>

#include "io/file/file_util.h"

/** Bytes of a file that the seal leaves out: values, which have checksums of their own. */
typedef struct {
  uint64_t start, bytes;
} HeatExtent;

/** What a sound seal says. */
typedef struct {
  uint64_t length;   /* of the file without the seal */
  uint64_t checksum; /* of the bookkeeping */
} HeatSeal;

/** Append a seal to the whole, closed file.
 *  @param[in,out] extents  [n] in any order; sorted and joined where they touch
 *  @param[out]    seal     what it says */
void HeatSealAppend(const char *path, PetscInt n, HeatExtent *extents, HeatSeal *seal,
                    HeatFileError *error);

/** Compare a file with its seal; a failure says how it is damaged.
 *  @param[out] seal  zeros: there is none */
void HeatSealCheck(const char *path, HeatSeal *seal, HeatFileError *error);

#endif
