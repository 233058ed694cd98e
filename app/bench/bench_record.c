/** The member `bench` of results.json (bench_record.h). */
#include "app/bench/bench_record.h"

#include <math.h>
#include <stdio.h>

#include "app/bench/bench_history.h"
#include "app/bench/bench_last.h"

static void PutReasons(HeatJson *bench, const HeatBenchResult *r)
{
  const char *reasons[HEAT_BENCH_REASONS];

  for (int k = 0; k < r->n_reasons; k++) reasons[k] = r->reasons[k];
  HeatJsonPutTexts(bench, "reasons", r->n_reasons, reasons);
}

static void PutModes(HeatJson *bench, const HeatBenchResult *r)
{
  HeatJson *modes = HeatJsonAddObject(bench, "modes");
  char      text[HEAT_HASH_TEXT];

  HeatJsonPutNumber(modes, "error", r->modes.error);
  HeatJsonPutNumber(modes, "bound", r->modes.bound);
  HeatJsonPutNumber(modes, "continuous_ratio", r->modes.continuous_ratio);
  HeatJsonPutText(modes, "root", HeatHashText(&r->modes.root, text));
}

static void PutField(HeatJson *bench, const HeatBenchResult *r)
{
  HeatJson *field = HeatJsonAddObject(bench, "field"), *roots;
  char      text[HEAT_HASH_TEXT];

  HeatJsonPutNumbers(field, "residuals", (int)r->cycles, r->field.residuals);
  roots = HeatJsonAddArray(field, "roots");
  for (uint32_t k = 0; k < r->cycles; k++)
    HeatJsonAppendText(roots, HeatHashText(&r->field.roots[k], text));
  HeatJsonPutNumber(field, "balance", r->field.balance);
  HeatJsonPutNumber(field, "overshoot", r->field.overshoot);
  HeatJsonPutBoolean(field, "maximum_principle",
                     r->field.overshoot <= HeatBenchOvershoot ? PETSC_TRUE : PETSC_FALSE);
}

/* Put the last field: its place, its root and checksum, and its file, null where none was
   written. */
static void PutLast(HeatJson *bench, const HeatBenchResult *r)
{
  HeatJson       *last    = HeatJsonAddObject(bench, "last_field");
  const PetscBool written = r->last.bytes > 0 ? PETSC_TRUE : PETSC_FALSE;
  char            text[HEAT_HASH_TEXT];

  HeatJsonPutCount(last, "cycle", (PetscInt64)r->cycles - 1);
  HeatJsonPutCount(last, "step", HEAT_BENCH_CYCLE);
  HeatJsonPutText(last, "root", HeatHashText(&r->last.root, text));
  HeatJsonPutBits(last, "checksum", r->last.checksum);
  HeatJsonPutText(last, "file", written ? HEAT_FIELD_NAME : NULL);
  HeatJsonPutCount(last, "file_bytes", written ? r->last.bytes : -1);
  HeatJsonPutNumber(last, "seconds", written ? r->last.seconds : NAN);
}

/* Put the bounds with which the figures were compared. */
static void PutBounds(HeatJson *bench, HeatBenchWorkload workload)
{
  HeatJson *bounds = HeatJsonAddObject(bench, "bounds");

  HeatJsonPutNumber(bounds, "residual", HeatBenchResidualBound(workload));
  HeatJsonPutNumber(bounds, "balance", HeatBenchBalance);
  HeatJsonPutNumber(bounds, "overshoot", HeatBenchOvershoot);
  HeatJsonPutNumbers(bounds, "continuous_ratio", 2, HeatBenchContinuous);
  HeatJsonPutNumber(bounds, "history", HeatHistoryBound(workload));
}

/* Return bytes over seconds; NaN where nothing was measured. */
static double Bandwidth(double bytes, double seconds)
{
  return bytes > 0.0 && seconds > 0.0 ? bytes / seconds : NAN;
}

