/** Sources and prescribed fluxes of one step of the sweep, for cases with prescribed fluxes that
 *  change with time, or with several sources that do.  For each cell of a row
 *
 *      q_step = ((q + fluxes through its boundary faces) + factor_1 shape_1) + factor_2 shape_2 ...
 *
 *  in the order of additions of HeatOperatorCombineSources.  A cell has at most two sources with
 *  factors of time, one of each layer (HeatSourceLayer). */
#include <string.h>

#include "solver/operator/wavefront_impl.h"

/* Return whether sources or fluxes in a row of a segment change with time: a source with a factor
   of time acts in the row, or its cells lie along a side with a flux of time. */
static PetscBool Changes(const HeatWavefront *w, const HeatWavefrontSides *sides, PetscInt segment,
                         PetscInt f)
{
  const PetscInt ny = w->frame.ny;

  if (f < 0 || f >= ny) return PETSC_FALSE;
  if (w->rows[segment * (ny + 1) + f].n_spans > 0) return PETSC_TRUE;
  if (sides->flux[HEAT_LEFT] && w->cut[segment] == 0) return PETSC_TRUE;
  if (sides->flux[HEAT_RIGHT] && w->cut[segment + 1] == w->frame.nx) return PETSC_TRUE;
  return (PetscBool)((sides->flux[HEAT_BOTTOM] && f == 0) ||
                     (sides->flux[HEAT_TOP] && f == ny - 1));
}

/* Add the fluxes of step l to columns [e, e + n) of row f. */
static void AddFluxes(const HeatFrame *frame, const HeatWavefrontSides *sides, PetscInt l,
                      PetscInt f, PetscInt e, PetscInt n, PetscReal *q)
{
  const size_t            row    = (size_t)(l - 1) * (size_t)frame->ny + (size_t)f;
  const size_t            column = (size_t)(l - 1) * (size_t)frame->nx + (size_t)e;
  const PetscReal *const *flux   = sides->flux;

  if (flux[HEAT_LEFT] && e == 0) q[0] += flux[HEAT_LEFT][row];
  if (flux[HEAT_RIGHT] && e + n == frame->nx) q[n - 1] += flux[HEAT_RIGHT][row];
  for (PetscInt i = 0; i < n && flux[HEAT_BOTTOM] && f == 0; i++)
    q[i] += flux[HEAT_BOTTOM][column + (size_t)i];
  for (PetscInt i = 0; i < n && flux[HEAT_TOP] && f == frame->ny - 1; i++)
    q[i] += flux[HEAT_TOP][column + (size_t)i];
}

/* Add the sources of a row to its columns [column, column + n). */
static void AddSpans(const HeatWaveRow *row, const PetscReal *factors, PetscInt column, PetscInt n,
                     PetscReal *restrict q)
{
  for (PetscInt k = 0; k < row->n_spans; k++) {
    const HeatWaveSpan *span        = &row->spans[k];
    const PetscInt      begin       = PetscMax(span->begin, column);
    const PetscInt      end         = PetscMin(span->end, column + n);
    const PetscReal *restrict shape = span->shape + (begin - span->begin);
    const PetscReal factor          = factors[span->source];
    PetscReal *restrict to          = q + (begin - column);

    _Pragma("omp simd") for (PetscInt i = 0; i < end - begin; i++) to[i] += shape[i] * factor;
  }
}

PetscBool HeatWaveSetSources(HeatWavefront *w, const HeatWavefrontSides *sides,
                             const PetscReal *factors, PetscInt l, PetscInt segment, PetscInt f,
                             PetscInt e, PetscInt n)
{
  const PetscInt   column = e - w->cut[segment], ny = w->frame.ny;
  const PetscReal *now = factors + (l - 1) * w->sources;

  if (!Changes(w, sides, segment, f) && !Changes(w, sides, segment, f + 1)) return PETSC_FALSE;
  for (PetscInt k = 0; k < 2; k++) {
    const HeatWaveRow *row = &w->rows[segment * (ny + 1) + PetscClipInterval(f + k, 0, ny)];
    PetscReal         *q   = HeatWaveSourceRow(w, (int)k);

    memcpy(q, row->q + column, (size_t)n * sizeof *q);
    if (f + k < 0 || f + k >= ny) continue;
    AddFluxes(&w->frame, sides, l, f + k, e, n, q);
    AddSpans(row, now, column, n, q);
  }
  return PETSC_TRUE;
}
