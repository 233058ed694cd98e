/** The present kind of communication (see traffic.h), and the time on coarse levels.  They are
 *  file-static variables because the messages of libraries are attributed by them, too, and these
 *  get no pointer of ours. */
#include "solver/base/traffic.h"

#include "solver/base/monotonic.h"

static HeatTrafficKind present = HEAT_TRAFFIC_SETUP;

HeatTrafficKind HeatTrafficSet(HeatTrafficKind kind)
{
  const HeatTrafficKind before = present;

  present = kind;
  return before;
}

HeatTrafficKind HeatTrafficNow(void) { return present; }

static struct {
  int    now;     /* whether this rank is on coarse levels */
  double since;   /* [s] when it came there */
  double seconds; /* [s] total of the earlier times */
} coarse_levels;

void HeatTrafficSetCoarse(int coarse)
{
  const double now = HeatMonotonicTime();

  if (coarse) coarse_levels.since = now;
  else coarse_levels.seconds += now - coarse_levels.since;
  coarse_levels.now = coarse;
}

int HeatTrafficPart(void) { return coarse_levels.now ? HEAT_TRAFFIC_KINDS : (int)present; }

double HeatTrafficCoarseSeconds(void) { return coarse_levels.seconds; }
