/* The schemes over several steps: the energy account, and continued runs. */
#include "schemes_test.h"

/* ------- the energy account ------- */

/* Return the stored heat of T minus that of the array, over all ranks. */
static PetscReal StoredApart(const HeatProblem *p, Vec T, const PetscReal *before)
{
  const PetscReal *now;
  PetscReal        sum = 0.0;

  OK(VecGetArrayRead(T, &now));
  for (size_t k = 0; k < HeatGridLocalCells(p->g); k++)
    sum += HeatOperatorCapacityAt(p->op, k) * (now[k] - before[k]);
  OK(VecRestoreArrayRead(T, &now));
  return HeatTestSum(p->g->comm, sum);
}

/* Return the heat that a step brought [J/m]: by its flows, by what it settled of the ambient
   exchange, and by what is not settled yet, of which *unsettled [J/m] is the value before and after
   the step. */
static PetscReal Brought(const HeatProblem *p, const HeatStepInfo *info, PetscReal *unsettled)
{
  const PetscReal before = *unsettled;
  HeatFlows       left   = {0};

  HeatOperatorAddUnsettled(p->op, &left);
  *unsettled = HeatTestEntered(p->g->comm, &left);
  return info->dt * HeatTestEntered(p->g->comm, &info->flows) +
         HeatTestEntered(p->g->comm, &info->settled) + (*unsettled - before);
}

/* Return the largest gap of the account in one of eight steps of pseudo-random length, relative
   to the turnover of all steps. */
static PetscReal AccountGap(HeatProblem *p)
{
  enum { N = 8 };
  PetscReal    dt[N], *T0 = HeatTestNoiseArray(p->g, 3), gap = 0.0, turnover = 0.0, t = 0.0;
  PetscReal    unsettled = 0.0;
  Vec          T         = HeatTestVec(p->g, T0);
  HeatStepper *stepper;

  HeatTestStepLengths(N, p->c->time.scheme == HEAT_SCHEME_FTCS ? 0.002 : 0.2, PETSC_FALSE, dt);
  OK(HeatStepperCreate(p->op, dt[0], &stepper));
  for (int k = 0; k < N; k++) {
    HeatStepInfo     info;
    const PetscReal *now;

    OK(HeatStepperAdvance(stepper, t, dt[k], &T, &info));
    t += info.dt;
    gap = HeatTestMax(gap, fabs(StoredApart(p, T, T0) - Brought(p, &info, &unsettled)));
    turnover += info.dt * HeatTestReduceExact(p->g->comm, &info.flows.sum[HEAT_FLOW_TURNOVER]);
    OK(VecGetArrayRead(T, &now));
    memcpy(T0, now, HeatGridLocalCells(p->g) * sizeof *T0);
    OK(VecRestoreArrayRead(T, &now));
  }
  OK(HeatStepperDestroy(&stepper));
  OK(VecDestroy(&T));
  OK(PetscFree(T0));
  return gap / turnover;
}

/* The gap is rounding and what the solves leave at their tolerance of 1e-13. */
static void flows_of_our_schemes_change_the_stored_heat_exactly(void **state)
{
  (void)state;
  for (int k = 0; k < N_OURS; k++) {
    HeatTestRun run = HeatTestEvery[k];

    run.mixed = PETSC_TRUE;
    AT_MOST(HeatTestLayouts(HeatTestRunCase, AccountGap, &run), 1e-12);
  }
}

/* Newton's method stops at 1e-13 of the first residual, or at the rounding of the residual. */
static void
flows_change_the_stored_heat_exactly_where_conductivity_depends_on_temperature(void **state)
{
  (void)state;
  for (int k = 0; k < N_OURS; k++) {
    HeatTestRun run = HeatTestEvery[k];

    run.mixed        = PETSC_TRUE;
    run.conductivity = "1 + 0.1*T";
    AT_MOST(HeatTestLayouts(HeatTestRunCase, AccountGap, &run), 2e-12);
  }
}

/* The trapezoidal rule of the flows before and after a step has an error of second order. */
static void flows_of_petscs_schemes_change_the_stored_heat_approximately(void **state)
{
  HeatTestRun run = PETSCS("arkimex", 3);

  (void)state;
  run.mixed = PETSC_TRUE;
  AT_MOST(HeatTestLayouts(HeatTestRunCase, AccountGap, &run), 0.05);
}

