/* The energy account closes and survives a restart, and its relative error does not depend on the
   zero of the temperature scale. */
#include "solver_test.h"

#include "solver/measure/energy.h"

typedef struct {
  HeatScheme scheme;
  PetscReal  offset;   /* added to all temperatures [K] */
  PetscBool  exchange; /* with an ambient exchange */
  int        steps;    /* number of steps of Closes */
} Run;

/* Make 9 x 8 cells of two materials, with a source that is negative on the left and positive on the
   right, and four kinds of sides. */
static HeatCase *Make(const void *context)
{
  const Run *run = context;
  HeatCase  *c   = HeatTestCase(9, 8, 0.9, 0.8, (HeatTestMaterial){2.0, 0.5, 3.0, 4.0});
  char       text[64];

  c->time.scheme = run->scheme;
  HeatTestAddMaterial(c, (HeatTestMaterial){20.0, 10.0, 1.0, 3.0});
  HeatTestRectangle(c, 1, 0.2, 0.6, 0.3, 0.7);
  snprintf(text, sizeof text, "%g + 5 + y + t", run->offset);
  HeatTestTemperature(c, HEAT_LEFT, text);
  HeatTestFlux(c, HEAT_RIGHT, "3 - t");
  snprintf(text, sizeof text, "%g + 7 + 10*t", run->offset);
  HeatTestConvection(c, HEAT_TOP, "4", text);
  HeatTestText(&c->source, "100*(x - 0.4)*(t + 1)");
  if (run->exchange) {
    HeatTestText(&c->exchange.coefficient, "90*y");
    snprintf(text, sizeof text, "%g + 3*x", run->offset);
    HeatTestText(&c->exchange.ambient, text);
    HeatTestText(&c->source, "100*(x - 0.4)"); /* fixed, as rkl2's sums of the exchange need it */
    HeatTestFlux(c, HEAT_RIGHT, "3");
  }
  c->solver.tolerance = 1e-13;
  OK(PetscFree(c->solver.preconditioner));
  OK(PetscStrallocpy("jacobi", &c->solver.preconditioner));
  return c;
}

/* Below ftcs's limit in the stricter material, 2*3/(4 (20 + 10)/0.01) = 0.0005 s. */
static const PetscReal Dt = 0.0004;

static Vec Initial(const HeatProblem *p)
{
  PetscReal *values = HeatTestNoiseArray(p->g, 3);
  Vec        T;

  for (size_t k = 0; k < HeatGridLocalCells(p->g); k++) {
    values[k] += ((const Run *)p->context)->offset;
  }
  T = HeatTestVec(p->g, values);
  OK(PetscFree(values));
  return T;
}

static void StartWith(HeatEnergy *e, const HeatProblem *p, Vec T)
{
  const PetscReal *values;

  OK(VecGetArrayRead(T, &values));
  OK(HeatEnergyStart(e, p->op, values));
  OK(VecRestoreArrayRead(T, &values));
}

static HeatEnergyReport CloseWith(const HeatEnergy *e, const HeatProblem *p, Vec T,
                                  PetscBool steady)
{
  const PetscReal *values;
  HeatEnergyReport report;

  OK(VecGetArrayRead(T, &values));
  OK(HeatEnergyClose(e, p->op, values, steady, &report));
  OK(VecRestoreArrayRead(T, &values));
  return report;
}

static void Advance(HeatEnergy *e, HeatStepper *stepper, int first, int steps, Vec *T)
{
  for (int k = first; k < first + steps; k++) {
    HeatStepInfo info;

    OK(HeatStepperAdvance(stepper, k * Dt, Dt, T, &info));
    HeatEnergyAddStep(e, &info);
  }
}

/* ------- closing ------- */

static PetscReal Closes(HeatProblem *p)
{
  const Run       *run = p->context;
  Vec              T   = Initial(p);
  HeatStepper     *stepper;
  HeatEnergy       e;
  HeatEnergyReport r;
  PetscReal        sum;

  StartWith(&e, p, T);
  OK(HeatStepperCreate(p->op, Dt, &stepper));
  Advance(&e, stepper, 0, run->steps, &T);
  r   = CloseWith(&e, p, T, PETSC_FALSE);
  sum = r.stored - r.stored_initial - r.source - r.exchange;
  for (int s = 0; s < HEAT_SIDES; s++) sum -= r.side[s];
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  if (fabs(sum - r.error) > 1e-12) return INFINITY; /* the error is defined by this sum */
  if (!(fabs(r.stored - r.stored_initial) > 1e-3)) return INFINITY; /* heat was turned over */
  if (run->exchange && !(fabs(r.exchange) > 1e-3)) return INFINITY;
  return r.relative;
}

