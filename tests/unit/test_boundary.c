/* The conditions on the sides: conductance, surroundings and flux of every face. */
#include "solver_test.h"

/* 8 x 10 cells of 0.1 x 0.2 on [1, 1.8] x [-1, 1]; kx = 2, ky = 0.5. */
static HeatCase *Blank(void)
{
  HeatCase *c = HeatTestCase(8, 10, 1.8, 1.0, (HeatTestMaterial){2.0, 0.5, 3.0, 4.0});

  c->grid.x[0] = 1.0;
  c->grid.y[0] = -1.0;
  return c;
}

typedef struct {
  PetscReal G, half, T, F;
} Face;

typedef Face (*Exact)(int side, PetscReal x, PetscReal y);

/* Worst deviation from exact numbers on all faces of own cells on the boundary. */
static PetscReal FacesApart(HeatProblem *p, Exact exact)
{
  const HeatGrid *g     = p->g;
  PetscReal       worst = 0.0;

  for (int side = 0; side < HEAT_SIDES; side++) {
    const HeatBoundaryFaces f = HeatBoundariesGet(HeatOperatorBoundaries(p->op), (HeatSide)side);
    const int               vertical = side < HEAT_BOTTOM;

    if (f.length != (!g->boundary[side] ? 0 : vertical ? g->nyl : g->nxl)) return INFINITY;
    for (PetscInt k = 0; k < f.length; k++) {
      const PetscReal x = side == HEAT_LEFT    ? 1.0
                          : side == HEAT_RIGHT ? 1.8
                                               : 1.0 + ((PetscReal)(g->xs + k) + 0.5) * 0.1;
      const PetscReal y = side == HEAT_BOTTOM ? -1.0
                          : side == HEAT_TOP  ? 1.0
                                              : -1.0 + ((PetscReal)(g->ys + k) + 0.5) * 0.2;
      const Face      e = exact(side, x, y);

      worst = HeatTestMax(worst, fabs(f.G[k] - e.G));
      worst = HeatTestMax(worst, fabs(f.half[k] - e.half));
      worst = HeatTestMax(worst, fabs(f.F[k] - e.F));
      if (e.G > 0.0) worst = HeatTestMax(worst, fabs(f.T[k] - e.T));
    }
  }
  return worst;
}

/* Numbers of order ten at most. */
#define ROUNDING 1e-13

static PetscReal Half(int side)
{
  return side < HEAT_BOTTOM ? 2.0 * 0.2 / 0.05 : 0.5 * 0.1 / 0.1; /* k A / (h/2) */
}

static HeatCase *MakeInsulated(const void *context) { return (void)context, Blank(); }

static Face Insulated(int side, PetscReal x, PetscReal y)
{
  return (void)x, (void)y, (Face){0.0, Half(side), 0.0, 0.0};
}

static PetscReal InsulatedFaces(HeatProblem *p) { return FacesApart(p, Insulated); }

static void insulated_side_conducts_nothing(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeInsulated, InsulatedFaces, NULL), ROUNDING);
}

static HeatCase *MakeTemperature(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  for (int side = 0; side < HEAT_SIDES; side++) {
    HeatTestTemperature(c, (HeatSide)side, "x + 3*y*y - x*y");
  }
  return c;
}

static Face Temperature(int side, PetscReal x, PetscReal y)
{
  return (Face){Half(side), Half(side), x + 3.0 * y * y - x * y, 0.0};
}

static PetscReal TemperatureFaces(HeatProblem *p) { return FacesApart(p, Temperature); }

/* kx behind left and right, ky behind bottom and top; values at the faces' midpoints. */
static void held_side_conducts_through_half_a_cell(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeTemperature, TemperatureFaces, NULL), ROUNDING);
}

static HeatCase *MakeConvection(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  for (int side = 0; side < HEAT_SIDES; side++) {
    HeatTestConvection(c, (HeatSide)side, "4 + x*y", "20 + x - y");
  }
  return c;
}

static Face Convection(int side, PetscReal x, PetscReal y)
{
  const PetscReal film = (4.0 + x * y) * (side < HEAT_BOTTOM ? 0.2 : 0.1);

  return (Face){1.0 / (1.0 / Half(side) + 1.0 / film), Half(side), 20.0 + x - y, 0.0};
}

static PetscReal ConvectionFaces(HeatProblem *p) { return FacesApart(p, Convection); }

