/* The faces of interfaces: their lengths, each times |n.e|, add up to the length of the interface,
 * for shapes, for shapes painted over others, and for maps; sides of rectangles count whole; and a
 * face has the same bits on every rank of every layout, so that the other claims are about one rank
 * alone. */
#include "solver_test.h"

#include "solver/physics/interfaces.h"

/* On [0, 1] x [0, 1.5]; cells are not square. */
enum { NX = 120, NY = 150 };
static const PetscReal Width = 1.0, Height = 1.5, Pi = 3.14159265358979323846;

/* ------- cases ------- */

typedef enum { SHAPES, MAP } Form;

typedef struct {
  const char *name;
  void (*add)(HeatCase *c);
  PetscReal length;            /* of all interfaces [m] */
  PetscReal of_shapes, of_map; /* bounds of the relative error */
  PetscInt  nx, ny;
  PetscBool periodic[2];
} Variant;

static void AddCircle(HeatCase *c, int material, PetscReal x, PetscReal y, PetscReal radius)
{
  HeatRegion *r = HeatTestAddRegion(c, HEAT_SHAPE_CIRCLE, material);

  r->centre[0] = x;
  r->centre[1] = y;
  r->radius    = radius;
}

static void AddPolygon(HeatCase *c, int material, PetscInt n, const PetscReal (*vertices)[2])
{
  HeatRegion *r = HeatTestAddRegion(c, HEAT_SHAPE_POLYGON, material);

  r->n_vertices = n;
  OK(PetscMalloc1(n, &r->vertices));
  memcpy(r->vertices, vertices, (size_t)n * sizeof *vertices);
}

static void AddDisc(HeatCase *c) { AddCircle(c, 1, 0.47, 0.71, 0.31); }

static void AddRing(HeatCase *c)
{
  AddCircle(c, 1, 0.5, 0.75, 0.41);
  AddCircle(c, 0, 0.51, 0.74, 0.2);
}

/* The upper half of a disc: of the rectangle over it, only the chord is an interface. */
static void AddHalfDisc(HeatCase *c)
{
  AddCircle(c, 1, 0.5, 0.75, 0.35);
  HeatTestRectangle(c, 0, 0.1, 0.9, 0.1, 0.75);
}

/* A bar with round ends, in parts that overlap; regions without a material change nothing. */
static void AddStadium(HeatCase *c)
{
  HeatTestRectangle(c, 1, 0.3, 0.7, 0.5, 0.9);
  AddCircle(c, 1, 0.3, 0.7, 0.2);
  AddCircle(c, 1, 0.7, 0.7, 0.2);
  HeatTestNumber(&HeatTestAddRegion(c, HEAT_SHAPE_CIRCLE, -1)->temperature, 5.0);
  c->regions[c->n_regions - 1].centre[0] = 0.5;
  c->regions[c->n_regions - 1].centre[1] = 0.7;
  c->regions[c->n_regions - 1].radius    = 0.38;
}

static void AddHexagon(HeatCase *c)
{
  PetscReal v[6][2];

  for (int k = 0; k < 6; k++) {
    v[k][0] = 0.49 + 0.33 * cos(0.2 + Pi / 3.0 * k);
    v[k][1] = 0.72 + 0.33 * sin(0.2 + Pi / 3.0 * k);
  }
  AddPolygon(c, 1, 6, (const PetscReal(*)[2])v);
}

/* From (0, 0.3) to (1, 1.1); the polygon's other edges lie outside the domain. */
static void AddSlant(HeatCase *c)
{
  const PetscReal v[4][2] = {{-1.0, -2.0}, {2.0, -2.0}, {2.0, 1.9}, {-1.0, -0.5}};

  AddPolygon(c, 1, 4, v);
}

