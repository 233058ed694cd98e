/** `heat2d verify` (see command_verify.h): choose the entries, run them, print a row per
 * measurement, and write results.json. */
#include "app/command/command_verify.h"

#include <math.h>
#include <stdio.h>

#include "app/process/binding.h"
#include "app/process/petsc_options.h"
#include "app/process/provenance.h"
#include "app/report/record.h"
#include "app/verify/verify.h"
#include "io/run_files/output_dir.h"
#include "solver/base/monotonic.h"

/* The command line. */

static const HeatVerifyEntry *FindEntry(const char *name)
{
  for (const HeatVerifyEntry *entry = HeatVerifyEntries; entry->name; entry++) {
    PetscBool same;

    if (!PetscStrcmp(entry->name, name, &same) && same) return entry;
  }
  return NULL;
}

/* Write the names of all entries: "modes, painting, ...". */
static void ListNames(char *text, size_t size)
{
  size_t used = 0;

  text[0] = '\0';
  for (const HeatVerifyEntry *entry = HeatVerifyEntries; entry->name && used < size; entry++)
    used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", entry->name);
}

static PetscErrorCode CheckCommandLine(MPI_Comm comm, const HeatOptions *o)
{
  char names[512];

  PetscFunctionBeginUser;
  HeatCheck(o->n_set == 0, comm, HEAT_ERR_INPUT,
            "--set %s: the cases of heat2d verify are built in; leave it out", o->set[0]);
  HeatCheck(!o->restart && !o->show, comm, HEAT_ERR_INPUT,
            "%s has no meaning for heat2d verify; leave it out",
            o->restart ? "--restart" : "--show");
  ListNames(names, sizeof names);
  for (int k = 0; k < o->n_operands; k++) {
    HeatCheck(FindEntry(o->operands[k]), comm, HEAT_ERR_INPUT,
              "unknown verification entry `%s`; the entries are %s", o->operands[k], names);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Refuse PETSc options before any entry runs: set up one small linear implicit problem, and raise
   an error for an option that its set-up does not read or whose value PETSc rejects. */
static PetscErrorCode CheckPetscOptions(HeatVerify *v, const HeatOptions *o)
{
  static const char  text[] = "grid: {cells: [8, 8], x: [0.0, 1.0], y: [0.0, 1.0]}\n"
                              "materials: [{name: m, conductivity: 1.0, density: 1.0, "
                              "specific_heat: 1.0}]\n"
                              "initial: {temperature: \"x\"}\n"
                              "time: {scheme: backward-euler, step: 0.1, steps: 1}\n";
  HeatVerifyProblem *p;
  MPI_Comm           some;
  PetscMPIInt        rank;

  PetscFunctionBeginUser;
  /* Each group of eight ranks sets up the whole problem, so that its 64 cells suffice for any
     number of ranks.  All groups come to the same result.  Eight is chosen: 8 cells per rank. */
  PetscCallMPI(MPI_Comm_rank(v->world, &rank));
  PetscCallMPI(MPI_Comm_split(v->world, rank / 8, rank, &some));
  v->name = "options";
  PetscCall(HeatOptionsInsertPetsc(v->world, o, NULL));
  PetscCall(HeatVerifyOpenOn(v, some, text, &p));
  PetscCall(HeatOptionsCheckUsed(v->world, o, p->c));
  PetscCall(HeatVerifyClose(v, &p));
  PetscCallMPI(MPI_Comm_free(&some));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The table. */

/* Write the bounds of a measurement: "<= 4e-14", "1.8 .. 2.2", ">= 1e-10", one number if both are
   equal, "-" if nothing could be measured.  Return text. */
static const char *DescribeBound(const HeatVerifyResult *r, char *text, size_t size)
{
  if (isnan((double)r->low)) (void)snprintf(text, size, "-");
  else if (isinf((double)r->low)) (void)snprintf(text, size, "<= %.3g", (double)r->high);
  else if (isinf((double)r->high)) (void)snprintf(text, size, ">= %.3g", (double)r->low);
  else if ((float)r->low == (float)r->high) (void)snprintf(text, size, "%.6g", (double)r->high);
  else (void)snprintf(text, size, "%.6g .. %.6g", (double)r->low, (double)r->high);
  return text;
}

static void PrintRow(const HeatVerifyResult *r)
{
  char bound[48];

  (void)printf("  %-13s %-58s %11.5g  %-16s %s %6.2f\n", r->name, r->quantity, (double)r->value,
               DescribeBound(r, bound, sizeof bound), r->pass ? "PASS" : "FAIL", r->seconds);
  if (r->message[0]) (void)printf("  %-13s   %s\n", "", r->message);
  (void)fflush(stdout);
}

static PetscErrorCode PrintHeader(const HeatVerify *v)
{
  PetscMPIInt size;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(v->world, &size));
  (void)printf("heat2d %s (%s)  %sverification on %d rank%s\n", HeatVersion(), HeatGitCommit(),
               v->quick ? "quick " : "", size, size == 1 ? "" : "s");
  (void)printf("  %-13s %-58s %11s  %-16s %s %6s\n", "entry", "what is measured", "value", "bound",
               "    ", "[s]");
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscInt CountFailures(const HeatVerify *v)
{
  PetscInt failures = 0;

  for (PetscInt k = 0; k < v->n_results; k++) failures += !v->results[k].pass;
  return failures;
}

static void PrintSummary(const HeatVerify *v, double seconds)
{
  const PetscInt failures = CountFailures(v);

  (void)printf("  %" PetscInt_FMT " measurements, %" PetscInt_FMT " failed, %.1f s; record in "
               "%s/results.json\n",
               v->n_results, failures, seconds, v->directory);
}

/* Print failed measurements on stderr, also with --quiet, as `run` does with failed checks. */
static void PrintFailures(const HeatVerify *v)
{
  for (PetscInt k = 0; k < v->n_results; k++) {
    const HeatVerifyResult *r = &v->results[k];
    char                    bound[48];

    if (r->pass) continue;
    if (r->message[0]) (void)fprintf(stderr, "heat2d: verify %s failed: %s\n", r->name, r->message);
    else
      (void)fprintf(stderr, "heat2d: verify %s failed: %s is %.6g, must be %s\n", r->name,
                    r->quantity, (double)r->value, DescribeBound(r, bound, sizeof bound));
  }
}

/* The record. */

/* Write results.json with the measurements and the provenance. */
static PetscErrorCode WriteRecord(const HeatVerify *v, const HeatProcessStart *start)
{
  HeatResults        r;
  HeatProvenance     p;
  HeatBinding        binding;
  HeatResultsHost   *hosts;
  HeatResultsVerify *rows;
  PetscMPIInt        size;

  PetscFunctionBeginUser;
  HeatResultsInit(&r);
  PetscCallMPI(MPI_Comm_size(v->world, &size));
  PetscCall(PetscMalloc1(v->n_results + 1, &rows));
  for (PetscInt k = 0; k < v->n_results; k++) {
    const HeatVerifyResult *from = &v->results[k];

    rows[k] = (HeatResultsVerify){
        from->name,    from->quantity, from->message[0] ? from->message : NULL,
        from->value,   from->low,      from->high,
        from->seconds, from->ranks,    from->pass};
  }
  r.title    = v->quick ? "quick verification" : "verification";
  r.status   = CountFailures(v) == 0 ? HEAT_STATUS_OK : HEAT_STATUS_CHECK_FAILED;
  r.ranks    = size;
  r.n_verify = v->n_results;
  r.verify   = rows;
  PetscCall(HeatProvenanceCollect(&p));
  HeatRecordProvenance(&p, start, &r);
  PetscCall(HeatBindingCollect(v->world, MPI_COMM_NULL, &binding));
  PetscCall(HeatRecordBinding(&binding, &r, &hosts));
  PetscCall(HeatResultsWrite(v->world, v->directory, &r));
  PetscCall(HeatProvenanceClear(&p));
  PetscCall(HeatBindingClear(&binding));
  PetscCall(PetscFree(hosts));
  PetscCall(PetscFree(rows));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The suite. */

/* Run the chosen entries, or all if none is named; print each entry's rows when it has ended. */
static PetscErrorCode RunEntries(HeatVerify *v, const HeatOptions *o)
{
  PetscInt    printed = 0;
  PetscMPIInt rank;
  PetscBool   prints;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(v->world, &rank));
  prints = rank == 0 && !o->quiet ? PETSC_TRUE : PETSC_FALSE;
  if (prints) PetscCall(PrintHeader(v));
  for (const HeatVerifyEntry *entry = HeatVerifyEntries; entry->name; entry++) {
    PetscBool wanted = o->n_operands == 0 ? PETSC_TRUE : PETSC_FALSE;

    for (int k = 0; k < o->n_operands; k++)
      if (FindEntry(o->operands[k]) == entry) wanted = PETSC_TRUE;
    if (!wanted) continue;
    PetscCall(HeatVerifyRunEntry(v, entry));
    for (; prints && printed < v->n_results; printed++) PrintRow(&v->results[printed]);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check the command line, prepare the folder, run the entries, and report. */
static PetscErrorCode RunSuite(HeatVerify *v, const HeatOptions *o, const HeatProcessStart *start,
                               int *exit_code)
{
  PetscMPIInt rank;
  PetscInt    failures;

  PetscFunctionBeginUser;
  PetscCall(CheckCommandLine(v->world, o));
  PetscCall(CheckPetscOptions(v, o));
  PetscCall(HeatOutputDirectoryPrepare(v->world, v->directory, PETSC_TRUE));
  PetscCall(RunEntries(v, o));
  PetscCall(WriteRecord(v, start));
  PetscCallMPI(MPI_Comm_rank(v->world, &rank));
  if (rank == 0) {
    if (!o->quiet) PrintSummary(v, HeatMonotonicTime() - start->time);
    (void)fflush(stdout);
    PrintFailures(v);
  }
  failures = CountFailures(v);
  PetscCallMPI(MPI_Bcast(&failures, 1, MPIU_INT, 0, v->world));
  *exit_code = failures > 0 ? 5 : 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCommandVerify(MPI_Comm comm, const HeatOptions *o, const HeatProcessStart *start,
                                 int *exit_code)
{
  HeatVerify    *v;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&v));
  v->world     = comm;
  v->comm      = MPI_COMM_NULL;
  v->quick     = o->quick;
  v->directory = o->output ? o->output : "out/verify";
  code         = RunSuite(v, o, start, exit_code);
  if (HeatErrorExitCode(code) == HEAT_EXIT_INTERNAL)
    PetscFunctionReturn(code); /* perhaps on this rank alone: main aborts the job */
  for (int k = 0; k < HEAT_VERIFY_PROBLEMS; k++) PetscCall(HeatVerifyClose(v, &v->problems[k]));
  PetscCall(PetscFree(v->results));
  PetscCall(PetscFree(v));
  PetscFunctionReturn(code);
}
