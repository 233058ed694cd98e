/** A plan: a prediction of a run on any number of ranks and nodes.  It contains the owner of each
 *  block, the messages, the memory and the files, and is made without a time step or a field.
 *
 *  The numbers come from the functions that a run uses: the layout of blocks
 *  (solver/grid/layout.h), the levels of the multigrid (solver/multigrid/level_plan.h), the need
 *  of memory (app/state/run_memory.h).  Plain data; nothing here is collective. */
#ifndef HEAT_APP_PLAN_H
#define HEAT_APP_PLAN_H

#include "app/process/communication.h"
#include "app/report/warnings.h"
#include "solver/grid/grid.h"
#include "solver/measure/memory_need.h"
#include "solver/model/time_model.h"

/** What is planned. */
typedef enum {
  HEAT_PLAN_RUN,        /* a run of the case */
  HEAT_PLAN_BENCH,      /* a cycle of `heat2d bench`: steps, without checkpoints */
  HEAT_PLAN_CHECKPOINTS /* a cycle of its workload `checkpoint`: files, without steps */
} HeatPlanWork;

/** The run that is planned. */
typedef struct {
  HeatPlanWork       work;
  PetscBool          last_field; /* HEAT_PLAN_BENCH: the run writes its last field to a file */
  PetscInt           ranks;      /* number of ranks of the run */
  PetscInt           per_node;   /* ranks of each node; the last node has the remaining ones */
  PetscReal          iterations; /* linear iterations of a step; negative: not given */
  const HeatMachine *machine;    /* borrowed; where the run would be; NULL: no times */
} HeatPlanRequest;

/** The communication of one kind, summed over all ranks; NaN: not known before the run. */
typedef struct {
  double messages[2], bytes[2]; /* [0] within nodes, [1] between nodes */
  double collectives;           /* calls of collective operations: each rank's call counts */
} HeatPlanTraffic;

/** Sizes of files [bytes]; -1: not known before the run. */
typedef struct {
  PetscInt64 snapshot, checkpoint; /* size of one snapshot, of one checkpoint */
  PetscInt64 n_snapshots;          /* number of snapshots; -1: not known */
  PetscInt64 n_checkpoints;        /* number of checkpoints that are kept */
  PetscInt64 all; /* size of these snapshots and checkpoints at the end, and of the last field */
} HeatPlanFiles;

enum { HEAT_PLAN_SCALES = 16 /* rows of the table of scaling: 4^15 nodes */ };

/** A row of the table of scaling (plan_time.c). */
typedef struct {
  PetscInt nodes, ranks;
  double   strong, weak; /* [s] a step without output: of the grid, of as many cells a rank */
  double   strong_efficiency, weak_efficiency; /* relative to the first row */
} HeatPlanScale;

/** Predicted times on a machine; NaN: not known before the run. */
typedef struct {
  HeatTime part;                 /* [s] parts of a step */
  double   output;               /* [s] snapshots and checkpoints of the run, over its steps */
  double   step;                 /* [s] all of this */
  double   run;                  /* [s] `step` times the steps: the run without its set-up */
  double   snapshot;             /* [s] to write one */
  double   checkpoint, interval; /* [s] to write one; from one to the next */
  double   efficiency, weak_efficiency; /* of the last row of the table */

  PetscInt      n_scales;
  HeatPlanScale scale[HEAT_PLAN_SCALES];
} HeatPlanTime;

/** A plan.  Plain data. */
typedef struct {
  const HeatCase *c; /* borrowed */
  HeatPlanRequest request;
  HeatLayout      layout;
  PetscInt       *start[2];  /* owned; those of the layout, or NULL: even blocks */
  PetscInt        widest[2]; /* [cells] of the widest column, the highest row of blocks */
  PetscInt64      cells_min, cells_max; /* of a rank */
  double          load_balance; /* time of a step if cells were shared in proportion to the speeds
                                   (decomposition.weights), divided by that of the slowest rank */

  HeatTimeSlowest slowest; /* the rank that a step waits for */

  HeatModelSteps steps;
  PetscBool      multigrid; /* the solves use heat2d's multigrid */
  PetscInt       n_levels;  /* levels of the multigrid */
  HeatLevelPlan  levels[HEAT_MAX_LEVELS];

  HeatNeed need;     /* memory of the rank with the largest block */
  double   per_node; /* [bytes] memory that the node with the most ranks needs */
  double   have;     /* [bytes] memory of a node of the machine, else of this machine; infinite: not
                        known */
  char     have_name[256]; /* what limits `have`: the memory, a control group, ... */

  HeatPlanTraffic run[HEAT_TRAFFIC_KINDS];
  HeatPlanTraffic per_step[HEAT_TRAFFIC_KINDS];
  HeatPlanTraffic per_iteration[HEAT_TRAFFIC_KINDS]; /* of a linear solve */

  HeatPlanFiles files;
  HeatPlanTime  time; /* zero without a machine */
  HeatWarnings  warnings;
} HeatPlan;

/** Make the plan of a validated case.
 *  @param[out] plan  to be cleared with HeatPlanClear, also after an error
 *  Errors: HEAT_ERR_INPUT where the cells cannot be cut into one block per rank. */
PetscErrorCode HeatPlanMake(const HeatCase *c, const HeatPlanRequest *request, HeatPlan *plan);

/** Free what the plan owns. */
PetscErrorCode HeatPlanClear(HeatPlan *plan);

/** Choose the layout of the plan, and set the members about blocks.  HeatPlanMake calls it.
 *  Errors: as HeatPlanMake; HEAT_ERR_INPUT for a rank whose speed leaves it without cells. */
PetscErrorCode HeatPlanLayout(HeatPlan *plan);

/** Predict the files: plan->files.  A size counts the values, the axes (centres and edges of the
 *  cells along x and y), the time and the checksums of rows; HDF5's own structures, some 10 kB, and
 *  the texts in a checkpoint are left out.  HeatPlanMake calls it. */
PetscErrorCode HeatPlanFillFiles(HeatPlan *plan);

/** Count how often the run moves fields from files at its set-up, or to files.  The file of a field
 *  is opened where its messages depend on it.
 *  @param[out] known  false: the counts are not known: a file cannot be read, snapshots are
 *                     compressed, or the run decides how many files it writes */
PetscErrorCode HeatPlanCountRead(const HeatPlan *plan, HeatFieldMoves *moves, PetscBool *known);
PetscErrorCode HeatPlanCountWritten(const HeatPlan *plan, HeatFieldMoves *moves, PetscBool *known);

/** Return the linear iterations of a step: those of the request, or six for each solve. */
PetscReal HeatPlanIterations(const HeatPlan *plan);

/** Predict plan->time from the rest of the plan; do nothing without a machine.  HeatPlanMake calls
 *  it. */
PetscErrorCode HeatPlanFillTime(HeatPlan *plan, const HeatModelBody *body);

/** Add warnings about the plan to plan->warnings.  HeatPlanMake calls it. */
PetscErrorCode HeatPlanWarn(HeatPlan *plan);

/** Print the plan on standard output. */
void HeatPlanPrint(const HeatPlan *plan);

/** Write plan.json.  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatPlanWriteJson(const HeatPlan *plan, const char *path);

/** Format a number of bytes with a decimal prefix, or "-" if it is NaN or negative.  Return
 *  buffer. */
const char *HeatPlanBytes(double bytes, char buffer[32]);

#endif
