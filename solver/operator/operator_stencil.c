/** The stencil: net heat, explicit step, matrix-free product and residual norm.
 *
 *  RowKernel forms the heat through the four faces of each cell, in one order of additions; net
 *  heat, explicit step and product are results derived from that sum.  It works on a run of cells
 *  of one row and takes the four neighbours by pointer.  Cells at the edge of a block, whose
 *  neighbours lie in a ghost strip, therefore go through the same code as all others and round
 *  alike, so that an explicit step has the same bits on any decomposition.
 *
 *  Conductances and neighbours' temperatures are combined in other places too: with the factors of
 *  the Jacobian (JacobianKernel, here), for several steps in one sweep (wavefront.c, in the same
 *  order and with the same bits), for flux densities (operator_heat.c), and face by face
 *  (operator_visit.c).
 *
 *  A sweep starts the halo exchange, computes all cells that need no message, waits for the
 *  messages, and computes the rest. */
#include "solver/operator/operator_impl.h"
#include "solver/operator/step_kernel.h"

/* What a sweep computes from `sum`, the heat through a cell's faces, with u the field, C the
   capacity, D the shift (operator_impl.h).  A result whose name has a second word reads more
   arrays. */
typedef enum {
  NET,           /* sum + q */
  NET_AMBIENT,   /* sum + q + E (T_amb - u) */
  STEP,          /* u + dt/C (sum + q) */
  STEP_AMBIENT,  /* u + dt/C (sum + q + E (T_amb - u)) */
  RATE,          /* (sum + q)/C */
  RATE_AMBIENT,  /* (sum + q + E (T_amb - u))/C */
  STAGE,         /* of rkl2: (m u + n out) + (net sum/C + rate Q), with HeatRklStage's numbers; with
                     ambient exchange, sum - E u in place of sum */
  APPLY,         /* mass C u - sum */
  APPLY_SHIFTED, /* (mass C + D) u - sum */
  APPLY_JACOBIAN, /* as APPLY_SHIFTED, with low and high in place of the conductances */
  DEFECT,         /* the sum over cells of (b - APPLY)^2 */
  DEFECT_SHIFTED  /* the sum over cells of (b - APPLY_SHIFTED)^2 */
} Result;

/* What an explicit step keeps from one row to the next. */
typedef struct {
  PetscReal        *r;          /* [nxl] dt/C of the latest row [m K/W] */
  const PetscReal  *C;          /* the row of C that r is for; NULL: none yet */
  PetscInt          begin, end; /* columns of r that were computed */
  HeatStepRow       last;       /* the latest row, with C at last_C */
  const PetscReal  *last_C;
  PetscBool         known; /* `constants` are those of `last` */
  HeatStepConstants constants;
  PetscBool         past_cache; /* as for HeatStepCompute */
} StepRows;

/* One pass over the block. */
typedef struct {
  Result           result;
  StepRows        *steps;             /* of STEP; NULL for any other result */
  PetscReal        dt;                /* [s], of a step */
  PetscReal        mass;              /* [1/s], of a product or defect */
  const PetscReal *E, *ambient;       /* [nyl][nxl] of the ambient exchange [W/(m K)], [K]; NULL:
                                         none */
  PetscReal       *heat;              /* [nyl][nxl] E (T_amb - u) is added (STEP_AMBIENT,
                                         RATE_AMBIENT), or a share of E u subtracted (STAGE) [W/m];
                                         NULL: neither */
  const PetscReal *u;                 /* [nyl][nxl] the field that the stencil is applied to */
  const PetscReal *ghost[HEAT_SIDES]; /* [nyl] or [nxl] values of u beyond each side of the block */
  PetscReal       *out;               /* [nyl][nxl] */
  const HeatRklStage *stage;          /* of STAGE */
  const PetscReal    *Q;              /* [nyl][nxl] of STAGE: RATE at the beginning of the step */
  const PetscReal    *b;              /* [nyl][nxl] right-hand side of a defect */
  PetscReal           rounding_constant; /* of a defect: see DefectSquares */
  PetscReal          *squares;           /* of a defect: running sum over this rank's cells */
} Sweep;

/* Where the first of n cells of a row is: its place in fields, in rows of C, and the places of its
   west, south and north face in gx and gy. */
