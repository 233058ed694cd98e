/** Numbers that follow from the nonce of a benchmark.
 *
 *  Each number is a function of (nonce, use, round, index) alone, by the counter-based generator
 *  Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11; library
 *  Random123).  So no rank stores or sends the fields that are made of them, every layout of blocks
 *  has the same ones, and anybody can compute any cell of them anywhere.  Nothing here is
 *  collective. */
#ifndef HEAT_APP_DRAW_H
#define HEAT_APP_DRAW_H

#include <petscsys.h>
#include <stdint.h>

/** What a number is drawn for.  The values are part of the definition of the benchmark. */
typedef enum {
  HEAT_DRAW_MATERIAL = 1,
  HEAT_DRAW_TEMPERATURE,
  HEAT_DRAW_MODE,
  HEAT_DRAW_STEP
} HeatDrawUse;

/** Width of the blocks of one material [cells].  Chosen: coarser than a cell, so that it is a body
 *  of pieces and no noise, and finer than any block of a rank. */
enum { HEAT_DRAW_BLOCK = 16 };

/** Return 64 random bits. */
uint64_t HeatDraw(uint64_t nonce, HeatDrawUse use, uint32_t round, uint64_t index);

/** Return the material of cell (i, j), from 0 to 3. */
int HeatDrawMaterial(uint64_t nonce, PetscInt64 i, PetscInt64 j);

/** Return the initial temperature of cell (i, j) in cycle `cycle`: 256 K + m 2^-32 K with a whole
 *  number m of 32 bits, which every computer represents exactly.  The noise is small beside 256 K,
 *  so that the residual of the initial field is smaller than the right-hand side, to which the
 *  tolerance refers. */
double HeatDrawTemperature(uint64_t nonce, uint32_t cycle, PetscInt64 i, PetscInt64 j);

#endif
