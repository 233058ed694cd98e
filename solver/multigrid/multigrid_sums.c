/* Sums of conjugate gradients over the finest level.
 *
 * A term t is rounded to a multiple of a quantum q by (t + big) - big with big = 1.5 2^52 q.  Sums
 * of rounded terms are exact, hence independent of their order, as long as all partial sums stay
 * below 2^53 q; and they are accurate as long as the total is many quanta.  Totals fall by orders
 * of magnitude during a solve, so the quantum of each sum follows a prediction of its total:
 * ||r||^2 is expected to fall by the factor by which it fell last, and the products by the factor
 * of the ||r||^2 of the same iteration.  A wrong prediction costs a second pass over the cells, not
 * accuracy.  Where ||r||^2 is reduced together with the products of the same iteration, its fall is
 * not known before them: the products are then expected to fall as ||r||^2 did last.
 *
 * Source: J. Demmel, H. D. Nguyen, Fast reproducible floating-point summation, ARITH 21 (2013). */
#include "solver/multigrid/multigrid_sums_impl.h"

#include <math.h>

/* Largest total, in quanta.  Derived: above it a partial sum could reach 2^53 and lose bits. */
static const PetscReal Most = 0x1p52;

/* Predicted factor of ||r||^2 in the first iteration.  Measured: on fields without jumps six
   iterations reduce the norm by 1e8, so each by about 2^4.  Factors below Steepest are not
   extrapolated: a cycle in single precision reduces the norm by no more than about 2^20, so that
   such a fall ends the solve. */
static const PetscReal FirstFall = 0x1p-8, Steepest = 0x1p-40;

/* Factors that correct a wrong prediction, chosen.  A total above Most is known to be too large,
   but not by how much: the prediction grows by 2^20, repeatedly.  A total of zero means that every
   term was below half a quantum: the prediction falls by 2^40.  A prediction of Zero, the least,
   near the lower end of double's range, means that the total is zero. */
static const PetscReal TooLow = 0x1p20, TooHigh = 0x1p-40, Zero = 0x1p-900;

/* Return the smallest total that is accurate enough, in quanta.  The rounding of a term is half a
   quantum, so that with 2^15 quanta for each of the 2 x 2 groups the total's relative error is
   2^-16 in the worst case, and 2^-16 over the square root of the number of groups if the rounding
   is random: 3e-8 for 10^6 cells.  Chosen: more quanta for each group leave a narrower range of
   totals that hold, so that more sums are computed twice.  It is between 2^30, since the rounding
   of a few terms is not random, and 2^40, so that the range keeps a factor of 2^12. */
static PetscReal Fewest(const HeatMultigrid *mg)
{
  const PetscInt *n      = mg->levels[0].d.n;
  const PetscReal groups = (PetscReal)((n[0] + 1) / 2) * (PetscReal)((n[1] + 1) / 2);

  return PetscClipInterval(0x1p15 * groups, 0x1p30, 0x1p40);
}

/* Return the quantum for a predicted total: a power of two such that the prediction is about in the
   middle, on a logarithmic scale, of the totals that hold.  Predictions below Zero, also 0, have
   the quantum of Zero: 0 has no exponent. */
static PetscReal Quantum(const HeatMultigrid *mg, PetscReal expected)
{
  return ldexp(1.0, ilogb(PetscMax(expected, Zero)) - (ilogb(Fewest(mg)) + ilogb(Most)) / 2);
}

static HeatQuantum Rounding(const HeatMultigrid *mg, HeatSum sum)
{
  return (HeatQuantum){1.5 * 0x1p52 * Quantum(mg, mg->sums.expected[sum])};
}

