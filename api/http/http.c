#include "api/http/http.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "api/http/easy.h"
#include "api/http/endpoint.h"
#include "api/http/failure.h"
#include "api/http/gate.h"
#include "api/http/retry.h"
#include "api/lanes.h"
#include "base/always.h"
#include "base/descriptors.h"
#include "base/when.h"

/* One errand may have half of them under way: more make nothing faster. */
#define REQUESTS_MAX 512

#define ANSWER_MAX (16UL << 20)

/* A try that had less time than this tells less than what was known before it. */
#define SHORT_MS 500

#define TRIES_MAX         10
#define CONNECT_TRIES_MAX 6

/* A service's clock is told in seconds and some time before the answer has come: only more than
 * this is a difference. */
#define CLOCK_TOLERANCE_NS (30 * 1000000000LL)

struct http {
    struct loop *loop;
    char host[264]; /* for messages */
    bool direct;    /* this machine, in the clear: by no proxy of the environment */
    struct easy_settings settings;
    struct lanes lanes;
    unsigned most;     /* requests under way */
    unsigned requests; /* all that there are, those included that rest before another try */
    struct timer pump;
    struct gate gate;
    int64_t clock_offset; /* the service's clock less ours, ns */
    int64_t reloaded;
    int64_t longest_patience; /* that any request had, ms */
    struct retries *retries;  /* or NULL */
};

struct http_request {
    struct lane_place place; /* the first member; out while it rests */
    struct http *http;
    struct http_order order; /* its texts are those below */
    char *method;
    char *url;
    char *body;
    unsigned tries;
    struct gate_pass pass;
    bool is_unknown;      /* what it is to change may have been changed by a try that failed */
    int64_t clock_offset; /* that this try was made with */
    struct timer timer;
    struct transfer transfer;
    CURL *easy; /* while running */
    struct http_headers headers;
    struct exchange exchange;
    struct error error; /* of the last try */
    bool is_busy;       /* which was refused because of too many requests */
};

static struct http_request *request_at(struct lane_place *place)
{
    return (struct http_request *)place;
}

/* The client */

static int copy_option(char **target, const char *text)
{
    if (!text)
        return 0;
    *target = strdup(text);
    return *target ? 0 : -ENOMEM;
}

static int check_file(const char *option, const char *path, struct error *error)
{
    if (!path || !access(path, R_OK))
        return 0;
    return error_set(error, errno, "%s=%.200s: %s", option, path, strerror(errno));
}

int http_new(const struct http_options *options, struct http **result, struct error *error)
{
    struct http *http = NULL;
    int status = check_file("cacert", options->cacert, error);

    if (!status)
        status = check_file("cert", options->cert, error);
    if (!status)
        status = check_file("key", options->key, error);
    if (status)
        return status;
    http = calloc(1, sizeof(*http));
    if (!http || copy_option(&http->settings.cacert, options->cacert) ||
        copy_option(&http->settings.cert, options->cert) ||
        copy_option(&http->settings.key, options->key)) {
        http_free(http);
        return error_set(error, ENOMEM, "no memory");
    }
    http->settings.sessions = easy_sessions();
    lanes_init(&http->lanes);
    http->most = descriptors_for(REQUESTS_MAX);
    http->loop = options->loop;
    http->settings.plain = !strcmp(options->endpoint->scheme, "http");
    http->direct = http->settings.plain && options->endpoint->loopback;
    snprintf(http->host, sizeof(http->host), "%s", options->endpoint->host);
    http->reloaded = when_monotonic();
    http->retries = options->retries;
    *result = http;
    return 0;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    (void)ALWAYS(!http->requests);
    timer_stop(&http->pump);
    curl_share_cleanup(http->settings.sessions);
    free(http->settings.cacert);
    free(http->settings.cert);
    free(http->settings.key);
    free(http);
}

int64_t http_now(const struct http *http)
{
    return when_now() + http->clock_offset;
}

