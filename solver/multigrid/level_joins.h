/** The rules by which the levels of a multigrid join cells: along which axes, and whether the
 *  levels interpolate.  The hierarchy (multigrid_hierarchy.c) applies them to all cells of a level,
 *  a plan (solver/model/model_levels.c) to the kinds of cells that a level consists of.
 *
 *      HeatCouplingsAdd        once for each cell, or for each kind of cells
 *      sum over the ranks      only in the hierarchy
 *      HeatJoinsChoose         from the totals of the level
 *
 *  No function is collective. */
#ifndef HEAT_SOLVER_LEVEL_JOINS_H
#define HEAT_SOLVER_LEVEL_JOINS_H

#include <petscsys.h>

enum {
  /* Levels at most.  Derived: each level halves the cells along one axis at least, so that grids
     of up to 2^61 cells have no more. */
  HEAT_MAX_LEVELS = 64
};

/** Numbers of cells of a level.  A coupled cell has conductances that are not negligible beside its
 *  mass; it is inner if all its four faces conduct.  Numbers of cells are exact below 2^53; MPI
 *  adds the members as PetscReal. */
typedef struct {
  PetscReal coupled;   /* coupled cells */
  PetscReal strong[2]; /* coupled cells with stronger couplings along x, along y */
  PetscReal very[2];   /* inner cells with very much stronger couplings along x, along y */
  PetscReal jumps;     /* inner cells whose conductances jump, along x or y */
  PetscReal very_without_jump[2]; /* the cells of `very` that are not in `jumps` */
} HeatCouplings;

enum { HEAT_COUPLINGS = sizeof(HeatCouplings) / sizeof(PetscReal) };

/** The conductances of a cell to its neighbours, and its mass, which includes its conductances to
 *  the outside; all in one unit. */
typedef struct {
  PetscReal west, east, south, north, mass;
} HeatCellCouplings;

/** Return whether the conductances of two neighbouring faces differ by more than a factor.  It is
 *  chosen below 2: with harmonic means, the face between a cell and a much better conductor
 *  conducts only twice as well as the cell's opposite face. */
static inline PetscBool HeatConductancesJump(PetscReal a, PetscReal b)
{
  const PetscReal factor = 1.5;

  return (a > factor * b || b > factor * a) ? PETSC_TRUE : PETSC_FALSE;
}

/** Count n cells with the same couplings, with x = west + east and y = south + north:
 *
 *     coupled:      x + y >= dominant mass
 *     strong[0]:    x > strong y,  coupled;     strong[1]:  y > strong x,  coupled
 *     very[0]:      x > very y,    inner;       very[1]:    y > very x,    inner
 *
 *  dominant is chosen.  On a level without coupled cells a half-sweep leaves, in the cells that it
 *  updates, at most (x + y)/(mass + x + y) < 2/3 of the largest error of their neighbours.  A cycle
 *  has eight half-sweeps, of which the last one down and the first one up are both black and count
 *  as one.  After these seven, the cells updated by the last but one have at most (2/3)^6 = 0.09 of
 *  the largest error, the others less.  Larger: fewer levels, of which the coarsest is smoothed
 *  less well.  Smaller: more levels than are needed.
 *
 *  strong is chosen.  Joining along one axis divides the ratio of the couplings by 4, so that
 *  ratios above 2 come nearer to 1.  Larger: point smoothing has to cope with a larger ratio.
 *  Smaller: more levels, since joining along one axis halves the cells and joining along both
 *  quarters them.
 *
 *  very is chosen (HeatJoinsChoose). */
static inline void HeatCouplingsAdd(HeatCouplings *c, PetscReal n, HeatCellCouplings cell)
{
  const PetscReal dominant = 2.0, strong = 1.5, very = 8.0;
  const PetscReal x = cell.west + cell.east, y = cell.south + cell.north;

  if (x + y < dominant * cell.mass) return;
  c->coupled += n;
  if (x > strong * y) c->strong[0] += n;
  if (y > strong * x) c->strong[1] += n;
  if (cell.west <= 0.0 || cell.east <= 0.0 || cell.south <= 0.0 || cell.north <= 0.0) return;
  if (x > very * y) c->very[0] += n;
  if (y > very * x) c->very[1] += n;
  if (HeatConductancesJump(cell.west, cell.east) || HeatConductancesJump(cell.south, cell.north)) {
    c->jumps += n;
    return;
  }
  if (x > very * y) c->very_without_jump[0] += n;
  if (y > very * x) c->very_without_jump[1] += n;
}

/** Choose along which axes the cells of a level are joined.  A level joined along no axis is the
 *  coarsest, and so is a level of one cell.
 *  @param[in]     c       the level's cells, all ranks together
 *  @param[in]     n       numbers of cells along x, y
 *  @param[in]     finest  whether it is the finest level, which decides about interpolation
 *  @param[in,out] rough   whether levels interpolate: set on the finest level, used on the others
 *  @param[out]    joins   whether a cell of the next level joins two cells along x, y */
void HeatJoinsChoose(const HeatCouplings *c, const PetscInt n[2], PetscBool finest,
                     PetscBool *rough, PetscBool joins[2]);

/** Return how many cells the next level has along an axis; an odd last cell stays alone.  The same
 *  rule gives the first coarse cell of a block that begins at fine cell n. */
static inline PetscInt HeatJoinedCells(PetscInt n, PetscBool join)
{
  return join ? (n + 1) / 2 : n;
}

#endif
