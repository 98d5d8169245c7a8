#include "api/name.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

#define LONG_FORM        "shardId-"
#define LONG_FORM_DIGITS 10

#define USUAL_APP_MAX    200
#define USUAL_STREAM_MAX 64

static bool is_usual(const char *name, size_t max)
{
    size_t length = strlen(name);

    return length >= 1 && length <= max &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") ==
               length;
}

bool name_is_app(const char *name)
{
    return is_usual(name, USUAL_APP_MAX);
}

bool name_is_stream(const char *name)
{
    return is_usual(name, USUAL_STREAM_MAX);
}

/* File names */

/* How many bytes at the beginning of a text stand in a file name as they are; 0 for one that does
 * not. */
static size_t plain_length(const char *text)
{
    unsigned char first = (unsigned char)*text;
    size_t length;

    if (first < 0x80)
        return isalnum(first) || strchr("_-.", first);
    length = utf8_length(text);
    return length && utf8_is_visible(text) ? length : 0;
}

/* Writes what stands for the beginning of a text, and a NUL, if there is room for both; how much it
 * is. Tells how much of the text that was. */
static size_t write_next(const char *text, bool first, char *file, size_t room, size_t *taken)
{
    char encoded[4];
    size_t plain = first && *text == '.' ? 0 : plain_length(text);
    size_t size = plain ? plain : sizeof(encoded) - 1;

    snprintf(encoded, sizeof(encoded), "%%%02X", (unsigned char)*text);
    *taken = plain ? plain : 1;
    if (size < room) {
        memcpy(file, plain ? text : encoded, size);
        file[size] = '\0';
    }
    return size;
}

int name_to_file(const char *name, char file[static FILE_NAME_ROOM])
{
    char text[FILE_NAME_ROOM] = "%";
    size_t size = *name ? 0 : 1;

    for (const char *next = name; *next && size < FILE_NAME_ROOM;) {
        size_t taken;

        size += write_next(next, next == name, text + size, FILE_NAME_ROOM - size, &taken);
        next += taken;
    }
    if (size >= FILE_NAME_ROOM)
        return -ENAMETOOLONG;
    memcpy(file, text, size + 1);
    return 0;
}

/* The value of two digits, or -1. */
static int parse_hex(const char *digits)
{
    static const char known[] = "0123456789ABCDEF";
    const char *high = *digits ? strchr(known, digits[0]) : NULL;
    const char *low = high && digits[1] ? strchr(known, digits[1]) : NULL;

    return low ? (int)((high - known) * 16 + (low - known)) : -1;
}

int name_from_file(const char *file, char name[static FILE_NAME_ROOM])
{
    char decoded[FILE_NAME_ROOM];
    char again[FILE_NAME_ROOM];
    size_t length = 0;

    if (strlen(file) >= FILE_NAME_ROOM)
        return -EINVAL;
    for (const char *next = strcmp(file, "%") != 0 ? file : ""; *next; next++) {
        int value = *next == '%' ? parse_hex(next + 1) : (unsigned char)*next;

        if (value <= 0)
            return -EINVAL;
        decoded[length++] = (char)value;
        next += *next == '%' ? 2 : 0;
    }
    decoded[length] = '\0';
    /* Another way to write the same is not its file name. */
    if (name_to_file(decoded, again) || strcmp(again, file) != 0)
        return -EINVAL;
    memcpy(name, decoded, length + 1);
    return 0;
}

bool name_is_shown(const char *name)
{
    char file[FILE_NAME_ROOM];

    return *name && !name_to_file(name, file);
}

/* Partitions */

int partition_parse(const char *name, uint32_t *partition, bool *long_form)
{
    bool is_long = !strncmp(name, LONG_FORM, strlen(LONG_FORM));
    const char *digits = is_long ? name + strlen(LONG_FORM) : name;
    size_t count = strlen(digits);
    unsigned long number;

    if (count < 1 || count > LONG_FORM_DIGITS || strspn(digits, "0123456789") != count)
        return -EINVAL;
    if (is_long ? count != LONG_FORM_DIGITS : (*digits == '0' && count > 1))
        return -EINVAL;
    number = strtoul(digits, NULL, 10);
    if (number > PARTITION_MAX)
        return -EINVAL;
    *partition = (uint32_t)number;
    *long_form = is_long;
    return 0;
}

void partition_format(uint32_t partition, bool long_form, char name[static PARTITION_ROOM])
{
    snprintf(name, PARTITION_ROOM, long_form ? LONG_FORM "%010u" : "%u", partition);
}
