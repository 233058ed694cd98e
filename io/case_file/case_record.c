/** Cases in records (see case_record.h): reading the members of a record, and writing a tree as
 *  JSON. */
#include "io/case_file/case_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/case_file/case_files.h"
#include "io/file/utf8.h"

/* The schema of the records that runs write (results.json).  A record of another version is
 * refused, because its members may mean something else. */
#define SCHEMA "heat2d results 1"

/* [bytes] Path of a member of the record, for messages; a longer one is truncated.  Chosen. */
enum { PATH_BYTES = 200 };

/* Reading. */

/* Give a node of the record, which has no path yet, a path for messages. */
static PetscErrorCode Name(const HeatReader *r, HeatYamlNode *node, const char *path)
{
  PetscFunctionBeginUser;
  PetscCall(HeatCaseAddWhere(r->c, path, node->line));
  node->path = r->c->where[r->c->n_where - 1].path;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Find the member `key` of a mapping of the record and name it "PARENT.KEY"; NULL if there is
 * none. */
static PetscErrorCode Member(const HeatReader *r, const HeatYamlNode *map, const char *key,
                             HeatYamlNode **node)
{
  const char *parent = map->path ? map->path : "";
  char        path[PATH_BYTES];

  PetscFunctionBeginUser;
  *node = HeatReaderKey(map, key);
  (void)snprintf(path, sizeof path, "%s%s%s", parent, parent[0] ? "." : "", key);
  if (*node) PetscCall(Name(r, *node, path));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read a checksum, "0x" and 16 hexadecimal digits; null means that there is none. */
static PetscErrorCode ReadChecksum(const HeatReader *r, const HeatYamlNode *node,
                                   HeatCaseFile *file)
{
  const char *text = node ? node->text : "";
  char        found[HEAT_FOUND_BYTES];

  PetscFunctionBeginUser;
  if (!node || HeatReaderIsNull(node)) PetscFunctionReturn(PETSC_SUCCESS);
  HeatReaderCheck(strncmp(text, "0x", 2) == 0 && strlen(text) == 18 &&
                      strspn(text + 2, "0123456789abcdef") == 16,
                  r, node, "found %s; it must be 0x and 16 hexadecimal digits, or null",
                  HeatReaderDescribe(node, found));
  file->expected          = PETSC_TRUE;
  file->expected_checksum = strtoull(text + 2, NULL, 16);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read the text member `key` of an element; *value is owned by the caller. */
static PetscErrorCode RequireText(const HeatReader *r, const HeatYamlNode *map, const char *key,
                                  char **value)
{
  HeatYamlNode *node;

  PetscFunctionBeginUser;
  PetscCall(HeatReaderRequire(r, map, key, &node));
  PetscCall(Member(r, map, key, &node));
  PetscCall(HeatReadString(r, node, value));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read "case_files": where the files are that the case names. */
static PetscErrorCode ReadFiles(const HeatReader *r, const HeatYamlNode *record)
{
  HeatYamlNode *list, *node;
  char          path[PATH_BYTES];
  PetscInt      i = 0;

  PetscFunctionBeginUser;
  PetscCall(Member(r, record, "case_files", &list));
  PetscCall(HeatReaderCheckList(r, list));
  for (HeatYamlNode *item = list ? list->first : NULL; item; item = item->next) {
    char         *name = NULL, *absolute = NULL;
    HeatCaseFile *file;

    (void)snprintf(path, sizeof path, "case_files[%" PetscInt_FMT "]", i++);
    PetscCall(Name(r, item, path));
    PetscCall(HeatReaderCheckMap(r, item));
    PetscCall(RequireText(r, item, "name", &name));
    PetscCall(RequireText(r, item, "path", &absolute));
    PetscCall(HeatCaseFindFile(r->c, name, absolute, &file));
    PetscCall(PetscFree(name));
    PetscCall(PetscFree(absolute));
    HeatReaderCheck(!file->recorded, r, item, "lists %.80s again; keep one", file->name);
    HeatReaderCheck(file->path[0] == '/', r, item, "path is %.80s; it must be an absolute path",
                    file->path);
    file->recorded = PETSC_TRUE;
    file->used     = PETSC_FALSE; /* until the case names it */
    PetscCall(Member(r, item, "checksum", &node));
    PetscCall(ReadChecksum(r, node, file));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read "case_options".  Their names and values are checked where they are used. */
static PetscErrorCode ReadOptions(const HeatReader *r, const HeatYamlNode *record)
{
  HeatYamlNode *map;

  PetscFunctionBeginUser;
  PetscCall(Member(r, record, "case_options", &map));
  PetscCall(HeatReaderCheckMap(r, map));
  if (!map || map->count == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscCalloc1(map->count, &r->c->record.options));
  for (HeatYamlNode *node = map->first; node; node = node->next) {
    HeatPetscOption *option = &r->c->record.options[r->c->record.n_options];
    char             path[PATH_BYTES], found[HEAT_FOUND_BYTES];

    (void)snprintf(path, sizeof path, "case_options.%.60s", node->key);
    PetscCall(Name(r, node, path));
    HeatReaderCheck(node->kind == HEAT_YAML_SCALAR, r, node,
                    "found %s; the value of an option is a text, a number, or null for a flag",
                    HeatReaderDescribe(node, found));
    r->c->record.n_options++;
    PetscCall(PetscStrallocpy(node->key, &option->key));
    PetscCall(PetscStrallocpy(HeatReaderIsNull(node) ? "" : node->text, &option->value));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store what the record says about the recorded run: the text of its case file, which its
 * checkpoints hold, too, and the checkpoint from which it continued. */
static PetscErrorCode ReadHistory(const HeatReader *r, const HeatYamlNode *record)
{
  const HeatYamlNode *text     = HeatReaderKey(HeatReaderKey(record, "provenance"), "case_text");
  const HeatYamlNode *restarts = HeatReaderKey(record, "restarts");
  const HeatYamlNode *file     = restarts && restarts->kind == HEAT_YAML_LIST && restarts->last
                                     ? HeatReaderKey(restarts->last, "file")
                                     : NULL;

  PetscFunctionBeginUser;
  if (text && text->kind == HEAT_YAML_SCALAR && !HeatReaderIsNull(text)) {
    PetscCall(PetscFree(r->c->text));
    PetscCall(PetscStrallocpy(text->text, &r->c->text));
  }
  if (file && file->kind == HEAT_YAML_SCALAR && !HeatReaderIsNull(file))
    PetscCall(PetscStrallocpy(file->text, &r->c->record.continued));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRecordOpen(const HeatReader *r, HeatYamlNode **root)
{
  HeatYamlNode *record = *root, *schema, *inner;

  PetscFunctionBeginUser;
  schema = HeatReaderKey(record, "schema");
  if (!schema || strncmp(schema->text, "heat2d ", 7) != 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(Name(r, record, ""));
  PetscCall(Member(r, record, "schema", &schema));
  HeatReaderCheck(strcmp(schema->text, SCHEMA) == 0, r, schema,
                  "found %.40s; this version of heat2d runs case files and records of runs "
                  "(results.json) with the schema " SCHEMA,
                  schema->text);
  PetscCall(Member(r, record, "case", &inner));
  HeatReaderCheck(inner && inner->kind == HEAT_YAML_MAP, r, schema,
                  "the record holds no case, as those of heat2d verify and of earlier versions; "
                  "give the case file");
  for (const HeatYamlNode *node = record->first; node; node = node->next) {
    HeatReaderCheck(strcmp(node->key, "case") != 0 || node == inner, r, inner,
                    "repeated key; keep one (the other is in line %d)", node->line);
  }
  PetscCall(ReadFiles(r, record));
  PetscCall(ReadOptions(r, record));
  PetscCall(ReadHistory(r, record));
  *root = inner;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool HeatRecordBegins(const char *text)
{
  static const char *const tokens[] = {"{", "\"schema\"", ":", "\"heat2d "};

  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(tokens); k++) {
    text += strspn(text, " \t\r\n");
    if (strncmp(text, tokens[k], strlen(tokens[k])) != 0) return PETSC_FALSE;
    text += strlen(tokens[k]);
  }
  return PETSC_TRUE;
}

/* Writing. */

/* A growing text: text [room] = length characters, a NUL, and unused bytes. */
typedef struct {
  char  *text; /* owned; reallocated to twice the needed size when full */
  size_t length, room;
} Text;

static PetscErrorCode Append(Text *out, const char *text, size_t length)
{
  PetscFunctionBeginUser;
  if (out->length + length + 1 > out->room) {
    out->room = 2 * (out->length + length + 1);
    PetscCall(PetscRealloc(out->room, &out->text));
  }
  memcpy(out->text + out->length, text, length);
  out->length += length;
  out->text[out->length] = '\0';
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append a line end and depth + 1 tabs, the indentation of the children of a node that lies `depth`
 * levels below the case; -1: one line end alone. */
static PetscErrorCode AppendLine(Text *out, int depth)
{
  static const char tabs[] = "\n\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t";

  return Append(out, tabs, PetscMin((size_t)depth + 2, sizeof tabs - 1));
}

/* Append a JSON string.  The texts of a tree are UTF-8, but one of the command line, such as the
   output folder, may not be: '?' replaces each byte that is not part of a UTF-8 sequence. */
static PetscErrorCode AppendString(Text *out, const char *text)
{
  char escape[8];

  PetscFunctionBeginUser;
  PetscCall(Append(out, "\"", 1));
  for (const char *c = text; *c;) {
    const unsigned char byte   = (unsigned char)*c;
    const size_t        length = HeatUtf8Length((const unsigned char *)c, 4);

    if (length > 1) (void)snprintf(escape, sizeof escape, "%.*s", (int)length, c);
    else if (length == 0) (void)snprintf(escape, sizeof escape, "?");
    else if (byte == '"' || byte == '\\') (void)snprintf(escape, sizeof escape, "\\%c", byte);
    else if (byte < ' ' || byte == 0x7f) (void)snprintf(escape, sizeof escape, "\\u%04x", byte);
    else (void)snprintf(escape, sizeof escape, "%c", byte);
    PetscCall(Append(out, escape, strlen(escape)));
    c += length ? length : 1;
  }
  PetscCall(Append(out, "\"", 1));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether a text is a number as JSON writes it:
 *   -? (0 | [1-9] digits) (. digits)? ([eE] [-+]? digits)? */
static PetscBool IsJsonNumber(const char *s)
{
  static const char digits[] = "0123456789";
  size_t            n;

  s += *s == '-';
  n = strspn(s, digits);
  if (n == 0 || (n > 1 && *s == '0')) return PETSC_FALSE;
  s += n;
  if (*s == '.') {
    n = strspn(s + 1, digits);
    if (n == 0) return PETSC_FALSE;
    s += n + 1;
  }
  if (*s == 'e' || *s == 'E') {
    s += 1 + (s[1] == '-' || s[1] == '+');
    n = strspn(s, digits);
    if (n == 0) return PETSC_FALSE;
    s += n;
  }
  return *s ? PETSC_FALSE : PETSC_TRUE;
}

/* Append a scalar so that the reader gets the same text: a number or a truth value as it stands,
 * anything else as a string. */
static PetscErrorCode AppendScalar(Text *out, const HeatYamlNode *node)
{
  const char     *text = HeatReaderIsNull(node) ? "null" : node->text;
  const PetscBool word = (PetscBool)(!strcmp(text, "true") || !strcmp(text, "false") ||
                                     !strcmp(text, "null") || IsJsonNumber(text));

  PetscFunctionBeginUser;
  if (node->plain && word) PetscCall(Append(out, text, strlen(text)));
  else PetscCall(AppendString(out, text));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append a node.  A list of scalars takes one line; mappings and other lists take one line for each
 * child. */
static PetscErrorCode AppendNode(Text *out, const HeatYamlNode *node, int depth)
{
  const PetscBool map  = (PetscBool)(node->kind == HEAT_YAML_MAP);
  PetscBool       flat = map ? PETSC_FALSE : PETSC_TRUE;

  PetscFunctionBeginUser;
  if (node->kind == HEAT_YAML_SCALAR) {
    PetscCall(AppendScalar(out, node));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  for (const HeatYamlNode *child = node->first; child; child = child->next)
    if (child->kind != HEAT_YAML_SCALAR) flat = PETSC_FALSE;
  PetscCall(Append(out, map ? "{" : "[", 1));
  for (const HeatYamlNode *child = node->first; child; child = child->next) {
    if (child != node->first) PetscCall(Append(out, ", ", flat ? 2 : 1));
    if (!flat) PetscCall(AppendLine(out, depth));
    if (map) {
      PetscCall(AppendString(out, child->key));
      PetscCall(Append(out, ": ", 2));
    }
    PetscCall(AppendNode(out, child, depth + 1));
  }
  if (!flat && node->first) PetscCall(AppendLine(out, depth - 1));
  PetscCall(Append(out, map ? "}" : "]", 1));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Find or create the member `key` of a mapping, of the kind given. */
static PetscErrorCode EnsureMember(HeatYamlTree *tree, HeatYamlNode *map, HeatYamlKind kind,
                                   const char *key, HeatYamlNode **node)
{
  PetscFunctionBeginUser;
  *node = HeatReaderKey(map, key);
  if (!*node) {
    PetscCall(HeatYamlNewNode(tree, kind, key, strlen(key), node));
    HeatYamlAppend(map, *node);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRecordDescribe(const HeatReader *r, HeatYamlTree *tree, HeatYamlNode *root)
{
  HeatYamlNode *title, *output, *directory;
  Text          out = {.text = NULL};

  PetscFunctionBeginUser;
  PetscCall(EnsureMember(tree, root, HEAT_YAML_SCALAR, "title", &title));
  PetscCall(EnsureMember(tree, root, HEAT_YAML_MAP, "output", &output));
  PetscCall(EnsureMember(tree, output, HEAT_YAML_SCALAR, "directory", &directory));
  title->text      = r->c->title; /* borrowed; the case lives longer than the tree */
  directory->text  = r->c->output.directory;
  title->plain     = PETSC_FALSE;
  directory->plain = PETSC_FALSE;
  PetscCall(AppendNode(&out, root, 0));
  PetscCall(PetscFree(r->c->effective));
  PetscCall(PetscStrallocpy(out.text, &r->c->effective));
  PetscCall(PetscFree(out.text));
  PetscFunctionReturn(PETSC_SUCCESS);
}