void http_lock_out(struct http *http, int64_t ms, const struct error *error)
{
    gate_lock(&http->gate, error, when_monotonic() + ms);
}

/* Headers */

const char *http_header(const struct http_answer *answer, const char *name)
{
    struct curl_header *header;

    if (curl_easy_header(answer->easy, name, 0, CURLH_HEADER, -1, &header))
        return NULL;
    return curl_easy_header(answer->easy, name, header->amount - 1, CURLH_HEADER, -1, &header)
               ? NULL
               : header->value;
}

int http_add_header(struct http_headers *headers, const char *name, const char *value)
{
    struct buf line = BUF_INIT(strlen(name) + 2 + strlen(value));
    struct curl_slist *list;

    for (const char *c = value; *c; c++) {
        if (iscntrl((unsigned char)*c))
            return -EINVAL;
    }
    buf_reserve(&line, line.max); /* what grows leaves copies behind */
    buf_puts_all(&line, name, ": ", value);
    list = buf_error(&line) ? NULL : curl_slist_append(headers->list, line.data);
    OPENSSL_cleanse(line.data, line.size);
    buf_release(&line);
    if (!list)
        return -ENOMEM;
    headers->list = list;
    return 0;
}

/* A request's life: waiting, under way, perhaps resting and waiting again, until it ends. */

static void pump_requests(void *user);

static void pump_soon(struct http *http)
{
    if (http->lanes.waiting)
        timer_start(http->loop, &http->pump, 0, pump_requests, http);
}

void http_reload(struct http *http)
{
    gate_reset(&http->gate);
    http->reloaded = when_monotonic();
    pump_soon(http);
}

enum retry { AFTER_THROTTLED, AFTER_BROKEN, AFTER_CONNECTION };

static void count_retry(const struct http_request *request, enum retry retry)
{
    struct retries *retries = request->http->retries;

    if (!retries)
        return;
    retries->throttled += retry == AFTER_THROTTLED;
    retries->broken += retry == AFTER_BROKEN;
    retries->connection += retry == AFTER_CONNECTION;
}

/* Those of libcurl, when a connection that was kept turned out to be lost. */
static void count_retries_of_try(const struct http_request *request)
{
    for (unsigned i = 1; i < request->exchange.begun; i++)
        count_retry(request, AFTER_CONNECTION);
}

/* Ends the try under way, if there is one. */
static void end_try(struct http_request *request)
{
    transfer_stop(&request->transfer);
    gate_ended(&request->http->gate, &request->pass);
    if (request->easy) {
        count_retries_of_try(request);
        curl_easy_cleanup(request->easy);
        request->easy = request->exchange.easy = NULL;
    }
    headers_release(&request->headers);
    OPENSSL_cleanse(request->exchange.answer.data, request->exchange.answer.size);
    buf_release(&request->exchange.answer);
}

static void release_request(struct http_request *request)
{
    struct http *http = request->http;

    timer_stop(&request->timer);
    end_try(request);
    lanes_leave(&http->lanes, &request->place);
    http->requests--;
    if (request->body)
        OPENSSL_cleanse(request->body, request->order.body_size);
    free(request->body);
    free(request->method);
    free(request->url);
    free(request);
    pump_soon(http);
}

bool http_changes(const char *method)
{
    return strcmp(method, "GET") != 0;
}

/* A try has failed. What a proxy says in the service's place tells nothing of what it has done, nor
 * does a refusal tell what came of it when libcurl had sent it before. */
static void note_failed_try(struct http_request *request, enum http_verdict verdict)
{
    bool is_refusal = verdict != HTTP_BROKEN && *request->error.service_code;
    unsigned ends_known = is_refusal ? 1 : 0;

    if (http_changes(request->method) && easy_sent(&request->exchange) > ends_known)
        request->is_unknown = true;
}

bool http_was_sent(const struct http_request *request)
{
    return request && http_changes(request->method) &&
           (request->is_unknown || easy_sent(&request->exchange));
}

