/** Errors: one message, printed once, and one exit code on all ranks.
 *
 *  Functions return PetscErrorCode, and callers pass it on with PetscCall.  There are these
 *  kinds of errors:
 *
 *  - Errors that a user can cause are raised with HeatCheck or HeatRaiseHere and one of the three
 *    HEAT_ERR_ codes below.  Raising is collective: every rank of the communicator must raise the
 *    same code at the same place.  The handler that HeatErrorInstall registers prints the message
 *    once, on rank 0 of the communicator, without a traceback, and main returns the code's exit
 *    code.
 *  - HEAT_STOPPED is no error: it is returned, without a message, through the functions of a time
 *    step that is abandoned because the run is to stop (interrupt.h).
 *  - Failed allocations (PETSC_ERR_MEM), which may hit one rank alone, end the job at once, with
 *    one message, "out of memory", and the exit code of HEAT_ERR_INPUT.
 *  - Defects (a violated invariant, an error returned by PETSc or MPI) are printed with a traceback
 *    by each rank that meets them, and main aborts the job with exit code 70.
 *
 *  main does not use PetscCall but tests its codes itself, because PetscCall aborts the job in a
 *  function whose name begins with "main". */
#ifndef HEAT_SOLVER_ERROR_H
#define HEAT_SOLVER_ERROR_H

#include <petscsys.h>

#if PETSC_VERSION_LT(3, 19, 0)
  #define PETSC_SUCCESS ((PetscErrorCode)0)
#endif

/* A code is 1000 + its exit code.  PETSc's own codes are below 1000.  The exit codes are listed in
 * README.md, section "Running". */
#define HEAT_ERR_INPUT     ((PetscErrorCode)1002) /* command line or case file: exit code 2 */
#define HEAT_ERR_NUMERICS  ((PetscErrorCode)1003) /* no convergence, non-finite values: 3 */
#define HEAT_ERR_FILE      ((PetscErrorCode)1004) /* unreadable, unwritable or damaged file: 4 */
#define HEAT_STOPPED       ((PetscErrorCode)1075) /* the step was abandoned (interrupt.h): 75 */
#define HEAT_EXIT_INTERNAL 70 /* exit code of a defect; EX_SOFTWARE of the BSD header sysexits.h */

/** Raise `code` with a printf-style message unless `condition` holds: returns from the calling
 *  function.  Collective on comm. */
#define HeatCheck(condition, comm, code, ...)                                                      \
  do {                                                                                             \
    if (PetscUnlikely(!(condition))) {                                                             \
      return HeatRaise((comm), PETSC_FUNCTION_NAME, __FILE__, __LINE__, (code), __VA_ARGS__);      \
    }                                                                                              \
  } while (0)

/** Raise `code` with a printf-style message: `return HeatRaiseHere(comm, HEAT_ERR_FILE, ...)`.
 *  Collective on comm. */
#define HeatRaiseHere(comm, code, ...)                                                             \
  HeatRaise((comm), PETSC_FUNCTION_NAME, __FILE__, __LINE__, (code), __VA_ARGS__)

/** Format the message, pass it to the error handler, and return `code`.  Call it through HeatCheck
 *  or HeatRaiseHere, which fill in function, file and line.  Collective on comm. */
