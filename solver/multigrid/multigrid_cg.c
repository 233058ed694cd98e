/* The multigrid as others see it: one cycle as a preconditioner, and the passes of conjugate
 * gradients fused with the two halves of a cycle on the finest level.
 *
 * r lives as a pair of floats: the high one is the cycle's right-hand side.  z is the cycle's u.  p
 * is kept in the whole halo, as z is exchanged once an iteration, so r needs no exchange at all.
 * The search direction is single precision, but what it does to x and r is the same to 48 bits,
 * so r stays the residual of x.  x is updated every second time, for two directions at once. */
#include "solver/multigrid/multigrid_impl.h"

#include <math.h>

#include "solver/base/denormals.h"

enum { SQUARES, PRODUCT, ENERGY }; /* in `expected` */

PetscErrorCode HeatMultigridCreate(HeatOperator *op, HeatMultigrid **out)
{
  HeatMultigrid *mg;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&mg));
  *out       = mg;
  mg->op     = op;
  mg->comm   = HeatOperatorGrid(op)->comm;
  mg->visits = 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatMultigridSetCycle(HeatMultigrid *mg, int visits) { mg->visits = visits; }
int  HeatMultigridCycleVisits(const HeatMultigrid *mg) { return mg->visits; }

/* Sums. */

/* Sums are made for a total of about `expected`; the total has to be within these, in quanta, or the
   sum is taken again, in a pass of its own.  Squares are expected to fall as they last did, at first
   by `FirstFall`; products fall with the squares of the same iteration. */
static const PetscReal Fewest = 0x1p40, Most = 0x1p52, Aim = 0x1p47;
static const PetscReal FirstFall = 0x1p-8, Steepest = 0x1p-40;

static PetscReal Quantum(PetscReal expected) { return ldexp(1.0, ilogb(expected)) / Aim; }

static HeatQuantum Rounding(PetscReal expected)
{
  return (HeatQuantum){1.5 * 0x1p52 * Quantum(expected)};
}

/* Whether a total is exact and fine enough; else what to expect the next time.  All of it depends
   on totals alone, which are exact unless they are too large. */
static PetscBool TotalHolds(PetscReal total, PetscReal *expected)
{
  const PetscReal quanta = total / Quantum(*expected);

  if (!(total <= PETSC_MAX_REAL)) return PETSC_TRUE; /* not finite: no rounding helps */
  if (quanta > Most) *expected *= 0x1p20;
  else if (quanta >= Fewest) return PETSC_TRUE;
  else *expected = total > 0.0 ? total : *expected * 0x1p-40;
  return *expected > 0x1p-900 ? PETSC_FALSE : PETSC_TRUE; /* zero is what it is */
}

/* Terms of sums are those of rows j and j + 1, j even, and of pairs of columns: they belong to the
   rank that has the first cell, which knows the others from its halo.  At the end of an odd axis
   the second cell is one of the padding, zero; or the image of the first of a periodic one, and left
   out. */
typedef struct {
  PetscInt  begin, end; /* places */
  PetscBool last;       /* the odd cells of the last place are images */
  PetscBool single;     /* row j + 1 is an image */
} Terms;

static Terms TermsOf(const HeatLevel *l, PetscInt j)
{
  const HeatBox *own = &l->s.own;
  Terms          t;

  HeatLevelShapePlaces(&l->s, own->lo[0], own->hi[0], 0, &t.begin, &t.end);
  t.last   = (l->d.periodic[0] && l->d.n[0] % 2 && own->hi[0] == l->d.n[0] && t.end > t.begin)
                 ? PETSC_TRUE
                 : PETSC_FALSE;
  t.single = (l->d.periodic[1] && j + 1 == l->d.n[1]) ? PETSC_TRUE : PETSC_FALSE;
  return t;
}

/* The first row of the terms that are complete with row j, going upwards; -1: none. */
static PetscInt TermsCompleted(const HeatLevel *l, PetscInt j)
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

