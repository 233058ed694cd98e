/** The audit of a result (audit.h).
 *
 *  The squares of the residuals are summed over the windows of all commitments.  Windows are drawn
 *  at random, so the expected mean square is the mean square over the whole fields, which a correct
 *  run keeps below the tolerance squared.  By Markov's inequality a mean square in the windows that
 *  is margin^2 times larger has a probability below 1/margin^2, about one in a thousand.  If a
 *  fraction f of the cells of a field is wrong, the probability that some of k windows contains a
 *  wrong cell is at least 1 - (1 - f)^k. */
#include "app/bench/audit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/bench/bench_history.h"
#include "app/bench/draw.h"

/* Ratio of the audit's bounds to the bounds for whole fields, chosen by the estimate at the head of
   this file (RULES.md, 6.6). */
static const double margin = 30.0;

/* Sums over the cells of windows. */
typedef struct {
  double     wrong, right; /* sums of the squares of the residual or error (wrong), and of the
                              right-hand side or solution to which its bound is relative (right) */
  PetscInt64 cells;
} Sums;

typedef struct {
  const HeatBenchId *id;
  HeatBenchCosines   cosines;
  HeatBenchResult   *r;
  HeatAuditReport   *report;
  Sums               field, modes;
  PetscInt64         last; /* cells of `last` that were read */
  PetscBool          said; /* a reason about the windows of this commitment was added */

  const HeatJson *commitments; /* array of the proof, borrowed */
  HeatHash       *roots;       /* owned [n_roots]; of the fields after the committed steps */
  PetscInt64      n_roots;
  HeatCommitment  newest; /* the last commitment of `field` that was read */
} Audit;

/* A window with its pieces. */
typedef struct {
  const HeatWindow *w;
  HeatProvenPiece   pieces[HEAT_WINDOW_PIECES];
} ProvenWindow;

/* Store in *value the value of cell (i, j) of a field; return false if the window lacks it. */
static PetscBool ValueAt(const ProvenWindow *read, int field, PetscInt64 i, PetscInt64 j,
                         double *value)
{
  for (int k = 0; k < read->w->n; k++) {
    const HeatPiece *piece = &read->w->pieces[k];

    if (piece->field != field || piece->row != j || piece->piece != i / HEAT_PIECE) continue;
    *value = read->pieces[k].values[i % HEAT_PIECE];
    return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

/* Add the residual of cell (i, j) of the problem `field`: (C/dt) (after - before) minus the sum of
   G (T' - T) over the neighbours T' in the grid, with T after the step (implicit) or before it
   (explicit).  A cell whose neighbour lies beyond the window is left out. */
static void AddFieldCell(Audit *a, const ProvenWindow *read, PetscInt64 i, PetscInt64 j)
{
  static const int steps[4][2] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}};
  const PetscInt64 n           = a->id->size->cells;
  const int        stencil     = a->id->workload == HEAT_BENCH_EXPLICIT ? HEAT_BEFORE : HEAT_AFTER;
  const double     rate        = HeatBenchCapacity(a->id, i, j) / HeatBenchStep(a->id->workload);
  double           before, after, centre, net = 0.0;

  if (!ValueAt(read, HEAT_BEFORE, i, j, &before) || !ValueAt(read, HEAT_AFTER, i, j, &after) ||
      !ValueAt(read, stencil, i, j, &centre))
    return;
  for (int k = 0; k < 4; k++) {
    const PetscInt64 i2 = i + steps[k][0], j2 = j + steps[k][1];
    double           neighbour;

    if (i2 < 0 || i2 >= n || j2 < 0 || j2 >= n) continue;
    if (!ValueAt(read, stencil, i2, j2, &neighbour)) return;
    net += HeatBenchConductance(a->id, i, j, i2, j2) * (neighbour - centre);
  }
  a->field.wrong += pow(rate * (after - before) - net, 2.0);
  a->field.right += pow(rate * before, 2.0);
  a->field.cells += 1;
}

/* Add the error of cell (i, j) of the problem `modes` against the closed form. */
static void AddModesCell(Audit *a, const ProvenWindow *read, PetscInt64 i, PetscInt64 j)
{
  const PetscInt64 n     = a->id->size->cells;
  double           exact = 0.0, value;

  if (!ValueAt(read, HEAT_AFTER, i, j, &value)) return;
  for (int m = 0; m < HEAT_BENCH_MODES; m++)
    exact += a->cosines.factor[m] * HeatBenchCosine(i, a->cosines.x[m], n) *
             HeatBenchCosine(j, a->cosines.y[m], n);
  a->modes.wrong += pow(value - exact, 2.0);
  a->modes.right += exact * exact;
  a->modes.cells += 1;
}

