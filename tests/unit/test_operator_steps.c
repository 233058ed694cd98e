/* Several explicit steps in one sweep, and several stages of rkl2, are compared with as many single
   ones on every layout: field and heat flows must have the same bits.  Variants have one tile or
   several, blocks with and without neighbours, and all kinds of coefficients. */
#include "solver_test.h"

#include "solver/operator/wavefront.h"

typedef enum { UNIFORM, INCLUSION, PATCHWORK, CONTACT } Material;
typedef enum { HELD, FLUX, FILM, CHANGING, PULSE, NONE, PERIODIC } Kind;

typedef struct {
  PetscInt    nx, ny;
  Material    material;
  Kind        side[HEAT_SIDES];
  const char *source; /* of the case; NULL: none */
  const char *inside; /* source of the region of INCLUSION; NULL: none */
  const char *later;  /* source of a region that covers a part of that one; NULL: none */
  const char *coefficient, *ambient; /* of an ambient exchange; NULL: none */
} Variant;

static const Variant Variants[] = {
    {67, 70, UNIFORM, {NONE, NONE, NONE, NONE}, NULL, NULL, NULL, NULL, NULL},
    {70, 67, PATCHWORK, {HELD, FILM, FLUX, CHANGING}, NULL, NULL, NULL, NULL, NULL},
    {69, 71, INCLUSION, {CHANGING, NONE, HELD, CHANGING}, "10*x - y", NULL, NULL, NULL, NULL},
    {66, 72, PATCHWORK, {PERIODIC, PERIODIC, FILM, HELD}, "x", NULL, NULL, NULL, NULL},
    {72, 66, INCLUSION, {PERIODIC, PERIODIC, PERIODIC, PERIODIC}, NULL, NULL, NULL, NULL, NULL},
    {2200, 40, PATCHWORK, {HELD, CHANGING, NONE, FILM}, NULL, NULL, NULL, NULL, NULL},
    {1590, 37, UNIFORM, {CHANGING, HELD, FILM, NONE}, NULL, NULL, NULL, NULL, NULL},
    {4200, 20, INCLUSION, {PERIODIC, PERIODIC, HELD, NONE}, "1", NULL, NULL, NULL, NULL},
    {68, 73, CONTACT, {PERIODIC, PERIODIC, HELD, FILM}, NULL, NULL, NULL, NULL, NULL},
    {33, 1, UNIFORM, {HELD, FILM, NONE, NONE}, NULL, NULL, NULL, NULL, NULL},
    {1, 40, PATCHWORK, {NONE, HELD, FILM, HELD}, NULL, NULL, NULL, NULL, NULL},
    {67, 71, UNIFORM, {NONE, HELD, NONE, NONE}, NULL, NULL, NULL, "30", "0.5"},
    {71, 66, PATCHWORK, {CHANGING, FILM, FLUX, NONE}, "x", NULL, NULL, "40*x + 7*y", "x - y"},
    {2200, 39, INCLUSION, {HELD, NONE, FILM, CHANGING}, NULL, NULL, NULL, "20*(x > 0.3)", "y"},
    {68, 74, INCLUSION, {PERIODIC, PERIODIC, HELD, FLUX}, "1", NULL, NULL, "25", "1"},
    {1, 37, PATCHWORK, {NONE, HELD, FILM, HELD}, NULL, NULL, NULL, "30", "x"},
    {68, 73, CONTACT, {PERIODIC, PERIODIC, HELD, FILM}, NULL, NULL, NULL, "30", "0.5"},
    {71, 68, UNIFORM, {HELD, NONE, FLUX, CHANGING}, "3*sin(1e4*t)", NULL, NULL, NULL, NULL},
    {66,
     70,
     PATCHWORK,
     {FLUX, FILM, FLUX, NONE},
     "-(x - 2*y)*cos(1e4*t)/(1 + t)",
     NULL,
     NULL,
     NULL,
     NULL},
    {2200, 36, INCLUSION, {HELD, FLUX, NONE, NONE}, "x", "-2*cos(1e4*t)", NULL, NULL, NULL},
    {70,
     66,
     INCLUSION,
     {PERIODIC, PERIODIC, NONE, FLUX},
     "(1e4*t > 0.3)*y",
     "x + y",
     NULL,
     NULL,
     NULL},
    {71, 69, UNIFORM, {PULSE, NONE, PULSE, PULSE}, NULL, NULL, NULL, NULL, NULL},
    {66, 68, PATCHWORK, {FLUX, PULSE, HELD, PULSE}, "x", NULL, NULL, NULL, NULL},
    {2200, 36, UNIFORM, {PULSE, PULSE, FLUX, NONE}, NULL, NULL, NULL, NULL, NULL},
    {70, 71, INCLUSION, {PERIODIC, PERIODIC, PULSE, FILM}, "cos(1e4*t)*x", NULL, NULL, NULL, NULL},
    {67, 66, INCLUSION, {HELD, PULSE, FLUX, NONE}, "x*t", "sin(1e4*t)", NULL, NULL, NULL},
    {2200,
     38,
     INCLUSION,
     {NONE, HELD, NONE, PULSE},
     "2 - x",
     "y*sin(1e4*t)",
     "3*cos(1e4*t)*x",
     NULL,
     NULL},
    {68,
     72,
     INCLUSION,
     {PERIODIC, PERIODIC, PERIODIC, PERIODIC},
     "y*t",
     "2*t",
     "x*sin(1e4*t)",
     NULL,
     NULL},
    {1, 41, UNIFORM, {PULSE, PULSE, NONE, FILM}, "x*t", NULL, NULL, NULL, NULL},
    {70, 68, UNIFORM, {PULSE, NONE, FLUX, CHANGING}, "3*sin(1e4*t)", NULL, NULL, "30", "0.5"},
    {2200, 37, PATCHWORK, {HELD, FILM, NONE, NONE}, "x*t", "2*t", NULL, "30*y", "x"},
    {66, 71, UNIFORM, {HELD, NONE, FLUX, CHANGING}, "x", NULL, NULL, "30", "sin(1e4*t)"},
    {2200, 37, CONTACT, {HELD, NONE, NONE, FILM}, "x", NULL, NULL, "30", "sin(1e4*t)"},
    {2200, 39, PATCHWORK, {PULSE, FILM, NONE, NONE}, NULL, NULL, NULL, "30*y", "1 + cos(1e4*t)"},
};
enum { N_VARIANTS = sizeof Variants / sizeof Variants[0], N_FIXED = N_VARIANTS - 17 };

