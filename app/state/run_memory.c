/** The memory that a run will need (see run_memory.h). */
#include "app/state/run_memory.h"

/* Return whether the solves of the scheme read -pc_type and -ksp_type.  Asking for an option counts
   as reading it, so an option that nothing reads must not be asked for. */
static PetscBool ReadsOptions(const HeatCase *c)
{
  switch (c->time.scheme) {
  case HEAT_SCHEME_FTCS:
  case HEAT_SCHEME_RKL2:
  case HEAT_SCHEME_TS: return PETSC_FALSE;
  default: return PETSC_TRUE;
  }
}

PetscErrorCode HeatRunMemoryNeed(const HeatCase *c, PetscInt64 nx, PetscInt64 ny, PetscInt64 size,
                                 double share, HeatNeed *need)
{
  char          pc[64] = "", ksp[64] = "";
  PetscBool     given = PETSC_FALSE, ours;
  HeatNeedShape shape = {.nx = nx, .ny = ny, .size = size, .share = share, .pc = pc, .ksp = ksp};

  PetscFunctionBeginUser;
  if (ReadsOptions(c)) {
    PetscCall(PetscOptionsGetString(NULL, NULL, "-pc_type", pc, sizeof pc, &given));
    PetscCall(PetscOptionsGetString(NULL, NULL, "-ksp_type", ksp, sizeof ksp, NULL));
  }
  PetscCall(PetscStrcmp(c->solver.preconditioner, "multigrid", &ours));
  if (!given) shape.pc = ours ? "heatmg" : c->solver.preconditioner;
  PetscCall(HeatNeedEstimate(c, &shape, need));
  PetscFunctionReturn(PETSC_SUCCESS);
}
