/* Painting: which cells a region covers, by the rules of paint.h, and which values it leaves as
   they are. */
#include "solver_test.h"

#include "solver/physics/paint.h"

/* Cases have 14 x 11 cells of 0.1 on [-0.2, 1.2] x [0, 1.1] and three materials, the first
   everywhere. */
enum { NX = 14, NY = 11 };

static PetscReal X(PetscInt i) { return -0.2 + ((PetscReal)i + 0.5) * 0.1; }
static PetscReal Y(PetscInt j) { return ((PetscReal)j + 0.5) * 0.1; }

static HeatCase *Blank(void)
{
  HeatCase *c = HeatTestCase(NX, NY, 1.2, 1.1, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});

  c->grid.x[0] = -0.2;
  HeatTestAddMaterial(c, (HeatTestMaterial){2.0, 2.0, 1.0, 1.0});
  HeatTestAddMaterial(c, (HeatTestMaterial){3.0, 3.0, 1.0, 1.0});
  return c;
}

static void Polygon(HeatRegion *r, PetscInt n, const PetscReal (*vertices)[2])
{
  r->n_vertices = n;
  OK(PetscMalloc1(n, &r->vertices));
  memcpy(r->vertices, vertices, (size_t)n * sizeof *vertices);
}

/* A case, and the number of the material that each cell must get. */
typedef struct {
  HeatCase *(*make)(void);
  int (*expected)(PetscInt i, PetscInt j);
} Picture;

static HeatCase *MakePicture(const void *context) { return ((const Picture *)context)->make(); }

static PetscReal WrongCells(HeatProblem *p)
{
  const Picture  *picture = p->context;
  const HeatGrid *g       = p->g;
  PetscReal       wrong   = 0.0;
  uint16_t       *material;

  OK(PetscMalloc1(HeatGridLocalCells(g), &material));
  OK(HeatPaintMaterials(g, p->c, NULL, material));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      wrong += material[j * g->nxl + i] != picture->expected(g->xs + i, g->ys + j);
    }
  }
  OK(PetscFree(material));
  return wrong;
}

static void ExpectPainted(HeatCase *(*make)(void), int (*expected)(PetscInt, PetscInt))
{
  const Picture picture = {make, expected};

  AT_MOST(HeatTestGridLayouts(MakePicture, WrongCells, &picture), 0.0);
}

/* ------- order ------- */

static int Zero(PetscInt i, PetscInt j) { return (void)i, (void)j, 0; }

static void first_region_covers_the_domain(void **state)
{
  (void)state;
  ExpectPainted(Blank, Zero);
}

static HeatCase *MakeOverlap(void)
{
  HeatCase *c = Blank();

  HeatTestRectangle(c, 2, 0.0, 0.6, 0.2, 0.8);
  HeatTestRectangle(c, 1, 0.3, 0.9, 0.4, 1.0);
  HeatTestNumber(&HeatTestRectangle(c, -1, 0.0, 0.9, 0.2, 1.0)->temperature, 9.0);
  return c;
}

static int Within(PetscReal v, PetscReal a, PetscReal b) { return v > a && v < b; }

static int Overlap(PetscInt i, PetscInt j)
{
  if (Within(X(i), 0.3, 0.9) && Within(Y(j), 0.4, 1.0)) return 1;
  return Within(X(i), 0.0, 0.6) && Within(Y(j), 0.2, 0.8) ? 2 : 0;
}

static void last_region_with_a_material_wins(void **state)
{
  (void)state;
  ExpectPainted(MakeOverlap, Overlap);
}

/* ------- rectangles ------- */

/* The edges of the rectangle go through centres: 0.05 and 0.45 in x (columns 2, 6), 0.35 and
   0.75 in y (rows 3, 7). */
static HeatCase *MakeOnCentres(void)
{
  HeatCase *c = Blank();

  HeatTestRectangle(c, 1, 0.05, 0.45, 0.35, 0.75);
  return c;
}

static int OnCentres(PetscInt i, PetscInt j) { return i >= 2 && i < 6 && j >= 3 && j < 7; }

static void centre_on_a_left_or_lower_edge_is_in_on_a_right_or_upper_one_out(void **state)
{
  (void)state;
  ExpectPainted(MakeOnCentres, OnCentres);
}

