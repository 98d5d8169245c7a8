#include "ask.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "api/kafka/message.h"
#include "kafka-set.h"

/*
 * The backend of Kafka beside a broker of one group, one topic and one partition, which is in the
 * same loop: it counts what it is asked, and fails as a test says. What real brokers do is tested
 * in tests/shell/kafka.bats.
 */

#define CLIENTS     64
#define PARTITIONS  3
#define EVERY_TIME  1000
#define SHORT_MS    300
#define LONG_ENOUGH 60000

struct broker;

/* A connection that the broker has accepted. */
struct client {
    struct broker *broker;
    int fd;
    struct buf in;
    bool held;           /* a request of it waits for an answer that does not come */
    int32_t correlation; /* of the last request */
};

/* How requests of one call fail: so many times. */
struct fault {
    unsigned times;
    int16_t code;     /* with this code, or 0 */
    bool closes;      /* by closing the connection, after it was done */
    bool hangs;       /* by no answer */
    bool mixes;       /* by an answer to another request */
    const char *says; /* by these bytes */
};

struct broker {
    struct loop *loop;
    struct backend *backend;
    int listener;
    int port;
    struct client clients[CLIENTS];
    unsigned accepted;
    unsigned asked[KAFKA_APIS];
    struct fault faults[KAFKA_APIS];
    bool crowded;   /* a connection had two requests at once */
    int16_t newest; /* the versions that it knows are those below */
    bool has_no_topic;
    int64_t offset;     /* what is committed */
    unsigned outdated;  /* so many reads are answered as if nothing was */
    int64_t lifetime;   /* of a login */
    const char *reason; /* of a login's refusal */
    bool has_consumers; /* the group is one of KIP-848 */
    bool has_long_name; /* the client of its member has */
    char left_out[200];

    struct buf fetched[3]; /* what each Fetch is answered with, up to the first that is empty */
    int64_t stable;
    int64_t fetch_offset; /* what was asked for last */
    int32_t fetch_bytes;
    int8_t isolation;
    bool closes_second_fetch;
    size_t largest;        /* a set of records of more bytes is refused */
    unsigned stored;       /* so many sets were not refused */
    int64_t stored_offset; /* is told of a set with an error: -1 for what was not stored */
};

/* The broker's answers */

static void put_where(const struct broker *broker, struct buf *out)
{
    wire_put_int32(out, 7);
    wire_put_text(out, "127.0.0.1");
    wire_put_int32(out, broker->port);
}

static void answer_versions(const struct broker *broker, struct buf *out)
{
    wire_put_int16(out, 0);
    wire_put_int32(out, KAFKA_APIS);
    for (int16_t api = 0; api < KAFKA_APIS; api++) {
        wire_put_int16(out, api);
        wire_put_int16(out, broker->newest ? broker->newest : 0);
        wire_put_int16(out, broker->newest ? broker->newest : 20);
    }
}

static void put_topic(struct buf *out, const char *name, bool is_internal, int32_t partitions,
                      int16_t code)
{
    wire_put_int16(out, code);
    wire_put_text(out, name);
    wire_put_int8(out, is_internal);
    wire_put_int32(out, partitions);
    for (int32_t i = 0; i < partitions; i++) {
        wire_put_int16(out, 0);
        wire_put_int32(out, i);
        wire_put_int32(out, 7);
        wire_put_int32(out, 0);
        for (int list = 0; list < 3; list++)
            wire_put_int32(out, 0);
    }
    wire_put_int32(out, 0);
}

static void answer_metadata(const struct broker *broker, struct wire *request, struct buf *out)
{
    int32_t topics = wire_int32(request);

    wire_put_int32(out, 0);
    wire_put_int32(out, 1);
    put_where(broker, out);
    wire_put_text(out, NULL);
    wire_put_text(out, "cluster");
    wire_put_int32(out, 7);
    wire_put_int32(out, topics < 0 ? 2 : topics);
    if (topics && broker->has_no_topic)
        put_topic(out, "t", false, 0, 3);
    else if (topics)
        put_topic(out, "t", false, PARTITIONS, 0);
    if (topics < 0)
        put_topic(out, "__consumer_offsets", true, 1, 0);
    wire_put_int32(out, 0);
}

static void answer_groups(struct buf *out)
{
    wire_put_int32(out, 0);
    wire_put_int16(out, 0);
    buf_add(out, "\2\2g\1\6Empty\1\0\0", 13);
}

static void answer_commits(struct broker *broker, struct wire *request, struct buf *out)
{
    int32_t topics;
    int32_t count;

    wire_text(request);
    topics = wire_int32(request);
    wire_text(request);
    count = topics < 0 ? 1 : wire_int32(request);
    wire_put_int32(out, 0);
    wire_put_int32(out, 1);
    wire_put_text(out, "t");
    wire_put_int32(out, count);
    for (int32_t i = 0; i < count; i++) {
        int32_t partition = topics < 0 ? 0 : wire_int32(request);
        bool is_told = !partition && !broker->outdated;

        wire_put_int32(out, partition);
        wire_put_int64(out, is_told ? broker->offset : -1);
        wire_put_int32(out, is_told ? 5 : -1);
        wire_put_text(out, is_told ? "note" : "");
        wire_put_int16(out, 0);
    }
    broker->outdated -= broker->outdated != 0;
    wire_put_int16(out, 0);
}

static void put_partition_code(struct buf *out, int16_t code)
{
    wire_put_int32(out, 1);
    wire_put_text(out, "t");
    wire_put_int32(out, 1);
    wire_put_int32(out, 0);
    wire_put_int16(out, code);
}

static void answer_commit(struct broker *broker, struct wire *request, int16_t code,
                          struct buf *out)
{
    wire_text(request);
    wire_int32(request);
    wire_text(request);
    wire_text(request);
    wire_int32(request);
    wire_text(request);
    wire_int32(request);
    wire_int32(request);
    if (!code)
        broker->offset = wire_int64(request);
    wire_put_int32(out, 0);
    put_partition_code(out, code);
}

static void answer_offset(struct wire *request, struct buf *out)
{
    int64_t time;

    wire_int32(request);
    wire_int8(request);
    wire_int32(request);
    wire_text(request);
    wire_int32(request);
    wire_int32(request);
    wire_int32(request);
    time = wire_int64(request);
    wire_put_int32(out, 0);
    put_partition_code(out, 0);
    wire_put_int64(out, -1);
    wire_put_int64(out, time == KAFKA_TIME_EARLIEST ? 10 : time == KAFKA_TIME_LATEST ? 50 : -1);
    wire_put_int32(out, 0);
}

/* A member "one" has partition 0; of a group of KIP-848 this call says that it is dead. */
static void answer_describe(const struct broker *broker, int16_t code, struct buf *out)
{
    bool is_dead = broker->has_consumers || code;
    char long_name[3001] = "";

    memset(long_name, 'x', sizeof(long_name) - 1);
    wire_put_int32(out, 0);
    wire_put_int32(out, 1);
    wire_put_int16(out, code);
    wire_put_text(out, "g");
    wire_put_text(out, is_dead ? "Dead" : "Stable");
    wire_put_text(out, is_dead ? "" : "consumer");
    wire_put_text(out, is_dead ? "" : "range");
    wire_put_int32(out, !is_dead);
    if (!is_dead) {
        wire_put_text(out, "m");
        wire_put_text(out, NULL);
        wire_put_text(out, broker->has_long_name ? long_name : "one");
        wire_put_text(out, "/h");
        wire_put_int32(out, 0);
        wire_put_int32(out, 19);
        wire_put_int16(out, 1);
        put_partition_code(out, 0);
    }
    wire_put_int32(out, INT32_MIN);
}

static void answer_describe_consumers(const struct broker *broker, struct buf *out)
{
    static const char member[] = "\2m\0\0\0\0\0\1\4two\3/h\2\2t\1"
                                 "\2"
                                 "0123456789abcdef\2t\2\0\0\0\0\0\0\1\0";

    wire_put_int32(out, 0);
    wire_put_int8(out, 2);
    wire_put_int16(out, broker->has_consumers ? 0 : 69);
    buf_add(out, "\0\2g\7Stable\0\0\0\2\0\0\0\2\10uniform\2", 27);
    buf_add(out, member, sizeof(member)); /* with its end, which is a byte of it */
    buf_add(out, "\x80\0\0\0\0\0", 6);
}

