/* Row kernels.
 *
 * Products that are summed use a fused multiply-add where the processor has one, written out, so
 * that the compiler has no choice and a cell's bits are the same in every vector lane and in every
 * remainder loop.  The pragmas assert what split storage makes true: a half row's neighbours are in
 * other half rows. */
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

void HeatDiagonal(PetscInt n, const HeatHalfRow *r, float *restrict diagonal)
{
  const float *restrict gw = r->gw, *restrict ge = r->ge, *restrict gs = r->gs,
                        *restrict gn = r->gn, *restrict m = r->m;

  SIMD for (PetscInt k = 0; k < n; k++) diagonal[k] = (gw[k] + ge[k]) + (gs[k] + gn[k]) + m[k];
}

/* b + sum g u, over the diagonal.  A product with a stored inverse is 4 % faster in a solve where rows
   differ and no faster where they are alike; what rounding it adds costs iterations where single
   precision hardly suffices. */
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

/* Places of half rows from one fetch to the next. */
enum { BLOCK = 64, LINE = 16 };

/* Into the level-2 cache; a level-1 cache has no room for what is wanted some rows later. */
static inline void Fetch(const HeatAhead *ahead, PetscInt begin, PetscInt end)
{
#ifdef __GNUC__
  for (int i = 0; i < ahead->n; i++)
    for (PetscInt k = begin; k < end; k += LINE) __builtin_prefetch(ahead->row[i] + k, 0, 2);
#else
  (void)ahead, (void)begin, (void)end;
#endif
}

/* The half rows of stage i. */
#define STAGE_ROWS(i)                                                                              \
  float *restrict u##i        = r[i].u;                                                            \
  const float *restrict uw##i = r[i].uw, *restrict gw##i = r[i].gw, *restrict ge##i = r[i].ge;     \
  const float *restrict gs##i = r[i].gs, *restrict b##i = r[i].b;                                  \
  const float *restrict diagonal##i = r[i].diagonal

