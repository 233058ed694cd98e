/* The cycle.
 *
 * Smoothing is red-black Gauss-Seidel, twice: red, black, red, black before the coarse correction
 * and black, red, black, red after it, from zero.  After a black stage the residual of black cells
 * is zero, so restriction sums that of red ones.  Restriction and correction are those of piecewise
 * constants, each other's transpose; so the cycle is a symmetric matrix.
 *
 * The stages go through the rows together, as a wave: when the first is at row t, the next one is
 * at row t - 1, and restriction HEAT_SMOOTH_STAGES rows behind, so a row is in a cache from its first
 * stage to its last.  No stage waits for a message: halos are deep, and what neighbours compute there
 * is computed again, each stage one cell less deep.  That needs every cell to have the colour of
 * its image in a halo; round a periodic axis with an odd number of cells it does not, and there the
 * stages go one by one, each after an exchange, with cells of one colour updated at once from what
 * they were (`stepwise`).
 *
 * Source: P. Wesseling, An Introduction to Multigrid Methods, 1992, sec. 3.5 and ch. 5;
 * M. Khalil, P. Wesseling, J. Comput. Phys. 98 (1992) 1 (cell-centred, piecewise constants). */
#include "solver/multigrid.h"

#include "solver/multigrid_impl.h"

HeatHalfRow HeatLevelHalfRow(const HeatLevel *l, PetscInt j, int parity)
{
  const size_t odd = l->s.odd, row = l->s.row;
  float       *even_u = l->u + HeatLevelShapeRow(&l->s, j), *u = parity ? even_u + odd : even_u;
  const float *even_gx = HeatRowsAt(&l->gx, l, j);
  HeatHalfRow  r;

  r.u  = u;
  r.us = u - row;
  r.un = u + row;
  r.uw = parity ? even_u : even_u + odd - 1;
  r.ue = parity ? even_u + 1 : even_u + odd;
  r.gw = parity ? even_gx + odd : even_gx;
  r.ge = parity ? even_gx + 1 : even_gx + odd;
  r.gs = HeatRowsAt(&l->gy, l, j) + (parity ? odd : 0);
  r.gn = HeatRowsAt(&l->gy, l, j + 1) + (parity ? odd : 0);
  r.m  = HeatRowsAt(&l->m, l, j) + (parity ? odd : 0);
  r.b  = l->b + HeatLevelShapeRow(&l->s, j) + (parity ? odd : 0);
  return r;
}

/* The parity of columns whose cells in row j have a colour: 0 red, 1 black. */
static int Parity(PetscInt j, int colour) { return (int)((j + colour) & 1); }

static void Stage(const HeatLevel *l, PetscInt j, int colour, PetscBool from_zero)
{
  const HeatHalfRow r = HeatLevelHalfRow(l, j, Parity(j, colour));

  if (from_zero) HeatRelaxFromZero(l->s.half, &r);
  else HeatRelax(l->s.half, &r);
}

/* Restriction. */

/* Fine rows [begin, end) that this rank's coarse cells are made of. */
static void RowsBelow(const HeatLevel *l, const HeatLevel *coarse, PetscInt *begin, PetscInt *end)
{
  const PetscInt by = l->joins[1] ? 2 : 1;

  *begin = coarse->landing_s.own.lo[1] * by;
  *end   = PetscMin(coarse->landing_s.own.hi[1] * by, l->d.n[1]);
  if (HeatBoxIsEmpty(&coarse->landing_s.own)) *end = *begin;
}

/* The residual of one parity of row j, added to a line. */
static void AddResidual(const HeatLevel *l, PetscInt j, int parity, float *line)
{
  const HeatHalfRow r = HeatLevelHalfRow(l, j, parity);
  PetscInt          begin, end;

  /* The image of the first column, round an odd axis, is not of the last coarse cell. */
  HeatLevelShapePlaces(&l->s, l->s.own.lo[0], l->d.n[0], parity, &begin, &end);
  HeatResidualAdd(l->stepwise ? PetscMin(end, l->s.half) : l->s.half, &r, line);
}