typedef struct {
  size_t cell, C, west, south, north;
} Place;

/* Return the place of own cell (j, i). */
static inline Place PlaceOf(const HeatOperator *op, PetscInt j, PetscInt i)
{
  return (Place){.cell  = (size_t)j * (size_t)op->grid->nxl + (size_t)i,
                 .C     = op->capacity_row[j] + (size_t)i,
                 .west  = op->gx_row[j] + (size_t)i,
                 .south = op->gy_row[j] + (size_t)i,
                 .north = op->gy_row[j + 1] + (size_t)i};
}

/* Compute y = (mass C + D) x - J_faces x for n cells of a row, with J_faces x the linearised heat
   through the cell's faces.  By solver/README.md eq. (8), the heat through a face towards its lower
   cell a is high x_b - low x_a; it enters a and leaves b:

       y = (mass C + D) c - (((hx_e e - lx_e c) - (hx_w c - lx_w w))
                           + ((hx_n n - lx_n c) - (hx_s c - lx_s s)))

   with c the cell, w, e, s, n its neighbours, lx and hx the factors low and high of the faces.
   @param[in] at           place of the first cell
   @param[in] w, e, s, no  x of the western, eastern, southern and northern neighbours */
static inline void JacobianKernel(const HeatOperator *op, const Sweep *sweep, PetscInt n, Place at,
                                  const PetscReal *w, const PetscReal *e, const PetscReal *s,
                                  const PetscReal *no)
{
  const PetscReal *restrict c  = sweep->u + at.cell;
  const PetscReal *restrict lx = op->low[0] + at.west, *restrict hx = op->high[0] + at.west;
  const PetscReal *restrict ls = op->low[1] + at.south, *restrict ln = op->low[1] + at.north;
  const PetscReal *restrict hs = op->high[1] + at.south, *restrict hn = op->high[1] + at.north;
  const PetscReal *restrict C = op->capacity + at.C, *restrict D = op->shift + at.cell;
  PetscReal *restrict out = sweep->out + at.cell;
  const PetscReal mass    = sweep->mass;

  for (PetscInt i = 0; i < n; i++) {
    out[i] = (mass * C[i] + D[i]) * c[i] -
             (((hx[i + 1] * e[i] - lx[i + 1] * c[i]) - (hx[i] * c[i] - lx[i] * w[i])) +
              ((hn[i] * no[i] - ln[i] * c[i]) - (hs[i] * c[i] - ls[i] * s[i])));
  }
}

/* Return the sum over n cells of a row of (b - A x)^2, each square rounded to a multiple of a
   quantum.  Adding and subtracting rounding_constant = 1.5 2^52 quantum does the rounding: in that
   binade doubles are one quantum apart.  Sums of such multiples are exact in any order as long as
   they stay below 2^53 quanta.  Arguments as for JacobianKernel. */
