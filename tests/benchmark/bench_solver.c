/* Measure the linear solve of a step for one problem: heat2d's solver and its peers take turns
 * in one process.
 *
 *     bench_solver -problem deck -cells 1000 [-solvers ours,pcmg] [-tolerances 1e-8,1e-14]
 *                  [-repeats 3] [-steps 5] [-budget 60] [-stream_mib 128]
 *
 * In a turn, a solver is set up and, for each tolerance, takes some steps from the initial
 * field; only the solve of each step is timed, between barriers.  STREAM runs before each turn.
 * A solver whose first turn would take longer than the budget [s] is stopped there, and no
 * further turn begins that would exceed the budget.  run.py beside this file starts the program
 * and reads its standard output, one JSON object on each line. */
#include "solver/measure/stream.h"
#include "tests/benchmark/bench_clock.h"
#include "tests/benchmark/bench_main.h"
#include "tests/benchmark/bench_solvers.h"

#define MAX_TOLERANCES 8
#define MAX_STEPS      64

static const BenchSolverType *const Types[] = {&BenchOurs,     &BenchOursCG,    &BenchGAMG,
                                               &BenchGAMGBest, &BenchPCMG,      &BenchJacobi,
                                               &BenchPFMG,     &BenchPFMGJacobi};
#define TYPES ((int)(sizeof Types / sizeof *Types))

typedef struct {
  char      problem[16];
  PetscInt  cells, repeats, steps, n_tolerances, stream_mib;
  PetscReal tolerances[MAX_TOLERANCES], budget;
} Options;

/* The time that a solver has used, and whether it takes no further turns. */
typedef struct {
  PetscBool out;
  PetscReal used, turn; /* in all turns, in the last one [s] */
} Account;

typedef struct {
  MPI_Comm      comm; /* the grid's communicator */
  Options       o;
  BenchProblem *p; /* owned, as are all members below */
  HeatStream   *stream;
  Vec           u, b, x;
  Account       accounts[TYPES];
} Bench;

/* The solves of one tolerance in one turn. */
typedef struct {
  PetscInt  n; /* steps taken */
  PetscBool solved;
  PetscReal integral; /* TeaLeaf's "U" after the first step */
  PetscInt  iterations[MAX_STEPS];
  PetscReal seconds[MAX_STEPS], residual[MAX_STEPS], rounding[MAX_STEPS];
} Series;

/* ------- options ------- */

