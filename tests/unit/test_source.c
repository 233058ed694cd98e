/* Heat sources: their values in the cells at a time and temperature, and their sums. */
#include "solver_test.h"

/* Make 8 x 10 cells of 0.1 x 0.2 m on [0, 0.8] x [0, 2]. */
static HeatCase *Blank(void)
{
  return HeatTestCase(8, 10, 0.8, 2.0, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});
}

static HeatCase *BlankCase(const void *context) { return (void)context, Blank(); }

static PetscReal X(PetscInt i) { return ((PetscReal)i + 0.5) * 0.1; }
static PetscReal Y(PetscInt j) { return ((PetscReal)j + 0.5) * 0.2; }

#define AREA (0.1 * 0.2)

typedef PetscReal (*Density)(PetscReal x, PetscReal y); /* [W/m3] */

static PetscReal CellsApart(const HeatGrid *g, const HeatSource *s, Density density)
{
  const PetscReal *cells = HeatSourceCells(s);
  PetscReal        worst = 0.0;

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const PetscReal exact = AREA * density(X(g->xs + i), Y(g->ys + j));

      const PetscReal found = cells ? cells[j * g->nxl + i] : 0.0;

      worst = HeatTestMax(worst, fabs(found - exact));
      if (found != found) worst = INFINITY;
    }
  }
  return worst;
}

/* Sources are of order 100 W/m3; 1e-13 is some hundred roundings of a source times the area. */
#define ROUNDING 1e-13

static PetscReal None(PetscReal x, PetscReal y) { return (void)x, (void)y, 0.0; }

static PetscReal NoSource(HeatProblem *p)
{
  const HeatSource *s = HeatOperatorSource(p->op);

  return CellsApart(p->g, s, None) + (HeatSourceCells(s) ? 1.0 : 0.0) +
         fabs(HeatExactSumValue(HeatSourceLocalTotal(s))) +
         fabs(HeatExactSumValue(HeatSourceLocalTurnover(s))) + (HeatSourceVaries(s) ? 1.0 : 0.0);
}

static void case_without_a_source_releases_nothing(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(BlankCase, NoSource, NULL), 0.0);
}

static HeatCase *MakeConstant(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  HeatTestText(&c->source, "100*x - 7*y");
  HeatTestNumber(&HeatTestRectangle(c, 0, 0.2, 0.6, 0.4, 1.2)->source, 50.0);
  HeatTestText(&HeatTestRectangle(c, 0, 0.4, 0.8, 0.8, 1.6)->source, "x*y"); /* replaces the 50 */
  return c;
}

static int Within(PetscReal v, PetscReal a, PetscReal b) { return v > a && v < b; }

static PetscReal Constant(PetscReal x, PetscReal y)
{
  const PetscReal all = 100.0 * x - 7.0 * y;

  if (Within(x, 0.4, 0.8) && Within(y, 0.8, 1.6)) return all + x * y;
  return Within(x, 0.2, 0.6) && Within(y, 0.4, 1.2) ? all + 50.0 : all;
}

static PetscReal ConstantCells(HeatProblem *p)
{
  HeatFault   fault = {0};
  HeatSource *s;
  PetscReal   worst;

  OK(HeatSourceCreate(p->g, p->c, NULL, &s));
  worst = CellsApart(p->g, s, Constant);
  OK(HeatSourceSetTime(s, (HeatMoment){3.0, 0.0}, &fault));
  worst = HeatTestMax(worst, CellsApart(p->g, s, Constant));
  if (HeatSourceVaries(s)) worst = INFINITY;
  OK(HeatSourceDestroy(&s));
  return worst;
}

static void source_of_the_case_is_added_to_that_of_the_last_region(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeConstant, ConstantCells, NULL), ROUNDING);
}

static PetscReal TotalIsTheSum(HeatProblem *p)
{
  const HeatSource *s     = HeatOperatorSource(p->op);
  PetscReal         total = 0.0, turnover = 0.0;

  for (PetscInt j = 0; j < 10; j++) {
    for (PetscInt i = 0; i < 8; i++) {
      total += AREA * Constant(X(i), Y(j));
      turnover += AREA * fabs(Constant(X(i), Y(j)));
    }
  }
  return HeatTestMax(fabs(HeatTestReduceExact(p->g->comm, HeatSourceLocalTotal(s)) - total),
                     fabs(HeatTestReduceExact(p->g->comm, HeatSourceLocalTurnover(s)) - turnover));
}

