/* Lets idle ranks give up the processor.
 *
 * MPICH polls while it waits.  With more ranks than cores, which is how the tests run 4 and 7 ranks on
 * a two-core machine, each message then costs a scheduler's time slice.  Preloaded into the ranks, this
 * wraps UCX's poll and yields whenever it found nothing: the same answers, several times sooner. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sched.h>
#include <stddef.h>

unsigned ucp_worker_progress(void *worker);

unsigned ucp_worker_progress(void *worker)
{
  static unsigned (*poll)(void *);
  unsigned events;

  if (!poll) *(void **)(&poll) = dlsym(RTLD_NEXT, "ucp_worker_progress");
  events = poll(worker);
  if (events == 0) (void)sched_yield();
  return events;
}
