/* Judges histories that simulate-... --export has written, or that were made of such: each file
 * that is named in a line of the input. Tells for each, in a line, what must not have happened, or
 * ok. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulate/clock.h"
#include "tests/simulate/history.h"
#include "tests/simulate/trace.h"

static int64_t now;

int64_t clock_ms(void)
{
    return now;
}

void trace(const char *format, ...)
{
    (void)format;
}

/* A line */

struct fields {
    long long numbers[8];
    char text[64];
};

static void begin(const struct fields *fields)
{
    history_begin((int)fields->numbers[1], (enum act)fields->numbers[2],
                  (unsigned)fields->numbers[3]);
}

static void end(const struct fields *fields)
{
    history_end((int)fields->numbers[0],
                &(struct outcome){.ending = (enum ending)fields->numbers[1],
                                  .error = (int)fields->numbers[2],
                                  .seen = fields->numbers[3],
                                  .is_lenient = fields->numbers[4],
                                  .is_saved = fields->numbers[5]});
}

static void applied(const struct fields *fields)
{
    history_applied((unsigned)fields->numbers[0], fields->numbers[1], fields->text,
                    (int)fields->numbers[2], fields->numbers[3]);
}

static void named(const struct fields *fields)
{
    history_named((unsigned)fields->numbers[0], fields->numbers[1]);
}

static void undone(const struct fields *fields)
{
    history_undone((unsigned)fields->numbers[0], fields->numbers[1]);
}

static void follows(const struct fields *fields)
{
    history_follows((unsigned)fields->numbers[0], fields->numbers[1]);
}

static void moves_apps(const struct fields *fields)
{
    (void)fields;
    history_moves_apps();
}

static void made(const struct fields *fields)
{
    history_made((unsigned)fields->numbers[0], (int)fields->numbers[1], fields->numbers[2]);
}

static void removed(const struct fields *fields)
{
    history_removed((unsigned)fields->numbers[0], (int)fields->numbers[1], fields->numbers[2]);
}

static void plans(const struct fields *fields)
{
    history_plans((int)fields->numbers[0]);
}

static void keeps(const struct fields *fields)
{
    history_keeps_journals((unsigned)fields->numbers[0], NULL);
}

static void doubts(const struct fields *fields)
{
    history_doubt_journals(fields->numbers[0]);
}

static void asked(const struct fields *fields)
{
    history_asked((int)fields->numbers[0], fields->numbers[1], fields->numbers[2]);
}

static void start(const struct fields *fields)
{
    history_start(&(struct history_rules){.compares = fields->numbers[0],
                                          .removes_with_checkpoints = fields->numbers[1],
                                          .apps_follow_commits = fields->numbers[2],
                                          .deletes_nothing = fields->numbers[3]});
}

static const struct {
    const char *word;
    int count; /* of its numbers */
    void (*tell)(const struct fields *fields);
} words[] = {
    {"rules", 4, start},     {"begin", 4, begin},           {"end", 6, end},
    {"applied", 4, applied}, {"named", 2, named},           {"undone", 2, undone},
    {"made", 3, made},       {"removed", 3, removed},       {"asked", 3, asked},
    {"plans", 1, plans},     {"keeps", 1, keeps},           {"doubts", 1, doubts},
    {"follows", 2, follows}, {"moves_apps", 1, moves_apps},
};

/* Whether it is one. */
static bool take_fields(char *rest, int count, struct fields *fields)
{
    for (int i = 0; i < count; i++) {
        char *after;

        fields->numbers[i] = strtoll(rest, &after, 10);
        if (after == rest)
            return false;
        rest = after;
    }
    rest += *rest == ' ';
    snprintf(fields->text, sizeof(fields->text), "%.*s", (int)strcspn(rest, "\n"), rest);
    return true;
}

static bool take_line(char *line)
{
    char *word;
    size_t length;

    now = strtoll(line, &word, 10);
    word += *word == ' ';
    length = strcspn(word, " ");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct fields fields = {0};

        if (strlen(words[i].word) != length || strncmp(word, words[i].word, length) != 0)
            continue;
        if (!take_fields(word + length, words[i].count, &fields))
            return false;
        words[i].tell(&fields);
        return true;
    }
    return false;
}

static void judge(const char *path)
{
    FILE *file = fopen(path, "re");
    char line[256];

    if (!file) {
        perror(path);
        exit(2);
    }
    while (fgets(line, sizeof(line), file)) {
        if (!take_line(line)) {
            fprintf(stderr, "%s: %s", path, line);
            exit(2);
        }
    }
    fclose(file);
    puts(history_fault() ? history_fault() : "ok");
    fflush(stdout);
    history_stop();
}

int main(void)
{
    char path[4096];

    while (fgets(path, sizeof(path), stdin)) {
        path[strcspn(path, "\n")] = '\0';
        judge(path);
    }
    return EXIT_SUCCESS;
}
