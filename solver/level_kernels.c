/* Row kernels.
 *
 * Products that are summed use a fused multiply-add where the processor has one, written out, so
 * that the compiler has no choice and a cell's bits are the same in every vector lane and in every
 * remainder loop.  The pragmas assert what split storage makes true: a half row's neighbours are in
 * other half rows. */
#include "solver/level_kernels.h"

#include <math.h>

#ifdef __FMA__
#define FMA_F(a, b, c) __builtin_fmaf(a, b, c)
#define FMA_D(a, b, c) __builtin_fma(a, b, c)
#else
#define FMA_F(a, b, c) ((a) * (b) + (c))
#define FMA_D(a, b, c) ((a) * (b) + (c))
#endif

#define SIMD _Pragma("omp simd")

void HeatRelax(PetscInt n, const HeatHalfRow *r)
{
  float *restrict u = r->u;
  const float *restrict uw = r->uw, *restrict ue = r->ue, *restrict us = r->us,
                       *restrict un = r->un;
  const float *restrict gw = r->gw, *restrict ge = r->ge, *restrict gs = r->gs,
                       *restrict gn = r->gn;
  const float *restrict m = r->m, *restrict b = r->b;

  SIMD
  for (PetscInt k = 0; k < n; k++) {
    const float west = FMA_F(gw[k], uw[k], b[k]), east = ge[k] * ue[k];
    const float sum  = FMA_F(gs[k], us[k], west) + FMA_F(gn[k], un[k], east);

    u[k] = sum / ((gw[k] + ge[k]) + (gs[k] + gn[k]) + m[k]);
  }
}

void HeatRelaxFromZero(PetscInt n, const HeatHalfRow *r)
{
  float *restrict u = r->u;
  const float *restrict gw = r->gw, *restrict ge = r->ge, *restrict gs = r->gs,
                       *restrict gn = r->gn;
  const float *restrict m = r->m, *restrict b = r->b;

  SIMD
  for (PetscInt k = 0; k < n; k++) u[k] = b[k] / ((gw[k] + ge[k]) + (gs[k] + gn[k]) + m[k]);
}

static inline float CellResidual(const HeatHalfRow *r, PetscInt k)
{
  const float u = r->u[k];
  const float x = FMA_F(r->gw[k], r->uw[k] - u, r->ge[k] * (r->ue[k] - u));
  const float y = FMA_F(r->gs[k], r->us[k] - u, r->gn[k] * (r->un[k] - u));

  return FMA_F(-r->m[k], u, r->b[k]) + (x + y);
}

void HeatResidualAdd(PetscInt n, const HeatHalfRow *half_row, float *restrict residual)
{
  const HeatHalfRow r = *half_row;

  SIMD
  for (PetscInt k = 0; k < n; k++) residual[k] += CellResidual(&r, k);
}

void HeatSplit(PetscInt n, const float *restrict row, float *restrict even, float *restrict odd)
{
  SIMD
  for (PetscInt k = 0; k < n; k++) {
    even[k] = row[2 * k];
    odd[k]  = row[2 * k + 1];
  }
}

void HeatJoin(PetscInt n, const float *restrict even, const float *restrict odd,
              float *restrict row)
{
  SIMD
  for (PetscInt k = 0; k < n; k++) {
    row[2 * k]     = even[k];
    row[2 * k + 1] = odd[k];
  }
}

void HeatAdd(PetscInt n, const float *restrict x, float *restrict y)
{
  SIMD
  for (PetscInt k = 0; k < n; k++) y[k] += x[k];
}

