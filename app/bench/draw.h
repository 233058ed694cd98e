/** Random numbers that the nonce of a benchmark determines.
 *
 *  Each number is a function of (nonce, use, round, index) alone, by the counter-based generator
 *  Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11; library
 *  Random123).  Therefore fields that are drawn are neither stored nor sent, are equal in every
 *  layout of blocks, and can be recomputed cell by cell on any computer.  Nothing here is
 *  collective. */
#ifndef HEAT_APP_DRAW_H
#define HEAT_APP_DRAW_H

#include <petscsys.h>
#include <stdint.h>

/** The use of a random number.  The values are part of the definition of the benchmark. */
typedef enum {
  HEAT_DRAW_MATERIAL = 1,
  HEAT_DRAW_TEMPERATURE,
  HEAT_DRAW_MODE,
  HEAT_DRAW_STEP
} HeatDrawUse;

/** Width of the blocks of one material [cells].  Chosen: wider than a cell, so that the body
 *  consists of pieces and is not noise, and narrower than the blocks of ranks in runs of a sensible
 *  size. */
enum { HEAT_DRAW_BLOCK = 16 };

/** Return the 64 random bits of (nonce, use, round, index).
 *  @param[in] round  the cycle, where each cycle has its own numbers; else 0 */
uint64_t HeatDraw(uint64_t nonce, HeatDrawUse use, uint32_t round, uint64_t index);

/** Return the material of cell (i, j), from 0 to 3 (HEAT_BENCH_MATERIALS - 1). */
int HeatDrawMaterial(uint64_t nonce, PetscInt64 i, PetscInt64 j);

/** Return the initial temperature of cell (i, j) in cycle `cycle`: 256 K + m 2^-32 K with a whole
 *  number m of 32 bits; a double represents it exactly.  The noise is small compared with 256 K,
 *  so that the residual of the initial field is smaller than the right-hand side, to which the
 *  tolerance refers. */
double HeatDrawTemperature(uint64_t nonce, uint32_t cycle, PetscInt64 i, PetscInt64 j);

#endif
