#!/bin/sh
# Strong scaling: one case on several numbers of ranks of one allocation, as an array of jobs; element k has 2^k ranks.
#
#     sbatch --array=0-5 --nodes=1 --ntasks=32 inputs/slurm/scaling.sh CASE.yaml [HEAT2D OPTIONS]
#
# All elements of an array get equally large allocations, so give the largest number of ranks.  To scale over nodes, submit
# one job for each number of nodes, with --array=K where 2^K is the number of its ranks.  Element k writes to the folder
# scaling/ranks-R with R = 2^k (results.json: `fom`, `timing`).  HEAT2D and MPI have the meaning that job.sh explains.
#SBATCH --job-name=heat2d-scaling
#SBATCH --cpus-per-task=1
#SBATCH --exclusive
#SBATCH --time=00:30:00
set -eu
ranks=$((1 << SLURM_ARRAY_TASK_ID))
exec srun --ntasks="$ranks" --mpi="${MPI:-pmi2}" --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" --cpu-bind=cores \
  "${HEAT2D:-heat2d}" "$@" --output "scaling/ranks-$ranks"
