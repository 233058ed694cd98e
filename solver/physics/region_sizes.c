/** Sizes of regions.  For each attribute, an array of own cells stores the last region that gives
 *  the attribute to the cell; the cells of each region are counted in these arrays.  The arrays are
 *  freed before the fields of the run are allocated.
 *
 *  Areas are divided among the ranks, region by region: one rank computes the areas of a region, so
 *  that they have the same bits on any number of ranks. */
#include "solver/physics/region_sizes.h"

#include <math.h>

#include "solver/base/reduction.h"
#include "solver/case/region_area.h"

/* The numbers of cells, or the areas, of a region: of its shape without regard to later regions,
   where some attribute is left, and from FIRST on where each attribute is left. */
enum { SHAPE, ANY, FIRST, NUMBERS = FIRST + HEAT_ATTRIBUTES };

/* [cells] The remaining area of a region counts as 0 if it is at most a strip of this width along
   its outline.  Rounding can leave such a strip between shapes with a common edge, and painting
   ignores it. */
static const PetscReal Nothing = HEAT_PAINT_TOLERANCE;

/* Return whether region r gives attribute a.  If `maps` is false, maps give none. */
static PetscBool Paints(const HeatCase *c, PetscInt r, int a, PetscBool maps)
{
  if (!(HeatRegionAttributes(&c->regions[r]) & 1u << a)) return PETSC_FALSE;
  return (PetscBool)(maps || c->regions[r].shape != HEAT_SHAPE_MAP);
}

/* Cells. */

/* Painting of a region's index on own cells. */
typedef struct {
  PetscInt  width; /* nxl, cells of a row */
  uint16_t *last;  /* borrowed [nyl][nxl] */
  uint16_t  region;
} Stamp;

static PetscErrorCode StampRun(PetscInt j, PetscInt begin, PetscInt end, void *context)
{
  const Stamp *s   = (const Stamp *)context;
  uint16_t    *row = s->last + (size_t)j * (size_t)s->width;

  for (PetscInt i = begin; i < end; i++) row[i] = s->region;
  return PETSC_SUCCESS;
}

/* Add the cells of a run to the PetscInt64 that is the context. */
static PetscErrorCode CountRun(PetscInt j, PetscInt begin, PetscInt end, void *context)
{
  (void)j;
  *(PetscInt64 *)context += end - begin;
  return PETSC_SUCCESS;
}

/* Compute the last region that gives attribute a in each own cell, or HEAT_NO_REGION.
   @param[in]  maps  whether maps count
   @param[out] last  owned by the caller, [nyl][nxl]; NULL if no region after the first gives the
                     attribute */
