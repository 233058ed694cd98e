/** Moving pulses, by interval arithmetic over place and time (moving.h).
 *
 *  The switches of a formula g(x, y, t) < 0 form a surface in the space of x, y and t.  Boxes that
 *  contain parts of it are found by halving: a box in which the bounds of g and dg/dt
 *  (interval.h) exclude a switch is dropped, every other one is cut in two, along x, y and t in
 *  turn.  Of very many boxes some are kept that are spread over the surface.  At the places of the
 *  last ones the formula depends on t alone, and switches.h finds its first switches there:
 *
 *      place 1  -----|##|--------------------------      a pulse is a time between two switches, of
 *      place 2  --------|###|----------------|##|--      three in a row the shortest
 *      place 3  -------------|##|-------------------
 *
 *  Of the pulses that begin near a time the longest one counts, since a spot passes over places at
 *  its edge in no time.  Far from a time the spot may be faster or slower. */
#include "solver/case/moving.h"

#include <math.h>
#include <stdlib.h>

#include "solver/case/interval.h"
#include "solver/case/switches.h"

enum {
  PLACES   = 64,  /* boxes that are kept, and places that are examined; chosen */
  HALVINGS = 16,  /* along each axis; chosen: parts of 1.5e-5 of the domain and of the run */
  SWITCHES = 8,   /* that are examined at a place; chosen */
  NEAR     = 16,  /* pulses that are compared; chosen: of so many chords of a disc one is long */
  SLICES   = 1024 /* of the run, for an estimate of the time in which the formula switches */
};

/* [steps] Largest number of steps of half a pulse in a run.  Chosen: a long run. */
static const PetscReal most_steps = 1e6;

/* A pulse at a place. */
typedef struct {
  PetscReal begin, length; /* [s] */
  PetscReal place[2];      /* [m] */
} Pulse;

struct HeatMoving {
  HeatExpressionTree tree; /* owned, like the arrays below */
  HeatEnclosure     *results;
  int                n;
  int               *operations; /* [n] those that switch at times that depend on the place */
  HeatBox            whole;      /* where and when the formula acts */
  PetscReal          work;       /* operations evaluated so far */
  PetscReal          passing;    /* [s] total time in which the formula can switch somewhere */
  int                n_pulses;
  Pulse              pulses[PLACES * SWITCHES]; /* [n_pulses], ascending in `begin` */
  PetscBool          more;     /* some place has more switches than were examined */
  PetscReal          later;    /* [s] length after the last pulse found, if there are more */
  const Pulse       *shortest; /* the one that counts where that is shortest; NULL: none */
};

PetscReal HeatMovingWork(const HeatMoving *m) { return m->work; }

PetscReal HeatMovingLength(const HeatMoving *m, PetscReal place[2])
{
  if (!m->shortest) return PETSC_MAX_REAL;
  place[0] = m->shortest->place[0];
  place[1] = m->shortest->place[1];
  return m->shortest->length;
}

PetscBool HeatMovingIsFast(const HeatMoving *m)
{
  return m->shortest && 0.5 * m->shortest->length * most_steps < m->passing ? PETSC_TRUE
                                                                            : PETSC_FALSE;
}

/* Return whether the formula may switch within a box. */
static PetscBool MaySwitch(HeatMoving *m, const HeatBox *box)
{
  const int last = m->operations[m->n - 1];

  m->work += (PetscReal)last;
  HeatEncloseOver(&m->tree, 0, last, box, PETSC_FALSE, m->results);
  for (int k = 0; k < m->n; k++)
    if (HeatSwitchesMay(&m->tree, m->operations[k], m->results)) return PETSC_TRUE;
  return PETSC_FALSE;
}

/* Return the longest of the NEAR pulses around pulse k. */
static const Pulse *LongestAround(const HeatMoving *m, int k)
{
  const int    low     = PetscMax(0, PetscMin(k - NEAR / 2, m->n_pulses - NEAR));
  const int    high    = PetscMin(m->n_pulses, low + NEAR);
  const Pulse *longest = &m->pulses[low];

  for (int i = low + 1; i < high; i++)
    if (m->pulses[i].length > longest->length) longest = &m->pulses[i];
  return longest;
}

