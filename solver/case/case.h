/** The case: what the user asks for, as plain data.
 *
 *  io/case_file/case_file.c fills it from YAML and `--set`; HeatCaseValidate checks everything that is wrong
 *  whatever the file format.  Every rank holds the same copy.  All quantities are SI; temperatures
 *  are in the case's own consistent unit.  A message about a key names file, line and dotted path,
 *  so the case keeps a table of where each key stood.
 */
#ifndef HEAT_SOLVER_CASE_H
#define HEAT_SOLVER_CASE_H

#include <petscsys.h>

#include "solver/base/error.h"

#define HEAT_MAX_MATERIALS 65535 /* a cell stores its material as 16 bits; 65535 is "none" */
#define HEAT_MAX_REGIONS   65535 /* likewise the region its source comes from */

typedef enum { HEAT_LEFT, HEAT_RIGHT, HEAT_BOTTOM, HEAT_TOP, HEAT_SIDES } HeatSide;
extern const char *const HeatSideNames[]; /* left right bottom top, then PetscEnum's trailer */

/** A number, or an expression of some of the variables x y t T.  `text` is NULL for a number. */
typedef struct {
  PetscBool given;
  PetscReal value; /* when text is NULL */
  char     *text;  /* owned */
} HeatFormula;

/** A dataset of a file: [ny][nx] of the case's grid. */
typedef struct {
  char *file;    /* owned; NULL: none */
  char *dataset; /* owned */
} HeatDataset;

/** Values at rising times, linear between them; read from a file by io. */
typedef struct {
  char      *file;      /* owned; NULL: none */
  PetscInt   n;         /* >= 1 */
  PetscReal *t, *value; /* owned [n]; t [s], strictly rising */
} HeatSeries;

typedef struct {
  char       *name;            /* owned, unique */
  HeatFormula conductivity[2]; /* kx, ky [W/(m K)], > 0; of x y T */
  PetscReal   density;         /* [kg/m3], > 0 */
  PetscReal   specific_heat;   /* [J/(kg K)], > 0 */
} HeatMaterial;

/** A layer without thickness between any two touching cells of two materials. */
typedef struct {
  char     *names[2];    /* owned */
  PetscInt  material[2]; /* indices; set by HeatCaseValidate */
  PetscReal resistance;  /* [m2 K/W], >= 0 */
} HeatContact;

/** Fields that a file gives cell by cell, in place of the materials' values. */
typedef enum {
  HEAT_PROPERTY_CONDUCTIVITY, /* both axes */
  HEAT_PROPERTY_CONDUCTIVITY_X,
  HEAT_PROPERTY_CONDUCTIVITY_Y,
  HEAT_PROPERTY_DENSITY,
  HEAT_PROPERTY_SPECIFIC_HEAT,
  HEAT_PROPERTIES
} HeatProperty;
extern const char *const HeatPropertyNames[]; /* conductivity conductivity_x ... */

typedef enum {
  HEAT_SHAPE_ALL,
  HEAT_SHAPE_RECTANGLE,
  HEAT_SHAPE_CIRCLE,
  HEAT_SHAPE_POLYGON,
  HEAT_SHAPE_MAP /* of a file; has no name: the key `file` chooses it */
} HeatShape;
extern const char *const HeatShapeNames[]; /* all rectangle circle polygon */

/** One coat of paint.  What a region does not give stays as the earlier regions left it. */
typedef struct {
  char     *name; /* owned, unique; NULL: none */
  HeatShape shape;
  PetscReal x[2], y[2];        /* rectangle [m] */
  PetscReal centre[2], radius; /* circle [m] */
  PetscInt  n_vertices;        /* polygon, >= 3 */
  PetscReal (*vertices)[2];    /* owned [m] */
  HeatDataset map; /* of material numbers; a negative one leaves the cell out of the region */
  char       *material_name; /* owned; NULL: leaves the material */
  PetscInt    material;      /* index into materials, -1: none; set by HeatCaseValidate */
  HeatFormula temperature;   /* initial, of x y */
  HeatFormula source;        /* [W/m3], of x y t T */
} HeatRegion;

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

/** The condition on one stretch of a side. */
typedef struct {
  PetscReal        to; /* [m] where it ends, along the side; NaN: at the end of the side */
  HeatBoundaryType type;
  HeatFormula      value;       /* temperature, or flux [W/m2] into the domain; of x y t */
  HeatFormula      coefficient; /* convection [W/(m2 K)], >= 0; of x y */
  HeatFormula      emissivity;  /* radiation, 0 to 1; of x y */
  HeatFormula      ambient;     /* convection, radiation; of x y t */
  HeatSeries       table;       /* of time, in place of value (or of ambient) */
} HeatSegment;

