/** esdirk: ESDIRK4(3)6L[2]SA, a Runge-Kutta method with six stages of which the first is explicit;
 *  order 4 with an embedded solution of order 3, L-stable, stiffly accurate, stage order 2.
 *
 *  Stage i at t_i = t + c_i dt, with N_j = N(Y_j, t_j) and gamma = a_ii = 1/4:
 *      C (Y_i - T) = dt (sum over j < i of a_ij N_j + gamma N_i)
 *  which is a stage equation with sigma = 1/(gamma dt), T_base = T, r = sum over j < i of
 *  a_ij/gamma N_j.  The last stage is the new temperature.
 *  N_i is taken from the stage equation and not evaluated, so that an error left by the solve is
 *  not multiplied by a stiff N:
 *      N_i = sigma C (Y_i - T) - r
 *  The error is |dt/C sum (b_j - b^_j) N_j|, and the mean heat flow of the step sum b_j h_j, with
 *  h_j the heat flow of stage j.
 *  Source: C. Kennedy, M. Carpenter, Appl. Numer. Math. 44 (2003) 139, appendix C, the implicit
 *  part of ARK4(3)6L[2]SA. */
#include "solver/stepper/stepper_esdirk.h"

#include "solver/stepper/stepper_impl.h"

enum { S = HEAT_ESDIRK_STAGES };

/* The coefficients of the source above. */
static const HeatTableau tableau = {
    .c = {0.0, 1.0 / 2.0, 83.0 / 250.0, 31.0 / 50.0, 17.0 / 20.0, 1.0},

    .a = {{0.0},
          {1.0 / 4.0, 1.0 / 4.0},
          {8611.0 / 62500.0, -1743.0 / 31250.0, 1.0 / 4.0},
          {5012029.0 / 34652500.0, -654441.0 / 2922500.0, 174375.0 / 388108.0, 1.0 / 4.0},
          {15267082809.0 / 155376265600.0, -71443401.0 / 120774400.0, 730878875.0 / 902184768.0,
           2285395.0 / 8070912.0, 1.0 / 4.0},
          {82889.0 / 524892.0, 0.0, 15625.0 / 83664.0, 69875.0 / 102672.0, -2260.0 / 8211.0,
           1.0 / 4.0}},

    .b_embedded = {4586570599.0 / 29645900160.0, 0.0, 178811875.0 / 945068544.0,
                   814220225.0 / 1159782912.0, -3700637.0 / 11593932.0, 61727.0 / 225920.0},
};

/* The diagonal entry of the stages 2 to 6 in the tableau. */
static const PetscReal gamma_ = 1.0 / 4.0;

const HeatTableau *HeatEsdirkTableau(void) { return &tableau; }

typedef struct {
  Vec N[S];  /* [W/m] owned; N_j of each stage */
  Vec extra; /* [W/m] owned; r of the present stage, then the sum in the error */
} Esdirk;

