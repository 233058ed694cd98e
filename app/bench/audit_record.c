/** The audit of a record: its figures against the raw times, and record against proof (audit.h). */
#include "app/bench/audit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/bench/bench_history.h"

/* Read class, workload and nonce from a record or a proof.  Return false if they or the version are
   missing or unknown. */
static PetscBool ReadId(const HeatJson *json, HeatBenchId *id)
{
  char  size[32], workload[32], nonce[32], canonical[32];
  char *end;

  HeatJsonGetText(json, "class", size, sizeof size);
  HeatJsonGetText(json, "workload", workload, sizeof workload);
  HeatJsonGetText(json, "nonce", nonce, sizeof nonce);
  id->size     = HeatBenchFindClass(size);
  id->workload = HEAT_BENCH_IMPLICIT;
  for (int k = 0; k < HEAT_BENCH_WORKLOADS; k++)
    if (!strcmp(workload, HeatBenchWorkloadNames[k])) id->workload = (HeatBenchWorkload)k;
  id->nonce = strtoull(nonce, &end, 16);
  (void)snprintf(canonical, sizeof canonical, "0x%016llx", (unsigned long long)id->nonce);
  return (PetscBool)(id->size && !strcmp(workload, HeatBenchWorkloadNames[id->workload]) &&
                     !strcmp(nonce, canonical) &&
                     HeatJsonGetCount(json, "version") == HEAT_BENCH_VERSION);
}

/* Return whether a and b are equal up to rounding.  1e-12 is chosen: above the rounding of a sum of
   some thousand times. */
static PetscBool Equal(double a, double b) { return (PetscBool)(fabs(a - b) <= 1e-12 * fabs(b)); }

/* Return whether a member of the record is this text. */
static PetscBool HasText(const HeatJson *bench, const char *key, const char *expected)
{
  char text[64];

  HeatJsonGetText(bench, key, text, sizeof text);
  return strcmp(text, expected) ? PETSC_FALSE : PETSC_TRUE;
}

/* Check a figure of merit, which only a valid result has. */
static void CheckMerit(const HeatJson *bench, const char *key, double merit, const char *name,
                       HeatBenchResult *r)
{
  const double recorded = HeatJsonGetNumber(bench, key);

  if ((HeatJsonGetBoolean(bench, "valid") || !isnan(recorded)) && !Equal(recorded, merit))
    HeatBenchInvalid(r, "audit: %s does not follow from the times", name);
}

/* Check what follows from the times: figures of merit, their unit, the grade.  The time end to end
   contains the set-up and the timed steps. */
static void CheckDerived(const HeatBenchId *id, const HeatJson *bench, const HeatJson *proof,
                         HeatBenchResult *r)
{
  const double steps = (double)r->steps, setup = HeatJsonGetNumber(bench, "setup");
  const double whole = HeatJsonGetNumber(bench, "end_to_end");

  if (!(whole == HeatJsonGetNumber(proof, "end_to_end") && whole >= r->seconds + setup))
    HeatBenchInvalid(r, "audit: the time end to end is not that of the proof, or shorter than its "
                        "parts");
  CheckMerit(bench, "fom", HeatBenchMerit(id, steps, r->seconds, setup), "the figure of merit", r);
  CheckMerit(bench, "fom_end_to_end", HeatBenchMerit(id, steps, whole, 0.0),
             "the figure of merit end to end", r);
  if (!HasText(bench, "unit", HeatBenchUnit(id->workload)))
    HeatBenchInvalid(r, "audit: the unit is not %s, that of the workload",
                     HeatBenchUnit(id->workload));
  if (!HasText(bench, "grade", HeatBenchGrade(r->seconds)))
    HeatBenchInvalid(r, "audit: the grade is not \"%s\", that of the times",
                     HeatBenchGrade(r->seconds));
}

