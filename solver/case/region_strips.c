/** Areas in a part of the domain that a few curves cross, strip by strip.
 *
 *  Strips end at the heights where a curve begins or ends, where two curves cross, and where a
 *  curve meets the left or right side of the part:
 *
 *      y[1] +-----------+    Within a strip no two curves cross.  Sorted by x, each curve begins
 *           |  /     |  |    or ends one shape, so the strip consists of pieces that are inside the
 *           | (......|..|    same shapes.  The area of a piece is the difference of the integrals
 *           |  \     |  |    of x over y along its two curves (region_curve.h).
 *      y[0] +-----------+
 *          x[0]        x[1]
 *
 *  A curve left of the part counts as the part's left side: it decides whether the side is inside. */
#include <stdlib.h>

#include "solver/case/region_area_impl.h"

/* A curve that passes through a strip. */
typedef struct {
  PetscReal x; /* [m] at half the strip's height, between the sides of the part */
  HeatCurve curve;
  PetscInt  region;
} Crossing;

/* Return the attributes that are left where later regions replace those in `hidden`. */
static unsigned Left(const HeatAreaRegion *k, unsigned hidden) { return k->attributes & ~hidden; }

PetscBool HeatAreaLeft(const HeatAreaRegion *k, unsigned hidden)
{
  return (PetscBool)(!k->attributes || Left(k, hidden));
}

void HeatAreaAddPiece(const HeatAreaRegion *k, unsigned hidden, PetscReal area)
{
  if (HeatAreaLeft(k, hidden)) k->area->any += area;
  for (int a = 0; a < HEAT_ATTRIBUTES; a++)
    if (Left(k, hidden) & 1u << a) k->area->of[a] += area;
}

HeatCurve HeatAreaCurve(const HeatCase *c, const HeatAreaRef *ref)
{
  const PetscReal left = c->grid.x[0] - (c->grid.x[1] - c->grid.x[0]);

  if (ref->curve != HEAT_AREA_LEFT) return HeatCurveOf(&c->regions[ref->region], ref->curve);
  return (HeatCurve){.low = {left, ref->y[0]}, .high = {left, ref->y[1]}};
}

/* The heights at which strips end. */
typedef struct {
  PetscInt   n, capacity;
  PetscReal *y; /* owned [capacity] [m] */
} Cuts;

static int CompareReals(const void *a, const void *b)
{
  const PetscReal x = *(const PetscReal *)a, y = *(const PetscReal *)b;

  return (x > y) - (x < y);
}

void HeatAreaSort(PetscInt n, PetscReal *numbers)
{
  qsort(numbers, (size_t)n, sizeof *numbers, CompareReals);
}

static int CompareCrossings(const void *a, const void *b)
{
  const Crossing *p = (const Crossing *)a, *q = (const Crossing *)b;

  return (p->x > q->x) - (p->x < q->x);
}

