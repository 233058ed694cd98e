/* The preconditioner heatmg: the multigrid as a PETSc PC, and the link from a PETSc matrix to the
 * operator behind it.
 *
 * The link is a container that the matrix carries under a name.  A PC that is set up again keeps
 * its multigrid, and with it the memory of the levels, as long as the operator is the same. */
#include <petsc/private/pcimpl.h> /* to implement a PC */

#include "solver/base/petsc_versions.h"
#include "solver/multigrid/heat_petsc.h"

typedef struct {
  HeatMultigrid *mg;    /* owned; NULL before the first set-up */
  HeatOperator  *op;    /* the multigrid's operator, borrowed */
  PetscEnum      cycle; /* index in CycleNames: 0 V, 1 W */
} HeatMG;

static const char *const CycleNames[] = {"v", "w", "CycleType", "PC_HEATMG_", NULL};

static const char *const SystemKey = "heat2d_system";

PetscErrorCode HeatSystemAttach(Mat A, HeatSystem *system)
{
  PetscContainer container;

  PetscFunctionBeginUser;
  PetscCall(PetscContainerCreate(PetscObjectComm((PetscObject)A), &container));
  PetscCall(PetscContainerSetPointer(container, system));
  PetscCall(PetscObjectCompose((PetscObject)A, SystemKey, (PetscObject)container));
  PetscCall(PetscContainerDestroy(&container)); /* A keeps it */
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSystemGet(Mat A, HeatSystem **system)
{
  PetscObject container;
  void       *pointer = NULL;

  PetscFunctionBeginUser;
  PetscCall(PetscObjectQuery((PetscObject)A, SystemKey, &container));
  if (container) PetscCall(PetscContainerGetPointer((PetscContainer)container, &pointer));
  *system = pointer;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set up the levels for the present coefficients and mass of the matrix's system.  Collective.
   Errors: PETSC_ERR_SUP if the matrix has no system. */
static PetscErrorCode SetUp(PC pc)
{
  HeatMG     *h = pc->data;
  HeatSystem *system;

  PetscFunctionBeginUser;
  PetscCall(HeatSystemGet(pc->pmat, &system));
  PetscCheck(system, PetscObjectComm((PetscObject)pc), PETSC_ERR_SUP,
             "the preconditioner heatmg works on heat2d's own operator only");
  if (h->mg && h->op != system->op) PetscCall(HeatMultigridDestroy(&h->mg));
  if (!h->mg) PetscCall(HeatMultigridCreate(system->op, &h->mg));
  h->op = system->op;
  HeatMultigridSetCycle(h->mg, h->cycle == 0 ? 1 : 2);
  PetscCall(HeatMultigridSetUp(h->mg, system->mass));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Apply(PC pc, Vec r, Vec z)
{
  const HeatMG    *h = pc->data;
  const PetscReal *in;
  PetscReal       *out;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(r, &in));
  PetscCall(VecGetArrayWrite(z, &out));
  PetscCall(HeatMultigridApply(h->mg, in, out));
  PetscCall(VecRestoreArrayWrite(z, &out));
  PetscCall(VecRestoreArrayRead(r, &in));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetFromOptions(PC pc, HeatOptionItems PetscOptionsObject)
{
  HeatMG *h = pc->data;

  PetscFunctionBeginUser;
  PetscOptionsHeadBegin(PetscOptionsObject, "heatmg options");
  PetscCall(PetscOptionsEnum("-pc_heatmg_cycle_type", "V- or W-cycle", "solver/README.md",
                             CycleNames, h->cycle, &h->cycle, NULL));
  PetscOptionsHeadEnd();
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Print the kind of cycle, and cells and blocks of each level. */
static PetscErrorCode View(PC pc, PetscViewer viewer)
{
  const HeatMG *h = pc->data;
  PetscBool     ascii;

  PetscFunctionBeginUser;
  PetscCall(PetscObjectTypeCompare((PetscObject)viewer, PETSCVIEWERASCII, &ascii));
  if (!ascii || !h->mg) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscViewerASCIIPrintf(viewer,
                                   "  %s-cycle, 2 + 2 red-black sweeps, %" PetscInt_FMT " levels\n",
                                   CycleNames[h->cycle], HeatMultigridLevels(h->mg)));
  for (PetscInt k = 0; k < HeatMultigridLevels(h->mg); k++) {
    const HeatMultigridLevel l = HeatMultigridGetLevel(h->mg, k);

    PetscCall(PetscViewerASCIIPrintf(viewer,
                                     "  level %" PetscInt_FMT ": %" PetscInt_FMT " x %" PetscInt_FMT
                                     " cells in %" PetscInt_FMT " x %" PetscInt_FMT " blocks\n",
                                     k, l.n[0], l.n[1], l.blocks[0], l.blocks[1]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Reset(PC pc)
{
  HeatMG *h = pc->data;

  PetscFunctionBeginUser;
  PetscCall(HeatMultigridDestroy(&h->mg));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Destroy(PC pc)
{
  PetscFunctionBeginUser;
  PetscCall(Reset(pc));
  PetscCall(PetscFree(pc->data));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Create(PC pc)
{
  HeatMG *h;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&h));
  pc->data                = h;
  pc->ops->setup          = SetUp;
  pc->ops->apply          = Apply;
  pc->ops->applytranspose = Apply; /* the cycle is symmetric */
  pc->ops->setfromoptions = SetFromOptions;
  pc->ops->view           = View;
  pc->ops->reset          = Reset;
  pc->ops->destroy        = Destroy;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPCGetMultigrid(PC pc, HeatMultigrid **mg)
{
  PetscBool ours;

  PetscFunctionBeginUser;
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, PCHEATMG, &ours));
  PetscCheck(ours, PetscObjectComm((PetscObject)pc), PETSC_ERR_SUP,
             "the Krylov method heatcg works with the preconditioner heatmg only; for another "
             "preconditioner take another method, such as -ksp_type cg");
  *mg = ((HeatMG *)pc->data)->mg;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRegisterPC(void)
{
  PetscFunctionBeginUser;
  PetscCall(PCRegister(PCHEATMG, Create));
  PetscFunctionReturn(PETSC_SUCCESS);
}
