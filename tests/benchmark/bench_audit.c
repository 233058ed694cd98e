/* Measure the audit of a proof that has the shape of a class's proof, without a run of the class.
 *
 *     bench_audit [-class exa] [-workload implicit] [-cycles 33]
 *
 * No machine at hand computes class exa, and no proof of it can be made up: which windows are
 * checked follows from the roots, and the roots from the whole fields.  This program therefore
 * draws roots at random, fills the windows that follow from them with temperatures of the nonce,
 * and gives each piece a path of random hashes of the right length.  In this program, the
 * comparison of a root that was computed from a path with the root of the commitment always
 * succeeds (HeatHashSame is replaced at link time), and a reason why a result is invalid is counted
 * and dropped, since the fields solve no equation.  Everything else is the audit of
 * `heat2d bench --recompute`: it reads the file, climbs every path, recomputes coefficients and
 * initial temperatures, evaluates the equation in every window, and takes the steps of the
 * histories.  Times are those of the processor, of one process.
 *
 * As a test it fails if the audit reads fewer windows or histories than the proof has, as it would
 * if a path had another length than the trees have. */
#include "app/bench/audit.h"
#include "app/bench/bench_history.h"
#include "app/bench/draw.h"
#include "tests/benchmark/bench_clock.h"
#include "tests/benchmark/bench_main.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char proof_path[] = "bench_audit_proof.json";

/* The functions that the linker calls in place of those of app/bench. */

PetscBool __real_HeatHashSame(const HeatHash *a, const HeatHash *b);
PetscBool __wrap_HeatHashSame(const HeatHash *a, const HeatHash *b);
void      __wrap_HeatBenchInvalid(HeatBenchResult *r, const char *format, ...);

/* Accept every root, but recognise a root of zeros, which stands for none. */
PetscBool __wrap_HeatHashSame(const HeatHash *a, const HeatHash *b)
{
  const HeatHash none = {{0}};

  if (__real_HeatHashSame(a, &none) || __real_HeatHashSame(b, &none))
    return __real_HeatHashSame(a, b);
  return PETSC_TRUE;
}

/* Count a reason in a member that the audit of a proof does not use. */
void __wrap_HeatBenchInvalid(HeatBenchResult *r, const char *format, ...)
{
  (void)format;
  r->iterations += 1;
}

/* Making the proof. */

