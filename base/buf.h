#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * A growing text with a maximum.
 *
 * data always points to size bytes followed by a NUL, also when nothing was added yet. The first
 * failure (the maximum, or no memory) sticks: later additions do nothing, and buf_error() tells, so
 * that a function that prints many pieces asks once at its end.
 */
struct buf {
    char *data;
    size_t size;
    size_t room;
    size_t max;
    int error;
};

extern char buf_empty[1];

#define BUF_INIT(maximum)                   \
    {                                       \
        .data = buf_empty, .max = (maximum) \
    }

void buf_init(struct buf *buf, size_t max);

/* Frees the text; the buffer is then empty and may be used again. */
void buf_release(struct buf *buf);

/* Empties the text and forgets an error, keeping the memory. */
void buf_reset(struct buf *buf);

/* Hands the text over to the caller, who frees it; NULL when there was an error or no memory. */
char *buf_detach(struct buf *buf);

/* Notes that a piece of the text could not be made: the first failure, unless there was one. */
void buf_fail(struct buf *buf, int error);

/* Makes room for a text of that size, as for one that is added. */
void buf_reserve(struct buf *buf, size_t size);

/* 0, -EFBIG when the maximum was reached, or -ENOMEM. */
int buf_error(const struct buf *buf);

void buf_add(struct buf *buf, const void *data, size_t size);
void buf_puts(struct buf *buf, const char *text);

/* Adds texts, in a tenth of the time that buf_printf() takes; the function up to a NULL. */
#define buf_puts_all(buf, ...) buf_puts_each(buf, (const char *const[]){__VA_ARGS__, NULL})
void buf_puts_each(struct buf *buf, const char *const *texts);

void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds text for a log of one line: tab, newline and backslash are written \t, \n and \\. Each byte
 * of what cannot be seen (base/utf8.h: control characters, and what turns the direction of others),
 * or is no UTF-8, is written \xHH. So nobody's text can mislead who reads the log on a terminal. */
void buf_puts_escaped(struct buf *buf, const char *text);

/* Turns what that has written back into the text, in place: its length, or -EINVAL. */
ssize_t buf_unescape(char *text);

/* Replaces size bytes at offset, growing as needed; a gap is filled with NULs. */
void buf_write_at(struct buf *buf, size_t offset, const void *data, size_t size);

/* Cuts the text to at most size bytes, or fills it up to size with NULs. */
void buf_resize(struct buf *buf, size_t size);

/* Removes the first size bytes. */
void buf_drop_front(struct buf *buf, size_t size);

#endif
