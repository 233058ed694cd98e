/** Several explicit steps in one sweep: prepares what wavefront.c reads, and accounts for the heat.
 *
 *  Before a sweep, T_b beyond the domain's sides is evaluated at the beginning of each step, and
 *  the field gets a deep halo.  The energy account needs the temperatures along the domain's sides
 *  before each step: the sweep records them in `edge`, and the heat is summed afterwards, step by
 *  step.  The coefficients are copied once, and again when dt changes. */
#include "solver/operator/operator_steps_impl.h"

/* Steps in one sweep: the default, and the largest number that -heat_steps_at_once may ask for.
   Chosen: 32 steps reach 2.8 times the rate of single steps (solver/MEASURED.md).  More steps gain
   little, and enlarge the ring of wavefront.c and the redundant work in the deep halo; fewer steps
   read the field from memory more often. */
enum { DEFAULT_STEPS = 32, MAX_STEPS = 64 };

/* Stages of rkl2 in one sweep.  Chosen by measurement (solver/MEASURED.md): the rings of more
   stages outgrow a second-level cache of 1 MB; fewer go through memory more often. */
enum { DEFAULT_STAGES = 16 };

/* Return whether heat can enter through some of this rank's faces of a side. */
static PetscBool Conducts(const HeatBoundaryFaces *faces)
{
  for (PetscInt k = 0; k < faces->length; k++) {
    if (faces->G[k] != 0.0 || faces->F[k] != 0.0) return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

PetscErrorCode HeatOperatorStepsWanted(PetscBool stages, PetscInt *most)
{
  PetscFunctionBeginUser;
  *most = stages ? DEFAULT_STAGES : DEFAULT_STEPS;
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-heat_steps_at_once", most, NULL));
  *most = PetscClipInterval(*most, 1, MAX_STEPS);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorSetUpSteps(HeatOperator *op, PetscBool stages)
{
  const PetscBool    source = (PetscBool)(!HeatSourceVaries(op->source) ||
                                       (!stages && HeatSourceHasFactor(op->source)));
  const PetscBool    fixed  = (PetscBool)(op->linear && !op->ambient_exchange && source &&
                                      !HeatBoundariesFluxVaries(op->boundaries));
  HeatOperatorSteps *s;
  PetscInt           most;

  PetscFunctionBeginUser;
  if (op->steps) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscNew(&s));
  op->steps = s;
  s->timed  = HeatSourceHasFactor(op->source);
  PetscCallMPI(MPI_Allreduce(&fixed, &s->fixed, 1, MPIU_BOOL, MPI_LAND, op->grid->comm));
  PetscCall(HeatOperatorStepsWanted(stages, &most));
  s->frame = HeatFrameMake(op->grid, most);
  if (s->fixed && s->frame.depth) PetscCall(HeatFrameTraffic(&s->frame, s->messages, s->bytes));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Single steps are taken where coefficients change with time or temperature, other than a source by
   a factor, and with ambient exchange, whose heat is summed cell by cell. */
PetscErrorCode HeatOperatorMostSteps(HeatOperator *op, PetscInt *most)
{
  PetscFunctionBeginUser;
  PetscCall(HeatOperatorSetUpSteps(op, PETSC_FALSE));
  *most = op->steps->fixed ? PetscMax(op->steps->frame.depth, 1) : 1;
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

/* Store in `fixed` sources and prescribed fluxes without the source that has a factor of time, and
   in `shape` that source's shape [W/m], [nyl][nxl]. */
static PetscErrorCode SeparateSource(const HeatOperator *op, PetscReal *fixed, PetscReal *shape)
{
  const HeatGrid *g = op->grid;

  PetscFunctionBeginUser;
  PetscCall(PetscArraycpy(fixed, HeatSourceBase(op->source), HeatGridLocalCells(g)));
  HeatOperatorAddFluxes(op, fixed);
  PetscCall(PetscArrayzero(shape, HeatGridLocalCells(g)));
  HeatSourceAddShape(op->source, 1.0, shape);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Exchange sources and prescribed fluxes, and the shape of a source with a factor of time.
   Collective.
   @param[out] work  allocations that the fields point to, freed by the caller; NULL: none */
static PetscErrorCode ExchangeSources(const HeatOperator *op, HeatFrameCoefficients *k,
                                      HeatFrameField *shape, PetscReal *work[2])
{
  const HeatFrame *frame = &op->steps->frame;
  const PetscInt   nx    = op->grid->nxl;

  PetscFunctionBeginUser;
  k->shape = NULL;
  work[0] = work[1] = NULL;
  if (!op->steps->timed) {
    PetscCall(ExchangeDeepHalo(frame, op->q ? op->q : op->zeros, op->q ? nx : 0, &k->q));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  for (int i = 0; i < 2; i++) PetscCall(PetscMalloc1(HeatGridLocalCells(op->grid), &work[i]));
  PetscCall(SeparateSource(op, work[0], work[1]));
  PetscCall(ExchangeDeepHalo(frame, work[0], nx, &k->q));
  PetscCall(ExchangeDeepHalo(frame, work[1], nx, shape));
  k->shape = shape;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create the sweep with r = dt/C, with copies of the coefficients.  Collective. */
static PetscErrorCode CreateWavefront(HeatOperator *op, PetscBool stages, PetscReal dt)
{
  const HeatGrid       *g      = op->grid;
  HeatOperatorSteps    *s      = op->steps;
  const PetscInt        stride = (PetscInt)op->gx_stride;
  HeatFrameCoefficients k;
  HeatFrameField        shape;
  HeatLayoutTraffic     one;
  PetscReal            *r, *work[2];

  PetscFunctionBeginUser;
  PetscCall(HeatWavefrontDestroy(&s->wavefront));
  PetscCall(PetscMalloc1(HeatGridLocalCells(g), &r));
  for (size_t i = 0; i < HeatGridLocalCells(g); i++) r[i] = dt / op->capacity[i];
  PetscCall(ExchangeDeepHalo(&s->frame, op->gx, stride, &k.face[HEAT_LEFT]));
  PetscCall(ExchangeDeepHalo(&s->frame, op->gx + 1, stride, &k.face[HEAT_RIGHT]));
  PetscCall(ExchangeDeepHalo(&s->frame, op->gy, g->nxl, &k.face[HEAT_BOTTOM]));
  PetscCall(ExchangeDeepHalo(&s->frame, op->gy + g->nxl, g->nxl, &k.face[HEAT_TOP]));
  PetscCall(ExchangeDeepHalo(&s->frame, r, g->nxl, &k.r));
  PetscCall(ExchangeSources(op, &k, &shape, work));
  PetscCall(HeatWavefrontCreate(&s->frame, &k, stages, &s->wavefront));
  s->stages = stages;
  s->dt     = dt;
  PetscCall(HeatLayoutHalo(&g->layout, s->frame.depth, PETSC_TRUE, &one));
  HeatLayoutTrafficAdd(&s->prepared, HEAT_SWEEP_FIELDS + (k.shape ? 1 : 0), &one);
  for (int side = 0; side < HEAT_SIDES; side++) PetscCall(HeatFrameFieldDestroy(&k.face[side]));
  PetscCall(HeatFrameFieldDestroy(&k.r));
  PetscCall(HeatFrameFieldDestroy(&k.q));
  if (k.shape) PetscCall(HeatFrameFieldDestroy(&shape));
  for (int i = 0; i < 2; i++) PetscCall(PetscFree(work[i]));
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
    const size_t            length = (size_t)HeatFrameLength(&s->frame, (HeatSide)side);

    if (!op->grid->boundary[side]) continue;
    PetscCall(PetscCalloc1(length * (size_t)s->frame.depth + 2, &s->beyond[side]));
    if (!Conducts(&faces)) continue;
    PetscCall(PetscMalloc1(faces.length * s->frame.depth, &s->edge[side]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorSetUpSweep(HeatOperator *op, PetscBool stages, PetscReal dt)
{
  const HeatOperatorSteps *s = op->steps;

  PetscFunctionBeginUser;
  if (!s->wavefront) PetscCall(AllocateSides(op));
  if (!s->wavefront || s->stages != stages || s->dt != dt)
    PetscCall(CreateWavefront(op, stages, dt));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorExtendBeyond(HeatOperator *op, PetscInt steps)
{
  HeatOperatorSteps *s = op->steps;

  PetscFunctionBeginUser;
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

HeatWavefrontSides HeatOperatorSweepSides(const HeatOperator *op)
{
  const HeatOperatorSteps *s = op->steps;
  HeatWavefrontSides       sides;

  for (int side = 0; side < HEAT_SIDES; side++) {
    sides.beyond[side] = s->beyond[side] ? s->beyond[side] + 1 : NULL;
    sides.edge[side]   = s->edge[side];
  }
  return sides;
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
      const HeatBoundaryFaces faces = HeatBoundariesGet(op->boundaries, (HeatSide)side);

      if (!s->beyond[side]) continue;
      PetscCall(PetscArraycpy(s->beyond[side] + HeatBeyondPlace(&s->frame, (HeatSide)side, l),
                              faces.T, faces.length));
    }
  }
  PetscCall(HeatOperatorExtendBeyond(op, steps));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Evaluate the factor of time of the source at the beginning of each step.  A value without
   physical meaning is recorded in op->past_fault. */
static PetscErrorCode SetFactors(HeatOperator *op, PetscInt steps, PetscReal dt,
                                 const PetscReal *times, PetscReal *factors)
{
  PetscFunctionBeginUser;
  for (PetscInt l = 0; l < steps && op->steps->timed; l++) {
    const HeatMoment when  = HeatMomentInStep(times[l], times[l] + dt, times[l]);
    HeatFault        fault = {0};

    PetscCall(HeatSourceFactor(op->source, when, &factors[l], &fault));
    HeatOperatorRememberFault(op, &fault, when.t);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add the heat that the sources released in each step. */
static void AddSources(const HeatOperator *op, PetscInt steps, const PetscReal *factors,
                       HeatFlows *flows)
{
  HeatExactSum *total = &flows->sum[HEAT_FLOW_SOURCE], *turnover = &flows->sum[HEAT_FLOW_TURNOVER];

  for (PetscInt l = 0; l < steps && op->steps->timed; l++)
    HeatSourceAddHeat(op->source, factors[l], total, turnover);
  if (op->steps->timed) return;
  HeatExactSumAddScaled(total, (PetscReal)steps, HeatSourceLocalTotal(op->source));
  HeatExactSumAddScaled(turnover, (PetscReal)steps, HeatSourceLocalTurnover(op->source));
}

/* Add the heat that entered through the sides in each step, from the recorded edges. */
static PetscErrorCode AddFlows(HeatOperator *op, PetscInt steps, PetscReal dt,
                               const PetscReal *times, HeatFlows *flows)
{
  HeatOperatorSteps *s = op->steps;

  PetscFunctionBeginUser;
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
                                     const PetscReal *times, const HeatCellRecord *record,
                                     PetscReal *T, HeatFlows *flows)
{
  HeatOperatorSteps *s = op->steps;
  HeatWavefrontSides sides;
  PetscReal          factors[MAX_STEPS];

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorSetUpSweep(op, PETSC_FALSE, dt));
  PetscCall(SetFactors(op, steps, dt, times, factors));
  PetscCall(SetBeyond(op, steps, dt, times));
  s->field.own    = T;
  s->field.stride = (size_t)op->grid->nxl;
  PetscCall(HeatOperatorExchangeDeepHalo(op, HEAT_STRIPS_DEEP_T, &s->field));
  sides = HeatOperatorSweepSides(op);
  PetscCall(HeatWavefrontRun(s->wavefront, steps, &s->field, &sides, factors, record, T));
  PetscCall(PetscMemzero(flows, sizeof *flows));
  AddSources(op, steps, factors, flows);
  PetscCall(AddFlows(op, steps, dt, times, flows));
  PetscFunctionReturn(PETSC_SUCCESS);
}

HeatDeepHaloCounts HeatOperatorDeepHaloCounts(const HeatOperator *op)
{
  HeatDeepHaloCounts deep = {0};

  if (!op->steps) return deep;
  deep.depth    = op->steps->frame.depth;
  deep.sent     = op->steps->counts;
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
  for (int k = 0; k < HEAT_KEPT; k++) PetscCall(HeatFrameFieldDestroy(&s->kept[k]));
  for (int k = 0; k < 2; k++) PetscCall(PetscFree(s->work[k]));
  for (int side = 0; side < HEAT_SIDES; side++) {
    PetscCall(PetscFree(s->beyond[side]));
    PetscCall(PetscFree(s->edge[side]));
  }
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
