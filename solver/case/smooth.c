/** Smooth changes at times that depend on the place, by interval arithmetic (smooth.h).
 *
 *  Over a box of places and an interval of time of length dt, the values g of a part change at each
 *  place by at most
 *
 *      min( dt max |dg/dt|,  max g - min g )
 *
 *  with bounds from interval.h.  The run is halved into pieces; each holds the boxes of places in
 *  which that change may matter:
 *
 *      t  0 |-------------------------------|-------|---|-|-|---|-------| end
 *             no box left: one piece          halved while boxes are left
 *
 *  A piece passes its boxes on to its halves.  Where the bounds are loose because of a box's extent
 *  in x or y, the box is halved along that axis, and where they are loose because of the length of
 *  the piece, the piece is halved.  Pieces are found as the run comes to them and are the same
 *  wherever it begins, since they depend on the pieces that contain them alone.
 *
 *  Before, the part's range and its largest rate are found: of the boxes of places and times the
 *  one with the largest bound is halved again and again, and the values at the middles of boxes are
 *  compared.  Source: R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval Analysis,
 *  SIAM 2009, ch. 8. */
#include "solver/case/smooth.h"

#include <math.h>

#include "solver/case/interval.h"
#include "solver/case/smooth_parts.h"

enum {
  LEVELS  = 40,  /* of halvings of the run; chosen: 1e-12 of it, below which no step is taken */
  BOXES   = 64,  /* of a piece; chosen: a spot has some ten */
  TRIALS  = 160, /* evaluations to halve the boxes of a piece; chosen */
  QUEUE   = 256, /* boxes that wait in a search for an extreme; chosen */
  ROUNDS  = 400, /* halvings in such a search; chosen: a spot of 1e-9 of the run takes some 100 */
  SAMPLES = 12   /* pieces of a length that are examined for an estimate of their number; chosen */
};

/* Chosen: parts of the range; a change that counts as none, and the change that does where the
   derivative is not bounded, as at the middle of exp(-sqrt((x - t)^2 + y^2)). */
static const PetscReal invisible = 1e-6, most_unbounded = 0.1;

/* [steps] Largest number of pieces that steps follow.  Chosen: a long run. */
static const PetscReal most_steps = 1e6;

/* A piece of the run with the boxes of places at which the part may change too much in it. */
typedef struct {
  PetscReal from, to; /* [s] */
  int       n;        /* boxes; 0: steps need not be shorter than the piece */
  HeatBox   boxes[BOXES];
} Piece;

/* A part of the formula, and the pieces that contain the present time: path[level] is one of
   2^level pieces, and the last one is a piece without boxes or one of the shortest. */
typedef struct {
  int       operation; /* index in the tree */
  PetscReal range;     /* largest value minus smallest one, from below */
  PetscReal rate;      /* [1/s] largest |dg/dt|, from below */
  PetscReal place[2];  /* [m] where that is */
  PetscBool fast;      /* not followed: more than most_steps pieces */
  int       depth;     /* number of pieces in the path */
  Piece    *path;      /* [LEVELS + 1], owned */
} Part;

struct HeatSmooth {
  HeatExpressionTree tree; /* owned, like the arrays below */
  HeatEnclosure     *results;
  int                n;
  Part              *parts;      /* [n] */
  HeatBox            whole;      /* where and when the formula acts */
  PetscReal          work;       /* operations evaluated so far */
  PetscBool          unsearched; /* some part was not found to change, nor to be constant */
};

PetscBool HeatSmoothIsUnsearched(const HeatSmooth *s) { return s->unsearched; }

PetscReal HeatSmoothWork(const HeatSmooth *s) { return s->work; }

PetscReal HeatSmoothLength(const HeatSmooth *s, PetscBool fast, PetscReal place[2])
{
  PetscReal length = PETSC_MAX_REAL;

  for (int k = 0; k < s->n; k++) {
    const Part *part = &s->parts[k];

    if ((fast && !part->fast) || !(part->range < part->rate * length)) continue;
    length   = part->range / part->rate;
    place[0] = part->place[0];
    place[1] = part->place[1];
  }
  return length;
}

