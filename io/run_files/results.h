/** results.json: the machine-readable record of a run.
 *
 *  app fills the record, which is plain data, and HeatResultsWrite writes it.  All pointers are
 *  borrowed.  A string that is NULL, a number that is NaN or infinite, and a count of -1 become
 *  null in the file, which means "not known".  An array has the length n_... before it, unless
 *  another is given.  The schema is "heat2d results 1"; io/README.md lists its keys. */
#ifndef HEAT_IO_RESULTS_H
#define HEAT_IO_RESULTS_H

#include "io/field_file/disk_probe.h"
#include "io/field_file/field_file.h"
#include "io/file/json.h"
#include "io/run_files/results_metrics.h"

#define HEAT_RESULTS_SCHEMA "heat2d results 1"

/** How a run ended: "ok", "check-failed", "stopped", "error". */
typedef enum {
  HEAT_STATUS_OK,
  HEAT_STATUS_CHECK_FAILED, /* the run finished, and one of the case's checks does not pass */
  HEAT_STATUS_STOPPED,      /* by a signal or a limit, before its end */
  HEAT_STATUS_ERROR
} HeatStatus;

/** The time of one phase of the program. */
typedef struct {
  const char *name;
  double      min, mean, max; /* [s] least, mean and largest time of a rank */
  PetscInt64  calls;          /* number of calls on one rank */
  PetscInt    slowest;        /* the rank with the largest time */
} HeatResultsPhase;

/** One of the case's checks. */
typedef struct {
  const char *quantity;    /* as in the case file */
  const char *description; /* in words, with the place: "temperature at (0.6, 0.2)" */
  double      value;       /* computed */
  double      expected;    /* NaN if the check bounds the value itself (below: ...) */
  double      tolerance;   /* absolute bound of |value - expected|, or of |value| */
  PetscBool   pass;
} HeatResultsCheck;

/** One measurement of the verification suite; it passes when low <= value <= high. */
typedef struct {
  const char *name, *quantity;  /* name of the entry; what is measured, in words */
  const char *message;          /* the error that took the place of a value, or NULL */
  double      value, low, high; /* a bound that does not exist is infinite */
  double      seconds;          /* [s] duration */
  PetscInt    ranks;            /* number of ranks that took part */
  PetscBool   pass;
} HeatResultsVerify;

/** A checkpoint from which this run was restarted. */
typedef struct {
  const char *file;
  PetscInt64  step;
} HeatResultsRestart;

/** A state that was found to be corrupted, and the checkpoint from which the run continued. */
typedef struct {
  PetscInt64  step, to_step; /* step of the corrupted state; step of the checkpoint */
  const char *reason;
} HeatResultsRollback;

/** Two ranks between whose blocks a test of the halo exchange found wrong values. */
typedef struct {
  PetscInt ranks[2]; /* numbers of the blocks, as in the field `owner`; the first is the smaller */
  PetscInt64 wrong, of; /* ghost values of both ranks: wrong ones, all that were compared */
} HeatResultsHaloPair;

/** Halo exchanges that were left out on purpose (--break-halo). */
typedef struct {
  PetscInt64 every;   /* 0: none was left out */
  PetscInt64 skipped; /* number of halo exchanges left out by this process */
  PetscInt   n_pairs; /* of ranks; 0: nothing found, or the run did not reach its end */
  const HeatResultsHaloPair *pairs; /* [n_pairs] on rank 0; sorted by rank */
} HeatResultsBrokenHalo;

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

/** The size of the part of a region where an attribute of the region is left. */
typedef struct {
  const char *attribute; /* "material", "temperature", "source" */
  double      painted, exact;
} HeatResultsPart;

/** A region: its sizes, and at the end of the run the power that it releases and its
 *  temperatures. */
typedef struct {
  PetscInt        region;         /* its place in the case's list, from 0 */
  const char     *name;           /* NULL: it has none */
  const char     *shape;          /* as in the case file; "map" where a file gives it */
  double          painted, exact; /* [m2] of what later regions leave of it: cells, and true size */
  int             n_parts;
  HeatResultsPart parts[3];       /* of the attributes whose sizes are others */
  double          power;          /* [W/m]; NaN: the case gives none */
  double          min, mean, max; /* in the case's temperature unit; NaN: no name, or no cells */
} HeatResultsRegion;

/** The sizes of a segment of a side; a side with one condition is one segment. */
typedef struct {
  HeatSide    side;
  PetscInt    segment;        /* from 0 */
  const char *type;           /* its condition, as in the case file */
  double      painted, exact; /* [m] length of its faces; distance from its beginning to its end */
} HeatResultsSegmentSize;

