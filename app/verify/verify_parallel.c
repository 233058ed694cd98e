/* What depends on the decomposition: the halo exchange, and that nothing else does.
 *
 * The grids grow with the number of ranks, so that all of them take part and strips of any number
 * of blocks fit. */
#include <math.h>

#include "app/verify/verify_entries.h"

/* Every kind of side, jumps, a source of x y t; explicit. */
static const char explicit_case[] =
    "grid: {cells: [37, 29], x: [0.0, 1.0], y: [0.0, 1.0]}\n"
    "materials:\n"
    "  - {name: a, conductivity: [1.0, 0.2], density: 3.0, specific_heat: 2.0}\n"
    "  - {name: b, conductivity: 90.0, density: 40.0, specific_heat: 9.0}\n"
    "regions:\n"
    "  - {material: a, temperature: \"290+20*sin(9*x)*cos(7*y)\"}\n"
    "  - {shape: circle, centre: [0.45, 0.55], radius: 0.33, material: b, temperature: 400.0}\n"
    "source: \"5000*sin(7*x+5*y)*cos(40*t)\"\n"
    "boundary:\n"
    "  left: {type: convection, coefficient: \"20+10*y\", ambient: \"280+50*sin(30*t)\"}\n"
    "  right: {type: temperature, value: \"300+40*y+1000*t\"}\n"
    "  bottom: {type: flux, value: \"800*cos(50*t+x)\"}\n"
    "time: {scheme: ftcs, step: auto, steps: 20}\n";

