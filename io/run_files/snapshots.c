/** Write the snapshots of a run and keep the list of them.
 *
 *  The list ascends by step.  It is stored in every checkpoint, so that a restart writes an XDMF
 *  file that contains the earlier snapshots, too.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/run_files/snapshots.h"

#include <stdio.h>
#include <string.h>

#include "io/file/file_util.h"
#include "solver/base/heartbeat.h"

struct HeatSnapshots {
  const HeatGrid    *grid;        /* borrowed */
  char              *dir, *title; /* owned */
  HeatCompression    compression;
  const char        *hints;       /* borrowed */
  PetscInt           alignment;   /* [bytes] */
  PetscInt64         broken_halo; /* EVERY of --break-halo; 0: none */
  PetscInt           n, room;     /* number of entries: used, allocated */
  HeatSnapshotEntry *entries;     /* owned [n], by ascending step */
  HeatXdmfFields    *fields;      /* owned [n]; fields of each entry, complete on rank 0 alone */
  HeatFileStats      stats;       /* sums since the start of the process */
};

void HeatSnapshotsSetLayout(HeatSnapshots *snapshots, const char *hints, PetscInt alignment)
{
  snapshots->hints     = hints;
  snapshots->alignment = alignment;
}

void HeatSnapshotsSetBrokenHalo(HeatSnapshots *snapshots, PetscInt64 every)
{
  snapshots->broken_halo = every;
}

PetscErrorCode HeatSnapshotsCreate(const HeatGrid *grid, const char *dir, const char *title,
                                   HeatCompression compression, HeatSnapshots **snapshots)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(snapshots));
  (*snapshots)->grid        = grid;
  (*snapshots)->compression = compression;
  PetscCall(PetscStrallocpy(dir, &(*snapshots)->dir));
  PetscCall(PetscStrallocpy(title ? title : "", &(*snapshots)->title));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSnapshotsDestroy(HeatSnapshots **snapshots)
{
  PetscFunctionBeginUser;
  if (!*snapshots) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFree((*snapshots)->dir));
  PetscCall(PetscFree((*snapshots)->title));
  PetscCall(PetscFree((*snapshots)->entries));
  PetscCall(PetscFree((*snapshots)->fields));
  PetscCall(PetscFree(*snapshots));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Format the path of a step's snapshot. */
static void SnapshotPath(const HeatSnapshots *s, PetscInt64 step, char *path, size_t size)
{
  snprintf(path, size, "%s/snapshot_%06lld.h5", s->dir, (long long)step);
}

/* Insert a field: the temperature comes first, so that viewers show it, the others are sorted by
   name.  HDF5 lists the fields of a file in another order; sorting makes the XDMF file of a
   continued run equal to that of an uninterrupted one. */
static void AddField(HeatXdmfFields *fields, const char *name, HeatElement element)
{
  PetscInt at = fields->n;

  if (fields->n == HEAT_MAX_FILE_FIELDS) return;
  while (at > 0 && (strcmp(name, "temperature") == 0 ||
                    (strcmp(fields->fields[at - 1].name, "temperature") != 0 &&
                     strcmp(fields->fields[at - 1].name, name) > 0))) {
    fields->fields[at] = fields->fields[at - 1];
    at--;
  }
  snprintf(fields->fields[at].name, sizeof(fields->fields[at].name), "%s", name);
  fields->fields[at].element = element;
  fields->n++;
}

