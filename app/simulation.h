/** A run: everything between a validated case and its results.
 *
 *  The only place where solver and io meet.  Create sets up and checks all that can be wrong
 *  before anything is written; Start makes the output folder and the initial field, or reads the
 *  checkpoint; Run does the time steps; Finish evaluates the checks and writes the record. / */
#ifndef HEAT_APP_SIMULATION_H
#define HEAT_APP_SIMULATION_H

#include "app/options.h"
#include "app/phases.h"
#include "app/stop.h"
#include "io/checkpoint.h"
#include "io/results.h"
#include "io/table.h"
#include "solver/diagnostics.h"
#include "solver/energy.h"
#include "solver/probes.h"

/** One check of the case, evaluated (checks.c). */
typedef struct {
  char      description[128]; /* "temperature at (0.6, 0.2)" */
  PetscReal value;            /* computed */
  PetscReal expected;         /* NaN for a check of the form `below` */
  PetscReal tolerance;        /* absolute: bound of |value - expected|, or of |value| */
  PetscBool pass;             /* never true for a NaN */
} HeatCheckResult;

/** Iterations of the linear solves so far. */
typedef struct {
  PetscInt64 solves, total, min, max;
  PetscReal  last_residual;
} HeatIterations;

/** Progress on the terminal (screen.c). */
typedef struct {
  PetscBool  quiet, bar;  /* print nothing; rewrite one line instead of printing several */
  double     last, began; /* MPI_Wtime */
  PetscInt64 first_step;
  int        last_percent;
} HeatScreen;

typedef struct {
  const HeatCase    *c;
  const HeatOptions *options;
  HeatGrid          *grid; /* owned, like all that follows */
  HeatOperator      *op;
  HeatStepper       *stepper;
  Vec                T;
  HeatProbes        *probes;
  HeatEnergy         energy;

  PetscReal  dt;             /* [s]; 1 for a steady state, where it only multiplies [W/m] */
  PetscInt64 step, end_step; /* done, to do */
  PetscInt64 base_step;      /* time = base_time + (step - base_step) * dt */
  PetscReal  base_time;
  PetscInt64 history_every;
  PetscInt64 first_step;                         /* of this process: 0, or the checkpoint's */
  char       restarted_from[PETSC_MAX_PATH_LEN]; /* "" for a fresh run */

  HeatSnapshots *snapshots;
  PetscReal      next_snapshot; /* [s] of simulated time, for snapshots by interval */
  PetscInt64     last_snapshot_step, last_checkpoint_step; /* -1: none */
  HeatFileStats  checkpoint_stats;
  HeatTable     *history, *probe_table;
  PetscReal     *probe_shares; /* [probe_capacity][n_probes] own parts, rows not yet written */
  PetscInt       probe_rows, probe_capacity;

  HeatIterations   iterations;
  HeatStepInfo     last_step;
  HeatSummary      summary; /* at the last reported step */
  HeatEnergyReport account; /* likewise */
  HeatPhases       phases;
  HeatStop         stop;
  HeatScreen       screen;
  HeatCheckResult *checks;  /* [c->n_checks] */
  double           began;   /* MPI_Wtime at program start */
  PetscReal        seconds; /* [s] of the time loop, barrier to barrier, largest rank */
} HeatSimulation;

/** Grid, operator, stepper, probes; then every PETSc option must have been read.  Collective on
 *  comm.
 *  Errors: HEAT_ERR_INPUT.  Nothing is written. */
PetscErrorCode HeatSimulationCreate(MPI_Comm comm, const HeatCase *c, const HeatOptions *options,
                                    double began, HeatSimulation **sim);

/** Output folder, initial field or checkpoint, first outputs.  Collective. */
PetscErrorCode HeatSimulationStart(HeatSimulation *sim);

/** The time steps.  Collective.  On HEAT_ERR_NUMERICS the last good state was checkpointed. */
PetscErrorCode HeatSimulationRun(HeatSimulation *sim);

/** Checks, results.json, closing table.  @param[out] status  ok, check-failed or stopped */
PetscErrorCode HeatSimulationFinish(HeatSimulation *sim, HeatStatus *status);

/** Time of a step [s]. */
PetscReal HeatSimulationTime(const HeatSimulation *sim, PetscInt64 step);

/** Collective; *sim may be NULL. */
PetscErrorCode HeatSimulationDestroy(HeatSimulation **sim);

#endif
