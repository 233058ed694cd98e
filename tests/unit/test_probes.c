/* Temperatures at points: exact where the field is linear, at interfaces of materials and contacts,
   and on the sides, where a probe returns the temperature of the surface. */
#include "solver_test.h"

#include "solver/measure/probes.h"

typedef PetscReal (*Exact)(PetscReal x, PetscReal y);

/* Return the largest deviation from the exact field at `n` points; each rank compares all of
   them. */
static PetscReal PointsApart(HeatProblem *p, const PetscReal *T, PetscReal t, PetscInt n,
                             const PetscReal (*at)[2], Exact exact)
{
  HeatProbes *probes;
  PetscReal  *values, worst = 0.0;

  OK(PetscMalloc1(n, &values));
  OK(HeatProbesCreate(p->op, n, at, &probes));
  OK(HeatProbesValues(probes, p->op, T, t, values));
  for (PetscInt k = 0; k < n; k++) {
    worst = HeatTestMax(worst, fabs(values[k] - exact(at[k][0], at[k][1])));
  }
  OK(HeatProbesDestroy(&probes));
  OK(PetscFree(values));
  return worst;
}

/* ------- linear fields ------- */

/* Cases have 8 x 9 cells of 0.1 x 0.2 on [1, 1.8] x [-1, 0.8]. */
enum { NX = 8, NY = 9 };

static PetscReal Linear(PetscReal x, PetscReal y) { return 300.0 + 10.0 * x - 20.0 * y; }

static HeatCase *Blank(void)
{
  HeatCase *c = HeatTestCase(NX, NY, 1.8, 0.8, (HeatTestMaterial){2.0, 0.5, 1.0, 1.0});

  c->grid.x[0] = 1.0;
  c->grid.y[0] = -1.0;
  return c;
}

static HeatCase *MakeHeld(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  for (int s = 0; s < HEAT_SIDES; s++) HeatTestTemperature(c, (HeatSide)s, "300 + 10*x - 20*y");
  return c;
}

/* Prescribe the fluxes of the linear field: 10 kx = 20 into the right side, 20 ky = 10 out of the
   top. */
static HeatCase *MakeFed(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  HeatTestFlux(c, HEAT_LEFT, "-20");
  HeatTestFlux(c, HEAT_RIGHT, "20");
  HeatTestFlux(c, HEAT_BOTTOM, "10");
  HeatTestFlux(c, HEAT_TOP, "-10");
  return c;
}

/* Prescribe films that pass the fluxes of MakeFed: coefficient (ambient - surface) = flux, with a
   coefficient of 4. */
static HeatCase *MakeCooled(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  HeatTestConvection(c, HEAT_LEFT, "4", "300 + 10*x - 20*y - 5");
  HeatTestConvection(c, HEAT_RIGHT, "4", "300 + 10*x - 20*y + 5");
  HeatTestConvection(c, HEAT_BOTTOM, "4", "300 + 10*x - 20*y + 2.5");
  HeatTestConvection(c, HEAT_TOP, "4", "300 + 10*x - 20*y - 2.5");
  return c;
}

/* Store points a quarter cell apart from side to side, which include centres, faces, edges of any
   blocks, and the sides, and return their number.  The points in the outer half of the cells in the
   corners are left out; they have tests of their own. */
static PetscInt Lattice(PetscReal (*at)[2])
{
  PetscInt n = 0;

  for (int j = 0; j <= 4 * NY; j++) {
    for (int i = 0; i <= 4 * NX; i++) {
      if ((i < 2 || i > 4 * NX - 2) && (j < 2 || j > 4 * NY - 2)) continue;
      at[n][0] = i == 4 * NX ? 1.8 : 1.0 + 0.025 * i;
      at[n][1] = j == 4 * NY ? 0.8 : -1.0 + 0.05 * j;
      n++;
    }
  }
  return n;
}

static PetscReal LinearOnLattice(HeatProblem *p)
{
  PetscReal  at[(4 * NX + 1) * (4 * NY + 1)][2], worst;
  PetscReal *T = HeatTestLinearArray(p->g, 300.0, 10.0, -20.0);

  const PetscInt n = Lattice(at);
  worst            = PointsApart(p, T, 0.0, n, (const PetscReal(*)[2])at, Linear);
  OK(PetscFree(T));
  return worst;
}

/* For temperatures of 300 K, 1e-11 is some hundred roundings. */
static void linear_field_is_exact_everywhere_between_held_sides(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeHeld, LinearOnLattice, NULL), 1e-11);
}

static void linear_field_is_exact_everywhere_between_fed_sides(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeFed, LinearOnLattice, NULL), 1e-11);
}

