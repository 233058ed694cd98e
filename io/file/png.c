/** PNG pictures (png.h): signature, header, one chunk of compressed rows, end. */
#include "io/file/png.h"

#include <stdint.h>
#include <string.h>

#include "io/file/deflate.h"

enum {
  CHUNK = 12, /* bytes of a chunk besides its data: length, name, checksum */
  START = 8   /* bytes of the signature */
};

static void PutBits(unsigned char *to, uint32_t value)
{
  for (int k = 0; k < 4; k++) to[k] = (unsigned char)(value >> (24 - 8 * k));
}

/* Append a chunk at `at`; return the place behind it. */
static unsigned char *PutChunk(unsigned char *at, const char *name, const void *data, size_t n)
{
  PutBits(at, (uint32_t)n);
  memcpy(at + 4, name, 4);
  if (n) memcpy(at + 8, data, n);
  PutBits(at + 8 + n, HeatDeflateCrc(at + 4, n + 4));
  return at + CHUNK + n;
}

PetscErrorCode HeatPngEncode(PetscInt width, PetscInt height, const unsigned char *pixels,
                             unsigned char **bytes, size_t *size)
{
  static const unsigned char signature[START] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  const size_t               row = 3 * (size_t)width, rows = (row + 1) * (size_t)height;
  const size_t               room       = HeatDeflateBound(rows);
  unsigned char              header[13] = {0}, *raw, *packed, *at;
  size_t                     n;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc2(rows, &raw, room, &packed));
  PetscCall(PetscMalloc1(START + 3 * CHUNK + sizeof header + room, bytes));
  for (PetscInt j = 0; j < height; j++) { /* each row begins with its filter: 0, none */
    raw[(size_t)j * (row + 1)] = 0;
    memcpy(raw + (size_t)j * (row + 1) + 1, pixels + (size_t)j * row, row);
  }
  n = HeatDeflate(raw, rows, packed, room);
  PetscCheck(n > 0, PETSC_COMM_SELF, PETSC_ERR_LIB, "zlib cannot compress a picture");
  PutBits(header, (uint32_t)width);
  PutBits(header + 4, (uint32_t)height);
  header[8] = 8; /* bits of a channel */
  header[9] = 2; /* red, green, blue */
  memcpy(*bytes, signature, START);
  at    = PutChunk(*bytes + START, "IHDR", header, sizeof header);
  at    = PutChunk(at, "IDAT", packed, n);
  at    = PutChunk(at, "IEND", NULL, 0);
  *size = (size_t)(at - *bytes);
  PetscCall(PetscFree2(raw, packed));
  PetscFunctionReturn(PETSC_SUCCESS);
}
