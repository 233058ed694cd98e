/** A machine as numbers: what a machine file holds (inputs/machines/README.md), from which the time
 *  of a run is predicted (solver/model/time_model.h).
 *
 *  Plain data without pointers.  `heat2d plan --calibrate` measures these numbers; io/machine_file
 *  reads and writes them.  Nothing here is collective. */
#ifndef HEAT_SOLVER_MACHINE_H
#define HEAT_SOLVER_MACHINE_H

#include <petscsys.h>

enum { HEAT_CURVE_POINTS = 32 /* largest number; a calibration stores up to 28 */ };

/** A quantity that depends on a size, given at n sizes. */
typedef struct {
  PetscInt n;
  double   at[HEAT_CURVE_POINTS];    /* sizes > 0, ascending */
  double   value[HEAT_CURVE_POINTS]; /* > 0 */
} HeatCurve;

/** Append a point if there is room and `at` is larger than that of the last point. */
void HeatCurveAdd(HeatCurve *curve, double at, double value);

/** Return the value at a size: a power law between two points, constant beyond the first and the
 *  last one; NaN for a curve without points. */
double HeatCurveAt(const HeatCurve *curve, double at);

/** Return the time of an allreduce of `n` ranks or nodes [s]: linear in log2 n between the points,
 *  and with the slope of the last two points beyond the last one; 0 for n <= 1; NaN for a curve
 *  without points. */
double HeatCurveOfRanks(const HeatCurve *curve, double n);

/** A link over which messages go.  A message of m bytes takes latency + m/bandwidth(m). */
typedef struct {
  PetscBool given;     /* false: not measured, null in the file */
  double    latency;   /* [s] of the smallest message, from program to program */
  HeatCurve bandwidth; /* [B/s] by message size [B]; between nodes: of a node, not of a rank */
} HeatLink;

/** The kernels whose cost per cell is measured. */
typedef enum {
  HEAT_KERNEL_FTCS,       /* a step of ftcs that is taken by itself */
  HEAT_KERNEL_FTCS_SWEEP, /* one of several steps of ftcs in a sweep */
  HEAT_KERNEL_FTCS_PASS,  /* beginning and end of such a sweep */
  HEAT_KERNEL_RKL2,       /* a stage of rkl2 that is taken by itself */
  HEAT_KERNEL_RKL2_SWEEP, /* one of several stages of rkl2 in a sweep */
  HEAT_KERNEL_RKL2_PASS,  /* beginning and end of such a sweep */
  HEAT_KERNEL_ITERATION,  /* an iteration of heatcg with heatmg, on the finest level */
  HEAT_KERNEL_COARSE,     /* a visit of a coarse level, per cell of that level */
  HEAT_KERNEL_SOLVE,      /* a solve without its iterations: right side, true residual, account */
  HEAT_KERNEL_ROW,        /* a row of history.csv: extremes, mean, energy account */
  HEAT_KERNELS
} HeatKernel;

/** Names of the kernels in a machine file, laid out as for a PetscEnum. */
extern const char *const HeatKernelNames[];

/** Whether coefficients are the same along rows of cells, so that they need no memory of their own,
 *  or vary from cell to cell. */
typedef enum { HEAT_UNIFORM, HEAT_VARYING, HEAT_COEFFICIENTS } HeatCoefficients;

/** uniform varying, laid out as for a PetscEnum. */
extern const char *const HeatCoefficientsNames[];

/** The cost of a kernel. */
typedef struct {
  HeatCurve seconds;  /* [s] of a cell by the cells of a rank, in as many rows as columns, while one
                         rank of each node is at work */
  HeatCurve together; /* [s] the same while as many ranks of each node are at work as the last point
                         of memory_bandwidth has; without points: not known */
  double    row;      /* [s] of each row more than a square of as many cells has; 0: not known */
  double    bytes;    /* [B] that a cell moves between memory and caches */
} HeatKernelCost;

/** A machine.  Every node is alike. */
typedef struct {
  char     name[128];
  char     source[4096]; /* where the numbers come from */
  PetscInt nodes, cores_per_node;
  double   memory_per_node; /* [B] */
  double   cache_per_node;  /* [B] of the last-level caches together; 0: none */

  HeatCurve memory_bandwidth; /* [B/s] of a node, by ranks in use (STREAM triad) */
  HeatLink  within, between;  /* within a node, between nodes */
  double    exchange;         /* [s] of an exchange without its messages: packing, waiting */
  HeatCurve reduce_within;    /* [s] allreduce of one number, by ranks of one node */
  HeatCurve reduce_between;   /* [s] allreduce of one number, by nodes with one rank each */

  double write, read; /* [B/s] of the file system, all nodes together */
  double file;        /* [s] to create, sync and rename a small file */

  HeatKernelCost kernel[HEAT_COEFFICIENTS][HEAT_KERNELS];
} HeatMachine;

/** Return the link between nodes, or, where it is not given, the link within nodes. */
static inline const HeatLink *HeatMachineBetween(const HeatMachine *m)
{
  return m->between.given ? &m->between : &m->within;
}

#endif
