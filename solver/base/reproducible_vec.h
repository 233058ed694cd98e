/** PETSc Vecs with exact sums, for solver.reproducible.
 *
 *  With these Vecs the results of PETSc's solvers have the same bits on any number of ranks and for
 *  any cut into blocks, provided that the matrix and the preconditioner work cell by cell.
 *
 *  Dot products (of products rounded to doubles), norms and sums are exact sums (exact_sum.h).
 *  Linear combinations are computed here as well: PETSc and BLAS may round a b + c once in the body
 *  of a loop and twice in the loop's remainder, whose position depends on the size of the block.
 *  All other operations are those of PETSc's standard Vec.
 *
 *  Split-phase reductions (VecDotBegin, VecNormBegin, ...) are complete after Begin; End only adds
 *  zeros.  Solvers that use them give correct results, but hide no latency. */
#ifndef HEAT_SOLVER_REPRODUCIBLE_VEC_H
#define HEAT_SOLVER_REPRODUCIBLE_VEC_H

#include <petscvec.h>

/** The type of Vecs with exact sums, for VecSetType and MatSetVecType.  Duplicates of such Vecs
 *  have exact sums as well, and so do the work Vecs of a KSP, SNES or TS whose matrix creates Vecs
 *  of the type (MatSetVecType), or that has one of the Vecs before it is set up. */
#define HEAT_VEC_REPRODUCIBLE "heat_reproducible"

/** Make the type known to PETSc; call it before the type is used.  Not collective; may be called
 *  again. */
PetscErrorCode HeatVecRegisterReproducible(void);

#endif
