/** Energy and clock frequency from the kernel's files (power.h). */
#define _GNU_SOURCE /* sched_getcpu */
#include "app/process/power.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "solver/base/monotonic.h"

/* [s] Longest and shortest time between readings, and [W] the power above which a counter could
   start again between two of them.  Chosen: packages take less than 1 kW, so that the smallest
   ranges, 65 kJ, are read once a minute; a reading takes some ten microseconds. */
static const double LongestInterval = 60.0, ShortestInterval = 0.05, MostPower = 1000.0;

struct HeatPowerReader {
  pthread_t       thread;
  pthread_mutex_t lock; /* guards `over` */
  pthread_cond_t  wake;
  int             over; /* 1: the thread must return */
};

/* Numbers of packages that are tried.  Chosen: more than nodes have, so that a node with too many
   counters is noticed. */
enum { MOST_PACKAGES = 4 * HEAT_POWER_COUNTERS };

/* Read the first line of a file, without its end.  Return 0, or errno. */
static int ReadLine(const char *path, size_t size, char *line)
{
  FILE *file = fopen(path, "r");
  int   code = 0;

  line[0] = '\0';
  if (!file) return errno;
  if (!fgets(line, (int)size, file)) code = EIO;
  (void)fclose(file);
  line[strcspn(line, "\n")] = '\0';
  return code;
}

/* Read a file that holds one number.  Return 0, or errno. */
static int ReadNumber(const char *path, double *value)
{
  char line[64], *end;
  int  code = ReadLine(path, sizeof line, line);

  if (code) return code;
  *value = strtod(line, &end);
  return end == line ? EIO : 0;
}

/* RAPL. */

/* Record why the energy is not known, and drop all counters: some of them give a part of it
   only. */
static void Fail(HeatPower *p, int code)
{
  p->n = 0;
  if (code == EACCES || code == EPERM)
    (void)snprintf(p->reason, sizeof p->reason, "%s",
                   "the counters in /sys/class/powercap are not readable for this user");
  else if (code == ENOSPC)
    (void)snprintf(p->reason, sizeof p->reason,
                   "a node has more than %d RAPL counters in /sys/class/powercap",
                   HEAT_POWER_COUNTERS);
  else
    (void)snprintf(p->reason, sizeof p->reason,
                   "a counter in /sys/class/powercap cannot be read: %.60s", strerror(code));
}

/* Add the counter of a folder if it is one of a package or of memory.  A package's cores and its
   graphics unit are part of the package.  Return 0, also for folders without a counter; ENOSPC if
   there are too many; or the errno for which the counter cannot be read. */
static int AddCounter(const char *folder, HeatPower *p)
{
  char   path[512], name[32];
  double microjoules, range;
  int    code;

  (void)snprintf(path, sizeof path, "%s/name", folder);
  code = ReadLine(path, sizeof name, name);
  if (code) return code == ENOENT ? 0 : code;
  if (strncmp(name, "package", 7) != 0 && strcmp(name, "dram") != 0) return 0;
  if (p->n == HEAT_POWER_COUNTERS) return ENOSPC;
  (void)snprintf(path, sizeof path, "%s/max_energy_range_uj", folder);
  code = ReadNumber(path, &range);
  if (code) return code;
  (void)snprintf(path, sizeof path, "%s/energy_uj", folder);
  code = ReadNumber(path, &microjoules);
  if (code) return code;
  if (strlen(path) >= sizeof p->counter[0].path) return ENAMETOOLONG;
  (void)snprintf(p->counter[p->n].path, sizeof p->counter[p->n].path, "%s", path);
  p->counter[p->n].last  = 1e-6 * microjoules;
  p->counter[p->n].range = 1e-6 * range;
  p->n++;
  return 0;
}

/* Find the counters of this node and read them for the first time. */
static void FindCounters(const char *root, HeatPower *p)
{
  int code = 0;

  for (int package = 0; package < MOST_PACKAGES && !code; package++) {
    char folder[300];

    (void)snprintf(folder, sizeof folder, "%.200s/sys/class/powercap/intel-rapl:%d", root, package);
    code = AddCounter(folder, p);
    for (int part = 0; part < 4 && !code; part++) { /* a package has at most four parts */
      (void)snprintf(folder, sizeof folder, "%.200s/sys/class/powercap/intel-rapl:%d:%d", root,
                     package, part);
      code = AddCounter(folder, p);
    }
  }
  if (code) Fail(p, code);
  else if (p->n == 0)
    (void)snprintf(p->reason, sizeof p->reason, "%s",
                   "there are no RAPL counters in /sys/class/powercap");
}

/* Read all counters and add what they have advanced.  After a failure none is read again. */
static void Read(HeatPower *p)
{
  for (int k = 0; k < p->n; k++) {
    double    microjoules, advance;
    const int code = ReadNumber(p->counter[k].path, &microjoules);

    if (code) {
      Fail(p, code);
      return;
    }
    advance            = 1e-6 * microjoules - p->counter[k].last;
    p->counter[k].last = 1e-6 * microjoules;
    p->joules += advance < 0.0 ? advance + p->counter[k].range : advance;
  }
}

