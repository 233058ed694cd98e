/** Write checkpoints (checkpoint.h), at once or asynchronously.  A checkpoint is a field file of
 *  the temperature and the stepper's fields with the group /state (checkpoint_group.c).  When it
 *  has its name, its manifest is written and older checkpoints are deleted. */
#include "io/run_files/checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/run_files/checkpoint_group.h"
#include "io/run_files/checkpoint_impl.h"
#include "io/run_files/manifest.h"

void HeatCheckpointPath(const char *dir, PetscInt64 step, char *path, size_t size)
{
  snprintf(path, size, "%s/checkpoint_%06lld.h5", dir, (long long)step);
}

/* Delete a checkpoint and its manifest, if they exist.  Rank 0 alone. */
static void RemoveCheckpoint(const char *path, HeatFileError *error)
{
  char manifest[PETSC_MAX_PATH_LEN];

  HeatManifestPath(path, manifest, sizeof(manifest));
  if ((unlink(manifest) != 0 && errno != ENOENT) || (unlink(path) != 0 && errno != ENOENT))
    HeatFileFailErrno(error, HeatPathName(path));
}

/* Delete the checkpoints of steps up to `step` that `keep` does not name.  Warn about files that
   cannot be deleted, since they fill the disk.  Rank 0 alone. */
static PetscErrorCode RemoveOlder(const char *dir, HeatCheckpointKeep keep, PetscInt64 step)
{
  char          path[PETSC_MAX_PATH_LEN];
  HeatFileError error = {0};
  PetscInt      n, newer = 0;
  PetscInt64   *steps;

  PetscFunctionBeginUser;
  PetscCall(HeatFolderSteps(dir, "checkpoint_", ".h5", PETSC_TRUE, &n, &steps, &error));
  for (PetscInt i = n - 1; i >= 0; i--) {
    if (steps[i] > step || newer++ < PetscMax(keep.newest, 1)) continue;
    if (keep.every > 0 && steps[i] % keep.every == 0) continue;
    HeatCheckpointPath(dir, steps[i], path, sizeof(path));
    RemoveCheckpoint(path, &error);
  }
  PetscCall(PetscFree(steps));
  if (error.failed) {
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                           "heat2d: warning: older checkpoints in %s cannot be removed: %s\n", dir,
                           error.text));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write the manifest of a checkpoint that has its final name, then delete older checkpoints.  A
   failure is one line on stderr; it does not affect the checkpoint.  Rank 0 alone. */
static PetscErrorCode CommitWithManifest(const HeatGrid *grid, const char *dir, const char *path,
                                         const HeatCheckpointOptions *options, PetscInt64 step,
                                         PetscReal time, const HeatFileStats *stats)
{
  const HeatManifest manifest = {.program  = options->program,
                                 .verified = HeatReadBackNames[options->verify],
                                 .step     = step,
                                 .time     = time};
  HeatFileError      error    = {0};

  PetscFunctionBeginUser;
  HeatManifestWrite(grid, path, &manifest, stats, &error);
  if (error.failed) {
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                           "heat2d: warning: the manifest of %s cannot be written: %s; the "
                           "checkpoint itself is in place\n",
                           path, error.text));
  }
  PetscCall(RemoveOlder(dir, options->keep, step));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Delete an earlier manifest of the checkpoint that is about to be written.  Rank 0 alone. */
static void RemoveManifest(const char *path)
{
  char manifest[PETSC_MAX_PATH_LEN];

  HeatManifestPath(path, manifest, sizeof(manifest));
  (void)unlink(manifest);
}

/* Warn that the checkpoint of a step could not be written, and name the newest earlier checkpoint.
   Collective on comm. */
static PetscErrorCode WarnNotWritten(MPI_Comm comm, const char *dir, const char *path,
                                     PetscInt64 step, const char *reason)
{
  HeatFileError ignored = {0};
  PetscMPIInt   rank;
  PetscInt      n     = 0;
  PetscInt64   *steps = NULL;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0)
    PetscCall(HeatFolderSteps(dir, "checkpoint_", ".h5", PETSC_TRUE, &n, &steps, &ignored));
  while (n > 0 && steps[n - 1] >= step) n--;
  if (n > 0) {
    PetscCall(PetscFPrintf(
        comm, PETSC_STDERR,
        "heat2d: warning: %s cannot be written: %s; the run continues, the newest checkpoint is "
        "still that of step %lld\n",
        path, reason, (long long)steps[n - 1]));
  } else {
    PetscCall(PetscFPrintf(
        comm, PETSC_STDERR,
        "heat2d: warning: %s cannot be written: %s; the run continues without a checkpoint\n", path,
        reason));
  }
  PetscCall(PetscFree(steps));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set the options of a checkpoint's file, whose context is the state, and its fields, of which the
   temperature is the first. */
