/** Several explicit steps in one sweep: prepares what wavefront.c reads, and accounts for the heat.
 *
 *  Before a sweep, T_b beyond the domain's sides is evaluated at the beginning of each step, and
 *  the field gets a deep halo.  The energy account needs the temperatures along the domain's sides
 *  before each step: the sweep records them in `edge`, and the heat is summed afterwards, step by
 *  step.  The sweep is set up once, and again when dt changes, or when stages of rkl2 are swept in
 *  place of steps. */
#include "solver/operator/operator_steps_impl.h"

/* The largest number of steps in one sweep.  Chosen: more gain little, and enlarge the ring of
   wavefront.c. */
enum { MAX_STEPS = 64 };

PetscErrorCode HeatOperatorStepsWanted(PetscBool stages, PetscInt *most)
{
  PetscFunctionBeginUser;
  *most = stages ? HEAT_STAGES_AT_ONCE : HEAT_STEPS_AT_ONCE;
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-heat_steps_at_once", most, NULL));
  *most = PetscClipInterval(*most, 1, MAX_STEPS);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Free what was set up.  Deep halos that are filled next have not been filled before. */
static PetscErrorCode ForgetSteps(HeatOperator *op)
{
  PetscFunctionBeginUser;
  PetscCall(HeatOperatorStepsDestroy(&op->steps));
  for (int strips = HEAT_STRIPS_DEEP_T; op->broken && strips < HEAT_STRIPS_MOST; strips++)
    op->broken->received[strips] = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorLimitSteps(HeatOperator *op, PetscInt most)
{
  PetscFunctionBeginUser;
  PetscCheck(most >= 1 && most <= MAX_STEPS, op->grid->comm, PETSC_ERR_ARG_OUTOFRANGE,
             "%" PetscInt_FMT " steps at once; it must be 1 to %d", most, (int)MAX_STEPS);
  op->most_steps = most;
  PetscCall(ForgetSteps(op));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorSetUpSteps(HeatOperator *op, PetscBool stages)
{
  const PetscInt  factors = HeatSourceFactorCount(op->source);
  const PetscBool source  = (PetscBool)(!HeatSourceVaries(op->source) || (!stages && factors > 0));
  const PetscBool flux    = HeatBoundariesFluxVaries(op->boundaries);
  const PetscBool ambient = (PetscBool)(op->ambient_exchange &&
                                        HeatAmbientExchangeVaries(op->ambient_exchange));
  PetscReal       most_of[3 + HEAT_SIDES]; /* not fixed; flux of time; stiffness; sides with flux */
  HeatOperatorSteps *s;
  PetscInt           most = op->most_steps;

  PetscFunctionBeginUser;
  if (op->steps && op->steps->stages == stages) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(ForgetSteps(op));
  PetscCall(PetscNew(&s));
  op->steps  = s;
  s->stages  = stages;
  s->factors = factors;
  s->level   = (PetscBool)(!stages && ambient && HeatAmbientExchangeIsLevel(op->ambient_exchange));
  most_of[0] = !op->linear || (ambient && !s->level) || !source || (stages && flux) ? 1.0 : 0.0;
  most_of[1] = flux ? 1.0 : 0.0;
  most_of[2] = op->linear ? HeatOperatorStiffness(op) : 0.0;
  for (int side = 0; side < HEAT_SIDES; side++)
    most_of[3 + side] = HeatBoundariesSideHasFlux(op->boundaries, (HeatSide)side) ? 1.0 : 0.0;
  PetscCallMPI(
      MPI_Allreduce(MPI_IN_PLACE, most_of, 3 + HEAT_SIDES, MPIU_REAL, MPIU_MAX, op->grid->comm));
  s->fixed  = most_of[0] > 0.0 ? PETSC_FALSE : PETSC_TRUE;
  s->stable = HeatOperatorStableStepOf(most_of[2]);
  for (int side = 0; side < HEAT_SIDES; side++)
    s->flux[side] = (PetscBool)(most_of[1] > 0.0 && most_of[3 + side] > 0.0);
  if (most == 0) PetscCall(HeatOperatorStepsWanted(stages, &most));
  s->frame = HeatFrameMake(op->grid, most);
  if (s->fixed && s->frame.depth) PetscCall(HeatFrameTraffic(&s->frame, s->messages, s->bytes));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Single steps are taken where coefficients change with time or temperature, other than sources by
   factors, fluxes, and an ambient temperature that is the same everywhere. */
PetscErrorCode HeatOperatorMostSteps(HeatOperator *op, PetscInt *most)
{
  PetscFunctionBeginUser;
  PetscCall(HeatOperatorSetUpSteps(op, PETSC_FALSE));
  *most = op->steps->fixed ? PetscMax(op->steps->frame.depth, 1) : 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorLinearStableStep(HeatOperator *op, PetscBool stages, PetscReal *dt)
{
  PetscFunctionBeginUser;
  PetscCall(HeatOperatorSetUpSteps(op, stages));
  *dt = op->steps->stable;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set-up of the sweep. */

/* Create a field of the frame from own values, and fill its strips by a deep halo exchange.
   Collective.
   @param[in] stride  distance of two rows of own values; 0: all rows are the same memory
   @param[in] row     [nyl] where each row begins; NULL: at multiples of stride */
static PetscErrorCode ExchangeDeepHalo(const HeatFrame *frame, const PetscReal *own,
                                       PetscInt stride, const size_t *row, HeatFrameField *field)
{
  PetscFunctionBeginUser;
  PetscCall(HeatFrameFieldCreate(frame, field));
  field->own    = own;
  field->stride = (size_t)stride;
  field->row    = row;
  PetscCall(HeatFrameExchange(frame, field, NULL));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether some prescribed flux changes with time. */
static PetscBool HasTimedFlux(const HeatOperatorSteps *s)
{
  PetscBool some = PETSC_FALSE;

  for (int side = 0; side < HEAT_SIDES; side++) some = (PetscBool)(some || s->flux[side]);
  return some;
}

/* Store in *fixed the sources and prescribed fluxes that do not change with time, [nyl][nxl], NULL
   if there are none.  If some flux changes with time, all fluxes are left out and count as
   changing, so that additions have the order of single steps. */
static PetscErrorCode FixedSources(HeatOperator *op, const PetscReal **fixed)
{
  HeatOperatorSteps *s    = op->steps;
  const size_t       n    = HeatGridLocalCells(op->grid);
  const PetscReal   *base = HeatSourceBase(op->source);

  PetscFunctionBeginUser;
  *fixed = base;
  if (!op->q_owned || HasTimedFlux(s)) PetscFunctionReturn(PETSC_SUCCESS);
  if (s->factors == 0) {
    *fixed = op->q_owned;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (!s->fixed_q) PetscCall(PetscMalloc1(n, &s->fixed_q));
  PetscCall(PetscArraycpy(s->fixed_q, base, n));
  HeatOperatorAddFluxes(op, s->fixed_q);
  *fixed = s->fixed_q;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The fields with deep halos that only some cases have: of sources with factors of time, and of the
   ambient exchange. */
typedef struct {
  HeatFrameField shape[HEAT_SOURCE_LAYERS], which[HEAT_SOURCE_LAYERS];
  HeatFrameField E, ambient;
} SomeFields;

/* Exchange the shapes of sources with factors of time and, if there are several of them, fluxes of
   time or an ambient exchange, the numbers of the sources that act in each cell.  Collective. */
static PetscErrorCode ExchangeShapes(HeatOperator *op, HeatFrameCoefficients *k, SomeFields *fields,
                                     PetscInt *n_fields)
{
  HeatOperatorSteps *s     = op->steps;
  const size_t       cells = HeatGridLocalCells(op->grid);
  const PetscInt     nx    = op->grid->nxl;
  const PetscReal   *whole = HeatSourceWholeShape(op->source);
  const PetscBool alone = (PetscBool)(s->factors == 1 && !HasTimedFlux(s) && !op->ambient_exchange);

  PetscFunctionBeginUser;
  if (!alone) {
    whole      = NULL;
    k->sources = s->factors;
  }
  for (int layer = 0; layer < HEAT_SOURCE_LAYERS; layer++) {
    const PetscReal *shape = whole;

    if (whole && layer > 0) break;
    if (!whole) {
      PetscCall(PetscMalloc1(cells, &s->shape[layer]));
      if (!alone) PetscCall(PetscMalloc1(cells, &s->which[layer]));
      if (!HeatSourceLayer(op->source, layer, s->shape[layer], s->which[layer])) {
        PetscCall(PetscFree(s->shape[layer]));
        PetscCall(PetscFree(s->which[layer]));
        continue;
      }
      shape = s->shape[layer];
    }
    PetscCall(ExchangeDeepHalo(&s->frame, shape, nx, NULL, &fields->shape[layer]));
    *n_fields += 1;
    if (!alone) {
      PetscCall(ExchangeDeepHalo(&s->frame, s->which[layer], nx, NULL, &fields->which[layer]));
      *n_fields += 1;
      k->layer[layer] = &fields->shape[layer];
      k->which[layer] = &fields->which[layer];
    } else {
      k->shape = &fields->shape[layer];
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Free the copies of sources with factors of time. */
static PetscErrorCode FreeShapes(HeatOperatorSteps *s)
{
  PetscFunctionBeginUser;
  for (int layer = 0; layer < HEAT_SOURCE_LAYERS; layer++) {
    PetscCall(PetscFree(s->shape[layer]));
    PetscCall(PetscFree(s->which[layer]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create the sweep with r = dt/C.  Collective. */
static PetscErrorCode CreateWavefront(HeatOperator *op, PetscReal dt)
{
  const HeatGrid       *g        = op->grid;
  HeatOperatorSteps    *s        = op->steps;
  HeatFrameCoefficients k        = {.dt = dt};
  SomeFields            fields   = {0};
  PetscInt              n_fields = HEAT_SWEEP_FIELDS;
  HeatAmbientExchange  *exchange = op->ambient_exchange;
  const PetscReal      *fixed;
  HeatLayoutTraffic     one;

  PetscFunctionBeginUser;
  PetscCall(HeatWavefrontDestroy(&s->wavefront));
  PetscCall(FreeShapes(s));
  PetscCall(ExchangeDeepHalo(&s->frame, op->gx, 0, op->gx_row, &k.face[HEAT_LEFT]));
  PetscCall(ExchangeDeepHalo(&s->frame, op->gx + 1, 0, op->gx_row, &k.face[HEAT_RIGHT]));
  PetscCall(ExchangeDeepHalo(&s->frame, op->gy, 0, op->gy_row, &k.face[HEAT_BOTTOM]));
  PetscCall(ExchangeDeepHalo(&s->frame, op->gy, 0, op->gy_row + 1, &k.face[HEAT_TOP]));
  PetscCall(ExchangeDeepHalo(&s->frame, op->capacity, 0, op->capacity_row, &k.capacity));
  PetscCall(FixedSources(op, &fixed));
  PetscCall(ExchangeDeepHalo(&s->frame, fixed ? fixed : op->zeros, fixed ? g->nxl : 0, NULL, &k.q));
  if (s->factors > 0) PetscCall(ExchangeShapes(op, &k, &fields, &n_fields));
  if (exchange) {
    PetscCall(ExchangeDeepHalo(&s->frame, HeatAmbientExchangeConductance(exchange), g->nxl, NULL,
                               &fields.E));
    PetscCall(ExchangeDeepHalo(&s->frame, HeatAmbientExchangeAmbient(exchange), g->nxl, NULL,
                               &fields.ambient));
    k.E       = &fields.E;
    k.ambient = &fields.ambient;
    n_fields += HEAT_SWEEP_EXCHANGE_FIELDS;
  }
  for (int side = 0; side < HEAT_SIDES; side++) k.flux[side] = s->flux[side];
  PetscCall(HeatWavefrontCreate(&s->frame, &k, s->stages, &s->wavefront));
  s->dt = dt;
  PetscCall(HeatLayoutHalo(&g->layout, s->frame.depth, PETSC_TRUE, &one));
  HeatLayoutTrafficAdd(&s->prepared, n_fields, &one);
  for (int side = 0; side < HEAT_SIDES; side++) PetscCall(HeatFrameFieldDestroy(&k.face[side]));
  PetscCall(HeatFrameFieldDestroy(&k.capacity));
  PetscCall(HeatFrameFieldDestroy(&k.q));
  PetscCall(HeatFrameFieldDestroy(&fields.E));
  PetscCall(HeatFrameFieldDestroy(&fields.ambient));
  for (int layer = 0; layer < HEAT_SOURCE_LAYERS; layer++) {
    PetscCall(HeatFrameFieldDestroy(&fields.shape[layer]));
    PetscCall(HeatFrameFieldDestroy(&fields.which[layer]));
    PetscCall(PetscFree(s->which[layer]));
  }
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
    PetscCall(
        PetscCalloc1(length * (size_t)s->frame.depth + 1 + HEAT_WAVE_AFTER, &s->beyond[side]));
    if (s->flux[side])
      PetscCall(PetscCalloc1(length * (size_t)s->frame.depth + 2, &s->flux_in[side]));
    if (!s->flux[side] && !HeatOperatorSideConducts(op, (HeatSide)side)) continue;
    PetscCall(PetscMalloc1(faces.length * s->frame.depth, &s->edge[side]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorSetUpSweep(HeatOperator *op, PetscReal dt)
{
  const HeatOperatorSteps *s = op->steps;

  PetscFunctionBeginUser;
  if (!s->wavefront) PetscCall(AllocateSides(op));
  if (!s->wavefront || s->dt != dt) PetscCall(CreateWavefront(op, dt));
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
    HeatLayoutTrafficAdd(&s->prepared, s->flux[side] ? 2 : 1, &one);
    if (!s->beyond[side]) continue;
    PetscCall(HeatFrameExtend(&s->frame, side < HEAT_BOTTOM ? 1 : 0, steps, s->beyond[side] + 1));
    if (s->flux_in[side])
      PetscCall(
          HeatFrameExtend(&s->frame, side < HEAT_BOTTOM ? 1 : 0, steps, s->flux_in[side] + 1));
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
    sides.flux[side]   = s->flux_in[side] ? s->flux_in[side] + 1 : NULL;
  }
  return sides;
}

/* Steps. */

/* Evaluate T_b beyond the domain's sides, and fluxes of time, at the beginning of each step, along
   the whole frame; the part of the frame in the deep halo comes from the neighbours along the side.
   Collective. */
static PetscErrorCode SetBeyond(HeatOperator *op, PetscInt steps, PetscReal dt,
                                const PetscReal *times)
{
  HeatOperatorSteps *s = op->steps;

  PetscFunctionBeginUser;
  for (PetscInt l = 0; l < steps; l++) {
    PetscCall(HeatOperatorSetSidesTime(op, HeatMomentInStep(times[l], times[l] + dt, times[l])));
    for (int side = 0; side < HEAT_SIDES; side++) {
      const HeatBoundaryFaces faces = HeatBoundariesGet(op->boundaries, (HeatSide)side);

      const size_t place = HeatBeyondPlace(&s->frame, (HeatSide)side, l);

      if (!s->beyond[side]) continue;
      PetscCall(PetscArraycpy(s->beyond[side] + place, faces.T, faces.length));
      if (s->flux_in[side])
        PetscCall(PetscArraycpy(s->flux_in[side] + place, faces.F, faces.length));
    }
  }
  PetscCall(HeatOperatorExtendBeyond(op, steps));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Evaluate the factors of sources at the beginning of each step, [steps][number of sources], and
   keep a value without physical meaning in op->past_fault. */
static PetscErrorCode SetFactors(HeatOperator *op, PetscInt steps, PetscReal dt,
                                 const PetscReal *times, PetscReal *factors)
{
  const PetscInt n = op->steps->factors;

  PetscFunctionBeginUser;
  for (PetscInt l = 0; l < steps && n > 0; l++) {
    const HeatMoment when  = HeatMomentInStep(times[l], times[l] + dt, times[l]);
    HeatFault        fault = {0};

    PetscCall(HeatSourceFactors(op->source, when, factors + l * n, &fault));
    HeatOperatorRememberFault(op, &fault, when.t);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Evaluate an ambient temperature of time alone at the beginning of each step, [steps], and keep a
   value without physical meaning in op->past_fault. */
static PetscErrorCode SetAmbient(HeatOperator *op, PetscInt steps, PetscReal dt,
                                 const PetscReal *times, PetscReal *ambient)
{
  PetscFunctionBeginUser;
  for (PetscInt l = 0; l < steps && op->steps->level; l++) {
    const HeatMoment when  = HeatMomentInStep(times[l], times[l] + dt, times[l]);
    HeatFault        fault = {0};

    PetscCall(HeatAmbientExchangeLevel(op->ambient_exchange, when, &ambient[l], &fault));
    HeatOperatorRememberFault(op, &fault, when.t);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add the heat that the sources released in each step. */
static void AddSources(const HeatOperator *op, PetscInt steps, const PetscReal *factors,
                       HeatFlows *flows)
{
  HeatExactSum *total = &flows->sum[HEAT_FLOW_SOURCE], *turnover = &flows->sum[HEAT_FLOW_TURNOVER];

  const PetscInt n = op->steps->factors;

  for (PetscInt l = 0; l < steps && n > 0; l++)
    HeatSourceAddHeat(op->source, factors + l * n, total, turnover);
  if (n > 0) return;
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
  HeatOperatorSteps    *s;
  HeatExchangeHeat     *heat     = op->exchange_heat;
  HeatFlows             settled  = {0};
  HeatWavefrontExchange exchange = {.settled = &settled};
  HeatWavefrontSides    sides;
  PetscReal            *factors, *ambient;

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorSetUpSteps(op, PETSC_FALSE));
  PetscCall(HeatOperatorSetUpSweep(op, dt));
  s = op->steps;
  HeatExchangeBegin(op, dt);
  exchange.heat = heat ? heat->cells : NULL;
  exchange.full = HeatExchangeFull(op, steps);
  PetscCall(PetscMalloc1(steps * s->factors + 1, &factors));
  PetscCall(SetFactors(op, steps, dt, times, factors));
  PetscCall(PetscMalloc1(steps, &ambient));
  PetscCall(SetAmbient(op, steps, dt, times, ambient));
  exchange.ambient = s->level ? ambient : NULL;
  PetscCall(SetBeyond(op, steps, dt, times));
  s->field.own    = T;
  s->field.stride = (size_t)op->grid->nxl;
  PetscCall(HeatOperatorExchangeDeepHalo(op, HEAT_STRIPS_DEEP_T, &s->field));
  sides = HeatOperatorSweepSides(op);
  PetscCall(
      HeatWavefrontRun(s->wavefront, steps, &s->field, &sides, factors, &exchange, record, T));
  if (exchange.full) {
    HeatFlowsAdd(&heat->settled, dt, &settled);
    heat->terms = -exchange.full;
  }
  HeatExchangeEnd(op, steps);
  PetscCall(PetscMemzero(flows, sizeof *flows));
  AddSources(op, steps, factors, flows);
  PetscCall(AddFlows(op, steps, dt, times, flows));
  PetscCall(PetscFree(factors));
  PetscCall(PetscFree(ambient));
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
  PetscCall(PetscFree(s->fixed_q));
  PetscCall(FreeShapes(s));
  PetscCall(HeatFrameFieldDestroy(&s->field));
  for (int k = 0; k < HEAT_KEPT; k++) PetscCall(HeatFrameFieldDestroy(&s->kept[k]));
  for (int k = 0; k < 3; k++) PetscCall(PetscFree(s->work[k]));
  for (int side = 0; side < HEAT_SIDES; side++) {
    PetscCall(PetscFree(s->beyond[side]));
    PetscCall(PetscFree(s->edge[side]));
    PetscCall(PetscFree(s->flux_in[side]));
  }
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