static void FillSide(HeatCase *c, HeatSide side, Kind kind)
{
  if (kind == HELD) HeatTestTemperature(c, side, "3 + x - 2*y");
  else if (kind == FLUX) HeatTestFlux(c, side, "5 - 4*x*y");
  else if (kind == FILM) HeatTestConvection(c, side, "2 + x", "7 + y");
  else if (kind == CHANGING) HeatTestTemperature(c, side, "x + sin(1e4*t) - y*t");
  else if (kind == PULSE) HeatTestFlux(c, side, "(5 - 4*x*y)*cos(2e4*t)");
  else if (kind == PERIODIC) c->boundary[side].segments[0].type = HEAT_BC_PERIODIC;
}

static HeatCase *Make(const void *context)
{
  const HeatTestMaterial materials[] = {
      {1.0, 1.0, 1.0, 1.0}, {30.0, 4.0, 2.0, 3.0}, {0.2, 0.7, 5.0, 0.5}};
  const Variant *v = context;
  HeatCase      *c = HeatTestCase(v->nx, v->ny, 1.0, 1.0, materials[0]);

  HeatTestAddMaterial(c, materials[1]);
  HeatTestAddMaterial(c, materials[2]);
  if (v->material == INCLUSION) {
    HeatRegion *inclusion = HeatTestRectangle(c, 1, 0.3, 0.71, 0.2, 0.6);

    if (v->inside) HeatTestText(&inclusion->source, v->inside);
    if (v->later) HeatTestText(&HeatTestRectangle(c, 1, 0.5, 0.9, 0.4, 0.8)->source, v->later);
  }
  for (int k = 0; k < 40 && v->material == PATCHWORK; k++) {
    const PetscReal x = 0.5 + 0.5 * HeatTestNoise(k, 0, 1), y = 0.5 + 0.5 * HeatTestNoise(k, 1, 1);

    HeatTestRectangle(c, k % 3, x, x + 0.2, y, y + 0.2);
  }
  if (v->material == CONTACT) {
    HeatRegion *disc = HeatTestAddRegion(c, HEAT_SHAPE_CIRCLE, 1);

    disc->centre[0] = disc->centre[1] = 0.5;
    disc->radius                      = 0.3;
    HeatTestContact(c, 0, 1, 0.02);
  }
  for (int s = 0; s < HEAT_SIDES; s++) FillSide(c, (HeatSide)s, v->side[s]);
  if (v->source) HeatTestText(&c->source, v->source);
  if (v->coefficient) {
    HeatTestText(&c->exchange.coefficient, v->coefficient);
    HeatTestText(&c->exchange.ambient, v->ambient);
  }
  return c;
}

