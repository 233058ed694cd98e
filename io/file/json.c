/** JSON texts, by cJSON; this is the only file that includes its header.
 *
 *  Numbers are passed to cJSON as raw text.  Its own printing drops the last bit of a double, and
 *  it stores every number as a double, which holds integers up to 2^53 only.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/file/json.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/file/table.h"
#include "io/file/utf8.h"
#include "solver/base/printable.h"

/* [bytes] 256 MiB, chosen: it bounds the memory that a foreign file can take.  A results.json must
 * fit, which contains the text of a case, of up to 16 MiB, and a proof.json of 10000 cycles. */
#define LARGEST_FILE 268435456

HeatJson *HeatJsonCreate(void) { return cJSON_CreateObject(); }

void HeatJsonDestroy(HeatJson **json)
{
  cJSON_Delete(*json);
  *json = NULL;
}

HeatJson *HeatJsonAddObject(HeatJson *object, const char *key)
{
  return cJSON_AddObjectToObject(object, key);
}

HeatJson *HeatJsonAddArray(HeatJson *object, const char *key)
{
  return cJSON_AddArrayToObject(object, key);
}

void HeatJsonAppend(HeatJson *array, HeatJson *element) { cJSON_AddItemToArray(array, element); }

/* Create a number item; null if v is not finite. */
static cJSON *NumberItem(double v)
{
  char text[32];

  return isfinite(v) ? cJSON_CreateRaw(HeatShortestDecimal(v, text)) : cJSON_CreateNull();
}

void HeatJsonPutNumber(HeatJson *object, const char *key, double v)
{
  cJSON_AddItemToObject(object, key, NumberItem(v));
}

void HeatJsonPutCount(HeatJson *object, const char *key, PetscInt64 n)
{
  char text[32];

  snprintf(text, sizeof(text), "%" PRId64, (int64_t)n);
  cJSON_AddItemToObject(object, key, n < 0 ? cJSON_CreateNull() : cJSON_CreateRaw(text));
}

/* Create a text item, in which '?' replaces each byte that is not part of a UTF-8 sequence. */
static cJSON *TextItem(const char *text)
{
  char  *clean = text ? strdup(text) : NULL;
  cJSON *item;

  for (char *c = clean; c && *c;) {
    const size_t length = HeatUtf8Length((const unsigned char *)c, 4);

    if (length == 0) *c = '?';
    c += length ? length : 1;
  }
  item = clean ? cJSON_CreateString(clean) : cJSON_CreateNull();
  free(clean);
  return item;
}

void HeatJsonPutText(HeatJson *object, const char *key, const char *text)
{
  cJSON_AddItemToObject(object, key, TextItem(text));
}

void HeatJsonPutRaw(HeatJson *object, const char *key, const char *json)
{
  cJSON_AddItemToObject(object, key, json ? cJSON_CreateRaw(json) : cJSON_CreateNull());
}

void HeatJsonPutCopy(HeatJson *object, const char *key, const HeatJson *value)
{
  cJSON_AddItemToObject(object, key, cJSON_Duplicate(value, 1));
}

void HeatJsonPutBoolean(HeatJson *object, const char *key, PetscBool value)
{
  cJSON_AddBoolToObject(object, key, value ? 1 : 0);
}

void HeatJsonPutNumbers(HeatJson *object, const char *key, int n, const double *v)
{
  cJSON *array = cJSON_AddArrayToObject(object, key);

  for (int i = 0; i < n; i++) cJSON_AddItemToArray(array, NumberItem(v[i]));
}

void HeatJsonAppendText(HeatJson *array, const char *text)
{
  if (array) cJSON_AddItemToArray(array, TextItem(text));
}

void HeatJsonPutTexts(HeatJson *object, const char *key, PetscInt n, const char *const *v)
{
  cJSON *array;

  if (!v) {
    cJSON_AddNullToObject(object, key);
    return;
  }
  array = cJSON_AddArrayToObject(object, key);
  for (PetscInt i = 0; i < n; i++) cJSON_AddItemToArray(array, TextItem(v[i]));
}

void HeatJsonPutBits(HeatJson *object, const char *key, uint64_t bits)
{
  char text[32];

  snprintf(text, sizeof(text), "0x%016" PRIx64, bits);
  cJSON_AddStringToObject(object, key, text);
}

/* Copy a JSON text and replace by \uXXXX the control characters U+007F to U+009F, which cJSON does
   not escape and a terminal may obey, and the characters for line breaks and writing direction that
   HeatPrintableReorders names.  Return the length of the copy; `copy` may be NULL. */
static size_t EscapeControls(const char *text, char *copy)
{
  size_t length = 0;

  for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
    unsigned code = 0; /* of a character that is escaped */
    size_t   more = 0; /* its bytes after the first */

    if (*c == 0x7f) {
      code = *c;
    } else if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) {
      code = c[1];
      more = 1;
    } else if (HeatPrintableReorders((const char *)c)) {
      code = 0x2000 | (c[1] & 0x3fU) << 6 | (c[2] & 0x3fU);
      more = 2;
    }
    if (code) {
      if (copy) snprintf(copy + length, 7, "\\u%04x", code);
      length += 6;
      c += more;
    } else {
      if (copy) copy[length] = (char)*c;
      length++;
    }
  }
  return length;
}

