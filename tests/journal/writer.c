#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/when.h"
#include "fs/journalfile.h"

/*
 * Usage: journal-writer FILE FULL NAME BYTES [SEED]
 *
 * Adds lines "NAME NUMBER LENGTH FILLING" to a journal that is full with FULL bytes, until they are
 * BYTES together, some at a time. Each is "." so often as LENGTH says. Prints "told LINE" for each
 * line that it is told, and "done NUMBER" when one is on the disk, each with one write(2): so what
 * was printed has happened, at whatever moment this is killed.
 *
 * Exits with 1, and says why, when a line fails, or was not told before it ended.
 */

#define UNDER_WAY_MAX 32
#define LENGTH_MAX    4000
#define LINE_ROOM     (LENGTH_MAX + 200)

struct writer {
    struct loop *loop;
    struct journalfile *file;
    const char *name;
    size_t left; /* bytes */
    unsigned next;
    unsigned told; /* the last of our own */
    unsigned under_way;
    unsigned short random[3];
};

struct line {
    struct writer *writer;
    unsigned number;
};

static void add_lines(struct writer *writer);

static void say(const char *what, const char *text, size_t size)
{
    char line[LINE_ROOM + 16];
    int length = snprintf(line, sizeof(line), "%s %.*s\n", what, (int)size, text);

    if (length < 0 || (size_t)length >= sizeof(line) ||
        write(STDOUT_FILENO, line, (size_t)length) != length)
        exit(1);
}

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void note_told(void *user, const char *line, size_t size)
{
    struct writer *writer = user;
    size_t length = strlen(writer->name);

    say("told", line, size);
    if (size > length && !memcmp(line, writer->name, length) && line[length] == ' ')
        writer->told = (unsigned)strtoul(line + length, NULL, 10);
}

static void end_line(void *user, const struct error *error, const struct answer *answer)
{
    struct line *line = user;
    struct writer *writer = line->writer;
    char number[32];

    (void)answer;
    if (error)
        fail(error->message);
    if (writer->told < line->number)
        fail("a line has ended that was not told");
    snprintf(number, sizeof(number), "%u", line->number);
    say("done", number, strlen(number));
    free(line);
    writer->under_way--;
    add_lines(writer);
}

static size_t print_line(struct writer *writer, unsigned number, char line[static LINE_ROOM])
{
    size_t filling = (size_t)nrand48(writer->random) % LENGTH_MAX;
    int length = snprintf(line, LINE_ROOM, "%s %u %zu ", writer->name, number, filling);

    memset(line + length, '.', filling);
    return (size_t)length + filling;
}

static void add_line(struct writer *writer)
{
    struct line *line = malloc(sizeof(*line));
    struct ask ask = {.deadline = when_monotonic() + 60000, .done = end_line, .user = line};
    char text[LINE_ROOM];
    size_t size;

    if (!line)
        fail("no memory");
    *line = (struct line){.writer = writer, .number = writer->next++};
    size = print_line(writer, line->number, text);
    if (!journalfile_add(writer->file, text, size, &ask))
        fail("no memory");
    writer->left -= size < writer->left ? size : writer->left;
    writer->under_way++;
}

static void add_lines(struct writer *writer)
{
    while (writer->left && writer->under_way < UNDER_WAY_MAX)
        add_line(writer);
    if (!writer->under_way)
        loop_stop(writer->loop);
}

static void begin(void *user)
{
    add_lines(user);
}

int main(int argc, char **argv)
{
    struct writer writer = {.loop = loop_new(), .next = 1};
    struct timer timer = {0};
    struct error error;

    if (argc < 5 || !writer.loop)
        fail("Usage: journal-writer FILE FULL NAME BYTES [SEED]");
    writer.name = argv[3];
    writer.left = strtoul(argv[4], NULL, 10);
    writer.random[0] = argc > 5 ? (unsigned short)strtoul(argv[5], NULL, 10) : 0;
    if (journalfile_open(writer.loop, argv[1], note_told, &writer, &writer.file, &error))
        fail(error.message);
    journalfile_set_full(writer.file, strtoul(argv[2], NULL, 10));
    timer_start(writer.loop, &timer, 0, begin, &writer);
    loop_run(writer.loop);
    journalfile_close(writer.file);
    loop_free(writer.loop);
    return 0;
}
