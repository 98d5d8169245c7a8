#ifndef FS_KIND_H
#define FS_KIND_H

/* The kinds of node; fs/rows.c says what each is. Inode 1, the root, is kind 1 and nothing else. */
enum kind {
    NO_KIND,
    ROOT,

    APPS,
    APP,
    APP_STREAM,
    APP_PARTITION,
    CHECKPOINT,
    METADATA,
    CURSOR,
    LAG,
    STATUS,

    CHECKPOINTS,
    SAVED_APP,
    SAVED_STREAM,
    SAVED,
    SCRATCH,
    SCRATCH_DIRECTORY,
    SCRATCH_INSIDE,

    STREAMS,
    STREAM,
    STREAM_STATUS,
    PARTITION,
    EARLIEST,
    LATEST,
    PARTITION_STATUS,
    CURSORS,
    CURSORS_EARLIEST,
    CURSORS_LATEST,
    CURSORS_AT,
    CURSORS_AFTER,
    CURSORS_SINCE,
    CURSOR_AT_NUMBER,
    CURSOR_AFTER_NUMBER,
    CURSOR_SINCE_TIME,

    README,
    MOUNT_STATUS,
    COMMITS,
    ERRORS,
    METRICS,

    KINDS
};

#endif
