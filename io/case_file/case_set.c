/* --set KEY=VALUE: an edit of the tree, before anything is read from it.
 *
 * KEY is a dotted path; an element of a list is name[0] or name.0.  VALUE is YAML.  Mappings on
 * the way are made when they are missing, and a list grows by one at its end; whether the keys
 * exist is left to the walk over the table, like for the file.  A replaced node gets line 0, so
 * that messages about it say --set. */
#include "io/case_file/case_reader.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_BYTES = 120 };

typedef struct {
  const HeatReader *r;
  HeatYamlTree     *tree;
  const char       *assignment; /* for messages */
} Setter;

#define SetterCheck(condition, s, ...)                                                             \
  do {                                                                                             \
    if (PetscUnlikely(!(condition))) return SetterRaise((s), __LINE__, __VA_ARGS__);               \
  } while (0)

__attribute__((format(printf, 3, 4))) static PetscErrorCode SetterRaise(const Setter *s, int line,
                                                                        const char *format, ...)
{
  char    message[500];
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  return HeatRaise(s->r->comm, PETSC_FUNCTION_NAME, __FILE__, line, HEAT_ERR_INPUT,
                   "--set %.*s%s: %s", SHOWN_BYTES, s->assignment,
                   strlen(s->assignment) > SHOWN_BYTES ? "..." : "", message);
}

/* One step of the path: text[0..length), and whether it is an index. */
typedef struct {
  const char *text;
  size_t      length;
  PetscBool   is_index;
  PetscInt    index;
} Segment;

/* The segment at *at, which moves past it; the end of the key is key_end. */
static PetscErrorCode NextSegment(const Setter *s, const char **at, const char *key_end,
                                  Segment *segment)
{
  const char     *start   = *at, *end;
  const PetscBool bracket = (PetscBool)(*start == '[');

  PetscFunctionBeginUser;
  if (bracket) start++;
  for (end = start; end < key_end && !strchr(bracket ? "]" : ".[", *end); end++) continue;
  segment->text     = start;
  segment->length   = (size_t)(end - start);
  segment->is_index = (PetscBool)(segment->length > 0 && segment->length < 10);
  segment->index    = 0;
  for (size_t i = 0; i < segment->length && segment->is_index; i++) {
    if (isdigit((unsigned char)start[i])) segment->index = 10 * segment->index + (start[i] - '0');
    else segment->is_index = PETSC_FALSE;
  }
  SetterCheck(!bracket || (segment->is_index && end < key_end), s,
              "an index is a number of at most 9 digits in brackets, as in materials[0].density");
  SetterCheck(segment->length > 0, s, "a part of the key is empty");
  if (bracket) end++;
  SetterCheck(end == key_end || *end == '.' || *end == '[', s,
              "'.' or '[' must follow an index, as in materials[0].density");
  *at = end + (end < key_end && *end == '.');
  SetterCheck(*at < key_end || end == key_end, s, "a part of the key is empty");
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode DescendIntoList(const Setter *s, const Segment *segment, HeatYamlNode *list,
                                      HeatYamlNode **child)
{
  PetscFunctionBeginUser;
  SetterCheck(segment->is_index, s,
              "'%.*s' is in a list of %" PetscInt_FMT
              "; name an element by its number, from [0] to [%" PetscInt_FMT "]",
              (int)PetscMin(segment->length, (size_t)40), segment->text, list->count,
              PetscMax(list->count - 1, 0));
  SetterCheck(segment->index <= list->count, s,
              "there is no element [%" PetscInt_FMT "]: the list has %" PetscInt_FMT
              ", and [%" PetscInt_FMT "] adds one",
              segment->index, list->count, list->count);
  *child = list->first;
  for (PetscInt i = 0; i < segment->index && *child; i++) *child = (*child)->next;
  if (!*child) {
    PetscCall(HeatYamlNewNode(s->tree, HEAT_YAML_SCALAR, NULL, 0, child));
    (*child)->plain = PETSC_TRUE; /* nothing, until it is set */
    HeatYamlAppend(list, *child);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The child of `parent` that the segment names; made, as nothing, when it is not there. */
static PetscErrorCode Descend(const Setter *s, const Segment *segment, HeatYamlNode *parent,
                              HeatYamlNode **child)
{
  char found[HEAT_FOUND_BYTES];

  PetscFunctionBeginUser;
  if (HeatReaderIsNull(parent)) parent->kind = segment->is_index ? HEAT_YAML_LIST : HEAT_YAML_MAP;
  if (parent->kind == HEAT_YAML_LIST) {
    PetscCall(DescendIntoList(s, segment, parent, child));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  SetterCheck(parent->kind == HEAT_YAML_MAP, s, "'%.*s' would be inside of %s, which has no keys",
              (int)PetscMin(segment->length, (size_t)40), segment->text,
              HeatReaderDescribe(parent, found));
  *child = HeatYamlMember(parent, segment->text, segment->length);
  if (!*child) {
    PetscCall(HeatYamlNewNode(s->tree, HEAT_YAML_SCALAR, segment->text, segment->length, child));
    (*child)->plain = PETSC_TRUE;
    HeatYamlAppend(parent, *child);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReaderSet(const HeatReader *r, HeatYamlTree *tree, HeatYamlNode *root,
                             const char *assignment)
{
  const Setter    s      = {r, tree, assignment};
  const char     *equals = strchr(assignment, '='), *at = assignment;
  HeatYamlNode   *node = root, *value;
  HeatYamlProblem problem;
  Segment         segment;

  PetscFunctionBeginUser;
  SetterCheck(equals && equals > assignment, &s,
              "write it as KEY=VALUE, e.g. --set grid.cells=[64,64]");
  PetscCall(HeatYamlParse(tree, equals + 1, strlen(equals + 1), PETSC_TRUE, &value, &problem));
  SetterCheck(!problem.message[0], &s, "the value is %s", problem.message);
  while (at < equals) {
    PetscCall(NextSegment(&s, &at, equals, &segment));
    PetscCall(Descend(&s, &segment, node, &node));
  }
  if (!value) { /* nothing behind the = */
    PetscCall(HeatYamlNewNode(tree, HEAT_YAML_SCALAR, NULL, 0, &value));
    value->plain = PETSC_TRUE;
  }
  node->kind  = value->kind;
  node->plain = value->plain;
  node->line  = 0;
  node->text  = value->text;
  node->count = value->count;
  node->first = value->first;
  node->last  = value->last;
  PetscFunctionReturn(PETSC_SUCCESS);
}
