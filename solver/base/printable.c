/** Texts that can be printed on a terminal (printable.h). */
#include "solver/base/printable.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

PetscBool HeatPrintableReorders(const char *text)
{
  const unsigned char *c = (const unsigned char *)text;

  if (c[0] != 0xe2) return PETSC_FALSE;
  return (PetscBool)((c[1] == 0x80 && c[2] >= 0xa8 && c[2] <= 0xae) ||
                     (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9));
}

/* Return how many bytes the control character at `text` has, 0 if it is another character.
   `before` is the byte in front of it: a single byte 0x80 to 0x9f counts as a control character
   only after a byte below 0x80, since it may otherwise continue a UTF-8 sequence. */
static size_t ControlBytes(const unsigned char *text, unsigned char before)
{
  if (text[0] < 0x20 || text[0] == 0x7f) return 1;
  if (text[0] == 0xc2 && text[1] >= 0x80 && text[1] < 0xa0) return 2;
  if (HeatPrintableReorders((const char *)text)) return 3;
  return text[0] >= 0x80 && text[0] < 0xa0 && before < 0x80 ? 1 : 0;
}

/* Replace control characters, but not those in `keep`; turn line ends and tabs into blanks. */
static void Replace(char *text, const char *keep)
{
  char before = '\0';

  for (char *c = text; *c; before = *c++) {
    const size_t bytes = ControlBytes((const unsigned char *)c, (unsigned char)before);

    if (bytes == 0 || strchr(keep, *c)) continue;
    for (size_t k = 1; k < bytes; k++) *c++ = '?';
    *c = strchr("\n\r\t", *c) ? ' ' : '?';
  }
}

char *HeatPrintable(char *text)
{
  Replace(text, "");
  return text;
}

const char *HeatPrintableCopy(const char *text, char *copy, size_t size)
{
  (void)snprintf(copy, size, "%s", text);
  return HeatPrintable(copy);
}

char *HeatPrintableMessage(char *text)
{
  Replace(text, "\n");
  for (char *c = text; *c; c++) {
    if (*c == '\n' && strncmp(c + 1, "    ", 4) != 0) *c = ' ';
  }
  return text;
}

/* PetscVFPrintf: format as PETSc does, replace control characters, and print. */
static PetscErrorCode PrintPrintable(FILE *stream, const char format[], va_list arguments)
{
  enum { USUAL = 8192 }; /* [bytes] chosen: most texts are shorter; longer ones are allocated */
  char    usual[USUAL], *text = usual;
  size_t  length = 0;
  va_list again;

  PetscFunctionBeginUser;
  va_copy(again, arguments);
  PetscCall(PetscVSNPrintf(usual, sizeof usual, format, &length, arguments));
  if (length >= sizeof usual) {
    PetscCall(PetscMalloc1(length + 1, &text));
    PetscCall(PetscVSNPrintf(text, length + 1, format, NULL, again));
  }
  va_end(again);
  Replace(text, "\n\r\t");
  (void)fputs(text, stream);
  (void)fflush(stream);
  if (text != usual) PetscCall(PetscFree(text));
  /* PETSC_SUCCESS of PETSc 3.18 is in error.h, but error.c uses this file. */
  PetscFunctionReturn((PetscErrorCode)0);
}

void HeatPrintableInstall(void) { PetscVFPrintf = PrintPrintable; }
