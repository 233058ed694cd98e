/* Contact resistances: a list sorted by the pair of materials, the lower index first. */
#include "solver/physics/contacts.h"

#include <stdlib.h>

typedef struct {
  PetscInt  low, high;
  PetscReal resistance;
} Pair;

struct HeatContacts {
  PetscInt   n;
  Pair      *pairs;       /* owned, sorted */
  PetscBool *has_contact; /* owned [n_materials]: the material has a contact */
};

static Pair MakePair(PetscInt a, PetscInt b, PetscReal resistance)
{
  return (Pair){PetscMin(a, b), PetscMax(a, b), resistance};
}

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
