/** Measuring a machine: `heat2d plan --calibrate FILE` (inputs/machines/README.md). */
#ifndef HEAT_APP_CALIBRATE_H
#define HEAT_APP_CALIBRATE_H

#include "app/calibrate/job.h"
#include "solver/model/machine.h"

/** Measure the machine on which the ranks of comm run, write a machine file, and print what was
 *  measured.  Collective on comm.
 *  @param[in] path    the machine file; its folder is on the file system that is measured
 *  @param[in] budget  [s] that the calibration may take, roughly
 *  @param[in] least   take the least of the samples of each time instead of their lower quartile
 *  @param[in] quiet   print nothing
 *  Errors: HEAT_ERR_FILE when files cannot be written or read. */
PetscErrorCode HeatCalibrate(MPI_Comm comm, const char *path, double budget, PetscBool least,
                             PetscBool quiet);

/** Measure the memory bandwidth of a node by ranks in use, with arrays larger than the caches that
 *  the system reports, up to 128 MiB each.  Collective on job->world. */
PetscErrorCode HeatCalibrateMemory(const HeatJob *job, HeatMachine *machine);

/** Measure messages within and between nodes, of all pairs of ranks or nodes at once, and
 *  allreduces.  With one node there is nothing between nodes, and `between` stays not given; with
 *  one rank on each node, assumed numbers stand for messages within a node.  Collective on
 *  job->world. */
PetscErrorCode HeatCalibrateNetwork(const HeatJob *job, HeatMachine *machine);

/** Measure the file system of the folder of `path`.  Collective on job->world.
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatCalibrateFiles(const HeatJob *job, const char *path, HeatMachine *machine);

/** Measure the cost of heat2d's kernels on square grids, on one rank of each node, then on all
 *  ranks at once.  machine->memory_bandwidth must be known.  Collective on job->world.
 *  Errors: HEAT_ERR_INPUT for options of PETSc that do not fit the solver. */
PetscErrorCode HeatCalibrateKernels(const HeatJob *job, HeatMachine *machine);

/** Measure what a halo exchange of heat2d costs in addition to its messages (packing, starting,
 *  waiting).  All other numbers of the machine must be known.  Collective on job->world. */
PetscErrorCode HeatCalibrateExchange(const HeatJob *job, HeatMachine *machine);

#endif
