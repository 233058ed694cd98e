/* What makes a case valid: the rules that need neither a grid nor a file, one function a section
 * of the case file; the sections that are lists are in case_validate_lists.c.  Every rank runs
 * the same checks on the same case, so all raise the same error. */
#include "solver/case_validate.h"

#include <math.h>
#include <stdio.h>

#include "solver/expression.h"

enum { PATH = 128 };

/* Formulas. */

PetscErrorCode HeatValidateFormula(HeatValidation k, const char *path, const HeatFormula *f,
                                   int allowed, PetscReal least)
{
  HeatExpression *e;
  char            message[700];
  int             variables;
  PetscReal       value = 0.0;

  PetscFunctionBeginUser;
  if (!f->given) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatExpressionCreate(f, allowed, &e, message, sizeof message));
  HeatCaseCheckKey(e, k.comm, k.c, path, "%s", message);
  variables = HeatExpressionVariables(e);
  if (!variables) PetscCall(HeatExpressionAt(e, 0.0, 0.0, 0.0, &value));
  PetscCall(HeatExpressionDestroy(&e));
  HeatCaseCheckKey(isfinite(value), k.comm, k.c, path, "its value is %g; it must be finite", value);
  HeatCaseCheckKey(variables || value >= least, k.comm, k.c, path,
                   "found %g; it must be at least %g", value, least);
  HeatCaseCheckKey(!(variables & HEAT_VAR_T && k.c->time.scheme == HEAT_SCHEME_STEADY), k.comm, k.c,
                   path,
                   "depends on the time t, and a steady case has none; write it without t, or "
                   "choose another time.scheme");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Grid and decomposition. */

