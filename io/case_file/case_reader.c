/** Typed, strict access to nodes: which texts are a number, a truth value or a name, and the
 *  messages for those that are not.
 *
 *  Numbers follow YAML 1.2 in decimal.  YAML's octal, hexadecimal, .inf and .nan are refused; so is
 *  an integer written as 1e3 or 12.0, which often is a mistake.  The grammar is checked here and
 *  strtod computes the value; strtod must use the whole text, which it does not in a locale with a
 *  decimal comma.
 */
#include "io/case_file/case_reader.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/case_file/case_files.h"

/* [bytes] Dotted path of a missing key, for its message; a longer one is truncated.  Chosen. */
enum { PATH_BYTES = 200 };

/* What a node holds. */

PetscBool HeatReaderIsNull(const HeatYamlNode *node)
{
  static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

  if (node->kind != HEAT_YAML_SCALAR || !node->plain) return PETSC_FALSE;
  for (size_t i = 0; i < PETSC_STATIC_ARRAY_LENGTH(nulls); i++) {
    if (strcmp(node->text, nulls[i]) == 0) return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

const char *HeatReaderDescribe(const HeatYamlNode *node, char buffer[HEAT_FOUND_BYTES])
{
  const char *words = node->kind == HEAT_YAML_LIST  ? "a list"
                      : node->kind == HEAT_YAML_MAP ? "a mapping"
                      : HeatReaderIsNull(node)      ? "nothing"
                                                    : NULL;

  if (words) return words;
  const char *quote = node->plain ? "" : "\"";
  snprintf(buffer, HEAT_FOUND_BYTES, "%s%.60s%s%s", quote, node->text,
           strlen(node->text) > 60 ? "..." : "", quote);
  for (char *s = buffer; *s; s++) {
    if (iscntrl((unsigned char)*s)) *s = ' ';
  }
  return buffer;
}

typedef enum { NO_NUMBER, INTEGER, REAL, NOT_FINITE } NumberKind;

static const char *SkipDigits(const char *s)
{
  while (isdigit((unsigned char)*s)) s++;
  return s;
}

/* Classify a text by the grammar
 *   [-+]? (digits | digits . [digits] | . digits) ([eE] [-+]? digits)? */
static NumberKind ClassifyNumber(const char *text)
{
  static const char *const specials[] = {".inf", ".nan", "inf", "nan", "infinity"};
  const char              *s = text + (*text == '-' || *text == '+'), *whole = s;
  PetscBool                same;
  NumberKind               kind = INTEGER;

  for (size_t i = 0; i < PETSC_STATIC_ARRAY_LENGTH(specials); i++) {
    if (PetscStrcasecmp(s, specials[i], &same) == 0 && same) return NOT_FINITE;
  }
  s = SkipDigits(s);
  if (*s == '.') {
    if (s == whole && !isdigit((unsigned char)s[1])) return NO_NUMBER;
    kind = REAL;
    s    = SkipDigits(s + 1);
  } else if (s == whole) return NO_NUMBER;
  if (*s == 'e' || *s == 'E') {
    kind = REAL;
    s += 1 + (s[1] == '-' || s[1] == '+');
    if (!isdigit((unsigned char)*s)) return NO_NUMBER;
    s = SkipDigits(s);
  }
  return *s ? NO_NUMBER : kind;
}

/* Return the value of a text that ClassifyNumber accepts; infinity when it is too large for a
 * double, NaN when strtod does not use the whole text. */
static PetscReal ToReal(const char *text)
{
  char           *end;
  const PetscReal value = strtod(text, &end);

  return *end ? NAN : value;
}

/* Suggestions for misspelt names. */

/* Return the edit distance of two words, at most `limit`: the number of letters to insert, delete,
 * replace or swap with their neighbour (Damerau's distance, optimal string alignment).  Replacing a
 * letter by its other case is free.  With d(i, j) the distance of the first i letters of a and the
 * first j letters of b, and [.] = 1 if true and 0 otherwise,
 *
 *   d(i, j) = min(d(i-1, j-1) + [a_i /= b_j],  d(i-1, j) + 1,  d(i, j-1) + 1,
 *                 d(i-2, j-2) + 1  if a_i = b_(j-1) and a_(i-1) = b_j).
 *
 * Three rows of d are kept: row i is rows[i % 3].  Words of LONGEST letters or more, longer than
 * any name, get `limit`. */
static int EditDistance(const char *a, const char *b, int limit)
{
  enum { LONGEST = 32 };
  const int m = (int)PetscMin(strlen(a), (size_t)LONGEST);
  const int n = (int)PetscMin(strlen(b), (size_t)LONGEST);
  int       rows[3][LONGEST + 1];

  if (m == LONGEST || n == LONGEST) return limit;
  for (int j = 0; j <= n; j++) rows[0][j] = j;
  for (int i = 1; i <= m; i++) {
    int *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

    now[0] = i;
    for (int j = 1; j <= n; j++) {
      const int changed = tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]);

      now[j] = PetscMin(last[j - 1] + changed, 1 + PetscMin(last[j], now[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        now[j] = PetscMin(now[j], before[j - 2] + 1);
      }
    }
  }
  return PetscMin(rows[m % 3][n], limit);
}

/* Names that textbooks and other programs use (`said`) for names of heat2d (`meant`). */
static const struct {
  const char *said, *meant;
} synonyms[] = {
    {"implicit-euler", "backward-euler"},
    {"implicit", "backward-euler"},
    {"euler-backward", "backward-euler"},
    {"beuler", "backward-euler"},
    {"explicit-euler", "ftcs"},
    {"forward-euler", "ftcs"},
    {"explicit", "ftcs"},
    {"euler", "ftcs"},
    {"cn", "crank-nicolson"},
    {"trapezoidal", "crank-nicolson"},
    {"bdf", "bdf2"},
    {"rkl", "rkl2"},
    {"sdirk", "esdirk"},
    {"stationary", "steady"},
    {"steady-state", "steady"},
    {"dirichlet", "temperature"},
    {"fixed", "temperature"},
    {"neumann", "flux"},
    {"heat-flux", "flux"},
    {"robin", "convection"},
    {"adiabatic", "insulated"},
    {"insulation", "insulated"},
    {"symmetry", "insulated"},
    {"box", "rectangle"},
    {"disc", "circle"},
    {"disk", "circle"},
    {"average", "mean"},
    {"min", "minimum"},
};

/* Return the candidate for which textbooks or other programs use the name `text`, or NULL. */
static const char *OfSynonym(const char *text, const char *const candidates[])
{
  for (size_t k = 0; k < sizeof synonyms / sizeof *synonyms; k++) {
    if (EditDistance(text, synonyms[k].said, 1) > 0) continue; /* upper case is free */
    for (const char *const *candidate = candidates; *candidate; candidate++)
      if (strcmp(*candidate, synonyms[k].meant) == 0) return *candidate;
  }
  return NULL;
}

const char *HeatReaderSuggest(const char *text, const char *const candidates[], char *buffer,
                              size_t size)
{
  const int   length = (int)PetscMin(strlen(text), (size_t)30);
  int         least  = PetscMax(2, length / 3 + 1); /* best so far; a third may be wrong (chosen) */
  const char *synonym = OfSynonym(text, candidates);
  const char *best    = synonym;

  for (const char *const *candidate = candidates; !synonym && *candidate; candidate++) {
    const int distance = EditDistance(text, *candidate, least);

    if (distance < least) {
      least = distance;
      best  = *candidate;
    }
  }
  buffer[0] = '\0';
  if (best) snprintf(buffer, size, "; did you mean '%s'?", best);
  return buffer;
}

/* Keys. */

HeatYamlNode *HeatReaderKey(const HeatYamlNode *map, const char *key)
{
  return map ? HeatYamlMember(map, key, strlen(key)) : NULL;
}

HeatYamlNode HeatReaderElement(const HeatYamlNode *list, const HeatYamlNode *item, PetscInt i,
                               char path[HEAT_ELEMENT_PATH_BYTES])
{
  HeatYamlNode element = *item;

  (void)snprintf(path, HEAT_ELEMENT_PATH_BYTES, "%s[%" PetscInt_FMT "]", list->path, i);
  element.path = path;
  return element;
}

PetscErrorCode HeatReaderRequire(const HeatReader *r, const HeatYamlNode *map, const char *key,
                                 HeatYamlNode **node)
{
  char path[PATH_BYTES];

  PetscFunctionBeginUser;
  *node = HeatReaderKey(map, key);
  snprintf(path, sizeof path, "%s%s%s", map->path, map->path[0] ? "." : "", key);
  HeatCaseCheckKey(*node, r->comm, r->c, path, "missing; this key is required");
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReaderRaiseRepeated(const HeatReader *r, const HeatYamlNode *node,
                                       const HeatYamlNode *other)
{
  PetscFunctionBeginUser;
  HeatReaderCheck(other->line == 0, r, node, "repeated key; keep one (the other is in line %d)",
                  other->line);
  HeatReaderCheck(PETSC_FALSE, r, node, "repeated key; keep one");
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReaderCheckMap(const HeatReader *r, const HeatYamlNode *node)
{
  char found[HEAT_FOUND_BYTES];

  PetscFunctionBeginUser;
  if (!node) PetscFunctionReturn(PETSC_SUCCESS);
  HeatReaderCheck(node->kind == HEAT_YAML_MAP, r, node,
                  "found %s; it must be a mapping, {key: value, ...}",
                  HeatReaderDescribe(node, found));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReaderCheckList(const HeatReader *r, const HeatYamlNode *node)
{
  char found[HEAT_FOUND_BYTES];

  PetscFunctionBeginUser;
  if (!node) PetscFunctionReturn(PETSC_SUCCESS);
  HeatReaderCheck(node->kind == HEAT_YAML_LIST, r, node, "found %s; it must be a list, [...]",
                  HeatReaderDescribe(node, found));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Scalars. */

/* Return a hint for the message about a text that is no number: on commas, or "". */
static const char *NumberHint(const char *text)
{
  const size_t whole = strspn(text, "+-0123456789");

  if (text[whole] == ',' && strspn(text + whole + 1, "0123456789") > 0)
    return "; decimals take a point, not a comma, and thousands no sign between them";
  return "";
}

PetscErrorCode HeatReadReal(const HeatReader *r, const HeatYamlNode *node, HeatRange range,
                            PetscReal *value)
{
  char             found[HEAT_FOUND_BYTES];
  const NumberKind kind = node && node->kind == HEAT_YAML_SCALAR ? ClassifyNumber(node->text)
                                                                 : NO_NUMBER;

  PetscFunctionBeginUser;
  if (!node) PetscFunctionReturn(PETSC_SUCCESS);
  HeatReaderCheck(kind != NOT_FINITE, r, node, "found %s; it must be finite",
                  HeatReaderDescribe(node, found));
  HeatReaderCheck(kind != NO_NUMBER, r, node, "found %s; it must be a number%s",
                  HeatReaderDescribe(node, found),
                  node->kind == HEAT_YAML_SCALAR ? NumberHint(node->text) : "");
  *value = ToReal(node->text);
  HeatReaderCheck(isfinite(*value), r, node, "found %s, which is too large for a number",
                  HeatReaderDescribe(node, found));
  HeatReaderCheck(range != HEAT_POSITIVE || *value > 0.0, r, node,
                  "found %s; it must be greater than 0", HeatReaderDescribe(node, found));
  HeatReaderCheck(range != HEAT_NOT_NEGATIVE || *value >= 0.0, r, node,
                  "found %s; it must be at least 0", HeatReaderDescribe(node, found));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadInt(const HeatReader *r, const HeatYamlNode *node, PetscInt least,
                           PetscInt *value)
{
  char             found[HEAT_FOUND_BYTES], hint[64] = "";
  const NumberKind kind = node && node->kind == HEAT_YAML_SCALAR ? ClassifyNumber(node->text)
                                                                 : NO_NUMBER;
  long long        number;

  PetscFunctionBeginUser;
  if (!node) PetscFunctionReturn(PETSC_SUCCESS);
  if (kind == REAL) {
    const PetscReal real = ToReal(node->text);

    /* below 1e15, a double holds all digits of an integer */
    if (real == floor(real) && fabs(real) < 1e15) snprintf(hint, sizeof hint, ": write %.0f", real);
  }
  HeatReaderCheck(kind == INTEGER, r, node, "found %s; it must be a whole number, in digits only%s",
                  HeatReaderDescribe(node, found), hint);
  errno  = 0;
  number = strtoll(node->text, NULL, 10);
  HeatReaderCheck(errno == 0 && number <= PETSC_MAX_INT && number >= -PETSC_MAX_INT, r, node,
                  "found %s, which does not fit the %d-bit indices of this PETSc%s",
                  HeatReaderDescribe(node, found), (int)(8 * sizeof *value),
                  sizeof *value == 4 ? "; use a PETSc with 64-bit indices (--with-64-bit-indices)"
                                     : "");
  *value = (PetscInt)number;
  HeatReaderCheck(*value >= least, r, node, "found %s; it must be at least %" PetscInt_FMT,
                  HeatReaderDescribe(node, found), least);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadBool(const HeatReader *r, const HeatYamlNode *node, PetscBool *value)
{
  static const char *const words[] = {"true", "True", "TRUE", "false", "False", "FALSE"};
  char                     found[HEAT_FOUND_BYTES];
  int                      word = -1;

  PetscFunctionBeginUser;
  if (!node) PetscFunctionReturn(PETSC_SUCCESS);
  for (int i = 0; i < 6; i++) {
    if (node->kind == HEAT_YAML_SCALAR && strcmp(node->text, words[i]) == 0) word = i;
  }
  HeatReaderCheck(word >= 0, r, node, "found %s; it must be true or false",
                  HeatReaderDescribe(node, found));
  *value = (PetscBool)(word < 3);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadString(const HeatReader *r, const HeatYamlNode *node, char **value)
{
  char found[HEAT_FOUND_BYTES];

  PetscFunctionBeginUser;
  if (!node) PetscFunctionReturn(PETSC_SUCCESS);
  HeatReaderCheck(node->kind == HEAT_YAML_SCALAR && !HeatReaderIsNull(node), r, node,
                  "found %s; it must be a text", HeatReaderDescribe(node, found));
  PetscCall(PetscFree(*value));
  PetscCall(PetscStrallocpy(node->text, value));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadPath(const HeatReader *r, const HeatYamlNode *node, char **value)
{
  const char   *slash = strrchr(r->c->file, '/');
  char         *name  = NULL, *path;
  HeatCaseFile *file;

  PetscFunctionBeginUser;
  PetscCall(HeatReadString(r, node, &name));
  if (!name) PetscFunctionReturn(PETSC_SUCCESS);
  const size_t folder = slash && name[0] != '/' ? (size_t)(slash - r->c->file) + 1 : 0;
  const size_t size   = folder + strlen(name) + 1;

  PetscCall(PetscMalloc1(size, &path));
  snprintf(path, size, "%.*s%s", (int)folder, r->c->file, name);
  PetscCall(HeatCaseFindFile(r->c, name, path, &file));
  PetscCall(PetscFree(*value));
  PetscCall(PetscStrallocpy(file->path, value));
  PetscCall(PetscFree(name));
  PetscCall(PetscFree(path));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadDataset(const HeatReader *r, const HeatYamlNode *map, const char *fallback,
                               HeatDataset *value)
{
  const HeatYamlNode *dataset = HeatReaderKey(map, "dataset");

  PetscFunctionBeginUser;
  PetscCall(HeatReadPath(r, HeatReaderKey(map, "file"), &value->file));
  HeatReaderCheck(value->file || !dataset, r, dataset, "given without file, which holds it");
  if (value->file && !dataset) PetscCall(PetscStrallocpy(fallback, &value->dataset));
  PetscCall(HeatReadString(r, dataset, &value->dataset));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadChoice(const HeatReader *r, const HeatYamlNode *node,
                              const char *const names[], int *value)
{
  enum { MOST_CANDIDATES = 16 }; /* chosen: more than any list of choices has */
  const char *candidates[MOST_CANDIDATES] = {NULL};
  char        found[HEAT_FOUND_BYTES], list[256] = "", suggestion[64];
  int         count = 0;
  size_t      used  = 0;

  PetscFunctionBeginUser;
  if (!node) PetscFunctionReturn(PETSC_SUCCESS);
  while (names[count]) count++;
  count -= 2; /* without the type's name and its prefix */
  for (int i = 0; i < count; i++) {
    if (node->kind == HEAT_YAML_SCALAR && strcmp(node->text, names[i]) == 0) {
      *value = i;
      PetscFunctionReturn(PETSC_SUCCESS);
    }
    if (i < MOST_CANDIDATES - 1) candidates[i] = names[i];
    if (used < sizeof list)
      used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
  }
  HeatReaderCheck(PETSC_FALSE, r, node, "found %s; it must be %s%s%s",
                  HeatReaderDescribe(node, found), count > 1 ? "one of " : "", list,
                  HeatReaderSuggest(node->text, candidates, suggestion, sizeof suggestion));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadFormula(const HeatReader *r, const HeatYamlNode *node, HeatFormula *formula)
{
  char       found[HEAT_FOUND_BYTES];
  NumberKind kind;

  PetscFunctionBeginUser;
  if (!node) PetscFunctionReturn(PETSC_SUCCESS);
  HeatReaderCheck(
      node->kind == HEAT_YAML_SCALAR && !HeatReaderIsNull(node), r, node,
      "found %s; it must be a number or an expression%s", HeatReaderDescribe(node, found),
      node->kind == HEAT_YAML_MAP ? " (put an expression that contains ': ' in quotes)" : "");
  kind = ClassifyNumber(node->text);
  if (kind == NO_NUMBER) PetscCall(PetscStrallocpy(node->text, &formula->text));
  else PetscCall(HeatReadReal(r, node, HEAT_ANY, &formula->value));
  formula->given = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}
