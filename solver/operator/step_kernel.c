/** The explicit step of one row (see step_kernel.h).
 *
 *      sum = (g_w (T_w - T) + g_e (T_e - T)) + (g_s (T_s - T) + g_n (T_n - T)),
 *      T_new = T + r (sum + q)
 *
 *  in the order of additions of RowKernel in operator_stencil.c.  Without sources the addition of q
 *  is left out: x + 0 and x differ only for x = -0, and where sum is -0, T is not, so that T_new
 *  has the same bits.
 *
 *  A row is computed in pieces into a buffer that stays in the first-level cache, and stored from
 *  there. */
#include "solver/operator/step_kernel.h"

#if defined(__SSE2__)
  #include <immintrin.h>
#endif

#include <stdint.h>

/* [cells] Piece of a row.  Chosen: 4 KB; a larger piece leaves less of the first-level cache to the
   coefficients, a smaller one means that more loops are started. */
enum { PIECE = 512 };

/* [doubles] One line of the cache, 64 bytes. */
enum { LINE = 8 };

/* [bytes] Least size of a field that is written past the cache.  Chosen: such a field, the one that
   is read and the coefficients together exceed the caches that a core usually has to itself.  The
   limit was not measured; only fields of 32 MB were timed (solver/MEASURED.md).  Larger: fields
   that no cache holds are read before they are written.  Smaller: a field that the next step would
   find in a cache is written to memory. */
enum { LEAST_PAST_CACHE = 1 << 23 };

PetscBool HeatStepPastCache(size_t bytes)
{
  return bytes >= LEAST_PAST_CACHE ? PETSC_TRUE : PETSC_FALSE;
}

#define TEMPLATE static inline __attribute__((always_inline)) void

#define ROWS                                                                                       \
  const PetscReal *restrict T = row->T + at, *restrict below = row->below + at;                    \
  const PetscReal *restrict above = row->above + at;                                               \
  const PetscReal *restrict q     = sources ? row->q + at : NULL

#define NEW(g_w, g_e, g_s, g_n, r)                                                                 \
  const PetscReal sum = ((g_w) * (T[i - 1] - T[i]) + (g_e) * (T[i + 1] - T[i])) +                  \
                        ((g_s) * (below[i] - T[i]) + (g_n) * (above[i] - T[i]));                   \
                                                                                                   \
  out[i] = T[i] + (r) * (sources ? sum + q[i] : sum)

TEMPLATE Varying(const HeatStepRow *row, PetscBool sources, PetscInt at, PetscInt n,
                 PetscReal *restrict out)
{
  ROWS;
  const PetscReal *restrict gx = row->gx + at, *restrict gs = row->gs + at;
  const PetscReal *restrict gn = row->gn + at, *restrict r = row->r + at;

  _Pragma("omp simd") for (PetscInt i = 0; i < n; i++)
  {
    NEW(gx[i], gx[i + 1], gs[i], gn[i], r[i]);
  }
}

TEMPLATE Uniform(const HeatStepRow *row, const HeatStepConstants *k, PetscBool sources, PetscInt at,
                 PetscInt n, PetscReal *restrict out)
{
  ROWS;
  const PetscReal gx = k->gx, gs = k->gs, gn = k->gn, r = k->r;

  _Pragma("omp simd") for (PetscInt i = 0; i < n; i++) { NEW(gx, gx, gs, gn, r); }
}

/* Compute n cells from cell `at` on into out[n].
   @param[in] k  their coefficients; NULL: they differ */
static void Piece(const HeatStepRow *row, const HeatStepConstants *k, PetscInt at, PetscInt n,
                  PetscReal *out)
{
  if (k && row->q) Uniform(row, k, PETSC_TRUE, at, n, out);
  else if (k) Uniform(row, k, PETSC_FALSE, at, n, out);
  else if (row->q) Varying(row, PETSC_TRUE, at, n, out);
  else Varying(row, PETSC_FALSE, at, n, out);
}

/* Return the place of an address within its cache line, in doubles. */
static PetscInt PlaceInLine(const PetscReal *p)
{
  return (PetscInt)((uintptr_t)p / sizeof *p % LINE);
}

/* A line that takes both ordinary stores and stores past the cache would be read and written
   twice. */
