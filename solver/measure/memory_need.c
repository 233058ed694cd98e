/** The memory that a rank needs (see memory_need.h).
 *
 *  Each part is a number of bytes per cell of the largest block, and one constant for the process.
 *  Two moments compete for the high-water mark: the set-up of the multigrid, which has auxiliary
 *  arrays of its own, and the steps, at which files are written.
 *
 *  Arrays of indices are half as large with a PETSc of 32-bit indices. */
#include "solver/measure/memory_need.h"

#include <math.h>
#include <string.h>

#include "solver/case/expression.h"
#include "solver/case/petsc_rules.h"
#include "solver/case/region_index.h"
#include "solver/operator/operator.h"
#include "solver/operator/wavefront.h"

const char *const HeatNeedNames[] = {
    "program and MPI", "grid",          "fields",         "operator",
    "time scheme",     "linear solver", "preconditioner", "copies for files"};

/* R: [bytes] of a number in double precision.  Index: size of PETSc's indices over that of 64-bit
   ones, with which memory was measured. */
static const double R = sizeof(PetscReal), Index = sizeof(PetscInt) / 8.0;

/* The properties of a case that decide which arrays exist. */
typedef struct {
  PetscBool of_T;         /* some conductivity depends on T */
  PetscBool of_place;     /* some conductivity is a formula or from a file: its field is kept */
  PetscBool source;       /* there is a source or a power */
  PetscBool source_fixed; /* some source does not depend on t */
  PetscBool source_t;     /* some source depends on t */
  PetscBool unsplit;      /* some of these is no product of a shape and a factor of time */
  int       shapes;       /* number of those that are products, and depend on the place */
  int       terms;        /* number of sources that depend on t */
  PetscBool terms_top;    /* the top-level source is one of them */
  PetscBool ambient_t;    /* the ambient temperature depends on t */
  PetscBool ambient_xt;   /* it depends on t and on the place */
  PetscBool source_T;     /* some source depends on T */
  PetscBool flux;         /* some side has a prescribed flux */
  PetscBool flux_t;       /* a prescribed flux depends on t */
  PetscBool radiates;     /* some side radiates */
  PetscBool nonlinear;    /* of_T, source_T or radiates */
  PetscBool implicit;     /* the scheme solves equations */
  int       axes;         /* number of arrays of conductivities: 1, or 2 if kx and ky differ */
} Traits;

/* Traits. */

/* Store the variables of a formula as bits HEAT_VAR_*; 0 for a number and for a wrong formula,
   which is reported later. */
static PetscErrorCode Variables(const HeatFormula *formula, int *bits)
{
  HeatExpression *e = NULL;
  char            message[256];

  PetscFunctionBeginUser;
  *bits = 0;
  if (!formula->given || !formula->text) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatExpressionCreate(formula,
                                 HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_TIME | HEAT_VAR_TEMPERATURE, &e,
                                 message, sizeof message));
  if (e) *bits = HeatExpressionVariables(e);
  PetscCall(HeatExpressionDestroy(&e));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscBool SameFormula(const HeatFormula *a, const HeatFormula *b)
{
  if (a->text && b->text) return strcmp(a->text, b->text) == 0 ? PETSC_TRUE : PETSC_FALSE;
  return (!a->text && !b->text && a->value == b->value) ? PETSC_TRUE : PETSC_FALSE;
}

