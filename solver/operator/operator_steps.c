/** Several explicit steps in one sweep: prepares what wavefront.c reads, and accounts for the heat.
 *
 *  Before a sweep, T_b beyond the domain's sides is evaluated at the beginning of each step, and
 *  the field gets a deep halo.  The energy account needs the temperatures along the domain's sides
 *  before each step: the sweep records them in `edge`, and the heat is summed afterwards, step by
 *  step.  The coefficients are copied once, and again when dt changes. */
#include "solver/operator/operator_impl.h"
#include "solver/operator/wavefront.h"

/* Steps in one sweep: the default, and the largest number that -heat_steps_at_once may ask for.
   Chosen: 32 steps reach 2.8 times the rate of single steps (solver/MEASURED.md).  More steps gain
   little, and enlarge the ring of wavefront.c and the redundant work in the deep halo; fewer steps
   read the field from memory more often. */
enum { DEFAULT_STEPS = 32, MAX_STEPS = 64 };

struct HeatOperatorSteps {
  PetscBool      possible; /* several steps can be taken in one sweep; equal on all ranks */
  HeatFrame      frame;    /* the block with its deep halo */
  HeatHaloCounts counts;   /* of deep halo exchanges by this rank since creation */
  PetscInt64     messages[2], bytes[2]; /* of one deep halo exchange, over all ranks: within nodes,
                                           between nodes */
  HeatLayoutTraffic prepared;           /* as in HeatDeepHaloCounts */
  PetscReal         dt;                 /* [s] for which `wavefront` was made */
  HeatWavefront    *wavefront;   /* owned, like everything below; NULL before the first TakeSteps */
  HeatFrameField    field;       /* T; `own` points to the caller's array */
  PetscReal *beyond[HEAT_SIDES]; /* T_b [K], [depth][length of the frame's side], with one readable
                                    value more at either end; NULL where the side is not the
                                    domain's */
  PetscReal *edge[HEAT_SIDES];   /* [depth][length] T of own cells along the side before each
                                        step [K]; NULL: no heat crosses that side on this rank */
};

/* Return the number of cells of the frame along a side. */
static PetscInt FrameLength(const HeatFrame *frame, HeatSide side)
{
  return side < HEAT_BOTTOM ? frame->ny : frame->nx;
}