/* Bounds. */

static PetscReal Middle(HeatInterval side) { return side.low + 0.5 * (side.high - side.low); }

static PetscReal Length(HeatInterval side) { return side.high - side.low; }

static HeatEnclosure Enclose(HeatSmooth *s, const Part *part, const HeatBox *box)
{
  const int first = s->tree.operations[part->operation].first;

  s->work += (PetscReal)(part->operation - first + 1);
  HeatEncloseOver(&s->tree, first, part->operation, box, PETSC_TRUE, s->results);
  return s->results[part->operation];
}

static PetscReal LargestRate(HeatEnclosure g)
{
  if (HeatIntervalIsEmpty(g.value)) return 0.0;
  return PetscMax(PetscAbsReal(g.slope.low), PetscAbsReal(g.slope.high));
}

/* Return how much the part may change at a place of a box within the time dt [s], relative to what
   is allowed. */
static PetscReal Change(HeatSmooth *s, const Part *part, const HeatBox *box, PetscReal dt)
{
  const HeatEnclosure g     = Enclose(s, part, box);
  const PetscReal     rate  = LargestRate(g);
  const PetscReal     width = HeatIntervalIsEmpty(g.value) ? 0.0 : Length(g.value);
  const PetscReal     most  = rate < INFINITY ? invisible : most_unbounded;

  return PetscMin(dt * rate / HEAT_SMOOTH_CHANGE, width / most) / part->range;
}

/* Return the box that is cut in its middle along an axis. */
static HeatBox Cut(const HeatBox *box, int axis)
{
  HeatBox cut = *box;

  cut.side[axis].low = cut.side[axis].high = Middle(box->side[axis]);
  return cut;
}

/* Return a half of a box. */
static HeatBox Half(const HeatBox *box, int axis, PetscBool upper)
{
  const PetscReal middle = Middle(box->side[axis]);
  HeatBox         half   = *box;

  if (upper) half.side[axis].low = middle;
  else half.side[axis].high = middle;
  return half;
}

static PetscBool CanHalve(const HeatBox *box, int axis)
{
  const PetscReal middle = Middle(box->side[axis]);

  return box->side[axis].low < middle && middle < box->side[axis].high ? PETSC_TRUE : PETSC_FALSE;
}

/* Return the axis along which the extent of a box loosens a bound most, from the bounds that the
   box has when it is cut along each axis: of axes that do not differ the one along which the box is
   largest in comparison with the whole; -1 where no axis can be halved. */
static int LoosestAxis(const HeatSmooth *s, const HeatBox *box, const PetscReal bound[3])
{
  int axis = -1;

  for (int a = 0; a < 3; a++) {
    if (!CanHalve(box, a)) continue;
    if (axis < 0 || bound[a] < bound[axis] ||
        (bound[a] == bound[axis] && Length(box->side[a]) / Length(s->whole.side[a]) >
                                        Length(box->side[axis]) / Length(s->whole.side[axis])))
      axis = a;
  }
  return axis;
}

/* Pieces. */

/* Add a box to a piece, unless the part hardly changes in it; return whether it was added. */
static PetscBool AddBox(HeatSmooth *s, const Part *part, Piece *piece, const HeatBox *box)
{
  if (Change(s, part, box, piece->to - piece->from) <= 1.0) return PETSC_FALSE;
  piece->boxes[piece->n++] = *box;
  return PETSC_TRUE;
}

/* Return the axis of x and y along which a box of a piece is to be halved; -1 where its bounds are
   loose because of the length of the piece. */
static int AxisOfPlace(HeatSmooth *s, const Part *part, const Piece *piece, const HeatBox *box)
{
  PetscReal bound[3];

  for (int a = 0; a < 3; a++) {
    const HeatBox cut = Cut(box, a);

    bound[a] = Change(s, part, &cut, piece->to - piece->from);
  }
  const int axis = LoosestAxis(s, box, bound);

  return axis == 2 ? -1 : axis;
}

