/** Break the halo exchange on purpose, and name the pairs of ranks that miss each other's data
 *  (broken_halo.h). */
#include "app/run/broken_halo.h"

#include <errno.h>
#include <stdlib.h>

PetscErrorCode HeatBrokenHaloStart(const HeatOptions *o, HeatRunState *state)
{
  MPI_Comm  comm = state->grid->comm;
  char     *end;
  long long every;

  PetscFunctionBeginUser;
  if (!o->break_halo) PetscFunctionReturn(PETSC_SUCCESS);
  errno = 0;
  every = strtoll(o->break_halo, &end, 10);
  HeatCheck(*o->break_halo && !*end && !errno && every >= 1, comm, HEAT_ERR_INPUT,
            "--break-halo %s: give a whole number from 1; every EVERY-th halo exchange is left out",
            o->break_halo);
  HeatCheck(state->grid->size > 1, comm, HEAT_ERR_INPUT,
            "--break-halo %s: one rank owns all cells and exchanges no halo; start at least two "
            "(mpiexec -n 2)",
            o->break_halo);
  HeatCaseCheckKey(state->c->time.scheme != HEAT_SCHEME_STEADY, comm, state->c, "time.scheme",
                   "a steady case exchanges halos only within its linear solver, which "
                   "--break-halo leaves alone; take a scheme with time steps");
  PetscCall(HeatOperatorBreakHalo(state->op, (PetscInt64)every));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What a rank reports about one side of its block: its neighbour, wrong values, compared values. */
enum { NEIGHBOUR, WRONG, COMPARED, PER_SIDE };

/* Add a rank's report about a side to the pair of the two ranks. */
static void AddToPair(PetscInt rank, const PetscInt64 side[PER_SIDE], HeatBrokenHaloTest *test)
{
  const PetscInt other = (PetscInt)side[NEIGHBOUR];
  const PetscInt a = PetscMin(rank, other), b = PetscMax(rank, other);
  PetscInt       k = 0;

  if (side[COMPARED] == 0 || rank == other) return;
  while (k < test->n_pairs && (test->pairs[k].ranks[0] != a || test->pairs[k].ranks[1] != b)) k++;
  if (k == test->n_pairs) test->pairs[test->n_pairs++] = (HeatResultsHaloPair){{a, b}, 0, 0};
  test->pairs[k].wrong += side[WRONG];
  test->pairs[k].of += side[COMPARED];
}

static int ByRanks(const void *one, const void *other)
{
  const HeatResultsHaloPair *a = one, *b = other;

  if (a->ranks[0] != b->ranks[0]) return a->ranks[0] < b->ranks[0] ? -1 : 1;
  return (a->ranks[1] > b->ranks[1]) - (a->ranks[1] < b->ranks[1]);
}

/* Make the sorted list of the pairs with wrong values from the reports of all ranks.  The search
   for a pair is quadratic in the number of ranks, of which a lesson has few. */
static PetscErrorCode ListPairs(PetscInt size, const PetscInt64 *reports, HeatBrokenHaloTest *test)
{
  PetscInt n = 0;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(size * HEAT_SIDES, &test->pairs));
  for (PetscInt k = 0; k < size * HEAT_SIDES; k++)
    AddToPair(k / HEAT_SIDES, reports + k * PER_SIDE, test);
  for (PetscInt k = 0; k < test->n_pairs; k++)
    if (test->pairs[k].wrong > 0) test->pairs[n++] = test->pairs[k];
  test->n_pairs = n;
  qsort(test->pairs, (size_t)n, sizeof *test->pairs, ByRanks);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBrokenHaloRunTest(const HeatRunState *state, HeatBrokenHaloTest *test)
{
  const HeatGrid *g = state->grid;
  PetscInt64      wrong[HEAT_SIDES], of[HEAT_SIDES], mine[HEAT_SIDES * PER_SIDE], *all = NULL;

  PetscFunctionBeginUser;
  if (HeatOperatorBrokenHalo(state->op).every == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatOperatorTestHalo(state->op, wrong, of));
  for (int side = 0; side < HEAT_SIDES; side++) {
    PetscInt64 *to = mine + side * PER_SIDE;

    to[NEIGHBOUR] = g->boundary[side] ? -1 : g->neighbour[side];
    to[WRONG]     = wrong[side];
    to[COMPARED]  = of[side];
  }
  if (g->rank == 0) PetscCall(PetscMalloc1(g->size * HEAT_SIDES * PER_SIDE, &all));
  PetscCallMPI(MPI_Gather(mine, HEAT_SIDES * PER_SIDE, MPIU_INT64, all, HEAT_SIDES * PER_SIDE,
                          MPIU_INT64, 0, g->comm));
  if (g->rank == 0) PetscCall(ListPairs(g->size, all, test));
  PetscCall(PetscFree(all));
  PetscFunctionReturn(PETSC_SUCCESS);
}

HeatResultsBrokenHalo HeatBrokenHaloReport(const HeatRunState       *state,
                                           const HeatBrokenHaloTest *test)
{
  const HeatBrokenHalo        broken = HeatOperatorBrokenHalo(state->op);
  const HeatResultsBrokenHalo report = {broken.every, broken.single + broken.deep, test->n_pairs,
                                        test->pairs};

  return report;
}

PetscErrorCode HeatBrokenHaloClear(HeatBrokenHaloTest *test)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(test->pairs));
  test->n_pairs = 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}
