/** Helpers for the tests of the multigrid: problems of all kinds, each described by a short
 *  struct, and their operators on any communicator.  Coefficients are functions of the global
 *  cell index, so a rank can also set up the whole problem on itself alone (PETSC_COMM_SELF) and
 *  compare its own cells of the distributed solution with that. */
#ifndef HEAT_TESTS_MULTIGRID_TEST_H
#define HEAT_TESTS_MULTIGRID_TEST_H

#include "solver_test.h"

/* Conditions on the sides; a side that is not named is insulated. */
typedef enum {
  INSULATED,
  HELD,        /* left at a given temperature */
  FILM,        /* top with a film that conducts much less than half a cell */
  STRONG_FILM, /* all sides with a film that conducts about as well as half a cell */
  PIECES /* lower half of left at a given temperature, bottom with a film, right with a flux */
} HeatTestSides;

/* Patterns in which conductivities vary by up to a factor of `jump`. */
typedef enum {
  ALIKE,
  LAYERS, /* every fourth row conducts better */
  PIPES,  /* a winding pipe through a body that conducts worse */
  BLOCKS, /* pseudo-random in blocks of 8 x 8 cells */
  SPECKS, /* pseudo-random in each cell */
  BAND,   /* the rows of the middle third conduct better along x alone */
} HeatTestTexture;

typedef struct {
  const char     *name;
  PetscInt        n[2];          /* cells in x and y */
  PetscReal       width, height; /* [m]; 0: one metre a cell */
  PetscReal       mass;          /* a multiple of 1/step [1/s], see linear.h; 0: steady */
  int             periodic;      /* 1: x, 2: y, 3: both */
  HeatTestSides   sides;
  HeatTestTexture texture;
  PetscReal       jump, ky;       /* contrast of conductivities; ky over kx; 0: one */
  PetscBool       dense;          /* density * specific heat is 1000 in a circle, 1 outside of it */
  PetscReal       contact;        /* contact resistance around that circle [m2 K/W]; 0: none */
  PetscReal       scale;          /* factor of all coefficients; 0: one */
  PetscReal       tolerance;      /* 0: 1e-8 */
  PetscInt        max_iterations; /* 0: the default of the case */
} HeatTestGridProblem;

static inline PetscReal HeatTestOrDefault(PetscReal value, PetscReal otherwise)
{
  return value != 0.0 ? value : otherwise;
}

/* Set the conditions PIECES. */
static inline void HeatTestSetPieces(HeatCase *c, PetscReal height)
{
  OK(HeatCaseSetSegments(c, HEAT_LEFT, 2));
  c->boundary[HEAT_LEFT].segments[0].to = 0.5 * height;
  HeatTestTemperature(c, HEAT_LEFT, "1");
  HeatTestFlux(c, HEAT_RIGHT, "3");
  HeatTestConvection(c, HEAT_BOTTOM, "0.2+0.1*sin(x)", "1");
}

static inline void HeatTestSetSides(HeatCase *c, const HeatTestGridProblem *p, PetscReal height)
{
  if (p->sides == HELD) HeatTestTemperature(c, HEAT_LEFT, "1");
  if (p->sides == FILM) HeatTestConvection(c, HEAT_TOP, "0.01", "1");
  if (p->sides == PIECES) HeatTestSetPieces(c, height);
  for (int side = 0; p->sides == STRONG_FILM && side < HEAT_SIDES; side++)
    HeatTestConvection(c, (HeatSide)side, "2", "1");
  for (int axis = 0; axis < 2; axis++)
    if ((p->periodic >> axis) & 1) HeatTestPeriodic(c, axis);
}

/* Make the case of a problem, without its texture; context: a HeatTestGridProblem. */
static inline HeatCase *HeatTestMakeGridProblem(const void *context)
{
  const HeatTestGridProblem *p      = context;
  const PetscReal            width  = HeatTestOrDefault(p->width, (PetscReal)p->n[0]);
  const PetscReal            height = HeatTestOrDefault(p->height, (PetscReal)p->n[1]);
  const PetscReal scale = HeatTestOrDefault(p->scale, 1.0), heat = p->dense ? 1000.0 : 1.0;
  HeatCase   *c = HeatTestCase(p->n[0], p->n[1], width, height, (HeatTestMaterial){1, 1, scale, 1});
  HeatRegion *circle;

  HeatTestAddMaterial(c, (HeatTestMaterial){1, 1, scale, heat});
  circle            = HeatTestAddRegion(c, HEAT_SHAPE_CIRCLE, 1);
  circle->centre[0] = 0.4 * width;
  circle->centre[1] = 0.6 * height;
  circle->radius    = 0.25 * PetscMin(width, height);
  if (p->contact > 0.0) HeatTestContact(c, 0, 1, p->contact);
  HeatTestSetSides(c, p, height);
  c->time.scheme      = HEAT_SCHEME_BACKWARD_EULER;
  c->solver.tolerance = HeatTestOrDefault(p->tolerance, 1e-8);
  /* In a steady body that no side holds, PETSc removes the constant null space from the right-hand
     side.  That takes a sum over the ranks, which only `reproducible` makes independent of them. */
  if (p->mass == 0.0 && p->sides == INSULATED) c->solver.reproducible = PETSC_TRUE;
  if (p->max_iterations) c->solver.max_iterations = p->max_iterations;
  return c;
}