/* Set the half of a piece, with those of its boxes in which the part may change too much, halved
   along x and y where that makes their bounds tighter. */
static void HalvePiece(HeatSmooth *s, const Part *part, const Piece *piece, PetscBool upper,
                       Piece *half)
{
  const PetscReal middle = piece->from + 0.5 * (piece->to - piece->from);
  int             trials = 0;

  half->from = upper ? middle : piece->from;
  half->to   = upper ? piece->to : middle;
  half->n    = 0;
  for (int k = 0; k < piece->n; k++) {
    HeatBox box = piece->boxes[k];

    box.side[2] = (HeatInterval){half->from, half->to};
    (void)AddBox(s, part, half, &box);
  }
  for (int k = 0; k < half->n && trials < TRIALS;) {
    const HeatBox box  = half->boxes[k];
    const int     axis = half->n < BOXES ? AxisOfPlace(s, part, half, &box) : -1;

    trials += 3;
    if (axis < 0) {
      k++;
      continue;
    }
    half->boxes[k] = half->boxes[--half->n];
    for (int side = 0; side < 2; side++) {
      const HeatBox quarter = Half(&box, axis, side ? PETSC_TRUE : PETSC_FALSE);

      (void)AddBox(s, part, half, &quarter);
    }
    trials += 2;
  }
}

/* Return the piece without boxes, or the shortest one, that contains a time. */
static const Piece *PieceAt(HeatSmooth *s, Part *part, PetscReal t)
{
  while (part->depth > 1 &&
         (t < part->path[part->depth - 1].from || t >= part->path[part->depth - 1].to))
    part->depth--;
  while (part->path[part->depth - 1].n > 0 && part->depth <= LEVELS) {
    const Piece    *piece  = &part->path[part->depth - 1];
    const PetscReal middle = piece->from + 0.5 * (piece->to - piece->from);

    HalvePiece(s, part, piece, t >= middle ? PETSC_TRUE : PETSC_FALSE, &part->path[part->depth]);
    part->depth++;
  }
  return &part->path[part->depth - 1];
}

/* Follow one part. */
static PetscReal FollowPart(HeatSmooth *s, Part *part, PetscReal from, PetscReal to)
{
  const PetscReal end = s->whole.side[2].high;

  for (PetscReal t = from; t < to && t < end;) {
    const Piece    *piece = PieceAt(s, part, t);
    const PetscReal most  = from + (piece->to - piece->from);

    /* A shortest piece with boxes has a pole, or a change that no step resolves. */
    if (piece->n == 0) to = PetscMin(to, t == from ? most : PetscMax(piece->from, most));
    t = piece->to;
  }
  return to;
}

PetscReal HeatSmoothFollow(HeatSmooth *s, PetscReal from, PetscReal to)
{
  for (int k = 0; k < s->n; k++)
    if (!s->parts[k].fast) to = FollowPart(s, &s->parts[k], from, to);
  return to;
}

/* Searches for extremes. */

/* What is maximised over the box of all places and times: g, -g and |dg/dt|. */
typedef enum { HIGHEST, LOWEST, FASTEST } Extreme;

static PetscReal Bound(HeatSmooth *s, const Part *part, Extreme extreme, const HeatBox *box)
{
  const HeatEnclosure g = Enclose(s, part, box);

  if (HeatIntervalIsEmpty(g.value)) return -INFINITY;
  if (extreme == HIGHEST) return g.value.high;
  if (extreme == LOWEST) return -g.value.low;
  const PetscReal rate = LargestRate(g);

  /* An unbounded rate has overflowed where the values hardly differ. */
  return rate == INFINITY && Length(g.value) <= invisible * part->range ? 0.0 : rate;
}

/* A box that waits to be halved, with the upper bound of what is maximised. */
typedef struct {
  PetscReal bound;
  int       halvings;
  HeatBox   box;
} Waiting;

/* Return the index of the waiting box with the largest bound, of equal ones the smallest box; or,
   if `deep`, that of the smallest box, of equal ones the one with the largest bound. */
