/** The predicted time of a run on a machine, and its scaling over nodes.
 *
 *  A table of scaling has 1, 4, 16, ... nodes and the nodes of the plan; on one node, it has 1, 4,
 *  16, ... ranks.  Strong scaling takes the grid of the case; weak scaling makes it longer and
 *  shorter along both axes with the same spacing, so that each rank has as many cells as in the
 *  plan.  Both are relative to the first row.  The number of iterations stays the same. */
#include <math.h>

#include "app/plan/plan.h"

/* What is the same for all rows of the table. */
typedef struct {
  const HeatPlan      *plan;
  const HeatModelBody *body;
} Context;

/* Return whether coefficients vary from cell to cell: from a file, or by a formula.  Materials that
   fill regions count as uniform, since most of their cells have equal neighbours. */
static HeatCoefficients CoefficientsOf(const HeatCase *c)
{
  for (int k = 0; k < HEAT_PROPERTIES; k++)
    if (c->properties[k].file) return HEAT_VARYING;
  for (PetscInt m = 0; m < c->n_materials; m++)
    for (int axis = 0; axis < 2; axis++)
      if (c->materials[m].conductivity[axis].text) return HEAT_VARYING;
  return HEAT_UNIFORM;
}

/* Return the number of rows of history.csv per step. */
static double RowsOf(const HeatCase *c, PetscInt64 steps)
{
  const PetscInt64 rows = HeatModelHistoryRows(c, steps);

  if (rows > 0 && steps > 0) return (double)rows / (double)steps;
  if (c->output.history_every > 0) return 1.0 / (double)c->output.history_every;
  return 1.0 / (double)HeatTimeGridRowEvery((PetscReal)steps);
}

/* Predict the parts of a step from a layout and its levels. */
static HeatTime TimeOf(const HeatPlan *p, const HeatLayout *layout, const HeatModelSteps *steps,
                       PetscInt n_levels, const HeatLevelPlan *levels)
{
  const HeatTimeSlowest equal = {{1.0, 1.0}, 1.0};
  const PetscBool       given = layout->start[0] ? PETSC_TRUE : PETSC_FALSE;
  const HeatTimeInput   input = {.machine      = p->request.machine,
                                 .layout       = layout,
                                 .steps        = steps,
                                 .n_levels     = n_levels,
                                 .levels       = levels,
                                 .iterations   = (double)HeatPlanIterations(p),
                                 .rows         = RowsOf(p->c, steps->steps),
                                 .coefficients = CoefficientsOf(p->c),
                                 .slowest      = given ? p->slowest : equal};

  return HeatTimeOfStep(&input);
}

/* Predict the time of a step [s], without output, on another number of ranks, and on a grid that is
   `stretch` times as long along both axes.  NaN where the cells cannot be cut into so many blocks.
 */
