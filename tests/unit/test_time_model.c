/* The arithmetic of the model of time, against numbers computed by hand. */
#include "solver/model/time_model.h"

#include <math.h>

#include "tests/unit/solver_test.h"

/* Numbers in decimal fractions are rounded at the last of 16 digits. */
#define CLOSE(a, b) assert_true(fabs((a) - (b)) <= 1e-12 * fabs(b))

/* A machine with simple numbers: memory 8 GB/s for one rank, 16 GB/s for four; messages of 1 us and
   1 GB/s within a node, of 10 us and 100 MB/s between nodes; every kernel 10 ns a cell alone, and
   40 bytes. */
static HeatMachine Simple(void)
{
  HeatMachine m = {.nodes = 4, .cores_per_node = 4};

  HeatCurveAdd(&m.memory_bandwidth, 1.0, 8e9);
  HeatCurveAdd(&m.memory_bandwidth, 4.0, 16e9);
  m.within  = (HeatLink){.given = PETSC_TRUE, .latency = 1e-6};
  m.between = (HeatLink){.given = PETSC_TRUE, .latency = 1e-5};
  HeatCurveAdd(&m.within.bandwidth, 1.0, 1e9);
  HeatCurveAdd(&m.between.bandwidth, 1.0, 1e8);
  HeatCurveAdd(&m.reduce_within, 2.0, 2e-6);
  HeatCurveAdd(&m.reduce_within, 4.0, 4e-6);
  HeatCurveAdd(&m.reduce_between, 2.0, 2e-5);
  for (int c = 0; c < HEAT_COEFFICIENTS; c++) {
    for (int k = 0; k < HEAT_KERNELS; k++) {
      HeatCurveAdd(&m.kernel[c][k].seconds, 100.0, 1e-8);
      m.kernel[c][k].bytes = 40.0;
    }
  }
  return m;
}

static void curve_is_a_power_law_between_points_and_constant_beyond(void **state)
{
  HeatCurve curve = {0};

  (void)state;
  assert_true(isnan(HeatCurveAt(&curve, 1.0)));
  HeatCurveAdd(&curve, 10.0, 5.0);
  HeatCurveAdd(&curve, 1000.0, 500.0);
  HeatCurveAdd(&curve, 1000.0, 1.0); /* not ascending: left out */
  assert_int_equal(curve.n, 2);
  CLOSE(HeatCurveAt(&curve, 100.0), 50.0);
  CLOSE(HeatCurveAt(&curve, 1.0), 5.0);
  CLOSE(HeatCurveAt(&curve, 1e6), 500.0);
}

static void reduction_grows_with_the_logarithm_of_the_ranks(void **state)
{
  HeatCurve curve = {0};

  (void)state;
  HeatCurveAdd(&curve, 2.0, 3e-6);
  CLOSE(HeatCurveOfRanks(&curve, 8.0), 9e-6); /* one point: in proportion to log2 */
  HeatCurveAdd(&curve, 8.0, 7e-6);
  CLOSE(HeatCurveOfRanks(&curve, 4.0), 5e-6);
  CLOSE(HeatCurveOfRanks(&curve, 32.0), 11e-6);
  assert_true(HeatCurveOfRanks(&curve, 1.0) == 0.0);
}

/* Equation (15): 10 ns a cell alone; four ranks share 16 GB/s, so that 40 bytes take 10 ns; two
   share 8 sqrt(2) GB/s, 5.66 GB/s each: 7.07 ns, below 10.  With 80 bytes four ranks need 20 ns. */
static void kernel_is_bound_by_the_share_of_bandwidth_outside_of_the_cache(void **state)
{
  HeatMachine m = Simple();

  (void)state;
  CLOSE(HeatTimeOfKernel(&m, HEAT_UNIFORM, HEAT_KERNEL_FTCS, 1e3, 1e3, 1.0), 1e-2);
  CLOSE(HeatTimeOfKernel(&m, HEAT_UNIFORM, HEAT_KERNEL_FTCS, 1e3, 1e3, 2.0), 1e-2);
  m.kernel[HEAT_UNIFORM][HEAT_KERNEL_FTCS].bytes = 80.0;
  CLOSE(HeatTimeOfKernel(&m, HEAT_UNIFORM, HEAT_KERNEL_FTCS, 1e3, 1e3, 4.0), 2e-2);
  m.cache_per_node = 4.0 * 80.0 * 1e6;
  CLOSE(HeatTimeOfKernel(&m, HEAT_UNIFORM, HEAT_KERNEL_FTCS, 1e3, 1e3, 4.0), 1e-2);
}

