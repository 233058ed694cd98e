/** The signals by which jobs are ended: TERM, INT, HUP, QUIT, USR1, USR2, XCPU, PIPE, ALRM.
 *
 *  Until a run has read its case, each of these signals ends the process; in commands other than
 *  `run` each does so at any time.  After it has read its case, a run catches them and stops after
 *  a checkpoint (stop.h); HeatSignalsEndProcess changes this for a steady state.  If the set-up of
 *  the run has not ended 10 s after a signal, that signal ends the process after all: no result
 *  has been changed until then, and the ranks need not agree.
 *
 *  Libraries replace the handlers in between: libpsm that of HUP when it is loaded, MPICH that of
 *  USR1 in MPI_Init, PETSc those of TERM, QUIT and PIPE in PetscInitialize.  So the handlers of
 *  libraries are removed afterwards.  A signal that a library's handler would lose is blocked until
 *  then, and delivered when it is unblocked.
 *
 *  Nothing here is collective; call each function on all ranks. */
#ifndef HEAT_APP_SIGNALS_H
#define HEAT_APP_SIGNALS_H

#include <petscsys.h>

/** Record whether HUP is ignored (as by nohup) or blocked, and block it.  Call it before the
 *  constructors of the executable's libraries run, which install handlers for HUP. */
void HeatSignalsBegin(void);

/** Return whether HUP was ignored or blocked at HeatSignalsBegin; where HeatSignalsBegin could not
 *  be called, whether it is now. */
PetscBool HeatSignalsHangupIgnored(void);

/** Block the signals that stop a run, except TERM, INT and QUIT: a user needs these to end a
 *  process that hangs in MPI_Init.  Call it before PetscInitialize. */
void HeatSignalsHold(void);

/** Let each signal that stops a run end the process, unless it is ignored, and deliver those that
 *  have arrived since HeatSignalsHold.  Call it after PetscInitialize.
 *  @param[in] hangup_ignored  ignore HUP */
void HeatSignalsRelease(PetscBool hangup_ignored);

/** Catch the signals that stop a run, whose set-up begins.  Ignore SIGXFSZ, so that a write beyond
 *  the file-size limit returns an error instead of killing the process.
 *  @param[in] hangup_ignored  ignore HUP
 *  @param[in] prints          report on stderr if a signal ends this process during the set-up
 *  Errors: PETSC_ERR_SYS. */
PetscErrorCode HeatSignalsCatch(PetscBool hangup_ignored, PetscBool prints);

/** End the part of a run in which a signal ends the process after 10 s.  Call it before the run
 *  changes its first file. */
void HeatSignalsSetUpDone(void);

/** Let the signals that stop a run end the process at once again, except PIPE and HUP, which are
 *  still caught.  End the process now if one of the others was caught before. */
void HeatSignalsEndProcess(void);

/** Return the number of the first signal that was caught, 0 if none was. */
int HeatSignalsCaught(void);

/** Return the name of a signal, "TERM"; "?" for one that does not stop a run. */
const char *HeatSignalsName(int number);

#endif