static void DescribeFile(const HeatCheckpointOptions *options, const HeatCheckpointState *state,
                         const PetscReal *T, HeatFieldFileOptions *file_options,
                         HeatFileField fields[1 + HEAT_CHECKPOINT_FIELDS])
{
  const PetscInt n = PetscMin(state->n_fields, HEAT_CHECKPOINT_FIELDS);

  *file_options = (HeatFieldFileOptions){.kind        = "checkpoint",
                                         .title       = options->title,
                                         .step        = state->step,
                                         .time        = state->time,
                                         .broken_halo = options->broken_halo,
                                         .hints       = options->hints,
                                         .alignment   = options->alignment,
                                         .verify      = options->verify,
                                         .extra       = HeatCheckpointGroupWrite,
                                         .extra_check = HeatCheckpointGroupCheck,
                                         .context     = (void *)state,
                                         .extra_bytes = HeatCheckpointGroupBytes(state)};
  for (PetscInt f = 0; f <= n; f++) {
    const char *name = f ? state->fields[f - 1].name : "temperature";

    fields[f] = (HeatFileField){.name      = name,
                                .units     = f ? "1" : "K",
                                .long_name = name,
                                .element   = HEAT_ELEMENT_DOUBLE,
                                .block     = f ? state->fields[f - 1].block : T};
  }
}

PetscErrorCode HeatCheckpointWrite(const HeatGrid *grid, const char *dir,
                                   const HeatCheckpointOptions *options,
                                   const HeatCheckpointState *state, const PetscReal *T,
                                   PetscBool *written, HeatFileStats *stats)
{
  HeatFileField        fields[1 + HEAT_CHECKPOINT_FIELDS];
  HeatFieldFileOptions file_options;
  char                 path[PETSC_MAX_PATH_LEN];
  HeatFileError        error = {0};
  HeatFileStats        own;

  PetscFunctionBeginUser;
  HeatCheckpointPath(dir, state->step, path, sizeof(path));
  DescribeFile(options, state, T, &file_options, fields);
  if (grid->rank == 0) RemoveManifest(path);
  PetscCall(
      HeatFieldFileTryWrite(grid, path, &file_options, 1 + state->n_fields, fields, &own, &error));
  if (written) *written = error.failed ? PETSC_FALSE : PETSC_TRUE;
  if (stats) *stats = own;
  if (!error.failed) {
    if (grid->rank == 0)
      PetscCall(CommitWithManifest(grid, dir, path, options, state->step, state->time, &own));
  } else if (written) PetscCall(WarnNotWritten(grid->comm, dir, path, state->step, error.text));
  else PetscCall(HeatFileAgree(grid->comm, path, "written", &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* An asynchronous checkpoint: the job that writes the file, and the data for HeatCheckpointEnd. */
struct HeatCheckpointJob {
  const HeatGrid       *grid;        /* borrowed */
  HeatFieldFileJob     *file;        /* owned */
  HeatCheckpointOptions options;     /* title and hints are used by HeatCheckpointBegin alone */
  char                  program[64]; /* copy of the options' program */
  char                  dir[PETSC_MAX_PATH_LEN], path[PETSC_MAX_PATH_LEN]; /* folder; final name */
  PetscInt64            step;
  PetscReal             time; /* [s] */
};

PetscErrorCode HeatCheckpointBegin(const HeatGrid *grid, const char *dir,
                                   const HeatCheckpointOptions *options,
                                   const HeatCheckpointState *state, const PetscReal *T,
                                   HeatFieldFileCopies *copies, HeatCheckpointJob **made)
{
  HeatFileField        fields[1 + HEAT_CHECKPOINT_FIELDS];
  HeatFieldFileOptions file_options;
  HeatFileError        error = {0};
  HeatCheckpointJob   *job;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&job));
  job->grid    = grid;
  job->options = *options;
  job->step    = state->step;
  job->time    = state->time;
  PetscCall(
      PetscStrncpy(job->program, options->program ? options->program : "", sizeof(job->program)));
  job->options.program = options->program ? job->program : NULL;
  PetscCall(PetscStrncpy(job->dir, dir, sizeof(job->dir)));
  HeatCheckpointPath(dir, state->step, job->path, sizeof(job->path));
  DescribeFile(options, state, T, &file_options, fields);
  if (grid->rank == 0) RemoveManifest(job->path);
  PetscCall(HeatFieldFileBegin(grid, job->path, &file_options, 1 + state->n_fields, fields, copies,
                               &job->file, &error));
  if (error.failed) {
    PetscCall(WarnNotWritten(grid->comm, dir, job->path, state->step, error.text));
    PetscCall(PetscFree(job));
  }
  *made = job;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCheckpointTest(HeatCheckpointJob *job, PetscBool *ready)
{
  return HeatFieldFileTest(job->file, PETSC_FALSE, ready);
}

PetscErrorCode HeatCheckpointEnd(HeatCheckpointJob **out, PetscBool *written, HeatFileStats *stats)
{
  HeatCheckpointJob *job   = *out;
  HeatFileError      error = {0};

  PetscFunctionBeginUser;
  PetscCall(HeatFieldFileEnd(&job->file, stats, &error));
  *written = error.failed ? PETSC_FALSE : PETSC_TRUE;
  if (error.failed)
    PetscCall(WarnNotWritten(job->grid->comm, job->dir, job->path, job->step, error.text));
  else if (job->grid->rank == 0)
    PetscCall(CommitWithManifest(job->grid, job->dir, job->path, &job->options, job->step,
                                 job->time, stats));
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