static void answer_fetch(struct broker *broker, struct wire *request, int16_t code, struct buf *out)
{
    unsigned number = broker->asked[KAFKA_FETCH] - 1;
    const struct buf *set = number < COUNT(broker->fetched) ? &broker->fetched[number] : NULL;

    wire_int32(request);
    wire_int32(request);
    wire_int32(request);
    broker->fetch_bytes = wire_int32(request);
    broker->isolation = wire_int8(request);
    wire_int64(request);
    wire_int32(request);
    wire_text(request);
    wire_int32(request);
    wire_int32(request);
    wire_int32(request);
    broker->fetch_offset = wire_int64(request);
    wire_int64(request);
    assert_int_equal(wire_int32(request), broker->fetch_bytes);
    assert_int_equal(wire_int32(request), 0);
    assert_int_equal(request->left, 0);
    wire_put_int32(out, 0);
    wire_put_int16(out, 0);
    wire_put_int32(out, 0);
    put_partition_code(out, code);
    wire_put_int64(out, 50);
    wire_put_int64(out, broker->stable);
    wire_put_int64(out, 10);
    wire_put_int32(out, -1);
    wire_put_int32(out, set ? (int32_t)set->size : 0);
    buf_add(out, set ? set->data : "", set ? set->size : 0);
}

static void answer_produce(struct broker *broker, struct wire *request, int16_t code,
                           struct buf *out)
{
    struct span set;

    wire_text(request);
    assert_int_equal(wire_int16(request), -1);
    wire_int32(request);
    wire_int32(request);
    wire_text(request);
    wire_int32(request);
    wire_int32(request);
    set = wire_bytes(request);
    assert_non_null(set.data);
    if (broker->largest && set.size > broker->largest)
        code = 10;
    broker->stored += !code;
    put_partition_code(out, code);
    wire_put_int64(out, code ? broker->stored_offset : 50);
    wire_put_int64(out, -1);
    wire_put_int64(out, 10);
    wire_put_int32(out, 0);
    wire_put_text(out, NULL);
    wire_put_int32(out, 0);
}

static void answer_request(struct broker *broker, int16_t api, struct wire *request, int16_t code,
                           struct buf *out)
{
    switch (api) {
    case KAFKA_VERSIONS:
        answer_versions(broker, out);
        break;
    case KAFKA_METADATA:
        answer_metadata(broker, request, out);
        break;
    case KAFKA_FETCH:
        answer_fetch(broker, request, code, out);
        break;
    case KAFKA_PRODUCE:
        answer_produce(broker, request, code, out);
        break;
    case KAFKA_FIND_COORDINATOR:
        wire_put_int32(out, 0);
        wire_put_int16(out, code);
        wire_put_text(out, NULL);
        put_where(broker, out);
        break;
    case KAFKA_LIST_GROUPS:
        answer_groups(out);
        break;
    case KAFKA_OFFSET_FETCH:
        answer_commits(broker, request, out);
        break;
    case KAFKA_OFFSET_COMMIT:
        answer_commit(broker, request, code, out);
        break;
    case KAFKA_OFFSET_DELETE:
        broker->offset = -1;
        wire_put_int16(out, code);
        wire_put_int32(out, 0);
        put_partition_code(out, 0);
        break;
    case KAFKA_SASL_HANDSHAKE:
        wire_put_int16(out, code);
        wire_put_int32(out, 1);
        wire_put_text(out, "OTHER");
        break;
    case KAFKA_SASL_AUTHENTICATE:
        wire_put_int16(out, code);
        wire_put_text(out, code ? broker->reason : NULL);
        wire_put_int32(out, 0);
        wire_put_int64(out, broker->lifetime);
        break;
    case KAFKA_DESCRIBE_GROUPS:
        answer_describe(broker, code, out);
        break;
    case KAFKA_DESCRIBE_CONSUMERS:
        answer_describe_consumers(broker, out);
        break;
    default:
        answer_offset(request, out);
    }
}

/* Its connections */

static void close_client(struct client *client)
{
    loop_unwatch(client->broker->loop, client->fd);
    close(client->fd);
    client->fd = -1;
    buf_release(&client->in);
}

static void send_bytes(struct client *client, const char *bytes, size_t size)
{
    if (write(client->fd, bytes, size) != (ssize_t)size)
        close_client(client);
}

static void send_answer(struct client *client, int16_t api, int32_t correlation,
                        const struct buf *body)
{
    struct buf out = BUF_INIT(1000000);
    bool has_tags = api == KAFKA_LIST_GROUPS || api == KAFKA_DESCRIBE_CONSUMERS;

    wire_put_int32(&out, (int32_t)body->size + 4 + has_tags);
    wire_put_int32(&out, correlation);
    if (has_tags)
        wire_put_int8(&out, 0);
    buf_add(&out, body->data, body->size);
    send_bytes(client, out.data, out.size);
    buf_release(&out);
}

static void on_broker_request(struct client *client, struct wire *request)
{
    struct broker *broker = client->broker;
    struct buf body = BUF_INIT(1000000);
    int16_t api = wire_int16(request);
    int32_t correlation;
    struct fault fault = {0};

    wire_int16(request);
    correlation = wire_int32(request);
    wire_text(request);
    broker->asked[api]++;
    if (broker->faults[api].times) {
        fault = broker->faults[api];
        broker->faults[api].times--;
    }
    answer_request(broker, api, request, fault.code, &body);
    fault.closes |= broker->closes_second_fetch && api == KAFKA_FETCH && broker->asked[api] == 2;
    client->held = fault.hangs;
    client->correlation = correlation;
    if (fault.closes)
        close_client(client);
    else if (fault.says)
        send_bytes(client, fault.says, strlen(fault.says));
    else if (!fault.hangs)
        send_answer(client, api, correlation + fault.mixes, &body);
    buf_release(&body);
}

/* Answers the commit that was held. */
static void answer_held(struct broker *broker)
{
    struct buf body = BUF_INIT(1000);

    wire_put_int32(&body, 0);
    put_partition_code(&body, 0);
    for (unsigned i = 0; i < broker->accepted; i++) {
        if (broker->clients[i].fd >= 0 && broker->clients[i].held)
            send_answer(&broker->clients[i], KAFKA_OFFSET_COMMIT, broker->clients[i].correlation,
                        &body);
    }
    buf_release(&body);
}

static void on_bytes(void *user)
{
    struct client *client = user;
    char bytes[4096];
    ssize_t count = read(client->fd, bytes, sizeof(bytes));
    struct wire prefix;
    int32_t size;

    if (count <= 0) {
        close_client(client);
        return;
    }
    client->broker->crowded |= client->held;
    buf_add(&client->in, bytes, (size_t)count);
    prefix = wire_of(client->in.data, client->in.size);
    size = wire_int32(&prefix);
    if (prefix.broken || prefix.left < (size_t)size)
        return;
    client->broker->crowded |= prefix.left > (size_t)size;
    prefix.left = (size_t)size;
    on_broker_request(client, &prefix);
    buf_reset(&client->in);
}

static void on_accept(void *user)
{
    struct broker *broker = user;
    struct client *client = &broker->clients[broker->accepted];

    assert_true(broker->accepted < CLIENTS);
    broker->accepted++;
    client->broker = broker;
    client->fd = accept4(broker->listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(client->fd >= 0);
    buf_init(&client->in, 1000000);
    assert_int_equal(loop_watch(broker->loop, client->fd, on_bytes, client), 0);
}

static void close_clients(struct broker *broker)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        if (broker->clients[i].fd >= 0)
            close_client(&broker->clients[i]);
    }
}

static void note_left_out(void *user, const char *sentence)
{
    struct broker *broker = user;

    snprintf(broker->left_out, sizeof(broker->left_out), "%s", sentence);
}

/* The stage */

static void open_listener(struct broker *broker)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);

    broker->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(broker->listener >= 0);
    assert_int_equal(bind(broker->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(broker->listener, CLIENTS), 0);
    assert_int_equal(getsockname(broker->listener, (struct sockaddr *)&address, &size), 0);
    broker->port = ntohs(address.sin_port);
    assert_int_equal(loop_watch(broker->loop, broker->listener, on_accept, broker), 0);
}

static int begin_stage_with(void **state, const struct setting *settings, size_t count)
{
    struct broker *broker = calloc(1, sizeof(*broker));
    struct backend_options options = {.left_out = note_left_out,
                                      .observer = broker,
                                      .settings = settings,
                                      .setting_count = count};
    struct error error = {0};
    char source[64];

    assert_non_null(broker);
    broker->loop = options.loop = loop_new();
    assert_non_null(broker->loop);
    broker->offset = -1;
    broker->reason = "the password secret is wrong";
    broker->stable = broker->stored_offset = -1;
    for (size_t i = 0; i < COUNT(broker->fetched); i++)
        buf_init(&broker->fetched[i], 1000000);
    for (size_t i = 0; i < CLIENTS; i++)
        broker->clients[i].fd = -1;
    open_listener(broker);
    snprintf(source, sizeof(source), "kafka+plain://127.0.0.1:%d", broker->port);
    assert_int_equal(backend_open(source, &options, &broker->backend, &error), 0);
    *state = broker;
    return 0;
}

