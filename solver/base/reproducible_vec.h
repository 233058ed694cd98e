/** Vecs whose sums are exact, so that what PETSc's solvers make of them has the same bits on any
 *  number of ranks and any layout of blocks, as long as the matrix and the preconditioner work
 *  element by element.
 *
 *  Dot products (of products rounded to doubles), norms and sums are exact sums (exact_sum.h).
 *  Linear combinations are computed here as well: PETSc and BLAS may round a b + c once in the body
 *  of a loop and twice in its end, which lies elsewhere in another layout.  All else is PETSc's.
 *
 *  Split-phase reductions (VecDotBegin, VecNormBegin, ...) are done by their Begin, and End adds
 *  zeros to them: methods that use them are right, but hide no latency. */
#ifndef HEAT_SOLVER_REPRODUCIBLE_VEC_H
#define HEAT_SOLVER_REPRODUCIBLE_VEC_H

#include <petscdm.h>

/** All Vecs that a DMDA makes from now on are such, and so are their duplicates: also what KSP, SNES
 *  and TS work with, if they have the DM, or its Vecs before they are set up.  A Mat makes plain Vecs
 *  of its own (MatCreateVecs).  Collective on da. */
PetscErrorCode HeatDMMakeReproducible(DM da);

#endif
