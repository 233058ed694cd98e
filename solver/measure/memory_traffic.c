/** The model of memory traffic (memory_traffic.h). */
#include "solver/measure/memory_traffic.h"

#include <math.h>

#include "solver/measure/memory_need.h"

/* [bytes] a cell and iteration of heatcg with heatmg, solver/MEASURED.md, "Memory traffic". */
static const double IterationBytes = 97.0;

/* [bytes] a cell and pass of ftcs: T is read and written; gx, gy and dt/C are read. */
static const double FieldBytes = 2 * sizeof(PetscReal), CoefficientBytes = 3 * sizeof(PetscReal);

PetscErrorCode HeatMemoryTraffic(const HeatCase *c, const HeatMemoryWork *work, double *bytes)
{
  const double steps = (double)work->steps;
  PetscBool    alike;

  PetscFunctionBeginUser;
  *bytes = NAN;
  if (work->steps == 0) PetscFunctionReturn(PETSC_SUCCESS);
  if (c->time.scheme == HEAT_SCHEME_FTCS) {
    PetscCall(HeatNeedRowsAreAlike(c, &alike));
    *bytes = (FieldBytes + (alike ? 0.0 : CoefficientBytes)) * (double)work->passes / steps;
  } else if (work->ours) *bytes = IterationBytes * (double)work->iterations / steps;
  PetscFunctionReturn(PETSC_SUCCESS);
}