static int begin_stage(void **state)
{
    return begin_stage_with(state, NULL, 0);
}

static int end_stage(void **state)
{
    struct broker *broker = *state;

    backend_close(broker->backend);
    close_clients(broker);
    for (size_t i = 0; i < COUNT(broker->fetched); i++)
        buf_release(&broker->fetched[i]);
    if (broker->listener >= 0)
        close(broker->listener);
    loop_unwatch(broker->loop, broker->listener);
    loop_free(broker->loop);
    free(broker);
    return 0;
}

static void go_away(struct broker *broker)
{
    loop_unwatch(broker->loop, broker->listener);
    close(broker->listener);
    broker->listener = -1;
}

static struct ask ask_for_ms(struct reply *reply, int64_t ms)
{
    return (struct ask){.deadline = when_monotonic() + ms, .done = note_reply, .user = reply};
}

static struct call *start_commit(struct broker *broker, const char *sequence, int64_t ms,
                                 struct reply *reply)
{
    struct commit_order order = {
        .app = "g", .stream = "t", .sequence = sequence, .metadata = "note"};
    struct ask ask = ask_for_ms(reply, ms);

    *reply = (struct reply){0};
    return backend_commit(broker->backend, &order, &ask);
}

/* Its errno, or 0. */
static int commit_in(struct broker *broker, const char *sequence, int64_t ms, struct reply *reply)
{
    assert_non_null(start_commit(broker, sequence, ms, reply));
    run_until(broker->loop, reply);
    return reply->error.code;
}

static int commit(struct broker *broker, const char *sequence)
{
    struct reply reply;
    int code = commit_in(broker, sequence, LONG_ENOUGH, &reply);

    reply_release(&reply);
    return code;
}

static void get_checkpoint(struct broker *broker, struct reply *reply)
{
    struct ask ask = ask_into(reply);

    *reply = (struct reply){0};
    assert_non_null(backend_get_checkpoint(broker->backend, "g", "t", 0, &ask));
    run_until(broker->loop, reply);
}

static void check_checkpoint(struct broker *broker, const char *sequence)
{
    struct reply reply;

    get_checkpoint(broker, &reply);
    assert_int_equal(reply.error.code, 0);
    if (sequence)
        assert_string_equal(reply.state.sequence, sequence);
    else
        assert_null(reply.state.sequence);
    reply_release(&reply);
}

static int delete_checkpoint(struct broker *broker)
{
    struct reply reply = {0};
    struct ask ask = ask_into(&reply);

    assert_non_null(backend_delete_checkpoint(broker->backend, "g", "t", 0, &ask));
    run_until(broker->loop, &reply);
    return reply.error.code;
}

static void break_call(struct broker *broker, enum kafka_api api, struct fault fault)
{
    broker->faults[api] = fault;
}

/* Requests */

static void a_commit_and_a_read_are_one_request_each(void **state)
{
    struct broker *broker = *state;

    assert_int_equal(commit(broker, "41"), 0);
    memset(broker->asked, 0, sizeof(broker->asked));
    assert_int_equal(commit(broker, "42"), 0);
    check_checkpoint(broker, "42");
    for (size_t api = 0; api < KAFKA_APIS; api++)
        assert_int_equal(broker->asked[api],
                         api == KAFKA_OFFSET_COMMIT || api == KAFKA_OFFSET_FETCH);
    assert_int_equal(broker->accepted, 2); /* that of the source, and that of the coordinator */
}

static void all_partitions_are_one_request(void **state)
{
    struct broker *broker = *state;
    struct reply reply = {0};
    struct ask ask = ask_into(&reply);
    struct state found;

    assert_int_equal(commit(broker, "42"), 0);
    assert_non_null(backend_get_states(broker->backend, "g", "t", &ask));
    run_until(broker->loop, &reply);
    assert_int_equal(reply.error.code, 0);
    assert_int_equal(table_count(reply.table), PARTITIONS);
    assert_int_equal(table_find(reply.table, 0, &found), 0);
    assert_string_equal(found.sequence, "42");
    assert_string_equal(found.metadata, "note");
    assert_int_equal(table_find(reply.table, 1, &found), 0);
    assert_null(found.sequence);
    assert_int_equal(broker->asked[KAFKA_OFFSET_FETCH], 1);
    reply_release(&reply);
}

static void get_status(struct broker *broker, const char *app, struct reply *reply)
{
    struct ask ask = ask_into(reply);

    reply_release(reply);
    assert_non_null(backend_get_state(broker->backend, app, "t", 0, DETAIL_ALL, &ask));
    run_until(broker->loop, reply);
    assert_int_equal(reply->error.code, 0);
}

static void status_tells_of_the_group_for_one_request_more(void **state)
{
    struct broker *broker = *state;
    struct reply reply = {0};

    assert_int_equal(commit(broker, "42"), 0);
    get_status(broker, "g", &reply);
    assert_string_equal(reply.state.consumer, "one");
    assert_string_equal(reply.state.details,
                        "{\"group_state\":\"Stable\",\"group_type\":\"classic\",\"protocol\":"
                        "\"range\",\"coordinator\":7,\"leader_epoch\":5}");
    assert_int_equal(broker->asked[KAFKA_DESCRIBE_GROUPS], 1);
    assert_int_equal(broker->asked[KAFKA_DESCRIBE_CONSUMERS], 0);
    get_status(broker, NULL, &reply);
    assert_null(reply.state.consumer);
    assert_string_equal(reply.state.details, "{\"leader\":7,\"leader_epoch\":0,\"replicas\":0,"
                                             "\"in_sync\":0,\"offline\":0}");
    assert_int_equal(broker->asked[KAFKA_DESCRIBE_GROUPS], 1);
    reply_release(&reply);
}

static void status_tells_of_groups_of_both_kinds(void **state)
{
    struct broker *broker = *state;
    struct reply reply = {0};

    broker->has_consumers = true;
    get_status(broker, "g", &reply);
    assert_string_equal(reply.state.consumer, "two");
    assert_non_null(strstr(reply.state.details, "\"group_type\":\"consumer\""));
    reply_release(&reply);
}

#define NOTHING_OF_GROUP "{\"group_state\":null,\"group_type\":null,\"protocol\":null"

static void status_is_told_without_what_is_refused(void **state)
{
    struct broker *broker = *state;
    struct reply reply = {0};

    break_call(broker, KAFKA_DESCRIBE_GROUPS, (struct fault){.times = 1, .code = 30});
    get_status(broker, "g", &reply);
    assert_null(reply.state.consumer);
    assert_memory_equal(reply.state.details, NOTHING_OF_GROUP, strlen(NOTHING_OF_GROUP));
    reply_release(&reply);
}

static void a_long_name_of_a_client_is_cut(void **state)
{
    struct broker *broker = *state;
    struct reply reply = {0};

    broker->has_long_name = true;
    get_status(broker, "g", &reply);
    assert_int_equal(strlen(reply.state.consumer), 1000);
    reply_release(&reply);
}

static void status_asks_again_when_the_coordinator_has_changed(void **state)
{
    struct broker *broker = *state;
    struct reply reply = {0};

    break_call(broker, KAFKA_DESCRIBE_GROUPS, (struct fault){.times = 1, .code = 16});
    get_status(broker, "g", &reply);
    assert_string_equal(reply.state.consumer, "one");
    assert_int_equal(broker->asked[KAFKA_FIND_COORDINATOR], 2);
    reply_release(&reply);
}

static void apps_are_listed_and_what_is_left_out_is_told(void **state)
{
    struct broker *broker = *state;
    struct reply reply = {0};
    struct ask ask = ask_into(&reply);

    assert_non_null(backend_list_apps(broker->backend, &ask));
    run_until(broker->loop, &reply);
    assert_int_equal(reply.error.code, 0);
    assert_int_equal(names_count(reply.names), 1);
    assert_string_equal(names_at(reply.names, 0), "g");
    reply_release(&reply);
    assert_non_null(backend_list_streams(broker->backend, STREAMS_ALL, NULL, &ask));
    run_until(broker->loop, &reply);
    assert_int_equal(reply.error.code, 0);
    assert_int_equal(names_count(reply.names), 1);
    assert_string_equal(names_at(reply.names, 0), "t");
    assert_string_equal(broker->left_out,
                        "topics of Kafka's own are not listed: __consumer_offsets");
    reply_release(&reply);
}

static void a_time_past_the_newest_record_is_the_next_one(void **state)
{
    struct broker *broker = *state;
    struct cursor_order order = {.stream = "t", .kind = CURSOR_SINCE, .time = INT64_MAX};
    struct reply reply = {0};
    struct ask ask = ask_into(&reply);

    assert_non_null(backend_locate(broker->backend, &order, &ask));
    run_until(broker->loop, &reply);
    assert_int_equal(reply.error.code, 0);
    assert_string_equal(reply.text, "50");
    assert_int_equal(broker->asked[KAFKA_LIST_OFFSETS], 2);
    reply_release(&reply);
}

