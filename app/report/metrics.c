/** The use of the machine (metrics.h). */
#define _DEFAULT_SOURCE /* getrusage's ru_maxrss */
#include "app/report/metrics.h"

#include <math.h>
#include <stdio.h>
#include <sys/resource.h>

#include "app/process/communication.h"
#include "app/process/memory_have.h"
#include "solver/base/monotonic.h"
#include "solver/measure/stream.h"

/* Return spread k of the totals over `size` ranks. */
static HeatResultsSpread Spread(const HeatSpreadTotals *totals, PetscMPIInt size, int k)
{
  const HeatSpread s = HeatSpreadGet(totals, size, k);

  return (HeatResultsSpread){s.min, s.mean, s.max, s.rank};
}

/* The time of the steps. */

/* What is reduced over the ranks. */
enum { WINDOW, USEFUL, OUTPUT, PARTS, NUMBERS = PARTS + HEAT_TIME_PARTS };

/* Divide this rank's time into the parts.  Messages that PETSc's own solvers send count as
   halos. */
static void Divide(const HeatTimeWindow *w, double number[NUMBERS])
{
  double mpi[HEAT_MPI_PARTS], sum = 0.0;

  for (int k = 0; k < HEAT_MPI_PARTS; k++) {
    mpi[k] = HeatMpiSeconds(w->mpi.part[k]);
    sum += mpi[k];
  }
  number[WINDOW] = w->seconds;
  /* Part of the sum is an estimate (app/process/mpi_wrappers.c); it may exceed the window. */
  number[USEFUL] = PetscMax(0.0, w->seconds - sum);
  number[OUTPUT] = w->output;

  number[PARTS + HEAT_PART_COARSE]  = w->coarse;
  number[PARTS + HEAT_PART_HALO]    = mpi[HEAT_TRAFFIC_HALO] + mpi[HEAT_TRAFFIC_MULTIGRID];
  number[PARTS + HEAT_PART_COMPUTE] = number[USEFUL];
  if (!isnan(w->coarse))
    number[PARTS + HEAT_PART_COMPUTE] = PetscMax(
        0.0, number[USEFUL] - PetscMax(0.0, w->coarse - mpi[HEAT_MPI_COARSE]));
  number[PARTS + HEAT_PART_REDUCTIONS] = sum - mpi[HEAT_MPI_COARSE] -
                                         number[PARTS + HEAT_PART_HALO];
}

