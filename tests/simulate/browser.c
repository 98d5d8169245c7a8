#include "tests/simulate/browser.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/service/common/memory.h"
#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/kernel.h"
#include "tests/simulate/mounts.h"
#include "tests/simulate/trace.h"

#define PAUSE_MS  2000
#define NAMES_MAX 16
#define PID       900

struct browser {
    struct mount *mount;
    uint64_t directory;
    uint64_t handle; /* of the directory, then of a file in it */
    uint64_t file;
    uint64_t next; /* a directory to go on in, or 0 */
    char names[NAMES_MAX][64];
    unsigned count;
    unsigned seen; /* of the names */
};

static unsigned running;
static bool stopped;

static void look_around(void *user);
static void look_at_next(struct browser *browser);

static void finish(struct browser *browser)
{
    browser->mount->programs--;
    running--;
    free(browser);
    if (!stopped)
        clock_after(1 + (int64_t)chance_below(PAUSE_MS), look_around, NULL);
}

/* A file */

static void on_closed(void *user, int error, const void *data, size_t size)
{
    (void)error;
    (void)data;
    (void)size;
    look_at_next(user);
}

static void on_read(void *user, int error, const void *data, size_t size)
{
    struct browser *browser = user;

    (void)error;
    (void)data;
    (void)size;
    kernel_release(browser->mount->session, PID, browser->file, browser->handle, on_closed,
                   browser);
}

static void on_opened(void *user, int error, const void *data, size_t size)
{
    struct browser *browser = user;
    struct fuse_open_out out = {0};

    if (error || size < sizeof(out)) {
        look_at_next(browser);
        return;
    }
    memcpy(&out, data, sizeof(out));
    browser->handle = out.fh;
    kernel_read(browser->mount->session, PID, browser->file, out.fh, on_read, browser);
}

static void on_attributes(void *user, int error, const void *data, size_t size)
{
    struct browser *browser = user;
    struct fuse_attr_out out = {0};

    if (!error && size >= sizeof(out))
        memcpy(&out, data, sizeof(out));
    if (S_ISDIR(out.attr.mode) && chance_once_in(2))
        browser->next = browser->file;
    if (S_ISREG(out.attr.mode) && chance_once_in(2))
        kernel_open(browser->mount->session, PID, browser->file, O_RDONLY, on_opened, browser);
    else
        look_at_next(browser);
}

static void on_found(void *user, int error, const void *data, size_t size)
{
    struct browser *browser = user;
    struct fuse_entry_out entry = {0};

    if (error || size < sizeof(entry)) {
        look_at_next(browser);
        return;
    }
    memcpy(&entry, data, sizeof(entry));
    browser->file = entry.nodeid;
    kernel_attributes(browser->mount->session, PID, entry.nodeid, on_attributes, browser);
}

/* A directory */

static void on_directory_closed(void *user, int error, const void *data, size_t size);
static void on_directory_opened(void *user, int error, const void *data, size_t size);

static void look_at_next(struct browser *browser)
{
    if (browser->seen < browser->count)
        kernel_lookup(browser->mount->session, PID, browser->directory,
                      browser->names[browser->seen++], on_found, browser);
    else if (browser->next && !browser->mount->leaving)
        kernel_open_directory(browser->mount->session, PID, browser->directory = browser->next,
                              on_directory_opened, browser);
    else
        finish(browser);
}

static void take_names(struct browser *browser, const char *data, size_t size)
{
    struct fuse_dirent entry;

    for (size_t at = 0; at + FUSE_NAME_OFFSET < size && browser->count < NAMES_MAX;
         at += FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + entry.namelen)) {
        memcpy(&entry, data + at, FUSE_NAME_OFFSET);
        if (entry.namelen < sizeof(browser->names[0]) && data[at + FUSE_NAME_OFFSET] != '.')
            snprintf(browser->names[browser->count++], sizeof(browser->names[0]), "%.*s",
                     (int)entry.namelen, data + at + FUSE_NAME_OFFSET);
    }
}

static void on_listed(void *user, int error, const void *data, size_t size)
{
    struct browser *browser = user;

    browser->count = browser->seen = 0;
    browser->next = 0;
    if (!error)
        take_names(browser, data, size);
    kernel_close_directory(browser->mount->session, PID, browser->directory, browser->handle,
                           on_directory_closed, browser);
}

static void on_directory_closed(void *user, int error, const void *data, size_t size)
{
    (void)error;
    (void)data;
    (void)size;
    look_at_next(user);
}

static void on_directory_opened(void *user, int error, const void *data, size_t size)
{
    struct browser *browser = user;
    struct fuse_open_out out = {0};

    if (error || size < sizeof(out)) {
        finish(browser);
        return;
    }
    memcpy(&out, data, sizeof(out));
    browser->handle = out.fh;
    kernel_list(browser->mount->session, PID, browser->directory, out.fh, on_listed, browser);
}

static void look_around(void *user)
{
    struct mount *mount = mounts_any();
    struct browser *browser;

    (void)user;
    if (stopped)
        return;
    if (mount->leaving) {
        clock_after(1 + (int64_t)chance_below(PAUSE_MS), look_around, NULL);
        return;
    }
    browser = must_calloc(1, sizeof(*browser));
    browser->mount = mount;
    browser->directory = FUSE_ROOT_ID;
    mount->programs++;
    running++;
    trace("somebody looks around in mount %d", mount->index);
    kernel_open_directory(mount->session, PID, FUSE_ROOT_ID, on_directory_opened, browser);
}

void browser_begin(void)
{
    stopped = false;
    running = 0;
    clock_after(1 + (int64_t)chance_below(PAUSE_MS), look_around, NULL);
}

void browser_stop(void)
{
    stopped = true;
}

bool browser_is_done(void)
{
    return !running;
}