static PetscErrorCode Create(HeatStepper *s, PetscReal dt)
{
  Esdirk *e;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&e));
  s->data = e;
  PetscCall(HeatStepperCreateStage(s, 1.0 / gamma_, dt));
  PetscCall(VecDuplicate(s->next, &e->extra));
  for (int i = 0; i < S; i++) PetscCall(VecDuplicate(s->next, &e->N[i]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute extra = sum over j < n of weights[j] N_j.  VecMAXPY is not used: it may be compiled with
   a fused multiply-add in the body of a loop and without it in the remainder, so that the bits
   would depend on the decomposition. */
static PetscErrorCode SumWeighted(HeatStepper *s, int n, const PetscReal weights[])
{
  const size_t     cells = HeatGridLocalCells(HeatOperatorGrid(s->op));
  Esdirk          *e     = s->data;
  const PetscReal *N;
  PetscReal       *extra;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayWrite(e->extra, &extra));
  PetscCall(PetscArrayzero(extra, cells));
  for (int j = 0; j < n; j++) {
    PetscCall(VecGetArrayRead(e->N[j], &N));
    for (size_t k = 0; k < cells; k++) extra[k] += weights[j] * N[k];
    PetscCall(VecRestoreArrayRead(e->N[j], &N));
  }
  PetscCall(VecRestoreArrayWrite(e->extra, &extra));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute extra = r of stage i. */
static PetscErrorCode SumEarlierStages(HeatStepper *s, int i)
{
  PetscReal weights[S];

  PetscFunctionBeginUser;
  for (int j = 0; j < i; j++) weights[j] = tableau.a[i][j] / gamma_;
  PetscCall(SumWeighted(s, i, weights));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Turn s->next from Y_{i-1} into the guess for stage i, extrapolated along the line from T through
   Y_{i-1}.  Stage 1 starts from T; a non-linear operator starts from Y_{i-1}, since its
   coefficients may be undefined at an extrapolated temperature. */
static PetscErrorCode Guess(HeatStepper *s, int i, Vec T)
{
  PetscFunctionBeginUser;
  if (i == 1 || !HeatOperatorIsLinear(s->op)) PetscFunctionReturn(PETSC_SUCCESS);
  const size_t     n      = HeatGridLocalCells(HeatOperatorGrid(s->op));
  const PetscReal  beyond = tableau.c[i] / tableau.c[i - 1];
  const PetscReal *now;
  PetscReal       *next;

  PetscCall(VecGetArrayRead(T, &now));
  PetscCall(VecGetArray(s->next, &next));
  for (size_t k = 0; k < n; k++) next[k] = beyond * next[k] + (1.0 - beyond) * now[k];
  PetscCall(VecRestoreArray(s->next, &next));
  PetscCall(VecRestoreArrayRead(T, &now));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute N_i = sigma C (Y_i - T) - r, with Y_i in s->next and r in e->extra. */
static PetscErrorCode NetOfStage(HeatStepper *s, int i, PetscReal sigma, Vec T)
{
  const size_t     n = HeatGridLocalCells(HeatOperatorGrid(s->op));
  const PetscReal *C = HeatOperatorCapacity(s->op);
  Esdirk          *e = s->data;
  const PetscReal *now, *Y, *extra;
  PetscReal       *net;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &now));
  PetscCall(VecGetArrayRead(s->next, &Y));
  PetscCall(VecGetArrayRead(e->extra, &extra));
  PetscCall(VecGetArrayWrite(e->N[i], &net));
  for (size_t k = 0; k < n; k++) net[k] = sigma * C[k] * (Y[k] - now[k]) - extra[k];
  PetscCall(VecRestoreArrayWrite(e->N[i], &net));
  PetscCall(VecRestoreArrayRead(e->extra, &extra));
  PetscCall(VecRestoreArrayRead(s->next, &Y));
  PetscCall(VecRestoreArrayRead(T, &now));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Estimate the error, the largest of own cells [K]. */
static PetscErrorCode EstimateError(HeatStepper *s, PetscReal dt, PetscReal *error)
{
  const size_t     n = HeatGridLocalCells(HeatOperatorGrid(s->op));
  const PetscReal *C = HeatOperatorCapacity(s->op);
  Esdirk          *e = s->data;
  PetscReal        weights[S];
  const PetscReal *sum;

  PetscFunctionBeginUser;
  for (int i = 0; i < S; i++) weights[i] = tableau.a[S - 1][i] - tableau.b_embedded[i];
  PetscCall(SumWeighted(s, S, weights));
  PetscCall(VecGetArrayRead(e->extra, &sum));
  *error = 0.0;
  for (size_t k = 0; k < n; k++) {
    const PetscReal here = PetscAbsReal(dt * sum[k] / C[k]);

    if (!(here <= *error)) *error = here;
  }
  PetscCall(VecRestoreArrayRead(e->extra, &sum));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Attempt(HeatStepper *s, PetscReal t, PetscReal dt, Vec T, HeatStepInfo *info,
                              HeatAttempt *attempt)
{
  const PetscReal sigma = 1.0 / (gamma_ * dt);
  Esdirk         *e     = s->data;

  PetscFunctionBeginUser;
  PetscCall(HeatStepperBring(s, t, T));
  PetscCall(HeatStepperNet(s, T, e->N[0], tableau.a[S - 1][0], &info->flows));
  PetscCall(HeatStagePrepare(s->stage, sigma));
  PetscCall(VecCopy(T, s->next));
  for (int i = 1; i < S; i++) {
    const HeatStageEquation eq = {
        .t = t + tableau.c[i] * dt, .sigma = sigma, .base = T, .extra = e->extra};

    PetscCall(SumEarlierStages(s, i));
    PetscCall(Guess(s, i, T));
    PetscCall(HeatStageSolve(s->stage, &eq, s->next, &info->solve, &attempt->solved));
    info->stages += 1;
    if (!attempt->solved) PetscFunctionReturn(PETSC_SUCCESS);
    PetscCall(NetOfStage(s, i, sigma, T));
    PetscCall(HeatStepperAddFlows(s, s->next, tableau.a[S - 1][i], &info->flows));
  }
  attempt->order = 4;
  if (s->control.tolerance > 0.0) PetscCall(EstimateError(s, dt, &attempt->error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Destroy(HeatStepper *s)
{
  Esdirk *e = s->data;

  PetscFunctionBeginUser;
  for (int i = 0; i < S; i++) PetscCall(VecDestroy(&e->N[i]));
  PetscCall(VecDestroy(&e->extra));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A step grows by at most 5.  Chosen: a larger value follows one small error estimate too far, a
   smaller one takes more steps until the step has grown. */
const HeatMethod HeatMethodEsdirk = {
    .growth = 5.0, .first_order = 4, .create = Create, .attempt = Attempt, .destroy = Destroy};
