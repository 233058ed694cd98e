/** The case: everything that the user specifies, as plain data.
 *
 *  io/case_file/case_file.c fills a HeatCase from a YAML file and the `--set` options, and
 *  HeatCaseValidate checks the rules that do not depend on the file format.  Every rank holds the
 *  same copy.  Members have the names of the keys of the case file, whose values, defaults and
 *  meanings inputs/README.md lists.
 *
 *  Units are SI, and all quantities are per metre of depth.  Temperatures are in one unit that the
 *  user chooses (`output.temperature_unit`); where units below contain K, it stands for that unit.
 *  Radiation needs kelvin.
 *
 *  The parts that lists of the case consist of are in case_parts.h, with the choices that a case
 *  makes and their names.  The word "owned" marks memory that HeatCaseDestroy frees.  Formulas name
 *  the variables that they may use: x and y [m], t [s], and T, the temperature.
 *
 *  A message about a key gives file, line and dotted path of the key.  For this purpose the case
 *  keeps a table of the lines of all keys. */
#ifndef HEAT_SOLVER_CASE_H
#define HEAT_SOLVER_CASE_H

#include "solver/base/error.h"
#include "solver/case/case_parts.h"

/** The case. */
typedef struct {
  char *file;      /* owned; name of the case file as the user gave it, for messages */
  char *text;      /* owned; content of the case file, for provenance */
  char *keys;      /* owned; a line "key: value" for each key that a restart compares with the
                  checkpoint (io/case_file/case_compare.h); NULL: the case was not read from text */
  char *title;     /* owned; default: the file name without folder and extension */
  char *effective; /* owned; JSON text of the case with all overrides, for the record; NULL: the
                      case was not read from text */

  struct {
    PetscInt  cells[2]; /* nx, ny, each >= 1 */
    PetscReal x[2];     /* extent [m], x[0] < x[1] */
    PetscReal y[2];     /* extent [m], y[0] < y[1] */
  } grid;
  struct {
    PetscInt    processes[2]; /* px, py, number of blocks in x and y; 0 0: chosen by heat2d */
    HeatMapping mapping;
    HeatWeights weights;
    PetscInt    n_speeds; /* of the lists; 0 if speeds are equal or measured */
    PetscReal  *speeds;   /* owned [n_speeds], relative, > 0 */
    char      **hosts;    /* owned [n_speeds], names, for HEAT_WEIGHTS_HOSTS; else NULL */
  } decomposition;

  PetscInt      n_materials;                 /* >= 1 */
  HeatMaterial *materials;                   /* owned [n_materials] */
  HeatDataset   properties[HEAT_PROPERTIES]; /* file is NULL where the materials' values are used */
  PetscInt      n_contacts;
  HeatContact  *contacts;  /* owned [n_contacts] */
  PetscInt      n_regions; /* >= 1 */
  HeatRegion   *regions;   /* owned [n_regions]; the first one covers the domain.  If the case file
                              has none, there is one with material 0. */

  struct {
    HeatFormula temperature; /* initial temperature [K]; of x y; without default */
    char       *file;        /* owned; HDF5 file with the initial temperature; NULL: none */
    char       *dataset;     /* owned; dataset of file; default /temperature */
  } initial;
  HeatFormula source; /* heat source of all cells [W/m3], added to the regions'; of x y t T */
  struct {
    HeatFormula coefficient; /* [W/(m3 K)], >= 0; of x y; not given: no ambient exchange */
    HeatFormula ambient;     /* ambient temperature [K]; of x y t */
  } exchange;                /* ambient exchange: heat lost above and below the sheet */
  HeatBoundary boundary[HEAT_SIDES];

  struct {
    HeatScheme scheme;
    char      *ts_type;   /* owned; TYPE of ts:TYPE, NULL for other schemes */
    PetscBool  step_auto; /* heat2d chooses the step: ftcs and rkl2 from the stability limit; bdf2,
                             esdirk and ts by error control */
    PetscReal  step;      /* [s] time step, > 0; the first one if steps are error-controlled; 0: not
                             given (auto, steady) */
    PetscReal  end;       /* [s] time at which the run ends; negative: not given */
    PetscInt   steps;     /* number of time steps after which the run ends; -1: not given */
    PetscInt   n_events;
    PetscReal *events; /* owned [n_events] [s]: times that no step may span; sorted by
                          HeatCaseValidate */
    struct {
      PetscReal tolerance; /* error of a step relative to the spread of T [1]; 0: fixed steps */
      PetscReal absolute; /* [K] least tolerated error of a step; 0: from the case's temperatures */
      PetscReal min, max; /* [s] bounds of the step; 0: no bound */
    } adaptive;
  } time;

  struct {
    PetscReal        tolerance;      /* of a linear solve, relative to its initial residual [1] */
    PetscInt         max_iterations; /* of one linear solve */
    PetscInt         max_newton;     /* Newton iterations of one non-linear solve */
    char            *preconditioner; /* owned; "multigrid" or the name of a PC type of PETSc */
    HeatFaceAverage  face_average;
    PetscBool        reproducible; /* the field has the same bits on any number of ranks */
    HeatPaintRule    paint;
    HeatEmptyRegions empty_regions;
  } solver;

  struct {
    char           *directory;           /* owned; default out/<file name without extension> */
    PetscInt        snapshots_every;     /* steps between snapshots; 0: not by steps */
    PetscReal       snapshots_interval;  /* [s] simulated time between snapshots; 0: not by time */
    PetscInt        history_every;       /* steps between rows; 0: about a thousand rows per run */
    PetscReal       history_interval;    /* [s] simulated time between rows, met exactly; 0: none */
    PetscBool       fields[HEAT_FIELDS]; /* which fields a snapshot contains */
    PetscInt        n_probes;
    HeatProbe      *probes; /* owned [n_probes] */
    PetscInt        n_profiles;
    HeatProfile    *profiles; /* owned [n_profiles] */
    PetscInt        n_interfaces;
    HeatInterface  *interfaces; /* owned [n_interfaces] */
    HeatCompression compression;
    char           *hints;      /* owned; MPI-IO hints "name=value name=value"; NULL: none */
    PetscInt        alignment;  /* [bytes] alignment of large datasets in a file */
    HeatWritersRule writers;    /* which ranks write files, where writers_per_node is 0 */
    PetscInt  writers_per_node; /* ranks of each node that write files; 0: `writers` decides */
    char     *temperature_unit; /* owned; UDUNITS text for files and labels; default "K" */
    PetscBool unit_given;       /* the case gives temperature_unit, instead of the default */
  } output;

  struct {
    PetscInt     every;         /* steps between checkpoints; 0: not by steps */
    PetscReal    wall_interval; /* [s] wall time between checkpoints; 0: not by wall time */
    PetscInt     keep;          /* number of newest checkpoints kept, >= 1 */
    PetscInt     keep_every;    /* steps; checkpoints at its multiples are kept as well; 0: none */
    PetscBool    daly;          /* the wall time between checkpoints follows Daly's formula */
    PetscReal    mtbf;          /* [s] mean time between failures, for Daly's formula; 0: none */
    HeatReadBack verify;
    HeatCheckpointMode mode;
    PetscBool          probe; /* measure the disk with a plain file before the first checkpoint */
  } checkpoint;
  struct {
    PetscReal wall_time; /* [s] wall time after which the run stops; 0: no limit */
    PetscReal stall;     /* [s] time without progress of a rank that ends the job; 0: no limit */
    PetscBool slurm;     /* the end of the Slurm job limits the run as well */
    PetscReal balance;   /* error of the energy account, relative to the heat turned over [1], that
                            indicates a corrupted state; 0: not checked; negative: auto */
    PetscBool extremes;  /* check the maximum principle where it holds, to detect corruption */
    HeatMemoryRule memory; /* whether a run that needs more memory than is free is refused */
  } limits;

  PetscInt         n_checks;
  HeatCaseCheck   *checks; /* owned [n_checks] */
  PetscInt         n_petsc;
  HeatPetscOption *petsc; /* owned [n_petsc] */
  PetscInt         n_files;
  HeatCaseFile    *files; /* owned [n_files] */

  /* What a record of an earlier run holds besides the case; all zero for a case file. */
  struct {
    PetscInt         n_options;
    HeatPetscOption *options;   /* owned [n_options]; given on that run's command line, unchecked */
    char            *continued; /* owned; the checkpoint from which that run continued, or NULL */
  } record;

  PetscInt   n_where;
  HeatWhere *where; /* owned [n_where], in the order of reading; of two entries with one path the
                       later one counts */
} HeatCase;

