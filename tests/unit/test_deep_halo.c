/* What deep halos and sweeps send, seen by functions of MPI that stand before those of the library:
   a deep halo exchange waits once along each axis, for all its messages in both directions, and the
   model of time counts the messages and bytes of the busiest rank. */
#include "solver_test.h"

#include "solver/grid/deep_halo.h"
#include "solver/model/time_model.h"

/* ------- MPI as seen by the solver ------- */

/* PETSc counts calls by macros of these names. */
#undef MPI_Waitall
#undef MPI_Isend

enum { MOST_WAITS = 16 };

static int        Waits, Requests[MOST_WAITS]; /* calls of MPI_Waitall, and their requests */
static PetscInt64 Messages, Bytes;             /* sent by this rank */

int MPI_Waitall(int n, MPI_Request requests[], MPI_Status statuses[])
{
  if (Waits < MOST_WAITS) Requests[Waits] = n;
  Waits++;
  return PMPI_Waitall(n, requests, statuses);
}

int MPI_Isend(const void *values, int n, MPI_Datatype type, int to, int tag, MPI_Comm comm,
              MPI_Request *request)
{
  int size;

  PMPI_Type_size(type, &size);
  Messages += 1;
  Bytes += (PetscInt64)n * size;
  return PMPI_Isend(values, n, type, to, tag, comm, request);
}

static void StartCounting(void)
{
  Waits    = 0;
  Messages = Bytes = 0;
}

/* ------- a deep halo exchange ------- */

enum { DEPTH = 4 };

static HeatCase *MakePlain(const void *context)
{
  const PetscBool *periodic = context;
  HeatCase        *c = HeatTestCase(140, 120, 1.0, 1.0, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});

  for (int axis = 0; axis < 2; axis++) {
    if (periodic[axis]) HeatTestPeriodic(c, axis);
  }
  return c;
}

/* Return the number of neighbours along an axis that are other ranks. */
static int Others(const HeatGrid *g, int axis)
{
  int others = 0;

  for (int side = 2 * axis; side < 2 * axis + 2; side++)
    others += g->neighbour[side] != MPI_PROC_NULL && g->neighbour[side] != g->rank;
  return others;
}

/* Count the waits that are not for a receive and a send with each neighbour along an axis. */
static PetscReal WaitsThatAreNotForBothWays(HeatProblem *p)
{
  const HeatFrame frame = HeatFrameMake(p->g, DEPTH);
  PetscReal      *T = HeatTestNoiseArray(p->g, 1), wrong = 0.0;
  HeatFrameField  field;
  HeatHaloCounts  counts = {0};
  int             wait   = 0;

  if (frame.depth != DEPTH) return INFINITY;
  OK(HeatFrameFieldCreate(&frame, &field));
  field.own    = T;
  field.stride = (size_t)p->g->nxl;
  StartCounting();
  OK(HeatFrameExchange(&frame, &field, &counts));
  for (int axis = 0; axis < 2; axis++) {
    const int others = Others(p->g, axis);

    if (others == 0) continue;
    wrong += wait < Waits && Requests[wait] == 2 * others ? 0.0 : 1.0;
    wait++;
  }
  wrong += Waits == wait ? 0.0 : 1.0;
  wrong += Messages == counts.messages[0] + counts.messages[1] ? 0.0 : 1.0;
  wrong += Bytes == counts.bytes[0] + counts.bytes[1] ? 0.0 : 1.0;
  OK(HeatFrameFieldDestroy(&field));
  OK(PetscFree(T));
  return wrong;
}

static void deep_halo_exchange_waits_once_along_each_axis_for_both_directions(void **state)
{
  static const PetscBool periodic[][2] = {
      {PETSC_FALSE, PETSC_FALSE}, {PETSC_TRUE, PETSC_FALSE}, {PETSC_TRUE, PETSC_TRUE}};

  (void)state;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(periodic); k++)
    AT_MOST(HeatTestGridLayouts(MakePlain, WaitsThatAreNotForBothWays, periodic[k]), 0.0);
}

/* ------- sweeps and the model of time ------- */

/* A machine on which nothing takes time but messages. */
static HeatMachine OnlyMessages(double latency, double of_a_byte)
{
  HeatMachine m = {.nodes = 1, .cores_per_node = 64, .cache_per_node = 1e18};

  HeatCurveAdd(&m.memory_bandwidth, 1.0, 1e30);
  m.within = (HeatLink){.given = PETSC_TRUE, .latency = latency};
  HeatCurveAdd(&m.within.bandwidth, 1.0, 1.0 / of_a_byte);
  return m;
}

static double ModelledHalo(const HeatProblem *p, const HeatModelSteps *steps,
                           const HeatMachine *machine)
{
  const HeatTimeInput in = {.machine = machine, .layout = &p->g->layout, .steps = steps};

  return HeatTimeOfStep(&in).halo;
}

/* Compare the messages and bytes of the busiest rank with those of the model for as many of its
   steps.  The model adds what ranks do one after the other: with three blocks and more along one
   axis and two and more along the other, no single rank sends all of it. */
