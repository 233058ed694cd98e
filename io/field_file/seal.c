/** Write and check the seal (seal.h shows where it lies in the file).
 *
 *  Its bytes, at the very end of the file; every number has 8 bytes and is little-endian:
 *
 *      bytes  content
 *      -----  --------------------------------------------------------------------
 *      16 n   start and length of each extent that is left out, ascending
 *      16     "heat2d metadata\n"                                   \
 *      8      version, 1                                             |
 *      8      n                                                      | the foot:
 *      8      length of the file in front of the seal                | FOOT_BYTES
 *      8      checksum of the bookkeeping                            |
 *      8      checksum of the seal up to here, index from 0          /
 *
 *  The bookkeeping is every byte of that length outside the extents, put together and padded with
 *  zeros to whole words of 8 bytes; its checksum is that of io/file/checksum.h with the index of
 *  the words from 0.  The foot has a fixed size, so a reader finds it from the end of the file.
 *
 *  A check trusts no number in the file: nothing outside the file is read, and memory is allocated
 *  for no more extents than the file has room for.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/field_file/seal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file/checksum.h"

#define MAGIC   "heat2d metadata\n"
#define VERSION 1

/* [bytes] read and summed at once.  Chosen: a smaller buffer takes more system calls, a larger one
   more memory.  It must be a multiple of 8, so that words do not span two buffers. */
#define BUFFER_BYTES 1048576

/* Words of the foot, counted from its start; the first two are MAGIC.  WORD_OWN is the checksum of
   the seal itself. */
enum { WORD_VERSION = 2, WORD_EXTENTS, WORD_LENGTH, WORD_CHECKSUM, WORD_OWN, FOOT_WORDS };

#define FOOT_BYTES ((uint64_t)FOOT_WORDS * 8)

/* Store a word as 8 bytes, little-endian. */
static void PutWord(unsigned char *at, uint64_t value)
{
  for (int k = 0; k < 8; k++) at[k] = (unsigned char)(value >> (8 * k));
}

/* Return the word that 8 little-endian bytes hold. */
static uint64_t GetWord(const unsigned char *at)
{
  uint64_t value = 0;

  for (int k = 0; k < 8; k++) value |= (uint64_t)at[k] << (8 * k);
  return value;
}

static int CompareExtents(const void *a, const void *b)
{
  const uint64_t x = ((const HeatExtent *)a)->start, y = ((const HeatExtent *)b)->start;

  return x < y ? -1 : x > y ? 1 : 0;
}

/* Sort the extents, drop empty ones, and merge those that touch.  Return how many are left. */
static PetscInt MergeExtents(PetscInt n, HeatExtent *extents)
{
  PetscInt kept = 0;

  if (n > 0) qsort(extents, (size_t)n, sizeof(*extents), CompareExtents);
  for (PetscInt k = 0; k < n; k++) {
    HeatExtent *last = kept ? &extents[kept - 1] : NULL;

    if (extents[k].bytes == 0) continue;
    if (last && last->start + last->bytes == extents[k].start) last->bytes += extents[k].bytes;
    else extents[kept++] = extents[k];
  }
  return kept;
}

/* The checksum of bytes that arrive in pieces of any length. */
typedef struct {
  unsigned char *buffer; /* [BUFFER_BYTES] */
  size_t         filled; /* bytes in the buffer, not summed yet */
  PetscInt64     words;  /* words summed so far */
  uint64_t       sum;
} Stream;

static void SumBuffer(Stream *s)
{
  while (s->filled % 8) s->buffer[s->filled++] = 0;
  s->sum += HeatChecksum(8, s->buffer, s->words, (PetscInt64)(s->filled / 8));
  s->words += (PetscInt64)(s->filled / 8);
  s->filled = 0;
}

/* Read bytes [start, end) of the file and append them to the stream. */
static void AddBytes(Stream *s, int file, uint64_t start, uint64_t end, HeatFileError *error)
{
  while (start < end && !error->failed) {
    const size_t n = (size_t)PetscMin(end - start, (uint64_t)(BUFFER_BYTES - s->filled));

    HeatFileReadAt(file, s->buffer + s->filled, n, (PetscInt64)start, error);
    s->filled += n;
    start += n;
    if (s->filled == BUFFER_BYTES) SumBuffer(s);
  }
}

/* Return the checksum of the bookkeeping: of bytes [0, length) of the file outside the n extents,
   which ascend and do not overlap; 0 after a failure. */
static uint64_t SumBookkeeping(int file, uint64_t length, PetscInt n, const HeatExtent *extents,
                               HeatFileError *error)
{
  Stream   s  = {.buffer = NULL};
  uint64_t at = 0;

  if (error->failed) return 0;
  if (PetscMalloc1(BUFFER_BYTES, &s.buffer)) {
    HeatFileFail(error, "no memory to check it");
    return 0;
  }
  for (PetscInt k = 0; k < n; k++) {
    AddBytes(&s, file, at, extents[k].start, error);
    at = extents[k].start + extents[k].bytes;
  }
  AddBytes(&s, file, at, length, error);
  SumBuffer(&s);
  (void)PetscFree(s.buffer);
  return s.sum;
}

/* Return the checksum of the words of a seal that stand in front of its own checksum. */
static uint64_t ChecksumOfSeal(const unsigned char *bytes, PetscInt n)
{
  return HeatChecksum(8, bytes, 0, 2 * (PetscInt64)n + WORD_OWN);
}

