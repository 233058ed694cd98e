/** The definition of the reference workload: its classes, its two problems, and their constants.
 *
 *  Everything that the audit of a result must know is here, so that it needs neither the machine
 *  nor the fields of the run.  A change of any number in definition.c makes another workload: then
 *  HEAT_BENCH_VERSION grows.
 *
 *  field   (timed) an insulated body of blocks of four materials, with a random temperature in each
 *          cell; the nonce determines both.  Each cycle of HEAT_BENCH_CYCLE steps begins with new
 *          random temperatures.
 *  modes   (not timed) an insulated body of one material, whose temperature is a sum of products of
 *          cosines that the nonce determines.  A step multiplies each product by a known number.
 *
 *  Cells are squares of 1 mm on every grid, so a larger class is a larger body (weak scaling of
 *  machines: spacing and step stay, the domain grows).  Nothing here is collective. */
#ifndef HEAT_APP_DEFINITION_H
#define HEAT_APP_DEFINITION_H

#include <petscsys.h>
#include <stdint.h>

/** The version of the definition, which every record and proof states. */
#define HEAT_BENCH_VERSION 1

enum {
  HEAT_BENCH_CYCLE     = 100, /* steps of a cycle */
  HEAT_BENCH_MATERIALS = 4,
  HEAT_BENCH_MODES     = 4,  /* products of cosines in the problem `modes` */
  HEAT_BENCH_WINDOWS   = 32, /* windows that the audit checks, for most pairs of committed fields */
  HEAT_BENCH_HISTORIES = 8,  /* cycles whose history it computes, beside the chosen ones */
  HEAT_BENCH_WARM_UP   = 3   /* steps before the first timed one */
};

/** The workload: backward Euler, forward Euler, or checkpoints. */
typedef enum {
  HEAT_BENCH_IMPLICIT,
  HEAT_BENCH_EXPLICIT,
  HEAT_BENCH_CHECKPOINT, /* durable writes and restarts, without time steps */
  HEAT_BENCH_WORKLOADS
} HeatBenchWorkload;

/** What a vendor may change (inputs/benchmark/RULES.md, section 5). */
typedef enum {
  HEAT_BENCH_BASE,      /* unmodified source */
  HEAT_BENCH_PORTED,    /* directives and interfaces of the platform are added */
  HEAT_BENCH_OPTIMISED, /* any source, also another linear solver */
  HEAT_BENCH_RULES
} HeatBenchRules;

extern const char *const HeatBenchWorkloadNames[HEAT_BENCH_WORKLOADS];
extern const char *const HeatBenchRulesNames[HEAT_BENCH_RULES];

/** A class of problems. */
typedef struct {
  const char *name;
  PetscInt64  cells;     /* number along x, and along y */
  const char *meant_for; /* for help and messages */
} HeatBenchClass;

/** The classes from small to large; the last one has no name.  Static storage. */
extern const HeatBenchClass HeatBenchClasses[];

/** Return the class of a name, NULL if there is none. */
const HeatBenchClass *HeatBenchFindClass(const char *name);

/** A material of the problem `field`. */
typedef struct {
  const char *name;
  double      conductivity;  /* [W/(m K)] */
  double      density;       /* [kg/m3] */
  double      specific_heat; /* [J/(kg K)] */
} HeatBenchMaterial;

extern const HeatBenchMaterial HeatBenchMaterials[HEAT_BENCH_MATERIALS];

/** Width and height of a cell [m]. */
extern const double HeatBenchWidth;

/** Relative tolerance of each solve (implicit): ||b - A x|| / ||b||. */
extern const double HeatBenchTolerance;

/** Least total time [s] of the timed steps of a valid result. */
extern const double HeatBenchLeastSeconds;

/** Least total time [s] of the timed steps of the grade "reportable". */
extern const double HeatBenchReportableSeconds;

/** Return the grade of a result whose timed steps took `seconds` [s]: "exploratory" from 60,
 *  "reportable" from 600, "official" from 1800, else "too short". */
const char *HeatBenchGrade(double seconds);

/** Largest distance [K] of a temperature from the range of the initial field.  Chosen: above
 *  rounding and the error of solves, far below the 1 K of the range. */
extern const double HeatBenchOvershoot;

/** Largest relative error of the energy account of `field`: rounding and the tolerance of
 *  solves. */
extern const double HeatBenchBalance;

/** Lowest and highest temperature [K] of the initial fields of `field` (draw.h). */
extern const double HeatBenchRange[2];

/** Least and largest distance of the field of `modes` from the solution of the differential
 *  equation, over the distance that the closed forms predict. */