static void convection_puts_the_film_in_series_with_half_a_cell(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeConvection, ConvectionFaces, NULL), ROUNDING);
}

static HeatCase *MakeNoFilm(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  HeatTestConvection(c, HEAT_LEFT, "0", "20");
  HeatTestConvection(c, HEAT_TOP, "0*x", "20");
  return c;
}

static void film_without_a_coefficient_is_an_insulated_side(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeNoFilm, InsulatedFaces, NULL), ROUNDING);
}

static HeatCase *MakeFlux(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  for (int side = 0; side < HEAT_SIDES; side++) HeatTestFlux(c, (HeatSide)side, "10*x - y");
  return c;
}

static Face Flux(int side, PetscReal x, PetscReal y)
{
  const PetscReal face = side < HEAT_BOTTOM ? 0.2 : 0.1;

  return (Face){0.0, Half(side), 0.0, (10.0 * x - y) * face};
}

static PetscReal FluxFaces(HeatProblem *p) { return FacesApart(p, Flux); }

static void prescribed_flux_enters_times_the_face(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeFlux, FluxFaces, NULL), ROUNDING);
}

static HeatCase *MakePeriodic(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  HeatTestPeriodic(c, 0);
  HeatTestPeriodic(c, 1);
  return c;
}

static PetscReal NoFaces(HeatProblem *p)
{
  PetscReal wrong = 0.0;

  for (int side = 0; side < HEAT_SIDES; side++) {
    const HeatBoundaryFaces f = HeatBoundariesGet(HeatOperatorBoundaries(p->op), (HeatSide)side);

    wrong += f.length != 0 || f.G || f.half || f.T || f.F;
  }
  return wrong;
}

static void periodic_side_has_no_faces(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakePeriodic, NoFaces, NULL), 0.0);
}

/* ------- time ------- */

static HeatCase *MakeChanging(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  HeatTestTemperature(c, HEAT_LEFT, "y*t");
  HeatTestConvection(c, HEAT_RIGHT, "5", "t*t");
  HeatTestFlux(c, HEAT_BOTTOM, "x*t");
  return c;
}

/* With t and t^2 replaced by their means. */
static Face ChangingFace(int side, PetscReal x, PetscReal y, PetscReal t, PetscReal t2)
{
  switch (side) {
  case HEAT_LEFT: return (Face){Half(side), Half(side), y * t, 0.0};
  case HEAT_RIGHT: return (Face){1.0 / (1.0 / Half(side) + 1.0), Half(side), t2, 0.0};
  case HEAT_BOTTOM: return (Face){0.0, Half(side), 0.0, 0.1 * x * t};
  default: return (Face){0.0, Half(side), 0.0, 0.0};
  }
}

static Face AtZero(int side, PetscReal x, PetscReal y)
{
  return ChangingFace(side, x, y, 0.0, 0.0);
}

static Face AtTwo(int side, PetscReal x, PetscReal y) { return ChangingFace(side, x, y, 2.0, 4.0); }

static Face AtThree(int side, PetscReal x, PetscReal y)
{
  return ChangingFace(side, x, y, 3.0, 9.0);
}

static PetscReal TimesAreFollowed(HeatProblem *p)
{
  PetscReal worst = FacesApart(p, AtZero);

  OK(HeatOperatorSetTime(p->op, 2.0));
  worst = HeatTestMax(worst, FacesApart(p, AtTwo));
  OK(HeatOperatorSetSurfaceTime(p->op, 3.0));
  return HeatTestMax(worst, FacesApart(p, AtThree));
}

static void values_are_those_of_the_time(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeChanging, TimesAreFollowed, NULL), ROUNDING);
}

/* Whether Set can change a prescribed flux, asked of the whole domain. */
static PetscBool FluxVaries(HeatCase *c)
{
  HeatProblem p = HeatTestSetUp(PETSC_COMM_SELF, c);
  PetscBool   varies;

  varies = HeatBoundariesFluxVaries(HeatOperatorBoundaries(p.op));
  HeatTestTearDown(&p);
  return varies;
}

static HeatCase *MakeHeldInTime(void)
{
  HeatCase *c = Blank();

  HeatTestTemperature(c, HEAT_LEFT, "y*t");
  HeatTestConvection(c, HEAT_RIGHT, "5", "t*t");
  return c;
}

