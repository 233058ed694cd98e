/** The time that is left of a Slurm job. */
#ifndef HEAT_APP_SLURM_H
#define HEAT_APP_SLURM_H

#include "solver/base/error.h"

enum { HEAT_JOB_ID = 32 };

/** Of the job that this process is part of (SLURM_JOB_ID).  Rank 0 looks, once: at SLURM_JOB_END_TIME
 *  (Slurm 22.05 and later), else it asks squeue for this one job and waits five seconds at most.
 *  Collective on comm.
 *  @param[out] left  [s] from now, also negative; infinite: no job, no end, or nobody knows
 *  @param[out] job   its number; "" where there is no job */
PetscErrorCode HeatSlurmTimeLeft(MPI_Comm comm, PetscReal *left, char job[HEAT_JOB_ID]);

/** What `squeue -o %L` prints, D-HH:MM:SS, HH:MM:SS or MM:SS, in seconds; infinite for UNLIMITED
 *  and for all that it is not. */
PetscReal HeatSlurmParseLeft(const char *text);

#endif
