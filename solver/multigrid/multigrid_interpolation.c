/* Interpolation between a level and the next one, for fields of many jumps.
 *
 * Piecewise constants, by which other bodies are interpolated, have a step at each face between
 * coarse cells.  Where conductances jump in many places, the coarse level then misrepresents the
 * heat that crosses these faces.  Here a cell takes part of its value from the neighbouring coarse
 * cell on its own side, along x and along y:
 *
 *           coarse cell I - 1     coarse cell I            w = the share of the resistance between
 *        |     o     .     o   |   o     .     o   |           the centres of I and I - 1 that lies
 *                    ^             ^     ^                      between cell i and the centre of I
 *                 centre           i   centre
 *                    |--1/(2 out)--+-1/face-+--1/(2 in)--|
 *
 *     u_i = (1 - wx) ((1 - wy) U_IJ + wy U_IJ') + wx ((1 - wy) U_I'J + wy U_I'J')        (12a)
 *
 * so that the heat flux along a line of cells is continuous.  Constant conductances give w = 1/4,
 * which is bilinear interpolation.  Restriction is the transpose.  Restriction sums, and correction
 * changes, red cells only, for the reasons that multigrid_cycle.c gives for piecewise constants.
 *
 * Weights are computed from the level's conductances when the wave reaches a row.  A row reuses the
 * weights that were computed last for its parity of columns if it has the same conductances.  The
 * rows and columns next to the own cells send part of their residual into own coarse cells.  Their
 * residual is valid, since four half-sweeps leave u valid five cells deep.
 *
 * Source: R. Alcouffe, A. Brandt, J. Dendy, J. Painter, SIAM J. Sci. Stat. Comput. 2 (1981) 430
 * (weights from the coefficients); M. Khalil, P. Wesseling, J. Comput. Phys. 98 (1992) 1
 * (cell-centred). */
#include "solver/multigrid/multigrid_interpolation_impl.h"

enum {
  HALF_ROWS = 13 /* half rows in the working memory: 6 lines, 4 weights, residual, far, part */
};

