/** Conductances of the faces between cells, and their dependence on the temperature.
 *
 *  HeatOperatorFaceLine computes n faces at a time, between n cells on the low side (west or south)
 *  and n cells on the high side, which are own cells or ghost cells.  The two ranks that share a
 *  face compute its conductance from the same numbers in the same order, so that it has the same
 *  bits on both.
 *
 *  Where conductivities depend on T, the heat through a face towards its lower cell a,
 *  G (T_b - T_a), changes by high x_b - low x_a when the temperatures change by x (solver/README.md
 *  eq. (8)):
 *      low = G - dG/dT_a (T_b - T_a),   high = G + dG/dT_b (T_b - T_a)
 *  The layout of gx, gy, low, high and of the ghost strips is drawn in operator_impl.h. */
#include "solver/operator/operator_impl.h"
#include "solver/operator/operator_means_impl.h"

HeatFaceCells HeatOperatorOwnLine(const HeatOperator *op, int axis, const PetscReal *T, PetscInt j,
                                  PetscInt i)
{
  const HeatGrid  *g     = op->grid;
  const size_t     cell  = (size_t)j * (size_t)g->nxl + (size_t)i;
  const PetscReal *slope = HeatConductivitySlope(op->conductivity, axis);

  return (HeatFaceCells){HeatConductivityField(op->conductivity, axis) + cell,
                         slope ? slope + cell : NULL, T ? T + cell : NULL, g->xs + i, g->ys + j};
}

HeatFaceCells HeatOperatorGhostLine(const HeatOperator *op, HeatSide side, PetscInt first)
{
  const HeatGrid       *g     = op->grid;
  const HeatGhostCells *ghost = &op->ghosts[side];
  const PetscInt        i     = side == HEAT_LEFT ? -1 : side == HEAT_RIGHT ? g->nxl : first;
  const PetscInt        j     = side == HEAT_BOTTOM ? -1 : side == HEAT_TOP ? g->nyl : first;

  return (HeatFaceCells){ghost->k + first, ghost->slope ? ghost->slope + first : NULL,
                         ghost->T ? ghost->T + first : NULL, g->xs + i, g->ys + j};
}

/* Return k_f, the mean of the two cells' conductivities [W/(m K)]. */
static PetscReal FaceConductivity(HeatFaceAverage average, PetscReal a, PetscReal b)
{
  return average == HEAT_FACE_HARMONIC ? 2.0 * a * b / (a + b) : 0.5 * (a + b);
}

/* Return dk_f/da; with a and b exchanged, dk_f/db. */
static PetscReal FaceSensitivity(HeatFaceAverage average, PetscReal a, PetscReal b)
{
  return average == HEAT_FACE_HARMONIC ? 2.0 * (b / (a + b)) * (b / (a + b)) : 0.5;
}

/* Compute low and high of n faces, from face `first` of gx or gy on, whose conductances are known:

       dG/dT_a = (G/G_alone)^2 dk_f/dk_a k_a' A/h   (solver/README.md eq. (8))

   with G_alone = k_f A/h the conductance without contact resistance; dG/dT_b has b in place of a.
   Without dk/dT they are G, which is what faces have whose conductivities do not depend on T. */
static void FaceFactors(HeatOperator *op, int axis, PetscInt n, size_t first,
                        const HeatFaceCells *a, const HeatFaceCells *b)
{
  const HeatGrid       *g       = op->grid;
  const HeatFaceAverage average = op->c->solver.face_average;
  const PetscReal       ratio   = axis == 0 ? g->hy / g->hx : g->hx / g->hy;
  const PetscReal      *G       = (axis == 0 ? op->gx : op->gy) + first;
  PetscReal            *low = op->low[axis] + first, *high = op->high[axis] + first;

  for (PetscInt i = 0; i < n; i++) {
    low[i] = high[i] = G[i];
    if (!a->slope) continue;
    const PetscReal G_alone = FaceConductivity(average, a->k[i], b->k[i]) * ratio;
    /* Part of the temperature difference that lies across the cells and not across the contact. */
    const PetscReal share  = G[i] / G_alone;
    const PetscReal factor = share * share * ratio * (b->T[i] - a->T[i]);

    low[i] -= FaceSensitivity(average, a->k[i], b->k[i]) * a->slope[i] * factor;
    high[i] += FaceSensitivity(average, b->k[i], a->k[i]) * b->slope[i] * factor;
  }
}

