/* Conditions on the sides: the conductance G, the surroundings' temperature T_b and the flux F of
   every face on the boundary, equation (4) of solver/README.md. */
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

/* Return the largest deviation from the exact G, T_b, F and half-cell conductance over all boundary
   faces of own cells. */
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

/* Compared numbers are of order ten at most; a few roundings of them stay below 1e-13. */
#define ROUNDING 1e-13

/* Return the conductance k A/(h/2) of the half cell behind a face [W/(m K)]. */
static PetscReal Half(int side) { return side < HEAT_BOTTOM ? 2.0 * 0.2 / 0.05 : 0.5 * 0.1 / 0.1; }

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

/* The half cell conducts with kx behind left and right, with ky behind bottom and top.  Prescribed
   values are those at the midpoints of the faces. */
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

/* Return the exact face of MakeChanging with given values of t and t^2. */
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

/* Return whether setting the time can change a prescribed flux; takes ownership of the case.  One
   rank has the whole domain. */
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

/* ------- segments ------- */

/* Top, whose faces are 0.1 wide and begin at x = 1, has four segments: one ends between two
   faces at 1.3, one at the midpoint 1.45 of a face, which then belongs to a later segment, and
   the third is so short that it has no face.  Left has two segments, divided at the midpoint of
   a face. */
static HeatCase *MakeSegments(const void *context)
{
  HeatCase    *c = Blank();
  HeatSegment *top, *left;

  (void)context;
  OK(HeatCaseSetSegments(c, HEAT_TOP, 4));
  OK(HeatCaseSetSegments(c, HEAT_LEFT, 2));
  top         = c->boundary[HEAT_TOP].segments;
  left        = c->boundary[HEAT_LEFT].segments;
  top[0].to   = 1.3;
  top[0].type = HEAT_BC_TEMPERATURE;
  HeatTestText(&top[0].value, "x*(1 + t)");
  top[1].to   = 1.45;
  top[1].type = HEAT_BC_FLUX;
  HeatTestText(&top[1].value, "10*x");
  top[2].to   = 1.45 + 1e-11; /* within rounding of the end of segment 1 */
  top[2].type = HEAT_BC_FLUX;
  HeatTestText(&top[2].value, "sqrt(-x)"); /* no face: never evaluated */
  top[3].type = HEAT_BC_CONVECTION;
  HeatTestText(&top[3].coefficient, "4 + x");
  HeatTestText(&top[3].ambient, "20*x");
  left[0].to   = -0.5;
  left[0].type = HEAT_BC_CONVECTION;
  HeatTestNumber(&left[0].coefficient, 3.0);
  HeatTestNumber(&left[0].ambient, 30.0);
  return c;
}

static PetscInt SegmentOf(int side, PetscReal x, PetscReal y)
{
  if (side == HEAT_TOP) return x < 1.3 ? 0 : x < 1.44 ? 1 : 3;
  return side == HEAT_LEFT && y > -0.51 ? 1 : 0;
}

static Face SegmentFace(int side, PetscReal x, PetscReal y)
{
  const PetscInt  segment = SegmentOf(side, x, y);
  const PetscReal half    = Half(side);

  if (side == HEAT_TOP && segment == 0) return (Face){half, half, x, 0.0};
  if (side == HEAT_TOP && segment == 1) return (Face){0.0, half, 0.0, 0.1 * 10.0 * x};
  if (side == HEAT_TOP)
    return (Face){1.0 / (1.0 / half + 1.0 / (0.1 * (4.0 + x))), half, 20.0 * x, 0.0};
  if (side == HEAT_LEFT && segment == 0)
    return (Face){1.0 / (1.0 / half + 1.0 / (0.2 * 3.0)), half, 30.0, 0.0};
  return (Face){0.0, half, 0.0, 0.0};
}

