/** How well a run used the machine: POP's efficiencies, where the time of the steps went, the
 *  distribution of step times, memory, clock and energy.  Fills HeatResultsMetrics
 *  (io/run_files/results_metrics.h) from what each rank measured.
 *
 *  The efficiencies are those of the POP project (Performance Optimisation and Productivity,
 *  https://pop-coe.eu): with the useful time u of each rank, its time outside of MPI, and the time
 *  T of the window on the slowest rank,
 *
 *      load balance              LB    = mean(u) / max(u)
 *      communication efficiency  CommE = max(u) / T
 *      parallel efficiency       PE    = LB CommE
 *
 *  The window consists of the steps and of the decisions between them, without output.  No
 *  function but HeatMetricsRunStream is collective. */
#ifndef HEAT_APP_METRICS_H
#define HEAT_APP_METRICS_H

#include "app/process/binding.h"
#include "app/process/mpi_time.h"
#include "app/process/power.h"
#include "app/process/spread.h"
#include "app/process/step_times.h"
#include "io/run_files/results_metrics.h"
#include "solver/measure/memory_traffic.h"

/** What this rank measured in the window. */
typedef struct {
  double       seconds; /* [s] wall time */
  HeatMpiTimes mpi;     /* time in MPI */
  double       coarse;  /* [s] on coarse levels; NaN: not known, the levels are PETSc's */
  double       output;  /* [s] of output, outside of the window; NaN: there was none */
} HeatTimeWindow;

enum {
  HEAT_STEP_NUMBERS = 5 /* numbers that describe the distribution of step times */
};

/** The reduced numbers of the metrics.  Functions that add are not collective: the reduction's Run
 *  stores the totals, from which the functions named Get fill in the metrics. */
typedef struct {
  HeatSpreadTotals window, machine;
  PetscReal        steps[HEAT_STEP_NUMBERS];
  HeatPowerTotals  power;
} HeatMetricsTotals;

/** Add the times of the window, and fill in the efficiencies and the parts of the time over `size`
 *  ranks.  A program that does not measure the time in MPI (HeatCommunicationIsCounted) leaves them
 *  unknown. */
PetscErrorCode HeatMetricsAddWindow(HeatReduction *r, const HeatTimeWindow *window,
                                    HeatMetricsTotals *totals);
void           HeatMetricsGetWindow(const HeatMetricsTotals *totals, PetscMPIInt size,
                                    const HeatTimeWindow *window, HeatResultsMetrics *metrics);

/** Add the distribution of step times, and fill it in: each percentile on the rank where it is
 *  largest. */
PetscErrorCode HeatMetricsAddSteps(HeatReduction *r, const HeatStepTimes *times,
                                   HeatMetricsTotals *totals);
void           HeatMetricsGetSteps(const HeatMetricsTotals *totals, const HeatStepTimes *times,
                                   HeatResultsMetrics *metrics);

/** Fill in the bytes per cell and step by the model of memory traffic, and the bandwidth that
 *  follows from them.
 *  @param[in] c        the case, of which `work` was done in `seconds` [s] on the slowest rank
 *  @param[in] need     [bytes] predicted working set of a rank
 *  @param[in] binding  of the run; its hosts are known on rank 0 alone */
PetscErrorCode HeatMetricsFillBandwidth(const HeatCase *c, const HeatMemoryWork *work,
                                        double seconds, double need, const HeatBinding *binding,
                                        HeatResultsMetrics *metrics);

/** Storage for the texts that HeatMetricsGetMachine borrows into the record. */
typedef struct {
  char governor[32], no_energy[HEAT_REDUCTION_TEXT];
} HeatMachineTexts;

/** Add high-water marks of memory, clock frequencies and electric energy, and fill them in over
 *  `size` ranks.
 *  @param[in,out] power  is read once more; the mean power is that since HeatPowerStart
 *  @param[out]    texts  must outlive the record */
PetscErrorCode HeatMetricsAddMachine(HeatReduction *r, HeatPower *power, HeatMachineTexts *texts,
                                     HeatMetricsTotals *totals);
void           HeatMetricsGetMachine(const HeatMetricsTotals *totals, PetscMPIInt size,
                                     const HeatPower *power, HeatMachineTexts *texts,
                                     HeatResultsMetrics *metrics);

/** Measure STREAM's triad on all ranks of comm at once for a second, with arrays of four times the
 *  last-level caches, but at most a quarter of the memory that is left.  Afterwards the high-water
 *  mark of memory begins anew, where the kernel allows that.  Collective.
 *  @param[in] binding  its hosts are known on rank 0 alone */
PetscErrorCode HeatMetricsRunStream(MPI_Comm comm, const HeatBinding *binding,
                                    HeatResultsMetrics *metrics);

#endif
