/** What a run of the reference workload found, on the terminal.  Not collective: for rank 0. */
#ifndef HEAT_APP_BENCH_SCREEN_H
#define HEAT_APP_BENCH_SCREEN_H

#include "app/bench/bench.h"

/** Print what the workload `checkpoint` found; "-" where no probe succeeded. */
void HeatBenchPrintRestarts(const HeatBenchRequest *q, const HeatBenchResult *r);

/** Print what the other workloads found. */
void HeatBenchPrintFields(const HeatBenchResult *r);

/** Print the reasons why a result is not valid on stderr, one a line. */
void HeatBenchPrintReasons(const HeatBenchResult *r);

#endif
