/* Masks of processors on a machine that has more of them than glibc's cpu_set_t: this program's own
   sched_getaffinity stands for a kernel with 2048 processors, of which the rank may use some. */
#define _GNU_SOURCE
#include "app/process/binding.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "tests/unit/solver_test.h"

int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
  (void)pid;
  if (size < 2048 / 8) { /* as Linux does */
    errno = EINVAL;
    return -1;
  }
  memset(set, 0, size);
  CPU_SET_S(7, size, set);
  for (int cpu = 1500; cpu < 1504; cpu++) CPU_SET_S(cpu, size, set);
  return 0;
}

static void mask_beyond_1024_processors_is_recorded(void **state)
{
  HeatBinding b;

  (void)state;
  OK(HeatBindingCollect(PETSC_COMM_WORLD, MPI_COMM_NULL, &b));
  assert_int_equal(b.n_ranks, 1);
  assert_string_equal(b.masks[0], "7,1500-1503");
  OK(HeatBindingClear(&b));
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(mask_beyond_1024_processors_is_recorded),
};

int main(void)
{
  if (PetscInitializeNoArguments() || HeatErrorInstall()) return 1;
  return HeatTestFinish(cmocka_run_group_tests(Tests, NULL, NULL));
}