static void linear_field_is_exact_everywhere_between_cooled_sides(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeCooled, LinearOnLattice, NULL), 1e-11);
}

static PetscReal LinearInCorners(HeatProblem *p)
{
  const PetscReal at[8][2] = {{1.0, -1.0},  {1.8, -1.0},  {1.0, 0.8},   {1.8, 0.8},
                              {1.01, -1.0}, {1.8, -0.95}, {1.02, 0.77}, {1.79, 0.8}};
  PetscReal      *T        = HeatTestLinearArray(p->g, 300.0, 10.0, -20.0), worst;

  worst = PointsApart(p, T, 0.0, 8, at, Linear);
  OK(PetscFree(T));
  return worst;
}

static void linear_field_is_exact_in_the_corners_of_fed_sides(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeFed, LinearInCorners, NULL), 1e-11);
}

static void linear_field_is_exact_in_the_corners_of_cooled_sides(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeCooled, LinearInCorners, NULL), 1e-11);
}

/* At a corner both sides prescribe the same temperature, which is that of the corner. */
static void linear_field_is_exact_in_the_corners_of_held_sides(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeHeld, LinearInCorners, NULL), 1e-11);
}

/* Prescribe temperatures on left and right, fluxes on bottom and top: at a corner the prescribed
   temperature takes precedence. */
static HeatCase *MakeHeldAndFed(const void *context)
{
  HeatCase *c = MakeFed(context);

  HeatTestTemperature(c, HEAT_LEFT, "300 + 10*x - 20*y");
  HeatTestTemperature(c, HEAT_RIGHT, "300 + 10*x - 20*y");
  return c;
}

static void linear_field_is_exact_in_the_corners_of_held_and_fed_sides(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeHeldAndFed, LinearOnLattice, NULL), 1e-11);
  AT_MOST(HeatTestLayouts(MakeHeldAndFed, LinearInCorners, NULL), 1e-11);
}

/* A corner between sides held at 1 and at 3 has the mean of both. */
static HeatCase *MakeHot(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  HeatTestTemperature(c, HEAT_LEFT, "1");
  HeatTestTemperature(c, HEAT_BOTTOM, "3");
  HeatTestTemperature(c, HEAT_TOP, "1");
  return c;
}

static PetscReal CornersBetween(HeatProblem *p)
{
  const PetscReal at[2][2] = {{1.0, -1.0}, {1.0, 0.8}};
  PetscReal      *T        = HeatTestLinearArray(p->g, 2.0, 0.0, 0.0), values[2];
  HeatProbes     *probes;

  OK(HeatProbesCreate(p->op, 2, at, &probes));
  OK(HeatProbesValues(probes, p->op, T, 0.0, values));
  OK(HeatProbesDestroy(&probes));
  OK(PetscFree(T));
  return HeatTestMax(fabs(values[0] - 2.0), fabs(values[1] - 1.0));
}

static void corner_of_two_held_sides_is_between_them(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeHot, CornersBetween, NULL), 1e-14);
}

static PetscReal CentreIsTheCell(HeatProblem *p)
{
  PetscReal   at[NX * NY][2], values[NX * NY], worst = 0.0;
  PetscReal  *T = HeatTestNoiseArray(p->g, 2);
  HeatProbes *probes;

  for (int k = 0; k < NX * NY; k++) {
    at[k][0] = 1.0 + 0.1 * (k % NX + 0.5);
    at[k][1] = -1.0 + 0.2 * (k / NX + 0.5);
  }
  OK(HeatProbesCreate(p->op, NX * NY, (const PetscReal(*)[2])at, &probes));
  OK(HeatProbesValues(probes, p->op, T, 0.0, values));
  for (int k = 0; k < NX * NY; k++) {
    worst = HeatTestMax(worst, fabs(values[k] - HeatTestNoise(k % NX, k / NX, 2)));
  }
  OK(HeatProbesDestroy(&probes));
  OK(PetscFree(T));
  return worst;
}

/* The coordinates of centres are rounded, which changes the interpolated value by that much. */
static void centre_of_a_cell_has_its_value(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeHeld, CentreIsTheCell, NULL), 1e-13);
}

/* ------- interfaces ------- */

/* Two layers of 0.4 m have conductivities 1 and 100, and 400 K and 300 K on their outer sides.  The
   heat flux is 100/(0.4/1 + 0.4/100), the interface is at (400 + 100*300)/101. */
enum { LAYERS = 8 };

static const PetscReal LayerFlux = 100.0 / (0.4 + 0.004);

