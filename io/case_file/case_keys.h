/** The keys of a case file: the table that the parser checks against, --help prints and
 *  inputs/README.md lists. */
#ifndef HEAT_IO_CASE_KEYS_H
#define HEAT_IO_CASE_KEYS_H

/** One row of the table of keys: what the parser accepts, --help prints, inputs/README.md lists. */
typedef struct {
  const char
      *path; /* dotted: "regions[].shape", "boundary.<side>.type" (also of left[0].type); [] is
                       an element of a list, <side> left, right, bottom or top, <property> one of
                       HeatPropertyNames, <option> any name */
  const char *type; /* in words, with the choices: "number > 0", "ftcs | backward-euler | ..." */
  const char *fallback; /* default, in words; "required" */
  const char *help;     /* one line, with the unit */
} HeatCaseKey;

/** The table, ended by a row whose path is NULL.  Static storage. */
const HeatCaseKey *HeatCaseKeys(void);

#endif
