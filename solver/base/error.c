/** The error handlers that print or capture messages.
 *
 *  PETSc calls the handler on top of its stack each time a function raises an error
 *  (PETSC_ERROR_INITIAL) and each time PetscCall passes one on (PETSC_ERROR_REPEAT).  For our own
 *  codes our handlers ignore the repeats, so that a message about a case file is one line and not a
 *  traceback.  All other codes are forwarded to PETSc's traceback handler with PETSC_COMM_SELF: on
 *  a larger communicator that handler prints on rank 0 only and lets the other ranks sleep, so that
 *  an error of rank 1 would never be printed.
 *
 *  A failed allocation (PETSC_ERR_MEM) ends the job where it is raised, or at the end of the
 *  capture that holds it: it may have hit this rank alone, and the others would wait in a
 *  collective call.
 *
 *  Messages are formatted here with vsnprintf, because PETSc's own formatter rewrites %g. */
#define _POSIX_C_SOURCE 200809L /* nanosleep */
#include "solver/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "solver/base/monotonic.h"
#include "solver/base/printable.h"

static PetscBool IsOurs(PetscErrorCode code)
{
  return (PetscBool)(code == HEAT_ERR_INPUT || code == HEAT_ERR_NUMERICS || code == HEAT_ERR_FILE ||
                     code == HEAT_STOPPED);
}

static void Pause(long milliseconds)
{
  const struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000L};

  (void)nanosleep(&pause, NULL);
}

/* The wait is chosen: 0.3 s times the rank, at most 9 s.  A launcher ends the ranks of a node
   within 0.3 s.
   The rank that prints waits 0.1 s (chosen) before it ends the job: MPICH's mpiexec (4.0.2)
   drops what it has not forwarded by then (measured: 1 message of 20). */
void HeatErrorEndJob(int exit_code, const char *format, ...)
{
  const int most = 30;
  int       rank = 0;
  va_list   arguments;

  if (MPI_Comm_rank(MPI_COMM_WORLD, &rank) != MPI_SUCCESS) rank = 0;
  Pause(300L * PetscMin(rank, most));
  fflush(stdout);
  fprintf(stderr, "heat2d: error: ");
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fprintf(stderr, "\n");
  fflush(stderr);
  Pause(100L);
  (void)MPI_Abort(MPI_COMM_WORLD, exit_code);
}

/* Print that an allocation failed on this rank, and end the job with the exit code of
   HEAT_ERR_INPUT. */
static void EndOutOfMemory(const char *message)
{
  int rank = 0;

  if (MPI_Comm_rank(MPI_COMM_WORLD, &rank) != MPI_SUCCESS) rank = 0;
  HeatErrorEndJob(HeatErrorExitCode(HEAT_ERR_INPUT),
                  "out of memory on rank %d%s%s%s; take more nodes or fewer cells, or raise the "
                  "limit of the memory (ulimit, batch system)",
                  rank, message && message[0] ? " (" : "", message ? message : "",
                  message && message[0] ? ")" : "");
}

/* Return whether an error that is raised is a failed allocation: its code is PETSC_ERR_MEM, or one
   of PETSc's allocating functions raises it.  PetscMallocAlign of PETSc 3.18 raises a wrong code,
   3, and its message is the name of the function that needs the memory. */
static PetscBool IsOutOfMemory(PetscErrorCode code, PetscErrorType type, const char *function)
{
  static const char *const allocators[] = {"PetscMallocAlign", "PetscReallocAlign",
                                           "PetscTrMallocDefault", "PetscTrReallocDefault"};

  if (type != PETSC_ERROR_INITIAL) return PETSC_FALSE;
  for (size_t k = 0; k < sizeof allocators / sizeof allocators[0]; k++)
    if (function && strcmp(function, allocators[k]) == 0) return PETSC_TRUE;
  return code == PETSC_ERR_MEM ? PETSC_TRUE : PETSC_FALSE;
}

