/** Contact resistances: an array sorted by the pair of materials, lower index first.
 *
 *  A case may have 65535 materials (HEAT_MAX_MATERIALS), too many for a square table; the pairs
 *  that have a contact are sorted once and found by binary search.  `has_contact` spares the search
 *  for materials without any contact.  HeatCaseValidate refuses a pair that is given twice, so that
 *  the order is strict. */
#include "solver/physics/contacts.h"

#include <stdlib.h>

typedef struct {
  PetscInt  low, high;  /* indices of the two materials, low <= high */
  PetscReal resistance; /* [m2 K/W] */
} Pair;

struct HeatContacts {
  PetscInt   n;
  Pair      *pairs;       /* owned [n], sorted by ComparePairs */
  PetscBool *has_contact; /* owned [n_materials]: the material occurs in some pair */
};

static Pair MakePair(PetscInt a, PetscInt b, PetscReal resistance)
{
  return (Pair){PetscMin(a, b), PetscMax(a, b), resistance};
}

/* Order pairs by the lower index, then by the higher one, for qsort and bsearch. */
static int ComparePairs(const void *a, const void *b)
{
  const Pair *p = a, *q = b;

  if (p->low != q->low) return p->low < q->low ? -1 : 1;
  return (p->high > q->high) - (p->high < q->high);
}

PetscErrorCode HeatContactsCreate(const HeatCase *c, HeatContacts **out)
{
  HeatContacts *contacts;

  PetscFunctionBeginUser;
  *out = NULL;
  if (c->n_contacts == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscNew(&contacts));
  *out        = contacts;
  contacts->n = c->n_contacts;
  PetscCall(PetscMalloc1(c->n_contacts, &contacts->pairs));
  PetscCall(PetscCalloc1(c->n_materials, &contacts->has_contact));
  for (PetscInt k = 0; k < c->n_contacts; k++) {
    const HeatContact *contact = &c->contacts[k];

    contacts->pairs[k] = MakePair(contact->material[0], contact->material[1], contact->resistance);
    for (int end = 0; end < 2; end++) contacts->has_contact[contact->material[end]] = PETSC_TRUE;
  }
  qsort(contacts->pairs, (size_t)contacts->n, sizeof *contacts->pairs, ComparePairs);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscReal HeatContactsResistance(const HeatContacts *contacts, PetscInt a, PetscInt b)
{
  if (!contacts || !contacts->has_contact[a] || !contacts->has_contact[b]) return 0.0;
  const Pair  wanted = MakePair(a, b, 0.0);
  const Pair *found  = bsearch(&wanted, contacts->pairs, (size_t)contacts->n, sizeof wanted,
                               ComparePairs);

  return found ? found->resistance : 0.0;
}

PetscErrorCode HeatContactsDestroy(HeatContacts **out)
{
  PetscFunctionBeginUser;
  if (!*out) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFree((*out)->pairs));
  PetscCall(PetscFree((*out)->has_contact));
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
