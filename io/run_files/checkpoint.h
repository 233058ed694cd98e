/** Checkpoints: everything that a restart needs, checkpoint_NNNNNN.h5 by step.
 *
 *  A checkpoint has its final name only when it is complete and synced, and when as much of it as
 *  was asked for, by default every row, has been read back and has the right checksum.  Older
 *  checkpoints are deleted only after the newer one has its name.  A restart may use another number
 *  of ranks and another layout of blocks.
 */
#ifndef HEAT_IO_CHECKPOINT_H
#define HEAT_IO_CHECKPOINT_H

#include "io/run_files/snapshots.h"

/** The largest numbers of named scalars, and of named fields beside the temperature, in a
 *  checkpoint.  Chosen: a run has at most 42 scalars (the energy account, the clock, the stepper's
 *  memory) and at most 2 fields.  Larger values make the struct larger; HEAT_CHECKPOINT_SUMS must
 *  not exceed the attributes that stay in an HDF5 object header (MAX_ATTRIBUTES in
 *  io/field_file/hdf5_util.c). */
#define HEAT_CHECKPOINT_SUMS   64
#define HEAT_CHECKPOINT_FIELDS 4

/** The state of a run without its temperature field.  Plain data.  The same on every rank, except
 *  the blocks, which hold the rank's own cells.  Pointers are borrowed for a write; after a read
 *  they are owned, and HeatCheckpointStateClear frees them. */
typedef struct {
  PetscInt64 step;       /* steps done */
  PetscReal  time;       /* [s] */
  PetscReal  step_size;  /* [s] of the next step */
  char       scheme[32]; /* name of the time-stepping scheme, as in the case file */

  PetscInt n_sums;
  struct {
    char   name[48];
    double value;
  } sums[HEAT_CHECKPOINT_SUMS]; /* named scalars, such as the sums of the energy account */

  PetscInt n_fields;
  struct {
    char       name[48];            /* not "temperature", and no name that the file's header uses */
    PetscReal *block;               /* [nyl][nxl], x fastest, unpadded */
  } fields[HEAT_CHECKPOINT_FIELDS]; /* such as earlier temperatures of a multistep scheme */

  PetscInt           n_snapshots;
  HeatSnapshotEntry *snapshots; /* [n_snapshots]: the series so far */

  PetscInt64 bytes;   /* set by a read: size of the file */
  double     seconds; /* set by a read: [s] that it took on this rank, comparing all checksums */

  char *case_text; /* the text of the case file; NULL: none */
  char *case_keys; /* the keys that determine the solution, lines "key: value" as in HeatCase.keys,
                      --set included; NULL: none */
  char *tables;    /* the tables up to this step, lines "NAME ROWS STEP" with the number of rows and
                      the step of the last one; NULL: not known */
} HeatCheckpointState;

/** Free what HeatCheckpointRead allocated (the blocks, too) and zero the struct.  Not
 *  collective. */
PetscErrorCode HeatCheckpointStateClear(HeatCheckpointState *state);

/** Set the value of a named scalar, adding it where it does not exist.  Not collective.
 *  Errors: PETSC_ERR_ARG_OUTOFRANGE when there is no room for it, or the name is too long. */
PetscErrorCode HeatCheckpointStateSetSum(HeatCheckpointState *state, const char *name,
                                         double value);

/** Return the value of a named scalar, or `fallback` where it does not exist.  Not collective. */
double HeatCheckpointStateGetSum(const HeatCheckpointState *state, const char *name,
                                 double fallback);

/** Set the block of a named field, adding the field where it does not exist.  Not collective.
 *  @param[in] block  [nyl][nxl], borrowed
 *  Errors: PETSC_ERR_ARG_OUTOFRANGE when there is no room for it, or the name is too long. */
PetscErrorCode HeatCheckpointStateSetField(HeatCheckpointState *state, const char *name,
                                           PetscReal *block);

/** Return the block of a named field, or NULL where it does not exist.  The state keeps the block.
 *  Not collective. */