static inline PetscReal DefectSquares(const HeatOperator *op, const Sweep *sweep, PetscInt n,
                                      Place at, const PetscReal *w, const PetscReal *e,
                                      const PetscReal *s, const PetscReal *no)
{
  const PetscReal *restrict c = sweep->u + at.cell, *restrict gx = op->gx + at.west;
  const PetscReal *restrict gs = op->gy + at.south, *restrict gn = op->gy + at.north;
  const PetscReal *restrict C = op->capacity + at.C, *restrict b = sweep->b + at.cell;
  const PetscReal *restrict D = sweep->result == DEFECT_SHIFTED ? op->shift + at.cell : NULL;
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

/* The heat through the faces of cell i,

       SUM(i) = (G_w (T_w - T_i) + G_e (T_e - T_i)) + (G_s (T_s - T_i) + G_n (T_n - T_i)),

   added in this order, with T = c, w, e, s, no. */
#define SUM(i)                                                                                     \
  ((gx[i] * (w[i] - c[i]) + gx[(i) + 1] * (e[i] - c[i])) +                                         \
   (gs[i] * (s[i] - c[i]) + gn[i] * (no[i] - c[i])))

/* Compute a stage of rkl2 for n cells of a row, with out = d_{j-2} on entry and d_j on return.  The
   heat through the faces is added as in RowKernel.  Arguments as for JacobianKernel. */
static inline void StageKernel(const HeatOperator *op, const Sweep *sweep, PetscInt n, Place at,
                               const PetscReal *w, const PetscReal *e, const PetscReal *s,
                               const PetscReal *no)
{
  const PetscReal *restrict c = sweep->u + at.cell, *restrict gx = op->gx + at.west;
  const PetscReal *restrict gs = op->gy + at.south, *restrict gn = op->gy + at.north;
  const PetscReal *restrict C = op->capacity + at.C, *restrict Q = sweep->Q + at.cell;
  PetscReal *restrict out  = sweep->out + at.cell;
  const HeatRklStage stage = *sweep->stage;

#define STAGE_OF(sum)                                                                              \
  out[i] = (stage.m * c[i] + stage.n * out[i]) +                                                   \
           (1.0 / C[i] * (stage.net * (sum)) + stage.rate * Q[i])
  if (sweep->E) {
    const PetscReal *restrict E = sweep->E + at.cell;
    PetscReal *restrict heat    = sweep->heat ? sweep->heat + at.cell : NULL;

    for (PetscInt i = 0; i < n; i++) {
      const PetscReal lost = E[i] * c[i];

      if (heat) heat[i] -= stage.share * lost;
      STAGE_OF(SUM(i) - lost);
    }
  } else {
    for (PetscInt i = 0; i < n; i++) STAGE_OF(SUM(i));
  }
#undef STAGE_OF
}

/* Compute the result of a sweep over the field u for n cells of a row.  Arguments as for
   JacobianKernel. */
static inline void RowKernel(const HeatOperator *op, const Sweep *sweep, PetscInt n, Place at,
                             const PetscReal *w, const PetscReal *e, const PetscReal *s,
                             const PetscReal *no)
{
  const size_t cell           = at.cell;
  const PetscReal *restrict c = sweep->u + cell, *restrict gx = op->gx + at.west;
  const PetscReal *restrict gs = op->gy + at.south, *restrict gn = op->gy + at.north;
  const PetscReal *restrict C = op->capacity + at.C;
  const PetscReal *restrict q = op->q ? op->q + cell : op->zeros;
  PetscReal *restrict out     = sweep->out + cell;
  const PetscReal dt = sweep->dt, mass = sweep->mass;

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
    for (PetscInt i = 0; i < n; i++) {
      const PetscReal brought = AMBIENT_EXCHANGE(i);

      if (sweep->heat) sweep->heat[cell + (size_t)i] += brought;
      out[i] = c[i] + dt / C[i] * (SUM(i) + q[i] + brought);
    }
    break;
  case RATE:
    for (PetscInt i = 0; i < n; i++) out[i] = 1.0 / C[i] * (SUM(i) + q[i]);
    break;
  case RATE_AMBIENT:
    for (PetscInt i = 0; i < n; i++) {
      const PetscReal brought = AMBIENT_EXCHANGE(i);

      if (sweep->heat) sweep->heat[cell + (size_t)i] += brought;
      out[i] = 1.0 / C[i] * (SUM(i) + q[i] + brought);
    }
    break;
  case STAGE: StageKernel(op, sweep, n, at, w, e, s, no); break;
  case APPLY:
    for (PetscInt i = 0; i < n; i++) out[i] = mass * C[i] * c[i] - SUM(i);
    break;
  case APPLY_SHIFTED:
    for (PetscInt i = 0; i < n; i++)
      out[i] = (mass * C[i] + op->shift[cell + (size_t)i]) * c[i] - SUM(i);
    break;
  case DEFECT:
  case DEFECT_SHIFTED: *sweep->squares += DefectSquares(op, sweep, n, at, w, e, s, no); break;
  case APPLY_JACOBIAN: JacobianKernel(op, sweep, n, at, w, e, s, no); break;
  }
#undef AMBIENT_EXCHANGE
#undef SUM
}

/* Compute dt/C of cells [begin, end) of row j, unless the row computed last has the same C. */
static void PrepareStep(const HeatOperator *op, const Sweep *sweep, PetscInt j, PetscInt begin,
                        PetscInt end)
{
  StepRows        *rows = sweep->steps;
  const PetscReal *C    = HeatOperatorCapacity(op, j);
  const PetscReal  dt   = sweep->dt;

  if (rows->C == C && rows->begin <= begin && rows->end >= end) return;
  rows->C     = C;
  rows->begin = begin;
  rows->end   = end;
  for (PetscInt i = begin; i < end; i++) rows->r[i] = dt / C[i];
}

