/* How many iterations the default solver takes: jump x pattern x step x aspect x size.
 *
 * Every row is one linear solve of a backward-Euler step from the same field, relative tolerance
 * -rtol (1e-8), on insulated sides unless said otherwise.  Columns are steps in units of h^2/k of
 * the background: from one that smoothing solves to a steady state.  A cell of the table is the
 * iterations with V-cycles, +W those with W-cycles, +A those of the algebraic multigrid.  Prints
 * Markdown.  Options: -cells N..., -jump J..., -aspect A..., -pattern NAME..., -check (exit code 1
 * when a solve fails). */
#include <math.h>

#include "../unit/solver_test.h"
#include "solver/heat_petsc.h"
#include "solver/linear.h"

typedef struct {
  const char *name;
  PetscInt    nx, ny;
  PetscReal   jump, aspect; /* of conductivities; hx/hy */
} Problem;

static uint64_t Hash(PetscInt i, PetscInt j)
{
  uint64_t z = (uint64_t)i * 0x9E3779B97F4A7C15U ^ ((uint64_t)j + 1) * 0xBF58476D1CE4E5B9U;

  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

static PetscBool In(PetscReal v, PetscReal lo, PetscReal hi)
{
  return v >= lo && v < hi ? PETSC_TRUE : PETSC_FALSE;
}

/* The bent pipe of TeaLeaf's decks. */
static PetscBool InPipe(PetscReal x, PetscReal y)
{
  return (In(x, 0.0, 0.6) && In(y, 0.1, 0.2)) || (In(x, 0.5, 0.6) && In(y, 0.1, 0.8)) ||
                 (In(x, 0.5, 1.0) && In(y, 0.7, 0.8))
             ? PETSC_TRUE
             : PETSC_FALSE;
}

static PetscReal Conductivity(const Problem *p, PetscInt i, PetscInt j)
{
  const PetscReal x = ((PetscReal)i + 0.5) / (PetscReal)p->nx, y = ((PetscReal)j + 0.5) / (PetscReal)p->ny;
  const PetscReal random = (PetscReal)(Hash(i, j) >> 11) / 9007199254740992.0;

  if (!strcmp(p->name, "pipe")) return InPipe(x, y) ? p->jump : 1.0;
  if (!strcmp(p->name, "insulating pipe")) return InPipe(x, y) ? 1.0 / p->jump : 1.0;
  if (!strcmp(p->name, "random blocks"))
    return Hash((PetscInt)(32.0 * x), (PetscInt)(32.0 * y)) & 1 ? p->jump : 1.0;
  if (!strcmp(p->name, "random cells")) return pow(p->jump, random);
  if (!strcmp(p->name, "layers")) return (PetscInt)(16.0 * y) & 1 ? p->jump : 1.0;
  return 1.0;
}

static PetscReal *Conductivities(const Problem *p, const HeatGrid *g)
{
  PetscReal *k = HeatTestArray(g);

  for (PetscInt j = 0; j < g->nyl; j++)
    for (PetscInt i = 0; i < g->nxl; i++)
      k[j * g->nxl + i] = Conductivity(p, g->xs + i, g->ys + j);
  return k;
}

static HeatProblem SetUp(const Problem *p, PetscReal tolerance, const char *sides)
{
  HeatCase      *c = HeatTestCase(p->nx, p->ny, p->aspect * (PetscReal)p->nx, (PetscReal)p->ny,
                                  (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});
  HeatCellInputs inputs = {0};
  HeatProblem    problem;

  c->time.scheme           = HEAT_SCHEME_BACKWARD_EULER;
  c->solver.tolerance      = tolerance;
  c->solver.max_iterations = 500;
  if (!strcmp(sides, "held")) {
    HeatTestTemperature(c, HEAT_LEFT, "0");
    HeatTestTemperature(c, HEAT_BOTTOM, "0");
  } else if (!strcmp(sides, "film")) HeatTestConvection(c, HEAT_LEFT, "1e-3", "0");
  else if (!strcmp(sides, "periodic")) {
    HeatTestPeriodic(c, 0);
    HeatTestPeriodic(c, 1);
  }
  OK(PetscStrallocpy("in the program", &c->properties[HEAT_PROPERTY_CONDUCTIVITY].file));
  OK(PetscStrallocpy("k", &c->properties[HEAT_PROPERTY_CONDUCTIVITY].dataset));
  problem = HeatTestSetUpGrid(PETSC_COMM_WORLD, c);
  inputs.properties[HEAT_PROPERTY_CONDUCTIVITY] = Conductivities(p, problem.g);
  OK(HeatOperatorCreate(problem.g, c, &inputs, &problem.op));
  OK(PetscFree(inputs.properties[HEAT_PROPERTY_CONDUCTIVITY]));
  return problem;
}

/* The residual of a step from a hot patch and a wave: -L T. */
static Vec RightHandSide(const HeatProblem *p)
{
  const HeatGrid *g = p->g;
  PetscReal      *T = HeatTestArray(g), *b = HeatTestArray(g);
  Vec             v;

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const PetscReal x = ((PetscReal)(g->xs + i) + 0.5) / (PetscReal)g->nx;
      const PetscReal y = ((PetscReal)(g->ys + j) + 0.5) / (PetscReal)g->ny;

      T[j * g->nxl + i] = (In(x, 0.2, 0.45) && In(y, 0.1, 0.6) ? 1.0 : 0.0) +
                          0.25 * cos(3.0 * PETSC_PI * x) * cos(2.0 * PETSC_PI * y);
    }
  }
  OK(HeatOperatorApply(p->op, 0.0, T, b));
  v = HeatTestVec(g, b);
  OK(PetscFree(T));
  OK(PetscFree(b));
  return v;
}

