/** The parts of results.json that are written outside of results.c: the cost of a run
 *  (results_cost.c), the use of the machine (results_use.c) and the regions (results_regions.c). */
#ifndef HEAT_IO_RESULTS_IMPL_H
#define HEAT_IO_RESULTS_IMPL_H

#include "io/file/json.h"
#include "io/run_files/results.h"

/** Put the member `decomposition`, `communication`, `timing`, `fom` or `memory` into the record. */
void HeatResultsPutDecomposition(HeatJson *root, const HeatResults *r);
void HeatResultsPutCommunication(HeatJson *root, const HeatResults *r);
void HeatResultsPutTiming(HeatJson *root, const HeatResults *r);
void HeatResultsPutFom(HeatJson *root, const HeatResults *r);
void HeatResultsPutMemory(HeatJson *root, const HeatResults *r);

/** Put the members about the use of the machine: `pop`, `breakdown`, `step_times`, `bandwidth`,
 *  `electricity` and `clock`. */
void HeatResultsPutMetrics(HeatJson *root, const HeatResults *r);

/** Put the statistics of snapshots or checkpoints as the object `key`.  Return the object, to which
 *  the caller can add keys. */
HeatJson *HeatResultsPutFiles(HeatJson *io, const char *key, const HeatFileStats *stats);

/** Put the bandwidths of checkpoints: the apparent one, until the system has accepted the bytes,
 *  and the durable one, until the bytes are synced.  Also put the writers, the hints, and the
 *  bandwidths of a plain file (the disk probe) and of reading the checkpoint of a restart. */
void HeatResultsPutDisk(HeatJson *io, HeatJson *checkpoints, const HeatResults *r);

/** Put the member `regions`. */
void HeatResultsPutRegions(HeatJson *root, const HeatResults *r);

#endif
