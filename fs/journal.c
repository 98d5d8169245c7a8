#include "fs/journal.h"

#include <string.h>

void journal_init(struct journal *journal)
{
    buf_init(&journal->text, JOURNAL_MAX);
}

void journal_release(struct journal *journal)
{
    buf_release(&journal->text);
}

static void make_room(struct buf *text, size_t size)
{
    const char *newline;

    if (text->size + size <= text->max)
        return;
    newline = memchr(text->data + text->size / 2, '\n', text->size - text->size / 2);
    buf_drop_front(text, newline ? (size_t)(newline + 1 - text->data) : text->size);
}

void journal_add(struct journal *journal, const char *const *fields)
{
    struct buf line = BUF_INIT(JOURNAL_MAX / 2);

    for (size_t i = 0; fields[i]; i++) {
        if (i)
            buf_puts(&line, "\t");
        buf_puts_escaped(&line, fields[i]);
    }
    buf_puts(&line, "\n");
    if (!buf_error(&line)) {
        make_room(&journal->text, line.size);
        buf_add(&journal->text, line.data, line.size);
        journal->text.error = 0;
    }
    buf_release(&line);
}
