/** The explicit step of one row (see step_kernel.h).
 *
 *      sum = (g_w (T_w - T) + g_e (T_e - T)) + (g_s (T_s - T) + g_n (T_n - T)),
 *      T_new = T + r (sum + q)
 *
 *  in the order of additions of RowKernel in operator_stencil.c.  Without sources the addition of q
 *  is left out: x + 0 and x differ only for x = -0, and where sum is -0, T is not, so that T_new
 *  has the same bits. */
#include "solver/operator/step_kernel.h"

#include <stdint.h>

#include "solver/base/vectors.h"

enum { VECTOR = HEAT_VECTOR, ALL = HEAT_ALL_LANES };

/* [doubles] One line of the cache, 64 bytes. */
enum { LINE = 8 };

/* [cells] How far ahead of its use the row above, the only temperatures that are not in the cache
   yet, is asked for while T_new is written past the cache.  Chosen by measurement
   (solver/MEASURED.md): 4 KB.  Smaller: memory answers too late; larger: nothing is gained, and a
   short row is over before. */
enum { AHEAD = 512 };

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

#define TEMPLATE HEAT_INLINED

/* Return the heat through the faces of the cells of a vector, whose temperatures are T.
   @param[in] k  their coefficients; NULL: those of the row's arrays */
TEMPLATE HeatValues Faces(const HeatStepRow *row, const HeatStepConstants *k, PetscInt i,
                          HeatLanes lanes, HeatValues T)
{
  const HeatValues gw = k ? HeatSetValues(k->gx) : HeatLoadValues(row->gx + i, lanes);
  const HeatValues ge = k ? gw : HeatLoadValues(row->gx + i + 1, lanes);
  const HeatValues gs = k ? HeatSetValues(k->gs) : HeatLoadValues(row->gs + i, lanes);
  const HeatValues gn = k ? HeatSetValues(k->gn) : HeatLoadValues(row->gn + i, lanes);
  const HeatValues x  = gw * (HeatLoadValues(row->T + i - 1, lanes) - T) +
                       ge * (HeatLoadValues(row->T + i + 1, lanes) - T);
  const HeatValues y = gs * (HeatLoadValues(row->below + i, lanes) - T) +
                       gn * (HeatLoadValues(row->above + i, lanes) - T);

  return x + y;
}

/* Return T_new of the cells of a vector. */
TEMPLATE HeatValues New(const HeatStepRow *row, const HeatStepConstants *k, PetscBool sources,
                        PetscInt i, HeatLanes lanes)
{
  const HeatValues T   = HeatLoadValues(row->T + i, lanes);
  const HeatValues r   = k ? HeatSetValues(k->r) : HeatLoadValues(row->r + i, lanes);
  HeatValues       sum = Faces(row, k, i, lanes, T);

  if (sources) sum = sum + HeatLoadValues(row->q + i, lanes);
  return T + r * sum;
}

/* Return the number of values from p on before the next line of the cache begins. */
static PetscInt ToNextLine(const PetscReal *p)
{
  return (LINE - (PetscInt)((uintptr_t)p / sizeof *p % LINE)) % LINE;
}

/* Compute cells [begin, end), with ordinary stores. */
TEMPLATE void Ordinary(const HeatStepRow *row, const HeatStepConstants *k, PetscBool sources,
                       PetscInt begin, PetscInt end)
{
  const PetscInt rest = begin + (end - begin) / VECTOR * VECTOR;

  _Pragma("omp simd") for (PetscInt i = begin; i < rest; i += VECTOR)
  {
    HeatStoreValues(row->out + i, ALL, New(row, k, sources, i, ALL));
  }
  if (rest == end) return;
  const HeatLanes lanes = HeatFirstLanes(end - rest);

  HeatStoreValues(row->out + rest, lanes, New(row, k, sources, rest, lanes));
}

/* Compute cells [begin, end), and store whole lines past the cache.  A line that takes both kinds
   of stores would be read and written twice. */
