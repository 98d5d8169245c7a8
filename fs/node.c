#include "fs/node.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/always.h"
#include "base/hash.h"

#define PARTITION_SHIFT 7
#define PARTITION_MASK  ((1U << 25) - 1)
#define LONG_FORM_BIT   (1U << 6)
#define KIND_MASK       0x3fU

/* In the ids of places of their own, so that those take no number away from places with names. */
#define OWN_ID_BIT (1U << 31)

/*
 * A directory that was removed, and the one that has its names now: from when it was removed until
 * the kernel has forgotten both.
 */
struct former {
    uint64_t inode; /* of a place with names */
    bool forgotten;
    struct place *latest; /* for that directory alone; NULL while nobody has looked it up */
};

/* The trees are those of tsearch(3). The empty place is never in the first two; places of their own
 * are not in the second. */
struct nodes {
    struct place empty;
    void *by_id;
    void *by_name;
    void *formers;
    unsigned count;
    uint32_t last_own_id;
};

static int compare_ids(const void *a, const void *b)
{
    uint32_t left = ((const struct place *)a)->id;
    uint32_t right = ((const struct place *)b)->id;

    return (left > right) - (left < right);
}

static int compare_names(const void *a, const void *b)
{
    const struct place *left = a;
    const struct place *right = b;
    int order = strcmp(left->stream, right->stream);

    if (!order)
        order = strcmp(left->app, right->app);
    return order ? order : strcmp(left->text, right->text);
}

static int compare_inodes(const void *a, const void *b)
{
    uint64_t left = ((const struct former *)a)->inode;
    uint64_t right = ((const struct former *)b)->inode;

    return (left > right) - (left < right);
}

struct nodes *nodes_new(void)
{
    struct nodes *nodes = calloc(1, sizeof(*nodes));

    if (nodes)
        nodes->empty = (struct place){.app = "", .stream = "", .text = ""};
    return nodes;
}

static void leave_alone(void *place)
{
    (void)place;
}

void nodes_free(struct nodes *nodes)
{
    if (!nodes)
        return;
    tdestroy(nodes->by_name, leave_alone);
    tdestroy(nodes->by_id, free);
    tdestroy(nodes->formers, free);
    free(nodes);
}

/* 31 bits of the names, and never 0. */
static uint32_t hash(const char *app, const char *stream, const char *text)
{
    uint64_t value = hash_add(hash_add(hash_add(HASH_BEGIN, app), stream), text);

    value = (value ^ value >> 32) & ~OWN_ID_BIT & UINT32_MAX;
    return value ? (uint32_t)value : 1;
}

static struct place *find_id(struct nodes *nodes, uint32_t id)
{
    struct place key = {.id = id};
    struct place **found = tfind(&key, &nodes->by_id, compare_ids);

    return found ? *found : NULL;
}

/* The first one from there on that no place has; with the same bit. */
static uint32_t free_id(struct nodes *nodes, uint32_t id)
{
    uint32_t own = id & OWN_ID_BIT;

    while (!(id & ~OWN_ID_BIT) || find_id(nodes, id))
        id = ((id + 1) & ~OWN_ID_BIT) | own;
    return id;
}

struct place *place_find(struct nodes *nodes, const char *app, const char *stream, const char *text)
{
    struct place key = {.app = app, .stream = stream, .text = text};
    struct place **found;

    if (!*app && !*stream && !*text)
        return &nodes->empty;
    found = tfind(&key, &nodes->by_name, compare_names);
    return found ? *found : NULL;
}

static struct place *new_place(const char *app, const char *stream, const char *text)
{
    size_t app_size = strlen(app) + 1;
    size_t stream_size = strlen(stream) + 1;
    size_t text_size = strlen(text) + 1;
    struct place *place = calloc(1, sizeof(*place) + app_size + stream_size + text_size);
    char *names;

    if (!place)
        return NULL;
    names = (char *)(place + 1);
    place->app = memcpy(names, app, app_size);
    place->stream = memcpy(names + app_size, stream, stream_size);
    place->text = memcpy(names + app_size + stream_size, text, text_size);
    return place;
}

static struct former *find_former(const struct nodes *nodes, uint64_t inode)
{
    struct former key = {.inode = inode};
    struct former **found = tfind(&key, &nodes->formers, compare_inodes);

