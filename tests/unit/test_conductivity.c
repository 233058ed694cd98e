/* Conductivities from numbers, expressions and files, the other properties that a file may give for
   each cell, and derivatives of expressions with respect to the temperature. */
#include "solver_test.h"

#include "solver/case/slope.h"
#include "solver/physics/conductivity.h"

/* Make a case of 8 x 6 cells of 0.1 m whose right half has material 1. */
static HeatCase *Blank(const void *context)
{
  HeatCase *c = HeatTestCase(8, 6, 0.8, 0.6, (HeatTestMaterial){2.0, 3.0, 5.0, 7.0});

  (void)context;
  HeatTestAddMaterial(c, (HeatTestMaterial){11.0, 13.0, 17.0, 19.0});
  HeatTestRectangle(c, 1, 0.4, 0.8, 0.0, 0.6);
  return c;
}

typedef PetscReal (*Exact)(int axis, PetscInt i, PetscInt j);

static PetscReal X(PetscInt i) { return ((PetscReal)i + 0.5) * 0.1; }
static PetscReal Y(PetscInt j) { return ((PetscReal)j + 0.5) * 0.1; }

static PetscReal ConductivityApart(const HeatGrid *g, const HeatOperator *op, Exact exact)
{
  PetscReal worst = 0.0;

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      for (int axis = 0; axis < 2; axis++) {
        const PetscReal k    = exact(axis, g->xs + i, g->ys + j);
        const size_t    cell = (size_t)(j * g->nxl + i);

        worst = HeatTestMax(worst, fabs(HeatOperatorConductivity(op, axis, cell) / k - 1.0));
      }
    }
  }
  return worst;
}

static PetscReal Numbers(int axis, PetscInt i, PetscInt j)
{
  const PetscReal k[2][2] = {{2.0, 3.0}, {11.0, 13.0}};

  return (void)j, k[i >= 4][axis];
}

static PetscReal NumbersApart(HeatProblem *p) { return ConductivityApart(p->g, p->op, Numbers); }

static void number_is_the_materials(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Blank, NumbersApart, NULL), 0.0);
}

static HeatCase *MakeConstants(const void *context)
{
  HeatCase *c = Blank(context);

  HeatTestText(&c->materials[0].conductivity[0], "4/2");
  HeatTestText(&c->materials[0].conductivity[1], "1 + 2");
  return c;
}

/* The number is returned after set-up, too, when the fields over the cells are freed. */
static void expression_without_variables_is_a_number(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeConstants, NumbersApart, NULL), 0.0);
}

static HeatCase *MakePlaces(const void *context)
{
  HeatCase *c = Blank(context);

  HeatTestText(&c->materials[0].conductivity[0], "1 + x*y");
  HeatTestText(&c->materials[1].conductivity[1], "exp(y)");
  return c;
}

static PetscReal Places(int axis, PetscInt i, PetscInt j)
{
  if (i < 4 && axis == 0) return 1.0 + X(i) * Y(j);
  return i >= 4 && axis == 1 ? exp(Y(j)) : Numbers(axis, i, j);
}

static PetscReal PlacesApart(HeatProblem *p)
{
  return ConductivityApart(p->g, p->op, Places) + (HeatOperatorIsLinear(p->op) ? 0.0 : 1.0);
}

static void expression_of_place_is_evaluated_in_the_materials_cells(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakePlaces, PlacesApart, NULL), 1e-15);
}

static HeatCase *MakeTemperature(const void *context)
{
  HeatCase *c = Blank(context);

  HeatTestText(&c->materials[1].conductivity[0], "1 + 0.5*T + x");
  return c;
}

/* Return the conductivity of MakeTemperature for T = 10 + 3 x. */
static PetscReal OfTemperature(int axis, PetscInt i, PetscInt j)
{
  return i >= 4 && axis == 0 ? 1.0 + 0.5 * (10.0 + 3.0 * X(i)) + X(i) : Numbers(axis, i, j);
}

static PetscReal TemperatureApart(HeatProblem *p)
{
  PetscReal *T = HeatTestLinearArray(p->g, 10.0, 3.0, 0.0), worst;
  PetscBool  valid;

  OK(HeatOperatorUpdate(p->op, T, &valid));
  worst = ConductivityApart(p->g, p->op, OfTemperature);
  OK(PetscFree(T));
  return valid && !HeatOperatorIsLinear(p->op) ? worst : INFINITY;
}