/* Number of steps: chosen such that there are several sweeps of the greatest depth and a
   remainder. */
enum { TOTAL = 83 };

/* One of this many cells is recorded.  The number is no factor of the widths, so that cells in all
   columns are, also at the edges of tiles. */
enum { RECORD_EVERY = 37 };

/* Begin to sum the heat of the ambient exchange, if there is one, with heat of `steps` earlier
   steps. */
static void BeginExchange(HeatOperator *op, PetscInt steps, PetscReal dt)
{
  PetscReal *cells = HeatTestNoiseArray(HeatOperatorGrid(op), 5);

  OK(HeatOperatorLoadExchange(op, cells, steps, dt));
  OK(PetscFree(cells));
}

/* Add to *sum, whose exchange is in J/m, the heat that was settled in a step. */
static void AddSettled(HeatOperator *op, HeatFlows *sum)
{
  HeatFlows settled;

  HeatOperatorTakeSettled(op, &settled);
  HeatFlowsAdd(sum, 1.0, &settled);
}

/* Take the steps one by one, sum the heat flows, and store the recorded cells after each step in
   seen[TOTAL][record->n]. */
static void Single(HeatProblem *p, PetscReal dt, const HeatCellRecord *record, PetscReal *seen,
                   PetscReal *T, HeatFlows *sum)
{
  PetscReal *next = HeatTestArray(p->g);
  HeatFlows  flows;

  for (PetscInt k = 0; k < TOTAL; k++) {
    HeatOperatorSetStep(p->op, (PetscReal)k * dt, (PetscReal)k * dt + dt, HEAT_TIME_EXACT);
    OK(HeatOperatorSetTime(p->op, (PetscReal)k * dt));
    OK(HeatOperatorFlowsBesideExchange(p->op, T, &flows));
    HeatFlowsAdd(sum, 1.0, &flows);
    OK(HeatOperatorStep(p->op, dt, T, next));
    AddSettled(p->op, sum);
    OK(PetscArraycpy(T, next, HeatGridLocalCells(p->g)));
    for (PetscInt i = 0; i < record->n; i++) seen[k * record->n + i] = T[record->cell[i]];
  }
  OK(PetscFree(next));
}

/* Take the steps in sweeps of 1, 2, 7 and then `most` steps, sum the heat flows, and record cells
   from record->T on. */
static void Several(HeatProblem *p, PetscInt most, PetscReal dt, HeatCellRecord record,
                    PetscReal *T, HeatFlows *sum)
{
  PetscReal times[TOTAL];
  HeatFlows flows;
  PetscInt  size = 1;

  for (PetscInt k = 0; k < TOTAL;) {
    const PetscInt n = PetscMin(size, TOTAL - k);

    for (PetscInt l = 0; l < n; l++) times[l] = (PetscReal)(k + l) * dt;
    OK(HeatOperatorTakeSteps(p->op, n, dt, times, &record, T, &flows));
    HeatFlowsAdd(sum, 1.0, &flows);
    AddSettled(p->op, sum);
    record.T += n * record.n;
    k += n;
    size = size == most ? most : PetscMin(size == 1 ? 2 : size == 2 ? 7 : most, most);
  }
}

