/** --set KEY=VALUE: edits the tree before anything is read from it.
 *
 *  KEY is a dotted path, in which name[0] or name.0 is an element of a list.  VALUE is YAML.
 *  Missing mappings on the path are created, and an index one past the end of a list appends an
 *  element.  Whether the case has such a key is checked later, together with the keys of the file
 *  (case_keys.c).  A replaced node gets line 0, so that messages about it name --set.
 */
#include "io/case_file/case_reader.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* [bytes] Beginning of an override that messages show.  Chosen. */
enum { SHOWN_BYTES = 120 };

/* An override that is being applied. */
typedef struct {
  const HeatReader *r;
  HeatYamlTree     *tree;
  const char       *assignment; /* "KEY=VALUE" */
} Setter;

/* Raise HEAT_ERR_INPUT "--set KEY=VALUE: message", unless the condition holds. */
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

/* One part of KEY, the name of a member or the index of an element. */
typedef struct {
  const char *text; /* [length], not terminated by NUL; without brackets */
  size_t      length;
  PetscBool   is_index; /* text is a number of at most 9 digits, which fits any PetscInt */
  PetscInt    index;    /* that number; meaningless for a name */
} Segment;

/* Parse the segment at *at and advance *at past it and the dot behind it.  key_end is the end of
 * KEY. */
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

/* Find the element of a list that the segment names; append an empty one if the index is one past
 * the end. */
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
    (*child)->plain = PETSC_TRUE; /* null, until it gets its value */
    HeatYamlAppend(list, *child);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Find the child of `parent` that the segment names; create it, as null, when it does not exist.  A
 * null parent becomes the list or mapping that the segment needs. */
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
  if (!value) { /* VALUE is empty: null */
    PetscCall(HeatYamlNewNode(tree, HEAT_YAML_SCALAR, NULL, 0, &value));
    value->plain = PETSC_TRUE;
  }
  /* Copy all but the key and the links to siblings, which belong to the place in the tree. */
  node->kind  = value->kind;
  node->plain = value->plain;
  node->line  = 0;
  node->text  = value->text;
  node->count = value->count;
  node->first = value->first;
  node->last  = value->last;
  PetscFunctionReturn(PETSC_SUCCESS);
}
