/** The search tree.  Regions are sorted along a curve that fills the plane (Morton's), so that
 *  neighbours in the list are neighbours in the plane; a binary tree over the list has in each node
 *  the box around the regions below it (an R-tree without pointers):
 *
 *      node 1          regions 0 to 7      children of node k: 2k, 2k + 1
 *      nodes 2, 3      0 to 3, 4 to 7      the leaves are the nodes from `leaves` on
 *      nodes 4 to 7    two each
 *
 *  A search leaves out each node whose box does not overlap that of the region. */
#include "solver/case/region_index.h"

#include <math.h>
#include <stdlib.h>

/* Number of large shapes in which HeatRegionIndexOver looks for other shapes.  Chosen: one suffices
   for nested shapes; more cost time for each region. */
enum { CONTAINERS = 4 };

const char *const HeatAttributeNames[HEAT_ATTRIBUTES] = {"material", "temperature", "source"};

/* The box of a region, and what the region gives. */
typedef struct {
  PetscReal low[2], high[2]; /* [m] */
  unsigned  attributes;
} Box;

/* A leaf of the tree. */
typedef struct {
  uint32_t key;    /* position of the box's centre along Morton's curve */
  PetscInt region; /* -1: none */
} Leaf;

/* A node of the tree: the box and the largest index of all regions below it. */
typedef struct {
  PetscReal low[2], high[2]; /* [m] the box around their boxes; low > high if there are none */
  PetscInt  last;            /* the largest index of a region; -1: none */
} Node;

struct HeatRegionIndex {
  const HeatCase *c;      /* borrowed */
  Box            *boxes;  /* owned [n_regions] */
  PetscInt        leaves; /* a power of 2, at least n_regions */
  Leaf           *sorted; /* owned [leaves], by increasing key */
  Node           *nodes;  /* owned [2*leaves]; node 0 is not used */
};

unsigned HeatRegionAttributes(const HeatRegion *r)
{
  const PetscBool material = (PetscBool)(r->material >= 0 || r->shape == HEAT_SHAPE_MAP);

  return (material ? 1u << HEAT_ATTRIBUTE_MATERIAL : 0u) |
         (r->temperature.given ? 1u << HEAT_ATTRIBUTE_TEMPERATURE : 0u) |
         (HeatRegionHasSource(r) ? 1u << HEAT_ATTRIBUTE_SOURCE : 0u);
}

void HeatRegionBox(const HeatRegion *r, const PetscReal domain_x[2], const PetscReal domain_y[2],
                   PetscReal low[2], PetscReal high[2])
{
  const PetscReal *x = r->shape == HEAT_SHAPE_RECTANGLE ? r->x : domain_x;
  const PetscReal *y = r->shape == HEAT_SHAPE_RECTANGLE ? r->y : domain_y;

  low[0]  = x[0];
  high[0] = x[1];
  low[1]  = y[0];
  high[1] = y[1];
  for (int axis = 0; axis < 2; axis++) {
    if (r->shape == HEAT_SHAPE_CIRCLE) {
      low[axis]  = r->centre[axis] - r->radius;
      high[axis] = r->centre[axis] + r->radius;
    }
    for (PetscInt i = 0; i < r->n_vertices && r->shape == HEAT_SHAPE_POLYGON; i++) {
      low[axis]  = i ? PetscMin(low[axis], r->vertices[i][axis]) : r->vertices[i][axis];
      high[axis] = i ? PetscMax(high[axis], r->vertices[i][axis]) : r->vertices[i][axis];
    }
  }
}

static int CompareLeaves(const void *a, const void *b)
{
  const Leaf *p = (const Leaf *)a, *q = (const Leaf *)b;

  if (p->key != q->key) return p->key > q->key ? 1 : -1;
  return (p->region > q->region) - (p->region < q->region);
}

/* Return the position of a box's centre along Morton's curve.  The centre's x and y are rounded to
   16 bits each, 65536 steps over the domain, and their bits alternate in the result. */
