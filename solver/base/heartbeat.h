/** The heartbeat of this rank: a counter of finished work, which the rank's watchdog
 *  (app/process/watchdog.h) reads to see whether the rank still makes progress.
 *
 *  Each beat means that some work was finished: a time step, a phase of the run, a halo exchange of
 *  the operator, an iteration of our conjugate gradients, 64 pairs of rows of a sweep of explicit
 *  steps, or a piece of a file.  Every iteration of a solver contains a beat, so that a long solve
 *  is not taken for a stall.  A beat costs one relaxed atomic addition.  No function here is
 *  collective, and each may be called from any thread. */
#ifndef HEAT_SOLVER_HEARTBEAT_H
#define HEAT_SOLVER_HEARTBEAT_H

/** A reading of the heartbeat. */
typedef struct {
  unsigned long beats; /* number of beats since the process started */
  const char   *phase; /* name of the current phase; static storage */
  long          step;  /* number of the last finished time step */
} HeatPulse;

/** Count one beat. */
void HeatBeat(void);

/** Record that a phase of the run begins, and count one beat.
 *  @param[in] phase  name of the phase; must have static storage, such as a literal */
void HeatBeatPhase(const char *phase);

/** Record that `step` time steps are finished, and count one beat. */
void HeatBeatStep(long step);

/** Return the current reading.  The three members are read one after the other, so that a beat in
 *  between may show in some of them only. */
HeatPulse HeatPulseNow(void);

#endif