/* Four rectangles meet in the centre of cell (6, 5); a gap between them would leave material 2. */
static HeatCase *MakeTiles(void)
{
  HeatCase *c = Blank();

  HeatTestAddRegion(c, HEAT_SHAPE_ALL, 2);
  HeatTestRectangle(c, 1, -0.2, 0.45, 0.0, 0.55);
  HeatTestRectangle(c, 0, 0.45, 1.2, 0.0, 0.55);
  HeatTestRectangle(c, 0, -0.2, 0.45, 0.55, 1.1);
  HeatTestRectangle(c, 1, 0.45, 1.2, 0.55, 1.1);
  return c;
}

static int Tiles(PetscInt i, PetscInt j) { return (i < 6) == (j < 5); }

static void regions_that_share_an_edge_leave_no_gap(void **state)
{
  (void)state;
  ExpectPainted(MakeTiles, Tiles);
}

/* The four rectangles of MakeTiles in reverse order: an overlap would give other materials than
   there. */
static HeatCase *MakeTilesBackwards(void)
{
  HeatCase *c = Blank();

  HeatTestAddRegion(c, HEAT_SHAPE_ALL, 2);
  HeatTestRectangle(c, 1, 0.45, 1.2, 0.55, 1.1);
  HeatTestRectangle(c, 0, -0.2, 0.45, 0.55, 1.1);
  HeatTestRectangle(c, 0, 0.45, 1.2, 0.0, 0.55);
  HeatTestRectangle(c, 1, -0.2, 0.45, 0.0, 0.55);
  return c;
}

static void regions_that_share_an_edge_do_not_overlap(void **state)
{
  (void)state;
  ExpectPainted(MakeTilesBackwards, Tiles);
}

static HeatCase *MakeOutside(void)
{
  HeatCase *c = Blank();

  HeatTestRectangle(c, 1, 2.0, 3.0, 0.0, 1.0);
  HeatTestRectangle(c, 1, 0.0, 1.0, -5.0, -1.0);
  HeatTestRectangle(c, 1, 0.11, 0.14, 0.0, 1.1); /* between two columns of centres */
  HeatTestAddRegion(c, HEAT_SHAPE_CIRCLE, 1)->radius = 0.01;
  c->regions[c->n_regions - 1].centre[0]             = -7.0;
  return c;
}

static void region_without_centres_paints_nothing(void **state)
{
  (void)state;
  ExpectPainted(MakeOutside, Zero);
}

static HeatCase *MakeBeyond(void)
{
  HeatCase *c = Blank();

  HeatTestRectangle(c, 1, -1e300, 0.5, 0.5, 1e300);
  return c;
}

static int Beyond(PetscInt i, PetscInt j) { return X(i) < 0.5 && Y(j) > 0.5; }

static void region_is_cut_at_the_sides_of_the_domain(void **state)
{
  (void)state;
  ExpectPainted(MakeBeyond, Beyond);
}

/* ------- circles and polygons ------- */

static HeatCase *MakeCircles(void)
{
  HeatCase   *c = Blank();
  HeatRegion *r = HeatTestAddRegion(c, HEAT_SHAPE_CIRCLE, 1);

  r->centre[0] = 0.43;
  r->centre[1] = 0.52;
  r->radius    = 0.37;
  r            = HeatTestAddRegion(c, HEAT_SHAPE_CIRCLE, 2); /* partly outside the domain */
  r->centre[0] = 1.15;
  r->centre[1] = -0.02;
  r->radius    = 0.31;
  return c;
}

static int Circles(PetscInt i, PetscInt j)
{
  if (hypot(X(i) - 1.15, Y(j) + 0.02) <= 0.31) return 2;
  return hypot(X(i) - 0.43, Y(j) - 0.52) <= 0.37;
}

static void circle_takes_the_cells_whose_centre_is_within_its_radius(void **state)
{
  (void)state;
  ExpectPainted(MakeCircles, Circles);
}

/* The corners of an L with a slanted end.  It is painted in this order and in reverse: the sense of
   the polygon does not matter. */
