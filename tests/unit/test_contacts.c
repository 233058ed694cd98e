/* Contact resistances: the resistance of a pair of materials, and its effect in series with the two
   half cells of a face, along the axes, on slanted interfaces, and for the smallest and largest
   resistances. */
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
  for (PetscInt cell = 0; cell < (PetscInt)HeatGridLocalCells(g); cell++) {
    const PetscInt  at    = axis == 0 ? g->xs + cell % g->nxl : g->ys + cell / g->nxl;
    const PetscReal exact = at == 4 ? 0.05 : 0.0;

    worst = HeatTestMax(worst,
                        fabs(HeatOperatorContactResistance(p->op, axis, (size_t)cell) - exact));
    worst = HeatTestMax(worst, HeatOperatorContactResistance(p->op, 1 - axis, (size_t)cell));
  }
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

/* ------- slanted ------- */

/* Two half planes of one conductivity, an angle [degrees] of the interface to the x axis. */
typedef struct {
  PetscInt  nx, ny;
  PetscReal angle;
} Slant;

static const PetscReal SlantFlux = 10.0, SlantResistance = 0.4;

static HeatCase *MakeSlant(const void *context)
{
  const Slant    *s = context;
  const PetscReal t = s->angle * 3.14159265358979323846 / 180.0, rise = 3.5 * tan(t);
  HeatCase       *c = HeatTestCase(s->nx, s->ny, 1.0, 2.0, (HeatTestMaterial){2.0, 2.0, 1.0, 1.0});
  HeatRegion     *r;
  char            flux[32];

  HeatTestAddMaterial(c, (HeatTestMaterial){2.0, 2.0, 1.0, 1.0});
  r             = HeatTestAddRegion(c, HEAT_SHAPE_POLYGON, 1);
  r->n_vertices = 4;
  OK(PetscMalloc1(4, &r->vertices));
  const PetscReal v[4][2] = {
      {-3.0, -9.0}, {4.0, -9.0}, {4.0, 1.0171 + rise}, {-3.0, 1.0171 - rise}};
  memcpy(r->vertices, v, sizeof v);
  HeatTestContact(c, 0, 1, SlantResistance);
  snprintf(flux, sizeof flux, "%.17g", (double)(-SlantFlux * sin(t)));
  HeatTestFlux(c, HEAT_LEFT, flux);
  snprintf(flux, sizeof flux, "%.17g", (double)(SlantFlux * sin(t)));
  HeatTestFlux(c, HEAT_RIGHT, flux);
  return c;
}

/* Linear in either half, with the flux along the normal: every cell is at rest but those along the
   insulated top and bottom. */
static PetscReal SlantMoves(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  const PetscReal t = ((const Slant *)p->context)->angle * 3.14159265358979323846 / 180.0;
  PetscReal      *T = HeatTestArray(g), *net = HeatTestArray(g), worst = 0.0;

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const size_t    k = (size_t)(j * g->nxl + i);
      const PetscReal s = -sin(t) * (HeatGridX(g, g->xs + i) - 0.5) +
                          cos(t) * (HeatGridY(g, g->ys + j) - 1.0171);

      T[k] = -SlantFlux / 2.0 * s;
      if (HeatOperatorMaterial(p->op)[k] == 0) T[k] -= SlantFlux * SlantResistance;
    }
  }
  OK(HeatOperatorNet(p->op, T, net));
  for (PetscInt j = 0; j < g->nyl; j++) {
    if (g->ys + j == 0 || g->ys + j == g->ny - 1) continue;
    for (PetscInt i = 0; i < g->nxl; i++) worst = HeatTestMax(worst, fabs(net[j * g->nxl + i]));
  }
  OK(PetscFree(T));
  OK(PetscFree(net));
  return worst;
}

/* Heats of a face are below 2 W/m, temperatures below 20 K and conductances of order 2. */
static void linear_field_with_a_jump_is_at_rest_at_any_angle(void **state)
{
  static const Slant slants[] = {{8, 16, 7.0},   {9, 14, 20.0},   {16, 16, 33.0},  {12, 24, 45.0},
                                 {10, 30, 60.0}, {12, 24, -45.0}, {13, 17, -25.0}, {8, 16, 0.0}};

  (void)state;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(slants); k++)
    AT_MOST(HeatTestLayouts(MakeSlant, SlantMoves, &slants[k]), 1e-12);
}

