/** The fields of a snapshot, collected from the state and handed to io. */
#ifndef HEAT_APP_SNAPSHOT_FIELDS_H
#define HEAT_APP_SNAPSHOT_FIELDS_H

#include "app/report/survey.h"
#include "io/run_files/snapshots.h"

/** Write a snapshot of the present state with the fields that the case asks for (`output.fields`).
 *  Collective.
 *  @param[in] T  the present temperature, [nyl][nxl]
 *  Errors: HEAT_ERR_FILE; HEAT_ERR_NUMERICS as HeatSurveyPrepare. */
PetscErrorCode HeatSnapshotFieldsWrite(HeatSnapshots *snapshots, const HeatRunState *state,
                                       HeatSurvey *survey, const PetscReal *T);

#endif
