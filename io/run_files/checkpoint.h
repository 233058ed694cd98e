/** Checkpoints: all that a restart needs, checkpoint_NNNNNN.h5 by step.
 *
 *  A checkpoint exists under its name only when it is complete, synced, and as much of it as was asked
 *  for, by default every row, has been read back and its checksum found right.  Older ones go only
 *  after the newer one is in place.
 *  A restart may use another number of ranks and another layout of blocks.
 */
#ifndef HEAT_IO_CHECKPOINT_H
#define HEAT_IO_CHECKPOINT_H

#include "io/run_files/snapshots.h"

#define HEAT_CHECKPOINT_SUMS   64 /* named scalars that a checkpoint can carry */
#define HEAT_CHECKPOINT_FIELDS 4  /* named fields beside the temperature */

/** Everything of a run but its temperature field.  Plain data; the same on every rank, but the
 *  blocks, which are of its own cells. */
typedef struct {
  PetscInt64 step;      /* steps done */
  PetscReal  time;      /* [s] */
  PetscReal  step_size; /* [s] of the step to come */
  char       scheme[32];

  PetscInt n_sums; /* running sums such as the energy account, by name */
  struct {
    char   name[48];
    double value;
  } sums[HEAT_CHECKPOINT_SUMS];

  PetscInt n_fields; /* such as earlier temperatures of a multistep scheme */
  struct {
    char       name[48]; /* a word, other than temperature and the header's own */
    PetscReal *block;    /* [nyl][nxl], unpadded; borrowed for a write, owned after a read */
  } fields[HEAT_CHECKPOINT_FIELDS];

  PetscInt           n_snapshots;
  HeatSnapshotEntry *snapshots; /* [n_snapshots]; borrowed for a write, owned after a read */

  PetscInt64 bytes;   /* of the file that it was read from; after a read */
  double     seconds; /* that reading took, on this rank, with all checksums compared; likewise */

  char *case_text; /* the case file as it was; likewise borrowed or owned; NULL: none */
  char *case_keys; /* likewise: as HeatCase has it in `keys`, --set included */
} HeatCheckpointState;

/** Free what HeatCheckpointRead allocated (the blocks too) and zero the struct.  Not collective. */
PetscErrorCode HeatCheckpointStateClear(HeatCheckpointState *state);

/** Set or replace a named scalar; get one: its value, or `fallback` when there is none. */
PetscErrorCode HeatCheckpointStateSetSum(HeatCheckpointState *state, const char *name,
                                         double value);
double         HeatCheckpointStateGetSum(const HeatCheckpointState *state, const char *name,
                                         double fallback);

/** Add a field to write; a block of a name that is there already is replaced. */
PetscErrorCode HeatCheckpointStateSetField(HeatCheckpointState *state, const char *name,
                                           PetscReal *block);
/** The block of a named field, NULL: the checkpoint has none.  It stays the state's. */
const PetscReal *HeatCheckpointStateGetField(const HeatCheckpointState *state, const char *name);

/** Which checkpoints stay when a newer one is in place: by step, so that a restart changes nothing. */
typedef struct {
  PetscInt   newest; /* that many of the newest, at least 1 */
  PetscInt64 every;  /* and those whose step is a multiple of this; 0: no others */
} HeatCheckpointKeep;

/** How checkpoints are written.  Borrowed for the call. */
typedef struct {
  HeatCheckpointKeep keep;
  const char        *hints; /* as in HeatFieldFileOptions, as is alignment */
  PetscInt           alignment;
  HeatReadBack       verify;
  const char        *title;
  const char        *program; /* name and version, for the manifest; NULL: not known */
} HeatCheckpointOptions;

/** Write checkpoint_<step>.h5 into `dir` and its manifest (io/run_files/manifest.h), then remove the older ones
 *  that `keep` does not name.  Files of a larger step than this one are not counted and not touched
 *  (HeatOutputDirectoryRewind moves them aside at a restart).  A manifest that cannot be written, or
 *  an old file that cannot be removed, is one line on stderr.  Collective on grid->comm.
 *  @param[in]  T        [nyl][nxl] temperature, x fastest, unpadded
 *  @param[out] written  NULL: a failure is raised (HEAT_ERR_FILE).  Else a failure is one line on
 *                       stderr, *written says which; the earlier checkpoints are still there.
 *  @param[out] stats    may be NULL */
PetscErrorCode HeatCheckpointWrite(const HeatGrid *grid, const char *dir,
                                   const HeatCheckpointOptions *options,
                                   const HeatCheckpointState *state, const PetscReal *T,
                                   PetscBool *written, HeatFileStats *stats);

/** A checkpoint being written behind the computation's back. */
typedef struct HeatCheckpointJob HeatCheckpointJob;

/** Begin to write checkpoint_<step>.h5: when this returns, state and temperature may change
 *  (HeatFieldFileBegin).  Collective on grid->comm.
 *  @param[in]  options  title stays borrowed until the end
 *  @param[out] job      NULL: it failed, and one line on stderr says so */
PetscErrorCode HeatCheckpointBegin(const HeatGrid *grid, const char *dir,
                                   const HeatCheckpointOptions *options,
                                   const HeatCheckpointState *state, const PetscReal *T,
                                   HeatFieldFileCopies *copies, HeatCheckpointJob **job);

/** Can it be ended without waiting?  Collective on grid->comm. */
PetscErrorCode HeatCheckpointTest(HeatCheckpointJob *job, PetscBool *ready);

/** Wait for it and give it its name, as HeatCheckpointWrite does.  Collective on grid->comm.
 *  @param[out] written  false: it failed, and one line on stderr says so
 *  @param[out] stats    `seconds` is the time for which the computation waited */
PetscErrorCode HeatCheckpointEnd(HeatCheckpointJob **job, PetscBool *written, HeatFileStats *stats);

/** Read the newest checkpoint in `dir` that is readable and whole: all checksums are compared.  One
 *  line on stderr for each newer one that is passed over, with the reason.  Collective on grid->comm.
 *  @param[out] path      of that one
 *  @param[out] state, T  as of HeatCheckpointRead
 *  Errors: HEAT_ERR_FILE when there is none, or when it is of another grid than the case's. */
PetscErrorCode HeatCheckpointReadLatest(const HeatGrid *grid, const char *dir, char *path,
                                        size_t size, HeatCheckpointState *state, PetscReal *T);

/** Read a checkpoint.  Collective on grid->comm.
 *  @param[out] state  clear it with HeatCheckpointStateClear
 *  @param[out] T      [nyl][nxl], x fastest, unpadded
 *  Errors: HEAT_ERR_FILE: absent, not a checkpoint, other cells or extents than the grid's (both
 *  are named), damaged (the rows are named). */
PetscErrorCode HeatCheckpointRead(const HeatGrid *grid, const char *path,
                                  HeatCheckpointState *state, PetscReal *T);

/** The state alone, without the fields (their names are there, their blocks NULL) or a grid: for
 *  `inspect`, and for what must be known before the grid is made.  Collective on comm.
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatCheckpointReadState(MPI_Comm comm, const char *path, HeatCheckpointState *state);

#endif
