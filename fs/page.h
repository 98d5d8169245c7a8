#ifndef FS_PAGE_H
#define FS_PAGE_H

#include "api/standing.h"
#include "fs/fs.h"

/*
 * The pieces of overview/now.html. It has no scripts and takes nothing from elsewhere, which it
 * tells the browser to hold it to. Names stand in it as in the tree.
 */

/* How an app does on a stream. */
struct summary {
    size_t partitions;
    size_t standings[STANDING_OK + 1]; /* how many of them are so */
    size_t unknown;                    /* of how many the lag is not in the sum */
    char lag[DECIMAL_ROOM];            /* the sum of the others' */
    char kept[DECIMAL_ROOM];           /* the records that those partitions keep */
    int64_t committed;                 /* the last commit, or WHEN_UNKNOWN */
};

void summary_init(struct summary *summary);
void summary_add(struct summary *summary, const struct backend *backend, const struct state *state,
                 enum standing standing);

/* All standings, the worst first. */
extern const enum standing page_by_severity[STANDING_OK + 1];

enum standing summary_worst(const struct summary *summary);

/* The page that leads on to it: constant. */
void page_print_door(const struct fs *fs, struct buf *page);

void page_begin(struct buf *page, const struct fs *fs);
void page_end(struct buf *page);

/* How many pairs of app and stream are in each standing, and how many could not be asked. */
void page_counts(struct buf *page, const size_t counts[static STANDING_OK + 1], size_t failed);

void page_begin_app(struct buf *page, const char *app);
void page_end_app(struct buf *page);

/* Why something could not be had: of a stream, or with NULL of the app. */
void page_error(struct buf *page, const char *stream, const struct error *error);

/* A sentence. */
void page_note(struct buf *page, const char *text);

/* A row; `details` has been printed by the functions below, with `shown` of its partitions. */
void page_pair(struct buf *page, const char *app, const char *stream, const struct summary *summary,
               const struct buf *details, size_t shown);

void page_begin_details(struct buf *details, const struct fs *fs);
void page_partition(struct buf *page, const struct fs *fs, const struct state *state,
                    enum standing standing);

/* What is not asked for: its name. */
void page_begin_rest(struct buf *page, size_t pairs);
void page_rest(struct buf *page, const char *app, const char *stream);
void page_end_rest(struct buf *page, size_t left_out);

#endif
