/** UTF-8, as case files must be and as JSON is written. */
#ifndef HEAT_IO_UTF8_H
#define HEAT_IO_UTF8_H

#include <stddef.h>

/** Return the length [bytes] of the UTF-8 sequence at s, or 0 when it is not valid (RFC 3629): an
 *  overlong sequence, a surrogate, or a character above U+10FFFF.  Not collective.
 *  @param[in] left  bytes that may be read */
size_t HeatUtf8Length(const unsigned char *s, size_t left);

#endif