/* The turnover is of order 1 J/m.  The account closes to rounding with ftcs and rkl2, and to the
   solver's tolerance of 1e-13 with the other schemes. */
static void account_of_every_scheme_closes(void **state)
{
  const Run runs[6] = {{HEAT_SCHEME_FTCS, 0.0, PETSC_FALSE, 5},
                       {HEAT_SCHEME_RKL2, 0.0, PETSC_FALSE, 5},
                       {HEAT_SCHEME_BACKWARD_EULER, 0.0, PETSC_FALSE, 5},
                       {HEAT_SCHEME_CRANK_NICOLSON, 0.0, PETSC_FALSE, 5},
                       {HEAT_SCHEME_BDF2, 0.0, PETSC_FALSE, 5},
                       {HEAT_SCHEME_ESDIRK, 0.0, PETSC_FALSE, 5}};

  (void)state;
  for (int k = 0; k < 6; k++) AT_MOST(HeatTestLayouts(Make, Closes, &runs[k]), 1e-12);
}

/* The heat of the ambient exchange is summed cell by cell over many steps.  An account of steps
   that are all settled has the heat of the others as well, and 300 steps are more than are settled
   at once. */
static void account_of_the_ambient_exchange_closes(void **state)
{
  const Run runs[] = {{HEAT_SCHEME_FTCS, 0.0, PETSC_TRUE, 5},
                      {HEAT_SCHEME_FTCS, 0.0, PETSC_TRUE, HEAT_EXCHANGE_TERMS},
                      {HEAT_SCHEME_FTCS, 20.0, PETSC_TRUE, 300},
                      {HEAT_SCHEME_RKL2, 0.0, PETSC_TRUE, 5},
                      {HEAT_SCHEME_RKL2, 20.0, PETSC_TRUE, 300},
                      {HEAT_SCHEME_BACKWARD_EULER, 0.0, PETSC_TRUE, 5}};

  (void)state;
  for (size_t k = 0; k < sizeof runs / sizeof runs[0]; k++)
    AT_MOST(HeatTestLayouts(Make, Closes, &runs[k]), 1e-12);
}

/* At 1e4 K a cell stores a thousand times the heat that it turns over.  Exact sums lose nothing
   of the small differences. */
static void account_closes_far_from_the_zero_of_the_scale(void **state)
{
  const Run run = {HEAT_SCHEME_FTCS, 1e4, PETSC_FALSE, 5};

  (void)state;
  AT_MOST(HeatTestLayouts(Make, Closes, &run), 1e-9);
}

/* Return how much the heat of the ambient exchange over six steps differs from the sum of the heat
   flows of each step, relative to it.  The length of the step changes on the way. */
static PetscReal ExchangeApart(HeatProblem *p)
{
  const PetscReal  lengths[6] = {Dt, Dt, 0.5 * Dt, 0.5 * Dt, 0.25 * Dt, Dt};
  PetscReal        exact = 0.0, magnitudes = 0.0, t = 0.0;
  Vec              T = Initial(p);
  HeatStepper     *stepper;
  HeatEnergy       e;
  HeatEnergyReport r;

  StartWith(&e, p, T);
  OK(HeatStepperCreate(p->op, Dt, &stepper));
  for (int k = 0; k < 6; k++) {
    const PetscReal *values;
    HeatStepInfo     info;
    HeatFlows        all, beside;

    OK(HeatOperatorSetTime(p->op, t));
    OK(VecGetArrayRead(T, &values));
    OK(HeatOperatorFlows(p->op, values, &all));
    OK(HeatOperatorFlowsBesideExchange(p->op, values, &beside));
    OK(VecRestoreArrayRead(T, &values));
    exact += lengths[k] * HeatTestReduceExact(p->g->comm, &all.sum[HEAT_FLOW_EXCHANGE]);
    magnitudes += lengths[k] * HeatTestReduceExact(p->g->comm, &beside.sum[HEAT_FLOW_TURNOVER]);
    OK(HeatStepperAdvance(stepper, t, lengths[k], &T, &info));
    HeatEnergyAddStep(&e, &info);
    t += lengths[k];
  }
  r = CloseWith(&e, p, T, PETSC_FALSE);
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  if (!(r.turnover > magnitudes)) return INFINITY; /* it counts the exchange, too */
  return fabs(r.exchange / exact - 1.0);
}

