/** The halo exchange with persistent requests.
 *
 *  Each side that has a neighbour has a send strip and a ghost strip.  One request sends the send
 *  strip, another one receives into the ghost strip.  The tag of a message is the side through
 *  which it leaves its block: a message that travels left has the tag HEAT_LEFT.  Two blocks that
 *  are neighbours on both sides (periodic axis, two blocks) thus match their messages correctly.
 *  A block that is its own neighbour (periodic axis, one block) copies its edges and sends
 *  nothing. */
#include "solver/grid/halo.h"

#include "solver/base/heartbeat.h"
#include "solver/base/monotonic.h"
#include "solver/base/traffic.h"

struct HeatHalo {
  const HeatGrid *grid;                     /* borrowed */
  PetscReal      *send[HEAT_SIDES];         /* owned; own cells along each side; NULL at boundary */
  PetscReal      *ghost[HEAT_SIDES];        /* owned; cells beyond each side; NULL at boundary */
  MPI_Request     requests[2 * HEAT_SIDES]; /* persistent; a send and a receive per neighbour */
  PetscMPIInt     n_requests;               /* number of requests in use */
  HeatHaloCounts  counts;                   /* since creation */
};

static HeatSide Opposite(HeatSide side) { return (HeatSide)(side ^ 1); }

/* Return the number of cells along a side of the block. */
static PetscInt StripLength(const HeatGrid *g, HeatSide side)
{
  return side < HEAT_BOTTOM ? g->nyl : g->nxl;
}

PetscErrorCode HeatHaloCreate(const HeatGrid *grid, HeatHalo **halo)
{
  HeatHalo *h;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&h));
  *halo   = h;
  h->grid = grid;
  for (int s = 0; s < HEAT_SIDES; s++) {
    const HeatSide    side  = (HeatSide)s;
    const PetscMPIInt other = grid->neighbour[s], length = (PetscMPIInt)StripLength(grid, side);

    if (grid->boundary[s]) continue;
    PetscCall(PetscCalloc1(length, &h->send[s]));
    PetscCall(PetscCalloc1(length, &h->ghost[s]));
    if (other == grid->rank) continue;
    PetscCallMPI(MPI_Send_init(h->send[s], length, MPIU_REAL, other, s, grid->comm,
                               &h->requests[h->n_requests++]));
    PetscCallMPI(MPI_Recv_init(h->ghost[s], length, MPIU_REAL, other, Opposite(side), grid->comm,
                               &h->requests[h->n_requests++]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Copy the block's own cells along a side to a strip, left to right or bottom to top. */
static PetscErrorCode PackEdge(const HeatGrid *g, HeatSide side, const PetscReal *u,
                               PetscReal *strip)
{
  const size_t width = (size_t)g->nxl;

  PetscFunctionBeginUser;
  if (side == HEAT_BOTTOM || side == HEAT_TOP) {
    const size_t row = side == HEAT_BOTTOM ? 0 : (size_t)g->nyl - 1;

    PetscCall(PetscArraycpy(strip, u + row * width, g->nxl));
  } else {
    const PetscReal *column = u + (side == HEAT_LEFT ? 0 : width - 1);

    for (PetscInt j = 0; j < g->nyl; j++) strip[j] = column[(size_t)j * width];
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHaloBegin(HeatHalo *h, const PetscReal *u)
{
  const HeatTrafficKind before = HeatTrafficSet(HEAT_TRAFFIC_HALO);
  const HeatGrid       *g      = h->grid;

  PetscFunctionBeginUser;
  for (int s = 0; s < HEAT_SIDES; s++) {
    if (!h->send[s]) continue;
    if (g->neighbour[s] == g->rank) { /* the opposite edge lies beyond the side */
      PetscCall(PackEdge(g, Opposite((HeatSide)s), u, h->ghost[s]));
      continue;
    }
    PetscCall(PackEdge(g, (HeatSide)s, u, h->send[s]));
    h->counts.messages[g->off_node[s]] += 1;
    h->counts.bytes[g->off_node[s]] += (PetscInt64)sizeof(PetscReal) * StripLength(g, (HeatSide)s);
  }
  h->counts.exchanges += 1;
  if (h->n_requests) PetscCallMPI(MPI_Startall(h->n_requests, h->requests));
  (void)HeatTrafficSet(before);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHaloEnd(HeatHalo *h)
{
  const double start = HeatMonotonicTime();
  MPI_Status   statuses[2 * HEAT_SIDES];

  PetscFunctionBeginUser;
  if (h->n_requests) PetscCallMPI(MPI_Waitall(h->n_requests, h->requests, statuses));
  h->counts.wait += HeatMonotonicTime() - start;
  HeatBeat();
  PetscFunctionReturn(PETSC_SUCCESS);
}

const PetscReal *HeatHaloGhost(const HeatHalo *h, HeatSide side) { return h->ghost[side]; }

/* Tests with numbers. */

/* Return the global number j nx + i of the cell beyond a side of the block, the k-th along that
   side; periodic across the domain's boundary. */
static PetscReal NumberBeyond(const HeatGrid *g, HeatSide side, PetscInt k)
{
  PetscInt i = g->xs + k, j = g->ys + k;

  switch (side) {
  case HEAT_LEFT: i = (g->xs > 0 ? g->xs : g->nx) - 1; break;
  case HEAT_RIGHT: i = g->xs < g->nx - g->nxl ? g->xs + g->nxl : 0; break;
  case HEAT_BOTTOM: j = (g->ys > 0 ? g->ys : g->ny) - 1; break;
  default: j = g->ys < g->ny - g->nyl ? g->ys + g->nyl : 0; break;
  }
  return (PetscReal)j * (PetscReal)g->nx + (PetscReal)i;
}

void HeatHaloNumberCells(const HeatGrid *g, PetscReal sign, PetscReal *u)
{
  for (PetscInt j = 0; j < g->nyl; j++) {
    const PetscReal first = (PetscReal)(g->ys + j) * (PetscReal)g->nx + (PetscReal)g->xs;

    for (PetscInt i = 0; i < g->nxl; i++)
      u[(size_t)j * (size_t)g->nxl + (size_t)i] = sign * (first + (PetscReal)i);
  }
}

PetscInt64 HeatHaloCountWrong(const HeatGrid *g, HeatSide side, PetscReal sign,
                              const PetscReal *ghost)
{
  PetscInt64 wrong = 0;

  for (PetscInt k = 0; k < StripLength(g, side); k++)
    wrong += !(ghost[k] == sign * NumberBeyond(g, side, k));
  return wrong;
}

HeatHaloCounts HeatHaloGetCounts(const HeatHalo *h) { return h->counts; }

PetscErrorCode HeatHaloDestroy(HeatHalo **halo)
{
  HeatHalo *h = *halo;

  PetscFunctionBeginUser;
  if (!h) PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscMPIInt r = 0; r < h->n_requests; r++) PetscCallMPI(MPI_Request_free(&h->requests[r]));
  for (int s = 0; s < HEAT_SIDES; s++) {
    PetscCall(PetscFree(h->send[s]));
    PetscCall(PetscFree(h->ghost[s]));
  }
  PetscCall(PetscFree(*halo));
  PetscFunctionReturn(PETSC_SUCCESS);
}
