#include "api/dis/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* DIS's codes ("DIS.4332"), as the API reference, older editions of it and the official SDKs know
 * them. Codes that only other parts of DIS give are there so that none is a bare EINVAL. */
static const struct {
    int first;
    int last;
    int code;
    enum http_verdict verdict;
} codes[] = {
    {4100, 4115, EACCES, HTTP_REFUSED},  /* authentication, with HTTP 441 */
    {4116, 4116, EACCES, HTTP_FAILED},   /* not allowed */
    {4117, 4117, EACCES, HTTP_FAILED},   /* project id wrong, or another's */
    {4205, 4205, EBUSY, HTTP_FAILED},    /* stream is not running */
    {4224, 4224, ERANGE, HTTP_FAILED},   /* sequence number out of range */
    {4226, 4226, ERANGE, HTTP_FAILED},   /* record has expired */
    {4301, 4302, ENOENT, HTTP_FAILED},   /* stream, partition */
    {4303, 4303, EBUSY, HTTP_THROTTLED}, /* traffic control */
    {4305, 4305, EBUSY, HTTP_THROTTLED}, /* too many requests at once */
    {4306, 4306, ENOENT, HTTP_FAILED},   /* bucket */
    {4307, 4307, EEXIST, HTTP_FAILED},   /* stream */
    {4308, 4308, EDQUOT, HTTP_FAILED},   /* quota */
    {4309, 4309, EBUSY, HTTP_FAILED},    /* locked out after failures */
    {4310, 4310, EIO, HTTP_FAILED},      /* object storage */
    {4319, 4319, ENOENT, HTTP_FAILED},   /* partition has expired */
    {4329, 4329, EDQUOT, HTTP_FAILED},   /* apps */
    {4330, 4330, EEXIST, HTTP_FAILED},   /* app */
    {4331, 4331, EBUSY, HTTP_FAILED},    /* app in use */
    {4332, 4332, ENOENT, HTTP_FAILED},   /* app */
    {4337, 4338, ENOENT, HTTP_FAILED},   /* database, table */
    {4339, 4339, EDQUOT, HTTP_FAILED},   /* consumers */
    {4341, 4343, ENOENT, HTTP_FAILED},   /* cluster, table, table family */
    {4354, 4354, ENOENT, HTTP_FAILED},   /* transfer task */
    {4355, 4355, EEXIST, HTTP_FAILED},   /* transfer task */
    {4357, 4357, EDQUOT, HTTP_FAILED},   /* transfer tasks */
    {4375, 4375, ENOENT, HTTP_FAILED},   /* no checkpoint */
    {4601, 4601, EDQUOT, HTTP_FAILED},   /* tags */
    {4603, 4604, ENOENT, HTTP_FAILED},   /* resource, key */
    {4605, 4605, EOPNOTSUPP, HTTP_FAILED},
    {4701, 4701, EBUSY, HTTP_FAILED},  /* consumers are being rebalanced */
    {4702, 4702, ENOENT, HTTP_FAILED}, /* consumer */
    {4703, 4703, EBUSY, HTTP_FAILED},  /* generation of consumers */
    {4000, 4999, EINVAL, HTTP_FAILED}, /* all others are about the request */
    {5000, 5999, EIO, HTTP_BROKEN},    /* system errors */
};

#define CODES (sizeof(codes) / sizeof(codes[0]))

static int dis_code_number(const char *service_code)
{
    return strncmp(service_code, "DIS.", 4) ? 0 : (int)strtol(service_code + 4, NULL, 10);
}

/* What the user may not do, or not in this project: the credentials themselves are good. */
static bool is_of_rights(int number)
{
    return number == 4116 || number == 4117;
}

/* A refusal stays one, and a failure of the service too, whatever their body says; but with a code
 * of rights no credentials are refused, whatever the status says. A code with a status that refuses
 * nothing is none of DIS. */
static enum http_verdict dis_judge_code(int status, struct error *error)
{
    int number = dis_code_number(error->service_code);
    enum http_verdict verdict =
        status < 500 && is_of_rights(number) ? HTTP_FAILED : refusal_judge_status(status);

    error->code = http_status_errno(status);
    if (verdict != HTTP_FAILED || status < 400)
        return verdict;
    for (size_t i = 0; i < CODES; i++) {
        if (number < codes[i].first || number > codes[i].last)
            continue;
        error->code = codes[i].code;
        return codes[i].verdict;
    }
    return verdict;
}

enum http_verdict dis_judge(const struct http_answer *answer, int success,
                            const struct secrets *secrets, struct error *error)
{
    /* Which header has DIS's request id is not documented; the gateway's is the first. */
    static const char *const id_headers[] = {"X-Request-Id", "X-Dis-Request-Id", NULL};
    enum http_verdict verdict;

    if (answer->status == success && !refusal_is_told(answer))
        return HTTP_DONE;
    if (refusal_read(answer, secrets, id_headers, error))
        return HTTP_FAILED;
    verdict = dis_judge_code(answer->status, error);
    refusal_complete(error);
    return verdict;
}

bool dis_is_without_stream(const struct error *error)
{
    return error->code == ENOENT && dis_code_number(error->service_code) == 4301;
}

bool dis_is_not_permitted(const struct error *error)
{
    return error->code == EACCES && dis_code_number(error->service_code) == 4116;
}

bool dis_is_lock_out(const struct error *error)
{
    return dis_code_number(error->service_code) == 4309;
}

bool dis_is_without_checkpoint(const struct error *error)
{
    return error->code == ENOENT && dis_code_number(error->service_code) == 4375;
}

bool dis_is_without_partition(const struct error *error)
{
    int number = dis_code_number(error->service_code);

    return error->code == ENOENT && (number == 4302 || number == 4319);
}

bool dis_is_cursor_refused(const struct error *error)
{
    int number = dis_code_number(error->service_code);

    return (error->code == EINVAL || error->code == ERANGE) &&
           (number == 4217 || number == 4225 || number == 4226);
}

bool dis_is_too_old(const struct error *error)
{
    return dis_code_number(error->service_code) == 4300 && strstr(error->message, "expired");
}