static PetscReal NotAsModelled(const HeatProblem *p, const HeatModelSteps *steps, double n)
{
  const HeatMachine by_message = OnlyMessages(1.0, 1e-30), by_byte = OnlyMessages(0.0, 1.0);
  const double      messages = n * ModelledHalo(p, steps, &by_message);
  const double      bytes    = n * ModelledHalo(p, steps, &by_byte);
  const PetscInt    more = PetscMax(p->g->px, p->g->py), less = PetscMin(p->g->px, p->g->py);
  PetscInt64        found[2] = {Messages, Bytes};
  PetscReal         wrong;

  MPI_Allreduce(MPI_IN_PLACE, found, 2, MPIU_INT64, MPI_MAX, p->g->comm);
  if (more > 2 && less > 1) return messages >= (double)found[0] ? 0.0 : 1.0;
  wrong = fabs(messages - (double)found[0]) < 1e-6 ? 0.0 : 1.0;
  return wrong + (fabs(bytes - (double)found[1]) <= 1e-9 * bytes ? 0.0 : 1.0);
}

static const char *const Flux[] = {NULL, "5*y*sin(100*t)"};

/* A case whose blocks are equal for 1, 2, 3, 4 and 7 ranks; sides of several kinds. */
static HeatCase *MakeSides(const void *context)
{
  const char *const *flux = context;
  HeatCase          *c = HeatTestCase(168, 168, 1.0, 1.0, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});

  HeatTestTemperature(c, HEAT_RIGHT, "1 + y");
  HeatTestConvection(c, HEAT_TOP, "2", "3*x");
  if (*flux) HeatTestFlux(c, HEAT_LEFT, *flux);
  c->time.step            = 1e-6;
  c->time.steps           = 320;
  c->output.history_every = 64;
  return c;
}

static PetscReal SweepOfStepsIsNotAsModelled(HeatProblem *p)
{
  PetscReal      times[HEAT_STEPS_AT_ONCE];
  PetscReal     *T = HeatTestNoiseArray(p->g, 2), wrong;
  HeatFlows      flows;
  HeatModelBody  body;
  HeatModelSteps steps;
  PetscInt       most;

  OK(HeatOperatorMostSteps(p->op, &most));
  OK(HeatModelBodyCreate(p->c, &body));
  OK(HeatModelStepsMake(p->c, &body, &p->g->layout, &steps));
  OK(HeatModelBodyDestroy(&body));
  if (steps.deep != most) return INFINITY;
  for (PetscInt k = 0; k < most; k++) times[k] = (PetscReal)k * 1e-6;
  for (int sweep = 0; sweep < 2; sweep++) { /* the first one also exchanges coefficients */
    StartCounting();
    OK(HeatOperatorTakeSteps(p->op, most, 1e-6, times, NULL, T, &flows));
  }
  wrong = NotAsModelled(p, &steps, (double)most);
  OK(PetscFree(T));
  return wrong;
}

static void model_counts_what_a_sweep_of_steps_sends(void **state)
{
  (void)state;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(Flux); k++)
    AT_MOST(HeatTestLayouts(MakeSides, SweepOfStepsIsNotAsModelled, &Flux[k]), 0.0);
}

static PetscReal SweepsOfStagesAreNotAsModelled(HeatProblem *p)
{
  enum { STAGES = 37 };
  PetscReal     *T = HeatTestNoiseArray(p->g, 2), *next = HeatTestArray(p->g), wrong;
  HeatModelSteps steps = {.known = PETSC_TRUE, .steps = 1, .stages = STAGES};
  HeatRklStage   stages[STAGES];
  HeatFlows      flows;
  PetscInt       most;
  PetscBool      takes;

  for (int l = 0; l < STAGES; l++)
    stages[l] = (HeatRklStage){.m = 1.0, .net = 1e-6, .rate = 1e-6, .share = 1.0};
  OK(HeatOperatorTakesStages(p->op, &takes));
  OK(HeatOperatorStepsWanted(PETSC_TRUE, &most));
  steps.deep = HeatFrameDepth(&p->g->layout, most);
  if (!takes || steps.deep == 0) return INFINITY;
  for (int step = 0; step < 2; step++) { /* the first one also exchanges coefficients */
    StartCounting();
    OK(HeatOperatorTakeStages(p->op, STAGES, stages, 1e-6, T, next, &flows));
  }
  wrong = NotAsModelled(p, &steps, 1.0);
  OK(PetscFree(T));
  OK(PetscFree(next));
  return wrong;
}

static void model_counts_what_sweeps_of_stages_send(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeSides, SweepsOfStagesAreNotAsModelled, &Flux[0]), 0.0);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(deep_halo_exchange_waits_once_along_each_axis_for_both_directions),
    cmocka_unit_test(model_counts_what_a_sweep_of_steps_sends),
    cmocka_unit_test(model_counts_what_sweeps_of_stages_send),
};

int main(void)
{
  if (PetscInitializeNoArguments() || HeatErrorInstall()) return 1;
  return HeatTestFinish(cmocka_run_group_tests(Tests, NULL, NULL));
}
