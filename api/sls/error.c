#include "api/sls/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What to do. */
static const char no_consumer[] = "the consumer of -o consumer= must be running in this group; "
                                  "mount without it to commit all the same";
static const char other_consumer[] =
    "another consumer than that of -o consumer= holds the partition; stop it, or mount without "
    "consumer= to commit all the same";
static const char full[] = "rmdir apps/GROUP/LOGSTORE removes a group that is not needed";

/* Codes of the documentation of today, of older editions, and of the official SDKs. What follows a
 * dot in a code ("InvalidAccessKeyId.NotFound") only refines it. */
static const struct known {
    const char *word;
    int code;
    enum http_verdict verdict;
    const char *advice; /* NULL when the service's sentence is enough */
} words[] = {
    {"SignatureNotMatch", EACCES, HTTP_REFUSED, NULL},
    {"Unauthorized", EACCES, HTTP_REFUSED, NULL},
    {"InvalidAccessKeyId", EACCES, HTTP_REFUSED, NULL},
    {"SecurityToken", EACCES, HTTP_REFUSED, NULL},
    {"SecurityTokenExpired", EACCES, HTTP_REFUSED, NULL},
    {"RequestTimeExpired", EACCES, HTTP_REFUSED, NULL},
    {"RequestTimeTooSkewed", EACCES, HTTP_REFUSED, NULL},
    {"ProjectForbidden", EACCES, HTTP_FAILED, NULL},

    {"ProjectNotExist", ENOENT, HTTP_FAILED, NULL},
    {"ProjectNotExists", ENOENT, HTTP_FAILED, NULL},
    {"LogStoreNotExist", ENOENT, HTTP_FAILED, NULL},
    {"LogStoreWithoutShard", ENOENT, HTTP_FAILED, NULL},
    {"ConsumerGroupNotExist", ENOENT, HTTP_FAILED, NULL},
    {"ConsumerGroupNotExsit", ENOENT, HTTP_FAILED, NULL},
    {"ShardNotExist", ENOENT, HTTP_FAILED, NULL},
    {"ShardNotExsit", ENOENT, HTTP_FAILED, NULL},
    {"ConsumerNotExist", ENOENT, HTTP_FAILED, no_consumer},
    {"ConsumerNotExsit", ENOENT, HTTP_FAILED, no_consumer},
    {"ConsumerNotMatch", EBUSY, HTTP_FAILED, other_consumer},

    {"ConsumerGroupAlreadyExist", EEXIST, HTTP_FAILED, NULL},
    {"ConsumerGroupQuotaExceed", EDQUOT, HTTP_FAILED, full},
    {"InvalidCursor", ERANGE, HTTP_FAILED, NULL},
    {"InvalidShardCheckPoint", EINVAL, HTTP_FAILED, NULL},
    {"ParameterInvalid", EINVAL, HTTP_FAILED, NULL},
    {"JsonInfoInvalid", EINVAL, HTTP_FAILED, NULL},

    {"ReadQuotaExceed", EBUSY, HTTP_THROTTLED, NULL},
    {"WriteQuotaExceed", EBUSY, HTTP_THROTTLED, NULL},
    {"ShardReadQuotaExceed", EBUSY, HTTP_THROTTLED, NULL},
    {"ShardWriteQuotaExceed", EBUSY, HTTP_THROTTLED, NULL},
    {"MetaOperationQpsLimitExceeded", EBUSY, HTTP_THROTTLED, NULL},
};

#define WORDS (sizeof(words) / sizeof(words[0]))

/* That of a cursor may have more before it or behind, as official clients look for it anywhere. */
static bool is_word(const char *word, const char *code, size_t length)
{
    static const char of_cursor[] = "InvalidCursor";

    if (!strcmp(word, of_cursor))
        return strcasestr(code, of_cursor) != NULL;
    return strlen(word) == length && !strncasecmp(word, code, length);
}

static const struct known *find_word(const char *code)
{
    size_t length = strcspn(code, ".");

    for (size_t i = 0; i < WORDS; i++) {
        if (is_word(words[i].word, code, length))
            return &words[i];
    }
    return NULL;
}

static void advise(struct error *error, const char *advice)
{
    char said[sizeof(error->message)];
    size_t length;

    snprintf(said, sizeof(said), "%.200s", error->message);
    length = strlen(said);
    if (length && said[length - 1] == '.')
        said[length - 1] = '\0';
    snprintf(error->message, sizeof(error->message), "%.200s: %s", said, advice);
}

/* A refusal stays one, and a failure of the service too, whatever their body says. A code with a
 * status that refuses nothing is none of SLS. */
static enum http_verdict sls_judge_code(int status, const struct known *known, struct error *error)
{
    enum http_verdict verdict = refusal_judge_status(status);
    bool by_word = verdict == HTTP_FAILED && status >= 400 && known;

    error->code = by_word ? known->code : http_status_errno(status);
    refusal_complete(error);
    if (by_word && known->advice)
        advise(error, known->advice);
    return by_word ? known->verdict : verdict;
}

enum http_verdict sls_judge(const struct http_answer *answer, const struct secrets *secrets,
                            struct error *error)
{
    static const char *const id_headers[] = {"x-log-requestid", NULL};

    if (answer->status == 200 && !refusal_is_told(answer))
        return HTTP_DONE;
    if (refusal_read(answer, secrets, id_headers, error))
        return HTTP_FAILED;
    return sls_judge_code(answer->status, find_word(error->service_code), error);
}

/* With "denied by sts or ram, action: log:GetCursorOrData, resource: acs:log:..." it is an action:
 * aliyun/aliyun-log-go-sdk#38. With "The AccessKeyId is unauthorized." it is the credentials. */
bool sls_may_be_of_action(const struct error *error)
{
    return !strcasecmp(error->service_code, "Unauthorized");
}

bool sls_is_not_allowed(const struct error *error)
{
    const struct known *known = find_word(error->service_code);

    return error->code == EACCES && known &&
           (known->verdict == HTTP_FAILED || sls_may_be_of_action(error));
}

bool sls_is_without_shard(const struct error *error)
{
    return error->code == ENOENT && !strcasecmp(error->service_code, "LogStoreWithoutShard");
}
