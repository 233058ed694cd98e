/** The part of results.json about the use of the machine (results_metrics.h). */
#include "io/run_files/results_metrics.h"

#include <math.h>
#include <string.h>

#include "io/run_files/results_impl.h"

const char *const HeatTimePartNames[HEAT_TIME_PARTS] = {"compute", "halo", "coarse_levels",
                                                        "reductions"};

void HeatResultsMetricsInit(HeatResultsMetrics *m)
{
  const HeatResultsSpread unknown = {NAN, NAN, NAN, -1};

  memset(m, 0, sizeof *m);
  m->useful = m->output = m->memory = m->clock = unknown;
  for (int k = 0; k < HEAT_TIME_PARTS; k++) m->part[k] = unknown;
  m->window = m->load_balance = m->communication = m->parallel = NAN;
  m->step.p25 = m->step.p50 = m->step.p95 = m->step.p99 = NAN;
  m->step.max = m->step.resolution = NAN;
  m->bandwidth.bytes_per_cell_step = m->bandwidth.achieved = m->bandwidth.stream = NAN;
  m->bandwidth.stream_bytes = m->bandwidth.working_set = m->bandwidth.cache = NAN;
  m->joules = m->watts = NAN;
}

PetscBool HeatResultsInCache(const HeatResultsMetrics *m)
{
  return m->bandwidth.working_set <= m->bandwidth.cache ? PETSC_TRUE : PETSC_FALSE;
}

static void PutSpread(HeatJson *parent, const char *key, const HeatResultsSpread *spread)
{
  HeatJson *object = HeatJsonAddObject(parent, key);

  HeatJsonPutNumber(object, "min", spread->min);
  HeatJsonPutNumber(object, "mean", spread->mean);
  HeatJsonPutNumber(object, "max", spread->max);
  HeatJsonPutCount(object, "slowest", spread->rank);
}

static void PutPop(HeatJson *root, const HeatResultsMetrics *m)
{
  HeatJson *pop = HeatJsonAddObject(root, "pop");

  HeatJsonPutNumber(pop, "seconds", m->window);
  PutSpread(pop, "useful", &m->useful);
  HeatJsonPutNumber(pop, "load_balance", m->load_balance);
  HeatJsonPutNumber(pop, "communication_efficiency", m->communication);
  HeatJsonPutNumber(pop, "parallel_efficiency", m->parallel);
  /* These two need a replay of the run on an ideal network, which heat2d does not do. */
  HeatJsonPutNumber(pop, "serialisation", NAN);
  HeatJsonPutNumber(pop, "transfer", NAN);
}

static void PutBreakdown(HeatJson *root, const HeatResultsMetrics *m)
{
  HeatJson *breakdown = HeatJsonAddObject(root, "breakdown");

  for (int k = 0; k < HEAT_TIME_PARTS; k++) PutSpread(breakdown, HeatTimePartNames[k], &m->part[k]);
  PutSpread(breakdown, "output", &m->output);
}

static void PutStepTimes(HeatJson *root, const HeatResultsMetrics *m)
{
  HeatJson *times = HeatJsonAddObject(root, "step_times");

  HeatJsonPutNumber(times, "p25", m->step.p25);
  HeatJsonPutNumber(times, "p50", m->step.p50);
  HeatJsonPutNumber(times, "p95", m->step.p95);
  HeatJsonPutNumber(times, "p99", m->step.p99);
  HeatJsonPutNumber(times, "max", m->step.max);
  HeatJsonPutCount(times, "steps", m->step.steps);
  HeatJsonPutCount(times, "steps_at_once", m->step.most_at_once);
  HeatJsonPutNumber(times, "resolution", m->step.resolution);
}

static void PutBandwidth(HeatJson *root, const HeatResultsMetrics *m)
{
  HeatJson *bandwidth = HeatJsonAddObject(root, "bandwidth");

  HeatJsonPutNumber(bandwidth, "bytes_per_cell_step", m->bandwidth.bytes_per_cell_step);
  HeatJsonPutText(bandwidth, "not_modelled", m->bandwidth.not_modelled);
  HeatJsonPutNumber(bandwidth, "achieved", m->bandwidth.achieved);
  HeatJsonPutNumber(bandwidth, "stream", m->bandwidth.stream);
  HeatJsonPutNumber(bandwidth, "stream_bytes", m->bandwidth.stream_bytes);
  HeatJsonPutNumber(bandwidth, "working_set", m->bandwidth.working_set);
  HeatJsonPutNumber(bandwidth, "cache", m->bandwidth.cache);
  HeatJsonPutBoolean(bandwidth, "in_cache", HeatResultsInCache(m));
}

static void PutMachine(HeatJson *root, const HeatResultsMetrics *m)
{
  HeatJson *electricity = HeatJsonAddObject(root, "electricity"), *clock;

  HeatJsonPutNumber(electricity, "joules", m->joules);
  HeatJsonPutNumber(electricity, "watts", m->watts);
  HeatJsonPutText(electricity, "reason", m->no_energy);
  clock = HeatJsonAddObject(root, "clock");
  HeatJsonPutNumber(clock, "min", m->clock.min);
  HeatJsonPutNumber(clock, "mean", m->clock.mean);
  HeatJsonPutNumber(clock, "max", m->clock.max);
  HeatJsonPutText(clock, "governor", m->governor);
}

void HeatResultsPutMetrics(HeatJson *root, const HeatResults *r)
{
  PutPop(root, &r->metrics);
  PutBreakdown(root, &r->metrics);
  PutStepTimes(root, &r->metrics);
  PutBandwidth(root, &r->metrics);
  PutMachine(root, &r->metrics);
}
