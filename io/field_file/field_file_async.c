/** Write a field file asynchronously: threads write it while the computation continues.
 *
 *  Rank 0 does everything that needs HDF5 at the beginning: it writes the skeleton, seals it and
 *  reads it back.  From then on the bookkeeping of the file does not change.  What is left is to
 *  put the rows of each rank at known offsets: POSIX writes of a copy, by a thread that calls
 *  neither HDF5 nor MPI nor PETSc.  The file gets its final name when the threads of all ranks have
 *  written and synced their rows, and have read back the rows of other ranks.  A rank without rows,
 *  such as one that is no writer (output.writers), starts no thread.
 *
 *  The life of a job, from top to bottom in time:
 *
 *      main thread of each rank                             thread of a rank with rows
 *      -------------------------------------------------    ------------------------------
 *      HeatFieldFileBegin
 *        row checksums, copy of the rows
 *        rank 0: skeleton, seal, check of the header
 *        start the thread                     ---------->   PHASE_WRITE
 *      time steps                                             pwrite rows and checksums
 *      HeatFieldFileTest: not done on all ranks               ...
 *      time steps                                             fsync, done = 1
 *      HeatFieldFileTest: done on all ranks
 *        join the thread, agree on the outcome
 *        start the next thread                ---------->   PHASE_VERIFY
 *      time steps                                             pread rows of another rank
 *      time steps                                             compare, close, done = 1
 *      HeatFieldFileTest: done on all ranks
 *        join the thread, agree on the outcome              PHASE_DONE: no thread
 *      time steps
 *      HeatFieldFileEnd
 *        rename, fsync of the folder, statistics
 *        free the job
 *
 *  HeatFieldFileTest reduces job->done over the ranks.  After a failure, or where nothing is to be
 *  read back, PHASE_DONE follows PHASE_WRITE.  HeatFieldFileEnd may be called at any time: it waits
 *  for the missing phases; after a failure it deletes the temporary file instead of renaming it.
 *
 *  While a thread exists, only the thread uses the error and the statistics of the job; job->done
 *  is the only variable written by the thread that the main thread reads meanwhile. */
#define _DEFAULT_SOURCE /* madvise */
#include "io/field_file/field_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "io/field_file/field_file_writer.h"
#include "solver/base/heartbeat.h"
#include "solver/base/monotonic.h"

typedef enum { PHASE_WRITE, PHASE_VERIFY, PHASE_DONE } Phase;

/* One job; each rank has its own. */
struct HeatFieldFileJob {
  HeatWriter           w;
  HeatFieldFileOptions options; /* of w; its pointers are used by Begin alone */
  HeatFileField        fields[HEAT_MAX_FILE_FIELDS];    /* of w; blocks are used by Begin alone */
  char                 names[HEAT_MAX_FILE_FIELDS][64]; /* copies of the names, for fields */
  char                 path[PETSC_MAX_PATH_LEN];        /* the final name */
  HeatFileError        error;                           /* of this rank */
  HeatFieldFileCopies *copies;                          /* borrowed: [n][nx] of each field */
  uint64_t            *peer_sums;                       /* owned: [n_fields][peer_n] */
  Phase                phase;
  int                  file; /* the open temporary file, for both threads of this rank; -1: none */
  pthread_t            thread;
  PetscBool            joinable;        /* the thread was started and is not joined yet */
  atomic_int           done;            /* 1: the thread has finished its phase */
  double               seconds_blocked; /* [s] for which the computation was blocked */
};

/* Functions of the threads. */

/* Close the file of this rank's threads, if it is open. */
static void CloseFile(HeatFieldFileJob *job)
{
  if (job->file >= 0 && close(job->file) != 0) HeatFileFailErrno(&job->error, "close");
  job->file = -1;
}

/* Return whether this rank has something to do in a phase: rows to write (rank 0 syncs the
   bookkeeping, too), or rows to read back. */
static PetscBool HasWork(const HeatFieldFileJob *job, Phase phase)
{
  const HeatWriter *w = &job->w;

  if (phase == PHASE_WRITE) return w->n > 0 || w->grid->rank == 0 ? PETSC_TRUE : PETSC_FALSE;
  return w->peer_n > 0 && job->options.verify != HEAT_READ_BACK_NONE ? PETSC_TRUE : PETSC_FALSE;
}

/* Write the copies of this rank's rows and their checksums to their offsets, and sync them.  The
   file stays open if rows are to be read back. */