static const PetscReal L[6][2] = {{-0.13, 0.12}, {0.88, 0.12}, {0.97, 0.44},
                                  {0.32, 0.44},  {0.32, 1.02}, {-0.13, 1.02}};

static HeatCase *MakeL(void)
{
  HeatCase *c = Blank();

  Polygon(HeatTestAddRegion(c, HEAT_SHAPE_POLYGON, 1), 6, L);
  return c;
}

static HeatCase *MakeLBackwards(void)
{
  HeatCase *c = Blank();
  PetscReal turned[6][2];

  for (int k = 0; k < 6; k++) {
    turned[k][0] = L[5 - k][0];
    turned[k][1] = L[5 - k][1];
  }
  Polygon(HeatTestAddRegion(c, HEAT_SHAPE_POLYGON, 1), 6, turned);
  return c;
}

static int InL(PetscInt i, PetscInt j)
{
  const PetscReal x = X(i), y = Y(j);

  if (!(x > -0.13 && y > 0.12 && y < 1.02)) return 0;
  return x < 0.32 || (y < 0.44 && x < 0.88 + (y - 0.12) / 0.32 * 0.09);
}

static void polygon_may_be_concave_and_wound_either_way(void **state)
{
  (void)state;
  ExpectPainted(MakeL, InL);
  ExpectPainted(MakeLBackwards, InL);
}

/* A square polygon whose edges go through centres covers the cells of MakeOnCentres. */
static HeatCase *MakeSquarePolygon(void)
{
  const PetscReal square[4][2] = {{0.05, 0.35}, {0.45, 0.35}, {0.45, 0.75}, {0.05, 0.75}};
  HeatCase       *c            = Blank();

  Polygon(HeatTestAddRegion(c, HEAT_SHAPE_POLYGON, 1), 4, square);
  return c;
}

static void polygon_treats_its_edges_like_a_rectangle(void **state)
{
  (void)state;
  ExpectPainted(MakeSquarePolygon, OnCentres);
}

/* How often each cell is covered by the two halves of a square, which is divided along a diagonal
   through centres of cells. */
typedef struct {
  PetscInt width;
  int     *count;
} Census;

static PetscErrorCode CountRun(PetscInt j, PetscInt begin, PetscInt end, void *context)
{
  Census *census = context;

  for (PetscInt i = begin; i < end; i++) census->count[j * census->width + i]++;
  return 0;
}

/* Count the cells that are covered by the halves of the square with corners in the centres of cells
   (i0, j0) and (i0 + n, j0 + n).  The diagonal rises or falls with x. */
static void CountHalves(const HeatGrid *g, PetscInt i0, PetscInt j0, PetscInt n, PetscBool rising,
                        Census *census)
{
  const PetscReal x0 = X(i0), x1 = X(i0 + n), y0 = Y(j0), y1 = Y(j0 + n);
  PetscReal  a[3][2] = {{x0, y0}, {x1, y0}, {x1, y1}}, b[3][2] = {{x0, y0}, {x1, y1}, {x0, y1}};
  PetscReal  c[3][2] = {{x0, y0}, {x1, y0}, {x0, y1}}, d[3][2] = {{x1, y0}, {x1, y1}, {x0, y1}};
  HeatRegion halves[2] = {
      {.shape = HEAT_SHAPE_POLYGON, .n_vertices = 3, .vertices = rising ? a : c},
      {.shape = HEAT_SHAPE_POLYGON, .n_vertices = 3, .vertices = rising ? b : d}};
  const HeatCase both = {.n_regions = 2, .regions = halves};

  for (PetscInt r = 0; r < 2; r++) OK(HeatPaintRegion(g, &both, r, NULL, CountRun, census));
}

/* Return the number of cells that the two halves together do not cover exactly as the square
   does: its n x n cells, columns i0 to i0 + n - 1 and rows j0 to j0 + n - 1, once and no others. */
