/** JSON texts: made piece by piece, written as whole files, read back.
 *
 *  A number that is not finite, a string that is not there, and a count of -1 become null: "not
 *  known" never looks like a value.  An object that is NULL (no memory) takes nothing.  Nothing here
 *  is collective.
 */
#ifndef HEAT_IO_JSON_H
#define HEAT_IO_JSON_H

#include <stdint.h>

#include "io/file/file_util.h"

typedef struct cJSON HeatJson;

/** An empty object; owned by the caller until it is appended. */
HeatJson *HeatJsonCreate(void);

/** *json may be NULL. */
void HeatJsonDestroy(HeatJson **json);

/** A new object, array, below a key; owned by `object`. */
HeatJson *HeatJsonAddObject(HeatJson *object, const char *key);
HeatJson *HeatJsonAddArray(HeatJson *object, const char *key);

/** Give an element to an array. */
void HeatJsonAppend(HeatJson *array, HeatJson *element);

/** A value below a key: the shortest decimal number; a count, -1: not known; a text, or NULL, in which
 *  bytes that are not UTF-8 become '?'; 64 bits, as hexadecimal text. */
void HeatJsonPutNumber(HeatJson *object, const char *key, double v);
void HeatJsonPutCount(HeatJson *object, const char *key, PetscInt64 n);
void HeatJsonPutText(HeatJson *object, const char *key, const char *text);
void HeatJsonPutBoolean(HeatJson *object, const char *key, PetscBool value);
void HeatJsonPutBits(HeatJson *object, const char *key, uint64_t bits);

/** Arrays of n; texts NULL: null. */
void HeatJsonPutNumbers(HeatJson *object, const char *key, int n, const double *v);
void HeatJsonPutTexts(HeatJson *object, const char *key, PetscInt n, const char *const *v);

/** HeatFileReplace with the text. */
void HeatJsonWrite(const char *path, const HeatJson *json, HeatFileError *error);

/** The JSON of a file, or NULL: absent, no regular file, too large, or no JSON. */
HeatJson *HeatJsonRead(const char *path);

/** A member of a read object, which may be NULL: "" or -1 when it is not there or of another type. */
void       HeatJsonGetText(const HeatJson *object, const char *key, char *value, size_t size);
PetscInt64 HeatJsonGetCount(const HeatJson *object, const char *key);

#endif
