#include "tests/bench/service/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct world_size size;
static char (*stream_names)[NAME_ROOM];
static struct app **apps;
static unsigned apps_room;

static void *reserve(void *memory, size_t bytes)
{
    memory = realloc(memory, bytes);
    if (!memory) {
        perror("bench-service");
        exit(1);
    }
    return memory;
}

static void make_streams(void)
{
    stream_names = reserve(NULL, (size.streams + 1UL) * sizeof(*stream_names));
    for (unsigned i = 0; i < size.streams; i++)
        snprintf(stream_names[i], NAME_ROOM, "stream-%04u", i);
}

void world_make(struct world_size wanted)
{
    unsigned count = wanted.apps;

    size = wanted;
    size.apps = 0;
    make_streams();
    for (unsigned i = 0; i < count; i++) {
        char name[NAME_ROOM];

        snprintf(name, sizeof(name), "app-%04u", i);
        for (unsigned stream = 0; stream < size.streams; stream++)
            world_make_app(name)->places[stream] = (struct place){true, NULL, FIRST_POSITION};
    }
}

unsigned world_streams(void)
{
    return size.streams;
}

unsigned world_partitions(void)
{
    return size.partitions;
}

const char *world_stream_name(unsigned stream)
{
    return stream_names[stream];
}

unsigned world_stream_from(const char *name)
{
    unsigned i = 0;

    while (i < size.streams && strcmp(stream_names[i], name) < 0)
        i++;
    return i;
}

int world_find_stream(const char *name)
{
    unsigned i = world_stream_from(name);

    return i < size.streams && !strcmp(stream_names[i], name) ? (int)i : -1;
}

unsigned world_apps(void)
{
    return size.apps;
}

struct app *world_app(unsigned number)
{
    return apps[number];
}

unsigned world_app_from(const char *name)
{
    unsigned low = 0, high = size.apps;

    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (strcmp(apps[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct app *world_find_app(const char *name)
{
    unsigned i = world_app_from(name);

    return i < size.apps && !strcmp(apps[i]->name, name) ? apps[i] : NULL;
}

static struct app *app_new(const char *name)
{
    size_t bytes = sizeof(struct app) + size.streams * sizeof(struct place);
    struct app *app = reserve(NULL, bytes);

    memset(app, 0, bytes);
    snprintf(app->name, sizeof(app->name), "%s", name);
    for (unsigned i = 0; i < size.streams; i++)
        app->places[i].first = NO_POSITION;
    return app;
}

struct app *world_make_app(const char *name)
{
    unsigned i = world_app_from(name);

    if (i < size.apps && !strcmp(apps[i]->name, name))
        return apps[i];
    if (size.apps == apps_room) {
        apps_room = apps_room ? 2 * apps_room : 16;
        apps = reserve(apps, apps_room * sizeof(struct app *));
    }
    memmove(apps + i + 1, apps + i, (size.apps - i) * sizeof(struct app *));
    apps[i] = app_new(name);
    size.apps++;
    return apps[i];
}

void world_delete_app(const char *name)
{
    unsigned i = world_app_from(name);

    if (i == size.apps || strcmp(apps[i]->name, name) != 0)
        return;
    for (unsigned stream = 0; stream < size.streams; stream++)
        place_leave(&apps[i]->places[stream]);
    free(apps[i]);
    memmove(apps + i, apps + i + 1, (size.apps - i - 1) * sizeof(struct app *));
    size.apps--;
}

int64_t place_position(const struct place *place, unsigned partition)
{
    return place->positions ? place->positions[partition] : place->first;
}

void place_commit(struct place *place, unsigned partition, int64_t position)
{
    place->joined = true;
    if (!place->positions) {
        place->positions = reserve(NULL, size.partitions * sizeof(int64_t));
        for (unsigned i = 0; i < size.partitions; i++)
            place->positions[i] = place->first;
    }
    place->positions[partition] = position;
}

void place_leave(struct place *place)
{
    free(place->positions);
    *place = (struct place){.first = NO_POSITION};
}
