/* What is measured of the use of the machine: time in MPI by kind, step times, spreads over the
   ranks, energy and clock from files of the kernel. */
#define _POSIX_C_SOURCE 200809L /* nanosleep */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/bench/bench.h"
#include "app/process/mpi_time.h"
#include "app/process/power.h"
#include "app/process/spread.h"
#include "app/process/step_times.h"
#include "io/case_file/case_file.h"
#include "solver/base/monotonic.h"
#include "solver/measure/memory_traffic.h"
#include "solver/measure/stream.h"

#define OK(call) assert_int_equal((call), 0)

/* ---- step times ---- */

/* 100 steps of 1 ms and three longer ones: the percentiles are those of the sorted times, within
   the stated resolution. */
static void percentiles_are_those_of_the_sorted_times(void **state)
{
  static HeatStepTimes t;
  const double         r = HeatStepTimesResolution();

  (void)state;
  for (int k = 0; k < 97; k++) HeatStepTimesAdd(&t, 1e-3, 1);
  HeatStepTimesAdd(&t, 2e-3, 1);
  HeatStepTimesAdd(&t, 3e-3, 1);
  HeatStepTimesAdd(&t, 4e-3, 1);
  assert_true(r > 0.0 && r < 0.006);
  assert_true(fabs(HeatStepTimesPercentile(&t, 0.50) / 1e-3 - 1.0) <= 1.0001 * r);
  assert_true(fabs(HeatStepTimesPercentile(&t, 0.97) / 1e-3 - 1.0) <= 1.0001 * r);
  assert_true(fabs(HeatStepTimesPercentile(&t, 0.98) / 2e-3 - 1.0) <= 1.0001 * r);
  assert_true(fabs(HeatStepTimesPercentile(&t, 0.99) / 3e-3 - 1.0) <= 1.0001 * r);
  assert_true(fabs(HeatStepTimesPercentile(&t, 1.00) / 4e-3 - 1.0) <= 1.0001 * r);
  assert_true(t.max == 4e-3);
}

static void a_sweep_counts_as_steps_of_equal_time(void **state)
{
  static HeatStepTimes t;

  (void)state;
  HeatStepTimesAdd(&t, 8e-3, 8);
  HeatStepTimesAdd(&t, 5e-3, 1);
  assert_int_equal(t.steps, 9);
  assert_int_equal(t.sweeps, 2);
  assert_int_equal(t.most_at_once, 8);
  assert_true(fabs(HeatStepTimesPercentile(&t, 0.5) / 1e-3 - 1.0) < 0.006);
  assert_true(t.max == 5e-3);
}

static void without_steps_nothing_is_known(void **state)
{
  static HeatStepTimes t;

  (void)state;
  assert_true(isnan(HeatStepTimesPercentile(&t, 0.5)));
}

static void times_beyond_the_bins_count_in_the_outermost(void **state)
{
  static HeatStepTimes t;

  (void)state;
  HeatStepTimesAdd(&t, 0.0, 1);
  HeatStepTimesAdd(&t, 1e9, 1);
  assert_int_equal(t.steps, 2);
  assert_true(HeatStepTimesPercentile(&t, 0.5) < 1e-8);
  assert_true(HeatStepTimesPercentile(&t, 1.0) > 1e5);
}

/* ---- spreads ---- */

static void spreads_name_the_rank_of_the_maximum(void **state)
{
  PetscMPIInt      rank, size;
  HeatReduction   *r;
  HeatSpreadTotals totals;
  HeatSpread       s[3];

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  MPI_Comm_size(PETSC_COMM_WORLD, &size);
  OK(HeatReductionCreate(PETSC_COMM_WORLD, &r));
  OK(HeatSpreadAdd(r, 3, (const double[]){1.0 + rank, -rank, NAN}, &totals));
  OK(HeatReductionRun(r));
  OK(HeatReductionDestroy(&r));
  for (int k = 0; k < 3; k++) s[k] = HeatSpreadGet(&totals, size, k);
  assert_true(s[0].min == 1.0 && s[0].max == size && s[0].rank == size - 1);
  assert_true(fabs(s[0].mean - (1.0 + size) / 2.0) < 1e-12);
  assert_true(s[1].max == 0.0 && s[1].rank == 0 && s[1].min == 1.0 - size);
  assert_true(s[2].max == 0.0 && s[2].min == 0.0);
}

/* ---- time in MPI ---- */

static void add_once(uint64_t begin) { HeatMpiTimeAdd(begin, 1); }

/* Wait by the clock for 20 ms as if in MPI.  The bounds are wide because a busy machine may stop
   this process, which adds to both sides. */
