/* Running one entry of the suite, and its measurements.
 *
 * Errors are caught, not printed: the handler that is pushed for the time of an entry keeps the
 * first message.  What is not ours (a defect) may concern one rank alone and ends the job. */
#include "app/verify/verify.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* Measurements. */

static PetscErrorCode Add(HeatVerify *v, HeatVerifyResult result)
{
  PetscFunctionBeginUser;
  if (v->n_results == v->capacity) {
    v->capacity = 2 * v->capacity + 32;
    PetscCall(PetscRealloc((size_t)v->capacity * sizeof *v->results, &v->results));
  }
  PetscCallMPI(MPI_Comm_size(v->comm, &result.ranks));
  result.name              = v->name;
  result.seconds           = MPI_Wtime() - v->last;
  v->last                  = MPI_Wtime();
  v->results[v->n_results] = result;
  v->n_results += 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static HeatVerifyResult Judge(PetscReal value, PetscReal low, PetscReal high)
{
  const PetscBool        pass   = value >= low && value <= high ? PETSC_TRUE : PETSC_FALSE;
  const HeatVerifyResult result = {.value = value, .low = low, .high = high, .pass = pass};

  return result;
}

PetscErrorCode HeatVerifyBelow(HeatVerify *v, PetscReal value, PetscReal bound, const char *format,
                               ...)
{
  HeatVerifyResult result = Judge(value, -(PetscReal)INFINITY, bound);
  va_list          arguments;

  PetscFunctionBeginUser;
  va_start(arguments, format);
  (void)vsnprintf(result.quantity, sizeof result.quantity, format, arguments);
  va_end(arguments);
  PetscCall(Add(v, result));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyBetween(HeatVerify *v, PetscReal value, PetscReal low, PetscReal high,
                                 const char *format, ...)
{
  HeatVerifyResult result = Judge(value, low, high);
  va_list          arguments;

  PetscFunctionBeginUser;
  va_start(arguments, format);
  (void)vsnprintf(result.quantity, sizeof result.quantity, format, arguments);
  va_end(arguments);
  PetscCall(Add(v, result));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AddFailure(HeatVerify *v, const char *message)
{
  HeatVerifyResult result = Judge(NAN, NAN, NAN);

  PetscFunctionBeginUser;
  (void)snprintf(result.quantity, sizeof result.quantity, "could not be measured");
  (void)snprintf(result.message, sizeof result.message, "%s", message);
  PetscCall(Add(v, result));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Entries. */

/* The most ranks that can share a grid with about four cells each. */
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

/* On a rank that takes part.  *ours: the error, agreed by v->comm, is one that a user can cause. */
static PetscErrorCode RunCaught(HeatVerify *v, const HeatVerifyEntry *entry)
{
  const PetscInt before = v->n_results;
  HeatCapture    capture;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  v->n_set = 0;
  v->last  = MPI_Wtime();
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
