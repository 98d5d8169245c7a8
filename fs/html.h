#ifndef FS_HTML_H
#define FS_HTML_H

#include <stdint.h>

#include "base/buf.h"

/*
 * Adds somebody's text to a page, in an element or in a quoted attribute: it is text there,
 * whatever it is. Control characters, what turns the direction of others, and what is no UTF-8 are
 * written \xHH, as buf_puts_escaped() does. Of a text that is longer only so many characters are
 * shown, and "…".
 */
void html_text(struct buf *page, const char *text, size_t characters);

/* For texts that have a bound of their own. */
#define HTML_WHOLE SIZE_MAX

#endif
