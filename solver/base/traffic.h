/** The kind of communication that this rank does at present, so that messages can be counted, and
 *  the time in MPI measured, by kind.
 *
 *  A module that communicates sets the kind before its calls of MPI and restores it afterwards.
 *  Where such modules call one another, the kind set last applies.  A program that links the
 *  library may read the kind, as app/process/communication.h does to attribute each message.
 *  Setting the kind costs one store.  No function here is collective or communicates.  Only the
 *  thread that calls MPI may use them. */
#ifndef HEAT_SOLVER_TRAFFIC_H
#define HEAT_SOLVER_TRAFFIC_H

typedef enum {
  HEAT_TRAFFIC_HALO,      /* halo exchanges of the operator, one or several cells deep */
  HEAT_TRAFFIC_MULTIGRID, /* solves: all levels of the preconditioner, halos of PETSc's matrices */
  HEAT_TRAFFIC_REDUCTION, /* dot products, norms, diagnostics and decisions of all ranks */
  HEAT_TRAFFIC_OUTPUT,    /* snapshots, checkpoints, tables and the record */
  HEAT_TRAFFIC_SETUP,     /* set-ups of the run, of coefficients and of preconditioners */
  HEAT_TRAFFIC_KINDS
} HeatTrafficKind;

/** Set the kind and return the one before, which the caller sets again when it is done.  A process
 *  starts with HEAT_TRAFFIC_SETUP. */
HeatTrafficKind HeatTrafficSet(HeatTrafficKind kind);

/** Return the present kind. */
HeatTrafficKind HeatTrafficNow(void);

/** Begin (1) or end (0) work on the coarse levels of the multigrid: everything below the finest
 *  level, messages included.  Not nested.  The time between both is added to
 *  HeatTrafficCoarseSeconds. */
void HeatTrafficSetCoarse(int coarse);

/** Return the present kind, or HEAT_TRAFFIC_KINDS on coarse levels. */
int HeatTrafficPart(void);

/** Return the time [s] that this rank has spent on coarse levels so far. */
double HeatTrafficCoarseSeconds(void);

#endif
