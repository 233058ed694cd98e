/* Diagnostics of a field: extremes, integrals, errors, heat flows.  All ranks get the same
   numbers. */
#include "solver_test.h"

#include "solver/measure/diagnostics.h"
#include "solver/measure/zones.h"

/* Make 8 x 10 cells of 0.1 x 0.2 m: density 2 and specific heat 3 in the left half, 5 and 7 in the
   right half. */
static HeatCase *Make(const void *context)
{
  HeatCase *c = HeatTestCase(8, 10, 0.8, 2.0, (HeatTestMaterial){1.0, 1.0, 2.0, 3.0});

  (void)context;
  HeatTestAddMaterial(c, (HeatTestMaterial){1.0, 1.0, 5.0, 7.0});
  HeatTestRectangle(c, 1, 0.4, 0.8, 0.0, 2.0);
  return c;
}

/* Set cell (i, j) of the domain if this rank owns it. */
static void Put(const HeatGrid *g, PetscReal *T, PetscInt i, PetscInt j, PetscReal value)
{
  if (i < g->xs || i >= g->xs + g->nxl || j < g->ys || j >= g->ys + g->nyl) return;
  T[(j - g->ys) * g->nxl + i - g->xs] = value;
}

/* T = 1 + 2 x + 3 y has its extremes at the centres (0.05, 0.1) and (0.75, 1.9), and its mean is
   the value at (0.4, 1). */
static PetscReal Summary(HeatProblem *p)
{
  PetscReal  *T = HeatTestLinearArray(p->g, 1.0, 2.0, 3.0), worst = 0.0;
  HeatSummary s;

  OK(HeatDiagnosticsSummary(p->op, T, &s));
  worst = HeatTestMax(worst, fabs(s.min - 1.4));
  worst = HeatTestMax(worst, fabs(s.max - 8.2));
  worst = HeatTestMax(worst, fabs(s.mean - 4.8));
  if (s.non_finite != 0) worst = INFINITY;
  OK(PetscFree(T));
  return worst;
}

static void summary_has_the_extremes_and_the_mean_over_the_area(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, Summary, NULL), 1e-13);
}

static PetscReal ColdSummary(HeatProblem *p)
{
  PetscReal  *T = HeatTestLinearArray(p->g, -100.0, 2.0, 3.0);
  HeatSummary s;

  OK(HeatDiagnosticsSummary(p->op, T, &s));
  OK(PetscFree(T));
  return HeatTestMax(fabs(s.min + 99.6), fabs(s.max + 92.8));
}

static void field_below_zero_has_its_own_extremes(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, ColdSummary, NULL), 1e-12);
}

/* Summarise a field of 4 in 77 cells and NaN, infinity and -infinity in one cell each. */
static PetscReal BrokenSummary(HeatProblem *p)
{
  PetscReal  *T = HeatTestLinearArray(p->g, 4.0, 0.0, 0.0);
  HeatSummary s;

  Put(p->g, T, 0, 0, NAN);
  Put(p->g, T, 7, 9, INFINITY); /* PETSC_INFINITY is a finite number */
  Put(p->g, T, 3, 5, -INFINITY);
  OK(HeatDiagnosticsSummary(p->op, T, &s));
  OK(PetscFree(T));
  return s.non_finite != 3 || s.min != 4.0 || s.max != 4.0 || fabs(s.mean - 4.0) > 1e-14;
}

static void cells_that_are_not_finite_are_counted_and_left_out(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, BrokenSummary, NULL), 0.0);
}

static PetscReal Integrals(HeatProblem *p)
{
  /* The mean of T is 4.4, at (0.2, 1), in the left half and 5.2, at (0.6, 1), in the right; each
     half has 0.8 m2. */
  const PetscReal  exact[3]  = {0.8 * (4.4 + 5.2), 0.8 * (2.0 * 4.4 + 5.0 * 5.2),
                                0.8 * (6.0 * 4.4 + 35.0 * 5.2)};
  const HeatWeight weight[3] = {HEAT_WEIGHT_NONE, HEAT_WEIGHT_DENSITY, HEAT_WEIGHT_HEAT_CAPACITY};
  PetscReal       *T = HeatTestLinearArray(p->g, 1.0, 2.0, 3.0), worst = 0.0;

  for (int k = 0; k < 3; k++) {
    PetscReal integral;

    OK(HeatDiagnosticsIntegral(p->op, T, weight[k], &integral));
    worst = HeatTestMax(worst, fabs(integral / exact[k] - 1.0));
  }
  OK(PetscFree(T));
  return worst;
}