static PetscReal CountDifferences(const HeatGrid *g, const PetscReal *a, const PetscReal *b,
                                  const HeatFlows *of_a, const HeatFlows *of_b)
{
  PetscReal wrong = 0.0;

  for (size_t i = 0; i < HeatGridLocalCells(g); i++) {
    wrong += memcmp(&a[i], &b[i], sizeof a[i]) ? 1.0 : 0.0;
    wrong += isfinite(b[i]) ? 0.0 : 1.0;
  }
  for (int k = 0; k < HEAT_FLOWS; k++)
    wrong += HeatExactSumValue(&of_a->sum[k]) == HeatExactSumValue(&of_b->sum[k]) ? 0.0 : 1.0;
  return wrong;
}

/* Earlier steps of which heat is summed already: it is settled within a sweep, and again near the
   end of the steps.  The second number leaves a part that is settled in no step. */
enum { BEFORE = HEAT_EXCHANGE_TERMS - 50, UNSETTLED = 33 };

/* Return 1 where the heat of the ambient exchange was settled after another number of steps than
   HEAT_EXCHANGE_TERMS, else 0; add what is left to *sum. */
static PetscReal EndExchange(const HeatOperator *op, HeatFlows *sum)
{
  const HeatExchangeHeat *heat = HeatOperatorExchangeHeat(op);

  HeatOperatorAddUnsettled(op, sum);
  return heat && heat->terms != UNSETTLED ? 1.0 : 0.0;
}

/* Choose the cells of a record, owned by the caller, and allocate its values and as many in
   `seen`. */
static HeatCellRecord ChooseCells(const HeatGrid *g, size_t **cells, PetscReal **seen)
{
  HeatCellRecord record = {.n = (PetscInt)(HeatGridLocalCells(g) / RECORD_EVERY) + 1};

  OK(PetscMalloc1(record.n, cells));
  for (PetscInt i = 0; i < record.n; i++)
    (*cells)[i] = PetscMin((size_t)i * RECORD_EVERY, HeatGridLocalCells(g) - 1);
  if (record.n > 1 && (*cells)[record.n - 1] == (*cells)[record.n - 2]) record.n--;
  OK(PetscCalloc1(TOTAL * record.n, seen));
  OK(PetscCalloc1(TOTAL * record.n, &record.T));
  record.cell = *cells;
  return record;
}

static PetscReal Differences(HeatProblem *p)
{
  PetscReal *a = HeatTestNoiseArray(p->g, 3), *b = HeatTestNoiseArray(p->g, 3), dt, wrong = 0.0;
  HeatFlows  of_a = {0}, of_b = {0};
  PetscInt   most;
  PetscReal *seen;
  size_t    *cells;

  HeatCellRecord record = ChooseCells(p->g, &cells, &seen);

  OK(HeatOperatorStableStep(p->op, &dt));
  dt *= 0.9;
  OK(HeatOperatorMostSteps(p->op, &most));
  if (most == 1 && p->g->nx > 64 && p->g->size == 1) wrong = INFINITY; /* nothing was tested */
  if (most > 1) {
    BeginExchange(p->op, BEFORE, dt);
    Single(p, dt, &record, seen, a, &of_a);
    wrong += EndExchange(p->op, &of_a);
    BeginExchange(p->op, BEFORE, dt);
    Several(p, most, dt, record, b, &of_b);
    wrong += EndExchange(p->op, &of_b);
    wrong += CountDifferences(p->g, a, b, &of_a, &of_b);
    wrong += memcmp(seen, record.T, sizeof *seen * TOTAL * (size_t)record.n) ? 1.0 : 0.0;
  }
  OK(PetscFree(record.T));
  OK(PetscFree(seen));
  OK(PetscFree(cells));
  OK(PetscFree(a));
  OK(PetscFree(b));
  return wrong;
}

static void several_steps_at_once_have_the_bits_of_single_ones(void **state)
{
  (void)state;
  for (int k = 0; k < N_VARIANTS; k++)
    AT_MOST(HeatTestLayouts(Make, Differences, &Variants[k]), 0.0);
}