static void totals_are_the_sums_of_cells_and_of_their_magnitudes(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeConstant, TotalIsTheSum, NULL), 100.0 * ROUNDING);
}

/* ------- time ------- */

static HeatCase *MakeChanging(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  HeatTestText(&c->source, "10*t*t"); /* of the time */
  HeatTestText(&HeatTestRectangle(c, 0, 0.2, 0.6, 0.4, 1.2)->source,
               "x*t - y");                                                   /* of place and time */
  HeatTestText(&HeatTestRectangle(c, 0, 0.0, 0.1, 0.0, 2.0)->source, "3*x"); /* of the place */
  return c;
}

static PetscReal Changing(PetscReal x, PetscReal y, PetscReal t)
{
  if (x < 0.1) return 10.0 * t * t + 3.0 * x;
  if (Within(x, 0.2, 0.6) && Within(y, 0.4, 1.2)) return 10.0 * t * t + x * t - y;
  return 10.0 * t * t;
}

static PetscReal AtZero(PetscReal x, PetscReal y) { return Changing(x, y, 0.0); }
static PetscReal AtTwo(PetscReal x, PetscReal y) { return Changing(x, y, 2.0); }

static PetscReal TimesAreFollowed(HeatProblem *p)
{
  HeatFault   fault = {0};
  HeatSource *s;
  PetscReal   worst;

  OK(HeatSourceCreate(p->g, p->c, NULL, &s));
  worst = CellsApart(p->g, s, AtZero);
  OK(HeatSourceSetTime(s, (HeatMoment){2.0, 0.0}, &fault));
  worst = HeatTestMax(worst, CellsApart(p->g, s, AtTwo));
  OK(HeatSourceSetTime(s, (HeatMoment){0.0, 0.0}, &fault));
  worst = HeatTestMax(worst, CellsApart(p->g, s, AtZero));
  if (!HeatSourceVaries(s)) worst = INFINITY;
  OK(HeatSourceDestroy(&s));
  return worst;
}

static void source_is_that_of_the_time_forth_and_back(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeChanging, TimesAreFollowed, NULL), 10.0 * ROUNDING);
}

static HeatCase *MakePlaceAndTime(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  HeatTestText(&c->source, "x*t*t + y");
  return c;
}

static PetscReal OfPlaceAtTwo(PetscReal x, PetscReal y) { return 4.0 * x + y; }
static PetscReal OfPlaceAtThree(PetscReal x, PetscReal y) { return 9.0 * x + y; }

/* A source is evaluated once for a time: again after other times, and after a line over a step. */
static PetscReal TimesComeBack(HeatProblem *p)
{
  const HeatTimeLine line  = HeatTimeLineOver(0.0, 4.0);
  const HeatMoment   two   = {2.0, 0.0};
  HeatFault          fault = {0};
  HeatSource        *s;
  PetscReal          worst;

  OK(HeatSourceCreate(p->g, p->c, NULL, &s));
  OK(HeatSourceSetTime(s, two, &fault));
  OK(HeatSourceSetTime(s, two, &fault));
  worst = CellsApart(p->g, s, OfPlaceAtTwo);
  OK(HeatSourceSetTime(s, (HeatMoment){3.0, 0.0}, &fault));
  worst = HeatTestMax(worst, CellsApart(p->g, s, OfPlaceAtThree));
  OK(HeatSourceSetTime(s, two, &fault));
  worst = HeatTestMax(worst, CellsApart(p->g, s, OfPlaceAtTwo));
  OK(HeatSourceSetTimeOnLine(s, &line, 2.0, &fault));
  OK(HeatSourceSetTime(s, two, &fault));
  worst = HeatTestMax(worst, CellsApart(p->g, s, OfPlaceAtTwo));
  OK(HeatSourceDestroy(&s));
  return worst;
}

