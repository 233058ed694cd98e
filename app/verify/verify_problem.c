/** Solve cases that are given as text (see verify.h), with the libraries alone: without the
 * simulation loop of app/run, without files, and without output on the terminal. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "app/verify/verify.h"
#include "io/case_file/case_file.h"
#include "io/file/checksum.h"
#include "solver/measure/probes.h"

PetscErrorCode HeatVerifySet(HeatVerify *v, const char *format, ...)
{
  va_list arguments;
  int     length;

  PetscFunctionBeginUser;
  PetscCheck(v->n_set < HEAT_VERIFY_SETS, PETSC_COMM_SELF, PETSC_ERR_PLIB, "too many overrides");
  va_start(arguments, format);
  length = vsnprintf(v->set[v->n_set], HEAT_VERIFY_SET_LENGTH, format, arguments);
  va_end(arguments);
  PetscCheck(length < HEAT_VERIFY_SET_LENGTH, PETSC_COMM_SELF, PETSC_ERR_PLIB,
             "an override is too long: %s", v->set[v->n_set]);
  v->n_set += 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read and validate a case with the pending overrides, and clear them. */
static PetscErrorCode ReadCase(HeatVerify *v, MPI_Comm comm, const char *text, HeatCase **c)
{
  const char    *set[HEAT_VERIFY_SETS];
  const PetscInt n = v->n_set;
  PetscMPIInt    size;

  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < n; k++) set[k] = v->set[k];
  v->n_set = 0;
  PetscCall(HeatCaseReadText(comm, v->name, text, n, set, c));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  PetscCall(HeatCaseValidate(comm, *c, size));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Paint the initial field and start the energy account. */
