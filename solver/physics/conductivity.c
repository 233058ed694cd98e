/** Conductivities on own cells.
 *
 *  Every loop over the cells goes row by row along runs of one material, so that an expression is
 *  evaluated in bulk, and only in cells of its material.  Both axes share one array when the case
 *  gives no conductivity that differs between them, which halves memory and evaluations.  dk/dT is
 *  the derivative of the expression (solver/case/slope.h). */
#include "solver/physics/conductivity.h"

#include <stdio.h>
#include <string.h>

#include "solver/case/slope.h"

struct HeatConductivity {
  const HeatGrid  *grid;         /* borrowed */
  const HeatCase  *c;            /* borrowed */
  const uint16_t  *material;     /* borrowed [nyl][nxl] material index of own cells */
  int              n_axes;       /* 1: x and y share the entries of axis 0 below */
  PetscBool        from_file[2]; /* by axis: a file gives the values, the materials are not used */
  PetscBool        varies;       /* some conductivity depends on T */
  PetscBool        needs_slope;  /* the case has faces whose equation needs dk/dT */
  PetscBool        needs_fields; /* some conductivity is not the number of its material */
  HeatExpression **expressions;  /* owned [2][n_materials], of x y T; NULL where k is a number */
  PetscReal       *numbers;      /* owned [2][n_materials] k [W/(m K)] where it is a number, or an
                                    expression without variables such as "2*3" */
  PetscReal       *k[2];         /* owned [n_axes][nyl][nxl] [W/(m K)]; NULL after Trim */
  PetscReal       *slope[2];     /* owned [n_axes][nyl][nxl] dk/dT [W/(m K2)]; NULL: not needed */
  PetscReal       *x, *y;        /* owned [nxl] cell centres of one row [m]; x is constant */
};

static HeatExpression *ExpressionOf(const HeatConductivity *s, int axis, PetscInt material)
{
  return s->expressions[axis * s->c->n_materials + material];
}

static PetscReal NumberOf(const HeatConductivity *s, int axis, PetscInt material)
{
  return s->numbers[axis * s->c->n_materials + material];
}

static PetscBool DependsOnT(const HeatConductivity *s, int axis, PetscInt material)
{
  const HeatExpression *e = ExpressionOf(s, axis, material);

  return (!s->from_file[axis] && e && (HeatExpressionVariables(e) & HEAT_VAR_TEMPERATURE))
             ? PETSC_TRUE
             : PETSC_FALSE;
}

/* Set-up. */

/* Return the values that a file gives along an axis, [nyl][nxl]; NULL: the materials' apply.  A
   dataset for one axis takes precedence over the dataset for both. */
static const PetscReal *FileValues(const HeatCellInputs *inputs, int axis)
{
  const PetscReal *axis_values = inputs ? inputs->properties[HEAT_PROPERTY_CONDUCTIVITY_X + axis]
                                        : NULL;

  return axis_values || !inputs ? axis_values : inputs->properties[HEAT_PROPERTY_CONDUCTIVITY];
}

/* Compare two formulas by their text or number; equal ones may be written differently, which costs
   only the second array. */
static PetscBool SameFormula(const HeatFormula *a, const HeatFormula *b)
{
  if (a->text && b->text) return strcmp(a->text, b->text) == 0 ? PETSC_TRUE : PETSC_FALSE;
  return (!a->text && !b->text && a->value == b->value) ? PETSC_TRUE : PETSC_FALSE;
}

/* Return whether kx and ky come from the same dataset, or from none, and are the same formula in
   every material, so that one array serves both axes. */
static PetscBool IsIsotropic(const HeatCase *c, const HeatCellInputs *inputs)
{
  if (FileValues(inputs, 0) != FileValues(inputs, 1)) return PETSC_FALSE;
  for (PetscInt m = 0; m < c->n_materials; m++) {
    const HeatFormula *k = c->materials[m].conductivity;

    if (!SameFormula(&k[0], &k[1])) return PETSC_FALSE;
  }
  return PETSC_TRUE;
}

/* Compile the materials' conductivities along an axis; expressions without variables become
   numbers. */
