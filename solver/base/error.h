/** Errors: one message, printed once, and an exit code that every rank shares.
 *
 *  Functions return PetscErrorCode and pass it on with PetscCall.  What a user can cause is
 *  raised with HeatCheck or HeatRaise and one of the codes below: the handler that
 *  HeatErrorInstall puts in place prints the message once, on rank 0 of the communicator, and
 *  main turns the code into the exit code.  These are collective: every rank of the communicator
 *  must raise the same code at the same place.  What only we can cause (a broken invariant, an
 *  error out of PETSc or MPI) is printed with a traceback by each rank that meets it, and ends
 *  the job with code 70.  PetscCall in a function whose name begins with "main" would abort the
 *  job: main tests its codes itself. / */
#ifndef HEAT_SOLVER_ERROR_H
#define HEAT_SOLVER_ERROR_H

#include <petscsys.h>

#if PETSC_VERSION_LT(3, 19, 0)
  #define PETSC_SUCCESS ((PetscErrorCode)0)
#endif

/* Our codes lie above PETSc's own, at 1000 + the exit code of the contract. */
#define HEAT_ERR_INPUT     ((PetscErrorCode)1002) /* command line or case file: exit code 2 */
#define HEAT_ERR_NUMERICS  ((PetscErrorCode)1003) /* no convergence, non-finite values: 3 */
#define HEAT_ERR_FILE      ((PetscErrorCode)1004) /* a file cannot be read, written, or is damaged: 4 */
#define HEAT_EXIT_INTERNAL 70 /* a defect of heat2d or a library (EX_SOFTWARE) */

/** Raise `code` with a printf message, unless `condition` holds.  Collective on comm. */
#define HeatCheck(condition, comm, code, ...)                                                      \
  do {                                                                                             \
    if (PetscUnlikely(!(condition))) {                                                             \
      return HeatRaise((comm), PETSC_FUNCTION_NAME, __FILE__, __LINE__, (code), __VA_ARGS__);      \
    }                                                                                              \
  } while (0)

/** Raise `code`: `return HeatRaiseHere(comm, HEAT_ERR_FILE, "...", ...)`.  Collective on comm. */
#define HeatRaiseHere(comm, code, ...)                                                             \
  HeatRaise((comm), PETSC_FUNCTION_NAME, __FILE__, __LINE__, (code), __VA_ARGS__)

/** The function behind HeatCheck and HeatRaiseHere; returns `code`. */
PetscErrorCode HeatRaise(MPI_Comm comm, const char *function, const char *file, int line,
                         PetscErrorCode code, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/** Put our handler in front of PETSc's.  Not collective; call once after PetscInitialize. */
PetscErrorCode HeatErrorInstall(void);

/** Exit code of a returned error: 0 for success, contract.md section 2 for ours, else 70. */
int HeatErrorExitCode(PetscErrorCode code);

/** Make a code that ranks found each for itself the same on all of them: the largest wins.
 *  Collective.  @param[in,out] code the local code, 0 where this rank saw no error. */
PetscErrorCode HeatErrorAgree(MPI_Comm comm, PetscErrorCode *code);

/** The first message of a stretch of the program, as of a call of HeatUserCall. */
typedef struct {
  char message[1024];
} HeatCapture;

/** Run `call`, which takes the user's PETSc options, and turn an error of it on any rank into one
 *  HEAT_ERR_INPUT on all: "DOING: PETSc says: MESSAGE" instead of a traceback.  An error that is
 *  ours already keeps its code and message.  Collective on comm; a statement, which returns from
 *  the calling function on error:  HeatUserCall(comm, "setting up the solver", KSPSetUp(ksp)); */
#define HeatUserCall(comm, doing, call)                                                            \
  do {                                                                                             \
    HeatCapture heat_capture_;                                                                     \
    PetscCall(HeatCaptureBegin(&heat_capture_));                                                   \
    PetscCall(HeatCaptureEnd(&heat_capture_, (comm), (doing), (call)));                            \
  } while (0)

/** The two halves of HeatUserCall: Begin is not collective, End is. */
PetscErrorCode HeatCaptureBegin(HeatCapture *capture);
PetscErrorCode HeatCaptureEnd(HeatCapture *capture, MPI_Comm comm, const char *doing,
                              PetscErrorCode code);

/** The other way to begin: errors are printed as ever, and the first message of ours is kept, the same on
 *  all ranks that raised it; "" where there was none.  Ends with Drop.  Not collective. */
PetscErrorCode HeatCaptureKeep(HeatCapture *capture);

/** Ends what Begin or Keep began; agrees on nothing and says nothing.  Not collective. */
PetscErrorCode HeatCaptureDrop(void);

#endif
