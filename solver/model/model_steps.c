/** The numbers of halo exchanges, solves and set-ups in steps (model_steps.h).
 *
 *  The solve of a linear stage costs two halo exchanges: one for its right-hand side, which is the
 *  residual of the guess, and one for the residual of the solution (solver/implicit/stage.c and
 *  linear_solve.c).  crank-nicolson and esdirk need one more, for N(T) at the start of a step. */
#include "solver/model/model_steps.h"

#include <math.h>

#include "solver/case/events.h"
#include "solver/case/expression.h"
#include "solver/case/time_grid.h"
#include "solver/grid/deep_halo.h"
#include "solver/measure/diagnostics.h"
#include "solver/measure/memory_need.h"
#include "solver/operator/operator.h"
#include "solver/stepper/stepper.h"

/* Find out whether an output or an event lies between points of the grid of times, so that it adds
   a step. */
static PetscErrorCode AddsSteps(const HeatCase *c, PetscReal step, PetscBool *adds)
{
  const PetscReal end = c->time.end > 0.0 ? c->time.end : step * (PetscReal)c->time.steps;
  HeatEvents     *events;

  PetscFunctionBeginUser;
  PetscCall(HeatEventsCreate(c, &events));
  *adds = HeatTimeGridHasMultiples(c->output.snapshots_interval, step) &&
                  HeatTimeGridHasMultiples(c->output.history_interval, step)
              ? HeatEventsShorten(events, 0.0, 0.0, step, end)
              : PETSC_TRUE;
  PetscCall(HeatEventsDestroy(&events));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether HeatModelStableStep knows everything that limits explicit steps. */
static PetscBool KnowsLimit(const HeatCase *c)
{
  return !c->exchange.coefficient.given && c->n_contacts == 0 ? PETSC_TRUE : PETSC_FALSE;
}

/* Compute the number of steps of a run; -1 if their length is chosen during the run, or if outputs
   or events add steps.  With `step: auto` ftcs takes its largest stable step. */
static PetscErrorCode CountSteps(const HeatCase *c, const HeatModelBody *body, PetscInt64 *steps)
{
  PetscReal step = c->time.step;
  PetscBool adds;

  PetscFunctionBeginUser;
  *steps = c->time.scheme == HEAT_SCHEME_STEADY ? 1 : -1;
  if (c->time.scheme == HEAT_SCHEME_STEADY || c->time.adaptive.tolerance > 0.0)
    PetscFunctionReturn(PETSC_SUCCESS);
  if (c->time.step_auto)
    step = c->time.scheme == HEAT_SCHEME_FTCS && KnowsLimit(c) ? HeatModelStableStep(c, body) : 0.0;
  if (!(step > 0.0 && step < PETSC_MAX_REAL)) PetscFunctionReturn(PETSC_SUCCESS);
  HeatCheck(c->time.end <= 0.0 || HeatTimeGridCounts(c->time.end / step), PETSC_COMM_SELF,
            HEAT_ERR_INPUT,
            "time.end: found %g, which makes %g steps of the largest stable length, %g s; take a "
            "shorter run, or an implicit scheme such as bdf2",
            (double)c->time.end, (double)(c->time.end / step), (double)step);
  if (c->time.step_auto && c->time.end > 0.0) step = HeatTimeGridStep(c->time.end, step);
  PetscCall(AddsSteps(c, step, &adds));
  if (adds) PetscFunctionReturn(PETSC_SUCCESS);
  /* 1e-9: a shorter remainder, as a part of a step, is rounding, as in app/state/clock.h */
  *steps = c->time.steps >= 0 ? c->time.steps
                              : (PetscInt64)ceil((double)(c->time.end / step) - 1e-9);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set *varies to true if a formula depends on t; else leave it as it is. */
static PetscErrorCode MayVary(const HeatFormula *formula, PetscBool *varies)
{
  HeatExpression *e = NULL;
  char            message[256];

  PetscFunctionBeginUser;
  if (*varies || !formula->given || !formula->text) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatExpressionCreate(formula,
                                 HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_TIME | HEAT_VAR_TEMPERATURE, &e,
                                 message, sizeof message));
  if (e && HeatExpressionVariables(e) & HEAT_VAR_TIME) *varies = PETSC_TRUE;
  PetscCall(HeatExpressionDestroy(&e));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set *varies to whether an ambient temperature changes with time other than by a formula of time
   alone, which steps of ftcs allow. */
static PetscErrorCode VariesByPlace(const HeatFormula *formula, PetscBool stages, PetscBool *varies)
{
  HeatExpression *e = NULL;
  char            message[256];
  int             place = HEAT_VAR_X | HEAT_VAR_Y;

  PetscFunctionBeginUser;
  *varies = PETSC_FALSE;
  PetscCall(MayVary(formula, varies));
  if (!*varies || stages) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatExpressionCreate(formula, place | HEAT_VAR_TIME, &e, message, sizeof message));
  if (e && !(HeatExpressionVariables(e) & place)) *varies = PETSC_FALSE;
  PetscCall(HeatExpressionDestroy(&e));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The sources of a case that change with time. */
typedef struct {
  PetscInt  n;      /* number of formulas of t */
  PetscBool top;    /* the top-level source is one of them */
  PetscBool factor; /* all of them are of t alone, or a shape times a factor of t */
} TimedSources;

/* Count a formula if it depends on t, and whether it is a factor of t times a shape. */
static PetscErrorCode AddTimed(const HeatFormula *formula, TimedSources *timed)
{
  PetscBool varies = PETSC_FALSE, factors;

  PetscFunctionBeginUser;
  PetscCall(MayVary(formula, &varies));
  if (!varies) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatExpressionHasTimeFactor(formula, &factors));
  timed->n++;
  if (!factors) timed->factor = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set flux[side] for each side with a prescribed flux where some prescribed flux changes with time,
   and otherwise leave it false. */
static PetscErrorCode FindTimedFluxes(const HeatCase *c, PetscBool flux[HEAT_SIDES])
{
  PetscBool varies = PETSC_FALSE;

  PetscFunctionBeginUser;
  for (int side = 0; side < HEAT_SIDES; side++) {
    for (PetscInt k = 0; k < c->boundary[side].n; k++) {
      const HeatSegment *segment = &c->boundary[side].segments[k];

      if (segment->type != HEAT_BC_FLUX) continue;
      flux[side] = PETSC_TRUE;
      if (segment->table.file && segment->table.n != 1) varies = PETSC_TRUE;
      PetscCall(MayVary(&segment->value, &varies));
    }
  }
  for (int side = 0; side < HEAT_SIDES && !varies; side++) flux[side] = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Count the sources of a case that change with time. */
static PetscErrorCode CountTimed(const HeatCase *c, TimedSources *sources)
{
  PetscFunctionBeginUser;
  *sources = (TimedSources){.factor = PETSC_TRUE};
  PetscCall(AddTimed(&c->source, sources));
  sources->top = (PetscBool)(sources->n > 0);
  for (PetscInt r = 0; r < c->n_regions; r++) {
    PetscCall(AddTimed(&c->regions[r].source, sources));
    PetscCall(AddTimed(&c->regions[r].power, sources));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set s->alone: whether explicit steps are taken one by one, because a source, a flux or the
   ambient temperature of an exchange changes with time (solver/operator/operator_steps.c).
   Steps of ftcs allow sources with factors of time, fluxes of time, and ambient temperatures of
   time alone. */
static PetscErrorCode TakesSingleSteps(const HeatCase *c, PetscBool stages, HeatModelSteps *s)
{
  TimedSources sources;
  PetscBool    flux = PETSC_FALSE, ambient = PETSC_FALSE;
  PetscBool    exchange = c->exchange.coefficient.given;
  PetscInt     layers;

  PetscFunctionBeginUser;
  PetscCall(CountTimed(c, &sources));
  PetscCall(FindTimedFluxes(c, s->flux));
  for (int side = 0; side < HEAT_SIDES; side++) flux = (PetscBool)(flux || s->flux[side]);
  layers    = (sources.top ? 1 : 0) + (sources.n > (sources.top ? 1 : 0) ? 1 : 0);
  s->fields = HEAT_SWEEP_FIELDS + (sources.n == 1 && !flux && !exchange ? 1 : 2 * layers) +
              (exchange ? HEAT_SWEEP_EXCHANGE_FIELDS : 0);
  PetscCall(VariesByPlace(&c->exchange.ambient, stages, &ambient));
  s->alone = (PetscBool)(ambient || (stages && (sources.n > 0 || flux)) ||
                         (sources.n > 0 && !sources.factor));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set the depth of deep halo exchanges of an explicit scheme whose coefficients allow them. */
static PetscErrorCode FindDepth(const HeatCase *c, const HeatLayout *layout, HeatModelSteps *s)
{
  const PetscBool stages = s->stages > 0 ? PETSC_TRUE : PETSC_FALSE;
  PetscInt        most;

  PetscFunctionBeginUser;
  PetscCall(TakesSingleSteps(c, stages, s));
  PetscCall(HeatOperatorStepsWanted(stages, &most));
  if (!s->alone) s->deep = HeatFrameDepth(layout, most);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Find the numbers of steps between rows of history.csv, snapshots and checkpoints in a run of n
   steps, 0 where there are none.  Each snapshot and each checkpoint comes with a row, and each row
   ends steps that are taken at once (app/run/schedule.h).  Return false if they are not known. */
static PetscBool FindPauses(const HeatCase *c, PetscInt64 n, PetscInt64 every[HEAT_MODEL_PAUSES])
{
  const PetscReal width[2] = {c->output.history_interval, c->output.snapshots_interval};

  every[0] = c->output.history_every;
  every[1] = c->output.snapshots_every;
  every[2] = c->checkpoint.every;
  for (int k = 0; k < 2; k++) {
    if (width[k] <= 0.0) continue;
    if (c->time.step <= 0.0) return PETSC_FALSE;
    every[k] = (PetscInt64)PetscFloorReal(width[k] / c->time.step + 0.5);
  }
  if (every[0] == 0) every[0] = HeatTimeGridRowEvery((PetscReal)n);
  return PETSC_TRUE;
}

/* Set the number and depth of the halo exchanges of ftcs. */
static PetscErrorCode FtcsSteps(const HeatCase *c, const HeatLayout *layout, HeatModelSteps *s)
{
  PetscFunctionBeginUser;
  /* If the number of steps is not known, every step has a row, so that no deep exchange is
     predicted. */
  if (!FindPauses(c, s->steps, s->every) || (s->steps < 0 && c->output.history_every == 0))
    s->every[0] = 1;
  if (s->every[0] != 1) PetscCall(FindDepth(c, layout, s));
  s->exchanges = s->deep ? 0 : 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set the number of stages of rkl2, and the number and depth of its halo exchanges. */
static PetscErrorCode Rkl2Steps(const HeatCase *c, const HeatModelBody *body,
                                const HeatLayout *layout, HeatModelSteps *s)
{
  PetscFunctionBeginUser;
  s->stages = c->time.step > 0.0 ? HeatRkl2Stages(c->time.step, HeatModelStableStep(c, body))
                                 : HEAT_RKL2_AUTO_STAGES;
  HeatCheck(s->stages > 0, PETSC_COMM_SELF, HEAT_ERR_INPUT,
            "time.step: a step of %g s needs more than a million stages of rkl2; take a shorter "
            "step, or an implicit scheme",
            (double)c->time.step);
  if (c->time.step > 0.0 && !KnowsLimit(c)) s->known = PETSC_FALSE;
  PetscCall(FindDepth(c, layout, s));
  s->exchanges = s->deep ? 0 : s->stages;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set the numbers of exchanges, solves and set-ups of the case's scheme. */
static PetscErrorCode SchemeSteps(const HeatCase *c, const HeatModelBody *body,
                                  const HeatLayout *layout, HeatModelSteps *s)
{
  const PetscReal rate = c->time.step > 0.0 ? 1.0 / c->time.step : 0.0;

  PetscFunctionBeginUser;
  switch (c->time.scheme) {
  case HEAT_SCHEME_FTCS: PetscCall(FtcsSteps(c, layout, s)); break;
  case HEAT_SCHEME_RKL2: PetscCall(Rkl2Steps(c, body, layout, s)); break;
  case HEAT_SCHEME_BACKWARD_EULER:
    s->exchanges = 2;
    s->solves    = 1;
    s->sigma     = rate;
    break;
  case HEAT_SCHEME_CRANK_NICOLSON:
    s->exchanges = 3;
    s->solves    = 1;
    s->sigma     = 2.0 * rate;
    break;
  case HEAT_SCHEME_BDF2: /* set-ups: at creation, for a first step of backward Euler, for bdf2 */
    s->exchanges = 2;
    s->solves    = 1;
    s->sigma     = 1.5 * rate;
    s->set_ups   = s->steps == 1 ? 2 : 3;
    break;
  case HEAT_SCHEME_ESDIRK:
    s->exchanges = 11;
    s->solves    = 5;
    s->sigma     = 4.0 * rate;
    break;
  case HEAT_SCHEME_STEADY:
    s->exchanges = 2;
    s->solves    = 1;
    break;
  case HEAT_SCHEME_TS: s->known = PETSC_FALSE; break;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscReal HeatModelStepsDeep(const HeatModelSteps *s)
{
  if (s->deep == 0) return 0.0;
  if (s->stages > 0) return (PetscReal)HeatStageExchanges(HeatStageSweeps(s->stages, s->deep));
  return 1.0 / (PetscReal)s->deep;
}

/* Return the least common multiple of two numbers of steps, at most `most`, or else 0; 0 of 0. */
static PetscInt64 CommonMultiple(PetscInt64 a, PetscInt64 b, PetscInt64 most)
{
  PetscInt64 x = a, y = b;

  if (a == 0 || b == 0) return 0;
  while (y) { /* Euclid's algorithm: x becomes the greatest common divisor */
    const PetscInt64 rest = x % y;

    x = y;
    y = rest;
  }
  return b / x > most / a ? 0 : b / x * a;
}

/* Most pauses that are visited one by one.  Chosen: some milliseconds. */
enum { MOST_PAUSES = 1000000 };

/* Count `times` times the exchanges of steps [0, n) of ftcs in sweeps, which end at pauses.  A
   single step that is left over before a pause is taken as an ordinary step, without a sweep. */
static void CountSweeps(const HeatModelSteps *s, PetscInt64 n, PetscInt64 times,
                        HeatModelExchanges *counts)
{
  for (PetscInt64 at = 0, next; at < n && times > 0; at = next) {
    next = n;
    for (int k = 0; k < HEAT_MODEL_PAUSES; k++)
      if (s->every[k] > 0) next = PetscMin(next, (at / s->every[k] + 1) * s->every[k]);
    counts->sweeps += times * ((next - at) / s->deep + ((next - at) % s->deep > 1 ? 1 : 0));
    if ((next - at) % s->deep == 1) counts->single += times;
  }
}

/* Count the exchanges of n steps of ftcs in sweeps.  The pauses repeat after the least common
   multiple of their distances. */
static void CountFtcs(const HeatModelSteps *s, PetscInt64 n, HeatModelExchanges *counts)
{
  PetscInt64 period = 1, pauses = 0;

  for (int k = 0; k < HEAT_MODEL_PAUSES; k++)
    if (s->every[k] > 0 && period > 0) period = CommonMultiple(period, s->every[k], n);
  if (period == 0) period = PetscMax(n, 1);
  for (int k = 0; k < HEAT_MODEL_PAUSES; k++)
    if (s->every[k] > 0) pauses += period / s->every[k];
  counts->known = pauses <= MOST_PAUSES ? PETSC_TRUE : PETSC_FALSE;
  if (!counts->known) return;
  CountSweeps(s, period, n / period, counts);
  CountSweeps(s, n % period, 1, counts);
  counts->deep  = counts->sweeps;
  counts->lines = n - counts->single;
}

HeatModelExchanges HeatModelStepsExchanges(const HeatModelSteps *s, PetscInt64 n)
{
  HeatModelExchanges counts = {.known = PETSC_TRUE, .single = n * s->exchanges};

  if (s->deep == 0) return counts;
  if (s->stages == 0) {
    CountFtcs(s, n, &counts);
  } else {
    const PetscInt sweeps = HeatStageSweeps(s->stages, s->deep);

    counts.sweeps = n * sweeps;
    counts.deep   = n * HeatStageExchanges(sweeps);
    counts.lines  = n * s->stages;
  }
  return counts;
}

PetscInt64 HeatModelHistoryRows(const HeatCase *c, PetscInt64 n)
{
  PetscInt64 every[HEAT_MODEL_PAUSES], rows = 1;

  if (n < 0 || !FindPauses(c, n, every)) return -1;
  for (int set = 1; set < 1 << HEAT_MODEL_PAUSES; set++) { /* inclusion and exclusion */
    PetscInt64 multiple = 1;
    int        members  = 0;

    for (int k = 0; k < HEAT_MODEL_PAUSES; k++) {
      if (!(set >> k & 1)) continue;
      multiple = CommonMultiple(multiple, every[k], n);
      members++;
    }
    if (multiple > 0) rows += members % 2 ? n / multiple : -(n / multiple);
  }
  for (int k = 0; k < HEAT_MODEL_PAUSES; k++)
    if (every[k] > 0 && n % every[k] == 0) return rows;
  return rows + 1;
}

PetscInt64 HeatModelInterfaceExchanges(const HeatCase *c, PetscInt64 n)
{
  PetscInt64 found = c->output.n_interfaces > 0 ? HeatModelHistoryRows(c, n) : 0;

  for (PetscInt k = 0; k < c->n_checks && found >= 0; k++)
    if (c->checks[k].between.names[0]) found++;
  return found < 0 ? -1 : found * HEAT_INTERFACE_EXCHANGES;
}

PetscErrorCode HeatModelStepsPrepare(const HeatModelSteps *s, const HeatLayout *layout,
                                     const HeatModelExchanges *counts, HeatLayoutTraffic *traffic)
{
  const HeatLayoutTraffic none = {{0, 0}, {0, 0}};
  HeatLayoutTraffic       halo;

  PetscFunctionBeginUser;
  *traffic = none;
  if (counts->sweeps == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatLayoutHalo(layout, s->deep, PETSC_TRUE, &halo));
  HeatLayoutTrafficAdd(traffic, s->fields, &halo);
  for (int side = 0; side < HEAT_SIDES; side++) {
    HeatLayoutTraffic line; /* of one step or stage */

    if (layout->periodic[side / 2]) continue;
    PetscCall(HeatLayoutAlongSide(layout, (HeatSide)side, s->deep, &line));
    for (int k = 0; k < 2; k++) {
      const PetscInt64 kinds = s->flux[side] ? 2 : 1; /* temperatures, and fluxes */

      traffic->messages[k] += kinds * counts->sweeps * line.messages[k];
      traffic->values[k] += kinds * counts->lines * line.values[k];
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatModelStepsMake(const HeatCase *c, const HeatModelBody *body,
                                  const HeatLayout *layout, HeatModelSteps *steps)
{
  const HeatModelSteps start = {.known = PETSC_TRUE, .set_ups = 1, .before = 1};
  PetscBool            nonlinear;
  TimedSources         sources;

  PetscFunctionBeginUser;
  *steps = start;
  PetscCall(CountTimed(c, &sources));
  steps->timed = sources.n > 0 ? PETSC_TRUE : PETSC_FALSE;
  PetscCall(CountSteps(c, body, &steps->steps));
  PetscCall(SchemeSteps(c, body, layout, steps));
  PetscCall(HeatNeedIsNonlinear(c, &nonlinear));
  if (nonlinear) steps->known = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}
