/** The present kind of communication (see traffic.h).  It is a file-static variable because the
 *  messages of libraries are attributed by it, too, and these get no pointer of ours. */
#include "solver/base/traffic.h"

static HeatTrafficKind present = HEAT_TRAFFIC_SETUP;

HeatTrafficKind HeatTrafficSet(HeatTrafficKind kind)
{
  const HeatTrafficKind before = present;

  present = kind;
  return before;
}

HeatTrafficKind HeatTrafficNow(void) { return present; }
