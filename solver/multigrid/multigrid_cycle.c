/* The cycle: smoothing, restriction, correction.
 *
 * Smoothing is red-black Gauss-Seidel (cell (i, j) is red if i + j is even, else black), two sweeps
 * before the coarse correction and two after it:
 *
 *     u = 0;  half-sweeps red, black, red, black          u_i = (b_i + sum g u_n)/(m_i + sum g)
 *     B_I = sum over the cells i of I of (b - A u)_i      restriction
 *     u_i = u_i + U_I                                     correction by the coarse level's cycle
 *     half-sweeps black, red, black, red
 *
 * Restriction and correction use piecewise constants and are each other's transpose, and the
 * half-sweeps after the correction are those before it in opposite order: the cycle is a symmetric
 * matrix.  After a black half-sweep the residual of black cells is zero, so that restriction sums
 * red cells only; and since black cells are relaxed first after the correction, from their
 * neighbours alone, only red cells are corrected.
 *
 * All steps go through the rows together, as a wave, so that a row is in a cache from its first
 * half-sweep to its last.  When the wave is at row t, in the pass down:
 *
 *     row        step                     cells in columns of the parity of t
 *     t          action, diagonal           (action: p, x, r of conjugate gradients)
 *     t          half-sweep 1, red          *   *   *   *   *
 *     t - 1      half-sweep 2, black        *   *   *   *   *
 *     t - 2      half-sweep 3, red          *   *   *   *   *
 *     t - 3      half-sweep 4, black        *   *   *   *   *
 *     t - 4      restriction, red           *   *   *   *   *
 *
 * so that each half-sweep finds its four neighbours as the half-sweep before it has left them.  In
 * the pass up the steps are: correction and diagonal of row t, half-sweeps 1 to 4 in rows t - 1 to
 * t - 4, action of row t - 4 (terms of sums).  All half-sweeps touch columns of one parity, and are
 * one loop (HeatRelaxWave).
 *
 * No half-sweep waits for a message: halos are deep, and what neighbours compute there is computed
 * again, each half-sweep one cell less deep (multigrid_impl.h).  That requires every cell to have
 * the colour of its image in a halo.  Round a periodic axis with an odd number of cells it has not:
 * there half-sweeps go one by one, each after a transfer, and cells of one colour that are
 * neighbours are updated at once, from their values before the half-sweep (`stepwise`).
 *
 * Source: P. Wesseling, An Introduction to Multigrid Methods, 1992, sec. 3.5 and ch. 5;
 * M. Khalil, P. Wesseling, J. Comput. Phys. 98 (1992) 1 (cell-centred, piecewise constants). */
#include "solver/multigrid/multigrid_interpolation_impl.h"

#include <math.h>

#include "solver/base/denormals.h"
#include "solver/base/largest_and_norm.h"

void HeatLevelHalfRow(const HeatLevel *l, PetscInt j, int parity, HeatHalfRow *r)
{
  const size_t row = HeatLevelShapeRow(&l->s, j), odd = l->s.odd, mine = parity ? odd : 0;
  const float *gx = HeatRowsAt(&l->gx, l, j);

  r->u        = l->u + row + mine;
  r->us       = r->u - l->s.row;
  r->un       = r->u + l->s.row;
  r->uw       = l->u + row + (parity ? 0 : odd - 1);
  r->gw       = gx + mine;
  r->ge       = gx + (parity ? 1 : odd);
  r->gs       = HeatRowsAt(&l->gy, l, j) + mine;
  r->gn       = HeatRowsAt(&l->gy, l, j + 1) + mine;
  r->m        = HeatRowsAt(&l->m, l, j) + mine;
  r->b        = l->b + row + mine;
  r->diagonal = NULL;
}

/* Return the parity of the columns whose cells in row j have a colour, 0 red or 1 black. */
static int Parity(PetscInt j, int colour) { return (int)((j + colour) & 1); }

/* Diagonals. */