/* Return whether a total is exact and accurate enough; if not, correct the prediction. */
static PetscBool TotalHolds(const HeatMultigrid *mg, PetscReal total, PetscReal *expected)
{
  const PetscReal quanta = total / Quantum(mg, *expected);

  if (!(total <= PETSC_MAX_REAL)) return PETSC_TRUE; /* not finite: another quantum cannot help */
  if (quanta > Most) *expected *= TooLow;
  else if (quanta >= Fewest(mg)) return PETSC_TRUE;
  else *expected = PetscMax(total > 0.0 ? total : *expected * TooHigh, Zero);
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

static PetscBool IsPositive(PetscReal total)
{
  return total > 0.0 && total <= PETSC_MAX_REAL ? PETSC_TRUE : PETSC_FALSE;
}

/* Predict the next ||r||^2 from the last two. */
static void PredictSquares(HeatSums *s, PetscReal total)
{
  if (!IsPositive(total)) return;
  s->fall = s->squares > 0.0 ? PetscMax(total / s->squares, Steepest) : FirstFall;
  s->expected[HEAT_SUM_SQUARES] = total * PetscMin(s->fall, 1.0);
  s->squares                    = total;
}

/* Predict the products of the next cycle. */
static void PredictProducts(HeatSums *s)
{
  s->expected[HEAT_SUM_RZ] *= s->fall;
  s->expected[HEAT_SUM_ZAZ] *= s->fall;
}

PetscErrorCode HeatSumsReduceSquares(HeatMultigrid *mg, PetscReal part, PetscReal *total)
{
  PetscFunctionBeginUser;
  for (;; part = HeatSumsOwnSquares(mg)) {
    PetscCallMPI(MPI_Allreduce(&part, total, 1, MPI_DOUBLE, MPI_SUM, mg->comm));
    if (TotalHolds(mg, *total, &mg->sums.expected[HEAT_SUM_SQUARES])) break;
  }
  PredictSquares(&mg->sums, *total);
  if (IsPositive(*total)) PredictProducts(&mg->sums);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* z is about A^-1 r, so that both products lie between ||r||^2 divided by the largest and ||r||^2
   divided by the smallest eigenvalue of A.  The largest eigenvalue, as scaled, is about 1.  The
   prediction is 1/4 of the upper end, measured: most right-hand sides are smooth, and the first
   products were 2^-3 to 1 times the upper end with backward Euler and bdf2, and 2^-8 times with
   crank-nicolson, whose errors oscillate. */
void HeatSumsStart(HeatMultigrid *mg, PetscReal squares)
{
  const PetscReal smooth = 0.25;

  mg->sums = (HeatSums){0};
  PredictSquares(&mg->sums, squares);
  mg->sums.expected[HEAT_SUM_RZ] = mg->sums.expected[HEAT_SUM_ZAZ] =
      squares * PetscMax(smooth / mg->least_eigenvalue, 1.0);
}

void HeatSumsPostponeSquares(HeatMultigrid *mg, PetscReal part)
{
  mg->sums.postponed = PETSC_TRUE;
  mg->sums.part      = part;
  PredictProducts(&mg->sums);
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

/* Sums that hold keep their quantum, hence their bits, when the others are computed again. */
PetscErrorCode HeatSumsReduceProducts(HeatMultigrid *mg, HeatProducts *parts, HeatProducts *totals,
                                      PetscReal *squares)
{
  HeatSums       *s            = &mg->sums;
  PetscReal      *expected_rz  = &s->expected[HEAT_SUM_RZ];
  PetscReal      *expected_zAz = &s->expected[HEAT_SUM_ZAZ];
  const PetscBool postponed    = s->postponed;

  PetscFunctionBeginUser;
  for (;;) {
    PetscReal sums[4] = {parts->rz, parts->magnitude, parts->zAz, s->part};

    PetscCallMPI(
        MPI_Allreduce(MPI_IN_PLACE, sums, postponed ? 4 : 3, MPI_DOUBLE, MPI_SUM, mg->comm));
    *totals                       = (HeatProducts){sums[0], sums[1], sums[2]};
    const PetscBool rz_holds      = TotalHolds(mg, totals->magnitude, expected_rz);
    const PetscBool zAz_holds     = TotalHolds(mg, totals->zAz, expected_zAz);
    const PetscBool squares_holds = !postponed ||
                                    TotalHolds(mg, sums[3], &s->expected[HEAT_SUM_SQUARES]);
    if (postponed) *squares = sums[3];
    if (rz_holds && zAz_holds && squares_holds) break;
    if (!rz_holds || !zAz_holds) OwnProducts(mg, parts);
    if (!squares_holds) s->part = HeatSumsOwnSquares(mg);
  }
  if (IsPositive(totals->magnitude)) *expected_rz = totals->magnitude;
  if (IsPositive(totals->zAz)) *expected_zAz = totals->zAz;
  if (postponed) PredictSquares(s, *squares);
  s->postponed = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}