/* 10 ns a cell alone and 16 ns with all four ranks: 12 ns with two. */
static void cells_take_longer_while_more_ranks_are_at_work(void **state)
{
  HeatMachine m = Simple();

  (void)state;
  HeatCurveAdd(&m.kernel[HEAT_UNIFORM][HEAT_KERNEL_FTCS].together, 100.0, 1.6e-8);
  CLOSE(HeatTimeOfKernel(&m, HEAT_UNIFORM, HEAT_KERNEL_FTCS, 1e3, 1e3, 1.0), 1e-2);
  CLOSE(HeatTimeOfKernel(&m, HEAT_UNIFORM, HEAT_KERNEL_FTCS, 1e3, 1e3, 2.0), 1.2e-2);
  CLOSE(HeatTimeOfKernel(&m, HEAT_UNIFORM, HEAT_KERNEL_FTCS, 1e3, 1e3, 4.0), 1.6e-2);
  CLOSE(HeatTimeOfKernel(&m, HEAT_UNIFORM, HEAT_KERNEL_FTCS, 1e3, 1e3, 8.0), 3.2e-2);
}

static void ranks_beyond_the_cores_take_turns(void **state)
{
  const HeatMachine m = Simple();

  (void)state;
  CLOSE(HeatTimeOfKernel(&m, HEAT_UNIFORM, HEAT_KERNEL_FTCS, 1e3, 1e3, 8.0), 2e-2);
}

static void few_cells_take_as_long_as_the_fewest_measured(void **state)
{
  const HeatMachine m = Simple();

  (void)state;
  CLOSE(HeatTimeOfKernel(&m, HEAT_UNIFORM, HEAT_KERNEL_FTCS, 1.0, 1.0, 1.0), 1e-6);
}

/* Equation (16), 4 x 4 blocks of 100 x 100 cells on one node: an inner rank sends four messages of
   800 bytes, 1 us + 0.8 us each. */
static void exchange_within_a_node_costs_the_messages_of_an_inner_rank(void **state)
{
  HeatMachine      m = Simple();
  HeatTimeExchange e = {
      .n = {400.0, 400.0}, .parts = {4.0, 4.0}, .tile = {4.0, 4.0}, .depth = 1.0, .bytes = 8.0};

  (void)state;
  CLOSE(HeatTimeOfExchange(&m, &e), 4.0 * 1.8e-6);
  m.exchange = 1e-6;
  CLOSE(HeatTimeOfExchange(&m, &e), 8.2e-6);
  e.diagonal = PETSC_TRUE; /* four corners of 8 bytes: 1.008 us each */
  CLOSE(HeatTimeOfExchange(&m, &e), 8.2e-6 + 4.0 * 1.008e-6);
  e.parts[0] = e.parts[1] = 1.0;
  assert_true(HeatTimeOfExchange(&m, &e) == 0.0);
}

/* The same blocks on four nodes of 2 x 2: a rank sends one message along each axis within its node
   and one to another node; a node has one neighbour along each axis, to which two of its ranks
   send: 1600 bytes at 100 MB/s, 16 us. */
static void ranks_of_a_node_share_its_link(void **state)
{
  const HeatMachine m = Simple();
  HeatTimeExchange  e = {
       .n = {400.0, 400.0}, .parts = {4.0, 4.0}, .tile = {2.0, 2.0}, .depth = 1.0, .bytes = 8.0};

  (void)state;
  CLOSE(HeatTimeOfExchange(&m, &e), 2.0 * 1.8e-6 + 2.0 * (1e-5 + 1.6e-5));
  e.periodic[0] = PETSC_TRUE; /* a node then has a neighbour on either side along x */
  CLOSE(HeatTimeOfExchange(&m, &e), 2.0 * 1.8e-6 + (1e-5 + 3.2e-5) + (1e-5 + 1.6e-5));
}

