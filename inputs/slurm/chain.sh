#!/bin/sh
# A run of any length in jobs of a limited time: each job continues from the newest checkpoint of the one before, and the
# job is queued again until the case is done.
#
#     sbatch inputs/slurm/chain.sh CASE.yaml OUTPUT_FOLDER [HEAT2D OPTIONS]
#
# Slurm sends USR1 to the ranks 300 s before the job's time limit; heat2d then writes a checkpoint and stops.  It also finds
# out the end of the job by itself (`limits.slurm`).  HEAT2D and MPI have the meaning that job.sh explains.  A run that fails,
# that is killed before it has stopped, or that stops without a newer checkpoint, is not queued again.
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

# Print how the run of this job ended, from results.json: the launcher may lose the exit code.
status() { sed -n 's/^[[:space:]]*"status":[[:space:]]*"\(.*\)",*$/\1/p' "$output/results.json" 2>/dev/null | head -n 1; }

# Print the name of the newest checkpoint; nothing if there is none.
newest() { for file in "$output"/checkpoint_*.h5; do [ ! -f "$file" ] || echo "$file"; done | sort -V | tail -n 1; }

before=$(newest)
restart=${before:+--restart latest}
rm -f "$output/results.json" # written by the job before; a run that is killed writes none
# shellcheck disable=SC2086
srun --mpi="${MPI:-pmi2}" --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" --cpu-bind=cores \
  "${HEAT2D:-heat2d}" "$case_file" --output "$output" $restart "$@"
code=$?
if [ "$(status)" = stopped ]; then
  # A job that ends without a newer checkpoint, as in the first step or in a steady state, would end so for ever.
  after=$(newest)
  if [ -z "$after" ] || [ "$after" = "$before" ] || [ "$after" = "$output/checkpoint_000000.h5" ]; then
    echo "chain.sh: stopped without a step further; the job needs more time (--time) or a faster solver" >&2
    exit "$code"
  fi
  echo "chain.sh: stopped before the end; queueing job $SLURM_JOB_ID again"
  exec scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