/* Forget all diagonals, when a pass begins: coefficients may have changed since the last pass. */
static void ForgetDiagonals(HeatLevel *l)
{
  l->diagonals.coefficients = (HeatHalfRow){0};
  l->diagonals.latest       = 0;
}

static const float **DiagonalAt(HeatLevel *l, PetscInt j)
{
  return &l->diagonals.row[j & (HEAT_DIAGONALS - 1)];
}

/* Provide the diagonal of row j, the next row: the diagonal of the row before it if both have the
   same coefficients, else a new one. */
static void ProvideDiagonal(HeatLevel *l, PetscInt j)
{
  HeatDiagonals *d = &l->diagonals;
  HeatHalfRow    r;

  HeatLevelHalfRow(l, j, 0, &r);
  if (r.gw != d->coefficients.gw || r.gs != d->coefficients.gs || r.gn != d->coefficients.gn ||
      r.m != d->coefficients.m) {
    d->coefficients = r;
    d->latest       = (d->latest + 1) % HEAT_DIAGONALS;
    HeatDiagonal(l->s.half, &r, d->slot[d->latest]);
    HeatLevelHalfRow(l, j, 1, &r);
    HeatDiagonal(l->s.half, &r, d->slot[d->latest] + l->s.odd);
  }
  *DiagonalAt(l, j) = d->slot[d->latest];
}

/* Half-sweeps. */

/* Describe the half row of row j that holds the cells of a colour, with its diagonal. */
static void HalfRowToRelax(HeatLevel *l, PetscInt j, int colour, HeatHalfRow *r)
{
  const int parity = Parity(j, colour);

  HeatLevelHalfRow(l, j, parity, r);
  r->diagonal = *DiagonalAt(l, j) + (parity ? l->s.odd : 0);
}

enum {
  /* Rows from the wave to the row that is prefetched.  Chosen; with six, prefetching shortened
     solves by 8 % at 2000^2 and by 15 % at 1000^2 (measured).  Larger: rows may leave the level-2
     cache before they are used.  Smaller: they may not have arrived. */
  AHEAD = 6,

  /* Floats of an array up to which nothing is prefetched, 1 MB: the level-2 cache of the processor
     of solver/MEASURED.md.  Arrays up to that size are likely to be in a cache anyway. */
  CACHED = 1 << 18
};

/* The half-sweeps of a wave. */
typedef struct {
  PetscInt     depth;     /* half-sweep 1 is valid that many cells around the own cells, and each
                             further one a cell less */
  int          colour;    /* of half-sweep 1; colours alternate */
  PetscBool    from_zero; /* u is zero before half-sweep 1 */
  const float *prefetched[4]; /* what the pass reads besides coefficients; NULL: nothing */
} Wave;

/* List the half rows AHEAD of row t.  Half-sweeps work in the cache, while the steps before and
   after them wait for memory: prefetching lets memory work during the half-sweeps. */
static void FindRowsToPrefetch(const HeatLevel *l, PetscInt t, const Wave *w,
                               HeatPrefetch *prefetch)
{
  prefetch->n = 0;
  if (l->s.size <= CACHED || t + AHEAD >= l->s.all.hi[1]) return;
  const size_t row = HeatLevelShapeRow(&l->s, t + AHEAD);

  for (int k = 0; k < 4; k++) {
    if (!w->prefetched[k]) continue;
    prefetch->row[prefetch->n++] = w->prefetched[k] + row;
    prefetch->row[prefetch->n++] = w->prefetched[k] + row + l->s.odd;
  }
}

/* Do half-sweep 1 at row t, 2 at row t - 1, 3 at row t - 2 and 4 at row t - 3, as far as they are
   valid there. */
