/** Events of a case (events.h).
 *
 *  The next event is the earliest of the next switch of each formula, the next entry of each table
 *  and the next of the given times: time.events and those of zones (shared_switches.h).  The next
 *  turn (turns.h) is the earliest over the formulas.  Other switches (moving.h) and smooth changes
 *  (smooth.h) at times that depend on the place are no events. */
#include "solver/case/events.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "solver/case/moving.h"
#include "solver/case/region_index.h"
#include "solver/case/shared_switches.h"
#include "solver/case/smooth.h"
#include "solver/case/switches.h"
#include "solver/case/turns.h"

/* Efforts, in operations of formulas, of which 1e7 take some tenths of a second.  Chosen.
   PATIENCE: of one search.  An operation that can switch and needs more is reported and not
   searched again.  BASE + SHARE for each search: of all searches of a run together, so that a case
   with many involved formulas cannot keep the run from its steps, or from a signal.  Once this is
   used up, a formula that needs more than SHARE is reported and not searched again.  ZONES: of the
   searches for zones, apart, so that they leave the effort to formulas of t alone; a formula that
   comes later is reported. */
static const PetscReal PATIENCE = 1e7, BASE = 1e8, SHARE = 2e4, ZONES = 5e7;

/* A formula that switches.  `next` is its first event after `from`; PETSC_MAX_REAL means that there
   is none up to `known`. */
typedef struct {
  const char   *text;              /* of the case */
  HeatSwitches *switches;          /* owned */
  PetscReal     from, next, known; /* [s] */
  PetscBool     given_up; /* all of its operations that can switch are excluded from the search */
} Formula;

/* A formula with parts that depend on t alone.  `next` is its first turn after `from`, as for the
   events in Formula. */
typedef struct {
  const char *text;
  HeatTurns  *turns; /* owned */
  PetscReal   from, next, known;
  PetscBool   named;    /* HeatEventsHidden has returned its text */
  PetscBool   steep;    /* HeatEventsSteep has returned its text */
  PetscBool   fast;     /* HeatEventsFollow leaves it out */
  PetscBool   given_up; /* it takes too long to search and counts as one without turns */
} Turning;

/* A formula that switches at times that depend on the place. */
typedef struct {
  const char *text;
  HeatMoving *moving; /* owned */
} Moving;

/* A formula that changes smoothly at times that depend on the place. */
typedef struct {
  const char *text;
  HeatSmooth *smooth; /* owned */
} Smooth;

struct HeatEvents {
  const HeatCase    *c;
  PetscInt           n_formulas, n_turning, n_moving, n_smooth, n_tables;
  Formula           *formulas; /* owned */
  Turning           *turning;  /* owned */
  Moving            *moving;   /* owned */
  Smooth            *smooth;   /* owned */
  const HeatSeries **tables;   /* owned; the tables are the case's */
  PetscInt           n_given;
  PetscReal         *given;      /* owned [n_given] [s] ascending; time.events and those of zones */
  const char        *unsearched; /* as HeatEventsUnsearched returns it */
  const char        *fast;       /* as HeatEventsTooFast returns it */
  const char        *unfollowed; /* as HeatEventsUnfollowed returns it */
  PetscReal          work;       /* operations that all searches have evaluated */
  PetscReal          allowed;    /* operations that they may evaluate */
  PetscReal          zone_work;  /* operations that the searches for zones have evaluated */
};

/* Gathering. */

/* The texts of the case's formulas that can depend on time, and its tables; a text may occur
   several times. */
typedef struct {
  PetscInt           n_texts, n_tables;
  const char       **texts;
  const HeatSeries **tables;
} Found;

static void FindText(Found *found, const HeatFormula *formula)
{
  if (formula->given && formula->text) found->texts[found->n_texts++] = formula->text;
}

static PetscInt CountSegments(const HeatCase *c)
{
  PetscInt n = 0;

  for (int side = 0; side < HEAT_SIDES; side++) n += c->boundary[side].n;
  return n;
}

static void FindAll(const HeatCase *c, Found *found)
{
  FindText(found, &c->source);
  FindText(found, &c->exchange.ambient);
  for (PetscInt k = 0; k < c->n_regions; k++) {
    FindText(found, &c->regions[k].source);
    FindText(found, &c->regions[k].power);
  }
  for (int side = 0; side < HEAT_SIDES; side++) {
    for (PetscInt k = 0; k < c->boundary[side].n; k++) {
      const HeatSegment *s = &c->boundary[side].segments[k];

      FindText(found, &s->value);
      FindText(found, &s->ambient);
      if (s->table.file) found->tables[found->n_tables++] = &s->table;
    }
  }
}

