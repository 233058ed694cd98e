/** The member `bench` of results.json (inputs/benchmark/RULES.md lists its keys). */
#ifndef HEAT_APP_BENCH_RECORD_H
#define HEAT_APP_BENCH_RECORD_H

#include "app/bench/audit.h"

/** Return the record of a run, which the caller destroys.  Not collective.
 *  @param[in] audit   report of the audit of the run's own proof
 *  @param[in] proof   hash of proof.json
 *  @param[in] binary  hash of the program; NULL: not known
 *  @param[in] source  hash of the sources, as text */
HeatJson *HeatBenchRecord(const HeatBenchRequest *q, const HeatBenchResult *r,
                          const HeatAuditReport *audit, const HeatHash *proof,
                          const HeatHash *binary, const char *source);

#endif
