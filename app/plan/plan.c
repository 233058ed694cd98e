/** Making a plan (plan.h). */
#include "app/plan/plan.h"

#include <math.h>
#include <string.h>

#include "app/process/memory_have.h"
#include "app/state/run_memory.h"
#include "io/field_file/slab_traffic.h"
#include "solver/base/printable.h"
#include "solver/physics/touching.h"

/* Assumed iterations of a linear solve, if the user gives none.  Chosen: the multigrid needs five
   to eight for the default tolerance (solver/MEASURED.md). */
static const PetscReal AssumedIterations = 6.0;

/* Traffic. */

static HeatPlanTraffic Unknown(void) { return (HeatPlanTraffic){{NAN, NAN}, {NAN, NAN}, NAN}; }

/* Add n times the traffic `one`, whose values have `size` bytes each. */
static void Add(HeatPlanTraffic *sum, double n, const HeatLayoutTraffic *one, size_t size)
{
  for (int k = 0; k < 2; k++) {
    sum->messages[k] += n * (double)one->messages[k];
    sum->bytes[k] += n * (double)one->values[k] * (double)size;
  }
}

/* Set all traffic to 0, and what cannot be known before the run to NaN. */
static void StartTraffic(HeatPlan *p)
{
  const HeatPlanTraffic none = {{0.0, 0.0}, {0.0, 0.0}, 0.0};

  for (int kind = 0; kind < HEAT_TRAFFIC_KINDS; kind++)
    p->run[kind] = p->per_step[kind] = p->per_iteration[kind] = none;
  p->run[HEAT_TRAFFIC_OUTPUT] = p->per_step[HEAT_TRAFFIC_OUTPUT] = Unknown();
  p->run[HEAT_TRAFFIC_SETUP].collectives                         = NAN;
  p->run[HEAT_TRAFFIC_REDUCTION].collectives                     = NAN;
  p->per_step[HEAT_TRAFFIC_REDUCTION].collectives                = NAN;
}

