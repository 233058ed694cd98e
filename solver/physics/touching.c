/** Faces between materials, counted at set-up.
 *
 *  A pair may be named several times, in either order.  The distinct pairs are sorted, so that a
 *  face finds its pair by binary search; a case may have 65535 materials, too many for a square
 *  table.  Each rank counts the faces to the left of and below its own cells, so that each face is
 *  counted once. */
#include "solver/physics/touching.h"

#include <stdio.h>
#include <stdlib.h>

#include "solver/base/reduction.h"
#include "solver/grid/deep_halo.h"

/* Material of what lies beyond the domain; more than any index. */
static const uint16_t Outside = UINT16_MAX;

/* Two materials, in the order of their indices, and the faces between them. */
typedef struct {
  PetscInt   low, high;
  PetscInt64 faces;
} Distinct;

/* Sorted list of distinct pairs. */
typedef struct {
  PetscInt  n;
  Distinct *pairs; /* owned [n] */
} DistinctPairs;

/* Order pairs by the lower index, then by the higher one, for qsort and bsearch. */
static int CompareDistinct(const void *a, const void *b)
{
  const Distinct *p = a, *q = b;

  if (p->low != q->low) return p->low < q->low ? -1 : 1;
  return (p->high > q->high) - (p->high < q->high);
}

static Distinct MakeDistinct(PetscInt a, PetscInt b)
{
  return (Distinct){PetscMin(a, b), PetscMax(a, b), 0};
}

/* Return the entry of a pair; NULL if there is none. */
static Distinct *FindDistinct(const DistinctPairs *list, PetscInt a, PetscInt b)
{
  const Distinct wanted = MakeDistinct(a, b);

  return bsearch(&wanted, list->pairs, (size_t)list->n, sizeof wanted, CompareDistinct);
}

/* Listing. */

/* Set the next entry of a list, where there is one, and count it. */
static void AddPair(HeatPairUse use, PetscInt index, const PetscInt material[2], PetscInt *n,
                    HeatMaterialPair *pairs)
{
  if (pairs)
    pairs[*n] = (HeatMaterialPair){
        .use = use, .index = index, .material = {material[0], material[1]}};
  (*n)++;
}

/* List the pairs of a case and return their number.  With pairs = NULL they are only counted. */
static PetscInt ListPairs(const HeatCase *c, HeatMaterialPair *pairs)
{
  PetscInt n = 0;

  for (PetscInt k = 0; k < c->n_contacts; k++)
    AddPair(HEAT_PAIR_CONTACT, k, c->contacts[k].material, &n, pairs);
  for (PetscInt k = 0; k < c->output.n_interfaces; k++)
    AddPair(HEAT_PAIR_INTERFACE, k, c->output.interfaces[k].material, &n, pairs);
  for (PetscInt k = 0; k < c->n_checks; k++)
    if (c->checks[k].between.names[0])
      AddPair(HEAT_PAIR_CHECK, k, c->checks[k].between.material, &n, pairs);
  return n;
}

PetscInt HeatTouchingPairs(const HeatCase *c) { return ListPairs(c, NULL); }

/* Sort the pairs of a list and drop repeated ones. */
static PetscErrorCode MakeDistinctPairs(PetscInt n, const HeatMaterialPair *pairs,
                                        DistinctPairs *list)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(n, &list->pairs));
  for (PetscInt k = 0; k < n; k++)
    list->pairs[k] = MakeDistinct(pairs[k].material[0], pairs[k].material[1]);
  qsort(list->pairs, (size_t)n, sizeof *list->pairs, CompareDistinct);
  list->n = 0;
  for (PetscInt k = 0; k < n; k++)
    if (k == 0 || CompareDistinct(&list->pairs[list->n - 1], &list->pairs[k]) != 0)
      list->pairs[list->n++] = list->pairs[k];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Counting. */

/* Count the faces to the left of and below own cells, and the own cells of each material.
   @param[in]     all    [nyl + 2][nxl + 2] materials with one cell beyond each side
   @param[in,out] cells  [n_materials] */
