/* Judging a state (see the header).
 *
 * Balance: the account's error may not have changed since this process began by more than
 *     bound * turnover + 10 sqrt(N) * leak + 16 epsilon * n * (1 + dt/dt_explicit) * sum(C) * max |T|
 * after n steps on N cells.  The bound is 1e-6 for `auto`; explicit and well solved steps stay below
 * 1e-9.  The leak is what the solves did not solve, the sum of dt ||r|| over all of them: a residual
 * is heat that the account misses, and |sum r| <= sqrt(N) ||r||.  The last term is what rounding can
 * do to the stored heat: no solve can leave less than a rounding of its largest terms, which are
 * dt/dt_explicit times the stored heat.  The trapezoidal account of ts:TYPE is none to judge by, and
 * a steady state has no stored heat.
 *
 * Extremes: without sources and without given fluxes the temperature stays between the lowest and
 * the highest of the field at the start, the sides and the ambients, R apart.  The schemes that obey
 * this, ftcs and backward-euler, may be beyond by R/10, the others overshoot, and may by 10 R; each
 * solve by its dt ||r|| / min C besides.  Expressions would have to be searched for their extremes:
 * with one on a side or as an ambient the rule is not used.
 *
 * Everything is computed from numbers that are the same on all ranks, so all come to one verdict. */
#include "app/run/health.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "app/run/survey.h"
#include "solver/base/exact_sum.h"

/* The bounds. */

/* [J/m] by which the account may have moved since the start. */
static PetscReal AllowedError(const HeatSimulation *sim)
{
  const HeatHealth *h     = &sim->health;
  const PetscReal   bound = sim->c->limits.balance > 0.0 ? sim->c->limits.balance : 1e-6;
  const PetscReal   cells = (PetscReal)sim->grid->nx * (PetscReal)sim->grid->ny;
  const PetscReal   steps = (PetscReal)(sim->clock.step - sim->first_step + 1);
  const PetscReal   stiff = 1.0 + sim->clock.longest / h->stable_step;

  return bound * sim->account.turnover + 10.0 * PetscSqrtReal(cells) * h->leak +
         16.0 * PETSC_MACHINE_EPSILON * steps * stiff * h->capacity * h->magnitude;
}

/* [K] by which a temperature may lie beyond low and high. */
static PetscReal Margin(const HeatSimulation *sim)
{
  const HeatHealth *h      = &sim->health;
  const HeatScheme  scheme = sim->c->time.scheme;
  const PetscBool   strict = scheme == HEAT_SCHEME_FTCS || scheme == HEAT_SCHEME_BACKWARD_EULER
                                 ? PETSC_TRUE
                                 : PETSC_FALSE;

  return (strict ? 0.1 : 10.0) * (h->high - h->low) + h->leak / h->least +
         1e-6 * PetscMax(PetscAbsReal(h->low), PetscAbsReal(h->high));
}

/* Where the maximum principle holds. */

static void Include(HeatHealth *h, PetscReal value)
{
  h->low  = PetscMin(h->low, value);
  h->high = PetscMax(h->high, value);
}

/* A temperature from outside; false where its values are not at hand. */
static PetscBool IncludeOutside(HeatHealth *h, const HeatFormula *formula, const HeatSeries *table)
{
  if (table && table->file) {
    for (PetscInt k = 0; k < table->n; k++) Include(h, table->value[k]);
    return PETSC_TRUE;
  }
  if (!formula->given || formula->text) return PETSC_FALSE;
  Include(h, formula->value);
  return PETSC_TRUE;
}

static PetscBool IncludeSegment(HeatHealth *h, const HeatSegment *s)
{
  switch (s->type) {
  case HEAT_BC_INSULATED:
  case HEAT_BC_PERIODIC: return PETSC_TRUE;
  case HEAT_BC_TEMPERATURE: return IncludeOutside(h, &s->value, &s->table);
  case HEAT_BC_CONVECTION:
  case HEAT_BC_RADIATION: return IncludeOutside(h, &s->ambient, &s->table);
  case HEAT_BC_FLUX: break;
  }
  return PETSC_FALSE;
}

static PetscBool HasSource(const HeatCase *c)
{
  PetscBool has = c->source.given;

  for (PetscInt k = 0; k < c->n_regions; k++) has = has || c->regions[k].source.given;
  return has;
}

static PetscBool PrincipleHolds(const HeatCase *c, HeatHealth *h)
{
  PetscBool holds = c->limits.extremes && !HasSource(c) && c->time.scheme != HEAT_SCHEME_STEADY
                        ? PETSC_TRUE
                        : PETSC_FALSE;

  if (c->exchange.coefficient.given) holds = holds && IncludeOutside(h, &c->exchange.ambient, NULL);
  for (int side = 0; side < HEAT_SIDES; side++) {
    for (PetscInt k = 0; k < c->boundary[side].n; k++)
      holds = holds && IncludeSegment(h, &c->boundary[side].segments[k]);
  }
  return holds;
}

