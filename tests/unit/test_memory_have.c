/* Limits of the memory as the operating system shows them, in a folder that stands for / : control
   groups of both versions, nested groups, containers, and the machine. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "app/process/memory_have.h"

#define ROOT "memory_root"

/* Write a file below ROOT, with its folders. */
static void put(const char *path, const char *text)
{
  char  whole[512];
  FILE *file;

  snprintf(whole, sizeof whole, ROOT "%s", path);
  for (char *slash = strchr(whole, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    (void)mkdir(whole, 0777);
    *slash = '/';
  }
  file = fopen(whole, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static void put_machine(const char *cgroup, const char *mountinfo)
{
  put("/proc/meminfo", "MemTotal: 2000000 kB\nMemAvailable: 1000000 kB\n");
  put("/proc/self/cgroup", cgroup);
  put("/proc/self/mountinfo", mountinfo);
}

static void the_machine_is_a_limit(void **state)
{
  HeatMemoryHave have;

  (void)state;
  put_machine("", "");
  HeatMemoryHaveNode(ROOT, &have);
  assert_true(have.bytes == 1024e6);
  assert_non_null(strstr(have.name, "MemAvailable"));
}

static void a_machine_that_shows_nothing_has_no_limit(void **state)
{
  HeatMemoryHave have;

  (void)state;
  HeatMemoryHaveNode(ROOT "/nowhere", &have);
  assert_true(isinf(have.bytes));
}

/* The group has no limit, the group above it has: 900 MB, of which 500 MB are in use and of these
   200 MB are pages of files, which the kernel gives back. */
static void a_group_of_version_2_above_the_own_one_is_a_limit(void **state)
{
  HeatMemoryHave have;

  (void)state;
  put_machine("0::/job_7/step_0\n", "30 20 0:26 / /sys/cg2 rw - cgroup2 cgroup rw\n");
  put("/sys/cg2/job_7/step_0/memory.max", "max\n");
  put("/sys/cg2/job_7/step_0/memory.current", "100000000\n");
  put("/sys/cg2/job_7/memory.max", "900000000\n");
  put("/sys/cg2/job_7/memory.current", "500000000\n");
  put("/sys/cg2/job_7/memory.stat",
      "anon 300000000\nactive_file 50000000\ninactive_file 150000000\n");
  HeatMemoryHaveNode(ROOT, &have);
  assert_true(have.bytes == 600e6);
  assert_non_null(strstr(have.name, "memory.max of control group version 2"));
}

/* In a container the mount begins at the process's own group. */
static void a_group_of_version_1_in_a_container_is_a_limit(void **state)
{
  HeatMemoryHave have;

  (void)state;
  put_machine("5:cpu:/box\n4:memory:/box/a\n",
              "31 20 0:27 /box/a /sys/cg1 rw shared:9 - cgroup cgroup rw,memory\n");
  put("/sys/cg1/memory.limit_in_bytes", "400000000\n");
  put("/sys/cg1/memory.usage_in_bytes", "300000000\n");
  put("/sys/cg1/memory.stat", "active_file 1\ntotal_active_file 10000000\n"
                              "total_inactive_file 20000000\n");
  HeatMemoryHaveNode(ROOT, &have);
  assert_true(have.bytes == 130e6);
  assert_non_null(strstr(have.name, "version 1"));
}

static void a_group_that_has_more_in_use_than_its_limit_has_nothing_left(void **state)
{
  HeatMemoryHave have;

  (void)state;
  put_machine("0::/\n", "30 20 0:26 / /sys/full rw - cgroup2 cgroup rw\n");
  put("/sys/full/memory.max", "100\n");
  put("/sys/full/memory.current", "200\n");
  HeatMemoryHaveNode(ROOT, &have);
  assert_true(have.bytes == 0.0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_machine_is_a_limit),
      cmocka_unit_test(a_machine_that_shows_nothing_has_no_limit),
      cmocka_unit_test(a_group_of_version_2_above_the_own_one_is_a_limit),
      cmocka_unit_test(a_group_of_version_1_in_a_container_is_a_limit),
      cmocka_unit_test(a_group_that_has_more_in_use_than_its_limit_has_nothing_left),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