/* Add a reason about the windows of a commitment, unless one was given already. */
static void AddReasonOnce(Audit *a, const HeatCommitment *c, const char *what)
{
  if (a->said) return;
  a->said = PETSC_TRUE;
  HeatBenchInvalid(a->r, "audit: %s, cycle %u: %s", HeatBenchProblemNames[c->problem], c->cycle,
                   what);
}

/* Check that a committed field is the one that the nonce gives, bit by bit. */
static void CheckDrawn(Audit *a, const HeatCommitment *c, const ProvenWindow *read, int field,
                       const char *reason)
{
  for (int k = 0; k < read->w->n; k++) {
    const HeatPiece *piece = &read->w->pieces[k];

    if (piece->field != field) continue;
    for (int v = 0; v < HeatPieceCells(a->id, piece->piece); v++) {
      const double right = HeatDrawTemperature(a->id->nonce, c->cycle,
                                               piece->piece * HEAT_PIECE + v, piece->row);

      if (read->pieces[k].values[v] != right) AddReasonOnce(a, c, reason);
    }
  }
}

/* Check that the last field of `field` is within the range of the initial field in a window. */
static void CheckRange(Audit *a, const HeatCommitment *c, const ProvenWindow *read)
{
  const double low  = HeatBenchRange[0] - HeatBenchOvershoot;
  const double high = HeatBenchRange[1] + HeatBenchOvershoot;

  for (int k = 0; k < read->w->n; k++) {
    const int n = HeatPieceCells(a->id, read->w->pieces[k].piece);

    for (int v = 0; v < n; v++)
      if (!(read->pieces[k].values[v] >= low && read->pieces[k].values[v] <= high))
        AddReasonOnce(a, c, "the temperature leaves the range of the nonce's first field");
    a->last += n;
  }
}

static const char not_drawn[] = "a checkpoint is not of the field of this nonce";

/* Compute the root of the field that the nonce gives in a cycle. */
static PetscErrorCode DrawnRoot(const HeatBenchId *id, uint32_t cycle, HeatHash *root)
{
  const PetscInt64 n = id->size->cells, pieces = HeatPieces(id);
  HeatHash        *row, *rows;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc2((size_t)HeatHashRoom(pieces), &row, (size_t)HeatHashRoom(n), &rows));
  for (PetscInt64 j = 0; j < n; j++) {
    for (PetscInt64 p = 0; p < pieces; p++) {
      double values[HEAT_PIECE];

      for (int v = 0; v < HeatPieceCells(id, p); v++)
        values[v] = HeatDrawTemperature(id->nonce, cycle, p * HEAT_PIECE + v, j);
      PetscCall(HeatHashLeaf(j, p, HeatPieceCells(id, p), values, &row[p]));
    }
    PetscCall(HeatHashBuild(pieces, row, &rows[j]));
  }
  PetscCall(HeatHashBuild(n, rows, root));
  PetscCall(PetscFree2(row, rows));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check that the field that was read back is the one that was written and, in cycles with windows
   of classes up to RECOMPUTED cells along an axis, that it is in all cells the field that the nonce
   gives. */
