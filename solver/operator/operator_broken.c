/** A fault for teaching: halo exchanges that are left out (HeatOperatorBreakHalo).
 *
 *  Where an exchange is left out, a rank computes with the ghost cells of the last exchange of the
 *  same field.  The operator's halo holds one field at a time, so its strips may meanwhile have
 *  held another field, such as conductivities; copies of the strips of temperatures and of
 *  increments are therefore kept here.  Each deep halo has its own strips, and needs no copy.  An
 *  operator whose exchanges are all made has op->broken = NULL, and tests this once for each
 *  exchange. */
#include "solver/operator/operator_steps_impl.h"

/* Exchanges of a test at most, chosen: with a larger `every`, a test would take too long. */
enum { MOST_TURNS = 1000 };

_Static_assert((int)HEAT_STRIPS_DEEP_KEPT + (int)HEAT_KEPT <= (int)HEAT_STRIPS_MOST,
               "too few places in HeatHaloFault");

/* Return the number of cells along a side of the block. */
static PetscInt SideLength(const HeatGrid *g, int side)
{
  return side < HEAT_BOTTOM ? g->nyl : g->nxl;
}

static PetscErrorCode CreateFault(const HeatGrid *g, PetscInt64 every, HeatHaloFault **fault)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(fault));
  (*fault)->every = (*fault)->left_out.every = every;
  for (int kind = 0; kind < 2; kind++) {
    for (int side = 0; side < HEAT_SIDES; side++) {
      if (!g->boundary[side])
        PetscCall(PetscCalloc1(SideLength(g, side), &(*fault)->last[kind][side]));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHaloFaultDestroy(HeatHaloFault **fault)
{
  PetscFunctionBeginUser;
  if (!*fault) PetscFunctionReturn(PETSC_SUCCESS);
  for (int kind = 0; kind < 2; kind++) {
    for (int side = 0; side < HEAT_SIDES; side++) PetscCall(PetscFree((*fault)->last[kind][side]));
  }
  PetscCall(PetscFree(*fault));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorBreakHalo(HeatOperator *op, PetscInt64 every)
{
  PetscFunctionBeginUser;
  PetscCall(HeatHaloFaultDestroy(&op->broken));
  PetscCall(CreateFault(op->grid, every, &op->broken));
  PetscFunctionReturn(PETSC_SUCCESS);
}

HeatBrokenHalo HeatOperatorBrokenHalo(const HeatOperator *op)
{
  const HeatBrokenHalo none = {0};

  return op->broken ? op->broken->left_out : none;
}

PetscBool HeatHaloFaultLeavesOut(HeatHaloFault *fault, HeatStrips strips)
{
  const PetscInt64 turn   = fault->turn++;
  const PetscBool  filled = fault->received[strips];

  fault->received[strips] = PETSC_TRUE;
  if (!filled || turn % fault->every != 0) return PETSC_FALSE;
  if (strips >= HEAT_STRIPS_DEEP_T) fault->left_out.deep += 1;
  else fault->left_out.single += 1;
  return PETSC_TRUE;
}

PetscErrorCode HeatHaloFaultKeep(const HeatOperator *op, HeatHaloFault *fault, HeatStrips strips)
{
  PetscFunctionBeginUser;
  for (int side = 0; side < HEAT_SIDES; side++) {
    const PetscReal *ghost = HeatHaloGhost(op->halo, (HeatSide)side);

    if (ghost)
      PetscCall(PetscArraycpy(fault->last[strips][side], ghost, SideLength(op->grid, side)));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorExchangeDeepHalo(HeatOperator *op, HeatStrips strips,
                                            HeatFrameField *field)
{
  HeatOperatorSteps *s = op->steps;

  PetscFunctionBeginUser;
  if (op->broken && HeatHaloFaultLeavesOut(op->broken, strips)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatFrameExchange(&s->frame, field, &s->counts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Exchange the halo of u unless `fault` leaves this exchange out. */
static PetscErrorCode ExchangeOrKeep(HeatOperator *op, HeatHaloFault *fault, const PetscReal *u)
{
  PetscFunctionBeginUser;
  if (HeatHaloFaultLeavesOut(fault, HEAT_STRIPS_T)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatHaloBegin(op->halo, u));
  PetscCall(HeatHaloEnd(op->halo));
  PetscCall(HeatHaloFaultKeep(op, fault, HEAT_STRIPS_T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorTestHalo(HeatOperator *op, PetscInt64 wrong[HEAT_SIDES],
                                    PetscInt64 of[HEAT_SIDES])
{
  const HeatGrid  *g     = op->grid;
  const PetscInt64 turns = 1 + PetscMin(op->broken->every, MOST_TURNS);
  HeatHaloFault   *fault;
  PetscReal       *u;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(HeatGridLocalCells(g), &u));
  PetscCall(CreateFault(g, op->broken->every, &fault));
  for (int side = 0; side < HEAT_SIDES; side++) wrong[side] = of[side] = 0;
  for (PetscInt64 turn = 0; turn < turns; turn++) {
    const PetscReal sign = turn % 2 ? -1.0 : 1.0;

    HeatHaloNumberCells(g, sign, u);
    PetscCall(ExchangeOrKeep(op, fault, u));
    for (int side = 0; side < HEAT_SIDES; side++) {
      if (g->boundary[side]) continue;
      wrong[side] += HeatHaloCountWrong(g, (HeatSide)side, sign, fault->last[0][side]);
      of[side] += SideLength(g, side);
    }
  }
  PetscCall(HeatHaloFaultDestroy(&fault));
  PetscCall(PetscFree(u));
  PetscFunctionReturn(PETSC_SUCCESS);
}
