/* The passes of preconditioned conjugate gradients, solver/README.md eq. (13), fused with the two
 * halves of a cycle on the finest level:
 *
 *     p = z + beta p
 *     x = x + alpha p          every second iteration, for two directions at once
 *     r = r - alpha A p        ||r||^2
 *     cycle, first half        coarse levels, second half:  z = M r        (r, z), (z, A z)
 *
 * The three sums are one reduction at the end of an iteration's cycle, unless ||r|| is needed
 * before it.
 *
 * Row by row, the first three lines and the half-sweeps of the first half are one pass through
 * memory; the half-sweeps of the second half and the sums are another.
 *
 * r is a pair of floats, of which the high half is the right-hand side b of the finest level.  z is
 * its u.  The only transfer of an iteration on the finest level brings z to the whole halo; p and r
 * are then computed in the halo too, as deep as they are needed, and need no transfer.
 *
 * p and z are in single precision.  x, alpha and the products of A and p are in double precision,
 * so that a step changes x and r consistently to 48 bits, whatever p is: r stays the residual of
 * x. */
#include "solver/multigrid/multigrid_impl.h"

#include <math.h>

#include "solver/base/denormals.h"
#include "solver/base/largest_and_norm.h"
#include "solver/multigrid/multigrid_sums_impl.h"

/* Return ||r|| in the units of b from ||r||^2 in the scale of the multigrid. */
static PetscReal NormOf(const HeatMultigrid *mg, PetscReal squares)
{
  return ldexp(sqrt(squares), -mg->scale_b);
}