/* Print a message of our own codes once, on rank 0 of comm; print a traceback for other codes. */
static PetscErrorCode PrintOnce(MPI_Comm comm, int line, const char *function, const char *file,
                                PetscErrorCode code, PetscErrorType type, const char *message,
                                void *context)
{
  int rank = 0;

  if (IsOutOfMemory(code, type, function)) EndOutOfMemory(message);
  if (!IsOurs(code)) {
    return PetscTraceBackErrorHandler(PETSC_COMM_SELF, line, function, file, code, type, message,
                                      context);
  }
  if (type == PETSC_ERROR_INITIAL) {
    if (MPI_Comm_rank(comm, &rank) == MPI_SUCCESS && rank == 0) {
      fflush(stdout);
      fprintf(stderr, "heat2d: error: %s\n", message);
      fflush(stderr);
    }
  }
  return code;
}

/* Store the first message in the HeatCapture that `context` points to, and print nothing. */
static PetscErrorCode CaptureFirst(MPI_Comm comm, int line, const char *function, const char *file,
                                   PetscErrorCode code, PetscErrorType type, const char *message,
                                   void *context)
{
  HeatCapture *capture = context;

  (void)comm, (void)line, (void)file;
  if (IsOutOfMemory(code, type, function)) capture->out_of_memory = PETSC_TRUE;
  if (type == PETSC_ERROR_INITIAL && !capture->message[0] && message) {
    snprintf(capture->message, sizeof capture->message, "%s", message);
  }
  return code;
}

/* Store the first message of our own codes, and print all errors as PrintOnce does. */
static PetscErrorCode CaptureAndPrint(MPI_Comm comm, int line, const char *function,
                                      const char *file, PetscErrorCode code, PetscErrorType type,
                                      const char *message, void *context)
{
  if (IsOurs(code)) (void)CaptureFirst(comm, line, function, file, code, type, message, context);
  return PrintOnce(comm, line, function, file, code, type, message, NULL);
}

PetscErrorCode HeatRaise(MPI_Comm comm, const char *function, const char *file, int line,
                         PetscErrorCode code, const char *format, ...)
{
  char    message[2000]; /* below the 2048 bytes that PetscError keeps; the rest is cut off */
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  return PetscError(comm, line, function, file, code, PETSC_ERROR_INITIAL, "%s",
                    HeatPrintableMessage(message));
}

PetscErrorCode HeatErrorInstall(void)
{
  PetscFunctionBeginUser;
  PetscCall(PetscPushErrorHandler(PrintOnce, NULL));
  PetscFunctionReturn(PETSC_SUCCESS);
}

int HeatErrorExitCode(PetscErrorCode code)
{
  if (code == PETSC_SUCCESS) return 0;
  return IsOurs(code) ? (int)code - 1000 : HEAT_EXIT_INTERNAL;
}

