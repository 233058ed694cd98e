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
 *  The word "owned" marks memory that HeatCaseDestroy frees.  Formulas name the variables that they
 *  may use: x and y [m], t [s], and T, the temperature.
 *
 *  A message about a key gives file, line and dotted path of the key.  For this purpose the case
 *  keeps a table of the lines of all keys. */
#ifndef HEAT_SOLVER_CASE_H
#define HEAT_SOLVER_CASE_H

#include <petscsys.h>
#include <stdint.h>

#include "solver/base/error.h"

/* Maximum numbers of materials and of regions.  Derived: each cell stores the index of its
 * material, and of the region that gives its source, as a 16-bit integer in which 65535 means
 * "none". */
#define HEAT_MAX_MATERIALS 65535
#define HEAT_MAX_REGIONS   65535

/** Largest magnitude of a temperature, source or property; a property that must be positive is at
 *  least 1/HEAT_LARGEST.  Chosen: the product of three such numbers is still a double. */
#define HEAT_LARGEST 1e100

/** Return whether a value is a number of at most HEAT_LARGEST in magnitude. */
static inline PetscBool HeatIsNumber(PetscReal value)
{
  return value >= -HEAT_LARGEST && value <= HEAT_LARGEST ? PETSC_TRUE : PETSC_FALSE;
}

/** Return whether a value lies between 1/HEAT_LARGEST and HEAT_LARGEST. */
static inline PetscBool HeatIsPositive(PetscReal value)
{
  return value >= 1.0 / HEAT_LARGEST && value <= HEAT_LARGEST ? PETSC_TRUE : PETSC_FALSE;
}

/* Each enumeration below has an array of the names that the case file uses.  As PetscEnum requires,
 * an array ends with the name of the type, the prefix of its constants, and NULL. */

/** The sides of the domain and of each block.  HEAT_SIDES is their number.  side ^ 1 is the
 *  opposite side, and side < HEAT_BOTTOM selects left and right. */
typedef enum { HEAT_LEFT, HEAT_RIGHT, HEAT_BOTTOM, HEAT_TOP, HEAT_SIDES } HeatSide;
extern const char *const HeatSideNames[]; /* left right bottom top */

/** A number or an expression (solver/case/expression.h). */
typedef struct {
  PetscBool given; /* whether the case has the key */
  PetscReal value; /* the number, if text is NULL */
  char     *text;  /* owned; the expression, NULL for a number */
} HeatFormula;

/** A dataset of an HDF5 file with one value per cell, [ny][nx]. */
typedef struct {
  char *file;    /* owned; path of the file, NULL: no dataset is given */
  char *dataset; /* owned; name of the dataset in the file */
} HeatDataset;

/** A table of values over time, linear between its entries (solver/case/time_series.h).  io reads
 *  it from a file. */
typedef struct {
  char      *file;  /* owned; path of the file, NULL: no table is given */
  PetscInt   n;     /* number of entries, >= 1 */
  PetscReal *t;     /* owned [n]; times [s], strictly increasing */
  PetscReal *value; /* owned [n]; values in the unit of the quantity that the table replaces */
} HeatSeries;

/** A material. */
typedef struct {
  char       *name;            /* owned, unique */
  HeatFormula conductivity[2]; /* kx, ky [W/(m K)], > 0; of x y T */
  PetscReal   density;         /* [kg/m3], > 0 */
  PetscReal   specific_heat;   /* [J/(kg K)], > 0 */
} HeatMaterial;

/** A contact resistance: a layer without thickness wherever cells of two materials touch.  It is R
 *  in equation (3) of solver/README.md. */
typedef struct {
  char     *names[2];    /* owned; the two materials */
  PetscInt  material[2]; /* indices into materials; set by HeatCaseValidate */
  PetscReal resistance;  /* [m2 K/W], >= 0 */
} HeatContact;

/** A property that a file gives cell by cell, in place of the materials' values. */
typedef enum {
  HEAT_PROPERTY_CONDUCTIVITY,   /* [W/(m K)] along both axes */
  HEAT_PROPERTY_CONDUCTIVITY_X, /* [W/(m K)] */
  HEAT_PROPERTY_CONDUCTIVITY_Y, /* [W/(m K)] */
  HEAT_PROPERTY_DENSITY,        /* [kg/m3] */
  HEAT_PROPERTY_SPECIFIC_HEAT,  /* [J/(kg K)] */
  HEAT_PROPERTIES
} HeatProperty;
extern const char *const HeatPropertyNames[]; /* conductivity conductivity_x ... */

