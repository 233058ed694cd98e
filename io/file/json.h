/** JSON texts: built value by value, written as complete files, read back.
 *
 *  A number that is not finite, a text that is NULL and a negative count are written as null, so
 *  that "not known" never looks like a value.  A call with an object or array that is NULL (out of
 *  memory) does nothing.  Nothing here is collective.
 */
#ifndef HEAT_IO_JSON_H
#define HEAT_IO_JSON_H

#include <stdint.h>

#include "io/file/file_util.h"

typedef struct cJSON HeatJson;

/** Create an empty object.  The caller destroys it, unless HeatJsonAppend gives it to an array. */
HeatJson *HeatJsonCreate(void);

/** Destroy an object with all its members; *json may be NULL. */
void HeatJsonDestroy(HeatJson **json);

/** Add an empty object or array as the member `key`.  `object` owns it; NULL when out of memory. */
HeatJson *HeatJsonAddObject(HeatJson *object, const char *key);
HeatJson *HeatJsonAddArray(HeatJson *object, const char *key);

/** Append an element to an array, which owns it from then on. */
void HeatJsonAppend(HeatJson *array, HeatJson *element);

/** Append a text to an array, as HeatJsonPutText would add it to an object. */
void HeatJsonAppendText(HeatJson *array, const char *text);

/** Add the number v, as the shortest decimal text that reads back as the same double. */
void HeatJsonPutNumber(HeatJson *object, const char *key, double v);

/** Add a count, as an integer; a negative n means "not known" and becomes null. */
void HeatJsonPutCount(HeatJson *object, const char *key, PetscInt64 n);

/** Add a text; NULL becomes null.  Bytes that do not form a UTF-8 sequence become '?'.
 *  HeatJsonWrite escapes control characters. */
void HeatJsonPutText(HeatJson *object, const char *key, const char *text);

/** Add a JSON text as it stands; NULL becomes null. */
void HeatJsonPutRaw(HeatJson *object, const char *key, const char *json);

/** Add a copy of an object or array. */
void HeatJsonPutCopy(HeatJson *object, const char *key, const HeatJson *value);

/** Add true or false. */
void HeatJsonPutBoolean(HeatJson *object, const char *key, PetscBool value);

/** Add 64 bits as the text "0x" and 16 hexadecimal digits: many readers of JSON keep only 53 bits
 *  of a number. */
void HeatJsonPutBits(HeatJson *object, const char *key, uint64_t bits);

/** Add an array of n numbers or texts, each as by HeatJsonPutNumber or HeatJsonPutText.  If the
 *  array of texts `v` is NULL, add null. */
void HeatJsonPutNumbers(HeatJson *object, const char *key, int n, const double *v);
void HeatJsonPutTexts(HeatJson *object, const char *key, PetscInt n, const char *const *v);

/** Write the JSON text to a file that is either complete or absent (HeatFileReplace). */
void HeatJsonWrite(const char *path, const HeatJson *json, HeatFileError *error);

/** Write the JSON text to a file that the user named on the command line (HeatFileWriteNamed). */
void HeatJsonWriteNamed(const char *path, const HeatJson *json, HeatFileError *error);

/** Read a JSON file; the caller destroys the result.  Return NULL when the file does not exist, is
 *  no regular file, has 256 MiB or more, or is not valid JSON.  Texts that readers of JSON
 *  interpret differently count as not valid, too: an object with two members of one name, bytes
 *  after the value, and a text with a NUL character. */
HeatJson *HeatJsonRead(const char *path);

/** Copy the text member `key` into `value` of `size` bytes: "" when the object is NULL, the member
 *  is missing or is not a text. */
void HeatJsonGetText(const HeatJson *object, const char *key, char *value, size_t size);

/** Return a member of any kind, or element k of an array, which its owner keeps; NULL when there is
 *  none, or `object` is NULL. */
const HeatJson *HeatJsonGetMember(const HeatJson *object, const char *key);
const HeatJson *HeatJsonElement(const HeatJson *array, int k);

/** Return the first element of an array, or the element that follows `element`; NULL if there is
 *  none.  A loop with these two is faster than one with HeatJsonElement, which walks over k
 *  elements to reach element k.  `array` may be NULL, `element` may not. */
const HeatJson *HeatJsonFirst(const HeatJson *array);
const HeatJson *HeatJsonNext(const HeatJson *element);

/** Return a value as a number: NaN when it is NULL or not a number. */
double HeatJsonNumber(const HeatJson *value);

/** Return the number of elements; 0 when the array is NULL. */
int HeatJsonLength(const HeatJson *array);

/** Copy element k of an array of texts into `value` of `size` bytes; "" when it is not a text. */
void HeatJsonElementText(const HeatJson *array, int k, char *value, size_t size);

/** Return the member `key` as a number: NaN when it is missing or not a number. */
double HeatJsonGetNumber(const HeatJson *object, const char *key);

/** Return whether the member `key` is true. */
PetscBool HeatJsonGetBoolean(const HeatJson *object, const char *key);

/** Return the member `key` as a count: -1 when the object is NULL, the member is missing, or it is
 *  not a whole number in [0, 9e15). */
PetscInt64 HeatJsonGetCount(const HeatJson *object, const char *key);

#endif
