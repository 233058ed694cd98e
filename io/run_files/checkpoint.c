/** Write and read checkpoints: a field file of the temperature and the stepper's fields, plus the
 *  group /state.
 *
 *  /state holds the rest of a run: numbers as attributes, which HDF5's checksums of object headers
 *  cover, and arrays, which have checksums of heat2d (hdf5_array.h).  Nothing in it depends on the
 *  ranks or the layout of the run that wrote it.
 *
 *      checkpoint_NNNNNN.h5
 *        /                  attributes: step, time, extents, ...
 *        /temperature       f64 [ny][nx]
 *        /NAME              f64 [ny][nx], for each field of the state
 *        /integrity/...     row checksums of these
 *        /state             attributes: step_size, scheme
 *          sums             a group with an attribute for each named scalar
 *          snapshot_steps   int64 [n_snapshots]
 *          snapshot_times   f64 [n_snapshots]
 *          case_text        uint8, UTF-8
 *          case_keys        uint8, UTF-8
 *          tables           uint8, UTF-8
 */
#define _XOPEN_SOURCE 700 /* realpath */
#include "io/run_files/checkpoint.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/field_file/cell_inputs.h"
#include "io/field_file/hdf5_array.h"
#include "io/field_file/hdf5_input.h"
#include "io/run_files/manifest.h"
#include "solver/base/monotonic.h"

/* Snapshots in the list, and [bytes] of a text, that are read.  Derived: each is
   broadcast in one message, whose bytes MPI counts up to 2^31 - 1 (a snapshot has 16). */
#define MAX_SNAPSHOTS  100000000
#define MAX_TEXT_BYTES 1073741824

/* Relative difference between extents that count as equal.  The file stores x0 + nx hx, which has
   rounding errors of a few 1e-16.  Chosen: with a larger value another domain could pass, with one
   of the size of these errors the same domain could be refused. */
#define EXTENT_TOLERANCE 1e-12

