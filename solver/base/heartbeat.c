/* The counters are file-static: what beats is deep inside libraries' call-backs and loops, and the
 * thread that looks on can reach nothing else. */
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
