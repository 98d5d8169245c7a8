#include "fs/lines.h"

#include <string.h>

#include "base/always.h"
#include "base/when.h"

int lines_init(struct lines *lines)
{
    buf_init(&lines->text, LINES_MAX);
    buf_init(&lines->line, LINES_MAX / 2);
    buf_reserve(&lines->text, lines->text.max);
    buf_reserve(&lines->line, lines->line.max);
    lines->changed = WHEN_UNKNOWN;
    return buf_error(&lines->text) ? buf_error(&lines->text) : buf_error(&lines->line);
}

void lines_release(struct lines *lines)
{
    buf_release(&lines->text);
    buf_release(&lines->line);
}

static void make_room(struct buf *text, size_t size)
{
    const char *newline;

    if (text->size + size <= text->max)
        return;
    newline = memchr(text->data + text->size / 2, '\n', text->size - text->size / 2);
    buf_drop_front(text, newline ? (size_t)(newline + 1 - text->data) : text->size);
}

void lines_add(struct lines *lines, int64_t when, const char *const *fields)
{
    struct buf *line = &lines->line;

    buf_reset(line);
    for (size_t i = 0; fields[i]; i++) {
        if (i)
            buf_puts(line, "\t");
        buf_puts_escaped(line, fields[i]);
    }
    buf_puts(line, "\n");
    if (buf_error(line))
        return;
    make_room(&lines->text, line->size);
    (void)ALWAYS(lines->text.size + line->size <= lines->text.max);
    buf_add(&lines->text, line->data, line->size);
    lines->changed = when;
}
