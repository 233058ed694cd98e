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

/* Return how many bytes the UTF-8 character at `text` has, 0 if no character begins there. */
static size_t CharacterBytes(const unsigned char *text)
{
  const size_t bytes = text[0] < 0x80                      ? 1
                       : text[0] >= 0xc2 && text[0] < 0xe0 ? 2
                       : text[0] >= 0xe0 && text[0] < 0xf0 ? 3
                       : text[0] >= 0xf0 && text[0] < 0xf5 ? 4
                                                           : 0;

  for (size_t k = 1; k < bytes; k++)
    if ((text[k] & 0xc0) != 0x80) return 0;
  return bytes;
}

/* Return whether the character of `bytes` bytes at `text`, 0 for a byte that begins none,
   controls a terminal: C0, DEL, C1 (also as a single byte), or a change of direction. */
static PetscBool Controls(const unsigned char *text, size_t bytes)
{
  if (bytes == 0) return text[0] < 0xa0 ? PETSC_TRUE : PETSC_FALSE;
  if (bytes == 1) return text[0] < 0x20 || text[0] == 0x7f ? PETSC_TRUE : PETSC_FALSE;
  if (bytes == 2) return text[0] == 0xc2 && text[1] < 0xa0 ? PETSC_TRUE : PETSC_FALSE;
  return HeatPrintableReorders((const char *)text);
}

/* Replace control characters, but not those in `keep`; turn line ends and tabs into blanks. */
static void Replace(char *text, const char *keep)
{
  for (char *c = text; *c;) {
    const size_t bytes = CharacterBytes((const unsigned char *)c);
    const size_t step  = PetscMax(bytes, 1);

    if (Controls((const unsigned char *)c, bytes) && !strchr(keep, *c)) {
      const char shown = strchr("\n\r\t", *c) ? ' ' : '?';

      memset(c, '?', step);
      c[step - 1] = shown;
    }
    c += step;
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