/* ------- stages of rkl2 ------- */

/* Numbers of stages, two for each variant in turn: one sweep at its shortest and at its longest,
   two sweeps, three or more. */
static const PetscInt StageCounts[] = {17, 9, 16, 3, 37};

enum { STAGE_COUNTS = 5, MOST_STAGES = 37 };

/* Take two steps of n stages, with numbers for which any field stays bounded, and sum the flows.
   The heat of the ambient exchange is settled between the two steps. */
static void TakeStages(HeatOperator *op, PetscInt n, PetscReal dt, PetscReal *T, HeatFlows *sum)
{
  PetscReal   *next = HeatTestArray(HeatOperatorGrid(op));
  HeatRklStage stages[MOST_STAGES];
  HeatFlows    flows;

  BeginExchange(op, HEAT_EXCHANGE_TERMS - 1, dt);
  for (int step = 0; step < 2; step++) {
    for (PetscInt l = 0; l < n; l++)
      stages[l] = (HeatRklStage){.m     = 1.2,
                                 .n     = -0.3,
                                 .net   = 0.3 * dt,
                                 .rate  = 0.1 * dt,
                                 .time  = ((PetscReal)step + (PetscReal)l / (PetscReal)n) * dt,
                                 .share = 1.0 / (PetscReal)(l + 1)};
    HeatOperatorSetStep(op, (PetscReal)step * dt, (PetscReal)(step + 1) * dt, HEAT_TIME_EXACT);
    OK(HeatOperatorTakeStages(op, n, stages, dt, T, next, &flows));
    HeatFlowsAdd(sum, 1.0, &flows);
    AddSettled(op, sum);
    OK(PetscArraycpy(T, next, HeatGridLocalCells(HeatOperatorGrid(op))));
  }
  HeatOperatorAddUnsettled(op, sum);
  OK(PetscFree(next));
}

/* Create an operator that takes stages one by one. */
static HeatOperator *OneByOne(HeatProblem *p)
{
  HeatOperator *op;
  PetscBool     takes;

  OK(HeatOperatorCreate(p->g, p->c, NULL, &op));
  OK(HeatOperatorTakesStages(op, &takes));
  OK(HeatOperatorLimitSteps(op, 1));
  OK(HeatOperatorTakesStages(op, &takes));
  return op;
}

static PetscReal DifferencesOfStages(HeatProblem *p)
{
  HeatOperator *single = OneByOne(p);
  PetscReal     dt, wrong = 0.0;
  PetscBool     takes;

  OK(HeatOperatorTakesStages(p->op, &takes));
  wrong += takes ? 0.0 : 1.0;
  wrong += HeatOperatorStageSweeps(single, 9) == 0 ? 0.0 : 1.0;
  OK(HeatOperatorStableStep(p->op, &dt));
  for (int k = 0; k < 2; k++) {
    const PetscInt n = StageCounts[(p->c->grid.cells[1] + 2 * k) % STAGE_COUNTS];
    PetscReal     *a = HeatTestNoiseArray(p->g, 3), *b = HeatTestNoiseArray(p->g, 3);
    HeatFlows      of_a = {0}, of_b = {0};

    TakeStages(single, n, dt, a, &of_a);
    TakeStages(p->op, n, dt, b, &of_b);
    wrong += CountDifferences(p->g, a, b, &of_a, &of_b);
    OK(PetscFree(a));
    OK(PetscFree(b));
  }
  OK(HeatOperatorDestroy(&single));
  return wrong;
}

static void several_stages_at_once_have_the_bits_of_single_ones(void **state)
{
  (void)state;
  for (int k = 0; k < N_FIXED; k++)
    AT_MOST(HeatTestLayouts(Make, DifferencesOfStages, &Variants[k]), 0.0);
}

/* ------- when several steps can be taken at once ------- */

static PetscReal MostOf(HeatProblem *p)
{
  PetscInt most;

  OK(HeatOperatorMostSteps(p->op, &most));
  return (PetscReal)most;
}

static HeatCase *MakeSourceOfTime(const void *context)
{
  const Variant *v = context;
  HeatCase      *c = Make(v);

  if (v->source) HeatTestText(&c->source, "exp(-(x - t)^2)");
  return c;
}

