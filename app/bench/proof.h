/** The proof of a run: roots of hash trees of its fields, and windows of the fields with the paths
 *  that lead to the roots (hash_tree.h, window.h).  It is written as proof.json:
 *
 *    {"schema": "heat2d proof 1", "version": 1, "class": "small", "workload": "implicit",
 *     "nonce": "0x...", "hash": "SHA-256", "piece": 128,
 *     "commitments": [
 *       {"problem": "field", "cycle": 0, "step": 1, "before": "hash", "after": "hash",
 *        "windows": [{"pieces": [{"values": "base64", "path": ["hash", ...]}, ...]}, ...]}, ...]}
 *
 *  Rows, pieces and fields of the windows are not written: they follow from nonce and roots. */
#ifndef HEAT_APP_PROOF_H
#define HEAT_APP_PROOF_H

#include "app/bench/window.h"
#include "io/file/json.h"
#include "solver/grid/grid.h"

#define HEAT_PROOF_SCHEMA "heat2d proof 1"

typedef struct HeatProof HeatProof;

/** Begin a proof.  Collective on comm; owned by the caller. */
PetscErrorCode HeatProofCreate(MPI_Comm comm, const HeatBenchId *id, HeatProof **proof);

/** Commit to one or two fields: compute the roots, draw the windows, and add both to the proof.
 *  Reads every cell once more for the windows.  Collective on grid->comm.
 *  @param[in,out] c       problem, cycle and step; on return the roots, the same on all ranks
 *  @param[in]     fields  [HEAT_COMMITTED] [nyl][nxl] each; NULL: none, its root is all zero
 *  @param[in]     windows whether windows are added, or the roots alone */
PetscErrorCode HeatProofCommit(HeatProof *proof, const HeatGrid *grid, HeatCommitment *c,
                               const PetscReal *const fields[HEAT_COMMITTED], PetscBool windows);

/** Add the raw times to the proof: set-up and each cycle [s].  Collective. */
PetscErrorCode HeatProofFinish(HeatProof *proof, double setup, int cycles, const double *times);

/** Write DIR/proof.json and compute the hash of the file, the same on all ranks.  Collective.
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatProofWrite(HeatProof *proof, const char *dir, HeatHash *hash);

/** Destroy the proof and set *proof to NULL; *proof may be NULL.  Collective. */
PetscErrorCode HeatProofDestroy(HeatProof **proof);

/** A piece of a proof as it was read. */
typedef struct {
  double       values[HEAT_PIECE];
  HeatHashPath path;
} HeatProvenPiece;

/** Read piece `k` of a window of proof.json.  Not collective.  Return false where it is missing or
 *  malformed, or its path does not lead to the root. */
PetscErrorCode HeatProofReadPiece(const HeatBenchId *id, const HeatCommitment *c,
                                  const HeatPiece *piece, const HeatJson *window, int k,
                                  HeatProvenPiece *read, PetscBool *proven);

#endif
