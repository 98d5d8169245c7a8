#include "api/sls/loglines.h"

#include "api/members.h"

/* What a line and each pair in it take beside their texts, at most. */
#define LINE_EXTRA 1024
#define PAIR_EXTRA 32

/* A byte as \u00XX. */
#define BYTE_MAX 6

typedef int next_pair(struct span *rest, struct loggroup_pair *pair);

static int read_pairs(struct members *pairs, struct span message, next_pair *next)
{
    struct loggroup_pair pair;
    int status = 0;

    members_reset(pairs);
    while (!status && next(&message, &pair) > 0)
        status = members_add(pairs, pair.key, pair.value);
    return status;
}

static void print_log(struct batch *batch, const struct loggroup *group, struct members *tags,
                      struct members *contents)
{
    if (group->topic.size)
        batch_member(batch, "topic", &group->topic);
    if (group->source.size)
        batch_member(batch, "source", &group->source);
    members_print(batch, "tags", tags, false);
    members_print(batch, "data", contents, true);
    batch_end(batch, group->topic.size + group->source.size + members_bytes(tags) +
                         members_bytes(contents));
}

bool loglines_fit(const struct batch *batch, const struct loggroup *group)
{
    size_t room = batch->text.max - batch->text.size;

    return group->logs * LINE_EXTRA + group->pairs * PAIR_EXTRA + group->bytes * BYTE_MAX <= room;
}

static int add_logs(struct batch *batch, const struct loggroup *group,
                    const struct loglines_place *place, struct members *tags)
{
    struct span rest = group->all;
    struct members contents = {0};
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
    members_release(&contents);
    return status;
}

int loglines_add(struct batch *batch, const struct loggroup *group,
                 const struct loglines_place *place)
{
    struct members tags = {0};
    int status = read_pairs(&tags, group->all, loggroup_next_tag);

    if (!status)
        status = add_logs(batch, group, place, &tags);
    members_release(&tags);
    return status;
}
