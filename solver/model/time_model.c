/** The model of time (time_model.h); equations of solver/README.md, section 10.
 *
 *  The model counts the work of a rank in the middle of the process grid, which has the largest
 *  block and the most neighbours.  It leaves out waiting for slower ranks, the overlap of messages
 *  with computing, and contention between messages beyond that of a calibration. */
#include "solver/model/time_model.h"

#include <math.h>

/* [cells] of halo that a rank also computes towards each neighbour, on average over the passes
   of an iteration: the mean of 9, 8, 8, 7, 6, 5, 5, 4, 3, 2, 1, 0 (the drawing of halos in
   section 9 of solver/README.md). */
static const double Redundant = 58.0 / 12.0;

/* Reductions of a solve beside one in each iteration, and of a row of history.csv.  Counted in runs
   on two ranks: 3 a solve and up to 1 for a norm that did not end it or a decision of the time
   loop; 1 a row. */
static const double SolveReductions = 4.0, RowReductions = 1.0;

/* Kernels. */

/* Return the time of a cell [s] with `ranks` ranks of each node at work, without the bound of the
   memory's bandwidth: between the times of one rank and of all ranks, linear in the ranks. */
static double TimeOfCell(const HeatMachine *m, const HeatKernelCost *cost, double cells,
                         double ranks)
{
  const HeatCurve *b     = &m->memory_bandwidth;
  const double     all   = b->n ? b->at[b->n - 1] : 1.0; /* ranks of `together` */
  const double     alone = HeatCurveAt(&cost->seconds, cells);

  if (cost->together.n == 0 || all <= 1.0) return alone;
  return alone + (HeatCurveAt(&cost->together, cells) - alone) *
                     PetscClipInterval((ranks - 1.0) / (all - 1.0), 0.0, 1.0);
}

double HeatTimeOfKernel(const HeatMachine *m, HeatCoefficients coefficients, HeatKernel kernel,
                        double width, double height, double ranks)
{
  const HeatKernelCost *cost   = &m->kernel[coefficients][kernel];
  const double          cores  = (double)PetscMax(1, m->cores_per_node);
  const double          active = PetscMin(ranks, cores); /* the others wait for a core */
  const double          least  = cost->seconds.n ? cost->seconds.at[0] : 0.0; /* [cells] */
  const double          cells  = PetscMax(width * height, least);
  double                a_cell = TimeOfCell(m, cost, cells, active);
  const double          share  = HeatCurveAt(&m->memory_bandwidth, active) / active; /* of a rank */

  if (cost->bytes * cells * active > m->cache_per_node)
    a_cell = PetscMax(a_cell, cost->bytes / share);
  /* Few cells take as long as the fewest measured, however they are arranged. */
  if (width * height < least) height = sqrt(cells);
  return PetscMax(a_cell * cells + cost->row * (height - sqrt(cells)), 0.0) *
         PetscMax(1.0, ranks / cores);
}

/* Messages. */

/* Return the time of n messages of `bytes` bytes each that a rank sends within its node [s]. */
static double Within(const HeatMachine *m, double n, double bytes)
{
  return n > 0.0 ? n * (m->within.latency + bytes / HeatCurveAt(&m->within.bandwidth, bytes)) : 0.0;
}

/* Return the time of n messages of `bytes` bytes each that a rank sends to other nodes [s], while
   all ranks of its node together send `all` bytes over the node's link. */
static double Between(const HeatMachine *m, double n, double bytes, double all)
{
  const HeatLink *link = HeatMachineBetween(m);

  return n > 0.0 ? n * link->latency + all / HeatCurveAt(&link->bandwidth, bytes) : 0.0;
}

/* Return the number of neighbours along an axis that a block in the middle of `parts` blocks
   has. */
static double Neighbours(double parts, PetscBool periodic)
{
  if (parts < 2.0) return 0.0;
  return parts < 3.0 && !periodic ? 1.0 : 2.0;
}

/* What an exchange sends along one axis. */
typedef struct {
  double within, between; /* messages of a rank */
  double crossings;       /* sides of a node beyond which there is another node */
  double bytes;           /* of a message */
} Axis;