/* Count faces and ends of sides with a wrong segment, and compare the faces' numbers. */
static PetscReal SegmentsApart(HeatProblem *p)
{
  const HeatGrid         *g     = p->g;
  const HeatBoundaryFaces top   = HeatBoundariesGet(HeatOperatorBoundaries(p->op), HEAT_TOP);
  const HeatBoundaryFaces left  = HeatBoundariesGet(HeatOperatorBoundaries(p->op), HEAT_LEFT);
  PetscReal               wrong = 0.0;

  for (PetscInt k = 0; k < top.length; k++)
    wrong += top.segment[k] != SegmentOf(HEAT_TOP, 1.05 + 0.1 * (PetscReal)(g->xs + k), 1.0);
  for (PetscInt k = 0; k < left.length; k++)
    wrong += left.segment[k] != SegmentOf(HEAT_LEFT, 1.0, -0.9 + 0.2 * (PetscReal)(g->ys + k));
  if (top.length && g->xs == 0) {
    wrong += top.segment[top.length] != 0;
    wrong += fabs(top.T[top.length] - 1.0) > ROUNDING;
  }
  if (top.length && g->xs + g->nxl == 8) {
    wrong += top.segment[top.length + 1] != 3;
    wrong += fabs(top.T[top.length + 1] - 36.0) > ROUNDING;
  }
  return HeatTestMax(wrong, FacesApart(p, SegmentFace));
}

static void face_belongs_to_the_first_segment_that_ends_beyond_its_midpoint(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeSegments, SegmentsApart, NULL), ROUNDING);
}

/* Compare the heat through each segment for T = 5 everywhere with a sum over its faces, which each
   rank computes for the whole domain. */
static PetscReal SegmentHeatApart(HeatProblem *p)
{
  PetscReal   *T = HeatTestLinearArray(p->g, 5.0, 0.0, 0.0), worst = 0.0;
  PetscReal    exact[8] = {0.0}; /* 2 segments of left, 1 of right, 1 of bottom, 4 of top */
  HeatExactSum heat[8]  = {0};

  OK(HeatOperatorSegmentHeat(p->op, T, heat));
  for (int j = 0; j < 10; j++) {
    const PetscReal y = -0.9 + 0.2 * j;
    const Face      f = SegmentFace(HEAT_LEFT, 1.0, y);

    exact[SegmentOf(HEAT_LEFT, 1.0, y)] += f.G * (f.T - 5.0) + f.F;
  }
  for (int i = 0; i < 8; i++) {
    const PetscReal x = 1.05 + 0.1 * i;
    const Face      f = SegmentFace(HEAT_TOP, x, 1.0);

    exact[4 + SegmentOf(HEAT_TOP, x, 1.0)] += f.G * (f.T - 5.0) + f.F;
  }
  for (int k = 0; k < 8; k++)
    worst = HeatTestMax(worst, fabs(HeatTestReduceExact(p->g->comm, &heat[k]) - exact[k]));
  OK(PetscFree(T));
  return worst;
}

static void heat_is_reported_segment_by_segment(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeSegments, SegmentHeatApart, NULL), 10.0 * ROUNDING);
}

static void
end_of_a_side_is_held_where_the_segment_next_to_it_prescribes_a_temperature(void **state)
{
  HeatCase *c = MakeSegments(NULL);

  (void)state;
  assert_true(HeatBoundaryHoldsEnd(c, HEAT_TOP, 0));
  assert_false(HeatBoundaryHoldsEnd(c, HEAT_TOP, 1));
  assert_false(HeatBoundaryHoldsEnd(c, HEAT_LEFT, 0));
  HeatTestTemperature(c, HEAT_RIGHT, "3");
  assert_true(HeatBoundaryHoldsEnd(c, HEAT_RIGHT, 0));
  assert_true(HeatBoundaryHoldsEnd(c, HEAT_RIGHT, 1));
  c->boundary[HEAT_TOP].segments[0].to = 1.04; /* before the first midpoint */
  assert_false(HeatBoundaryHoldsEnd(c, HEAT_TOP, 0));
  OK(HeatCaseDestroy(&c));
}

/* ------- tables ------- */

static void Table(HeatSegment *s, HeatBoundaryType type, PetscInt n, PetscReal start,
                  PetscReal rise)
{
  s->type    = type;
  s->table.n = n;
  OK(PetscStrallocpy("table.csv", &s->table.file));
  OK(PetscMalloc1(n, &s->table.t));
  OK(PetscMalloc1(n, &s->table.value));
  for (PetscInt k = 0; k < n; k++) {
    s->table.t[k]     = 4.0 * (PetscReal)k;
    s->table.value[k] = start + rise * (PetscReal)k;
  }
}