/* Its errno, or 0. */
static int get_cursor(struct broker *broker, enum cursor_kind kind, const char *sequence,
                      struct reply *reply)
{
    struct cursor_order order = {.stream = "t", .kind = kind, .sequence = sequence};
    struct ask ask = ask_into(reply);

    *reply = (struct reply){0};
    assert_non_null(backend_get_cursor(broker->backend, &order, &ask));
    run_until(broker->loop, reply);
    return reply->error.code;
}

static void check_cursor(struct broker *broker, enum cursor_kind kind, const char *sequence,
                         const char *expected)
{
    struct reply reply;

    assert_int_equal(get_cursor(broker, kind, sequence, &reply), 0);
    assert_string_equal(reply.text, expected);
    reply_release(&reply);
}

static void a_cursor_is_the_offset_to_be_read_next(void **state)
{
    struct broker *broker = *state;
    struct reply reply;

    check_cursor(broker, CURSOR_EARLIEST, NULL, "10");
    check_cursor(broker, CURSOR_LATEST, NULL, "50");
    assert_int_equal(broker->asked[KAFKA_LIST_OFFSETS], 2);
    check_cursor(broker, CURSOR_SINCE, NULL, "50");
    assert_int_equal(broker->asked[KAFKA_LIST_OFFSETS], 4);
    check_cursor(broker, CURSOR_AT, "42", "42");
    check_cursor(broker, CURSOR_AFTER, "42", "43");
    assert_int_equal(broker->asked[KAFKA_LIST_OFFSETS], 4);
    assert_int_equal(broker->asked[KAFKA_METADATA], 1);
    check_cursor(broker, CURSOR_AT, "9223372036854775807", "9223372036854775807");
    assert_int_equal(get_cursor(broker, CURSOR_AFTER, "9223372036854775807", &reply), ERANGE);
}

static void a_topic_that_is_not_there_has_no_cursor(void **state)
{
    struct broker *broker = *state;
    struct reply reply;

    broker->has_no_topic = true;
    assert_int_equal(get_cursor(broker, CURSOR_AT, "42", &reply), ENOENT);
    assert_int_equal(get_cursor(broker, CURSOR_EARLIEST, NULL, &reply), ENOENT);
}

/* Records */

/* Its errno, or 0. */
static int read_records(struct broker *broker, const struct cursor_order *from,
                        enum record_form form, struct reply *reply)
{
    struct read_order order = {.from = *from, .form = form, .limit = 1000};
    struct ask ask = ask_into(reply);

    *reply = (struct reply){0};
    assert_non_null(backend_read_records(broker->backend, &order, &ask));
    run_until(broker->loop, reply);
    return reply->error.code;
}

static int read_at(struct broker *broker, const char *sequence, struct reply *reply)
{
    struct cursor_order from = {.stream = "t", .kind = CURSOR_AT, .sequence = sequence};

    return read_records(broker, &from, RECORD_LINES, reply);
}

static int read_bytes(struct broker *broker, const char *sequence, struct reply *reply)
{
    struct cursor_order from = {.stream = "t", .kind = CURSOR_AT, .sequence = sequence};

    return read_records(broker, &from, RECORD_BYTES, reply);
}

static void a_read_is_one_request_of_what_is_committed(void **state)
{
    struct broker *broker = *state;
    struct reply reply;

    put_one(&broker->fetched[0], &(struct made_batch){.base = 42}, SPAN("one"));
    assert_int_equal(read_at(broker, "42", &reply), 0);
    assert_int_equal(reply.records, 1);
    assert_non_null(strstr(reply.lines, "\"sequence\":\"42\""));
    assert_int_equal(broker->asked[KAFKA_FETCH], 1);
    assert_int_equal(broker->asked[KAFKA_LIST_OFFSETS], 0);
    assert_int_equal(broker->isolation, 1);
    assert_int_equal(broker->fetch_offset, 42);
    assert_true(broker->fetch_bytes >= 1000);
    reply_release(&reply);
    assert_int_equal(read_at(broker, "43", &reply), 0);
    assert_int_equal(reply.records, 0);
    reply_release(&reply);
    assert_int_equal(broker->asked[KAFKA_FETCH], 2);
    assert_int_equal(broker->asked[KAFKA_METADATA], 1);
}

static void from_the_oldest_record_on_it_is_two(void **state)
{
    struct broker *broker = *state;
    struct cursor_order from = {.stream = "t", .kind = CURSOR_EARLIEST};
    struct reply reply;

    assert_int_equal(read_records(broker, &from, RECORD_LINES, &reply), 0);
    reply_release(&reply);
    assert_int_equal(broker->fetch_offset, 10);
    assert_int_equal(broker->asked[KAFKA_LIST_OFFSETS], 1);
    assert_int_equal(broker->asked[KAFKA_FETCH], 1);
}

/* A marker, and what follows it; then a marker and nothing else. */
static void what_has_nothing_to_show_is_not_the_end(void **state)
{
    struct broker *broker = *state;
    struct reply reply;

    put_marker(&broker->fetched[0], 42, 7, 0);
    put_one(&broker->fetched[1], &(struct made_batch){.base = 43}, SPAN("one"));
    put_marker(&broker->fetched[2], 44, 7, 1);
    assert_int_equal(read_at(broker, "42", &reply), 0);
    assert_int_equal(reply.records, 1);
    reply_release(&reply);
    assert_int_equal(broker->asked[KAFKA_FETCH], 2);
    assert_int_equal(read_at(broker, "44", &reply), 0);
    assert_int_equal(reply.records, 0);
    reply_release(&reply);
    assert_int_equal(broker->asked[KAFKA_FETCH], 4);
    assert_int_equal(broker->fetch_offset, 45);
}

/* What was passed over before a failure is not asked for again. */
static void a_read_goes_on_where_it_was_after_a_failure(void **state)
{
    struct broker *broker = *state;
    struct reply reply;

    put_marker(&broker->fetched[0], 42, 7, 0);
    broker->closes_second_fetch = true;
    put_one(&broker->fetched[2], &(struct made_batch){.base = 43}, SPAN("one"));
    assert_int_equal(read_at(broker, "42", &reply), 0);
    assert_int_equal(reply.records, 1);
    reply_release(&reply);
    assert_int_equal(broker->asked[KAFKA_FETCH], 3);
    assert_int_equal(broker->fetch_offset, 43);
}

static void a_batch_that_is_cut_off_is_asked_for_as_a_whole(void **state)
{
    struct broker *broker = *state;
    struct reply reply;

    put_one(&broker->fetched[0], &(struct made_batch){.base = 42}, SPAN("one"));
    broker->fetched[0].data[9] = 2; /* it says that it has 128 KiB more */
    put_one(&broker->fetched[1], &(struct made_batch){.base = 42}, SPAN("one"));
    assert_int_equal(read_at(broker, "42", &reply), 0);
    assert_int_equal(reply.records, 1);
    reply_release(&reply);
    assert_int_equal(broker->asked[KAFKA_FETCH], 2);
    assert_true(broker->fetch_bytes > 128 << 10);
    broker->asked[KAFKA_FETCH] = 0;
    broker->fetched[0].data[8] = 127;
    assert_int_equal(read_at(broker, "42", &reply), EFBIG);
    reply_release(&reply);
    assert_int_equal(broker->asked[KAFKA_FETCH], 1);
}

static void what_is_not_kept_is_out_of_range_at_once(void **state)
{
    struct broker *broker = *state;
    struct cursor_order from = {.stream = "t", .kind = CURSOR_EARLIEST};
    struct reply reply;

    break_call(broker, KAFKA_FETCH, (struct fault){.times = 2, .code = 1});
    assert_int_equal(read_at(broker, "42", &reply), ERANGE);
    reply_release(&reply);
    assert_int_equal(read_bytes(broker, "42", &reply), ENOENT);
    reply_release(&reply);
    assert_int_equal(broker->asked[KAFKA_FETCH], 2);
    /* But the oldest is looked for again: it was just removed. */
    break_call(broker, KAFKA_FETCH, (struct fault){.times = 1, .code = 1});
    assert_int_equal(read_records(broker, &from, RECORD_LINES, &reply), 0);
    reply_release(&reply);
    assert_int_equal(broker->asked[KAFKA_LIST_OFFSETS], 2);
}