static int CompareTexts(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Add a formula to those that can switch, to those with parts of t alone, to both or to neither. */
static PetscErrorCode AddFormula(HeatEvents *events, const char *text)
{
  const PetscReal end = HeatCaseEnd(events->c);
  Formula        *f   = &events->formulas[events->n_formulas];
  Turning        *g   = &events->turning[events->n_turning];
  PetscBool       field;

  PetscFunctionBeginUser;
  PetscCall(HeatSwitchesDependOnField(text, &field));
  if (field && events->c->time.n_events == 0) events->unsearched = text;
  PetscCall(HeatSwitchesCreate(text, PETSC_TRUE, &f->switches));
  if (f->switches) {
    f->text = text;
    f->from = f->known = PETSC_MAX_REAL;
    events->n_formulas++;
  }
  if (isfinite(end)) PetscCall(HeatTurnsCreate(text, end, &g->turns));
  if (g->turns) {
    g->text = text;
    g->from = g->known = PETSC_MAX_REAL;
    g->fast            = events->work > events->allowed || HeatTurnsAreFast(g->turns) ? PETSC_TRUE
                                                                                      : PETSC_FALSE;
    events->work += HeatTurnsWork(g->turns);
    if (g->fast) events->fast = text;
    events->n_turning++;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A formula and the box of the places at which it acts. */
typedef struct {
  const char *text;
  PetscReal   x[2], y[2]; /* [m] */
} Acting;

static void Act(PetscInt *n, Acting acting[], const HeatFormula *formula, const PetscReal x[2],
                const PetscReal y[2])
{
  if (formula->given && formula->text)
    acting[(*n)++] = (Acting){formula->text, {x[0], x[1]}, {y[0], y[1]}};
}

/* Find the source of a region, with the part of its box that lies in the domain. */
static void ActInRegion(PetscInt *n, Acting acting[], const HeatCase *c, const HeatRegion *region)
{
  PetscReal low[2], high[2];

  if (!region->source.given) return;
  HeatRegionBox(region, c->grid.x, c->grid.y, low, high);
  const PetscReal x[2] = {PetscMax(low[0], c->grid.x[0]), PetscMin(high[0], c->grid.x[1])};
  const PetscReal y[2] = {PetscMax(low[1], c->grid.y[0]), PetscMin(high[1], c->grid.y[1])};

  if (x[0] <= x[1] && y[0] <= y[1]) Act(n, acting, &region->source, x, y);
}

/* Find the formulas of the case that can depend on both t and the place, and where they act. */
static void FindActing(const HeatCase *c, PetscInt *n, Acting acting[])
{
  const PetscReal *x = c->grid.x, *y = c->grid.y;

  Act(n, acting, &c->source, x, y);
  Act(n, acting, &c->exchange.ambient, x, y);
  for (PetscInt k = 0; k < c->n_regions; k++) ActInRegion(n, acting, c, &c->regions[k]);
  for (int side = 0; side < HEAT_SIDES; side++) {
    const PetscBool along_y  = side < HEAT_BOTTOM ? PETSC_TRUE : PETSC_FALSE;
    const PetscReal at       = along_y ? x[side & 1] : y[side & 1];
    const PetscReal fixed[2] = {at, at};

    for (PetscInt k = 0; k < c->boundary[side].n; k++) {
      const HeatSegment *s = &c->boundary[side].segments[k];

      Act(n, acting, &s->value, along_y ? fixed : x, along_y ? y : fixed);
      Act(n, acting, &s->ambient, along_y ? fixed : x, along_y ? y : fixed);
    }
  }
}

/* Return whether all searches together have used up their effort. */
static PetscBool IsUsedUp(const HeatEvents *events)
{
  return events->work > events->allowed ? PETSC_TRUE : PETSC_FALSE;
}

/* Add the times of zones of a formula that switches at times that depend on the place. */
static PetscErrorCode AddZones(HeatEvents *events, const Acting *acting)
{
  const PetscInt before = events->n_given;

  PetscFunctionBeginUser;
  if (events->zone_work > ZONES) {
    events->unsearched = acting->text;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatSharedSwitchesFind(acting->text, acting->x, acting->y, HeatCaseEnd(events->c),
                                   &events->n_given, &events->given, &events->zone_work));
  if (events->n_given > before) /* many regions may have the same zones */
    PetscCall(PetscSortRemoveDupsReal(&events->n_given, events->given));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add a formula if it switches at times that depend on the place: the times of zones to the given
   times, the others to those that move. */
static PetscErrorCode AddMoving(HeatEvents *events, const Acting *acting)
{
  HeatMovingRange range = {.x   = {acting->x[0], acting->x[1]},
                           .y   = {acting->y[0], acting->y[1]},
                           .end = HeatCaseEnd(events->c)};
  HeatMoving     *moving;
  PetscBool       moves;

  PetscFunctionBeginUser;
  PetscCall(HeatSwitchesDependOnPlace(acting->text, &moves));
  if (!moves) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(AddZones(events, acting));
  if (IsUsedUp(events)) {
    events->unfollowed = acting->text;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  range.n_given = events->n_given;
  range.given   = events->given;
  PetscCall(HeatMovingCreate(acting->text, &range, &moving));
  events->work += HeatMovingWork(moving);
  events->moving[events->n_moving++] = (Moving){acting->text, moving};
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add a formula if it changes smoothly at times that depend on the place. */
static PetscErrorCode AddSmooth(HeatEvents *events, const Acting *acting)
{
  HeatSmooth *smooth;

  PetscFunctionBeginUser;
  PetscCall(HeatSmoothCreate(acting->text, acting->x, acting->y, HeatCaseEnd(events->c),
                             (PetscBool)!IsUsedUp(events), &smooth));
  if (!smooth) PetscFunctionReturn(PETSC_SUCCESS);
  events->work += HeatSmoothWork(smooth);
  if (HeatSmoothIsUnsearched(smooth)) events->unfollowed = acting->text;
  events->smooth[events->n_smooth++] = (Smooth){acting->text, smooth};
  PetscFunctionReturn(PETSC_SUCCESS);
}

static int CompareActing(const void *a, const void *b)
{
  return strcmp(((const Acting *)a)->text, ((const Acting *)b)->text);
}

/* Join those of n formulas that have the same text, in the smallest box that contains theirs;
   return the number of those that are left. */
static PetscInt Join(PetscInt n, Acting acting[])
{
  PetscInt last = 0;

  if (n == 0) return 0;
  qsort(acting, (size_t)n, sizeof *acting, CompareActing);
  for (PetscInt k = 1; k < n; k++) {
    Acting *into = &acting[last];

    if (strcmp(into->text, acting[k].text) != 0) {
      acting[++last] = acting[k];
      continue;
    }
    into->x[0] = PetscMin(into->x[0], acting[k].x[0]);
    into->x[1] = PetscMax(into->x[1], acting[k].x[1]);
    into->y[0] = PetscMin(into->y[0], acting[k].y[0]);
    into->y[1] = PetscMax(into->y[1], acting[k].y[1]);
  }
  return last + 1;
}

/* Add all formulas that switch or change at times that depend on the place.
   @param[in] most  bound of their number */
static PetscErrorCode AddAllActing(HeatEvents *events, PetscInt most)
{
  PetscInt n = 0;
  Acting  *acting;

  PetscFunctionBeginUser;
  if (!isfinite(HeatCaseEnd(events->c))) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(most, &acting));
  FindActing(events->c, &n, acting);
  PetscCall(PetscCalloc1(n, &events->moving));
  for (PetscInt k = 0; k < n; k++) PetscCall(AddMoving(events, &acting[k]));
  n = Join(n, acting);
  PetscCall(PetscCalloc1(n, &events->smooth));
  for (PetscInt k = 0; k < n; k++) PetscCall(AddSmooth(events, &acting[k]));
  PetscCall(PetscFree(acting));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatEventsCreate(const HeatCase *c, HeatEvents **out)
{
  const PetscInt most = 2 + 2 * c->n_regions + 2 * CountSegments(c);
  HeatEvents    *events;
  Found          found = {0};

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&events));
  *out            = events;
  events->c       = c;
  events->allowed = BASE;
  if (c->time.scheme == HEAT_SCHEME_STEADY) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(most, &found.texts));
  PetscCall(PetscMalloc1(most, &found.tables));
  FindAll(c, &found);
  if (found.n_texts > 0)
    qsort(found.texts, (size_t)found.n_texts, sizeof *found.texts, CompareTexts);
  PetscCall(PetscCalloc1(found.n_texts, &events->formulas));
  PetscCall(PetscCalloc1(found.n_texts, &events->turning));
  for (PetscInt k = 0; k < found.n_texts; k++) {
    if (k == 0 || strcmp(found.texts[k], found.texts[k - 1]) != 0)
      PetscCall(AddFormula(events, found.texts[k]));
  }
  events->n_given = c->time.n_events;
  PetscCall(PetscMalloc1((size_t)c->time.n_events + 1, &events->given));
  for (PetscInt k = 0; k < c->time.n_events; k++) events->given[k] = c->time.events[k];
  events->n_tables = found.n_tables;
  events->tables   = found.tables;
  PetscCall(PetscFree(found.texts));
  PetscCall(AddAllActing(events, most));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Searching. */

/* Return whether the last answer of a formula's search holds for the first event after `after`, up
   to `needed`. */
static PetscBool IsKept(const Formula *f, PetscReal after, PetscReal needed)
{
  if (after < f->from) return PETSC_FALSE;
  if (f->next < PETSC_MAX_REAL)
    return f->next > after + HeatSwitchesMargin(after) ? PETSC_TRUE : PETSC_FALSE;
  return needed <= f->known ? PETSC_TRUE : PETSC_FALSE;
}

/* Begin a search: return the effort that it may take. */
static PetscReal Patience(HeatEvents *events)
{
  events->allowed += SHARE;
  return IsUsedUp(events) ? SHARE : PATIENCE;
}

/* Search a formula to the end of the run if one call suffices, else as far as is needed.  Return
   whether an answer was found within the effort that Patience allows. */
static PetscBool SearchWithinPatience(HeatEvents *events, Formula *f, PetscReal after,
                                      PetscReal needed)
{
  const PetscReal patience = Patience(events), began = HeatSwitchesWork(f->switches);
  PetscReal       until = PetscMax(events->c->time.end, needed), start = after, spent = 0.0;
  PetscBool       found = PETSC_FALSE;

  f->from = after;
  while (!found && spent <= patience) {
    HeatSwitchesNext(f->switches, start, until, &f->next, &f->known);
    found = f->next < PETSC_MAX_REAL || f->known >= needed ? PETSC_TRUE : PETSC_FALSE;
    start = f->known;
    until = PetscMin(until, needed);
    spent = HeatSwitchesWork(f->switches) - began;
  }
  events->work += spent;
  return found;
}

/* Search a formula for its next event; exclude from further searches the operations that take too
   long. */
static void Search(HeatEvents *events, Formula *f, PetscReal after, PetscReal needed)
{
  while (!SearchWithinPatience(events, f, after, needed)) {
    events->unsearched = f->text;
    if (HeatSwitchesGiveUp(f->switches) && !IsUsedUp(events)) continue;
    f->given_up = PETSC_TRUE;
    f->next     = PETSC_MAX_REAL;
    return;
  }
}

/* Return the first of n ascending times that is later than `after` by more than
   HeatSwitchesMargin; PETSC_MAX_REAL if there is none. */
static PetscReal FirstAfter(PetscInt n, const PetscReal *times, PetscReal after)
{
  const PetscReal from = after + HeatSwitchesMargin(after);
  PetscInt        low = 0, high = n;

  while (low < high) {
    const PetscInt middle = low + (high - low) / 2;

    if (times[middle] > from) high = middle;
    else low = middle + 1;
  }
  return low < n ? times[low] : PETSC_MAX_REAL;
}

PetscReal HeatEventsMargin(const HeatEvents *events, PetscReal t)
{
  const PetscReal end = HeatCaseEnd(events->c);

  return PetscMax(HeatSwitchesMargin(t), isfinite(end) ? PETSC_MACHINE_EPSILON * end : 0.0);
}

PetscReal HeatEventsNext(HeatEvents *events, PetscReal after, PetscReal needed)
{
  after = PetscMax(after, HeatEventsMargin(events, 0.0));

  PetscReal time = FirstAfter(events->n_given, events->given, after);

  for (PetscInt k = 0; k < events->n_tables; k++)
    time = PetscMin(time, FirstAfter(events->tables[k]->n, events->tables[k]->t, after));
  for (PetscInt k = 0; k < events->n_formulas; k++) {
    Formula *f = &events->formulas[k];

    if (f->given_up) continue;
    if (!IsKept(f, after, needed)) Search(events, f, after, needed);
    time = PetscMin(time, f->next);
  }
  return time;
}

PetscBool HeatEventsShorten(HeatEvents *events, PetscReal after, PetscReal base, PetscReal step,
                            PetscReal end)
{
  const int many = 10000; /* chosen: found in some milliseconds */
  PetscReal time = after;

  for (int k = 0; k < many; k++) {
    time = HeatEventsNext(events, time, end);
    if (time >= end) return PETSC_FALSE;
    const PetscReal point = base + round((time - base) / step) * step;

    if (PetscAbsReal(point - time) > HeatEventsMargin(events, time)) return PETSC_TRUE;
  }
  return PETSC_TRUE;
}

/* Search a formula's turns up to `until` if one call suffices, else as far as is needed.  If the
   effort that Patience allows yields no answer, the formula counts as one without turns from then
   on: each step would take as long again. */
static void SearchTurn(HeatEvents *events, Turning *g, PetscReal after, PetscReal needed,
                       PetscReal until)
{
  const PetscReal patience = Patience(events), began = HeatTurnsWork(g->turns);
  PetscReal       start = after, spent = 0.0;
  PetscBool       found = PETSC_FALSE;

  g->from = after;
  while (!found && spent <= patience) {
    HeatTurnsNext(g->turns, start, until, &g->next, &g->known);
    found = g->next < PETSC_MAX_REAL || g->known >= needed ? PETSC_TRUE : PETSC_FALSE;
    start = g->known;
    until = PetscMin(until, needed);
    spent = HeatTurnsWork(g->turns) - began;
  }
  events->work += spent;
  g->given_up = (PetscBool)!found;
}

/* Return the next turn of one formula, which may be known from an earlier search. */
static PetscReal NextTurn(HeatEvents *events, Turning *g, PetscReal after, PetscReal needed)
{
  const PetscBool kept = after >= g->from && (g->next < PETSC_MAX_REAL
                                                  ? g->next > after + HeatTurnsMargin(g->turns)
                                                  : needed <= g->known)
                             ? PETSC_TRUE
                             : PETSC_FALSE;

  if (!kept && !g->given_up)
    SearchTurn(events, g, after, needed, PetscMax(HeatCaseEnd(events->c), needed));
  return g->next;
}

/* Return the first turn of one formula in (after, to], or PETSC_MAX_REAL.  A search from another
   time may find the same turn up to its resolution elsewhere.  The search is therefore that of this
   interval alone: a restarted run, which has made no search before, takes the same steps. */
static PetscReal TurnWithin(HeatEvents *events, Turning *g, PetscReal after, PetscReal to)
{
  if (!g->given_up) SearchTurn(events, g, after, to, to);
  return g->next;
}

/* Return whether a step from `from` to `to` may pass a turn: the rest of the step after it is
   short, and the formula hardly differs between the turn and the end of the step.  Without this a
   turn just before an output or an event would leave a very short step.  Both numbers are chosen:
   with a smaller `rest` shorter steps are left; with a larger `part` a step passes higher peaks. */
static PetscBool MayPass(const Turning *g, PetscReal from, PetscReal turn, PetscReal to)
{
  const PetscReal rest = 0.01, part = 0.01;

  return turn < to && to - turn <= rest * (to - from) &&
                 HeatTurnsHidden(g->turns, from, turn, to) <= part
             ? PETSC_TRUE
             : PETSC_FALSE;
}

PetscReal HeatEventsFollow(HeatEvents *events, PetscReal from, PetscReal to)
{
  /* Largest number of turns of a formula that a step may pass.  Chosen: a formula with more turns
     in the rest of a step is a wave there, which the steps must follow. */
  const int most = 10;

  for (PetscInt k = 0; k < events->n_turning; k++) {
    Turning  *g = &events->turning[k];
    PetscReal turn;

    if (g->fast) continue;
    turn = TurnWithin(events, g, from, to);
    for (int n = 0; n < most && MayPass(g, from, turn, to); n++)
      turn = TurnWithin(events, g, turn, to);
    to = PetscMin(to, turn);
  }
  for (PetscInt k = 0; k < events->n_turning; k++)
    if (!events->turning[k].fast) to = HeatTurnsFollow(events->turning[k].turns, from, to);
  for (PetscInt k = 0; k < events->n_moving; k++)
    to = HeatMovingFollow(events->moving[k].moving, from, to);
  for (PetscInt k = 0; k < events->n_smooth; k++)
    to = HeatSmoothFollow(events->smooth[k].smooth, from, to);
  return to;
}

/* Return the formula with the shortest smooth changes, if steps do not resolve them. */
static HeatMovingPulse ShortestSmooth(const HeatEvents *events, PetscReal step)
{
  HeatMovingPulse found = {.length = PETSC_MAX_REAL};

  for (PetscInt k = 0; k < events->n_smooth; k++) {
    PetscReal       place[2];
    const PetscReal length = HeatSmoothLength(events->smooth[k].smooth,
                                              step < 0.0 ? PETSC_TRUE : PETSC_FALSE, place);

    /* 1e-9: the rounding of a step of just that length */
    if (length < found.length && (step < 0.0 || step > HEAT_SMOOTH_CHANGE * length * (1.0 + 1e-9)))
      found = (HeatMovingPulse){
          events->smooth[k].text, {place[0], place[1]}, length, 0.5 * length, PETSC_TRUE};
  }
  return found;
}

HeatMovingPulse HeatEventsMoving(const HeatEvents *events, PetscReal step)
{
  HeatMovingPulse found = {.length = PETSC_MAX_REAL};

  for (PetscInt k = 0; k < events->n_moving; k++) {
    const HeatMoving *moving = events->moving[k].moving;
    PetscReal         place[2];
    const PetscReal   length = HeatMovingLength(moving, place);

    if (!(length < found.length) ||
        (step < 0.0 ? !HeatMovingIsFast(moving) : 4.0 * step <= length * (1.0 + 1e-9)))
      continue; /* 1e-9: the rounding of a step that is a quarter of the length */
    found = (HeatMovingPulse){
        events->moving[k].text, {place[0], place[1]}, length, 0.25 * length, PETSC_FALSE};
  }
  return found.text ? found : ShortestSmooth(events, step);
}

const char *HeatEventsUnfollowed(const HeatEvents *events) { return events->unfollowed; }

const char *HeatEventsTooFast(const HeatEvents *events) { return events->fast; }

const char *HeatEventsHidden(HeatEvents *events, PetscReal from, PetscReal to)
{
  /* Chosen: a step of a third of a sine's period with a peak in its middle hides a quarter. */
  const PetscReal part = 0.25;
  const int       most = 100; /* turns that are looked at in a step; chosen: some milliseconds */

  for (PetscInt k = 0; k < events->n_turning; k++) {
    Turning *g = &events->turning[k];

    if (g->named) continue;
    PetscReal turn = NextTurn(events, g, from, to);

    for (int turns = 0; turns < most && turn < to; turns++) {
      if (HeatTurnsHidden(g->turns, from, turn, to) > part) {
        g->named = PETSC_TRUE;
        return g->text;
      }
      turn = NextTurn(events, g, turn, to);
    }
  }
  return NULL;
}

const char *HeatEventsSteep(HeatEvents *events, PetscReal from, PetscReal to, PetscReal between[2])
{
  for (PetscInt k = 0; k < events->n_turning; k++) {
    Turning *g = &events->turning[k];

    if (g->steep || !HeatTurnsSteep(g->turns, from, to, between)) continue;
    g->steep = PETSC_TRUE;
    return g->text;
  }
  return NULL;
}

const char *HeatEventsUnsearched(const HeatEvents *events) { return events->unsearched; }

PetscErrorCode HeatEventsDestroy(HeatEvents **events)
{
  HeatEvents *e = *events;

  PetscFunctionBeginUser;
  if (!e) PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscInt k = 0; k < e->n_formulas; k++)
    PetscCall(HeatSwitchesDestroy(&e->formulas[k].switches));
  for (PetscInt k = 0; k < e->n_turning; k++) PetscCall(HeatTurnsDestroy(&e->turning[k].turns));
  PetscCall(PetscFree(e->formulas));
  for (PetscInt k = 0; k < e->n_moving; k++) PetscCall(HeatMovingDestroy(&e->moving[k].moving));
  PetscCall(PetscFree(e->turning));
  for (PetscInt k = 0; k < e->n_smooth; k++) PetscCall(HeatSmoothDestroy(&e->smooth[k].smooth));
  PetscCall(PetscFree(e->moving));
  PetscCall(PetscFree(e->smooth));
  PetscCall(PetscFree(e->tables));
  PetscCall(PetscFree(e->given));
  PetscCall(PetscFree(*events));
  PetscFunctionReturn(PETSC_SUCCESS);
}
