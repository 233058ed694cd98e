/** Compression in the zlib format (RFC 1950), which HDF5's deflate filter reads and writes.
 *
 *  deflate.c is the only file that includes zlib.h.  Nothing here is collective.
 */
#ifndef HEAT_IO_DEFLATE_H
#define HEAT_IO_DEFLATE_H

#include <petscsys.h>
#include <stdint.h>

/** zlib's compression level: 1 is fastest, 9 compresses best.  Chosen; a larger level makes smaller
 *  files more slowly.  The level is part of the file format: it decides the compressed bytes, and a
 *  field's file must have the same bytes in every run. */
enum { HEAT_DEFLATE_LEVEL = 4 };

/** Return the largest number of bytes to which HeatDeflate can compress `size` bytes; because zlib
 *  adds a header, this is more than `size`. */
size_t HeatDeflateBound(size_t size);

/** Compress `size` bytes at level HEAT_DEFLATE_LEVEL.
 *  @param[out] packed  compressed stream, in a buffer of `room` >= HeatDeflateBound(size) bytes
 *  Return the number of bytes written to `packed`, or 0 when zlib fails. */
size_t HeatDeflate(const void *bytes, size_t size, void *packed, size_t room);

/** Return the CRC-32 of `size` bytes (ISO 3309), the checksum of PNG files. */
uint32_t HeatDeflateCrc(const void *bytes, size_t size);

/** Return whether a compressed stream of `size` < 2^32 bytes inflates to at most `most` bytes, so
 *  that a file from an unknown source cannot exhaust the memory.  Of a damaged stream only the
 *  bytes before the damage count; HDF5 reports the damage when it reads the stream. */
PetscBool HeatInflatesWithin(const void *packed, size_t size, size_t most);

#endif
