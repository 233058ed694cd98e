/** Areas of what later regions leave of a region, in closed form.
 *
 *  The domain is halved until few curves of outlines cross a part of it (a kd-tree, of which only
 *  one branch exists at a time).  A shape without a curve in a part covers all of the part or
 *  nothing, so that most parts are decided without any geometry.
 *
 *  A part with a few curves is cut into strips (region_strips.c).
 *
 *  Halving pays as long as it separates curves.  Many curves through one point are never separated,
 *  so that each part has a budget, which halving divides among the halves. */
#include "solver/case/region_area.h"

#include <math.h>

#include "solver/case/region_area_impl.h"

/* A part with at most this many curves is not halved further.  Chosen: the time of a part grows
   with the square of their number, and of halving with the number of parts; 12 to 50 are nearly
   equally fast. */
enum { FEW = 24 };
/* Largest number of halvings.  Chosen: 30 along each axis reach 1e-9 of the domain's extents. */
enum { DEPTH = 60 };
/* Budget of a region, as a number of pairs of a strip and a curve to visit, some 20 ns each.  It is
   PerCurve times the number of curves, those of the region and those of the regions over it, but
   - for the first region, which often has all others over it, at most ForFirst;
   - for any other region at most the largest of its share of ForOthers, AtLeast, and PerOwnCurve
     times the number of its own curves.
   Chosen: ForFirst and ForOthers are one or two seconds each. */
static const PetscReal PerCurve = 2000.0, ForFirst = 1e8, ForOthers = 5e7;
static const PetscReal PerOwnCurve = 600.0, AtLeast = 2e4;

/* Parts. */

/* Return where a curve lies: 0 above, below or right of the part, where it does not matter; 1 left
   of the part; 2 if it passes through the part. */
static int Place(const HeatCurve *curve, const HeatAreaPart *part)
{
  const PetscReal y[2] = {PetscMax(curve->low[1], part->y[0]),
                          PetscMin(curve->high[1], part->y[1])};
  PetscReal       x[2];

  if (curve->low[1] >= part->y[1] || curve->high[1] <= part->y[0]) return 0;
  HeatCurveSpan(curve, y, x);
  if (x[0] >= part->x[1]) return 0;
  return x[1] > part->x[0] ? 2 : 1;
}

/* Return whether the part is inside a shape at height y if all curves of the shape at that height
   lie left of the part; `ends` has the n heights at which these curves begin and end. */
static PetscBool InsideAt(const PetscReal *ends, PetscInt n, PetscReal y)
{
  PetscBool inside = PETSC_FALSE;

  for (PetscInt i = 0; i < n; i++)
    if (ends[i] <= y) inside = (PetscBool)!inside;
  return inside;
}

/* Append to a part the lines that replace the curves left of it.
   @param[in,out] ends  the n heights at which these curves begin and end; is sorted */
static void AddLeft(PetscInt region, PetscReal *ends, PetscInt n, HeatAreaPart *part)
{
  HeatAreaRef left = {region, HEAT_AREA_LEFT, {0.0, 0.0}};

  HeatAreaSort(n, ends);
  for (PetscInt i = 0; i + 1 < n; i += 2) {
    if (ends[i] == ends[i + 1]) continue;
    left.y[0] = ends[i];
    while (i + 2 < n && ends[i + 1] == ends[i + 2]) i += 2;
    left.y[1]             = ends[i + 1];
    part->refs[part->n++] = left;
  }
}

/* Copy the curves of one region, positions begin to end - 1 of a list, to a part if one of them
   passes through the part.  Otherwise find out whether the shape covers the whole part.
   @param[out] ends  scratch for two numbers of each curve */
static void TakeRegion(const HeatAreaRegion *k, const HeatAreaRef *list, PetscInt begin,
                       PetscInt end, HeatAreaPart *part, PetscReal *ends)
{
  const HeatCase *c = k->areas->c;
  const PetscInt  r = list[begin].region, before = part->n;
  PetscInt        n = 0;

  for (PetscInt i = begin; i < end; i++) {
    const HeatCurve curve = HeatAreaCurve(c, &list[i]);
    const int       place = Place(&curve, part);

    if (place == 2) part->refs[part->n++] = list[i];
    if (place != 1 || curve.low[1] == curve.high[1]) continue;
    ends[n++] = PetscMax(curve.low[1], part->y[0]);
    ends[n++] = PetscMin(curve.high[1], part->y[1]);
  }
  if (part->n > before) {
    AddLeft(r, ends, n, part);
    if (r == k->r) part->own = HEAT_AREA_CUT;
  } else if (InsideAt(ends, n, part->y[0] + 0.5 * (part->y[1] - part->y[0]))) {
    if (r == k->r) part->own = HEAT_AREA_COVERS;
    else part->hidden |= HeatRegionAttributes(&c->regions[r]);
  }
}