static void heat_of_the_ambient_exchange_is_that_of_all_steps(void **state)
{
  const Run run = {HEAT_SCHEME_FTCS, 0.0, PETSC_TRUE, 5};

  (void)state;
  AT_MOST(HeatTestLayouts(Make, ExchangeApart, &run), 1e-13);
}

static PetscReal StoredIsContent(HeatProblem *p)
{
  PetscReal       *T = HeatTestLinearArray(p->g, 1.0, 2.0, 3.0), exact = 0.0;
  HeatEnergyReport r;
  HeatEnergy       e;

  OK(HeatEnergyStart(&e, p->op, T));
  for (size_t k = 0; k < HeatGridLocalCells(p->g); k++) {
    exact += HeatOperatorCapacityAt(p->op, k) * T[k];
    T[k] *= 2.0;
  }
  exact = HeatTestSum(p->g->comm, exact);
  OK(HeatEnergyClose(&e, p->op, T, PETSC_FALSE, &r));
  OK(PetscFree(T));
  return HeatTestMax(fabs(r.stored_initial / exact - 1.0), fabs(r.stored / exact - 2.0));
}

static void stored_heat_is_capacity_times_temperature(void **state)
{
  const Run run = {HEAT_SCHEME_FTCS, 0.0, PETSC_FALSE, 5};

  (void)state;
  AT_MOST(HeatTestLayouts(Make, StoredIsContent, &run), 1e-13);
}

/* ------- the relative error ------- */

/* Return the relative error that is reported after three steps when one cell loses one kelvin. */
static PetscReal ReportedLoss(const Run *run)
{
  HeatProblem      p = HeatTestSetUp(PETSC_COMM_WORLD, Make(run));
  HeatStepper     *stepper;
  HeatEnergy       e;
  HeatEnergyReport r;
  PetscReal       *values;
  Vec              T;

  p.context = run;
  T         = Initial(&p);
  StartWith(&e, &p, T);
  OK(HeatStepperCreate(p.op, Dt, &stepper));
  Advance(&e, stepper, 0, 3, &T);
  OK(VecGetArray(T, &values));
  if (p.g->rank == 0) values[0] -= 1.0;
  OK(VecRestoreArray(T, &values));
  r = CloseWith(&e, &p, T, PETSC_FALSE);
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  HeatTestTearDown(&p);
  return r.relative;
}

static void relative_error_does_not_depend_on_the_zero_of_the_temperature(void **state)
{
  const Run celsius = {HEAT_SCHEME_FTCS, 0.0, PETSC_FALSE, 5},
            kelvin  = {HEAT_SCHEME_FTCS, 273.15, PETSC_FALSE, 5};
  const PetscReal a = ReportedLoss(&celsius), b = ReportedLoss(&kelvin);

  (void)state;
  ALL(a > 1e-4 && a < 1.0); /* the loss is visible */
  AT_MOST(fabs(a / b - 1.0), 1e-9);
}

static HeatCase *MakeClosed(const void *context)
{
  return (void)context, HeatTestCase(9, 8, 0.9, 0.8, (HeatTestMaterial){2.0, 0.5, 3.0, 4.0});
}

static PetscReal AtRest(HeatProblem *p)
{
  PetscReal       *T = HeatTestLinearArray(p->g, 293.15, 0.0, 0.0);
  HeatEnergyReport r;
  HeatEnergy       e;

  OK(HeatEnergyStart(&e, p->op, T));
  OK(HeatEnergyClose(&e, p->op, T, PETSC_FALSE, &r));
  OK(PetscFree(T));
  return r.relative == r.relative ? fabs(r.relative) : INFINITY;
}

static void account_of_a_body_at_rest_has_no_error(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeClosed, AtRest, NULL), 0.0);
}