/* Write the bytes of a seal. */
static void FillSeal(unsigned char *bytes, const HeatSeal *seal, PetscInt n,
                     const HeatExtent *extents)
{
  unsigned char *foot = bytes + 16 * (size_t)n;

  for (PetscInt k = 0; k < n; k++) {
    PutWord(bytes + 16 * (size_t)k, extents[k].start);
    PutWord(bytes + 16 * (size_t)k + 8, extents[k].bytes);
  }
  memcpy(foot, MAGIC, 16);
  PutWord(foot + 8 * WORD_VERSION, VERSION);
  PutWord(foot + 8 * WORD_EXTENTS, (uint64_t)n);
  PutWord(foot + 8 * WORD_LENGTH, seal->length);
  PutWord(foot + 8 * WORD_CHECKSUM, seal->checksum);
  PutWord(foot + 8 * WORD_OWN, ChecksumOfSeal(bytes, n));
}

/* Return the size of an open file in bytes, 0 after a failure. */
static uint64_t FileLength(int file, HeatFileError *error)
{
  struct stat status;

  if (error->failed) return 0;
  if (fstat(file, &status) != 0) HeatFileFailErrno(error, "asking for its size");
  return error->failed ? 0 : (uint64_t)status.st_size;
}

void HeatSealAppend(const char *path, PetscInt n, HeatExtent *extents, HeatSeal *seal,
                    HeatFileError *error)
{
  const PetscInt kept = MergeExtents(n, extents);
  const size_t   size = 16 * (size_t)kept + FOOT_BYTES;
  unsigned char *bytes;
  int            file;

  *seal = (HeatSeal){0};
  if (error->failed) return;
  if (PetscMalloc1(size, &bytes)) {
    HeatFileFail(error, "no memory for its seal");
    return;
  }
  file           = HeatFileOpenOwn(path, PETSC_TRUE, error);
  seal->length   = FileLength(file, error);
  seal->checksum = SumBookkeeping(file, seal->length, kept, extents, error);
  FillSeal(bytes, seal, kept, extents);
  HeatFileWriteAt(file, bytes, size, (PetscInt64)seal->length, error);
  if (file >= 0 && close(file) != 0) HeatFileFailErrno(error, "close");
  (void)PetscFree(bytes);
}

/* Check the seal whose foot has been read, and the bookkeeping.  The numbers in the seal may be
   damaged: each is compared with the size of the file before it is used. */
static void CheckSealed(int file, uint64_t size, const unsigned char *foot, HeatSeal *seal,
                        HeatFileError *error)
{
  const uint64_t n = GetWord(foot + 8 * WORD_EXTENTS), length = GetWord(foot + 8 * WORD_LENGTH);
  unsigned char *bytes;
  HeatExtent    *extents;
  uint64_t       at = 0;

  if (n > PETSC_MPI_INT_MAX || n > (size - FOOT_BYTES) / 16 ||
      length != size - FOOT_BYTES - 16 * n) {
    HeatFileFail(error, "the seal at its end is damaged");
    return;
  }
  if (PetscMalloc2((size_t)(size - length), &bytes, (size_t)n, &extents)) {
    HeatFileFail(error, "no memory for the seal at its end");
    return;
  }
  HeatFileReadAt(file, bytes, (size_t)(size - length), (PetscInt64)length, error);
  if (!error->failed && ChecksumOfSeal(bytes, (PetscInt)n) != GetWord(foot + 8 * WORD_OWN))
    HeatFileFail(error, "the seal at its end is damaged");
  for (uint64_t k = 0; k < n && !error->failed; k++) {
    const HeatExtent e = {GetWord(bytes + 16 * k), GetWord(bytes + 16 * k + 8)};

    if (e.start < at || e.start > length || e.bytes > length - e.start)
      HeatFileFail(error, "the seal at its end is damaged");
    extents[k] = e;
    at         = e.start + e.bytes;
  }
  seal->length   = length;
  seal->checksum = SumBookkeeping(file, length, (PetscInt)n, extents, error);
  if (!error->failed && seal->checksum != GetWord(foot + 8 * WORD_CHECKSUM))
    HeatFileFail(error, "its bookkeeping is damaged: the checksum does not match");
  (void)PetscFree2(bytes, extents);
}

void HeatSealCheck(const char *path, HeatSeal *seal, HeatFileError *error)
{
  unsigned char foot[FOOT_BYTES];
  struct stat   status;
  int           file;

  *seal = (HeatSeal){0};
  if (error->failed || stat(path, &status) != 0 || !S_ISREG(status.st_mode) ||
      (uint64_t)status.st_size < FOOT_BYTES)
    return; /* opening it with HDF5 reports the reason */
  file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return; /* opening it with HDF5 reports the reason */
  HeatFileReadAt(file, foot, sizeof(foot), (PetscInt64)((uint64_t)status.st_size - FOOT_BYTES),
                 error);
  if (!error->failed && memcmp(foot, MAGIC, 16) == 0) {
    if (GetWord(foot + 8 * WORD_VERSION) == VERSION)
      CheckSealed(file, (uint64_t)status.st_size, foot, seal, error);
    else HeatFileFail(error, "the seal at its end is damaged, or of a later heat2d");
  }
  close(file);
  if (error->failed) *seal = (HeatSeal){0};
}