static void CountFaces(const HeatGrid *g, const uint16_t *all, const DistinctPairs *list,
                       PetscInt64 *cells)
{
  const size_t width = (size_t)g->nxl + 2;
  Distinct    *last  = NULL; /* pair of the last face; neighbouring faces often have the same */

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const uint16_t *cell     = all + ((size_t)j + 1) * width + ((size_t)i + 1);
      const uint16_t  lower[2] = {cell[-1], *(cell - width)};

      cells[*cell]++;
      for (int axis = 0; axis < 2; axis++) {
        if (lower[axis] == *cell || lower[axis] == Outside) continue;
        const Distinct pair = MakeDistinct(lower[axis], *cell);

        if (!last || CompareDistinct(last, &pair) != 0)
          last = FindDistinct(list, pair.low, pair.high);
        if (last) last->faces++;
      }
    }
  }
}

/* Sum this rank's numbers over all ranks.  Collective. */
static PetscErrorCode SumCounts(MPI_Comm comm, DistinctPairs *list, PetscInt n_materials,
                                PetscInt64 *cells)
{
  HeatReduction *r;
  PetscInt64    *faces;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(list->n, &faces));
  for (PetscInt k = 0; k < list->n; k++) faces[k] = list->pairs[k].faces;
  PetscCall(HeatReductionCreate(comm, &r));
  PetscCall(HeatReductionAddCounts(r, list->n, faces, faces));
  PetscCall(HeatReductionAddCounts(r, n_materials, cells, cells));
  PetscCall(HeatReductionRun(r));
  PetscCall(HeatReductionDestroy(&r));
  for (PetscInt k = 0; k < list->n; k++) list->pairs[k].faces = faces[k];
  PetscCall(PetscFree(faces));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTouchingCount(const HeatGrid *g, const HeatCase *c, const HeatCellInputs *inputs,
                                 PetscInt *n, HeatMaterialPair **pairs)
{
  DistinctPairs list;
  uint16_t     *own, *all;
  PetscInt64   *cells;

  PetscFunctionBeginUser;
  *pairs = NULL;
  *n     = ListPairs(c, NULL);
  if (*n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(*n, pairs));
  (void)ListPairs(c, *pairs);
  PetscCall(MakeDistinctPairs(*n, *pairs, &list));
  PetscCall(PetscMalloc1(HeatGridLocalCells(g), &own));
  PetscCall(HeatPaintMaterials(g, c, inputs, own));
  PetscCall(PetscMalloc1(HeatSurroundingsSize(g, 1), &all));
  PetscCall(HeatSurroundingsFetch(g, own, 1, Outside, all));
  PetscCall(PetscFree(own));
  PetscCall(PetscCalloc1(c->n_materials, &cells));
  CountFaces(g, all, &list, cells);
  PetscCall(PetscFree(all));
  PetscCall(SumCounts(g->comm, &list, c->n_materials, cells));
  for (PetscInt k = 0; k < *n; k++) {
    HeatMaterialPair *pair = *pairs + k;

    pair->faces = FindDistinct(&list, pair->material[0], pair->material[1])->faces;
    for (int end = 0; end < 2; end++) pair->cells[end] = cells[pair->material[end]];
  }
  PetscCall(PetscFree(cells));
  PetscCall(PetscFree(list.pairs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* HeatTouchingCount fetches the surroundings once, HeatInterfacesCreate twice: for the materials,
   and for the regions that gave them. */
PetscErrorCode HeatTouchingTraffic(const HeatCase *c, const HeatLayout *layout,
                                   HeatLayoutTraffic *traffic)
{
  const PetscInt    fetches = (HeatTouchingPairs(c) > 0 ? 1 : 0) + (c->n_contacts > 0 ? 2 : 0);
  HeatLayoutTraffic one;

  PetscFunctionBeginUser;
  *traffic = (HeatLayoutTraffic){{0, 0}, {0, 0}};
  if (fetches == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatLayoutSurroundings(layout, &one));
  HeatLayoutTrafficAdd(traffic, fetches, &one);
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatMaterialPairKey(const HeatMaterialPair *pair, char *key, size_t size)
{
  static const char *const lists[] = {[HEAT_PAIR_CONTACT]   = "contacts",
                                      [HEAT_PAIR_INTERFACE] = "output.interfaces",
                                      [HEAT_PAIR_CHECK]     = "check"};

  snprintf(key, size, "%s[%" PetscInt_FMT "]%s", lists[pair->use], pair->index,
           pair->use == HEAT_PAIR_INTERFACE ? "" : ".between");
}