/* The same slant between two polygons with a common edge. */
static void AddTwoSlants(HeatCase *c)
{
  const PetscReal below[4][2] = {{-1.0, -2.0}, {2.0, -2.0}, {2.0, 1.9}, {-1.0, -0.5}};
  const PetscReal above[4][2] = {{2.0, 3.0}, {-1.0, 3.0}, {-1.0, -0.5}, {2.0, 1.9}};

  AddPolygon(c, 0, 4, above);
  AddPolygon(c, 1, 4, below);
}

/* A slanted strip, four cells wide, whose two sides must not be mistaken for one another. */
static void AddStrip(HeatCase *c)
{
  const PetscReal v[4][2] = {{-1.0, -0.5}, {2.0, 1.9}, {2.0, 1.96}, {-1.0, -0.44}};

  AddPolygon(c, 1, 4, v);
}

/* A disc across a side that is periodic, in two parts. */
static void AddWrappedDisc(HeatCase *c)
{
  AddCircle(c, 1, 0.0, 0.75, 0.3);
  AddCircle(c, 1, 1.0, 0.75, 0.3);
}

/* Half a disc at a side that is periodic: its diameter is an interface too. */
static void AddCutDisc(HeatCase *c) { AddCircle(c, 1, 0.0, 0.75, 0.3); }

static void AddRectangle(HeatCase *c) { HeatTestRectangle(c, 1, 0.25, 0.75, 0.3, 1.2); }

static void AddAngle(HeatCase *c)
{
  const PetscReal v[6][2] = {{0.25, 0.3}, {0.75, 0.3}, {0.75, 0.6},
                             {0.5, 0.6},  {0.5, 1.2},  {0.25, 1.2}};

  AddPolygon(c, 1, 6, v);
}

static void AddTealeaf(HeatCase *c)
{
  HeatTestRectangle(c, 1, 0.2513, 0.7434, 0.3021, 1.1934);
  c->solver.paint = HEAT_PAINT_TEALEAF;
}

/* Blocks of one of two materials as if at random, two to five of the 24 cells wide and high. */
static void AddBlocks(HeatCase *c)
{
  static const int at[] = {0, 2, 7, 10, 14, 19, 21, 24};

  for (int j = 0; j < 7; j++) {
    for (int i = 0; i < 7; i++) {
      if (HeatTestNoise(i, j, 9) > 0.0)
        HeatTestRectangle(c, 1, at[i] / 24.0, at[i + 1] / 24.0, at[j] / 16.0, at[j + 1] / 16.0);
    }
  }
}

/* A wall with a jog, at multiples of 6 cells as if pixels had been refined. */
static void AddJog(HeatCase *c)
{
  const PetscReal v[6][2] = {{-1.0, -1.0}, {2.0, -1.0},  {2.0, 0.75},
                             {0.5, 0.75},  {0.5, 0.375}, {-1.0, 0.375}};

  AddPolygon(c, 1, 6, v);
}

static const Variant Round[] = {
    {"disc", AddDisc, 2.0 * Pi * 0.31, 1e-3, 5e-3, NX, NY, {PETSC_FALSE, PETSC_FALSE}},
    {"ring", AddRing, 2.0 * Pi * 0.61, 2e-3, 8e-3, NX, NY, {PETSC_FALSE, PETSC_FALSE}},
    {"half disc", AddHalfDisc, (Pi + 2.0) * 0.35, 6e-3, 1e-2, NX, NY, {PETSC_FALSE, PETSC_FALSE}},
    {"stadium", AddStadium, 2.0 * Pi * 0.2 + 0.8, 6e-3, 1e-2, NX, NY, {PETSC_FALSE, PETSC_FALSE}},
    {"hexagon", AddHexagon, 6.0 * 0.33, 6e-3, 1e-2, NX, NY, {PETSC_FALSE, PETSC_FALSE}},
    {"slant", AddSlant, 1.2806248474865698, 6e-3, 6e-3, NX, NY, {PETSC_FALSE, PETSC_FALSE}},
    {"two slants",
     AddTwoSlants,
     1.2806248474865698,
     6e-3,
     6e-3,
     NX,
     NY,
     {PETSC_FALSE, PETSC_FALSE}},
    {"strip", AddStrip, 2.0 * 1.2806248474865698, 6e-3, 6e-3, NX, NY, {PETSC_FALSE, PETSC_FALSE}},
    {"wrapped disc", AddWrappedDisc, 2.0 * Pi * 0.3, 2e-3, 8e-3, NX, NY, {PETSC_TRUE, PETSC_TRUE}},
    {"cut disc", AddCutDisc, (Pi + 2.0) * 0.3, 6e-3, 1e-2, NX, NY, {PETSC_TRUE, PETSC_FALSE}},
};