static Axis AxisOf(const HeatTimeExchange *e, int axis)
{
  const double    ends  = axis == 1 && e->corners ? Neighbours(e->parts[0], e->periodic[0]) : 0.0;
  const double    along = ceil(e->n[!axis] / e->parts[!axis]) + ends * e->depth;
  const double    nodes = ceil(e->parts[axis] / e->tile[axis]);
  const PetscBool wraps = e->periodic[axis];
  const double    all   = Neighbours(e->parts[axis], wraps);
  Axis            a     = {.bytes = e->depth * along * e->bytes};

  a.crossings = Neighbours(nodes, wraps);
  if (nodes > 1.0) a.between = e->tile[axis] < 2.0 ? all : PetscMin(1.0, all);
  a.within = all - a.between;
  return a;
}

double HeatTimeOfExchange(const HeatMachine *m, const HeatTimeExchange *e)
{
  const Axis   x = AxisOf(e, 0), y = AxisOf(e, 1);
  const double corner = e->depth * e->depth * e->bytes;
  const double all_x = x.within + x.between, all_y = y.within + y.between;
  const double corners = e->diagonal ? all_x * all_y : 0.0;
  const double inside  = e->diagonal ? x.within * y.within : 0.0; /* corners within the node */
  const double leaving = x.crossings * e->tile[1] * x.bytes;      /* of a node along x [B] */
  const double rising  = y.crossings * e->tile[0] * y.bytes;      /* along y */

  if (all_x + all_y == 0.0) return 0.0;
  return m->exchange + Within(m, x.within, x.bytes) + Within(m, y.within, y.bytes) +
         Within(m, inside, corner) + Between(m, x.between, x.bytes, leaving) +
         Between(m, y.between, y.bytes, rising) +
         Between(m, corners - inside, corner, (corners - inside) * corner);
}

double HeatTimeOfReduction(const HeatMachine *m, const HeatLayout *l)
{
  const double     ranks = (double)PetscMin(l->per_node, l->size), nodes = (double)l->n_nodes;
  const HeatCurve *within  = m->reduce_within.n ? &m->reduce_within : &m->reduce_between;
  const HeatCurve *between = m->reduce_between.n ? &m->reduce_between : &m->reduce_within;

  return (ranks > 1.0 ? HeatCurveOfRanks(within, ranks) : 0.0) +
         (nodes > 1.0 ? HeatCurveOfRanks(between, nodes) : 0.0);
}

/* The grid and its levels. */

/* Make the blocks of an exchange as large as that of the slowest rank. */
static void Stretch(const HeatTimeInput *in, HeatTimeExchange *e)
{
  for (int axis = 0; axis < 2; axis++)
    if (e->parts[axis] > 1.0 && in->slowest.stretch[axis] > 0.0)
      e->n[axis] *= PetscMin(in->slowest.stretch[axis], e->parts[axis]);
}

/* Describe an exchange of the grid's halo one value deep in double precision, of equal blocks. */
static HeatTimeExchange EqualBlocks(const HeatLayout *l)
{
  HeatTimeExchange e = {.n        = {(double)l->nx, (double)l->ny},
                        .parts    = {(double)l->px, (double)l->py},
                        .tile     = {(double)l->px, (double)l->py},
                        .periodic = {l->periodic[0], l->periodic[1]},
                        .depth    = 1.0,
                        .bytes    = sizeof(double)};

  if (l->n_nodes > 1 && l->tile[0] > 0) {
    e.tile[0] = (double)l->tile[0];
    e.tile[1] = (double)l->tile[1];
  } else if (l->n_nodes > 1) { /* rank by rank along the rows */
    e.tile[0] = (double)PetscMin(l->per_node, l->px);
    e.tile[1] = (double)PetscMax(1, l->per_node / l->px);
  }
  return e;
}

/* Describe an exchange of the grid's halo. */
static HeatTimeExchange GridExchange(const HeatTimeInput *in)
{
  HeatTimeExchange e = EqualBlocks(in->layout);

  Stretch(in, &e);
  return e;
}

