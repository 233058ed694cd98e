/* Polygons that cross themselves, in the middle of edges and at vertices, and those that only touch
 * themselves. */
#include "solver_test.h"

#include "solver/case/polygon.h"

enum { MOST = 20 };

/* A polygon, and what is expected of it. */
typedef struct {
  const char *name;
  PetscInt    n;
  PetscReal   v[MOST][2];
  PetscInt    from[2]; /* beginnings of the edges that cross; -1: none do */
  PetscReal   at[2];   /* where they cross */
} Example;

static const Example Crossing[] = {
    {"bow tie", 4, {{0, 0}, {1, 1}, {1, 0}, {0, 1}}, {0, 2}, {0.5, 0.5}},
    {"bow tie by the closing edge", 4, {{1, 1}, {1, 0}, {0, 1}, {0, 0}}, {1, 3}, {0.5, 0.5}},
    {"vertices repeated",
     7,
     {{0, 0}, {0, 0}, {1, 1}, {1, 1}, {1, 0}, {0, 1}, {0, 0}},
     {0, 4},
     {0.5, 0.5}},
    {"vertex on an edge", 5, {{0, 0}, {2, 0}, {2, 2}, {1, 0}, {1, -1}}, {0, 3}, {1, 0}},
    {"first vertex on an edge", 5, {{1, 0}, {1, -1}, {0, 0}, {2, 0}, {2, 2}}, {0, 2}, {1, 0}},
    {"two vertices", 6, {{0, 0}, {1, 1}, {2, 2}, {2, 0}, {1, 1}, {0, 2}}, {1, 4}, {1, 1}},
    {"millimetres", 4, {{0, 0}, {1e-3, 1e-3}, {1e-3, 0}, {0, 1e-3}}, {0, 2}, {5e-4, 5e-4}},
    {"far from the origin",
     4,
     {{1e6, 0}, {1e6 + 1, 1}, {1e6 + 1, 0}, {1e6, 1}},
     {0, 2},
     {1e6 + 0.5, 0.5}},
};

static const Example Touching[] = {
    {"triangle", 3, {{0, 0}, {1, 0}, {0, 1}}, {-1, -1}, {0, 0}},
    {"closed by a vertex", 4, {{0, 0}, {1, 0}, {0, 1}, {0, 0}}, {-1, -1}, {0, 0}},
    {"vertex on an edge", 6, {{0, 0}, {2, 0}, {2, 2}, {1, 0}, {0, 2}, {0, 1}}, {-1, -1}, {0, 0}},
    {"two triangles at a vertex",
     6,
     {{0, 0}, {1, 1}, {0, 2}, {2, 2}, {1, 1}, {2, 0}},
     {-1, -1},
     {0, 0}},
    {"hole, by an edge there and back",
     10,
     {{0, 0}, {3, 0}, {3, 3}, {0, 3}, {0, 0}, {1, 1}, {1, 2}, {2, 2}, {2, 1}, {1, 1}},
     {-1, -1},
     {0, 0}},
    {"spike", 5, {{0, 0}, {1, 0}, {3, 0}, {1, 0}, {0, 1}}, {-1, -1}, {0, 0}},
    {"two boxes side by side",
     8,
     {{0, 0}, {1, 0}, {1, 1}, {1, 0}, {2, 0}, {2, 1}, {1, 1}, {0, 1}},
     {-1, -1},
     {0, 0}},
    {"concave", 5, {{0, 0}, {2, 0}, {2, 2}, {1, 0.5}, {0, 2}}, {-1, -1}, {0, 0}},
    {"beyond an edge by rounding",
     5,
     {{0, 0}, {3, 1}, {3, 3}, {1, 0.3333333332}, {0, 3}},
     {-1, -1},
     {0, 0}},
};

/* Copy the vertices, beginning with vertex `first`, in the opposite order if `reverse`. */
static void Turned(const Example *e, PetscInt first, PetscBool reverse, PetscReal (*v)[2])
{
  for (PetscInt k = 0; k < e->n; k++) {
    const PetscInt from = reverse ? first + e->n - k : first + k;

    memcpy(v[k], e->v[from % e->n], sizeof v[k]);
  }
}

