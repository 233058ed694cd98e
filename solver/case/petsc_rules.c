/** Comparison of an option and its value with the table of what a case may give (petsc_rules.h).
 *
 *  An option's name is a row of the table with any number of prefixes of PETSc's sub-solvers in
 *  front of it:
 *
 *    mg_levels_2_ sub_ pc_factor_levels
 *    '----------' '--' '--------------'
 *      prefixes            a row
 *
 *  PETSc itself ignores the case of letters in names and knows aliases.  Here names are compared
 *  exactly, so that a name in another spelling is refused and never reaches PETSc. */
#include "solver/case/petsc_rules.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "solver/case/petsc_rules_impl.h"

/* Longest name of an option and longest value [bytes], most numbers in a list.  Chosen: above what
   the options take.  PETSc itself cuts names at 512 bytes. */
enum { MOST_NAME = 120, MOST_VALUE = 400, MOST_NUMBERS = 32 };

static const char truths[] = "true yes on 1 false no off 0";

/* Return the rest of `name` after a prefix, NULL if it does not begin with the prefix. */
static const char *SkipPrefix(const char *name, const char *prefix)
{
  for (; *prefix; prefix++) {
    if (*prefix != '#') {
      if (*name++ != *prefix) return NULL;
      continue;
    }
    if (!isdigit((unsigned char)*name)) return NULL;
    while (isdigit((unsigned char)*name)) name++;
  }
  return name;
}

/* Return the rule of an option, NULL if no case may give it.  Each recursion takes a prefix off the
   name, whose length is limited. */
static const HeatPetscRule *FindRule(const char *name)
{
  size_t               n_rules, n_prefixes;
  const HeatPetscRule *rules    = HeatPetscRules(&n_rules);
  const char *const   *prefixes = HeatPetscPrefixes(&n_prefixes);

  for (size_t k = 0; k < n_rules; k++) {
    if (strcmp(name, rules[k].name) == 0) return &rules[k];
  }
  for (size_t k = 0; k < n_prefixes; k++) {
    const char          *rest = SkipPrefix(name, prefixes[k]);
    const HeatPetscRule *rule = rest ? FindRule(rest) : NULL;

    if (rule) return rule;
  }
  return NULL;
}

PetscBool HeatPetscListHas(const char *list, const char *word)
{
  const size_t length = strlen(word);

  while (length > 0 && *list) {
    const size_t n = strcspn(list, " ");
    PetscBool    same;

    if (n == length && !PetscStrncmp(list, word, n, &same) && same) return PETSC_TRUE;
    list += n + (list[n] == ' ');
  }
  return PETSC_FALSE;
}

/* Return whether the list has the word in small or capital letters, as PETSc compares names. */
static PetscBool ListHasAnyCase(const char *list, const char *word)
{
  char small[MOST_VALUE + 1];
  int  n = 0;

  for (; word[n] && n < MOST_VALUE; n++) small[n] = (char)tolower((unsigned char)word[n]);
  small[n] = '\0';
  return strchr(small, ' ') ? PETSC_FALSE : HeatPetscListHas(list, small);
}

/* Parse a decimal number in the range of a rule, a whole one for HEAT_RULE_COUNT, which the
   character `stop` must follow.  Return its end, NULL if the text is no such number. */
static const char *ParseNumber(const HeatPetscRule *rule, const char *text, char stop)
{
  const PetscBool whole = (PetscBool)(rule->kind == HEAT_RULE_COUNT);
  const size_t    n     = strspn(text, whole ? "+-0123456789" : "+-0123456789.eE");
  char           *end;
  double          value;

  errno = 0;
  value = whole ? (double)strtoll(text, &end, 10) : strtod(text, &end);
  if (n == 0 || end != text + n || *end != stop || !isfinite(value)) return NULL;
  if (errno) return NULL; /* too large, or below the smallest normal number */
  return value >= rule->low && value <= rule->high ? end : NULL;
}

/* Return whether a value is a list of numbers, separated by commas, without blanks. */
static PetscBool IsSeveral(const HeatPetscRule *rule, const char *text)
{
  for (int k = 0; k < MOST_NUMBERS && text; k++) {
    const char *comma = strchr(text, ',');

    text = ParseNumber(rule, text, comma ? ',' : '\0');
    if (!comma) return (PetscBool)(text != NULL);
    if (text) text++;
  }
  return PETSC_FALSE;
}

static PetscBool IsValue(const HeatPetscRule *rule, const char *value)
{
  switch (rule->kind) {
  case HEAT_RULE_PRINT: return (PetscBool)(value[0] == '\0');
  case HEAT_RULE_TRUTH: return (PetscBool)(value[0] == '\0' || ListHasAnyCase(truths, value));
  case HEAT_RULE_COUNT:
  case HEAT_RULE_NUMBER: return (PetscBool)(ParseNumber(rule, value, '\0') != NULL);
  case HEAT_RULE_SEVERAL: return IsSeveral(rule, value);
  default: return ListHasAnyCase(rule->list, value);
  }
}

/* Write which numbers a rule accepts, "from 0 to 1" or "from 0"; "" for all. */
static const char *DescribeRange(const HeatPetscRule *rule, char *text, size_t size)
{
  text[0] = '\0';
  if (rule->low > -HEAT_RULE_LARGE && rule->high < HEAT_RULE_LARGE)
    (void)snprintf(text, size, " from %g to %g", rule->low, rule->high);
  else if (rule->low > -HEAT_RULE_LARGE) (void)snprintf(text, size, " from %g", rule->low);
  return text;
}

/* Write what a rule expects. */
static void DescribeRule(const HeatPetscRule *rule, char *text, size_t size)
{
  char range[64];

  DescribeRange(rule, range, sizeof range);
  switch (rule->kind) {
  case HEAT_RULE_PRINT:
    (void)snprintf(text, size,
                   "in a case this option takes no value and prints on the terminal; the command "
                   "line may name a viewer");
    break;
  case HEAT_RULE_TRUTH: (void)snprintf(text, size, "it must be true or false, or nothing"); break;
  case HEAT_RULE_COUNT: (void)snprintf(text, size, "it must be a whole number%s", range); break;
  case HEAT_RULE_NUMBER: (void)snprintf(text, size, "it must be a number%s", range); break;
  case HEAT_RULE_SEVERAL:
    (void)snprintf(text, size, "it must be numbers%s with commas between", range);
    break;
  default:
    (void)snprintf(text, size, "in a case it must be one of %s; the command line may give others",
                   rule->list);
  }
}

PetscBool HeatPetscOptionCheck(const char *name, const char *value, char *reason, size_t size)
{
  const HeatPetscRule *rule = strlen(name) <= MOST_NAME ? FindRule(name) : NULL;
  char                 expected[HEAT_REASON_BYTES];

  reason[0] = '\0';
  if (!rule) {
    (void)snprintf(
        reason, size,
        "a case may not give the PETSc option -%.60s: case files come from strangers and "
        "may choose solvers, preconditioners and tolerances alone (inputs/README.md "
        "lists the options); the command line may give it",
        name);
    return PETSC_FALSE;
  }
  if (strlen(value) <= MOST_VALUE && IsValue(rule, value)) return PETSC_TRUE;
  DescribeRule(rule, expected, sizeof expected);
  (void)snprintf(reason, size, "found %.60s for the PETSc option -%.60s; %.700s",
                 value[0] ? value : "nothing", name, expected);
  return PETSC_FALSE;
}
