#!/bin/sh
# A run of any length in jobs of a limited time: each job continues from the newest checkpoint of the one before, and the
# job is queued again until the case is done.
#
#     sbatch inputs/slurm/chain.sh CASE.yaml OUTPUT_FOLDER [HEAT2D OPTIONS]
#
# Slurm sends USR1 to the ranks 300 s before the time is over; heat2d then writes a checkpoint and stops.  It also finds the
# end of the job by itself (`limits.slurm`).  HEAT2D and MPI are those of job.sh.  A run that fails is not queued again.
#SBATCH --job-name=heat2d-chain
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=2
#SBATCH --cpus-per-task=1
#SBATCH --time=01:00:00
#SBATCH --signal=USR1@300
#SBATCH --requeue
#SBATCH --open-mode=append
set -u
if [ $# -lt 2 ]; then
  echo "usage: sbatch chain.sh CASE.yaml OUTPUT_FOLDER [HEAT2D OPTIONS]" >&2
  exit 2
fi
case_file=$1 output=$2
shift 2

# results.json says how the last job ended; its code may be lost on the way through the launcher.
status() { sed -n 's/^[[:space:]]*"status":[[:space:]]*"\(.*\)",*$/\1/p' "$output/results.json" 2>/dev/null | head -n 1; }

restart=
for file in "$output"/checkpoint_*.h5; do [ ! -f "$file" ] || restart="--restart latest"; done
rm -f "$output/results.json" # that of the job before; a job that is killed leaves none
# shellcheck disable=SC2086
srun --mpi="${MPI:-pmi2}" --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" --cpu-bind=cores \
  "${HEAT2D:-heat2d}" "$case_file" --output "$output" $restart "$@"
code=$?
if [ "$(status)" = stopped ]; then
  echo "chain.sh: stopped before the end; queueing job $SLURM_JOB_ID again"
  exec scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
