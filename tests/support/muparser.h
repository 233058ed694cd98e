/** Formulas evaluated by muParser itself, the reference for heat2d's own evaluation.
 *
 *  muParser's asinh, acosh, atanh and log2 are replaced with those of libm, because muParser's own
 *  lose all digits at small or large arguments. */
#ifndef HEAT_TESTS_MUPARSER_H
#define HEAT_TESTS_MUPARSER_H

#include <math.h>
#include <muParserDLL.h>

#include "solver/base/error.h"

enum { REFERENCE_POINTS = 512 };

typedef struct {
  muParserHandle_t parser;                         /* owned: ReferenceDestroy */
  PetscReal        variables[4][REFERENCE_POINTS]; /* x, y, t, T */
} Reference;

/* Compile a formula that heat2d accepts.  The reference must not move in memory. */
static inline void ReferenceCreate(const char *text, Reference *r)
{
  static const char *const names[] = {"x", "y", "t", "T"};

  r->parser = mupCreate(muBASETYPE_FLOAT);
  mupDefineConst(r->parser, "pi", PETSC_PI);
  mupDefineFun1(r->parser, "floor", floor, 1);
  mupDefineFun1(r->parser, "asinh", asinh, 1);
  mupDefineFun1(r->parser, "acosh", acosh, 1);
  mupDefineFun1(r->parser, "atanh", atanh, 1);
  mupDefineFun1(r->parser, "log2", log2, 1);
  for (int v = 0; v < 4; v++) mupDefineVar(r->parser, names[v], r->variables[v]);
  mupSetExpr(r->parser, text);
}

static inline PetscReal ReferenceAt(Reference *r, const PetscReal point[4])
{
  for (int v = 0; v < 4; v++) r->variables[v][0] = point[v];
  return mupEval(r->parser);
}

static inline void ReferenceDestroy(Reference *r) { mupRelease(r->parser); }

#endif