static const Variant Flat[] = {
    {"rectangle", AddRectangle, 2.8, 1e-12, 1e-12, NX, NY, {PETSC_FALSE, PETSC_FALSE}},
    {"angle", AddAngle, 2.8, 1e-12, 1e-12, NX, NY, {PETSC_TRUE, PETSC_TRUE}},
    {"TeaLeaf's rectangle", AddTealeaf, 2.8, 3e-2, 3e-2, NX, NY, {PETSC_FALSE, PETSC_FALSE}},
    {"blocks", AddBlocks, 0.0, 0.0, 0.0, 24, 24, {PETSC_FALSE, PETSC_TRUE}},
    {"jog", AddJog, 0.0, 0.0, 0.0, 24, 24, {PETSC_FALSE, PETSC_FALSE}},
};

static HeatCase *Make(const void *context)
{
  const Variant *v = context;
  HeatCase *c = HeatTestCase(v->nx, v->ny, Width, Height, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});

  HeatTestAddMaterial(c, (HeatTestMaterial){2.0, 2.0, 1.0, 1.0});
  v->add(c);
  for (int axis = 0; axis < 2; axis++)
    if (v->periodic[axis]) HeatTestPeriodic(c, axis);
  return c;
}

/* ------- interfaces of a case, and of a map of its materials ------- */

static HeatInterfaces *OfShapes(const HeatGrid *g, const HeatCase *c, const uint16_t *material)
{
  HeatInterfaces *s;

  OK(HeatInterfacesCreate(g, c, NULL, material, &s));
  return s;
}

/* The case that has only a map; *c must outlive the interfaces. */
static HeatInterfaces *OfMap(const HeatGrid *g, const uint16_t *material, HeatCase **c)
{
  HeatCellInputs  inputs = {NULL, {NULL}};
  int32_t        *map, *maps[2];
  HeatInterfaces *s;

  *c = HeatTestCase(g->nx, g->ny, Width, Height, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});
  HeatTestAddMaterial(*c, (HeatTestMaterial){2.0, 2.0, 1.0, 1.0});
  HeatTestAddRegion(*c, HEAT_SHAPE_MAP, -1);
  (*c)->regions[0].material = 0;
  (*c)->regions[1].material = -1;
  OK(PetscMalloc1(HeatGridLocalCells(g), &map));
  for (size_t k = 0; k < HeatGridLocalCells(g); k++) map[k] = material[k];
  maps[0]     = NULL;
  maps[1]     = map;
  inputs.maps = maps;
  OK(HeatInterfacesCreate(g, *c, &inputs, material, &s));
  OK(PetscFree(map));
  return s;
}

/* The deviation of a claim about a case that one rank has alone. */
static PetscReal Alone(HeatTestMake make, HeatTestClaim claim, const void *context)
{
  HeatProblem p = HeatTestSetUpGrid(PETSC_COMM_SELF, make(context));
  PetscReal   worst;

  p.context = context;
  worst     = claim(&p);
  HeatTestTearDown(&p);
  return worst;
}

typedef void (*Visitor)(const HeatGrid *g, const HeatInterfaces *s, int axis, PetscInt j,
                        PetscInt i, PetscReal cosine, void *context);