/** A side of the domain: segments one behind the other, from low to high coordinate. */
typedef struct {
  PetscInt     n;        /* >= 1 */
  HeatSegment *segments; /* owned */
} HeatBoundary;

typedef enum {
  HEAT_SCHEME_FTCS,
  HEAT_SCHEME_RKL2,
  HEAT_SCHEME_BACKWARD_EULER,
  HEAT_SCHEME_CRANK_NICOLSON,
  HEAT_SCHEME_BDF2,
  HEAT_SCHEME_ESDIRK,
  HEAT_SCHEME_STEADY,
  HEAT_SCHEME_TS /* a PETSc TS; has no name: `ts:TYPE` chooses it */
} HeatScheme;
extern const char *const HeatSchemeNames[]; /* ftcs rkl2 backward-euler crank-nicolson bdf2 ... */

/** Whether a scheme can choose its step by an estimate of the error; and what it tolerates of it
 *  where the case says only `step: auto`. */
PetscBool HeatSchemeControlsError(HeatScheme scheme);
#define HEAT_STEP_TOLERANCE 1e-4

typedef enum { HEAT_FACE_HARMONIC, HEAT_FACE_ARITHMETIC } HeatFaceAverage;
extern const char *const HeatFaceAverageNames[];

typedef enum { HEAT_PAINT_CENTRE, HEAT_PAINT_TEALEAF } HeatPaintRule;
extern const char *const HeatPaintRuleNames[];

typedef enum { HEAT_MAPPING_NODE_BLOCKS, HEAT_MAPPING_LINEAR } HeatMapping;
extern const char *const HeatMappingNames[];

#define HEAT_FILE_ALIGNMENT 4096 /* [bytes] a page, and a block of the usual file systems */

typedef enum { HEAT_COMPRESSION_NONE, HEAT_COMPRESSION_DEFLATE } HeatCompression;
extern const char *const HeatCompressionNames[];

/** Whether the computation waits for a checkpoint. */
typedef enum { HEAT_CHECKPOINT_SYNC, HEAT_CHECKPOINT_ASYNC } HeatCheckpointMode;
extern const char *const HeatCheckpointModeNames[];

/** How much of a checkpoint is read back before it gets its name. */
typedef enum { HEAT_READ_BACK_NONE, HEAT_READ_BACK_SAMPLE, HEAT_READ_BACK_FULL } HeatReadBack;
extern const char *const HeatReadBackNames[];

typedef enum {
  HEAT_FIELD_TEMPERATURE,
  HEAT_FIELD_CONDUCTIVITY, /* two datasets: conductivity_x, conductivity_y */
  HEAT_FIELD_HEAT_FLUX,    /* two datasets: heat_flux_x, heat_flux_y */
  HEAT_FIELD_MATERIAL,
  HEAT_FIELD_OWNER,
  HEAT_FIELDS
} HeatFieldKind;
extern const char *const HeatFieldKindNames[];

typedef struct {
  char     *name;  /* owned, unique, no comma or quote */
  PetscReal at[2]; /* [m], inside the domain or on its boundary */
} HeatProbe;

/** Temperatures along a straight line, `points` of them, both ends included. */
typedef struct {
  char     *name;           /* owned, unique, no comma or quote */
  PetscReal from[2], to[2]; /* [m], inside the domain or on its boundary */
  PetscInt  points;         /* >= 2 */
} HeatProfile;

/** The heat that goes from one material to another through all faces between them. */
typedef struct {
  char    *names[2];    /* owned: from, to */
  PetscInt material[2]; /* indices; set by HeatCaseValidate */
} HeatInterface;

typedef enum {
  HEAT_CHECK_TEMPERATURE,    /* at, value, tolerance | relative */
  HEAT_CHECK_ERROR_L2,       /* exact, below: sqrt(mean((T - exact)^2)) */
  HEAT_CHECK_ERROR_MAX,      /* exact, below: max |T - exact| */
  HEAT_CHECK_INTEGRAL,       /* of temperature, weight none | density | heat_capacity; value, ... */
  HEAT_CHECK_HEAT_FLOW,      /* side, segment if wanted; [W/m] into the domain; or between */
  HEAT_CHECK_ENERGY_BALANCE, /* below, relative */
  HEAT_CHECK_MINIMUM,        /* of the temperature; of a region if wanted */
  HEAT_CHECK_MAXIMUM,
  HEAT_CHECK_MEAN
} HeatCheckQuantity;
extern const char *const HeatCheckQuantityNames[]; /* temperature error_l2 error_max integral ... */