/* A cell much smaller than the rounding of its own place has no sides. */
static PetscErrorCode CheckExtent(HeatValidation k, const char *key, const PetscReal extent[2],
                                  PetscInt cells)
{
  const PetscReal size     = extent[1] - extent[0];
  const PetscReal rounding = PETSC_MACHINE_EPSILON * PetscMax(fabs(extent[0]), fabs(extent[1]));

  PetscFunctionBeginUser;
  HeatCaseCheckKey(size > 0.0 && isfinite(size), k.comm, k.c, key,
                   "found [%g, %g]; the first number must be less than the second", extent[0],
                   extent[1]);
  HeatCaseCheckKey(size / (PetscReal)cells > 1e3 * rounding, k.comm, k.c, key,
                   "found [%.17g, %.17g] for %" FIX " cells: a cell is lost in rounding; move the "
                   "origin closer or take fewer cells",
                   extent[0], extent[1], cells);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ValidateGrid(HeatValidation k)
{
  const HeatCase *c  = k.c;
  const PetscInt  nx = c->grid.cells[0], ny = c->grid.cells[1];
  const char     *remedy = sizeof(PetscInt) > 4 ? "; take fewer"
                                                : "; more than about 46340 x 46340 cells need a "
                                                  "PETSc --with-64-bit-indices";

  PetscFunctionBeginUser;
  HeatCaseCheckKey(nx >= 1 && ny >= 1, k.comm, c, "grid.cells",
                   "found %" FIX "; it must be at least 1", PetscMin(nx, ny));
  HeatCaseCheckKey(nx <= PETSC_MAX_INT / ny, k.comm, c, "grid.cells",
                   "found [%" FIX ", %" FIX
                   "]: that many cells do not fit the %d-bit indices of this "
                   "PETSc%s",
                   nx, ny, (int)(8 * sizeof(PetscInt)), remedy);
  PetscCall(CheckExtent(k, "grid.x", c->grid.x, nx));
  PetscCall(CheckExtent(k, "grid.y", c->grid.y, ny));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ValidateDecomposition(HeatValidation k, PetscMPIInt size)
{
  const HeatCase *c  = k.c;
  const PetscInt  nx = c->grid.cells[0], ny = c->grid.cells[1];
  const PetscInt  px = c->decomposition.processes[0], py = c->decomposition.processes[1];
  PetscBool       fits = PETSC_FALSE;

  PetscFunctionBeginUser;
  HeatCaseCheckKey((PetscInt)size <= nx * ny, k.comm, c, "grid.cells",
                   "%" FIX " x %" FIX
                   " cells are fewer than the %d ranks; each rank needs at least one "
                   "cell: start fewer ranks or take more cells",
                   nx, ny, size);
  if (px == 0 && py == 0) {
    for (PetscInt p = 1; p <= size && !fits; p++) {
      fits = (PetscBool)(size % p == 0 && p <= nx && size / p <= ny);
    }
    HeatCaseCheckKey(fits, k.comm, c, "grid.cells",
                     "%" FIX " x %" FIX
                     " cells cannot be cut into %d blocks, px by py, of at least one "
                     "cell each; start another number of ranks or take more cells",
                     nx, ny, size);
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  HeatCaseCheckKey(px >= 1 && py >= 1, k.comm, c, "decomposition.processes",
                   "found [%" FIX ", %" FIX "]; both must be at least 1 (or write auto)", px, py);
  HeatCaseCheckKey(
      px <= size && py <= size && px * py == size, k.comm, c, "decomposition.processes",
      "found [%" FIX ", %" FIX "], but the number of ranks is %d; px*py must equal it (or "
      "write auto)",
      px, py, size);
  HeatCaseCheckKey(px <= nx && py <= ny, k.comm, c, "decomposition.processes",
                   "found [%" FIX ", %" FIX "] for %" FIX " x %" FIX
                   " cells; each block needs at least "
                   "one cell (or write auto)",
                   px, py, nx, ny);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Initial field, source, boundary. */

static PetscErrorCode ValidateSide(HeatValidation k, HeatSide side)
{
  const HeatSegment *b         = &k.c->boundary[side].segments[0];
  const char        *type      = HeatBoundaryTypeNames[b->type];
  const PetscBool    has_value = (PetscBool)(b->type == HEAT_BC_TEMPERATURE ||
                                          b->type == HEAT_BC_FLUX);
  const PetscBool    convects  = (PetscBool)(b->type == HEAT_BC_CONVECTION);
  const struct {
    const char        *key;
    const HeatFormula *formula;
    PetscBool          wanted;
    int                allowed;
    PetscReal          least;
  } keys[3] = {
      {"value", &b->value, has_value, HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_T, PETSC_NINFINITY},
      {"coefficient", &b->coefficient, convects, HEAT_VAR_X | HEAT_VAR_Y, 0.0},
      {"ambient", &b->ambient, convects, HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_T, PETSC_NINFINITY},
  };
  char path[PATH];

  PetscFunctionBeginUser;
  for (int i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "boundary.%s.%s", HeatSideNames[side], keys[i].key);
    HeatCaseCheckKey(keys[i].formula->given || !keys[i].wanted, k.comm, k.c, path,
                     "missing; a side of type %s needs it", type);
    HeatCaseCheckKey(keys[i].wanted || !keys[i].formula->given, k.comm, k.c, path,
                     "has no meaning for a side of type %s; remove it or change the type", type);
    PetscCall(HeatValidateFormula(k, path, keys[i].formula, keys[i].allowed, keys[i].least));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ValidateBoundary(HeatValidation k)
{
  const HeatCase *c = k.c;
  char            path[PATH];

  PetscFunctionBeginUser;
  for (int side = 0; side < HEAT_SIDES; side++) PetscCall(ValidateSide(k, (HeatSide)side));
  for (int side = 0; side < HEAT_SIDES; side++) {
    const int opposite = side ^ 1; /* left right, bottom top */

    snprintf(path, sizeof path, "boundary.%s.type", HeatSideNames[side]);
    HeatCaseCheckKey(
        c->boundary[side].segments[0].type != HEAT_BC_PERIODIC ||
            c->boundary[opposite].segments[0].type == HEAT_BC_PERIODIC,
        k.comm, c, path, "found periodic, but %s is %s; opposite sides are periodic together",
        HeatSideNames[opposite], HeatBoundaryTypeNames[c->boundary[opposite].segments[0].type]);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ValidateFields(HeatValidation k)
{
  const HeatCase *c = k.c;

  PetscFunctionBeginUser;
  HeatCaseCheckKey(!(c->initial.file && c->initial.temperature.given), k.comm, c,
                   "initial.temperature",
                   "given together with initial.file; the initial temperature has one origin");
  HeatCaseCheckKey(c->initial.file || !c->initial.dataset, k.comm, c, "initial.dataset",
                   "given without initial.file, which holds it");
  PetscCall(HeatValidateFormula(k, "initial.temperature", &c->initial.temperature,
                                HEAT_VAR_X | HEAT_VAR_Y, PETSC_NINFINITY));
  PetscCall(HeatValidateFormula(k, "source", &c->source, HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_T,
                                PETSC_NINFINITY));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Time and solver. */

static PetscErrorCode ValidateSteady(HeatValidation k)
{
  const HeatCase   *c        = k.c;
  const char *const keys[3]  = {"time.step", "time.end", "time.steps"};
  const PetscBool   given[3] = {(PetscBool)(c->time.step_auto || c->time.step != 0.0),
                                (PetscBool)(c->time.end >= 0.0), (PetscBool)(c->time.steps >= 0)};

  PetscFunctionBeginUser;
  for (int i = 0; i < 3; i++) {
    HeatCaseCheckKey(!given[i], k.comm, c, keys[i],
                     "has no meaning for scheme steady, which takes no time step; remove it");
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ValidateTime(HeatValidation k)
{
  const HeatCase *c      = k.c;
  const char     *scheme = HeatSchemeNames[c->time.scheme];

  PetscFunctionBeginUser;
  if (c->time.scheme == HEAT_SCHEME_STEADY) {
    PetscCall(ValidateSteady(k));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  HeatCaseCheckKey(
      !c->time.step_auto || c->time.scheme == HEAT_SCHEME_FTCS, k.comm, c, "time.step",
      "auto is not available in this version for scheme %s, only for ftcs; give a number of "
      "seconds",
      scheme);
  HeatCaseCheckKey(c->time.step_auto || c->time.step != 0.0, k.comm, c, "time.step",
                   "missing; scheme %s needs a time step in seconds", scheme);
  HeatCaseCheckKey(c->time.step_auto || (isfinite(c->time.step) && c->time.step > 0.0), k.comm, c,
                   "time.step", "found %g; it must be greater than 0", c->time.step);
  HeatCaseCheckKey(!(c->time.end >= 0.0 && c->time.steps >= 0), k.comm, c, "time.steps",
                   "given together with time.end; give one of the two");
  HeatCaseCheckKey(c->time.end >= 0.0 || c->time.steps >= 0, k.comm, c, "time",
                   "neither end nor steps is given; give end in seconds, or steps");
  HeatCaseCheckKey(c->time.steps != 0, k.comm, c, "time.steps", "found 0; it must be at least 1");
  if (c->time.end >= 0.0) {
    HeatCaseCheckKey(isfinite(c->time.end) && c->time.end > 0.0, k.comm, c, "time.end",
                     "found %g; it must be greater than 0", c->time.end);
  }
  if (c->time.end > 0.0 && !c->time.step_auto) {
    const PetscReal steps = PetscMax(1.0, round(c->time.end / c->time.step));

    HeatCaseCheckKey(steps <= 1e15 && steps < (PetscReal)PETSC_MAX_INT, k.comm, c, "time.step",
                     "found %g, which makes %g steps; take longer steps", c->time.step, steps);
    HeatCaseCheckKey(
        fabs(steps * c->time.step - c->time.end) <= 1e-9 * c->time.end, k.comm, c, "time.end",
        "found %.12g, which is not a whole number of steps of %.12g; the nearest is %.12g "
        "(%.0f steps)",
        c->time.end, c->time.step, steps * c->time.step, steps);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ValidateSolver(HeatValidation k)
{
  const HeatCase *c = k.c;

  PetscFunctionBeginUser;
  HeatCaseCheckKey(c->solver.tolerance > 0.0 && c->solver.tolerance < 1.0, k.comm, c,
                   "solver.tolerance", "found %g; it must be between 0 and 1", c->solver.tolerance);
  HeatCaseCheckKey(c->solver.max_iterations >= 1, k.comm, c, "solver.max_iterations",
                   "found %" FIX "; it must be at least 1", c->solver.max_iterations);
  HeatCaseCheckKey(c->solver.preconditioner && c->solver.preconditioner[0], k.comm, c,
                   "solver.preconditioner", "is empty; write multigrid, or the name of a PETSc PC");
  HeatCaseCheckKey(!c->solver.reproducible || c->time.scheme == HEAT_SCHEME_FTCS, k.comm, c,
                   "solver.reproducible",
                   "true is not available in this version for scheme %s, only for "
                   "ftcs; write false",
                   HeatSchemeNames[c->time.scheme]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Output, checkpoints, limits. */

static PetscErrorCode ValidateOutput(HeatValidation k)
{
  const HeatCase *c = k.c;
  const struct {
    const char *path;
    PetscReal   value, least;
  } bounds[] = {
      {"output.snapshots.every", (PetscReal)c->output.snapshots_every, 0.0},
      {"output.snapshots.interval", c->output.snapshots_interval, 0.0},
      {"output.history.every", (PetscReal)c->output.history_every, 0.0},
      {"checkpoint.every", (PetscReal)c->checkpoint.every, 0.0},
      {"checkpoint.wall_interval", c->checkpoint.wall_interval, 0.0},
      {"checkpoint.keep", (PetscReal)c->checkpoint.keep, 1.0},
      {"limits.wall_time", c->limits.wall_time, 0.0},
  };

  PetscFunctionBeginUser;
  for (size_t i = 0; i < PETSC_STATIC_ARRAY_LENGTH(bounds); i++) {
    HeatCaseCheckKey(isfinite(bounds[i].value) && bounds[i].value >= bounds[i].least, k.comm, c,
                     bounds[i].path, "found %g; it must be at least %g", bounds[i].value,
                     bounds[i].least);
  }
  HeatCaseCheckKey(!(c->output.snapshots_every > 0 && c->output.snapshots_interval > 0.0), k.comm,
                   c, "output.snapshots.interval",
                   "given together with every; give one of the two");
  HeatCaseCheckKey(c->output.directory && c->output.directory[0], k.comm, c, "output.directory",
                   "is empty; name a folder");
  HeatCaseCheckKey(c->output.temperature_unit && c->output.temperature_unit[0], k.comm, c,
                   "output.temperature_unit", "is empty; name a unit, e.g. K or degC");
  PetscCall(HeatValidateProbes(k));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCaseValidate(MPI_Comm comm, HeatCase *c, PetscMPIInt size)
{
  const HeatValidation k = {comm, c};

  PetscFunctionBeginUser;
  PetscCall(ValidateGrid(k));
  PetscCall(ValidateDecomposition(k, size));
  PetscCall(HeatValidateMaterialsAndRegions(k, c));
  PetscCall(ValidateFields(k));
  PetscCall(ValidateBoundary(k));
  PetscCall(ValidateTime(k));
  PetscCall(ValidateSolver(k));
  PetscCall(ValidateOutput(k));
  PetscCall(HeatValidateChecks(k));
  PetscFunctionReturn(PETSC_SUCCESS);
}
