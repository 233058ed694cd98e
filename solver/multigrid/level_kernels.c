/* The loops over rows.
 *
 * The bits of a cell must be the same in every vector lane and in every remainder loop, and on
 * every rank.  The sources are therefore compiled without contraction, and products that are summed
 * use fused multiply-adds that are written out, where the processor has them: the compiler has no
 * choice.  Loops are portable C; `omp simd` asserts what split storage makes true, namely that a
 * half row and its neighbours are different half rows, so that iterations do not depend on one
 * another. */
#include "solver/multigrid/level_kernels.h"

#include <math.h>

#ifdef __FMA__
  #define FMA_F(a, b, c) __builtin_fmaf(a, b, c)
  #define FMA_D(a, b, c) __builtin_fma(a, b, c)
#else
  #define FMA_F(a, b, c) ((a) * (b) + (c))
  #define FMA_D(a, b, c) ((a) * (b) + (c))
#endif

#define SIMD _Pragma("omp simd")

/* diagonal_i = m_i + gw + ge + gs + gn */
void HeatDiagonal(PetscInt n, const HeatHalfRow *r, float *restrict diagonal)
{
  const float *restrict gw = r->gw, *restrict ge = r->ge, *restrict gs = r->gs,
                        *restrict gn = r->gn, *restrict m = r->m;

  SIMD for (PetscInt k = 0; k < n; k++) diagonal[k] = (gw[k] + ge[k]) + (gs[k] + gn[k]) + m[k];
}

/* Solve the equation of one cell for its u, given its neighbours' u:

       u_i = (b_i + gw uw + ge ue + gs us + gn un)/diagonal_i

   A product with a stored inverse makes a solve 4 % faster where rows of coefficients differ and no
   faster where they are equal, but its additional rounding costs iterations where single precision
   hardly suffices (solver/MEASURED.md, "Tried and not kept"). */
static inline float Relaxed(float b, float diagonal, float gw, float uw, float ge, float ue,
                            float gs, float us, float gn, float un)
{
  const float west = FMA_F(gw, uw, b), east = ge * ue;

  return (FMA_F(gs, us, west) + FMA_F(gn, un, east)) / diagonal;
}

void HeatRelax(PetscInt n, const HeatHalfRow *r)
{
  float *restrict u        = r->u;
  const float *restrict uw = r->uw, *restrict us = r->us, *restrict un = r->un;
  const float *restrict gw = r->gw, *restrict ge = r->ge, *restrict gs = r->gs,
                        *restrict gn = r->gn;
  const float *restrict diagonal = r->diagonal, *restrict b = r->b;

  SIMD for (PetscInt k = 0; k < n; k++)
      u[k] = Relaxed(b[k], diagonal[k], gw[k], uw[k], ge[k], uw[k + 1], gs[k], us[k], gn[k], un[k]);
}

void HeatRelaxFromZero(PetscInt n, const HeatHalfRow *r)
{
  float *restrict u              = r->u;
  const float *restrict diagonal = r->diagonal, *restrict b = r->b;

  SIMD for (PetscInt k = 0; k < n; k++) u[k] = b[k] / diagonal[k];
}

enum {
  LINE = 16, /* floats: a cache line of 64 bytes */

  /* Places between two rounds of prefetching.  Measured: with 128 places half of the gain of
     prefetching is lost. */
  BLOCK = 64
};

/* Request places [begin, end) of the half rows into the level-2 cache.  The level-1 cache has no
   room for what is needed some rows later: prefetching into it was 6 % slower than none. */
static inline void Prefetch(const HeatPrefetch *prefetch, PetscInt begin, PetscInt end)
{
#ifdef __GNUC__
  for (int i = 0; i < prefetch->n; i++)
    for (PetscInt k = begin; k < end; k += LINE) __builtin_prefetch(prefetch->row[i] + k, 0, 2);
#else
  (void)prefetch, (void)begin, (void)end;
#endif
}

