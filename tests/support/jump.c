/* Sets the date while a program runs, as a time server or an administrator does.
 *
 * Preloaded, this adds JUMP seconds to the clock that shows the date, from JUMP_AFTER seconds (by
 * default four) after the first reading on.  The monotonic clock stays as it is. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int Read(clockid_t clock, struct timespec *now)
{
  return (int)syscall(SYS_clock_gettime, clock, now);
}

static long Offset(void)
{
  static long     began;
  const char     *jump = getenv("JUMP"), *after = getenv("JUMP_AFTER");
  struct timespec now;

  Read(CLOCK_MONOTONIC, &now);
  if (!began) began = now.tv_sec;
  return jump && now.tv_sec - began >= (after ? atol(after) : 4) ? atol(jump) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
  const int failed = Read(clock, now);

  if (clock == CLOCK_REALTIME) now->tv_sec += Offset();
  return failed;
}

int gettimeofday(struct timeval *now, void *zone)
{
  struct timespec precise;

  (void)zone;
  clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec  = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *out)
{
  struct timespec now;

  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
