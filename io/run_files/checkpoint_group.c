/** The group /state of a checkpoint (checkpoint_group.h).
 *
 *  /state holds the state of a run without its fields: numbers as attributes, which HDF5's
 *  checksums of object headers cover, and arrays, which have checksums of heat2d (hdf5_array.h).
 *  Nothing in it depends on the ranks or the layout of the run that wrote it.
 *
 *      checkpoint_NNNNNN.h5
 *        /                  attributes: step, time, extents, ...
 *        /temperature       f64 [ny][nx]
 *        /NAME              f64 [ny][nx], for each field of the state
 *        /integrity/...     row checksums of the fields
 *        /state             attributes: step_size, scheme
 *          sums             a group with an attribute for each named scalar
 *          snapshot_steps   int64 [n_snapshots]
 *          snapshot_times   f64 [n_snapshots]
 *          case_text        uint8, UTF-8
 *          case_keys        uint8, UTF-8
 *          tables           uint8, UTF-8
 */
#include "io/run_files/checkpoint_group.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/field_file/hdf5_array.h"
#include "io/field_file/hdf5_input.h"

/* The largest list of snapshots, and the largest text [bytes], that are read.  Derived: each is
   broadcast in one message, whose bytes MPI counts up to 2^31 - 1; a snapshot has 16 bytes. */
#define MAX_SNAPSHOTS  100000000
#define MAX_TEXT_BYTES 1073741824

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

void HeatCheckpointGroupWrite(int64_t file, void *context, HeatFileError *error)
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

PetscInt64 HeatCheckpointGroupBytes(const HeatCheckpointState *state)
{
  const char *const texts[] = {state->case_text, state->case_keys, state->tables};
  PetscInt64        bytes   = 16 * (PetscInt64)state->n_snapshots;

  for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
    bytes += texts[k] ? (PetscInt64)strlen(texts[k]) : 0;
  return bytes;
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

/* Set the names of the state's fields, from the datasets of the file besides the temperature. */
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

void HeatCheckpointGroupCheck(int64_t file, void *context, HeatFileError *error)
{
  const HeatCheckpointState *state = (const HeatCheckpointState *)context;
  HeatCheckpointState        back  = {.step = state->step};

  ReadStateGroup((hid_t)file, &back, error);
  if (!error->failed &&
      (back.step_size != state->step_size || strcmp(back.scheme, state->scheme) != 0 ||
       !HeatCheckpointStateSameSums(state, &back) || back.n_snapshots != state->n_snapshots ||
       !HeatCheckpointSameText(state->case_text, back.case_text) ||
       !HeatCheckpointSameText(state->case_keys, back.case_keys) ||
       !HeatCheckpointSameText(state->tables, back.tables))) {
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

PetscErrorCode HeatCheckpointTryReadState(MPI_Comm comm, const char *path, HeatFieldFileInfo *info,
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
