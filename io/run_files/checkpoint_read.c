/** Read checkpoints (checkpoint.h): compare the grid, read the fields and the state, and find the
 *  newest usable checkpoint of a folder. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "io/run_files/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/field_file/cell_inputs.h"
#include "io/run_files/checkpoint_group.h"
#include "io/run_files/checkpoint_impl.h"
#include "io/run_files/manifest.h"
#include "solver/base/monotonic.h"

/* Largest relative difference of extents that count as equal.  The file stores x0 + nx hx, which
   has rounding errors of a few 1e-16.  Chosen: a larger tolerance could accept another domain; one
   of the size of these errors could refuse the right domain. */
#define EXTENT_TOLERANCE 1e-12

/* Return whether the extent a equals [start, end] within EXTENT_TOLERANCE. */
static PetscBool SameExtent(const PetscReal a[2], PetscReal start, PetscReal end)
{
  const PetscReal tolerance = EXTENT_TOLERANCE *
                              PetscMax(end - start, PetscMax(fabs(start), fabs(end)));

  return fabs(a[0] - start) <= tolerance && fabs(a[1] - end) <= tolerance ? PETSC_TRUE
                                                                          : PETSC_FALSE;
}

/* Fail unless the checkpoint has the cells and the extents of the grid. */
static void CheckGrid(const HeatGrid *g, const HeatFieldFileInfo *info, HeatFileError *error)
{
  const PetscReal x1 = g->x0 + (PetscReal)g->nx * g->hx, y1 = g->y0 + (PetscReal)g->ny * g->hy;

  if (info->nx != g->nx || info->ny != g->ny) {
    HeatFileFail(error,
                 "it has [nx, ny] = [%" PetscInt_FMT ", %" PetscInt_FMT
                 "] cells, and the case has [%" PetscInt_FMT ", %" PetscInt_FMT "]",
                 info->nx, info->ny, g->nx, g->ny);
  } else if (!SameExtent(info->x, g->x0, x1) || !SameExtent(info->y, g->y0, y1)) {
    HeatFileFail(
        error, "its domain is x [%g, %g], y [%g, %g] m, and the case's is x [%g, %g], y [%g, %g] m",
        (double)info->x[0], (double)info->x[1], (double)info->y[0], (double)info->y[1],
        (double)g->x0, (double)x1, (double)g->y0, (double)y1);
  }
}

/* Read a field, whose values must be finite.  Collective on grid->comm; every rank returns with the
   same error. */
static PetscErrorCode TryReadField(const HeatGrid *grid, const char *path, const char *name,
                                   PetscReal *block, HeatFileError *error)
{
  char where[128];

  PetscFunctionBeginUser;
  PetscCall(HeatFieldFileTryRead(grid, path, name, HEAT_ELEMENT_DOUBLE, block, error));
  if (error->failed) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatCellInputsFindNonFinite(grid, block, where, sizeof(where)));
  if (where[0]) HeatFileFail(error, "its dataset %s is %s", name, where);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read the temperature and the named fields.  The state owns the blocks, also after a failure.
   Collective on grid->comm; every rank returns with the same error. */
