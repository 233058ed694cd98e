/** The ownership map of a plan: a picture of the blocks with their nodes and ranks. */
#ifndef HEAT_APP_PLAN_MAP_H
#define HEAT_APP_PLAN_MAP_H

#include "app/plan/plan.h"

/** The kinds of maps; the extension of the file's name selects one. */
typedef enum { HEAT_MAP_TEXT, HEAT_MAP_SVG, HEAT_MAP_PNG, HEAT_MAP_NONE } HeatMapKind;

/** Return the kind of a file name that ends in .txt, .svg or .png; HEAT_MAP_NONE for others. */
HeatMapKind HeatPlanMapKind(const char *path);

/** Write the map.  If there are few blocks, each is drawn with the number of its rank, else only
 *  nodes are drawn.  If there are too many for a text or an SVG, the map shows the lower left part
 *  of the domain and says so.
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatPlanWriteMap(const HeatPlan *plan, const char *path);

/** A colour in RGB. */
typedef struct {
  unsigned char r, g, b;
} HeatMapColour;

/** Return the colour of the node of block (ip, jp), one of eight.  Adjacent nodes have different
 *  colours where nodes own rectangles of blocks, but for nodes across a periodic side. */
HeatMapColour HeatMapColourOf(const HeatLayout *layout, PetscInt ip, PetscInt jp);

/** A text that grows. */
typedef struct {
  char  *text; /* owned [room], with a terminating 0; NULL before the first addition */
  size_t n, room;
} HeatMapText;

/** Append to a text; the arguments are those of printf. */
PetscErrorCode HeatMapTextAdd(HeatMapText *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Store the content of the map's file in `out`, for each kind of map. */
PetscErrorCode HeatPlanDrawText(const HeatPlan *plan, HeatMapText *out);
PetscErrorCode HeatPlanDrawSvg(const HeatPlan *plan, HeatMapText *out);
PetscErrorCode HeatPlanDrawPng(const HeatPlan *plan, HeatMapText *out);

#endif
