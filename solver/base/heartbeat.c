/** The heartbeat's counters.
 *
 *  They are one of the few file-static variables of the program (app/README.md lists them).
 *  Beats are counted deep inside call-backs of libraries, which get no pointer of ours, and the
 *  watchdog's thread reads them while the main thread may be blocked in a library.  Accesses are
 *  atomic and relaxed: the watchdog needs to see that the counter changes, not in which order. */
#include "solver/base/heartbeat.h"

#include <stdatomic.h>

static struct {
  atomic_ulong          beats;
  atomic_long           step;
  _Atomic(const char *) phase;
} pulse = {.phase = "set-up"};

void HeatBeat(void) { (void)atomic_fetch_add_explicit(&pulse.beats, 1, memory_order_relaxed); }

void HeatBeatPhase(const char *phase)
{
  atomic_store_explicit(&pulse.phase, phase, memory_order_relaxed);
  HeatBeat();
}

void HeatBeatStep(long step)
{
  atomic_store_explicit(&pulse.step, step, memory_order_relaxed);
  HeatBeat();
}

HeatPulse HeatPulseNow(void)
{
  return (HeatPulse){.beats = atomic_load_explicit(&pulse.beats, memory_order_relaxed),
                     .phase = atomic_load_explicit(&pulse.phase, memory_order_relaxed),
                     .step  = atomic_load_explicit(&pulse.step, memory_order_relaxed)};
}