/* Describe an exchange of the multigrid on a level. */
static HeatTimeExchange LevelExchange(const HeatTimeInput *in, const HeatLevelPlan *level,
                                      double depth)
{
  HeatTimeExchange e = EqualBlocks(in->layout);

  for (int axis = 0; axis < 2; axis++) {
    e.tile[axis]  = PetscMax(1.0, e.tile[axis] * (double)level->parts[axis] / e.parts[axis]);
    e.n[axis]     = (double)level->n[axis];
    e.parts[axis] = (double)level->parts[axis];
  }
  e.depth    = depth;
  e.diagonal = PETSC_TRUE;
  e.bytes    = sizeof(float);
  Stretch(in, &e);
  return e;
}

/* Return the cells along an axis of the largest block, `wider` cells wider towards each
   neighbour. */
static double Side(const HeatTimeExchange *e, int axis, double wider)
{
  return ceil(e->n[axis] / e->parts[axis]) + wider * Neighbours(e->parts[axis], e->periodic[axis]);
}

/* Return the time of a kernel on the blocks of an exchange. */
static double Kernel(const HeatTimeInput *in, HeatKernel kernel, const HeatTimeExchange *e,
                     double wider)
{
  const double ranks = PetscMin(e->tile[0], e->parts[0]) * PetscMin(e->tile[1], e->parts[1]);

  return HeatTimeOfKernel(in->machine, in->coefficients, kernel, Side(e, 0, wider),
                          Side(e, 1, wider), ranks) *
         PetscMax(1.0, in->slowest.slower);
}

/* Explicit schemes. */

/* Return the time in which a sweep brings what it reads along the domain's sides at its `lines`
   steps into the halo: temperatures and, along some sides, fluxes, each by a message to each
   neighbour along the side.  Where no cut runs between two opposite sides, a rank has both and
   sends along one after the other; else they belong to different ranks, which send at once. */
static double AlongSides(const HeatTimeInput *in, const HeatTimeExchange *e, double lines)
{
  double seconds = 0.0;

  for (int axis = 0; axis < 2; axis++) {
    const PetscBool *flux = in->steps->flux + 2 * !axis; /* of the two sides along the axis */
    const double     low = flux[0] ? 2.0 : 1.0, high = flux[1] ? 2.0 : 1.0;
    HeatTimeExchange line = *e;

    if (e->periodic[!axis]) continue;
    line.n[!axis] = line.parts[!axis] = line.tile[!axis] = 1.0;
    line.bytes *= lines;
    line.corners = PETSC_FALSE;
    seconds += (e->parts[!axis] < 2.0 ? low + high : PetscMax(low, high)) *
               HeatTimeOfExchange(in->machine, &line);
  }
  return seconds;
}

static HeatTime TimeOfExplicit(const HeatTimeInput *in)
{
  const HeatModelSteps    *s      = in->steps;
  const PetscBool          stages = s->stages > 0 ? PETSC_TRUE : PETSC_FALSE;
  const HeatKernel         alone  = stages ? HEAT_KERNEL_RKL2 : HEAT_KERNEL_FTCS;
  const double             n      = (double)(s->steps > 0 ? s->steps : PetscMax(1, s->every[0]));
  const HeatModelExchanges counts = HeatModelStepsExchanges(s, (PetscInt64)n);
  const double             sweeps = (double)counts.sweeps / n, lines = (double)counts.lines / n;
  const double             wider = sweeps > 0.0 ? lines / sweeps / 2.0 : 0.0; /* on average */
  HeatTimeExchange         e     = GridExchange(in);
  HeatTime                 t     = {0};

  if (!counts.known) return (HeatTime){.compute = NAN, .halo = NAN};
  t.compute = (double)counts.single / n * Kernel(in, alone, &e, 0.0);
  t.halo    = (double)counts.single / n * HeatTimeOfExchange(in->machine, &e);
  if (sweeps == 0.0) return t;
  t.compute += lines * Kernel(in, (HeatKernel)(alone + 1), &e, wider) +
               sweeps * Kernel(in, (HeatKernel)(alone + 2), &e, wider);
  e.depth   = (double)s->deep;
  e.corners = PETSC_TRUE;
  t.halo += (double)counts.deep / n * HeatTimeOfExchange(in->machine, &e);
  t.halo += sweeps * AlongSides(in, &e, lines / sweeps);
  return t;
}

/* Implicit schemes. */

/* Return the time of the messages that join blocks of the next finer level on one rank, or that
   distribute them again [s]: that rank receives, or sends, all of them but its own. */
