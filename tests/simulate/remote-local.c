#include "tests/simulate/remote.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "api/local/store.h"
#include "tests/simulate/appender.h"
#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/disk.h"
#include "tests/simulate/memory.h"
#include "tests/simulate/mounts.h"
#include "tests/simulate/network.h"
#include "tests/simulate/trace.h"
#include "tests/simulate/vfs.h"

/*
 * The embedded store, on a simulated disk. What was carried out is what a connection finds that
 * looks at the checkpoints at the end of each transaction, whoever has made it.
 */
#define STORE DISK "checkpoints.db"

/* Of what happens to requests on a network, this much happens to operations of a disk. */
#define RARER  15
#define FASTER 8

/* How often a program beside the mounts does something else than to commit, and how long it holds
 * the store's lock, or reads, at most, in milliseconds. */
#define MEDDLE_MS 8000
#define HOLD_MS   15000

/* How long nothing befalls the machine at most: from this on to 16 times as long. What has made a
 * sync fail often brings down all within so many milliseconds. */
#define STRIKE_MIN_MS UINT64_C(500)
#define COLLAPSE_MS   UINT64_C(500)

/*
 * Whoever is killed after a sync of his has failed takes it with him that the log has a gap. The
 * next one cannot know. He takes the log into the file, and if power fails in the midst of that the
 * file may have a part of a transaction whose log is lost: SQLite cannot help that, so it does not
 * happen here for so long.
 */
#define GAP_MS 10000

/* What was committed when we last looked. */
struct checkpoint {
    int64_t number; /* or NOTHING */
    int64_t committed;
    char metadata[64];
};

static struct checkpoint known[CHECKPOINT_PLACES];

/* What tells one thing from the next that is made in its place, or 0: there is none. */
struct things {
    int64_t made[PLACES];
};

static struct things known_things;

/* What was there before, where it was found in the log of a process that was killed, so that the
 * disk may not have it, and nobody has committed since. */
static struct {
    struct checkpoint checkpoint;
    bool may_return;
} older[CHECKPOINT_PLACES];

static struct {
    int64_t made;
    bool may_return;
} older_things[PLACES];

static bool is_made; /* the store, with all that the programs need */
static struct store *consumer;
static bool consumer_holds;
static struct store *reader; /* in the midst of a transaction, or NULL */
static int64_t first_consumed;
static uint64_t strike_ms;
static int64_t failed_sync; /* when a sync of the log last failed, or -1 */
static int64_t gap_until;   /* power does not fail */
static bool is_settled;     /* nothing befalls anybody any more */

static void let_go(void *user);
static void stop_reading(void *user);

const char *remote_source(void)
{
    return "local:" STORE;
}

bool remote_can(enum act act)
{
    (void)act;
    return true;
}

const struct history_rules *remote_rules(void)
{
    static const struct history_rules rules = {.compares = true};

    return &rules;
}

bool remote_apps_are_of_streams(void)
{
    return false;
}

unsigned remote_things(void)
{
    return PLACES - THING_APP;
}

bool remote_appends(void)
{
    return true;
}

void remote_serve(int mount)
{
    vfs_set_process(mount);
}

void remote_set_faults(unsigned once_in, int64_t slowest)
{
    vfs_set_faults(&(struct vfs_faults){.once_in = once_in * RARER, .slowest = slowest / FASTER});
}

void remote_strike(void)
{
}

bool remote_has_tried(int mount, int64_t since)
{
    return vfs_last_try(mount) >= since;
}

void remote_settle(void)
{
    is_settled = true;
    remote_set_faults(0, 10);
    let_go(NULL);
    stop_reading(NULL);
}

int64_t remote_number(const char *text)
{
    return strtoll(text, NULL, 10);
}

/* Nothing goes through a network. */

void network_begin(struct transfer *transfer)
{
    (void)transfer;
    abort();
}

void network_end(struct transfer *transfer)
{
    (void)transfer;
    abort();
}

/* What was carried out */