static int First(int n, const Waiting queue[], PetscBool deep)
{
  int first = 0;

  for (int k = 1; k < n; k++) {
    const PetscReal bound    = queue[k].bound - queue[first].bound;
    const int       halvings = queue[k].halvings - queue[first].halvings;

    if (deep ? halvings > 0 || (halvings == 0 && bound > 0.0)
             : bound > 0.0 || (queue[k].bound == queue[first].bound && halvings > 0))
      first = k;
  }
  return first;
}

/* A largest value found, the point at which it is, and a bound of all values. */
typedef struct {
  PetscReal value;
  HeatBox   box;
  PetscReal bound;
} Found;

/* Compare the value at the middle of a box with the largest one found. */
static void Sample(HeatSmooth *s, const Part *part, Extreme extreme, const HeatBox *box,
                   Found *found)
{
  HeatBox point = *box;

  for (int a = 0; a < 3; a++) point = Cut(&point, a);
  const PetscReal value = Bound(s, part, extreme, &point);

  if (isfinite(value) && value > found->value) *found = (Found){value, point, found->bound};
}

/* Find a value that is nearly the largest.  The box with the largest bound is halved in every other
   round, and the smallest box in the rounds between, so that a value is found soon where many boxes
   have the same bounds.
   @param[in] base  the search ends when no bound exceeds the value found by more than a fifth of
                    that value minus `base`; -INFINITY: the first value */
static Found Maximise(HeatSmooth *s, const Part *part, Extreme extreme, PetscReal base)
{
  static const PetscReal enough = 0.2; /* chosen */
  Waiting                queue[QUEUE];
  Found                  found = {.value = -PETSC_MAX_REAL};
  int                    n     = 1;

  queue[0] = (Waiting){Bound(s, part, extreme, &s->whole), 0, s->whole};
  Sample(s, part, extreme, &s->whole, &found);
  if (base == -INFINITY) base = found.value;
  for (int round = 0; n > 0; round++) {
    const int       top   = First(n, queue, PETSC_FALSE);
    const PetscReal above = found.value + enough * PetscMax(0.0, found.value - base);
    const int       next  = round % 2 ? First(n, queue, PETSC_TRUE) : top;
    const Waiting   now   = queue[next];
    PetscReal       bound[3];

    found.bound = PetscMax(found.value, queue[top].bound);
    if (round == ROUNDS || !(queue[top].bound > above)) break;
    queue[next] = queue[--n];
    if (!(now.bound > above)) continue;
    for (int a = 0; a < 3; a++) {
      const HeatBox cut = Cut(&now.box, a);

      bound[a] = Bound(s, part, extreme, &cut);
    }
    const int axis = LoosestAxis(s, &now.box, bound);

    for (int side = 0; side < 2 && axis >= 0; side++) {
      const HeatBox   half = Half(&now.box, axis, side ? PETSC_TRUE : PETSC_FALSE);
      const PetscReal most = Bound(s, part, extreme, &half);

      Sample(s, part, extreme, &half, &found);
      if (most > found.value && n < QUEUE) queue[n++] = (Waiting){most, now.halvings + 1, half};
    }
  }
  return found;
}

/* Keep at most SAMPLES of n pieces that are spread evenly over the list; return how many. */
static int Thin(int n, Piece *pieces)
{
  if (n <= SAMPLES) return n;
  for (int k = 0; k < SAMPLES; k++) pieces[k] = pieces[k * n / SAMPLES];
  return SAMPLES;
}

/* Return an estimate of the number of pieces without boxes and of the shortest ones: of the pieces
   of each length some are halved, and stand for all of them (D. E. Knuth, Math. Comp. 29 (1975)
   121).
   @param[in] scratch  [4 SAMPLES] */
