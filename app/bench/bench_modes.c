/** The problem `modes` (definition.h): a full-size solution that is known in closed form.
 *
 *  The field is compared with the solution of the discrete equations, which a right program reaches
 *  to rounding and the tolerance of its solves on any grid.  The distance of the field to the
 *  solution of the differential equation must be 0.5 to 2 times the distance between both closed
 *  forms.  A field that was filled from the solution of the differential equation, and not computed
 *  step by step, has the distance 0 and fails. */
#include <math.h>

#include "app/bench/bench.h"

/* The cosines of mode m at this rank's column i, x[m nxl + i], and at its row j, y[m nyl + j]. */
typedef struct {
  double *x, *y; /* owned */
} Cosines;

static PetscErrorCode CreateCosines(const HeatGrid *g, const HeatBenchCosines *c, Cosines *cosines)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMalloc2((size_t)g->nxl * HEAT_BENCH_MODES, &cosines->x,
                         (size_t)g->nyl * HEAT_BENCH_MODES, &cosines->y));
  for (PetscInt m = 0; m < HEAT_BENCH_MODES; m++) {
    for (PetscInt i = 0; i < g->nxl; i++)
      cosines->x[m * g->nxl + i] = HeatBenchCosine(g->xs + i, c->x[m], g->nx);
    for (PetscInt j = 0; j < g->nyl; j++)
      cosines->y[m * g->nyl + j] = HeatBenchCosine(g->ys + j, c->y[m], g->ny);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the sum of the products of cosines, times `factor`, at own cell (i, j). */
static double Sum(const HeatGrid *g, const Cosines *cosines, const double *factor, PetscInt i,
                  PetscInt j)
{
  double sum = 0.0;

  for (PetscInt m = 0; m < HEAT_BENCH_MODES; m++)
    sum += factor[m] * cosines->y[m * g->nyl + j] * cosines->x[m * g->nxl + i];
  return sum;
}

/* Compute the 2-norms of T - discrete, discrete, T - continuous, and discrete - continuous, with
   the closed forms of the discrete and of the differential equation. */
static PetscErrorCode Norms(const HeatBenchProblem *p, const HeatBenchCosines *c,
                            const Cosines *cosines, double norms[4])
{
  const HeatGrid  *g = p->grid;
  const PetscReal *T;
  double           sums[4] = {0.0, 0.0, 0.0, 0.0};

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(p->T, &T));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const double value      = T[(size_t)j * (size_t)g->nxl + (size_t)i];
      const double discrete   = Sum(g, cosines, c->factor, i, j);
      const double continuous = Sum(g, cosines, c->continuous, i, j);

      sums[0] += (value - discrete) * (value - discrete);
      sums[1] += discrete * discrete;
      sums[2] += (value - continuous) * (value - continuous);
      sums[3] += (discrete - continuous) * (discrete - continuous);
    }
  }
  PetscCall(VecRestoreArrayRead(p->T, &T));
  PetscCallMPI(MPI_Allreduce(sums, norms, 4, MPI_DOUBLE, MPI_SUM, g->comm));
  for (int k = 0; k < 4; k++) norms[k] = sqrt(norms[k]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fill the initial field and take all steps. */
static PetscErrorCode Solve(HeatBenchProblem *p, const HeatBenchRequest *q,
                            const HeatBenchCosines *c, const Cosines *cosines)
{
  const HeatGrid *g = p->grid;
  PetscReal      *T;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayWrite(p->T, &T));
  for (PetscInt j = 0; j < g->nyl; j++)
    for (PetscInt i = 0; i < g->nxl; i++)
      T[(size_t)j * (size_t)g->nxl + (size_t)i] = Sum(g, cosines, c->start, i, j);
  PetscCall(HeatEnergyStart(&p->energy, p->op, T));
  PetscCall(VecRestoreArrayWrite(p->T, &T));
  PetscCall(HeatBenchAdvance(p, HeatBenchModeSteps(q->id.workload)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Commit to the last field. */
static PetscErrorCode Commit(const HeatBenchProblem *p, const HeatBenchRequest *q, HeatProof *proof,
                             HeatBenchResult *r)
{
  const PetscReal *fields[HEAT_COMMITTED] = {NULL, NULL};
  HeatCommitment   commitment             = {.problem = HEAT_BENCH_PROBLEM_MODES,
                                             .step    = HeatBenchModeSteps(q->id.workload)};

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(p->T, &fields[HEAT_AFTER]));
  PetscCall(HeatProofCommit(proof, p->grid, &commitment, fields, HEAT_BENCH_WINDOWS));
  PetscCall(VecRestoreArrayRead(p->T, &fields[HEAT_AFTER]));
  r->modes.root = commitment.root[HEAT_AFTER];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compare the norms with their bounds. */
static void Judge(const HeatBenchRequest *q, const double norms[4], HeatBenchResult *r)
{
  r->modes.error            = norms[0] / norms[1];
  r->modes.bound            = HeatBenchModesBound(q->id.workload);
  r->modes.continuous_ratio = norms[2] / norms[3];
  if (!(r->modes.error <= r->modes.bound))
    HeatBenchInvalid(r, "modes: the relative error is %.3g, above %.3g", r->modes.error,
                     r->modes.bound);
  if (!(r->modes.continuous_ratio >= HeatBenchContinuous[0] &&
        r->modes.continuous_ratio <= HeatBenchContinuous[1]))
    HeatBenchInvalid(r,
                     "modes: the distance to the solution of the differential equation is %.3g "
                     "times the predicted one, not %g to %g times",
                     r->modes.continuous_ratio, HeatBenchContinuous[0], HeatBenchContinuous[1]);
}

PetscErrorCode HeatBenchRunModes(MPI_Comm comm, const HeatBenchRequest *q, HeatProof *proof,
                                 HeatBenchResult *r)
{
  HeatBenchProblem *p;
  HeatBenchCosines  c;
  Cosines           cosines;
  double            norms[4];

  PetscFunctionBeginUser;
  HeatBenchDrawCosines(&q->id, &c);
  PetscCall(HeatBenchOpenModes(comm, q, &p));
  PetscCall(CreateCosines(p->grid, &c, &cosines));
  PetscCall(Solve(p, q, &c, &cosines));
  PetscCall(Norms(p, &c, &cosines, norms));
  PetscCall(PetscFree2(cosines.x, cosines.y));
  PetscCall(Commit(p, q, proof, r));
  PetscCall(HeatBenchClose(&p));
  Judge(q, norms, r);
  PetscFunctionReturn(PETSC_SUCCESS);
}
