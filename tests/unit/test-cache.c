#include "fake.h"

#include "fs/cache.h"

struct scene {
    struct loop *loop;
    struct fake fake;
    struct cache *cache;
    struct reply reply;
    unsigned news;
    char news_of[64];
    void (*on_news)(struct scene *scene);
};

static const struct question apps = {WHAT_APPS, "", ""};
static const struct question states = {WHAT_STATES, "billing", "orders"};

static void hear_news(void *user, const char *app, const char *stream, int64_t partition)
{
    struct scene *scene = user;

    (void)partition;
    scene->news++;
    snprintf(scene->news_of, sizeof(scene->news_of), "%s/%s", app, stream);
    if (scene->on_news)
        scene->on_news(scene);
}

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    scene->loop = loop_new();
    assert_non_null(scene->loop);
    fake_init(&scene->fake, scene->loop);
    scene->fake.manual = true;
    scene->cache = cache_new(&scene->fake.backend, 60000, hear_news, scene);
    assert_non_null(scene->cache);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    cache_free(scene->cache);
    fake_release(&scene->fake);
    reply_release(&scene->reply);
    loop_free(scene->loop);
    free(scene);
    return 0;
}

static struct call *get_into(struct scene *scene, const struct question *question,
                             struct reply *reply)
{
    struct ask ask = ask_into(reply);
    struct call *call = cache_get(scene->cache, question, &ask);

    assert_non_null(call);
    assert_int_equal(reply->count, 0);
    return call;
}

/* Asks, and answers. */
static void fetch(struct scene *scene, const struct question *question)
{
    reply_release(&scene->reply);
    get_into(scene, question, &scene->reply);
    fake_answer_next(&scene->fake);
    assert_int_equal(scene->reply.count, 1);
    assert_int_equal(scene->reply.error.code, 0);
}

static unsigned flights(const struct scene *scene)
{
    const struct fake_call *call;
    unsigned count = 0;

    TAILQ_FOREACH (call, &scene->fake.calls, link)
        count++;
    return count;
}

static void assert_log(const struct scene *scene, const char *log)
{
    assert_string_equal(scene->fake.log.data, log);
}

static bool knows(struct scene *scene, const struct question *question)
{
    struct answer answer;

    return cache_peek(scene->cache, question, ANY_AGE, &answer);
}

/* Lets the monotonic clock reach its next millisecond, and returns it. */
static int64_t next_ms(void)
{
    int64_t now = when_monotonic();

    while (when_monotonic() == now)
        usleep(200);
    return when_monotonic();
}

/* Asking */

static void each_question_is_one_operation(void **state)
{
    static const struct question questions[] = {
        {WHAT_APPS, "", ""},
        {WHAT_STREAMS, "", ""},
        {WHAT_STREAMS, "billing", ""},
        {WHAT_COMMITTED, "billing", ""},
        {WHAT_STATES, "billing", "orders"},
        {WHAT_STATES, "", "orders"},
        {WHAT_INFO, "", "orders"},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < COUNT(questions); i++)
        fetch(scene, &questions[i]);
    assert_log(scene, "apps streams streams-of-app=billing committed=billing "
                      "states=billing/orders states=/orders info=orders");
    for (size_t i = 0; i < COUNT(questions); i++)
        assert_true(knows(scene, &questions[i]));
}

static void an_answer_is_kept(void **state)
{
    struct scene *scene = *state;
    struct answer answer;

    scene->fake.names[0] = "billing";
    assert_false(knows(scene, &apps));
    fetch(scene, &apps);
    assert_string_equal(names_at(scene->reply.names, 0), "billing");
    assert_true(cache_peek(scene->cache, &apps, ANY_AGE, &answer));
    assert_string_equal(names_at(answer.names, 0), "billing");
    assert_null(answer.table);
    assert_null(answer.text);
}

static void a_text_is_kept(void **state)
{
    static const struct question info = {WHAT_INFO, "", "orders"};
    struct scene *scene = *state;
    struct answer answer;

    fetch(scene, &info);
    assert_true(cache_peek(scene->cache, &info, ANY_AGE, &answer));
    assert_string_equal(answer.text, "{}");
}

static void who_asks_at_the_same_time_shares_one_request(void **state)
{
    struct scene *scene = *state;
    struct reply replies[5] = {{0}};

    scene->fake.names[0] = "billing";
    for (size_t i = 0; i < COUNT(replies); i++)
        get_into(scene, &apps, &replies[i]);
    assert_log(scene, "apps");
    fake_answer_next(&scene->fake);
    for (size_t i = 0; i < COUNT(replies); i++) {
        assert_int_equal(replies[i].count, 1);
        assert_string_equal(names_at(replies[i].names, 0), "billing");
        reply_release(&replies[i]);
    }
}

static void who_asks_later_asks_again(void **state)
{
    struct scene *scene = *state;

    fetch(scene, &apps);
    fetch(scene, &apps);
    assert_log(scene, "apps apps");
}

static void a_failure_is_told_to_all_and_the_old_answer_stays(void **state)
{
    struct scene *scene = *state;
    struct reply other = {0};

    fetch(scene, &apps);
    reply_release(&scene->reply);
    scene->fake.failing = "apps";
    scene->fake.failure = EACCES;
    get_into(scene, &apps, &scene->reply);
    get_into(scene, &apps, &other);
    fake_answer_next(&scene->fake);
    assert_int_equal(scene->reply.error.code, EACCES);
    assert_int_equal(other.error.code, EACCES);
    assert_true(knows(scene, &apps));
}

static void no_memory_for_the_request_is_enomem(void **state)
{
    struct scene *scene = *state;

    scene->fake.out_of_memory = "apps";
    get_into(scene, &apps, &scene->reply);
    run_for(scene->loop, 1);
    assert_int_equal(scene->reply.error.code, ENOMEM);
    cache_refresh(scene->cache, &apps, INT64_MAX);
    run_for(scene->loop, 1);
    assert_false(knows(scene, &apps));
}