static void PutRestart(HeatJson *bench, const HeatBenchRequest *q, const HeatBenchResult *r)
{
  const HeatDiskProbe *probe = &r->restart.probe;
  const double         plain = Bandwidth((double)probe->bytes, probe->write);
  const double bytes   = 8.0 * (double)q->id.size->cells * (double)q->id.size->cells * r->cycles;
  const double durable = Bandwidth(bytes, r->restart.durable);
  HeatJson    *to      = HeatJsonAddObject(bench, "restart"), *raw;
  char         system[24];

  (void)snprintf(system, sizeof system, "0x%llx", (unsigned long long)r->restart.file_system);

  HeatJsonPutCount(to, "wrong_cells", r->restart.wrong);
  HeatJsonPutNumber(to, "bandwidth", Bandwidth(bytes, r->restart.seconds));
  HeatJsonPutNumber(to, "cached", r->restart.cached);
  HeatJsonPutNumbers(to, "times", (int)r->cycles, r->restart.reads);
  HeatJsonPutNumber(to, "durable_bandwidth", durable);
  HeatJsonPutCount(to, "file_bytes", r->restart.file_bytes);
  HeatJsonPutText(to, "file_system", system);
  HeatJsonPutCount(to, "writers", r->restart.writers);
  raw = HeatJsonAddObject(bench, "probe");
  HeatJsonPutNumber(raw, "write_bandwidth", plain);
  HeatJsonPutNumber(raw, "read_bandwidth", Bandwidth((double)probe->bytes, probe->read));
  HeatJsonPutNumber(raw, "ratio", durable / plain);
}

/* Put what belongs to one workload: the checks of the fields, or the restarts. */
static void PutWorkload(HeatJson *bench, const HeatBenchRequest *q, const HeatBenchResult *r)
{
  if (q->id.workload == HEAT_BENCH_CHECKPOINT) {
    PutRestart(bench, q, r);
    return;
  }
  PutModes(bench, r);
  PutField(bench, r);
  PutLast(bench, r);
  PutBounds(bench, q->id.workload);
}

static void PutAudit(HeatJson *bench, const HeatAuditReport *audit)
{
  HeatJson *to = HeatJsonAddObject(bench, "audit");

  HeatJsonPutCount(to, "commitments", audit->commitments);
  HeatJsonPutCount(to, "windows", audit->windows);
  HeatJsonPutCount(to, "cells", audit->cells);
  HeatJsonPutNumber(to, "residual", audit->residual);
  HeatJsonPutNumber(to, "error", audit->error);
  HeatJsonPutCount(to, "histories", audit->histories);
  HeatJsonPutNumber(to, "history", audit->history);
}

HeatJson *HeatBenchRecord(const HeatBenchRequest *q, const HeatBenchResult *r,
                          const HeatAuditReport *audit, const HeatHash *proof,
                          const HeatHash *binary, const char *source)
{
  const PetscBool valid = r->n_reasons == 0 ? PETSC_TRUE : PETSC_FALSE;
  const double    steps = (double)r->steps;
  HeatJson       *bench = HeatJsonCreate();
  char            text[HEAT_HASH_TEXT];

  HeatJsonPutCount(bench, "version", HEAT_BENCH_VERSION);
  HeatJsonPutText(bench, "class", q->id.size->name);
  HeatJsonPutText(bench, "workload", HeatBenchWorkloadNames[q->id.workload]);
  HeatJsonPutText(bench, "rules", HeatBenchRulesNames[q->rules]);
  HeatJsonPutBits(bench, "nonce", q->id.nonce);
  HeatJsonPutBoolean(bench, "valid", valid);
  PutReasons(bench, r);
  HeatJsonPutText(bench, "grade", HeatBenchGrade(r->seconds));
  HeatJsonPutNumber(bench, "fom",
                    valid ? HeatBenchMerit(&q->id, steps, r->seconds, r->setup) : NAN);
  HeatJsonPutNumber(bench, "fom_end_to_end",
                    valid ? HeatBenchMerit(&q->id, steps, r->end_to_end, 0.0) : NAN);
  HeatJsonPutText(bench, "unit", HeatBenchUnit(q->id.workload));
  HeatJsonPutCount(bench, "steps", r->steps);
  HeatJsonPutNumber(bench, "duration", r->seconds);
  HeatJsonPutNumber(bench, "setup", r->setup);
  HeatJsonPutNumber(bench, "end_to_end", r->end_to_end);
  HeatJsonPutCount(bench, "iterations", r->iterations);
  HeatJsonPutNumber(bench, "memory_fraction", r->memory_fraction > 0.0 ? r->memory_fraction : NAN);
  PutWorkload(bench, q, r);
  PutAudit(bench, audit);
  HeatJsonPutNumbers(bench, "times", (int)r->cycles, r->times);
  HeatJsonPutText(bench, "proof_sha256", HeatHashText(proof, text));
  HeatJsonPutText(bench, "binary_sha256", binary ? HeatHashText(binary, text) : NULL);
  HeatJsonPutText(bench, "source_sha256", source);
  HeatJsonPutText(bench, "signature", HEAT_SIGNATURE_FILE);
  return bench;
}
