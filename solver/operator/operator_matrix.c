/** The operator as a matrix: its diagonal, a bound of its spectrum, and the matrix for
 *  preconditioners.
 *
 *  -J has in the row of a cell, for each face, a term on the diagonal and a coupling to the cell
 *  beyond.  Without low and high both are the conductance G; with them, by solver/README.md eq.
 *  (8), the diagonal has the factor of the own temperature and the coupling the factor of the
 *  neighbour's:
 *
 *                         the cell is the lower one a     the cell is the higher one b
 *                         (its east, north faces)         (its west, south faces)
 *      diagonal           low                             high
 *      coupling           high                            low
 */
#include <math.h>

#include "solver/operator/operator_impl.h"

/* The four faces of a cell, by side [W/(m K)]: `own` is the term of the diagonal of -J, `beyond`
   the coupling to the cell beyond the face. */
typedef struct {
  PetscReal own[HEAT_SIDES], beyond[HEAT_SIDES];
} CellFaces;

/* Return the faces of own cell (j, i).
   @param[in] frozen  true: conductances count as constants (Picard's matrix) */
static CellFaces FacesOf(const HeatOperator *op, PetscInt j, PetscInt i, PetscBool frozen)
{
  const size_t     x = op->gx_row[j] + (size_t)i, y = op->gy_row[j] + (size_t)i;
  const size_t     above = op->gy_row[j + 1] + (size_t)i;
  const PetscBool  fixed = (frozen || !op->low[0]) ? PETSC_TRUE : PETSC_FALSE;
  const PetscReal *lx = fixed ? op->gx : op->low[0], *hx = fixed ? op->gx : op->high[0];
  const PetscReal *ly = fixed ? op->gy : op->low[1], *hy = fixed ? op->gy : op->high[1];

  return (CellFaces){{hx[x], lx[x + 1], hy[y], ly[above]}, {lx[x], hx[x + 1], ly[y], hy[above]}};
}

/* Return the sum of the diagonal terms of a cell's faces. */
static PetscReal OwnSum(const CellFaces *f)
{
  return (f->own[0] + f->own[1]) + (f->own[2] + f->own[3]);
}

/* Return the sum of the magnitudes of a cell's couplings to other cells; boundary faces couple to
   none. */
static PetscReal CouplingSum(const HeatGrid *g, PetscInt j, PetscInt i, const CellFaces *f)
{
  const PetscBool edge[HEAT_SIDES] = {
      i == 0 ? PETSC_TRUE : PETSC_FALSE, i == g->nxl - 1 ? PETSC_TRUE : PETSC_FALSE,
      j == 0 ? PETSC_TRUE : PETSC_FALSE, j == g->nyl - 1 ? PETSC_TRUE : PETSC_FALSE};
  PetscReal sum = 0.0;

  for (int s = 0; s < HEAT_SIDES; s++)
    sum += g->boundary[s] && edge[s] ? 0.0 : PetscAbsReal(f->beyond[s]);
  return sum;
}

/* Return the diagonal of mass C - J in own cell (j, i) [W/(m K)]. */
static PetscReal DiagonalAt(const HeatOperator *op, PetscReal mass, PetscInt j, PetscInt i)
{
  const size_t    cell  = (size_t)j * (size_t)op->grid->nxl + (size_t)i;
  const CellFaces faces = FacesOf(op, j, i, PETSC_FALSE);
  const PetscReal d     = mass * HeatOperatorCapacity(op, j)[i] + OwnSum(&faces);

  return op->shift ? d + op->shift[cell] : d;
}

