/** Numbers in messages that compare them (see number_text.h). */
#include "solver/base/number_text.h"

#include <stdio.h>
#include <stdlib.h>

const char *HeatNumberText(PetscReal value, char *text)
{
  enum { USUAL = 6, ALL = 17 }; /* digits of %g, and those that identify every double */

  for (int digits = USUAL; digits <= ALL; digits++) {
    (void)snprintf(text, HEAT_NUMBER_BYTES, "%.*g", digits, (double)value);
    if (strtod(text, NULL) == (double)value) break;
  }
  return text;
}
