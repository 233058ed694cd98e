/** YAML text as a tree: builds nodes from libfyaml's stream of events.
 *
 *  Events are used rather than libfyaml's own document tree, for three reasons: --set can edit our
 *  tree, repeated keys are kept and can be reported with both lines, and a hostile text (deep
 *  nesting, aliases that multiply) is refused before anything of it is built.
 *
 *  Before libfyaml sees the text, a scan of its bytes refuses what YAML forbids, of which libfyaml
 *  accepts some, and too many open brackets.
 *
 *  All nodes and strings lie in a list of blocks, which the tree frees together:
 *
 *    tree->blocks --> newest Block ----next----> older Block ----next----> NULL
 *                       .bytes                     .bytes
 *                         |                          |
 *                         v                          v
 *                        [node|"grid"|node| free ]  [node|"64"|node|"32"| rest ]
 *                                         ^      ^
 *                                tree->used      tree->size
 *
 *  Each node and each string starts at a multiple of 16 bytes.
 */
#include "io/case_file/yaml_tree.h"

#include <libfyaml.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "io/file/utf8.h"

/* [bytes] Least size of a block.  Chosen: it holds the tree of a usual case file.  A smaller value
 * means more allocations, a larger one more unused memory. */
enum { BLOCK_BYTES = 65536 };

typedef struct Block Block;
struct Block {
  Block *next;
  char  *bytes; /* owned, zeroed */
};

struct HeatYamlTree {
  Block *blocks;
  size_t used, size; /* [bytes] of the newest block */
};

/* Memory. */

/* Return `size` bytes of zeroed memory that is freed with the tree.  Sizes are rounded up to a
 * multiple of 16 bytes, so that every node is aligned. */