/* 4 nodes of 4 ranks: 4 us within, and 2 doublings of 20 us between nodes. */
static void reduction_goes_through_nodes_then_between_them(void **state)
{
  const HeatMachine m = Simple();
  const HeatLayout  l = {.px = 4, .py = 4, .size = 16, .per_node = 4, .n_nodes = 4};

  (void)state;
  CLOSE(HeatTimeOfReduction(&m, &l), 4e-6 + 4e-5);
}

static void messages_between_nodes_fall_back_on_those_within(void **state)
{
  HeatMachine m = Simple();

  (void)state;
  m.between.given = PETSC_FALSE;
  assert_ptr_equal(HeatMachineBetween(&m), &m.within);
}

/* Single steps of ftcs on 2 x 1 blocks of 100 x 100 cells: 10^4 cells at 10 ns, and one message of
   800 bytes; a row of history.csv every second step costs half of 10^4 cells at 10 ns and one
   reduction of 2 us. */
static void single_step_of_ftcs_is_its_cells_and_one_exchange(void **state)
{
  const HeatMachine m = Simple();
  const HeatLayout  l = {
       .nx = 200, .ny = 100, .px = 2, .py = 1, .size = 2, .per_node = 2, .n_nodes = 1};
  const HeatModelSteps steps = {.known = PETSC_TRUE, .steps = 10, .exchanges = 1, .every = {1}};
  const HeatTimeInput  in    = {.machine = &m, .layout = &l, .steps = &steps, .rows = 0.5};
  const HeatTime       t     = HeatTimeOfStep(&in);

  (void)state;
  CLOSE(t.compute, 1e-4);
  CLOSE(t.halo, 1.8e-6);
  CLOSE(t.diagnostics, 0.5 * (1e-4 + 2e-6));
  assert_true(t.coarse_levels == 0.0 && t.reductions == 0.0);
  CLOSE(HeatTimeSum(&t), t.compute + t.halo + t.diagnostics);
}

/* The slowest rank has half as many cells as on average along x, and a third of the speed: 5000
   cells at 30 ns.  Its message is as long as before. */
static void slowest_rank_decides_by_its_block_and_its_speed(void **state)
{
  const HeatMachine m = Simple();
  const HeatLayout  l = {
       .nx = 200, .ny = 100, .px = 2, .py = 1, .size = 2, .per_node = 2, .n_nodes = 1};
  const HeatModelSteps steps = {.known = PETSC_TRUE, .steps = 10, .exchanges = 1, .every = {1}};
  const HeatTimeInput  in    = {.machine = &m,
                                .layout  = &l,
                                .steps   = &steps,
                                .slowest = {.stretch = {0.5, 1.0}, .slower = 3.0}};
  const HeatTime       t     = HeatTimeOfStep(&in);

  (void)state;
  CLOSE(t.compute, 1.5e-4);
  CLOSE(t.halo, 1.8e-6);
}

/* 32 steps in a sweep on 2 x 1 blocks, of which a row of history.csv is due every 32nd: before the
   sweep the temperatures of two sides at 32 steps, 32 cells deep: two messages of 8192 bytes, one
   after the other; the deep halo, 32 cells of 100 rows: 25600 bytes. */
static void sweep_sends_its_halo_and_the_temperatures_of_its_sides(void **state)
{
  const HeatMachine m = Simple();
  const HeatLayout  l = {
       .nx = 400, .ny = 100, .px = 2, .py = 1, .size = 2, .per_node = 1, .n_nodes = 2};
  const HeatModelSteps steps = {.known = PETSC_TRUE, .steps = 320, .deep = 32, .every = {32}};
  const HeatTimeInput  in    = {.machine = &m, .layout = &l, .steps = &steps};
  const HeatTime       t     = HeatTimeOfStep(&in);

  (void)state;
  CLOSE(t.halo, (1e-5 + 25600e-8 + 2.0 * (1e-5 + 8192e-8)) / 32.0);
}

/* The same sweep on 2 x 2 blocks of 200 x 50 cells on one node.  A rank has one side along each
   axis: one message along x of 32 lines of 32 cells, and along y two, since fluxes of the left side
   change with time.  The deep halo is 32 x 50 cells along x and, with the ghost cells at one end of
   each row, 32 x 232 cells along y. */
