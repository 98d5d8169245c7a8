#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What every unit test needs. */

#define TEST(name) static void name(void **unused __attribute__((unused)))

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Room for a path in a temporary directory. */
#define PATH_ROOM 128

/* Makes a temporary directory. */
static inline void make_directory(char path[static PATH_ROOM])
{
    const char *base = getenv("TMPDIR");

    snprintf(path, PATH_ROOM, "%.80s/checkpointfs-test-XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(path));
}

/* Removes a temporary directory and all that is in it. */
static inline void remove_directory(const char *path)
{
    char command[PATH_ROOM + 16];

    snprintf(command, sizeof(command), "rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
}

#endif
