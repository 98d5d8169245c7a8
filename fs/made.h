#ifndef FS_MADE_H
#define FS_MADE_H

#include "fs/fs.h"

/*
 * Directories that mkdir made and that stay while they are empty: apps that are of no stream yet,
 * and those of streams in checkpoints/, which stay for their temporary files too.
 */

/* How many of them may be empty. */
#define MADE_MAX 4096

/* Whether a directory is there for that, whatever a list says. */
bool made_has(const struct node *node);

/* Whether a place is that of an app, or that of a stream below the app, whose directory is. */
bool made_is_app(const struct place *place);
bool made_is_stream(const struct place *place, const char *app);

/* Whether an app is there only because this mount, which plans, was to make it. */
bool made_is_planned(const struct fs *fs, const char *app);

/* Whether there is such a directory of a stream below the app. */
bool made_has_stream(struct fs *fs, const char *app);

/* Marks a directory as one that stays while it is empty, or not. Past MADE_MAX it is not marked. */
void made_set(struct fs *fs, struct place *place, bool made);

/* Marks the directory of an app, in apps/ and checkpoints/ alike. */
void made_set_app(struct fs *fs, const char *app, bool made);

/* The app is gone: its directories do not stay, nor do their temporary files. */
void made_forget_app(struct fs *fs, const char *app);

#endif
