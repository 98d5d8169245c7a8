#include "fs/cache.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "api/lags.h"
#include "api/share.h"
#include "base/always.h"
#include "base/when.h"
#include "fs/missing.h"
#include "fs/notes.h"

/* The most questions that are remembered, but for young answers. */
#define TOPICS_MAX 4096

/* How many times the bounds what is young may have. */
#define YOUNG_TIMES 2

/* As many partitions as any service tells of in one answer: so many are no more to ask for than one
 * is. */
#define FEW_PARTITIONS 1000

/* Of so many a second one that is looked at is reason enough to ask for all; of more, one more for
 * each time that there are so many. */
#define MANY_PARTITIONS 20000

#define NEVER INT64_MIN

/* One partition of a topic that is asked for by itself. */
struct alone {
    uint32_t partition;
    bool whole;
    bool again; /* what the flight brings is outdated already */
    struct call *flight;
    int64_t asked;
    struct share share; /* those who wait for it */
};

/*
 * A question and its answer. asked is when the answer that is here was asked for, or NEVER; a table
 * without that holds just what was noted.
 */
struct topic {
    TAILQ_ENTRY(topic) link; /* by use, youngest first */
    struct cache *cache;
    struct question question; /* its names follow the struct */

    int64_t asked;
    int64_t answered;
    struct names *names;
    struct table *table;
    char *text;
    size_t size;

    struct notes notes; /* their values are in the table */

    int64_t single_asked; /* when one partition was last looked at by itself, or NEVER */
    uint32_t single;      /* that one */
    unsigned singles;     /* how many others were before it, each soon after the other */
    struct alone alone;

    struct call *flight;
    int64_t flight_asked;
    bool again;         /* what the flight brings is outdated already */
    struct share share; /* those who wait for it */
    bool telling;       /* its news: it must not be freed */
};

TAILQ_HEAD(topics, topic);

struct cache {
    struct backend *backend;
    int64_t timeout;
    int64_t names_age; /* how old a list may be before it is asked for again, in ms */
    int64_t values_age;
    cache_news_fn *news;
    cache_lost_fn *lost; /* or NULL */
    void *user;
    bool (*is_planned)(void *user, const char *app); /* or NULL */
    void *by_question;                               /* a tree of tsearch(3) */
    struct topics by_use;
    unsigned count;
    size_t size;
    struct missing missing;
    int64_t renamed; /* when this mount last knew better than the backend which names there are */
};

static int compare_topics(const void *a, const void *b)
{
    const struct question *left = &((const struct topic *)a)->question;
    const struct question *right = &((const struct topic *)b)->question;
    int order = (left->what > right->what) - (left->what < right->what);

    if (!order)
        order = strcmp(left->stream, right->stream);
    return order ? order : strcmp(left->app, right->app);
}

struct cache *cache_new(struct backend *backend, int64_t timeout_ms, cache_news_fn *news,
                        void *user)
{
    struct cache *cache = calloc(1, sizeof(*cache));

    if (!cache)
        return NULL;
    cache->backend = backend;
    cache->timeout = timeout_ms;
    cache->news = news;
    cache->user = user;
    TAILQ_INIT(&cache->by_use);
    return cache;
}

/* Topics */

static struct topic *find_topic(struct cache *cache, const struct question *question)
{
    struct topic key = {.question = *question};
    struct topic **found = tfind(&key, &cache->by_question, compare_topics);

    if (!found)
        return NULL;
    TAILQ_REMOVE(&cache->by_use, *found, link);
    TAILQ_INSERT_HEAD(&cache->by_use, *found, link);
    return *found;
}

static void measure_topic(struct topic *topic)
{
    size_t size = notes_size(&topic->notes);

    size += topic->names ? names_size(topic->names) : 0;
    size += topic->table ? table_size(topic->table) : 0;
    size += topic->text ? strlen(topic->text) + 1 : 0;
    topic->cache->size += size - topic->size;
    topic->size = size;
}

static void clear_answer(struct topic *topic)
{
    names_drop(topic->names);
    table_drop(topic->table);
    free(topic->text);
    notes_release(&topic->notes);
    topic->names = NULL;
    topic->table = NULL;
    topic->text = NULL;
    topic->asked = NEVER;
    measure_topic(topic);
}

static void outdate_flights(struct topic *topic)
{
    topic->again = topic->flight != NULL;
    topic->alone.again = topic->alone.flight != NULL;
}