static void integral_takes_each_cells_own_weight(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, Integrals, NULL), 1e-14);
}

/* ------- errors against an exact solution ------- */

static PetscReal ErrorNorms(HeatProblem *p)
{
  PetscReal  *T     = HeatTestLinearArray(p->g, 1.0, 2.0, 3.0), l2, max;
  HeatFormula exact = {PETSC_FALSE, 0.0, NULL};

  HeatTestText(&exact, "1 + 2*x + 3*y + 0.5*t");
  Put(p->g, T, 7, 9, 8.2 - 3.0);
  OK(HeatDiagnosticsError(p->op, T, &exact, 2.0, &l2, &max));
  OK(PetscFree(exact.text));
  OK(PetscFree(T));
  /* At t = 2, 79 cells are 1 below the solution and one is 4 below. */
  return HeatTestMax(fabs(l2 - sqrt((79.0 + 16.0) / 80.0)), fabs(max - 4.0));
}

static void error_is_taken_at_the_centres_at_that_time(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, ErrorNorms, NULL), 1e-13);
}

static PetscReal UndefinedSolution(HeatProblem *p)
{
  PetscReal  *T     = HeatTestArray(p->g), l2, max;
  HeatFormula exact = {PETSC_FALSE, 0.0, NULL};

  HeatTestText(&exact, "sqrt(0.72 - x)"); /* undefined in the last column, centre 0.75 */
  OK(HeatDiagnosticsError(p->op, T, &exact, 0.0, &l2, &max));
  OK(PetscFree(exact.text));
  OK(PetscFree(T));
  return l2 == l2 || max == max;
}

static void error_is_nan_where_the_solution_is_undefined(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, UndefinedSolution, NULL), 0.0);
}

/* 1/0 evaluates to infinity, not NaN; the header promises NaN for any solution that is not
   finite. */
static PetscReal InfiniteSolution(HeatProblem *p)
{
  PetscReal  *T     = HeatTestArray(p->g), l2, max;
  HeatFormula exact = {PETSC_FALSE, 0.0, NULL};

  HeatTestText(&exact, "1/(x > 0.72 ? 0 : 1)");
  OK(HeatDiagnosticsError(p->op, T, &exact, 0.0, &l2, &max));
  OK(PetscFree(exact.text));
  OK(PetscFree(T));
  return l2 == l2 || max == max;
}

static void error_is_nan_where_the_solution_is_infinite(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, InfiniteSolution, NULL), 0.0);
}

static PetscReal BrokenField(HeatProblem *p)
{
  PetscReal  *T     = HeatTestArray(p->g), l2, max;
  HeatFormula exact = {PETSC_TRUE, 0.0, NULL};

  Put(p->g, T, 4, 4, NAN);
  OK(HeatDiagnosticsError(p->op, T, &exact, 0.0, &l2, &max));
  OK(PetscFree(T));
  return l2 <= 1e300 || max <= 1e300; /* if true, a check `below` would pass */
}

static void field_that_is_not_finite_passes_no_check(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, BrokenField, NULL), 0.0);
}

/* ------- heat through the sides ------- */

static HeatCase *MakeSides(const void *context)
{
  HeatCase *c = HeatTestCase(8, 10, 0.8, 2.0, (HeatTestMaterial){2.0, 0.5, 1.0, 1.0});

  (void)context;
  HeatTestTemperature(c, HEAT_LEFT, "t*(1 + 2*x + 3*y)");
  HeatTestFlux(c, HEAT_RIGHT, "10*t");
  HeatTestConvection(c, HEAT_TOP, "4", "7*t");
  return c;
}

/* Compare the heat through the sides for T = t (1 + 2 x + 3 y) at t = 2: the bottom is
   insulated, and on top a film of 4 W/(m2 K) is in series with the half cell of 0.1 m, ky = 0.5. */
static PetscReal Sides(HeatProblem *p)
{
  PetscReal *T   = HeatTestLinearArray(p->g, 2.0, 4.0, 6.0), heat[HEAT_FLOWS];
  PetscReal  top = 0.0, worst;

  for (int i = 0; i < 8; i++) {
    const PetscReal cell = 2.0 + 4.0 * (i + 0.5) * 0.1 + 6.0 * 1.9;

    top += 0.1 * (14.0 - cell) / (1.0 / 4.0 + 0.1 / 0.5);
  }
  OK(HeatOperatorSetSurfaceTime(p->op, 2.0));
  OK(HeatDiagnosticsFlows(p->op, T, heat));
  worst = fabs(heat[HEAT_LEFT] + 2.0 * 4.0 * 2.0); /* kx dT/dx on 2 m leaves */
  worst = HeatTestMax(worst, fabs(heat[HEAT_RIGHT] - 10.0 * 2.0 * 2.0));
  worst = HeatTestMax(worst, fabs(heat[HEAT_BOTTOM]));
  worst = HeatTestMax(worst, fabs(heat[HEAT_TOP] - top));
  OK(PetscFree(T));
  return worst;
}

