/** The use of the machine (metrics.h). */
#define _DEFAULT_SOURCE /* getrusage's ru_maxrss */
#include "app/report/metrics.h"

#include <math.h>
#include <stdio.h>
#include <sys/resource.h>

#include "app/process/communication.h"
#include "app/process/memory_have.h"
#include "app/process/spread.h"
#include "solver/base/monotonic.h"
#include "solver/measure/stream.h"

static HeatResultsSpread Spread(const HeatSpread *s)
{
  return (HeatResultsSpread){s->min, s->mean, s->max, s->rank};
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

PetscErrorCode HeatMetricsFillWindow(MPI_Comm comm, const HeatTimeWindow *w, HeatResultsMetrics *m)
{
  double     number[NUMBERS];
  HeatSpread spread[NUMBERS];

  PetscFunctionBeginUser;
  if (!HeatCommunicationIsCounted()) PetscFunctionReturn(PETSC_SUCCESS);
  Divide(w, number);
  PetscCall(HeatSpreadReduce(comm, NUMBERS, number, spread));
  m->window = spread[WINDOW].max;
  m->useful = Spread(&spread[USEFUL]);
  if (!isnan(w->output)) m->output = Spread(&spread[OUTPUT]);
  for (int k = 0; k < HEAT_TIME_PARTS; k++) m->part[k] = Spread(&spread[PARTS + k]);
  if (isnan(w->coarse)) m->part[HEAT_PART_COARSE] = (HeatResultsSpread){NAN, NAN, NAN, -1};
  m->load_balance  = m->useful.mean / m->useful.max;
  m->communication = m->useful.max / m->window;
  m->parallel      = m->load_balance * m->communication;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMetricsFillSteps(MPI_Comm comm, const HeatStepTimes *t, HeatResultsMetrics *m)
{
  double times[] = {HeatStepTimesPercentile(t, 0.25), HeatStepTimesPercentile(t, 0.50),
                    HeatStepTimesPercentile(t, 0.95), HeatStepTimesPercentile(t, 0.99), t->max};

  PetscFunctionBeginUser;
  if (t->steps == 0) PetscFunctionReturn(PETSC_SUCCESS); /* the same on all ranks */
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, times, 5, MPI_DOUBLE, MPI_MAX, comm));
  m->step.p25          = times[0];
  m->step.p50          = times[1];
  m->step.p95          = times[2];
  m->step.p99          = times[3];
  m->step.max          = times[4];
  m->step.resolution   = HeatStepTimesResolution();
  m->step.steps        = t->steps;
  m->step.most_at_once = t->most_at_once;
  PetscFunctionReturn(PETSC_SUCCESS);
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

PetscErrorCode HeatMetricsFillMachine(MPI_Comm comm, HeatPower *power, HeatMachineTexts *texts,
                                      HeatResultsMetrics *m)
{
  struct rusage usage;
  double        numbers[2] = {NAN, HeatClockFrequency("", texts->governor)}; /* memory, clock */
  HeatSpread    spread[2];

  PetscFunctionBeginUser;
  if (getrusage(RUSAGE_SELF, &usage) == 0) numbers[0] = 1024.0 * (double)usage.ru_maxrss;
  PetscCall(HeatSpreadReduce(comm, 2, numbers, spread));
  m->memory = Spread(&spread[0]);
  if (spread[1].min > 0.0) m->clock = Spread(&spread[1]);
  if (texts->governor[0]) m->governor = texts->governor;
  PetscCall(HeatPowerSum(comm, power, &m->joules, texts->no_energy));
  m->watts = m->joules / (HeatMonotonicTime() - power->start);
  if (texts->no_energy[0]) m->no_energy = texts->no_energy;
  PetscFunctionReturn(PETSC_SUCCESS);
}
