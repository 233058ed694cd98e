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

#include "solver/operator.h"

typedef struct HeatProbes HeatProbes;

/** Collective; the operator must outlive the probes.
 *  @param[in] at  n points [m] inside the domain or on its boundary. */
PetscErrorCode HeatProbesCreate(const HeatOperator *op, PetscInt n, const PetscReal (*at)[2],
                                HeatProbes **probes);

/** This rank's share of each value at the operator's present time: the sum over ranks is the
 *  temperature.  Not collective for a linear operator.  For another one T must be the field of the
 *  last Update; then it is collective, with one reduction of all points' conductivities.
 *  @param[out] share  n numbers */
PetscErrorCode HeatProbesSample(HeatProbes *probes, const PetscReal *T, PetscReal *share);

/** The values themselves at time t.  Collective; leaves the boundary values (of an operator that is
 *  not linear: everything) at that time. */
PetscErrorCode HeatProbesValues(HeatProbes *probes, HeatOperator *op, const PetscReal *T,
                                PetscReal t, PetscReal *values);

/** *probes may be NULL. */
PetscErrorCode HeatProbesDestroy(HeatProbes **probes);

#endif