static void the_bytes_of_a_record_take_one_request_and_its_batch_alone(void **state)
{
    struct broker *broker = *state;
    struct reply reply;

    put_one(&broker->fetched[0], &(struct made_batch){.base = 42}, SPAN("bytes"));
    put_one(&broker->fetched[1], &(struct made_batch){.base = 50}, SPAN("another"));
    assert_int_equal(read_bytes(broker, "42", &reply), 0);
    assert_string_equal(reply.lines, "bytes");
    reply_release(&reply);
    assert_int_equal(broker->fetch_bytes, 1);
    assert_int_equal(read_bytes(broker, "45", &reply), ENOENT);
    reply_release(&reply);
    assert_int_equal(read_bytes(broker, "99", &reply), ENOENT);
    reply_release(&reply);
    assert_int_equal(broker->asked[KAFKA_FETCH], 3);
}

static void damaged_records_are_told_of_and_not_asked_for_again(void **state)
{
    struct broker *broker = *state;
    struct reply reply;

    put_one(&broker->fetched[0], &(struct made_batch){.base = 42}, SPAN("one"));
    broker->fetched[0].data[broker->fetched[0].size - 2] ^= 1;
    assert_int_equal(read_at(broker, "42", &reply), EBADMSG);
    assert_non_null(strstr(reply.error.message, "partition 0 of t: records from 42 on: they are"));
    reply_release(&reply);
    assert_int_equal(broker->asked[KAFKA_FETCH], 1);
}

static void start_append(struct broker *broker, size_t count, int64_t ms, struct reply *reply)
{
    struct span records[20];
    struct append_order order = {.stream = "t", .records = records, .count = count};
    struct ask ask = ask_for_ms(reply, ms);

    for (size_t i = 0; i < count; i++)
        records[i] = SPAN("a line");
    *reply = (struct reply){0};
    assert_non_null(backend_append_records(broker->backend, &order, &ask));
}

/* Its errno, or 0. */
static int append_lines(struct broker *broker, size_t count, int64_t ms, struct reply *reply)
{
    start_append(broker, count, ms, reply);
    run_until(broker->loop, reply);
    return reply->error.code;
}

static void check_append(struct broker *broker, size_t count, int code, bool is_unknown)
{
    struct reply reply;

    assert_int_equal(append_lines(broker, count, LONG_ENOUGH, &reply), code);
    assert_int_equal(reply.error.is_unknown, is_unknown);
    reply_release(&reply);
}

static void records_are_appended_by_one_request(void **state)
{
    struct broker *broker = *state;

    check_append(broker, 20, 0, false);
    assert_int_equal(broker->stored, 1);
    assert_int_equal(broker->asked[KAFKA_PRODUCE], 1);
}

static void what_may_be_stored_is_not_sent_again(void **state)
{
    struct broker *broker = *state;
    struct reply reply;
    static const struct fault unknown[] = {
        {.times = 1, .closes = true}, {.times = 1, .code = 7}, {.times = 1, .code = 20}};

    for (size_t i = 0; i < COUNT(unknown); i++) {
        break_call(broker, KAFKA_PRODUCE, unknown[i]);
        assert_int_equal(append_lines(broker, 1, LONG_ENOUGH, &reply),
                         unknown[i].closes      ? ECONNRESET
                         : unknown[i].code == 7 ? ETIMEDOUT
                                                : EIO);
        assert_true(reply.error.is_unknown);
        reply_release(&reply);
    }
    /* A leader that stops being one while it waits for the others tells where it has stored it. */
    broker->stored_offset = 50;
    break_call(broker, KAFKA_PRODUCE, (struct fault){.times = 1, .code = 6});
    check_append(broker, 1, EIO, true);
    break_call(broker, KAFKA_PRODUCE, (struct fault){.times = 1, .hangs = true});
    assert_int_equal(append_lines(broker, 1, SHORT_MS, &reply), ETIMEDOUT);
    assert_true(reply.error.is_unknown);
    reply_release(&reply);
    break_call(broker, KAFKA_PRODUCE, (struct fault){.times = 1, .mixes = true});
    assert_int_not_equal(append_lines(broker, 1, LONG_ENOUGH, &reply), 0);
    assert_true(reply.error.is_unknown);
    reply_release(&reply);
    assert_int_equal(broker->asked[KAFKA_PRODUCE], 6);
}

static void what_is_not_stored_is_sent_again(void **state)
{
    struct broker *broker = *state;

    check_append(broker, 1, 0, false);
    break_call(broker, KAFKA_PRODUCE, (struct fault){.times = 2, .code = 6});
    check_append(broker, 1, 0, false);
    assert_int_equal(broker->asked[KAFKA_PRODUCE], 4);
    assert_int_equal(broker->stored, 2);
    break_call(broker, KAFKA_PRODUCE, (struct fault){.times = EVERY_TIME, .code = 29});
    check_append(broker, 1, EACCES, false);
    assert_int_equal(broker->asked[KAFKA_PRODUCE], 5);
}

/* The first try was refused, and the time is up amid the second, which was sent. */
static void what_was_sent_at_last_decides_whether_it_may_be_stored(void **state)
{
    struct broker *broker = *state;
    struct reply reply;

    break_call(broker, KAFKA_PRODUCE, (struct fault){.times = 1, .code = 6});
    start_append(broker, 3, 1000, &reply);
    while (broker->faults[KAFKA_PRODUCE].times)
        run_for(broker->loop, 1);
    break_call(broker, KAFKA_PRODUCE, (struct fault){.times = EVERY_TIME, .hangs = true});
    run_until(broker->loop, &reply);
    assert_true(reply.error.is_unknown);
    assert_non_null(strstr(reply.error.message, "at least 0 of 3 records are stored"));
    reply_release(&reply);
}

static void batches_that_are_too_large_are_halved(void **state)
{
    struct broker *broker = *state;
    struct reply reply;

    broker->largest = 150;
    check_append(broker, 20, 0, false);
    assert_true(broker->stored > 2);
    broker->largest = 10;
    assert_int_equal(append_lines(broker, 20, LONG_ENOUGH, &reply), EFBIG);
    assert_false(reply.error.is_unknown);
    assert_non_null(strstr(reply.error.message, "0 of 20 records are stored"));
    reply_release(&reply);
}

static void requests_share_sixteen_connections_one_at_a_time(void **state)
{
    struct broker *broker = *state;
    struct reply replies[40];

    assert_int_equal(commit(broker, "1"), 0);
    for (size_t i = 0; i < COUNT(replies); i++)
        assert_non_null(start_commit(broker, "2", LONG_ENOUGH, &replies[i]));
    run_for(broker->loop, 1000);
    for (size_t i = 0; i < COUNT(replies); i++) {
        assert_int_equal(replies[i].count, 1);
        assert_int_equal(replies[i].error.code, 0);
        reply_release(&replies[i]);
    }
    assert_int_equal(broker->asked[KAFKA_OFFSET_COMMIT], 1 + COUNT(replies));
    assert_true(broker->accepted > 2 && broker->accepted <= 17);
    assert_false(broker->crowded);
}

/* Failures */

static void another_coordinator_is_looked_for(void **state)
{
    struct broker *broker = *state;

    break_call(broker, KAFKA_OFFSET_COMMIT, (struct fault){.times = 2, .code = 16});
    break_call(broker, KAFKA_FIND_COORDINATOR, (struct fault){.times = 1, .code = 15});
    assert_int_equal(commit(broker, "42"), 0);
    assert_int_equal(broker->asked[KAFKA_OFFSET_COMMIT], 3);
    assert_int_equal(broker->asked[KAFKA_FIND_COORDINATOR], 4);
    assert_int_equal(broker->backend->retries.broken, 3);
    assert_true(broker->offset == 42);
}

static void what_a_lost_connection_took_is_sent_again(void **state)
{
    struct broker *broker = *state;

    break_call(broker, KAFKA_OFFSET_COMMIT, (struct fault){.times = 2, .closes = true});
    assert_int_equal(commit(broker, "42"), 0);
    assert_int_equal(broker->asked[KAFKA_OFFSET_COMMIT], 3);
    assert_int_equal(broker->backend->retries.connection, 2);
}

static void a_group_with_members_is_not_asked_again(void **state)
{
    struct broker *broker = *state;

    break_call(broker, KAFKA_OFFSET_COMMIT, (struct fault){.times = EVERY_TIME, .code = 25});
    assert_int_equal(commit(broker, "42"), EBUSY);
    assert_int_equal(broker->asked[KAFKA_OFFSET_COMMIT], 1);
}

static void an_unknown_topic_is_final_when_metadata_says_so(void **state)
{
    struct broker *broker = *state;

    break_call(broker, KAFKA_OFFSET_COMMIT, (struct fault){.times = 2, .code = 3});
    assert_int_equal(commit(broker, "42"), 0);
    assert_int_equal(broker->asked[KAFKA_OFFSET_COMMIT], 3);
    break_call(broker, KAFKA_OFFSET_COMMIT, (struct fault){.times = EVERY_TIME, .code = 3});
    broker->has_no_topic = true;
    assert_int_equal(commit(broker, "43"), ENOENT);
    assert_int_equal(broker->asked[KAFKA_OFFSET_COMMIT], 4);
}

