/** Toolbox for the entries of `heat2d verify`: solve cases that are given as text, without output,
 *  and record measurements with their bounds.
 *
 *  An entry is a function that opens problems (cases that are being solved), computes, and
 *  records measurements.  It runs on v->comm: as many ranks as its smallest grid has room for, rank
 *  0 always among them; the other ranks wait.  An error that a user could cause, such as a solve
 *  that does not converge, makes the entry fail, and the suite continues.  Any other error ends the
 *  job.
 *
 *  The functions that take a HeatVerify are collective on v->comm, those that take a problem on the
 *  communicator of its grid, unless stated otherwise. */
#ifndef HEAT_APP_VERIFY_H
#define HEAT_APP_VERIFY_H

#include "solver/measure/diagnostics.h"
#include "solver/measure/energy.h"

/* Capacities, chosen; exceeding one is an internal error (PETSC_ERR_PLIB). */
enum {
  HEAT_VERIFY_SETS       = 24,   /* overrides of one case */
  HEAT_VERIFY_SET_LENGTH = 1024, /* [bytes] of one override with its terminating zero */
  HEAT_VERIFY_PROBLEMS   = 8     /* problems open at the same time */
};

/** One measurement.  It passes if low <= value <= high, which no NaN does. */
typedef struct {
  const char *name;         /* of the entry; static storage */
  char        quantity[96]; /* what is measured, for the table and results.json */
  PetscReal   value;        /* NaN if nothing could be measured */
  PetscReal   low, high;    /* bounds, -infinity and infinity for none; NaN like value */
  PetscBool   pass;
  PetscMPIInt ranks;        /* size of v->comm */
  double      seconds;      /* [s] wall time since the previous measurement of the entry */
  char        message[512]; /* the error because of which nothing could be measured, or "" */
} HeatVerifyResult;

/** A case that is being solved, with its present state.  All pointers are owned. */
typedef struct {
  HeatCase        *c;
  HeatGrid        *grid;
  HeatOperator    *op;
  HeatStepper     *stepper;
  Vec              T;       /* temperature [K], global Vec of the grid */
  HeatEnergy       energy;  /* energy account up to t */
  PetscReal        dt;      /* [s] fixed step; 1 for a steady state */
  PetscReal        t;       /* [s] present time; 0 for a steady state */
  PetscInt64       step;    /* steps taken */
  HeatStepInfo     last;    /* about the last step */
  HeatEnergyReport account; /* set by HeatVerifyAccount */
} HeatVerifyProblem;

/** State of the suite. */
typedef struct {
  MPI_Comm           world;     /* all ranks */
  MPI_Comm           comm;      /* ranks of the running entry; MPI_COMM_NULL on the others */
  PetscBool          quick;     /* --quick: smaller grids, fewer cases */
  const char        *directory; /* folder of results.json and of temporary files */
  const char        *name;      /* of the running entry */
  PetscInt           n_set;     /* overrides for the problem that is opened next */
  char               set[HEAT_VERIFY_SETS][HEAT_VERIFY_SET_LENGTH];
  HeatVerifyProblem *problems[HEAT_VERIFY_PROBLEMS]; /* open ones; NULL: free place */
  PetscInt           n_results;
  PetscInt           capacity; /* length of results */
  HeatVerifyResult  *results;  /* [n_results] owned; those of rank 0 are reported */
  double             last;     /* [s] monotonic time of the previous measurement */
} HeatVerify;

/** One row of the table of entries. */
typedef struct {
  const char *name;        /* on the command line */
  const char *description; /* what the entry shows, for the reader of verify_suite.c */
  PetscInt    cells[2];    /* nx, ny of its smallest grid; 0, 0: it adapts its grids to all ranks */
  PetscErrorCode (*run)(HeatVerify *v);
} HeatVerifyEntry;

/** The entries; the last one has no name.  Static storage. */
extern const HeatVerifyEntry HeatVerifyEntries[];

