/* Fuzzing target: any text as an expression must compile and evaluate, or be refused with a message
   that shows the place. */
#include "fuzz_target.h"

#include "solver/case/expression.h"

enum { ALL = HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_TIME | HEAT_VAR_TEMPERATURE, POINTS = 513 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  (void)argc, (void)argv;
  MUST(PetscInitializeNoArguments() == 0 && PetscPopSignalHandler() == 0);
  return 0;
}

/* Evaluate at more points than one chunk of a bulk evaluation has; a single point must give the
   same bits. */
static void Evaluate(HeatExpression *e)
{
  static PetscReal x[POINTS], y[POINTS], T[POINTS], out[POINTS];
  PetscReal        alone;

  for (int i = 0; i < POINTS; i++) {
    x[i] = 0.01 * i - 1.0;
    y[i] = 2.0 - 0.1 * i;
    T[i] = 300.0 + i;
  }
  MUST(HeatExpressionEvaluate(e, POINTS, x, y, 0.5, T, out) == 0);
  MUST(HeatExpressionEvaluate(e, 1, x + 512, y + 512, 0.5, T + 512, &alone) == 0);
  MUST(memcmp(&alone, &out[512], sizeof alone) == 0 || alone != alone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char           *text    = malloc(size + 1), message[700];
  HeatFormula     formula = {.given = PETSC_TRUE, .text = text};
  HeatExpression *e;

  MUST(text);
  if (size) memcpy(text, data, size);
  text[size] = '\0';
  for (int allowed = 0; allowed <= ALL; allowed += ALL) { /* no variable, then all */
    MUST(HeatExpressionCreate(&formula, allowed, &e, message, sizeof message) == 0);
    MUST(!e == (message[0] != '\0'));
    if (e) {
      MUST((HeatExpressionVariables(e) & ~allowed) == 0);
      Evaluate(e);
    }
    MUST(HeatExpressionDestroy(&e) == 0);
  }
  free(text);
  return 0;
}