static PetscErrorCode TryReadFields(const HeatGrid *grid, const char *path,
                                    HeatCheckpointState *state, PetscReal *T, HeatFileError *error)
{
  PetscFunctionBeginUser;
  PetscCall(TryReadField(grid, path, "temperature", T, error));
  for (PetscInt f = 0; f < state->n_fields && !error->failed; f++) {
    PetscCall(PetscMalloc1(HeatGridLocalCells(grid), &state->fields[f].block));
    PetscCall(TryReadField(grid, path, state->fields[f].name, state->fields[f].block, error));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Warn if the manifest of a checkpoint describes another file.  Rank 0 alone. */
static PetscErrorCode WarnForeignManifest(const char *path, const HeatFieldFileInfo *info)
{
  char difference[160], manifest[PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  HeatManifestCompare(path, info, difference, sizeof(difference));
  HeatManifestPath(path, manifest, sizeof(manifest));
  if (difference[0]) {
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                           "heat2d: warning: %s describes another file (%s) and is ignored; the "
                           "checkpoint has checksums of its own\n",
                           manifest, difference));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read a checkpoint.  Collective on grid->comm; every rank returns with the same error, which is
   not raised.  After a failure the state is zero.
   @param[out] other_grid  true if it failed because the grid of the case is another one; else it is
                           false or unchanged */
static PetscErrorCode TryRead(const HeatGrid *grid, const char *path, HeatCheckpointState *state,
                              PetscReal *T, PetscBool *other_grid, HeatFileError *error)
{
  const double       start = HeatMonotonicTime();
  HeatFieldFileInfo *info;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&info));
  PetscCall(HeatCheckpointTryReadState(grid->comm, path, info, state, error));
  if (!error->failed) {
    CheckGrid(grid, info, error);
    *other_grid = error->failed;
  }
  if (!error->failed) PetscCall(TryReadFields(grid, path, state, T, error));
  if (error->failed) PetscCall(HeatCheckpointStateClear(state));
  else if (grid->rank == 0) PetscCall(WarnForeignManifest(path, info));
  if (!error->failed) {
    state->bytes   = info->bytes;
    state->seconds = HeatMonotonicTime() - start;
  }
  PetscCall(PetscFree(info));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCheckpointRead(const HeatGrid *grid, const char *path,
                                  HeatCheckpointState *state, PetscReal *T)
{
  HeatFileError error      = {0};
  PetscBool     other_grid = PETSC_FALSE;

  PetscFunctionBeginUser;
  PetscCall(TryRead(grid, path, state, T, &other_grid, &error));
  PetscCall(HeatFileAgree(grid->comm, path, "read", &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Print a note for each link, or other file that is not a regular one, with the name of a
   checkpoint: it is no checkpoint of this folder's run, and a fresh run does not remove it.  Rank 0
   alone. */
static PetscErrorCode NoteForeign(const char *dir)
{
  HeatFileError ignored = {0};
  PetscInt      n;
  PetscInt64   *steps;

  PetscFunctionBeginUser;
  PetscCall(HeatFolderSteps(dir, "checkpoint_", ".h5", PETSC_FALSE, &n, &steps, &ignored));
  for (PetscInt i = 0; i < n; i++) {
    char path[PETSC_MAX_PATH_LEN];

    HeatCheckpointPath(dir, steps[i], path, sizeof(path));
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                           "heat2d: note: %s is passed over, since it is no file of this folder (a "
                           "link, for example); --restart FILE continues from it\n",
                           path));
  }
  PetscCall(PetscFree(steps));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* List the steps of the checkpoints in a folder, ascending, as rank 0 finds them.  Collective on
   comm.
   @param[out] steps  [*n], freed by the caller with PetscFree */
static PetscErrorCode ListSteps(MPI_Comm comm, const char *dir, PetscInt *n, PetscInt64 **steps)
{
  HeatFileError error = {0};
  PetscMPIInt   rank;

  PetscFunctionBeginUser;
  *steps = NULL;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    PetscCall(NoteForeign(dir));
    PetscCall(HeatFolderSteps(dir, "checkpoint_", ".h5", PETSC_TRUE, n, steps, &error));
  }
  PetscCall(HeatFileAgree(comm, dir, "read", &error));
  PetscCallMPI(MPI_Bcast(n, 1, MPIU_INT, 0, comm));
  if (rank) PetscCall(PetscMalloc1((size_t)*n, steps));
  PetscCallMPI(MPI_Bcast(*steps, (PetscMPIInt)*n, MPIU_INT64, 0, comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Raise HEAT_ERR_FILE because none of the n checkpoints in a folder can be used. */
static PetscErrorCode RaiseNoCheckpoint(MPI_Comm comm, const char *dir, PetscInt n)
{
  PetscFunctionBeginUser;
  HeatCheck(n > 0, comm, HEAT_ERR_FILE, "there is no checkpoint in %s to restart from", dir);
  HeatCheck(PETSC_FALSE, comm, HEAT_ERR_FILE,
            "none of the %" PetscInt_FMT " checkpoints in %s can be used", n, dir);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCheckpointReadLatest(const HeatGrid *grid, const char *dir, char *path,
                                        size_t size, HeatCheckpointState *state, PetscReal *T)
{
  PetscInt    n;
  PetscInt64 *steps;
  PetscBool   found = PETSC_FALSE;

  PetscFunctionBeginUser;
  memset(state, 0, sizeof(*state));
  PetscCall(ListSteps(grid->comm, dir, &n, &steps));
  for (PetscInt i = n - 1; i >= 0 && !found; i--) {
    HeatFileError error      = {0};
    PetscBool     other_grid = PETSC_FALSE;

    HeatCheckpointPath(dir, steps[i], path, size);
    PetscCall(TryRead(grid, path, state, T, &other_grid, &error));
    found = error.failed ? PETSC_FALSE : PETSC_TRUE;
    if (found) break;
    if (other_grid) PetscCall(PetscFree(steps));
    if (other_grid) PetscCall(HeatFileAgree(grid->comm, path, "read", &error));
    PetscCall(PetscFPrintf(grid->comm, PETSC_STDERR, "heat2d: warning: %s is passed over: %s\n",
                           path, error.text));
  }
  PetscCall(PetscFree(steps));
  if (!found) PetscCall(RaiseNoCheckpoint(grid->comm, dir, n));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether a file, links resolved, lies in a folder. */
static PetscBool LiesIn(const char *path, const char *dir)
{
  char        folder[PETSC_MAX_PATH_LEN];
  char       *resolved = realpath(path, NULL);
  struct stat mine, there;

  if (!resolved) return PETSC_FALSE;
  HeatPathFolder(resolved, folder, sizeof(folder));
  free(resolved);
  return stat(folder, &mine) == 0 && stat(dir, &there) == 0 && mine.st_ino == there.st_ino &&
                 mine.st_dev == there.st_dev
             ? PETSC_TRUE
             : PETSC_FALSE;
}

/* Set *has to whether the checkpoint `path` can be read, and its time, named scalars and case_keys
   are those of `state`.  Collective on comm. */
static PetscErrorCode HasState(MPI_Comm comm, const char *path, const HeatCheckpointState *state,
                               PetscBool *has)
{
  HeatFieldFileInfo  *info;
  HeatCheckpointState other;
  HeatFileError       error = {0};

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&info));
  PetscCall(HeatCheckpointTryReadState(comm, path, info, &other, &error));
  *has = !error.failed && HeatCheckpointStateSameSums(state, &other) && other.time == state->time &&
                 HeatCheckpointSameText(other.case_keys, state->case_keys)
             ? PETSC_TRUE
             : PETSC_FALSE;
  PetscCall(HeatCheckpointStateClear(&other));
  PetscCall(PetscFree(info));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCheckpointIsOfFolder(MPI_Comm comm, const char *path,
                                        const HeatCheckpointState *state, const char *dir,
                                        PetscBool *is)
{
  enum { ELSEWHERE, INSIDE, PERHAPS_A_COPY };
  char        same[PETSC_MAX_PATH_LEN];
  struct stat status;
  PetscMPIInt rank, where = ELSEWHERE;

  PetscFunctionBeginUser;
  HeatCheckpointPath(dir, state->step, same, sizeof(same));
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0 && LiesIn(path, dir)) where = INSIDE;
  else if (rank == 0 && lstat(same, &status) == 0 && S_ISREG(status.st_mode))
    where = PERHAPS_A_COPY;
  PetscCallMPI(MPI_Bcast(&where, 1, MPI_INT, 0, comm));
  *is = where == INSIDE ? PETSC_TRUE : PETSC_FALSE;
  if (where == PERHAPS_A_COPY) PetscCall(HasState(comm, same, state, is));
  PetscFunctionReturn(PETSC_SUCCESS);
}
