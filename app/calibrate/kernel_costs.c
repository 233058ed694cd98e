/** The cost of heat2d's kernels (calibrate.h).
 *
 *  Everything is sampled in rounds: a round takes one short sample of every kernel, on every grid,
 *  by one rank of each node and by all ranks.  A slow minute of the machine then falls on all of
 *  them alike, and their differences and ratios keep their meaning.
 *
 *  Grids are squares, each with four times the cells of the one before it, and two pairs of oblong
 *  grids, one with half as many rows as the other and as many cells, which determine the cost of a
 *  row.  Where a cell costs more on a square than on the one before it, a cache ends between them,
 *  and another square of a size between is added, again and again until neighbours are close. */
#include <math.h>

#include "app/calibrate/calibrate.h"
#include "app/calibrate/kernel_sheet.h"
#include "solver/base/monotonic.h"

/* Grids of 32 x 32, 64 x 64, ..., 2048 x 2048 cells.  Chosen: the fields of the smallest fit into a
   first-level cache, those of the largest exceed most cores' share of the last-level cache.  The
   budget can end the list earlier. */
enum { SMALLEST = 32, SIZES = 7 };

/* Oblong grids: SHORT x 2 SHORT, 2 SHORT x SHORT, and twice that along both axes.  Chosen: rows,
   not cells, take most of their time, and blocks of ranks are seldom more oblong.  The cost of a
   row is an average over widths: on an AMD EPYC a row of ftcs took 41 ns for 64 cells, 63 ns for
   128 and 86 ns for 256. */
enum { SHORT = 96, PAIRS = 2 };

/* A square is added between two of which the larger has more than Near times the cells of the
   smaller, if a cell costs more than Rise times as much there.  Chosen: a power law between two
   sizes of which one is Near times the other is off by less than a tenth where costs double
   between them; Rise is above the spread of rates of a quiet machine.  Sides are multiples of
   STEP, so that several levels of the multigrid halve them without a rest. */
static const double Near = 1.7, Rise = 1.15;
enum { STEP = 32 };

/* Rounds: at least; so many are foreseen when the budget decides on the next grid; so many show
   where a cost rises.  Chosen: a quarter of eight samples is two; the least of two samples is
   undisturbed in 99 cases of 100 on a machine that is disturbed for a tenth of the time. */
enum { LEAST_ROUNDS = 3, FORESEEN_ROUNDS = 8, DECIDING_ROUNDS = 2 };

/* [B] per cell of all grids, for their problems with both kinds of coefficients: 750 measured with
   grids up to 1024 x 1024, which had 1.09 GB. */
static const double BytesPerCell = 800.0;

/* A grid and its problems. */
typedef struct {
  PetscInt   nx, ny;
  HeatSheet *sheets[HEAT_COEFFICIENTS]; /* NULL on ranks without work */
} Grid;

/* The measurement. */
typedef struct {
  const HeatJob *job;
  MPI_Comm       comm[HEAT_CREWS]; /* MPI_COMM_NULL on ranks that are not in a crew */
  int            crews;            /* 1 where a node has one rank */
  PetscInt       n;
  Grid           grids[HEAT_FIT_GRIDS]; /* [n] ascending numbers of cells */
  double         cells;                 /* of all grids together */
  double         round;                 /* [s] of a round */
  PetscInt       taken;                 /* rounds so far */
} Campaign;

