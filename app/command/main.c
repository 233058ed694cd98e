/** heat2d: parse the command line, initialise PETSc and MPI, call the command, and exit with the
 * same code on every rank. */
#include <stdio.h>

#include "app/command/command_bench.h"
#include "app/command/command_inspect.h"
#include "app/command/command_plan.h"
#include "app/command/command_run.h"
#include "app/command/command_verify.h"
#include "app/process/petsc_options.h"
#include "app/process/process_start.h"
#include "app/process/provenance.h"
#include "app/process/stop.h"
#include "solver/base/printable.h"

/* Call the command that the command line names.  Only `run` catches signals, because only it can
   write a checkpoint. */
static PetscErrorCode Dispatch(MPI_Comm comm, const HeatOptions *o, const HeatProcessStart *start,
                               int *exit_code)
{
  PetscBool run, verify, inspect, bench, plan;

  PetscFunctionBeginUser;
  *exit_code = 0;
  PetscCall(HeatOptionsCheck(comm, o));
  if (o->help) {
    PetscCall(PetscPopSignalHandler()); /* `heat2d --help | head` ends quietly */
    PetscCall(HeatOptionsPrintHelp(comm));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (o->version) {
    PetscCall(PetscPrintf(comm, "heat2d %s (%s)\n", HeatVersion(), HeatGitCommit()));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(PetscStrcmp(o->command, "run", &run));
  PetscCall(PetscStrcmp(o->command, "verify", &verify));
  /* Only a run has anything to keep: a signal ends the others, without PETSc's report. */
  if (!run) PetscCall(PetscPopSignalHandler());
  if (verify) {
    PetscCall(HeatCommandVerify(comm, o, start, exit_code));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(PetscStrcmp(o->command, "inspect", &inspect));
  if (inspect) {
    PetscCall(HeatCommandInspect(comm, o, exit_code));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(PetscStrcmp(o->command, "plan", &plan));
  if (plan) {
    PetscCall(HeatCommandPlan(comm, o));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(PetscStrcmp(o->command, "bench", &bench));
  if (bench) {
    PetscCall(HeatCommandBench(comm, o, start, exit_code));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatStopInstallSignals(start->hangup_ignored ? PETSC_TRUE : PETSC_FALSE));
  PetscCall(HeatCommandRun(comm, o, start, exit_code));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The loader calls what stands in this section before the constructors of libraries.  The run-time
   libraries of sanitizers are not ready then. */
#if defined(__ELF__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static void (*const before_libraries)(void)
    __attribute__((section(".preinit_array"), used)) = HeatProcessKeepHangupIgnored;
#endif

int main(int argc, char **argv)
{
  HeatProcessStart start;
  HeatOptions      options;
  PetscErrorCode   code;
  int              exit_code;

  HeatProcessStartNote(&start);
  if (HeatOptionsParse(argc, argv, &options)) {
    (void)fprintf(stderr, "heat2d: error: out of memory\n");
    return HEAT_EXIT_INTERNAL;
  }
  exit_code = HeatPetscStart(&options);
  if (exit_code) return exit_code;
  HeatPrintableInstall();
  code = HeatErrorInstall();
  if (!code) code = HeatEnvironmentRead(PETSC_COMM_WORLD, &options.environment);
  if (!code) code = Dispatch(PETSC_COMM_WORLD, &options, &start, &exit_code);
  if (code) {
    exit_code = HeatErrorExitCode(code);
    /* A defect may have hit this rank alone; without the abort the others would wait for it. */
    if (exit_code == HEAT_EXIT_INTERNAL) (void)MPI_Abort(MPI_COMM_WORLD, exit_code);
  }
  (void)HeatEnvironmentClear(&options.environment);
  HeatOptionsFree(&options);
  HeatProcessDropDeadStreams();
  if (PetscFinalize() && exit_code == 0) exit_code = HEAT_EXIT_INTERNAL;
  return exit_code;
}