void HeatDirection(PetscInt n, float beta, const float *restrict z, float *restrict p)
{
  SIMD
  for (PetscInt k = 0; k < n; k++) p[k] = FMA_F(beta, p[k], z[k]);
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

static inline void Divide(double x, float *high, float *low)
{
  *high = (float)x;
  *low  = (float)(x - (double)*high);
}

void HeatLoadRow(PetscInt n, int first, double scale, const double *restrict x,
                 float *const high[2], float *const low[2])
{
  float *restrict high0 = high[0], *restrict high1 = high[1];
  float *restrict low0 = low[0], *restrict low1 = low[1];

#define LOAD(parity, place, cell)                                                                  \
  Divide(scale *x[cell], &high##parity[place], &low##parity[place])
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

static inline double Whole(HeatPair x, PetscInt k) { return (double)x.high[k] + (double)x.low[k]; }

/* r - alpha v as a new pair. */
static inline void Subtract(float *high, float *low, PetscInt k, double alpha, double v)
{
  Divide(FMA_D(-alpha, v, (double)high[k] + (double)low[k]), &high[k], &low[k]);
}

void HeatUpdateResidual(PetscInt n, double alpha, const HeatConjugateRow *conjugate_row)
{
  const HeatConjugateRow row = *conjugate_row;
  float *restrict r0 = row.r[0], *restrict r1 = row.r[1];
  float *restrict low0 = row.r_low[0], *restrict low1 = row.r_low[1];

  SIMD
  for (PetscInt k = 0; k < n; k++) {
    const double even = row.p[0][k], odd = row.p[1][k];
    const double between = Whole(row.gx[1], k) * (odd - even);
    const double west    = Whole(row.gx[0], k) * (even - (double)row.p[1][k - 1]);
    const double east    = Whole(row.gx[0], k + 1) * ((double)row.p[0][k + 1] - odd);
    double       v0 = FMA_D(Whole(row.m[0], k), even, west - between);
    double       v1 = FMA_D(Whole(row.m[1], k), odd, between - east);

    v0 = FMA_D(Whole(row.gs[0], k), even - (double)row.ps[0][k], v0);
    v1 = FMA_D(Whole(row.gs[1], k), odd - (double)row.ps[1][k], v1);
    v0 = FMA_D(Whole(row.gn[0], k), even - (double)row.pn[0][k], v0);
    v1 = FMA_D(Whole(row.gn[1], k), odd - (double)row.pn[1][k], v1);
    Subtract(r0, low0, k, alpha, v0);
    Subtract(r1, low1, k, alpha, v1);
  }
}

static inline double Round(double x, HeatQuantum q) { return (x + q.big) - q.big; }

double HeatSumSquares(PetscInt begin, PetscInt end, HeatQuantum q, const float *restrict high,
                      const float *restrict low)
{
  double sum = 0.0;

  _Pragma("omp simd reduction(+ : sum)")
  for (PetscInt k = begin; k < end; k++) {
    const double x = (double)high[k] + (double)low[k];

    sum += Round(x * x, q);
  }
  return sum;
}

float HeatLargest(PetscInt begin, PetscInt end, const float *restrict x)
{
  float largest = 0.0F;

  _Pragma("omp simd reduction(max : largest)")
  for (PetscInt k = begin; k < end; k++) largest = fabsf(x[k]) > largest ? fabsf(x[k]) : largest;
  return largest;
}

void HeatSumProducts(PetscInt begin, PetscInt end, HeatQuantum product, HeatQuantum energy,
                     const HeatHalfRow *half_row, double sums[3])
{
  const HeatHalfRow r = *half_row;
  double            bu = 0.0, magnitude = 0.0, au = 0.0;

  _Pragma("omp simd reduction(+ : bu, magnitude, au)")
  for (PetscInt k = begin; k < end; k++) {
    const float  u = r.u[k], x = u - r.uw[k], y = u - r.us[k];
    const float  square = FMA_F(r.m[k] * u, u, FMA_F(r.gw[k] * x, x, r.gs[k] * y * y));
    const double term   = Round((double)(r.b[k] * u), product);

    bu += term;
    magnitude += fabs(term);
    au += Round((double)square, energy);
  }
  sums[0] += bu;
  sums[1] += magnitude;
  sums[2] += au;
}
