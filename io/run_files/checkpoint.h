/** Checkpoints: files checkpoint_NNNNNN.h5, numbered by step, with everything that a restart needs.
 *
 *  A checkpoint gets its final name only when it is complete and synced, and when the rows that
 *  `verify` names, by default all, have been read back and have the right checksums.  Older
 *  checkpoints are deleted only after the newer one has its name.  A restart may use another number
 *  of ranks and another layout of blocks.
 */
#ifndef HEAT_IO_CHECKPOINT_H
#define HEAT_IO_CHECKPOINT_H

#include "io/run_files/checkpoint_state.h"

/** The checkpoints that are kept when a newer one has its name.  The rule depends on steps alone,
 *  so that a restart keeps the checkpoints that an uninterrupted run keeps. */
typedef struct {
  PetscInt   newest; /* number of newest checkpoints that are kept, at least 1 */
  PetscInt64 every;  /* checkpoints whose step is a multiple of this are kept, too; 0: no others */
} HeatCheckpointKeep;

/** How checkpoints are written.  Pointers are borrowed for the call. */
typedef struct {
  HeatCheckpointKeep keep;
  const char        *hints;       /* for MPI-IO, or NULL (HeatFieldFileOptions) */
  PetscInt           alignment;   /* [bytes] of large datasets; 0: HEAT_FILE_ALIGNMENT */
  PetscInt64         broken_halo; /* EVERY of a run with --break-halo; 0: a healthy run */
  HeatReadBack       verify;      /* which rows are read back */
  const char        *title;
  const char        *program; /* name and version, for the manifest; NULL: not known */
} HeatCheckpointOptions;

/** Write checkpoint_<step>.h5 into `dir` and its manifest (io/run_files/manifest.h), then delete
 *  the older checkpoints that options->keep does not name.  Files of a larger step than this one
 *  are neither counted nor touched (HeatOutputDirectoryRewind moves them aside at a restart).  If a
 *  manifest cannot be written, or an old file not deleted, one line on stderr says so.
 *  Collective on grid->comm.
 *  @param[in]  T        [nyl][nxl] temperature [K], x fastest, unpadded
 *  @param[out] written  NULL: a failure is raised.  Otherwise a failure prints one line on stderr
 *                       and sets *written to false; the earlier checkpoints still exist
 *  @param[out] stats    may be NULL
 *  Errors: HEAT_ERR_FILE when the checkpoint cannot be written and `written` is NULL. */
PetscErrorCode HeatCheckpointWrite(const HeatGrid *grid, const char *dir,
                                   const HeatCheckpointOptions *options,
                                   const HeatCheckpointState *state, const PetscReal *T,
                                   PetscBool *written, HeatFileStats *stats);

/** A checkpoint that threads write while the computation continues. */
typedef struct HeatCheckpointJob HeatCheckpointJob;

/** Begin to write checkpoint_<step>.h5 asynchronously (HeatFieldFileBegin).  When this returns,
 *  state and temperature may change, and all arguments except grid and copies may be freed.
 *  Collective on grid->comm.
 *  @param[in]     T       [nyl][nxl] temperature [K], x fastest, unpadded
 *  @param[in,out] copies  in use until HeatCheckpointEnd
 *  @param[out]    job     to be ended with HeatCheckpointEnd; NULL after a failure, which prints
 *                         one line on stderr */
PetscErrorCode HeatCheckpointBegin(const HeatGrid *grid, const char *dir,
                                   const HeatCheckpointOptions *options,
                                   const HeatCheckpointState *state, const PetscReal *T,
                                   HeatFieldFileCopies *copies, HeatCheckpointJob **job);

/** Set *ready to whether HeatCheckpointEnd would return without waiting.  Collective on
 *  grid->comm. */
PetscErrorCode HeatCheckpointTest(HeatCheckpointJob *job, PetscBool *ready);

/** Wait for the threads, give the checkpoint its final name, write its manifest, delete older
 *  checkpoints as HeatCheckpointWrite does, free the job and set *job to NULL.
 *  Collective on grid->comm.
 *  @param[out] written  false after a failure, which prints one line on stderr
 *  @param[out] stats    `seconds` is the time for which the computation was blocked */
PetscErrorCode HeatCheckpointEnd(HeatCheckpointJob **job, PetscBool *written, HeatFileStats *stats);

/** Read the newest checkpoint in `dir` that is readable and undamaged; all checksums are compared.
 *  For each newer checkpoint that is passed over, one line on stderr gives the reason.
 *  Collective on grid->comm.
 *  @param[out] path   [size] path of the checkpoint that was read
 *  @param[out] state  cleared with HeatCheckpointStateClear
 *  @param[out] T      [nyl][nxl] temperature [K], x fastest, unpadded
 *  Errors: HEAT_ERR_FILE when there is no usable checkpoint, or when the newest readable one has
 *  another grid than the case. */
PetscErrorCode HeatCheckpointReadLatest(const HeatGrid *grid, const char *dir, char *path,
                                        size_t size, HeatCheckpointState *state, PetscReal *T);

/** Read a checkpoint; all checksums are compared.  Collective on grid->comm.
 *  @param[out] state  cleared with HeatCheckpointStateClear; zeros after a failure
 *  @param[out] T      [nyl][nxl] temperature [K], x fastest, unpadded
 *  Errors: HEAT_ERR_FILE when the file does not exist, is not a checkpoint, has other cells or
 *  extents than the grid (the message names both), or is damaged (the message names the rows). */
PetscErrorCode HeatCheckpointRead(const HeatGrid *grid, const char *path,
                                  HeatCheckpointState *state, PetscReal *T);

/** Set *is to whether the files in the folder `dir` belong to the run that wrote a checkpoint.
 *  They do if the checkpoint lies in that folder, or if it is a copy of a checkpoint there: step,
 *  time, case_keys and all named scalars, which include the energy account, are equal bit by bit.
 *  Collective on comm.
 *  @param[in] path, state  path and state of the checkpoint that was read */
PetscErrorCode HeatCheckpointIsOfFolder(MPI_Comm comm, const char *path,
                                        const HeatCheckpointState *state, const char *dir,
                                        PetscBool *is);

#endif
