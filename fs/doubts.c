#include "fs/doubts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/always.h"
#include "base/hash.h"

struct doubt {
    TAILQ_ENTRY(doubt) link;
    LIST_ENTRY(doubt) neighbour; /* in its bucket */
    int64_t partition;
    const char *stream;
    char app[]; /* and after its NUL the stream */
};

void doubts_init(struct doubts *doubts)
{
    *doubts = (struct doubts){0};
    TAILQ_INIT(&doubts->list);
}

static void forget_doubt(struct doubts *doubts, struct doubt *doubt)
{
    TAILQ_REMOVE(&doubts->list, doubt, link);
    LIST_REMOVE(doubt, neighbour);
    if (ALWAYS(doubts->count > 0))
        doubts->count--;
    free(doubt);
}

void doubts_release(struct doubts *doubts)
{
    struct doubt *doubt;

    while ((doubt = TAILQ_FIRST(&doubts->list)))
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): freed ones have left the list */
        forget_doubt(doubts, doubt);
}

static size_t bucket_of(const struct subject *about)
{
    char number[24];

    snprintf(number, sizeof(number), "%lld", (long long)about->partition);
    return hash_add(hash_add(hash_add(HASH_BEGIN, about->app), about->stream), number) %
           DOUBTS_BUCKETS;
}

static struct doubt *find_doubt(const struct doubts *doubts, const struct subject *about)
{
    struct doubt *doubt;

    LIST_FOREACH (doubt, &doubts->buckets[bucket_of(about)], neighbour) {
        if (doubt->partition == about->partition && !strcmp(doubt->stream, about->stream) &&
            !strcmp(doubt->app, about->app))
            return doubt;
    }
    return NULL;
}

bool doubts_has(const struct doubts *doubts, const struct subject *about)
{
    return find_doubt(doubts, about);
}

void doubts_forget(struct doubts *doubts, const struct subject *about)
{
    struct doubt *doubt = find_doubt(doubts, about);

    if (doubt)
        forget_doubt(doubts, doubt);
}

void doubts_add(struct doubts *doubts, const struct subject *about)
{
    size_t app_size = strlen(about->app) + 1;
    size_t stream_size = strlen(about->stream) + 1;
    struct doubt *doubt = calloc(1, sizeof(*doubt) + app_size + stream_size);

    if (!doubt)
        return;
    doubts_forget(doubts, about);
    if (doubts->count == DOUBTS_MAX)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): freed ones have left the list */
        forget_doubt(doubts, TAILQ_FIRST(&doubts->list));
    doubt->partition = about->partition;
    memcpy(doubt->app, about->app, app_size);
    doubt->stream = memcpy(doubt->app + app_size, about->stream, stream_size);
    TAILQ_INSERT_TAIL(&doubts->list, doubt, link);
    LIST_INSERT_HEAD(&doubts->buckets[bucket_of(about)], doubt, neighbour);
    doubts->count++;
}
