/* The stencil.
 *
 * RowKernel is the only place where neighbours' temperatures meet conductances; the explicit
 * step, the net heat and the matrix-free product are three endings of the same sum.  It works on
 * a run of cells of one row and takes the four neighbours by pointer, so cells at the edge of a
 * block, whose neighbours lie in a ghost strip, go through the same code as all others and round
 * alike: the answer of an explicit step has the same bits on any decomposition.
 *
 * A sweep starts the halo exchange, does all cells that need no message, waits, and does the
 * rest. */
#include "solver/operator.h"

#include "solver/operator_impl.h"
#include "solver/paint.h"

typedef enum { NET, STEP, APPLY } Ending;

typedef struct {
  Ending           ending;
  PetscReal        dt, mass;
  const PetscReal *u;                 /* [nyl][nxl] */
  const PetscReal *ghost[HEAT_SIDES]; /* values beyond each side */
  PetscReal       *out;               /* [nyl][nxl] */
} Sweep;

/* N_i = G_w (T_w - T_i) + G_e (T_e - T_i) + G_s (T_s - T_i) + G_n (T_n - T_i), for n cells of a
   row. */
static inline void RowKernel(const HeatOperator *op, const Sweep *sweep, PetscInt n, size_t cell,
                             const PetscReal *gx, const PetscReal *w, const PetscReal *e,
                             const PetscReal *s, const PetscReal *no)
{
  const PetscReal *restrict c  = sweep->u + cell;
  const PetscReal *restrict gs = op->gy + cell, *restrict gn = gs + op->grid->nxl;
  const PetscReal *restrict C = op->capacity + cell, *restrict q = op->q + cell;
  PetscReal *restrict out = sweep->out + cell;
  const PetscReal dt = sweep->dt, mass = sweep->mass;

#define SUM(i)                                                                                     \
  ((gx[i] * (w[i] - c[i]) + gx[(i) + 1] * (e[i] - c[i])) +                                         \
   (gs[i] * (s[i] - c[i]) + gn[i] * (no[i] - c[i])))
  switch (sweep->ending) {
  case NET:
    for (PetscInt i = 0; i < n; i++) out[i] = SUM(i) + q[i];
    break;
  case STEP:
    for (PetscInt i = 0; i < n; i++) out[i] = c[i] + dt / C[i] * (SUM(i) + q[i]);
    break;
  case APPLY:
    for (PetscInt i = 0; i < n; i++) out[i] = mass * C[i] * c[i] - SUM(i);
    break;
  }
#undef SUM
}

/* Cells [begin, end) of row j, the first and last of the block apart: their neighbours are
   ghosts. */
static void SweepRow(const HeatOperator *op, const Sweep *sweep, PetscInt j, PetscInt begin,
                     PetscInt end)
{
  const PetscInt   nx = op->grid->nxl, ny = op->grid->nyl;
  const size_t     row = (size_t)j * (size_t)nx;
  const PetscReal *u = sweep->u + row, *gx = op->gx + (size_t)j * (size_t)(nx + 1);
  const PetscReal *s = j > 0 ? u - nx : sweep->ghost[HEAT_BOTTOM];
  const PetscReal *n = j < ny - 1 ? u + nx : sweep->ghost[HEAT_TOP];
  PetscInt         i = begin;

  if (i == 0 && end > 0) {
    const PetscReal *east = nx == 1 ? sweep->ghost[HEAT_RIGHT] + j : u + 1;

    RowKernel(op, sweep, 1, row, gx, sweep->ghost[HEAT_LEFT] + j, east, s, n);
    i = 1;
  }
  const PetscInt last = PetscMin(end, nx - 1);
  if (i < last)
    RowKernel(op, sweep, last - i, row + (size_t)i, gx + i, u + i - 1, u + i + 1, s + i, n + i);
  if (end == nx && nx > 1) {
    RowKernel(op, sweep, 1, row + (size_t)nx - 1, gx + nx - 1, u + nx - 2,
              sweep->ghost[HEAT_RIGHT] + j, s + nx - 1, n + nx - 1);
  }
}

/* The whole block: what needs no message first.  `boundary` are the values beyond the domain's
   sides. */
