/** The parts of results.json about the cost of a run: blocks, messages, time, memory, files. */
#include <math.h>

#include "io/file/hints.h"
#include "io/run_files/manifest.h"
#include "io/run_files/results_impl.h"

/* Put a number of messages or bytes, between or within nodes: the predictions for one halo
   exchange, for one deep halo exchange and for all exchanges of the run, and the counted number. */
static void PutTraffic(HeatJson *parent, const HeatResults *r, const char *key, PetscInt64 each,
                       PetscInt64 each_deep, PetscInt64 counted)
{
  const PetscInt64 n       = r->decomposition.exchanges;
  HeatJson        *traffic = HeatJsonAddObject(parent, key);

  HeatJsonPutCount(traffic, "per_exchange", each);
  HeatJsonPutCount(traffic, "per_deep_exchange", r->decomposition.deep ? each_deep : -1);
  HeatJsonPutCount(traffic, "predicted",
                   each < 0 || n < 0 ? -1 : each * n + each_deep * r->decomposition.deep_exchanges);
  HeatJsonPutCount(traffic, "counted", counted);
}

void HeatResultsPutDecomposition(HeatJson *root, const HeatResults *r)
{
  HeatJson *d = HeatJsonAddObject(root, "decomposition"), *messages, *bytes;

  HeatJsonPutNumbers(d, "processes", 2,
                     (const double[]){(double)r->decomposition.px, (double)r->decomposition.py});
  HeatJsonPutText(d, "mapping", r->decomposition.mapping);
  HeatJsonPutCount(d, "cells_min", r->decomposition.cells_min);
  HeatJsonPutCount(d, "cells_max", r->decomposition.cells_max);
  HeatJsonPutText(d, "weights", r->decomposition.weights);
  HeatJsonPutNumber(d, "load_balance", r->decomposition.load_balance);
  HeatJsonPutNumber(d, "load_balance_measured", r->decomposition.measured_balance);
  HeatJsonPutCount(d, "halo_exchanges", r->decomposition.exchanges);
  HeatJsonPutCount(d, "deep_exchanges", r->decomposition.deep_exchanges);
  HeatJsonPutCount(d, "deep_cells", r->decomposition.deep ? r->decomposition.deep : -1);
  messages = HeatJsonAddObject(d, "messages");
  PutTraffic(messages, r, "between_nodes", r->decomposition.messages_between,
             r->decomposition.deep_messages[1], r->decomposition.total_messages_between);
  PutTraffic(messages, r, "within_nodes", r->decomposition.messages_within,
             r->decomposition.deep_messages[0], r->decomposition.total_messages_within);
  bytes = HeatJsonAddObject(d, "bytes");
  PutTraffic(bytes, r, "between_nodes", r->decomposition.bytes_between,
             r->decomposition.deep_bytes[1], r->decomposition.total_bytes_between);
  PutTraffic(bytes, r, "within_nodes", r->decomposition.bytes_within,
             r->decomposition.deep_bytes[0], r->decomposition.total_bytes_within);
}

/* Put messages and bytes within or between nodes. */
static void PutNodes(HeatJson *parent, const char *key, const HeatResultsTraffic *t, int between)
{
  HeatJson *nodes = HeatJsonAddObject(parent, key);

  HeatJsonPutCount(nodes, "messages", t->messages[between]);
  HeatJsonPutCount(nodes, "bytes", t->bytes[between]);
}

static void PutAllTraffic(HeatJson *parent, const HeatResultsTraffic *t)
{
  PutNodes(parent, "within_nodes", t, 0);
  PutNodes(parent, "between_nodes", t, 1);
  HeatJsonPutCount(parent, "collectives", t->collectives);
}

void HeatResultsPutCommunication(HeatJson *root, const HeatResults *r)
{
  HeatJson *all = HeatJsonAddObject(root, "communication");

  for (PetscInt k = 0; k < r->n_communication; k++) {
    const HeatResultsCommunication *of   = &r->communication[k];
    HeatJson                       *kind = HeatJsonAddObject(all, of->kind);

    PutAllTraffic(kind, &of->counted);
    PutAllTraffic(HeatJsonAddObject(kind, "predicted"), &of->predicted);
  }
}

void HeatResultsPutTiming(HeatJson *root, const HeatResults *r)
{
  HeatJson *timing = HeatJsonAddArray(root, "timing");

  for (PetscInt i = 0; i < r->n_phases; i++) {
    HeatJson *phase = HeatJsonCreate();

    HeatJsonPutText(phase, "name", r->phases[i].name);
    HeatJsonPutNumber(phase, "min", r->phases[i].min);
    HeatJsonPutNumber(phase, "mean", r->phases[i].mean);
    HeatJsonPutNumber(phase, "max", r->phases[i].max);
    HeatJsonPutCount(phase, "slowest", r->phases[i].slowest);
    HeatJsonPutCount(phase, "calls", r->phases[i].calls);
    HeatJsonAppend(timing, phase);
  }
}

