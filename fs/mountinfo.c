#include "fs/mountinfo.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a line of such a file of /proc says of a name; -1 if there is none. */
static int read_number(FILE *file, const char *name)
{
    char line[256];
    size_t length = strlen(name);

    while (fgets(line, sizeof(line), file)) {
        if (!strncmp(line, name, length))
            return (int)strtol(line + length, NULL, 10);
    }
    return -1;
}

/* The number of the mount that a path leads to, or -1. */
static int find_number(const char *path)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    char name[64];
    FILE *file;
    int number = -1;

    if (fd < 0)
        return -1;
    snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
    file = fopen(name, "re");
    if (file) {
        number = read_number(file, "mnt_id:");
        fclose(file);
    }
    close(fd);
    return number;
}

/* Blanks, tabs, newlines and backslashes are written there as \040 and the like. */
static void unescape(char *text)
{
    char *end = text;

    for (const char *from = text; *from; from++) {
        if (*from == '\\' && strspn(from + 1, "01234567") >= 3) {
            *end++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + from[3] - '0');
            from += 3;
        } else {
            *end++ = *from;
        }
    }
    *end = '\0';
}

/* Goes behind so many fields. */
static char *skip_fields(char *line, int count)
{
    while (line && count--)
        strsep(&line, " ");
    return line;
}

static void copy_field(char *to, size_t room, char *field)
{
    if (!field)
        return;
    unescape(field);
    snprintf(to, room, "%s", field);
}

/* Reads "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" and sees
 * whether it is of that mount, and that mount begins at that path. */
static bool read_line(char *line, int number, const char *path, struct mounted *mounted)
{
    char *rest;
    char *where;

    if (strtol(line, NULL, 10) != number)
        return false;
    rest = skip_fields(line, 4);
    where = strsep(&rest, " ");
    if (!where || !rest)
        return false;
    unescape(where);
    rest = strstr(rest, " - ");
    if (strcmp(where, path) != 0 || !rest)
        return false;
    rest += strlen(" - ");
    copy_field(mounted->type, sizeof(mounted->type), strsep(&rest, " "));
    copy_field(mounted->source, sizeof(mounted->source), strsep(&rest, " \n"));
    return true;
}

bool mountinfo_find(const char *path, struct mounted *mounted)
{
    int number = find_number(path);
    FILE *file = number < 0 ? NULL : fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t room = 0;
    bool found = false;

    *mounted = (struct mounted){0};
    while (file && !found && getline(&line, &room, file) > 0)
        found = read_line(line, number, path, mounted);
    free(line);
    if (file)
        fclose(file);
    return found;
}

bool mountinfo_is_ours(const char *path, struct mounted *mounted)
{
    return mountinfo_find(path, mounted) && !strcmp(mounted->type, MOUNTED_TYPE);
}
