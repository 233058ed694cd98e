/** `heat2d bench` (command_bench.h): check the command line, run the self-tests and both problems,
 * audit the proof, write the record, and print a summary. */
#define _DEFAULT_SOURCE /* getrusage's ru_maxrss */
#include "app/command/command_bench.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/bench/bench_checkpoint.h"
#include "app/bench/bench_last.h"
#include "app/bench/bench_record.h"
#include "app/bench/bench_screen.h"
#include "app/command/command_audit.h"
#include "app/process/petsc_options.h"
#include "app/process/provenance.h"
#include "app/report/record.h"
#include "app/report/screen_metrics.h"
#include "app/verify/verify.h"
#include "io/run_files/output_dir.h"
#include "solver/base/monotonic.h"
#include "solver/base/number_text.h"

/* A run of the command. */
typedef struct {
  MPI_Comm                comm;
  PetscMPIInt             rank, size;
  const HeatOptions      *o;
  const HeatProcessStart *start;
  HeatBenchRequest        q;
  HeatBenchResult         r;
  HeatAuditReport         audit;
  HeatVerify             *verify; /* owned; the self-tests */
  HeatProof              *proof;  /* owned */
  HeatBinding             binding;
  HeatPower               power;
  HeatMachineTexts        texts; /* that `metrics` points into */
  HeatResultsMetrics      metrics;
  HeatHash                proof_hash, binary;
  PetscBool               binary_known;   /* on rank 0 */
  char                    directory[128]; /* the default one */
  int                     lock;           /* of the output folder; -1: none */
} Bench;

/* The command line. */

/* Write "tiny, small, ..." */
static void ListClasses(char *text, size_t size)
{
  size_t used = 0;

  for (const HeatBenchClass *c = HeatBenchClasses; c->name && used < size; c++)
    used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", c->name);
}

/* Find a word in a list of n names. */
static PetscErrorCode FindWord(MPI_Comm comm, const char *option, const char *word, int n,
                               const char *const *names, int *index)
{
  char list[128];
  int  used = 0;

  PetscFunctionBeginUser;
  for (*index = 0; *index < n; *index += 1)
    if (strcmp(names[*index], word) == 0) PetscFunctionReturn(PETSC_SUCCESS);
  for (int k = 0; k < n; k++)
    used += snprintf(list + used, sizeof list - (size_t)used, "%s%s", k ? ", " : "", names[k]);
  PetscFunctionReturn(
      HeatRaiseHere(comm, HEAT_ERR_INPUT, "%s %.40s: it must be one of %s", option, word, list));
}

