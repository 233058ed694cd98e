/** `heat2d inspect` (see command_inspect.h). */
#include "app/command/command_inspect.h"

#include <stdio.h>
#include <string.h>

#include "app/process/petsc_options.h"
#include "io/run_files/manifest.h"
#include "solver/base/printable.h"

static PetscErrorCode CheckCommandLine(MPI_Comm comm, const HeatOptions *o)
{
  PetscFunctionBeginUser;
  HeatCheck(o->n_operands > 0, comm, HEAT_ERR_INPUT,
            "heat2d inspect needs a file, for example heat2d inspect out/checkpoint_000100.h5");
  HeatCheck(o->n_set == 0 && !o->restart && !o->show && !o->output, comm, HEAT_ERR_INPUT,
            "%s has no meaning for heat2d inspect; leave it out",
            o->n_set     ? "--set"
            : o->restart ? "--restart"
            : o->show    ? "--show"
                         : "--output");
  PetscCall(HeatOptionsInsertPetsc(comm, o, NULL));
  PetscCall(HeatOptionsCheckUsed(comm, o, NULL));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write the result of a field's checksums: "none", "ok", "row 3 is damaged", or "2 rows from 3 to 7
   are damaged".  Rows count from 0. */
static void DescribeChecksums(const HeatFieldInfo *f, char *text, size_t size)
{
  if (!f->has_sums) (void)snprintf(text, size, "none");
  else if (f->damaged_rows == 0) (void)snprintf(text, size, "ok");
  else if (f->damaged_rows == 1)
    (void)snprintf(text, size, "row %" PetscInt_FMT " is damaged", f->first_damaged);
  else
    (void)snprintf(text, size,
                   "%" PetscInt_FMT " rows from %" PetscInt_FMT " to %" PetscInt_FMT " are damaged",
                   f->damaged_rows, f->first_damaged, f->last_damaged);
}

/* Make the texts of a file printable: it may come from a stranger. */
static void MakePrintable(HeatFieldFileInfo *info)
{
  (void)HeatPrintable(info->kind);
  (void)HeatPrintable(info->title);
  for (PetscInt k = 0; k < info->n_fields; k++) {
    (void)HeatPrintable(info->fields[k].name);
    (void)HeatPrintable(info->fields[k].units);
  }
}

/* Print header and fields of a file. */
static void PrintContents(const char *path, const HeatFieldFileInfo *info)
{
  char writer[256], name[PETSC_MAX_PATH_LEN];

  (void)printf("%s\n", HeatPrintableCopy(path, name, sizeof name));
  (void)printf("  %-10s %s, format version %" PetscInt_FMT ", %" PetscInt64_FMT " bytes\n", "kind",
               info->kind, info->format_version, info->bytes);
  (void)printf("  %-10s %s\n", "title", info->title);
  (void)printf("  %-10s %" PetscInt64_FMT ", t = %.10g s\n", "step", info->step,
               (double)info->time);
  (void)printf("  %-10s %" PetscInt_FMT " x %" PetscInt_FMT
               " cells, x from %g to %g m, y from %g to %g m\n",
               "grid", info->nx, info->ny, (double)info->x[0], (double)info->x[1],
               (double)info->y[0], (double)info->y[1]);
  if (info->broken_halo > 0)
    (void)printf("  %-10s wrong: written by a run with --break-halo %" PetscInt64_FMT "\n",
                 "values", info->broken_halo);
  (void)printf("  %-10s %s\n", "seal", info->sealed ? "ok" : "none");
  if (strcmp(info->kind, "checkpoint") == 0)
    (void)printf("  %-10s %s\n", "written",
                 HeatPrintable(HeatManifestDescribeWriter(path, writer, sizeof writer)));
  (void)printf("  %-24s %-10s %15s %15s %10s  %s\n", "field", "units", "minimum", "maximum",
               "not finite", "checksums");
  for (PetscInt k = 0; k < info->n_fields; k++) {
    const HeatFieldInfo *f = &info->fields[k];
    char                 sums[80];

    DescribeChecksums(f, sums, sizeof sums);
    (void)printf("  %-24s %-10s %15.9g %15.9g %10" PetscInt64_FMT "  %s\n", f->name, f->units,
                 f->minimum, f->maximum, f->not_finite, sums);
  }
}

/* Warn about a manifest that describes another file.  This is not damage of the file itself, so the
   exit code stays as it is. */
static void WarnAboutManifest(const char *path, const HeatFieldFileInfo *info)
{
  char difference[160], name[PETSC_MAX_PATH_LEN];

  HeatManifestCompare(path, info, difference, sizeof difference);
  if (difference[0])
    (void)fprintf(stderr, "heat2d: warning: the manifest of %s describes another file: %s\n",
                  HeatPrintableCopy(path, name, sizeof name), HeatPrintable(difference));
}

/* Return whether a file is damaged; `print` the damage on stderr, also with --quiet. */
static PetscBool ReportDamage(const char *path, const HeatFieldFileInfo *info, PetscBool print)
{
  PetscBool damaged = PETSC_FALSE;

  for (PetscInt k = 0; k < info->n_fields; k++) {
    const HeatFieldInfo *f = &info->fields[k];
    char                 sums[80], name[PETSC_MAX_PATH_LEN];

    if (f->damaged_rows == 0) continue;
    damaged = PETSC_TRUE;
    DescribeChecksums(f, sums, sizeof sums);
    if (print)
      (void)fprintf(stderr, "heat2d: error: %s: %s: %s\n",
                    HeatPrintableCopy(path, name, sizeof name), f->name, sums);
  }
  return damaged;
}

PetscErrorCode HeatCommandInspect(MPI_Comm comm, const HeatOptions *o, int *exit_code)
{
  PetscMPIInt        rank;
  HeatFieldFileInfo *info;

  PetscFunctionBeginUser;
  *exit_code = 0;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCall(CheckCommandLine(comm, o));
  PetscCall(PetscNew(&info));
  for (int k = 0; k < o->n_operands; k++) {
    const PetscBool print = rank == 0 ? PETSC_TRUE : PETSC_FALSE;

    PetscCall(HeatFieldFileVerify(comm, o->operands[k], info));
    if (print) WarnAboutManifest(o->operands[k], info);
    MakePrintable(info);
    if (print && !o->quiet) PrintContents(o->operands[k], info);
    (void)fflush(stdout);
    if (ReportDamage(o->operands[k], info, print)) *exit_code = HeatErrorExitCode(HEAT_ERR_FILE);
  }
  PetscCall(PetscFree(info));
  PetscFunctionReturn(PETSC_SUCCESS);
}
