/** The signals by which jobs are ended (see signals.h).
 *
 * The signal handler only stores the number of the signal; the run reads it at the next decision.
 * During the set-up it also sets a timer, whose signal ends the process.  What the handler reads
 * and what was found before the libraries' constructors ran have file scope, because neither a
 * signal handler nor what the loader calls can reach anything else.  app/README.md lists the
 * program's few mutable variables of file scope. */
#define _POSIX_C_SOURCE 200809L
#include "app/process/signals.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "solver/base/error.h"

/* [s] that a set-up may take after a signal. */
enum { SECONDS_OF_SET_UP = 10 };
#define LATE_SET_UP                                                                                \
  "heat2d: error: stopped by a signal during the set-up, which did not end within 10 s; no "       \
  "result was changed\n"

static volatile sig_atomic_t caught_signal = 0;

/* Whether a run is being set up, and whether this process prints why it ends. */
enum { NO_SET_UP, SILENT_SET_UP, PRINTING_SET_UP };
static volatile sig_atomic_t set_up = NO_SET_UP;

/* Whether HUP was ignored or blocked when the program began; UNKNOWN: HeatSignalsBegin was not
   called. */
static enum { UNKNOWN, HEEDED, IGNORED } hangup = UNKNOWN;

/* The signals that stop a run, which are all those that a batch system, a terminal or a user sends
   to end a job.  `held`: the signal is blocked while MPI and PETSc are initialised. */
static const struct {
  int         number;
  const char *name;
  PetscBool   held;
} signals[] = {{SIGTERM, "TERM", PETSC_FALSE}, /* kill, batch systems */
               {SIGINT, "INT", PETSC_FALSE},   /* Ctrl-C */
               {SIGHUP, "HUP", PETSC_TRUE},    /* the terminal was closed; nohup ignores it */
               {SIGQUIT, "QUIT", PETSC_FALSE}, /* Ctrl-\ */
               {SIGUSR1, "USR1", PETSC_TRUE},  /* Slurm --signal, Grid Engine -notify */
               {SIGUSR2, "USR2", PETSC_TRUE},  /* Grid Engine -notify, LSF */
               {SIGXCPU, "XCPU", PETSC_TRUE},  /* the soft limit of processor time */
               {SIGPIPE, "PIPE", PETSC_TRUE},  /* the reader of the output has gone */
               {SIGALRM, "ALRM", PETSC_TRUE},  /* a timer set before the program was started */
               {0, NULL, PETSC_FALSE}};

/* Store the first signal only: SIGPIPE, for example, arrives at every write to a pipe without a
   reader, and must not replace an earlier signal. */
static void StoreSignal(int number)
{
  if (!caught_signal) {
    caught_signal = number;
    if (set_up != NO_SET_UP) (void)alarm(SECONDS_OF_SET_UP);
  } else if (number == SIGALRM && set_up != NO_SET_UP) { /* calls that a signal handler may make */
    if (set_up == PRINTING_SET_UP && write(STDERR_FILENO, LATE_SET_UP, strlen(LATE_SET_UP)) < 0)
      set_up = SILENT_SET_UP;
    (void)signal(caught_signal, SIG_DFL);
    (void)raise(caught_signal);
  }
}

static PetscBool IsIgnored(int number)
{
  struct sigaction action;

  return (PetscBool)(sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
}

static PetscBool IsBlocked(int number)
{
  sigset_t blocked;

  return (PetscBool)(sigprocmask(SIG_BLOCK, NULL, &blocked) == 0 &&
                     sigismember(&blocked, number) == 1);
}

void HeatSignalsBegin(void)
{
  sigset_t set;

  hangup = IsIgnored(SIGHUP) || IsBlocked(SIGHUP) ? IGNORED : HEEDED;
  if (sigemptyset(&set) == 0 && sigaddset(&set, SIGHUP) == 0)
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
}

PetscBool HeatSignalsHangupIgnored(void)
{
  if (hangup == UNKNOWN) return (PetscBool)(IsIgnored(SIGHUP) || IsBlocked(SIGHUP));
  return (PetscBool)(hangup == IGNORED);
}

void HeatSignalsHold(void)
{
  sigset_t set;

  (void)sigemptyset(&set);
  for (int k = 0; signals[k].name; k++)
    if (signals[k].held) (void)sigaddset(&set, signals[k].number);
  (void)sigprocmask(SIG_BLOCK, &set, NULL);
}

void HeatSignalsRelease(PetscBool hangup_ignored)
{
  sigset_t set;

  (void)sigemptyset(&set);
  for (int k = 0; signals[k].name; k++) {
    const int number = signals[k].number;

    (void)sigaddset(&set, number);
    if (number == SIGHUP && hangup_ignored) (void)signal(number, SIG_IGN);
    else if (!IsIgnored(number)) (void)signal(number, SIG_DFL);
  }
  (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

PetscErrorCode HeatSignalsCatch(PetscBool hangup_ignored, PetscBool prints)
{
  struct sigaction action;

  PetscFunctionBeginUser;
  set_up = prints ? PRINTING_SET_UP : SILENT_SET_UP;
  PetscCall(PetscMemzero(&action, sizeof action));
  PetscCheck(sigemptyset(&action.sa_mask) == 0, PETSC_COMM_SELF, PETSC_ERR_SYS,
             "sigemptyset failed");
  action.sa_flags = SA_RESTART;
  for (int k = 0; signals[k].name; k++) {
    const PetscBool ignore = signals[k].number == SIGHUP ? hangup_ignored : PETSC_FALSE;

    action.sa_handler = ignore ? SIG_IGN : StoreSignal;
    PetscCheck(sigaction(signals[k].number, &action, NULL) == 0, PETSC_COMM_SELF, PETSC_ERR_SYS,
               "sigaction failed");
  }
  action.sa_handler = SIG_IGN;
  PetscCheck(sigaction(SIGXFSZ, &action, NULL) == 0, PETSC_COMM_SELF, PETSC_ERR_SYS,
             "sigaction failed");
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatSignalsSetUpDone(void)
{
  set_up = NO_SET_UP;
  if (caught_signal) (void)alarm(0);
}

void HeatSignalsEndProcess(void)
{
  for (int k = 0; signals[k].name; k++)
    if (signals[k].number != SIGHUP && signals[k].number != SIGPIPE)
      (void)signal(signals[k].number, SIG_DFL);
  if (caught_signal && caught_signal != SIGHUP && caught_signal != SIGPIPE)
    (void)raise(caught_signal);
}

int HeatSignalsCaught(void) { return (int)caught_signal; }

const char *HeatSignalsName(int number)
{
  int k = 0;

  while (signals[k].name && signals[k].number != number) k++;
  return signals[k].name ? signals[k].name : "?";
}