static PetscReal Layers(PetscReal s)
{
  return s <= 0.4 ? 400.0 - LayerFlux * s : 300.0 + LayerFlux / 100.0 * (0.8 - s);
}

static PetscReal LayersInX(PetscReal x, PetscReal y) { return (void)y, Layers(x); }
static PetscReal LayersInY(PetscReal x, PetscReal y) { return (void)x, Layers(y); }

/* The conductivities along the layers are others, which must not matter. */
static HeatCase *MakeLayers(const void *context)
{
  const int axis = *(const int *)context;
  HeatCase *c;

  if (axis == 0) {
    c = HeatTestCase(LAYERS, LAYERS, 0.8, 0.8, (HeatTestMaterial){1.0, 30.0, 1.0, 1.0});
    HeatTestAddMaterial(c, (HeatTestMaterial){100.0, 0.5, 1.0, 1.0});
    HeatTestRectangle(c, 1, 0.4, 0.8, 0.0, 0.8);
  } else {
    c = HeatTestCase(LAYERS, LAYERS, 0.8, 0.8, (HeatTestMaterial){30.0, 1.0, 1.0, 1.0});
    HeatTestAddMaterial(c, (HeatTestMaterial){0.5, 100.0, 1.0, 1.0});
    HeatTestRectangle(c, 1, 0.0, 0.8, 0.4, 0.8);
  }
  HeatTestTemperature(c, (HeatSide)(2 * axis), "400");
  HeatTestTemperature(c, (HeatSide)(2 * axis + 1), "300");
  return c;
}

static PetscReal LayersAreExact(HeatProblem *p)
{
  const int       axis = *(const int *)p->context;
  const HeatGrid *g    = p->g;
  PetscReal      *T    = HeatTestArray(g), at[33 * 33][2], worst;

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      T[j * g->nxl + i] = Layers(((PetscReal)(axis == 0 ? g->xs + i : g->ys + j) + 0.5) * 0.1);
    }
  }
  for (int k = 0; k < 33 * 33; k++) {
    at[k][0] = k % 33 == 32 ? 0.8 : 0.025 * (k % 33);
    at[k][1] = k / 33 == 32 ? 0.8 : 0.025 * (k / 33);
  }
  worst = PointsApart(p, T, 0.0, 33 * 33, (const PetscReal(*)[2])at,
                      axis == 0 ? LayersInX : LayersInY);
  OK(PetscFree(T));
  return worst;
}

static void slab_of_two_layers_is_exact_up_to_and_on_the_interface(void **state)
{
  const int x = 0, y = 1;

  (void)state;
  AT_MOST(fabs(Layers(0.4) - (400.0 + 100.0 * 300.0) / 101.0), 1e-12);
  AT_MOST(HeatTestLayouts(MakeLayers, LayersAreExact, &x), 1e-11);
  AT_MOST(HeatTestLayouts(MakeLayers, LayersAreExact, &y), 1e-11);
}

/* Make four materials that meet in a corner; near it a value lies between those of the four
   cells. */
static HeatCase *MakeFour(const void *context)
{
  HeatCase *c = HeatTestCase(LAYERS, LAYERS, 0.8, 0.8, (HeatTestMaterial){1.0, 30.0, 1.0, 1.0});

  (void)context;
  HeatTestAddMaterial(c, (HeatTestMaterial){100.0, 0.5, 1.0, 1.0});
  HeatTestAddMaterial(c, (HeatTestMaterial){0.01, 7.0, 1.0, 1.0});
  HeatTestAddMaterial(c, (HeatTestMaterial){3.0, 3.0, 1.0, 1.0});
  HeatTestRectangle(c, 1, 0.4, 0.8, 0.0, 0.4);
  HeatTestRectangle(c, 2, 0.0, 0.4, 0.4, 0.8);
  HeatTestRectangle(c, 3, 0.4, 0.8, 0.4, 0.8);
  return c;
}

static PetscReal StaysBetween(HeatProblem *p)
{
  PetscReal   at[121][2], values[121], worst = 0.0;
  PetscReal  *T = HeatTestNoiseArray(p->g, 6);
  HeatProbes *probes;

  for (int k = 0; k < 121; k++) {
    at[k][0] = 0.35 + 0.01 * (k % 11);
    at[k][1] = 0.35 + 0.01 * (k / 11);
  }
  PetscReal low = 2.0, high = -2.0; /* of the four cells around the corner */
  for (int k = 0; k < 4; k++) {
    low  = fmin(low, HeatTestNoise(3 + k % 2, 3 + k / 2, 6));
    high = fmax(high, HeatTestNoise(3 + k % 2, 3 + k / 2, 6));
  }
  OK(HeatProbesCreate(p->op, 121, (const PetscReal(*)[2])at, &probes));
  OK(HeatProbesValues(probes, p->op, T, 0.0, values));
  for (int k = 0; k < 121; k++) {
    worst = HeatTestMax(worst, HeatTestMax(low - values[k], values[k] - high));
  }
  OK(HeatProbesDestroy(&probes));
  OK(PetscFree(T));
  return worst;
}

