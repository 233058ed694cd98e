/** The cost of heat2d's kernels (calibrate.h).
 *
 *  Everything is sampled in rounds: a round takes one short sample of every kernel, on every grid,
 *  by one rank of each node and by all ranks.  A slow minute of the machine then falls on all of
 *  them alike, and their differences and ratios keep their meaning. */
#include <math.h>

#include "app/calibrate/calibrate.h"
#include "app/calibrate/kernel_sheet.h"
#include "solver/base/monotonic.h"

/* Grids of 32 x 32, 64 x 64, ..., 2048 x 2048 cells.  Chosen: the fields of the smallest fit into a
   first-level cache, those of the largest exceed most cores' share of the last-level cache.  The
   budget can end the list earlier. */
enum { SMALLEST = 32, SIZES = 7 };

/* Rounds: at least; so many are foreseen when the budget decides on the next grid.  Chosen: a
   quarter of eight samples is two. */
enum { LEAST_ROUNDS = 3, FORESEEN_ROUNDS = 8 };

/* [B] per cell of a grid, for all its problems: 750 measured with grids up to 1024 x 1024, which
   had 1.09 GB. */
static const double BytesPerCell = 800.0;

/* The measurement. */
typedef struct {
  const HeatJob *job;
  MPI_Comm       comm[HEAT_CREWS]; /* MPI_COMM_NULL on ranks that are not in a crew */
  int            crews;            /* 1 where a node has one rank */
  PetscInt       sizes;
  HeatSheet     *sheets[SIZES][HEAT_COEFFICIENTS]; /* NULL on ranks without work */
  double         round;                            /* [s] of a round */
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

/* Create the problems of the next size and prepare their times. */
static PetscErrorCode AddSize(Campaign *c)
{
  const PetscInt n = SMALLEST << c->sizes;

  PetscFunctionBeginUser;
  for (int k = 0; k < HEAT_COEFFICIENTS; k++) {
    HeatSheet **sheet = &c->sheets[c->sizes][k];

    if (c->comm[c->crews - 1] != MPI_COMM_NULL)
      PetscCall(HeatSheetCreate(n, (HeatCoefficients)k, sheet));
    for (int crew = 0; crew < c->crews; crew++) {
      double seconds = 0.0;

      if (c->comm[crew] != MPI_COMM_NULL)
        PetscCall(HeatSheetStart(*sheet, c->comm[crew], (HeatCrew)crew, &seconds));
      c->round += seconds;
    }
    if (*sheet) PetscCall(CheckSweeps(*sheet));
  }
  c->sizes++;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the end of the rounds [s]: nine tenths of the budget; the rest is for what comes after. */
static double EndOf(const HeatJob *job) { return job->began + 0.9 * job->budget; }

/* Decide whether the next size fits into the budget.  It takes four times as long to create as the
   one that began at `start`, and adds at most four times the present round to a round. */
static PetscErrorCode HasTime(const Campaign *c, double start, PetscBool *more)
{
  const double now  = HeatMonotonicTime();
  const double need = 4.0 * (now - start) + FORESEEN_ROUNDS * 5.0 * c->round;

  PetscFunctionBeginUser;
  *more = now + need < EndOf(c->job) ? PETSC_TRUE : PETSC_FALSE;
  PetscCallMPI(MPI_Bcast(more, 1, MPIU_BOOL, 0, c->job->world));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether grids up to n x n cells on each rank take at most half of a node's memory.  A cell
   takes BytesPerCell for the problems of both kinds of coefficients; all smaller grids together
   have a third of the cells. */
static PetscBool HasMemory(const HeatJob *job, const HeatMachine *m, PetscInt n)
{
  const double bytes = BytesPerCell * 4.0 / 3.0;

  return (PetscBool)(bytes * (double)n * (double)n * job->per_node <= 0.5 * m->memory_per_node);
}

/* Take a round of samples. */
static PetscErrorCode TakeRound(Campaign *c)
{
  PetscFunctionBeginUser;
  for (PetscInt size = 0; size < c->sizes; size++)
    for (int k = 0; k < HEAT_COEFFICIENTS; k++)
      for (int crew = 0; crew < c->crews; crew++)
        if (c->comm[crew] != MPI_COMM_NULL)
          PetscCall(HeatSheetSample(c->sheets[size][k], c->comm[crew], (HeatCrew)crew));
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
    HeatRawTimes raw[SIZES];
    HeatCurve    costs[HEAT_KERNELS];

    for (PetscInt size = 0; size < c->sizes; size++)
      HeatSheetFinish(c->job, c->sheets[size][k], (HeatCrew)crew, &raw[size]);
    HeatCostFit(c->sizes, raw, costs);
    for (int kernel = 0; kernel < HEAT_KERNELS; kernel++) {
      HeatKernelCost *cost = &m->kernel[k][kernel];

      *(crew == HEAT_CREW_ALONE ? &cost->seconds : &cost->together) = costs[kernel];
    }
  }
  for (int kernel = 0; kernel < HEAT_KERNELS; kernel++)
    StoreBytes(c->job->per_node, m, &m->kernel[k][kernel]);
}

PetscErrorCode HeatCalibrateKernels(const HeatJob *job, HeatMachine *m)
{
  Campaign  c    = {.job = job, .crews = job->per_node > 1 ? 2 : 1};
  PetscBool more = PETSC_TRUE;

  PetscFunctionBeginUser;
  c.comm[HEAT_CREW_ALONE] = job->leaders;
  PetscCall(HeatJobFirst(job, job->per_node, &c.comm[HEAT_CREW_TOGETHER]));
  while (c.sizes < SIZES && more) {
    const double start = HeatMonotonicTime();

    if (c.sizes > 0 && !HasMemory(job, m, SMALLEST << c.sizes)) break;
    PetscCall(AddSize(&c));
    PetscCall(HasTime(&c, start, &more));
  }
  PetscCall(TakeRounds(&c));
  for (int k = 0; k < HEAT_COEFFICIENTS; k++) {
    if (job->rank == 0) StoreCosts(&c, (HeatCoefficients)k, m);
    for (PetscInt size = 0; size < c.sizes; size++) PetscCall(HeatSheetDestroy(&c.sheets[size][k]));
  }
  PetscCallMPI(MPI_Bcast(m, (PetscMPIInt)sizeof *m, MPI_BYTE, 0, job->world));
  if (c.comm[HEAT_CREW_TOGETHER] != MPI_COMM_NULL)
    PetscCallMPI(MPI_Comm_free(&c.comm[HEAT_CREW_TOGETHER]));
  PetscFunctionReturn(PETSC_SUCCESS);
}