static void heat_through_each_side_is_that_of_the_time_and_counts_inwards(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeSides, Sides, NULL), 1e-11);
}

static PetscReal FlowsTwice(HeatProblem *p)
{
  PetscReal *T     = HeatTestLinearArray(p->g, 2.0, 4.0, 6.0), once[HEAT_FLOWS], heat[HEAT_FLOWS];
  PetscReal  worst = 0.0;

  OK(HeatOperatorSetSurfaceTime(p->op, 2.0));
  OK(HeatDiagnosticsFlows(p->op, T, once));
  OK(HeatOperatorSetSurfaceTime(p->op, 5.0));
  OK(HeatDiagnosticsFlows(p->op, T, heat));
  OK(HeatOperatorSetSurfaceTime(p->op, 2.0));
  OK(HeatDiagnosticsFlows(p->op, T, heat));
  for (int k = 0; k < HEAT_FLOWS; k++) worst = HeatTestMax(worst, fabs(heat[k] - once[k]));
  OK(PetscFree(T));
  return worst;
}

static void asking_for_another_time_changes_nothing(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeSides, FlowsTwice, NULL), 0.0);
}

/* ------- heat through segments ------- */

/* Left: held at 10 up to y = 0.4, insulated up to 1.4, fed with a flux of 7 above; right: fed
   with 3.
 */
static HeatCase *MakeSegments(const void *context)
{
  HeatCase *c = HeatTestCase(8, 10, 0.8, 2.0, (HeatTestMaterial){2.0, 0.5, 1.0, 1.0});

  (void)context;
  OK(HeatCaseSetSegments(c, HEAT_LEFT, 3));
  c->boundary[HEAT_LEFT].segments[0].to   = 0.4;
  c->boundary[HEAT_LEFT].segments[0].type = HEAT_BC_TEMPERATURE;
  HeatTestText(&c->boundary[HEAT_LEFT].segments[0].value, "10");
  c->boundary[HEAT_LEFT].segments[1].to   = 1.4;
  c->boundary[HEAT_LEFT].segments[2].type = HEAT_BC_FLUX;
  HeatTestText(&c->boundary[HEAT_LEFT].segments[2].value, "7");
  HeatTestFlux(c, HEAT_RIGHT, "3");
  return c;
}

static PetscReal Segments(HeatProblem *p)
{
  PetscReal *T = HeatTestLinearArray(p->g, 0.0, 0.0, 0.0), heat[6], flows[HEAT_FLOWS], worst = 0.0;
  /* Left: 10 K over half a cell of 0.05 m with kx = 2 on 0.4 m; nothing; 7 W/m2 on 0.6 m.  Right: 3
     W/m2 on 2 m.  Then bottom and top. */
  const PetscReal exact[6] = {10.0 / 0.05 * 2.0 * 0.4, 0.0, 4.2, 6.0, 0.0, 0.0};

  OK(HeatDiagnosticsSegmentHeat(p->op, T, heat));
  for (int k = 0; k < 6; k++) worst = HeatTestMax(worst, fabs(heat[k] - exact[k]));
  OK(HeatDiagnosticsFlows(p->op, T, flows));
  worst = HeatTestMax(worst, fabs(flows[HEAT_LEFT] - heat[0] - heat[1] - heat[2]));
  OK(PetscFree(T));
  return HeatDiagnosticsSegments(p->c) == 6 && HeatDiagnosticsFirstSegment(p->c, HEAT_BOTTOM) == 4
             ? worst
             : INFINITY;
}

static void heat_through_segments_adds_up_to_that_of_the_side(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeSegments, Segments, NULL), 1e-11);
}

/* ------- heat through interfaces ------- */

enum { NX = 9, NY = 7 };

static void AddContact(HeatCase *c, int a, int b, PetscReal resistance)
{
  char name[2][8];

  OK(PetscRealloc((size_t)(c->n_contacts + 1) * sizeof *c->contacts, &c->contacts));
  c->contacts[c->n_contacts] = (HeatContact){{NULL, NULL}, {-1, -1}, resistance};
  snprintf(name[0], sizeof name[0], "m%d", a);
  snprintf(name[1], sizeof name[1], "m%d", b);
  for (int k = 0; k < 2; k++) OK(PetscStrallocpy(name[k], &c->contacts[c->n_contacts].names[k]));
  c->n_contacts++;
}

