/** Texts that can be printed on a terminal.
 *
 *  A title, a name or a value of a case file may hold any character.  A terminal obeys control
 *  characters and escape sequences: they change its title, hide lines or forge messages.
 *  Characters that change the order in which the text after them is shown, or that begin a new line
 *  (U+2028 to U+202e, U+2066 to U+2069), make a text look different from what it is.  Whatever
 *  comes from a file or from the command line therefore passes one of these functions first.  Files
 *  keep the text: JSON escapes such characters, and HDF5 stores them.  Source of the characters
 *  that change the order: N. Boucher and R. Anderson, Trojan Source: Invisible Vulnerabilities,
 *  USENIX Security 2023.
 *
 *  Nothing here is collective. */
#ifndef HEAT_SOLVER_PRINTABLE_H
#define HEAT_SOLVER_PRINTABLE_H

#include <petscsys.h>

/** Return PETSC_TRUE if the UTF-8 text begins with a character that changes the order or the line
 *  of what follows: U+2028 to U+202e or U+2066 to U+2069, three bytes each. */
PetscBool HeatPrintableReorders(const char *text);

/** Replace line ends and tabs in `text` by blanks, and each byte of another control character by
 *  '?'.  Control characters are 0x00 to 0x1f, 0x7f, U+0080 to U+009f, and those of
 *  HeatPrintableReorders.  U+0080 to U+009f are replaced in UTF-8 and as the single byte that some
 *  terminals obey.  Return `text`. */
char *HeatPrintable(char *text);

/** Replace control characters as HeatPrintable does, but keep a line end that is followed by four
 *  blanks: a message shows an expression on such a line.  Since the line is indented, it cannot be
 *  taken for a message of its own. */
char *HeatPrintableMessage(char *text);

/** Copy `text`, cut at `size` - 1 bytes, and apply HeatPrintable to the copy.  Return the copy. */
const char *HeatPrintableCopy(const char *text, char *copy, size_t size);

/** Let PetscPrintf and PetscFPrintf print '?' for each byte of a control character other than a
 *  line end, a tab and a carriage return. */
void HeatPrintableInstall(void);

#endif