void HeatResultsPutFom(HeatJson *root, const HeatResults *r)
{
  HeatJson *fom = HeatJsonAddObject(root, "fom");

  HeatJsonPutNumber(fom, "value", r->fom);
  HeatJsonPutText(fom, "unit", "cell-steps/s");
  HeatJsonPutNumber(fom, "seconds", r->seconds);
  HeatJsonPutNumber(fom, "to_first_step", r->to_first_step);
}

void HeatResultsPutMemory(HeatJson *root, const HeatResults *r)
{
  const HeatResultsSpread *mark   = &r->metrics.memory;
  HeatJson                *memory = HeatJsonAddObject(root, "memory");

  HeatJsonPutCount(memory, "bytes_min", mark->rank < 0 ? -1 : (PetscInt64)mark->min);
  HeatJsonPutCount(memory, "bytes_mean", mark->rank < 0 ? -1 : (PetscInt64)mark->mean);
  HeatJsonPutCount(memory, "bytes_max", mark->rank < 0 ? -1 : (PetscInt64)mark->max);
  HeatJsonPutCount(memory, "largest", mark->rank);
  HeatJsonPutCount(memory, "bytes_predicted", r->memory_predicted);
}

/* Return the bandwidth [bytes/s]; NaN: not known. */
static double Bandwidth(PetscInt64 bytes, double seconds)
{
  return bytes > 0 && seconds > 0 ? (double)bytes / seconds : NAN;
}

/* Put the number of ranks that write files. */
static void PutWriters(HeatJson *io, const HeatResults *r)
{
  HeatJson *writers = HeatJsonAddObject(io, "writers");

  HeatJsonPutCount(writers, "count", r->writers);
  HeatJsonPutCount(writers, "per_node", r->writers_per_node);
}

/* Put hints, lines "name=value", as an object of texts. */
static void PutHints(HeatJson *io, const char *lines)
{
  HeatJson *hints = HeatJsonAddObject(io, "hints");
  HeatHint  hint;

  while (HeatHintNext(&lines, '\n', &hint)) HeatJsonPutText(hints, hint.name, hint.value);
}

void HeatResultsPutDisk(HeatJson *io, HeatJson *checkpoints, const HeatResults *r)
{
  const HeatFileStats *s        = &r->checkpoints;
  const double         apparent = s->seconds_open + s->seconds_exchange + s->seconds_write;
  const double         durable = Bandwidth(s->bytes, apparent + s->seconds_close + s->seconds_sync);
  const double         plain   = Bandwidth(r->disk.bytes, r->disk.write);
  const double         reads   = Bandwidth(r->restart_bytes, r->restart_seconds);
  HeatJson *probe = HeatJsonAddObject(io, "probe"), *restart = HeatJsonAddObject(io, "restart");

  PutWriters(io, r);
  PutHints(io, r->checkpoints.hints[0] ? r->checkpoints.hints : r->snapshots.hints);
  HeatJsonPutText(checkpoints, "mode", r->checkpoint_mode);
  HeatJsonPutNumber(checkpoints, "apparent_bandwidth", Bandwidth(s->bytes, apparent));
  HeatJsonPutNumber(checkpoints, "durable_bandwidth", durable);
  HeatJsonPutNumber(checkpoints, "probe_ratio", durable / plain);
  HeatJsonPutCount(probe, "bytes", r->disk.bytes);
  HeatJsonPutNumber(probe, "write_bandwidth", plain);
  HeatJsonPutNumber(probe, "read_bandwidth", Bandwidth(r->disk.bytes, r->disk.read));
  HeatJsonPutCount(restart, "bytes", r->restart_bytes);
  HeatJsonPutNumber(restart, "bandwidth", reads);
  HeatJsonPutNumber(restart, "probe_ratio", reads / Bandwidth(r->disk.bytes, r->disk.read));
}

HeatJson *HeatResultsPutFiles(HeatJson *io, const char *key, const HeatFileStats *stats)
{
  HeatJson *files = HeatJsonAddObject(io, key), *phases;

  HeatJsonPutCount(files, "files", stats->files);
  HeatJsonPutCount(files, "bytes", stats->bytes);
  HeatJsonPutNumber(files, "seconds", stats->seconds);
  HeatJsonPutNumber(files, "bandwidth", Bandwidth(stats->bytes, stats->seconds));
  phases = HeatJsonAddObject(files, "phases");
  HeatManifestPutPhases(phases, stats);
  return files;
}
