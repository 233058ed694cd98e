/** Compression in the zlib format, by zlib's one-call compressor and its streaming decompressor.
 *
 *  The size check inflates into a fixed buffer, which it overwrites again and again: only the count
 *  of bytes is needed, and a stream of unknown origin may inflate to a thousand times its size.
 */
#include "io/file/deflate.h"

#include <zlib.h>

/* [bytes] Buffer for inflated bytes, on the stack.  Chosen; a smaller one means more calls of zlib,
 * a larger one more stack. */
#define INFLATE_BYTES 65536

size_t HeatDeflateBound(size_t size) { return (size_t)compressBound((uLong)size); }

size_t HeatDeflate(const void *bytes, size_t size, void *packed, size_t room)
{
  uLongf length = (uLongf)room;

  if (compress2((Bytef *)packed, &length, (const Bytef *)bytes, (uLong)size, HEAT_DEFLATE_LEVEL) !=
      Z_OK)
    return 0;
  return (size_t)length;
}

uint32_t HeatDeflateCrc(const void *bytes, size_t size)
{
  return (uint32_t)crc32(0, (const Bytef *)bytes, (uInt)size);
}

PetscBool HeatInflatesWithin(const void *packed, size_t size, size_t most)
{
  unsigned char out[INFLATE_BYTES];
  z_stream      stream = {.next_in = (z_const Bytef *)packed, .avail_in = (uInt)size};
  int           status = inflateInit(&stream);

  while (status == Z_OK && stream.total_out <= most) {
    stream.next_out  = out;
    stream.avail_out = sizeof(out);
    status           = inflate(&stream, Z_NO_FLUSH);
  }
  (void)inflateEnd(&stream);
  return stream.total_out <= most ? PETSC_TRUE : PETSC_FALSE;
}
