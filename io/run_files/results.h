/** results.json: the machine-readable record of a run.
 *
 *  Plain data that app fills in; every string is borrowed (NULL becomes null, NaN and infinity
 *  too), every array is [n_...].  The schema is "heat2d results 1"; io/README.md lists the keys.
 */
#ifndef HEAT_IO_RESULTS_H
#define HEAT_IO_RESULTS_H

#include "io/field_file/disk_probe.h"
#include "io/field_file/field_file.h"

#define HEAT_RESULTS_SCHEMA "heat2d results 1"

typedef enum {
  HEAT_STATUS_OK,
  HEAT_STATUS_CHECK_FAILED,
  HEAT_STATUS_STOPPED,
  HEAT_STATUS_ERROR
} HeatStatus;

typedef struct {
  const char *name;
  double      min, mean, max; /* [s] over ranks */
  PetscInt64  calls;          /* of one rank */
} HeatResultsPhase;

typedef struct {
  const char *quantity;    /* as in the case file */
  const char *description; /* in words, with the place: "temperature at (0.6, 0.2)" */
  double      value;       /* computed */
  double      expected;    /* NaN where the check has none (below: ...) */
  double      tolerance;   /* absolute: what |value - expected|, or value, may be */
  PetscBool   pass;
} HeatResultsCheck;

/** A measurement of the verification suite: passes when low <= value <= high. */
typedef struct {
  const char *name, *quantity;  /* of the entry; in words */
  const char *message;          /* the error that took the place of a value, or NULL */
  double      value, low, high; /* infinite where there is no bound */
  double      seconds;
  PetscInt    ranks; /* that took part */
  PetscBool   pass;
} HeatResultsVerify;

typedef struct {
  const char *file;
  PetscInt64  step;
} HeatResultsRestart;

/** A state that was found corrupted, and the checkpoint that the run went on from. */
typedef struct {
  PetscInt64  step, to_step;
  const char *reason;
} HeatResultsRollback;

/** The heat through one segment of a side, at the end. */
typedef struct {
  HeatSide side;
  PetscInt segment; /* from 0 */
  double   heat;    /* [W/m] into the domain */
} HeatResultsSegment;

/** The heat from one material to another, at the end. */
typedef struct {
  const char *from, *to;
  double      heat; /* [W/m] */
} HeatResultsInterface;

/** Temperatures of a region with a name, at the end. */
typedef struct {
  const char *name;
  double      min, mean, max; /* NaN: the region has no cells */
} HeatResultsRegion;