static uint32_t MortonKey(const HeatCase *c, const Box *box)
{
  const PetscReal *extents[2] = {c->grid.x, c->grid.y};
  uint32_t         key        = 0;

  for (int axis = 0; axis < 2; axis++) {
    const PetscReal centre = 0.5 * box->low[axis] + 0.5 * box->high[axis];
    const PetscReal part   = (centre - extents[axis][0]) / (extents[axis][1] - extents[axis][0]);
    const uint32_t  step   = (uint32_t)PetscClipInterval(65536.0 * part, 0.0, 65535.0);

    for (int bit = 0; bit < 16; bit++) key |= (step >> bit & 1u) << (2 * bit + axis);
  }
  return key;
}

/* Compute node k from its two children, or from its region. */
static void FillNode(HeatRegionIndex *x, PetscInt k)
{
  const PetscInt region = k < x->leaves ? -1 : x->sorted[k - x->leaves].region;
  Node          *node   = &x->nodes[k];

  *node = (Node){{INFINITY, INFINITY}, {-INFINITY, -INFINITY}, region};
  for (int axis = 0; axis < 2 && region >= 0; axis++) {
    node->low[axis]  = x->boxes[region].low[axis];
    node->high[axis] = x->boxes[region].high[axis];
  }
  for (int child = 0; child < 2 && k < x->leaves; child++) {
    const Node *part = &x->nodes[2 * k + child];

    for (int axis = 0; axis < 2; axis++) {
      node->low[axis]  = PetscMin(node->low[axis], part->low[axis]);
      node->high[axis] = PetscMax(node->high[axis], part->high[axis]);
    }
    node->last = PetscMax(node->last, part->last);
  }
}

PetscErrorCode HeatRegionIndexCreate(const HeatCase *c, HeatRegionIndex **index)
{
  const PetscInt   n = c->n_regions;
  HeatRegionIndex *x;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(index));
  x         = *index;
  x->c      = c;
  x->leaves = 1;
  while (x->leaves < n) x->leaves *= 2;
  PetscCall(PetscMalloc3(n, &x->boxes, x->leaves, &x->sorted, 2 * x->leaves, &x->nodes));
  for (PetscInt r = 0; r < n; r++) {
    HeatRegionBox(&c->regions[r], c->grid.x, c->grid.y, x->boxes[r].low, x->boxes[r].high);
    x->boxes[r].attributes = HeatRegionAttributes(&c->regions[r]);
    x->sorted[r]           = (Leaf){MortonKey(c, &x->boxes[r]), r};
  }
  for (PetscInt k = n; k < x->leaves; k++) x->sorted[k] = (Leaf){UINT32_MAX, -1};
  qsort(x->sorted, (size_t)n, sizeof *x->sorted, CompareLeaves);
  for (PetscInt k = 2 * x->leaves - 1; k > 0; k--) FillNode(x, k);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRegionIndexDestroy(HeatRegionIndex **index)
{
  PetscFunctionBeginUser;
  if (!*index) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFree3((*index)->boxes, (*index)->sorted, (*index)->nodes));
  PetscCall(PetscFree(*index));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append to `over` the later regions of node k whose boxes overlap that of region r and that give
   one of its attributes. */
static void Search(const HeatRegionIndex *x, PetscInt k, PetscInt r, PetscInt *over, PetscInt *n)
{
  const Node *node = &x->nodes[k];
  const Box  *box  = &x->boxes[r];

  if (node->last <= r || node->high[0] <= box->low[0] || node->low[0] >= box->high[0] ||
      node->high[1] <= box->low[1] || node->low[1] >= box->high[1])
    return;
  if (k < x->leaves) {
    Search(x, 2 * k, r, over, n);
    Search(x, 2 * k + 1, r, over, n);
  } else if (x->boxes[node->last].attributes & box->attributes) {
    over[(*n)++] = node->last;
  }
}