PetscErrorCode HeatCheckpointStateClear(HeatCheckpointState *state)
{
  PetscFunctionBeginUser;
  for (PetscInt f = 0; f < state->n_fields; f++) PetscCall(PetscFree(state->fields[f].block));
  PetscCall(PetscFree(state->snapshots));
  PetscCall(PetscFree(state->case_text));
  PetscCall(PetscFree(state->case_keys));
  PetscCall(PetscFree(state->tables));
  memset(state, 0, sizeof(*state));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCheckpointStateSetSum(HeatCheckpointState *state, const char *name, double value)
{
  PetscInt i = 0;

  PetscFunctionBeginUser;
  while (i < state->n_sums && strcmp(state->sums[i].name, name) != 0) i++;
  PetscCheck(i < HEAT_CHECKPOINT_SUMS && strlen(name) < sizeof(state->sums[i].name),
             PETSC_COMM_SELF, PETSC_ERR_ARG_OUTOFRANGE, "a checkpoint has no room for the sum %s",
             name);
  if (i == state->n_sums) state->n_sums++;
  snprintf(state->sums[i].name, sizeof(state->sums[i].name), "%s", name);
  state->sums[i].value = value;
  PetscFunctionReturn(PETSC_SUCCESS);
}

double HeatCheckpointStateGetSum(const HeatCheckpointState *state, const char *name,
                                 double fallback)
{
  for (PetscInt i = 0; i < state->n_sums; i++) {
    if (strcmp(state->sums[i].name, name) == 0) return state->sums[i].value;
  }
  return fallback;
}

PetscErrorCode HeatCheckpointStateSetField(HeatCheckpointState *state, const char *name,
                                           PetscReal *block)
{
  PetscInt f = 0;

  PetscFunctionBeginUser;
  while (f < state->n_fields && strcmp(state->fields[f].name, name) != 0) f++;
  PetscCheck(f < HEAT_CHECKPOINT_FIELDS && strlen(name) < sizeof(state->fields[f].name),
             PETSC_COMM_SELF, PETSC_ERR_ARG_OUTOFRANGE, "a checkpoint has no room for the field %s",
             name);
  if (f == state->n_fields) state->n_fields++;
  snprintf(state->fields[f].name, sizeof(state->fields[f].name), "%s", name);
  state->fields[f].block = block;
  PetscFunctionReturn(PETSC_SUCCESS);
}

const PetscReal *HeatCheckpointStateGetField(const HeatCheckpointState *state, const char *name)
{
  for (PetscInt f = 0; f < state->n_fields; f++) {
    if (strcmp(state->fields[f].name, name) == 0) return state->fields[f].block;
  }
  return NULL;
}

static void CheckpointPath(const char *dir, PetscInt64 step, char *path, size_t size)
{
  snprintf(path, size, "%s/checkpoint_%06lld.h5", dir, (long long)step);
}

/* Write the list of snapshots as two arrays. */
static void WriteSnapshotList(hid_t group, const HeatCheckpointState *state, HeatFileError *error)
{
  const PetscInt n = state->n_snapshots;
  int64_t       *steps;
  double        *times;

  if (n == 0) return;
  if (PetscMalloc2((size_t)n, &steps, (size_t)n, &times)) {
    HeatFileFail(error, "no memory for the list of snapshots");
    return;
  }
  for (PetscInt i = 0; i < n; i++) {
    steps[i] = state->snapshots[i].step;
    times[i] = state->snapshots[i].time;
  }
  HeatH5WriteArray(group, "snapshot_steps", H5T_STD_I64LE, H5T_NATIVE_INT64, n, steps, error);
  HeatH5WriteArray(group, "snapshot_times", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, n, times, error);
  (void)PetscFree2(steps, times);
}

/* Write a text as an array of bytes; a text that is NULL or empty is not written. */
static void WriteLongText(hid_t group, const char *name, const char *text, HeatFileError *error)
{
  if (!text) return;
  HeatH5WriteArray(group, name, H5T_STD_U8LE, H5T_NATIVE_UINT8, (PetscInt64)strlen(text), text,
                   error);
}

/* HeatFieldFileExtra: write /state.  Step and time are attributes of the file's root. */
static void WriteState(int64_t file, void *context, HeatFileError *error)
{
  const HeatCheckpointState *state     = (const HeatCheckpointState *)context;
  const double               step_size = state->step_size;
  hid_t                      group     = HeatH5CreateGroup((hid_t)file, "state", error);
  hid_t                      sums      = HeatH5CreateGroup(group, "sums", error);

  HeatH5WriteDouble(group, "step_size", 0, &step_size, error);
  HeatH5WriteText(group, "scheme", state->scheme, error);
  for (PetscInt i = 0; i < state->n_sums; i++) {
    HeatH5WriteDouble(sums, state->sums[i].name, 0, &state->sums[i].value, error);
  }
  WriteSnapshotList(group, state, error);
  WriteLongText(group, "case_text", state->case_text, error);
  WriteLongText(group, "case_keys", state->case_keys, error);
  WriteLongText(group, "tables", state->tables, error);
  HeatH5Close(error, &sums);
  HeatH5Close(error, &group);
}

/* Read the named scalars, at most HEAT_CHECKPOINT_SUMS of them. */
static void ReadSums(hid_t group, HeatCheckpointState *state, HeatFileError *error)
{
  hid_t sums = -1;

  sums = HeatInputOpenGroup(group, "sums", error);
  for (hsize_t i = 0; !error->failed && i < HEAT_CHECKPOINT_SUMS; i++) {
    char         *name   = state->sums[i].name;
    const size_t  size   = sizeof(state->sums[i].name);
    const ssize_t length = H5Aget_name_by_idx(sums, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, size,
                                              H5P_DEFAULT);

    if (length < 0) break; /* there is no i-th attribute */
    HeatH5ReadDouble(sums, name, 0, &state->sums[i].value, error);
    state->n_sums = (PetscInt)i + 1;
  }
  if (!error->failed && state->n_sums == HEAT_CHECKPOINT_SUMS &&
      H5Aget_name_by_idx(sums, ".", H5_INDEX_NAME, H5_ITER_INC, HEAT_CHECKPOINT_SUMS, NULL, 0,
                         H5P_DEFAULT) >= 0)
    HeatFileFail(error, "it has more than %d sums", HEAT_CHECKPOINT_SUMS);
  HeatH5Close(error, &sums);
}

/* Read the list of snapshots, which is empty where the arrays do not exist. */
static void ReadSnapshotList(hid_t group, HeatCheckpointState *state, HeatFileError *error)
{
  int64_t   *steps;
  double    *times;
  PetscInt64 n, n_times;

  HeatH5ReadArray(group, "snapshot_steps", H5T_NATIVE_INT64, &n, (void **)&steps, error);
  HeatH5ReadArray(group, "snapshot_times", H5T_NATIVE_DOUBLE, &n_times, (void **)&times, error);
  if (!error->failed && (n != n_times || n > MAX_SNAPSHOTS))
    HeatFileFail(error, "its list of snapshots is not whole");
  if (!error->failed && n > 0 && PetscMalloc1((size_t)n, &state->snapshots)) {
    HeatFileFail(error, "no memory for the list of snapshots");
  }
  for (PetscInt64 i = 0; i < n && !error->failed; i++) {
    state->snapshots[i] = (HeatSnapshotEntry){.step = steps[i], .time = times[i]};
    state->n_snapshots  = (PetscInt)i + 1;
  }
  (void)PetscFree(steps);
  (void)PetscFree(times);
}

/* Read a text; NULL where it does not exist. */
static void ReadLongText(hid_t group, const char *name, char **text, HeatFileError *error)
{
  PetscInt64 n;
  char      *bytes;

  HeatH5ReadArray(group, name, H5T_NATIVE_UINT8, &n, (void **)&bytes, error);
  if (!error->failed && n > MAX_TEXT_BYTES)
    HeatFileFail(error, "its %s has %lld bytes", name, (long long)n);
  if (!error->failed && n > 0) {
    if (PetscCalloc1((size_t)n + 1, text)) HeatFileFail(error, "no memory for its %s", name);
    else memcpy(*text, bytes, (size_t)n);
  }
  (void)PetscFree(bytes);
}

/* Enter the names of the fields beside the temperature in the state.  Older files have none. */
static void ListFields(const HeatFieldFileInfo *info, HeatCheckpointState *state,
                       HeatFileError *error)
{
  for (PetscInt f = 0; f < info->n_fields && !error->failed; f++) {
    const char *name = info->fields[f].name;

    if (strcmp(name, "temperature") == 0) continue;
    if (state->n_fields == HEAT_CHECKPOINT_FIELDS ||
        strlen(name) >= sizeof(state->fields[0].name)) {
      HeatFileFail(error, "it has more fields than this version of heat2d knows: %s", name);
      return;
    }
    snprintf(state->fields[state->n_fields].name, sizeof(state->fields[0].name), "%s", name);
    state->fields[state->n_fields++].block = NULL;
  }
}

/* Read the group /state of an open file. */
static void ReadStateGroup(hid_t file, HeatCheckpointState *state, HeatFileError *error)
{
  hid_t  group     = HeatInputOpenGroup(file, "state", error);
  double step_size = 0;

  if (!error->failed) {
    HeatH5ReadDouble(group, "step_size", 0, &step_size, error);
    HeatH5ReadText(group, "scheme", state->scheme, sizeof(state->scheme), error);
    state->step_size = step_size;
    if (!isfinite(step_size)) HeatFileFail(error, "its step_size is not finite");
    ReadSums(group, state, error);
    ReadSnapshotList(group, state, error);
    ReadLongText(group, "case_text", &state->case_text, error);
    ReadLongText(group, "case_keys", &state->case_keys, error);
    ReadLongText(group, "tables", &state->tables, error);
  }
  HeatH5Close(error, &group);
}

/* Read the state from a file whose header has been read.  Rank 0 alone. */
static void ReadState(const char *path, const HeatFieldFileInfo *info, HeatCheckpointState *state,
                      HeatFileError *error)
{
  hid_t file = HeatH5OpenRead(path, error);

  state->step = info->step;
  state->time = info->time;
  if (file >= 0) ReadStateGroup(file, state, error);
  if (!isfinite(state->time) || state->time < 0.0 || state->step < 0)
    HeatFileFail(error, "its time is %g s and its step %lld", (double)state->time,
                 (long long)state->step);
  ListFields(info, state, error);
  HeatH5Close(error, &file);
}

/* Return whether two states have equal named scalars, bit by bit. */
static PetscBool SameSums(const HeatCheckpointState *a, const HeatCheckpointState *b)
{
  for (PetscInt i = 0; i < a->n_sums; i++) {
    const double back = HeatCheckpointStateGetSum(b, a->sums[i].name, NAN);

    if (memcmp(&back, &a->sums[i].value, sizeof(back)) != 0) return PETSC_FALSE;
  }
  return a->n_sums == b->n_sums ? PETSC_TRUE : PETSC_FALSE;
}

/* Return whether two texts are equal; NULL counts as "". */
static PetscBool SameText(const char *a, const char *b)
{
  return strcmp(a ? a : "", b ? b : "") == 0 ? PETSC_TRUE : PETSC_FALSE;
}

/* HeatFieldFileExtra: fail unless /state reads back as it was written. */
static void CheckState(int64_t file, void *context, HeatFileError *error)
{
  const HeatCheckpointState *state = (const HeatCheckpointState *)context;
  HeatCheckpointState        back  = {.step = state->step};

  ReadStateGroup((hid_t)file, &back, error);
  if (!error->failed &&
      (back.step_size != state->step_size || strcmp(back.scheme, state->scheme) != 0 ||
       !SameSums(state, &back) || back.n_snapshots != state->n_snapshots ||
       !SameText(state->case_text, back.case_text) || !SameText(state->case_keys, back.case_keys) ||
       !SameText(state->tables, back.tables))) {
    HeatFileFail(error, "reading it back gives another state than was written");
  }
  (void)HeatCheckpointStateClear(&back);
}

/* Broadcast a text of rank 0.  Collective on comm. */
static PetscErrorCode BroadcastText(MPI_Comm comm, char **text)
{
  PetscMPIInt rank,
      length = *text ? (PetscMPIInt)strlen(*text) + 1 : 0; /* at most MAX_TEXT_BYTES */

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Bcast(&length, 1, MPI_INT, 0, comm));
  if (rank && length) PetscCall(PetscMalloc1((size_t)length, text));
  PetscCallMPI(MPI_Bcast(*text, length, MPI_CHAR, 0, comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Broadcast the state of rank 0, without blocks.  Collective on comm. */
static PetscErrorCode BroadcastState(MPI_Comm comm, HeatCheckpointState *state)
{
  HeatCheckpointState mine = *state;
  PetscMPIInt         rank, bytes;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Bcast(&mine, (PetscMPIInt)sizeof(mine), MPI_BYTE, 0, comm));
  mine.snapshots = state->snapshots; /* the broadcast has overwritten the pointers */
  mine.case_text = state->case_text;
  mine.case_keys = state->case_keys;
  mine.tables    = state->tables;
  if (rank && mine.n_snapshots) PetscCall(PetscMalloc1((size_t)mine.n_snapshots, &mine.snapshots));
  PetscCall(
      PetscMPIIntCast((PetscInt)(sizeof(*mine.snapshots) * (size_t)mine.n_snapshots), &bytes));
  PetscCallMPI(MPI_Bcast(mine.snapshots, bytes, MPI_BYTE, 0, comm));
  PetscCall(BroadcastText(comm, &mine.case_text));
  PetscCall(BroadcastText(comm, &mine.case_keys));
  PetscCall(BroadcastText(comm, &mine.tables));
  *state = mine;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read header and state.  Collective on comm; every rank returns with the same error, which is not
   raised. */
static PetscErrorCode TryReadState(MPI_Comm comm, const char *path, HeatFieldFileInfo *info,
                                   HeatCheckpointState *state, HeatFileError *error)
{
  PetscMPIInt rank;

  PetscFunctionBeginUser;
  memset(state, 0, sizeof(*state));
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCall(HeatFieldFileTryInfo(comm, path, info, error));
  if (!error->failed && strcmp(info->kind, "checkpoint") != 0) {
    HeatFileFail(error, "it is a %s, not a checkpoint", info->kind);
  }
  if (!error->failed && rank == 0) ReadState(path, info, state, error);
  PetscCall(HeatFileShare(comm, error));
  if (!error->failed) PetscCall(BroadcastState(comm, state));
  else PetscCall(HeatCheckpointStateClear(state));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCheckpointReadState(MPI_Comm comm, const char *path, HeatCheckpointState *state)
{
  HeatFileError      error = {0};
  HeatFieldFileInfo *info;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&info));
  PetscCall(TryReadState(comm, path, info, state, &error));
  PetscCall(PetscFree(info));
  PetscCall(HeatFileAgree(comm, path, "read", &error));
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

/* Return whether a checkpoint can be read and has the numbers of `state`.  Collective on comm. */
static PetscErrorCode HasState(MPI_Comm comm, const char *path, const HeatCheckpointState *state,
                               PetscBool *has)
{
  HeatFieldFileInfo  *info;
  HeatCheckpointState other;
  HeatFileError       error = {0};

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&info));
  PetscCall(TryReadState(comm, path, info, &other, &error));
  *has = !error.failed && SameSums(state, &other) && other.time == state->time &&
                 SameText(other.case_keys, state->case_keys)
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
  CheckpointPath(dir, state->step, same, sizeof(same));
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0 && LiesIn(path, dir)) where = INSIDE;
  else if (rank == 0 && lstat(same, &status) == 0 && S_ISREG(status.st_mode))
    where = PERHAPS_A_COPY;
  PetscCallMPI(MPI_Bcast(&where, 1, MPI_INT, 0, comm));
  *is = where == INSIDE ? PETSC_TRUE : PETSC_FALSE;
  if (where == PERHAPS_A_COPY) PetscCall(HasState(comm, same, state, is));
  PetscFunctionReturn(PETSC_SUCCESS);
}

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

