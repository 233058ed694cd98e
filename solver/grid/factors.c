/** Advice about numbers of ranks (factors.h): a comparison of the halo cells of a layout with those
 *  of square blocks. */
#include "solver/grid/factors.h"

#include <math.h>
#include <stdio.h>

/* Return the cells that all ranks send in a halo exchange one cell deep. */
static double HaloCells(const HeatLayout *l)
{
  PetscInt64 all, between;

  HeatLayoutCutCells(l, &all, &between);
  return 2.0 * (double)all;
}

/* Return the cells that all ranks would send if their blocks were squares and no side periodic. */
static double SquareHaloCells(const HeatLayout *l, PetscInt size)
{
  const double cells = (double)l->nx * (double)l->ny;

  return 4.0 * (sqrt(cells * (double)size) - sqrt(cells));
}

/* Largest ratio of the halo cells to those of square blocks without a warning.  Chosen: blocks with
   sides of 1 to 4 have a ratio of 1.25; a smaller limit would warn about good layouts. */
static const double TooMany = 1.5;

/* The divisor is compared with the quotient, since its square could overflow. */
static PetscBool IsPrime(PetscInt n)
{
  for (PetscInt k = 2; k <= n / k; k++)
    if (n % k == 0) return PETSC_FALSE;
  return n > 1 ? PETSC_TRUE : PETSC_FALSE;
}

/* Return the largest number of ranks below l->size that gives a good layout; with several nodes,
   only whole nodes are tried.  Return 0 if none of the `most` largest candidates gives one.  Trying
   a candidate takes sqrt(size) divisions, and some for each pair of divisors. */
static PetscInt BetterSize(const HeatCase *c, const HeatLayout *l)
{
  const PetscInt unit = l->n_nodes > 1 ? l->per_node : 1;
  const PetscInt most = PetscMax(100, 20000000 / l->size); /* chosen: a tenth of a second */
  PetscInt       size = (l->size - 1) / unit * unit;

  for (PetscInt k = 0; k < most && size > 0; k++, size -= unit) {
    const PetscInt   per_node = l->n_nodes > 1 ? l->per_node : size;
    const HeatLayout other    = HeatLayoutMake(c, size, per_node, PETSC_TRUE);

    if (other.px > 0 && HaloCells(&other) <= TooMany * SquareHaloCells(&other, size)) return size;
  }
  return 0;
}

PetscBool HeatFactorsAdvise(const HeatCase *c, const HeatLayout *l, char *text, size_t size)
{
  const double times      = HaloCells(l) / SquareHaloCells(l, l->size);
  char         remedy[80] = "";
  PetscInt     better;

  if (l->size < 5 || c->decomposition.processes[0] > 0 || l->start[0] || !(times > TooMany))
    return PETSC_FALSE;
  better = BetterSize(c, l);
  if (better)
    (void)snprintf(remedy, sizeof remedy, "; %" PetscInt_FMT " ranks would be better", better);
  (void)snprintf(text, size,
                 "%" PetscInt_FMT " ranks %s %" PetscInt_FMT " x %" PetscInt_FMT " blocks, whose "
                 "halos have %.1f times the cells of those of square blocks%s",
                 l->size, IsPrime(l->size) ? "are a prime number and leave only" : "give", l->px,
                 l->py, times, remedy);
  return PETSC_TRUE;
}
