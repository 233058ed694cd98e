/* Count MPI's messages, independently of heat2d: a profiler by MPI's profiling interface.
 *
 * This library is preloaded into the ranks.  It counts point-to-point messages and their bytes,
 * within and between nodes, collective calls on communicators of several ranks, and calls that
 * create communicators.  At MPI_Finalize each rank writes one line of JSON to the file
 * $HEAT2D_MESSAGES_FILE.RANK.  It shares no code with app/process/communication.c and works another
 * way: destinations are translated to MPI_COMM_WORLD, for which a table has the node of each rank;
 * requests are in a list.
 *
 * With HEAT2D_MESSAGES_TRACE in the environment, rank 0 also writes to stderr the name of each
 * collective call and the functions that make it, as backtrace_symbols_fd does: `addr2line -f -e
 * PROGRAM ADDRESS` names a function of the program. */
#include <execinfo.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST_REQUESTS = 65536 };

static long long messages[2], bytes[2], collectives, communicators;
static int      *node; /* [ranks of the world] the first rank on the node of each rank */
static int       me;

static struct {
  MPI_Request request;
  long long   bytes;
  int         to; /* rank in the world */
} sends[MOST_REQUESTS];
static int n_sends;

static int InWorld(int rank, MPI_Comm comm)
{
  MPI_Group here, world;
  int       found;

  PMPI_Comm_group(comm, &here);
  PMPI_Comm_group(MPI_COMM_WORLD, &world);
  PMPI_Group_translate_ranks(here, 1, &rank, world, &found);
  PMPI_Group_free(&here);
  PMPI_Group_free(&world);
  return found;
}

static long long Size(long long n, MPI_Datatype type)
{
  int size;

  PMPI_Type_size(type, &size);
  return n * size;
}

static void Count(int world_rank, long long n)
{
  const int between = node[world_rank] != node[me];

  messages[between]++;
  bytes[between] += n;
}

static void Send(long long n, MPI_Datatype type, int to, MPI_Comm comm)
{
  if (to != MPI_PROC_NULL) Count(InWorld(to, comm), Size(n, type));
}

static void Keep(MPI_Request request, long long n, MPI_Datatype type, int to, MPI_Comm comm)
{
  if (to == MPI_PROC_NULL) return;
  if (n_sends == MOST_REQUESTS) abort();
  sends[n_sends].request = request;
  sends[n_sends].bytes   = Size(n, type);
  sends[n_sends].to      = InWorld(to, comm);
  n_sends++;
}

static void Started(MPI_Request request)
{
  for (int k = 0; k < n_sends; k++) {
    if (sends[k].request == request) Count(sends[k].to, sends[k].bytes);
  }
}

static void Freed(MPI_Request request)
{
  for (int k = 0; k < n_sends; k++) {
    if (sends[k].request == request) sends[k--] = sends[--n_sends];
  }
}

/* Write the name of a call and who makes it, if this is asked for. */
static void Trace(const char *name)
{
  void *callers[32]; /* chosen: as deep as heat2d's calls go */

  if (me != 0 || !getenv("HEAT2D_MESSAGES_TRACE")) return;
  fprintf(stderr, "MPI_%s\n", name);
  backtrace_symbols_fd(callers, backtrace(callers, 32), STDERR_FILENO);
}

/* Add a call on a communicator of several ranks to a counter. */
static void Collective(const char *name, MPI_Comm comm, long long *counter)
{
  int size;

  PMPI_Comm_size(comm, &size);
  if (size < 2) return;
  ++*counter;
  Trace(name);
}

/* Find the nodes: the first rank of each rank's shared-memory communicator. */
static void FindNodes(void)
{
  MPI_Comm shared;
  int      size, first;

  PMPI_Comm_rank(MPI_COMM_WORLD, &me);
  PMPI_Comm_size(MPI_COMM_WORLD, &size);
  PMPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, me, MPI_INFO_NULL, &shared);
  PMPI_Allreduce(&me, &first, 1, MPI_INT, MPI_MIN, shared);
  PMPI_Comm_free(&shared);
  node = malloc((size_t)size * sizeof *node);
  if (!node) abort();
  PMPI_Allgather(&first, 1, MPI_INT, node, 1, MPI_INT, MPI_COMM_WORLD);
}