/* Draw a hash. */
static PetscErrorCode DrawHash(uint64_t *counter, HeatHash *hash)
{
  PetscFunctionBeginUser;
  *counter += 1;
  PetscCall(HeatHashBytes(sizeof *counter, counter, hash));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the number of hashes of a path in a tree of n leaves, a power of two. */
static int Depth(PetscInt64 n)
{
  int depth = 0;

  while ((PetscInt64)1 << depth < n) depth++;
  return depth;
}

/* Make a piece: temperatures of its cells, and a path. */
static PetscErrorCode MakePiece(const HeatBenchId *id, const HeatPiece *piece, uint32_t cycle,
                                uint64_t *counter, HeatJson *pieces)
{
  const int     n     = HeatPieceCells(id, piece->piece);
  const int     depth = Depth(HeatPieces(id)) + Depth(id->size->cells);
  unsigned char bytes[HEAT_PIECE * 8];
  char          text[HEAT_BASE64_ROOM(HEAT_PIECE * 8)];
  HeatJson     *json = HeatJsonCreate(), *path;

  PetscFunctionBeginUser;
  for (int k = 0; k < n; k++) {
    const double value = HeatDrawTemperature(id->nonce, cycle, piece->piece * HEAT_PIECE + k,
                                             piece->row);
    uint64_t     bits;

    memcpy(&bits, &value, sizeof bits);
    for (int b = 0; b < 8; b++) bytes[8 * k + b] = (unsigned char)(bits >> (8 * b));
  }
  HeatBase64Write(8 * n, bytes, text);
  HeatJsonPutText(json, "values", text);
  path = HeatJsonAddArray(json, "path");
  for (int k = 0; k < depth; k++) {
    HeatHash hash;

    PetscCall(DrawHash(counter, &hash));
    HeatJsonAppendText(path, HeatHashText(&hash, text));
  }
  HeatJsonAppend(pieces, json);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Make a commitment with its windows, and add their number to *windows. */
static PetscErrorCode MakeCommitment(const HeatBenchId *id, HeatCommitment *c, uint64_t *counter,
                                     HeatJson *commitments, PetscInt64 *windows)
{
  HeatJson *json = HeatJsonCreate(), *list;
  char      text[HEAT_HASH_TEXT];

  PetscFunctionBeginUser;
  for (int f = 0; f < HEAT_COMMITTED; f++)
    if (f == HEAT_AFTER || c->problem == HEAT_BENCH_PROBLEM_FIELD)
      PetscCall(DrawHash(counter, &c->root[f]));
  HeatJsonPutText(json, "problem", HeatBenchProblemNames[c->problem]);
  HeatJsonPutCount(json, "cycle", c->cycle);
  HeatJsonPutCount(json, "step", c->step);
  HeatJsonPutText(json, "before", HeatHashText(&c->root[HEAT_BEFORE], text));
  HeatJsonPutText(json, "after", HeatHashText(&c->root[HEAT_AFTER], text));
  list = HeatJsonAddArray(json, "windows");
  for (int k = 0; k < HeatWindowsOf(c->problem, c->cycle); k++) {
    HeatJson  *window = HeatJsonCreate(), *pieces = HeatJsonAddArray(window, "pieces");
    HeatWindow w;

    PetscCall(HeatWindowDraw(id, c, k, &w));
    for (int p = 0; p < w.n; p++) PetscCall(MakePiece(id, &w.pieces[p], c->cycle, counter, pieces));
    HeatJsonAppend(list, window);
    *windows += 1;
  }
  HeatJsonAppend(commitments, json);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write a proof with so many cycles, and return the number of its windows. */
static PetscErrorCode MakeProof(const HeatBenchId *id, uint32_t cycles, PetscInt64 *windows)
{
  HeatJson      *proof = HeatJsonCreate(), *commitments = HeatJsonAddArray(proof, "commitments");
  HeatCommitment c       = {.problem = HEAT_BENCH_PROBLEM_MODES,
                            .step    = HeatBenchModeSteps(id->workload)};
  uint64_t       counter = 0;
  HeatFileError  error   = {0};

  PetscFunctionBeginUser;
  *windows = 0;
  PetscCall(MakeCommitment(id, &c, &counter, commitments, windows));
  for (uint32_t k = 0; k < cycles; k++) {
    c = (HeatCommitment){
        .problem = HEAT_BENCH_PROBLEM_FIELD, .cycle = k, .step = HeatBenchCommittedStep(id, k)};
    PetscCall(MakeCommitment(id, &c, &counter, commitments, windows));
  }
  c = (HeatCommitment){
      .problem = HEAT_BENCH_PROBLEM_LAST, .cycle = cycles - 1, .step = HEAT_BENCH_CYCLE};
  PetscCall(MakeCommitment(id, &c, &counter, commitments, windows));
  HeatJsonWrite(proof_path, proof, &error);
  HeatJsonDestroy(&proof);
  PetscCall(HeatFileAgree(PETSC_COMM_SELF, proof_path, "written", &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The measurement. */

/* Measure one history of each length that the audit meets: 1 and HEAT_BENCH_CYCLE steps. */
static PetscErrorCode MeasureHistory(const HeatBenchId *id, PetscInt steps)
{
  const PetscInt64 n = id->size->cells;
  double           values[HEAT_WINDOW_COLUMNS * HEAT_PIECE], error, start;
  HeatHistoryRow   row = {
        .row = n / 2, .first = n / 2, .n = HEAT_WINDOW_COLUMNS * HEAT_PIECE, .values = values};

  PetscFunctionBeginUser;
  for (int k = 0; k < row.n; k++) values[k] = HeatDrawTemperature(id->nonce, 0, n / 2 + k, n / 2);
  start = BenchProcessorTime();
  PetscCall(HeatHistoryCompare(id, 0, steps, &row, &error));
  PetscCall(PetscPrintf(PETSC_COMM_SELF, "  of which a history of %3d steps   %8.4f s\n",
                        (int)steps, BenchProcessorTime() - start));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Audit the proof and print the time of each part. */
static PetscErrorCode Measure(const HeatBenchId *id, uint32_t cycles, PetscInt64 windows)
{
  HeatBenchResult *r;
  HeatAuditReport  report;
  HeatHash         hash;
  HeatJson        *proof;
  struct stat      status = {0};
  double           times[4];
  PetscInt64       chosen = 1; /* histories: one is that of the last field */

  PetscFunctionBeginUser;
  for (uint32_t k = 0; k < cycles; k++) chosen += HeatBenchIsChosen(k) ? 1 : 0;
  PetscCall(PetscNew(&r));
  times[0] = BenchProcessorTime();
  proof    = HeatJsonRead(proof_path);
  times[1] = BenchProcessorTime();
  PetscCall(HeatHashFile(proof_path, &hash));
  times[2] = BenchProcessorTime();
  PetscCall(HeatAuditProof(id, cycles, proof, &report, r));
  times[3] = BenchProcessorTime();
  HeatJsonDestroy(&proof);
  PetscCall(PetscFree(r));
  (void)stat(proof_path, &status);
  PetscCall(PetscPrintf(PETSC_COMM_SELF,
                        "class %s, %s, %u cycles: proof of %.3g MB, %lld windows, %lld histories, "
                        "paths of %d hashes\n"
                        "  reading the file                %8.4f s\n"
                        "  SHA-256 of the file             %8.4f s\n"
                        "  the audit                       %8.4f s\n",
                        id->size->name, HeatBenchWorkloadNames[id->workload], cycles,
                        1e-6 * (double)status.st_size, (long long)report.windows,
                        (long long)report.histories, Depth(HeatPieces(id)) + Depth(id->size->cells),
                        times[1] - times[0], times[2] - times[1], times[3] - times[2]));
  PetscCall(MeasureHistory(id, 1));
  PetscCall(MeasureHistory(id, HEAT_BENCH_CYCLE));
  HeatCheck(report.windows == windows && report.histories >= chosen &&
                report.histories <= chosen + HEAT_BENCH_HISTORIES,
            PETSC_COMM_SELF, HEAT_ERR_NUMERICS,
            "the audit read %lld of %lld windows, and %lld of %lld to %lld histories",
            (long long)report.windows, (long long)windows, (long long)report.histories,
            (long long)chosen, (long long)chosen + HEAT_BENCH_HISTORIES);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RunAll(void)
{
  char        size[32] = "exa";
  PetscInt    cycles = 33, workload = HEAT_BENCH_IMPLICIT;
  PetscInt64  windows;
  PetscBool   set;
  HeatBenchId id = {.nonce = 0x5eed};

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsGetString(NULL, NULL, "-class", size, sizeof size, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-cycles", &cycles, NULL));
  PetscCall(PetscOptionsGetEList(NULL, NULL, "-workload", HeatBenchWorkloadNames,
                                 HEAT_BENCH_CHECKPOINT, &workload, &set));
  id.size     = HeatBenchFindClass(size);
  id.workload = (HeatBenchWorkload)workload;
  HeatCheck(id.size && cycles >= 1 && cycles <= 10000, PETSC_COMM_WORLD, HEAT_ERR_INPUT,
            "-class: tiny, small, ..., exa; -cycles: 1 to 10000");
  PetscCall(MakeProof(&id, (uint32_t)cycles, &windows));
  PetscCall(Measure(&id, (uint32_t)cycles, windows));
  (void)unlink(proof_path);
  PetscFunctionReturn(PETSC_SUCCESS);
}

int main(int argc, char **argv) { return BenchMain(argc, argv, RunAll); }
