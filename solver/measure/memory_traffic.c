/** The model of memory traffic (memory_traffic.h). */
#include "solver/measure/memory_traffic.h"

#include <math.h>

/* [bytes] a cell and iteration of heatcg with heatmg, solver/MEASURED.md, "Memory traffic". */
static const double IterationBytes = 97.0;

/* Values of a cell, as the head of memory_traffic.h counts them, without C, without q, and, unless
   they are named here, without gx and gy. */
enum {
  UPDATE         = 10, /* coefficients and derivatives at a temperature */
  UPDATE_SHIFT   = 1,  /* D alone */
  STEP           = 2,  /* T; the new T written */
  NET            = 2,  /* T; N written */
  ADD_MASS       = 4,  /* T, T_base; F read and written */
  STABLE_STEP    = 7,  /* gx, gy, low and high of both axes, D */
  COMBINE        = 6,  /* T, Y, both N; Y_{j-2} read, Y_j written */
  COPY           = 2,  /* the guess of a solve */
  COMPARE        = 2,  /* T with that of the update before */
  BEND           = 3,  /* T; the step read and written */
  LINE_SEARCH    = 10, /* trial point, two norms, solution and F copied */
  JACOBIAN       = 7,  /* x, low and high of both axes, D; y written */
  SHIFTED        = 3,  /* x, D; y written */
  CG_VECTORS     = 14, /* three updates of vectors, three products */
  ORTHOGONALISE  = 7,  /* beside the vectors of the basis */
  BUILD_SOLUTION = 2   /* beside the vectors of the basis */
};

void HeatStageTrafficAdd(HeatStageTraffic *t, PetscInt n, PetscInt sweeps, PetscBool of_T)
{
  HeatPassCounts *passes = &t->passes[sweeps > 0 ? HEAT_PASS_SWEEP : HEAT_PASS_SINGLE];

  /* Cases of rkl2 at the head of memory_traffic.h: other coefficients; fixed coefficients stage by
     stage; fixed coefficients in sweeps. */
  t->stages += n;
  if (sweeps < 0) {
    /* the first stage combines without Y and its N, and without a Y_{j-2} */
    t->values += n * (NET + COMBINE) - 3;
    passes->capacity += n;
    passes->faces += n;
    passes->sources += n;
    passes->exchange += n;
    if (!of_T) return;
    t->values += (n + 1) * (UPDATE + STABLE_STEP); /* also at the step's end */
    passes->capacity += n + 1;
  } else if (sweeps == 0) {
    t->values += 8 + 4 * (n - 1);
    passes->capacity += n;
    passes->faces += n;
    passes->exchange += n;
    passes->sources += 1;
  } else {
    t->values += sweeps == 1 ? 2 : 4 + 5 * (sweeps - 1);
    passes->capacity += sweeps;
    passes->faces += sweeps;
    passes->exchange += sweeps;
    passes->sources += 1;
  }
}

/* Return the values that passes over the field read of their coefficients. */
static double ReadValues(const HeatPassCounts *n, const HeatCoefficientsRead *read)
{
  return (double)n->capacity * (double)read->capacity +
         (double)n->faces * (double)(read->gx + read->gy) +
         (double)n->sources * (double)(read->sources + read->ambient) +
         (double)n->exchange * (double)read->exchange;
}

/* Return the values of all steps of ftcs. */
static double FtcsValues(const HeatMemoryWork *w)
{
  const HeatPassCounts stable = {.capacity = w->of_T ? w->steps : 0};
  double               values = ReadValues(&stable, &w->read[HEAT_PASS_SINGLE]);

  if (w->of_T) values += (double)w->steps * (UPDATE + STABLE_STEP);
  for (int k = 0; k < HEAT_PASSES; k++) {
    const PetscInt64     n   = w->passes[k];
    const HeatPassCounts all = {n, n, n, n};

    values += (double)w->passes[k] * STEP + ReadValues(&all, &w->read[k]);
  }
  return values;
}

/* Return the values of all stages of rkl2. */
static double Rkl2Values(const HeatMemoryWork *w)
{
  double values = (double)w->stages.values;

  for (int k = 0; k < HEAT_PASSES; k++) values += ReadValues(&w->stages.passes[k], &w->read[k]);
  return values;
}

/* Return the bytes of all solves by Newton's method. */
static double NewtonBytes(const HeatMemoryWork *w)
{
  const HeatPassCounts evaluate = {1, 1, 1, 1}, multiply = {.capacity = 1},
                       shifted     = {.capacity = 1, .faces = 1};
  const HeatCoefficientsRead *read = &w->read[HEAT_PASS_SINGLE];
  const double    each       = w->newton > 0 ? (double)w->iterations / (double)w->newton : 0.0;
  const PetscBool fgmres     = (PetscBool)(w->solver == HEAT_TRAFFIC_OF_FGMRES);
  const double    evaluation = (fgmres ? UPDATE : UPDATE_SHIFT) + NET + ADD_MASS +
                            ReadValues(&evaluate, read);
  const double newton   = evaluation + COMPARE + LINE_SEARCH + (fgmres ? BEND : 0);
  const double linear   = fgmres ? JACOBIAN + ReadValues(&multiply, read) + each + ORTHOGONALISE
                                 : SHIFTED + ReadValues(&shifted, read) + CG_VECTORS;
  const double solution = fgmres && each > 0.0 ? each + BUILD_SOLUTION : 0.0;

  return sizeof(PetscReal) *
             ((double)w->solves * (evaluation + COPY) + (double)w->newton * (newton + solution) +
              (double)w->iterations * linear) +
         IterationBytes * (double)w->iterations;
}

void HeatMemoryTraffic(const HeatCase *c, const HeatMemoryWork *work, double *bytes,
                       const char **why)
{
  const double steps = (double)work->steps;

  *bytes = NAN;
  *why   = NULL;
  if (work->steps == 0) *why = "no step was taken";
  else if (c->time.scheme == HEAT_SCHEME_FTCS)
    *bytes = sizeof(PetscReal) * FtcsValues(work) / steps;
  else if (c->time.scheme == HEAT_SCHEME_RKL2)
    *bytes = sizeof(PetscReal) * Rkl2Values(work) / steps;
  else if (c->time.scheme == HEAT_SCHEME_TS) *why = "the steps are those of PETSc's TS";
  else if (work->solver == HEAT_TRAFFIC_OF_OTHERS)
    *why = "the solver, or a fallback that was needed, is a method of PETSc";
  else if (work->solver == HEAT_TRAFFIC_OF_HEATCG)
    *bytes = IterationBytes * (double)work->iterations / steps;
  else *bytes = NewtonBytes(work) / steps;
}
