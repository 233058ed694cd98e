/* Count the iterations of the default solver by pattern, jump, aspect, size, sides and step.
 *
 * A row of the table is a conductivity.  Its columns are linear solves of a backward-Euler step,
 * or of a steady state, from one initial field.  Steps are in units of h^2/k of the background.
 * A cell of the table holds the iterations to the tolerance.  "w" means that the last ones were
 * W-cycles, "a" that the solver fell back on the algebraic multigrid, and "FAIL" that no
 * fallback converged; then the exit code is 1.  The program prints the Markdown table of
 * solver/MEASURED.md, or with `-quick` a short one for the tests.
 *
 *     iterations [-quick] [-rtol 1e-8] */
#include <math.h>

#include "solver/implicit/linear.h"
#include "tests/unit/solver_test.h"

typedef struct {
  const char *name;
  PetscInt    nx, ny;
  PetscReal   jump, aspect; /* contrast of conductivities; hx/hy */
  const char *sides;
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

/* Return whether a point is in the bent pipe of TeaLeaf's decks. */
static PetscBool InPipe(PetscReal x, PetscReal y)
{
  return (In(x, 0.0, 0.6) && In(y, 0.1, 0.2)) || (In(x, 0.5, 0.6) && In(y, 0.1, 0.8)) ||
                 (In(x, 0.5, 1.0) && In(y, 0.7, 0.8))
             ? PETSC_TRUE
             : PETSC_FALSE;
}

static PetscReal Conductivity(const Problem *p, PetscInt i, PetscInt j)
{
  const PetscReal x      = ((PetscReal)i + 0.5) / (PetscReal)p->nx;
  const PetscReal y      = ((PetscReal)j + 0.5) / (PetscReal)p->ny;
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
    for (PetscInt i = 0; i < g->nxl; i++) k[j * g->nxl + i] = Conductivity(p, g->xs + i, g->ys + j);
  return k;
}

static HeatProblem SetUp(const Problem *p, PetscReal tolerance)
{
  HeatCase      *c      = HeatTestCase(p->nx, p->ny, p->aspect * (PetscReal)p->nx, (PetscReal)p->ny,
                                       (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});
  HeatCellInputs inputs = {0};
  HeatProblem    problem;

  c->time.scheme           = HEAT_SCHEME_BACKWARD_EULER;
  c->solver.tolerance      = tolerance;
  c->solver.max_iterations = 500;
  if (!strcmp(p->sides, "held")) {
    HeatTestTemperature(c, HEAT_LEFT, "0");
    HeatTestTemperature(c, HEAT_BOTTOM, "0");
  } else if (!strcmp(p->sides, "film")) HeatTestConvection(c, HEAT_LEFT, "1e-3", "0");
  else if (!strcmp(p->sides, "periodic")) {
    HeatTestPeriodic(c, 0);
    HeatTestPeriodic(c, 1);
  }
  OK(PetscStrallocpy("in the program", &c->properties[HEAT_PROPERTY_CONDUCTIVITY].file));
  OK(PetscStrallocpy("k", &c->properties[HEAT_PROPERTY_CONDUCTIVITY].dataset));
  problem                                       = HeatTestSetUpGrid(PETSC_COMM_WORLD, c);
  inputs.properties[HEAT_PROPERTY_CONDUCTIVITY] = Conductivities(p, problem.g);
  OK(HeatOperatorCreate(problem.g, c, &inputs, &problem.op));
  OK(PetscFree(inputs.properties[HEAT_PROPERTY_CONDUCTIVITY]));
  return problem;
}

/* Return N(T) = -L T for a field with a hot patch and a wave, the right-hand side of a step. */
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

/* Print one cell of the table and return whether the solve converged.  The mass is 1/step; a
   step of 0 stands for the steady state. */
static PetscBool SolveOne(const Problem *problem, PetscReal step, PetscReal tolerance)
{
  static const char marks[HEAT_RESCUES][2] = {"", "w", "a", "a", "j"};
  HeatProblem       p                      = SetUp(problem, tolerance);
  Vec               b                      = RightHandSide(&p), x;
  HeatSolveInfo     info                   = {0};
  HeatLinear       *linear;
  PetscBool         solved;

  OK(VecDuplicate(b, &x));
  OK(HeatLinearCreate(p.op, step > 0.0 ? 1.0 / step : 0.0, &linear));
  OK(HeatLinearTry(linear, b, x, &info, &solved));
  OK(PetscPrintf(PETSC_COMM_WORLD, " %" PetscInt_FMT "%s%s |", info.iterations, marks[info.rescue],
                 solved ? "" : " FAIL"));
  OK(HeatLinearDestroy(&linear));
  OK(VecDestroy(&x));
  OK(VecDestroy(&b));
  HeatTestTearDown(&p);
  return solved;
}

static const PetscReal Steps[] = {0.1, 10.0, 1e3, 1e5, 1e8, 0.0};

static PetscBool Row(const Problem *p, PetscReal tolerance)
{
  PetscBool good = PETSC_TRUE;
  char      jump[24], aspect[24]; /* snprintf, because PetscPrintf writes %g of 10 as "10." */

  snprintf(jump, sizeof jump, "%g", (double)p->jump);
  snprintf(aspect, sizeof aspect, "%g", (double)p->aspect);
  OK(PetscPrintf(PETSC_COMM_WORLD, "| %s | %s | %s | %" PetscInt_FMT " x %" PetscInt_FMT " | %s |",
                 p->name, jump, aspect, p->nx, p->ny, p->sides));
  for (size_t k = 0; k < sizeof Steps / sizeof Steps[0]; k++)
    if (!SolveOne(p, Steps[k], tolerance)) good = PETSC_FALSE;
  OK(PetscPrintf(PETSC_COMM_WORLD, "\n"));
  return good;
}

static const Problem Quick[] = {
    {"constant", 61, 47, 1.0, 1.0, "insulated"}, {"pipe", 64, 64, 1e6, 1.0, "insulated"},
    {"random blocks", 64, 64, 1e4, 1.0, "held"}, {"random cells", 64, 64, 1e6, 1.0, "insulated"},
    {"pipe", 64, 64, 1e3, 1000.0, "held"},       {"layers", 61, 45, 1e3, 1.0, "periodic"},
    {"constant", 1, 61, 1.0, 1.0, "film"},
};

static const Problem Full[] = {
    {"constant", 250, 250, 1.0, 1.0, "insulated"},
    {"constant", 1000, 1000, 1.0, 1.0, "insulated"},
    {"constant", 997, 613, 1.0, 1.0, "insulated"},
    {"constant", 7, 1000, 1.0, 1.0, "insulated"},
    {"constant", 1, 613, 1.0, 1.0, "insulated"},
    {"constant", 250, 250, 1.0, 1.0, "held"},
    {"constant", 250, 250, 1.0, 1.0, "film"},
    {"constant", 250, 251, 1.0, 1.0, "periodic"},
    {"constant", 250, 250, 1.0, 10.0, "insulated"},
    {"constant", 250, 250, 1.0, 1000.0, "insulated"},
    {"pipe", 250, 250, 1e3, 1.0, "insulated"},
    {"pipe", 1000, 1000, 1e3, 1.0, "insulated"},
    {"pipe", 250, 250, 1e6, 1.0, "insulated"},
    {"pipe", 1000, 1000, 1e6, 1.0, "insulated"},
    {"pipe", 250, 250, 1e3, 1.0, "held"},
    {"pipe", 250, 250, 1e3, 1.0, "film"},
    {"pipe", 250, 251, 1e3, 1.0, "periodic"},
    {"pipe", 250, 250, 1e3, 5.0, "insulated"},
    {"pipe", 250, 250, 1e3, 10.0, "insulated"},
    {"pipe", 250, 250, 1e3, 100.0, "insulated"},
    {"pipe", 250, 250, 1e3, 1000.0, "insulated"},
    {"insulating pipe", 250, 250, 1e3, 1.0, "insulated"},
    {"insulating pipe", 250, 250, 1e6, 1.0, "insulated"},
    {"layers", 250, 250, 1e3, 1.0, "insulated"},
    {"layers", 250, 250, 1e6, 1.0, "insulated"},
    {"random blocks", 250, 250, 10.0, 1.0, "insulated"},
    {"random blocks", 250, 250, 1e3, 1.0, "insulated"},
    {"random blocks", 1000, 1000, 1e3, 1.0, "insulated"},
    {"random blocks", 250, 250, 1e6, 1.0, "insulated"},
    {"random cells", 250, 250, 10.0, 1.0, "insulated"},
    {"random cells", 250, 250, 1e3, 1.0, "insulated"},
    {"random cells", 1000, 1000, 1e3, 1.0, "insulated"},
    {"random cells", 250, 250, 1e6, 1.0, "insulated"},
};

int main(int argc, char **argv)
{
  PetscReal tolerance = 1e-8;
  PetscBool good      = PETSC_TRUE, quick;

  if (PetscInitialize(&argc, &argv, NULL, NULL)) return 1;
  OK(PetscOptionsGetReal(NULL, NULL, "-rtol", &tolerance, NULL));
  OK(PetscOptionsHasName(NULL, NULL, "-quick", &quick));
  const Problem *problems = quick ? Quick : Full;
  const size_t   n        = quick ? sizeof Quick / sizeof Quick[0] : sizeof Full / sizeof Full[0];

  OK(PetscPrintf(PETSC_COMM_WORLD,
                 "| conductivity | jump | aspect | cells | sides | 0.1 | 10 | 1e3 | 1e5 | 1e8 | "
                 "steady |\n|---|---|---|---|---|---|---|---|---|---|---|\n"));
  for (size_t k = 0; k < n; k++)
    if (!Row(&problems[k], tolerance)) good = PETSC_FALSE;
  OK(PetscFinalize());
  return good ? 0 : 1;
}
