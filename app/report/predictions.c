/** Predicted communication (predictions.h). */
#include "app/report/predictions.h"

#include "io/field_file/slab_traffic.h"
#include "solver/multigrid/heat_petsc.h"

/* Return the traffic of `sum`, whose values have `bytes` bytes. */
static HeatResultsTraffic Messages(const HeatLayoutTraffic *sum, size_t bytes)
{
  const PetscInt64         size    = (PetscInt64)bytes;
  const HeatResultsTraffic traffic = {
      {sum->messages[0], sum->messages[1]}, {size * sum->values[0], size * sum->values[1]}, 0};

  return traffic;
}

static void Add(const HeatResultsTraffic *more, HeatResultsTraffic *sum)
{
  for (int k = 0; k < 2; k++) {
    sum->messages[k] += more->messages[k];
    sum->bytes[k] += more->bytes[k];
  }
}

/* Halo exchanges of the operator, one cell deep and several cells deep, with those that
   --break-halo leaves out. */
static HeatResultsTraffic Halo(const HeatRunState *state)
{
  const HeatGrid          *g        = state->grid;
  const HeatDeepHaloCounts deep     = HeatOperatorDeepHaloCounts(state->op);
  const HeatBrokenHalo     left_out = HeatOperatorBrokenHalo(state->op);
  const PetscInt64         n        = HeatOperatorHaloCounts(state->op).exchanges + left_out.single;
  const PetscInt64         m        = deep.sent.exchanges + left_out.deep;
  const HeatResultsTraffic traffic  = {
       {n * g->messages_within + m * deep.messages[0],
        n * g->messages_between + m * deep.messages[1]},
       {n * g->bytes_within + m * deep.bytes[0], n * g->bytes_between + m * deep.bytes[1]},
       0};

  return traffic;
}

/* How equations are solved, as far as the messages of the solves depend on it. */
typedef struct {
  HeatMultigrid *multigrid; /* borrowed; NULL: not used */
  PetscBool      known;     /* nothing but the multigrid sends messages */
} Solver;

static PetscErrorCode FindSolver(const HeatReportSources *from, Solver *solver)
{
  HeatLinear           *linear = HeatStepperLinear(from->state->stepper);
  const HeatIterations *it     = from->iterations;
  PetscBool             ours = PETSC_FALSE, silent = PETSC_FALSE;
  static const char    *quiet[] = {PCJACOBI, PCNONE}; /* these send nothing */
  PC                    pc;

  PetscFunctionBeginUser;
  solver->multigrid = NULL;
  solver->known     = PETSC_TRUE;
  if (!linear) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(KSPGetPC(HeatLinearKSP(linear), &pc));
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, PCHEATMG, &ours));
  if (ours) PetscCall(HeatPCGetMultigrid(pc, &solver->multigrid));
  for (int k = 0; k < 2 && !silent; k++)
    PetscCall(PetscObjectTypeCompare((PetscObject)pc, quiet[k], &silent));
  solver->known = ((ours || silent) && it->rescued[HEAT_RESCUE_STRONG] == 0 &&
                   it->rescued[HEAT_RESCUE_ALL] == 0)
                      ? PETSC_TRUE
                      : PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Predict the messages by which fields were read from files, or written to files, in the given kind
   of communication. */
static PetscErrorCode Fields(const HeatReportSources *from, HeatTrafficKind kind,
                             HeatResultsTraffic *traffic)
{
  const HeatGrid   *g = from->state->grid;
  HeatLayoutTraffic moved;

  PetscFunctionBeginUser;
  PetscCall(HeatSlabTraffic(&g->layout, HeatWritersPerNode(from->state->c, g->size, g->n_nodes),
                            &g->moves[kind], &moved));
  *traffic             = Messages(&moved, 1);
  traffic->collectives = -1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Predict the messages of the set-up, whose solves send the given ones.
   @param[in] set_ups  of the multigrid */
static PetscErrorCode SetUp(const HeatReportSources *from, const HeatLayoutTraffic *set_ups,
                            HeatResultsTraffic *traffic)
{
  const HeatRunState     *state    = from->state;
  const HeatGrid         *g        = state->grid;
  const HeatLayoutTraffic prepared = HeatOperatorDeepHaloCounts(state->op).prepared;
  HeatLayoutTraffic       pairs, faces;
  HeatResultsTraffic      parts[4];

  PetscFunctionBeginUser;
  PetscCall(
      HeatLayoutWriters(&g->layout, HeatWritersPerNode(state->c, g->size, g->n_nodes), &pairs));
  PetscCall(HeatTouchingTraffic(state->c, &g->layout, &faces));
  parts[0] = Messages(set_ups, sizeof(float));
  parts[1] = Messages(&prepared, sizeof(PetscReal));
  parts[2] = Messages(&pairs, sizeof(int));
  parts[3] = Messages(&faces, sizeof(PetscReal));
  PetscCall(Fields(from, HEAT_TRAFFIC_SETUP, traffic));
  for (int k = 0; k < 4; k++) Add(&parts[k], traffic);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPredictCommunication(const HeatReportSources *from,
                                        HeatResultsTraffic       predicted[HEAT_TRAFFIC_KINDS])
{
  const HeatResultsTraffic unknown = {{-1, -1}, {-1, -1}, -1}, none = {{0, 0}, {0, 0}, 0};
  HeatLayoutTraffic        solves = {{0, 0}, {0, 0}}, set_ups = {{0, 0}, {0, 0}};
  Solver                   solver;

  PetscFunctionBeginUser;
  for (int kind = 0; kind < HEAT_TRAFFIC_KINDS; kind++) predicted[kind] = unknown;
  predicted[HEAT_TRAFFIC_HALO]                  = Halo(from->state);
  predicted[HEAT_TRAFFIC_REDUCTION]             = none; /* no messages, but collective calls */
  predicted[HEAT_TRAFFIC_REDUCTION].collectives = -1;
  /* The bytes of compressed rows are not known. */
  if (from->state->c->output.compression == HEAT_COMPRESSION_NONE)
    PetscCall(Fields(from, HEAT_TRAFFIC_OUTPUT, &predicted[HEAT_TRAFFIC_OUTPUT]));
  PetscCall(FindSolver(from, &solver));
  if (!solver.known) PetscFunctionReturn(PETSC_SUCCESS);
  if (solver.multigrid) {
    HeatMultigridPredict(solver.multigrid, HEAT_TRAFFIC_MULTIGRID, &solves);
    HeatMultigridPredict(solver.multigrid, HEAT_TRAFFIC_SETUP, &set_ups);
  }
  predicted[HEAT_TRAFFIC_MULTIGRID] = Messages(&solves, sizeof(float));
  PetscCall(SetUp(from, &set_ups, &predicted[HEAT_TRAFFIC_SETUP]));
  PetscFunctionReturn(PETSC_SUCCESS);
}
