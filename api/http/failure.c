#include "api/http/failure.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PASSING     1U
#define UNREACHABLE 2U
#define COMPLETE    4U /* libcurl's own text adds nothing */

/* What libcurl's codes do not tell apart; newer versions have codes above its CURL_LAST. */
enum {
    TOO_LARGE = 100, /* CURLE_TOO_LARGE, from 8.6 on */
    LOST_AT_CONNECT = 1000,
    LOST_IN_HANDSHAKE,
    NO_DESCRIPTOR,
    PROXY_ASKS,
    PROXY_REFUSES,
    BAD_CHUNK,
    LARGE_HEADER
};

static const struct {
    int result; /* a CURLcode, or one of the above */
    int code;
    unsigned flags;
    const char *before; /* the host in a sentence */
    const char *after;
} failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST, EHOSTUNREACH, PASSING | UNREACHABLE | COMPLETE, "the name ",
     " does not resolve"},
    {CURLE_COULDNT_RESOLVE_PROXY, EHOSTUNREACH, PASSING | UNREACHABLE,
     "the proxy's name does not resolve, on the way to ", ""},
    {CURLE_COULDNT_CONNECT, ECONNREFUSED, PASSING | UNREACHABLE, "cannot connect to ", ""},
    {LOST_AT_CONNECT, ECONNRESET, PASSING | COMPLETE, "", " closed the connection at once"},
    {CURLE_PROXY, ECONNREFUSED, PASSING | UNREACHABLE, "the proxy does not connect to ", ""},
    {PROXY_REFUSES, ECONNREFUSED, PASSING | UNREACHABLE, "the proxy does not connect to ", ""},
    {PROXY_ASKS, EACCES, UNREACHABLE | COMPLETE, "the proxy on the way to ",
     " wants a user name and a password"},
    {NO_DESCRIPTOR, EMFILE, PASSING | COMPLETE, "no descriptor is left to connect to ",
     " (see ulimit -n)"},
    {CURLE_OPERATION_TIMEDOUT, ETIMEDOUT, PASSING, "", " did not answer in time"},
    {CURLE_PEER_FAILED_VERIFICATION, EPROTO, UNREACHABLE, "the certificate of ",
     " is not trusted (see -o cacert)"},
    {CURLE_SSL_CONNECT_ERROR, EPROTO, UNREACHABLE, "no TLS with ", ""},
    {LOST_IN_HANDSHAKE, ECONNRESET, PASSING | COMPLETE, "",
     " closed the connection during the TLS handshake"},
    {CURLE_SSL_CIPHER, EPROTO, UNREACHABLE, "no common cipher with ", ""},
    {CURLE_SSL_CERTPROBLEM, EPROTO, UNREACHABLE, "the client certificate for ",
     " cannot be used (see -o cert, key)"},
    {CURLE_SSL_CACERT_BADFILE, EPROTO, UNREACHABLE, "the file of trusted certificates for ",
     " cannot be read (see -o cacert)"},
    {CURLE_SSL_ISSUER_ERROR, EPROTO, UNREACHABLE, "the certificate of ", " is not trusted"},
    {CURLE_SEND_ERROR, ECONNRESET, PASSING, "", " closed the connection"},
    {CURLE_RECV_ERROR, ECONNRESET, PASSING, "", " closed the connection"},
    {CURLE_GOT_NOTHING, ECONNRESET, PASSING | COMPLETE, "",
     " closed the connection without an answer"},
    {CURLE_PARTIAL_FILE, ECONNRESET, PASSING, "", " closed the connection within an answer"},
    {CURLE_HTTP2, ECONNRESET, PASSING, "the HTTP/2 connection to ", " failed"},
    {CURLE_HTTP2_STREAM, ECONNRESET, PASSING, "the HTTP/2 stream to ", " failed"},
    {CURLE_WRITE_ERROR, EBADMSG, COMPLETE, "the answer of ", " is larger than this program takes"},
    {LARGE_HEADER, EBADMSG, COMPLETE, "the header of the answer of ",
     " is larger than this program takes, or than it has memory for"},
    {BAD_CHUNK, EBADMSG, 0, "what ", " answers is no HTTP"},
    {CURLE_WEIRD_SERVER_REPLY, EBADMSG, 0, "what ", " answers is no HTTP"},
    {CURLE_UNSUPPORTED_PROTOCOL, EBADMSG, 0, "what ", " answers is no HTTP that is understood"},
    {CURLE_OUT_OF_MEMORY, ENOMEM, 0, "no memory to talk to ", ""},
};

#define FAILURES (sizeof(failures) / sizeof(failures[0]))

/* What connect(2) said. */
static int system_error(CURL *easy)
{
    long system = 0;

    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &system);
    return (int)system;
}

/* That goes before the table, where the contract has an errno for it. */
static int code_of(CURL *easy, CURLcode result, int code)
{
    int system = system_error(easy);

    if (result != CURLE_COULDNT_CONNECT || code != ECONNREFUSED)
        return code;
    return system == ENETUNREACH || system == EHOSTUNREACH || system == ETIMEDOUT ? system : code;
}

static bool has_one_of(const char *text, const char *const *parts)
{
    for (; *parts; parts++) {
        if (strstr(text, *parts))
            return true;
    }
    return false;
}