/* Return the conductivity of a cell along an axis: the problem's own times a factor in [1,
   jump]. */
static inline PetscReal HeatTestTextureOf(const HeatTestGridProblem *p, PetscInt i, PetscInt j,
                                          int axis)
{
  const PetscReal jump = HeatTestOrDefault(p->jump, 1.0);
  const PetscReal k    = HeatTestOrDefault(p->scale, 1.0) *
                      (axis ? HeatTestOrDefault(p->ky, 1.0) : 1.0);
  const PetscInt bend  = p->n[0] / 2;
  PetscReal      share = 0.0;

  if (p->texture == LAYERS) share = j % 4 == 1;
  if (p->texture == PIPES)
    share = (i < bend && j >= p->n[1] / 4 && j < p->n[1] / 4 + 3) ||
            (i >= bend && i < bend + 3 && j >= p->n[1] / 4) || (i >= bend && j >= p->n[1] - 3);
  if (p->texture == BLOCKS) share = 0.5 + 0.5 * HeatTestNoise(i / 8, j / 8, 11);
  if (p->texture == BAND) share = axis == 0 && j >= p->n[1] / 3 && j < 2 * p->n[1] / 3;
  if (p->texture == SPECKS) share = 0.5 + 0.5 * HeatTestNoise(i, j, 12);
  return k * pow(jump, share);
}

/* Create the operator of a problem that has a grid but no operator. */
static inline void HeatTestAddOperator(HeatProblem *p, const HeatTestGridProblem *problem)
{
  const HeatGrid *g      = p->g;
  HeatCellInputs  inputs = {0};

  for (int axis = 0; axis < 2; axis++) {
    PetscReal *k = HeatTestArray(g);

    for (PetscInt j = 0; j < g->nyl; j++)
      for (PetscInt i = 0; i < g->nxl; i++)
        k[j * g->nxl + i] = HeatTestTextureOf(problem, g->xs + i, g->ys + j, axis);
    inputs.properties[axis ? HEAT_PROPERTY_CONDUCTIVITY_Y : HEAT_PROPERTY_CONDUCTIVITY_X] = k;
  }
  OK(HeatOperatorCreate(g, p->c, &inputs, &p->op));
  for (int k = 0; k < HEAT_PROPERTIES; k++) OK(PetscFree(inputs.properties[k]));
}

/* Set up a problem with its operator on comm, in the default layout of blocks. */
static inline HeatProblem HeatTestGridProblemOn(MPI_Comm comm, const HeatTestGridProblem *problem)
{
  HeatProblem p = HeatTestSetUpGrid(comm, HeatTestMakeGridProblem(problem));

  HeatTestAddOperator(&p, problem);
  p.context = problem;
  return p;
}

/* Count the cells of a rank's block that differ in any bit from the whole field [ny][nx], or that
   are not finite.  A whole field of zeros, of which a comparison says nothing, is infinitely wrong.
   */
static inline PetscReal HeatTestBitsApart(const HeatGrid *g, const PetscReal *whole,
                                          const PetscReal *own)
{
  PetscReal wrong = INFINITY;

  for (PetscInt k = 0; k < g->nx * g->ny && wrong > 0.0; k++)
    if (whole[k] != 0.0) wrong = 0.0;
  for (PetscInt j = 0; j < g->nyl; j++)
    for (PetscInt i = 0; i < g->nxl; i++) {
      const PetscReal *value = &own[j * g->nxl + i];

      wrong += !isfinite(*value) ||
               memcmp(&whole[(g->ys + j) * g->nx + g->xs + i], value, sizeof *value) != 0;
    }
  return wrong;
}

/* Problems of every kind that the multigrid distinguishes.  The sizes are chosen such that
   blocks of some ranks begin at odd cells, and that levels are agglomerated. */