/* Fill a part, whose extents are set, with the curves of a list.
   @param[in] own, hidden  members of the surrounding part */
static PetscErrorCode FillPart(const HeatAreaRegion *k, const HeatAreaRef *list, PetscInt n,
                               HeatAreaCover own, unsigned hidden, HeatAreaPart *part)
{
  PetscReal *ends;

  PetscFunctionBeginUser;
  part->own    = own == HEAT_AREA_CUT ? HEAT_AREA_OUTSIDE : own;
  part->hidden = hidden;
  part->n      = 0;
  PetscCall(PetscMalloc1(n, &part->refs));
  PetscCall(PetscMalloc1(2 * n, &ends));
  for (PetscInt begin = 0, end; begin < n; begin = end) {
    if (part->own == HEAT_AREA_OUTSIDE && list[begin].region != k->r) break;
    for (end = begin + 1; end < n && list[end].region == list[begin].region;) end++;
    TakeRegion(k, list, begin, end, part, ends);
  }
  PetscCall(PetscFree(ends));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Halving. */

/* Return the cost of a part with n curves, as a number of pairs of a strip and a curve to visit.  n
   curves give about 4 n strips. */
static PetscReal Cost(PetscInt n)
{
  return (PetscReal)n * (PetscReal)(n <= HEAT_AREA_EXACT ? 4 * n : HEAT_AREA_STRIPS);
}

static PetscErrorCode AddPart(const HeatAreaRegion *k, const HeatAreaPart *part, int depth);

/* Compute the halves of a part, which is cut across its longer side. */
static PetscErrorCode Halve(const HeatAreaRegion *k, const HeatAreaPart *part,
                            HeatAreaPart halves[2])
{
  const PetscBool  wide = (PetscBool)(part->x[1] - part->x[0] > part->y[1] - part->y[0]);
  const PetscReal *side = wide ? part->x : part->y, cut = side[0] + 0.5 * (side[1] - side[0]);

  PetscFunctionBeginUser;
  for (int h = 0; h < 2; h++) {
    halves[h]                                 = *part;
    (wide ? halves[h].x : halves[h].y)[1 - h] = cut;
    PetscCall(FillPart(k, part->refs, part->n, part->own, part->hidden, &halves[h]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add the areas of a part that curves pass through: by halves, if there are many curves and the
   budget suffices for the halves, else by strips. */
static PetscErrorCode AddCut(const HeatAreaRegion *k, const HeatAreaPart *part, int depth)
{
  HeatAreaPart halves[2];

  PetscFunctionBeginUser;
  if (part->n <= FEW || depth == DEPTH) {
    PetscCall(HeatAreaAddStrips(k, part));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(Halve(k, part, halves));
  const PetscReal needed = Cost(halves[0].n) + Cost(halves[1].n);
  const PetscReal budget = part->budget - (PetscReal)part->n;

  if (needed > budget) PetscCall(HeatAreaAddStrips(k, part));
  for (int h = 0; h < 2; h++) {
    halves[h].budget = needed > 0.0 ? budget * Cost(halves[h].n) / needed : 0.0;
    if (needed <= budget) PetscCall(AddPart(k, &halves[h], depth + 1));
    PetscCall(PetscFree(halves[h].refs));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add the areas of a part. */
static PetscErrorCode AddPart(const HeatAreaRegion *k, const HeatAreaPart *part, int depth)
{
  PetscFunctionBeginUser;
  if (part->own == HEAT_AREA_OUTSIDE || !HeatAreaLeft(k, part->hidden))
    PetscFunctionReturn(PETSC_SUCCESS);
  if (part->n > 0) PetscCall(AddCut(k, part, depth));
  else HeatAreaAddPiece(k, part->hidden, (part->x[1] - part->x[0]) * (part->y[1] - part->y[0]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append the curves of region r to a list. */
static void ListCurves(const HeatCase *c, PetscInt r, HeatAreaRef *list, PetscInt *n)
{
  const PetscInt curves = HeatCurveCount(&c->regions[r]);

  for (PetscInt k = 0; k < curves; k++) list[(*n)++] = (HeatAreaRef){r, k, {0.0, 0.0}};
}

/* List the curves of the current region and of the n regions in `over`. */
static PetscErrorCode ListAll(const HeatAreaRegion *k, const PetscInt *over, PetscInt n,
                              HeatAreaRef **list, PetscInt *curves)
{
  const HeatRegion *regions = k->areas->c->regions;
  PetscInt          all     = HeatCurveCount(&regions[k->r]);

  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < n; i++) all += HeatCurveCount(&regions[over[i]]);
  PetscCall(PetscMalloc1(all, list));
  *curves = 0;
  ListCurves(k->areas->c, k->r, *list, curves);
  for (PetscInt i = 0; i < n; i++) ListCurves(k->areas->c, over[i], *list, curves);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set the extents of a part to the box of the current region inside the domain. */
static void StartPart(const HeatAreaRegion *k, HeatAreaPart *part)
{
  const HeatCase *c = k->areas->c;
  PetscReal       low[2], high[2];

  HeatRegionBox(&c->regions[k->r], c->grid.x, c->grid.y, low, high);
  part->x[0] = PetscMax(low[0], c->grid.x[0]);
  part->x[1] = PetscMin(high[0], c->grid.x[1]);
  part->y[0] = PetscMax(low[1], c->grid.y[0]);
  part->y[1] = PetscMin(high[1], c->grid.y[1]);
}

/* Compute the areas of the current region where the n regions in `over` lie over it. */
static PetscErrorCode Compute(const HeatAreaRegion *k, const PetscInt *over, PetscInt n)
{
  const HeatCase *c     = k->areas->c;
  const PetscBool all   = (PetscBool)(c->regions[k->r].shape == HEAT_SHAPE_ALL);
  const PetscReal own   = PerOwnCurve * (PetscReal)HeatCurveCount(&c->regions[k->r]);
  const PetscReal share = PetscMax(PetscMax(ForOthers / (PetscReal)c->n_regions, AtLeast), own);
  HeatAreaPart    part;
  unsigned        hidden = 0;
  PetscInt        curves = 0;
  HeatAreaRef    *list;

  PetscFunctionBeginUser;
  StartPart(k, &part);
  if (!(part.x[0] < part.x[1] && part.y[0] < part.y[1])) PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscInt i = 0; i < n; i++) {
    if (c->regions[over[i]].shape == HEAT_SHAPE_ALL)
      hidden |= HeatRegionAttributes(&c->regions[over[i]]);
  }
  PetscCall(ListAll(k, over, n, &list, &curves));
  part.budget = PetscMin(PerCurve * (PetscReal)curves, k->r == 0 ? ForFirst : share);
  PetscCall(FillPart(k, list, curves, all ? HEAT_AREA_COVERS : HEAT_AREA_CUT, hidden, &part));
  PetscCall(AddPart(k, &part, 0));
  PetscCall(PetscFree(part.refs));
  PetscCall(PetscFree(list));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* All regions. */

PetscErrorCode HeatRegionAreasCreate(const HeatCase *c, HeatRegionAreas **areas)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(areas));
  (*areas)->c = c;
  PetscCall(HeatRegionIndexCreate(c, &(*areas)->index));
  PetscCall(PetscCalloc2(c->n_regions, &(*areas)->over, c->n_regions, &(*areas)->inside));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRegionAreasDestroy(HeatRegionAreas **areas)
{
  PetscFunctionBeginUser;
  if (!*areas) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatRegionIndexDestroy(&(*areas)->index));
  PetscCall(PetscFree2((*areas)->over, (*areas)->inside));
  PetscCall(PetscFree(*areas));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRegionAreasOf(HeatRegionAreas *areas, PetscInt r, HeatVisibleArea *area)
{
  const HeatRegion *region = &areas->c->regions[r];
  HeatVisibleArea   shape  = {0};
  HeatAreaRegion    k      = {areas, r, HeatRegionAttributes(region), area};
  PetscInt          n;

  PetscFunctionBeginUser;
  *area = (HeatVisibleArea){0};
  if (region->shape == HEAT_SHAPE_MAP) {
    *area = (HeatVisibleArea){NAN, NAN, {NAN, NAN, NAN}};
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatRegionIndexOver(areas->index, r, areas->over, &n));
  PetscCall(Compute(&k, areas->over, n));
  k.area = &shape;
  if (n > 0) PetscCall(Compute(&k, areas->over, 0));
  area->shape = n > 0 ? shape.any : area->any;
  PetscFunctionReturn(PETSC_SUCCESS);
}