static void value_near_a_corner_of_materials_is_between_its_neighbours(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeFour, StaysBetween, NULL), 1e-12);
}

/* ------- sides ------- */

/* Prescribe a temperature, a flux and a film; cells are 0.1 wide with kx = 2. */
static HeatCase *MakeSurfaces(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  HeatTestTemperature(c, HEAT_LEFT, "400 + t");
  HeatTestFlux(c, HEAT_RIGHT, "80*t");
  HeatTestConvection(c, HEAT_TOP, "15", "290 + 10*t");
  return c;
}

/* Compare probes at t = 2 in a uniform field of 350 K: on each side, and halfway from the left
   side to the first centre. */
static PetscReal SurfacesApart(HeatProblem *p)
{
  const PetscReal at[5][2] = {{1.0, -0.1}, {1.8, -0.1}, {1.45, -1.0}, {1.45, 0.8}, {1.025, -0.1}};
  PetscReal      *T        = HeatTestLinearArray(p->g, 350.0, 0.0, 0.0), values[5], worst;
  HeatProbes     *probes;
  /* On top a half cell of ky/(h/2) = 0.5/0.1 = 5 W/(m2 K) is in series with a film of 15. */
  const PetscReal exact[5] = {402.0, 350.0 + 160.0 * 0.05 / 2.0, 350.0,
                              (5.0 * 350.0 + 15.0 * 310.0) / 20.0, 376.0};

  OK(HeatProbesCreate(p->op, 5, at, &probes));
  OK(HeatProbesValues(probes, p->op, T, 2.0, values));
  worst = 0.0;
  for (int k = 0; k < 5; k++) worst = HeatTestMax(worst, fabs(values[k] - exact[k]));
  OK(HeatProbesDestroy(&probes));
  OK(PetscFree(T));
  return worst;
}

static void side_reads_the_surface_that_its_condition_leaves_at_that_time(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeSurfaces, SurfacesApart, NULL), 1e-11);
}

static HeatCase *MakePeriodic(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  HeatTestPeriodic(c, 0);
  HeatTestPeriodic(c, 1);
  return c;
}

static PetscReal SeamsApart(HeatProblem *p)
{
  /* The points are the left and right end of row 4, the bottom and top end of column 5, and the
     four corners. */
  const PetscReal at[8][2] = {{1.0, -0.1}, {1.8, -0.1}, {1.55, -1.0}, {1.55, 0.8},
                              {1.0, -1.0}, {1.8, -1.0}, {1.0, 0.8},   {1.8, 0.8}};
  const PetscReal row      = 0.5 * (HeatTestNoise(0, 4, 2) + HeatTestNoise(NX - 1, 4, 2));
  const PetscReal column   = 0.5 * (HeatTestNoise(5, 0, 2) + HeatTestNoise(5, NY - 1, 2));
  const PetscReal corner   = 0.25 * (HeatTestNoise(0, 0, 2) + HeatTestNoise(NX - 1, 0, 2) +
                                   HeatTestNoise(0, NY - 1, 2) + HeatTestNoise(NX - 1, NY - 1, 2));
  const PetscReal exact[8] = {row, row, column, column, corner, corner, corner, corner};
  PetscReal      *T = HeatTestNoiseArray(p->g, 2), values[8], worst = 0.0;
  HeatProbes     *probes;

  OK(HeatProbesCreate(p->op, 8, at, &probes));
  OK(HeatProbesValues(probes, p->op, T, 0.0, values));
  for (int k = 0; k < 8; k++) worst = HeatTestMax(worst, fabs(values[k] - exact[k]));
  OK(HeatProbesDestroy(&probes));
  OK(PetscFree(T));
  return worst;
}

static void periodic_sides_read_the_mean_across_the_seam(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakePeriodic, SeamsApart, NULL), 1e-13);
}

static HeatCase *MakeOneCell(const void *context)
{
  HeatCase *c = HeatTestCase(1, 1, 1.0, 1.0, (HeatTestMaterial){2.0, 1.0, 1.0, 1.0});

  (void)context;
  HeatTestTemperature(c, HEAT_LEFT, "10");
  HeatTestTemperature(c, HEAT_RIGHT, "30");
  return c;
}

