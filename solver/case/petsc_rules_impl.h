/** What the table of PETSc's options and the comparison with it share (petsc_rules.h). */
#ifndef HEAT_SOLVER_PETSC_RULES_IMPL_H
#define HEAT_SOLVER_PETSC_RULES_IMPL_H

#include "solver/case/petsc_rules.h"

/* Bound of a number that needs none.  Chosen: as good as infinite, and its square root and inverse
 * are finite. */
#define HEAT_RULE_LARGE 1e300

/** What the value of an option may be. */
typedef enum {
  HEAT_RULE_PRINT,   /* nothing: PETSc prints on the terminal */
  HEAT_RULE_TRUTH,   /* nothing, or true, false, yes, no, on, off, 1, 0 */
  HEAT_RULE_COUNT,   /* a whole number, low <= n <= high */
  HEAT_RULE_NUMBER,  /* a finite number, low <= v <= high */
  HEAT_RULE_SEVERAL, /* a list of such numbers, with commas between */
  HEAT_RULE_CHOICE   /* a word of the list, in small or capital letters */
} HeatPetscRuleKind;

/** An option that a case may give. */
typedef struct {
  const char       *name; /* without '-' and without prefixes, in small letters */
  HeatPetscRuleKind kind;
  double            low, high; /* of HEAT_RULE_COUNT, _NUMBER and _SEVERAL, included */
  const char       *list;      /* of HEAT_RULE_CHOICE: words in small letters, blanks between */
} HeatPetscRule;

/** Return the table of options and its length.  Static storage. */
const HeatPetscRule *HeatPetscRules(size_t *n);

/** Return the prefixes that PETSc gives the options of solvers inside of others, and their number;
 *  '#' in a prefix stands for a whole number.  Static storage. */
const char *const *HeatPetscPrefixes(size_t *n);

#endif
