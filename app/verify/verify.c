/** Run one entry of the suite and record its measurements (see verify.h).
 *
 * While an entry runs, an error handler stores the first error message instead of printing it; the
 * message becomes a failed measurement.  An error that no user can cause may have hit one rank
 * alone and ends the job. */
#include "app/verify/verify.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "solver/base/monotonic.h"

/* Measurements. */

/* Append a measurement to v->results, with name, ranks and time filled in. */
static PetscErrorCode AddResult(HeatVerify *v, HeatVerifyResult result)
{
  PetscFunctionBeginUser;
  if (v->n_results == v->capacity) {
    v->capacity = 2 * v->capacity + 32;
    PetscCall(PetscRealloc((size_t)v->capacity * sizeof *v->results, &v->results));
  }
  PetscCallMPI(MPI_Comm_size(v->comm, &result.ranks));
  result.name              = v->name;
  result.seconds           = HeatMonotonicTime() - v->last;
  v->last                  = HeatMonotonicTime();
  v->results[v->n_results] = result;
  v->n_results += 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return a measurement that passes if low <= value <= high; NaN never passes. */
static HeatVerifyResult CompareToBounds(PetscReal value, PetscReal low, PetscReal high)
{
  const PetscBool        pass   = value >= low && value <= high ? PETSC_TRUE : PETSC_FALSE;
  const HeatVerifyResult result = {.value = value, .low = low, .high = high, .pass = pass};

  return result;
}

PetscErrorCode HeatVerifyBelow(HeatVerify *v, PetscReal value, PetscReal bound, const char *format,
                               ...)
{
  HeatVerifyResult result = CompareToBounds(value, -(PetscReal)INFINITY, bound);
  va_list          arguments;

  PetscFunctionBeginUser;
  va_start(arguments, format);
  (void)vsnprintf(result.quantity, sizeof result.quantity, format, arguments);
  va_end(arguments);
  PetscCall(AddResult(v, result));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyBetween(HeatVerify *v, PetscReal value, PetscReal low, PetscReal high,
                                 const char *format, ...)
{
  HeatVerifyResult result = CompareToBounds(value, low, high);
  va_list          arguments;

  PetscFunctionBeginUser;
  va_start(arguments, format);
  (void)vsnprintf(result.quantity, sizeof result.quantity, format, arguments);
  va_end(arguments);
  PetscCall(AddResult(v, result));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Record that an entry failed without a value, and why. */
static PetscErrorCode AddFailure(HeatVerify *v, const char *message)
{
  HeatVerifyResult result = CompareToBounds(NAN, NAN, NAN);

  PetscFunctionBeginUser;
  (void)snprintf(result.quantity, sizeof result.quantity, "could not be measured");
  (void)snprintf(result.message, sizeof result.message, "%s", message);
  PetscCall(AddResult(v, result));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Entries. */

/* Return the largest number of ranks, at most `size`, that can share a grid with at least four
   cells per rank on average.  Four is chosen: with fewer, more ranks could take part, with blocks
   of one or two cells.  A number of ranks that gives no process grid (a prime larger than both
   sides) is passed over. */
static PetscMPIInt RanksFor(const PetscInt cells[2], PetscMPIInt size)
{
  const PetscBool periodic[2] = {PETSC_FALSE, PETSC_FALSE};
  PetscMPIInt     ranks       = (PetscMPIInt)PetscMin(size, PetscMax(1, cells[0] * cells[1] / 4));

  for (; ranks > 1; ranks--) {
    PetscInt px, py, node_px, node_py;

    HeatGridChooseProcesses(cells[0], cells[1], periodic, ranks, 0, &px, &py, &node_px, &node_py);
    if (px > 0) break;
  }
  return ranks;
}

/* Run an entry on a rank that takes part.  A user error, which all ranks of v->comm return
   together, becomes a failed measurement; an internal error is raised again.  Close what the entry
   left open. */
static PetscErrorCode RunCaught(HeatVerify *v, const HeatVerifyEntry *entry)
{
  const PetscInt before = v->n_results;
  HeatCapture    capture;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  v->n_set = 0;
  v->last  = HeatMonotonicTime();
  PetscCall(HeatCaptureBegin(&capture));
  code = entry->run(v);
  PetscCall(PetscPopErrorHandler());
  if (HeatErrorExitCode(code) == HEAT_EXIT_INTERNAL)
    SETERRQ(PETSC_COMM_SELF, PETSC_ERR_LIB, "verify %s: %s", entry->name, capture.message);
  if (code) PetscCall(AddFailure(v, capture.message));
  else if (v->n_results == before) PetscCall(AddFailure(v, "the entry measured nothing"));
  for (int k = 0; k < HEAT_VERIFY_PROBLEMS; k++) PetscCall(HeatVerifyClose(v, &v->problems[k]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyRunEntry(HeatVerify *v, const HeatVerifyEntry *entry)
{
  PetscMPIInt rank, size, ranks;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(v->world, &rank));
  PetscCallMPI(MPI_Comm_size(v->world, &size));
  ranks = entry->cells[0] > 0 ? RanksFor(entry->cells, size) : size;
  PetscCallMPI(MPI_Comm_split(v->world, rank < ranks ? 0 : MPI_UNDEFINED, rank, &v->comm));
  v->name = entry->name;
  if (v->comm != MPI_COMM_NULL) {
    PetscCall(RunCaught(v, entry));
    PetscCallMPI(MPI_Comm_free(&v->comm));
  }
  PetscCallMPI(MPI_Barrier(v->world));
  PetscFunctionReturn(PETSC_SUCCESS);
}