static HeatFlows OwnFlows(PetscReal own, const PetscReal heat[HEAT_FLOWS])
{
  HeatFlows flows = {0};

  for (int k = 0; k < HEAT_FLOWS; k++) HeatExactSumAdd(&flows.sum[k], own * heat[k]);
  return flows;
}

/* In a steady state only the heat flows are balanced.  First 3 W/m enter, 2 leave and a sink
   takes 1: no error of a turnover of 6.  Then 3 W/m more leave through the top: an error of 3 of
   a turnover of 12. */
static PetscReal SteadyBalance(HeatProblem *p)
{
  PetscReal       *T     = HeatTestLinearArray(p->g, 293.15, 1.0, 0.0);
  const PetscReal  own   = 1.0 / (PetscReal)p->g->size;
  HeatFlows        flows = OwnFlows(own, (const PetscReal[]){3.0, -2.0, 0.0, 0.0, -1.0, 0.0, 6.0});
  HeatEnergyReport r;
  HeatEnergy       e;
  PetscReal        worst;

  OK(HeatEnergyStart(&e, p->op, T));
  HeatEnergyAdd(&e, &flows, 1.0);
  for (size_t k = 0; k < HeatGridLocalCells(p->g); k++)
    T[k] += 5.0; /* stored heat does not count */
  OK(HeatEnergyClose(&e, p->op, T, PETSC_TRUE, &r));
  worst = fabs(r.relative);
  flows = OwnFlows(own, (const PetscReal[]){0.0, 0.0, 0.0, -3.0, 0.0, 0.0, 6.0});
  HeatEnergyAdd(&e, &flows, 1.0);
  OK(HeatEnergyClose(&e, p->op, T, PETSC_TRUE, &r));
  worst = HeatTestMax(worst, fabs(r.error + 3.0));
  worst = HeatTestMax(worst, fabs(r.relative - 0.25)); /* 3 of 12 W/m */
  worst = HeatTestMax(worst, fabs(r.side[HEAT_TOP] + 3.0));
  OK(PetscFree(T));
  return worst;
}

static void steady_account_balances_flows_alone(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeClosed, SteadyBalance, NULL), 1e-14);
}

/* ------- restarts ------- */

static PetscReal SavedIsLoaded(HeatProblem *p)
{
  Vec          T = Initial(p);
  HeatStepper *stepper;
  HeatEnergy   e, restarted;
  PetscReal    sums[HEAT_ENERGY_SUMS], again[HEAT_ENERGY_SUMS], worst = 0.0;

  StartWith(&e, p, T);
  OK(HeatStepperCreate(p->op, Dt, &stepper));
  Advance(&e, stepper, 0, 3, &T);
  OK(HeatEnergySave(&e, p->op, sums));
  HeatEnergyLoad(&restarted, p->op, sums);
  OK(HeatEnergySave(&restarted, p->op, again));
  for (int k = 0; k < HEAT_ENERGY_SUMS; k++) worst += again[k] != sums[k];
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  return worst;
}

static void sums_that_were_loaded_are_saved_again_to_the_last_bit(void **state)
{
  const Run run = {HEAT_SCHEME_FTCS, 0.0, PETSC_FALSE, 5};

  (void)state;
  AT_MOST(HeatTestLayouts(Make, SavedIsLoaded, &run), 0.0);
}

/* Compare the account of six steps with one that is saved and loaded after steps two and four. */
static PetscReal RestartedIsWhole(HeatProblem *p)
{
  Vec              T = Initial(p);
  HeatStepper     *stepper;
  HeatEnergy       whole, parts;
  HeatEnergyReport a, b;
  PetscReal        worst;

  StartWith(&whole, p, T);
  parts = whole;
  OK(HeatStepperCreate(p->op, Dt, &stepper));
  for (int k = 0; k < 6; k++) {
    HeatStepInfo info;
    PetscReal    sums[HEAT_ENERGY_SUMS];

    OK(HeatStepperAdvance(stepper, k * Dt, Dt, &T, &info));
    HeatEnergyAddStep(&whole, &info);
    HeatEnergyAddStep(&parts, &info);
    if (k != 1 && k != 3) continue;
    OK(HeatEnergySave(&parts, p->op, sums));
    HeatEnergyLoad(&parts, p->op, sums);
  }
  a     = CloseWith(&whole, p, T, PETSC_FALSE);
  b     = CloseWith(&parts, p, T, PETSC_FALSE);
  worst = fabs(a.source - b.source);
  for (int s = 0; s < HEAT_SIDES; s++) worst = HeatTestMax(worst, fabs(a.side[s] - b.side[s]));
  worst = HeatTestMax(worst, fabs(a.stored_initial - b.stored_initial));
  worst = HeatTestMax(worst, fabs(a.relative - b.relative));
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  return worst;
}

