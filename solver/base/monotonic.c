/** The monotonic clock of POSIX. */
#define _POSIX_C_SOURCE 200809L
#include "solver/base/monotonic.h"

#include <time.h>

double HeatMonotonicTime(void)
{
  struct timespec now = {0, 0};

  (void)clock_gettime(CLOCK_MONOTONIC, &now); /* fails only on systems without this clock */
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
