#include "fs/append.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/records.h"

static void on_appended(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;
    struct subject about = {"", request->node.place->stream, request->node.partition};

    (void)answer;
    if (!request_answered(request, error))
        return;
    cache_age_about(request->fs->cache, about.stream);
    records_note_change(request->fs, &about);
    request->then(request);
}

static void append(struct request *request, const struct node *node, const struct span *records,
                   size_t count)
{
    struct append_order order = {.stream = node->place->stream,
                                 .partition = node->partition,
                                 .records = records,
                                 .count = count};

    struct ask ask;

    if (request->fs->settings.plan) {
        request_refuse(request, EROFS, "a mount with -o plan plans changes, and adds no records");
        return;
    }
    ask = request_ask(request, on_appended);
    request_wait(request, backend_append_records(request->fs->backend, &order, &ask));
}

/* A last line may have no newline. */
static size_t count_lines(const char *text, size_t size)
{
    size_t count = size && text[size - 1] != '\n';

    for (size_t i = 0; i < size; i++)
        count += text[i] == '\n';
    return count;
}

/* False when a line is too long. */
static bool split(const char *text, size_t size, struct span *lines)
{
    const char *end = text + size;
    size_t count = 0;

    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        struct span line = {text, (size_t)((newline ? newline : end) - text)};

        if (line.size > RECORD_MAX)
            return false;
        lines[count++] = line;
        text += line.size + 1;
    }
    return true;
}

void append_lines(struct request *request, const struct node *node, char *text, size_t size)
{
    size_t count = count_lines(text, size);
    struct span *lines = calloc(count ? count : 1, sizeof(*lines));

    if (!lines)
        request_refuse(request, ENOMEM, "no memory");
    else if (!split(text, size, lines))
        request_refuse(request, EFBIG, "a record has at most %lu bytes", RECORD_MAX);
    else
        append(request, node, lines, count);
    free(lines);
}