static void tell_forgotten(const struct topic *topic, int64_t partition)
{
    const struct cache *cache = topic->cache;

    if (topic->table && topic->question.what == WHAT_STATES && cache->lost)
        cache->lost(cache->user, topic->question.app, topic->question.stream, partition,
                    topic->table);
}

static void drop_topic(struct topic *topic)
{
    tell_forgotten(topic, ANY_PARTITION);
    clear_answer(topic);
    topic->single_asked = NEVER;
    outdate_flights(topic);
}

static void free_topic(struct topic *topic)
{
    struct cache *cache = topic->cache;

    share_release(&topic->share);
    share_release(&topic->alone.share);
    call_cancel(topic->flight);
    call_cancel(topic->alone.flight);
    clear_answer(topic);
    tdelete(topic, &cache->by_question, compare_topics);
    TAILQ_REMOVE(&cache->by_use, topic, link);
    cache->count--;
    free(topic);
}

/* Ages count from when the answer came: a slow service's would be old at once. What was put into it
 * because we knew better may be older than that. */
static bool is_young(const struct topic *topic, int64_t not_before)
{
    return topic->asked != NEVER && topic->answered >= not_before &&
           notes_are_young(&topic->notes, not_before);
}

/* Whether who asks for it anew would be answered from it. */
static bool is_good(const struct topic *topic)
{
    const struct cache *cache = topic->cache;
    bool has_values = topic->question.what == WHAT_STATES || topic->question.what == WHAT_LAGS;
    int64_t not_before = cache_not_before(has_values ? cache->values_age : cache->names_age);

    return is_young(topic, not_before) || notes_told(&topic->notes) >= not_before;
}

static bool is_in_use(const struct topic *topic)
{
    return topic->flight || topic->alone.flight || topic->telling ||
           !share_is_idle(&topic->share) || !share_is_idle(&topic->alone.share);
}

/* Frees what was not used for longest until the bounds, so many times, hold; not what is waited
 * for, nor the one used last. */
static void evict(struct cache *cache, unsigned times, bool spares_good)
{
    struct topic *topic = TAILQ_LAST(&cache->by_use, topics);

    while (topic && topic != TAILQ_FIRST(&cache->by_use) &&
           (cache->size > times * CACHE_SIZE_MAX || cache->count > times * TOPICS_MAX)) {
        struct topic *younger = TAILQ_PREV(topic, topics, link);

        if (!is_in_use(topic) && !(spares_good && is_good(topic)))
            free_topic(topic);
        topic = younger;
    }
}

static void evict_topics(struct cache *cache)
{
    evict(cache, 1, true);
    evict(cache, YOUNG_TIMES, false);
}

/* The last waiter has left. The flight may never end, so whoever asks next starts a fresh one. */
static void on_topic_deserted(void *user)
{
    struct topic *topic = user;

    call_cancel(topic->flight);
    topic->flight = NULL;
    topic->again = false;
}

/* The same of one partition. */
static void on_alone_deserted(void *user)
{
    struct topic *topic = user;

    call_cancel(topic->alone.flight);
    topic->alone.flight = NULL;
    topic->alone.again = false;
}

static const struct error *trouble_of_alone(void *user)
{
    const struct topic *topic = user;

    return call_trouble(topic->alone.flight);
}

static const struct error *trouble_of_topic(void *user)
{
    const struct topic *topic = user;

    return call_trouble(topic->flight);
}

static struct topic *make_topic(struct cache *cache, const struct question *question)
{
    size_t app_size = strlen(question->app) + 1;
    size_t stream_size = strlen(question->stream) + 1;
    struct topic *topic = find_topic(cache, question);
    char *names;

    if (topic)
        return topic;
    topic = calloc(1, sizeof(*topic) + app_size + stream_size);
    if (!topic)
        return NULL;
    names = (char *)(topic + 1);
    topic->cache = cache;
    topic->asked = NEVER;
    topic->single_asked = NEVER;
    topic->question.what = question->what;
    topic->question.app = memcpy(names, question->app, app_size);
    topic->question.stream = memcpy(names + app_size, question->stream, stream_size);
    share_init(&topic->share, cache->backend->loop, "no answer in time", 0, on_topic_deserted,
               topic);
    topic->share.trouble = trouble_of_topic;
    share_init(&topic->alone.share, cache->backend->loop, "no answer in time", 0, on_alone_deserted,
               topic);
    topic->alone.share.trouble = trouble_of_alone;
    if (!tsearch(topic, &cache->by_question, compare_topics)) {
        free(topic);
        return NULL;
    }
    TAILQ_INSERT_HEAD(&cache->by_use, topic, link);
    cache->count++;
    evict_topics(cache);
    return topic;
}