PetscErrorCode HeatRaise(MPI_Comm comm, const char *function, const char *file, int line,
                         PetscErrorCode code, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/** Put our error handler on top of PETSc's stack of handlers.  Call it once, after
 *  PetscInitialize.  Not collective. */
PetscErrorCode HeatErrorInstall(void);

/** Return the exit code of a returned error: 0 for success, code - 1000 for a HEAT_ERR_ code and
 *  HEAT_STOPPED, else HEAT_EXIT_INTERNAL.  Not collective. */
int HeatErrorExitCode(PetscErrorCode code);

/** Print "heat2d: error: " and a message, and abort the job with an exit code.  For errors that may
 *  have hit this rank alone, while the others wait in a collective call, and before MPI is
 *  finalised.  Where several ranks call it, each first waits for a time that grows with its number,
 *  so that the lowest one prints its message and ends the job while the others still wait.  MPI is
 *  initialised.  Not collective. */
void HeatErrorEndJob(int exit_code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Replace local error codes, which ranks may have found independently, by the largest one of all
 *  ranks.  Collective on comm.
 *  @param[in,out] code  on entry this rank's code, 0 if it found no error */
PetscErrorCode HeatErrorAgree(MPI_Comm comm, PetscErrorCode *code);

/** A capture stores the first error message that is raised while it is active.  It becomes active
 *  by HeatCaptureBegin or HeatCaptureBeginPrinting, which empty the message, and must stay at its
 *  address until HeatCaptureEnd or HeatCaptureStop. */
typedef struct {
  char      message[1024]; /* "" if no error was raised; a longer one is cut off (size: chosen) */
  PetscBool out_of_memory; /* an allocation failed */
} HeatCapture;

/** Run `call`, which applies the user's PETSc options, and turn an error on any rank into one
 *  HEAT_ERR_INPUT on all ranks, with the message "DOING: PETSc says: MESSAGE" instead of a
 *  traceback.  A HEAT_ERR_ code raised by `call` keeps its code and message.  This is a statement,
 *  which returns from the calling function on error:
 *      HeatUserCall(comm, "setting up the solver", KSPSetUp(ksp));
 *  Collective on comm. */
#define HeatUserCall(comm, doing, call)                                                            \
  do {                                                                                             \
    HeatCapture heat_capture_;                                                                     \
    PetscCall(HeatCaptureBegin(&heat_capture_));                                                   \
    PetscCall(HeatCaptureEnd(&heat_capture_, (comm), (doing), (call)));                            \
  } while (0)

/** Start to capture the first error message, of any code, and to print no message.  End with
 *  HeatCaptureEnd or HeatCaptureStop.  Not collective. */
PetscErrorCode HeatCaptureBegin(HeatCapture *capture);

/** Start to capture the first message of a HEAT_ERR_ code, and continue to print errors as without
 *  a capture.  All ranks that raise an error store its message.  End with HeatCaptureStop.  Not
 *  collective. */
PetscErrorCode HeatCaptureBeginPrinting(HeatCapture *capture);

/** Stop what HeatCaptureBegin started and raise the captured error on all ranks, as HeatUserCall
 *  describes.  The largest code of all ranks is raised, with the message of the lowest rank that
 *  returned that code.  A failed allocation ends the job.  Collective on comm.
 *  @param[in] doing  the action that may have failed, for the message
 *  @param[in] code   this rank's code, 0 if it has no error */
PetscErrorCode HeatCaptureEnd(HeatCapture *capture, MPI_Comm comm, const char *doing,
                              PetscErrorCode code);

/** Stop the capture that was started last, without raising or printing anything.  The captured
 *  message stays readable in the capture.  Not collective. */
PetscErrorCode HeatCaptureStop(void);

/** A guard turns errors of PETSc that the user's options cause during the steps into one message on
 *  all ranks, as HeatUserCall does at set-up.  While nothing fails it does not communicate. */
typedef struct HeatGuard HeatGuard;

/** Create a guard with a communicator of its own.  Collective on comm. */
PetscErrorCode HeatGuardCreate(MPI_Comm comm, HeatGuard **guard);

/** Free the guard; *guard may be NULL.  Collective. */
PetscErrorCode HeatGuardDestroy(HeatGuard **guard);

/** Stop what HeatCaptureBegin started.  Return 0, HEAT_STOPPED and HEAT_ERR_ codes as they are,
 *  after raising the captured message of the latter; turn any other error into HEAT_ERR_NUMERICS
 *  "DOING: PETSc says: MESSAGE".  If the other ranks do not meet the error within a few seconds,
 *  print the message on this rank and abort the job with the exit code of HEAT_ERR_NUMERICS, since
 *  they would wait for this rank.  Not collective if `code` is 0 on all ranks. */
PetscErrorCode HeatGuardEnd(HeatGuard *guard, HeatCapture *capture, const char *doing,
                            PetscErrorCode code);

#endif