/* Visit every face of own cells between two materials, those shared with other ranks included. */
static void VisitFaces(const HeatGrid *g, const HeatInterfaces *s, Visitor visit, void *context)
{
  for (int axis = 0; axis < 2; axis++) {
    for (PetscInt j = 0; j < g->nyl + axis; j++) {
      for (PetscInt i = 0; i < g->nxl + 1 - axis; i++) {
        const HeatFacePair pair = HeatInterfacesMaterials(s, axis, j, i);

        if (pair.low == pair.high) continue;
        visit(g, s, axis, j, i, HeatInterfacesCosine(s, axis, j, i), context);
      }
    }
  }
}

/* Run a claim about a case's interfaces in either form. */
static PetscReal OfForm(HeatProblem *p, Form form,
                        PetscReal (*claim)(HeatProblem *p, const HeatInterfaces *s))
{
  HeatCase       *c = NULL;
  HeatInterfaces *s;
  uint16_t       *material;
  PetscReal       worst;

  OK(PetscMalloc1(HeatGridLocalCells(p->g), &material));
  OK(HeatPaintMaterials(p->g, p->c, NULL, material));
  s = form == MAP ? OfMap(p->g, material, &c) : OfShapes(p->g, p->c, material);
  OK(PetscFree(material));
  worst = claim(p, s);
  OK(HeatInterfacesDestroy(&s));
  assert_null(s);
  OK(HeatCaseDestroy(&c));
  return worst;
}

/* ------- lengths ------- */

static void AddLength(const HeatGrid *g, const HeatInterfaces *s, int axis, PetscInt j, PetscInt i,
                      PetscReal cosine, void *context)
{
  (void)s;
  if (axis == 0 && i == g->nxl) return; /* the next rank has it as its own cell's west face */
  if (axis == 1 && j == g->nyl) return;
  *(PetscReal *)context += cosine * (axis == 0 ? g->hy : g->hx);
}

static PetscReal LengthApart(HeatProblem *p, const HeatInterfaces *s)
{
  const Variant *v   = p->context;
  PetscReal      sum = 0.0;

  VisitFaces(p->g, s, AddLength, &sum);
  return fabs(HeatTestSum(p->g->comm, sum) / v->length - 1.0);
}

static PetscReal ShapesLength(HeatProblem *p) { return OfForm(p, SHAPES, LengthApart); }
static PetscReal MapLength(HeatProblem *p) { return OfForm(p, MAP, LengthApart); }

/* The bounds are about twice what was measured; every face counted whole gives 4/pi for a circle.
   Ends of straight pieces are right to a cell, 0.5 % of the shortest. */
static void faces_add_up_to_the_length_of_the_interface(void **state)
{
  (void)state;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(Round); k++) {
    AT_MOST(Alone(Make, ShapesLength, &Round[k]), Round[k].of_shapes);
    AT_MOST(Alone(Make, MapLength, &Round[k]), Round[k].of_map);
  }
}

/* ------- flat ones ------- */

static void CountOthers(const HeatGrid *g, const HeatInterfaces *s, int axis, PetscInt j,
                        PetscInt i, PetscReal cosine, void *context)
{
  (void)g, (void)s, (void)axis, (void)j, (void)i;
  *(PetscReal *)context += cosine != 1.0;
}

static PetscReal NotWhole(HeatProblem *p, const HeatInterfaces *s)
{
  PetscReal others = 0.0;

  VisitFaces(p->g, s, CountOthers, &others);
  return others;
}

static PetscReal ShapesNotWhole(HeatProblem *p) { return OfForm(p, SHAPES, NotWhole); }
static PetscReal MapNotWhole(HeatProblem *p) { return OfForm(p, MAP, NotWhole); }

static void faces_along_the_axes_count_whole_up_to_the_corners(void **state)
{
  (void)state;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(Flat); k++) {
    AT_MOST(Alone(Make, ShapesNotWhole, &Flat[k]), 0.0);
    AT_MOST(Alone(Make, MapNotWhole, &Flat[k]), 0.0);
  }
}

