/* Sums of conjugate gradients over the finest level.
 *
 * A term t is rounded to a multiple of a quantum q by (t + big) - big with big = 1.5 2^52 q.  Sums
 * of rounded terms are exact, hence independent of their order, as long as all partial sums stay
 * below 2^53 q; and they are accurate as long as the total is many quanta.  Totals fall by orders
 * of magnitude during a solve, so the quantum of each sum follows a prediction of its total:
 * ||r||^2 is expected to fall by the factor by which it fell last, and the products by the factor
 * of the ||r||^2 of the same iteration.  A wrong prediction costs a second pass over the cells, not
 * accuracy.
 *
 * Source: J. Demmel, H. D. Nguyen, Fast reproducible floating-point summation, ARITH 21 (2013). */
#include "solver/multigrid/multigrid_sums_impl.h"

#include <math.h>

/* Bounds of a total, in quanta.  Derived: above Most a partial sum could reach 2^53 and lose bits.
   Below Fewest the terms' rounding, half a quantum each, is no longer small beside the total: with
   10^7 groups it is 10^7/2^41, 5e-6, in the worst case, and 1e-9 if it is random.  Chosen: the
   quantum is such that the predicted total is Aim quanta, which leaves a factor of 2^5 above and of
   2^7 below. */
static const PetscReal Fewest = 0x1p40, Most = 0x1p52, Aim = 0x1p47;

/* Predicted factor of ||r||^2 in the first iteration.  Measured: on fields without jumps six
   iterations reduce the norm by 1e8, so each by about 2^4.  Factors below Steepest are not
   extrapolated: a cycle in single precision reduces the norm by no more than about 2^20, so that
   such a fall ends the solve. */
static const PetscReal FirstFall = 0x1p-8, Steepest = 0x1p-40;

/* Factors that correct a wrong prediction, chosen.  A total above Most is known to be too large,
   but not by how much: the prediction grows by 2^20, repeatedly.  A total of zero means that every
   term was below half a quantum: the prediction falls by 2^40.  A prediction below Zero, near the
   lower end of double's range, means that the total is zero. */
static const PetscReal TooLow = 0x1p20, TooHigh = 0x1p-40, Zero = 0x1p-900;

void HeatSumsReset(HeatMultigrid *mg)
{
  const HeatLevel *l     = &mg->levels[0];
  const PetscReal  cells = (PetscReal)l->d.n[0] * (PetscReal)l->d.n[1];

  /* The largest |r| is about 2^20 (HeatMultigridChooseScale), so that ||r||^2 is between 2^40, from
     a single cell, and 2^40 times the number of cells: predict the geometric mean. */
  mg->sums = (HeatSums){.expected[HEAT_SUM_SQUARES] = 0x1p40 * sqrt(cells)};
}

/* Return the quantum for a predicted total: a power of two, about expected/Aim. */
static PetscReal Quantum(PetscReal expected) { return ldexp(1.0, ilogb(expected)) / Aim; }

static HeatQuantum Rounding(const HeatMultigrid *mg, HeatSum sum)
{
  return (HeatQuantum){1.5 * 0x1p52 * Quantum(mg->sums.expected[sum])};
}

/* Return whether a total is exact and accurate enough; if not, correct the prediction. */
static PetscBool TotalHolds(PetscReal total, PetscReal *expected)
{
  const PetscReal quanta = total / Quantum(*expected);

  if (!(total <= PETSC_MAX_REAL)) return PETSC_TRUE; /* not finite: another quantum cannot help */
  if (quanta > Most) *expected *= TooLow;
  else if (quanta >= Fewest) return PETSC_TRUE;
  else *expected = total > 0.0 ? total : *expected * TooHigh;
  return *expected > Zero ? PETSC_FALSE : PETSC_TRUE;
}

