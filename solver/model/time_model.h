/** The model of time: how long a step takes on a machine, and which part of it is spent on what.
 *
 *  The model adds up what the rank with the most work does: the cells of its block at the measured
 *  cost of the kernels, its messages, its levels of the multigrid, its reductions.  Nothing is
 *  assumed to overlap.  Counts come from the functions by which a plan predicts messages
 *  (model_steps.h, level_plan.h).  Source: solver/README.md, section 10, equations (14) to (18).
 *  Nothing here is collective. */
#ifndef HEAT_SOLVER_TIME_MODEL_H
#define HEAT_SOLVER_TIME_MODEL_H

#include "solver/model/machine.h"
#include "solver/model/model_steps.h"

/** The rank that takes longest, where ranks differ in speed (decomposition.weights).  Zero: all
 *  ranks are alike. */
typedef struct {
  double stretch[2]; /* width and height of its block, over those of equal blocks */
  double slower;     /* speed of the fastest rank, which the machine describes, over its speed */
} HeatTimeSlowest;

/** What the time of a step depends on.  All is borrowed. */
typedef struct {
  const HeatMachine    *machine;
  const HeatLayout     *layout;
  const HeatModelSteps *steps;
  PetscInt              n_levels;   /* of the multigrid; 0: no solves with it */
  const HeatLevelPlan  *levels;     /* [n_levels] */
  double                iterations; /* linear iterations of a step */
  double                rows;       /* rows of history.csv a step */
  HeatCoefficients      coefficients;
  HeatTimeSlowest       slowest;
} HeatTimeInput;

/** The parts of a step [s], without output. */
typedef struct {
  double compute;       /* kernels on the cells of the grid */
  double halo;          /* halo exchanges of the operator and of the finest level */
  double coarse_levels; /* coarse levels: their cells and their messages */
  double reductions;    /* sums over all ranks in solves */
  double diagnostics;   /* rows of history.csv */
} HeatTime;

/** Predict the parts of a step; NaN where steps or solves are not known before the run. */
HeatTime HeatTimeOfStep(const HeatTimeInput *input);

/** Return the sum of the parts [s]. */
static inline double HeatTimeSum(const HeatTime *t)
{
  return t->compute + t->halo + t->coarse_levels + t->reductions + t->diagnostics;
}

/** Return the time of a kernel on a block of width x height cells of each rank, with `ranks` ranks
 *  of each node at work [s].  Equation (15). */
double HeatTimeOfKernel(const HeatMachine *machine, HeatCoefficients coefficients,
                        HeatKernel kernel, double width, double height, double ranks);

/** The exchange of one halo by all ranks. */
typedef struct {
  double    n[2];     /* cells of the grid or level along x and y */
  double    parts[2]; /* its blocks along x and y */
  double    tile[2];  /* blocks of a node along x and y, at least 1 each */
  PetscBool periodic[2];
  double    depth;    /* [cells] */
  PetscBool diagonal; /* also with the neighbours across corners, by messages of their own */
  PetscBool corners;  /* messages along y carry the ghost cells at the ends of their rows, too */
  double    bytes;    /* [B] of a value */
} HeatTimeExchange;

/** Return the time of an exchange [s].  Equation (16). */
double HeatTimeOfExchange(const HeatMachine *machine, const HeatTimeExchange *exchange);

/** Return the time of an allreduce of one number over the ranks of a layout [s].  Equation (18). */
double HeatTimeOfReduction(const HeatMachine *machine, const HeatLayout *layout);

#endif