/** Create a case with all defaults, except title and output.directory, which io derives from the
 *  file name.  There is no material, region or other list entry, and each side is one insulated
 *  segment.  Not collective.
 *  @param[out] c  owned by the caller */
PetscErrorCode HeatCaseCreate(HeatCase **c);

/** Free a case and set *c to NULL; *c may be NULL.  Not collective. */
PetscErrorCode HeatCaseDestroy(HeatCase **c);

/** Initialise a check in which no key is given.  Not collective. */
void HeatCaseCheckInit(HeatCaseCheck *check);

/** Replace the segments of a side by n insulated ones whose `to` is NaN, and free the old ones.
 *  Not collective. */
PetscErrorCode HeatCaseSetSegments(HeatCase *c, HeatSide side, PetscInt n);

/** Compute the range [K] of the temperatures that the case gives as numbers or in tables: initial
 *  temperatures, prescribed and ambient temperatures.  Formulas are left out.  Not collective.
 *  @param[out] low, high  low > high where the case gives none */
void HeatCaseTemperatureRange(const HeatCase *c, PetscReal *low, PetscReal *high);

/** Write the name of the case's scheme, as the case file has it ("bdf2", "ts:rosw"), into buffer.
 *  Returns buffer.  Not collective. */
const char *HeatCaseSchemeName(const HeatCase *c, char *buffer, size_t size);

