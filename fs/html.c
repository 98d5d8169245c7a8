#include "fs/html.h"

#include <errno.h>
#include <stdint.h>

#include "base/utf8.h"

/* So that it begins no element, ends no attribute, and is no reference. */
static void add_byte(struct buf *page, char byte)
{
    switch (byte) {
    case '&':
        buf_puts(page, "&amp;");
        break;
    case '<':
        buf_puts(page, "&lt;");
        break;
    case '>':
        buf_puts(page, "&gt;");
        break;
    case '"':
        buf_puts(page, "&quot;");
        break;
    case '\'':
        buf_puts(page, "&#39;");
        break;
    default:
        buf_add(page, &byte, 1);
    }
}

/* The length of so many characters, or bytes that are none. */
static size_t length_of(const char *text, size_t characters)
{
    size_t size = 0;

    for (; text[size] && characters; characters--)
        size += utf8_length(text + size) ? utf8_length(text + size) : 1;
    return size;
}

void html_text(struct buf *page, const char *text, size_t characters)
{
    size_t size = length_of(text, characters);
    struct buf part = BUF_INIT(SIZE_MAX);
    struct buf seen = BUF_INIT(SIZE_MAX);

    buf_add(&part, text, size);
    buf_puts_escaped(&seen, part.data);
    for (size_t i = 0; i < seen.size; i++)
        add_byte(page, seen.data[i]);
    if (text[size])
        buf_puts(page, "…");
    if (buf_error(&part) || buf_error(&seen))
        buf_fail(page, -ENOMEM);
    buf_release(&part);
    buf_release(&seen);
}
