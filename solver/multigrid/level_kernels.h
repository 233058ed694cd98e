/** The inner loops of the multigrid: one row, or one half row, of a level at a time.
 *
 *  A half row is the cells of one parity of columns: of one colour of the checkerboard.  All loops
 *  run over whole vectors, halo and padding included; where there is no cell all conductances are
 *  zero and the mass is not.  Every cell is computed by the same operations wherever it stands in a
 *  row, so that its bits depend on its neighbours alone.  Not collective, nothing is allocated.
 *
 *  The matrix of a level is that of a network of conductances g between neighbours and a mass m:
 *      (A u)_i = m_i u_i + sum over faces  g_f (u_i - u_neighbour)
 */
#ifndef HEAT_SOLVER_LEVEL_KERNELS_H
#define HEAT_SOLVER_LEVEL_KERNELS_H

#include <petscsys.h>

/** One half row and what surrounds it; w e s n: towards lower and higher columns and rows. */
typedef struct {
  float       *u;
  const float *uw, *us, *un; /* east of a cell is west of the next one: ue_k is uw_k+1 */
  const float *gw, *ge, *gs, *gn;
  const float *m, *b;
  const float *diagonal; /* m + sum g */
} HeatHalfRow;

/** diagonal_i = m_i + sum g. */
void HeatDiagonal(PetscInt n, const HeatHalfRow *r, float *diagonal);

/** Relax every cell: u_i = (b_i + sum g u_neighbour)/diagonal_i. */
void HeatRelax(PetscInt n, const HeatHalfRow *r);

/** Likewise where all u are known to be zero: u_i = b_i/diagonal_i. */
void HeatRelaxFromZero(PetscInt n, const HeatHalfRow *r);

/** Half rows that will be wanted soon: they are fetched to a cache in the shadow of a loop whose own
 *  are there. */
typedef struct {
  int          n;
  const float *row[8];
} HeatPrefetch;

/** Four half-sweeps of a wave at once: HeatRelax of r[0], then of r[1], r[2], r[3], half rows of one
 *  parity that lie below one another: r[k + 1].un is r[k].u, r[k].us is r[k + 1].u, and r[k + 1].gn is
 *  r[k].gs.  What a half-sweep has made is the next one's neighbour without a way through memory; all bits
 *  are those of four calls. */
void HeatRelaxWave(PetscInt n, const HeatHalfRow r[4], const HeatPrefetch *prefetch);

/** Likewise with HeatRelaxFromZero of r[0]. */
void HeatRelaxWaveFromZero(PetscInt n, const HeatHalfRow r[4], const HeatPrefetch *prefetch);

/** residual_i += b_i - (A u)_i. */
void HeatResidualAdd(PetscInt n, const HeatHalfRow *r, float *residual);

/** even_k = row_2k, odd_k = row_2k+1, for k < n. */
void HeatSplit(PetscInt n, const float *row, float *even, float *odd);

/** row_2k = even_k, row_2k+1 = odd_k, for k < n. */
void HeatInterleave(PetscInt n, const float *even, const float *odd, float *row);

/** y_k += x_k. */
void HeatAdd(PetscInt n, const float *x, float *y);

/** p_k = z_k + beta p_k. */
void HeatDirection(PetscInt n, float beta, const float *z, float *p);

/** Between half rows and a row of n cells of a Vec, T[j][i].  The first cell is in an odd column where
 *  `first` is 1, else in an even one; half rows [0] even, [1] odd, begin at the pair that holds it. */

/** Split a number into the sum of two floats, which hold 48 of its bits. */
static inline void HeatToPair(double x, float *high, float *low)
{
  *high = (float)x;
  *low  = (float)(x - (double)*high);
}

/** high + low = scale x, to 48 bits. */
void HeatLoadRow(PetscInt n, int first, double scale, const double *x, float *const high[2],
                 float *const low[2]);

/** x = scale u. */
void HeatStoreRow(PetscInt n, int first, double scale, const float *const u[2], double *x);

/** x += before p + now (z + beta p), the second as HeatDirection makes it. */
void HeatUpdateSolution(PetscInt n, int first, const float *const z[2], const float *const p[2],
                        float beta, double before, double now, double *x);

/** A number as the sum of two floats: 48 bits of a double. */
typedef struct {
  const float *high, *low;
} HeatPair;

/** The coefficients of one row, by half rows; even columns first. */
enum {
  HEAT_ROW_M            = 0,
  HEAT_ROW_GX           = 2, /* west of each cell */
  HEAT_ROW_GS           = 4,
  HEAT_ROW_GN           = 6,
  HEAT_ROW_COEFFICIENTS = 8
};

/** The vectors of one row, [0]: even columns, [1]: odd ones. */
typedef struct {
  const float *p[2], *ps[2], *pn[2];
  float       *r[2], *r_low[2]; /* updated */
} HeatConjugateRow;

/** r -= alpha A p in double precision, on both half rows. */
void HeatUpdateResidual(PetscInt n, double alpha, const HeatPair c[HEAT_ROW_COEFFICIENTS],
                        const HeatConjugateRow *row);

/** Likewise with coefficients that were widened before: the same bits in half the time. */
void HeatUpdateResidualWide(PetscInt n, double alpha, double *const c[HEAT_ROW_COEFFICIENTS],
                            const HeatConjugateRow *row);

/** Likewise of two rows with the same coefficients, gs and gn alike, b above a. */
void HeatUpdateResidualTwoRows(PetscInt n, double alpha, double *const c[HEAT_ROW_COEFFICIENTS],
                               const HeatConjugateRow *a, const HeatConjugateRow *b);

/** wide = high + low, n of them. */
void HeatWiden(PetscInt n, HeatPair pair, double *wide);

/** Sums that do not depend on the order of their terms.
 *
 *  A term is the sum over four cells, those of columns 2k and 2k + 1 in rows 2l and 2l + 1, in single
 *  precision and always in the same order.  Adding `big` to a term and subtracting it again rounds
 *  the term to a multiple of a quantum, and sums of such multiples are exact in double precision
 *  while all partial sums stay below 2^53 quanta.  Terms of one sign make partial sums that are
 *  below the total; where signs differ the sum of magnitudes is taken as well.
 *  Source: J. Demmel, H. D. Nguyen, Fast reproducible floating-point summation, ARITH 21 (2013). */
typedef struct {
  double big; /* 1.5 2^52 quanta */
} HeatQuantum;

/** The sum of x^2 over the four cells of places [begin, end) of four half rows. */
double HeatSumSquares(PetscInt begin, PetscInt end, HeatQuantum q, const float *const x[4]);

/** Likewise sums[0] += b u, sums[1] += |b u|, and sums[2] += (u, A u) as the sum of
 *  m u^2 + gw (u - uw)^2 + gs (u - us)^2: every face once, at the cell above it. */
void HeatSumProducts(PetscInt begin, PetscInt end, HeatQuantum product, HeatQuantum energy,
                     const HeatHalfRow rows[4], double sums[3]);

#endif