void HeatStepStorePastCache(PetscInt n, const PetscReal *from, PetscReal *to)
{
#if defined(__SSE2__)
  const PetscInt head = PetscMin((LINE - PlaceInLine(to)) % LINE, n);
  const PetscInt tail = head + (n - head) / LINE * LINE;

  for (PetscInt i = 0; i < head; i++) to[i] = from[i];
  #if defined(__AVX512F__)
  for (PetscInt i = head; i < tail; i += LINE) _mm512_stream_pd(to + i, _mm512_loadu_pd(from + i));
  #else
  for (PetscInt i = head; i < tail; i += 2) _mm_stream_pd(to + i, _mm_loadu_pd(from + i));
  #endif
  for (PetscInt i = tail; i < n; i++) to[i] = from[i];
#else /* ordinary stores */
  for (PetscInt i = 0; i < n; i++) to[i] = from[i];
#endif
}

void HeatStepFence(void)
{
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

/* Compute cells [begin, end). */
static void Cells(const HeatStepRow *row, const HeatStepConstants *k, PetscInt begin, PetscInt end,
                  PetscBool past_cache)
{
  PetscReal buffer[PIECE];

  if (!past_cache) {
    Piece(row, k, begin, PetscMax(end - begin, 0), row->out + begin);
    return;
  }
  for (PetscInt at = begin, n; at < end; at += n) { /* the next piece begins a line */
    n = PetscMin(end - at, PIECE - PlaceInLine(row->out + at));
    Piece(row, k, at, n, buffer);
    HeatStepStorePastCache(n, buffer, row->out + at);
  }
}

void HeatStepCompute(const HeatStepRow *row, const HeatStepConstants *k, PetscBool past_cache)
{
  const PetscInt begin = k ? k->begin : 0, end = k ? k->end : 0;

  Cells(row, NULL, 0, begin, past_cache);
  if (k) Cells(row, k, begin, end, past_cache);
  Cells(row, NULL, end, row->n, past_cache);
}

TEMPLATE Exchange(const HeatStepRow *row, PetscBool sources, const PetscReal *restrict E,
                  const PetscReal *restrict ambient, PetscReal *restrict heat)
{
  const PetscInt at = 0;
  ROWS;
  const PetscReal *restrict gx = row->gx, *restrict gs = row->gs, *restrict gn = row->gn;
  const PetscReal *restrict r = row->r;
  PetscReal *restrict out     = row->out;

  _Pragma("omp simd") for (PetscInt i = 0; i < row->n; i++)
  {
    const PetscReal brought = E[i] * (ambient[i] - T[i]);
    const PetscReal sum     = (gx[i] * (T[i - 1] - T[i]) + gx[i + 1] * (T[i + 1] - T[i])) +
                          (gs[i] * (below[i] - T[i]) + gn[i] * (above[i] - T[i]));

    if (heat) heat[i] += brought;
    out[i] = T[i] + r[i] * ((sum + (sources ? q[i] : 0.0)) + brought);
  }
}

void HeatStepComputeExchange(const HeatStepRow *row, const PetscReal *E, const PetscReal *ambient,
                             PetscReal *heat)
{
  if (!heat) Exchange(row, row->q ? PETSC_TRUE : PETSC_FALSE, E, ambient, NULL);
  else if (row->q) Exchange(row, PETSC_TRUE, E, ambient, heat);
  else Exchange(row, PETSC_FALSE, E, ambient, heat);
}

HeatStepConstants HeatStepFindConstants(const HeatStepRow *row)
{
  HeatStepConstants k = {0, 0, 0.0, 0.0, 0.0, 0.0};
  PetscInt          end;

  for (PetscInt begin = 0; begin < row->n; begin = PetscMax(end, begin + 1)) {
    end = begin;
    while (end < row->n && row->gx[end] == row->gx[begin] && row->gx[end + 1] == row->gx[begin] &&
           row->gs[end] == row->gs[begin] && row->gn[end] == row->gn[begin] &&
           row->r[end] == row->r[begin])
      end++;
    if (end - begin <= k.end - k.begin) continue;
    k = (HeatStepConstants){begin,          end,          row->gx[begin], row->gs[begin],
                            row->gn[begin], row->r[begin]};
  }
  return k;
}