void cache_free(struct cache *cache)
{
    struct topic *topic;

    if (!cache)
        return;
    while ((topic = TAILQ_FIRST(&cache->by_use)))
        free_topic(topic); /* NOLINT(clang-analyzer-unix.Malloc): freed ones have left the queue */
    missing_release(&cache->missing);
    (void)ALWAYS(!cache->size && !cache->count);
    free(cache);
}

/* Notes */

static int add_note(struct topic *topic, const struct state *state, bool whole, int64_t at)
{
    struct alone *alone = &topic->alone;
    int64_t lost = NEVER;
    int status = notes_add(&topic->notes, state, whole, at, &lost);

    topic->again |= topic->flight && lost >= topic->flight_asked;
    alone->again |= alone->flight && lost >= alone->asked;
    return status;
}

/* Whether something younger is known: an answer can be slower than a commit that was made
 * meanwhile. */
static bool is_outdated(const struct topic *topic, uint32_t partition, int64_t at)
{
    const struct note *note = notes_find(&topic->notes, partition);

    return (note && note->at > at) || (topic->asked != NEVER && topic->asked > at);
}

/* False when there was no need to, or no memory: then nothing is known. */
static bool note_in(struct topic *topic, const struct state *state, bool whole, int64_t at)
{
    if (is_outdated(topic, state->partition, at))
        return false;
    if (!topic->table)
        topic->table = table_new();
    if (!topic->table || notes_put(topic->cache->backend, topic->table, state) ||
        add_note(topic, state, whole, at)) {
        drop_topic(topic);
        return false;
    }
    measure_topic(topic);
    return true;
}

/* Answers to what was asked until then tell nothing of names. */
static void distrust_names(struct cache *cache, int64_t until)
{
    if (cache->renamed < until)
        cache->renamed = until;
}

static void note_state(struct cache *cache, const struct question *question,
                       const struct state *state, bool whole, int64_t at)
{
    const char *app = question->app;
    const char *stream = question->stream;
    struct topic *topic = make_topic(cache, question);
    struct topic *lags = find_topic(cache, &(struct question){WHAT_LAGS, app, stream});

    if (state->sequence) {
        missing_forget_path(&cache->missing, app, stream, state->partition, at);
        distrust_names(cache, at);
    }
    if (lags)
        note_in(lags, state, whole, at);
    if (!topic || !note_in(topic, state, whole, at))
        return;
    evict_topics(cache);
    cache->news(cache->user, app, stream, state->partition);
}

void cache_note(struct cache *cache, const char *app, const char *stream, const struct state *state,
                int64_t at)
{
    note_state(cache, &(struct question){WHAT_STATES, app, stream}, state,
               state->earliest || state->latest, at);
}

/* Asking */

/* What was known of the partitions of a topic before its answer came. */
static const struct table *table_before(const struct topic *topic)
{
    struct question states = {WHAT_STATES, topic->question.app, topic->question.stream};
    const struct topic *other;

    if (topic->table || topic->question.what != WHAT_LAGS)
        return topic->table;
    other = find_topic(topic->cache, &states);
    return other ? other->table : NULL;
}

/* Makes the answer ours, and puts into it what we know better; the caller is told by the same
 * struct, and whether a checkpoint is another than was known. */
static int take_answer(struct topic *topic, struct answer *answer, bool *is_news)
{
    char *text = answer->text ? strdup(answer->text) : NULL;
    const struct backend *backend = topic->cache->backend;
    struct table *table =
        answer->table ? notes_complete(backend, table_before(topic), answer->table) : NULL;

    if ((answer->text && !text) || (answer->table && !table) ||
        (table && notes_carry(backend, &topic->notes, topic->table, table, topic->flight_asked))) {
        free(text);
        table_drop(table);
        return -ENOMEM;
    }
    free(topic->text);
    topic->text = text;
    names_drop(topic->names);
    topic->names = answer->names ? names_hold(answer->names) : NULL;
    *is_news = table && (!topic->table || !table_has_same(topic->table, table));
    table_drop(topic->table);
    topic->table = table;
    topic->asked = topic->flight_asked;
    topic->answered = when_monotonic();
    measure_topic(topic);
    answer->table = table;
    return 0;
}

