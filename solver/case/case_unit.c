/** The unit of temperature: the scale that it names, and absolute zero on it (declared in case.h).
 *
 * A unit is any text, for files and labels.  The scales of Kelvin, Celsius and Fahrenheit are
 * recognised in all usual spellings, so that a temperature below absolute zero is refused. */
#include <stdio.h>
#include <string.h>

#include "solver/case/case.h"

/* Return the first side that has a segment of type radiation; HEAT_SIDES if there is none. */
static HeatSide RadiatingSide(const HeatCase *c)
{
  for (int side = 0; side < HEAT_SIDES; side++) {
    for (PetscInt n = 0; n < c->boundary[side].n; n++) {
      if (c->boundary[side].segments[n].type == HEAT_BC_RADIATION) return (HeatSide)side;
    }
  }
  return HEAT_SIDES;
}

/* Find the scale of temperature that a unit names, in any spelling: "degC", "C", "celsius", "°C",
   "degree_Celsius", "Degrees Celsius".  Return absolute zero on that scale, or -infinity if the
   unit names no scale that is known here. */
static PetscReal ScaleZero(const char *unit)
{
  static const struct {
    const char *name;
    PetscReal   zero;
  } scales[] = {
      {"k", 0.0},           {"kelvin", 0.0},         {"kelvins", 0.0}, {"c", -273.15},
      {"celsius", -273.15}, {"centigrade", -273.15}, {"f", -459.67},   {"fahrenheit", -459.67},
      {"\u2103", -273.15},  {"\u2109", -459.67},
  };
  static const char *const signs[] = {"degrees", "degree", "deg", "\u00b0", "\u00ba", ""};
  char                     text[40];
  const char              *rest = text;
  size_t                   n    = 0;

  for (const char *s = unit; *s && n + 1 < sizeof text; s++)
    if (!strchr(" _.", *s)) text[n++] = (char)(*s >= 'A' && *s <= 'Z' ? *s - 'A' + 'a' : *s);
  text[n] = '\0';
  for (size_t i = 0; i < PETSC_STATIC_ARRAY_LENGTH(signs) && rest == text; i++)
    if (strncmp(text, signs[i], strlen(signs[i])) == 0) rest = text + strlen(signs[i]);
  for (size_t i = 0; i < PETSC_STATIC_ARRAY_LENGTH(scales); i++)
    if (strcmp(scales[i].name, rest) == 0) return scales[i].zero;
  return PETSC_NINFINITY;
}

PetscReal HeatCaseAbsoluteZero(const HeatCase *c, char *reason, size_t size)
{
  const HeatSide side = RadiatingSide(c);
  PetscReal      zero;

  reason[0] = '\0';
  if (side != HEAT_SIDES) {
    snprintf(reason, size, "boundary.%s radiates, so temperatures are in kelvin",
             HeatSideNames[side]);
    return 0.0;
  }
  zero = c->output.unit_given ? ScaleZero(c->output.temperature_unit) : PETSC_NINFINITY;
  if (zero > PETSC_NINFINITY)
    snprintf(reason, size, "output.temperature_unit is %.39s", c->output.temperature_unit);
  return zero;
}
