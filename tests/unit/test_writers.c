/* Which ranks write files: the rule of `auto`, the writers of a node, and their pairs. */
#include "solver_test.h"

#include "solver/grid/writers.h"

static void SetRule(HeatCase *c, HeatWritersRule rule, PetscInt per_node)
{
  c->output.writers          = rule;
  c->output.writers_per_node = per_node;
}

static void auto_takes_all_ranks_up_to_4096_and_then_some_of_each_node(void **state)
{
  HeatCase *c;

  (void)state;
  OK(HeatCaseCreate(&c));
  SetRule(c, HEAT_WRITERS_AUTO, 0);
  assert_int_equal(HeatWritersPerNode(c, 1, 1), 0);
  assert_int_equal(HeatWritersPerNode(c, 4096, 32), 0);
  assert_int_equal(HeatWritersPerNode(c, 4224, 33), 124);
  assert_int_equal(HeatWritersPerNode(c, 65536, 512), 8);
  assert_int_equal(HeatWritersPerNode(c, 512000, 4000), 2);
  SetRule(c, HEAT_WRITERS_ALL, 0);
  assert_int_equal(HeatWritersPerNode(c, 512000, 4000), 0);
  SetRule(c, HEAT_WRITERS_AUTO, 3);
  assert_int_equal(HeatWritersPerNode(c, 1, 1), 3);
  assert_int_equal(HeatWritersPerNode(c, 512000, 4000), 3);
  OK(HeatCaseDestroy(&c));
}

/* As many as asked for, the first rank among them, and no gap longer than an even share. */
static void writers_are_spread_evenly_over_the_ranks_of_a_node(void **state)
{
  (void)state;
  for (PetscInt ranks = 1; ranks <= 40; ranks++) {
    for (PetscInt per_node = 1; per_node <= ranks + 1; per_node++) {
      const PetscInt wanted = PetscMin(per_node, ranks), gap = (ranks + wanted - 1) / wanted;
      PetscInt       n = 0, last = 0;

      assert_true(HeatWritersHas(per_node, 0, ranks));
      for (PetscInt local = 0; local < ranks; local++) {
        if (!HeatWritersHas(per_node, local, ranks)) continue;
        assert_true(local - last <= gap);
        last = local;
        n++;
      }
      assert_int_equal(n, wanted);
      assert_true(ranks - last <= gap);
    }
  }
  assert_true(HeatWritersHas(0, 5, 9));
}

/* All ranks of this test are on one node. */
static void the_list_of_writers_is_the_same_on_every_rank_and_ascends(void **state)
{
  PetscMPIInt rank, size;
  HeatNode    node;

  (void)state;
  OK(HeatNodeFind(PETSC_COMM_WORLD, &node));
  OK(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  OK(MPI_Comm_size(PETSC_COMM_WORLD, &size));
  for (PetscInt per_node = 0; per_node <= size + 1; per_node++) {
    const PetscInt wanted = per_node == 0 ? size : PetscMin(per_node, (PetscInt)size);
    PetscInt       next   = 0;
    HeatWriters    w;

    OK(HeatWritersChoose(PETSC_COMM_WORLD, &node, per_node, &w));
    assert_int_equal(w.n, wanted);
    assert_int_equal(w.per_node, wanted);
    assert_int_equal(w.is_one, HeatWritersHas(per_node, rank, size));
    assert_true((w.ranks == NULL) == (wanted == size));
    for (PetscMPIInt r = 0; r < size; r++) {
      const PetscBool is = HeatWritersHas(per_node, r, size);

      assert_int_equal(HeatWritersIndex(&w, r), is ? next : -1);
      next += is;
    }
    OK(HeatWritersClear(&w));
    assert_null(w.ranks);
  }
  OK(HeatNodeClear(&node));
}

static void each_writer_is_read_back_by_one_other(void **state)
{
  PetscMPIInt rank, size, back;
  HeatNode    node;

  (void)state;
  OK(HeatNodeFind(PETSC_COMM_WORLD, &node));
  OK(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  OK(MPI_Comm_size(PETSC_COMM_WORLD, &size));
  for (PetscInt per_node = 0; per_node <= size; per_node++) {
    HeatWriters w;

    OK(HeatWritersChoose(PETSC_COMM_WORLD, &node, per_node, &w));
    if (w.is_one) {
      assert_true(HeatWritersIndex(&w, w.reads) >= 0 && HeatWritersIndex(&w, w.read_by) >= 0);
      assert_true((w.reads == rank) == (w.n == 1));
      OK(MPI_Sendrecv(&w.read_by, 1, MPI_INT, w.read_by, 0, &back, 1, MPI_INT, w.reads, 0,
                      PETSC_COMM_WORLD, MPI_STATUS_IGNORE));
      assert_int_equal(back, rank);
    }
    OK(HeatWritersClear(&w));
  }
  OK(HeatNodeClear(&node));
}

/* All ranks of this test are on one node, also where they are numbered backwards. */
static void node_is_found_and_renumbered(void **state)
{
  PetscMPIInt rank, size, other;
  MPI_Comm    backwards;
  HeatNode    node;

  (void)state;
  OK(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  OK(MPI_Comm_size(PETSC_COMM_WORLD, &size));
  OK(MPI_Comm_split(PETSC_COMM_WORLD, 0, -rank, &backwards));
  OK(MPI_Comm_rank(backwards, &other));
  OK(HeatNodeFind(backwards, &node));
  assert_true(node.n == 1 && node.index == 0 && node.most == size && node.size == size);
  assert_true(node.even && node.successive && node.first == 0 && node.local == other);
  OK(HeatNodeRenumber(&node, PETSC_COMM_WORLD, PETSC_FALSE));
  assert_true(node.first == 0 && node.local == rank && !node.successive);
  OK(HeatNodeClear(&node));
  OK(HeatNodeClear(&node)); /* there is nothing left to free */
  MPI_Comm_free(&backwards);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(auto_takes_all_ranks_up_to_4096_and_then_some_of_each_node),
    cmocka_unit_test(writers_are_spread_evenly_over_the_ranks_of_a_node),
    cmocka_unit_test(the_list_of_writers_is_the_same_on_every_rank_and_ascends),
    cmocka_unit_test(each_writer_is_read_back_by_one_other),
    cmocka_unit_test(node_is_found_and_renumbered),
};

int main(void)
{
  if (PetscInitializeNoArguments() || HeatErrorInstall()) return 1;
  return HeatTestFinish(cmocka_run_group_tests(Tests, NULL, NULL));
}
