/** A hash tree over a field: one hash, the root, that commits to the values of every cell, and
 *  short proofs that some values belong to it.
 *
 *  The leaves are pieces of rows, HEAT_PIECE cells long, in global order.  So the root does not
 *  depend on ranks or blocks.  The pieces of a row form a tree, and the roots of the rows form
 *  another above them:
 *
 *                        root
 *                      /      \
 *                    o          row 2          o = hash of two hashes
 *                  /   \          |
 *              row 0    row 1    ...
 *              /    \
 *            o       piece 2       the last hash of a level of odd length moves up as it is
 *          /   \
 *     piece 0  piece 1
 *
 *  A leaf is SHA-256 of the byte 0, the row and the piece as 64-bit integers and the values as
 *  doubles, all with the least significant byte first; an inner hash is SHA-256 of the byte 1 and
 *  its two parts (RFC 6962, section 2.1, with row and piece added to the leaves).
 *
 *  Nothing here is collective. */
#ifndef HEAT_APP_HASH_TREE_H
#define HEAT_APP_HASH_TREE_H

#include "app/bench/crypto.h"
#include <stddef.h>
#include <stdint.h>

enum {
  HEAT_PIECE      = 128, /* cells of a piece.  Chosen: 1 KiB, about the size of its path */
  HEAT_HASH_BYTES = HEAT_SHA256_BYTES,
  HEAT_HASH_TEXT  = 2 * HEAT_HASH_BYTES + 1, /* room for a hash in hexadecimal digits */
  HEAT_PATH       = 64                       /* most hashes of a path: a tree of 2^64 leaves */
};

/** A hash. */
typedef struct {
  unsigned char byte[HEAT_HASH_BYTES];
} HeatHash;

/** The hashes that lead from a leaf to the root, the lowest first. */
typedef struct {
  int      n;
  HeatHash hash[HEAT_PATH];
} HeatHashPath;

/** Compute the hash of any bytes. */
PetscErrorCode HeatHashBytes(size_t n, const void *bytes, HeatHash *hash);

/** Compute the hash of a whole file.
 *  Errors: PETSC_ERR_FILE_OPEN or PETSC_ERR_FILE_READ. */
PetscErrorCode HeatHashFile(const char *path, HeatHash *hash);

/** Compute the hash of the piece `piece` of row `row`, with n <= HEAT_PIECE values. */
PetscErrorCode HeatHashLeaf(PetscInt64 row, PetscInt64 piece, int n, const double *values,
                            HeatHash *hash);

/** Return the number of hashes in all levels of a tree of n >= 1 leaves, the leaves included. */
PetscInt64 HeatHashRoom(PetscInt64 n);

/** Compute the levels of a tree above its leaves, and its root.
 *  @param[in,out] tree  [HeatHashRoom(n)], level after level; on entry tree[0] to tree[n - 1] are
 *                       the leaves */
PetscErrorCode HeatHashBuild(PetscInt64 n, HeatHash *tree, HeatHash *root);

/** Append the path of leaf `leaf` to *path.
 *  @param[in] n     number of leaves
 *  @param[in] tree  all levels, from HeatHashBuild */
PetscErrorCode HeatHashPathOf(PetscInt64 n, const HeatHash *tree, PetscInt64 leaf,
                              HeatHashPath *path);

/** Compute the root of a tree of n leaves from one of its leaves and the hashes of a path.
 *
 *  @param[in,out] at    index of the first hash of the path to use; on return the index after the
 *                       last one used, or path->n + 1 if the path is too short.  A path is right
 *                       only if *at is path->n after the last climb.
 *  @param[in,out] hash  the leaf; on return the root, or all zero if the path is too short */
PetscErrorCode HeatHashClimb(PetscInt64 n, PetscInt64 leaf, const HeatHashPath *path, int *at,
                             HeatHash *hash);

/** Write a hash as hexadecimal digits, text[HEAT_HASH_TEXT], and return text. */
const char *HeatHashText(const HeatHash *hash, char *text);

/** Read a hash from hexadecimal digits.  Return false if the text is not a hash. */
PetscBool HeatHashParse(const char *text, HeatHash *hash);

/** Return whether two hashes are equal. */
PetscBool HeatHashSame(const HeatHash *a, const HeatHash *b);

#endif
