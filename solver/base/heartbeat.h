/** Signs of life of this rank: what its watchdog (app/process/watchdog.h) looks at.
 *
 *  A beat is one relaxed atomic addition.  It means that something was finished: a step, a phase, a
 *  halo exchange - and so every iteration of a solver -, a piece of a file.  Nothing here is
 *  collective. */
#ifndef HEAT_SOLVER_HEARTBEAT_H
#define HEAT_SOLVER_HEARTBEAT_H

typedef struct {
  unsigned long beats;
  const char   *phase; /* static storage */
  long          step;  /* steps done */
} HeatPulse;

void HeatBeat(void);

/** A phase begins.  @param[in] phase  must stay: a literal */
void HeatBeatPhase(const char *phase);

/** `step` steps are done. */
void HeatBeatStep(long step);

/** May be called by any thread. */
HeatPulse HeatPulseNow(void);

#endif
