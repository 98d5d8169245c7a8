#include "base/buf.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* A text of less than this grows by doubling, for most are short and grow several times. */
#define PAGE 4096

char buf_empty[1];

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf)BUF_INIT(max);
}

void buf_release(struct buf *buf)
{
    if (buf->data != buf_empty)
        free(buf->data);
    buf_init(buf, buf->max);
}

void buf_reset(struct buf *buf)
{
    if (buf->data != buf_empty)
        buf->data[0] = '\0';
    buf->size = 0;
    buf->error = 0;
}

char *buf_detach(struct buf *buf)
{
    char *text = NULL;

    if (!buf->error)
        text = buf->data == buf_empty ? strdup("") : buf->data;
    if (buf->error)
        buf_release(buf);
    buf_init(buf, buf->max);
    return text;
}

int buf_error(const struct buf *buf)
{
    return buf->error;
}

/* Makes room for a text of size bytes and its NUL. */
static bool reserve(struct buf *buf, size_t size)
{
    size_t room = buf->room ? buf->room : 64;
    char *data;

    if (buf->error)
        return false;
    if (size > buf->max) {
        buf->error = -EFBIG;
        return false;
    }
    if (size < buf->room)
        return true;
    while (room <= size)
        room += room < PAGE ? room : room / 2;
    data = realloc(buf->data == buf_empty ? NULL : buf->data, room);
    if (!data) {
        buf->error = -ENOMEM;
        return false;
    }
    data[buf->size] = '\0';
    buf->data = data;
    buf->room = room;
    return true;
}

void buf_reserve(struct buf *buf, size_t size)
{
    reserve(buf, size);
}

void buf_fail(struct buf *buf, int error)
{
    if (!buf->error)
        buf->error = error;
}

void buf_add(struct buf *buf, const void *data, size_t size)
{
    buf_write_at(buf, buf->size, data, size);
}

void buf_puts(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_puts_each(struct buf *buf, const char *const *texts)
{
    for (; *texts; texts++)
        buf_puts(buf, *texts);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    if ((size_t)length < sizeof(text)) {
        buf_add(buf, text, (size_t)length);
        return;
    }
    if (!reserve(buf, buf->size + (size_t)length))
        return;
    va_start(arguments, format);
    vsnprintf(buf->data + buf->size, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buf->size += (size_t)length;
}

/* How many bytes at the beginning of a text stand in a log as they are. */
static size_t shown_size(const char *text)
{
    size_t size = 0;
    size_t length;

    while (text[size] != '\\' && (length = utf8_length(text + size)) &&
           utf8_is_visible(text + size))
        size += length;
    return size;
}

/* Writes a character as a letter after a backslash, if there is one for it. */
static bool add_letter(struct buf *buf, char c)
{
    static const char characters[] = "\t\n\\";
    static const char letters[] = "tn\\";
    const char *found = strchr(characters, c);

    if (found)
        buf_printf(buf, "\\%c", letters[found - characters]);
    return found;
}

void buf_puts_escaped(struct buf *buf, const char *text)
{
    for (;;) {
        size_t size = shown_size(text);

        buf_add(buf, text, size);
        text += size;
        if (!*text)
            break;
        if (!add_letter(buf, *text))
            buf_printf(buf, "\\x%02x", (unsigned char)*text);
        text++;
    }
}

/* What "\\c" stands for, or 0. */
static char meaning_of(char c)
{
    switch (c) {
    case 't':
        return '\t';
    case 'n':
        return '\n';
    case '\\':
        return '\\';
    default:
        return 0;
    }
}

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *digit = c ? strchr(digits, c | ('A' <= c && c <= 'F' ? 0x20 : 0)) : NULL;

    return digit ? (int)(digit - digits) : -1;
}

/* Reads what follows a backslash. How many characters that are, or 0 when it is nothing that is
 * written so. */
static size_t unescape_byte(const char *text, char *byte)
{
    int high = *text == 'x' ? digit_of(text[1]) : -1;
    int low = high >= 0 ? digit_of(text[2]) : -1;

    if (low >= 0) {
        *byte = (char)(unsigned char)((unsigned)high << 4 | (unsigned)low);
        return 3;
    }
    *byte = meaning_of(*text);
    return *byte ? 1 : 0;
}

ssize_t buf_unescape(char *text)
{
    char *out = text;

    for (const char *in = text; *in;) {
        size_t length;

        if (*in != '\\') {
            *out++ = *in++;
            continue;
        }
        length = unescape_byte(in + 1, out++);
        if (!length)
            return -EINVAL;
        in += 1 + length;
    }
    *out = '\0';
    return out - text;
}

void buf_write_at(struct buf *buf, size_t offset, const void *data, size_t size)
{
    size_t end;

    if (__builtin_add_overflow(offset, size, &end))
        end = SIZE_MAX;
    if (!reserve(buf, end > buf->size ? end : buf->size))
        return;
    if (offset > buf->size)
        memset(buf->data + buf->size, 0, offset - buf->size);
    if (size)
        memcpy(buf->data + offset, data, size);
    if (end > buf->size) {
        buf->size = end;
        buf->data[end] = '\0';
    }
}

void buf_resize(struct buf *buf, size_t size)
{
    if (size > buf->size) {
        buf_write_at(buf, size, "", 0);
    } else if (buf->data != buf_empty) {
        buf->size = size;
        buf->data[size] = '\0';
    }
}

void buf_drop_front(struct buf *buf, size_t size)
{
    if (size >= buf->size) {
        buf_resize(buf, 0);
        return;
    }
    memmove(buf->data, buf->data + size, buf->size - size + 1);
    buf->size -= size;
}
