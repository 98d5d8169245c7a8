#include "tests/simulate/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/common/memory.h"
#include "tests/service/kafka/kafka.h"
#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/connections.h"
#include "tests/simulate/keys.h"
#include "tests/simulate/network.h"
#include "tests/simulate/trace.h"

#define BROKERS    3
#define FIRST_PORT 9001
#define LATEST     1000000000000000

/* DeleteGroups, as the protocol numbers it. */
#define DELETE_GROUPS 42

/* How often at most something happens to the cluster, and for how long a broker is gone. */
#define MEDDLE_MS 30000
#define GONE_MS   10000

/* A topic of which nobody knows: what is committed on it keeps the app that stays. */
#define OTHER_STREAM "kept"

static struct kafka_service kafka;
static struct service service;

/* What was committed when we last looked: what tells one commit from the next, or 0. */
static struct {
    uint64_t commits[CHECKPOINT_PLACES];
    bool has_app; /* the one that goes */
} known;

const char *remote_source(void)
{
    return "kafka+plain://127.0.0.1:9001,127.0.0.1:9002,127.0.0.1:9003";
}

bool remote_can(enum act act)
{
    (void)act;
    return true;
}

const struct history_rules *remote_rules(void)
{
    static const struct history_rules rules = {.apps_follow_commits = true,
                                               .deletes_nothing = true};

    return &rules;
}

bool remote_apps_are_of_streams(void)
{
    return false;
}

int64_t remote_number(const char *text)
{
    return strtoll(text, NULL, 10);
}

/* What was carried out */

static struct group *group_of(unsigned place)
{
    return world_group(&kafka.world,
                       text_of(place < HISTORY_PARTITIONS ? APP_THAT_STAYS : APP_THAT_GOES));
}

static const struct commit *commit_at(unsigned place)
{
    const struct group *group = group_of(place);

    return group ? group_commit(group, text_of(THE_STREAM), (int32_t)(place % HISTORY_PARTITIONS))
                 : NULL;
}

static void tell_commit(unsigned place, const struct commit *commit, int mount, bool is_late)
{
    char *metadata = must_strndup(commit->metadata.data, commit->metadata.size);

    history_applied(place, commit->offset, metadata, mount, is_late);
    free(metadata);
}

static void look_at(unsigned place, int mount, bool is_late)
{
    const struct commit *commit = commit_at(place);
    uint64_t number = commit ? commit->number : 0;

    if (number == known.commits[place])
        return;
    known.commits[place] = number;
    if (commit)
        tell_commit(place, commit, mount, is_late);
    else
        history_applied(place, NOTHING, "", mount, is_late);
}

static void look_at_app(void)
{
    bool has_app = group_of(HISTORY_PARTITIONS);

    if (has_app != known.has_app)
        history_follows(THING_APP, has_app ? IS_THERE : NOTHING);
    known.has_app = has_app;
}

/* With all its checkpoints. */
static void tell_removal(int mount, bool is_late)
{
    for (unsigned i = HISTORY_PARTITIONS; i < CHECKPOINT_PLACES; i++)
        known.commits[i] = 0;
    known.has_app = false;
    history_removed(THING_APP, mount, is_late);
}

static void on_handled(int mount, bool is_late, int16_t api)
{
    if (api == DELETE_GROUPS && known.has_app && !group_of(HISTORY_PARTITIONS))
        tell_removal(mount, is_late);
    for (unsigned i = 0; i < CHECKPOINT_PLACES; i++)
        look_at(i, mount, is_late);
    look_at_app();
}

/* What happens to the cluster */

static void come_back(void *user)
{
    struct node *node = user;

    trace("  broker %d is there", node->id);
    node->up = true;
}

static void go_away(struct node *node)
{
    if (!node->up)
        return;
    trace("  broker %d has gone", node->id);
    node->up = false;
    connections_lose(node->id);
    history_moves_apps();
    clock_after(1 + (int64_t)chance_below(GONE_MS), come_back, node);
}

static void move_coordinator(struct group *group, int32_t node)
{
    if (!group)
        return;
    trace("  broker %d is to coordinate a group", node);
    group->pinned = node;
    history_moves_apps();
}

static void move_leaders(int32_t node)
{
    struct topic *topic = world_topic(&kafka.world, text_of(THE_STREAM));

    trace("  broker %d is to lead all partitions", node);
    for (size_t i = 0; i < topic->count; i++) {
        topic->partitions[i].leader = node;
        topic->partitions[i].leader_epoch++;
    }
}

static void meddle(void *user)
{
    struct node *node = &kafka.nodes[chance_below(BROKERS)];
    uint64_t how = chance_below(5);

    (void)user;
    if (keys_are_settled())
        return;
    if (how == 1)
        go_away(node);
    else if (how == 2)
        move_coordinator(group_of(0), node->id);
    else if (how == 3)
        move_coordinator(group_of(HISTORY_PARTITIONS), node->id);
    else if (how == 4)
        move_leaders(node->id);
    clock_after(1 + (int64_t)chance_below(MEDDLE_MS), meddle, NULL);
}

/* The service */

static void choose(const char *quirk, const char *word)
{
    if (chance_once_in(3) && quirk_set(&service.quirks, quirk, word))
        abort();
}

static void begin_brokers(void)
{
    kafka.world.node_count = BROKERS;
    for (int i = 0; i < BROKERS; i++)
        kafka.nodes[i] = (struct node){i + 1, true, (uint16_t)(FIRST_PORT + i)};
    choose("release", "2.4");
    choose("last_commit", "removed");
    choose("offsets_topic", "absent");
}

static void add_topic(const char *name, unsigned partitions)
{
    struct topic *topic = world_add_topic(&kafka.world, name);

    for (unsigned i = 0; i < partitions; i++) {
        topic_add_partition(topic);
        topic->partitions[i].latest = LATEST;
    }
}

void remote_begin(void)
{
    memset(&known, 0, sizeof(known));
    kafka_init(&kafka, &service);
    keys_begin_without("");
    begin_brokers();
    add_topic(THE_STREAM, HISTORY_PARTITIONS);
    add_topic(OTHER_STREAM, 1);
    group_put_commit(world_add_group(&kafka.world, text_of(APP_THAT_STAYS)), text_of(OTHER_STREAM),
                     0, 0, text_of(""));
    connections_open(&kafka, on_handled);
    if (chance_once_in(2))
        meddle(NULL);
}

void remote_end(void)
{
    network_close();
    kafka_release(&kafka);
}

void remote_consume(unsigned place, int64_t number)
{
    struct group *group = group_of(place);
    const struct commit *commit;

    if (!group)
        return;
    commit = group_put_commit(group, text_of(THE_STREAM), (int32_t)(place % HISTORY_PARTITIONS),
                              number, text_of(""));
    known.commits[place] = commit->number;
    history_consumed(place, number, false);
}