/* A sweep has at most 32 steps, and at most a quarter of the narrowest block's width if halos are
   exchanged: 16 for 64 periodic cells on one rank, 8 for 64 cells on two ranks. */
static void sweeps_are_as_deep_as_blocks_allow(void **state)
{
  const Variant large = {64, 64, UNIFORM, {NONE, NONE, NONE, NONE}, NULL, NULL, NULL, NULL, NULL};
  const Variant small = {64,   64,   UNIFORM, {PERIODIC, PERIODIC, PERIODIC, PERIODIC}, NULL, NULL,
                         NULL, NULL, NULL};
  const Variant tiny  = {12,   12,   UNIFORM, {PERIODIC, PERIODIC, PERIODIC, PERIODIC}, NULL, NULL,
                         NULL, NULL, NULL};

  (void)state;
  if (HeatTestSize() == 1) AT_MOST(fabs(HeatTestLayouts(Make, MostOf, &large) - 32.0), 0.0);
  if (HeatTestSize() == 1) AT_MOST(fabs(HeatTestLayouts(Make, MostOf, &small) - 16.0), 0.0);
  if (HeatTestSize() == 2) AT_MOST(fabs(HeatTestLayouts(Make, MostOf, &large) - 8.0), 0.0);
  AT_MOST(HeatTestLayouts(Make, MostOf, &tiny), 1.0);
}

static void moving_sources_and_ambient_temperatures_are_left_to_single_steps(void **state)
{
  const Variant source = {200, 200, UNIFORM, {NONE, NONE, NONE, NONE}, "1", NULL, NULL, NULL, NULL};
  const Variant still  = {200,  200,     UNIFORM, {NONE, NONE, NONE, NONE}, NULL, NULL,
                          NULL, "1 + x", "y"};
  const Variant moving = {200,  200, UNIFORM, {NONE, NONE, NONE, NONE}, NULL, NULL,
                          NULL, "1", "y + t"};

  (void)state;
  AT_MOST(-HeatTestLayouts(Make, MostOf, &source), -2.0);
  AT_MOST(HeatTestLayouts(MakeSourceOfTime, MostOf, &source), 1.0);
  AT_MOST(-HeatTestLayouts(Make, MostOf, &still), -2.0);
  AT_MOST(HeatTestLayouts(Make, MostOf, &moving), 1.0);
}

/* ------- limits, and steps and stages of one operator ------- */

/* With a limit of 5, a sweep takes 5 steps, and 9 stages take two sweeps, whatever the option says.
   On 200 x 200 cells blocks of up to seven ranks are wide enough for that. */
static PetscReal LimitedTo5(HeatProblem *p)
{
  PetscInt  most;
  PetscBool takes;
  PetscReal wrong = 0.0;

  OK(HeatOperatorMostSteps(p->op, &most));
  OK(PetscOptionsSetValue(NULL, "-heat_steps_at_once", "7"));
  OK(HeatOperatorLimitSteps(p->op, 5));
  OK(HeatOperatorMostSteps(p->op, &most));
  wrong += most == 5 ? 0.0 : 1.0;
  OK(HeatOperatorTakesStages(p->op, &takes));
  wrong += takes && HeatOperatorStageSweeps(p->op, 9) == 2 ? 0.0 : 1.0;
  OK(HeatOperatorLimitSteps(p->op, 1));
  OK(HeatOperatorMostSteps(p->op, &most));
  wrong += most == 1 ? 0.0 : 1.0;
  OK(PetscOptionsClearValue(NULL, "-heat_steps_at_once"));
  return wrong;
}

static void a_limit_of_the_operator_replaces_the_default_and_the_option(void **state)
{
  const Variant still = {200, 200, UNIFORM, {HELD, FILM, NONE, NONE}, NULL, NULL, NULL, NULL, NULL};

  (void)state;
  AT_MOST(HeatTestLayouts(Make, LimitedTo5, &still), 0.0);
}

