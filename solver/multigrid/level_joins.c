/** The rules by which levels join cells (level_joins.h).
 *
 *  Cells are joined along the direction of the stronger couplings alone, until both directions'
 *  couplings are similar: point smoothing removes errors along strong couplings only.  The levels
 *  end where every cell's own mass outweighs half its conductances, since smoothing alone is
 *  accurate enough there, or with one cell. */
#include "solver/multigrid/level_joins.h"

/* Return whether the levels interpolate, or use piecewise constants, which are cheaper.
 *
 *     mismatched = cells without a jump whose couplings along one axis are very much the stronger
 *                  ones, where cells are nevertheless joined along the other axis
 *     interpolate if  jumps + mismatched > 40 sqrt(cells),  or  jumps + mismatched > cells/4,
 *                     or  mismatched > cells/32
 *
 * The first bound does not depend on the resolution of a body.  A jump has a cell on either side,
 * so that at this bound the interfaces together are 20 times as long as the domain is wide.  40 is
 * chosen from the table of iterations (solver/MEASURED.md), as are 1/4 and 1/32: TeaLeaf's pipe has
 * 7, 15 interfaces right across the domain have 30, the quick start has 80, and 32 x 32 random
 * blocks have 120.  Smaller: bodies of a few shapes pay for interpolation that saves them nothing.
 * Larger: bodies of many parts converge slowly. */
static PetscBool IsRough(const HeatCouplings *c, PetscReal cells, const PetscBool joins[2])
{
  const PetscReal most       = 40.0;
  const PetscReal mismatched = (joins[1] ? c->very_without_jump[0] : 0.0) +
                               (joins[0] ? c->very_without_jump[1] : 0.0);
  const PetscReal rough = c->jumps + mismatched;

  return (rough * rough > most * most * cells || 4.0 * rough > cells || 32.0 * mismatched > cells)
             ? PETSC_TRUE
             : PETSC_FALSE;
}

/* Choose to join cells along each axis of more than one cell, unless the cells that are strong
   along the other axis outnumber those that are strong along this axis by more than a fraction of
   the coupled cells.  If the other axis has one cell, this axis is joined all the same.  A level
   without coupled cells is joined along no axis.
   @param[in] strong  cells that are strong along x, along y
   @param[in] one_in  the fraction, 1/one_in */
static void JoinWhereWeak(const HeatCouplings *c, const PetscInt n[2], const PetscReal strong[2],
                          PetscReal one_in, PetscBool joins[2])
{
  for (int axis = 0; axis < 2; axis++) {
    const PetscReal lead = strong[!axis] - strong[axis];

    joins[axis] = (c->coupled > 0.0 && n[axis] > 1 &&
                   (one_in * lead <= c->coupled || n[!axis] == 1))
                      ? PETSC_TRUE
                      : PETSC_FALSE;
  }
}

/* With piecewise constants, the majority of the coupled cells decides: cells are joined along the
   axis of its stronger couplings.  Levels that interpolate converge well as long as the couplings
   of the two axes differ by less than the factor 8, `very`, whichever way cells are joined.  There
   the cells whose couplings differ more decide, as soon as they are one cell in 32, chosen.  With
   it the quick start, whose substrate has 6 % of the cells, takes 13 iterations in place of 23
   (solver/MEASURED.md).  A larger part: a substrate that conducts along one axis alone is smoothed
   badly.  A smaller part: a few cells double the size of the next level. */
void HeatJoinsChoose(const HeatCouplings *c, const PetscInt n[2], PetscBool finest,
                     PetscBool *rough, PetscBool joins[2])
{
  JoinWhereWeak(c, n, c->strong, 2.0, joins);
  if (finest) *rough = IsRough(c, (PetscReal)n[0] * (PetscReal)n[1], joins);
  if (*rough) JoinWhereWeak(c, n, c->very, 32.0, joins);
}
