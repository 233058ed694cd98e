/** The two problems as cases of heat2d (bench.h).  Where the case names a file for a field, the
 *  field is drawn from the nonce instead. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "app/bench/bench.h"
#include "app/bench/draw.h"
#include "app/run/memory_check.h"
#include "io/case_file/case_file.h"
#include "solver/base/monotonic.h"

/* [bytes] Room for the text of a case.  Chosen: more than twice its length. */
enum { CASE_BYTES = 2048 };

void HeatBenchInvalid(HeatBenchResult *r, const char *format, ...)
{
  va_list arguments;

  if (r->n_reasons == HEAT_BENCH_REASONS) return;
  va_start(arguments, format);
  (void)vsnprintf(r->reasons[r->n_reasons++], HEAT_BENCH_REASON, format, arguments);
  va_end(arguments);
}

PetscErrorCode HeatBenchReserve(HeatBenchResult *r)
{
  PetscFunctionBeginUser;
  if ((PetscInt)r->cycles < r->room) PetscFunctionReturn(PETSC_SUCCESS);
  r->room = 2 * r->room + 64;
  PetscCall(PetscRealloc(sizeof *r->times * (size_t)r->room, &r->times));
  PetscCall(PetscRealloc(sizeof *r->field.residuals * (size_t)r->room, &r->field.residuals));
  PetscCall(PetscRealloc(sizeof *r->field.roots * (size_t)r->room, &r->field.roots));
  PetscCall(PetscRealloc(sizeof *r->restart.reads * (size_t)r->room, &r->restart.reads));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatBenchJudgeDuration(HeatBenchResult *r)
{
  if (!(r->seconds >= HeatBenchLeastSeconds))
    HeatBenchInvalid(r, "the timed steps took %.3g s, less than %g s (--duration)", r->seconds,
                     HeatBenchLeastSeconds);
}

/* Return the scheme of a workload.  The workload `checkpoint` takes no steps; ftcs needs the least
   memory. */
static const char *SchemeOf(HeatBenchWorkload workload)
{
  return workload == HEAT_BENCH_IMPLICIT ? "backward-euler" : "ftcs";
}

/* Write the case of a problem.  The file "nonce" that it names is never opened. */
static void WriteCase(const HeatBenchId *id, HeatBenchProblemKind problem, char *text)
{
  const PetscBool is_field  = (PetscBool)(problem == HEAT_BENCH_PROBLEM_FIELD);
  const int       materials = is_field ? HEAT_BENCH_MATERIALS : 1;
  const long long n         = (long long)id->size->cells;
  const double    extent    = (double)n * HeatBenchWidth;
  int             used;

  used = snprintf(text, CASE_BYTES,
                  "title: reference workload, class %s, %s, %s\n"
                  "grid: {cells: [%lld, %lld], x: [0.0, %.17g], y: [0.0, %.17g]}\n"
                  "materials:\n",
                  id->size->name, HeatBenchWorkloadNames[id->workload],
                  is_field ? "field" : "modes", n, n, extent, extent);
  for (int k = 0; k < materials; k++) {
    const HeatBenchMaterial *m = &HeatBenchMaterials[k];

    used += snprintf(text + used, CASE_BYTES - (size_t)used,
                     "  - {name: %s, conductivity: %.17g, density: %.17g, specific_heat: %.17g}\n",
                     m->name, m->conductivity, m->density, m->specific_heat);
  }
  (void)snprintf(
      text + used, CASE_BYTES - (size_t)used,
      "%s"
      "initial: {file: nonce, dataset: /temperature}\n"
      "time: {scheme: %s, step: %.17g, steps: %d}\n"
      "solver: {tolerance: %.17g}\n"
      "%s",
      is_field ? "regions: [{material: copper}, {file: nonce, dataset: /material}]\n" : "",
      SchemeOf(id->workload), HeatBenchStep(id->workload), HEAT_BENCH_CYCLE, HeatBenchTolerance,
      id->workload == HEAT_BENCH_CHECKPOINT ? "checkpoint: {every: 1}\n" : "");
}

PetscErrorCode HeatBenchReadCase(MPI_Comm comm, const HeatBenchId *id, HeatBenchProblemKind problem,
                                 PetscMPIInt ranks, HeatCase **c)
{
  char text[CASE_BYTES];

  PetscFunctionBeginUser;
  WriteCase(id, problem, text);
  PetscCall(HeatCaseReadText(comm, "bench", text, 0, NULL, c));
  PetscCall(HeatCaseValidate(comm, *c, ranks));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBenchCheckIndex(MPI_Comm comm, const HeatBenchClass *size)
{
  PetscFunctionBeginUser;
  HeatCheck(
      (double)size->cells * (double)size->cells <= (double)PETSC_MAX_INT, comm, HEAT_ERR_INPUT,
      "class %s has %.3g cells, more than the %d-bit integers of this PETSc can count; take a "
      "PETSc that was configured with --with-64-bit-indices, or a smaller class",
      size->name, (double)size->cells * (double)size->cells, (int)(8 * sizeof(PetscInt)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBenchCheckFits(MPI_Comm comm, const HeatBenchRequest *q)
{
  HeatCase      *c;
  PetscErrorCode code;
  PetscMPIInt    ranks;

  PetscFunctionBeginUser;
  PetscCall(HeatBenchCheckIndex(comm, q->id.size));
  PetscCallMPI(MPI_Comm_size(comm, &ranks));
  PetscCall(HeatBenchReadCase(comm, &q->id,
                              q->id.workload == HEAT_BENCH_CHECKPOINT ? HEAT_BENCH_PROBLEM_MODES
                                                                      : HEAT_BENCH_PROBLEM_FIELD,
                              ranks, &c));
  code = HeatMemoryCheck(comm, c, NULL);
  PetscCall(HeatCaseDestroy(&c));
  PetscFunctionReturn(code);
}

/* Fill a map with the materials of this rank's cells. */
static void DrawMaterials(const HeatGrid *g, uint64_t nonce, int32_t *map)
{
  for (PetscInt j = 0; j < g->nyl; j++) {
    int32_t *row = map + (size_t)j * (size_t)g->nxl;

    for (PetscInt i = 0; i < g->nxl; i++)
      row[i] = i > 0 && (g->xs + i) % HEAT_DRAW_BLOCK != 0
                   ? row[i - 1]
                   : HeatDrawMaterial(nonce, g->xs + i, g->ys + j);
  }
}

/* Create the operator with the drawn materials, or with the single one. */
static PetscErrorCode CreateOperator(HeatBenchProblem *p, const HeatBenchRequest *q,
                                     HeatBenchProblemKind problem)
{
  int32_t       *maps[2] = {NULL, NULL}; /* of the two regions: the body, and the map over it */
  HeatCellInputs inputs  = {.maps = maps};

  PetscFunctionBeginUser;
  if (problem == HEAT_BENCH_PROBLEM_MODES) {
    PetscCall(HeatOperatorCreate(p->grid, p->c, NULL, &p->op));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(PetscMalloc1(HeatGridLocalCells(p->grid), &maps[1]));
  DrawMaterials(p->grid, q->id.nonce, maps[1]);
  PetscCall(HeatOperatorCreate(p->grid, p->c, &inputs, &p->op));
  PetscCall(PetscFree(maps[1]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Open(MPI_Comm comm, const HeatBenchRequest *q, HeatBenchProblemKind problem,
                           HeatBenchProblem **opened)
{
  HeatBenchProblem *p;
  PetscMPIInt       ranks;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&p));
  *opened = p;
  PetscCallMPI(MPI_Comm_size(comm, &ranks));
  PetscCall(HeatBenchReadCase(comm, &q->id, problem, ranks, &p->c));
  PetscCall(HeatGridCreate(comm, p->c, &p->grid));
  PetscCall(CreateOperator(p, q, problem));
  p->dt = p->c->time.step;
  PetscCall(HeatGridCreateVec(p->grid, &p->T));
  PetscCall(HeatStepperCreate(p->op, p->dt, &p->stepper));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBenchOpenField(MPI_Comm comm, const HeatBenchRequest *q, HeatBenchProblem **p)
{
  PetscFunctionBeginUser;
  PetscCall(Open(comm, q, HEAT_BENCH_PROBLEM_FIELD, p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBenchOpenModes(MPI_Comm comm, const HeatBenchRequest *q, HeatBenchProblem **p)
{
  PetscFunctionBeginUser;
  PetscCall(Open(comm, q, HEAT_BENCH_PROBLEM_MODES, p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Take n steps in one sweep. */
static PetscErrorCode Sweep(HeatBenchProblem *p, PetscInt n, HeatStepInfo *info)
{
  PetscReal times[HEAT_MOST_AT_ONCE];

  PetscFunctionBeginUser;
  if (n == 1) {
    PetscCall(HeatStepperAdvance(p->stepper, (PetscReal)p->step * p->dt, p->dt, &p->T, info));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  for (PetscInt k = 0; k < n; k++) times[k] = (PetscReal)(p->step + k) * p->dt;
  PetscCall(HeatStepperAdvanceSeveral(p->stepper, n, times, p->dt, NULL, &p->T, info));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBenchAdvance(HeatBenchProblem *p, PetscInt steps)
{
  PetscInt most;

  PetscFunctionBeginUser;
  PetscCall(HeatStepperMostAtOnce(p->stepper, &most));
  while (steps > 0) {
    const PetscInt n     = PetscMin(most, steps);
    const double   start = HeatMonotonicTime();
    double         end;
    HeatStepInfo   info;

    PetscCall(Sweep(p, n, &info));
    end = HeatMonotonicTime();
    if (p->times) HeatStepTimesAdd(p->times, end - start, n);
    HeatEnergyAddStep(&p->energy, &info);
    p->iterations += info.solve.iterations;
    p->step += n;
    steps -= n;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBenchClose(HeatBenchProblem **problem)
{
  HeatBenchProblem *p = *problem;

  PetscFunctionBeginUser;
  if (!p) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatStepperDestroy(&p->stepper));
  PetscCall(VecDestroy(&p->T));
  PetscCall(HeatOperatorDestroy(&p->op));
  PetscCall(HeatGridDestroy(&p->grid));
  PetscCall(HeatCaseDestroy(&p->c));
  PetscCall(PetscFree(p));
  *problem = NULL;
  PetscFunctionReturn(PETSC_SUCCESS);
}
