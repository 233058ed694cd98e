/* What later regions leave of a region: closed forms of single shapes and of pairs, the parts of
 * all regions together, attributes by themselves, and many regions. */
#include "solver_test.h"

#include "solver/case/region_area.h"

/* Relative tolerance of areas in closed form: rounding of some hundred operations on numbers of the
   order of the domain. */
#define EXACT 1e-13

/* Make a case on [0, 2] x [0, 1] whose first region covers the domain with material 0. */
static HeatCase *Domain(void)
{
  HeatCase *c;

  OK(HeatCaseCreate(&c));
  c->grid.x[0] = c->grid.y[0]                       = 0.0;
  c->grid.x[1]                                      = 2.0;
  c->grid.y[1]                                      = 1.0;
  HeatTestAddRegion(c, HEAT_SHAPE_ALL, 0)->material = 0;
  return c;
}

static HeatRegion *Rectangle(HeatCase *c, PetscReal x0, PetscReal x1, PetscReal y0, PetscReal y1)
{
  HeatRegion *r = HeatTestRectangle(c, 0, x0, x1, y0, y1);

  r->material = 0;
  return r;
}

static HeatRegion *Circle(HeatCase *c, PetscReal x, PetscReal y, PetscReal radius)
{
  HeatRegion *r = HeatTestAddRegion(c, HEAT_SHAPE_CIRCLE, 0);

  r->centre[0] = x;
  r->centre[1] = y;
  r->radius    = radius;
  r->material  = 0;
  return r;
}

static HeatRegion *Polygon(HeatCase *c, PetscInt n, const PetscReal (*vertices)[2])
{
  HeatRegion *r = HeatTestAddRegion(c, HEAT_SHAPE_POLYGON, 0);

  OK(PetscMalloc1(n, &r->vertices));
  memcpy(r->vertices, vertices, (size_t)n * sizeof *vertices);
  r->n_vertices = n;
  r->material   = 0;
  return r;
}

/* Return the areas of region r. */
static HeatVisibleArea AreaOf(const HeatCase *c, PetscInt r)
{
  HeatRegionAreas *areas;
  HeatVisibleArea  area;

  OK(HeatRegionAreasCreate(c, &areas));
  OK(HeatRegionAreasOf(areas, r, &area));
  OK(HeatRegionAreasDestroy(&areas));
  assert_null(areas);
  return area;
}

/* Assert that region 1 has the given area of its shape, and what is left of it; free the case.
   @param[in] scale  area whose rounding counts */
static void Expect(HeatCase *c, PetscReal shape, PetscReal left, PetscReal scale)
{
  const HeatVisibleArea area = AreaOf(c, 1);

  AT_MOST(fabs(area.shape - shape) / scale, EXACT);
  AT_MOST(fabs(area.any - left) / scale, EXACT);
  AT_MOST(fabs(area.of[HEAT_ATTRIBUTE_MATERIAL] - left) / scale, EXACT);
  OK(HeatCaseDestroy(&c));
}

/* Return the area of the segment of a circle beyond a chord at distance d from the centre. */
static PetscReal Segment(PetscReal r, PetscReal d)
{
  return r * r * acos(d / r) - d * sqrt(r * r - d * d);
}

/* Return the area that two circles, whose centres are d apart, have in common. */
static PetscReal Lens(PetscReal a, PetscReal b, PetscReal d)
{
  const PetscReal foot = (d * d + a * a - b * b) / (2.0 * d);

  return Segment(a, foot) + Segment(b, d - foot);
}

static void thin_ring_between_two_circles_is_exact(void **state)
{
  HeatCase *c = Domain();

  (void)state;
  Circle(c, 0.5, 0.5, 0.3);
  Circle(c, 0.5, 0.5, 0.2999);
  Expect(c, PETSC_PI * 0.09, PETSC_PI * 0.5999 * 1e-4, 0.09);
}

static void lens_of_two_circles_is_removed(void **state)
{
  HeatCase *c = Domain();

  (void)state;
  Circle(c, 0.7, 0.5, 0.3);
  Circle(c, 0.9, 0.6, 0.25);
  Expect(c, PETSC_PI * 0.09, PETSC_PI * 0.09 - Lens(0.3, 0.25, hypot(0.2, 0.1)), 0.09);
}