static void *WriterThread(void *context)
{
  HeatFieldFileJob *job   = context;
  HeatWriter       *w     = &job->w;
  const double      start = HeatMonotonicTime();
  double            written;

  job->file = HeatFileOpenOwn(w->part, PETSC_TRUE, w->error);
  for (PetscInt f = 0; f < w->n_fields; f++) {
    HeatWriterPutRows(w, job->file, f, 0, w->n, job->copies->memory[f]);
    HeatWriterPutSums(w, job->file, f);
  }
  written = HeatMonotonicTime();
  HeatFileSyncOpen(job->file, w->error);
  if (!HasWork(job, PHASE_VERIFY)) CloseFile(job);
  w->stats.seconds_write += written - start;
  w->stats.seconds_sync += HeatMonotonicTime() - written;
  atomic_store(&job->done, 1);
  return NULL;
}

/* Read back the rows of another rank (HeatWriterReadBack). */
static void *VerifierThread(void *context)
{
  HeatFieldFileJob *job   = context;
  HeatWriter       *w     = &job->w;
  const double      start = HeatMonotonicTime();

  if (job->file < 0) job->file = HeatFileOpenOwn(w->part, PETSC_FALSE, w->error);
  HeatWriterReadBack(w, job->file, job->peer_sums);
  CloseFile(job);
  w->stats.seconds_verify += HeatMonotonicTime() - start;
  atomic_store(&job->done, 1);
  return NULL;
}

/* Start the thread of a phase; a rank without work counts as done.  All signals are blocked in it,
   so that they are delivered to the main thread, which handles them.  A thread that cannot be
   started counts as done, with a failure. */
static void StartThread(HeatFieldFileJob *job)
{
  sigset_t all, before;
  int      failed;

  job->joinable = PETSC_FALSE;
  atomic_store(&job->done, HasWork(job, job->phase) ? 0 : 1);
  if (!HasWork(job, job->phase)) return;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  failed = pthread_create(&job->thread, NULL,
                          job->phase == PHASE_WRITE ? WriterThread : VerifierThread, job);
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  job->joinable = failed ? PETSC_FALSE : PETSC_TRUE;
  if (failed) {
    HeatFileFail(&job->error, "starting a thread: %s", strerror(failed));
    atomic_store(&job->done, 1);
  }
}

/* Wait for the thread, if there is one, and release it. */
static void JoinThread(HeatFieldFileJob *job)
{
  if (job->joinable) (void)pthread_join(job->thread, NULL);
  job->joinable = PETSC_FALSE;
}

/* Functions of the main thread. */

