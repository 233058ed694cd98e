/** UTF-8 sequences (utf8.h). */
#include "io/file/utf8.h"

/* The bounds low and high of the second byte exclude overlong sequences, surrogates, and characters
 * above U+10FFFF. */
size_t HeatUtf8Length(const unsigned char *s, size_t left)
{
  const unsigned char c    = s[0];
  const size_t        n    = c < 0x80                ? 1
                             : c >= 0xc2 && c < 0xe0 ? 2
                             : c >= 0xe0 && c < 0xf0 ? 3
                             : c >= 0xf0 && c < 0xf5 ? 4
                                                     : 0;
  const unsigned char low  = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
  const unsigned char high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;

  if (n == 0 || n > left) return 0;
  for (size_t i = 1; i < n; i++) {
    if (s[i] < (i == 1 ? low : 0x80) || s[i] > (i == 1 ? high : 0xbf)) return 0;
  }
  return n;
}