/* Relax place k of half row r.  Its southern and northern neighbours us and un, and the conductance
   gn towards the northern one, are given in registers. */
static inline float RelaxPlace(const HeatHalfRow *r, PetscInt k, float us, float gn, float un)
{
  return Relaxed(r->b[k], r->diagonal[k], r->gw[k], r->uw[k], r->ge[k], r->uw[k + 1], r->gs[k], us,
                 gn, un);
}

/* Do all four half-sweeps at one place, then at the next one:

       a.u = relaxed with  b.u,  a.un        row j         half-sweep 1
       b.u = relaxed with  c.u,  a.u new     row j - 1     half-sweep 2
       c.u = relaxed with  d.u,  b.u new     row j - 2     half-sweep 3
       d.u = relaxed with  d.us, c.u new     row j - 3     half-sweep 4

   The result of a half-sweep stays in a register for the next half-sweep, whose neighbour it is.
   The half rows are copied, so that the compiler keeps their addresses in registers too.
   `from_zero` is a constant where this is inlined. */
static inline void RelaxWave(PetscInt n, PetscBool from_zero, const HeatHalfRow rows[4],
                             const HeatPrefetch *prefetch)
{
  const HeatHalfRow a = rows[0], b = rows[1], c = rows[2], d = rows[3];

  for (PetscInt begin = 0; begin < n; begin += BLOCK) {
    const PetscInt end = PetscMin(begin + BLOCK, n);

    Prefetch(prefetch, begin, end);
    SIMD for (PetscInt k = begin; k < end; k++)
    {
      const float ua = from_zero ? a.b[k] / a.diagonal[k]
                                 : RelaxPlace(&a, k, b.u[k], a.gn[k], a.un[k]);
      const float ub = RelaxPlace(&b, k, c.u[k], b.gn[k], ua);
      const float uc = RelaxPlace(&c, k, d.u[k], b.gs[k], ub);
      const float ud = RelaxPlace(&d, k, d.us[k], c.gs[k], uc);

      a.u[k] = ua;
      b.u[k] = ub;
      c.u[k] = uc;
      d.u[k] = ud;
    }
  }
}

void HeatRelaxWave(PetscInt n, const HeatHalfRow r[4], const HeatPrefetch *prefetch)
{
  RelaxWave(n, PETSC_FALSE, r, prefetch);
}

void HeatRelaxWaveFromZero(PetscInt n, const HeatHalfRow r[4], const HeatPrefetch *prefetch)
{
  RelaxWave(n, PETSC_TRUE, r, prefetch);
}

/* b_i - m_i u_i + sum g (u_neighbour - u_i) */
static inline float CellResidual(const HeatHalfRow *r, PetscInt k)
{
  const float u = r->u[k];
  const float x = FMA_F(r->gw[k], r->uw[k] - u, r->ge[k] * (r->uw[k + 1] - u));
  const float y = FMA_F(r->gs[k], r->us[k] - u, r->gn[k] * (r->un[k] - u));

  return FMA_F(-r->m[k], u, r->b[k]) + (x + y);
}

void HeatResidualAdd(PetscInt n, const HeatHalfRow *half_row, float *restrict residual)
{
  const HeatHalfRow r = *half_row;

  SIMD for (PetscInt k = 0; k < n; k++) residual[k] += CellResidual(&r, k);
}

void HeatSplit(PetscInt n, const float *restrict row, float *restrict even, float *restrict odd)
{
  SIMD for (PetscInt k = 0; k < n; k++)
  {
    even[k] = row[2 * k];
    odd[k]  = row[2 * k + 1];
  }
}

void HeatInterleave(PetscInt n, const float *restrict even, const float *restrict odd,
                    float *restrict row)
{
  SIMD for (PetscInt k = 0; k < n; k++)
  {
    row[2 * k]     = even[k];
    row[2 * k + 1] = odd[k];
  }
}

void HeatAdd(PetscInt n, const float *restrict x, float *restrict y)
{
  SIMD for (PetscInt k = 0; k < n; k++) y[k] += x[k];
}

