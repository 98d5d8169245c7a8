#include <stdlib.h>
#include <string.h>

#include "tests/service/common/memory.h"
#include "tests/service/kafka/calls.h"

/* Calls that any broker answers: what it knows, what there is, and who coordinates. */

void call_api_versions(struct asked *asked)
{
    if (asked->version >= 3) {
        read_text(&asked->in); /* the program's name, and its version */
        read_text(&asked->in);
        read_tags(&asked->in);
    }
    write_code(asked, NONE);
    write_count(&asked->out, kafka_call_count);
    for (size_t i = 0; i < kafka_call_count; i++) {
        int16_t from;
        int16_t to;

        versions_known(asked->kafka, &kafka_calls[i], &from, &to);
        write_int16(&asked->out, kafka_calls[i].api);
        write_int16(&asked->out, from);
        write_int16(&asked->out, to);
        write_tags(&asked->out);
    }
    if (asked->version >= 1)
        write_throttle(asked);
    write_tags(&asked->out);
}

/* ---- Metadata ---- */

static void write_node(struct asked *asked, const struct node *node)
{
    write_int32(&asked->out, node->id);
    write_string(&asked->out, "127.0.0.1");
    write_int32(&asked->out, node->port);
}

static void write_nodes(struct asked *asked)
{
    const struct world *world = &asked->kafka->world;

    write_count(&asked->out, world_up(world));
    for (size_t i = 0; i < world->node_count; i++) {
        if (!world->nodes[i].up)
            continue;
        write_node(asked, &world->nodes[i]);
        write_string(&asked->out, NULL); /* its rack */
    }
}

/* All brokers have replicas, and those that are up are in sync. */
static void write_replicas(struct asked *asked)
{
    const struct world *world = &asked->kafka->world;

    write_count(&asked->out, world->node_count);
    for (size_t i = 0; i < world->node_count; i++)
        write_int32(&asked->out, world->nodes[i].id);
    for (int up = 1; up >= 0; up--) {
        write_count(&asked->out, up ? world_up(world) : world->node_count - world_up(world));
        for (size_t i = 0; i < world->node_count; i++)
            if (world->nodes[i].up == up)
                write_int32(&asked->out, world->nodes[i].id);
    }
}

static void write_partitions(struct asked *asked, const struct topic *topic)
{
    size_t count = topic ? topic->count : 0;

    write_count(&asked->out, count);
    for (size_t i = 0; i < count; i++) {
        write_int16(&asked->out, NONE);
        write_int32(&asked->out, (int32_t)i);
        write_int32(&asked->out, world_leader(&asked->kafka->world, topic, (int32_t)i));
        write_int32(&asked->out, topic->partitions[i].leader_epoch);
        write_replicas(asked);
    }
}

static bool is_topic_name(struct text name)
{
    if (!name.size || name.size > 249 || text_is(name, ".") || text_is(name, ".."))
        return false;
    for (size_t i = 0; i < name.size; i++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-",
                    name.data[i]) ||
            !name.data[i])
            return false;
    return true;
}

static void write_topic(struct asked *asked, struct text name)
{
    const struct topic *topic = world_topic(&asked->kafka->world, name);
    int code = topic                  ? NONE
               : !is_topic_name(name) ? INVALID_TOPIC_EXCEPTION
                                      : UNKNOWN_TOPIC_OR_PARTITION;

    code = answer_code(asked, code);
    write_int16(&asked->out, code);
    write_text(&asked->out, name);
    write_int8(&asked->out, topic && topic->is_internal);
    write_partitions(asked, code ? NULL : topic);
    if (asked->version >= 8)
        write_int32(&asked->out, INT32_MIN); /* what is permitted: nobody asked */
}

/* As auto.create.topics.enable, which is true unless somebody forbids it, has it. */
static void make_topic(struct asked *asked, struct text name)
{
    char *copy = must_strndup(name.data, name.size);
    struct topic *topic = world_add_topic(&asked->kafka->world, copy);

    topic_add_partition(topic);
    free(copy);
}

struct named {
    struct text *names;
    int32_t count; /* -1 for all */
};

static void read_names(struct asked *asked, struct named *named)
{
    named->count = read_count_or_null(&asked->in);
    named->names = must_calloc((size_t)(named->count > 0 ? named->count : 1), sizeof(struct text));
    for (int32_t i = 0; i < named->count; i++)
        named->names[i] = read_text(&asked->in);
    if (named->count < 0)
        buf_puts(&asked->path, "/*");
    if (named->count == 1)
        path_add(asked, named->names[0]);
}

static void write_topics(struct asked *asked, const struct named *named)
{
    const struct directory *topics = &asked->kafka->world.topics;

    if (named->count < 0) {
        write_count(&asked->out, topics->count);
        for (size_t i = 0; i < topics->count; i++) {
            const struct topic *topic = topics->items[i];

            write_topic(asked, text_of(topic->name));
        }
        return;
    }
    write_count(&asked->out, (size_t)named->count);
    for (int32_t i = 0; i < named->count; i++)
        write_topic(asked, named->names[i]);
}

static void make_topics(struct asked *asked, const struct named *named)
{
    for (int32_t i = 0; i < named->count; i++)
        if (is_topic_name(named->names[i]) && !world_topic(&asked->kafka->world, named->names[i]))
            make_topic(asked, named->names[i]);
}

void call_metadata(struct asked *asked)
{
    struct named named;
    bool makes;

    read_names(asked, &named);
    makes = read_boolean(&asked->in);
    read_boolean(&asked->in); /* is it to tell what is permitted, of the cluster */
    read_boolean(&asked->in); /* and of topics */
    if (asked->executes && makes)
        make_topics(asked, &named);
    write_throttle(asked);
    write_nodes(asked);
    write_string(&asked->out, "simulated");
    write_int32(&asked->out, asked->node); /* the controller */
    write_topics(asked, &named);
    write_int32(&asked->out, INT32_MIN);
    free(named.names);
}

/* ---- FindCoordinator ---- */

static void write_coordinator(struct asked *asked, int code, int32_t id)
{
    const struct node nobody = {.id = NOBODY};

    write_code(asked, code);
    if (asked->forced)
        code = asked->forced;
    write_string(&asked->out, code ? "there is none" : NULL);
    if (!code) {
        write_node(asked, &asked->kafka->world.nodes[id - 1]);
        return;
    }
    write_int32(&asked->out, nobody.id);
    write_string(&asked->out, "");
    write_int32(&asked->out, -1);
}

/* The first makes the topic in which commits are. */
static void note_coordinators(struct kafka_service *kafka, int64_t now_ms)
{
    if (kafka->has_coordinators)
        return;
    kafka->has_coordinators = true;
    kafka->coordinators_ms = now_ms;
}

void call_find_coordinator(struct asked *asked)
{
    struct text group = read_group(asked);
    int8_t type = read_int8(&asked->in);
    int code = check_coordinator(asked, group);
    int32_t id = world_coordinator(&asked->kafka->world, group);

    if (type != 0)
        code =
            INVALID_REQUEST; /* the other coordinators are those of transactions, and of shares */
    else if (code == NOT_COORDINATOR)
        code = id == NOBODY ? COORDINATOR_NOT_AVAILABLE : NONE;
    if (asked->executes)
        note_coordinators(asked->kafka, asked->now_ms);
    write_throttle(asked);
    write_coordinator(asked, code, id);
}
