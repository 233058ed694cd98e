/** The definition of the reference workload (definition.h). */
#include "app/bench/definition.h"

#include <math.h>
#include <string.h>

#include "app/bench/draw.h"

const char *const HeatBenchWorkloadNames[HEAT_BENCH_WORKLOADS] = {"implicit", "explicit",
                                                                  "checkpoint"};
const char *const HeatBenchRulesNames[HEAT_BENCH_RULES]        = {"base", "ported", "optimised"};

const HeatBenchClass HeatBenchClasses[] = {
    {"tiny", 512, "a laptop, continuous integration"},
    {"small", 4096, "a workstation"},
    {"medium", 16384, "one node"},
    {"large", 65536, "16 nodes"},
    {"huge", 262144, "256 nodes"},
    {"peta", 1048576, "4096 nodes"},
    {"exa", 2097152, "16384 nodes"},
    {NULL, 0, NULL},
};

/* Handbook values near room temperature, rounded.  Conductivities span a factor of 2000. */
const HeatBenchMaterial HeatBenchMaterials[HEAT_BENCH_MATERIALS] = {
    {"copper", 400.0, 8960.0, 385.0},
    {"steel", 45.0, 7850.0, 490.0},
    {"glass", 1.0, 2500.0, 840.0},
    {"epoxy", 0.2, 1200.0, 1500.0},
};

/* Chosen, like everything that defines the workload: cells of a millimetre; a tolerance that leaves
   two digits above rounding; times that average over the noise of a machine, and over minutes for a
   result that is published.  definition.h says what they mean. */
const double HeatBenchWidth     = 1e-3;
const double HeatBenchTolerance = 1e-11;

const double HeatBenchLeastSeconds      = 60.0;
const double HeatBenchReportableSeconds = 600.0;
const double HeatBenchOvershoot         = 1e-6;
const double HeatBenchBalance           = 1e-11;
const double HeatBenchRange[2]          = {256.0, 257.0};
const double HeatBenchContinuous[2]     = {0.5, 2.0};

const char *HeatBenchGrade(double seconds)
{
  if (seconds >= 1800.0) return "official";
  if (seconds >= HeatBenchReportableSeconds) return "reportable";
  return seconds >= HeatBenchLeastSeconds ? "exploratory" : "too short";
}

double HeatBenchMerit(const HeatBenchId *id, double steps, double seconds, double setup)
{
  const double cells = (double)id->size->cells * (double)id->size->cells;

  if (id->workload == HEAT_BENCH_CHECKPOINT) return sizeof(double) * cells * steps / seconds;
  return cells * steps / (seconds + setup * steps / 100.0);
}

PetscBool HeatBenchIsInMemory(PetscInt64 type)
{
  return type == 0x01021994 || type == 0x858458f6 ? PETSC_TRUE : PETSC_FALSE;
}

const char *HeatBenchUnit(HeatBenchWorkload workload)
{
  return workload == HEAT_BENCH_CHECKPOINT ? "bytes/s" : "cell-steps/s";
}

PetscInt HeatBenchCycleSteps(HeatBenchWorkload workload)
{
  return workload == HEAT_BENCH_CHECKPOINT ? 1 : HEAT_BENCH_CYCLE;
}

const HeatBenchClass *HeatBenchFindClass(const char *name)
{
  for (const HeatBenchClass *size = HeatBenchClasses; size->name; size++)
    if (strcmp(size->name, name) == 0) return size;
  return NULL;
}

/* Implicit: alpha dt/h^2 is 116 in copper, so that a step couples distant cells.  Explicit: 0.93 of
   the stable step, which is C/(4 k) = 2.16e-3 s in copper, the material with the shortest one. */
double HeatBenchStep(HeatBenchWorkload workload)
{
  return workload == HEAT_BENCH_EXPLICIT ? 2e-3 : 1.0;
}

/* Chosen: after these steps every product of cosines still has more than 1e-3 of its start, which
   is large enough for a comparison. */
PetscInt HeatBenchModeSteps(HeatBenchWorkload workload)
{
  return workload == HEAT_BENCH_EXPLICIT ? 200 : 5;
}

double HeatBenchResidualBound(HeatBenchWorkload workload)
{
  return workload == HEAT_BENCH_EXPLICIT ? 10.0 * PETSC_MACHINE_EPSILON : HeatBenchTolerance;
}