static int start_flight(struct topic *topic, enum errand errand);

static void fail_waiters(struct share *share)
{
    struct error error;

    error_set(&error, ENOMEM, "no memory");
    share_tell(share, &error, &no_answer);
}

static void on_topic_answer(void *user, const struct error *error, const struct answer *answer)
{
    struct topic *topic = user;
    struct cache *cache = topic->cache;
    struct answer taken = *answer;
    struct table *held;
    bool is_news = false;

    if (!ALWAYS(topic->flight))
        return;
    topic->flight = NULL;
    if (topic->again) {
        topic->again = false;
        if (!share_is_idle(&topic->share) && start_flight(topic, ERRAND_OTHER))
            fail_waiters(&topic->share);
        return;
    }
    if (!error && take_answer(topic, &taken, &is_news)) {
        fail_waiters(&topic->share);
        return;
    }
    held = taken.table ? table_hold(taken.table) : NULL;
    topic->telling = true;
    share_tell(&topic->share, error, &taken);
    if (is_news && topic->question.what == WHAT_STATES)
        cache->news(cache->user, topic->question.app, topic->question.stream, ANY_PARTITION);
    topic->telling = false;
    table_drop(held);
    evict_topics(cache);
}

bool cache_is_planned(const struct cache *cache, const char *app)
{
    return cache->is_planned && cache->is_planned(cache->user, app);
}

const char *cache_app_to_ask(const struct cache *cache, const char *app)
{
    return *app && !cache_is_planned(cache, app) ? app : NULL;
}

static struct call *ask_backend(struct topic *topic, const struct ask *ask)
{
    struct cache *cache = topic->cache;
    struct backend *backend = cache->backend;
    const struct question *question = &topic->question;
    const char *app = *question->app ? question->app : NULL;
    const char *known = cache_app_to_ask(cache, question->app);

    switch (question->what) {
    case WHAT_APPS:
        return backend_list_apps(backend, ask);
    case WHAT_STREAMS:
        return known ? backend_list_streams(backend, STREAMS_OF_APP, known, ask)
                     : backend_list_streams(backend, STREAMS_ALL, NULL, ask);
    case WHAT_COMMITTED:
        return backend_list_streams(backend, STREAMS_COMMITTED, app, ask);
    case WHAT_STATES:
        return backend_get_states(backend, known, question->stream, ask);
    case WHAT_LAGS:
        return lags_get(backend, known, question->stream, ask);
    case WHAT_INFO:
        return backend_describe_stream(backend, question->stream, ask);
    }
    return NULL;
}

/* In the name of who asks first. A flight has the longest time, whoever waits for it. */
static int start_flight(struct topic *topic, enum errand errand)
{
    struct ask ask = {.done = on_topic_answer, .user = topic, .errand = errand};

    topic->flight_asked = when_monotonic();
    ask.deadline = topic->flight_asked + topic->cache->timeout;
    topic->flight = ask_backend(topic, &ask);
    return topic->flight ? 0 : -ENOMEM;
}

struct call *cache_get(struct cache *cache, const struct question *question, const struct ask *ask)
{
    struct topic *topic = make_topic(cache, question);

    if (!topic || (!topic->flight && start_flight(topic, ask->errand)))
        return NULL;
    return share_join(&topic->share, ask);
}

/* One partition */

static int start_alone(struct topic *topic);

static void on_alone_answer(void *user, const struct error *error, const struct answer *answer)
{
    struct topic *topic = user;
    struct alone *alone = &topic->alone;

    if (!ALWAYS(alone->flight))
        return;
    alone->flight = NULL;
    if (alone->again) {
        alone->again = false;
        if (!share_is_idle(&alone->share) && start_alone(topic))
            fail_waiters(&alone->share);
        return;
    }
    topic->telling = true;
    if (!error)
        note_state(topic->cache, &topic->question, answer->state, alone->whole, alone->asked);
    share_tell(&alone->share, error, answer);
    topic->telling = false;
    evict_topics(topic->cache);
}