/** Return whether a scheme can choose its step by an estimate of the step's error: bdf2, esdirk
 *  and ts:TYPE can.  Not collective. */
PetscBool HeatSchemeControlsError(HeatScheme scheme);

/** Return the time at which a run of the case ends [s]: time.end, or time.steps steps of fixed
 *  length; INFINITY of C where the length of the steps is found during the run; 0 for a steady
 *  case.  Not collective. */
PetscReal HeatCaseEnd(const HeatCase *c);

/** Return whether the case gives any initial temperature: by a formula, a file, or a region.  Not
 *  collective. */
PetscBool HeatCaseHasInitial(const HeatCase *c);

/** Return whether a region releases heat, by a source or a power.  Not collective. */
PetscBool HeatRegionHasSource(const HeatRegion *region);

/** Find the temperature below which no body can be, in the case's unit: 0 where a side radiates or
 *  output.temperature_unit is given as K, -273.15 for degC, -459.67 for degF, in any spelling
 *  ("degC", "C", "celsius", "°C", "Degrees Celsius").  Not collective.
 *  @param[out] reason  why the case has such a bound, for messages; at most 100 bytes
 *  Returns the bound; -infinity where the case names no unit of this kind. */
PetscReal HeatCaseAbsoluteZero(const HeatCase *c, char *reason, size_t size);

/** Return the distance [m] within which two coordinates along an axis with this extent count as
 *  equal, so that a place that was computed, such as 3*0.1 for 0.3, lies where it was meant to.
 *  Not collective. */
PetscReal HeatCaseRounding(const PetscReal extent[2]);

/** Store the line of a key.  If the path is already in the table, the new line hides the old one.
 *  Not collective.
 *  @param[in] path  dotted path of the key; copied
 *  @param[in] line  line of the case file, from 1; 0: the key was set by --set */
PetscErrorCode HeatCaseAddWhere(HeatCase *c, const char *path, int line);

/** Write the beginning of a message about a key into buffer: "case.yaml:12: " for a key of the
 *  file, "--set: " for a key that --set has set.  For a key that is absent the line of the nearest
 *  enclosing key is used, and "case.yaml: " if there is none.  Returns buffer.  Not collective. */
const char *HeatCaseLocate(const HeatCase *c, const char *path, char *buffer, size_t size);

/** Raise HEAT_ERR_INPUT about the key `path` unless `condition` holds: returns from the calling
 *  function, with the message "FILE:LINE: PATH: message".  Collective on comm. */
#define HeatCaseCheckKey(condition, comm, c, path, ...)                                            \
  do {                                                                                             \
    if (PetscUnlikely(!(condition))) {                                                             \
      return HeatCaseRaise((comm), PETSC_FUNCTION_NAME, __FILE__, __LINE__, (c), (path),           \
                           __VA_ARGS__);                                                           \
    }                                                                                              \
  } while (0)

/** Raise HEAT_ERR_INPUT about a key.  Call it through HeatCaseCheckKey, which fills in function,
 *  file and line.  Collective on comm. */
PetscErrorCode HeatCaseRaise(MPI_Comm comm, const char *function, const char *file, int line,
                             const HeatCase *c, const char *path, const char *format, ...)
    __attribute__((format(printf, 7, 8)));

/** Check all rules that need neither a grid nor a file: ranges, names, expressions, limits of the
 *  index type, pairs of periodic sides, combinations of keys.  Store the indices of materials and
 *  regions that are given by name.  Not checked here, since it needs more than the case: the
 *  stability limit of ftcs, whether a steady state exists, and whether PETSc has the
 *  preconditioner.  Collective on comm.
 *  @param[in]     size  number of ranks
 *  @param[in,out] c     the same case on all ranks
 *  Errors: HEAT_ERR_INPUT for the first rule that is violated. */
PetscErrorCode HeatCaseValidate(MPI_Comm comm, HeatCase *c, PetscMPIInt size);

#endif