/* ------- the smallest and the largest ------- */

/* A disc with a contact of resistance *context [m2 K/W]. */
static HeatCase *MakeDisc(const void *context)
{
  HeatCase   *c = HeatTestCase(12, 11, 1.0, 1.0, (HeatTestMaterial){2.0, 2.0, 1.0, 1.0});
  HeatRegion *r;

  HeatTestAddMaterial(c, (HeatTestMaterial){7.0, 3.0, 1.0, 1.0});
  r            = HeatTestAddRegion(c, HEAT_SHAPE_CIRCLE, 1);
  r->centre[0] = r->centre[1] = 0.5;
  r->radius                   = 0.25; /* its poles are at centres of cells */
  HeatTestContact(c, 0, 1, *(const PetscReal *)context);
  return c;
}

/* Net heats of a field as if at random that are not those without contacts, as bits. */
static PetscReal DiffersFromNone(HeatProblem *p)
{
  const PetscReal none  = 0.0;
  HeatProblem     alone = HeatTestSetUp(PETSC_COMM_SELF, MakeDisc(&none));
  PetscReal      *T = HeatTestNoiseArray(p->g, 1), *net = HeatTestArray(p->g), differ = 0.0;
  PetscReal      *T_all = HeatTestNoiseArray(alone.g, 1), *net_all = HeatTestArray(alone.g);

  OK(HeatOperatorNet(p->op, T, net));
  OK(HeatOperatorNet(alone.op, T_all, net_all));
  for (PetscInt j = 0; j < p->g->nyl; j++) {
    for (PetscInt i = 0; i < p->g->nxl; i++)
      differ += net[j * p->g->nxl + i] != net_all[(p->g->ys + j) * p->g->nx + p->g->xs + i];
  }
  OK(PetscFree(T));
  OK(PetscFree(net));
  OK(PetscFree(T_all));
  OK(PetscFree(net_all));
  HeatTestTearDown(&alone);
  return differ;
}

static void contact_that_vanishes_is_none(void **state)
{
  const PetscReal R = 1e-300;

  (void)state;
  AT_MOST(HeatTestLayouts(MakeDisc, DiffersFromNone, &R), 0.0);
}

/* The disc at 1, all else at 0: net heats, which a perfect insulator makes 0. */
static PetscReal Leaks(HeatProblem *p)
{
  PetscReal *T = HeatTestArray(p->g), *net = HeatTestArray(p->g), worst = 0.0;

  for (size_t k = 0; k < HeatGridLocalCells(p->g); k++) T[k] = HeatOperatorMaterial(p->op)[k];
  OK(HeatOperatorNet(p->op, T, net));
  for (size_t k = 0; k < HeatGridLocalCells(p->g); k++) worst = HeatTestMax(worst, fabs(net[k]));
  OK(PetscFree(T));
  OK(PetscFree(net));
  return worst;
}

static void contact_without_end_insulates(void **state)
{
  const PetscReal large = 1e20, largest = 1.7e308;

  (void)state;
  AT_MOST(HeatTestLayouts(MakeDisc, Leaks, &large), 1e-19);
  AT_MOST(HeatTestLayouts(MakeDisc, Leaks, &largest), 0.0);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(pair_is_found_in_either_order),
    cmocka_unit_test(case_without_contacts_makes_no_list),
    cmocka_unit_test(layers_with_a_contact_carry_the_heat_of_three_resistances),
    cmocka_unit_test(contact_lies_between_ranks_and_across_periodic_sides_too),
    cmocka_unit_test(linear_field_with_a_jump_is_at_rest_at_any_angle),
    cmocka_unit_test(contact_that_vanishes_is_none),
    cmocka_unit_test(contact_without_end_insulates),
};

int main(void) { return RUN_TESTS(Tests); }