static int committer(const struct checkpoint *found, int process)
{
    if (process != VFS_SOMEBODY)
        return process;
    return found->number >= first_consumed && found->number % HISTORY_STEP == 0 &&
                   *found->metadata != 'm'
               ? NO_MOUNT
               : ANY_MOUNT;
}

static bool is_same(const struct checkpoint *one, const struct checkpoint *other)
{
    return one->number == other->number && one->committed == other->committed &&
           !strcmp(one->metadata, other->metadata);
}

static void forget_older(void)
{
    for (unsigned i = 0; i < CHECKPOINT_PLACES; i++)
        older[i].may_return = false;
    for (unsigned i = THING_APP; i < PLACES; i++)
        older_things[i].may_return = false;
}

static void remember_thing(unsigned thing, int64_t made, int process)
{
    older_things[thing].made = known_things.made[thing];
    older_things[thing].may_return = true;
    if (process != VFS_SOMEBODY)
        forget_older();
    known_things.made[thing] = made;
}

static void compare_thing(unsigned thing, int64_t made, int process)
{
    int64_t before = known_things.made[thing];
    int mount = process == VFS_SOMEBODY ? ANY_MOUNT : process;

    if (made == before)
        return;
    if (process == VFS_SOMEBODY && older_things[thing].may_return &&
        made == older_things[thing].made) {
        history_undone(thing, made ? IS_THERE : NOTHING);
        known_things.made[thing] = made;
        return;
    }
    if (before)
        history_removed(thing, mount, false);
    if (made)
        history_made(thing, mount, false);
    remember_thing(thing, made, process);
}

static void compare(unsigned place, const struct checkpoint *found, int process)
{
    struct checkpoint *before = &known[place];

    if (is_same(found, before))
        return;
    if (process == VFS_SOMEBODY && older[place].may_return &&
        is_same(found, &older[place].checkpoint)) {
        history_undone(place, found->number);
        *before = *found;
        return;
    }
    if (found->number != NOTHING && found->committed < before->committed)
        history_blame("%u is %" PRId64 " again, where %" PRId64 " had been committed", place,
                      found->number, before->number);
    history_applied(place, found->number, found->metadata, committer(found, process), false);
    older[place].checkpoint = *before;
    older[place].may_return = true;
    if (process != VFS_SOMEBODY)
        forget_older();
    *before = *found;
}

static void take_row(sqlite3_stmt *row, struct checkpoint *found)
{
    *found = (struct checkpoint){.number = sqlite3_column_int64(row, 2),
                                 .committed = sqlite3_column_int64(row, 3)};
    snprintf(found->metadata, sizeof(found->metadata), "%s",
             (const char *)sqlite3_column_text(row, 4));
}

/* False when it cannot be read. */
static bool read_checkpoints(sqlite3 *db, struct checkpoint *found)
{
    static const char query[] =
        "SELECT app.name, partition, sequence, committed, metadata"
        " FROM checkpoint JOIN app ON app.id = checkpoint.app"
        " WHERE stream = (SELECT id FROM stream WHERE name = '" THE_STREAM "')";
    sqlite3_stmt *rows = NULL;
    int status = sqlite3_prepare_v2(db, query, -1, &rows, NULL);

    for (unsigned i = 0; i < CHECKPOINT_PLACES; i++)
        found[i] = (struct checkpoint){.number = NOTHING};
    while (!status && (status = sqlite3_step(rows)) == SQLITE_ROW) {
        unsigned place = history_place((const char *)sqlite3_column_text(rows, 0),
                                       sqlite3_column_int64(rows, 1));

        if (place != PLACES)
            take_row(rows, &found[place]);
        status = SQLITE_OK;
    }
    sqlite3_finalize(rows);
    return status == SQLITE_DONE;
}

