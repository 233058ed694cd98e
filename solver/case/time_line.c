/** Lines over a time step by Lobatto's rule (time_line.h).
 *
 *  With x from -1 to 1 over the step of length dt and weights w_k of the points x_k,
 *      mean  = 1/2 sum w_k g_k,       slope = 3/dt sum w_k x_k g_k
 *  are exact for polynomials of degree 6.
 *  Source: M. Abramowitz, I. Stegun, Handbook of Mathematical Functions, 1964, table 25.6. */
#include "solver/case/time_line.h"

#include <math.h>

#include "solver/case/switches.h"

/* 0.6546536707079771 = sqrt(3/7) */
static const PetscReal places[HEAT_LINE_POINTS]  = {-1.0, -0.6546536707079771, 0.0,
                                                    0.6546536707079771, 1.0};
static const PetscReal weights[HEAT_LINE_POINTS] = {1.0 / 10.0, 49.0 / 90.0, 32.0 / 45.0,
                                                    49.0 / 90.0, 1.0 / 10.0};

HeatMoment HeatMomentInStep(PetscReal from, PetscReal to, PetscReal t)
{
  const PetscReal end    = PetscMax(PetscAbsReal(from), PetscAbsReal(to));
  const PetscReal margin = PetscMin(HeatSwitchesMargin(end), 0.25 * (to - from));
  HeatMoment      moment = {t, 0.0};

  if (!(margin > 0.0)) return moment;
  if (t <= from + margin) moment.lean = margin;
  else if (t >= to - margin) moment.lean = -margin;
  return moment;
}

HeatTimeLine HeatTimeLineOver(PetscReal from, PetscReal to)
{
  const PetscReal middle = 0.5 * (from + to), half = 0.5 * (to - from);
  HeatTimeLine    line = {.from = from, .to = to};

  for (int k = 0; k < HEAT_LINE_POINTS; k++) {
    const PetscReal t = k == 0 ? from : k == HEAT_LINE_POINTS - 1 ? to : middle + places[k] * half;

    line.moments[k] = HeatMomentInStep(from, to, t);
  }
  return line;
}

void HeatTimeLineFit(const HeatTimeLine *line, PetscInt n, const PetscReal *values, PetscReal *mean,
                     PetscReal *slope)
{
  const PetscReal dt = line->to - line->from;

  for (PetscInt i = 0; i < n; i++) {
    PetscReal sum = 0.0, moment = 0.0, low = values[i], high = values[i];

    for (int k = 0; k < HEAT_LINE_POINTS; k++) {
      const PetscReal g = values[(size_t)k * (size_t)n + (size_t)i];

      sum += weights[k] * g;
      moment += weights[k] * places[k] * g;
      low  = PetscMin(low, g);
      high = PetscMax(high, g);
    }
    mean[i]              = PetscMin(PetscMax(0.5 * sum, low), high);
    const PetscReal most = 2.0 / dt * PetscMin(high - mean[i], mean[i] - low);

    slope[i] = PetscMax(-most, PetscMin(most, 3.0 / dt * moment));
  }
}