static void only_a_flux_that_depends_on_time_varies(void **state)
{
  (void)state;
  ALL(FluxVaries(MakeChanging(NULL)) == PETSC_TRUE);
  ALL(FluxVaries(MakeFlux(NULL)) == PETSC_FALSE);
  ALL(FluxVaries(MakeHeldInTime()) == PETSC_FALSE);
}

/* ------- the level ------- */

static PetscBool FixesLevel(HeatCase *c)
{
  const PetscBool fixes = HeatBoundariesFixLevel(c);

  OK(HeatCaseDestroy(&c));
  return fixes;
}

static HeatCase *MakeOneHeld(void)
{
  HeatCase *c = Blank();

  HeatTestTemperature(c, HEAT_TOP, "0");
  return c;
}

static HeatCase *MakeDeadFilm(void)
{
  HeatCase *c = Blank();

  c->boundary[HEAT_LEFT].segments[0].type = HEAT_BC_CONVECTION;
  HeatTestNumber(&c->boundary[HEAT_LEFT].segments[0].coefficient, 0.0);
  HeatTestNumber(&c->boundary[HEAT_LEFT].segments[0].ambient, 5.0);
  return c;
}

static void temperature_or_convection_on_one_side_fixes_the_level(void **state)
{
  (void)state;
  assert_true(FixesLevel(MakeOneHeld()));
  assert_true(FixesLevel(MakeConvection(NULL)));
}

static void insulation_flux_and_periodicity_do_not_fix_the_level(void **state)
{
  (void)state;
  assert_false(FixesLevel(Blank()));
  assert_false(FixesLevel(MakeFlux(NULL)));
  assert_false(FixesLevel(MakePeriodic(NULL)));
}

static void film_without_a_coefficient_does_not_fix_the_level(void **state)
{
  (void)state;
  assert_false(FixesLevel(MakeDeadFilm()));
}

/* ------- errors ------- */

static void Refused(HeatCase *c, const char *words)
{
  HeatOperator *op = NULL;
  HeatProblem   p  = HeatTestSetUpGrid(PETSC_COMM_WORLD, c);

  RAISES(HEAT_ERR_INPUT, words, HeatOperatorCreate(p.g, p.c, NULL, &op));
  OK(HeatOperatorDestroy(&op));
  HeatTestTearDown(&p);
}

static void coefficient_that_is_negative_somewhere_is_refused_by_all_ranks(void **state)
{
  HeatCase *c = Blank();

  (void)state;
  HeatTestConvection(c, HEAT_LEFT, "0.85 - y", "20"); /* on the topmost face only */
  Refused(c, "boundary.left");
}

static void value_that_is_not_finite_somewhere_is_refused_by_all_ranks(void **state)
{
  HeatCase *c = Blank();

  (void)state;
  HeatTestTemperature(c, HEAT_BOTTOM, "1/(x - x)");
  Refused(c, "boundary.bottom");
  c = Blank();
  HeatTestFlux(c, HEAT_RIGHT, "sqrt(0.85 - y)");
  Refused(c, "boundary.right");
}

static void nothing_can_be_destroyed(void **state)
{
  HeatBoundaries *b = NULL;

  (void)state;
  OK(HeatBoundariesDestroy(&b));
  assert_null(b);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(insulated_side_conducts_nothing),
    cmocka_unit_test(held_side_conducts_through_half_a_cell),
    cmocka_unit_test(convection_puts_the_film_in_series_with_half_a_cell),
    cmocka_unit_test(film_without_a_coefficient_is_an_insulated_side),
    cmocka_unit_test(prescribed_flux_enters_times_the_face),
    cmocka_unit_test(periodic_side_has_no_faces),
    cmocka_unit_test(values_are_those_of_the_time),
    cmocka_unit_test(only_a_flux_that_depends_on_time_varies),
    cmocka_unit_test(temperature_or_convection_on_one_side_fixes_the_level),
    cmocka_unit_test(insulation_flux_and_periodicity_do_not_fix_the_level),
    cmocka_unit_test(film_without_a_coefficient_does_not_fix_the_level),
    cmocka_unit_test(coefficient_that_is_negative_somewhere_is_refused_by_all_ranks),
    cmocka_unit_test(value_that_is_not_finite_somewhere_is_refused_by_all_ranks),
    cmocka_unit_test(nothing_can_be_destroyed),
};

int main(void) { return RUN_TESTS(Tests); }