static void circle_is_removed_from_a_rectangle(void **state)
{
  HeatCase *c = Domain();

  (void)state;
  Rectangle(c, 0.2, 1.0, 0.1, 0.9);
  Circle(c, 1.0, 0.5, 0.3); /* half of it is inside */
  Expect(c, 0.64, 0.64 - 0.5 * PETSC_PI * 0.09, 0.64);
}

static void polygon_is_removed_from_a_polygon(void **state)
{
  const PetscReal big[4][2]   = {{0.2, 0.1}, {1.0, 0.1}, {1.0, 0.9}, {0.2, 0.9}};
  const PetscReal small[3][2] = {{0.4, 0.3}, {1.4, 0.3}, {0.4, 0.8}}; /* cut at x = 1 */
  HeatCase       *c           = Domain();

  (void)state;
  Polygon(c, 4, big);
  Polygon(c, 3, small);
  Expect(c, 0.64, 0.64 - (0.5 * 1.0 * 0.5 - 0.5 * 0.4 * 0.2), 0.64);
}

static void crossed_loops_do_not_count_twice(void **state)
{
  const PetscReal bow[4][2] = {{0.1, 0.1}, {0.9, 0.9}, {0.9, 0.1}, {0.1, 0.9}};
  HeatCase       *c         = Domain();

  (void)state;
  Polygon(c, 4, bow);
  Rectangle(c, 0.1, 0.9, 0.1, 0.5); /* over the lower half */
  Expect(c, 0.32, 0.16, 0.32);
}

static void overlap_of_three_is_removed_once(void **state)
{
  HeatCase *c = Domain();

  (void)state;
  Circle(c, 0.7, 0.5, 0.3);
  Rectangle(c, 0.7, 1.2, 0.0, 1.0); /* the right half */
  Rectangle(c, 0.0, 2.0, 0.5, 1.0); /* the upper half */
  Rectangle(c, 0.8, 1.5, 0.4, 0.9);
  Expect(c, PETSC_PI * 0.09, PETSC_PI * 0.09 / 4.0, 0.09);
}

static void shapes_are_clipped_to_the_domain(void **state)
{
  HeatCase *c = Domain();

  (void)state;
  Circle(c, 0.0, 0.0, 0.4);
  Circle(c, -0.1, -0.1, 0.2);
  const PetscReal x = -0.1, s = sqrt(0.04 - 0.01), angle = acos(0.1 / 0.2) - asin(0.1 / 0.2);

  /* the sector of the smaller circle between its crossings with the axes, without two triangles */
  const PetscReal inside = 0.5 * 0.04 * angle - 2.0 * 0.5 * 0.1 * (s + x);
  Expect(c, PETSC_PI * 0.04, PETSC_PI * 0.04 - inside, 0.04);
}

static void region_of_equal_shape_leaves_nothing(void **state)
{
  const PetscReal triangle[3][2] = {{0.1, 0.13}, {1.7, 0.31}, {0.9, 0.89}};
  const PetscReal turned[3][2]   = {{0.9, 0.89}, {1.7, 0.31}, {0.1, 0.13}};
  HeatCase       *c              = Domain();

  (void)state;
  Polygon(c, 3, triangle);
  Polygon(c, 3, turned);
  ALL(AreaOf(c, 1).any == 0.0);
  OK(HeatCaseDestroy(&c));
  c = Domain();
  Circle(c, 0.7, 0.4, 0.3);
  Circle(c, 0.7, 0.4, 0.3);
  ALL(AreaOf(c, 1).any == 0.0);
  OK(HeatCaseDestroy(&c));
}