int MPI_Init(int *argc, char ***argv)
{
  const int code = PMPI_Init(argc, argv);

  FindNodes();
  return code;
}

int MPI_Init_thread(int *argc, char ***argv, int required, int *provided)
{
  const int code = PMPI_Init_thread(argc, argv, required, provided);

  FindNodes();
  return code;
}

int MPI_Finalize(void)
{
  const char *name = getenv("HEAT2D_MESSAGES_FILE");
  char        path[4096];
  FILE       *file;

  if (name && snprintf(path, sizeof path, "%s.%d", name, me) < (int)sizeof path &&
      (file = fopen(path, "w"))) {
    fprintf(file,
            "{\"messages\": [%lld, %lld], \"bytes\": [%lld, %lld], \"collectives\": %lld, "
            "\"communicators\": %lld}\n",
            messages[0], messages[1], bytes[0], bytes[1], collectives, communicators);
    fclose(file);
  }
  return PMPI_Finalize();
}

#define SEND(name, N)                                                                              \
  int MPI_##name(const void *b, N n, MPI_Datatype t, int to, int tag, MPI_Comm c)                  \
  {                                                                                                \
    Send(n, t, to, c);                                                                             \
    return PMPI_##name(b, n, t, to, tag, c);                                                       \
  }
#define ISEND(name, N)                                                                             \
  int MPI_##name(const void *b, N n, MPI_Datatype t, int to, int tag, MPI_Comm c, MPI_Request *r)  \
  {                                                                                                \
    Send(n, t, to, c);                                                                             \
    return PMPI_##name(b, n, t, to, tag, c, r);                                                    \
  }
#define INIT(name, N)                                                                              \
  int MPI_##name(const void *b, N n, MPI_Datatype t, int to, int tag, MPI_Comm c, MPI_Request *r)  \
  {                                                                                                \
    const int code = PMPI_##name(b, n, t, to, tag, c, r);                                          \
    Keep(*r, n, t, to, c);                                                                         \
    return code;                                                                                   \
  }