PetscErrorCode HeatMetricsAddWindow(HeatReduction *r, const HeatTimeWindow *w,
                                    HeatMetricsTotals *totals)
{
  double number[NUMBERS];

  PetscFunctionBeginUser;
  if (!HeatCommunicationIsCounted()) PetscFunctionReturn(PETSC_SUCCESS);
  Divide(w, number);
  PetscCall(HeatSpreadAdd(r, NUMBERS, number, &totals->window));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatMetricsGetWindow(const HeatMetricsTotals *totals, PetscMPIInt size,
                          const HeatTimeWindow *w, HeatResultsMetrics *m)
{
  const HeatSpreadTotals *t = &totals->window;

  if (!HeatCommunicationIsCounted()) return;
  m->window = HeatSpreadGet(t, size, WINDOW).max;
  m->useful = Spread(t, size, USEFUL);
  if (!isnan(w->output)) m->output = Spread(t, size, OUTPUT);
  for (int k = 0; k < HEAT_TIME_PARTS; k++) m->part[k] = Spread(t, size, PARTS + k);
  if (isnan(w->coarse)) m->part[HEAT_PART_COARSE] = (HeatResultsSpread){NAN, NAN, NAN, -1};
  m->load_balance  = m->useful.mean / m->useful.max;
  m->communication = m->useful.max / m->window;
  m->parallel      = m->load_balance * m->communication;
}

PetscErrorCode HeatMetricsAddSteps(HeatReduction *r, const HeatStepTimes *t,
                                   HeatMetricsTotals *totals)
{
  const PetscReal times[HEAT_STEP_NUMBERS] = {
      HeatStepTimesPercentile(t, 0.25), HeatStepTimesPercentile(t, 0.50),
      HeatStepTimesPercentile(t, 0.95), HeatStepTimesPercentile(t, 0.99), t->max};

  PetscFunctionBeginUser;
  if (t->steps == 0) PetscFunctionReturn(PETSC_SUCCESS); /* the same on all ranks */
  PetscCall(HeatReductionAddMaxima(r, HEAT_STEP_NUMBERS, times, totals->steps));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatMetricsGetSteps(const HeatMetricsTotals *totals, const HeatStepTimes *t,
                         HeatResultsMetrics *m)
{
  if (t->steps == 0) return;
  m->step.p25          = totals->steps[0];
  m->step.p50          = totals->steps[1];
  m->step.p95          = totals->steps[2];
  m->step.p99          = totals->steps[3];
  m->step.max          = totals->steps[4];
  m->step.resolution   = HeatStepTimesResolution();
  m->step.steps        = t->steps;
  m->step.most_at_once = t->most_at_once;
}

/* The memory. */

PetscErrorCode HeatMetricsFillBandwidth(const HeatCase *c, const HeatMemoryWork *work,
                                        double seconds, double need, const HeatBinding *binding,
                                        HeatResultsMetrics *m)
{
  const double cells = (double)c->grid.cells[0] * (double)c->grid.cells[1];

  PetscFunctionBeginUser;
  HeatMemoryTraffic(c, work, &m->bandwidth.bytes_per_cell_step, &m->bandwidth.not_modelled);
  m->bandwidth.achieved = m->bandwidth.bytes_per_cell_step * cells * (double)work->steps / seconds;
  if (binding->n_hosts == 0 || !(binding->hosts[0].cache > 0.0)) PetscFunctionReturn(PETSC_SUCCESS);
  m->bandwidth.cache       = binding->hosts[0].cache;
  m->bandwidth.working_set = need * binding->hosts[0].ranks;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set the high-water mark of this process's memory back to its present memory, see proc(5).  Where
   the kernel refuses, the mark stays as it is. */
static void ResetHighWaterMark(void)
{
  FILE *file = fopen("/proc/self/clear_refs", "w");

  if (!file) return;
  (void)fputs("5", file);
  (void)fclose(file);
}

/* Return the size of each of STREAM's arrays on a rank of a host [bytes].  64 MiB, chosen, is more
   than four times a last-level cache of laptops, for hosts whose cache is not known. */
static double ArrayBytes(const HeatHost *host)
{
  return 4.0 * (host->cache > 0.0 ? host->cache : 67108864.0) / host->ranks;
}

/* Find the largest size of an array [bytes] such that the three arrays of every rank take at most a
   quarter of the memory that is left to it.  The ranks of a node have equal parts of its memory. */
static PetscErrorCode LargestArray(MPI_Comm comm, double *bytes)
{
  HeatMemoryHave node, process;
  MPI_Comm       own;
  PetscMPIInt    ranks;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &own));
  PetscCallMPI(MPI_Comm_size(own, &ranks));
  PetscCallMPI(MPI_Comm_free(&own));
  HeatMemoryHaveNode("", &node);
  HeatMemoryHaveProcess("", &process);
  *bytes = PetscMin(node.bytes / ranks, process.bytes) / (4.0 * 3.0);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, bytes, 1, MPI_DOUBLE, MPI_MIN, comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMetricsRunStream(MPI_Comm comm, const HeatBinding *binding,
                                    HeatResultsMetrics *m)
{
  const double second = 1.0; /* [s] chosen: tens of passes, which is enough for the best of them */
  double       bytes[2] = {0.0, 0.0}; /* of an array, on each rank and on the first host */
  double       largest;
  HeatStream  *stream;

  PetscFunctionBeginUser;
  PetscCall(LargestArray(comm, &largest));
  if (binding->n_hosts > 0) {
    bytes[0] = PetscMin(ArrayBytes(&binding->hosts[0]), largest);
    bytes[1] = bytes[0] * binding->hosts[0].ranks;
  }
  PetscCallMPI(MPI_Bcast(bytes, 2, MPI_DOUBLE, 0, comm));
  PetscCall(HeatStreamCreate(comm, (PetscInt64)bytes[0], &stream));
  PetscCall(HeatStreamRun(stream, second, &m->bandwidth.stream));
  PetscCall(HeatStreamDestroy(&stream));
  m->bandwidth.stream_bytes = bytes[1];
  ResetHighWaterMark();
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The machine. */

PetscErrorCode HeatMetricsAddMachine(HeatReduction *r, HeatPower *power, HeatMachineTexts *texts,
                                     HeatMetricsTotals *totals)
{
  struct rusage usage;
  double        numbers[2] = {NAN, HeatClockFrequency("", texts->governor)}; /* memory, clock */

  PetscFunctionBeginUser;
  if (getrusage(RUSAGE_SELF, &usage) == 0) numbers[0] = 1024.0 * (double)usage.ru_maxrss;
  PetscCall(HeatSpreadAdd(r, 2, numbers, &totals->machine));
  PetscCall(HeatPowerAdd(r, power, &totals->power));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatMetricsGetMachine(const HeatMetricsTotals *totals, PetscMPIInt size,
                           const HeatPower *power, HeatMachineTexts *texts, HeatResultsMetrics *m)
{
  m->memory = Spread(&totals->machine, size, 0);
  if (HeatSpreadGet(&totals->machine, size, 1).min > 0.0)
    m->clock = Spread(&totals->machine, size, 1);
  if (texts->governor[0]) m->governor = texts->governor;
  m->joules = HeatPowerGet(&totals->power);
  m->watts  = m->joules / (HeatMonotonicTime() - power->start);
  (void)snprintf(texts->no_energy, sizeof texts->no_energy, "%s", totals->power.reason);
  if (texts->no_energy[0]) m->no_energy = texts->no_energy;
}
