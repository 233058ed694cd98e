/** Temperatures at points, interpolated such that the heat flux is continuous.
 *
 *  Between two cell centres the temperature is linear on either side of the face, with the face's
 *  temperature weighted by the conductivities, so a point on the interface between copper and
 *  foam reads the interface's temperature.  A contact resistance makes the temperature jump there:
 *  either side of the face has its own, and a point exactly on the face reads the mean of both.  At
 *  a side of the domain it is the surface's: the prescribed one, or the one that the film or flux
 *  leaves behind.  In two dimensions this is bilinear in the quarter of a cell that the point lies
 *  in; see solver/README.md, "Points". */
#ifndef HEAT_SOLVER_PROBES_H
#define HEAT_SOLVER_PROBES_H

#include "solver/operator/operator.h"

typedef struct HeatProbes HeatProbes;

/** Collective; the operator must outlive the probes.
 *  @param[in] at  n points [m] inside the domain or on its boundary. */
PetscErrorCode HeatProbesCreate(const HeatOperator *op, PetscInt n, const PetscReal (*at)[2],
                                HeatProbes **probes);

/** What a value is the sum of: a number from each of the four cells around the point and each of
 *  their surfaces, and from two ends of sides. */
enum { HEAT_PROBE_TERMS = 14 };

/** The terms of each value that this rank's cells give at the operator's present time, 0 in place of
 *  all others.  Not collective for a linear operator.  For another one T must be the field of the
 *  last Update; then it is collective, with one reduction of all points' conductivities.
 *  @param[out] terms  [n][HEAT_PROBE_TERMS] */
PetscErrorCode HeatProbesSample(HeatProbes *probes, const PetscReal *T, PetscReal *terms);

/** n values from the terms of all ranks, added up in one order whoever owns which.  Collective. */
PetscErrorCode HeatProbesReduce(MPI_Comm comm, PetscInt n, const PetscReal *terms,
                                PetscReal *values);

/** The values themselves at time t.  Collective; leaves the boundary values (of an operator that is
 *  not linear: everything) at that time. */
PetscErrorCode HeatProbesValues(HeatProbes *probes, HeatOperator *op, const PetscReal *T,
                                PetscReal t, PetscReal *values);

/** *probes may be NULL. */
PetscErrorCode HeatProbesDestroy(HeatProbes **probes);

#endif