static PetscReal Ramp(PetscReal x, PetscReal y) { return (void)y, 10.0 + 20.0 * x; }

static PetscReal OneCellIsARamp(HeatProblem *p)
{
  const PetscReal at[5][2] = {{0.0, 0.5}, {0.25, 0.3}, {0.5, 0.5}, {0.75, 0.9}, {1.0, 0.5}};
  PetscReal      *T        = HeatTestLinearArray(p->g, 20.0, 0.0, 0.0), worst;

  worst = PointsApart(p, T, 0.0, 5, at, Ramp);
  OK(PetscFree(T));
  return worst;
}

static void single_cell_is_read_from_surface_to_surface(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeOneCell, OneCellIsARamp, NULL), 1e-13);
}

/* ------- contacts ------- */

/* The heat flux through the two layers with a contact resistance of 0.1 m2 K/W between them. */
static const PetscReal JumpFlux = 100.0 / (0.4 + 0.004 + 0.1);

static PetscReal Jump(PetscReal s)
{
  const PetscReal before = 400.0 - JumpFlux * s, beyond = 300.0 + JumpFlux / 100.0 * (0.8 - s);

  if (fabs(s - 0.4) < 1e-12) return 0.5 * (before + beyond);
  return s < 0.4 ? before : beyond;
}

static PetscReal JumpInX(PetscReal x, PetscReal y) { return (void)y, Jump(x); }
static PetscReal JumpInY(PetscReal x, PetscReal y) { return (void)x, Jump(y); }

static void AddContact(HeatCase *c, const char *a, const char *b, PetscReal resistance)
{
  OK(PetscRealloc((size_t)(c->n_contacts + 1) * sizeof *c->contacts, &c->contacts));
  c->contacts[c->n_contacts] = (HeatContact){{NULL, NULL}, {-1, -1}, resistance};
  OK(PetscStrallocpy(a, &c->contacts[c->n_contacts].names[0]));
  OK(PetscStrallocpy(b, &c->contacts[c->n_contacts].names[1]));
  c->n_contacts++;
}

static HeatCase *MakeJump(const void *context)
{
  HeatCase *c = MakeLayers(context);

  AddContact(c, "m1", "m0", 0.1);
  return c;
}

/* Compare probes a quarter cell apart, on the interface, and 1e-6 m on either side of it. */
static PetscReal JumpIsExact(HeatProblem *p)
{
  const int       axis = *(const int *)p->context;
  const HeatGrid *g    = p->g;
  PetscReal      *T    = HeatTestArray(g), at[35 * 33][2], worst;

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      T[j * g->nxl + i] = Jump(((PetscReal)(axis == 0 ? g->xs + i : g->ys + j) + 0.5) * 0.1);
    }
  }
  for (int k = 0; k < 35 * 33; k++) {
    const int across = k % 35, along = k / 35;

    at[k][axis]     = across == 32   ? 0.8
                      : across == 33 ? 0.4 - 1e-6
                      : across == 34 ? 0.4 + 1e-6
                                     : 0.025 * across;
    at[k][1 - axis] = along == 32 ? 0.8 : 0.025 * along;
  }
  worst = PointsApart(p, T, 0.0, 35 * 33, (const PetscReal(*)[2])at, axis == 0 ? JumpInX : JumpInY);
  OK(PetscFree(T));
  return worst;
}

static void contact_is_exact_on_either_side_and_the_mean_on_the_face(void **state)
{
  const int x = 0, y = 1;

  (void)state;
  AT_MOST(HeatTestLayouts(MakeJump, JumpIsExact, &x), 1e-11);
  AT_MOST(HeatTestLayouts(MakeJump, JumpIsExact, &y), 1e-11);
}

/* Add contacts that end at, or bend around, the corner of the four materials. */
static HeatCase *MakeFourWithContacts(const void *context)
{
  HeatCase *c = MakeFour(context);

  AddContact(c, "m0", "m1", 0.3);
  AddContact(c, "m1", "m3", 5.0);
  AddContact(c, "m2", "m0", 0.01);
  return c;
}

static void value_near_a_corner_with_contacts_is_between_its_neighbours(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeFourWithContacts, StaysBetween, NULL), 1e-12);
}

/* Two half planes at `context` degrees, with 0.4 m2 K/W between them, on [1, 2.5] x [0, 3]; 10 W/m2
   flow along the normal. */
