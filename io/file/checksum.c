/** Checksums of cells of 8, 4 and 1 bytes.
 *
 *  Each width has a loop of its own, over a fixed type, so that compilers vectorise it.  The sums
 *  are unsigned, so they wrap modulo 2^64 by definition.
 */
#include "io/file/checksum.h"

/* 2^64 / golden ratio, the increment of splitmix64: spreads consecutive indices over all bits. */
#define INDEX_FACTOR UINT64_C(0x9E3779B97F4A7C15)

/* Mix(z) with z = bits XOR (index + 1) * INDEX_FACTOR: splitmix64's finaliser, with its shifts and
 * factors.  index + 1, so that cell 0 is not mixed with 0. */
static inline uint64_t Mix(uint64_t bits, uint64_t index)
{
  uint64_t z = bits ^ ((index + 1) * INDEX_FACTOR);

  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

static uint64_t Sum8(const uint64_t *cells, uint64_t first, uint64_t n)
{
  uint64_t sum = 0;

  for (uint64_t i = 0; i < n; i++) sum += Mix(cells[i], first + i);
  return sum;
}

static uint64_t Sum4(const uint32_t *cells, uint64_t first, uint64_t n)
{
  uint64_t sum = 0;

  for (uint64_t i = 0; i < n; i++) sum += Mix(cells[i], first + i);
  return sum;
}

static uint64_t Sum1(const unsigned char *cells, uint64_t first, uint64_t n)
{
  uint64_t sum = 0;

  for (uint64_t i = 0; i < n; i++) sum += Mix(cells[i], first + i);
  return sum;
}

uint64_t HeatChecksum(size_t bytes, const void *cells, PetscInt64 first, PetscInt64 n)
{
  const uint64_t start = (uint64_t)first, count = (uint64_t)n;

  if (bytes == 8) return Sum8((const uint64_t *)cells, start, count);
  if (bytes == 4) return Sum4((const uint32_t *)cells, start, count);
  return Sum1((const unsigned char *)cells, start, count);
}
