/** The proof of a run (proof.h).
 *
 *  Fields are hashed row by row: io/field_file/slab.h redistributes them to whole rows in small
 *  parts, which bounds the memory for copies.  While rank 0 writes the windows of a commitment, it
 *  keeps the tree above the rows, 64 bytes a row: 128 MiB for each field of class exa. */
#include "app/bench/proof.h"

#include <stdio.h>
#include <string.h>

#include "io/field_file/slab.h"
#include "solver/base/error.h"

/* [bytes] Size of the rows that are redistributed at once; a longer row is redistributed by itself.
   Chosen: fits into a core's cache. */
enum { PART_BYTES = 1 << 20 };

/* Room for the values of a piece in base64, with the terminating zero. */
enum { BASE64_BYTES = HEAT_BASE64_ROOM(HEAT_PIECE * 8) };

struct HeatProof {
  MPI_Comm    comm;
  HeatBenchId id;
  HeatJson   *root;        /* owned, on rank 0 alone; the proof so far */
  HeatJson   *commitments; /* borrowed from root, on rank 0 alone */
};

/* A piece of a window, as the rank that has its row sends it to rank 0, with its path up to the
   root of the row.  Rank 0 appends the path from there to the root of the field. */
typedef struct {
  int          window, piece; /* number of the window, and of the piece in it */
  PetscInt64   row;
  double       values[HEAT_PIECE];
  HeatHashPath path; /* within its row */
} Found;

typedef struct {
  PetscInt n, room;
  Found   *found; /* owned */
} FoundList;

/* The work on each row of a field, on the rank that has the whole row: hash it, or, with `wanted`,
   collect the pieces of windows. */
typedef struct {
  const HeatBenchId *id;
  PetscInt64         pieces; /* of a row */
  HeatHash          *leaves; /* owned [HeatHashRoom(pieces)]; the tree of a row */
  HeatHash          *rows;   /* [rows of this rank] roots, written if `wanted` is NULL */
  const HeatWindow  *wanted; /* [n_wanted], or NULL */
  int                n_wanted;
  int                field; /* of the wanted pieces */
  FoundList         *list;
} RowWork;