/* The verdict. */

static void Condemn(HeatSimulation *sim, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void Condemn(HeatSimulation *sim, const char *format, ...)
{
  HeatHealth *h = &sim->health;
  va_list     arguments;
  int         n = snprintf(h->what, sizeof h->what,
                           "step %" PetscInt64_FMT " (t = %g s): ", sim->clock.step,
                           (double)sim->clock.time);

  h->bad = PETSC_TRUE;
  va_start(arguments, format);
  (void)vsnprintf(h->what + n, sizeof h->what - (size_t)n, format, arguments);
  va_end(arguments);
}

static void JudgeBalance(HeatSimulation *sim)
{
  const HeatHealth *h       = &sim->health;
  const PetscReal   moved   = PetscAbsReal(sim->account.error - h->error_start);
  const PetscReal   allowed = AllowedError(sim);

  if (!h->has_balance || h->bad || moved <= allowed) return;
  Condemn(sim,
          "the energy balance is off by %.3g J/m, beyond %.3g J/m (limits.balance): the state is "
          "corrupted",
          (double)moved, (double)allowed);
}

static void JudgeExtremes(HeatSimulation *sim, const char *of, const HeatSummary *summary)
{
  const HeatHealth *h      = &sim->health;
  const PetscReal   margin = Margin(sim);

  if (h->low > h->high || h->bad) return;
  if (!(summary->max <= h->high + margin))
    Condemn(sim,
            "the highest temperature%s is %.6g, beyond %.6g and a margin of %.3g "
            "(limits.extremes): the state is corrupted",
            of, (double)summary->max, (double)h->high, (double)margin);
  else if (!(summary->min >= h->low - margin))
    Condemn(sim,
            "the lowest temperature%s is %.6g, beyond %.6g and a margin of %.3g "
            "(limits.extremes): the state is corrupted",
            of, (double)summary->min, (double)h->low, (double)margin);
}

static void JudgeFinite(HeatSimulation *sim, const char *of, const HeatSummary *summary)
{
  if (sim->health.bad || summary->non_finite == 0) return;
  Condemn(sim,
          "%" PetscInt64_FMT
          " cells%s are not finite (0 are allowed); the state cannot be used or checkpointed",
          summary->non_finite, of);
}

/* What the scheme remembers. */

/* By how much the heat since a remembered field differs from that between it and T [J/m]. */
static PetscErrorCode Missing(HeatSimulation *sim, const PetscReal *T, const PetscReal *before,
                              PetscReal came_in, PetscReal *missing)
{
  const PetscReal *C       = HeatOperatorCapacity(sim->op);
  const size_t     n       = HeatGridLocalCells(sim->grid);
  HeatExactSum     sums[2] = {0};
  PetscReal        stored[2];

  PetscFunctionBeginUser;
  HeatExactSumAddProducts(&sums[0], n, C, T);
  HeatExactSumAddProducts(&sums[1], n, C, before);
  PetscCall(HeatExactSumReduce(sim->grid->comm, 2, sums, stored));
  *missing = PetscAbsReal((stored[0] - stored[1]) - came_in);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode JudgeRemembered(HeatSimulation *sim, const PetscReal *T,
                                      const HeatStepperMemory *memory, PetscInt k)
{
  const PetscReal  allowed = AllowedError(sim);
  const PetscReal *before;
  PetscReal        missing = 0.0;
  HeatSummary      summary;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(memory->fields[k], &before));
  PetscCall(HeatDiagnosticsSummary(sim->op, before, &summary));
  if (sim->health.has_balance) PetscCall(Missing(sim, T, before, memory->came_in[k], &missing));
  PetscCall(VecRestoreArrayRead(memory->fields[k], &before));
  JudgeFinite(sim, " that the scheme remembers", &summary);
  JudgeExtremes(sim, " that the scheme remembers", &summary);
  if (sim->health.bad || missing <= allowed) PetscFunctionReturn(PETSC_SUCCESS);
  Condemn(sim,
          "the energy balance since a field that the scheme remembers is off by %.3g J/m, beyond "
          "%.3g J/m (limits.balance): the state is corrupted",
          (double)missing, (double)allowed);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode JudgeMemory(HeatSimulation *sim, const PetscReal *T)
{
  HeatStepperMemory memory;

  PetscFunctionBeginUser;
  PetscCall(HeatStepperSave(sim->stepper, &memory));
  for (PetscInt k = 0; k < memory.n_fields && !sim->health.bad; k++)
    PetscCall(JudgeRemembered(sim, T, &memory, k));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHealthJudge(HeatSimulation *sim, const PetscReal *T)
{
  HeatHealth *h = &sim->health;

  PetscFunctionBeginUser;
  h->bad = PETSC_FALSE;
  JudgeFinite(sim, "", &sim->summary);
  JudgeExtremes(sim, "", &sim->summary);
  JudgeBalance(sim);
  if (!h->bad) PetscCall(JudgeMemory(sim, T));
  if (h->bad) PetscFunctionReturn(PETSC_SUCCESS);
  h->good_step = sim->clock.step;
  h->magnitude = PetscMax(h->magnitude,
                          PetscMax(PetscAbsReal(sim->summary.min), PetscAbsReal(sim->summary.max)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHealthLook(HeatSimulation *sim)
{
  const PetscReal *T;

  PetscFunctionBeginUser;
  if (sim->health.good_step == sim->clock.step || sim->health.bad)
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecGetArrayRead(sim->T, &T));
  PetscCall(HeatSurveyTake(sim, T));
  PetscCall(HeatHealthJudge(sim, T));
  PetscCall(VecRestoreArrayRead(sim->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatHealthStep(HeatSimulation *sim)
{
  sim->health.leak += sim->last_step.dt * sim->last_step.solve.left;
}

void HeatHealthCheckpointed(HeatSimulation *sim, PetscInt64 step, const HeatEnergy *energy)
{
  HeatHealth *h = &sim->health;

  if (h->first_checkpoint < 0) h->first_checkpoint = step;
  h->kept      = *energy;
  h->kept_step = step;
}

/* The start. */

/* What a scheme remembers need not fit a case that was changed for the restart: its account is then
   none to judge by. */
static PetscErrorCode MemoryFits(HeatSimulation *sim, const PetscReal *T, PetscBool *fits)
{
  const PetscReal   small = 0.01; /* of what is allowed */
  HeatStepperMemory memory;

  PetscFunctionBeginUser;
  *fits = PETSC_TRUE;
  PetscCall(HeatStepperSave(sim->stepper, &memory));
  for (PetscInt k = 0; k < memory.n_fields; k++) {
    const PetscReal *before;
    PetscReal        missing;

    PetscCall(VecGetArrayRead(memory.fields[k], &before));
    PetscCall(Missing(sim, T, before, memory.came_in[k], &missing));
    PetscCall(VecRestoreArrayRead(memory.fields[k], &before));
    if (!(missing <= small * AllowedError(sim))) *fits = PETSC_FALSE;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode StartBalance(HeatSimulation *sim, const PetscReal *T)
{
  HeatHealth      *h   = &sim->health;
  const HeatScheme s   = sim->c->time.scheme;
  const size_t     n   = HeatGridLocalCells(sim->grid);
  const PetscReal *C   = HeatOperatorCapacity(sim->op);
  HeatExactSum     sum = {0};

  PetscFunctionBeginUser;
  HeatExactSumAddArray(&sum, n, C);
  PetscCall(HeatExactSumReduce(sim->grid->comm, 1, &sum, &h->capacity));
  PetscCall(HeatOperatorStableStep(sim->op, &h->stable_step));
  h->least = PETSC_MAX_REAL;
  for (size_t cell = 0; cell < n; cell++) h->least = PetscMin(h->least, C[cell]);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &h->least, 1, MPIU_REAL, MPIU_MIN, sim->grid->comm));
  h->error_start = sim->account.error;
  if (sim->c->limits.balance == 0.0 || s == HEAT_SCHEME_STEADY || s == HEAT_SCHEME_TS)
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(MemoryFits(sim, T, &h->has_balance));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHealthStart(HeatSimulation *sim)
{
  HeatHealth      *h = &sim->health;
  const PetscReal *T;

  PetscFunctionBeginUser;
  h->good_step = h->first_checkpoint = h->kept_step = -1;
  PetscCall(VecGetArrayRead(sim->T, &T));
  PetscCall(HeatSurveyTake(sim, T));
  h->low       = sim->summary.min;
  h->high      = sim->summary.max;
  h->magnitude = PetscMax(PetscAbsReal(h->low), PetscAbsReal(h->high));
  PetscCall(StartBalance(sim, T));
  PetscCall(VecRestoreArrayRead(sim->T, &T));
  if (!PrincipleHolds(sim->c, h)) {
    h->low  = 1.0;
    h->high = -1.0;
  }
  if (!sim->restarted_from[0]) PetscFunctionReturn(PETSC_SUCCESS);
  h->kept      = sim->energy;
  h->kept_step = sim->first_step;
  PetscFunctionReturn(PETSC_SUCCESS);
}
