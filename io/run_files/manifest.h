/** The manifest of a checkpoint, checkpoint_NNNNNN.json beside checkpoint_NNNNNN.h5: which program
 *  wrote it, how, and how fast.
 *
 *  Everything that may differ between two runs with equal checkpoints is stored here, so that the
 *  bytes of a checkpoint depend on nothing but the run's state.  A restart needs no
 *  manifest.  A manifest that describes another file is reported and ignored.  Nothing here is
 *  collective.
 */
#ifndef HEAT_IO_MANIFEST_H
#define HEAT_IO_MANIFEST_H

#include "io/field_file/field_file.h"
#include "io/file/json.h"

#define HEAT_MANIFEST_SCHEMA "heat2d manifest 1"

/** The entries of a manifest besides the statistics of the write.  Pointers are borrowed. */
typedef struct {
  const char *program;  /* name, version, commit: "heat2d 0.1.0 (1a2b3c4d5e6f)"; or NULL */
  const char *verified; /* how much was read back: "none", "sample", "full" */
  PetscInt64  step;
  PetscReal   time; /* [s] */
} HeatManifest;

/** Format the path of a checkpoint's manifest: .json in place of .h5. */
void HeatManifestPath(const char *checkpoint, char *path, size_t size);

/** Put the seconds of each phase of a write into a JSON object, by name, for a manifest or for
 *  results.json. */
void HeatManifestPutPhases(HeatJson *object, const HeatFileStats *stats);

/** Write the manifest of a checkpoint that has its final name.  Rank 0 of the grid alone calls it.
 *  Failures are noted in `error`; the checkpoint is not affected. */
void HeatManifestWrite(const HeatGrid *grid, const char *checkpoint, const HeatManifest *manifest,
                       const HeatFileStats *stats, HeatFileError *error);

/** Describe which program wrote a checkpoint, and when: "by heat2d 0.1.0 (1a2b3c4d5e6f) on 8 ranks,
 *  2026-01-31T12:00:00Z", or "by an unknown program: no readable manifest".  Return buffer. */
char *HeatManifestDescribeWriter(const char *checkpoint, char *buffer, size_t size);

/** Describe the first difference between the manifest of a checkpoint and the checkpoint; "" when
 *  there is none, or no manifest.
 *  @param[in]  info        information on the checkpoint; the checksum of its values is compared if
 *                          it is known
 *  @param[out] difference  a clause, for a message */
void HeatManifestCompare(const char *checkpoint, const HeatFieldFileInfo *info, char *difference,
                         size_t size);

#endif