TEMPLATE void Past(const HeatStepRow *row, const HeatStepConstants *k, PetscBool sources,
                   PetscInt begin, PetscInt end)
{
  const PetscInt first = PetscMin(begin + ToNextLine(row->out + begin), end);
  const PetscInt last  = first + (end - first) / LINE * LINE;

  Ordinary(row, k, sources, begin, first);
  for (PetscInt line = first; line < last; line += LINE) {
    __builtin_prefetch(row->above + line + AHEAD);
    for (PetscInt i = line; i < line + LINE; i += VECTOR)
      HeatStreamValues(row->out + i, New(row, k, sources, i, ALL));
  }
  Ordinary(row, k, sources, last, end);
}

/* Compute cells [begin, end).
   @param[in] k  their coefficients; NULL: they differ */
static void Cells(const HeatStepRow *row, const HeatStepConstants *k, PetscInt begin, PetscInt end,
                  PetscBool past_cache)
{
  if (begin >= end) return;
#define CASE(constants, sources)                                                                   \
  do {                                                                                             \
    if (past_cache) Past(row, constants, sources, begin, end);                                     \
    else Ordinary(row, constants, sources, begin, end);                                            \
  } while (0)
  if (k && row->q) CASE(k, PETSC_TRUE);
  else if (k) CASE(k, PETSC_FALSE);
  else if (row->q) CASE(NULL, PETSC_TRUE);
  else CASE(NULL, PETSC_FALSE);
}

void HeatStepAddPastCache(PetscInt n, const PetscReal *x, const PetscReal *y, PetscReal *sum)
{
  const PetscInt first = PetscMin(ToNextLine(sum), n), last = first + (n - first) / LINE * LINE;

  for (PetscInt i = 0; i < first; i++) sum[i] = x[i] + y[i];
  for (PetscInt i = first; i < last; i += VECTOR)
    HeatStreamValues(sum + i, HeatLoadAll(x + i) + HeatLoadAll(y + i));
  for (PetscInt i = last; i < n; i++) sum[i] = x[i] + y[i];
}

void HeatStepFence(void)
{
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

void HeatStepCompute(const HeatStepRow *row, const HeatStepConstants *k, PetscBool past_cache)
{
  const PetscInt begin = k ? k->begin : 0, end = k ? k->end : 0;

  Cells(row, NULL, 0, begin, past_cache);
  if (k) Cells(row, k, begin, end, past_cache);
  Cells(row, NULL, end, row->n, past_cache);
}

/* Compute the cells of a vector, with ambient exchange. */
TEMPLATE void Exchange(const HeatStepRow *row, PetscBool sources, const PetscReal *E,
                       const PetscReal *ambient, PetscReal *heat, PetscInt i, HeatLanes lanes)
{
  const HeatValues T      = HeatLoadValues(row->T + i, lanes);
  const HeatValues in     = HeatLoadValues(E + i, lanes) * (HeatLoadValues(ambient + i, lanes) - T);
  const HeatValues q      = sources ? HeatLoadValues(row->q + i, lanes) : HeatSetValues(0.0);
  const HeatValues change = HeatLoadValues(row->r + i, lanes) *
                            ((Faces(row, NULL, i, lanes, T) + q) + in);

  if (heat) HeatStoreValues(heat + i, lanes, HeatLoadValues(heat + i, lanes) + in);
  HeatStoreValues(row->out + i, lanes, T + change);
}

TEMPLATE void ExchangeRow(const HeatStepRow *row, PetscBool sources, const PetscReal *E,
                          const PetscReal *ambient, PetscReal *heat)
{
  const PetscInt rest = row->n / VECTOR * VECTOR;

  _Pragma("omp simd") for (PetscInt i = 0; i < rest; i += VECTOR)
  {
    Exchange(row, sources, E, ambient, heat, i, ALL);
  }
  if (rest < row->n) Exchange(row, sources, E, ambient, heat, rest, HeatFirstLanes(row->n - rest));
}

void HeatStepComputeExchange(const HeatStepRow *row, const PetscReal *E, const PetscReal *ambient,
                             PetscReal *heat)
{
  if (!heat) ExchangeRow(row, row->q ? PETSC_TRUE : PETSC_FALSE, E, ambient, NULL);
  else if (row->q) ExchangeRow(row, PETSC_TRUE, E, ambient, heat);
  else ExchangeRow(row, PETSC_FALSE, E, ambient, heat);
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
