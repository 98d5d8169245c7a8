#include "tests/simulate/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/service/common/memory.h"
#include "tests/service/common/service.h"
#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/trace.h"

#define RENEW_MS 60000 /* at most, from one renewal to the next */
#define LATE_MS  5000  /* at most, of the file, or of the end of the old key */

static int file = -1;
static struct service *service;
static const struct key_names *names;
static unsigned last;
static bool is_settled;

const char *keys_file(void)
{
    static char path[40];

    if (file < 0) {
        file = memfd_create("keys", MFD_CLOEXEC);
        if (file < 0 || fchmod(file, 0600))
            abort();
        snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    }
    return path;
}

static void write_file(const char *text)
{
    size_t length = strlen(text);

    keys_file();
    if (ftruncate(file, 0) || pwrite(file, text, length, 0) != (ssize_t)length)
        abort();
}

struct key {
    char access[40];
    char secret[40];
};

static struct key key_of(unsigned number)
{
    struct key key;

    snprintf(key.access, sizeof(key.access), "SIMULATEDACCESSKEY%04u", number);
    snprintf(key.secret, sizeof(key.secret), "simulated/secret+key%04u", number);
    return key;
}

static void add_key(void)
{
    struct key key = key_of(++last);

    service_add_key(service, key.access, key.secret);
}

static void write_last(void *user)
{
    struct key key = key_of(last);
    char text[200];

    (void)user;
    trace("  the file has key %u", last);
    snprintf(text, sizeof(text), "%s = %s\n%s = %s\n", names->access, key.access, names->secret,
             key.secret);
    write_file(text);
}

static void drop_old(void *user)
{
    (void)user;
    trace("  the service has key %u alone", last);
    service_keep_last_key(service);
}

void keys_settle(void)
{
    is_settled = true;
    if (last) {
        write_last(NULL);
        drop_old(NULL);
    }
}

bool keys_are_settled(void)
{
    return is_settled;
}

static void renew(void *user)
{
    int64_t later = (int64_t)chance_below(LATE_MS);
    uint64_t how = chance_below(4);

    (void)user;
    if (is_settled)
        return;
    if (how) {
        add_key();
        clock_after(how == 1 ? later : 0, write_last, NULL);
        clock_after(how == 1 ? 0 : later, drop_old, NULL);
    }
    clock_after(LATE_MS + (int64_t)chance_below(RENEW_MS), renew, NULL);
}

void keys_begin(struct service *with, const struct key_names *named)
{
    service = with;
    names = named;
    last = 0;
    is_settled = false;
    add_key();
    write_last(NULL);
    clock_after(1 + (int64_t)chance_below(RENEW_MS), renew, NULL);
}

void keys_begin_without(const char *text)
{
    last = 0;
    is_settled = false;
    write_file(text);
}
