/* Contact resistances: the resistance of a pair of materials, and its effect in series with the two
   half cells of a face. */
#include "solver_test.h"

#include "solver/physics/contacts.h"

static HeatCase *Materials(int n)
{
  HeatCase *c = HeatTestCase(8, 8, 0.8, 0.8, (HeatTestMaterial){2.0, 2.0, 1.0, 1.0});

  for (int m = 1; m < n; m++) HeatTestAddMaterial(c, (HeatTestMaterial){7.0, 7.0, 1.0, 1.0});
  return c;
}

static void pair_is_found_in_either_order(void **state)
{
  HeatCase     *c = Materials(40);
  HeatContacts *contacts;

  (void)state;
  for (int a = 0; a < 40; a++) {
    for (int b = 0; b < a; b++) {
      if ((a * 7 + b * 3) % 5 == 0) HeatTestContact(c, a, b, 1.0 + a + 100.0 * b);
    }
  }
  OK(HeatCaseValidate(PETSC_COMM_SELF, c, 1));
  OK(HeatContactsCreate(c, &contacts));
  for (int a = 0; a < 40; a++) {
    for (int b = 0; b < a; b++) {
      const PetscReal exact = (a * 7 + b * 3) % 5 == 0 ? 1.0 + a + 100.0 * b : 0.0;

      assert_true(HeatContactsResistance(contacts, a, b) == exact);
      assert_true(HeatContactsResistance(contacts, b, a) == exact);
    }
    assert_true(HeatContactsResistance(contacts, a, a) == 0.0);
  }
  OK(HeatContactsDestroy(&contacts));
  assert_null(contacts);
  OK(HeatContactsDestroy(&contacts));
  OK(HeatCaseDestroy(&c));
}

static void case_without_contacts_makes_no_list(void **state)
{
  HeatCase     *c = Materials(2);
  HeatContacts *contacts;

  (void)state;
  OK(HeatContactsCreate(c, &contacts));
  assert_null(contacts);
  assert_true(HeatContactsResistance(contacts, 0, 1) == 0.0);
  OK(HeatCaseDestroy(&c));
}

/* Make two layers along an axis (0: x) with a contact in the middle, held at 100 and 0 at the ends,
   periodic along the other axis. */
static HeatCase *MakeLayers(const void *context)
{
  const int *axis = context;
  HeatCase  *c    = Materials(3);

  HeatTestRectangle(c, 1, *axis == 0 ? 0.4 : 0.0, 0.8, *axis == 0 ? 0.0 : 0.4, 0.8);
  HeatTestContact(c, 1, 0, 0.05);
  HeatTestContact(c, 1, 2, 3.0);
  HeatTestTemperature(c, (HeatSide)(2 * *axis), "100");
  HeatTestTemperature(c, (HeatSide)(2 * *axis + 1), "0");
  HeatTestPeriodic(c, 1 - *axis);
  return c;
}

/* Return the largest net heat of the exact steady field, and the deviation of the heat through
   the last side.  The flux is q = 100/(0.4/2 + 0.05 + 0.4/7); the field is linear in each layer
   and jumps by 0.05 q between them. */
static PetscReal LayersApart(HeatProblem *p)
{
  const HeatGrid *g    = p->g;
  const int       axis = *(const int *)p->context;
  const PetscReal q    = 100.0 / (0.4 / 2.0 + 0.05 + 0.4 / 7.0);
  PetscReal      *T = HeatTestArray(g), *net = HeatTestArray(g), worst = 0.0;
  HeatFlows       flows;

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const PetscReal s = axis == 0 ? HeatGridX(g, g->xs + i) : HeatGridY(g, g->ys + j);

      T[j * g->nxl + i] = s < 0.4 ? 100.0 - q * s / 2.0 : q * (0.8 - s) / 7.0;
    }
  }
  OK(HeatOperatorNet(p->op, T, net));
  OK(HeatOperatorFlows(p->op, T, &flows));
  for (size_t k = 0; k < HeatGridLocalCells(g); k++) worst = HeatTestMax(worst, fabs(net[k]));
  worst = HeatTestMax(
      worst, fabs(HeatTestReduceExact(g->comm, &flows.sum[2 * axis + 1]) + 0.8 * q) / (0.8 * q));
  worst = HeatTestMax(worst, fabs(HeatOperatorContactResistance(p->op, 0, 1) - 0.05));
  OK(PetscFree(T));
  OK(PetscFree(net));
  return worst;
}

/* The heat through a face is of order 30 W/m. */
static void layers_with_a_contact_carry_the_heat_of_three_resistances(void **state)
{
  const int axes[2] = {0, 1};

  (void)state;
  for (int axis = 0; axis < 2; axis++)
    AT_MOST(HeatTestLayouts(MakeLayers, LayersApart, &axes[axis]), 1e-11);
}

/* Make a ring of two halves: they touch in the middle and across the periodic sides. */
static HeatCase *MakeRing(const void *context)
{
  const int *axis = context;
  HeatCase  *c    = Materials(2);

  HeatTestRectangle(c, 1, *axis == 0 ? 0.4 : 0.0, 0.8, *axis == 0 ? 0.0 : 0.4, 0.8);
  HeatTestContact(c, 0, 1, 0.05);
  HeatTestPeriodic(c, *axis);
  return c;
}

/* Return the largest deviation of the net heat when one half is at 0 and the other at 1: heat flows
   through the faces between the halves only. */
static PetscReal RingApart(HeatProblem *p)
{
  const HeatGrid *g    = p->g;
  const int       axis = *(const int *)p->context;
  const PetscReal heat = 0.1 / (0.05 / 2.0 + 0.05 + 0.05 / 7.0);
  PetscReal      *T = HeatTestArray(g), *net = HeatTestArray(g), worst = 0.0;

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++)
      T[j * g->nxl + i] = (axis == 0 ? g->xs + i : g->ys + j) < 4 ? 0.0 : 1.0;
  }
  OK(HeatOperatorNet(p->op, T, net));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const PetscInt  at    = axis == 0 ? g->xs + i : g->ys + j;
      const PetscReal exact = at == 0 || at == 3 ? heat : at == 4 || at == 7 ? -heat : 0.0;

      worst = HeatTestMax(worst, fabs(net[j * g->nxl + i] - exact));
    }
  }
  OK(PetscFree(T));
  OK(PetscFree(net));
  return worst;
}

static void contact_lies_between_ranks_and_across_periodic_sides_too(void **state)
{
  const int axes[2] = {0, 1};

  (void)state;
  for (int axis = 0; axis < 2; axis++)
    AT_MOST(HeatTestLayouts(MakeRing, RingApart, &axes[axis]), 1e-14);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(pair_is_found_in_either_order),
    cmocka_unit_test(case_without_contacts_makes_no_list),
    cmocka_unit_test(layers_with_a_contact_carry_the_heat_of_three_resistances),
    cmocka_unit_test(contact_lies_between_ranks_and_across_periodic_sides_too),
};

int main(void) { return RUN_TESTS(Tests); }