/* Make a body of m0 with a block of m1 and one of m2.  The blocks touch each other and, where the
   domain is periodic, themselves. */
static HeatCase *MakeBlocks(const void *context)
{
  const int *periodic = context;
  HeatCase  *c        = HeatTestCase(NX, NY, 0.9, 1.4, (HeatTestMaterial){2.0, 3.0, 1.0, 1.0});

  HeatTestAddMaterial(c, (HeatTestMaterial){5.0, 7.0, 1.0, 1.0});
  HeatTestAddMaterial(c, (HeatTestMaterial){11.0, 13.0, 1.0, 1.0});
  HeatTestRectangle(c, 1, 0.0, 0.4, 0.0, 0.8);
  HeatTestRectangle(c, 2, 0.4, 0.9, 0.4, 1.4);
  AddContact(c, 1, 2, 0.03);
  if (*periodic) HeatTestPeriodic(c, 0), HeatTestPeriodic(c, 1);
  return c;
}

static int BlockAt(PetscInt i, PetscInt j)
{
  if (i >= 4 && j >= 2) return 2;
  return i < 4 && j < 4 ? 1 : 0;
}

/* Return the heat that flows from material a to material b through the face between cell (i, j) and
   the next one along an axis. */
static PetscReal FaceBetween(PetscInt i, PetscInt j, int axis, int a, int b)
{
  const PetscReal k[2][3] = {{2.0, 5.0, 11.0}, {3.0, 7.0, 13.0}};
  const PetscReal h = axis == 0 ? 0.1 : 0.2, area = axis == 0 ? 0.2 : 0.1;
  const PetscInt  i2 = (i + 1 - axis) % NX, j2 = (j + axis) % NY;
  const int       from = BlockAt(i, j), to = BlockAt(i2, j2);
  const PetscReal R    = from + to == 3 && from != 0 && to != 0 ? 0.03 : 0.0;
  const PetscReal G    = area / (0.5 * h / k[axis][from] + 0.5 * h / k[axis][to] + R);
  const PetscReal heat = G * (HeatTestNoise(i, j, 3) - HeatTestNoise(i2, j2, 3));

  if (from == a && to == b) return heat;
  return from == b && to == a ? -heat : 0.0;
}

static PetscReal InterfacesOfNoise(HeatProblem *p)
{
  const int           periodic = *(const int *)p->context;
  const HeatInterface pairs[]  = {{{NULL, NULL}, {0, 1}},
                                  {{NULL, NULL}, {1, 0}},
                                  {{NULL, NULL}, {1, 2}},
                                  {{NULL, NULL}, {2, 0}}};
  PetscReal          *T = HeatTestNoiseArray(p->g, 3), heat[4], worst = 0.0;

  OK(HeatDiagnosticsInterfaceHeat(p->op, T, 4, pairs, heat));
  for (int q = 0; q < 4; q++) {
    PetscReal exact = 0.0;

    for (PetscInt j = 0; j < NY; j++) {
      for (PetscInt i = 0; i < NX; i++) {
        const int a = (int)pairs[q].material[0], b = (int)pairs[q].material[1];

        if (i < NX - 1 || periodic) exact += FaceBetween(i, j, 0, a, b);
        if (j < NY - 1 || periodic) exact += FaceBetween(i, j, 1, a, b);
      }
    }
    worst = HeatTestMax(worst, fabs(heat[q] - exact));
  }
  OK(PetscFree(T));
  return worst;
}

/* The bound allows for the rounding of a sum over some tens of faces with heats of order 100
   W/m. */
static void heat_through_an_interface_is_that_of_all_its_faces(void **state)
{
  const int walls = 0, periodic = 1;

  (void)state;
  AT_MOST(HeatTestLayouts(MakeBlocks, InterfacesOfNoise, &walls), 1e-11);
  AT_MOST(HeatTestLayouts(MakeBlocks, InterfacesOfNoise, &periodic), 1e-11);
}

/* ------- zones ------- */

static HeatRegion *Named(HeatRegion *r, const char *name)
{
  OK(PetscStrallocpy(name, &r->name));
  return r;
}

/* Regions with a name: one that a later region paints over, one so narrow that it holds no
   centre of a cell, one in the corner.  Between them is a region without a name, which is no
   zone. */
