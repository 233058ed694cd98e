/** The decomposition: which rank owns which rectangle of cells.
 *
 *  layout.c chooses the process grid, and which node gets which blocks.  This file finds the nodes,
 *  renumbers the ranks accordingly, and makes the communicators and PETSc's DMDA. */
#include "solver/grid/grid.h"

#include "solver/base/reproducible_vec.h"
#include "solver/base/traffic.h"
#include "solver/grid/weights.h"

/* Return whether the layout says of each block the node that it is on, where the ranks are not
   renumbered and those of a node follow one another: block r is on node r/per_node. */
static PetscBool LayoutIsRight(const HeatLayout *l, PetscInt size)
{
  for (PetscInt r = 0; r < size; r++)
    if (HeatLayoutNode(l, r % l->px, r / l->px) != r / l->per_node) return PETSC_FALSE;
  return PETSC_TRUE;
}

/* Set g->node_of and layout.node_of if some rank is on another node than the layout says: launchers
   can deal ranks to nodes in turn, and nodes can have different numbers of ranks.  Where each node
   owns a tile, or its ranks follow one another, the answer is known without a message. */
static PetscErrorCode ListNodes(HeatGrid *g)
{
  const int   node = (int)g->node.index;
  PetscMPIInt odd;

  PetscFunctionBeginUser;
  if (g->layout.reordered) PetscFunctionReturn(PETSC_SUCCESS);
  if (g->node.successive) odd = !LayoutIsRight(&g->layout, g->size);
  else {
    odd = node != HeatLayoutNode(&g->layout, g->ip, g->jp);
    PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &odd, 1, MPI_INT, MPI_MAX, g->comm));
  }
  if (!odd) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(g->size, &g->node_of));
  PetscCallMPI(MPI_Allgather(&node, 1, MPI_INT, g->node_of, 1, MPI_INT, g->comm));
  g->layout.node_of = g->node_of;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the relative speed of this rank, and check that there is a rank on each host that the case
   names.  Collective on comm.
   @param[out] equal  whether all ranks are equally fast */
static PetscErrorCode FindSpeed(MPI_Comm comm, const HeatCase *c, PetscReal *speed,
                                PetscBool *equal)
{
  const PetscInt n = c->decomposition.hosts ? c->decomposition.n_speeds : 0;
  char           host[MPI_MAX_PROCESSOR_NAME + 1];
  PetscMPIInt    rank, length;
  PetscInt       item, missing = 0;
  PetscReal      extremes[2];
  char          *found;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Get_processor_name(host, &length));
  *speed = HeatWeightsSpeed(c, rank, host, &item);
  PetscCall(PetscCalloc1(n, &found));
  if (item >= 0) found[item] = 1;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, found, (PetscMPIInt)n, MPI_BYTE, MPI_BOR, comm));
  while (missing < n && found[missing]) missing++;
  PetscCall(PetscFree(found));
  PetscCallMPI(MPI_Bcast(host, sizeof host, MPI_CHAR, 0, comm));
  HeatCaseCheckKey(
      missing == n, comm, c, "decomposition.weights",
      "no rank of this job is on the host %.60s (rank 0 is on %.60s); name hosts of the "
      "job alone",
      c->decomposition.hosts[missing], host);
  extremes[0] = *speed;
  extremes[1] = -*speed;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, extremes, 2, MPIU_REAL, MPIU_MAX, comm));
  *equal = extremes[0] == -extremes[1] ? PETSC_TRUE : PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What rank 0 chooses for ranks of unequal speed. */
typedef struct {
  PetscInt  px, py;
  PetscInt  slow; /* a rank whose share is less than a cell, or -1 */
  PetscReal share, balance;
} Choice;

/* Choose process grid and cuts on rank 0, for speeds that are not all equal, and broadcast them.
   Collective on comm. */