double HeatBenchModesBound(HeatBenchWorkload workload)
{
  const double each = workload == HEAT_BENCH_EXPLICIT ? PETSC_MACHINE_EPSILON : HeatBenchTolerance;

  return 10.0 * (double)HeatBenchModeSteps(workload) * each;
}

PetscInt HeatBenchCommittedStep(const HeatBenchId *id, uint32_t cycle)
{
  if (id->workload == HEAT_BENCH_CHECKPOINT) return 1 + (PetscInt)cycle;
  if (cycle == 0) return 1;
  return 1 + (PetscInt)(HeatDraw(id->nonce, HEAT_DRAW_STEP, cycle, 0) % HEAT_BENCH_CYCLE);
}

PetscBool HeatBenchIsChosen(uint32_t cycle)
{
  return (cycle & (cycle - 1)) == 0 ? PETSC_TRUE : PETSC_FALSE;
}

PetscBool HeatBenchWritesField(const HeatBenchClass *size)
{
  return size->cells <= 65536 ? PETSC_TRUE : PETSC_FALSE;
}

int HeatBenchWindows(uint32_t cycle) { return HeatBenchIsChosen(cycle) ? HEAT_BENCH_WINDOWS : 1; }

double HeatBenchCapacity(const HeatBenchId *id, PetscInt64 i, PetscInt64 j)
{
  const HeatBenchMaterial *m = &HeatBenchMaterials[HeatDrawMaterial(id->nonce, i, j)];

  return m->density * m->specific_heat * HeatBenchWidth * HeatBenchWidth;
}

double HeatBenchConductance(const HeatBenchId *id, PetscInt64 i, PetscInt64 j, PetscInt64 i2,
                            PetscInt64 j2)
{
  const double k = HeatBenchMaterials[HeatDrawMaterial(id->nonce, i, j)].conductivity;
  const double l = HeatBenchMaterials[HeatDrawMaterial(id->nonce, i2, j2)].conductivity;

  return 2.0 * k * l / (k + l);
}

/* Draw an integer from low to high, both included. */
static PetscInt64 DrawBetween(const HeatBenchId *id, uint64_t index, PetscInt64 low,
                              PetscInt64 high)
{
  return low +
         (PetscInt64)(HeatDraw(id->nonce, HEAT_DRAW_MODE, 0, index) % (uint64_t)(high - low + 1));
}

/* The second difference has the eigenvalue -(4/h^2) sin^2(pi k/(2 n)), the second derivative
   -(pi k/(n h))^2.  Half waves of 32 to 128 cells are chosen: they are so short that the errors of
   discretisation in space and time are visible on every grid. */
void HeatBenchDrawCosines(const HeatBenchId *id, HeatBenchCosines *c)
{
  const HeatBenchMaterial *m     = &HeatBenchMaterials[0];
  const PetscInt64         n     = id->size->cells;
  const double             alpha = m->conductivity / (m->density * m->specific_heat);
  const double             h = HeatBenchWidth, dt = HeatBenchStep(id->workload);
  const double             steps = (double)HeatBenchModeSteps(id->workload);

  for (int k = 0; k < HEAT_BENCH_MODES; k++) {
    double sine_x, sine_y, wave_x, wave_y, z;

    c->x[k]          = DrawBetween(id, (uint64_t)(2 * k), n / 128, n / 32);
    c->y[k]          = DrawBetween(id, (uint64_t)(2 * k + 1), n / 128, n / 32);
    c->start[k]      = 1.0;
    wave_x           = PETSC_PI * (double)c->x[k] / ((double)n * h);
    wave_y           = PETSC_PI * (double)c->y[k] / ((double)n * h);
    sine_x           = sin(0.5 * h * wave_x);
    sine_y           = sin(0.5 * h * wave_y);
    z                = dt * alpha * 4.0 / (h * h) * (sine_x * sine_x + sine_y * sine_y);
    c->factor[k]     = c->start[k] * (id->workload == HEAT_BENCH_EXPLICIT ? pow(1.0 - z, steps)
                                                                          : pow(1.0 + z, -steps));
    c->continuous[k] = c->start[k] * exp(-alpha * (wave_x * wave_x + wave_y * wave_y) * dt * steps);
  }
}

double HeatBenchCosine(PetscInt64 i, PetscInt64 k, PetscInt64 n)
{
  /* (2 i + 1) k stays below 2^63, since k <= n, on grids of less than 2^31 cells along an axis. */
  const PetscInt64 turns = (2 * i + 1) * k % (4 * n);

  return cos(PETSC_PI * (double)turns / (2.0 * (double)n));
}