static int start_alone(struct topic *topic)
{
    struct cache *cache = topic->cache;
    struct alone *alone = &topic->alone;
    const char *app = cache_app_to_ask(cache, topic->question.app);
    const char *stream = topic->question.stream;
    struct ask ask = {.done = on_alone_answer, .user = topic};

    alone->asked = when_monotonic();
    ask.deadline = alone->asked + cache->timeout;
    alone->flight =
        alone->whole
            ? backend_get_state(cache->backend, app, stream, alone->partition, DETAIL_NONE, &ask)
            : backend_get_checkpoint(cache->backend, app, stream, alone->partition, &ask);
    return alone->flight ? 0 : -ENOMEM;
}

/* Begins to ask for it, if no other one is asked for. */
static int ask_alone(struct topic *topic, uint32_t partition, bool whole)
{
    struct alone *alone = &topic->alone;

    if (alone->flight)
        return alone->partition == partition && (alone->whole || !whole) ? 0 : -EBUSY;
    alone->partition = partition;
    alone->whole = whole || !cache_app_to_ask(topic->cache, topic->question.app);
    return start_alone(topic);
}

/* Where an app is of a stream, one answer has all of its checkpoints; and only the list of all says
 * which partitions there are. */
static bool goes_by_all(const struct topic *topic)
{
    bool has_few =
        topic->asked != NEVER && topic->table && table_count(topic->table) <= FEW_PARTITIONS;

    return has_few || topic->cache->backend->abilities & APP_IS_OF_STREAM;
}

struct call *cache_get_one(struct cache *cache, const struct question *question, uint32_t partition,
                           bool whole, const struct ask *ask)
{
    struct topic *topic = make_topic(cache, question);
    int status = !topic               ? -ENOMEM
                 : goes_by_all(topic) ? -EBUSY
                                      : ask_alone(topic, partition, whole);

    if (status == -EBUSY)
        return cache_get(cache, question, ask);
    return status ? NULL : share_join(&topic->alone.share, ask);
}

void cache_refresh_one(struct cache *cache, const struct question *question, uint32_t partition,
                       int64_t not_before)
{
    struct topic *topic = make_topic(cache, question);
    struct state unused;

    if (topic && goes_by_all(topic))
        cache_refresh(cache, question, not_before);
    else if (topic && cache_state(cache, question->app, question->stream, partition, not_before,
                                  false, &unused) == -EAGAIN)
        ask_alone(topic, partition, true);
}

bool cache_note_single(struct cache *cache, const struct question *question, uint32_t partition,
                       int64_t not_before)
{
    struct topic *topic = make_topic(cache, question);

    if (!topic)
        return false;
    if (topic->single_asked < not_before)
        topic->singles = 0;
    else if (topic->single != partition)
        topic->singles++;
    topic->single_asked = when_monotonic();
    topic->single = partition;
    return topic->singles > (topic->table ? table_count(topic->table) / MANY_PARTITIONS : 0);
}

void cache_set_ages(struct cache *cache, int64_t names_ms, int64_t values_ms)
{
    cache->names_age = names_ms;
    cache->values_age = values_ms;
}

void cache_set_lost(struct cache *cache, cache_lost_fn *lost)
{
    cache->lost = lost;
}

void cache_set_planned(struct cache *cache, bool (*is_planned)(void *user, const char *app))
{
    cache->is_planned = is_planned;
}

int64_t cache_not_before(int64_t age_ms)
{
    return when_monotonic() - age_ms;
}

void cache_refresh(struct cache *cache, const struct question *question, int64_t not_before)
{
    struct topic *topic = make_topic(cache, question);

    if (topic && !topic->flight && !is_young(topic, not_before))
        start_flight(topic, ERRAND_OTHER);
}

/* Reading what is there */

bool cache_peek(struct cache *cache, const struct question *question, int64_t not_before,
                struct answer *answer)
{
    const struct topic *topic = find_topic(cache, question);

    if (!topic || !is_young(topic, not_before))
        return false;
    *answer = (struct answer){.names = topic->names, .table = topic->table, .text = topic->text};
    return true;
}

void cache_outdate(struct cache *cache, const struct question *question)
{
    struct topic *topic = find_topic(cache, question);

    if (topic)
        drop_topic(topic);
}

