/** What the terminal (screen.h) and results.json (record.h) report on, gathered in one place.
 *
 *  The time loop fills it with pointers to the modules of the run.  Facts about checkpoints, a
 *  restart and a rollback come as plain data, because this room does not know the modules that they
 *  come from. */
#ifndef HEAT_APP_REPORT_SOURCES_H
#define HEAT_APP_REPORT_SOURCES_H

#include "app/process/binding.h"
#include "app/process/communication.h"
#include "app/process/options.h"
#include "app/process/phases.h"
#include "app/process/process_start.h"
#include "app/process/stop.h"
#include "app/report/checks.h"
#include "app/report/iterations.h"
#include "app/report/metrics.h"
#include "app/report/output.h"
#include "app/report/survey.h"
#include "app/report/warnings.h"
#include "io/run_files/results.h"

/** The checkpoint that this process continued from. */
typedef struct {
  const char *file;    /* its path; NULL: a fresh run */
  PetscInt64  bytes;   /* of the file */
  double      seconds; /* [s] that reading and verifying it took, on this rank */
} HeatRestartReport;

/** What was measured of the use of the machine. */
typedef struct {
  HeatStepTimes      steps;
  HeatStageTraffic   stages; /* of rkl2 */
  PetscInt64         solves; /* stage equations that implicit schemes have solved */
  HeatPower          power;
  HeatMachineTexts   texts;               /* that `found` points into */
  HeatPhaseSpread    phases[HEAT_PHASES]; /* filled by HeatRecordWrite */
  HeatResultsMetrics found;               /* filled by HeatRecordWrite; STREAM's bandwidth before
                               the run, by HeatMetricsRunStream */
} HeatMetricsSources;

/** All pointers are borrowed. */
typedef struct {
  const HeatRunState    *state;
  const HeatOptions     *options;
  const HeatBinding     *binding;
  const HeatPhases      *phases;
  const HeatStop        *stop;
  const HeatIterations  *iterations;
  const HeatOutput      *output;
  HeatWarnings          *warnings; /* not const: the header of the screen adds to them */
  const HeatCheckResult *checks;   /* [c->n_checks]; NULL while they are not evaluated */
  PetscBool              finished; /* the end of the case was reached */
  HeatSurvey *survey; /* not const: a report that needs fluxes has it update the operator */

  HeatMetricsSources *metrics; /* not const: HeatRecordWrite reduces them over the ranks */

  HeatCommunication *communication; /* summed by HeatRecordWrite, after all messages of the run */

  HeatRestartReport       restart;
  HeatFileStats           checkpoints; /* sums over the checkpoints that this process wrote */
  HeatDiskProbe           disk;        /* bytes 0: not measured */
  PetscInt                n_rollbacks; /* 0 or 1 */
  HeatResultsRollback     rollback;    /* the only one; undefined where there was none */
  HeatResultsBrokenHalo   broken_halo; /* its pairs are known at the end of the run */
  const HeatProcessStart *start;       /* of the program */
} HeatReportSources;

#endif
