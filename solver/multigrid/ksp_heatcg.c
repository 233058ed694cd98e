/* The Krylov method heatcg: conjugate gradients fused with the multigrid, as a PETSc KSP.
 *
 * This file computes the scalars of solver/README.md eq. (13) and decides when to stop;
 * multigrid_cg.c works on the vectors.
 *
 *      beta = (r, z)/(r, z)_old,   alpha = (r, z)/((z, A z) - beta (r, z)/alpha_old)
 *
 * The denominator of alpha is (p, A p).  It follows from (z, A z), so that the two sums of an
 * iteration are one message (A. Chronopoulos, C. Gear, J. Comput. Appl. Math. 25 (1989) 153).
 * ||r|| is needed to stop, not for these scalars.  Where an iteration is not expected to be the
 * last one, it is therefore reduced with the products of the next iteration, in the same message.
 *
 * What an update of r is expected to do (Outlook) decides what follows it:
 *
 *     CONTINUES   ||r|| stays above the tolerance: first half of the next cycle in the pass that
 *                 updates r, ||r|| after the second half.  One reduction an iteration.
 *     UNCERTAIN   the same pass, but ||r|| is reduced at once, before the coarse levels.
 *     CONVERGES   the tolerance is met: no cycle, which would be wasted; ||r|| at once.
 *
 * Where V-cycles make too little progress, W-cycles continue from the residual reached.  Where
 * these make too little progress too, or (r, z) or (p, A p) is not positive, which only rounding in
 * single precision can cause, the method stops with KSP_DIVERGED_BREAKDOWN, and the caller
 * continues from x by another method. */
#include <math.h>
#include <petsc/private/kspimpl.h> /* to implement a KSP */

#include "solver/base/heartbeat.h"
#include "solver/multigrid/heat_petsc.h"

enum {
  WINDOW = 6 /* iterations over which progress is measured.  Chosen.  Larger: fallbacks come later.
                Smaller: they are decided by a few norms, which do not fall evenly. */
};

/* An update that is predicted to leave more than Doubt times the tolerance is taken not to meet it.
   Chosen.  Larger: more norms are reduced in a message of their own.  Smaller: more solves turn out
   to have converged only after a wasted cycle of the coarse levels. */
static const PetscReal Doubt = 2.0;

/* Predicted factor of ||r|| in the first iteration.  Chosen, below what is found, 0.02 to 1: it
   decides only whether the first norm is reduced at once, at tolerances of 0.005 and more. */
static const PetscReal FirstFall = 0.01;

typedef struct {
  HeatCGInfo info;
  PetscReal  norms[WINDOW + 1]; /* the last ||r|| with this kind of cycle, newest first */
  PetscInt   n_norms;           /* how many of them are known */
} HeatCG;

static void RecordNorm(HeatCG *h, PetscReal norm)
{
  for (int k = WINDOW; k > 0; k--) h->norms[k] = h->norms[k - 1];
  h->norms[0] = norm;
  h->n_norms  = PetscMin(h->n_norms + 1, WINDOW + 1);
}

/* Return the ||r|| at which the solve has converged. */
static PetscReal Goal(KSP ksp) { return PetscMax(ksp->rtol * ksp->rnorm0, ksp->abstol); }

/* Predict the number of further iterations from the progress of the last WINDOW ones. */
static PetscReal IterationsToGo(KSP ksp, const HeatCG *h)
{
  const PetscReal per_iteration = log(h->norms[WINDOW] / h->norms[0]) / WINDOW;

  return per_iteration > 0.0 ? log(h->norms[0] / Goal(ksp)) / per_iteration : PETSC_MAX_REAL;
}

/* What the next update of r is expected to do: see the file's head. */
typedef enum { CONTINUES, UNCERTAIN, CONVERGES } Outlook;

/* Predict that the next iteration reduces ||r|| like the last one, the first one by FirstFall. */
static Outlook Predict(KSP ksp, const HeatCG *h)
{
  const PetscReal fall     = h->n_norms < 2 ? FirstFall : h->norms[0] / h->norms[1];
  const PetscReal expected = h->norms[0] * fall, goal = Goal(ksp);

  if (ksp->its + 1 >= ksp->max_it) return UNCERTAIN;
  if (h->n_norms >= 2 && expected <= goal) return CONVERGES;
  return expected <= Doubt * goal ? UNCERTAIN : CONTINUES;
}

