#!/bin/sh
# One run of heat2d under Slurm.  Change the lines with SBATCH, or give the same options to sbatch:
#
#     sbatch --nodes=4 --ntasks-per-node=64 inputs/slurm/job.sh CASE.yaml [HEAT2D OPTIONS]
#
# HEAT2D names the program (default: heat2d, found by PATH), MPI the way in which Slurm starts the ranks (`srun --mpi=list`;
# default pmi2, which MPICH understands; Open MPI needs pmix).
#SBATCH --job-name=heat2d
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=2
#SBATCH --cpus-per-task=1
#SBATCH --time=01:00:00
set -eu
# Since Slurm 22.05 srun does not read --cpus-per-task from the job, so it is passed on.
exec srun --mpi="${MPI:-pmi2}" --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" --cpu-bind=cores "${HEAT2D:-heat2d}" "$@"
