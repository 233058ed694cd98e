/* The stencil.
 *
 * RowKernel is the only place where neighbours' temperatures meet conductances; the explicit
 * step, the net heat and the matrix-free product are endings of the same sum.  It works on
 * a run of cells of one row and takes the four neighbours by pointer, so cells at the edge of a
 * block, whose neighbours lie in a ghost strip, go through the same code as all others and round
 * alike: the answer of an explicit step has the same bits on any decomposition.
 *
 * A sweep starts the halo exchange, does all cells that need no message, waits, and does the
 * rest. */
#include "solver/operator/operator.h"

#include <math.h>
#include <stdio.h>

#include "solver/operator/operator_impl.h"

/* Those with a second word are for operators that need more arrays than the others. */
typedef enum {
  NET,
  NET_AMBIENT,
  STEP,
  STEP_AMBIENT,
  APPLY,
  APPLY_SHIFTED,  /* with a diagonal of its own */
  APPLY_JACOBIAN, /* and conductances that depend on T */
  DEFECT,
  DEFECT_SHIFTED
} Result;

typedef struct {
  Result           result;
  PetscReal        dt, mass;
  const PetscReal *E, *ambient;                 /* of an exchange, [nyl][nxl] */
  const PetscReal *u;                           /* [nyl][nxl] */
  const PetscReal *ghost[HEAT_SIDES];           /* values beyond each side */
  PetscReal       *out;                         /* [nyl][nxl] */
  const PetscReal *b;                           /* [nyl][nxl], of a defect */
  PetscReal        rounding_constant, *squares; /* likewise: see HeatOperatorDefect */
} Sweep;

/* y = (mass C + D) x - sum over faces of the linearised heat, high x_high - low x_low towards the
   lower cell.  Faces: w e are those of the row, s n those below and above. */
static inline void JacobianKernel(const HeatOperator *op, const Sweep *sweep, PetscInt n,
                                  size_t cell, size_t face, const PetscReal *w, const PetscReal *e,
                                  const PetscReal *s, const PetscReal *no)
{
  const PetscReal *restrict c  = sweep->u + cell;
  const PetscReal *restrict lx = op->low[0] + face, *restrict hx = op->high[0] + face;
  const PetscReal *restrict ls = op->low[1] + cell, *restrict ln = ls + op->grid->nxl;
  const PetscReal *restrict hs = op->high[1] + cell, *restrict hn = hs + op->grid->nxl;
  const PetscReal *restrict C = op->capacity + cell, *restrict D = op->shift + cell;
  PetscReal *restrict out = sweep->out + cell;
  const PetscReal mass    = sweep->mass;

  for (PetscInt i = 0; i < n; i++) {
    out[i] = (mass * C[i] + D[i]) * c[i] -
             (((hx[i + 1] * e[i] - lx[i + 1] * c[i]) - (hx[i] * c[i] - lx[i] * w[i])) +
              ((hn[i] * no[i] - ln[i] * c[i]) - (hs[i] * c[i] - ls[i] * s[i])));
  }
}

/* The sum of (b - A x)^2, each rounded to a multiple of a quantum. */
static inline PetscReal DefectSquares(const HeatOperator *op, const Sweep *sweep, PetscInt n,
                                      size_t cell, size_t face, const PetscReal *w,
                                      const PetscReal *e, const PetscReal *s, const PetscReal *no)
{
  const PetscReal *restrict c = sweep->u + cell, *restrict gx = op->gx + face;
  const PetscReal *restrict gs = op->gy + cell, *restrict gn = gs + op->grid->nxl;
  const PetscReal *restrict C = op->capacity + cell, *restrict b = sweep->b + cell;
  const PetscReal *restrict D = sweep->result == DEFECT_SHIFTED ? op->shift + cell : NULL;
  const PetscReal mass = sweep->mass, rounding_constant = sweep->rounding_constant;
  PetscReal       sum = 0.0;

#define SQUARE(m)                                                                                  \
  const PetscReal in = (gx[i] * (w[i] - c[i]) + gx[i + 1] * (e[i] - c[i])) +                       \
                       (gs[i] * (s[i] - c[i]) + gn[i] * (no[i] - c[i]));                           \
  const PetscReal defect = b[i] - ((m)*c[i] - in);                                                 \
  sum += (defect * defect + rounding_constant) - rounding_constant
  if (D) {
    _Pragma("omp simd reduction(+ : sum)") for (PetscInt i = 0; i < n; i++)
    {
      SQUARE(mass * C[i] + D[i]);
    }
  } else {
    _Pragma("omp simd reduction(+ : sum)") for (PetscInt i = 0; i < n; i++) { SQUARE(mass * C[i]); }
  }
#undef SQUARE
  return sum;
}

