/** The rules for a valid case that need neither a grid nor a file.
 *
 *  Every rank runs the same checks on the same case, so all ranks raise the same error.  This file
 *  holds the rules for `grid`, `decomposition` and `solver`, and calls the others: materials,
 *  contacts and regions are in case_validate_lists.c; properties, initial field, sources, ambient
 *  exchange and sides in case_validate_fields.c; `output`, `checkpoint` and `limits` in
 *  case_validate_output.c; `time` in case_validate_time.c; `check` in case_validate_checks.c. */
#include "solver/case/case_validate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "solver/base/divisors.h"
#include "solver/base/number_text.h"
#include "solver/case/petsc_rules.h"

/* Check the extent [m] of the domain along an axis: it is positive, and a cell is much larger than
   the rounding error of its coordinates, so that its two sides differ.  The factor 1e3 is chosen:
   it leaves about three digits for the width of a cell at the far end; a smaller factor would
   allow widths with fewer digits, a larger one would refuse domains far from the origin. */
static PetscErrorCode CheckExtent(const HeatValidation *k, const char *key,
                                  const PetscReal extent[2], PetscInt cells)
{
  const PetscReal size     = extent[1] - extent[0];
  const PetscReal rounding = PETSC_MACHINE_EPSILON * PetscMax(fabs(extent[0]), fabs(extent[1]));

  PetscFunctionBeginUser;
  HeatCaseCheckKey(size > 0.0 && isfinite(size), k->comm, k->c, key,
                   "found [%s, %s]; the first number must be less than the second",
                   HeatNumber(extent[0]), HeatNumber(extent[1]));
  /* The bounds 1e-50 and 1e50 are chosen: far beyond the size of every body, and far enough from
     the limits of doubles for areas, volumes and their products with properties of materials. */
  HeatCaseCheckKey(size / (PetscReal)cells >= 1e-50 && size <= 1e50, k->comm, k->c, key,
                   "found [%g, %g] for %" PetscInt_FMT
                   " cells: a cell must be at least 1e-50 m wide and the domain at most 1e50 m; "
                   "lengths are in metres",
                   extent[0], extent[1], cells);
  HeatCaseCheckKey(size / (PetscReal)cells > 1e3 * rounding, k->comm, k->c, key,
                   "found [%.17g, %.17g] for %" PetscInt_FMT
                   " cells: a cell is lost in rounding; move the "
                   "origin closer or take fewer cells",
                   extent[0], extent[1], cells);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ValidateGrid(const HeatValidation *k)
{
  const HeatCase *c  = k->c;
  const PetscInt  nx = c->grid.cells[0], ny = c->grid.cells[1];
  const char     *remedy = sizeof(PetscInt) > 4 ? "; take fewer"
                                                : "; more than about 46340 x 46340 cells need a "
                                                  "PETSc --with-64-bit-indices";

  PetscFunctionBeginUser;
  HeatCaseCheckKey(nx >= 1 && ny >= 1, k->comm, c, "grid.cells",
                   "found %" PetscInt_FMT "; it must be at least 1", PetscMin(nx, ny));
  HeatCaseCheckKey(nx <= PETSC_MAX_INT / ny, k->comm, c, "grid.cells",
                   "found [%" PetscInt_FMT ", %" PetscInt_FMT
                   "]: that many cells do not fit the %d-bit indices of this "
                   "PETSc%s",
                   nx, ny, (int)(8 * sizeof(PetscInt)), remedy);
  PetscCall(CheckExtent(k, "grid.x", c->grid.x, nx));
  PetscCall(CheckExtent(k, "grid.y", c->grid.y, ny));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check that the cells can be cut into one block for each of `size` ranks. */
static PetscErrorCode ValidateDecomposition(const HeatValidation *k, PetscMPIInt size)
{
  const HeatCase *c  = k->c;
  const PetscInt  nx = c->grid.cells[0], ny = c->grid.cells[1];
  const PetscInt  px = c->decomposition.processes[0], py = c->decomposition.processes[1];
  PetscBool       fits = PETSC_FALSE;

  PetscFunctionBeginUser;
  HeatCaseCheckKey(
      c->decomposition.weights != HEAT_WEIGHTS_RANKS || c->decomposition.n_speeds == (PetscInt)size,
      k->comm, c, "decomposition.weights",
      "found %" PetscInt_FMT " speeds for %d ranks; give the speed of each rank, or of "
      "hosts: {HOST: speed}, or write measure",
      c->decomposition.n_speeds, size);
  HeatCaseCheckKey((PetscInt)size <= nx * ny, k->comm, c, "grid.cells",
                   "%" PetscInt_FMT " x %" PetscInt_FMT
                   " cells are fewer than the %d ranks; each rank needs at least one "
                   "cell: start fewer ranks or take more cells",
                   nx, ny, size);
  if (px == 0 && py == 0) {
    HeatDivisors columns;

    HeatDivisorsFind(size, &columns);
    for (PetscInt p = 0; p < columns.n && !fits; p++)
      fits = (PetscBool)(columns.divisor[p] <= nx && size / columns.divisor[p] <= ny);
    HeatCaseCheckKey(fits, k->comm, c, "grid.cells",
                     "%" PetscInt_FMT " x %" PetscInt_FMT
                     " cells cannot be cut into %d blocks, px by py, of at least one "
                     "cell each; start another number of ranks or take more cells",
                     nx, ny, size);
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  HeatCaseCheckKey(px >= 1 && py >= 1, k->comm, c, "decomposition.processes",
                   "found [%" PetscInt_FMT ", %" PetscInt_FMT
                   "]; both must be at least 1 (or write auto)",
                   px, py);
  HeatCaseCheckKey(px <= size && py <= size && px * py == size, k->comm, c,
                   "decomposition.processes",
                   "found [%" PetscInt_FMT ", %" PetscInt_FMT
                   "], but the number of ranks is %d; px*py must equal it (or "
                   "write auto)",
                   px, py, size);
  HeatCaseCheckKey(px <= nx && py <= ny, k->comm, c, "decomposition.processes",
                   "found [%" PetscInt_FMT ", %" PetscInt_FMT "] for %" PetscInt_FMT
                   " x %" PetscInt_FMT " cells; each block needs at least "
                   "one cell (or write auto)",
                   px, py, nx, ny);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ValidateSolver(const HeatValidation *k)
{
  const HeatCase *c = k->c;

  PetscFunctionBeginUser;
  HeatCaseCheckKey(c->solver.tolerance > 0.0 && c->solver.tolerance < 1.0, k->comm, c,
                   "solver.tolerance", "found %g; it must be between 0 and 1", c->solver.tolerance);
  HeatCaseCheckKey(c->solver.max_iterations >= 1, k->comm, c, "solver.max_iterations",
                   "found %" PetscInt_FMT "; it must be at least 1", c->solver.max_iterations);
  HeatCaseCheckKey(c->solver.max_newton >= 1, k->comm, c, "solver.max_newton",
                   "found %" PetscInt_FMT "; it must be at least 1", c->solver.max_newton);
  HeatCaseCheckKey(c->solver.preconditioner && c->solver.preconditioner[0], k->comm, c,
                   "solver.preconditioner", "is empty; write multigrid, or the name of a PETSc PC");
  HeatCaseCheckKey(!strcmp(c->solver.preconditioner, "multigrid") ||
                       HeatPetscListHas(HeatPetscPreconditioners(), c->solver.preconditioner),
                   k->comm, c, "solver.preconditioner",
                   "found %.60s; in a case it must be multigrid or one of %s; the command line may "
                   "give others: -pc_type NAME",
                   c->solver.preconditioner, HeatPetscPreconditioners());
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check the options for PETSc: a case may give those of a closed list (petsc_rules.h). */
static PetscErrorCode ValidateOptions(const HeatValidation *k)
{
  const HeatCase *c = k->c;
  char            path[2 * HEAT_KEY_PATH], reason[HEAT_REASON_BYTES];

  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < c->n_petsc; i++) {
    const PetscBool allowed = HeatPetscOptionCheck(c->petsc[i].key, c->petsc[i].value, reason,
                                                   sizeof reason);

    (void)snprintf(path, sizeof path, "petsc.%s", c->petsc[i].key);
    HeatCaseCheckKey(allowed, k->comm, c, path, "%s", reason);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check that a case over time has an initial temperature.  Whether regions give every cell one is
   checked when they are painted.  A steady case needs none: it starts from the mean of what its
   sides prescribe. */
static PetscErrorCode ValidateInitial(const HeatValidation *k)
{
  PetscFunctionBeginUser;
  HeatCaseCheckKey(k->c->time.scheme == HEAT_SCHEME_STEADY || HeatCaseHasInitial(k->c), k->comm,
                   k->c, "initial.temperature",
                   "missing; a run over time needs the temperature that it begins with: give a "
                   "number, an expression of x y, or initial.file (or the first region a "
                   "temperature)");
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ValidateAll(HeatValidation *k, PetscMPIInt size)
{
  PetscFunctionBeginUser;
  PetscCall(ValidateGrid(k));
  PetscCall(ValidateDecomposition(k, size));
  PetscCall(HeatValidateMaterials(k));
  PetscCall(HeatValidateRegions(k));
  PetscCall(HeatValidateContacts(k));
  PetscCall(HeatValidateTime(k));
  PetscCall(HeatValidateFields(k));
  PetscCall(HeatValidateBoundary(k));
  PetscCall(ValidateSolver(k));
  PetscCall(ValidateOptions(k));
  PetscCall(HeatValidateOutput(k));
  PetscCall(HeatValidateChecks(k));
  PetscCall(ValidateInitial(k));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCaseValidate(MPI_Comm comm, HeatCase *c, PetscMPIInt size)
{
  HeatValidation k = {.comm = comm, .c = c};
  PetscErrorCode code;

  PetscFunctionBeginUser;
  k.zero = HeatCaseAbsoluteZero(c, k.zero_reason, sizeof k.zero_reason);
  code   = ValidateAll(&k, size);
  PetscCall(HeatNamesDestroy(&k.materials));
  PetscCall(HeatNamesDestroy(&k.regions));
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}