/* Tells the caller; the request may be cancelled no more. */
static void finish_request(struct http_request *request, const struct error *error,
                           const struct http_answer *answer)
{
    timer_stop(&request->timer);
    lanes_leave(&request->http->lanes, &request->place);
    request->error.is_unknown = request->is_unknown;
    request->order.done(request->order.user, error, answer);
    release_request(request);
}

static void wait_for_connection(struct http_request *request);

const struct error *http_trouble(const struct http_request *request)
{
    return request->error.code ? &request->error
                               : gate_reason(&request->http->gate, when_monotonic());
}

static void expire_request(void *user)
{
    struct http_request *request = user;
    const struct error *trouble = http_trouble(request);

    if (trouble)
        request->error = *trouble;
    else
        error_set(&request->error, ETIMEDOUT, "no answer from %s in time: too many requests wait",
                  request->http->host);
    finish_request(request, &request->error, NULL);
}

static void wake_request(void *user)
{
    wait_for_connection(user);
}

static int64_t request_time_left(const struct http_request *request)
{
    return request->order.deadline - when_monotonic();
}

static void wait_for_connection(struct http_request *request)
{
    struct http *http = request->http;
    int64_t left = request_time_left(request);

    lanes_wait(&http->lanes, &request->place, request->order.errand, when_monotonic());
    timer_start(http->loop, &request->timer, left > 0 ? left : 0, expire_request, request);
    pump_soon(http);
}

static uint32_t any_number(void)
{
    uint32_t number = 0;

    RAND_bytes((unsigned char *)&number, sizeof(number));
    return number;
}

/* What was not sent at all can be sent again in any case. */
static bool may_repeat(const struct http_request *request)
{
    return request->order.idempotent || !easy_sent(&request->exchange);
}

/* How long to pause before another try, or -1 when there is to be none. */
static int64_t pause_before_retry(const struct http_request *request, unsigned tries_max,
                                  int64_t asked)
{
    int64_t pause;

    if (!may_repeat(request) || request->tries >= tries_max)
        return -1;
    pause = retry_pause(request->tries, any_number());
    if (pause < asked)
        pause = asked;
    return pause < request_time_left(request) ? pause : -1;
}

static void rest_before_retry(struct http_request *request, int64_t pause)
{
    struct http *http = request->http;

    end_try(request);
    lanes_leave(&http->lanes, &request->place);
    timer_start(http->loop, &request->timer, pause, wake_request, request);
    pump_soon(http);
}

/* Answers */

/* Learns the service's clock; true when the try was made by another one. */
static bool learn_clock(struct http_request *request, const struct http_answer *answer)
{
    struct http *http = request->http;
    const char *date = http_header(answer, "Date");
    int64_t when = date ? date_parse(date) : WHEN_UNKNOWN;
    int64_t offset = when == WHEN_UNKNOWN ? 0 : when - when_now();

    if (when != WHEN_UNKNOWN && llabs(offset - http->clock_offset) > CLOCK_TOLERANCE_NS)
        http->clock_offset = llabs(offset) > CLOCK_TOLERANCE_NS ? offset : 0;
    return llabs(http->clock_offset - request->clock_offset) > CLOCK_TOLERANCE_NS;
}

/* libcurl sends a request again by itself when a connection that was kept turns out to be lost. */
static bool is_repeated(const struct http_request *request)
{
    return request->tries > 1 || easy_sent(&request->exchange) > 1;
}

/* The request has got no further than to a proxy that wants to know who it is for. */
static bool is_of_proxy(const struct http_answer *answer)
{
    return answer->status == 407;
}

static enum http_verdict judge_try(struct http_request *request, const struct http_answer *answer)
{
    request->error = (struct error){0};
    if (!is_of_proxy(answer))
        return request->order.judge(request->order.user, answer, &request->error);
    failure_proxy_asks(request->http->host, &request->error);
    return HTTP_FAILED;
}

/* Too many requests, or more than the service can bear: that is everybody's concern. */
static bool is_busy(const struct http_answer *answer)
{
    return answer->verdict == HTTP_THROTTLED ||
           (answer->verdict == HTTP_BROKEN && answer->status == 503);
}