/* Stage i at place k, between neighbours below and above. */
#define STAGE(i, us, gn, un)                                                                       \
  Relaxed(b##i[k], diagonal##i[k], gw##i[k], uw##i[k], ge##i[k], uw##i[k + 1], gs##i[k], us, gn, un)

#define RELAX_WAVE(FIRST)                                                                          \
  STAGE_ROWS(1);                                                                                   \
  STAGE_ROWS(2);                                                                                   \
  STAGE_ROWS(3);                                                                                   \
  const float *restrict gn1 = r[1].gn, *restrict us3 = r[3].us;                                    \
                                                                                                   \
  for (PetscInt begin = 0; begin < n; begin += BLOCK) {                                            \
    const PetscInt end = PetscMin(begin + BLOCK, n);                                               \
                                                                                                   \
    Fetch(ahead, begin, end);                                                                      \
    SIMD for (PetscInt k = begin; k < end; k++)                                                    \
    {                                                                                              \
      const float new0 = FIRST;                                                                    \
      const float new1 = STAGE(1, u2[k], gn1[k], new0);                                            \
      const float new2 = STAGE(2, u3[k], gs1[k], new1);                                            \
                                                                                                   \
      u0[k] = new0;                                                                                \
      u1[k] = new1;                                                                                \
      u2[k] = new2;                                                                                \
      u3[k] = STAGE(3, us3[k], gs2[k], new2);                                                      \
    }                                                                                              \
  }

void HeatRelaxWave(PetscInt n, const HeatHalfRow r[4], const HeatAhead *ahead)
{
  STAGE_ROWS(0);
  const float *restrict gn0 = r[0].gn, *restrict un0 = r[0].un;

  RELAX_WAVE(STAGE(0, u1[k], gn0[k], un0[k]))
}

void HeatRelaxWaveFromZero(PetscInt n, const HeatHalfRow r[4], const HeatAhead *ahead)
{
  float *restrict u0              = r[0].u;
  const float *restrict diagonal0 = r[0].diagonal, *restrict b0 = r[0].b;

  RELAX_WAVE(b0[k] / diagonal0[k])
}

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

void HeatJoin(PetscInt n, const float *restrict even, const float *restrict odd,
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

void HeatDirection(PetscInt n, float beta, const float *restrict z, float *restrict p)
{
  SIMD for (PetscInt k = 0; k < n; k++) p[k] = FMA_F(beta, p[k], z[k]);
}

/* A single odd column first, pairs, and a single even one last: BODY(parity, place, cell). */
#define FOR_ROW(n, first, BODY)                                                                    \
  do {                                                                                             \
    const PetscInt head_ = (first), pairs_ = ((n)-head_) / 2;                                      \
    if (head_) BODY(1, 0, 0);                                                                      \
    SIMD for (PetscInt k_ = 0; k_ < pairs_; k_++)                                                  \
    {                                                                                              \
      BODY(0, head_ + k_, head_ + 2 * k_);                                                         \
      BODY(1, head_ + k_, head_ + 2 * k_ + 1);                                                     \
    }                                                                                              \
    if (((n)-head_) & 1) BODY(0, head_ + pairs_, (n)-1);                                           \
  } while (0)

static inline void ToPair(double x, float *high, float *low)
{
  *high = (float)x;
  *low  = (float)(x - (double)*high);
}

void HeatLoadRow(PetscInt n, int first, double scale, const double *restrict x,
                 float *const high[2], float *const low[2])
{
  float *restrict high0 = high[0], *restrict high1 = high[1];
  float *restrict low0 = low[0], *restrict low1 = low[1];

#define LOAD(parity, place, cell) ToPair(scale *x[cell], &high##parity[place], &low##parity[place])
  FOR_ROW(n, first, LOAD);
#undef LOAD
}

void HeatStoreRow(PetscInt n, int first, double scale, const float *const u[2], double *restrict x)
{
  const float *restrict u0 = u[0], *restrict u1 = u[1];

#define STORE(parity, place, cell) x[cell] = scale * (double)u##parity[place]
  FOR_ROW(n, first, STORE);
#undef STORE
}

void HeatUpdateSolution(PetscInt n, int first, const float *const z[2], const float *const p[2],
                        float beta, double before, double now, double *restrict x)
{
  const float *restrict z0 = z[0], *restrict z1 = z[1], *restrict p0 = p[0], *restrict p1 = p[1];

#define UPDATE(parity, place, cell)                                                                \
  x[cell] = FMA_D(now, (double)FMA_F(beta, p##parity[place], z##parity[place]),                    \
                  FMA_D(before, (double)p##parity[place], x[cell]))
  FOR_ROW(n, first, UPDATE);
#undef UPDATE
}

/* One half row: v = m p + flow + gs (p - ps) + gn (p - pn), r -= alpha v.  `flow` is what leaves
   along x. */
static inline double Product(double p, double flow, double m, double gs, double ps, double gn,
                             double pn)
{
  return FMA_D(gn, p - pn, FMA_D(gs, p - ps, FMA_D(m, p, flow)));
}

/* Both half rows of a row; COEFFICIENT(i, k) is place k of the i-th of its half rows of coefficients. */
#define UPDATE_RESIDUAL(COEFFICIENT)                                                               \
  const float *restrict p0 = row->p[0], *restrict p1 = row->p[1];                                  \
  const float *restrict ps0 = row->ps[0], *restrict ps1 = row->ps[1];                              \
  const float *restrict pn0 = row->pn[0], *restrict pn1 = row->pn[1];                              \
  float *restrict r0 = row->r[0], *restrict r0_low = row->r_low[0];                                \
  float *restrict r1 = row->r[1], *restrict r1_low = row->r_low[1];                                \
                                                                                                   \
  SIMD for (PetscInt k = 0; k < n; k++)                                                            \
  {                                                                                                \
    const double even = p0[k], odd = p1[k];                                                        \
    const double between = COEFFICIENT(3, k) * (odd - even);                                       \
    const double west    = COEFFICIENT(2, k) * (even - (double)p1[k - 1]);                         \
    const double east    = COEFFICIENT(2, k + 1) * ((double)p0[k + 1] - odd);                      \
    const double v0      = Product(even, west - between, COEFFICIENT(0, k), COEFFICIENT(4, k),     \
                                   (double)ps0[k], COEFFICIENT(6, k), (double)pn0[k]);             \
    const double v1      = Product(odd, between - east, COEFFICIENT(1, k), COEFFICIENT(5, k),      \
                                   (double)ps1[k], COEFFICIENT(7, k), (double)pn1[k]);             \
                                                                                                   \
    ToPair(FMA_D(-alpha, v0, (double)r0[k] + (double)r0_low[k]), &r0[k], &r0_low[k]);              \
    ToPair(FMA_D(-alpha, v1, (double)r1[k] + (double)r1_low[k]), &r1[k], &r1_low[k]);              \
  }

void HeatUpdateResidual(PetscInt n, double alpha, const HeatPair c[HEAT_ROW_COEFFICIENTS],
                        const HeatConjugateRow *row)
{
  const float *restrict h0 = c[0].high, *restrict h1 = c[1].high, *restrict h2 = c[2].high;
  const float *restrict h3 = c[3].high, *restrict h4 = c[4].high, *restrict h5 = c[5].high;
  const float *restrict h6 = c[6].high, *restrict h7 = c[7].high;
  const float *restrict l0 = c[0].low, *restrict l1 = c[1].low, *restrict l2 = c[2].low;
  const float *restrict l3 = c[3].low, *restrict l4 = c[4].low, *restrict l5 = c[5].low;
  const float *restrict l6 = c[6].low, *restrict l7 = c[7].low;

#define PAIR(i, k) ((double)h##i[k] + (double)l##i[k])
  UPDATE_RESIDUAL(PAIR)
#undef PAIR
}

void HeatUpdateResidualWide(PetscInt n, double alpha, double *const c[HEAT_ROW_COEFFICIENTS],
                            const HeatConjugateRow *row)
{
  const double *restrict w0 = c[0], *restrict w1 = c[1], *restrict w2 = c[2], *restrict w3 = c[3];
  const double *restrict w4 = c[4], *restrict w5 = c[5], *restrict w6 = c[6], *restrict w7 = c[7];

#define WIDE(i, k) w##i[k]
  UPDATE_RESIDUAL(WIDE)
#undef WIDE
}

/* Row a below row b; each product is that of UPDATE_RESIDUAL. */
void HeatUpdateResidualTwice(PetscInt n, double alpha, double *const c[HEAT_ROW_COEFFICIENTS],
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

    ToPair(FMA_D(-alpha, va0, (double)ra0[k] + (double)la0[k]), &ra0[k], &la0[k]);
    ToPair(FMA_D(-alpha, va1, (double)ra1[k] + (double)la1[k]), &ra1[k], &la1[k]);
    ToPair(FMA_D(-alpha, vb0, (double)rb0[k] + (double)lb0[k]), &rb0[k], &lb0[k]);
    ToPair(FMA_D(-alpha, vb1, (double)rb1[k] + (double)lb1[k]), &rb1[k], &lb1[k]);
  }
}

void HeatWiden(PetscInt n, HeatPair pair, double *restrict wide)
{
  const float *restrict high = pair.high, *restrict low = pair.low;

  SIMD for (PetscInt k = 0; k < n; k++) wide[k] = (double)high[k] + (double)low[k];
}

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