static PetscErrorCode RingedX(HeatVerify *v)
{
  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "boundary.left={type: periodic}"));
  PetscCall(HeatVerifySet(v, "boundary.right={type: periodic}"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RingedY(HeatVerify *v)
{
  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "boundary.bottom={type: periodic}"));
  PetscCall(HeatVerifySet(v, "boundary.top={type: periodic}"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Halo. */

/* The number of the cell k along a side, one beyond it, with the ring closed. */
static PetscReal NumberBeyond(const HeatGrid *g, HeatSide side, PetscInt k)
{
  PetscInt i = g->xs + k, j = g->ys + k;

  switch (side) {
  case HEAT_LEFT: i = (g->xs + g->nx - 1) % g->nx; break;
  case HEAT_RIGHT: i = (g->xs + g->nxl) % g->nx; break;
  case HEAT_BOTTOM: j = (g->ys + g->ny - 1) % g->ny; break;
  default: j = (g->ys + g->nyl) % g->ny; break;
  }
  return (PetscReal)j * (PetscReal)g->nx + (PetscReal)i;
}

static PetscInt64 CountWrong(const HeatGrid *g, const HeatHalo *halo, PetscReal sign)
{
  PetscInt64 wrong = 0;

  for (int s = 0; s < HEAT_SIDES; s++) {
    const PetscReal *ghost  = HeatHaloGhost(halo, (HeatSide)s);
    const PetscInt   length = s < HEAT_BOTTOM ? g->nyl : g->nxl;

    if (g->boundary[s]) wrong += ghost != NULL;
    else {
      for (PetscInt k = 0; k < length; k++)
        wrong += !(ghost[k] == sign * NumberBeyond(g, (HeatSide)s, k));
    }
  }
  return wrong;
}

/* Two exchanges, of the numbers and of their negatives, so that a strip that stays behind shows. */
static PetscErrorCode ExchangeNumbers(const HeatGrid *g, PetscInt64 *wrong, PetscInt64 *excess)
{
  HeatHalo      *halo;
  HeatHaloCounts counts;
  PetscReal     *u;
  PetscInt64     sums[2] = {0, 0};

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(HeatGridLocalCells(g), &u));
  PetscCall(HeatHaloCreate(g, &halo));
  for (int round = 0; round < 2; round++) {
    const PetscReal sign = round == 0 ? 1.0 : -1.0;

    for (PetscInt j = 0; j < g->nyl; j++) {
      for (PetscInt i = 0; i < g->nxl; i++) {
        u[(size_t)j * (size_t)g->nxl + (size_t)i] = sign *
                                                    ((PetscReal)(g->ys + j) * (PetscReal)g->nx +
                                                     (PetscReal)(g->xs + i));
      }
    }
    PetscCall(HeatHaloBegin(halo, u));
    PetscCall(HeatHaloEnd(halo));
    sums[0] += CountWrong(g, halo, sign);
  }
  counts  = HeatHaloGetCounts(halo);
  sums[1] = counts.messages[0] + counts.messages[1];
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPIU_INT64, MPI_SUM, g->comm));
  *wrong  = sums[0];
  *excess = sums[1] - 2 * (PetscInt64)(g->messages_within + g->messages_between);
  PetscCall(HeatHaloDestroy(&halo));
  PetscCall(PetscFree(u));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MeasureHalo(HeatVerify *v, const char *name)
{
  HeatVerifyProblem *p;
  PetscInt64         wrong, excess;

  PetscFunctionBeginUser;
  PetscCall(HeatVerifyOpen(v, explicit_case, &p));
  PetscCall(ExchangeNumbers(p->grid, &wrong, &excess));
  PetscCall(HeatVerifyBelow(v, (PetscReal)wrong, 0.0, "%s, %d x %d blocks: wrong ghost values",
                            name, (int)p->grid->px, (int)p->grid->py));
  PetscCall(
      HeatVerifyBetween(v, (PetscReal)excess, 0.0, 0.0, "%s: messages beyond the predicted", name));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyHalo(HeatVerify *v)
{
  PetscMPIInt size;
  int         wide, tall;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(v->comm, &size));
  wide = PetscMax(37, size + 2);
  tall = PetscMax(29, size + 2);
  PetscCall(HeatVerifySet(v, "grid.cells=[%d,29]", wide));
  PetscCall(MeasureHalo(v, "blocks"));
  PetscCall(HeatVerifySet(v, "grid.cells=[%d,29]", wide));
  PetscCall(RingedX(v));
  PetscCall(RingedY(v));
  PetscCall(MeasureHalo(v, "periodic"));
  /* Columns of cells one wide, then rows. */
  PetscCall(HeatVerifySet(v, "grid.cells=[%d,5]", (int)size));
  PetscCall(HeatVerifySet(v, "decomposition.processes=[%d,1]", (int)size));
  PetscCall(MeasureHalo(v, "columns"));
  PetscCall(HeatVerifySet(v, "grid.cells=[5,%d]", tall));
  PetscCall(HeatVerifySet(v, "decomposition.processes=[1,%d]", (int)size));
  PetscCall(RingedY(v));
  PetscCall(MeasureHalo(v, "rows, periodic"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Decomposition. */

static PetscErrorCode Bits(HeatVerify *v, MPI_Comm comm, uint64_t *bits)
{
  HeatVerifyProblem *p;

  PetscFunctionBeginUser;
  PetscCall(HeatVerifyOpenOn(v, comm, explicit_case, &p));
  PetscCall(HeatVerifyAdvance(p, PETSC_DEFAULT));
  PetscCall(HeatVerifyChecksum(p, bits));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

typedef struct {
  int       nx, ny;
  PetscBool periodic;
} Shape;

static PetscErrorCode SetShape(HeatVerify *v, const Shape *shape)
{
  PetscFunctionBeginUser;
  v->n_set = 0; /* ranks that do not take part have not used theirs */
  PetscCall(HeatVerifySet(v, "grid.cells=[%d,%d]", shape->nx, shape->ny));
  if (shape->periodic) PetscCall(RingedX(v));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The same on the first `ranks` ranks; the answer on all. */
static PetscErrorCode BitsOfSome(HeatVerify *v, const Shape *shape, PetscMPIInt ranks,
                                 uint64_t *bits)
{
  MPI_Comm       some;
  PetscMPIInt    rank;
  PetscErrorCode code = PETSC_SUCCESS;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(v->comm, &rank));
  PetscCallMPI(MPI_Comm_split(v->comm, rank < ranks ? 0 : MPI_UNDEFINED, rank, &some));
  PetscCall(SetShape(v, shape));
  if (some != MPI_COMM_NULL) {
    code = Bits(v, some, bits);
    if (HeatErrorExitCode(code) == HEAT_EXIT_INTERNAL) PetscFunctionReturn(code);
    PetscCallMPI(MPI_Comm_free(&some));
  }
  PetscCall(HeatErrorAgree(v->comm, &code));
  PetscCall(code);
  PetscCallMPI(MPI_Bcast(bits, 1, MPI_UINT64_T, 0, v->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MeasureBits(HeatVerify *v, const Shape *shape, const char *name, int px,
                                  int py)
{
  uint64_t    alone = 0, bits = 0;
  PetscMPIInt size;
  PetscInt    layouts = 0, differ = 0;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(v->comm, &size));
  PetscCall(BitsOfSome(v, shape, 1, &alone));
  for (PetscMPIInt ranks = 2; ranks < size && ranks <= 3; ranks++, layouts++) {
    PetscCall(BitsOfSome(v, shape, ranks, &bits));
    differ += bits != alone;
  }
  for (int k = 0; k < 3; k++, layouts++) {
    PetscCall(SetShape(v, shape));
    if (k == 1) PetscCall(HeatVerifySet(v, "decomposition.mapping=linear"));
    if (k == 2) PetscCall(HeatVerifySet(v, "decomposition.processes=[%d,%d]", px, py));
    PetscCall(Bits(v, v->comm, &bits));
    differ += bits != alone;
  }
  PetscCall(HeatVerifyBelow(v, (PetscReal)differ, 0.0,
                            "%s: layouts, of %d, with other bits than one rank", name,
                            (int)layouts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Several steps in one sweep against single ones, without what that leaves to single steps. */
static PetscErrorCode OpenForSweeps(HeatVerify *v, int nx, int ny, const int blocks[2],
                                    PetscBool ring, HeatVerifyProblem **p)
{
  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "grid.cells=[%d,%d]", nx, ny));
  PetscCall(HeatVerifySet(v, "decomposition.processes=[%d,%d]", blocks[0], blocks[1]));
  PetscCall(HeatVerifySet(v, "source=5000*sin(7*x+5*y)"));
  PetscCall(HeatVerifySet(v, "boundary.bottom.value=800*cos(x)"));
  if (ring) PetscCall(RingedX(v));
  PetscCall(HeatVerifyOpen(v, explicit_case, p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MeasureSweeps(HeatVerify *v, const char *name, int nx, int ny,
                                    const int blocks[2], PetscBool ring)
{
  const PetscInt     steps = 45;
  HeatVerifyProblem *single, *several;
  uint64_t           bits[2];
  PetscInt           most;

  PetscFunctionBeginUser;
  PetscCall(OpenForSweeps(v, nx, ny, blocks, ring, &single));
  PetscCall(HeatVerifyAdvance(single, steps));
  PetscCall(HeatVerifyChecksum(single, &bits[0]));
  PetscCall(HeatVerifyClose(v, &single));
  PetscCall(OpenForSweeps(v, nx, ny, blocks, ring, &several));
  PetscCall(HeatVerifyAdvanceAtOnce(several, steps, &most));
  PetscCall(HeatVerifyChecksum(several, &bits[1]));
  PetscCall(HeatVerifyAccount(several));
  PetscCall(HeatVerifyBelow(v, bits[0] == bits[1] && most > 1 ? 0.0 : 1.0, 0.0,
                            "%s: other bits with %d steps at once", name, (int)most));
  PetscCall(HeatVerifyBelow(v, several->account.relative, 1e-12, "%s: heat lost meanwhile", name));
  PetscCall(HeatVerifyClose(v, &several));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyDecomposition(HeatVerify *v)
{
  PetscMPIInt size;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(v->comm, &size));
  const Shape wide = {PetscMax(37, size + 2), 29, PETSC_FALSE};
  const Shape tall = {29, PetscMax(37, size + 2), PETSC_FALSE};
  const Shape ring = {PetscMax(37, size + 2), 29, PETSC_TRUE};

  PetscCall(MeasureBits(v, &wide, "wide", size, 1));
  PetscCall(MeasureBits(v, &tall, "tall", 1, size));
  PetscCall(MeasureBits(v, &ring, "periodic", size, 1));
  PetscCall(MeasureSweeps(v, "rows", 1700, 24 * size, (const int[]){1, size}, PETSC_FALSE));
  PetscCall(MeasureSweeps(v, "columns", 66 * size, 70, (const int[]){size, 1}, PETSC_TRUE));
  PetscFunctionReturn(PETSC_SUCCESS);
}