static int64_t pause_asked_for(const struct http_request *request, const struct http_answer *answer)
{
    return retry_after(http_header(answer, "Retry-After"), http_now(request->http));
}

/* Whether the request waits for its turn again: all wait together, so not by a pause of its own. */
static bool wait_while_busy(struct http_request *request, const struct http_answer *answer)
{
    struct gate *gate = &request->http->gate;
    int64_t now = when_monotonic();
    int64_t asked = pause_asked_for(request, answer);
    bool may_hope = gate_throttled(gate, &request->pass, asked, any_number(), &request->error, now);
    int64_t left = request_time_left(request);

    if (!request->order.idempotent)
        return false;
    if (may_hope && request->tries < TRIES_MAX && asked < left && gate_pause(gate, now) < left) {
        count_retry(request, answer->verdict == HTTP_THROTTLED ? AFTER_THROTTLED : AFTER_BROKEN);
        end_try(request);
        wait_for_connection(request);
        return true;
    }
    gate_failed(gate, &request->pass, GATE_BUSY, &request->error, now);
    return false;
}

/* Tells the gate of an answer, and whether there will be another try. */
static bool go_on_after(struct http_request *request, const struct http_answer *answer)
{
    struct gate *gate = &request->http->gate;
    int64_t pause;

    request->is_busy = is_busy(answer);
    if (request->is_busy)
        return wait_while_busy(request, answer);
    if (answer->verdict == HTTP_REFUSED)
        gate_refused(gate, when_monotonic());
    else
        gate_answered(gate, &request->pass, when_monotonic());
    if (answer->verdict != HTTP_BROKEN)
        return false;
    pause = pause_before_retry(request, TRIES_MAX, pause_asked_for(request, answer));
    if (pause < 0)
        return false;
    count_retry(request, AFTER_BROKEN);
    rest_before_retry(request, pause);
    return true;
}

static void on_http_answer(struct http_request *request)
{
    struct http_answer answer = {.body = request->exchange.answer.data,
                                 .size = request->exchange.answer.size,
                                 .repeated = is_repeated(request),
                                 .easy = request->easy};
    long status = 0;

    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
    answer.status = (int)status;
    answer.clock_was_off = learn_clock(request, &answer);
    answer.verdict = judge_try(request, &answer);
    if (answer.verdict != HTTP_DONE && !is_of_proxy(&answer))
        note_failed_try(request, answer.verdict);
    if (!go_on_after(request, &answer))
        finish_request(request, answer.verdict == HTTP_DONE ? NULL : &request->error, &answer);
}

/* Whether a try ended because there was little time left. */
static bool is_cut_short(const struct http_request *request, CURLcode result)
{
    return result == CURLE_OPERATION_TIMEDOUT && when_monotonic() - request->pass.sent < SHORT_MS;
}

static struct failure describe_failure(struct http_request *request, CURLcode result)
{
    const struct error *trouble = is_cut_short(request, result) ? http_trouble(request) : NULL;
    struct error before = trouble ? *trouble : (struct error){0};
    struct failure failure = failure_describe(request->easy, result, request->http->host,
                                              request->exchange.detail, &request->error);

    if (trouble)
        request->error = before;
    if (buf_error(&request->exchange.answer) == -ENOMEM)
        error_set(&request->error, ENOMEM, "no memory for an answer");
    if (buf_error(&request->exchange.answer) == -EFBIG && request->order.is_bulk)
        request->error.code = EFBIG;
    return failure;
}

static bool has_heard(const struct http_request *request)
{
    return request->exchange.header_bytes || request->exchange.answer.size;
}

/* The request has failed for good, without an answer. */
static void blame_service(struct http_request *request, CURLcode result, struct failure failure)
{
    bool is_silent = result == CURLE_OPERATION_TIMEDOUT;
    bool is_lost = failure.unreachable || (failure.passing && request->order.idempotent);

    if ((is_silent || is_lost) && !has_heard(request))
        gate_failed(&request->http->gate, &request->pass,
                    is_silent ? GATE_SILENT : GATE_UNREACHABLE, &request->error, when_monotonic());
}