static void expression_of_temperature_is_that_of_the_last_update(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeTemperature, TemperatureApart, NULL), 1e-15);
}

/* ------- memory ------- */

/* Count the fields along x (conductivity, slope) that are kept after set-up. */
static PetscReal FieldsKept(HeatProblem *p)
{
  HeatConductivity *k;
  uint16_t         *material;
  PetscReal         kept;

  OK(PetscMalloc1(HeatGridLocalCells(p->g), &material));
  OK(HeatPaintMaterials(p->g, p->c, NULL, material));
  OK(HeatConductivityCreate(p->g, p->c, NULL, material, &k));
  OK(HeatConductivityTrim(k));
  kept = (HeatConductivityField(k, 0) != NULL) + (HeatConductivitySlope(k, 0) != NULL);
  OK(HeatConductivityDestroy(&k));
  OK(PetscFree(material));
  return kept;
}

static void numbers_need_no_fields(void **state)
{
  (void)state;
  AT_MOST(HeatTestGridLayouts(Blank, FieldsKept, NULL), 0.0);
  AT_MOST(HeatTestGridLayouts(MakeConstants, FieldsKept, NULL), 0.0);
}

/* ------- files ------- */

/* Return the array over own cells of factor * (1 + column + 100 row). */
static PetscReal *Counted(const HeatGrid *g, PetscReal factor)
{
  PetscReal *field = HeatTestArray(g);

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++)
      field[j * g->nxl + i] = factor * (1.0 + (PetscReal)(g->xs + i + 100 * (g->ys + j)));
  }
  return field;
}

static PetscReal BothCounted(int axis, PetscInt i, PetscInt j)
{
  return (void)axis, 2.0 * (1.0 + (PetscReal)(i + 100 * j));
}

static PetscReal YCounted(int axis, PetscInt i, PetscInt j)
{
  return axis == 1 ? 2.0 * (1.0 + (PetscReal)(i + 100 * j)) : Numbers(axis, i, j);
}

/* Create an operator with one property given cell by cell, as read from a file. */
static HeatOperator *WithProperty(HeatProblem *p, HeatProperty property, PetscReal *field)
{
  HeatCellInputs inputs = {NULL, {NULL}};
  HeatOperator  *op;

  inputs.properties[property] = field;
  OK(HeatOperatorCreate(p->g, p->c, &inputs, &op));
  return op;
}

static PetscReal FilesApart(HeatProblem *p)
{
  PetscReal    *field = Counted(p->g, 2.0), worst = 0.0;
  HeatOperator *both = WithProperty(p, HEAT_PROPERTY_CONDUCTIVITY, field);
  HeatOperator *only = WithProperty(p, HEAT_PROPERTY_CONDUCTIVITY_Y, field);

  OK(PetscFree(field)); /* the operators have copied it */
  worst = HeatTestMax(worst, ConductivityApart(p->g, both, BothCounted));
  worst = HeatTestMax(worst, ConductivityApart(p->g, only, YCounted));
  OK(HeatOperatorDestroy(&both));
  OK(HeatOperatorDestroy(&only));
  return worst;
}

static void file_gives_conductivities_in_place_of_the_materials(void **state)
{
  (void)state;
  AT_MOST(HeatTestGridLayouts(Blank, FilesApart, NULL), 0.0);
}

/* Compare the net heat with that of harmonic means at the faces.  Neighbours in x differ by 1 in T;
   the faces are as long as cells are wide. */