/* Return the length of the pulses near a time [s]. */
static PetscReal LengthNear(const HeatMoving *m, PetscReal t)
{
  int low = 0, high = m->n_pulses;

  while (low < high) {
    const int middle = low + (high - low) / 2;

    if (m->pulses[middle].begin < t) low = middle + 1;
    else high = middle;
  }
  return low == m->n_pulses && m->more ? m->later : LongestAround(m, low)->length;
}

PetscReal HeatMovingFollow(HeatMoving *m, PetscReal from, PetscReal to)
{
  HeatBox box = m->whole;

  if (!m->shortest || HeatMovingIsFast(m)) return to;
  const PetscReal half = 0.5 * LengthNear(m, from);

  while (to - from > half) {
    box.side[2] = (HeatInterval){from, to};
    if (!MaySwitch(m, &box)) break;
    to = from + 0.5 * (to - from);
  }
  return to;
}

/* Keep PLACES of n boxes that are spread evenly over the list. */
static int Thin(int n, HeatBox *boxes)
{
  if (n <= PLACES) return n;
  for (int k = 0; k < PLACES; k++) boxes[k] = boxes[k * n / PLACES];
  return PLACES;
}

/* Halve n boxes along an axis, and keep the halves in which the formula may switch; return their
   number, at most PLACES.
   @param[in,out] boxes  [2 PLACES] */
static int Halve(HeatMoving *m, int axis, int n, HeatBox *boxes)
{
  HeatBox halves[2 * PLACES];
  int     count = 0;

  for (int k = 0; k < n; k++) {
    const HeatInterval side   = boxes[k].side[axis];
    const PetscReal    middle = side.low + 0.5 * (side.high - side.low);

    if (!(side.low < middle && middle < side.high)) {
      halves[count++] = boxes[k];
      continue;
    }
    for (int half = 0; half < 2; half++) {
      halves[count]            = boxes[k];
      halves[count].side[axis] = half ? (HeatInterval){middle, side.high}
                                      : (HeatInterval){side.low, middle};
      if (MaySwitch(m, &halves[count])) count++;
    }
  }
  for (int k = 0; k < count; k++) boxes[k] = halves[k];
  return Thin(count, boxes);
}

static PetscReal Middle(HeatInterval side) { return side.low + 0.5 * (side.high - side.low); }

/* Return whether a time is among those that are given. */
static PetscBool IsGiven(const HeatMovingRange *range, PetscReal time)
{
  for (PetscInt k = 0; k < range->n_given; k++)
    if (PetscAbsReal(range->given[k] - time) <= HeatSwitchesMargin(time)) return PETSC_TRUE;
  return PETSC_FALSE;
}

/* Examine a place: note its pulses.  Of a time between two switches and those before and after it
   the shortest counts, since the others may be times without heat. */