PetscErrorCode HeatOperatorDiagonal(const HeatOperator *op, PetscReal mass, PetscReal *d)
{
  PetscFunctionBeginUser;
  for (PetscInt j = 0; j < op->grid->nyl; j++)
    for (PetscInt i = 0; i < op->grid->nxl; i++) *d++ = DiagonalAt(op, mass, j, i);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store d_i T_i of own row j, divided by the capacities if `rates`.  Without low and high, the loop
   is a vectorised DiagonalAt. */
static void RoundingRow(const HeatOperator *op, PetscReal mass, PetscBool rates, PetscInt j,
                        const PetscReal *T, PetscReal *term)
{
  const PetscInt   nx = op->grid->nxl;
  const PetscReal *gx = op->gx + op->gx_row[j], *gs = op->gy + op->gy_row[j];
  const PetscReal *gn = op->gy + op->gy_row[j + 1], *C = HeatOperatorCapacity(op, j);

  if (op->low[0] || op->shift) {
    for (PetscInt i = 0; i < nx; i++) term[i] = DiagonalAt(op, mass, j, i) * T[i];
  } else {
    _Pragma("omp simd") for (PetscInt i = 0; i < nx; i++)
    {
      term[i] = (mass * C[i] + ((gx[i] + gx[i + 1]) + (gs[i] + gn[i]))) * T[i];
    }
  }
  if (!rates) return;
  for (PetscInt i = 0; i < nx; i++) term[i] /= C[i];
}

/* A residual is a sum of up to ten terms, none larger than about d_i T_i, each with a rounding
   error of up to epsilon/2.  Independent errors add up to sqrt(10) epsilon/2 = 1.6 epsilon d_i T_i;
   the factor 4 is more than twice that. */
PetscErrorCode HeatOperatorRounding(const HeatOperator *op, PetscReal mass, PetscBool rates,
                                    const PetscReal *T, PetscReal *norm)
{
  const PetscReal rounding_factor = 4.0;
  const size_t    nx              = (size_t)op->grid->nxl;
  HeatExactSum    sum             = {0};
  PetscReal       square, *term;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(nx, &term));
  for (PetscInt j = 0; j < op->grid->nyl; j++) {
    RoundingRow(op, mass, rates, j, T + (size_t)j * nx, term);
    HeatExactSumAddProducts(&sum, nx, term, term);
  }
  PetscCall(PetscFree(term));
  PetscCall(HeatExactSumReduce(op->grid->comm, 1, &sum, &square));
  *norm = rounding_factor * PETSC_MACHINE_EPSILON * PetscSqrtReal(square);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Gershgorin's theorem bounds the eigenvalues of -C^-1 J by (|diagonal| + sum of |couplings|)/C.
   Return the largest bound of cells begin to end - 1 of own row j. */
static PetscReal RowBound(const HeatOperator *op, PetscInt j, PetscInt begin, PetscInt end)
{
  const HeatGrid *g     = op->grid;
  PetscReal       bound = 0.0;

  for (PetscInt i = begin; i < end; i++) {
    const size_t    cell  = (size_t)j * (size_t)g->nxl + (size_t)i;
    const CellFaces faces = FacesOf(op, j, i, PETSC_FALSE);
    const PetscReal shift = op->shift ? op->shift[cell] : 0.0;

    bound = PetscMax(bound, (PetscAbsReal(OwnSum(&faces) + shift) + CouplingSum(g, j, i, &faces)) /
                                HeatOperatorCapacity(op, j)[i]);
  }
  return bound;
}

/* Return RowBound of the cells between the first and the last of own row j, which is neither the
   first nor the last row, without low and high: each face's conductance is both its term on the
   diagonal and its coupling.  The loop is a vectorised RowBound, with the same roundings. */
static PetscReal InnerRowBound(const HeatOperator *op, PetscInt j)
{
  const PetscInt   nx  = op->grid->nxl;
  const size_t     row = (size_t)j * (size_t)nx;
  const PetscReal *gx = op->gx + op->gx_row[j], *gs = op->gy + op->gy_row[j];
  const PetscReal *gn = op->gy + op->gy_row[j + 1];
  const PetscReal *C = HeatOperatorCapacity(op, j), *D = op->shift ? op->shift + row : NULL;
  PetscReal        bound = 0.0;

  _Pragma("omp simd reduction(max : bound)") for (PetscInt i = 1; i < nx - 1; i++)
  {
    const PetscReal own      = (gx[i] + gx[i + 1]) + (gs[i] + gn[i]);
    const PetscReal coupling = ((fabs(gx[i]) + fabs(gx[i + 1])) + fabs(gs[i])) + fabs(gn[i]);
    const PetscReal value    = (fabs(own + (D ? D[i] : 0.0)) + coupling) / C[i];

    bound = bound < value ? value : bound;
  }
  return bound;
}

PetscReal HeatOperatorStiffness(const HeatOperator *op)
{
  const HeatGrid *g     = op->grid;
  PetscReal       bound = 0.0;

  for (PetscInt j = 0; j < g->nyl; j++) {
    const PetscBool inner = (j > 0 && j < g->nyl - 1 && g->nxl > 2 && !op->low[0]) ? PETSC_TRUE
                                                                                   : PETSC_FALSE;

    if (inner) {
      bound = PetscMax(bound, InnerRowBound(op, j));
      bound = PetscMax(bound, RowBound(op, j, 0, 1));
      bound = PetscMax(bound, RowBound(op, j, g->nxl - 1, g->nxl));
    } else {
      bound = PetscMax(bound, RowBound(op, j, 0, g->nxl));
    }
  }
  return bound;
}

PetscReal HeatOperatorStableStepOf(PetscReal stiffness)
{
  return stiffness > 0.0 ? 2.0 / stiffness : PETSC_MAX_REAL;
}

PetscErrorCode HeatOperatorStableStep(const HeatOperator *op, PetscReal *dt)
{
  PetscReal stiffness = HeatOperatorStiffness(op);

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &stiffness, 1, MPIU_REAL, MPIU_MAX, op->grid->comm));
  *dt = HeatOperatorStableStepOf(stiffness);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the part of a cell's shift D that the assembled matrix keeps: max(D, E).  It drops what
   would weaken the diagonal, but keeps the ambient exchange, which fixes the level of the
   temperature. */
