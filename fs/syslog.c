#include "fs/syslog.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "base/when.h"

/* How long a log that is not there is not looked for again. */
#define RETRY_MS 1000

/* What a line of the log can hold everywhere. */
#define LINE_MAX_BYTES 1024

/* The bytes of one character, escaped. */
#define CHARACTER_MAX 16

/* More than any line has. */
#define FIELDS_MAX 32

void syslog_open(struct syslog *log)
{
    log->fd = -1;
    log->missed = INT64_MIN / 2;
}

void syslog_close(struct syslog *log)
{
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
}

static void connect_log(struct syslog *log)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};

    log->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (log->fd >= 0 && connect(log->fd, (const struct sockaddr *)&address, sizeof(address)))
        syslog_close(log);
    if (log->fd < 0)
        log->missed = when_monotonic();
}

static bool has_log(struct syslog *log)
{
    if (log->fd < 0 && when_monotonic() - log->missed >= RETRY_MS)
        connect_log(log);
    return log->fd >= 0;
}

static size_t printed_size(const char *field)
{
    struct buf text = BUF_INIT(LINE_MAX_BYTES);
    size_t size;

    buf_puts_escaped(&text, field);
    size = buf_error(&text) ? LINE_MAX_BYTES : text.size;
    buf_release(&text);
    return size;
}

static size_t size_of_line(const size_t *sizes, size_t count, size_t most)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += 1 + (sizes[i] < most ? sizes[i] : most);
    return size;
}

/* How long a field may be so that all of them, with a blank before each, have room: long metadata
 * must not cut off the number that follows it. */
static size_t most_of_field(const char *const *fields, size_t room)
{
    size_t sizes[FIELDS_MAX];
    size_t count = 0;
    size_t most = LINE_MAX_BYTES;

    for (; count < FIELDS_MAX && fields[count]; count++)
        sizes[count] = printed_size(fields[count]);
    while (most && size_of_line(sizes, count, most) > room)
        most--;
    return most;
}

/* Adds as many whole characters of a field as fit. */
static void add_field(struct buf *line, const char *field, size_t most)
{
    size_t end = line->size + most;

    while (*field) {
        char character[8] = {0};
        size_t length = utf8_length(field);
        size_t before = line->size;

        memcpy(character, field, length ? length : 1);
        buf_puts_escaped(line, character);
        if (line->size > end) {
            buf_resize(line, before);
            return;
        }
        field += length ? length : 1;
    }
}

static void print_line(struct buf *line, const char *const *fields)
{
    size_t most;

    buf_printf(line, "<%d>checkpointfs[%d]:", LOG_DAEMON | LOG_INFO, (int)getpid());
    most = most_of_field(fields, LINE_MAX_BYTES - line->size);
    for (size_t i = 0; i < FIELDS_MAX && fields[i]; i++) {
        buf_puts(line, " ");
        add_field(line, fields[i], most);
    }
}

void syslog_add(struct syslog *log, const char *const *fields)
{
    struct buf line = BUF_INIT(LINE_MAX_BYTES + CHARACTER_MAX);

    if (!has_log(log))
        return;
    print_line(&line, fields);
    /* A daemon that was started anew has another socket: the next line finds it. */
    if (send(log->fd, line.data, line.size, MSG_NOSIGNAL) < 0)
        syslog_close(log);
    buf_release(&line);
}
