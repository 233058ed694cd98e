/** Limits of the memory (see memory_have.h).
 *
 *  Control groups: /proc/self/cgroup names the group of this process in each hierarchy, as a path
 *  from the hierarchy's root; /proc/self/mountinfo says where the hierarchy is mounted, and which
 *  of its groups is the root of the mount.  In a container that group often is the process's own.
 *
 *      version 2   memory.max, memory.current           "max": no limit
 *      version 1   memory.limit_in_bytes, memory.usage_in_bytes
 *      both        memory.stat: (total_)active_file and (total_)inactive_file are pages of files
 *                  in the cache, which the kernel gives back when memory is needed */
#define _POSIX_C_SOURCE 200809L
#include "app/process/memory_have.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* [bytes] Linux's PATH_MAX, and twice that for a line of a file that may name two paths. */
enum { PATH_BYTES = 4096, LINE_BYTES = 8192 };

/* Take a limit into account: `bytes` of it can still be taken. */
static void Consider(HeatMemoryHave *have, double bytes, const char *name)
{
  if (!(bytes < have->bytes)) return;
  have->bytes = fmax(bytes, 0.0);
  (void)snprintf(have->name, sizeof have->name, "%s", name);
}

static void Begin(HeatMemoryHave *have)
{
  have->bytes   = INFINITY;
  have->name[0] = '\0';
}

/* Processes. */

/* Read three of the numbers [pages] in /proc/self/statm: total size, resident size, and size of
   data and stack.  Return 1, or 0 if they cannot be read. */
static int ReadSizes(const char *root, double *total, double *resident, double *data)
{
  char  path[PATH_BYTES];
  FILE *file;
  int   n;

  (void)snprintf(path, sizeof path, "%s/proc/self/statm", root);
  file = fopen(path, "r");
  if (!file) return 0;
  n = fscanf(file, "%lf %lf %*s %*s %*s %lf", total, resident, data);
  (void)fclose(file);
  return n == 3;
}

static double PageBytes(void)
{
  const long page = sysconf(_SC_PAGESIZE);

  return page > 0 ? (double)page : 4096.0;
}

void HeatMemoryHaveProcess(const char *root, HeatMemoryHave *have)
{
  double        total = 0.0, resident, data = 0.0;
  const double  page = PageBytes(), later = 24.0 * 1048576.0;
  struct rlimit limit;

  Begin(have);
  if (!ReadSizes(root, &total, &resident, &data)) total = data = 0.0;
  /* later: [bytes] addresses that MPI-IO and libraries reserve during a run, used or not; measured:
     16 to 20 MiB. */
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    Consider(have, (double)limit.rlim_cur - page * total - later, "RLIMIT_AS (ulimit -v)");
  if (getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    Consider(have, (double)limit.rlim_cur - page * data, "RLIMIT_DATA (ulimit -d)");
}

double HeatMemoryResident(const char *root)
{
  double total, resident, data;

  return ReadSizes(root, &total, &resident, &data) ? PageBytes() * resident : 0.0;
}

/* Control groups. */

/* Read a number from a file.  Return it, or -1 if there is none. */
static double ReadNumber(const char *folder, const char *name)
{
  char   path[PATH_BYTES + 64];
  double value = -1.0;
  FILE  *file;

  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  file = fopen(path, "r");
  if (!file) return -1.0;
  if (fscanf(file, "%lf", &value) != 1) value = -1.0;
  (void)fclose(file);
  return value;
}

/* Return the pages of files [bytes] that the group and those below it have in the cache. */
static double FileCache(const char *folder, int version)
{
  const char *const names[2][2] = {{"total_active_file", "total_inactive_file"},
                                   {"active_file", "inactive_file"}};
  char              path[PATH_BYTES + 64], name[64];
  double            value, sum = 0.0;
  FILE             *file;

  (void)snprintf(path, sizeof path, "%s/memory.stat", folder);
  file = fopen(path, "r");
  if (!file) return 0.0;
  while (fscanf(file, "%63s %lf", name, &value) == 2)
    for (int k = 0; k < 2; k++)
      if (strcmp(name, names[version - 1][k]) == 0) sum += value;
  (void)fclose(file);
  return sum;
}

/* Consider the limit of one group. */
static void ConsiderGroup(const char *folder, int version, HeatMemoryHave *have)
{
  const char  *limit_name = version == 2 ? "memory.max" : "memory.limit_in_bytes";
  const double limit      = ReadNumber(folder, limit_name);
  const double used = ReadNumber(folder, version == 2 ? "memory.current" : "memory.usage_in_bytes");
  char         name[256];

  if (limit < 0.0 || used < 0.0) return;
  (void)snprintf(name, sizeof name, "%s of control group version %d", limit_name, version);
  Consider(have, limit - fmax(0.0, used - FileCache(folder, version)), name);
}

/* Consider the groups from `path`, below the mount point, up to the mount point itself. */
static void ConsiderGroups(const char *root, const char *mount, const char *path, int version,
                           HeatMemoryHave *have)
{
  char   folder[2 * PATH_BYTES];
  size_t least;

  (void)snprintf(folder, sizeof folder, "%s%s", root, mount);
  least = strlen(folder);
  (void)snprintf(folder + least, sizeof folder - least, "%s", path);
  for (;;) {
    char *slash;

    ConsiderGroup(folder, version, have);
    slash = strrchr(folder, '/');
    if (!slash || (size_t)(slash - folder) < least) return;
    *slash = '\0';
  }
}

/* Find the group of this process in the hierarchy of a version.  Return 1, or 0 if there is
   none. */
static int FindGroup(const char *root, int version, char group[PATH_BYTES])
{
  char  path[PATH_BYTES], line[LINE_BYTES];
  FILE *file;
  int   found = 0;

  (void)snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
  file = fopen(path, "r");
  if (!file) return 0;
  while (!found && fgets(line, sizeof line, file)) { /* number:controllers:path */
    char *controllers = strchr(line, ':'), *place;

    line[strcspn(line, "\n")] = '\0';
    place                     = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!place) continue;
    *place++ = '\0';
    controllers++;
    found = version == 2 ? controllers[0] == '\0' : strcmp(controllers, "memory") == 0;
    if (found) (void)snprintf(group, PATH_BYTES, "%s", strcmp(place, "/") == 0 ? "" : place);
  }
  (void)fclose(file);
  return found;
}