static void a_waiter_can_be_cancelled(void **state)
{
    struct scene *scene = *state;
    struct reply other = {0};
    struct call *call = get_into(scene, &apps, &scene->reply);

    get_into(scene, &apps, &other);
    call_cancel(call);
    fake_answer_next(&scene->fake);
    assert_int_equal(scene->reply.count, 0);
    assert_int_equal(other.count, 1);
    reply_release(&other);
}

static void the_answer_is_kept_though_all_who_waited_have_gone(void **state)
{
    struct scene *scene = *state;

    call_cancel(get_into(scene, &apps, &scene->reply));
    if (flights(scene))
        fake_answer_next(&scene->fake);
    assert_int_equal(scene->reply.count, 0);
    fetch(scene, &apps);
    assert_true(knows(scene, &apps));
}

/* Callbacks that do something to the cache */

struct meddler {
    struct scene *scene;
    struct reply reply;
    struct call *other;
    unsigned count;
};

static void ask_again(void *user, const struct error *error, const struct answer *answer)
{
    struct meddler *meddler = user;

    (void)error;
    (void)answer;
    meddler->count++;
    get_into(meddler->scene, &apps, &meddler->reply);
}

static void who_asks_again_in_the_callback_gets_a_new_request(void **state)
{
    struct scene *scene = *state;
    struct meddler meddler = {.scene = scene};
    struct ask ask = {.deadline = when_monotonic() + 60000, .done = ask_again, .user = &meddler};

    assert_non_null(cache_get(scene->cache, &apps, &ask));
    get_into(scene, &apps, &scene->reply);
    fake_answer_next(&scene->fake);
    assert_int_equal(meddler.count, 1);
    assert_int_equal(meddler.reply.count, 0);
    assert_int_equal(scene->reply.count, 1);
    fake_answer_next(&scene->fake);
    assert_int_equal(meddler.reply.count, 1);
    assert_log(scene, "apps apps");
    reply_release(&meddler.reply);
}

static void cancel_other(void *user, const struct error *error, const struct answer *answer)
{
    struct meddler *meddler = user;

    (void)error;
    (void)answer;
    meddler->count++;
    call_cancel(meddler->other);
}

static void a_callback_may_cancel_another_waiter(void **state)
{
    struct scene *scene = *state;
    struct meddler meddler = {.scene = scene};
    struct ask ask = {.deadline = when_monotonic() + 60000, .done = cancel_other, .user = &meddler};

    assert_non_null(cache_get(scene->cache, &apps, &ask));
    meddler.other = get_into(scene, &apps, &scene->reply);
    fake_answer_next(&scene->fake);
    assert_int_equal(meddler.count, 1);
    assert_int_equal(scene->reply.count, 0);
}

static void clear_all(void *user, const struct error *error, const struct answer *answer)
{
    struct meddler *meddler = user;

    (void)error;
    meddler->count++;
    cache_clear(meddler->scene->cache);
    assert_int_equal(names_count(answer->names), 1);
}

static void an_answer_lasts_as_long_as_the_callback(void **state)
{
    struct scene *scene = *state;
    struct meddler meddler = {.scene = scene};
    struct ask ask = {.deadline = when_monotonic() + 60000, .done = clear_all, .user = &meddler};

    scene->fake.names[0] = "billing";
    assert_non_null(cache_get(scene->cache, &apps, &ask));
    fake_answer_next(&scene->fake);
    assert_int_equal(meddler.count, 1);
    assert_false(knows(scene, &apps));
}

/* Deadlines */

static void who_joins_keeps_a_deadline_of_its_own(void **state)
{
    struct scene *scene = *state;
    struct reply patient = {0};
    struct call *call = get_into(scene, &apps, &patient);
    struct ask ask = ask_into(&scene->reply);

    ask.deadline = when_monotonic() + 10;
    scene->reply.loop = scene->loop;
    assert_non_null(cache_get(scene->cache, &apps, &ask));
    run_for(scene->loop, 90);
    assert_int_equal(patient.count, 0);
    call_cancel(call);
    assert_int_equal(scene->reply.count, 1);
    assert_int_equal(scene->reply.error.code, ETIMEDOUT);
}

/* Age */

static void the_age_of_an_answer_counts_from_when_it_came(void **state)
{
    struct scene *scene = *state;
    struct answer answer;
    int64_t before;
    int64_t after;

    get_into(scene, &apps, &scene->reply);
    before = next_ms();
    fake_answer_next(&scene->fake);
    after = next_ms();
    assert_true(cache_peek(scene->cache, &apps, before, &answer));
    assert_false(cache_peek(scene->cache, &apps, after, &answer));
}

static void refresh_asks_only_for_what_is_old(void **state)
{
    struct scene *scene = *state;
    int64_t before = next_ms();

    cache_refresh(scene->cache, &apps, before);
    cache_refresh(scene->cache, &apps, before);
    assert_int_equal(flights(scene), 1);
    fake_answer_next(&scene->fake);
    cache_refresh(scene->cache, &apps, before);
    assert_int_equal(flights(scene), 0);
    cache_refresh(scene->cache, &apps, next_ms());
    assert_int_equal(flights(scene), 1);
    assert_true(knows(scene, &apps));
    fake_answer_next(&scene->fake);
}

static void who_asks_joins_a_refresh(void **state)
{
    struct scene *scene = *state;

    cache_refresh(scene->cache, &apps, INT64_MAX);
    get_into(scene, &apps, &scene->reply);
    assert_int_equal(flights(scene), 1);
    fake_answer_next(&scene->fake);
    assert_int_equal(scene->reply.count, 1);
}

/* Dropping */