/* Predict the halo exchanges of the operator. */
static PetscErrorCode PlanHalo(HeatPlan *p)
{
  HeatPlanTraffic   *step = &p->per_step[HEAT_TRAFFIC_HALO], *run = &p->run[HEAT_TRAFFIC_HALO];
  HeatPlanTraffic   *set_up  = &p->run[HEAT_TRAFFIC_SETUP];
  const PetscBool    counted = p->steps.known && p->steps.steps >= 0 ? PETSC_TRUE : PETSC_FALSE;
  HeatModelExchanges counts;
  HeatLayoutTraffic  one, deep, prepared;
  PetscInt64         interfaces;

  PetscFunctionBeginUser;
  if (!p->steps.known) *step = Unknown();
  if (!counted) *run = Unknown();
  if (!HeatLayoutCanCountHalo(&p->layout)) {
    *step = *run = *set_up = Unknown();
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatLayoutHalo(&p->layout, 1, PETSC_FALSE, &one));
  Add(step, (double)p->steps.exchanges, &one, sizeof(PetscReal));
  Add(run, (double)p->steps.before, &one, sizeof(PetscReal));
  /* The heat flux of a snapshot needs the neighbours' temperatures. */
  if (p->c->output.fields[HEAT_FIELD_HEAT_FLUX] && p->files.n_snapshots > 0)
    Add(run, (double)p->files.n_snapshots, &one, sizeof(PetscReal));
  interfaces = counted ? HeatModelInterfaceExchanges(p->c, p->steps.steps) : -1;
  if (interfaces < 0) *run = Unknown();
  Add(run, (double)interfaces, &one, sizeof(PetscReal));
  counts = HeatModelStepsExchanges(&p->steps, p->steps.steps);
  if (!counts.known) *run = *set_up = Unknown();
  Add(run, (double)counts.single, &one, sizeof(PetscReal));
  if (p->steps.deep == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatLayoutHalo(&p->layout, p->steps.deep, PETSC_TRUE, &deep));
  Add(step, (double)HeatModelStepsDeep(&p->steps), &deep, sizeof(PetscReal));
  Add(run, (double)counts.deep, &deep, sizeof(PetscReal));
  /* Filling deep halos with coefficients, and with the temperatures of sides, counts as set-up. */
  if (!counted) *set_up = Unknown();
  PetscCall(HeatModelStepsPrepare(&p->steps, &p->layout, &counts, &prepared));
  Add(set_up, 1.0, &prepared, sizeof(PetscReal));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscReal HeatPlanIterations(const HeatPlan *p)
{
  return p->request.iterations >= 0.0 ? p->request.iterations
                                      : AssumedIterations * (PetscReal)p->steps.solves;
}

/* Predict the messages of heat2d's multigrid, and the reduction of each iteration. */
static PetscErrorCode PlanSolves(HeatPlan *p)
{
  HeatPlanTraffic  *step   = &p->per_step[HEAT_TRAFFIC_MULTIGRID];
  HeatPlanTraffic  *run    = &p->run[HEAT_TRAFFIC_MULTIGRID];
  HeatPlanTraffic  *each   = &p->per_iteration[HEAT_TRAFFIC_MULTIGRID];
  HeatPlanTraffic  *set_up = &p->run[HEAT_TRAFFIC_SETUP];
  const double      n = (double)p->steps.steps, iterations = (double)HeatPlanIterations(p);
  const int         sides = HeatModelSidesConduct(p->c) ? 1 : 0;
  HeatLayoutTraffic once, per_iteration;

  PetscFunctionBeginUser;
  HeatLevelsPlanSolve(p->n_levels, p->levels, &once, &per_iteration);
  Add(each, 1.0, &per_iteration, sizeof(float));
  p->per_iteration[HEAT_TRAFFIC_REDUCTION].collectives = p->layout.size > 1 ? (double)p->layout.size
                                                                            : 0.0;
  if (!p->steps.known) {
    *step = *run = *set_up = Unknown();
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  Add(step, (double)p->steps.solves, &once, sizeof(float));
  Add(step, iterations, &per_iteration, sizeof(float));
  if (p->steps.steps < 0) {
    *run    = Unknown();
    *set_up = Unknown();
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  Add(run, n * (double)p->steps.solves, &once, sizeof(float));
  Add(run, round(n * iterations), &per_iteration, sizeof(float));
  for (PetscInt k = 0; k < p->n_levels; k++)
    Add(set_up, (double)p->steps.set_ups, &p->levels[k].set_up[sides], sizeof(float));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set the messages of the multigrid, and of the set-up, to NaN. */
static void ForgetMultigrid(HeatPlan *p)
{
  p->run[HEAT_TRAFFIC_MULTIGRID] = p->per_step[HEAT_TRAFFIC_MULTIGRID] = Unknown();
  p->run[HEAT_TRAFFIC_SETUP] = p->per_iteration[HEAT_TRAFFIC_MULTIGRID] = Unknown();
}

/* Set the messages of solves with PETSc's own preconditioners to NaN, since they are not known. */
static void PlanOtherSolves(HeatPlan *p)
{
  ForgetMultigrid(p);
  p->per_iteration[HEAT_TRAFFIC_REDUCTION].collectives = NAN;
  p->run[HEAT_TRAFFIC_HALO] = p->per_step[HEAT_TRAFFIC_HALO] = Unknown();
}

/* Return whether the scheme solves equations. */
static PetscBool IsImplicit(const HeatCase *c)
{
  return c->time.scheme != HEAT_SCHEME_FTCS && c->time.scheme != HEAT_SCHEME_RKL2 &&
                 c->time.scheme != HEAT_SCHEME_TS
             ? PETSC_TRUE
             : PETSC_FALSE;
}

/* Set p->multigrid: whether the preconditioner that -pc_type, else the case, names is heat2d's. */
static PetscErrorCode FindPreconditioner(HeatPlan *p)
{
  char      pc[64];
  PetscBool given;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsGetString(NULL, NULL, "-pc_type", pc, sizeof pc, &given));
  p->multigrid = (given ? !strcmp(pc, "heatmg") : !strcmp(p->c->solver.preconditioner, "multigrid"))
                     ? PETSC_TRUE
                     : PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether files give materials or properties cell by cell. */
static PetscBool HasCellInputs(const HeatCase *c)
{
  for (PetscInt r = 0; r < c->n_regions; r++)
    if (c->regions[r].map.file) return PETSC_TRUE;
  for (int k = 0; k < HEAT_PROPERTIES; k++)
    if (c->properties[k].file) return PETSC_TRUE;
  return PETSC_FALSE;
}

/* Add the messages by which fields are moved, if they are known; else set *sum to NaN. */
static PetscErrorCode AddFields(const HeatPlan *p, const HeatFieldMoves *moves, PetscBool known,
                                HeatPlanTraffic *sum)
{
  const PetscInt    asked = HeatWritersPerNode(p->c, p->layout.size, p->layout.n_nodes);
  HeatLayoutTraffic traffic;

  PetscFunctionBeginUser;
  if (!known) *sum = Unknown();
  if (!known) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatSlabTraffic(&p->layout, asked, moves, &traffic));
  Add(sum, 1.0, &traffic, 1);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Predict the messages by which fields are read from files and written to files. */
static PetscErrorCode PlanFields(HeatPlan *p)
{
  HeatPlanTraffic *output = &p->run[HEAT_TRAFFIC_OUTPUT];
  const PetscBool  counts = HeatSlabCanCount(&p->layout);
  HeatFieldMoves   moves;
  PetscBool        known;

  PetscFunctionBeginUser;
  if (p->request.work != HEAT_PLAN_RUN) PetscFunctionReturn(PETSC_SUCCESS);
  if (p->c->n_files > 0) {
    PetscCall(HeatPlanCountRead(p, &moves, &known));
    PetscCall(AddFields(p, &moves, (PetscBool)(known && counts), &p->run[HEAT_TRAFFIC_SETUP]));
  }
  PetscCall(HeatPlanCountWritten(p, &moves, &known));
  *output = (HeatPlanTraffic){{0.0, 0.0}, {0.0, 0.0}, NAN};
  PetscCall(AddFields(p, &moves, (PetscBool)(known && counts), output));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode PlanTraffic(HeatPlan *p, const HeatModelBody *body)
{
  HeatLayoutTraffic writers, touching;

  PetscFunctionBeginUser;
  StartTraffic(p);
  PetscCall(HeatLayoutWriters(
      &p->layout, HeatWritersPerNode(p->c, p->layout.size, p->layout.n_nodes), &writers));
  Add(&p->run[HEAT_TRAFFIC_SETUP], 1.0, &writers, sizeof(int));
  if (HeatLayoutCanCountHalo(&p->layout)) {
    PetscCall(HeatTouchingTraffic(p->c, &p->layout, &touching));
    Add(&p->run[HEAT_TRAFFIC_SETUP], 1.0, &touching, sizeof(PetscReal));
  }
  PetscCall(PlanFields(p));
  PetscCall(PlanHalo(p));
  if (!IsImplicit(p->c)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(FindPreconditioner(p));
  if (!p->multigrid) {
    PlanOtherSolves(p);
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatModelLevels(p->c, body, &p->layout, p->steps.sigma, &p->n_levels, p->levels));
  if (p->n_levels > 0) PetscCall(PlanSolves(p));
  else ForgetMultigrid(p);
  /* Which cells the levels join depends on what files give cell by cell, so that the messages of
     solves are an estimate, and those of set-ups are not known. */
  if (HasCellInputs(p->c)) p->run[HEAT_TRAFFIC_SETUP] = Unknown();
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Memory. */

/* Replace the parts of the memory in which a benchmark differs from a run of its case.  A benchmark
   of steps keeps a copy and a residual of a field for its checks, which take more than the pieces
   of the last field that is written after them.  A benchmark of checkpoints has the field as
   written and as read back, and no operator. */
static void ChangeToBench(const HeatPlan *p, HeatNeed *need)
{
  const double field = sizeof(PetscReal) * (double)p->widest[0] * (double)p->widest[1];

  if (p->request.work == HEAT_PLAN_BENCH) need->part[HEAT_NEED_FILES] = 2.0 * field;
  if (p->request.work == HEAT_PLAN_CHECKPOINTS) {
    need->part[HEAT_NEED_FIELDS]   = 2.0 * field;
    need->part[HEAT_NEED_OPERATOR] = need->part[HEAT_NEED_SCHEME] = 0.0;
    need->part[HEAT_NEED_FILES]                                   = HEAT_FILE_BUFFERS;
  }
  need->total = 0.0;
  for (int k = 0; k < HEAT_NEED_PARTS; k++) need->total += need->part[k];
}

/* Sum the memory of the ranks of each node, whose blocks differ (decomposition.weights), and set
   p->per_node to the largest sum.  The first ranks of a node write files.
   @param[in] share  of the rows of a block that a writer writes (HeatRunMemoryNeed) */
static PetscErrorCode SumNodes(HeatPlan *p, PetscInt writers, double share)
{
  const HeatLayout *l = &p->layout;
  PetscInt         *ranks; /* of each node, so far */
  double           *sums;

  PetscFunctionBeginUser;
  PetscCall(PetscCalloc2(l->n_nodes, &ranks, l->n_nodes, &sums));
  for (PetscInt jp = 0; jp < l->py; jp++) {
    for (PetscInt ip = 0; ip < l->px; ip++) {
      const PetscInt node = HeatLayoutNode(l, ip, jp);
      HeatNeed       need;

      PetscCall(HeatRunMemoryNeed(p->c, HeatLayoutWidth(l, 0, ip), HeatLayoutWidth(l, 1, jp),
                                  l->size, ranks[node]++ < writers ? share : 0.0, &need));
      sums[node] += need.total;
      p->per_node = PetscMax(p->per_node, sums[node]);
    }
  }
  PetscCall(PetscFree2(ranks, sums));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Predict the memory of a rank and of a node.  The rank with the largest block is assumed to be a
   writer of files; where blocks are equal, all ranks of a node are assumed to have that size. */
static PetscErrorCode PlanMemory(HeatPlan *p)
{
  const HeatLayout *l    = &p->layout;
  const PetscInt    each = PetscMin(l->per_node, l->size), last = l->size - (l->n_nodes - 1) * each;
  const PetscInt    asked   = HeatWritersPerNode(p->c, l->size, l->n_nodes);
  const PetscInt    writers = asked == 0 ? each : PetscMin(asked, each);
  const double all = (double)(l->n_nodes - 1) * (double)writers + (double)PetscMin(writers, last);
  const PetscInt64 nx = p->widest[0], ny = p->widest[1];
  HeatMemoryHave   have;
  HeatNeed         other;

  PetscFunctionBeginUser;
  PetscCall(HeatRunMemoryNeed(p->c, nx, ny, l->size, (double)l->size / all, &p->need));
  PetscCall(HeatRunMemoryNeed(p->c, nx, ny, l->size, 0.0, &other));
  if (p->request.work != HEAT_PLAN_RUN) {
    ChangeToBench(p, &p->need);
    ChangeToBench(p, &other);
  }
  p->per_node = 0.0;
  if (l->start[0]) PetscCall(SumNodes(p, writers, (double)l->size / all));
  else p->per_node = p->need.total * (double)writers + other.total * (double)(each - writers);
  HeatMemoryHaveNode("", &have);
  p->have = p->request.machine ? p->request.machine->memory_per_node : have.bytes;
  (void)HeatPrintableCopy(p->request.machine ? p->request.machine->name : have.name, p->have_name,
                          sizeof p->have_name);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The plan. */

PetscErrorCode HeatPlanMake(const HeatCase *c, const HeatPlanRequest *request, HeatPlan *p)
{
  const HeatPlan none = {.c = c, .request = *request};
  HeatModelBody  body;

  PetscFunctionBeginUser;
  *p = none;
  PetscCall(HeatPlanLayout(p));
  PetscCall(HeatModelBodyCreate(c, &body));
  if (request->work == HEAT_PLAN_CHECKPOINTS) p->steps = (HeatModelSteps){.known = PETSC_TRUE};
  else PetscCall(HeatModelStepsMake(c, &body, &p->layout, &p->steps));
  PetscCall(HeatPlanFillFiles(p));
  PetscCall(PlanTraffic(p, &body));
  PetscCall(HeatPlanFillTime(p, &body));
  PetscCall(HeatModelBodyDestroy(&body));
  PetscCall(PlanMemory(p));
  PetscCall(HeatPlanWarn(p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPlanClear(HeatPlan *p)
{
  PetscFunctionBeginUser;
  for (int axis = 0; axis < 2; axis++) PetscCall(PetscFree(p->start[axis]));
  PetscCall(HeatWarningsClear(&p->warnings));
  PetscFunctionReturn(PETSC_SUCCESS);
}
