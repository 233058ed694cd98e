/** Conductances of the faces between cells, and their dependence on the temperature.
 *
 *  FaceLine computes n faces at a time, between n cells on the low side (west or south) and n cells
 *  on the high side, which are own cells or ghost cells.  The two ranks that share a face compute
 *  its conductance from the same numbers in the same order, so that it has the same bits on both.
 *
 *  Where conductivities depend on T, the heat through a face towards its lower cell a,
 *  G (T_b - T_a), changes by high x_b - low x_a when the temperatures change by x (solver/README.md
 *  eq. (8)):
 *      low = G - dG/dT_a (T_b - T_a),   high = G + dG/dT_b (T_b - T_a)
 *  The layout of gx, gy, low, high and of the ghost strips is drawn in operator_impl.h. */
#include "solver/operator/operator_impl.h"

/* Cells along a line, contiguous in memory. */
typedef struct {
  const PetscReal *k;     /* conductivity [W/(m K)] */
  const PetscReal *slope; /* dk/dT [W/(m K2)]; read where conductivities depend on T */
  const PetscReal *T;     /* temperature [K]; read where conductivities depend on T */
} Line;

/* The faces across one axis, with what computing them needs. */
typedef struct {
  HeatOperator    *op;
  const PetscReal *T;    /* [nyl][nxl] field of the Update [K]; NULL at set-up */
  int              axis; /* 0: faces across x; 1: across y */
} Faces;

/* Return the line of own cells that begins with `cell`. */
static Line OwnCells(const Faces *f, size_t cell)
{
  const HeatOperator *op    = f->op;
  const PetscReal    *slope = HeatConductivitySlope(op->conductivity, f->axis);

  return (Line){HeatConductivityField(op->conductivity, f->axis) + cell,
                slope ? slope + cell : NULL, f->T ? f->T + cell : NULL};
}

