/* Ambient exchange: the heat that the sheet exchanges with what is above and below it, E (T_a -
   T). */
#include "solver_test.h"

#include "solver/physics/ambient_exchange.h"

/* Make 8 x 5 cells of 0.1 x 0.2 m. */
static HeatCase *Blank(const void *context)
{
  return (void)context, HeatTestCase(8, 5, 0.8, 1.0, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});
}

static HeatCase *MakeExchange(const void *context)
{
  HeatCase *c = Blank(context);

  HeatTestText(&c->exchange.coefficient, "30 + x*y");
  HeatTestText(&c->exchange.ambient, "20 + x - t*y");
  return c;
}

/* Return the largest deviation of net heat and flows for a uniform field of 50: the ambient
   exchange is the only heat then.  It is of order 10 W/m. */
static PetscReal NetApart(HeatProblem *p, PetscReal t)
{
  const HeatGrid *g = p->g;
  PetscReal      *T = HeatTestLinearArray(g, 50.0, 0.0, 0.0), *net = HeatTestArray(g);
  PetscReal       worst = 0.0, sum = 0.0, turnover = 0.0;
  HeatFlows       flows;

  OK(HeatOperatorSetTime(p->op, t));
  OK(HeatOperatorNet(p->op, T, net));
  OK(HeatOperatorFlows(p->op, T, &flows));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const PetscReal x     = ((PetscReal)(g->xs + i) + 0.5) * 0.1;
      const PetscReal y     = ((PetscReal)(g->ys + j) + 0.5) * 0.2;
      const PetscReal exact = 0.02 * (30.0 + x * y) * (20.0 + x - t * y - 50.0);

      worst = HeatTestMax(worst, fabs(net[j * g->nxl + i] - exact));
      sum += exact;
      turnover += fabs(exact);
    }
  }
  worst = HeatTestMax(worst, fabs(HeatExactSumValue(&flows.sum[HEAT_FLOW_EXCHANGE]) - sum));
  worst = HeatTestMax(worst, fabs(HeatExactSumValue(&flows.sum[HEAT_FLOW_TURNOVER]) - turnover));
  OK(PetscFree(T));
  OK(PetscFree(net));
  return worst;
}

static PetscReal TimesApart(HeatProblem *p)
{
  const PetscReal first = NetApart(p, 0.0), later = NetApart(p, 7.0);

  return HeatTestMax(HeatTestMax(first, later), NetApart(p, 0.0));
}

static void ambient_exchange_adds_to_the_net_heat_and_the_flows(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeExchange, TimesApart, NULL), 1e-11);
}

static HeatCase *MakeResting(const void *context)
{
  HeatCase *c = Blank(context);

  HeatTestNumber(&c->exchange.coefficient, 123.0);
  HeatTestNumber(&c->exchange.ambient, 293.15);
  return c;
}

static void sheet_at_the_temperature_of_its_surroundings_rests_exactly(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeResting, HeatTestNetAtRest, NULL), 0.0);
}

/* An insulated single cell obeys C dT/dt = -E T, so the stable step is 2 C/E. */
static PetscReal StableStepApart(HeatProblem *p)
{
  PetscReal dt;

  OK(HeatOperatorStableStep(p->op, &dt));
  return fabs(dt / (2.0 / 123.0) - 1.0);
}

static HeatCase *MakeCell(const void *context)
{
  HeatCase *c = HeatTestCase(1, 1, 0.1, 0.1, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});

  (void)context;
  HeatTestNumber(&c->exchange.coefficient, 123.0);
  HeatTestNumber(&c->exchange.ambient, 0.0);
  return c;
}

static void stable_step_counts_the_ambient_exchange(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeCell, StableStepApart, NULL), 1e-14);
}

static void ambient_exchange_fixes_the_level_unless_it_is_zero(void **state)
{
  HeatCase *c = MakeResting(NULL);

  (void)state;
  assert_true(HeatBoundariesFixLevel(c));
  HeatTestNumber(&c->exchange.coefficient, 0.0);
  assert_false(HeatBoundariesFixLevel(c));
  HeatTestText(&c->exchange.coefficient, "x");
  assert_true(HeatBoundariesFixLevel(c));
  OK(HeatCaseDestroy(&c));
}

static void case_without_ambient_exchange_makes_none(void **state)
{
  HeatProblem          p = HeatTestSetUpGrid(PETSC_COMM_WORLD, Blank(NULL));
  HeatAmbientExchange *exchange;

  (void)state;
  OK(HeatAmbientExchangeCreate(p.g, p.c, &exchange));
  ALL(exchange == NULL);
  OK(HeatAmbientExchangeDestroy(&exchange));
  HeatTestTearDown(&p);
}

static void ExpectRefused(const char *coefficient, const char *ambient, const char *words)
{
  HeatCase            *c        = Blank(NULL);
  HeatAmbientExchange *exchange = NULL;

  HeatTestText(&c->exchange.coefficient, coefficient);
  HeatTestText(&c->exchange.ambient, ambient);
  HeatProblem p = HeatTestSetUpGrid(PETSC_COMM_WORLD, c);
  RAISES(HEAT_ERR_INPUT, words, HeatAmbientExchangeCreate(p.g, p.c, &exchange));
  OK(HeatAmbientExchangeDestroy(&exchange));
  HeatTestTearDown(&p);
}

/* The coefficient is negative and the ambient temperature undefined in the last column only, whose
   centre is 0.75. */
static void ambient_exchange_that_makes_no_sense_somewhere_is_refused_by_all_ranks(void **state)
{
  (void)state;
  ExpectRefused("0.7 - x", "20", "exchange.coefficient");
  ExpectRefused("1", "sqrt(0.7 - x)", "exchange.ambient");
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(ambient_exchange_adds_to_the_net_heat_and_the_flows),
    cmocka_unit_test(sheet_at_the_temperature_of_its_surroundings_rests_exactly),
    cmocka_unit_test(stable_step_counts_the_ambient_exchange),
    cmocka_unit_test(ambient_exchange_fixes_the_level_unless_it_is_zero),
    cmocka_unit_test(case_without_ambient_exchange_makes_none),
    cmocka_unit_test(ambient_exchange_that_makes_no_sense_somewhere_is_refused_by_all_ranks),
};

int main(void) { return RUN_TESTS(Tests); }