/* Coarse row cj from lines of the fine level, own cells and perhaps one more at each end. */
static PetscErrorCode StoreCoarse(const HeatLevel *l, const HeatLevel *coarse, PetscInt cj)
{
  const HeatLevelShape *c    = &coarse->landing_s;
  float                *even = coarse->landing_b + HeatLevelShapeRow(c, cj), *odd = even + c->odd;
  const PetscInt        begin = (c->own.lo[0] - c->origin) >> 1;
  const PetscInt        n     = ((c->own.hi[0] - 1 - c->origin) >> 1) + 1 - begin;
  const PetscInt        first = c->origin + 2 * begin; /* the even column there */

  PetscFunctionBeginUser;
  if (l->joins[0]) {
    HeatSplit(n, l->line[0] + first - l->s.origin / 2, even + begin, odd + begin);
  } else {
    PetscCall(PetscArraycpy(even + begin, l->line[0] + (first - l->s.origin) / 2, n));
    PetscCall(PetscArraycpy(odd + begin, l->line[1] + (first - l->s.origin) / 2, n));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RestrictRow(HeatLevel *l, HeatLevel *coarse, PetscInt j)
{
  const PetscBool starts = (!l->joins[1] || j % 2 == 0) ? PETSC_TRUE : PETSC_FALSE;
  const PetscBool ends   = (!l->joins[1] || j % 2 || j == l->d.n[1] - 1) ? PETSC_TRUE : PETSC_FALSE;

  PetscFunctionBeginUser;
  for (int k = 0; starts && k < (l->joins[0] ? 1 : 2); k++)
    PetscCall(PetscArrayzero(l->line[k], l->s.half));
  for (int colour = 0; colour < (l->stepwise ? 2 : 1); colour++) {
    const int parity = Parity(j, colour);

    AddResidual(l, j, parity, l->line[l->joins[0] ? 0 : parity]);
  }
  if (ends) PetscCall(StoreCoarse(l, coarse, l->joins[1] ? j / 2 : j));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode DownStepwise(HeatLevel *l, HeatLevel *coarse, PetscBool from_zero)
{
  PetscInt begin, end;

  PetscFunctionBeginUser;
  if (from_zero) PetscCall(PetscArrayzero(l->u, l->s.size));
  for (int stage = 0; stage < HEAT_SMOOTH_STAGES; stage++) {
    PetscCall(HeatTransferRun(l->halo, l->u, l->u));
    for (PetscInt j = l->s.own.lo[1]; j < l->s.own.hi[1]; j++) Stage(l, j, stage & 1, PETSC_FALSE);
  }
  PetscCall(HeatTransferRun(l->halo, l->u, l->u));
  if (!coarse) PetscFunctionReturn(PETSC_SUCCESS);
  RowsBelow(l, coarse, &begin, &end);
  for (PetscInt j = begin; j < end; j++) PetscCall(RestrictRow(l, coarse, j));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLevelDown(HeatLevel *l, HeatLevel *coarse, PetscBool from_zero,
                             HeatRowAction prepare, void *context)
{
  PetscInt lo, hi, begin = 0, end = 0;

  PetscFunctionBeginUser;
  HeatLevelRows(l, HEAT_DOWN_DEPTH, &lo, &hi);
  if (l->stepwise) {
    for (PetscInt t = lo; prepare && t < hi; t++) PetscCall(prepare(t, context));
    PetscCall(DownStepwise(l, coarse, from_zero));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (coarse) RowsBelow(l, coarse, &begin, &end);
  for (PetscInt t = lo; t < hi + HEAT_SMOOTH_STAGES; t++) {
    if (prepare && t < hi) PetscCall(prepare(t, context));
    for (int stage = 0; stage < HEAT_SMOOTH_STAGES; stage++) {
      const PetscInt j = t - stage;
      PetscInt       stage_lo, stage_hi;

      HeatLevelRows(l, HEAT_DOWN_DEPTH - stage, &stage_lo, &stage_hi);
      if (j < stage_lo || j >= stage_hi) continue;
      Stage(l, j, stage & 1, stage == 0 ? from_zero : PETSC_FALSE);
    }
    const PetscInt j = t - HEAT_SMOOTH_STAGES;
    if (j >= begin && j < end) PetscCall(RestrictRow(l, coarse, j));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Correction. */

/* The places of a coarse half row that lie within the fine level's lines when moved by `offset`
   times `by`.  A last pair may reach one place beyond, where lines have room; a first one that begins
   before a line is left out: that is the far end of a halo. */
static void Within(const HeatLevel *l, const HeatLevelShape *c, PetscInt offset, PetscInt by,
                   PetscInt *begin, PetscInt *end)
{
  *begin = PetscMax(0, (-offset + by - 1) / by);
  *end   = PetscMin(c->half, (l->s.half - offset + by - 1) / by);
}

/* Add coarse u to row j. */
static PetscErrorCode CorrectRow(HeatLevel *l, const HeatLevel *coarse, PetscInt j)
{
  const HeatLevelShape *c    = &coarse->landing_s;
  const PetscInt        cj   = l->joins[1] ? j >> 1 : j;
  const float          *even = coarse->landing_u + HeatLevelShapeRow(c, cj), *odd = even + c->odd;
  float                *u = l->u + HeatLevelShapeRow(&l->s, j);
  PetscInt              begin, end;

  PetscFunctionBeginUser;
  if (l->joins[0]) {
    const PetscInt offset = c->origin - l->s.origin / 2;

    Within(l, c, offset, 2, &begin, &end);
    HeatAddJoined(end - begin, even + begin, odd + begin, u + offset + 2 * begin,
                  u + l->s.odd + offset + 2 * begin);
  } else {
    const PetscInt offset = (c->origin - l->s.origin) / 2;

    Within(l, c, offset, 1, &begin, &end);
    HeatAdd(end - begin, even + begin, u + offset + begin);
    HeatAdd(end - begin, odd + begin, u + l->s.odd + offset + begin);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode UpStepwise(HeatLevel *l, const HeatLevel *coarse)
{
  PetscFunctionBeginUser;
  for (PetscInt j = l->s.own.lo[1]; coarse && j < l->s.own.hi[1]; j++)
    PetscCall(CorrectRow(l, coarse, j));
  for (int stage = 0; stage < HEAT_SMOOTH_STAGES; stage++) {
    PetscCall(HeatTransferRun(l->halo, l->u, l->u));
    for (PetscInt j = l->s.own.lo[1]; j < l->s.own.hi[1]; j++)
      Stage(l, j, (stage + 1) & 1, PETSC_FALSE);
  }
  PetscCall(HeatTransferRun(l->halo, l->u, l->u));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLevelUp(HeatLevel *l, const HeatLevel *coarse, HeatRowAction finish,
                           void *context)
{
  PetscInt lo, hi, last_lo, last_hi;

  PetscFunctionBeginUser;
  HeatLevelRows(l, 1, &last_lo, &last_hi);
  if (l->stepwise) {
    PetscCall(UpStepwise(l, coarse));
    for (PetscInt j = last_lo; finish && j < last_hi; j++) PetscCall(finish(j, context));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  HeatLevelRows(l, HEAT_UP_DEPTH, &lo, &hi);
  for (PetscInt t = lo; t < hi + HEAT_SMOOTH_STAGES; t++) {
    if (coarse && t < hi) PetscCall(CorrectRow(l, coarse, t));
    for (int stage = 0; stage < HEAT_SMOOTH_STAGES; stage++) {
      const PetscInt j = t - 1 - stage;
      PetscInt       stage_lo, stage_hi;

      HeatLevelRows(l, HEAT_UP_DEPTH - 1 - stage, &stage_lo, &stage_hi);
      if (j >= stage_lo && j < stage_hi) Stage(l, j, (stage + 1) & 1, PETSC_FALSE);
    }
    const PetscInt j = t - HEAT_SMOOTH_STAGES;
    if (finish && j >= last_lo && j < last_hi) PetscCall(finish(j, context));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMultigridCycle(HeatMultigrid *mg, PetscInt first)
{
  HeatLevel *l      = &mg->levels[first];
  HeatLevel *coarse = l->coarsest ? NULL : l + 1;

  PetscFunctionBeginUser;
  PetscCall(HeatTransferRun(l->gather, l->landing_b, l->b));
  for (int visit = 0; visit < (coarse ? mg->visits : 1); visit++) {
    if (visit) PetscCall(HeatTransferRun(l->halo, l->u, l->u));
    PetscCall(HeatLevelDown(l, coarse, visit == 0 ? PETSC_TRUE : PETSC_FALSE, NULL, NULL));
    if (coarse) PetscCall(HeatMultigridCycle(mg, first + 1));
    PetscCall(HeatLevelUp(l, coarse, NULL, NULL));
  }
  PetscCall(HeatTransferRun(l->scatter, l->u, l->landing_u));
  PetscFunctionReturn(PETSC_SUCCESS);
}
