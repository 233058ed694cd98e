/** The main function of a benchmark. */
#ifndef HEAT_TESTS_BENCH_MAIN_H
#define HEAT_TESTS_BENCH_MAIN_H

#include "solver/base/error.h"

/** Initialise PETSc, call `work`, finalise, and return one of heat2d's exit codes. */
static inline int BenchMain(int argc, char **argv, PetscErrorCode (*work)(void))
{
  PetscErrorCode code;
  int            exit_code = 0;

  if (PetscInitialize(&argc, &argv, NULL, NULL)) return HEAT_EXIT_INTERNAL;
  code = HeatErrorInstall();
  if (!code) code = work();
  if (code) {
    exit_code = HeatErrorExitCode(code);
    if (exit_code == HEAT_EXIT_INTERNAL) (void)MPI_Abort(MPI_COMM_WORLD, exit_code);
  }
  if (PetscFinalize() && exit_code == 0) exit_code = HEAT_EXIT_INTERNAL;
  return exit_code;
}

#endif
