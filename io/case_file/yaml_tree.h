/** YAML text as a tree of plain nodes, each with its line.  The only file that knows libfyaml is
 *  yaml_tree.c.
 *
 *  Only what a case file needs: scalars, lists, and mappings whose keys are words, nested at most
 *  HEAT_YAML_DEPTH deep.  Anchors, aliases, merge keys, tags and second documents are refused.
 *  Repeated keys are kept, in order: the reader of the tree knows what to say about them.
 */
#ifndef HEAT_IO_YAML_TREE_H
#define HEAT_IO_YAML_TREE_H

#include "solver/base/error.h"

enum { HEAT_YAML_DEPTH = 24, HEAT_YAML_BRACKETS = 1000 };

typedef enum { HEAT_YAML_SCALAR, HEAT_YAML_LIST, HEAT_YAML_MAP } HeatYamlKind;

typedef struct HeatYamlNode HeatYamlNode;
struct HeatYamlNode {
  HeatYamlKind  kind;
  PetscBool     plain; /* a scalar without quotes */
  int           line;  /* of the key, or of the element of a list; 0: from --set */
  const char   *key;   /* of a member of a mapping, else NULL */
  const char   *text;  /* of a scalar, never NULL */
  const char   *path;  /* for readers: dotted path, or NULL; not owned */
  PetscInt      count; /* of children */
  HeatYamlNode *first, *last, *next;
};

/** Owns every node and string. */
typedef struct HeatYamlTree HeatYamlTree;

/** What is wrong with a text: line 1-based, 0 when it has none. */
typedef struct {
  int  line;
  char message[400];
} HeatYamlProblem;

/** An empty tree.  None of these functions is collective. */
PetscErrorCode HeatYamlCreate(HeatYamlTree **tree);

/** *tree may be NULL. */
PetscErrorCode HeatYamlDestroy(HeatYamlTree **tree);

/** Parse a text and own the nodes.  Faults of the text are told in *problem, not raised.
 *  @param[in]  text, length  any bytes; must live as long as the call
 *  @param[in]  from_set      PETSC_TRUE: nodes get line 0
 *  @param[out] root          NULL when the text is at fault, or holds nothing at all */
PetscErrorCode HeatYamlParse(HeatYamlTree *tree, const char *text, size_t length,
                             PetscBool from_set, HeatYamlNode **root, HeatYamlProblem *problem);

/** A new node without parent, line 0; key (copied) may be NULL. */
PetscErrorCode HeatYamlNewNode(HeatYamlTree *tree, HeatYamlKind kind, const char *key,
                               size_t key_length, HeatYamlNode **node);

/** Append child to a list or mapping. */
void HeatYamlAppend(HeatYamlNode *parent, HeatYamlNode *child);

/** The first member of a mapping called key, or NULL; NULL too when it is no mapping. */
HeatYamlNode *HeatYamlMember(const HeatYamlNode *map, const char *key, size_t key_length);

#endif