static PetscReal FacesApart(HeatProblem *p)
{
  const HeatGrid *g     = p->g;
  PetscReal      *field = Counted(g, 2.0), *T = HeatTestLinearArray(g, 0.0, 10.0, 0.0);
  PetscReal      *net = HeatTestArray(g), worst = 0.0;
  HeatOperator   *op = WithProperty(p, HEAT_PROPERTY_CONDUCTIVITY, field);

  OK(HeatOperatorNet(op, T, net));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const PetscInt  gi = g->xs + i, gj = g->ys + j;
      const PetscReal k = BothCounted(0, gi, gj), west = BothCounted(0, gi - 1, gj),
                      east  = BothCounted(0, gi + 1, gj);
      const PetscReal exact = (gi < 7 ? 2.0 / (1.0 / k + 1.0 / east) : 0.0) -
                              (gi > 0 ? 2.0 / (1.0 / k + 1.0 / west) : 0.0);

      worst = HeatTestMax(worst, fabs(net[j * g->nxl + i] - exact));
    }
  }
  OK(HeatOperatorDestroy(&op));
  OK(PetscFree(field));
  OK(PetscFree(T));
  OK(PetscFree(net));
  return worst;
}

/* Conductivities reach 1000 W/(m K), so rounding errors of the heat are about 1e-12. */
static void faces_between_ranks_know_both_conductivities(void **state)
{
  (void)state;
  AT_MOST(HeatTestGridLayouts(Blank, FacesApart, NULL), 1e-11);
}

static PetscReal CapacitiesApart(HeatProblem *p)
{
  const HeatGrid *g     = p->g;
  PetscReal      *field = Counted(g, 1.0), worst = 0.0;
  HeatOperator   *density = WithProperty(p, HEAT_PROPERTY_DENSITY, field);
  HeatOperator   *heat    = WithProperty(p, HEAT_PROPERTY_SPECIFIC_HEAT, field);

  for (PetscInt k = 0; k < g->nxl * g->nyl; k++) {
    const int       right = g->xs + k % g->nxl >= 4;
    const PetscReal rho = right ? 17.0 : 5.0, c = right ? 19.0 : 7.0;

    worst = HeatTestMax(worst,
                        fabs(HeatOperatorCapacityAt(density, k) / (0.01 * field[k] * c) - 1.0));
    worst = HeatTestMax(worst,
                        fabs(HeatOperatorCapacityAt(heat, k) / (0.01 * field[k] * rho) - 1.0));
    worst = HeatTestMax(worst, fabs(HeatOperatorDensity(density, (size_t)k) - field[k]));
    worst = HeatTestMax(worst, fabs(HeatOperatorDensity(heat, (size_t)k) - rho));
  }
  OK(HeatOperatorDestroy(&density));
  OK(HeatOperatorDestroy(&heat));
  OK(PetscFree(field));
  return worst;
}

static void file_gives_density_and_specific_heat(void **state)
{
  (void)state;
  AT_MOST(HeatTestGridLayouts(Blank, CapacitiesApart, NULL), 1e-14);
}

static PetscReal StillVaries(HeatProblem *p)
{
  PetscReal    *field = Counted(p->g, 2.0);
  HeatOperator *op    = WithProperty(p, HEAT_PROPERTY_CONDUCTIVITY_X, field);
  const int     wrong = !HeatOperatorIsLinear(op);

  OK(HeatOperatorDestroy(&op));
  OK(PetscFree(field));
  return wrong;
}

static void file_wins_over_a_conductivity_of_temperature(void **state)
{
  (void)state;
  AT_MOST(HeatTestGridLayouts(MakeTemperature, StillVaries, NULL), 0.0);
}

/* ------- errors ------- */

static void conductivity_that_is_not_positive_somewhere_is_refused_by_all_ranks(void **state)
{
  HeatCase     *c  = Blank(NULL);
  HeatOperator *op = NULL;

  (void)state;
  HeatTestText(&c->materials[1].conductivity[1],
               "0.7 - x"); /* negative in the last column, centre 0.75 */
  HeatProblem p = HeatTestSetUpGrid(PETSC_COMM_WORLD, c);
  RAISES(HEAT_ERR_INPUT, "materials[1].conductivity", HeatOperatorCreate(p.g, p.c, NULL, &op));
  OK(HeatOperatorDestroy(&op));
  HeatTestTearDown(&p);
}