/* Compute the hashes of the pieces of a row. */
static PetscErrorCode HashPieces(const RowWork *work, PetscInt64 row, const PetscReal *values)
{
  PetscFunctionBeginUser;
  for (PetscInt64 p = 0; p < work->pieces; p++)
    PetscCall(HeatHashLeaf(row, p, HeatPieceCells(work->id, p), values + p * HEAT_PIECE,
                           &work->leaves[p]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode NewFound(FoundList *list, Found **f)
{
  PetscFunctionBeginUser;
  if (list->n == list->room) {
    list->room = 2 * list->room + 16;
    PetscCall(PetscRealloc(sizeof *list->found * (size_t)list->room, &list->found));
  }
  *f = &list->found[list->n++];
  PetscCall(PetscMemzero(*f, sizeof **f));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append the pieces of a row that windows contain, with their paths, to work->list. */
static PetscErrorCode FindPieces(const RowWork *work, PetscInt64 row, const PetscReal *values)
{
  HeatHash root;

  PetscFunctionBeginUser;
  for (int w = 0; w < work->n_wanted; w++) {
    for (int k = 0; k < work->wanted[w].n; k++) {
      const HeatPiece *piece = &work->wanted[w].pieces[k];
      Found           *f;

      if (piece->field != work->field || piece->row != row) continue;
      PetscCall(NewFound(work->list, &f));
      f->window = w;
      f->piece  = k;
      f->row    = row;
      memcpy(f->values, values + piece->piece * HEAT_PIECE,
             sizeof *values * (size_t)HeatPieceCells(work->id, piece->piece));
      PetscCall(HashPieces(work, row, values));
      PetscCall(HeatHashBuild(work->pieces, work->leaves, &root));
      PetscCall(HeatHashPathOf(work->pieces, work->leaves, piece->piece, &f->path));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Redistribute a field to rows and do the work on each own row.  Collective on grid->comm. */
static PetscErrorCode VisitRows(RowWork *work, const HeatGrid *grid, const PetscReal *block)
{
  const PetscInt part = PetscMax(1, PART_BYTES / (PetscInt)sizeof *block / grid->nx);
  HeatSlab      *slab;
  PetscReal     *buffer;
  PetscInt       first, own;

  PetscFunctionBeginUser;
  PetscCall(HeatSlabCreate(grid, NULL, &slab));
  HeatSlabGetRows(slab, &first, &own);
  PetscCall(PetscMalloc1((size_t)part * (size_t)grid->nx, &buffer));
  PetscCall(PetscMalloc1(HeatHashRoom(work->pieces), &work->leaves));
  for (PetscInt from = 0; from < HeatSlabMostRows(slab); from += part) {
    const void *rows;
    PetscInt    n;

    PetscCall(HeatSlabGetPiece(slab, MPI_DOUBLE, block, from, part, buffer, &n, &rows));
    for (PetscInt k = 0; k < n; k++) {
      const PetscReal *values = (const PetscReal *)rows + (size_t)k * (size_t)grid->nx;

      if (work->wanted) {
        PetscCall(FindPieces(work, first + from + k, values));
      } else {
        PetscCall(HashPieces(work, first + from + k, values));
        PetscCall(HeatHashBuild(work->pieces, work->leaves, &work->rows[from + k]));
      }
    }
  }
  PetscCall(PetscFree(work->leaves));
  PetscCall(PetscFree(buffer));
  PetscCall(HeatSlabDestroy(&slab));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Gather `bytes` bytes of each rank on rank 0, in the order of ranks.  Rank 0 owns *all; on other
   ranks it is NULL. */
static PetscErrorCode GatherBytes(const HeatGrid *grid, const void *own, PetscMPIInt bytes,
                                  void **all, PetscInt64 *total)
{
  PetscMPIInt *counts = NULL, *starts = NULL;

  PetscFunctionBeginUser;
  *all   = NULL;
  *total = 0;
  if (grid->rank == 0) PetscCall(PetscMalloc2(grid->size, &counts, grid->size, &starts));
  PetscCallMPI(MPI_Gather(&bytes, 1, MPI_INT, counts, 1, MPI_INT, 0, grid->comm));
  for (int k = 0; grid->rank == 0 && k < grid->size; k++) {
    starts[k] = (PetscMPIInt)*total;
    *total += counts[k];
  }
  if (grid->rank == 0) PetscCall(PetscMalloc(PetscMax(1, (size_t)*total), all));
  PetscCallMPI(MPI_Gatherv(own, bytes, MPI_BYTE, *all, counts, starts, MPI_BYTE, 0, grid->comm));
  if (grid->rank == 0) PetscCall(PetscFree2(counts, starts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the tree above the rows on rank 0, and the root of the field on all ranks.
   *tree is [HeatHashRoom(ny)], owned by the caller, NULL on other ranks. */
static PetscErrorCode HashField(const HeatBenchId *id, const HeatGrid *grid, const PetscReal *block,
                                HeatHash **tree, HeatHash *root)
{
  RowWork    work = {.id = id, .pieces = HeatPieces(id)};
  PetscInt   first, own;
  PetscInt64 total;
  void      *rows;

  PetscFunctionBeginUser;
  HeatSlabRowsOf(grid, NULL, grid->rank, &first, &own);
  PetscCall(PetscMalloc1(own + 1, &work.rows));
  PetscCall(VisitRows(&work, grid, block));
  PetscCall(GatherBytes(grid, work.rows, (PetscMPIInt)(own * HEAT_HASH_BYTES), &rows, &total));
  PetscCall(PetscFree(work.rows));
  if (grid->rank == 0) {
    PetscCall(PetscMalloc1(HeatHashRoom(grid->ny), tree));
    memcpy(*tree, rows, (size_t)total);
    PetscCall(PetscFree(rows));
    PetscCall(HeatHashBuild(grid->ny, *tree, root));
  }
  PetscCallMPI(MPI_Bcast(root, HEAT_HASH_BYTES, MPI_BYTE, 0, grid->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatProofRoot(const HeatBenchId *id, const HeatGrid *grid, const PetscReal *field,
                             HeatHash *root)
{
  HeatHash *tree = NULL;

  PetscFunctionBeginUser;
  PetscCall(HashField(id, grid, field, &tree, root));
  PetscCall(PetscFree(tree));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write a piece: its path, and its values as base64 of little-endian doubles. */
static PetscErrorCode PutPiece(HeatJson *pieces, int n, const Found *f, const HeatHashPath *path)
{
  unsigned char bytes[HEAT_PIECE * 8];
  char          text[BASE64_BYTES], hashes[HEAT_PATH][HEAT_HASH_TEXT];
  const char   *list[HEAT_PATH];
  HeatJson     *piece = HeatJsonCreate();

  PetscFunctionBeginUser;
  for (int k = 0; k < n; k++) {
    uint64_t bits;

    memcpy(&bits, &f->values[k], sizeof bits);
    for (int b = 0; b < 8; b++) bytes[8 * k + b] = (unsigned char)(bits >> (8 * b));
  }
  HeatBase64Write(8 * n, bytes, text);
  HeatJsonPutText(piece, "values", text);
  for (int k = 0; k < path->n; k++) list[k] = HeatHashText(&path->hash[k], hashes[k]);
  HeatJsonPutTexts(piece, "path", path->n, list);
  HeatJsonAppend(pieces, piece);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write the windows that the work wanted from the n gathered pieces. */
static PetscErrorCode PutWindows(HeatProof *proof, HeatJson *to, const RowWork *work, PetscInt64 n,
                                 const Found *found, HeatHash *const trees[HEAT_COMMITTED])
{
  HeatJson *list = HeatJsonAddArray(to, "windows");

  PetscFunctionBeginUser;
  for (int w = 0; w < work->n_wanted; w++) {
    HeatJson *window = HeatJsonCreate(), *pieces = HeatJsonAddArray(window, "pieces");

    for (int k = 0; k < work->wanted[w].n; k++) {
      const HeatPiece *piece = &work->wanted[w].pieces[k];
      PetscInt64       at    = 0;
      HeatHashPath     path;

      while (at < n && (found[at].window != w || found[at].piece != k)) at++;
      PetscCheck(at < n, PETSC_COMM_SELF, PETSC_ERR_PLIB, "no rank has a piece of the window");
      path = found[at].path;
      PetscCall(HeatHashPathOf(proof->id.size->cells, trees[piece->field], piece->row, &path));
      PetscCall(PutPiece(pieces, HeatPieceCells(&proof->id, piece->piece), &found[at], &path));
    }
    HeatJsonAppend(list, window);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Find the pieces of the first `wanted` windows, and write the windows on rank 0. */
static PetscErrorCode AddWindows(HeatProof *proof, const HeatGrid *grid, const HeatCommitment *c,
                                 int wanted, const PetscReal *const fields[HEAT_COMMITTED],
                                 HeatHash *const trees[HEAT_COMMITTED], HeatJson *to)
{
  HeatWindow windows[HEAT_BENCH_WINDOWS];
  FoundList  list = {0};
  RowWork    work = {.id       = &proof->id,
                     .pieces   = HeatPieces(&proof->id),
                     .wanted   = windows,
                     .n_wanted = wanted,
                     .list     = &list};
  void      *all;
  PetscInt64 bytes;

  PetscFunctionBeginUser;
  for (int k = 0; k < wanted; k++) PetscCall(HeatWindowDraw(&proof->id, c, k, &windows[k]));
  for (work.field = 0; work.field < HEAT_COMMITTED; work.field++)
    if (fields[work.field]) PetscCall(VisitRows(&work, grid, fields[work.field]));
  PetscCall(GatherBytes(grid, list.found, (PetscMPIInt)((size_t)list.n * sizeof *list.found), &all,
                        &bytes));
  PetscCall(PetscFree(list.found));
  if (grid->rank == 0) {
    PetscCall(PutWindows(proof, to, &work, bytes / (PetscInt64)sizeof(Found), all, trees));
    PetscCall(PetscFree(all));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatProofCommit(HeatProof *proof, const HeatGrid *grid, HeatCommitment *c,
                               const PetscReal *const fields[HEAT_COMMITTED], int windows)
{
  HeatHash *trees[HEAT_COMMITTED] = {NULL, NULL};
  HeatJson *to                    = grid->rank == 0 ? HeatJsonCreate() : NULL;
  char      text[HEAT_HASH_TEXT];

  PetscFunctionBeginUser;
  for (int f = 0; f < HEAT_COMMITTED; f++) {
    const HeatHash none = {{0}};

    c->root[f] = none;
    if (fields[f]) PetscCall(HashField(&proof->id, grid, fields[f], &trees[f], &c->root[f]));
  }
  if (grid->rank == 0) {
    HeatJsonPutText(to, "problem", HeatBenchProblemNames[c->problem]);
    HeatJsonPutCount(to, "cycle", (PetscInt64)c->cycle);
    HeatJsonPutCount(to, "step", c->step);
    HeatJsonPutText(to, "before", HeatHashText(&c->root[HEAT_BEFORE], text));
    HeatJsonPutText(to, "after", HeatHashText(&c->root[HEAT_AFTER], text));
  }
  PetscCall(AddWindows(proof, grid, c, windows, fields, trees, to));
  if (grid->rank == 0) HeatJsonAppend(proof->commitments, to);
  for (int f = 0; f < HEAT_COMMITTED; f++) PetscCall(PetscFree(trees[f]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatProofCreate(MPI_Comm comm, const HeatBenchId *id, HeatProof **proof)
{
  PetscMPIInt rank;
  HeatProof  *p;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&p));
  *proof  = p;
  p->comm = comm;
  p->id   = *id;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank > 0) PetscFunctionReturn(PETSC_SUCCESS);
  p->root = HeatJsonCreate();
  HeatJsonPutText(p->root, "schema", HEAT_PROOF_SCHEMA);
  HeatJsonPutCount(p->root, "version", HEAT_BENCH_VERSION);
  HeatJsonPutText(p->root, "class", id->size->name);
  HeatJsonPutText(p->root, "workload", HeatBenchWorkloadNames[id->workload]);
  HeatJsonPutBits(p->root, "nonce", id->nonce);
  HeatJsonPutText(p->root, "hash", "SHA-256");
  HeatJsonPutCount(p->root, "piece", HEAT_PIECE);
  p->commitments = HeatJsonAddArray(p->root, "commitments");
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatProofFinish(HeatProof *proof, double setup, double end_to_end, int cycles,
                               const double *times, const double *reads)
{
  PetscFunctionBeginUser;
  if (!proof->root) PetscFunctionReturn(PETSC_SUCCESS);
  HeatJsonPutNumber(proof->root, "setup", setup);
  HeatJsonPutNumber(proof->root, "end_to_end", end_to_end);
  HeatJsonPutNumbers(proof->root, "times", cycles, times);
  if (reads) HeatJsonPutNumbers(proof->root, "reads", cycles, reads);
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatProofPutText(HeatProof *proof, const char *key, const char *text)
{
  if (proof->root) HeatJsonPutText(proof->root, key, text);
}

PetscErrorCode HeatProofWrite(HeatProof *proof, const char *dir, HeatHash *hash)
{
  char          path[PETSC_MAX_PATH_LEN];
  HeatFileError error = {0};

  PetscFunctionBeginUser;
  (void)snprintf(path, sizeof path, "%s/proof.json", dir);
  if (proof->root) HeatJsonWrite(path, proof->root, &error);
  PetscCall(HeatFileAgree(proof->comm, path, "written", &error));
  if (proof->root) PetscCall(HeatHashFile(path, hash));
  PetscCallMPI(MPI_Bcast(hash, HEAT_HASH_BYTES, MPI_BYTE, 0, proof->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatProofDestroy(HeatProof **proof)
{
  PetscFunctionBeginUser;
  if (!*proof) PetscFunctionReturn(PETSC_SUCCESS);
  HeatJsonDestroy(&(*proof)->root);
  PetscCall(PetscFree(*proof));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Reading. */

/* Read the n values of a piece.  Return false if the text does not hold exactly n doubles. */
static PetscBool ReadValues(const char *text, int n, double *values)
{
  unsigned char bytes[HEAT_PIECE * 8 + 3];

  if (!HeatBase64Read(text, 8 * n, bytes)) return PETSC_FALSE;
  for (int k = 0; k < n; k++) {
    uint64_t bits = 0;

    for (int b = 0; b < 8; b++) bits |= (uint64_t)bytes[8 * k + b] << (8 * b);
    memcpy(&values[k], &bits, sizeof bits);
  }
  return PETSC_TRUE;
}

/* Read the path of a piece.  Return false if an entry is not a hash, or there are too many. */
static PetscBool ReadPath(const HeatJson *piece, HeatHashPath *path)
{
  const HeatJson *list = HeatJsonGetMember(piece, "path");

  path->n = 0;
  for (int k = 0; k < HeatJsonLength(list); k++) {
    char text[HEAT_HASH_TEXT + 1];

    HeatJsonElementText(list, k, text, sizeof text);
    if (path->n == HEAT_PATH || !HeatHashParse(text, &path->hash[path->n++])) return PETSC_FALSE;
  }
  return PETSC_TRUE;
}

PetscErrorCode HeatProofReadPiece(const HeatBenchId *id, const HeatCommitment *c,
                                  const HeatPiece *piece, const HeatJson *window, int k,
                                  HeatProvenPiece *read, PetscBool *proven)
{
  const HeatJson *from = HeatJsonElement(HeatJsonGetMember(window, "pieces"), k);
  const int       n    = HeatPieceCells(id, piece->piece);
  char            text[BASE64_BYTES + 1];
  HeatHash        hash;
  int             at = 0;

  PetscFunctionBeginUser;
  *proven = PETSC_FALSE;
  HeatJsonGetText(from, "values", text, sizeof text);
  if (!ReadValues(text, n, read->values) || !ReadPath(from, &read->path))
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatHashLeaf(piece->row, piece->piece, n, read->values, &hash));
  PetscCall(HeatHashClimb(HeatPieces(id), piece->piece, &read->path, &at, &hash));
  PetscCall(HeatHashClimb(id->size->cells, piece->row, &read->path, &at, &hash));
  *proven = (PetscBool)(at == read->path.n && HeatHashSame(&hash, &c->root[piece->field]));
  PetscFunctionReturn(PETSC_SUCCESS);
}