/* The thread that reads the counters. */

/* Return the time between two readings [s]: none of the counters can start again within it. */
static double Interval(const HeatPower *p)
{
  double interval = LongestInterval;

  for (int k = 0; k < p->n; k++) interval = fmin(interval, p->counter[k].range / MostPower);
  return fmax(interval, ShortestInterval);
}

/* Wait until HeatPowerStop wakes the thread, at most so long [s].  Return whether it did. */
static int WaitForEnd(HeatPowerReader *reader, double seconds)
{
  struct timespec until;
  int             over;

  (void)clock_gettime(CLOCK_MONOTONIC, &until);
  seconds += (double)until.tv_sec + 1e-9 * (double)until.tv_nsec;
  until.tv_sec  = (time_t)seconds;
  until.tv_nsec = (long)(1e9 * (seconds - (double)until.tv_sec));
  (void)pthread_mutex_lock(&reader->lock);
  while (!reader->over &&
         pthread_cond_timedwait(&reader->wake, &reader->lock, &until) != ETIMEDOUT) {
  }
  over = reader->over;
  (void)pthread_mutex_unlock(&reader->lock);
  return over;
}

/* Read the counters from time to time, whatever the main thread does meanwhile. */
static void *KeepReading(void *power)
{
  HeatPower   *p        = power;
  const double interval = Interval(p);

  while (!WaitForEnd(p->reader, interval)) Read(p);
  return NULL;
}

/* Start the thread.  Where that is not possible the energy is not known. */
static void StartReader(HeatPower *p)
{
  HeatPowerReader   *reader = NULL;
  pthread_condattr_t monotonic;
  sigset_t           all, before;
  int                failed = 1;

  if (!PetscCalloc1(1, &reader)) {
    (void)pthread_mutex_init(&reader->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&reader->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    p->reader = reader;
    (void)sigfillset(&all); /* the main thread receives all signals */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&reader->thread, NULL, KeepReading, p);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  }
  if (!failed) return;
  (void)PetscFree(reader);
  p->reader = NULL;
  Fail(p, EAGAIN);
}

void HeatPowerStart(const char *root, PetscBool first, HeatPower *p)
{
  memset(p, 0, sizeof *p);
  p->start = HeatMonotonicTime();
  if (!first) return;
  FindCounters(root, p);
  if (p->n > 0) StartReader(p);
}

void HeatPowerStop(HeatPower *p)
{
  HeatPowerReader *reader = p->reader;

  if (!reader) return;
  (void)pthread_mutex_lock(&reader->lock);
  reader->over = 1;
  (void)pthread_cond_signal(&reader->wake);
  (void)pthread_mutex_unlock(&reader->lock);
  (void)pthread_join(reader->thread, NULL);
  (void)pthread_cond_destroy(&reader->wake);
  (void)pthread_mutex_destroy(&reader->lock);
  (void)PetscFree(reader);
  p->reader = NULL;
}

PetscErrorCode HeatPowerAdd(HeatReduction *r, HeatPower *p, HeatPowerTotals *totals)
{
  HeatExactSum joules = {0};

  PetscFunctionBeginUser;
  HeatPowerStop(p);
  Read(p);
  HeatExactSumAdd(&joules, p->joules);
  PetscCall(HeatReductionAddSums(r, 1, &joules, &totals->joules));
  PetscCall(HeatReductionAddText(r, p->reason, totals->reason));
  PetscFunctionReturn(PETSC_SUCCESS);
}

double HeatPowerGet(const HeatPowerTotals *totals)
{
  return totals->reason[0] ? NAN : totals->joules;
}

/* The clock. */

/* Return the frequency [Hz] that /proc/cpuinfo states for a processor, in lines "cpu MHz : 2400" of
   blocks that begin with "processor : 0"; NaN: none. */
static double FrequencyFromCpuinfo(const char *root, int cpu)
{
  char   path[300], line[256];
  FILE  *file;
  double megahertz;
  int    block = -1;

  (void)snprintf(path, sizeof path, "%.200s/proc/cpuinfo", root);
  file = fopen(path, "r");
  if (!file) return NAN;
  while (fgets(line, sizeof line, file)) {
    (void)sscanf(line, "processor : %d", &block);
    if (block != cpu || sscanf(line, "cpu MHz : %lf", &megahertz) != 1) continue;
    (void)fclose(file);
    return 1e6 * megahertz;
  }
  (void)fclose(file);
  return NAN;
}

double HeatClockFrequency(const char *root, char governor[32])
{
  const int cpu = sched_getcpu();
  char      path[300];
  double    kilohertz;

  (void)snprintf(path, sizeof path, "%.200s/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor",
                 root, cpu);
  (void)ReadLine(path, 32, governor);
  (void)snprintf(path, sizeof path, "%.200s/sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq",
                 root, cpu);
  if (ReadNumber(path, &kilohertz) == 0) return 1e3 * kilohertz;
  return FrequencyFromCpuinfo(root, cpu);
}