static void property_that_is_not_positive_somewhere_is_refused_by_all_ranks(void **state)
{
  const HeatProperty properties[] = {HEAT_PROPERTY_DENSITY, HEAT_PROPERTY_SPECIFIC_HEAT,
                                     HEAT_PROPERTY_CONDUCTIVITY_X};
  HeatProblem        p            = HeatTestSetUpGrid(PETSC_COMM_WORLD, Blank(NULL));
  PetscReal         *field        = Counted(p.g, 1.0);

  (void)state;
  if (p.g->xs + p.g->nxl == 8) field[p.g->nxl - 1] = 0.0;
  OK(PetscStrallocpy("f.h5", &p.c->properties[HEAT_PROPERTY_CONDUCTIVITY_X].file));
  for (int k = 0; k < 3; k++) {
    HeatCellInputs inputs = {NULL, {NULL}};
    HeatOperator  *op     = NULL;
    char           words[64];

    inputs.properties[properties[k]] = field;
    snprintf(words, sizeof words, "properties.%s", HeatPropertyNames[properties[k]]);
    RAISES(HEAT_ERR_INPUT, words, HeatOperatorCreate(p.g, p.c, &inputs, &op));
    OK(HeatOperatorDestroy(&op));
  }
  OK(PetscFree(field));
  HeatTestTearDown(&p);
}

/* ------- derivatives ------- */

/* Return the slope d/dT at T of an expression of T alone. */
static PetscReal SlopeAt(const char *text, PetscReal T)
{
  HeatFormula     formula = {PETSC_TRUE, 0.0, NULL};
  HeatExpression *e;
  PetscReal       value, slope;
  char            message[256];

  OK(PetscStrallocpy(text, &formula.text));
  OK(HeatExpressionCreate(&formula, HEAT_VAR_TEMPERATURE, &e, message, sizeof message));
  OK(HeatSlopeEvaluate(e, 1, NULL, NULL, 0.0, &T, &value, &slope));
  OK(HeatExpressionDestroy(&e));
  OK(PetscFree(formula.text));
  return slope;
}

/* The error of the difference quotient is the rounding of the value over the step, relative to
   value/T 1e-16/6e-6 = 2e-11; its truncation is far smaller. */
static void slope_is_the_derivative_to_ten_digits(void **state)
{
  (void)state;
  assert_true(fabs(SlopeAt("14 + 0.016*(T - 293)", 400.0) / 0.016 - 1.0) < 1e-9);
  assert_true(fabs(SlopeAt("exp(T/300)", 350.0) / (exp(350.0 / 300.0) / 300.0) - 1.0) < 1e-9);
  assert_true(fabs(SlopeAt("1e5/T", 1200.0) / (-1e5 / 1200.0 / 1200.0) - 1.0) < 1e-9);
  assert_true(fabs(SlopeAt("T^2", 0.0)) < 1e-15);
}

/* Where an expression is defined on one side of T only, the slope of that side is returned;
   where it is defined on neither side, 0. */
static void slope_is_one_sided_at_the_edge_of_the_domain(void **state)
{
  (void)state;
  assert_true(fabs(SlopeAt("3*T + 0*sqrt(T)", 0.0) / 3.0 - 1.0) < 1e-9);
  assert_true(fabs(SlopeAt("3*T + 0*sqrt(-T)", 0.0) / 3.0 - 1.0) < 1e-9);
  assert_true(SlopeAt("sqrt(-abs(T))", 0.0) == 0.0);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(number_is_the_materials),
    cmocka_unit_test(expression_without_variables_is_a_number),
    cmocka_unit_test(expression_of_place_is_evaluated_in_the_materials_cells),
    cmocka_unit_test(expression_of_temperature_is_that_of_the_last_update),
    cmocka_unit_test(numbers_need_no_fields),
    cmocka_unit_test(file_gives_conductivities_in_place_of_the_materials),
    cmocka_unit_test(faces_between_ranks_know_both_conductivities),
    cmocka_unit_test(file_gives_density_and_specific_heat),
    cmocka_unit_test(file_wins_over_a_conductivity_of_temperature),
    cmocka_unit_test(conductivity_that_is_not_positive_somewhere_is_refused_by_all_ranks),
    cmocka_unit_test(property_that_is_not_positive_somewhere_is_refused_by_all_ranks),
    cmocka_unit_test(slope_is_the_derivative_to_ten_digits),
    cmocka_unit_test(slope_is_one_sided_at_the_edge_of_the_domain),
};

int main(void) { return RUN_TESTS(Tests); }