/* Check the figures of a record against its raw times, and these against the times in the proof. */
static void CheckFigures(const HeatBenchId *id, const HeatJson *bench, const HeatJson *proof,
                         HeatBenchResult *r)
{
  const HeatJson *times    = HeatJsonGetMember(bench, "times");
  const HeatJson *fixed    = HeatJsonGetMember(proof, "times");
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
  CheckDerived(id, bench, proof, r);
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

/* Check that the record has the bandwidths of the probe and their ratio to that of the writes, all
   of them null where no probe succeeded, and that its file system is not one in memory. */
static void CheckDisk(const HeatJson *bench, HeatBenchResult *r)
{
  const HeatJson *restart = HeatJsonGetMember(bench, "restart");
  const HeatJson *probe   = HeatJsonGetMember(bench, "probe");
  const double    durable = HeatJsonGetNumber(restart, "durable_bandwidth");
  const double    plain   = HeatJsonGetNumber(probe, "write_bandwidth");
  const double    back    = HeatJsonGetNumber(probe, "read_bandwidth");
  const double    ratio   = HeatJsonGetNumber(probe, "ratio");
  const PetscBool none    = (PetscBool)(isnan(plain) && isnan(back) && isnan(ratio));
  char            type[32];

  if (!HeatJsonGetMember(probe, "write_bandwidth") || !HeatJsonGetMember(probe, "read_bandwidth") ||
      !HeatJsonGetMember(probe, "ratio") || !(durable > 0.0) ||
      (!none && !(plain > 0.0 && back > 0.0 && Equal(ratio, durable / plain))))
    HeatBenchInvalid(r, "record: the bandwidths of the probe are missing, or its ratio does not "
                        "follow from them");
  HeatJsonGetText(restart, "file_system", type, sizeof type);
  if (!type[0] || HeatBenchIsInMemory((PetscInt64)strtoull(type, NULL, 16)))
    HeatBenchInvalid(r, "record: the file system (%s) is missing or in memory, not on a disk",
                     type[0] ? type : "none");
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
  CheckDisk(bench, r);
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
    above = (PetscBool) !(HeatJsonNumber(at) >= 0.0 && HeatJsonNumber(at) <= bound);
  if (above) HeatBenchInvalid(r, "record: the residual of a cycle is above %.3g or below 0", bound);
  if (HeatJsonLength(residuals) != (int)r->cycles ||
      !(HeatJsonGetNumber(field, "balance") >= 0.0) ||
      !(HeatJsonGetNumber(field, "balance") <= HeatBenchBalance) ||
      !(HeatJsonGetNumber(field, "overshoot") <= HeatBenchOvershoot) ||
      !HeatJsonGetBoolean(field, "maximum_principle") ||
      !(HeatJsonGetNumber(modes, "error") >= 0.0) ||
      !(HeatJsonGetNumber(modes, "error") <= HeatBenchModesBound(id->workload)) ||
      HeatJsonGetNumber(modes, "bound") != HeatBenchModesBound(id->workload) ||
      !(ratio >= HeatBenchContinuous[0] && ratio <= HeatBenchContinuous[1]))
    HeatBenchInvalid(r, "record: its checks of whole fields are missing or out of bounds");
}

/* Check that the record states the bounds of this definition, with which readers compare its
   figures. */
static void CheckBounds(const HeatBenchId *id, const HeatJson *bench, HeatBenchResult *r)
{
  const HeatJson *bounds = HeatJsonGetMember(bench, "bounds");
  const HeatJson *ratio  = HeatJsonGetMember(bounds, "continuous_ratio");

  if (HeatJsonGetNumber(bounds, "residual") != HeatBenchResidualBound(id->workload) ||
      HeatJsonGetNumber(bounds, "balance") != HeatBenchBalance ||
      HeatJsonGetNumber(bounds, "overshoot") != HeatBenchOvershoot ||
      HeatJsonGetNumber(bounds, "history") != HeatHistoryBound(id->workload) ||
      HeatJsonLength(ratio) != 2 ||
      HeatJsonNumber(HeatJsonElement(ratio, 0)) != HeatBenchContinuous[0] ||
      HeatJsonNumber(HeatJsonElement(ratio, 1)) != HeatBenchContinuous[1])
    HeatBenchInvalid(r, "record: its bounds are missing, or not those of the definition");
}

/* Check that the record has the roots of the committed fields: of each cycle the one after the
   committed step, as in the proof. */
static void CheckRoots(const HeatJson *bench, const HeatJson *proof, HeatBenchResult *r)
{
  const HeatJson *roots = HeatJsonGetMember(HeatJsonGetMember(bench, "field"), "roots");
  const HeatJson *at    = HeatJsonElement(HeatJsonGetMember(proof, "commitments"), 1);
  PetscBool       same  = (PetscBool)(HeatJsonLength(roots) == (int)r->cycles);

  for (int k = 0; k < (int)r->cycles && same; k++) {
    char recorded[HEAT_HASH_TEXT + 1], proven[HEAT_HASH_TEXT + 1];

    HeatJsonElementText(roots, k, recorded, sizeof recorded);
    HeatJsonGetText(at, "after", proven, sizeof proven);
    same = strcmp(recorded, proven) ? PETSC_FALSE : PETSC_TRUE;
    at   = at ? HeatJsonNext(at) : NULL;
  }
  if (!same) HeatBenchInvalid(r, "audit: the roots of the record are not those of the proof");
}

/* Read 64 bits in the form of HeatJsonPutBits.  Return false if the member has another form. */
static PetscBool ReadBits(const HeatJson *object, const char *key, uint64_t *bits)
{
  char text[32], canonical[32];

  HeatJsonGetText(object, key, text, sizeof text);
  *bits = strtoull(text, NULL, 16);
  (void)snprintf(canonical, sizeof canonical, "0x%016llx", (unsigned long long)*bits);
  return strcmp(text, canonical) ? PETSC_FALSE : PETSC_TRUE;
}

/* Read what the proof says about the last field.  Return false if it says nothing. */
static PetscBool ReadLast(const HeatJson *proof, HeatAuditLast *last)
{
  const HeatJson *commitments = HeatJsonGetMember(proof, "commitments");
  const HeatJson *at = HeatJsonElement(commitments, PetscMax(0, HeatJsonLength(commitments) - 1));
  char            problem[16], root[HEAT_HASH_TEXT + 1];

  HeatJsonGetText(at, "problem", problem, sizeof problem);
  HeatJsonGetText(at, "after", root, sizeof root);
  last->cycle = (uint32_t)HeatJsonGetCount(at, "cycle");
  return (PetscBool)(!strcmp(problem, HeatBenchProblemNames[HEAT_BENCH_PROBLEM_LAST]) &&
                     HeatHashParse(root, &last->root) &&
                     ReadBits(proof, "checksum", &last->checksum));
}

/* Check that the record names the last field as the proof does. */
static void CheckLast(const HeatJson *bench, const HeatJson *proof, HeatBenchResult *r)
{
  const HeatJson *named = HeatJsonGetMember(bench, "last_field");
  HeatAuditLast   last;
  uint64_t        checksum;
  char            root[HEAT_HASH_TEXT + 1];
  HeatHash        hash;

  HeatJsonGetText(named, "root", root, sizeof root);
  if (!ReadLast(proof, &last) || !ReadBits(named, "checksum", &checksum) ||
      !HeatHashParse(root, &hash) || checksum != last.checksum ||
      !HeatHashSame(&hash, &last.root) ||
      HeatJsonGetCount(named, "cycle") != (PetscInt64)last.cycle ||
      HeatJsonGetCount(named, "step") != HEAT_BENCH_CYCLE)
    HeatBenchInvalid(r, "audit: the last field of the record is missing, or not that of the proof");
}

/* Return whether two figures of an audit agree.  1 % is chosen: builds round the sums of squares
   differently. */
static PetscBool Close(double a, double b)
{
  return (PetscBool)((isnan(a) && isnan(b)) || fabs(a - b) <= 0.01 * fabs(b));
}

/* Return whether the errors of history of two audits agree.  1 % of the bound is chosen: with ftcs
   the errors are nothing but rounding, which differs between builds. */
static PetscBool CloseHistory(const HeatBenchId *id, double a, double b)
{
  const double allowed = 0.01 * HeatHistoryBound(id->workload);

  return (PetscBool)((isnan(a) && isnan(b)) || fabs(a - b) <= allowed);
}

/* Compare what the record says about the run's own audit, and about the root of `modes`, with this
   audit. */
static void CheckAudit(const HeatBenchId *id, const HeatJson *bench, const HeatJson *proof,
                       const HeatAuditReport *report, HeatBenchResult *r)
{
  const HeatJson *audit = HeatJsonGetMember(bench, "audit");
  const HeatJson *first = HeatJsonFirst(HeatJsonGetMember(proof, "commitments"));
  char            root[HEAT_HASH_TEXT + 1], proven[HEAT_HASH_TEXT + 1];

  if (HeatJsonGetCount(audit, "commitments") != report->commitments ||
      HeatJsonGetCount(audit, "windows") != report->windows ||
      HeatJsonGetCount(audit, "cells") != report->cells ||
      HeatJsonGetCount(audit, "histories") != report->histories ||
      !Close(HeatJsonGetNumber(audit, "residual"), report->residual) ||
      !Close(HeatJsonGetNumber(audit, "error"), report->error) ||
      !CloseHistory(id, HeatJsonGetNumber(audit, "history"), report->history))
    HeatBenchInvalid(r, "audit: the record's own audit found other figures");
  if (id->workload == HEAT_BENCH_CHECKPOINT) return;
  HeatJsonGetText(HeatJsonGetMember(bench, "modes"), "root", root, sizeof root);
  HeatJsonGetText(first, "after", proven, sizeof proven);
  if (strcmp(root, proven))
    HeatBenchInvalid(r, "audit: the root of modes is not that of the proof");
}

/* Check that record and proof name the same program. */
static void CheckProgram(const HeatJson *bench, const HeatJson *proof, HeatBenchResult *r)
{
  static const char *const keys[] = {"binary_sha256", "source_sha256"};

  for (int k = 0; k < 2; k++) {
    char recorded[HEAT_HASH_TEXT + 1], proven[HEAT_HASH_TEXT + 1];

    HeatJsonGetText(bench, keys[k], recorded, sizeof recorded);
    HeatJsonGetText(proof, keys[k], proven, sizeof proven);
    if (!recorded[0] || strcmp(recorded, proven))
      HeatBenchInvalid(r, "audit: %s of the program is missing, or differs in record and proof",
                       keys[k]);
  }
}

void HeatAuditCommit(const HeatBenchId *id, HeatBenchRules rules, const char *commit,
                     HeatBenchResult *r)
{
  if (rules != HEAT_BENCH_BASE || r->seconds < HeatBenchReportableSeconds ||
      id->size == HeatBenchClasses || !HeatAuditIsModified(commit))
    return;
  HeatBenchInvalid(r, "rules: the source was modified (%.60s), which base excludes", commit);
}

PetscBool HeatAuditIsModified(const char *commit)
{
  static const char mark[] = "-dirty";
  const size_t      length = strlen(commit), tail = sizeof mark - 1;

  return (PetscBool)(length >= tail && !strcmp(commit + length - tail, mark));
}

/* Read what the record says about its program, and check the rules against it. */
static void ReadProgram(const HeatBenchId *id, const HeatJson *record, const HeatJson *bench,
                        HeatAuditProgram *program, HeatBenchResult *r)
{
  int rules = 0;

  HeatJsonGetText(bench, "source_sha256", program->source, sizeof program->source);
  HeatJsonGetText(HeatJsonGetMember(record, "provenance"), "git_commit", program->commit,
                  sizeof program->commit);
  while (rules < HEAT_BENCH_RULES && !HasText(bench, "rules", HeatBenchRulesNames[rules])) rules++;
  if (rules == HEAT_BENCH_RULES) HeatBenchInvalid(r, "record: its rules are missing or unknown");
  program->rules = (HeatBenchRules)rules;
  HeatAuditCommit(id, program->rules, program->commit, r);
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

/* Check what belongs to one workload: the restarts, or the checks of the fields. */
static void CheckWorkload(const HeatBenchId *id, const HeatJson *bench, const HeatJson *proof,
                          HeatBenchResult *r)
{
  if (id->workload == HEAT_BENCH_CHECKPOINT) {
    CheckRestarts(id, bench, proof, r);
    return;
  }
  CheckRecord(id, bench, r);
  CheckBounds(id, bench, r);
  CheckRoots(bench, proof, r);
  CheckLast(bench, proof, r);
}

/* Record and proof of a result. */
typedef struct {
  HeatJson       *record, *proof; /* owned */
  const HeatJson *bench;          /* member of the record */
  char            proof_path[PETSC_MAX_PATH_LEN];
} Folder;

static void CloseFolder(Folder *f)
{
  HeatJsonDestroy(&f->record);
  HeatJsonDestroy(&f->proof);
}

/* Read record and proof, and check that they are of one problem.  Close the folder with CloseFolder
   also after an error.
   Errors: HEAT_ERR_FILE where one cannot be read, or is none of this version. */
static PetscErrorCode OpenFolder(const char *dir, HeatBenchId *id, Folder *f, HeatBenchResult *r)
{
  char        path[PETSC_MAX_PATH_LEN];
  HeatBenchId proven;

  PetscFunctionBeginUser;
  (void)snprintf(path, sizeof path, "%s/results.json", dir);
  (void)snprintf(f->proof_path, sizeof f->proof_path, "%s/proof.json", dir);
  f->record = HeatJsonRead(path);
  f->proof  = HeatJsonRead(f->proof_path);
  f->bench  = HeatJsonGetMember(f->record, "bench");
  HeatCheck(f->bench && ReadId(f->bench, id), PETSC_COMM_SELF, HEAT_ERR_FILE,
            "%s: cannot be read, or is no record of this version of heat2d bench", path);
  HeatCheck(f->proof && ReadId(f->proof, &proven), PETSC_COMM_SELF, HEAT_ERR_FILE,
            "%s: cannot be read, or is no record of this version of heat2d bench", f->proof_path);
  if (id->size != proven.size || id->workload != proven.workload || id->nonce != proven.nonce)
    HeatBenchInvalid(r, "audit: record and proof are of different problems or nonces");
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatAuditFolder(const char *dir, HeatBenchId *id, HeatAuditReport *report,
                               HeatAuditProgram *program, HeatBenchResult *r)
{
  Folder         f;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  code = OpenFolder(dir, id, &f, r);
  if (!code) {
    CheckFigures(id, f.bench, f.proof, r);
    CheckProgram(f.bench, f.proof, r);
    ReadProgram(id, f.record, f.bench, program, r);
    AddReasons(f.bench, r);
    CheckWorkload(id, f.bench, f.proof, r);
    code = CheckHash(f.proof_path, f.bench, r);
    if (!code) code = HeatAuditProof(id, r->cycles, f.proof, report, r);
    if (!code) CheckAudit(id, f.bench, f.proof, report, r);
  }
  CloseFolder(&f);
  PetscFunctionReturn(code);
}

/* Read what the proof says about the last field, after OpenFolder. */
static PetscErrorCode ReadLastOf(const char *dir, const HeatBenchId *id, const Folder *f,
                                 HeatAuditLast *last, HeatBenchResult *r)
{
  PetscFunctionBeginUser;
  HeatCheck(id->workload != HEAT_BENCH_CHECKPOINT, PETSC_COMM_SELF, HEAT_ERR_INPUT,
            "%s: the workload checkpoint reads its files back itself, and leaves none; --reread "
            "is for implicit and explicit",
            dir);
  HeatCheck(ReadLast(f->proof, last), PETSC_COMM_SELF, HEAT_ERR_FILE,
            "%s: it does not name the last field", f->proof_path);
  CheckLast(f->bench, f->proof, r);
  PetscCall(CheckHash(f->proof_path, f->bench, r));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatAuditReadLast(const char *dir, HeatBenchId *id, HeatAuditLast *last,
                                 HeatBenchResult *r)
{
  Folder         f;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  code = OpenFolder(dir, id, &f, r);
  if (!code) code = ReadLastOf(dir, id, &f, last, r);
  CloseFolder(&f);
  PetscFunctionReturn(code);
}