static PetscErrorCode CheckRoots(Audit *a, const HeatCommitment *c)
{
  enum { RECOMPUTED = 4096 }; /* chosen: half a second for each field on one core */
  HeatHash drawn;

  PetscFunctionBeginUser;
  if (!HeatHashSame(&c->root[HEAT_BEFORE], &c->root[HEAT_AFTER]))
    AddReasonOnce(a, c, "the field that was read back is not the one that was written");
  if (a->id->size->cells > RECOMPUTED || !HeatBenchIsChosen(c->cycle))
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(DrawnRoot(a->id, c->cycle, &drawn));
  if (!HeatHashSame(&c->root[HEAT_AFTER], &drawn)) AddReasonOnce(a, c, not_drawn);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read and evaluate one window. */
static PetscErrorCode AuditWindow(Audit *a, const HeatCommitment *c, int k, const HeatJson *json)
{
  HeatWindow   w;
  ProvenWindow read = {.w = &w};

  PetscFunctionBeginUser;
  PetscCall(HeatWindowDraw(a->id, c, k, &w));
  for (int piece = 0; piece < w.n; piece++) {
    PetscBool proven;

    PetscCall(
        HeatProofReadPiece(a->id, c, &w.pieces[piece], json, piece, &read.pieces[piece], &proven));
    if (!proven) {
      AddReasonOnce(
          a, c,
          "a window is not where nonce and roots place it, or its path does not lead to the "
          "root");
      PetscFunctionReturn(PETSC_SUCCESS);
    }
  }
  a->report->windows += 1;
  if (a->id->workload == HEAT_BENCH_CHECKPOINT) {
    CheckDrawn(a, c, &read, HEAT_BEFORE, not_drawn);
    CheckDrawn(a, c, &read, HEAT_AFTER, not_drawn);
    for (int piece = 0; piece < w.n; piece++)
      a->field.cells += HeatPieceCells(a->id, w.pieces[piece].piece);
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (c->problem == HEAT_BENCH_PROBLEM_LAST) {
    CheckRange(a, c, &read);
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (c->problem == HEAT_BENCH_PROBLEM_FIELD && c->step == 1)
    CheckDrawn(a, c, &read, HEAT_BEFORE, "the first field is not the one of this nonce");
  for (PetscInt64 i = w.piece * HEAT_PIECE;
       i < (w.piece + 2) * HEAT_PIECE && i < a->id->size->cells; i++) {
    if (c->problem == HEAT_BENCH_PROBLEM_FIELD) AddFieldCell(a, &read, i, w.row);
    else AddModesCell(a, &read, i, w.row);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether a root is missing: all its bytes are 0, which no hash has. */
static PetscBool IsNone(const HeatHash *root)
{
  const HeatHash none = {{0}};

  return HeatHashSame(root, &none);
}

/* Read a commitment of a problem.  Return false if it is malformed, or of another problem. */
static PetscBool ReadCommitment(const HeatJson *json, HeatBenchProblemKind problem,
                                HeatCommitment *c)
{
  char name[16], before[HEAT_HASH_TEXT + 1], after[HEAT_HASH_TEXT + 1];

  HeatJsonGetText(json, "problem", name, sizeof name);
  HeatJsonGetText(json, "before", before, sizeof before);
  HeatJsonGetText(json, "after", after, sizeof after);
  c->problem = problem;
  c->cycle   = (uint32_t)HeatJsonGetCount(json, "cycle");
  c->step    = (PetscInt)HeatJsonGetCount(json, "step");
  return (PetscBool)(!strcmp(name, HeatBenchProblemNames[problem]) &&
                     HeatHashParse(before, &c->root[HEAT_BEFORE]) &&
                     HeatHashParse(after, &c->root[HEAT_AFTER]) && !IsNone(&c->root[HEAT_AFTER]) &&
                     (problem != HEAT_BENCH_PROBLEM_FIELD || !IsNone(&c->root[HEAT_BEFORE])));
}

/* Return the step whose fields a problem commits to in a cycle. */
static PetscInt StepOf(const HeatBenchId *id, HeatBenchProblemKind problem, uint32_t cycle)
{
  if (problem == HEAT_BENCH_PROBLEM_MODES) return HeatBenchModeSteps(id->workload);
  if (problem == HEAT_BENCH_PROBLEM_LAST) return HEAT_BENCH_CYCLE;
  return HeatBenchCommittedStep(id, cycle);
}

/* Read a commitment.  Return false if it is malformed, or is not the one of a problem and cycle (0
   for `modes`). */
static PetscBool BelongsTo(const Audit *a, const HeatJson *json, HeatBenchProblemKind problem,
                           uint32_t cycle, HeatCommitment *c)
{
  return (PetscBool)(ReadCommitment(json, problem, c) && c->cycle == cycle &&
                     c->step == StepOf(a->id, problem, cycle));
}

/* Check that the last field is the field after the committed step of the last cycle, if that is the
   last step of the cycle. */
static void CheckSameStep(Audit *a, const HeatCommitment *c)
{
  if (a->newest.cycle == c->cycle && a->newest.step == c->step &&
      !HeatHashSame(&a->newest.root[HEAT_AFTER], &c->root[HEAT_AFTER]))
    AddReasonOnce(a, c, "it is not the field after the last step of its cycle");
}

/* Audit one commitment, which must belong to `problem` and `cycle` (0 for `modes`). */
static PetscErrorCode AuditCommitment(Audit *a, HeatBenchProblemKind problem, uint32_t cycle,
                                      const HeatJson *json)
{
  const HeatJson *windows = HeatJsonGetMember(json, "windows");
  HeatCommitment  c;

  PetscFunctionBeginUser;
  a->said = PETSC_FALSE;
  if (!BelongsTo(a, json, problem, cycle, &c)) {
    HeatBenchInvalid(a->r, "audit: %s, cycle %u: its commitment is missing or malformed",
                     HeatBenchProblemNames[problem], cycle);
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  a->report->commitments += 1;
  if (a->id->workload == HEAT_BENCH_CHECKPOINT) PetscCall(CheckRoots(a, &c));
  if (problem == HEAT_BENCH_PROBLEM_LAST) CheckSameStep(a, &c);
  if (problem == HEAT_BENCH_PROBLEM_FIELD) {
    a->roots[a->n_roots++] = c.root[HEAT_AFTER];
    a->newest              = c;
  }
  for (int k = 0; k < HeatWindowsOf(problem, cycle); k++)
    PetscCall(AuditWindow(a, &c, k, HeatJsonElement(windows, k)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The history. */

/* Compare the first window of a commitment of `field` or `last` with its history, if it is the one
   of the cycle.  Any other commitment is skipped: AuditCommitment has added a reason for it, and a
   history of its step, which may be any number, could take arbitrarily long. */
static PetscErrorCode AuditHistory(Audit *a, HeatBenchProblemKind problem, uint32_t cycle,
                                   const HeatJson *json)
{
  /* With explicit steps, windows of `field` have three rows of the field before the step. */
  const PetscBool before = (PetscBool)(problem == HEAT_BENCH_PROBLEM_FIELD &&
                                       a->id->workload == HEAT_BENCH_EXPLICIT);
  const int       field  = before ? HEAT_BEFORE : HEAT_AFTER;
  double          values[HEAT_WINDOW_COLUMNS * HEAT_PIECE], error;
  HeatHistoryRow  row = {.values = values};
  HeatCommitment  c;
  HeatWindow      w;

  PetscFunctionBeginUser;
  if (!BelongsTo(a, json, problem, cycle, &c)) PetscFunctionReturn(PETSC_SUCCESS);
  a->said = PETSC_FALSE;
  json    = HeatJsonElement(HeatJsonGetMember(json, "windows"), 0);
  PetscCall(HeatWindowDraw(a->id, &c, 0, &w));
  row.row   = w.row;
  row.first = w.piece * HEAT_PIECE;
  for (int k = 0; k < w.n; k++) {
    HeatProvenPiece piece;
    PetscBool       proven;

    if (w.pieces[k].field != field || w.pieces[k].row != w.row) continue;
    PetscCall(HeatProofReadPiece(a->id, &c, &w.pieces[k], json, k, &piece, &proven));
    if (!proven) PetscFunctionReturn(PETSC_SUCCESS);
    memcpy(values + row.n, piece.values,
           sizeof *values * (size_t)HeatPieceCells(a->id, w.pieces[k].piece));
    row.n += HeatPieceCells(a->id, w.pieces[k].piece);
  }
  PetscCall(HeatHistoryCompare(a->id, cycle, c.step - (before ? 1 : 0), &row, &error));
  a->report->histories += 1;
  if (!isnan(a->report->history) && !(error <= a->report->history)) a->report->history = error;
  if (!(error <= HeatHistoryBound(a->id->workload)))
    AddReasonOnce(a, &c,
                  "the field is not the one to which the steps lead from the nonce's first field");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the history of the committed field of a cycle. */
static PetscErrorCode AuditCycle(Audit *a, uint32_t cycle)
{
  PetscFunctionBeginUser;
  PetscCall(AuditHistory(a, HEAT_BENCH_PROBLEM_FIELD, cycle,
                         HeatJsonElement(a->commitments, 1 + (int)cycle)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the history of the last field, of the chosen cycles, and of others that are drawn from
   all roots, so that they are not known before the last field is fixed. */
static PetscErrorCode AuditHistories(Audit *a, uint32_t cycles)
{
  HeatHash all;

  PetscFunctionBeginUser;
  PetscCall(AuditHistory(a, HEAT_BENCH_PROBLEM_LAST, cycles - 1,
                         HeatJsonElement(a->commitments, 1 + (int)cycles)));
  for (uint32_t c = 0; c < cycles && a->r->n_reasons < HEAT_BENCH_REASONS; c++)
    if (HeatBenchIsChosen(c)) PetscCall(AuditCycle(a, c));
  PetscCall(HeatHashBytes((size_t)a->n_roots * sizeof *a->roots, a->roots, &all));
  for (int k = 0; k < HEAT_BENCH_HISTORIES && a->r->n_reasons < HEAT_BENCH_REASONS; k++) {
    uint32_t drawn = 0;

    for (int b = 0; b < 4; b++) drawn |= (uint32_t)all.byte[4 * k + b] << (8 * b);
    drawn %= cycles;
    if (!HeatBenchIsChosen(drawn)) PetscCall(AuditCycle(a, drawn));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static int CompareHashes(const void *a, const void *b) { return memcmp(a, b, sizeof(HeatHash)); }

/* Check that no field was committed to twice. */
static void CheckDistinct(Audit *a)
{
  qsort(a->roots, (size_t)a->n_roots, sizeof *a->roots, CompareHashes);
  for (PetscInt64 k = 1; k < a->n_roots; k++) {
    if (!HeatHashSame(&a->roots[k - 1], &a->roots[k])) continue;
    HeatBenchInvalid(a->r, "audit: field: two cycles have the same field");
    return;
  }
}

/* Compare the root mean squares with their bounds: the bounds of whole fields times `margin`. */
static void JudgeSums(Audit *a)
{
  const double field = margin * HeatBenchResidualBound(a->id->workload);
  const double modes = margin * HeatBenchModesBound(a->id->workload);

  a->report->cells = a->field.cells + a->modes.cells + a->last;
  if (a->id->workload == HEAT_BENCH_CHECKPOINT) { /* no equation is solved */
    a->report->residual = a->report->error = a->report->history = NAN;
    return;
  }
  a->report->residual = sqrt(a->field.wrong / a->field.right);
  a->report->error    = sqrt(a->modes.wrong / a->modes.right);
  if (!(a->report->residual <= field))
    HeatBenchInvalid(a->r, "audit: field: the residual in the windows is %.3g, above %.3g",
                     a->report->residual, field);
  if (!(a->report->error <= modes))
    HeatBenchInvalid(a->r, "audit: modes: the error in the windows is %.3g, above %.3g",
                     a->report->error, modes);
}

PetscErrorCode HeatAuditProof(const HeatBenchId *id, uint32_t cycles, const HeatJson *proof,
                              HeatAuditReport *report, HeatBenchResult *r)
{
  const HeatJson *all   = HeatJsonGetMember(proof, "commitments");
  const HeatJson *at    = HeatJsonFirst(all);
  const PetscBool steps = (PetscBool)(id->workload != HEAT_BENCH_CHECKPOINT);
  Audit           a     = {.id = id, .r = r, .report = report, .commitments = all};

  PetscFunctionBeginUser;
  memset(report, 0, sizeof *report);
  if ((PetscInt64)HeatJsonLength(all) != (PetscInt64)cycles + (steps ? 2 : 0))
    HeatBenchInvalid(r, "audit: the proof has not one commitment for each time%s",
                     steps ? ", and one for the last field" : "");
  PetscCall(PetscMalloc1((size_t)cycles + 1, &a.roots));
  if (steps) {
    HeatBenchDrawCosines(id, &a.cosines);
    PetscCall(AuditCommitment(&a, HEAT_BENCH_PROBLEM_MODES, 0, at));
    at = at ? HeatJsonNext(at) : NULL;
  }
  for (uint32_t c = 0; c < cycles && r->n_reasons < HEAT_BENCH_REASONS;
       c++, at = at ? HeatJsonNext(at) : NULL) {
    PetscCall(AuditCommitment(&a, HEAT_BENCH_PROBLEM_FIELD, c, at));
  }
  if (steps && cycles > 0) {
    PetscCall(AuditCommitment(&a, HEAT_BENCH_PROBLEM_LAST, cycles - 1, at));
    PetscCall(AuditHistories(&a, cycles));
  }
  CheckDistinct(&a);
  JudgeSums(&a);
  PetscCall(PetscFree(a.roots));
  PetscFunctionReturn(PETSC_SUCCESS);
}
