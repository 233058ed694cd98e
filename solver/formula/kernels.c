/* Loops over arrays, one for each operation (kernels.h).  Functions that the compiler cannot
 * vectorise (tan, asin, ...) call libm for each element. */
#include "solver/formula/kernels.h"

#include <math.h>

#include "solver/formula/vector_math.h"

#define LOOP(RESULT)                                                                               \
  do {                                                                                             \
    _Pragma("omp simd") for (int i = 0; i < n; i++) out[i] = (RESULT);                             \
  } while (0)

/* Compute an arithmetic operation; return false, without an effect, for any other. */
static PetscBool Arithmetic(HeatOp op, int n, const PetscReal *restrict a,
                            const PetscReal *restrict b, PetscReal *restrict out)
{
  switch (op) {
  case HEAT_OP_NEGATE: LOOP(-a[i]); return PETSC_TRUE;
  case HEAT_OP_ADD: LOOP(a[i] + b[i]); return PETSC_TRUE;
  case HEAT_OP_SUBTRACT: LOOP(a[i] - b[i]); return PETSC_TRUE;
  case HEAT_OP_MULTIPLY: LOOP(a[i] * b[i]); return PETSC_TRUE;
  case HEAT_OP_DIVIDE: LOOP(a[i] / b[i]); return PETSC_TRUE;
  case HEAT_OP_POWER: HeatVectorPow(n, a, b, out); return PETSC_TRUE;
  default: return PETSC_FALSE;
  }
}

/* Compute an operation that compares or selects; return false, without an effect, for any other. */
static PetscBool Comparison(HeatOp op, int n, const PetscReal *restrict a,
                            const PetscReal *restrict b, const PetscReal *restrict c,
                            PetscReal *restrict out)
{
  switch (op) {
  case HEAT_OP_LESS: LOOP(a[i] < b[i] ? 1.0 : 0.0); return PETSC_TRUE;
  case HEAT_OP_LESS_EQUAL: LOOP(a[i] <= b[i] ? 1.0 : 0.0); return PETSC_TRUE;
  case HEAT_OP_GREATER: LOOP(a[i] > b[i] ? 1.0 : 0.0); return PETSC_TRUE;
  case HEAT_OP_GREATER_EQUAL: LOOP(a[i] >= b[i] ? 1.0 : 0.0); return PETSC_TRUE;
  case HEAT_OP_EQUAL: LOOP(a[i] == b[i] ? 1.0 : 0.0); return PETSC_TRUE;
  case HEAT_OP_NOT_EQUAL: LOOP(a[i] != b[i] ? 1.0 : 0.0); return PETSC_TRUE;
  case HEAT_OP_AND: LOOP((a[i] != 0.0) & (b[i] != 0.0) ? 1.0 : 0.0); return PETSC_TRUE;
  case HEAT_OP_OR: LOOP((a[i] != 0.0) | (b[i] != 0.0) ? 1.0 : 0.0); return PETSC_TRUE;
  case HEAT_OP_CHOOSE: LOOP(a[i] != 0.0 ? b[i] : c[i]); return PETSC_TRUE;
  case HEAT_OP_MIN: LOOP(b[i] < a[i] ? b[i] : a[i]); return PETSC_TRUE;
  case HEAT_OP_MAX: LOOP(a[i] < b[i] ? b[i] : a[i]); return PETSC_TRUE;
  case HEAT_OP_SIGN: LOOP(a[i] < 0.0 ? -1.0 : a[i] > 0.0 ? 1.0 : 0.0); return PETSC_TRUE;
  case HEAT_OP_ABS: LOOP(fabs(a[i])); return PETSC_TRUE;
  default: return PETSC_FALSE;
  }
}

static void Function(HeatOp op, int n, const PetscReal *restrict a, const PetscReal *restrict b,
                     PetscReal *restrict out)
{
  switch (op) {
  case HEAT_OP_SIN: HeatVectorSin(n, a, out); return;
  case HEAT_OP_COS: HeatVectorCos(n, a, out); return;
  case HEAT_OP_EXP: HeatVectorExp(n, a, out); return;
  case HEAT_OP_LN:
  case HEAT_OP_LOG: HeatVectorLog(n, a, out); return;
  case HEAT_OP_SQRT: LOOP(sqrt(a[i])); return;
  case HEAT_OP_FLOOR: LOOP(floor(a[i])); return;
  case HEAT_OP_TAN: LOOP(tan(a[i])); return;
  case HEAT_OP_ASIN: LOOP(asin(a[i])); return;
  case HEAT_OP_ACOS: LOOP(acos(a[i])); return;
  case HEAT_OP_ATAN: LOOP(atan(a[i])); return;
  case HEAT_OP_ATAN2: LOOP(atan2(a[i], b[i])); return;
  case HEAT_OP_SINH: LOOP(sinh(a[i])); return;
  case HEAT_OP_COSH: LOOP(cosh(a[i])); return;
  case HEAT_OP_TANH: LOOP(tanh(a[i])); return;
  case HEAT_OP_ASINH: LOOP(asinh(a[i])); return;
  case HEAT_OP_ACOSH: LOOP(acosh(a[i])); return;
  case HEAT_OP_ATANH: LOOP(atanh(a[i])); return;
  case HEAT_OP_LOG10: LOOP(log10(a[i])); return;
  case HEAT_OP_LOG2: LOOP(log2(a[i])); return;
  default: LOOP(NAN); return;
  }
}

void HeatKernel(HeatOp op, int n, const PetscReal *a, const PetscReal *b, const PetscReal *c,
                PetscReal *out)
{
  if (Arithmetic(op, n, a, b, out)) return;
  if (Comparison(op, n, a, b, c, out)) return;
  Function(op, n, a, b, out);
}