static PetscErrorCode PaintField(HeatVerifyProblem *p)
{
  PetscReal *T;

  PetscFunctionBeginUser;
  PetscCall(HeatGridCreateVec(p->grid, &p->T));
  PetscCall(VecGetArrayWrite(p->T, &T));
  PetscCall(HeatOperatorInitialField(p->op, NULL, PETSC_FALSE, T));
  PetscCall(HeatEnergyStart(&p->energy, p->op, T));
  PetscCall(VecRestoreArrayWrite(p->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the coefficients that depend on the temperature, from the initial field.  A non-linear
   operator has none before. */
static PetscErrorCode UpdateCoefficients(HeatVerifyProblem *p)
{
  const PetscReal *T;

  PetscFunctionBeginUser;
  if (HeatOperatorIsLinear(p->op)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecGetArrayRead(p->T, &T));
  PetscCall(HeatOperatorBring(p->op, 0.0, T, HEAT_ERR_NUMERICS, "the initial field"));
  PetscCall(VecRestoreArrayRead(p->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyOpenOn(HeatVerify *v, MPI_Comm comm, const char *text,
                                HeatVerifyProblem **problem)
{
  HeatVerifyProblem *p;
  int                slot = 0;

  PetscFunctionBeginUser;
  while (slot < HEAT_VERIFY_PROBLEMS && v->problems[slot]) slot++;
  PetscCheck(slot < HEAT_VERIFY_PROBLEMS, PETSC_COMM_SELF, PETSC_ERR_PLIB, "too many problems");
  PetscCall(PetscNew(&p));
  *problem = v->problems[slot] = p;
  PetscCall(ReadCase(v, comm, text, &p->c));
  PetscCall(HeatGridCreate(comm, p->c, &p->grid));
  PetscCall(HeatOperatorCreate(p->grid, p->c, NULL, &p->op));
  PetscCall(PaintField(p));
  PetscCall(UpdateCoefficients(p));
  p->dt = p->c->time.scheme == HEAT_SCHEME_STEADY ? 1.0 : p->c->time.step;
  if (p->c->time.step_auto) PetscCall(HeatOperatorStableStep(p->op, &p->dt));
  PetscCall(HeatStepperCreate(p->op, p->dt, &p->stepper));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyOpen(HeatVerify *v, const char *text, HeatVerifyProblem **problem)
{
  PetscFunctionBeginUser;
  PetscCall(HeatVerifyOpenOn(v, v->comm, text, problem));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the number of steps by time.steps or time.end of the case; 1 for a steady state. */
static PetscInt StepsOfCase(const HeatVerifyProblem *p)
{
  if (p->c->time.scheme == HEAT_SCHEME_STEADY) return 1;
  if (p->c->time.end < 0.0) return p->c->time.steps;
  return (PetscInt)round((double)(p->c->time.end / p->dt));
}

PetscErrorCode HeatVerifyAdvance(HeatVerifyProblem *p, PetscInt steps)
{
  const PetscBool steady = p->c->time.scheme == HEAT_SCHEME_STEADY ? PETSC_TRUE : PETSC_FALSE;

  PetscFunctionBeginUser;
  if (steps == PETSC_DEFAULT) steps = StepsOfCase(p);
  for (PetscInt k = 0; k < steps; k++) {
    PetscCall(HeatStepperAdvance(p->stepper, p->t, p->dt, &p->T, &p->last));
    PetscCheck(p->last.dt == p->dt, PETSC_COMM_SELF, PETSC_ERR_PLIB, "the suite takes fixed steps");
    HeatEnergyAddStep(&p->energy, &p->last);
    p->step += 1;
    if (!steady) p->t = (PetscReal)p->step * p->dt;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyAdvanceAtOnce(HeatVerifyProblem *p, PetscInt steps, PetscInt *most)
{
  PetscReal times[HEAT_MOST_AT_ONCE];

  PetscFunctionBeginUser;
  PetscCall(HeatStepperMostAtOnce(p->stepper, most));
  for (PetscInt done = 0; done < steps;) {
    const PetscInt n = PetscMin(*most, steps - done);

    if (n < 2) {
      PetscCall(HeatVerifyAdvance(p, n));
    } else {
      for (PetscInt k = 0; k < n; k++) times[k] = (PetscReal)(p->step + k) * p->dt;
      PetscCall(HeatStepperAdvanceSeveral(p->stepper, n, times, p->dt, NULL, &p->T, &p->last));
      HeatEnergyAddStep(&p->energy, &p->last);
      p->step += n;
      p->t = (PetscReal)p->step * p->dt;
    }
    done += n;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifySolve(HeatVerify *v, const char *text, HeatVerifyProblem **problem)
{
  PetscFunctionBeginUser;
  PetscCall(HeatVerifyOpen(v, text, problem));
  PetscCall(HeatVerifyAdvance(*problem, PETSC_DEFAULT));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyAccount(HeatVerifyProblem *p)
{
  const PetscBool  steady = p->c->time.scheme == HEAT_SCHEME_STEADY ? PETSC_TRUE : PETSC_FALSE;
  const PetscReal *T;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(p->T, &T));
  PetscCall(HeatEnergyClose(&p->energy, p->op, T, steady, &p->account));
  PetscCall(VecRestoreArrayRead(p->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyError(HeatVerifyProblem *p, const char *exact, PetscReal *l2,
                               PetscReal *max)
{
  HeatFormula      formula = {.given = PETSC_TRUE};
  const PetscReal *T;

  PetscFunctionBeginUser;
  PetscCall(PetscStrallocpy(exact, &formula.text));
  PetscCall(VecGetArrayRead(p->T, &T));
  PetscCall(HeatDiagnosticsError(p->op, T, &formula, p->t, l2, max));
  PetscCall(VecRestoreArrayRead(p->T, &T));
  PetscCall(PetscFree(formula.text));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyPoint(HeatVerifyProblem *p, PetscReal x, PetscReal y, PetscReal *value)
{
  const PetscReal  at[1][2] = {{x, y}};
  const PetscReal *T;
  HeatProbes      *probes;

  PetscFunctionBeginUser;
  PetscCall(HeatProbesCreate(p->op, 1, at, &probes));
  PetscCall(VecGetArrayRead(p->T, &T));
  PetscCall(HeatProbesValues(probes, p->op, T, p->t, value));
  PetscCall(VecRestoreArrayRead(p->T, &T));
  PetscCall(HeatProbesDestroy(&probes));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyChecksum(HeatVerifyProblem *p, uint64_t *sum)
{
  const HeatGrid  *g = p->grid;
  const PetscReal *T;

  PetscFunctionBeginUser;
  *sum = 0;
  PetscCall(VecGetArrayRead(p->T, &T));
  for (PetscInt j = 0; j < g->nyl; j++) {
    const PetscInt64 first = (PetscInt64)(g->ys + j) * g->nx + g->xs;

    *sum += HeatChecksum(sizeof *T, T + (size_t)j * (size_t)g->nxl, first, g->nxl);
  }
  PetscCall(VecRestoreArrayRead(p->T, &T));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, sum, 1, MPI_UINT64_T, MPI_SUM, g->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyClose(HeatVerify *v, HeatVerifyProblem **problem)
{
  HeatVerifyProblem *p = *problem;

  PetscFunctionBeginUser;
  if (!p) PetscFunctionReturn(PETSC_SUCCESS);
  for (int k = 0; k < HEAT_VERIFY_PROBLEMS; k++) {
    if (v->problems[k] == p) v->problems[k] = NULL;
  }
  PetscCall(HeatStepperDestroy(&p->stepper));
  PetscCall(VecDestroy(&p->T));
  PetscCall(HeatOperatorDestroy(&p->op));
  PetscCall(HeatGridDestroy(&p->grid));
  PetscCall(HeatCaseDestroy(&p->c));
  PetscCall(PetscFree(p));
  *problem = NULL;
  PetscFunctionReturn(PETSC_SUCCESS);
}