static const HeatTestGridProblem HeatTestProblems[] = {
    {"insulated", {83, 67}, .mass = 1e-3, .texture = ALIKE},
    {"insulated, steady", {64, 67}, .mass = 0.0},
    {"held", {83, 67}, .mass = 1e-3, .sides = HELD, .texture = LAYERS, .jump = 100.0},
    {"held, steady", {67, 64}, .mass = 0.0, .sides = HELD, .texture = BLOCKS, .jump = 30.0},
    {"film", {67, 83}, .mass = 0.0, .sides = FILM, .texture = PIPES, .jump = 1e4},
    {"film all round",
     {67, 83},
     .mass    = 1e-2,
     .sides   = STRONG_FILM,
     .texture = SPECKS,
     .jump    = 5.0},
    {"sides in pieces", {71, 53}, .mass = 0.0, .sides = PIECES, .texture = SPECKS, .jump = 5.0},
    {"periodic x, even", {64, 53}, .mass = 1e-3, .periodic = 1, .texture = SPECKS, .jump = 5.0},
    {"periodic y, even", {53, 64}, .mass = 1e-3, .periodic = 2, .texture = SPECKS, .jump = 5.0},
    {"periodic both, even", {64, 96}, .mass = 1e-3, .periodic = 3, .texture = SPECKS, .jump = 5.0},
    {"periodic both, coarse odd",
     {50, 44},
     .mass     = 0.0,
     .periodic = 3,
     .texture  = SPECKS,
     .jump     = 5.0},
    {"periodic x, odd", {53, 64}, .mass = 1e-3, .periodic = 1, .texture = SPECKS, .jump = 5.0},
    {"periodic y, odd", {64, 53}, .mass = 1e-3, .periodic = 2, .texture = SPECKS, .jump = 5.0},
    {"periodic both, odd", {51, 35}, .mass = 1e-3, .periodic = 3, .texture = ALIKE},
    {"flat cells",
     {61, 47},
     .width   = 61,
     .height  = 4.7,
     .mass    = 1e-3,
     .texture = SPECKS,
     .jump    = 5.0},
    {"tall cells", {61, 47}, .width = 0.61, .height = 47, .mass = 1e-3, .sides = PIECES},
    {"conducts along x", {61, 47}, .mass = 1e-4, .ky = 1e-3, .sides = HELD},
    {"a column", {1, 97}, .mass = 1e-4, .sides = HELD, .texture = SPECKS, .jump = 5.0},
    {"a row", {97, 1}, .mass = 1e-4, .sides = PIECES, .texture = SPECKS, .jump = 5.0},
    {"a longer row", {98, 1}, .mass = 1e-4, .texture = SPECKS, .jump = 5.0},
    {"a periodic row", {97, 1}, .mass = 1e-4, .periodic = 3, .texture = SPECKS, .jump = 5.0},
    {"two columns", {2, 61}, .mass = 1e-4, .periodic = 1, .texture = SPECKS, .jump = 5.0},
    {"narrow", {11, 150}, .mass = 1e-3, .texture = SPECKS, .jump = 5.0},
    {"as many cells as ranks", {7, 7}, .mass = 0.1, .texture = SPECKS, .jump = 5.0},
    {"fewer columns than ranks", {5, 8}, .mass = 0.1, .texture = SPECKS, .jump = 5.0},
    {"dense in places",
     {67, 53},
     .mass    = 1e-3,
     .dense   = PETSC_TRUE,
     .texture = LAYERS,
     .jump    = 50.0},
    {"contact resistance", {67, 53}, .mass = 1e-3, .sides = HELD, .contact = 10.0},
    {"rough blocks", {83, 67}, .mass = 1e-3, .texture = BLOCKS, .jump = 100.0},
    {"rough, one side held",
     {84, 61},
     .mass    = 1e-2,
     .sides   = HELD,
     .texture = SPECKS,
     .jump    = 10.0},
    {"rough, periodic", {64, 52}, .mass = 1e-4, .periodic = 3, .texture = BLOCKS, .jump = 100.0},
    {"conducts along x in a part", {83, 67}, .mass = 1e-3, .texture = BAND, .jump = 40.0},
};
enum { HEAT_TEST_PROBLEMS = sizeof HeatTestProblems / sizeof *HeatTestProblems };

/* Return the largest deviation of a claim for a problem over all layouts and ranks, and print the
   name of the problem if it is not 0.  The claim creates the operator itself. */
static inline PetscReal HeatTestOverProblem(const HeatTestGridProblem *problem, HeatTestClaim claim)
{
  const PetscReal mine  = HeatTestGridLayouts(HeatTestMakeGridProblem, claim, problem);
  const PetscReal worst = HeatTestWorst(mine < 0.0 ? INFINITY
                                                   : mine); /* each problem has layouts */

  if (!(worst <= 0.0)) print_message("  %s: %.3e\n", problem->name, worst);
  return worst;
}

#endif