/* ------- the same bits ------- */

/* The faces of one rank alone. */
typedef struct {
  const HeatInterfaces *alone;
  PetscReal             differ;
} Comparison;

static void Compare(const HeatGrid *g, const HeatInterfaces *s, int axis, PetscInt j, PetscInt i,
                    PetscReal cosine, void *context)
{
  Comparison        *k  = context;
  const PetscInt     jg = g->ys + j, ig = g->xs + i;
  const HeatFacePair here  = HeatInterfacesMaterials(s, axis, j, i),
                     there = HeatInterfacesMaterials(k->alone, axis, jg, ig);

  k->differ += here.low != there.low || here.high != there.high;
  k->differ += cosine != HeatInterfacesCosine(k->alone, axis, jg, ig);
}

static PetscReal BitsDiffer(HeatProblem *p, Form form)
{
  HeatProblem     alone = HeatTestSetUpGrid(PETSC_COMM_SELF, Make(p->context));
  HeatCase       *c = NULL, *c_alone = NULL;
  uint16_t       *material, *all;
  HeatInterfaces *s, *s_alone;
  Comparison      k = {NULL, 0.0};

  OK(PetscMalloc1(HeatGridLocalCells(p->g), &material));
  OK(PetscMalloc1(HeatGridLocalCells(alone.g), &all));
  OK(HeatPaintMaterials(p->g, p->c, NULL, material));
  OK(HeatPaintMaterials(alone.g, alone.c, NULL, all));
  s       = form == MAP ? OfMap(p->g, material, &c) : OfShapes(p->g, p->c, material);
  s_alone = form == MAP ? OfMap(alone.g, all, &c_alone) : OfShapes(alone.g, alone.c, all);
  k.alone = s_alone;
  VisitFaces(p->g, s, Compare, &k);
  OK(HeatInterfacesDestroy(&s));
  OK(HeatInterfacesDestroy(&s_alone));
  OK(PetscFree(material));
  OK(PetscFree(all));
  OK(HeatCaseDestroy(&c));
  OK(HeatCaseDestroy(&c_alone));
  HeatTestTearDown(&alone);
  return k.differ;
}

static PetscReal ShapesDiffer(HeatProblem *p) { return BitsDiffer(p, SHAPES); }
static PetscReal MapDiffers(HeatProblem *p) { return BitsDiffer(p, MAP); }

/* On coarse grids, so that blocks are a few cells wide, as thin as one; every second case. */
static void face_has_the_same_bits_on_any_layout(void **state)
{
  static const PetscInt cells[][2] = {{7, 9}, {27, 31}};

  (void)state;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(Round); k += 2) {
    for (size_t n = 0; n < PETSC_STATIC_ARRAY_LENGTH(cells); n++) {
      Variant v = Round[k == 8 ? 9 : k]; /* the disc that a periodic side cuts */

      v.nx = cells[n][0];
      v.ny = cells[n][1];
      AT_MOST(HeatTestGridLayouts(Make, ShapesDiffer, &v), 0.0);
      AT_MOST(HeatTestGridLayouts(Make, MapDiffers, &v), 0.0);
    }
  }
}

/* ------- refined maps ------- */

/* The materials of a case on a grid that is coarser by a factor, each cell repeated. */
static void Repeat(const HeatProblem *p, PetscInt factor, uint16_t *material)
{
  const HeatGrid *g = p->g;
  Variant         v = *(const Variant *)p->context;
  HeatProblem     coarse;
  uint16_t       *all;

  v.nx /= factor;
  v.ny /= factor;
  coarse = HeatTestSetUpGrid(PETSC_COMM_SELF, Make(&v));
  OK(PetscMalloc1(HeatGridLocalCells(coarse.g), &all));
  OK(HeatPaintMaterials(coarse.g, coarse.c, NULL, all));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++)
      material[j * g->nxl + i] = all[(g->ys + j) / factor * v.nx + (g->xs + i) / factor];
  }
  OK(PetscFree(all));
  HeatTestTearDown(&coarse);
}