/* Whether another try may help. Who cannot reach a service that has never answered has maybe named
 * the wrong one, and learns so at once; and a probe that fails is not repeated. */
static bool may_pass(const struct gate *gate, struct failure failure)
{
    return failure.passing && !(failure.unreachable && !gate->answered) &&
           !gate_is_out(gate, when_monotonic());
}

static void on_failure(struct http_request *request, CURLcode result)
{
    struct failure failure = describe_failure(request, result);
    int64_t pause = -1;

    request->is_busy = false;
    note_failed_try(request, HTTP_BROKEN);
    if (may_pass(&request->http->gate, failure))
        pause = pause_before_retry(request, failure.unreachable ? CONNECT_TRIES_MAX : TRIES_MAX, 0);
    if (pause >= 0) {
        count_retry(request, AFTER_CONNECTION);
        rest_before_retry(request, pause);
        return;
    }
    blame_service(request, result, failure);
    finish_request(request, &request->error, NULL);
}

static void on_transfer(void *user, int result)
{
    struct http_request *request = user;

    if (result == CURLE_OK && !request->exchange.header_ended)
        result = CURLE_PARTIAL_FILE;
    if (result == CURLE_OK)
        on_http_answer(request);
    else
        on_failure(request, (CURLcode)result);
}

/* Sending */

/* A change is waited for to the end, for nobody knows what has become of one that is given up. */
static int64_t time_for_try(const struct http_request *request)
{
    int64_t left = request_time_left(request);

    if (!http_changes(request->method))
        left = gate_patience(&request->http->gate, &request->pass, left);
    return left > 0 ? left : 1;
}

static int begin_try(struct http_request *request)
{
    struct http *http = request->http;
    struct exchange *exchange = &request->exchange;
    int status;

    gate_sent(&http->gate, &request->pass, when_monotonic());
    request->clock_offset = http->clock_offset;
    status = request->order.prepare(request->order.user, &request->headers, &request->error);
    if (status)
        return status;
    if (request->body && http_add_header(&request->headers, "Expect", ""))
        return error_set(&request->error, ENOMEM, "no memory");
    *exchange = (struct exchange){.method = request->method,
                                  .url = request->url,
                                  .body = request->body,
                                  .body_size = request->order.body_size,
                                  .direct = http->direct,
                                  .fresh = !request->order.idempotent,
                                  .headers = request->headers.list,
                                  .timeout_ms = time_for_try(request),
                                  .max_idle_ms = when_monotonic() - http->reloaded};
    buf_init(&exchange->answer, ANSWER_MAX);
    request->easy = easy_new(&http->settings);
    if (!request->easy || easy_prepare(request->easy, exchange) ||
        transfer_start(http->loop, &request->transfer, request->easy, on_transfer, request))
        return error_set(&request->error, ENOMEM, "no memory");
    return 0;
}

static bool may_errand_go(const void *user, enum errand errand)
{
    const struct http *http = user;

    return gate_lets(&http->gate, errand, when_monotonic());
}

/* Who goes next, or NULL. */
static struct http_request *find_next(const struct http *http)
{
    unsigned most = gate_width(&http->gate, http->most, when_monotonic());

    return request_at(lanes_next(&http->lanes, most, may_errand_go, http));
}

static void start_waiting(struct http *http)
{
    struct http_request *request;

    while ((request = find_next(http))) {
        timer_stop(&request->timer);
        lanes_go(&http->lanes, &request->place);
        request->tries++;
        if (begin_try(request))
            finish_request(request, &request->error, NULL);
    }
}

/* The next that need not wait, with its error. */
static struct http_request *find_refused(const struct http *http)
{
    int64_t now = when_monotonic();
    struct lane_place *place = NULL;