static void a_commit_without_an_answer_is_unknown(void **state)
{
    struct broker *broker = *state;
    struct reply reply;

    break_call(broker, KAFKA_OFFSET_COMMIT, (struct fault){.times = EVERY_TIME, .hangs = true});
    assert_int_equal(commit_in(broker, "42", SHORT_MS, &reply), ETIMEDOUT);
    assert_true(reply.error.is_unknown);
    reply_release(&reply);
}

static void a_commit_that_is_given_up_tells_whether_it_was_sent(void **state)
{
    struct broker *broker = *state;
    struct reply reply;
    struct call *call = start_commit(broker, "42", LONG_ENOUGH, &reply);

    assert_false(call_cancel(call));
    break_call(broker, KAFKA_OFFSET_COMMIT, (struct fault){.times = 1, .hangs = true});
    call = start_commit(broker, "43", LONG_ENOUGH, &reply);
    run_for(broker->loop, SHORT_MS);
    assert_int_equal(broker->asked[KAFKA_OFFSET_COMMIT], 1);
    assert_true(call_is_sent(call));
    assert_true(call_cancel(call));
    assert_int_equal(reply.count, 0);
    /* Its connection is not used any more, for its answer could be taken for another's. */
    check_checkpoint(broker, "43");
    assert_false(broker->crowded);
}

static void with_no_broker_it_fails_and_nothing_was_sent(void **state)
{
    struct broker *broker = *state;
    struct reply reply;

    go_away(broker);
    assert_int_equal(commit_in(broker, "42", LONG_ENOUGH, &reply), ECONNREFUSED);
    assert_false(reply.error.is_unknown);
    reply_release(&reply);
}

/* And who comes while it lasts does not wait as long as the first. */
static void an_outage_is_noticed_before_the_time_is_up(void **state)
{
    struct broker *broker = *state;
    int64_t before = when_monotonic();

    go_away(broker);
    assert_int_equal(commit(broker, "42"), ECONNREFUSED);
    assert_true(when_monotonic() - before < LONG_ENOUGH / 4);
    before = when_monotonic();
    assert_int_equal(commit(broker, "42"), ECONNREFUSED);
    assert_true(when_monotonic() - before < 1500);
}

/* While it lasts one call at a time waits for brokers that do not answer. */
static void in_an_outage_others_do_not_wait(void **state)
{
    struct broker *broker = *state;
    struct reply probe;
    int64_t before;

    break_call(broker, KAFKA_VERSIONS, (struct fault){.times = 1000, .hangs = true});
    assert_int_equal(commit(broker, "42"), ETIMEDOUT);
    before = when_monotonic();
    assert_non_null(start_commit(broker, "42", LONG_ENOUGH, &probe));
    run_for(broker->loop, 50);
    for (int i = 0; i < 100; i++)
        assert_int_equal(commit(broker, "43"), ETIMEDOUT);
    assert_true(when_monotonic() - before < 2000);
    break_call(broker, KAFKA_VERSIONS, (struct fault){0});
    run_until(broker->loop, &probe);
    assert_int_equal(probe.error.code, ETIMEDOUT);
    reply_release(&probe);
    run_for(broker->loop, 5100); /* so long the gate is closed */
    assert_int_equal(commit(broker, "44"), 0);
    assert_int_equal(commit(broker, "45"), 0);
}

/* What it refuses for good tells nothing of who coordinates. */
static void a_refusal_forgets_no_coordinator(void **state)
{
    struct broker *broker = *state;

    assert_int_equal(commit(broker, "42"), 0);
    break_call(broker, KAFKA_OFFSET_COMMIT, (struct fault){.times = 1, .code = 25});
    assert_int_equal(commit(broker, "43"), EBUSY);
    check_checkpoint(broker, "42");
    assert_int_equal(broker->asked[KAFKA_FIND_COORDINATOR], 1);
}

/* Its wait counts from then on, and not from when the call began, nor to its end. */
static void an_outage_is_noticed_when_others_were_answered_before_it(void **state)
{
    struct broker *broker = *state;
    int64_t before = when_monotonic();
    struct reply reply;

    break_call(broker, KAFKA_OFFSET_COMMIT, (struct fault){.times = 1, .hangs = true});
    assert_non_null(start_commit(broker, "42", LONG_ENOUGH, &reply));
    while (!broker->asked[KAFKA_OFFSET_COMMIT]) {
        assert_int_equal(reply.count, 0);
        run_for(broker->loop, 5);
    }
    check_checkpoint(broker, "42");
    go_away(broker);
    close_clients(broker);
    run_until(broker->loop, &reply);
    assert_int_equal(reply.error.code, ECONNREFUSED);
    assert_true(reply.error.is_unknown);
    assert_true(when_monotonic() - before < LONG_ENOUGH / 4);
    reply_release(&reply);
}

static void check_garbage(struct broker *broker, struct fault fault, const char *says)
{
    struct reply reply;

    break_call(broker, KAFKA_VERSIONS, fault);
    get_checkpoint(broker, &reply);
    assert_int_equal(reply.error.code, EBADMSG);
    assert_non_null(strstr(reply.error.message, says));
    reply_release(&reply);
}

static void what_does_not_speak_kafka_is_told(void **state)
{
    struct broker *broker = *state;

    check_garbage(broker, (struct fault){.times = 1, .says = "\x15\x03\x03\x01\x02\x02\x46"},
                  "its port speaks TLS, so write kafka://");
    check_garbage(broker, (struct fault){.times = 1, .says = "HTTP/1.1 400 Bad Request\r\n"},
                  "its port speaks HTTP");
    check_garbage(broker, (struct fault){.times = 1, .says = "\xff\xff\xff\xff"},
                  "does not answer as a Kafka broker");
    check_garbage(broker, (struct fault){.times = 1, .mixes = true},
                  "does not answer as a Kafka broker");
}

static void a_broker_that_knows_none_of_our_versions_is_told_of(void **state)
{
    struct broker *broker = *state;
    struct reply reply;

    broker->newest = 30;
    get_checkpoint(broker, &reply);
    assert_int_equal(reply.error.code, EOPNOTSUPP);
    reply_release(&reply);
}

/* As Kafka 4.1 was seen to do right after a failover. */
static void an_answer_that_is_older_than_our_commit_is_asked_for_again(void **state)
{
    struct broker *broker = *state;

    assert_int_equal(commit(broker, "42"), 0);
    run_for(broker->loop, 5);
    break_call(broker, KAFKA_OFFSET_FETCH, (struct fault){.times = 1, .closes = true});
    broker->outdated = 4; /* that of the connection that is closed, and three more */
    check_checkpoint(broker, "42");
    assert_int_equal(broker->asked[KAFKA_OFFSET_FETCH], 5);
    broker->offset = -1; /* but what somebody else has deleted is believed */
    check_checkpoint(broker, NULL);
}

/* A broker that begins anew while nobody asks it is as new as one that has failed. */
static void an_answer_of_a_broker_that_began_anew_is_asked_for_again(void **state)
{
    struct broker *broker = *state;

    assert_int_equal(commit(broker, "42"), 0);
    close_clients(broker);
    run_for(broker->loop, 20);
    broker->outdated = 2;
    check_checkpoint(broker, "42");
}

/* A group whose name falls on the place of "g" in the table of coordinators. */
static void ask_for_other_group(struct broker *broker)
{
    struct reply reply = {0};

    get_status(broker, "g1159", &reply);
    reply_release(&reply);
}

/* Another group took its place meanwhile, and with it what was known of its coordinator. */
static void a_change_of_coordinators_is_not_forgotten_for_another_group(void **state)
{
    struct broker *broker = *state;
    struct reply reply = {0};

    assert_int_equal(commit(broker, "42"), 0);
    run_for(broker->loop, 5);
    break_call(broker, KAFKA_DESCRIBE_GROUPS, (struct fault){.times = 1, .code = 16});
    get_status(broker, "g", &reply);
    reply_release(&reply);
    ask_for_other_group(broker);
    broker->outdated = 2;
    check_checkpoint(broker, "42");
}

static void a_restart_is_not_forgotten_for_another_group(void **state)
{
    struct broker *broker = *state;

    assert_int_equal(commit(broker, "42"), 0);
    ask_for_other_group(broker);
    close_clients(broker);
    run_for(broker->loop, 20);
    broker->outdated = 2;
    check_checkpoint(broker, "42");
}

/* It would be deleted with what it has committed. */
static void an_app_is_not_taken_for_empty_by_an_answer_that_is_older(void **state)
{
    struct broker *broker = *state;
    struct reply reply = {0};
    struct ask ask = ask_into(&reply);

    assert_int_equal(commit(broker, "42"), 0);
    close_clients(broker);
    run_for(broker->loop, 20);
    broker->outdated = 2;
    assert_non_null(backend_delete_app(broker->backend, "g", NULL, &ask));
    run_until(broker->loop, &reply);
    assert_int_equal(reply.error.code, ENOTEMPTY);
    assert_int_equal(broker->asked[KAFKA_DELETE_GROUPS], 0);
}

