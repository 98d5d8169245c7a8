#include "tests/simulate/mounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/operations.h"
#include "fs/request.h"
#include "tests/service/common/memory.h"
#include "tests/simulate/appender.h"
#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/consumer.h"
#include "tests/simulate/disk.h"
#include "tests/simulate/files.h"
#include "tests/simulate/journals.h"
#include "tests/simulate/kernel.h"
#include "tests/simulate/keys.h"
#include "tests/simulate/network.h"
#include "tests/simulate/remote.h"
#include "tests/simulate/trace.h"

/* Longer than a coordinator of Kafka is a new one, which is not believed. */
#define TIMEOUT_MS 12000

/* How often a mount tries to begin. */
#define TRIES_MAX 10000

static struct mount mounts[MOUNTS_MAX];
static unsigned count;
static int planner; /* the one that plans, or NO_MOUNT */

/* Whether its answer tells what is committed. */
static bool tells_value(const char *operation)
{
    return !strncmp(operation, "get_", strlen("get_")) || !strcmp(operation, "commit") ||
           !strcmp(operation, "delete_checkpoint");
}

static void observe(void *observer, const struct observation *seen)
{
    const struct mount *mount = observer;

    history_asked(mount->index, seen->took_ms, !tells_value(seen->operation));
}

static void open_backend(struct mount *mount)
{
    const struct setting credentials = {"credentials", keys_file()};
    const struct backend_options options = {.loop = mount->loop,
                                            .settings = &credentials,
                                            .setting_count = 1,
                                            .observe = observe,
                                            .observer = mount};
    struct error error;

    for (int tries = 0; tries < TRIES_MAX; tries++) {
        remote_serve(mount->index);
        if (!backend_open(remote_source(), &options, &mount->backend, &error))
            return;
        trace("mount %d cannot begin: %s", mount->index, error.message);
        clock_step();
    }
    fprintf(stderr, "simulate: mount %d cannot begin: %s\n", mount->index, error.message);
    exit(EXIT_FAILURE);
}

static void start_fs(struct mount *mount, const struct settings *settings)
{
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        if (fs_init(&mount->fs, mount->loop, mount->backend, remote_source(), settings,
                    mount->metrics))
            abort();
        if (!journals_open(mount))
            return;
        fs_release(&mount->fs);
        clock_step();
    }
    fprintf(stderr, "simulate: mount %d cannot begin with its journal\n", mount->index);
    exit(EXIT_FAILURE);
}

static uint64_t find(const struct mount *mount, const char *path)
{
    uint64_t node;

    /* Below checkpoints/ there is nothing while nothing is committed. */
    while (!(node = kernel_directory(mount->session, path)))
        consumer_commit();
    return node;
}

static void find_directories(struct mount *mount)
{
    char path[64];

    for (unsigned i = 0; i < HISTORY_PARTITIONS; i++) {
        snprintf(path, sizeof(path), "apps/" APP_THAT_STAYS "/" THE_STREAM "/%u", i);
        mount->apps[i] = find(mount, path);
    }
    mount->table = find(mount, "apps/" APP_THAT_STAYS "/" THE_STREAM);
    mount->saved = find(mount, "checkpoints/" APP_THAT_STAYS "/" THE_STREAM);
    if (remote_appends())
        mount->records = find(mount, "streams/" APPENDED_STREAM "/0/records");
    mount->leaving = false;
}

static void begin(struct mount *mount, int index)
{
    struct settings settings = {.umask = 022,
                                .timeout = TIMEOUT_MS,
                                .listing = 10000,
                                .snapshot = 1000,
                                .watch = 1000,
                                .batch = 1 << 20,
                                .plan = index == planner};

    *mount = (struct mount){
        .index = index, .loop = loop_new(), .metrics = must(metrics_new()), .leaving = true};
    open_backend(mount);
    files_set_process(index);
    start_fs(mount, &settings);
    mount->session = kernel_start(&mount->fs);
}

static void end(struct mount *mount)
{
    fs_release(&mount->fs);
    kernel_stop(mount->session);
    backend_close(mount->backend);
    metrics_free(mount->metrics);
    loop_free(mount->loop);
    mount->loop = NULL;
}

void mounts_begin(unsigned wanted)
{
    planner = wanted > 1 && chance_once_in(3) ? (int)wanted - 1 : NO_MOUNT;
    history_plans(planner);
    for (count = 0; count < wanted; count++)
        begin(&mounts[count], (int)count);
    for (unsigned i = 0; i < count; i++)
        find_directories(&mounts[i]);
}

unsigned mounts_count(void)
{
    return count;
}

struct mount *mounts_at(unsigned index)
{
    return &mounts[index];
}

struct mount *mounts_any(void)
{
    return &mounts[chance_below(count)];
}

int mount_by(const struct loop *loop)
{
    for (unsigned i = 0; i < count; i++) {
        if (mounts[i].loop == loop)
            return (int)i;
    }
    return NO_MOUNT;
}

/* Programs that have lost their mount give up one step after the other. */
static void let_programs_end(struct mount *mount)
{
    mount->leaving = true;
    while (mount->programs) {
        request_cancel_all(&mount->fs, ECONNABORTED);
        clock_step();
    }
}

void mount_again(struct mount *mount)
{
    int index = mount->index;

    trace("mount %d ends", index);
    let_programs_end(mount);
    end(mount);
    trace("mount %d begins", index);
    begin(mount, index);
    find_directories(mount);
}

void mount_kill(struct mount *mount)
{
    trace("mount %d is killed", mount->index);
    files_kill(mount->index);
    mount->is_dead = true;
    mount_again(mount);
}

bool mounts_are_there(void)
{
    for (unsigned i = 0; i < count; i++) {
        if (mounts[i].leaving)
            return false;
    }
    return count;
}

void mounts_kill_all(bool power_fails)
{
    trace(power_fails ? "power fails" : "all are killed");
    for (unsigned i = 0; i < count; i++) {
        files_kill((int)i);
        mounts[i].leaving = true;
        mounts[i].is_dead = true;
    }
    if (power_fails)
        disk_lose_power();
    for (unsigned i = 0; i < count; i++)
        mount_kill(&mounts[i]);
}

void mount_reload(struct mount *mount)
{
    trace("  SIGHUP for mount %d", mount->index);
    cache_clear(mount->fs.cache);
    backend_reload(mount->backend);
}

void mounts_end(void)
{
    for (unsigned i = 0; i < count; i++) {
        let_programs_end(&mounts[i]);
        end(&mounts[i]);
    }
    count = 0;
}
