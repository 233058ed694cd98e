/** Numbers as words on the terminal (screen_text.h). */
#include "app/report/screen_text.h"

#include <math.h>
#include <stdio.h>

const char *HeatTextDuration(double s, char *text, size_t size)
{
  const double day = 86400.0, year = 365.25 * day;
  /* The duration as it is written: rounding may reach the next larger unit. */
  const double ms = round(1e3 * s), seconds = round(s), minutes = round(s / 60.0);

  if (ms < 1e3) (void)snprintf(text, size, "%.0f ms", ms);
  else if (round(10.0 * s) < 600.0) (void)snprintf(text, size, "%.1f s", s);
  else if (seconds < 3600.0)
    (void)snprintf(text, size, "%d min %02d s", (int)(seconds / 60), (int)fmod(seconds, 60));
  else if (minutes < 2 * day / 60)
    (void)snprintf(text, size, "%d h %02d min", (int)(minutes / 60), (int)fmod(minutes, 60));
  else if (s < 2 * year) (void)snprintf(text, size, "%.3g days", s / day);
  else (void)snprintf(text, size, "%.3g years", s / year);
  return text;
}

const char *HeatTextTime(PetscReal t, char text[64])
{
  char words[32];

  if (t < 120.0) (void)snprintf(text, 64, "%g s", (double)t);
  else
    (void)snprintf(text, 64, "%g s (%s)", (double)t,
                   HeatTextDuration((double)t, words, sizeof words));
  return text;
}

const char *HeatTextBytes(double b, char *text, size_t size)
{
  const char *const prefixes[] = {"", "k", "M", "G", "T", "P"};
  int               k          = 0;

  /* 999.5: with three digits, more would be written as 1e+03. */
  for (; b >= 999.5 && k < 5; k++) b /= 1000.0;
  (void)snprintf(text, size, k == 0 ? "%.0f %sB" : "%.3g %sB", b, prefixes[k]);
  return text;
}

const char *HeatTextSteps(const HeatClock *clock, char *text, size_t size)
{
  const PetscInt64 all = HeatClockExpectedSteps(clock);

  if (all < 0) (void)snprintf(text, size, "step %" PetscInt64_FMT, clock->step);
  else (void)snprintf(text, size, "step %" PetscInt64_FMT "/%" PetscInt64_FMT, clock->step, all);
  return text;
}
