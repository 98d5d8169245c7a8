#ifndef FS_ADVICE_H
#define FS_ADVICE_H

/*
 * What to do when mounting has failed with what libfuse, or fusermount3, said of it; "" for what
 * says it itself. It looks at the system as it is now.
 */
const char *advice_on_mounting(const char *said);

#endif