static PetscReal WrongHalves(HeatProblem *p, PetscBool rising)
{
  const HeatGrid *g      = p->g;
  Census          census = {g->nxl, NULL};
  PetscReal       wrong  = 0.0;

  OK(PetscMalloc1(HeatGridLocalCells(g), &census.count));
  for (PetscInt n = 1; n < NY; n++) {
    const PetscInt i0 = n % 3, j0 = (NY - 1 - n) / 2;

    OK(PetscArrayzero(census.count, HeatGridLocalCells(g)));
    CountHalves(g, i0, j0, n, rising, &census);
    for (PetscInt cell = 0; cell < g->nxl * g->nyl; cell++) {
      const PetscInt i = g->xs + cell % g->nxl - i0, j = g->ys + cell / g->nxl - j0;

      wrong += census.count[cell] != (i >= 0 && i < n && j >= 0 && j < n);
    }
  }
  OK(PetscFree(census.count));
  return wrong;
}

static PetscReal WrongRisingHalves(HeatProblem *p) { return WrongHalves(p, PETSC_TRUE); }
static PetscReal WrongFallingHalves(HeatProblem *p) { return WrongHalves(p, PETSC_FALSE); }

static HeatCase *MakeBlank(const void *context) { return (void)context, Blank(); }

static void polygons_that_share_a_rising_edge_neither_overlap_nor_leave_a_gap(void **state)
{
  (void)state;
  AT_MOST(HeatTestGridLayouts(MakeBlank, WrongRisingHalves, NULL), 0.0);
}

static void polygons_that_share_a_falling_edge_neither_overlap_nor_leave_a_gap(void **state)
{
  (void)state;
  AT_MOST(HeatTestGridLayouts(MakeBlank, WrongFallingHalves, NULL), 0.0);
}

/* ------- TeaLeaf's rule ------- */

static HeatCase *MakeTealeaf(void)
{
  HeatCase   *c = Blank();
  HeatRegion *r;

  c->solver.paint = HEAT_PAINT_TEALEAF;
  HeatTestRectangle(c, 1, 0.0, 0.41, 0.2,
                    0.5); /* edges on lines of the grid; x = 0.41: 0.01 beyond */
  HeatTestRectangle(c, 2, 0.5995, 0.8005, 0.601, 0.6985);
  r            = HeatTestAddRegion(c, HEAT_SHAPE_CIRCLE, 2);
  r->centre[0] = 0.1;
  r->centre[1] = 0.9;
  r->radius    = 0.17;
  return c;
}

/* Return whether TeaLeaf paints the cell: its rectangle is shrunk by a hundredth of a cell, and
   takes cells whose right edge is >= its minimum and whose left edge is < its maximum. */
static int TealeafRectangle(PetscInt i, PetscInt j, PetscReal x0, PetscReal x1, PetscReal y0,
                            PetscReal y1)
{
  const PetscReal d = 0.001;

  return X(i) + 0.05 >= x0 + d && X(i) - 0.05 < x1 - d && Y(j) + 0.05 >= y0 + d &&
         Y(j) - 0.05 < y1 - d;
}

static int Tealeaf(PetscInt i, PetscInt j)
{
  if (hypot(X(i) - 0.1, Y(j) - 0.9) <= 0.17) return 2;
  if (TealeafRectangle(i, j, 0.5995, 0.8005, 0.601, 0.6985)) return 2;
  return TealeafRectangle(i, j, 0.0, 0.41, 0.2, 0.5);
}

static void tealeafs_rule_takes_every_cell_that_the_shrunk_rectangle_touches(void **state)
{
  (void)state;
  assert_int_equal(Tealeaf(6, 3), 1); /* 0.409 lies in [0.4, 0.5] */
  assert_int_equal(Tealeaf(1, 3), 0); /* [-0.1, 0.0] touches the unshrunk edge only */
  ExpectPainted(MakeTealeaf, Tealeaf);
}

/* ------- sources and temperatures ------- */

static HeatCase *MakeSources(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  HeatTestNumber(&HeatTestRectangle(c, 1, 0.0, 0.6, 0.2, 0.8)->source, 5.0);
  HeatTestRectangle(c, 2, 0.0, 0.3, 0.2, 0.8); /* has no source, leaves it as it is */
  HeatTestNumber(&HeatTestRectangle(c, -1, 0.4, 0.9, 0.4, 1.0)->source, 0.0);
  return c;
}