/* Return the constants of a row that shares its coefficients with the row before it, else NULL.
   They are searched once for all consecutive rows that share coefficients; in a row with its own
   coefficients the search would cost more than it saves. */
static const HeatStepConstants *ConstantsOf(StepRows *rows, const HeatStepRow *row)
{
  const HeatStepRow *last = &rows->last;
  const PetscBool    same = (PetscBool)(last->n == row->n && last->gx == row->gx &&
                                     last->gs == row->gs && last->gn == row->gn &&
                                     rows->last_C == rows->C);

  if (same && !rows->known) rows->constants = HeatStepFindConstants(row);
  rows->known  = same;
  rows->last   = *row;
  rows->last_C = rows->C;
  return same ? &rows->constants : NULL;
}

/* Take a step of cells [begin, end) of row j, whose neighbours to the left and right are own
   cells.
   @param[in] below, above  temperatures below and above cell `begin` [K] */
static void StepInside(const HeatOperator *op, const Sweep *sweep, PetscInt j, PetscInt begin,
                       PetscInt end, const PetscReal *below, const PetscReal *above)
{
  const Place place = PlaceOf(op, j, begin);

  PrepareStep(op, sweep, j, begin, end);
  const HeatStepRow row = {.n     = end - begin,
                           .T     = sweep->u + place.cell,
                           .below = below,
                           .above = above,
                           .gx    = op->gx + place.west,
                           .gs    = op->gy + place.south,
                           .gn    = op->gy + place.north,
                           .r     = sweep->steps->r + begin,
                           .q     = op->q ? op->q + place.cell : NULL,
                           .out   = sweep->out + place.cell};

  if (sweep->E)
    HeatStepComputeExchange(&row, sweep->E + place.cell, sweep->ambient + place.cell,
                            sweep->heat ? sweep->heat + place.cell : NULL);
  else HeatStepCompute(&row, ConstantsOf(sweep->steps, &row), sweep->steps->past_cache);
}

/* Compute cells [begin, end) of row j.  The first and the last cell of the block's row are computed
   apart, since a neighbour of theirs is a ghost cell. */
static void SweepRow(const HeatOperator *op, const Sweep *sweep, PetscInt j, PetscInt begin,
                     PetscInt end)
{
  const PetscInt   nx = op->grid->nxl, ny = op->grid->nyl;
  const PetscReal *u = sweep->u + (size_t)j * (size_t)nx;
  const PetscReal *s = j > 0 ? u - nx : sweep->ghost[HEAT_BOTTOM];
  const PetscReal *n = j < ny - 1 ? u + nx : sweep->ghost[HEAT_TOP];
  PetscInt         i = begin;

  if (i == 0 && end > 0) {
    const PetscReal *east = nx == 1 ? sweep->ghost[HEAT_RIGHT] + j : u + 1;

    RowKernel(op, sweep, 1, PlaceOf(op, j, 0), sweep->ghost[HEAT_LEFT] + j, east, s, n);
    i = 1;
  }
  const PetscInt last = PetscMin(end, nx - 1);
  if (i < last && sweep->steps) StepInside(op, sweep, j, i, last, s + i, n + i);
  else if (i < last)
    RowKernel(op, sweep, last - i, PlaceOf(op, j, i), u + i - 1, u + i + 1, s + i, n + i);
  if (end == nx && nx > 1) {
    RowKernel(op, sweep, 1, PlaceOf(op, j, nx - 1), u + nx - 2, sweep->ghost[HEAT_RIGHT] + j,
              s + nx - 1, n + nx - 1);
  }
}

/* Return the strips whose exchange HeatOperatorBreakHalo may leave out; HEAT_STRIPS_MOST for what a
   linear solver exchanges. */
static HeatStrips StripsOf(const Sweep *sweep)
{
  return sweep->result < STAGE    ? HEAT_STRIPS_T
         : sweep->result == STAGE ? HEAT_STRIPS_INCREMENT
                                  : HEAT_STRIPS_MOST;
}

/* Sweep over the whole block; cells that need no message are computed while messages travel.  A
   side needs a message unless it lies on the domain's boundary or the block is its own neighbour.
   @param[in] boundary  values of u beyond the domain's sides */