    return found ? *found : NULL;
}

static void free_if_forgotten(struct nodes *nodes, struct former *former)
{
    if (!former->forgotten || former->latest)
        return;
    tdelete(former, &nodes->formers, compare_inodes);
    free(former);
}

static void leave_former(struct nodes *nodes, const struct place *place)
{
    struct former *former = place->follows ? find_former(nodes, place->follows) : NULL;

    if (!former)
        return;
    former->latest = NULL;
    free_if_forgotten(nodes, former);
}

static void remove_place(struct nodes *nodes, struct place *place)
{
    leave_former(nodes, place);
    tdelete(place, &nodes->by_id, compare_ids);
    if (!place->of)
        tdelete(place, &nodes->by_name, compare_names);
    free(place);
}

struct place *place_get(struct nodes *nodes, const char *app, const char *stream, const char *text)
{
    struct place *place = place_find(nodes, app, stream, text);

    if (place)
        return place_hold(place);
    place = new_place(app, stream, text);
    if (!place)
        return NULL;
    place->id = free_id(nodes, hash(app, stream, text));
    if (!tsearch(place, &nodes->by_id, compare_ids) ||
        !tsearch(place, &nodes->by_name, compare_names)) {
        remove_place(nodes, place);
        return NULL;
    }
    nodes->count++;
    return place_hold(place);
}

struct place *place_own(struct nodes *nodes, struct place *of)
{
    struct place *place = calloc(1, sizeof(*place));

    if (!place)
        return NULL;
    *place = (struct place){.of = of, .app = of->app, .stream = of->stream, .text = of->text};
    place->id = free_id(nodes, (nodes->last_own_id + 1) | OWN_ID_BIT);
    if (!tsearch(place, &nodes->by_id, compare_ids)) {
        free(place);
        return NULL;
    }
    nodes->last_own_id = place->id;
    nodes->count++;
    place_hold(of);
    return place_hold(place);
}

struct place *place_named(struct place *place)
{
    return place->of ? place->of : place;
}

struct place *place_alone(struct nodes *nodes, const struct node *node)
{
    struct place *place = place_own(nodes, place_named(node->place));

    if (place)
        place->alone = (struct node){node->kind, node->long_form, node->partition, place};
    return place;
}

struct place *place_hold(struct place *place)
{
    place->holds++;
    return place;
}

static bool is_unused(const struct place *place)
{
    return !place->holds && !place->lookups && !place->made && SLIST_EMPTY(&place->scratch);
}

static void free_if_unused(struct nodes *nodes, struct place *place)
{
    while (place && place != &nodes->empty && is_unused(place)) {
        struct place *of = place->of;

        nodes->count--;
        remove_place(nodes, place);
        if (of && ALWAYS(of->holds > 0))
            of->holds--;
        place = of;
    }
}

void place_drop(struct nodes *nodes, struct place *place)
{
    if (!ALWAYS(place->holds > 0))
        return;
    place->holds--;
    free_if_unused(nodes, place);
}

void place_rename(struct nodes *nodes, struct place *place, const struct node *to)
{
    struct place *before = place->of;
    struct place *of = place_hold(place_named(to->place));

    place->of = of;
    place->app = of->app;
    place->stream = of->stream;
    place->text = of->text;
    place->alone.kind = to->kind;
    place_drop(nodes, before);
}

struct visit {
    void (*fn)(struct place *place, void *user);
    void *user;
    struct place *unused; /* one of those that are not needed any more, or NULL */
};

static void visit_place(const void *item, VISIT which, void *closure)
{
    struct visit *visit = closure;
    struct place *place = *(struct place *const *)item;

    if (which != postorder && which != leaf)
        return;
    if (visit->fn)
        visit->fn(place, visit->user);
    if (is_unused(place))
        visit->unused = place;
}

void place_each(struct nodes *nodes, void (*fn)(struct place *place, void *user), void *user)
{
    struct visit visit = {fn, user, NULL};

    twalk_r(nodes->by_id, visit_place, &visit);
    while (visit.unused) {
        free_if_unused(nodes, visit.unused);
        visit = (struct visit){0};
        twalk_r(nodes->by_id, visit_place, &visit);
    }
}

