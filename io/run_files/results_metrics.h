/** Where the time of a run went, and how well it used the machine: a part of the record
 *  (results.h).  Plain data; NaN and -1 mean "not known". */
#ifndef HEAT_IO_RESULTS_METRICS_H
#define HEAT_IO_RESULTS_METRICS_H

#include <petscsys.h>

/** A number over the ranks, and the rank that has the largest. */
typedef struct {
  double   min, mean, max;
  PetscInt rank; /* of the maximum; -1: the number is not known */
} HeatResultsSpread;

/** The parts into which the time of the steps is divided. */
typedef enum {
  HEAT_PART_COMPUTE,    /* outside of MPI and of coarse levels */
  HEAT_PART_HALO,       /* in MPI, messages between neighbours, on the finest level */
  HEAT_PART_COARSE,     /* on the coarse levels of the multigrid, in MPI or not */
  HEAT_PART_REDUCTIONS, /* in MPI, collective operations outside of coarse levels */
  HEAT_TIME_PARTS
} HeatTimePart;

/** Names of the parts, "compute" ...: [HEAT_TIME_PARTS]. */
extern const char *const HeatTimePartNames[HEAT_TIME_PARTS];

typedef struct {
  /* The window: steps and what is decided between them, without output.  Times in [s]. */
  double            window; /* on the slowest rank */
  HeatResultsSpread useful; /* outside of MPI */
  HeatResultsSpread part[HEAT_TIME_PARTS];
  HeatResultsSpread output;        /* snapshots, checkpoints, tables, record; not in the window */
  double            load_balance;  /* mean(useful) / max(useful) */
  double            communication; /* max(useful) / window */
  double            parallel;      /* their product */

  struct {
    double     p25, p50, p95, p99; /* [s] that 25 %, 50 %, 95 % and 99 % of the steps do not exceed,
                                      on the slowest rank */
    double     max;                /* [s] the longest step, on the slowest rank */
    double     resolution;         /* largest relative error of the percentiles */
    PetscInt64 steps;              /* of this process */
    PetscInt64 most_at_once;       /* steps of the largest sweep; steps of a sweep count as equally
                                      long */
  } step;

  struct {
    double      bytes_per_cell_step; /* by the model of solver/measure/memory_traffic.h */
    const char *not_modelled;        /* why these bytes are not known; NULL: they are */
    double      achieved;            /* [bytes/s] modelled bytes over the time of the steps */
    double      stream;              /* [bytes/s] STREAM's triad on all ranks at once */
    double      stream_bytes;        /* [bytes] of each of its arrays on the first host */
    double      working_set;         /* [bytes] predicted for the ranks of the first host */
    double      cache;               /* [bytes] of that host's last-level caches */
  } bandwidth;

  HeatResultsSpread memory;    /* [bytes] high-water mark of a rank */
  HeatResultsSpread clock;     /* [Hz] frequency of a rank's processor after the steps */
  const char       *governor;  /* by which the kernel sets the frequency on rank 0; NULL */
  double            joules;    /* [J] electric energy of all nodes since the grid was created */
  double            watts;     /* [W] its mean power since then */
  const char       *no_energy; /* why the energy is not known; NULL: it is */
} HeatResultsMetrics;

/** Mark all members as not known. */
void HeatResultsMetricsInit(HeatResultsMetrics *metrics);

/** Return whether the working set fits into the caches, so that memory bandwidth is no limit. */
PetscBool HeatResultsInCache(const HeatResultsMetrics *metrics);

#endif