static double waited(void (*add)(uint64_t))
{
  const double   start = HeatMonotonicTime();
  const uint64_t begin = HeatMpiTicks();

  while (HeatMonotonicTime() - start < 0.02) continue;
  add(begin);
  return HeatMonotonicTime() - start;
}

static void assert_part(const HeatMpiTimes *sum, int part, double seconds)
{
  assert_true(HeatMpiSeconds(sum->part[part]) >= 0.0199);
  assert_true(HeatMpiSeconds(sum->part[part]) <= 1.01 * seconds + 1e-4);
}

static void time_in_mpi_is_added_to_the_present_kind(void **state)
{
  HeatMpiTimes before, after, sum = {{0}};
  double       halo, reduction, coarse;

  (void)state;
  before = HeatMpiTimeNow();
  (void)HeatTrafficSet(HEAT_TRAFFIC_HALO);
  halo      = waited(add_once);
  reduction = waited(HeatMpiTimeAddCollective);
  HeatTrafficSetCoarse(1);
  coarse = waited(add_once);
  HeatTrafficSetCoarse(0);
  (void)HeatTrafficSet(HEAT_TRAFFIC_SETUP);
  after = HeatMpiTimeNow();
  HeatMpiTimeAddBetween(&before, &after, &sum);
  assert_part(&sum, HEAT_TRAFFIC_HALO, halo);
  assert_part(&sum, HEAT_TRAFFIC_REDUCTION, reduction);
  assert_part(&sum, HEAT_MPI_COARSE, coarse);
  assert_int_equal(sum.part[HEAT_TRAFFIC_SETUP], 0);
  assert_true(HeatTrafficCoarseSeconds() >= 0.0199);
}

/* ---- energy and clock ---- */

/* Store the energy of all nodes and why it is not known. */
static void sum_of_power(HeatPower *power, double *joules, char reason[128])
{
  HeatReduction  *r;
  HeatPowerTotals totals;

  OK(HeatReductionCreate(PETSC_COMM_WORLD, &r));
  OK(HeatPowerAdd(r, power, &totals));
  OK(HeatReductionRun(r));
  OK(HeatReductionDestroy(&r));
  *joules = HeatPowerGet(&totals);
  (void)snprintf(reason, 128, "%s", totals.reason);
}

/* Write a text to a file below `root`, with the folders above it.  The file is replaced as a whole,
   since a thread may read it meanwhile. */
static void put(const char *root, const char *file, const char *text)
{
  char  path[512], part[520], command[1024];
  FILE *stream;

  (void)snprintf(path, sizeof path, "%s%s", root, file);
  (void)snprintf(command, sizeof command, "mkdir -p \"$(dirname %s)\"", path);
  assert_int_equal(system(command), 0);
  (void)snprintf(part, sizeof part, "%s.part", path);
  stream = fopen(part, "w");
  assert_non_null(stream);
  (void)fputs(text, stream);
  (void)fclose(stream);
  assert_int_equal(rename(part, path), 0);
}

static void remove_all(const char *root)
{
  char command[512];

  (void)snprintf(command, sizeof command, "rm -rf %s", root);
  assert_int_equal(system(command), 0);
}

#define RAPL "/sys/class/powercap/intel-rapl:"

/* A package and its memory count, its cores do not; a counter that has started again from 0 has
   gone through its range. */
static void energy_is_that_of_packages_and_memory(void **state)
{
  char        root[64], reason[128];
  double      joules;
  PetscMPIInt rank, size;
  HeatPower   power;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  MPI_Comm_size(PETSC_COMM_WORLD, &size);
  (void)snprintf(root, sizeof root, "power.%d", rank);
  put(root, RAPL "0/name", "package-0\n");
  put(root, RAPL "0/energy_uj", "1000000\n");
  put(root, RAPL "0/max_energy_range_uj", "262143328850\n");
  put(root, RAPL "0:0/name", "core\n");
  put(root, RAPL "0:0/energy_uj", "1\n");
  put(root, RAPL "0:0/max_energy_range_uj", "262143328850\n");
  put(root, RAPL "0:1/name", "dram\n");
  put(root, RAPL "0:1/energy_uj", "65712000000\n");
  put(root, RAPL "0:1/max_energy_range_uj", "65712999613\n");
  HeatPowerStart(root, PETSC_TRUE, &power);
  assert_int_equal(power.n, 2);
  put(root, RAPL "0/energy_uj", "4500000\n");
  put(root, RAPL "0:1/energy_uj", "500387\n");
  sum_of_power(&power, &joules, reason);
  assert_true(fabs(joules - 5.0 * size) < 1e-6); /* 3.5 + 0.999613 + 0.500387 on each "node" */
  assert_string_equal(reason, "");
  remove_all(root);
}