/*
 * Whether a connection was lost during a TLS handshake, rather than that the other side speaks none
 * that we take: libcurl has one code for both, so its text must tell. Seen of 7.88.1 with OpenSSL
 * 3.0.19, with HTTP/1.1 and HTTP/2 alike:
 *
 *   reset                "Recv failure: " and the system's words, in the user's language
 *   closed               "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to HOST:PORT"
 *   closed by an alert   the same with SSL_ERROR_ZERO_RETURN
 *   reset at once        "getpeername() failed with errno 107: ", which stays its only words
 *   all else             "OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number"
 *
 * OpenSSL 3 also has an "error:0A000126:SSL routines::unexpected eof while reading", which newer
 * versions of libcurl pass on when it was closed, and "error:00000000:lib(0)::reason(0)" when it
 * was closed by an alert, which is no error to OpenSSL (8.14.1 with 3.5). OpenSSL's words are in no
 * other language. The system's errno does not tell: libcurl keeps an old one with a handle that is
 * used again.
 */
static bool is_lost_in_handshake(const char *detail)
{
    static const char *const signs[] = {
        "Recv failure:",         "Send failure:",        "SSL_ERROR_SYSCALL",
        "SSL_ERROR_ZERO_RETURN", "getpeername() failed", NULL};

    if (strstr(detail, "error:"))
        return strstr(detail, "unexpected eof") || strstr(detail, "error:00000000:");
    return has_one_of(detail, signs);
}

/*
 * Whether the process has no descriptors left: libcurl says that it could not connect, does not
 * know the host, or cannot read the trusted certificates. As it has closed what it had by then,
 * more must be free than the one that it lacked.
 */
static bool lacks_descriptors(CURLcode result)
{
    int spare[3];
    int got = 0;
    bool lacks = false;

    if (result != CURLE_COULDNT_CONNECT && result != CURLE_COULDNT_RESOLVE_HOST &&
        result != CURLE_SSL_CACERT_BADFILE)
        return false;
    while (got < 3 && (spare[got] = open("/", O_PATH | O_CLOEXEC)) >= 0)
        got++;
    lacks = got < 3 && (errno == EMFILE || errno == ENFILE);
    while (got)
        close(spare[--got]);
    return lacks;
}

/* What a proxy has answered to CONNECT, which libcurl calls an error in receiving; 0 for success
 * and for none. */
static long proxy_refusal(CURL *easy)
{
    long status = 0;

    curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return status >= 300 ? status : 0;
}

/* Errors in receiving that are errors in what was received, which another try does not change. */
static int tell_received_apart(CURL *easy, const char *detail)
{
    static const char *const chunk[] = {"chunked-encoding", "chunk hex-length", NULL};
    long refusal = proxy_refusal(easy);

    if (refusal)
        return refusal == 407 ? PROXY_ASKS : PROXY_REFUSES;
    if (strstr(detail, "Too large response headers"))
        return LARGE_HEADER;
    return has_one_of(detail, chunk) ? BAD_CHUNK : CURLE_RECV_ERROR;
}

/* libcurl has no memory for a line that is longer than it takes, before 8.6. */
static bool has_begun_to_answer(CURL *easy)
{
    curl_off_t begun = 0;

    curl_easy_getinfo(easy, CURLINFO_STARTTRANSFER_TIME_T, &begun);
    return begun > 0;
}

/* What a code means, as the table has it. */
static int tell_apart(CURL *easy, CURLcode result, const char *detail)
{
    if (lacks_descriptors(result))
        return NO_DESCRIPTOR;
    if (result == CURLE_COULDNT_CONNECT && system_error(easy) == ECONNRESET)
        return LOST_AT_CONNECT;
    if (result == CURLE_SSL_CONNECT_ERROR && is_lost_in_handshake(detail))
        return LOST_IN_HANDSHAKE;
    if ((int)result == TOO_LARGE || (result == CURLE_OUT_OF_MEMORY && has_begun_to_answer(easy)))
        return LARGE_HEADER;
    return result == CURLE_RECV_ERROR ? tell_received_apart(easy, detail) : (int)result;
}

static bool has_connected(CURL *easy)
{
    curl_off_t connected = 0;

    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
    return connected > 0;
}

static size_t row_of(int meaning)
{
    size_t i = 0;

    while (i < FAILURES && failures[i].result != meaning)
        i++;
    return i;
}

static void tell_failure(size_t row, int code, const char *host, const char *detail,
                         struct error *error)
{
    if (failures[row].flags & COMPLETE)
        detail = "";
    error_set(error, code, "%s%.100s%s%s%.150s", failures[row].before, host, failures[row].after,
              *detail ? ": " : "", detail);
}

struct failure failure_describe(CURL *easy, CURLcode result, const char *host, const char *detail,
                                struct error *error)
{
    size_t i = row_of(tell_apart(easy, result, detail));
    bool unreachable = result == CURLE_OPERATION_TIMEDOUT && !has_connected(easy);

    /* libcurl quotes the address of a proxy, which may hold a password. */
    if (strstr(detail, "://") || strstr(detail, "proxy"))
        detail = "";
    if (i == FAILURES) {
        error_set(error, EIO, "the transfer with %.100s failed: %.200s", host,
                  *detail ? detail : curl_easy_strerror(result));
        return (struct failure){0};
    }
    tell_failure(i, code_of(easy, result, failures[i].code), host, detail, error);
    return (struct failure){.passing = failures[i].flags & PASSING,
                            .unreachable = unreachable || (failures[i].flags & UNREACHABLE)};
}

void failure_proxy_asks(const char *host, struct error *error)
{
    size_t row = row_of(PROXY_ASKS);

    tell_failure(row, failures[row].code, host, "", error);
    error->http_status = 407;
}