/* Read the temperature and the named fields.  Blocks are owned by the state, after a failure, too.
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

/* Print one line when the manifest of a checkpoint describes another file.  Rank 0 alone. */
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
   @param[out] other_grid  true: it failed because its grid is not that of the case */
static PetscErrorCode TryRead(const HeatGrid *grid, const char *path, HeatCheckpointState *state,
                              PetscReal *T, PetscBool *other_grid, HeatFileError *error)
{
  const double       start = HeatMonotonicTime();
  HeatFieldFileInfo *info;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&info));
  PetscCall(TryReadState(grid->comm, path, info, state, error));
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

/* Delete a checkpoint and its manifest; that they do not exist is not a failure.  Rank 0 alone. */
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
    CheckpointPath(dir, steps[i], path, sizeof(path));
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

/* Delete an earlier manifest of that name, which would describe another file.  Rank 0 alone. */
static void RemoveManifest(const char *path)
{
  char manifest[PETSC_MAX_PATH_LEN];

  HeatManifestPath(path, manifest, sizeof(manifest));
  (void)unlink(manifest);
}

/* Print the line that the checkpoint of a step could not be written, with the newest earlier step
   that has one.  Collective on comm. */
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

/* Return the bytes of the texts and of the list of snapshots. */
static PetscInt64 TextBytes(const HeatCheckpointState *state)
{
  const char *const texts[] = {state->case_text, state->case_keys, state->tables};
  PetscInt64        bytes   = 16 * (PetscInt64)state->n_snapshots;

  for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
    bytes += texts[k] ? (PetscInt64)strlen(texts[k]) : 0;
  return bytes;
}

