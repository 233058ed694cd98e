/** The members of a run, which simulation.c (the time loop and the end) and simulation_setup.c
 *  share. No other file includes this header: the run hands each module what it needs and
 *  decides the order of everything; the modules do not know one another beyond what their
 *  headers include. */
#ifndef HEAT_APP_SIMULATION_IMPL_H
#define HEAT_APP_SIMULATION_IMPL_H

#include "app/report/report_sources.h"
#include "app/report/screen.h"
#include "app/run/advance.h"
#include "app/run/broken_halo.h"
#include "app/run/checkpoints.h"
#include "app/run/health.h"
#include "app/run/inject.h"
#include "app/run/reporter.h"
#include "app/run/restart.h"
#include "app/run/rollback.h"
#include "app/run/schedule.h"
#include "app/run/simulation.h"
#include "solver/base/interrupt.h"

struct HeatSimulation {
  const HeatOptions      *options; /* borrowed */
  const HeatProcessStart *start;   /* borrowed */
  int                     lock;    /* of the output folder; -1: none */
  HeatGuard              *guard;   /* from HeatAdvanceCreateGuard */

  HeatRunState  state;
  HeatRestart  *restart; /* the checkpoint that this process started from; NULL: a fresh run */
  HeatStop      stop;
  HeatInterrupt interrupt; /* by which solvers ask within a step whether the run must stop */
  HeatPhases    phases;
  HeatSchedule  schedule;
  HeatInject    inject;

  HeatCheckpoints *checkpoints;
  HeatHealth      *health;
  HeatReporter     reporter;
  HeatRollback     rollback;

  HeatSurvey    *survey;
  HeatOutput    *output;
  HeatIterations iterations;

  HeatCommunication  communication; /* zero until the record is written */
  HeatMetricsSources metrics;

  HeatCheckResult   *checks; /* [c->n_checks]; NULL until the end */
  HeatBrokenHaloTest halo_test;
  HeatScreen        *screen;
  HeatBinding        binding;
  HeatWarnings       warnings;
};

/** Return what the terminal and results.json report on, as of now.  Not collective. */
HeatReportSources HeatSimulationSources(HeatSimulation *sim);

#endif
