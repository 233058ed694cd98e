/** Deflate streams (RFC 1950): the only module that knows zlib.  Nothing here is collective. */
#ifndef HEAT_IO_DEFLATE_H
#define HEAT_IO_DEFLATE_H

#include <petscsys.h>

/** zlib's level, between speed (1) and size (9).  Part of the file format: another level makes other
 *  bytes of the same field. */
enum { HEAT_DEFLATE_LEVEL = 4 };

/** Return the largest number of bytes that HeatDeflate can make of `size` bytes. */
size_t HeatDeflateBound(size_t size);

/** Compress `size` bytes at level HEAT_DEFLATE_LEVEL.
 *  @param[out] packed  room for `room` bytes, at least HeatDeflateBound(size)
 *  Return the number of bytes written, or 0 when zlib fails. */
size_t HeatDeflate(const void *bytes, size_t size, void *packed, size_t room);

/** Return whether a deflate stream of `size` bytes inflates to no more than `most` bytes.  A damaged
 *  stream is judged by the bytes before the damage; reading it with HDF5 reports the damage. */
PetscBool HeatInflatesWithin(const void *packed, size_t size, size_t most);

#endif
