/** What a run of the reference workload found, on the terminal (bench_screen.h). */
#include "app/bench/bench_screen.h"

#include <stdio.h>

/* Write "2.5 GB/s" into text, or "-" where nothing was measured, and return it. */
static const char *Rate(PetscInt64 bytes, double seconds, char *text, size_t size)
{
  const double GB = 1e9; /* [bytes] */

  (void)snprintf(text, size, "-");
  if (bytes > 0) (void)snprintf(text, size, "%.3g GB/s", (double)bytes / seconds / GB);
  return text;
}

void HeatBenchPrintRestarts(const HeatBenchRequest *q, const HeatBenchResult *r)
{
  const double         GB    = 1e9; /* [bytes] */
  const HeatDiskProbe *probe = &r->restart.probe;

  char plain[32], back[32];

  (void)printf("  writes: %.3g GB/s durable and read back, %.3g GB/s durable; a plain file: %s\n",
               HeatBenchMerit(&q->id, (double)r->steps, r->seconds, 0.0) / GB,
               HeatBenchMerit(&q->id, (double)r->steps, r->restart.durable, 0.0) / GB,
               Rate(probe->bytes, probe->write, plain, sizeof plain));
  (void)printf("  restarts: %.3g GB/s; a plain file: %s; %lld wrong cells\n",
               HeatBenchMerit(&q->id, (double)r->cycles, r->restart.seconds, 0.0) / GB,
               Rate(probe->bytes, probe->read, back, sizeof back), (long long)r->restart.wrong);
  if (r->restart.cached > 0.01)
    (void)printf("  up to %.0f %% of a file stayed in the page cache before a restart\n",
                 100.0 * r->restart.cached);
}

void HeatBenchPrintFields(const HeatBenchResult *r)
{
  (void)printf("  modes: error %.2g (bound %.2g), distance to the continuous solution %.4g of the "
               "predicted one\n",
               r->modes.error, r->modes.bound, r->modes.continuous_ratio);
  (void)printf("  field: residual %.2g, energy account %.2g, range left by %.2g K\n",
               r->field.worst, r->field.balance, PetscMax(0.0, r->field.overshoot));
  (void)printf("  last field: checksum 0x%016llx", (unsigned long long)r->last.checksum);
  if (r->last.bytes > 0)
    (void)printf(", written and read back in %.3g s (%.3g GB/s)", r->last.seconds,
                 (double)r->last.bytes / r->last.seconds / 1e9);
  (void)printf("\n");
}

void HeatBenchPrintReasons(const HeatBenchResult *r)
{
  for (int k = 0; k < r->n_reasons; k++)
    (void)fprintf(stderr, "heat2d: bench: %s\n", r->reasons[k]);
}
