/*
 * What a service, or a proxy in front of it, answers: any bytes, through libcurl and the client of
 * api/http. The input is what the answers have in common with the request, and the answers, one
 * after the other with a \1 between them; each connection gets one and is closed, and the last ones
 * get nothing. Time goes on as the client waits.
 *
 * A request is done once, until its deadline, and no try begins before the pause that was asked
 * for. What is judged is an answer that came as a whole, and no error tells a secret.
 */
#include "fuzz.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include "api/http/endpoint.h"
#include "api/http/http.h"
#include "api/http/retry.h"
#include "base/when.h"
#include "tests/simulate/now.h"

#define SECRET      "topSecret"
#define URL         "http://127.0.0.1:9/v1?token=" SECRET
#define DEADLINE_MS 30000
#define TRIES_MAX   10
#define PAUSE_MAX   60000 /* that all keep because one was asked for it */

int __wrap_RAND_bytes(unsigned char *bytes, int count);

int __wrap_RAND_bytes(unsigned char *bytes, int count)
{
    memset(bytes, 0x5a, (size_t)count);
    return 1;
}

/* libcurl, whose sockets are pairs: what it reads is there when it opens one */

static unsigned under_way;

CURLMcode __real_curl_multi_add_handle(CURLM *multi, CURL *easy);
CURLMcode __wrap_curl_multi_add_handle(CURLM *multi, CURL *easy);
CURLMcode __real_curl_multi_remove_handle(CURLM *multi, CURL *easy);
CURLMcode __wrap_curl_multi_remove_handle(CURLM *multi, CURL *easy);
int __real_epoll_wait(int epoll, struct epoll_event *events, int most, int ms);
int __wrap_epoll_wait(int epoll, struct epoll_event *events, int most, int ms);
CURL *__real_curl_easy_init(void);
CURL *__wrap_curl_easy_init(void);

CURLMcode __wrap_curl_multi_add_handle(CURLM *multi, CURL *easy)
{
    under_way++;
    return __real_curl_multi_add_handle(multi, easy);
}

CURLMcode __wrap_curl_multi_remove_handle(CURLM *multi, CURL *easy)
{
    under_way--;
    return __real_curl_multi_remove_handle(multi, easy);
}

int __wrap_epoll_wait(int epoll, struct epoll_event *events, int most, int ms)
{
    int ready = __real_epoll_wait(epoll, events, most, 0);

    if (!under_way)
        now_set(now_ms() + ms);
    return ready;
}

static struct {
    const char *next; /* answers that are left */
    size_t left;
    const char *answer; /* the one that was given last */
    size_t size;
    int peer; /* the other end of the last connection, or -1 */
    unsigned connections;
} server = {.peer = -1};

static void take_answer(void)
{
    const char *end = server.left ? memchr(server.next, '\1', server.left) : NULL;

    server.answer = server.next;
    server.size = end ? (size_t)(end - server.next) : server.left;
    server.next += end ? server.size + 1 : server.size;
    server.left -= end ? server.size + 1 : server.size;
}

static curl_socket_t on_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    int pair[2];

    (void)user;
    (void)purpose;
    (void)address;
    if (server.peer >= 0)
        close(server.peer);
    take_answer();
    server.connections++;
    CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair));
    server.peer = pair[1];
    CHECK(write(server.peer, server.answer, server.size) == (ssize_t)server.size);
    CHECK(!shutdown(server.peer, SHUT_WR));
    return pair[0];
}

/* libcurl's: pairs are connected. It asks no socket option that says so (7.88.1). */
__attribute__((visibility("default"))) int connect(int fd, const struct sockaddr *address,
                                                   socklen_t size);

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
    (void)fd;
    (void)address;
    (void)size;
    return 0;
}

CURL *__wrap_curl_easy_init(void)
{
    CURL *easy = __real_curl_easy_init();

    CHECK(easy);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    return easy;
}

/* What an answer is to be read as, where it is of a plain form. */

struct reading {
    enum { ANY, WHOLE, BROKEN_OFF } what; /* ANY: its form is not plain */
    int status;
    char body[4096];
    size_t size;
};

/* The value of a header line of that name, or NULL. */
static const char *value_of(const char *line, const char *name)
{
    size_t length = strlen(name);

    if (strncasecmp(line, name, length) != 0 || line[length] != ':')
        return NULL;
    line += length + 1;
    return line + strspn(line, " ");
}

