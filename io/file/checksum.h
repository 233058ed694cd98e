/** Checksum of stored cells, independent of the order in which the cells are summed.
 *
 *  For cells with values v_i (taken as unsigned integers) and global indices i,
 *
 *    checksum = sum over i of Mix(v_i XOR (i + 1) * INDEX_FACTOR)   modulo 2^64,
 *
 *  where Mix is the finaliser of splitmix64 (Steele, Lea and Flood 2014).  Addition commutes, so
 *  any number of ranks can each sum their own cells and add the results: the checksum of a row does
 *  not depend on the decomposition.  Mix is a bijection, so a change of one cell always changes the
 *  checksum.  Other changes, such as two cells swapped, go unnoticed with probability 2^-64.
 */
#ifndef HEAT_IO_CHECKSUM_H
#define HEAT_IO_CHECKSUM_H

#include <petscsys.h>

/** Return the checksum of `n` consecutive cells, their contribution to a longer sum.  Not
 *  collective.
 *  @param[in] bytes  size of a cell [bytes]: 8, 4 or 1
 *  @param[in] cells  [n] cells, aligned to their size
 *  @param[in] first  global index of cells[0]; in a field, cell (i, j) has the index j*nx + i */
uint64_t HeatChecksum(size_t bytes, const void *cells, PetscInt64 first, PetscInt64 n);

#endif
