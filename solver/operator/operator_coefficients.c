/** The operator's coefficients: capacities, conductances of boundary faces, the shift of the
 *  diagonal, and the sum of sources and prescribed fluxes.  What does not depend on the temperature
 *  is computed once, the rest by each Update.  The conductances of faces between cells are in
 *  operator_faces.c.
 *
 *  The order of set-up matters: conductances need the conductivity fields, which
 *  HeatConductivityTrim then frees where it can. */
#include <string.h>

#include "solver/operator/operator_impl.h"

/* With G of boundary faces in gx and gy, the stencil treats them like faces between cells. */
void HeatOperatorStoreBoundaryConductances(HeatOperator *op, int axis)
{
  const HeatGrid *g = op->grid;

  for (int s = 2 * axis; s < 2 * axis + 2; s++) {
    const HeatBoundaryFaces faces  = HeatBoundariesGet(op->boundaries, (HeatSide)s);
    const size_t            stride = axis == 0 ? (size_t)(g->nxl + 1) : 1;
    const size_t            first  = s == HEAT_RIGHT ? (size_t)g->nxl
                                     : s == HEAT_TOP ? (size_t)g->nyl * (size_t)g->nxl
                                                     : 0;
    PetscReal              *G      = axis == 0 ? op->gx : op->gy;

    for (PetscInt k = 0; k < faces.length; k++) {
      const size_t face = first + (size_t)k * stride;

      G[face] = faces.G[k];
      if (op->low[axis]) op->low[axis][face] = op->high[axis][face] = faces.G[k];
    }
  }
}

/* Compute the shift D = E - dQ/dT + excess of boundary faces (solver/README.md eq. (9)), for a
   non-linear operator.
   @param[in] everywhere  false: only in cells along the domain's sides; the others keep their D, so
                          no source may depend on T

   A cell in a corner of the domain touches two sides.  Without `everywhere`, pass 0 therefore
   resets the cells along all sides before pass 1 adds the excess of each. */
static void ComputeShift(HeatOperator *op, PetscBool everywhere)
{
  const HeatGrid  *g = op->grid;
  const PetscReal *E = op->ambient_exchange ? HeatAmbientExchangeConductance(op->ambient_exchange)
                                            : NULL;
  const PetscReal *slope = HeatSourceSlope(op->source);
  PetscReal       *D     = op->shift_owned;

  for (size_t cell = 0; everywhere && cell < HeatGridLocalCells(g); cell++)
    D[cell] = (E ? E[cell] : 0.0) - (slope ? slope[cell] : 0.0);
  for (int pass = everywhere ? 1 : 0; pass < 2; pass++) {
    for (int s = 0; s < HEAT_SIDES; s++) {
      const HeatBoundaryFaces faces = HeatBoundariesGet(op->boundaries, (HeatSide)s);

      for (PetscInt k = 0; k < faces.length; k++) {
        const size_t cell = HeatBoundaryCell(g, (HeatSide)s, k);

        if (pass == 0) D[cell] = E ? E[cell] : 0.0;
        else D[cell] += faces.excess[k];
      }
    }
  }
}

void HeatOperatorAddFluxes(const HeatOperator *op, PetscReal *cells)
{
  for (int s = 0; s < HEAT_SIDES; s++) {
    const HeatBoundaryFaces faces = HeatBoundariesGet(op->boundaries, (HeatSide)s);

    for (PetscInt k = 0; k < faces.length; k++)
      cells[HeatBoundaryCell(op->grid, (HeatSide)s, k)] += faces.F[k];
  }
}

/* The order of additions is that of the sweep of several steps (wavefront_sources.c): sources with
   factors of time come last. */