static bool is_printable(const char *text)
{
    while (isprint((unsigned char)*text))
        text++;
    return !*text;
}

static bool is_plain_line(const char *line)
{
    size_t name = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-");

    return name && line[name] == ':' && is_printable(line);
}

static bool is_plain_status(const char *line)
{
    return strlen(line) >= 13 && !memcmp(line, "HTTP/1.1 ", 9) && line[12] == ' ' &&
           is_printable(line);
}

/* The next line that ends in CR LF, or NULL; the text goes on behind it. */
static char *take_line(char **text)
{
    char *line = *text;
    char *end = strstr(line, "\r\n");

    if (!end)
        return NULL;
    *end = '\0';
    *text = end + 2;
    return line;
}

/* A number of few digits; -1 for anything else. */
static long read_number(const char *text, int base)
{
    size_t digits = strspn(text, base == 16 ? "0123456789abcdefABCDEF" : "0123456789");

    return digits && digits < 5 && !text[digits] ? strtol(text, NULL, base) : -1;
}

static void add_body(struct reading *reading, const char *data, size_t size)
{
    if (reading->size + size > sizeof(reading->body)) {
        reading->what = ANY;
        return;
    }
    memcpy(reading->body + reading->size, data, size);
    reading->size += size;
}

/* Chunks up to an empty one without a trailer. It is broken off where more of a size, or of a
 * chunk, was to come. */
static void read_chunks(struct reading *reading, char *rest, const char *end)
{
    long size = 1;

    reading->what = WHOLE;
    while (size && reading->what == WHOLE) {
        bool is_cut = strspn(rest, "0123456789abcdefABCDEF") == (size_t)(end - rest);
        const char *line = take_line(&rest);

        size = line ? read_number(line, 16) : -1;
        if (is_cut || (size > 0 && end - rest < size))
            reading->what = BROKEN_OFF;
        else if (size < 0 || end - rest < size + 2 || memcmp(rest + size, "\r\n", 2) != 0)
            reading->what = ANY;
        else
            add_body(reading, rest, (size_t)size);
        rest += size + 2;
    }
}

static void read_sized(struct reading *reading, const char *rest, const char *end, long size)
{
    reading->what = end - rest < size ? BROKEN_OFF : WHOLE;
    if (reading->what == WHOLE)
        add_body(reading, rest, (size_t)size);
}

/* The status line, and headers that say once how long the body is. */
static void read_answer(struct reading *reading, char *text, size_t size)
{
    const char *end = text + size;
    const char *line = take_line(&text);
    unsigned ways = 0;
    bool is_chunked = false;
    long length = -1;

    reading->what = ANY;
    reading->size = 0;
    if (!line || !is_plain_status(line))
        return;
    reading->status = (int)strtol(line + 9, NULL, 10);
    while ((line = take_line(&text)) && *line) {
        const char *value = value_of(line, "Content-Length");
        const char *coding = value_of(line, "Transfer-Encoding");

        if (!is_plain_line(line))
            return;
        ways += value || coding;
        length = value ? read_number(value, 10) : length;
        is_chunked |= coding && !strcasecmp(coding, "chunked");
    }
    if (!line || ways != 1 || reading->status < 200 || reading->status > 599 ||
        reading->status == 204 || reading->status == 304)
        return;
    if (is_chunked)
        read_chunks(reading, text, end);
    else if (length >= 0)
        read_sized(reading, text, end, length);
}

/* The request */

static struct {
    struct loop *loop;
    struct http *http;
    unsigned tries;
    unsigned done;
    int64_t not_before;
    enum http_verdict verdict; /* of the last answer that was judged */
    bool is_judged;
} client;

static int prepare(void *user, struct http_headers *headers, struct error *error)
{
    (void)user;
    (void)error;
    CHECK(now_ms() >= client.not_before);
    client.tries++;
    client.is_judged = false;
    return http_add_header(headers, "X-Auth-Token", SECRET);
}

static enum http_verdict verdict_of(int status)
{
    if (status == 200)
        return HTTP_DONE;
    if (status == 401)
        return HTTP_REFUSED;
    return status == 429 ? HTTP_THROTTLED : status >= 500 ? HTTP_BROKEN : HTTP_FAILED;
}