PetscErrorCode HeatMultigridLoad(HeatMultigrid *mg, const PetscReal *b, PetscReal *norm)
{
  HeatLevel *l = &mg->levels[0];
  PetscReal  largest;

  PetscFunctionBeginUser;
  mg->pending = PETSC_FALSE;
  PetscCall(HeatLargestAndNorm(mg->comm, HeatGridLocalCells(HeatOperatorGrid(mg->op)), b, &largest,
                               norm));
  HeatMultigridSetScale(mg, largest);
  if (largest == 0.0 || !(largest <= PETSC_MAX_REAL)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatMultigridLoadScaled(mg, b));
  PetscCall(HeatTransferRun(l->halo, l->b, l->b));
  PetscCall(HeatTransferRun(l->halo, mg->r_low, mg->r_low));
  HeatSumsStart(mg, PetscSqr(ldexp(*norm, mg->scale_b)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The pass that updates p, x and r, row by row.  When the wave is at row j of r:
 *
 *     row j + 1      p  (j + 2, if rows j and j + 1 of r are updated together)
 *     row j          r = r - alpha A p, needs p in rows j - 1, j, j + 1;  terms of ||r||^2 */
typedef struct {
  HeatMultigrid             *mg;
  const HeatMultigridUpdate *update;
  PetscReal                  before, now;    /* x += before p + now (new p); now = 0: x stays */
  PetscReal                  squares;        /* this rank's terms of ||r||^2 so far */
  PetscInt                   end_p, end_r;   /* ends of the rows in which p and r are computed */
  PetscInt                   next_p, next_r; /* the next row of p and of r to compute */
} UpdatePass;

/* p = z + beta p in row j; before that, x += before p + now (z + beta p) if j is an own row. */
static void UpdateDirectionRow(UpdatePass *pass, PetscInt j)
{
  HeatMultigrid   *mg   = pass->mg;
  const HeatLevel *l    = &mg->levels[0];
  const HeatBox   *own  = &l->s.own;
  const float      beta = (float)pass->update->beta;
  const size_t     row  = HeatLevelShapeRow(&l->s, j);
  const PetscInt   n    = own->hi[0] - own->lo[0];

  if (pass->now != 0.0 && j >= own->lo[1] && j < own->hi[1]) {
    const size_t at = HeatLevelFirstPair(l, j);

    HeatUpdateSolution(n, (int)(own->lo[0] & 1),
                       (const float *const[2]){l->u + at, l->u + at + l->s.odd},
                       (const float *const[2]){mg->p + at, mg->p + at + l->s.odd}, beta,
                       pass->before, pass->now, pass->update->x + (j - own->lo[1]) * n);
  }
  for (int parity = 0; parity < 2; parity++) {
    const size_t half_row = row + (parity ? l->s.odd : 0);

    /* The first direction of a solve is z; p still holds a direction of an earlier solve. */
    if (beta == 0.0F) memcpy(mg->p + half_row, l->u + half_row, sizeof(float) * (size_t)l->s.half);
    else HeatDirection(l->s.half, beta, l->u + half_row, mg->p + half_row);
  }
}

/* Compute all rows of p up to `last` that are still to be computed. */
static void UpdateDirectionRows(UpdatePass *pass, PetscInt last)
{
  for (; pass->next_p <= last && pass->next_p < pass->end_p; pass->next_p++)
    UpdateDirectionRow(pass, pass->next_p);
}

static HeatConjugateRow ConjugateRow(const HeatMultigrid *mg, PetscInt j)
{
  const HeatLevel *l   = &mg->levels[0];
  const size_t     row = HeatLevelShapeRow(&l->s, j);
  HeatConjugateRow c;

  for (int k = 0; k < 2; k++) {
    const size_t half = k ? l->s.odd : 0;

    c.p[k]     = mg->p + row + half;
    c.ps[k]    = c.p[k] - l->s.row;
    c.pn[k]    = c.p[k] + l->s.row;
    c.r[k]     = l->b + row + half;
    c.r_low[k] = mg->r_low + row + half;
  }
  return c;
}

static void CoefficientsOfRow(const HeatMultigrid *mg, PetscInt j,
                              HeatPair pairs[HEAT_ROW_COEFFICIENTS])
{
  const HeatLevel *l = &mg->levels[0];

  for (int k = 0; k < 2; k++) {
    const size_t half = k ? l->s.odd : 0;

    pairs[HEAT_ROW_M + k]  = (HeatPair){HeatRowsAt(&l->m, l, j) + half,
                                        HeatRowsAt(&mg->m_low, l, j) + half};
    pairs[HEAT_ROW_GX + k] = (HeatPair){HeatRowsAt(&l->gx, l, j) + half,
                                        HeatRowsAt(&mg->gx_low, l, j) + half};
    pairs[HEAT_ROW_GS + k] = (HeatPair){HeatRowsAt(&l->gy, l, j) + half,
                                        HeatRowsAt(&mg->gy_low, l, j) + half};
    pairs[HEAT_ROW_GN + k] = (HeatPair){HeatRowsAt(&l->gy, l, j + 1) + half,
                                        HeatRowsAt(&mg->gy_low, l, j + 1) + half};
  }
}

/* Return whether rows j and j + 1 have the same coefficients, and all three rows of faces south of
   row j, between the rows and north of row j + 1 have the same conductances. */
static PetscBool EqualsNextRow(const HeatMultigrid *mg, PetscInt j)
{
  const HeatLevel *l       = &mg->levels[0];
  const HeatRows  *twice[] = {&l->m, &mg->m_low, &l->gx, &mg->gx_low},
                 *thrice[] = {&l->gy, &mg->gy_low};
  PetscBool alike          = PETSC_TRUE;

  for (int k = 0; k < 4; k++)
    if (HeatRowsAt(twice[k], l, j) != HeatRowsAt(twice[k], l, j + 1)) alike = PETSC_FALSE;
  for (int k = 0; k < 2; k++) {
    if (HeatRowsAt(thrice[k], l, j) != HeatRowsAt(thrice[k], l, j + 1)) alike = PETSC_FALSE;
    if (HeatRowsAt(thrice[k], l, j) != HeatRowsAt(thrice[k], l, j + 2)) alike = PETSC_FALSE;
  }
  return alike;
}

/* Return whether the coefficients `pairs` of the row to be updated are in mg->wide.  They are put
   there when a second row in turn has them, so that rows that all differ are not widened in
   vain. */
static PetscBool WidenIfRepeated(HeatMultigrid *mg, const HeatPair pairs[HEAT_ROW_COEFFICIENTS])
{
  HeatWideRow *w    = &mg->wide;
  const size_t size = sizeof w->held;

  if (!w->row[0]) return PETSC_FALSE;
  if (w->filled && memcmp(w->held, pairs, size) == 0) return PETSC_TRUE;
  const PetscBool again = memcmp(w->last, pairs, size) == 0 ? PETSC_TRUE : PETSC_FALSE;
  memcpy(w->last, pairs, size);
  if (!again) return PETSC_FALSE;
  for (int k = 0; k < HEAT_ROW_COEFFICIENTS; k++)
    HeatWiden(mg->levels[0].s.half + 1, pairs[k], w->row[k]);
  memcpy(w->held, pairs, size);
  w->filled = PETSC_TRUE;
  return PETSC_TRUE;
}

/* Update r in row j, where p is known in rows j - 1 to j + 1; also in row j + 1 if both rows are
   equal.  Return the number of rows. */
static PetscInt UpdateResidualRows(UpdatePass *pass, PetscInt j)
{
  HeatMultigrid         *mg    = pass->mg;
  const HeatLevel       *l     = &mg->levels[0];
  const PetscReal        alpha = pass->update->alpha;
  const HeatConjugateRow row   = ConjugateRow(mg, j);
  HeatPair               pairs[HEAT_ROW_COEFFICIENTS];

  CoefficientsOfRow(mg, j, pairs);
  if (!WidenIfRepeated(mg, pairs)) {
    HeatUpdateResidual(l->s.half, alpha, pairs, &row);
    return 1;
  }
  if (j + 1 < pass->end_r && EqualsNextRow(mg, j)) {
    const HeatConjugateRow next = ConjugateRow(mg, j + 1);

    UpdateDirectionRows(pass, j + 2);
    HeatUpdateResidualTwoRows(l->s.half, alpha, mg->wide.row, &row, &next);
    return 2;
  }
  HeatUpdateResidualWide(l->s.half, alpha, mg->wide.row, &row);
  return 1;
}

/* HeatRowAction of the pass down: compute p up to row j + 1, r in row j unless it is already known,
   and the terms of ||r||^2 of the groups that are now complete. */
static PetscErrorCode UpdateRowAndSums(PetscInt j, void *context)
{
  UpdatePass      *pass = context;
  HeatMultigrid   *mg   = pass->mg;
  const HeatLevel *l    = &mg->levels[0];

  PetscFunctionBeginUser;
  if (j >= pass->next_r) {
    UpdateDirectionRows(pass, j + 1);
    pass->next_r = j + UpdateResidualRows(pass, j);
  }
  if (HeatSumsCompletedBy(l, j) >= 0)
    pass->squares += HeatSumsSquaresOfRows(mg, HeatSumsCompletedBy(l, j));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Update p, x and r, with or without the first half of a cycle; reduce ||r||, or postpone that
   where norm is NULL.  Collective. */
static PetscErrorCode RunUpdate(HeatMultigrid *mg, const HeatMultigridUpdate *update,
                                PetscReal *norm)
{
  HeatLevel      *l = &mg->levels[0], *coarse = l->coarsest ? NULL : l + 1;
  const PetscReal scale = ldexp(1.0, mg->scale_A - mg->scale_b);
  UpdatePass      pass  = {.mg = mg, .update = update};
  PetscReal       squares;
  PetscInt        lo;

  PetscFunctionBeginUser;
  if (mg->pending) {
    pass.before = scale * mg->alpha;
    pass.now    = scale * update->alpha;
  }
  mg->alpha   = update->alpha;
  mg->pending = mg->pending ? PETSC_FALSE : PETSC_TRUE;
  PetscCall(HeatTransferRun(l->halo, l->u, l->u));
  HeatLevelRows(l, HEAT_HALO, &pass.next_p, &pass.end_p);
  HeatLevelRows(l, HEAT_DOWN_DEPTH, &pass.next_r, &pass.end_r);
  lo = pass.next_r;
  if (update->cycle) {
    PetscCall(HeatLevelDown(l, coarse, PETSC_TRUE, UpdateRowAndSums, &pass));
  } else {
    for (PetscInt j = lo; j < pass.end_r; j++) PetscCall(UpdateRowAndSums(j, &pass));
  }
  if (norm) {
    PetscCall(HeatSumsReduceSquares(mg, pass.squares, &squares));
    *norm = NormOf(mg, squares);
  } else HeatSumsPostponeSquares(mg, pass.squares);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMultigridDown(HeatMultigrid *mg, const HeatMultigridUpdate *update,
                                 PetscReal *norm)
{
  HeatLevel     *l = &mg->levels[0], *coarse = l->coarsest ? NULL : l + 1;
  const unsigned denormals = HeatFlushDenormals();

  PetscFunctionBeginUser;
  if (update) PetscCall(RunUpdate(mg, update, norm));
  else PetscCall(HeatLevelDown(l, coarse, PETSC_TRUE, NULL, NULL));
  HeatRestoreDenormals(denormals);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The pass that sums the products of r and z, row by row. */
typedef struct {
  HeatMultigrid *mg;
  HeatProducts   parts; /* this rank's terms so far */
} ProductPass;

/* HeatRowAction of the pass up: add the terms of the groups that are complete with row j. */
static PetscErrorCode AddProducts(PetscInt j, void *context)
{
  ProductPass     *pass = context;
  const HeatLevel *l    = &pass->mg->levels[0];

  PetscFunctionBeginUser;
  if (HeatSumsCompletedBy(l, j) >= 0)
    HeatSumsProductsOfRows(pass->mg, HeatSumsCompletedBy(l, j), &pass->parts);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMultigridUp(HeatMultigrid *mg, PetscReal *norm, PetscReal *rz, PetscReal *zAz)
{
  HeatLevel     *l = &mg->levels[0], *coarse = l->coarsest ? NULL : l + 1;
  const unsigned denormals = HeatFlushDenormals();
  ProductPass    pass      = {.mg = mg};
  HeatProducts   totals;
  PetscReal      squares = 0.0;

  PetscFunctionBeginUser;
  PetscAssert(!norm == !mg->sums.postponed, mg->comm, PETSC_ERR_ARG_WRONGSTATE,
              "Up returns ||r|| if and only if Down has postponed it");
  PetscCall(HeatMultigridCycleCoarse(mg));
  PetscCall(HeatLevelUp(l, coarse, AddProducts, &pass));
  HeatRestoreDenormals(denormals);
  PetscCall(HeatSumsReduceProducts(mg, &pass.parts, &totals, &squares));
  if (norm) *norm = NormOf(mg, squares);
  *rz  = totals.rz;
  *zAz = totals.zAz;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMultigridFinish(HeatMultigrid *mg, PetscReal *x)
{
  const HeatLevel *l      = &mg->levels[0];
  const PetscInt   n      = l->s.own.hi[0] - l->s.own.lo[0];
  const PetscReal  factor = ldexp(mg->alpha, mg->scale_A - mg->scale_b);

  PetscFunctionBeginUser;
  if (!mg->pending) PetscFunctionReturn(PETSC_SUCCESS);
  mg->pending = PETSC_FALSE;
  for (PetscInt j = l->s.own.lo[1]; j < l->s.own.hi[1]; j++, x += n) {
    const size_t       at   = HeatLevelFirstPair(l, j);
    const float *const p[2] = {mg->p + at, mg->p + at + l->s.odd};

    HeatUpdateSolution(n, (int)(l->s.own.lo[0] & 1), p, p, 0.0F, factor, 0.0, x);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