static void energy_without_counters_has_a_reason(void **state)
{
  char        reason[128];
  double      joules;
  PetscMPIInt rank;
  HeatPower   power;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  HeatPowerStart("nowhere", rank == 0 ? PETSC_TRUE : PETSC_FALSE, &power);
  sum_of_power(&power, &joules, reason);
  assert_true(isnan(joules));
  assert_string_equal(reason, "there are no RAPL counters in /sys/class/powercap");
}

/* A package that cannot be read, or whose range is not known, hides the energy of all. */
static void energy_of_a_part_is_not_that_of_the_whole(void **state)
{
  char        root[64], file[128], reason[128];
  double      joules;
  PetscMPIInt rank;
  HeatPower   power;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  (void)snprintf(root, sizeof root, "part.%d", rank);
  put(root, RAPL "0/name", "package-0\n");
  put(root, RAPL "0/energy_uj", "1000000\n");
  HeatPowerStart(root, PETSC_TRUE, &power);
  sum_of_power(&power, &joules, reason);
  assert_true(isnan(joules));
  assert_string_equal(reason, "a counter in /sys/class/powercap cannot be read: No such file or "
                              "directory");
  put(root, RAPL "0/max_energy_range_uj", "262143328850\n");
  HeatPowerStart(root, PETSC_TRUE, &power);
  sum_of_power(&power, &joules, reason);
  assert_true(joules == 0.0);
  if (rank == 0) remove_all(root); /* on one node the counters go while the run lasts */
  sum_of_power(&power, &joules, reason);
  assert_true(isnan(joules) && reason[0]);
  for (int k = 0; k <= HEAT_POWER_COUNTERS; k++) {
    (void)snprintf(file, sizeof file, RAPL "%d/name", k);
    put(root, file, "package\n");
    (void)snprintf(file, sizeof file, RAPL "%d/energy_uj", k);
    put(root, file, "1000000\n");
    (void)snprintf(file, sizeof file, RAPL "%d/max_energy_range_uj", k);
    put(root, file, "262143328850\n");
  }
  HeatPowerStart(root, PETSC_TRUE, &power);
  sum_of_power(&power, &joules, reason);
  assert_true(isnan(joules));
  assert_string_equal(reason, "a node has more than 16 RAPL counters in /sys/class/powercap");
  remove_all(root);
}

/* A counter that starts again from 0 is read before it has gone round once more, while the main
   thread only waits, as in a long solve or a write of a checkpoint. */
static void counters_are_read_while_the_main_thread_is_busy(void **state)
{
  char            root[64], reason[128];
  double          joules;
  PetscMPIInt     rank;
  HeatPower       power;
  struct timespec pause = {.tv_nsec = 400000000}; /* [ns] eight intervals of 50 ms */

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  (void)snprintf(root, sizeof root, "busy.%d", rank);
  put(root, RAPL "0/name", "package-0\n");
  put(root, RAPL "0/energy_uj", "1000000\n");
  put(root, RAPL "0/max_energy_range_uj", "10000000\n"); /* 10 J, at 1 kW read every 50 ms */
  HeatPowerStart(root, PETSC_TRUE, &power);
  for (int k = 0; k < 2; k++) { /* each turn adds 8 J: once round, less 2 J, from 1 to 9 to 7 */
    (void)nanosleep(&pause, NULL);
    put(root, RAPL "0/energy_uj", k == 0 ? "9000000\n" : "7000000\n");
  }
  (void)nanosleep(&pause, NULL);
  sum_of_power(&power, &joules, reason);
  MPI_Comm_size(PETSC_COMM_WORLD, &rank);
  assert_true(fabs(joules - 16.0 * rank) < 1e-9); /* the last reading alone would give 6 J */
  HeatPowerStop(&power);                          /* nothing is left to end */
  remove_all(root);
}

static void clock_comes_from_the_kernel_or_from_cpuinfo(void **state)
{
  char        root[64], governor[32], text[4096];
  size_t      used = 0;
  PetscMPIInt rank;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  (void)snprintf(root, sizeof root, "clock.%d", rank);
  assert_true(isnan(HeatClockFrequency(root, governor)));
  assert_string_equal(governor, "");
  for (int cpu = 0; cpu < 64; cpu++)
    used += (size_t)snprintf(text + used, sizeof text - used,
                             "processor\t: %d\ncpu MHz\t\t: 2100.5\n\n", cpu);
  put(root, "/proc/cpuinfo", text);
  assert_true(HeatClockFrequency(root, governor) == 2100.5e6);
  for (int cpu = 0; cpu < 64; cpu++) {
    char file[128];

    (void)snprintf(file, sizeof file, "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq",
                   cpu);
    put(root, file, "3400000\n");
    (void)snprintf(file, sizeof file, "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor",
                   cpu);
    put(root, file, "performance\n");
  }
  assert_true(HeatClockFrequency(root, governor) == 3.4e9);
  assert_string_equal(governor, "performance");
  remove_all(root);
}