static PetscErrorCode FindLast(const HeatGrid *g, const HeatCase *c, const HeatCellInputs *inputs,
                               int a, PetscBool maps, uint16_t **last)
{
  const size_t cells = HeatGridLocalCells(g);
  Stamp        stamp = {.width = g->nxl};
  PetscInt     first = 1;

  PetscFunctionBeginUser;
  *last = NULL;
  while (first < c->n_regions && !Paints(c, first, a, maps)) first++;
  if (first == c->n_regions) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(cells, last));
  for (size_t cell = 0; cell < cells; cell++) (*last)[cell] = HEAT_NO_REGION;
  stamp.last = *last;
  for (PetscInt r = 0; r < c->n_regions; r++) {
    if (!Paints(c, r, a, maps)) continue;
    stamp.region = (uint16_t)r;
    PetscCall(HeatPaintRegion(g, c, r, inputs, StampRun, &stamp));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Count each own cell for the regions that give it an attribute last.
   @param[in]     last   [HEAT_ATTRIBUTES] arrays of FindLast; NULL: first[] holds for all cells
   @param[in]     first  [HEAT_ATTRIBUTES] region 0, or HEAT_NO_REGION if it gives no such attribute
   @param[in,out] cells  [n_regions][NUMBERS] */
static void CountLast(size_t n, uint16_t *const last[], const uint16_t first[],
                      PetscInt64 (*cells)[NUMBERS])
{
  const PetscBool  uniform = (PetscBool)(!last[0] && !last[1] && !last[2]);
  const PetscInt64 weight  = uniform ? (PetscInt64)n : 1; /* of each cell that is visited */

  for (size_t cell = 0; cell < (uniform ? 1 : n); cell++) {
    uint16_t r[HEAT_ATTRIBUTES];

    for (int a = 0; a < HEAT_ATTRIBUTES; a++) {
      PetscBool counted = PETSC_FALSE;

      r[a] = last[a] ? last[a][cell] : first[a];
      if (r[a] == HEAT_NO_REGION) continue;
      cells[r[a]][FIRST + a] += weight;
      for (int b = 0; b < a; b++) counted = (PetscBool)(counted || r[b] == r[a]);
      if (!counted) cells[r[a]][ANY] += weight;
    }
  }
}

/* Count the own cells of each region that later regions do not paint over.
   @param[in]     maps   whether maps count
   @param[in,out] cells  [n_regions][NUMBERS]; SHAPE, and ANY of a region without attributes, are
                         not changed */
static PetscErrorCode CountLeft(const HeatGrid *g, const HeatCase *c, const HeatCellInputs *inputs,
                                PetscBool maps, PetscInt64 (*cells)[NUMBERS])
{
  uint16_t *last[HEAT_ATTRIBUTES], first[HEAT_ATTRIBUTES];

  PetscFunctionBeginUser;
  for (int a = 0; a < HEAT_ATTRIBUTES; a++) {
    first[a] = Paints(c, 0, a, maps) ? 0 : HEAT_NO_REGION;
    PetscCall(FindLast(g, c, inputs, a, maps, &last[a]));
  }
  CountLast(HeatGridLocalCells(g), last, first, cells);
  for (int a = 0; a < HEAT_ATTRIBUTES; a++) PetscCall(PetscFree(last[a]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Count the own cells, and add them to a reduction.
   @param[out] cells  [n_regions][NUMBERS]; of all ranks after the reduction's Run, ANY of a region
                      without attributes undefined */
static PetscErrorCode AddCells(HeatReduction *reduction, const HeatGrid *g, const HeatCase *c,
                               const HeatCellInputs *inputs, PetscBool maps,
                               PetscInt64 (*cells)[NUMBERS])
{
  PetscFunctionBeginUser;
  for (PetscInt r = 0; r < c->n_regions; r++)
    PetscCall(HeatPaintRegion(g, c, r, inputs, CountRun, &cells[r][SHAPE]));
  PetscCall(CountLeft(g, c, inputs, maps, cells));
  PetscCall(HeatReductionAddCounts(reduction, NUMBERS * c->n_regions, cells[0], cells[0]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Areas. */

/* Compute this rank's share of the areas of all regions but maps, as if there were no maps, and add
   them to a reduction.  No area is negative, so that the largest number is that of the rank that
   has computed it.
   @param[out] areas  [n_regions][NUMBERS] [m2]; zeros on entry; of all ranks after the reduction's
                      Run, 0 for maps */
static PetscErrorCode AddAreas(HeatReduction *reduction, const HeatGrid *g, const HeatCase *c,
                               PetscReal (*areas)[NUMBERS])
{
  HeatRegionAreas *computed;
  HeatVisibleArea  area;
  PetscMPIInt      rank, size;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(g->comm, &rank));
  PetscCallMPI(MPI_Comm_size(g->comm, &size));
  PetscCall(HeatRegionAreasCreate(c, &computed));
  for (PetscInt r = rank; r < c->n_regions; r += size) {
    if (c->regions[r].shape == HEAT_SHAPE_MAP) continue;
    PetscCall(HeatRegionAreasOf(computed, r, &area));
    areas[r][SHAPE] = area.shape;
    areas[r][ANY]   = area.any;
    for (int a = 0; a < HEAT_ATTRIBUTES; a++) areas[r][FIRST + a] = area.of[a];
  }
  PetscCall(HeatRegionAreasDestroy(&computed));
  PetscCall(HeatReductionAddMaxima(reduction, NUMBERS * c->n_regions, areas[0], areas[0]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the largest area [m2] of region r that counts as 0: a strip along the sides of its box. */
static PetscReal Negligible(const HeatGrid *g, const HeatCase *c, PetscInt r)
{
  PetscReal low[2], high[2];

  HeatRegionBox(&c->regions[r], c->grid.x, c->grid.y, low, high);
  const PetscReal width  = PetscMin(high[0], c->grid.x[1]) - PetscMax(low[0], c->grid.x[0]);
  const PetscReal height = PetscMin(high[1], c->grid.y[1]) - PetscMax(low[1], c->grid.y[0]);

  return 2.0 * Nothing * (PetscMax(width, 0.0) * g->hy + PetscMax(height, 0.0) * g->hx);
}

/* Return the size of a part of region r that is left.
   @param[in] cells, without  its cells, and the cells that it would have if there were no maps
   @param[in] shape, area     [m2] area of the whole shape, and the area that would be left if
                              there were no maps */
static HeatPartSize PartSize(const HeatGrid *g, const HeatCase *c, PetscInt r, PetscInt64 cells,
                             PetscInt64 without, PetscReal shape, PetscReal area)
{
  HeatPartSize size = {cells, (PetscReal)cells * (g->hx * g->hy), area};

  if (c->regions[r].shape == HEAT_SHAPE_MAP) size.exact = size.painted;
  else if (area < shape && area <= Negligible(g, c, r)) size.exact = 0.0;
  else if (cells != without) size.exact = area * (PetscReal)cells / (PetscReal)without;
  return size;
}

/* Return whether a map follows the first region. */
static PetscBool HasMaps(const HeatCase *c)
{
  for (PetscInt r = 1; r < c->n_regions; r++)
    if (c->regions[r].shape == HEAT_SHAPE_MAP) return PETSC_TRUE;
  return PETSC_FALSE;
}

PetscErrorCode HeatRegionSizesMeasure(const HeatGrid *g, const HeatCase *c,
                                      const HeatCellInputs *inputs, HeatRegionSize *sizes)
{
  PetscInt64(*cells)[NUMBERS], (*without)[NUMBERS];
  PetscReal(*areas)[NUMBERS];
  HeatReduction *reduction;

  PetscFunctionBeginUser;
  PetscCall(PetscCalloc3(c->n_regions, &cells, c->n_regions, &without, c->n_regions, &areas));
  PetscCall(HeatReductionCreate(g->comm, &reduction));
  PetscCall(AddCells(reduction, g, c, inputs, PETSC_TRUE, cells));
  if (HasMaps(c)) PetscCall(AddCells(reduction, g, c, inputs, PETSC_FALSE, without));
  PetscCall(AddAreas(reduction, g, c, areas));
  PetscCall(HeatReductionRun(reduction));
  PetscCall(HeatReductionDestroy(&reduction));
  if (!HasMaps(c)) PetscCall(PetscArraycpy(without, cells, c->n_regions));
  for (PetscInt r = 0; r < c->n_regions; r++) {
    if (HeatRegionAttributes(&c->regions[r])) continue;
    cells[r][ANY]   = cells[r][SHAPE];
    without[r][ANY] = without[r][SHAPE];
  }
  for (PetscInt r = 0; r < c->n_regions; r++) {
    HeatRegionSize *size  = &sizes[r];
    const PetscReal shape = areas[r][SHAPE];

    *size       = (HeatRegionSize){.cells      = cells[r][SHAPE],
                                   .attributes = HeatRegionAttributes(&c->regions[r])};
    size->shape = PartSize(g, c, r, cells[r][SHAPE], cells[r][SHAPE], shape, shape).exact;
    size->left  = PartSize(g, c, r, cells[r][ANY], without[r][ANY], shape, areas[r][ANY]);
    for (int a = 0; a < HEAT_ATTRIBUTES; a++)
      size->of[a] = PartSize(g, c, r, cells[r][FIRST + a], without[r][FIRST + a], shape,
                             areas[r][FIRST + a]);
  }
  PetscCall(PetscFree3(cells, without, areas));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Answers. */

PetscReal HeatSizeExcess(PetscReal painted, PetscReal exact)
{
  if (exact > 0.0) return painted / exact - 1.0;
  return painted > 0.0 ? INFINITY : 0.0;
}

/* Return by how much painted and true size differ, relative to the true size. */
static PetscReal Difference(const HeatPartSize *size)
{
  return PetscAbsReal(HeatSizeExcess(size->painted, size->exact));
}

int HeatRegionWorst(const HeatRegionSize *size)
{
  PetscReal most  = Difference(&size->left) + 1e-9; /* chosen, far above rounding */
  int       worst = -1;

  for (int a = 0; a < HEAT_ATTRIBUTES; a++) {
    if (size->of[a].cells == 0 || Difference(&size->of[a]) <= most) continue;
    most  = Difference(&size->of[a]);
    worst = a;
  }
  return worst;
}

int HeatRegionLost(const HeatRegionSize *size)
{
  for (int a = 0; a < HEAT_ATTRIBUTES; a++)
    if (size->cells > 0 && size->of[a].cells == 0 && size->of[a].exact > 0.0) return a;
  return -1;
}
