#include "api/dis/kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/hash.h"

struct dis_kept_cursor {
    LIST_ENTRY(dis_kept_cursor) link;
    TAILQ_ENTRY(dis_kept_cursor) age;
    char *stream;
    uint32_t partition;
    char next[DECIMAL_ROOM];
    char *cursor; /* or NULL */
    bool is_behind;
    int64_t until;
};

void dis_kept_init(struct dis_kept *kept)
{
    *kept = (struct dis_kept){0};
    TAILQ_INIT(&kept->ages);
}

static void drop_cursor(struct dis_kept *kept, struct dis_kept_cursor *item)
{
    LIST_REMOVE(item, link);
    TAILQ_REMOVE(&kept->ages, item, age);
    kept->count--;
    free(item->stream);
    free(item->cursor);
    free(item);
}

void dis_kept_clear(struct dis_kept *kept)
{
    while (kept->count)
        drop_cursor(kept, TAILQ_FIRST(&kept->ages));
}

static struct dis_kept_bucket *bucket_of(struct dis_kept *kept, const struct dis_place *place)
{
    uint64_t hash = hash_add(hash_add(HASH_BEGIN, place->stream), place->next);

    return &kept->buckets[(hash + place->partition) % DIS_KEPT_BUCKETS];
}

static bool is_at(const struct dis_kept_cursor *item, const struct dis_place *place)
{
    return item->partition == place->partition && !strcmp(item->next, place->next) &&
           !strcmp(item->stream, place->stream);
}

static struct dis_kept_cursor *find_item(struct dis_kept *kept, const struct dis_place *place)
{
    struct dis_kept_cursor *item;

    LIST_FOREACH (item, bucket_of(kept, place), link) {
        if (is_at(item, place))
            return item;
    }
    return NULL;
}

struct dis_kept_item dis_kept_find(struct dis_kept *kept, const struct dis_place *place,
                                   int64_t now)
{
    const struct dis_kept_cursor *found = find_item(kept, place);

    if (!found || now >= found->until)
        return (struct dis_kept_item){0};
    return (struct dis_kept_item){found->cursor, found->is_behind};
}

static void drop_old(struct dis_kept *kept, int64_t now)
{
    struct dis_kept_cursor *oldest = TAILQ_FIRST(&kept->ages);

    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): freed ones have left the list */
    while (oldest && (kept->count >= DIS_KEPT_MAX || now >= oldest->until)) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the same */
        drop_cursor(kept, oldest);
        oldest = TAILQ_FIRST(&kept->ages);
    }
}

void dis_kept_put(struct dis_kept *kept, const struct dis_place *place,
                  const struct dis_kept_item *item, int64_t now)
{
    struct dis_kept_cursor *old = find_item(kept, place);
    struct dis_kept_cursor *new = calloc(1, sizeof(*new));

    if (old)
        drop_cursor(kept, old);
    drop_old(kept, now);
    if (!new)
        return;
    new->stream = strdup(place->stream);
    new->cursor = item->cursor ? strdup(item->cursor) : NULL;
    new->is_behind = item->is_behind;
    new->partition = place->partition;
    new->until = now + DIS_KEPT_MS;
    snprintf(new->next, sizeof(new->next), "%s", place->next);
    LIST_INSERT_HEAD(bucket_of(kept, place), new, link);
    TAILQ_INSERT_TAIL(&kept->ages, new, age);
    kept->count++;
    if (!new->stream || (item->cursor && !new->cursor))
        drop_cursor(kept, new);
}