/** The shape of a region. */
typedef enum {
  HEAT_SHAPE_ALL,
  HEAT_SHAPE_RECTANGLE,
  HEAT_SHAPE_CIRCLE,
  HEAT_SHAPE_POLYGON,
  HEAT_SHAPE_MAP /* cells listed in a file; has no name, since the key `file` selects it */
} HeatShape;
extern const char *const HeatShapeNames[]; /* all rectangle circle polygon */

/** A region: a set of cells and the attributes that they get.  Regions are applied in order, like
 *  coats of paint: an attribute that a region does not give keeps the value set by earlier
 *  regions. */
typedef struct {
  char     *name;              /* owned, unique; NULL: the region has no name */
  HeatShape shape;             /* which of the members below describe the cells */
  PetscReal x[2], y[2];        /* rectangle: extents [m] */
  PetscReal centre[2], radius; /* circle [m] */
  PetscInt  n_vertices;        /* polygon: number of vertices, >= 3 */
  PetscReal (*vertices)[2];    /* polygon: owned [n_vertices]; x, y [m] */
  HeatDataset map;             /* map: material index of each cell; negative: not in the region */
  char       *material_name;   /* owned; NULL: the region leaves the material unchanged */
  PetscInt    material;        /* index into materials, -1: none; set by HeatCaseValidate */
  HeatFormula temperature;     /* initial temperature [K]; of x y */
  HeatFormula source;          /* heat source [W/m3]; of x y t T */
  HeatFormula power; /* heat released by the whole region [W/m], in place of `source`: each
                                  cell that carries it releases an equal part; of t */
} HeatRegion;

/** The condition on a side of the domain; equations (4) to (7) of solver/README.md. */
typedef enum {
  HEAT_BC_INSULATED,
  HEAT_BC_TEMPERATURE,
  HEAT_BC_FLUX,
  HEAT_BC_CONVECTION,
  HEAT_BC_RADIATION,
  HEAT_BC_PERIODIC
} HeatBoundaryType;
extern const char
    *const HeatBoundaryTypeNames[]; /* insulated temperature flux convection radiation periodic */

/** A segment of a side, with one condition. */
typedef struct {
  PetscReal        to;          /* [m] coordinate of the segment's end; NaN: at the side's end */
  HeatBoundaryType type;        /* which of the members below are used */
  HeatFormula      value;       /* temperature [K], or flux [W/m2] into the domain; of x y t */
  HeatFormula      coefficient; /* convection: heat transfer coefficient [W/(m2 K)], >= 0; of x y */
  HeatFormula      emissivity;  /* radiation: emissivity [1], 0 to 1; of x y */
  HeatFormula      ambient;     /* convection, radiation: ambient temperature [K]; of x y t */
  HeatSeries       table;       /* function of time that replaces `value` or `ambient` */
} HeatSegment;

/** A side of the domain: contiguous segments, ordered by increasing coordinate. */
typedef struct {
  PetscInt     n;        /* number of segments, >= 1 */
  HeatSegment *segments; /* owned [n] */
} HeatBoundary;

/** The time-stepping schemes; section 4 of solver/README.md describes them. */
typedef enum {
  HEAT_SCHEME_FTCS,
  HEAT_SCHEME_RKL2,
  HEAT_SCHEME_BACKWARD_EULER,
  HEAT_SCHEME_CRANK_NICOLSON,
  HEAT_SCHEME_BDF2,
  HEAT_SCHEME_ESDIRK,
  HEAT_SCHEME_STEADY,
  HEAT_SCHEME_TS /* a TS of PETSc; has no name, since `ts:TYPE` selects it */
} HeatScheme;
extern const char *const HeatSchemeNames[]; /* ftcs rkl2 backward-euler crank-nicolson bdf2 ... */

/** Return whether a scheme can choose its step by an estimate of the step's error: bdf2, esdirk
 *  and ts:TYPE can.  Not collective. */
PetscBool HeatSchemeControlsError(HeatScheme scheme);

/* Default of time.adaptive.tolerance with `step: auto`: error of a step, relative to the spread of
 * the temperature [1].  Chosen; a larger one means longer steps and a larger error in time. */
