/** Pictures in the PNG format (W3C, PNG specification, third edition), of eight bits a channel.
 *
 *  Pixels are compressed by zlib (io/file/deflate.h).  Nothing here is collective. */
#ifndef HEAT_IO_PNG_H
#define HEAT_IO_PNG_H

#include "solver/base/error.h"

/** Encode a picture.
 *  @param[in]  pixels  [height][width][3]: red, green, blue; the top row first
 *  @param[out] bytes   [*size] free with PetscFree */
PetscErrorCode HeatPngEncode(PetscInt width, PetscInt height, const unsigned char *pixels,
                             unsigned char **bytes, size_t *size);

#endif
