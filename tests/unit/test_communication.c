/* The counts of messages: destinations in communicators of any kind, persistent sends, kinds.  The
   functions that the wrappers call are called directly, because no test is linked with wrappers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/process/communication.h"

#define OK(call) assert_int_equal((call), 0)

/* Return the counts of one kind on this rank. */
static HeatTraffic counts(HeatTrafficKind kind)
{
  HeatTraffic kinds[HEAT_TRAFFIC_KINDS];

  assert_true(HeatCommunicationIsCounted());
  HeatCommunicationSave(kinds);
  return kinds[kind];
}

static void a_message_counts_in_the_present_kind(void **state)
{
  const HeatTraffic     halo = counts(HEAT_TRAFFIC_HALO), output = counts(HEAT_TRAFFIC_OUTPUT);
  const HeatTrafficKind before = HeatTrafficSet(HEAT_TRAFFIC_HALO);

  (void)state;
  HeatCommunicationMessage(3, MPI_DOUBLE, 0, PETSC_COMM_WORLD);
  assert_int_equal(HeatTrafficSet(before), HEAT_TRAFFIC_HALO);
  assert_int_equal(counts(HEAT_TRAFFIC_HALO).messages[0], halo.messages[0] + 1);
  assert_int_equal(counts(HEAT_TRAFFIC_HALO).bytes[0], halo.bytes[0] + 24);
  assert_int_equal(counts(HEAT_TRAFFIC_OUTPUT).messages[0], output.messages[0]);
}

/* Each rank counts as many bytes as its number; the sum is that of the moment when it was added. */
static void counts_are_summed_over_the_ranks(void **state)
{
  HeatReduction    *r;
  HeatCommunication before, after;
  PetscMPIInt       rank, size;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  MPI_Comm_size(PETSC_COMM_WORLD, &size);
  OK(HeatReductionCreate(PETSC_COMM_WORLD, &r));
  OK(HeatCommunicationAdd(r, &before));
  HeatCommunicationMessage(rank, MPI_BYTE, 0, PETSC_COMM_WORLD);
  OK(HeatCommunicationAdd(r, &after));
  HeatCommunicationMessage(1000, MPI_BYTE, 0, PETSC_COMM_WORLD);
  OK(HeatReductionRun(r));
  OK(HeatReductionDestroy(&r));
  const HeatTraffic *a = &before.kinds[HeatTrafficNow()], *b = &after.kinds[HeatTrafficNow()];

  assert_true(before.counted && after.counted);
  assert_int_equal(b->messages[0] - a->messages[0], size);
  assert_int_equal(b->bytes[0] - a->bytes[0], size * (size - 1) / 2);
  assert_int_equal(b->collectives, a->collectives);
}

static void a_message_to_no_rank_is_none(void **state)
{
  const HeatTraffic before = counts(HeatTrafficNow());

  (void)state;
  HeatCommunicationMessage(3, MPI_DOUBLE, MPI_PROC_NULL, PETSC_COMM_WORLD);
  HeatCommunicationRemember(MPI_REQUEST_NULL, 3, MPI_DOUBLE, MPI_PROC_NULL, PETSC_COMM_WORLD);
  assert_int_equal(counts(HeatTrafficNow()).messages[0], before.messages[0]);
}

/* All ranks of the test share a node, so a message counts within the node in each communicator,
   also in one that has the memory of a freed one. */
static void destinations_are_looked_up_in_their_communicator(void **state)
{
  const HeatTraffic before = counts(HeatTrafficNow());
  PetscMPIInt       rank;
  HeatTraffic       after;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  for (int k = 0; k < 10; k++) {
    MPI_Comm some;

    MPI_Comm_split(PETSC_COMM_WORLD, (rank + k) % 2, -rank, &some);
    HeatCommunicationMessage(1, MPI_INT, 0, some);
    MPI_Comm_free(&some);
  }
  after = counts(HeatTrafficNow());
  assert_int_equal(after.messages[0], before.messages[0] + 10);
  assert_int_equal(after.messages[1], before.messages[1]);
  assert_int_equal(after.bytes[0], before.bytes[0] + 40);
}

static void a_persistent_send_counts_at_each_start_until_it_is_freed(void **state)
{
  const HeatTraffic before = counts(HeatTrafficNow());
  MPI_Request       requests[2];
  double            out[2] = {0.0}, in[2];

  (void)state;
  MPI_Send_init(out, 2, MPI_DOUBLE, 0, 0, PETSC_COMM_SELF, &requests[0]);
  MPI_Recv_init(in, 2, MPI_DOUBLE, 0, 0, PETSC_COMM_SELF, &requests[1]);
  HeatCommunicationRemember(requests[0], 2, MPI_DOUBLE, 0, PETSC_COMM_SELF);
  for (int k = 0; k < 3; k++) HeatCommunicationStarted(2, requests);
  assert_int_equal(counts(HeatTrafficNow()).messages[0], before.messages[0] + 3);
  assert_int_equal(counts(HeatTrafficNow()).bytes[0], before.bytes[0] + 48);
  HeatCommunicationForget(requests[0]);
  HeatCommunicationForget(requests[1]);
  HeatCommunicationStarted(2, requests);
  assert_int_equal(counts(HeatTrafficNow()).messages[0], before.messages[0] + 3);
  HeatCommunicationRemember(requests[0], 1, MPI_INT, 0, PETSC_COMM_SELF);
  HeatCommunicationRemember(requests[0], 1, MPI_CHAR, 0, PETSC_COMM_SELF);
  HeatCommunicationStarted(1, requests);
  assert_int_equal(counts(HeatTrafficNow()).bytes[0], before.bytes[0] + 49);
  HeatCommunicationForget(requests[0]);
  for (int k = 0; k < 2; k++) MPI_Request_free(&requests[k]);
}

static void collectives_of_a_solve_are_reductions_and_those_of_one_rank_are_none(void **state)
{
  const HeatTraffic     before = counts(HEAT_TRAFFIC_REDUCTION);
  const HeatTrafficKind kind   = HeatTrafficSet(HEAT_TRAFFIC_MULTIGRID);
  PetscMPIInt           size;

  (void)state;
  MPI_Comm_size(PETSC_COMM_WORLD, &size);
  HeatCommunicationCollective(PETSC_COMM_WORLD);
  HeatCommunicationCollective(PETSC_COMM_SELF);
  (void)HeatTrafficSet(kind);
  assert_int_equal(counts(HEAT_TRAFFIC_REDUCTION).collectives, before.collectives + (size > 1));
  assert_int_equal(counts(HEAT_TRAFFIC_MULTIGRID).collectives, 0);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_message_counts_in_the_present_kind),
      cmocka_unit_test(counts_are_summed_over_the_ranks),
      cmocka_unit_test(a_message_to_no_rank_is_none),
      cmocka_unit_test(destinations_are_looked_up_in_their_communicator),
      cmocka_unit_test(a_persistent_send_counts_at_each_start_until_it_is_freed),
      cmocka_unit_test(collectives_of_a_solve_are_reductions_and_those_of_one_rank_are_none),
  };
  int failed;

  if (PetscInitialize(&argc, &argv, NULL, NULL)) return 1;
  HeatCommunicationStart();
  failed = cmocka_run_group_tests(tests, NULL, NULL);
  return PetscFinalize() ? 1 : failed;
}