/* Check that stages are taken as the fit assumes: one by one, and in one sweep. */
static PetscErrorCode CheckSweeps(const HeatSheet *sheet)
{
  PetscFunctionBeginUser;
  PetscCheck(HeatSheetSweeps(sheet, HEAT_RAW_RKL2) == 0 &&
                 HeatSheetSweeps(sheet, HEAT_RAW_RKL2_FEW) == 1 &&
                 HeatSheetSweeps(sheet, HEAT_RAW_RKL2_MANY) == 1,
             PETSC_COMM_SELF, PETSC_ERR_PLIB, "stages are not timed as the fit assumes");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Make room for a grid in the list, and return it. */
static Grid *Insert(Campaign *c, PetscInt nx, PetscInt ny)
{
  PetscInt place = c->n++;

  for (; place > 0 && c->grids[place - 1].nx * c->grids[place - 1].ny > nx * ny; place--)
    c->grids[place] = c->grids[place - 1];
  c->grids[place] = (Grid){.nx = nx, .ny = ny};
  c->cells += (double)nx * (double)ny;
  return &c->grids[place];
}

/* Create the problems of a grid and prepare their times. */
static PetscErrorCode AddGrid(Campaign *c, PetscInt nx, PetscInt ny)
{
  Grid *grid = Insert(c, nx, ny);

  PetscFunctionBeginUser;
  for (int k = 0; k < HEAT_COEFFICIENTS; k++) {
    HeatSheet **sheet = &grid->sheets[k];

    if (c->comm[c->crews - 1] != MPI_COMM_NULL)
      PetscCall(HeatSheetCreate(nx, ny, (HeatCoefficients)k, sheet));
    for (int crew = 0; crew < c->crews; crew++) {
      double seconds = 0.0;

      if (c->comm[crew] != MPI_COMM_NULL)
        PetscCall(HeatSheetStart(*sheet, c->comm[crew], (HeatCrew)crew, &seconds));
      c->round += seconds;
    }
    if (*sheet) PetscCall(CheckSweeps(*sheet));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the end of the rounds [s]: nine tenths of the budget; the rest is for what comes after. */
static double EndOf(const HeatJob *job) { return job->began + 0.9 * job->budget; }

/* Decide whether `seconds` more, and then what is left of FORESEEN_ROUNDS, of `round` seconds each,
   fit into the budget. */
static PetscErrorCode HasTime(const Campaign *c, double seconds, double round, PetscBool *more)
{
  const double need = seconds + (double)PetscMax(LEAST_ROUNDS, FORESEEN_ROUNDS - c->taken) * round;

  PetscFunctionBeginUser;
  *more = HeatMonotonicTime() + need < EndOf(c->job) ? PETSC_TRUE : PETSC_FALSE;
  PetscCallMPI(MPI_Bcast(more, 1, MPIU_BOOL, 0, c->job->world));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether all grids, and one of n x n cells, take at most half of a node's memory. */
static PetscBool HasMemory(const Campaign *c, const HeatMachine *m, PetscInt n)
{
  const double cells = c->cells + (double)n * (double)n;

  return (PetscBool)(BytesPerCell * cells * c->job->per_node <= 0.5 * m->memory_per_node);
}

/* Take a round of samples. */
static PetscErrorCode TakeRound(Campaign *c)
{
  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < c->n; i++)
    for (int k = 0; k < HEAT_COEFFICIENTS; k++)
      for (int crew = 0; crew < c->crews; crew++)
        if (c->comm[crew] != MPI_COMM_NULL)
          PetscCall(HeatSheetSample(c->grids[i].sheets[k], c->comm[crew], (HeatCrew)crew));
  c->taken++;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return how much more a cell costs on the larger of two grids, of which rank 0 has all times. */
static double RiseBetween(const Campaign *c, const Grid *small, const Grid *large)
{
  double rise = 0.0;

  for (int k = 0; k < HEAT_COEFFICIENTS; k++) {
    for (int crew = 0; crew < c->crews; crew++) {
      HeatRawTimes raw[2];

      HeatSheetFinish(c->job, small->sheets[k], (HeatCrew)crew, &raw[0]);
      HeatSheetFinish(c->job, large->sheets[k], (HeatCrew)crew, &raw[1]);
      rise = PetscMax(rise, HeatCostRise(&raw[0], &raw[1]));
    }
  }
  return rise;
}

/* Find the side of the square that is missing most: between the two neighbours with the largest
   rise; 0 if none is missing.  Also estimate how much longer a round becomes [s], from the cells.
   Collective on world. */
static PetscErrorCode FindMissing(const Campaign *c, PetscInt *side, double *longer)
{
  double      found[2] = {0.0, 0.0}, most = Rise;
  const Grid *small = NULL;

  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < c->n && c->job->rank == 0; i++) {
    const Grid  *large = &c->grids[i];
    const double cells = small ? (double)small->nx * (double)large->nx : 0.0; /* between them */
    double       rise;

    if (large->nx != large->ny) continue;
    rise = small && large->nx * large->nx > Near * small->nx * small->nx
               ? RiseBetween(c, small, large)
               : 0.0;
    if (rise > most) {
      most     = rise;
      found[0] = STEP * round(sqrt(cells) / STEP);
      found[1] = c->round * found[0] * found[0] / c->cells;
    }
    small = large;
  }
  PetscCallMPI(MPI_Bcast(found, 2, MPI_DOUBLE, 0, c->job->world));
  *side   = (PetscInt)found[0];
  *longer = found[1];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add squares where the cost of a cell rises, as long as the budget allows. */
static PetscErrorCode Refine(Campaign *c, const HeatMachine *m)
{
  PetscBool more = PETSC_TRUE;

  PetscFunctionBeginUser;
  while (more && c->n < HEAT_FIT_GRIDS) {
    PetscInt side;
    double   longer;

    PetscCall(HasTime(c, DECIDING_ROUNDS * c->round, c->round, &more));
    if (!more) break;
    for (PetscInt k = 0; k < DECIDING_ROUNDS; k++) PetscCall(TakeRound(c));
    PetscCall(FindMissing(c, &side, &longer));
    if (side == 0 || !HasMemory(c, m, side)) break;
    PetscCall(HasTime(c, 4.0 * longer, c->round + longer, &more));
    if (more) PetscCall(AddGrid(c, side, side));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Take rounds until the budget is used up. */
static PetscErrorCode TakeRounds(Campaign *c)
{
  PetscBool more = PETSC_TRUE;

  PetscFunctionBeginUser;
  for (PetscInt round = 0; round < HEAT_SAMPLES && more; round++) {
    const double start = HeatMonotonicTime();
    double       now;

    PetscCall(TakeRound(c));
    now  = HeatMonotonicTime();
    more = (PetscBool)(round + 1 < LEAST_ROUNDS || now + (now - start) < EndOf(c->job));
    PetscCallMPI(MPI_Bcast(&more, 1, MPIU_BOOL, 0, c->job->world));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store how many bytes a cell moves: so many that, on the largest grid, each rank's share of the
   bandwidth takes the time of all ranks at once. */
static void StoreBytes(PetscMPIInt ranks, HeatMachine *m, HeatKernelCost *cost)
{
  const double     share = HeatCurveAt(&m->memory_bandwidth, (double)ranks) / (double)ranks;
  const HeatCurve *crowd = cost->together.n ? &cost->together : &cost->seconds;

  cost->bytes = crowd->value[crowd->n - 1] * share;
}

/* Fit the costs, on rank 0. */
static void StoreCosts(const Campaign *c, HeatCoefficients k, HeatMachine *m)
{
  for (int crew = 0; crew < c->crews; crew++) {
    HeatRawTimes   raw[HEAT_FIT_GRIDS];
    HeatFittedCost costs[HEAT_KERNELS];

    for (PetscInt i = 0; i < c->n; i++)
      HeatSheetFinish(c->job, c->grids[i].sheets[k], (HeatCrew)crew, &raw[i]);
    HeatCostFit(c->n, raw, costs);
    for (int kernel = 0; kernel < HEAT_KERNELS; kernel++) {
      HeatKernelCost *cost = &m->kernel[k][kernel];

      *(crew == HEAT_CREW_ALONE ? &cost->seconds : &cost->together) = costs[kernel].seconds;
      if (crew == HEAT_CREW_ALONE) cost->row = costs[kernel].row;
    }
  }
  for (int kernel = 0; kernel < HEAT_KERNELS; kernel++)
    StoreBytes(c->job->per_node, m, &m->kernel[k][kernel]);
}

/* Add squares, the smallest first, within the budget and the memory, then oblong grids of fewer
   cells than the largest. */
static PetscErrorCode AddGrids(Campaign *c, const HeatMachine *m)
{
  PetscBool more = PETSC_TRUE;
  PetscInt  side = SMALLEST;

  PetscFunctionBeginUser;
  for (; more && side <= SMALLEST << (SIZES - 1); side *= 2) {
    const double start = HeatMonotonicTime();

    if (c->n > 0 && !HasMemory(c, m, side)) break;
    PetscCall(AddGrid(c, side, side));
    /* The next size takes four times as long to create, and adds at most four times the present
       round to a round. */
    PetscCall(HasTime(c, 4.0 * (HeatMonotonicTime() - start), 5.0 * c->round, &more));
  }
  for (PetscInt n = SHORT; n < SHORT << PAIRS && 4 * n < side; n *= 2) {
    PetscCall(AddGrid(c, n, 2 * n));
    PetscCall(AddGrid(c, 2 * n, n));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCalibrateKernels(const HeatJob *job, HeatMachine *m)
{
  Campaign c = {.job = job, .crews = job->per_node > 1 ? 2 : 1};

  PetscFunctionBeginUser;
  c.comm[HEAT_CREW_ALONE] = job->leaders;
  PetscCall(HeatJobFirst(job, job->per_node, &c.comm[HEAT_CREW_TOGETHER]));
  PetscCall(AddGrids(&c, m));
  PetscCall(Refine(&c, m));
  PetscCall(TakeRounds(&c));
  for (int k = 0; k < HEAT_COEFFICIENTS; k++) {
    if (job->rank == 0) StoreCosts(&c, (HeatCoefficients)k, m);
    for (PetscInt i = 0; i < c.n; i++) PetscCall(HeatSheetDestroy(&c.grids[i].sheets[k]));
  }
  PetscCallMPI(MPI_Bcast(m, (PetscMPIInt)sizeof *m, MPI_BYTE, 0, job->world));
  if (c.comm[HEAT_CREW_TOGETHER] != MPI_COMM_NULL)
    PetscCallMPI(MPI_Comm_free(&c.comm[HEAT_CREW_TOGETHER]));
  PetscFunctionReturn(PETSC_SUCCESS);
}
