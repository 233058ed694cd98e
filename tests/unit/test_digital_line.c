/* Directions of digital curves: all short curves against a search for a separating line, straight
 * lines of any slope, corners, and ends of strips. */
#include "case_test.h"

#include <math.h>
#include <stdlib.h>

#include "solver/physics/digital_line.h"

enum { MOST = 200 };

/* ------- segments against a search ------- */

typedef struct {
  int x, y; /* in half cells */
} Place;

/* The cell centres on the left and on the right of each step of a curve. */
static void CentresBeside(int n, const HeatStep *steps, Place *left, Place *right)
{
  static const Place along[] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
  Place              at      = {0, 0};

  for (int k = 0; k < n; k++) {
    const Place d = along[steps[k]], middle = {at.x + d.x, at.y + d.y};

    left[k]  = (Place){middle.x - d.y, middle.y + d.x};
    right[k] = (Place){middle.x + d.y, middle.y - d.x};
    at       = (Place){at.x + 2 * d.x, at.y + 2 * d.y};
  }
}

/* Whether a line has all centres of `left` on one side and all of `right` on the other: then some
   normal between two differences of centres has it too, so that normals (p, q) with small whole
   numbers, and those turned by a little, are all that need be tried for curves of 9 steps. */
static int IsSeparable(int n, const HeatStep *steps)
{
  Place left[MOST], right[MOST];

  CentresBeside(n, steps, left, right);
  for (int p = -24; p <= 24; p++) {
    for (int q = -24; q <= 24; q++) {
      int lowest = 1 << 30, highest = -(1 << 30);

      for (int k = 0; k < n; k++) {
        const int l = p * left[k].x + q * left[k].y, r = p * right[k].x + q * right[k].y;

        lowest  = l < lowest ? l : lowest;
        highest = r > highest ? r : highest;
      }
      if (lowest > highest) return 1;
    }
  }
  return 0;
}

/* The largest number of steps on both sides of a step in one separable part of the curve. */
static int ReachOf(int n, const HeatStep *steps, int at)
{
  int reach = 0;

  for (int first = 0; first <= at; first++) {
    int last = at;

    while (last + 1 < n && IsSeparable(last + 2 - first, steps + first)) last++;
    if (!IsSeparable(last + 1 - first, steps + first)) continue;
    const int least = at - first < last - at ? at - first : last - at;

    reach = least > reach ? least : reach;
  }
  return reach;
}

/* All curves of 7 steps that turn only to the left and right (no step back), from the middle step.
   Flat runs have the direction of the step itself; they have their own test. */
static void segments_are_the_parts_that_a_line_separates(void **state)
{
  enum { N = 7, AT = 3 };
  int tried = 0;

  (void)state;
  for (int code = 0; code < 729; code++) { /* 3^6 */
    HeatStep  steps[N] = {HEAT_STEP_EAST};
    PetscReal direction[2];

    for (int k = 1, rest = code; k < N; k++, rest /= 3)
      steps[k] = (HeatStep)((steps[k - 1] + rest % 3 + 3) % 4); /* right, straight on, left */
    const PetscInt reach = HeatDigitalDirection(N, steps, AT, 1.0, 1.0, direction);
    const int      own   = steps[AT] % 2; /* 0: along x */

    if (fabs(direction[own]) == 1.0) continue;
    assert_int_equal(reach, ReachOf(N, steps, AT));
    tried++;
  }
  assert_true(tried > 300);
}

/* ------- straight lines ------- */

/* The edge of the half plane below y = slope x + offset, slope >= 0: n steps from left to right. */
static int Line(PetscReal slope, PetscReal offset, int n, HeatStep *steps)
{
  int height = (int)floor(slope * 0.5 + offset + 0.5), count = 0;

  for (int i = 0; count < n; i++) {
    const int next = (int)floor(slope * (i + 0.5) + offset + 0.5);

    for (; height < next && count < n; height++) steps[count++] = HEAT_STEP_NORTH;
    if (count < n) steps[count++] = HEAT_STEP_EAST;
  }
  return count;
}

