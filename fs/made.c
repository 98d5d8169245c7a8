#include "fs/made.h"

#include <string.h>

#include "fs/scratch.h"
#include "fs/tree.h"

bool made_is_app(const struct place *place)
{
    return !*place->stream && !*place->text && place->made;
}

bool made_is_stream(const struct place *place, const char *app)
{
    return *place->stream && !*place->text && !strcmp(place->app, app) &&
           (place->made || !SLIST_EMPTY(&place->scratch));
}

bool made_is_planned(const struct fs *fs, const char *app)
{
    const struct place *place = place_find(fs->nodes, app, "", "");
    struct answer answer;

    if (!place || !place->made)
        return false;
    return !cache_peek(fs->cache, &(struct question){WHAT_APPS, "", ""}, ANY_AGE, &answer) ||
           !names_has(answer.names, app);
}

bool made_has(const struct node *node)
{
    const struct place *place = place_named(node->place);

    if (node->kind == SAVED_STREAM)
        return place->made || !SLIST_EMPTY(&place->scratch);
    return tree_row(node->kind)->naming == BY_APP && place->made;
}

void made_set(struct fs *fs, struct place *place, bool made)
{
    place->created = place->created && made;
    if (place->made == made || (made && fs->made_count == MADE_MAX))
        return;
    place->made = made;
    fs->made_count += made ? 1U : -1U;
}

void made_set_app(struct fs *fs, const char *app, bool made)
{
    struct place *place = place_get(fs->nodes, app, "", "");

    if (!place)
        return;
    made_set(fs, place, made);
    place_drop(fs->nodes, place);
}

/* What is looked for, or forgotten, among all places. */
struct walk {
    struct fs *fs;
    const char *app;
    bool found;
};

static void find_stream(struct place *place, void *user)
{
    struct walk *walk = user;

    walk->found |= made_is_stream(place, walk->app);
}

bool made_has_stream(struct fs *fs, const char *app)
{
    struct walk walk = {.fs = fs, .app = app};

    place_each(fs->nodes, find_stream, &walk);
    return walk.found;
}

static void unmake(struct place *place, void *user)
{
    const struct walk *walk = user;

    if (!strcmp(place->app, walk->app))
        made_set(walk->fs, place, false);
}

void made_forget_app(struct fs *fs, const char *app)
{
    struct walk walk = {.fs = fs, .app = app};

    scratch_remove_of_app(fs, app);
    place_each(fs->nodes, unmake, &walk);
}