static HeatCase *MakeSlant(const void *context)
{
  const PetscReal t = *(const int *)context * 3.14159265358979323846 / 180.0, rise = 3.5 * tan(t);
  const PetscReal v[4][2] = {{-2.0, -9.0}, {5.0, -9.0}, {5.0, 1.52 + rise}, {-2.0, 1.52 - rise}};
  HeatCase       *c       = HeatTestCase(11, 15, 2.5, 3.0, (HeatTestMaterial){2.0, 2.0, 1.0, 1.0});
  HeatRegion     *r;
  char            value[32];

  c->grid.x[0] = 1.0;
  HeatTestAddMaterial(c, (HeatTestMaterial){2.0, 2.0, 1.0, 1.0});
  r             = HeatTestAddRegion(c, HEAT_SHAPE_POLYGON, 1);
  r->n_vertices = 4;
  OK(PetscMalloc1(4, &r->vertices));
  memcpy(r->vertices, v, sizeof v);
  AddContact(c, "m0", "m1", 0.4);
  for (int s = 0; s < HEAT_SIDES; s++) {
    snprintf(value, sizeof value, "%.17g",
             (double)((s % 2 ? -10.0 : 10.0) * (s < HEAT_BOTTOM ? -sin(t) : cos(t))));
    HeatTestFlux(c, (HeatSide)s, value);
  }
  return c;
}

/* The jump is where the cells' materials change: points are seen from the cell that has them. */
static PetscReal SlantIsExact(HeatProblem *p)
{
  const HeatGrid *g = p->g;
  const PetscReal t = *(const int *)p->context * 3.14159265358979323846 / 180.0;
  PetscReal      *T = HeatTestArray(g), at[60 * 80][2], values[60 * 80], worst = 0.0;
  HeatProbes     *probes;

#define FIELD(x, y, mx, my)                                                                        \
  (-5.0 * (-sin(t) * ((x)-1.5) + cos(t) * ((y)-1.52)) -                                            \
   (-sin(t) * ((mx)-1.5) + cos(t) * ((my)-1.52) > 0.0 ? 4.0 : 0.0))
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const PetscReal x = HeatGridX(g, g->xs + i), y = HeatGridY(g, g->ys + j);

      T[j * g->nxl + i] = FIELD(x, y, x, y);
    }
  }
  for (int k = 0; k < 60 * 80; k++) { /* none on a face */
    at[k][0] = 1.0 + 1.5 * (k % 60 + 0.37) / 60.0;
    at[k][1] = 3.0 * (k / 60 + 0.41) / 80.0; /* NOLINT(bugprone-integer-division) */
  }
  OK(HeatProbesCreate(p->op, 60 * 80, (const PetscReal(*)[2])at, &probes));
  OK(HeatProbesValues(probes, p->op, T, 0.0, values));
  OK(HeatProbesDestroy(&probes));
  for (int k = 0; k < 60 * 80; k++) {
    const PetscReal x = at[k][0], y = at[k][1];
    const PetscReal mx = HeatGridX(g, (PetscInt)((x - g->x0) / g->hx)),
                    my = HeatGridY(g, (PetscInt)((y - g->y0) / g->hy));

    worst = HeatTestMax(worst, fabs(values[k] - FIELD(x, y, mx, my)));
  }
#undef FIELD
  OK(PetscFree(T));
  return worst;
}

static void contact_at_an_angle_is_exact_on_either_side(void **state)
{
  static const int angles[] = {0, 7, 20, 33, 45, -45, -25};

  (void)state;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(angles); k++)
    AT_MOST(HeatTestLayouts(MakeSlant, SlantIsExact, &angles[k]), 1e-12);
}

/* A layer that nothing passes: the values are those of the own side, and finite. */
static HeatCase *MakeTight(const void *context)
{
  HeatCase *c = MakeLayers(context);

  AddContact(c, "m1", "m0", 1.7e308);
  return c;
}

static PetscReal StaysOnItsSide(HeatProblem *p)
{
  const int       axis = *(const int *)p->context;
  const HeatGrid *g    = p->g;
  PetscReal      *T    = HeatTestArray(g), at[2][2], values[2];
  HeatProbes     *probes;

  for (PetscInt k = 0; k < g->nyl * g->nxl; k++)
    T[k] = (axis == 0 ? g->xs + k % g->nxl : g->ys + k / g->nxl) < 4 ? 1.0 : 2.0;
  for (int k = 0; k < 2; k++) {
    at[k][axis]     = 0.4 + (k ? 1e-6 : -1e-6);
    at[k][1 - axis] = 0.37;
  }
  OK(HeatProbesCreate(p->op, 2, (const PetscReal(*)[2])at, &probes));
  OK(HeatProbesValues(probes, p->op, T, 0.0, values));
  OK(HeatProbesDestroy(&probes));
  OK(PetscFree(T));
  return HeatTestMax(fabs(values[0] - 1.0), fabs(values[1] - 2.0));
}

