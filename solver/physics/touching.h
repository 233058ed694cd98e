/** Pairs of materials that the case names: the number of faces at which their cells touch.
 *
 *  A contact resistance, an interface of the output and a check of the heat between two materials
 *  have no effect, or are 0, where the two materials share no face.  That is often a mistake, such
 *  as a gap of one cell or the name of another material. */
#ifndef HEAT_SOLVER_TOUCHING_H
#define HEAT_SOLVER_TOUCHING_H

#include "solver/physics/paint.h"

/** The list of the case that names a pair of materials. */
typedef enum { HEAT_PAIR_CONTACT, HEAT_PAIR_INTERFACE, HEAT_PAIR_CHECK } HeatPairUse;

/** A pair of materials that the case names. */
typedef struct {
  HeatPairUse use;
  PetscInt    index;       /* into contacts, output.interfaces or check */
  PetscInt    material[2]; /* indices into materials, in the order of the case */
  PetscInt64  faces;       /* between a cell of each; those across periodic sides count */
  PetscInt64  cells[2];    /* of each material */
} HeatMaterialPair;

/** List the pairs of a validated case, contacts first, and count their faces and cells over all
 *  ranks.  Collective on grid->comm; no messages where the case names no pair.  While it runs it
 *  takes 4 bytes a cell.
 *  @param[in]  inputs  what the case's files hold; NULL when it names none
 *  @param[out] n       number of pairs
 *  @param[out] pairs   owned by the caller, [n] */
PetscErrorCode HeatTouchingCount(const HeatGrid *grid, const HeatCase *c,
                                 const HeatCellInputs *inputs, PetscInt *n,
                                 HeatMaterialPair **pairs);

/** Return the number of pairs that a case names.  Not collective. */
PetscInt HeatTouchingPairs(const HeatCase *c);

/** Count the messages, of PetscReals, by which set-up compares the materials of neighbouring cells:
 *  those of HeatTouchingCount and, for contacts, of HeatInterfacesCreate.  Maps, which come from
 *  files, need more; the traffic of cases that name files is not predicted.  Not collective.
 *  @param[out] traffic  summed over all ranks; 0 where the case names no pair */
PetscErrorCode HeatTouchingTraffic(const HeatCase *c, const HeatLayout *layout,
                                   HeatLayoutTraffic *traffic);

/** Write the key of the case that names a pair, "contacts[2].between".  Not collective. */
void HeatMaterialPairKey(const HeatMaterialPair *pair, char *key, size_t size);

#endif
