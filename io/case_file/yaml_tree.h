/** YAML text as a tree of nodes, each with its line.
 *
 *  Supports what a case file needs: scalars, lists, and mappings whose keys are scalars, nested at
 *  most HEAT_YAML_DEPTH deep.  Anchors, aliases, merge keys, tags and second documents are refused.
 *  Repeated keys are kept in their order, so that the reader of the tree can report both lines.
 *
 *  Siblings form a linked list; a list or mapping points to its first and last child.  The text
 *
 *    grid: {cells: [64, 32], x: [0, 1]}
 *    source: 5e3
 *
 *  becomes
 *
 *    MAP (root)   .first ----.
 *                            v
 *             MAP "grid"   .first --.   .next --> SCALAR "source", text "5e3"   .next = NULL
 *                                   v
 *                     LIST "cells"   .first --.   .next --> LIST "x"   .first --> ...
 *                                             v
 *                               SCALAR text "64"   .next --> SCALAR text "32"   .next = NULL
 *
 *  yaml_tree.c is the only file that includes libfyaml.h.  Nothing here is collective.
 */
#ifndef HEAT_IO_YAML_TREE_H
#define HEAT_IO_YAML_TREE_H

#include "solver/base/error.h"

enum {
  /* Lists and mappings inside of each other.  Chosen: a case file needs 5, and readers recurse this
   * deep.  A larger value takes more stack. */
  HEAT_YAML_DEPTH = 24,
  /* Brackets '[' and '{' that are open at the same place.  libfyaml scans ahead through all of them
   * before it returns the first one, so HEAT_YAML_DEPTH alone limits neither its time nor its
   * memory (measured with libfyaml 0.7.12: 4 to 8 s and 2.7 GB for 8 million, 0.4 ms for 1000).
   * Chosen; a smaller value might refuse a text with unbalanced brackets in comments. */
  HEAT_YAML_BRACKETS = 1000
};

typedef enum { HEAT_YAML_SCALAR, HEAT_YAML_LIST, HEAT_YAML_MAP } HeatYamlKind;

/** A scalar, list or mapping.  The tree owns the node and its strings, except `path`. */
typedef struct HeatYamlNode HeatYamlNode;
struct HeatYamlNode {
  HeatYamlKind  kind;
  PetscBool     plain; /* a scalar without quotes */
  int           line;  /* 1-based line of the key, or of a list's element; 0: from --set */
  const char   *key;   /* key of a member of a mapping; NULL otherwise */
  const char   *text;  /* text of a scalar; "" otherwise, never NULL */
  const char   *path;  /* dotted path, set by the reader of the tree; NULL until then; not owned */
  PetscInt      count; /* number of children */
  HeatYamlNode *first, *last, *next; /* first and last child, next sibling; or NULL */
};

/** Memory of all nodes and their strings. */
typedef struct HeatYamlTree HeatYamlTree;

/** The first fault of a text; none if the message is empty. */
typedef struct {
  int  line;         /* 1-based; 0: unknown */
  char message[400]; /* without file and line; a longer one is truncated */
} HeatYamlProblem;

/** Create a tree without nodes.  Destroy it with HeatYamlDestroy. */
PetscErrorCode HeatYamlCreate(HeatYamlTree **tree);

/** Free the tree with all its nodes and strings; *tree may be NULL. */
PetscErrorCode HeatYamlDestroy(HeatYamlTree **tree);

/** Parse a text into nodes, which the tree owns.
 *  @param[in]  text, length  any bytes [length], followed by a NUL; not used after the call
 *  @param[in]  from_set      PETSC_TRUE: the nodes get line 0, the mark of --set
 *  @param[out] root          the root node; NULL when the text is at fault or holds no value
 *  @param[out] problem       the first fault of the text
 *  A fault of the text is returned in *problem and raises no error. */
PetscErrorCode HeatYamlParse(HeatYamlTree *tree, const char *text, size_t length,
                             PetscBool from_set, HeatYamlNode **root, HeatYamlProblem *problem);

/** Create a node of line 0 without parent and children, which the tree owns.
 *  @param[in] key  [key_length] copied; NULL for a node that is not a member of a mapping */
PetscErrorCode HeatYamlNewNode(HeatYamlTree *tree, HeatYamlKind kind, const char *key,
                               size_t key_length, HeatYamlNode **node);

/** Append a node to the children of a list or mapping. */
void HeatYamlAppend(HeatYamlNode *parent, HeatYamlNode *child);

/** Return the first member of a mapping with that key (of key_length bytes).  Return NULL if there
 *  is none, or if `map` is not a mapping. */
HeatYamlNode *HeatYamlMember(const HeatYamlNode *map, const char *key, size_t key_length);

#endif