static HeatCase *MakeTables(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  Table(&c->boundary[HEAT_LEFT].segments[0], HEAT_BC_TEMPERATURE, 3, 10.0, 8.0);
  Table(&c->boundary[HEAT_RIGHT].segments[0], HEAT_BC_CONVECTION, 3, 20.0, -8.0);
  HeatTestNumber(&c->boundary[HEAT_RIGHT].segments[0].coefficient, 5.0);
  Table(&c->boundary[HEAT_BOTTOM].segments[0], HEAT_BC_FLUX, 3, 0.0, 40.0);
  return c;
}

/* Return the exact face of MakeTables; `turns` is the time divided by 4 s, at most 2. */
static Face TableFace(int side, PetscReal turns)
{
  const PetscReal half = Half(side);

  if (side == HEAT_LEFT) return (Face){half, half, 10.0 + 8.0 * turns, 0.0};
  if (side == HEAT_RIGHT) return (Face){1.0 / (1.0 / half + 1.0), half, 20.0 - 8.0 * turns, 0.0};
  return (Face){0.0, half, 0.0, side == HEAT_BOTTOM ? 0.1 * 40.0 * turns : 0.0};
}

static Face TableAtZero(int side, PetscReal x, PetscReal y)
{
  return (void)x, (void)y, TableFace(side, 0.0);
}

static Face TableAtSeven(int side, PetscReal x, PetscReal y)
{
  return (void)x, (void)y, TableFace(side, 1.75);
}

static Face TableAtTheEnd(int side, PetscReal x, PetscReal y)
{
  return (void)x, (void)y, TableFace(side, 2.0);
}

static PetscReal TablesApart(HeatProblem *p)
{
  PetscReal worst = FacesApart(p, TableAtZero);

  OK(HeatOperatorSetTime(p->op, 7.0));
  worst = HeatTestMax(worst, FacesApart(p, TableAtSeven));
  OK(HeatOperatorSetTime(p->op, 100.0));
  return HeatTestMax(worst, FacesApart(p, TableAtTheEnd));
}

static void table_gives_values_over_time(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeTables, TablesApart, NULL), ROUNDING);
}

static HeatCase *MakeConstantTable(void)
{
  HeatCase *c = Blank();

  c->time.step = 1e-3;
  Table(&c->boundary[HEAT_BOTTOM].segments[0], HEAT_BC_FLUX, 2, 5.0, 0.0);
  return c;
}

static void flux_of_a_table_varies(void **state)
{
  (void)state;
  ALL(FluxVaries(MakeTables(NULL)) == PETSC_TRUE);
  ALL(FluxVaries(MakeConstantTable()) == PETSC_TRUE);
}

/* ------- radiation ------- */

static HeatCase *MakeRadiation(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  for (int side = 0; side < HEAT_SIDES; side++)
    HeatTestRadiation(c, (HeatSide)side, "0.3 + 0.4*(x > 1.3)", "400 + 100*y");
  return c;
}

/* Return the imbalance of heat at the radiating surfaces, relative to the radiation that
   arrives.  The faces give the surface temperature T_s = T_c + G (T_b - T_c)/G_half; there the
   heat through the half cell must equal sigma * emissivity * (T_b^4 - T_s^4) times the length of
   the face. */
static PetscReal Imbalance(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  PetscReal      *T = HeatTestLinearArray(g, 300.0, 200.0, -100.0), worst = 0.0;
  PetscBool       valid;

  OK(HeatOperatorUpdate(p->op, T, &valid));
  for (int side = 0; side < HEAT_SIDES; side++) {
    const HeatBoundaryFaces f    = HeatBoundariesGet(HeatOperatorBoundaries(p->op), (HeatSide)side);
    const PetscReal         face = side < HEAT_BOTTOM ? 0.2 : 0.1;

    for (PetscInt k = 0; k < f.length; k++) {
      const PetscReal x       = side == HEAT_LEFT    ? 1.0
                                : side == HEAT_RIGHT ? 1.8
                                                     : 1.05 + 0.1 * (PetscReal)(g->xs + k);
      const PetscReal c       = T[HeatBoundaryCell(g, (HeatSide)side, k)];
      const PetscReal through = f.G[k] * (f.T[k] - c), surface = c + through / f.half[k];
      const PetscReal e        = 5.670374419e-8 * (x > 1.3 ? 0.7 : 0.3) * face;
      const PetscReal radiated = e * (pow(f.T[k], 4) - pow(surface, 4));

      worst = HeatTestMax(worst, fabs(through - radiated) / (e * pow(f.T[k], 4)));
      worst = HeatTestMax(worst, fabs(f.half[k] - Half(side)));
    }
  }
  OK(PetscFree(T));
  return valid ? worst : INFINITY;
}

