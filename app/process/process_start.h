/** The first moments of the process: when it began, and three open standard streams. */
#ifndef HEAT_APP_PROCESS_START_H
#define HEAT_APP_PROCESS_START_H

#include <petscsys.h>

/** When the program began.  Plain data. */
typedef struct {
  double    time;           /* [s] monotonic time (solver/base/monotonic.h) */
  char      date[32];       /* ISO 8601, UTC: "2026-01-31T12:00:00Z" */
  PetscBool hangup_ignored; /* SIGHUP was ignored or blocked when the program began: nohup ignores
                               it, so that the program outlives its terminal */
} HeatProcessStart;

/** Note the present time and date, and connect each standard stream that is closed to /dev/null.
 *  Without that, the next file to be opened, such as a checkpoint, would get the number of the
 *  closed stream, and messages would be printed into it.  Call it first in main.  Not
 *  collective. */
void HeatProcessStartNote(HeatProcessStart *start);

/** Raise HEAT_ERR_FILE if something that rank 0 has printed on the standard output could not be
 *  written.  Collective on comm. */
PetscErrorCode HeatProcessCheckOutput(MPI_Comm comm);

/** Redirect a standard stream whose reader has gone, or whose disk is full, to /dev/null, so that
 *  flushing it at the end of the process does not fail.  Call it before PetscFinalize.  Not
 *  collective. */
void HeatProcessDropDeadStreams(void);

#endif