static void source_of_place_and_time_is_that_of_the_time_again(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakePlaceAndTime, TimesComeBack, NULL), 10.0 * ROUNDING);
}

static PetscReal TotalFollows(HeatProblem *p)
{
  HeatFault   fault = {0};
  HeatSource *s;
  PetscReal   exact = 0.0, worst;

  OK(HeatSourceCreate(p->g, p->c, NULL, &s));
  OK(HeatSourceSetTime(s, (HeatMoment){2.0, 0.0}, &fault));
  for (PetscInt j = 0; j < 10; j++) {
    for (PetscInt i = 0; i < 8; i++) exact += AREA * AtTwo(X(i), Y(j));
  }
  worst = fabs(HeatTestReduceExact(p->g->comm, HeatSourceLocalTotal(s)) - exact);
  OK(HeatSourceDestroy(&s));
  return worst;
}

static void totals_follow_the_time(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeChanging, TotalFollows, NULL), 100.0 * ROUNDING);
}

static HeatCase *MakeSwitched(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  HeatTestText(&c->source, "100*(t < 10)");
  return c;
}

static PetscReal On(PetscReal x, PetscReal y) { return (void)x, (void)y, 100.0; }

static PetscReal SwitchIsThrown(HeatProblem *p)
{
  HeatFault   fault = {0};
  HeatSource *s;
  PetscReal   worst;

  OK(HeatSourceCreate(p->g, p->c, NULL, &s));
  OK(HeatSourceSetTime(s, (HeatMoment){5.0, 0.0}, &fault));
  OK(HeatSourceSetTime(s, (HeatMoment){9.0, 0.0}, &fault));
  worst = CellsApart(p->g, s, On);
  OK(HeatSourceSetTime(s, (HeatMoment){11.0, 0.0}, &fault));
  worst = HeatTestMax(worst, CellsApart(p->g, s, None));
  worst = HeatTestMax(worst, fabs(HeatExactSumValue(HeatSourceLocalTotal(s))));
  OK(HeatSourceSetTime(s, (HeatMoment){9.5, 0.0}, &fault));
  worst = HeatTestMax(worst, CellsApart(p->g, s, On));
  OK(HeatSourceDestroy(&s));
  return worst;
}

static void switched_source_goes_off_and_on(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeSwitched, SwitchIsThrown, NULL), ROUNDING);
}

/* ------- temperature ------- */

static HeatCase *MakeHeated(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  HeatTestText(&c->source, "100*x + 3*t");
  HeatTestText(&HeatTestRectangle(c, 0, 0.2, 0.6, 0.4, 1.2)->source, "x*T^2 - t*T");
  return c;
}

static PetscBool IsHeated(PetscReal x, PetscReal y)
{
  return Within(x, 0.2, 0.6) && Within(y, 0.4, 1.2) ? PETSC_TRUE : PETSC_FALSE;
}

/* Return the source of MakeHeated at t = 2 and T = 10 + y. */
static PetscReal Heated(PetscReal x, PetscReal y)
{
  const PetscReal T = 10.0 + y;

  return 100.0 * x + 6.0 + (IsHeated(x, y) ? x * T * T - 2.0 * T : 0.0);
}

static PetscReal HeatedSlope(PetscReal x, PetscReal y)
{
  return IsHeated(x, y) ? 2.0 * x * (10.0 + y) - 2.0 : 0.0;
}

static PetscReal SlopesApart(const HeatGrid *g, const HeatSource *s)
{
  PetscReal worst = 0.0;

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const PetscReal exact = AREA * HeatedSlope(X(g->xs + i), Y(g->ys + j));

      worst = HeatTestMax(worst, fabs(HeatSourceSlope(s)[j * g->nxl + i] - exact));
    }
  }
  return worst;
}

/* Compare sources and slopes after updates at two times and temperatures.  Slopes are exact to ten
   digits only, because they are difference quotients. */