static void radiating_side_balances_its_surface(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeRadiation, Imbalance, NULL), 1e-13);
}

/* ------- whether the sides fix the level of the temperature ------- */

/* Takes ownership of the case. */
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

static void segment_that_radiates_or_convects_fixes_the_level(void **state)
{
  HeatCase *c = Blank();

  (void)state;
  HeatTestRadiation(c, HEAT_LEFT, "0*x", "300");
  assert_true(FixesLevel(c));
  c = Blank();
  HeatTestNumber(&c->boundary[HEAT_LEFT].segments[0].emissivity, 0.0);
  c->boundary[HEAT_LEFT].segments[0].type = HEAT_BC_RADIATION;
  assert_false(FixesLevel(c));
  c = Blank();
  OK(HeatCaseSetSegments(c, HEAT_LEFT, 3));
  c->boundary[HEAT_LEFT].segments[2].type = HEAT_BC_CONVECTION;
  HeatTestNumber(&c->boundary[HEAT_LEFT].segments[2].coefficient, 1.0);
  assert_true(FixesLevel(c));
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

static void ExpectRefused(HeatCase *c, const char *words)
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
  HeatTestConvection(c, HEAT_LEFT, "0.85 - y", "20"); /* < 0 on the topmost face only */
  ExpectRefused(c, "boundary.left");
}

static void value_that_is_not_finite_somewhere_is_refused_by_all_ranks(void **state)
{
  HeatCase *c = Blank();

  (void)state;
  HeatTestTemperature(c, HEAT_BOTTOM, "1/(x - x)");
  ExpectRefused(c, "boundary.bottom");
  c = Blank();
  HeatTestFlux(c, HEAT_RIGHT, "sqrt(0.85 - y)");
  ExpectRefused(c, "boundary.right");
}

static void emissivity_above_one_somewhere_is_refused_by_all_ranks(void **state)
{
  HeatCase *c = Blank();

  (void)state;
  OK(HeatCaseSetSegments(c, HEAT_TOP, 2));
  c->boundary[HEAT_TOP].segments[0].to   = 1.2;
  c->boundary[HEAT_TOP].segments[1].type = HEAT_BC_RADIATION;
  HeatTestText(&c->boundary[HEAT_TOP].segments[1].emissivity,
               "x - 0.7"); /* > 1 on the last face only */
  HeatTestNumber(&c->boundary[HEAT_TOP].segments[1].ambient, 300.0);
  ExpectRefused(c, "boundary.top[1]");
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
    cmocka_unit_test(face_belongs_to_the_first_segment_that_ends_beyond_its_midpoint),
    cmocka_unit_test(heat_is_reported_segment_by_segment),
    cmocka_unit_test(end_of_a_side_is_held_where_the_segment_next_to_it_prescribes_a_temperature),
    cmocka_unit_test(table_gives_values_over_time),
    cmocka_unit_test(flux_of_a_table_varies),
    cmocka_unit_test(radiating_side_balances_its_surface),
    cmocka_unit_test(segment_that_radiates_or_convects_fixes_the_level),
    cmocka_unit_test(emissivity_above_one_somewhere_is_refused_by_all_ranks),
    cmocka_unit_test(temperature_or_convection_on_one_side_fixes_the_level),
    cmocka_unit_test(insulation_flux_and_periodicity_do_not_fix_the_level),
    cmocka_unit_test(film_without_a_coefficient_does_not_fix_the_level),
    cmocka_unit_test(coefficient_that_is_negative_somewhere_is_refused_by_all_ranks),
    cmocka_unit_test(value_that_is_not_finite_somewhere_is_refused_by_all_ranks),
    cmocka_unit_test(nothing_can_be_destroyed),
};

int main(void) { return RUN_TESTS(Tests); }