/* Half row k of a term: 0, 1 even and odd columns of row j, 2, 3 of the next one; or the zeros. */
static PetscBool IsImage(const Terms *t, int k, PetscBool at_last)
{
  return ((t->single && k >= 2) || (at_last && k % 2)) ? PETSC_TRUE : PETSC_FALSE;
}

static PetscReal SquaresOfRows(const HeatMultigrid *mg, PetscInt j, HeatQuantum q)
{
  const HeatLevel *l   = &mg->levels[0];
  const Terms      t   = TermsOf(l, j);
  PetscReal        sum = 0.0;

  for (int at_last = 0; at_last < (t.last ? 2 : 1); at_last++) {
    const float *r[4];

    for (int k = 0; k < 4; k++)
      r[k] = IsImage(&t, k, (PetscBool)at_last)
                 ? mg->zeros
                 : l->b + HeatLevelShapeRow(&l->s, j + k / 2) + (k % 2 ? l->s.odd : 0);
    sum += at_last ? HeatSumSquares(t.end - 1, t.end, q, r)
                   : HeatSumSquares(t.begin, t.end - (t.last ? 1 : 0), q, r);
  }
  return sum;
}

static PetscReal OwnSquares(const HeatMultigrid *mg)
{
  const HeatBox *own = &mg->levels[0].s.own;
  PetscReal      sum = 0.0;

  for (PetscInt j = own->lo[1] + own->lo[1] % 2; j < own->hi[1]; j += 2)
    sum += SquaresOfRows(mg, j, Rounding(mg->expected[SQUARES]));
  return sum;
}

