/** The state of a run that a checkpoint holds besides the temperature: plain data, and functions
 *  that set and find named scalars and fields. */
#ifndef HEAT_IO_CHECKPOINT_STATE_H
#define HEAT_IO_CHECKPOINT_STATE_H

#include "io/run_files/snapshots.h"

/** The largest numbers of named scalars, and of named fields besides the temperature, in a
 *  checkpoint.  Chosen: a run has at most 64 scalars (the energy account, the clock, the stepper's
 *  memory) and at most 2 fields.  Larger values make the struct larger.  HEAT_CHECKPOINT_SUMS must
 *  not exceed the number of attributes that HDF5 keeps in an object header (MAX_ATTRIBUTES in
 *  io/field_file/hdf5_util.c). */
#define HEAT_CHECKPOINT_SUMS   64
#define HEAT_CHECKPOINT_FIELDS 4

/** The state of a run without its temperature field.  Plain data, equal on all ranks but for the
 *  blocks, which hold the rank's own cells.  Pointers are borrowed for a write; after a read
 *  they are owned, and HeatCheckpointStateClear frees them. */
typedef struct {
  PetscInt64 step;       /* number of steps done */
  PetscReal  time;       /* [s] simulated time */
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
  double     seconds; /* set by a read: [s] that reading and checking took on this rank */

  char *case_text; /* the text of the case file; NULL: none */
  char *case_keys; /* the keys that determine the solution, lines "key: value" as in HeatCase.keys,
                      --set included; NULL: none */
  char *tables;    /* the tables (history.csv, ...) up to this step, lines "NAME ROWS STEP DIGEST":
                      the number of rows, the step of the last row, and the digest of the values
                      (HeatTableContents) in hexadecimal; NULL: not known */
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

/** Return the block of a named field, owned by the state, or NULL where it does not exist.
 *  Not collective. */
const PetscReal *HeatCheckpointStateGetField(const HeatCheckpointState *state, const char *name);

/** Return whether two states have equal named scalars, bit by bit.  Not collective. */
PetscBool HeatCheckpointStateSameSums(const HeatCheckpointState *a, const HeatCheckpointState *b);

/** Return whether two texts of states are equal; NULL counts as "".  Not collective. */
PetscBool HeatCheckpointSameText(const char *a, const char *b);

#endif
