/** Painting by runs: for each row of cells, the interval or intervals that a shape covers.
 *
 *  The cost is rows plus painted cells, not cells times regions.  Shapes work in global columns, as
 *  if the row were not cut into blocks; VisitOwnPart then clips a run to the own block, so the
 *  cells of a region do not depend on the decomposition.
 *
 *  A cell centre that lies exactly on an edge of a shape is computed with a rounding error.
 *  EDGE_TOLERANCE decides such ties: left and lower edges belong to the region, right and upper
 *  edges do not, so that two regions with a common edge neither overlap nor leave a gap. */
#include "solver/physics/paint.h"

#include <math.h>
#include <stdio.h>

#include "solver/case/expression.h"
#include "solver/physics/fault.h"

/* Distance from an edge, in units of a cell's width, within which a centre counts as on the edge.
   Chosen: far above the rounding of (x - x0)/h, which is about 2^-52 times the number of cells
   along the axis, and far below any distance that a user means.  A larger value would move cells
   that were placed beside an edge on purpose; a smaller one would leave ties to rounding on large
   grids. */
#define EDGE_TOLERANCE HEAT_PAINT_TOLERANCE

PetscInt HeatPaintFirstCell(PetscReal x, PetscReal x0, PetscReal h, PetscInt n)
{
  const PetscReal i = PetscCeilReal((x - x0) / h - 0.5 - EDGE_TOLERANCE);

  return (PetscInt)PetscClipInterval(i, 0.0, (PetscReal)n);
}

/* Return the first global column whose centre is at or right of x [m]. */
static PetscInt FirstColumn(const HeatGrid *g, PetscReal x)
{
  return HeatPaintFirstCell(x, g->x0, g->hx, g->nx);
}

/* Pass the own part of global columns [begin, end) of global row j to `visit`, in local indices;
   call nothing if the part is empty. */
