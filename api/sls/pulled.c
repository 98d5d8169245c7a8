#include "api/sls/pulled.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <lz4.h>

#include "api/sls/answer.h"
#include "api/sls/cursor.h"
#include "api/sls/loglines.h"

static int is_wrong(const char **wrong, const char *what)
{
    *wrong = what;
    return -EBADMSG;
}

/* Headers */

static int parse_size(const char *text, size_t *size)
{
    char *end;

    if (!text || *text < '0' || *text > '9')
        return -EBADMSG;
    errno = 0;
    *size = strtoul(text, &end, 10);
    return errno || *end ? -EBADMSG : 0;
}

static int read_compression(struct pulled *pulled, const char *text)
{
    pulled->is_lz4 = text && !strcasecmp(text, "lz4");
    return text && *text && !pulled->is_lz4 ? -EBADMSG : 0;
}

/* The number that follows the last group's; "" if nothing tells it. */
static int read_end(const struct pulled *pulled, const char *last, char end[static DECIMAL_ROOM])
{
    *end = '\0';
    if (last)
        return decimal_is_unsigned(last) ? decimal_add(end, last, "1") : -EBADMSG;
    if (sls_cursor_decode(pulled->next, end))
        *end = '\0';
    return 0;
}

/* Groups have numbers without a gap: the SDK for Go counts them so. */
static int find_first(struct pulled *pulled, const char *end)
{
    char count[24];

    if (!*end)
        return pulled->groups ? -EBADMSG : 0;
    snprintf(count, sizeof(count), "%zu", pulled->groups);
    if (decimal_subtract(pulled->first, end, count) || decimal_is_negative(pulled->first))
        return -EBADMSG;
    return 0;
}

int pulled_read(struct pulled *pulled, pulled_header_fn *header, const void *answer,
                const char **wrong)
{
    char end[DECIMAL_ROOM];
    const char *next = header(answer, "x-log-cursor");

    *pulled = (struct pulled){.raw = {"", 0}};
    if (!next || !sls_is_cursor(next))
        return is_wrong(wrong, "has no cursor");
    snprintf(pulled->next, sizeof(pulled->next), "%s", next);
    if (parse_size(header(answer, "x-log-count"), &pulled->groups))
        return is_wrong(wrong, "does not tell how many log groups it has");
    if (parse_size(header(answer, "x-log-bodyrawsize"), &pulled->raw_size))
        return is_wrong(wrong, "does not tell its size");
    if (read_compression(pulled, header(answer, "x-log-compresstype")))
        return is_wrong(wrong, "is compressed in a way that was not asked for");
    if (read_end(pulled, header(answer, "x-log-read-last-cursor"), end) || find_first(pulled, end))
        return is_wrong(wrong, "does not tell the numbers of its log groups");
    return 0;
}

/* The body */

static int unpack_lz4(struct pulled *pulled, const struct span *body)
{
    int size = body->size <= LZ4_COMPRESSBOUND(PULLED_RAW_MAX) ? (int)body->size : -1;

    pulled->unpacked = malloc(pulled->raw_size + 1);
    if (!pulled->unpacked)
        return -ENOMEM;
    if (size < 0 || LZ4_decompress_safe(body->data, pulled->unpacked, size,
                                        (int)pulled->raw_size) != (int)pulled->raw_size)
        return -EBADMSG;
    pulled->raw = (struct span){pulled->unpacked, pulled->raw_size};
    return 0;
}

/* Their numbers are counted back from the last one, so that none may be missing. */
static bool has_its_groups(const struct pulled *pulled)
{
    size_t groups;

    return !loggroup_count(pulled->raw, &groups) && groups == pulled->groups;
}

int pulled_unpack(struct pulled *pulled, const struct span *body, const char **wrong)
{
    int status = 0;

    if (pulled->raw_size > PULLED_RAW_MAX)
        return -EFBIG;
    if (pulled->is_lz4 && pulled->raw_size)
        status = unpack_lz4(pulled, body);
    else
        pulled->raw = *body;
    if (status == -ENOMEM)
        return status;
    if (status || pulled->raw.size != pulled->raw_size)
        return is_wrong(wrong, "is not of the size that it tells");
    return has_its_groups(pulled) ? 0 : is_wrong(wrong, "has not the log groups that it tells");
}

void pulled_release(struct pulled *pulled)
{
    free(pulled->unpacked);
    pulled->unpacked = NULL;
}

/* Its groups */

/* The place of the group that has this number, which becomes that of the next one. */
static int print_group(const struct pulled *pulled, struct batch *batch,
                       const struct loggroup *group, bool is_last, char number[static DECIMAL_ROOM])
{
    char before[SEQUENCE_MAX + 1];
    char after[SEQUENCE_MAX + 1];
    char next[DECIMAL_ROOM];
    struct loglines_place place = {before, is_last ? pulled->next : after, number};
    int status;

    if (decimal_add(next, number, "1") || sls_cursor_encode(number, before) ||
        sls_cursor_encode(next, after))
        return -EBADMSG;
    status = loglines_add(batch, group, &place);
    snprintf(number, DECIMAL_ROOM, "%s", next);
    return status;
}

int pulled_print(const struct pulled *pulled, struct batch *batch, size_t *added,
                 const char **wrong)
{
    struct span rest = pulled->raw;
    struct loggroup group;
    char number[DECIMAL_ROOM];
    int status = 0;

    snprintf(number, sizeof(number), "%s", pulled->first);
    for (*added = 0; *added < pulled->groups && !batch_is_full(batch); ++*added) {
        struct batch before = *batch;

        if (loggroup_next(&rest, &group) <= 0)
            return is_wrong(wrong, "has a log group that is none");
        if (batch->count && !loglines_fit(batch, &group))
            break;
        status = print_group(pulled, batch, &group, *added + 1 == pulled->groups, number);
        if (status) {
            batch_take_back(batch, &before);
            break;
        }
    }
    if (status == -EFBIG && batch->count)
        return 0;
    return status == -EBADMSG ? is_wrong(wrong, "has numbers that no cursor has") : status;
}