/* N_i = G_w (T_w - T_i) + G_e (T_e - T_i) + G_s (T_s - T_i) + G_n (T_n - T_i), for n cells of a
   row; `face` is the place of the first one's western face in gx. */
static inline void RowKernel(const HeatOperator *op, const Sweep *sweep, PetscInt n, size_t cell,
                             size_t face, const PetscReal *w, const PetscReal *e,
                             const PetscReal *s, const PetscReal *no)
{
  const PetscReal *restrict c = sweep->u + cell, *restrict gx = op->gx + face;
  const PetscReal *restrict gs = op->gy + cell, *restrict gn = gs + op->grid->nxl;
  const PetscReal *restrict C = op->capacity + cell, *restrict q = op->q + cell;
  PetscReal *restrict out = sweep->out + cell;
  const PetscReal dt = sweep->dt, mass = sweep->mass;

#define SUM(i)                                                                                     \
  ((gx[i] * (w[i] - c[i]) + gx[(i) + 1] * (e[i] - c[i])) +                                         \
   (gs[i] * (s[i] - c[i]) + gn[i] * (no[i] - c[i])))
#define AMBIENT_EXCHANGE(i)                                                                        \
  (sweep->E[cell + (size_t)(i)] * (sweep->ambient[cell + (size_t)(i)] - c[i]))
  switch (sweep->result) {
  case NET:
    for (PetscInt i = 0; i < n; i++) out[i] = SUM(i) + q[i];
    break;
  case NET_AMBIENT:
    for (PetscInt i = 0; i < n; i++) out[i] = SUM(i) + q[i] + AMBIENT_EXCHANGE(i);
    break;
  case STEP:
    for (PetscInt i = 0; i < n; i++) out[i] = c[i] + dt / C[i] * (SUM(i) + q[i]);
    break;
  case STEP_AMBIENT:
    for (PetscInt i = 0; i < n; i++)
      out[i] = c[i] + dt / C[i] * (SUM(i) + q[i] + AMBIENT_EXCHANGE(i));
    break;
  case APPLY:
    for (PetscInt i = 0; i < n; i++) out[i] = mass * C[i] * c[i] - SUM(i);
    break;
  case APPLY_SHIFTED:
    for (PetscInt i = 0; i < n; i++)
      out[i] = (mass * C[i] + op->shift[cell + (size_t)i]) * c[i] - SUM(i);
    break;
  case DEFECT:
  case DEFECT_SHIFTED:
    *sweep->squares += DefectSquares(op, sweep, n, cell, face, w, e, s, no);
    break;
  case APPLY_JACOBIAN: JacobianKernel(op, sweep, n, cell, face, w, e, s, no); break;
  }
#undef AMBIENT_EXCHANGE
#undef SUM
}

/* Cells [begin, end) of row j, the first and last of the block apart: their neighbours are
   ghosts. */
static void SweepRow(const HeatOperator *op, const Sweep *sweep, PetscInt j, PetscInt begin,
                     PetscInt end)
{
  const PetscInt   nx = op->grid->nxl, ny = op->grid->nyl;
  const size_t     row = (size_t)j * (size_t)nx, face = (size_t)j * (size_t)(nx + 1);
  const PetscReal *u = sweep->u + row;
  const PetscReal *s = j > 0 ? u - nx : sweep->ghost[HEAT_BOTTOM];
  const PetscReal *n = j < ny - 1 ? u + nx : sweep->ghost[HEAT_TOP];
  PetscInt         i = begin;

  if (i == 0 && end > 0) {
    const PetscReal *east = nx == 1 ? sweep->ghost[HEAT_RIGHT] + j : u + 1;

    RowKernel(op, sweep, 1, row, face, sweep->ghost[HEAT_LEFT] + j, east, s, n);
    i = 1;
  }
  const PetscInt last = PetscMin(end, nx - 1);
  if (i < last)
    RowKernel(op, sweep, last - i, row + (size_t)i, face + (size_t)i, u + i - 1, u + i + 1, s + i,
              n + i);
  if (end == nx && nx > 1) {
    RowKernel(op, sweep, 1, row + (size_t)nx - 1, face + (size_t)nx - 1, u + nx - 2,
              sweep->ghost[HEAT_RIGHT] + j, s + nx - 1, n + nx - 1);
  }
}

/* The whole block: what needs no message first.  `boundary` are the values beyond the domain's
   sides. */
