/** heat2d: parse the command line, initialise PETSc and MPI, call the command, and exit with the
 * same code on every rank. */
#include <stdio.h>

#include "app/command/command_bench.h"
#include "app/command/command_inspect.h"
#include "app/command/command_plan.h"
#include "app/command/command_run.h"
#include "app/command/command_verify.h"
#include "app/process/petsc_files.h"
#include "app/process/petsc_options.h"
#include "app/process/process_start.h"
#include "app/process/provenance.h"
#include "app/process/signals.h"
#include "solver/base/printable.h"

/* Call the command that the command line names, other than `run`.  None of these commands has
   anything to save when a signal arrives, so a signal ends the process without PETSc's report. */
static PetscErrorCode DispatchOther(MPI_Comm comm, const HeatOptions *o,
                                    const HeatProcessStart *start, int *exit_code)
{
  PetscBool verify, inspect, plan;

  PetscFunctionBeginUser;
  PetscCall(PetscPopSignalHandler());
  HeatSignalsRelease(start->hangup_ignored); /* PETSc has reset a HUP that nohup ignores */
  PetscCall(PetscStrcmp(o->command, "verify", &verify));
  PetscCall(PetscStrcmp(o->command, "inspect", &inspect));
  PetscCall(PetscStrcmp(o->command, "plan", &plan));
  if (o->help) PetscCall(HeatOptionsPrintHelp(comm));
  else if (o->version)
    PetscCall(PetscPrintf(comm, "heat2d %s (%s)\n", HeatVersion(), HeatGitCommit()));
  else if (verify) PetscCall(HeatCommandVerify(comm, o, start, exit_code));
  else if (inspect) PetscCall(HeatCommandInspect(comm, o, exit_code));
  else if (plan) PetscCall(HeatCommandPlan(comm, o));
  else PetscCall(HeatCommandBench(comm, o, start, exit_code));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Call the command that the command line names.  What `run` and `bench` print is in their record,
   too, so they do not fail for a terminal or a log file that cannot be written; the text of the
   others, and the verdict of `bench --recompute` and `--reread`, is their result. */
static PetscErrorCode Dispatch(MPI_Comm comm, const HeatOptions *o, const HeatProcessStart *start,
                               int *exit_code)
{
  PetscBool run, bench;

  PetscFunctionBeginUser;
  *exit_code = 0;
  PetscCall(HeatOptionsCheck(comm, o));
  PetscCall(PetscStrcmp(o->command, "run", &run));
  PetscCall(PetscStrcmp(o->command, "bench", &bench));
  if (run && !o->help && !o->version) PetscCall(HeatCommandRun(comm, o, start, exit_code));
  else PetscCall(DispatchOther(comm, o, start, exit_code));
  if (*exit_code == 0 && (o->help || o->version || o->show || o->bench.recompute ||
                          o->bench.reread || !(run || bench)))
    PetscCall(HeatProcessCheckOutput(comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Call HeatSignalsBegin before the constructors of libraries: the loader calls the functions in
   this section first.  Not with sanitizers, whose run-time libraries are not ready at that time. */
#if defined(__ELF__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static void (*const before_libraries)(void)
    __attribute__((section(".preinit_array"), used)) = HeatSignalsBegin;
#endif

/* End PETSc and MPI, and return the exit code.  Some options, as -log_view, are read by
   PetscFinalize alone: a value that it refuses is one message and code 2.  A rank that fails alone,
   as rank 0 with a file that it cannot open, ends the job. */
static int Finalize(int exit_code)
{
  HeatCapture ending;
  char        message[sizeof ending.message + 100];

  (void)HeatCaptureBegin(&ending);
  if (!PetscFinalize()) return exit_code;
  (void)snprintf(message, sizeof message, "PETSc cannot do at the end what its options ask for: %s",
                 HeatPrintableMessage(ending.message));
  return HeatPetscRefuse(exit_code ? exit_code : HeatErrorExitCode(HEAT_ERR_INPUT), message);
}

/* Call the command; return the exit code. */
static int RunCommand(HeatOptions *options, const HeatProcessStart *start,
                      const HeatPetscFiles *files)
{
  PetscErrorCode code;
  int            exit_code = 0;

  HeatPrintableInstall();
  HeatPetscFilesWatch(files);
  code = HeatErrorInstall();
  if (!code) code = HeatEnvironmentRead(PETSC_COMM_WORLD, &options->environment);
  if (!code) code = Dispatch(PETSC_COMM_WORLD, options, start, &exit_code);
  if (!code) return exit_code;
  exit_code = HeatErrorExitCode(code);
  /* A defect may have hit this rank alone; without the abort the others would wait for it. */
  if (exit_code == HEAT_EXIT_INTERNAL) (void)MPI_Abort(MPI_COMM_WORLD, exit_code);
  return exit_code;
}

int main(int argc, char **argv)
{
  HeatProcessStart start;
  HeatOptions      options;
  HeatPetscFiles   files;
  PetscBool        began = PETSC_FALSE, refused;
  int              exit_code;

  HeatProcessStartNote(&start);
  if (HeatOptionsParse(argc, argv, &options)) {
    (void)fprintf(stderr, "heat2d: error: out of memory\n");
    return HEAT_EXIT_INTERNAL;
  }
  options.began = &began;
  HeatPetscFilesNote(&options, &files);
  HeatSignalsHold();
  exit_code = HeatPetscStart(&options, &files);
  HeatSignalsRelease(start.hangup_ignored);
  if (exit_code) return exit_code;
  exit_code = RunCommand(&options, &start, &files);
  refused   = !began && (exit_code == HeatErrorExitCode(HEAT_ERR_INPUT) ||
                       exit_code == HeatErrorExitCode(HEAT_ERR_FILE))
                  ? PETSC_TRUE
                  : PETSC_FALSE;
  (void)HeatEnvironmentClear(&options.environment);
  HeatOptionsFree(&options);
  HeatProcessDropDeadStreams();
  if (refused) (void)HeatPetscFilesDropLate();
  exit_code = Finalize(exit_code);
  if (refused) HeatPetscFilesRestore(&files);
  return exit_code;
}
