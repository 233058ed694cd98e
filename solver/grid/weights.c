/** Blocks for ranks of unequal speed (weights.h).
 *
 *  Column i has width w_i, row j height h_j, and the rank of block (i, j) has speed s_ij.  Find
 *
 *      min  max  w_i h_j / s_ij      with  sum w_i = nx,  sum h_j = ny                         (1)
 *           i, j
 *
 *  In logarithms of w and h this problem is convex, but exchanging minimisation over w and over h
 *  can get stuck, since the maximum is not smooth.  The p-norm of the terms is smooth, and for
 *  given heights its minimum is
 *
 *      w_i ~ (sum_j (h_j / s_ij)^p)^(-1/(p - 1)),   for large p   w_i ~ min_j s_ij / h_j       (2)
 *
 *  Widths and heights are therefore computed in turn, with p = 2, 4, 8, ..., 256 and at last the
 *  maximum.  They are then rounded to whole cells such that, for the given other axis, the maximum
 *  in (1) is the least possible one.
 *
 *  The process grid: for each factorisation of the number of ranks, the cost in cells is (1), with
 *  speeds whose mean is 1, and the mean number of halo cells of a rank, each multiplied by the time
 *  that it takes in units of the time of a cell.  Factorisations are tried by ascending cost of
 *  halos, until this cost alone is too large. */
#include "solver/grid/weights.h"

#include <math.h>
#include <string.h>

/* Time of a halo cell in units of the time that a rank takes for a cell, for halos between nodes:
   8 bytes at 12.5 GB/s (100 Gbit/s), and 16 bytes of memory traffic at 200 GB/s, figures of a
   common node with two sockets.  Within a node: 1, since halos pass through memory.  Larger:
   squarer blocks, with a worse balance; smaller: more strips. */
#define BETWEEN_NODES 8.0

enum {
  LARGEST_POWER = 256, /* of (2); chosen: with P ranks, the norm is at most P^(1/256) times (1) */
  ROUNDS        = 6,   /* of widths and heights for each power; chosen: more change little */

  /* Passes over the blocks in one round, approximately: two for each axis and each of the eight
     powers 2 to 256 make 32; the others are those with the maximum and of the cuts. */
  PASSES = 36,

  /* Blocks times passes after which no further process grid is tried, about a second.  Chosen: a
     plan for 10^6 ranks remains possible. */
  MOST_WORK = 100000000
};

/* Return x to the power p, which is a power of two. */
static double Power(double x, int p)
{
  for (; p > 1; p /= 2) x *= x;
  return x;
}

/* A process grid and the speeds of its blocks. */
typedef struct {
  PetscInt      parts[2], cells[2];
  const double *speed;   /* [py][px] */
  double       *side[2]; /* [px], [py]: widths and heights, real numbers, whose sum is 1 */
  double       *most, *sum;
  PetscInt     *start[2]; /* [px + 1], [py + 1] */
} Problem;

/* Compute most[k] = max over the other axis of (side / speed) for the columns (axis 0) or rows. */
static void FindMost(const Problem *p, int axis)
{
  const PetscInt px = p->parts[0], py = p->parts[1];

  for (PetscInt k = 0; k < p->parts[axis]; k++) p->most[k] = 0.0;
  for (PetscInt j = 0; j < py; j++) {
    for (PetscInt i = 0; i < px; i++) {
      const PetscInt k = axis == 0 ? i : j, other = axis == 0 ? j : i;

      p->most[k] = PetscMax(p->most[k], p->side[!axis][other] / p->speed[j * px + i]);
    }
  }
}

/* Set the sides along an axis by (2).  Terms are divided by their largest one before they are
   raised to the power, so that no sum overflows or vanishes.
   @param[in] power  0: the maximum */
static void SetSides(const Problem *p, int axis, int power)
{
  const PetscInt px = p->parts[0], py = p->parts[1], n = p->parts[axis];
  double         all = 0.0;

  FindMost(p, axis);
  for (PetscInt k = 0; k < n; k++) p->sum[k] = 0.0;
  for (PetscInt j = 0; j < py && power > 0; j++) {
    for (PetscInt i = 0; i < px; i++) {
      const PetscInt k = axis == 0 ? i : j, other = axis == 0 ? j : i;

      p->sum[k] += Power(p->side[!axis][other] / p->speed[j * px + i] / p->most[k], power);
    }
  }
  for (PetscInt k = 0; k < n; k++) {
    const double e = power > 0 ? 1.0 / (double)(power - 1) : 0.0;

    p->side[axis][k] = pow(p->most[k], -1.0 - e) * (power > 0 ? pow(p->sum[k], -e) : 1.0);
    all += p->side[axis][k];
  }
  for (PetscInt k = 0; k < n; k++) p->side[axis][k] /= all;
}

