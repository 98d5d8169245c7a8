#include "tests/service/dis/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/common/memory.h"

void world_init(struct world *world)
{
    *world = (struct world){0};
}

/* 19 letters and digits, as in published examples, no two alike. */
static void make_id(struct world *world, char id[static 24])
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    uint64_t value = ++world->serial * 0x9e3779b97f4a7c15ULL;

    for (size_t i = 0; i < 19; i++) {
        id[i] = digits[value % 62];
        value = value / 62 ? value / 62 : (world->serial + i) * 0xbf58476d1ce4e5b9ULL;
    }
    id[19] = '\0';
}

struct app *world_app(const struct world *world, const char *name)
{
    return directory_find(&world->apps, name);
}

struct stream *world_stream(const struct world *world, const char *name_or_id)
{
    struct stream *stream = directory_find(&world->streams, name_or_id);

    for (size_t i = 0; !stream && i < world->streams.count; i++) {
        struct stream *other = world->streams.items[i];

        if (!strcmp(other->id, name_or_id))
            stream = other;
    }
    return stream;
}

struct app *world_add_app(struct world *world, const char *name, int64_t now_ms)
{
    struct app *app;

    if (world->apps.count >= WORLD_APPS_MAX || world_app(world, name))
        return NULL;
    app = must_calloc(1, sizeof(*app));
    app->name = must_strdup(name);
    app->created_ms = now_ms;
    make_id(world, app->id);
    directory_add(&world->apps, app);
    return app;
}

struct stream *world_add_stream(struct world *world, const char *name, size_t partitions,
                                int64_t now_ms)
{
    struct stream *stream;

    if (world->streams.count >= WORLD_STREAMS_MAX || partitions > WORLD_PARTITIONS_MAX ||
        directory_find(&world->streams, name))
        return NULL;
    stream = must_calloc(1, sizeof(*stream));
    *stream = (struct stream){
        .name = must_strdup(name),
        .created_ms = now_ms,
        .modified_ms = now_ms,
        .retention_hours = 24,
        .status = "RUNNING",
        .type = "COMMON",
        .data_type = "BLOB",
    };
    make_id(world, stream->id);
    stream_add_partitions(stream, partitions);
    directory_add(&world->streams, stream);
    return stream;
}

static void drop_records(struct world *world, struct partition *partition, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        world->data_size -= strlen(partition->records[i].data);
        free(partition->records[i].data);
        free(partition->records[i].key);
    }
    partition->record_count -= count;
    if (partition->record_count)
        memmove(partition->records, partition->records + count,
                partition->record_count * sizeof(*partition->records));
}

static void commitment_release(struct commitment *commitment)
{
    for (size_t i = 0; i < commitment->count; i++)
        free(commitment->checkpoints[i].metadata);
    free(commitment->checkpoints);
}

/* The last commitment takes the place of the one that goes. */
static void drop_commitment(struct app *app, struct commitment *commitment)
{
    commitment_release(commitment);
    *commitment = app->commitments[--app->commitment_count];
}

static void app_free(struct app *app)
{
    while (app->commitment_count)
        drop_commitment(app, &app->commitments[0]);
    free(app->commitments);
    free(app->name);
    free(app);
}

static void stream_free(struct world *world, struct stream *stream)
{
    for (size_t i = 0; i < stream->partition_count; i++) {
        drop_records(world, &stream->partitions[i], stream->partitions[i].record_count);
        free(stream->partitions[i].records);
    }
    free(stream->partitions);
    free(stream->name);
    free(stream);
}

void world_clear(struct world *world)
{
    for (size_t i = 0; i < world->apps.count; i++)
        app_free(world->apps.items[i]);
    for (size_t i = 0; i < world->streams.count; i++)
        stream_free(world, world->streams.items[i]);
    free(world->apps.items);
    free(world->streams.items);
    world_init(world);
}

void world_remove_app(struct world *world, struct app *app)
{
    directory_remove(&world->apps, app);
    app_free(app);
}

void world_remove_stream(struct world *world, struct stream *stream)
{
    for (size_t i = 0; i < world->apps.count; i++) {
        struct app *app = world->apps.items[i];
        struct commitment *commitment = app_commitment(app, stream);

        if (commitment)
            drop_commitment(app, commitment);
    }
    directory_remove(&world->streams, stream);
    stream_free(world, stream);
}

void stream_add_partitions(struct stream *stream, size_t count)
{
    stream->partitions = must_realloc(stream->partitions, stream->partition_count + count,
                                      sizeof(*stream->partitions));
    while (count--)
        stream->partitions[stream->partition_count++] =
            (struct partition){.status = PARTITION_ACTIVE};
}

size_t stream_count_partitions(const struct stream *stream, enum partition_status status)
{
    size_t count = 0;

    for (size_t i = 0; i < stream->partition_count; i++)
        count += stream->partitions[i].status == status;
    return count;
}

static int64_t oldest_written(const struct partition *partition)
{
    return partition->latest - (int64_t)partition->record_count;
}

