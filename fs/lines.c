#include "fs/lines.h"

#include <string.h>

#include "base/always.h"
#include "base/when.h"

int lines_init(struct lines *lines, size_t max)
{
    buf_init(&lines->text, max);
    buf_init(&lines->line, LINE_MAX_SIZE);
    buf_reserve(&lines->text, lines->text.max);
    buf_reserve(&lines->line, lines->line.max);
    lines->dropped = 0;
    lines->changed = WHEN_UNKNOWN;
    return buf_error(&lines->text) ? buf_error(&lines->text) : buf_error(&lines->line);
}

void lines_release(struct lines *lines)
{
    buf_release(&lines->text);
    buf_release(&lines->line);
}

static void make_room(struct lines *lines, size_t size)
{
    struct buf *text = &lines->text;
    const char *newline;
    size_t before = text->size;

    if (text->size + size <= text->max)
        return;
    newline = memchr(text->data + text->size / 2, '\n', text->size - text->size / 2);
    buf_drop_front(text, newline ? (size_t)(newline + 1 - text->data) : text->size);
    lines->dropped += before - text->size;
}

void lines_print(struct buf *line, const char *const *fields)
{
    for (size_t i = 0; fields[i]; i++) {
        if (i)
            buf_puts(line, "\t");
        buf_puts_escaped(line, fields[i]);
    }
}

bool lines_add_printed(struct lines *lines, int64_t when, const char *line, size_t size)
{
    if (size + 1 > lines->line.max)
        return false;
    make_room(lines, size + 1);
    (void)ALWAYS(lines->text.size + size + 1 <= lines->text.max);
    buf_add(&lines->text, line, size);
    buf_puts(&lines->text, "\n");
    lines->changed = when;
    return true;
}

void lines_add(struct lines *lines, int64_t when, const char *const *fields)
{
    struct buf *line = &lines->line;

    buf_reset(line);
    lines_print(line, fields);
    if (!buf_error(line))
        (void)lines_add_printed(lines, when, line->data, line->size);
}