static void restarts_do_not_show_in_the_account(void **state)
{
  const Run run      = {HEAT_SCHEME_FTCS, 0.0, PETSC_FALSE, 5},
            exchange = {HEAT_SCHEME_FTCS, 0.0, PETSC_TRUE, 5};

  (void)state;
  AT_MOST(HeatTestLayouts(Make, RestartedIsWhole, &run), 0.0);
  AT_MOST(HeatTestLayouts(Make, RestartedIsWhole, &exchange), 0.0);
}

/* Return how much the heat of the ambient exchange over six steps changes if the account is given,
   after the fourth step, to an operator that does not sum such heat. */
static PetscReal OtherSchemesAccount(HeatProblem *p)
{
  Vec                     T = Initial(p);
  const HeatExchangeHeat *heat;
  HeatOperator           *other;
  HeatStepper            *stepper;
  HeatEnergy              e, given;
  HeatEnergyReport        a, b;
  const PetscReal        *values;
  PetscReal               sums[HEAT_ENERGY_SUMS];

  StartWith(&e, p, T);
  OK(HeatOperatorCreate(p->g, p->c, NULL, &other));
  OK(HeatStepperCreate(p->op, Dt, &stepper));
  Advance(&e, stepper, 0, 4, &T);
  a    = CloseWith(&e, p, T, PETSC_FALSE);
  heat = HeatOperatorExchangeHeat(p->op);
  OK(HeatEnergySave(&e, p->op, sums));
  HeatEnergyLoad(&given, other, sums);
  OK(HeatEnergyLoadExchange(&given, other, heat->cells, heat->terms, heat->dt));
  OK(VecGetArrayRead(T, &values));
  OK(HeatEnergyClose(&given, other, values, PETSC_FALSE, &b));
  OK(VecRestoreArrayRead(T, &values));
  OK(HeatStepperDestroy(&stepper));
  OK(HeatOperatorDestroy(&other));
  OK(VecDestroy(&T));
  return fabs(a.exchange) > 1e-3 ? fabs(a.exchange - b.exchange) + fabs(a.turnover - b.turnover)
                                 : INFINITY;
}

static void unsettled_heat_is_given_to_another_scheme(void **state)
{
  const Run run = {HEAT_SCHEME_FTCS, 0.0, PETSC_TRUE, 5};

  (void)state;
  AT_MOST(HeatTestLayouts(Make, OtherSchemesAccount, &run), 0.0);
}

static void sums_have_names_that_differ(void **state)
{
  (void)state;
  for (int a = 0; a < HEAT_ENERGY_SUMS; a++) {
    assert_non_null(HeatEnergySumNames[a]);
    for (int b = 0; b < a; b++)
      assert_string_not_equal(HeatEnergySumNames[a], HeatEnergySumNames[b]);
  }
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(account_of_every_scheme_closes),
    cmocka_unit_test(account_of_the_ambient_exchange_closes),
    cmocka_unit_test(heat_of_the_ambient_exchange_is_that_of_all_steps),
    cmocka_unit_test(account_closes_far_from_the_zero_of_the_scale),
    cmocka_unit_test(stored_heat_is_capacity_times_temperature),
    cmocka_unit_test(relative_error_does_not_depend_on_the_zero_of_the_temperature),
    cmocka_unit_test(account_of_a_body_at_rest_has_no_error),
    cmocka_unit_test(steady_account_balances_flows_alone),
    cmocka_unit_test(sums_that_were_loaded_are_saved_again_to_the_last_bit),
    cmocka_unit_test(restarts_do_not_show_in_the_account),
    cmocka_unit_test(unsettled_heat_is_given_to_another_scheme),
    cmocka_unit_test(sums_have_names_that_differ),
};

int main(void) { return RUN_TESTS(Tests); }