static PetscReal WrongSources(HeatProblem *p)
{
  const HeatGrid *g     = p->g;
  PetscReal       wrong = 0.0;
  uint16_t       *region;

  OK(PetscMalloc1(HeatGridLocalCells(g), &region));
  OK(HeatPaintSources(g, p->c, NULL, region));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const PetscReal x = X(g->xs + i), y = Y(g->ys + j);
      int             expected = UINT16_MAX;

      if (Within(x, 0.0, 0.6) && Within(y, 0.2, 0.8)) expected = 1;
      if (Within(x, 0.4, 0.9) && Within(y, 0.4, 1.0)) expected = 3;
      wrong += region[j * g->nxl + i] != expected;
    }
  }
  OK(PetscFree(region));
  return wrong;
}

static void source_of_a_cell_is_that_of_the_last_region_that_gives_one(void **state)
{
  (void)state;
  AT_MOST(HeatTestGridLayouts(MakeSources, WrongSources, NULL), 0.0);
}

static HeatCase *MakeTemperatures(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  HeatTestText(&c->initial.temperature, "100 + 10*x");
  HeatTestNumber(&HeatTestRectangle(c, 1, 0.0, 0.6, 0.2, 0.8)->temperature, 5.0);
  HeatTestRectangle(c, 2, 0.0, 0.3, 0.2, 0.8); /* has no temperature, leaves it as it is */
  HeatTestText(&HeatTestRectangle(c, -1, 0.4, 0.9, 0.4, 1.0)->temperature, "x*y");
  return c;
}

static PetscReal TemperatureApart(HeatProblem *p, PetscBool from_file)
{
  const HeatGrid *g = p->g;
  PetscReal      *T = HeatTestArray(g), worst = 0.0;

  for (size_t k = 0; k < HeatGridLocalCells(g); k++) T[k] = -1.0;
  OK(HeatPaintTemperature(g, p->c, NULL, from_file, T));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const PetscReal x = X(g->xs + i), y = Y(g->ys + j);
      PetscReal       expected = from_file ? -1.0 : 100.0 + 10.0 * x;

      if (Within(x, 0.0, 0.6) && Within(y, 0.2, 0.8)) expected = 5.0;
      if (Within(x, 0.4, 0.9) && Within(y, 0.4, 1.0)) expected = x * y;
      worst = HeatTestMax(worst, fabs(T[j * g->nxl + i] - expected));
    }
  }
  OK(PetscFree(T));
  return worst;
}

static PetscReal PaintedTemperature(HeatProblem *p) { return TemperatureApart(p, PETSC_FALSE); }
static PetscReal TemperatureOnFile(HeatProblem *p) { return TemperatureApart(p, PETSC_TRUE); }

static void temperatures_of_regions_are_painted_over_the_initial_one(void **state)
{
  (void)state;
  AT_MOST(HeatTestGridLayouts(MakeTemperatures, PaintedTemperature, NULL), 1e-13);
}

static void field_from_a_file_stays_where_no_region_gives_a_temperature(void **state)
{
  (void)state;
  AT_MOST(HeatTestGridLayouts(MakeTemperatures, TemperatureOnFile, NULL), 1e-13);
}

static PetscReal ColdIsZero(HeatProblem *p)
{
  PetscReal *T = HeatTestNoiseArray(p->g, 1), worst = 0.0;

  OK(HeatPaintTemperature(p->g, p->c, NULL, PETSC_FALSE, T));
  for (size_t k = 0; k < HeatGridLocalCells(p->g); k++) worst = HeatTestMax(worst, fabs(T[k]));
  OK(PetscFree(T));
  return worst;
}

static void temperature_not_given_is_zero(void **state)
{
  (void)state;
  AT_MOST(HeatTestGridLayouts(MakeBlank, ColdIsZero, NULL), 0.0);
}

/* The temperature is undefined in the last column only. */
static void temperature_that_is_not_finite_is_refused_by_all_ranks(void **state)
{
  HeatCase *c = Blank();

  (void)state;
  HeatTestText(&c->initial.temperature, "sqrt(1.12 - x)"); /* its centre is at 1.15 */
  HeatProblem p = HeatTestSetUpGrid(PETSC_COMM_WORLD, c);
  PetscReal  *T = HeatTestArray(p.g);

  RAISES(HEAT_ERR_INPUT, "initial.temperature",
         HeatPaintTemperature(p.g, p.c, NULL, PETSC_FALSE, T));
  OK(PetscFree(T));
  HeatTestTearDown(&p);
}

