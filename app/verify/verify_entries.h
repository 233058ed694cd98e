/** The entries of the suite, one function each.  verify_suite.c lists them with what they show; the
 *  file of each explains its exact solutions and bounds.  All are collective on v->comm and record
 *  their measurements.  Errors: HEAT_ERR_INPUT or HEAT_ERR_NUMERICS if a case cannot be solved;
 *  HEAT_ERR_FILE if HeatVerifyRestart cannot write or read its checkpoint. */
#ifndef HEAT_APP_VERIFY_ENTRIES_H
#define HEAT_APP_VERIFY_ENTRIES_H

#include "app/verify/verify.h"

/** A case with convection, temperature, flux and insulated sides, rectangle, circle and polygon,
 *  sources of position and time, and conductivities that jump by a factor of 1e5
 *  (verify_properties.c). */
extern const char HeatVerifyJumpCase[];

PetscErrorCode HeatVerifyModes(HeatVerify *v);      /* verify_modes.c */
PetscErrorCode HeatVerifyPainting(HeatVerify *v);   /* verify_painting.c */
PetscErrorCode HeatVerifySpaceOrder(HeatVerify *v); /* verify_space.c */
PetscErrorCode HeatVerifyLayers(HeatVerify *v);
PetscErrorCode HeatVerifyTimeOrder(HeatVerify *v);    /* verify_time.c */
PetscErrorCode HeatVerifyEvents(HeatVerify *v);       /* verify_events.c */
PetscErrorCode HeatVerifyPower(HeatVerify *v);        /* verify_power.c */
PetscErrorCode HeatVerifyConservation(HeatVerify *v); /* verify_properties.c */
PetscErrorCode HeatVerifyMaximumPrinciple(HeatVerify *v);
PetscErrorCode HeatVerifyMatrix(HeatVerify *v);  /* verify_matrix.c */
PetscErrorCode HeatVerifyContact(HeatVerify *v); /* verify_physics.c */
PetscErrorCode HeatVerifyAmbientExchange(HeatVerify *v);
PetscErrorCode HeatVerifyRadiation(HeatVerify *v);
PetscErrorCode HeatVerifyKirchhoff(HeatVerify *v);
PetscErrorCode HeatVerifySegments(HeatVerify *v);
PetscErrorCode HeatVerifyHalo(HeatVerify *v); /* verify_parallel.c */
PetscErrorCode HeatVerifyDecomposition(HeatVerify *v);
PetscErrorCode HeatVerifyRestart(HeatVerify *v); /* verify_restart.c */
PetscErrorCode HeatVerifyNafems(HeatVerify *v);  /* verify_benchmarks.c */
PetscErrorCode HeatVerifyTealeaf(HeatVerify *v);

#endif
