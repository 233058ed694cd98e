/** Sizes: region_sizes.h measures regions, and touching.h the faces between materials; the faces of
 *  segments follow from the case alone. */
#include "solver/physics/sizes.h"

#include <stdio.h>

#include "solver/base/number_text.h"
#include "solver/physics/boundary.h"

/* Bytes of a key: "regions[65534]", "boundary.bottom[7]", "contacts[65534].between". */
enum { NAME = 48 };

/* Measuring. */

static PetscErrorCode MeasureSegments(const HeatGrid *g, const HeatCase *c, HeatSizes *sizes)
{
  PetscInt n = 0;

  PetscFunctionBeginUser;
  for (int side = 0; side < HEAT_SIDES; side++) n += c->boundary[side].n;
  PetscCall(PetscCalloc1(n, &sizes->segments));
  for (int side = 0; side < HEAT_SIDES; side++) {
    const HeatBoundary *b      = &c->boundary[side];
    const PetscReal    *extent = side < HEAT_BOTTOM ? c->grid.y : c->grid.x;
    const PetscReal     width  = side < HEAT_BOTTOM ? g->hy : g->hx;
    PetscReal           begin  = extent[0];
    PetscInt            first  = 0;

    for (PetscInt k = 0; k < b->n; k++) {
      const PetscReal  end  = k == b->n - 1 ? extent[1] : b->segments[k].to;
      const PetscInt   last = HeatBoundarySegmentEnd(c, (HeatSide)side, k);
      HeatSegmentSize *size = &sizes->segments[sizes->n_segments++];

      *size = (HeatSegmentSize){(HeatSide)side, k, last - first, (PetscReal)(last - first) * width,
                                end - begin};
      begin = end;
      first = last;
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Refusing what is empty. */

/* Describe why a region covers no cell, and what to do. */
static void ExplainRegion(const HeatGrid *g, const HeatCase *c, const HeatSizes *sizes, PetscInt r,
                          char *text, size_t size)
{
  const HeatRegion *region = &c->regions[r];
  const PetscReal  *x = c->grid.x, *y = c->grid.y;
  const char       *quote = region->name ? "'" : "", *name = region->name ? region->name : "";
  PetscReal         low[2], high[2];
  char              start[80];

  snprintf(start, sizeof start, "%s%.40s%s%scovers no cell", quote, name, quote,
           name[0] ? " " : "");
  HeatRegionBox(region, x, y, low, high);
  if (region->shape == HEAT_SHAPE_MAP) {
    snprintf(text, size, "%s: all numbers of its map are negative; correct the map", start);
  } else if (sizes->regions[r].shape == 0.0) {
    snprintf(text, size,
             "%s: it goes from [%s, %s] to [%s, %s] and lies outside the domain "
             "[%s, %s] x [%s, %s]; coordinates are in metres, move it or remove it",
             start, HeatNumber(low[0]), HeatNumber(low[1]), HeatNumber(high[0]),
             HeatNumber(high[1]), HeatNumber(x[0]), HeatNumber(x[1]), HeatNumber(y[0]),
             HeatNumber(y[1]));
  } else {
    snprintf(text, size,
             "%s: it is %.6g m wide and %.6g m high, a cell is %.6g m x %.6g m, and the "
             "centre of none is inside; take more cells (grid.cells) so that one is smaller than "
             "it, make it larger, or give a thin layer as a contact resistance (contacts), its "
             "thickness over its conductivity",
             start, high[0] - low[0], high[1] - low[1], g->hx, g->hy);
  }
}

/* Describe why what later regions leave of a region covers no cell, and what to do. */
static void ExplainLost(const HeatGrid *g, const HeatCase *c, const HeatSizes *sizes, PetscInt r,
                        char *text, size_t size)
{
  const HeatRegionSize *region = &sizes->regions[r];
  const int             a      = HeatRegionLost(region);
  const char           *name = c->regions[r].name, *quote = name ? "'" : "";
  char                  whole[80];

  snprintf(whole, sizeof whole, "%s%.40s%s", quote, name ? name : "", name ? "' " : "");
  snprintf(text, size,
           "%sis painted over by later regions but for %.4g m2 of its %.4g m2 (%s), which cover no "
           "cell: a cell is %.6g m x %.6g m, and the centre of none is inside; take more cells "
           "(grid.cells), move the edges of the regions, or give a thin layer as a contact "
           "resistance (contacts), its thickness over its conductivity",
           whole, region->of[a].exact, region->shape, HeatAttributeNames[a], g->hx, g->hy);
}

static void ExplainSegment(const HeatGrid *g, const HeatSegmentSize *s, char *text, size_t size)
{
  const PetscBool vertical = (PetscBool)(s->side < HEAT_BOTTOM);

  /* 1e-9: chosen, so that a quotient that exceeds a whole number by rounding adds no cell. */
  snprintf(text, size,
           "covers no face: it is %.6g m long, a face is %.6g m, and the middle of none is inside; "
           "take more cells along %s (%.0f suffice), or move its ends",
           s->exact, vertical ? g->hy : g->hx, vertical ? "y" : "x",
           (double)PetscCeilReal((vertical ? (PetscReal)g->ny * g->hy : (PetscReal)g->nx * g->hx) /
                                 s->exact * (1.0 - 1e-9)));
}

/* Write the key of a segment, "boundary.top[1]". */
static void SegmentName(const HeatCase *c, const HeatSegmentSize *s, char name[NAME])
{
  if (c->boundary[s->side].n == 1) snprintf(name, NAME, "boundary.%s", HeatSideNames[s->side]);
  else snprintf(name, NAME, "boundary.%s[%" PetscInt_FMT "]", HeatSideNames[s->side], s->segment);
}

/* Describe why a pair of materials has no effect, and what to do. */
static void ExplainPair(const HeatCase *c, const HeatMaterialPair *pair, char *text, size_t size)
{
  const char *a = c->materials[pair->material[0]].name, *b = c->materials[pair->material[1]].name;
  char        start[200];

  snprintf(start, sizeof start, "the materials '%.60s' and '%.60s' touch at no face of the grid", a,
           b);
  if (pair->cells[0] > 0 && pair->cells[1] > 0)
    snprintf(text, size,
             "%s: other cells lie between all of theirs (or they meet at corners only); name the "
             "materials that touch, close the gap between their regions, take more cells "
             "(grid.cells), or remove the entry",
             start);
  else
    snprintf(text, size,
             "%s: no cell has the material '%.60s'; name a material that the grid shows, give it "
             "to a region that later ones leave uncovered, or remove the entry",
             start, pair->cells[0] > 0 ? b : a);
}

/* What is known of the regions, segments and pairs of materials that have no effect. */
typedef struct {
  PetscInt n;
  char     first[NAME];      /* key of the first one */
  char     why[700];         /* its explanation */
  char     others[5 * NAME]; /* keys of the next ones, as far as there is room for them */
  size_t   used;             /* bytes of `others` */
  PetscInt listed;           /* keys in `others` */
} Empty;

/* Add the key of what covers nothing.  Return whether it is the first one, for
   which the caller writes the explanation. */
static PetscBool NoteEmpty(Empty *empty, const char *name)
{
  const size_t room = sizeof empty->others - empty->used;

  if (empty->n++ == 0) {
    snprintf(empty->first, sizeof empty->first, "%s", name);
    return PETSC_TRUE;
  }
  if (room < NAME + 2) return PETSC_FALSE;
  empty->used += (size_t)snprintf(empty->others + empty->used, room, "%s%s",
                                  empty->used ? ", " : "", name);
  empty->listed++;
  return PETSC_FALSE;
}

static void FindEmpty(const HeatGrid *g, const HeatCase *c, const HeatSizes *sizes, Empty *empty)
{
  char name[NAME];

  for (PetscInt r = 0; r < sizes->n_regions; r++) {
    const PetscBool lost = (PetscBool)(HeatRegionLost(&sizes->regions[r]) >= 0);

    if (sizes->regions[r].cells > 0 && !lost) continue;
    snprintf(name, sizeof name, "regions[%" PetscInt_FMT "]", r);
    if (!NoteEmpty(empty, name)) continue;
    if (lost) ExplainLost(g, c, sizes, r, empty->why, sizeof empty->why);
    else ExplainRegion(g, c, sizes, r, empty->why, sizeof empty->why);
  }
  for (PetscInt k = 0; k < sizes->n_segments; k++) {
    if (sizes->segments[k].faces > 0) continue;
    SegmentName(c, &sizes->segments[k], name);
    if (NoteEmpty(empty, name))
      ExplainSegment(g, &sizes->segments[k], empty->why, sizeof empty->why);
  }
  for (PetscInt k = 0; k < sizes->n_pairs; k++) {
    if (sizes->pairs[k].faces > 0) continue;
    HeatMaterialPairKey(&sizes->pairs[k], name, sizeof name);
    if (NoteEmpty(empty, name)) ExplainPair(c, &sizes->pairs[k], empty->why, sizeof empty->why);
  }
}

/* Raise HEAT_ERR_INPUT about the first region, segment or pair of materials that covers nothing.
   Collective. */
static PetscErrorCode RefuseEmpty(const HeatGrid *g, const HeatCase *c, const HeatSizes *sizes)
{
  Empty empty            = {0};
  char  others[6 * NAME] = "";

  PetscFunctionBeginUser;
  FindEmpty(g, c, sizes, &empty);
  if (empty.n > 1)
    snprintf(others, sizeof others, " (%" PetscInt_FMT " more cover nothing: %s%s)", empty.n - 1,
             empty.others, empty.listed < empty.n - 1 ? ", ..." : "");
  HeatCaseCheckKey(empty.n == 0, g->comm, c, empty.first,
                   "%s; or write solver.empty_regions: allow to run without it%s", empty.why,
                   others);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSizesMeasure(const HeatGrid *g, const HeatCase *c, const HeatCellInputs *inputs,
                                HeatSizes *sizes)
{
  PetscFunctionBeginUser;
  *sizes = (HeatSizes){0};
  PetscCall(PetscCalloc1(c->n_regions, &sizes->regions));
  sizes->n_regions = c->n_regions;
  PetscCall(HeatRegionSizesMeasure(g, c, inputs, sizes->regions));
  PetscCall(MeasureSegments(g, c, sizes));
  PetscCall(HeatTouchingCount(g, c, inputs, &sizes->n_pairs, &sizes->pairs));
  if (c->solver.empty_regions == HEAT_EMPTY_REFUSE) PetscCall(RefuseEmpty(g, c, sizes));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSizesClear(HeatSizes *sizes)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(sizes->regions));
  PetscCall(PetscFree(sizes->segments));
  PetscCall(PetscFree(sizes->pairs));
  *sizes = (HeatSizes){0};
  PetscFunctionReturn(PETSC_SUCCESS);
}