static void temperature_of_a_region_that_is_not_finite_names_the_region(void **state)
{
  HeatCase *c = Blank();

  (void)state;
  HeatTestText(&HeatTestRectangle(c, 1, 0.0, 0.2, 0.0, 0.2)->temperature, "1/(x - x)");
  HeatProblem p = HeatTestSetUpGrid(PETSC_COMM_WORLD, c);
  PetscReal  *T = HeatTestArray(p.g);

  RAISES(HEAT_ERR_INPUT, "regions[1].temperature",
         HeatPaintTemperature(p.g, p.c, NULL, PETSC_FALSE, T));
  OK(PetscFree(T));
  HeatTestTearDown(&p);
}

/* ------- maps ------- */

/* Return the number in the map: a material, or -1 where column + 2 row is divisible by 4. */
static int32_t MapAt(PetscInt i, PetscInt j)
{
  return (i + 2 * j) % 4 == 0 ? -1 : (int32_t)((i + j) % 3);
}

/* Return this rank's cells of the map of region 1, as if read from a file. */
static HeatCellInputs ReadMap(const HeatProblem *p)
{
  HeatCellInputs  inputs = {NULL, {NULL}};
  const HeatGrid *g      = p->g;

  OK(PetscCalloc1(p->c->n_regions, &inputs.maps));
  OK(PetscMalloc1(HeatGridLocalCells(g), &inputs.maps[1]));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++)
      inputs.maps[1][j * g->nxl + i] = MapAt(g->xs + i, g->ys + j);
  }
  return inputs;
}

static void FreeMap(HeatCellInputs *inputs)
{
  OK(PetscFree(inputs->maps[1]));
  OK(PetscFree(inputs->maps));
}

static HeatRegion *AddMap(HeatCase *c)
{
  HeatRegion *r = HeatTestAddRegion(c, HEAT_SHAPE_MAP, -1);

  OK(PetscStrallocpy("map.h5", &r->map.file));
  OK(PetscStrallocpy("/material", &r->map.dataset));
  return r;
}

/* Paint material 1 everywhere, then the map with a temperature and a source, then a rectangle of
   material 0 over a part of it. */
static HeatCase *MakeMap(const void *context)
{
  HeatCase   *c = Blank();
  HeatRegion *map;

  (void)context;
  OK(PetscFree(c->regions[0].material_name));
  OK(PetscStrallocpy("m1", &c->regions[0].material_name));
  map = AddMap(c);
  HeatTestNumber(&map->temperature, 50.0);
  HeatTestNumber(&map->source, 7.0);
  HeatTestRectangle(c, 0, 0.0, 0.4, 0.0, 0.5);
  return c;
}

static int MapMaterial(PetscInt i, PetscInt j)
{
  if (Within(X(i), 0.0, 0.4) && Within(Y(j), 0.0, 0.5)) return 0;
  return MapAt(i, j) < 0 ? 1 : MapAt(i, j);
}

static PetscReal MapApart(HeatProblem *p)
{
  const HeatGrid *g      = p->g;
  HeatCellInputs  inputs = ReadMap(p);
  PetscReal      *T = HeatTestArray(g), wrong = 0.0;
  uint16_t       *material, *source;

  OK(PetscMalloc2(HeatGridLocalCells(g), &material, HeatGridLocalCells(g), &source));
  OK(HeatPaintMaterials(g, p->c, &inputs, material));
  OK(HeatPaintSources(g, p->c, &inputs, source));
  OK(HeatPaintTemperature(g, p->c, &inputs, PETSC_FALSE, T));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const int hole = MapAt(g->xs + i, g->ys + j) < 0;

      wrong += material[j * g->nxl + i] != MapMaterial(g->xs + i, g->ys + j);
      wrong += source[j * g->nxl + i] != (hole ? 65535 : 1);
      wrong += T[j * g->nxl + i] != (hole ? 0.0 : 50.0);
    }
  }
  OK(PetscFree2(material, source));
  OK(PetscFree(T));
  FreeMap(&inputs);
  return wrong;
}