int node_of(struct nodes *nodes, uint64_t inode, struct node *node)
{
    uint32_t id = (uint32_t)(inode >> 32);
    uint32_t low = (uint32_t)inode;
    struct place *place = id ? find_id(nodes, id) : &nodes->empty;

    if (!place || (low & KIND_MASK) == NO_KIND || (low & KIND_MASK) >= KINDS)
        return -ESTALE;
    *node = place->alone.kind ? place->alone
                              : (struct node){
                                    .kind = (enum kind)(low & KIND_MASK),
                                    .long_form = low & LONG_FORM_BIT,
                                    .partition = low >> PARTITION_SHIFT,
                                    .place = place,
                                };
    return 0;
}

static uint64_t pack(uint32_t id, uint32_t partition, bool long_form, enum kind kind)
{
    return (uint64_t)id << 32 | (partition & PARTITION_MASK) << PARTITION_SHIFT |
           (long_form ? LONG_FORM_BIT : 0) | (uint32_t)kind;
}

uint64_t node_inode(const struct node *node)
{
    if (node->place->alone.kind)
        return pack(node->place->id, 0, false, ROOT);
    return pack(node->place->id, node->partition, node->long_form, node->kind);
}

static uint64_t number(const struct node *node, bool long_form)
{
    const struct place *place = node->place;

    if (place->alone.kind)
        return node_inode(node);
    return pack(place->of ? place->of->id : place->id, node->partition, long_form, node->kind);
}

uint64_t node_number(const struct node *node)
{
    return number(node, node->long_form);
}

uint64_t node_file(const struct node *node)
{
    return number(node, false);
}

uint64_t node_inode_of(struct nodes *nodes, enum kind kind, const char *app, const char *stream,
                       const char *text)
{
    struct place *known = place_find(nodes, app, stream, text);
    struct place would_be = {.id = known ? 0 : free_id(nodes, hash(app, stream, text))};
    struct node node = {.kind = kind, .place = known ? known : &would_be};

    return node_latest_inode(nodes, &node);
}

/* Directories that are there again */

static struct former *add_former(struct nodes *nodes, uint64_t inode)
{
    struct former *former = calloc(1, sizeof(*former));

    if (!former)
        return NULL;
    former->inode = inode;
    if (tsearch(former, &nodes->formers, compare_inodes))
        return former;
    free(former);
    return NULL;
}

void node_note_removed(struct nodes *nodes, const struct node *node)
{
    uint64_t inode = node_inode(node);
    struct former *former = find_former(nodes, inode);

    if (!former) {
        add_former(nodes, inode);
        return;
    }
    if (former->latest) {
        former->latest->removed = true;
        former->latest->follows = 0;
        former->latest = NULL;
    }
    free_if_forgotten(nodes, former);
}

bool node_is_removed(const struct nodes *nodes, const struct node *node)
{
    return node->place->alone.kind ? node->place->removed
                                   : find_former(nodes, node_inode(node)) != NULL;
}

int node_become_latest(struct nodes *nodes, struct node *node)
{
    struct former *former = find_former(nodes, node_inode(node));
    struct place *names = node->place;
    struct place *latest;

    if (!former)
        return 0;
    latest = former->latest ? place_hold(former->latest) : place_alone(nodes, node);
    if (!latest)
        return -ENOMEM;
    latest->follows = former->inode;
    former->latest = latest;
    *node = latest->alone;
    place_drop(nodes, names);
    return 0;
}

uint64_t node_latest_inode(const struct nodes *nodes, const struct node *node)
{
    uint64_t inode = node_inode(node);
    const struct former *former = find_former(nodes, inode);

    return former && former->latest ? node_inode(&former->latest->alone) : inode;
}

void node_remember(const struct node *node)
{
    node->place->lookups++;
}

void node_forget(struct nodes *nodes, uint64_t inode, uint64_t count)
{
    struct former *former = find_former(nodes, inode);
    struct node node;

    if (former) {
        former->forgotten = true;
        free_if_forgotten(nodes, former);
    }
    if (node_of(nodes, inode, &node))
        return;
    node.place->lookups -= count < node.place->lookups ? count : node.place->lookups;
    free_if_unused(nodes, node.place);
}

unsigned nodes_count(const struct nodes *nodes)
{
    return nodes->count;
}