/* The conductances are 1/G = h/(k_f A) + R/(A |n.e|). */
void HeatOperatorFaceLine(HeatOperator *op, int axis, PetscInt n, size_t first,
                          const HeatFaceCells *a, const HeatFaceCells *b)
{
  const HeatGrid         *g        = op->grid;
  const HeatContactFaces *contacts = &op->contacts[axis];
  const HeatFaceAverage   average  = op->c->solver.face_average;
  const PetscReal         area = axis == 0 ? g->hy : g->hx, h = axis == 0 ? g->hx : g->hy;
  PetscReal              *G = (axis == 0 ? op->gx : op->gy) + first;

  for (PetscInt i = 0; i < n; i++) {
    G[i] = FaceConductivity(average, a->k[i], b->k[i]) * area / h;
  }
  for (size_t k = HeatContactFacesFrom(contacts, first);
       k < contacts->n && contacts->face[k] < first + (size_t)n; k++) {
    PetscReal *g_contact = G + (contacts->face[k] - first);

    *g_contact /= 1.0 + *g_contact * contacts->resistance[k] / area;
  }
  if (op->low[axis]) FaceFactors(op, axis, n, first, a, b);
}

/* Compute n faces between a line of own cells from (j, i) on and the line one cell further east
   (axis 0) or north (axis 1), at set-up. */
static void OwnFaces(HeatOperator *op, int axis, PetscInt n, size_t first, PetscInt j, PetscInt i)
{
  const HeatFaceCells a = HeatOperatorOwnLine(op, axis, NULL, j, i);
  const HeatFaceCells b = HeatOperatorOwnLine(op, axis, NULL, j + axis, i + 1 - axis);

  HeatOperatorFaceLine(op, axis, n, first, &a, &b);
}

/* Compute n faces between the line of own cells from (j, i) on and the ghost cells beyond a side,
   at set-up. */
static void SharedFaces(HeatOperator *op, HeatSide side, PetscInt n, size_t first, PetscInt j,
                        PetscInt i)
{
  const int           axis  = (int)side / 2;
  const HeatFaceCells own   = HeatOperatorOwnLine(op, axis, NULL, j, i);
  const HeatFaceCells ghost = HeatOperatorGhostLine(op, side, axis == 0 ? j : i);

  if (side == HEAT_LEFT || side == HEAT_BOTTOM)
    HeatOperatorFaceLine(op, axis, n, first, &ghost, &own);
  else HeatOperatorFaceLine(op, axis, n, first, &own, &ghost);
}

/* Compute the faces across x between own cells, and those shared with the left and right
   neighbours.  Boundary faces stay zero here (operator_coefficients.c stores their G), and so does
   the face of a cell with itself, where a periodic axis has one cell. */
static void VerticalFaces(HeatOperator *op)
{
  const HeatGrid *g  = op->grid;
  const PetscInt  nx = g->nxl;

  for (PetscInt j = 0; j < g->nyl; j++) {
    const size_t face = (size_t)j * (size_t)(nx + 1);

    if (nx > 1) OwnFaces(op, 0, nx - 1, face + 1, j, 0);
    if (g->nx == 1) continue;
    if (!g->boundary[HEAT_LEFT]) SharedFaces(op, HEAT_LEFT, 1, face, j, 0);
    if (!g->boundary[HEAT_RIGHT]) SharedFaces(op, HEAT_RIGHT, 1, face + (size_t)nx, j, nx - 1);
  }
}

/* Compute the faces across y, by the rules of VerticalFaces. */
static void HorizontalFaces(HeatOperator *op)
{
  const HeatGrid *g    = op->grid;
  const size_t    last = (size_t)g->nyl * (size_t)g->nxl;

  if (g->ny == 1) return;
  for (PetscInt j = 1; j < g->nyl; j++)
    OwnFaces(op, 1, g->nxl, (size_t)j * (size_t)g->nxl, j - 1, 0);
  if (!g->boundary[HEAT_BOTTOM]) SharedFaces(op, HEAT_BOTTOM, g->nxl, 0, 0, 0);
  if (!g->boundary[HEAT_TOP]) SharedFaces(op, HEAT_TOP, g->nxl, last, g->nyl - 1, 0);
}

