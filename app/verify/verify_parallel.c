/** Entries `halo` and `decomposition`: a halo exchange brings the right values with the predicted
 * number of messages, and an explicit run has the same bits on any number of ranks, in any layout
 * of blocks, and with several steps per sweep.
 *
 * The grids grow with the number of ranks, so that all ranks take part and strips of as many blocks
 * as there are ranks fit along either axis. */
#include <math.h>

#include "app/verify/verify_entries.h"

/* ftcs with four types of sides (top is insulated), jumping conductivities, a source of x, y, t. */
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

static PetscErrorCode SetPeriodicX(HeatVerify *v)
{
  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "boundary.left={type: periodic}"));
  PetscCall(HeatVerifySet(v, "boundary.right={type: periodic}"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetPeriodicY(HeatVerify *v)
{
  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "boundary.bottom={type: periodic}"));
  PetscCall(HeatVerifySet(v, "boundary.top={type: periodic}"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Halo. */

/* Count the ghost values of this rank that are not `sign` times the expected number, and sides on
   the domain's boundary that have ghost values. */
static PetscInt64 CountWrongGhosts(const HeatGrid *g, const HeatHalo *halo, PetscReal sign)
{
  PetscInt64 wrong = 0;

  for (int s = 0; s < HEAT_SIDES; s++) {
    const PetscReal *ghost = HeatHaloGhost(halo, (HeatSide)s);

    if (g->boundary[s]) wrong += ghost != NULL;
    else wrong += HeatHaloCountWrong(g, (HeatSide)s, sign, ghost);
  }
  return wrong;
}

/* Exchange the halo of a field of global cell numbers, then of its negative, so that a strip that
   keeps its old values is noticed.
   @param[out] wrong   wrong ghost values, over all ranks
   @param[out] excess  messages that were sent beyond the number that the grid predicts */
static PetscErrorCode ExchangeHaloOfNumbers(const HeatGrid *g, PetscInt64 *wrong,
                                            PetscInt64 *excess)
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

    HeatHaloNumberCells(g, sign, u);
    PetscCall(HeatHaloBegin(halo, u));
    PetscCall(HeatHaloEnd(halo));
    sums[0] += CountWrongGhosts(g, halo, sign);
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

/* Measure the halo exchange on the grid and the layout of blocks that the overrides ask for. */
static PetscErrorCode MeasureHalo(HeatVerify *v, const char *name)
{
  HeatVerifyProblem *p;
  PetscInt64         wrong, excess;

  PetscFunctionBeginUser;
  PetscCall(HeatVerifyOpen(v, explicit_case, &p));
  PetscCall(ExchangeHaloOfNumbers(p->grid, &wrong, &excess));
  PetscCall(HeatVerifyBelow(v, (PetscReal)wrong, 0.0, "%s, %d x %d blocks: wrong ghost values",
                            name, (int)p->grid->px, (int)p->grid->py));
  PetscCall(
      HeatVerifyBetween(v, (PetscReal)excess, 0.0, 0.0, "%s: messages sent minus predicted", name));
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
  PetscCall(SetPeriodicX(v));
  PetscCall(SetPeriodicY(v));
  PetscCall(MeasureHalo(v, "periodic"));
  /* Blocks that are columns one cell wide, then blocks that are rows. */
  PetscCall(HeatVerifySet(v, "grid.cells=[%d,5]", (int)size));
  PetscCall(HeatVerifySet(v, "decomposition.processes=[%d,1]", (int)size));
  PetscCall(MeasureHalo(v, "columns"));
  PetscCall(HeatVerifySet(v, "grid.cells=[5,%d]", tall));
  PetscCall(HeatVerifySet(v, "decomposition.processes=[1,%d]", (int)size));
  PetscCall(SetPeriodicY(v));
  PetscCall(MeasureHalo(v, "rows, periodic"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Decomposition. */

/* Run the explicit case with the pending overrides and return the checksum of its final field. */
static PetscErrorCode ChecksumOfRun(HeatVerify *v, MPI_Comm comm, uint64_t *bits)
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
  int       nx, ny;   /* cells */
  PetscBool periodic; /* along x */
} Shape;

static PetscErrorCode SetShape(HeatVerify *v, const Shape *shape)
{
  PetscFunctionBeginUser;
  v->n_set = 0; /* ranks that did not open the previous problem still have its overrides */
  PetscCall(HeatVerifySet(v, "grid.cells=[%d,%d]", shape->nx, shape->ny));
  if (shape->periodic) PetscCall(SetPeriodicX(v));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Run the explicit case on the first `ranks` ranks of v->comm and return the checksum on all of
   them.  Collective on v->comm. */
static PetscErrorCode ChecksumOnSomeRanks(HeatVerify *v, const Shape *shape, PetscMPIInt ranks,
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
    code = ChecksumOfRun(v, some, bits);
    if (HeatErrorExitCode(code) == HEAT_EXIT_INTERNAL) PetscFunctionReturn(code);
    PetscCallMPI(MPI_Comm_free(&some));
  }
  PetscCall(HeatErrorAgree(v->comm, &code));
  PetscCall(code);
  PetscCallMPI(MPI_Bcast(bits, 1, MPI_UINT64_T, 0, v->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Count the layouts whose final field differs in any bit from that of one rank: two and three ranks
   (where there are more), and all ranks with the default layout, with `mapping: linear`, and with
   px by py blocks. */
static PetscErrorCode MeasureLayouts(HeatVerify *v, const Shape *shape, const char *name, int px,
                                     int py)
{
  uint64_t    alone = 0, bits = 0;
  PetscMPIInt size;
  PetscInt    layouts = 0, differ = 0;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(v->comm, &size));
  PetscCall(ChecksumOnSomeRanks(v, shape, 1, &alone));
  for (PetscMPIInt ranks = 2; ranks < size && ranks <= 3; ranks++, layouts++) {
    PetscCall(ChecksumOnSomeRanks(v, shape, ranks, &bits));
    differ += bits != alone;
  }
  for (int k = 0; k < 3; k++, layouts++) {
    PetscCall(SetShape(v, shape));
    if (k == 1) PetscCall(HeatVerifySet(v, "decomposition.mapping=linear"));
    if (k == 2) PetscCall(HeatVerifySet(v, "decomposition.processes=[%d,%d]", px, py));
    PetscCall(ChecksumOfRun(v, v->comm, &bits));
    differ += bits != alone;
  }
  PetscCall(HeatVerifyBelow(v, (PetscReal)differ, 0.0,
                            "%s: layouts of %d that differ from one rank", name, (int)layouts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Open the explicit case without the features that force single steps: a source and a flux that
   change with time (solver/README.md, section 7). */
static PetscErrorCode OpenForSweeps(HeatVerify *v, int nx, int ny, const int blocks[2],
                                    PetscBool periodic, HeatVerifyProblem **p)
{
  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "grid.cells=[%d,%d]", nx, ny));
  PetscCall(HeatVerifySet(v, "decomposition.processes=[%d,%d]", blocks[0], blocks[1]));
  PetscCall(HeatVerifySet(v, "source=5000*sin(7*x+5*y)"));
  PetscCall(HeatVerifySet(v, "boundary.bottom.value=800*cos(x)"));
  if (periodic) PetscCall(SetPeriodicX(v));
  PetscCall(HeatVerifyOpen(v, explicit_case, p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compare several steps per sweep with single steps, bit for bit, and close the energy account of
   the run with several.  45 steps are chosen: more than one sweep takes (at most 32) and, on these
   grids, no multiple of that number, so that the last sweep is a shorter one. */
static PetscErrorCode MeasureSweeps(HeatVerify *v, const char *name, int nx, int ny,
                                    const int blocks[2], PetscBool periodic)
{
  const PetscInt     steps = 45;
  HeatVerifyProblem *single, *several;
  uint64_t           bits[2];
  PetscInt           most;

  PetscFunctionBeginUser;
  PetscCall(OpenForSweeps(v, nx, ny, blocks, periodic, &single));
  PetscCall(HeatVerifyAdvance(single, steps));
  PetscCall(HeatVerifyChecksum(single, &bits[0]));
  PetscCall(HeatVerifyClose(v, &single));
  PetscCall(OpenForSweeps(v, nx, ny, blocks, periodic, &several));
  PetscCall(HeatVerifyAdvanceAtOnce(several, steps, &most));
  PetscCall(HeatVerifyChecksum(several, &bits[1]));
  PetscCall(HeatVerifyAccount(several));
  /* If no sweep can take several steps, nothing was compared: the measurement fails, too. */
  PetscCall(HeatVerifyBelow(v, bits[0] == bits[1] && most > 1 ? 0.0 : 1.0, 0.0,
                            "%s: bits differ with %d steps per sweep", name, (int)most));
  PetscCall(HeatVerifyBelow(v, several->account.relative, 1e-12,
                            "%s: energy account error of these sweeps", name));
  PetscCall(HeatVerifyClose(v, &several));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyDecomposition(HeatVerify *v)
{
  PetscMPIInt size;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(v->comm, &size));
  const Shape wide     = {PetscMax(37, size + 2), 29, PETSC_FALSE};
  const Shape tall     = {29, PetscMax(37, size + 2), PETSC_FALSE};
  const Shape periodic = {PetscMax(37, size + 2), 29, PETSC_TRUE};

  PetscCall(MeasureLayouts(v, &wide, "wide", size, 1));
  PetscCall(MeasureLayouts(v, &tall, "tall", 1, size));
  PetscCall(MeasureLayouts(v, &periodic, "periodic", size, 1));
  /* 2100 columns are more than one tile of a sweep (up to 2048: solver/operator/wavefront.c);
     blocks of 24 rows or 66 columns are more than the 16 cells below which only single steps are
     taken. */
  PetscCall(MeasureSweeps(v, "rows", 2100, 24 * size, (const int[]){1, size}, PETSC_FALSE));
  PetscCall(MeasureSweeps(v, "columns", 66 * size, 70, (const int[]){size, 1}, PETSC_TRUE));
  PetscFunctionReturn(PETSC_SUCCESS);
}
