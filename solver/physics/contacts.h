/** Contact resistances between materials, looked up once for each face between two cells.
 *  Source: solver/README.md eq. (3), the term R/A. */
#ifndef HEAT_SOLVER_CONTACTS_H
#define HEAT_SOLVER_CONTACTS_H

#include "solver/case/case.h"

typedef struct HeatContacts HeatContacts;

/** Create the table of contacts of a validated case, which is not needed afterwards.  Not
 *  collective.  The caller owns the table.
 *  @param[out] contacts  NULL when the case has no contacts */
PetscErrorCode HeatContactsCreate(const HeatCase *c, HeatContacts **contacts);

/** Return the contact resistance between materials a and b, in either order [m2 K/W]; 0 where the
 *  case gives none, and for contacts = NULL.  Costs one binary search where both materials have
 *  some contact, otherwise two look-ups.  Not collective. */
PetscReal HeatContactsResistance(const HeatContacts *contacts, PetscInt a, PetscInt b);

/** Free *contacts, which may be NULL, and set it to NULL.  Not collective. */
PetscErrorCode HeatContactsDestroy(HeatContacts **contacts);

#endif