static void map_gives_materials_by_number_and_the_regions_temperature_and_source(void **state)
{
  (void)state;
  AT_MOST(HeatTestGridLayouts(MakeMap, MapApart, NULL), 0.0);
}

static HeatCase *MakeMask(const void *context)
{
  HeatCase *c = Blank();

  (void)context;
  OK(PetscStrallocpy("m2", &AddMap(c)->material_name));
  return c;
}

static PetscReal MaskApart(HeatProblem *p)
{
  const HeatGrid *g      = p->g;
  HeatCellInputs  inputs = ReadMap(p);
  PetscReal       wrong  = 0.0;
  uint16_t       *material;

  OK(PetscMalloc1(HeatGridLocalCells(g), &material));
  OK(HeatPaintMaterials(g, p->c, &inputs, material));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++)
      wrong += material[j * g->nxl + i] != (MapAt(g->xs + i, g->ys + j) < 0 ? 0 : 2);
  }
  OK(PetscFree(material));
  FreeMap(&inputs);
  return wrong;
}

static void material_of_a_region_stands_over_its_maps_numbers(void **state)
{
  (void)state;
  AT_MOST(HeatTestGridLayouts(MakeMask, MaskApart, NULL), 0.0);
}

static void map_with_a_number_that_no_material_has_is_refused_by_all_ranks(void **state)
{
  HeatProblem    p      = HeatTestSetUpGrid(PETSC_COMM_WORLD, MakeMap(NULL));
  HeatCellInputs inputs = ReadMap(&p);
  uint16_t      *material;

  (void)state;
  OK(PetscMalloc1(HeatGridLocalCells(p.g), &material));
  if (p.g->rank == p.g->size - 1) inputs.maps[1][0] = 3;
  RAISES(HEAT_ERR_INPUT, "regions[1].file", HeatPaintMaterials(p.g, p.c, &inputs, material));
  OK(PetscFree(material));
  FreeMap(&inputs);
  HeatTestTearDown(&p);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(first_region_covers_the_domain),
    cmocka_unit_test(last_region_with_a_material_wins),
    cmocka_unit_test(centre_on_a_left_or_lower_edge_is_in_on_a_right_or_upper_one_out),
    cmocka_unit_test(regions_that_share_an_edge_leave_no_gap),
    cmocka_unit_test(regions_that_share_an_edge_do_not_overlap),
    cmocka_unit_test(region_without_centres_paints_nothing),
    cmocka_unit_test(region_is_cut_at_the_sides_of_the_domain),
    cmocka_unit_test(circle_takes_the_cells_whose_centre_is_within_its_radius),
    cmocka_unit_test(polygon_may_be_concave_and_wound_either_way),
    cmocka_unit_test(polygon_treats_its_edges_like_a_rectangle),
    cmocka_unit_test(polygons_that_share_a_rising_edge_neither_overlap_nor_leave_a_gap),
    cmocka_unit_test(polygons_that_share_a_falling_edge_neither_overlap_nor_leave_a_gap),
    cmocka_unit_test(tealeafs_rule_takes_every_cell_that_the_shrunk_rectangle_touches),
    cmocka_unit_test(source_of_a_cell_is_that_of_the_last_region_that_gives_one),
    cmocka_unit_test(temperatures_of_regions_are_painted_over_the_initial_one),
    cmocka_unit_test(field_from_a_file_stays_where_no_region_gives_a_temperature),
    cmocka_unit_test(temperature_not_given_is_zero),
    cmocka_unit_test(temperature_that_is_not_finite_is_refused_by_all_ranks),
    cmocka_unit_test(temperature_of_a_region_that_is_not_finite_names_the_region),
    cmocka_unit_test(map_gives_materials_by_number_and_the_regions_temperature_and_source),
    cmocka_unit_test(material_of_a_region_stands_over_its_maps_numbers),
    cmocka_unit_test(map_with_a_number_that_no_material_has_is_refused_by_all_ranks),
};

int main(void) { return RUN_TESTS(Tests); }