/* Return the line of ghost cells beyond a side that begins with the strip's value `first`. */
static Line GhostCells(const Faces *f, HeatSide side, PetscInt first)
{
  const HeatGhostCells *g = &f->op->ghosts[side];

  return (Line){g->k + first, g->slope ? g->slope + first : NULL, f->T ? g->T + first : NULL};
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

/* Compute n faces between the cells of lines a and b, from face `first` of gx or gy on:

       1/G = h/(k_f A) + R/(A |n.e|)                (solver/README.md eq. (3))
       dG/dT_a = (G/G_alone)^2 dk_f/dk_a k_a' A/h   (eq. (8))

   with G_alone = k_f A/h the conductance without contact resistance; dG/dT_b has b in place of
   a. */
static void FaceLine(const Faces *f, PetscInt n, size_t first, Line a, Line b)
{
  const HeatOperator     *op       = f->op;
  const HeatGrid         *g        = op->grid;
  const HeatContactFaces *contacts = &op->contacts[f->axis];
  const HeatFaceAverage   average  = op->c->solver.face_average;
  const PetscReal         area = f->axis == 0 ? g->hy : g->hx, h = f->axis == 0 ? g->hx : g->hy;
  PetscReal              *G = (f->axis == 0 ? op->gx : op->gy) + first;

  for (PetscInt i = 0; i < n; i++) {
    G[i] = FaceConductivity(average, a.k[i], b.k[i]) * area / h;
  }
  for (size_t k = HeatContactFacesFrom(contacts, first);
       k < contacts->n && contacts->face[k] < first + (size_t)n; k++) {
    PetscReal *g_contact = G + (contacts->face[k] - first);

    *g_contact /= 1.0 + *g_contact * contacts->resistance[k] / area;
  }
  for (PetscInt i = 0; i < n && f->T; i++) {
    const PetscReal G_alone = FaceConductivity(average, a.k[i], b.k[i]) * area / h;
    /* Part of the temperature difference that lies across the cells and not across the contact. */
    const PetscReal share  = G[i] / G_alone;
    const PetscReal factor = share * share * (area / h) * (b.T[i] - a.T[i]);

    op->low[f->axis][first + (size_t)i] = G[i] - FaceSensitivity(average, a.k[i], b.k[i]) *
                                                     a.slope[i] * factor;
    op->high[f->axis][first + (size_t)i] = G[i] + FaceSensitivity(average, b.k[i], a.k[i]) *
                                                      b.slope[i] * factor;
  }
}

/* Compute the faces across x between own cells, and those shared with the left and right
   neighbours.  Boundary faces stay zero here (operator_coefficients.c stores their G), and so does
   the face of a cell with itself, where a periodic axis has one cell. */
static void VerticalFaces(const Faces *f)
{
  const HeatGrid *g  = f->op->grid;
  const PetscInt  nx = g->nxl;

  for (PetscInt j = 0; j < g->nyl; j++) {
    const size_t row = (size_t)j * (size_t)nx, face = (size_t)j * (size_t)(nx + 1);
    const Line   first = OwnCells(f, row), last = OwnCells(f, row + (size_t)nx - 1);

    if (nx > 1) FaceLine(f, nx - 1, face + 1, first, OwnCells(f, row + 1));
    if (g->nx == 1) continue;
    if (!g->boundary[HEAT_LEFT]) FaceLine(f, 1, face, GhostCells(f, HEAT_LEFT, j), first);
    if (!g->boundary[HEAT_RIGHT])
      FaceLine(f, 1, face + (size_t)nx, last, GhostCells(f, HEAT_RIGHT, j));
  }
}

/* Compute the faces across y, by the rules of VerticalFaces. */
static void HorizontalFaces(const Faces *f)
{
  const HeatGrid *g     = f->op->grid;
  const size_t    width = (size_t)g->nxl;

  if (g->ny == 1) return;
  for (PetscInt j = 0; j <= g->nyl; j++) {
    const size_t row = (size_t)j * width;

    if (j == 0) {
      if (!g->boundary[HEAT_BOTTOM])
        FaceLine(f, g->nxl, row, GhostCells(f, HEAT_BOTTOM, 0), OwnCells(f, row));
    } else if (j == g->nyl) {
      if (!g->boundary[HEAT_TOP])
        FaceLine(f, g->nxl, row, OwnCells(f, row - width), GhostCells(f, HEAT_TOP, 0));
    } else {
      FaceLine(f, g->nxl, row, OwnCells(f, row - width), OwnCells(f, row));
    }
  }
}

/* A function that selects the member of HeatGhostCells in which a strip is kept. */
typedef PetscReal **(*StripOf)(HeatGhostCells *ghosts);

static PetscReal **StripOfK(HeatGhostCells *ghosts) { return &ghosts->k; }
static PetscReal **StripOfSlope(HeatGhostCells *ghosts) { return &ghosts->slope; }
static PetscReal **StripOfT(HeatGhostCells *ghosts) { return &ghosts->T; }

/* Exchange the halo of a field [nyl][nxl], and copy the strips of sides first to end - 1 to where
   `strip` selects.  Collective. */
static PetscErrorCode FetchGhosts(HeatOperator *op, const PetscReal *field, int first, int end,
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

/* Fetch the neighbours' conductivities; where T is not NULL also dk/dT and T.  When both axes share
   one array, one halo exchange serves both.  Collective. */
static PetscErrorCode FetchGhostConductivities(HeatOperator *op, const PetscReal *T)
{
  const HeatConductivity *k = op->conductivity;
  const PetscBool shared = HeatConductivityField(k, 0) == HeatConductivityField(k, 1) ? PETSC_TRUE
                                                                                      : PETSC_FALSE;

  PetscFunctionBeginUser;
  for (int axis = 0; axis < (shared ? 1 : 2); axis++) {
    const int first = 2 * axis, end = shared ? HEAT_SIDES : first + 2;

    PetscCall(FetchGhosts(op, HeatConductivityField(k, axis), first, end, StripOfK));
    if (T) PetscCall(FetchGhosts(op, HeatConductivitySlope(k, axis), first, end, StripOfSlope));
  }
  if (T) PetscCall(FetchGhosts(op, T, 0, HEAT_SIDES, StripOfT));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorSetUpFaces(HeatOperator *op)
{
  PetscFunctionBeginUser;
  op->gx_stride = (size_t)op->grid->nxl + 1;
  PetscCall(PetscCalloc1(op->gx_stride * (size_t)op->grid->nyl, &op->gx));
  PetscCall(PetscCalloc1((size_t)op->grid->nxl * (size_t)(op->grid->nyl + 1), &op->gy));
  if (HeatConductivityVaries(op->conductivity)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatOperatorUpdateFaces(op, NULL));
  for (int s = 0; s < HEAT_SIDES; s++) PetscCall(PetscFree(op->ghosts[s].k));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorUpdateFaces(HeatOperator *op, const PetscReal *T)
{
  const Faces x = {.op = op, .T = T, .axis = 0}, y = {.op = op, .T = T, .axis = 1};

  PetscFunctionBeginUser;
  PetscCall(FetchGhostConductivities(op, T));
  VerticalFaces(&x);
  HorizontalFaces(&y);
  PetscFunctionReturn(PETSC_SUCCESS);
}