typedef struct {
  HeatStatus  status;
  const char *title;
  const char *error; /* the message, when status is error or stopped; else NULL */

  PetscInt  nx, ny;
  PetscReal x[2], y[2]; /* [m] */
  PetscInt  ranks, nodes;

  struct {
    PetscInt    px, py;
    const char *mapping;
    PetscInt    cells_min, cells_max;              /* of a rank */
    PetscInt64  exchanges;                         /* halo exchanges counted in the run */
    PetscInt    messages_between, messages_within; /* predicted, of one exchange: nodes, node */
    PetscInt64  bytes_between, bytes_within;       /* likewise */
    PetscInt64  total_messages_between, total_messages_within; /* counted over the run; -1: not */
    PetscInt64  total_bytes_between, total_bytes_within;       /* likewise */
    PetscInt    deep;           /* cells of the halo of several steps at once; 0: none */
    PetscInt64  deep_exchanges; /* of that kind, beside the others */
    PetscInt64  deep_messages[2], deep_bytes[2]; /* of one: within nodes, between */
  } decomposition;

  struct {
    const char *scheme;
    PetscReal   step; /* [s]; NaN: steady */
    PetscInt64  steps;
    PetscReal   end;                /* [s] reached */
    PetscReal   step_min, step_max; /* [s] taken; NaN: none */
    PetscInt64  rejected;           /* steps that were tried again with a shorter one; -1: fixed */
  } time;

  struct {
    const char *ksp, *pc; /* NULL: explicit, no solves */
    PetscInt64  solves;
    PetscInt64  iterations_min, iterations_max, iterations_total; /* of a solve; of all */
    double      iterations_mean;
    double      final_residual;      /* of the last solve, relative, recursive */
    double      true_residual;       /* likewise, computed from the solution; NaN: not linear */
    double      worst_residual;      /* the largest true one of the run */
    PetscInt64  w_cycles, algebraic; /* steps that needed more than V-cycles; -1: not ours */
    PetscInt64  set_ups;
    double      set_up_seconds, solve_seconds; /* on rank 0; NaN: not counted */
    PetscInt64  at_rounding;                   /* steps whose tolerance was below rounding */
    PetscInt64  newton;                        /* Newton iterations of all steps; -1: linear */
  } solver;

  PetscInt                n_phases;
  const HeatResultsPhase *phases;
  double                  seconds; /* wall time of the steps [s]: what fom divides by */
  double                  fom;     /* cell-steps a second */
  PetscInt64              memory_max, memory_mean; /* [bytes] high-water mark of a rank */

  HeatFileStats snapshots, checkpoints;
  double        checkpoint_interval; /* [s] of wall time, at the end; NaN: none */
  const char   *checkpoint_mode;     /* "sync", "async" */
  HeatDiskProbe disk;                /* bytes 0: not measured */
  PetscInt64    restart_bytes;       /* of the checkpoint that the run continued from; 0: none */
  double        restart_seconds;     /* that reading it took, on rank 0 */
  struct {
    double      wall_time;  /* [s]; NaN: none */
    const char *slurm_job;  /* NULL: none, or not looked for */
    double      slurm_left; /* [s] at the start; infinite: not known */
  } limits;

  struct {
    double stored_initial, stored_final; /* [J/m] */
    double sides[HEAT_SIDES];            /* [J/m] into the domain, over the run */
    double sources;                      /* [J/m] */
    double exchange;                     /* [J/m] in through the faces above and below */
    double balance_error;                /* [J/m] */
    double balance_relative;

    PetscInt                    n_segments;
    const HeatResultsSegment   *segments;
    PetscInt                    n_interfaces;
    const HeatResultsInterface *interfaces;
  } energy;

  PetscInt                 n_regions;
  const HeatResultsRegion *regions;

  PetscInt                   n_checks;
  const HeatResultsCheck    *checks;
  PetscInt                   n_verify; /* > 0: the record of a verification, not of a run */
  const HeatResultsVerify   *verify;
  PetscInt                   n_restarts;
  const HeatResultsRestart  *restarts; /* what this run continued from, oldest first */
  PetscInt                   n_rollbacks;
  const HeatResultsRollback *rollbacks;

  struct {
    const char        *version, *git_commit, *compiler, *flags, *build_type;
    const char        *mpi, *petsc, *hdf5; /* library versions; hdf5 NULL: filled in here */
    PetscInt           index_bits;         /* of PetscInt */
    PetscInt           n_hosts;
    const char *const *hosts;   /* distinct, in order of rank */
    const char *const *binding; /* [ranks] cpu lists, or NULL */
    const char        *command_line, *petsc_options;
    const char        *case_file, *case_text;
    const char        *started; /* ISO 8601, UTC */
    double             elapsed; /* [s] of the whole program so far */
  } provenance;
} HeatResults;

/** Fill numbers with "unknown": NaN and -1 where 0 would be a statement.  Not collective. */
void HeatResultsInit(HeatResults *results);

/** Replace DIR/results.json as a whole.  Collective on comm; rank 0's data counts.
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatResultsWrite(MPI_Comm comm, const char *dir, const HeatResults *results);

/** Status of the results.json in `dir`: "ok", "check-failed", "stopped", "error"; "" when there is
 *  none or it cannot be read.  Not collective. */
PetscErrorCode HeatResultsReadStatus(const char *dir, char *status, size_t size);

#endif
