/** What a run is made of, as plain data: simulation.c drives it; the files that write, tell and
 *  check work on it and know nothing of the driver. */
#ifndef HEAT_APP_SIMULATION_DATA_H
#define HEAT_APP_SIMULATION_DATA_H

#include "app/process/options.h"
#include "app/process/phases.h"
#include "app/process/stop.h"
#include "app/run/clock.h"
#include "io/field_file/disk_probe.h"
#include "io/file/table.h"
#include "io/run_files/checkpoint.h"
#include "io/run_files/results.h"
#include "solver/measure/diagnostics.h"
#include "solver/measure/energy.h"
#include "solver/measure/probes.h"
#include "solver/measure/zones.h"

/** One check of the case, evaluated (checks.c). */
typedef struct {
  char      description[160]; /* "temperature at (0.6, 0.2)" */
  PetscReal value;            /* computed */
  PetscReal expected;         /* NaN for a check of the form `below` */
  PetscReal tolerance;        /* absolute: bound of |value - expected|, or of |value| */
  PetscBool pass;             /* never true for a NaN */
} HeatCheckResult;

/** Iterations of the linear solves so far, and of Newton's method around them. */
typedef struct {
  PetscInt64 solves, total, min, max, newton;
  PetscReal  last_residual, last_true, worst_true; /* relative; the true ones of linear problems */
  PetscInt64 rescued[HEAT_RESCUES];                /* steps that had to go so far */
  PetscInt64 at_rounding;                          /* steps with a tolerance below rounding */
} HeatIterations;

/** Progress on the terminal (screen.c). */
typedef struct {
  PetscBool quiet, bar;  /* print nothing; rewrite one line instead of printing several */
  double    last, began; /* MPI_Wtime */
  PetscReal first_fraction;
  int       last_percent;
} HeatScreen;

/** history.csv (history.c). */
typedef struct {
  HeatTable *table;
  PetscInt   n_columns; /* after the step */
  PetscInt64 every;     /* steps; 0: not by steps */
  PetscReal  width;     /* [s] of simulated time from row to row, about; 0: not by time */
} HeatHistory;

/** probes.csv and profile_NAME.csv (points.c). */
typedef struct {
  HeatProbes *probes;
  HeatTable  *table;
  PetscReal  *terms; /* [capacity][n_probes][HEAT_PROBE_TERMS] own ones, of rows not yet written */
  PetscReal  *times; /* [capacity] [s] */
  PetscInt    rows, capacity;

  HeatProbes **profiles; /* [n_profiles] */
  HeatTable  **profile_tables;
} HeatPoints;

/** Whether the state can be believed (health.c), and going back where it cannot (rollback.c). */
typedef struct {
  PetscBool  bad;         /* the present state breaks a rule; */
  char       what[256];   /* which, with step, value and bound */
  PetscInt64 good_step;   /* the last one that was judged and found good; -1: none */
  PetscBool  has_balance; /* the energy account is judged; */
  PetscReal  error_start; /* its error when this process began [J/m] */
  PetscReal  capacity;    /* of all cells [J/(m K)] */
  PetscReal  stable_step; /* [s] explicit one, at the start */
  PetscReal  magnitude;   /* largest absolute temperature of good states */
  PetscReal  least;       /* smallest capacity of a cell [J/(m K)] */
  PetscReal  leak;        /* residual norms that solves were left with, times their steps [J/m] */
  PetscReal  low, high;   /* temperatures that nothing can leave; low > high: not judged */

  PetscInt64 first_checkpoint; /* step of the first one that this process wrote; -1: none */
  HeatEnergy kept;             /* the account at the newest one, without its rounding, */
  PetscInt64 kept_step;        /* and its step; -1: none */

  PetscInt   n_rollbacks; /* at most one */
  PetscInt64 step, to_step;
  char       reason[256];
} HeatHealth;

/** A fault that a test wants (inject.c). */
typedef struct {
  PetscInt64 step;
  PetscInt  cell[2], times, memory; /* times: still to come; memory: which field; -1: temperature */
  PetscReal value;
} HeatInject;

typedef struct {
  const HeatCase    *c;
  const HeatOptions *options;
  HeatGrid          *grid; /* owned, like all that follows */
  HeatOperator      *op;
  HeatStepper       *stepper;
  Vec                T;
  HeatZones         *zones; /* the named regions */
  HeatEnergy         energy;
  HeatClock          clock;

  PetscInt64          first_step; /* of this process: 0, or the checkpoint's */
  char                restarted_from[PETSC_MAX_PATH_LEN]; /* "" for a fresh run */
  HeatCheckpointState resumed; /* what the checkpoint held, until Start */

  HeatSnapshots *snapshots;
  PetscInt64     last_snapshot_step, last_checkpoint_step; /* -1: none */
  HeatDiskProbe  disk;
  PetscBool      probed;                           /* the disk, whatever came of it */
  PetscInt64     restart_bytes;                    /* of the checkpoint that was read */
  double         restart_seconds;                  /* that it took */
  HeatFileStats  checkpoint_stats, snapshot_stats; /* the latter of series given up */
  struct {
    HeatCheckpointJob  *job;    /* the checkpoint that is under way; NULL: none */
    PetscInt64          step;   /* its step */
    HeatEnergy          energy; /* the account then, without its rounding */
    HeatFieldFileCopies copies;
  } behind;
  HeatHistory history;
  HeatPoints  points;

  PetscInt64       prepared_step; /* the operator is at the field and time of that step; -1: not */
  HeatIterations   iterations;
  HeatStepInfo     last_step;
  int              lock;         /* of the output folder; -1: none */
  PetscInt         most_at_once; /* steps that the stepper can take at once */
  HeatSummary      summary;      /* at the last reported step */
  HeatEnergyReport account;      /* likewise */
  HeatPhases       phases;
  HeatStop         stop;
  HeatScreen       screen;
  HeatHealth       health;
  HeatInject       inject;
  HeatCheckResult *checks; /* [c->n_checks] */
  double           began;  /* MPI_Wtime at program start */
} HeatSimulation;

#endif
