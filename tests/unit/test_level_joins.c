/* The rules by which levels of a multigrid join cells: the limits of couplings, the parts of the
   cells that decide, and when levels interpolate.  The hierarchy's use of them is tested in
   test_multigrid.c, the plan's in tests/system/test_plan.py. */
#include "solver/multigrid/level_joins.h"

#include "solver_test.h"

/* Count one cell whose opposite faces conduct equally. */
static HeatCouplings One(PetscReal gx, PetscReal gy, PetscReal mass)
{
  HeatCouplings c = {0};

  HeatCouplingsAdd(&c, 1.0, (HeatCellCouplings){gx, gx, gy, gy, mass});
  return c;
}

static void cell_is_coupled_unless_its_mass_outweighs_half_its_conductances(void **state)
{
  (void)state;
  assert_true(One(1.0, 1.0, 2.0).coupled == 1.0);
  assert_true(One(1.0, 1.0, 2.001).coupled == 0.0);
  assert_true(One(9.0, 1.0, 10.001).very[0] == 0.0); /* not coupled: counts nowhere */
}

static void coupling_is_strong_beyond_a_ratio_of_one_and_a_half(void **state)
{
  (void)state;
  assert_true(One(1.5, 1.0, 0.0).strong[0] == 0.0 && One(1.51, 1.0, 0.0).strong[0] == 1.0);
  assert_true(One(1.0, 1.5, 0.0).strong[1] == 0.0 && One(1.0, 1.51, 0.0).strong[1] == 1.0);
  assert_true(One(1.51, 1.0, 0.0).strong[1] == 0.0);
}

static void coupling_is_very_strong_beyond_a_ratio_of_eight(void **state)
{
  (void)state;
  for (int axis = 0; axis < 2; axis++) {
    const HeatCouplings below = axis ? One(1.0, 8.0, 0.0) : One(8.0, 1.0, 0.0);
    const HeatCouplings above = axis ? One(1.0, 8.01, 0.0) : One(8.01, 1.0, 0.0);

    assert_true(below.very[axis] == 0.0 && above.very[axis] == 1.0 && above.very[!axis] == 0.0);
    assert_true(above.very_without_jump[axis] == 1.0 && above.jumps == 0.0);
  }
}

static void jumps_count_in_inner_cells_alone(void **state)
{
  HeatCouplings inner = {0}, side = {0}, even = {0};

  (void)state;
  HeatCouplingsAdd(&inner, 1.0, (HeatCellCouplings){8.0, 12.1, 1.0, 1.0, 0.0});
  assert_true(inner.jumps == 1.0 && inner.very[0] == 1.0 && inner.very_without_jump[0] == 0.0);
  HeatCouplingsAdd(&even, 1.0, (HeatCellCouplings){8.0, 12.0, 1.0, 1.0, 0.0});
  assert_true(even.jumps == 0.0 && even.very_without_jump[0] == 1.0);
  HeatCouplingsAdd(&side, 1.0, (HeatCellCouplings){8.0, 12.1, 1.0, 0.0, 0.0});
  assert_true(side.coupled == 1.0 && side.strong[0] == 1.0 && side.very[0] == 0.0);
  assert_true(side.jumps == 0.0);
}

static void kinds_count_as_many_cells_as_they_have(void **state)
{
  HeatCouplings c = {0};

  (void)state;
  HeatCouplingsAdd(&c, 2.5, (HeatCellCouplings){9.0, 9.0, 1.0, 1.0, 1.0});
  HeatCouplingsAdd(&c, 4.0, (HeatCellCouplings){1.0, 9.0, 1.0, 9.0, 1.0});
  assert_true(c.coupled == 6.5 && c.strong[0] == 2.5 && c.very[0] == 2.5);
  assert_true(c.very_without_jump[0] == 2.5 && c.jumps == 4.0);
}

/* Return the axes that a level of nx x ny cells joins, 1 for x and 2 for y, if it is the finest,
   and store whether it is rough. */
static int Axes(HeatCouplings c, PetscInt nx, PetscInt ny, PetscBool *rough)
{
  PetscBool joins[2];

  HeatJoinsChoose(&c, (PetscInt[2]){nx, ny}, PETSC_TRUE, rough, joins);
  return (joins[0] ? 1 : 0) + (joins[1] ? 2 : 0);
}

enum { NONE = 0, X = 1, Y = 2, BOTH = 3, CELLS = 64 * 64 };

/* The cells that are strong along y may outnumber those along x by half the coupled cells. */
static void majority_decides_where_levels_do_not_interpolate(void **state)
{
  PetscBool rough;

  (void)state;
  assert_int_equal(
      Axes((HeatCouplings){.coupled = CELLS, .strong = {0, CELLS / 2}}, 64, 64, &rough), BOTH);
  assert_int_equal(
      Axes((HeatCouplings){.coupled = CELLS, .strong = {0, CELLS / 2 + 1}}, 64, 64, &rough), Y);
  assert_int_equal(
      Axes((HeatCouplings){.coupled = CELLS, .strong = {CELLS / 2 + 1, 0}}, 64, 64, &rough), X);
  assert_int_equal(
      Axes((HeatCouplings){.coupled = CELLS, .strong = {CELLS / 2 + 1, 1}}, 64, 64, &rough), BOTH);
  assert_false(rough);
}