/* Read a number of the command line, low <= value <= high. */
static PetscErrorCode ReadNumber(MPI_Comm comm, const char *option, const char *text, double low,
                                 double high, double *value)
{
  char *end;

  PetscFunctionBeginUser;
  *value = HeatNumberRead(text, &end);
  HeatCheck(text[0] && !*end && *value >= low && *value <= high, comm, HEAT_ERR_INPUT,
            "%s %.40s: it must be a number from %g to %g", option, text, low, high);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read the nonce: a whole number, decimal or hexadecimal with 0x. */
static PetscErrorCode ReadNonce(MPI_Comm comm, const char *text, uint64_t *nonce)
{
  const int base = strncmp(text, "0x", 2) == 0 ? 16 : 10;
  char     *end;

  PetscFunctionBeginUser;
  errno  = 0;
  *nonce = strtoull(text, &end, base);
  HeatCheck(text[0] >= '0' && text[0] <= '9' && !*end && errno == 0, comm, HEAT_ERR_INPUT,
            "--nonce %.40s: it must be a whole number below 2^64, such as 12345 or 0x3039", text);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Refuse options and operands without a meaning for the command. */
static PetscErrorCode CheckForeign(const Bench *b)
{
  const HeatOptions *o = b->o;

  PetscFunctionBeginUser;
  HeatCheck(o->n_operands == 0, b->comm, HEAT_ERR_INPUT,
            "%s: heat2d bench takes no case; its problems are built in", o->operands[0]);
  HeatCheck(o->n_set == 0 && !o->restart && !o->show, b->comm, HEAT_ERR_INPUT,
            "%s has no meaning for heat2d bench; leave it out",
            o->n_set ? "--set" : (o->restart ? "--restart" : "--show"));
  HeatCheck(o->petsc_argc == 1 && o->environment.n == 0, b->comm, HEAT_ERR_INPUT,
            "%s: the rules of the reference workload fix the solver, so heat2d bench takes no "
            "options of PETSc; leave it out",
            o->petsc_argc > 1 ? o->petsc_argv[1] : o->environment.names[0]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBenchReadProblem(MPI_Comm comm, const HeatBenchOptions *o, HeatBenchId *id)
{
  char classes[128];
  int  index;

  PetscFunctionBeginUser;
  ListClasses(classes, sizeof classes);
  HeatCheck(o->size, comm, HEAT_ERR_INPUT, "--class is missing; give one of %s", classes);
  id->size = HeatBenchFindClass(o->size);
  HeatCheck(id->size, comm, HEAT_ERR_INPUT, "--class %.40s: it must be one of %s", o->size,
            classes);
  PetscCall(FindWord(comm, "--workload", o->workload ? o->workload : "implicit",
                     HEAT_BENCH_WORKLOADS, HeatBenchWorkloadNames, &index));
  id->workload = (HeatBenchWorkload)index;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ReadRequest(Bench *b)
{
  const HeatBenchOptions *o = &b->o->bench;
  int                     index;

  PetscFunctionBeginUser;
  PetscCall(HeatBenchReadProblem(b->comm, o, &b->q.id));
  PetscCall(FindWord(b->comm, "--rules", o->rules ? o->rules : "base", HEAT_BENCH_RULES,
                     HeatBenchRulesNames, &index));
  b->q.rules = (HeatBenchRules)index;
  PetscCall(ReadNonce(b->comm, o->nonce ? o->nonce : "1", &b->q.id.nonce));
  PetscCall(ReadNumber(b->comm, "--duration", o->duration ? o->duration : "60", 1e-3, 1e6,
                       &b->q.duration));
  PetscCall(ReadNumber(b->comm, "--memory-fraction", o->memory ? o->memory : "0", 0.0, 1.0,
                       &b->q.memory_fraction));
  (void)snprintf(b->directory, sizeof b->directory, "out/bench-%s-%s", b->q.id.size->name,
                 HeatBenchWorkloadNames[b->q.id.workload]);
  b->q.directory = b->o->output ? b->o->output : b->directory;
  b->q.quiet     = b->o->quiet;

  b->q.write_field = o->write_field;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The run. */

/* Run the self-tests of the suite: the halo exchange with whole numbers, and the order of the
   discretisation by the method of manufactured solutions. */
static PetscErrorCode SelfTests(Bench *b)
{
  HeatVerify *v;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&v));
  b->verify    = v;
  v->world     = b->comm;
  v->comm      = MPI_COMM_NULL;
  v->quick     = PETSC_TRUE;
  v->directory = b->q.directory;
  for (const HeatVerifyEntry *entry = HeatVerifyEntries; entry->name; entry++)
    if (!strcmp(entry->name, "halo") || !strcmp(entry->name, "space"))
      PetscCall(HeatVerifyRunEntry(v, entry));
  for (PetscInt k = 0; k < v->n_results; k++)
    if (!v->results[k].pass)
      HeatBenchInvalid(&b->r, "self-test %s: %s", v->results[k].name,
                       v->results[k].message[0] ? v->results[k].message : v->results[k].quantity);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the fraction of a node's memory that its processes used, from the sum of their high-water
   marks, and keep the smallest fraction of all nodes. */
static PetscErrorCode MeasureMemory(Bench *b)
{
  const double  pages = (double)sysconf(_SC_PHYS_PAGES), bytes = (double)sysconf(_SC_PAGESIZE);
  struct rusage usage;
  MPI_Comm      node;
  double        taken = 0.0, sum, fraction;

  PetscFunctionBeginUser;
  if (getrusage(RUSAGE_SELF, &usage) == 0) taken = 1024.0 * (double)usage.ru_maxrss;
  PetscCallMPI(MPI_Comm_split_type(b->comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node));
  PetscCallMPI(MPI_Allreduce(&taken, &sum, 1, MPI_DOUBLE, MPI_SUM, node));
  PetscCallMPI(MPI_Comm_free(&node));
  fraction = sum / (pages * bytes);
  PetscCallMPI(MPI_Allreduce(&fraction, &b->r.memory_fraction, 1, MPI_DOUBLE, MPI_MIN, b->comm));
  if (b->q.memory_fraction > 0.0 && !(b->r.memory_fraction >= b->q.memory_fraction))
    HeatBenchInvalid(&b->r,
                     "the run took %.3g of a node's memory, less than %.3g "
                     "(--memory-fraction)",
                     b->r.memory_fraction, b->q.memory_fraction);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Measure the use of the machine outside of the timed steps.  STREAM comes last, because its arrays
   would count as memory of the run. */
static PetscErrorCode MeasureMachine(Bench *b)
{
  HeatReduction    *r;
  HeatMetricsTotals totals;
  PetscMPIInt       size;

  PetscFunctionBeginUser;
  PetscCall(MeasureMemory(b));
  PetscCallMPI(MPI_Comm_size(b->comm, &size));
  PetscCall(HeatReductionCreate(b->comm, &r));
  PetscCall(HeatMetricsAddMachine(r, &b->power, &b->texts, &totals));
  PetscCall(HeatReductionRun(r));
  PetscCall(HeatReductionDestroy(&r));
  HeatMetricsGetMachine(&totals, size, &b->power, &b->texts, &b->metrics);
  if (b->o->stream) PetscCall(HeatMetricsRunStream(b->comm, &b->binding, &b->metrics));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Audit the proof as it is on the disk. */
static PetscErrorCode ReadAndAudit(Bench *b)
{
  char      path[PETSC_MAX_PATH_LEN];
  HeatJson *proof;

  PetscFunctionBeginUser;
  (void)snprintf(path, sizeof path, "%s/proof.json", b->q.directory);
  proof = HeatJsonRead(path);
  PetscCall(HeatAuditProof(&b->q.id, b->r.cycles, proof, &b->audit, &b->r));
  HeatJsonDestroy(&proof);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Enter the hashes of the program into the proof.  Rank 0 alone reads the program's file. */
static void NameProgram(Bench *b)
{
  static const char program[] = "/proc/self/exe";
  char              text[HEAT_HASH_TEXT];

  if (b->rank != 0) return;
  b->binary_known = (PetscBool)(access(program, R_OK) == 0 &&
                                HeatHashFile(program, &b->binary) == PETSC_SUCCESS);
  if (!b->binary_known)
    HeatBenchInvalid(&b->r, "the file of the program cannot be read, so that its SHA-256 is not "
                            "known");
  HeatProofPutText(b->proof, "binary_sha256",
                   b->binary_known ? HeatHashText(&b->binary, text) : NULL);
  HeatProofPutText(b->proof, "source_sha256", HeatSourceHash());
}

/* Write the proof, audit it on rank 0, and broadcast the number of reasons why the result is
   invalid. */
static PetscErrorCode AuditOwnProof(Bench *b)
{
  PetscErrorCode code = PETSC_SUCCESS;

  PetscFunctionBeginUser;
  PetscCall(HeatProofFinish(b->proof, b->r.setup, b->r.end_to_end, (int)b->r.cycles, b->r.times,
                            b->q.id.workload == HEAT_BENCH_CHECKPOINT ? b->r.restart.reads : NULL));
  NameProgram(b);
  PetscCall(HeatProofWrite(b->proof, b->q.directory, &b->proof_hash));
  if (b->rank == 0) code = ReadAndAudit(b);
  if (b->rank == 0) HeatAuditCommit(&b->q.id, b->q.rules, HeatGitCommit(), &b->r);
  PetscCallMPI(MPI_Bcast(&code, 1, MPI_INT, 0, b->comm));
  PetscCall(code);
  PetscCallMPI(MPI_Bcast(&b->r.n_reasons, 1, MPI_INT, 0, b->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write the record. */
static PetscErrorCode WriteRecord(Bench *b)
{
  HeatResults      r;
  HeatProvenance   p;
  HeatResultsHost *hosts;

  PetscFunctionBeginUser;
  HeatResultsInit(&r);
  r.title  = "reference workload";
  r.status = b->r.n_reasons ? HEAT_STATUS_CHECK_FAILED : HEAT_STATUS_OK;
  r.ranks  = b->size;
  PetscCall(HeatProvenanceCollect(&p));
  HeatRecordProvenance(&p, b->start, &r);
  PetscCall(HeatRecordBinding(&b->binding, &r, &hosts));
  r.metrics = b->metrics;
  r.bench   = HeatBenchRecord(&b->q, &b->r, &b->audit, &b->proof_hash,
                            b->binary_known ? &b->binary : NULL, HeatSourceHash());
  PetscCall(HeatResultsWrite(b->comm, b->q.directory, &r));
  HeatJsonDestroy(&r.bench);
  PetscCall(HeatProvenanceClear(&p));
  PetscCall(PetscFree(hosts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static void PrintSummary(const Bench *b)
{
  const HeatBenchResult *r     = &b->r;
  const PetscBool        valid = r->n_reasons == 0 ? PETSC_TRUE : PETSC_FALSE;

  (void)printf("heat2d %s (%s): reference workload, class %s, %s, rules %s, nonce 0x%016llx\n",
               HeatVersion(), HeatGitCommit(), b->q.id.size->name,
               HeatBenchWorkloadNames[b->q.id.workload], HeatBenchRulesNames[b->q.rules],
               (unsigned long long)b->q.id.nonce);
  (void)printf("  %d ranks; set-up %.3g s; %lld %s in %.4g s (%s)\n", b->size, r->setup,
               (long long)r->steps,
               b->q.id.workload == HEAT_BENCH_CHECKPOINT ? "checkpoints" : "steps", r->seconds,
               HeatBenchGrade(r->seconds));
  if (b->q.id.workload == HEAT_BENCH_CHECKPOINT) HeatBenchPrintRestarts(&b->q, r);
  else HeatBenchPrintFields(r);
  HeatScreenPrintMetrics(&b->metrics, b->size);
  (void)printf("  audit: %lld windows", (long long)b->audit.windows);
  if (!isnan(b->audit.residual)) (void)printf(", residual %.2g", b->audit.residual);
  (void)printf("\n");
  if (valid)
    (void)printf("  VALID: %.4g %s\n",
                 HeatBenchMerit(&b->q.id, (double)r->steps, r->seconds, r->setup),
                 HeatBenchUnit(b->q.id.workload));
  else (void)printf("  INVALID: no figure of merit\n");
  (void)printf("  record in %s/results.json, proof in %s/proof.json\n", b->q.directory,
               b->q.directory);
  if (r->last.bytes > 0) (void)printf("  last field in %s/" HEAT_FIELD_NAME "\n", b->q.directory);
  (void)fflush(stdout);
}

/* Run the self-tests and both problems, or the workload `checkpoint`. */
static PetscErrorCode RunWorkload(Bench *b)
{
  PetscFunctionBeginUser;
  if (b->q.id.workload == HEAT_BENCH_CHECKPOINT) {
    PetscCall(HeatBenchRunCheckpoints(b->comm, &b->q, b->proof, &b->r));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(SelfTests(b));
  PetscCall(HeatBenchRunModes(b->comm, &b->q, b->proof, &b->r));
  PetscCall(HeatBenchRunField(b->comm, &b->q, &b->binding, b->proof, &b->r, &b->metrics));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The files of an earlier result besides its record, which are not those of this one, and what a
   run that was killed left of them. */
static const char *const earlier[] = {"proof.json", HEAT_SIGNATURE_FILE, HEAT_FIELD_NAME,
                                      "." HEAT_FIELD_NAME ".part"};
enum { EARLIER = sizeof earlier / sizeof *earlier };

static void EarlierPath(const Bench *b, int k, char path[PETSC_MAX_PATH_LEN])
{
  (void)snprintf(path, PETSC_MAX_PATH_LEN, "%s/%s", b->q.directory, earlier[k]);
}

/* Fail, before anything is changed, if one of the names is a folder. */
static PetscErrorCode CheckEarlier(Bench *b)
{
  HeatFileError error = {0};

  PetscFunctionBeginUser;
  for (int k = 0; k < EARLIER && b->rank == 0; k++) {
    char        path[PETSC_MAX_PATH_LEN];
    struct stat status;

    EarlierPath(b, k, path);
    if (lstat(path, &status) == 0 && S_ISDIR(status.st_mode))
      HeatFileFail(&error, "%s in it is a folder; move it away", earlier[k]);
  }
  PetscCall(HeatFileAgree(b->comm, b->q.directory, "used as the output folder", &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Delete the files. */
static PetscErrorCode RemoveEarlier(Bench *b)
{
  HeatFileError error = {0};

  PetscFunctionBeginUser;
  for (int k = 0; k < EARLIER && b->rank == 0; k++) {
    char path[PETSC_MAX_PATH_LEN];

    EarlierPath(b, k, path);
    if (unlink(path) != 0 && errno != ENOENT) HeatFileFailErrno(&error, earlier[k]);
  }
  PetscCall(HeatFileAgree(b->comm, b->q.directory, "cleared of an earlier result", &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Run everything in its order. */
static PetscErrorCode RunAll(Bench *b, int *exit_code)
{
  PetscFunctionBeginUser;
  PetscCall(CheckForeign(b));
  if (b->o->bench.recompute || b->o->bench.reread) {
    PetscCall(HeatCommandAudit(b->comm, b->o, exit_code));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  HeatCheck(!b->o->bench.key, b->comm, HEAT_ERR_INPUT,
            "--key verifies the signature of a result: give --recompute, too");
  PetscCall(ReadRequest(b));
  PetscCall(HeatOptionsInsertPetsc(b->comm, b->o, NULL));
  if (b->q.id.workload == HEAT_BENCH_CHECKPOINT) PetscCall(HeatBenchCheckSpace(b->comm, &b->q));
  PetscCall(HeatBenchCheckFits(b->comm, &b->q));
  if (b->q.id.workload != HEAT_BENCH_CHECKPOINT) PetscCall(HeatBenchCheckSpace(b->comm, &b->q));
  PetscCall(HeatOutputDirectoryLock(b->comm, b->q.directory, PETSC_TRUE, &b->lock));
  PetscCall(CheckEarlier(b));
  PetscCall(HeatOutputDirectoryPrepare(b->comm, b->q.directory, PETSC_TRUE));
  PetscCall(RemoveEarlier(b));
  PetscCall(HeatBindingCollect(b->comm, MPI_COMM_NULL, &b->binding));
  HeatPowerStart("", b->binding.local == 0 ? PETSC_TRUE : PETSC_FALSE, &b->power);
  HeatResultsMetricsInit(&b->metrics);
  PetscCall(HeatProofCreate(b->comm, &b->q.id, &b->proof));
  PetscCall(RunWorkload(b));
  b->r.end_to_end = HeatMonotonicTime() - b->start->time;
  PetscCall(MeasureMachine(b));
  PetscCall(AuditOwnProof(b));
  PetscCall(WriteRecord(b));
  if (b->rank == 0) {
    if (!b->q.quiet) PrintSummary(b);
    HeatBenchPrintReasons(&b->r);
  }
  *exit_code = b->r.n_reasons ? 5 : 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCommandBench(MPI_Comm comm, const HeatOptions *o, const HeatProcessStart *start,
                                int *exit_code)
{
  Bench         *b;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&b));
  b->comm  = comm;
  b->o     = o;
  b->start = start;
  b->lock  = -1;
  PetscCallMPI(MPI_Comm_rank(comm, &b->rank));
  PetscCallMPI(MPI_Comm_size(comm, &b->size));
  code = RunAll(b, exit_code);
  if (HeatErrorExitCode(code) == HEAT_EXIT_INTERNAL)
    PetscFunctionReturn(code); /* perhaps on this rank alone: main aborts the job */
  if (b->verify) {
    for (int k = 0; k < HEAT_VERIFY_PROBLEMS; k++)
      PetscCall(HeatVerifyClose(b->verify, &b->verify->problems[k]));
    PetscCall(PetscFree(b->verify->results));
    PetscCall(PetscFree(b->verify));
  }
  HeatPowerStop(&b->power);
  HeatOutputDirectoryUnlock(b->q.directory, &b->lock);
  PetscCall(HeatBindingClear(&b->binding));
  PetscCall(HeatProofDestroy(&b->proof));
  PetscCall(PetscFree(b->r.times));
  PetscCall(PetscFree(b->r.field.residuals));
  PetscCall(PetscFree(b->r.field.roots));
  PetscCall(PetscFree(b->r.restart.reads));
  PetscCall(PetscFree(b));
  PetscFunctionReturn(code);
}
