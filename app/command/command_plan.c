/** `heat2d plan` (see command_plan.h). */
#include "app/command/command_plan.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "app/bench/bench.h"
#include "app/calibrate/calibrate.h"
#include "app/command/command_bench.h"
#include "app/plan/plan_map.h"
#include "app/process/petsc_options.h"
#include "io/case_file/case_file.h"
#include "io/machine_file/machine_file.h"
#include "solver/base/number_text.h"

/* Refuse what would change the reference workload, whose case is built in. */
static PetscErrorCode CheckBench(MPI_Comm comm, const HeatOptions *o)
{
  PetscFunctionBeginUser;
  HeatCheck(o->n_operands == 0 && o->n_set == 0 && o->petsc_argc == 1 && o->environment.n == 0,
            comm, HEAT_ERR_INPUT,
            "%s: the case of the reference workload is built in; leave it out, or leave out "
            "--class and --workload",
            o->n_operands       ? o->operands[0]
            : o->n_set          ? "--set"
            : o->petsc_argc > 1 ? o->petsc_argv[1]
                                : o->environment.names[0]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CheckCommandLine(MPI_Comm comm, const HeatOptions *o)
{
  PetscFunctionBeginUser;
  if (o->bench_option) PetscCall(CheckBench(comm, o));
  HeatCheck(
      o->n_operands > 0 || o->bench_option, comm, HEAT_ERR_INPUT,
      "heat2d plan needs a case file: heat2d plan CASE.yaml --ranks 1024 --ranks-per-node 128");
  HeatCheck(o->n_operands == 1 || o->bench_option, comm, HEAT_ERR_INPUT,
            "heat2d plans one case file at a time; found %s and %s", o->operands[0],
            o->operands[1]);
  HeatCheck(!o->restart && !o->show && !o->output, comm, HEAT_ERR_INPUT,
            "%s has no meaning for heat2d plan, which runs nothing; leave it out",
            o->restart ? "--restart"
            : o->show  ? "--show"
                       : "--output");
  HeatCheck(!o->plan.map || HeatPlanMapKind(o->plan.map) != HEAT_MAP_NONE, comm, HEAT_ERR_INPUT,
            "--map %s: the name must end in .txt, .svg or .png", o->plan.map);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read a whole number of ranks, or the fallback where the option is not given. */
static PetscErrorCode ReadCount(MPI_Comm comm, const char *name, const char *text,
                                PetscInt fallback, PetscInt *n)
{
  char     *end;
  long long value;

  PetscFunctionBeginUser;
  *n = fallback;
  if (!text) PetscFunctionReturn(PETSC_SUCCESS);
  errno = 0;
  value = strtoll(text, &end, 10);
  HeatCheck(*text && !*end && !errno && value >= 1 && value <= PETSC_MPI_INT_MAX, comm,
            HEAT_ERR_INPUT, "%s %s: give a whole number from 1 to %d", name, text,
            PETSC_MPI_INT_MAX);
  *n = (PetscInt)value;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ReadRequest(MPI_Comm comm, const HeatOptions *o, HeatPlanRequest *request)
{
  PetscMPIInt size;
  char       *end;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(comm, &size));
  PetscCall(ReadCount(comm, "--ranks", o->plan.ranks, size, &request->ranks));
  PetscCall(
      ReadCount(comm, "--ranks-per-node", o->plan.per_node, request->ranks, &request->per_node));
  request->per_node   = PetscMin(request->per_node, request->ranks);
  request->last_field = PETSC_FALSE;
  request->iterations = -1.0;
  if (!o->plan.iterations) PetscFunctionReturn(PETSC_SUCCESS);
  request->iterations = HeatNumberRead(o->plan.iterations, &end);
  /* 1e9: chosen, far beyond solver.max_iterations of any run */
  HeatCheck(*o->plan.iterations && !*end && request->iterations >= 0.0 &&
                request->iterations <= 1e9,
            comm, HEAT_ERR_INPUT,
            "--iterations %s: give the linear iterations of a step, a number from 0 to 1e9",
            o->plan.iterations);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Make the plan on rank 0, print it, and write what the options ask for. */
static PetscErrorCode Plan(const HeatOptions *o, const HeatCase *c, const HeatPlanRequest *request)
{
  HeatPlan      *plan;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&plan));
  code = HeatPlanMake(c, request, plan);
  if (!code) code = HeatOptionsCheckUsed(PETSC_COMM_SELF, o, NULL);
  if (!code && !o->quiet) HeatPlanPrint(plan);
  if (!code && o->plan.json) code = HeatPlanWriteJson(plan, o->plan.json);
  if (!code && o->plan.map) code = HeatPlanWriteMap(plan, o->plan.map);
  PetscCall(HeatPlanClear(plan));
  PetscCall(PetscFree(plan));
  PetscFunctionReturn(code);
}

/* Measure this machine, which takes no case. */
static PetscErrorCode Calibrate(MPI_Comm comm, const HeatOptions *o)
{
  PetscReal budget = 50.0; /* [s] chosen: a minute with what is outside of measurements */
  PetscBool least  = PETSC_FALSE;

  PetscFunctionBeginUser;
  HeatCheck(o->n_operands == 0 && o->n_set == 0 && !o->restart && !o->show && !o->output, comm,
            HEAT_ERR_INPUT, "--calibrate measures this machine and takes neither a case nor %s",
            o->n_operands ? o->operands[0]
            : o->n_set    ? "--set"
            : o->restart  ? "--restart"
            : o->show     ? "--show"
                          : "--output");
  HeatCheck(!o->plan.ranks && !o->plan.per_node && !o->plan.iterations && !o->plan.json &&
                !o->plan.map && !o->plan.machine && !o->bench_option,
            comm, HEAT_ERR_INPUT,
            "--calibrate goes with no other option of heat2d plan; the ranks are those of mpiexec");
  PetscCall(PetscOptionsGetReal(NULL, NULL, "-heat_calibration_seconds", &budget, NULL));
  PetscCall(PetscOptionsGetBool(NULL, NULL, "-heat_calibration_least", &least, NULL));
  HeatCheck(budget > 0.0 && budget <= 86400.0, comm, HEAT_ERR_INPUT,
            "-heat_calibration_seconds %g: give a number above 0 and up to 86400", (double)budget);
  PetscCall(HeatOptionsCheckUsed(comm, o, NULL));
  PetscCall(HeatCalibrate(comm, o->plan.calibrate, (double)budget, least, o->quiet));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Make the case of the reference workload, and set request->work to what is planned of it. */
static PetscErrorCode ReadBench(MPI_Comm comm, const HeatOptions *o, HeatPlanRequest *request,
                                HeatCase **c)
{
  HeatBenchId id = {.size = NULL};

  PetscFunctionBeginUser;
  PetscCall(HeatBenchReadProblem(comm, &o->bench, &id));
  PetscCall(HeatBenchCheckIndex(comm, id.size));
  PetscCall(HeatBenchReadCase(comm, &id,
                              id.workload == HEAT_BENCH_CHECKPOINT ? HEAT_BENCH_PROBLEM_MODES
                                                                   : HEAT_BENCH_PROBLEM_FIELD,
                              (PetscMPIInt)request->ranks, c));
  request->work = id.workload == HEAT_BENCH_CHECKPOINT ? HEAT_PLAN_CHECKPOINTS : HEAT_PLAN_BENCH;
  request->last_field        = (PetscBool)(request->work == HEAT_PLAN_BENCH &&
                                    HeatBenchWritesField(id.size));
  (*c)->output.history_every = HEAT_BENCH_CYCLE; /* rows do not end sweeps within a cycle */
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read the case that the command line names. */
static PetscErrorCode ReadCase(MPI_Comm comm, const HeatOptions *o, HeatPlanRequest *request,
                               HeatCase **c)
{
  PetscFunctionBeginUser;
  request->work = HEAT_PLAN_RUN;
  if (o->bench_option) {
    PetscCall(ReadBench(comm, o, request, c));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatCaseRead(comm, o->operands[0], o->n_set, o->set, NULL, c));
  PetscCall(HeatCaseValidate(comm, *c, (PetscMPIInt)request->ranks));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read the machine file where the options name one, and plan. */
static PetscErrorCode ReadAndPlan(MPI_Comm comm, const HeatOptions *o, HeatMachine *machine)
{
  HeatPlanRequest request;
  HeatCase       *c = NULL;
  PetscMPIInt     rank;
  PetscErrorCode  code;
  int             shared = 0;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCall(CheckCommandLine(comm, o));
  PetscCall(ReadRequest(comm, o, &request));
  if (o->plan.machine) PetscCall(HeatMachineRead(comm, o->plan.machine, machine));
  request.machine = o->plan.machine ? machine : NULL;
  code            = ReadCase(comm, o, &request, &c);
  if (!code) code = HeatOptionsInsertPetsc(comm, o, c);
  if (!code && rank == 0) code = Plan(o, c, &request);
  shared = (int)code;
  PetscCallMPI(MPI_Bcast(&shared, 1, MPI_INT, 0, comm));
  PetscCall(HeatCaseDestroy(&c));
  PetscFunctionReturn((PetscErrorCode)shared);
}

PetscErrorCode HeatCommandPlan(MPI_Comm comm, const HeatOptions *o)
{
  HeatMachine   *machine;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  if (o->plan.calibrate) PetscFunctionReturn(Calibrate(comm, o));
  PetscCall(PetscNew(&machine));
  code = ReadAndPlan(comm, o, machine);
  PetscCall(PetscFree(machine));
  PetscFunctionReturn(code);
}
