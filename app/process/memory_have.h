/** The memory that this process, and all processes of its node, can still take.
 *
 *  All limits are read from the operating system: RLIMIT_AS and RLIMIT_DATA bound each process;
 *  control groups (version 1 and 2, with all groups above) and the machine bound all processes of
 *  the node together.  What a limit has in use already is subtracted.  A limit that cannot be read,
 *  as on other systems than Linux, is no limit. */
#ifndef HEAT_APP_MEMORY_HAVE_H
#define HEAT_APP_MEMORY_HAVE_H

/** The least of several limits. */
typedef struct {
  double bytes;     /* [bytes] that can still be taken; infinite: no limit is known */
  char   name[256]; /* of the limit, for messages, such as "RLIMIT_AS (ulimit -v)" */
} HeatMemoryHave;

/** Read what this process can still take under its own limits.  Not collective.
 *  @param[in] root  the folder that holds proc and sys; "" except in tests */
void HeatMemoryHaveProcess(const char *root, HeatMemoryHave *have);

/** Read what the processes of this node can still take together.  Not collective; one rank of a
 *  node is enough.
 *  @param[in] root  the folder that holds proc and sys; "" except in tests */
void HeatMemoryHaveNode(const char *root, HeatMemoryHave *have);

/** Return how much memory this process has now [bytes]; 0 if that is unknown.  Not collective. */
double HeatMemoryResident(const char *root);

#endif
