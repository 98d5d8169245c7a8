#ifndef FS_QUESTION_H
#define FS_QUESTION_H

/* What a backend is asked. */
enum what {
    WHAT_APPS,      /* names: all apps */
    WHAT_STREAMS,   /* names: all streams; with APP_IS_OF_STREAM, and an app, those of the app */
    WHAT_COMMITTED, /* names: the streams on which the app has checkpoints */
    WHAT_STATES,    /* table: of a stream and an app, or of a stream alone (app "") */
    WHAT_LAGS,      /* table: the same of an app, with all that a lag is worked out from */
    WHAT_INFO,      /* text: what describe_stream says */
};

/* The question; a name that does not belong to it is "". */
struct question {
    enum what what;
    const char *app;
    const char *stream;
};

#endif
