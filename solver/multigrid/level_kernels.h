/** The inner loops of the multigrid.  Each call works on one row, or one half row, of a level.
 *
 *  The matrix of a level describes a network of conductances g between neighbouring cells and
 *  of masses m, solver/README.md eq. (11):
 *
 *      (A u)_i = m_i u_i + sum over faces  g_f (u_i - u_neighbour)
 *
 *  A half row holds the cells of one parity of columns in a row, which are the row's cells of one
 *  colour of the checkerboard (level_layout.h).  All loops run over whole vectors, halo and padding
 *  included; where there is no cell, all conductances are 0 and the mass is 1.  Every cell is
 *  computed by the same operations wherever it stands in a row, so that its bits depend on the
 *  values of its neighbours alone.
 *
 *  No function here is collective, and none allocates memory.  In the equations i is a cell, k a
 *  place of a half row; n is the number of places. */
#ifndef HEAT_SOLVER_LEVEL_KERNELS_H
#define HEAT_SOLVER_LEVEL_KERNELS_H

#include <petscsys.h>

/** A half row and its surroundings.  w, e, s, n: towards lower and higher columns and rows.
 *
 *                 un[k]                    The neighbours west and east are in the other half row
 *                 gn[k]                    of the row, which split storage makes contiguous: the
 *      uw[k] gw[k] u[k] ge[k] uw[k + 1]    neighbour east of cell k is west of cell k + 1.
 *                 gs[k]
 *                 us[k]
 */
typedef struct {
  float       *u;                 /* updated by relaxation */
  const float *uw, *us, *un;      /* the neighbours' u; east of place k is uw[k + 1] */
  const float *gw, *ge, *gs, *gn; /* conductances towards the neighbours */
  const float *m, *b;             /* mass; right-hand side */
  const float *diagonal;          /* m + sum g, as HeatDiagonal computes it */
} HeatHalfRow;

/** Compute the diagonal of the matrix, diagonal_i = m_i + sum g. */
void HeatDiagonal(PetscInt n, const HeatHalfRow *r, float *diagonal);

/** Relax every cell: u_i = (b_i + sum g u_neighbour)/diagonal_i. */
void HeatRelax(PetscInt n, const HeatHalfRow *r);

/** Relax every cell where all neighbours' u are known to be zero: u_i = b_i/diagonal_i. */
void HeatRelaxFromZero(PetscInt n, const HeatHalfRow *r);

/** Half rows to prefetch into the level-2 cache during a loop that itself works in the cache. */
typedef struct {
  int          n;
  const float *row[8]; /* the first n are used */
} HeatPrefetch;

/** Do four half-sweeps of a wave in one loop, with the bits of HeatRelax of r[0], r[1], r[2], r[3]
 *  in this order.
 *
 *  The half rows have one parity of columns and lie below one another.  At each place the update
 *  of one half-sweep is the northern neighbour of the next half-sweep, and is handed to it in a
 *  register:
 *
 *      r[0].un        row j + 1
 *      r[0].u         row j          half-sweep 1    =  r[1].un
 *      r[1].u         row j - 1      half-sweep 2    =  r[0].us, r[2].un;   r[2].gn = r[1].gs
 *      r[2].u         row j - 2      half-sweep 3    =  r[1].us, r[3].un;   r[3].gn = r[2].gs
 *      r[3].u         row j - 3      half-sweep 4    =  r[2].us
 *      r[3].us        row j - 4
 */
void HeatRelaxWave(PetscInt n, const HeatHalfRow r[4], const HeatPrefetch *prefetch);

/** Do four half-sweeps of a wave of which the first has all u zero: HeatRelaxFromZero of r[0], then
 *  HeatRelax of r[1], r[2], r[3], with their bits. */
void HeatRelaxWaveFromZero(PetscInt n, const HeatHalfRow r[4], const HeatPrefetch *prefetch);

/** Add the residual: residual_i += b_i - (A u)_i. */
void HeatResidualAdd(PetscInt n, const HeatHalfRow *r, float *residual);

/** Split a row into half rows: even_k = row_2k, odd_k = row_2k+1, for k < n. */
void HeatSplit(PetscInt n, const float *row, float *even, float *odd);

/** Interleave two half rows to a row: row_2k = even_k, row_2k+1 = odd_k, for k < n. */
void HeatInterleave(PetscInt n, const float *even, const float *odd, float *row);

/** Add a half row to another: y_k += x_k. */
void HeatAdd(PetscInt n, const float *x, float *y);

/** Compute weights of interpolation from conductances in series, solver/README.md eq. (12a):
 *
 *      w_k = r_k/(r_k + 1/face_k + 1/(2 out_k)),    r_k = 1/(2 in_k),    at most 1 - 2^-10
 *
 *  @param[in] in    conductances of the faces within the cells' own coarse cells
 *  @param[in] face  conductances of the faces towards the neighbouring coarse cells
 *  @param[in] out   conductances of the faces within these; NULL: they consist of one cell each */
void HeatWeigh(PetscInt n, const float *in, const float *face, const float *out, float *w);

/** Split a residual between a coarse row and its neighbour: far_k = w_k r_k, r_k -= far_k. */
void HeatSplitOff(PetscInt n, const float *w, float *r, float *far);

/** Add part of a residual to the pair at the same place and part to the one beside it:
 *
 *      sum_k += (r_k - w_k r_k) + w r at the place k - step
 *
 *  @param[in]     step  -1 or 1: where the other pair lies
 *  @param[in,out] part  scratch, zero at the places -1 and n */