static PetscErrorCode VisitOwnPart(const HeatGrid *g, PetscInt j, PetscInt begin, PetscInt end,
                                   HeatRunVisitor visit, void *context)
{
  const PetscInt first = PetscMax(begin, g->xs), last = PetscMin(end, g->xs + g->nxl);

  PetscFunctionBeginUser;
  if (first < last) PetscCall(visit(j - g->ys, first - g->xs, last - g->xs, context));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Visit the cells of global row j whose centre lies in [x0, x1) x [y0, y1). */
static PetscErrorCode RectangleRow(const HeatGrid *g, const HeatRegion *r, PetscInt j,
                                   HeatRunVisitor visit, void *context)
{
  const PetscReal y = HeatGridY(g, j), band = EDGE_TOLERANCE * g->hy;

  PetscFunctionBeginUser;
  if (y < r->y[0] - band || y >= r->y[1] - band) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VisitOwnPart(g, j, FirstColumn(g, r->x[0]), FirstColumn(g, r->x[1]), visit, context));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Visit the cells of global row j that TeaLeaf paints: it shrinks the rectangle by a hundredth of a
   cell on each side and takes every cell that overlaps the rest. */
static PetscErrorCode TealeafRectangleRow(const HeatGrid *g, const HeatRegion *r, PetscInt j,
                                          HeatRunVisitor visit, void *context)
{
  const PetscReal xmin  = (r->x[0] + g->hx / 100 - g->x0) / g->hx,
                  xmax  = (r->x[1] - g->hx / 100 - g->x0) / g->hx;
  const PetscReal ymin  = (r->y[0] + g->hy / 100 - g->y0) / g->hy,
                  ymax  = (r->y[1] - g->hy / 100 - g->y0) / g->hy;
  const PetscReal first = PetscCeilReal(xmin - 1.0), end = PetscCeilReal(xmax);

  PetscFunctionBeginUser;
  if ((PetscReal)(j + 1) < ymin || (PetscReal)j >= ymax) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VisitOwnPart(g, j, (PetscInt)PetscClipInterval(first, 0.0, (PetscReal)g->nx),
                         (PetscInt)PetscClipInterval(end, 0.0, (PetscReal)g->nx), visit, context));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Visit the cells of global row j whose centre lies within the radius, edge included.  The radius
   is enlarged by EDGE_TOLERANCE, here relative to its square. */
static PetscErrorCode CircleRow(const HeatGrid *g, const HeatRegion *r, PetscInt j,
                                HeatRunVisitor visit, void *context)
{
  const PetscReal dy   = HeatGridY(g, j) - r->centre[1],
                  r2   = r->radius * r->radius * (1.0 + EDGE_TOLERANCE);
  const PetscReal half = PetscSqrtReal(PetscMax(r2 - dy * dy, 0.0));

  PetscFunctionBeginUser;
  if (dy * dy > r2) PetscFunctionReturn(PETSC_SUCCESS);
  const PetscReal end = PetscFloorReal((r->centre[0] + half - g->x0) / g->hx - 0.5 +
                                       EDGE_TOLERANCE) +
                        1.0;
  PetscCall(VisitOwnPart(g, j, FirstColumn(g, r->centre[0] - half),
                         (PetscInt)PetscClipInterval(end, 0.0, (PetscReal)g->nx), visit, context));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the coordinate x at which the edge p-q crosses height y.  Interpolating from the lower end
   gives two polygons with a common edge the same bits, in whichever order they list its ends. */
static PetscReal EdgeCrossing(const PetscReal p[2], const PetscReal q[2], PetscReal y)
{
  const PetscReal *low = p[1] < q[1] ? p : q, *high = p[1] < q[1] ? q : p;

  return low[0] + (y - low[1]) / (high[1] - low[1]) * (high[0] - low[0]);
}

/* Visit the cells of global row j inside a polygon by the even-odd rule: between the first and
   second crossing of its edges with the row's centre line, the third and fourth, and so on.
   @param[out] crossings  [n_vertices] scratch */
static PetscErrorCode PolygonRow(const HeatGrid *g, const HeatRegion *r, PetscInt j,
                                 HeatRunVisitor visit, void *context, PetscReal *crossings)
{
  const PetscReal y = HeatGridY(g, j) + EDGE_TOLERANCE * g->hy;
  PetscInt        n = 0;

  PetscFunctionBeginUser;
  for (PetscInt a = 0, b = r->n_vertices - 1; a < r->n_vertices; b = a++) {
    const PetscReal *p = r->vertices[a], *q = r->vertices[b];

    if ((p[1] > y) != (q[1] > y)) crossings[n++] = EdgeCrossing(p, q, y);
  }
  PetscCall(PetscSortReal(n, crossings));
  for (PetscInt k = 0; k + 1 < n; k += 2) {
    PetscCall(VisitOwnPart(g, j, FirstColumn(g, crossings[k]), FirstColumn(g, crossings[k + 1]),
                           visit, context));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Visit the own cells of global row j whose number in the map is >= 0. */
static PetscErrorCode MapRow(const HeatGrid *g, const int32_t *map, PetscInt j,
                             HeatRunVisitor visit, void *context)
{
  const int32_t *row = map + (size_t)(j - g->ys) * (size_t)g->nxl;

  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < g->nxl;) {
    PetscInt begin = i;

    while (begin < g->nxl && row[begin] < 0) begin++;
    for (i = begin; i < g->nxl && row[i] >= 0;) i++;
    if (begin < i) PetscCall(visit(j - g->ys, begin, i, context));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the map of region r, [nyl][nxl]; NULL if it has none. */
static const int32_t *MapOf(const HeatCellInputs *inputs, PetscInt r)
{
  return inputs && inputs->maps ? inputs->maps[r] : NULL;
}

/* Visit the runs of a region, row by row. */
static PetscErrorCode PaintShape(const HeatGrid *g, const HeatRegion *r, HeatPaintRule rule,
                                 const int32_t *map, HeatRunVisitor visit, void *context)
{
  PetscReal *crossings = NULL;

  PetscFunctionBeginUser;
  if (r->shape == HEAT_SHAPE_POLYGON) PetscCall(PetscMalloc1(r->n_vertices, &crossings));
  for (PetscInt j = g->ys; j < g->ys + g->nyl; j++) {
    switch (r->shape) {
    case HEAT_SHAPE_ALL: PetscCall(VisitOwnPart(g, j, 0, g->nx, visit, context)); break;
    case HEAT_SHAPE_RECTANGLE:
      if (rule == HEAT_PAINT_TEALEAF) PetscCall(TealeafRectangleRow(g, r, j, visit, context));
      else PetscCall(RectangleRow(g, r, j, visit, context));
      break;
    case HEAT_SHAPE_CIRCLE: PetscCall(CircleRow(g, r, j, visit, context)); break;
    case HEAT_SHAPE_MAP:
      if (map) PetscCall(MapRow(g, map, j, visit, context));
      break;
    case HEAT_SHAPE_POLYGON: PetscCall(PolygonRow(g, r, j, visit, context, crossings)); break;
    }
  }
  PetscCall(PetscFree(crossings));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPaintRegion(const HeatGrid *g, const HeatCase *c, PetscInt r,
                               const HeatCellInputs *inputs, HeatRunVisitor visit, void *context)
{
  PetscFunctionBeginUser;
  PetscCall(PaintShape(g, &c->regions[r], c->solver.paint, MapOf(inputs, r), visit, context));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Painting of an index: StampRun stores `value` in the cells of a run. */
typedef struct {
  PetscInt  width; /* nxl */
  uint16_t *map;   /* borrowed [nyl][nxl] */
  uint16_t  value;
} StampContext;

static PetscErrorCode StampRun(PetscInt j, PetscInt begin, PetscInt end, void *context)
{
  const StampContext *s   = (const StampContext *)context;
  uint16_t           *row = s->map + (size_t)j * (size_t)s->width;

  for (PetscInt i = begin; i < end; i++) row[i] = s->value;
  return 0;
}

/* Give each cell of a map the material whose index is the map's number.  Raise HEAT_ERR_INPUT if
   numbers, on any rank, are not below c->n_materials.  Collective. */
static PetscErrorCode PaintMap(const HeatGrid *g, const HeatCase *c, PetscInt r, const int32_t *map,
                               uint16_t *material)
{
  PetscInt64 bad[2] = {0, -1}; /* count of invalid cells, and the largest invalid number */
  char       path[64];

  PetscFunctionBeginUser;
  for (size_t cell = 0; map && cell < HeatGridLocalCells(g); cell++) {
    if (map[cell] >= c->n_materials) {
      bad[0] += 1;
      bad[1] = PetscMax(bad[1], map[cell]);
    } else if (map[cell] >= 0) {
      material[cell] = (uint16_t)map[cell];
    }
  }
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &bad[0], 1, MPIU_INT64, MPI_SUM, g->comm));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &bad[1], 1, MPIU_INT64, MPI_MAX, g->comm));
  PetscCall(PetscSNPrintf(path, sizeof path, "regions[%" PetscInt_FMT "].file", r));
  HeatCaseCheckKey(bad[0] == 0, g->comm, c, path,
                   "%" PetscInt64_FMT " cells of the map have a number that no material has, up to "
                   "%" PetscInt64_FMT "; the case's materials have the numbers 0 to %" PetscInt_FMT
                   ", and a negative one leaves a cell out",
                   bad[0], bad[1], c->n_materials - 1);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPaintMaterials(const HeatGrid *g, const HeatCase *c,
                                  const HeatCellInputs *inputs, uint16_t *material)
{
  StampContext stamp = {.width = g->nxl, .map = material};

  PetscFunctionBeginUser;
  PetscCall(PetscArrayzero(material, HeatGridLocalCells(g)));
  for (PetscInt r = 0; r < c->n_regions; r++) {
    const HeatRegion *region = &c->regions[r];

    if (region->material >= 0) {
      stamp.value = (uint16_t)region->material;
      PetscCall(HeatPaintRegion(g, c, r, inputs, StampRun, &stamp));
    } else if (region->shape == HEAT_SHAPE_MAP) {
      PetscCall(PaintMap(g, c, r, MapOf(inputs, r), material));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPaintMaterialRegions(const HeatGrid *g, const HeatCase *c,
                                        const HeatCellInputs *inputs, uint16_t *region)
{
  StampContext stamp = {.width = g->nxl, .map = region};

  PetscFunctionBeginUser;
  for (size_t cell = 0; cell < HeatGridLocalCells(g); cell++) region[cell] = HEAT_NO_REGION;
  for (PetscInt r = 0; r < c->n_regions; r++) {
    if (c->regions[r].material < 0 && c->regions[r].shape != HEAT_SHAPE_MAP) continue;
    stamp.value = (uint16_t)r;
    PetscCall(HeatPaintRegion(g, c, r, inputs, StampRun, &stamp));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPaintSources(const HeatGrid *g, const HeatCase *c, const HeatCellInputs *inputs,
                                uint16_t *region)
{
  StampContext stamp = {.width = g->nxl, .map = region};

  PetscFunctionBeginUser;
  for (size_t cell = 0; cell < HeatGridLocalCells(g); cell++) region[cell] = HEAT_NO_REGION;
  for (PetscInt r = 0; r < c->n_regions; r++) {
    if (!HeatRegionHasSource(&c->regions[r])) continue;
    stamp.value = (uint16_t)r;
    PetscCall(HeatPaintRegion(g, c, r, inputs, StampRun, &stamp));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Painting of the initial temperature: TemperatureRun evaluates `expression` along a run. */
typedef struct {
  const HeatGrid *grid;
  HeatExpression *expression; /* of x y [K] */
  PetscReal      *T;          /* borrowed [nyl][nxl] [K] */
  PetscReal      *x, *y;      /* owned [nxl] cell centres of one row [m]; x is constant */
  const HeatCase *c;          /* borrowed */
  PetscReal       zero;       /* [K] lower bound of temperatures; -infinity: none */
  const char     *path;       /* key of the expression */
  HeatFault       fault;      /* own cells whose value is not finite or below `zero` */
} TemperatureContext;

static PetscErrorCode TemperatureRun(PetscInt j, PetscInt begin, PetscInt end, void *context)
{
  TemperatureContext *k   = (TemperatureContext *)context;
  const HeatGrid     *g   = k->grid;
  PetscReal          *row = k->T + (size_t)j * (size_t)g->nxl;

  PetscFunctionBeginUser;
  for (PetscInt i = begin; i < end; i++) k->y[i] = HeatGridY(g, g->ys + j);
  PetscCall(HeatExpressionEvaluate(k->expression, end - begin, k->x + begin, k->y + begin, 0.0,
                                   NULL, row + begin));
  for (PetscInt i = begin; i < end; i++) {
    const size_t cell = (size_t)j * (size_t)g->nxl + (size_t)i;

    if (row[i] >= k->zero && HeatIsNumber(row[i])) continue;
    if (!HeatFaultAdd(&k->fault, HeatFaultPlace(g, cell))) continue;
    HeatFaultAtCell(&k->fault, g);
    k->fault.value = row[i];
    (void)snprintf(k->fault.path, sizeof k->fault.path, "%s", k->path);
    HeatFaultOfTemperature(&k->fault, k->c);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Paint one formula on a region.  Raise HEAT_ERR_INPUT about the key `path` if on any rank a value
   is not finite or below the absolute zero.  Collective. */
static PetscErrorCode PaintFormula(TemperatureContext *k, const HeatCase *c,
                                   const HeatRegion *region, const int32_t *map,
                                   const HeatFormula *formula, const char *path)
{
  char message[256];

  PetscFunctionBeginUser;
  PetscCall(HeatExpressionCreate(formula, HEAT_VAR_X | HEAT_VAR_Y, &k->expression, message,
                                 sizeof message));
  HeatCaseCheckKey(k->expression, k->grid->comm, c, path, "%s", message);
  k->fault.count = 0;
  k->path        = path;
  PetscCall(PaintShape(k->grid, region, c->solver.paint, map, TemperatureRun, k));
  PetscCall(HeatExpressionDestroy(&k->expression));
  PetscCall(HeatFaultRaiseUnlessNumbers(k->grid->comm, c, formula->text ? PETSC_FALSE : PETSC_TRUE,
                                        &k->fault));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Raise HEAT_ERR_INPUT if on any rank a cell still has the NaN from before the painting.
   Collective. */
static PetscErrorCode CheckComplete(const HeatGrid *g, const HeatCase *c, const PetscReal *T)
{
  HeatFault fault = {0};

  PetscFunctionBeginUser;
  for (size_t cell = 0; cell < HeatGridLocalCells(g); cell++) {
    if (isnan(T[cell]) && HeatFaultAdd(&fault, HeatFaultPlace(g, cell))) HeatFaultAtCell(&fault, g);
  }
  PetscCall(HeatFaultReduce(g->comm, &fault));
  HeatCaseCheckKey(fault.count == 0, g->comm, c, "initial.temperature",
                   "missing for %" PetscInt64_FMT
                   " cells that no region gives a temperature, the first at x = %.6g, y = %.6g m; "
                   "give initial.temperature, or the first region a temperature",
                   fault.count, fault.x, fault.y);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPaintTemperature(const HeatGrid *g, const HeatCase *c,
                                    const HeatCellInputs *inputs, PetscBool filled, PetscReal *T)
{
  const PetscBool    given = c->initial.temperature.given;
  TemperatureContext k     = {.grid = g, .T = T, .c = c};
  const HeatRegion   all   = {.shape = HEAT_SHAPE_ALL};
  char               reason[100];

  PetscFunctionBeginUser;
  k.zero = HeatCaseAbsoluteZero(c, reason, sizeof reason);
  PetscCall(PetscMalloc2(g->nxl, &k.x, g->nxl, &k.y));
  for (PetscInt i = 0; i < g->nxl; i++) k.x[i] = HeatGridX(g, g->xs + i);
  for (size_t cell = 0; cell < HeatGridLocalCells(g) && !filled && !given; cell++) T[cell] = NAN;
  if (!filled && given)
    PetscCall(PaintFormula(&k, c, &all, NULL, &c->initial.temperature, "initial.temperature"));
  for (PetscInt r = 0; r < c->n_regions; r++) {
    char path[64];

    if (!c->regions[r].temperature.given) continue;
    PetscCall(PetscSNPrintf(path, sizeof path, "regions[%" PetscInt_FMT "].temperature", r));
    PetscCall(
        PaintFormula(&k, c, &c->regions[r], MapOf(inputs, r), &c->regions[r].temperature, path));
  }
  PetscCall(PetscFree2(k.x, k.y));
  if (!filled && !given) PetscCall(CheckComplete(g, c, T));
  PetscFunctionReturn(PETSC_SUCCESS);
}