/* Write the JSON text to a file by one of the two functions of file_util.h. */
static void WriteBy(void (*write)(const char *, const char *, size_t, HeatFileError *),
                    const char *path, const HeatJson *json, HeatFileError *error)
{
  char        *text   = cJSON_Print(json), *lines;
  const size_t length = text ? EscapeControls(text, NULL) + 1 : 0; /* with a final line end */

  if (!text || PetscMalloc1(length + 1, &lines)) {
    HeatFileFail(error, "no memory for its text");
  } else {
    (void)EscapeControls(text, lines);
    lines[length - 1] = '\n';
    write(path, lines, length, error);
    (void)PetscFree(lines);
  }
  cJSON_free(text);
}

void HeatJsonWrite(const char *path, const HeatJson *json, HeatFileError *error)
{
  WriteBy(HeatFileReplace, path, json, error);
}

void HeatJsonWriteNamed(const char *path, const HeatJson *json, HeatFileError *error)
{
  WriteBy(HeatFileWriteNamed, path, json, error);
}

static int CompareNames(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Return whether two members of an object have the same name, or there is no memory to find out. */
static PetscBool RepeatsName(const cJSON *object)
{
  const size_t n = (size_t)cJSON_GetArraySize(object);
  const char **names;
  size_t       k = 0;
  PetscBool    repeats;

  if (n < 2) return PETSC_FALSE;
  if (PetscMalloc1(n, &names)) return PETSC_TRUE;
  for (const cJSON *member = object->child; member; member = member->next)
    names[k++] = member->string;
  qsort(names, n, sizeof(*names), CompareNames);
  for (k = 1; k < n && strcmp(names[k - 1], names[k]) != 0;) k++;
  repeats = k < n ? PETSC_TRUE : PETSC_FALSE;
  (void)PetscFree(names);
  return repeats;
}

/* Return whether some object within a value repeats a name.  cJSON takes the first member of a
   name, other readers the last.  cJSON limits the depth to 1000. */
static PetscBool RepeatsNameWithin(const cJSON *value)
{
  if (cJSON_IsObject(value) && RepeatsName(value)) return PETSC_TRUE;
  for (const cJSON *child = value->child; child; child = child->next)
    if (RepeatsNameWithin(child)) return PETSC_TRUE;
  return PETSC_FALSE;
}

/* Return whether a JSON text has the escape of a NUL, at which cJSON ends a text or a name. */
static PetscBool EscapesNul(const char *text)
{
  for (const char *c = strchr(text, '\\'); c && c[1]; c = strchr(c + 2, '\\'))
    if (strncmp(c, "\\u0000", 6) == 0) return PETSC_TRUE;
  return PETSC_FALSE;
}

/* Parse a text of `size` bytes and a final NUL; NULL if it is not JSON that all readers read
   alike. */
static cJSON *Parse(const char *text, size_t size)
{
  cJSON *json;

  if (strlen(text) != size || EscapesNul(text)) return NULL;
  json = cJSON_ParseWithLengthOpts(text, size + 1, NULL, 1);
  if (json && RepeatsNameWithin(json)) HeatJsonDestroy(&json);
  return json;
}

HeatJson *HeatJsonRead(const char *path)
{
  HeatFileError error = {0};
  const int     file  = HeatFileOpenInput(path, &error);
  PetscInt64    size;
  char         *text;
  HeatJson     *json = NULL;

  if (file < 0) return NULL;
  size = HeatFileBytes(file);
  if (size < LARGEST_FILE && !PetscCalloc1((size_t)size + 1, &text)) {
    HeatFileReadAt(file, text, (size_t)size, 0, &error);
    if (!error.failed) json = Parse(text, (size_t)size);
    (void)PetscFree(text);
  }
  close(file);
  return json;
}

void HeatJsonGetText(const HeatJson *object, const char *key, char *value, size_t size)
{
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

  snprintf(value, size, "%s", cJSON_IsString(item) ? item->valuestring : "");
}

const HeatJson *HeatJsonGetMember(const HeatJson *object, const char *key)
{
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

const HeatJson *HeatJsonElement(const HeatJson *array, int k)
{
  return cJSON_GetArrayItem(array, k);
}

int HeatJsonLength(const HeatJson *array) { return cJSON_GetArraySize(array); }

void HeatJsonElementText(const HeatJson *array, int k, char *value, size_t size)
{
  const cJSON *item = cJSON_GetArrayItem(array, k);

  snprintf(value, size, "%s", cJSON_IsString(item) ? item->valuestring : "");
}

const HeatJson *HeatJsonFirst(const HeatJson *array) { return array ? array->child : NULL; }

const HeatJson *HeatJsonNext(const HeatJson *element) { return element->next; }

double HeatJsonNumber(const HeatJson *value)
{
  return cJSON_IsNumber(value) ? value->valuedouble : (double)NAN;
}

double HeatJsonGetNumber(const HeatJson *object, const char *key)
{
  return HeatJsonNumber(cJSON_GetObjectItemCaseSensitive(object, key));
}

PetscBool HeatJsonGetBoolean(const HeatJson *object, const char *key)
{
  return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, key)) ? PETSC_TRUE : PETSC_FALSE;
}

PetscInt64 HeatJsonGetCount(const HeatJson *object, const char *key)
{
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

  /* below 2^53, up to which a double holds every integer */
  return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 9e15 &&
                 item->valuedouble == (double)(PetscInt64)item->valuedouble
             ? (PetscInt64)item->valuedouble
             : -1;
}
