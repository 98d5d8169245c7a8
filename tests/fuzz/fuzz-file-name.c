#include "fuzz.h"

#include <errno.h>

#include "api/name.h"

/* The input is a name, and also a file name. */

/* What is shown to who lists a directory: printable, and one word of a path. */
static void check_file(const char *file)
{
    CHECK(*file && strlen(file) < FILE_NAME_ROOM && *file != '.');
    for (; *file; file++) {
        unsigned char c = (unsigned char)*file;

        CHECK(c >= 0x80 || (c > ' ' && c < 0x7f && !strchr("/\\\"'*?<>|&;:", c)));
    }
}

/* A name whose file name fits is found by it. */
static void check_name(const char *name)
{
    char file[FILE_NAME_ROOM] = "untouched";
    char again[FILE_NAME_ROOM];
    int status = name_to_file(name, file);

    CHECK(status == 0 || status == -ENAMETOOLONG);
    if (status) {
        CHECK(!strcmp(file, "untouched"));
        CHECK(3 * strlen(name) >= FILE_NAME_ROOM);
        return;
    }
    check_file(file);
    CHECK(!name_from_file(file, again));
    CHECK(!strcmp(again, name));
}

/* A file has a name only if that name has this file. */
static void check_found(const char *file)
{
    char name[FILE_NAME_ROOM] = "untouched";
    char again[FILE_NAME_ROOM];
    int status = name_from_file(file, name);

    CHECK(status == 0 || status == -EINVAL);
    if (status) {
        CHECK(!strcmp(name, "untouched"));
        return;
    }
    check_file(file);
    CHECK(!name_to_file(name, again));
    CHECK(!strcmp(again, file));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);

    check_name(text);
    check_found(text);
    free(text);
    return 0;
}
