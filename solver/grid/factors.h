/** Advice about numbers of ranks that leave only long, narrow blocks, such as prime numbers. */
#ifndef HEAT_SOLVER_FACTORS_H
#define HEAT_SOLVER_FACTORS_H

#include "solver/grid/layout.h"

/* [bytes] Longest advice with its NUL. */
enum { HEAT_FACTORS_TEXT = 256 };

/** Write a sentence that says what is wrong with the number of ranks of a layout, and which number
 *  would be better, and return true; return false if the blocks are nearly square, if the case
 *  gives the process grid, or for fewer than five ranks.  Not collective. */
PetscBool HeatFactorsAdvise(const HeatCase *c, const HeatLayout *layout, char *text, size_t size);

#endif