/* Report an iteration to PETSc, and let its convergence test set ksp->reason.  A residual of zero
   or one that is not finite ends the solve whatever the test says, as in PETSc's own methods: there
   is nothing to iterate on (PETSc's test `skip` looks at no norm). */
static PetscErrorCode Report(KSP ksp, PetscReal norm)
{
  PetscFunctionBeginUser;
  HeatBeat();
  ksp->rnorm = norm;
  PetscCall(KSPLogResidualHistory(ksp, norm));
  PetscCall(KSPMonitor(ksp, ksp->its, norm));
  PetscCall((*ksp->converged)(ksp, ksp->its, norm, &ksp->reason, ksp->cnvP));
  if (!ksp->reason && norm == 0.0) ksp->reason = KSP_CONVERGED_ATOL;
  if (ksp->reason >= 0 && !(norm <= PETSC_MAX_REAL)) ksp->reason = KSP_DIVERGED_NANORINF;
  if (!ksp->reason && ksp->its >= ksp->max_it) ksp->reason = KSP_DIVERGED_ITS;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Account for ||r|| after an iteration: report it, and find out whether progress is too slow. */
static PetscErrorCode Judge(KSP ksp, PetscReal norm, PetscReal most_to_go, PetscBool *slow)
{
  HeatCG *h = ksp->data;

  PetscFunctionBeginUser;
  RecordNorm(h, norm);
  PetscCall(Report(ksp, norm));
  *slow = (h->n_norms > WINDOW && IterationsToGo(ksp, h) > most_to_go) ? PETSC_TRUE : PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Iterate with one kind of cycle until ksp->reason is set, or until progress is too slow.
   @param[in]     most_to_go  predicted further iterations above which progress is too slow
   @param[in,out] x           own cells
   @param[in,out] count       is increased by the number of iterations
   @param[out]    slow        whether progress was too slow, or (r, z) or (p, A p) not positive */
static PetscErrorCode Iterate(KSP ksp, HeatMultigrid *mg, PetscReal most_to_go, PetscReal *x,
                              PetscInt *count, PetscBool *slow)
{
  HeatCG             *h       = ksp->data;
  HeatMultigridUpdate update  = {.x = x};
  Outlook             outlook = UNCERTAIN;
  PetscReal           rz, rz_old = 0.0, zAz, norm = ksp->rnorm;

  PetscFunctionBeginUser;
  *slow      = PETSC_FALSE;
  h->n_norms = 0;
  RecordNorm(h, norm);
  PetscCall(HeatMultigridDown(mg, NULL, NULL));
  for (PetscBool first = PETSC_TRUE; !ksp->reason && !*slow; first = PETSC_FALSE) {
    PetscCall(HeatMultigridUp(mg, outlook == CONTINUES ? &norm : NULL, &rz, &zAz));
    if (outlook == CONTINUES) PetscCall(Judge(ksp, norm, most_to_go, slow));
    if (ksp->reason || *slow) break;
    update.beta            = first ? 0.0 : rz / rz_old;
    const PetscReal energy = first ? zAz : zAz - update.beta * rz / update.alpha;
    *slow = (rz > 0.0 && rz <= PETSC_MAX_REAL && energy > 0.0 && energy <= PETSC_MAX_REAL)
                ? PETSC_FALSE
                : PETSC_TRUE; /* lost in the rounding of single precision */
    if (*slow) break;
    update.alpha = rz / energy;
    outlook      = Predict(ksp, h);
    update.cycle = outlook == CONVERGES ? PETSC_FALSE : PETSC_TRUE;
    rz_old       = rz;
    PetscCall(HeatMultigridDown(mg, &update, outlook == CONTINUES ? NULL : &norm));
    ksp->its++;
    (*count)++;
    if (outlook != CONTINUES) PetscCall(Judge(ksp, norm, most_to_go, slow));
    if (!update.cycle && !ksp->reason && !*slow) PetscCall(HeatMultigridDown(mg, NULL, NULL));
  }
  PetscCall(HeatMultigridFinish(mg, x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add the solution of A e = r to x, with the chosen kind of cycle and, if that is too slow,
   W-cycles. */
static PetscErrorCode SolveFrom(KSP ksp, HeatMultigrid *mg, Vec r, PetscReal *x)
{
  /* Predicted further iterations above which V-cycles, and W-cycles, are given up.  Chosen from
     costs: a W-cycle costs about two V-cycles, an iteration of an algebraic multigrid more than
     ten.  Larger: slow solves take longer.  Smaller: another method takes over solves that this
     one would have ended sooner. */
  const PetscReal  most_to_go[2] = {80.0, 60.0};
  HeatCG          *h             = ksp->data;
  const PetscReal *b;
  PetscReal        norm;
  PetscBool        slow   = PETSC_TRUE;
  const int        chosen = HeatMultigridCycleVisits(mg);

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(r, &b));
  PetscCall(HeatMultigridLoad(mg, b, &norm));
  PetscCall(VecRestoreArrayRead(r, &b));
  h->info.first = norm;
  PetscCall(Report(ksp, norm));
  for (int kind = chosen - 1; kind < 2 && slow && !ksp->reason; kind++) {
    HeatMultigridSetCycle(mg, kind + 1);
    PetscCall(Iterate(ksp, mg, most_to_go[kind], x, &h->info.iterations[kind], &slow));
    h->info.norm[kind] = ksp->rnorm;
  }
  HeatMultigridSetCycle(mg, chosen);
  if (slow && !ksp->reason) ksp->reason = KSP_DIVERGED_BREAKDOWN;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Solve(KSP ksp)
{
  HeatCG          *h    = ksp->data;
  const HeatCGInfo none = {{0, 0}, {0.0, 0.0}, 0.0};
  HeatMultigrid   *mg;
  PetscReal       *x;
  Vec              r = ksp->vec_rhs;
  Mat              A;

  PetscFunctionBeginUser;
  h->info     = none;
  ksp->its    = 0;
  ksp->reason = KSP_CONVERGED_ITERATING;
  PetscCall(HeatPCGetMultigrid(ksp->pc, &mg));
  if (!ksp->guess_zero) { /* KSPSolve has set the solution to zero otherwise */
    PetscCall(PCGetOperators(ksp->pc, &A, NULL));
    PetscCall(VecDuplicate(ksp->vec_rhs, &r));
    PetscCall(KSP_MatMult(ksp, A, ksp->vec_sol, r));
    PetscCall(VecAYPX(r, -1.0, ksp->vec_rhs));
  }
  PetscCall(VecGetArray(ksp->vec_sol, &x));
  PetscCall(SolveFrom(ksp, mg, r, x));
  PetscCall(VecRestoreArray(ksp->vec_sol, &x));
  if (r != ksp->vec_rhs) PetscCall(VecDestroy(&r));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUp(KSP ksp)
{
  HeatMultigrid *mg;
  HeatSystem    *system;
  Mat            A;

  PetscFunctionBeginUser;
  PetscCall(HeatPCGetMultigrid(ksp->pc, &mg)); /* refuses other PCs */
  PetscCall(PCGetOperators(ksp->pc, &A, NULL));
  PetscCall(HeatSystemGet(A, &system));
  PetscCheck(system && HeatOperatorIsLinear(system->op), PetscObjectComm((PetscObject)ksp),
             PETSC_ERR_SUP,
             "the Krylov method heatcg works on heat2d's own operator only, and where "
             "nothing depends on the temperature; take another, such as -ksp_type cg");
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Destroy(KSP ksp)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(ksp->data));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Create(KSP ksp)
{
  HeatCG *h;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&h));
  ksp->data = h;
  PetscCall(KSPSetSupportedNorm(ksp, KSP_NORM_UNPRECONDITIONED, PC_LEFT, 3));
  ksp->ops->setup         = SetUp;
  ksp->ops->solve         = Solve;
  ksp->ops->destroy       = Destroy;
  ksp->ops->buildsolution = KSPBuildSolutionDefault;
  ksp->ops->buildresidual = KSPBuildResidualDefault;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatKSPGetInfo(KSP ksp, HeatCGInfo *info)
{
  PetscBool ours;

  PetscFunctionBeginUser;
  PetscCall(PetscObjectTypeCompare((PetscObject)ksp, KSPHEATCG, &ours));
  PetscCall(PetscMemzero(info, sizeof *info));
  if (ours) *info = ((HeatCG *)ksp->data)->info;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRegisterPetscTypes(void)
{
  PetscFunctionBeginUser;
  PetscCall(HeatRegisterPC());
  PetscCall(KSPRegister(KSPHEATCG, Create));
  PetscFunctionReturn(PETSC_SUCCESS);
}
