/** The audit of a result, and the comparison of its last field (command_audit.h). */
#include "app/command/command_audit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/bench/bench_last.h"
#include "app/bench/bench_screen.h"
#include "app/process/provenance.h"

/* What an audit found. */
typedef struct {
  HeatBenchId         id;
  HeatBenchResult     r;
  HeatAuditReport     report;
  HeatAuditProgram    program;
  HeatRecordSignature signature;
} Audit;

/* Print what the record says about its program. */
static void PrintProgram(const HeatAuditProgram *program)
{
  (void)printf("  source_sha256 %s: %s\n", program->source[0] ? program->source : "missing",
               strcmp(program->source, HeatSourceHash()) ? "not the sources of this program"
                                                         : "the sources of this program");
  if (HeatAuditIsModified(program->commit))
    (void)printf("  commit %s: the source was modified%s\n", program->commit,
                 program->rules == HEAT_BENCH_BASE ? ", which base excludes" : "");
}

/* Print whether the file of the last field is there, which the audit does not read. */
static void PrintFile(const char *dir)
{
  char path[PETSC_MAX_PATH_LEN];

  (void)snprintf(path, sizeof path, "%s/" HEAT_FIELD_NAME, dir);
  (void)printf("  last field: %s\n", access(path, F_OK) == 0 ? "in " HEAT_FIELD_NAME
                                                               ", which was not read (--reread)"
                                                             : "its file is not there");
}

static void PrintAudit(const char *dir, const Audit *a)
{
  static const char *const signed_[] = {[HEAT_RECORD_UNSIGNED] = "none",
                                        [HEAT_RECORD_SIGNED]   = "there, but not verified (--key)",
                                        [HEAT_RECORD_VERIFIED] = "verified"};

  (void)printf("heat2d bench: audit of %s\n"
               "  class %s, %s, nonce 0x%016llx: %lld cycles in %.4g s\n"
               "  %lld windows of %lld commitments, %lld cells\n",
               dir, a->id.size->name, HeatBenchWorkloadNames[a->id.workload],
               (unsigned long long)a->id.nonce, (long long)a->r.cycles, a->r.seconds,
               (long long)a->report.windows, (long long)a->report.commitments,
               (long long)a->report.cells);
  if (!isnan(a->report.residual)) {
    (void)printf("  residual in the windows %.3g, error of the cosines %.3g\n"
                 "  %lld histories, error %.3g\n",
                 a->report.residual, a->report.error, (long long)a->report.histories,
                 a->report.history);
    PrintFile(dir);
  }
  PrintProgram(&a->program);
  (void)printf("  signature: %s\n  %s\n", signed_[a->signature],
               a->r.n_reasons ? "INVALID" : "VALID");
  (void)fflush(stdout);
  HeatBenchPrintReasons(&a->r);
}

/* Audit the folder of a result on rank 0. */
static PetscErrorCode Recompute(MPI_Comm comm, const HeatBenchOptions *o, Audit *a, int *exit_code)
{
  PetscErrorCode code = PETSC_SUCCESS;
  PetscMPIInt    rank;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    code = HeatAuditFolder(o->recompute, &a->id, &a->report, &a->program, &a->r);
    if (!code) code = HeatAuditSignature(o->recompute, o->key, &a->signature, &a->r);
    if (!code) {
      PrintAudit(o->recompute, a);
      *exit_code = a->r.n_reasons ? 5 : 0;
    }
  }
  PetscCallMPI(MPI_Bcast(&code, 1, MPI_INT, 0, comm));
  PetscCallMPI(MPI_Bcast(exit_code, 1, MPI_INT, 0, comm));
  PetscFunctionReturn(code);
}

static void PrintReread(const char *dir, int ranks, const HeatBenchReread *found,
                        const HeatBenchResult *r)
{
  char text[HEAT_HASH_TEXT];

  (void)printf("heat2d bench: last field of %s, read on %d %s\n"
               "  class %s, %s, nonce 0x%016llx: after the last step of cycle %u\n"
               "  checksum 0x%016llx, root %s\n"
               "  heat off by %.2g, range left by %.2g K\n"
               "  %s\n",
               dir, ranks, ranks == 1 ? "rank" : "ranks", found->id.size->name,
               HeatBenchWorkloadNames[found->id.workload], (unsigned long long)found->id.nonce,
               found->stated.cycle, (unsigned long long)found->checksum,
               HeatHashText(&found->root, text), found->balance, PetscMax(0.0, found->outside),
               r->n_reasons ? "DIFFERENT" : "the field of record and proof");
  (void)fflush(stdout);
  HeatBenchPrintReasons(r);
}

/* Read the last field of a result on all ranks. */
static PetscErrorCode Reread(MPI_Comm comm, const char *dir, HeatBenchResult *r, int *exit_code)
{
  HeatBenchReread found;
  PetscMPIInt     rank, size;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  PetscCall(HeatBenchRereadLast(comm, dir, &found, r));
  if (rank == 0) PrintReread(dir, size, &found, r);
  *exit_code = r->n_reasons ? 5 : 0;
  PetscCallMPI(MPI_Bcast(exit_code, 1, MPI_INT, 0, comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCommandAudit(MPI_Comm comm, const HeatOptions *o, int *exit_code)
{
  const HeatBenchOptions *b = &o->bench;
  Audit                  *a;
  PetscErrorCode          code;

  PetscFunctionBeginUser;
  HeatCheck(o->n_bench == 1 + (b->recompute && b->key ? 1 : 0) && !b->write_field && !o->output &&
                !o->stream,
            comm, HEAT_ERR_INPUT,
            "%s the result in a folder as it is; leave the other options out%s",
            b->recompute ? "--recompute audits" : "--reread compares the last field with",
            b->recompute ? ", except --key" : "");
  PetscCall(PetscNew(&a));
  code = b->recompute ? Recompute(comm, b, a, exit_code)
                      : Reread(comm, b->reread, &a->r, exit_code);
  if (HeatErrorExitCode(code) == HEAT_EXIT_INTERNAL) PetscFunctionReturn(code);
  PetscCall(PetscFree(a));
  PetscFunctionReturn(code);
}
