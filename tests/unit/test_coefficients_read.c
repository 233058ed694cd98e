/* The values of coefficients that a pass reads are counted from where the operator has its rows.
   Here rows are compared by what is in them. */
#include "solver_test.h"

typedef struct {
  PetscBool   layers;       /* two materials, one above the other */
  const char *conductivity; /* a formula; NULL: none */
  const char *source;       /* NULL: none */
  const char *flux;         /* through the left side; NULL: none */
} Variant;

static const Variant Variants[] = {
    {PETSC_FALSE, NULL, NULL, NULL},
    {PETSC_TRUE, NULL, NULL, NULL},
    {PETSC_FALSE, "1 + 0.4*sin(97*x)*sin(89*y)", NULL, NULL},
    {PETSC_TRUE, "1 + 0.4*sin(97*x)*sin(89*y)", "x", NULL},
    {PETSC_FALSE, NULL, NULL, "3*y"},
};
enum { N_VARIANTS = sizeof Variants / sizeof Variants[0] };

static HeatCase *Make(const void *context)
{
  const Variant *v = context;
  HeatCase      *c = HeatTestCase(140, 130, 1.0, 1.0, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});

  HeatTestAddMaterial(c, (HeatTestMaterial){3.0, 2.0, 5.0, 1.0});
  if (v->layers) HeatTestRectangle(c, 1, 0.0, 1.0, 0.3, 0.8);
  for (int axis = 0; axis < 2 && v->conductivity; axis++)
    HeatTestText(&c->materials[0].conductivity[axis], v->conductivity);
  if (v->source) HeatTestText(&c->source, v->source);
  if (v->flux) HeatTestFlux(c, HEAT_LEFT, v->flux);
  return c;
}

/* Return row j of C (array 0), gx (1) or gy (2). */
static const PetscReal *Row(const HeatOperator *op, int array, PetscInt j)
{
  return array ? HeatOperatorConductances(op, array - 1, j) : HeatOperatorCapacity(op, j);
}

/* Return the values of an array in rows that differ from the row below, of all ranks, a cell. */
static PetscReal DifferentValues(const HeatProblem *p, int array)
{
  const PetscInt rows = p->g->nyl + (array == 2), n = p->g->nxl + (array == 1);
  PetscReal      values = (PetscReal)n;

  for (PetscInt j = 1; j < rows; j++) {
    if (memcmp(Row(p->op, array, j), Row(p->op, array, j - 1), (size_t)n * sizeof(PetscReal)))
      values += (PetscReal)n;
  }
  return HeatTestSum(p->g->comm, values) / (140.0 * 130.0);
}

/* Return the part of the cells that lie in blocks with sources, or along a flux. */
static PetscReal WithSources(const HeatProblem *p)
{
  const Variant  *v    = p->context;
  const PetscBool some = (PetscBool)(v->source || (v->flux && p->g->boundary[HEAT_LEFT]));

  return HeatTestSum(p->g->comm, some ? (PetscReal)HeatGridLocalCells(p->g) : 0.0) /
         (140.0 * 130.0);
}

static void CoefficientsRead(const HeatProblem *p, HeatCoefficientsRead read[HEAT_PASSES])
{
  HeatReduction *r;

  OK(HeatReductionCreate(p->g->comm, &r));
  OK(HeatOperatorAddCoefficientsRead(p->op, r, read));
  OK(HeatReductionRun(r));
  OK(HeatReductionDestroy(&r));
}

static PetscReal SinglePassDiffers(HeatProblem *p)
{
  HeatCoefficientsRead read[HEAT_PASSES];
  PetscReal            worst;

  CoefficientsRead(p, read);
  worst = fabs(read[HEAT_PASS_SINGLE].capacity - DifferentValues(p, 0));
  worst = HeatTestMax(worst, fabs(read[HEAT_PASS_SINGLE].gx - DifferentValues(p, 1)));
  worst = HeatTestMax(worst, fabs(read[HEAT_PASS_SINGLE].gy - DifferentValues(p, 2)));
  worst = HeatTestMax(worst, fabs(read[HEAT_PASS_SINGLE].sources - WithSources(p)));
  worst = HeatTestMax(worst, fabs(read[HEAT_PASS_SINGLE].ambient));
  worst = HeatTestMax(worst, fabs(read[HEAT_PASS_SINGLE].exchange));
  return HeatTestMax(worst, fabs(read[HEAT_PASS_SWEEP].gx)); /* there was no sweep */
}

/* 1e-12: rounding of sums of whole numbers, divided by the number of cells. */
static void a_single_pass_reads_each_different_row_once(void **state)
{
  (void)state;
  for (int k = 0; k < N_VARIANTS; k++)
    AT_MOST(HeatTestLayouts(Make, SinglePassDiffers, &Variants[k]), 1e-12);
}

/* A case, and what sweeps of its steps should read. */
typedef struct {
  Variant   v;
  PetscReal capacity, faces, sources;
} Swept;

static HeatCase *MakeSwept(const void *context) { return Make(&((const Swept *)context)->v); }

static PetscReal SweepDiffers(HeatProblem *p)
{
  const Swept         *expected = p->context;
  PetscReal           *T        = HeatTestNoiseArray(p->g, 1);
  const PetscReal      times[]  = {0.0, 1e-6};
  HeatCoefficientsRead read[HEAT_PASSES], *sweep = &read[HEAT_PASS_SWEEP];
  HeatFlows            flows;
  PetscInt             most;
  PetscReal            worst;

  OK(HeatOperatorMostSteps(p->op, &most));
  if (most < 2) return INFINITY;
  OK(HeatOperatorTakeSteps(p->op, 2, 1e-6, times, NULL, T, &flows));
  CoefficientsRead(p, read);
  worst = fabs(sweep->capacity - expected->capacity);
  worst = HeatTestMax(worst, fabs(sweep->gx + sweep->gy - expected->faces));
  OK(PetscFree(T));
  return HeatTestMax(worst, fabs(sweep->sources - expected->sources));
}

/* The blocks of three ranks are at least 43 cells wide, and the first row of each block, and a few
   cells at its sides, are read in any case: 0.1.  The shape of a source with a factor of time is
   read in runs of equal cells, too, unless its rows are equal. */
static void a_sweep_reads_nothing_of_equal_rows_and_runs(void **state)
{
  static const Swept swept[] = {
      {{PETSC_FALSE, NULL, NULL, NULL}, 0.0, 0.0, 0.0},
      {{PETSC_TRUE, NULL, NULL, NULL}, 0.0, 0.0, 0.0},
      {{PETSC_FALSE, "1 + 0.4*sin(97*x)*sin(89*y)", NULL, NULL}, 0.0, 2.0, 0.0},
      {{PETSC_FALSE, NULL, "x", NULL}, 0.0, 0.0, 0.0},
      {{PETSC_FALSE, NULL, "x*y", NULL}, 0.0, 0.0, 1.0},
      {{PETSC_FALSE, NULL, "x*sin(t)", NULL}, 0.0, 0.0, 0.0},
      {{PETSC_FALSE, NULL, "x*y*sin(t)", NULL}, 0.0, 0.0, 1.0},
  };

  (void)state;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(swept); k++)
    AT_MOST(HeatTestLayouts(MakeSwept, SweepDiffers, &swept[k]), 0.1);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(a_single_pass_reads_each_different_row_once),
    cmocka_unit_test(a_sweep_reads_nothing_of_equal_rows_and_runs),
};

int main(void) { return RUN_TESTS(Tests); }