void HeatWeigh(PetscInt n, const float *restrict in, const float *restrict face,
               const float *restrict out, float *restrict w)
{
  /* Chosen: 2^-10 of a cell's residual stays in its coarse cell, so that no coarse cell is without
     an equation.  The least normal float in the denominator makes 0/0 zero. */
  const float most = 1.0F - 0x1p-10F, least = 0x1p-126F;

  if (!out) {
    SIMD for (PetscInt k = 0; k < n; k++)
    {
      const float x = face[k] / (face[k] + 2.0F * in[k] + least);

      w[k] = x < most ? x : most;
    }
    return;
  }
  SIMD for (PetscInt k = 0; k < n; k++)
  {
    const float product = face[k] * out[k];
    const float x       = product / (product + in[k] * (face[k] + 2.0F * out[k]) + least);

    w[k] = x < most ? x : most;
  }
}

void HeatSplitOff(PetscInt n, const float *restrict w, float *restrict r, float *restrict far)
{
  SIMD for (PetscInt k = 0; k < n; k++)
  {
    far[k] = w[k] * r[k];
    r[k] -= far[k];
  }
}

void HeatRestrictAlong(PetscInt n, int step, const float *restrict w, const float *restrict r,
                       float *restrict part, float *restrict sum)
{
  const float *beside = part - step;

  SIMD for (PetscInt k = 0; k < n; k++) part[k] = w[k] * r[k];
  SIMD for (PetscInt k = 0; k < n; k++) sum[k] += (r[k] - part[k]) + beside[k];
}

void HeatInterpolate(PetscInt n, int step, const float *restrict wx, const float *restrict wy,
                     const float *near, const float *far, float *restrict y)
{
  const float *near_beside = near + step, *far_beside = far + step;

  SIMD for (PetscInt k = 0; k < n; k++)
  {
    const float v      = FMA_F(wy[k], far[k] - near[k], near[k]);
    const float beside = FMA_F(wy[k], far_beside[k] - near_beside[k], near_beside[k]);

    y[k] += FMA_F(wx[k], beside - v, v);
  }
}

void HeatDirection(PetscInt n, float beta, const float *restrict z, float *restrict p)
{
  SIMD for (PetscInt k = 0; k < n; k++) p[k] = FMA_F(beta, p[k], z[k]);
}

/* The parts of a row of n cells of a Vec, seen from its half rows:

       first = 1:    . o | e o | e o | e .        single_odd = 1,  pairs = 2,  single_even = 1
       first = 0:          e o | e o | e .        single_odd = 0,  pairs = 2,  single_even = 1
*/
typedef struct {
  PetscInt single_odd;  /* 1 if the row begins with an odd column, else 0 */
  PetscInt pairs;       /* of an even and the following odd column */
  PetscInt single_even; /* 1 if the row ends with an even column, else 0 */
} RowParts;

static inline RowParts PartsOfRow(PetscInt n, int first)
{
  return (RowParts){first, (n - first) / 2, (n - first) & 1};
}

void HeatLoadRow(PetscInt n, int first, double scale, const double *restrict x,
                 float *const high[2], float *const low[2])
{
  const RowParts parts  = PartsOfRow(n, first);
  float *restrict high0 = high[0] + first, *restrict high1 = high[1] + first;
  float *restrict low0 = low[0] + first, *restrict low1 = low[1] + first;

  if (parts.single_odd) HeatToPair(scale * x[0], high[1], low[1]);
  x += first;
  SIMD for (PetscInt k = 0; k < parts.pairs; k++)
  {
    HeatToPair(scale * x[2 * k], &high0[k], &low0[k]);
    HeatToPair(scale * x[2 * k + 1], &high1[k], &low1[k]);
  }
  if (parts.single_even)
    HeatToPair(scale * x[2 * parts.pairs], &high0[parts.pairs], &low0[parts.pairs]);
}

