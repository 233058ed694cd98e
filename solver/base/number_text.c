/** Texts of numbers (see number_text.h). */
#include "solver/base/number_text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *HeatNumberText(PetscReal value, char *text)
{
  enum { USUAL = 6, ALL = 17 }; /* digits of %g, and those that identify every double */

  for (int digits = USUAL; digits <= ALL; digits++) {
    (void)snprintf(text, HEAT_NUMBER_BYTES, "%.*g", digits, (double)value);
    if (strtod(text, NULL) == (double)value) break;
  }
  return text;
}

PetscReal HeatNumberRead(const char *text, char **end)
{
  const PetscReal value = strtod(text, end);
  const size_t    n     = strcspn(text, "eE");

  if (fabs(value) >= DBL_MIN || isnan(value)) return value;
  for (const char *s = text; s < *end && s < text + n; s++) {
    if (*s >= '1' && *s <= '9') return NAN;
  }
  return value;
}

const char *HeatNumberFault(PetscReal value)
{
  return isinf(value) ? "too large for a number"
                      : "too small for a number: write 0, or 2.3e-308 or more";
}