static PetscReal TemperaturesAreFollowed(HeatProblem *p)
{
  PetscReal  *T = HeatTestLinearArray(p->g, 10.0, 0.0, 1.0), *other = HeatTestNoiseArray(p->g, 3);
  PetscReal   worst;
  HeatFault   fault = {0};
  HeatSource *s;

  OK(HeatSourceCreate(p->g, p->c, NULL, &s));
  OK(HeatSourceSetTime(s, (HeatMoment){7.0, 0.0}, &fault));
  OK(HeatSourceUpdate(s, other, &fault));
  OK(HeatSourceSetTime(s, (HeatMoment){2.0, 0.0}, &fault));
  OK(HeatSourceUpdate(s, T, &fault));
  worst = HeatTestMax(10.0 * CellsApart(p->g, s, Heated), 1e-3 * SlopesApart(p->g, s));
  if (fault.count > 0 || !HeatSourceDependsOnT(s) || !HeatSourceVaries(s)) worst = INFINITY;
  OK(HeatSourceDestroy(&s));
  OK(PetscFree(T));
  OK(PetscFree(other));
  return worst;
}

static void source_of_temperature_is_that_of_the_last_update(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeHeated, TemperaturesAreFollowed, NULL), 10.0 * ROUNDING);
}

static PetscReal HeatedTotalApart(HeatProblem *p)
{
  PetscReal  *T = HeatTestLinearArray(p->g, 10.0, 0.0, 1.0), exact = 0.0, worst;
  HeatFault   fault = {0};
  HeatSource *s;

  OK(HeatSourceCreate(p->g, p->c, NULL, &s));
  OK(HeatSourceSetTime(s, (HeatMoment){2.0, 0.0}, &fault));
  OK(HeatSourceUpdate(s, T, &fault));
  for (PetscInt j = 0; j < 10; j++) {
    for (PetscInt i = 0; i < 8; i++) exact += AREA * Heated(X(i), Y(j));
  }
  worst = fabs(HeatTestReduceExact(p->g->comm, HeatSourceLocalTotal(s)) - exact);
  OK(HeatSourceDestroy(&s));
  OK(PetscFree(T));
  return worst;
}

static void totals_follow_the_temperature(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeHeated, HeatedTotalApart, NULL), 100.0 * ROUNDING);
}

static PetscReal HasSlope(HeatProblem *p)
{
  const HeatSource *s = HeatOperatorSource(p->op);

  return (HeatSourceSlope(s) != NULL) + (HeatSourceDependsOnT(s) ? 1.0 : 0.0);
}

static void source_without_temperature_has_no_slope(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeChanging, HasSlope, NULL), 0.0);
}

/* ------- errors ------- */

static void source_that_is_not_finite_at_first_is_refused_by_all_ranks(void **state)
{
  HeatCase   *c = Blank();
  HeatSource *s = NULL;

  (void)state;
  HeatTestText(&c->source, "sqrt(0.72 - x)"); /* undefined in the last column, centre 0.75 */
  HeatProblem p = HeatTestSetUpGrid(PETSC_COMM_WORLD, c);
  RAISES(HEAT_ERR_INPUT, "source", HeatSourceCreate(p.g, p.c, NULL, &s));
  OK(HeatSourceDestroy(&s));
  HeatTestTearDown(&p);
}

static void nothing_can_be_destroyed(void **state)
{
  HeatSource *s = NULL;

  (void)state;
  OK(HeatSourceDestroy(&s));
  assert_null(s);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(case_without_a_source_releases_nothing),
    cmocka_unit_test(source_of_the_case_is_added_to_that_of_the_last_region),
    cmocka_unit_test(totals_are_the_sums_of_cells_and_of_their_magnitudes),
    cmocka_unit_test(source_is_that_of_the_time_forth_and_back),
    cmocka_unit_test(source_of_place_and_time_is_that_of_the_time_again),
    cmocka_unit_test(totals_follow_the_time),
    cmocka_unit_test(switched_source_goes_off_and_on),
    cmocka_unit_test(source_of_temperature_is_that_of_the_last_update),
    cmocka_unit_test(totals_follow_the_temperature),
    cmocka_unit_test(source_without_temperature_has_no_slope),
    cmocka_unit_test(source_that_is_not_finite_at_first_is_refused_by_all_ranks),
    cmocka_unit_test(nothing_can_be_destroyed),
};

int main(void) { return RUN_TESTS(Tests); }