/* Nothing is judged but what came as a whole. */
static void check_answer(const struct http_answer *answer)
{
    static struct reading reading;
    char *text = text_of((const uint8_t *)server.answer, server.size);

    read_answer(&reading, text, server.size);
    CHECK(answer->size <= server.size && !answer->body[answer->size]);
    CHECK(reading.what != BROKEN_OFF);
    if (reading.what == WHOLE) {
        CHECK(answer->status == reading.status && answer->size == reading.size);
        CHECK(!memcmp(answer->body, reading.body, reading.size));
    }
    free(text);
}

static enum http_verdict judge(void *user, const struct http_answer *answer, struct error *error)
{
    const char *header = http_header(answer, "Retry-After");
    int64_t asked = retry_after(header, http_now(client.http));

    (void)user;
    check_answer(answer);
    CHECK(asked >= 0 && asked <= 86400000);
    client.is_judged = true;
    client.verdict = verdict_of(answer->status);
    if (client.verdict != HTTP_DONE)
        error_set(error, EIO, "HTTP %d", answer->status);
    if (client.verdict == HTTP_THROTTLED || client.verdict == HTTP_BROKEN)
        client.not_before = now_ms() + (asked < PAUSE_MAX ? asked : PAUSE_MAX);
    return client.verdict;
}

static void on_done(void *user, const struct error *error, const struct http_answer *answer)
{
    bool is_good = client.is_judged && client.verdict == HTTP_DONE;

    (void)user;
    client.done++;
    CHECK(is_good == !error && (!is_good || answer->status == 200));
    CHECK(!error || (error->code > 0 && *error->message));
    CHECK(!error || !strstr(error->message, SECRET));
    loop_stop(client.loop);
}

/* What a request may be. */
static const struct {
    const char *method;
    const char *body;
    bool idempotent;
} kinds[] = {{"GET", NULL, true}, {"PUT", "{}", true}, {"POST", "{}", false}};

static void ask(unsigned kind)
{
    struct http_order order = {.method = kinds[kind].method,
                               .url = URL,
                               .body = kinds[kind].body,
                               .body_size = kinds[kind].body ? strlen(kinds[kind].body) : 0,
                               .idempotent = kinds[kind].idempotent,
                               .deadline = when_monotonic() + DEADLINE_MS,
                               .prepare = prepare,
                               .judge = judge,
                               .done = on_done};
    int64_t began = now_ms();

    client.tries = client.done = 0;
    client.not_before = 0;
    CHECK(http_start(client.http, &order) && !client.done);
    loop_run(client.loop);
    CHECK(client.done == 1 && now_ms() - began <= DEADLINE_MS);
    CHECK(client.tries <= (kinds[kind].idempotent ? TRIES_MAX : 1));
    CHECK(server.connections <= client.tries);
}

/* The values of headers, and the address that a user gives. */
static void check_values(const char *text)
{
    struct endpoint endpoint;
    struct error error;
    int64_t asked = retry_after(text, when_now());
    int64_t date = date_parse(text);

    CHECK(asked >= 0 && asked <= 86400000);
    CHECK(date == WHEN_UNKNOWN || (date > 0 && date <= 7258118400 * INT64_C(1000000000)));
    if (endpoint_parse(text, &endpoint, &error)) {
        CHECK(error.code == EINVAL && *error.message);
        return;
    }
    CHECK(!strcmp(endpoint.scheme, "http") || !strcmp(endpoint.scheme, "https"));
    CHECK(*endpoint.name && !strncmp(endpoint.host, endpoint.name, strlen(endpoint.name)));
    CHECK(*endpoint.path == '/' && !strpbrk(endpoint.path, "?# \r\n"));
    CHECK(!strpbrk(endpoint.host, "@/?# \r\n"));
}

static void open_client(void)
{
    static const struct endpoint endpoint = {
        .scheme = "http", .host = "127.0.0.1:9", .loopback = true};
    struct http_options options = {.endpoint = &endpoint};
    struct error error;

    now_set(0);
    client.loop = options.loop = loop_new();
    CHECK(client.loop && !http_new(&options, &client.http, &error));
}

static void close_client(void)
{
    http_free(client.http);
    loop_free(client.loop);
    if (server.peer >= 0)
        close(server.peer);
    server.peer = -1;
    CHECK(!under_way);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;

    if (!size)
        return 0;
    text = text_of(data + 1, size - 1);
    check_values(text);
    server.next = text;
    server.left = size - 1;
    server.connections = 0;
    open_client();
    ask(*data % 3);
    close_client();
    free(text);
    return 0;
}