/* Records expire, as by retention. */
static void raise_earliest(struct world *world, struct partition *partition, int64_t earliest)
{
    int64_t oldest = oldest_written(partition);

    if (earliest > oldest)
        drop_records(world, partition, (size_t)(earliest - oldest));
    partition->earliest = earliest;
}

void partition_set_bounds(struct world *world, struct partition *partition, int64_t earliest,
                          int64_t latest, int64_t now_ms)
{
    if (partition->record_count && latest == partition->latest && earliest >= partition->earliest) {
        raise_earliest(world, partition, earliest);
        return;
    }
    drop_records(world, partition, partition->record_count);
    partition->earliest = earliest;
    partition->latest = latest;
    partition->anchor = latest;
    partition->anchor_ms = now_ms;
}

int64_t partition_append(struct world *world, struct partition *partition, const char *key,
                         const char *data, int64_t now_ms)
{
    size_t size = strlen(data);
    struct record *record;

    if (partition->latest == INT64_MAX || world->data_size + size > WORLD_DATA_MAX)
        return -1;
    if (partition->record_count == WORLD_RECORDS_MAX) {
        drop_records(world, partition, WORLD_RECORDS_MAX / 2);
        partition->earliest = partition->records[0].number;
    }
    partition->records =
        must_realloc(partition->records, partition->record_count + 1, sizeof(*partition->records));
    record = &partition->records[partition->record_count++];
    record->number = partition->latest++;
    record->time_ms = now_ms;
    record->key = key ? must_strdup(key) : NULL;
    record->data = must_strdup(data);
    world->data_size += size;
    return record->number;
}

/* The time of a record that is made up, at least 0. */
static int64_t pattern_time(const struct partition *partition, int64_t number)
{
    int64_t age;

    if (__builtin_mul_overflow(partition->anchor - number, WORLD_PATTERN_STEP, &age) ||
        age > partition->anchor_ms)
        return 0;
    return partition->anchor_ms - age;
}

void partition_record(const struct partition *partition, int64_t number, struct record *record)
{
    int64_t oldest = oldest_written(partition);

    if (number >= oldest)
        *record = partition->records[number - oldest];
    else
        *record = (struct record){.number = number, .time_ms = pattern_time(partition, number)};
}

int64_t partition_at_time(const struct partition *partition, int64_t time_ms)
{
    int64_t low = partition->earliest;
    int64_t high = partition->latest;

    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        struct record record;

        partition_record(partition, middle, &record);
        if (record.time_ms < time_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct commitment *app_commitment(const struct app *app, const struct stream *stream)
{
    for (size_t i = 0; i < app->commitment_count; i++)
        if (app->commitments[i].stream == stream)
            return &app->commitments[i];
    return NULL;
}

const struct checkpoint *app_checkpoint(const struct app *app, const struct stream *stream,
                                        size_t partition)
{
    const struct commitment *commitment = app_commitment(app, stream);

    if (!commitment || partition >= commitment->count || !commitment->checkpoints[partition].set)
        return NULL;
    return &commitment->checkpoints[partition];
}

/* The app's commitment on the stream with room for that partition. */
static struct commitment *need_commitment(struct app *app, struct stream *stream, size_t partition)
{
    struct commitment *commitment = app_commitment(app, stream);

    if (!commitment) {
        app->commitments =
            must_realloc(app->commitments, app->commitment_count + 1, sizeof(*app->commitments));
        commitment = &app->commitments[app->commitment_count++];
        *commitment = (struct commitment){.stream = stream};
    }
    if (partition >= commitment->count) {
        size_t count = stream->partition_count;

        commitment->checkpoints =
            must_realloc(commitment->checkpoints, count, sizeof(*commitment->checkpoints));
        memset(commitment->checkpoints + commitment->count, 0,
               (count - commitment->count) * sizeof(*commitment->checkpoints));
        commitment->count = count;
    }
    return commitment;
}

void app_commit(struct app *app, struct stream *stream, size_t partition, int64_t number,
                const char *metadata)
{
    struct commitment *commitment = need_commitment(app, stream, partition);
    struct checkpoint *checkpoint = &commitment->checkpoints[partition];

    free(checkpoint->metadata);
    *checkpoint = (struct checkpoint){
        .set = true,
        .number = number,
        .metadata = metadata && *metadata ? must_strdup(metadata) : NULL,
    };
}

size_t app_uncommit(struct app *app, const struct stream *stream, size_t partition)
{
    struct commitment *commitment = app_commitment(app, stream);
    size_t left = 0;

    if (!app_checkpoint(app, stream, partition))
        return 0;
    free(commitment->checkpoints[partition].metadata);
    commitment->checkpoints[partition] = (struct checkpoint){0};
    for (size_t i = 0; i < commitment->count; i++)
        left += commitment->checkpoints[i].set;
    if (!left)
        drop_commitment(app, commitment);
    return 1;
}