static void what_is_dropped_is_forgotten(void **state)
{
    static const struct question other = {WHAT_STATES, "audit", "orders"};
    static const struct question info = {WHAT_INFO, "", "orders"};
    struct scene *scene = *state;

    fetch(scene, &apps);
    fetch(scene, &states);
    fetch(scene, &other);
    fetch(scene, &info);
    cache_drop(scene->cache, &apps);
    assert_false(knows(scene, &apps));
    cache_drop_about(scene->cache, "billing", NULL);
    assert_false(knows(scene, &states));
    assert_true(knows(scene, &other));
    cache_drop_about(scene->cache, NULL, "orders");
    assert_false(knows(scene, &other));
    assert_false(knows(scene, &info));
    fetch(scene, &apps);
    cache_clear(scene->cache);
    assert_false(knows(scene, &apps));
    assert_int_equal(cache_size(scene->cache), 0);
}

static void what_is_dropped_while_under_way_is_asked_for_again(void **state)
{
    struct scene *scene = *state;

    scene->fake.names[0] = "old";
    get_into(scene, &apps, &scene->reply);
    cache_drop(scene->cache, &apps);
    fake_answer_next(&scene->fake);
    assert_int_equal(scene->reply.count, 0);
    assert_int_equal(flights(scene), 1);
    scene->fake.names[0] = "new";
    fake_answer_next(&scene->fake);
    assert_int_equal(scene->reply.count, 1);
    assert_string_equal(names_at(scene->reply.names, 0), "new");
    assert_log(scene, "apps apps");
}

static void an_outdated_answer_that_nobody_waits_for_is_not_kept(void **state)
{
    struct scene *scene = *state;

    cache_refresh(scene->cache, &apps, INT64_MAX);
    cache_drop(scene->cache, &apps);
    fake_answer_next(&scene->fake);
    while (flights(scene))
        fake_answer_next(&scene->fake);
    assert_true(!knows(scene, &apps) || !strcmp(scene->fake.log.data, "apps apps"));
}

static void who_asks_after_a_drop_does_not_get_the_old_answer(void **state)
{
    struct scene *scene = *state;

    scene->fake.names[0] = "old";
    cache_refresh(scene->cache, &apps, INT64_MAX);
    cache_drop(scene->cache, &apps);
    get_into(scene, &apps, &scene->reply);
    fake_answer_next(&scene->fake);
    scene->fake.names[0] = "new";
    while (flights(scene))
        fake_answer_next(&scene->fake);
    assert_non_null(scene->reply.names);
    assert_string_equal(names_at(scene->reply.names, 0), "new");
}

/* Notes */

static void note(struct scene *scene, uint32_t partition, const char *sequence, int64_t at)
{
    struct state state = {
        .partition = partition, .committed = 1, .sequence = sequence, .metadata = "mine"};

    cache_note(scene->cache, "billing", "orders", &state, at);
}

static int sequence_at(struct scene *scene, uint32_t partition, int64_t not_before,
                       const char **sequence)
{
    struct state state = {.sequence = "?"};
    int status =
        cache_state(scene->cache, "billing", "orders", partition, not_before, false, &state);

    *sequence = state.sequence;
    return status;
}

static void assert_sequence(struct scene *scene, uint32_t partition, int64_t not_before,
                            const char *expected)
{
    const char *sequence;

    assert_int_equal(sequence_at(scene, partition, not_before, &sequence), 0);
    assert_int_equal(sequence == NULL, expected == NULL);
    if (expected)
        assert_string_equal(sequence, expected);
}

/* What the backend says of two partitions. */
static const struct state two[] = {
    {.partition = 0,
     .committed = 5,
     .sequence = "10",
     .metadata = "",
     .earliest = "0",
     .latest = "100"},
    {.partition = 1, .committed = WHEN_UNKNOWN, .earliest = "0", .latest = "100"},
};

static void fetch_states(struct scene *scene)
{
    scene->fake.table = two;
    scene->fake.table_size = COUNT(two);
    fetch(scene, &states);
}

static void states_are_known_once_they_were_asked_for(void **state)
{
    struct scene *scene = *state;
    const char *sequence;
    int64_t before = next_ms();

    assert_int_equal(sequence_at(scene, 0, ANY_AGE, &sequence), -EAGAIN);
    fetch_states(scene);
    assert_sequence(scene, 0, before, "10");
    assert_sequence(scene, 1, before, NULL);
    assert_int_equal(sequence_at(scene, 2, before, &sequence), -ENOENT);
    assert_int_equal(sequence_at(scene, 0, next_ms(), &sequence), -EAGAIN);
    assert_int_equal(sequence_at(scene, 2, next_ms(), &sequence), -EAGAIN);
}

static void what_is_noted_is_seen_at_once(void **state)
{
    struct scene *scene = *state;
    int64_t at = next_ms();
    const char *sequence;

    note(scene, 7, "41", at);
    assert_sequence(scene, 7, at, "41");
    assert_int_equal(sequence_at(scene, 7, at + 1, &sequence), -EAGAIN);
    assert_int_equal(sequence_at(scene, 8, ANY_AGE, &sequence), -EAGAIN);
    assert_false(knows(scene, &states));
}

static void a_note_replaces_just_the_checkpoint_of_what_was_known(void **state)
{
    struct scene *scene = *state;
    struct state found;
    int64_t at;

    fetch_states(scene);
    at = next_ms();
    note(scene, 0, "41", at);
    assert_int_equal(cache_state(scene->cache, "billing", "orders", 0, at, false, &found), 0);
    assert_string_equal(found.sequence, "41");
    assert_string_equal(found.metadata, "mine");
    assert_string_equal(found.latest, "100");
    assert_int_equal(cache_state(scene->cache, "billing", "orders", 0, at, true, &found), -EAGAIN);
}