static void RelaxWaveAt(HeatLevel *l, PetscInt t, const Wave *w)
{
  HeatHalfRow  r[HEAT_HALF_SWEEPS];
  HeatPrefetch prefetch;
  PetscBool    valid[HEAT_HALF_SWEEPS], all = PETSC_TRUE;

  for (int k = 0; k < HEAT_HALF_SWEEPS; k++) {
    PetscInt lo, hi;

    HeatLevelRows(l, w->depth - k, &lo, &hi);
    valid[k] = t - k >= lo && t - k < hi ? PETSC_TRUE : PETSC_FALSE;
    if (valid[k]) HalfRowToRelax(l, t - k, (w->colour + k) & 1, &r[k]);
    else all = PETSC_FALSE;
  }
  if (all) FindRowsToPrefetch(l, t, w, &prefetch);
  if (all && w->from_zero) HeatRelaxWaveFromZero(l->s.half, r, &prefetch);
  else if (all) HeatRelaxWave(l->s.half, r, &prefetch);
  for (int k = 0; !all && k < HEAT_HALF_SWEEPS; k++) {
    if (valid[k] && k == 0 && w->from_zero) HeatRelaxFromZero(l->s.half, &r[k]);
    else if (valid[k]) HeatRelax(l->s.half, &r[k]);
  }
}

/* Restriction. */

/* Return the fine rows [begin, end) of which this rank's coarse cells consist. */
static void FineRowsOf(const HeatLevel *l, const HeatLevel *coarse, PetscInt *begin, PetscInt *end)
{
  const PetscInt by = l->joins[1] ? 2 : 1;

  if (l->interpolates) {
    HeatInterpolationRows(l, coarse, begin, end);
    return;
  }
  *begin = coarse->landing_s.own.lo[1] * by;
  *end   = PetscMin(coarse->landing_s.own.hi[1] * by, l->d.n[1]);
  if (HeatBoxIsEmpty(&coarse->landing_s.own)) *end = *begin;
}

/* Add the residual of row j, in columns of one parity, to a line. */
static void AddResidual(const HeatLevel *l, PetscInt j, int parity, float *line)
{
  HeatHalfRow r;
  PetscInt    begin, end;

  HeatLevelHalfRow(l, j, parity, &r);
  /* Round a periodic axis with an odd number of columns, the last coarse cell has one column only.
     The image of column 0 stands beside this column in storage, and must not be added to it. */
  HeatLevelShapePlaces(&l->s, l->s.own.lo[0], l->d.n[0], parity, &begin, &end);
  HeatResidualAdd(l->stepwise ? PetscMin(end, l->s.half) : l->s.half, &r, line);
}

