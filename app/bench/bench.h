/** A run of the reference workload: the functions for its parts, and the result.
 *
 *  The functions are collective on `comm` unless stated otherwise. */
#ifndef HEAT_APP_BENCH_H
#define HEAT_APP_BENCH_H

#include "app/bench/definition.h"
#include "app/bench/hash_tree.h"
#include "app/bench/proof.h"
#include "app/report/metrics.h"
#include "io/field_file/disk_probe.h"
#include "solver/measure/energy.h"

/** Most reasons that are kept, and bytes of each, both chosen.  Further reasons are dropped, since
 *  one is enough to make a result invalid. */
enum { HEAT_BENCH_REASONS = 16, HEAT_BENCH_REASON = 200 };

/** What a run of the workload found.  Plain data, the same on all ranks. */
typedef struct {
  double     setup;      /* [s] from the creation of the grid to the end of the first step */
  double     seconds;    /* [s] of all timed steps */
  double     end_to_end; /* [s] from the start of the program until the last field is written, or to
                            the end of the last cycle of `checkpoint` */
  PetscInt64 steps;      /* number of timed steps */
  PetscInt64 iterations; /* of the Krylov method in timed steps; 0 for explicit steps */
  uint32_t   cycles;     /* number of timed cycles */
  double    *times;      /* owned [cycles]; [s] of each cycle */
  PetscInt   room;       /* allocated entries of times, field.residuals, field.roots and
                            restart.reads */

  struct {
    double   error, bound;     /* relative, in the 2-norm, against the discrete equations */
    double   continuous_ratio; /* distance to the solution of the differential equation over the
                                  distance that the closed forms predict */
    HeatHash root;
  } modes;

  struct {
    double   *residuals; /* owned [cycles]; relative, of the committed step */
    HeatHash *roots;     /* owned [cycles]; of the field after the committed step */
    double    worst;     /* largest of the residuals */
    double    balance;   /* largest relative error of the energy account of a cycle */
    double overshoot; /* [K] by which the field leaves the range of its start; <= 0: it does not */
  } field;

  struct {
    HeatHash   root;     /* of its hash tree */
    uint64_t   checksum; /* of its cells (io/file/checksum.h) */
    PetscInt64 bytes;    /* of its file; 0: it was not written */
    double     seconds;  /* [s] of the file, until it was read back and had its name */
  } last;                /* the last field of `field` */

  struct {
    PetscInt64    wrong;   /* cells that differ from those that were written, over all restarts */
    double       *reads;   /* owned [cycles]; [s] of each restart */
    double        seconds; /* [s] of all restarts */
    double        cached;  /* largest part of a checkpoint that was in a page cache before a
                                 restart */
    double        durable; /* [s] of all writes without reading back: until the file has its name */
    PetscInt64    file_bytes;  /* of a checkpoint's file */
    PetscInt64    file_system; /* type of the file system (statfs) */
    PetscInt64    writers;     /* ranks that open the files */
    HeatDiskProbe probe;       /* sums over plain files of the same size */
  } restart;                   /* of the workload `checkpoint` */

  double memory_fraction; /* of a node's memory in use; 0: not known */

  int  n_reasons; /* reasons why the result is not valid; 0: the result is valid */
  char reasons[HEAT_BENCH_REASONS][HEAT_BENCH_REASON];
} HeatBenchResult;

/** What the user asked for. */
typedef struct {
  HeatBenchId    id;
  HeatBenchRules rules;
  double         duration;        /* [s] least time of the timed steps */
  double         memory_fraction; /* least part of each node's memory; 0: any */
  const char    *directory;       /* for results.json, proof.json and the last field */
  PetscBool      write_field;     /* write the last field whatever the class */
  PetscBool      quiet;
} HeatBenchRequest;

/** A problem and its present state.  All pointers are owned. */
typedef struct {
  HeatCase     *c;
  HeatGrid     *grid;
  HeatOperator *op;
  HeatStepper  *stepper;
  Vec           T;  /* temperature [K] */
  double        dt; /* [s] */
  PetscInt64    step;
  PetscInt64    iterations;
  HeatEnergy    energy;

  HeatStepTimes *times; /* borrowed; gets the time of each sweep; NULL: not wanted */
} HeatBenchProblem;

/** Add a reason why the result is not valid; the arguments are those of printf. */
void HeatBenchInvalid(HeatBenchResult *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Allocate entries for one more cycle.  Not collective. */
PetscErrorCode HeatBenchReserve(HeatBenchResult *r);

/** Add a reason if the timed steps were too short. */
void HeatBenchJudgeDuration(HeatBenchResult *r);

/** Refuse at once what cannot work here: more cells than PetscInt counts, more ranks than cells,
 *  not enough memory.
 *  Errors: HEAT_ERR_INPUT; the message says what would help. */
PetscErrorCode HeatBenchCheckFits(MPI_Comm comm, const HeatBenchRequest *q);

/** Refuse a run whose files have no place on the file system of the output folder, which need not
 *  exist: two checkpoints, or the last field where it is written.
 *  Errors: HEAT_ERR_INPUT; the message says what would help. */
PetscErrorCode HeatBenchCheckSpace(MPI_Comm comm, const HeatBenchRequest *q);

/** Make the case of a problem for so many ranks; the caller owns it.
 *  Errors: HEAT_ERR_INPUT if there are more ranks than cells. */
PetscErrorCode HeatBenchReadCase(MPI_Comm comm, const HeatBenchId *id, HeatBenchProblemKind problem,
                                 PetscMPIInt ranks, HeatCase **c);

/** Refuse a class with more cells than PetscInt counts.
 *  Errors: HEAT_ERR_INPUT; the message says what would help. */
PetscErrorCode HeatBenchCheckIndex(MPI_Comm comm, const HeatBenchClass *size);

/** Set up the problem `field` or `modes`; close it with HeatBenchClose.
 *  Errors: HEAT_ERR_INPUT if the problem cannot be set up on these ranks. */
PetscErrorCode HeatBenchOpenField(MPI_Comm comm, const HeatBenchRequest *q, HeatBenchProblem **p);
PetscErrorCode HeatBenchOpenModes(MPI_Comm comm, const HeatBenchRequest *q, HeatBenchProblem **p);

/** Take `steps` steps, several in one sweep over the field where the scheme allows this.
 *  Errors: HEAT_ERR_NUMERICS if a solve fails. */
PetscErrorCode HeatBenchAdvance(HeatBenchProblem *p, PetscInt steps);

/** Free a problem and set *p to NULL; *p may be NULL. */
PetscErrorCode HeatBenchClose(HeatBenchProblem **p);

/** Run the problem `modes` and compare it with its closed form. */
PetscErrorCode HeatBenchRunModes(MPI_Comm comm, const HeatBenchRequest *q, HeatProof *proof,
                                 HeatBenchResult *r);

/** Run the problem `field`, cycle by cycle, until its timed steps have lasted q->duration.
 *  @param[in]     binding  of the run
 *  @param[in,out] metrics  gets efficiencies, step times and bandwidth of the timed steps */
PetscErrorCode HeatBenchRunField(MPI_Comm comm, const HeatBenchRequest *q,
                                 const HeatBinding *binding, HeatProof *proof, HeatBenchResult *r,
                                 HeatResultsMetrics *metrics);

#endif
