/** The case on which kernels are measured (calibration_case.h). */
#include "app/calibrate/calibration_case.h"

#include <stdio.h>

#include "io/case_file/case_file.h"

PetscErrorCode HeatCalibrationCase(MPI_Comm comm, PetscInt nx, PetscInt ny,
                                   HeatCoefficients coefficients, const char *time, HeatCase **c)
{
  PetscMPIInt size;
  char        text[1024];

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(comm, &size));
  (void)snprintf(text, sizeof text,
                 "grid: {cells: [%" PetscInt_FMT ", %" PetscInt_FMT "], x: [0, 1], y: [0, %.17g]}\n"
                 "materials: [{name: m, conductivity: \"%s\", density: 1.0, specific_heat: 1.0}]\n"
                 "regions: [{material: m}]\n"
                 "initial: {temperature: \"1 + 0.5*cos(3*pi*x)*cos(2*pi*y)\"}\n"
                 "boundary: {left: {type: temperature, value: 2.0}}\n"
                 "time: {%s, steps: 1}\n",
                 nx, ny, (double)ny / (double)nx,
                 coefficients == HEAT_UNIFORM ? "1" : "1 + 0.4*sin(97*x)*sin(89*y)", time);
  PetscCall(HeatCaseReadText(comm, "calibration", text, 0, NULL, c));
  PetscCall(HeatCaseValidate(comm, *c, size));
  PetscFunctionReturn(PETSC_SUCCESS);
}
