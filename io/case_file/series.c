/** Tables of a value over time.
 *
 *  A line that is not exactly of the expected form raises an error and is not skipped, because a
 *  skipped line would mean a wrong boundary value for hours of simulated time.
 */
#include "io/case_file/series.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "io/file/text_file.h"
#include "solver/base/number_text.h"

/* What a line is: two numbers, two names, empty or a comment, or anything else. */
typedef enum { LINE_NUMBERS, LINE_NAMES, LINE_EMPTY, LINE_BAD } LineKind;

/* Parse a finite decimal number in [*at, end), with blanks around it, and advance *at past them.
 * The caller checks that *at has reached `end`.  Only the characters of decimal numbers are
 * accepted: strtod also reads hexadecimal numbers, inf and nan. */
static PetscBool ParseNumber(const char **at, const char *end, PetscReal *value)
{
  const char *s = *at;
  char       *after;

  while (s < end && isblank((unsigned char)*s)) s++;
  for (const char *c = s; c < end && *c != ','; c++) {
    if (!strchr("0123456789+-.eE \t\r", *c)) return PETSC_FALSE;
  }
  if (s == end) return PETSC_FALSE;
  *value = HeatNumberRead(s, &after);
  if (after == s || after > end || !isfinite(*value)) return PETSC_FALSE;
  while (after < end && isspace((unsigned char)*after)) after++;
  *at = after;
  return PETSC_TRUE;
}

/* Parse the line [line, end). */
static LineKind ParseLine(const char *line, const char *end, PetscReal *t, PetscReal *value)
{
  const char *comma = memchr(line, ',', (size_t)(end - line)), *at = line;
  PetscReal   ignored;

  while (at < end && isspace((unsigned char)*at)) at++;
  if (at == end || *at == '#') return LINE_EMPTY;
  if (!comma || memchr(comma + 1, ',', (size_t)(end - comma - 1))) return LINE_BAD;
  if (ParseNumber(&at, comma, t) && at == comma) {
    at = comma + 1;
    return ParseNumber(&at, end, value) && at == end ? LINE_NUMBERS : LINE_BAD;
  }
  at = comma + 1;
  return ParseNumber(&at, end, &ignored) ? LINE_BAD : LINE_NAMES;
}

/* Copy the first 60 characters of a line, for a message.  Bytes that cannot be printed, as in a
 * binary file, become '?'. */
static const char *Quote(const char *line, const char *stop, char text[61])
{
  const size_t n = (size_t)PetscMin(stop - line, 60);

  for (size_t i = 0; i < n; i++) text[i] = (char)(isprint((unsigned char)line[i]) ? line[i] : '?');
  text[n] = 0;
  return text;
}

/* Parse all lines into series->t and series->value, which have room for every line. */
static PetscErrorCode ParseTable(MPI_Comm comm, const char *path, const char *text, size_t length,
                                 HeatSeries *series)
{
  const char *line   = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? text + 3 : text;
  const char *end    = text + length;
  PetscBool   begun  = PETSC_FALSE;
  int         number = 1;
  PetscInt    n      = 0;
  char        text_found[61];

  PetscFunctionBeginUser;
  for (const char *next; line < end; line = next, number++) {
    const char *newline = memchr(line, '\n', (size_t)(end - line)), *stop = newline ? newline : end;
    LineKind    kind = ParseLine(line, stop, &series->t[n], &series->value[n]);

    next = newline ? newline + 1 : end;
    if (stop > line && stop[-1] == '\r') stop--;
    if (kind == LINE_EMPTY) continue;
    HeatCheck(kind == LINE_NUMBERS || (kind == LINE_NAMES && !begun), comm, HEAT_ERR_FILE,
              "%s:%d: found '%s'; a line holds two finite numbers, time,value, with a point for "
              "decimals, each 0 or from 2.3e-308 to 1.7e308 in magnitude",
              path, number, Quote(line, stop, text_found));
    begun = PETSC_TRUE;
    if (kind == LINE_NAMES) continue;
    HeatCheck(n == 0 || series->t[n] > series->t[n - 1], comm, HEAT_ERR_FILE,
              "%s:%d: the time %s s does not come after %s s; the times of a table rise", path,
              number, HeatNumber(series->t[n]), HeatNumber(series->t[n - 1]));
    n++;
  }
  HeatCheck(n > 0, comm, HEAT_ERR_FILE,
            "%s: holds no values; a table has a line time,value for each time", path);
  series->n = n;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSeriesRead(MPI_Comm comm, const char *path, HeatSeries *series)
{
  char          *text;
  size_t         length, lines = 2;
  PetscErrorCode code = HeatTextRead(comm, path, HEAT_ERR_FILE, "a table of time and value", &text,
                                     &length);

  PetscFunctionBeginUser;
  if (code == PETSC_SUCCESS) {
    for (size_t i = 0; i < length; i++) lines += text[i] == '\n';
    PetscCall(PetscMalloc1(lines, &series->t));
    PetscCall(PetscMalloc1(lines, &series->value));
    code = ParseTable(comm, path, text, length, series);
  }
  PetscCall(PetscFree(text));
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}