#define HEAT_STEP_TOLERANCE 1e-4

/** The average of two cells' conductivities at their face; k_f in equation (3) of
 *  solver/README.md. */
typedef enum { HEAT_FACE_HARMONIC, HEAT_FACE_ARITHMETIC } HeatFaceAverage;
extern const char *const HeatFaceAverageNames[]; /* harmonic arithmetic */

/** The rule by which a region covers a cell: by the cell's centre, or TeaLeaf's rule. */
typedef enum { HEAT_PAINT_CENTRE, HEAT_PAINT_TEALEAF } HeatPaintRule;
extern const char *const HeatPaintRuleNames[]; /* centre tealeaf */

/** Whether a region that covers no cell, and a segment that covers no face, are errors. */
typedef enum { HEAT_EMPTY_REFUSE, HEAT_EMPTY_ALLOW } HeatEmptyRegions;
extern const char *const HeatEmptyRegionsNames[]; /* refuse allow */

/** Whether a run whose memory does not suffice is refused before it begins. */
typedef enum { HEAT_MEMORY_CHECK, HEAT_MEMORY_IGNORE } HeatMemoryRule;
extern const char *const HeatMemoryRuleNames[]; /* check ignore */

/** The assignment of blocks to ranks: a compact rectangle of blocks per node, or row by row. */
typedef enum { HEAT_MAPPING_NODE_BLOCKS, HEAT_MAPPING_LINEAR } HeatMapping;
extern const char *const HeatMappingNames[]; /* node-blocks linear */

/* Default alignment of large datasets in a file [bytes].  Chosen: the size of a memory page and of
 * a block of common file systems.  On a parallel file system a stripe is better
 * (output.alignment). */
#define HEAT_FILE_ALIGNMENT 4096

/** The compression of snapshots. */
typedef enum { HEAT_COMPRESSION_NONE, HEAT_COMPRESSION_DEFLATE } HeatCompression;
extern const char *const HeatCompressionNames[]; /* none deflate */

/** The rule that selects the ranks which write field files, where the case gives no number of
 *  writers per node: all ranks, or a number that solver/grid/writers.h derives from the numbers of
 *  ranks and nodes. */
typedef enum { HEAT_WRITERS_AUTO, HEAT_WRITERS_ALL } HeatWritersRule;

/** Whether the time steps wait until a checkpoint is on disk (sync) or continue while a thread
 *  writes a copy (async). */
typedef enum { HEAT_CHECKPOINT_SYNC, HEAT_CHECKPOINT_ASYNC } HeatCheckpointMode;
extern const char *const HeatCheckpointModeNames[]; /* sync async */

/** How much of a checkpoint is read back and compared before the file gets its final name: nothing,
 *  some rows, or everything. */
typedef enum { HEAT_READ_BACK_NONE, HEAT_READ_BACK_SAMPLE, HEAT_READ_BACK_FULL } HeatReadBack;
extern const char *const HeatReadBackNames[]; /* none sample full */

/** A field that a snapshot may contain. */
typedef enum {
  HEAT_FIELD_TEMPERATURE,
  HEAT_FIELD_CONDUCTIVITY, /* two datasets: conductivity_x, conductivity_y [W/(m K)] */
  HEAT_FIELD_HEAT_FLUX,    /* two datasets: heat_flux_x, heat_flux_y [W/m2] */
  HEAT_FIELD_MATERIAL,     /* index into materials */
  HEAT_FIELD_OWNER,        /* number of the rank that owns the cell */
  HEAT_FIELDS
} HeatFieldKind;
extern const char *const HeatFieldKindNames[]; /* temperature conductivity heat_flux ... */

/** A point whose temperature is recorded over time. */
typedef struct {
  char     *name;  /* owned, unique, no comma or quote */
  PetscReal at[2]; /* x, y [m], inside the domain or on its boundary */
} HeatProbe;

/** A straight line along which the temperature is recorded at equidistant points. */
typedef struct {
  char     *name;           /* owned, unique; letters, digits, _ - and . only */
  PetscReal from[2], to[2]; /* ends x, y [m], inside the domain or on its boundary */
  PetscInt  points;         /* number of points, both ends included, >= 2 */
} HeatProfile;