static PetscBool SolveOne(const Problem *problem, PetscReal step, PetscReal tolerance,
                          const char *sides)
{
  HeatProblem   p = SetUp(problem, tolerance, sides);
  HeatLinear   *linear;
  HeatSolveInfo info = {0};
  Vec           b    = RightHandSide(&p), x;
  PetscBool     solved;

  OK(VecDuplicate(b, &x));
  OK(HeatLinearCreate(p.op, step > 0.0 ? 1.0 / step : 0.0, &linear));
  OK(HeatLinearTry(linear, b, x, &info, &solved));
  OK(PetscPrintf(PETSC_COMM_WORLD, " %" PetscInt_FMT "", info.iterations));
  {
    HeatCGInfo cg;

    OK(HeatKSPGetInfo(HeatLinearKSP(linear), &cg));
    if (cg.iterations[1])
      OK(PetscPrintf(PETSC_COMM_WORLD, " (%" PetscInt_FMT "V %" PetscInt_FMT "W)", cg.iterations[0],
                     cg.iterations[1]));
  }
  OK(PetscPrintf(PETSC_COMM_WORLD, "%s |", solved ? "" : " FAIL"));
  OK(HeatLinearDestroy(&linear));
  OK(VecDestroy(&x));
  OK(VecDestroy(&b));
  HeatTestTearDown(&p);
  return solved;
}

static const PetscReal Steps[] = {0.1, 10.0, 1e3, 1e5, 1e8};

static PetscBool Row(const Problem *p, PetscReal tolerance, const char *sides)
{
  PetscBool good = PETSC_TRUE;

  OK(PetscPrintf(PETSC_COMM_WORLD,
                 "| %s | %g | %g | %" PetscInt_FMT " x %" PetscInt_FMT " | %s |", p->name,
                 (double)p->jump, (double)p->aspect, p->nx, p->ny, sides));
  for (size_t k = 0; k < sizeof Steps / sizeof Steps[0]; k++)
    if (!SolveOne(p, Steps[k], tolerance, sides)) good = PETSC_FALSE;
  if (!SolveOne(p, 0.0, tolerance, sides)) good = PETSC_FALSE;
  OK(PetscPrintf(PETSC_COMM_WORLD, "\n"));
  return good;
}

int main(int argc, char **argv)
{
  const char *const names[] = {"constant", "pipe", "insulating pipe", "layers", "random blocks",
                               "random cells"};
  PetscReal         tolerance = 1e-8, aspect = 1.0, jump = 0.0;
  PetscInt          cells[2] = {250, 250}, n = 2;
  char              sides[16] = "insulated", pattern[32] = "";
  PetscBool         good = PETSC_TRUE;

  if (PetscInitialize(&argc, &argv, NULL, NULL)) return 1;
  OK(PetscOptionsGetReal(NULL, NULL, "-rtol", &tolerance, NULL));
  OK(PetscOptionsGetReal(NULL, NULL, "-aspect", &aspect, NULL));
  OK(PetscOptionsGetReal(NULL, NULL, "-jump", &jump, NULL));
  OK(PetscOptionsGetIntArray(NULL, NULL, "-cells", cells, &n, NULL));
  OK(PetscOptionsGetString(NULL, NULL, "-sides", sides, sizeof sides, NULL));
  OK(PetscOptionsGetString(NULL, NULL, "-pattern", pattern, sizeof pattern, NULL));
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    for (PetscReal j = jump > 0.0 ? jump : 1e1; j <= (jump > 0.0 ? jump : 1e7); j *= 1e3) {
      const Problem p = {names[k], cells[0], cells[1], k ? j : 1.0, aspect};

      if (pattern[0] && strcmp(pattern, names[k])) continue;
      if (!Row(&p, tolerance, sides)) good = PETSC_FALSE;
      if (k == 0) break;
    }
  }
  OK(PetscFinalize());
  return good ? 0 : 1;
}
