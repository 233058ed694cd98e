/** The checksum of stored values: which row is damaged, whatever the layout.
 *
 *  The sum modulo 2^64, over the cells, of a mixer of (the value's bits, the cell's index).  A
 *  sum can be taken in any order and by any number of ranks; the mixer (the finaliser of
 *  splitmix64, Steele, Lea and Flood 2014) makes any changed bit, and two cells that changed
 *  places, change it.
 */
#ifndef HEAT_IO_CHECKSUM_H
#define HEAT_IO_CHECKSUM_H

#include <petscsys.h>

/** What `n` consecutive cells contribute.  Not collective.
 *  @param[in] bytes  of a cell: 1, 4 or 8
 *  @param[in] first  index of the first of them; in a field j*nx + i */
uint64_t HeatChecksum(size_t bytes, const void *cells, PetscInt64 first, PetscInt64 n);

#endif