static void layer_that_nothing_passes_hides_the_other_side(void **state)
{
  const int x = 0, y = 1;

  (void)state;
  AT_MOST(HeatTestLayouts(MakeTight, StaysOnItsSide, &x), 1e-12);
  AT_MOST(HeatTestLayouts(MakeTight, StaysOnItsSide, &y), 1e-12);
}

/* ------- conductivities that depend on T ------- */

static HeatCase *MakeWarming(const void *context)
{
  HeatCase *c = HeatTestCase(LAYERS, LAYERS, 0.8, 0.8, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});

  (void)context;
  HeatTestText(&c->materials[0].conductivity[0], "3 + 2*T");
  HeatTestText(&c->materials[0].conductivity[1], "3 + 2*T");
  c->time.scheme = HEAT_SCHEME_BACKWARD_EULER;
  return c;
}

/* Return the temperature at the part s of the way from a to b at which 3 T + T^2, the integral of
   k, is linear. */
static PetscReal BetweenByKirchhoff(PetscReal a, PetscReal b, PetscReal s)
{
  const PetscReal theta = (1.0 - s) * (3.0 * a + a * a) + s * (3.0 * b + b * b);

  return -1.5 + sqrt(2.25 + theta);
}

/* Compare probes between all pairs of neighbours along x, at a part of the way that `context`
   points to, for two fields in turn. */
static PetscReal PointsFollowTheField(HeatProblem *p)
{
  enum { N = (LAYERS - 1) * LAYERS };
  const PetscReal s = *(const PetscReal *)p->context;
  PetscReal       at[N][2], values[N], worst = 0.0;
  HeatProbes     *probes;

  for (int k = 0; k < N; k++) {
    at[k][0] = 0.1 * (0.5 + s + k % (LAYERS - 1));
    at[k][1] = 0.1 * (k / (LAYERS - 1) + 0.5);
  }
  OK(HeatProbesCreate(p->op, N, (const PetscReal(*)[2])at, &probes));
  for (int seed = 3; seed <= 4; seed++) {
    PetscReal *T = HeatTestNoiseArray(p->g, seed);

    OK(HeatProbesValues(probes, p->op, T, 0.0, values));
    for (int k = 0; k < N; k++) {
      const PetscReal a = HeatTestNoise(k % (LAYERS - 1), k / (LAYERS - 1), seed);
      const PetscReal b = HeatTestNoise(k % (LAYERS - 1) + 1, k / (LAYERS - 1), seed);

      worst = HeatTestMax(worst, fabs(values[k] - BetweenByKirchhoff(a, b, s)));
    }
    OK(PetscFree(T));
  }
  OK(HeatProbesDestroy(&probes));
  return worst;
}

/* The rounding of the coordinates moves the point by 1e-15 of a cell. */
static void
point_between_cells_of_one_k_of_T_has_the_temperature_of_kirchhoffs_integral(void **state)
{
  const PetscReal parts[] = {0.0, 0.2, 0.5, 0.9};

  (void)state;
  for (int k = 0; k < 4; k++)
    AT_MOST(HeatTestLayouts(MakeWarming, PointsFollowTheField, &parts[k]), 1e-13);
}

/* ------- segments ------- */

/* Left is insulated in its lower part and held at 1 above, bottom is held at 3, and top is held
   at 5 in its left half only. */
static HeatCase *MakeCorners(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  OK(HeatCaseSetSegments(c, HEAT_LEFT, 2));
  c->boundary[HEAT_LEFT].segments[0].to   = 0.0;
  c->boundary[HEAT_LEFT].segments[1].type = HEAT_BC_TEMPERATURE;
  HeatTestText(&c->boundary[HEAT_LEFT].segments[1].value, "1");
  HeatTestTemperature(c, HEAT_BOTTOM, "3");
  OK(HeatCaseSetSegments(c, HEAT_TOP, 2));
  c->boundary[HEAT_TOP].segments[0].to   = 1.4;
  c->boundary[HEAT_TOP].segments[0].type = HEAT_BC_TEMPERATURE;
  HeatTestText(&c->boundary[HEAT_TOP].segments[0].value, "5");
  return c;
}