/* Take steps, stages and again steps with the operators of[0], of[1], of[0]. */
static void TakeInTurn(HeatOperator *const of[2], PetscReal dt, PetscReal *T, HeatFlows *sum)
{
  const PetscReal times[] = {0.0, dt, 2.0 * dt};
  HeatFlows       flows;
  PetscInt        most;
  PetscBool       takes;

  for (int turn = 0; turn < 3; turn++) {
    if (turn == 1) {
      OK(HeatOperatorTakesStages(of[1], &takes));
      TakeStages(of[1], 17, dt, T, sum);
      continue;
    }
    OK(HeatOperatorMostSteps(of[0], &most));
    OK(HeatOperatorSetTime(of[0], 0.0));
    OK(HeatOperatorTakeSteps(of[0], 3, dt, times, NULL, T, &flows));
    HeatFlowsAdd(sum, 1.0, &flows);
  }
}

/* Compare one operator that sweeps steps and stages in turn with one operator for each. */
static PetscReal InTurn(HeatProblem *p)
{
  HeatOperator *other;
  PetscReal    *a = HeatTestNoiseArray(p->g, 3), *b = HeatTestNoiseArray(p->g, 3), dt, wrong = 0.0;
  HeatFlows     of_a = {0}, of_b = {0};
  PetscInt      most;
  PetscBool     takes;

  OK(HeatOperatorCreate(p->g, p->c, NULL, &other));
  OK(HeatOperatorStableStep(p->op, &dt));
  OK(HeatOperatorTakesStages(other, &takes));
  OK(HeatOperatorMostSteps(p->op, &most));
  OK(HeatOperatorTakesStages(p->op, &takes));
  wrong += HeatOperatorStageSweeps(p->op, 37) == HeatOperatorStageSweeps(other, 37) ? 0.0 : 1.0;
  OK(HeatOperatorDestroy(&other));
  OK(HeatOperatorCreate(p->g, p->c, NULL, &other));
  TakeInTurn((HeatOperator *[]){p->op, p->op}, dt, a, &of_a);
  TakeInTurn((HeatOperator *[]){p->op, other}, dt, b, &of_b);
  wrong += CountDifferences(p->g, a, b, &of_a, &of_b);
  OK(HeatOperatorDestroy(&other));
  OK(PetscFree(a));
  OK(PetscFree(b));
  return wrong;
}

static PetscReal StagesAfterSteps(HeatProblem *p)
{
  PetscInt  most, again;
  PetscBool takes;

  OK(HeatOperatorMostSteps(p->op, &most));
  OK(HeatOperatorTakesStages(p->op, &takes));
  OK(HeatOperatorMostSteps(p->op, &again));
  return most > 1 && !takes && again == most ? 0.0 : 1.0;
}

/* Sweeps of steps are up to 32 deep, sweeps of stages up to 16.  A source with a factor of time is
   allowed in sweeps of steps alone. */
static void sweeps_are_set_up_again_for_stages_after_steps(void **state)
{
  const Variant still = {300,  280,  UNIFORM, {HELD, FILM, NONE, CHANGING}, "x", NULL,
                         NULL, NULL, NULL};
  const Variant timed = {200,  200,  UNIFORM, {HELD, NONE, NONE, NONE}, "x*sin(t)", NULL,
                         NULL, NULL, NULL};

  (void)state;
  AT_MOST(HeatTestLayouts(Make, InTurn, &still), 0.0);
  AT_MOST(HeatTestLayouts(Make, StagesAfterSteps, &timed), 0.0);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(several_steps_at_once_have_the_bits_of_single_ones),
    cmocka_unit_test(several_stages_at_once_have_the_bits_of_single_ones),
    cmocka_unit_test(sweeps_are_as_deep_as_blocks_allow),
    cmocka_unit_test(moving_sources_and_ambient_temperatures_are_left_to_single_steps),
    cmocka_unit_test(a_limit_of_the_operator_replaces_the_default_and_the_option),
    cmocka_unit_test(sweeps_are_set_up_again_for_stages_after_steps),
};

int main(void)
{
  if (PetscInitializeNoArguments() || HeatErrorInstall()) return 1;
  return HeatTestFinish(cmocka_run_group_tests(Tests, NULL, NULL));
}