static PetscErrorCode ReadOptions(MPI_Comm comm, Options *o)
{
  PetscBool given;

  PetscFunctionBeginUser;
  *o = (Options){"deck", 250, 1, 5, MAX_TOLERANCES, 128, {1e-8}, 60.0};
  PetscOptionsBegin(comm, NULL, "Benchmark of the linear solver", NULL);
  PetscCall(PetscOptionsString("-problem", "deck, constant or random", NULL, o->problem, o->problem,
                               sizeof o->problem, NULL));
  PetscCall(PetscOptionsInt("-cells", "along each axis", NULL, o->cells, &o->cells, NULL));
  PetscCall(PetscOptionsInt("-repeats", "turns of each", NULL, o->repeats, &o->repeats, NULL));
  PetscCall(PetscOptionsRangeInt("-steps", "of a series, the first one to warm up", NULL, o->steps,
                                 &o->steps, NULL, 1, MAX_STEPS));
  PetscCall(PetscOptionsReal("-budget", "of each solver [s]", NULL, o->budget, &o->budget, NULL));
  PetscCall(PetscOptionsInt("-stream_mib", "of each of its arrays", NULL, o->stream_mib,
                            &o->stream_mib, NULL));
  PetscCall(PetscOptionsRealArray("-tolerances", "of the residual", NULL, o->tolerances,
                                  &o->n_tolerances, &given));
  PetscOptionsEnd();
  if (!given) o->n_tolerances = 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AddSolver(Bench *bench, const char *name)
{
  PetscBool same;

  PetscFunctionBeginUser;
  for (int k = 0; k < TYPES; k++) {
    PetscCall(PetscStrcmp(name, Types[k]->name, &same));
    if (!same) continue;
    bench->accounts[k].out = PETSC_FALSE;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  return HeatRaiseHere(bench->comm, HEAT_ERR_INPUT, "-solvers: there is no solver '%s'", name);
}

/* Choose all solvers, or the ones that -solvers names. */
static PetscErrorCode ChooseSolvers(Bench *bench)
{
  char     *names[TYPES];
  PetscInt  n = TYPES;
  PetscBool given;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsGetStringArray(NULL, NULL, "-solvers", names, &n, &given));
  if (!given) PetscFunctionReturn(PETSC_SUCCESS);
  for (int k = 0; k < TYPES; k++) bench->accounts[k].out = PETSC_TRUE;
  for (PetscInt i = 0; i < n; i++) {
    PetscCall(AddSolver(bench, names[i]));
    PetscCall(PetscFree(names[i]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* ------- the records, one line of JSON each ------- */

/* Print a number, or null if it is not finite, since JSON has no other word for that. */
static PetscErrorCode PrintNumber(MPI_Comm comm, const char *before, PetscReal value)
{
  PetscFunctionBeginUser;
  if (PetscIsInfOrNanReal(value)) PetscCall(PetscPrintf(comm, "%snull", before));
  else PetscCall(PetscPrintf(comm, "%s%.15e", before, (double)value));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode PrintNumbers(MPI_Comm comm, const char *key, PetscInt n,
                                   const PetscReal *values)
{
  PetscFunctionBeginUser;
  PetscCall(PetscPrintf(comm, ", \"%s\": [", key));
  for (PetscInt i = 0; i < n; i++) PetscCall(PrintNumber(comm, i ? ", " : "", values[i]));
  PetscCall(PetscPrintf(comm, "]"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode PrintProblem(const Bench *bench)
{
  const HeatGrid *g = bench->p->g;
  char            hypre[64];

  PetscFunctionBeginUser;
  PetscCall(PetscPrintf(bench->comm,
                        "{\"record\": \"problem\", \"problem\": \"%s\", \"cells\": %" PetscInt_FMT
                        ", \"ranks\": %d, \"processes\": [%" PetscInt_FMT ", %" PetscInt_FMT
                        "], \"petsc\": \"%d.%d.%d\", \"index_bits\": %d, \"hypre\": \"%s\"",
                        bench->o.problem, bench->o.cells, (int)g->size, g->px, g->py,
                        PETSC_VERSION_MAJOR, PETSC_VERSION_MINOR, PETSC_VERSION_SUBMINOR,
                        (int)(8 * sizeof(PetscInt)), BenchHypreVersion(hypre, sizeof hypre)));
  PetscCall(PrintNumber(bench->comm, ", \"assembly\": ", bench->p->assembly));
  PetscCall(PetscPrintf(bench->comm, "}\n"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode PrintSeries(const Bench *bench, const BenchSolver *s, PetscInt repeat,
                                  PetscReal tolerance, PetscReal set_up, const Series *series)
{
  MPI_Comm comm = bench->comm;

  PetscFunctionBeginUser;
  PetscCall(PetscPrintf(comm,
                        "{\"record\": \"series\", \"solver\": \"%s\", \"label\": \"%s\", "
                        "\"repeat\": %" PetscInt_FMT ", \"tolerance\": %g, \"solved\": %s",
                        s->type->name, s->label, repeat, (double)tolerance,
                        series->solved ? "true" : "false"));
  PetscCall(PrintNumber(comm, ", \"set_up\": ", set_up));
  PetscCall(PrintNumber(comm, ", \"integral\": ", series->integral));
  PetscCall(PetscPrintf(comm, ", \"iterations\": ["));
  for (PetscInt i = 0; i < series->n; i++)
    PetscCall(PetscPrintf(comm, "%s%" PetscInt_FMT, i ? ", " : "", series->iterations[i]));
  PetscCall(PetscPrintf(comm, "]"));
  PetscCall(PrintNumbers(comm, "seconds", series->n, series->seconds));
  PetscCall(PrintNumbers(comm, "residual", series->n, series->residual));
  PetscCall(PrintNumbers(comm, "rounding", series->n, series->rounding));
  PetscCall(PetscPrintf(comm, "}\n"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode PrintSkipped(const Bench *bench, const char *solver, PetscReal tolerance,
                                   const char *why)
{
  PetscFunctionBeginUser;
  PetscCall(PetscPrintf(bench->comm,
                        "{\"record\": \"skipped\", \"solver\": \"%s\", \"tolerance\": %g, "
                        "\"why\": \"%s\"}\n",
                        solver, (double)tolerance, why));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* ------- measuring ------- */

/* Take one step from the field that the step before has left, and time its solve. */
static PetscErrorCode TakeStep(Bench *bench, BenchSolver *s, PetscReal tolerance, Series *series)
{
  const PetscInt i = series->n++;
  PetscReal      start;
  PetscBool      solved;

  PetscFunctionBeginUser;
  PetscCall(BenchProblemRightSide(bench->p, bench->u, bench->b));
  PetscCall(BenchNow(bench->comm, &start));
  PetscCall(s->type->solve(s, tolerance, bench->b, bench->x, &series->iterations[i], &solved));
  PetscCall(BenchSince(bench->comm, start, &series->seconds[i]));
  PetscCall(BenchProblemResidual(bench->p, bench->b, bench->x, &series->residual[i],
                                 &series->rounding[i]));
  PetscCall(VecAXPY(bench->u, 1.0, bench->x));
  if (i == 0) PetscCall(BenchProblemIntegral(bench->p, bench->u, &series->integral));
  if (!solved) series->solved = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Take all steps, or only the first one if the others would take longer than `left` [s]. */
static PetscErrorCode TakeSteps(Bench *bench, BenchSolver *s, PetscReal tolerance, PetscReal left,
                                Series *series)
{
  PetscFunctionBeginUser;
  *series = (Series){.solved = PETSC_TRUE};
  PetscCall(VecCopy(bench->p->initial, bench->u));
  do {
    PetscCall(TakeStep(bench, s, tolerance, series));
  } while (series->n < bench->o.steps && series->seconds[0] * (PetscReal)bench->o.steps <= left);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MeasureSeries(Bench *bench, BenchSolver *s, PetscInt repeat, PetscReal set_up,
                                    Account *account)
{
  PetscFunctionBeginUser;
  for (PetscInt t = 0; t < bench->o.n_tolerances; t++) {
    /* Only the first turn is limited here; the others take as long as it did. */
    const PetscReal left   = repeat ? PETSC_MAX_REAL : bench->o.budget - account->turn;
    Series          series = {0};

    if (!account->out && left > 0.0) {
      PetscCall(TakeSteps(bench, s, bench->o.tolerances[t], left, &series));
      for (PetscInt i = 0; i < series.n; i++) account->turn += series.seconds[i];
    }
    if (series.n == bench->o.steps) {
      PetscCall(PrintSeries(bench, s, repeat, bench->o.tolerances[t], set_up, &series));
      continue;
    }
    account->out = PETSC_TRUE;
    PetscCall(PrintSkipped(bench, s->type->name, bench->o.tolerances[t], "over the budget"));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode TakeTurn(Bench *bench, int k, PetscInt repeat)
{
  Account    *account = &bench->accounts[k];
  BenchSolver s       = {.type = Types[k]};
  PetscReal   start, set_up;

  PetscFunctionBeginUser;
  if (s.type->hand_over) PetscCall(s.type->hand_over(bench->p, &s));
  PetscCall(BenchNow(bench->comm, &start));
  PetscCall(s.type->set_up(bench->p, &s));
  PetscCall(BenchSince(bench->comm, start, &set_up));
  account->turn = set_up;
  if (s.data) {
    PetscCall(MeasureSeries(bench, &s, repeat, set_up, account));
    PetscCall(s.type->destroy(&s));
  } else {
    account->out = PETSC_TRUE;
    for (PetscInt t = 0; t < bench->o.n_tolerances; t++)
      PetscCall(PrintSkipped(bench, s.type->name, bench->o.tolerances[t], s.why_not));
  }
  account->used += account->turn;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MeasureStream(Bench *bench, PetscInt repeat)
{
  PetscReal rate;

  PetscFunctionBeginUser;
  PetscCall(HeatStreamRun(bench->stream, 0.0, &rate));
  PetscCall(PetscPrintf(bench->comm,
                        "{\"record\": \"stream\", \"repeat\": %" PetscInt_FMT
                        ", \"bytes_per_second\": %.6e}\n",
                        repeat, (double)rate));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode TakeTurns(Bench *bench)
{
  PetscFunctionBeginUser;
  for (PetscInt repeat = 0; repeat < bench->o.repeats; repeat++) {
    for (int k = 0; k < TYPES; k++) {
      Account *a = &bench->accounts[k];

      if (a->out || (repeat && a->used + a->turn > bench->o.budget)) continue;
      PetscCall(MeasureStream(bench, repeat));
      PetscCall(TakeTurn(bench, k, repeat));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* ------- the program ------- */

static PetscErrorCode SetUpBench(Bench *bench)
{
  PetscFunctionBeginUser;
  bench->comm = PETSC_COMM_WORLD;
  PetscCall(ReadOptions(bench->comm, &bench->o));
  PetscCall(ChooseSolvers(bench));
  PetscCall(BenchProblemCreate(bench->comm, bench->o.problem, bench->o.cells, &bench->p));
  bench->comm = bench->p->g->comm;
  PetscCall(HeatStreamCreate(
      bench->comm, ((PetscInt64)bench->o.stream_mib << 20) / bench->p->g->size, &bench->stream));
  PetscCall(VecDuplicate(bench->p->initial, &bench->u));
  PetscCall(VecDuplicate(bench->p->initial, &bench->b));
  PetscCall(VecDuplicate(bench->p->initial, &bench->x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode TearDownBench(Bench *bench)
{
  PetscFunctionBeginUser;
  PetscCall(VecDestroy(&bench->x));
  PetscCall(VecDestroy(&bench->b));
  PetscCall(VecDestroy(&bench->u));
  PetscCall(HeatStreamDestroy(&bench->stream));
  PetscCall(BenchProblemDestroy(&bench->p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RunBench(void)
{
  Bench bench = {0};

  PetscFunctionBeginUser;
  PetscCall(SetUpBench(&bench));
  PetscCall(PrintProblem(&bench));
  PetscCall(TakeTurns(&bench));
  PetscCall(TearDownBench(&bench));
  PetscFunctionReturn(PETSC_SUCCESS);
}

int main(int argc, char **argv) { return BenchMain(argc, argv, RunBench); }
