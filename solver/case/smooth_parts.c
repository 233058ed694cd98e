/** The smooth parts of a formula (smooth_parts.h).
 *
 *  The tree is visited from the whole formula down.  An operation is split into its operands where
 *  it depends on T, is a sum, or has a number as a factor or divisor; any other one that is not
 *  separable is a part.  A separable operation is a polynomial of sub-formulas that depend on t
 *  alone, with coefficients that depend on the place alone, so that it is nearly linear over a step
 *  if they are. */
#include "solver/case/smooth_parts.h"

/* Bits of the variables of a place. */
enum { PLACE = HEAT_VAR_X | HEAT_VAR_Y };

static PetscBool DependsOnTime(const HeatExpressionTree *tree, int k)
{
  return tree->operations[k].variables & HEAT_VAR_TIME ? PETSC_TRUE : PETSC_FALSE;
}

/* Return whether an operation depends on t and on something else. */
static PetscBool IsMixed(const HeatExpressionTree *tree, int k)
{
  return DependsOnTime(tree, k) && tree->operations[k].variables != HEAT_VAR_TIME ? PETSC_TRUE
                                                                                  : PETSC_FALSE;
}

/* Set separable[k], and sum[k]: whether operation k is a sum of terms none of which is mixed, so
   that its exponential is a product of a factor of t and one of the place. */
static void Classify(const HeatExpressionTree *tree, int k, PetscBool separable[], PetscBool sum[])
{
  const HeatOperation *o = &tree->operations[k];
  const int            a = o->operand[0], b = o->operand[1], c = o->operand[2];

  separable[k] = sum[k] = IsMixed(tree, k) ? PETSC_FALSE : PETSC_TRUE;
  if (sum[k]) return;
  switch (o->op) {
  case HEAT_OP_NEGATE:
    separable[k] = separable[a];
    sum[k]       = sum[a];
    break;
  case HEAT_OP_ADD:
  case HEAT_OP_SUBTRACT:
    separable[k] = (PetscBool)(separable[a] && separable[b]);
    sum[k]       = (PetscBool)(sum[a] && sum[b]);
    break;
  case HEAT_OP_AND:
  case HEAT_OP_OR:
  case HEAT_OP_MULTIPLY: separable[k] = (PetscBool)(separable[a] && separable[b]); break;
  case HEAT_OP_DIVIDE: separable[k] = (PetscBool)(separable[a] && !DependsOnTime(tree, b)); break;
  case HEAT_OP_CHOOSE:
    separable[k] = (PetscBool)(separable[a] && separable[b] && separable[c]);
    break;
  case HEAT_OP_EXP: separable[k] = sum[a]; break;
  default: break;
  }
  if (o->variables & HEAT_VAR_TEMPERATURE) separable[k] = PETSC_FALSE;
}

/* Return whether two operations are the same formula. */
static PetscBool AreSame(const HeatExpressionTree *tree, int a, int b)
{
  const int from = tree->operations[a].first, n = a - from + 1, shift = b - a;

  if (tree->operations[b].first != from + shift) return PETSC_FALSE;
  for (int k = from; k < from + n; k++) {
    const HeatOperation *o = &tree->operations[k], *p = &tree->operations[k + shift];

    if (o->op != p->op || (o->op == HEAT_OP_NUMBER && o->value != p->value)) return PETSC_FALSE;
  }
  return PETSC_TRUE;
}

/* Replace products a*a by a^2, whose bounds are tighter: those of a*a contain negative values where
   a has both signs.  The second factor's last operation becomes the exponent. */
static void SquareProducts(HeatExpressionTree *tree)
{
  for (int k = 0; k < tree->n; k++) {
    HeatOperation *o = &tree->operations[k];

    if (o->op != HEAT_OP_MULTIPLY || !AreSame(tree, o->operand[0], o->operand[1])) continue;
    o->op                           = HEAT_OP_POWER;
    tree->operations[o->operand[1]] = (HeatOperation){
        .op = HEAT_OP_NUMBER, .value = 2.0, .operand = {-1, -1, -1}, .first = o->operand[1]};
  }
}

/* Return whether an operation is a sum, or has a number as a factor or divisor. */
static PetscBool IsSplit(const HeatExpressionTree *tree, const HeatOperation *o)
{
  switch (o->op) {
  case HEAT_OP_NEGATE:
  case HEAT_OP_ADD:
  case HEAT_OP_SUBTRACT: return PETSC_TRUE;
  case HEAT_OP_MULTIPLY:
    return !tree->operations[o->operand[0]].variables || !tree->operations[o->operand[1]].variables
               ? PETSC_TRUE
               : PETSC_FALSE;
  case HEAT_OP_DIVIDE: return tree->operations[o->operand[1]].variables ? PETSC_FALSE : PETSC_TRUE;
  default: return PETSC_FALSE;
  }
}

PetscErrorCode HeatSmoothPartsFind(HeatExpressionTree *tree, int *n, int *parts)
{
  const int  all = tree->n;
  PetscBool *separable, *sum, *visited; /* [all] */
  HeatRole  *roles;                     /* [all] */

  PetscFunctionBeginUser;
  *n = 0;
  SquareProducts(tree);
  PetscCall(PetscCalloc4(all, &separable, all, &sum, all, &visited, all, &roles));
  for (int k = 0; k < all; k++) Classify(tree, k, separable, sum);
  visited[all - 1] = PETSC_TRUE;
  for (int k = all - 1; k >= 0; k--) {
    const HeatOperation o      = tree->operations[k];
    const PetscBool     with_T = o.variables & HEAT_VAR_TEMPERATURE ? PETSC_TRUE : PETSC_FALSE;

    if (!visited[k] || !IsMixed(tree, k) || separable[k]) continue;
    if (with_T || (roles[k] == HEAT_ROLE_APART && IsSplit(tree, &o))) {
      for (int i = 0; i < 3 && o.operand[i] >= 0; i++) {
        visited[o.operand[i]] = PETSC_TRUE;
        roles[o.operand[i]]   = HeatRoleOfOperand(&o, roles[k], i);
      }
    } else if (o.variables & PLACE)
      PetscCall(HeatExpressionTreeAppendFactor(tree, k, roles[k], &parts[(*n)++]));
  }
  PetscCall(PetscFree4(separable, sum, visited, roles));
  PetscFunctionReturn(PETSC_SUCCESS);
}
