/** A model of the bytes that steps move between memory and processor.
 *
 *  The model counts each array that a pass over the field reads or writes once, as STREAM does: no
 *  bytes that a store may read before it writes, no halos, no arrays that stay in a cache.  A value
 *  has 8 bytes.  C, gx, gy and q (sources and prescribed fluxes) count as
 *  HeatOperatorAddCoefficientsRead does: equal rows that follow one another share an array, which
 *  is read once, so that the numbers below, with one value each for C, gx and gy, are those of rows
 *  that all differ.  q is one more where there are sources; an exchange adds E and T_amb.
 *
 *      ftcs                       a pass reads and writes T (2 values a cell), and reads gx, gy, C
 *                                 and q; a pass takes one step or several.  Where conductivities
 *                                 depend on T, each step also updates them (10, below) and the
 *                                 limit of stability (gx, gy, four factors, D: 7, and C).  With an
 *                                 ambient exchange a pass also reads and writes the heat that it
 *                                 brought (2), and reads E and T_amb
 *      rkl2, fixed coefficients   one sweep for all stages reads T and writes T_new.  Of several
 *                                 sweeps, the first reads T and writes the rate and two increments
 *                                 (4 values), others read these three and write two (5), the last
 *                                 reads T and writes T_new instead (5).  Each reads gx, gy and 1/C,
 *                                 the first q, too.  Stages one by one: N(Y_0) reads T and writes
 *                                 the rate (2), which becomes an increment (3 with its zeroed
 *                                 partner); a stage reads the increment and the rate, and reads
 *                                 and writes the older increment (4); the end reads T and reads
 *                                 and writes T_new (3); the rate and each stage read gx, gy and C,
 *                                 the rate q, too.  With an ambient exchange each of these reads
 *                                 and writes the heat that it brought (2) and reads E, and a step
 *                                 reads T_amb
 *      rkl2, other coefficients   each stage: N reads Y, gx, gy and q, and writes (2 without the
 *                                 coefficients), the combination reads T, Y, both N and C, and
 *                                 reads and writes Y_{j-2} (6 without C).  Where they depend on T,
 *                                 a stage also updates them and the limit of stability, as a step
 *                                 of ftcs does
 *      heatcg with heatmg         an iteration moves 97 bytes a cell (solver/MEASURED.md, "Memory
 *                                 traffic"), less where rows share their coefficients; what a step
 *                                 does beside its solves is not counted
 *      Newton's method with       An evaluation reads T and writes its copy, k, gx, gy, the four
 *      heatmg                     factors of the Jacobian and D (10), computes N (4, and q), and
 *                                 adds the mass (5).  Each solve begins with one and a copy of its
 *                                 guess (2); an iteration has one, compares T with its copy (2),
 *                                 bends the step (3), and moves 10 values in the line search.
 *                                 Flexible GMRES: a linear iteration applies heatmg (97 bytes),
 *                                 multiplies by the Jacobian (8), and orthogonalises (m + 7 on
 *                                 average over m iterations); a solve adds m + 2 for the solution.
 *                                 Conjugate gradients, where no conductivity depends on T: 6 for
 *                                 the product and 14 for the vectors, and an evaluation writes D
 *                                 alone (1).  Set-ups of heatmg are not counted
 *      everything else            is not modelled
 *
 *  Not collective. */
#ifndef HEAT_SOLVER_MEMORY_TRAFFIC_H
#define HEAT_SOLVER_MEMORY_TRAFFIC_H

#include "solver/operator/operator.h"

/** How equations were solved. */
typedef enum {
  HEAT_TRAFFIC_OF_OTHERS, /* by methods of PETSc, at least in part */
  HEAT_TRAFFIC_OF_HEATCG, /* linear ones by heatcg with heatmg */
  HEAT_TRAFFIC_OF_FGMRES, /* Newton's method; flexible GMRES with heatmg */
  HEAT_TRAFFIC_OF_CG      /* Newton's method; conjugate gradients with heatmg */
} HeatTrafficSolver;

/** Numbers of passes over the field, by the coefficients that they read. */
typedef struct {
  PetscInt64 capacity; /* of those that read C, or dt/C */
  PetscInt64 faces;    /* gx and gy */
  PetscInt64 sources;  /* q, and the ambient temperature of an exchange */
  PetscInt64 exchange; /* the conductance of an ambient exchange, and the heat that it brought */
} HeatPassCounts;

/** The stages of rkl2 of one step or of several. */
typedef struct {
  PetscInt64     stages; /* evaluations of N */
  PetscInt64     values; /* of a cell that stages read and write, without those of `passes` */
  HeatPassCounts passes[HEAT_PASSES];
} HeatStageTraffic;

/** The work of a number of steps. */
typedef struct {
  PetscInt64           steps;               /* number of steps */
  PetscInt64           passes[HEAT_PASSES]; /* over the field in which steps of ftcs were taken: one
                                            by one, and in sweeps of several */
  HeatStageTraffic     stages;              /* of rkl2 */
  PetscInt64           solves;              /* stage equations that were solved */
  PetscInt64           newton;              /* iterations of Newton's method */
  PetscInt64           iterations;          /* of the linear solver */
  HeatTrafficSolver    solver;
  PetscBool            of_T;              /* conductivities depend on the temperature */
  HeatCoefficientsRead read[HEAT_PASSES]; /* HeatOperatorAddCoefficientsRead */
} HeatMemoryWork;

/** Add a step of rkl2 with n stages.
 *  @param[in] sweeps  as HeatStepInfo
 *  @param[in] of_T    conductivities depend on the temperature */
void HeatStageTrafficAdd(HeatStageTraffic *traffic, PetscInt n, PetscInt sweeps, PetscBool of_T);

/** Compute the bytes that are moved for each cell and step, NaN if the scheme or the solver is not
 *  modelled or no step was taken.
 *  @param[in]  c    a validated case
 *  @param[out] why  why it is NaN, static storage; NULL where it is a number */
void HeatMemoryTraffic(const HeatCase *c, const HeatMemoryWork *work, double *bytes,
                       const char **why);

#endif