static PetscErrorCode FindConductivityTraits(const HeatCase *c, Traits *t)
{
  const HeatDataset *files = c->properties;

  PetscFunctionBeginUser;
  t->axes = files[HEAT_PROPERTY_CONDUCTIVITY_X].file || files[HEAT_PROPERTY_CONDUCTIVITY_Y].file
                ? 2
                : 1;
  if (t->axes == 2 || files[HEAT_PROPERTY_CONDUCTIVITY].file) t->of_place = PETSC_TRUE;
  for (PetscInt m = 0; m < c->n_materials; m++) {
    const HeatFormula *k = c->materials[m].conductivity;

    if (!SameFormula(&k[0], &k[1])) t->axes = 2;
    for (int axis = 0; axis < 2; axis++) {
      int bits;

      PetscCall(Variables(&k[axis], &bits));
      if (bits) t->of_place = PETSC_TRUE;
      if (bits & HEAT_VAR_TEMPERATURE) t->of_T = PETSC_TRUE;
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add the traits of a source or a power. */
static PetscErrorCode AddSourceTraits(const HeatFormula *source, Traits *t)
{
  PetscBool factors;
  int       bits;

  PetscFunctionBeginUser;
  PetscCall(Variables(source, &bits));
  if (source->given) t->source = PETSC_TRUE;
  if (source->given && !(bits & HEAT_VAR_TIME)) t->source_fixed = PETSC_TRUE;
  if (bits & HEAT_VAR_TIME) {
    PetscCall(HeatExpressionHasTimeFactor(source, &factors));
    t->source_t = PETSC_TRUE;
    if (!factors) t->unsplit = PETSC_TRUE;
    if (factors && bits != HEAT_VAR_TIME) t->shapes++;
    t->terms++;
  }
  if (bits & HEAT_VAR_TEMPERATURE) t->source_T = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FindTraits(const HeatCase *c, Traits *t)
{
  const Traits none = {0};
  int          bits;

  PetscFunctionBeginUser;
  *t = none;
  PetscCall(FindConductivityTraits(c, t));
  PetscCall(AddSourceTraits(&c->source, t));
  t->terms_top = (PetscBool)(t->terms > 0);
  for (PetscInt r = 0; r < c->n_regions; r++) {
    PetscCall(AddSourceTraits(&c->regions[r].source, t));
    PetscCall(AddSourceTraits(&c->regions[r].power, t));
  }
  for (int side = 0; side < HEAT_SIDES; side++) {
    for (PetscInt k = 0; k < c->boundary[side].n; k++) {
      if (c->boundary[side].segments[k].type == HEAT_BC_FLUX) {
        PetscCall(Variables(&c->boundary[side].segments[k].value, &bits));
        t->flux = PETSC_TRUE;
        if (bits & HEAT_VAR_TIME || c->boundary[side].segments[k].table.n > 0)
          t->flux_t = PETSC_TRUE;
      }
      if (c->boundary[side].segments[k].type == HEAT_BC_RADIATION) t->radiates = PETSC_TRUE;
    }
  }
  t->nonlinear = t->of_T || t->source_T || t->radiates ? PETSC_TRUE : PETSC_FALSE;
  t->implicit  = c->time.scheme == HEAT_SCHEME_FTCS || c->time.scheme == HEAT_SCHEME_RKL2 ||
                        (c->time.scheme == HEAT_SCHEME_TS &&
                         HeatPetscListHas("euler rk ssp", c->time.ts_type))
                     ? PETSC_FALSE
                     : PETSC_TRUE;
  PetscCall(Variables(&c->exchange.ambient, &bits));
  t->ambient_t  = bits & HEAT_VAR_TIME ? PETSC_TRUE : PETSC_FALSE;
  t->ambient_xt = (PetscBool)(t->ambient_t && bits & (HEAT_VAR_X | HEAT_VAR_Y));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatNeedIsNonlinear(const HeatCase *c, PetscBool *nonlinear)
{
  Traits t;

  PetscFunctionBeginUser;
  PetscCall(FindTraits(c, &t));
  *nonlinear = t.nonlinear;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether the coefficients of rkl2's stages are fixed (HeatOperatorTakesStages). */
static PetscBool StagesAreFixed(const Traits *t)
{
  return (PetscBool)(!t->nonlinear && !t->source_t && !t->flux_t && !t->ambient_t);
}

static PetscBool SumsExchange(const HeatCase *c, const Traits *t)
{
  const PetscBool fixed_stages = (PetscBool)(c->time.scheme == HEAT_SCHEME_RKL2 &&
                                             StagesAreFixed(t));

  return (PetscBool)(c->exchange.coefficient.given &&
                     (c->time.scheme == HEAT_SCHEME_FTCS || fixed_stages));
}

PetscErrorCode HeatNeedSumsExchange(const HeatCase *c, PetscBool *sums)
{
  Traits t;

  PetscFunctionBeginUser;
  PetscCall(FindTraits(c, &t));
  *sums = SumsExchange(c, &t);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Bytes per cell. */

/* Return which part of the rows differs from the row below it, so that the operator stores it
   (HeatOperatorShareRows), because of the shapes of materials.  The rows of a rectangle are alike.
   Of an ellipse that is q times as many cells wide as tall, 1 + q - sqrt(1 + q^2) of the rows
   differ from the row below, 6 of 10 of a disc on square cells: all where the edge is flatter than
   the diagonals of cells, and one for each column that the edge crosses where it is steeper.
   Other shapes are counted like ellipses, and a map in full. */
static double DistinctRows(const HeatCase *c)
{
  double part = 0.0;

  for (PetscInt r = 0; r < c->n_regions; r++) {
    const HeatRegion *region = &c->regions[r];
    PetscReal         low[2], high[2];

    if (region->shape == HEAT_SHAPE_ALL || region->shape == HEAT_SHAPE_RECTANGLE) continue;
    if (region->shape == HEAT_SHAPE_MAP) return 1.0;
    HeatRegionBox(region, c->grid.x, c->grid.y, low, high);
    const double wide = (double)((high[0] - low[0]) / (c->grid.x[1] - c->grid.x[0]));
    const double tall = (double)((high[1] - low[1]) / (c->grid.y[1] - c->grid.y[0]));
    const double q    = tall > 0.0
                            ? wide * (double)c->grid.cells[0] / (tall * (double)c->grid.cells[1])
                            : 0.0;

    part += (1.0 + q - hypot(1.0, q)) * tall;
  }
  return PetscMin(part, 1.0);
}

/* Return whether a capacity from a file differs in each cell. */
static PetscBool CapacityFromFile(const HeatCase *c)
{
  return (PetscBool)(c->properties[HEAT_PROPERTY_DENSITY].file ||
                     c->properties[HEAT_PROPERTY_SPECIFIC_HEAT].file);
}

/* Return the bytes per cell of the operator: material (2 bytes), the rows of capacity, gx and gy
   that differ, and the arrays that only some cases have. */
static double OperatorBytes(const HeatCase *c, const Traits *t)
{
  const double rows  = DistinctRows(c);
  double       bytes = 2.0 + R * (CapacityFromFile(c) ? 1.0 : rows);

  bytes += 2.0 * R * (t->nonlinear || t->of_place ? 1.0 : rows); /* gx and gy */
  if (t->source) bytes += R;
  if (c->properties[HEAT_PROPERTY_DENSITY].file) bytes += R;
  if (t->of_place) bytes += R * t->axes; /* k */
  if (t->of_T) bytes += R * (1 + 4);     /* T of the last Update; low and high of both axes */
  if (t->of_T && c->n_materials > 1 && c->solver.face_average == HEAT_FACE_ARITHMETIC)
    bytes += R * t->axes;                              /* dk/dT */
  if (t->nonlinear) bytes += R;                        /* the Jacobian's shift */
  if (c->exchange.coefficient.given) bytes += 2.0 * R; /* conductance and ambient temperature */
  if (SumsExchange(c, t)) bytes += R;                  /* the heat that it brings */
  if (t->flux) bytes += R;
  if (t->source_t) bytes += R;
  /* The shapes of regions lie in different cells; that of the top-level source in all. */
  if (!t->unsplit && !t->source_T) bytes += R * PetscMin(t->shapes, 2);
  if (t->source_T) bytes += 2.0 * R;
  if (c->time.scheme == HEAT_SCHEME_RKL2 && t->source_t) bytes += 2.0 * R;
  if (c->time.scheme == HEAT_SCHEME_RKL2 && t->ambient_t) bytes += 2.0 * R;
  return bytes;
}

/* A row of a table of bytes per cell by name.  The last row has the name NULL. */
typedef struct {
  const char *name;
  double      bytes;
} Row;

/* Return the bytes of a name.  The last row holds for names that are not in the table. */
static double LookUp(const Row *rows, const char *name)
{
  while (rows->name && (!name || strcmp(rows->name, name) != 0)) rows++;
  return rows->bytes;
}

/* Return whether rkl2 takes all stages of a step in one sweep, for certain.  A sweep takes up to 15
   stages by default, since their number is odd, on blocks that are wide enough (operator_steps.c).
   They reach (s^2 + s - 2)/4 of ftcs's largest steps, s = 15, and the largest conductivity and the
   least capacity bound that step from below. */
static PetscBool TakesOneSweep(const HeatCase *c, const Traits *t, const HeatNeedShape *shape)
{
  const PetscReal hx = (c->grid.x[1] - c->grid.x[0]) / (PetscReal)c->grid.cells[0];
  const PetscReal hy = (c->grid.y[1] - c->grid.y[0]) / (PetscReal)c->grid.cells[1];
  const PetscReal s = 15.0, steps = (s * s + s - 2.0) / 4.0;
  PetscReal       kx = 0.0, ky = 0.0, capacity = PETSC_MAX_REAL;

  /* With weights the narrowest block is not known here. */
  if (shape->size > 1 && c->decomposition.weights != HEAT_WEIGHTS_EQUAL) return PETSC_FALSE;
  /* 65: the narrowest of equal blocks is one cell narrower than the largest. */
  if (shape->size > 1 && PetscMin(shape->nx, shape->ny) < 65) return PETSC_FALSE;
  if (c->time.step_auto) return PETSC_TRUE;
  if (t->of_place || c->properties[HEAT_PROPERTY_DENSITY].file) return PETSC_FALSE;
  for (PetscInt m = 0; m < c->n_materials; m++) {
    kx       = PetscMax(kx, c->materials[m].conductivity[0].value);
    ky       = PetscMax(ky, c->materials[m].conductivity[1].value);
    capacity = PetscMin(capacity, c->materials[m].density * c->materials[m].specific_heat);
  }
  return c->time.step * 2.0 * (kx / (hx * hx) + ky / (hy * hy)) <= steps * capacity ? PETSC_TRUE
                                                                                    : PETSC_FALSE;
}

/* Return the bytes per cell that a sweep over several steps or stages adds (operator_steps.c): the
   rows of dt/C that differ, seams, the shapes of sources with factors of time, unless the only one
   is stored by the source for all cells, and the fixed part with prescribed fluxes.
   @param[in] stages  the sweep is over stages of rkl2 */
static double SweepBytes(const HeatCase *c, const Traits *t, const HeatNeedShape *shape,
                         PetscBool stages)
{
  const PetscBool timed  = (PetscBool)(t->source_t && !t->unsplit && !t->source_T);
  const int       top    = t->terms_top ? 1 : 0;
  const double    layers = top + (t->terms > top ? 1 : 0);
  double          arrays;
  PetscInt        depth;

  if (HeatOperatorStepsWanted(stages, &depth) || depth < 2) return 0.0;
  arrays = CapacityFromFile(c) ? 1.0 : DistinctRows(c);
  /* For each layer its shapes and the numbers of its terms (HeatSourceLayer); for a single term its
     shape alone. */
  if (timed && (t->terms > 1 || t->flux_t || c->exchange.coefficient.given)) arrays += 2.0 * layers;
  else if (timed && !(t->terms_top && t->shapes == 1)) arrays += 1.0;
  if (timed && t->flux && !t->flux_t) arrays += 1.0;
  return R * (arrays + HeatWavefrontSeam(shape->nx, depth));
}

/* Return the bytes per cell of the time integration's Vecs at the high-water mark.  The numbers of
   bdf2, esdirk and PETSc's TS were measured, because Vecs that are created in the steps can use
   memory that the set-up of the solver has freed.  Where coefficients are fixed and
   rkl2 takes all stages of a step in one sweep, it has the new field alone (operator_stages.c);
   several sweeps need one field more with an ambient exchange. */
static double SchemeBytes(const HeatCase *c, const Traits *t, const HeatNeedShape *shape)
{
  const PetscBool  fixed = StagesAreFixed(t);
  const PetscBool  swept = (PetscBool)(!t->nonlinear && !t->ambient_xt &&
                                      (!t->source_t || (!t->unsplit && !t->source_T)) &&
                                      (c->time.steps < 0 || c->time.steps > 2) &&
                                      c->output.history_every != 1 &&
                                      c->output.snapshots_every != 1);
  static const Row ts[]  = {{"beuler", 43.0}, {"cn", 51.0},       {"theta", 45.0}, {"alpha", 77.0},
                            {"bdf", 126.0},   {"arkimex", 160.0}, {"rosw", 111.0}, {"euler", 24.0},
                            {"ssp", 32.0},    {"rk", 80.0},       {NULL, 120.0}};

  switch (c->time.scheme) {
  case HEAT_SCHEME_FTCS: return swept ? SweepBytes(c, t, shape, PETSC_FALSE) : 0.0;
  case HEAT_SCHEME_RKL2:
    return fixed && TakesOneSweep(c, t, shape) ? SweepBytes(c, t, shape, PETSC_TRUE)
                                               : (SumsExchange(c, t) ? 4.0 : 3.0) * R;
  case HEAT_SCHEME_BDF2: return 48.0;
  case HEAT_SCHEME_ESDIRK: return 64.0;
  case HEAT_SCHEME_TS: return LookUp(ts, c->time.ts_type);
  default: return 2.0 * R;
  }
}

/* Return the bytes per cell of the linear and non-linear solvers' Vecs, as measured.  FGMRES has
   two Vecs for each iteration and GMRES one; ten iterations are assumed. */
static double SolverBytes(const Traits *t, PetscBool ours, const char *ksp)
{
  const PetscBool fused = ours && !t->nonlinear && (!ksp[0] || strcmp(ksp, "heatcg") == 0)
                              ? PETSC_TRUE
                              : PETSC_FALSE;

  if (fused) return 0.0; /* its Vecs use memory that the set-up of the multigrid has freed */
  if (!t->nonlinear) return 4.0 * R;
  return (t->of_T ? (ours ? 33.0 : 37.5) : 7.5) * R;
}

/* Return the bytes per cell of heatmg, in arrays of single precision: ten on the finest level,
   whose halo is nine cells deep; five on each coarser level, which has a quarter of the cells;
   during the set-up, four more on the two finest levels. */
static double MultigridBytes(const HeatNeedShape *shape)
{
  const double halo = 9.0, nx = (double)shape->nx, ny = (double)shape->ny;
  const double around = (nx + 2.0 * halo) * (ny + 2.0 * halo) / (nx * ny);
  const double finest = 10.0, coarse = 5.0 / 3.0, set_up = 4.0 * (1.0 + 0.25);

  return (finest + coarse + set_up) * sizeof(float) * around;
}

/* Return whether a preconditioner reads a matrix, for which a DMDA is created. */
static PetscBool ReadsMatrix(const char *pc)
{
  return HeatPetscListHas("heatmg none jacobi shell", pc) ? PETSC_FALSE : PETSC_TRUE;
}

/* Return the bytes per cell of a preconditioner of PETSc with its matrix, measured with 64-bit
   indices.  The assembled matrix takes 142 bytes, and 38 more on several ranks.  A preconditioner
   that is not listed is counted as its matrix alone. */
static double PetscBytes(const HeatNeedShape *shape)
{
  static const Row one[] = {
      {"none", 0.0},   {"jacobi", 8.0},      {"shell", 0.0},      {"pbjacobi", 126.0},
      {"sor", 142.0},  {"eisenstat", 134.0}, {"bjacobi", 264.0},  {"ilu", 264.0},
      {"icc", 231.0},  {"asm", 501.0},       {"gasm", 480.0},     {"mg", 285.0},
      {"gamg", 526.0}, {"lu", 1233.0},       {"cholesky", 750.0}, {NULL, 142.0}};
  static const Row several[] = {{"none", 0.0},       {"jacobi", 8.0}, {"shell", 0.0},
                                {"pbjacobi", 164.0}, {"sor", 180.0},  {"eisenstat", 172.0},
                                {"bjacobi", 302.0},  {"asm", 640.0},  {"gasm", 620.0},
                                {"mg", 323.0},       {"gamg", 945.0}, {NULL, 180.0}};
  const double     matrix = 142.0, bytes = LookUp(shape->size > 1 ? several : one, shape->pc);

  return bytes < matrix ? bytes : bytes * (0.5 + 0.5 * Index); /* half of the bytes are indices */
}

/* Return the bytes per cell of copies of fields.  An asynchronous checkpoint copies the rows that
   the rank writes of each of its fields.  A compressed snapshot needs a copy and its compressed
   bytes.  Derived fields are computed before they are written.  If only some ranks are writers, the
   piece of rows that a writer receives is counted, too, since it may be larger than a block. */
static double FileBytes(const HeatCase *c, const Traits *t, const HeatNeedShape *shape)
{
  const double     piece       = 32.0 * 1048576.0; /* [bytes] HEAT_STREAM_BYTES of io */
  const double     cells       = (double)shape->nx * (double)shape->ny;
  const PetscBool *fields      = c->output.fields;
  const PetscBool  checkpoints = c->checkpoint.every > 0 || c->checkpoint.wall_interval > 0.0 ||
                                        c->checkpoint.daly
                                     ? PETSC_TRUE
                                     : PETSC_FALSE;
  const PetscBool  snapshots   = c->output.snapshots_every > 0 || c->output.snapshots_interval > 0.0
                                     ? PETSC_TRUE
                                     : PETSC_FALSE;
  double           bytes       = 0.0;

  if (checkpoints && c->checkpoint.mode == HEAT_CHECKPOINT_ASYNC)
    bytes += R * shape->share *
             (c->time.scheme == HEAT_SCHEME_BDF2 ? 3.0
              : SumsExchange(c, t)               ? 2.0
                                                 : 1.0);
  if (shape->share > 1.0 && (checkpoints || snapshots))
    bytes += PetscMin(piece / cells, R * shape->share);
  if (!snapshots) return bytes;
  if (c->output.compression == HEAT_COMPRESSION_DEFLATE) bytes += 2.0 * R;
  if (fields[HEAT_FIELD_CONDUCTIVITY]) bytes += 2.0 * R;
  if (fields[HEAT_FIELD_HEAT_FLUX]) bytes += 2.0 * R;
  if (fields[HEAT_FIELD_MATERIAL]) bytes += 4.0;
  if (fields[HEAT_FIELD_OWNER]) bytes += 4.0;
  return bytes;
}

PetscErrorCode HeatNeedEstimate(const HeatCase *c, const HeatNeedShape *shape, HeatNeed *need)
{
  const double    cells = (double)shape->nx * (double)shape->ny;
  const PetscBool ours  = strcmp(shape->pc, "heatmg") == 0 ? PETSC_TRUE : PETSC_FALSE;
  const double    freed = 12.0; /* [bytes a cell] freed by the set-up, and used for files later */
  double         *part  = need->part;
  Traits          t;

  PetscFunctionBeginUser;
  PetscCall(FindTraits(c, &t));
  PetscCall(PetscArrayzero(part, HEAT_NEED_PARTS));
  part[HEAT_NEED_GRID]     = t.implicit && ReadsMatrix(shape->pc) ? 54.0 * Index : 0.0;
  part[HEAT_NEED_FIELDS]   = 2.0 * R;
  part[HEAT_NEED_OPERATOR] = OperatorBytes(c, &t);
  part[HEAT_NEED_SCHEME]   = SchemeBytes(c, &t, shape);
  part[HEAT_NEED_FILES]    = FileBytes(c, &t, shape);
  if (t.implicit) {
    part[HEAT_NEED_SOLVER]         = SolverBytes(&t, ours, shape->ksp);
    part[HEAT_NEED_PRECONDITIONER] = ours ? MultigridBytes(shape) : PetscBytes(shape);
  }
  if (t.implicit && ours) part[HEAT_NEED_FILES] = PetscMax(0.0, part[HEAT_NEED_FILES] - freed);
  for (int k = 0; k < HEAT_NEED_PARTS; k++) part[k] *= cells;
  /* [bytes] measured on 1 to 16 ranks: 35 to 37 MiB without solves, 37 to 42 MiB with them, where
     rank 0 takes 1.2 MiB for each partner in a tree of all ranks */
  part[HEAT_NEED_PROCESS] = (t.implicit ? 37.5 + 1.2 * log2((double)PetscMax(shape->size, 1))
                                        : 36.0) *
                            1048576.0;
  need->total = 0.0;
  for (int k = 0; k < HEAT_NEED_PARTS; k++) need->total += part[k];
  PetscFunctionReturn(PETSC_SUCCESS);
}