const PetscReal *HeatCheckpointStateGetField(const HeatCheckpointState *state, const char *name);

/** Which checkpoints are kept when a newer one has its name.  The rule goes by step alone, so that
 *  a restart keeps the checkpoints that an uninterrupted run keeps. */
typedef struct {
  PetscInt   newest; /* number of the newest ones that are kept, at least 1 */
  PetscInt64 every;  /* also those whose step is a multiple of this; 0: no others */
} HeatCheckpointKeep;

/** How checkpoints are written.  Pointers are borrowed for the call. */
typedef struct {
  HeatCheckpointKeep keep;
  const char        *hints;     /* for MPI-IO, or NULL (HeatFieldFileOptions) */
  PetscInt           alignment; /* [bytes] of large datasets; 0: HEAT_FILE_ALIGNMENT */
  HeatReadBack       verify;    /* how many rows are read back */
  const char        *title;
  const char        *program; /* name and version, for the manifest; NULL: not known */
} HeatCheckpointOptions;

/** Write checkpoint_<step>.h5 into `dir` and its manifest (io/run_files/manifest.h), then delete
 *  the older checkpoints that options->keep does not name.  Files of a larger step than this one
 *  are neither counted nor touched (HeatOutputDirectoryRewind moves them aside at a restart).  A
 *  manifest that cannot be written, or an old file that cannot be deleted, is one line on stderr.
 *  Collective on grid->comm.
 *  @param[in]  T        [nyl][nxl] temperature [K], x fastest, unpadded
 *  @param[out] written  NULL: a failure is raised.  Else a failure is one line on stderr, and
 *                       *written is false; the earlier checkpoints still exist
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
 *  @param[out]    job     ended with HeatCheckpointEnd; NULL after a failure, which is one line on
 *                         stderr */
PetscErrorCode HeatCheckpointBegin(const HeatGrid *grid, const char *dir,
                                   const HeatCheckpointOptions *options,
                                   const HeatCheckpointState *state, const PetscReal *T,
                                   HeatFieldFileCopies *copies, HeatCheckpointJob **job);

/** Return whether HeatCheckpointEnd would not have to wait.  Collective on grid->comm. */
PetscErrorCode HeatCheckpointTest(HeatCheckpointJob *job, PetscBool *ready);

/** Wait for the threads, give the checkpoint its final name, write its manifest, delete older
 *  checkpoints as HeatCheckpointWrite does, free the job and set *job to NULL.
 *  Collective on grid->comm.
 *  @param[out] written  false after a failure, which is one line on stderr
 *  @param[out] stats    `seconds` is the time for which the computation was blocked */
PetscErrorCode HeatCheckpointEnd(HeatCheckpointJob **job, PetscBool *written, HeatFileStats *stats);

/** Read the newest checkpoint in `dir` that is readable and undamaged; all checksums are compared.
 *  Each newer one that is passed over is one line on stderr, with the reason.
 *  Collective on grid->comm.
 *  @param[out] path   of the checkpoint that was read
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

/** Find out whether the files in the folder `dir` belong to the run that wrote a checkpoint: the
 *  checkpoint lies in that folder, or the folder has a checkpoint of the same step with the
 *  same case_keys whose numbers, which contain the energy account, are the same to the last bit (a
 *  copy was read).
 *  Collective on comm.
 *  @param[in] path, state  of the checkpoint that was read */
PetscErrorCode HeatCheckpointIsOfFolder(MPI_Comm comm, const char *path,
                                        const HeatCheckpointState *state, const char *dir,
                                        PetscBool *is);

/** Read the state alone, without a grid: the names of the fields are set, their blocks are NULL.
 *  For programs that have no grid, such as the fuzzer of tests/fuzz.  Collective on comm.
 *  Errors: HEAT_ERR_FILE when the file does not exist, is not a checkpoint, or its header or state
 *  is damaged. */
PetscErrorCode HeatCheckpointReadState(MPI_Comm comm, const char *path, HeatCheckpointState *state);

#endif
