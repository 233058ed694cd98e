/* `heat2d run`: read the case, simulate, report. */
#include "app/command/command_run.h"

#include "app/process/watchdog.h"
#include "app/run/record.h"
#include "app/run/simulation.h"
#include "io/case_file/case_file.h"
#include "io/file/table.h"

/* The case with the command line's overrides, checked. */
static PetscErrorCode ReadCase(MPI_Comm comm, const HeatOptions *o, HeatCase **c)
{
  PetscMPIInt size;

  PetscFunctionBeginUser;
  HeatCheck(o->n_operands > 0, comm, HEAT_ERR_INPUT,
            "no case file; run heat2d CASE.yaml (before PETSc's options), see heat2d --help");
  HeatCheck(o->n_operands == 1, comm, HEAT_ERR_INPUT, "one case file at a time: found %s and %s",
            o->operands[0], o->operands[1]);
  PetscCall(HeatCaseRead(comm, o->operands[0], o->n_set, o->set, c));
  if (o->output) {
    PetscCall(PetscFree((*c)->output.directory));
    PetscCall(PetscStrallocpy(o->output, &(*c)->output.directory));
  }
  PetscCallMPI(MPI_Comm_size(comm, &size));
  PetscCall(HeatCaseValidate(comm, *c, size));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* --show KEY: for scripts. */
static PetscErrorCode Show(MPI_Comm comm, const HeatOptions *o, const HeatCase *c)
{
  PetscBool directory, cells, step, title;

  PetscFunctionBeginUser;
  PetscCall(PetscStrcmp(o->show, "output.directory", &directory));
  PetscCall(PetscStrcmp(o->show, "grid.cells", &cells));
  PetscCall(PetscStrcmp(o->show, "time.step", &step));
  PetscCall(PetscStrcmp(o->show, "title", &title));
  HeatCheck(directory || cells || step || title, comm, HEAT_ERR_INPUT,
            "--show %s: it knows output.directory, grid.cells, time.step and title", o->show);
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

/* A second failure must not hide the first: where the record cannot be written either, as on a full
   disk, nothing more is said.  What concerns perhaps this rank alone has to end the job. */
static PetscErrorCode RecordError(HeatSimulation *sim, const char *message)
{
  HeatCapture    second;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(HeatCaptureBegin(&second));
  code = HeatRecordWrite(sim, HEAT_STATUS_ERROR, message);
  PetscCall(HeatCaptureStop());
  PetscFunctionReturn(HeatErrorExitCode(code) == HEAT_EXIT_INTERNAL ? code : PETSC_SUCCESS);
}

/* A run that began leaves a record even when it fails. */
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

static PetscErrorCode RunCase(MPI_Comm comm, const HeatCase *c, const HeatOptions *o, double began,
                              int *exit_code)
{
  HeatSimulation *sim = NULL;
  HeatWatchdog   *dog;
  PetscMPIInt     rank;
  HeatStatus      status;
  PetscErrorCode  code, cleaned;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCall(HeatWatchdogStart(c->limits.stall, rank, &dog));
  code = HeatSimulationCreate(comm, c, o, began, &sim);
  if (!code) code = Simulate(sim, &status);
  if (HeatErrorExitCode(code) == HEAT_EXIT_INTERNAL)
    PetscFunctionReturn(code); /* perhaps of this rank alone */
  cleaned = HeatSimulationDestroy(&sim);
  PetscCall(HeatWatchdogStop(&dog));
  if (!code)
    *exit_code = status == HEAT_STATUS_OK ? 0 : status == HEAT_STATUS_CHECK_FAILED ? 5 : 75;
  PetscFunctionReturn(code ? code : cleaned);
}

PetscErrorCode HeatCommandRun(MPI_Comm comm, const HeatOptions *o, double began, int *exit_code)
{
  HeatCase      *c = NULL;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  *exit_code = 0;
  code       = ReadCase(comm, o, &c);
  if (!code) code = o->show ? Show(comm, o, c) : RunCase(comm, c, o, began, exit_code);
  PetscCall(HeatCaseDestroy(&c));
  PetscFunctionReturn(code);
}