/* ||r||^2 from this rank's part of it. */
static PetscErrorCode SumSquares(HeatMultigrid *mg, PetscReal part, PetscReal *total)
{
  PetscFunctionBeginUser;
  for (;; part = OwnSquares(mg)) {
    PetscCallMPI(MPI_Allreduce(&part, total, 1, MPI_DOUBLE, MPI_SUM, mg->comm));
    if (TotalHolds(*total, &mg->expected[SQUARES])) break;
  }
  if (*total > 0.0 && *total <= PETSC_MAX_REAL) {
    const PetscReal last = mg->squares;
    const PetscReal fall = last > 0.0 ? PetscMax(*total / last, Steepest) : FirstFall;

    if (last > 0.0)
      for (int sum = PRODUCT; sum <= ENERGY; sum++) mg->expected[sum] *= fall;
    mg->expected[SQUARES] = *total * PetscMin(fall, 1.0);
    mg->squares           = *total;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static void ProductsOfRows(const HeatMultigrid *mg, PetscInt j, PetscReal sums[3])
{
  const HeatLevel  *l       = &mg->levels[0];
  const Terms       t       = TermsOf(l, j);
  const HeatQuantum product = Rounding(mg->expected[PRODUCT]);
  const HeatQuantum energy  = Rounding(mg->expected[ENERGY]);
  const float      *zeros   = mg->zeros;

  for (int at_last = 0; at_last < (t.last ? 2 : 1); at_last++) {
    HeatHalfRow r[4];

    for (int k = 0; k < 4; k++) {
      if (IsImage(&t, k, (PetscBool)at_last))
        r[k] = (HeatHalfRow){mg->zeros, zeros, zeros, zeros, zeros, zeros,
                             zeros,     zeros, zeros, zeros, zeros};
      else HeatLevelHalfRow(l, j + k / 2, k % 2, &r[k]);
    }
    if (at_last) HeatSumProducts(t.end - 1, t.end, product, energy, r, sums);
    else HeatSumProducts(t.begin, t.end - (t.last ? 1 : 0), product, energy, r, sums);
  }
}

static void OwnProducts(const HeatMultigrid *mg, PetscReal sums[3])
{
  const HeatBox *own = &mg->levels[0].s.own;

  sums[0] = sums[1] = sums[2] = 0.0;
  for (PetscInt j = own->lo[1] + own->lo[1] % 2; j < own->hi[1]; j += 2)
    ProductsOfRows(mg, j, sums);
}

/* (r, z), |r| |z| and (z, A z) from this rank's parts. */
static PetscErrorCode SumProducts(HeatMultigrid *mg, PetscReal parts[3], PetscReal totals[3])
{
  PetscFunctionBeginUser;
  for (;; OwnProducts(mg, parts)) {
    PetscCallMPI(MPI_Allreduce(parts, totals, 3, MPI_DOUBLE, MPI_SUM, mg->comm));
    const PetscBool product = TotalHolds(totals[1], &mg->expected[PRODUCT]);
    const PetscBool energy  = TotalHolds(totals[2], &mg->expected[ENERGY]);
    if (product && energy) break;
  }
  if (totals[1] > 0.0 && totals[1] <= PETSC_MAX_REAL) mg->expected[PRODUCT] = totals[1];
  if (totals[2] > 0.0 && totals[2] <= PETSC_MAX_REAL) mg->expected[ENERGY] = totals[2];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* From and to Vecs. */

/* Where the pair that holds the first own cell of row j begins. */
static size_t FirstPair(const HeatLevel *l, PetscInt j)
{
  return HeatLevelShapeRow(&l->s, j) + (size_t)((l->s.own.lo[0] - l->s.origin) >> 1);
}

/* r = scaled b, own cells, then halos. */
static PetscErrorCode LoadScaled(HeatMultigrid *mg, const PetscReal *b)
{
  HeatLevel      *l     = &mg->levels[0];
  const PetscInt  n     = l->s.own.hi[0] - l->s.own.lo[0];
  const PetscReal scale = ldexp(1.0, mg->scale_b);

  PetscFunctionBeginUser;
  for (PetscInt j = l->s.own.lo[1]; j < l->s.own.hi[1]; j++, b += n) {
    const size_t at = FirstPair(l, j);

    HeatLoadRow(n, (int)(l->s.own.lo[0] & 1), scale, b,
                (float *const[2]){l->b + at, l->b + at + l->s.odd},
                (float *const[2]){mg->r_low + at, mg->r_low + at + l->s.odd});
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The power of two that brings the largest |b| to about 2^20: squares of what is left of it after
   many iterations are then far above what single precision can hold, too. */
static PetscErrorCode ScaleOf(HeatMultigrid *mg, const PetscReal *b, PetscReal *largest)
{
  const size_t n   = HeatGridLocalCells(HeatOperatorGrid(mg->op));
  PetscReal    max = 0.0, sum = 0.0;

  PetscFunctionBeginUser;
  _Pragma("omp simd reduction(max : max) reduction(+ : sum)") for (size_t k = 0; k < n; k++)
  {
    max = PetscMax(max, PetscAbsReal(b[k]));
    sum += b[k] * 0.0; /* NaN where b is not finite: a maximum would pass over it */
  }
  if (sum != 0.0) max = PETSC_INFINITY;
  PetscCallMPI(MPI_Allreduce(&max, largest, 1, MPI_DOUBLE, MPI_MAX, mg->comm));
  mg->scale_b = (*largest > 0.0 && *largest <= PETSC_MAX_REAL)
                    ? PetscMin(20 - ilogb(*largest), 1000)
                    : 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMultigridApply(HeatMultigrid *mg, const PetscReal *r, PetscReal *z)
{
  HeatLevel     *l = &mg->levels[0], *coarse = l->coarsest ? NULL : l + 1;
  const PetscInt n = l->s.own.hi[0] - l->s.own.lo[0];
  PetscReal      largest, scale;
  unsigned       denormals;

  PetscFunctionBeginUser;
  PetscCall(ScaleOf(mg, r, &largest));
  PetscCall(LoadScaled(mg, r));
  PetscCall(HeatTransferRun(l->halo, l->b, l->b));
  denormals = HeatFlushDenormals();
  PetscCall(HeatLevelDown(l, coarse, PETSC_TRUE, NULL, NULL));
  if (coarse) PetscCall(HeatMultigridCycle(mg, 1));
  PetscCall(HeatLevelUp(l, coarse, NULL, NULL));
  HeatRestoreDenormals(denormals);
  scale = ldexp(1.0, mg->scale_A - mg->scale_b);
  for (PetscInt j = l->s.own.lo[1]; j < l->s.own.hi[1]; j++, z += n) {
    const size_t at = FirstPair(l, j);

    HeatStoreRow(n, (int)(l->s.own.lo[0] & 1), scale,
                 (const float *const[2]){l->u + at, l->u + at + l->s.odd}, z);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Conjugate gradients. */

PetscErrorCode HeatMultigridLoad(HeatMultigrid *mg, const PetscReal *b, PetscReal *norm)
{
  HeatLevel *l = &mg->levels[0];
  PetscReal  largest, squares;

  PetscFunctionBeginUser;
  mg->pending = PETSC_FALSE;
  PetscCall(ScaleOf(mg, b, &largest));
  *norm = largest;
  if (largest == 0.0 || !(largest <= PETSC_MAX_REAL)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(LoadScaled(mg, b));
  PetscCall(HeatTransferRun(l->halo, l->b, l->b));
  PetscCall(HeatTransferRun(l->halo, mg->r_low, mg->r_low));
  mg->squares           = 0.0;
  mg->expected[SQUARES] = 0x1p40 * sqrt((PetscReal)l->d.n[0] * (PetscReal)l->d.n[1]);
  PetscCall(SumSquares(mg, OwnSquares(mg), &squares));
  mg->expected[PRODUCT] = mg->expected[ENERGY] = squares;
  *norm                                        = ldexp(sqrt(squares), -mg->scale_b);
  PetscFunctionReturn(PETSC_SUCCESS);
}

typedef struct {
  HeatMultigrid             *mg;
  const HeatMultigridUpdate *update;
  PetscReal                  before, now;  /* multiples of the last p and of the new one for x */
  PetscReal                  squares;      /* of own r */
  PetscInt                   p_hi, r_hi;   /* the ends of the rows where p and r are kept */
  PetscInt                   next, r_next; /* rows of p and r to be made next */
} UpdatePass;

/* p = z + beta p in a row, after x has got its shares of the old p and of the new one. */
static void DirectionRow(UpdatePass *pass, PetscInt j)
{
  HeatMultigrid   *mg   = pass->mg;
  const HeatLevel *l    = &mg->levels[0];
  const HeatBox   *own  = &l->s.own;
  const float      beta = (float)pass->update->beta;
  const size_t     row  = HeatLevelShapeRow(&l->s, j);
  const PetscInt   n    = own->hi[0] - own->lo[0];

  if (pass->now != 0.0 && j >= own->lo[1] && j < own->hi[1]) {
    const size_t at = FirstPair(l, j);

    HeatUpdateSolution(n, (int)(own->lo[0] & 1),
                       (const float *const[2]){l->u + at, l->u + at + l->s.odd},
                       (const float *const[2]){mg->p + at, mg->p + at + l->s.odd}, beta,
                       pass->before, pass->now, pass->update->x + (j - own->lo[1]) * n);
  }
  for (int parity = 0; parity < 2; parity++) {
    const size_t half_row = row + (parity ? l->s.odd : 0);

    /* The first direction of a solve: p is of another one. */
    if (beta == 0.0F) memcpy(mg->p + half_row, l->u + half_row, sizeof(float) * (size_t)l->s.half);
    else HeatDirection(l->s.half, beta, l->u + half_row, mg->p + half_row);
  }
}

static void DirectionRows(UpdatePass *pass, PetscInt last)
{
  for (; pass->next <= last && pass->next < pass->p_hi; pass->next++)
    DirectionRow(pass, pass->next);
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

/* Whether rows j and j + 1 have the same coefficients, and the same for all faces along y. */
static PetscBool AreAlike(const HeatMultigrid *mg, PetscInt j)
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

/* Whether the wide row holds these coefficients; they are widened when a second row in turn has
   them. */
static PetscBool IsWide(HeatMultigrid *mg, const HeatPair pairs[HEAT_ROW_COEFFICIENTS])
{
  HeatWideRow *w    = &mg->wide;
  const size_t size = sizeof w->of;

  if (!w->row[0]) return PETSC_FALSE;
  if (w->filled && memcmp(w->of, pairs, size) == 0) return PETSC_TRUE;
  const PetscBool again = memcmp(w->last, pairs, size) == 0 ? PETSC_TRUE : PETSC_FALSE;
  memcpy(w->last, pairs, size);
  if (!again) return PETSC_FALSE;
  for (int k = 0; k < HEAT_ROW_COEFFICIENTS; k++)
    HeatWiden(mg->levels[0].s.half + 1, pairs[k], w->row[k]);
  memcpy(w->of, pairs, size);
  w->filled = PETSC_TRUE;
  return PETSC_TRUE;
}

/* r in row j, or in rows j and j + 1 where they and the faces between are alike; p is there. */
static PetscInt UpdateRows(UpdatePass *pass, PetscInt j)
{
  HeatMultigrid         *mg    = pass->mg;
  const HeatLevel       *l     = &mg->levels[0];
  const PetscReal        alpha = pass->update->alpha;
  const HeatConjugateRow row   = ConjugateRow(mg, j);
  HeatPair               pairs[HEAT_ROW_COEFFICIENTS];

  CoefficientsOfRow(mg, j, pairs);
  if (!IsWide(mg, pairs)) {
    HeatUpdateResidual(l->s.half, alpha, pairs, &row);
    return 1;
  }
  if (j + 1 < pass->r_hi && AreAlike(mg, j)) {
    const HeatConjugateRow next = ConjugateRow(mg, j + 1);

    DirectionRows(pass, j + 2);
    HeatUpdateResidualTwice(l->s.half, alpha, mg->wide.row, &row, &next);
    return 2;
  }
  HeatUpdateResidualWide(l->s.half, alpha, mg->wide.row, &row);
  return 1;
}

/* Row j of r, unless it is done already; rows of p up to j + 1. */
static PetscErrorCode UpdateRow(PetscInt j, void *context)
{
  UpdatePass      *pass = context;
  HeatMultigrid   *mg   = pass->mg;
  const HeatLevel *l    = &mg->levels[0];

  PetscFunctionBeginUser;
  if (j >= pass->r_next) {
    DirectionRows(pass, j + 1);
    pass->r_next = j + UpdateRows(pass, j);
  }
  if (TermsCompleted(l, j) >= 0)
    pass->squares += SquaresOfRows(mg, TermsCompleted(l, j), Rounding(mg->expected[SQUARES]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

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
  HeatLevelRows(l, HEAT_HALO, &pass.next, &pass.p_hi);
  HeatLevelRows(l, HEAT_DOWN_DEPTH, &pass.r_next, &pass.r_hi);
  lo = pass.r_next;
  if (update->cycle) {
    PetscCall(HeatLevelDown(l, coarse, PETSC_TRUE, UpdateRow, &pass));
  } else {
    for (PetscInt j = lo; j < pass.r_hi; j++) PetscCall(UpdateRow(j, &pass));
  }
  PetscCall(SumSquares(mg, pass.squares, &squares));
  *norm = ldexp(sqrt(squares), -mg->scale_b);
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

typedef struct {
  HeatMultigrid *mg;
  PetscReal      sums[3];
} ProductPass;

static PetscErrorCode ProductRow(PetscInt j, void *context)
{
  ProductPass     *pass = context;
  const HeatLevel *l    = &pass->mg->levels[0];

  PetscFunctionBeginUser;
  if (TermsCompleted(l, j) >= 0) ProductsOfRows(pass->mg, TermsCompleted(l, j), pass->sums);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMultigridUp(HeatMultigrid *mg, PetscReal *rz, PetscReal *zAz)
{
  HeatLevel     *l = &mg->levels[0], *coarse = l->coarsest ? NULL : l + 1;
  const unsigned denormals = HeatFlushDenormals();
  ProductPass    pass      = {.mg = mg};
  PetscReal      totals[3];

  PetscFunctionBeginUser;
  if (coarse) PetscCall(HeatMultigridCycle(mg, 1));
  PetscCall(HeatLevelUp(l, coarse, ProductRow, &pass));
  HeatRestoreDenormals(denormals);
  PetscCall(SumProducts(mg, pass.sums, totals));
  *rz  = totals[0];
  *zAz = totals[2];
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
    const size_t       at   = FirstPair(l, j);
    const float *const p[2] = {mg->p + at, mg->p + at + l->s.odd};

    HeatUpdateSolution(n, (int)(l->s.own.lo[0] & 1), p, p, 0.0F, factor, 0.0, x);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Levels. */

PetscInt HeatMultigridLevels(const HeatMultigrid *mg) { return mg->n_levels; }

HeatMultigridLevel HeatMultigridGetLevel(const HeatMultigrid *mg, PetscInt level)
{
  const HeatLevel *l = &mg->levels[level];

  return (HeatMultigridLevel){
      {l->d.n[0], l->d.n[1]}, {l->d.parts[0], l->d.parts[1]}, {l->joins[0], l->joins[1]}};
}

static PetscErrorCode RowsDestroy(HeatRows *rows)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(rows->row));
  rows->array = NULL;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ClearLevel(HeatLevel *l)
{
  PetscFunctionBeginUser;
  if (l->gather != l->halo) PetscCall(HeatTransferDestroy(&l->gather));
  PetscCall(HeatTransferDestroy(&l->halo));
  PetscCall(HeatTransferDestroy(&l->scatter));
  PetscCall(RowsDestroy(&l->gx));
  PetscCall(RowsDestroy(&l->gy));
  PetscCall(RowsDestroy(&l->m));
  PetscCall(PetscFree(l->line[0]));
  PetscCall(PetscFree(l->line[1]));
  PetscCall(HeatLevelShapeFree(&l->diagonals.memory));
  PetscCall(HeatLevelShapeFree(&l->memory));
  PetscCall(HeatLevelShapeFree(&l->landing_memory));
  PetscCall(HeatDistributionDestroy(&l->d));
  PetscCall(HeatDistributionDestroy(&l->landing_d));
  PetscCall(PetscMemzero(l, sizeof *l));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMultigridClear(HeatMultigrid *mg, PetscInt first)
{
  PetscFunctionBeginUser;
  for (PetscInt k = first; k < mg->n_made; k++) PetscCall(ClearLevel(&mg->levels[k]));
  mg->n_made = PetscMin(mg->n_made, first);
  if (first > 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(RowsDestroy(&mg->gx_low));
  PetscCall(RowsDestroy(&mg->gy_low));
  PetscCall(RowsDestroy(&mg->m_low));
  PetscCall(PetscFree(mg->zeros));
  for (int k = 0; k < HEAT_ROW_COEFFICIENTS; k++) PetscCall(PetscFree(mg->wide.row[k]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMultigridDestroy(HeatMultigrid **mg)
{
  PetscFunctionBeginUser;
  if (!*mg) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatMultigridClear(*mg, 0));
  PetscCall(PetscFree(*mg));
  PetscFunctionReturn(PETSC_SUCCESS);
}
