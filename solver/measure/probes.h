/** Temperatures at points, interpolated such that the heat flux is continuous.
 *
 *  Between two cell centres the temperature is linear on either side of the face, with the face's
 *  temperature weighted by the conductivities: a point on the interface between copper and foam
 *  reads the interface's temperature.  A contact resistance makes the temperature jump at the face:
 *  each side of the face has its own, and a point exactly on the face reads the mean of both.  At a
 *  side of the domain the value is the surface temperature, which is prescribed or follows from the
 *  film or the flux.  In two dimensions the temperature is bilinear in the quarter of a cell that
 *  contains the point.  Within a material whose conductivity depends on T, the integral of k over T
 *  (Kirchhoff's) is linear instead of T.  Source: solver/README.md, "Points". */
#ifndef HEAT_SOLVER_PROBES_H
#define HEAT_SOLVER_PROBES_H

#include "solver/operator/operator.h"

typedef struct HeatProbes HeatProbes;

/** Create the probes: find the cells around each point.  Collective; owned by the caller; the
 *  operator must outlive the probes.
 *  @param[in] at  n points (x, y) [m] inside the domain or on its boundary */
PetscErrorCode HeatProbesCreate(const HeatOperator *op, PetscInt n, const PetscReal (*at)[2],
                                HeatProbes **probes);

/** The terms whose sum is one value [K].  A is the cell that contains the point, B its neighbour
 *  along x, C its neighbour along y, and D the diagonal one.  "A x" is the surface of A on the side
 *  of the domain across x, "A y" on the side across y.  "x end" and "y end" are the temperatures
 *  that these sides prescribe in a corner of the domain.
 *
 *      index  0  1    2     3  4    5     6  7    8     9  10   11    12    13
 *             A  A x  A y   B  B x  B y   C  C x  C y   D  D x  D y   x end y end
 *
 *  Each term belongs to the rank that owns its cell (the ends to the owner of A). */
enum { HEAT_PROBE_TERMS = 14 };

/** Compute this rank's terms of each value at the operator's present time; terms of other ranks are
 *  0.  Not collective for a linear operator.  For a non-linear operator T must be the field of the
 *  last Update, and the call is collective, with one reduction for the conductivities around all
 *  points.
 *  @param[in]  T      [K], [nyl][nxl]
 *  @param[out] terms  [n][HEAT_PROBE_TERMS] [K] */
PetscErrorCode HeatProbesSample(HeatProbes *probes, const PetscReal *T, PetscReal *terms);

/** Return in *n and *cells the own cells that the values are computed from, index j nxl + i,
 *  ascending, each once, which the probes own.  Not collective; for a linear operator only. */
void HeatProbesCells(const HeatProbes *probes, PetscInt *n, const size_t **cells);

/** Compute this rank's terms as HeatProbesSample does, from the temperatures of HeatProbesCells
 *  alone.  Not collective; for a linear operator only.
 *  @param[in]  T      [number of cells] [K]
 *  @param[out] terms  [n][HEAT_PROBE_TERMS] [K] */
PetscErrorCode HeatProbesSampleCells(const HeatProbes *probes, const PetscReal *T,
                                     PetscReal *terms);

/** Add up the terms of all ranks to n values [K].  Each value's terms are added in one order,
 *  whichever ranks own them, so that its bits do not depend on the decomposition.  Collective.
 *  @param[in]  terms   [n][HEAT_PROBE_TERMS] of this rank
 *  @param[out] values  [n], the same on all ranks */
PetscErrorCode HeatProbesReduce(MPI_Comm comm, PetscInt n, const PetscReal *terms,
                                PetscReal *values);

/** Compute the n values [K] at time t [s]: sample and reduce.  Collective.  Afterwards the boundary
 *  values are those at time t, and the coefficients of a non-linear operator those at t and T.
 *  @param[in]  op      the operator of the probes
 *  @param[in]  T       [K], [nyl][nxl]
 *  @param[out] values  [n], the same on all ranks
 *  Errors: HEAT_ERR_NUMERICS where a non-linear operator's coefficients are undefined at T. */
PetscErrorCode HeatProbesValues(HeatProbes *probes, HeatOperator *op, const PetscReal *T,
                                PetscReal t, PetscReal *values);

/** Destroy the probes and set *probes to NULL; *probes may be NULL. */
PetscErrorCode HeatProbesDestroy(HeatProbes **probes);

#endif
