/** The audit of a result (audit.h).
 *
 *  The squares of the residuals are summed over the windows of all commitments.  Windows are drawn
 *  at random, so the expected mean square is the mean square over the whole fields, which a right
 *  run keeps below the tolerance squared.  By Markov's inequality a mean square in the windows that
 *  is margin^2 times larger has a probability below 1/margin^2, about one in a thousand.  If a
 *  fraction f of the cells of a field is wrong, the probability that some of k windows contains a
 *  wrong cell is at least 1 - (1 - f)^k. */
#include "app/bench/audit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/bench/draw.h"

/* Bounds of the audit over bounds of whole fields; chosen, see above (RULES.md, 6.6). */
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
  PetscBool          said; /* a reason about the windows of this commitment was given already */
} Audit;

/* A window with its pieces. */
typedef struct {
  const HeatWindow *w;
  HeatProvenPiece   pieces[HEAT_WINDOW_PIECES];
} Read;

/* Store in *value the value of cell (i, j) of a field; return false if the window lacks it. */
static PetscBool ValueAt(const Read *read, int field, PetscInt64 i, PetscInt64 j, double *value)
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
static void AddFieldCell(Audit *a, const Read *read, PetscInt64 i, PetscInt64 j)
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
static void AddModesCell(Audit *a, const Read *read, PetscInt64 i, PetscInt64 j)
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
static void SayOnce(Audit *a, const HeatCommitment *c, const char *what)
{
  if (a->said) return;
  a->said = PETSC_TRUE;
  HeatBenchInvalid(a->r, "audit: %s, cycle %u: %s",
                   c->problem == HEAT_BENCH_PROBLEM_FIELD ? "field" : "modes", c->cycle, what);
}