/* Consider the hierarchy of a version, where a line of mountinfo describes its mount: number,
   parent, device, root, mount point, options ..., " - ", type, source, super options. */
static void ConsiderMount(const char *root, char *line, const char *group, int version,
                          HeatMemoryHave *have)
{
  char        mount_root[PATH_BYTES], mount[PATH_BYTES], type[64], options[1024] = "";
  const char *tail = strstr(line, " - ");
  size_t      length;

  if (!tail || sscanf(line, "%*s %*s %*s %4095s %4095s", mount_root, mount) != 2) return;
  if (sscanf(tail, " - %63s %*s %1023s", type, options) < 1) return;
  if (version == 2 ? strcmp(type, "cgroup2") != 0
                   : strcmp(type, "cgroup") != 0 || !strstr(options, "memory"))
    return;
  length = strcmp(mount_root, "/") == 0 ? 0 : strlen(mount_root);
  /* A group outside of the mount: the mount's own root is all that can be seen of it. */
  if (strncmp(group, mount_root, length) != 0) group = "";
  else group += length;
  ConsiderGroups(root, mount, group, version, have);
}

static void ConsiderHierarchy(const char *root, int version, HeatMemoryHave *have)
{
  char  path[PATH_BYTES], group[PATH_BYTES], line[LINE_BYTES];
  FILE *file;

  if (!FindGroup(root, version, group)) return;
  (void)snprintf(path, sizeof path, "%s/proc/self/mountinfo", root);
  file = fopen(path, "r");
  if (!file) return;
  while (fgets(line, sizeof line, file)) ConsiderMount(root, line, group, version, have);
  (void)fclose(file);
}

/* The machine. */

static void ConsiderMachine(const char *root, HeatMemoryHave *have)
{
  char   path[PATH_BYTES], line[256];
  double kilobytes;
  FILE  *file;

  (void)snprintf(path, sizeof path, "%s/proc/meminfo", root);
  file = fopen(path, "r");
  if (!file) return;
  while (fgets(line, sizeof line, file))
    if (sscanf(line, "MemAvailable: %lf", &kilobytes) == 1)
      Consider(have, 1024.0 * kilobytes, "MemAvailable in /proc/meminfo");
  (void)fclose(file);
}

void HeatMemoryHaveNode(const char *root, HeatMemoryHave *have)
{
  Begin(have);
  for (int version = 1; version <= 2; version++) ConsiderHierarchy(root, version, have);
  ConsiderMachine(root, have);
}
