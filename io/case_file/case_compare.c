/** Cases as lists of keys and values: written from a tree, sorted, and compared.
 *
 *  The list is a text of lines "key: value", since a checkpoint stores it.  A value that contains
 *  line ends gets blanks instead.  Lines "contents of KEY (NAME): checksum 0x..." follow the
 *  keys, one for each key that names a file.
 */
#include "io/case_file/case_compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/case_file/case_reader.h"

/* [bytes] Dotted path of a key; a longer one is truncated.  Chosen far above the paths of the table
 * of keys; only the name of a PETSc option could exceed it. */
enum { KEY_BYTES = 512 };

/* Prefixes of the lines that affect the evolution of the temperature.  "time.step:" with its colon
 * excludes time.steps, which only sets the end. */
static const char *const evolution_keys[] = {
    "materials", "properties", "contacts",      "regions",     "source", "exchange",
    "boundary",  "time.step:", "time.adaptive", "time.events", "solver", "petsc"};

/* Listing. */

/* Return whether the key of a line "key: ..." affects the evolution of the temperature.  Names and
 * initial temperatures of regions do not: a restart takes the temperature from the checkpoint. */
static PetscBool AffectsEvolution(const char *line)
{
  const char *member = strchr(line, ']');

  if (strncmp(line, "regions[", 8) == 0 && member &&
      (strncmp(member, "].name:", 7) == 0 || strncmp(member, "].temperature:", 14) == 0))
    return PETSC_FALSE;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(evolution_keys); k++) {
    if (strncmp(line, evolution_keys[k], strlen(evolution_keys[k])) == 0) return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

/* A growing text: text [room] = length characters, a NUL, and unused bytes. */
typedef struct {
  char  *text; /* owned; reallocated to twice the needed size when full */
  size_t length, room;
} Lines;

static PetscErrorCode Append(Lines *lines, const char *text)
{
  const size_t more = strlen(text);

  PetscFunctionBeginUser;
  if (lines->length + more + 1 > lines->room) {
    lines->room = 2 * (lines->length + more + 1);
    PetscCall(PetscRealloc(lines->room, &lines->text));
  }
  memcpy(lines->text + lines->length, text, more + 1);
  lines->length += more;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append a line "key: value", unless the key does not affect the evolution. */
static PetscErrorCode AppendScalar(Lines *lines, const char *key, const char *value)
{
  const size_t before = lines->length;
  size_t       start;

  PetscFunctionBeginUser;
  PetscCall(Append(lines, key));
  PetscCall(Append(lines, ": "));
  if (!AffectsEvolution(lines->text + before)) {
    lines->length       = before;
    lines->text[before] = '\0';
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  start = lines->length;
  PetscCall(Append(lines, value));
  for (char *c = lines->text + start; *c; c++) {
    if (*c == '\n' || *c == '\r') *c = ' ';
  }
  PetscCall(Append(lines, "\n"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append the lines of a node with the path `key`, and of all nodes below it. */
static PetscErrorCode ListNode(Lines *lines, const HeatYamlNode *node, const char *key)
{
  char     below[KEY_BYTES];
  PetscInt index = 0;

  PetscFunctionBeginUser;
  if (node->kind == HEAT_YAML_SCALAR)
    PetscCall(AppendScalar(lines, key, HeatReaderIsNull(node) ? "" : node->text));
  for (const HeatYamlNode *child = node->first; child; child = child->next) {
    if (node->kind == HEAT_YAML_LIST)
      (void)snprintf(below, sizeof below, "%s[%" PetscInt_FMT "]", key, index++);
    else (void)snprintf(below, sizeof below, "%s%s%s", key, *key ? "." : "", child->key);
    PetscCall(ListNode(lines, child, below));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCaseListKeys(const HeatYamlNode *root, char **text)
{
  Lines lines = {.text = NULL};

  PetscFunctionBeginUser;
  PetscCall(Append(&lines, ""));
  PetscCall(ListNode(&lines, root, ""));
  PetscCall(PetscStrallocpy(lines.text, text));
  PetscCall(PetscFree(lines.text));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Lines. */

typedef struct {
  char *key, *value;
} Entry;

static int CompareEntries(const void *a, const void *b)
{
  return strcmp(((const Entry *)a)->key, ((const Entry *)b)->key);
}

/* Cut a text of lines "key: value" into keys and values, sorted by key.  The [*n] entries point
 * into `text`; free *entries with PetscFree. */
static PetscErrorCode SplitLines(char *text, PetscInt *n, Entry **entries)
{
  PetscInt lines = 0;

  PetscFunctionBeginUser;
  *n = 0;
  for (const char *c = text; *c; c++) lines += *c == '\n';
  PetscCall(PetscMalloc1((size_t)lines + 1, entries));
  while (text && *text) {
    char *end = strchr(text, '\n'), *colon = strstr(text, ": ");

    if (!colon || (end && colon > end)) break;
    if (end) *end = '\0';
    *colon             = '\0';
    (*entries)[(*n)++] = (Entry){text, colon + 2};
    text               = end ? end + 1 : NULL;
  }
  qsort(*entries, (size_t)*n, sizeof(**entries), CompareEntries);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Contents of files. */

/* Return the file of this name whose checksum is known; NULL if there is none. */
static const HeatCaseFile *FindSummed(const HeatCase *c, const char *name)
{
  for (PetscInt k = 0; k < c->n_files; k++) {
    const HeatCaseFile *file = &c->files[k];

    if (file->used && file->summed && strcmp(file->name, name) == 0) return file;
  }
  return NULL;
}

static PetscBool EndsWith(const char *text, const char *end)
{
  const size_t n = strlen(text), m = strlen(end);

  return n >= m && strcmp(text + n - m, end) == 0 ? PETSC_TRUE : PETSC_FALSE;
}

/* Append the line about the file that a key names, if it names one. */
static PetscErrorCode AppendContents(Lines *lines, const HeatCase *c, const Entry *entry)
{
  const HeatCaseFile *file;
  char                sum[40];

  PetscFunctionBeginUser;
  if (!EndsWith(entry->key, ".file") && !EndsWith(entry->key, ".table"))
    PetscFunctionReturn(PETSC_SUCCESS);
  file = FindSummed(c, entry->value);
  if (!file) PetscFunctionReturn(PETSC_SUCCESS);
  /* With a word in front, two of these values are never compared as numbers. */
  (void)snprintf(sum, sizeof sum, "): checksum 0x%016" PRIx64 "\n", file->checksum);
  PetscCall(Append(lines, HEAT_CASE_CONTENTS));
  PetscCall(Append(lines, entry->key));
  PetscCall(Append(lines, " ("));
  PetscCall(Append(lines, file->name));
  PetscCall(Append(lines, sum));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCaseListContents(HeatCase *c)
{
  Lines    lines = {.text = NULL};
  Entry   *entries;
  PetscInt n;
  char    *keys;

  PetscFunctionBeginUser;
  if (!c->keys || c->n_files == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(Append(&lines, c->keys));
  PetscCall(PetscStrallocpy(c->keys, &keys));
  PetscCall(SplitLines(keys, &n, &entries));
  for (PetscInt k = 0; k < n; k++) PetscCall(AppendContents(&lines, c, &entries[k]));
  PetscCall(PetscFree(entries));
  PetscCall(PetscFree(keys));
  PetscCall(PetscFree(c->keys));
  PetscCall(PetscStrallocpy(lines.text, &c->keys));
  PetscCall(PetscFree(lines.text));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Comparing. */

/* Return whether two values are equal, as texts or as numbers. */
static PetscBool SameValue(const char *a, const char *b)
{
  char        *end_a, *end_b;
  const double x = strtod(a, &end_a), y = strtod(b, &end_b);

  if (strcmp(a, b) == 0) return PETSC_TRUE;
  return end_a != a && end_b != b && !*end_a && !*end_b && x == y ? PETSC_TRUE : PETSC_FALSE;
}

static PetscBool IsContents(const char *key)
{
  return strncmp(key, HEAT_CASE_CONTENTS, strlen(HEAT_CASE_CONTENTS)) == 0 ? PETSC_TRUE
                                                                           : PETSC_FALSE;
}

PetscErrorCode HeatCaseCompare(char *then, char *now, PetscInt *n, HeatCaseDifference **differences)
{
  Entry   *a, *b;
  PetscInt n_a, n_b, i = 0, j = 0;

  PetscFunctionBeginUser;
  *n = 0;
  PetscCall(SplitLines(then, &n_a, &a));
  PetscCall(SplitLines(now, &n_b, &b));
  PetscCall(PetscMalloc1((size_t)(n_a + n_b) + 1, differences));
  /* merge the two sorted lists: order < 0 if only `then` has the key, > 0 if only `now` has it */
  while (i < n_a || j < n_b) {
    const int order = i == n_a ? 1 : j == n_b ? -1 : strcmp(a[i].key, b[j].key);

    if (order && IsContents(order < 0 ? a[i].key : b[j].key)) {
      /* Another file, which the key reports that names it, or no checksum to compare with. */
    } else if (order < 0) {
      (*differences)[(*n)++] = (HeatCaseDifference){a[i].key, a[i].value, NULL};
    } else if (order > 0) {
      (*differences)[(*n)++] = (HeatCaseDifference){b[j].key, NULL, b[j].value};
    } else if (!SameValue(a[i].value, b[j].value)) {
      (*differences)[(*n)++] = (HeatCaseDifference){a[i].key, a[i].value, b[j].value};
    }
    i += order <= 0;
    j += order >= 0;
  }
  PetscCall(PetscFree(a));
  PetscCall(PetscFree(b));
  PetscFunctionReturn(PETSC_SUCCESS);
}