void HeatStoreRow(PetscInt n, int first, double scale, const float *const u[2], double *restrict x)
{
  const RowParts parts     = PartsOfRow(n, first);
  const float *restrict u0 = u[0] + first, *restrict u1 = u[1] + first;

  if (parts.single_odd) x[0] = scale * (double)u[1][0];
  x += first;
  SIMD for (PetscInt k = 0; k < parts.pairs; k++)
  {
    x[2 * k]     = scale * (double)u0[k];
    x[2 * k + 1] = scale * (double)u1[k];
  }
  if (parts.single_even) x[2 * parts.pairs] = scale * (double)u0[parts.pairs];
}

/* x + before p + now (z + beta p) */
static inline double Updated(double x, float z, float p, float beta, double before, double now)
{
  return FMA_D(now, (double)FMA_F(beta, p, z), FMA_D(before, (double)p, x));
}

void HeatUpdateSolution(PetscInt n, int first, const float *const z[2], const float *const p[2],
                        float beta, double before, double now, double *restrict x)
{
  const RowParts parts     = PartsOfRow(n, first);
  const float *restrict z0 = z[0] + first, *restrict z1 = z[1] + first;
  const float *restrict p0 = p[0] + first, *restrict p1 = p[1] + first;

  if (parts.single_odd) x[0] = Updated(x[0], z[1][0], p[1][0], beta, before, now);
  x += first;
  SIMD for (PetscInt k = 0; k < parts.pairs; k++)
  {
    x[2 * k]     = Updated(x[2 * k], z0[k], p0[k], beta, before, now);
    x[2 * k + 1] = Updated(x[2 * k + 1], z1[k], p1[k], beta, before, now);
  }
  if (parts.single_even) {
    const PetscInt k = parts.pairs;

    x[2 * k] = Updated(x[2 * k], z0[k], p0[k], beta, before, now);
  }
}

/* (A p)_i = m p + flow + gs (p - ps) + gn (p - pn), with `flow` the heat that leaves along x */
static inline double Product(double p, double flow, double m, double gs, double ps, double gn,
                             double pn)
{
  return FMA_D(gn, p - pn, FMA_D(gs, p - ps, FMA_D(m, p, flow)));
}

/* Coefficients of one half row: pairs of floats, or doubles. */
typedef struct {
  const float  *high, *low;
  const double *wide;
} Coefficient;

/* Return the coefficient of place k.  `is_wide` is a constant where this is inlined. */
static inline double CoefficientAt(const Coefficient *c, PetscBool is_wide, PetscInt k)
{
  return is_wide ? c->wide[k] : (double)c->high[k] + (double)c->low[k];
}

/* r -= alpha A p on both half rows of a row.  Place k is an even cell and the odd cell east of it,
   whose common face's heat is computed once:

           west            between           east
       ------|--- even cell ---|--- odd cell ---|------
          gx_even[k]       gx_odd[k]      gx_even[k + 1]
*/
static inline void UpdateResidual(PetscInt n, double alpha, PetscBool is_wide,
                                  const Coefficient       c[HEAT_ROW_COEFFICIENTS],
                                  const HeatConjugateRow *row)
{
  const HeatConjugateRow v      = *row;
  const Coefficient      m_even = c[HEAT_ROW_M], m_odd = c[HEAT_ROW_M + 1];
  const Coefficient      gx_even = c[HEAT_ROW_GX], gx_odd = c[HEAT_ROW_GX + 1];
  const Coefficient      gs_even = c[HEAT_ROW_GS], gs_odd = c[HEAT_ROW_GS + 1];
  const Coefficient      gn_even = c[HEAT_ROW_GN], gn_odd = c[HEAT_ROW_GN + 1];

  SIMD for (PetscInt k = 0; k < n; k++)
  {
    const double even = v.p[0][k], odd = v.p[1][k];
    const double between = CoefficientAt(&gx_odd, is_wide, k) * (odd - even);
    const double west    = CoefficientAt(&gx_even, is_wide, k) * (even - (double)v.p[1][k - 1]);
    const double east    = CoefficientAt(&gx_even, is_wide, k + 1) * ((double)v.p[0][k + 1] - odd);
    const double Ap_even = Product(even, west - between, CoefficientAt(&m_even, is_wide, k),
                                   CoefficientAt(&gs_even, is_wide, k), (double)v.ps[0][k],
                                   CoefficientAt(&gn_even, is_wide, k), (double)v.pn[0][k]);
    const double Ap_odd  = Product(odd, between - east, CoefficientAt(&m_odd, is_wide, k),
                                   CoefficientAt(&gs_odd, is_wide, k), (double)v.ps[1][k],
                                   CoefficientAt(&gn_odd, is_wide, k), (double)v.pn[1][k]);
    const double r_even  = (double)v.r[0][k] + (double)v.r_low[0][k];
    const double r_odd   = (double)v.r[1][k] + (double)v.r_low[1][k];

    HeatToPair(FMA_D(-alpha, Ap_even, r_even), &v.r[0][k], &v.r_low[0][k]);
    HeatToPair(FMA_D(-alpha, Ap_odd, r_odd), &v.r[1][k], &v.r_low[1][k]);
  }
}