/** Run one entry and append its measurements to v->results.  An entry that ends with an error, or
 *  without any measurement, appends a failed one with a message.  Collective on v->world.
 *  Errors: only internal ones; they end the job. */
PetscErrorCode HeatVerifyRunEntry(HeatVerify *v, const HeatVerifyEntry *entry);

/* Record a measurement with an upper bound, or with a lower and an upper one.  `format` and what
   follows it give the quantity, as for printf.  A value out of bounds is no error.  Not collective;
   only rank 0's measurements are reported. */
PetscErrorCode HeatVerifyBelow(HeatVerify *v, PetscReal value, PetscReal bound, const char *format,
                               ...) __attribute__((format(printf, 4, 5)));
PetscErrorCode HeatVerifyBetween(HeatVerify *v, PetscReal value, PetscReal low, PetscReal high,
                                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/** Add an override "KEY=VALUE" for the problem that is opened next.  `format` and what follows it
 *  are as for printf.  Not collective; call it on all ranks that open the problem. */
PetscErrorCode HeatVerifySet(HeatVerify *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Read a case from `text`, apply the pending overrides and clear them, and set up grid, operator,
 *  painted field and stepper at t = 0.
 *  @param[out] problem  close it with HeatVerifyClose; one that an error leaves open is closed at
 *                       the end of the entry
 *  Errors: HEAT_ERR_INPUT for a case that is refused; HEAT_ERR_NUMERICS if a coefficient is
 *  undefined at the initial field. */
PetscErrorCode HeatVerifyOpen(HeatVerify *v, const char *text, HeatVerifyProblem **problem);

/** HeatVerifyOpen on another communicator than v->comm, such as a part of its ranks.  Collective on
 *  comm. */
PetscErrorCode HeatVerifyOpenOn(HeatVerify *v, MPI_Comm comm, const char *text,
                                HeatVerifyProblem **problem);

/** Take `steps` steps of length problem->dt; PETSC_DEFAULT: as many as the case asks for.
 *  Errors: HEAT_ERR_NUMERICS if a solve fails. */
PetscErrorCode HeatVerifyAdvance(HeatVerifyProblem *problem, PetscInt steps);

/** Take `steps` steps, as many in one sweep as the scheme can (HeatStepperAdvanceSeveral).
 *  @param[out] most  the largest number of steps that one sweep can take; 1: single steps only */
PetscErrorCode HeatVerifyAdvanceAtOnce(HeatVerifyProblem *problem, PetscInt steps, PetscInt *most);

/** Open a problem and take all steps that its case asks for: HeatVerifyOpen, HeatVerifyAdvance. */
PetscErrorCode HeatVerifySolve(HeatVerify *v, const char *text, HeatVerifyProblem **problem);

/** Close the energy account at the present field and store it in problem->account. */
PetscErrorCode HeatVerifyAccount(HeatVerifyProblem *problem);

/** Compute the error of T at the present time, at cell centres, against an exact solution.
 *  @param[in]  exact  expression of x, y, t [K]
 *  @param[out] l2     root mean square of T - exact [K]
 *  @param[out] max    largest |T - exact| [K] */
PetscErrorCode HeatVerifyError(HeatVerifyProblem *problem, const char *exact, PetscReal *l2,
                               PetscReal *max);

/** Interpolate the temperature [K] at the point (x, y) [m] (solver/README.md, section 5,
 *  "Points"). */
PetscErrorCode HeatVerifyPoint(HeatVerifyProblem *problem, PetscReal x, PetscReal y,
                               PetscReal *value);

/** Compute the checksum of T (io/README.md, "Checksum").  It changes with any bit of the field and
 *  does not depend on the layout of blocks. */
PetscErrorCode HeatVerifyChecksum(HeatVerifyProblem *problem, uint64_t *sum);

/** Free a problem and set *problem to NULL.  *problem may be NULL. */
PetscErrorCode HeatVerifyClose(HeatVerify *v, HeatVerifyProblem **problem);

#endif