static PetscErrorCode Allocate(HeatYamlTree *tree, size_t size, void **result)
{
  PetscFunctionBeginUser;
  size = (size + 15) & ~(size_t)15;
  if (!tree->blocks || size > tree->size - tree->used) {
    Block *block;

    PetscCall(PetscNew(&block));
    block->next  = tree->blocks;
    tree->blocks = block;
    tree->used   = 0;
    tree->size   = PetscMax(size, (size_t)BLOCK_BYTES);
    PetscCall(PetscCalloc1(tree->size, &block->bytes));
  }
  *result = tree->blocks->bytes + tree->used;
  tree->used += size;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Copy `length` bytes and append a NUL. */
static PetscErrorCode CopyString(HeatYamlTree *tree, const char *text, size_t length,
                                 const char **out)
{
  void *memory = NULL;

  PetscFunctionBeginUser;
  PetscCall(Allocate(tree, length + 1, &memory));
  if (length) memcpy(memory, text, length);
  ((char *)memory)[length] = '\0';
  *out                     = memory;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatYamlCreate(HeatYamlTree **tree)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(tree));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatYamlDestroy(HeatYamlTree **tree)
{
  PetscFunctionBeginUser;
  if (!*tree) PetscFunctionReturn(PETSC_SUCCESS);
  for (Block *block = (*tree)->blocks, *next; block; block = next) {
    next = block->next;
    PetscCall(PetscFree(block->bytes));
    PetscCall(PetscFree(block));
  }
  PetscCall(PetscFree(*tree));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatYamlNewNode(HeatYamlTree *tree, HeatYamlKind kind, const char *key,
                               size_t key_length, HeatYamlNode **node)
{
  void *memory = NULL;

  PetscFunctionBeginUser;
  PetscCall(Allocate(tree, sizeof **node, &memory));
  *node         = memory;
  (*node)->kind = kind;
  (*node)->text = "";
  if (key) PetscCall(CopyString(tree, key, key_length, &(*node)->key));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatYamlAppend(HeatYamlNode *parent, HeatYamlNode *child)
{
  if (parent->last) parent->last->next = child;
  else parent->first = child;
  parent->last = child;
  parent->count++;
}

HeatYamlNode *HeatYamlMember(const HeatYamlNode *map, const char *key, size_t key_length)
{
  if (map->kind != HEAT_YAML_MAP) return NULL;
  for (HeatYamlNode *node = map->first; node; node = node->next) {
    if (strncmp(node->key, key, key_length) == 0 && !node->key[key_length]) return node;
  }
  return NULL;
}

/* Bytes. */

/* Store the first fault of the text; later faults may be consequences of it. */
__attribute__((format(printf, 3, 4))) static void SetProblem(HeatYamlProblem *problem, int line,
                                                             const char *format, ...)
{
  va_list arguments;

  if (problem->message[0]) return;
  va_start(arguments, format);
  vsnprintf(problem->message, sizeof problem->message, format, arguments);
  va_end(arguments);
  problem->line = line;
}

/* Refuse bytes that are not UTF-8, control characters, and too many open brackets. */
static void CheckBytes(const char *text, size_t length, HeatYamlProblem *problem)
{
  int    line  = 1;
  size_t depth = 0; /* open brackets; those in quotes and comments count, too */

  for (size_t i = 0, n; i < length; i += n) {
    const unsigned char c = (unsigned char)text[i];

    n = HeatUtf8Length((const unsigned char *)text + i, length - i);
    if (n == 0) {
      SetProblem(problem, line, "byte 0x%02x is not UTF-8; save the file in UTF-8", c);
      return;
    }
    if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) {
      SetProblem(problem, line, "control character 0x%02x; %s", c,
                 c == 0 ? "this is not a text file, or it is UTF-16: save it in UTF-8"
                        : "remove it");
      return;
    }
    if (c == '\n') line++;
    if (c == '[' || c == '{') depth++;
    if ((c == ']' || c == '}') && depth > 0) depth--;
    if (depth > HEAT_YAML_BRACKETS) {
      SetProblem(problem, line, "more than %d brackets are open", HEAT_YAML_BRACKETS);
      return;
    }
  }
}

/* Events. */

/* State of the conversion of events into nodes. */
typedef struct {
  HeatYamlTree     *tree;
  struct fy_parser *parser;
  PetscBool         from_set;
  HeatYamlProblem  *problem;
  HeatYamlNode     *open[HEAT_YAML_DEPTH]; /* [depth] unfinished lists and mappings */
  int               depth;
  const char       *key;      /* key of the value that the next event begins, or NULL */
  int               key_line; /* 1-based line of key */
  HeatYamlNode     *root;
} Builder;

/* Return the 1-based line at which an event begins, or 0 if it has no place in the text. */
static int LineOf(struct fy_event *event)
{
  const struct fy_mark *mark = fy_event_start_mark(event);

  return mark ? mark->line + 1 : 0;
}

/* Create a node and append it to the innermost open list or mapping, or make it the root.  A member
 * of a mapping gets the line of its key.  An empty value has no line of its own, as in "- ", and
 * gets its parent's. */
static PetscErrorCode AddNode(Builder *b, HeatYamlKind kind, int line, HeatYamlNode **node)
{
  HeatYamlNode *parent = b->depth ? b->open[b->depth - 1] : NULL;

  PetscFunctionBeginUser;
  PetscCall(HeatYamlNewNode(b->tree, kind, NULL, 0, node));
  (*node)->key = b->key;
  if (b->key) line = b->key_line;
  else if (line == 0) line = parent ? parent->line : 1;
  (*node)->line = b->from_set ? 0 : line;
  b->key        = NULL;
  if (parent) HeatYamlAppend(parent, *node);
  else b->root = *node;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether the next event must be a key. */
static PetscBool WantsKey(const Builder *b)
{
  return (PetscBool)(b->depth > 0 && b->open[b->depth - 1]->kind == HEAT_YAML_MAP && !b->key);
}

/* Store a scalar event as the key of the next value, or as a node. */
static PetscErrorCode AddScalar(Builder *b, struct fy_event *event, int line)
{
  struct fy_token *token  = event->scalar.value;
  size_t           length = 0;
  const char      *text   = token ? fy_token_get_text(token, &length) : "";
  const PetscBool  plain  = (PetscBool)(!token || fy_scalar_token_get_style(token) == FYSS_PLAIN);
  HeatYamlNode    *node   = NULL;

  PetscFunctionBeginUser;
  PetscCheck(text, PETSC_COMM_SELF, PETSC_ERR_MEM, "libfyaml gave no text for a scalar");
  if (length && memchr(text, '\0', length)) {
    SetProblem(b->problem, line, "a text holds the character \\0; remove it");
  } else if (WantsKey(b)) {
    if (plain && length == 2 && memcmp(text, "<<", 2) == 0) {
      SetProblem(b->problem, line,
                 "merge keys (<<) are not accepted in a case file; write the keys out");
    }
    PetscCall(CopyString(b->tree, text, length, &b->key));
    b->key_line = line;
  } else {
    PetscCall(AddNode(b, HEAT_YAML_SCALAR, line, &node));
    PetscCall(CopyString(b->tree, text, length, &node->text));
    node->plain = plain;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Begin a list or mapping, to which the next events belong. */
static PetscErrorCode OpenNode(Builder *b, HeatYamlKind kind, int line)
{
  HeatYamlNode *node = NULL;

  PetscFunctionBeginUser;
  if (WantsKey(b)) {
    SetProblem(b->problem, line, "a key must be a word, not a list or a mapping");
  } else if (b->depth == HEAT_YAML_DEPTH) {
    SetProblem(b->problem, line, "nested more than %d levels deep", HEAT_YAML_DEPTH);
  } else {
    PetscCall(AddNode(b, kind, line, &node));
    b->open[b->depth++] = node;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Refuse aliases, anchors and tags. */
static void RefuseDecorations(Builder *b, struct fy_event *event, int line)
{
  if (event->type == FYET_ALIAS || fy_event_get_anchor_token(event)) {
    SetProblem(
        b->problem, line,
        "anchors (&name) and aliases (*name) are not accepted in a case file; write the value "
        "out, and "
        "put an expression that begins with & or * in quotes");
  } else if (fy_event_get_tag_token(event)) {
    SetProblem(
        b->problem, line,
        "tags (!name) are not accepted in a case file; put a text that begins with ! in quotes");
  }
}

static PetscErrorCode HandleEvent(Builder *b, struct fy_event *event)
{
  const int line = LineOf(event);

  PetscFunctionBeginUser;
  RefuseDecorations(b, event, line);
  if (b->problem->message[0]) PetscFunctionReturn(PETSC_SUCCESS);
  switch (event->type) {
  case FYET_DOCUMENT_START:
    if (b->root)
      SetProblem(b->problem, line,
                 "a second document begins here (---); a case file is one document");
    break;
  case FYET_SCALAR: PetscCall(AddScalar(b, event, line)); break;
  case FYET_SEQUENCE_START: PetscCall(OpenNode(b, HEAT_YAML_LIST, line)); break;
  case FYET_MAPPING_START: PetscCall(OpenNode(b, HEAT_YAML_MAP, line)); break;
  case FYET_SEQUENCE_END:
  case FYET_MAPPING_END: b->depth--; break;
  default: break;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Build(Builder *b)
{
  struct fy_event *event;
  PetscErrorCode   code;

  PetscFunctionBeginUser;
  while (!b->problem->message[0] && (event = fy_parser_parse(b->parser)) != NULL) {
    code = HandleEvent(b, event);
    fy_parser_event_free(b->parser, event);
    PetscCall(code);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the first line <= `last` that is indented with a tab, or 0 if there is none. */
static int TabbedLine(const char *text, size_t length, int last)
{
  PetscBool indent = PETSC_TRUE;
  int       line   = 1;

  for (size_t i = 0; i < length && line <= last; i++) {
    if (text[i] == '\t' && indent) return line;
    if (text[i] == '\n') line++;
    indent = (PetscBool)(text[i] == '\n' || (indent && text[i] == ' '));
  }
  return 0;
}

/* Store libfyaml's first error as the problem.  If a line up to the one after the error is indented
 * with a tab, name that line instead, since the tab is the usual cause.  For libfyaml's message
 * about a multi-line plain key, add its usual causes: a missing colon or a wrong indentation. */
static void SetSyntaxProblem(struct fy_diag *diag, const char *text, size_t length,
                             HeatYamlProblem *problem)
{
  void                 *iterator = NULL;
  struct fy_diag_error *error    = fy_diag_errors_iterate(diag, &iterator);
  const PetscBool       block    = (PetscBool)(text[strspn(text, " \t\r\n")] != '{');
  const int tab = block ? TabbedLine(text, length, error ? error->line + 1 : INT_MAX) : 0;

  if (tab) {
    SetProblem(problem, tab, "not valid YAML: the line is indented with a tab; use spaces");
  } else if (!error || !error->msg) {
    SetProblem(problem, 0, "not valid YAML");
  } else {
    SetProblem(problem, error->line, "not valid YAML: %.200s (column %d)%s", error->msg,
               error->column,
               strstr(error->msg, "multiline plain key")
                   ? "; check the colons and the indentation of this line and the next"
                   : "");
  }
}

PetscErrorCode HeatYamlParse(HeatYamlTree *tree, const char *text, size_t length,
                             PetscBool from_set, HeatYamlNode **root, HeatYamlProblem *problem)
{
  struct fy_diag_cfg  diag_cfg;
  struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 |
                                      FYPCF_JSON_NONE};
  Builder             b   = {.tree = tree, .from_set = from_set, .problem = problem};
  PetscErrorCode      code;

  PetscFunctionBeginUser;
  *root    = NULL;
  *problem = (HeatYamlProblem){0};
  if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* skip a byte order mark */
    text += 3;
    length -= 3;
  }
  CheckBytes(text, length, problem);
  if (problem->message[0] || length == 0) PetscFunctionReturn(PETSC_SUCCESS);

  fy_diag_cfg_default(&diag_cfg);
  diag_cfg.fp = NULL;
  cfg.diag    = fy_diag_create(&diag_cfg);
  PetscCheck(cfg.diag, PETSC_COMM_SELF, PETSC_ERR_MEM, "libfyaml did not start");
  fy_diag_set_collect_errors(cfg.diag, true);
  b.parser = fy_parser_create(&cfg);
  PetscCheck(b.parser && fy_parser_set_string(b.parser, text, length) == 0, PETSC_COMM_SELF,
             PETSC_ERR_MEM, "libfyaml did not start");
  code = Build(&b);
  if (fy_parser_get_stream_error(b.parser)) SetSyntaxProblem(cfg.diag, text, length, problem);
  fy_parser_destroy(b.parser);
  fy_diag_destroy(cfg.diag);
  PetscCall(code);
  if (!problem->message[0]) *root = b.root;
  PetscFunctionReturn(PETSC_SUCCESS);
}
