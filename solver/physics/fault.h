/** A fault: a value of one of the case's formulas that has no physical meaning at some place, such
 *  as a conductivity of -2 W/(m K), a source that is not finite, or a temperature below 0 K.
 *
 *  Ranks evaluate formulas on their own cells and faces without communication, and note what is
 *  wrong in a HeatFault.  HeatFaultRaise, which is collective, finds the first fault of all ranks
 *  in the order of the grid and raises one message that names the key with file and line, the
 *  value, the place, the time and the temperature.  The message is the same on any number of ranks.
 */
#ifndef HEAT_SOLVER_FAULT_H
#define HEAT_SOLVER_FAULT_H

#include "solver/grid/grid.h"

/** The faults that this rank has noted: their number, and the first one.  {0} is none.  Plain data;
 *  copies are independent. */
typedef struct {
  PetscInt64 count;      /* number of values that were wrong */
  PetscInt64 place;      /* of the first: global index of the cell, j nx + i, also behind a face */
  PetscReal  x, y;       /* [m] where the value was evaluated */
  PetscReal  value;      /* the value, in `unit` */
  PetscReal  T;          /* [K] temperature that the value depends on */
  PetscReal  t;          /* [s] time that the value depends on */
  PetscBool  of_T, of_t; /* whether it depends on T, on t */
  char       path[64];   /* key of the formula: "materials[1].conductivity" */
  char       what[24];   /* name of the quantity: "k" */
  char       unit[16];   /* of the value */
  char       rule[200];  /* what must hold: "it must be greater than 0" */
} HeatFault;

/** Count a wrong value in the cell (or behind the face of the cell) with global index `place`.
 *  Return whether it is the first one in the order of the grid so far: the caller then fills in the
 *  members from x on.  Not collective. */
static inline PetscBool HeatFaultAdd(HeatFault *fault, PetscInt64 place)
{
  const PetscBool first = (PetscBool)(fault->count == 0 || place < fault->place);

  fault->count++;
  if (first) fault->place = place;
  return first;
}

/** Return the global index of own cell `cell`, a local index.  Not collective. */
static inline PetscInt64 HeatFaultPlace(const HeatGrid *g, size_t cell)
{
  const PetscInt64 i = (PetscInt64)(cell % (size_t)g->nxl), j = (PetscInt64)(cell / (size_t)g->nxl);

  return (g->ys + j) * (PetscInt64)g->nx + g->xs + i;
}

/** Fill in x and y with the centre of the cell `fault->place`, and clear what depends on T or t.
 *  Not collective. */
void HeatFaultAtCell(HeatFault *fault, const HeatGrid *grid);

/** Fill in what, unit and rule for a temperature: finite and not below the absolute zero of the
 *  case (HeatCaseAbsoluteZero).  Not collective. */
void HeatFaultOfTemperature(HeatFault *fault, const HeatCase *c);

/** Make *fault, on all ranks, the first fault of all ranks, with the number of all faults.
 *  Collective on comm. */
PetscErrorCode HeatFaultReduce(MPI_Comm comm, HeatFault *fault);

/** Raise `code` if some rank has noted a fault.  Collective on comm.
 *  @param[in]     when   first words of the message behind the key: "step 7"; "" for none
 *  @param[in,out] fault  becomes the first fault of all ranks
 *  Errors: `code`, HEAT_ERR_INPUT or HEAT_ERR_NUMERICS. */
PetscErrorCode HeatFaultRaise(MPI_Comm comm, const HeatCase *c, PetscErrorCode code,
                              const char *when, HeatFault *fault);

/** Do what HeatFaultRaise does with code HEAT_ERR_INPUT, but only where a value can be invalid: the
 *  validation of the case has looked at plain numbers, on all ranks alike, so that values that come
 *  from numbers alone need no message.  Collective, unless `numbers`.
 *  @param[in] numbers  every value is a plain number of the validated case; the same on all ranks
 *  Errors: as HeatFaultRaise; PETSC_ERR_PLIB if a number is at fault. */
PetscErrorCode HeatFaultRaiseUnlessNumbers(MPI_Comm comm, const HeatCase *c, PetscBool numbers,
                                           HeatFault *f);

#endif
