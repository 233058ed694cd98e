/** `heat2d run` (see command_run.h).
 *
 * Errors of the case, of files and of the numerics are raised on all ranks together: everything is
 * destroyed in order and every rank exits with the same code.  Any other error (HEAT_EXIT_INTERNAL)
 * may have hit this rank alone.  Cleaning up is collective and could hang then, so such an error is
 * returned to main at once, and main aborts the job. */
#include "app/command/command_run.h"

#include "app/process/signals.h"
#include "app/process/watchdog.h"
#include "app/run/simulation.h"
#include "io/case_file/case_compare.h"
#include "io/case_file/case_file.h"
#include "io/case_file/case_files.h"
#include "io/file/table.h"

/* Read the case, apply the overrides of the command line, and validate the result. */
static PetscErrorCode ReadCase(MPI_Comm comm, const HeatOptions *o, HeatCase **c)
{
  PetscMPIInt size;

  PetscFunctionBeginUser;
  HeatCheck(o->n_operands > 0, comm, HEAT_ERR_INPUT,
            "no case file; give one before PETSc's options: heat2d CASE.yaml (see heat2d --help)");
  HeatCheck(o->n_operands == 1, comm, HEAT_ERR_INPUT,
            "heat2d runs one case file at a time; found %s and %s", o->operands[0], o->operands[1]);
  PetscCall(HeatCaseRead(comm, o->operands[0], o->n_set, o->set, o->output, c));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  PetscCall(HeatCaseValidate(comm, *c, size));
  if (!o->show) PetscCall(HeatCaseSumFiles(comm, *c));
  if (!o->show) PetscCall(HeatCaseListContents(*c));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Print one value of the case on rank 0, for scripts: --show KEY. */
static PetscErrorCode ShowValue(MPI_Comm comm, const HeatOptions *o, const HeatCase *c)
{
  PetscBool directory, cells, step, title;

  PetscFunctionBeginUser;
  PetscCall(PetscStrcmp(o->show, "output.directory", &directory));
  PetscCall(PetscStrcmp(o->show, "grid.cells", &cells));
  PetscCall(PetscStrcmp(o->show, "time.step", &step));
  PetscCall(PetscStrcmp(o->show, "title", &title));
  HeatCheck(directory || cells || step || title, comm, HEAT_ERR_INPUT,
            "--show %s: KEY must be output.directory, grid.cells, time.step or title", o->show);
  if (directory) PetscCall(PetscPrintf(comm, "%s\n", c->output.directory));
  if (title) PetscCall(PetscPrintf(comm, "%s\n", c->title));
  if (step) {
    const PetscBool given = c->time.step > 0.0 ? PETSC_TRUE : PETSC_FALSE;

    PetscCall(PetscPrintf(comm, given ? "%.17g\n" : "auto\n", (double)c->time.step));
  }
  if (cells)
    PetscCall(PetscPrintf(comm, "[%" PetscInt_FMT ", %" PetscInt_FMT "]\n", c->grid.cells[0],
                          c->grid.cells[1]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write the record of a failed run, with the message of its error.  If the record cannot be written
   either, as on a full disk, drop this second error, so that it does not hide the first.  An
   internal error is returned. */
static PetscErrorCode RecordError(HeatSimulation *sim, const char *message)
{
  HeatCapture    second;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(HeatCaptureBegin(&second));
  code = HeatSimulationWriteError(sim, message);
  PetscCall(HeatCaptureStop());
  PetscFunctionReturn(HeatErrorExitCode(code) == HEAT_EXIT_INTERNAL ? code : PETSC_SUCCESS);
}

/* Start and run a simulation and write its record.  If it fails during its steps with an error of
   the numerics or of a file, write a record with status `error`. */
static PetscErrorCode Simulate(HeatSimulation *sim, HeatStatus *status)
{
  HeatCapture    first;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(HeatSimulationStart(sim));
  PetscCall(HeatCaptureBeginPrinting(&first));
  code = HeatSimulationRun(sim);
  PetscCall(HeatCaptureStop());
  if (code == HEAT_ERR_NUMERICS || code == HEAT_ERR_FILE) {
    PetscCall(RecordError(sim, first.message));
    PetscFunctionReturn(code);
  }
  PetscCall(code);
  PetscCall(HeatSimulationFinish(sim, status));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static int ExitCode(HeatStatus status)
{
  switch (status) {
  case HEAT_STATUS_OK: return 0;
  case HEAT_STATUS_CHECK_FAILED: return 5;
  case HEAT_STATUS_STOPPED: return 75;
  default: return HeatErrorExitCode(HEAT_ERR_FILE); /* finished, but a file is missing */
  }
}

/* Run a case from set-up to clean-up, under the watchdog if the case has limits.stall.  Signals are
   caught only now: while the case is read, perhaps from a pipe to which nothing is written, a
   signal ends the process. */
static PetscErrorCode RunCase(MPI_Comm comm, HeatCase *c, const HeatOptions *o,
                              const HeatProcessStart *start, int *exit_code)
{
  HeatSimulation *sim = NULL;
  HeatWatchdog   *dog;
  PetscMPIInt     rank;
  HeatStatus      status;
  PetscErrorCode  code, cleaned;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCall(HeatSignalsCatch(start->hangup_ignored, rank == 0 ? PETSC_TRUE : PETSC_FALSE));
  PetscCall(HeatWatchdogStart(c->limits.stall, rank, &dog));
  code = HeatSimulationCreate(comm, c, o, start, &sim);
  if (!code) code = Simulate(sim, &status);
  if (HeatErrorExitCode(code) == HEAT_EXIT_INTERNAL)
    PetscFunctionReturn(code); /* perhaps on this rank alone */
  cleaned = HeatSimulationDestroy(&sim);
  PetscCall(HeatWatchdogStop(&dog));
  if (!code) *exit_code = ExitCode(status);
  PetscFunctionReturn(code ? code : cleaned);
}

PetscErrorCode HeatCommandRun(MPI_Comm comm, const HeatOptions *o, const HeatProcessStart *start,
                              int *exit_code)
{
  HeatCase      *c = NULL;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  *exit_code = 0;
  code       = ReadCase(comm, o, &c);
  if (!code) code = o->show ? ShowValue(comm, o, c) : RunCase(comm, c, o, start, exit_code);
  PetscCall(HeatCaseDestroy(&c));
  PetscFunctionReturn(code);
}
