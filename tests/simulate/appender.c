#include "tests/simulate/appender.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/common/memory.h"
#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/history.h"
#include "tests/simulate/kernel.h"
#include "tests/simulate/mounts.h"
#include "tests/simulate/remote.h"
#include "tests/simulate/trace.h"

#define PAUSE_MS  1500
#define AT_ONCE   3
#define PID       800
#define TRIED_MAX 4096

struct appender {
    struct mount *mount;
    unsigned number; /* that it appends */
    char text[16];
    uint64_t node;
    uint64_t handle;
};

static bool acknowledged[TRIED_MAX + 1];
static bool is_there[TRIED_MAX + 1];
static unsigned tried;
static unsigned running;
static bool stopped;

static void append_another(void *user);

static void pause_and_go_on(void)
{
    if (!stopped)
        clock_after(1 + (int64_t)chance_below(PAUSE_MS), append_another, NULL);
}

static void finish(struct appender *appender)
{
    appender->mount->programs--;
    running--;
    free(appender);
    pause_and_go_on();
}

static void on_released(void *user, int error, const void *data, size_t size)
{
    (void)error;
    (void)data;
    (void)size;
    finish(user);
}

/* What a mount says that was killed is nothing to go by. */
static void on_written(void *user, int error, const void *data, size_t size)
{
    struct appender *appender = user;

    (void)data;
    (void)size;
    acknowledged[appender->number] = !error && !appender->mount->is_dead;
    trace("record %u: %s", appender->number, error ? strerror(error) : "done");
    kernel_release(appender->mount->session, PID, appender->node, appender->handle, on_released,
                   appender);
}

static void on_opened(void *user, int error, const void *data, size_t size)
{
    struct appender *appender = user;
    struct fuse_open_out out = {0};

    if (error || size < sizeof(out)) {
        finish(appender);
        return;
    }
    memcpy(&out, data, sizeof(out));
    appender->handle = out.fh;
    kernel_write(appender->mount->session, PID, appender->node, out.fh, appender->text, 0,
                 on_written, appender);
}

static void on_looked_up(void *user, int error, const void *data, size_t size)
{
    struct appender *appender = user;
    struct fuse_entry_out entry = {0};

    if (error || size < sizeof(entry)) {
        finish(appender);
        return;
    }
    memcpy(&entry, data, sizeof(entry));
    appender->node = entry.nodeid;
    kernel_open(appender->mount->session, PID, entry.nodeid, O_WRONLY, on_opened, appender);
}

static void append_another(void *user)
{
    struct mount *mount = mounts_any();
    struct appender *appender;

    (void)user;
    if (stopped || tried == TRIED_MAX)
        return;
    if (mount->leaving) {
        pause_and_go_on();
        return;
    }
    appender = must_calloc(1, sizeof(*appender));
    *appender = (struct appender){.mount = mount, .number = ++tried};
    snprintf(appender->text, sizeof(appender->text), "%u\n", appender->number);
    trace("record %u by mount %d", appender->number, mount->index);
    mount->programs++;
    running++;
    kernel_lookup(mount->session, PID, mount->records, "new", on_looked_up, appender);
}

void appender_reset(void)
{
    tried = running = 0;
    memset(acknowledged, 0, sizeof(acknowledged));
}

void appender_begin(void)
{
    stopped = !remote_appends();
    for (int i = 0; i < AT_ONCE; i++)
        pause_and_go_on();
}

void appender_stop(void)
{
    stopped = true;
}

bool appender_is_done(void)
{
    return !running;
}

/* Looking */

static void take_record(int64_t place, int64_t number, const char *data)
{
    char *end;
    unsigned long found = strtoul(data, &end, 10);

    if (number != place)
        history_blame("record %" PRId64 " comes where %" PRId64 " should", number, place);
    if (*end || !found || found > tried || is_there[found])
        history_blame("record %" PRId64 " is \"%s\", of %u that were tried", number, data, tried);
    else
        is_there[found] = true;
}

void appender_look(sqlite3 *db)
{
    static const char query[] =
        "SELECT number, CAST(data AS TEXT) FROM record WHERE stream ="
        " (SELECT id FROM stream WHERE name = '" APPENDED_STREAM "') ORDER BY number";
    sqlite3_stmt *rows = NULL;
    int64_t place = 0;

    memset(is_there, 0, sizeof(is_there));
    if (sqlite3_prepare_v2(db, query, -1, &rows, NULL) == SQLITE_OK) {
        while (!history_fault() && sqlite3_step(rows) == SQLITE_ROW)
            take_record(place++, sqlite3_column_int64(rows, 0),
                        (const char *)sqlite3_column_text(rows, 1));
    }
    if (sqlite3_finalize(rows) != SQLITE_OK)
        history_blame("the records cannot be read: %s", sqlite3_errmsg(db));
    for (unsigned i = 1; i <= tried && !history_fault(); i++) {
        if (acknowledged[i] && !is_there[i])
            history_blame("record %u was acknowledged and is gone", i);
    }
}
