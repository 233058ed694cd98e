/** Rules that several parts of HeatCaseValidate share, for the files case_validate*.c only.
 *
 *  All functions are collective on k->comm and raise HEAT_ERR_INPUT about the key `path`, a dotted
 *  path as in "regions[1].radius". */
#ifndef HEAT_SOLVER_CASE_VALIDATE_RULES_H
#define HEAT_SOLVER_CASE_VALIDATE_RULES_H

#include "solver/case/case.h"
#include "solver/case/case_names.h"
#include "solver/case/expression.h"

enum {
  /* Size of a buffer for a dotted path [characters].  Chosen: at least twice as long as
     any path, with an index of 19 digits; a longer path would be cut off in messages. */
  HEAT_KEY_PATH = 128
};

/* Sets of variables that a formula may use: x and y; x, y and t. */
enum { HEAT_VAR_XY = HEAT_VAR_X | HEAT_VAR_Y, HEAT_VAR_XY_TIME = HEAT_VAR_XY | HEAT_VAR_TIME };

/** The state of a validation. */
typedef struct {
  MPI_Comm  comm;      /* for messages */
  HeatCase *c;         /* borrowed */
  HeatNames materials; /* owned; filled by HeatValidateMaterials */
  HeatNames regions;   /* owned; filled by HeatValidateRegions */
  PetscReal zero; /* lower bound of all temperatures, as HeatCaseAbsoluteZero; -infinity: none */
  char      zero_reason[100]; /* why temperatures have this bound */
} HeatValidation;

/** What a formula is allowed to be. */
typedef struct {
  int       variables;   /* bits HEAT_VAR_*: the variables that it may use */
  PetscReal least;       /* lower bound of a constant, included */
  PetscReal most;        /* upper bound of a constant, included */
  PetscBool positive;    /* a constant must be greater than 0 */
  PetscBool temperature; /* a constant must not be below the absolute zero */
} HeatFormulaRule;

/* Rules for a formula of the variables v, by the range of a constant. */
#define HEAT_RULE(v, ...) ((HeatFormulaRule){.variables = (v), __VA_ARGS__})
#define HEAT_ANY_OF(v)    HEAT_RULE(v, .least = PETSC_NINFINITY, .most = PETSC_INFINITY)
#define HEAT_TEMPERATURE(v)                                                                        \
  HEAT_RULE(v, .least = PETSC_NINFINITY, .most = PETSC_INFINITY, .temperature = PETSC_TRUE)
#define HEAT_AT_LEAST_0(v)  HEAT_RULE(v, .most = PETSC_INFINITY)
#define HEAT_FROM_0_TO_1(v) HEAT_RULE(v, .most = 1.0)
#define HEAT_ABOVE_0(v)     HEAT_RULE(v, .most = PETSC_INFINITY, .positive = PETSC_TRUE)

/** Check that a formula compiles and uses allowed variables only; that it does not depend on t in a
 *  steady case; and, if it is a constant, that it is finite and within its bounds.  A formula that
 *  is not given passes. */
PetscErrorCode HeatValidateFormula(const HeatValidation *k, const char *path, const HeatFormula *f,
                                   HeatFormulaRule rule);

/** Sort a table of names, and check that no two entries of a list have the same name.
 *  @param[in] list  path of the list, e.g. "materials" */
PetscErrorCode HeatValidateUnique(const HeatValidation *k, const char *list, HeatNames *names);

/** Check that a material has the given name.
 *  @param[out] material  index of the material */
PetscErrorCode HeatValidateMaterialName(const HeatValidation *k, const char *path, const char *name,
                                        PetscInt *material);

/** Check that two names are those of two different materials.
 *  @param[out] material  indices of the materials */
PetscErrorCode HeatValidatePair(const HeatValidation *k, const char *path, char *const names[2],
                                PetscInt material[2]);

/** Two materials of an entry of a list. */
typedef struct {
  PetscInt material[2]; /* indices, in an order that the caller chooses */
  PetscInt index;       /* of the entry */
} HeatPair;

/** Sort n pairs and find two that are equal.
 *  @param[out] duplicate, original  indices of the later and of the earlier entry; -1 and -1 if
 *                                   all pairs differ */
void HeatFindEqualPair(PetscInt n, HeatPair *pairs, PetscInt *duplicate, PetscInt *original);

/** Check that a name (of a material, region or probe, the output folder, the unit of temperature)
 *  can stand in a table and a message: no control character in it, none that changes the direction
 *  of writing or ends a line (printable.h), no blank around it. */
PetscErrorCode HeatValidateName(const HeatValidation *k, const char *path, const char *name);

/** Check that a point lies in the domain or on its boundary.  One that lies outside by a rounding
 *  (HeatCaseRounding) is moved onto the boundary.
 *  @param[in,out] at  x, y [m] */
PetscErrorCode HeatValidatePlace(const HeatValidation *k, const char *path, PetscReal at[2]);

#endif