PetscErrorCode HeatErrorAgree(MPI_Comm comm, PetscErrorCode *code)
{
  int mine = (int)*code, worst = 0;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Allreduce(&mine, &worst, 1, MPI_INT, MPI_MAX, comm));
  *code = (PetscErrorCode)worst;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCaptureBegin(HeatCapture *capture)
{
  PetscFunctionBeginUser;
  capture->message[0]    = '\0';
  capture->out_of_memory = PETSC_FALSE;
  PetscCall(PetscPushErrorHandler(CaptureFirst, capture));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCaptureBeginPrinting(HeatCapture *capture)
{
  PetscFunctionBeginUser;
  capture->message[0]    = '\0';
  capture->out_of_memory = PETSC_FALSE;
  PetscCall(PetscPushErrorHandler(CaptureAndPrint, capture));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCaptureStop(void)
{
  PetscFunctionBeginUser;
  PetscCall(PetscPopErrorHandler());
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCaptureEnd(HeatCapture *capture, MPI_Comm comm, const char *doing,
                              PetscErrorCode code)
{
  PetscErrorCode worst = code;
  PetscMPIInt    rank, size, mine, source;
  const char    *text = NULL;

  PetscFunctionBeginUser;
  PetscCall(PetscPopErrorHandler());
  if (capture->out_of_memory) EndOutOfMemory(capture->message);
  PetscCall(HeatErrorAgree(comm, &worst));
  if (worst == PETSC_SUCCESS) PetscFunctionReturn(PETSC_SUCCESS);

  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  mine = code == worst ? rank : size;
  PetscCallMPI(MPI_Allreduce(&mine, &source, 1, MPI_INT, MPI_MIN, comm));
  PetscCallMPI(MPI_Bcast(capture->message, (int)sizeof capture->message, MPI_CHAR, source, comm));
  if (worst == HEAT_STOPPED) PetscFunctionReturn(worst);
  if (IsOurs(worst)) return HeatRaiseHere(comm, worst, "%s", capture->message);
  if (!capture->message[0]) PetscCall(PetscErrorMessage(worst, &text, NULL));
  return HeatRaiseHere(comm, HEAT_ERR_INPUT, "%s: PETSc says: %s", doing,
                       text ? text : capture->message);
}

/* Guards. */

struct HeatGuard {
  MPI_Comm comm; /* owned; used for nothing but the meeting of ranks that failed */
};

/* [s] How long a rank that failed waits for the others.  Chosen: ranks that meet the same error do
   so within a step's imbalance; a longer time delays the end of a job in which one rank failed. */
static const double meeting_time = 5.0;

PetscErrorCode HeatGuardCreate(MPI_Comm comm, HeatGuard **guard)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(guard));
  PetscCallMPI(MPI_Comm_dup(comm, &(*guard)->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatGuardDestroy(HeatGuard **guard)
{
  PetscFunctionBeginUser;
  if (!*guard) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCallMPI(MPI_Comm_free(&(*guard)->comm));
  PetscCall(PetscFree(*guard));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether all ranks come here within the meeting time. */
static PetscBool AllMeet(MPI_Comm comm)
{
  const struct timespec pause = {0, 1000000}; /* 1 ms, chosen: it delays nothing that a user sees */
  const double          start = HeatMonotonicTime();
  MPI_Request           request;
  int                   met = 0;

  if (MPI_Ibarrier(comm, &request) != MPI_SUCCESS) return PETSC_FALSE;
  while (MPI_Test(&request, &met, MPI_STATUS_IGNORE) == MPI_SUCCESS && !met &&
         HeatMonotonicTime() - start < meeting_time)
    (void)nanosleep(&pause, NULL);
  return met ? PETSC_TRUE : PETSC_FALSE;
}

/* Write "DOING: PETSc says: TEXT: MESSAGE", TEXT being PETSc's name of the error. */
static void DescribePetscError(const HeatCapture *capture, const char *doing, PetscErrorCode code,
                               char *text, size_t size)
{
  const char *name = NULL;

  (void)PetscErrorMessage(code, &name, NULL);
  snprintf(text, size, "%s: PETSc says: %s%s%s", doing, name ? name : "",
           name && capture->message[0] ? ": " : "", capture->message);
}

PetscErrorCode HeatGuardEnd(HeatGuard *guard, HeatCapture *capture, const char *doing,
                            PetscErrorCode code)
{
  char        text[sizeof capture->message + 512];
  PetscMPIInt rank;

  PetscFunctionBeginUser;
  PetscCall(PetscPopErrorHandler());
  if (capture->out_of_memory) EndOutOfMemory(capture->message);
  if (code == PETSC_SUCCESS || code == HEAT_STOPPED) PetscFunctionReturn(code);
  if (IsOurs(code)) return HeatRaiseHere(guard->comm, code, "%s", capture->message);
  DescribePetscError(capture, doing, code, text, sizeof text);
  if (!AllMeet(guard->comm)) {
    PetscCallMPI(MPI_Comm_rank(guard->comm, &rank));
    fprintf(stderr, "heat2d: error: rank %d: %s\n", rank, text);
    fflush(stderr);
    (void)MPI_Abort(guard->comm, HeatErrorExitCode(HEAT_ERR_NUMERICS));
  }
  PetscCallMPI(MPI_Bcast(text, (int)sizeof text, MPI_CHAR, 0, guard->comm));
  return HeatRaiseHere(guard->comm, HEAT_ERR_NUMERICS, "%s", text);
}
