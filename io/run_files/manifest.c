/** Write and compare the manifests of checkpoints, as JSON files.
 *
 *  A manifest is written after the checkpoint has its final name.  It can therefore be missing, and
 *  a manifest that remained from an earlier run can describe another file.  Hence no other code
 *  depends on it.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/run_files/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define BITS_TEXT 32 /* [bytes]; "0x", 16 hexadecimal digits and the terminating zero take 19 */

void HeatManifestPath(const char *checkpoint, char *path, size_t size)
{
  const size_t length = strlen(checkpoint), tail = strlen(".h5");

  snprintf(path, size, "%.*s.json", (int)(length > tail ? length - tail : length), checkpoint);
}

void HeatManifestPutPhases(HeatJson *object, const HeatFileStats *stats)
{
  HeatJsonPutNumber(object, "open", stats->seconds_open);
  HeatJsonPutNumber(object, "exchange", stats->seconds_exchange);
  HeatJsonPutNumber(object, "write", stats->seconds_write);
  HeatJsonPutNumber(object, "close", stats->seconds_close);
  HeatJsonPutNumber(object, "sync", stats->seconds_sync);
  HeatJsonPutNumber(object, "verify", stats->seconds_verify);
}

/* Put the seconds of the whole write and of its phases. */
static void PutSeconds(HeatJson *root, const HeatFileStats *stats)
{
  HeatJson *seconds = HeatJsonAddObject(root, "seconds");

  HeatJsonPutNumber(seconds, "all", stats->seconds);
  HeatManifestPutPhases(seconds, stats);
}

/* Put the date, the program, the host and the layout of the ranks. */
static void PutWriter(HeatJson *root, const HeatGrid *grid, const HeatManifest *manifest)
{
  const double processes[2]                 = {(double)grid->px, (double)grid->py};
  char         host[MPI_MAX_PROCESSOR_NAME] = "", now[32] = "";
  PetscMPIInt  length;
  const time_t seconds = time(NULL);
  struct tm    utc;

  if (MPI_Get_processor_name(host, &length) != MPI_SUCCESS) host[0] = '\0';
  if (gmtime_r(&seconds, &utc)) (void)strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", &utc);
  HeatJsonPutText(root, "written", now);
  HeatJsonPutText(root, "program", manifest->program);
  HeatJsonPutText(root, "host", host);
  HeatJsonPutCount(root, "ranks", grid->size);
  HeatJsonPutCount(root, "nodes", grid->n_nodes);
  HeatJsonPutNumbers(root, "processes", 2, processes);
}

void HeatManifestWrite(const HeatGrid *grid, const char *checkpoint, const HeatManifest *manifest,
                       const HeatFileStats *stats, HeatFileError *error)
{
  char      path[PETSC_MAX_PATH_LEN];
  HeatJson *root = HeatJsonCreate();

  HeatManifestPath(checkpoint, path, sizeof(path));
  HeatJsonPutText(root, "schema", HEAT_MANIFEST_SCHEMA);
  HeatJsonPutText(root, "file", HeatPathName(checkpoint));
  HeatJsonPutCount(root, "bytes", stats->bytes);
  HeatJsonPutCount(root, "step", manifest->step);
  HeatJsonPutNumber(root, "time", manifest->time);
  HeatJsonPutBits(root, "bookkeeping", stats->bookkeeping);
  HeatJsonPutBits(root, "values", stats->values);
  HeatJsonPutText(root, "verified", manifest->verified);
  PutWriter(root, grid, manifest);
  PutSeconds(root, stats);
  HeatJsonWrite(path, root, error);
  HeatJsonDestroy(&root);
}

char *HeatManifestDescribeWriter(const char *checkpoint, char *buffer, size_t size)
{
  char      path[PETSC_MAX_PATH_LEN], program[128], written[32];
  HeatJson *root;

  HeatManifestPath(checkpoint, path, sizeof(path));
  root = HeatJsonRead(path);
  HeatJsonGetText(root, "program", program, sizeof(program));
  HeatJsonGetText(root, "written", written, sizeof(written));
  snprintf(buffer, size, "by %s on %lld ranks, %s", program,
           (long long)HeatJsonGetCount(root, "ranks"), written);
  if (!program[0]) snprintf(buffer, size, "by an unknown program: no readable manifest");
  HeatJsonDestroy(&root);
  return buffer;
}

/* Return whether the text of member `key` is not that of `bits` in hexadecimal digits. */
static PetscBool Differs(const HeatJson *root, const char *key, uint64_t bits)
{
  char expected[BITS_TEXT], found[BITS_TEXT];

  snprintf(expected, sizeof(expected), "0x%016" PRIx64, bits);
  HeatJsonGetText(root, key, found, sizeof(found));
  return strcmp(expected, found) != 0 ? PETSC_TRUE : PETSC_FALSE;
}

void HeatManifestCompare(const char *checkpoint, const HeatFieldFileInfo *info, char *difference,
                         size_t size)
{
  char             path[PETSC_MAX_PATH_LEN], schema[sizeof(HEAT_MANIFEST_SCHEMA) + 16];
  HeatJson        *root;
  const PetscInt64 steps = info->step, bytes = info->bytes;

  difference[0] = '\0';
  HeatManifestPath(checkpoint, path, sizeof(path));
  if (!HeatFileExists(path)) return;
  root = HeatJsonRead(path);
  HeatJsonGetText(root, "schema", schema, sizeof(schema));
  if (strcmp(schema, HEAT_MANIFEST_SCHEMA) != 0) {
    snprintf(difference, size, "it is not a manifest of this version");
  } else if (HeatJsonGetCount(root, "step") != steps) {
    snprintf(difference, size, "its step is %lld, the checkpoint's %lld",
             (long long)HeatJsonGetCount(root, "step"), (long long)steps);
  } else if (HeatJsonGetCount(root, "bytes") != bytes) {
    snprintf(difference, size, "its checkpoint has %lld bytes, this one %lld",
             (long long)HeatJsonGetCount(root, "bytes"), (long long)bytes);
  } else if (info->sealed && Differs(root, "bookkeeping", info->bookkeeping)) {
    snprintf(difference, size, "the checksum of its checkpoint's bookkeeping is another one");
  } else if (info->has_values && Differs(root, "values", info->values)) {
    snprintf(difference, size, "the checksum of its checkpoint's values is another one");
  }
  HeatJsonDestroy(&root);
}
