/** The table of the keys of a case file.
 *
 *  The parser accepts exactly these keys, --help prints the table, and inputs/README.md lists it.
 */
#ifndef HEAT_IO_CASE_KEYS_H
#define HEAT_IO_CASE_KEYS_H

/** One key of the case file.
 *
 *  `path` is a dotted pattern.  In it, "[]" stands for an element of a list, <side> for left,
 *  right, bottom or top, <property> for one of HeatPropertyNames, and <option> and <host> for any
 *  name: "regions[].shape", "boundary.<side>.type".  A side may also be a list of segments; the
 *  pattern "boundary.<side>.type" covers boundary.left[0].type, too. */
typedef struct HeatCaseKey {
  const char *path;
  const char *type;     /* accepted values in words: "number > 0", "ftcs | backward-euler | ..." */
  const char *fallback; /* default in words, or "required" */
  const char *help;     /* meaning, on one line, with the unit */
} HeatCaseKey;

/** Return the table; a row whose path is NULL ends it.  Static storage.  Not collective. */
const HeatCaseKey *HeatCaseKeys(void);

#endif