static PetscErrorCode RunSweep(HeatOperator *op, Sweep *sweep,
                               const PetscReal *const boundary[HEAT_SIDES])
{
  const HeatGrid  *g      = op->grid;
  const HeatStrips strips = StripsOf(sweep);
  const PetscBool  kept   = (PetscBool)(op->broken && strips != HEAT_STRIPS_MOST);
  const PetscBool  silent = (PetscBool)(kept && HeatHaloFaultLeavesOut(op->broken, strips));
  PetscInt         waiting[HEAT_SIDES];

  PetscFunctionBeginUser;
  for (int s = 0; s < HEAT_SIDES; s++) {
    const PetscBool no_message = (g->boundary[s] || g->neighbour[s] == g->rank) ? PETSC_TRUE
                                                                                : PETSC_FALSE;

    sweep->ghost[s] = g->boundary[s] ? boundary[s]
                      : silent       ? op->broken->last[strips][s]
                                     : HeatHaloGhost(op->halo, (HeatSide)s);
    waiting[s]      = no_message ? 0 : 1;
  }
  const PetscInt i0 = waiting[HEAT_LEFT], i1 = g->nxl - waiting[HEAT_RIGHT];
  const PetscInt j0 = waiting[HEAT_BOTTOM], j1 = g->nyl - waiting[HEAT_TOP];

  if (!silent) PetscCall(HeatHaloBegin(op->halo, sweep->u));
  if (i0 < i1) {
    for (PetscInt j = j0; j < j1; j++) SweepRow(op, sweep, j, i0, i1);
  }
  if (!silent) PetscCall(HeatHaloEnd(op->halo));
  if (kept && !silent) PetscCall(HeatHaloFaultKeep(op, op->broken, strips));
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

/* Sweep with T_b beyond the domain's sides, for net heat or a step. */
static PetscErrorCode SweepWithBoundaries(HeatOperator *op, Sweep *sweep)
{
  const PetscReal *boundary[HEAT_SIDES];

  PetscFunctionBeginUser;
  if (op->ambient_exchange) {
    sweep->result  = sweep->result == NET    ? NET_AMBIENT
                     : sweep->result == STEP ? STEP_AMBIENT
                                             : RATE_AMBIENT;
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
  StepRows rows  = {.past_cache = HeatStepPastCache(HeatGridLocalCells(op->grid) * sizeof *T)};
  Sweep    sweep = {.result = STEP, .steps = &rows, .dt = dt, .u = T, .out = T_new};

  PetscFunctionBeginUser;
  HeatExchangeBegin(op, dt);
  if (op->exchange_heat) sweep.heat = op->exchange_heat->cells;
  PetscCall(PetscMalloc1(op->grid->nxl, &rows.r));
  PetscCall(SweepWithBoundaries(op, &sweep));
  HeatStepFence();
  PetscCall(PetscFree(rows.r));
  HeatExchangeEnd(op, 1);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorRate(HeatOperator *op, const PetscReal *T, PetscReal *rate,
                                PetscReal *heat)
{
  Sweep sweep = {.result = RATE, .u = T, .out = rate, .heat = heat};

  PetscFunctionBeginUser;
  PetscCall(SweepWithBoundaries(op, &sweep));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorStage(HeatOperator *op, const HeatRklStage *stage, const PetscReal *Q,
                                 const PetscReal *const beyond[HEAT_SIDES], const PetscReal *d,
                                 PetscReal *before, PetscReal *heat)
{
  Sweep sweep = {.result = STAGE, .u = d, .out = before, .stage = stage, .Q = Q, .heat = heat};

  PetscFunctionBeginUser;
  if (op->ambient_exchange) sweep.E = HeatAmbientExchangeConductance(op->ambient_exchange);
  PetscCall(RunSweep(op, &sweep, beyond));
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
  /* The quantum 2^(2 ilogb(bound) - 50) makes bound^2 less than 2^52 quanta, so that sums up to
     bound^2 are exact.  Quantum and bound^2 must be doubles; for bounds beyond 2^-480 to 2^480 sums
     are not rounded. */
  const PetscBool  usable  = (bound > 0x1p-480 && bound < 0x1p480) ? PETSC_TRUE : PETSC_FALSE;
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