static PetscErrorCode RunSweep(HeatOperator *op, Sweep *sweep,
                               const PetscReal *const boundary[HEAT_SIDES])
{
  const HeatGrid *g = op->grid;
  PetscInt        inner[HEAT_SIDES];

  PetscFunctionBeginUser;
  for (int s = 0; s < HEAT_SIDES; s++) {
    const PetscBool here = (g->boundary[s] || g->neighbour[s] == g->rank) ? PETSC_TRUE
                                                                          : PETSC_FALSE;

    sweep->ghost[s] = g->boundary[s] ? boundary[s] : HeatHaloGhost(op->halo, (HeatSide)s);
    inner[s]        = here ? 0 : 1;
  }
  const PetscInt i0 = inner[HEAT_LEFT], i1 = g->nxl - inner[HEAT_RIGHT];
  const PetscInt j0 = inner[HEAT_BOTTOM], j1 = g->nyl - inner[HEAT_TOP];

  PetscCall(HeatHaloBegin(op->halo, sweep->u));
  if (i0 < i1) {
    for (PetscInt j = j0; j < j1; j++) SweepRow(op, sweep, j, i0, i1);
  }
  PetscCall(HeatHaloEnd(op->halo));
  for (PetscInt j = 0; j < g->nyl; j++) {
    if (j < j0 || j >= j1 || i0 >= i1) {
      SweepRow(op, sweep, j, 0, g->nxl);
      continue;
    }
    if (i0 > 0) SweepRow(op, sweep, j, 0, i0);
    if (i1 < g->nxl) SweepRow(op, sweep, j, i1, g->nxl);
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode SweepWithBoundaries(HeatOperator *op, Sweep *sweep)
{
  const PetscReal *boundary[HEAT_SIDES];

  PetscFunctionBeginUser;
  for (int s = 0; s < HEAT_SIDES; s++)
    boundary[s] = HeatBoundariesGet(op->boundaries, (HeatSide)s).T;
  PetscCall(RunSweep(op, sweep, boundary));
  PetscFunctionReturn(0);
}

PetscErrorCode HeatOperatorNet(HeatOperator *op, const PetscReal *T, PetscReal *net)
{
  Sweep sweep = {.ending = NET, .u = T, .out = net};

  PetscFunctionBeginUser;
  PetscCall(SweepWithBoundaries(op, &sweep));
  PetscFunctionReturn(0);
}

PetscErrorCode HeatOperatorStep(HeatOperator *op, PetscReal dt, const PetscReal *T,
                                PetscReal *T_new)
{
  Sweep sweep = {.ending = STEP, .dt = dt, .u = T, .out = T_new};

  PetscFunctionBeginUser;
  PetscCall(SweepWithBoundaries(op, &sweep));
  PetscFunctionReturn(0);
}

PetscErrorCode HeatOperatorApply(HeatOperator *op, PetscReal mass, const PetscReal *x, PetscReal *y)
{
  Sweep            sweep             = {.ending = APPLY, .mass = mass, .u = x, .out = y};
  const PetscReal *zeros[HEAT_SIDES] = {op->zeros, op->zeros, op->zeros, op->zeros};

  PetscFunctionBeginUser;
  PetscCall(RunSweep(op, &sweep, zeros));
  PetscFunctionReturn(0);
}

/* Set-up. */

static PetscReal FaceConductivity(HeatFaceAverage average, PetscReal a, PetscReal b)
{
  return average == HEAT_FACE_HARMONIC ? 2.0 * a * b / (a + b) : 0.5 * (a + b);
}

/* Faces between cells of this rank, and those shared with neighbours; boundary faces stay zero, and
   so does the face of a cell with itself, where it is alone along a periodic axis. */
static void FaceConductances(HeatOperator *op, const PetscReal *kx, const PetscReal *ky,
                             PetscReal *const ghost[HEAT_SIDES])
{
  const HeatGrid       *g  = op->grid;
  const PetscInt        nx = g->nxl, ny = g->nyl;
  const HeatFaceAverage average = op->c->solver.face_average;

  for (PetscInt j = 0; j < ny; j++) {
    const PetscReal *k  = kx + (size_t)j * (size_t)nx;
    PetscReal       *gx = op->gx + (size_t)j * (size_t)(nx + 1);

    for (PetscInt i = 1; i < nx; i++)
      gx[i] = FaceConductivity(average, k[i - 1], k[i]) * g->hy / g->hx;
    if (ghost[HEAT_LEFT] && g->nx > 1)
      gx[0] = FaceConductivity(average, ghost[HEAT_LEFT][j], k[0]) * g->hy / g->hx;
    if (ghost[HEAT_RIGHT] && g->nx > 1)
      gx[nx] = FaceConductivity(average, k[nx - 1], ghost[HEAT_RIGHT][j]) * g->hy / g->hx;
  }
  for (PetscInt j = 0; j <= ny; j++) {
    const PetscReal *below = j > 0 ? ky + (size_t)(j - 1) * (size_t)nx : ghost[HEAT_BOTTOM];
    const PetscReal *above = j < ny ? ky + (size_t)j * (size_t)nx : ghost[HEAT_TOP];
    PetscReal       *gy    = op->gy + (size_t)j * (size_t)nx;

    if (!below || !above || g->ny == 1) continue;
    for (PetscInt i = 0; i < nx; i++)
      gy[i] = FaceConductivity(average, below[i], above[i]) * g->hx / g->hy;
  }
}

/* The conductances of boundary faces take the places of the missing neighbours'. */
static void BoundaryConductances(HeatOperator *op)
{
  const HeatGrid *g = op->grid;

  for (int s = 0; s < HEAT_SIDES; s++) {
    const HeatBoundaryFaces faces = HeatBoundariesGet(op->boundaries, (HeatSide)s);

    for (PetscInt k = 0; k < faces.length; k++) {
      switch ((HeatSide)s) {
      case HEAT_LEFT: op->gx[(size_t)k * (size_t)(g->nxl + 1)] = faces.G[k]; break;
      case HEAT_RIGHT:
        op->gx[(size_t)k * (size_t)(g->nxl + 1) + (size_t)g->nxl] = faces.G[k];
        break;
      case HEAT_BOTTOM: op->gy[k] = faces.G[k]; break;
      default: op->gy[(size_t)g->nyl * (size_t)g->nxl + (size_t)k] = faces.G[k]; break;
      }
    }
  }
}

/* Copies of the ghost strips of one field for two opposite sides. */
static PetscErrorCode ExchangeConductivity(HeatOperator *op, const PetscReal *k, HeatSide first,
                                           PetscReal *ghost[HEAT_SIDES])
{
  PetscFunctionBeginUser;
  PetscCall(HeatHaloBegin(op->halo, k));
  PetscCall(HeatHaloEnd(op->halo));
  for (int s = first; s < (int)first + 2; s++) {
    const PetscReal *strip  = HeatHaloGhost(op->halo, (HeatSide)s);
    const PetscInt   length = s < HEAT_BOTTOM ? op->grid->nyl : op->grid->nxl;

    if (!strip) continue;
    PetscCall(PetscMalloc1(length, &ghost[s]));
    PetscCall(PetscArraycpy(ghost[s], strip, length));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode SetUpCoefficients(HeatOperator *op)
{
  const HeatGrid *g = op->grid;
  const size_t    n = HeatGridLocalCells(g);
  PetscReal      *kx, *ky, *ghost[HEAT_SIDES] = {NULL, NULL, NULL, NULL};

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc2(n, &kx, n, &ky));
  for (size_t cell = 0; cell < n; cell++) {
    const HeatMaterial *m = &op->c->materials[op->material[cell]];

    kx[cell]           = m->conductivity[0].value;
    ky[cell]           = m->conductivity[1].value;
    op->capacity[cell] = m->density * m->specific_heat * g->hx * g->hy;
  }
  PetscCall(ExchangeConductivity(op, kx, HEAT_LEFT, ghost));
  PetscCall(ExchangeConductivity(op, ky, HEAT_BOTTOM, ghost));
  FaceConductances(op, kx, ky, ghost);
  PetscCall(HeatBoundariesCreate(g, op->c, kx, ky, &op->boundaries));
  BoundaryConductances(op);
  for (int s = 0; s < HEAT_SIDES; s++) PetscCall(PetscFree(ghost[s]));
  PetscCall(PetscFree2(kx, ky));
  PetscFunctionReturn(0);
}

/* q = Q + F: sources, and prescribed fluxes through the faces of edge cells. */
static PetscErrorCode CombineSources(HeatOperator *op)
{
  const HeatGrid *g     = op->grid;
  const size_t    width = (size_t)g->nxl;

  PetscFunctionBeginUser;
  if (!op->q_owned) {
    op->q = HeatSourceCells(op->source);
    PetscFunctionReturn(0);
  }
  PetscCall(PetscArraycpy(op->q_owned, HeatSourceCells(op->source), HeatGridLocalCells(g)));
  for (int s = 0; s < HEAT_SIDES; s++) {
    const HeatBoundaryFaces faces = HeatBoundariesGet(op->boundaries, (HeatSide)s);

    for (PetscInt k = 0; k < faces.length; k++)
      op->q_owned[HeatBoundaryCell(g, (HeatSide)s, k, width)] += faces.F[k];
  }
  op->q = op->q_owned;
  PetscFunctionReturn(0);
}

PetscErrorCode HeatOperatorCreate(const HeatGrid *g, const HeatCase *c,
                                  const HeatCellInputs *inputs, HeatOperator **out)
{
  HeatOperator *op;
  const size_t  n = HeatGridLocalCells(g);

  PetscFunctionBeginUser;
  (void)inputs;
  PetscCall(PetscNew(&op));
  *out     = op;
  op->grid = g;
  op->c    = c;
  PetscCall(PetscMalloc1(n, &op->material));
  PetscCall(PetscMalloc1(n, &op->capacity));
  PetscCall(PetscCalloc1((size_t)(g->nxl + 1) * (size_t)g->nyl, &op->gx));
  PetscCall(PetscCalloc1((size_t)g->nxl * (size_t)(g->nyl + 1), &op->gy));
  PetscCall(PetscCalloc1(PetscMax(g->nxl, g->nyl), &op->zeros));
  PetscCall(HeatPaintMaterials(g, c, op->material));
  PetscCall(HeatHaloCreate(g, &op->halo));
  PetscCall(SetUpCoefficients(op));
  PetscCall(HeatSourceCreate(g, c, &op->source));
  for (int s = 0; s < HEAT_SIDES; s++) {
    if (g->boundary[s] && c->boundary[s].segments[0].type == HEAT_BC_FLUX && !op->q_owned) {
      PetscCall(PetscMalloc1(n, &op->q_owned));
    }
  }
  PetscCall(CombineSources(op));
  PetscFunctionReturn(0);
}

PetscErrorCode HeatOperatorSetTime(HeatOperator *op, PetscReal t)
{
  PetscFunctionBeginUser;
  PetscCall(HeatSourceSet(op->source, t));
  PetscCall(HeatBoundariesSet(op->boundaries, t));
  if (HeatSourceVaries(op->source) || HeatBoundariesFluxVaries(op->boundaries))
    PetscCall(CombineSources(op));
  PetscFunctionReturn(0);
}

PetscErrorCode HeatOperatorSetSurfaceTime(HeatOperator *op, PetscReal t)
{
  PetscFunctionBeginUser;
  PetscCall(HeatBoundariesSet(op->boundaries, t));
  PetscFunctionReturn(0);
}

PetscErrorCode HeatOperatorUpdate(HeatOperator *op, const PetscReal *T, PetscBool *valid)
{
  (void)op;
  (void)T;
  *valid = PETSC_TRUE;
  return PETSC_SUCCESS;
}

PetscBool HeatOperatorIsLinear(const HeatOperator *op)
{
  (void)op;
  return PETSC_TRUE;
}

PetscBool HeatOperatorIsSymmetric(const HeatOperator *op)
{
  (void)op;
  return PETSC_TRUE;
}

PetscReal HeatOperatorConductivity(const HeatOperator *op, int axis, size_t cell)
{
  return op->c->materials[op->material[cell]].conductivity[axis].value;
}

PetscErrorCode HeatOperatorDestroy(HeatOperator **out)
{
  HeatOperator *op = *out;

  PetscFunctionBeginUser;
  if (!op) PetscFunctionReturn(0);
  PetscCall(HeatBoundariesDestroy(&op->boundaries));
  PetscCall(HeatSourceDestroy(&op->source));
  PetscCall(HeatHaloDestroy(&op->halo));
  PetscCall(PetscFree(op->material));
  PetscCall(PetscFree(op->capacity));
  PetscCall(PetscFree(op->gx));
  PetscCall(PetscFree(op->gy));
  PetscCall(PetscFree(op->zeros));
  PetscCall(PetscFree(op->q_owned));
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(0);
}

/* What it is made of. */

const HeatGrid       *HeatOperatorGrid(const HeatOperator *op) { return op->grid; }
const HeatCase       *HeatOperatorCase(const HeatOperator *op) { return op->c; }
const PetscReal      *HeatOperatorCapacity(const HeatOperator *op) { return op->capacity; }
const uint16_t       *HeatOperatorMaterial(const HeatOperator *op) { return op->material; }
const HeatBoundaries *HeatOperatorBoundaries(const HeatOperator *op) { return op->boundaries; }
const HeatSource     *HeatOperatorSource(const HeatOperator *op) { return op->source; }
HeatHaloCounts        HeatOperatorHaloCounts(const HeatOperator *op)
{
  return HeatHaloGetCounts(op->halo);
}