/* Check that a committed field is the one that the nonce gives, bit by bit. */
static void CheckDrawn(Audit *a, const HeatCommitment *c, const Read *read, int field,
                       const char *reason)
{
  for (int k = 0; k < read->w->n; k++) {
    const HeatPiece *piece = &read->w->pieces[k];

    if (piece->field != field) continue;
    for (int v = 0; v < HeatPieceCells(a->id, piece->piece); v++) {
      const double right = HeatDrawTemperature(a->id->nonce, c->cycle,
                                               piece->piece * HEAT_PIECE + v, piece->row);

      if (read->pieces[k].values[v] != right) SayOnce(a, c, reason);
    }
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
    SayOnce(a, c, "the field that was read back is not the one that was written");
  if (a->id->size->cells > RECOMPUTED || !HeatBenchHasWindows(c->cycle))
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(DrawnRoot(a->id, c->cycle, &drawn));
  if (!HeatHashSame(&c->root[HEAT_AFTER], &drawn)) SayOnce(a, c, not_drawn);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read and evaluate one window. */
static PetscErrorCode AuditWindow(Audit *a, const HeatCommitment *c, int k, const HeatJson *json)
{
  HeatWindow w;
  Read       read = {.w = &w};

  PetscFunctionBeginUser;
  PetscCall(HeatWindowDraw(a->id, c, k, &w));
  for (int piece = 0; piece < w.n; piece++) {
    PetscBool proven;

    PetscCall(
        HeatProofReadPiece(a->id, c, &w.pieces[piece], json, piece, &read.pieces[piece], &proven));
    if (!proven) {
      SayOnce(a, c,
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

/* Read a commitment.  Return false if it is malformed. */
static PetscBool ReadCommitment(const HeatJson *json, HeatCommitment *c)
{
  char problem[16], before[HEAT_HASH_TEXT + 1], after[HEAT_HASH_TEXT + 1];

  HeatJsonGetText(json, "problem", problem, sizeof problem);
  HeatJsonGetText(json, "before", before, sizeof before);
  HeatJsonGetText(json, "after", after, sizeof after);
  c->problem = strcmp(problem, "field") ? HEAT_BENCH_PROBLEM_MODES : HEAT_BENCH_PROBLEM_FIELD;
  c->cycle   = (uint32_t)HeatJsonGetCount(json, "cycle");
  c->step    = (PetscInt)HeatJsonGetCount(json, "step");
  return (PetscBool)((!strcmp(problem, "field") || !strcmp(problem, "modes")) &&
                     HeatHashParse(before, &c->root[HEAT_BEFORE]) &&
                     HeatHashParse(after, &c->root[HEAT_AFTER]) && !IsNone(&c->root[HEAT_AFTER]) &&
                     (c->problem == HEAT_BENCH_PROBLEM_MODES || !IsNone(&c->root[HEAT_BEFORE])));
}

/* Audit one commitment, which must belong to `problem` and `cycle` (0 for `modes`). */
static PetscErrorCode AuditCommitment(Audit *a, HeatBenchProblemKind problem, uint32_t cycle,
                                      const HeatJson *json)
{
  const PetscInt  step = problem == HEAT_BENCH_PROBLEM_FIELD ? HeatBenchCommittedStep(a->id, cycle)
                                                             : HeatBenchModeSteps(a->id->workload);
  const HeatJson *windows = HeatJsonGetMember(json, "windows");
  HeatCommitment  c;

  PetscFunctionBeginUser;
  a->said = PETSC_FALSE;
  if (!ReadCommitment(json, &c) || c.problem != problem || c.cycle != cycle || c.step != step) {
    HeatBenchInvalid(a->r, "audit: %s, cycle %u: its commitment is missing or malformed",
                     problem == HEAT_BENCH_PROBLEM_FIELD ? "field" : "modes", cycle);
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  a->report->commitments += 1;
  if (a->id->workload == HEAT_BENCH_CHECKPOINT) PetscCall(CheckRoots(a, &c));
  if (!HeatBenchHasWindows(cycle)) PetscFunctionReturn(PETSC_SUCCESS);
  for (int k = 0; k < HEAT_BENCH_WINDOWS; k++)
    PetscCall(AuditWindow(a, &c, k, HeatJsonElement(windows, k)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compare the root mean squares with their bounds: the bounds of whole fields times `margin`. */
static void JudgeSums(Audit *a)
{
  const double field = margin * HeatBenchResidualBound(a->id->workload);
  const double modes = margin * HeatBenchModesBound(a->id->workload);

  a->report->cells = a->field.cells + a->modes.cells;
  if (a->id->workload == HEAT_BENCH_CHECKPOINT) return; /* no equation is solved */
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
  const HeatJson *at = HeatJsonFirst(HeatJsonGetMember(proof, "commitments"));
  Audit           a  = {.id = id, .r = r, .report = report};

  PetscFunctionBeginUser;
  memset(report, 0, sizeof *report);
  if (id->workload != HEAT_BENCH_CHECKPOINT) {
    HeatBenchDrawCosines(id, &a.cosines);
    PetscCall(AuditCommitment(&a, HEAT_BENCH_PROBLEM_MODES, 0, at));
    at = at ? HeatJsonNext(at) : NULL;
  }
  for (uint32_t c = 0; c < cycles && r->n_reasons < HEAT_BENCH_REASONS;
       c++, at = at ? HeatJsonNext(at) : NULL) {
    PetscCall(AuditCommitment(&a, HEAT_BENCH_PROBLEM_FIELD, c, at));
  }
  JudgeSums(&a);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The record. */

/* Read class, workload and nonce from a record or a proof.  Return false if they or the version are
   missing or unknown. */
static PetscBool ReadId(const HeatJson *json, HeatBenchId *id)
{
  char  size[32], workload[32], nonce[32];
  char *end;

  HeatJsonGetText(json, "class", size, sizeof size);
  HeatJsonGetText(json, "workload", workload, sizeof workload);
  HeatJsonGetText(json, "nonce", nonce, sizeof nonce);
  id->size     = HeatBenchFindClass(size);
  id->workload = HEAT_BENCH_IMPLICIT;
  for (int k = 0; k < HEAT_BENCH_WORKLOADS; k++)
    if (!strcmp(workload, HeatBenchWorkloadNames[k])) id->workload = (HeatBenchWorkload)k;
  id->nonce = strtoull(nonce, &end, 16);
  return (PetscBool)(id->size && !strcmp(workload, HeatBenchWorkloadNames[id->workload]) &&
                     nonce[0] && !*end && HeatJsonGetCount(json, "version") == HEAT_BENCH_VERSION);
}

/* Return whether a and b are equal up to rounding.  1e-12 is chosen: above the rounding of a sum of
   some thousand times. */
static PetscBool Equal(double a, double b) { return (PetscBool)(fabs(a - b) <= 1e-12 * fabs(b)); }

/* Check the figures of a record against its raw times, and these against the times in the proof. */
static void CheckFigures(const HeatBenchId *id, const HeatJson *bench, const HeatJson *proof,
                         HeatBenchResult *r)
{
  const HeatJson *times    = HeatJsonGetMember(bench, "times");
  const HeatJson *fixed    = HeatJsonGetMember(proof, "times");
  const double    fom      = HeatJsonGetNumber(bench, "fom");
  const double    setup    = HeatJsonGetNumber(bench, "setup");
  const HeatJson *of_proof = HeatJsonFirst(fixed);
  const PetscBool valid    = HeatJsonGetBoolean(bench, "valid");
  PetscBool       same     = PETSC_TRUE;

  r->cycles = (uint32_t)HeatJsonLength(times);
  for (const HeatJson *at = HeatJsonFirst(times); at; at = HeatJsonNext(at)) {
    r->seconds += HeatJsonNumber(at);
    if (!(HeatJsonNumber(at) > 0.0 && HeatJsonNumber(at) == HeatJsonNumber(of_proof)))
      same = PETSC_FALSE;
    of_proof = of_proof ? HeatJsonNext(of_proof) : NULL;
  }
  if (!same || HeatJsonLength(times) != HeatJsonLength(fixed) ||
      !(setup > 0.0 && setup == HeatJsonGetNumber(proof, "setup")))
    HeatBenchInvalid(r,
                     "audit: the times of the record are not those of the proof, or not positive");
  r->steps = (PetscInt64)r->cycles * HeatBenchCycleSteps(id->workload);
  if (!Equal(HeatJsonGetNumber(bench, "duration"), r->seconds) ||
      HeatJsonGetCount(bench, "steps") != r->steps)
    HeatBenchInvalid(r, "audit: steps or duration do not follow from the times");
  HeatBenchJudgeDuration(r);
  if ((valid || !isnan(fom)) &&
      !Equal(fom, HeatBenchMerit(id, (double)r->steps, r->seconds, setup)))
    HeatBenchInvalid(r, "audit: the figure of merit does not follow from the times");
  if (!valid && HeatJsonLength(HeatJsonGetMember(bench, "reasons")) == 0)
    HeatBenchInvalid(r, "record: it is not VALID, and gives no reason");
}

/* Add the reasons that the record itself gives, except that the timed steps were too short: for
   such a record CheckFigures has added this reason already. */
static void AddReasons(const HeatJson *bench, HeatBenchResult *r)
{
  const HeatJson *reasons = HeatJsonGetMember(bench, "reasons");

  for (int k = 0; k < HeatJsonLength(reasons); k++) {
    char text[HEAT_BENCH_REASON];

    HeatJsonElementText(reasons, k, text, sizeof text);
    if (r->seconds >= HeatBenchLeastSeconds || strncmp(text, "the timed steps took", 20))
      HeatBenchInvalid(r, "record: %.180s", text);
  }
}

/* Check the record's figures about restarts, and their raw times against those of the proof. */
static void CheckRestarts(const HeatBenchId *id, const HeatJson *bench, const HeatJson *proof,
                          HeatBenchResult *r)
{
  const HeatJson *restart  = HeatJsonGetMember(bench, "restart");
  const HeatJson *reads    = HeatJsonGetMember(restart, "times");
  const HeatJson *of_proof = HeatJsonFirst(HeatJsonGetMember(proof, "reads"));
  double          seconds  = 0.0;
  PetscBool       same     = PETSC_TRUE;

  for (const HeatJson *at = HeatJsonFirst(reads); at; at = HeatJsonNext(at)) {
    seconds += HeatJsonNumber(at);
    if (!(HeatJsonNumber(at) > 0.0 && HeatJsonNumber(at) == HeatJsonNumber(of_proof)))
      same = PETSC_FALSE;
    of_proof = of_proof ? HeatJsonNext(of_proof) : NULL;
  }
  if (!same || of_proof || HeatJsonLength(reads) != (int)r->cycles)
    HeatBenchInvalid(r, "audit: the times of restarts are not those of the proof, or not positive");
  if (!Equal(HeatJsonGetNumber(restart, "bandwidth"),
             HeatBenchMerit(id, (double)r->cycles, seconds, 0.0)))
    HeatBenchInvalid(r, "audit: the bandwidth of restarts does not follow from the times");
  if (HeatJsonGetCount(restart, "wrong_cells") != 0)
    HeatBenchInvalid(r, "record: cells differ after a restart, or their number is missing");
}

/* Check the record's figures about whole fields: the residuals, the energy account and the range of
   `field`, the error of `modes` and its distance to the continuous solution. */
static void CheckRecord(const HeatBenchId *id, const HeatJson *bench, HeatBenchResult *r)
{
  const HeatJson *field     = HeatJsonGetMember(bench, "field");
  const HeatJson *modes     = HeatJsonGetMember(bench, "modes");
  const double    bound     = HeatBenchResidualBound(id->workload);
  const HeatJson *residuals = HeatJsonGetMember(field, "residuals");
  const double    ratio     = HeatJsonGetNumber(modes, "continuous_ratio");
  PetscBool       above     = PETSC_FALSE;

  for (const HeatJson *at = HeatJsonFirst(residuals); at && !above; at = HeatJsonNext(at))
    above = (PetscBool) !(HeatJsonNumber(at) <= bound);
  if (above) HeatBenchInvalid(r, "record: the residual of a cycle is above %.3g", bound);
  if (HeatJsonLength(residuals) != (int)r->cycles ||
      !(HeatJsonGetNumber(field, "balance") <= HeatBenchBalance) ||
      !(HeatJsonGetNumber(field, "overshoot") <= HeatBenchOvershoot) ||
      !HeatJsonGetBoolean(field, "maximum_principle") ||
      !(HeatJsonGetNumber(modes, "error") <= HeatBenchModesBound(id->workload)) ||
      !(ratio >= 0.5 && ratio <= 2.0))
    HeatBenchInvalid(r, "record: its checks of whole fields are missing or out of bounds");
}

/* Check that record and proof name the same program. */
static void CheckProgram(const HeatJson *bench, const HeatJson *proof, HeatBenchResult *r)
{
  static const char *const keys[] = {"binary_sha256", "source_sha256"};

  for (int k = 0; k < 2; k++) {
    char recorded[HEAT_HASH_TEXT + 1], proven[HEAT_HASH_TEXT + 1];

    HeatJsonGetText(bench, keys[k], recorded, sizeof recorded);
    HeatJsonGetText(proof, keys[k], proven, sizeof proven);
    if (strcmp(recorded, proven))
      HeatBenchInvalid(r, "audit: record and proof differ in %s of the program", keys[k]);
  }
}

PetscErrorCode HeatAuditSignature(const char *dir, const char *key, HeatRecordSignature *signature,
                                  HeatBenchResult *r)
{
  char          record[PETSC_MAX_PATH_LEN], path[PETSC_MAX_PATH_LEN];
  HeatSignature found;

  PetscFunctionBeginUser;
  (void)snprintf(record, sizeof record, "%s/results.json", dir);
  (void)snprintf(path, sizeof path, "%s/" HEAT_SIGNATURE_FILE, dir);
  *signature = access(path, R_OK) == 0 ? HEAT_RECORD_SIGNED : HEAT_RECORD_UNSIGNED;
  if (!key) PetscFunctionReturn(PETSC_SUCCESS);
  found = HeatSignatureVerify(record, path, key);
  HeatCheck(found != HEAT_SIGNATURE_NO_KEY, PETSC_COMM_SELF, HEAT_ERR_FILE,
            "%s: cannot be read, or is no public key in PEM (--key)", key);
  if (found == HEAT_SIGNATURE_GOOD) *signature = HEAT_RECORD_VERIFIED;
  else if (*signature == HEAT_RECORD_UNSIGNED)
    HeatBenchInvalid(r, "audit: results.json is not signed: there is no " HEAT_SIGNATURE_FILE);
  else
    HeatBenchInvalid(r, "audit: " HEAT_SIGNATURE_FILE
                        " is no signature of this results.json by the given key");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check that the proof is the file that the record names. */
static PetscErrorCode CheckHash(const char *path, const HeatJson *bench, HeatBenchResult *r)
{
  char     text[HEAT_HASH_TEXT + 1], actual[HEAT_HASH_TEXT];
  HeatHash hash;

  PetscFunctionBeginUser;
  HeatJsonGetText(bench, "proof_sha256", text, sizeof text);
  PetscCall(HeatHashFile(path, &hash));
  if (strcmp(text, HeatHashText(&hash, actual)))
    HeatBenchInvalid(r, "audit: proof.json is not the file that results.json names");
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatAuditFolder(const char *dir, HeatBenchId *id, HeatAuditReport *report,
                               HeatBenchResult *r)
{
  char            path[PETSC_MAX_PATH_LEN], proof_path[PETSC_MAX_PATH_LEN];
  HeatJson       *record, *proof;
  const HeatJson *bench;
  HeatBenchId     proven;
  PetscErrorCode  code = PETSC_SUCCESS;

  PetscFunctionBeginUser;
  (void)snprintf(path, sizeof path, "%s/results.json", dir);
  (void)snprintf(proof_path, sizeof proof_path, "%s/proof.json", dir);
  record = HeatJsonRead(path);
  proof  = HeatJsonRead(proof_path);
  bench  = HeatJsonGetMember(record, "bench");
  if (!record || !proof || !ReadId(bench, id) || !ReadId(proof, &proven)) {
    code = HeatRaiseHere(PETSC_COMM_SELF, HEAT_ERR_FILE,
                         "%s: cannot be read, or is no record of this version of heat2d bench",
                         record && bench && ReadId(bench, id) ? proof_path : path);
  } else {
    if (id->size != proven.size || id->workload != proven.workload || id->nonce != proven.nonce)
      HeatBenchInvalid(r, "audit: record and proof are of different problems or nonces");
    CheckFigures(id, bench, proof, r);
    CheckProgram(bench, proof, r);
    AddReasons(bench, r);
    if (id->workload == HEAT_BENCH_CHECKPOINT) CheckRestarts(id, bench, proof, r);
    else CheckRecord(id, bench, r);
    code = CheckHash(proof_path, bench, r);
    if (!code) code = HeatAuditProof(id, r->cycles, proof, report, r);
  }
  HeatJsonDestroy(&record);
  HeatJsonDestroy(&proof);
  PetscFunctionReturn(code);
}