static double TimeOfJoin(const HeatTimeInput *in, const HeatLevelPlan *finer,
                         const HeatLevelPlan *level, const HeatTimeExchange *e)
{
  const double blocks = (double)finer->parts[0] / (double)level->parts[0] *
                        (double)finer->parts[1] / (double)level->parts[1];
  const double bytes = Side(e, 0, 0.0) * Side(e, 1, 0.0) / blocks * e->bytes;
  const double had   = e->tile[0] * e->tile[1] * blocks; /* blocks of a node before the join */
  const double local = (double)PetscMin(in->layout->per_node, in->layout->size);

  if (blocks <= 1.0) return 0.0;
  /* With one block left there is no halo, and the join is an exchange of its own. */
  return (e->parts[0] * e->parts[1] > 1.0 ? 0.0 : in->machine->exchange) +
         (had <= local || in->layout->n_nodes == 1
              ? Within(in->machine, blocks - 1.0, bytes)
              : Between(in->machine, blocks - 1.0, bytes, (blocks - 1.0) * bytes));
}

/* Return how often a visit of a level exchanges its whole halo, in addition to the transfers on the
   way down and up. */
static double ExtraHalos(const HeatLevelPlan *level, PetscBool finest)
{
  const double halo = (double)(level->halo.messages[0] + level->halo.messages[1]);
  double       all  = (double)(level->visit.messages[0] + level->visit.messages[1]);

  if (!finest)
    for (int k = 0; k < 2; k++)
      all -= (double)(level->gather.messages[k] + level->scatter.messages[k]);
  return halo > 0.0 ? all / halo : 0.0;
}

/* Return the time of a visit of coarse level k [s]. */
static double TimeOfLevel(const HeatTimeInput *in, PetscInt k)
{
  const HeatLevelPlan   *level = &in->levels[k];
  const HeatTimeExchange down  = LevelExchange(in, level, HEAT_HALO);
  const HeatTimeExchange up    = LevelExchange(in, level, HEAT_COARSE_HALO);

  return Kernel(in, HEAT_KERNEL_COARSE, &down, Redundant) +
         (1.0 + ExtraHalos(level, PETSC_FALSE)) * HeatTimeOfExchange(in->machine, &down) +
         HeatTimeOfExchange(in->machine, &up) +
         2.0 * TimeOfJoin(in, &in->levels[k - 1], level, &down);
}

static HeatTime TimeOfImplicit(const HeatTimeInput *in)
{
  const HeatTimeExchange grid   = GridExchange(in);
  const HeatTimeExchange finest = LevelExchange(in, &in->levels[0], HEAT_HALO);
  const double           solves = (double)in->steps->solves, n = in->iterations;
  const double           deep = 2.0 * solves + n * (1.0 + ExtraHalos(&in->levels[0], PETSC_TRUE));
  HeatTime               t    = {0};

  t.compute = solves * Kernel(in, HEAT_KERNEL_SOLVE, &grid, 0.0) +
              n * Kernel(in, HEAT_KERNEL_ITERATION, &finest, Redundant);
  t.halo = (double)in->steps->exchanges * HeatTimeOfExchange(in->machine, &grid) +
           deep * HeatTimeOfExchange(in->machine, &finest);
  for (PetscInt k = 1; k < in->n_levels; k++) t.coarse_levels += n * TimeOfLevel(in, k);
  t.reductions = (n + SolveReductions * solves) * HeatTimeOfReduction(in->machine, in->layout);
  return t;
}

HeatTime HeatTimeOfStep(const HeatTimeInput *in)
{
  const HeatTimeExchange grid     = GridExchange(in);
  const PetscBool        implicit = in->steps->solves > 0 ? PETSC_TRUE : PETSC_FALSE;
  HeatTime               t;

  if (!in->steps->known || (implicit && in->n_levels == 0))
    return (HeatTime){NAN, NAN, NAN, NAN, NAN};
  t             = implicit ? TimeOfImplicit(in) : TimeOfExplicit(in);
  t.diagnostics = in->rows * (Kernel(in, HEAT_KERNEL_ROW, &grid, 0.0) +
                              RowReductions * HeatTimeOfReduction(in->machine, in->layout));
  return t;
}
