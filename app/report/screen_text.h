/** Durations, times, sizes and numbers of steps as the terminal shows them.
 *
 *  Each function writes into the caller's text, cuts what does not fit, and returns the text. */
#ifndef HEAT_APP_SCREEN_TEXT_H
#define HEAT_APP_SCREEN_TEXT_H

#include "app/state/clock.h"

/** Format a duration [s] as "850 ms", "12.3 s", "4 min 05 s", "3 h 12 min", "12.5 days" or
 *  "3.2 years". */
const char *HeatTextDuration(double s, char *text, size_t size);

/** Format a time of the simulation [s] as "0.25 s", from two minutes on as "9000 s
 *  (2 h 30 min)". */
const char *HeatTextTime(PetscReal t, char text[64]);

/** Format a number of bytes as "512 B", "1.5 MB" or "12.1 GB", with decimal prefixes. */
const char *HeatTextBytes(double b, char *text, size_t size);

/** Format the steps taken as "step 12/120", or as "step 12" where the number of steps of the whole
 *  run cannot be predicted. */
const char *HeatTextSteps(const HeatClock *clock, char *text, size_t size);

#endif
