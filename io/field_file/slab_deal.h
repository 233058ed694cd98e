/** How rows of the grid are dealt to the owners of slabs: for slab.h, and private to this room. */
#ifndef HEAT_IO_SLAB_DEAL_H
#define HEAT_IO_SLAB_DEAL_H

#include "solver/grid/layout.h"

/** A run of rows that is dealt evenly to owners with consecutive numbers: each gets rows / owners
 *  of them, and the first rows % owners of them get one more. */
typedef struct {
  PetscInt row, rows;     /* rows [row, row + rows) of the grid */
  PetscInt owner, owners; /* owners [owner, owner + owners), numbered upwards from row 0 */
} HeatSlabDeal;

/** Return how the rows of the row of blocks jp are dealt: to its px ranks where every rank is an
 *  owner, else together with all other rows.
 *  @param[in] few  number of owners; 0: every rank is one */
static inline HeatSlabDeal HeatSlabDealOf(const HeatLayout *l, PetscInt few, PetscInt jp)
{
  if (few > 0) return (HeatSlabDeal){0, l->ny, 0, few};
  return (HeatSlabDeal){HeatLayoutCut(l, 1, jp), HeatLayoutWidth(l, 1, jp), jp * l->px, l->px};
}

/** Return the first row of an owner; owner + owners gives the end of the rows. */
static inline PetscInt HeatSlabFirstRow(const HeatSlabDeal *d, PetscInt owner)
{
  const PetscInt k = owner - d->owner;

  return d->row + (d->rows / d->owners) * k + PetscMin(k, d->rows % d->owners);
}

/** Return the owner of a row, the inverse of HeatSlabFirstRow. */
static inline PetscInt HeatSlabOwnerOf(const HeatSlabDeal *d, PetscInt row)
{
  const PetscInt each = d->rows / d->owners, more = d->rows % d->owners, at = row - d->row;
  const PetscInt in_larger = more * (each + 1); /* rows of the owners that have one more */

  return d->owner + (at < in_larger ? at / (each + 1) : more + (at - in_larger) / each);
}

#endif