void cache_outdate_about(struct cache *cache, const char *app, const char *stream)
{
    struct topic *topic;

    TAILQ_FOREACH (topic, &cache->by_use, link) {
        if ((app && !strcmp(topic->question.app, app)) ||
            (stream && !strcmp(topic->question.stream, stream)))
            drop_topic(topic);
    }
}

/* What was seen of checkpoints stays known. */
void cache_age_about(struct cache *cache, const char *stream)
{
    struct topic *topic;

    TAILQ_FOREACH (topic, &cache->by_use, link) {
        if (strcmp(topic->question.stream, stream) != 0)
            continue;
        topic->answered = NEVER;
        notes_age(&topic->notes);
        outdate_flights(topic);
    }
}

static void doubt_in(struct topic *topic, uint32_t partition)
{
    if (!topic->table || table_doubt(topic->table, partition)) {
        drop_topic(topic);
        return;
    }
    tell_forgotten(topic, partition);
    notes_forget(&topic->notes, partition);
    topic->answered = NEVER;
    outdate_flights(topic);
}

void cache_doubt(struct cache *cache, const char *app, const char *stream, uint32_t partition)
{
    struct question states = {WHAT_STATES, app, stream};
    struct topic *topic = find_topic(cache, &states);

    missing_forget(&cache->missing, &states);
    distrust_names(cache, when_monotonic());
    if (topic)
        doubt_in(topic, partition);
    cache_drop(cache, &(struct question){WHAT_LAGS, app, stream});
}

void cache_drop(struct cache *cache, const struct question *question)
{
    missing_forget(&cache->missing, question);
    distrust_names(cache, when_monotonic());
    cache_outdate(cache, question);
}

void cache_drop_about(struct cache *cache, const char *app, const char *stream)
{
    missing_forget_about(&cache->missing, app, stream);
    distrust_names(cache, when_monotonic());
    cache_outdate_about(cache, app, stream);
}

void cache_clear(struct cache *cache)
{
    struct topic *topic;

    missing_release(&cache->missing);
    distrust_names(cache, when_monotonic());
    TAILQ_FOREACH (topic, &cache->by_use, link)
        drop_topic(topic);
}

int cache_state(struct cache *cache, const char *app, const char *stream, uint32_t partition,
                int64_t not_before, bool whole, struct state *state)
{
    struct question question = {WHAT_STATES, app, stream};
    const struct topic *topic = find_topic(cache, &question);
    const struct note *note;
    int status;

    if (!topic || !topic->table)
        return -EAGAIN;
    status = table_find(topic->table, partition, state);
    if (!status && state->in_doubt)
        return -EAGAIN;
    if (is_young(topic, not_before))
        return status;
    note = notes_find(&topic->notes, partition);
    return note && note->told >= not_before && (note->whole || !whole) ? status : -EAGAIN;
}

int64_t cache_state_age(struct cache *cache, const char *app, const char *stream,
                        uint32_t partition)
{
    struct question question = {WHAT_STATES, app, stream};
    const struct topic *topic = find_topic(cache, &question);
    const struct note *note = topic ? notes_find(&topic->notes, partition) : NULL;

    if (note)
        return note->told;
    return topic && topic->asked != NEVER ? topic->answered : NEVER;
}

/* Single names */

void cache_note_missing(struct cache *cache, const struct question *question, const char *name,
                        int64_t asked)
{
    if (asked > cache->renamed)
        cache_note_gone(cache, question, name);
}

void cache_note_gone(struct cache *cache, const struct question *question, const char *name)
{
    missing_note(&cache->missing, question, name, when_monotonic());
}

bool cache_is_missing(struct cache *cache, const struct question *question, const char *name)
{
    return missing_has(&cache->missing, question, name, when_monotonic());
}

void cache_note_name(struct cache *cache, const struct question *question, const char *name,
                     int64_t asked)
{
    struct topic *topic = find_topic(cache, question);
    struct names *copy;
    bool good = true;

    if (!topic || !topic->names || asked <= cache->renamed || names_has(topic->names, name))
        return;
    copy = names_new();
    for (size_t i = 0; copy && good && i < names_count(topic->names); i++)
        good = !names_add(copy, names_at(topic->names, i));
    if (!copy || !good || names_add(copy, name)) {
        names_drop(copy);
        return;
    }
    names_sort(copy);
    names_drop(topic->names);
    topic->names = copy;
    measure_topic(topic);
}

size_t cache_size(const struct cache *cache)
{
    return cache->size;
}