/* ------- continued runs ------- */

/* Compare ten steps of one stepper with five of it followed by five of a new stepper that was
   loaded with the first one's memory: the fields, and the heat that entered in the last step. */
static PetscReal ContinuedDiffers(HeatProblem *p, PetscBool even)
{
  enum { N = 10 };
  PetscReal    dt[N], *T0 = HeatTestNoiseArray(p->g, 3), *whole, apart, entered[2];
  HeatStepInfo info;

  for (size_t k = 0; k < HeatGridLocalCells(p->g); k++) T0[k] += 30.0;
  HeatTestStepLengths(N, p->c->time.scheme == HEAT_SCHEME_FTCS ? 0.002 : 0.2, even, dt);
  for (int parts = 1; parts <= 2; parts++) {
    Vec          T = HeatTestVec(p->g, T0);
    HeatStepper *stepper;
    PetscReal    t = 0.0;

    OK(HeatStepperCreate(p->op, dt[0], &stepper));
    for (int k = 0; k < N; k++) {
      if (parts == 2 && k == N / 2) {
        HeatStepper      *fresh;
        HeatStepperMemory memory;

        OK(HeatStepperSave(stepper, &memory));
        OK(HeatStepperCreate(p->op, dt[0], &fresh));
        OK(HeatStepperLoad(fresh, &memory));
        OK(HeatStepperDestroy(&stepper));
        stepper = fresh;
      }
      OK(HeatStepperAdvance(stepper, t, dt[k], &T, &info));
      t += dt[k];
    }
    if (parts == 1) whole = HeatTestCopy(p->g, T);
    else apart = HeatTestVecApart(p->g, T, whole);
    entered[parts - 1] = HeatTestEntered(p->g->comm, &info.flows);
    OK(HeatStepperDestroy(&stepper));
    OK(VecDestroy(&T));
  }
  OK(PetscFree(whole));
  OK(PetscFree(T0));
  apart = HeatTestMax(apart, fabs(entered[0] - entered[1]) / fabs(entered[0]) > 1e-13);
  return HeatTestWorst(apart);
}

/* Continued runs have the same bits with the multigrid, whose set-ups depend on earlier steps, with
   conductivities that depend on T, and with equal and unequal steps. */
static void continued_run_has_the_same_bits(void **state)
{
  (void)state;
  for (int k = 0; k < N_OURS; k++) {
    for (int of_T = 0; of_T < 2; of_T++) {
      HeatTestRun run = HeatTestEvery[k];

      run.mixed          = PETSC_TRUE;
      run.preconditioner = "multigrid";
      run.conductivity   = of_T ? "1 + 0.01*T" : NULL;
      HeatProblem p      = HeatTestSetUp(PETSC_COMM_WORLD, HeatTestRunCase(&run));
      if (!of_T) AT_MOST(ContinuedDiffers(&p, PETSC_TRUE), 0.0);
      AT_MOST(ContinuedDiffers(&p, PETSC_FALSE), 0.0);
      HeatTestTearDown(&p);
    }
  }
}

static void one_step_schemes_of_petsc_continue_with_the_same_bits_too(void **state)
{
  HeatTestRun run = PETSCS("arkimex", 3);

  (void)state;
  run.mixed     = PETSC_TRUE;
  HeatProblem p = HeatTestSetUp(PETSC_COMM_WORLD, HeatTestRunCase(&run));
  AT_MOST(ContinuedDiffers(&p, PETSC_FALSE), 0.0);
  HeatTestTearDown(&p);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(flows_of_our_schemes_change_the_stored_heat_exactly),
    cmocka_unit_test(
        flows_change_the_stored_heat_exactly_where_conductivity_depends_on_temperature),
    cmocka_unit_test(flows_of_petscs_schemes_change_the_stored_heat_approximately),
    cmocka_unit_test(continued_run_has_the_same_bits),
    cmocka_unit_test(one_step_schemes_of_petsc_continue_with_the_same_bits_too),
};

int main(void) { return RUN_TESTS(Tests); }