/* ---- memory ---- */

static void stream_has_a_rate(void **state)
{
  HeatStream *stream;
  double      rate;

  (void)state;
  OK(HeatStreamCreate(PETSC_COMM_WORLD, 1 << 16, &stream));
  OK(HeatStreamRun(stream, 0.0, &rate));
  assert_true(rate > 0.0 && isfinite(rate));
  OK(HeatStreamDestroy(&stream));
  assert_null(stream);
}

/* Read a case with one region or two and a scheme. */
static HeatCase *a_case(const char *regions, const char *scheme)
{
  char      text[512];
  HeatCase *c;

  (void)snprintf(text, sizeof text,
                 "grid: {cells: [8, 8], x: [0, 1], y: [0, 1]}\n"
                 "materials: [{name: m, conductivity: 1, density: 1, specific_heat: 1}]\n"
                 "regions: [{material: m}%s]\n"
                 "initial: {temperature: 1}\n"
                 "time: {scheme: %s, step: 1e-3, steps: 1}\n",
                 regions, scheme);
  OK(HeatCaseReadText(PETSC_COMM_WORLD, "case", text, 0, NULL, &c));
  return c;
}

/* Return the modelled bytes of a cell and step. */
static double traffic(const HeatCase *c, const HeatMemoryWork *work)
{
  const char *why;
  double      bytes;

  HeatMemoryTraffic(c, work, &bytes, &why);
  assert_true(isnan(bytes) == (why != NULL));
  return bytes;
}

/* Store what is read where all rows differ and there are sources, as powers of two below 1, so that
   each of them shows in a sum: C 1/2, gx 1/4, gy 1/8, sources 1/16, conductance of an exchange
   1/32, its ambient temperature 1/64; in a sweep a sixty-fourth of these. */
static void set_read(HeatMemoryWork *work)
{
  work->read[HEAT_PASS_SINGLE] = (HeatCoefficientsRead){0.5,    0.25,    0.125,
                                                        0.0625, 0.03125, 0.015625};
  work->read[HEAT_PASS_SWEEP]  = (HeatCoefficientsRead){0.5 / 64,    0.25 / 64,    0.125 / 64,
                                                        0.0625 / 64, 0.03125 / 64, 0.015625 / 64};
}

static const double Sources = 5.0 / 64.0, Exchange = 1.0 / 32.0, Faces = 3.0 / 8.0, Capacity = 0.5;

/* The numbers are those of memory_traffic.h. */
static void traffic_follows_from_passes_and_iterations(void **state)
{
  HeatCase      *ftcs     = a_case("", "ftcs");
  HeatCase      *implicit = a_case("", "backward-euler"), *ts = a_case("", "ts:euler");
  HeatMemoryWork work = {.steps = 64, .passes = {[HEAT_PASS_SWEEP] = 2}};

  (void)state;
  assert_true(traffic(ftcs, &work) == 16.0 / 32.0);
  set_read(&work);
  assert_true(traffic(ftcs, &work) ==
              8.0 * (2.0 + (Capacity + Faces + Sources + Exchange) / 64) / 32.0);
  work.passes[HEAT_PASS_SINGLE] = 32;
  work.passes[HEAT_PASS_SWEEP]  = 0;
  assert_true(traffic(ftcs, &work) == 8.0 * (2.0 + Capacity + Faces + Sources + Exchange) / 2.0);
  work.steps = 32;
  work.of_T  = PETSC_TRUE; /* Update 10, limit of stability 7 and C */
  assert_true(traffic(ftcs, &work) == 8.0 * (19.0 + 2.0 * Capacity + Faces + Sources + Exchange));
  assert_true(isnan(traffic(implicit, &work))); /* the solver is PETSc's */
  assert_true(isnan(traffic(ts, &work)));
  work = (HeatMemoryWork){.steps = 10, .iterations = 60, .solver = HEAT_TRAFFIC_OF_HEATCG};
  assert_true(traffic(implicit, &work) == 582.0);
  work.steps = 0;
  assert_true(isnan(traffic(implicit, &work)));
  OK(HeatCaseDestroy(&ftcs));
  OK(HeatCaseDestroy(&implicit));
  OK(HeatCaseDestroy(&ts));
}

