#ifndef BENCH_SERVICE_WORLD_H
#define BENCH_SERVICE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the service knows: apps, streams that all have as many partitions, and the position of each
 * app on each partition. There are as many apps and streams as options say, named app-0000 and
 * stream-0000 and so on; each of these apps has committed FIRST_POSITION everywhere. Streams stay;
 * apps come and go.
 */
#define NAME_ROOM      256
#define FIRST_POSITION 1000
#define END_POSITION   5000 /* the number of the next record of each partition */
#define NO_POSITION    (-1)

struct world_size {
    unsigned apps;
    unsigned streams;
    unsigned partitions;
};

/* Of an app on a stream. */
struct place {
    bool joined;        /* the app has committed here, or its group was made */
    int64_t *positions; /* of each partition; NULL: all are first */
    int64_t first;
};

struct app {
    char name[NAME_ROOM];
    struct place places[]; /* of each stream */
};

/* Makes everything; the program ends where there is no memory. */
void world_make(struct world_size wanted);

unsigned world_streams(void);
unsigned world_partitions(void);
const char *world_stream_name(unsigned stream);

/* The number of the stream of that name, or of the first that comes after it. */
unsigned world_stream_from(const char *name);

/* The number of the stream, or -1. */
int world_find_stream(const char *name);

unsigned world_apps(void);
struct app *world_app(unsigned number);

/* The number of the app of that name, or of the first that comes after it. Apps are sorted. */
unsigned world_app_from(const char *name);

/* NULL where there is none. */
struct app *world_find_app(const char *name);

/* Makes an app that has committed nothing, unless there is one. */
struct app *world_make_app(const char *name);
void world_delete_app(const char *name);

int64_t place_position(const struct place *place, unsigned partition);
void place_commit(struct place *place, unsigned partition, int64_t position);

/* Forgets what was committed there. */
void place_leave(struct place *place);

#endif
