/** The faces that have a contact resistance.
 *
 *  The resistance of a face is found once, at set-up, and kept in a list of such faces, since
 *  materials and shapes do not change: an update of the conductances (operator_faces.c) needs no
 *  materials, and a case without contacts has empty lists.  The two ranks that share a face store
 *  the same bits for it. */
#include "solver/operator/operator_impl.h"
#include "solver/physics/contacts.h"
#include "solver/physics/interfaces.h"

/* Return the contact resistance of a face by its materials [m2 K/W]; 0: none. */
static PetscReal PairResistance(const HeatContacts *contacts, const HeatInterfaces *interfaces,
                                int axis, PetscInt j, PetscInt i)
{
  const HeatFacePair pair = HeatInterfacesMaterials(interfaces, axis, j, i);

  return pair.low < 0 ? 0.0 : HeatContactsResistance(contacts, pair.low, pair.high);
}

/* List the faces across an axis that have a contact.  The first pass counts, the second one fills.
 */
static PetscErrorCode ListFaces(const HeatGrid *g, const HeatContacts *contacts,
                                const HeatInterfaces *interfaces, int axis, HeatContactFaces *faces)
{
  const PetscInt columns = g->nxl + (axis == 0 ? 1 : 0), rows = g->nyl + (axis == 1 ? 1 : 0);

  PetscFunctionBeginUser;
  for (int pass = 0; pass < 2; pass++) {
    size_t n = 0, face = 0;

    for (PetscInt j = 0; j < rows; j++) {
      for (PetscInt i = 0; i < columns; i++, face++) {
        const PetscReal R = PairResistance(contacts, interfaces, axis, j, i);

        if (!(R > 0.0)) continue;
        if (pass == 1) {
          faces->face[n]       = face;
          faces->resistance[n] = R / HeatInterfacesCosine(interfaces, axis, j, i);
        }
        n++;
      }
    }
    faces->n = n;
    if (pass == 0) {
      PetscCall(PetscMalloc1(n, &faces->face));
      PetscCall(PetscMalloc1(n, &faces->resistance));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorSetUpContacts(HeatOperator *op, const HeatCellInputs *inputs)
{
  HeatContacts   *contacts;
  HeatInterfaces *interfaces;

  PetscFunctionBeginUser;
  PetscCall(HeatContactsCreate(op->c, &contacts));
  if (!contacts) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatInterfacesCreate(op->grid, op->c, inputs, op->material, &interfaces));
  for (int axis = 0; axis < 2; axis++)
    PetscCall(ListFaces(op->grid, contacts, interfaces, axis, &op->contacts[axis]));
  PetscCall(HeatInterfacesDestroy(&interfaces));
  PetscCall(HeatContactsDestroy(&contacts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

size_t HeatContactFacesFrom(const HeatContactFaces *faces, size_t face)
{
  size_t low = 0, high = faces->n;

  while (low < high) {
    const size_t middle = low + (high - low) / 2;

    if (faces->face[middle] < face) low = middle + 1;
    else high = middle;
  }
  return low;
}

PetscErrorCode HeatOperatorContactsDestroy(HeatOperator *op)
{
  PetscFunctionBeginUser;
  for (int axis = 0; axis < 2; axis++) {
    PetscCall(PetscFree(op->contacts[axis].face));
    PetscCall(PetscFree(op->contacts[axis].resistance));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