/* No list tells of it, so none is waited for. */
static void a_deleted_checkpoint_is_not_missing_in_a_list(void **state)
{
    struct broker *broker = *state;
    struct reply reply = {0};
    struct ask ask = ask_for_ms(&reply, SHORT_MS);

    assert_int_equal(commit(broker, "42"), 0);
    assert_int_equal(delete_checkpoint(broker), 0);
    close_clients(broker);
    run_for(broker->loop, 20);
    assert_non_null(backend_list_streams(broker->backend, STREAMS_COMMITTED, "g", &ask));
    run_until(broker->loop, &reply);
    assert_int_equal(reply.error.code, 0);
    reply_release(&reply);
}

/* When there is no time to ask again. */
static void an_answer_that_is_older_is_an_error_rather_than_told(void **state)
{
    struct broker *broker = *state;
    struct reply reply = {0};
    struct ask ask = ask_for_ms(&reply, SHORT_MS);

    assert_int_equal(commit(broker, "42"), 0);
    close_clients(broker);
    run_for(broker->loop, 20);
    broker->outdated = 100;
    assert_non_null(backend_get_checkpoint(broker->backend, "g", "t", 0, &ask));
    run_until(broker->loop, &reply);
    assert_int_equal(reply.error.code, ETIMEDOUT);
    assert_non_null(strstr(reply.error.message, "does not know yet"));
}

/* What others have committed is lower, and was read before that: it is no older than ours. */
static void what_others_have_set_back_is_believed(void **state)
{
    struct broker *broker = *state;

    assert_int_equal(commit(broker, "42"), 0);
    run_for(broker->loop, 5);
    broker->offset = 10;
    check_checkpoint(broker, "10");
    close_clients(broker);
    run_for(broker->loop, 20);
    memset(broker->asked, 0, sizeof(broker->asked));
    check_checkpoint(broker, "10");
    assert_int_equal(broker->asked[KAFKA_OFFSET_FETCH], 1);
}

static void a_checkpoint_is_deleted_once_also_when_the_answer_is_lost(void **state)
{
    struct broker *broker = *state;

    assert_int_equal(delete_checkpoint(broker), ENOENT);
    assert_int_equal(commit(broker, "42"), 0);
    break_call(broker, KAFKA_OFFSET_DELETE, (struct fault){.times = 1, .closes = true});
    assert_int_equal(delete_checkpoint(broker), 0);
    assert_int_equal(broker->asked[KAFKA_OFFSET_DELETE], 1);
    check_checkpoint(broker, NULL);
}

/* Logins */

static char credentials[PATH_ROOM];

static void write_password(const char *password)
{
    FILE *file = fopen(credentials, "w");

    assert_non_null(file);
    assert_int_equal(fchmod(fileno(file), 0600), 0);
    assert_true(fprintf(file, "sasl.mechanism=PLAIN\nsasl.username=alice\nsasl.password=%s\n",
                        password) > 0);
    fclose(file);
}

static int begin_login(void **state)
{
    struct setting setting = {"credentials", credentials};
    int fd;

    snprintf(credentials, sizeof(credentials), "/tmp/checkpointfs-test-XXXXXX");
    fd = mkstemp(credentials);
    assert_true(fd >= 0);
    close(fd);
    write_password("secret");
    return begin_stage_with(state, &setting, 1);
}

static int end_login(void **state)
{
    unlink(credentials);
    return end_stage(state);
}

static void check_login_fails(struct broker *broker, int code, const char *says)
{
    struct reply reply;

    get_checkpoint(broker, &reply);
    assert_int_equal(reply.error.code, code);
    assert_non_null(strstr(reply.error.message, says));
    assert_null(strstr(reply.error.message, "secret"));
    reply_release(&reply);
}

static bool have_ended(const struct reply *replies, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!replies[i].count)
            return false;
    }
    return true;
}

/* Fails so many reads that begin at once. */
static void fail_reads(struct broker *broker, size_t count, int64_t ms, int code)
{
    struct reply replies[20] = {0};

    assert_true(count <= COUNT(replies));
    for (size_t i = 0; i < count; i++) {
        struct ask ask = ask_for_ms(&replies[i], ms);

        assert_non_null(backend_get_checkpoint(broker->backend, "g", "t", 0, &ask));
    }
    for (int i = 0; i < 1000 && !have_ended(replies, count); i++)
        run_for(broker->loop, 10);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(replies[i].count, 1);
        assert_int_equal(replies[i].error.code, code);
        reply_release(&replies[i]);
    }
}

static void each_connection_logs_in(void **state)
{
    struct broker *broker = *state;

    assert_int_equal(commit(broker, "42"), 0);
    check_checkpoint(broker, "42");
    assert_int_equal(broker->accepted, 2);
    assert_int_equal(broker->asked[KAFKA_SASL_HANDSHAKE], 2);
    assert_int_equal(broker->asked[KAFKA_SASL_AUTHENTICATE], 2);
}

static void a_refused_secret_is_sent_once_until_there_is_another_or_a_reload(void **state)
{
    struct broker *broker = *state;
    struct fault refusal = {.times = EVERY_TIME, .code = 58};

    break_call(broker, KAFKA_SASL_AUTHENTICATE, refusal);
    fail_reads(broker, 20, LONG_ENOUGH, EACCES);
    assert_int_equal(broker->asked[KAFKA_SASL_AUTHENTICATE], 1);
    check_login_fails(broker, EACCES, "refuses the login: the password ");
    assert_int_equal(broker->asked[KAFKA_SASL_AUTHENTICATE], 1);
    backend_reload(broker->backend);
    fail_reads(broker, 20, LONG_ENOUGH, EACCES);
    assert_int_equal(broker->asked[KAFKA_SASL_AUTHENTICATE], 2);
    break_call(broker, KAFKA_SASL_AUTHENTICATE, (struct fault){0});
    write_password("another");
    check_checkpoint(broker, NULL);
}

static void a_secret_that_is_another_by_the_time_of_its_refusal_is_sent_at_once(void **state)
{
    struct broker *broker = *state;

    break_call(broker, KAFKA_SASL_AUTHENTICATE, (struct fault){.times = 1, .code = 58});
    write_password("another");
    check_checkpoint(broker, NULL);
}

static void one_connection_logs_in_before_the_others(void **state)
{
    struct broker *broker = *state;

    break_call(broker, KAFKA_SASL_AUTHENTICATE, (struct fault){.times = EVERY_TIME, .hangs = true});
    fail_reads(broker, 10, SHORT_MS, ETIMEDOUT);
    assert_true(broker->accepted >= 10);
    assert_int_equal(broker->asked[KAFKA_SASL_HANDSHAKE], 1);
}

static void a_login_that_is_lost_is_tried_again(void **state)
{
    struct broker *broker = *state;

    break_call(broker, KAFKA_SASL_HANDSHAKE, (struct fault){.times = 1, .closes = true});
    break_call(broker, KAFKA_SASL_AUTHENTICATE, (struct fault){.times = 1, .closes = true});
    check_checkpoint(broker, NULL);
    assert_int_equal(broker->backend->retries.connection, 2);
}

static void what_answers_a_login_with_something_else_is_told(void **state)
{
    struct broker *broker = *state;

    break_call(broker, KAFKA_SASL_HANDSHAKE, (struct fault){.times = 1, .mixes = true});
    check_login_fails(broker, EBADMSG, "does not answer as a Kafka broker");
    break_call(broker, KAFKA_SASL_AUTHENTICATE, (struct fault){.times = 1, .says = "HTTP/1.1 400"});
    check_login_fails(broker, EBADMSG, "its port speaks HTTP");
    check_checkpoint(broker, NULL);
}

static void a_mechanism_that_is_not_taken_is_told_with_those_that_are(void **state)
{
    struct broker *broker = *state;

    break_call(broker, KAFKA_SASL_HANDSHAKE, (struct fault){.times = 1, .code = 33});
    check_login_fails(broker, EACCES, "takes another login: -o sasl may be OTHER");
    assert_int_equal(broker->asked[KAFKA_SASL_AUTHENTICATE], 0);
}

/* Whatever the code is with which a broker repeats it. */
static void a_secret_is_not_told_whatever_the_code(void **state)
{
    struct broker *broker = *state;

    break_call(broker, KAFKA_SASL_AUTHENTICATE, (struct fault){.times = 1, .code = 42});
    check_login_fails(broker, EINVAL, "refuses the login: the password ");
    break_call(broker, KAFKA_SASL_AUTHENTICATE, (struct fault){.times = 1, .code = 58});
    check_login_fails(broker, EACCES, "refuses the login: the password ");
}