static void attributes_are_painted_over_by_themselves(void **state)
{
  HeatCase       *c     = Domain();
  HeatRegion     *third = NULL;
  HeatVisibleArea area;

  (void)state;
  HeatTestNumber(&Rectangle(c, 0.2, 0.7, 0.0, 1.0)->source, 7.0);
  Rectangle(c, 0.2, 0.6, 0.0, 1.0); /* material alone */
  third           = Rectangle(c, 0.3, 0.7, 0.0, 1.0);
  third->material = -1;
  HeatTestNumber(&third->power, 3.0);              /* in place of the source */
  Rectangle(c, 0.0, 2.0, 0.0, 1.0)->material = -1; /* gives nothing */
  area                                       = AreaOf(c, 1);
  AT_MOST(fabs(area.shape - 0.5), EXACT);
  AT_MOST(fabs(area.of[HEAT_ATTRIBUTE_MATERIAL] - 0.1), EXACT);
  AT_MOST(fabs(area.of[HEAT_ATTRIBUTE_SOURCE] - 0.1), EXACT);
  AT_MOST(fabs(area.any - 0.2), EXACT);
  ALL(area.of[HEAT_ATTRIBUTE_TEMPERATURE] == 0.0);
  AT_MOST(fabs(AreaOf(c, 4).any - 2.0), 0.0);
  OK(HeatCaseDestroy(&c));
}

/* Return a number in [0, 1) from a linear congruential generator. */
static PetscReal Random(uint64_t *seed)
{
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (PetscReal)(*seed >> 11) / 9007199254740992.0;
}

/* Add a random circle, rectangle or polygon of about the given size. */
static void AddRandom(HeatCase *c, PetscReal size, uint64_t *seed)
{
  const PetscReal x = 2.2 * Random(seed) - 0.1, y = 1.2 * Random(seed) - 0.1;
  const PetscReal a = size * (0.2 + Random(seed)), b = size * (0.2 + Random(seed));
  const int       kind = (int)(3.0 * Random(seed));
  PetscReal       corners[6][2];

  for (int k = 0; k < 6; k++) {
    corners[k][0] = x + a * Random(seed);
    corners[k][1] = y + b * Random(seed);
  }
  if (kind == 0) Circle(c, x, y, a);
  else if (kind == 1) Rectangle(c, x, x + a, y, y + b);
  else Polygon(c, 6, corners);
}

/* Return the sum of what is left of all regions. */
static PetscReal SumOfAll(const HeatCase *c)
{
  HeatRegionAreas *areas;
  HeatVisibleArea  area;
  PetscReal        sum = 0.0;

  OK(HeatRegionAreasCreate(c, &areas));
  for (PetscInt r = 0; r < c->n_regions; r++) {
    OK(HeatRegionAreasOf(areas, r, &area));
    if (!(area.any >= -1e-15 && area.any <= area.shape + 1e-15))
      fail_msg("region %d: %g left of %g", (int)r, (double)area.any, (double)area.shape);
    sum += area.any;
  }
  OK(HeatRegionAreasDestroy(&areas));
  return sum;
}

/* Each place belongs to the last region that covers it, so the parts add up to the domain.  Each
   region is computed by itself, with other parts and strips than its neighbours. */
static void parts_of_all_regions_fill_the_domain(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 200; seed++) {
    HeatCase *c    = Domain();
    uint64_t  next = seed;

    for (int k = 0; k < 40; k++) AddRandom(c, seed % 2 ? 0.3 : 1.0, &next);
    if (!(fabs(SumOfAll(c) - 2.0) <= 1e-11)) /* 41 regions of some hundred strips */
      fail_msg("seed %d: the parts miss %g", (int)seed, (double)(SumOfAll(c) - 2.0));
    OK(HeatCaseDestroy(&c));
  }
}

/* Shapes of about the mean distance between them. */
static void parts_of_20000_small_regions_fill_the_domain(void **state)
{
  HeatCase *c    = Domain();
  uint64_t  next = 5;

  (void)state;
  for (int k = 0; k < 20000; k++) AddRandom(c, 0.01, &next);
  AT_MOST(fabs(SumOfAll(c) - 2.0), 1e-9);
  OK(HeatCaseDestroy(&c));
}