static void a_note_with_bounds_is_whole(void **state)
{
    static const struct state whole = {
        .committed = 1, .sequence = "41", .metadata = "", .earliest = "1", .latest = "99"};
    struct scene *scene = *state;
    struct state found;
    int64_t at = next_ms();

    cache_note(scene->cache, "billing", "orders", &whole, at);
    assert_int_equal(cache_state(scene->cache, "billing", "orders", 0, at, true, &found), 0);
    assert_string_equal(found.latest, "99");
}

static void a_note_of_no_checkpoint_is_known_too(void **state)
{
    struct scene *scene = *state;
    int64_t at;

    fetch_states(scene);
    at = next_ms();
    note(scene, 0, NULL, at);
    assert_sequence(scene, 0, at, NULL);
}

static void a_note_wins_over_a_request_that_was_sent_before(void **state)
{
    struct scene *scene = *state;
    int64_t at;

    scene->fake.table = two;
    scene->fake.table_size = COUNT(two);
    get_into(scene, &states, &scene->reply);
    at = next_ms();
    note(scene, 0, "41", at);
    fake_answer_next(&scene->fake);
    assert_sequence(scene, 0, ANY_AGE, "41");
    assert_sequence(scene, 0, at, "41");
}

static void an_answer_is_as_old_as_what_was_noted_while_it_was_under_way(void **state)
{
    struct scene *scene = *state;
    struct answer answer;
    int64_t at;
    int64_t later;

    scene->fake.table = two;
    scene->fake.table_size = COUNT(two);
    get_into(scene, &states, &scene->reply);
    at = next_ms();
    note(scene, 0, "41", at);
    later = next_ms();
    fake_answer_next(&scene->fake);
    assert_true(cache_peek(scene->cache, &states, at, &answer));
    assert_false(cache_peek(scene->cache, &states, later, &answer));
}

static void those_who_waited_see_the_note_too(void **state)
{
    struct scene *scene = *state;
    struct state found;

    scene->fake.table = two;
    scene->fake.table_size = COUNT(two);
    get_into(scene, &states, &scene->reply);
    note(scene, 0, "41", next_ms());
    fake_answer_next(&scene->fake);
    assert_non_null(scene->reply.table);
    assert_int_equal(table_find(scene->reply.table, 0, &found), 0);
    assert_string_equal(found.sequence, "41");
    assert_string_equal(found.latest, "100");
}

static void a_request_that_was_sent_after_a_note_wins_over_it(void **state)
{
    struct scene *scene = *state;

    note(scene, 0, "41", next_ms());
    next_ms();
    fetch_states(scene);
    assert_sequence(scene, 0, ANY_AGE, "10");
}

static void an_older_note_does_not_hide_a_younger_one(void **state)
{
    struct scene *scene = *state;
    int64_t asked = next_ms();
    int64_t committed = next_ms();

    note(scene, 0, "41", committed);
    note(scene, 0, "40", asked); /* a read that was sent before the commit is answered after it */
    assert_sequence(scene, 0, committed, "41");
    assert_sequence(scene, 0, asked, "41");
    assert_sequence(scene, 0, ANY_AGE, "41");
}

static void an_older_note_does_not_hide_a_younger_answer(void **state)
{
    struct scene *scene = *state;
    int64_t asked = next_ms();

    next_ms();
    fetch_states(scene);
    note(scene, 0, "9", asked);
    assert_sequence(scene, 0, ANY_AGE, "10");
}

static void more_notes_than_are_remembered_make_it_ask_again(void **state)
{
    struct scene *scene = *state;
    int64_t at;

    scene->fake.table = two;
    scene->fake.table_size = COUNT(two);
    get_into(scene, &states, &scene->reply);
    at = next_ms();
    for (uint32_t i = 0; i < 1000; i++)
        note(scene, i, "41", at);
    while (flights(scene))
        fake_answer_next(&scene->fake);
    assert_int_equal(scene->reply.count, 1);
    assert_log(scene, "states=billing/orders states=billing/orders");
}

static void news_are_told(void **state)
{
    struct scene *scene = *state;

    fetch(scene, &apps);
    assert_int_equal(scene->news, 0);
    fetch_states(scene);
    assert_int_equal(scene->news, 1);
    assert_string_equal(scene->news_of, "billing/orders");
    note(scene, 0, "41", next_ms());
    assert_int_equal(scene->news, 2);
}

static void an_answer_that_says_what_is_known_is_no_news(void **state)
{
    struct scene *scene = *state;
    struct state other[COUNT(two)];

    memcpy(other, two, sizeof(two));
    other[1].sequence = "43";
    fetch_states(scene);
    fetch_states(scene);
    assert_int_equal(scene->news, 1);
    scene->fake.table = other;
    fetch(scene, &states);
    assert_int_equal(scene->news, 2);
    fetch(scene, &states);
    assert_int_equal(scene->news, 2);
    scene->fake.table_size = 1;
    fetch(scene, &states);
    assert_int_equal(scene->news, 3);
}

/* What a backend does not tell */

static void when_a_checkpoint_was_first_seen_is_kept(void **state)
{
    static const struct state first = {.committed = WHEN_UNKNOWN, .sequence = "1", .metadata = ""};
    static const struct state second = {.committed = WHEN_UNKNOWN, .sequence = "2", .metadata = ""};
    struct scene *scene = *state;
    struct state found;
    int64_t seen;
    int64_t before = when_now();

    scene->fake.table = &first;
    scene->fake.table_size = 1;
    fetch(scene, &states);
    assert_int_equal(cache_state(scene->cache, "billing", "orders", 0, ANY_AGE, false, &found), 0);
    seen = found.seen;
    assert_true(seen >= before && seen <= when_now());
    assert_true(found.committed == WHEN_UNKNOWN);
    fetch(scene, &states);
    assert_int_equal(cache_state(scene->cache, "billing", "orders", 0, ANY_AGE, false, &found), 0);
    assert_true(found.seen == seen);
    scene->fake.table = &second;
    fetch(scene, &states);
    assert_int_equal(cache_state(scene->cache, "billing", "orders", 0, ANY_AGE, false, &found), 0);
    assert_true(found.seen > seen);
}

