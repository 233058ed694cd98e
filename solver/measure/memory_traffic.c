/** The model of memory traffic (memory_traffic.h). */
#include "solver/measure/memory_traffic.h"

#include <math.h>

#include "solver/measure/memory_need.h"

/* [bytes] a cell and iteration of heatcg with heatmg, solver/MEASURED.md, "Memory traffic". */
static const double IterationBytes = 97.0;

/* [bytes] a cell and pass of ftcs: T is read and written; gx, gy and dt/C are read. */
static const double FieldBytes = 2 * sizeof(PetscReal), CoefficientBytes = 3 * sizeof(PetscReal);

/* Values of a cell, as the head of memory_traffic.h counts them. */
enum {
  UPDATE         = 10, /* coefficients and derivatives at a temperature */
  UPDATE_SHIFT   = 1,  /* D alone */
  NET            = 4,  /* T, gx, gy; N written */
  ADD_MASS       = 5,  /* C, T, T_base; F read and written */
  STABLE_STEP    = 8,  /* gx, gy, low and high of both axes, D, C */
  COMBINE        = 7,  /* T, Y, both N, C; Y_{j-2} read, Y_j written */
  COPY           = 2,  /* the guess of a solve */
  COMPARE        = 2,  /* T with that of the update before */
  BEND           = 3,  /* T; the step read and written */
  LINE_SEARCH    = 10, /* trial point, two norms, solution and F copied */
  JACOBIAN       = 8,  /* x, low and high of both axes, C, D; y written */
  SHIFTED        = 6,  /* x, gx, gy, C, D; y written */
  CG_VECTORS     = 14, /* three updates of vectors, three products */
  ORTHOGONALISE  = 7,  /* beside the vectors of the basis */
  BUILD_SOLUTION = 2   /* beside the vectors of the basis */
};

void HeatStageTrafficAdd(HeatStageTraffic *t, PetscInt n, PetscInt sweeps, PetscBool of_T)
{
  /* Cases of rkl2 at the head of memory_traffic.h: other coefficients; fixed coefficients stage by
     stage; fixed coefficients in sweeps. */
  t->stages += n;
  if (sweeps < 0) {
    /* the first stage combines without Y and its N, and without a Y_{j-2} */
    t->values += n * (NET + COMBINE) - 3;
    if (of_T) t->values += (n + 1) * (UPDATE + STABLE_STEP); /* also at the step's end */
  } else if (sweeps == 0) {
    t->values += 8 + 4 * (n - 1);
    t->passes += n;
  } else {
    t->values += sweeps == 1 ? 2 : 4 + 5 * (sweeps - 1);
    t->passes += sweeps;
  }
}

/* Return the bytes of all solves by Newton's method. */
static double NewtonBytes(const HeatMemoryWork *w)
{
  const double    each       = w->newton > 0 ? (double)w->iterations / (double)w->newton : 0.0;
  const PetscBool fgmres     = (PetscBool)(w->solver == HEAT_TRAFFIC_OF_FGMRES);
  const double    evaluation = (fgmres ? UPDATE : UPDATE_SHIFT) + NET + ADD_MASS;
  const double    newton     = evaluation + COMPARE + LINE_SEARCH + (fgmres ? BEND : 0);
  const double    linear     = fgmres ? JACOBIAN + each + ORTHOGONALISE : SHIFTED + CG_VECTORS;
  const double    solution   = fgmres && each > 0.0 ? each + BUILD_SOLUTION : 0.0;

  return sizeof(PetscReal) *
             ((double)w->solves * (evaluation + COPY) + (double)w->newton * (newton + solution) +
              (double)w->iterations * linear) +
         IterationBytes * (double)w->iterations;
}

PetscErrorCode HeatMemoryTraffic(const HeatCase *c, const HeatMemoryWork *work, double *bytes,
                                 const char **why)
{
  const double steps = (double)work->steps, R = sizeof(PetscReal);
  PetscBool    alike, exchange;
  double       coefficients, heat; /* [bytes] of a cell and pass */

  PetscFunctionBeginUser;
  *bytes = NAN;
  *why   = NULL;
  PetscCall(HeatNeedRowsAreAlike(c, &alike));
  PetscCall(HeatNeedSumsExchange(c, &exchange));
  coefficients = alike ? 0.0 : CoefficientBytes;
  heat         = exchange ? 2.0 * R : 0.0;
  if (work->steps == 0) *why = "no step was taken";
  else if (c->time.scheme == HEAT_SCHEME_FTCS)
    *bytes = (FieldBytes + heat + coefficients + (exchange && !alike ? 2.0 * R : 0.0)) *
             (double)work->passes / steps;
  else if (c->time.scheme == HEAT_SCHEME_RKL2)
    *bytes = (R * (double)work->stages.values +
              (heat + coefficients + (exchange && !alike ? R : 0.0)) *
                  (double)work->stages.passes) /
                 steps +
             (exchange && !alike ? R : 0.0);
  else if (c->time.scheme == HEAT_SCHEME_TS) *why = "the steps are those of PETSc's TS";
  else if (work->solver == HEAT_TRAFFIC_OF_OTHERS)
    *why = "the solver, or a fallback that was needed, is a method of PETSc";
  else if (work->solver == HEAT_TRAFFIC_OF_HEATCG)
    *bytes = IterationBytes * (double)work->iterations / steps;
  else *bytes = NewtonBytes(work) / steps;
  PetscFunctionReturn(PETSC_SUCCESS);
}
