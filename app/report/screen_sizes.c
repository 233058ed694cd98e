/** Sizes on the terminal (screen_sizes.h).  A case may have 65535 regions, so each list ends after
 *  a few lines with a count. */
#include "app/report/screen_sizes.h"

#include <math.h>
#include <stdio.h>

enum {
  LINES = 4, /* lines of a list before the count; chosen: they leave the header on one screen */
  NAME  = 80 /* bytes of "regions[3] 'name'"; longer names are cut */
};

/* Difference of painted and true size that is reported, relative to the true size.  Chosen: the
   difference is usually smaller for a region that is a hundred cells wide; a smaller bound would
   list most regions of most cases. */
static const PetscReal Reported = 0.02;

/* The sizes of one region or segment. */
typedef struct {
  char        name[NAME];
  const char *unit; /* "m2", "m" */
  PetscReal   painted, exact;
  PetscBool   empty;  /* it covers nothing, or all of it is painted over */
  PetscBool   lost;   /* it covers no cell, or later regions leave one attribute on no cell */
  PetscBool   source; /* it has a `source` [W/m3], whose heat is in proportion to these sizes */
} Entry;

/* Return the number of regions and segments. */
static PetscInt Entries(const HeatSizes *sizes) { return sizes->n_regions + sizes->n_segments; }

static Entry RegionEntry(const HeatRunState *state, PetscInt r)
{
  const HeatRegionSize *size   = &state->sizes.regions[r];
  const HeatRegion     *region = &state->c->regions[r];
  const HeatPartSize   *heat   = &size->of[HEAT_ATTRIBUTE_SOURCE];
  const int             worst  = HeatRegionWorst(size);
  const HeatPartSize   *part   = worst < 0 ? &size->left : &size->of[worst];
  Entry                 entry  = {.unit = "m2", .painted = part->painted, .exact = part->exact};

  entry.empty  = (PetscBool)(part->cells == 0);
  entry.lost   = (PetscBool)(size->cells == 0 || HeatRegionLost(size) >= 0);
  entry.source = (PetscBool)(region->source.given && heat->cells == part->cells);
  (void)snprintf(entry.name, NAME, "regions[%" PetscInt_FMT "]%s%.40s%s%s%s%s", r,
                 region->name ? " '" : "", region->name ? region->name : "",
                 region->name ? "'" : "", worst < 0 ? "" : " (",
                 worst < 0 ? "" : HeatAttributeNames[worst], worst < 0 ? "" : ")");
  return entry;
}

static Entry SegmentEntry(const HeatRunState *state, PetscInt k)
{
  const HeatSegmentSize *size  = &state->sizes.segments[k];
  Entry                  entry = {.unit = "m", .painted = size->painted, .exact = size->exact};

  entry.empty = entry.lost = (PetscBool)(size->faces == 0);
  (void)snprintf(entry.name, NAME, "boundary.%s[%" PetscInt_FMT "]", HeatSideNames[size->side],
                 size->segment);
  return entry;
}

/* Return the sizes of entry k: the regions come first, then the segments. */
static Entry EntryOf(const HeatRunState *state, PetscInt k)
{
  const PetscInt n = state->sizes.n_regions;

  return k < n ? RegionEntry(state, k) : SegmentEntry(state, k - n);
}

/* Return the relative difference between the painted and the true size of entry k; 0 where it is
   not reported. */
static PetscReal Difference(const HeatRunState *state, PetscInt k)
{
  const Entry     entry  = EntryOf(state, k);
  const PetscReal excess = PetscAbsReal(HeatSizeExcess(entry.painted, entry.exact));

  return !entry.empty && excess > Reported ? excess : 0.0;
}

/* Return the entry that follows `last` in the order of decreasing differences (-1: the first one),
   and of increasing index where differences are equal; -1 if there is none. */
static PetscInt NextByDifference(const HeatRunState *state, PetscInt last)
{
  const PetscReal limit = last < 0 ? INFINITY : Difference(state, last);
  PetscReal       most  = 0.0;
  PetscInt        next  = -1;

  for (PetscInt k = 0; k < Entries(&state->sizes); k++) {
    const PetscReal d = Difference(state, k);

    if (d <= most || d > limit || (d == limit && k <= last)) continue;
    most = d;
    next = k;
  }
  return next;
}

