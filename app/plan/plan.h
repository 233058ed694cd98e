/** A plan: what a run of a case would be like on any number of ranks and nodes - who owns what,
 *  what is sent, how much memory and disk it takes - without a time step and without a field.
 *
 *  The numbers come from the functions that a run uses: the layout of blocks
 *  (solver/grid/layout.h), the levels of the multigrid (solver/multigrid/level_plan.h), the need
 *  of memory (app/state/run_memory.h).  Plain data; nothing here is collective. */
#ifndef HEAT_APP_PLAN_H
#define HEAT_APP_PLAN_H

#include "app/process/communication.h"
#include "app/report/warnings.h"
#include "solver/measure/memory_need.h"
#include "solver/model/model_steps.h"

/** What is planned for. */
typedef struct {
  PetscInt  ranks;      /* of the run */
  PetscInt  per_node;   /* ranks of each node; the last node has what is left */
  PetscReal iterations; /* linear iterations of a step; negative: not given */
} HeatPlanRequest;

/** Messages of all ranks of one kind; NaN: not known before the run. */
typedef struct {
  double messages[2], bytes[2]; /* [0] within nodes, [1] between nodes */
  double collectives;           /* calls, each rank's counted */
} HeatPlanTraffic;

/** Sizes of files [bytes]; -1: not known before the run. */
typedef struct {
  PetscInt64 snapshot, checkpoint; /* of one */
  PetscInt64 n_snapshots;          /* -1: not known */
  PetscInt64 n_checkpoints;        /* that are kept at the same time */
  PetscInt64 all;                  /* of those on the disk at the end */
} HeatPlanFiles;

typedef struct {
  const HeatCase *c; /* borrowed */
  HeatPlanRequest request;
  HeatLayout      layout;
  PetscInt64      cells_min, cells_max; /* of a rank */
  double          load_balance;         /* mean over largest number of cells of a rank */

  HeatModelSteps steps;
  PetscBool      multigrid; /* the solves use heat2d's multigrid */
  PetscInt       n_levels;  /* of it */
  HeatLevelPlan  levels[HEAT_MODEL_LEVELS];

  HeatNeed need;     /* of the rank with the largest block */
  double   per_node; /* [bytes] of the node with the most ranks */
  double   have;     /* [bytes] of this machine, which stands for a node; infinite: not known */
  char     have_name[256]; /* the limit that is the least */

  HeatPlanTraffic run[HEAT_TRAFFIC_KINDS];
  HeatPlanTraffic per_step[HEAT_TRAFFIC_KINDS];
  HeatPlanTraffic per_iteration[HEAT_TRAFFIC_KINDS]; /* of a linear solve */

  HeatPlanFiles files;
  HeatWarnings  warnings;
} HeatPlan;

/** Make the plan of a validated case.
 *  @param[out] plan  free it with HeatPlanClear, also after an error
 *  Errors: HEAT_ERR_INPUT where the cells cannot be cut into one block per rank. */
PetscErrorCode HeatPlanMake(const HeatCase *c, const HeatPlanRequest *request, HeatPlan *plan);
PetscErrorCode HeatPlanClear(HeatPlan *plan);

/** Add the warnings that a plan gives; called by HeatPlanMake. */
PetscErrorCode HeatPlanWarn(HeatPlan *plan);

/** Print the plan on standard output. */
void HeatPlanPrint(const HeatPlan *plan);

/** Write plan.json.  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatPlanWriteJson(const HeatPlan *plan, const char *path);

/** Write a number of bytes with a decimal prefix into buffer; return it. */
const char *HeatPlanBytes(double bytes, char buffer[32]);

#endif