static void sweep_sends_along_the_sides_that_a_rank_has(void **state)
{
  const HeatMachine m = Simple();
  const HeatLayout  l = {
       .nx = 400, .ny = 100, .px = 2, .py = 2, .size = 4, .per_node = 4, .n_nodes = 1};
  HeatModelSteps      steps = {.known = PETSC_TRUE,
                               .steps = 320,
                               .deep  = 32,
                               .every = {32},
                               .flux  = {[HEAT_LEFT] = PETSC_TRUE}};
  const HeatTimeInput in    = {.machine = &m, .layout = &l, .steps = &steps};
  HeatTime            t     = HeatTimeOfStep(&in);
  const double        deep = (1e-6 + 12800e-9) + (1e-6 + 59392e-9), line = 1e-6 + 8192e-9;

  (void)state;
  CLOSE(t.halo, (deep + 3.0 * line) / 32.0);
  steps.flux[HEAT_LEFT] = PETSC_FALSE;
  t                     = HeatTimeOfStep(&in);
  CLOSE(t.halo, (deep + 2.0 * line) / 32.0);
}

static void what_is_not_known_before_the_run_is_not_a_number(void **state)
{
  const HeatMachine    m     = Simple();
  const HeatLayout     l     = {.nx = 9, .ny = 9, .px = 1, .py = 1, .size = 1, .per_node = 1};
  const HeatModelSteps steps = {.known = PETSC_FALSE};
  const HeatTimeInput  in    = {.machine = &m, .layout = &l, .steps = &steps};
  const HeatTime       t     = HeatTimeOfStep(&in);

  (void)state;
  assert_true(isnan(HeatTimeSum(&t)));
}

/* Rows cost 100 ns each: 1e6 cells take 10 ms in 1000 rows, 0.3 ms more in 4000 rows, 0.075 ms less
   in 250 rows. */
static void narrow_blocks_have_more_rows(void **state)
{
  HeatMachine m = Simple();

  (void)state;
  m.kernel[HEAT_UNIFORM][HEAT_KERNEL_FTCS].row = 1e-7;
  CLOSE(HeatTimeOfKernel(&m, HEAT_UNIFORM, HEAT_KERNEL_FTCS, 1000.0, 1000.0, 1.0), 1e-2);
  CLOSE(HeatTimeOfKernel(&m, HEAT_UNIFORM, HEAT_KERNEL_FTCS, 250.0, 4000.0, 1.0), 1.03e-2);
  CLOSE(HeatTimeOfKernel(&m, HEAT_UNIFORM, HEAT_KERNEL_FTCS, 4000.0, 250.0, 1.0), 9.925e-3);
  CLOSE(HeatTimeOfKernel(&m, HEAT_UNIFORM, HEAT_KERNEL_FTCS, 1.0, 1.0, 1.0), 1e-6);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(curve_is_a_power_law_between_points_and_constant_beyond),
    cmocka_unit_test(reduction_grows_with_the_logarithm_of_the_ranks),
    cmocka_unit_test(kernel_is_bound_by_the_share_of_bandwidth_outside_of_the_cache),
    cmocka_unit_test(cells_take_longer_while_more_ranks_are_at_work),
    cmocka_unit_test(ranks_beyond_the_cores_take_turns),
    cmocka_unit_test(few_cells_take_as_long_as_the_fewest_measured),
    cmocka_unit_test(exchange_within_a_node_costs_the_messages_of_an_inner_rank),
    cmocka_unit_test(ranks_of_a_node_share_its_link),
    cmocka_unit_test(reduction_goes_through_nodes_then_between_them),
    cmocka_unit_test(messages_between_nodes_fall_back_on_those_within),
    cmocka_unit_test(single_step_of_ftcs_is_its_cells_and_one_exchange),
    cmocka_unit_test(slowest_rank_decides_by_its_block_and_its_speed),
    cmocka_unit_test(sweep_sends_its_halo_and_the_temperatures_of_its_sides),
    cmocka_unit_test(sweep_sends_along_the_sides_that_a_rank_has),
    cmocka_unit_test(what_is_not_known_before_the_run_is_not_a_number),
    cmocka_unit_test(narrow_blocks_have_more_rows),
};

int main(void)
{
  if (PetscInitializeNoArguments() || HeatErrorInstall()) return 1;
  return HeatTestFinish(cmocka_run_group_tests(Tests, NULL, NULL));
}