PetscErrorCode HeatInterpolationCreate(HeatLevel *l)
{
  HeatInterpolation *a    = &l->interpolation;
  const size_t       room = (size_t)l->s.half + 2 * HEAT_LANES;
  HeatLevelShape     rows = l->s;
  float             *next, **array = &next;

  PetscFunctionBeginUser;
  rows.size = l->s.half ? HALF_ROWS * room : 0;
  PetscCall(HeatLevelShapeAllocate(&rows, 1, &array, &a->memory));
  if (!l->s.half) PetscFunctionReturn(PETSC_SUCCESS);
  next += HEAT_LANES;
  for (int k = 0; k < 6; k++, next += room) a->line[k / 2][k % 2] = next;
  for (int k = 0; k < 4; k++, next += room) a->weight[k / 2][k % 2] = next;
  a->residual = next;
  a->far      = next + room;
  a->part     = next + 2 * room;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatInterpolationForget(HeatLevel *l)
{
  HeatInterpolation *a = &l->interpolation;

  PetscFunctionBeginUser;
  if (!l->s.half) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMemzero(a->from, sizeof a->from));
  PetscCall(PetscMemzero(a->from_x, sizeof a->from_x));
  for (int k = 0; k < 4; k++) PetscCall(PetscArrayzero(a->weight[k / 2][k % 2], l->s.half));
  for (int k = 0; k < 3; k++) {
    a->held[k] = PETSC_MIN_INT;
    for (int parity = 0; parity < 2; parity++)
      PetscCall(PetscArrayzero(a->line[k][parity] - HEAT_LANES, l->s.half + 2 * HEAT_LANES));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Weights. */

/* Return whether the last coarse cell along an axis consists of one cell. */
static PetscBool LastIsSingle(const HeatLevel *l, int axis)
{
  return (l->joins[axis] && !l->d.periodic[axis] && l->d.n[axis] % 2) ? PETSC_TRUE : PETSC_FALSE;
}

/* Correct the weights along x of the last two columns where the last one is a coarse cell by
   itself.  The last column has weight 0, since no coarse cell follows on its side.  The column
   before it is weighed without the term of a face within the next coarse cell, which has none. */
static void WeighLastColumns(const HeatLevel *l, const float *in, const float *face, int parity,
                             float *w)
{
  const PetscInt column = l->d.n[0] - 1 - parity, k = (column - l->s.origin) >> 1;

  if (!LastIsSingle(l, 0) || column < l->s.all.lo[0] || column >= l->s.all.hi[0]) return;
  if (parity == 0) w[k] = 0.0F;
  else HeatWeigh(1, in + k, face + k, NULL, w + k);
}

/* Compute the weights along x in row j.  The conductance at the place of an odd column is that of
   the face within a coarse cell; at the place of an even column, of the face west of it. */
static void WeighAlongX(HeatLevel *l, PetscInt j, int parity)
{
  HeatInterpolation *a    = &l->interpolation;
  const float       *even = HeatRowsAt(&l->gx, l, j), *odd = even + l->s.odd;
  float             *w = a->weight[0][parity];

  if (!l->joins[0] || a->from_x[parity] == even) return;
  a->from_x[parity] = even;
  HeatWeigh(l->s.half, odd, parity ? even + 1 : even, parity ? odd + 1 : odd - 1, w);
  WeighLastColumns(l, odd, parity ? even + 1 : even, parity, w);
}

/* Compute the weights along y in row j, which is the lower or the upper row of a coarse row. */
static void WeighAlongY(HeatLevel *l, PetscInt j, int parity)
{
  HeatInterpolation *a      = &l->interpolation;
  const PetscBool    upper  = (j & 1) ? PETSC_TRUE : PETSC_FALSE;
  const size_t       half   = parity ? l->s.odd : 0;
  const PetscInt     before = l->d.n[1] - 2; /* the row before the last one */
  const float       *row[3] = {HeatRowsAt(&l->gy, l, upper ? j : j + 1),
                               HeatRowsAt(&l->gy, l, upper ? j + 1 : j),
                               HeatRowsAt(&l->gy, l, upper ? j + 2 : j - 1)};

  if (!l->joins[1]) return;
  if (LastIsSingle(l, 1) && j == before) row[2] = NULL;
  if (LastIsSingle(l, 1) && j == before + 1) {
    a->from[parity][0] = NULL;
    memset(a->weight[1][parity], 0, sizeof(float) * (size_t)l->s.half);
    return;
  }
  if (memcmp(a->from[parity], row, sizeof row) == 0) return;
  memcpy(a->from[parity], row, sizeof row);
  HeatWeigh(l->s.half, row[0] + half, row[1] + half, row[2] ? row[2] + half : NULL,
            a->weight[1][parity]);
}

void HeatInterpolationWeights(HeatLevel *l, PetscInt j, int parity, const float **wx,
                              const float **wy)
{
  WeighAlongX(l, j, parity);
  WeighAlongY(l, j, parity);
  *wx = l->interpolation.weight[0][parity];
  *wy = l->interpolation.weight[1][parity];
}

/* Return the index of the line that belongs to coarse row cj, which may be negative. */
static int LineOf(PetscInt cj) { return (int)(((cj % 3) + 3) % 3); }

/* Return the coarse row to which row j belongs.
   @param[out] beside  the next coarse row on the side of row j; the same row if rows are not
                       joined */
static PetscInt CoarseRows(const HeatLevel *l, PetscInt j, PetscInt *beside)
{
  const PetscInt cj = l->joins[1] ? j >> 1 : j;

  *beside = !l->joins[1] ? cj : (j & 1) ? cj + 1 : cj - 1;
  return cj;
}

/* Restriction. */

void HeatInterpolationRows(const HeatLevel *l, const HeatLevel *coarse, PetscInt *begin,
                           PetscInt *end)
{
  const HeatBox *own = &coarse->landing_s.own;

  *begin = *end = 0;
  if (HeatBoxIsEmpty(own)) return;
  *begin = l->joins[1] ? PetscMax(2 * own->lo[1] - 1, l->s.all.lo[1]) : own->lo[1];
  *end   = l->joins[1] ? PetscMin(2 * own->hi[1] + 1, l->s.all.hi[1]) : own->hi[1];
}

/* Add a part of the residual of red cells of row j to a coarse row. */
static void AddToLine(HeatLevel *l, PetscInt j, PetscInt cj, const float *wx, const float *r)
{
  HeatInterpolation *a      = &l->interpolation;
  const int          parity = (int)(j & 1);

  if (l->joins[0])
    HeatRestrictAlong(l->s.half, parity ? 1 : -1, wx, r, a->part, a->line[LineOf(cj)][0]);
  else HeatAdd(l->s.half, r, a->line[LineOf(cj)][parity]);
}

static PetscErrorCode ClearLine(HeatLevel *l, PetscInt cj)
{
  PetscFunctionBeginUser;
  for (int k = 0; k < 2; k++)
    PetscCall(PetscArrayzero(l->interpolation.line[LineOf(cj)][k], l->s.half));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatInterpolationRestrictRow(HeatLevel *l, HeatLevel *coarse, PetscInt j)
{
  HeatInterpolation *a      = &l->interpolation;
  const HeatBox     *own    = &coarse->landing_s.own;
  const int          parity = (int)(j & 1);
  PetscInt           begin, end, beside, complete;
  const PetscInt     cj = CoarseRows(l, j, &beside);
  const float       *wx, *wy;
  HeatHalfRow        r;

  PetscFunctionBeginUser;
  HeatInterpolationRows(l, coarse, &begin, &end);
  HeatInterpolationWeights(l, j, parity, &wx, &wy);
  HeatLevelHalfRow(l, j, parity, &r);
  PetscCall(PetscArrayzero(a->residual, l->s.half));
  HeatResidualAdd(l->s.half, &r, a->residual);
  /* The first fine row that adds to a coarse row clears its line: the upper row of the coarse row
     below it, or the first row of the pass. */
  if (!l->joins[1] || (j & 1) || j == begin) PetscCall(ClearLine(l, l->joins[1] ? beside : cj));
  if (j == begin) PetscCall(ClearLine(l, cj));
  if (l->joins[1]) {
    HeatSplitOff(l->s.half, wy, a->residual, a->far);
    AddToLine(l, j, beside, wx, a->far);
  }
  AddToLine(l, j, cj, wx, a->residual);
  complete = l->joins[1] && (j & 1) ? PETSC_MIN_INT : l->joins[1] ? cj - 1 : cj;
  if (complete >= own->lo[1] && complete < own->hi[1])
    PetscCall(HeatLevelStoreCoarse(l, coarse, complete, a->line[LineOf(complete)]));
  if (l->joins[1] && j == end - 1 && cj < own->hi[1]) /* the last row of the domain */
    PetscCall(HeatLevelStoreCoarse(l, coarse, cj, a->line[LineOf(cj)]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Correction. */

/* Return the values of coarse row cj, each at the place of the pair of fine columns that the coarse
   cell joins. */
static const float *CoarseValues(HeatLevel *l, const HeatLevel *coarse, PetscInt cj)
{
  HeatInterpolation    *a    = &l->interpolation;
  const HeatLevelShape *c    = &coarse->landing_s;
  const int             line = LineOf(cj);
  const float          *even = coarse->landing_u + HeatLevelShapeRow(c, cj), *odd = even + c->odd;
  const PetscInt        offset = c->origin - l->s.origin / 2;
  PetscInt              begin, end;

  if (a->held[line] == cj) return a->line[line][0];
  a->held[line] = cj;
  HeatLevelPlacesWithinLine(l, c, offset, 2, &begin, &end);
  HeatInterleave(end - begin, even + begin, odd + begin, a->line[line][0] + offset + 2 * begin);
  return a->line[line][0];
}

void HeatInterpolationCorrectRow(HeatLevel *l, const HeatLevel *coarse, PetscInt j)
{
  const HeatLevelShape *c      = &coarse->landing_s;
  const int             parity = (int)(j & 1);
  PetscInt              beside, begin, end;
  const PetscInt        cj = CoarseRows(l, j, &beside);
  const float          *wx, *wy;
  float                *u = l->u + HeatLevelShapeRow(&l->s, j) + (parity ? l->s.odd : 0);

  HeatInterpolationWeights(l, j, parity, &wx, &wy);
  if (beside < c->all.lo[1] || beside >= c->all.hi[1]) beside = cj; /* its weight is zero */
  if (l->joins[0]) {
    const float *near = CoarseValues(l, coarse, cj), *far = CoarseValues(l, coarse, beside);

    HeatInterpolate(l->s.half, parity ? 1 : -1, wx, wy, near, far, u);
  } else {
    const float   *values = coarse->landing_u + (parity ? c->odd : 0);
    const PetscInt offset = (c->origin - l->s.origin) / 2;

    HeatLevelPlacesWithinLine(l, c, offset, 1, &begin, &end);
    HeatInterpolate(end - begin, 1, wx + offset + begin, wy + offset + begin,
                    values + HeatLevelShapeRow(c, cj) + begin,
                    values + HeatLevelShapeRow(c, beside) + begin, u + offset + begin);
  }
}
