#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The length in bytes of the UTF-8 character at the beginning of a text that ends in a NUL; 0 if
 * there is none. Overlong forms, surrogates and what lies past U+10FFFF are none.
 */
size_t utf8_length(const char *text);

/* Whether all of a text is UTF-8. */
bool utf8_is_valid(const char *text);

/* Whether size bytes, which need no NUL behind them, are UTF-8 without a NUL among them. */
bool utf8_is_text(const char *bytes, size_t size);

/* Whether the character at the beginning of a text, which must be one, has a look of its own: it is
 * no control character, no blank but ' ', and nothing that only changes how others look, or in
 * which direction they are read. */
bool utf8_is_visible(const char *text);

#endif