extern const double HeatBenchContinuous[2];

/** The identity of a benchmark: two runs with equal members compute the same fields. */
typedef struct {
  const HeatBenchClass *size;
  HeatBenchWorkload     workload;
  uint64_t              nonce;
} HeatBenchId;

/** Return the figure of merit: cells * steps / (seconds + setup * steps/100) [cell-steps/s]; of the
 *  workload `checkpoint`, whose steps are checkpoints, 8 * cells * steps / seconds [bytes/s].
 *  @param[in] seconds  [s] of the timed steps
 *  @param[in] setup    [s] of the set-up, which is charged once for every 100 steps */
double HeatBenchMerit(const HeatBenchId *id, double steps, double seconds, double setup);

/** Return whether a type of file systems (statfs) is one in memory: tmpfs or ramfs
 *  (linux/magic.h). */
PetscBool HeatBenchIsInMemory(PetscInt64 type);

/** Return the unit of the figure of merit. */
const char *HeatBenchUnit(HeatBenchWorkload workload);

/** Return the steps of a cycle: HEAT_BENCH_CYCLE, or one checkpoint. */
PetscInt HeatBenchCycleSteps(HeatBenchWorkload workload);

/** Return the length of a step [s]. */
double HeatBenchStep(HeatBenchWorkload workload);

/** Return the number of steps of the problem `modes`. */
PetscInt HeatBenchModeSteps(HeatBenchWorkload workload);

/** Return the bound of a step's residual, relative to its right-hand side: the tolerance of the
 *  solve, or for an explicit step the rounding of some ten operations. */
double HeatBenchResidualBound(HeatBenchWorkload workload);

/** Return the bound of the relative error of `modes`.  In each step a solve leaves a relative error
 *  of the size of its tolerance, and an explicit step that of rounding; 10 is chosen as a margin
 *  for both. */
double HeatBenchModesBound(HeatBenchWorkload workload);

/** Return the step of a cycle, from 1 to HEAT_BENCH_CYCLE, before and after which the fields are
 *  committed.  It is 1 in cycle 0, so that the committed field before it is the initial one.  Of
 *  the workload `checkpoint`, return the number of the cycle's checkpoint, from 1. */
PetscInt HeatBenchCommittedStep(const HeatBenchId *id, uint32_t cycle);

/** Return whether the fields of a cycle are among those that are checked most: cycles 0, 1, 2, 4,
 *  8, ... */
PetscBool HeatBenchIsChosen(uint32_t cycle);

/** Return whether every run of a class writes the last field of `field` to a file: classes up to
 *  `large`, whose field takes 34 GB.  From `huge` on, where it takes 0.55 TB and more, a run writes
 *  it only if it is asked to. */
PetscBool HeatBenchWritesField(const HeatBenchClass *size);

/** Return how many windows of the fields of a cycle go into the proof: HEAT_BENCH_WINDOWS of chosen
 *  cycles, else one, so that there is no cycle that need not be computed. */
int HeatBenchWindows(uint32_t cycle);

/** Return the heat capacity of cell (i, j) of the problem `field` per metre of depth [J/(m K)]. */
double HeatBenchCapacity(const HeatBenchId *id, PetscInt64 i, PetscInt64 j);

/** Return the conductance between two neighbouring cells of the problem `field`, the harmonic mean
 *  of their conductivities [W/(m K)]. */
double HeatBenchConductance(const HeatBenchId *id, PetscInt64 i, PetscInt64 j, PetscInt64 i2,
                            PetscInt64 j2);

/** The cosines of the problem `modes`: T(i, j) = sum of
 *  factor[m] cos((i + 1/2) pi x[m] / n) cos((j + 1/2) pi y[m] / n). */
typedef struct {
  PetscInt64 x[HEAT_BENCH_MODES], y[HEAT_BENCH_MODES]; /* half waves over the domain */
  double     start[HEAT_BENCH_MODES];                  /* [K] at the start */
  double     factor[HEAT_BENCH_MODES];                 /* [K] after all steps, discrete equations */
  double     continuous[HEAT_BENCH_MODES]; /* [K] after all steps, differential equation */
} HeatBenchCosines;

/** Draw the cosines and compute their factors after all steps. */
void HeatBenchDrawCosines(const HeatBenchId *id, HeatBenchCosines *c);

/** Return cos((i + 1/2) pi k / n).  The argument is reduced to one turn in integers, so that the
 *  result is as accurate on the largest grid as on the smallest. */
double HeatBenchCosine(PetscInt64 i, PetscInt64 k, PetscInt64 n);

#endif
