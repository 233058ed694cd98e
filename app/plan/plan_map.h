/** The ownership map of a plan: which node and which rank has which part of the domain. */
#ifndef HEAT_APP_PLAN_MAP_H
#define HEAT_APP_PLAN_MAP_H

#include "app/plan/plan.h"

/** The kinds of maps, by the ending of the file's name. */
typedef enum { HEAT_MAP_TEXT, HEAT_MAP_SVG, HEAT_MAP_PNG, HEAT_MAP_NONE } HeatMapKind;

/** Return the kind of a file name that ends in .txt, .svg or .png; HEAT_MAP_NONE for others. */
HeatMapKind HeatPlanMapKind(const char *path);

/** Write the map.  Few blocks are drawn with the numbers of their ranks, many as nodes alone; of
 *  more nodes than can be drawn, the lower left part of the domain is shown, and the map says so.
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatPlanWriteMap(const HeatPlan *plan, const char *path);

/** A colour of a node, one of eight: neighbouring nodes differ. */
typedef struct {
  unsigned char r, g, b;
} HeatMapColour;

HeatMapColour HeatMapColourOf(const HeatLayout *layout, PetscInt ip, PetscInt jp);

/** A text that grows. */
typedef struct {
  char  *text; /* owned [room], with a terminating 0; NULL before the first addition */
  size_t n, room;
} HeatMapText;

PetscErrorCode HeatMapTextAdd(HeatMapText *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The parts of HeatPlanWriteMap, each in its own file: fill `out` with the whole file. */
PetscErrorCode HeatPlanDrawText(const HeatPlan *plan, HeatMapText *out);
PetscErrorCode HeatPlanDrawSvg(const HeatPlan *plan, HeatMapText *out);
PetscErrorCode HeatPlanDrawPng(const HeatPlan *plan, HeatMapText *out);

#endif
