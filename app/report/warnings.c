/** Warnings of a run (warnings.h). */
#include "app/report/warnings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "solver/base/printable.h"

PetscErrorCode HeatWarningsAdd(HeatWarnings *w, const char *format, ...)
{
  char    text[600]; /* longer ones are cut; chosen */
  va_list arguments;

  PetscFunctionBeginUser;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  (void)HeatPrintable(text);
  for (int k = 0; k < w->n; k++)
    if (strcmp(w->text[k], text) == 0) PetscFunctionReturn(PETSC_SUCCESS);
  if (w->n == HEAT_MOST_WARNINGS) PetscFunctionReturn(PETSC_SUCCESS);
  if (w->prints) (void)fprintf(stderr, "heat2d: warning: %s\n", text);
  PetscCall(PetscStrallocpy(text, &w->text[w->n]));
  w->n++;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatWarningsClear(HeatWarnings *w)
{
  PetscFunctionBeginUser;
  for (int k = 0; k < w->n; k++) PetscCall(PetscFree(w->text[k]));
  w->n = 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}