static PetscReal KeptShift(const HeatOperator *op, size_t cell)
{
  const PetscReal E = op->ambient_exchange
                          ? HeatAmbientExchangeConductance(op->ambient_exchange)[cell]
                          : 0.0;

  return op->shift ? PetscMax(op->shift[cell], E) : 0.0;
}

const PetscReal *HeatOperatorConductances(const HeatOperator *op, int axis, PetscInt j)
{
  return axis == 0 ? op->gx + op->gx_row[j] : op->gy + op->gy_row[j];
}

void HeatOperatorMassRow(const HeatOperator *op, PetscReal mass, PetscInt j, PetscReal *row)
{
  const size_t     first = (size_t)j * (size_t)op->grid->nxl;
  const PetscReal *C     = HeatOperatorCapacity(op, j);

  for (PetscInt i = 0; i < op->grid->nxl; i++)
    row[i] = mass * C[i] + KeptShift(op, first + (size_t)i);
}

PetscErrorCode HeatOperatorAssemble(const HeatOperator *op, PetscReal mass, Mat A)
{
  const HeatGrid *g = op->grid;

  PetscFunctionBeginUser;
  PetscCall(MatZeroEntries(A));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const size_t     cell                = (size_t)j * (size_t)g->nxl + (size_t)i;
      const CellFaces  faces               = FacesOf(op, j, i, PETSC_TRUE);
      const PetscInt   step[HEAT_SIDES][2] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}};
      const MatStencil row                 = {.i = g->xs + i, .j = g->ys + j};
      MatStencil       columns[HEAT_SIDES + 1];
      PetscScalar      values[HEAT_SIDES + 1];
      PetscInt         n = 1;

      columns[0] = row;
      values[0]  = mass * HeatOperatorCapacity(op, j)[i] + OwnSum(&faces) + KeptShift(op, cell);
      for (int s = 0; s < HEAT_SIDES; s++) {
        const PetscInt  column_i = row.i + step[s][0], column_j = row.j + step[s][1];
        const PetscBool outside = ((!g->periodic[0] && (column_i < 0 || column_i >= g->nx)) ||
                                   (!g->periodic[1] && (column_j < 0 || column_j >= g->ny)))
                                      ? PETSC_TRUE
                                      : PETSC_FALSE;

        if (outside) continue;
        columns[n]  = (MatStencil){.i = column_i, .j = column_j};
        values[n++] = -faces.beyond[s];
      }
      PetscCall(MatSetValuesStencil(A, 1, &row, n, columns, values, ADD_VALUES));
    }
  }
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(PETSC_SUCCESS);
}