/* A function that selects the member of HeatGhostCells in which a strip is kept. */
typedef PetscReal **(*StripOf)(HeatGhostCells *ghosts);

static PetscReal **StripOfK(HeatGhostCells *ghosts) { return &ghosts->k; }
static PetscReal **StripOfSlope(HeatGhostCells *ghosts) { return &ghosts->slope; }
static PetscReal **StripOfT(HeatGhostCells *ghosts) { return &ghosts->T; }

/* Exchange the halo of a field [nyl][nxl], and copy the strips of sides first to end - 1 to where
   `strip` selects.  Collective. */
static PetscErrorCode FetchStrips(HeatOperator *op, const PetscReal *field, int first, int end,
                                  StripOf strip)
{
  PetscFunctionBeginUser;
  PetscCall(HeatHaloBegin(op->halo, field));
  PetscCall(HeatHaloEnd(op->halo));
  for (int s = first; s < end; s++) {
    const PetscReal *ghost  = HeatHaloGhost(op->halo, (HeatSide)s);
    const PetscInt   length = s < HEAT_BOTTOM ? op->grid->nyl : op->grid->nxl;
    PetscReal      **copy   = strip(&op->ghosts[s]);

    if (!ghost) continue;
    if (!*copy) PetscCall(PetscMalloc1(length, copy));
    PetscCall(PetscArraycpy(*copy, ghost, length));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* When both axes share one array, one halo exchange serves both. */
PetscErrorCode HeatOperatorFetchGhosts(HeatOperator *op, const PetscReal *T)
{
  const HeatConductivity *k = op->conductivity;
  const PetscBool shared = HeatConductivityField(k, 0) == HeatConductivityField(k, 1) ? PETSC_TRUE
                                                                                      : PETSC_FALSE;

  PetscFunctionBeginUser;
  for (int axis = 0; axis < (shared ? 1 : 2); axis++) {
    const int first = 2 * axis, end = shared ? HEAT_SIDES : first + 2;

    PetscCall(FetchStrips(op, HeatConductivityField(k, axis), first, end, StripOfK));
    if (T && HeatConductivitySlope(k, axis))
      PetscCall(FetchStrips(op, HeatConductivitySlope(k, axis), first, end, StripOfSlope));
  }
  if (T) PetscCall(FetchStrips(op, T, 0, HEAT_SIDES, StripOfT));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Allocate the conductances of faces across an axis, compute those of fixed conductivities, and let
   equal rows of a linear operator share their memory. */
static PetscErrorCode SetUpAxis(HeatOperator *op, int axis)
{
  const HeatGrid *g     = op->grid;
  const PetscInt  rows  = axis == 0 ? g->nyl : g->nyl + 1;
  const size_t    n     = axis == 0 ? (size_t)g->nxl + 1 : (size_t)g->nxl;
  PetscReal     **G     = axis == 0 ? &op->gx : &op->gy;
  size_t        **place = axis == 0 ? &op->gx_row : &op->gy_row;

  PetscFunctionBeginUser;
  PetscCall(PetscCalloc1((size_t)rows * n, G));
  PetscCall(PetscMalloc1(rows, place));
  for (PetscInt j = 0; j < rows; j++) (*place)[j] = (size_t)j * n;
  if (!HeatConductivityVaries(op->conductivity)) {
    if (axis == 0) VerticalFaces(op);
    else HorizontalFaces(op);
  }
  HeatOperatorStoreBoundaryConductances(op, axis);
  if (op->linear) PetscCall(HeatOperatorShareRows(rows, n, G, *place));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The axes are set up one after the other, so that only one of them has all its rows in memory. */
PetscErrorCode HeatOperatorSetUpFaces(HeatOperator *op)
{
  PetscFunctionBeginUser;
  if (!HeatConductivityVaries(op->conductivity)) PetscCall(HeatOperatorFetchGhosts(op, NULL));
  for (int axis = 0; axis < 2; axis++) PetscCall(SetUpAxis(op, axis));
  if (HeatConductivityVaries(op->conductivity)) PetscFunctionReturn(PETSC_SUCCESS);
  for (int s = 0; s < HEAT_SIDES; s++) PetscCall(PetscFree(op->ghosts[s].k));
  PetscFunctionReturn(PETSC_SUCCESS);
}