static PetscReal CountPieces(HeatSmooth *s, const Part *part, Piece *scratch)
{
  Piece    *halves = scratch + 2 * SAMPLES;
  PetscReal count = 0.0, each = 1.0;
  int       n = 1;

  scratch[0] = part->path[0];
  for (int level = 0; level < LEVELS && n > 0; level++) {
    int open = 0;

    for (int k = 0; k < 2 * n; k++) {
      HalvePiece(s, part, &scratch[k / 2], k % 2 ? PETSC_TRUE : PETSC_FALSE, &halves[open]);
      if (halves[open].n == 0) count += each;
      else open++;
    }
    for (int k = 0; k < open; k++) scratch[k] = halves[k];
    n = Thin(open, scratch);
    if (n > 0) each *= (PetscReal)open / n;
    if (count > most_steps) break;
  }
  return count + n * each;
}

/* Find a part's range and largest rate; return whether they were found.  A range of 0 is found
   where the bounds show that there is no other. */
static PetscBool Measure(HeatSmooth *s, Part *part)
{
  const Found high = Maximise(s, part, HIGHEST, -INFINITY);
  const Found low  = Maximise(s, part, LOWEST, -high.value);

  part->range = high.value + low.value;
  if (!isfinite(high.bound) || !isfinite(low.bound)) return PETSC_FALSE;
  if (!(part->range > 0.0)) return high.bound + low.bound <= part->range ? PETSC_TRUE : PETSC_FALSE;
  const Found fast = Maximise(s, part, FASTEST, 0.0);

  part->rate     = fast.value;
  part->place[0] = fast.box.side[0].low;
  part->place[1] = fast.box.side[1].low;
  return part->rate > 0.0 || fast.bound <= 0.0 ? PETSC_TRUE : PETSC_FALSE;
}

/* Prepare to follow a part that changes. */
static PetscErrorCode Start(HeatSmooth *s, Part *part)
{
  Piece *scratch;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(LEVELS + 1, &part->path));
  PetscCall(PetscMalloc1(4 * SAMPLES, &scratch));
  part->path[0].from     = s->whole.side[2].low;
  part->path[0].to       = s->whole.side[2].high;
  part->path[0].n        = 1;
  part->path[0].boxes[0] = s->whole;
  part->depth            = 1;
  part->fast             = CountPieces(s, part, scratch) > most_steps ? PETSC_TRUE : PETSC_FALSE;
  PetscCall(PetscFree(scratch));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSmoothCreate(const char *text, const PetscReal x[2], const PetscReal y[2],
                                PetscReal end, PetscBool search, HeatSmooth **out)
{
  HeatSmooth *s;
  const char *problem;
  size_t      position;
  int        *parts, n;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&s));
  *out     = s;
  s->whole = (HeatBox){{{x[0], x[1]}, {y[0], y[1]}, {0.0, end}}};
  PetscCall(HeatExpressionTreeCreate(text, &s->tree, &problem, &position));
  PetscCall(PetscMalloc1(s->tree.n, &parts));
  PetscCall(HeatSmoothPartsFind(&s->tree, &n, parts));
  PetscCall(PetscCalloc1(n, &s->parts));
  /* Zeros, since operations between a part and what is appended for it may read others first. */
  PetscCall(PetscCalloc1(s->tree.n, &s->results));
  for (int k = 0; k < n; k++) {
    Part *part = &s->parts[s->n];

    *part = (Part){.operation = parts[k]};
    if (!search || !Measure(s, part)) s->unsearched = PETSC_TRUE;
    else if (part->rate > 0.0) {
      PetscCall(Start(s, part));
      s->n++;
    }
  }
  PetscCall(PetscFree(parts));
  if (s->n == 0 && !s->unsearched) PetscCall(HeatSmoothDestroy(out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSmoothDestroy(HeatSmooth **smooth)
{
  HeatSmooth *s = *smooth;

  PetscFunctionBeginUser;
  if (!s) PetscFunctionReturn(PETSC_SUCCESS);
  for (int k = 0; k < s->n; k++) PetscCall(PetscFree(s->parts[k].path));
  PetscCall(PetscFree(s->parts));
  PetscCall(PetscFree(s->results));
  PetscCall(HeatExpressionTreeDestroy(&s->tree));
  PetscCall(PetscFree(*smooth));
  PetscFunctionReturn(PETSC_SUCCESS);
}