static PetscErrorCode RunSweep(HeatOperator *op, Sweep *sweep,
                               const PetscReal *const boundary[HEAT_SIDES])
{
  const HeatGrid *g = op->grid;
  PetscInt        waiting[HEAT_SIDES];

  PetscFunctionBeginUser;
  for (int s = 0; s < HEAT_SIDES; s++) {
    const PetscBool no_message = (g->boundary[s] || g->neighbour[s] == g->rank) ? PETSC_TRUE
                                                                                : PETSC_FALSE;

    sweep->ghost[s] = g->boundary[s] ? boundary[s] : HeatHaloGhost(op->halo, (HeatSide)s);
    waiting[s]      = no_message ? 0 : 1;
  }
  const PetscInt i0 = waiting[HEAT_LEFT], i1 = g->nxl - waiting[HEAT_RIGHT];
  const PetscInt j0 = waiting[HEAT_BOTTOM], j1 = g->nyl - waiting[HEAT_TOP];

  PetscCall(HeatHaloBegin(op->halo, sweep->u));
  if (i0 < i1) {
    for (PetscInt j = j0; j < j1; j++) SweepRow(op, sweep, j, i0, i1);
  }
  PetscCall(HeatHaloEnd(op->halo));
  for (PetscInt j = 0; j < g->nyl; j++) {
    if (j < j0 || j >= j1 || i0 >= i1) {
      SweepRow(op, sweep, j, 0, g->nxl);
      continue;
    }
    if (i0 > 0) SweepRow(op, sweep, j, 0, i0);
    if (i1 < g->nxl) SweepRow(op, sweep, j, i1, g->nxl);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Net heat or step. */
static PetscErrorCode SweepWithBoundaries(HeatOperator *op, Sweep *sweep)
{
  const PetscReal *boundary[HEAT_SIDES];

  PetscFunctionBeginUser;
  if (op->ambient_exchange) {
    sweep->result  = sweep->result == NET ? NET_AMBIENT : STEP_AMBIENT;
    sweep->E       = HeatAmbientExchangeConductance(op->ambient_exchange);
    sweep->ambient = HeatAmbientExchangeAmbient(op->ambient_exchange);
  }
  for (int s = 0; s < HEAT_SIDES; s++)
    boundary[s] = HeatBoundariesGet(op->boundaries, (HeatSide)s).T;
  PetscCall(RunSweep(op, sweep, boundary));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorNet(HeatOperator *op, const PetscReal *T, PetscReal *net)
{
  Sweep sweep = {.result = NET, .u = T, .out = net};

  PetscFunctionBeginUser;
  PetscCall(SweepWithBoundaries(op, &sweep));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorStep(HeatOperator *op, PetscReal dt, const PetscReal *T,
                                PetscReal *T_new)
{
  Sweep sweep = {.result = STEP, .dt = dt, .u = T, .out = T_new};

  PetscFunctionBeginUser;
  PetscCall(SweepWithBoundaries(op, &sweep));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorApply(HeatOperator *op, PetscReal mass, const PetscReal *x, PetscReal *y)
{
  Sweep            sweep             = {.result = APPLY, .mass = mass, .u = x, .out = y};
  const PetscReal *zeros[HEAT_SIDES] = {op->zeros, op->zeros, op->zeros, op->zeros};

  PetscFunctionBeginUser;
  if (op->shift) sweep.result = op->low[0] ? APPLY_JACOBIAN : APPLY_SHIFTED;
  PetscCall(RunSweep(op, &sweep, zeros));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorDefect(HeatOperator *op, PetscReal mass, const PetscReal *x,
                                  const PetscReal *b, PetscReal bound, PetscReal *norm)
{
  const PetscBool  usable  = (bound > 0.0 && bound <= PETSC_MAX_REAL) ? PETSC_TRUE : PETSC_FALSE;
  const PetscReal  quantum = usable ? ldexp(1.0, 2 * ilogb(bound) - 50) : 0.0;
  PetscReal        squares = 0.0, total;
  const PetscReal *zeros[HEAT_SIDES] = {op->zeros, op->zeros, op->zeros, op->zeros};
  Sweep            sweep             = {.result            = op->shift ? DEFECT_SHIFTED : DEFECT,
                                        .mass              = mass,
                                        .u                 = x,
                                        .b                 = b,
                                        .rounding_constant = 1.5 * 0x1p52 * quantum,
                                        .squares           = &squares};

  PetscFunctionBeginUser;
  PetscCall(RunSweep(op, &sweep, zeros));
  PetscCallMPI(MPI_Allreduce(&squares, &total, 1, MPIU_REAL, MPI_SUM, op->grid->comm));
  *norm = PetscSqrtReal(total);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set-up, time, and what it is made of. */

PetscErrorCode HeatOperatorCreate(const HeatGrid *g, const HeatCase *c,
                                  const HeatCellInputs *inputs, HeatOperator **out)
{
  HeatOperator *op;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&op));
  *out     = op;
  op->grid = g;
  op->c    = c;
  PetscCall(PetscCalloc1(PetscMax(g->nxl, g->nyl), &op->zeros));
  PetscCall(HeatHaloCreate(g, &op->halo));
  PetscCall(HeatOperatorSetUpCoefficients(op, inputs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorSetTime(HeatOperator *op, PetscReal t)
{
  PetscFunctionBeginUser;
  PetscCall(HeatSourceSetTime(op->source, t));
  PetscCall(HeatBoundariesSetTime(op->boundaries, t));
  if (op->ambient_exchange) PetscCall(HeatAmbientExchangeSetTime(op->ambient_exchange, t));
  if (HeatSourceVaries(op->source) || HeatBoundariesFluxVaries(op->boundaries))
    PetscCall(HeatOperatorCombineSources(op));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorTryBring(HeatOperator *op, PetscReal t, const PetscReal *T,
                                    PetscBool *valid)
{
  PetscFunctionBeginUser;
  *valid = PETSC_TRUE;
  PetscCall(HeatOperatorSetTime(op, t));
  if (!op->linear) PetscCall(HeatOperatorUpdate(op, T, valid));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorRaiseUndefined(const HeatOperator *op, PetscErrorCode code,
                                          const char *when)
{
  return HeatRaiseHere(op->grid->comm, code,
                       "%s: a conductivity is not positive, or a source or side is not finite, at "
                       "these temperatures; the case's expressions of T must hold there%s",
                       when, code == HEAT_ERR_NUMERICS ? ", or steps must be shorter" : "");
}

PetscErrorCode HeatOperatorBring(HeatOperator *op, PetscReal t, const PetscReal *T,
                                 PetscErrorCode code, const char *when)
{
  PetscBool valid;
  char      when_and_time[100];

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorTryBring(op, t, T, &valid));
  (void)snprintf(when_and_time, sizeof when_and_time, "%s (t = %g s)", when, (double)t);
  if (!valid) PetscCall(HeatOperatorRaiseUndefined(op, code, when_and_time));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorSetSurfaceTime(HeatOperator *op, PetscReal t)
{
  PetscFunctionBeginUser;
  PetscCall(HeatBoundariesSetTime(op->boundaries, t));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool HeatOperatorIsLinear(const HeatOperator *op) { return op->linear; }

PetscBool HeatOperatorIsSymmetric(const HeatOperator *op)
{
  return HeatConductivityVaries(op->conductivity) ? PETSC_FALSE : PETSC_TRUE;
}

PetscReal HeatOperatorConductivity(const HeatOperator *op, int axis, size_t cell)
{
  return HeatConductivityAt(op->conductivity, axis, cell);
}

PetscReal HeatOperatorContactResistance(const HeatOperator *op, PetscInt a, PetscInt b)
{
  return HeatContactsResistance(op->contacts, a, b);
}

PetscErrorCode HeatOperatorDestroy(HeatOperator **out)
{
  HeatOperator *op = *out;

  PetscFunctionBeginUser;
  if (!op) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatBoundariesDestroy(&op->boundaries));
  PetscCall(HeatSourceDestroy(&op->source));
  PetscCall(HeatAmbientExchangeDestroy(&op->ambient_exchange));
  PetscCall(HeatContactsDestroy(&op->contacts));
  PetscCall(HeatConductivityDestroy(&op->conductivity));
  PetscCall(HeatOperatorStepsDestroy(&op->steps));
  PetscCall(HeatHaloDestroy(&op->halo));
  for (int side = 0; side < HEAT_SIDES; side++) {
    PetscCall(PetscFree(op->ghosts[side].k));
    PetscCall(PetscFree(op->ghosts[side].slope));
    PetscCall(PetscFree(op->ghosts[side].T));
    PetscCall(PetscFree(op->ghosts[side].material));
  }
  for (int axis = 0; axis < 2; axis++) {
    PetscCall(PetscFree(op->low[axis]));
    PetscCall(PetscFree(op->high[axis]));
  }
  PetscCall(PetscFree(op->shift_owned));
  PetscCall(PetscFree(op->material));
  PetscCall(PetscFree(op->density));
  PetscCall(PetscFree(op->capacity));
  PetscCall(PetscFree(op->gx));
  PetscCall(PetscFree(op->gy));
  PetscCall(PetscFree(op->zeros));
  PetscCall(PetscFree(op->q_owned));
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

const HeatGrid       *HeatOperatorGrid(const HeatOperator *op) { return op->grid; }
const HeatCase       *HeatOperatorCase(const HeatOperator *op) { return op->c; }
const PetscReal      *HeatOperatorCapacity(const HeatOperator *op) { return op->capacity; }
const uint16_t       *HeatOperatorMaterial(const HeatOperator *op) { return op->material; }
const HeatBoundaries *HeatOperatorBoundaries(const HeatOperator *op) { return op->boundaries; }
const HeatSource     *HeatOperatorSource(const HeatOperator *op) { return op->source; }
HeatHaloCounts        HeatOperatorHaloCounts(const HeatOperator *op)
{
  return HeatHaloGetCounts(op->halo);
}
