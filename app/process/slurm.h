/** Remaining time of the Slurm job that this process belongs to. */
#ifndef HEAT_APP_SLURM_H
#define HEAT_APP_SLURM_H

#include "solver/base/error.h"

/* [bytes] of a job number with its terminating zero.  Chosen; a longer number is cut. */
enum { HEAT_JOB_ID = 32 };

/** Look up the time left in the job named by SLURM_JOB_ID.  Rank 0 reads SLURM_JOB_END_TIME, which
 *  Slurm sets since version 22.05; without it rank 0 runs squeue once, for this job alone, and
 *  waits for at most 5 s.  Collective on comm.
 *  @param[out] left  [s] from now on, negative after the job's end; infinite where there is no job,
 *                    the job has no time limit, or the limit cannot be found out
 *  @param[out] job   the job's number, "" where there is no job */
PetscErrorCode HeatSlurmTimeLeft(MPI_Comm comm, PetscReal *left, char job[HEAT_JOB_ID]);

/** Convert the output of `squeue -o %L` (D-HH:MM:SS, HH:MM:SS or MM:SS) to seconds.  Return
 *  infinity for UNLIMITED and for any other text. */
PetscReal HeatSlurmParseLeft(const char *text);

#endif
