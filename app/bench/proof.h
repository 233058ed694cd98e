/** The proof of a run: roots of hash trees of its fields, and windows of the fields with the paths
 *  that lead to the roots (hash_tree.h, window.h).  It is written as proof.json:
 *
 *    {"schema": "heat2d proof 1", "version": 1, "class": "small", "workload": "implicit",
 *     "nonce": "0x...", "hash": "SHA-256", "piece": 128,
 *     "commitments": [
 *       {"problem": "field", "cycle": 0, "step": 1, "before": "hash", "after": "hash",
 *        "windows": [{"pieces": [{"values": "base64", "path": ["hash", ...]}, ...]}, ...]}, ...]}
 *
 *  The last element of "commitments" is that of the problem "last", the last field of "field"; the
 *  member "checksum" is the checksum of that field (bench_last.h).  The workload `checkpoint` has
 *  neither.  After the run, "setup", "end_to_end" and the "times" of the cycles [s] are added, the
 *  "reads" [s] of restarts, and the hashes "binary_sha256" and "source_sha256" of the program.
 *  Rows, pieces and fields of the windows are not written, since they follow from nonce and
 *  roots. */
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
 *  @param[in,out] c        problem, cycle and step are given; its roots are set, on all ranks
 *  @param[in]     fields   [HEAT_COMMITTED], each [nyl][nxl]; NULL: no field, and a root of zeros
 *  @param[in]     windows  number of windows that are added, 1 to HEAT_BENCH_WINDOWS */
PetscErrorCode HeatProofCommit(HeatProof *proof, const HeatGrid *grid, HeatCommitment *c,
                               const PetscReal *const fields[HEAT_COMMITTED], int windows);

/** Compute the root of the hash tree of a field, the same on all ranks and on any number of them.
 *  Collective on grid->comm.
 *  @param[in] field  [nyl][nxl] */
PetscErrorCode HeatProofRoot(const HeatBenchId *id, const HeatGrid *grid, const PetscReal *field,
                             HeatHash *root);

/** Add the raw times of the set-up, of the whole program and of each cycle [s] to the proof, and
 *  those of restarts, unless `reads` is NULL.  Collective. */
PetscErrorCode HeatProofFinish(HeatProof *proof, double setup, double end_to_end, int cycles,
                               const double *times, const double *reads);

/** Add a text to the proof.  Not collective; other ranks than 0 do nothing. */
void HeatProofPutText(HeatProof *proof, const char *key, const char *text);

/** Write DIR/proof.json and compute the hash of the file, the same on all ranks.  Collective.
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatProofWrite(HeatProof *proof, const char *dir, HeatHash *hash);

/** Destroy the proof and set *proof to NULL; *proof may be NULL.  Collective. */
PetscErrorCode HeatProofDestroy(HeatProof **proof);

/** A piece that was read from a proof. */
typedef struct {
  double       values[HEAT_PIECE];
  HeatHashPath path;
} HeatProvenPiece;

/** Read piece `k` of a window of proof.json and check its path.  Not collective.
 *  @param[in]  c       the commitment, which has the roots
 *  @param[in]  piece   the field, row and piece that the window must have at this place
 *  @param[out] proven  false if the piece is missing or malformed, or its path does not lead to the
 *                      root */
PetscErrorCode HeatProofReadPiece(const HeatBenchId *id, const HeatCommitment *c,
                                  const HeatPiece *piece, const HeatJson *window, int k,
                                  HeatProvenPiece *read, PetscBool *proven);

#endif