static PetscErrorCode WeighBlocks(MPI_Comm comm, const HeatCase *c, const HeatNode *node,
                                  PetscReal speed, HeatGrid *g)
{
  const HeatWorker mine = {speed, node->index, node->local};
  HeatWorker      *all  = NULL;
  HeatLayout       layout;
  Choice           choice = {0};
  PetscInt        *start[2];
  PetscMPIInt      rank, size;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  if (rank == 0) PetscCall(PetscMalloc1(size, &all));
  PetscCallMPI(MPI_Gather(&mine, sizeof mine, MPI_BYTE, all, sizeof mine, MPI_BYTE, 0, comm));
  if (rank == 0) {
    choice.slow = HeatWeightsTooSlow(c, size, all, &choice.share);
    PetscCall(
        HeatWeightsChoose(c, size, node->most, node->even, all, &layout, start, &choice.balance));
    choice.px  = layout.px;
    choice.py  = layout.py;
    g->x_start = start[0];
    g->y_start = start[1];
  }
  PetscCall(PetscFree(all));
  PetscCallMPI(MPI_Bcast(&choice, sizeof choice, MPI_BYTE, 0, comm));
  HeatCaseCheckKey(choice.slow < 0, comm, c, "decomposition.weights",
                   "rank %" PetscInt_FMT
                   " is so slow that its share is %.3g of a cell; a rank has at "
                   "least one cell: leave the rank out of the job, or give it a larger speed",
                   choice.slow, (double)choice.share);
  g->load_balance = choice.balance;
  g->layout       = HeatLayoutMakeWith(c, size, node->most, node->even, choice.px, choice.py);
  if (rank > 0) {
    PetscCall(PetscMalloc1(choice.px + 1, &g->x_start));
    PetscCall(PetscMalloc1(choice.py + 1, &g->y_start));
  }
  PetscCallMPI(MPI_Bcast(g->x_start, (PetscMPIInt)choice.px + 1, MPIU_INT, 0, comm));
  PetscCallMPI(MPI_Bcast(g->y_start, (PetscMPIInt)choice.py + 1, MPIU_INT, 0, comm));
  g->layout.start[0] = g->x_start;
  g->layout.start[1] = g->y_start;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Choose the process grid and the cuts: g->layout.  Collective on comm. */
static PetscErrorCode ChooseLayout(MPI_Comm comm, const HeatCase *c, HeatGrid *g)
{
  const HeatNode *node = &g->node;
  PetscMPIInt     size;
  PetscReal       speed = 1.0;
  PetscBool       equal = PETSC_TRUE;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(comm, &size));
  g->layout = HeatLayoutMake(c, size, node->most, node->even);
  if (c->decomposition.n_speeds > 0) PetscCall(FindSpeed(comm, c, &speed, &equal));
  if (!equal && g->layout.px > 0) PetscCall(WeighBlocks(comm, c, node, speed, g));
  g->layout.n_nodes = node->n;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create the grid's communicator: the one that PETSc makes of comm for its own messages, so that
   PETSc needs no other for its objects on the grid.  Collective on comm.
   @param[in]  renumbers  whether ranks get other numbers
   @param[in]  key        where they do: ranks are ordered by it
   @param[out] made       freed with PetscCommDestroy */
static PetscErrorCode CreateComm(MPI_Comm comm, PetscBool renumbers, PetscInt key, MPI_Comm *made)
{
  MPI_Comm ordered = comm;

  PetscFunctionBeginUser;
  if (renumbers) PetscCallMPI(MPI_Comm_split(comm, 0, (int)key, &ordered));
  PetscCall(PetscCommDuplicate(ordered, made, NULL));
  if (renumbers) PetscCallMPI(MPI_Comm_free(&ordered));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Choose the process grid and renumber the ranks.  Sets node, n_nodes, px, py, comm, rank, size, ip
   and jp, and with unequal blocks x_start, y_start and load_balance. */
static PetscErrorCode OrderRanks(MPI_Comm comm, const HeatCase *c, HeatGrid *g)
{
  PetscMPIInt rank, size;
  PetscBool   renumbers;
  HeatLayout *l = &g->layout;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  PetscCall(HeatNodeFind(comm, &g->node));
  PetscCall(ChooseLayout(comm, c, g));
  g->n_nodes = g->node.n;
  g->px      = l->px;
  g->py      = l->py;
  HeatCaseCheckKey(g->px > 0, comm, c, "grid.cells",
                   "%" PetscInt_FMT " x %" PetscInt_FMT
                   " cells cannot be cut into %d blocks, one a "
                   "rank, by whole rows and columns; choose another number of ranks or of cells",
                   g->nx, g->ny, size);
  /* The blocks of a single node are in the order of its ranks. */
  renumbers = (PetscBool)(l->reordered && g->node.n > 1);
  PetscCall(CreateComm(comm, renumbers, HeatLayoutBlock(l, rank, g->node.index, g->node.local),
                       &g->comm));
  PetscCallMPI(MPI_Comm_rank(g->comm, &g->rank));
  PetscCallMPI(MPI_Comm_size(g->comm, &g->size));
  g->ip = g->rank % g->px;
  g->jp = g->rank / g->px;
  PetscCall(HeatNodeRenumber(&g->node, g->comm, (PetscBool)(g->node.successive && !renumbers)));
  PetscCall(ListNodes(g));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Spread n cells evenly over `parts` blocks, unless *starts exists; the first n % parts blocks get
   one cell more.  Block p has cells (*starts)[p] to (*starts)[p + 1] - 1.  Allocates *starts
   [parts + 1]. */
static PetscErrorCode SplitEvenly(PetscInt n, PetscInt parts, PetscInt **starts)
{
  PetscFunctionBeginUser;
  if (*starts) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(parts + 1, starts));
  for (PetscInt p = 0; p <= parts; p++) (*starts)[p] = HeatLayoutStart(n, parts, p);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set `boundary` and `neighbour` of each side of this rank's block. */
static void FindNeighbours(HeatGrid *g)
{
  const PetscInt step[HEAT_SIDES][2] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}};

  for (int side = 0; side < HEAT_SIDES; side++) {
    const int       axis = side / 2;
    PetscInt        ip = g->ip + step[side][0], jp = g->jp + step[side][1];
    const PetscInt  p = axis == 0 ? ip : jp, parts = axis == 0 ? g->px : g->py;
    const PetscBool outside = (p < 0 || p >= parts) ? PETSC_TRUE : PETSC_FALSE;

    g->boundary[side]  = (outside && !g->periodic[axis]) ? PETSC_TRUE : PETSC_FALSE;
    ip                 = (ip + g->px) % g->px;
    jp                 = (jp + g->py) % g->py;
    g->neighbour[side] = g->boundary[side] ? MPI_PROC_NULL : (PetscMPIInt)(jp * g->px + ip);
  }
}

/* Set `off_node`, and predict the messages and bytes of one halo exchange of depth one, summed over
   ranks, within nodes and between nodes; set the smallest and largest number of cells. */
static PetscErrorCode CountTraffic(HeatGrid *g)
{
  MPI_Group         all, node;
  HeatLayoutTraffic halo;
  PetscInt          least[2], most[2];

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_group(g->comm, &all));
  PetscCallMPI(MPI_Comm_group(g->node.comm, &node));
  for (int side = 0; side < HEAT_SIDES; side++) {
    PetscMPIInt       there;
    const PetscMPIInt other = g->neighbour[side];

    if (other == MPI_PROC_NULL || other == g->rank) continue;
    PetscCallMPI(MPI_Group_translate_ranks(all, 1, &other, node, &there));
    g->off_node[side] = there == MPI_UNDEFINED ? PETSC_TRUE : PETSC_FALSE;
  }
  PetscCallMPI(MPI_Group_free(&node));
  PetscCallMPI(MPI_Group_free(&all));
  PetscCall(HeatLayoutHalo(&g->layout, 1, PETSC_FALSE, &halo));
  g->messages_within  = (PetscInt)halo.messages[0];
  g->messages_between = (PetscInt)halo.messages[1];
  g->bytes_within     = (PetscInt64)sizeof(PetscReal) * halo.values[0];
  g->bytes_between    = (PetscInt64)sizeof(PetscReal) * halo.values[1];
  for (int axis = 0; axis < 2; axis++)
    HeatLayoutWidths(&g->layout, axis, &least[axis], &most[axis]);
  g->cells_min = least[0] * least[1];
  g->cells_max = most[0] * most[1];
  if (!g->layout.start[0])
    g->load_balance = (PetscReal)g->nx * (PetscReal)g->ny / (PetscReal)g->size /
                      (PetscReal)g->cells_max;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatGridCreate(MPI_Comm comm, const HeatCase *c, HeatGrid **grid)
{
  HeatGrid *g;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&g));
  *grid = g;
  PetscCall(PetscNew(&g->da));
  PetscCall(PetscNew(&g->map));
  PetscCall(PetscNew(&g->row_comm));
  PetscCall(PetscCalloc1(HEAT_TRAFFIC_KINDS, &g->moves));
  PetscCall(HeatVecRegisterReproducible());
  g->vec_type    = c->solver.reproducible ? HEAT_VEC_REPRODUCIBLE : VECSTANDARD;
  g->comm        = MPI_COMM_NULL;
  *g->row_comm   = MPI_COMM_NULL;
  g->nx          = c->grid.cells[0];
  g->ny          = c->grid.cells[1];
  g->x0          = c->grid.x[0];
  g->y0          = c->grid.y[0];
  g->hx          = (c->grid.x[1] - c->grid.x[0]) / (PetscReal)g->nx;
  g->hy          = (c->grid.y[1] - c->grid.y[0]) / (PetscReal)g->ny;
  g->periodic[0] = c->boundary[HEAT_LEFT].segments[0].type == HEAT_BC_PERIODIC ? PETSC_TRUE
                                                                               : PETSC_FALSE;
  g->periodic[1] = c->boundary[HEAT_BOTTOM].segments[0].type == HEAT_BC_PERIODIC ? PETSC_TRUE
                                                                                 : PETSC_FALSE;
  PetscCall(OrderRanks(comm, c, g));
  PetscCall(SplitEvenly(g->nx, g->px, &g->x_start));
  PetscCall(SplitEvenly(g->ny, g->py, &g->y_start));
  g->xs  = g->x_start[g->ip];
  g->ys  = g->y_start[g->jp];
  g->nxl = g->x_start[g->ip + 1] - g->xs;
  g->nyl = g->y_start[g->jp + 1] - g->ys;
  HeatCaseCheckKey(
      g->nxl <= PETSC_MPI_INT_MAX && g->nyl <= PETSC_MPI_INT_MAX, comm, c, "grid.cells",
      "a block of %" PetscInt_FMT " x %" PetscInt_FMT " cells has sides beyond %d cells, the "
      "longest message; use more ranks",
      g->nxl, g->nyl, PETSC_MPI_INT_MAX);
  FindNeighbours(g);
  PetscCall(CountTraffic(g));
  PetscCall(HeatWritersChoose(g->comm, &g->node, HeatWritersPerNode(c, g->size, g->n_nodes),
                              &g->writers));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatGridDestroy(HeatGrid **grid)
{
  HeatGrid *g = *grid;

  PetscFunctionBeginUser;
  if (!g) PetscFunctionReturn(PETSC_SUCCESS);
  if (g->da) PetscCall(DMDestroy(g->da));
  PetscCall(PetscFree(g->da));
  if (g->map) PetscCall(PetscLayoutDestroy(g->map));
  PetscCall(PetscFree(g->map));
  PetscCall(PetscFree(g->moves));
  PetscCall(PetscFree(g->x_start));
  PetscCall(PetscFree(g->y_start));
  PetscCall(PetscFree(g->node_of));
  PetscCall(HeatWritersClear(&g->writers));
  PetscCall(HeatNodeClear(&g->node));
  if (g->row_comm && *g->row_comm != MPI_COMM_NULL) PetscCallMPI(MPI_Comm_free(g->row_comm));
  PetscCall(PetscFree(g->row_comm));
  if (g->comm != MPI_COMM_NULL) PetscCall(PetscCommDestroy(&g->comm));
  PetscCall(PetscFree(*grid));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatGridGetRowComm(const HeatGrid *g, MPI_Comm *comm)
{
  PetscFunctionBeginUser;
  if (*g->row_comm == MPI_COMM_NULL)
    PetscCallMPI(MPI_Comm_split(g->comm, (int)g->jp, (int)g->ip, g->row_comm));
  *comm = *g->row_comm;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What PETSc sees. */

/* Set up the layout that all Vecs and matrices share, unless it exists. */
static PetscErrorCode SetUpMap(const HeatGrid *g)
{
  PetscFunctionBeginUser;
  if (!*g->map)
    PetscCall(PetscLayoutCreateFromSizes(g->comm, (PetscInt)HeatGridLocalCells(g), g->nx * g->ny, 1,
                                         g->map));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatGridCreateVec(const HeatGrid *g, Vec *v)
{
  PetscFunctionBeginUser;
  PetscCall(SetUpMap(g));
  PetscCall(VecCreate(g->comm, v));
  PetscCall(VecSetLayout(*v, *g->map));
  PetscCall(VecSetType(*v, g->vec_type));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatGridCreateShell(const HeatGrid *g, void *context, Mat *A)
{
  PetscFunctionBeginUser;
  PetscCall(SetUpMap(g));
  PetscCall(MatCreate(g->comm, A));
  PetscCall(MatSetLayouts(*A, *g->map, *g->map));
  PetscCall(MatSetType(*A, MATSHELL));
  PetscCall(MatShellSetContext(*A, context));
  PetscCall(MatSetUp(*A));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create the DMDA with our blocks. */
static PetscErrorCode CreateDMDA(const HeatGrid *g, DM *da)
{
  PetscInt            *lx, *ly;
  const DMBoundaryType bx = g->periodic[0] ? DM_BOUNDARY_PERIODIC : DM_BOUNDARY_NONE;
  const DMBoundaryType by = g->periodic[1] ? DM_BOUNDARY_PERIODIC : DM_BOUNDARY_NONE;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc2(g->px, &lx, g->py, &ly));
  for (PetscInt p = 0; p < g->px; p++) lx[p] = g->x_start[p + 1] - g->x_start[p];
  for (PetscInt p = 0; p < g->py; p++) ly[p] = g->y_start[p + 1] - g->y_start[p];
  PetscCall(DMDACreate2d(g->comm, bx, by, DMDA_STENCIL_STAR, g->nx, g->ny, g->px, g->py, 1, 1, lx,
                         ly, da));
  PetscCall(DMSetVecType(*da, g->vec_type));
  PetscCall(DMSetUp(*da));
  PetscCall(PetscFree2(lx, ly));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatGridGetDMDA(const HeatGrid *g, DM *da)
{
  PetscFunctionBeginUser;
  if (!*g->da) PetscCall(CreateDMDA(g, g->da));
  *da = *g->da;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatGridCreateMatrix(const HeatGrid *g, Mat *A)
{
  DM da;

  PetscFunctionBeginUser;
  PetscCall(HeatGridGetDMDA(g, &da));
  PetscCall(DMCreateMatrix(da, A));
  PetscFunctionReturn(PETSC_SUCCESS);
}
