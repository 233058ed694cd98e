/** The memory that a rank needs for a case, computed before anything is allocated.
 *
 *  The numbers predict the high-water mark: of arrays that do not exist at the same time only the
 *  larger ones count.  heat2d's arrays are counted from the case; PETSc's allocations were measured
 *  (solver/MEASURED.md, Memory).  Nothing here is collective, and nothing depends on the
 *  machine, so that a plan for another machine uses the same function. */
#ifndef HEAT_SOLVER_MEMORY_NEED_H
#define HEAT_SOLVER_MEMORY_NEED_H

#include "solver/case/case.h"

/** The parts of the memory. */
typedef enum {
  HEAT_NEED_PROCESS,        /* program, libraries and MPI, with or without cells */
  HEAT_NEED_GRID,           /* PETSc's DMDA, where a preconditioner reads a matrix */
  HEAT_NEED_FIELDS,         /* the temperature before and after a step */
  HEAT_NEED_OPERATOR,       /* conductances, capacities, sources and their derivatives */
  HEAT_NEED_SCHEME,         /* Vecs of the time integration */
  HEAT_NEED_SOLVER,         /* Vecs of Krylov and Newton methods */
  HEAT_NEED_PRECONDITIONER, /* levels of heatmg, or the matrix and PETSc's preconditioner */
  HEAT_NEED_FILES,          /* copies of fields for snapshots and checkpoints */
  HEAT_NEED_PARTS
} HeatNeedPart;

/** Names of the parts, for messages: [HEAT_NEED_PARTS]. */
extern const char *const HeatNeedNames[];

/** The largest block of a decomposition, and the solver that the options name. */
typedef struct {
  PetscInt64  nx, ny; /* cells of the block in x and y */
  PetscInt64  size;   /* number of ranks */
  double      share;  /* rows that the rank writes to files over the rows of its block: 1 if all
                         ranks are writers, else ranks/writers on a writer and 0 on other ranks */
  const char *pc;     /* preconditioner: "heatmg" or a PC type of PETSc */
  const char *ksp;    /* Krylov method: a KSP type; "": the default */
} HeatNeedShape;

/** The memory that a rank needs. */
typedef struct {
  double part[HEAT_NEED_PARTS]; /* [bytes] */
  double total;                 /* [bytes] of all parts */
} HeatNeed;

/** Set *nonlinear to whether a conductivity or a source of the case depends on the temperature, or
 *  a side radiates.  Not collective. */
PetscErrorCode HeatNeedIsNonlinear(const HeatCase *c, PetscBool *nonlinear);

/** Set *sums to whether the scheme sums the heat of an ambient exchange cell by cell
 *  (HeatExchangeHeat), which takes a field, in checkpoints too.  Not collective. */
PetscErrorCode HeatNeedSumsExchange(const HeatCase *c, PetscBool *sums);

/** Compute the memory of the rank with the largest block.  Not collective.
 *  @param[in]  c      a validated case
 *  @param[out] need   within 10 % of the high-water mark for blocks of 10^6 cells and more; numbers
 *                     that depend on the run are measured ones (Krylov vectors: ten iterations) */
PetscErrorCode HeatNeedEstimate(const HeatCase *c, const HeatNeedShape *shape, HeatNeed *need);

#endif