/* When they were made. A partition does not tell, so its stream does. */
static bool read_things(sqlite3 *db, struct things *found)
{
    static const char query[] = "SELECT (SELECT created FROM app WHERE name = '" APP_THAT_GOES "'),"
                                " (SELECT created FROM stream WHERE name = '" STREAM_THAT_GOES "'),"
                                " (SELECT created FROM stream JOIN partition ON stream = id"
                                " WHERE name = '" STREAM_THAT_GOES "' AND number = 0)";
    sqlite3_stmt *row = NULL;
    int status = sqlite3_prepare_v2(db, query, -1, &row, NULL);

    if (!status)
        status = sqlite3_step(row);
    for (int i = 0; status == SQLITE_ROW && i < PLACES - THING_APP; i++)
        found->made[THING_APP + i] = sqlite3_column_int64(row, i);
    sqlite3_finalize(row);
    return status == SQLITE_ROW;
}

static sqlite3 *open_observer(void)
{
    sqlite3 *db = NULL;

    if (sqlite3_open_v2(STORE, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, vfs_observer()))
        abort();
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return db;
}

static void look(int process)
{
    struct checkpoint found[CHECKPOINT_PLACES];
    struct things things = {0};
    bool before = memory_enter(false);
    sqlite3 *db = is_made ? open_observer() : NULL;

    if (db && (!read_checkpoints(db, found) || !read_things(db, &things)))
        history_blame("the store cannot be read: %s", sqlite3_errmsg(db));
    for (unsigned i = 0; db && !history_fault() && i < CHECKPOINT_PLACES; i++)
        compare(i, &found[i], process);
    for (unsigned i = THING_APP; db && !history_fault() && i < PLACES; i++)
        compare_thing(i, things.made[i], process);
    if (db && !history_fault())
        appender_look(db);
    sqlite3_close(db);
    memory_leave(before);
}

/* Programs beside the mounts */

static bool has_consumer(void)
{
    struct error error;

    vfs_set_process(NO_MOUNT);
    return consumer || !store_open(STORE, STORE_MAKE, &consumer, &error);
}

static void forget_consumer(void)
{
    store_close(consumer);
    consumer = NULL;
    consumer_holds = false;
}

void remote_consume(unsigned place, int64_t number)
{
    const struct store_commit commit = {.app = place < HISTORY_PARTITIONS ? APP_THAT_STAYS
                                                                          : APP_THAT_GOES,
                                        .stream = THE_STREAM,
                                        .partition = place % HISTORY_PARTITIONS,
                                        .sequence = number,
                                        .metadata = ""};
    struct error error = {0};
    int64_t when;

    if (!first_consumed)
        first_consumed = number;
    if (consumer_holds || !has_consumer() || store_begin(consumer, &error))
        return;
    if (store_commit(consumer, &commit, &when, &error) || store_end(consumer, &error))
        trace("  the consumer fails: %s", error.message);
    store_cancel(consumer);
}

static void let_go(void *user)
{
    (void)user;
    if (consumer_holds)
        trace("  the store's lock is free");
    if (consumer_holds)
        store_cancel(consumer);
    consumer_holds = false;
}

static void hold(void)
{
    struct error error;

    if (consumer_holds || !has_consumer() || store_begin(consumer, &error))
        return;
    consumer_holds = true;
    trace("  somebody holds the store's lock");
    clock_after((int64_t)chance_below(HOLD_MS), let_go, NULL);
}

static void stop_reading(void *user)
{
    (void)user;
    if (!reader)
        return;
    trace("  nobody reads for long any more");
    store_cancel(reader);
    store_close(reader);
    reader = NULL;
}

/* What is read while others commit keeps the log from being taken in as a whole. */
static void read_for_long(void)
{
    struct error error;

    if (reader)
        return;
    vfs_set_process(NO_MOUNT);
    if (store_open(STORE, STORE_READ, &reader, &error))
        return;
    if (store_begin_reading(reader, &error) || store_find_app(reader, APP_THAT_STAYS, &error)) {
        stop_reading(NULL);
        return;
    }
    trace("  somebody reads for long");
    clock_after((int64_t)chance_below(HOLD_MS), stop_reading, NULL);
}

