#include "fs/syslog.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/buf.h"

/* What a line of the log can hold everywhere. */
#define LINE_MAX_BYTES 1024

void syslog_open(struct syslog *log)
{
    log->fd = -1;
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

    if (log->fd >= 0)
        return;
    log->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (log->fd >= 0 && connect(log->fd, (const struct sockaddr *)&address, sizeof(address)))
        syslog_close(log);
}

void syslog_add(struct syslog *log, const char *const *fields)
{
    struct buf line = BUF_INIT(LINE_MAX_BYTES);

    buf_printf(&line, "<%d>checkpointfs[%d]:", LOG_DAEMON | LOG_INFO, (int)getpid());
    for (size_t i = 0; fields[i]; i++) {
        buf_puts(&line, " ");
        buf_puts_escaped(&line, fields[i]);
    }
    connect_log(log);
    /* A daemon that was started anew has another socket: the next line finds it. */
    if (log->fd >= 0 && send(log->fd, line.data, line.size, MSG_NOSIGNAL) < 0)
        syslog_close(log);
    buf_release(&line);
}
