/* Lines over a time step: integral and first moment of the quantity, its bounds, and the side from
   which the ends of a step are seen. */
#include "case_test.h"

#include <math.h>

#include "solver/case/switches.h"
#include "solver/case/time_line.h"

static void Fit(const HeatTimeLine *line, PetscReal (*g)(PetscReal), PetscReal *mean,
                PetscReal *slope)
{
  PetscReal values[HEAT_LINE_POINTS];

  for (int k = 0; k < HEAT_LINE_POINTS; k++) values[k] = g(line->moments[k].t);
  HeatTimeLineFit(line, 1, values, mean, slope);
}

static PetscReal Linear(PetscReal t) { return 3.0 - 2.0 * t; }
static PetscReal Cubic(PetscReal t) { return t * t * t; }
static PetscReal Decay(PetscReal t) { return PetscExpReal(-10.0 * t); }

static void a_linear_quantity_is_its_own_line(void **state)
{
  const HeatTimeLine line = HeatTimeLineOver(1.0, 3.0);
  PetscReal          mean, slope;

  (void)state;
  Fit(&line, Linear, &mean, &slope);
  assert_true(fabs(mean + 1.0) <= 1e-15);
  assert_true(fabs(slope + 2.0) <= 1e-15);
  assert_true(HeatTimeLineOffset(&line, 3.0) == 1.0);
}

/* Integral of t^3 over [0, 2]: 4; its moment about 1: 12/5, so that the slope is 3.6 (12/5 over
   dt^3/12), which the bound at t = 0 limits: the line must not fall below 0. */
static void the_mean_is_the_integral_and_the_slope_is_limited(void **state)
{
  const HeatTimeLine line = HeatTimeLineOver(0.0, 2.0);
  PetscReal          mean, slope;

  (void)state;
  Fit(&line, Cubic, &mean, &slope);
  assert_true(fabs(mean - 2.0) <= 1e-14);
  assert_true(slope > 0.0 && mean - slope >= -1e-14);
  assert_true(fabs(slope - 2.0) <= 1e-14);
}

static void a_positive_quantity_has_a_positive_line(void **state)
{
  const HeatTimeLine line = HeatTimeLineOver(0.0, 1.0);
  PetscReal          mean, slope;

  (void)state;
  Fit(&line, Decay, &mean, &slope);
  assert_true(mean + 0.5 * slope >= 0.0 && mean - 0.5 * slope <= 1.0 + 1e-14);
  assert_true(slope < 0.0);
}

static void several_quantities_are_fitted_behind_each_other(void **state)
{
  const HeatTimeLine line = HeatTimeLineOver(0.0, 2.0);
  PetscReal          values[2 * HEAT_LINE_POINTS], mean[2], slope[2];

  (void)state;
  for (int k = 0; k < HEAT_LINE_POINTS; k++) {
    values[2 * k]     = 5.0;
    values[2 * k + 1] = Linear(line.moments[k].t);
  }
  HeatTimeLineFit(&line, 2, values, mean, slope);
  assert_true(fabs(mean[0] - 5.0) <= 1e-14 && fabs(slope[0]) <= 1e-14);
  assert_true(fabs(mean[1] - 1.0) <= 1e-14 && fabs(slope[1] + 2.0) <= 1e-14);
}

static void ends_of_a_step_lean_into_it(void **state)
{
  const HeatTimeLine line   = HeatTimeLineOver(10.0, 11.0);
  const HeatMoment   begin  = HeatMomentInStep(10.0, 11.0, 10.0);
  const HeatMoment   inside = HeatMomentInStep(10.0, 11.0, 10.5);
  const HeatMoment   end    = HeatMomentInStep(10.0, 11.0, 11.0);
  const HeatMoment   tiny   = HeatMomentInStep(1e6, 1e6 + 1e-9, 1e6);

  (void)state;
  assert_true(begin.t == 10.0 && begin.lean > 0.0 && begin.lean <= HeatSwitchesMargin(11.0));
  assert_true(inside.lean == 0.0);
  assert_true(end.t == 11.0 && end.lean < 0.0);
  assert_true(tiny.lean > 0.0 && tiny.lean <= 0.25 * 1.0e-9 * 1.5);
  assert_true(line.moments[0].lean > 0.0 && line.moments[HEAT_LINE_POINTS - 1].lean < 0.0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_linear_quantity_is_its_own_line),
      cmocka_unit_test(the_mean_is_the_integral_and_the_slope_is_limited),
      cmocka_unit_test(a_positive_quantity_has_a_positive_line),
      cmocka_unit_test(several_quantities_are_fitted_behind_each_other),
      cmocka_unit_test(ends_of_a_step_lean_into_it),
  };

  return RUN_TESTS(tests);
}