/* Describe the file of a checkpoint: its options, whose context is the state, and its fields, the
   temperature first. */
static void DescribeFile(const HeatCheckpointOptions *options, const HeatCheckpointState *state,
                         const PetscReal *T, HeatFieldFileOptions *file_options,
                         HeatFileField fields[1 + HEAT_CHECKPOINT_FIELDS])
{
  const PetscInt n = PetscMin(state->n_fields, HEAT_CHECKPOINT_FIELDS);

  *file_options = (HeatFieldFileOptions){.kind        = "checkpoint",
                                         .title       = options->title,
                                         .step        = state->step,
                                         .time        = state->time,
                                         .hints       = options->hints,
                                         .alignment   = options->alignment,
                                         .verify      = options->verify,
                                         .extra       = WriteState,
                                         .extra_check = CheckState,
                                         .context     = (void *)state,
                                         .extra_bytes = TextBytes(state)};
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
  CheckpointPath(dir, state->step, path, sizeof(path));
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

/* An asynchronous checkpoint: the job that writes the file, and what HeatCheckpointEnd needs. */
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
  CheckpointPath(dir, state->step, job->path, sizeof(job->path));
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

/* Print a note for each link in a folder that has the name of a checkpoint: it is no checkpoint of
   this folder's run, and a fresh run does not remove it.  Rank 0 alone. */
static PetscErrorCode NoteForeign(const char *dir)
{
  HeatFileError ignored = {0};
  PetscInt      n;
  PetscInt64   *steps;

  PetscFunctionBeginUser;
  PetscCall(HeatFolderSteps(dir, "checkpoint_", ".h5", PETSC_FALSE, &n, &steps, &ignored));
  for (PetscInt i = 0; i < n; i++) {
    char path[PETSC_MAX_PATH_LEN];

    CheckpointPath(dir, steps[i], path, sizeof(path));
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

    CheckpointPath(dir, steps[i], path, size);
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
