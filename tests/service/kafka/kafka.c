#include "tests/service/kafka/kafka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/common/control.h"
#include "tests/service/common/memory.h"
#include "tests/service/kafka/calls.h"

/* A whole answer: more than that is none. */
#define FRAME_MAX ((size_t)64 * 1024 * 1024)
#define ROOM_MAX  ((size_t)256 * 1024)

/* ---- requests ---- */

static const struct versions unknown_call = {.name = "?"};

static const struct versions *find_call(int16_t api)
{
    for (size_t i = 0; i < kafka_call_count; i++)
        if (kafka_calls[i].api == api)
            return &kafka_calls[i];
    return &unknown_call;
}

struct head {
    const struct versions *versions;
    int16_t version;
    int32_t correlation;
    bool flexible;
    bool unsupported; /* a version of ApiVersions */
    const char *wrong;
};

/* The versions that the release knows: another one closes the connection, but of ApiVersions. */
static void check_version(const struct kafka_service *kafka, struct head *head)
{
    const struct versions *versions = head->versions;
    int16_t from;
    int16_t to;

    versions_known(kafka, versions, &from, &to);
    if (head->version >= from && head->version <= to) {
        if (head->version < versions->served_from || head->version > versions->served_to)
            head->wrong = "this version of the call is not simulated";
        head->flexible = head->version >= versions->flexible_from;
    } else if (versions->call == call_api_versions) {
        head->unsupported = true;
    } else {
        head->wrong = "the broker does not know this version of the call";
    }
}

static struct head read_head(const struct kafka_service *kafka, struct reader *in)
{
    struct head head = {.versions = find_call(read_int16(in))};

    head.version = read_int16(in);
    head.correlation = read_int32(in);
    if (head.versions == &unknown_call) {
        head.wrong = "the broker does not know this call";
        return head;
    }
    read_text_or_null(in); /* who asks */
    check_version(kafka, &head);
    in->flexible = head.flexible;
    read_tags(in);
    if (!head.wrong)
        head.wrong = in->wrong;
    return head;
}

static void begin_answer(struct asked *asked, const struct head *head, struct reader in)
{
    buf_reset(asked->out.out);
    buf_reset(&asked->path);
    buf_reset(&asked->note);
    asked->in = in;
    asked->code = 0;
    asked->out.flexible = false;
    write_int32(&asked->out, 0); /* the length, when it is known */
    write_int32(&asked->out, head->correlation);
    asked->out.flexible = head->flexible;
    if (head->versions->call != call_api_versions)
        write_tags(&asked->out);
}

static void end_answer(struct asked *asked)
{
    struct buf size = BUF_INIT(8);
    struct writer out = {.out = &size};

    write_int32(&out, (int32_t)(asked->out.out->size - 4));
    buf_write_at(asked->out.out, 0, size.data, 4);
    buf_release(&size);
}

/* Reads all of it, without an effect. NULL, or what is wrong with it. */
static const char *check_request(struct asked *asked, const struct head *head, struct reader in)
{
    begin_answer(asked, head, in);
    head->versions->call(asked);
    if (!asked->in.wrong && asked->in.left)
        return "there are bytes behind its end";
    return asked->in.wrong;
}

/* ---- faults ---- */

static void meet_fault(struct asked *asked, const struct head *head, struct fault *fault)
{
    struct request request;
    struct buf target = BUF_INIT(ROOM_MAX);

    buf_printf(&target, "/%d", asked->node);
    buf_puts(&target, asked->path.data);
    request_init(&request);
    snprintf(request.method, sizeof(request.method), "%.15s", head->versions->name);
    request.target = must(buf_detach(&target));
    faults_meet(&asked->kafka->service->faults, &request, fault);
    request_clear(&request);
}

static void say(struct kafka_outcome *outcome, const void *bytes, size_t size)
{
    buf_reset(&outcome->frame);
    buf_add(&outcome->frame, bytes, size);
}

/* Half of the body as a whole answer. */
static void cut_answer(struct kafka_outcome *outcome)
{
    struct asked cut = {.out = {.out = &outcome->frame}};

    buf_resize(&outcome->frame, 8 + (outcome->frame.size - 8) / 2);
    end_answer(&cut);
}