/* Each ring of 300 is what the next circle leaves. */
static void nested_circles_leave_rings(void **state)
{
  HeatCase        *c = Domain();
  HeatRegionAreas *areas;
  HeatVisibleArea  area;

  (void)state;
  for (int k = 300; k > 0; k--) Circle(c, 1.0, 0.5, 0.4 * k / 300.0);
  OK(HeatRegionAreasCreate(c, &areas));
  for (int k = 300; k > 1; k--) {
    OK(HeatRegionAreasOf(areas, 301 - k, &area));
    AT_MOST(fabs(area.any - PETSC_PI * 0.16 * (2 * k - 1) / 9e4), EXACT);
  }
  OK(HeatRegionAreasDestroy(&areas));
  OK(HeatCaseDestroy(&c));
}

/* A polygon of 100000 corners on a circle, over which a circle lies that it surrounds. */
static void polygon_of_many_corners_is_exact(void **state)
{
  enum { N = 100000 };
  HeatCase *c             = Domain();
  PetscReal(*corners)[2]  = NULL;
  const PetscReal polygon = 0.5 * N * 0.16 * sin(2.0 * PETSC_PI / N);
  HeatVisibleArea area;

  (void)state;
  OK(PetscMalloc1(N, &corners));
  for (int k = 0; k < N; k++) {
    corners[k][0] = 1.0 + 0.4 * cos(2.0 * PETSC_PI * k / N);
    corners[k][1] = 0.5 + 0.4 * sin(2.0 * PETSC_PI * k / N);
  }
  Polygon(c, N, corners);
  Circle(c, 1.0, 0.5, 0.399);
  area = AreaOf(c, 1);
  AT_MOST(fabs(area.any - (polygon - PETSC_PI * 0.399 * 0.399)), 1e-11);
  AT_MOST(fabs(area.shape - polygon), 1e-11);
  OK(PetscFree(corners));
  OK(HeatCaseDestroy(&c));
}

/* A polygon of 600 random corners crosses itself 60000 times, more than the budget resolves: strips
   end between crossings, and the area is compared with a count of points. */
static void hopeless_cases_end_soon_and_nearly_right(void **state)
{
  enum { N = 600, POINTS = 2000 };
  HeatCase *c    = Domain();
  uint64_t  seed = 3;
  PetscReal(*corners)[2];
  PetscInt        inside = 0;
  HeatVisibleArea area;

  (void)state;
  OK(PetscMalloc1(N, &corners));
  for (int k = 0; k < N; k++) {
    corners[k][0] = 2.0 * Random(&seed);
    corners[k][1] = Random(&seed);
  }
  Polygon(c, N, corners);
  for (int p = 0; p < POINTS; p++) {
    const PetscReal x = 2.0 * Random(&seed), y = Random(&seed);
    int             odd = 0;

    for (int k = 0; k < N; k++) {
      const PetscReal *a = corners[k], *b = corners[(k + 1) % N];

      if ((a[1] > y) != (b[1] > y)) odd ^= x > a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]);
    }
    inside += odd;
  }
  area = AreaOf(c, 1);
  /* 3 standard deviations of the fraction of points */
  AT_MOST(fabs(area.any - 2.0 * (PetscReal)inside / POINTS), 3.0 * 2.0 * 0.5 / sqrt(POINTS));
  OK(PetscFree(corners));
  OK(HeatCaseDestroy(&c));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(thin_ring_between_two_circles_is_exact),
      cmocka_unit_test(lens_of_two_circles_is_removed),
      cmocka_unit_test(circle_is_removed_from_a_rectangle),
      cmocka_unit_test(polygon_is_removed_from_a_polygon),
      cmocka_unit_test(crossed_loops_do_not_count_twice),
      cmocka_unit_test(overlap_of_three_is_removed_once),
      cmocka_unit_test(shapes_are_clipped_to_the_domain),
      cmocka_unit_test(region_of_equal_shape_leaves_nothing),
      cmocka_unit_test(attributes_are_painted_over_by_themselves),
      cmocka_unit_test(parts_of_all_regions_fill_the_domain),
      cmocka_unit_test(parts_of_20000_small_regions_fill_the_domain),
      cmocka_unit_test(nested_circles_leave_rings),
      cmocka_unit_test(polygon_of_many_corners_is_exact),
      cmocka_unit_test(hopeless_cases_end_soon_and_nearly_right),
  };

  return RUN_TESTS(tests);
}