/* The groups of a pair of rows that this rank sums.  Values of cells that are not own ones come
   from the halo.  Along an axis with an odd number of cells the last group has no second cell.  Its
   place is padding, which is zero; but round a periodic axis it is an image of the first cell of
   the axis, and must be left out:

       n = 5, not periodic    | 0 1 | 2 3 | 4 . |        . padding, 0
       n = 5, periodic        | 0 1 | 2 3 | 4 0'|        0' image of cell 0
*/
typedef struct {
  PetscInt  begin, end;     /* places of the groups in a half row */
  PetscBool odd_is_image;   /* the odd cells of the last place are images */
  PetscBool upper_is_image; /* row j + 1 is an image */
} Groups;

/* Return this rank's groups of rows j and j + 1, j even. */
static Groups GroupsOf(const HeatLevel *l, PetscInt j)
{
  const HeatBox *own = &l->s.own;
  Groups         g;

  HeatLevelShapePlaces(&l->s, own->lo[0], own->hi[0], 0, &g.begin, &g.end);
  g.odd_is_image = (l->d.periodic[0] && l->d.n[0] % 2 && own->hi[0] == l->d.n[0] && g.end > g.begin)
                       ? PETSC_TRUE
                       : PETSC_FALSE;
  g.upper_is_image = (l->d.periodic[1] && j + 1 == l->d.n[1]) ? PETSC_TRUE : PETSC_FALSE;
  return g;
}

/* A group is complete with its upper row, or with its lower row if there is no upper one.  The row
   that is the image of row 0 round a periodic axis completes nothing. */
PetscInt HeatSumsCompletedBy(const HeatLevel *l, PetscInt j)
{
  const HeatBox  *own   = &l->s.own;
  const PetscBool image = (l->d.periodic[1] && l->d.n[1] % 2 && j == l->d.n[1]) ? PETSC_TRUE
                                                                                : PETSC_FALSE;
  const PetscBool alone = (j + 1 >= l->s.all.hi[1] || (l->d.periodic[1] && j + 1 == l->d.n[1]))
                              ? PETSC_TRUE
                              : PETSC_FALSE;
  const PetscInt  first = j % 2 ? j - 1 : j;

  if (first < own->lo[1] || first >= own->hi[1] || image) return -1;
  return j % 2 || alone ? first : -1;
}

/* Return whether half row k of the groups (0 and 1: even and odd columns of row j; 2 and 3: of row
   j + 1) is an image, at the last place or at the others. */
static PetscBool IsImage(const Groups *g, int k, PetscBool at_last)
{
  return ((g->upper_is_image && k >= 2) || (at_last && g->odd_is_image && k % 2)) ? PETSC_TRUE
                                                                                  : PETSC_FALSE;
}

/* Return the end of the places that are summed together: the last place is summed by itself if its
   odd cells are images. */
static PetscInt EndOfWhole(const Groups *g) { return g->end - (g->odd_is_image ? 1 : 0); }

PetscReal HeatSumsSquaresOfRows(const HeatMultigrid *mg, PetscInt j)
{
  const HeatLevel  *l   = &mg->levels[0];
  const Groups      g   = GroupsOf(l, j);
  const HeatQuantum q   = Rounding(mg, HEAT_SUM_SQUARES);
  PetscReal         sum = 0.0;

  for (int at_last = 0; at_last < (g.odd_is_image ? 2 : 1); at_last++) {
    const float *r[4];

    for (int k = 0; k < 4; k++)
      r[k] = IsImage(&g, k, (PetscBool)at_last)
                 ? mg->zeros
                 : l->b + HeatLevelShapeRow(&l->s, j + k / 2) + (k % 2 ? l->s.odd : 0);
    sum += at_last ? HeatSumSquares(g.end - 1, g.end, q, r)
                   : HeatSumSquares(g.begin, EndOfWhole(&g), q, r);
  }
  return sum;
}

PetscReal HeatSumsOwnSquares(const HeatMultigrid *mg)
{
  const HeatBox *own = &mg->levels[0].s.own;
  PetscReal      sum = 0.0;

  for (PetscInt j = own->lo[1] + own->lo[1] % 2; j < own->hi[1]; j += 2)
    sum += HeatSumsSquaresOfRows(mg, j);
  return sum;
}