static PetscErrorCode CompileAxis(HeatConductivity *s, int axis)
{
  const HeatCase *c = s->c;

  PetscFunctionBeginUser;
  for (PetscInt m = 0; m < c->n_materials; m++) {
    const HeatFormula *formula = &c->materials[m].conductivity[axis];
    HeatExpression   **e       = &s->expressions[axis * c->n_materials + m];
    PetscReal         *number  = &s->numbers[axis * c->n_materials + m];
    char               path[64], message[256];

    *number = formula->value;
    if (!formula->text || s->from_file[axis]) continue;
    PetscCall(HeatExpressionCreate(formula, HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_TEMPERATURE, e,
                                   message, sizeof message));
    PetscCall(PetscSNPrintf(path, sizeof path, "materials[%" PetscInt_FMT "].conductivity", m));
    HeatCaseCheckKey(*e, s->grid->comm, c, path, "%s", message);
    if (HeatExpressionVariables(*e)) {
      s->needs_fields = PETSC_TRUE;
    } else {
      PetscCall(HeatExpressionAt(*e, 0.0, 0.0, 0.0, number));
      PetscCall(HeatExpressionDestroy(e));
    }
    if (!DependsOnT(s, axis, m)) continue;
    PetscCall(HeatExpressionFindKnots(*e, c, formula));
    HeatCaseCheckKey(!HeatExpressionKnots(*e)->problem[0], s->grid->comm, c, path, "%s",
                     HeatExpressionKnots(*e)->problem);
    s->varies = PETSC_TRUE;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return one past the last column of the run of one material that begins at column i of a row. */
static PetscInt RunEnd(const uint16_t *row, PetscInt i, PetscInt n)
{
  return i + HeatPaintRunLength(row + i, n - i);
}

/* Store the coordinate y of row j in s->y; s->x is the same for all rows. */
static void SetRow(HeatConductivity *s, PetscInt j)
{
  for (PetscInt i = 0; i < s->grid->nxl; i++) s->y[i] = HeatGridY(s->grid, s->grid->ys + j);
}

/* Fill k along an axis in the cells where it does not depend on T; leave the others 0. */
static PetscErrorCode FillAxis(HeatConductivity *s, int axis)
{
  const PetscInt n = s->grid->nxl;

  PetscFunctionBeginUser;
  for (PetscInt j = 0; j < s->grid->nyl; j++) {
    const uint16_t *row = s->material + (size_t)j * (size_t)n;
    PetscReal      *k   = s->k[axis] + (size_t)j * (size_t)n;

    SetRow(s, j);
    for (PetscInt i = 0, end; i < n; i = end) {
      const PetscReal value = NumberOf(s, axis, row[i]);
      HeatExpression *e     = ExpressionOf(s, axis, row[i]);

      end = RunEnd(row, i, n);
      if (DependsOnT(s, axis, row[i])) continue;
      if (e) PetscCall(HeatExpressionEvaluate(e, end - i, s->x + i, s->y + i, 0.0, NULL, k + i));
      for (PetscInt cell = i; cell < end && !e; cell++) k[cell] = value;
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fill in the rule that fault->value breaks: `usual`, or the range of numbers where the value is
   positive. */
static void RuleOf(HeatFault *fault, const char *usual)
{
  if (fault->value > 0.0 && fault->value <= PETSC_MAX_REAL)
    (void)snprintf(fault->rule, sizeof fault->rule, "it must be between %g and %g",
                   1.0 / HEAT_LARGEST, HEAT_LARGEST);
  else (void)snprintf(fault->rule, sizeof fault->rule, "%s", usual);
}

/* Fill in the members of a fault about the conductivity of an own cell. */
static void DescribeFault(const HeatConductivity *s, int axis, size_t cell, HeatFault *fault)
{
  static const char *const of_axis[] = {"kx", "ky"};
  const HeatDataset       *files     = s->c->properties;
  const HeatProperty       own       = (HeatProperty)(HEAT_PROPERTY_CONDUCTIVITY_X + axis);
  const HeatProperty       property  = files[own].file ? own : HEAT_PROPERTY_CONDUCTIVITY;

  HeatFaultAtCell(fault, s->grid);
  fault->value = s->k[axis][cell];
  if (s->from_file[axis])
    (void)snprintf(fault->path, sizeof fault->path, "properties.%s", HeatPropertyNames[property]);
  else
    (void)snprintf(fault->path, sizeof fault->path, "materials[%d].conductivity",
                   (int)s->material[cell]);
  (void)snprintf(fault->what, sizeof fault->what, "%s", s->n_axes == 1 ? "k" : of_axis[axis]);
  (void)snprintf(fault->unit, sizeof fault->unit, "W/(m K)");
  RuleOf(fault, "it must be finite and greater than 0 everywhere in the material");
}

/* Raise HEAT_ERR_INPUT about the first cell, over all ranks, whose conductivity does not depend on
   T and is not positive and finite.  Collective, unless all conductivities are plain numbers. */
static PetscErrorCode CheckAxis(const HeatConductivity *s, int axis)
{
  HeatFault fault   = {0};
  PetscBool numbers = s->from_file[axis] ? PETSC_FALSE : PETSC_TRUE;

  PetscFunctionBeginUser;
  for (size_t cell = 0; cell < HeatGridLocalCells(s->grid); cell++) {
    if (HeatIsPositive(s->k[axis][cell])) continue;
    if (!s->from_file[axis] && DependsOnT(s, axis, s->material[cell])) continue;
    if (HeatFaultAdd(&fault, HeatFaultPlace(s->grid, cell))) DescribeFault(s, axis, cell, &fault);
  }
  for (PetscInt m = 0; m < s->c->n_materials; m++)
    if (s->c->materials[m].conductivity[axis].text) numbers = PETSC_FALSE;
  PetscCall(HeatFaultRaiseUnlessNumbers(s->grid->comm, s->c, numbers, &fault));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatConductivityCreate(const HeatGrid *g, const HeatCase *c,
                                      const HeatCellInputs *inputs, const uint16_t *material,
                                      HeatConductivity **out)
{
  HeatConductivity *s;
  const size_t      n = HeatGridLocalCells(g);

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&s));
  *out        = s;
  s->grid     = g;
  s->c        = c;
  s->material = material;
  s->n_axes   = IsIsotropic(c, inputs) ? 1 : 2;
  /* All other faces conduct the integral of k over T, whose derivative is k itself. */
  s->needs_slope = (PetscBool)(c->n_materials > 1 &&
                               c->solver.face_average == HEAT_FACE_ARITHMETIC);
  PetscCall(PetscCalloc1(2 * c->n_materials, &s->expressions));
  PetscCall(PetscCalloc1(2 * c->n_materials, &s->numbers));
  PetscCall(PetscMalloc2(g->nxl, &s->x, g->nxl, &s->y));
  for (PetscInt i = 0; i < g->nxl; i++) s->x[i] = HeatGridX(g, g->xs + i);
  for (int axis = 0; axis < s->n_axes; axis++) {
    s->from_file[axis] = FileValues(inputs, axis) ? PETSC_TRUE : PETSC_FALSE;
    if (s->from_file[axis]) s->needs_fields = PETSC_TRUE;
    PetscCall(CompileAxis(s, axis));
  }
  for (int axis = 0; axis < s->n_axes; axis++) {
    PetscCall(PetscCalloc1(n, &s->k[axis]));
    if (s->varies && s->needs_slope) PetscCall(PetscCalloc1(n, &s->slope[axis]));
    if (s->from_file[axis]) PetscCall(PetscArraycpy(s->k[axis], FileValues(inputs, axis), n));
    else PetscCall(FillAxis(s, axis));
    PetscCall(CheckAxis(s, axis));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatConductivityTrim(HeatConductivity *s)
{
  PetscFunctionBeginUser;
  if (s->needs_fields) PetscFunctionReturn(PETSC_SUCCESS);
  for (int axis = 0; axis < 2; axis++) PetscCall(PetscFree(s->k[axis]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Dependence on the temperature. */

/* Evaluate k, and dk/dT if it is needed, in n cells of the present row from column i on. */
static PetscErrorCode EvaluateOfT(HeatConductivity *s, HeatExpression *e, PetscInt i, PetscInt n,
                                  const PetscReal *T, PetscReal *k, PetscReal *slope)
{
  PetscFunctionBeginUser;
  if (slope) PetscCall(HeatSlopeEvaluate(e, n, s->x + i, s->y + i, 0.0, T, k, slope));
  else PetscCall(HeatExpressionEvaluate(e, n, s->x + i, s->y + i, 0.0, T, k));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Note k or dk/dT of an own cell that is wrong. */
static void NoteOfT(const HeatConductivity *s, int axis, size_t cell, const PetscReal *T,
                    HeatFault *fault)
{
  const PetscReal slope = s->slope[axis] ? s->slope[axis][cell] : 0.0;
  const PetscBool wrong = (PetscBool)!HeatIsPositive(s->k[axis][cell]);

  if (!wrong && !PetscIsInfOrNanReal(slope)) return;
  if (!HeatFaultAdd(fault, HeatFaultPlace(s->grid, cell))) return;
  DescribeFault(s, axis, cell, fault);
  fault->of_T = PETSC_TRUE;
  fault->T    = T[cell];
  RuleOf(fault, "it must be finite and greater than 0 at every temperature that occurs");
  if (wrong) return;
  fault->value = slope;
  (void)snprintf(fault->what, sizeof fault->what, "dk/dT");
  (void)snprintf(fault->unit, sizeof fault->unit, "W/(m K2)");
  (void)snprintf(fault->rule, sizeof fault->rule,
                 "it must be finite at every temperature that occurs");
}

/* Return whether n values of k are positive and finite, and their derivatives finite.  The compiler
   vectorises these loops.
   @param[in] slope  NULL: not needed */
static PetscBool AreValid(PetscInt n, const PetscReal *k, const PetscReal *slope)
{
  int all = 1;

  _Pragma("omp simd reduction(& : all)") for (PetscInt i = 0; i < n; i++)
  {
    all &= (k[i] >= 1.0 / HEAT_LARGEST) & (k[i] <= HEAT_LARGEST);
  }
  if (!slope) return all ? PETSC_TRUE : PETSC_FALSE;
  _Pragma("omp simd reduction(& : all)") for (PetscInt i = 0; i < n; i++)
  {
    all &= PetscAbsReal(slope[i]) <= PETSC_MAX_REAL;
  }
  return all ? PETSC_TRUE : PETSC_FALSE;
}

/* Evaluate k and dk/dT along an axis in the cells of own row j where k depends on T. */
static PetscErrorCode UpdateRow(HeatConductivity *s, int axis, PetscInt j, const PetscReal *T,
                                HeatFault *fault)
{
  const PetscInt  n     = s->grid->nxl;
  const size_t    start = (size_t)j * (size_t)n;
  const uint16_t *row   = s->material + start;
  PetscReal      *k     = s->k[axis] + start;

  PetscFunctionBeginUser;
  for (PetscInt i = 0, end; i < n; i = end) {
    PetscReal *slope = s->slope[axis] ? s->slope[axis] + start + i : NULL;

    end = RunEnd(row, i, n);
    if (!DependsOnT(s, axis, row[i])) continue;
    PetscCall(
        EvaluateOfT(s, ExpressionOf(s, axis, row[i]), i, end - i, T + start + i, k + i, slope));
    if (AreValid(end - i, k + i, slope)) continue;
    for (PetscInt cell = i; cell < end; cell++) NoteOfT(s, axis, start + (size_t)cell, T, fault);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatConductivityUpdateRow(HeatConductivity *s, PetscInt j, const PetscReal *T,
                                         HeatFault *fault)
{
  PetscFunctionBeginUser;
  if (!s->varies) PetscFunctionReturn(PETSC_SUCCESS);
  SetRow(s, j);
  for (int axis = 0; axis < s->n_axes; axis++) {
    if (!s->from_file[axis]) PetscCall(UpdateRow(s, axis, j, T, fault));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatConductivityNoteMean(const HeatConductivity *s, int axis, size_t cell, PetscReal T,
                              PetscReal mean, HeatFault *fault)
{
  if (HeatIsPositive(mean) || !HeatIsPositive(s->k[axis % s->n_axes][cell])) return;
  if (!HeatFaultAdd(fault, HeatFaultPlace(s->grid, cell))) return;
  DescribeFault(s, axis % s->n_axes, cell, fault);
  fault->of_T  = PETSC_TRUE;
  fault->T     = T;
  fault->value = mean;
  (void)snprintf(fault->what, sizeof fault->what, "the mean of k");
  (void)snprintf(fault->rule, sizeof fault->rule,
                 "k must be finite and greater than 0 also at all temperatures between that of the "
                 "cell and those of its neighbours and sides");
}

/* Accessors. */

PetscBool HeatConductivityVaries(const HeatConductivity *s) { return s->varies; }

const PetscReal *HeatConductivityField(const HeatConductivity *s, int axis)
{
  return s->k[axis % s->n_axes];
}

const PetscReal *HeatConductivitySlope(const HeatConductivity *s, int axis)
{
  return s->slope[axis % s->n_axes];
}

HeatExpression *HeatConductivityOfT(const HeatConductivity *s, int axis, PetscInt material)
{
  const int of = axis % s->n_axes;

  return DependsOnT(s, of, material) ? ExpressionOf(s, of, material) : NULL;
}

PetscReal HeatConductivityAt(const HeatConductivity *s, int axis, size_t cell)
{
  const PetscReal *k = HeatConductivityField(s, axis);

  return k ? k[cell] : NumberOf(s, axis % s->n_axes, s->material[cell]);
}

PetscErrorCode HeatConductivityDestroy(HeatConductivity **out)
{
  HeatConductivity *s = *out;

  PetscFunctionBeginUser;
  if (!s) PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscInt e = 0; s->expressions && e < 2 * s->c->n_materials; e++)
    PetscCall(HeatExpressionDestroy(&s->expressions[e]));
  PetscCall(PetscFree(s->expressions));
  PetscCall(PetscFree(s->numbers));
  for (int axis = 0; axis < 2; axis++) {
    PetscCall(PetscFree(s->k[axis]));
    PetscCall(PetscFree(s->slope[axis]));
  }
  PetscCall(PetscFree2(s->x, s->y));
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
