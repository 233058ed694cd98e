/** Reports of the present state (reporter.h). */
#include "app/run/reporter.h"

/* Sample the probes; survey and test the state and write its history row, where these are due. */
static PetscErrorCode RecordStep(HeatReporter *r, const PetscReal *T, const HeatDue *due)
{
  const HeatRunState *state = r->state;
  PetscBool           lost  = HeatOutputHasFailed(r->output);
  PetscErrorCode      code  = PETSC_SUCCESS;

  PetscFunctionBeginUser;
  HeatPhaseBegin(r->phases, HEAT_PHASE_DIAGNOSTICS);
  PetscCall(HeatOutputSample(r->output, state, r->survey, T));
  if (due->survey) {
    PetscCall(HeatOutputFlush(r->output, state));
    PetscCall(HeatSurveyTake(r->survey, state, T, due->row, &lost));
    PetscCall(HeatHealthTest(r->health, state, r->survey));
    if (lost) code = HeatOutputAgree(r->output); /* an earlier row */
  }
  if (!code && due->row && !HeatHealthIsBad(r->health))
    code = HeatOutputWriteRow(r->output, state, r->survey, T);
  HeatPhaseEnd(r->phases, HEAT_PHASE_DIAGNOSTICS);
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode WriteSnapshot(HeatReporter *r, const PetscReal *T)
{
  PetscErrorCode code;

  PetscFunctionBeginUser;
  HeatPhaseBegin(r->phases, HEAT_PHASE_SNAPSHOT);
  code = HeatOutputWriteSnapshot(r->output, r->state, r->survey, T);
  HeatPhaseEnd(r->phases, HEAT_PHASE_SNAPSHOT);
  /* The error is raised after the end of the phase, since the error of a run's last snapshot
     becomes a warning, and the record is still written. */
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReporterEndLast(HeatReporter *r, const HeatCapture *capture, PetscErrorCode code)
{
  PetscFunctionBeginUser;
  PetscCall(HeatCaptureStop());
  if (!code) PetscFunctionReturn(PETSC_SUCCESS);
  if (HeatErrorExitCode(code) == HEAT_EXIT_INTERNAL)
    SETERRQ(PETSC_COMM_SELF, code, "%s", capture->message);
  HeatCheck(code == HEAT_ERR_FILE, r->state->grid->comm, code, "%s", capture->message);
  if (!r->lost[0]) {
    PetscCall(PetscStrncpy(r->lost, capture->message, sizeof r->lost));
    if (r->state->grid->rank == 0)
      PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                             "heat2d: warning: %s; the run is finished, and everything else is "
                             "written\n",
                             r->lost));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write row and snapshot of the last state, as far as they are due and can be written. */
static PetscErrorCode WriteLast(HeatReporter *r, const PetscReal *T, const HeatDue *due)
{
  HeatCapture    capture;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(HeatCaptureBegin(&capture));
  code = RecordStep(r, T, due);
  PetscCall(HeatReporterEndLast(r, &capture, code));
  if (!due->snapshot || HeatHealthIsBad(r->health)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatCaptureBegin(&capture));
  code = WriteSnapshot(r, T);
  PetscCall(HeatReporterEndLast(r, &capture, code));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write the row and the snapshot that are due before the run ends. */
static PetscErrorCode WriteRowAndSnapshot(HeatReporter *r, const PetscReal *T, const HeatDue *due)
{
  PetscFunctionBeginUser;
  PetscCall(RecordStep(r, T, due));
  if (due->snapshot && !HeatHealthIsBad(r->health)) PetscCall(WriteSnapshot(r, T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReporterReport(HeatReporter *r, const HeatDue *due, PetscBool last)
{
  const PetscReal *T;
  PetscErrorCode   code;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(r->state->T, &T));
  code = last ? WriteLast(r, T, due) : WriteRowAndSnapshot(r, T, due);
  PetscCall(VecRestoreArrayRead(r->state->T, &T));
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReporterReportUnstepped(HeatReporter *r)
{
  const HeatRunState *state = r->state;
  const PetscReal    *T;
  HeatCapture         capture;
  PetscErrorCode      code = PETSC_SUCCESS;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(state->T, &T));
  HeatPhaseBegin(r->phases, HEAT_PHASE_DIAGNOSTICS);
  PetscCall(HeatSurveyTake(r->survey, state, T, PETSC_FALSE, NULL));
  HeatPhaseEnd(r->phases, HEAT_PHASE_DIAGNOSTICS);
  PetscCall(HeatCaptureBegin(&capture));
  if (HeatOutputSnapshotIsDue(r->output, state->c, &state->clock, PETSC_TRUE))
    code = WriteSnapshot(r, T);
  PetscCall(HeatReporterEndLast(r, &capture, code));
  PetscCall(VecRestoreArrayRead(state->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}