/* No part of it either, where the message is cut. */
static void a_secret_is_not_told_where_a_message_is_cut(void **state)
{
    struct broker *broker = *state;
    char reason[300] = "";

    memset(reason, '.', 197);
    memcpy(reason + 197, "secret", 6);
    broker->reason = reason;
    break_call(broker, KAFKA_SASL_AUTHENTICATE, (struct fault){.times = 1, .code = 42});
    check_login_fails(broker, EINVAL, "...***");
}

static unsigned count_open(const struct broker *broker)
{
    unsigned count = 0;

    for (unsigned i = 0; i < broker->accepted; i++)
        count += broker->clients[i].fd >= 0;
    return count;
}

static void a_login_is_left_before_it_ends(void **state)
{
    struct broker *broker = *state;

    broker->lifetime = SHORT_MS;
    check_checkpoint(broker, NULL);
    assert_int_equal(broker->accepted, 2);
    run_for(broker->loop, SHORT_MS - 10);
    check_checkpoint(broker, NULL);
    run_for(broker->loop, 10);
    assert_int_equal(broker->accepted, 3);
    assert_int_equal(count_open(broker), 2);
    assert_int_equal(broker->backend->retries.connection, 0);
}

/* What is left at the end of a login is no broker that has begun anew: an offset that others have
 * committed since is believed at once. */
static void the_end_of_a_login_is_no_restart(void **state)
{
    struct broker *broker = *state;

    broker->lifetime = SHORT_MS;
    assert_int_equal(commit(broker, "42"), 0);
    run_for(broker->loop, SHORT_MS);
    broker->offset = 50;
    check_checkpoint(broker, "50");
    assert_int_equal(broker->asked[KAFKA_OFFSET_FETCH], 1);
}

/* Though no connection takes a request by then. */
static void a_restart_after_the_end_of_a_login_is_noticed(void **state)
{
    struct broker *broker = *state;

    broker->lifetime = SHORT_MS;
    assert_int_equal(commit(broker, "42"), 0);
    run_for(broker->loop, SHORT_MS);
    close_clients(broker);
    run_for(broker->loop, 20);
    broker->outdated = 2;
    check_checkpoint(broker, "42");
}

/* A connection that is only kept is none that could yet serve who waits. */
static void a_login_that_is_refused_after_one_has_ended_is_told_at_once(void **state)
{
    struct broker *broker = *state;
    int64_t before;

    broker->lifetime = SHORT_MS;
    check_checkpoint(broker, NULL);
    run_for(broker->loop, SHORT_MS);
    break_call(broker, KAFKA_SASL_AUTHENTICATE, (struct fault){.times = 1, .code = 58});
    before = when_monotonic();
    check_login_fails(broker, EACCES, "refuses the login");
    assert_true(when_monotonic() - before < 2000);
}

static void a_login_of_any_lifetime_is_used(void **state)
{
    static const int64_t lifetimes[] = {INT64_MAX, INT64_MIN, -1};
    struct broker *broker = *state;

    for (size_t i = 0; i < COUNT(lifetimes); i++) {
        broker->lifetime = lifetimes[i];
        backend_reload(broker->backend);
        check_checkpoint(broker, NULL);
        run_for(broker->loop, 20);
        assert_true(count_open(broker) > 0);
    }
}

/* The connection that the answer came by is not used again. */
static void a_login_that_ends_before_an_answer_takes_no_other_request(void **state)
{
    struct broker *broker = *state;
    struct reply reply;
    struct call *call;

    broker->lifetime = SHORT_MS;
    break_call(broker, KAFKA_OFFSET_COMMIT, (struct fault){.times = 1, .hangs = true});
    call = start_commit(broker, "42", LONG_ENOUGH, &reply);
    run_for(broker->loop, 2L * SHORT_MS);
    assert_int_equal(reply.count, 0);
    answer_held(broker);
    run_for(broker->loop, 10);
    assert_int_equal(reply.count, 1);
    assert_int_equal(reply.error.code, 0);
    assert_int_equal(broker->accepted, 2);
    reply_release(&reply);
    check_checkpoint(broker, "42");
    assert_int_equal(broker->accepted, 3);
    (void)call;
}

#define STAGE(test) cmocka_unit_test_setup_teardown(test, begin_stage, end_stage)

#define LOGIN(test) cmocka_unit_test_setup_teardown(test, begin_login, end_login)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE(a_commit_and_a_read_are_one_request_each),
        STAGE(all_partitions_are_one_request),
        STAGE(status_tells_of_the_group_for_one_request_more),
        STAGE(status_tells_of_groups_of_both_kinds),
        STAGE(status_is_told_without_what_is_refused),
        STAGE(a_long_name_of_a_client_is_cut),
        STAGE(status_asks_again_when_the_coordinator_has_changed),
        STAGE(apps_are_listed_and_what_is_left_out_is_told),
        STAGE(a_time_past_the_newest_record_is_the_next_one),
        STAGE(a_cursor_is_the_offset_to_be_read_next),
        STAGE(a_topic_that_is_not_there_has_no_cursor),
        STAGE(a_read_is_one_request_of_what_is_committed),
        STAGE(from_the_oldest_record_on_it_is_two),
        STAGE(what_has_nothing_to_show_is_not_the_end),
        STAGE(a_read_goes_on_where_it_was_after_a_failure),
        STAGE(a_batch_that_is_cut_off_is_asked_for_as_a_whole),
        STAGE(what_is_not_kept_is_out_of_range_at_once),
        STAGE(the_bytes_of_a_record_take_one_request_and_its_batch_alone),
        STAGE(damaged_records_are_told_of_and_not_asked_for_again),
        STAGE(records_are_appended_by_one_request),
        STAGE(what_may_be_stored_is_not_sent_again),
        STAGE(what_is_not_stored_is_sent_again),
        STAGE(what_was_sent_at_last_decides_whether_it_may_be_stored),
        STAGE(batches_that_are_too_large_are_halved),
        STAGE(requests_share_sixteen_connections_one_at_a_time),
        STAGE(another_coordinator_is_looked_for),
        STAGE(what_a_lost_connection_took_is_sent_again),
        STAGE(a_group_with_members_is_not_asked_again),
        STAGE(an_unknown_topic_is_final_when_metadata_says_so),
        STAGE(a_commit_without_an_answer_is_unknown),
        STAGE(a_commit_that_is_given_up_tells_whether_it_was_sent),
        STAGE(with_no_broker_it_fails_and_nothing_was_sent),
        STAGE(an_outage_is_noticed_before_the_time_is_up),
        STAGE(in_an_outage_others_do_not_wait),
        STAGE(a_refusal_forgets_no_coordinator),
        STAGE(an_outage_is_noticed_when_others_were_answered_before_it),
        STAGE(what_does_not_speak_kafka_is_told),
        STAGE(a_broker_that_knows_none_of_our_versions_is_told_of),
        STAGE(an_answer_that_is_older_than_our_commit_is_asked_for_again),
        STAGE(an_answer_of_a_broker_that_began_anew_is_asked_for_again),
        STAGE(a_change_of_coordinators_is_not_forgotten_for_another_group),
        STAGE(a_restart_is_not_forgotten_for_another_group),
        STAGE(an_app_is_not_taken_for_empty_by_an_answer_that_is_older),
        STAGE(an_answer_that_is_older_is_an_error_rather_than_told),
        STAGE(a_deleted_checkpoint_is_not_missing_in_a_list),
        STAGE(what_others_have_set_back_is_believed),
        STAGE(a_checkpoint_is_deleted_once_also_when_the_answer_is_lost),
        LOGIN(each_connection_logs_in),
        LOGIN(a_refused_secret_is_sent_once_until_there_is_another_or_a_reload),
        LOGIN(a_secret_that_is_another_by_the_time_of_its_refusal_is_sent_at_once),
        LOGIN(one_connection_logs_in_before_the_others),
        LOGIN(a_login_that_is_lost_is_tried_again),
        LOGIN(what_answers_a_login_with_something_else_is_told),
        LOGIN(a_mechanism_that_is_not_taken_is_told_with_those_that_are),
        LOGIN(a_secret_is_not_told_whatever_the_code),
        LOGIN(a_secret_is_not_told_where_a_message_is_cut),
        LOGIN(a_login_is_left_before_it_ends),
        LOGIN(the_end_of_a_login_is_no_restart),
        LOGIN(a_restart_after_the_end_of_a_login_is_noticed),
        LOGIN(a_login_that_is_refused_after_one_has_ended_is_told_at_once),
        LOGIN(a_login_of_any_lifetime_is_used),
        LOGIN(a_login_that_ends_before_an_answer_takes_no_other_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