void HeatUpdateResidual(PetscInt n, double alpha, const HeatPair pairs[HEAT_ROW_COEFFICIENTS],
                        const HeatConjugateRow *row)
{
  Coefficient c[HEAT_ROW_COEFFICIENTS];

  for (int i = 0; i < HEAT_ROW_COEFFICIENTS; i++)
    c[i] = (Coefficient){.high = pairs[i].high, .low = pairs[i].low};
  UpdateResidual(n, alpha, PETSC_FALSE, c, row);
}

void HeatUpdateResidualWide(PetscInt n, double alpha, double *const wide[HEAT_ROW_COEFFICIENTS],
                            const HeatConjugateRow *row)
{
  Coefficient c[HEAT_ROW_COEFFICIENTS];

  for (int i = 0; i < HEAT_ROW_COEFFICIENTS; i++) c[i] = (Coefficient){.wide = wide[i]};
  UpdateResidual(n, alpha, PETSC_TRUE, c, row);
}

/* Row a lies south of row b.  Each cell is computed by the operations of UpdateResidual, in their
   order.  Names end in 0 for even and in 1 for odd columns; m, gx and gy are loaded once for both
   rows. */
void HeatUpdateResidualTwoRows(PetscInt n, double alpha, double *const c[HEAT_ROW_COEFFICIENTS],
                               const HeatConjugateRow *a, const HeatConjugateRow *b)
{
  const double *restrict m0 = c[HEAT_ROW_M], *restrict m1 = c[HEAT_ROW_M + 1];
  const double *restrict gx0 = c[HEAT_ROW_GX], *restrict gx1 = c[HEAT_ROW_GX + 1];
  const double *restrict gy0 = c[HEAT_ROW_GS], *restrict gy1 = c[HEAT_ROW_GS + 1];
  const float *restrict s0 = a->ps[0], *restrict s1 = a->ps[1];
  const float *restrict a0 = a->p[0], *restrict a1 = a->p[1];
  const float *restrict b0 = b->p[0], *restrict b1 = b->p[1];
  const float *restrict n0 = b->pn[0], *restrict n1 = b->pn[1];
  float *restrict ra0 = a->r[0], *restrict la0 = a->r_low[0];
  float *restrict ra1 = a->r[1], *restrict la1 = a->r_low[1];
  float *restrict rb0 = b->r[0], *restrict lb0 = b->r_low[0];
  float *restrict rb1 = b->r[1], *restrict lb1 = b->r_low[1];

  SIMD for (PetscInt k = 0; k < n; k++)
  {
    const double a_even = a0[k], a_odd = a1[k], b_even = b0[k], b_odd = b1[k];
    const double a_between = gx1[k] * (a_odd - a_even), b_between = gx1[k] * (b_odd - b_even);
    const double a_west = gx0[k] * (a_even - (double)a1[k - 1]);
    const double b_west = gx0[k] * (b_even - (double)b1[k - 1]);
    const double a_east = gx0[k + 1] * ((double)a0[k + 1] - a_odd);
    const double b_east = gx0[k + 1] * ((double)b0[k + 1] - b_odd);
    const double va0    = Product(a_even, a_west - a_between, m0[k], gy0[k], (double)s0[k], gy0[k],
                                  b_even);
    const double va1    = Product(a_odd, a_between - a_east, m1[k], gy1[k], (double)s1[k], gy1[k],
                                  b_odd);
    const double vb0    = Product(b_even, b_west - b_between, m0[k], gy0[k], a_even, gy0[k],
                                  (double)n0[k]);
    const double vb1    = Product(b_odd, b_between - b_east, m1[k], gy1[k], a_odd, gy1[k],
                                  (double)n1[k]);

    HeatToPair(FMA_D(-alpha, va0, (double)ra0[k] + (double)la0[k]), &ra0[k], &la0[k]);
    HeatToPair(FMA_D(-alpha, va1, (double)ra1[k] + (double)la1[k]), &ra1[k], &la1[k]);
    HeatToPair(FMA_D(-alpha, vb0, (double)rb0[k] + (double)lb0[k]), &rb0[k], &lb0[k]);
    HeatToPair(FMA_D(-alpha, vb1, (double)rb1[k] + (double)lb1[k]), &rb1[k], &lb1[k]);
  }
}