typedef enum { HEAT_WEIGHT_NONE, HEAT_WEIGHT_DENSITY, HEAT_WEIGHT_HEAT_CAPACITY } HeatWeight;
extern const char *const HeatWeightNames[]; /* none density heat_capacity */

/** Passes when |computed - value| <= tolerance, or <= relative*|value|, or computed <= below:
 *  exactly one of tolerance, relative and below is given (others are negative). */
typedef struct {
  HeatCheckQuantity quantity;
  PetscReal         at[2];
  HeatFormula       exact; /* of x y t */
  HeatWeight        weight;
  HeatSide          side;
  PetscInt          segment;     /* of the side; -1: the whole side */
  HeatInterface     between;     /* heat flow; names[0] is NULL when not given */
  char             *region_name; /* owned; NULL: the whole domain */
  PetscInt          region;      /* index into regions, -1: none; set by HeatCaseValidate */
  PetscReal         value, tolerance, relative, below;
} HeatCaseCheck;

/** A check with nothing given: at and value NaN, side HEAT_SIDES, the bounds negative. */
void HeatCaseCheckInit(HeatCaseCheck *check);

typedef struct {
  char *key, *value; /* owned; key without the leading '-', value "" for a flag */
} HeatPetscOption;

typedef struct {
  char *path; /* owned, e.g. "regions[1].radius" */
  int   line; /* 1-based; 0: from --set */
} HeatWhere;

typedef struct {
  char *file;  /* owned: name of the case file as given, for messages */
  char *text;  /* owned: its content, for provenance */
  char *keys;  /* owned: "key: value" lines of what decides how the field goes on; NULL: not read */
  char *title; /* owned; the file's stem when not given */

  struct {
    PetscInt  cells[2];   /* nx, ny >= 1 */
    PetscReal x[2], y[2]; /* [m], x[0] < x[1] */
  } grid;
  struct {
    PetscInt    processes[2]; /* px, py; 0 0: chosen by heat2d */
    HeatMapping mapping;
  } decomposition;

  PetscInt      n_materials;
  HeatMaterial *materials; /* owned, n_materials >= 1 */
  HeatDataset   properties[HEAT_PROPERTIES];
  PetscInt      n_contacts;
  HeatContact  *contacts; /* owned */
  PetscInt      n_regions;
  HeatRegion   *regions; /* owned; when the file has none: one that covers all with material 0 */

  struct {
    HeatFormula temperature; /* of x y; default 0 */
    char       *file;        /* owned, or NULL; then dataset (default /temperature) is read */
    char       *dataset;     /* owned, or NULL */
  } initial;
  HeatFormula source; /* [W/m3], of x y t T; added to the regions' own */
  struct {
    HeatFormula coefficient; /* [W/(m3 K)], >= 0; of x y; not given: none */
    HeatFormula ambient;     /* of x y t */
  } exchange;                /* heat lost through the faces above and below the sheet */
  HeatBoundary boundary[HEAT_SIDES];

  struct {
    HeatScheme scheme;
    char      *ts_type;   /* owned; the TYPE of ts:TYPE, else NULL */
    PetscBool  step_auto; /* ftcs: the largest stable step; esdirk, bdf2, ts: error-controlled */
    PetscReal  step;      /* [s], > 0; 0: not given (auto, steady); adaptive: the first one */
    PetscReal  end;       /* [s]; < 0: not given, then steps is */
    PetscInt   steps;     /* -1: not given, then end is */
    struct {
      PetscReal tolerance; /* of a step's error, relative to the spread of T; 0: fixed steps */
      PetscReal min, max;  /* [s] bounds of the step; 0: none */
    } adaptive;
  } time;

  struct {
    PetscReal       tolerance;      /* relative to the initial residual of each solve */
    PetscInt        max_iterations; /* of one linear solve */
    PetscInt        max_newton;     /* Newton iterations of one non-linear solve */
    char           *preconditioner; /* owned: "multigrid", or a PETSc PC type */
    HeatFaceAverage face_average;
    PetscBool       reproducible;
    HeatPaintRule   paint;
  } solver;

  struct {
    char           *directory;          /* owned; default out/<stem of the case file> */
    PetscInt        snapshots_every;    /* steps; 0: not by steps */
    PetscReal       snapshots_interval; /* [s] of simulated time; 0: not by time */
    PetscInt        history_every;      /* steps; 0: about a thousand rows a run */
    PetscReal       history_interval;   /* [s] of simulated time, hit exactly; 0: not by time */
    PetscBool       fields[HEAT_FIELDS];
    PetscInt        n_probes;
    HeatProbe      *probes; /* owned */
    PetscInt        n_profiles;
    HeatProfile    *profiles; /* owned */
    PetscInt        n_interfaces;
    HeatInterface  *interfaces; /* owned */
    HeatCompression compression;
    char           *hints;            /* owned: "name=value name=value" for MPI-IO; NULL: none */
    PetscInt        alignment;        /* [bytes] of large datasets in a file */
    char           *temperature_unit; /* owned; UDUNITS text for files and labels; default "K" */
  } output;

  struct {
    PetscInt     every;         /* steps; 0: none */
    PetscReal    wall_interval; /* [s] of wall time; 0: none */
    PetscInt     keep;          /* newest files kept, >= 1 */
    PetscInt     keep_every;    /* those of steps that are its multiples are kept, too; 0: none */
    PetscBool    daly;          /* the wall time between them is Daly's */
    PetscReal    mtbf;          /* [s] mean time between failures, for that; 0: not given */
    HeatReadBack verify;
    HeatCheckpointMode mode;
    PetscBool          probe; /* measure what the disk gives a plain file, before the first one */
  } checkpoint;
  struct {
    PetscReal wall_time; /* [s]; 0: none */
    PetscReal stall;     /* [s] without progress of a rank; 0: none */
    PetscBool slurm;     /* the end of the Slurm job is a limit, too */
    PetscReal balance;   /* of the energy account, relative; 0: not judged; negative: auto */
    PetscBool extremes;  /* the maximum principle is judged where it holds */
  } limits;

  PetscInt         n_checks;
  HeatCaseCheck   *checks; /* owned */
  PetscInt         n_petsc;
  HeatPetscOption *petsc; /* owned */

  PetscInt   n_where;
  HeatWhere *where; /* owned */
} HeatCase;

