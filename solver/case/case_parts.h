/** The parts of a case, as plain data: materials, regions, sides, what is recorded and checked, and
 *  the choices that a case makes.  case.h makes a case of them and has the meaning of units, of
 *  formulas and of the word "owned"; include case.h. */
#ifndef HEAT_SOLVER_CASE_PARTS_H
#define HEAT_SOLVER_CASE_PARTS_H

#include <petscsys.h>
#include <stdint.h>

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

/** The relative speeds of the ranks (decomposition.weights). */
typedef enum {
  HEAT_WEIGHTS_EQUAL,   /* not given: all ranks are equally fast */
  HEAT_WEIGHTS_RANKS,   /* a list with the speed of each rank, in the launcher's order */
  HEAT_WEIGHTS_HOSTS,   /* the speed of each rank of a host, by the name of the host */
  HEAT_WEIGHTS_MEASURED /* a run measures the speeds before it begins */
} HeatWeights;
extern const char *const HeatWeightsNames[]; /* equal ranks hosts measured */

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

#endif