static void assert_consumer(struct scene *scene, const char *expected)
{
    struct state found;

    assert_int_equal(cache_state(scene->cache, "billing", "orders", 0, ANY_AGE, false, &found), 0);
    assert_string_equal(found.consumer, expected);
}

/* A service may go on to name the consumer after a commit that was forced for nobody. */
static void a_number_that_was_committed_for_nobody_is_no_sign_of_a_consumer(void **state)
{
    static const struct state before = {.committed = 1, .sequence = "1", .consumer = "c"};
    static const struct state ours = {.committed = 2, .sequence = "2", .consumer = ""};
    static const struct state told = {.committed = 2, .sequence = "2", .consumer = "c"};
    static const struct state theirs = {.committed = 3, .sequence = "3", .consumer = "c"};
    struct scene *scene = *state;

    scene->fake.backend.is_forced = true;
    scene->fake.table_size = 1;
    scene->fake.table = &before;
    fetch(scene, &states);
    assert_consumer(scene, "c");
    cache_note(scene->cache, "billing", "orders", &ours, next_ms());
    assert_consumer(scene, "");
    scene->fake.table = &told;
    next_ms();
    fetch(scene, &states);
    assert_consumer(scene, "");
    cache_note(scene->cache, "billing", "orders", &told, next_ms());
    assert_consumer(scene, "");
    scene->fake.table = &theirs;
    next_ms();
    fetch(scene, &states);
    assert_consumer(scene, "c");
}

/* The bound */

/* Fetches an answer of some 4 MB about a stream. */
static void fetch_large(struct scene *scene, unsigned number)
{
    static char text[4000001];
    struct question question = {WHAT_INFO, "", text};
    char stream[16];

    snprintf(stream, sizeof(stream), "s%u", number);
    memset(text, 'a', sizeof(text) - 1);
    scene->fake.info = text;
    question.stream = stream;
    fetch(scene, &question);
}

static void assert_knows_large(struct scene *scene, unsigned number, bool expected)
{
    char stream[16];
    struct question question = {WHAT_INFO, "", stream};

    snprintf(stream, sizeof(stream), "s%u", number);
    assert_int_equal(knows(scene, &question), expected);
}

/* Lags */

static const struct question lags = {WHAT_LAGS, "billing", "orders"};

static const struct state lag_states[] = {
    {.partition = 7, .committed = WHEN_UNKNOWN, .sequence = "41", .metadata = ""},
};
static const struct state lag_bounds[] = {
    {.partition = 7, .committed = WHEN_UNKNOWN, .earliest = "0", .latest = "100"},
};

/* Of a backend that does not tell them with the states. */
static void use_bounds(struct scene *scene)
{
    scene->fake.backend.states_lack_bounds = true;
    scene->fake.table = lag_states;
    scene->fake.table_size = COUNT(lag_states);
    scene->fake.bounds = lag_bounds;
    scene->fake.bounds_size = COUNT(lag_bounds);
}

static void fetch_lags(struct scene *scene)
{
    reply_release(&scene->reply);
    get_into(scene, &lags, &scene->reply);
    fake_answer_next(&scene->fake);
    fake_answer_next(&scene->fake);
    assert_int_equal(scene->reply.count, 1);
    assert_int_equal(scene->reply.error.code, 0);
}

static struct state known_lag(struct scene *scene)
{
    struct answer answer;
    struct state state;

    assert_true(cache_peek(scene->cache, &lags, ANY_AGE, &answer));
    assert_int_equal(table_find(answer.table, 7, &state), 0);
    return state;
}

static void note_number(struct scene *scene, const char *number)
{
    struct state noted = {.partition = 7, .committed = 1, .sequence = number};

    cache_note(scene->cache, "billing", "orders", &noted, when_monotonic());
}

static void lags_are_states_with_bounds(void **state)
{
    struct scene *scene = *state;

    use_bounds(scene);
    fetch_lags(scene);
    assert_log(scene, "states=billing/orders bounds=orders");
    assert_string_equal(known_lag(scene).sequence, "41");
    assert_string_equal(known_lag(scene).latest, "100");
    assert_false(knows(scene, &states));
}

static void what_is_noted_is_in_the_lags_at_once(void **state)
{
    struct scene *scene = *state;

    use_bounds(scene);
    fetch_lags(scene);
    note_number(scene, "43");
    assert_string_equal(known_lag(scene).sequence, "43");
    assert_string_equal(known_lag(scene).latest, "100");
    note_number(scene, "42");
    assert_true(known_lag(scene).went_back);
}

static void a_note_wins_over_lags_that_were_asked_for_before(void **state)
{
    struct scene *scene = *state;

    use_bounds(scene);
    fetch_lags(scene);
    reply_release(&scene->reply);
    get_into(scene, &lags, &scene->reply);
    next_ms();
    note_number(scene, "43");
    fake_answer_next(&scene->fake);
    fake_answer_next(&scene->fake);
    assert_string_equal(known_lag(scene).sequence, "43");
}

static void lags_know_when_a_checkpoint_was_first_seen_among_the_states(void **state)
{
    struct scene *scene = *state;
    struct state known;
    int64_t seen;

    use_bounds(scene);
    fetch(scene, &states);
    assert_int_equal(cache_state(scene->cache, "billing", "orders", 7, ANY_AGE, false, &known), 0);
    seen = known.seen;
    next_ms();
    fetch_lags(scene);
    assert_true(known_lag(scene).seen == seen);
}