/** Two materials; the heat that flows from the first to the second through all faces between them
 *  is recorded [W/m]. */
typedef struct {
  char    *names[2];    /* owned; from, to */
  PetscInt material[2]; /* indices into materials; set by HeatCaseValidate */
} HeatInterface;

/** The quantity that a check compares at the end of a run, and the keys of such a check.  weight,
 *  segment and region may be omitted.  A check with `value` also has tolerance or relative. */
typedef enum {
  HEAT_CHECK_TEMPERATURE,    /* temperature at a point [K]; at, value */
  HEAT_CHECK_ERROR_L2,       /* sqrt(mean of (T - exact)^2) [K]; exact, below */
  HEAT_CHECK_ERROR_MAX,      /* maximum of |T - exact| [K]; exact, below */
  HEAT_CHECK_INTEGRAL,       /* integral of weight times T over the domain; weight, value */
  HEAT_CHECK_HEAT_FLOW,      /* heat into the domain through a side or segment, or from a material
                                to another [W/m]; side and segment, or between; value */
  HEAT_CHECK_ENERGY_BALANCE, /* relative error of the energy account [1]; below */
  HEAT_CHECK_MINIMUM,        /* minimum of T [K] in the domain or in a region; region, value */
  HEAT_CHECK_MAXIMUM,        /* maximum of T [K] in the domain or in a region; region, value */
  HEAT_CHECK_MEAN            /* mean of T [K] in the domain or in a region; region, value */
} HeatCheckQuantity;
extern const char *const HeatCheckQuantityNames[]; /* temperature error_l2 error_max integral ... */

/** The factor of T in an integral: 1, the density, or density times specific heat. */
typedef enum { HEAT_WEIGHT_NONE, HEAT_WEIGHT_DENSITY, HEAT_WEIGHT_HEAT_CAPACITY } HeatWeight;
extern const char *const HeatWeightNames[]; /* none density heat_capacity */

/** A check of a result at the end of a run.  It passes if |computed - value| <= tolerance, if
 *  |computed - value| <= relative |value|, or if |computed| <= below.  Exactly one of tolerance,
 *  relative and below is given; the others are negative.  value, tolerance and below have the unit
 *  of the quantity. */
typedef struct {
  HeatCheckQuantity quantity;
  PetscReal         at[2];       /* x, y [m]; NaN: not given */
  HeatFormula       exact;       /* exact temperature [K]; of x y t */
  HeatWeight        weight;      /* of an integral */
  HeatSide          side;        /* of a heat flow; HEAT_SIDES: not given */
  PetscInt          segment;     /* index of the side's segment; -1: the whole side */
  HeatInterface     between;     /* of a heat flow; names[0] is NULL if not given */
  char             *region_name; /* owned; NULL: the whole domain */
  PetscInt          region;      /* index into regions, -1: none; set by HeatCaseValidate */
  PetscReal         value;       /* expected value; NaN: not given */
  PetscReal         tolerance;   /* bound of the absolute error; negative: not given */
  PetscReal         relative;    /* bound of the error relative to value [1]; negative: not given */
  PetscReal         below;       /* bound of the quantity itself; negative: not given */
} HeatCaseCheck;

/** Initialise a check in which no key is given.  Not collective. */
void HeatCaseCheckInit(HeatCaseCheck *check);

/** An option of PETSc that the case sets. */
typedef struct {
  char *key;   /* owned; name of the option without the leading '-' */
  char *value; /* owned; "" for a flag */
} HeatPetscOption;

/** A file that the case names, or that the record of an earlier run lists. */
typedef struct {
  char     *name;     /* owned; as the case has it */
  char     *path;     /* owned; the file that is read for it */
  PetscBool recorded; /* the path comes from a record of an earlier run (results.json) */
  PetscBool used;     /* the case names the file */
  PetscBool summed;   /* `checksum` is known */
  PetscBool expected; /* `expected_checksum` is known: the record lists it */
  uint64_t  checksum, expected_checksum; /* of the file's bytes: now, and in the record */
} HeatCaseFile;

/** The line at which a key stands. */
typedef struct {
  char *path; /* owned; dotted path of the key, e.g. "regions[1].radius" */
  int   line; /* line of the case file, from 1; 0: the key was set by --set */
} HeatWhere;

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

  /* What a record of an earlier run holds beside the case; all zero for a case file. */
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