/* Find widths and heights as real numbers.  With one row or one column, (2) with the maximum is the
   solution. */
static void Solve(const Problem *p)
{
  const PetscBool line   = p->parts[0] == 1 || p->parts[1] == 1 ? PETSC_TRUE : PETSC_FALSE;
  const double    work   = PASSES * (double)p->parts[0] * (double)p->parts[1]; /* of one round */
  const int       rounds = (int)PetscMin((double)ROUNDS, PetscMax(1.0, MOST_WORK / work));

  for (int axis = 0; axis < 2; axis++)
    for (PetscInt k = 0; k < p->parts[axis]; k++) p->side[axis][k] = 1.0 / (double)p->parts[axis];
  for (int power = 2; power <= LARGEST_POWER && !line; power *= 2) {
    for (int round = 0; round < rounds; round++)
      for (int axis = 0; axis < 2; axis++) SetSides(p, axis, power);
  }
  for (int axis = 0; axis < 2; axis++) SetSides(p, axis, 0);
}

/* Return the number of cells of a width or height that takes the time t; at least one. */
static PetscInt CellsIn(double t, double most) { return PetscMax(1, (PetscInt)floor(t / most)); }

/* Cut the axis into whole cells such that the largest width times `most`, the time of the
   slowest column, is the least possible one.  Bisection finds neighbouring times `low`, in which
   fewer than all cells fit, and `high`, in which all fit.  The widths are those of `low`, and
   the missing cells are added, from the first column on, where `high` has more. */
static void Cut(const Problem *p, int axis)
{
  const PetscInt n = p->parts[axis], cells = p->cells[axis];
  PetscInt      *start = p->start[axis], left = cells;
  double         rate = 0.0, low = 0.0, high;

  FindMost(p, axis);
  for (PetscInt k = 0; k < n; k++) rate += 1.0 / p->most[k];
  high = (double)(cells + n) / rate;      /* enough: each part loses less than a cell by rounding */
  for (int turn = 0; turn < 60; turn++) { /* to the rounding error of a double */
    const double middle = 0.5 * (low + high);
    PetscInt64   sum    = 0;

    for (PetscInt k = 0; k < n; k++) sum += CellsIn(middle, p->most[k]);
    if (sum < cells) low = middle;
    else high = middle;
  }
  for (PetscInt k = 0; k < n; k++) left -= CellsIn(low, p->most[k]);
  start[0] = 0;
  for (PetscInt k = 0; k < n; k++) {
    const PetscInt few  = CellsIn(low, p->most[k]);
    const PetscInt more = PetscMax(0, PetscMin(left, CellsIn(high, p->most[k]) - few));

    start[k + 1] = start[k] + few + more;
    left -= more;
  }
  for (PetscInt k = 0; k < n; k++)
    p->side[axis][k] = (double)(start[k + 1] - start[k]) / (double)cells;
}

/* Return (1). */
static double Slowest(const Problem *p)
{
  double slowest = 0.0;

  for (PetscInt j = 0; j < p->parts[1]; j++) {
    for (PetscInt i = 0; i < p->parts[0]; i++) {
      const double cells = (double)(p->start[0][i + 1] - p->start[0][i]) *
                           (double)(p->start[1][j + 1] - p->start[1][j]);

      slowest = PetscMax(slowest, cells / p->speed[j * p->parts[0] + i]);
    }
  }
  return slowest;
}

/* Choose the cuts of a layout; *slowest is (1).
   @param[in]  mean   of the speeds, by which they are divided
   @param[out] start  allocated */