/* Store coarse row cj from the lines, on own coarse cells and perhaps one more at each end.

       columns joined        line 0 holds the sums over pairs of columns, which are the coarse cells
                             in order: split it into even and odd coarse columns
       columns not joined    lines 0 and 1 hold the even and the odd columns: copy them
*/
PetscErrorCode HeatLevelStoreCoarse(const HeatLevel *l, const HeatLevel *coarse, PetscInt cj,
                                    float *const line[2])
{
  const HeatLevelShape *c    = &coarse->landing_s;
  float                *even = coarse->landing_b + HeatLevelShapeRow(c, cj), *odd = even + c->odd;
  const PetscInt        begin = (c->own.lo[0] - c->origin) >> 1;
  const PetscInt        n     = ((c->own.hi[0] - 1 - c->origin) >> 1) + 1 - begin;
  const PetscInt        first = c->origin + 2 * begin; /* the even column there */

  PetscFunctionBeginUser;
  if (l->joins[0]) {
    HeatSplit(n, line[0] + first - l->s.origin / 2, even + begin, odd + begin);
  } else {
    PetscCall(PetscArraycpy(even + begin, line[0] + (first - l->s.origin) / 2, n));
    PetscCall(PetscArraycpy(odd + begin, line[1] + (first - l->s.origin) / 2, n));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add the residual of row j to the lines; after the last fine row of a coarse row, store that
   row. */
static PetscErrorCode RestrictRow(HeatLevel *l, HeatLevel *coarse, PetscInt j)
{
  const PetscBool starts = (!l->joins[1] || j % 2 == 0) ? PETSC_TRUE : PETSC_FALSE;
  const PetscBool ends   = (!l->joins[1] || j % 2 || j == l->d.n[1] - 1) ? PETSC_TRUE : PETSC_FALSE;

  PetscFunctionBeginUser;
  if (l->interpolates) {
    PetscCall(HeatInterpolationRestrictRow(l, coarse, j));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  for (int k = 0; starts && k < (l->joins[0] ? 1 : 2); k++)
    PetscCall(PetscArrayzero(l->line[k], l->s.half));
  for (int colour = 0; colour < (l->stepwise ? 2 : 1); colour++) {
    const int parity = Parity(j, colour);

    AddResidual(l, j, parity, l->line[l->joins[0] ? 0 : parity]);
  }
  if (ends) PetscCall(HeatLevelStoreCoarse(l, coarse, l->joins[1] ? j / 2 : j, l->line));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The pass down. */

/* Do the half-sweeps one by one, each after a transfer of u.  Collective. */
static PetscErrorCode SmoothStepwise(HeatLevel *l, int colour)
{
  PetscFunctionBeginUser;
  for (int k = 0; k < HEAT_HALF_SWEEPS; k++) {
    PetscCall(HeatTransferRun(l->halo, l->u, l->u));
    ForgetDiagonals(l);
    for (PetscInt j = l->s.own.lo[1]; j < l->s.own.hi[1]; j++) {
      HeatHalfRow r;

      ProvideDiagonal(l, j);
      HalfRowToRelax(l, j, (k + colour) & 1, &r);
      HeatRelax(l->s.half, &r);
    }
  }
  PetscCall(HeatTransferRun(l->halo, l->u, l->u));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode DownStepwise(HeatLevel *l, HeatLevel *coarse, PetscBool from_zero)
{
  PetscInt begin, end;

  PetscFunctionBeginUser;
  if (from_zero) PetscCall(PetscArrayzero(l->u, l->s.size));
  PetscCall(SmoothStepwise(l, 0));
  if (!coarse) PetscFunctionReturn(PETSC_SUCCESS);
  FineRowsOf(l, coarse, &begin, &end);
  for (PetscInt j = begin; j < end; j++) PetscCall(RestrictRow(l, coarse, j));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLevelDown(HeatLevel *l, HeatLevel *coarse, PetscBool from_zero,
                             HeatRowAction prepare, void *context)
{
  const Wave wave = {HEAT_DOWN_DEPTH,
                     0,
                     from_zero,
                     {l->b, prepare || !from_zero ? l->u : NULL, prepare ? l->prefetched[0] : NULL,
                      prepare ? l->prefetched[1] : NULL}};
  PetscInt   lo, hi, begin = 0, end = 0;

  PetscFunctionBeginUser;
  HeatLevelRows(l, HEAT_DOWN_DEPTH, &lo, &hi);
  if (l->stepwise) {
    for (PetscInt t = lo; prepare && t < hi; t++) PetscCall(prepare(t, context));
    PetscCall(DownStepwise(l, coarse, from_zero));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (coarse) FineRowsOf(l, coarse, &begin, &end);
  ForgetDiagonals(l);
  if (l->interpolates) PetscCall(HeatInterpolationForget(l));
  for (PetscInt t = lo; t < hi + HEAT_HALF_SWEEPS; t++) {
    if (prepare && t < hi) PetscCall(prepare(t, context));
    if (t < hi) ProvideDiagonal(l, t);
    RelaxWaveAt(l, t, &wave);
    const PetscInt j = t - HEAT_HALF_SWEEPS;
    if (j >= begin && j < end) PetscCall(RestrictRow(l, coarse, j));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Correction and the pass up. */

/* Interleave coarse row cj on line 0: the value of coarse column k is then at the place of the pair
   of fine columns that it joins.  For joined columns only. */
static void InterleaveCoarseRow(HeatLevel *l, const HeatLevel *coarse, PetscInt cj)
{
  const HeatLevelShape *c    = &coarse->landing_s;
  const float          *even = coarse->landing_u + HeatLevelShapeRow(c, cj), *odd = even + c->odd;
  const PetscInt        offset = c->origin - l->s.origin / 2;
  PetscInt              begin, end;

  HeatLevelPlacesWithinLine(l, c, offset, 2, &begin, &end);
  HeatInterleave(end - begin, even + begin, odd + begin, l->line[0] + offset + 2 * begin);
}

/* Add coarse u to fine u in row j, in columns of one parity. */
static void CorrectHalfRow(HeatLevel *l, const HeatLevel *coarse, PetscInt j, int parity)
{
  const HeatLevelShape *c = &coarse->landing_s;
  float                *u = l->u + HeatLevelShapeRow(&l->s, j) + (parity ? l->s.odd : 0);
  PetscInt              offset, begin, end;

  if (l->joins[0]) {
    offset = c->origin - l->s.origin / 2;
    HeatLevelPlacesWithinLine(l, c, offset, 2, &begin, &end);
    HeatAdd(2 * (end - begin), l->line[0] + offset + 2 * begin, u + offset + 2 * begin);
  } else {
    const PetscInt cj = l->joins[1] ? j >> 1 : j;

    offset = (c->origin - l->s.origin) / 2;
    HeatLevelPlacesWithinLine(l, c, offset, 1, &begin, &end);
    HeatAdd(end - begin,
            coarse->landing_u + HeatLevelShapeRow(c, cj) + (parity ? c->odd : 0) + begin,
            u + offset + begin);
  }
}

/* Correct row j; called for rows in order, from `first` on.  Only red cells are corrected, see
   above, unless the level is stepwise. */
static void CorrectRow(HeatLevel *l, const HeatLevel *coarse, PetscInt j, PetscInt first)
{
  const int by = l->joins[1] ? 2 : 1;

  if (l->interpolates) {
    HeatInterpolationCorrectRow(l, coarse, j);
    return;
  }
  if (l->joins[0] && (j == first || j % by == 0))
    InterleaveCoarseRow(l, coarse, l->joins[1] ? j >> 1 : j);
  for (int colour = 0; colour < (l->stepwise ? 2 : 1); colour++)
    CorrectHalfRow(l, coarse, j, Parity(j, colour));
}

static PetscErrorCode UpStepwise(HeatLevel *l, const HeatLevel *coarse)
{
  PetscFunctionBeginUser;
  for (PetscInt j = l->s.own.lo[1]; coarse && j < l->s.own.hi[1]; j++)
    CorrectRow(l, coarse, j, l->s.own.lo[1]);
  PetscCall(SmoothStepwise(l, 1));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLevelUp(HeatLevel *l, const HeatLevel *coarse, HeatRowAction finish,
                           void *context)
{
  const Wave wave = {HEAT_UP_DEPTH - 1, 1, PETSC_FALSE, {l->u, l->b}};
  PetscInt   lo, hi, last_lo, last_hi;

  PetscFunctionBeginUser;
  HeatLevelRows(l, 1, &last_lo, &last_hi);
  if (l->stepwise) {
    PetscCall(UpStepwise(l, coarse));
    for (PetscInt j = last_lo; finish && j < last_hi; j++) PetscCall(finish(j, context));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  HeatLevelRows(l, HEAT_UP_DEPTH, &lo, &hi);
  ForgetDiagonals(l);
  if (l->interpolates) PetscCall(HeatInterpolationForget(l));
  for (PetscInt t = lo; t < hi + HEAT_HALF_SWEEPS; t++) {
    if (coarse && t < hi) CorrectRow(l, coarse, t, lo);
    if (t < hi) ProvideDiagonal(l, t);
    RelaxWaveAt(l, t - 1, &wave);
    const PetscInt j = t - HEAT_HALF_SWEEPS;
    if (finish && j >= last_lo && j < last_hi) PetscCall(finish(j, context));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Do one cycle of the levels from `first` on, which is not the finest. */
static PetscErrorCode CycleFrom(HeatMultigrid *mg, PetscInt first)
{
  HeatLevel *l      = &mg->levels[first];
  HeatLevel *coarse = l->coarsest ? NULL : l + 1;

  PetscFunctionBeginUser;
  PetscCall(HeatTransferRun(l->gather, l->landing_b, l->b));
  for (int visit = 0; visit < (coarse ? mg->visits : 1); visit++) {
    if (visit) PetscCall(HeatTransferRun(l->halo, l->u, l->u));
    PetscCall(HeatLevelDown(l, coarse, visit == 0 ? PETSC_TRUE : PETSC_FALSE, NULL, NULL));
    if (coarse) PetscCall(CycleFrom(mg, first + 1));
    PetscCall(HeatLevelUp(l, coarse, NULL, NULL));
  }
  PetscCall(HeatTransferRun(l->scatter, l->u, l->landing_u));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMultigridCycleCoarse(HeatMultigrid *mg)
{
  PetscFunctionBeginUser;
  if (mg->levels[0].coarsest) PetscFunctionReturn(PETSC_SUCCESS);
  HeatTrafficSetCoarse(1);
  PetscCall(CycleFrom(mg, 1));
  HeatTrafficSetCoarse(0);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* One cycle as a preconditioner. */

PetscErrorCode HeatMultigridLoadScaled(HeatMultigrid *mg, const PetscReal *b)
{
  HeatLevel      *l     = &mg->levels[0];
  const PetscInt  n     = l->s.own.hi[0] - l->s.own.lo[0];
  const PetscReal scale = ldexp(1.0, mg->scale_b);

  PetscFunctionBeginUser;
  for (PetscInt j = l->s.own.lo[1]; j < l->s.own.hi[1]; j++, b += n) {
    const size_t at = HeatLevelFirstPair(l, j);

    HeatLoadRow(n, (int)(l->s.own.lo[0] & 1), scale, b,
                (float *const[2]){l->b + at, l->b + at + l->s.odd},
                (float *const[2]){mg->r_low + at, mg->r_low + at + l->s.odd});
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The largest |b| becomes about 2^20, chosen: its square, 2^40, and the squares of what many
   iterations leave of it, are then within single precision's range, 2^-126 to 2^128.  The exponent
   is at most 1000, which keeps 2^scale_b below the largest double, 2^1024, for any b. */
void HeatMultigridSetScale(HeatMultigrid *mg, PetscReal largest)
{
  mg->scale_b = (largest > 0.0 && largest <= PETSC_MAX_REAL) ? PetscMin(20 - ilogb(largest), 1000)
                                                             : 0;
}

/* Set the scale for b.  Collective. */
static PetscErrorCode ChooseScale(HeatMultigrid *mg, const PetscReal *b)
{
  PetscReal max = HeatLargestMagnitude(HeatGridLocalCells(HeatOperatorGrid(mg->op)), b);

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &max, 1, MPI_DOUBLE, MPI_MAX, mg->comm));
  HeatMultigridSetScale(mg, max);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMultigridApply(HeatMultigrid *mg, const PetscReal *r, PetscReal *z)
{
  HeatLevel     *l = &mg->levels[0], *coarse = l->coarsest ? NULL : l + 1;
  const PetscInt n = l->s.own.hi[0] - l->s.own.lo[0];
  PetscReal      scale;
  unsigned       denormals;

  PetscFunctionBeginUser;
  PetscCall(ChooseScale(mg, r));
  PetscCall(HeatMultigridLoadScaled(mg, r));
  PetscCall(HeatTransferRun(l->halo, l->b, l->b));
  denormals = HeatFlushDenormals();
  PetscCall(HeatLevelDown(l, coarse, PETSC_TRUE, NULL, NULL));
  PetscCall(HeatMultigridCycleCoarse(mg));
  PetscCall(HeatLevelUp(l, coarse, NULL, NULL));
  HeatRestoreDenormals(denormals);
  scale = ldexp(1.0, mg->scale_A - mg->scale_b);
  for (PetscInt j = l->s.own.lo[1]; j < l->s.own.hi[1]; j++, z += n) {
    const size_t at = HeatLevelFirstPair(l, j);

    HeatStoreRow(n, (int)(l->s.own.lo[0] & 1), scale,
                 (const float *const[2]){l->u + at, l->u + at + l->s.odd}, z);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