static void new_records_make_answers_old_and_forget_nothing(void **state)
{
    struct scene *scene = *state;
    struct answer answer;
    struct state known;
    int64_t seen;

    use_bounds(scene);
    fetch_lags(scene);
    fetch(scene, &states);
    seen = known_lag(scene).seen;
    note_number(scene, "41");
    cache_age_about(scene->cache, "orders");
    assert_false(cache_peek(scene->cache, &lags, cache_not_before(100000), &answer));
    assert_false(cache_peek(scene->cache, &states, cache_not_before(100000), &answer));
    assert_true(cache_peek(scene->cache, &states, ANY_AGE, &answer));
    assert_int_equal(
        cache_state(scene->cache, "billing", "orders", 7, cache_not_before(100000), true, &known),
        -EAGAIN);
    assert_int_equal(
        cache_state(scene->cache, "billing", "orders", 7, cache_not_before(100000), false, &known),
        0);
    next_ms();
    fetch_lags(scene);
    assert_true(known_lag(scene).seen == seen);
}

static void lags_that_are_under_way_are_asked_for_again_after_new_records(void **state)
{
    struct scene *scene = *state;

    use_bounds(scene);
    get_into(scene, &lags, &scene->reply);
    cache_age_about(scene->cache, "orders");
    for (unsigned i = 0; i < 4; i++)
        fake_answer_next(&scene->fake);
    assert_int_equal(scene->reply.count, 1);
    assert_log(scene, "states=billing/orders bounds=orders states=billing/orders bounds=orders");
}

/* Doubt */

static int64_t lost_partition;

static void note_loss(void *user, const char *app, const char *stream, int64_t partition,
                      const struct table *table)
{
    (void)user;
    assert_string_equal(app, "billing");
    assert_string_equal(stream, "orders");
    assert_non_null(table);
    lost_partition = partition;
}

static void fetch_seven(struct scene *scene)
{
    scene->fake.table = lag_states;
    scene->fake.table_size = COUNT(lag_states);
    fetch(scene, &states);
}

static int known_at(struct scene *scene, uint32_t partition, int64_t not_before)
{
    struct state known;

    return cache_state(scene->cache, "billing", "orders", partition, not_before, false, &known);
}

static void a_doubt_leaves_the_partitions_and_no_checkpoint_of_its_own(void **state)
{
    struct scene *scene = *state;
    struct answer answer;

    fetch_seven(scene);
    note_number(scene, "41");
    assert_int_equal(known_at(scene, 7, cache_not_before(100000)), 0);
    cache_set_lost(scene->cache, note_loss);
    cache_doubt(scene->cache, "billing", "orders", 7);
    assert_int_equal(lost_partition, 7);
    assert_int_equal(known_at(scene, 7, ANY_AGE), -EAGAIN);
    assert_int_equal(known_at(scene, 7, cache_not_before(100000)), -EAGAIN);
    assert_true(cache_state_age(scene->cache, "billing", "orders", 7) == INT64_MIN);
    assert_true(cache_peek(scene->cache, &states, ANY_AGE, &answer));
    assert_int_equal(table_count(answer.table), 1);
    assert_false(cache_peek(scene->cache, &states, cache_not_before(100000), &answer));
    next_ms();
    fetch_seven(scene);
    assert_int_equal(known_at(scene, 7, ANY_AGE), 0);
}

static void a_commit_after_a_doubt_is_known(void **state)
{
    struct scene *scene = *state;

    fetch_seven(scene);
    cache_doubt(scene->cache, "billing", "orders", 7);
    next_ms();
    note_number(scene, "42");
    assert_int_equal(known_at(scene, 7, cache_not_before(100000)), 0);
}

static void a_doubt_of_a_partition_that_is_not_known_forgets_the_others(void **state)
{
    struct scene *scene = *state;
    struct answer answer;

    fetch_seven(scene);
    cache_set_lost(scene->cache, note_loss);
    cache_doubt(scene->cache, "billing", "orders", 8);
    assert_int_equal(lost_partition, ANY_PARTITION);
    assert_false(cache_peek(scene->cache, &states, ANY_AGE, &answer));
}

static void what_is_under_way_during_a_doubt_is_asked_for_again(void **state)
{
    struct scene *scene = *state;

    fetch_seven(scene);
    reply_release(&scene->reply);
    get_into(scene, &states, &scene->reply);
    cache_doubt(scene->cache, "billing", "orders", 7);
    fake_answer_next(&scene->fake);
    assert_int_equal(scene->reply.count, 0);
    assert_int_equal(known_at(scene, 7, ANY_AGE), -EAGAIN);
    fake_answer_next(&scene->fake);
    assert_int_equal(scene->reply.count, 1);
    assert_int_equal(known_at(scene, 7, ANY_AGE), 0);
}

static void a_second_partition_within_a_time_is_one_of_many(void **state)
{
    struct scene *scene = *state;
    int64_t not_before = when_monotonic();

    assert_false(cache_note_single(scene->cache, &lags, 7, not_before));
    assert_false(cache_note_single(scene->cache, &lags, 7, not_before));
    assert_true(cache_note_single(scene->cache, &lags, 8, not_before));
    assert_true(cache_note_single(scene->cache, &lags, 7, not_before));
    assert_false(cache_note_single(scene->cache, &lags, 8, next_ms()));
    assert_false(cache_note_single(scene->cache, &(struct question){WHAT_LAGS, "billing", "other"},
                                   9, not_before));
    assert_int_equal(flights(scene), 0);
}

static void all_answers_together_are_bounded(void **state)
{
    struct scene *scene = *state;

    for (unsigned i = 0; i < 50; i++) {
        fetch_large(scene, i);
        assert_true(cache_size(scene->cache) <= CACHE_SIZE_MAX);
    }
    assert_true(cache_size(scene->cache) > CACHE_SIZE_MAX / 2);
}

/* Fetches answers until they are more than the bound, and returns how many there are. */
static unsigned fill(struct scene *scene)
{
    unsigned count = 0;

    while (cache_size(scene->cache) + 4000001 <= CACHE_SIZE_MAX)
        fetch_large(scene, count++);
    return count;
}