static PetscErrorCode TimeElsewhere(const Context *x, PetscInt ranks, double stretch,
                                    double *seconds)
{
  const HeatPlan *p        = x->plan;
  const PetscInt  per_node = PetscMin(p->request.per_node, ranks);
  HeatCase        c        = *p->c; /* shares all lists of the case; never destroyed */
  HeatLayout      layout;
  HeatModelSteps  steps;
  HeatTime        time;
  HeatLevelPlan  *levels;
  PetscInt        n = 0;

  PetscFunctionBeginUser;
  *seconds                     = NAN;
  c.decomposition.processes[0] = c.decomposition.processes[1] = 0;
  for (int axis = 0; axis < 2; axis++) {
    PetscReal   *extent = axis ? c.grid.y : c.grid.x;
    const double cells  = PetscMax(1.0, round((double)c.grid.cells[axis] * stretch));

    extent[1]          = extent[0] + (extent[1] - extent[0]) * cells / (double)c.grid.cells[axis];
    c.grid.cells[axis] = (PetscInt)cells;
  }
  layout = HeatLayoutMake(&c, ranks, per_node, ranks % per_node ? PETSC_FALSE : PETSC_TRUE);
  if (layout.px == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatModelStepsMake(&c, x->body, &layout, &steps));
  steps.steps = p->steps.steps; /* of a run that is as long */
  PetscCall(PetscMalloc1(HEAT_MAX_LEVELS, &levels));
  if (p->multigrid) PetscCall(HeatModelLevels(&c, x->body, &layout, steps.sigma, &n, levels));
  time     = TimeOf(p, &layout, &steps, n, levels);
  *seconds = HeatTimeSum(&time);
  PetscCall(PetscFree(levels));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add a row of the table of scaling: the plan itself, or a smaller number of nodes or ranks. */
static PetscErrorCode AddScale(const Context *x, HeatPlanTime *t, PetscInt units)
{
  const HeatPlan *p     = x->plan;
  const PetscBool nodes = p->layout.n_nodes > 1 ? PETSC_TRUE : PETSC_FALSE;
  HeatPlanScale  *s     = &t->scale[t->n_scales++];
  double          all;

  PetscFunctionBeginUser;
  s->nodes  = nodes ? units : 1;
  s->ranks  = nodes ? PetscMin(units * p->request.per_node, p->layout.size) : units;
  all       = (double)s->ranks / (double)p->layout.size;
  s->strong = s->weak = HeatTimeSum(&t->part);
  if (s->ranks == p->layout.size) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TimeElsewhere(x, s->ranks, 1.0, &s->strong));
  PetscCall(TimeElsewhere(x, s->ranks, sqrt(all), &s->weak));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FillScales(const Context *x, HeatPlanTime *t)
{
  const HeatPlan *p   = x->plan;
  const PetscInt  all = p->layout.n_nodes > 1 ? p->layout.n_nodes : p->layout.size;

  PetscFunctionBeginUser;
  for (PetscInt n = 1; n < all && t->n_scales < HEAT_PLAN_SCALES - 1; n *= 4)
    PetscCall(AddScale(x, t, n));
  PetscCall(AddScale(x, t, all));
  for (PetscInt k = 0; k < t->n_scales; k++) {
    const HeatPlanScale *first = &t->scale[0];
    HeatPlanScale       *s     = &t->scale[k];

    s->strong_efficiency = first->strong * (double)first->ranks / (s->strong * (double)s->ranks);
    s->weak_efficiency   = first->weak / s->weak;
  }
  t->efficiency      = t->scale[t->n_scales - 1].strong_efficiency;
  t->weak_efficiency = t->scale[t->n_scales - 1].weak_efficiency;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Output. */

/* Return the time [s] to move `bytes` bytes at a bandwidth of the file system, which the links of
   the nodes limit. */
static double Transfer(const HeatPlan *p, double bytes, double bandwidth)
{
  const HeatMachine *m    = p->request.machine;
  double             most = bandwidth;

  if (m->between.given)
    most = PetscMin(most, (double)p->layout.n_nodes *
                              m->between.bandwidth.value[m->between.bandwidth.n - 1]);
  return bytes / most;
}

/* Return the time of writing a file [s]. */
static double Write(const HeatPlan *p, double bytes)
{
  return Transfer(p, bytes, p->request.machine->write) + p->request.machine->file;
}

/* Return the number of checkpoints of the run; negative: not known. */
static double CheckpointsOf(const HeatPlan *p, double run)
{
  const HeatCase *c = p->c;

  if (c->checkpoint.every > 0)
    return p->steps.steps < 0 ? -1.0 : ceil((double)p->steps.steps / (double)c->checkpoint.every);
  if (c->checkpoint.wall_interval > 0.0)
    return floor(run / (double)c->checkpoint.wall_interval) + 1.0;
  return c->checkpoint.daly ? -1.0 : 0.0;
}

/* Predict files, and the length of the run.  An asynchronous checkpoint (checkpoint.mode: async)
   costs the steps nothing here. */
static void FillOutput(const HeatPlan *p, HeatPlanTime *t)
{
  const HeatMachine *m     = p->request.machine;
  const double       steps = (double)p->steps.steps, part = HeatTimeSum(&t->part);
  const double       snapshots   = (double)p->files.n_snapshots;
  const double       checkpoint  = p->files.checkpoint < 0 ? NAN : (double)p->files.checkpoint;
  const double       checkpoints = CheckpointsOf(p, part * steps);
  const PetscBool sync = p->c->checkpoint.mode == HEAT_CHECKPOINT_SYNC ? PETSC_TRUE : PETSC_FALSE;

  t->snapshot   = p->files.snapshot < 0 ? NAN : Write(p, (double)p->files.snapshot);
  t->checkpoint = Write(p, checkpoint);
  if (p->c->checkpoint.verify == HEAT_READ_BACK_FULL)
    t->checkpoint += Transfer(p, checkpoint, m->read);
  t->output   = snapshots * t->snapshot + (sync ? checkpoints * t->checkpoint : 0.0);
  t->output   = snapshots < 0.0 || checkpoints < 0.0 || steps < 1.0 ? NAN : t->output / steps;
  t->step     = part + (isnan(t->output) ? 0.0 : t->output);
  t->run      = steps < 0.0 ? NAN : steps * t->step;
  t->interval = NAN;
  if (p->c->checkpoint.wall_interval > 0.0) t->interval = (double)p->c->checkpoint.wall_interval;
  else if (p->c->checkpoint.every > 0) t->interval = (double)p->c->checkpoint.every * part;
}

PetscErrorCode HeatPlanFillTime(HeatPlan *p, const HeatModelBody *body)
{
  const Context x = {p, body};
  HeatPlanTime *t = &p->time;

  PetscFunctionBeginUser;
  if (!p->request.machine) PetscFunctionReturn(PETSC_SUCCESS);
  if (p->request.work == HEAT_PLAN_CHECKPOINTS) {
    t->part       = (HeatTime){NAN, NAN, NAN, NAN, NAN};
    t->efficiency = t->weak_efficiency = NAN;
    FillOutput(p, t);
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  t->part = TimeOf(p, &p->layout, &p->steps, p->n_levels, p->levels);
  FillOutput(p, t);
  PetscCall(FillScales(&x, t));
  PetscFunctionReturn(PETSC_SUCCESS);
}