void HeatWiden(PetscInt n, HeatPair pair, double *restrict wide)
{
  const float *restrict high = pair.high, *restrict low = pair.low;

  SIMD for (PetscInt k = 0; k < n; k++) wide[k] = (double)high[k] + (double)low[k];
}

/* Round x to a multiple of the quantum. */
static inline double Round(double x, HeatQuantum q) { return (x + q.big) - q.big; }

double HeatSumSquares(PetscInt begin, PetscInt end, HeatQuantum q, const float *const x[4])
{
  const float *restrict a = x[0], *restrict b = x[1], *restrict c = x[2], *restrict d = x[3];
  double sum = 0.0;

  _Pragma("omp simd reduction(+ : sum)") for (PetscInt k = begin; k < end; k++)
  {
    const float term = FMA_F(a[k], a[k], b[k] * b[k]) + FMA_F(c[k], c[k], d[k] * d[k]);

    sum += Round((double)term, q);
  }
  return sum;
}

/* m u^2 + gw (u - uw)^2 + gs (u - us)^2 */
static inline float CellEnergy(const HeatHalfRow *r, PetscInt k)
{
  const float u = r->u[k], x = u - r->uw[k], y = u - r->us[k];

  return FMA_F(r->m[k] * u, u, FMA_F(r->gw[k] * x, x, r->gs[k] * y * y));
}

void HeatSumProducts(PetscInt begin, PetscInt end, HeatQuantum product, HeatQuantum energy,
                     const HeatHalfRow rows[4], double sums[3])
{
  const HeatHalfRow a = rows[0], b = rows[1], c = rows[2], d = rows[3];
  double            bu = 0.0, magnitude = 0.0, au = 0.0;

  _Pragma("omp simd reduction(+ : bu, magnitude, au)") for (PetscInt k = begin; k < end; k++)
  {
    const float term = FMA_F(a.b[k], a.u[k], b.b[k] * b.u[k]) +
                       FMA_F(c.b[k], c.u[k], d.b[k] * d.u[k]);
    const float square = (CellEnergy(&a, k) + CellEnergy(&b, k)) +
                         (CellEnergy(&c, k) + CellEnergy(&d, k));
    const double rounded = Round((double)term, product);

    bu += rounded;
    magnitude += fabs(rounded);
    au += Round((double)square, energy);
  }
  sums[0] += bu;
  sums[1] += magnitude;
  sums[2] += au;
}
