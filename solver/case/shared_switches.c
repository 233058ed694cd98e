/** Times that places share (shared_switches.h).
 *
 *  The switches at each of a few places are found as those of a formula of t alone (switches.h).  A
 *  time that occurs at two places is one of a zone: two places that a front passes, and that have
 *  no coordinate in common, are passed at one time only by chance. */
#include "solver/case/shared_switches.h"

#include <math.h>

#include "solver/case/switches.h"

/* Number of places, and of times at each of them.  Chosen: a rectangle that covers more than 0.274
   of the box has two of the places wherever it is, and one of a sixth has two or three on average.
   A formula that switches more often is given up, and so is one whose search takes more than
   MOST_WORK operations, some tenths of a second. */
enum { PLACES = 16, MOST_TIMES = 10000 };
static const PetscReal MOST_WORK = 1e7;

typedef struct {
  PetscInt   n, room;
  PetscReal *times; /* owned */
} List;

static PetscErrorCode Append(List *list, PetscReal time)
{
  PetscFunctionBeginUser;
  if (list->n == list->room) {
    list->room = 2 * list->room + 16;
    PetscCall(PetscRealloc((size_t)list->room * sizeof *list->times, &list->times));
  }
  list->times[list->n++] = time;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append the switches at one place.
   @param[out] whole  whether all of them were found; unchanged where they were */
static PetscErrorCode SearchPlace(HeatSwitches *s, PetscReal end, List *list, PetscBool *whole)
{
  const PetscInt before = list->n;
  PetscReal      time   = 0.0, known;

  PetscFunctionBeginUser;
  while (time < end && *whole) {
    HeatSwitchesNext(s, time, end, &time, &known);
    if (time < PETSC_MAX_REAL) PetscCall(Append(list, time));
    else if (known < end) *whole = PETSC_FALSE;
    if (list->n - before > MOST_TIMES || HeatSwitchesWork(s) > MOST_WORK / PLACES)
      *whole = PETSC_FALSE;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append to *times those of the list that occur twice, within rounding. */
static PetscErrorCode TakeShared(const List *list, PetscInt *n, PetscReal **times)
{
  PetscReal last = -1.0;

  PetscFunctionBeginUser;
  if (list->n > 0) PetscCall(PetscSortReal(list->n, list->times));
  PetscCall(PetscRealloc((size_t)(*n + list->n + 1) * sizeof **times, times));
  for (PetscInt k = 1; k < list->n; k++) {
    const PetscReal t = list->times[k], margin = HeatSwitchesMargin(t);

    if (t - list->times[k - 1] > margin || t - last <= margin) continue;
    (*times)[(*n)++] = last = list->times[k - 1];
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSharedSwitchesFind(const char *text, const PetscReal x[2], const PetscReal y[2],
                                      PetscReal end, PetscInt *n, PetscReal **times,
                                      PetscReal *work)
{
  /* The fractional parts of multiples of these numbers are spread evenly over the square.  Source:
     M. Roberts, "The unreasonable effectiveness of quasirandom sequences" (2018): powers of the
     root of r^3 = r + 1. */
  const PetscReal root  = 1.32471795724474602596;
  PetscBool       whole = PETSC_TRUE;
  List            list  = {0};

  PetscFunctionBeginUser;
  for (int k = 0; k < PLACES && whole; k++) {
    const PetscReal a = 0.5 + (k + 1) / root, b = 0.5 + (k + 1) / (root * root);
    HeatSwitches   *switches;

    PetscCall(HeatSwitchesCreateAt(text, x[0] + (a - floor(a)) * (x[1] - x[0]),
                                   y[0] + (b - floor(b)) * (y[1] - y[0]), &switches));
    if (!switches) break;
    PetscCall(SearchPlace(switches, end, &list, &whole));
    *work += HeatSwitchesWork(switches);
    PetscCall(HeatSwitchesDestroy(&switches));
  }
  if (whole) PetscCall(TakeShared(&list, n, times));
  PetscCall(PetscFree(list.times));
  PetscFunctionReturn(PETSC_SUCCESS);
}