/** A file that the case names. */
typedef struct {
  const char *name;     /* as the case gives it */
  const char *path;     /* absolute path */
  PetscBool   summed;   /* whether the checksum was computed */
  uint64_t    checksum; /* of the bytes of the file; undefined unless summed */
} HeatResultsFile;

/** An option of PETSc. */
typedef struct {
  const char *name, *value; /* name without '-'; value "" for a flag */
} HeatResultsOption;

/** The communication of all ranks over the run. */
typedef struct {
  PetscInt64 messages[2], bytes[2]; /* [0] within nodes, [1] between them; -1: not known */
  PetscInt64 collectives;           /* calls, counted on each rank; -1: not known */
} HeatResultsTraffic;

/** The communication of one kind (halo, multigrid, ...). */
typedef struct {
  const char        *kind;
  HeatResultsTraffic counted, predicted;
} HeatResultsCommunication;

/** A host of the run, and what it has. */
typedef struct {
  const char *name;
  PetscInt    ranks;             /* of this run */
  PetscInt    cores, numa_nodes; /* 0: not known */
} HeatResultsHost;

/** The record of a run, a verification or a benchmark.  HeatResultsInit marks its members as not
 *  known. */
typedef struct {
  HeatStatus  status;
  const char *title;
  const char *error; /* the message, when status is error or stopped; else NULL */

  PetscInt  nx, ny;     /* cells */
  PetscReal x[2], y[2]; /* extents [m] */
  PetscInt  ranks, nodes;

  struct {
    PetscInt    px, py; /* blocks in x and y */
    const char *mapping;
    PetscInt    cells_min, cells_max; /* of a rank */
    const char *weights;              /* where the speeds of the ranks come from */
    double      load_balance;         /* of the blocks, by these speeds */
    double measured_balance; /* mean over largest time in which ranks compute; NaN: not known */

    /* Halo exchanges one cell deep. */
    PetscInt64 exchanges;                         /* counted over the run; -1: not counted */
    PetscInt   messages_between, messages_within; /* of one exchange, predicted */
    PetscInt64 bytes_between, bytes_within;       /* of one exchange, predicted */

    /* Halo exchanges several cells deep, for several explicit steps at once. */
    PetscInt   deep;                            /* their depth [cells]; 0: none */
    PetscInt64 deep_exchanges;                  /* counted over the run */
    PetscInt64 deep_messages[2], deep_bytes[2]; /* of one, predicted; within, between nodes */

    /* Halo exchanges of both kinds, counted over the run; -1: not counted. */
    PetscInt64 total_messages_between, total_messages_within;
    PetscInt64 total_bytes_between, total_bytes_within;
  } decomposition;

  PetscInt                        n_communication; /* kinds; 0: not counted */
  const HeatResultsCommunication *communication;

  struct {
    const char *scheme;
    PetscReal   step; /* [s]; NaN: a steady state */
    PetscInt64  steps;
    PetscReal   end;                /* [s] reached */
    PetscReal   step_min, step_max; /* [s] taken; NaN: none */
    PetscInt64  rejected;           /* steps that were repeated shorter; -1: fixed lengths */
  } time;

  int                n_warnings;
  const char *const *warnings; /* [n_warnings] sentences for the user */

  struct {
    PetscInt64       reached;    /* steps of this process that ended at an event */
    PetscInt         n;          /* of `times` */
    const PetscReal *times;      /* [s] the first events from t = 0 to the end */
    const char      *unsearched; /* a formula whose events were not all found, or NULL */
  } events;

  struct {
    const char *ksp, *pc; /* PETSc types; NULL: an explicit scheme, without solves */
    PetscInt64  solves;
    PetscInt64  iterations_min, iterations_max; /* of one solve */
    PetscInt64  iterations_total;               /* of all solves */
    double      iterations_mean;                /* of one solve */
    double      final_residual; /* relative, of the last solve, as the Krylov method computes it */
    double      true_residual;  /* relative, computed from the last solution; NaN: not linear */
    double      worst_residual; /* the largest true_residual of the run; NaN: not linear */
    PetscInt64  w_cycles;       /* steps that needed W-cycles; -1: not heatmg */
    PetscInt64  algebraic;      /* steps that needed an algebraic preconditioner; -1: not heatmg */
    PetscInt64  set_ups;        /* of the preconditioner */
    double      set_up_seconds, solve_seconds; /* [s] on rank 0; NaN: not counted */
    PetscInt64  at_rounding;                   /* steps whose tolerance was below rounding */
    PetscInt64  newton; /* Newton iterations of all steps; -1: the case is linear */
  } solver;

  PetscInt                n_phases;
  const HeatResultsPhase *phases;
  double                  seconds;          /* [s] wall time of the steps, the divisor of fom */
  double                  fom;              /* figure of merit: cells times steps a second */
  double                  to_first_step;    /* [s] since the program began; NaN: no step */
  PetscInt64              memory_predicted; /* [bytes] of a rank, predicted before the run */
  HeatResultsMetrics      metrics;

  PetscInt      writers, writers_per_node; /* ranks that write files: all; most on one node */
  HeatFileStats snapshots, checkpoints;
  double        checkpoint_interval; /* [s] of wall time, at the end; NaN: none */
  const char   *checkpoint_mode;     /* "sync", "async" */
  HeatDiskProbe disk;                /* bytes 0: not measured */
  PetscInt64    restart_bytes;       /* of the checkpoint restarted from; 0: none */
  double        restart_seconds;     /* [s] that reading it took, on rank 0 */

  struct {
    double      wall_time;  /* [s]; NaN: no limit */
    const char *slurm_job;  /* number of the job; NULL: none, or not looked for */
    double      slurm_left; /* [s] that the job had left at the start; infinite: not known */
  } limits;

  struct {
    double stored_initial, stored_final; /* [J/m] */
    double sides[HEAT_SIDES];            /* [J/m] into the domain, over the run */
    double sources;                      /* [J/m] */
    double exchange;                     /* [J/m] into the sheet, by the ambient exchange */
    double balance_error;                /* [J/m] */
    double balance_relative;             /* |balance_error| / turnover (solver/measure/energy.h) */

    PetscInt                    n_segments;
    const HeatResultsSegment   *segments;
    PetscInt                    n_interfaces;
    const HeatResultsInterface *interfaces;
  } energy;

  PetscInt                      n_regions;
  const HeatResultsRegion      *regions;
  PetscInt                      n_segments;
  const HeatResultsSegmentSize *segments;

  PetscInt                   n_checks;
  const HeatResultsCheck    *checks;
  PetscInt                   n_verify; /* above 0: the record of a verification, not of a run */
  const HeatResultsVerify   *verify;
  PetscInt                   n_restarts;
  const HeatResultsRestart  *restarts; /* oldest first */
  PetscInt                   n_rollbacks;
  const HeatResultsRollback *rollbacks;

  HeatResultsBrokenHalo broken_halo;

  HeatJson *bench; /* owned by the caller; set: the record of a benchmark, not of a run */

  const char              *case_json; /* JSON text of the effective case, or NULL */
  PetscInt                 n_case_files;
  const HeatResultsFile   *case_files; /* that the case names */
  PetscInt                 n_case_options;
  const HeatResultsOption *case_options; /* of PETSc, given in addition to the case */

  struct {
    const char        *version, *git_commit, *compiler, *flags, *build_type;
    const char        *mpi, *petsc, *hdf5; /* library versions; hdf5 NULL: asked of the library */
    PetscInt           index_bits;         /* of PetscInt */
    PetscInt           n_hosts;
    const char *const *hosts;         /* each once, in order of rank */
    const HeatResultsHost *host_list; /* [n_hosts] in the same order, or NULL */
    const char *const     *binding;   /* [ranks] lists of processors, or NULL */
    const char            *command_line, *petsc_options;
    PetscInt               n_overrides;
    const char *const     *overrides; /* KEY=VALUE of each --set, or NULL */
    const char            *case_file, *case_text;
    const char            *started; /* ISO 8601, UTC */
    double                 elapsed; /* [s] of the whole program so far */
  } provenance;
} HeatResults;

/** Zero the record, and set numbers for which 0 would be a wrong statement to NaN or -1, "not
 *  known".  Not collective. */
void HeatResultsInit(HeatResults *results);

/** Write DIR/results.json, replacing an earlier one as a whole.  Collective on comm; the record of
 *  rank 0 is written, the others are ignored.
 *  Errors: HEAT_ERR_FILE when it cannot be written. */
PetscErrorCode HeatResultsWrite(MPI_Comm comm, const char *dir, const HeatResults *results);

/** Read the status in the results.json of a folder: "ok", "check-failed", "stopped" or "error"; ""
 *  when there is no such file or it cannot be read.  Not collective. */
PetscErrorCode HeatResultsReadStatus(const char *dir, char *status, size_t size);

#endif