/* Return whether heat can enter through some of this rank's faces of a side. */
static PetscBool Conducts(const HeatBoundaryFaces *faces)
{
  for (PetscInt k = 0; k < faces->length; k++) {
    if (faces->G[k] != 0.0 || faces->F[k] != 0.0) return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

PetscErrorCode HeatOperatorStepsWanted(PetscInt *most)
{
  PetscFunctionBeginUser;
  *most = DEFAULT_STEPS;
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-heat_steps_at_once", most, NULL));
  *most = PetscClipInterval(*most, 1, MAX_STEPS);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set up op->steps: decide whether several steps are possible, and choose the frame.  Single steps
   are taken where coefficients change with time or temperature, and with ambient exchange, whose
   heat is summed cell by cell.  Collective. */
static PetscErrorCode SetUpSteps(HeatOperator *op)
{
  const PetscBool    fixed = (PetscBool)(op->linear && !op->ambient_exchange &&
                                      !HeatSourceVaries(op->source) &&
                                      !HeatBoundariesFluxVaries(op->boundaries));
  HeatOperatorSteps *s;
  PetscInt           most;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&s));
  op->steps = s;
  PetscCallMPI(MPI_Allreduce(&fixed, &s->possible, 1, MPIU_BOOL, MPI_LAND, op->grid->comm));
  PetscCall(HeatOperatorStepsWanted(&most));
  s->frame = HeatFrameMake(op->grid, most);
  if (s->frame.depth == 0) s->possible = PETSC_FALSE;
  if (s->possible) PetscCall(HeatFrameTraffic(&s->frame, s->messages, s->bytes));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorMostSteps(HeatOperator *op, PetscInt *most)
{
  PetscFunctionBeginUser;
  if (!op->steps) PetscCall(SetUpSteps(op));
  *most = op->steps->possible ? op->steps->frame.depth : 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set-up of the sweep. */

/* Create a field of the frame from own values, rows `stride` apart (0: all rows are one), and fill
   its strips by a deep halo exchange.  Collective. */
static PetscErrorCode ExchangeDeepHalo(const HeatFrame *frame, const PetscReal *own,
                                       PetscInt stride, HeatFrameField *field)
{
  PetscFunctionBeginUser;
  PetscCall(HeatFrameFieldCreate(frame, field));
  field->own    = own;
  field->stride = (size_t)stride;
  PetscCall(HeatFrameExchange(frame, field, NULL));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create the sweep for steps of dt [s], with copies of the coefficients.  Collective. */
static PetscErrorCode CreateWavefront(HeatOperator *op, PetscReal dt)
{
  const HeatGrid       *g      = op->grid;
  HeatOperatorSteps    *s      = op->steps;
  const PetscInt        stride = (PetscInt)op->gx_stride;
  HeatFrameCoefficients k;
  HeatLayoutTraffic     one;
  PetscReal            *r;

  PetscFunctionBeginUser;
  PetscCall(HeatWavefrontDestroy(&s->wavefront));
  PetscCall(PetscMalloc1(HeatGridLocalCells(g), &r));
  for (size_t i = 0; i < HeatGridLocalCells(g); i++) r[i] = dt / op->capacity[i];
  PetscCall(ExchangeDeepHalo(&s->frame, op->gx, stride, &k.face[HEAT_LEFT]));
  PetscCall(ExchangeDeepHalo(&s->frame, op->gx + 1, stride, &k.face[HEAT_RIGHT]));
  PetscCall(ExchangeDeepHalo(&s->frame, op->gy, g->nxl, &k.face[HEAT_BOTTOM]));
  PetscCall(ExchangeDeepHalo(&s->frame, op->gy + g->nxl, g->nxl, &k.face[HEAT_TOP]));
  PetscCall(ExchangeDeepHalo(&s->frame, r, g->nxl, &k.r));
  PetscCall(ExchangeDeepHalo(&s->frame, op->q ? op->q : op->zeros, op->q ? g->nxl : 0, &k.q));
  PetscCall(HeatWavefrontCreate(&s->frame, &k, &s->wavefront));
  s->dt = dt;
  PetscCall(HeatLayoutHalo(&g->layout, s->frame.depth, PETSC_TRUE, &one));
  HeatLayoutTrafficAdd(&s->prepared, 6, &one); /* four faces, r and q */
  for (int side = 0; side < HEAT_SIDES; side++) PetscCall(HeatFrameFieldDestroy(&k.face[side]));
  PetscCall(HeatFrameFieldDestroy(&k.r));
  PetscCall(HeatFrameFieldDestroy(&k.q));
  PetscCall(PetscFree(r));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Allocate the deep field, and `beyond` and `edge` of the sides that need them. */
static PetscErrorCode AllocateSides(HeatOperator *op)
{
  HeatOperatorSteps *s = op->steps;

  PetscFunctionBeginUser;
  PetscCall(HeatFrameFieldCreate(&s->frame, &s->field));
  for (int side = 0; side < HEAT_SIDES; side++) {
    const HeatBoundaryFaces faces  = HeatBoundariesGet(op->boundaries, (HeatSide)side);
    const size_t            length = (size_t)FrameLength(&s->frame, (HeatSide)side);

    if (!op->grid->boundary[side]) continue;
    PetscCall(PetscCalloc1(length * (size_t)s->frame.depth + 2, &s->beyond[side]));
    if (!Conducts(&faces)) continue;
    PetscCall(PetscMalloc1(faces.length * s->frame.depth, &s->edge[side]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Steps. */

/* Evaluate T_b beyond the domain's sides at the beginning of each step, along the whole frame; the
   part of the frame in the deep halo comes from the neighbours along the side.  Collective. */
static PetscErrorCode SetBeyond(HeatOperator *op, PetscInt steps, PetscReal dt,
                                const PetscReal *times)
{
  HeatOperatorSteps *s = op->steps;

  PetscFunctionBeginUser;
  for (PetscInt l = 0; l < steps; l++) {
    PetscCall(HeatOperatorSetSidesTime(op, HeatMomentInStep(times[l], times[l] + dt, times[l])));
    for (int side = 0; side < HEAT_SIDES; side++) {
      const HeatBoundaryFaces faces  = HeatBoundariesGet(op->boundaries, (HeatSide)side);
      const size_t            length = (size_t)FrameLength(&s->frame, (HeatSide)side);
      const PetscInt before = s->frame.margin[side < HEAT_BOTTOM ? HEAT_BOTTOM : HEAT_LEFT];

      if (!s->beyond[side]) continue;
      PetscCall(
          PetscArraycpy(s->beyond[side] + 1 + (size_t)l * length + before, faces.T, faces.length));
    }
  }
  for (int side = 0; side < HEAT_SIDES; side++) {
    HeatLayoutTraffic one;

    if (op->grid->periodic[side / 2]) continue;
    PetscCall(HeatFrameExtendTraffic(&s->frame, (HeatSide)side, steps, &one));
    HeatLayoutTrafficAdd(&s->prepared, 1, &one);
    if (!s->beyond[side]) continue;
    PetscCall(HeatFrameExtend(&s->frame, side < HEAT_BOTTOM ? 1 : 0, steps, s->beyond[side] + 1));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add the heat that entered in each step, from the recorded edges. */
static PetscErrorCode AddFlows(HeatOperator *op, PetscInt steps, PetscReal dt,
                               const PetscReal *times, HeatFlows *flows)
{
  HeatOperatorSteps *s = op->steps;

  PetscFunctionBeginUser;
  HeatExactSumAddScaled(&flows->sum[HEAT_FLOW_SOURCE], (PetscReal)steps,
                        HeatSourceLocalTotal(op->source));
  HeatExactSumAddScaled(&flows->sum[HEAT_FLOW_TURNOVER], (PetscReal)steps,
                        HeatSourceLocalTurnover(op->source));
  for (PetscInt l = 0; l < steps; l++) {
    PetscCall(HeatOperatorSetSidesTime(op, HeatMomentInStep(times[l], times[l] + dt, times[l])));
    for (int side = 0; side < HEAT_SIDES; side++) {
      const PetscInt length = HeatBoundariesGet(op->boundaries, (HeatSide)side).length;

      if (s->edge[side])
        HeatOperatorAddSideHeat(op, (HeatSide)side, s->edge[side] + (size_t)l * (size_t)length,
                                flows);
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorTakeSteps(HeatOperator *op, PetscInt steps, PetscReal dt,
                                     const PetscReal *times, PetscReal *T, HeatFlows *flows)
{
  HeatOperatorSteps *s     = op->steps;
  HeatWavefrontSides sides = {{NULL}, {NULL}};

  PetscFunctionBeginUser;
  if (!s->wavefront) PetscCall(AllocateSides(op));
  if (!s->wavefront || s->dt != dt) PetscCall(CreateWavefront(op, dt));
  PetscCall(SetBeyond(op, steps, dt, times));
  s->field.own    = T;
  s->field.stride = (size_t)op->grid->nxl;
  PetscCall(HeatFrameExchange(&s->frame, &s->field, &s->counts));
  for (int side = 0; side < HEAT_SIDES; side++) {
    sides.beyond[side] = s->beyond[side] ? s->beyond[side] + 1 : NULL;
    sides.edge[side]   = s->edge[side];
  }
  PetscCall(HeatWavefrontRun(s->wavefront, steps, &s->field, &sides, T));
  PetscCall(PetscMemzero(flows, sizeof *flows));
  PetscCall(AddFlows(op, steps, dt, times, flows));
  PetscFunctionReturn(PETSC_SUCCESS);
}

HeatDeepHaloCounts HeatOperatorDeepHaloCounts(const HeatOperator *op)
{
  HeatDeepHaloCounts deep = {0};

  if (!op->steps) return deep;
  deep.depth = op->steps->frame.depth;
  deep.sent  = op->steps->counts;

  deep.prepared = op->steps->prepared;
  for (int k = 0; k < 2; k++) {
    deep.messages[k] = op->steps->messages[k];
    deep.bytes[k]    = op->steps->bytes[k];
  }
  return deep;
}

PetscErrorCode HeatOperatorStepsDestroy(HeatOperatorSteps **out)
{
  HeatOperatorSteps *s = *out;

  PetscFunctionBeginUser;
  if (!s) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatWavefrontDestroy(&s->wavefront));
  PetscCall(HeatFrameFieldDestroy(&s->field));
  for (int side = 0; side < HEAT_SIDES; side++) {
    PetscCall(PetscFree(s->beyond[side]));
    PetscCall(PetscFree(s->edge[side]));
  }
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