static PetscReal CornersOfSegments(HeatProblem *p)
{
  const PetscReal at[4][2] = {{1.0, -1.0}, {1.8, -1.0}, {1.0, 0.8}, {1.8, 0.8}};
  const PetscReal exact[4] = {3.0, 3.0, 3.0, 2.0}; /* bottom; bottom; mean of 1 and 5; the cell */
  PetscReal      *T = HeatTestLinearArray(p->g, 2.0, 0.0, 0.0), values[4], worst = 0.0;
  HeatProbes     *probes;

  OK(HeatProbesCreate(p->op, 4, at, &probes));
  OK(HeatProbesValues(probes, p->op, T, 0.0, values));
  for (int k = 0; k < 4; k++) worst = HeatTestMax(worst, fabs(values[k] - exact[k]));
  OK(HeatProbesDestroy(&probes));
  OK(PetscFree(T));
  return worst;
}

static void corner_reads_what_the_segments_next_to_it_prescribe(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeCorners, CornersOfSegments, NULL), 1e-14);
}

/* ------- terms ------- */

static PetscReal TermsAddUp(HeatProblem *p)
{
  const PetscReal at[3][2] = {{1.41, -0.11}, {1.0, 0.33}, {1.2, 0.0}};
  PetscReal      *T = HeatTestNoiseArray(p->g, 2), values[3], worst = 0.0;
  PetscReal       terms[3][HEAT_PROBE_TERMS];
  HeatProbes     *probes;

  OK(HeatProbesCreate(p->op, 3, at, &probes));
  OK(HeatProbesValues(probes, p->op, T, 2.0, values)); /* sets the time of the sides */
  OK(HeatProbesSample(probes, T, terms[0]));
  for (int k = 0; k < 3; k++) {
    PetscReal sum = 0.0;

    for (int q = 0; q < HEAT_PROBE_TERMS; q++) sum += HeatTestSum(p->g->comm, terms[k][q]);
    worst = HeatTestMax(worst, fabs(sum - values[k]));
  }
  OK(HeatProbesDestroy(&probes));
  OK(PetscFree(T));
  return worst;
}

static void terms_of_the_ranks_add_up_to_the_value(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeSurfaces, TermsAddUp, NULL), 1e-12);
}

static void no_probes_are_fine(void **state)
{
  HeatProblem p = HeatTestSetUp(PETSC_COMM_WORLD, Blank());
  PetscReal  *T = HeatTestArray(p.g);
  HeatProbes *probes;

  (void)state;
  OK(HeatProbesCreate(p.op, 0, NULL, &probes));
  OK(HeatProbesValues(probes, p.op, T, 0.0, NULL));
  OK(HeatProbesDestroy(&probes));
  OK(HeatProbesDestroy(&probes));
  OK(PetscFree(T));
  HeatTestTearDown(&p);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(linear_field_is_exact_everywhere_between_held_sides),
    cmocka_unit_test(linear_field_is_exact_everywhere_between_fed_sides),
    cmocka_unit_test(linear_field_is_exact_everywhere_between_cooled_sides),
    cmocka_unit_test(linear_field_is_exact_in_the_corners_of_fed_sides),
    cmocka_unit_test(linear_field_is_exact_in_the_corners_of_cooled_sides),
    cmocka_unit_test(linear_field_is_exact_in_the_corners_of_held_sides),
    cmocka_unit_test(linear_field_is_exact_in_the_corners_of_held_and_fed_sides),
    cmocka_unit_test(corner_of_two_held_sides_is_between_them),
    cmocka_unit_test(centre_of_a_cell_has_its_value),
    cmocka_unit_test(slab_of_two_layers_is_exact_up_to_and_on_the_interface),
    cmocka_unit_test(value_near_a_corner_of_materials_is_between_its_neighbours),
    cmocka_unit_test(side_reads_the_surface_that_its_condition_leaves_at_that_time),
    cmocka_unit_test(periodic_sides_read_the_mean_across_the_seam),
    cmocka_unit_test(single_cell_is_read_from_surface_to_surface),
    cmocka_unit_test(terms_of_the_ranks_add_up_to_the_value),
    cmocka_unit_test(no_probes_are_fine),
    cmocka_unit_test(contact_is_exact_on_either_side_and_the_mean_on_the_face),
    cmocka_unit_test(value_near_a_corner_with_contacts_is_between_its_neighbours),
    cmocka_unit_test(contact_at_an_angle_is_exact_on_either_side),
    cmocka_unit_test(layer_that_nothing_passes_hides_the_other_side),
    cmocka_unit_test(point_between_cells_of_one_k_of_T_has_the_temperature_of_kirchhoffs_integral),
    cmocka_unit_test(corner_reads_what_the_segments_next_to_it_prescribe),
};

int main(void) { return RUN_TESTS(Tests); }
