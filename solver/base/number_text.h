/** Numbers as text: write a number such that different numbers look different, and read one without
 *  rounding a number that is too small for a double to 0. */
#ifndef HEAT_SOLVER_NUMBER_TEXT_H
#define HEAT_SOLVER_NUMBER_TEXT_H

#include <petscsys.h>

/* Bytes of a text.  Chosen: the longest number, "-1.7976931348623157e+308", needs 25. */
enum { HEAT_NUMBER_BYTES = 32 };

/** Write `value` with the fewest digits that read back as the same number, so that two numbers
 *  that differ look different, and a number of a case file looks as it does there: "1",
 *  "1.0000000001".  Not collective.
 *  @param[out] text  [HEAT_NUMBER_BYTES]
 *  Returns text. */
const char *HeatNumberText(PetscReal value, char *text);

/** The text of a number, for the arguments of a message; it lives to the end of the block. */
#define HeatNumber(value) HeatNumberText((value), (char[HEAT_NUMBER_BYTES]){""})

/** Read a number as strtod does, and store the end of its text in *end.  Return NaN for a number
 *  other than 0 below the smallest normal double, such as 1e-310 and 1e-400, and infinity for one
 *  above the largest double, such as 1e400.  The caller refuses both.  Not collective. */
PetscReal HeatNumberRead(const char *text, char **end);

/** Return why HeatNumberRead returned a value that is not finite, for a message of the form "found
 *  TEXT, which is ...": the number is too large, or it is too small.  The text is static. */
const char *HeatNumberFault(PetscReal value);

#endif