static void one_cell_in_32_decides_where_levels_interpolate(void **state)
{
  const PetscReal jumps = CELLS / 4 + 1, part = CELLS / 32;
  PetscBool       rough;

  (void)state;
  assert_int_equal(
      Axes(
          (HeatCouplings){.coupled = CELLS, .strong = {part, 0}, .very = {part, 0}, .jumps = jumps},
          64, 64, &rough),
      BOTH);
  assert_true(rough);
  assert_int_equal(Axes((HeatCouplings){.coupled = CELLS,
                                        .strong  = {part + 1, 0},
                                        .very    = {part + 1, 0},
                                        .jumps   = jumps},
                        64, 64, &rough),
                   X);
  assert_int_equal(Axes((HeatCouplings){.coupled = CELLS,
                                        .strong  = {0, part + 1},
                                        .very    = {0, part + 1},
                                        .jumps   = jumps},
                        64, 64, &rough),
                   Y);
}

static void later_levels_keep_what_the_finest_has_decided(void **state)
{
  const HeatCouplings smooth = {.coupled = CELLS, .strong = {CELLS, 0}};
  const HeatCouplings jumps  = {.coupled = CELLS, .strong = {CELLS, 0}, .jumps = CELLS};
  const PetscInt      n[2]   = {64, 64};
  PetscBool           rough, joins[2];

  (void)state;
  rough = PETSC_TRUE;
  HeatJoinsChoose(&smooth, n, PETSC_FALSE, &rough, joins);
  assert_true(rough && joins[0] && joins[1]); /* no cell beyond a ratio of 8 */
  rough = PETSC_FALSE;
  HeatJoinsChoose(&jumps, n, PETSC_FALSE, &rough, joins);
  assert_true(!rough && joins[0] && !joins[1]);
}

/* 64 x 64 cells: 40 sqrt(cells) = 2560 exceeds cells/4 = 1024; 1000 x 1000: 40 000 is less than
   250 000.  Mismatched are cells strong along the axis that is not joined alone. */
static void levels_interpolate_beyond_each_of_three_bounds(void **state)
{
  PetscBool rough;

  (void)state;
  (void)Axes((HeatCouplings){.coupled = CELLS, .jumps = 1024}, 64, 64, &rough);
  assert_false(rough);
  (void)Axes((HeatCouplings){.coupled = CELLS, .jumps = 1025}, 64, 64, &rough);
  assert_true(rough);
  (void)Axes((HeatCouplings){.coupled = 1e6, .jumps = 40000}, 1000, 1000, &rough);
  assert_false(rough);
  (void)Axes((HeatCouplings){.coupled = 1e6, .jumps = 40001}, 1000, 1000, &rough);
  assert_true(rough);
  for (int axis = 0; axis < 2; axis++) {
    HeatCouplings c = {.coupled = CELLS};

    c.very[axis] = c.very_without_jump[axis] = CELLS / 32;
    (void)Axes(c, 64, 64, &rough);
    assert_false(rough);
    c.very[axis] = c.very_without_jump[axis] = CELLS / 32 + 1;
    (void)Axes(c, 64, 64, &rough);
    assert_true(rough);
    c.strong[axis] =
        CELLS; /* joined along the axis of the strong cells alone: none is mismatched */
    (void)Axes(c, 64, 64, &rough);
    assert_false(rough);
  }
}

static void axis_of_one_cell_is_not_joined_and_decides_nothing(void **state)
{
  PetscBool rough;

  (void)state;
  assert_int_equal(Axes((HeatCouplings){.coupled = 64, .strong = {0, 64}}, 64, 1, &rough), X);
  assert_int_equal(Axes((HeatCouplings){.coupled = 64, .strong = {64, 0}}, 1, 64, &rough), Y);
  assert_int_equal(Axes((HeatCouplings){.coupled = 1}, 1, 1, &rough), NONE);
}

static void level_without_coupled_cells_is_the_coarsest(void **state)
{
  PetscBool rough;

  (void)state;
  assert_int_equal(Axes((HeatCouplings){.coupled = 0}, 64, 64, &rough), NONE);
  assert_false(rough);
}

static void odd_last_cell_stays_alone(void **state)
{
  (void)state;
  assert_int_equal(HeatJoinedCells(6, PETSC_TRUE), 3);
  assert_int_equal(HeatJoinedCells(7, PETSC_TRUE), 4);
  assert_int_equal(HeatJoinedCells(1, PETSC_TRUE), 1);
  assert_int_equal(HeatJoinedCells(7, PETSC_FALSE), 7);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(cell_is_coupled_unless_its_mass_outweighs_half_its_conductances),
    cmocka_unit_test(coupling_is_strong_beyond_a_ratio_of_one_and_a_half),
    cmocka_unit_test(coupling_is_very_strong_beyond_a_ratio_of_eight),
    cmocka_unit_test(jumps_count_in_inner_cells_alone),
    cmocka_unit_test(kinds_count_as_many_cells_as_they_have),
    cmocka_unit_test(majority_decides_where_levels_do_not_interpolate),
    cmocka_unit_test(one_cell_in_32_decides_where_levels_interpolate),
    cmocka_unit_test(later_levels_keep_what_the_finest_has_decided),
    cmocka_unit_test(levels_interpolate_beyond_each_of_three_bounds),
    cmocka_unit_test(axis_of_one_cell_is_not_joined_and_decides_nothing),
    cmocka_unit_test(level_without_coupled_cells_is_the_coarsest),
    cmocka_unit_test(odd_last_cell_stays_alone),
};

int main(void) { return RUN_TESTS(Tests); }