static HeatCase *MakeZones(const void *context)
{
  HeatCase *c = HeatTestCase(NX, NY, 0.9, 1.4, (HeatTestMaterial){2.0, 3.0, 1.0, 1.0});

  (void)context;
  Named(HeatTestRectangle(c, 0, 0.2, 0.6, 0.4, 1.0), "block");
  HeatTestRectangle(c, 0, 0.3, 0.9, 0.2, 1.4);
  Named(HeatTestRectangle(c, 0, 0.26, 0.27, 0.2, 1.0), "nothing");
  Named(HeatTestRectangle(c, 0, 0.8, 0.9, 1.2, 1.4), "corner");
  return c;
}

static PetscReal Zones(HeatProblem *p)
{
  PetscReal  *T = HeatTestNoiseArray(p->g, 4), sum = 0.0, low = 2.0, high = -2.0, worst;
  HeatZones  *zones;
  HeatSummary found[3];

  for (PetscInt j = 2; j < 5; j++) {
    for (PetscInt i = 2; i < 6; i++) {
      const PetscReal v = HeatTestNoise(i, j, 4);

      sum += v;
      low  = fmin(low, v);
      high = fmax(high, v);
    }
  }
  OK(HeatZonesCreate(p->g, p->c, NULL, &zones));
  OK(HeatZonesSummary(zones, T, found));
  worst = HeatTestMax(fabs(found[0].min - low), fabs(found[0].max - high));
  worst = HeatTestMax(worst, fabs(found[0].mean - sum / 12.0));
  worst = HeatTestMax(worst, fabs(found[2].mean - HeatTestNoise(8, 6, 4)));
  if (HeatZonesCount(zones) != 3 || HeatZonesRegion(zones, 2) != 4) worst = INFINITY;
  if (!isnan(found[1].min) || !isnan(found[1].mean) || !isnan(found[1].max)) worst = INFINITY;
  OK(HeatZonesDestroy(&zones));
  OK(PetscFree(T));
  return worst;
}

static void zone_is_what_its_shape_covers_whatever_is_painted_over_it(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeZones, Zones, NULL), 1e-15);
}

/* -0 in every cell of the zones, or in every second one. */
static PetscReal NegativeZeros(HeatProblem *p)
{
  PetscReal wrong = 0.0;

  for (int every = 1; every <= 2; every++) {
    PetscReal  *T = HeatTestArray(p->g);
    HeatZones  *zones;
    HeatSummary found[3];

    for (PetscInt j = 0; j < p->g->nyl; j++)
      for (PetscInt i = 0; i < p->g->nxl; i++)
        if ((p->g->xs + i + p->g->ys + j) % every == 0) T[j * p->g->nxl + i] = -0.0;
    OK(HeatZonesCreate(p->g, p->c, NULL, &zones));
    OK(HeatZonesSummary(zones, T, found));
    for (int zone = 0; zone < 3; zone += 2) {
      const PetscReal numbers[] = {found[zone].min, found[zone].max, found[zone].mean};

      for (int k = 0; k < 3; k++) wrong += numbers[k] != 0.0 || signbit(numbers[k]);
    }
    OK(HeatZonesDestroy(&zones));
    OK(PetscFree(T));
  }
  return wrong;
}

static void extremes_of_a_zone_are_no_negative_zeros(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeZones, NegativeZeros, NULL), 0.0);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(summary_has_the_extremes_and_the_mean_over_the_area),
    cmocka_unit_test(field_below_zero_has_its_own_extremes),
    cmocka_unit_test(cells_that_are_not_finite_are_counted_and_left_out),
    cmocka_unit_test(integral_takes_each_cells_own_weight),
    cmocka_unit_test(error_is_taken_at_the_centres_at_that_time),
    cmocka_unit_test(error_is_nan_where_the_solution_is_undefined),
    cmocka_unit_test(error_is_nan_where_the_solution_is_infinite),
    cmocka_unit_test(field_that_is_not_finite_passes_no_check),
    cmocka_unit_test(heat_through_each_side_is_that_of_the_time_and_counts_inwards),
    cmocka_unit_test(asking_for_another_time_changes_nothing),
    cmocka_unit_test(heat_through_segments_adds_up_to_that_of_the_side),
    cmocka_unit_test(heat_through_an_interface_is_that_of_all_its_faces),
    cmocka_unit_test(zone_is_what_its_shape_covers_whatever_is_painted_over_it),
    cmocka_unit_test(extremes_of_a_zone_are_no_negative_zeros),
};

int main(void) { return RUN_TESTS(Tests); }
