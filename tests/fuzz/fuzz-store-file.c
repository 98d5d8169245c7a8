#include "fuzz.h"

#include <unistd.h>

#include "api/local/store.h"

/* The input is what a file holds that is opened as a store. */

static char path[] = "/tmp/checkpointfs-fuzz-XXXXXX";

/* What SQLite keeps beside the file must not outlast it. */
static void remove_companions(void)
{
    static const char *const endings[] = {"-wal", "-shm", "-journal"};
    char name[sizeof(path) + 16];

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        snprintf(name, sizeof(name), "%s%s", path, endings[i]);
        unlink(name);
    }
}

static void remove_file(void)
{
    remove_companions();
    unlink(path);
}

/* Makes the file at the first call, and each time gives it new content. */
static void write_file(const uint8_t *data, size_t size)
{
    static int fd = -1;

    if (fd < 0) {
        fd = mkstemp(path);
        CHECK(fd >= 0);
        atexit(remove_file);
    }
    remove_companions();
    CHECK(!ftruncate(fd, 0));
    CHECK(pwrite(fd, data, size, 0) == (ssize_t)size);
}

static void check_names(int status, struct names *names, const struct error *error)
{
    CHECK(status == 0 || status == -error->code);
    for (size_t i = 0; i < names_count(names); i++)
        CHECK(names_at(names, i));
    names_drop(names);
}

static void read_lists(struct store *store)
{
    struct error error = {0};
    struct names *apps = names_new();
    struct names *streams = names_new();
    struct names *committed = names_new();

    CHECK(apps && streams && committed);
    check_names(store_list_apps(store, apps, &error), apps, &error);
    check_names(store_list_streams(store, streams, &error), streams, &error);
    check_names(store_list_committed(store, "billing", committed, &error), committed, &error);
}

static void read_states(struct store *store)
{
    struct error error = {0};
    struct table *table = table_new();
    struct stored_checkpoint checkpoint = {0};
    struct bounds bounds;
    struct state state;
    int64_t sequence;
    bool found = false;

    CHECK(table);
    store_get_states(store, "billing", "orders", table, &error);
    for (size_t i = 0; i < table_count(table); i++)
        table_at(table, i, &state);
    table_drop(table);
    store_get_bounds(store, "orders", 0, &bounds, &error);
    store_locate(store, "orders", 0, 0, &sequence, &error);
    if (!store_get_checkpoint(store, "billing", "orders", 0, &checkpoint, &found, &error) && found)
        CHECK(checkpoint.metadata);
    free(checkpoint.metadata);
}

/* It ends, however the numbers in the file are. */
static void read_records(struct store *store)
{
    const struct store_read order = {.stream = "orders", .is_next = true};
    struct error error = {0};
    struct batch batch;
    int64_t after = -1;
    int status;

    batch_init(&batch, RECORD_LINES, 1 << 20);
    do {
        int64_t before = after;

        status = store_read_records(store, &order, &after, &batch, &error);
        CHECK(status != 1 || after > before);
    } while (status == 1);
    CHECK(status == 0 || status == -error.code);
    batch_release(&batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct store *store = NULL;
    struct error error = {0};

    write_file(data, size);
    if (store_open(path, STORE_READ, &store, &error)) {
        CHECK(error.code && *error.message && !store);
        return 0;
    }
    read_lists(store);
    read_states(store);
    read_records(store);
    store_close(store);
    return 0;
}