static void fill_with_garbage(struct kafka_outcome *outcome)
{
    for (size_t i = 8; i < outcome->frame.size; i++)
        outcome->frame.data[i] = (char)(i * 151 + 0xa5);
}

/* Says that it is a GiB. */
static void enlarge_answer(struct kafka_outcome *outcome)
{
    struct buf length = BUF_INIT(8);
    struct writer out = {.out = &length};

    write_int32(&out, 1 << 30);
    buf_write_at(&outcome->frame, 0, length.data, 4);
    buf_release(&length);
}

static const char http_refusal[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
static const char tls_alert[] = "\x15\x03\x03\x00\x02\x02\x46";

static void spoil_answer(const struct fault *fault, struct kafka_outcome *outcome)
{
    switch (fault->kind) {
    case FAULT_RESET:
        outcome->delivery = DELIVER_RESET;
        break;
    case FAULT_RESET_MIDDLE:
        outcome->delivery = DELIVER_RESET_MIDDLE;
        break;
    case FAULT_CLOSE_MIDDLE:
        outcome->delivery = DELIVER_CLOSE_MIDDLE;
        break;
    case FAULT_CLOSE:
        outcome->closes = true;
        break;
    case FAULT_TRUNCATED:
        cut_answer(outcome);
        break;
    case FAULT_GARBAGE:
        fill_with_garbage(outcome);
        break;
    case FAULT_MIXED:
        outcome->frame.data[7] = (char)(outcome->frame.data[7] + 1);
        break;
    case FAULT_HUGE:
        enlarge_answer(outcome);
        break;
    case FAULT_HTML:
        say(outcome, http_refusal, sizeof(http_refusal) - 1);
        outcome->closes = true;
        break;
    case FAULT_TLS:
        say(outcome, tls_alert, sizeof(tls_alert) - 1);
        outcome->closes = true;
        break;
    case FAULT_RAW:
        say(outcome, fault->text, strlen(fault->text));
        outcome->closes = true;
        break;
    case FAULT_DRIP:
        outcome->delivery = DELIVER_DRIP;
        outcome->drip_bytes = fault->bytes;
        outcome->drip_ms = fault->interval_ms;
        break;
    case FAULT_NEVER:
        outcome->delivery = DELIVER_NEVER;
        break;
    case FAULT_HANG_UP:
        outcome->delivery = DELIVER_HANG_UP;
        break;
    case FAULT_DELAY:
    case FAULT_STATUS:
    case FAULT_BODY:
    case FAULT_WRONG_TYPE:
    case FAULT_ENDLESS:
        break;
    }
}

static bool lets_answer_through(const struct kafka_outcome *outcome)
{
    return outcome->delivery != DELIVER_NEVER && outcome->delivery != DELIVER_RESET &&
           outcome->delivery != DELIVER_HANG_UP;
}

static void log_asked(struct asked *asked, const struct head *head,
                      const struct kafka_outcome *outcome)
{
    struct buf line = BUF_INIT(ROOM_MAX);

    buf_printf(&line, "%s /%d", head->versions->name, asked->node);
    buf_puts(&line, asked->path.data);
    if (lets_answer_through(outcome))
        buf_printf(&line, " %d", asked->code);
    else
        buf_puts(&line, " -");
    buf_printf(&line, " v%d", asked->version);
    buf_puts(&line, asked->note.data);
    log_add(&asked->kafka->service->log, &line);
    buf_release(&line);
}

/* ---- answers ---- */

static void answer_unsupported(struct asked *asked, const struct head *head, struct reader in)
{
    begin_answer(asked, head, in);
    asked->version = 0;
    asked->forced = UNSUPPORTED_VERSION;
    call_api_versions(asked);
    end_answer(asked);
}

static void answer_asked(struct asked *asked, const struct head *head, struct reader in,
                         struct kafka_outcome *outcome)
{
    struct fault fault;

    meet_fault(asked, head, &fault);
    if (fault.kind == FAULT_STATUS)
        code_parse(fault.code, &asked->forced);
    asked->executes = fault.execute;
    begin_answer(asked, head, in);
    head->versions->call(asked);
    end_answer(asked);
    outcome->delay_ms = fault.delay_ms + asked->wait_ms;
    outcome->held = fault.hold;
    outcome->mute_ms = asked->kafka->throttle_ms;
    spoil_answer(&fault, outcome);
    log_asked(asked, head, outcome);
}

static void note_malformed(struct kafka_service *kafka, const struct head *head, const char *wrong)
{
    char line[200];

    snprintf(line, sizeof(line), "%s v%d: %s", head->versions->name, head->version, wrong);
    log_failure(&kafka->service->log, line);
    kafka->stats.malformed++;
}

void kafka_take(struct kafka_service *kafka, int32_t node, const char *data, size_t size,
                struct kafka_outcome *outcome)
{
    struct reader in = {.at = (const unsigned char *)data, .left = size};
    struct head head = read_head(kafka, &in);
    struct asked asked = {.kafka = kafka, .node = node, .version = head.version};
    const char *wrong = head.wrong;

    *outcome = (struct kafka_outcome){.delivery = DELIVER_WHOLE};
    buf_init(&outcome->frame, FRAME_MAX);
    buf_init(&asked.path, ROOM_MAX);
    buf_init(&asked.note, ROOM_MAX);
    asked.out.out = &outcome->frame;
    asked.now_ms = service_now_ms(kafka->service);
    if (!wrong && !head.unsupported)
        wrong = check_request(&asked, &head, in);
    if (wrong)
        note_malformed(kafka, &head, wrong);
    else if (head.unsupported)
        answer_unsupported(&asked, &head, in);
    else
        answer_asked(&asked, &head, in, outcome);
    outcome->wrong = wrong;
    buf_release(&asked.path);
    buf_release(&asked.note);
}

/* ---- manners ---- */

static void add_headers(const struct service *service, struct answer *answer)
{
    (void)service;
    (void)answer;
}

static const char *auth_kind(const struct request *request)
{
    (void)request;
    return "none";
}

static void refuse(const struct service *service, const struct request *request,
                   struct answer *answer, enum refusal refusal)
{
    (void)service;
    (void)refusal;
    answer_text(answer, 404, "there is no %s\n", request->raw_path);
}

static const char *refuse_fault(const struct fault *fault)
{
    int code;

    if (fault->kind == FAULT_STATUS && !code_parse(fault->code, &code))
        return "code";
    return fault->kind == FAULT_BODY || fault->kind == FAULT_WRONG_TYPE ||
                   fault->kind == FAULT_ENDLESS
               ? "kind"
               : NULL;
}

static void reset_kafka(void *world)
{
    struct kafka_service *kafka = world;

    world_clear(&kafka->world);
    kafka->throttle_ms = 0;
    kafka->has_coordinators = false;
    kafka->stats = (struct kafka_stats){.open = kafka->stats.open};
}

static void print_stats(const void *world, struct buf *out)
{
    const struct kafka_stats *stats = &((const struct kafka_service *)world)->stats;

    buf_printf(out, "clients %llu\nclients_open %u\npipelined %llu\nmalformed %llu\n",
               (unsigned long long)stats->connections, stats->open,
               (unsigned long long)stats->pipelined, (unsigned long long)stats->malformed);
}

static const struct manners manners = {
    .quirks = kafka_quirks,
    .quirk_count = QUIRK_OFFSETS_TOPIC + 1,
    .fault_shape = "none",
    .fault_code = "UNKNOWN_SERVER_ERROR",
    .fault_message = "",
    .refuse_fault = refuse_fault,
    .add_headers = add_headers,
    .auth_kind = auth_kind,
    .refuse = refuse,
    .reset_world = reset_kafka,
    .print_stats = print_stats,
};

void kafka_init(struct kafka_service *kafka, struct service *service)
{
    *kafka = (struct kafka_service){.service = service};
    kafka->world.nodes = kafka->nodes;
    service_init(service, &manners, kafka);
    control_add(service);
    service_add_table(service,
                      &(struct table){kafka_seed_routes, kafka_seed_route_count, kafka, NULL});
}

void kafka_release(struct kafka_service *kafka)
{
    world_clear(&kafka->world);
    service_release(kafka->service);
}