PetscErrorCode HeatOperatorCombineSources(HeatOperator *op)
{
  const HeatGrid  *g      = op->grid;
  const PetscReal *Q      = HeatSourceCells(op->source);
  const PetscBool  factor = (PetscBool)(HeatSourceFactorCount(op->source) > 0 &&
                                       op->rule != HEAT_TIME_ON_LINES);

  PetscFunctionBeginUser;
  if (!op->q_owned) {
    op->q = Q;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (factor) Q = HeatSourceBase(op->source);
  if (Q) PetscCall(PetscArraycpy(op->q_owned, Q, HeatGridLocalCells(g)));
  else PetscCall(PetscArrayzero(op->q_owned, HeatGridLocalCells(g)));
  HeatOperatorAddFluxes(op, op->q_owned);
  if (factor) HeatSourceAddTerms(op->source, op->q_owned);
  op->q = op->q_owned;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set-up. */

/* Raise HEAT_ERR_INPUT if some rank has a value of a file's property that is not positive and
   finite.  Collective. */
static PetscErrorCode CheckProperty(const HeatOperator *op, HeatProperty property,
                                    const PetscReal *values)
{
  const HeatGrid *g   = op->grid;
  PetscInt64      bad = 0;
  char            path[64];

  PetscFunctionBeginUser;
  for (size_t cell = 0; cell < HeatGridLocalCells(g); cell++) bad += !HeatIsPositive(values[cell]);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &bad, 1, MPIU_INT64, MPI_SUM, g->comm));
  PetscCall(PetscSNPrintf(path, sizeof path, "properties.%s", HeatPropertyNames[property]));
  HeatCaseCheckKey(bad == 0, g->comm, op->c, path,
                   "%" PetscInt64_FMT
                   " cells of the dataset are not greater than 0, or not between %g and %g",
                   bad, 1.0 / HEAT_LARGEST, HEAT_LARGEST);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute C = density * specific_heat * hx * hy of each cell [J/(m K)], from the materials or from
   files; keep the density that a file gives.  Memory behind the rows that are stored is not touched
   before it is freed.  Collective. */
static PetscErrorCode FillCapacity(HeatOperator *op, const HeatCellInputs *inputs)
{
  const HeatGrid  *g       = op->grid;
  const size_t     n       = HeatGridLocalCells(g);
  const PetscReal *density = inputs ? inputs->properties[HEAT_PROPERTY_DENSITY] : NULL;
  const PetscReal *heat    = inputs ? inputs->properties[HEAT_PROPERTY_SPECIFIC_HEAT] : NULL;
  const size_t     nx      = (size_t)g->nxl;
  size_t           end     = 0; /* of the rows stored */

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(n, &op->capacity));
  PetscCall(PetscMalloc1(g->nyl, &op->capacity_row));
  if (density) {
    PetscCall(CheckProperty(op, HEAT_PROPERTY_DENSITY, density));
    PetscCall(PetscMalloc1(n, &op->density));
    PetscCall(PetscArraycpy(op->density, density, n));
  }
  if (heat) PetscCall(CheckProperty(op, HEAT_PROPERTY_SPECIFIC_HEAT, heat));
  for (size_t j = 0; j < (size_t)g->nyl; j++) {
    PetscReal *row = op->capacity + end;

    for (size_t i = 0; i < nx; i++) {
      const size_t    cell     = j * nx + i;
      const PetscReal specific = heat ? heat[cell]
                                      : op->c->materials[op->material[cell]].specific_heat;

      row[i] = HeatOperatorDensity(op, cell) * specific * g->hx * g->hy;
    }
    if (j == 0 || memcmp(row - nx, row, nx * sizeof *row) != 0) end += nx;
    op->capacity_row[j] = end - nx;
  }
  PetscCall(PetscRealloc(end * sizeof(PetscReal), &op->capacity));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Find out whether the operator is linear, and set up what its Jacobian has besides the
   conductances: the shift, and low and high where a conductivity depends on T. */
static PetscErrorCode SetUpDerivatives(HeatOperator *op)
{
  const HeatGrid *g      = op->grid;
  const size_t    n[2]   = {(size_t)(g->nxl + 1) * (size_t)g->nyl,
                            (size_t)g->nxl * (size_t)(g->nyl + 1)};
  const PetscBool varies = HeatConductivityVaries(op->conductivity);

  PetscFunctionBeginUser;
  op->linear = (!varies && !HeatSourceDependsOnT(op->source) && !HeatBoundariesRadiate(op->c))
                   ? PETSC_TRUE
                   : PETSC_FALSE;
  if (op->linear) {
    if (op->ambient_exchange) op->shift = HeatAmbientExchangeConductance(op->ambient_exchange);
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  for (int axis = 0; varies && axis < 2; axis++) {
    PetscCall(PetscCalloc1(n[axis], &op->low[axis]));
    PetscCall(PetscCalloc1(n[axis], &op->high[axis]));
  }
  PetscCall(PetscMalloc1(HeatGridLocalCells(g), &op->shift_owned));
  ComputeShift(op, PETSC_TRUE);
  op->shift = op->shift_owned;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorShareRows(PetscInt rows, size_t n, PetscReal **values, size_t *place)
{
  size_t end = 0; /* of the rows kept */

  PetscFunctionBeginUser;
  for (size_t j = 0; j < (size_t)rows; j++) {
    const PetscReal *row  = *values + j * n;
    PetscReal       *next = *values + end;

    if (j == 0 || memcmp(next - n, row, n * sizeof *row) != 0) {
      if (next != row) memcpy(next, row, n * sizeof *row);
      end += n;
    }
    place[j] = end - n;
  }
  PetscCall(PetscRealloc(end * sizeof(PetscReal), values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorSetUpCoefficients(HeatOperator *op, const HeatCellInputs *inputs)
{
  const HeatGrid *g = op->grid;
  const HeatCase *c = op->c;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(HeatGridLocalCells(g), &op->material));
  PetscCall(HeatPaintMaterials(g, c, inputs, op->material));
  PetscCall(FillCapacity(op, inputs));
  PetscCall(HeatOperatorSetUpContacts(op, inputs));
  PetscCall(HeatConductivityCreate(g, c, inputs, op->material, &op->conductivity));
  PetscCall(HeatBoundariesCreate(g, c, HeatConductivityField(op->conductivity, 0),
                                 HeatConductivityField(op->conductivity, 1), &op->boundaries));
  PetscCall(HeatSourceCreate(g, c, inputs, &op->source));
  PetscCall(HeatAmbientExchangeCreate(g, c, &op->ambient_exchange));
  PetscCall(SetUpDerivatives(op));
  PetscCall(HeatOperatorSetUpFaces(op));
  PetscCall(HeatConductivityTrim(op->conductivity));
  if (HeatBoundariesHaveFlux(op->boundaries))
    PetscCall(PetscMalloc1(HeatGridLocalCells(g), &op->q_owned));
  PetscCall(HeatOperatorCombineSources(op));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Dependence on the temperature. */

/* Update conductivities, conductances between cells, and boundary conditions to the field T.
   Collective where a conductivity depends on T. */
static PetscErrorCode UpdateConductances(HeatOperator *op, const PetscReal *T)
{
  const PetscBool varies = HeatConductivityVaries(op->conductivity);

  PetscFunctionBeginUser;
  if (varies) PetscCall(HeatOperatorUpdateFaces(op, T, &op->fault));
  PetscCall(HeatBoundariesUpdate(op->boundaries, varies ? op->conductivity : NULL, op->material, T,
                                 &op->fault));
  for (int axis = 0; axis < 2; axis++) HeatOperatorStoreBoundaryConductances(op, axis);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorUpdate(HeatOperator *op, const PetscReal *T, PetscBool *valid)
{
  int bad;

  PetscFunctionBeginUser;
  *valid = PETSC_TRUE;
  if (op->linear) PetscFunctionReturn(PETSC_SUCCESS);
  op->fault = op->time_fault;
  PetscCall(UpdateConductances(op, T));
  PetscCall(HeatSourceUpdate(op->source, T, &op->fault));
  if (HeatSourceDependsOnT(op->source)) PetscCall(HeatOperatorCombineSources(op));
  ComputeShift(op, HeatSourceDependsOnT(op->source));
  bad = op->fault.count > 0;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &bad, 1, MPI_INT, MPI_MAX, op->grid->comm));
  *valid = bad ? PETSC_FALSE : PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscReal HeatOperatorDensity(const HeatOperator *op, size_t cell)
{
  return op->density ? op->density[cell] : op->c->materials[op->material[cell]].density;
}