/* Two lines that separate the same 65 steps differ by less than 0.05 in direction. */
static void straight_line_has_its_own_direction(void **state)
{
  HeatStep steps[MOST];

  (void)state;
  srand(7);
  for (int k = 0; k < 500; k++) {
    const PetscReal hx = 0.5, hy = k % 2 ? 0.5 : 0.2;
    const PetscReal slope = 0.04 + 3.0 * rand() / RAND_MAX, offset = 1.0 * rand() / RAND_MAX;
    PetscReal       direction[2];
    const int       n = Line(slope, offset, 65, steps);

    HeatDigitalDirection(n, steps, 32, hx, hy, direction);
    assert_true(fabs(atan2(direction[1], direction[0]) - atan2(slope * hy, hx)) < 0.02);
    assert_true(fabs(hypot(direction[0], direction[1]) - 1.0) < 1e-15);
  }
}

/* At 45 degrees the segments' slope is 1 but for the ends. */
static void diagonal_is_exact(void **state)
{
  HeatStep  steps[MOST];
  PetscReal direction[2];

  (void)state;
  for (int k = 0; k < 65; k++) steps[k] = k % 2 ? HEAT_STEP_NORTH : HEAT_STEP_EAST;
  for (int at = 0; at < 65; at++) {
    assert_int_equal(HeatDigitalDirection(65, steps, at, 1.0, 1.0, direction),
                     at < 32 ? at : 64 - at);
    assert_true(fabs(direction[0] - sqrt(0.5)) < 1e-15 && fabs(direction[1] - sqrt(0.5)) < 1e-15);
  }
}

static void curve_that_is_walked_backwards_has_the_same_direction(void **state)
{
  HeatStep  steps[MOST], back[MOST];
  PetscReal a[2], b[2];

  (void)state;
  srand(8);
  for (int k = 0; k < 500; k++) {
    int n = 40;

    for (int m = 0; m < n; m++)
      steps[m] = (HeatStep)(m > 0 && rand() % 3 ? steps[m - 1] : (HeatStep)(rand() % 2));
    for (int m = 0; m < n; m++) back[m] = (HeatStep)(steps[n - 1 - m] ^ 2);
    for (int at = 0; at < n; at++) {
      assert_int_equal(HeatDigitalDirection(n, steps, at, 1.0, 0.7, a),
                       HeatDigitalDirection(n, back, n - 1 - at, 1.0, 0.7, b));
      assert_true(fabs(a[0] + b[0]) < 1e-14 && fabs(a[1] + b[1]) < 1e-14);
    }
  }
}

/* ------- what is flat ------- */

/* Write runs "e5n3..." as steps. */
static int Runs(const char *text, HeatStep *steps)
{
  int n = 0;

  while (*text) {
    const HeatStep step = *text == 'e'   ? HEAT_STEP_EAST
                          : *text == 'n' ? HEAT_STEP_NORTH
                          : *text == 'w' ? HEAT_STEP_WEST
                                         : HEAT_STEP_SOUTH;
    char          *end;

    for (long k = strtol(text + 1, &end, 10); k > 0; k--) steps[n++] = step;
    text = end;
  }
  return n;
}

static int IsFlat(const char *runs, int at)
{
  HeatStep  steps[MOST];
  PetscReal direction[2];
  const int n = Runs(runs, steps);

  HeatDigitalDirection(n, steps, at, 0.3, 0.7, direction);
  return fabs(direction[steps[at] % 2]) == 1.0 && direction[1 - steps[at] % 2] == 0.0;
}

static void side_of_a_rectangle_is_flat_up_to_its_corners(void **state)
{
  static const char *const shapes[] = {"e9n5w9s5", "n2e2s2w2", "e20n7e12n4e9", "e30", "n9e1s9"};

  (void)state;
  for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++) {
    HeatStep  steps[MOST];
    const int n = Runs(shapes[k], steps);

    for (int at = 0; at < n; at++) assert_true(IsFlat(shapes[k], at));
  }
}

static void step_of_a_slope_is_not_flat(void **state)
{
  (void)state;
  assert_false(IsFlat("e9n1e9n1e9", 9));
  assert_false(IsFlat("e9n1e9n1e9", 14));
  assert_false(IsFlat("e2s9w1s9e2", 11));
  assert_false(IsFlat("e9n1", 9));
  assert_false(IsFlat("n1e1n1e1", 1));
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(segments_are_the_parts_that_a_line_separates),
    cmocka_unit_test(straight_line_has_its_own_direction),
    cmocka_unit_test(diagonal_is_exact),
    cmocka_unit_test(curve_that_is_walked_backwards_has_the_same_direction),
    cmocka_unit_test(side_of_a_rectangle_is_flat_up_to_its_corners),
    cmocka_unit_test(step_of_a_slope_is_not_flat),
};

int main(void) { return RUN_TESTS(Tests); }