static void what_was_not_used_for_longest_goes_first(void **state)
{
    struct scene *scene = *state;
    unsigned count = fill(scene);

    assert_knows_large(scene, 0, true); /* which is a use */
    fetch_large(scene, count);
    assert_knows_large(scene, 0, true);
    assert_knows_large(scene, 1, false);
    assert_knows_large(scene, count, true);
}

/* Who looks at one after the other would ask for each again. */
static void what_is_young_enough_to_answer_from_stays(void **state)
{
    struct scene *scene = *state;
    unsigned count;

    cache_set_ages(scene->cache, 60000, 60000);
    count = fill(scene);
    for (unsigned i = 0; i < count / 2; i++)
        fetch_large(scene, count + i);
    for (unsigned i = 0; i < count + count / 2; i++)
        assert_knows_large(scene, i, true);
}

static void what_is_young_is_bounded_too(void **state)
{
    struct scene *scene = *state;

    cache_set_ages(scene->cache, 60000, 60000);
    for (unsigned i = 0; i < 50; i++) {
        fetch_large(scene, i);
        assert_true(cache_size(scene->cache) <= 2 * CACHE_SIZE_MAX);
    }
    assert_true(cache_size(scene->cache) > CACHE_SIZE_MAX);
}

static void many_small_answers_are_bounded_too(void **state)
{
    struct scene *scene = *state;
    unsigned known = 0;

    for (unsigned i = 0; i < 10000; i++) {
        char stream[16];
        struct question question = {WHAT_INFO, "", stream};

        snprintf(stream, sizeof(stream), "s%u", i);
        fetch(scene, &question);
    }
    for (unsigned i = 0; i < 10000; i++) {
        char stream[16];
        struct question question = {WHAT_INFO, "", stream};

        snprintf(stream, sizeof(stream), "s%u", i);
        known += knows(scene, &question);
    }
    assert_true(known >= 1000 && known < 10000);
    assert_true(cache_size(scene->cache) <= CACHE_SIZE_MAX);
}

static void fill_with_large(struct scene *scene)
{
    scene->on_news = NULL;
    for (unsigned i = 0; i < 20; i++)
        fetch_large(scene, i);
}

static void who_hears_news_may_use_the_cache(void **state)
{
    struct scene *scene = *state;

    scene->on_news = fill_with_large;
    scene->fake.table = two;
    scene->fake.table_size = COUNT(two);
    cache_refresh(scene->cache, &states, INT64_MAX);
    fake_answer_next(&scene->fake);
    assert_true(cache_size(scene->cache) <= CACHE_SIZE_MAX);
}

/* Single names */

static void missing_names_are_remembered_for_their_question(void **state)
{
    static const struct question streams = {WHAT_STREAMS, "", ""};
    struct scene *scene = *state;

    assert_false(cache_is_missing(scene->cache, &apps, "a"));
    cache_note_missing(scene->cache, &apps, "a", next_ms());
    assert_true(cache_is_missing(scene->cache, &apps, "a"));
    assert_false(cache_is_missing(scene->cache, &apps, "b"));
    assert_false(cache_is_missing(scene->cache, &streams, "a"));
    cache_drop(scene->cache, &apps);
    assert_false(cache_is_missing(scene->cache, &apps, "a"));
}

static void dropping_forgets_just_the_names_that_it_is_about(void **state)
{
    static const struct question streams = {WHAT_STREAMS, "", ""};
    static const struct question partitions = {WHAT_STATES, "", "orders"};
    struct scene *scene = *state;

    cache_note_missing(scene->cache, &apps, "a", next_ms());
    cache_note_missing(scene->cache, &streams, "s", next_ms());
    cache_note_missing(scene->cache, &partitions, "7", next_ms());
    cache_drop(scene->cache, &apps);
    assert_false(cache_is_missing(scene->cache, &apps, "a"));
    assert_true(cache_is_missing(scene->cache, &streams, "s"));
    cache_drop_about(scene->cache, "billing", "orders");
    assert_false(cache_is_missing(scene->cache, &partitions, "7"));
    assert_true(cache_is_missing(scene->cache, &streams, "s"));
    cache_clear(scene->cache);
    assert_false(cache_is_missing(scene->cache, &streams, "s"));
}

/* As when an app is made while somebody waits for an answer that there is none. */
static void an_answer_from_before_a_change_tells_of_no_names(void **state)
{
    struct scene *scene = *state;
    int64_t before = next_ms();
    struct answer answer;

    scene->fake.names[0] = "b";
    fetch(scene, &apps);
    cache_drop_about(scene->cache, "a", NULL);
    cache_note_missing(scene->cache, &apps, "a", before);
    assert_false(cache_is_missing(scene->cache, &apps, "a"));
    cache_note_name(scene->cache, &apps, "c", before);
    assert_true(cache_peek(scene->cache, &apps, ANY_AGE, &answer));
    assert_false(names_has(answer.names, "c"));
    cache_note_missing(scene->cache, &apps, "a", next_ms());
    assert_true(cache_is_missing(scene->cache, &apps, "a"));
}

static void an_answer_from_before_a_commit_tells_of_no_names(void **state)
{
    struct scene *scene = *state;
    int64_t before = next_ms();

    note(scene, 7, "41", next_ms());
    cache_note_missing(scene->cache, &apps, "billing", before);
    assert_false(cache_is_missing(scene->cache, &apps, "billing"));
}

/* As when somebody removes a partition, and commits on it. */
static void what_has_a_checkpoint_is_not_missing(void **state)
{
    static const struct question partitions = {WHAT_STATES, "", "orders"};
    struct scene *scene = *state;

    cache_note_missing(scene->cache, &partitions, "7", next_ms());
    note(scene, 7, NULL, next_ms());
    assert_true(cache_is_missing(scene->cache, &partitions, "7"));
    note(scene, 7, "41", next_ms());
    assert_false(cache_is_missing(scene->cache, &partitions, "7"));
}