/* Append n heights as far as they lie inside a part. */
static PetscErrorCode AddCuts(Cuts *cuts, const HeatAreaPart *part, int n, const PetscReal y[])
{
  PetscFunctionBeginUser;
  if (cuts->n + n > cuts->capacity) {
    cuts->capacity = 2 * cuts->capacity + n;
    PetscCall(PetscRealloc((size_t)cuts->capacity * sizeof *cuts->y, &cuts->y));
  }
  for (int i = 0; i < n; i++)
    if (y[i] > part->y[0] && y[i] < part->y[1]) cuts->y[cuts->n++] = y[i];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append the heights at which two curves cross, as far as both have them. */
static PetscErrorCode AddCrossings(Cuts *cuts, const HeatAreaPart *part, const HeatCurve *a,
                                   const HeatCurve *b)
{
  const PetscReal low  = PetscMax(a->low[1], b->low[1]);
  const PetscReal high = PetscMin(a->high[1], b->high[1]);
  PetscReal       y[2];

  PetscFunctionBeginUser;
  if (!(low < high)) PetscFunctionReturn(PETSC_SUCCESS);
  for (int n = HeatCurveMeetsCurve(a, b, y), i = 0; i < n; i++)
    if (y[i] >= low && y[i] <= high) PetscCall(AddCuts(cuts, part, 1, &y[i]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Find the heights at which the strips of a part end: exactly, or at equal distances where there
   are too many curves. */
static PetscErrorCode FindCuts(const HeatAreaPart *part, const HeatCurve *curves, PetscInt n,
                               Cuts *cuts)
{
  PetscReal y[2];

  PetscFunctionBeginUser;
  PetscCall(AddCuts(cuts, part, 0, y));
  for (PetscInt i = 0; i < n && n <= HEAT_AREA_EXACT; i++) {
    const HeatCurve *a = &curves[i];

    PetscCall(AddCuts(cuts, part, 2, (const PetscReal[]){a->low[1], a->high[1]}));
    for (int side = 0; side < 2; side++)
      PetscCall(AddCuts(cuts, part, HeatCurveMeetsVertical(a, part->x[side], y), y));
    for (PetscInt j = i + 1; j < n; j++) PetscCall(AddCrossings(cuts, part, a, &curves[j]));
  }
  for (PetscInt i = 1; i < HEAT_AREA_STRIPS && n > HEAT_AREA_EXACT; i++) {
    y[0] = part->y[0] + (PetscReal)i / HEAT_AREA_STRIPS * (part->y[1] - part->y[0]);
    PetscCall(AddCuts(cuts, part, 1, y));
  }
  HeatAreaSort(cuts->n, cuts->y);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the integral of x over y along a curve through a strip, between the sides of the part. */
static PetscReal Along(const HeatAreaPart *part, const Crossing *crossing, const PetscReal y[2])
{
  for (int side = 0; side < 2; side++)
    if (crossing->x == part->x[side]) return part->x[side] * (y[1] - y[0]);
  return HeatCurveIntegral(&crossing->curve, y);
}

/* Add the pieces of a strip, from left to right.
   @param[in] crossings  the n curves through it, sorted by x */
static void AddStrip(const HeatAreaRegion *k, const HeatAreaPart *part, const Crossing *crossings,
                     PetscInt n, const PetscReal y[2])
{
  unsigned char *inside                 = k->areas->inside;
  PetscInt       above[HEAT_ATTRIBUTES] = {0}; /* regions that replace each attribute */
  PetscReal      last                   = part->x[0] * (y[1] - y[0]);

  inside[k->r] = part->own == HEAT_AREA_COVERS;
  for (PetscInt i = 0; i <= n; i++) {
    const PetscReal next   = i < n ? Along(part, &crossings[i], y) : part->x[1] * (y[1] - y[0]);
    unsigned        hidden = part->hidden;

    for (int a = 0; a < HEAT_ATTRIBUTES; a++) hidden |= (above[a] > 0 ? 1u : 0u) << a;
    if (inside[k->r]) HeatAreaAddPiece(k, hidden, next - last);
    last = next;
    if (i == n) break;
    const PetscInt r          = crossings[i].region;
    const unsigned attributes = HeatRegionAttributes(&k->areas->c->regions[r]);

    inside[r] = !inside[r];
    for (int a = 0; a < HEAT_ATTRIBUTES && r != k->r; a++)
      if (attributes & 1u << a) above[a] += inside[r] ? 1 : -1;
  }
  for (PetscInt i = 0; i < n; i++) inside[crossings[i].region] = 0;
  inside[k->r] = 0;
}

/* Find the curves through the strip between two heights.  Return their number. */
static PetscInt FindCrossings(const HeatAreaPart *part, const HeatCurve *curves,
                              const PetscReal y[2], Crossing *crossings)
{
  const PetscReal middle = y[0] + 0.5 * (y[1] - y[0]);
  PetscInt        n      = 0;

  for (PetscInt i = 0; i < part->n; i++) {
    const HeatCurve *curve = &curves[i];

    if (!(curve->low[1] <= middle && middle < curve->high[1])) continue;
    crossings[n++] = (Crossing){
        PetscClipInterval(HeatCurveX(curve, middle), part->x[0], part->x[1]), *curve,
        part->refs[i].region};
  }
  qsort(crossings, (size_t)n, sizeof *crossings, CompareCrossings);
  return n;
}

PetscErrorCode HeatAreaAddStrips(const HeatAreaRegion *k, const HeatAreaPart *part)
{
  Cuts       cuts = {0};
  HeatCurve *curves;
  Crossing  *crossings;
  PetscReal  y[2] = {part->y[0], part->y[0]};

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc2(part->n, &curves, part->n, &crossings));
  for (PetscInt i = 0; i < part->n; i++) {
    curves[i] = HeatAreaCurve(k->areas->c, &part->refs[i]);
  }
  PetscCall(FindCuts(part, curves, part->n, &cuts));
  for (PetscInt i = 0; i <= cuts.n; i++) {
    y[1] = i < cuts.n ? cuts.y[i] : part->y[1];
    if (!(y[0] < y[1])) continue;
    AddStrip(k, part, crossings, FindCrossings(part, curves, y, crossings), y);
    y[0] = y[1];
  }
  PetscCall(PetscFree(cuts.y));
  PetscCall(PetscFree2(curves, crossings));
  PetscFunctionReturn(PETSC_SUCCESS);
}