/** A case with every default in place and nothing of the user's: each side is one insulated
 *  segment.  Not collective. */
PetscErrorCode HeatCaseCreate(HeatCase **c);

/** Frees everything; *c may be NULL.  Not collective. */
PetscErrorCode HeatCaseDestroy(HeatCase **c);

/** Give a side n fresh segments, insulated and without an end; the old ones are freed.  Not
 *  collective. */
PetscErrorCode HeatCaseSetSegments(HeatCase *c, HeatSide side, PetscInt n);

/** The name of the case's scheme as the case file writes it: "bdf2", "ts:rosw".  Writes into
 *  buffer, returns it. */
const char *HeatCaseSchemeName(const HeatCase *c, char *buffer, size_t size);

/** Remember where a key stood: later entries for the same path hide earlier ones. */
PetscErrorCode HeatCaseAddWhere(HeatCase *c, const char *path, int line);

/** "case.yaml:12: " for a key that the file holds, "--set: " for one that was overridden; the
 *  nearest enclosing key's line when the key itself is absent.  Writes into buffer, returns it. */
const char *HeatCaseLocate(const HeatCase *c, const char *path, char *buffer, size_t size);

/** Raise HEAT_ERR_INPUT about the key `path`: "FILE:LINE: PATH: message".  Collective on comm. */
#define HeatCaseCheckKey(condition, comm, c, path, ...)                                            \
  do {                                                                                             \
    if (PetscUnlikely(!(condition))) {                                                             \
      return HeatCaseRaise((comm), PETSC_FUNCTION_NAME, __FILE__, __LINE__, (c), (path),           \
                           __VA_ARGS__);                                                           \
    }                                                                                              \
  } while (0)
PetscErrorCode HeatCaseRaise(MPI_Comm comm, const char *function, const char *file, int line,
                             const HeatCase *c, const char *path, const char *format, ...)
    __attribute__((format(printf, 7, 8)));

/** Everything that can be checked without a grid or a file: ranges, names, expressions, limits of
 *  the index type, pairs of periodic sides, combinations of keys; resolves names to indices. What
 *  it cannot know: the stability limit of ftcs, whether a steady state exists, and whether PETSc
 *  has the preconditioner. `size` is the number of ranks.  Collective on comm.  Errors:
 *  HEAT_ERR_INPUT. */
PetscErrorCode HeatCaseValidate(MPI_Comm comm, HeatCase *c, PetscMPIInt size);

#endif
