/** The hash tree of a field (hash_tree.h). */
#include "app/bench/hash_tree.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

PetscErrorCode HeatHashBytes(size_t n, const void *bytes, HeatHash *hash)
{
  PetscFunctionBeginUser;
  PetscCall(HeatSha256(n, bytes, 0, "", hash->byte));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHashFile(const char *path, HeatHash *hash)
{
  PetscFunctionBeginUser;
  PetscCall(HeatSha256File(path, hash->byte));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append the 64 bits of v with the least significant byte first, on any machine. */
static unsigned char *PutBits(unsigned char *at, uint64_t v)
{
  for (int k = 0; k < 8; k++) *at++ = (unsigned char)(v >> (8 * k));
  return at;
}

PetscErrorCode HeatHashLeaf(PetscInt64 row, PetscInt64 piece, int n, const double *values,
                            HeatHash *hash)
{
  unsigned char bytes[1 + 2 * 8 + HEAT_PIECE * 8], *at = bytes;

  PetscFunctionBeginUser;
  *at++ = 0;
  at    = PutBits(at, (uint64_t)row);
  at    = PutBits(at, (uint64_t)piece);
  for (int k = 0; k < n; k++) {
    uint64_t bits;

    memcpy(&bits, &values[k], sizeof bits);
    at = PutBits(at, bits);
  }
  PetscCall(HeatSha256((size_t)(at - bytes), bytes, 0, "", hash->byte));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the hash of an inner node. */
static PetscErrorCode Join(const HeatHash *left, const HeatHash *right, HeatHash *hash)
{
  unsigned char bytes[1 + HEAT_HASH_BYTES] = {1};

  PetscFunctionBeginUser;
  memcpy(bytes + 1, left->byte, HEAT_HASH_BYTES);
  PetscCall(HeatSha256(sizeof bytes, bytes, HEAT_HASH_BYTES, right->byte, hash->byte));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscInt64 HeatHashRoom(PetscInt64 n)
{
  PetscInt64 room = n;

  while (n > 1) {
    n = (n + 1) / 2;
    room += n;
  }
  return room;
}

PetscErrorCode HeatHashBuild(PetscInt64 n, HeatHash *tree, HeatHash *root)
{
  PetscFunctionBeginUser;
  while (n > 1) {
    for (PetscInt64 k = 0; k + 1 < n; k += 2)
      PetscCall(Join(&tree[k], &tree[k + 1], &tree[n + k / 2]));
    if (n % 2) tree[n + n / 2] = tree[n - 1];
    tree += n;
    n = (n + 1) / 2;
  }
  *root = tree[0];
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHashPathOf(PetscInt64 n, const HeatHash *tree, PetscInt64 leaf,
                              HeatHashPath *path)
{
  PetscFunctionBeginUser;
  for (; n > 1; leaf /= 2) {
    if ((leaf ^ 1) < n) path->hash[path->n++] = tree[leaf ^ 1];
    tree += n;
    n = (n + 1) / 2;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHashClimb(PetscInt64 n, PetscInt64 leaf, const HeatHashPath *path, int *at,
                             HeatHash *hash)
{
  const HeatHash none = {{0}};

  PetscFunctionBeginUser;
  for (; n > 1; leaf /= 2, n = (n + 1) / 2) {
    if ((leaf ^ 1) >= n) continue;
    if (*at >= path->n) {
      *hash = none;
      *at   = path->n + 1;
      PetscFunctionReturn(PETSC_SUCCESS);
    }
    if (leaf % 2) PetscCall(Join(&path->hash[*at], hash, hash));
    else PetscCall(Join(hash, &path->hash[*at], hash));
    *at += 1;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

const char *HeatHashText(const HeatHash *hash, char *text)
{
  for (int k = 0; k < HEAT_HASH_BYTES; k++)
    (void)snprintf(text + 2 * k, HEAT_HASH_TEXT - 2 * k, "%02x", hash->byte[k]);
  return text;
}

PetscBool HeatHashParse(const char *text, HeatHash *hash)
{
  if (strlen(text) != 2 * HEAT_HASH_BYTES) return PETSC_FALSE;
  for (int k = 0; k < HEAT_HASH_BYTES; k++) {
    unsigned value;

    if (!isxdigit((unsigned char)text[2 * k]) || !isxdigit((unsigned char)text[2 * k + 1]) ||
        sscanf(text + 2 * k, "%2x", &value) != 1)
      return PETSC_FALSE;
    hash->byte[k] = (unsigned char)value;
  }
  return PETSC_TRUE;
}

PetscBool HeatHashSame(const HeatHash *a, const HeatHash *b)
{
  return memcmp(a->byte, b->byte, HEAT_HASH_BYTES) == 0 ? PETSC_TRUE : PETSC_FALSE;
}
