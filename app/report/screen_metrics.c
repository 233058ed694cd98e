/** The use of the machine on the terminal (screen_metrics.h). */
#include "app/report/screen_metrics.h"

#include <math.h>
#include <stdio.h>

/* Write a time with a unit from ns to s; return buffer. */
static const char *Time(double seconds, char buffer[32])
{
  static const char *const units[] = {"s", "ms", "us", "ns"};
  int                      k       = 0;

  for (; seconds < 0.9995 && k < 3; k++) seconds *= 1000.0;
  (void)snprintf(buffer, 32, "%.3g %s", seconds, units[k]);
  return buffer;
}

static void PrintEfficiency(const HeatResultsMetrics *m)
{
  double sum = 0.0;

  if (isnan(m->parallel)) return;
  (void)printf("  efficiency   %.1f %% = %.1f %% load balance x %.1f %% communication (POP); most "
               "work on rank %" PetscInt_FMT "\n",
               100.0 * m->parallel, 100.0 * m->load_balance, 100.0 * m->communication,
               m->useful.rank);
  for (int k = 0; k < HEAT_TIME_PARTS; k++)
    if (!isnan(m->part[k].mean)) sum += m->part[k].mean;
  (void)printf("  time in      ");
  for (int k = 0, n = 0; k < HEAT_TIME_PARTS; k++)
    if (!isnan(m->part[k].mean))
      (void)printf("%s%s %.1f %%", n++ ? ", " : "",
                   k == HEAT_PART_COARSE ? "coarse levels" : HeatTimePartNames[k],
                   100.0 * m->part[k].mean / sum);
  (void)printf("\n");
}

static void PrintSteps(const HeatResultsMetrics *m)
{
  char text[4][32];

  if (m->step.steps < 2) return;
  (void)printf("  step times   median %s, 95 %% within %s, 99 %% within %s, longest %s",
               Time(m->step.p50, text[0]), Time(m->step.p95, text[1]), Time(m->step.p99, text[2]),
               Time(m->step.max, text[3]));
  if (m->step.most_at_once > 1)
    (void)printf(" (means of up to %" PetscInt64_FMT " steps at once)", m->step.most_at_once);
  (void)printf("\n");
}

static void PrintBandwidth(const HeatResultsMetrics *m)
{
  const double GB = 1e9; /* [bytes] */

  if (!isnan(m->bandwidth.achieved)) {
    (void)printf("  bandwidth    %.3g GB/s by the model", m->bandwidth.achieved / GB);
    if (!isnan(m->bandwidth.stream))
      (void)printf(", %.2f of STREAM's %.3g GB/s", m->bandwidth.achieved / m->bandwidth.stream,
                   m->bandwidth.stream / GB);
    if (HeatResultsInCache(m)) (void)printf("; the working set is in the cache");
    (void)printf("\n");
  } else if (!isnan(m->bandwidth.stream))
    (void)printf("  bandwidth    %.3g GB/s by STREAM\n", m->bandwidth.stream / GB);
}

void HeatScreenPrintMetrics(const HeatResultsMetrics *m, PetscInt ranks)
{
  const double MB = 1e6; /* [bytes] */

  if (ranks > 1) PrintEfficiency(m);
  PrintSteps(m);
  if (m->memory.rank >= 0)
    (void)printf("  memory       %.3g to %.3g MB a rank, most on rank %" PetscInt_FMT "\n",
                 m->memory.min / MB, m->memory.max / MB, m->memory.rank);
  PrintBandwidth(m);
  if (!isnan(m->joules))
    (void)printf("  electricity  %.4g J, %.4g W (RAPL)\n", m->joules, m->watts);
}
