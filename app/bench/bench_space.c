/** The disk space that a run of the reference workload needs (bench.h). */
#define _POSIX_C_SOURCE 200809L /* lstat */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "app/bench/bench_last.h"

/* Find the part of a path that exists, and return the free bytes of its file system; infinite where
   the system does not say. */
static double FreeBytes(const char *directory, char *path, size_t size)
{
  struct statvfs room;
  char          *slash;

  (void)snprintf(path, size, "%s", directory);
  while (statvfs(path, &room) != 0) {
    slash = strrchr(path, '/');
    if (!slash && !strcmp(path, ".")) return INFINITY;
    if (slash == path) path[1] = '\0';
    else if (slash) *slash = '\0';
    else (void)snprintf(path, size, ".");
    if (!strcmp(path, "/") && statvfs(path, &room) != 0) return INFINITY;
  }
  return (double)room.f_bavail * (double)room.f_frsize;
}

/* Return the space that an earlier result takes [bytes], which the run deletes before it writes. */
static double EarlierBytes(const char *directory)
{
  static const char *const names[] = {HEAT_FIELD_NAME, "proof.json", "results.json"};
  double                   bytes   = 0.0;

  for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
    char        path[PETSC_MAX_PATH_LEN];
    struct stat status;

    (void)snprintf(path, sizeof path, "%s/%s", directory, names[k]);
    if (lstat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1)
      bytes += 512.0 * (double)status.st_blocks;
  }
  return bytes;
}

/* Return the space that `files` files of a field take [bytes].  2 % and 1 MB are chosen for
   headers, checksums, record and proof. */
static double NeededBytes(int files, const HeatBenchClass *size)
{
  return files * 1.02 * 8.0 * (double)size->cells * (double)size->cells + 1e6;
}

PetscErrorCode HeatBenchCheckSpace(MPI_Comm comm, const HeatBenchRequest *q)
{
  const double          GB    = 1e9; /* [bytes] */
  const PetscBool       two   = (PetscBool)(q->id.workload == HEAT_BENCH_CHECKPOINT);
  const int             files = two ? 2 : 1; /* two checkpoints, or one and the probe */
  const double          need  = NeededBytes(files, q->id.size);
  const HeatBenchClass *fits  = NULL;
  char                  path[PETSC_MAX_PATH_LEN], other[64] = "no class fits there";
  double                have;

  PetscFunctionBeginUser;
  if (!two && !HeatBenchWritesLast(q)) PetscFunctionReturn(PETSC_SUCCESS);
  have = FreeBytes(q->directory, path, sizeof path) + EarlierBytes(q->directory);
  PetscCallMPI(MPI_Bcast(&have, 1, MPI_DOUBLE, 0, comm));
  for (const HeatBenchClass *c = HeatBenchClasses; c->name; c++)
    if (NeededBytes(files, c) <= have) fits = c;
  if (fits) (void)snprintf(other, sizeof other, "class %s fits there", fits->name);
  HeatCheck(need <= have, comm, HEAT_ERR_INPUT,
            "class %s needs %.3g GB of disk space for %s, and the file system of %s "
            "has %.3g GB left; name another one with --output (%s)",
            q->id.size->name, need / GB, two ? "two checkpoints" : "its last field", path,
            have / GB, other);
  PetscFunctionReturn(PETSC_SUCCESS);
}