static PetscReal RefinedApart(HeatProblem *p)
{
  const Variant *v     = p->context;
  PetscReal      worst = 0.0;

  for (PetscInt factor = 2; factor <= 3; factor++) {
    HeatCase       *c;
    HeatInterfaces *s;
    uint16_t       *material;
    PetscReal       sum = 0.0;

    OK(PetscMalloc1(HeatGridLocalCells(p->g), &material));
    Repeat(p, factor, material);
    s = OfMap(p->g, material, &c);
    VisitFaces(p->g, s, AddLength, &sum);
    worst = HeatTestMax(worst, fabs(HeatTestSum(p->g->comm, sum) / v->length - 1.0));
    OK(PetscFree(material));
    OK(HeatInterfacesDestroy(&s));
    OK(HeatCaseDestroy(&c));
  }
  return worst;
}

/* As accurate as on the coarser grid: up to four times the error of the finer one. */
static void refined_map_has_the_lengths_of_its_pixels(void **state)
{
  (void)state;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(Round); k++) {
    if (Round[k].add == AddStrip) continue; /* its pixels leave holes */
    AT_MOST(Alone(Make, RefinedApart, &Round[k]), 4.0 * Round[k].of_map);
  }
}

/* ------- third materials ------- */

/* Layers of two materials, five cells thick, around a disc of a third: the disc's edge is one. */
static HeatCase *MakeLayered(const void *context)
{
  static const Variant v = {"", NULL, 0.0, 0.0, 0.0, NX, NY, {PETSC_FALSE, PETSC_FALSE}};
  HeatCase *c = HeatTestCase(v.nx, v.ny, Width, Height, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});

  (void)context;
  HeatTestAddMaterial(c, (HeatTestMaterial){2.0, 2.0, 1.0, 1.0});
  HeatTestAddMaterial(c, (HeatTestMaterial){3.0, 3.0, 1.0, 1.0});
  for (int k = 0; k < 15; k++) HeatTestRectangle(c, 2, 0.0, 1.0, 0.1 * k, 0.1 * k + 0.05);
  AddCircle(c, 1, 0.47, 0.71, 0.31);
  return c;
}

static void AddDiscLength(const HeatGrid *g, const HeatInterfaces *s, int axis, PetscInt j,
                          PetscInt i, PetscReal cosine, void *context)
{
  const HeatFacePair pair = HeatInterfacesMaterials(s, axis, j, i);

  if (pair.low == 1 || pair.high == 1) AddLength(g, s, axis, j, i, cosine, context);
}

static PetscReal DiscLengthApart(HeatProblem *p, const HeatInterfaces *s)
{
  PetscReal sum = 0.0;

  VisitFaces(p->g, s, AddDiscLength, &sum);
  return fabs(HeatTestSum(p->g->comm, sum) / (2.0 * Pi * 0.31) - 1.0);
}

static PetscReal LayeredLength(HeatProblem *p) { return OfForm(p, MAP, DiscLengthApart); }

static void edge_of_a_material_is_traced_past_those_that_touch_it(void **state)
{
  (void)state;
  AT_MOST(Alone(MakeLayered, LayeredLength, NULL), 1e-2);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(faces_add_up_to_the_length_of_the_interface),
    cmocka_unit_test(faces_along_the_axes_count_whole_up_to_the_corners),
    cmocka_unit_test(face_has_the_same_bits_on_any_layout),
    cmocka_unit_test(refined_map_has_the_lengths_of_its_pixels),
    cmocka_unit_test(edge_of_a_material_is_traced_past_those_that_touch_it),
};

int main(void) { return RUN_TESTS(Tests); }