static PetscErrorCode ChooseCuts(const HeatLayout *l, const HeatWorker *workers, double mean,
                                 PetscInt *start[2], double *slowest)
{
  const PetscInt n = PetscMax(l->px, l->py);
  Problem        p = {.parts = {l->px, l->py}, .cells = {l->nx, l->ny}};
  double        *speed;

  PetscFunctionBeginUser;
  PetscCall(
      PetscMalloc5(l->size, &speed, l->px, &p.side[0], l->py, &p.side[1], n, &p.most, n, &p.sum));
  for (int axis = 0; axis < 2; axis++) {
    PetscCall(PetscMalloc1(p.parts[axis] + 1, &start[axis]));
    p.start[axis] = start[axis];
  }
  for (PetscInt r = 0; r < l->size; r++)
    speed[HeatLayoutBlock(l, r, workers[r].node, workers[r].local)] = (double)workers[r].speed /
                                                                      mean;
  p.speed = speed;
  Solve(&p);
  Cut(&p, 1);
  Cut(&p, 0);
  Cut(&p, 1);
  *slowest = Slowest(&p);
  PetscCall(PetscFree5(speed, p.side[0], p.side[1], p.most, p.sum));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the cost of a layout's halos, in cells of a rank. */
static double HaloCost(const HeatLayout *l)
{
  PetscInt64 all, between;

  HeatLayoutCutCells(l, &all, &between);
  return 2.0 * (BETWEEN_NODES * (double)between + (double)(all - between)) / (double)l->size;
}

/* The process grids that are possible, by ascending cost of their halos. */
typedef struct {
  PetscInt   n;
  PetscReal *cost; /* owned [n] */
  PetscInt  *px;   /* owned [n] */
} Candidates;

static PetscErrorCode ListCandidates(const HeatCase *c, PetscInt size, PetscInt per_node,
                                     PetscBool even, Candidates *list)
{
  const PetscInt given = c->decomposition.processes[0];
  PetscInt       room  = 0;

  PetscFunctionBeginUser;
  *list = (Candidates){0};
  for (PetscInt px = 1; px <= size && px <= c->grid.cells[0]; px++) {
    HeatLayout l;

    if (size % px || size / px > c->grid.cells[1] || (given && px != given)) continue;
    if (list->n == room) {
      room = 2 * room + 16;
      PetscCall(PetscRealloc((size_t)room * sizeof(PetscReal), &list->cost));
      PetscCall(PetscRealloc((size_t)room * sizeof(PetscInt), &list->px));
    }
    l                   = HeatLayoutMakeWith(c, size, per_node, even, px, size / px);
    list->cost[list->n] = HaloCost(&l);
    list->px[list->n++] = px;
  }
  PetscCall(PetscSortRealWithArrayInt(list->n, list->cost, list->px));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatWeightsChoose(const HeatCase *c, PetscInt size, PetscInt per_node,
                                 PetscBool even, const HeatWorker *workers, HeatLayout *layout,
                                 PetscInt *start[2], PetscReal *balance)
{
  const double ideal = (double)c->grid.cells[0] * (double)c->grid.cells[1] / (double)size;
  double       mean = 0.0, best = 0.0, work = 0.0;
  Candidates   list;

  PetscFunctionBeginUser;
  *layout  = HeatLayoutMakeWith(c, size, per_node, even, 0, 0);
  start[0] = start[1] = NULL;
  layout->px = layout->py = 0;
  *balance                = 0.0;
  for (PetscInt r = 0; r < size; r++) mean += (double)workers[r].speed / (double)size;
  PetscCall(ListCandidates(c, size, per_node, even, &list));
  for (PetscInt k = 0; k < list.n && (k == 0 || ideal + list.cost[k] < best); k++) {
    const PetscInt   px   = list.px[k];
    const HeatLayout next = HeatLayoutMakeWith(c, size, per_node, even, px, size / px);
    PetscInt        *cuts[2];
    double           slowest;

    PetscCall(ChooseCuts(&next, workers, mean, cuts, &slowest));
    if (k == 0 || slowest + list.cost[k] < best) {
      best = slowest + list.cost[k];
      for (int axis = 0; axis < 2; axis++) {
        PetscCall(PetscFree(start[axis]));
        start[axis] = cuts[axis];
        cuts[axis]  = NULL;
      }
      *layout  = next;
      *balance = ideal / slowest;
    }
    for (int axis = 0; axis < 2; axis++) PetscCall(PetscFree(cuts[axis]));
    work += PASSES * ROUNDS * (double)size;
    if (work > MOST_WORK) break;
  }
  for (int axis = 0; axis < 2; axis++) layout->start[axis] = start[axis];
  PetscCall(PetscFree(list.cost));
  PetscCall(PetscFree(list.px));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscInt HeatWeightsTooSlow(const HeatCase *c, PetscInt size, const HeatWorker *workers,
                            PetscReal *share)
{
  const PetscReal cells = (PetscReal)c->grid.cells[0] * (PetscReal)c->grid.cells[1];
  PetscReal       mean  = 0.0; /* whose sum does not overflow where that of the speeds does */

  for (PetscInt r = 0; r < size; r++) mean += workers[r].speed / (PetscReal)size;
  for (PetscInt r = 0; r < size; r++) {
    *share = cells / (PetscReal)size * (workers[r].speed / mean);
    if (*share < 1.0) return r;
  }
  return -1;
}

PetscReal HeatWeightsSpeed(const HeatCase *c, PetscInt rank, const char *host, PetscInt *item)
{
  const size_t length = strcspn(host, "."); /* without the domain */

  *item = -1;
  if (c->decomposition.n_speeds == 0) return 1.0;
  if (!c->decomposition.hosts) return c->decomposition.speeds[rank];
  for (PetscInt k = 0; k < c->decomposition.n_speeds; k++) {
    const char *name = c->decomposition.hosts[k];

    if (strcmp(name, host) != 0 && (strncmp(name, host, length) != 0 || name[length])) continue;
    *item = k;
    return c->decomposition.speeds[k];
  }
  return 1.0;
}