/* As by sqlite3(1). */
static void take_log_in(void)
{
    static const char *const ways[] = {"PASSIVE", "FULL", "RESTART", "TRUNCATE"};
    char text[64];
    sqlite3 *db = NULL;
    int status;

    snprintf(text, sizeof(text), "PRAGMA wal_checkpoint(%s)", ways[chance_below(4)]);
    vfs_set_process(NO_MOUNT);
    status = sqlite3_open_v2(STORE, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (!status)
        status = sqlite3_exec(db, text, NULL, NULL, NULL);
    trace("  %s: %s", text, sqlite3_errstr(status));
    sqlite3_close(db);
}

static void meddle(void *user)
{
    static void (*const meddlers[])(void) = {hold, read_for_long, take_log_in};

    (void)user;
    if (is_settled)
        return;
    meddlers[chance_below(sizeof(meddlers) / sizeof(meddlers[0]))]();
    clock_after(1 + (int64_t)chance_below(MEDDLE_MS), meddle, NULL);
}

/* What befalls the machine */

static void note_gap(void)
{
    if (failed_sync >= 0)
        gap_until = clock_ms() + GAP_MS;
    failed_sync = -1;
}

/* What is in the log and was not synced stays there, unless power fails. */
static void kill_all(bool power_fails)
{
    power_fails = power_fails && clock_ms() >= gap_until;
    if (!power_fails)
        note_gap();
    failed_sync = -1;
    vfs_kill(NO_MOUNT);
    for (unsigned i = 0; i < mounts_count(); i++)
        vfs_kill((int)i);
    forget_consumer();
    stop_reading(NULL);
    if (!power_fails && chance_once_in(2))
        vfs_fail_next_sync();
    mounts_kill_all(power_fails);
}

static void kill_one(void)
{
    struct mount *mount = mounts_any();

    note_gap();
    vfs_kill(mount->index);
    mount_kill(mount);
}

static void collapse(void *user)
{
    (void)user;
    if (!is_settled && mounts_are_there())
        kill_all(chance_once_in(2));
}

static void after_failed_sync(void)
{
    bool before = memory_enter(false);

    failed_sync = clock_ms();
    if (is_made && chance_once_in(2))
        clock_after((int64_t)chance_below(COLLAPSE_MS), collapse, NULL);
    memory_leave(before);
}

static void strike(void *user)
{
    (void)user;
    if (is_settled)
        return;
    if (mounts_are_there() && chance_once_in(2))
        kill_all(chance_once_in(2));
    else if (mounts_are_there())
        kill_one();
    clock_after(1 + (int64_t)chance_below(strike_ms), strike, NULL);
}

/* The store */

static bool make_partitions(struct store *store, struct error *error)
{
    for (unsigned i = 0; i < HISTORY_PARTITIONS; i++) {
        if (store_create_partition(store, THE_STREAM, i, error))
            return false;
    }
    return !store_create_partition(store, APPENDED_STREAM, 0, error);
}

static void make_store(void)
{
    struct store *store = NULL;
    struct error error = {0};

    if (store_open(STORE, STORE_MAKE, &store, &error) || store_begin(store, &error) ||
        store_create_app(store, APP_THAT_STAYS, &error) || !make_partitions(store, &error) ||
        store_end(store, &error)) {
        fprintf(stderr, "simulate: %s\n", error.message);
        exit(EXIT_FAILURE);
    }
    store_close(store);
    is_made = true;
}

void remote_begin(void)
{
    is_made = false;
    is_settled = false;
    strike_ms = STRIKE_MIN_MS << chance_below(5);
    first_consumed = 0;
    failed_sync = -1;
    gap_until = 0;
    for (unsigned i = 0; i < CHECKPOINT_PLACES; i++)
        known[i] = (struct checkpoint){.number = NOTHING};
    known_things = (struct things){0};
    forget_older();
    vfs_begin(look, after_failed_sync);
    make_store();
    clock_after((int64_t)chance_below(MEDDLE_MS), meddle, NULL);
    if (chance_once_in(2))
        clock_after((int64_t)chance_below(strike_ms), strike, NULL);
}

void remote_end(void)
{
    forget_consumer();
    stop_reading(NULL);
    vfs_end();
}