static void many_missing_names_are_bounded(void **state)
{
    struct scene *scene = *state;

    for (unsigned i = 0; i < 5000; i++) {
        char name[16];

        snprintf(name, sizeof(name), "a%u", i);
        cache_note_missing(scene->cache, &apps, name, next_ms());
        assert_true(cache_is_missing(scene->cache, &apps, name));
    }
    assert_false(cache_is_missing(scene->cache, &apps, "a0"));
}

static void a_name_that_exists_becomes_part_of_the_list(void **state)
{
    struct scene *scene = *state;
    struct answer answer;

    cache_note_name(scene->cache, &apps, "before", next_ms());
    assert_false(knows(scene, &apps));
    scene->fake.names[0] = "b";
    fetch(scene, &apps);
    cache_note_name(scene->cache, &apps, "a", next_ms());
    cache_note_name(scene->cache, &apps, "a", next_ms());
    assert_true(cache_peek(scene->cache, &apps, ANY_AGE, &answer));
    assert_int_equal(names_count(answer.names), 2);
    assert_true(names_has(answer.names, "a") && names_has(answer.names, "b"));
    assert_int_equal(names_count(scene->reply.names), 1); /* what was handed on did not change */
}

static void freeing_cancels_what_is_under_way(void **state)
{
    struct scene *scene = *state;

    cache_refresh(scene->cache, &apps, INT64_MAX);
    cache_refresh(scene->cache, &states, INT64_MAX);
    call_cancel(get_into(scene, &apps, &scene->reply));
    cache_free(scene->cache);
    assert_int_equal(scene->fake.cancelled, 2);
    assert_int_equal(scene->reply.count, 0);
    scene->cache = NULL;
    cache_free(NULL);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(each_question_is_one_operation),
        SCENE(an_answer_is_kept),
        SCENE(a_text_is_kept),
        SCENE(who_asks_at_the_same_time_shares_one_request),
        SCENE(who_asks_later_asks_again),
        SCENE(a_failure_is_told_to_all_and_the_old_answer_stays),
        SCENE(no_memory_for_the_request_is_enomem),
        SCENE(a_waiter_can_be_cancelled),
        SCENE(the_answer_is_kept_though_all_who_waited_have_gone),
        SCENE(who_asks_again_in_the_callback_gets_a_new_request),
        SCENE(a_callback_may_cancel_another_waiter),
        SCENE(an_answer_lasts_as_long_as_the_callback),
        SCENE(who_joins_keeps_a_deadline_of_its_own),
        SCENE(the_age_of_an_answer_counts_from_when_it_came),
        SCENE(refresh_asks_only_for_what_is_old),
        SCENE(who_asks_joins_a_refresh),
        SCENE(what_is_dropped_is_forgotten),
        SCENE(what_is_dropped_while_under_way_is_asked_for_again),
        SCENE(an_outdated_answer_that_nobody_waits_for_is_not_kept),
        SCENE(who_asks_after_a_drop_does_not_get_the_old_answer),
        SCENE(states_are_known_once_they_were_asked_for),
        SCENE(what_is_noted_is_seen_at_once),
        SCENE(a_note_replaces_just_the_checkpoint_of_what_was_known),
        SCENE(a_note_with_bounds_is_whole),
        SCENE(a_note_of_no_checkpoint_is_known_too),
        SCENE(a_note_wins_over_a_request_that_was_sent_before),
        SCENE(an_answer_is_as_old_as_what_was_noted_while_it_was_under_way),
        SCENE(those_who_waited_see_the_note_too),
        SCENE(a_request_that_was_sent_after_a_note_wins_over_it),
        SCENE(an_older_note_does_not_hide_a_younger_one),
        SCENE(an_older_note_does_not_hide_a_younger_answer),
        SCENE(more_notes_than_are_remembered_make_it_ask_again),
        SCENE(news_are_told),
        SCENE(an_answer_that_says_what_is_known_is_no_news),
        SCENE(when_a_checkpoint_was_first_seen_is_kept),
        SCENE(a_number_that_was_committed_for_nobody_is_no_sign_of_a_consumer),
        SCENE(lags_are_states_with_bounds),
        SCENE(what_is_noted_is_in_the_lags_at_once),
        SCENE(a_note_wins_over_lags_that_were_asked_for_before),
        SCENE(lags_know_when_a_checkpoint_was_first_seen_among_the_states),
        SCENE(new_records_make_answers_old_and_forget_nothing),
        SCENE(a_doubt_leaves_the_partitions_and_no_checkpoint_of_its_own),
        SCENE(a_commit_after_a_doubt_is_known),
        SCENE(a_doubt_of_a_partition_that_is_not_known_forgets_the_others),
        SCENE(what_is_under_way_during_a_doubt_is_asked_for_again),
        SCENE(lags_that_are_under_way_are_asked_for_again_after_new_records),
        SCENE(a_second_partition_within_a_time_is_one_of_many),
        SCENE(all_answers_together_are_bounded),
        SCENE(what_was_not_used_for_longest_goes_first),
        SCENE(what_is_young_enough_to_answer_from_stays),
        SCENE(what_is_young_is_bounded_too),
        SCENE(many_small_answers_are_bounded_too),
        SCENE(missing_names_are_remembered_for_their_question),
        SCENE(dropping_forgets_just_the_names_that_it_is_about),
        SCENE(an_answer_from_before_a_change_tells_of_no_names),
        SCENE(an_answer_from_before_a_commit_tells_of_no_names),
        SCENE(what_has_a_checkpoint_is_not_missing),
        SCENE(many_missing_names_are_bounded),
        SCENE(a_name_that_exists_becomes_part_of_the_list),
        SCENE(freeing_cancels_what_is_under_way),
        SCENE(who_hears_news_may_use_the_cache),
    };

    return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
