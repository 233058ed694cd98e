/** The entries of the suite, one function each; verify_suite.c lists them with what they show.
 *  Collective on v->comm. */
#ifndef HEAT_APP_VERIFY_ENTRIES_H
#define HEAT_APP_VERIFY_ENTRIES_H

#include "app/verify/verify.h"

/** A case with every kind of side, shape and source, and materials that jump
 *  (verify_properties.c). */
extern const char HeatVerifyJumpyCase[];

PetscErrorCode HeatVerifyModes(HeatVerify *v);      /* verify_modes.c */
PetscErrorCode HeatVerifyPainting(HeatVerify *v);   /* verify_painting.c */
PetscErrorCode HeatVerifySpaceOrder(HeatVerify *v); /* verify_space.c */
PetscErrorCode HeatVerifyLayers(HeatVerify *v);
PetscErrorCode HeatVerifyTimeOrder(HeatVerify *v);    /* verify_time.c */
PetscErrorCode HeatVerifyConservation(HeatVerify *v); /* verify_properties.c */
PetscErrorCode HeatVerifyMaximum(HeatVerify *v);
PetscErrorCode HeatVerifyMatrix(HeatVerify *v);  /* verify_matrix.c */
PetscErrorCode HeatVerifyContact(HeatVerify *v); /* verify_physics.c */
PetscErrorCode HeatVerifyExchange(HeatVerify *v);
PetscErrorCode HeatVerifyRadiation(HeatVerify *v);
PetscErrorCode HeatVerifyKirchhoff(HeatVerify *v);
PetscErrorCode HeatVerifySegments(HeatVerify *v);
PetscErrorCode HeatVerifyHalo(HeatVerify *v); /* verify_parallel.c */
PetscErrorCode HeatVerifyDecomposition(HeatVerify *v);
PetscErrorCode HeatVerifyRestart(HeatVerify *v); /* verify_restart.c */
PetscErrorCode HeatVerifyNafems(HeatVerify *v);  /* verify_benchmarks.c */
PetscErrorCode HeatVerifyTealeaf(HeatVerify *v);

#endif
