#include "api/sls/loglines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* What a line and each pair in it take beside their texts, at most. */
#define LINE_EXTRA 1024
#define PAIR_EXTRA 32

/* A byte as \u00XX. */
#define BYTE_MAX 6

/* The pairs of one log, or the tags of a group, in their order. */
struct pairs {
    struct pair {
        struct loggroup_pair pair;
        struct pair *next; /* of the same key, in their order */
        bool is_first;
    } * items;
    struct pair **sorted; /* by key, and by order where that is the same */
    size_t count;
    size_t room;
};

static void release_pairs(struct pairs *pairs)
{
    free(pairs->items);
    free(pairs->sorted);
}

static int grow_pairs(struct pairs *pairs)
{
    size_t room = pairs->room ? pairs->room * 2 : 32;
    void *items;
    void *sorted;

    if (room > LOGLINE_PAIRS_MAX)
        return -EFBIG;
    items = reallocarray(pairs->items, room, sizeof(*pairs->items));
    if (items)
        pairs->items = items;
    sorted = reallocarray(pairs->sorted, room, sizeof(struct pair *));
    if (sorted)
        pairs->sorted = sorted;
    if (!items || !sorted)
        return -ENOMEM;
    pairs->room = room;
    return 0;
}

static int compare_keys(const struct span *a, const struct span *b)
{
    int order = memcmp(a->data, b->data, a->size < b->size ? a->size : b->size);

    return order ? order : (a->size > b->size) - (a->size < b->size);
}

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *one = *(struct pair *const *)a;
    const struct pair *other = *(struct pair *const *)b;
    int order = compare_keys(&one->pair.key, &other->pair.key);

    return order ? order : (one > other) - (one < other);
}

/* Finds those of the same key. */
static void link_pairs(struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++)
        pairs->sorted[i] = &pairs->items[i];
    if (pairs->count)
        qsort(pairs->sorted, pairs->count, sizeof(struct pair *), compare_pairs);
    for (size_t i = 0; i < pairs->count; i++) {
        struct pair *pair = pairs->sorted[i];
        struct pair *before = i ? pairs->sorted[i - 1] : NULL;

        pair->next = NULL;
        pair->is_first = !before || compare_keys(&before->pair.key, &pair->pair.key) != 0;
        if (!pair->is_first)
            before->next = pair;
    }
}

typedef int next_pair(struct span *rest, struct loggroup_pair *pair);

static int read_pairs(struct pairs *pairs, struct span message, next_pair *next)
{
    struct loggroup_pair pair;
    int status = 0;

    pairs->count = 0;
    while (!status && next(&message, &pair) > 0) {
        if (pairs->count == pairs->room)
            status = grow_pairs(pairs);
        if (!status)
            pairs->items[pairs->count++].pair = pair;
    }
    if (!status)
        link_pairs(pairs);
    return status;
}

static bool is_text(const struct span *value)
{
    return utf8_is_text(value->data, value->size);
}

static void print_value(struct batch *batch, const struct span *value)
{
    if (is_text(value)) {
        batch_print(batch, value);
        return;
    }
    buf_puts(&batch->text, "{\"base64\":");
    batch_print_base64(batch, value);
    buf_puts(&batch->text, "}");
}

static void print_values(struct batch *batch, const struct pair *pair)
{
    if (!pair->next) {
        print_value(batch, &pair->pair.value);
        return;
    }
    for (const char *before = "["; pair; pair = pair->next, before = ",") {
        buf_puts(&batch->text, before);
        print_value(batch, &pair->pair.value);
    }
    buf_puts(&batch->text, "]");
}

static void print_key(struct batch *batch, const struct span *key)
{
    if (is_text(key))
        batch_print(batch, key);
    else
        batch_print_base64(batch, key);
    buf_puts(&batch->text, ":");
}

/* Adds a member whose value is an object of those pairs whose keys are texts, or are none. */
static void print_object(struct batch *batch, const char *name, const struct pairs *pairs,
                         bool of_texts)
{
    const char *before = "";

    buf_puts(&batch->text, ",\"");
    buf_puts(&batch->text, name);
    buf_puts(&batch->text, of_texts ? "\":{" : "_base64\":{");
    for (size_t i = 0; i < pairs->count; i++) {
        const struct pair *pair = &pairs->items[i];

        if (!pair->is_first || is_text(&pair->pair.key) != of_texts)
            continue;
        buf_puts(&batch->text, before);
        print_key(batch, &pair->pair.key);
        print_values(batch, pair);
        before = ",";
    }
    buf_puts(&batch->text, "}");
}

static bool has_key(const struct pairs *pairs, bool of_text)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (is_text(&pairs->items[i].pair.key) == of_text)
            return true;
    }
    return false;
}

static void print_tags(struct batch *batch, const struct pairs *tags)
{
    if (has_key(tags, true))
        print_object(batch, "tags", tags, true);
    if (has_key(tags, false))
        print_object(batch, "tags", tags, false);
}

static void print_data(struct batch *batch, const struct pairs *contents)
{
    print_object(batch, "data", contents, true);
    if (has_key(contents, false))
        print_object(batch, "data", contents, false);
}

static size_t bytes_of(const struct pairs *pairs)
{
    size_t bytes = 0;

    for (size_t i = 0; i < pairs->count; i++)
        bytes += pairs->items[i].pair.key.size + pairs->items[i].pair.value.size;
    return bytes;
}

static void print_log(struct batch *batch, const struct loggroup *group, const struct pairs *tags,
                      const struct pairs *contents)
{
    if (group->topic.size)
        batch_member(batch, "topic", &group->topic);
    if (group->source.size)
        batch_member(batch, "source", &group->source);
    print_tags(batch, tags);
    print_data(batch, contents);
    batch_end(batch, group->topic.size + group->source.size + bytes_of(tags) + bytes_of(contents));
}

bool loglines_fit(const struct batch *batch, const struct loggroup *group)
{
    size_t room = batch->text.max - batch->text.size;

    return group->logs * LINE_EXTRA + group->pairs * PAIR_EXTRA + group->bytes * BYTE_MAX <= room;
}

static int add_logs(struct batch *batch, const struct loggroup *group,
                    const struct loglines_place *place, const struct pairs *tags)
{
    struct span rest = group->all;
    struct pairs contents = {0};
    struct loggroup_log log;
    int status = 0;

    for (size_t i = 1; !status && loggroup_next_log(&rest, &log) > 0; i++) {
        status = read_pairs(&contents, log.all, loggroup_next_content);
        if (status)
            break;
        batch_begin(batch, i == group->logs ? place->after : place->before, place->sequence,
                    log.time);
        print_log(batch, group, tags, &contents);
        status = buf_error(&batch->text);
    }
    release_pairs(&contents);
    return status;
}

int loglines_add(struct batch *batch, const struct loggroup *group,
                 const struct loglines_place *place)
{
    struct pairs tags = {0};
    int status = read_pairs(&tags, group->all, loggroup_next_tag);

    if (!status)
        status = add_logs(batch, group, place, &tags);
    release_pairs(&tags);
    return status;
}