static void crossing_edges_are_found_with_their_vertices(void **state)
{
  (void)state;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(Crossing); k++) {
    const Example *e = &Crossing[k];
    HeatCrossing   found;
    PetscReal      v[MOST][2];

    Turned(e, 0, PETSC_FALSE, v);
    OK(HeatPolygonCrossing(e->n, v, &found));
    if (found.from[0] != e->from[0] || found.from[1] != e->from[1])
      fail_msg("%s: edges %d and %d", e->name, (int)found.from[0], (int)found.from[1]);
    for (int a = 0; a < 2; a++) AT_MOST(fabs(found.at[a] - e->at[a]), 1e-9 * (1 + fabs(e->at[a])));
  }
}

/* Count the beginnings and directions with which an example crosses itself. */
static PetscInt Crossings(const Example *e)
{
  PetscInt n = 0;

  for (PetscInt first = 0; first < e->n; first++) {
    for (int reverse = 0; reverse < 2; reverse++) {
      PetscReal    v[MOST][2];
      HeatCrossing found;

      Turned(e, first, (PetscBool)reverse, v);
      OK(HeatPolygonCrossing(e->n, v, &found));
      n += found.from[0] >= 0;
    }
  }
  return n;
}

static void a_crossing_does_not_depend_on_the_first_vertex_and_the_direction(void **state)
{
  (void)state;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(Crossing); k++)
    if (Crossings(&Crossing[k]) != 2 * Crossing[k].n) fail_msg("%s", Crossing[k].name);
}

static void outlines_that_touch_themselves_do_not_cross(void **state)
{
  (void)state;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(Touching); k++) {
    PetscReal v[MOST][2];

    if (Crossings(&Touching[k]) != 0) fail_msg("%s", Touching[k].name);
    Turned(&Touching[k], 0, PETSC_FALSE, v);
    assert_false(HeatPolygonIsEmpty(Touching[k].n, v));
  }
}

static void an_outline_that_runs_back_along_itself_encloses_nothing(void **state)
{
  PetscReal back[6][2] = {{0, 0}, {1, 0}, {1, 1}, {2, 1}, {1, 1}, {1, 0}};
  PetscReal line[3][2] = {{0, 0}, {1, 1}, {3, 3}}, point[3][2] = {{2, 2}, {2, 2}, {2, 2}};

  (void)state;
  assert_true(HeatPolygonIsEmpty(6, back));
  assert_true(HeatPolygonIsEmpty(3, line));
  assert_true(HeatPolygonIsEmpty(3, point));
}

/* A comb: teeth in the direction (cos a, sin a), n/2 of them, of length 1, side by side. */
static void Comb(PetscInt n, PetscReal angle, PetscReal (*v)[2])
{
  for (PetscInt k = 0; k < n; k++) {
    const PetscReal along = k == n - 1 ? -0.1 : k % 2, across = (PetscReal)k / (PetscReal)n;

    v[k][0] = along * cos(angle) - across * sin(angle);
    v[k][1] = along * sin(angle) + across * cos(angle);
  }
  v[n - 1][0] = v[0][0] - 2.0 * cos(angle);
  v[n - 1][1] = v[0][1] - 2.0 * sin(angle);
}

/* Polygons of many vertices; each pair of edges of the comb overlaps along one axis of the grid. */
static void polygons_of_many_vertices_are_compared_edge_by_edge(void **state)
{
  enum { N = 20000 };
  PetscReal(*v)[2];
  HeatCrossing found;

  (void)state;
  OK(PetscMalloc1(N, &v));
  for (int k = 0; k < 3; k++) {
    Comb(N, 0.4 * k, v);
    OK(HeatPolygonCrossing(N, v, &found));
    assert_int_equal(found.from[0], -1);
  }
  for (PetscInt k = 0; k < N; k++) {
    v[k][0] = cos(2.0 * PETSC_PI * (PetscReal)k / N);
    v[k][1] = sin(2.0 * PETSC_PI * (PetscReal)k / N);
  }
  OK(HeatPolygonCrossing(N, v, &found));
  assert_int_equal(found.from[0], -1);
  memcpy(v[N / 2], (PetscReal[2]){0.1, 1.5}, sizeof v[0]);
  OK(HeatPolygonCrossing(N, v, &found));
  assert_true(found.from[0] >= 0);
  OK(PetscFree(v));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(crossing_edges_are_found_with_their_vertices),
      cmocka_unit_test(a_crossing_does_not_depend_on_the_first_vertex_and_the_direction),
      cmocka_unit_test(outlines_that_touch_themselves_do_not_cross),
      cmocka_unit_test(an_outline_that_runs_back_along_itself_encloses_nothing),
      cmocka_unit_test(polygons_of_many_vertices_are_compared_edge_by_edge),
  };

  return RUN_TESTS(tests);
}