/* Return whether a region of convex shape, a rectangle or a circle, contains another region. */
static PetscBool Contains(const HeatRegion *outer, const HeatRegion *inner, const Box *box)
{
  const PetscReal corners[4][2] = {{box->low[0], box->low[1]},
                                   {box->high[0], box->low[1]},
                                   {box->low[0], box->high[1]},
                                   {box->high[0], box->high[1]}};

  if (inner->shape == HEAT_SHAPE_ALL || inner->shape == HEAT_SHAPE_MAP) return PETSC_FALSE;
  if (outer->shape == HEAT_SHAPE_RECTANGLE)
    return (PetscBool)(outer->x[0] <= box->low[0] && outer->x[1] >= box->high[0] &&
                       outer->y[0] <= box->low[1] && outer->y[1] >= box->high[1]);
  if (outer->shape != HEAT_SHAPE_CIRCLE) return PETSC_FALSE;
  if (inner->shape == HEAT_SHAPE_CIRCLE)
    return (PetscBool)(hypot(inner->centre[0] - outer->centre[0],
                             inner->centre[1] - outer->centre[1]) <= outer->radius - inner->radius);
  for (int k = 0; k < 4; k++)
    if (hypot(corners[k][0] - outer->centre[0], corners[k][1] - outer->centre[1]) > outer->radius)
      return PETSC_FALSE;
  return PETSC_TRUE;
}

/* Return the area of a region's box [m2] if the region can contain others, else 0. */
static PetscReal Capacity(const HeatRegionIndex *x, PetscInt r)
{
  const HeatShape shape = x->c->regions[r].shape;
  const Box      *box   = &x->boxes[r];

  if (shape != HEAT_SHAPE_RECTANGLE && shape != HEAT_SHAPE_CIRCLE) return 0.0;
  return (box->high[0] - box->low[0]) * (box->high[1] - box->low[1]);
}

/* Return the region of largest capacity in a list, among those that follow `last` in the order of
   decreasing capacity; of regions of equal capacity, the one that comes first in the list.  Regions
   of the capacity of `last` follow it if their index is larger.
   @param[in] last  the container before; -1: none
   Return -1 where no region follows. */
static PetscInt NextContainer(const HeatRegionIndex *x, const PetscInt *over, PetscInt n,
                              PetscInt last)
{
  PetscInt  next  = -1;
  PetscReal most  = 0.0;
  PetscReal limit = last < 0 ? INFINITY : Capacity(x, last);

  for (PetscInt k = 0; k < n; k++) {
    const PetscReal capacity = Capacity(x, over[k]);

    if (capacity <= most || capacity > limit || (capacity == limit && over[k] <= last)) continue;
    most = capacity;
    next = over[k];
  }
  return next;
}

/* Remove from a list the regions that lie inside region `outer` and give no attribute among
   `attributes` that `outer` does not give. */
static void RemoveContained(const HeatRegionIndex *x, PetscInt outer, unsigned attributes,
                            PetscInt *over, PetscInt *n)
{
  PetscInt kept = 0;

  for (PetscInt k = 0; k < *n; k++) {
    const Box      *box  = &x->boxes[over[k]];
    const PetscBool more = (PetscBool)((box->attributes & attributes &
                                        ~x->boxes[outer].attributes) != 0);

    if (over[k] == outer || more || !Contains(&x->c->regions[outer], &x->c->regions[over[k]], box))
      over[kept++] = over[k];
  }
  *n = kept;
}

PetscErrorCode HeatRegionIndexOver(HeatRegionIndex *x, PetscInt r, PetscInt *over, PetscInt *n)
{
  PetscInt container = -1;

  PetscFunctionBeginUser;
  *n = 0;
  if (x->boxes[r].attributes) Search(x, 1, r, over, n);
  for (int k = 0; *n > 1 && k < CONTAINERS; k++) {
    container = NextContainer(x, over, *n, container);
    if (container < 0) break;
    RemoveContained(x, container, x->boxes[r].attributes, over, n);
  }
  PetscCall(PetscSortInt(*n, over));
  PetscFunctionReturn(PETSC_SUCCESS);
}
