/** The manifest of a checkpoint, checkpoint_NNNNNN.json beside checkpoint_NNNNNN.h5: who wrote it, how
 *  and how fast.
 *
 *  Everything that two writers of the same bytes differ in stands here, so that the checkpoint itself
 *  depends on nothing but the run's state.  A restart needs no manifest.  One that tells of another
 *  file is said and not believed.  Nothing here is collective.
 */
#ifndef HEAT_IO_MANIFEST_H
#define HEAT_IO_MANIFEST_H

#include "io/field_file/field_file.h"
#include "io/file/json.h"

#define HEAT_MANIFEST_SCHEMA "heat2d manifest 1"

/** Beside the statistics of the write, what only the writer knows.  Borrowed. */
typedef struct {
  const char *program;  /* "heat2d 0.1.0 (1a2b3c4d5e6f)", or NULL */
  const char *verified; /* "none", "sample", "full" */
  PetscInt64  step;
  PetscReal   time; /* [s] */
} HeatManifest;

/** The manifest's name for that of a checkpoint: .json in place of .h5. */
void HeatManifestPath(const char *checkpoint, char *path, size_t size);

/** The seconds of each phase of a write, by name; in results.json, too. */
void HeatManifestPutPhases(HeatJson *object, const HeatFileStats *stats);

/** Write the manifest of a checkpoint that is in place.  Rank 0 of the grid alone. */
void HeatManifestWrite(const HeatGrid *grid, const char *checkpoint, const HeatManifest *manifest,
                       const HeatFileStats *stats, HeatFileError *error);

/** "by heat2d 0.1.0 (1a2b3c4d5e6f) on 8 ranks, 2026-01-31T12:00:00Z", or "by nobody knows whom" without
 *  a manifest; returns buffer. */
const char *HeatManifestDescribeWriter(const char *checkpoint, char *buffer, size_t size);

/** How a checkpoint's manifest contradicts the checkpoint: "" when it does not, or is not there.
 *  @param[in] info  of the checkpoint; checksums of its values are compared when they are known */
void HeatManifestCompare(const char *checkpoint, const HeatFieldFileInfo *info, char *difference,
                         size_t size);

#endif
