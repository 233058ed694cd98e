/** What the entries of `heat2d verify` are written with: cases from text, run to their end without
 *  output, and measurements against bounds.
 *
 *  An entry is a function that opens problems, computes, and tells measurements.  It runs on as
 *  many ranks as its smallest grid has room for (comm); ranks beyond wait.  An error that a user
 *  could cause, such as a solve that does not converge, makes the entry fail and not the program.
 *  Everything here is collective on v->comm, unless it says otherwise.
 */
#ifndef HEAT_APP_VERIFY_H
#define HEAT_APP_VERIFY_H

#include "solver/measure/diagnostics.h"
#include "solver/measure/energy.h"

enum { HEAT_VERIFY_SETS = 24, HEAT_VERIFY_SET_LENGTH = 1024, HEAT_VERIFY_PROBLEMS = 8 };

/** One measurement; it passes when low <= value <= high, never for NaN. */
typedef struct {
  const char *name; /* of the entry */
  char        quantity[96];
  PetscReal   value, low, high; /* infinite where there is no bound */
  PetscBool   pass;
  PetscMPIInt ranks;
  double      seconds;      /* wall time since the measurement before it */
  char        message[512]; /* the error that took the place of a value, or "" */
} HeatVerifyResult;

/** A case on its way from start to end. */
typedef struct {
  HeatCase        *c; /* owned, like all that follows */
  HeatGrid        *grid;
  HeatOperator    *op;
  HeatStepper     *stepper;
  Vec              T;
  HeatEnergy       energy;
  PetscReal        dt, t;   /* [s]; dt is 1 for a steady state */
  PetscInt64       step;    /* done */
  HeatStepInfo     last;    /* of the last step */
  HeatEnergyReport account; /* set by HeatVerifyAccount */
} HeatVerifyProblem;

/** The state of the suite. */
typedef struct {
  MPI_Comm           world, comm; /* all ranks; those of the present entry, rank 0 always */
  PetscBool          quick;
  const char        *directory; /* of the record; for files that are removed again */
  const char        *name;      /* of the present entry */
  PetscInt           n_set;
  char               set[HEAT_VERIFY_SETS][HEAT_VERIFY_SET_LENGTH];
  HeatVerifyProblem *problems[HEAT_VERIFY_PROBLEMS]; /* open ones */
  PetscInt           n_results, capacity;
  HeatVerifyResult  *results; /* owned */
  double             last;    /* MPI_Wtime of the last measurement */
} HeatVerify;

/** One line of the suite. */
typedef struct {
  const char *name, *description;
  PetscInt    cells[2]; /* its smallest grid; 0 0: it fits its grids to all ranks */
  PetscErrorCode (*run)(HeatVerify *v);
} HeatVerifyEntry;

/** The suite, ended by an entry without name.  Static storage. */
extern const HeatVerifyEntry HeatVerifyEntries[];

/** Run one entry and keep its measurements; an entry that ends in an error, or that measures
 *  nothing, leaves one that failed.  Collective on v->world. */
PetscErrorCode HeatVerifyRunEntry(HeatVerify *v, const HeatVerifyEntry *entry);

/* Measurements: the quantity is a printf format.  Not collective; rank 0's are reported. */
PetscErrorCode HeatVerifyBelow(HeatVerify *v, PetscReal value, PetscReal bound, const char *format,
                               ...) __attribute__((format(printf, 4, 5)));
PetscErrorCode HeatVerifyBetween(HeatVerify *v, PetscReal value, PetscReal low, PetscReal high,
                                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/** Override "KEY=VALUE" of the case opened next, a printf format.  Not collective. */
PetscErrorCode HeatVerifySet(HeatVerify *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** A case from its text with the overrides since the last one: painted, at t = 0, ready to
 *  advance.  Close it; what an error leaves open is closed after the entry. */
PetscErrorCode HeatVerifyOpen(HeatVerify *v, const char *text, HeatVerifyProblem **problem);

/** Likewise on a part of the ranks.  Collective on comm. */
PetscErrorCode HeatVerifyOpenOn(HeatVerify *v, MPI_Comm comm, const char *text,
                                HeatVerifyProblem **problem);

/** Take `steps` steps, or for PETSC_DEFAULT as many as the case asks for. */
PetscErrorCode HeatVerifyAdvance(HeatVerifyProblem *problem, PetscInt steps);

/** Likewise, as many at once as the scheme can; *most tells how many that are. */
PetscErrorCode HeatVerifyAdvanceAtOnce(HeatVerifyProblem *problem, PetscInt steps, PetscInt *most);

/** Open, advance to the end. */
PetscErrorCode HeatVerifySolve(HeatVerify *v, const char *text, HeatVerifyProblem **problem);

/** Close the energy account: problem->account. */
PetscErrorCode HeatVerifyAccount(HeatVerifyProblem *problem);

/** Root of the mean square, and largest, T - exact(x, y, t); an expression. */
PetscErrorCode HeatVerifyError(HeatVerifyProblem *problem, const char *exact, PetscReal *l2,
                               PetscReal *max);

/** The temperature at a point. */
PetscErrorCode HeatVerifyPoint(HeatVerifyProblem *problem, PetscReal x, PetscReal y,
                               PetscReal *value);

/** A number that changes with any bit of the field, and not with the layout of blocks. */
PetscErrorCode HeatVerifyChecksum(HeatVerifyProblem *problem, uint64_t *sum);

/** *problem may be NULL. */
PetscErrorCode HeatVerifyClose(HeatVerify *v, HeatVerifyProblem **problem);

#endif
