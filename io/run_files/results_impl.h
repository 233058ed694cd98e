/** What the files that write results.json share: the parts of the record about what a run cost. */
#ifndef HEAT_IO_RESULTS_IMPL_H
#define HEAT_IO_RESULTS_IMPL_H

#include "io/file/json.h"
#include "io/run_files/results.h"

/** Put the members `decomposition`, `communication`, `timing`, and `fom` with `memory` into the
 *  record. */
void HeatResultsPutDecomposition(HeatJson *root, const HeatResults *r);
void HeatResultsPutCommunication(HeatJson *root, const HeatResults *r);
void HeatResultsPutTiming(HeatJson *root, const HeatResults *r);
void HeatResultsPutFom(HeatJson *root, const HeatResults *r);

/** Put the statistics of snapshots or checkpoints, and return the object, for more keys. */
HeatJson *HeatResultsPutFiles(HeatJson *io, const char *key, const HeatFileStats *stats);

/** Put the bandwidths of checkpoints: apparent, until the system had taken the bytes, and durable,
 *  until they were synced; beside them the bandwidths of a plain file (the probe) and of reading a
 *  checkpoint. */
void HeatResultsPutDisk(HeatJson *io, HeatJson *checkpoints, const HeatResults *r);

#endif
