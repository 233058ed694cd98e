/** The case on which kernels are measured. */
#ifndef HEAT_APP_CALIBRATION_CASE_H
#define HEAT_APP_CALIBRATION_CASE_H

#include "solver/case/case.h"
#include "solver/model/machine.h"

/** Make a validated case of nx x ny square cells with a warm left side.  Collective on comm.
 *  @param[in]  coefficients  conductivity 1 W/(m K), or a formula of x and y between 0.6 and 1.4
 *  @param[in]  time          members of the section `time`, such as "scheme: ftcs, step: auto"
 *  @param[out] c             destroy it with HeatCaseDestroy */
PetscErrorCode HeatCalibrationCase(MPI_Comm comm, PetscInt nx, PetscInt ny,
                                   HeatCoefficients coefficients, const char *time, HeatCase **c);

#endif