static PetscErrorCode Examine(HeatMoving *m, const char *text, const HeatMovingRange *range,
                              const PetscReal place[2])
{
  HeatSwitches *switches;
  PetscReal     time[SWITCHES], length[SWITCHES];
  int           n = 0;

  PetscFunctionBeginUser;
  PetscCall(HeatSwitchesCreateAt(text, place[0], place[1], &switches));
  while (n < SWITCHES && switches) {
    PetscReal known;

    HeatSwitchesNext(switches, n ? time[n - 1] : 0.0, range->end, &time[n], &known);
    if (time[n] == PETSC_MAX_REAL) break;
    n++;
  }
  if (n == SWITCHES) m->more = PETSC_TRUE;
  if (switches) m->work += HeatSwitchesWork(switches);
  PetscCall(HeatSwitchesDestroy(&switches));
  for (int k = 0; k < n - 1; k++)
    length[k] = IsGiven(range, time[k]) && IsGiven(range, time[k + 1]) ? PETSC_MAX_REAL
                                                                       : time[k + 1] - time[k];
  for (int k = 0; k < n - 1; k++) {
    PetscReal shortest = length[k];

    if (k > 0) shortest = PetscMin(shortest, length[k - 1]);
    if (k < n - 2) shortest = PetscMin(shortest, length[k + 1]);
    if (shortest < PETSC_MAX_REAL)
      m->pulses[m->n_pulses++] = (Pulse){time[k], shortest, {place[0], place[1]}};
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static int CompareBegins(const void *a, const void *b)
{
  const PetscReal p = ((const Pulse *)a)->begin, q = ((const Pulse *)b)->begin;

  return (p > q) - (p < q);
}

static int CompareLengths(const void *a, const void *b)
{
  const PetscReal p = ((const Pulse *)a)->length, q = ((const Pulse *)b)->length;

  return (p > q) - (p < q);
}

/* Sort the pulses by their times, and find the lengths that count. */
static void Compare(HeatMoving *m)
{
  if (m->n_pulses == 0) return;
  qsort(m->pulses, (size_t)m->n_pulses, sizeof *m->pulses, CompareLengths);
  m->later = m->pulses[m->n_pulses / 4].length; /* chosen: a quarter of the pulses is shorter */
  qsort(m->pulses, (size_t)m->n_pulses, sizeof *m->pulses, CompareBegins);
  for (int k = 0; k < m->n_pulses; k++) {
    const Pulse *longest = LongestAround(m, k);

    if (!m->shortest || longest->length < m->shortest->length) m->shortest = longest;
  }
}

/* Add up the slices of the run in which the formula can switch somewhere. */
static PetscReal Passing(HeatMoving *m)
{
  const PetscReal width = m->whole.side[2].high / SLICES;
  int             count = 0;
  HeatBox         slice = m->whole;

  for (int k = 0; k < SLICES; k++) {
    slice.side[2] = (HeatInterval){k * width, (k + 1) * width};
    count += MaySwitch(m, &slice);
  }
  return count * width;
}

static PetscErrorCode Search(HeatMoving *m, const char *text, const HeatMovingRange *range)
{
  HeatBox boxes[2 * PLACES] = {m->whole};
  int     n                 = MaySwitch(m, &m->whole) ? 1 : 0;

  PetscFunctionBeginUser;
  if (n > 0) m->passing = Passing(m);
  for (int k = 0; k < 3 * HALVINGS && n > 0; k++) n = Halve(m, k % 3, n, boxes);
  for (int k = 0; k < n; k++) {
    const PetscReal place[2] = {Middle(boxes[k].side[0]), Middle(boxes[k].side[1])};

    PetscCall(Examine(m, text, range, place));
  }
  Compare(m);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMovingCreate(const char *text, const HeatMovingRange *range, HeatMoving **out)
{
  HeatMoving *m;
  const char *problem;
  size_t      position;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&m));
  *out     = m;
  m->whole = (HeatBox){{{range->x[0], range->x[1]}, {range->y[0], range->y[1]}, {0.0, range->end}}};
  PetscCall(HeatExpressionTreeCreate(text, &m->tree, &problem, &position));
  PetscCall(PetscMalloc2(m->tree.n, &m->results, m->tree.n, &m->operations));
  for (int k = 0; k < m->tree.n; k++)
    if (HeatSwitchesMove(&m->tree, k)) m->operations[m->n++] = k;
  if (m->n > 0) PetscCall(Search(m, text, range));
  else PetscCall(HeatMovingDestroy(out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMovingDestroy(HeatMoving **moving)
{
  HeatMoving *m = *moving;

  PetscFunctionBeginUser;
  if (!m) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFree2(m->results, m->operations));
  PetscCall(HeatExpressionTreeDestroy(&m->tree));
  PetscCall(PetscFree(*moving));
  PetscFunctionReturn(PETSC_SUCCESS);
}