static PetscErrorCode DestroyJob(HeatFieldFileJob **job)
{
  PetscFunctionBeginUser;
  CloseFile(*job); /* open after a failure of another rank */
  PetscCall(PetscFree((*job)->peer_sums));
  PetscCall(HeatWriterEnd(&(*job)->w));
  PetscCall(PetscFree(*job));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Ask for large pages where the system gives them on request, because the page faults of small
   pages take a good part of the time for which the computation is blocked.  4096 bytes is the usual
   size of a small page; on a system with larger pages madvise may refuse the address, and the copy
   is only slower. */
static void AskForLargePages(void *memory, size_t bytes)
{
#ifdef MADV_HUGEPAGE
  const size_t page = 4096, skip = (page - (size_t)(uintptr_t)memory % page) % page;

  if (bytes > 2 * page)
    (void)madvise((char *)memory + skip, (bytes - skip) / page * page, MADV_HUGEPAGE);
#else
  (void)memory, (void)bytes;
#endif
}

PetscErrorCode HeatFieldFileCopiesClear(HeatFieldFileCopies *copies)
{
  PetscFunctionBeginUser;
  for (int f = 0; f < HEAT_MAX_FILE_FIELDS; f++) {
    PetscCall(PetscFree(copies->memory[f]));
    copies->bytes[f] = 0;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Make sure that there is memory for `bytes` bytes of the copy of field f. */
static PetscErrorCode ReserveCopy(HeatFieldFileCopies *copies, PetscInt f, size_t bytes)
{
  PetscFunctionBeginUser;
  if (copies->bytes[f] >= bytes) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFree(copies->memory[f]));
  PetscCall(PetscMalloc(bytes, &copies->memory[f]));
  AskForLargePages(copies->memory[f], bytes);
  copies->bytes[f] = bytes;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Copy all of this rank's rows of each field.  Collective on grid->comm. */
static PetscErrorCode CopyRows(HeatFieldFileJob *job)
{
  HeatWriter *w = &job->w;

  PetscFunctionBeginUser;
  for (PetscInt f = 0; f < w->n_fields; f++) {
    const HeatFileField *field = &w->fields[f];
    const void          *rows;
    void                *copy;
    PetscInt             n;

    PetscCall(ReserveCopy(job->copies, f, (size_t)w->n * HeatWriterRowBytes(w, f)));
    copy = job->copies->memory[f];
    PetscCall(HeatSlabGetPiece(w->slab, HeatElementMPIType(field->element), field->block, 0,
                               w->grid->ny, copy, &n, &rows));
    if (n > 0 && rows != copy) memcpy(copy, rows, (size_t)n * HeatWriterRowBytes(w, f));
    HeatBeat();
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create the job and copy what the threads and HeatFieldFileEnd need of the arguments. */
static PetscErrorCode CreateJob(const HeatGrid *grid, const char *path,
                                const HeatFieldFileOptions *options, PetscInt n_fields,
                                const HeatFileField *fields, HeatFieldFileJob **made)
{
  HeatFieldFileJob *job;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&job));
  job->file    = -1;
  job->options = *options;
  for (PetscInt f = 0; f < PetscMin(n_fields, HEAT_MAX_FILE_FIELDS); f++) {
    (void)snprintf(job->names[f], sizeof(job->names[f]), "%s", fields[f].name);
    job->fields[f]      = fields[f];
    job->fields[f].name = job->names[f];
  }
  (void)snprintf(job->path, sizeof(job->path), "%s", path);
  job->w = (HeatWriter){.grid     = grid,
                        .options  = &job->options,
                        .n_fields = n_fields,
                        .fields   = job->fields,
                        .error    = &job->error};
  PetscCall(HeatWriterBegin(&job->w, path));
  *made = job;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatFieldFileBegin(const HeatGrid *grid, const char *path,
                                  const HeatFieldFileOptions *options, PetscInt n_fields,
                                  const HeatFileField *fields, HeatFieldFileCopies *copies,
                                  HeatFieldFileJob **made, HeatFileError *error)
{
  const double      start = HeatMonotonicTime();
  double            copy;
  HeatFieldFileJob *job;

  PetscFunctionBeginUser;
  PetscCall(CreateJob(grid, path, options, n_fields, fields, &job));
  job->copies = copies;
  PetscCall(HeatWriterSums(&job->w));
  PetscCall(HeatWriterPeerSums(&job->w, &job->peer_sums));
  PetscCall(CopyRows(job));
  copy = HeatMonotonicTime();
  PetscCall(HeatWriterBookkeeping(&job->w));
  job->w.stats.seconds_exchange = copy - start;
  job->w.stats.seconds_open     = HeatMonotonicTime() - copy;
  job->seconds_blocked          = HeatMonotonicTime() - start;
  *made                         = job;
  if (!job->error.failed) {
    StartThread(job);
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  *error = job->error;
  if (grid->rank == 0) (void)unlink(job->w.part);
  PetscCall(DestroyJob(made));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Join the threads, which are done on all ranks, agree on the outcome, and start the next phase.
   Collective on grid->comm. */
static PetscErrorCode StartNextPhase(HeatFieldFileJob *job)
{
  PetscFunctionBeginUser;
  JoinThread(job);
  PetscCall(HeatFileShare(job->w.grid->comm, &job->error));
  if (job->phase == PHASE_WRITE && !job->error.failed &&
      job->options.verify != HEAT_READ_BACK_NONE) {
    job->phase = PHASE_VERIFY;
    StartThread(job);
  } else job->phase = PHASE_DONE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatFieldFileTest(HeatFieldFileJob *job, PetscBool wait, PetscBool *ready)
{
  const double start = HeatMonotonicTime();
  int          done, all = 1;

  PetscFunctionBeginUser;
  while (all && job->phase != PHASE_DONE) {
    if (wait) JoinThread(job);
    done = atomic_load(&job->done);
    PetscCallMPI(MPI_Allreduce(&done, &all, 1, MPI_INT, MPI_MIN, job->w.grid->comm));
    if (all) PetscCall(StartNextPhase(job));
  }
  *ready = job->phase == PHASE_DONE ? PETSC_TRUE : PETSC_FALSE;
  job->seconds_blocked += HeatMonotonicTime() - start;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatFieldFileEnd(HeatFieldFileJob **job, HeatFileStats *stats, HeatFileError *error)
{
  const double start = HeatMonotonicTime();
  HeatWriter  *w     = &(*job)->w;
  PetscBool    ready;

  PetscFunctionBeginUser;
  if (stats) *stats = (HeatFileStats){0};
  PetscCall(HeatFieldFileTest(*job, PETSC_TRUE, &ready));
  PetscCall(HeatWriterPublish(w, (*job)->path));
  *error = (*job)->error;
  if (!error->failed)
    PetscCall(HeatWriterStats(w, (*job)->seconds_blocked + (HeatMonotonicTime() - start), stats));
  PetscCall(DestroyJob(job));
  PetscFunctionReturn(PETSC_SUCCESS);
}
