/** Contact resistances between materials, ready to be looked up face by face. */
#ifndef HEAT_SOLVER_CONTACTS_H
#define HEAT_SOLVER_CONTACTS_H

#include "solver/case/case.h"

typedef struct HeatContacts HeatContacts;

/** Of a validated case; *contacts is NULL when it has none.  Not collective. */
PetscErrorCode HeatContactsCreate(const HeatCase *c, HeatContacts **contacts);

/** Resistance between two materials, in either order [m2 K/W]; 0 where the case gives none, and for
 *  contacts = NULL.  A binary search at most, and only for materials that have a contact. */
PetscReal HeatContactsResistance(const HeatContacts *contacts, PetscInt a, PetscInt b);

/** *contacts may be NULL. */
PetscErrorCode HeatContactsDestroy(HeatContacts **contacts);

#endif