static void traffic_of_rkl2_follows_from_stages_and_sweeps(void **state)
{
  static const struct {
    PetscInt  stages, sweeps;
    PetscBool of_T;
    double    values, capacity, faces, sources, exchange; /* and how often coefficients are read */
  } steps[]   = {{9, 1, PETSC_FALSE, 2, 1, 1, 1, 1},
                 {33, 3, PETSC_FALSE, 14, 3, 3, 1, 3},
                 {3, 0, PETSC_FALSE, 16, 3, 3, 1, 3},
                 {3, -1, PETSC_FALSE, 21, 3, 3, 3, 3},
                 {3, -1, PETSC_TRUE, 89, 7, 3, 3, 3}};
  HeatCase *c = a_case("", "rkl2");

  (void)state;
  for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
    const double   part = steps[k].sweeps > 0 ? 1.0 / 64 : 1.0;
    HeatMemoryWork work = {.steps = 1};

    HeatStageTrafficAdd(&work.stages, steps[k].stages, steps[k].sweeps, steps[k].of_T);
    assert_int_equal(work.stages.stages, steps[k].stages);
    assert_true(traffic(c, &work) == 8.0 * steps[k].values);
    set_read(&work);
    assert_true(traffic(c, &work) ==
                8.0 * (steps[k].values +
                       part * (steps[k].capacity * Capacity + steps[k].faces * Faces +
                               steps[k].sources * Sources + steps[k].exchange * Exchange)));
  }
  OK(HeatCaseDestroy(&c));
}

/* One step of one solve: two iterations of Newton's method, of three linear ones each. */
static void traffic_of_newton_follows_from_its_iterations(void **state)
{
  HeatCase      *c    = a_case("", "backward-euler");
  HeatMemoryWork work = {
      .steps = 1, .solves = 1, .newton = 2, .iterations = 6, .solver = HEAT_TRAFFIC_OF_FGMRES};

  (void)state;
  work.read[HEAT_PASS_SINGLE] = (HeatCoefficientsRead){1.0, 1.0, 1.0, 0.0, 0.0, 0.0};
  /* solve 10 + 4 + 5 + 2; iteration 10 + 4 + 5 + 2 + 3 + 10, solution 3 + 2; linear 8 + 3 + 7 */
  assert_true(traffic(c, &work) == 8.0 * (21 + 2 * (34 + 5) + 6 * 18) + 6 * 97.0);
  work.solver = HEAT_TRAFFIC_OF_CG;
  assert_true(traffic(c, &work) == 8.0 * (12 + 2 * 22 + 6 * 20) + 6 * 97.0);
  /* N and the mass in three evaluations read all, each of six products C, gx and gy */
  set_read(&work);
  assert_true(traffic(c, &work) ==
              8.0 * (9 + 2 * 19 + 6 * 17 + 3 * (Capacity + Faces + Sources + Exchange) +
                     6 * (Capacity + Faces)) +
                  6 * 97.0);
  OK(HeatCaseDestroy(&c));
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(percentiles_are_those_of_the_sorted_times),
      cmocka_unit_test(a_sweep_counts_as_steps_of_equal_time),
      cmocka_unit_test(without_steps_nothing_is_known),
      cmocka_unit_test(times_beyond_the_bins_count_in_the_outermost),
      cmocka_unit_test(spreads_name_the_rank_of_the_maximum),
      cmocka_unit_test(time_in_mpi_is_added_to_the_present_kind),
      cmocka_unit_test(energy_is_that_of_packages_and_memory),
      cmocka_unit_test(energy_without_counters_has_a_reason),
      cmocka_unit_test(energy_of_a_part_is_not_that_of_the_whole),
      cmocka_unit_test(counters_are_read_while_the_main_thread_is_busy),
      cmocka_unit_test(clock_comes_from_the_kernel_or_from_cpuinfo),
      cmocka_unit_test(stream_has_a_rate),
      cmocka_unit_test(traffic_follows_from_passes_and_iterations),
      cmocka_unit_test(traffic_of_rkl2_follows_from_stages_and_sweeps),
      cmocka_unit_test(traffic_of_newton_follows_from_its_iterations)};
  int failed;

  OK(PetscInitialize(&argc, &argv, NULL, NULL));
  HeatMpiTimeStart();
  failed = cmocka_run_group_tests(tests, NULL, NULL);
  OK(PetscFinalize());
  return failed;
}