/* Insert an entry by its step; an existing entry of that step is replaced. */
static PetscErrorCode AddEntry(HeatSnapshots *s, HeatSnapshotEntry entry,
                               const HeatXdmfFields *fields)
{
  PetscInt at = s->n;

  PetscFunctionBeginUser;
  while (at > 0 && s->entries[at - 1].step > entry.step) at--;
  if (at > 0 && s->entries[at - 1].step == entry.step) {
    s->entries[at - 1] = entry;
    s->fields[at - 1]  = *fields;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (s->n == s->room) {
    s->room = s->room ? 2 * s->room : 64;
    PetscCall(PetscRealloc((size_t)s->room * sizeof(*s->entries), &s->entries));
    PetscCall(PetscRealloc((size_t)s->room * sizeof(*s->fields), &s->fields));
  }
  for (PetscInt i = s->n; i > at; i--) {
    s->entries[i] = s->entries[i - 1];
    s->fields[i]  = s->fields[i - 1];
  }
  s->entries[at] = entry;
  s->fields[at]  = *fields;
  s->n++;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write snapshots.xdmf for the list so far.  Collective on grid->comm. */
static PetscErrorCode WriteXdmf(const HeatSnapshots *s)
{
  char          path[PETSC_MAX_PATH_LEN];
  HeatFileError error = {0};

  PetscFunctionBeginUser;
  snprintf(path, sizeof(path), "%s/snapshots.xdmf", s->dir);
  if (s->grid->rank == 0) {
    PetscCall(HeatXdmfWrite(path, s->title, s->grid->nx, s->grid->ny, s->n, s->entries, s->fields,
                            &error));
  }
  PetscCall(HeatFileAgree(s->grid->comm, path, "written", &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read the names and types of the fields of an earlier snapshot.  Warn about a file that cannot be
   read.  Rank 0 alone.
   @param[out] readable  whether the file can be read; one that does not exist cannot */
static PetscErrorCode ReadFields(const HeatSnapshots *s, PetscInt64 step, HeatXdmfFields *fields,
                                 char *readable)
{
  char               path[PETSC_MAX_PATH_LEN];
  HeatFieldFileInfo *info;
  HeatFileError      error = {0};

  PetscFunctionBeginUser;
  *readable = 0;
  fields->n = 0;
  SnapshotPath(s, step, path, sizeof(path));
  if (!HeatFileExists(path)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscNew(&info));
  PetscCall(HeatFieldFileTryInfo(PETSC_COMM_SELF, path, info, &error));
  for (PetscInt f = 0; f < info->n_fields && !error.failed; f++)
    AddField(fields, info->fields[f].name, info->fields[f].element);
  PetscCall(PetscFree(info));
  HeatBeat();
  *readable = !error.failed;
  if (error.failed)
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                           "heat2d: warning: the earlier snapshot %s cannot be read (%s); "
                           "snapshots.xdmf leaves it out\n",
                           path, error.text));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSnapshotsResume(HeatSnapshots *s, PetscInt n, const HeatSnapshotEntry *entries)
{
  char           *there;
  HeatXdmfFields *fields;

  PetscFunctionBeginUser;
  PetscCall(PetscCalloc1((size_t)n + 1, &there));
  PetscCall(PetscCalloc1((size_t)n + 1, &fields));
  for (PetscInt i = 0; i < n && s->grid->rank == 0; i++)
    PetscCall(ReadFields(s, entries[i].step, &fields[i], &there[i]));
  PetscCallMPI(MPI_Bcast(there, (PetscMPIInt)n, MPI_CHAR, 0, s->grid->comm));
  for (PetscInt i = 0; i < n; i++)
    if (there[i]) PetscCall(AddEntry(s, entries[i], &fields[i]));
  PetscCall(PetscFree(fields));
  PetscCall(PetscFree(there));
  if (s->n > 0) PetscCall(WriteXdmf(s));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSnapshotsWrite(HeatSnapshots *s, PetscInt64 step, PetscReal time,
                                  PetscInt n_fields, const HeatFileField *fields)
{
  const HeatFieldFileOptions options = {.kind        = "snapshot",
                                        .title       = s->title,
                                        .step        = step,
                                        .time        = time,
                                        .broken_halo = s->broken_halo,
                                        .compression = s->compression,
                                        .hints       = s->hints,
                                        .alignment   = s->alignment};
  HeatXdmfFields             listed  = {.n = 0};
  char                       path[PETSC_MAX_PATH_LEN];
  HeatFileStats              stats;

  PetscFunctionBeginUser;
  SnapshotPath(s, step, path, sizeof(path));
  PetscCall(HeatFieldFileWrite(s->grid, path, &options, n_fields, fields, &stats));
  HeatFileStatsAdd(&s->stats, &stats);
  for (PetscInt f = 0; f < n_fields; f++) AddField(&listed, fields[f].name, fields[f].element);
  PetscCall(AddEntry(s, (HeatSnapshotEntry){.step = step, .time = time}, &listed));
  PetscCall(WriteXdmf(s));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatSnapshotsGetList(const HeatSnapshots *s, PetscInt *n, const HeatSnapshotEntry **entries)
{
  *n       = s->n;
  *entries = s->entries;
}

void HeatSnapshotsGetStats(const HeatSnapshots *s, HeatFileStats *stats) { *stats = s->stats; }
