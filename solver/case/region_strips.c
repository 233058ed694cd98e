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
 *  A curve left of the part counts as the part's left side: it decides whether the side is
 *  inside. */
#include <stdlib.h>

#include "solver/case/region_area_impl.h"

/* A curve that passes through a strip. */
typedef struct {
  PetscReal x;     /* [m] at half the strip's height, between the sides of the part */
  PetscInt  curve; /* index into the part's curves */
} Crossing;

/* A part that is cut into strips. */
typedef struct {
  const HeatAreaPart *part;
  HeatCurve          *curves;    /* owned [part->n] */
  unsigned           *gives;     /* owned [part->n]: the attributes of the curves' regions */
  PetscInt            n;         /* curves through the strip */
  Crossing           *crossings; /* owned [part->n]: the n curves through the strip, sorted by x,
                                    then the curves that do not pass through it */
} Strips;

/* Return the current region's attributes that are left where later regions replace those in
   `hidden`. */
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

/* Append those of n heights that lie inside a part. */
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

/* Append the heights at which two curves cross, between the ends of both curves. */
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

/* Return the integral of x over y along curve i through a strip, between the sides of the part;
   along the right side of the part for i = n. */
static PetscReal Along(const Strips *s, PetscInt i, const PetscReal y[2])
{
  const PetscReal *sides = s->part->x, height = y[1] - y[0];

  if (i == s->n) return sides[1] * height;
  for (int side = 0; side < 2; side++)
    if (s->crossings[i].x == sides[side]) return sides[side] * height;
  return HeatCurveIntegral(&s->curves[s->crossings[i].curve], y);
}

/* A sweep through a strip, from left to right. */
typedef struct {
  PetscInt above[HEAT_ATTRIBUTES]; /* regions that replace each attribute here */
  unsigned hidden;                 /* attributes that later regions replace here */
} Sweep;

/* Update a sweep that passes a curve of a region: the region begins or ends there. */
static void Pass(const HeatAreaRegion *k, Sweep *sweep, PetscInt region, unsigned gives)
{
  unsigned char *inside = &k->areas->inside[region];

  *inside = !*inside;
  for (int a = 0; a < HEAT_ATTRIBUTES && region != k->r; a++) {
    if (!(gives & 1u << a)) continue;
    sweep->above[a] += *inside ? 1 : -1;
    if (sweep->above[a] == 0) sweep->hidden &= ~(1u << a);
    else sweep->hidden |= 1u << a;
  }
}

/* Add the pieces of a strip.  A piece ends where the attributes that are left change. */
static void AddStrip(const HeatAreaRegion *k, const Strips *s, const PetscReal y[2])
{
  unsigned char *own   = &k->areas->inside[k->r];
  Sweep          sweep = {.hidden = 0};
  PetscReal      last  = s->part->x[0] * (y[1] - y[0]);

  *own = s->part->own == HEAT_AREA_COVERS;
  for (PetscInt i = 0; i <= s->n; i++) {
    const unsigned char was    = *own;
    const unsigned      hidden = sweep.hidden | s->part->hidden;

    if (i < s->n) {
      const PetscInt curve = s->crossings[i].curve;

      Pass(k, &sweep, s->part->refs[curve].region, s->gives[curve]);
      if (*own == was && (!was || Left(k, sweep.hidden | s->part->hidden) == Left(k, hidden)))
        continue;
    }
    const PetscReal next = Along(s, i, y);

    if (was) HeatAreaAddPiece(k, hidden, next - last);
    last = next;
  }
  for (PetscInt i = 0; i < s->n; i++)
    k->areas->inside[s->part->refs[s->crossings[i].curve].region] = 0;
  *own = 0;
}

/* Sort the crossings.  If they are few, they are still nearly in the order of the strip below, so
   that insertion sort is fast. */
static void SortCrossings(Crossing *crossings, PetscInt n)
{
  if (n > HEAT_AREA_EXACT) {
    qsort(crossings, (size_t)n, sizeof *crossings, CompareCrossings);
    return;
  }
  for (PetscInt i = 1; i < n; i++) {
    const Crossing moved = crossings[i];
    PetscInt       j     = i;

    for (; j > 0 && crossings[j - 1].x > moved.x; j--) crossings[j] = crossings[j - 1];
    crossings[j] = moved;
  }
}

/* Find the curves through the strip between two heights. */
static void FindCrossings(Strips *s, const PetscReal y[2])
{
  const PetscReal *sides = s->part->x, middle = y[0] + 0.5 * (y[1] - y[0]);

  s->n = 0;
  for (PetscInt i = 0; i < s->part->n; i++) {
    Crossing         crossing = s->crossings[i];
    const HeatCurve *curve    = &s->curves[crossing.curve];

    if (!(curve->low[1] <= middle && middle < curve->high[1])) continue;
    crossing.x           = PetscClipInterval(HeatCurveX(curve, middle), sides[0], sides[1]);
    s->crossings[i]      = s->crossings[s->n];
    s->crossings[s->n++] = crossing;
  }
  SortCrossings(s->crossings, s->n);
}

PetscErrorCode HeatAreaAddStrips(const HeatAreaRegion *k, const HeatAreaPart *part)
{
  Strips    s    = {.part = part};
  Cuts      cuts = {0};
  PetscReal y[2] = {part->y[0], part->y[0]};

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc3(part->n, &s.curves, part->n, &s.gives, part->n, &s.crossings));
  for (PetscInt i = 0; i < part->n; i++) {
    s.curves[i]    = HeatAreaCurve(k->areas->c, &part->refs[i]);
    s.gives[i]     = HeatRegionAttributes(&k->areas->c->regions[part->refs[i].region]);
    s.crossings[i] = (Crossing){0.0, i};
  }
  PetscCall(FindCuts(part, s.curves, part->n, &cuts));
  for (PetscInt i = 0; i <= cuts.n; i++) {
    y[1] = i < cuts.n ? cuts.y[i] : part->y[1];
    if (!(y[0] < y[1])) continue;
    FindCrossings(&s, y);
    AddStrip(k, &s, y);
    y[0] = y[1];
  }
  PetscCall(PetscFree(cuts.y));
  PetscCall(PetscFree3(s.curves, s.gives, s.crossings));
  PetscFunctionReturn(PETSC_SUCCESS);
}
