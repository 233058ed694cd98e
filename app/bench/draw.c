/** Numbers that follow from the nonce (draw.h). */
#include "app/bench/draw.h"

#include <Random123/philox.h>

uint64_t HeatDraw(uint64_t nonce, HeatDrawUse use, uint32_t round, uint64_t index)
{
  const philox4x32_ctr_t counter = {
      {(uint32_t)index, (uint32_t)(index >> 32), (uint32_t)use, round}};
  const philox4x32_key_t key   = {{(uint32_t)nonce, (uint32_t)(nonce >> 32)}};
  const philox4x32_ctr_t drawn = philox4x32(counter, key);

  return (uint64_t)drawn.v[0] | (uint64_t)drawn.v[1] << 32;
}

/* Combine two coordinates below 2^32 into one index. */
static uint64_t Place(PetscInt64 i, PetscInt64 j) { return (uint64_t)j << 32 | (uint64_t)i; }

int HeatDrawMaterial(uint64_t nonce, PetscInt64 i, PetscInt64 j)
{
  const uint64_t block = Place(i / HEAT_DRAW_BLOCK, j / HEAT_DRAW_BLOCK);

  return (int)(HeatDraw(nonce, HEAT_DRAW_MATERIAL, 0, block) & 3);
}

double HeatDrawTemperature(uint64_t nonce, uint32_t cycle, PetscInt64 i, PetscInt64 j)
{
  const uint32_t m = (uint32_t)HeatDraw(nonce, HEAT_DRAW_TEMPERATURE, cycle, Place(i, j));

  return 256.0 + (double)m / 4294967296.0; /* 2^32 */
}
