/** The first moments of the process (see process_start.h). */
#define _POSIX_C_SOURCE 200809L
#include "app/process/process_start.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "solver/base/monotonic.h"

static int IsIgnored(int number)
{
  struct sigaction action;

  return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static int IsBlocked(int number)
{
  sigset_t blocked;

  return sigprocmask(SIG_BLOCK, NULL, &blocked) == 0 && sigismember(&blocked, number) == 1;
}

void HeatProcessKeepHangupIgnored(void)
{
  sigset_t hangup;

  if (!IsIgnored(SIGHUP) || sigemptyset(&hangup) != 0 || sigaddset(&hangup, SIGHUP) != 0) return;
  (void)sigprocmask(SIG_BLOCK, &hangup, NULL);
}

void HeatProcessStartNote(HeatProcessStart *start)
{
  const time_t now = time(NULL);
  struct tm    utc;
  int          opened;

  /* open returns the lowest free number, so this fills 0, 1 and 2 where they are closed. */
  do opened = open("/dev/null", O_RDWR);
  while (opened >= 0 && opened <= STDERR_FILENO);
  if (opened > STDERR_FILENO) (void)close(opened);
  start->time           = HeatMonotonicTime();
  start->date[0]        = '\0';
  start->hangup_ignored = IsIgnored(SIGHUP) || IsBlocked(SIGHUP);
  if (gmtime_r(&now, &utc))
    (void)strftime(start->date, sizeof start->date, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

void HeatProcessDropDeadStreams(void)
{
  FILE *const streams[] = {stdout, stderr};

  for (int k = 0; k < 2; k++) {
    if (fflush(streams[k]) == 0 && !ferror(streams[k])) continue;
    if (freopen("/dev/null", "w", streams[k])) clearerr(streams[k]);
  }
}