void HeatRestrictAlong(PetscInt n, int step, const float *w, const float *r, float *part,
                       float *sum);

/** Add interpolated values of two coarse rows, `near` and `far`, whose values stand at the places
 *  of the pairs that they join:  v = near + wy (far - near),  y_k += v_k + wx_k (v_(k+step) - v_k).
 *  @param[in] step  -1 or 1: where the other pair lies; the places -1 and n are read */
void HeatInterpolate(PetscInt n, int step, const float *wx, const float *wy, const float *near,
                     const float *far, float *y);

/** Update a half row of the search direction, solver/README.md eq. (13): p_k = z_k + beta p_k. */
void HeatDirection(PetscInt n, float beta, const float *z, float *p);

/** Store x as the sum high + low of two floats, which together hold 48 of its bits. */
static inline void HeatToPair(double x, float *high, float *low)
{
  *high = (float)x;
  *low  = (float)(x - (double)*high);
}

/* The next three functions work between half rows and a row of n own cells of a Vec, T[j][i].
   `first` is 1 if the row's first cell is in an odd column, else 0.  Half rows, [0] even and [1]
   odd, begin at the place of the pair of columns that holds the first cell. */

/** Store high + low = scale x, to 48 bits. */
void HeatLoadRow(PetscInt n, int first, double scale, const double *x, float *const high[2],
                 float *const low[2]);

/** Store x = scale u. */
void HeatStoreRow(PetscInt n, int first, double scale, const float *const u[2], double *x);

/** Add the steps of two iterations to the solution: x += before p + now (z + beta p).  p is the
 *  direction of the iteration before; z + beta p is rounded to float, as in HeatDirection. */
void HeatUpdateSolution(PetscInt n, int first, const float *const z[2], const float *const p[2],
                        float beta, double before, double now, double *x);

/** Half rows of numbers high + low, which hold 48 of a double's 53 bits. */
typedef struct {
  const float *high, *low;
} HeatPair;

/** Indices of a row's coefficients in an array of half rows.  At the index stands the even half
 *  row, at the index + 1 the odd half row. */
enum {
  HEAT_ROW_M            = 0, /* masses, with sides */
  HEAT_ROW_GX           = 2, /* conductances west of each cell */
  HEAT_ROW_GS           = 4, /* conductances south of each cell */
  HEAT_ROW_GN           = 6, /* conductances north of each cell */
  HEAT_ROW_COEFFICIENTS = 8
};

/** The vectors of a row in the update of the residual.  [0]: even columns, [1]: odd columns. */
typedef struct {
  const float *p[2], *ps[2], *pn[2]; /* search direction; in the rows south and north */
  float       *r[2], *r_low[2];      /* residual r + r_low, updated */
} HeatConjugateRow;

/** Update the residual of both half rows in double precision: r -= alpha A p, eq. (13). */
void HeatUpdateResidual(PetscInt n, double alpha, const HeatPair c[HEAT_ROW_COEFFICIENTS],
                        const HeatConjugateRow *row);

/** Do HeatUpdateResidual with coefficients that are already in double precision (HeatWiden).  The
 *  bits are the same, the time is half. */
void HeatUpdateResidualWide(PetscInt n, double alpha, double *const c[HEAT_ROW_COEFFICIENTS],
                            const HeatConjugateRow *row);

/** Do HeatUpdateResidualWide of row a and of row b north of it.  Both have the coefficients c, of
 *  which the half rows HEAT_ROW_GS and HEAT_ROW_GN are equal. */
void HeatUpdateResidualTwoRows(PetscInt n, double alpha, double *const c[HEAT_ROW_COEFFICIENTS],
                               const HeatConjugateRow *a, const HeatConjugateRow *b);

/** Store wide_k = high_k + low_k, for k < n. */
void HeatWiden(PetscInt n, HeatPair pair, double *wide);

/** The rounding of a sum's terms, which makes the sum independent of their order.
 *
 *  A term covers a 2 x 2 group of cells, columns 2k and 2k + 1 in rows 2l and 2l + 1, and is summed
 *  in single precision, always in the same order.  Adding `big` to a term and subtracting it again
 *  rounds the term to a multiple of a quantum.  Sums of such multiples are exact in double
 *  precision while all partial sums stay below 2^53 quanta.  If all terms have one sign, partial
 *  sums are below the total; where signs differ, the sum of the magnitudes is computed as well.
 *  Source: J. Demmel, H. D. Nguyen, Fast reproducible floating-point summation, ARITH 21 (2013). */
typedef struct {
  double big; /* 1.5 2^52 quanta: the spacing of doubles there is one quantum */
} HeatQuantum;

/** Return the sum of x^2 over the groups of places [begin, end).
 *  @param[in] x  the groups' four half rows: even and odd columns of the lower row, then of the
 *                upper row */
double HeatSumSquares(PetscInt begin, PetscInt end, HeatQuantum q, const float *const x[4]);

/** Add the products of the groups of places [begin, end).  With t the sum of b u over a group,
 *
 *      sums[0] += t,    sums[1] += |t|,
 *      sums[2] += sum over the group of  m u^2 + gw (u - uw)^2 + gs (u - us)^2
 *
 *  The last one is (u, A u): each face is counted once, at the cell east or north of it.
 *  @param[in] product  rounding of sums[0] and sums[1]
 *  @param[in] energy   rounding of sums[2]
 *  @param[in] rows     the groups' four half rows, in the order of HeatSumSquares */
void HeatSumProducts(PetscInt begin, PetscInt end, HeatQuantum product, HeatQuantum energy,
                     const HeatHalfRow rows[4], double sums[3]);

#endif