    if (!gate_refuses(&http->gate, now))
        return NULL;
    while ((place = lanes_after(&http->lanes, place))) {
        struct http_request *request = request_at(place);
        const struct error *reason =
            gate_error(&http->gate, place->errand, request->order.deadline, now);

        if (reason) {
            request->error = *reason;
            return request;
        }
    }
    return NULL;
}

/* After how many ms those that wait may go, or need not wait, though nothing happens; or -1. */
static int64_t time_to_look(const struct http *http)
{
    int64_t now = when_monotonic();
    int64_t soonest = -1;

    for (enum errand errand = 0; errand < ERRANDS; errand++) {
        int64_t wait = gate_wait(&http->gate, errand, now);

        if (lanes_has(&http->lanes, errand) && wait >= 0 && (soonest < 0 || wait < soonest))
            soonest = wait;
    }
    return soonest;
}

/* Lets those that wait go, as many as may, and tells the others when there is no use in waiting. */
static void pump_requests(void *user)
{
    struct http *http = user;
    struct http_request *request;
    int64_t wait;

    start_waiting(http);
    while ((request = find_refused(http))) {
        finish_request(request, &request->error, NULL);
        /* Who was told may ask for something else at once. */
        start_waiting(http);
    }
    wait = time_to_look(http);
    if (wait >= 0)
        timer_start(http->loop, &http->pump, wait, pump_requests, http);
}

static int copy_texts(struct http_request *request, const struct http_order *order)
{
    if (copy_option(&request->method, order->method) || copy_option(&request->url, order->url))
        return -ENOMEM;
    if (!order->body)
        return 0;
    request->body = malloc(order->body_size + 1);
    if (!request->body)
        return -ENOMEM;
    memcpy(request->body, order->body, order->body_size);
    request->body[order->body_size] = '\0';
    return 0;
}

/* Most have the mount's timeout; one with less than half of that has little. */
static void begin_pass(struct http_request *request, int64_t deadline)
{
    struct http *http = request->http;
    int64_t now = when_monotonic();
    int64_t patience = deadline - now;

    if (patience > http->longest_patience)
        http->longest_patience = patience;
    request->pass = (struct gate_pass){.errand = request->order.errand,
                                       .began = now,
                                       .is_short = patience < http->longest_patience / 2};
}

struct http_request *http_start(struct http *http, const struct http_order *order)
{
    struct http_request *request = calloc(1, sizeof(*request));

    if (!request)
        return NULL;
    request->http = http;
    request->order = *order;
    http->requests++;
    begin_pass(request, order->deadline);
    buf_init(&request->exchange.answer, ANSWER_MAX);
    if (copy_texts(request, order)) {
        release_request(request);
        return NULL;
    }
    wait_for_connection(request);
    return request;
}

void http_cancel(struct http_request *request)
{
    if (request)
        release_request(request);
}

void http_abandon(struct http_request *request)
{
    struct gate *gate = &request->http->gate;
    int64_t now = when_monotonic();
    struct error error;

    error_set(&error, ETIMEDOUT, "%s did not answer in time", request->http->host);
    if (request->is_busy)
        gate_failed(gate, &request->pass, GATE_BUSY, &request->error, now);
    else if (request->easy && !has_heard(request))
        gate_failed(gate, &request->pass, GATE_SILENT, &error, now);
    release_request(request);
}

int http_status_errno(int status)
{
    static const struct {
        int status;
        int code;
    } codes[] = {{400, EINVAL}, {401, EACCES}, {403, EACCES}, {404, EBADMSG},   {405, EOPNOTSUPP},
                 {407, EACCES}, {408, EIO},    {409, EBUSY},  {410, EBADMSG},   {413, EINVAL},
                 {414, EINVAL}, {429, EBUSY},  {441, EACCES}, {501, EOPNOTSUPP}};

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i].status == status)
            return codes[i].code;
    }
    if (status >= 500 && status < 600)
        return EIO;
    return status >= 400 && status < 500 ? EINVAL : EBADMSG;
}