/* Predict the sums of the next iteration from two successive values of ||r||^2. */
static void Predict(HeatSums *s, PetscReal total)
{
  const PetscReal last = s->squares;
  const PetscReal fall = last > 0.0 ? PetscMax(total / last, Steepest) : FirstFall;

  if (!(total > 0.0 && total <= PETSC_MAX_REAL)) return;
  if (last > 0.0) {
    s->expected[HEAT_SUM_RZ] *= fall;
    s->expected[HEAT_SUM_ZAZ] *= fall;
  } else {
    s->expected[HEAT_SUM_RZ] = s->expected[HEAT_SUM_ZAZ] = total;
  }
  s->expected[HEAT_SUM_SQUARES] = total * PetscMin(fall, 1.0);
  s->squares                    = total;
}

PetscErrorCode HeatSumsReduceSquares(HeatMultigrid *mg, PetscReal part, PetscReal *total)
{
  PetscFunctionBeginUser;
  for (;; part = HeatSumsOwnSquares(mg)) {
    PetscCallMPI(MPI_Allreduce(&part, total, 1, MPI_DOUBLE, MPI_SUM, mg->comm));
    if (TotalHolds(*total, &mg->sums.expected[HEAT_SUM_SQUARES])) break;
  }
  Predict(&mg->sums, *total);
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatSumsProductsOfRows(const HeatMultigrid *mg, PetscInt j, HeatProducts *parts)
{
  const HeatLevel  *l       = &mg->levels[0];
  const Groups      g       = GroupsOf(l, j);
  const HeatQuantum rz      = Rounding(mg, HEAT_SUM_RZ);
  const HeatQuantum zAz     = Rounding(mg, HEAT_SUM_ZAZ);
  const float      *zeros   = mg->zeros;
  const HeatHalfRow image   = {mg->zeros, zeros, zeros, zeros, zeros, zeros,
                               zeros,     zeros, zeros, zeros, zeros};
  PetscReal         sums[3] = {parts->rz, parts->magnitude, parts->zAz};

  for (int at_last = 0; at_last < (g.odd_is_image ? 2 : 1); at_last++) {
    HeatHalfRow r[4];

    for (int k = 0; k < 4; k++) {
      if (IsImage(&g, k, (PetscBool)at_last)) r[k] = image;
      else HeatLevelHalfRow(l, j + k / 2, k % 2, &r[k]);
    }
    if (at_last) HeatSumProducts(g.end - 1, g.end, rz, zAz, r, sums);
    else HeatSumProducts(g.begin, EndOfWhole(&g), rz, zAz, r, sums);
  }
  *parts = (HeatProducts){sums[0], sums[1], sums[2]};
}

/* Compute the terms of all products of all of this rank's groups. */
static void OwnProducts(const HeatMultigrid *mg, HeatProducts *parts)
{
  const HeatBox *own = &mg->levels[0].s.own;

  *parts = (HeatProducts){0};
  for (PetscInt j = own->lo[1] + own->lo[1] % 2; j < own->hi[1]; j += 2)
    HeatSumsProductsOfRows(mg, j, parts);
}

PetscErrorCode HeatSumsReduceProducts(HeatMultigrid *mg, HeatProducts *parts, HeatProducts *totals)
{
  PetscReal *expected_rz  = &mg->sums.expected[HEAT_SUM_RZ];
  PetscReal *expected_zAz = &mg->sums.expected[HEAT_SUM_ZAZ];

  PetscFunctionBeginUser;
  for (;; OwnProducts(mg, parts)) {
    PetscCallMPI(MPI_Allreduce(parts, totals, 3, MPI_DOUBLE, MPI_SUM, mg->comm));
    const PetscBool rz_holds  = TotalHolds(totals->magnitude, expected_rz);
    const PetscBool zAz_holds = TotalHolds(totals->zAz, expected_zAz);
    if (rz_holds && zAz_holds) break;
  }
  if (totals->magnitude > 0.0 && totals->magnitude <= PETSC_MAX_REAL)
    *expected_rz = totals->magnitude;
  if (totals->zAz > 0.0 && totals->zAz <= PETSC_MAX_REAL) *expected_zAz = totals->zAz;
  PetscFunctionReturn(PETSC_SUCCESS);
}