#define COUNTED(name, counter, parameters, arguments)                                              \
  int MPI_##name parameters                                                                        \
  {                                                                                                \
    Collective(#name, c, &(counter));                                                              \
    return PMPI_##name arguments;                                                                  \
  }
#define COLLECTIVE(name, parameters, arguments) COUNTED(name, collectives, parameters, arguments)
#define CREATION(name, parameters, arguments)   COUNTED(name, communicators, parameters, arguments)

#define REDUCE(N) const void *a, void *b, N n, MPI_Datatype t, MPI_Op o
#define PASS(N)   const void *a, N n, MPI_Datatype t, void *b, N m, MPI_Datatype u
/* clang-format off */
/* The functions that heat2d, PETSc and HDF5 call: S is the suffix, N the type of a count, D of a
   displacement. */
#define FUNCTIONS(S, N, D)                                                                         \
  SEND(Send##S, N) SEND(Bsend##S, N) SEND(Ssend##S, N) SEND(Rsend##S, N)                           \
  ISEND(Isend##S, N) ISEND(Ibsend##S, N) ISEND(Issend##S, N) ISEND(Irsend##S, N)                   \
  INIT(Send_init##S, N) INIT(Bsend_init##S, N) INIT(Ssend_init##S, N) INIT(Rsend_init##S, N)       \
  int MPI_Sendrecv##S(const void *b, N n, MPI_Datatype t, int to, int tag, void *in, N m,          \
                      MPI_Datatype u, int from, int tag_in, MPI_Comm c, MPI_Status *s)             \
  {                                                                                                \
    Send(n, t, to, c);                                                                             \
    return PMPI_Sendrecv##S(b, n, t, to, tag, in, m, u, from, tag_in, c, s);                       \
  }                                                                                                \
  int MPI_Sendrecv_replace##S(void *b, N n, MPI_Datatype t, int to, int tag, int from, int tag_in, \
                              MPI_Comm c, MPI_Status *s)                                           \
  {                                                                                                \
    Send(n, t, to, c);                                                                             \
    return PMPI_Sendrecv_replace##S(b, n, t, to, tag, from, tag_in, c, s);                         \
  }                                                                                                \
  COLLECTIVE(Bcast##S, (void *b, N n, MPI_Datatype t, int root, MPI_Comm c), (b, n, t, root, c))   \
  COLLECTIVE(Ibcast##S, (void *b, N n, MPI_Datatype t, int root, MPI_Comm c, MPI_Request *r),      \
             (b, n, t, root, c, r))                                                                \
  COLLECTIVE(Allreduce##S, (REDUCE(N), MPI_Comm c), (a, b, n, t, o, c))                            \
  COLLECTIVE(Iallreduce##S, (REDUCE(N), MPI_Comm c, MPI_Request * r), (a, b, n, t, o, c, r))       \
  COLLECTIVE(Reduce##S, (REDUCE(N), int root, MPI_Comm c), (a, b, n, t, o, root, c))               \
  COLLECTIVE(Scan##S, (REDUCE(N), MPI_Comm c), (a, b, n, t, o, c))                                 \
  COLLECTIVE(Exscan##S, (REDUCE(N), MPI_Comm c), (a, b, n, t, o, c))                               \
  COLLECTIVE(Reduce_scatter##S,                                                                    \
             (const void *a, void *b, const N n[], MPI_Datatype t, MPI_Op o, MPI_Comm c),          \
             (a, b, n, t, o, c))                                                                   \
  COLLECTIVE(Reduce_scatter_block##S, (REDUCE(N), MPI_Comm c), (a, b, n, t, o, c))                 \
  COLLECTIVE(Gather##S, (PASS(N), int root, MPI_Comm c), (a, n, t, b, m, u, root, c))              \
  COLLECTIVE(Scatter##S, (PASS(N), int root, MPI_Comm c), (a, n, t, b, m, u, root, c))             \
  COLLECTIVE(Allgather##S, (PASS(N), MPI_Comm c), (a, n, t, b, m, u, c))                           \
  COLLECTIVE(Alltoall##S, (PASS(N), MPI_Comm c), (a, n, t, b, m, u, c))                            \
  COLLECTIVE(Gatherv##S,                                                                           \
             (const void *a, N n, MPI_Datatype t, void *b, const N m[], const D at[],              \
              MPI_Datatype u, int root, MPI_Comm c),                                               \
             (a, n, t, b, m, at, u, root, c))                                                      \
  COLLECTIVE(Scatterv##S,                                                                          \
             (const void *a, const N n[], const D at[], MPI_Datatype t, void *b, N m,              \
              MPI_Datatype u, int root, MPI_Comm c),                                               \
             (a, n, at, t, b, m, u, root, c))                                                      \
  COLLECTIVE(Allgatherv##S,                                                                        \
             (const void *a, N n, MPI_Datatype t, void *b, const N m[], const D at[],              \
              MPI_Datatype u, MPI_Comm c),                                                         \
             (a, n, t, b, m, at, u, c))                                                            \
  COLLECTIVE(Alltoallv##S,                                                                         \
             (const void *a, const N n[], const D from[], MPI_Datatype t, void *b, const N m[],    \
              const D at[], MPI_Datatype u, MPI_Comm c),                                           \
             (a, n, from, t, b, m, at, u, c))
/* clang-format on */

FUNCTIONS(, int, int)
#if MPI_VERSION >= 4
FUNCTIONS(_c, MPI_Count, MPI_Aint)
#endif
COLLECTIVE(Barrier, (MPI_Comm c), (c))
COLLECTIVE(Ibarrier, (MPI_Comm c, MPI_Request *r), (c, r))
CREATION(Comm_dup, (MPI_Comm c, MPI_Comm *made), (c, made))
CREATION(Comm_split, (MPI_Comm c, int color, int key, MPI_Comm *made), (c, color, key, made))
CREATION(Comm_split_type, (MPI_Comm c, int type, int key, MPI_Info info, MPI_Comm *made),
         (c, type, key, info, made))
CREATION(Comm_create, (MPI_Comm c, MPI_Group group, MPI_Comm *made), (c, group, made))
int MPI_Start(MPI_Request *r)
{
  Started(*r);
  return PMPI_Start(r);
}
int MPI_Startall(int n, MPI_Request r[])
{
  for (int k = 0; k < n; k++) Started(r[k]);
  return PMPI_Startall(n, r);
}
int MPI_Request_free(MPI_Request *r)
{
  Freed(*r);
  return PMPI_Request_free(r);
}