void HeatScreenSizes(const HeatRunState *state)
{
  PetscInt last = -1, n = 0;

  for (PetscInt k = 0; k < Entries(&state->sizes); k++) n += Difference(state, k) > 0.0;
  for (PetscInt line = 0; line < PetscMin(n, (PetscInt)LINES); line++) {
    last              = NextByDifference(state, last);
    const Entry entry = EntryOf(state, last);

    (void)printf("  %-10s %s: %.4g %s painted, %.4g %s true (%+.3g %%)%s\n", line ? "" : "sizes",
                 entry.name, (double)entry.painted, entry.unit, (double)entry.exact, entry.unit,
                 100.0 * (double)HeatSizeExcess(entry.painted, entry.exact),
                 entry.source ? "; so does the heat of its source, `power` is exact" : "");
  }
  if (n > LINES)
    (void)printf("  %-10s and %" PetscInt_FMT
                 " more that differ by more than %g %% (results.json)\n",
                 "", n - LINES, 100.0 * (double)Reported);
}

/* Warn about the power of a region that no cell carries. */
static PetscErrorCode WarnOfPower(const HeatRunState *state, PetscInt r, HeatWarnings *warnings)
{
  const HeatFormula *power = &state->c->regions[r].power;
  char               where[400], path[64];

  PetscFunctionBeginUser;
  (void)snprintf(path, sizeof path, "regions[%" PetscInt_FMT "].power", r);
  HeatCaseLocate(state->c, path, where, sizeof where);
  if (power->text)
    PetscCall(HeatWarningsAdd(warnings, "%s%s: no cell carries it: %.60s W/m are lost", where, path,
                              power->text));
  else
    PetscCall(HeatWarningsAdd(warnings, "%s%s: no cell carries it: %g W/m are lost", where, path,
                              (double)power->value));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Print a note about a region or segment that covers nothing, or of which later regions leave a
   part that covers nothing. */
static void NoteLost(const HeatRunState *state, PetscInt k, const char *name)
{
  const HeatSizes *sizes = &state->sizes;
  const int        lost  = k < sizes->n_regions ? HeatRegionLost(&sizes->regions[k]) : -1;

  if (lost >= 0)
    (void)fprintf(stderr,
                  "heat2d: note: regions[%" PetscInt_FMT "]: the part of its %s that later regions "
                  "leave covers no cell and has no effect\n",
                  k, HeatAttributeNames[lost]);
  else
    (void)fprintf(stderr, "heat2d: note: %s covers %s and has no effect\n", name,
                  k < sizes->n_regions ? "no cell" : "no face");
}

/* Print a note about a pair of materials that touch nowhere. */
static void NoteApart(const HeatCase *c, const HeatMaterialPair *pair)
{
  char key[NAME];

  HeatMaterialPairKey(pair, key, sizeof key);
  (void)fprintf(stderr,
                "heat2d: note: %s: '%.60s' and '%.60s' touch at no face of the grid: it has no "
                "effect\n",
                key, c->materials[pair->material[0]].name, c->materials[pair->material[1]].name);
}

PetscErrorCode HeatScreenEmpty(const HeatRunState *state, HeatWarnings *warnings)
{
  const HeatCase *c     = state->c;
  PetscInt        empty = 0, lost = 0, apart = 0;

  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < Entries(&state->sizes); k++) {
    const Entry entry = EntryOf(state, k);

    if (entry.lost && empty++ < LINES) NoteLost(state, k, entry.name);
  }
  if (empty > LINES)
    (void)fprintf(stderr,
                  "heat2d: note: %" PetscInt_FMT " more regions and segments cover nothing\n",
                  empty - LINES);
  for (PetscInt k = 0; k < state->sizes.n_pairs; k++)
    if (state->sizes.pairs[k].faces == 0 && apart++ < LINES) NoteApart(c, &state->sizes.pairs[k]);
  if (apart > LINES)
    (void)fprintf(stderr, "heat2d: note: %" PetscInt_FMT " more pairs of materials touch nowhere\n",
                  apart - LINES);
  for (PetscInt r = 0; r < c->n_regions; r++) {
    if (!c->regions[r].power.given) continue;
    if (HeatSourcePowerCells(HeatOperatorSource(state->op), r) > 0) continue;
    if (lost++ < LINES) PetscCall(WarnOfPower(state, r, warnings));
  }
  if (lost > LINES)
    PetscCall(HeatWarningsAdd(
        warnings, "no cell carries the power of %" PetscInt_FMT " more regions", lost - LINES));
  PetscFunctionReturn(PETSC_SUCCESS);
}
