/** The layout of a plan: that of HeatGridCreate, without a communicator.
 *
 *  A plan has no hosts.  If a case gives the speeds of hosts, node k of the plan is the k-th host
 *  in the order of the case, and further nodes have the speed 1. */
#include <string.h>

#include "app/plan/plan.h"
#include "solver/grid/weights.h"

/* Most ranks for which blocks are weighed by speeds.  Chosen: their list has 25 MB. */
enum { MOST_WEIGHED = 1 << 20 };

/* Return the speed of a rank on a node. */
static PetscReal SpeedOf(const HeatCase *c, PetscInt rank, PetscInt node)
{
  const PetscInt item = c->decomposition.weights == HEAT_WEIGHTS_HOSTS ? node : rank;

  return item < c->decomposition.n_speeds ? c->decomposition.speeds[item] : 1.0;
}

/* Warn of what the plan does not know of the speeds. */
static PetscErrorCode WarnOfSpeeds(HeatPlan *p)
{
  const HeatCase *c = p->c;
  const PetscInt  n = c->decomposition.n_speeds;

  PetscFunctionBeginUser;
  if (c->decomposition.weights == HEAT_WEIGHTS_MEASURED && n == 0)
    PetscCall(HeatWarningsAdd(&p->warnings,
                              "decomposition.weights: measure is done at the start of "
                              "a run; the plan takes equal speeds"));
  if (n > 0 && p->layout.size > MOST_WEIGHED) {
    PetscCall(HeatWarningsAdd(&p->warnings,
                              "decomposition.weights: the plan of more than %d ranks takes equal "
                              "speeds",
                              (int)MOST_WEIGHED));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (c->decomposition.weights == HEAT_WEIGHTS_HOSTS && n != p->layout.n_nodes)
    PetscCall(HeatWarningsAdd(&p->warnings,
                              "decomposition.weights has %" PetscInt_FMT
                              " hosts, and the plan has %" PetscInt_FMT
                              " nodes: they are taken in order, and further nodes have "
                              "the speed 1",
                              n, p->layout.n_nodes));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Find the rank with the largest ratio of cells to speed, for which a step waits. */
static void FindSlowest(HeatPlan *p, const HeatWorker *workers)
{
  const HeatLayout *l    = &p->layout;
  double            most = 0.0, fastest = 0.0;

  for (PetscInt r = 0; r < l->size; r++) fastest = PetscMax(fastest, (double)workers[r].speed);
  for (PetscInt r = 0; r < l->size; r++) {
    const PetscInt block  = HeatLayoutBlock(l, r, workers[r].node, workers[r].local);
    const double   nx     = (double)HeatLayoutWidth(l, 0, block % l->px);
    const double   ny     = (double)HeatLayoutWidth(l, 1, block / l->px);
    const double   slower = fastest / (double)workers[r].speed;

    if (nx * ny * slower <= most) continue;
    most       = nx * ny * slower;
    p->slowest = (HeatTimeSlowest){
        .stretch = {nx * (double)l->px / (double)l->nx, ny * (double)l->py / (double)l->ny},
        .slower  = slower};
  }
}

/* Choose process grid and cuts for the speeds of the case, unless they are all equal. */
static PetscErrorCode WeighBlocks(HeatPlan *p, PetscBool even)
{
  const HeatPlanRequest *request = &p->request;
  HeatWorker            *workers;
  PetscBool              equal = PETSC_TRUE;
  PetscReal              balance, share;
  PetscInt               slow;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(request->ranks, &workers));
  for (PetscInt r = 0; r < request->ranks; r++) {
    const PetscInt node = r / request->per_node;

    workers[r] = (HeatWorker){SpeedOf(p->c, r, node), node, r % request->per_node};
    if (workers[r].speed != workers[0].speed) equal = PETSC_FALSE;
  }
  if (!equal) {
    slow = HeatWeightsTooSlow(p->c, request->ranks, workers, &share);
    HeatCaseCheckKey(slow < 0, PETSC_COMM_SELF, p->c, "decomposition.weights",
                     "rank %" PetscInt_FMT
                     " is so slow that its share is %.3g of a cell; a rank has "
                     "at least one cell: leave the rank out of the job, or give it a larger speed",
                     slow, (double)share);
    PetscCall(HeatWeightsChoose(p->c, request->ranks, request->per_node, even, workers, &p->layout,
                                p->start, &balance));
    p->load_balance = (double)balance;
    if (p->start[0]) FindSlowest(p, workers);
  }
  PetscCall(PetscFree(workers));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPlanLayout(HeatPlan *p)
{
  const HeatPlanRequest *request = &p->request;
  const PetscBool        even    = request->ranks % request->per_node ? PETSC_FALSE : PETSC_TRUE;
  PetscInt               narrowest[2];

  PetscFunctionBeginUser;
  p->layout = HeatLayoutMake(p->c, request->ranks, request->per_node, even);
  HeatCaseCheckKey(p->layout.px > 0, PETSC_COMM_SELF, p->c, "grid.cells",
                   "%" PetscInt_FMT " x %" PetscInt_FMT " cells cannot be cut into %" PetscInt_FMT
                   " blocks, one a rank, by whole rows and columns; choose another number of ranks "
                   "or of cells",
                   p->c->grid.cells[0], p->c->grid.cells[1], request->ranks);
  if (p->c->decomposition.n_speeds > 0 && request->ranks <= MOST_WEIGHED)
    PetscCall(WeighBlocks(p, even));
  for (int axis = 0; axis < 2; axis++)
    HeatLayoutWidths(&p->layout, axis, &narrowest[axis], &p->widest[axis]);
  p->cells_min = (PetscInt64)narrowest[0] * narrowest[1];
  p->cells_max = (PetscInt64)p->widest[0] * p->widest[1];
  if (!p->start[0])
    p->load_balance = (double)p->layout.nx * (double)p->layout.ny / (double)p->layout.size /
                      (double)p->cells_max;
  PetscCall(WarnOfSpeeds(p));
  PetscFunctionReturn(PETSC_SUCCESS);
}
